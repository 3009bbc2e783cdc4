//! Whether the alias's address leads to the shim.
//!
//! It is not dialled where that would be a connection to the app: MySQL counts those.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use eastwest_mesh::Route;
use eastwest_shim::{DISCARD, Mode, listening};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::fault::Fault;
use super::look::{Broken, Look};

/// The rules lead to this pod.
const PATIENCE: Duration = Duration::from_secs(1);

pub(super) async fn look(mode: Mode, route: &Route) -> Result<Look, Broken> {
    match mode {
        Mode::Vip | Mode::Port => listened(route),
        Mode::Redirect => redirected(route).await,
        Mode::Service => served(route),
    }
}

/// In the egress pod: the Service that is called as the alias leads to a port of it.
fn served(route: &Route) -> Result<Look, Broken> {
    let port = route.listen_port.get();
    match listening() {
        Err(error) => Ok(Look::skipped(error.to_string())),
        Ok(all) if all.iter().any(|address| address.port() == port) => Ok(Look::fine(format!(
            "the shim listens at port {port}, to which the alias's Service has to lead"
        ))),
        Ok(_) => Err(Broken::new(
            Fault::VipNotCaptured,
            format!("nobody listens at port {port}, to which the alias's Service has to lead"),
        )),
    }
}

/// The shim listens at the very address. Who has the port of all addresses gets what is dialled
/// otherwise.
fn listened(route: &Route) -> Result<Look, Broken> {
    let all = match listening() {
        Ok(all) => all,
        Err(error) => return Ok(Look::skipped(error.to_string())),
    };
    let port = route.listen_port.get();
    let addresses = route.virtual_ips.iter();
    for address in addresses.map(|ip| SocketAddr::new(*ip, port)) {
        let same_port = || all.iter().filter(|other| other.port() == port);
        if same_port().any(|other| *other == address) {
            continue;
        }
        return Err(
            match same_port().find(|other| other.ip().is_unspecified()) {
                Some(other) => Broken::new(
                    Fault::VipAnsweredByAnother,
                    format!("nobody listens at {address} itself, and somebody at {other}"),
                ),
                None => Broken::new(
                    Fault::VipNotCaptured,
                    format!("nobody listens at {address}"),
                ),
            },
        );
    }
    Ok(Look::fine(format!(
        "the shim listens at {}",
        addresses_of(route)
    )))
}

async fn redirected(route: &Route) -> Result<Look, Broken> {
    for ip in &route.virtual_ips {
        if let Err(why) = dial(*ip).await {
            return Err(Broken::new(Fault::VipNotCaptured, format!("{ip}: {why}")));
        }
    }
    Ok(Look::fine(format!(
        "what is sent to {} comes to the shim",
        addresses_of(route)
    )))
}

async fn dial(ip: IpAddr) -> io::Result<()> {
    match timeout(PATIENCE, TcpStream::connect((ip, DISCARD))).await {
        // Where it resets before we look.
        Ok(Err(error)) if error.kind() == io::ErrorKind::ConnectionReset => Ok(()),
        Ok(dialled) => dialled.map(|_| ()),
        Err(_) => Err(io::Error::new(
            io::ErrorKind::TimedOut,
            "no answer: it leaves the pod",
        )),
    }
}

fn addresses_of(route: &Route) -> String {
    let ips = route.virtual_ips.iter();
    let shown: Vec<_> = ips
        .map(|ip| SocketAddr::new(*ip, route.listen_port.get()).to_string())
        .collect();
    shown.join(", ")
}
