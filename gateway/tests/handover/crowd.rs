//! Many who come while one process follows another.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use crate::ground::{Ground, PATIENCE, get};

#[test]
fn nobody_who_connects_or_asks_for_readiness_meanwhile_is_refused() {
    let ground = Arc::new(Ground::prepare());
    let mut gateway = ground.gateway();
    let (address, ready) = (gateway.address, gateway.ready);
    let (stop, empty) = (Arc::<AtomicBool>::default(), Arc::<AtomicBool>::default());
    let until = |stop: &Arc<AtomicBool>, mut work: Box<dyn FnMut() + Send>| {
        let stop = Arc::clone(stop);
        thread::spawn(move || {
            let mut times = 0;
            while !stop.load(Ordering::Relaxed) {
                work();
                times += 1;
            }
            times
        })
    };
    let pod = Arc::clone(&ground);
    let pods = until(
        &empty,
        Box::new(move || {
            let mut stream = pod.accept();
            thread::spawn(move || {
                let mut said = [0; 4];
                while stream.read_exact(&mut said).is_ok() {
                    stream.write_all(&said).unwrap();
                }
            });
        }),
    );
    let mut callers = Vec::new();
    for _ in 0..4 {
        let hello = ground.hello().to_vec();
        let mut kept = Vec::new();
        callers.push(until(
            &stop,
            Box::new(move || {
                let mut client = TcpStream::connect(address).unwrap();
                client.set_read_timeout(Some(PATIENCE)).unwrap();
                client.write_all(&hello).unwrap();
                client.write_all(b"ping").unwrap();
                let mut heard = [0; 4];
                client.read_exact(&mut heard).unwrap();
                assert_eq!(&heard, b"ping");
                // Some stay, so that there is something to hand over, and still work later.
                kept.push(client);
                if kept.len() > 20 {
                    let mut oldest = kept.remove(0);
                    oldest.write_all(b"pong").unwrap();
                    oldest.read_exact(&mut heard).unwrap();
                    assert_eq!(&heard, b"pong");
                }
            }),
        ));
    }
    let probes = until(
        &stop,
        Box::new(move || {
            let (status, body) = get(ready, "/healthz/ready").unwrap();
            assert_eq!(status, 200, "{body}");
        }),
    );
    for _ in 0..4 {
        thread::sleep(Duration::from_millis(100));
        let next = ground.gateway();
        gateway.was_succeeded();
        gateway = next;
    }
    stop.store(true, Ordering::Relaxed);
    let calls: usize = callers
        .into_iter()
        .map(|caller| caller.join().unwrap())
        .sum();
    assert!(calls > 100 && probes.join().unwrap() > 10, "{calls}");
    // One more, for the pod that still waits.
    empty.store(true, Ordering::Relaxed);
    drop(ground.dial(address));
    pods.join().unwrap();
}
