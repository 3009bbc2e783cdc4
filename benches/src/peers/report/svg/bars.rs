//! One figure of all subjects, as bars, with the spread of the rounds on each.

use eastwest_benches::stats::Spread;
use eastwest_benches::table::short;

use super::{Anchor, Svg};

/// A bar.
#[derive(Debug, Clone)]
pub(in crate::report) struct Bar {
    pub(in crate::report) name: String,
    pub(in crate::report) spread: Spread,
    /// Those of ours stand out.
    pub(in crate::report) ours: bool,
}

const WIDTH: f64 = 720.0;
const LEFT: f64 = 170.0;
const RIGHT: f64 = 110.0;
const TOP: f64 = 44.0;
const STEP: f64 = 26.0;
const THICK: f64 = 16.0;

/// The drawing; nothing of no bars.
pub(in crate::report) fn bars(title: &str, unit: &str, bars: &[Bar]) -> Option<String> {
    let most = bars.iter().map(|bar| bar.spread.max).fold(0.0, f64::max);
    if most <= 0.0 {
        return None;
    }
    let height = TOP + STEP * bars.len() as f64 + 12.0;
    let mut svg = Svg::new(WIDTH, height);
    svg.text((0.0, 18.0), Anchor::Start, "title", title);
    svg.text(
        (WIDTH, 18.0),
        Anchor::End,
        "dim",
        &format!("{unit}, median and all rounds"),
    );
    let scale = |value: f64| (WIDTH - LEFT - RIGHT) * value / most;
    for (at, bar) in bars.iter().enumerate() {
        let y = TOP + STEP * at as f64;
        let middle = y + THICK / 2.0;
        let Spread {
            median, min, max, ..
        } = bar.spread;
        svg.text((LEFT - 8.0, middle + 4.5), Anchor::End, "", &bar.name);
        svg.bar((LEFT, y), scale(median), THICK, usize::from(!bar.ours));
        svg.line(
            (LEFT + scale(min), middle),
            (LEFT + scale(max), middle),
            "spread",
        );
        for end in [min, max] {
            let x = LEFT + scale(end);
            svg.line((x, middle - 4.0), (x, middle + 4.0), "spread");
        }
        let label = LEFT + scale(max) + 8.0;
        svg.text((label, middle + 4.5), Anchor::Start, "", &short(median));
    }
    svg.line((LEFT, TOP - 6.0), (LEFT, height - 8.0), "axis");
    Some(svg.finish(title))
}
