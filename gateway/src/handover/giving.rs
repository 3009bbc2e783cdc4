//! How connections are handed over: a batch at a time, each kept until the other process has it.

use std::os::fd::AsFd;
use std::thread::sleep;
use std::time::{Duration, Instant};

use eastwest_transport::relay::Way;
use tokio::runtime::Handle;

use super::HandoverError;
use super::channel::Channel;
use super::cohort::{Answer, Parcel};
use super::frame::{Described, DescribedWay, Frame};
use crate::serve::Gateway;

/// Time between two words to the other one while connections are still on their way to their pods.
const WORD_EVERY: Duration = Duration::from_secs(1);
/// How often it is looked whether more can be handed over.
const LOOK: Duration = Duration::from_millis(10);
/// Beyond the time that a connection may take until it is relayed.
const SLACK: Duration = Duration::from_secs(1);

/// Connections that stand still until the new one has said that it has them. Their descriptors count
/// against the limit of open files while they are under way (unix(7)).
pub(super) const BATCH: usize = 32;

/// Accepts nothing any more, and hands relays over until there are none that could be; how many that were.
/// Connections that are still on their way to their pod come when they are there. To be called where waiting
/// is allowed, within a runtime.
pub(super) fn give_connections(
    channel: &Channel,
    gateway: &Gateway,
) -> Result<usize, HandoverError> {
    Handle::current().block_on(gateway.stop_accepting());
    let until = Instant::now() + gateway.dialling.longest() + SLACK;
    let cohorts = &gateway.cohorts;
    // Whom another one did not take, or this one in a try that broke off.
    let mut left = Some(cohorts.recall_staying());
    let mut given = 0;
    let mut said = Instant::now();
    loop {
        for mut cohort in left.take().into_iter().chain(cohorts.recall()) {
            let mut parcels = Vec::new();
            // Ends when the last of them has said what it holds, or that it is over.
            while let Some(parcel) = cohort.blocking_recv() {
                parcels.push(parcel);
            }
            given += give_all(channel, parcels)?;
        }
        let open = gateway.shutdown.open();
        if open <= cohorts.staying() || Instant::now() > until {
            return Ok(given);
        }
        // An empty batch: the other one has its own settings, and waits only so long for a word.
        if said.elapsed() > WORD_EVERY {
            give(channel, &[])?;
            said = Instant::now();
        }
        sleep(LOOK);
    }
}

/// Hands over, a batch at a time. On an error, what the other one does not have goes on here.
fn give_all(channel: &Channel, mut parcels: Vec<Parcel>) -> Result<usize, HandoverError> {
    let mut given = 0;
    while !parcels.is_empty() {
        let rest = parcels.split_off(parcels.len().min(BATCH));
        match give(channel, &parcels) {
            Ok(taken) => {
                let before = given;
                for (parcel, taken) in parcels.into_iter().zip(taken) {
                    given += usize::from(taken);
                    answer(parcel, taken);
                }
                metrics::counter!(super::HANDED_OVER).increment((given - before) as u64);
            }
            Err(error) => {
                for parcel in parcels.into_iter().chain(rest) {
                    let Parcel { kept, answer, .. } = parcel;
                    let _ = answer.send(Answer::Back(kept));
                }
                return Err(error);
            }
        }
        parcels = rest;
    }
    Ok(given)
}

fn answer(parcel: Parcel, taken: bool) {
    let Parcel { kept, answer, .. } = parcel;
    // A task that is no more has dropped its connection with its process.
    let _ = answer.send(if taken {
        // The other process has descriptors of its own: closing ours is seen by nobody.
        drop(kept);
        Answer::HandedOver
    } else {
        Answer::Stays(kept)
    });
}

/// Hands one batch over; which of it the other one has.
fn give(channel: &Channel, parcels: &[Parcel]) -> Result<Vec<bool>, HandoverError> {
    for parcel in parcels {
        send(channel, parcel)?;
    }
    channel.send(&Frame::EndOfBatch, &[])?;
    match channel.receive_decision()?.frame {
        Frame::Taken(taken) if taken.len() == parcels.len() => Ok(taken),
        Frame::Back => Err(HandoverError::Back),
        _ => {
            channel.close();
            Err(HandoverError::OutOfTurn)
        }
    }
}

fn send(channel: &Channel, parcel: &Parcel) -> Result<(), HandoverError> {
    let (kept, record) = (&parcel.kept, &parcel.record);
    let ways = kept.transit.ways();
    let mut descriptors = vec![kept.downstream.as_fd(), kept.upstream.as_fd()];
    for pipe in ways.iter().filter_map(|way| way.pipe.as_ref()) {
        descriptors.extend(pipe.ends);
    }
    let described = Described {
        id: record.id,
        connection_id: record.connection_id.map(|id| id.0),
        peer: record.peer,
        // Known since it was dialled.
        upstream: record.upstream.unwrap_or(record.peer),
        route: record.route.as_deref().map(str::to_owned),
        bytes: [record.bytes_to_upstream, record.bytes_to_peer],
        age_micros: (record.age_seconds * 1e6) as u64,
        ways: ways.each_ref().map(describe),
    };
    Ok(channel.send(&Frame::Connection(Box::new(described)), &descriptors)?)
}

fn describe(way: &Way<'_>) -> DescribedWay {
    DescribedWay {
        stage: way.stage,
        bytes: way.bytes.concat(),
        piped: way.pipe.as_ref().map(|pipe| pipe.held as u64),
    }
}
