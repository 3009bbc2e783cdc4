//! A table for a person: columns as wide as what is in them, and as the terminal lets them be.

use std::io::{self, IsTerminal, Write};

use rustix::termios::tcgetwinsize;

/// A cell is not made narrower than that: less says nothing.
const NARROWEST: usize = 8;
/// Nor than that as long as a column can be left out instead: a name has its begin and its end in it.
const READABLE: usize = 16;
/// Between two columns, and before the first.
const GAP: usize = 2;

/// Rows of text under a head.
pub(crate) struct Table<const N: usize> {
    rows: Vec<[String; N]>,
    spare: &'static [&'static str],
}

impl<const N: usize> Table<N> {
    pub(crate) fn new(head: [&str; N]) -> Self {
        Self {
            rows: vec![head.map(str::to_owned)],
            spare: &[],
        }
    }

    /// Columns that are left out for others to have room, by their heads, the least needed first.
    pub(crate) const fn sparing(mut self, columns: &'static [&'static str]) -> Self {
        self.spare = columns;
        self
    }

    pub(crate) fn row(&mut self, cells: [String; N]) {
        self.rows.push(cells);
    }

    /// Whole, but for a terminal that has no room for it.
    pub(crate) fn print(&self, out: &mut impl Write) -> io::Result<()> {
        self.print_within(out, columns())
    }

    /// Whole, also where the terminal breaks the lines then.
    pub(crate) fn print_whole(&self, out: &mut impl Write) -> io::Result<()> {
        self.print_within(out, None)
    }

    fn print_within(&self, out: &mut impl Write, columns: Option<usize>) -> io::Result<()> {
        let mut widths = [0; N];
        for row in &self.rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(cell.chars().count());
            }
        }
        let mut kept: Vec<(usize, usize)> = widths.into_iter().enumerate().collect();
        let left_out = match columns {
            Some(columns) => self.make_room(&mut kept, columns),
            None => &[],
        };
        let gap = " ".repeat(GAP);
        for row in &self.rows {
            let cells = kept.iter().filter_map(|(at, width)| {
                let (cell, width) = (row.get(*at)?, *width);
                Some(format!("{:width$}", shortened(cell, width)))
            });
            let cells: Vec<_> = cells.collect();
            writeln!(out, "{gap}{}", cells.join(&gap).trim_end())?;
        }
        if !left_out.is_empty() {
            writeln!(out, "{gap}left out: {} (--wide)", left_out.join(", "))?;
        }
        Ok(())
    }

    /// Leaves out what can be spared until the others can be read, and narrows these. Returns what it has left out.
    fn make_room(&self, kept: &mut Vec<(usize, usize)>, columns: usize) -> &'static [&'static str] {
        let fits = |kept: &[(usize, usize)]| {
            let widths = kept.iter().map(|(_, width)| GAP + (*width).min(READABLE));
            widths.sum::<usize>() <= columns
        };
        let mut left_out = 0;
        while !fits(kept)
            && let Some(spare) = self.spare.get(left_out)
        {
            let head = self.rows.first();
            kept.retain(|(at, _)| {
                head.and_then(|head| head.get(*at))
                    .is_some_and(|h| h != spare)
            });
            left_out += 1;
        }
        narrow(kept, columns);
        self.spare.get(..left_out).unwrap_or_default()
    }
}

/// How wide the terminal is, where the output is one.
pub(crate) fn columns() -> Option<usize> {
    let out = io::stdout();
    let size = out
        .is_terminal()
        .then(|| tcgetwinsize(&out).ok())
        .flatten()?;
    (size.ws_col > 0).then_some(size.ws_col.into())
}

/// Takes from the widest until all have room, or none is wide any more.
fn narrow(kept: &mut [(usize, usize)], columns: usize) {
    while kept.iter().map(|(_, width)| GAP + width).sum::<usize>() > columns {
        match kept.iter_mut().map(|(_, width)| width).max() {
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

    fn table(spare: &'static [&'static str]) -> Table<3> {
        let mut table = Table::new(["STATE", "ROUTE", "IDENTITY"]).sparing(spare);
        let cells = [
            "up",
            "src-db-pxc-0.pxc.svc.cluster.local:3306",
            "spiffe://cluster.local/ns/pxc/sa/db-pxc",
        ];
        table.row(cells.map(str::to_owned));
        table
    }

    fn printed_of(table: &Table<3>, columns: Option<usize>) -> String {
        let mut out = Vec::new();
        table.print_within(&mut out, columns).unwrap();
        String::from_utf8(out).unwrap()
    }

    fn printed(columns: Option<usize>) -> String {
        printed_of(&table(&[]), columns)
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

    #[test]
    fn what_can_be_spared_is_left_out_before_the_others_cannot_be_read() {
        let table = table(&["IDENTITY", "STATE"]);
        let heads = |columns| {
            let text = printed_of(&table, columns);
            let head = text.lines().next().unwrap().to_owned();
            let last = text.lines().last().unwrap().trim().to_owned();
            let widest = text.lines().map(|line| line.chars().count()).max();
            assert!(
                columns.is_none_or(|columns| widest <= Some(columns)),
                "{text}"
            );
            let heads: Vec<_> = head.split_whitespace().map(str::to_owned).collect();
            (heads, last)
        };
        assert_eq!(heads(None).0, ["STATE", "ROUTE", "IDENTITY"]);
        // Each name has its begin and its end.
        assert_eq!(heads(Some(43)).0, ["STATE", "ROUTE", "IDENTITY"]);
        let (kept, last) = heads(Some(42));
        assert_eq!(kept, ["STATE", "ROUTE"]);
        assert_eq!(last, "left out: IDENTITY (--wide)");
        let (kept, last) = heads(Some(34));
        assert_eq!(kept, ["STATE", "ROUTE"]);
        assert_eq!(last, "left out: IDENTITY (--wide)");
        assert_eq!(printed_of(&table, None).lines().count(), 2);
    }
}
