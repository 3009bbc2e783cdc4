//! A question of 64 bytes and its answer, again and again.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Instant;

use eastwest_benches::stats::Latencies;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::{Pace, Path, Tally, run, serve};
use crate::meter::{Meter, Window};

/// What is asked and answered: about as long as a small statement.
pub(super) const LENGTH: usize = 64;

/// Takes the figure on this many connections at a time; the count is of answers.
///
/// # Errors
/// When a connection breaks, or nothing comes back.
pub(crate) fn request(
    path: &Path,
    connections: usize,
    meter: &Meter,
    pace: &Pace,
) -> anyhow::Result<(Window, Latencies)> {
    run(pace.limit(), async {
        let tally = Tally::default();
        let preamble = path.preamble().len();
        serve(path.listen()?, &tally, move |stream| {
            answer(stream, preamble)
        });
        let times = Rc::new(RefCell::new(Vec::new()));
        for _ in 0..connections {
            let mut stream = path.connect().await?;
            stream.write_all(path.preamble()).await?;
            tally.spawn(ask(stream, tally.clone(), Rc::clone(&times)));
        }
        let window = tally
            .window(meter, pace, || times.borrow_mut().clear())
            .await?;
        let times = times.take();
        Ok((window, Latencies::of(times)))
    })
}

pub(super) async fn ask(
    mut stream: TcpStream,
    tally: Tally,
    times: Rc<RefCell<Vec<u32>>>,
) -> anyhow::Result<()> {
    let question = [7; LENGTH];
    let mut answer = [0; LENGTH];
    loop {
        let asked = Instant::now();
        stream.write_all(&question).await?;
        stream.read_exact(&mut answer).await?;
        let time = u32::try_from(asked.elapsed().as_nanos()).unwrap_or(u32::MAX);
        anyhow::ensure!(answer == question, "an answer is not what was asked");
        times.borrow_mut().push(time);
        tally.add(1);
    }
}

/// Sends back what comes, after the preamble.
pub(super) async fn answer(mut stream: TcpStream, preamble: usize) -> anyhow::Result<()> {
    let mut skipped = vec![0; preamble];
    stream.read_exact(&mut skipped).await?;
    drop(skipped);
    let mut question = [0; LENGTH];
    loop {
        stream.read_exact(&mut question).await?;
        stream.write_all(&question).await?;
    }
}
