//! What is wrong with routes.

use std::fmt;

/// All that is wrong; never empty.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::convert) struct RouteErrors(pub(super) Vec<RouteError>);

/// What is wrong with one field of one route.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct RouteError {
    /// `routes.txt:3:12`
    pub(super) place: String,
    pub(super) field: Field,
    pub(super) why: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    Route,
    Alias,
    RemoteHost,
    Port,
    Gateway,
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Route => "route",
            Self::Alias => "alias",
            Self::RemoteHost => "remote host",
            Self::Port => "port",
            Self::Gateway => "gateway",
        })
    }
}

impl fmt::Display for RouteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: {}", self.place, self.field, self.why)
    }
}

impl fmt::Display for RouteErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: Vec<_> = self.0.iter().map(ToString::to_string).collect();
        f.write_str(&lines.join("\neastwest convert: "))
    }
}

impl std::error::Error for RouteErrors {}
