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
