//! What a run has at hand.

use std::cell::Cell;
use std::path::Path;
use std::time::Duration;

use eastwest::leftovers::GuardedFolder;
use eastwest::measure::keys::Keys;

use crate::args::Args;
use crate::ground::Ground;
use crate::job::Job;
use crate::keys::Tls;
use crate::load::Pace;
use crate::place::Place;
use crate::quota::Quota;
use crate::tools::Tools;

/// Before a figure is taken, buffers grow and branches are learnt.
const WARM_UP: Duration = Duration::from_millis(300);

/// What a run has at hand.
#[derive(Debug)]
pub(crate) struct Bench {
    pub(crate) args: Args,
    pub(crate) ground: Ground,
    pub(crate) tools: Tools,
    pub(crate) keys: Keys,
    pub(crate) tls: Tls,
    pub(crate) quota: Option<Quota>,
    dir: GuardedFolder,
    places: Cell<u16>,
}

impl Bench {
    /// Makes the certificates, and a folder for all files.
    ///
    /// # Errors
    /// When something cannot be made.
    pub(crate) fn new(args: Args, ground: Ground, tools: Tools) -> anyhow::Result<Self> {
        let dir = GuardedFolder::new("eastwest-peers-")?;
        let keys = Keys::make(&dir.path().join("keys"))?;
        let tls = Tls::of(&keys)?;
        let quota = args
            .quota
            .map(|it| Quota::prepare(it, dir.path()))
            .transpose()?;
        Ok(Self {
            args,
            ground,
            tools,
            keys,
            tls,
            quota,
            dir,
            places: Cell::new(0),
        })
    }

    /// Addresses and a folder that nobody has had.
    ///
    /// # Errors
    /// When the folder cannot be made.
    pub(crate) fn place(&self, job: Job) -> anyhow::Result<Place> {
        let number = self.places.get() + 1;
        self.places.set(number);
        let dir = self.dir().join(number.to_string());
        std::fs::create_dir(&dir)?;
        Ok(Place::new(job, number, dir))
    }

    fn dir(&self) -> &Path {
        self.dir.path()
    }

    pub(crate) fn pace(&self) -> Pace {
        Pace {
            warm_up: WARM_UP.min(self.args.seconds),
            length: self.args.seconds,
        }
    }
}
