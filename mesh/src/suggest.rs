//! "Did you mean": the nearest known word to a mistyped one.

/// Slips of the keyboard change two letters at most.
const MAX_DISTANCE: usize = 2;

/// The known word nearest to `word`, if one is near enough to be what was meant.
pub(crate) fn nearest(word: &str, known: &[&'static str]) -> Option<&'static str> {
    known
        .iter()
        .map(|&candidate| (distance(word, candidate), candidate))
        .filter(|&(distance, candidate)| distance <= MAX_DISTANCE && distance < candidate.len())
        .min_by_key(|&(distance, _)| distance)
        .map(|(_, candidate)| candidate)
}

fn distance(word: &str, candidate: &str) -> usize {
    // The distance costs the product of both lengths, and keys come from a file.
    if word.len() > candidate.len() + MAX_DISTANCE {
        return usize::MAX;
    }
    strsim::damerau_levenshtein(&word.to_lowercase(), &candidate.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_mended_and_a_foreign_word_is_not() {
        let known = ["hosts", "addresses", "endpoints"];
        assert_eq!(nearest("adresses", &known), Some("addresses"));
        assert_eq!(nearest("endpoint", &known), Some("endpoints"));
        assert_eq!(nearest("Hosts", &known), Some("hosts"));
        assert_eq!(nearest("volumes", &known), None);
        assert_eq!(nearest(&"x".repeat(100_000), &known), None);
    }
}
