use crate::measure::stats::Spread;

use super::bars::{Bar, bars};
use super::lines::{Line, lines};

fn bar(name: &str, values: &[f64]) -> Bar {
    Bar {
        name: name.to_owned(),
        spread: Spread::of(values).unwrap(),
        ours: name == "ours",
    }
}

/// As far as a check without an XML parser goes: every tag is closed, in order.
fn is_well_formed(svg: &str) -> bool {
    let mut open = Vec::new();
    for piece in svg.split('<').skip(1) {
        let Some((tag, _)) = piece.split_once('>') else {
            return false;
        };
        let name = tag.split([' ', '\n']).next().unwrap_or_default();
        if let Some(closed) = name.strip_prefix('/') {
            if open.pop() != Some(closed.to_owned()) {
                return false;
            }
        } else if !tag.ends_with('/') {
            open.push(name.to_owned());
        }
    }
    open.is_empty()
}

#[test]
fn a_bar_is_as_long_as_its_figure() {
    let drawn = bars(
        "gateway",
        "CPU us",
        &[bar("ours", &[50.0]), bar("envoy", &[100.0])],
    )
    .unwrap();
    assert!(is_well_formed(&drawn), "{drawn}");
    assert!(
        drawn.contains(r#"width="220.0" height="16.0" rx="2" class="c0""#),
        "{drawn}"
    );
    assert!(
        drawn.contains(r#"width="440.0" height="16.0" rx="2" class="c1""#),
        "{drawn}"
    );
}

#[test]
fn names_cannot_break_a_drawing() {
    let drawn = bars("a < b & \"c\"", "us", &[bar("<script>", &[1.0])]).unwrap();
    assert!(is_well_formed(&drawn), "{drawn}");
    assert!(drawn.contains("&lt;script&gt;"), "{drawn}");
}

#[test]
fn a_drawing_turns_with_the_readers_ground() {
    let drawn = bars("gateway", "us", &[bar("ours", &[1.0])]).unwrap();
    assert!(drawn.contains("prefers-color-scheme:dark"), "{drawn}");
}

#[test]
fn nothing_is_drawn_of_nothing() {
    assert!(bars("gateway", "us", &[]).is_none());
    assert!(lines("gateway", "routes", &[]).is_none());
    let empty = Line {
        name: "ours".to_owned(),
        points: vec![(1, 0.0)],
    };
    assert!(lines("gateway", "routes", &[empty]).is_none());
}

#[test]
fn a_flat_curve_is_level_and_a_steep_one_is_not() {
    let line = |name: &str, points: [(usize, f64); 3]| Line {
        name: name.to_owned(),
        points: points.to_vec(),
    };
    let flat = line("ours", [(1, 10.0), (10, 10.0), (100, 10.0)]);
    let steep = line("peer", [(1, 10.0), (10, 100.0), (100, 1000.0)]);
    let drawn = lines("gateway", "routes", &[flat, steep]).unwrap();
    assert!(is_well_formed(&drawn), "{drawn}");
    let of = |class: &str| {
        let mut curves = drawn.lines().filter(|it| it.starts_with("<polyline"));
        let curve = curves.find(|it| it.contains(class)).unwrap();
        let points = curve.split('"').nth(1).unwrap().split(' ');
        let heights = points.map(|it| it.split(',').nth(1).unwrap().to_owned());
        heights.collect::<Vec<_>>()
    };
    let level = of("c0");
    assert!(level.iter().all(|it| *it == level[0]), "{level:?}");
    assert_eq!(of("c2"), ["334.0", "192.0", "50.0"]);
}
