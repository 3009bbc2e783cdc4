//! Text of others on a terminal.

/// What others say makes no line of its own, and commands no terminal.
pub(crate) fn in_one_line(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() {
            plain.extend(character.escape_default());
        } else {
            plain.push(character);
        }
    }
    plain
}
