//! The response object around what the model said.
//!
//! Every member is required, and most of them repeat the request: SDKs fail without.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::super::usage;
use super::super::wire::lenient;
use super::super::writing::{Object, comma};
use crate::canonical::{Str, Usage};
use crate::dialect::codec::About;
use crate::dialect::wire::Members;

/// What of a response object does not change while it comes.
pub(in super::super) struct Envelope {
    pub(in super::super) id: String,
    pub(in super::super) model: String,
    pub(in super::super) created: u64,
    pub(in super::super) tier: Option<String>,
    /// The client wants thoughts as summaries.
    pub(in super::super) summaries: bool,
    /// The members that repeat the request, written.
    settings: Vec<u8>,
}

/// How a response stands.
pub(in super::super) enum End<'e> {
    InProgress,
    Completed,
    Incomplete(&'static str),
    Failed { code: &'static str, message: &'e str },
}

impl Envelope {
    pub(in super::super) fn new(about: &About<'_>) -> Self {
        let members: Members<'_> = serde_json::from_slice(about.request).unwrap_or_default();
        let (settings, summaries) = settings(&members);
        Self {
            id: format!("resp_{}", about.id),
            model: about.model.to_owned(),
            created: about.created,
            tier: None,
            summaries,
            settings,
        }
    }

    /// Appends the response object. `output` is its items without brackets.
    pub(in super::super) fn write(&self, end: &End<'_>, output: &[u8], used: Option<&Usage>, out: &mut Vec<u8>) {
        let status = match end {
            End::InProgress => "in_progress",
            End::Completed => "completed",
            End::Incomplete(_) => "incomplete",
            End::Failed { .. } => "failed",
        };
        let mut object = Object::begin(out);
        object.member("id", &self.id);
        object.member("object", "response");
        object.member("created_at", &self.created);
        object.member("status", status);
        object.member("completed_at", &matches!(end, End::Completed).then_some(self.created));
        match end {
            End::Failed { code, message } => {
                let mut error = Object::begin(object.name("error"));
                error.member("code", code);
                error.member("message", message);
                error.end();
            }
            _ => object.raw("error", "null"),
        }
        match end {
            End::Incomplete(reason) => {
                let mut details = Object::begin(object.name("incomplete_details"));
                details.member("reason", reason);
                details.end();
            }
            _ => object.raw("incomplete_details", "null"),
        }
        object.member("model", &self.model);
        let list = object.name("output");
        list.push(b'[');
        list.extend_from_slice(output);
        list.push(b']');
        match used {
            Some(used) => usage::write(used, object.name("usage")),
            None => object.raw("usage", "null"),
        }
        object.member("service_tier", tier(self.tier.as_deref()));
        object.out.push(b',');
        object.out.extend_from_slice(&self.settings);
        object.end();
    }
}

/// Other vendors have other words for theirs.
fn tier(tier: Option<&str>) -> &str {
    match tier {
        Some("auto" | "default" | "flex" | "scale" | "priority") => tier.unwrap_or_default(),
        _ => "default",
    }
}

/// Settings that are repeated as they came, and what they are where the client did not say.
const REPEATED: [(&str, &str); 16] = [
    ("instructions", "null"),
    ("max_output_tokens", "null"),
    ("max_tool_calls", "null"),
    ("parallel_tool_calls", "true"),
    ("previous_response_id", "null"),
    ("temperature", "1"),
    ("top_p", "1"),
    ("presence_penalty", "0"),
    ("frequency_penalty", "0"),
    ("top_logprobs", "0"),
    ("truncation", "\"disabled\""),
    ("background", "false"),
    ("metadata", "{}"),
    ("user", "null"),
    ("safety_identifier", "null"),
    ("prompt_cache_key", "null"),
];

/// The settings, without braces; and whether summaries of thoughts are wanted.
fn settings(members: &Members<'_>) -> (Vec<u8>, bool) {
    let said = |name: &str| {
        let found = members.0.iter().rev().find(|(member, _)| member == name);
        found.and_then(|(_, raw)| raw.source()).filter(|text| *text != "null")
    };
    let raw = |name: &str| said(name).and_then(|text| serde_json::from_str::<&RawValue>(text).ok());
    let mut out = Vec::new();
    let mut object = Object::inside(&mut out, true);
    for (name, unsaid) in REPEATED {
        object.raw(name, said(name).unwrap_or(unsaid));
    }
    // Unless it asked for it, nothing is kept for the client: the provider is another vendor.
    object.raw("store", said("store").unwrap_or("false"));
    object.raw("tool_choice", said("tool_choice").unwrap_or("\"auto\""));
    let tools = tools(raw("tools"));
    let list = object.name("tools");
    list.push(b'[');
    list.extend_from_slice(&tools);
    list.push(b']');
    text(raw("text"), Object::begin(object.name("text")));
    let summaries = reasoning(raw("reasoning"), Object::begin(object.name("reasoning")));
    (out, summaries)
}

/// The tools; of functions with every member that is required.
fn tools(raw: Option<&RawValue>) -> Vec<u8> {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Tool<'a> {
        #[serde(rename = "type", borrow)]
        kind: Option<Str<'a>>,
        #[serde(borrow)]
        name: Option<Str<'a>>,
        #[serde(borrow)]
        description: Option<Str<'a>>,
        #[serde(borrow)]
        parameters: Option<&'a RawValue>,
        strict: Option<bool>,
    }
    let mut list = Vec::new();
    for raw in raw.map(lenient::<Vec<&RawValue>>).unwrap_or_default() {
        comma(&mut list);
        let tool: Tool<'_> = lenient(raw);
        if tool.kind.as_deref() != Some("function") || tool.name.is_none() {
            list.extend_from_slice(raw.get().as_bytes());
            continue;
        }
        let mut object = Object::begin(&mut list);
        object.member("type", "function");
        object.member("name", &tool.name);
        object.member("description", &tool.description);
        object.member("parameters", &tool.parameters);
        object.member("strict", &tool.strict.unwrap_or(false));
        object.end();
    }
    list
}

/// The form of the text; of a schema with every member that is required.
fn text(raw: Option<&RawValue>, mut object: Object<'_>) {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Wire<'a> {
        #[serde(borrow)]
        format: Option<&'a RawValue>,
        #[serde(borrow)]
        verbosity: Option<Str<'a>>,
    }
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Format<'a> {
        #[serde(rename = "type", borrow)]
        kind: Option<Str<'a>>,
        #[serde(borrow)]
        name: Option<Str<'a>>,
        #[serde(borrow)]
        description: Option<Str<'a>>,
        #[serde(borrow)]
        schema: Option<&'a RawValue>,
        strict: Option<bool>,
    }
    let wire: Wire<'_> = raw.map(lenient).unwrap_or_default();
    let format: Format<'_> = wire.format.map(lenient).unwrap_or_default();
    match (format.kind.as_deref(), wire.format) {
        (Some("json_schema"), _) => {
            let mut schema = Object::begin(object.name("format"));
            schema.member("type", "json_schema");
            schema.member("name", format.name.as_deref().unwrap_or("response"));
            schema.member("description", &format.description);
            schema.member("schema", &format.schema);
            schema.member("strict", &format.strict.unwrap_or(false));
            schema.end();
        }
        (Some(_), Some(raw)) => object.raw("format", raw.get()),
        _ => object.raw("format", r#"{"type":"text"}"#),
    }
    object.member("verbosity", wire.verbosity.as_deref().unwrap_or("medium"));
    object.end();
}

fn reasoning(raw: Option<&RawValue>, mut object: Object<'_>) -> bool {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Wire<'a> {
        #[serde(borrow)]
        effort: Option<Str<'a>>,
        #[serde(borrow)]
        summary: Option<Str<'a>>,
        #[serde(borrow)]
        generate_summary: Option<Str<'a>>,
    }
    let wire: Wire<'_> = raw.map(lenient).unwrap_or_default();
    let summary = wire.summary.or(wire.generate_summary);
    object.member("effort", &wire.effort);
    object.member("summary", &summary);
    object.end();
    summary.is_some_and(|summary| summary != "none")
}
