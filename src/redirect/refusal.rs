//! Why the kernel does not do it, in words that help.

use std::fmt;
use std::io;

/// The kernel's no.
#[derive(Debug)]
pub struct Refusal {
    does: String,
    error: io::Error,
}

impl Refusal {
    pub(super) fn new(does: &str, error: io::Error) -> Self {
        Self { does: does.to_owned(), error }
    }

    /// We may not.
    pub fn is_forbidden(&self) -> bool {
        matches!(self.error.raw_os_error(), Some(libc::EPERM | libc::EACCES))
    }

    /// The kernel knows no such table or chain. (It says ENOENT for a kind of chain that it does not have.)
    pub fn is_unsupported(&self) -> bool {
        let code = self.error.raw_os_error();
        matches!(
            code,
            Some(libc::ENOENT | libc::EOPNOTSUPP | libc::EAFNOSUPPORT | libc::EPROTONOSUPPORT | libc::EINVAL)
        )
    }

    fn help(&self) -> &'static str {
        match self.error.raw_os_error() {
            Some(libc::EPERM | libc::EACCES) => {
                "it takes the capability NET_ADMIN, and root: `securityContext: {runAsUser: 0, capabilities: {add: \
                 [NET_ADMIN]}}`"
            }
            Some(libc::EPROTONOSUPPORT | libc::EAFNOSUPPORT) => "this kernel has no nf_tables (CONFIG_NF_TABLES)",
            Some(libc::ENOENT | libc::EOPNOTSUPP) => {
                "this kernel lacks a part of nf_tables (CONFIG_NF_TABLES_INET, NFT_NAT, NFT_REDIR, NFT_REJECT, NFT_CT)"
            }
            Some(libc::EBUSY) => "somebody else is changing this table",
            Some(libc::ENOMEM | libc::ENOBUFS) => "the kernel has no memory for it",
            _ if self.error.kind() == io::ErrorKind::WouldBlock => "the kernel did not answer",
            _ => "nothing was changed",
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the kernel refuses to {}: {}\n    help: {}", self.does, self.error, self.help())
    }
}

impl std::error::Error for Refusal {}
