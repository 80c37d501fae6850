//! How a call goes to one target: as it is, or translated.

use crate::canonical::Dialect;
use crate::dialect::codec::{self, Codec};
use crate::dialect::doors;
use crate::provider::Voice;

/// How a call goes to one target.
#[derive(Clone, Copy)]
pub(super) enum Lane {
    /// Client and target speak the same dialect: bytes pass as they are.
    Native(&'static dyn Codec),
    /// The target speaks another one, or the same in another way.
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
    pub(super) fn new(dialect: Dialect, own_form: bool, voice: &Voice) -> Self {
        let vendor = codec::Flavour::Vendor;
        // On Vertex and Bedrock, Claude wants the model in the path and not in the body.
        let same_form = doors::model_in_path(dialect, voice.flavour) == doors::model_in_path(dialect, vendor);
        if dialect == voice.dialect && same_form && !own_form {
            Self::Native(codec::of(dialect))
        } else {
            Self::Translated { client: codec::of(dialect), target: codec::of(voice.dialect) }
        }
    }

    /// The client's dialect, and the target's.
    pub(super) fn codecs(&self) -> (&'static dyn Codec, &'static dyn Codec) {
        match self {
            Self::Native(codec) => (*codec, *codec),
            Self::Translated { client, target } => (*client, *target),
        }
    }

    /// The target's dialect.
    pub(super) fn target(&self) -> &'static dyn Codec {
        match self {
            Self::Native(codec) => *codec,
            Self::Translated { target, .. } => *target,
        }
    }
}
