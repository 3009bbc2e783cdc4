//! `eastwest explain`: the page of a code, all codes, or docs/lint-codes.md.

use std::io::{self, Write};
use std::process::ExitCode;

use eastwest_mesh::{Code, CodePage, Side, Within, code_pages};

use crate::doctor::Fault;

mod markdown;

/// The status for a code that does not exist, as clap's own for wrong usage.
const USAGE: u8 = 2;

/// What is read with ease, and fits on most terminals.
const WIDTH: usize = 90;
/// Slips of the keyboard in the code of a broken hop.
const SLIPS: usize = 2;

/// Says what a code of `lint`, of a server's log, or of `doctor` means
#[derive(clap::Args)]
pub struct ExplainArgs {
    /// The code, such as EW101 or pod-silent, or what several begin with, such as EW10; without it all are listed
    #[arg(value_name = "CODE")]
    code: Option<String>,
    /// Print docs/lint-codes.md
    #[arg(long, conflicts_with = "code", hide = true)]
    markdown: bool,
}

/// Runs the command.
///
/// # Errors
/// The page can't be printed.
pub fn run(args: &ExplainArgs) -> anyhow::Result<ExitCode> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    match &args.code {
        None if args.markdown => out.write_all(markdown::all().as_bytes())?,
        None => {
            list(&mut out, code_pages())?;
            faults(&mut out, Fault::ALL)?;
        }
        Some(id) => match (Code::find(id).and_then(Code::page), beginning(id)) {
            (Some(page), _) => one(&mut out, page)?,
            (None, pages) if !pages.is_empty() => list(&mut out, pages)?,
            (None, _) => match Fault::of_code(id) {
                Some(fault) => broken(&mut out, fault)?,
                None => {
                    writeln!(io::stderr(), "eastwest explain: {}", unknown_to_all(id))?;
                    return Ok(ExitCode::from(USAGE));
                }
            },
        },
    }
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}

/// The codes of one kind, such as `EW10`.
fn beginning(id: &str) -> Vec<&'static CodePage> {
    let begins = |page: &&CodePage| {
        let front = page.code.id().get(..id.len());
        front.is_some_and(|front| !front.is_empty() && front.eq_ignore_ascii_case(id))
    };
    code_pages().filter(begins).collect()
}

/// What to say to somebody who has mistyped a code.
pub(crate) fn unknown(id: &str) -> String {
    let hint = Code::nearest(id).map_or_else(
        || "`eastwest explain` lists all codes".to_owned(),
        |near| format!("did you mean {near}?"),
    );
    format!("there is no code {id:?}; {hint}")
}

fn list<'a>(out: &mut impl Write, pages: impl IntoIterator<Item = &'a CodePage>) -> io::Result<()> {
    for page in pages {
        writeln!(out, "{}  {:<9} {}", page.code, side(page.code), page.title)?;
    }
    Ok(())
}

/// The same, where a code of `doctor` may have been meant.
fn unknown_to_all(id: &str) -> String {
    match (Code::nearest(id), nearest_fault(id)) {
        (None, Some(near)) => format!("there is no code {id:?}; did you mean {near}?"),
        _ => unknown(id),
    }
}

/// The code of a broken hop that is a slip of the keyboard or two away.
fn nearest_fault(id: &str) -> Option<&'static str> {
    let id = id.to_ascii_lowercase();
    let codes = Fault::ALL.iter().map(|fault| fault.code());
    let slips = codes.map(|code| (strsim::damerau_levenshtein(code, &id), code));
    let (slips, code) = slips.min()?;
    (slips <= SLIPS).then_some(code)
}

fn faults(out: &mut impl Write, faults: &[Fault]) -> io::Result<()> {
    let longest = faults.iter().map(|fault| fault.code().len());
    let width = longest.max().unwrap_or_default();
    for fault in faults {
        writeln!(
            out,
            "{:<width$}  doctor  {}",
            fault.code(),
            fault.sentence()
        )?;
    }
    Ok(())
}

/// What `doctor` says of a broken hop.
fn broken(out: &mut impl Write, fault: Fault) -> io::Result<()> {
    let (step, place) = (fault.step(), fault.place().words());
    writeln!(
        out,
        "{}: `eastwest doctor` finds a broken hop, {}",
        fault.code(),
        step.name()
    )?;
    writeln!(
        out,
        "\n{}",
        wrapped(&format!("{place}: {}.", fault.sentence()))
    )?;
    writeln!(
        out,
        "\n{}",
        wrapped(&format!("How it is looked at: {}.", step.words()))
    )?;
    writeln!(
        out,
        "\nTry, with the names of the route in the braces:\n\n    {}",
        fault.next()
    )
}

/// Who minds it.
const fn side(code: Code) -> &'static str {
    match code.side() {
        Side::Istio => "istio",
        Side::Eastwest => "eastwest",
        Side::Both => "both",
    }
}

fn one(out: &mut impl Write, page: &CodePage) -> io::Result<()> {
    writeln!(out, "{}: {} ({})", page.code, page.title, side(page.code))?;
    writeln!(out, "\n{}", wrapped(page.happens))?;
    writeln!(out, "\n{}", wrapped(&format!("Fix: {}.", page.fix)))?;
    for (what, text) in [("Wrong", page.example.wrong), ("Right", page.example.right)] {
        writeln!(out, "\n{what}{}:\n", part(page.example.within))?;
        for line in text.lines() {
            writeln!(out, "    {line}")?;
        }
    }
    Ok(())
}

/// Words in lines of [`WIDTH`].
fn wrapped(text: &str) -> String {
    let mut lines = String::new();
    let mut length = 0;
    for word in text.split(' ') {
        if length > 0 && length + 1 + word.len() > WIDTH {
            lines.push('\n');
            length = 0;
        } else if length > 0 {
            lines.push(' ');
            length += 1;
        }
        lines.push_str(word);
        length += word.len();
    }
    lines
}

/// What the lines of an example are part of.
const fn part(within: Within) -> &'static str {
    match within {
        Within::ServiceEntry => ", in the spec of a ServiceEntry",
        Within::Gateway => ", in the spec of a Gateway",
        Within::DestinationRule => ", in the spec of a DestinationRule",
        Within::AuthorizationPolicy => ", in the spec of an AuthorizationPolicy",
        Within::File => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(id: &str) -> String {
        let mut out = Vec::new();
        one(&mut out, Code::find(id).unwrap().page().unwrap()).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_page_says_what_happens_what_to_do_and_shows_both_forms() {
        let page = printed("ew102");
        for part in [
            "EW102: ",
            "plain text",
            "Fix: ",
            "Wrong, in the spec",
            "Right, in",
        ] {
            assert!(page.contains(part), "{page}");
        }
    }

    #[test]
    fn a_hop_that_doctor_finds_broken_is_explained_too() {
        let mut out = Vec::new();
        broken(&mut out, Fault::of_code("Pod-Silent").unwrap()).unwrap();
        let page = String::from_utf8(out).unwrap();
        for part in [
            "pod-silent: ",
            "hop, pod-tls",
            "in cluster A",
            "gets no answer",
            "kubectl ",
        ] {
            assert!(page.contains(part), "{part}: {page}");
        }
        assert!(unknown_to_all("pod-silnet").ends_with("did you mean pod-silent?"));
    }

    #[test]
    fn long_lines_are_wrapped_between_words() {
        let text = vec!["word"; 40].join(" ");
        let lines = wrapped(&text);
        assert!(lines.lines().count() > 2 && lines.lines().all(|line| line.len() <= WIDTH));
        assert_eq!(lines.replace('\n', " "), text);
    }

    #[test]
    fn a_slip_in_a_code_gets_the_code_that_was_meant() {
        assert!(unknown("EX102").ends_with("did you mean EW102?"));
        assert!(unknown("nonsense").ends_with("lists all codes"));
    }

    #[test]
    fn the_page_of_the_documentation_is_up_to_date() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/lint-codes.md");
        let written = std::fs::read_to_string(path).unwrap();
        assert!(
            written == markdown::all(),
            "docs/lint-codes.md is out of date: cargo run -- explain --markdown > docs/lint-codes.md"
        );
    }
}
