//! The hosts whose TLS is ended here.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashSet};

/// One entry of the list: `api.openai.com`, or `*.openai.azure.com` for every name below `openai.azure.com`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pattern {
    /// In lower case, without the `*.`.
    name: String,
    wildcard: bool,
}

impl Pattern {
    /// Reads an entry; an error says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let (name, wildcard) = match text.strip_prefix("*.") {
            Some(name) => (name, true),
            None => (text, false),
        };
        if name.contains('*') {
            return Err("`*` stands only for whole labels at the beginning: `*.example.com`");
        }
        if !name.is_ascii() {
            return Err("a name in other letters is written in its ASCII form, `xn--...`");
        }
        if wildcard && !name.contains('.') {
            return Err("a whole top-level domain is too much");
        }
        if name.parse::<std::net::IpAddr>().is_ok() {
            return Err("an address has no name that a certificate could be made for");
        }
        if name.ends_with('.') || !is_name(name) {
            return Err("this is not the name of a host");
        }
        Ok(Self { name: name.to_ascii_lowercase(), wildcard })
    }
}
impl std::fmt::Display for Pattern {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}{}", if self.wildcard { "*." } else { "" }, self.name)
    }
}

/// The list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hosts {
    exact: HashSet<String>,
    /// Everything below these.
    below: HashSet<String>,
}

impl FromIterator<Pattern> for Hosts {
    fn from_iter<I: IntoIterator<Item = Pattern>>(patterns: I) -> Self {
        let mut hosts = Self::default();
        for Pattern { name, wildcard } in patterns {
            if wildcard {
                hosts.below.insert(name)
            } else {
                hosts.exact.insert(name)
            };
        }
        hosts
    }
}

impl Hosts {
    /// Whether `host`, in any case and with or without the dot at its end, is one of these.
    pub fn contain(&self, host: &str) -> bool {
        let host = lower_case(host);
        is_name(&host) && (self.exact.contains(&*host) || parents(&host).any(|parent| self.below.contains(parent)))
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.exact.is_empty() && self.below.is_empty()
    }

    /// The entries, in order.
    pub fn patterns(&self) -> BTreeSet<Pattern> {
        let of = |names: &HashSet<String>, wildcard| {
            names.iter().map(move |name| Pattern { name: name.clone(), wildcard }).collect::<Vec<_>>()
        };
        of(&self.exact, false).into_iter().chain(of(&self.below, true)).collect()
    }

    /// The entries for which `permits` does not hold.
    pub(super) fn barred(&self, permits: impl Fn(&str) -> bool) -> Vec<String> {
        let barred = self.patterns().into_iter().filter(|pattern| !permits(&pattern.name));
        barred.map(|pattern| pattern.to_string()).collect()
    }

    /// The domains that an authority for these hosts is limited to; none lies within another.
    pub(super) fn subtrees(&self) -> BTreeSet<&str> {
        let all: BTreeSet<&str> = self.exact.iter().chain(&self.below).map(String::as_str).collect();
        all.iter().filter(|name| !parents(name).any(|parent| all.contains(parent))).copied().collect()
    }
}

/// `host` as names are compared here.
pub(super) fn lower_case(host: &str) -> Cow<'_, str> {
    let host = host.strip_suffix('.').unwrap_or(host);
    match host.bytes().any(|byte| byte.is_ascii_uppercase()) {
        true => Cow::Owned(host.to_ascii_lowercase()),
        false => Cow::Borrowed(host),
    }
}

/// The domains that a name lies in, the nearest first.
fn parents(name: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(name.split_once('.'), |(_, rest)| rest.split_once('.')).map(|(_, rest)| rest)
}

/// A host's name as RFC 1123 has it, and with underscores as some have it. No address: those end in a number.
pub(super) fn is_name(name: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let last = name.rsplit('.').next().unwrap_or_default();
    name.len() <= 253 && name.split('.').all(label) && !last.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts(patterns: &[&str]) -> Hosts {
        patterns.iter().map(|text| Pattern::parse(text).unwrap()).collect()
    }

    #[test]
    fn a_host_is_found_by_its_name_or_by_what_it_is_below() {
        let hosts = hosts(&["API.openai.com", "*.openai.azure.com"]);
        let check = |host: &str, expected: bool| assert_eq!(hosts.contain(host), expected, "{host}");
        check("api.openai.com", true);
        check("Api.OpenAI.Com", true);
        check("api.openai.com.", true);
        check("x.api.openai.com", false);
        check("openai.com", false);
        check("contoso.openai.azure.com", true);
        check("a.B.openai.azure.com", true);
        check("openai.azure.com", false);
        check("xopenai.azure.com", false);
        check("api.openai.com.evil.test", false);
        check("*.openai.azure.com", false);
        check(".openai.azure.com", false);
        check("a..openai.azure.com", false);
        check("a b.openai.azure.com", false);
        check("ä.openai.azure.com", false);
        check(&format!("{}.openai.azure.com", "a".repeat(64)), false);
        check(&format!("{}openai.azure.com", "a.".repeat(120)), false);
        check("127.0.0.1", false);
        check("", false);
        check(".", false);
    }

    #[test]
    fn what_is_no_host_is_refused() {
        for text in
            ["*", "*.com", "a.*.com", "127.0.0.1", "::1", "1.2.3", "müller.de", "a b", "", "a.", "*.", "-a.b", "a_b-.c"]
        {
            assert!(Pattern::parse(text).is_err(), "{text}");
        }
        assert!(Pattern::parse(&format!("{}.com", "x".repeat(64))).is_err());
        assert_eq!(Pattern::parse("*.X.y").unwrap().to_string(), "*.x.y");
        assert!(Pattern::parse("my_host.local").is_ok());
        assert!(Pattern::parse("xn--mller-kva.de").is_ok());
    }

    #[test]
    fn subtrees_do_not_lie_within_each_other() {
        let hosts = hosts(&["api.x.com", "*.x.com", "b.y.com", "c.b.y.com", "z.com"]);
        assert_eq!(hosts.subtrees().into_iter().collect::<Vec<_>>(), ["b.y.com", "x.com", "z.com"]);
    }
}
