//! What a provider of Anthropic's Messages answers: the same words as one of OpenAI's.

use std::sync::LazyLock;

use super::load::{EVENTS, chunk, whole_reply};

/// The whole reply, of a kilobyte.
pub static JSON: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let text = "The castle is above the village, on the hill that the fog hides. ".repeat(11);
    whole_reply(&format!(
        r#"{{"id":"msg_0123456789abcdef","type":"message","role":"assistant","model":"claude-bench","content":[{{"type":"text","text":"{text}"}}],"stop_reason":"end_turn","stop_sequence":null,"usage":{{"input_tokens":180,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":60,"service_tier":"standard"}}}}"#
    ))
});

/// The start, the words and the end. What says nothing to a client of OpenAI's comes together with what does.
pub static STREAM: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let start = event(
        "message_start",
        r#","message":{"id":"msg_0123456789abcdef","type":"message","role":"assistant","model":"claude-bench","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":180,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":1}}"#,
    );
    let begin = event("content_block_start", r#","index":0,"content_block":{"type":"text","text":""}"#);
    let word = event("content_block_delta", r#","index":0,"delta":{"type":"text_delta","text":" word"}"#);
    let end = event("content_block_stop", r#","index":0"#)
        + &event(
            "message_delta",
            r#","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":1000}"#,
        )
        + &event("message_stop", "");
    let words = std::iter::repeat_n(word, EVENTS);
    [start + &begin].into_iter().chain(words).chain([end]).map(|events| chunk(events.as_bytes())).collect()
});

fn event(name: &str, members: &str) -> String {
    format!("event: {name}\ndata: {{\"type\":\"{name}\"{members}}}\n\n")
}
