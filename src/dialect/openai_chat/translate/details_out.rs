//! Thoughts as OpenRouter's `reasoning_details`, the one form of this dialect that carries proofs.

use super::json_out::Object;
use super::reasoning::format_of;
use crate::canonical::{Reasoning, Signature};

/// Writes `reasoning_details`.
pub(super) fn write<'r>(thoughts: impl Iterator<Item = &'r Reasoning<'r>>, message: &mut Object<'_>) {
    let mut list = Object::list(message.key("reasoning_details"));
    for (index, thought) in (0..).zip(thoughts) {
        let signature = thought.signature.as_ref();
        let id = thought.id.as_deref();
        // A summary has no place for its proof: the encrypted thoughts stand beside it.
        let apart = thought.summary && signature.is_some();
        if !thought.redacted {
            let kind = Kind { summary: thought.summary, redacted: false };
            let here = signature.filter(|_| !apart);
            write_one(list.item(), kind, index, id, Some(&thought.text), here, signature);
        }
        if thought.redacted || apart {
            write_one(list.item(), Kind { summary: false, redacted: true }, index, id, None, signature, signature);
        }
    }
    list.end();
}

/// Which sort of detail it is.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Kind {
    pub summary: bool,
    pub redacted: bool,
}

/// Writes one detail: a whole thought, or what one event of a stream tells of it. `origin` names its format.
pub(super) fn write_one(
    out: &mut Vec<u8>,
    kind: Kind,
    index: u32,
    id: Option<&str>,
    text: Option<&str>,
    proof: Option<&Signature<'_>>,
    origin: Option<&Signature<'_>>,
) {
    let (name, text_in, proof_in) = match kind {
        Kind { redacted: true, .. } => ("reasoning.encrypted", "text", "data"),
        Kind { summary: true, .. } => ("reasoning.summary", "summary", "data"),
        _ => ("reasoning.text", "text", "signature"),
    };
    let mut detail = Object::begin(out);
    detail.set("type", name).maybe(text_in, text).maybe("id", id);
    if let Some(proof) = proof {
        detail.set(proof_in, format_of(proof).1);
    }
    detail.maybe("format", origin.map(|origin| format_of(origin).0)).set("index", index);
    detail.end();
}
