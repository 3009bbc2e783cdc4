//! Any bytes: the YAML reader and every check come back, and what `--fix` writes is read again.
#![no_main]

use eastwest_mesh::lint::{Lint, Options, View, apply, lint};
use eastwest_mesh::{Capture, Source};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let options = Options {
        cluster_domain: "cluster.local".parse().expect("a name"),
        view: View::Both,
        capture: Capture::Vip,
        pod_ranges: Vec::new(),
        service_ranges: Vec::new(),
    };
    let source = |text: String| {
        let name = "a.yaml".to_owned();
        vec![Source { name, text }]
    };
    let text = String::from_utf8_lossy(bytes).into_owned();
    let found = lint(&[source(text.clone())], &options);
    let edits: Vec<_> = found.iter().filter_map(Lint::edit).collect();
    let added = found.iter().filter_map(Lint::addition);
    let added = added.map(|added| source(added.service.document()));
    let mended = [source(apply(&text, &edits))].into_iter().chain(added);
    drop(lint(&mended.collect::<Vec<_>>(), &options));
});
