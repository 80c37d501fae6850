//! How a call goes to one target: as it is, or translated.

use crate::canonical::Dialect;
use crate::dialect::codec::{self, Codec, Flavour};
use crate::dialect::doors::{self, Operation};
use crate::provider::Voice;

/// How a call goes to one target.
#[derive(Clone, Copy)]
pub(super) enum Lane {
    /// Client and target speak the same dialect: bytes pass as they are.
    Native(&'static dyn Codec),
    /// The same dialect, in forms of their own, as Claude's on Bedrock: answers and events pass as they are, and of a
    /// request changes what differs.
    Reformed {
        /// The client's.
        client: &'static dyn Codec,
        /// The target's.
        target: &'static dyn Codec,
    },
    /// The target speaks another one, or the request is of a form in which nobody is asked.
    Translated {
        /// The client's.
        client: &'static dyn Codec,
        /// The target's.
        target: &'static dyn Codec,
    },
}

impl Lane {
    /// For a client of `dialect` and a target with `voice`. `own_form`: the client's request or stream has a form in
    /// which no provider is asked.
    pub(super) fn new(
        (dialect, flavour): (Dialect, Flavour),
        operation: Operation,
        own_form: bool,
        voice: &Voice,
    ) -> Self {
        let (client, target) = (codec::spoken(dialect, flavour), codec::spoken(voice.dialect, voice.flavour));
        if dialect != voice.dialect || own_form {
            Self::Translated { client, target }
        } else if doors::same_form(dialect, flavour, voice.flavour) {
            Self::Native(client)
        } else if operation == Operation::Chat {
            Self::Reformed { client, target }
        } else {
            Self::Translated { client, target }
        }
    }

    /// The client's dialect, and the target's.
    pub(super) fn codecs(&self) -> (&'static dyn Codec, &'static dyn Codec) {
        match self {
            Self::Native(codec) => (*codec, *codec),
            Self::Reformed { client, target } | Self::Translated { client, target } => (*client, *target),
        }
    }

    /// Both, where what is said between them does not simply pass.
    pub(super) fn ends(&self) -> Option<(&'static dyn Codec, &'static dyn Codec)> {
        (!matches!(self, Self::Native(_))).then(|| self.codecs())
    }

    /// The target's dialect.
    pub(super) fn target(&self) -> &'static dyn Codec {
        match self {
            Self::Native(codec) => *codec,
            Self::Reformed { target, .. } | Self::Translated { target, .. } => *target,
        }
    }
}
