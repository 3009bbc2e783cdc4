//! The resolver's process.

fn main() -> std::process::ExitCode {
    eastwest_resolver::main(std::env::args_os())
}
