//! What the API server asks before it makes a pod, and what it is told.
//!
//! Where the question is understood the answer is always yes: a pod that can not have Outrider is made without it, with
//! a warning. An answer of any other kind counts as a failed webhook, and what that means the operator decides
//! (`failurePolicy`); so it is kept for questions that no API server of today asks.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::{Outcome, Settings, inject};

/// No longer question is read: the largest object that an API server keeps is half of it.
pub const LARGEST: usize = 3 << 20;

/// `warnings` are cut by the API server there.
const LONGEST_WARNING: usize = 240;

/// More than this nobody reads.
const MOST_WARNINGS: usize = 8;

/// The version of the question, and of the answer.
const VERSION: &str = "admission.k8s.io/v1";

/// The answer to the question in `body`. An error: it is no such question, and why.
pub fn answer(body: &[u8], settings: &Settings) -> Result<Value, String> {
    let review: Value = serde_json::from_slice(body).map_err(|error| format!("this is no JSON: {error}"))?;
    let word = |key| review.get(key).and_then(Value::as_str).unwrap_or_default();
    if word("kind") != "AdmissionReview" {
        return Err(format!("this is no AdmissionReview but `{:.40}`", word("kind")));
    }
    if word("apiVersion") != VERSION {
        return Err(format!("AdmissionReview is understood in {VERSION}, not in `{:.40}`", word("apiVersion")));
    }
    let request = review.get("request").filter(|request| request.is_object()).ok_or("there is no request in it")?;
    let uid =
        request.get("uid").and_then(Value::as_str).filter(|uid| !uid.is_empty()).ok_or("its request has no uid")?;
    let mut response = decide(request, settings);
    response["uid"] = uid.into();
    response["allowed"] = true.into();
    Ok(json!({"apiVersion": VERSION, "kind": "AdmissionReview", "response": response}))
}

fn decide(request: &Value, settings: &Settings) -> Value {
    if let Some(why) = none_of_ours(request) {
        return with_warnings(vec![format!("not injected: {why}")]);
    }
    let nothing = Value::Null;
    let pod = request.get("object").unwrap_or(&nothing);
    match inject(pod, settings) {
        Outcome::Injected { pod: new, warnings } => {
            let mut response = with_warnings(warnings);
            let patch = json_patch::diff(pod, &new);
            if !patch.0.is_empty() {
                // A patch is operations of texts and JSON; writing it can not fail.
                let patch = serde_json::to_vec(&patch).unwrap_or_default();
                response["patchType"] = "JSONPatch".into();
                response["patch"] = STANDARD.encode(patch).into();
            }
            response
        }
        Outcome::Skipped(_) => with_warnings(Vec::new()),
        Outcome::Refused(why) => with_warnings(vec![format!("not injected: {why}")]),
    }
}

/// The webhook was registered for too much.
fn none_of_ours(request: &Value) -> Option<String> {
    let word = |pointer| request.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let kind = (word("/kind/group"), word("/kind/version"), word("/kind/kind"));
    if kind != ("", "v1", "Pod") || !word("/subResource").is_empty() {
        return Some(format!("only pods are, not `{:.60}`", kind.2));
    }
    let operation = word("/operation");
    (operation != "CREATE").then(|| format!("only at their creation, not at `{operation:.20}`"))
}

fn with_warnings(warnings: Vec<String>) -> Value {
    let shown = warnings.into_iter().take(MOST_WARNINGS);
    let shown: Vec<_> = shown.map(|warning| format!("outrider: {warning}")).map(|warning| cut(&warning)).collect();
    if shown.is_empty() { json!({}) } else { json!({"warnings": shown}) }
}

fn cut(text: &str) -> String {
    text.chars().take(LONGEST_WARNING).collect()
}
