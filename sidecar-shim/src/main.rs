//! The shim's process.

fn main() -> std::process::ExitCode {
    eastwest_shim::main(std::env::args_os())
}
