//! `CONNECT host:port`: how a client asks a forward proxy for a connection (RFC 9110, 9.3.6).
//!
//! Pure: the head of the request in, where the client wants to go out, or why that cannot be. What is done about it is
//! [`super::ways`]' part.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};

/// Where a client asks to be connected to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Asked {
    pub(super) host: Host,
    pub(super) port: u16,
}

/// A host as it can be asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Host {
    /// A name of the DNS, in lower case and without a final dot.
    Name(String),
    /// An address, which no certificate of ours is made for.
    Address(IpAddr),
}

impl Asked {
    /// Where it is reached, where the client says so.
    pub(super) fn address(&self) -> Option<SocketAddr> {
        match self.host {
            Host::Name(_) => None,
            Host::Address(ip) => Some(SocketAddr::new(ip, self.port)),
        }
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::Address(IpAddr::V6(address)) => write!(f, "[{address}]"),
            Self::Address(address) => write!(f, "{address}"),
        }
    }
}

impl Host {
    /// The name, where it is one.
    pub(super) fn name(&self) -> Option<&str> {
        match self {
            Self::Name(name) => Some(name),
            Self::Address(_) => None,
        }
    }
}

/// Where the head of a request ends in `bytes`, which hold it whole.
pub(super) fn end_of_head(bytes: &[u8]) -> usize {
    let at = |end: &[u8]| memchr::memmem::find(bytes, end).map(|at| at + end.len());
    [at(b"\r\n\r\n"), at(b"\n\n")].into_iter().flatten().min().unwrap_or(bytes.len())
}

/// What the head of a `CONNECT` request asks for, or what is wrong with it, for its sender.
pub(super) fn parse(head: &[u8]) -> Result<Asked, String> {
    let line = head.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let line = std::str::from_utf8(line).map_err(|_| "the request line is not text".to_owned())?;
    let mut words = line.split(' ');
    let (Some("CONNECT"), Some(authority), Some(version), None) =
        (words.next(), words.next(), words.next(), words.next())
    else {
        return Err("the request line is not `CONNECT host:port HTTP/1.1`".to_owned());
    };
    if !matches!(version, "HTTP/1.1" | "HTTP/1.0") {
        return Err(format!("`{}` is no version of HTTP that has CONNECT", shown(version)));
    }
    target(authority)
}

/// What `host:port` asks for. The port has to be said.
pub(super) fn target(authority: &str) -> Result<Asked, String> {
    let (host, port) = authority.rsplit_once(':').unwrap_or((authority, ""));
    if port.is_empty() || host.ends_with(':') {
        return Err(format!("`{}` has no port", shown(authority)));
    }
    let number = Some(port).filter(|port| port.len() <= 5 && port.bytes().all(|b| b.is_ascii_digit()));
    match number.and_then(|port| port.parse().ok()).filter(|port| *port > 0) {
        Some(port) => Ok(Asked { host: self::host(host)?, port }),
        None => Err(format!("`{}` is no port", shown(port))),
    }
}

/// A host as it stands before a port: a name, an IPv4 address, or an IPv6 address in brackets.
pub(super) fn host(text: &str) -> Result<Host, String> {
    if let Some(address) = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        let address = address.parse::<Ipv6Addr>();
        return address
            .map(|address| Host::Address(IpAddr::V6(address).to_canonical()))
            .map_err(|_| format!("`{}` is no IPv6 address", shown(text)));
    }
    if let Ok(address) = text.parse::<std::net::Ipv4Addr>() {
        return Ok(Host::Address(address.into()));
    }
    name(text).map(Host::Name)
}

/// A name that the DNS can know (RFC 1123, 2.1; RFC 1035, 2.3.4), in lower case.
pub(super) fn name(text: &str) -> Result<String, String> {
    let bare = text.strip_suffix('.').unwrap_or(text);
    let wrong = |what: &str| Err(format!("`{}` is no host name: {what}", shown(text)));
    if bare.is_empty() {
        return wrong("it is empty");
    }
    if !bare.is_ascii() {
        return wrong("international names are written in ASCII, as `xn--...`");
    }
    if bare.len() > 253 {
        return wrong("it is over 253 characters");
    }
    for label in bare.split('.') {
        if label.is_empty() || label.len() > 63 {
            return wrong("what stands between two dots is 1 to 63 characters");
        }
        if label.contains('*') {
            return wrong("a wildcard is no host");
        }
        // The underscore is not in the RFC, but in names that resolve.
        let plain = label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
        if !plain || label.starts_with('-') || label.ends_with('-') {
            return wrong("letters, digits, `-` and `_` make a name");
        }
    }
    // `127.1`, `0x7f000001` and `2130706433` are addresses to C libraries: nobody is to mean one without saying so.
    let last = bare.rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
    let hexadecimal = last.strip_prefix("0x").is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_hexdigit()));
    if hexadecimal || last.bytes().all(|byte| byte.is_ascii_digit()) {
        return wrong("an address has four numbers below 256");
    }
    Ok(bare.to_ascii_lowercase())
}

/// A piece of what a client sent, as it may stand in an answer: short, printable, in one line.
fn shown(text: &str) -> String {
    text.chars().take(64).map(|c| if c.is_ascii_graphic() && c != '`' { c } else { '?' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, expected: Result<&str, &str>) {
        for (end, before) in [("\r\n", "\r\n"), ("\n", "\n"), ("\r\n", "\r\nhost: other.example\r\n")] {
            let parsed = parse(format!("{line}{before}{end}").as_bytes());
            let told = parsed.map(|asked| format!("{} {}", asked.host, asked.port));
            match (&told, expected) {
                (Ok(told), Ok(expected)) => assert_eq!(told, expected, "{line}"),
                (Err(why), Err(word)) => assert!(why.contains(word), "{line}: `{word}` is missing in `{why}`"),
                _ => panic!("{line}: {told:?}, not {expected:?}"),
            }
        }
    }

    #[test]
    fn what_can_be_asked_for_is_understood() {
        for version in ["1.0", "1.1"] {
            let check = |authority: &str, expected| check(&format!("CONNECT {authority} HTTP/{version}"), Ok(expected));
            check("api.openai.com:443", "api.openai.com 443");
            check("API.OpenAI.com.:443", "api.openai.com 443");
            check("localhost:65535", "localhost 65535");
            check("10.1.2.3:6443", "10.1.2.3 6443");
            check("[2001:db8::1]:443", "[2001:db8::1] 443");
            check("[::ffff:169.254.169.254]:80", "169.254.169.254 80");
            check("my_service.ns:80", "my_service.ns 80");
            check("xn--mnchen-3ya.example:443", "xn--mnchen-3ya.example 443");
            check("3com.example:443", "3com.example 443");
        }
    }

    #[test]
    fn what_cannot_is_refused_with_the_reason() {
        let long_label = format!("{}.example:443", "a".repeat(64));
        let longer_label = format!("{}.example:443", "a".repeat(255));
        let long_name = format!("{}com:443", "abcdefg.".repeat(40));
        for (authority, word) in [
            ("api.openai.com", "port"),
            ("api.openai.com:", "port"),
            ("api.openai.com:0", "port"),
            ("api.openai.com:65536", "port"),
            ("api.openai.com:+443", "port"),
            ("api.openai.com:https", "port"),
            (":443", "empty"),
            (".:443", "empty"),
            ("a..b:443", "between two dots"),
            (&long_label, "63"),
            (&longer_label, "253"),
            (&long_name, "253"),
            ("*.openai.azure.com:443", "wildcard"),
            ("münchen.example:443", "ASCII"),
            ("user@api.openai.com:443", "letters"),
            ("https://api.openai.com:443", "letters"),
            ("api.openai.com/v1:443", "letters"),
            ("-a.example:443", "letters"),
            ("2001:db8::1:443", "letters"),
            ("::1", "port"),
            ("[::1:443", "letters"),
            ("[]:443", "IPv6"),
            ("[api.openai.com]:443", "IPv6"),
            ("[fe80::1%eth0]:443", "IPv6"),
            ("127.1:80", "four numbers"),
            ("2130706433:80", "four numbers"),
            ("0x7f000001:80", "four numbers"),
            ("256.1.1.1:80", "four numbers"),
            ("0177.0.0.1:80", "four numbers"),
        ] {
            check(&format!("CONNECT {authority} HTTP/1.1"), Err(word));
        }
        for line in ["CONNECT", "CONNECT ", "CONNECT a:1", "CONNECT  a:1 HTTP/1.1", "CONNECT a:1 HTTP/1.1 x"] {
            check(line, Err("CONNECT host:port"));
        }
        check("CONNECT a:1 HTTP/2.0", Err("version"));
        assert!(parse(b"CONNECT \xff:443 HTTP/1.1\r\n\r\n").unwrap_err().contains("text"));
        let why = parse("CONNECT a\u{1b}[31m`:443 HTTP/1.1\r\n\r\n".as_bytes()).unwrap_err();
        assert!(why.chars().all(|c| !c.is_control()), "{why:?}");
    }
}
