//! Calls of tools are judged alike in every dialect, in whole answers and in streams, whether bytes pass or are translated.

use serde_json::json;

use super::about;
use crate::canonical::{Called, Dialect};
use crate::dialect::codec::{self, Framing};
use crate::dialect::doors::Operation;
use crate::dialect::flow::{Flow, Stream};
use crate::dialect::offered::Offered;
use crate::dialect::{aws_events, openai_chat};

/// An answer that calls one tool: `NAME` with the arguments `TEXT`, a JSON text, or `VALUE`, the same as a value.
struct Row {
    dialect: Dialect,
    /// A request's tools: `f`.
    offer: &'static str,
    whole: &'static str,
    /// An event a line; in Bedrock's behind its name.
    stream: &'static str,
    /// What a stream says of a call is text, so that it may be no JSON; of a whole answer.
    text: (bool, bool),
}

const ROWS: [Row; 7] = [
    Row {
        dialect: Dialect::OpenAiChat,
        offer: r#"[{"type":"function","function":{"name":"f","parameters":{"type":"object"}}}]"#,
        whole: r#"{"choices":[{"index":0,"message":{"role":"assistant","content":null,"tool_calls":[{"id":"c","type":"function","function":{"name":NAME,"arguments":TEXT}}]},"finish_reason":"tool_calls"}]}"#,
        stream: r#"{"choices":[{"index":0,"delta":{"role":"assistant","content":"Let me see."}}]}
{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"c","type":"function","function":{"name":NAME,"arguments":""}}]}}]}
{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":TEXT}}]}}]}
{"choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]}
[DONE]"#,
        text: (true, true),
    },
    Row {
        dialect: Dialect::OpenAiResponses,
        offer: r#"[{"type":"function","name":"f","parameters":{"type":"object"}}]"#,
        whole: r#"{"id":"r","object":"response","status":"completed","model":"m","output":[{"type":"function_call","id":"fc","call_id":"c","name":NAME,"arguments":TEXT,"status":"completed"}]}"#,
        stream: r#"{"type":"response.created","response":{"id":"r","model":"m","status":"in_progress","output":[]}}
{"type":"response.output_item.added","output_index":0,"item":{"type":"function_call","id":"fc","call_id":"c","name":NAME,"arguments":"","status":"in_progress"}}
{"type":"response.function_call_arguments.delta","output_index":0,"item_id":"fc","delta":TEXT}
{"type":"response.function_call_arguments.done","output_index":0,"item_id":"fc","arguments":TEXT}
{"type":"response.output_item.done","output_index":0,"item":{"type":"function_call","id":"fc","call_id":"c","name":NAME,"arguments":TEXT,"status":"completed"}}
{"type":"response.completed","response":{"id":"r","model":"m","status":"completed","output":[{"type":"function_call","id":"fc","call_id":"c","name":NAME,"arguments":TEXT,"status":"completed"}]}}"#,
        text: (true, true),
    },
    Row {
        dialect: Dialect::Anthropic,
        offer: r#"[{"name":"f","input_schema":{"type":"object"}}]"#,
        whole: r#"{"id":"msg","type":"message","role":"assistant","model":"m","content":[{"type":"tool_use","id":"c","name":NAME,"input":VALUE}],"stop_reason":"tool_use"}"#,
        stream: r#"{"type":"message_start","message":{"id":"msg","model":"m","content":[]}}
{"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"c","name":NAME,"input":{}}}
{"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":TEXT}}
{"type":"content_block_stop","index":0}
{"type":"message_delta","delta":{"stop_reason":"tool_use"}}
{"type":"message_stop"}"#,
        text: (true, false),
    },
    Row {
        dialect: Dialect::Gemini,
        offer: r#"[{"functionDeclarations":[{"name":"f"}]}]"#,
        whole: r#"{"candidates":[{"content":{"role":"model","parts":[{"functionCall":{"name":NAME,"args":VALUE}}]},"finishReason":"STOP"}]}"#,
        stream: r#"{"candidates":[{"content":{"role":"model","parts":[{"functionCall":{"name":NAME,"args":VALUE}}]}}]}
{"candidates":[{"content":{"role":"model","parts":[{"text":""}]},"finishReason":"STOP"}]}"#,
        text: (false, false),
    },
    Row {
        dialect: Dialect::Bedrock,
        offer: r#"{"tools":[{"toolSpec":{"name":"f","inputSchema":{"json":{"type":"object"}}}}]}"#,
        whole: r#"{"output":{"message":{"role":"assistant","content":[{"toolUse":{"toolUseId":"c","name":NAME,"input":VALUE}}]}},"stopReason":"tool_use"}"#,
        stream: r#"messageStart {"role":"assistant"}
contentBlockStart {"contentBlockIndex":0,"start":{"toolUse":{"toolUseId":"c","name":NAME}}}
contentBlockDelta {"contentBlockIndex":0,"delta":{"toolUse":{"input":TEXT}}}
contentBlockStop {"contentBlockIndex":0}
messageStop {"stopReason":"tool_use"}
metadata {"usage":{"inputTokens":1,"outputTokens":1,"totalTokens":2}}"#,
        text: (true, false),
    },
    Row {
        dialect: Dialect::Cohere,
        offer: r#"[{"type":"function","function":{"name":"f","parameters":{"type":"object"}}}]"#,
        whole: r#"{"id":"x","message":{"role":"assistant","tool_calls":[{"id":"c","type":"function","function":{"name":NAME,"arguments":TEXT}}]},"finish_reason":"TOOL_CALL"}"#,
        stream: r#"{"type":"message-start","id":"x","delta":{"message":{"role":"assistant"}}}
{"type":"tool-call-start","index":0,"delta":{"message":{"tool_calls":{"id":"c","type":"function","function":{"name":NAME,"arguments":""}}}}}
{"type":"tool-call-delta","index":0,"delta":{"message":{"tool_calls":{"function":{"arguments":TEXT}}}}}
{"type":"tool-call-end","index":0}
{"type":"message-end","delta":{"finish_reason":"TOOL_CALL"}}"#,
        text: (true, true),
    },
    Row {
        dialect: Dialect::Ollama,
        offer: r#"[{"type":"function","function":{"name":"f","parameters":{"type":"object"}}}]"#,
        whole: r#"{"model":"m","message":{"role":"assistant","content":"","tool_calls":[{"function":{"name":NAME,"arguments":VALUE}}]},"done":true,"done_reason":"stop"}"#,
        stream: r#"{"model":"m","message":{"role":"assistant","content":"","tool_calls":[{"function":{"name":NAME,"arguments":VALUE}}]},"done":false}
{"model":"m","message":{"role":"assistant","content":""},"done":true,"done_reason":"stop"}"#,
        text: (false, false),
    },
];

/// Names and arguments, and whether such a call is sound. What is no JSON can only be said where arguments are text.
const CALLS: [(&str, &str, bool); 4] = [
    ("f", r#"{"city":"Paris"}"#, true),
    ("g", r#"{"city":"Paris"}"#, false),
    ("f", "[1]", false),
    ("f", r#"{"city":"#, false),
];

fn filled(template: &str, name: &str, arguments: &str) -> String {
    let filled = template.replace("NAME", &json!(name).to_string());
    filled.replace("TEXT", &json!(arguments).to_string()).replace("VALUE", arguments)
}

/// The stream as its provider sends it.
fn wire(framing: Framing, events: &str) -> Vec<u8> {
    let mut out = Vec::new();
    for event in events.lines() {
        match (framing, event.split_once(' ')) {
            (Framing::AwsEvents, Some((name, data))) => aws_events::write_event(name, data.as_bytes(), &mut out),
            (Framing::Lines, _) => out.extend_from_slice(format!("{event}\n").as_bytes()),
            _ => out.extend_from_slice(format!("data: {event}\n\n").as_bytes()),
        }
    }
    out
}

fn judged(row: &Row, called: &Called) -> Option<bool> {
    let offered = Offered::read(row.offer.as_bytes()).expect("there is a tool");
    called.is_judged().then(|| called.are_sound(|name| offered.has(name)))
}

fn streamed(mut flow: Box<dyn Flow>, bytes: &[u8], size: usize) -> Called {
    for piece in bytes.chunks(size) {
        assert_eq!(flow.push(piece.to_vec().into()).fault, None);
    }
    assert_eq!(flow.end().fault, None);
    flow.noted().called
}

#[test]
fn calls_are_judged_in_every_dialect() {
    for row in &ROWS {
        let codec = codec::of(row.dialect);
        for (name, arguments, sound) in CALLS {
            let is_json = serde_json::from_str::<serde_json::Value>(arguments).is_ok();
            let what = format!("{:?}: {name}({arguments})", row.dialect);
            if is_json || row.text.1 {
                let whole = filled(row.whole, name, arguments);
                let called = Called::of(&codec.read_reply(whole.as_bytes()).unwrap());
                assert_eq!(judged(row, &called), Some(sound), "{what} whole");
                if row.dialect == Dialect::OpenAiChat {
                    assert_eq!(
                        judged(row, &openai_chat::noted(whole.as_bytes()).called),
                        Some(sound),
                        "{what} as it passes"
                    );
                }
            }
            if !is_json && !row.text.0 {
                continue;
            }
            let bytes = wire(codec.framing(), &filled(row.stream, name, arguments));
            let about = about("m");
            for size in [bytes.len(), 7] {
                let native: Box<dyn Flow> = match row.dialect {
                    Dialect::OpenAiChat => Box::new(openai_chat::StreamWatch::new(Operation::Chat, false)),
                    _ => Box::new(Stream::native(codec, &about, false)),
                };
                assert_eq!(judged(row, &streamed(native, &bytes, size)), Some(sound), "{what} passing by {size}");
                for to in [Dialect::Anthropic, Dialect::OpenAiChat] {
                    let to = codec::of(to);
                    let translated = Box::new(Stream::translated(codec, to, &about));
                    assert_eq!(judged(row, &streamed(translated, &bytes, size)), Some(sound), "{what} translated");
                }
            }
        }
    }
}

#[test]
fn what_was_cut_or_says_nothing_of_tools_is_not_judged() {
    let cut = r#"{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"c","function":{"name":"f","arguments":"{\"a"}}]}}]}
{"choices":[{"index":0,"delta":{},"finish_reason":"length"}]}"#;
    let text = r#"{"choices":[{"index":0,"delta":{"content":"no \"tool_calls\": [1]"}}]}
{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#;
    for stream in [cut, text] {
        let flow = Box::new(openai_chat::StreamWatch::new(Operation::Chat, false));
        assert!(!streamed(flow, &wire(Framing::Sse, stream), 64).is_judged(), "{stream}");
    }
    let mut flow = openai_chat::StreamWatch::new(Operation::Chat, false);
    flow.push(wire(Framing::Sse, cut.lines().next().unwrap_or_default()).into());
    assert!(flow.end().fault.is_some() && !flow.noted().called.is_judged(), "it broke off");
}
