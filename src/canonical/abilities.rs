//! What a model can do, as far as the operator says it.

use super::{MediaKind, Part, Request, estimate};

/// What a model can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Abilities {
    /// The tokens that fit into its context, the answer included.
    pub context: Option<u64>,
    /// It asks for tools.
    pub tools: bool,
    /// It sees pictures.
    pub images: bool,
    /// It reads PDFs and the like.
    pub documents: bool,
    /// It hears.
    pub audio: bool,
}

impl Default for Abilities {
    /// Whatever is asked.
    fn default() -> Self {
        Self { context: None, tools: true, images: true, documents: true, audio: true }
    }
}

impl Abilities {
    /// What `request` needs and the model lacks, in words for the client.
    pub fn lacking(&self, request: &Request<'_>) -> Option<String> {
        if !self.tools && (!request.tools.is_empty() || request.has_tool_history()) {
            return Some("does not ask for tools".into());
        }
        let media = [
            (self.images, MediaKind::Image, "does not see images"),
            (self.documents, MediaKind::Document, "does not read documents"),
            (self.audio, MediaKind::Audio, "does not hear"),
        ];
        let blind = media.into_iter().find(|(able, kind, _)| !able && holds(request, *kind));
        if let Some((_, _, what)) = blind {
            return Some(what.into());
        }
        let limit = self.context?;
        let needed = estimate::tokens(request).saturating_add(request.max_tokens.unwrap_or(0));
        (needed > limit).then(|| format!("has a context of {limit} tokens, and the call needs about {needed}"))
    }
}

fn holds(request: &Request<'_>, kind: MediaKind) -> bool {
    fn among(parts: &[Part<'_>], kind: MediaKind) -> bool {
        parts.iter().any(|part| match part {
            Part::Media(media) => media.kind == kind,
            Part::ToolResult(result) => among(&result.parts, kind),
            _ => false,
        })
    }
    request.turns.iter().any(|turn| among(&turn.parts, kind))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canonical::{Function, Media, Role, Source, Tool, ToolResult, Turn};

    fn request(parts: Vec<Part<'static>>) -> Request<'static> {
        Request { turns: vec![Turn { role: Role::User, parts, name: None }], ..Request::default() }
    }

    #[test]
    fn what_is_needed_and_not_there_is_named() {
        let image = Part::Media(Media {
            kind: MediaKind::Image,
            source: Source::Url("http://x".into()),
            mime: "".into(),
            name: None,
            context: None,
            detail: None,
            cite: false,
            cache: None,
        });
        let able = Abilities::default();
        let deaf = Abilities { tools: false, images: false, ..able };
        let asked = request(vec![Part::text("hi")]);
        assert_eq!((able.lacking(&asked), deaf.lacking(&asked)), (None, None));
        let seen = request(vec![image.clone()]);
        assert_eq!((able.lacking(&seen), deaf.lacking(&seen)), (None, Some("does not see images".into())));
        let result = ToolResult { parts: vec![image], ..ToolResult::default() };
        let images_alone = Abilities { images: false, ..able };
        assert!(images_alone.lacking(&request(vec![Part::ToolResult(result)])).is_some());
        let tools = Request { tools: vec![Tool::Function(Function::default())], ..request(vec![]) };
        assert_eq!((able.lacking(&tools), deaf.lacking(&tools)), (None, Some("does not ask for tools".into())));
        let small = Abilities { context: Some(100), ..able };
        assert_eq!(small.lacking(&request(vec![Part::text("x".repeat(300))])), None);
        let large = Request { max_tokens: Some(50), ..request(vec![Part::text("x".repeat(300))]) };
        let what = "has a context of 100 tokens, and the call needs about 129";
        assert_eq!(small.lacking(&large), Some(what.into()));
    }
}
