//! Changes to a running stage.

use eastwest::stage::{Link, StageError, two_clusters};

use super::{Server, assert_swallowed, get, net, pair, printed, start};

#[test]
fn an_address_that_is_added_is_reached_and_one_that_is_deleted_is_not() {
    let stage = start(&pair());
    let _server = Server::hello(&stage, "a");
    stage.add_address("a", "lan", net(7)).expect("adds");
    stage.delete_address("a", "lan", net(1)).expect("deletes");
    assert!(printed(&stage, "b", &get("10.0.0.7", 8080)).contains("hello from a"));
    assert_swallowed(&stage, "b", "10.0.0.1");
}

#[test]
fn an_address_that_moves_to_another_host_is_found_there_at_once() {
    let plan = pair().host(eastwest::stage::HostPlan::new("c").on("lan", net(3)));
    let stage = start(&plan);
    let _servers = [Server::hello(&stage, "a"), Server::hello(&stage, "c")];
    assert!(printed(&stage, "b", &get("10.0.0.1", 8080)).contains("hello from a"));
    stage.delete_address("a", "lan", net(1)).expect("deletes");
    stage.add_address("c", "lan", net(1)).expect("adds");
    assert!(printed(&stage, "b", &get("10.0.0.1", 8080)).contains("hello from c"));
}

#[test]
fn a_host_keeps_its_routes_when_its_address_changes() {
    let stage = start(&two_clusters());
    let _gateway = Server::hello(&stage, "gateway");
    let address = |text: &str| text.parse().expect(text);
    stage
        .add_address("b-app", "pods-b", address("10.72.0.99/24"))
        .expect("adds");
    stage
        .delete_address("b-app", "pods-b", address("10.72.0.10/24"))
        .expect("deletes");
    let answer = printed(&stage, "b-app", &get("172.21.0.3", 8080));
    assert!(answer.contains("you are [::ffff:10.72.0.99]:"), "{answer}");
}

#[test]
fn a_cut_link_swallows_packets_until_it_is_connected_again() {
    let stage = start(&pair());
    let _server = Server::hello(&stage, "a");
    stage.set_link("a", "lan", Link::Cut).expect("cuts");
    assert_swallowed(&stage, "b", "10.0.0.1");
    stage
        .set_link("a", "lan", Link::Connected)
        .expect("connects");
    assert!(printed(&stage, "b", &get("10.0.0.1", 8080)).contains("hello from a"));
}

#[test]
fn a_change_that_is_refused_says_what_it_was() {
    let stage = start(&pair());
    let change = stage.delete_address("a", "lan", net(9));
    let Err(StageError::Change(problem)) = change else {
        panic!("{change:?}");
    };
    let expected = r#"take 10.0.0.9/24 from host "a" on network "lan": "#;
    assert!(problem.starts_with(expected), "{problem}");
    let elsewhere = stage
        .set_link("a", "wan", Link::Cut)
        .expect_err("not on it")
        .to_string();
    assert!(
        elsewhere.ends_with("the host is not on that network"),
        "{elsewhere}"
    );
}
