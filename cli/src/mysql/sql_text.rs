//! Writing values and names into SQL.

/// A string literal.
pub(super) fn literal(value: &str) -> String {
    format!("'{}'", value.replace('\\', "\\\\").replace('\'', "''"))
}

/// A quoted name of a table or column.
pub(super) fn identifier(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_and_backslashes_stay_inside_the_literal() {
        assert_eq!(literal(r"it's \ here"), r"'it''s \\ here'");
    }

    #[test]
    fn backquotes_stay_inside_the_name() {
        assert_eq!(identifier("a`b"), "`a``b`");
    }
}
