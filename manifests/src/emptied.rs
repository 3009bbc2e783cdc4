//! Files that have nothing in them any more, and why they are not taken.
//!
//! They may be on their way: a folder that is being filled anew, a volume that is gone for a moment. Taken,
//! they would close every route, and lift every DENY.

use std::collections::HashSet;
use std::fmt;

use eastwest_daemon::SourceFile;

/// The most that are named, so that a line stays one.
const NAMED: usize = 5;

/// What has become of each file that there was something in.
#[derive(Debug)]
pub(crate) struct Emptied<'a>(Vec<(&'a str, Became)>);

#[derive(Debug, Clone, Copy)]
enum Became {
    Empty,
    Gone,
}

impl<'a> Emptied<'a> {
    /// Of those that had something in them, where the files are `now` so. None where that can be meant: a file
    /// that is gone, while others have something in them, has been taken out. One that is there and empty has been
    /// cut off, and who would be let in without the DENY that was in it is not known.
    pub(crate) fn of(filled: &'a [String], now: &[SourceFile]) -> Option<Self> {
        let there: HashSet<_> = now.iter().map(|file| file.name.as_str()).collect();
        let full: HashSet<_> = crate::filled(now).map(|file| file.name.as_str()).collect();
        let became = |name: &'a String| match there.contains(name.as_str()) {
            true => (name.as_str(), Became::Empty),
            false => (name.as_str(), Became::Gone),
        };
        let lost = filled.iter().filter(|name| !full.contains(name.as_str()));
        let mut lost: Vec<_> = lost.map(became).collect();
        if !full.is_empty() {
            lost.retain(|(_, became)| matches!(became, Became::Empty));
        }
        (!lost.is_empty()).then_some(Self(lost))
    }
}

impl fmt::Display for Became {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "is empty",
            Self::Gone => "is gone",
        })
    }
}

impl fmt::Display for Emptied<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("there is nothing in them any more: ")?;
        for (index, (name, became)) in self.0.iter().take(NAMED).enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            write!(f, "{comma}{name} {became}")?;
        }
        if let more @ 1.. = self.0.len().saturating_sub(NAMED) {
            write!(f, ", and {more} more")?;
        }
        f.write_str(
            "; what is in force stays so. If nothing is wanted, leave a file that says so in a comment",
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_are_named_and_the_rest_counted() {
        let filled: Vec<_> = (0..7).map(|n| format!("{n}.yaml")).collect();
        let now = [SourceFile {
            name: "1.yaml".to_owned(),
            text: String::new(),
        }];
        let said = Emptied::of(&filled, &now).unwrap().to_string();
        let named = "any more: 0.yaml is gone, 1.yaml is empty, 2.yaml is gone, 3.yaml is gone, \
                     4.yaml is gone, and 2 more; what";
        assert!(said.contains(named), "{said}");
    }
}
