//! The table in the kernel: laid, read back, removed.
//!
//! Message and attribute numbers: `include/uapi/linux/netfilter/nfnetlink.h` and
//! `nf_tables.h`.

use rustix::io::Errno;

use super::attribute::{Attributes, Parsed};
use super::compile::{compile, decompile};
use super::error::CaptureError;
use super::expression;
use super::installed::{Installed, InstalledChain, InstalledRule};
use super::netlink::{APPEND, CREATE, Netlink, NetlinkError, Request};
use super::ruleset::{Attachment, Chain, Hook, Ruleset, TABLE};

const BATCH_BEGIN: u16 = 0x10;
const BATCH_END: u16 = 0x11;
/// `NFNL_SUBSYS_NFTABLES`.
const SUBSYSTEM: u8 = 10;
/// `NFPROTO_INET`: IPv4 and IPv6 in one table.
const FAMILY_INET: u8 = 1;
/// Length of `struct nfgenmsg`.
const FAMILY_HEADER: usize = 4;
/// `NFT_TABLE_F_DORMANT`.
const DORMANT: u32 = 1;
/// `NF_ACCEPT`.
const POLICY_ACCEPT: u32 = 1;

#[derive(Clone, Copy)]
#[repr(u8)]
enum Operation {
    NewTable = 0,
    GetTable = 1,
    DeleteTable = 2,
    NewChain = 3,
    GetChain = 4,
    NewRule = 6,
    GetRule = 7,
}

/// Lays `ruleset` in place of whatever the table holds, all or nothing: other processes see the
/// old rules or the new ones, never a part.
///
/// # Errors
/// [`CaptureError`] names the rule that the kernel refused; nothing has changed then.
pub fn lay(ruleset: &Ruleset) -> Result<(), CaptureError> {
    let table = || format!("laying table inet {TABLE}");
    // The first line makes sure that there is a table to delete.
    let mut steps = vec![
        (table(), new(Operation::NewTable, &named_table())),
        (table(), message(Operation::DeleteTable, &named_table())),
        (table(), new(Operation::NewTable, &named_table())),
    ];
    for chain in &ruleset.chains {
        let doing = format!("laying chain `{}` ({})", chain.name, chain.attachment);
        steps.push((doing, new(Operation::NewChain, &chain_attributes(chain))));
        for rule in &chain.rules {
            let attributes = Attributes::new()
                .string(1, TABLE)
                .string(2, &chain.name)
                .nested(4, &expression::encode(&compile(rule)));
            steps.push((
                format!("laying rule `{rule}`"),
                new(Operation::NewRule, &attributes),
            ));
        }
    }
    commit(steps)
}

/// Removes the table with all that is in it. False if there was none.
///
/// # Errors
/// [`CaptureError`], if the kernel refuses.
pub fn remove() -> Result<bool, CaptureError> {
    if installed()?.is_none() {
        return Ok(false);
    }
    let doing = format!("removing table inet {TABLE}");
    commit(vec![(
        doing,
        message(Operation::DeleteTable, &named_table()),
    )])?;
    Ok(true)
}

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

fn named_table() -> Attributes {
    Attributes::new().string(1, TABLE)
}

fn chain_attributes(chain: &Chain) -> Attributes {
    let Attachment {
        chain_type,
        hook,
        priority,
        accept,
    } = &chain.attachment;
    let hook = Attributes::new()
        .be32(1, hook.number())
        .be32(2, priority.cast_unsigned());
    Attributes::new()
        .string(1, TABLE)
        .string(3, &chain.name)
        .nested(4, &hook)
        .be32(5, u32::from(*accept))
        .string(7, chain_type)
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

fn message(operation: Operation, attributes: &Attributes) -> Request {
    let mut body = vec![FAMILY_INET, 0, 0, 0];
    body.extend_from_slice(attributes.as_bytes());
    Request {
        kind: u16::from_be_bytes([SUBSYSTEM, operation as u8]),
        flags: 0,
        body,
    }
}

fn new(operation: Operation, attributes: &Attributes) -> Request {
    let mut request = message(operation, attributes);
    request.flags |= CREATE | APPEND;
    request
}

/// Sends named steps as one transaction.
fn commit(steps: Vec<(String, Request)>) -> Result<(), CaptureError> {
    let bracket = |kind| Request {
        kind,
        flags: 0,
        body: vec![0, 0, 0, SUBSYSTEM],
    };
    let (names, mut requests): (Vec<_>, Vec<_>) = steps.into_iter().unzip();
    // A refusal is told of any step. Asking each for its success too would overrun the socket.
    let last = requests.pop().map(Request::acknowledged);
    let mut batch = vec![bracket(BATCH_BEGIN)];
    batch.extend(requests.into_iter().chain(last));
    batch.push(bracket(BATCH_END));

    let outcome = Netlink::netfilter().and_then(|mut netlink| netlink.exchange(&batch));
    match outcome {
        Ok(_) => Ok(()),
        // Request 0 opens the transaction: a kernel without the subsystem says so there.
        Err(NetlinkError::Refused {
            request: 0,
            errno: Errno::OPNOTSUPP | Errno::INVAL,
        }) => Err(CaptureError::NoNfTables),
        Err(error) => {
            let step = match error {
                NetlinkError::Refused { request, .. } => request.saturating_sub(1),
                _ => 0,
            };
            Err(CaptureError::from_netlink(
                names.get(step).cloned().unwrap_or_default(),
                error,
            ))
        }
    }
}
