//! Documents that no provider and no client should send.

use super::*;

const REQUEST: &str = r#"{"model":"m","stream":true,"messages":[{"role":"system","content":"s"},
    {"role":"user","content":[{"type":"text","text":"é"},{"type":"image_url","image_url":{"url":"data:image/png;base64,AA=="}}]},
    {"role":"assistant","tool_plan":"p","tool_calls":[{"id":"a","type":"function","function":{"name":"f","arguments":"{}"}}],"citations":[{"start":0}]},
    {"role":"tool","tool_call_id":"a","content":[{"type":"document","document":{"data":{"x":1}}}]}],
    "tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object"}}}],"documents":["d"],
    "response_format":{"type":"json_object","json_schema":{}},"temperature":1,"stop_sequences":["x"]}"#;

const REPLY: &str = r#"{"id":"x","finish_reason":"TOOL_CALL","message":{"role":"assistant","tool_plan":"é",
    "content":[{"type":"text","text":"t"},{"type":"thinking","thinking":"h"}],"citations":[{"start":0,"end":1,"sources":[{"document":{"url":"u"}}]}],
    "tool_calls":[{"id":"a","type":"function","function":{"name":"f","arguments":"{}"}}]},
    "usage":{"tokens":{"input_tokens":1,"output_tokens":2}},"logprobs":[{"text":"a","logprobs":[-1.0]}]}"#;

const FRAMES: [&str; 6] = [
    r#"{"id":"x","type":"message-start","delta":{"message":{"content":[]}}}"#,
    r#"{"type":"content-start","index":0,"delta":{"message":{"content":{"type":"text","text":"é"}}}}"#,
    r#"{"type":"citation-start","index":0,"delta":{"message":{"citations":{"start":3,"end":7,"sources":[{}]}}}}"#,
    r#"{"type":"tool-call-start","index":0,"delta":{"message":{"tool_calls":{"id":"a","function":{"name":"f","arguments":""}}}}}"#,
    r#"{"type":"tool-call-delta","index":0,"delta":{"message":{"tool_calls":{"function":{"arguments":"{}"}}}}}"#,
    r#"{"type":"message-end","delta":{"finish_reason":"COMPLETE","usage":{"tokens":{"input_tokens":9}}}}"#,
];

#[test]
fn nothing_panics() {
    shared::survives(&Cohere, REQUEST, REPLY, &FRAMES);
}
