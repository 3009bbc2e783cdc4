//! Curves over a number that grows tenfold from mark to mark.

use crate::measure::table::{count, short};

use super::{Anchor, Svg};

/// A curve: what is at each number.
#[derive(Debug, Clone)]
pub struct Line {
    /// What stands at its end.
    pub name: String,
    /// A number, and what is at it.
    pub points: Vec<(usize, f64)>,
}

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 380.0;
const LEFT: f64 = 70.0;
const RIGHT: f64 = 170.0;
const TOP: f64 = 50.0;
const BOTTOM: f64 = 46.0;
/// Between two names at the right, so that both can be read.
const APART: f64 = 16.0;

/// The drawing, with both axes by powers of ten; nothing of no curves.
#[must_use]
pub fn lines(title: &str, over: &str, lines: &[Line]) -> Option<String> {
    let all = || {
        lines
            .iter()
            .flat_map(|line| line.points.iter())
            .filter(|it| it.1 > 0.0)
    };
    let numbers = all().map(|(number, _)| *number as f64);
    let values = || all().map(|(_, value)| *value);
    let right = numbers.fold(1.0, f64::max).log10().ceil().max(1.0);
    let low = values().fold(f64::INFINITY, f64::min).log10().floor();
    let high = values().fold(f64::NEG_INFINITY, f64::max).log10().ceil();
    if !(low.is_finite() && high.is_finite()) {
        return None;
    }
    let high = high.max(low + 1.0);
    let mut svg = Svg::new(WIDTH, HEIGHT);
    svg.text((0.0, 18.0), Anchor::Start, "title", title);
    let x = |number: f64| LEFT + (WIDTH - LEFT - RIGHT) * number.log10() / right;
    let y = |value: f64| {
        HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * (value.log10() - low) / (high - low)
    };
    let steps = |from: f64, to: f64| (from as i32)..=(to as i32);
    for power in steps(low, high) {
        let value = 10_f64.powi(power);
        svg.line((LEFT, y(value)), (WIDTH - RIGHT, y(value)), "grid");
        svg.text(
            (LEFT - 8.0, y(value) + 4.5),
            Anchor::End,
            "dim",
            &short(value),
        );
    }
    for power in steps(0.0, right) {
        let number = 10_f64.powi(power);
        svg.line(
            (x(number), HEIGHT - BOTTOM),
            (x(number), HEIGHT - BOTTOM + 5.0),
            "axis",
        );
        let label = (x(number), HEIGHT - BOTTOM + 20.0);
        svg.text(
            label,
            Anchor::Middle,
            "dim",
            &count(10_usize.pow(power.unsigned_abs())),
        );
    }
    svg.line(
        (LEFT, HEIGHT - BOTTOM),
        (WIDTH - RIGHT, HEIGHT - BOTTOM),
        "axis",
    );
    svg.text(
        ((LEFT + WIDTH - RIGHT) / 2.0, HEIGHT - 8.0),
        Anchor::Middle,
        "dim",
        over,
    );
    let mut names = Vec::new();
    for (colour, line) in lines.iter().enumerate() {
        let seen = line.points.iter().filter(|it| it.1 > 0.0);
        let points: Vec<_> = seen
            .map(|(number, value)| (x(*number as f64), y(*value)))
            .collect();
        if let Some(end) = points.last() {
            names.push((end.1, colour, line.name.as_str()));
        }
        // Grey is for those who are not compared.
        svg.curve(&points, colour_of(colour));
    }
    names.sort_by(|one, other| one.0.total_cmp(&other.0));
    let mut free = TOP - APART;
    for (wanted, colour, name) in names {
        free = wanted.max(free + APART);
        let at = (WIDTH - RIGHT + 12.0, free + 4.5);
        svg.text(
            at,
            Anchor::Start,
            &format!("c{} name", colour_of(colour)),
            name,
        );
    }
    Some(svg.finish(title))
}

const fn colour_of(line: usize) -> usize {
    if line == 0 { 0 } else { 1 + (line - 1) % 6 + 1 }
}
