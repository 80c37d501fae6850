//! Each case is cut at every byte.

use super::Operation::{Chat, Completions};
use super::*;

const ROLE: &str =
    "data: {\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\",\"refusal\":null}}]}\n\n";
const FILTER: &str = "data: {\"choices\":[],\"prompt_filter_results\":[{\"prompt_index\":0}]}\n\n";
const COMMENT: &str = ": OPENROUTER PROCESSING\n\n";
const HELLO: &str =
    "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hello\"},\"finish_reason\":null}],\"usage\":null}\n\n";
const STOP: &str = "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";
const USAGE: &str = "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":9}}\n\n";
const DONE: &str = "data: [DONE]\n\n";
const LIMITED: &str = "data: {\"error\":{\"message\":\"slow down\",\"code\":429}}\n\n";

/// How a stream passed.
#[derive(Debug, PartialEq)]
struct Passed {
    bytes: String,
    begun: bool,
    fault: Option<FaultKind>,
    usage: Usage,
}

fn pass(operation: Operation, text: &str, size: usize) -> Passed {
    let mut watch = StreamWatch::new(operation, false);
    let mut bytes = Vec::new();
    for chunk in text.as_bytes().chunks(size) {
        bytes.extend_from_slice(&watch.push(Bytes::copy_from_slice(chunk)).ready);
    }
    let Pushed { ready, fault, .. } = watch.end();
    bytes.extend_from_slice(&ready);
    let bytes = String::from_utf8(bytes).unwrap();
    Passed { bytes, begun: watch.begun(), fault: fault.map(|fault| fault.kind), usage: watch.usage() }
}

/// The same for every way to cut: what is forwarded, whether it had begun, how it ended, tokens in and out.
fn check(operation: Operation, text: &str, forwarded: &str, begun: bool, fault: Option<FaultKind>, tokens: [u64; 2]) {
    let some = |n| (n > 0).then_some(n);
    let usage = Usage { input: some(tokens[0]), output: some(tokens[1]), ..Usage::default() };
    let expected = Passed { bytes: forwarded.to_owned(), begun, fault, usage };
    for size in 1..=text.len().max(1) {
        assert_eq!(pass(operation, text, size), expected, "{text:?} in chunks of {size}");
    }
}

#[test]
fn answers_pass_byte_for_byte() {
    let whole = |operation, text: &str, tokens| check(operation, text, text, true, None, tokens);
    whole(Chat, &[ROLE, HELLO, STOP, DONE].concat(), [0, 0]);
    whole(Chat, &[COMMENT, FILTER, ROLE, COMMENT, HELLO, STOP, USAGE, DONE].concat(), [7, 9]);
    whole(Chat, &[HELLO, STOP].concat(), [0, 0]);
    whole(Chat, &[HELLO, USAGE, DONE].concat(), [7, 9]);
    whole(Chat, &[ROLE, STOP, DONE].concat(), [0, 0]);
    whole(Chat, &[HELLO, STOP, DONE].concat().replace('\n', "\r\n"), [0, 0]);
    whole(Chat, &[HELLO, STOP, DONE].concat().replace("data: ", "data:"), [0, 0]);
    whole(Chat, &[HELLO, STOP, DONE, LIMITED, "data: {"].concat(), [0, 0]);
    whole(Chat, [HELLO, STOP, DONE].concat().trim_end(), [0, 0]);
    whole(Chat, [HELLO, STOP].concat().trim_end(), [0, 0]);
    whole(Chat, "{\"choices\":[{}],\"usage\":{\"prompt_tokens\":1}}", [1, 0]);
    // An answer may speak of anything.
    let words = r#"data: {"choices":[{"delta":{"content":"[DONE] an error: \"error\":{} \"finish_reason\":\"error\" \"usage\":{\"prompt_tokens\":3}"}}]}"#;
    whole(Chat, &[HELLO, words, "\n\n", STOP].concat(), [0, 0]);
    let usage = r#"data: {"choices":[{"delta":{},"finish_reason":"stop"}],"usage" : {"prompt_tokens":2,"completion_tokens":3},"x_groq":{"usage":{}}}"#;
    whole(Chat, &[HELLO, USAGE, usage, "\n\n"].concat(), [2, 3]);
    let groq = r#"data: {"choices":[{"delta":{},"finish_reason":"stop"}],"x_groq":{"id":"r","usage":{"prompt_tokens":4,"completion_tokens":5}}}"#;
    whole(Chat, &[HELLO, groq, "\n\n"].concat(), [4, 5]);
    let text = "data: {\"choices\":[{\"text\":\"Hi\"}]}\n\ndata: {\"choices\":[{\"text\":\"\",\"finish_reason\":\"length\"}]}\n\n";
    whole(Completions, text, [0, 0]);
}

#[test]
fn each_vendors_first_real_event_is_known() {
    let begins = |choice: &str, expected: bool| {
        let text = format!("data: {{\"choices\":[{choice}]}}\n\n");
        assert_eq!(pass(Chat, &text, 1000).begun, expected, "{choice}");
    };
    begins(r#"{"delta":{"content":"a"}}"#, true);
    begins(r#"{"delta":{"content":[{"type":"thinking"}]}}"#, true);
    begins(r#"{"delta":{"content":null,"reasoning_content":"a"}}"#, true);
    begins(r#"{"delta":{"reasoning":"a"}}"#, true);
    begins(r#"{"delta":{"reasoning_details":[{"type":"reasoning.text"}]}}"#, true);
    begins(r#"{"delta":{"refusal":"a"}}"#, true);
    begins(r#"{"delta":{"tool_calls":[{"index":0}]}}"#, true);
    begins(r#"{"delta":{"function_call":{"name":"f"}}}"#, true);
    begins(r#"{"delta":{"audio":{"id":"x"}}}"#, true);
    begins(r#"{"message":{"role":"assistant","content":"a"}}"#, true);
    begins(r#"{"delta":{},"finish_reason":"stop"}"#, true);
    begins(r#"{"delta":{}},{"index":1,"delta":{"content":"a"}}"#, true);
    begins(r#"{"delta":{"role":"assistant","content":"","tool_calls":[],"reasoning":null}}"#, false);
    begins(r#"{"delta":null,"finish_reason":""}"#, false);
    begins(r#"{}"#, false);
    begins("", false);
}

#[test]
fn an_error_ends_the_stream_and_keeps_what_came_before_it() {
    use FaultKind::*;
    let named = "event: error\ndata: {\"error\":{\"message\":\"x\",\"type\":\"overloaded_error\"}}\n\n";
    let broken = r#"data: {"choices":[{"delta":{"content":""},"finish_reason":"error"}]}"#.to_owned() + "\n\n";
    let openrouter = r#"data: {"error":{"code":502,"message":"x"},"choices":[{"delta":{},"finish_reason":"error"}]}"#
        .to_owned()
        + "\n\n";
    let in_choice = r#"data: {"choices":[{"delta":{},"error":{"code":429,"message":"x"},"finish_reason":"error"}]}"#
        .to_owned()
        + "\n\n";
    for (event, kind) in [
        (LIMITED, RateLimited),
        (named, Overloaded),
        (&broken, ServerError),
        (&openrouter, ServerError),
        (&in_choice, RateLimited),
    ] {
        check(Chat, event, "", false, Some(kind), [0, 0]);
        let before = [COMMENT, ROLE].concat();
        check(Chat, &[&before, event, HELLO].concat(), &before, false, Some(kind), [0, 0]);
        let before = [ROLE, HELLO].concat();
        check(Chat, &[&before, event, STOP, DONE].concat(), &before, true, Some(kind), [0, 0]);
        check(Chat, [HELLO, event].concat().trim_end(), HELLO, true, Some(kind), [0, 0]);
    }
    check(Chat, "{\"error\":{\"code\":429}}", "", false, Some(RateLimited), [0, 0]);
}

#[test]
fn an_end_is_judged_by_what_came_before_it() {
    use FaultKind::*;
    let waiting = [COMMENT, FILTER, ROLE].concat();
    check(Chat, "", "", false, Some(Empty), [0, 0]);
    check(Chat, &waiting, &waiting, false, Some(Empty), [0, 0]);
    check(Chat, &[ROLE, DONE].concat(), &[ROLE, DONE].concat(), false, Some(Empty), [0, 0]);
    check(Chat, &[USAGE, DONE].concat(), &[USAGE, DONE].concat(), false, Some(Empty), [7, 9]);
    check(Chat, &[ROLE, HELLO].concat(), &[ROLE, HELLO].concat(), true, Some(Truncated), [0, 0]);
    check(Chat, &[ROLE, HELLO, &STOP[..40]].concat(), &[ROLE, HELLO].concat(), true, Some(Truncated), [0, 0]);
    check(Chat, &[ROLE, &HELLO[..40]].concat(), ROLE, false, Some(Empty), [0, 0]);
}

#[test]
fn an_event_that_cannot_be_read_is_left_out_and_several_are_a_fault() {
    use FaultKind::Malformed;
    const BROKEN: &str = "data: {\"choices\":[{\"delta\":{\"content\":\"Hel\n\n";
    let twice = [HELLO, BROKEN, BROKEN, STOP, BROKEN, DONE].concat();
    check(Chat, &twice, &[HELLO, STOP, DONE].concat(), true, None, [0, 0]);
    check(Chat, &[HELLO, BROKEN, BROKEN, BROKEN, STOP].concat(), HELLO, true, Some(Malformed), [0, 0]);
}

#[test]
fn garbage_is_refused_before_an_answer_begins() {
    use FaultKind::Malformed;
    check(Chat, "data: {\"choices\":\n\n", "", false, Some(Malformed), [0, 0]);
    check(Chat, "data: <html>\n\n", "", false, Some(Malformed), [0, 0]);
    check(Chat, "data: [1]\n\ndata: x\n\n", "", false, Some(Malformed), [0, 0]);
    check(Chat, "{\"choices\":[", "", false, Some(Malformed), [0, 0]);
}

#[test]
fn an_event_without_an_end_is_not_kept_for_ever() {
    let mut watch = StreamWatch::new(Chat, false);
    let piece = Bytes::from(vec![b'x'; 1 << 20]);
    let faults: Vec<_> = (0..20).filter_map(|_| watch.push(piece.clone()).fault).collect();
    assert_eq!(faults.first().map(|fault| fault.kind), Some(FaultKind::Malformed));
    assert_eq!(faults.len(), 3, "16 are kept and one more is taken");
}

#[test]
fn whole_events_are_forwarded_without_a_copy() {
    let chunk = Bytes::from([ROLE, HELLO, "data: {"].concat());
    let mut watch = StreamWatch::new(Chat, false);
    let pushed = watch.push(chunk.clone());
    assert_eq!(pushed.ready, chunk.slice(..chunk.len() - 7));
    assert_eq!(pushed.ready.as_ptr(), chunk.as_ptr());
}
