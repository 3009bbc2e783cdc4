//! The table read back from the kernel, whatever somebody may have made of it.

use rustix::io::Errno;

use super::super::attribute::{Attributes, Parsed};
use super::super::compile::decompile;
use super::super::error::CaptureError;
use super::super::expression;
use super::super::installed::{Installed, InstalledChain, InstalledRule};
use super::super::netlink::{Netlink, NetlinkError};
use super::super::ruleset::{Attachment, Hook, TABLE};
use super::{Operation, message, named_table};

/// Length of `struct nfgenmsg`.
const FAMILY_HEADER: usize = 4;
/// `NFT_TABLE_F_DORMANT`.
const DORMANT: u32 = 1;
/// `NF_ACCEPT`.
const POLICY_ACCEPT: u32 = 1;

/// What the table holds now; `None` if there is no such table.
///
/// # Errors
/// [`CaptureError`], if the kernel refuses (reading needs the same rights as laying).
pub fn installed() -> Result<Option<Installed>, CaptureError> {
    let doing = format!("reading table inet {TABLE}");
    let failed = |error| CaptureError::from_netlink(doing.clone(), error);
    let mut netlink = Netlink::netfilter().map_err(failed)?;

    let get = message(Operation::GetTable, &named_table()).acknowledged();
    let table = match netlink.exchange(&[get]) {
        Err(NetlinkError::Refused {
            errno: Errno::NOENT,
            ..
        }) => return Ok(None),
        // A kernel without the subsystem knows no such message.
        Err(NetlinkError::Refused {
            errno: Errno::INVAL | Errno::OPNOTSUPP,
            ..
        }) => {
            return Err(CaptureError::NoNfTables);
        }
        answer => answer.map_err(failed)?,
    };
    let flags = table
        .first()
        .and_then(|body| attributes(body)?.be32(2))
        .unwrap_or(0);

    let all = message(Operation::GetChain, &Attributes::new());
    let mut chains: Vec<InstalledChain> = netlink
        .dump(all)
        .map_err(failed)?
        .iter()
        .filter_map(|body| installed_chain(&attributes(body)?))
        .collect();

    let ours = message(Operation::GetRule, &named_table());
    for body in netlink.dump(ours).map_err(failed)? {
        let Some((chain, rule)) = attributes(&body).and_then(|a| installed_rule(&a)) else {
            continue;
        };
        if let Some(chain) = chains.iter_mut().find(|c| c.name == chain) {
            chain.rules.push(rule);
        }
    }
    Ok(Some(Installed {
        dormant: flags & DORMANT != 0,
        chains,
    }))
}

fn installed_chain(chain: &Parsed<'_>) -> Option<InstalledChain> {
    if chain.string(1)? != TABLE {
        return None;
    }
    let attachment = chain.nested(4).and_then(|hook| {
        Some(Attachment {
            chain_type: chain.string(7)?.to_owned(),
            hook: Hook::from_number(hook.be32(1)?),
            priority: hook.be32(2)?.cast_signed(),
            accept: chain.be32(5)? == POLICY_ACCEPT,
        })
    });
    Some(InstalledChain {
        name: chain.string(3)?.to_owned(),
        attachment,
        rules: Vec::new(),
    })
}

fn installed_rule<'a>(rule: &Parsed<'a>) -> Option<(&'a str, InstalledRule)> {
    if rule.string(1)? != TABLE {
        return None;
    }
    let expressions = rule
        .nested(4)
        .map(|list| expression::decode(&list))
        .unwrap_or_default();
    let rule_read = decompile(&expressions).map_or_else(
        || InstalledRule::foreign(&expressions),
        InstalledRule::Readable,
    );
    Some((rule.string(2)?, rule_read))
}

fn attributes(body: &[u8]) -> Option<Parsed<'_>> {
    Parsed::parse(body.get(FAMILY_HEADER..)?).ok()
}
