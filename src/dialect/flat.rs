//! What requests have in common whose members stand side by side and are few, as Cohere's and Ollama's.

use crate::canonical::{Foreign, Lost, Request};
use crate::dialect::wire::Members;

/// Puts the client's own `members` behind those of the object in `out`.
pub fn append<'r>(out: &mut Vec<u8>, members: impl Iterator<Item = &'r Foreign<'r>>) {
    for Foreign { kind, json, .. } in members {
        out.pop();
        out.push(b',');
        out.extend(serde_json::to_vec(kind).unwrap_or_default()); // a string: cannot fail
        out.push(b':');
        out.extend_from_slice(json.as_str().as_bytes());
        out.push(b'}');
    }
}

/// Names what they have no member for. `is_own`: it can be appended.
pub fn lose(request: &Request<'_>, is_own: fn(&Foreign<'_>) -> bool, lost: &mut Lost) {
    lost.add_if(request.n.is_some_and(|n| n > 1), "n");
    lost.add_if(request.logit_bias.is_some(), "logit_bias");
    lost.add_if(request.verbosity.is_some(), "verbosity");
    lost.add_if(request.user.is_some(), "user");
    let labels = request.metadata.as_ref().and_then(|labels| labels.read::<Members<'_>>().ok());
    lost.add_if(labels.is_some_and(|labels| !labels.0.is_empty()), "metadata");
    let usual = |tier: &str| ["auto", "default"].contains(&tier);
    lost.add_if(request.service_tier.as_ref().is_some_and(|tier| !usual(tier)), "service_tier");
    lost.add_if(request.store == Some(true), "store");
    lost.add_if(request.cache_key.is_some(), "prompt_cache_key");
    lost.add_if(request.cache.is_some(), "cache_control");
    for other in request.others.iter().filter(|other| !is_own(other)) {
        lost.add(other.kind.to_string());
    }
}
