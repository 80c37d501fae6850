//! What the rules say, for people and for `nft -f`; [`super::batch`] says the same to the kernel.

use std::fmt;

/// The name of our tables.
pub(super) const TABLE: &str = "outrider";

/// Before the place of destination NAT (-100), and so before a mesh that redirects everything there: an application's
/// call comes to us, and what we send goes to the mesh.
pub(super) const NAT_PRIORITY: i32 = -110;

/// Where clients speak TLS, and HTTP/3.
pub(super) const HTTPS: u16 = 443;

/// What is to be redirected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// Whose connections are let through: our own.
    pub own: Own,
    /// Where redirected connections are taken.
    pub port: u16,
}

/// How our own connections are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Own {
    /// By the user who opened them.
    Uid(u32),
    /// By the group.
    Gid(u32),
}

/// Which addresses a table is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// IPv4 and IPv6.
    Inet,
    /// IPv4.
    Ipv4,
    /// IPv6.
    Ipv6,
}

impl Family {
    /// As `nft` calls it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Inet => "inet",
            Self::Ipv4 => "ip",
            Self::Ipv6 => "ip6",
        }
    }
}

impl Own {
    fn expression(self) -> String {
        match self {
            Self::Uid(id) => format!("meta skuid {id}"),
            Self::Gid(id) => format!("meta skgid {id}"),
        }
    }
}

impl fmt::Display for Own {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Uid(id) => write!(f, "user {id}"),
            Self::Gid(id) => write!(f, "group {id}"),
        }
    }
}

impl Rules {
    /// What removes them, whether they are there or not.
    pub fn removal(&self, family: Family) -> String {
        let family = family.as_str();
        format!("table {family} {TABLE}\ndelete table {family} {TABLE}\n")
    }

    /// The rules as `nft` writes them; a table that is there already is replaced.
    pub fn text(&self, family: Family) -> String {
        let (own, port, removal) = (self.own.expression(), self.port, self.removal(family));
        let family = family.as_str();
        format!(
            "\
{removal}table {family} {TABLE} {{
\tchain output_nat {{
\t\ttype nat hook output priority {NAT_PRIORITY}; policy accept;
\t\t{own} counter return
\t\toifname \"lo\" counter return
\t\ttcp dport {HTTPS} counter redirect to :{port}
\t}}

\tchain output_filter {{
\t\ttype filter hook output priority 0; policy accept;
\t\t{own} return
\t\toifname \"lo\" return
\t\tudp dport {HTTPS} counter reject
\t}}
}}
"
        )
    }
}
