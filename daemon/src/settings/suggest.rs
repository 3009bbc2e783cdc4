//! Did you mean.

/// Similar enough to be a slip of the fingers (Jaro-Winkler, 1 is equal). clap uses 0.7, which for
/// words that share a long prefix, as `EASTWEST_` ones do after it is cut off, offers too much.
const SIMILAR: f64 = 0.8;

/// The candidate most like `word`, if one is like it at all.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    candidates
        .into_iter()
        .map(|candidate| (strsim::jaro_winkler(word, candidate), candidate))
        .filter(|(similarity, _)| *similarity >= SIMILAR)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_slip_and_nothing_far_fetched() {
        let flags = ["listen", "log-level", "log-format", "drain-grace"];
        assert_eq!(nearest("log-levle", flags), Some("log-level"));
        assert_eq!(nearest("drain_grace", flags), Some("drain-grace"));
        assert_eq!(nearest("upstream", flags), None);
    }
}
