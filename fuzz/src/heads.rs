//! What routing reads of a request while it arrives, and the body with another model in it.

use bytes::Bytes;
use serde_json::Value;

use crate::chance;
use crate::dialect::head::{RequestHead, RequestScan, patch};
use crate::framings;
use crate::upstream::Body;
use crate::written;

/// One request's body.
pub fn check(data: &[u8]) {
    let mut random = chance(data);
    let in_path = random.bool().then_some("deployment");
    let data = Bytes::copy_from_slice(data);
    let longest = [1, 3, 30, 300][random.usize(..4)];
    let (whole, cut) = (read(&[data.clone()], in_path), read(&framings::cut(&data, longest, &mut random), in_path));
    let Some((head, body)) = whole else {
        return assert!(cut.is_none(), "it depends on the cuts whether it is refused");
    };
    let (cut_head, cut_body) = cut.expect("it depends on the cuts whether it is refused");
    assert_eq!(head, cut_head, "what is read depends on the cuts");
    let (patched, cut_patched) = (
        joined(&patch(&body, head.model_at.clone(), "new \"one\"")),
        joined(&patch(&cut_body, cut_head.model_at, "new \"one\"")),
    );
    assert_eq!(patched, cut_patched, "what is sent depends on the cuts");
    agree(&data, &head, in_path, &patched);
}

fn read(pieces: &[Bytes], in_path: Option<&str>) -> Option<(RequestHead, Body)> {
    let (mut scan, mut body) = (RequestScan::new(), Body::default());
    for piece in pieces {
        if let Err(fault) = scan.push(piece) {
            written::told(&fault);
            return None;
        }
        body.push(piece.clone());
    }
    let head = scan.finish(&body, in_path);
    head.inspect_err(written::told).ok().map(|head| (head, body))
}

fn joined(body: &Body) -> Vec<u8> {
    body.chunks().concat()
}

/// Where the body is JSON for a real parser too, it says the same there; and only the model has changed.
fn agree(data: &[u8], head: &RequestHead, in_path: Option<&str>, patched: &[u8]) {
    let Ok(Value::Object(mut before)) = serde_json::from_slice(data) else { return };
    let model = before.get("model").and_then(Value::as_str).unwrap_or_default();
    assert_eq!(head.model, in_path.unwrap_or(model));
    assert_eq!(head.stream, before.get("stream") == Some(&Value::Bool(true)));
    let after: Value = serde_json::from_slice(patched).expect("what was JSON still is");
    before.insert("model".into(), "new \"one\"".into());
    assert_eq!(Value::Object(before), after);
}
