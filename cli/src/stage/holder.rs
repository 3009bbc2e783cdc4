//! The process that holds a stage: `eastwest stage-holder`.

use std::collections::BTreeMap;
use std::io::{self, BufRead};
use std::process::{self, ExitCode};

use anyhow::Context;
use tokio::runtime::{self, Runtime};

use super::error::{Doing, Refusal};
use super::keeper::Keeper;
use super::link::Cables;
use super::plan::StagePlan;
use super::protocol::{End, Reply, Request, send};
use super::sweep::Namespaces;
use super::unshare;
use crate::leftovers::outlive_the_terminal;

/// Holds the stage that the first line of standard input asks for, until standard input ends.
/// The process must have one thread only.
///
/// # Errors
/// When what started it does not speak the protocol, or a program of the stage cannot be killed.
pub(super) fn run() -> anyhow::Result<ExitCode> {
    outlive_the_terminal().context("setting up the holder of a stage")?;
    let mut requests = io::stdin().lock().lines();
    let Some(first) = requests.next() else {
        return Ok(ExitCode::SUCCESS);
    };
    let Request::Start(plan) = parse(&first?)? else {
        anyhow::bail!("stage-holder is started by the stage itself, with a plan on its input");
    };
    let holder = match Holder::start(&plan) {
        Ok(holder) => holder,
        Err(refusal) => {
            send(&mut io::stdout(), &Reply::Refused(refusal))?;
            return Ok(ExitCode::FAILURE);
        }
    };
    let answered = holder.answer(requests);
    holder.end()?;
    answered.map(|()| ExitCode::SUCCESS)
}

fn parse(line: &str) -> anyhow::Result<Request> {
    serde_json::from_str(line).context("reading a request to the holder of a stage")
}

struct Holder {
    runtime: Runtime,
    keepers: BTreeMap<String, Keeper>,
    cables: Cables,
    namespaces: Namespaces,
}

impl Holder {
    fn start(plan: &StagePlan) -> Result<Self, Refusal> {
        unshare::leave_the_machine()?;
        let runtime = runtime::Builder::new_current_thread()
            .enable_io()
            .build()
            .doing(|| "starting a runtime".to_owned())?;
        let mut keepers = BTreeMap::new();
        for host in &plan.hosts {
            keepers.insert(host.name.clone(), Keeper::start(host, runtime.handle())?);
        }
        let cables = runtime.block_on(Cables::lay(plan, &keepers, runtime.handle()))?;
        let namespaces = Namespaces::of_hosts(process::id())
            .doing(|| "opening the namespaces of the hosts".to_owned())?;
        Ok(Self {
            runtime,
            keepers,
            cables,
            namespaces,
        })
    }

    fn answer(&self, requests: impl Iterator<Item = io::Result<String>>) -> anyhow::Result<()> {
        let mut replies = io::stdout();
        send(&mut replies, &Reply::Done)?;
        for line in requests {
            let request = parse(&line?)?;
            let reply = match self.runtime.block_on(self.carry_out(&request)) {
                Ok(()) => Reply::Done,
                Err(error) => Reply::Failed(format!("{request}: {error}")),
            };
            send(&mut replies, &reply)?;
        }
        Ok(())
    }

    async fn carry_out(&self, request: &Request) -> io::Result<()> {
        let (cables, keepers) = (&self.cables, &self.keepers);
        match request {
            Request::Start(_) => Err(io::Error::other("this stage is already up")),
            Request::AddAddress(end, address) => {
                cables.add_address(keepers, names(end), *address).await
            }
            Request::DeleteAddress(end, address) => {
                cables.delete_address(keepers, names(end), *address).await
            }
            Request::Set(end, link) => cables.set(&end.host, &end.network, *link).await,
        }
    }

    /// Ends the stage: first no program can enter any more, then all that are in are killed.
    fn end(self) -> io::Result<()> {
        drop(self.keepers);
        self.namespaces.kill_all()
    }
}

fn names(end: &End) -> (&str, &str) {
    (&end.host, &end.network)
}
