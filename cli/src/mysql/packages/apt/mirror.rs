//! Finding a Debian mirror in this machine's apt configuration.

/// Asks apt for every suite that it is configured with, whichever file and format it stands in.
pub(super) const LIST_TARGETS: [&str; 4] = [
    "indextargets",
    "--format",
    "$(RELEASE) $(COMPONENT) $(REPO_URI)",
    "Created-By: Packages",
];

/// The archives that may be Debian's own, likeliest first: of those with a component `main`, the
/// ones at a path that ends in `debian`, as Debian's mirrors have it, then the others.
///
/// Security archives, and suites named as third parties name theirs (`bookworm-pgdg`), are none.
pub(super) fn candidates(targets: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for line in targets.lines() {
        let mut words = line.split_whitespace();
        let (Some(release), Some("main"), Some(uri)) = (words.next(), words.next(), words.next())
        else {
            continue;
        };
        let plain = release.chars().all(|c| c.is_ascii_alphabetic());
        if plain && !found.iter().any(|known| known == uri) {
            found.push(uri.to_owned());
        }
    }
    // A stable sort: within each kind, the order of the machine's configuration stays.
    found.sort_by_key(|uri| !uri.trim_end_matches('/').ends_with("debian"));
    found
}
