//! What can go wrong between the capture step and the kernel, in words for whoever reads the log.

use std::io;
use std::net::IpAddr;
use std::num::NonZeroU16;

use rustix::io::Errno;

use super::netlink::NetlinkError;
use super::range::VirtualRange;

/// Why redirect rules could not be laid, read or removed.
#[derive(Debug, thiserror::Error)]
pub enum CaptureError {
    /// EPERM. A capability added to a uid other than 0 is not effective in a container: the
    /// kernel drops it at exec, and Kubernetes sets no ambient capabilities.
    #[error(
        "{doing}: not permitted: redirect rules need CAP_NET_ADMIN as uid 0: \
         securityContext: {{runAsUser: 0, capabilities: {{drop: [ALL], add: [NET_ADMIN]}}}}"
    )]
    NotPermitted {
        /// What was tried.
        doing: String,
    },
    /// Questions that the resolver passes on would come back to it.
    #[error(
        "--dns needs a --shim-uid: what the resolver itself asks the cluster's name servers is told \
         from the questions of apps by its uid alone"
    )]
    DnsWithoutUid,
    /// Connections and questions would come to one port.
    #[error(
        "--dns-port and --outbound-port are both {0}: questions to name servers and connections to \
         virtual IPs cannot come to one port"
    )]
    OnePort(NonZeroU16),
    /// All that the pod says to its neighbours would come to the shim.
    #[error(
        "--range {range} holds {address}, an address of this pod: all its connections to the network that \
         it is in would go to the shim; give ranges that no pod, node or Service has"
    )]
    OwnAddress {
        /// The range.
        range: VirtualRange,
        /// The pod's.
        address: IpAddr,
    },
    /// No nf_tables in the kernel.
    #[error(
        "this kernel has no nf_tables (CONFIG_NF_TABLES, CONFIG_NF_TABLES_INET): mode `redirect` \
         cannot work on this node; load the module nf_tables there, or use mode `vip` or `port`"
    )]
    NoNfTables,
    /// nf_tables lacks a part.
    #[error(
        "{doing}: {reason}: this kernel's nf_tables lacks a part; it needs the modules nft_chain_nat, \
         nft_redir, nft_ct, nft_reject_inet and nf_conntrack (on the node: `modprobe -a` them)"
    )]
    MissingPart {
        /// The rule or chain that was refused.
        doing: String,
        /// The kernel's word.
        reason: io::Error,
    },
    /// Any other refusal.
    #[error("{doing}: the kernel refused: {reason}")]
    Refused {
        /// What was tried.
        doing: String,
        /// The kernel's word.
        reason: io::Error,
    },
    /// The talk with the kernel broke off.
    #[error("{doing}: {reason}")]
    Conversation {
        /// What was tried.
        doing: String,
        /// How it broke off.
        reason: String,
    },
    /// What was laid or found could not be printed.
    #[error("writing to standard output: {0}")]
    Output(#[from] io::Error),
}

impl CaptureError {
    /// Whether the flags are at fault, and not the kernel or the rights.
    pub(super) const fn is_usage(&self) -> bool {
        matches!(
            self,
            Self::DnsWithoutUid | Self::OnePort(_) | Self::OwnAddress { .. }
        )
    }

    /// The words for `error`, which answered the request called `doing`.
    pub(super) fn from_netlink(doing: impl Into<String>, error: NetlinkError) -> Self {
        let doing = doing.into();
        match error {
            NetlinkError::Refused { errno, .. } => Self::from_errno(doing, errno),
            NetlinkError::Socket(Errno::PROTONOSUPPORT) => Self::NoNfTables,
            NetlinkError::Socket(Errno::MSGSIZE) => Self::Conversation {
                doing,
                reason: "too many ranges for one transaction: give fewer and wider ones".to_owned(),
            },
            NetlinkError::Socket(Errno::AGAIN) => Self::Conversation {
                doing,
                reason: "the kernel did not answer within 5 s".to_owned(),
            },
            other => Self::Conversation {
                doing,
                reason: other.to_string(),
            },
        }
    }

    fn from_errno(doing: String, errno: Errno) -> Self {
        let reason = io::Error::from(errno);
        match errno {
            Errno::PERM | Errno::ACCESS => Self::NotPermitted { doing },
            Errno::NOENT | Errno::OPNOTSUPP | Errno::PROTONOSUPPORT | Errno::AFNOSUPPORT => {
                Self::MissingPart { doing, reason }
            }
            _ => Self::Refused { doing, reason },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(errno: Errno) -> String {
        let error = NetlinkError::Refused { request: 0, errno };
        CaptureError::from_netlink("laying table inet eastwest", error).to_string()
    }

    #[test]
    fn says_which_security_context_a_refusal_for_lack_of_rights_needs() {
        let text = refused(Errno::PERM);
        assert!(
            text.contains("{runAsUser: 0, capabilities: {drop: [ALL], add: [NET_ADMIN]}}"),
            "{text}"
        );
    }

    #[test]
    fn names_the_modules_where_the_kernel_knows_no_such_expression() {
        assert!(refused(Errno::NOENT).contains("nft_redir"));
    }

    #[test]
    fn says_that_nf_tables_is_missing_where_the_socket_is_refused() {
        let error = NetlinkError::Socket(Errno::PROTONOSUPPORT);
        let text = CaptureError::from_netlink("laying", error).to_string();
        assert!(text.starts_with("this kernel has no nf_tables"), "{text}");
    }
}
