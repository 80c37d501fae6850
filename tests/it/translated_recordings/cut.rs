//! A stream that breaks off never looks like one that came to its end.

use std::panic::{AssertUnwindSafe, catch_unwind};

use bytes::Bytes;
use outrider::canonical::Dialect;
use outrider::dialect::codec;
use outrider::dialect::flow::{Flow, Stream};
use serde_json::Value;

use super::exceptions::no_answer;
use super::oracle::{self, Class};
use super::pair::{about, documents};
use super::recorded::{Recording, answers, framed};
use crate::captures::{folder, tell};

#[test]
fn a_stream_that_is_cut_ends_with_an_error_in_every_dialect() {
    let Some(folder) = folder() else { return tell("cut streams: skipped: OUTRIDER_CAPTURES is not set") };
    let mut random = fastrand::Rng::with_seed(20_261_122);
    let (mut all, mut wrong) = (0, Vec::new());
    for recording in answers(&folder) {
        if !recording.stream || no_answer(&recording.id).is_some() {
            continue;
        }
        for to in Dialect::ALL {
            let Some(bytes) = cut(&recording, &mut random) else { continue };
            let json_array = random.bool();
            let result = catch_unwind(AssertUnwindSafe(|| told(&recording, to, json_array, bytes)));
            if let Err(what) = result.unwrap_or_else(|_| Err("a panic".to_owned())) {
                wrong.push(format!("{} {} -> {}: {what}", recording.id, recording.dialect.as_str(), to.as_str()));
            }
            all += 1;
        }
    }
    tell(&format!("cut streams: {} of {all} end with an error", all - wrong.len()));
    assert!(wrong.is_empty() && all > 5000, "{} of {all} are wrong:\n{}", wrong.len(), wrong.join("\n"));
}

/// Some of the stream's documents, before it says why it ends, and some bytes of the next.
fn cut(recording: &Recording, random: &mut fastrand::Rng) -> Option<Bytes> {
    let mut kept = random.usize(0..recording.documents.len());
    while oracle::stream(recording.dialect, &recording.documents[..kept]).stop != Class::Other {
        kept = kept.checked_sub(1)?;
    }
    let mut bytes = framed(recording.dialect, &recording.documents[..kept])?;
    let next = framed(recording.dialect, &recording.documents[kept..=kept])?;
    bytes.extend_from_slice(&next[..random.usize(0..next.len() / 2)]);
    Some(bytes.into())
}

/// Translates what there is, and looks for the error in the place of the rest.
fn told(recording: &Recording, to: Dialect, json_array: bool, bytes: Bytes) -> Result<(), String> {
    let mut flow = Stream::translated(codec::of(recording.dialect), codec::of(to), &about(json_array));
    let pushed = flow.push(bytes);
    let mut written = pushed.ready.to_vec();
    let fault = pushed.fault.or_else(|| {
        let ended = flow.end();
        written.extend_from_slice(&ended.ready);
        ended.fault
    });
    let fault = fault.ok_or("taken for complete")?;
    if !flow.begun() {
        return Ok(()); // the client has been sent nothing, and is sent an error of its own
    }
    written.extend_from_slice(&flow.fail(&fault));
    let documents = documents(to, json_array, &written)?;
    let good = [Class::End, Class::Length, Class::Tools];
    if good.contains(&oracle::stream(to, &documents).stop) || written.ends_with(b"[DONE]\n\n") {
        return Err("it has a good end".into());
    }
    let last = documents.last().ok_or("nothing was written")?;
    match tells_error(to, last) {
        true => Ok(()),
        false => Err(format!("the last is no error: {last}")),
    }
}

/// As the vendor's SDKs know an error in a stream.
fn tells_error(dialect: Dialect, last: &Value) -> bool {
    match dialect {
        Dialect::OpenAiChat | Dialect::Gemini => last["error"]["message"].is_string(),
        Dialect::OpenAiResponses => {
            last["type"] == "response.failed" && last["response"]["error"]["message"].is_string()
                || last["type"] == "error" && last["message"].is_string()
        }
        Dialect::Anthropic => last["type"] == "error" && last["error"]["message"].is_string(),
        Dialect::Bedrock => {
            let (kind, payload) = last.as_object().and_then(|event| event.iter().next()).unwrap();
            kind.ends_with("Exception") && payload["message"].is_string()
        }
        Dialect::Cohere => last["type"] == "message-end" && last["delta"]["error"].is_string(),
        Dialect::Ollama => last["error"].is_string(),
    }
}
