//! Which aliases were asked for.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU16;

use eastwest_mesh::alias::PREFIX;
use eastwest_mesh::{Hostname, Mesh};

use super::args::DoctorArgs;
use super::error::DoctorError;

/// Aliases that are named to whoever asks for one that is not there.
const NAMED: usize = 10;
/// Slips of the keyboard in one label.
const SLIPS: usize = 3;

/// The aliases of the manifests, and their ports as far as they are known.
type Known<'a> = BTreeMap<&'a str, BTreeSet<u16>>;

/// Aliases in full, each with a port where only that one was asked for.
#[derive(Debug)]
pub(super) struct Wanted<'a>(BTreeSet<(&'a str, Option<u16>)>);

impl<'a> Wanted<'a> {
    pub(super) fn of(args: &DoctorArgs, mesh: &'a Mesh) -> Result<Self, DoctorError> {
        let served = mesh
            .routes
            .iter()
            .map(|route| (&route.alias, Some(route.port)));
        let down = mesh.down.iter().map(|down| (&down.alias, down.port));
        let mut known = Known::new();
        for (alias, port) in served.chain(down) {
            let ports = known.entry(alias.as_str()).or_default();
            ports.extend(port.map(NonZeroU16::get));
        }
        if known.is_empty() {
            return Err(DoctorError::Nothing);
        }
        if args.all {
            return Ok(Self(known.into_keys().map(|alias| (alias, None)).collect()));
        }
        let aliases = args.aliases.iter().map(|asked| one(asked, &known));
        Ok(Self(aliases.collect::<Result<_, _>>()?))
    }

    pub(super) fn has(&self, alias: &Hostname, port: Option<NonZeroU16>) -> bool {
        let alias = alias.as_str();
        // An alias of which nothing can be read but the name is of every port.
        let port = port.map(NonZeroU16::get);
        self.0.contains(&(alias, None))
            || self
                .0
                .iter()
                .any(|(other, asked)| *other == alias && (port.is_none() || *asked == port))
    }
}

/// What was typed: a name, or the beginning of one, and a port where one is given.
pub(super) fn typed(asked: &str) -> (String, Option<u16>) {
    let (name, port) = match asked.rsplit_once(':') {
        Some((name, port)) => (name, port.parse().ok()),
        None => (asked, None),
    };
    let name = if port.is_some() { name } else { asked };
    (name.trim_end_matches('.').to_ascii_lowercase(), port)
}

/// The alias of that name, or the only one that begins with it.
fn one<'a>(asked: &str, known: &Known<'a>) -> Result<(&'a str, Option<u16>), DoctorError> {
    let (asked, port) = typed(asked);
    let begins = |alias: &&&str| {
        let rest = alias.strip_prefix(asked.as_str());
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    let which: Vec<&str> = known.keys().filter(begins).copied().collect();
    let alias = match which.as_slice() {
        [only] => *only,
        [] => {
            return Err(DoctorError::NoAlias {
                hint: hint(&asked, known),
                alias: asked,
            });
        }
        several => {
            return Err(DoctorError::Ambiguous {
                alias: asked,
                which: several.iter().map(ToString::to_string).collect(),
            });
        }
    };
    let ports = known.get(alias).into_iter().flatten().copied();
    let ports: Vec<u16> = ports.collect();
    match port {
        Some(port) if !ports.is_empty() && !ports.contains(&port) => Err(DoctorError::NoPort {
            alias: alias.to_owned(),
            port,
            has: ports.iter().map(ToString::to_string).collect(),
        }),
        port => Ok((alias, port)),
    }
}

/// The alias that was meant, be it by the pod's own name.
fn hint(asked: &str, known: &Known<'_>) -> String {
    let label = |name: &str| name.split('.').next().unwrap_or_default().to_owned();
    let meant = [label(asked), format!("{PREFIX}{}", label(asked))];
    let slips = |alias: &str| {
        let label = label(alias);
        let each = meant
            .iter()
            .map(|meant| strsim::damerau_levenshtein(&label, meant));
        each.min().unwrap_or(usize::MAX)
    };
    let nearest = known.keys().map(|alias| (slips(alias), *alias)).min();
    match nearest {
        Some((distance, alias)) if distance <= SLIPS => format!("; did you mean {alias}?"),
        _ => {
            let all: Vec<_> = known.keys().copied().take(NAMED).collect();
            format!("; it has {}", all.join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(asked: &str) -> Result<(&'static str, Option<u16>), String> {
        let known = [
            "src-db-0.pxc.svc.cluster.local",
            "src-db-0.shop.svc.cluster.local",
            "src-db-01.pxc.svc.cluster.local",
        ];
        let known = known.map(|alias| (alias, BTreeSet::from([3306, 33060])));
        one(asked, &known.into()).map_err(|error| error.to_string())
    }

    #[test]
    fn labels_are_enough_where_they_are_one_aliases() {
        let whole = "src-db-0.pxc.svc.cluster.local";
        for asked in [
            "src-db-0.pxc",
            "SRC-db-0.pxc.svc",
            whole,
            "src-db-0.pxc.svc.cluster.local.",
        ] {
            assert_eq!(found(asked), Ok((whole, None)), "{asked}");
        }
        let other = "src-db-01.pxc.svc.cluster.local";
        assert_eq!(found("src-db-01"), Ok((other, None)));
        assert!(found("src-db-0").unwrap_err().contains(" or "));
    }

    #[test]
    fn a_port_is_one_that_the_alias_has() {
        let other = "src-db-01.pxc.svc.cluster.local";
        assert_eq!(found("src-db-01:3306"), Ok((other, Some(3306))));
        let whole = format!("{other}.:33060");
        assert_eq!(found(&whole), Ok((other, Some(33060))));
        let said = found("src-db-01:3307").unwrap_err();
        assert!(
            said.ends_with(" has no port 3307, it has 3306, 33060"),
            "{said}"
        );
    }

    #[test]
    fn a_slip_gets_the_alias_that_was_meant() {
        for slip in ["scr-db-01", "db-01", "db-01.pxc"] {
            let said = found(slip).unwrap_err();
            let meant = "did you mean src-db-01.pxc.svc.cluster.local?";
            assert!(said.ends_with(meant), "{said}");
        }
        assert!(
            found("nothing-like-it")
                .unwrap_err()
                .contains("it has src-db-0.pxc")
        );
    }
}
