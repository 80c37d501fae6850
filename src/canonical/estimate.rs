//! How many tokens a request has, roughly: for clients that ask where no provider can be asked.

use super::{MediaKind, Part, Request, Source};

/// What most tokenizers make of a turn's role and separators.
const PER_TURN: u64 = 4;

/// A picture of usual size: 1,000 by 1,000 pixels are 765 tokens to OpenAI, 1,333 to Anthropic, 1,290 to Gemini.
const PER_IMAGE: u64 = 1200;

/// Bytes of a PDF that come to about a page, and the tokens of a page.
const PAGE: (u64, u64) = (50_000, 1500);

/// Seconds are not known without decoding: 32 tokens a second at 16 kB a second, as Gemini counts speech.
const AUDIO_BYTES_PER_TOKEN: u64 = 500;

/// An estimate of the input's tokens, within some tenths of what the tokenizers of the large vendors count.
pub fn tokens(request: &Request<'_>) -> u64 {
    let turns = request.turns.iter().map(|turn| PER_TURN + parts(&turn.parts));
    let tools = request.functions().map(|function| {
        let schema = function.parameters.as_ref().map_or(0, |schema| text(schema.as_str()));
        PER_TURN + text(&function.name) + function.description.as_deref().map_or(0, text) + schema
    });
    turns.sum::<u64>() + tools.sum::<u64>()
}

/// The same of a whole document, or of a text whose script is not looked at.
pub fn of_bytes(bytes: u64) -> u64 {
    bytes.div_ceil(4)
}

fn parts(parts: &[Part<'_>]) -> u64 {
    parts.iter().map(part).sum()
}

fn part(part: &Part<'_>) -> u64 {
    match part {
        Part::Text(said) => text(&said.text),
        Part::Refusal(said) => text(said),
        Part::Reasoning(reasoning) => text(&reasoning.text),
        Part::ToolCall(call) => PER_TURN + text(&call.name) + text(&call.arguments),
        Part::ToolResult(result) => PER_TURN + self::parts(&result.parts),
        Part::Media(media) => match (&media.source, media.kind) {
            (Source::Text(said), _) => text(said),
            (_, MediaKind::Image) => PER_IMAGE,
            (Source::Base64(data), MediaKind::Document) => (data.len() as u64 * 3 / 4).div_ceil(PAGE.0) * PAGE.1,
            (Source::Base64(data), _) => data.len() as u64 * 3 / 4 / AUDIO_BYTES_PER_TOKEN,
            _ => PAGE.1,
        },
        Part::Foreign(foreign) => text(foreign.json.as_str()),
    }
}

/// Four ASCII bytes are a token, and so is each letter of a script that needs three bytes for one.
fn text(text: &str) -> u64 {
    let ascii = text.bytes().filter(u8::is_ascii).count() as u64;
    ascii.div_ceil(4) + (text.len() as u64 - ascii).div_ceil(3)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canonical::{Role, Turn};

    #[test]
    fn texts_are_counted_by_their_script() {
        assert_eq!(text("The quick brown fox jumps over the lazy dog."), 11); // ten to OpenAI's o200k
        assert_eq!(text("敏捷的棕色狐狸"), 7);
        assert_eq!(text(""), 0);
        let turn = Turn { role: Role::User, parts: vec![Part::text("hi"), Part::text("there")], name: None };
        assert_eq!(tokens(&Request { turns: vec![turn], ..Request::default() }), 4 + 1 + 2);
    }
}
