//! What a service manager gives and is told (sd_listen_fds(3), sd_notify(3)).

use std::fs;
use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixDatagram;
use std::process::Stdio;

use rustix::process::Signal;

use crate::ground::{Gateway, Ground, PATIENCE};

/// What listens at `NOTIFY_SOCKET`.
pub(crate) struct Manager(UnixDatagram);

impl Manager {
    pub(crate) fn listen(ground: &Ground) -> Self {
        let socket = UnixDatagram::bind(ground.path("notify.sock")).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        Self(socket)
    }

    pub(crate) fn hears(&self) -> String {
        let mut words = [0; 512];
        let length = self.0.recv(&mut words).unwrap();
        String::from_utf8(words[..length].to_vec()).unwrap()
    }
}

pub(crate) fn under(manager: &Ground, invocation: &str, flags: &[&str]) -> Gateway {
    let mut gateway = manager.gateway_with(flags, |command| {
        command
            .env("NOTIFY_SOCKET", manager.path("notify.sock"))
            .env("INVOCATION_ID", invocation);
    });
    gateway.is_up();
    gateway
}

#[test]
fn a_manager_is_told_of_start_reload_and_end() {
    let ground = Ground::prepare();
    let manager = Manager::listen(&ground);
    let mut gateway = under(&ground, "one", &["--drain-lame-duck=0s"]);
    assert_eq!(manager.hears(), "READY=1\nSTATUS=serving");
    gateway.signal(Signal::HUP);
    let reloading = manager.hears();
    let since = reloading
        .strip_prefix("RELOADING=1\nMONOTONIC_USEC=")
        .unwrap();
    let uptime = fs::read_to_string("/proc/uptime").unwrap();
    let uptime: f64 = uptime.split(' ').next().unwrap().parse().unwrap();
    assert!(
        (since.parse::<f64>().unwrap() / 1e6 - uptime).abs() < 60.0,
        "{since}"
    );
    assert_eq!(manager.hears(), "READY=1\nSTATUS=serving");
    gateway.signal(Signal::TERM);
    assert_eq!(manager.hears(), "STOPPING=1\nSTATUS=draining");
    assert!(gateway.ended().success());
}

#[test]
fn a_manager_is_told_which_process_of_a_service_is_the_main_one_and_not_that_it_stops() {
    let ground = Ground::prepare();
    let manager = Manager::listen(&ground);
    let mut old = under(&ground, "one", &[]);
    assert_eq!(manager.hears(), "READY=1\nSTATUS=serving");
    let mut new = under(&ground, "one", &[]);
    assert_eq!(manager.hears(), "READY=1\nSTATUS=serving");
    assert_eq!(manager.hears(), format!("MAINPID={}", new.id()));
    old.was_succeeded();
    // The next is of another service, whose manager knows its process itself.
    let last = under(&ground, "two", &["--drain-lame-duck=0s"]);
    assert_eq!(manager.hears(), "READY=1\nSTATUS=serving");
    new.was_succeeded();
    last.signal(Signal::TERM);
    assert_eq!(manager.hears(), "STOPPING=1\nSTATUS=draining");
}

#[test]
fn a_watchdog_is_fed_by_the_threads_that_move_data_of_one_process_after_the_other() {
    let ground = Ground::prepare();
    let manager = Manager::listen(&ground);
    let start = |changes: &[(&str, &str)]| {
        let mut gateway = ground.gateway_with(&[], |command| {
            command
                .env("NOTIFY_SOCKET", ground.path("notify.sock"))
                .env("INVOCATION_ID", "one")
                .envs(changes.iter().copied());
        });
        gateway.is_up();
        gateway
    };
    let fed = || {
        (0..200)
            .filter(|_| manager.hears() == "WATCHDOG=1")
            .take(3)
            .count()
    };
    let mut old = start(&[("WATCHDOG_USEC", "100000")]);
    assert_eq!(manager.hears(), "READY=1\nSTATUS=serving");
    assert_eq!(fed(), 3);
    // A manager says it to the process that it has started itself, and to no other.
    let _new = start(&[]);
    old.was_succeeded();
    while manager.hears().starts_with("WATCHDOG=1") {}
    assert_eq!(fed(), 3);
}

/// Has a shell give the listener as the third descriptor, and its own number: it becomes the gateway.
fn activated(ground: &Ground, listener: TcpListener, name: &str, listen: &str) -> Gateway {
    let mut gateway = ground.gateway_with(&["--listen", listen], |command| {
        let mut shell = std::process::Command::new("/bin/sh");
        shell
            .env_clear()
            .args([
                "-c",
                "export LISTEN_PID=$$; exec \"$@\" 3<&0 0</dev/null",
                "sh",
            ])
            .arg(command.get_program())
            .args(command.get_args())
            .env("LISTEN_FDS", "1")
            .env("LISTEN_FDNAMES", name)
            .stdin(Stdio::from(OwnedFd::from(listener)));
        *command = shell;
    });
    gateway.is_up();
    gateway
}

#[test]
fn a_socket_that_a_manager_has_opened_is_used() {
    let ground = Ground::prepare();
    for (name, listen) in [("gateway", "127.0.0.2:1"), ("eastwest.socket", "")] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        // By name whatever the address, or by the address.
        let listen = match listen {
            "" => address.to_string(),
            listen => listen.to_owned(),
        };
        let mut gateway = activated(&ground, listener, name, &listen);
        assert_eq!(gateway.address, address);
        let (_client, _pod) = ground.connect(address);
        gateway.kill();
    }
}

/// What the manager calls ours is ours wherever it listens, and a successor's too.
#[test]
fn a_socket_that_a_manager_has_opened_goes_on_to_the_processes_that_follow() {
    let ground = Ground::prepare();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let elsewhere = "127.0.0.2:1";
    let mut old = activated(&ground, listener, "gateway", elsewhere);
    for _ in 0..2 {
        let mut new = ground.gateway_with(&["--listen", elsewhere], |_| {});
        new.is_up();
        old.was_succeeded();
        assert_eq!(new.address, address);
        let (_client, _pod) = ground.connect(address);
        old = new;
    }
}

#[test]
fn a_socket_that_manager_and_predecessor_both_give_is_not_said_to_be_of_no_use() {
    let ground = Ground::prepare();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let again = listener.try_clone().unwrap();
    let mut old = activated(&ground, listener, "gateway", "127.0.0.2:1");
    let mut new = activated(&ground, again, "gateway", "127.0.0.2:1");
    old.was_succeeded();
    assert_eq!(new.address, address);
    let (_client, _pod) = ground.connect(address);
    new.kill();
    let log = new.whole_log();
    let unused = |line: &String| line.contains("nothing here listens there");
    assert!(!log.iter().any(unused), "{log:?}");
}
