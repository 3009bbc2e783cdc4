//! The shim of the rendered Deployment listens where the rendered Services lead.

use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::{eastwest, folder, object, objects, render_in, status, top};

/// Its own address, so that nothing else is at the ports.
const SERVED: Ipv4Addr = Ipv4Addr::new(127, 91, 7, 3);

/// A shim that ends with the test.
struct Shim(Child);

impl Drop for Shim {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn every_service_leads_to_a_port_at_which_the_deployments_shim_listens() {
    let file = "deploy/demo/cluster-b/pxc.yaml";
    let args = ["service", "-f", file, "--from-namespace", "pxc"];
    let objects = objects(&render_in(&top(), &args));
    let folder = folder(&[]);
    let made = eastwest(
        folder.path(),
        &["certs", "all", "--out", "certs", "b/pxc/eastwest-egress"],
    );
    assert_eq!(status(&made), 0, "{made:?}");
    // What the pod mounts: the ConfigMap's keys as files, and a certificate.
    let map = object(&objects, ("ConfigMap", "eastwest-aliases"));
    let manifests = folder.path().join("manifests");
    std::fs::create_dir(&manifests).unwrap();
    for (key, text) in map["data"].as_object().unwrap() {
        std::fs::write(manifests.join(key), text.as_str().unwrap()).unwrap();
    }
    let identity = folder.path().join("certs/b/pxc/eastwest-egress");
    let deployment = object(&objects, ("Deployment", "eastwest-egress"));
    let shim = &deployment["spec"]["template"]["spec"]["containers"][0];
    let args = shim["args"].as_array().unwrap().iter();
    let args = args.map(|arg| match arg.as_str().unwrap() {
        "/manifests" => manifests.display().to_string(),
        "/identity" => identity.display().to_string(),
        other => other.to_owned(),
    });
    let mut command = Command::new(env!("CARGO_BIN_EXE_eastwest"));
    command.arg("shim").args(args);
    // The pod has these ports for itself; this machine may not.
    command.args(["--service-address", &SERVED.to_string()]);
    for flag in ["--ready-address", "--metrics-address", "--admin-address"] {
        command.args([flag, "off"]);
    }
    let _shim = Shim(
        command
            .stderr(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .unwrap(),
    );
    let mut services = 0;
    for service in objects.iter().filter(|object| object["kind"] == "Service") {
        let port = service["spec"]["ports"][0]["targetPort"].as_u64().unwrap();
        let address = SocketAddr::from((SERVED, u16::try_from(port).unwrap()));
        assert!(listens(address), "nobody listens at {address}");
        services += 1;
    }
    assert_eq!(services, 3);
}

/// Within the time that a busy machine takes to start a program.
fn listens(address: SocketAddr) -> bool {
    let until = Instant::now() + Duration::from_secs(30);
    while Instant::now() < until {
        if TcpStream::connect_timeout(&address, Duration::from_secs(1)).is_ok() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    false
}
