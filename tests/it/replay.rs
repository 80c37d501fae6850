//! Recorded traffic of real providers through the built binary: the client gets the recorded bytes, the log the usage.

use bytes::Bytes;
use outrider::canonical::Dialect;
use outrider::dialect::codec::Flavour;
use outrider::dialect::doors::{self, Operation};
use outrider::dialect::head::TO_A_ROUTER;
use serde_json::{Value, json};

use crate::captures::{EXCEPTIONS, FILES, folder, recorded_usage, recordings, tell};
use crate::support::client::Call;
use crate::support::provider::{Answer, Behaviour, Provider};
use crate::support::proxy::{Config, Proxy};
use crate::support::run;

/// Recordings run in portions: each has a proxy of its own, and a time limit of its own.
const PORTION: usize = 60;

#[test]
fn recorded_traffic_arrives_byte_for_byte_and_is_counted() {
    let Some(folder) = folder() else {
        return tell("recorded traffic, replayed: skipped: OUTRIDER_CAPTURES is not set");
    };
    let mut random = fastrand::Rng::with_seed(7);
    for (file, operation) in FILES {
        let exceptional = |recording: &Value| EXCEPTIONS.iter().any(|(id, ..)| recording["id"] == *id);
        let good = |recording: &Value| recording["status"] == 200 && !exceptional(recording);
        let recordings: Vec<Value> = recordings(&folder, file).filter(good).collect();
        assert!(recordings.len() > 20, "{file}");
        for portion in recordings.chunks(PORTION) {
            let portion = portion.to_vec();
            let mut random = random.fork();
            run(async move { replay(&portion, operation, &mut random).await });
        }
        tell(&format!("{file}: {} recordings replayed", recordings.len()));
    }
}

async fn replay(recordings: &[Value], operation: Operation, random: &mut fastrand::Rng) {
    let provider = Provider::start().await;
    let proxy = Proxy::start(&Config::chain(&[&provider])).await;
    for recording in recordings {
        let (id, text) = (recording["id"].as_str().unwrap(), recording["resp_text"].as_str().unwrap());
        provider.once(Behaviour::answer(answer(recording, text, random)));
        let reply = proxy.send(call(recording, operation).header("x-request-id", id)).await;
        assert!(reply.complete, "{id}");
        assert_eq!(reply.text(), text, "{id}: {:?}", reply.attempts());
    }
    let log = proxy.calls_logged(recordings.len()).await;
    for recording in recordings {
        let usage = recorded_usage(recording["resp_text"].as_str().unwrap());
        let line = log.iter().find(|line| line["request_id"] == recording["id"]).expect("the call is logged");
        for (logged, counted) in [("input", usage.input), ("output", usage.output), ("cached", usage.cached)] {
            assert_eq!(line["tokens"][logged], json!(counted), "{}: {logged}", recording["id"]);
        }
    }
}

/// The recorded request, for a model of ours.
fn call(recording: &Value, operation: Operation) -> Call {
    let mut body = recording["req"].clone();
    if !body.is_object() {
        body = json!({});
    }
    body["model"] = "m".into();
    // Who speaks to a router is answered as one answers: tests/it/openrouter.
    body.as_object_mut().unwrap().retain(|name, _| !TO_A_ROUTER.contains(&name.as_str()));
    let path = doors::path(Dialect::OpenAiChat, Flavour::Vendor, operation, "", false).unwrap();
    Call::post(&format!("/v1{path}"), &body)
}

/// The recorded reply; a stream in pieces cut at random bytes.
fn answer(recording: &Value, text: &str, random: &mut fastrand::Rng) -> Answer {
    let kind = recording["ct"].as_str().unwrap_or("application/json").to_owned();
    let mut answer = Answer::body(200, &kind, text.to_owned());
    if !text.trim_start().starts_with('{') {
        answer.pieces = pieces(text.as_bytes(), random);
    }
    answer
}

fn pieces(mut rest: &[u8], random: &mut fastrand::Rng) -> Vec<Bytes> {
    let longest = *random.choice(&[40, 400, 20_000]).unwrap();
    let mut pieces = Vec::new();
    while !rest.is_empty() {
        let (piece, tail) = rest.split_at(random.usize(1..=longest.min(rest.len())));
        pieces.push(Bytes::copy_from_slice(piece));
        rest = tail;
    }
    pieces
}
