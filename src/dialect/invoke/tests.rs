use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;

use super::*;
use crate::canonical::{FaultKind, Gatherer};
use crate::dialect::codec::Flavour;
use crate::dialect::flow::{Flow, Stream};
use crate::dialect::frames::Frames;
use crate::dialect::{aws_events, sse};

const EVENTS: [&str; 6] = [
    r#"{"type":"message_start","message":{"id":"msg_bdrk_1","model":"c","usage":{"input_tokens":9}}}"#,
    r#"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#,
    r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hello"}}"#,
    r#"{"type":"content_block_stop","index":0}"#,
    r#"{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":3}}"#,
    r#"{"type":"message_stop","amazon-bedrock-invocationMetrics":{"inputTokenCount":9}}"#,
];

const ABOUT: About<'static> =
    About { id: "0", created: 0, model: "m", usage_in_stream: false, json_array: false, request: b"" };

fn chunks(events: &[&str]) -> Vec<u8> {
    let mut out = Vec::new();
    events.iter().for_each(|event| chunk::write(event.as_bytes(), &mut out));
    out
}

/// What a stream of chunks says, read in pieces of `size`.
fn gathered(stream: &[u8], size: usize) -> Result<Reply<'static>, Fault> {
    let (mut frames, mut reader, mut gatherer) =
        (Frames::new(Invoked.framing()), Invoked.read_stream(), Gatherer::new());
    for piece in stream.chunks(size) {
        let piece = Bytes::copy_from_slice(piece);
        let (_, fault) = frames
            .push(piece, &mut |name, data| reader.frame(name, data, &mut |event| gatherer.push(event)).map(|()| true));
        fault.map_or(Ok(()), Err)?;
    }
    reader.end(&mut |event| gatherer.push(event))?;
    gatherer.finish()
}

#[test]
fn a_stream_of_chunks_is_read_however_it_is_cut() {
    let stream = chunks(&EVENTS);
    for size in [1, 7, 100, stream.len()] {
        let reply = gathered(&stream, size).unwrap();
        assert_eq!(crate::canonical::joined_text(&reply.choices[0].parts), "Hello");
        assert_eq!((reply.usage.input, reply.usage.output), (Some(9), Some(3)));
    }
    assert_eq!(gathered(&chunks(&EVENTS[..3]), 100).unwrap_err().kind, FaultKind::Truncated);
}

#[test]
fn an_exception_is_an_error_and_an_error_an_exception() {
    let mut stream = chunks(&EVENTS[..3]);
    aws_events::write_exception("throttlingException", br#"{"message":"slow down"}"#, &mut stream);
    let fault = gathered(&stream, 50).unwrap_err();
    assert_eq!((fault.kind, &*fault.message), (FaultKind::RateLimited, "slow down"));

    let mut out = Vec::new();
    Invoked.write_stream(&ABOUT).event(&Event::Error(fault), &mut out);
    let event = aws_events::Event::read(&out);
    assert_eq!((event.exception_type, event.payload), ("throttlingException", &br#"{"message":"slow down"}"#[..]));
}

#[test]
fn what_is_written_is_what_is_read() {
    let (mut reader, mut writer, mut out) = (Invoked.read_stream(), Invoked.write_stream(&ABOUT), Vec::new());
    for event in EVENTS {
        reader.frame("", event.as_bytes(), &mut |event| writer.event(&event, &mut out)).unwrap();
    }
    reader.end(&mut |event| writer.event(&event, &mut out)).unwrap();
    let reply = gathered(&out, 10).unwrap();
    assert_eq!(crate::canonical::joined_text(&reply.choices[0].parts), "Hello");
    assert_eq!((reply.usage.input, reply.usage.output), (Some(9), Some(3)));
}

/// The vendor's clients are given the events as Bedrock sent them, and Bedrock's clients the vendor's.
#[test]
fn events_pass_from_one_form_to_the_other() {
    let mut to_vendor = Stream::reformed(&Invoked, &Anthropic, &ABOUT, true);
    let pushed = to_vendor.push(chunks(&EVENTS).into());
    assert!(pushed.fault.is_none() && to_vendor.end().fault.is_none());
    let mut splitter = sse::Splitter::new(1 << 20);
    let ready = splitter.push(pushed.ready.clone()).unwrap();
    let events: Vec<_> = ready.events().map(|event| sse::Event::read(event).data.unwrap().into_owned()).collect();
    assert_eq!(events, EVENTS.map(|event| event.as_bytes().to_vec()));
    assert!(pushed.ready.starts_with(b"event: message_start\ndata: {"));

    let mut to_bedrock = Stream::reformed(&Anthropic, &Invoked, &ABOUT, false);
    let pushed = to_bedrock.push(pushed.ready);
    assert_eq!((pushed.fault.is_none(), &pushed.ready[..]), (true, &chunks(&EVENTS)[..]));
}

#[test]
fn counts_are_asked_for_with_the_whole_request_in_base64() {
    let body = br#"{"messages":[{"role":"user","content":"hi"}],"anthropic_version":"bedrock-2023-05-31"}"#;
    let request = Invoked.read_request(body, &Asked { model: Some("m"), ..Asked::default() }).unwrap();
    let target = Target { model: "us.anthropic.claude-sonnet-4-5", flavour: Flavour::Bedrock };
    let written = Invoked.write_count_request(&request, &target).unwrap();
    let written: serde_json::Value = serde_json::from_slice(&written).unwrap();
    let inner = STANDARD.decode(written["input"]["invokeModel"]["body"].as_str().unwrap()).unwrap();
    let inner: serde_json::Value = serde_json::from_slice(&inner).unwrap();
    assert_eq!(inner["anthropic_version"], "bedrock-2023-05-31");
    assert!(inner["max_tokens"].is_u64() && inner.get("model").is_none() && inner.get("stream").is_none(), "{inner}");
    assert_eq!(Invoked.read_count(&Invoked.write_count(7).unwrap()), Some(7));
}
