//! The relay under any schedule: short reads and writes, legs that have nothing or take nothing for a
//! while, ends, resets and an abort, in any order, against what a relay promises.
//!
//! The test polls the relay itself, and only where its waker was called: a wake-up that is lost stands
//! still here, and a relay that calls itself for nothing is counted.

mod far;
mod legs;
mod world;

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;
use tokio::time::Instant;

use super::*;
use world::{Kind, World};

/// What may happen next.
#[derive(Debug, Clone, Copy)]
enum Step {
    /// A side sends so many bytes.
    Feed(Side, usize),
    /// A side has nothing of the app's to say, so many times, as TLS may. A relay has its turn's end
    /// in the middle of many.
    Nothing(Side, usize),
    /// A side is not ready, and then is.
    Stall(Side),
    /// A side finishes sending.
    End(Side),
    /// A side is reset.
    Reset(Side),
    /// A side takes so many bytes.
    Drain(Side, usize),
    /// The process is told to stop.
    Stop,
    /// The relay is polled though nobody called for it.
    Poke,
}

/// Polls in a row that move nothing.
const IDLE_POLLS: u32 = 64;
/// A relay that can go on and has not for so long never will.
const STANDSTILL: Duration = Duration::from_secs(10);

fn side() -> impl Strategy<Value = Side> {
    prop_oneof![Just(Side::Downstream), Just(Side::Upstream)]
}

fn step() -> impl Strategy<Value = Step> {
    let size = || prop_oneof![1..100_usize, 16_383..16_386_usize, 1..400_000_usize];
    prop_oneof![
        12 => (side(), size()).prop_map(|(side, size)| Step::Feed(side, size)),
        12 => (side(), size()).prop_map(|(side, size)| Step::Drain(side, size)),
        3 => (side(), 1..200_usize).prop_map(|(side, count)| Step::Nothing(side, count)),
        3 => side().prop_map(Step::Stall),
        2 => side().prop_map(Step::End),
        1 => side().prop_map(Step::Reset),
        1 => Just(Step::Stop),
        2 => Just(Step::Poke),
    ]
}

/// A relay that is polled by hand.
struct Driven<'a, F> {
    relay: Pin<&'a mut F>,
    woken: Arc<legs::Woken>,
    waker: Waker,
    idle: u32,
    mark: u64,
}

impl<F: Future<Output = End>> Driven<'_, F> {
    /// Polls for as long as the relay asks for it.
    async fn turn(&mut self, world: &World) -> Option<End> {
        loop {
            // The news of the sockets come meanwhile, and a task's budget is made whole.
            tokio::task::yield_now().await;
            if !self.woken.take() {
                return None;
            }
            let mut cx = Context::from_waker(&self.waker);
            if let Poll::Ready(end) = self.relay.as_mut().poll(&mut cx) {
                return Some(end);
            }
            let mark = world.progress();
            self.idle = if mark == self.mark { self.idle + 1 } else { 0 };
            self.mark = mark;
            assert!(self.idle < IDLE_POLLS, "polled for nothing");
        }
    }

    /// Turns while both ends take all there is, until the relay is over or `enough`.
    async fn settle(&mut self, world: &mut World, enough: impl Fn(&World) -> bool) -> Option<End> {
        let mut last = Instant::now();
        loop {
            let end = self.turn(world).await;
            if world.drain_all() {
                last = Instant::now();
                self.idle = 0;
            }
            if end.is_some() || enough(world) {
                return end;
            }
            assert!(
                last.elapsed() < STANDSTILL,
                "a relay stands still: {world:?}"
            );
            if last.elapsed() > Duration::from_millis(2) {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        }
    }
}

async fn run_schedule<D: Leg, U: Leg>(
    mut downstream: D,
    mut upstream: U,
    mut world: World,
    steps: &[Step],
) {
    let (counts, stop) = (world.counts.clone(), world.stop.clone());
    let patience = Patience {
        unanswered: None,
        ..Patience::default()
    };
    let end = {
        let relay = pin!(relay(
            &mut downstream,
            &mut upstream,
            &counts,
            &patience,
            &stop
        ));
        let woken = Arc::new(legs::Woken::new());
        let waker = Waker::from(Arc::clone(&woken));
        let mut driven = Driven {
            relay,
            woken,
            waker,
            idle: 0,
            mark: 0,
        };
        let mut end = driven.turn(&world).await;
        for &step in steps {
            if end.is_some() || world.fatal.is_some() {
                break;
            }
            if world.apply(step) {
                driven.idle = 0;
            }
            if matches!(step, Step::Poke) {
                driven.woken.set();
            }
            end = driven.turn(&world).await;
            world.assert_bounded();
        }
        for (side, other) in [
            (Side::Upstream, Side::Downstream),
            (Side::Downstream, Side::Upstream),
        ] {
            if end.is_none() && world.fatal.is_none() {
                world.apply(Step::End(side));
                // The end arrives whatever the other direction does.
                end = driven
                    .settle(&mut world, |world| world.has_seen_end(other))
                    .await;
            }
        }
        match end {
            Some(end) => end,
            None => driven.settle(&mut world, |_| false).await.unwrap(),
        }
    };
    drop((downstream, upstream));
    world.judge(&end).await;
}

fn run_one(kind: Kind, buffers: Option<usize>, steps: &[Step]) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let (world, downstream, upstream) = World::new(kind, buffers).await;
        match kind {
            Kind::Sockets => {
                run_schedule(downstream, upstream, world, steps).await;
            }
            Kind::Scripted { .. } => {
                let downstream = world.leg(Side::Downstream, downstream);
                let upstream = world.leg(Side::Upstream, upstream);
                run_schedule(downstream, upstream, world, steps).await;
            }
        }
    });
}

/// The write that is told of the reset is not followed by a read that is told of an end.
#[test]
fn a_reset_that_a_write_meets_first_does_not_arrive_as_an_end() {
    let steps = [
        Step::Poke,
        Step::Feed(Side::Downstream, 23_744),
        Step::Feed(Side::Downstream, 1),
        Step::Reset(Side::Upstream),
    ];
    for _ in 0..20 {
        // Either half is polled first in turns.
        run_one(Kind::Sockets, Some(4 * 1024), &steps);
        run_one(Kind::Sockets, Some(4 * 1024), &steps[1..]);
    }
}

fn buffers() -> impl Strategy<Value = Option<usize>> {
    prop_oneof![1 => Just(Some(4 * 1024)), 6 => Just(Some(64 * 1024)), 3 => Just(None)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(384))]

    /// Reads are scripted; what is written goes through a socket, of which the other end takes what the
    /// schedule says. With a farewell, as TLS has it, in front of the FIN, and without.
    #[test]
    fn a_relay_of_scripted_legs_keeps_its_promises(
        farewell in any::<bool>(),
        buffers in buffers(),
        steps in vec(step(), 0..40),
    ) {
        run_one(Kind::Scripted { farewell }, buffers, &steps);
    }

    /// The same of sockets on both sides, between which bytes are spliced.
    #[test]
    fn a_relay_of_sockets_keeps_its_promises(buffers in buffers(), steps in vec(step(), 0..40)) {
        run_one(Kind::Sockets, buffers, &steps);
    }
}
