//! Tools, calls and their outputs in requests.

use serde_json::json;

use super::*;
use crate::canonical::{Dialect, Foreign, Part, Raw, ToolChoice};

#[test]
fn case_134_tools_are_flat_and_custom_tools_take_text() {
    let request = read(
        r#"{"model":"m","input":"x","tools":[
        {"type":"function","name":"a","parameters":{"z":{"$ref":"x"},"type":"object"},"strict":null},
        {"type":"function","function":{"name":"b"}},
        {"type":"custom","name":"c"},
        {"type":"namespace","name":"ns","tools":[]}]}"#,
    );
    assert_eq!(request.functions().map(|function| function.name.as_str()).collect::<Vec<_>>(), ["a", "b", "c"]);
    let (value, lost) = written(&request, &VENDOR);
    assert_eq!(
        value["tools"].to_string(),
        r#"[{"type":"function","name":"a","parameters":{"z":{"$ref":"x"},"type":"object"},"strict":false},"#.to_owned()
            + r#"{"type":"function","name":"b","parameters":{"type":"object","properties":{}},"strict":false},"#
            + r#"{"type":"custom","name":"c","format":{"type":"text"}},{"type":"namespace","name":"ns","tools":[]}]"#,
    );
    assert!(lost.is_empty());
    let mut foreign = request;
    foreign.tools.push(crate::canonical::Tool::Foreign(Foreign {
        dialect: Dialect::Anthropic,
        kind: "web_search_20250305".into(),
        json: Raw::parse("{}").unwrap(),
    }));
    assert_eq!(written(&foreign, &VENDOR).1, ["tools.web_search_20250305"]);
}

#[test]
fn case_014_a_schema_says_that_it_is_of_an_object() {
    for (given, expected) in [
        ("{}", r#"{"type":"object","properties":{}}"#),
        ("null", r#"{"type":"object","properties":{}}"#),
        (r#"{"properties":{"b":1,"a":2}}"#, r#"{"type":"object","properties":{"b":1,"a":2}}"#),
        (r#"{"x":1e400,"type":"object"}"#, r#"{"x":1e400,"type":"object"}"#),
    ] {
        let body =
            format!(r#"{{"model":"m","input":"x","tools":[{{"type":"function","name":"f","parameters":{given}}}]}}"#);
        let out = OpenAiResponses.write_request(&read(&body), &VENDOR, &mut Lost::nothing()).unwrap();
        let out = String::from_utf8(out).unwrap();
        assert!(out.contains(&format!(r#""parameters":{expected},"#)), "{out}");
    }
}

#[test]
fn case_015_a_choice_of_tools_makes_sense_among_them() {
    let choose = |tools: &str, choice: &str| {
        let body = format!(r#"{{"model":"m","input":"x","tools":{tools},"tool_choice":{choice}}}"#);
        let (value, lost) = written(&read(&body), &VENDOR);
        (value["tool_choice"].to_string(), lost.join(" "))
    };
    let tools = r#"[{"type":"function","name":"f"},{"type":"custom","name":"c"}]"#;
    let same = |choice: &str| (json(choice.as_bytes()).to_string(), String::new());
    for choice in [
        r#""auto""#,
        r#""none""#,
        r#""required""#,
        r#"{"type":"function","name":"f"}"#,
        r#"{"type":"custom","name":"c"}"#,
        r#"{"type":"web_search_preview"}"#,
        r#"{"type":"allowed_tools","mode":"required","tools":[{"type":"function","name":"f"},{"type":"custom",
            "name":"c"}]}"#,
        r#"{"type":"allowed_tools","mode":"auto","tools":[{"type":"function","name":"f"},
            {"type":"image_generation"}]}"#,
    ] {
        assert_eq!(choose(tools, choice), same(choice));
    }
    let lost = ("null".to_owned(), "tool_choice".to_owned());
    assert_eq!(choose(tools, r#"{"type":"function","name":"gone"}"#), lost);
    assert_eq!(choose("[]", r#""required""#), lost);
    assert_eq!(choose("[]", r#""auto""#), same("null"));
    let among = read(
        r#"{"model":"m","input":"x","tool_choice":{"type":"allowed_tools","mode":"auto","tools":[{"type":"function",
            "name":"f"}]}}"#,
    );
    assert_eq!(among.tool_choice, Some(ToolChoice::Among { names: vec!["f".into()], required: false }));
}

#[test]
fn case_010_orphans_are_not_sent() {
    let (value, _) = through(
        &json!({"model": "m", "input": [
            {"type": "function_call_output", "call_id": "gone", "output": "said"},
            {"type": "function_call", "call_id": "c1", "name": "f", "arguments": ""},
            {"role": "user", "content": "go on"}]}),
        "gpt-4.1",
    );
    assert_eq!(
        value["input"],
        json!([
            {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "said"}]},
            {"type": "function_call", "call_id": "c1", "name": "f", "arguments": "{}"},
            {"type": "function_call_output", "call_id": "c1", "output": "(no output)"},
            {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "go on"}]}
        ])
    );
}

#[test]
fn an_output_is_of_the_call_of_its_kind_where_two_have_one_id() {
    let request = read(
        r#"{"model":"m","input":[{"role":"user","content":"x"},
        {"type":"function_call","call_id":"c","name":"f","arguments":"{}"},
        {"type":"custom_tool_call","call_id":"c","name":"g","input":"i"},
        {"type":"function_call_output","call_id":"c","output":"1"},
        {"type":"custom_tool_call_output","call_id":"c","output":"2"}]}"#,
    );
    let (value, _) = written(&request, &VENDOR);
    let outputs = value["input"].as_array().unwrap().iter().filter(|item| item["output"].is_string());
    let outputs: Vec<_> = outputs.map(|item| (item["type"].as_str().unwrap(), &item["output"])).collect();
    assert_eq!(outputs, [("function_call_output", &json!("1")), ("custom_tool_call_output", &json!("2"))]);
}

#[test]
fn case_011_long_ids_are_shortened_in_pairs() {
    let id = "x".repeat(80);
    let (value, _) = through(
        &json!({"model": "m", "input": [
            {"type": "function_call", "call_id": id, "name": "f", "arguments": "{}"},
            {"type": "function_call_output", "call_id": id, "output": {"a": 1}}]}),
        "gpt-4.1",
    );
    let short = value["input"][0]["call_id"].as_str().unwrap();
    assert!(short.len() <= 64 && value["input"][1]["call_id"] == short);
    assert_eq!(value["input"][1]["output"], r#"{"a":1}"#);
}

#[test]
fn case_038_a_tools_failure_is_told() {
    let mut request = read(
        r#"{"model":"m","input":[{"type":"function_call","call_id":"c","name":"f","arguments":"{}"},
        {"type":"function_call_output","call_id":"c","output":"no such file"}]}"#,
    );
    let Part::ToolResult(result) = &mut request.turns[1].parts[0] else { panic!() };
    result.is_error = true;
    assert_eq!(written(&request, &VENDOR).0["input"][1]["output"], "Error: no such file");
}

#[test]
fn case_062_media_of_a_tool_follow_apart_where_only_text_is_known() {
    let body = r#"{"model":"m","input":[{"type":"function_call","call_id":"c","name":"f","arguments":"{}"},
        {"type":"function_call_output","call_id":"c","output":[{"type":"input_text","text":"see"},
            {"type":"input_image","image_url":"https://x.test/i"}]}]}"#;
    let (value, _) = written(&read(body), &Target { flavour: Flavour::Compatible, ..VENDOR });
    assert_eq!(value["input"][1]["output"], "see");
    let image = json!([{"type": "input_image", "image_url": "https://x.test/i", "detail": "auto"}]);
    assert_eq!(value["input"][2]["content"], image);
}
