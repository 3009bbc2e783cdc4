//! One process: how every eastwest server starts, logs, exposes its ports, reloads and ends.
//!
//! A server is a type of arguments with [`DaemonArgs`] flattened into it ([`Settings`]), a function
//! that makes a validated configuration of them, and one that binds and spawns; [`main`] does the
//! rest. Nothing here knows what the bytes mean that a server moves.
//!
//! - settings: [`parse`], [`command`], [`HumanDuration`], [`EndpointAddress`], [`LogFilter`]
//! - state shared with the server: [`Context`] with [`Shutdown`], [`Readiness`], [`Connections`],
//!   [`Admin`]
//! - [`Status`]: what it tells of its routes and certificates, at `/status.json`
//! - the process's own addresses: [`Endpoints`] (probes, metrics, admin calls)
//! - [`Sandbox`]: what the process can not do any more, and [`Reach`], what it still needs
//! - who was there before and who watches: [`Listeners`] (sockets that others have opened),
//!   [`Supervisor`] (sd_notify)
//! - what servers have in common beside that: [`ConnectionArgs`], [`Sources`] (files that are read
//!   again when they change), [`Reload`] (what came of that), [`ConnectionGuard::end`] (the access log),
//!   [`Shares`] (who gives way where too many connect)

mod access_log;
mod address;
mod admin;
mod args;
mod bind;
mod build;
mod connection_args;
mod connections;
mod context;
mod duration;
mod endpoints;
mod file_limit;
mod health;
mod http;
mod in_full;
mod listeners;
mod logging;
mod metrics;
mod readiness;
mod reloads;
mod run;
mod samples;
mod sandbox;
mod settings;
mod shares;
mod shutdown;
mod signals;
mod sources;
mod status;
mod supervisor;
mod timings;
mod traffic;

pub use access_log::{Ended, Weight};
pub use address::{
    AddressError, EndpointAddress, ListenAddressError, NameServer, NameServerError, listen_address,
};
pub use admin::Admin;
pub use args::{DaemonArgs, LogFormat, Settings};
pub use bind::{BindError, Ports};
pub use build::Build;
pub use connection_args::ConnectionArgs;
pub use connections::{
    Attempt, ByteCounts, Carried, ConnectionGuard, ConnectionId, ConnectionInfo, ConnectionRecord,
    ConnectionState, Connections, Direction, Failure, Millis, Milliseconds, Outcome, Recorded,
    Step, Steps, Tally, Timeline, When,
};
pub use context::{Bound, Context, Listening};
pub use duration::{DurationError, HumanDuration};
pub use endpoints::Endpoints;
pub use in_full::in_full;
pub use listeners::{Giver, KeptListener, Listeners};
pub use logging::{AlreadyLogging, LogControl, LogFilter, LogFilterError, init as init_logging};
pub use metrics::Metrics;
pub use readiness::{Blocked, Blocker, Readiness};
pub use reloads::Reload;
pub use run::{Exit, Unprepared, main, main_prepared};
pub use samples::Samples;
pub use sandbox::{Reach, Sandbox, SandboxError, SandboxMode};
pub use settings::{
    ConfigFileError, Effective, EffectiveValue, Parsed, SettingsError, command, nearest, parse,
};
pub use shares::{Bounds, Shares, Work, Workload};
pub use shutdown::{DrainPolicy, Drained, EndRequest, Phase, Shutdown};
pub use sources::{LOOK_EVERY, SourceError, SourceFile, Sources};
pub use status::{
    Asked, DownName, EndpointState, Explain, Fitness, HeldCertificate, Listing, Moment,
    NameServerStatus, Role, RouteEndpoint, ServedNames, ServedRoute, Status, TakeRoute,
};
pub use supervisor::Supervisor;
pub use timings::Timings;
pub use traffic::Talk;
