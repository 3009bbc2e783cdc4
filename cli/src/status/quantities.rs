//! Times and sizes for people.

const UNITS: [&str; 5] = ["B", "KiB", "MiB", "GiB", "TiB"];

/// `812 B`, `1.3 MiB`
pub(super) fn bytes(count: f64) -> String {
    let mut size = count;
    let mut units = UNITS.into_iter();
    let mut unit = units.next().unwrap_or_default();
    for larger in units {
        // What would be written with four digits before the dot.
        if size < 999.5 {
            break;
        }
        size /= 1024.0;
        unit = larger;
    }
    match unit {
        "B" => format!("{size:.0} {unit}"),
        _ => format!("{size:.1} {unit}"),
    }
}

/// `12 s`, `3 min 5 s`, `4 h 10 min`, `12 d 3 h`
pub(super) fn time(seconds: f64) -> String {
    let whole = seconds.abs() as u64;
    let parts = [
        (whole / 86_400, "d"),
        (whole / 3600 % 24, "h"),
        (whole / 60 % 60, "min"),
        (whole % 60, "s"),
    ];
    let mut said: Vec<String> = Vec::new();
    for (count, unit) in parts {
        if said.len() == 2 || (said.len() == 1 && count == 0) {
            break;
        }
        if count > 0 {
            said.push(format!("{count} {unit}"));
        }
    }
    match said.as_slice() {
        [] => "0 s".to_owned(),
        said => said.join(" "),
    }
}

/// `1 route`, `2 routes`
pub(super) fn count(of: usize, one: &str) -> String {
    match of {
        1 => format!("1 {one}"),
        _ => format!("{of} {one}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_three_digits_or_four() {
        for (count, said) in [
            (0.0, "0 B"),
            (999.0, "999 B"),
            (1023.0, "1.0 KiB"),
            (1_500_000.0, "1.4 MiB"),
            (5e15, "4547.5 TiB"),
        ] {
            assert_eq!(bytes(count), said);
        }
    }

    #[test]
    fn times_have_two_units_at_most() {
        for (seconds, said) in [
            (0.4, "0 s"),
            (59.9, "59 s"),
            (61.0, "1 min 1 s"),
            (3600.0, "1 h"),
            (3_605.0, "1 h"),
            (90_000.0, "1 d 1 h"),
            (-120.0, "2 min"),
        ] {
            assert_eq!(time(seconds), said);
        }
    }
}
