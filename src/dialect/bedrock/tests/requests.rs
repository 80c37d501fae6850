//! Members beside the turns.

use serde_json::{Number, Value, json};

use super::*;
use crate::canonical::{
    Dialect, Foreign, Format, Function, Part, Raw, Role, Thinking, Tool, ToolChoice, ToolResult, Turn,
};

fn asking() -> Request<'static> {
    let turn = Turn { role: Role::User, parts: vec![Part::text("Hello")], name: None };
    Request { turns: vec![turn], ..Request::default() }
}

fn function(name: &'static str) -> Tool<'static> {
    Tool::Function(Function { name: name.into(), ..Function::default() })
}

#[test]
fn case_114_a_request_with_everything_is_the_same_again() {
    let body = json!({
        "messages": [
            {"role": "user", "content": [
                {"text": "See"},
                {"image": {"format": "png", "source": {"bytes": "iVBORw0KGgo="}}},
                {"image": {"format": "png", "source": {"s3Location": {"uri": "s3://bucket/x", "bucketOwner": "1"}}}},
                {"document": {"format": "pdf", "name": "Plan (1)", "source": {"bytes": "JVBERi0="},
                    "context": "a plan", "citations": {"enabled": true}}},
                {"guardContent": {"text": {"text": "guarded", "qualifiers": ["query"]}}},
                {"cachePoint": {"type": "default", "ttl": "1h"}},
                {"text": "Go"},
                {"cachePoint": {"type": "default"}},
            ]},
            {"role": "assistant", "content": [
                {"reasoningContent": {"reasoningText": {"text": "hm", "signature": "c2ln"}}},
                {"reasoningContent": {"redactedContent": "aGlkZGVu"}},
                {"text": "I will"},
                {"toolUse": {"toolUseId": "t1", "name": "a-b_c", "input": {"z": 1, "a": 12345678901234567890_u64}}},
                {"toolUse": {"toolUseId": "t2", "name": "a-b_c", "input": {}}},
            ]},
            {"role": "user", "content": [
                {"toolResult": {"toolUseId": "t1", "content": [{"json": {"b": 1, "a": 2}}]}},
                {"toolResult": {"toolUseId": "t2", "content": [{"text": "no"}, {"text": "way"}], "status": "error"}},
                {"text": "And?"},
            ]},
        ],
        "system": [{"text": "Be brief"}, {"cachePoint": {"type": "default"}},
            {"guardContent": {"text": {"text": "x"}}}],
        "inferenceConfig": {"maxTokens": 10, "temperature": 0.7, "stopSequences": ["|"]},
        "toolConfig": {
            "tools": [
                {"toolSpec": {"name": "a-b_c", "description": "d", "inputSchema": {"json": {"type": "object",
                    "x": 1.50}},
                    "strict": true}},
                {"cachePoint": {"type": "default"}},
                {"systemTool": {"name": "nova_grounding"}},
            ],
            "toolChoice": {"tool": {"name": "a-b_c"}},
        },
        "additionalModelRequestFields": {"top_k": 5, "anthropic_beta": ["x"]},
        "outputConfig": {"textFormat": {"type": "json_schema", "structure": {"jsonSchema": {
            "schema": "{\"type\":\"object\",\"additionalProperties\":false}", "name": "n", "description": "d"}}}},
        "requestMetadata": {"team": "a b"},
        "serviceTier": {"type": "flex"},
        "guardrailConfig": {"guardrailIdentifier": "g", "guardrailVersion": "1"},
        "performanceConfig": {"latency": "optimized"},
        "additionalModelResponseFieldPaths": ["/stop_sequence"],
    });
    let (written, lost) = again(&body, CLAUDE);
    assert_eq!(written, body);
    assert_eq!(lost, "");
    let text = body.to_string();
    let request = read_request(&text);
    assert_eq!((request.model.as_str(), request.stream), ("a:0", false));
    assert!(request.others.iter().all(|foreign| foreign.dialect == Dialect::Bedrock));
}

#[test]
fn case_004_and_005_numbers_and_the_order_of_keys_are_kept() {
    let body = [
        r#"{"messages":[{"role":"user","content":[{"text":"x"}]},{"role":"assistant","content":"#,
        r#"[{"toolUse":{"toolUseId":"t","name":"n","input":{"z":1.50,"a":123456789012345678901234567890}}}]},"#,
        r#"{"role":"user","content":[{"toolResult":{"toolUseId":"t","content":[{"json":{"y":0.10,"b":1}}]}}]}],"#,
        r#""toolConfig":{"tools":[{"toolSpec":{"name":"n","inputSchema":{"json":{"type":"object","z":2.50}}}}]}}"#,
    ]
    .concat();
    let request = read_request(&body);
    let mut lost = Lost::nothing();
    let target = Target { model: CLAUDE, flavour: Flavour::Vendor };
    assert_eq!(String::from_utf8(Bedrock.write_request(&request, &target, &mut lost).unwrap()).unwrap(), body);
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    let message = |body: Value| {
        Bedrock.read_request(body.to_string().as_bytes(), &Asked::default()).unwrap_err().message.into_owned()
    };
    let text = message(json!({"messages": [{"role": "user", "content": [{"text": 7}]}]}));
    assert!(text.starts_with("`messages[0].content[0].text`: invalid type"), "{text}");
    let image = json!([{"image": {"format": "png", "source": {"bytes": 7}}}]);
    let text = message(json!({"messages": [{"role": "user", "content": image}]}));
    assert!(text.starts_with("`messages[0].content[0].image`: `source.bytes`: invalid type"), "{text}");
    let text = message(json!({"messages": [{"role": "tool", "content": []}]}));
    assert_eq!(text, "`messages[0].role`: \"tool\" is none of user, assistant, system");
    let text = message(json!({"inferenceConfig": {"maxTokens": "x"}}));
    assert!(text.starts_with("`inferenceConfig.maxTokens`"), "{text}");
    let text = message(json!({"additionalModelRequestFields": 7}));
    assert!(text.starts_with("`additionalModelRequestFields`"), "{text}");
}

#[test]
fn case_017_tools_that_were_taken_away_leave_one_behind() {
    let body = json!({"messages": [
        {"role": "user", "content": [{"text": "x"}]},
        {"role": "assistant", "content": [{"toolUse": {"toolUseId": "t", "name": "n", "input": {}}}]},
        {"role": "user", "content": [{"toolResult": {"toolUseId": "t", "content": [{"text": "y"}]}}]},
    ]});
    let (written, _) = again(&body, CLAUDE);
    assert_eq!(written["toolConfig"]["tools"][0]["toolSpec"]["name"], "no_tool");
    assert_eq!(written["toolConfig"]["tools"][0]["toolSpec"]["inputSchema"]["json"]["type"], "object");
}

#[test]
fn case_109_a_choice_of_none_takes_the_tools_away() {
    let text = json!({"messages": hello()}).to_string();
    let mut request = read_request(&text);
    request.tools = vec![function("n")];
    request.tool_choice = Some(ToolChoice::None);
    assert_eq!(write(&request, CLAUDE).0.get("toolConfig"), None);
    request.turns[0].parts.push(Part::ToolResult(ToolResult::default()));
    assert_eq!(write(&request, CLAUDE).0["toolConfig"]["tools"][0]["toolSpec"]["name"], "no_tool");
}

#[test]
fn case_015_a_choice_of_tools() {
    let check = |model: &str, thinks: bool, choice: ToolChoice<'static>, expected: Value, lost: &str| {
        let tools = vec![function("a"), function("b")];
        let budget = thinks.then_some(2000);
        let reasoning = Thinking { budget, ..Thinking::default() };
        let request = Request { tools, tool_choice: Some(choice.clone()), reasoning, ..asking() };
        let (written, found) = write(&request, model);
        let written = written["toolConfig"].get("toolChoice").cloned().unwrap_or_default();
        assert_eq!((written, found.as_str()), (expected, lost), "{model} {choice:?}");
    };
    let among = |required| ToolChoice::Among { names: vec!["b".into()], required };
    let (mistral, llama) = ("mistral.mistral-large-2407-v1:0", "meta.llama3-1-8b-instruct-v1:0");
    check(CLAUDE, false, ToolChoice::Auto, json!({"auto": {}}), "");
    check(CLAUDE, false, ToolChoice::Required, json!({"any": {}}), "");
    check(CLAUDE, false, ToolChoice::Named("b".into()), json!({"tool": {"name": "b"}}), "");
    check(CLAUDE, false, ToolChoice::Named("gone".into()), Value::Null, "tool_choice");
    check(CLAUDE, false, among(true), json!({"any": {}}), "");
    check(CLAUDE, false, among(false), json!({"auto": {}}), "");
    check(CLAUDE, true, ToolChoice::Required, Value::Null, "tool_choice");
    check(mistral, false, ToolChoice::Named("b".into()), json!({"any": {}}), "tool_choice");
    check(llama, false, ToolChoice::Required, Value::Null, "tool_choice");
    let request = Request { tools: vec![function("a"), function("b")], tool_choice: Some(among(true)), ..asking() };
    let (written, _) = write(&request, CLAUDE);
    assert_eq!(written["toolConfig"]["tools"].as_array().unwrap().len(), 1);
}

#[test]
fn case_016_one_call_at_a_time() {
    let tools = vec![function("a")];
    let request = Request { tools, parallel_tools: Some(false), tool_choice: Some(ToolChoice::Required), ..asking() };
    let (written, lost) = write(&request, CLAUDE);
    let expected = json!({"tool_choice": {"type": "any", "disable_parallel_tool_use": true}});
    assert_eq!((&written["additionalModelRequestFields"], lost.as_str()), (&expected, ""));
    assert_eq!(written["toolConfig"].get("toolChoice"), None);
    assert_eq!(write(&request, "amazon.nova-lite-v1:0").1, "parallel_tool_calls");
}

#[test]
fn case_014_and_108_tools_without_schemas_and_with_odd_names() {
    let schema = |text: &'static str| {
        let function = Function { parameters: Raw::parse(text), ..Function::default() };
        let function = Function { name: "a.b c".into(), description: Some(" ".into()), ..function };
        let (written, _) = write(&Request { tools: vec![Tool::Function(function)], ..asking() }, CLAUDE);
        let spec = &written["toolConfig"]["tools"][0]["toolSpec"];
        assert_eq!(spec.get("description"), None);
        let name = spec["name"].as_str().unwrap();
        assert!(name.starts_with("a_b_c_") && name == &*super::super::fitting_name("a.b c"), "{name}");
        spec["inputSchema"]["json"].to_string()
    };
    assert_eq!(schema("null"), r#"{"type":"object","properties":{}}"#);
    assert_eq!(schema("{}"), r#"{"type":"object"}"#);
    assert_eq!(schema(r#"{ "properties":{"x":{}}}"#), r#"{"type":"object","properties":{"x":{}}}"#);
    assert_eq!(schema(r#"{"type":["object","null"],"a":1}"#), r#"{"type":"object","a":1}"#);
    let long = "x".repeat(70);
    let fitting = super::super::fitting_name(&long).into_owned();
    assert_eq!(fitting.len(), 64);
    assert_ne!(super::super::fitting_name("a.b"), super::super::fitting_name("a:b"), "case 12: no collisions");
}

#[test]
fn a_tool_of_free_text_takes_an_object_with_it() {
    let free_form = Raw::parse(r#"{"type":"grammar","syntax":"lark"}"#);
    let tool = Tool::Function(Function { name: "sh".into(), free_form, ..Function::default() });
    let (written, lost) = write(&Request { tools: vec![tool], ..asking() }, CLAUDE);
    let schema = &written["toolConfig"]["tools"][0]["toolSpec"]["inputSchema"]["json"];
    assert_eq!(schema["required"], json!(["input"]));
    assert_eq!(lost, "tools.custom.format");
}

#[test]
fn case_030_hosted_tools_of_others_are_lost() {
    let json = Raw::parse("{}").unwrap();
    let foreign = Foreign { dialect: Dialect::Anthropic, kind: "web_search_20250305".into(), json };
    let (written, lost) = write(&Request { tools: vec![Tool::Foreign(foreign)], ..asking() }, CLAUDE);
    assert_eq!((written.get("toolConfig"), lost.as_str()), (None, "tools.web_search_20250305"));
}

#[test]
fn case_112_thinking_by_family_and_generation() {
    let check = |model: &str, thinking: Thinking<'static>, max_tokens: Option<u64>, expected: Value, lost: &str| {
        let number = |text: &str| text.parse::<Number>().ok();
        let samplers = Request { temperature: number("0.5"), top_k: number("3"), ..asking() };
        let request = Request { reasoning: thinking, max_tokens, ..samplers };
        let (mut written, found) = write(&request, model);
        written.as_object_mut().unwrap().remove("messages");
        assert_eq!((written, found.as_str()), (expected, lost), "{model}");
    };
    let budget = |budget| Thinking { budget: Some(budget), ..Thinking::default() };
    let effort = |effort: &'static str| Thinking { effort: Some(effort.into()), ..Thinking::default() };
    let enabled = |tokens: u64| json!({"thinking": {"type": "enabled", "budget_tokens": tokens}});
    check(CLAUDE, budget(2000), None, json!({"additionalModelRequestFields": enabled(2000)}), "top_k,temperature");
    check(
        CLAUDE,
        effort("low"),
        Some(1500),
        json!({"inferenceConfig": {"maxTokens": 1500}, "additionalModelRequestFields": enabled(1125)}),
        "top_k,temperature",
    );
    check(
        CLAUDE,
        budget(2000),
        Some(1000),
        json!({"inferenceConfig": {"maxTokens": 1000, "temperature": 0.5},
            "additionalModelRequestFields": {"top_k": 3}}),
        "reasoning",
    );
    let adaptive =
        json!({"additionalModelRequestFields": {"thinking": {"type": "adaptive"}}, "outputConfig": {"effort": "high"}});
    check("us.anthropic.claude-opus-4-6-v1", effort("xhigh"), None, adaptive, "top_k,temperature");
    let budgeted = json!({"additionalModelRequestFields": enabled(2000)});
    check("us.anthropic.claude-opus-4-6-v1", budget(2000), None, budgeted, "top_k,temperature");
    let shown = Thinking { summary: Some("auto".into()), ..budget(30_000) };
    let newest = json!({
        "additionalModelRequestFields": {"thinking": {"type": "adaptive", "display": "summarized"}},
        "outputConfig": {"effort": "xhigh"},
    });
    check("global.anthropic.claude-opus-4-8", shown, None, newest, "top_k,temperature");
    check(
        "us.amazon.nova-2-lite-v1:0",
        effort("minimal"),
        None,
        json!({
            "inferenceConfig": {"temperature": 0.5},
            "additionalModelRequestFields": {
                "inferenceConfig": {"topK": 3}, "reasoningConfig": {"type": "enabled", "maxReasoningEffort": "low"}},
        }),
        "",
    );
    check(
        "us.amazon.nova-2-lite-v1:0",
        effort("max"),
        Some(9),
        json!({"additionalModelRequestFields": {"reasoningConfig": {"type": "enabled", "maxReasoningEffort": "high"}}}),
        "top_k,max_tokens,temperature",
    );
    check(
        "openai.gpt-oss-20b-1:0",
        effort("minimal"),
        None,
        json!({"inferenceConfig": {"temperature": 0.5}, "additionalModelRequestFields": {"reasoning_effort": "low"}}),
        "top_k",
    );
    check(
        "meta.llama3-2-1b-instruct-v1:0",
        effort("low"),
        None,
        json!({"inferenceConfig": {"temperature": 0.5}}),
        "reasoning,top_k",
    );
    let off = Thinking { off: true, ..Thinking::default() };
    let cold = json!({"inferenceConfig": {"temperature": 0.5}, "additionalModelRequestFields": {"top_k": 3}});
    check(CLAUDE, off, None, cold, "");
    check("global.anthropic.claude-opus-4-8", Thinking::default(), None, json!({}), "top_k,temperature");
}

#[test]
fn thinking_is_read_from_each_familys_own_fields() {
    let check = |fields: Value, expected: Thinking<'static>| {
        let text = json!({"messages": hello(), "additionalModelRequestFields": fields}).to_string();
        let request = read_request(&text);
        assert_eq!(request.reasoning, expected, "{text}");
        assert!(request.others.is_empty(), "{text}");
    };
    let thinking = Thinking::default;
    check(json!({"thinking": {"type": "enabled", "budget_tokens": 9}}), Thinking { budget: Some(9), ..thinking() });
    check(json!({"thinking": {"type": "disabled"}}), Thinking { off: true, ..thinking() });
    check(
        json!({"thinking": {"type": "adaptive", "display": "omitted"}, "output_config": {"effort": "max"}}),
        Thinking { adaptive: true, effort: Some("max".into()), summary: Some("none".into()), ..thinking() },
    );
    check(
        json!({"reasoningConfig": {"type": "enabled", "maxReasoningEffort": "low"}}),
        Thinking { effort: Some("low".into()), ..thinking() },
    );
    check(json!({"reasoning_effort": "high"}), Thinking { effort: Some("high".into()), ..thinking() });
}

#[test]
fn case_018_020_021_what_no_model_there_takes_is_named() {
    let number = |text: &str| text.parse::<Number>().ok();
    let request = Request {
        seed: number("1"),
        presence_penalty: number("1"),
        frequency_penalty: number("1"),
        logit_bias: Raw::parse("{}"),
        logprobs: Some(true),
        top_logprobs: Some(2),
        n: Some(2),
        user: Some("u".into()),
        store: Some(true),
        cache_key: Some("k".into()),
        verbosity: Some("low".into()),
        service_tier: Some("scale".into()),
        metadata: Raw::parse(r#"{"a":"b","c":1}"#),
        temperature: number("1.5"),
        top_p: number("0.9"),
        stop: vec!["a".into(), "a".into(), "\n".into(), "b".into()],
        ..asking()
    };
    let (written, lost) = write(&request, CLAUDE);
    assert_eq!(
        lost,
        "verbosity,seed,presence_penalty,frequency_penalty,logit_bias,logprobs,top_logprobs,n,user,store,\
         prompt_cache_key,temperature,top_p,stop,metadata,service_tier"
    );
    assert_eq!(written["inferenceConfig"], json!({"temperature": 1, "stopSequences": ["a", "b"]}));
    assert_eq!(written["requestMetadata"], json!({"a": "b"}));
}

#[test]
fn case_026_a_schema_is_a_member_or_words() {
    let text = r#"{"type":"object","properties":{"minimum":{"type":"integer","minimum":1}}}"#;
    let schema = Raw::parse(text).unwrap();
    let format = Format::JsonSchema { name: Some("a b".into()), description: None, schema, strict: Some(true) };
    let request = Request { format: Some(format), ..asking() };
    let (written, lost) = write(&request, CLAUDE);
    let said = &written["outputConfig"]["textFormat"]["structure"]["jsonSchema"];
    let expected = r#"{"type":"object","properties":{"minimum":{"type":"integer"}},"additionalProperties":false}"#;
    assert_eq!(said["schema"], expected);
    assert!(said["name"].as_str().unwrap().starts_with("a_b_"));
    assert_eq!(lost, "schema.minimum");
    let (written, lost) = write(&request, "amazon.nova-lite-v1:0");
    assert!(written["system"][0]["text"].as_str().unwrap().ends_with(text));
    assert_eq!((written.get("outputConfig"), lost.as_str()), (None, "response_format.json_schema.strict"));
    let (written, lost) = write(&Request { format: Some(Format::JsonObject), ..asking() }, CLAUDE);
    assert!(written["system"][0]["text"].as_str().unwrap().contains("JSON object"));
    assert_eq!(lost, "");
}

#[test]
fn case_003_members_of_other_dialects_are_lost() {
    let json = Raw::parse("1").unwrap();
    let others = vec![Foreign { dialect: Dialect::Gemini, kind: "safetySettings".into(), json }];
    assert_eq!(write(&Request { others, ..asking() }, CLAUDE).1, "safetySettings");
}
