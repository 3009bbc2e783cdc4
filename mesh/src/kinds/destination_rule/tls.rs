//! `DestinationRule.spec.trafficPolicy.tls`

use crate::code::Code;
use crate::fields::Fields;
use crate::finding::Located;
use crate::kinds::identities;
use crate::report::Report;
use crate::sni::ServerName;
use crate::spiffe::SpiffePattern;
use crate::yaml::Mark;

/// `trafficPolicy.tls`
#[derive(Clone, Debug, Default)]
pub(crate) struct Tls {
    pub(crate) mode: Option<(Mode, Mark)>,
    pub(crate) sni: Option<Located<ServerName>>,
    pub(crate) identities: Vec<Located<SpiffePattern>>,
}

/// `trafficPolicy.tls.mode`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    IstioMutual,
    Disable,
    Simple,
    Mutual,
}

pub(super) fn read(mut tls: Fields<'_>, report: &Report) -> Tls {
    // Without its list of identities a rule would let any account be at the far end.
    tls.refuse_nulls();
    let mode = mode(&mut tls);
    let sni = server_name(&mut tls, report);
    let identities = identities::read(&mut tls, report);
    // Certificates and trust come with the workload's own identity. With another mode the rule is
    // about other traffic, and its own error says so if it is not.
    if matches!(mode, None | Some((Mode::IstioMutual, _))) {
        if mode.is_none() {
            report.warning_with_fix(
                Code::RuleTlsMode,
                tls.mark(),
                "spec.trafficPolicy.tls has no mode: mTLS is used here, and Istio would use none",
                "add mode: ISTIO_MUTUAL",
            );
        }
        const WHY: &str = "the workload's own certificate and trust roots are always used";
        tls.refuse(
            &[
                "clientCertificate",
                "privateKey",
                "caCertificates",
                "caCrl",
                "credentialName",
                "insecureSkipVerify",
            ],
            WHY,
        );
    } else {
        tls.harmless(&[
            "clientCertificate",
            "privateKey",
            "caCertificates",
            "caCrl",
            "credentialName",
            "insecureSkipVerify",
        ]);
    }
    tls.finish();
    Tls {
        mode,
        sni,
        identities,
    }
}

fn mode(tls: &mut Fields<'_>) -> Option<(Mode, Mark)> {
    let field = tls.get("mode")?;
    let mode = match field.node.text() {
        Some("ISTIO_MUTUAL") => Mode::IstioMutual,
        Some("DISABLE") => Mode::Disable,
        Some("SIMPLE") => Mode::Simple,
        Some("MUTUAL") => Mode::Mutual,
        _ => return field.wrong("ISTIO_MUTUAL, DISABLE, SIMPLE or MUTUAL"),
    };
    Some((mode, field.node.mark))
}

fn server_name(tls: &mut Fields<'_>, report: &Report) -> Option<Located<ServerName>> {
    let field = tls.get("sni")?;
    let text = field.text()?.value;
    if text.is_empty() {
        return None;
    }
    match ServerName::parse(text) {
        Ok(name) => Some(report.locate(field.node.mark, name)),
        Err(reason) => {
            let message = format!("{} {text:?} can't be sent: {reason}", field.path);
            report.error_with_fix(
                Code::RuleServerName,
                field.node.mark,
                message,
                "write outbound_.PORT_._.HOST, or the HOST alone for a gateway with plain names",
            );
            None
        }
    }
}
