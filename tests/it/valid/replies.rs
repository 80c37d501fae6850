//! Every recorded answer, as a client of every other dialect is given it: whole ones, and each event of streams.

use std::collections::HashSet;

use outrider::canonical::Dialect;
use outrider::dialect::codec::{self, About};
use outrider::dialect::flow::{Flow, Stream};
use serde_json::Value;

use super::exceptions::IN_REPLIES;
use super::judge::by_schemas;
use super::shape::shape;
use super::specs;
use super::tally::{Label, judge};
use crate::captures::{folder, tell};
use crate::translated_recordings::exceptions::no_answer;
use crate::translated_recordings::pair::{about, documents};
use crate::translated_recordings::recorded::{Recording, answers};

/// What the client asked, for the dialect that repeats it.
const ASKED: &[u8] = br#"{"model":"m","input":"hi","temperature":0.5,"tools":[{"type":"function","name":"f"}]}"#;

/// One document.
struct Written {
    id: String,
    from: Dialect,
    schema: &'static str,
    document: Value,
}

#[test]
fn what_is_answered_is_valid() {
    let Some(captures) = folder() else { return tell("written replies: skipped: OUTRIDER_CAPTURES is not set") };
    let Some(specs) = specs() else { return tell("written replies: skipped: OUTRIDER_SPECS is not set") };
    let (mut all, mut known) = (Vec::new(), HashSet::new());
    for recording in answers(&captures).iter().filter(|recording| no_answer(&recording.id).is_none()) {
        for to in Dialect::ALL.into_iter().filter(|to| *to != recording.dialect) {
            let (documents, schemas) = written(recording, to);
            for (document, schema) in documents.iter().flat_map(|d| schemas.iter().map(move |schema| (d, *schema))) {
                // Events that differ only in what is said are one.
                if known.insert((schema, shape(document))) {
                    let (id, from) = (recording.id.clone(), recording.dialect);
                    all.push(Written { id, from, schema, document: document.clone() });
                }
            }
        }
    }
    assert!(all.len() > 1000, "only {}", all.len());
    let documents = all.iter().map(|written| (written.schema, &written.document));
    let Some(mistakes) = by_schemas(&specs, documents) else { return };
    let label = |w: &'_ Written| Label { id: w.id.clone(), from: w.from.as_str(), to: w.schema };
    judge("written replies", &all.iter().map(label).collect::<Vec<_>>(), &mistakes, IN_REPLIES, true);
}

/// What a client of `to` is given, and the schemas that it must be valid by.
fn written(recording: &Recording, to: Dialect) -> (Vec<Value>, &'static [&'static str]) {
    if recording.stream {
        // In one piece: `translated_recordings` has them cut.
        let mut flow = Stream::translated(codec::of(recording.dialect), codec::of(to), &about(false));
        let mut written = Vec::new();
        for pushed in [flow.push(recording.bytes.clone()), flow.end()] {
            assert!(pushed.fault.is_none(), "{}: {:?}", recording.id, pushed.fault);
            written.extend_from_slice(&pushed.ready);
        }
        return (documents(to, false, &written).unwrap(), schemas(to)[1]);
    }
    let about = About { request: ASKED, ..about(false) };
    let reply = codec::of(recording.dialect).read_reply(&recording.bytes).unwrap();
    let document = serde_json::from_slice(&codec::of(to).write_reply(&reply, &about)).unwrap();
    (vec![document], schemas(to)[0])
}

/// Of whole answers, and of events.
fn schemas(dialect: Dialect) -> [&'static [&'static str]; 2] {
    match dialect {
        Dialect::OpenAiChat => [&["openai-chat reply"], &["openai-chat event"]],
        Dialect::OpenAiResponses => {
            [&["openai-responses reply", "open-responses reply"], &["openai-responses event", "open-responses event"]]
        }
        Dialect::Anthropic => [&["anthropic reply"], &["anthropic event"]],
        Dialect::Gemini => [&["gemini reply"], &["gemini event"]],
        Dialect::Bedrock => [&["bedrock reply"], &["bedrock event"]],
        Dialect::Cohere => [&["cohere reply"], &["cohere event"]],
        Dialect::Ollama => [&["ollama reply"], &["ollama event"]],
    }
}
