//! `eastwest completion`: what a shell needs to complete command lines.

use std::io::{self, Write};

use clap::Command;
use clap_complete::{Shell, generate};

use super::program::Program;

/// Flags of `eastwest completion`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Where the shells look for it:
  bash   eastwest completion bash > ~/.local/share/bash-completion/completions/eastwest
  zsh    eastwest completion zsh  > \"${fpath[1]}/_eastwest\"
  fish   eastwest completion fish > ~/.config/fish/completions/eastwest.fish

Or for this shell alone:
  source <(eastwest completion bash)
  source <(eastwest completion bash --program eastwest-shim)")]
pub struct CompletionArgs {
    /// The shell
    #[arg(value_name = "SHELL")]
    shell: Shell,
    /// Of which program
    #[arg(long, value_name = "PROGRAM", default_value = "eastwest")]
    program: Program,
}

pub(super) fn print(args: &CompletionArgs, tool: &Command, out: &mut impl Write) -> io::Result<()> {
    let mut command = args.program.command(tool);
    let program = args.program.name();
    // The generator takes a failed write for a bug of its own.
    let mut script = Vec::new();
    generate(args.shell, &mut command, program, &mut script);
    if args.shell != Shell::Bash {
        return out.write_all(&script);
    }
    // Where it looks up the flags of a subcommand, it takes a hyphen of the program's name for a space.
    let script = String::from_utf8_lossy(&script);
    let [meant, written] = ["__", "__subcmd__"].map(|between| program.replace('-', between));
    out.write_all(script.replace(&written, &meant).as_bytes())
}
