//! The gateway's process.

fn main() -> std::process::ExitCode {
    eastwest_gateway::main(std::env::args_os())
}
