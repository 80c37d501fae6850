//! Tools and forms of the answer in requests to providers.

use serde_json::{Value, json};

use super::requests::settings;
use super::{read, write_for};
use crate::canonical::{Dialect, Foreign, Function, Raw, Request, Tool, ToolChoice};
use crate::dialect::codec::Flavour;

#[test]
fn case_014_015_016_066_067_tools() {
    let function = |name: &'static str, parameters: Option<&'static str>| {
        let parameters = parameters.and_then(Raw::parse);
        Tool::Function(Function { name: name.into(), parameters, ..Function::default() })
    };
    let hosted = Tool::Foreign(Foreign {
        dialect: Dialect::Anthropic,
        kind: "web_search_20250305".into(),
        json: Raw::parse("{}").unwrap(),
    });
    let request = Request {
        tools: vec![function("f", None), function("g", Some(r#"{"properties": {"b":1.50, "a":{}}}"#)), hosted.clone()],
        tool_choice: Some(ToolChoice::Named("web_search".into())),
        parallel_tools: Some(false),
        ..Request::default()
    };
    let (body, lost) = settings(&request, "gpt-4o", Flavour::Vendor);
    let text = body["tools"].to_string();
    assert!(text.contains(r#""parameters":{"type":"object","properties":{}}"#), "{text}");
    assert!(text.contains(r#"{"type":"object","properties":{"b":1.5,"a":{}}}"#), "key order: {text}");
    assert_eq!((&body["tool_choice"], &body["parallel_tool_calls"]), (&Value::Null, &json!(false)));
    assert_eq!(lost, ["tool_choice", "tools.web_search_20250305"]);
    assert_eq!(settings(&request, "o3", Flavour::Vendor).0["parallel_tool_calls"], Value::Null);
    // Without tools neither a choice nor parallel calls may be spoken of.
    let none = Request { tools: vec![hosted], tool_choice: Some(ToolChoice::Required), ..request.clone() };
    assert_eq!(
        settings(&none, "gpt-4o", Flavour::Vendor),
        (json!({}), ["tool_choice", "tools.web_search_20250305"].map(String::from).into())
    );
    let choice = |choice, flavour| {
        let request = Request { tool_choice: Some(choice), ..request.clone() };
        let (body, _) = settings(&request, "gpt-4o", flavour);
        (body["tool_choice"].clone(), body["tools"].as_array().unwrap().len())
    };
    let among = || ToolChoice::Among { names: vec!["g".into()], required: true };
    let named = json!({"type": "function", "function": {"name": "g"}});
    assert_eq!(choice(ToolChoice::Named("g".into()), Flavour::Compatible), (named.clone(), 2));
    assert_eq!(choice(ToolChoice::Required, Flavour::Mistral), (json!("any"), 2));
    assert_eq!(choice(among(), Flavour::Mistral), (json!("any"), 1));
    let allowed = json!({"type": "allowed_tools", "allowed_tools": {"mode": "required", "tools": [named]}});
    assert_eq!(choice(among(), Flavour::Vendor), (allowed, 2));
}

#[test]
fn custom_tools_and_strict_schemas() {
    let request = read(
        r#"{"model":"m","messages":[],"tools":[
        {"type":"custom","custom":{"name":"c","format":{"type":"grammar","grammar":{"syntax":"lark","definition":"x"}}}},
        {"type":"function","function":{"name":"f","parameters":{"type":"object","properties":{"a":{}}},"strict":true}}]}"#,
    );
    let (body, lost) = settings(&request, "gpt-5", Flavour::Vendor);
    let custom = json!({"name": "c", "format": {"type": "grammar", "grammar": {"syntax": "lark", "definition": "x"}}});
    assert_eq!(body["tools"][0], json!({"type": "custom", "custom": custom}));
    assert_eq!((&body["tools"][1]["function"]["strict"], lost), (&Value::Null, vec!["tools.strict".to_owned()]));
    let (body, lost) = settings(&request, "m", Flavour::Compatible);
    assert_eq!(body["tools"][0]["function"]["parameters"]["required"], json!(["input"]));
    assert_eq!((&body["tools"][1]["function"]["strict"], lost), (&json!(true), vec!["tools.custom".to_owned()]));
}

#[test]
fn case_026_forms_of_the_answer() {
    let schema = r#"{"model":"m","messages":[{"role":"user","content":"q"}],"response_format":{"type":"json_schema",
        "json_schema":{"name":"a b","schema":{"type":"object"},"strict":true}}}"#;
    let (body, lost) = write_for(&read(schema), "gpt-4o", Flavour::Vendor);
    let expected = json!({"type": "json_schema", "json_schema": {"name": "a_b", "schema": {"type": "object"}}});
    assert_eq!((&body["response_format"], lost), (&expected, vec!["response_format.json_schema.strict".to_owned()]));
    let (body, _) = write_for(&read(schema), "deepseek-chat", Flavour::DeepSeek);
    assert_eq!(body["response_format"], json!({"type": "json_object"}));
    assert!(body["messages"][0]["content"].as_str().unwrap().contains(r#"{"type":"object"}"#), "{body}");
    let object = |text: &str| {
        let body = format!(
            r#"{{"model":"m","messages":[{{"role":"user","content":"{text}"}}],"response_format":{{"type":"json_object"}}}}"#
        );
        write_for(&read(&body), "gpt-4o", Flavour::Vendor).0["messages"].as_array().unwrap().len()
    };
    assert_eq!((object("q"), object("in Json")), (2, 1), "OpenAI wants the word somewhere");
}
