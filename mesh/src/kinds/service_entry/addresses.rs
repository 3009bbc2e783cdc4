//! `ServiceEntry.spec.addresses` and `status.addresses`

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::code::Code;
use crate::fields::Fields;
use crate::finding::Located;
use crate::hostname::Hostname;
use crate::object::Object;
use crate::report::Report;
use crate::yaml::{Node, Value};

/// `status.addresses[]`, written by Istio's own allocator.
#[derive(Clone, Debug)]
pub(crate) struct Allocated {
    pub(crate) host: Option<Hostname>,
    pub(crate) address: Located<IpAddr>,
}

/// An address, or a range of just one.
pub(super) fn written(spec: &mut Fields<'_>, report: &Report) -> Vec<Located<IpAddr>> {
    let mut found = Vec::new();
    for item in spec.list("addresses") {
        let Some(text) = item.text() else { continue };
        match single_address(text.value) {
            Ok(address) => found.push(report.locate(item.key, address)),
            Err((code, why)) => {
                let (path, text) = (&item.path, text.value);
                let fix = "write one IP address, or take addresses out to have one computed";
                report.error_with_fix(code, item.key, format!("{path} {text:?} {why}"), fix);
            }
        }
    }
    found
}

fn single_address(text: &str) -> Result<IpAddr, (Code, &'static str)> {
    let address = match (text.parse::<IpAddr>(), text.parse::<ipnet::IpNet>()) {
        (Ok(address), _) => address,
        (_, Ok(net)) if net.prefix_len() == net.max_prefix_len() => net.addr(),
        (_, Ok(_)) => {
            return Err((
                Code::AliasAddress,
                "is a range of addresses, and an alias has single addresses",
            ));
        }
        (Err(_), Err(_)) => return Err((Code::EntryAddress, "is no IP address")),
    };
    usable(address).map_err(|why| (Code::AliasAddress, why))
}

/// One address that an alias can have, in its one form: `::ffff:0.0.0.0` is `0.0.0.0`.
fn usable(address: IpAddr) -> Result<IpAddr, &'static str> {
    let address = address.to_canonical();
    if address.is_unspecified() || address.is_multicast() || address == Ipv4Addr::BROADCAST {
        return Err("is no address of a single host");
    }
    if matches!(
        address,
        IpAddr::V4(Ipv4Addr::LOCALHOST) | IpAddr::V6(Ipv6Addr::LOCALHOST)
    ) {
        return Err("is localhost, which belongs to the app's own pod");
    }
    Ok(address)
}

pub(super) fn allocated(object: &Object<'_>, report: &Report) -> Vec<Allocated> {
    let status = object
        .root
        .get("status")
        .and_then(|status| status.get("addresses"));
    let items = match status.map(|node| &node.value) {
        Some(Value::List(items)) => items.as_slice(),
        _ => &[],
    };
    // Written by a controller, not by a person: what is no address is passed over.
    let read = |item: &Node| {
        let value = item.get("value")?;
        let address: IpAddr = value.text()?.parse().ok()?;
        let address = match usable(address) {
            Ok(address) => report.locate(value.mark, address),
            Err(why) => {
                let message = format!("status.addresses has {address}, which {why}: not used");
                report.warning(Code::AliasAddress, value.mark, message);
                return None;
            }
        };
        let host = item.get("host").and_then(Node::text).map(str::parse);
        Some(Allocated {
            host: host.transpose().ok()?,
            address,
        })
    };
    items.iter().filter_map(read).collect()
}
