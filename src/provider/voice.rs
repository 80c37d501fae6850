//! In which dialects a provider can be spoken to, and how each is reached there.

use http::HeaderName;

use crate::canonical::Dialect;
use crate::dialect::codec::Flavour;

/// One dialect that a provider speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Voice {
    /// The dialect.
    pub dialect: Dialect,
    /// Where it is mounted below the provider's root: `/v1`, or nothing where the base URL says it all.
    pub mount: &'static str,
    /// How the key is sent.
    pub auth: AuthHeader,
    /// How it departs from the dialect's own vendor.
    pub flavour: Flavour,
    /// For which models.
    pub models: Models,
}

/// For which models a provider can be spoken to in a dialect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Models {
    /// All.
    All,
    /// Those whose names begin so, which are spoken to in no other voice.
    Only(&'static str),
    /// Those whose names contain this, beside the voices for all.
    Also(&'static str),
}

impl Models {
    /// The voice can be used for `model`.
    pub fn has(self, model: &str) -> bool {
        match self {
            Self::All => true,
            Self::Only(prefix) => model.starts_with(prefix),
            Self::Also(part) => model.contains(part),
        }
    }
}

/// How a key is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthHeader {
    /// `authorization: Bearer KEY`
    Bearer,
    /// The key alone, in the header of this (lower-case) name.
    ApiKey(&'static str),
}

impl AuthHeader {
    /// The name of the header that carries the key.
    pub fn header(self) -> HeaderName {
        match self {
            Self::Bearer => http::header::AUTHORIZATION,
            Self::ApiKey(name) => HeaderName::from_static(name),
        }
    }
}

impl Voice {
    /// The dialect as its own vendor speaks it, mounted at the base URL.
    pub const fn new(dialect: Dialect) -> Self {
        Self { dialect, mount: "", auth: AuthHeader::Bearer, flavour: Flavour::Vendor, models: Models::All }
    }

    /// The same, mounted elsewhere.
    pub const fn at(self, mount: &'static str) -> Self {
        Self { mount, ..self }
    }

    /// The same, with the key in a header of its own.
    pub const fn key_in(self, header: &'static str) -> Self {
        Self { auth: AuthHeader::ApiKey(header), ..self }
    }

    /// The same, only for models whose names begin so, and these in no other.
    pub const fn for_models(self, prefix: &'static str) -> Self {
        Self { models: Models::Only(prefix), ..self }
    }

    /// The same, for models whose names contain `part`, beside the voices that they share with all.
    pub const fn also_for(self, part: &'static str) -> Self {
        Self { models: Models::Also(part), ..self }
    }

    /// The same, as another than the vendor speaks it.
    pub const fn by(self, flavour: Flavour) -> Self {
        Self { flavour, ..self }
    }
}

/// The path below which every voice is mounted: `base_path` without the mount that the operator may have written.
pub fn root<'a>(voices: &[Voice], base_path: &'a str) -> &'a str {
    let stripped = voices.iter().filter_map(|voice| base_path.strip_suffix(voice.mount));
    stripped.min_by_key(|root| root.len()).unwrap_or(base_path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_url_may_or_may_not_name_the_mount() {
        const GEMINI: [Voice; 2] =
            [Voice::new(Dialect::Gemini).at("/v1beta"), Voice::new(Dialect::OpenAiChat).at("/v1beta/openai")];
        for base in ["", "/v1beta", "/v1beta/openai"] {
            assert_eq!(root(&GEMINI, base), "", "{base}");
        }
        assert_eq!(root(&GEMINI, "/eu/v1beta/openai"), "/eu");
        assert_eq!(root(&GEMINI, "/v1"), "/v1");
        assert_eq!(root(&[Voice::new(Dialect::OpenAiChat)], "/v1"), "/v1");
    }
}
