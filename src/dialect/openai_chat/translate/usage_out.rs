//! Tokens as this dialect's clients read them.

use super::json_out::Object;
use crate::canonical::Usage;

/// Writes a `usage` object.
pub(super) fn write(usage: &Usage, out: &mut Vec<u8>) {
    let (input, output) = (usage.input.unwrap_or(0), usage.output.unwrap_or(0));
    let mut object = Object::begin(out);
    object.set("prompt_tokens", input).set("completion_tokens", output);
    object.set("total_tokens", input.saturating_add(output));
    if usage.cached.is_some() || usage.cache_write.is_some() {
        object.object("prompt_tokens_details", |details| {
            details.set("cached_tokens", usage.cached.unwrap_or(0));
            details.maybe("cache_write_tokens", usage.cache_write);
        });
    }
    if let Some(reasoning) = usage.reasoning {
        object.object("completion_tokens_details", |details| _ = details.set("reasoning_tokens", reasoning));
    }
    object.end();
}
