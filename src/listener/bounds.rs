//! Where a client may be connected to.
//!
//! Whoever can open a connection here could have opened the other one himself, as long as it is a program on this
//! machine; so only two kinds of address are closed: our own, because that way leads in a circle; and those of the
//! network's own link, where clouds hand out the credentials of the machine to whoever asks.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

/// The addresses that are closed.
#[derive(Clone, Debug, Default)]
pub struct Bounds {
    /// Where this process listens.
    pub own: Vec<SocketAddr>,
    /// The link's own addresses may be asked for.
    pub link_local: bool,
}

/// Why nobody is connected to an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Closed {
    Ourselves,
    LinkLocal,
}

impl fmt::Display for Closed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ourselves => "it leads back to this very listener",
            Self::LinkLocal => {
                "link-local addresses, where clouds give out credentials, are closed; \
                 `listen: {link_local: true}` opens them"
            }
        })
    }
}

/// Where clouds answer that are not link-local: AWS over IPv6, Google over IPv6, Azure's host, Alibaba, Oracle.
const METADATA: [IpAddr; 5] = [
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254)),
    IpAddr::V6(Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254)),
    IpAddr::V4(Ipv4Addr::new(168, 63, 129, 16)),
    IpAddr::V4(Ipv4Addr::new(100, 100, 100, 200)),
    IpAddr::V4(Ipv4Addr::new(192, 0, 0, 192)),
];

/// Names under which clouds answer, whatever they resolve to.
const METADATA_NAMES: [&str; 2] = ["metadata.google.internal", "metadata.goog"];

impl Bounds {
    /// Why nobody is connected to `address`.
    pub(super) fn closed(&self, address: SocketAddr) -> Option<Closed> {
        if self.is_ours(address) {
            return Some(Closed::Ourselves);
        }
        (!self.link_local && is_of_the_link(meant(address.ip()))).then_some(Closed::LinkLocal)
    }

    /// Why nobody is connected to the host of this name, where the name alone says it.
    pub(super) fn closed_name(&self, name: &str) -> Option<Closed> {
        (!self.link_local && METADATA_NAMES.contains(&name)).then_some(Closed::LinkLocal)
    }

    /// Whether `address` is where this process listens.
    pub(super) fn is_ours(&self, address: SocketAddr) -> bool {
        let ip = meant(address.ip());
        self.own.iter().filter(|own| own.port() == address.port()).any(|own| {
            // Connecting to "any address" is connecting to this machine; listening at it is listening at all of them.
            own.ip() == ip || ip.is_unspecified() || own.ip().is_unspecified() && is_of_this_machine(ip)
        })
    }

    /// Whether one of our listeners has this port.
    pub(super) fn is_our_port(&self, port: u16) -> bool {
        self.own.iter().any(|own| own.port() == port)
    }
}

/// The address behind an address: IPv4 in its IPv6 clothes, RFC 4291's and those of NAT64 (RFC 6052).
fn meant(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V6(v6) => match v6.segments() {
            [0x64, 0xff9b, 0, 0, 0, 0, high, low] => IpAddr::V4(Ipv4Addr::from(u32::from(high) << 16 | u32::from(low))),
            _ => IpAddr::V6(v6),
        },
        v4 => v4,
    }
}

fn is_of_the_link(ip: IpAddr) -> bool {
    let link = match ip {
        IpAddr::V4(ip) => ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_unicast_link_local(),
    };
    link || METADATA.contains(&ip)
}

/// Only an address of this machine can be bound.
fn is_of_this_machine(ip: IpAddr) -> bool {
    ip.is_loopback() || UdpSocket::bind((ip, 0)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(own: &str, link_local: bool, address: &str, expected: Option<Closed>) {
        let bounds = Bounds { own: vec![own.parse().unwrap()], link_local };
        assert_eq!(bounds.closed(address.parse().unwrap()), expected, "{own}, {address}");
    }

    #[test]
    fn what_leads_back_is_closed() {
        let ours = Some(Closed::Ourselves);
        for (own, address, expected) in [
            ("127.0.0.1:7878", "127.0.0.1:7878", ours),
            ("127.0.0.1:7878", "[::ffff:127.0.0.1]:7878", ours),
            ("127.0.0.1:7878", "0.0.0.0:7878", ours),
            ("127.0.0.1:7878", "[::]:7878", ours),
            ("127.0.0.1:7878", "127.0.0.1:7879", None),
            ("127.0.0.1:7878", "127.0.0.2:7878", None),
            ("127.0.0.1:7878", "[::1]:7878", None),
            ("0.0.0.0:7878", "127.0.0.2:7878", ours),
            ("0.0.0.0:7878", "203.0.113.7:7878", None),
            ("[::]:7878", "127.0.0.1:7878", ours),
        ] {
            check(own, true, address, expected);
        }
    }

    #[test]
    fn where_clouds_give_out_credentials_is_closed_unless_opened() {
        for address in [
            "169.254.169.254:80",
            "169.254.170.2:80",
            "[::ffff:169.254.169.254]:80",
            "[64:ff9b::169.254.169.254]:80",
            "[fe80::1]:80",
            "[febf::1]:443",
            "[fd00:ec2::254]:80",
            "168.63.129.16:80",
            "100.100.100.200:80",
        ] {
            check("127.0.0.1:1", false, address, Some(Closed::LinkLocal));
            check("127.0.0.1:1", true, address, None);
        }
        for address in ["10.0.0.1:443", "127.0.0.1:443", "[fd00::1]:443", "192.168.1.1:80", "203.0.113.1:443"] {
            check("127.0.0.1:1", false, address, None);
        }
        let bounds = Bounds::default();
        assert_eq!(bounds.closed_name("metadata.google.internal"), Some(Closed::LinkLocal));
        assert_eq!(bounds.closed_name("google.com"), None);
        assert_eq!(Bounds { link_local: true, ..bounds }.closed_name("metadata.google.internal"), None);
    }
}
