//! `subjectAltNames`, which a ServiceEntry and a DestinationRule both have.

use crate::code::Code;
use crate::fields::Fields;
use crate::finding::Located;
use crate::report::Report;
use crate::spiffe::SpiffePattern;

/// Who the far end may be.
pub(crate) fn read(spec: &mut Fields<'_>, report: &Report) -> Vec<Located<SpiffePattern>> {
    let mut found = Vec::new();
    for item in spec.list("subjectAltNames") {
        let Some(text) = item.text() else { continue };
        match text.value.parse::<SpiffePattern>() {
            Ok(pattern) => {
                if pattern.has_wildcard() {
                    report.warning(
                        Code::IdentityWildcard,
                        item.key,
                        format!(
                            "{} has a '*'; Istio takes it literally and would let nobody in",
                            item.path
                        ),
                    );
                }
                found.push(report.locate(item.key, pattern));
            }
            Err(reason) => report.error_with_fix(
                Code::Identity,
                item.key,
                format!(
                    "{} {:?} is no identity that a certificate of the mesh can prove: {reason}",
                    item.path, text.value
                ),
                "write spiffe://TRUST-DOMAIN/ns/NAMESPACE/sa/ACCOUNT",
            ),
        }
    }
    found
}
