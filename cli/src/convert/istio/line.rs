//! One route: `ALIAS=REMOTE-HOST:PORT@GATEWAY[:PORT][,GATEWAY[:PORT]...]`.

use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU16;

use eastwest_mesh::{Address, GatewayEndpoint, Hostname, HostnameError};

use super::error::{Field, RouteError, RouteErrors};
use crate::convert::comment::one_line;

/// Where an east-west gateway listens unless something else is said.
const EAST_WEST_PORT: NonZeroU16 = NonZeroU16::MIN.saturating_add(15442);

/// What was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Route {
    pub(super) place: Place,
    pub(super) alias: At<Hostname>,
    pub(super) remote: At<Hostname>,
    pub(super) port: At<NonZeroU16>,
    pub(super) gateways: At<Vec<GatewayEndpoint>>,
}

/// A value, and the column that it begins at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct At<T> {
    pub(super) value: T,
    column: usize,
}

/// A line or an argument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place(String);

impl Place {
    pub(super) fn line(file: &str, number: usize) -> Self {
        Self(format!("{}:{number}", one_line(file)))
    }

    /// Arguments count from 1, and are told as lines are.
    pub(super) fn argument(number: usize) -> Self {
        Self(format!("argument {number}"))
    }

    pub(super) fn error<T>(&self, field: Field, at: &At<T>, why: String) -> RouteError {
        RouteError {
            place: format!("{}:{}", self.0, at.column),
            field,
            why,
        }
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// Reads all lines, or says what is wrong with each that can't be read.
pub(super) fn read(lines: &[(Place, String)]) -> Result<Vec<Route>, RouteErrors> {
    let (mut routes, mut errors) = (Vec::new(), Vec::new());
    for (place, line) in lines {
        // No name and no address has one in it.
        let line = line.split('#').next().unwrap_or_default();
        if line.trim().is_empty() {
            continue;
        }
        match route(place, line) {
            Ok(route) => routes.push(route),
            Err(error) => errors.push(error),
        }
    }
    match errors.is_empty() {
        true => Ok(routes),
        false => Err(RouteErrors(errors)),
    }
}

fn route(place: &Place, line: &str) -> Result<Route, RouteError> {
    let whole = Part {
        line,
        start: 0,
        end: line.len(),
    }
    .trimmed();
    let missing = |part: Part<'_>, what: &str| {
        let why = format!("{what}, as in ALIAS=REMOTE-HOST:PORT@GATEWAY");
        place.error(Field::Route, &part.at(()), why)
    };
    let (alias, rest) = whole
        .cut('=')
        .ok_or_else(|| missing(whole, "there is no ="))?;
    let (target, gateways) = rest
        .cut('@')
        .ok_or_else(|| missing(rest, "there is no @"))?;
    let (remote, port) = target
        .cut(':')
        .ok_or_else(|| missing(target, "there is no port behind the remote host"))?;
    Ok(Route {
        place: place.clone(),
        alias: host(place, Field::Alias, alias)?,
        remote: host(place, Field::RemoteHost, remote)?,
        port: number(place, Field::Port, port)?,
        gateways: all_gateways(place, gateways)?,
    })
}

fn host(place: &Place, field: Field, part: Part<'_>) -> Result<At<Hostname>, RouteError> {
    let name = part.text().parse::<Hostname>();
    let name = name.map_err(|why: HostnameError| not(place, field, part, "no DNS name", &why))?;
    if name.as_str().contains('_') {
        let why = "Kubernetes and Istio take no '_' in names";
        return Err(not(place, field, part, "no name of a pod or Service", &why));
    }
    Ok(part.at(name))
}

fn number(place: &Place, field: Field, part: Part<'_>) -> Result<At<NonZeroU16>, RouteError> {
    let plain = part.text().bytes().all(|byte| byte.is_ascii_digit());
    let number = part.text().parse().ok().filter(|_| plain);
    let why = "it is a number from 1 to 65535";
    let number = number.ok_or_else(|| not(place, field, part, "no port", &why))?;
    Ok(part.at(number))
}

fn all_gateways(place: &Place, part: Part<'_>) -> Result<At<Vec<GatewayEndpoint>>, RouteError> {
    let mut found: Vec<GatewayEndpoint> = Vec::new();
    let mut rest = Some(part);
    while let Some(part) = rest {
        let (this, more) = match part.cut(',') {
            Some((this, more)) => (this, Some(more)),
            None => (part, None),
        };
        let endpoint = gateway(place, this)?;
        if found.contains(&endpoint) {
            let why = format!("{endpoint} is there twice");
            return Err(place.error(Field::Gateway, &this.at(()), why));
        }
        found.push(endpoint);
        rest = more;
    }
    Ok(part.at(found))
}

fn gateway(place: &Place, part: Part<'_>) -> Result<GatewayEndpoint, RouteError> {
    let text = part.text();
    if text.parse::<Ipv6Addr>().is_ok() {
        let why = "an IPv6 address is written in '[' and ']'";
        return Err(not(place, Field::Gateway, part, "no gateway", &why));
    }
    let (address, port) = match text.strip_prefix('[') {
        Some(_) => {
            let end = text.find(']').map_or(text.len(), |end| end + 1);
            let (address, rest) = part.split_at(end);
            let port = (!rest.text().is_empty()).then_some(rest);
            (address, port.map(|rest| rest.without_first(':')))
        }
        None => match part.cut(':') {
            Some((address, port)) => (address, Some(Some(port))),
            None => (part, None),
        },
    };
    let port = match port {
        None => EAST_WEST_PORT,
        Some(Some(port)) => number(place, Field::Gateway, port)?.value,
        Some(None) => {
            let why = "a ':' and a port may stand behind the ']'";
            return Err(not(place, Field::Gateway, part, "no gateway", &why));
        }
    };
    Ok(GatewayEndpoint {
        address: read_address(place, address)?,
        port,
        weight: None,
        locality: None,
    })
}

fn read_address(place: &Place, part: Part<'_>) -> Result<Address, RouteError> {
    let text = part.text();
    let bare = text
        .strip_prefix('[')
        .and_then(|text| text.strip_suffix(']'));
    let address = match bare {
        Some(bare) => bare.parse().ok().filter(IpAddr::is_ipv6),
        None => text.parse().ok(),
    };
    if let Some(address) = address {
        return match address.is_unspecified() || address.is_multicast() {
            true => Err(not(
                place,
                Field::Gateway,
                part,
                "no gateway",
                &"it is nobody's address",
            )),
            false => Ok(Address::Ip(address)),
        };
    }
    if bare.is_some() {
        let why = "in '[' and ']' there is an IPv6 address";
        return Err(not(place, Field::Gateway, part, "no gateway", &why));
    }
    host(place, Field::Gateway, part).map(|name| Address::Name(name.value))
}

fn not(
    place: &Place,
    field: Field,
    part: Part<'_>,
    what: &str,
    why: &dyn std::fmt::Display,
) -> RouteError {
    let why = format!("{:?} is {what}: {why}", part.text());
    place.error(field, &part.at(()), why)
}

/// A part of a line.
#[derive(Clone, Copy)]
struct Part<'a> {
    line: &'a str,
    start: usize,
    end: usize,
}

impl<'a> Part<'a> {
    fn text(self) -> &'a str {
        self.line.get(self.start..self.end).unwrap_or_default()
    }

    fn at<T>(self, value: T) -> At<T> {
        let before = self.line.get(..self.start).unwrap_or_default();
        let column = before.chars().count() + 1;
        At { value, column }
    }

    fn trimmed(self) -> Self {
        let text = self.text();
        let start = self.start + (text.len() - text.trim_start().len());
        let end = start + text.trim().len();
        Self { start, end, ..self }
    }

    /// The parts in front of and behind the first `separator`, which is one byte long.
    fn cut(self, separator: char) -> Option<(Self, Self)> {
        let middle = self.start + self.text().find(separator)?;
        let front = Self {
            end: middle,
            ..self
        };
        let back = Self {
            start: middle + 1,
            ..self
        };
        Some((front.trimmed(), back.trimmed()))
    }

    fn split_at(self, length: usize) -> (Self, Self) {
        let middle = self.start + length;
        (
            Self {
                end: middle,
                ..self
            },
            Self {
                start: middle,
                ..self
            },
        )
    }

    fn without_first(self, first: char) -> Option<Self> {
        let rest = self.text().strip_prefix(first)?;
        Some(Self {
            start: self.end - rest.len(),
            ..self
        })
    }
}
