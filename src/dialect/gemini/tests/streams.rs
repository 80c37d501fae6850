//! Streams, both ways.

use super::requests::call;
use super::torture::Grammar;
use super::*;
use crate::canonical::{Choice, Citation, Delta, Dialect, Foreign, PartStart, Raw, Reasoning, Signature, Stop, Usage};

/// The stream that a reply would have come as.
pub(super) fn write(reply: &Reply<'_>, about: &About<'_>) -> String {
    let mut writer = Gemini.write_stream(about);
    let mut out = Vec::new();
    replay(reply, &mut |event| writer.event(&event, &mut out));
    String::from_utf8(out).unwrap()
}

fn write_events(events: &[Event<'_>], json_array: bool) -> String {
    let mut writer = Gemini.write_stream(&About { json_array, ..about() });
    let mut out = Vec::new();
    events.iter().for_each(|event| writer.event(event, &mut out));
    String::from_utf8(out).unwrap()
}

fn candidate(parts: &str, finish: Option<&str>) -> String {
    let finish = finish.map(|reason| format!(r#","finishReason":"{reason}""#)).unwrap_or_default();
    format!(
        r#"{{"candidates":[{{"content":{{"parts":[{parts}],"role":"model"}}{finish},"index":0}}],"responseId":"r","modelVersion":"m"}}"#
    )
}

fn read(pieces: &[String]) -> Result<Reply<'static>, Fault> {
    read_stream(pieces).1
}

#[test]
fn every_cut_of_a_recorded_stream_gives_the_same_events() {
    let long = |pieces: &&Vec<String>| pieces.iter().map(String::len).sum::<usize>() < 3000;
    for pieces in recorded_or_none().streams.iter().filter(long).step_by(3) {
        // Between two marks only, or it would not be JSON: the same piece on one line.
        let pieces: &Vec<_> = &pieces.iter().map(|piece| piece.replace('\n', " ")).collect();
        let expected = read_stream(pieces).0;
        let sse: String = pieces.iter().map(|piece| format!("data: {piece}\r\n\r\n")).collect();
        let array = format!("[{}\n]\n", pieces.join("\n,\r\n"));
        for cut in 0..sse.len() {
            let mut splitter = sse::Splitter::new(1 << 20);
            let mut got = Vec::new();
            for half in [&sse.as_bytes()[..cut], &sse.as_bytes()[cut..]] {
                let ready = splitter.push(Bytes::copy_from_slice(half)).unwrap();
                let events =
                    ready.events().filter_map(|event| sse::Event::read(event).data.map(|data| data.into_owned()));
                got.extend(events.map(|data| String::from_utf8(data).unwrap()));
            }
            assert_eq!(&got, pieces);
        }
        for cut in 0..array.len() {
            let mut splitter = json_array::Splitter::new(1 << 20);
            let mut got = Vec::new();
            for half in [&array.as_bytes()[..cut], &array.as_bytes()[cut..]] {
                let ready = splitter.push(Bytes::copy_from_slice(half)).unwrap();
                let elements = ready.pieces().filter_map(json_array::element);
                got.extend(elements.map(|element| String::from_utf8(element.to_vec()).unwrap()));
            }
            assert_eq!(&got, pieces);
        }
        assert_eq!(read_stream(pieces).0, expected);
    }
}

#[test]
fn recorded_streams_keep_to_the_grammar_and_cut_ones_are_truncated() {
    for pieces in recorded_or_none().streams {
        let mut reader = Gemini.read_stream();
        let mut grammar = Grammar::default();
        for piece in &pieces {
            reader.frame("", piece.as_bytes(), &mut |event| grammar.check(&event)).unwrap();
        }
        let _ = reader.end(&mut |event| grammar.check(&event));
        let finishes = |piece: &String| {
            piece.contains("finishReason") || piece.contains("blockReason") || piece.contains("\"error\"")
        };
        let before = pieces.iter().take_while(|piece| !finishes(piece)).count();
        if pieces.iter().any(finishes) {
            assert_eq!(read(&pieces[..before]).unwrap_err().kind, FaultKind::Truncated);
        }
    }
}

#[test]
fn case_057_a_stream_without_a_reason_is_cut_off() {
    assert_eq!(read(&[]).unwrap_err().kind, FaultKind::Truncated);
    assert_eq!(read(&[candidate(r#"{"text":"a"}"#, None)]).unwrap_err().kind, FaultKind::Truncated);
    assert_eq!(read(&["{".to_owned()]).unwrap_err().kind, FaultKind::Malformed);
    assert_eq!(read(&[candidate("", Some("STOP"))]).unwrap_err().kind, FaultKind::Empty);
}

#[test]
fn case_078_and_099_and_103_a_call_comes_whole_and_makes_the_stop() {
    let pieces = [
        candidate(r#"{"text":"hm","thought":true}"#, None),
        candidate(
            r#"{"functionCall":{"name":"f","args":{"a":1}},"thoughtSignature":"AA=="},{"functionCall":{"name":"g"}}"#,
            None,
        ),
        candidate(r#"{"text":""}"#, Some("STOP")),
    ];
    let (events, reply) = read_stream(&pieces);
    let reply = reply.unwrap();
    assert_eq!(reply.choices[0].stop.reason, StopReason::ToolCalls);
    let calls: Vec<_> = reply.choices[0]
        .parts
        .iter()
        .filter_map(|part| match part {
            Part::ToolCall(call) => Some((call.name.as_str(), call.arguments.as_str(), call.signature.is_some())),
            _ => None,
        })
        .collect();
    assert_eq!(calls, [("f", r#"{"a":1}"#, true), ("g", "{}", false)]);
    assert_eq!(events.iter().filter(|event| event.starts_with("PartStart")).count(), 3, "{events:?}");
}

#[test]
fn case_104_pieces_with_little_in_them() {
    let pieces = [
        r#"{"usageMetadata":{"promptTokenCount":4,"totalTokenCount":4}}"#.to_owned(),
        candidate(r#"{"text":"a"}"#, None),
        r#"{"candidates":[{"content":{"parts":[{"text":"b"}]}}],"usageMetadata":{"promptTokenCount":4,"candidatesTokenCount":2,"thoughtsTokenCount":9,"totalTokenCount":15}}"#.to_owned(),
        candidate(r#"{"text":"","thoughtSignature":"AA=="}"#, None),
        r#"{"candidates":[{"content":{},"finishReason":1}],"usageMetadata":{"thoughtsTokenCount":9}}"#.to_owned(),
        "[DONE]".to_owned(),
    ];
    let reply = read(&pieces).unwrap();
    let [Part::Text(text)] = &reply.choices[0].parts[..] else { panic!("{reply:?}") };
    assert_eq!((&*text.text, &text.signature), ("ab", &Some(Signature::new(Dialect::Gemini, "AA=="))));
    assert_eq!((reply.usage.input, reply.usage.output, reply.usage.reasoning), (Some(4), Some(11), Some(9)));
    assert_eq!(reply.choices[0].stop.native.as_deref(), Some("STOP"));
    // Behind a call, the empty text stands for itself.
    let pieces = [
        candidate(r#"{"functionCall":{"name":"f"}}"#, None),
        candidate(r#"{"text":"","thoughtSignature":"AA=="}"#, Some("STOP")),
    ];
    let reply = read(&pieces).unwrap();
    assert!(matches!(&reply.choices[0].parts[1], Part::Text(text) if text.text.is_empty() && text.signature.is_some()));
}

#[test]
fn case_097_a_blocked_prompt_ends_filtered() {
    let reply = read(&[r#"{"promptFeedback":{"blockReason":"SAFETY"}}"#.to_owned()]).unwrap();
    assert_eq!(reply.choices[0].stop.reason, StopReason::Filtered);
}

#[test]
fn case_098_a_broken_call_is_not_a_good_end() {
    let reply = read(&[candidate("", Some("MALFORMED_FUNCTION_CALL"))]).unwrap();
    assert_eq!(reply.choices[0].stop.reason, StopReason::Broken);
}

#[test]
fn case_105_an_error_ends_a_stream() {
    for error in [
        r#"{"error":{"code":503,"message":"later","status":"UNAVAILABLE"}}"#,
        r#"[{"error":{"code":503,"message":"later"}}]"#,
    ] {
        let (events, reply) = read_stream(&[candidate(r#"{"text":"a"}"#, None), error.to_owned(), candidate("", None)]);
        assert_eq!(reply.unwrap_err().kind, FaultKind::Overloaded);
        assert!(events.last().unwrap().starts_with("Error"));
    }
}

#[test]
fn several_answers_at_once() {
    let piece = |index: u32, text: &str, finish: &str| {
        format!(r#"{{"candidates":[{{"content":{{"parts":[{{"text":"{text}"}}]}},"index":{index}{finish}}}]}}"#)
    };
    let stop = r#","finishReason":"STOP""#;
    let pieces = [piece(1, "x", ""), piece(0, "a", ""), piece(1, "y", stop), piece(0, "b", stop)];
    let reply = read(&pieces).unwrap();
    let texts: Vec<_> =
        reply.choices.iter().map(|choice| crate::canonical::joined_text(&choice.parts).to_string()).collect();
    assert_eq!(texts, ["ab", "xy"]);
    assert_eq!(read(&pieces[..3]).unwrap_err().kind, FaultKind::Truncated);
}

#[test]
fn arguments_in_pieces_become_a_call() {
    let part = |call: &str| candidate(&format!(r#"{{"functionCall":{call}}}"#), None);
    let pieces = [
        part(r#"{"name":"f","willContinue":true}"#),
        part(r#"{"partialArgs":[{"jsonPath":"$.a[0].b","stringValue":"x","willContinue":true}],"willContinue":true}"#),
        part(r#"{"partialArgs":[{"jsonPath":"$.a[0].b","stringValue":"y"}],"willContinue":true}"#),
        part(r#"{"partialArgs":[{"jsonPath":"$.n","numberValue":2}],"willContinue":true}"#),
        part("{}"),
        part(r#"{"name":"g","willContinue":true}"#),
        candidate("", Some("STOP")),
    ];
    let reply = read(&pieces).unwrap();
    let arguments: Vec<_> = reply.choices[0]
        .parts
        .iter()
        .filter_map(|part| match part {
            Part::ToolCall(call) => Some(call.arguments.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(arguments, [r#"{"a":[{"b":"xy"}],"n":2}"#, "{}"]);
}

fn started<'a>() -> Event<'a> {
    Event::Start { id: "r".into(), model: "m".into(), created: None, service_tier: None }
}

fn text<'a>(part: u32, text: &'a str) -> Event<'a> {
    Event::Delta { choice: 0, part, delta: Delta::Text(text.into()) }
}

fn part_start<'a>(part: u32, start: PartStart<'a>) -> Event<'a> {
    Event::PartStart { choice: 0, part, start }
}

fn tool<'a>(id: &'a str) -> PartStart<'a> {
    PartStart::ToolCall { id: id.into(), name: "f".into(), free_form: false }
}

fn end<'a>(part: u32) -> Event<'a> {
    Event::PartEnd { choice: 0, part }
}

#[test]
fn case_096_a_stream_is_written_as_events_or_as_one_list() {
    let events = || {
        [
            started(),
            part_start(0, PartStart::Text),
            text(0, "a\nb"),
            end(0),
            Event::Stop { choice: 0, stop: Stop::new(StopReason::Length, "length") },
            Event::Usage(Usage { input: Some(1), output: Some(2), ..Usage::default() }),
            Event::End,
        ]
    };
    let first = r#"{"candidates":[{"content":{"parts":[{"text":"a\nb"}],"role":"model"},"index":0}],"modelVersion":"m","responseId":"r"}"#;
    let last = r#"{"candidates":[{"content":{"parts":[{"text":""}],"role":"model"},"finishReason":"MAX_TOKENS","index":0}],"usageMetadata":{"promptTokenCount":1,"candidatesTokenCount":2,"totalTokenCount":3},"modelVersion":"m","responseId":"r"}"#;
    assert_eq!(write_events(&events(), false), format!("data: {first}\n\ndata: {last}\n\n"));
    assert_eq!(write_events(&events(), true), format!("[{first}\n,\n{last}\n]"));
    let fault = Fault::new(FaultKind::Overloaded, "later");
    let error = r#"{"error":{"code":503,"message":"later","status":"UNAVAILABLE"}}"#;
    let broken = [started(), part_start(0, PartStart::Text), text(0, "a\nb"), Event::Error(fault.clone()), Event::End];
    assert_eq!(write_events(&broken, false), format!("data: {first}\n\ndata: {error}\n\n"));
    assert_eq!(write_events(&broken, true), format!("[{first}\n,\n{error}\n]"));
    assert_eq!(write_events(&[Event::Error(fault)], true), format!("[{error}\n]"));
}

#[test]
fn case_076_interleaved_calls_are_written_whole_and_in_their_order() {
    let events = [
        started(),
        part_start(0, tool("one")),
        part_start(1, tool("two")),
        text(0, "{\"a\":"),
        text(1, "{\"b\":\n2}"),
        end(1),
        text(0, "1}"),
        Event::Delta { choice: 0, part: 0, delta: Delta::Signature(Signature::new(Dialect::Gemini, "A")) },
        Event::Delta { choice: 0, part: 0, delta: Delta::Signature(Signature::new(Dialect::Gemini, "B==")) },
        end(0),
        part_start(2, tool("cut")),
        text(2, "{\"c\""),
        Event::Stop { choice: 0, stop: Stop::new(StopReason::ToolCalls, "tool_use") },
        Event::End,
    ];
    let written = write_events(&events, false);
    let part =
        |piece: &str| serde_json::from_str::<Value>(piece).unwrap()["candidates"][0]["content"]["parts"][0].clone();
    let parts: Vec<_> = pieces(&written).iter().map(|piece| part(piece)).collect();
    let expected = serde_json::json!([
        {"functionCall": {"name": "f", "args": {"a": 1}, "id": "one"}, "thoughtSignature": "AB=="},
        {"functionCall": {"name": "f", "args": {"b": 2}, "id": "two"}},
        {"functionCall": {"name": "f", "args": {"_malformed_arguments": "{\"c\""}, "id": "cut"}},
        {"text": ""}
    ]);
    assert_eq!(Value::Array(parts), expected);
}

#[test]
fn case_127_foreign_signatures_in_pieces_come_back_whole() {
    let foreign = |value: &'static str| Delta::Signature(Signature::new(Dialect::Anthropic, value));
    let thought = |redacted| PartStart::Reasoning { summary: false, id: None, redacted };
    let events = [
        started(),
        part_start(0, thought(false)),
        text(0, "hm"),
        Event::Delta { choice: 0, part: 0, delta: foreign("Eq") },
        Event::Delta { choice: 0, part: 0, delta: foreign("oB") },
        end(0),
        part_start(1, thought(true)),
        Event::Delta { choice: 0, part: 1, delta: foreign("hid") },
        end(1),
        Event::Stop { choice: 0, stop: Stop::default() },
        Event::End,
    ];
    let reply = read(&pieces(&write_events(&events, true))).unwrap();
    let signatures: Vec<_> = reply.choices[0]
        .parts
        .iter()
        .filter_map(|part| match part {
            Part::Reasoning(thought) => Some((thought.text.as_str(), thought.signature.clone()?)),
            _ => None,
        })
        .collect();
    let signature = |value: &'static str| Signature::new(Dialect::Anthropic, value);
    assert_eq!(signatures, [("hm", signature("EqoB")), ("", signature("hid"))]);
}

#[test]
fn case_150_a_sign_of_life_is_a_piece_that_says_nothing() {
    let written = write_events(&[started(), Event::Ping], false);
    assert_eq!(pieces(&written).len(), 1);
    assert!(written.contains(r#""parts":[{"text":""}]"#));
}

#[test]
fn a_reply_written_as_a_stream_reads_the_same() {
    let original =
        Foreign { dialect: Dialect::Gemini, kind: "groundingChunk".into(), json: Raw::parse("null").unwrap() };
    let citation = Citation {
        url: Some("https://x".into()),
        title: Some("X".into()),
        text: Some("é".into()),
        range: Some((1, 3)),
        original,
    };
    let signature = || Some(Signature::new(Dialect::Gemini, "AA=="));
    let reply = Reply {
        id: "r".into(),
        model: "m".into(),
        choices: vec![Choice {
            parts: vec![
                Part::Reasoning(Reasoning { text: "hm".into(), summary: true, ..Reasoning::default() }),
                Part::ToolCall(crate::canonical::ToolCall {
                    signature: signature(),
                    ..call("c1", "f", "{\"a\":1.50}")
                }),
                Part::Text(crate::canonical::Text {
                    text: "aé".into(),
                    citations: vec![citation],
                    signature: signature(),
                    cache: None,
                }),
            ],
            stop: Stop { explanation: Some("done".into()), ..Stop::new(StopReason::ToolCalls, "STOP") },
            logprobs: Raw::parse(
                r#"{"content":[{"token":"a","logprob":-0.5,"bytes":[97],"top_logprobs":[]}],"refusal":null}"#,
            ),
        }],
        usage: Usage { input: Some(1), output: Some(9), cached: Some(1), reasoning: Some(4), ..Usage::default() },
        service_tier: None,
        created: None,
        others: Vec::new(),
    };
    for json_array in [false, true] {
        let written = write(&reply, &About { json_array, ..about() });
        let mut again = read(&pieces(&written)).unwrap();
        without_originals(&mut again.choices[0].parts);
        assert_eq!(again, reply, "{written}");
    }
}
