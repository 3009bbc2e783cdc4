//! Manifests that are not there as the process starts.

use std::os::unix::fs::symlink;

use super::*;

/// Its manifests are away, which it says at once.
fn without(ground: &Ground) -> Gateway {
    let mut gateway = ground.gateway_with(&[], |_| {});
    let said = gateway.logged("there is no such file or folder; it is waited for");
    assert!(said.contains(&ground.path("manifests")), "{said}");
    gateway
}

#[test]
fn a_link_that_is_made_anew_as_the_gateway_starts_is_read_and_followed() {
    let ground = Ground::prepare();
    let manifests = Manifests::of(&ground);
    let release = ground.path("releases/2");
    fs::create_dir(ground.path("releases")).unwrap();
    fs::rename(ground.path("manifests"), &release).unwrap();
    let mut gateway = without(&ground);
    symlink(&release, ground.path("manifests")).unwrap();
    gateway.is_up();
    lives(&mut ground.connect(gateway.address));
    // Its sandbox has the folder in which they are now.
    manifests
        .write(&manifests.exporting("'*.plain.svc.cluster.local', '*.more.svc.cluster.local'"));
    let line = gateway.logged("manifests read again");
    assert!(line.contains("exports added: *.more"), "{line}");
}

#[test]
fn a_mistyped_path_is_told_at_once_and_ends_the_start() {
    let ground = Ground::prepare();
    fs::rename(ground.path("manifests"), ground.path("manifest")).unwrap();
    let mut gateway = without(&ground);
    let said = gateway.logged("ERROR");
    let named = format!(
        "cannot read {}: there is no such file",
        ground.path("manifests")
    );
    assert!(said.contains(&named), "{said}");
    assert_eq!(gateway.ended().code(), Some(78));
}

#[test]
fn errors_that_leave_nothing_to_export_make_unready_and_are_told_until_they_are_mended() {
    let ground = Ground::prepare();
    let manifests = Manifests::of(&ground);
    manifests.write(&manifests.good.replace("    hosts:", "    host:"));
    let mut gateway = ground.gateway_with(&[], |_| {});
    let said = gateway.logged("not ready: manifests: nothing is exported");
    let place = format!("{}:6:", manifests.file);
    assert!(
        said.contains(&place) && said.contains("error[EW303]"),
        "{said}"
    );
    gateway.listens();
    let (status, answer) = get(gateway.ready, "/healthz/ready").unwrap();
    assert!(
        status == 503 && answer.contains(&place),
        "{status} {answer}"
    );
    let (_, told) = get(gateway.admin, "/status.json").unwrap();
    let told: serde_json::Value = serde_json::from_str(&told).unwrap();
    assert_eq!(told["state"], "unready", "{told}");
    assert_eq!(told["manifests"]["errors_total"], 2, "{told}");
    let error = told["manifests"]["errors"][0].as_str().unwrap();
    assert!(error.contains(&place), "{told}");
    manifests.write(&manifests.good);
    gateway.logged("readiness: ready");
    lives(&mut ground.connect(gateway.address));
    assert_eq!(get(gateway.ready, "/healthz/ready").unwrap().0, 200);
}

#[test]
fn whatever_leaves_nothing_to_export_makes_unready_until_something_is_exported() {
    for nothing in [
        Nothing::EmptyFile,
        Nothing::EmptyFolder,
        Nothing::OtherFiles,
        Nothing::OtherKind,
        Nothing::OtherProtocol,
        Nothing::OtherMode,
    ] {
        let ground = Ground::prepare();
        let manifests = Manifests::of(&ground);
        nothing.is_in(&manifests);
        let mut gateway = ground.gateway_with(&[], |_| {});
        gateway.logged("not ready: manifests: nothing is exported");
        gateway.listens();
        let (status, answer) = get(gateway.ready, "/healthz/ready").unwrap();
        assert!(
            status == 503 && answer.contains("nothing is exported"),
            "{nothing:?}: {status} {answer}"
        );
        manifests.write(&manifests.good);
        gateway.logged("readiness: ready");
        lives(&mut ground.connect(gateway.address));
    }
}

#[test]
fn a_device_that_says_nothing_is_nothing_to_export() {
    let ground = Ground::prepare();
    let mut gateway = ground.gateway_with(&["-f", "/dev/null"], |_| {});
    let said = gateway.logged("not ready: manifests: nothing is exported");
    assert!(said.contains("no Gateway with tls.mode"), "{said}");
}

#[test]
fn a_gateway_whose_last_export_is_taken_out_is_not_ready() {
    let ground = Ground::prepare();
    let manifests = Manifests::of(&ground);
    let mut gateway = ground.gateway();
    let mut live = ground.connect(gateway.address);
    let (_, entry) = manifests.good.split_once("---\n").unwrap();
    manifests.write(entry);
    gateway.logged("not ready: manifests: nothing is exported");
    assert_eq!(get(gateway.ready, "/healthz/ready").unwrap().0, 503);
    lives(&mut live);
}

/// What there is where nothing is exported.
#[derive(Debug, Clone, Copy)]
enum Nothing {
    EmptyFile,
    EmptyFolder,
    OtherFiles,
    OtherKind,
    OtherProtocol,
    OtherMode,
}

impl Nothing {
    fn is_in(self, manifests: &Manifests) {
        let Manifests { file, good } = manifests;
        let text = match self {
            Self::EmptyFile => String::new(),
            Self::EmptyFolder => return fs::remove_file(file).unwrap(),
            Self::OtherFiles => return fs::rename(file, format!("{file}.bak")).unwrap(),
            Self::OtherKind => "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n".to_owned(),
            Self::OtherProtocol => good.replace("protocol: TLS", "protocol: TCP"),
            Self::OtherMode => good.replace("mode: PASSTHROUGH", "mode: ISTIO_MUTUAL"),
        };
        manifests.write(&text);
    }
}

#[test]
fn one_object_that_is_wrong_leaves_the_others_served_and_is_told() {
    let ground = Ground::prepare();
    let manifests = Manifests::of(&ground);
    let wrong = manifests.good.replace("    hosts:", "    host:");
    let wrong = wrong.replace("exports, ", "others, ");
    fs::write(ground.path("manifests/others.yaml"), wrong).unwrap();
    let gateway = ground.gateway();
    lives(&mut ground.connect(gateway.address));
    let (_, told) = get(gateway.admin, "/status.json").unwrap();
    let told: serde_json::Value = serde_json::from_str(&told).unwrap();
    assert_eq!(told["state"], "ready", "{told}");
    assert_ne!(told["manifests"]["errors_total"], 0, "{told}");
}
