//! Streams, read.

use serde_json::json;

use super::*;
use crate::canonical::{Dialect, FaultKind, Part, Reasoning, Signature, StopReason};

fn frames(frames: &[Value]) -> Result<Reply<'static>, Fault> {
    let created = json!({"type": "response.created", "response": {"id": "resp_1", "model": "m", "created_at": 5}});
    let completed = json!({"type": "response.completed", "response": {"status": "completed",
        "usage": {"input_tokens": 1, "output_tokens": 1}}});
    let all = [std::slice::from_ref(&created), frames, std::slice::from_ref(&completed)].concat();
    read_frames(all.iter().map(Value::to_string))
}

fn parts(given: &[Value]) -> Vec<Part<'static>> {
    frames(given).unwrap().choices.remove(0).parts
}

#[test]
fn events_that_are_missing_do_not_matter() {
    let message = json!({"type": "message", "content": [{"type": "output_text", "text": "hi"}]});
    let hi = [Part::text("hi")];
    let item = |item: &Value| json!({"type": "response.output_item.done", "output_index": 0, "item": item});
    let delta = json!({"type": "response.output_text.delta", "delta": "hi"});
    let done = json!({"type": "response.output_text.done", "text": "hi"});
    let piece = json!({"type": "response.content_part.done", "part": {"type": "output_text", "text": "hi"}});
    assert_eq!(parts(&[item(&message)]), hi);
    assert_eq!(parts(std::slice::from_ref(&delta)), hi);
    assert_eq!(parts(std::slice::from_ref(&done)), hi);
    assert_eq!(parts(&[delta, done, piece, item(&message)]), hi);
    let call = json!({"type": "function_call", "id": "fc_1", "call_id": "c", "name": "f", "arguments": "{}"});
    let added = json!({"type": "response.output_item.added", "output_index": 0, "item": call});
    let only = parts(&[item(&call)]);
    assert!(matches!(&only[..], [Part::ToolCall(call)] if call.id == "c" && call.arguments == "{}"), "{only:?}");
    assert_eq!(parts(&[added, item(&call)]), only);
    let whole = json!({"type": "response.completed", "response": {"output": [message, call]}});
    assert_eq!(read_frames([whole.to_string()]).unwrap().choices[0].parts, [&hi[..], &only[..]].concat());
}

#[test]
fn thoughts_are_one_part_with_their_paragraphs() {
    let delta = |index: u64, text: &str| {
        json!({"type": "response.reasoning_summary_text.delta", "item_id": "rs_1",
        "summary_index": index, "delta": text})
    };
    let item = |encrypted: &str| {
        json!({"type": "response.output_item.done", "item": {"type": "reasoning",
        "id": "rs_1", "summary": [{"type": "summary_text", "text": "all"}], "encrypted_content": encrypted}})
    };
    let thoughts = Reasoning {
        text: "ab\n\nc".into(),
        summary: true,
        id: Some("rs_1".into()),
        signature: Some(Signature::new(Dialect::OpenAiResponses, "E")),
        redacted: false,
    };
    assert_eq!(parts(&[delta(0, "a"), delta(0, "b"), delta(1, "c"), item("E")]), [Part::Reasoning(thoughts.clone())]);
    assert_eq!(parts(&[item("E")]), [Part::Reasoning(Reasoning { text: "all".into(), ..thoughts.clone() })]);
    let hidden = json!({"type": "response.output_item.done", "item": {"type": "reasoning", "id": "rs_1",
        "summary": [], "encrypted_content": "E"}});
    let redacted = Reasoning { text: "".into(), redacted: true, ..thoughts };
    assert_eq!(parts(&[hidden]).len(), 1);
    let Part::Reasoning(got) = &parts(&[
        json!({"type": "response.output_item.done", "item": {"type": "reasoning", "id": "rs_1", "summary": [],
            "encrypted_content": "E"}}),
    ])[0] else {
        panic!()
    };
    assert_eq!((got.redacted, &got.signature), (true, &redacted.signature));
    let open = json!({"type": "response.reasoning_text.delta", "item_id": "rs_2", "content_index": 0, "delta": "x"});
    assert!(matches!(&parts(&[open])[..], [Part::Reasoning(open)] if !open.summary && open.text == "x"));
}

#[test]
fn hosted_items_are_kept_whole() {
    let item = json!({"type": "web_search_call", "id": "ws_1", "status": "completed", "action": {"z": 1, "a": 2}});
    let got = parts(&[
        json!({"type": "response.output_item.added", "output_index": 0, "item": item}),
        json!({"type": "response.web_search_call.searching", "output_index": 0, "delta": {"odd": 1}}),
        json!({"type": "response.output_item.done", "output_index": 0, "item": item}),
    ]);
    let [Part::Foreign(foreign)] = &got[..] else { panic!("{got:?}") };
    assert_eq!((&*foreign.kind, foreign.json.as_str()), ("web_search_call", item.to_string().as_str()));
}

#[test]
fn citations_are_read_once() {
    let annotation = json!({"type": "url_citation", "start_index": 0, "end_index": 2, "url": "u", "title": "T"});
    let piece = json!({"type": "output_text", "text": "hi", "annotations": [annotation]});
    let delta = json!({"type": "response.output_text.delta", "delta": "hi"});
    let added = json!({"type": "response.output_text.annotation.added", "annotation": annotation});
    let done = json!({"type": "response.content_part.done", "part": piece});
    let item = json!({"type": "response.output_item.done", "item": {"type": "message", "content": [piece]}});
    for given in [
        &[delta.clone(), added, done.clone(), item.clone()][..],
        &[delta.clone(), done],
        &[delta, item.clone()],
        &[item],
    ] {
        let got = parts(given);
        let [Part::Text(text)] = &got[..] else { panic!("{got:?}") };
        assert_eq!((text.citations.len(), text.citations[0].range), (1, Some((0, 2))));
    }
}

#[test]
fn case_137_failures_and_cuts_are_read_as_such() {
    let delta = json!({"type": "response.output_text.delta", "delta": "hi"});
    let fault = |last: Value| frames(&[delta.clone(), last]).unwrap_err().kind;
    let error = json!({"code": "rate_limit_exceeded", "message": "slow"});
    assert_eq!(
        fault(json!({"type": "response.failed", "response": {"id": "r", "status": "failed", "error": error}})),
        FaultKind::RateLimited
    );
    assert_eq!(
        fault(json!({"type": "error", "code": "server_error", "message": "x", "param": null})),
        FaultKind::ServerError
    );
    assert_eq!(
        fault(json!({"type": "error", "error": {"type": "insufficient_quota", "code": "insufficient_quota",
                "message": "x"}})),
        FaultKind::QuotaExhausted
    );
    assert_eq!(fault(json!({"error": {"message": "overloaded"}})), FaultKind::Overloaded);
    assert_eq!(fault(json!([1])), FaultKind::Malformed);
    assert_eq!(read_frames([delta.to_string()]).unwrap_err().kind, FaultKind::Truncated);
    assert_eq!(read_frames([""; 0]).unwrap_err().kind, FaultKind::Truncated);
    let cut = |why: &str| {
        let last = json!({"type": "response.incomplete", "response": {"status": "incomplete",
            "incomplete_details": {"reason": why}}});
        let reply = read_frames([delta.to_string(), last.to_string()]).unwrap();
        reply.choices[0].stop.reason
    };
    assert_eq!((cut("max_output_tokens"), cut("content_filter")), (StopReason::Length, StopReason::Filtered));
}

#[test]
fn what_comes_behind_the_end_is_not_read() {
    let reply = frames(&[json!({"type": "response.output_text.delta", "delta": "hi"})]).unwrap();
    assert_eq!((&*reply.id, &*reply.model, reply.created, reply.usage.total()), ("resp_1", "m", Some(5), Some(2)));
    let completed = r#"{"type":"response.completed","response":{"output":[{"type":"message","content":"x"}]}}"#;
    assert!(read_frames([completed, "[DONE]", "nonsense"]).is_ok());
}
