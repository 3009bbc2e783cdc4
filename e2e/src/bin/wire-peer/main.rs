//! The apps at both ends of the tests of the wire, and the peers that no real program plays.
//!
//! A program, because it has to run inside of the stage's hosts.

mod app;
mod caller;
mod exchange;
mod meddler;
mod present;
mod tls;

use std::io::{self, Write};
use std::process::ExitCode;

use eastwest_e2e::wire::PAYLOAD;
use meddler::Meddling;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let outcome = match args.as_slice() {
        ["serve", address, "http", name] => app::serve(address, name, app::http),
        ["serve", address, "tcp", name] => app::serve(address, name, app::tcp),
        ["serve", address, "blocked", name] => app::serve(address, name, app::blocked),
        ["serve", address, "pieces", name] => app::serve(address, name, app::pieces),
        ["serve", address, "gone", name] => app::serve(address, name, app::gone),
        ["meddle", "protocol", address, onwards] => {
            meddler::meddle(address, onwards, Meddling::Protocol)
        }
        ["meddle", "answer", address, onwards] => {
            meddler::meddle(address, onwards, Meddling::Answer)
        }
        ["talk", address, mode, host] => caller::talk(address, mode, host),
        ["record", address] => app::record(address),
        ["exchange-serve", address, name, identity] => exchange::serve(address, name, identity),
        ["exchange-call", address, sni, identity] => exchange::call(address, sni, identity),
        ["present", address, what @ ..] => present::present(address, what),
        other => Err(io::Error::other(format!("what is {other:?}?"))),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "wire-peer: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Bytes that tell their place, so that one lost, doubled or moved is seen.
fn payload() -> Vec<u8> {
    let mut state: u32 = 1;
    let next = || {
        // Numerical Recipes' generator: the low bits repeat early, so the high ones count.
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    };
    std::iter::repeat_with(next).take(PAYLOAD).collect()
}

/// How a stream that was read until it gave no more has ended.
fn ended(outcome: &io::Result<usize>) -> String {
    match outcome {
        Ok(_) => "end".to_owned(),
        Err(error) => error.to_string(),
    }
}
