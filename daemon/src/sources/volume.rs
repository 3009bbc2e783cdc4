//! Mounted ConfigMaps and Secrets: each file is a link through `..data`, which the kubelet swaps.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

const DATA: &str = "..data";

/// Where the `..data` of each folder led when it was first asked for. All files of a folder are read
/// from there: a key that moves from one file to another would be in neither otherwise, or in both.
#[derive(Debug, Default)]
pub(super) struct Volumes {
    led_to: BTreeMap<PathBuf, Option<PathBuf>>,
}

impl Volumes {
    /// Remembers where `folder` leads now: from here on a swap is seen.
    pub(super) fn note(&mut self, folder: &Path) {
        self.data(folder);
    }

    /// Where to read `file`: itself, or what its link through `..data` means.
    pub(super) fn resolve(&mut self, file: &Path) -> PathBuf {
        let mut through = || {
            let link = fs::read_link(file).ok()?;
            let name = link.strip_prefix(DATA).ok()?;
            let folder = file.parent()?;
            Some(self.data(folder)?.join(name))
        };
        through().unwrap_or_else(|| file.to_owned())
    }

    /// Whether `..data` of any of the folders has been swapped since.
    pub(super) fn have_changed(&self) -> bool {
        let mut folders = self.led_to.iter();
        folders.any(|(folder, before)| led_to(folder) != *before)
    }

    fn data(&mut self, folder: &Path) -> Option<PathBuf> {
        let target = match self.led_to.get(folder) {
            Some(target) => target.clone(),
            None => {
                let target = led_to(folder);
                self.led_to.insert(folder.to_owned(), target.clone());
                target
            }
        };
        target.map(|target| folder.join(target))
    }
}

fn led_to(folder: &Path) -> Option<PathBuf> {
    fs::read_link(folder.join(DATA)).ok()
}

/// What stands for a volume that is swapped faster than it can be read.
pub(super) fn swapped_too_often() -> io::Error {
    io::Error::other("its files have been replaced each time that they were read")
}
