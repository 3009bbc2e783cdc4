use proptest::prelude::*;

use super::*;

fn name(text: &str) -> Hostname {
    text.parse().unwrap()
}

fn remote(alias: &str) -> Option<String> {
    remote_host(&name(alias), &name("cluster.local")).map(|host| host.to_string())
}

#[test]
fn the_pod_comes_from_the_alias() {
    for (alias, pod) in [
        (
            "src-hello-0.demo.svc.cluster.local",
            "hello-0.hello.demo.svc.cluster.local",
        ),
        (
            "src-db-pxc-12.pxc.svc.cluster.local",
            "db-pxc-12.db-pxc.pxc.svc.cluster.local",
        ),
        (
            "src-src-0.demo.svc.cluster.local",
            "src-0.src.demo.svc.cluster.local",
        ),
    ] {
        assert_eq!(remote(alias).as_deref(), Some(pod));
    }
}

#[test]
fn other_names_are_left_alone() {
    for other in [
        "hello-0.demo.svc.cluster.local",
        "src-hello.demo.svc.cluster.local",
        "src-hello-00.demo.svc.cluster.local",
        "src-0.demo.svc.cluster.local",
        "src-hello-0.demo.extra.svc.cluster.local",
        "src-hello-0.svc.cluster.local",
        "src-hello-0.demo.cluster.local",
        "src-hello-0.demo.svc.other.local",
        "src-a--0.demo.svc.cluster.local",
        "src-hello-0",
    ] {
        assert_eq!(remote(other), None, "{other}");
    }
}

#[test]
fn a_long_pod_name_that_makes_no_valid_alias_has_none() {
    let set = "a".repeat(60);
    let pod = name(&format!("{set}-0.{set}.demo.svc.cluster.local"));
    assert_eq!(alias_host(&pod, &name("cluster.local")), None);
}

proptest! {
    #[test]
    fn alias_and_pod_round_trip(
        set in "[a-z0-9]([-a-z0-9]{0,20}[a-z0-9])?",
        ordinal in any::<u16>(),
        namespace in "[a-z0-9]([-a-z0-9]{0,20}[a-z0-9])?",
        domain in "[a-z]{1,8}(\\.[a-z]{1,8}){0,3}",
    ) {
        let domain = name(&domain);
        let pod = name(&format!("{set}-{ordinal}.{set}.{namespace}.svc.{domain}"));
        let alias = alias_host(&pod, &domain).unwrap();
        prop_assert_eq!(remote_host(&alias, &domain), Some(pod));
    }

    #[test]
    fn any_name_gives_an_answer_that_leads_back(text in "(src-)?[-a-z0-9_]{1,12}(\\.[-a-z0-9]{1,8}){0,5}(\\.svc)?(\\.cluster\\.local)?") {
        let domain = name("cluster.local");
        if let Ok(alias) = text.parse::<Hostname>()
            && let Some(pod) = remote_host(&alias, &domain)
        {
            prop_assert!(pod.is_below(&domain));
            prop_assert_eq!(alias_host(&pod, &domain), Some(alias));
        }
    }
}
