//! What must hold of what is loaded from any text.

use eastwest_mesh::{Mesh, Severity};

pub(crate) fn assert_sound(text: &str, mesh: &Mesh) {
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
    for route in &mesh.routes {
        assert!(
            !route.virtual_ips.is_empty() && !route.gateways.is_empty(),
            "{route:?}"
        );
    }
    if !mesh.down.is_empty() {
        assert!(
            mesh.findings
                .iter()
                .any(|finding| finding.severity == Severity::Error)
        );
    }
}
