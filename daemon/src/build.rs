//! Of what this program was built.

use serde::Serialize;

/// What is known of it, the same for all programs of one build.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Build {
    /// The project's version.
    pub version: &'static str,
    /// The commit, where the build was told it (`EASTWEST_COMMIT`).
    pub commit: Option<&'static str>,
    /// The compiler's version.
    pub rustc: &'static str,
    /// Rust's name of the machine that it is for.
    pub target: &'static str,
}

impl Build {
    /// This one.
    pub const THIS: Self = Self {
        version: env!("CARGO_PKG_VERSION"),
        commit: option_env!("EASTWEST_BUILD_COMMIT"),
        rustc: env!("EASTWEST_BUILD_RUSTC"),
        target: env!("EASTWEST_BUILD_TARGET"),
    };

    /// All of it on one line, for `--version`; `-V` has the version alone.
    pub const LINE: &'static str = env!("EASTWEST_BUILD_LONG");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_has_all_of_it() {
        let Build {
            version,
            commit,
            rustc,
            target,
        } = Build::THIS;
        let commit = commit.map_or_else(String::new, |commit| format!(" commit {commit}"));
        assert_eq!(
            Build::LINE,
            format!("{version}{commit} (rustc {rustc}, {target})")
        );
        let digits = |part: &str| part.starts_with(|first: char| first.is_ascii_digit());
        assert!(
            rustc.split('.').count() >= 3 && rustc.split('.').all(digits),
            "{rustc}"
        );
        assert!(target.contains(std::env::consts::ARCH), "{target}");
    }
}
