//! What the operator named: providers, models, targets, keys.
//!
//! A name is the identity under which something is remembered over reloads (health, spend, cool-downs), so it is
//! stable, ordered and cheap to clone. Each kind has its own type, because a provider's name in the place of a
//! model's is a bug that the compiler can find.

use std::fmt;
use std::sync::Arc;

macro_rules! name {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(Arc<str>);

        impl $name {
            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.into())
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(text.into())
            }
        }

        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&self.0, f)
            }
        }
    };
}

name! {
    /// A provider as the configuration file calls it: `openai`, `azure-eu`.
    ProviderId
}

name! {
    /// A model as clients ask for it: `smart`, or `openai/gpt-5`.
    ModelName
}

name! {
    /// One model at one provider, as `provider/model`: what answers a call.
    TargetId
}

name! {
    /// Who asks, as the configuration calls them: `checkout`.
    CallerName
}

name! {
    /// One credential of one provider, as `provider#1`. Never the secret itself.
    KeyId
}

impl TargetId {
    /// The target that serves `model`, as that provider calls it, at `provider`.
    pub fn new(provider: &ProviderId, model: &str) -> Self {
        format!("{provider}/{model}").into()
    }

    /// The name of its provider.
    pub fn provider(&self) -> &str {
        self.0.split_once('/').map_or("", |(provider, _)| provider)
    }
}

impl KeyId {
    /// The `index`th credential (from 0) of `provider`.
    pub fn new(provider: &ProviderId, index: usize) -> Self {
        format!("{provider}#{}", index + 1).into()
    }
}
