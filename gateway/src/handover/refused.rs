//! Why a new gateway follows nobody, and whether another try may come to something.

use std::io::ErrorKind;

use eastwest_daemon::Unprepared;

use super::HandoverError;
use super::channel::ChannelError;
use super::place::{Place, PlaceError};
use crate::exports::Unfit;

/// Why it does not start.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotSucceeded {
    #[error(transparent)]
    Place(#[from] PlaceError),
    #[error("the gateway at {place} goes on, and is not succeeded: {why}")]
    Unfit { place: Place, why: Unfit },
    #[error("the gateway at {place} goes on, and is not succeeded: {why}")]
    Refused { place: Place, why: HandoverError },
    #[error(
        "the gateway at {place} is not succeeded: {why}. It may be handing over to another one, or stand still: try again"
    )]
    Busy { place: Place, why: HandoverError },
    #[error("nobody is succeeded at {place}: {why}; try again")]
    Gone { place: Place, why: HandoverError },
}

/// How a process ends that cannot follow another one.
enum Remedy {
    /// Another configuration, or another process at the place.
    Change,
    /// Time.
    Wait,
    /// Who knows.
    None,
}

impl NotSucceeded {
    pub(super) fn by(place: &Place, why: HandoverError) -> Self {
        let place = place.clone();
        match why {
            HandoverError::Channel(ChannelError::Gone) => Self::Gone { place, why },
            HandoverError::Channel(ChannelError::Silent(_)) => Self::Busy { place, why },
            why => Self::Refused { place, why },
        }
    }

    fn remedy(&self) -> Remedy {
        match self {
            Self::Unfit { .. } => Remedy::Change,
            Self::Busy { .. } | Self::Gone { .. } => Remedy::Wait,
            Self::Refused { why, .. } => match why {
                // Somebody is there who is no gateway.
                HandoverError::Channel(ChannelError::Frame(_))
                | HandoverError::Version { .. }
                | HandoverError::Elsewhere { .. }
                | HandoverError::TooSmall { .. } => Remedy::Change,
                HandoverError::Refused(_) => Remedy::Wait,
                _ => Remedy::None,
            },
            Self::Place(place) => match place {
                PlaceError::Empty
                | PlaceError::NoSocket(_)
                | PlaceError::NoFolder(_)
                | PlaceError::Stranger { .. } => Remedy::Change,
                PlaceError::StandsStill(_) | PlaceError::Locked(_) => Remedy::Wait,
                PlaceError::Io { source, .. } => match source.kind() {
                    ErrorKind::PermissionDenied | ErrorKind::InvalidInput => Remedy::Change,
                    _ => Remedy::None,
                },
            },
        }
    }
}

impl From<NotSucceeded> for Unprepared {
    fn from(why: NotSucceeded) -> Self {
        let end = match why.remedy() {
            Remedy::Change => Self::BadConfiguration,
            Remedy::Wait => Self::NotNow,
            Remedy::None => Self::Failed,
        };
        end(why.into())
    }
}
