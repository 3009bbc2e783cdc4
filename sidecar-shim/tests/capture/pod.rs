//! The network of a pod: loopback, one interface, default routes out of it. Its far end is in
//! the same namespace, so that whatever leaves the pod can be seen.

use std::io;
use std::net::{IpAddr, SocketAddr, TcpListener as StdListener};
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use eastwest_shim::capture::{
    CaptureArgs, CaptureError, Reachability, VirtualRange, reachability, run_to,
};
use eastwest_shim::original_dst::original_dst;
use ipnet::IpNet;
use rtnetlink::packet_route::address::AddressHeaderFlags;
use rtnetlink::packet_route::link::{InfoData, InfoVeth};
use rtnetlink::packet_route::route::{RouteScope, RouteType};
use rtnetlink::{Handle, LinkUnspec, LinkVeth, RouteMessageBuilder};
use socket2::{Domain, Socket, Type};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

/// Virtual IPs of the default ranges.
pub(crate) const VIRTUAL_IPS: [&str; 2] = ["240.240.0.5", "fd24:240::5"];
/// The pod's own addresses.
pub(crate) const POD_IPS: [&str; 2] = ["10.99.0.2", "fd99::2"];
const GATEWAYS: [&str; 2] = ["10.99.0.1", "fd99::1"];
const LOOPBACK: u32 = 1;
const INTERFACE: u32 = 10;
const FAR_END: u32 = 11;
const FAR_END_MAC: [u8; 6] = [2, 0, 0, 0, 0, 1];
/// Far below the kernel's own patience with an address that does not answer.
const AT_ONCE: Duration = Duration::from_secs(5);

/// An address of the pod's network as `IP:PORT`.
pub(crate) fn at(ip: &str, port: u16) -> SocketAddr {
    SocketAddr::new(ip.parse().unwrap(), port)
}

/// A handle to routes and interfaces of this namespace.
fn network() -> Handle {
    let (connection, handle, _) = rtnetlink::new_connection().unwrap();
    tokio::spawn(connection);
    handle
}

/// Loopback, `eth0` with an address of each family, default routes out of it.
pub(crate) async fn pod() -> Handle {
    let network = pod_without_default_routes().await;
    for gateway in GATEWAYS.map(|gateway| gateway.parse::<IpAddr>().unwrap()) {
        // Known without asking: a packet for it leaves at once.
        let neighbour = network.neighbours().add(INTERFACE, gateway);
        neighbour
            .link_layer_address(&FAR_END_MAC)
            .execute()
            .await
            .unwrap();
        let anywhere = if gateway.is_ipv4() { "0.0.0.0" } else { "::" };
        let route = RouteMessageBuilder::<IpAddr>::new()
            .destination_prefix(anywhere.parse().unwrap(), 0)
            .and_then(|route| route.gateway(gateway))
            .unwrap();
        network.route().add(route.build()).execute().await.unwrap();
    }
    network
}

/// [`pod`], which reaches its neighbours only.
pub(crate) async fn pod_without_default_routes() -> Handle {
    pod_with(&POD_IPS).await
}

/// [`pod_without_default_routes`], with no address of IPv4 but loopback's.
pub(crate) async fn pod_of_ipv6_alone() -> Handle {
    pod_with(&POD_IPS[1..]).await
}

async fn pod_with(addresses: &[&str]) -> Handle {
    let network = network();
    up(&network, LOOPBACK).await;
    let far_end = LinkUnspec::new_with_name("wire0")
        .index(FAR_END)
        .address(FAR_END_MAC.to_vec())
        .build();
    let pair = LinkVeth::new("eth0", "wire0")
        .index(INTERFACE)
        .set_info_data(InfoData::Veth(InfoVeth::Peer(far_end)))
        .build();
    network.link().add(pair).execute().await.unwrap();
    up(&network, INTERFACE).await;
    up(&network, FAR_END).await;
    for own in addresses {
        let own: IpAddr = own.parse().unwrap();
        let prefix = if own.is_ipv4() { 24 } else { 64 };
        let mut address = network.address().add(INTERFACE, own, prefix);
        address.message_mut().header.flags |= AddressHeaderFlags::Nodad;
        address.execute().await.unwrap();
        usable(own).await;
    }
    network
}

/// Waits for an address of the pod to become its own: for IPv6 only once the kernel has taken note
/// that the interface has a carrier, a while after it is up.
async fn usable(own: IpAddr) {
    let range: VirtualRange = IpNet::from(own).to_string().parse().unwrap();
    for _ in 0..2000 {
        if matches!(reachability(range).unwrap(), Reachability::Local) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("eth0 got no carrier: {own} is still not the pod's own");
}

/// The route that must never be laid: virtual IPs of IPv4 are the pod's own.
pub(crate) async fn add_local_route(network: &Handle) {
    let route = RouteMessageBuilder::<IpAddr>::new()
        .destination_prefix("240.240.0.0".parse().unwrap(), 16)
        .unwrap()
        .output_interface(LOOPBACK)
        .kind(RouteType::Local)
        .scope(RouteScope::Host)
        .build();
    network.route().add(route).execute().await.unwrap();
}

async fn up(network: &Handle, index: u32) {
    let message = LinkUnspec::new_with_index(index).up().build();
    network.link().change(message).execute().await.unwrap();
}

/// Dials as an app does. `TimedOut` if there is no outcome at once.
pub(crate) async fn dial(to: SocketAddr) -> io::Result<TcpStream> {
    timeout(AT_ONCE, TcpStream::connect(to))
        .await
        .unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}

/// The shim's outbound port.
pub(crate) struct Shim(TcpListener);

impl Shim {
    pub(crate) async fn listen(on: &str) -> Self {
        Self(TcpListener::bind(on).await.unwrap())
    }

    /// Dials `to` and takes the connection as the shim: both ends of it.
    pub(crate) async fn take(&self, to: SocketAddr) -> (TcpStream, TcpStream) {
        let accepted = async { timeout(AT_ONCE, self.0.accept()).await };
        let (app, shim) = tokio::join!(dial(to), accepted);
        (
            app.unwrap(),
            shim.expect("nothing reached the shim").unwrap().0,
        )
    }

    /// Where the shim is told that a connection to `to` was going.
    pub(crate) async fn original_dst_of(&self, to: SocketAddr) -> SocketAddr {
        let (_app, shim) = self.take(to).await;
        original_dst(&shim).unwrap()
    }
}

/// The pod's database, on all addresses, port 3306.
pub(crate) struct Database([StdListener; 2]);

impl Database {
    pub(crate) fn listen() -> Self {
        Self(
            [("0.0.0.0", Domain::IPV4), ("::", Domain::IPV6)].map(|(any, domain)| {
                let socket = Socket::new(domain, Type::STREAM, None).unwrap();
                if domain == Domain::IPV6 {
                    socket.set_only_v6(true).unwrap();
                }
                socket.bind(&at(any, 3306).into()).unwrap();
                socket.listen(16).unwrap();
                socket.set_nonblocking(true).unwrap();
                socket.into()
            }),
        )
    }

    /// Who has connected to it since it was last asked.
    pub(crate) fn visitors(&self) -> Vec<SocketAddr> {
        let accepted = |listener: &StdListener| listener.accept().ok().map(|(_, peer)| peer);
        self.0
            .iter()
            .flat_map(|l| std::iter::from_fn(move || accepted(l)))
            .collect()
    }
}

#[derive(Parser)]
struct CaptureCommand {
    #[command(flatten)]
    capture: CaptureArgs,
}

/// Runs `eastwest-shim capture FLAGS`: its exit code and output.
pub(crate) fn capture(flags: &str) -> (ExitCode, String) {
    let (outcome, output) = try_capture(flags);
    (outcome.unwrap(), output)
}

/// [`capture`], where it may fail.
pub(crate) fn try_capture(flags: &str) -> (Result<ExitCode, CaptureError>, String) {
    let argv = std::iter::once("capture").chain(flags.split_whitespace());
    let args = CaptureCommand::try_parse_from(argv).unwrap_or_else(|error| panic!("{error}"));
    let mut output = Vec::new();
    let outcome = run_to(&args.capture, &mut output);
    (outcome, String::from_utf8(output).unwrap())
}
