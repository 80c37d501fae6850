//! Where a client meant to go, when it knows nothing of Outrider.
//!
//! An application that is not told of us calls a provider by its own name; what brought the connection here instead is
//! the [`Way`]. The name is what the client asked for and what the certificate of the host is checked against; the
//! address, where the client or the kernel told one, is where the host is reached, whatever the name resolves to here.

use std::net::SocketAddr;
use std::time::Duration;

use pingora_core::upstreams::peer::HttpPeer;

use super::endpoint::{self, Spec};

/// How a connection came here, that was meant for another host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// `CONNECT`, or a request with the whole address in its first line.
    Proxied,
    /// TLS straight at the listener: the host's name leads here.
    Named,
    /// The kernel redirected it.
    Redirected,
}

impl Way {
    /// The label.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Proxied => "proxied",
            Self::Named => "named",
            Self::Redirected => "redirected",
        }
    }
}

/// The host that a client was going to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// What brought it here.
    pub way: Way,
    /// The name that the client asked for, in lower case and without a final dot.
    pub host: String,
    /// The port.
    pub port: u16,
    /// Where it is reached, when that is known without asking for its name.
    pub address: Option<SocketAddr>,
    /// The client speaks TLS to it.
    pub tls: bool,
}

/// Time to connect to a host of which the operator said nothing.
const CONNECT: Duration = Duration::from_secs(5);

impl Origin {
    /// `host`, with the port where it is not the scheme's own.
    pub fn authority(&self) -> String {
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        let own = if self.tls { 443 } else { 80 };
        if self.port == own { host } else { format!("{host}:{}", self.port) }
    }

    /// Whether `authority`, of a request, means this host.
    pub fn is_meant_by(&self, authority: &str) -> bool {
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) && !host.ends_with(':') => (host, port),
            _ => (authority, ""),
        };
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        let port_fits = port.is_empty() || port.parse() == Ok(self.port);
        port_fits && bare.strip_suffix('.').unwrap_or(bare).eq_ignore_ascii_case(&self.host)
    }

    /// `address` as Pingora's connector wants it, the certificate checked for the name.
    pub fn peer(&self, address: SocketAddr) -> HttpPeer {
        let spec = Spec {
            tls: self.tls,
            host: self.host.clone(),
            port: self.port,
            connect_timeout: CONNECT,
            ca: None,
            insecure: false,
            max_connections: None,
            probe: None,
        };
        endpoint::peer(&spec, address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(host: &str, port: u16, tls: bool) -> Origin {
        Origin { way: Way::Proxied, host: host.into(), port, address: None, tls }
    }

    #[test]
    fn the_authority_has_a_port_where_it_is_not_the_schemes_own() {
        for (host, port, tls, expected) in [
            ("api.openai.com", 443, true, "api.openai.com"),
            ("api.openai.com", 80, false, "api.openai.com"),
            ("api.openai.com", 80, true, "api.openai.com:80"),
            ("localhost", 8443, true, "localhost:8443"),
            ("::1", 443, true, "[::1]"),
            ("::1", 1, true, "[::1]:1"),
        ] {
            assert_eq!(origin(host, port, tls).authority(), expected);
        }
    }

    #[test]
    fn only_its_own_name_means_a_host() {
        let host = origin("api.openai.com", 443, true);
        for (authority, expected) in [
            ("api.openai.com", true),
            ("API.OpenAI.com", true),
            ("api.openai.com.", true),
            ("api.openai.com:443", true),
            ("api.openai.com:8443", false),
            ("api.openai.com:", true),
            ("openai.com", false),
            ("api.openai.com.evil.example", false),
            ("", false),
            (":443", false),
        ] {
            assert_eq!(host.is_meant_by(authority), expected, "{authority}");
        }
        assert!(origin("::1", 8443, true).is_meant_by("[::1]:8443"));
        assert!(!origin("::1", 8443, true).is_meant_by("[::2]:8443"));
    }
}
