//! Which folder is the gateway's cluster, and which are its callers'.

use super::loaded;
use crate::Source;
use crate::hostname::Hostname;

/// The files by what they are of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sides {
    /// The cluster of the gateway.
    pub gateway: Vec<Source>,
    /// The clusters that call it.
    pub callers: Vec<Vec<Source>>,
}

/// Why nobody can tell.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SidesError {
    /// Nothing is let through at all.
    #[error(
        "no Gateway in these files has a server with tls.mode AUTO_PASSTHROUGH or PASSTHROUGH and \
         hosts that can be read, so that there is nothing to convert; give the files of the cluster \
         that is called"
    )]
    NoGateway,
    /// There is more than one gateway.
    #[error(
        "several clusters both call and are called, with {one} and {other}: name the files of all \
         that call with --callers, and give the others without"
    )]
    Several {
        /// A file of one.
        one: String,
        /// A file of another.
        other: String,
    },
}

/// Sorts folders of files: those with aliases that lead to a gateway call, and all others together are
/// the cluster that is called. Where those export nothing, the one that calls and exports is both.
///
/// # Errors
/// When no folder exports anything, or several are both.
pub fn sides(folders: Vec<Vec<Source>>, domain: &Hostname) -> Result<Sides, SidesError> {
    let mut sides = Sides::default();
    let mut exported = false;
    let mut both: Vec<Vec<Source>> = Vec::new();
    for folder in folders {
        let mesh = loaded(&folder, domain);
        let exports = !mesh.exports.is_empty();
        if mesh.routes.is_empty() && mesh.down.is_empty() {
            exported |= exports;
            sides.gateway.extend(folder);
            continue;
        }
        if exports {
            both.push(folder.clone());
        }
        sides.callers.push(folder);
    }
    if exported {
        return Ok(sides);
    }
    let name = |folder: &[Source]| {
        let first = folder.first();
        first.map(|file| file.name.clone()).unwrap_or_default()
    };
    match both.as_slice() {
        [] => Err(SidesError::NoGateway),
        [one] => {
            sides.gateway.extend(one.iter().cloned());
            Ok(sides)
        }
        [one, other, ..] => Err(SidesError::Several {
            one: name(one),
            other: name(other),
        }),
    }
}
