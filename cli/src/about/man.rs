//! `eastwest man`: a page for every command, made of what `--help` is made of.

use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Command;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, roman};
use eastwest_daemon::nearest;

use super::program::Program;

/// The status for a command that does not exist, as clap's own for wrong usage.
const USAGE: u8 = 2;

/// What the generator puts before every part of a page; once is enough.
const PREAMBLE: &str = ".ie \\n(.g .ds Aq \\(aq\n.el .ds Aq '\n";

/// Flags of `eastwest man`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  eastwest man doctor | man -l -
  eastwest man --out ~/.local/share/man/man1     # then: man eastwest-doctor")]
pub struct ManArgs {
    /// The command, such as doctor or eastwest-shim [default: eastwest itself]
    #[arg(value_name = "COMMAND", conflicts_with = "out", num_args = 0..)]
    command: Vec<String>,
    /// Write the pages of all commands there, of the three servers as well; the folder is made if it is missing
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

struct Page {
    name: String,
    text: String,
}

pub(super) fn run(
    args: &ManArgs,
    tool: &Command,
    out: &mut impl Write,
) -> anyhow::Result<ExitCode> {
    let pages = all(tool)?;
    if let Some(folder) = &args.out {
        let cannot = || format!("cannot write to {}", folder.display());
        fs::create_dir_all(folder).with_context(cannot)?;
        for Page { name, text } in &pages {
            fs::write(folder.join(format!("{name}.1")), text).with_context(cannot)?;
        }
        writeln!(out, "{} pages in {}", pages.len(), folder.display())?;
        out.flush()?;
        return Ok(ExitCode::SUCCESS);
    }
    let words = args.command.join("-");
    let asked = short(&words);
    let Some(page) = pages.iter().find(|page| short(&page.name) == asked) else {
        let names = pages.iter().map(|page| short(&page.name));
        let hint = nearest(asked, names).map_or_else(
            || "`eastwest --help` lists the commands".to_owned(),
            |near| format!("did you mean {near}?"),
        );
        writeln!(
            io::stderr(),
            "eastwest man: there is no command {asked}; {hint}"
        )?;
        return Ok(ExitCode::from(USAGE));
    };
    out.write_all(page.text.as_bytes())?;
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}

/// The name of a page without the program's, which all have.
fn short(name: &str) -> &str {
    let short = name.strip_prefix("eastwest").unwrap_or(name);
    short.strip_prefix('-').unwrap_or(short)
}

/// One page for each command: the tool's first, then its subcommands', each before its own.
fn all(tool: &Command) -> io::Result<Vec<Page>> {
    let servers = [
        Program::EastwestGateway,
        Program::EastwestResolver,
        Program::EastwestShim,
    ];
    let mut pages = Vec::new();
    below(built(Program::Eastwest.command(tool)), "", &mut pages)?;
    // As a program and as a part of this one a server has one manual, under one name.
    pages.retain(|page| {
        let mut names = servers.iter().map(|server| server.name());
        !names.any(|server| page.name.starts_with(server))
    });
    for server in servers {
        below(built(server.command(tool)), "eastwest", &mut pages)?;
    }
    Ok(pages)
}

fn built(command: Command) -> Command {
    let mut command = command.disable_help_subcommand(true);
    command.build();
    command
}

fn below(command: Command, above: &str, pages: &mut Vec<Page>) -> io::Result<()> {
    let name = command
        .get_display_name()
        .unwrap_or_else(|| command.get_name());
    let name = name.to_owned();
    pages.push(Page {
        text: page(&command, above)?,
        name: name.clone(),
    });
    for sub in command.get_subcommands().filter(|sub| !sub.is_hide_set()) {
        below(sub.clone(), &name, pages)?;
    }
    Ok(())
}

fn page(command: &Command, above: &str) -> io::Result<String> {
    let man = Man::new(command.clone())
        // A date would make the page another one on each day; what is empty is left out where it stands.
        .date("\"\"")
        .source(concat!("eastwest ", env!("CARGO_PKG_VERSION")))
        .manual("eastwest");
    let mut text = Vec::new();
    man.render_title(&mut text)?;
    // Flags and addresses are long words: lines that are filled up to the margin would be full of holes.
    text.extend_from_slice(b".ad l\n");
    man.render_name_section(&mut text)?;
    man.render_synopsis_section(&mut text)?;
    man.render_description_section(&mut text)?;
    if command.get_arguments().any(|arg| !arg.is_hide_set()) {
        man.render_options_section(&mut text)?;
    }
    if command.get_subcommands().any(|sub| !sub.is_hide_set()) {
        man.render_subcommands_section(&mut text)?;
    }
    let mut rest = Roff::new();
    let notes = command
        .get_after_long_help()
        .or_else(|| command.get_after_help());
    if let Some(notes) = notes {
        rest.control("SH", ["NOTES"]);
        lines(&mut rest, &notes.to_string());
    }
    if !above.is_empty() {
        rest.control("SH", ["SEE ALSO"]);
        rest.text([roman(format!("{above}(1)"))]);
    }
    rest.to_writer(&mut text)?;
    Ok(mended(&String::from_utf8_lossy(&text)))
}

/// As it was written: what is indented keeps its line and its columns, what follows an empty line is a
/// paragraph.
fn lines(page: &mut Roff, text: &str) {
    let mut verbatim = false;
    let mut paragraph = false;
    for line in text.lines() {
        if line.is_empty() {
            paragraph = true;
            continue;
        }
        if line.starts_with(' ') != verbatim {
            verbatim = !verbatim;
            page.control(if verbatim { "nf" } else { "fi" }, []);
        }
        if std::mem::take(&mut paragraph) {
            page.control("PP", []);
        }
        page.text([roman(line)]);
    }
    if verbatim {
        page.control("fi", []);
    }
}

/// Without what the generator leaves that mandoc frowns on: breaks around an empty line, spaces at the ends.
fn mended(page: &str) -> String {
    let page = [PREAMBLE, &page.replace(PREAMBLE, "")].concat();
    let page = page.replace("\n.br\n\n.br\n", "\n.sp\n");
    let lines = page.lines().map(str::trim_end);
    lines.flat_map(|line| [line, "\n"]).collect()
}
