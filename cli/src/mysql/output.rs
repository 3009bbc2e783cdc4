//! What a program has printed.

/// The last `count` lines of a text that say anything.
pub(super) fn last_lines(text: &str, count: usize) -> String {
    let lines: Vec<&str> = text
        .lines()
        .filter(|line| !line.trim().is_empty())
        .collect();
    let first = lines.len().saturating_sub(count);
    lines.get(first..).unwrap_or_default().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_lines_skip_empty_ones() {
        assert_eq!(last_lines("a\nb\n\nc\n\n", 2), "b\nc");
    }

    #[test]
    fn a_short_text_is_given_whole() {
        assert_eq!(last_lines("a", 5), "a");
    }
}
