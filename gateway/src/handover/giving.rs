//! How connections are handed over: a batch at a time, each kept until the other process has it.

use std::os::fd::AsFd;

use eastwest_transport::relay::Way;

use super::HandoverError;
use super::channel::Channel;
use super::cohort::{Answer, Parcel};
use super::frame::{Described, DescribedWay, Frame};

/// Connections that stand still until the new one has said that it has them. Their descriptors count
/// against the limit of open files while they are under way (unix(7)).
pub(super) const BATCH: usize = 32;

/// Hands over, a batch at a time. On an error, what the other one does not have goes on here.
pub(super) fn give_all(
    channel: &Channel,
    mut parcels: Vec<Parcel>,
) -> Result<usize, HandoverError> {
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
pub(super) fn give(channel: &Channel, parcels: &[Parcel]) -> Result<Vec<bool>, HandoverError> {
    for parcel in parcels {
        send(channel, parcel)?;
    }
    channel.send(&Frame::EndOfBatch, &[])?;
    match channel.receive_decision()?.frame {
        Frame::Taken(taken) if taken.len() == parcels.len() => Ok(taken),
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
