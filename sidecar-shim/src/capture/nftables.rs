//! The table in the kernel: laid and removed here, read back in [`readback`].
//!
//! Message and attribute numbers: `include/uapi/linux/netfilter/nfnetlink.h` and
//! `nf_tables.h`.

mod readback;

use rustix::io::Errno;

use super::attribute::Attributes;
use super::compile::compile;
use super::error::CaptureError;
use super::expression;
use super::netlink::{APPEND, CREATE, Netlink, NetlinkError, Request};
use super::ruleset::{Attachment, Chain, Ruleset, TABLE};

pub use self::readback::installed;

const BATCH_BEGIN: u16 = 0x10;
const BATCH_END: u16 = 0x11;
/// `NFNL_SUBSYS_NFTABLES`.
const SUBSYSTEM: u8 = 10;
/// `NFPROTO_INET`: IPv4 and IPv6 in one table.
const FAMILY_INET: u8 = 1;

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
            errno: Errno::OPNOTSUPP,
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
