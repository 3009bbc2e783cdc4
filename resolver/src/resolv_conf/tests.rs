use super::*;

fn parse(text: &str) -> ResolvConf {
    ResolvConf::parse("/etc/resolv.conf", text)
}

fn addresses(conf: &ResolvConf) -> Vec<String> {
    conf.nameservers.iter().map(ToString::to_string).collect()
}

#[test]
fn a_pods_file_is_understood() {
    let conf = parse(
        "search demo.svc.cluster.local svc.cluster.local cluster.local\n\
         nameserver 10.96.0.10\n\
         options ndots:5\n",
    );
    assert_eq!(addresses(&conf), ["10.96.0.10:53"]);
    let search: Vec<_> = conf.search.iter().map(ToString::to_string).collect();
    assert_eq!(
        search,
        [
            "demo.svc.cluster.local",
            "svc.cluster.local",
            "cluster.local"
        ]
    );
    assert!(!conf.rotate && conf.warnings.is_empty());
}

#[test]
fn name_servers_keep_their_order() {
    let conf = parse("nameserver 10.0.0.2\nnameserver fd00::1\n nameserver\t10.0.0.1 # old\n");
    assert_eq!(
        addresses(&conf),
        ["10.0.0.2:53", "[fd00::1]:53", "10.0.0.1:53"]
    );
}

#[test]
fn the_last_search_line_wins() {
    let conf = parse("search a.example\ndomain b.example\n");
    assert_eq!(conf.search, ["b.example".parse().unwrap()]);
}

#[test]
fn comments_and_unknown_lines_are_passed_over() {
    let conf = parse("# nameserver 10.0.0.1\n; nameserver 10.0.0.2\nsortlist 10.0.0.0\n\n");
    assert_eq!(conf, ResolvConf::default());
}

#[test]
fn rotation_is_an_option() {
    assert!(parse("options ndots:5 rotate\n").rotate);
}

#[test]
fn a_numbered_zone_is_kept() {
    assert_eq!(
        addresses(&parse("nameserver fe80::1%3\n")),
        ["[fe80::1%3]:53"]
    );
}

#[test]
fn a_bad_name_server_is_reported_with_its_line_and_the_others_stand() {
    let conf = parse("nameserver dns.example\nnameserver 10.0.0.1\n");
    assert_eq!(addresses(&conf), ["10.0.0.1:53"]);
    assert_eq!(
        conf.warnings,
        [
            "/etc/resolv.conf:1: \"nameserver dns.example\" has no IP address; the line is passed over"
        ]
    );
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let error = ResolvConf::read(Path::new("/nonexistent/resolv.conf"))
        .unwrap_err()
        .to_string();
    assert_eq!(
        error,
        "cannot read the name servers from /nonexistent/resolv.conf: No such file or directory \
         (os error 2)"
    );
}
