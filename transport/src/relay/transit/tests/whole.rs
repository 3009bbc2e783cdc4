//! Whole connections, whose process changes at any moments.

use std::time::Duration;

use proptest::prelude::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;

use super::standing::standing;
use super::stream;
use crate::reason::Reason;
use crate::relay::{Counts, End};

/// What one end does: writes so much and ends, reading a piece at a time with pauses.
#[derive(Debug, Clone)]
struct Habits {
    sends: usize,
    writes: usize,
    reads: usize,
    rests: u64,
}

fn habits() -> impl Strategy<Value = Habits> {
    (
        0usize..3 << 20,
        1usize..300_000,
        1usize..200_000,
        0u64..1_500,
    )
        .prop_map(|(sends, writes, reads, rests)| Habits {
            sends,
            writes,
            reads,
            rests,
        })
}

/// Writes and reads by its habits; what it has read.
async fn talk(stream_: TcpStream, bytes: Vec<u8>, habits: Habits) -> Vec<u8> {
    let (mut reader, mut writer) = stream_.into_split();
    let write = async move {
        for piece in bytes.chunks(habits.writes) {
            writer.write_all(piece).await.unwrap();
        }
        writer.shutdown().await.unwrap();
        writer
    };
    let read = async move {
        let mut all = Vec::new();
        let mut piece = vec![0; habits.reads];
        loop {
            match reader.read(&mut piece).await.unwrap() {
                0 => return all,
                n => all.extend_from_slice(&piece[..n]),
            }
            if habits.rests > 0 && all.len() % 7 == 0 {
                tokio::time::sleep(Duration::from_micros(habits.rests)).await;
            }
        }
    };
    let (_writer, all) = tokio::join!(write, read);
    all
}

/// Runs a whole connection, with a change of process after each of `moments` (in microseconds).
async fn across(app_is: Habits, server_is: Habits, moments: &[u64]) -> (End, usize) {
    let (app, mut standing, server) = standing().await;
    let (up, down) = (stream(app_is.sends, 1), stream(server_is.sends, 2));
    let app = tokio::spawn(talk(app, up.clone(), app_is));
    let server = tokio::spawn(talk(server, down.clone(), server_is));
    let counts = Counts::default();
    let mut changes = 0;
    let mut moments = moments.iter();
    let end = loop {
        let pause = CancellationToken::new();
        let relay = standing.run(counts.clone(), pause.clone());
        if let Some(&moment) = moments.next() {
            tokio::time::sleep(Duration::from_micros(moment)).await;
            pause.cancel();
        }
        match relay.await.unwrap() {
            Ok(end) => break end,
            Err(still) => standing = still.carried_over(),
        }
        changes += 1;
    };
    let (at_app, at_server) = (app.await.unwrap(), server.await.unwrap());
    assert!(at_server == up, "{} of {}", at_server.len(), up.len());
    assert!(at_app == down, "{} of {}", at_app.len(), down.len());
    assert_eq!(counts.to_upstream(), up.len() as u64);
    assert_eq!(counts.to_downstream(), down.len() as u64);
    (end, changes)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn no_byte_is_lost_or_doubled_whenever_the_process_changes(
        app in habits(),
        server in habits(),
        moments in prop::collection::vec(0u64..4_000, 0..9),
    ) {
        let runtime = Runtime::new().unwrap();
        let (end, _) = runtime.block_on(across(app, server, &moments));
        prop_assert_eq!(end.reason, Reason::Finished, "{:?}", end.error);
    }
}

const QUIET: Habits = Habits {
    sends: 0,
    writes: 1,
    reads: 1 << 16,
    rests: 0,
};

#[tokio::test]
async fn who_has_many_changes_of_process_still_finishes() {
    let busy = Habits {
        sends: 8 << 20,
        writes: 70_000,
        reads: 50_000,
        rests: 100,
    };
    let (end, changes) = across(busy.clone(), busy, &[500; 40]).await;
    assert_eq!(end.reason, Reason::Finished);
    assert!(changes > 1, "{changes}");
    let (end, _) = across(QUIET, QUIET, &[0; 3]).await;
    assert_eq!(end.reason, Reason::Finished);
}
