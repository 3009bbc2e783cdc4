//! What the exit status and the two outputs say.

use super::{
    ALIAS, complained, entry, folder, no_service, objects, render_in, said, status, with_stdin,
};

#[test]
fn with_wrong_usage_nothing_is_said() {
    let secret = format!("{}---\nkind: \"Secret\"\n", entry(ALIAS));
    let elsewhere = ALIAS.replace("pxc", "shop");
    let folder = folder(&[
        ("one.yaml", &entry(ALIAS)),
        ("other.yaml", &entry(&elsewhere)),
        ("name.yaml", &no_service()),
        ("secret.yaml", &secret),
        ("none.yaml", "kind: Service\n"),
    ]);
    for (args, told) in [
        (&["vip", "-f", "missing"][..], "missing can't be read"),
        (&["vip", "-f", "none.yaml"], "no alias can be rendered"),
        (
            &["port", "-f", "secret.yaml"],
            "secret.yaml has a Secret, which everybody could read",
        ),
        (
            &["redirect", "-f", "one.yaml", "other.yaml"],
            "several namespaces (pxc, shop); say with --namespace",
        ),
        (&["port", "-f", "one.yaml", "-n", "P"], "a name is at most"),
        (&["service", "-f", "one.yaml"], "--from-namespace"),
        (
            &["service", "-f", "one.yaml", "--from-labels", "x"],
            "a label is KEY=VALUE",
        ),
        (
            &["service", "-f", "one.yaml", "--from-labels", "app=a b"],
            "the value of a label is at most 63",
        ),
        (
            &["service", "-f", "one.yaml", "--from-labels", "app=a,app=b"],
            "the label app is given twice",
        ),
        (
            &["service", "-f", "name.yaml", "--from-namespace", "x"],
            "call the alias NAME.NAMESPACE.svc.DOMAIN, or take another mode",
        ),
        (&["sidecar", "-f", "one.yaml"], "unrecognized subcommand"),
    ] {
        let output = render_in(folder.path(), args);
        assert_eq!(status(&output), 2, "{args:?}: {}", complained(&output));
        assert_eq!(said(&output), "", "{args:?}");
        assert!(
            complained(&output).contains(told),
            "{args:?}: {}",
            complained(&output)
        );
    }
}

#[test]
fn an_alias_that_can_be_no_service_is_left_out_and_said_with_its_place() {
    let folder = folder(&[("one.yaml", &entry(ALIAS)), ("name.yaml", &no_service())]);
    let args = ["service", "-f", ".", "--from-namespace", "pxc"];
    let output = render_in(folder.path(), &args);
    assert_eq!(status(&output), 1, "{}", complained(&output));
    let told = "name.yaml:5:11: error: no Service can have the name db.example";
    assert!(
        complained(&output).contains(told),
        "{}",
        complained(&output)
    );
    let objects = objects(&output);
    let services = objects.iter().filter(|object| object["kind"] == "Service");
    assert_eq!(services.count(), 1);
}

#[test]
fn an_error_in_the_manifests_is_told_with_its_code() {
    let folder = folder(&[
        ("one.yaml", &entry(ALIAS)),
        (
            "two.yaml",
            "apiVersion: networking.istio.io/v1\nkind: ServiceEntry\nspec: 1\n",
        ),
    ]);
    let output = render_in(folder.path(), &["port", "-f", "."]);
    assert_eq!(status(&output), 1, "{}", complained(&output));
    assert!(
        complained(&output).contains("two.yaml:3:7: error[EW"),
        "{}",
        complained(&output)
    );
    assert!(said(&output).contains("port: 13306"));
}

#[test]
fn another_domain_is_told_to_the_shim_and_standard_input_is_read() {
    let text = entry("src-db-0.pxc.svc.east.example");
    let args = [
        "render",
        "vip",
        "-f",
        "-",
        "--snippet",
        "--cluster-domain",
        "east.example",
    ];
    let output = with_stdin(&args, &text);
    assert_eq!(status(&output), 0, "{}", complained(&output));
    let spec = &objects(&output)[0]["spec"];
    let args = spec["initContainers"][0]["args"].as_array().unwrap();
    let at = args
        .iter()
        .position(|arg| arg == "--cluster-domain")
        .unwrap();
    assert_eq!(args[at + 1], "east.example");
    assert_eq!(spec["dnsConfig"]["searches"][0], "pxc.svc.east.example");
}

#[test]
fn a_gateway_that_is_still_the_documentations_is_told_with_its_place() {
    let example = entry(ALIAS).replace("10.0.0.1", "203.0.113.10");
    let folder = folder(&[("one.yaml", &entry(ALIAS)), ("example.yaml", &example)]);
    let output = render_in(folder.path(), &["port", "-f", "example.yaml"]);
    assert_eq!(status(&output), 0, "{}", complained(&output));
    let told = "warning: the gateway 203.0.113.10 is an address of documentation";
    assert!(
        complained(&output).starts_with("example.yaml:") && complained(&output).contains(told),
        "{}",
        complained(&output)
    );
    let output = render_in(folder.path(), &["port", "-f", "one.yaml"]);
    assert_eq!(complained(&output), "");
}

/// Bytes of comments that make the manifests this large.
fn padding(bytes: usize) -> String {
    "# <padding>\n".repeat(bytes / 12)
}

#[test]
fn an_object_that_kubectl_cannot_keep_a_copy_of_is_said_to_need_the_server() {
    let padded = |bytes| format!("{}{}", padding(bytes), entry(ALIAS));
    // An end of line is two bytes in the copy, < and > are six each: 23 for 12.
    let folder = folder(&[
        ("small.yaml", &padded(130_000)),
        ("large.yaml", &padded(140_000)),
        ("larger.yaml", &padded(1_100_000)),
    ]);
    for (args, told) in [
        (&["vip", "-f", "small.yaml"][..], false),
        (&["vip", "-f", "large.yaml"], true),
        (&["vip", "-f", "large.yaml", "--snippet"], false),
        (
            &["service", "-f", "large.yaml", "--from-namespace", "pxc"],
            true,
        ),
    ] {
        let output = render_in(folder.path(), args);
        assert_eq!(status(&output), 0, "{args:?}: {}", complained(&output));
        let remark = "ConfigMap eastwest-aliases: `kubectl apply` keeps a copy in an annotation";
        let complained = complained(&output);
        assert_eq!(complained.contains(remark), told, "{args:?}: {complained}");
        assert_eq!(complained.contains("--server-side"), told, "{complained}");
    }
    let output = render_in(folder.path(), &["vip", "-f", "larger.yaml"]);
    assert_eq!(status(&output), 2, "{}", complained(&output));
}

#[test]
fn each_example_of_the_help_is_a_line_to_be_copied() {
    let output = render_in(folder(&[]).path(), &["--help"]);
    let help = said(&output);
    let (_, examples) = help.split_once("Examples:\n").unwrap();
    for line in examples.trim_end().lines() {
        assert!(line.starts_with("  eastwest render "), "{line}");
        assert!(line.len() <= 80, "{line}");
    }
    assert!(examples.contains("| kubectl apply -f -\n"), "{examples}");
}

#[test]
fn an_alias_at_a_port_of_the_shims_own_is_left_out_in_every_mode_that_listens_there() {
    let other = entry("src-db-1.pxc.svc.cluster.local");
    let written = entry(ALIAS).replace(
        "namespace: pxc}",
        "namespace: pxc, annotations: {eastwest.dev/service-port: \"15020\"}}",
    );
    let probes = entry(ALIAS).replace("number: 3306", "number: 15021");
    let folder = folder(&[
        ("other.yaml", &other),
        ("written.yaml", &written),
        ("probes.yaml", &probes),
    ]);
    let service = ["service", "--from-namespace", "pxc", "-f", "other.yaml"];
    for args in [
        &[&service[..], &["written.yaml"]].concat()[..],
        &["vip", "-f", "other.yaml", "probes.yaml"],
    ] {
        let output = render_in(folder.path(), args);
        let told = complained(&output);
        assert_eq!(status(&output), 1, "{args:?}: {told}");
        assert!(told.contains("error[EW920]"), "{args:?}: {told}");
        let deployments = objects(&output);
        let of = deployments
            .iter()
            .filter(|object| object["kind"] == "Deployment");
        for deployment in of {
            let shim = &deployment["spec"]["template"]["spec"]["containers"][0];
            let ports = shim["ports"].as_array().unwrap();
            let metrics = ports.iter().filter(|port| port["containerPort"] == 15020);
            assert_eq!(metrics.count(), 1, "{ports:?}");
        }
    }
    // All that there is would be at the shim's metrics.
    let shifted = ["port", "-f", "other.yaml", "--port-offset", "11714"];
    let output = render_in(folder.path(), &shifted);
    assert_eq!(status(&output), 2);
    assert!(complained(&output).contains("error[EW920]"));
}
