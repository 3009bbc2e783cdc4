//! The listeners of all modes but `redirect`: one for each alias and port, kept in step with the manifests.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;

use eastwest_transport::listener::{BindError, Listener};
use eastwest_transport::socket::SocketOptions;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::Outbound;
use crate::own_ports::Claim;

/// The listeners that are open now.
#[derive(Debug)]
pub(crate) struct AliasListeners {
    sockets: SocketOptions,
    /// `None` once they have been closed: they stay so.
    open: Option<HashMap<SocketAddr, JoinHandle<()>>>,
    /// Why none of them can accept just now.
    starving: watch::Sender<Option<String>>,
}

/// An address that is not listened on.
#[derive(Debug)]
pub(crate) enum Unopened {
    Failed(BindError),
    /// To a server of the pod.
    Left {
        address: SocketAddr,
        why: String,
    },
}

impl AliasListeners {
    pub(crate) fn new(sockets: SocketOptions) -> Self {
        Self {
            sockets,
            open: Some(HashMap::new()),
            starving: watch::Sender::new(None),
        }
    }

    /// Why no connection can be accepted: descriptors or memory have run out.
    pub(crate) fn starving(&self) -> watch::Receiver<Option<String>> {
        self.starving.subscribe()
    }

    /// Whether an address is listened on.
    pub(crate) fn has(&self, address: SocketAddr) -> bool {
        self.open
            .as_ref()
            .is_some_and(|open| open.contains_key(&address))
    }

    /// Opens what the route table has more, closes what it has no longer, and leaves the rest
    /// alone; live connections are never touched. `claim` says which ports are to be closed, or not
    /// to be opened. Says which addresses are not open, and why, but for those whose time has not come.
    pub(crate) fn follow(
        &mut self,
        outbound: &Arc<Outbound>,
        claim: impl Fn(u16) -> Claim,
    ) -> Vec<Unopened> {
        // Manifests may still be read while the process stops accepting.
        let Some(open) = &mut self.open else {
            return Vec::new();
        };
        let routes = outbound.routes.load_full();
        open.retain(|address, task| {
            let wanted = routes.route(*address).is_some() && claim(address.port()) == Claim::Take;
            if !wanted {
                task.abort();
            }
            wanted
        });
        let mut failed = Vec::new();
        for address in routes.addresses() {
            if open.contains_key(&address) {
                continue;
            }
            match claim(address.port()) {
                Claim::Take => {}
                Claim::NotYet => continue,
                Claim::Leave(why) => {
                    failed.push(Unopened::Left { address, why });
                    continue;
                }
            }
            match Listener::bind(address, self.sockets) {
                Ok(listener) => {
                    let listener = listener.starving_like(&self.starving);
                    let task = tokio::spawn(Arc::clone(outbound).serve_alias(listener, address));
                    open.insert(address, task);
                }
                Err(error) => failed.push(Unopened::Failed(error)),
            }
        }
        failed
    }

    /// Closes all of them for good; connections live on.
    pub(crate) fn close(&mut self) {
        for (_, task) in self.open.take().into_iter().flatten() {
            task.abort();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
    use std::time::{Duration, SystemTime};

    use arc_swap::ArcSwap;
    use eastwest_daemon::{Connections, Shutdown};
    use eastwest_mesh::{Capture, Options, Source, load};
    use eastwest_transport::dial::NamedDialer;
    use eastwest_transport::limits::{Ledger, Limits};
    use eastwest_transport::relay::Patience;
    use eastwest_transport::resolve::NameServers;
    use eastwest_transport::tls::MinTls;
    use tokio::io::AsyncReadExt;
    use tokio::net::TcpStream;

    use super::*;
    use crate::identity::mint::{HOUR, Mint};
    use crate::outbound::{Arrival, Gateways, RouteTable, Tunnels};

    const ROUTE: &str = "\
apiVersion: networking.istio.io/v1beta1
kind: ServiceEntry
metadata: {name: src-listeners-0, namespace: pxc}
spec:
  hosts: [src-listeners-0.pxc.svc.cluster.local]
  location: MESH_INTERNAL
  ports: [{number: 33061, name: mysql, protocol: TCP}]
  resolution: STATIC
  endpoints: [{address: 192.0.2.1, ports: {mysql: 15443}}]
";

    /// An outbound side with one alias, and the address of that.
    fn outbound() -> (Arc<Outbound>, SocketAddr) {
        arriving(Capture::Vip, Arrival::OwnAddresses)
    }

    fn arriving(capture: Capture, arrival: Arrival) -> (Arc<Outbound>, SocketAddr) {
        let options = Options {
            cluster_domain: "cluster.local".parse().unwrap(),
            capture,
        };
        let source = Source {
            name: "route.yaml".to_owned(),
            text: ROUTE.to_owned(),
        };
        let routes = RouteTable::of(&load(&[source], &options), arrival);
        let address = routes.addresses().next().unwrap();
        let until = SystemTime::now() + HOUR;
        let tunnels = Arc::new(Tunnels {
            identity: Mint::new().workload("replica", until).1,
            dialer: NamedDialer::new(NameServers::at(&[]).unwrap(), SocketOptions::standard()),
            gateways: Gateways::new(None),
            sockets: SocketOptions::standard(),
            connect_timeout: Duration::from_secs(5),
            handshake_timeout: Duration::from_secs(5),
            timings: eastwest_daemon::Timings::of(eastwest_daemon::Direction::Outbound),
            min_tls: MinTls::Tls13,
        });
        let outbound = Outbound {
            routes: ArcSwap::from_pointee(routes),
            arrival,
            tunnels,
            patience: Patience::default(),
            ledger: Ledger::new(Limits::default()),
            connections: Connections::new(),
            shutdown: Shutdown::new(),
        };
        (Arc::new(outbound), address)
    }

    #[tokio::test]
    async fn what_is_closed_stays_closed_when_manifests_are_read_once_more() {
        let (outbound, address) = outbound();
        let mut listeners = AliasListeners::new(SocketOptions::standard());
        assert!(listeners.follow(&outbound, |_| Claim::Take).is_empty());
        assert!(TcpStream::connect(address).await.is_ok());
        listeners.close();
        // The socket is gone with its task, at the next turn of the runtime.
        while TcpStream::connect(address).await.is_ok() {
            tokio::task::yield_now().await;
        }
        assert!(listeners.follow(&outbound, |_| Claim::Take).is_empty());
        tokio::task::yield_now().await;
        assert!(TcpStream::connect(address).await.is_err());
    }

    /// What an app at this address reads first.
    async fn read_from(address: SocketAddr) -> std::io::Result<usize> {
        let mut app = TcpStream::connect(address).await.unwrap();
        app.read(&mut [0]).await
    }

    #[tokio::test]
    async fn a_port_that_is_shifted_is_listened_on_where_it_is_dialled() {
        let by = 20_000.try_into().unwrap();
        let (outbound, address) = arriving(Capture::Port(by), Arrival::OwnAddresses);
        assert_eq!(address.port(), 53_061);
        assert!(address.ip().is_loopback());
        let mut listeners = AliasListeners::new(SocketOptions::standard());
        assert!(listeners.follow(&outbound, |_| Claim::Take).is_empty());
        assert!(TcpStream::connect(address).await.is_ok());
    }

    #[tokio::test]
    async fn in_mode_service_loopback_is_reset() {
        let any = Arrival::PodAddress(Ipv6Addr::UNSPECIFIED.into());
        let (outbound, address) = arriving(Capture::Service, any);
        let mut listeners = AliasListeners::new(SocketOptions::standard());
        assert!(listeners.follow(&outbound, |_| Claim::Take).is_empty());
        for loopback in [
            IpAddr::from(Ipv4Addr::LOCALHOST),
            Ipv6Addr::LOCALHOST.into(),
        ] {
            let error = read_from(SocketAddr::new(loopback, address.port()))
                .await
                .unwrap_err();
            assert_eq!(
                error.kind(),
                std::io::ErrorKind::ConnectionReset,
                "{loopback}"
            );
        }
    }

    #[tokio::test]
    async fn loopback_counts_as_inside_unless_it_was_asked_for() {
        let asked = Ipv4Addr::new(127, 0, 0, 44);
        for (pod, inside) in [
            (IpAddr::from(Ipv4Addr::UNSPECIFIED), true),
            (Ipv6Addr::UNSPECIFIED.into(), true),
            (asked.into(), false),
        ] {
            let (outbound, address) = arriving(Capture::Service, Arrival::PodAddress(pod));
            assert_eq!(address.ip(), pod);
            let listener = Listener::bind((pod, 0).into(), SocketOptions::standard()).unwrap();
            let dialled = SocketAddr::from((asked, listener.local_addr().unwrap().port()));
            let (app, accepted) = tokio::join!(TcpStream::connect(dialled), listener.accept());
            assert!(app.is_ok());
            assert_eq!(outbound.is_from_inside(&accepted.0), inside, "{pod}");
        }
    }
}
