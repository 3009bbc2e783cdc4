//! TLSRoutes of the Gateway API (`gateway.networking.k8s.io/v1`), with a Gateway for them and a
//! Service for each pod.

use std::num::NonZeroU16;

use eastwest_mesh::forwarding::Remark;
use eastwest_mesh::{Dialect, Severity};

use super::Converted;
use super::clusters::{ClusterArgs, Clusters, Who};
use super::comment;
use super::error::ConvertError;

mod objects;
mod routes;

use objects::GatewayName;
use routes::Routes;

const ABOUT: &str = "TLSRoutes in place of an east-west gateway, by `eastwest convert tlsroute`, for \
                     an implementation of the Gateway API with TLSRoute v1 (in the standard channel \
                     since 1.5). Hostnames there have no underscore, so that clients must send the \
                     plain name of a route instead of outbound_.PORT_._.HOST: give the alias a \
                     DestinationRule with tls.mode ISTIO_MUTUAL and tls.sni, which an Istio sidecar \
                     and eastwest-shim both send as it stands. An Istio gateway with AUTO_PASSTHROUGH \
                     does not know such a name: change the clients when this one is in place.";

/// For TLSRoutes.
#[derive(clap::Args)]
pub(super) struct TlsRouteArgs {
    #[command(flatten)]
    clusters: ClusterArgs,
    /// GatewayClass of the implementation
    #[arg(long, value_name = "NAME")]
    gateway_class: String,
    /// Namespace and name of the Gateway
    #[arg(
        long,
        value_name = "NAMESPACE/NAME",
        default_value = "eastwest/east-west"
    )]
    gateway: GatewayName,
    /// Port of the Gateway [default: that of the servers of Istio's]
    #[arg(long, value_name = "PORT")]
    port: Option<NonZeroU16>,
}

pub(super) fn convert(args: &TlsRouteArgs) -> Result<Converted, ConvertError> {
    let Clusters { forwarding, files } = args.clusters.read()?;
    let mut remarks = forwarding.remarks.clone();
    let routes = Routes::of(&forwarding, args.clusters.pods(), &mut remarks);
    remarks.extend(without_alpn(&routes, args.clusters.pods()));
    let mut text = String::new();
    comment::heading(&mut text, &[ABOUT, args.clusters.pods().dialled()], &files);
    comment::differences(&mut text, &[], &remarks);
    let port = args.port.or(forwarding.port);
    objects::gateway(
        &mut text,
        args,
        port.map_or(15443, NonZeroU16::get),
        &routes,
    );
    for route in &routes.all {
        objects::route(&mut text, &args.gateway, route);
    }
    Ok(Converted {
        text,
        remarks,
        assumed: args.clusters.assumed(),
    })
}

/// Nothing in a TLSRoute tells what protocols a client offers.
fn without_alpn(routes: &Routes, pods: Who) -> Option<Remark> {
    let mut names = routes.all.iter().flat_map(|route| &route.target.names);
    names.find(|name| name.dialect == Dialect::Istio)?;
    let route = routes.all.first()?;
    let judge = match pods {
        Who::Eastwest => "eastwest-shim refuses whoever has no certificate",
        Who::Istio => {
            "Istio's sidecar passes foreign TLS on to the app unless PeerAuthentication is STRICT"
        }
    };
    Some(Remark {
        severity: Severity::Warning,
        origin: route.target.allowed.clone(),
        message: format!(
            "AUTO_PASSTHROUGH lets only clients through that offer an ALPN protocol of Istio's, and \
             a TLSRoute whoever sends the name: {judge}"
        ),
    })
}
