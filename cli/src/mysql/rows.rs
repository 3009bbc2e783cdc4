//! What the command-line client prints with `--batch`.

/// One line as its columns: tab-separated, with `\t`, `\n`, `\0` and `\\` for those bytes.
/// NULL is printed as `NULL`, like the string; bytes that are not UTF-8 are replaced.
pub(super) fn parse_row(line: &[u8]) -> Vec<String> {
    line.split(|byte| *byte == b'\t').map(unescape).collect()
}

fn unescape(column: &[u8]) -> String {
    let mut bytes = Vec::with_capacity(column.len());
    let mut rest = column.iter().copied();
    while let Some(byte) = rest.next() {
        if byte != b'\\' {
            bytes.push(byte);
            continue;
        }
        bytes.push(match rest.next() {
            Some(b't') => b'\t',
            Some(b'n') => b'\n',
            Some(b'0') => 0,
            Some(other) => other,
            None => b'\\',
        });
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_split_at_tabs() {
        assert_eq!(parse_row(b"1\tx\t"), ["1", "x", ""]);
    }

    #[test]
    fn escaped_bytes_come_back() {
        assert_eq!(parse_row(br"a\tb\nc\\n\0"), ["a\tb\nc\\n\0"]);
    }

    #[test]
    fn bytes_that_are_no_text_do_not_fail() {
        assert_eq!(parse_row(b"\xff\\"), ["\u{fffd}\\"]);
    }
}
