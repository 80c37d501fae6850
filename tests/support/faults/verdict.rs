//! What a client got: all of it, an error that it understands, or something that must not be.

use serde_json::Value;

use crate::support::client::Reply;
use crate::support::dialects::heard::Heard;
use crate::support::dialects::speech::Speech;
use crate::support::dialects::voice::{Part, Said};

/// The judgement of one call.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// The whole answer, exactly once.
    Whole,
    /// An error that the client's SDK raises, and what it says.
    Error(String),
    /// Anything else, and why.
    Wrong(String),
}

use Verdict::{Error, Whole, Wrong};

/// Judges what a client of that dialect was sent where `said` was to be said.
pub fn judge(client: &Speech, stream: bool, reply: &Reply, said: &Said) -> Verdict {
    if reply.status >= 400 {
        let body: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
        return match body.pointer(client.message).and_then(Value::as_str) {
            Some(message) if reply.complete => Error(format!("{}: {message}", reply.status)),
            _ => Wrong(format!("an error in nobody's words: {}", reply.text())),
        };
    }
    let media = reply.header("content-type").split(';').next().unwrap_or_default().to_owned();
    if media != if stream { client.stream_type } else { "application/json" } {
        return Wrong(format!("{} of {media}", reply.status));
    }
    if stream { judge_stream(client, reply, said) } else { judge_whole(client, reply, said) }
}

fn judge_whole(client: &Speech, reply: &Reply, said: &Said) -> Verdict {
    let Ok(body) = serde_json::from_slice(&reply.body) else { return Wrong(format!("not JSON: {}", reply.text())) };
    let heard = Heard::whole(client.dialect, &body);
    match differs(&heard, said) {
        None if reply.complete => Whole,
        why => Wrong(format!("{}: {}", why.unwrap_or_default(), reply.text())),
    }
}

fn judge_stream(client: &Speech, reply: &Reply, said: &Said) -> Verdict {
    let heard = Heard::stream(client.dialect, &reply.body);
    let wrong = |why: &str| Wrong(format!("{why}; heard {heard:?}"));
    if !heard.broken.is_empty() {
        return wrong("no stream of the dialect");
    }
    if let Some(message) = &heard.error {
        let begins = all_text(said).starts_with(&heard.text) && thoughts(said).starts_with(&heard.thoughts);
        return match (begins, heard.ended) {
            (true, 0) => Error(message.clone()),
            (true, _) => wrong("an end and an error"),
            (false, _) => wrong("another text before the error"),
        };
    }
    match differs(&heard, said) {
        // To an SDK, a connection that breaks off is an error of its own; but a client that waits for the last
        // event and reads no further sees a good end.
        None if heard.ended == 1 && reply.complete => Whole,
        None => wrong("the whole text, but no good end"),
        Some(why) => wrong(&why),
    }
}

/// In what the two differ, if they do. Thoughts may be lost, but not half of them, and none may be doubled.
fn differs(heard: &Heard, said: &Said) -> Option<String> {
    if heard.text != all_text(said) {
        let short = heard.text.len() < all_text(said).len();
        return Some(if short { "a truncated success" } else { "another text" }.into());
    }
    let json = |text: &str| serde_json::from_str::<Value>(text).ok();
    let calls: Vec<_> = heard.calls.iter().map(|(name, arguments)| (name.as_str(), json(arguments))).collect();
    let due = said.parts.iter().filter_map(|part| match part {
        Part::Call(_, name, arguments) => Some((*name, json(arguments))),
        _ => None,
    });
    if calls != due.collect::<Vec<_>>() {
        return Some("other calls".into());
    }
    (!heard.thoughts.is_empty() && heard.thoughts != thoughts(said)).then(|| "other thoughts".into())
}

fn thoughts(said: &Said) -> String {
    said.parts.iter().filter_map(|part| if let Part::Thought(text, _) = part { Some(*text) } else { None }).collect()
}

fn all_text(said: &Said) -> String {
    said.parts.iter().filter_map(|part| if let Part::Text(text) = part { Some(*text) } else { None }).collect()
}
