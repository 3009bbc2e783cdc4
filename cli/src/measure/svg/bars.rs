//! Figures as bars, with the spread of the rounds on each.

use crate::measure::stats::Spread;
use crate::measure::table::short;

use super::{Anchor, Svg};

/// A bar.
#[derive(Debug, Clone)]
pub struct Bar {
    /// What stands beside it.
    pub name: String,
    /// How long it is, and where its rounds were.
    pub spread: Spread,
    /// Those of ours stand out.
    pub ours: bool,
}

/// One figure of all who have it.
#[derive(Debug, Clone)]
pub struct Panel {
    /// What is measured.
    pub title: String,
    /// In what.
    pub unit: String,
    /// A bar for each.
    pub bars: Vec<Bar>,
}

const WIDTH: f64 = 720.0;
const LEFT: f64 = 170.0;
const RIGHT: f64 = 110.0;
const TOP: f64 = 44.0;
const STEP: f64 = 26.0;
const THICK: f64 = 16.0;
/// Below the last bar.
const BOTTOM: f64 = 12.0;
/// Between two panels.
const APART: f64 = 22.0;

/// The drawing of one figure; nothing of no bars.
#[must_use]
pub fn bars(title: &str, unit: &str, bars: &[Bar]) -> Option<String> {
    let panel = Panel {
        title: title.to_owned(),
        unit: unit.to_owned(),
        bars: bars.to_vec(),
    };
    panels(title, &[panel])
}

/// The drawing of several figures, one below the other, each on a scale of its own; those without bars
/// are left out, and there is nothing of none.
#[must_use]
pub fn panels(title: &str, panels: &[Panel]) -> Option<String> {
    let drawn: Vec<_> = panels.iter().filter(|it| it.most() > 0.0).collect();
    let heights = drawn.iter().map(|it| it.height());
    let between = APART * drawn.len().saturating_sub(1) as f64;
    let mut svg = Svg::new(WIDTH, heights.sum::<f64>() + between);
    let mut top = 0.0;
    for panel in &drawn {
        panel.draw(&mut svg, top);
        top += panel.height() + APART;
    }
    (!drawn.is_empty()).then(|| svg.finish(title))
}

impl Panel {
    fn most(&self) -> f64 {
        self.bars
            .iter()
            .map(|bar| bar.spread.max)
            .fold(0.0, f64::max)
    }

    fn height(&self) -> f64 {
        TOP + STEP * self.bars.len() as f64 + BOTTOM
    }

    fn draw(&self, svg: &mut Svg, top: f64) {
        svg.text((0.0, top + 18.0), Anchor::Start, "title", &self.title);
        svg.text(
            (WIDTH, top + 18.0),
            Anchor::End,
            "dim",
            &format!("{}, median and all rounds", self.unit),
        );
        let most = self.most();
        let scale = |value: f64| (WIDTH - LEFT - RIGHT) * value / most;
        for (at, bar) in self.bars.iter().enumerate() {
            let y = top + TOP + STEP * at as f64;
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
        let bottom = top + self.height() - 8.0;
        svg.line((LEFT, top + TOP - 6.0), (LEFT, bottom), "axis");
    }
}
