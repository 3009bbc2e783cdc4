use super::*;

#[test]
fn figures_have_three_digits_that_count() {
    let all = [0.1234, 1.234, 12.34, 123.4, 1234.5, 1_234_567.0, -1234.0];
    let shown = all.map(short);
    assert_eq!([1, 10, 9300].map(count), ["1", "10", "9,300"]);
    assert_eq!(
        shown,
        [
            "0.123",
            "1.23",
            "12.3",
            "123",
            "1,234",
            "1,234,567",
            "-1,234"
        ]
    );
}
