//! `DestinationRule.spec.trafficPolicy.outlierDetection`
//!
//! For TCP Envoy counts a connection that fails as a server error and as a gateway error alike, so
//! the smaller of the two numbers ejects. With `splitExternalLocalOriginErrors` it is counted apart.

use std::num::{NonZeroU8, NonZeroU32};

use crate::code::Code;
use crate::fields::Fields;
use crate::outlier::OutlierDetection;
use crate::report::Report;

pub(super) fn read(mut outlier: Fields<'_>, report: &Report) -> OutlierDetection {
    let default = OutlierDetection::ENVOY;
    let mut count = |key| outlier.get(key).and_then(|field| field.whole_number());
    let server_errors = count("consecutive5xxErrors");
    let gateway_errors = count("consecutiveGatewayErrors");
    let local = count("consecutiveLocalOriginFailures");
    let percent = count("maxEjectionPercent").unwrap_or(0);
    let split = outlier
        .get("splitExternalLocalOriginErrors")
        .and_then(|field| field.yes_or_no())
        .unwrap_or(false);
    let usual = default.consecutive_failures.map_or(0, NonZeroU32::get);
    let counted = if split {
        // Istio passes a 0 on as if it were not there.
        vec![local.filter(|&number| number > 0).unwrap_or(usual)]
    } else {
        [Some(server_errors.unwrap_or(usual)), gateway_errors]
            .into_iter()
            .flatten()
            .collect()
    };
    let mut time = |key, usual| {
        let field = outlier.get(key);
        field.and_then(|field| field.duration()).unwrap_or(usual)
    };
    let read = OutlierDetection {
        consecutive_failures: counted.into_iter().filter_map(NonZeroU32::new).min(),
        interval: time("interval", default.interval),
        base_ejection_time: time("baseEjectionTime", default.base_ejection_time),
        max_ejection_percent: u8::try_from(percent.min(100))
            .ok()
            .and_then(NonZeroU8::new)
            .unwrap_or(default.max_ejection_percent),
    };
    if !split && local.is_some() {
        let message = "consecutiveLocalOriginFailures has no effect here, and none in \
             Istio, without splitExternalLocalOriginErrors: true";
        report.warning(Code::NoEffect, outlier.mark(), message);
    }
    outlier.without_effect(
        &["minHealthPercent"],
        "gateways that are out are tried last, and the last one is never out",
    );
    outlier.without_effect(
        &["consecutiveErrors"],
        "Istio has dropped it; consecutiveGatewayErrors is its heir",
    );
    outlier.finish();
    read
}
