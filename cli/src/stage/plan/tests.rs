use std::net::{IpAddr, Ipv4Addr};

use ipnet::IpNet;

use super::{HostPlan, PlanError, StagePlan};

const fn net(last: u8) -> IpNet {
    IpNet::new_assert(IpAddr::V4(Ipv4Addr::new(10, 0, 0, last)), 24)
}

const ANYWHERE: IpNet = IpNet::new_assert(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0);

fn mistake(plan: &StagePlan) -> String {
    plan.check()
        .map_or_else(|e| e.to_string(), |()| String::new())
}

#[test]
fn addresses_on_one_network_share_an_interface() {
    let host = HostPlan::new("a").on("n", net(1)).on("n", net(2));
    assert_eq!(host.attachments.len(), 1);
    assert_eq!(host.addresses().count(), 2);
}

#[test]
fn a_plan_survives_its_json() {
    let plan = super::super::two_clusters();
    let json = serde_json::to_string(&plan).expect("a plan is plain data");
    let back: StagePlan = serde_json::from_str(&json).expect("reads what it wrote");
    assert_eq!(back, plan);
}

#[test]
fn an_unknown_network_is_named() {
    let plan = StagePlan::new().host(HostPlan::new("a").on("wan", net(1)));
    assert_eq!(
        mistake(&plan),
        r#"host "a" is on network "wan", which the plan does not have"#
    );
}

#[test]
fn an_address_that_two_hosts_want_names_both() {
    let plan = StagePlan::new()
        .network("n")
        .host(HostPlan::new("a").on("n", net(1)))
        .host(HostPlan::new("b").on("n", net(1)));
    assert_eq!(
        mistake(&plan),
        r#"address 10.0.0.1 on network "n" belongs to both "a" and "b""#
    );
}

#[test]
fn one_address_may_be_used_on_two_networks() {
    let plan = StagePlan::new()
        .network("m")
        .network("n")
        .host(HostPlan::new("a").on("m", net(1)))
        .host(HostPlan::new("b").on("n", net(1)));
    assert_eq!(plan.check(), Ok(()));
}

#[test]
fn a_route_needs_a_neighbour() {
    let far = IpAddr::V4(Ipv4Addr::new(10, 9, 9, 9));
    let plan = StagePlan::new()
        .network("n")
        .host(HostPlan::new("a").on("n", net(1)).route(ANYWHERE, far));
    assert_eq!(
        plan.check(),
        Err(PlanError::NoSuchNeighbour {
            host: "a".to_owned(),
            via: far
        })
    );
}

#[test]
fn names_that_the_kernel_would_cut_or_refuse_are_refused() {
    for name in ["", "sixteen-letters-", "Upper", "a.b", "lo", "a b"] {
        let plan = StagePlan::new().host(HostPlan::new(name));
        assert!(
            matches!(plan.check(), Err(PlanError::Name { what: "host", .. })),
            "{name:?} was taken"
        );
    }
}

#[test]
fn a_second_host_of_the_same_name_is_refused() {
    let plan = StagePlan::new()
        .host(HostPlan::new("a"))
        .host(HostPlan::new("a"));
    assert_eq!(
        mistake(&plan),
        r#"the plan has two hosts named "a": rename one"#
    );
}
