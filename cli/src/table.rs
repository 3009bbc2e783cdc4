//! A table for a person: columns as wide as what is in them, and as the terminal lets them be.

use std::io::{self, IsTerminal, Write};

use rustix::termios::tcgetwinsize;

/// A cell is not made narrower than that: less says nothing.
const NARROWEST: usize = 8;
/// Between two columns, and before the first.
const GAP: usize = 2;

/// Rows of text under a head.
pub(crate) struct Table<const N: usize> {
    rows: Vec<[String; N]>,
}

impl<const N: usize> Table<N> {
    pub(crate) fn new(head: [&str; N]) -> Self {
        Self {
            rows: vec![head.map(str::to_owned)],
        }
    }

    pub(crate) fn row(&mut self, cells: [String; N]) {
        self.rows.push(cells);
    }

    /// Whole, but for a terminal that has no room for it.
    pub(crate) fn print(&self, out: &mut impl Write) -> io::Result<()> {
        self.print_within(out, columns())
    }

    fn print_within(&self, out: &mut impl Write, columns: Option<usize>) -> io::Result<()> {
        let mut widths = [0; N];
        for row in &self.rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(cell.chars().count());
            }
        }
        if let Some(columns) = columns {
            narrow(&mut widths, columns);
        }
        for row in &self.rows {
            let cells = row.iter().zip(widths);
            let cells: Vec<_> = cells
                .map(|(cell, width)| format!("{:width$}", shortened(cell, width)))
                .collect();
            let gap = " ".repeat(GAP);
            writeln!(out, "{gap}{}", cells.join(&gap).trim_end())?;
        }
        Ok(())
    }
}

/// How wide the terminal is, where the output is one.
fn columns() -> Option<usize> {
    let out = io::stdout();
    let size = out
        .is_terminal()
        .then(|| tcgetwinsize(&out).ok())
        .flatten()?;
    (size.ws_col > 0).then_some(size.ws_col.into())
}

/// Takes from the widest until all have room, or none is wide any more.
fn narrow(widths: &mut [usize], columns: usize) {
    let gaps = GAP * widths.len();
    while gaps + widths.iter().sum::<usize>() > columns {
        match widths.iter_mut().max() {
            Some(widest) if *widest > NARROWEST => *widest -= 1,
            _ => return,
        }
    }
}

/// The begin and the end of it: names differ in the one, and identities and ports in the other.
fn shortened(cell: &str, width: usize) -> String {
    let long = cell.chars().count();
    if long <= width {
        return cell.to_owned();
    }
    let kept = width.saturating_sub(1);
    let end = kept / 2;
    let begin = cell.chars().take(kept - end);
    begin
        .chain(['…'])
        .chain(cell.chars().skip(long - end))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(columns: Option<usize>) -> String {
        let mut table = Table::new(["STATE", "ROUTE", "IDENTITY"]);
        let cells = [
            "up",
            "src-db-pxc-0.pxc.svc.cluster.local:3306",
            "spiffe://cluster.local/ns/pxc/sa/db-pxc",
        ];
        table.row(cells.map(str::to_owned));
        let mut out = Vec::new();
        table.print_within(&mut out, columns).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_table_is_as_wide_as_the_terminal_at_most() {
        let widest = |text: &str| text.lines().map(|line| line.chars().count()).max();
        assert_eq!(widest(&printed(Some(60))), Some(60));
        assert_eq!(printed(Some(120)), printed(None));
        // No narrower than can be read: the terminal breaks the lines then.
        assert!(widest(&printed(Some(10))) > Some(10));
    }

    #[test]
    fn of_a_cell_without_room_both_ends_are_there() {
        let row = printed(Some(60));
        let row = row.lines().nth(1).unwrap();
        assert!(
            row.contains("src-db-pxc-0") && row.contains(":3306  "),
            "{row}"
        );
        assert!(row.ends_with("/sa/db-pxc"), "{row}");
        assert_eq!(row.matches('…').count(), 2);
    }
}
