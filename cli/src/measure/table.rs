//! Tables of figures, for a terminal and for a page.

use std::fmt::Write;

use crate::measure::stats::Spread;

/// A table; every line has as many cells as the head.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// What it is about.
    pub title: String,
    /// What the columns are called.
    pub head: Vec<String>,
    /// Their cells.
    pub lines: Vec<Vec<String>>,
    /// Why something is not in it.
    pub note: Option<String>,
}

/// Three digits that count.
#[must_use]
pub fn short(value: f64) -> String {
    match value.abs() {
        large if large >= 100.0 => grouped(value),
        middle if middle >= 10.0 => format!("{value:.1}"),
        small if small >= 1.0 => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}

/// The median, and between what all rounds were.
#[must_use]
pub fn shown(it: &Spread) -> String {
    format!(
        "{} ({}..{})",
        short(it.median),
        short(it.min),
        short(it.max)
    )
}

/// A number of something: 1, 10, 12,345.
#[must_use]
pub fn count(number: usize) -> String {
    grouped(number as f64)
}

/// Thousands apart: 12,345.
fn grouped(value: f64) -> String {
    let digits = format!("{:.0}", value.abs());
    let mut text = if value < 0.0 { "-" } else { "" }.to_owned();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

impl Table {
    /// For a terminal: columns side by side.
    #[must_use]
    pub fn text(&self) -> String {
        let width = |column: usize| {
            let all = [&self.head].into_iter().chain(&self.lines);
            all.filter_map(|line| line.get(column))
                .map(|cell| cell.chars().count())
                .max()
        };
        let widths: Vec<_> = (0..self.head.len())
            .map(|it| width(it).unwrap_or(0))
            .collect();
        let line = |cells: &Vec<String>| {
            let padded = cells.iter().zip(&widths).enumerate();
            let padded = padded.map(|(column, (cell, width))| match column {
                0 => format!("{cell:<width$}"),
                _ => format!("{cell:>width$}"),
            });
            padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
        };
        let all = [&self.head].into_iter().chain(&self.lines);
        let mut text = all.map(line).collect::<Vec<_>>().join("\n");
        if let Some(note) = &self.note {
            text += &format!("\n({note})");
        }
        text
    }

    /// For a page.
    #[must_use]
    pub fn markdown(&self) -> String {
        let row = |cells: &[String]| {
            let cells = cells.iter().map(|cell| cell.replace('|', "\\|"));
            format!("| {} |\n", cells.collect::<Vec<_>>().join(" | "))
        };
        let mut text = row(&self.head);
        text += &format!("|{}\n", "---|".repeat(self.head.len()));
        for line in &self.lines {
            text += &row(line);
        }
        if let Some(note) = &self.note {
            let _ = write!(text, "\n({note})\n");
        }
        text
    }
}

#[cfg(test)]
mod tests;
