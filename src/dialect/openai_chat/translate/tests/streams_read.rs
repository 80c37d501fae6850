//! Providers' streams with all their oddities.

use super::{Read, check_grammar, read_frames, read_sse};
use crate::canonical::{Event, FaultKind, Gatherer, Part, Reply, StopReason};

/// The reply that a stream of these frames makes, `[DONE]` added.
fn whole(frames: &[&str]) -> Reply<'static> {
    let Read { events, ended } = read_frames(frames.iter().copied().chain(["[DONE]"]));
    check_grammar(&events, &frames.join("\n"));
    ended.unwrap();
    let mut gatherer = Gatherer::new();
    events.into_iter().for_each(|event| gatherer.push(event));
    gatherer.finish().unwrap()
}

/// The parts in short.
fn parts(reply: &Reply<'_>) -> Vec<String> {
    let short = |part: &Part<'_>| match part {
        Part::Text(text) => format!("text {}", text.text),
        Part::Refusal(text) => format!("refusal {text}"),
        Part::Reasoning(thought) => {
            let proof = thought.signature.as_ref().map(|proof| format!(" {} {}", proof.from.as_str(), proof.value));
            format!("thought {}{}", thought.text, proof.unwrap_or_default())
        }
        Part::ToolCall(call) => {
            let proof = call.signature.as_ref().map(|proof| format!(" {} {}", proof.from.as_str(), proof.value));
            format!("{} {} {}{}", call.id, call.name, call.arguments, proof.unwrap_or_default())
        }
        other => format!("{other:?}"),
    };
    reply.choices[0].parts.iter().map(short).collect()
}

/// A chunk with that delta.
fn delta(delta: &str) -> String {
    format!(r#"{{"id":"c1","model":"m","created":5,"choices":[{{"index":0,"delta":{delta},"finish_reason":null}}]}}"#)
}

fn finish(reason: &str) -> String {
    format!(r#"{{"id":"c1","model":"m","choices":[{{"index":0,"delta":{{}},"finish_reason":"{reason}"}}]}}"#)
}

/// What the deltas make, and why it ended.
fn check(deltas: &[&str], reason: &str, expected: &[&str], stop: StopReason) {
    let mut frames: Vec<String> = deltas.iter().map(|text| delta(text)).collect();
    frames.push(finish(reason));
    let reply = whole(&frames.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(parts(&reply), expected, "{deltas:?}");
    assert_eq!(reply.choices[0].stop.reason, stop, "{deltas:?}");
}

#[test]
fn text_and_head() {
    let reply = whole(&[
        &delta(r#"{"role":"assistant","content":"","refusal":null}"#),
        &delta(r#"{"content":"Hel"}"#),
        &delta(r#"{"content":"lo\n"}"#),
        &finish("stop"),
    ]);
    assert_eq!((reply.id.as_str(), reply.model.as_str(), reply.created), ("c1", "m", Some(5)));
    assert_eq!(parts(&reply), ["text Hello\n"]);
}

#[test]
fn case_074_one_chunk_with_everything_loses_nothing() {
    let chunk = r#"{"id":"c","choices":[{"delta":{"role":"assistant","reasoning":"Hm","content":"Hi","tool_calls":[
        {"id":"a","type":"function","function":{"name":"f","arguments":"{\"x\":1}"}}]},"finish_reason":"tool_calls"}],
        "usage":{"prompt_tokens":3,"completion_tokens":4}}"#;
    let reply = whole(&[chunk]);
    assert_eq!(parts(&reply), ["thought Hm", "text Hi", r#"a f {"x":1}"#]);
    assert_eq!((reply.usage.input, reply.choices[0].stop.reason), (Some(3), StopReason::ToolCalls));
    // The same as a whole message.
    let reply = whole(&[&chunk.replace("\"delta\"", "\"message\"")]);
    assert_eq!(parts(&reply), ["thought Hm", "text Hi", r#"a f {"x":1}"#]);
}

#[test]
fn case_075_every_form_of_thought() {
    use StopReason::End;
    check(
        &[r#"{"reasoning_content":"a"}"#, r#"{"reasoning_content":"b","content":null}"#, r#"{"content":"c"}"#],
        "stop",
        &["thought ab", "text c"],
        End,
    );
    check(&[r#"{"reasoning":"a","content":""}"#, r#"{"content":"c"}"#], "stop", &["thought a", "text c"], End);
    check(&[r#"{"content":"<thi"}"#, r#"{"content":"nk>a</think>c"}"#], "stop", &["thought a", "text c"], End);
    check(&[r#"{"content":"<thi"}"#], "stop", &["text <thi"], End);
    check(
        &[r#"{"content":[{"type":"thinking","thinking":[{"type":"text","text":"a"}]}]}"#, r#"{"content":"c"}"#],
        "stop",
        &["thought a", "text c"],
        End,
    );
    // The text once, though it is said twice; the proof with its origin.
    check(
        &[
            r#"{"reasoning":"a","reasoning_details":[{"type":"reasoning.text","text":"a","index":0}]}"#,
            r#"{"reasoning":"b","reasoning_details":[{"type":"reasoning.text","text":"b","index":0}]}"#,
            r#"{"reasoning_details":[{"type":"reasoning.text","signature":"S","format":"anthropic-claude-v1","index":0}]}"#,
            r#"{"reasoning_details":[{"type":"reasoning.encrypted","data":"R","format":"anthropic-claude-v1","index":1}]}"#,
            r#"{"content":"c"}"#,
        ],
        "stop",
        &["thought ab anthropic S", "thought  anthropic R", "text c"],
        End,
    );
    check(
        &[
            r#"{"reasoning_details":[{"type":"reasoning.summary","summary":"a","id":"rs","index":0}]}"#,
            r#"{"reasoning_details":[{"type":"reasoning.encrypted","data":"E","id":"rs","format":"openai-responses-v1","index":0}]}"#,
        ],
        "stop",
        &["thought a openai_responses E"],
        End,
    );
    check(
        &[r#"{"reasoning_details":[{"type":"reasoning.text","text":"a","signature":"~outrider.bedrock.S"}]}"#],
        "stop",
        &["thought a bedrock S"],
        End,
    );
}

#[test]
fn case_076_077_calls_in_every_form() {
    use StopReason::ToolCalls;
    // Interleaved by index alone.
    check(
        &[
            r#"{"tool_calls":[{"index":0,"id":"a","type":"function","function":{"name":"f","arguments":""}}]}"#,
            r#"{"tool_calls":[{"index":1,"id":"b","type":"function","function":{"name":"g","arguments":""}}]}"#,
            r#"{"tool_calls":[{"index":0,"function":{"arguments":"{\"x"}},{"index":1,"function":{"arguments":"{}"}}]}"#,
            r#"{"tool_calls":[{"index":0,"function":{"arguments":"\":1}"}}]}"#,
        ],
        "tool_calls",
        &[r#"a f {"x":1}"#, "b g {}"],
        ToolCalls,
    );
    // A late name; none of index, id and type; a name once more.
    check(
        &[
            r#"{"tool_calls":[{"index":0,"id":"a","function":{"arguments":"{\"x\":"}}]}"#,
            r#"{"tool_calls":[{"index":0,"function":{"name":"f","arguments":"1}"}}]}"#,
        ],
        "tool_calls",
        &[r#"a f {"x":1}"#],
        ToolCalls,
    );
    check(
        &[
            r#"{"tool_calls":[{"id":"a","function":{"name":"f","arguments":"{\"x\""}}]}"#,
            r#"{"tool_calls":[{"id":null,"function":{"name":"f","arguments":":1}"}}]}"#,
        ],
        "tool_calls",
        &[r#"a f {"x":1}"#],
        ToolCalls,
    );
    // All with the index 0, with ids and without; whole calls without an index.
    let twice = |first: &str, second: &str, expected: &[&str]| {
        let calls = format!(r#"{{"tool_calls":[{first},{second}]}}"#);
        check(&[&calls], "tool_calls", expected, ToolCalls);
        let (first, second) = (format!(r#"{{"tool_calls":[{first}]}}"#), format!(r#"{{"tool_calls":[{second}]}}"#));
        check(&[&first, &second], "tool_calls", expected, ToolCalls);
    };
    twice(
        r#"{"index":0,"id":"a","function":{"name":"f","arguments":"{}"}}"#,
        r#"{"index":0,"id":"b","function":{"name":"f","arguments":"{\"y\":2}"}}"#,
        &["a f {}", r#"b f {"y":2}"#],
    );
    twice(
        r#"{"id":"a","function":{"name":"f","arguments":"{}"}}"#,
        r#"{"id":"b","function":{"name":"f","arguments":{"y": 2}}}"#,
        &["a f {}", r#"b f {"y": 2}"#],
    );
    let made = [0, 1].map(|index| crate::canonical::made_up_id("c1", index));
    twice(
        r#"{"index":0,"id":"","function":{"name":"f","arguments":"{\"s\":\"}\\\"\"}"}}"#,
        r#"{"index":0,"function":{"name":"g","arguments":"{}"}}"#,
        &[&format!(r#"{} f {{"s":"}}\""}}"#, made[0]), &format!("{} g {{}}", made[1])],
    );
    check(
        &[r#"{"function_call":{"name":"f","arguments":"{"}}"#, r#"{"function_call":{"arguments":"}"}}"#],
        "function_call",
        &[&format!("{} f {{}}", made[0])],
        ToolCalls,
    );
    check(
        &[r#"{"tool_calls":[{"index":0,"id":"a","type":"custom","custom":{"name":"f","input":"x"}}]}"#],
        "tool_calls",
        &["a f x"],
        ToolCalls,
    );
}

#[test]
fn proofs_of_calls_are_found() {
    let call = r#"{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{}"},"extra_content":{"google":{"thought_signature":"S"}}}]}"#;
    check(&[call], "stop", &["a f {} gemini S"], StopReason::ToolCalls);
    let detail =
        r#"{"reasoning_details":[{"type":"reasoning.encrypted","data":"S","id":"a","format":"google-gemini-v1"}]}"#;
    let call = r#"{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{}"}}]}"#;
    check(&[detail, call], "tool_calls", &["a f {} gemini S"], StopReason::ToolCalls);
    check(&[call, detail], "tool_calls", &["a f {} gemini S"], StopReason::ToolCalls);
    check(&[detail], "stop", &["thought  gemini S"], StopReason::End);
}

#[test]
fn case_078_079_why_it_ended() {
    use StopReason::*;
    let text = r#"{"content":"x"}"#;
    let call = r#"{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{}"}}]}"#;
    for (reason, stop) in [
        ("stop", End),
        ("eos", End),
        ("something new", End),
        ("length", Length),
        ("model_length", Length),
        ("content_filter", Filtered),
        ("tool_calls", ToolCalls),
    ] {
        check(&[text], reason, &["text x"], stop);
    }
    check(&[call], "stop", &["a f {}"], ToolCalls);
    check(&[call], "length", &["a f {}"], Length);
    check(&[r#"{"refusal":"No"}"#], "stop", &["refusal No"], Filtered);
    let end = |more: &str| format!(r#"{{"choices":[{{"index":0,"delta":{{}},"finish_reason":"stop",{more}}}]}}"#);
    let reply = whole(&[&delta(text), &end(r#""stop_reason":"END""#)]);
    let stop = &reply.choices[0].stop;
    assert_eq!((stop.reason, stop.sequence.as_deref()), (Sequence, Some("END")));
    assert_eq!(whole(&[&delta(text), &end(r#""stop_reason":128009"#)]).choices[0].stop.reason, End);
    // Cut inside a call, which OpenRouter calls `tool_calls`.
    let reply = whole(&[&delta(call), &end(r#""native_finish_reason":"max_output_tokens""#)]);
    assert_eq!(reply.choices[0].stop.reason, Length);
}

#[test]
fn case_080_usage_may_stand_anywhere() {
    let usage = r#""usage":{"prompt_tokens":9,"completion_tokens":2}"#;
    let text = delta(r#"{"content":"x"}"#);
    let with = |frame: &str| format!("{},{usage}}}", frame.strip_suffix('}').unwrap());
    let alone = format!(r#"{{"choices":[],{usage}}}"#);
    let groq = finish("stop").replacen('{', &format!(r#"{{"x_groq":{{{usage}}},"#), 1);
    for frames in [
        vec![text.clone(), finish("stop"), alone.clone()],
        vec![text.clone(), with(&finish("stop"))],
        vec![with(&text), with(&text), with(&finish("stop"))],
        vec![alone, text.clone(), finish("stop")],
        vec![text, groq],
    ] {
        let reply = whole(&frames.iter().map(String::as_str).collect::<Vec<_>>());
        assert_eq!((reply.usage.input, reply.usage.output), (Some(9), Some(2)), "{frames:?}");
    }
}

#[test]
fn azures_first_event_begins_nothing() {
    let first = r#"{"choices":[],"created":0,"id":"","model":"","prompt_filter_results":[]}"#;
    let reply = whole(&[first, &delta(r#"{"content":"x"}"#), &finish("stop")]);
    assert_eq!((reply.id.as_str(), reply.model.as_str()), ("c1", "m"));
}

#[test]
fn several_answers_are_told_apart() {
    let piece =
        |index: u32, text: &str| format!(r#"{{"choices":[{{"index":{index},"delta":{{"content":"{text}"}}}}]}}"#);
    let end = |index: u32| format!(r#"{{"choices":[{{"index":{index},"delta":{{}},"finish_reason":"stop"}}]}}"#);
    let frames = [piece(1, "b"), piece(0, "a"), piece(1, "B"), end(1), end(0)];
    let reply = whole(&frames.iter().map(String::as_str).collect::<Vec<_>>());
    let text = |at: usize| format!("{:?}", reply.choices[at].parts);
    assert!(text(0).contains("\"a\"") && text(1).contains("\"bB\""), "{reply:?}");
}

#[test]
fn case_057_where_a_stream_may_end() {
    let kind = |frames: &[&str]| read_frames(frames.iter().copied()).ended.err().map(|fault| fault.kind);
    let text = delta(r#"{"content":"x"}"#);
    assert_eq!(kind(&[&text, &finish("stop")]), None, "Perplexity has no `[DONE]`");
    assert_eq!(kind(&[&text, "[DONE]"]), None, "some give no reason");
    assert_eq!(kind(&[&text]), Some(FaultKind::Truncated));
    assert_eq!(kind(&[]), Some(FaultKind::Empty));
    assert_eq!(kind(&["[DONE]"]), Some(FaultKind::Empty));
    assert_eq!(kind(&["{"]), Some(FaultKind::Malformed));
    assert_eq!(kind(&[r#"{"choices":[{"index":4000000,"delta":{}}]}"#]), Some(FaultKind::Malformed));
}

#[test]
fn case_082_errors_in_the_stream() {
    let text = delta(r#"{"content":"x"}"#);
    let check = |frame: &str, expected: FaultKind| {
        let Read { events, ended } = read_frames([text.as_str(), frame, &text, "[DONE]"]);
        check_grammar(&events, frame);
        ended.unwrap();
        let Some(Event::Error(fault)) = events.last() else { panic!("{frame}: {events:?}") };
        assert_eq!(fault.kind, expected, "{frame}");
    };
    check(r#"{"error":{"message":"x","code":429}}"#, FaultKind::RateLimited);
    check(
        r#"{"error":{"message":"x","code":502},"choices":[{"delta":{},"finish_reason":"error"}]}"#,
        FaultKind::ServerError,
    );
    check(
        r#"{"choices":[{"delta":{},"finish_reason":"error","error":{"code":503,"message":"x"}}]}"#,
        FaultKind::Overloaded,
    );
    check(r#"{"object":"error","message":"x","code":40003}"#, FaultKind::ServerError);
    // Groq's, by its name.
    let stream = format!("data: {text}\n\nevent: error\ndata: {{\"message\":\"overloaded\"}}\n\n");
    let Read { events, ended } = read_sse(stream.as_bytes(), 5);
    ended.unwrap();
    assert!(matches!(events.last(), Some(Event::Error(_))), "{events:?}");
}

#[test]
fn case_083_framing_does_not_matter() {
    let chunks = [delta(r#"{"content":"é1"}"#), delta(r#"{"content":"2"}"#), finish("stop")];
    let expected = read_frames(chunks.iter().map(String::as_str)).events;
    let [one, two, three] = &chunks;
    let streams = [
        format!("data: {one}\n\ndata: {two}\n\ndata: {three}\n\ndata: [DONE]\n\n"),
        format!(
            "\u{feff}: OPENROUTER PROCESSING\n\ndata:{one}\r\n\r\n: x\n\ndata: {two}\r\rdata: {three}\n\ndata: [DONE]"
        ),
        format!(
            "data: {}\n\ndata: {two}\n\ndata: {three}\n\ndata:\n\n",
            one.replace(",\"model\"", "\ndata: ,\"model\"")
        ),
    ];
    for stream in streams {
        for size in 1..=stream.len() {
            let Read { events, ended } = read_sse(stream.as_bytes(), size);
            ended.unwrap();
            assert_eq!(events, expected, "{stream:?} by {size}");
        }
    }
}
