//! What the page shows of running servers.

use std::io::Read;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use eastwest::clusters::{HELLO, Pod};
use eastwest::leftovers::Guarded;
use eastwest_e2e::browser::Browser;
use eastwest_e2e::{CountedClusters, hello};

use super::{ADMIN, DARK, DARK_PHONE, LIGHT, PHONE, assert_accessible, assert_clean, row};

/// History for the curves in the pictures of the document.
const PICTURE_TIME: Duration = Duration::from_secs(60);

/// An app in cluster B with a connection to a pod, over which bytes move.
fn talk(clusters: &CountedClusters, pod: &Pod) -> Guarded {
    let host = clusters.host("b-app").unwrap();
    let mut command = host.command("node".as_ref());
    command.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/page/talk.mjs"));
    command.arg(format!("http://{}:{}/", pod.alias(), pod.port));
    let mut app = Guarded::spawn(command.stdout(Stdio::piped())).unwrap();
    let mut output = app.stdout.take().unwrap();
    output.read_exact(&mut [0]).unwrap();
    // Its dots are nobody's.
    std::thread::spawn(move || std::io::copy(&mut output, &mut std::io::sink()));
    app
}

fn browser_on(clusters: &CountedClusters, host: &str) -> Browser {
    Browser::start(&*clusters.host(host).unwrap()).unwrap()
}

/// Waits for a row of both tables that has `route` in it, with a rate each way, and for bytes in the picture.
fn shows_bytes_move(browser: &mut Browser, route: &str) {
    for section in ["routes", "connections"] {
        let row = row(section, route);
        browser
            .wait(&format!(
                "(() => {{ const row = {row}; const rates = row && [...row.querySelectorAll('td.number')].slice(-2); \
                 return rates?.every((cell) => /[1-9].*B\\/s/.test(cell.firstChild.textContent)); }})()"
            ))
            .unwrap();
    }
    browser
        .wait("[...document.querySelectorAll('#paths .drops')].some((drops) => drops.getAttribute('d'))")
        .unwrap();
    let state = format!(
        "{}.querySelector('.state').textContent",
        row("routes", route)
    );
    assert_eq!(browser.eval(&state).unwrap(), "up");
}

/// Writes what the document shows, if that is what the run is for.
fn picture(browser: &mut Browser, name: &str) {
    if std::env::var_os("EASTWEST_GOLDEN").is_some_and(|word| word == "write") {
        std::thread::sleep(PICTURE_TIME);
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/page");
        browser.shoot(&folder.join(name)).unwrap();
    }
}

#[test]
fn each_server_shows_its_paths_and_a_route_that_breaks_goes_red() {
    let mut clusters = hello().unwrap();
    let app = talk(&clusters, &HELLO[0]);

    let mut browser = browser_on(&clusters, "b-app");
    browser.open(ADMIN, LIGHT).unwrap();
    shows_bytes_move(&mut browser, "src-hello-0");
    let connection = format!("{}.textContent", row("connections", "src-hello-0"));
    let connection = browser.eval(&connection).unwrap().to_string();
    assert!(
        connection.contains("spiffe://cluster.local/ns/demo/sa/hello"),
        "{connection}"
    );
    for (what, shown) in [
        ("h1", "eastwest-shim"),
        ("#state", "ready"),
        ("#certificates", "left"),
        ("#process", "127.0.0.1:15000"),
    ] {
        let text = format!("document.querySelector('{what}').textContent");
        let text = browser.eval(&text).unwrap().to_string();
        assert!(text.contains(shown), "{what}: {text}");
    }
    picture(&mut browser, "light.png");
    assert_clean(&mut browser);

    // Nobody is at the pod's port any more.
    browser.open(ADMIN, DARK).unwrap();
    shows_bytes_move(&mut browser, "src-hello-0");
    clusters.stop(&format!("{}-shim", HELLO[1].name));
    let visit = clusters
        .visit("b-app", &HELLO[1].alias(), HELLO[1].port)
        .unwrap();
    assert!(visit.answer.is_none(), "{visit:?}");
    let broken = row("routes", "src-hello-1");
    browser
        .wait(&format!("{broken}?.classList.contains('bad')"))
        .unwrap();
    let said = |what: &str| format!("{broken}.querySelector('{what}').textContent");
    assert_eq!(browser.eval(&said(".state")).unwrap(), "down");
    let reason = browser.eval(&said(".reason")).unwrap().to_string();
    assert!(reason.len() > 20, "{reason}");
    let title = browser.eval("document.title").unwrap().to_string();
    assert!(title.contains("1 down"), "{title}");
    let colours = format!(
        "(() => {{ const colour = (row) => getComputedStyle(row.querySelector('.state')).color; \
         return [colour({broken}), colour({})]; }})()",
        row("routes", "src-hello-0")
    );
    let colours = browser.eval(&colours).unwrap();
    assert_ne!(colours[0], colours[1]);
    picture(&mut browser, "dark.png");
    assert_accessible(&mut browser, "the shim, dark");
    assert_clean(&mut browser);
    for (look, what) in [
        (LIGHT, "the shim, light"),
        (PHONE, "the shim on a phone"),
        (DARK_PHONE, "the shim on a dark phone"),
    ] {
        browser.open(ADMIN, look).unwrap();
        shows_bytes_move(&mut browser, "src-hello-0");
        assert_accessible(&mut browser, what);
        assert_clean(&mut browser);
    }

    for (host, route) in [("gateway", HELLO[0].name), (HELLO[0].name, "8080")] {
        let mut browser = browser_on(&clusters, host);
        browser.open(ADMIN, LIGHT).unwrap();
        shows_bytes_move(&mut browser, route);
        assert_accessible(&mut browser, host);
        assert_clean(&mut browser);
    }

    clusters.stop("b-app-shim");
    browser
        .wait("!document.getElementById('silence').hidden")
        .unwrap();
    let silence = browser.eval("document.getElementById('silence').textContent");
    let silence = silence.unwrap().to_string();
    assert!(silence.contains("what it last said, at 20"), "{silence}");
    browser
        .wait("/no answer, \\d+ s old/.test(document.getElementById('age').textContent)")
        .unwrap();
    assert_accessible(&mut browser, "the shim that has gone");
    drop(app);
}
