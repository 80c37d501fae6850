//! What a target's dialect cannot express.

use std::borrow::Cow;

use super::{Foreign, Media, MediaKind, Part, Source};

/// The list of what was dropped on the way to a target, for `x-outrider-lost` and the metrics.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lost(Vec<Cow<'static, str>>);

/// So many names are kept. A client may send any number of members that nobody knows, and these are read by people.
const MOST: usize = 100;

/// The names, the same from whichever dialect to whichever: where Chat has a member for it, that member's, else one that
/// is made like those. `messages.` is before what was said, `tools.` and `schema.` before what stands in tools and schemas.
/// Beside these, what only one dialect knows has its own name there: a member of the request as it is, a part as
/// `messages.KIND`, a hosted tool as `tools.KIND`, a keyword as `schema.KEYWORD`.
const NAMES: [&str; 53] = [
    "cache_control",
    "dimensions",
    "frequency_penalty",
    "input_type",
    "logit_bias",
    "logprobs",
    "max_tokens",
    "max_tokens_per_doc",
    // An assistant's beginning that the model was to go on from.
    "messages.assistant_prefill",
    "messages.audio",
    "messages.citations",
    // A part that nobody can say in that role.
    "messages.content",
    "messages.document",
    "messages.document.context",
    "messages.document.name",
    // A medium of which there is only another vendor's name.
    "messages.file_id",
    "messages.image",
    "messages.image.detail",
    "messages.name",
    // Earlier thoughts; or only the proof of them.
    "messages.reasoning",
    "messages.reasoning.signature",
    // Those that are no object.
    "messages.tool_calls.arguments",
    "messages.video",
    "metadata",
    "n",
    "parallel_tool_calls",
    "presence_penalty",
    "prompt_cache_key",
    // How much to think.
    "reasoning",
    "reasoning.summary",
    // It is asked for in words.
    "response_format",
    "response_format.json_schema.description",
    "response_format.json_schema.strict",
    "schema.$ref",
    "schema.depth",
    "schema.enum",
    "schema.format",
    "seed",
    "service_tier",
    "stop",
    "store",
    "temperature",
    "title",
    "tool_choice",
    // Tools that take free text; or only the form of that.
    "tools.custom",
    "tools.custom.format",
    "tools.strict",
    "top_k",
    "top_logprobs",
    "top_p",
    "truncate",
    "user",
    "verbosity",
];

impl Lost {
    /// Nothing so far.
    pub fn nothing() -> Self {
        Self::default()
    }

    /// `what` was dropped: one of `NAMES`, or a name of the client's. Said once, however often; of very many, the first.
    pub fn add(&mut self, what: impl Into<Cow<'static, str>>) {
        let what = what.into();
        if self.0.len() < MOST && !self.0.contains(&what) {
            let known = match &what {
                Cow::Borrowed(ours) => NAMES.contains(ours),
                Cow::Owned(_) => true,
            };
            debug_assert!(known, "{what} has another name in other dialects");
            self.0.push(what);
        }
    }

    /// `what` was dropped, if it was there.
    pub fn add_if(&mut self, there: bool, what: &'static str) {
        if there {
            self.add(what);
        }
    }

    /// A medium was dropped.
    pub fn add_medium(&mut self, media: &Media<'_>) {
        self.add(match (&media.source, media.kind) {
            (Source::FileId(_), _) => "messages.file_id",
            (_, MediaKind::Image) => "messages.image",
            (_, MediaKind::Document) => "messages.document",
            (_, MediaKind::Audio) => "messages.audio",
            (_, MediaKind::Video) => "messages.video",
        });
    }

    /// A part that another dialect knows was dropped.
    pub fn add_part(&mut self, part: &Foreign<'_>) {
        self.add(format!("messages.{}", part.kind));
    }

    /// A part was dropped where it stands.
    pub fn add_content(&mut self, part: &Part<'_>) {
        match part {
            Part::Media(media) => self.add_medium(media),
            Part::Foreign(foreign) => self.add_part(foreign),
            Part::Reasoning(_) => self.add("messages.reasoning"),
            Part::ToolCall(_) | Part::ToolResult(_) | Part::Text(_) | Part::Refusal(_) => self.add("messages.content"),
        }
    }

    /// A tool that other providers run was dropped.
    pub fn add_tool(&mut self, tool: &Foreign<'_>) {
        self.add(format!("tools.{}", tool.kind));
    }

    /// Nothing was dropped.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What was dropped.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|what| &**what)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_name_is_said_once_and_very_many_are_not_kept() {
        let mut lost = Lost::nothing();
        for number in 0..1_000_000 {
            lost.add("seed");
            lost.add(format!("x{number}"));
        }
        assert_eq!(lost.iter().take(3).collect::<Vec<_>>(), ["seed", "x0", "x1"]);
        assert_eq!(lost.iter().count(), MOST);
    }

    #[test]
    #[should_panic(expected = "another name")]
    fn a_dialect_has_no_names_of_its_own() {
        Lost::nothing().add("filename");
    }

    #[test]
    fn the_names_are_in_order_and_each_there_once() {
        assert!(NAMES.is_sorted_by(|one, next| one < next));
    }
}
