//! Files that are not there yet as the process starts.
//!
//! A path that does not exist is a mistake, and ends the start. But it may be on its way as well: a folder that is
//! mounted a moment later, a link that is taken away and made anew. Hence two seconds, in which it is said at
//! once what is missing. It is waited for here, and not where it is read, because the sandbox lets a process
//! read what was there when it locked itself in.

use std::io::{self, Write};
use std::thread;
use std::time::{Duration, Instant};

use crate::sandbox::Reach;

/// As long as files may be on their way while the process runs.
const WAIT: Duration = Duration::from_secs(2);
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// What a process can reach, once all that it names is there, or after two seconds.
pub(super) fn when_all_is_there(reach: impl Fn() -> Reach) -> Reach {
    wait(reach, &mut io::stderr())
}

/// There is no log yet.
fn wait(reach: impl Fn() -> Reach, said: &mut impl Write) -> Reach {
    let begun = Instant::now();
    let mut first = true;
    loop {
        let found = reach();
        if found.absent().is_empty() || begun.elapsed() >= WAIT {
            return found;
        }
        for path in found.absent().iter().filter(|_| first) {
            // Whoever cannot be told is told by the log.
            let _ = writeln!(
                said,
                "warning: {}: there is no such file or folder; it is waited for, two seconds at the most",
                path.display()
            );
        }
        first = false;
        thread::sleep(LOOK_EVERY);
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;
    use std::path::Path;

    use super::*;

    fn waited(path: &Path) -> (Reach, String, Duration) {
        let (begun, mut said) = (Instant::now(), Vec::new());
        let reach = wait(|| Reach::new().read_again([path]), &mut said);
        (reach, String::from_utf8(said).unwrap(), begun.elapsed())
    }

    #[test]
    fn what_is_there_is_not_waited_for() {
        let dir = tempfile::tempdir().unwrap();
        let (reach, said, _) = waited(dir.path());
        assert_eq!((reach.absent().len(), said.as_str()), (0, ""));
    }

    #[test]
    fn what_never_comes_is_named_once_and_waited_for_no_longer_than_is_said() {
        let (reach, said, took) = waited(Path::new("/nonexistent/routes.yaml"));
        assert_eq!(reach.absent().len(), 1);
        let named = "warning: /nonexistent/routes.yaml: there is no such file or folder;";
        assert_eq!(said.matches(named).count(), 1, "{said}");
        assert!(took >= WAIT, "{took:?}");
    }

    #[test]
    fn a_link_that_comes_back_is_followed_to_where_it_leads_then() {
        let dir = tempfile::tempdir().unwrap();
        let (link, new) = (dir.path().join("current"), dir.path().join("releases/2"));
        fs::create_dir_all(&new).unwrap();
        symlink(dir.path().join("gone"), &link).unwrap();
        let swapping = thread::spawn({
            let (link, new) = (link.clone(), new.clone());
            move || {
                thread::sleep(5 * LOOK_EVERY);
                fs::remove_file(&link).unwrap();
                thread::sleep(LOOK_EVERY);
                symlink(new, link).unwrap();
            }
        });
        let (reach, said, _) = waited(&link);
        swapping.join().unwrap();
        assert_eq!(reach, Reach::new().read_again([&link]));
        assert_eq!(said.lines().count(), 1, "{said}");
    }
}
