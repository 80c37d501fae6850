//! Recordings that are not, or cannot be, translated exactly.

use outrider::canonical::{Dialect, FaultKind};

/// Recordings whose translation differs from them, into which dialect (`None`: any), and why.
pub const EXCEPTIONS: &[(&str, Option<Dialect>, &str)] = &[
    (
        "packages/xai/src/responses/__fixtures__/xai-x-search-tool.chunks.txt",
        None,
        "calls of xAI's own search, which looks like a tool of the client's",
    ),
    (
        "packages/anthropic/src/__fixtures__/spliced-message-start.chunks.txt",
        None,
        "two messages in one stream, the first of which ends in the middle of a call",
    ),
    (
        "packages/anthropic/src/__fixtures__/anthropic-refusal.json",
        Some(Dialect::OpenAiResponses),
        "why it refused is told as the refusal's text",
    ),
    (
        "packages/anthropic/src/__fixtures__/anthropic-refusal.chunks.txt",
        Some(Dialect::OpenAiResponses),
        "why it refused is told as the refusal's text",
    ),
    (
        "packages/openai/src/responses/__fixtures__/openai-phase.1.chunks.txt",
        None,
        "an abridged stream: some deltas are missing",
    ),
    (
        "packages/openai/src/responses/__fixtures__/openai-shell-container.1.chunks.txt",
        None,
        "an abridged stream: some deltas are missing",
    ),
    (
        "snapshots/responseModalitiesAudioParam/google/response.json",
        Some(Dialect::Anthropic),
        "sound, which becomes a word in brackets",
    ),
    (
        "snapshots/responseModalitiesAudioParam/google/response-streaming.json",
        Some(Dialect::Anthropic),
        "sound, which becomes a word in brackets",
    ),
    (
        "snapshots/speechConfigParam/google/response-streaming.json",
        Some(Dialect::Anthropic),
        "sound, which becomes a word in brackets",
    ),
    (
        "snapshots/imageConfigParam/google/response.json",
        Some(Dialect::Anthropic),
        "an image, which becomes a word in brackets",
    ),
    (
        "snapshots/imageConfigParam/google/response-streaming.json",
        Some(Dialect::Anthropic),
        "an image, which becomes a word in brackets",
    ),
];

/// Recordings of status 200 that are no answers, what they are, and why.
pub const NO_ANSWERS: &[(&str, FaultKind, &str)] = &[
    ("b0ee882b682344ed", FaultKind::ContentFiltered, "an error of Azure's content filter"),
    (
        "packages/openai/src/responses/__fixtures__/openai-error.1.chunks.txt",
        FaultKind::QuotaExhausted,
        "an error in the stream",
    ),
    (
        "snapshots/responsesCustomToolCallStreamingParam/responses/followup-response.json",
        FaultKind::Empty,
        "tokens were counted, but nothing was said",
    ),
    (
        "snapshots/responsesCustomToolCallStreamingParam/responses/followup-response-streaming.json",
        FaultKind::Empty,
        "tokens were counted, but nothing was said",
    ),
];

/// The exception for a recording's translation, by its place in [`EXCEPTIONS`].
pub fn excepted(id: &str, to: Dialect) -> Option<usize> {
    EXCEPTIONS.iter().position(|(other, into, _)| *other == id && into.is_none_or(|into| into == to))
}

/// What a recording that is no answer is instead.
pub fn no_answer(id: &str) -> Option<FaultKind> {
    NO_ANSWERS.iter().find(|(other, ..)| *other == id).map(|(_, kind, _)| *kind)
}
