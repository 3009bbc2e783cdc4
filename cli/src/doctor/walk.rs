//! The walk along one route, from the manifests to the app.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use eastwest_daemon::EndpointAddress;
use eastwest_mesh::{GatewayEndpoint, Hostname, Protocol, Route};
use eastwest_shim::Mode;
use eastwest_transport::resolve::NameServers;
use eastwest_transport::tls::{Identity, MinTls};

use super::app::{Manner, Sidecar};
use super::fault::Fault;
use super::gateway::Refusal;
use super::look::{Broken, Look};
use super::names::Names;
use super::own_files::OwnFiles;
use super::pod::{Met, Wish, Word};
use super::shim::Shim;
use super::step::Step;
use super::view::Told;
use super::way::Way;
use super::{app, capture, certificate, dns, gateway, own_rule, pod, view};

/// A clock that is off by more than this is worth a word, in seconds.
const CLOCK: u64 = 60;

/// What every walk begins with.
#[derive(Debug)]
pub(super) struct Start {
    pub(super) mode: Mode,
    /// Not in the pod: what is in it can't be seen.
    pub(super) outside: bool,
    pub(super) domain: Hostname,
    /// Where the certificate is; none where whoever asks has none.
    pub(super) identity: Option<OwnFiles>,
    pub(super) shim: Shim,
    pub(super) admin: EndpointAddress,
    pub(super) servers: Vec<SocketAddr>,
    pub(super) names: NameServers,
    pub(super) min_tls: MinTls,
    pub(super) manner: Manner,
}

/// What came of a walk.
#[derive(Debug)]
pub(super) struct Walked {
    pub(super) way: Way,
    pub(super) broken: Option<(Broken, Names)>,
    /// Other gateways that did not lead to the app.
    pub(super) notes: Vec<String>,
}

impl Start {
    /// Walks until a hop is broken, through one gateway after the other until one leads to the app.
    pub(super) async fn walk(self: Arc<Self>, route: &Route, names: Names) -> Walked {
        let names = names.with_rule(route.unusual_server_name(&self.domain));
        let mut way = Way::new();
        let identity = match self.in_pod(route, &mut way).await {
            Ok(identity) => identity,
            Err(broken) => {
                let notes = Vec::new();
                return Walked {
                    way,
                    broken: Some((broken, names)),
                    notes,
                };
            }
        };
        let mut failed: Vec<(Way, Broken, &GatewayEndpoint)> = Vec::new();
        for gateway in &route.gateways {
            let mut through = way.clone();
            // The gateways before took their own time.
            let _ = through.lap();
            match self.through(gateway, route, &identity, &mut through).await {
                Ok(()) => {
                    return Walked {
                        way: through,
                        broken: None,
                        notes: failed.iter().map(note).collect(),
                    };
                }
                Err(broken) => failed.push((through, broken, gateway)),
            }
        }
        // What came furthest says most; of those, the gateway that is tried first.
        let deepest = failed
            .iter()
            .map(|(_, broken, _)| broken.fault.step())
            .max();
        let of_most = failed
            .iter()
            .position(|(_, broken, _)| Some(broken.fault.step()) == deepest);
        let Some((way, broken, gateway)) = of_most.map(|at| failed.swap_remove(at)) else {
            let broken = Broken::new(Fault::AliasDown, "the route has no gateway");
            return Walked {
                way,
                broken: Some((broken, names)),
                notes: Vec::new(),
            };
        };
        Walked {
            way,
            broken: Some((broken, names.with_gateway(gateway))),
            notes: failed.iter().map(note).collect(),
        }
    }

    /// The hops of this pod. What the shim needs comes before it, and it before what it serves: the
    /// first that is broken is why the others are.
    async fn in_pod(&self, route: &Route, way: &mut Way) -> Result<Identity, Broken> {
        let made = format!(
            "{}, through {} ({})",
            route.remote,
            gateways(route),
            route.origin
        );
        way.note(Step::Manifests, Look::Fine(made));
        let (identity, look) = way.hop(match &self.identity {
            Some(files) => certificate::look(files, SystemTime::now()),
            None => certificate::nobody(),
        })?;
        way.note(Step::Certificate, look);
        if self.outside {
            for step in [Step::Shim, Step::Dns, Step::Capture] {
                way.note(step, Look::skipped("--outside: not in the pod"));
            }
            return Ok(identity);
        }
        let look = way.hop(self.shim.look().await)?;
        way.note(Step::Shim, look);
        let looked = dns::look(&self.servers, self.admin, route).await;
        if let Err(broken) = &looked
            && broken.fault == Fault::VipAnsweredByAnother
        {
            let why = "no address is given for an alias that the shim does not serve";
            way.note(Step::Dns, Look::skipped(why));
        }
        let look = way.hop(looked)?;
        way.note(Step::Dns, look);
        let look = way.hop(capture::look(self.mode, route).await)?;
        way.note(Step::Capture, look);
        Ok(identity)
    }

    /// The hops from one gateway to the app.
    async fn through(
        &self,
        gateway: &GatewayEndpoint,
        route: &Route,
        identity: &Identity,
        way: &mut Way,
    ) -> Result<(), Broken> {
        let (ips, look) = way.hop(gateway::look_up(&self.names, gateway).await)?;
        way.note(Step::GatewayName, look);
        let (address, look) = way.hop(gateway::reach(&ips, gateway.port.get()).await)?;
        way.note(Step::GatewayTcp, look);
        let (refusal, look) = way.hop(gateway::greet(identity, address, gateway::WORD).await)?;
        way.note(Step::GatewayTls, look);
        match self.behind((address, refusal), route, identity, way).await {
            Err(broken) => Err(own_rule::judge(broken, (route, &self.domain), address, way).await),
            Ok(()) => Ok(()),
        }
    }

    /// The hops that the gateway leads to.
    async fn behind(
        &self,
        (address, refusal): (SocketAddr, Refusal),
        route: &Route,
        identity: &Identity,
        way: &mut Way,
    ) -> Result<(), Broken> {
        let told = match self.identity {
            Some(_) => view::ask(identity, address, &route.sni).await,
            None => Told::Nothing("it was not asked, for want of --identity".to_owned()),
        };
        let asking = match &told {
            Told::View(view) => view.walk(way).map(|()| Duration::ZERO)?,
            Told::Nothing(_) => way.lap(),
        };
        let meeting = pod::meet(route, identity, address, (Wish::Word, self.min_tls)).await;
        if self.identity.is_none()
            && let Err(broken) = &meeting
            && broken.fault.is_of_the_pods_certificate()
        {
            way.met_by_nobody();
            return Ok(());
        }
        let meeting = match meeting {
            Ok(met) => Ok(met),
            Err(broken) => Err(told.judge(broken, (address, &route.sni), refusal).await),
        };
        let met = way.hop(meeting)?;
        let shaking = way.lap();
        if let Told::Nothing(why) = told {
            let met = || Look::fine("the pod was met");
            let exported = Look::Fine(format!("the pod was met; {why}"));
            way.note_with(Step::Route, exported, asking);
            way.note_with(Step::PodName, met(), Duration::ZERO);
            way.note_with(Step::PodTcp, met(), Duration::ZERO);
        }
        let peer = met.peer.as_ref();
        let who = peer.map_or_else(|| "nobody known".to_owned(), ToString::to_string);
        way.note_with(Step::PodTls, Look::Fine(format!("TLS with {who}")), shaking);
        if !met.secured.is_for_doctor() {
            return self.by_other_sidecar(met, route, way).await;
        }
        let word = way.hop(pod::hear(met).await)?;
        let accepted = format!("{who} accepts {}{}", identity.id(), clock(&word));
        way.note(Step::Identities, Look::Fine(accepted));
        if word.listening == Some(false) {
            let seen = format!("the pod's shim says that nobody listens at {}", word.app);
            return way.hop(Err(Broken::new(Fault::AppDown, seen)));
        }
        let spoken_to = match route.protocol {
            Protocol::Http => true,
            Protocol::MySql => self.manner != Manner::Unheard,
            Protocol::Other => false,
        };
        let look = match (spoken_to, word.listening) {
            (true, _) => {
                let meeting = pod::meet(route, identity, address, (Wish::App, self.min_tls));
                let met = way.hop(meeting.await)?;
                way.hop(app::speak(met, (route, &self.manner), Sidecar::Ours).await)?
            }
            (false, Some(_)) => listens(route, &word),
            (false, None) => {
                Look::skipped(format!("the shim can't tell whether {} is up", word.app))
            }
        };
        way.note(Step::App, look);
        Ok(())
    }

    /// A sidecar that is none of ours has dialled the app by now, so that it may as well be heard.
    async fn by_other_sidecar(&self, met: Met, route: &Route, way: &mut Way) -> Result<(), Broken> {
        if route.protocol == Protocol::Other {
            let why = "a sidecar that is none of ours tells nothing of us";
            way.note(Step::Identities, Look::skipped(why));
            way.note(Step::App, Look::skipped("it is not known who speaks first"));
            return Ok(());
        }
        let look = way.hop(app::speak(met, (route, &self.manner), Sidecar::Other).await)?;
        way.note(
            Step::Identities,
            match route.protocol {
                Protocol::Http => Look::fine("the app was heard"),
                // That would be a login that fails.
                _ => Look::skipped(
                    "a sidecar that is none of ours judges us when our first byte comes, and none is sent",
                ),
            },
        );
        way.note(Step::App, look);
        Ok(())
    }
}

fn note((_, broken, gateway): &(Way, Broken, &GatewayEndpoint)) -> String {
    format!(
        "gateway {gateway} does not lead there: {} ({})",
        broken.seen,
        broken.fault.code()
    )
}

fn gateways(route: &Route) -> String {
    let all: Vec<_> = route.gateways.iter().map(ToString::to_string).collect();
    all.join(", ")
}

/// A difference of the clocks that a person should hear of.
fn clock(word: &Word) -> String {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let now = now.unwrap_or_default().as_secs();
    match (word.time.abs_diff(now), word.time > now) {
        (off, _) if off <= CLOCK => String::new(),
        (off, true) => format!("; its clock is {off} s ahead of ours"),
        (off, false) => format!("; its clock is {off} s behind ours"),
    }
}

/// Who listens at a port may hang, and need not be a MySQL.
fn listens(route: &Route, word: &Word) -> Look {
    let seen = format!("somebody listens at {}, the shim says", word.app);
    match route.protocol {
        Protocol::MySql => Look::Skipped(format!(
            "{seen}; whether it is a MySQL that answers is not known: it would count whoever hears its greeting and leaves (--greeting; --mysql-user NAME logs in, which it counts nowhere)"
        )),
        Protocol::Http | Protocol::Other => Look::Fine(seen),
    }
}
