//! What a validator finds, and is no mistake of ours: where a specification is behind its vendor.

/// What is found, and why it is no mistake.
pub struct Exception {
    /// Whom the document is for, as in [`super::tally::Label`].
    pub to: &'static str,
    /// What the validator says: all of it, or its beginning with `...`.
    pub what: &'static str,
    /// Why it is no mistake.
    pub why: &'static str,
}

const fn known(to: &'static str, what: &'static str, why: &'static str) -> Exception {
    Exception { to, what, why }
}

const SERVER: &str = "its server is believed to have it, its specification has not; not checked against the server";
const CITED: &str = "an answer with citations: OpenAI takes it without an id (recorded: e6d3b01ec6f601f2)";
const BETA: &str = "a beta's, as the client itself said it to Claude: it goes on as it came";

/// What may be found in requests.
pub const IN_REQUESTS: &[Exception] = &[
    known("ollama", "messages.*: unknown member tool_name", SERVER),
    known("ollama", "messages.*: unknown member tool_call_id", SERVER),
    known("ollama", "messages.*: unknown member thinking", SERVER),
    known("ollama", "messages.*.tool_calls.*: unknown member id", SERVER),
    known("ollama", "messages.*.tool_calls.*.function: unknown member index", SERVER),
    known("openai-responses", "input.*.content.*.type: enum: \"output_text\" is not one of...", CITED),
    known("openai-responses", "input.*.content.*: unknown member annotations", CITED),
    known("bedrock-invoke", ": unknown member context_management", BETA),
    known("bedrock-invoke", ": unknown member output_format", BETA),
    known("bedrock-invoke", "messages.*.content.*.source.type: const: \"url\" was expected", BETA),
    known("bedrock-invoke", "messages.*.content.*.source: required: \"url\" is a required property", BETA),
    known("bedrock-invoke", "messages.*.content.*.source: unknown member file_id", BETA),
    known("bedrock-invoke", "tools.*.type: str where it should be \"null\"", BETA),
    known("bedrock-invoke", "tools.*: required: \"input_schema\" is a required property", BETA),
    known("bedrock-invoke", "tools.*: unknown member display_...", BETA),
];

const OPENAI_SAYS_IT: &str = "OpenAI itself says null in recorded answers";
const EARLY: &str = "nothing is counted before an answer is complete; not checked against recordings";
const OLDER: &str = "Anthropic itself leaves it out in recorded answers";
/// `{"type": "direct"}` is its default in the specification, and it is optional to the SDKs. A client says again what it
/// was told, maybe to Claude on Bedrock or Vertex, where no recording has it in either direction.
const DIRECT: &str = "it is what a call without it means; Anthropic's older answers, Bedrock and Vertex leave it out";
const OPEN_IS_BEHIND: &str = "it is in OpenAI's own specification, which Open Responses is behind";
const OPENROUTER: &str = "OpenRouter's word for what Chat has none for; SDKs take unknown members";
const GOOGLE: &str = "Google's word for signatures in Chat; SDKs take unknown members";
const VLLM: &str = "vLLM's and DeepSeek's word for what Chat has none for; SDKs take unknown members";
const COUNTED: &str = "thoughts are counted nowhere else; the SDK takes unknown members";
const STARTED: &str = "Cohere itself says so, with empty lists, in recorded streams";
const CUSTOM: &str = "tools of free text, which the specification has in whole answers alone";

/// What may be found in replies.
pub const IN_REPLIES: &[Exception] = &[
    known("anthropic event", "content_block: required: \"caller\" is a required property", DIRECT),
    known("anthropic reply", "content.*: required: \"caller\" is a required property", DIRECT),
    known("anthropic reply", "content.*: required: \"citations\" is a required property", OLDER),
    known("cohere event", ".delta.message: unknown member citations", STARTED),
    known("cohere event", ".delta.message: unknown member content", STARTED),
    known("cohere event", ".delta.message: unknown member tool_calls", STARTED),
    known("cohere event", ".delta.message: unknown member tool_plan", STARTED),
    known("cohere event", ".delta.usage.tokens: unknown member reasoning_tokens", COUNTED),
    known("cohere reply", ".usage.tokens: unknown member reasoning_tokens", COUNTED),
    known("ollama event", ": unknown member done_reason", SERVER),
    known("ollama event", ": unknown member eval_count", SERVER),
    known("ollama event", ": unknown member eval_duration", SERVER),
    known("ollama event", ": unknown member load_duration", SERVER),
    known("ollama event", ": unknown member logprobs", SERVER),
    known("ollama event", ": unknown member prompt_eval_count", SERVER),
    known("ollama event", ": unknown member prompt_eval_duration", SERVER),
    known("ollama event", ": unknown member total_duration", SERVER),
    known("ollama event", "message.tool_calls.*.function: unknown member index", SERVER),
    known("ollama event", "message.tool_calls.*: unknown member id", SERVER),
    known("ollama reply", "message.tool_calls.*.function: unknown member index", SERVER),
    known("ollama reply", "message.tool_calls.*: unknown member id", SERVER),
    known("open-responses event", ": unknown member name", OPEN_IS_BEHIND),
    known(
        "open-responses event",
        "response.usage.input_tokens_details: unknown member cache_write_tokens",
        OPEN_IS_BEHIND,
    ),
    known("open-responses event", "response: unknown member user", OPEN_IS_BEHIND),
    known("open-responses event", "type: enum: \"response.reasoning_text.delta\"...", OPEN_IS_BEHIND),
    known("open-responses event", "type: enum: \"response.reasoning_text.done\"...", OPEN_IS_BEHIND),
    known("open-responses event", "item: ...", OPEN_IS_BEHIND),
    known("open-responses event", "response.output.*: required: \"summary\" is a required property", OPEN_IS_BEHIND),
    known("open-responses reply", ": unknown member user", OPEN_IS_BEHIND),
    known("open-responses reply", "usage.input_tokens_details: unknown member cache_write_tokens", OPEN_IS_BEHIND),
    known("open-responses reply", "output.*: required: \"summary\" is a required property", OPEN_IS_BEHIND),
    known("openai-responses event", "response.user: null where it should be \"string\"", OPENAI_SAYS_IT),
    known("openai-responses reply", "user: null where it should be \"string\"", OPENAI_SAYS_IT),
    known("openai-chat event", "system_fingerprint: null where it should be \"string\"", OPENAI_SAYS_IT),
    known("openai-chat reply", "system_fingerprint: null where it should be \"string\"", OPENAI_SAYS_IT),
    known("openai-chat event", "choices.*.delta.tool_calls.*.type: enum: \"custom\"...", CUSTOM),
    known("openai-chat event", "choices.*.delta.tool_calls.*: unknown member custom", CUSTOM),
    known("openai-chat event", "choices.*.delta.tool_calls.*: unknown member extra_content", GOOGLE),
    known("openai-chat event", "choices.*.delta: unknown member extra_content", GOOGLE),
    known("openai-chat event", "choices.*.delta: unknown member images", OPENROUTER),
    known("openai-chat event", "choices.*.delta: unknown member reasoning_content", VLLM),
    known("openai-chat event", "choices.*.delta: unknown member reasoning_details", OPENROUTER),
    known("openai-chat event", "choices.*: unknown member native_finish_reason", OPENROUTER),
    known("openai-chat event", "choices.*: unknown member stop_reason", VLLM),
    known("openai-chat reply", "choices.*.message.tool_calls.*: unknown member extra_content", GOOGLE),
    known("openai-chat reply", "choices.*.message: unknown member extra_content", GOOGLE),
    known("openai-chat reply", "choices.*.message: unknown member images", OPENROUTER),
    known("openai-chat reply", "choices.*.message: unknown member reasoning_content", VLLM),
    known("openai-chat reply", "choices.*.message: unknown member reasoning_details", OPENROUTER),
    known("openai-chat reply", "choices.*: unknown member native_finish_reason", OPENROUTER),
    known("openai-chat reply", "choices.*: unknown member stop_reason", VLLM),
    known("openai-chat event", "choices.*.delta: unknown member annotations", OPENROUTER),
    known("openai-chat event", "choices.*.delta: unknown member audio", OPENROUTER),
    known("openai-chat reply", "choices.*.message.annotations.*.url_citation: unknown member content", OPENROUTER),
    known(
        "open-responses event",
        "response.output.*.type: enum: \"image_generation_call\" is not one of...",
        OPEN_IS_BEHIND,
    ),
    known("open-responses event", "response.output.*: unknown member result", OPEN_IS_BEHIND),
    known("open-responses event", "response.output.*: unknown member status", OPEN_IS_BEHIND),
    known("open-responses reply", "output.*.type: enum: \"image_generation_call\" is not one of...", OPEN_IS_BEHIND),
    known("open-responses reply", "output.*: unknown member result", OPEN_IS_BEHIND),
    known("open-responses reply", "output.*: unknown member status", OPEN_IS_BEHIND),
    known("openai-responses event", "response.usage: null where it should be \"object\"", EARLY),
];

/// The place in `known` of what was found in a document for `to`.
pub fn excepted(known: &[Exception], to: &str, what: &str) -> Option<usize> {
    known.iter().position(|known| {
        let fits = match known.what.strip_suffix("...") {
            Some(beginning) => what.starts_with(beginning),
            None => what == known.what,
        };
        fits && known.to == to
    })
}
