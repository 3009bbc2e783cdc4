//! A server that is told to end.

use std::thread::sleep;
use std::time::{Duration, Instant};

use eastwest_e2e::{hello, restart_app_shim};

use super::PATIENCE;
use super::commands::eastwest;

#[test]
fn a_server_that_is_drained_is_waited_for() {
    let mut clusters = hello().unwrap();
    restart_app_shim(&mut clusters, &["--drain-lame-duck", "15s"]).unwrap();
    let (code, out, err) = eastwest(&clusters, &["drain"]);
    assert_eq!(code, 0, "{err}");
    assert!(out.starts_with("draining; "), "{out}");
    // It stays so for its lame-duck time.
    let begun = Instant::now();
    let (code, out) = loop {
        let (code, out, _) = eastwest(&clusters, &["status"]);
        if code != 0 || begun.elapsed() > PATIENCE {
            break (code, out);
        }
        sleep(Duration::from_millis(20));
    };
    assert_eq!(code, 3, "{out}");
    assert!(
        out.contains(": draining, up ") && out.contains("waits for    drain: "),
        "{out}"
    );
    let (code, out, err) = eastwest(&clusters, &["drain", "--wait"]);
    assert_eq!(code, 0, "{out}{err}");
    let last = out.lines().last().unwrap();
    assert!(
        last.starts_with("process ") && last.ends_with(" has ended") && !last.contains("answers"),
        "{out}"
    );
    let begun = Instant::now();
    while clusters.program("b-app-shim").unwrap().goes_on() {
        assert!(begun.elapsed() < PATIENCE, "the process is still there");
        sleep(Duration::from_millis(20));
    }
    let (code, _, err) = eastwest(&clusters, &["status"]);
    assert!(code == 1 && err.contains("nothing listens at "), "{err}");
}
