//! What other vendors want back, through a client that knows nothing of it.

use serde_json::json;

use super::*;
use crate::canonical::{Choice, Dialect, Part, Reasoning, Signature, Text, ToolCall, replay};

fn call(id: &'static str, signature: Option<Signature<'static>>) -> Part<'static> {
    let arguments = r#"{"a":1}"#.into();
    Part::ToolCall(ToolCall { id: id.into(), name: "f".into(), arguments, free_form: false, signature, cache: None })
}

/// The parts that come back when the client sends all items of the answer.
fn returned(parts: Vec<Part<'static>>) -> Vec<Part<'static>> {
    let choice = Choice { parts, ..Choice::default() };
    let reply = Reply { choices: vec![choice], ..Reply::default() };
    let about = about(r#"{"reasoning":{"summary":"auto"}}"#);
    let whole = json(&OpenAiResponses.write_reply(&reply, &about));
    let mut writer = OpenAiResponses.write_stream(&about);
    let mut stream = Vec::new();
    replay(&reply, &mut |event| writer.event(&event, &mut stream));
    let items: Vec<_> = events_of(&stream)
        .into_iter()
        .filter(|event| event["type"] == "response.output_item.done")
        .map(|event| event["item"].clone())
        .collect();
    assert_eq!(whole["output"], json!(items));
    let body: &'static str = json!({"model": "m", "input": items}).to_string().leak();
    let turns = read(body).turns;
    assert_eq!(turns.len(), 1);
    turns.into_iter().flat_map(|turn| turn.parts).map(without_id).collect()
}

/// Ids of thoughts are made up.
fn without_id(part: Part<'_>) -> Part<'_> {
    match part {
        Part::Reasoning(thoughts) => Part::Reasoning(Reasoning { id: None, ..thoughts }),
        part => part,
    }
}

#[test]
fn case_127_foreign_signatures_come_back_to_whom_they_belong() {
    let claude = Signature::new(Dialect::Anthropic, "EqQB.x/+=");
    let gemini = Signature::new(Dialect::Gemini, "CiQ=");
    let thoughts = |text: &'static str, redacted| {
        let signature = Some(claude.clone());
        Part::Reasoning(Reasoning { text: text.into(), summary: true, id: None, signature, redacted })
    };
    let signed = Text { text: "t".into(), signature: Some(gemini.clone()), ..Text::default() };
    let parts = vec![
        thoughts("deep", false),
        thoughts("", true),
        thoughts("", false),
        Part::Text(signed),
        Part::text("u"),
        call("c1", Some(gemini)),
        call("c2", None),
    ];
    assert_eq!(returned(parts.clone()), parts);
}

#[test]
fn case_004_arguments_are_not_touched() {
    let arguments = r#"{ "z":1.50,"a":18446744073709551616,"u":"\u00e9\"" }"#;
    let Part::ToolCall(mut exact) = call("c", None) else { panic!() };
    exact.arguments = arguments.into();
    assert_eq!(returned(vec![Part::ToolCall(exact.clone())]), [Part::ToolCall(exact)]);
}
