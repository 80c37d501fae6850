//! Documents that no provider and no client should send.

use super::*;

const REQUEST: &str = r#"{"model":"m","messages":[{"role":"system","content":"s"},
    {"role":"user","content":"é","images":["iVBORw0KGgo="]},
    {"role":"assistant","content":"","thinking":"h","tool_calls":[{"id":"a","function":{"name":"f","arguments":{"x":1.0}}}]},
    {"role":"tool","content":"r","tool_name":"f"}],"format":{"type":"object"},"think":"low","keep_alive":"5m",
    "tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object"}}}],
    "options":{"temperature":0.5,"num_predict":7,"stop":["x"],"num_ctx":4096},"logprobs":true}"#;

const REPLY: &str = r#"{"model":"m","created_at":"2024-05-24T21:02:00.76482Z","message":{"role":"assistant","content":"é",
    "thinking":"h","images":["AA=="],"tool_calls":[{"function":{"index":0,"name":"f","arguments":{"x":1.0}}}]},
    "done":true,"done_reason":"stop","prompt_eval_count":1,"eval_count":2,"logprobs":[{"token":"é","logprob":-1.0}]}"#;

const LINES: [&str; 4] = [
    r#"{"model":"m","created_at":"2024-05-24T21:02:00Z","message":{"role":"assistant","content":"","thinking":"h"},"done":false}"#,
    r#"{"model":"m","message":{"role":"assistant","content":"é"},"done":false}"#,
    r#"{"model":"m","message":{"content":"","tool_calls":[{"function":{"name":"f","arguments":{}}}]},"done":false}"#,
    r#"{"model":"m","message":{"content":""},"done":true,"done_reason":"stop","eval_count":2}"#,
];

#[test]
fn nothing_panics() {
    shared::survives(&Ollama, REQUEST, REPLY, &LINES);
}
