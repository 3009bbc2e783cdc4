//! Putting the filter in force.

use seccompiler::apply_filter_all_threads;

use super::program::{Process, program};
use super::reach::Reach;

/// Filters the system calls of all threads, those to come included; sets no_new_privs as well.
///
/// The error is why there is no filter.
pub(super) fn filter(reach: &Reach) -> Result<(), String> {
    let process = Process {
        pid: std::process::id(),
        makes_sockets: !reach.socket_folders.is_empty(),
        sets_the_network_up: reach.network_settings,
        dials_named_ports: reach.connect.is_some(),
    };
    let program = program(process)
        .ok_or_else(|| "system calls of this architecture are not known".to_owned())?;
    apply_filter_all_threads(&program).map_err(|error| error.to_string())
}
