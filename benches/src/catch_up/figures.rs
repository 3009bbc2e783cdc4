//! What the rounds have given, as tables.

use eastwest_benches::meter::Window;
use eastwest_benches::stats::{NoRatio, Rounds, Spread, ratio};
use eastwest_benches::table::{Table, short, shown};

use crate::round::CaughtUp;
use crate::site::Part;
use crate::way::Way;

/// The path is to give a replica at least this part of the speed of a direct connection.
pub(crate) const LEAST: f64 = 0.95;

/// One round: both ways, in the order of [`Way::ALL`].
pub(crate) type Round = [CaughtUp; 2];

/// A figure of one way in one round.
type Figure = fn(&CaughtUp) -> Option<f64>;

/// The figures that are compared, and those that are of one way each.
const SPEEDS: [(&str, Figure); 2] = [
    ("received, MB/s", |it| Some(it.received.rate() / 1e6)),
    ("applied, MB/s", |it| {
        let seconds = it.applied?.as_secs_f64();
        Some(it.received.count as f64 / 1e6 / seconds)
    }),
];
const TIMES: [(&str, Figure); 2] = [
    ("received, seconds", |it| {
        Some(it.received.wall.as_secs_f64())
    }),
    ("applied, seconds", |it| Some(it.applied?.as_secs_f64())),
];
const SHARES: [(&str, Figure); 2] = [
    ("the path's share of CPU, %", |it| {
        let path = seconds(&it.received, &Part::PATH);
        let servers = seconds(&it.received, &Part::SERVERS);
        Some(path / (path + servers) * 100.0)
    }),
    ("everything else, % of a CPU", |it| {
        Some((it.received.others_share() + it.received.load_share()) * 100.0)
    }),
];

/// All figures: a line each, a column for each way.
pub(crate) fn table(rounds: &[Round]) -> Table {
    let mut lines = Vec::new();
    let mut note = None;
    for (name, figure) in TIMES {
        lines.extend(line(name, rounds, figure));
    }
    for (name, figure) in SPEEDS {
        let Some(mut line) = line(name, rounds, figure) else {
            continue;
        };
        let quotient = quotient(rounds, figure).map(|it| shown(&it));
        let quotient = quotient.unwrap_or_else(|why| {
            note = Some(format!("no ratio: {why}"));
            "-".to_owned()
        });
        line.pop();
        line.push(quotient);
        lines.push(line);
    }
    for part in Part::PATH.into_iter().chain(Part::SERVERS) {
        let name = format!("{}, CPU-s/GB", part.name());
        lines.extend(line(&name, rounds, |it| Some(per_gigabyte(it, &[part]))));
    }
    lines.extend(line("the path, CPU-s/GB", rounds, |it| {
        Some(per_gigabyte(it, &Part::PATH))
    }));
    for (name, figure) in SHARES {
        lines.extend(line(name, rounds, figure));
    }
    let [path, direct] = Way::ALL.map(|way| way.name().to_owned());
    Table {
        title: "Figures".to_owned(),
        head: vec![String::new(), path, direct, "path / direct".to_owned()],
        lines,
        note,
    }
}

/// Every round, so that nothing is hidden behind a median.
pub(crate) fn each_round(rounds: &[Round]) -> Table {
    let line = |(number, round): (usize, &Round)| {
        let cells = round.iter().map(|it| short(it.received.wall.as_secs_f64()));
        [(number + 1).to_string()]
            .into_iter()
            .chain(cells)
            .collect()
    };
    let names = Way::ALL.map(|way| format!("{}, seconds", way.name()));
    Table {
        title: "Rounds".to_owned(),
        head: ["round".to_owned()].into_iter().chain(names).collect(),
        lines: rounds.iter().enumerate().map(line).collect(),
        note: None,
    }
}

/// Whether the path is fast enough, in words.
pub(crate) fn verdict(rounds: &[Round]) -> String {
    let [(_, received), _] = SPEEDS;
    let limit = format!("Received, path / direct, at least {LEAST}");
    match quotient(rounds, received) {
        Ok(it) if it.median >= LEAST => format!("{limit}: reached, {}", shown(&it)),
        Ok(it) => format!("{limit}: MISSED, {}", shown(&it)),
        Err(why) => format!("{limit}: unknown, {why}"),
    }
}

fn quotient(rounds: &[Round], figure: Figure) -> Result<Spread, NoRatio> {
    let [path, direct] = values(rounds, figure);
    ratio(&path, &direct)
}

/// A line with an empty last cell; none where nobody has that figure.
fn line(
    name: &str,
    rounds: &[Round],
    figure: impl Fn(&CaughtUp) -> Option<f64>,
) -> Option<Vec<String>> {
    let [path, direct] = values(rounds, figure).map(|it| it.spread());
    Some(vec![
        name.to_owned(),
        shown(&path?),
        shown(&direct?),
        String::new(),
    ])
}

fn values(rounds: &[Round], figure: impl Fn(&CaughtUp) -> Option<f64>) -> [Rounds; 2] {
    [0, 1].map(|way: usize| {
        let of_way = rounds.iter().enumerate().filter_map(|(number, round)| {
            let value = figure(round.get(way)?)?;
            Some((number, value))
        });
        of_way.collect()
    })
}

fn per_gigabyte(it: &CaughtUp, parts: &[Part]) -> f64 {
    seconds(&it.received, parts) / (it.received.count as f64 / 1e9)
}

/// CPU seconds of some parts.
fn seconds(window: &Window<Part>, parts: &[Part]) -> f64 {
    let programs = window.programs.iter();
    let used = programs.filter(|(part, _)| parts.contains(part));
    used.map(|(_, used)| used.as_secs_f64()).sum()
}

#[cfg(test)]
mod tests;
