//! Tools, and whether they must be asked for.

use serde_json::{Value, json};

use super::requests::request;
use super::{rewritten, write};
use crate::canonical::{Dialect, Foreign, Function, Part, Raw, Request, Role, Tool, ToolCall, ToolChoice, Turn};
use crate::dialect::codec::Flavour;

fn function(schema: &str) -> Tool<'_> {
    Tool::Function(Function { name: "f".into(), parameters: Raw::parse(schema), ..Function::default() })
}

#[test]
fn case_013_014_schemas_of_tools() {
    let schema = |schema: &str| {
        let request = Request { tools: vec![function(schema)], ..request() };
        let (written, lost) = write(&request, "claude-opus-4-6", Flavour::Vendor);
        (written["tools"][0]["input_schema"].clone(), lost)
    };
    let empty = json!({"type": "object", "properties": {}});
    for nothing in ["{}", "null", "not json", r#"{"type":"object","properties":{}}"#] {
        assert_eq!(schema(nothing), (empty.clone(), vec![]), "{nothing}");
    }
    let typed = json!({"type": "object", "properties": {"a": {}}, "required": ["a"]});
    assert_eq!(schema(r#"{"properties":{"a":{}},"required":["a"]}"#), (typed, vec![]));
    let either = r#"{"type":"object","anyOf":[{"properties":{"a":{}}},{"properties":{"b":{}}}]}"#;
    let both = json!({"type": "object", "properties": {"a": {}, "b": {}}});
    assert_eq!(schema(either), (both, vec!["schema.anyOf".to_owned()]));
}

#[test]
fn case_014_strict_tools() {
    let strict = |schema, model| {
        let Tool::Function(function) = function(schema) else { panic!() };
        let tool = Tool::Function(Function { strict: Some(true), ..function });
        let (written, lost) = write(&Request { tools: vec![tool], ..request() }, model, Flavour::Vendor);
        (written["tools"][0]["strict"].clone(), lost)
    };
    let plain = r#"{"type":"object","properties":{"a":{"type":"string"}},"additionalProperties":false}"#;
    assert_eq!(strict(plain, "claude-opus-4-6"), (true.into(), vec![]));
    assert_eq!(strict(plain, "claude-3-haiku"), (Value::Null, vec!["tools.strict".to_owned()]));
    let beyond = r#"{"type":"object","properties":{"a":{"minimum":1}}}"#;
    assert_eq!(strict(beyond, "claude-opus-4-6"), (Value::Null, vec!["tools.strict".to_owned()]));
}

#[test]
fn case_015_016_tool_choice() {
    let choice = |tool_choice, parallel_tools, tools: Vec<Tool<'static>>| {
        let request = Request { tool_choice: Some(tool_choice), parallel_tools, tools, ..request() };
        let (written, lost) = write(&request, "claude-opus-4-6", Flavour::Vendor);
        (written["tool_choice"].clone(), lost)
    };
    let one = || vec![function("{}")];
    let lost = || vec!["tool_choice".to_owned()];
    assert_eq!(choice(ToolChoice::Required, None, one()), (json!({"type": "any"}), vec![]));
    assert_eq!(choice(ToolChoice::None, Some(false), one()), (json!({"type": "none"}), vec![]));
    assert_eq!(choice(ToolChoice::Named("f".into()), None, one()), (json!({"type": "tool", "name": "f"}), vec![]));
    assert_eq!(choice(ToolChoice::Named("g".into()), None, one()), (json!({"type": "auto"}), lost()));
    assert_eq!(choice(ToolChoice::Required, None, vec![]), (Value::Null, lost()));
    assert_eq!(
        choice(ToolChoice::Required, Some(false), one()),
        (json!({"type": "any", "disable_parallel_tool_use": true}), vec![])
    );
    let among = ToolChoice::Among { names: vec!["other".into()], required: false };
    let other = Tool::Function(Function { name: "other".into(), ..Function::default() });
    let some = Request { tool_choice: Some(among), tools: vec![one().remove(0), other], ..request() };
    let (written, _) = write(&some, "claude-opus-4-6", Flavour::Vendor);
    assert_eq!(written["tools"].as_array().unwrap().len(), 1);
    assert_eq!(written["tools"][0]["name"], "other");
    let one = Request { parallel_tools: Some(false), tools: one(), ..request() };
    let (written, _) = write(&one, "claude-opus-4-6", Flavour::Vendor);
    assert_eq!(written["tool_choice"], json!({"type": "auto", "disable_parallel_tool_use": true}));
}

#[test]
fn case_017_tools_of_the_history_are_told() {
    let (written, _) = rewritten(
        r#"{"messages":[{"role":"user","content":"x"},
        {"role":"assistant","content":[{"type":"tool_use","id":"t","name":"f","input":{}}]},
        {"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":"r"}]}]}"#,
        "claude-opus-4-6",
    );
    let tool = json!({"name": "f", "input_schema": {"type": "object", "properties": {}}});
    assert_eq!((&written["tools"], &written["tool_choice"]), (&json!([tool]), &json!({"type": "none"})));
}

#[test]
fn case_030_hosted_tools() {
    let foreign = |dialect| {
        let json = Raw::parse(r#"{"type":"web_search_20250305","name":"web_search"}"#).unwrap();
        Tool::Foreign(Foreign { dialect, kind: "web_search_20250305".into(), json })
    };
    let tools = vec![foreign(Dialect::Anthropic), foreign(Dialect::OpenAiResponses)];
    let named = Some(ToolChoice::Named("web_search".into()));
    let (written, lost) =
        write(&Request { tools, tool_choice: named, ..request() }, "claude-opus-4-6", Flavour::Vendor);
    assert_eq!(written["tools"], json!([{"type": "web_search_20250305", "name": "web_search"}]));
    assert_eq!(written["tool_choice"]["name"], "web_search");
    assert_eq!(lost, ["tools.web_search_20250305"]);
}

#[test]
fn free_text_tools_are_wrapped() {
    let free = Function { name: "f".into(), free_form: Raw::parse(r#"{"type":"text"}"#), ..Function::default() };
    let call = ToolCall {
        id: "c".into(),
        name: "f".into(),
        arguments: "say \"x\"".into(),
        free_form: true,
        signature: None,
        cache: None,
    };
    let mut request = Request { tools: vec![Tool::Function(free)], ..request() };
    request.turns.push(Turn { role: Role::Assistant, parts: vec![Part::ToolCall(call)], name: None });
    let (written, lost) = write(&request, "claude-opus-4-6", Flavour::Vendor);
    assert_eq!(written["tools"][0]["input_schema"]["properties"]["input"], json!({"type": "string"}));
    assert_eq!(written["messages"][1]["content"][0]["input"], json!({"input": "say \"x\""}));
    assert!(lost.is_empty());
}
