//! The gateway's process.

/// What a crowd of connections has needed goes back to the kernel when they are gone
/// (ARCHITECTURE.md, "What an idle connection costs").
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> std::process::ExitCode {
    eastwest_gateway::main(std::env::args_os())
}
