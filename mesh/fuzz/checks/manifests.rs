//! What must hold of what is loaded from any text.

use std::collections::HashSet;

use eastwest_mesh::{Capture, Mesh, Severity};

pub(crate) fn assert_sound(text: &str, mesh: &Mesh, capture: Capture) {
    // YAML breaks a line at a lone carriage return too.
    let lines = text.chars().filter(|c| matches!(c, '\n' | '\r')).count() + 2;
    for finding in &mesh.findings {
        assert!(
            (1..=lines).contains(&(finding.origin.line as usize)),
            "{finding}"
        );
        assert!(finding.origin.column >= 1, "{finding}");
        assert_eq!(finding.to_string().lines().count(), 1, "{finding:?}");
    }
    let mut arrivals = HashSet::new();
    for route in &mesh.routes {
        assert_eq!(
            route.virtual_ips.is_empty(),
            capture == Capture::Service,
            "{route:?}"
        );
        assert!(!route.gateways.is_empty(), "{route:?}");
        let own = route.virtual_ips.first().copied();
        assert!(arrivals.insert((own, route.listen_port)), "{route:?}");
    }
    if !mesh.down.is_empty() {
        assert!(
            mesh.findings
                .iter()
                .any(|finding| finding.severity == Severity::Error)
        );
    }
}
