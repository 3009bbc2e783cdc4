//! Each way of an app's connection to the shim, with a real MySQL that follows its source over it.
//!
//! The containers have the rights that Kubernetes gives them: the shim is uid 1337 without any
//! capability, the capture step is uid 0 with NET_ADMIN alone. Each row of the table that is printed
//! is a replica that has the rows of its source, and then, the shim killed, is refused at once. The
//! modes on loopback have IPv4 only: IPv6 has a single loopback address, which is localhost.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

mod alias;
mod caller;
mod pods;
mod replica;
mod rows;

use std::net::SocketAddr;

use eastwest::clusters::{Clusters, SOURCE};
use eastwest::mysql::Flavor;
use eastwest_e2e::{eastwest, installed};

use alias::{Alias, EGRESS, Family, PLAIN, PXC, ip_of, plan};
use caller::Caller;
use pods::{CLUSTERS_OWN, Containers, went_out};
use replica::{Replica, ServerAt};
use rows::{Row, Table};

/// Both families, each in one row.
const FAMILIES: [Family; 2] = [Family::V4, Family::V6];

#[test]
fn a_replica_follows_its_source_in_every_mode_and_fails_closed() {
    let test = "a_replica_follows_its_source_in_every_mode_and_fails_closed";
    let Some(installed) = installed(Flavor::MySql, test) else {
        return;
    };
    let mut clusters = Clusters::prepare_on(&eastwest(), &plan()).unwrap();
    clusters.start_dns().unwrap();
    clusters.start_gateway().unwrap();
    clusters.start_source_shim().unwrap();
    let mut pods = Containers::new(clusters);
    let mut replica = Replica::new(&pods, &installed);
    let mut table = Table::begin();
    vip(&mut pods, &mut replica, &mut table);
    port(&mut pods, &mut replica, &mut table);
    replica.stop();
    for at in [ServerAt::AllIpv4, ServerAt::All] {
        replica.start_on(&pods, PXC, at);
        lay(&mut pods, at);
        redirect(&mut pods, &replica, &mut table);
        both_ways(&mut pods, &replica, &mut table);
        guard(&mut pods, &replica, &mut table);
        unlay(&mut pods);
        service(&mut pods, &replica, &mut table);
        replica.stop();
    }
    // Two servers in each mode, and two families in those that are not on loopback; callers come in
    // over a family that the server has.
    assert_eq!(table.rows(), 3 + 2 + 4 + 3 + 4 + 4);
}

/// Follows the source by `dialled`, then kills the shim and is refused there.
fn row(
    pods: &mut Containers,
    replica: &Replica<'_>,
    table: &mut Table,
    (mode, alias, port): (&'static str, &Alias, u16),
) {
    replica.follows(port);
    pods.kill_shim();
    replica.is_refused(pods, alias.dialled(port));
    table.add(Row {
        mode,
        server: replica.at(),
        dials: alias.dialled(port),
        outcome: "replicates; without the shim refused at once",
    });
}

/// The server wins: it starts at any time, on all addresses too, whatever the shim has.
fn vip(pods: &mut Containers, replica: &mut Replica<'_>, table: &mut Table) {
    let first = pods.start_shim(PLAIN, "vip", Family::V4, &[]);
    replica.start_on(pods, PLAIN, ServerAt::OwnAddresses);
    row(pods, replica, table, ("vip", &first, 3306));

    // A shim that has connections, and one that has just started.
    let alias = pods.start_shim(PLAIN, "vip", Family::V4, &[]);
    replica.follows(3306);
    replica.stop();
    left(pods, replica, table, (&alias, ServerAt::All));
    replica.stop();
    let alias = pods.start_shim(PLAIN, "vip", Family::V4, &[]);
    left(pods, replica, table, (&alias, ServerAt::AllIpv4));
}

/// The server starts where the shim is, and what it has is not the alias's.
fn left(
    pods: &mut Containers,
    replica: &mut Replica<'_>,
    table: &mut Table,
    (alias, at): (&Alias, ServerAt),
) {
    replica.start_on(pods, PLAIN, at);
    assert!(
        pods.answers(PLAIN, &SOURCE.alias()).is_empty(),
        "its address is the server's"
    );
    pods.wait_for_shim("of all addresses: use --mode port or redirect");
    pods.kill_shim();
    table.add(Row {
        mode: "vip",
        server: replica.at(),
        dials: alias.dialled(3306),
        outcome: "left to mysqld, which starts; the alias is not answered",
    });
}

/// Beside a server on all addresses, whichever of the two is first.
fn port(pods: &mut Containers, replica: &mut Replica<'_>, table: &mut Table) {
    let alias = pods.start_shim(PLAIN, "port", Family::V4, &[]);
    row(pods, replica, table, ("port", &alias, 13_306));
    replica.stop();
    let alias = pods.start_shim(PLAIN, "port", Family::V4, &[]);
    replica.start_on(pods, PLAIN, ServerAt::All);
    row(pods, replica, table, ("port", &alias, 13_306));
}

/// By an init container in the one, by a sidecar in the other.
fn lay(pods: &mut Containers, at: ServerAt) {
    match at {
        ServerAt::All => pods.keep_captured(PXC),
        _ => pods.capture(PXC, &["lay", "--dns"]),
    }
}

fn unlay(pods: &mut Containers) {
    pods.end_keeping();
    pods.capture(PXC, &["check", "--dns"]);
    pods.capture(PXC, &["remove"]);
    // That a packet for such an address would have been seen.
    for family in FAMILIES {
        let wire = pods.watch(PXC);
        let alias = Alias::virtual_ip("redirect", family);
        pods.dial(PXC, alias.dialled(3306)).unwrap_err();
        assert!(went_out(wire, &alias), "{alias:?} was not seen");
    }
}

/// In a pod whose DNS is the cluster's, and whose server owns the port.
fn redirect(pods: &mut Containers, replica: &Replica<'_>, table: &mut Table) {
    for family in FAMILIES {
        let wire = pods.watch(PXC);
        let alias = pods.start_shim(PXC, "redirect", family, &[]);
        let (name, address) = CLUSTERS_OWN;
        assert!(pods.answers(PXC, name).contains(address));
        row(pods, replica, table, ("redirect", &alias, 3306));
        assert!(
            !went_out(wire, &alias),
            "a packet for {alias:?} left the pod"
        );
    }
}

/// The same shim lets callers in: the rules leave them alone, and what the shim dials for them.
fn both_ways(pods: &mut Containers, replica: &Replica<'_>, table: &mut Table) {
    for family in FAMILIES {
        if !replica.at().has(family) {
            continue;
        }
        let listen = match family {
            Family::V4 => "0.0.0.0:15444",
            Family::V6 => "[::]:15444",
        };
        let inbound = ["--inbound", "3306", "--inbound-listen", listen];
        let allow = ["--allow", "spiffe://cluster.local/ns/pxc/sa/*"];
        let own = ["--pod-name", SOURCE.name];
        let more = [&inbound[..], &allow[..], &own[..]].concat();
        let wire = pods.watch(PXC);
        let alias = pods.start_shim(PXC, "redirect", family, &more);
        let caller = Caller::start(pods, family);
        replica.follows(3306);
        let answers = replica.server_at(pods, EGRESS, caller.dials()).unwrap();
        assert_eq!(answers, replica.uuid());
        pods.kill_shim();
        replica.is_refused(pods, alias.dialled(3306));
        replica
            .server_at(pods, EGRESS, caller.dials())
            .expect_err("a caller reached the server past its shim");
        caller.end(pods);
        assert!(
            !went_out(wire, &alias),
            "a packet for {alias:?} left the pod"
        );
        table.add(Row {
            mode: "redirect, --inbound",
            server: replica.at(),
            dials: alias.dialled(3306),
            outcome: "replicates, and callers come in to mysqld; without the shim both refused",
        });
    }
}

/// The rules have lost the chain that redirects: what is left refuses, whether the shim is up or not,
/// and lets nothing come to the pod's own server.
fn guard(pods: &mut Containers, replica: &Replica<'_>, table: &mut Table) {
    pods.end_keeping();
    for family in FAMILIES {
        let wire = pods.watch(PXC);
        let alias = pods.start_shim(PXC, "redirect", family, &[]);
        pods.lose_redirects(PXC);
        replica.is_refused(pods, alias.dialled(3306));
        pods.kill_shim();
        replica.is_refused(pods, alias.dialled(3306));
        if replica.at().has(family) {
            let own = SocketAddr::new(ip_of(PXC, family), 3306);
            pods.dial(PXC, own)
                .expect("mysqld is not there to be reached");
        }
        assert!(
            !went_out(wire, &alias),
            "a packet for {alias:?} left the pod"
        );
        pods.capture(PXC, &["lay", "--dns"]);
        table.add(Row {
            mode: "redirect, guard alone",
            server: replica.at(),
            dials: alias.dialled(3306),
            outcome: "refused at once, with the shim and without; never by mysqld, never out of the pod",
        });
    }
}

/// The pod is as it was; its cluster has a Service of the alias's name, and an egress behind it.
fn service(pods: &mut Containers, replica: &Replica<'_>, table: &mut Table) {
    for family in FAMILIES {
        let alias = pods.start_shim(EGRESS, "service", family, &[]);
        pods.wait_for_shim("the pods that call to this one is IN CLEAR");
        pods.apply_service(family);
        row(pods, replica, table, ("service", &alias, 3306));
    }
}
