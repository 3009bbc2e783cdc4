//! Many connections at once: what each holds, and what a new one and a request cost beside them.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use eastwest_benches::process::Memory;
use eastwest_benches::stats::Latencies;
use tokio::time::sleep;

use super::connect::{Makers, greet};
use super::idle::{Held, SETTLE, WARM_UP, open};
use super::request::{answer, ask};
use super::{PATIENCE, Pace, Path, Tally, run, serve};
use crate::meter::{Meter, Window};

/// What was seen of a crowd.
#[derive(Debug)]
pub(crate) struct Crowd {
    /// What each program held for it.
    pub(crate) held: Vec<Held>,
    /// New connections beside it.
    pub(crate) connect: Window,
    /// Requests on all of its connections at a time.
    pub(crate) requests: (Window, Latencies),
}

/// Opens so many connections, looks at the memory, makes new connections beside them, and then has
/// each of them ask again and again.
///
/// # Errors
/// When one of them fails.
pub(crate) fn crowd(
    path: &Path,
    connections: usize,
    meter: &Meter,
    pace: &Pace,
    memory: impl Fn() -> anyhow::Result<Vec<Memory>>,
) -> anyhow::Result<Crowd> {
    run(4 * PATIENCE + 2 * pace.limit(), async {
        let tally = Tally::default();
        let (preamble, hello) = (path.preamble().len(), path.hello.clone());
        // Those that stand make no handshake of their own: nobody in between could tell.
        let gathering = Rc::new(Cell::new(true));
        let is_gathering = Rc::clone(&gathering);
        serve(path.listen()?, &tally, move |stream| {
            let (hello, stands) = (hello.clone(), is_gathering.get());
            async move {
                if stands {
                    answer(stream, preamble).await
                } else {
                    greet(stream, hello).await
                }
            }
        });
        let first = open(path, WARM_UP).await?;
        sleep(SETTLE).await;
        let before = memory()?;
        let standing = open(path, connections).await?;
        sleep(SETTLE).await;
        let held = Held::all(&before, &memory()?, connections);

        gathering.set(false);
        let made = Tally::default();
        let makers = Makers::start(path, &made);
        let connect = made.window(meter, pace, || ()).await?;
        makers.finish().await;

        let asked = Tally::default();
        let times = Rc::new(RefCell::new(Vec::new()));
        for stream in standing {
            asked.spawn(ask(stream, asked.clone(), Rc::clone(&times)));
        }
        let window = asked
            .window(meter, pace, || times.borrow_mut().clear())
            .await?;
        drop(first);
        let times = times.take();
        Ok(Crowd {
            held,
            connect,
            requests: (window, Latencies::of(times)),
        })
    })
}
