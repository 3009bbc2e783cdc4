//! PeerAuthentication: mTLS is always required here, so only a wish for less is worth a word.

use crate::code::Code;
use crate::fields::Fields;
use crate::object::Object;
use crate::report::Report;

pub(crate) fn read<'a>(object: &Object<'a>, report: &'a Report) {
    let mut spec = object.spec(report);
    spec.harmless(&["selector"]);
    if let Some(mtls) = spec.mapping("mtls") {
        mode(mtls, report);
    }
    for (_, port) in spec
        .get("portLevelMtls")
        .map(|field| field.values())
        .unwrap_or_default()
    {
        mode(port.fields(), report);
    }
    spec.finish();
    object.check_annotations(&[], report);
}

fn mode(mut mtls: Fields<'_>, report: &Report) {
    if let Some(field) = mtls.get("mode") {
        match field.node.text() {
            Some("STRICT" | "UNSET") => {}
            Some(lax @ ("PERMISSIVE" | "DISABLE")) => report.warning(
                Code::NoEffect,
                field.node.mark,
                format!(
                    "{} {lax} has no effect: mTLS stays required here",
                    field.path
                ),
            ),
            _ => _ = field.wrong::<()>("STRICT, PERMISSIVE, DISABLE or UNSET"),
        }
    }
    mtls.finish();
}
