//! Who asks: known by a key, by headers, or by the address that a call comes from.
//!
//! A caller's key is for us alone. It is found wherever clients write theirs, and [`Known`] names every place of it, so
//! that the listener can take it out of the request before anybody else sees that. Keys are kept as digests: to look one
//! up takes as long for a wrong key as for a good one, and there is nothing to be read in memory.

use std::collections::HashMap;
use std::net::IpAddr;

use http::{HeaderMap, HeaderName, header};
use ring::digest::{SHA256, digest};
use smallvec::SmallVec;

use crate::names::CallerName;
use crate::routing::routes::Pattern;

/// Where clients write their key, the place that is for nothing else first.
const PLACES: [HeaderName; 5] = [
    HeaderName::from_static("x-outrider-key"),
    header::AUTHORIZATION,
    HeaderName::from_static("x-api-key"),
    HeaderName::from_static("api-key"),
    HeaderName::from_static("x-goog-api-key"),
];

/// Everybody that is configured. None: everybody is [`Self::EVERYBODY`].
#[derive(Debug)]
pub struct Callers {
    /// Those with a key first, those without any sign last.
    all: Vec<Caller>,
    by_key: HashMap<Digest, usize>,
    everybody: CallerName,
}

/// Who asks, and by what they are known. All that is said has to hold.
#[derive(Debug)]
pub struct Caller {
    /// The name.
    pub name: CallerName,
    /// Any of these keys.
    pub keys: Vec<Digest>,
    /// Headers, of which each has to be there.
    pub headers: Vec<(HeaderName, Vec<Pattern>)>,
    /// Any of these places.
    pub peers: Vec<Network>,
}

/// Of a key.
pub type Digest = [u8; 32];

/// What is kept of a key.
pub fn digest_of(key: &[u8]) -> Digest {
    digest(&SHA256, key).as_ref().try_into().unwrap_or_default()
}

/// Who asks, and where their key stands.
#[derive(Debug, Default)]
pub struct Known {
    /// The name. `None`: nobody of the configuration.
    pub caller: Option<CallerName>,
    /// Headers that no provider may see.
    pub headers: SmallVec<[HeaderName; 2]>,
    /// The query's `key` is one of ours.
    pub in_query: bool,
}

impl Callers {
    /// The caller where none is configured.
    pub const EVERYBODY: &str = "default";

    /// These and nobody else.
    pub fn new(mut all: Vec<Caller>) -> Self {
        all.sort_by_key(|caller| match caller {
            Caller { keys, .. } if !keys.is_empty() => 0,
            Caller { headers, peers, .. } if !headers.is_empty() || !peers.is_empty() => 1,
            _ => 2,
        });
        let keys = all.iter().enumerate().flat_map(|(index, caller)| caller.keys.iter().map(move |key| (*key, index)));
        Self { by_key: keys.collect(), everybody: Self::EVERYBODY.into(), all }
    }

    /// The names of all.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let everybody = self.all.is_empty().then_some(self.everybody.as_str());
        self.all.iter().map(|caller| caller.name.as_str()).chain(everybody)
    }

    /// Who sends a request with these headers and this query from `peer`.
    pub fn identify(&self, headers: &HeaderMap, query: Option<&str>, peer: Option<IpAddr>) -> Known {
        if self.all.is_empty() {
            return Known { caller: Some(self.everybody.clone()), ..Known::default() };
        }
        let (mut known, mut with_key) = (Known::default(), None);
        for place in PLACES {
            for value in headers.get_all(&place) {
                let owner = self.by_key.get(&digest_of(without_scheme(value.as_bytes())));
                if owner.is_some() {
                    known.headers.push(place.clone());
                    with_key = with_key.or(owner);
                } else if place == PLACES[0] {
                    return known; // it can mean nothing else than a caller, and there is none
                }
            }
        }
        if let Some(key) = query.and_then(key_in) {
            let key = percent_encoding::percent_decode(key.as_bytes()).collect::<Vec<u8>>();
            let owner = self.by_key.get(&digest_of(&key));
            (known.in_query, with_key) = (owner.is_some(), with_key.or(owner));
        }
        let fits = |caller: &&Caller| caller.fits(headers, peer);
        let without_key = || self.all.iter().filter(|caller| caller.keys.is_empty()).find(fits);
        let caller = match with_key {
            Some(index) => self.all.get(*index).filter(fits),
            None => without_key(),
        };
        known.caller = caller.map(|caller| caller.name.clone());
        known
    }
}

impl Default for Callers {
    fn default() -> Self {
        Self::new(Vec::new())
    }
}

impl Caller {
    fn fits(&self, headers: &HeaderMap, peer: Option<IpAddr>) -> bool {
        let has = |(name, patterns): &(HeaderName, Vec<Pattern>)| {
            let mut values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
            values.any(|value| patterns.iter().any(|pattern| pattern.matches(value)))
        };
        let near = |peer: IpAddr| self.peers.iter().any(|network| network.has(peer));
        self.headers.iter().all(has) && (self.peers.is_empty() || peer.is_some_and(near))
    }
}

/// A key as it is, or behind `Bearer`.
fn without_scheme(value: &[u8]) -> &[u8] {
    match value.split_at_checked("bearer ".len()) {
        Some((scheme, key)) if scheme.eq_ignore_ascii_case(b"bearer ") => key.trim_ascii(),
        _ => value,
    }
}

/// The query's `key`, as Gemini's clients write it.
fn key_in(query: &str) -> Option<&str> {
    query.split('&').find_map(|pair| pair.strip_prefix("key="))
}

/// `query` without its `key`.
pub fn without_key(query: &str) -> String {
    query.split('&').filter(|pair| !pair.starts_with("key=")).collect::<Vec<_>>().join("&")
}

/// Addresses that begin alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    bits: u8,
}

impl Network {
    /// `10.0.0.0/8`, `fd00::/8`, or one address.
    pub fn parse(text: &str) -> Option<Self> {
        let (address, bits) = text.split_once('/').map_or((text, None), |(address, bits)| (address, Some(bits)));
        let address: IpAddr = address.parse().ok()?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.map_or(Some(most), |bits| bits.parse().ok()).filter(|bits| *bits <= most)?;
        Some(Self { address, bits })
    }

    fn has(&self, peer: IpAddr) -> bool {
        let differs = |a: u128, b: u128, width: u32| (a ^ b).checked_shr(width - u32::from(self.bits)).unwrap_or(0);
        match (self.address, peer.to_canonical()) {
            (IpAddr::V4(own), IpAddr::V4(peer)) => differs(own.to_bits().into(), peer.to_bits().into(), 32) == 0,
            (IpAddr::V6(own), IpAddr::V6(peer)) => differs(own.to_bits(), peer.to_bits(), 128) == 0,
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn callers() -> Callers {
        let caller = |name: &str, keys: &[&str], header: Option<&str>, peer: Option<&str>| Caller {
            name: name.into(),
            keys: keys.iter().map(|key| digest_of(key.as_bytes())).collect(),
            headers: header
                .map(|value| (HeaderName::from_static("x-team"), vec![Pattern::new(value)]))
                .into_iter()
                .collect(),
            peers: peer.and_then(Network::parse).into_iter().collect(),
        };
        Callers::new(vec![
            caller("anybody", &[], None, Some("127.0.0.0/8")),
            caller("checkout", &["sk-checkout", "sk-older"], None, None),
            caller("team", &[], Some("res*"), Some("10.1.0.0/16")),
            caller("far", &["sk-far"], None, Some("fd00::/8")),
        ])
    }

    /// `headers`: `name: value`, one a line. `expected`: the caller, and the headers that have to go.
    fn check(headers: &str, query: Option<&str>, peer: &str, expected: (&str, &str, bool)) {
        let lines = headers.lines().filter_map(|line| line.split_once(": "));
        let map: HeaderMap =
            lines.map(|(name, value)| (name.parse::<HeaderName>().unwrap(), value.parse().unwrap())).collect();
        let known = callers().identify(&map, query, peer.parse().ok());
        let caller = known.caller.as_ref().map_or("-", |caller| caller.as_str());
        let places: Vec<&str> = known.headers.iter().map(HeaderName::as_str).collect();
        assert_eq!((caller, &*places.join(" "), known.in_query), expected, "{headers} {query:?} {peer}");
    }

    #[test]
    fn callers_are_known_by_what_is_said_of_them() {
        let (near, far) = ("127.0.0.1", "10.9.9.9");
        check("authorization: Bearer sk-checkout", None, far, ("checkout", "authorization", false));
        check("authorization: bearer  sk-older", None, far, ("checkout", "authorization", false));
        check("x-api-key: sk-checkout", None, far, ("checkout", "x-api-key", false));
        check("api-key: sk-checkout", None, far, ("checkout", "api-key", false));
        check("x-goog-api-key: sk-older", None, far, ("checkout", "x-goog-api-key", false));
        check("x-outrider-key: sk-older", None, far, ("checkout", "x-outrider-key", false));
        check("", Some("alt=sse&key=sk%2Dcheckout"), far, ("checkout", "", true));
        let twice = "authorization: Bearer sk-checkout\nx-api-key: sk-checkout";
        check(twice, None, far, ("checkout", "authorization x-api-key", false));
        // A provider's own key beside ours is not ours to take away.
        let both = "x-outrider-key: sk-checkout\nauthorization: Bearer sk-of-openai";
        check(both, None, far, ("checkout", "x-outrider-key", false));
        check("authorization: Bearer sk-wrong", None, far, ("-", "", false));
        check("authorization: Bearer sk-checkou", None, far, ("-", "", false));
        check("authorization: Bearer sk-of-openai", None, near, ("anybody", "", false));
        check("x-outrider-key: sk-wrong", None, near, ("-", "", false));
        check("", None, near, ("anybody", "", false));
        check("", None, "::ffff:127.0.0.1", ("anybody", "", false));
        check("", None, far, ("-", "", false));
        check("x-team: Research", None, "10.1.2.3", ("team", "", false));
        check("x-team: research", None, far, ("-", "", false));
        check("x-team: ops", None, "10.1.2.3", ("-", "", false));
        // The key is ours, whatever else does not fit.
        check("x-api-key: sk-far", None, near, ("-", "x-api-key", false));
        check("x-api-key: sk-far", None, "fd00::1", ("far", "x-api-key", false));
        check("", None, "", ("-", "", false));
    }

    #[test]
    fn without_callers_everybody_is_one() {
        let callers = Callers::default();
        assert_eq!(callers.identify(&HeaderMap::new(), None, None).caller.unwrap().as_str(), "default");
        assert_eq!(callers.names().collect::<Vec<_>>(), ["default"]);
    }

    #[test]
    fn networks() {
        for (network, peer, expected) in [
            ("10.0.0.0/8", "10.255.1.1", true),
            ("10.0.0.0/8", "11.0.0.1", false),
            ("0.0.0.0/0", "1.2.3.4", true),
            ("192.168.1.7", "192.168.1.7", true),
            ("192.168.1.7", "192.168.1.6", false),
            ("fd00::/8", "fdff::1", true),
            ("::/0", "10.0.0.1", false),
        ] {
            assert_eq!(Network::parse(network).unwrap().has(peer.parse().unwrap()), expected, "{network} {peer}");
        }
        for wrong in ["", "10.0.0.0/33", "::/129", "10.0.0/8", "x", "10.0.0.0/"] {
            assert_eq!(Network::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_query_is_the_same_without_its_key() {
        assert_eq!(without_key("alt=sse&key=x"), "alt=sse");
        assert_eq!(without_key("key=x"), "");
        assert_eq!(without_key("monkey=x"), "monkey=x");
    }
}
