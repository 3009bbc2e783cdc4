//! Drawings without a library: they are read in light and in dark, as the reader's system has it.

pub mod bars;
pub mod lines;

use std::fmt::Write;

/// A drawing of this size, to which shapes are added.
struct Svg {
    body: String,
    width: f64,
    height: f64,
}

/// Colours by class, so that one rule turns all of them for dark screens. The second to ninth tell
/// curves apart, with enough contrast on both grounds.
const STYLE: &str = "\
text{font:13px system-ui,sans-serif;fill:#1f2328}
.title{font-weight:600;font-size:15px}
.dim{fill:#59636e}
.axis{stroke:#59636e;stroke-width:1}
.grid{stroke:#d1d9e0;stroke-width:1}
.spread{stroke:#1f2328;stroke-width:1.5}
.c0{fill:#0969da;stroke:#0969da}
.c1{fill:#8c959f;stroke:#8c959f}
.c2{fill:#bc4c00;stroke:#bc4c00}
.c3{fill:#1a7f37;stroke:#1a7f37}
.c4{fill:#8250df;stroke:#8250df}
.c5{fill:#bf3989;stroke:#bf3989}
.c6{fill:#9a6700;stroke:#9a6700}
.c7{fill:#1b7c83;stroke:#1b7c83}
.line{fill:none;stroke-width:2}
@media (prefers-color-scheme:dark){
text{fill:#e6edf3}
.dim{fill:#9198a1}
.axis{stroke:#9198a1}
.grid{stroke:#3d444d}
.spread{stroke:#e6edf3}
.c0{fill:#4493f8;stroke:#4493f8}
.c1{fill:#848d97;stroke:#848d97}
.c2{fill:#f0883e;stroke:#f0883e}
.c3{fill:#3fb950;stroke:#3fb950}
.c4{fill:#ab7df8;stroke:#ab7df8}
.c5{fill:#f778ba;stroke:#f778ba}
.c6{fill:#d29922;stroke:#d29922}
.c7{fill:#39c5cf;stroke:#39c5cf}
.line{fill:none}
}";

/// How many colours there are.
const COLOURS: usize = 8;

/// Where a text stands about its point.
#[derive(Debug, Clone, Copy)]
enum Anchor {
    Start,
    Middle,
    End,
}

impl Svg {
    const fn new(width: f64, height: f64) -> Self {
        Self {
            body: String::new(),
            width,
            height,
        }
    }

    fn text(&mut self, (x, y): (f64, f64), anchor: Anchor, class: &str, text: &str) {
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let text = escaped(text);
        self.add(format_args!(
            r#"<text x="{x:.1}" y="{y:.1}" text-anchor="{anchor}" class="{class}">{text}</text>"#
        ));
    }

    fn bar(&mut self, (x, y): (f64, f64), width: f64, height: f64, colour: usize) {
        self.add(format_args!(
            r#"<rect x="{x:.1}" y="{y:.1}" width="{width:.1}" height="{height:.1}" rx="2" class="c{}"/>"#,
            colour % COLOURS
        ));
    }

    fn line(&mut self, from: (f64, f64), to: (f64, f64), class: &str) {
        let ((x1, y1), (x2, y2)) = (from, to);
        self.add(format_args!(
            r#"<line x1="{x1:.1}" y1="{y1:.1}" x2="{x2:.1}" y2="{y2:.1}" class="{class}"/>"#
        ));
    }

    fn curve(&mut self, points: &[(f64, f64)], colour: usize) {
        let each = points.iter().map(|(x, y)| format!("{x:.1},{y:.1}"));
        let each = each.collect::<Vec<_>>().join(" ");
        let colour = colour % COLOURS;
        self.add(format_args!(
            r#"<polyline points="{each}" class="c{colour} line"/>"#
        ));
        for (x, y) in points {
            self.add(format_args!(
                r#"<circle cx="{x:.1}" cy="{y:.1}" r="3" class="c{colour}"/>"#
            ));
        }
    }

    fn add(&mut self, shape: std::fmt::Arguments<'_>) {
        // Writing to a string does not fail.
        let _ = writeln!(self.body, "{shape}");
    }

    /// The whole file; `title` is read out to who cannot see it.
    fn finish(self, title: &str) -> String {
        let (width, height, title) = (self.width, self.height, escaped(title));
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" \
             width=\"{width}\" height=\"{height}\" role=\"img\" aria-label=\"{title}\">\n\
             <style>{STYLE}</style>\n{}</svg>\n",
            self.body
        )
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests;
