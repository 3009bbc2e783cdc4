//! The annotation `eastwest.dev/service-port`: `23306`, or `3306=23306`, or `HOST:3306=23306` where
//! the ServiceEntry has several ports or hosts; several of these with commas between them.

use std::num::NonZeroU16;

use crate::code::Code;
use crate::fields::Field;
use crate::finding::Located;
use crate::hostname::Hostname;
use crate::kinds::service_entry::Port;
use crate::object::{Object, SERVICE_PORT};
use crate::report::Report;

/// Below it a port needs a capability.
const LOWEST: u16 = 1024;

/// The port that mode `service` takes for a port of an alias.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ServicePort {
    host: Option<Hostname>,
    port: Option<NonZeroU16>,
    pub(crate) number: NonZeroU16,
}

impl ServicePort {
    pub(crate) fn is_for(&self, host: &Hostname, port: NonZeroU16) -> bool {
        self.host.as_ref().is_none_or(|own| own == host) && self.port.is_none_or(|own| own == port)
    }
}

/// What can't be read, or is for nothing of this ServiceEntry, takes its aliases down: Services that
/// lead to the port that was meant may have been applied already.
pub(super) fn read(
    object: &Object<'_>,
    hosts: &[Located<Hostname>],
    ports: &[Port],
    report: &Report,
) -> Vec<Located<ServicePort>> {
    let Some(text) = object.annotation(SERVICE_PORT).and_then(Field::text) else {
        return Vec::new();
    };
    let wrong = |message: String| {
        report.error_with_fix(
            Code::Annotation,
            text.origin.mark(),
            message,
            "write a port from 1024 to 65535, quoted; HOST:PORT=NUMBER where there are several",
        );
        None
    };
    let items = text.value.split(',').map(str::trim).filter_map(|item| {
        let Some(value) = parse(item) else {
            return wrong(format!("{SERVICE_PORT}: {item:?} is no port to listen at"));
        };
        let mut all = hosts
            .iter()
            .flat_map(|host| ports.iter().map(move |port| (host, port)));
        if !all.any(|(host, port)| value.is_for(&host.value, port.number)) {
            return wrong(format!(
                "{SERVICE_PORT}: {item:?} is for no host and port of this ServiceEntry"
            ));
        }
        Some(Located {
            value,
            origin: text.origin.clone(),
        })
    });
    items.collect()
}

fn parse(item: &str) -> Option<ServicePort> {
    let (whose, number) = match item.rsplit_once('=') {
        Some((whose, number)) => (Some(whose), number),
        None => (None, item),
    };
    let (host, port) = match whose.map(|whose| whose.rsplit_once(':').ok_or(whose)) {
        None => (None, None),
        Some(Ok((host, port))) => (Some(host.parse().ok()?), Some(port.parse().ok()?)),
        Some(Err(port)) => (None, Some(port.parse().ok()?)),
    };
    let number: NonZeroU16 = number.parse().ok()?;
    (number.get() >= LOWEST).then_some(ServicePort { host, port, number })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_may_say_whose_it_is() {
        let db: Hostname = "src-db-0.pxc.svc.cluster.local".parse().unwrap();
        let web: Hostname = "src-web-0.pxc.svc.cluster.local".parse().unwrap();
        let (mysql, x) = (
            NonZeroU16::new(3306).unwrap(),
            NonZeroU16::new(33060).unwrap(),
        );
        for (text, is_for) in [
            ("23306", [true, true, true]),
            ("3306=23306", [true, false, true]),
            (
                "src-db-0.pxc.svc.cluster.local:3306=23306",
                [true, false, false],
            ),
        ] {
            let read = parse(text).unwrap();
            assert_eq!(read.number.get(), 23306, "{text}");
            let found = [(&db, mysql), (&db, x), (&web, mysql)];
            assert_eq!(
                found.map(|(host, port)| read.is_for(host, port)),
                is_for,
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_no_unprivileged_port_is_refused() {
        for text in [
            "",
            "0",
            "80",
            "1023",
            "65536",
            "x",
            "3306=",
            "=23306",
            "a b:3306=23306",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
