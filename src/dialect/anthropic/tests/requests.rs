//! Members of requests other than the conversation.

use serde_json::{Value, json};

use super::{read, rewritten, write};
use crate::canonical::{Dialect, FaultKind, Foreign, Format, Part, Raw, Request, Role, Thinking, Turn};
use crate::dialect::anthropic::Anthropic;
use crate::dialect::codec::{Asked, Codec, Flavour};

const HI: &str = r#""messages":[{"role":"user","content":"hi"}]"#;

/// `members` beside a short conversation, written for `model`: these members, and what is lost.
#[track_caller]
fn check(members: &str, model: &str, expected: Value, lost: &[&str]) {
    let (written, got) = rewritten(&format!("{{{members},{HI}}}"), model);
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(&written[name], value, "{name} of {written}");
    }
    assert_eq!(got, lost);
}

pub(super) fn request() -> Request<'static> {
    let turn = Turn { role: Role::User, parts: vec![Part::text("hi")], name: None };
    Request { model: "m".into(), turns: vec![turn], ..Request::default() }
}

#[test]
fn a_request_comes_out_as_it_went_in() {
    let text = r#"{"model":"claude-sonnet-4-5","max_tokens":1000,"stream":true,
        "system":[{"type":"text","text":"be brief","cache_control":{"type":"ephemeral","ttl":"1h"}}],
        "messages":[
            {"role":"user","content":[{"type":"text","text":"look"},
                {"type":"image","source":{"type":"base64","media_type":"image/png","data":"iVBORw0K"}},
                {"type":"image","source":{"type":"url","url":"https://x/y.png"}},
                {"type":"document","source":{"type":"base64","media_type":"application/pdf","data":"JVBERi0="},
                 "title":"t","context":"c","citations":{"enabled":true}},
                {"type":"document","source":{"type":"text","media_type":"text/plain","data":"plain"}},
                {"type":"document","source":{"type":"file","file_id":"file_1"}},
                {"type":"search_result","source":"s","title":"t","content":[{"type":"text","text":"x"}]}]},
            {"role":"assistant","content":[{"type":"thinking","thinking":"hm","signature":"c2ln"},
                {"type":"redacted_thinking","data":"ZGF0YQ=="},
                {"type":"text","text":"I call","citations":[{"type":"char_location","cited_text":"x",
                 "document_index":0,"document_title":null,"start_char_index":0,"end_char_index":1}]},
                {"type":"server_tool_use","id":"srvtoolu_1","name":"web_search","input":{"query":"q"}},
                {"type":"web_search_tool_result","tool_use_id":"srvtoolu_1","content":[]},
                {"type":"tool_use","id":"toolu_1","name":"f","input":{"z":1.50,"a":18446744073709551616}}]},
            {"role":"user","content":[{"type":"tool_result","tool_use_id":"toolu_1","is_error":true,
                "content":[{"type":"text","text":"no"},{"type":"image","source":{"type":"url","url":"https://x"}}],
                "cache_control":{"type":"ephemeral"}}]}],
        "tools":[{"name":"f","description":"d","input_schema":{"type":"object","properties":{"z":{},"a":{}}}},
            {"type":"web_search_20250305","name":"web_search","max_uses":5}],
        "tool_choice":{"type":"auto","disable_parallel_tool_use":true},
        "thinking":{"type":"enabled","budget_tokens":1024,"display":"omitted"},
        "stop_sequences":["END"],"metadata":{"user_id":"u"},"service_tier":"standard_only",
        "context_management":{"edits":[]}}"#;
    // The budget leaves a quarter of the limit to the answer.
    let text = text.replace("\"max_tokens\":1000", "\"max_tokens\":4096");
    let (written, lost) = rewritten(&text, "claude-sonnet-4-5");
    let expected: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(written, expected);
    assert!(lost.is_empty(), "{lost:?}");
}

#[test]
fn case_004_005_arguments_and_schemas_are_not_touched() {
    let schema = r#"{"type":"object","properties":{"z":{"maximum":18446744073709551616},"a":{"default":1.50}}}"#;
    let call = r#"{"z":1.50,"a":18446744073709551616}"#;
    let text = format!(
        r#"{{"messages":[{{"role":"user","content":"x"}},{{"role":"assistant","content":[
        {{"type":"tool_use","id":"t","name":"f","input":{call}}}]}}],"tools":[{{"name":"f","input_schema":{schema}}}]}}"#
    );
    let mut lost = crate::canonical::Lost::nothing();
    let target = crate::dialect::codec::Target { model: "claude-opus-4-6", flavour: Flavour::Vendor };
    let written = Anthropic.write_request(&read(&text), &target, &mut lost).unwrap();
    let written = String::from_utf8(written).unwrap();
    assert!(written.contains(&format!("\"input\":{call}")), "{written}");
    assert!(written.contains(&format!("\"input_schema\":{schema}")), "{written}");
}

#[test]
fn case_003_unknown_members_go_back_to_where_they_come_from() {
    check(r#""speed":"fast","nothing":null"#, "claude-opus-4-6", json!({"speed": "fast", "nothing": null}), &[]);
    let other = Foreign { dialect: Dialect::Gemini, kind: "safetySettings".into(), json: Raw::parse("[]").unwrap() };
    let (written, lost) = write(&Request { others: vec![other], ..request() }, "claude-opus-4-6", Flavour::Vendor);
    assert_eq!((&written["safetySettings"], lost), (&Value::Null, vec!["safetySettings".to_owned()]));
}

#[test]
fn case_019_max_tokens_is_always_there() {
    check(r#""top_k":1"#, "claude-3-haiku-20240307", json!({"max_tokens": 4096}), &[]);
    check(r#""top_k":1"#, "claude-sonnet-4-5", json!({"max_tokens": 32000}), &[]);
    check(r#""max_tokens":5"#, "claude-sonnet-4-5", json!({"max_tokens": 5}), &[]);
    check(r#""max_tokens":100000"#, "claude-3-5-haiku-latest", json!({"max_tokens": 8192}), &["max_tokens"]);
}

#[test]
fn case_020_sampling_by_model() {
    let all = r#""temperature":0.7,"top_p":0.9,"top_k":5"#;
    check(all, "claude-sonnet-4-0", json!({"temperature": 0.7, "top_p": 0.9, "top_k": 5}), &[]);
    check(all, "claude-sonnet-4-5", json!({"temperature": 0.7, "top_p": null, "top_k": 5}), &["top_p"]);
    let none = json!({"temperature": null, "top_p": null, "top_k": null});
    check(all, "claude-opus-4-7", none.clone(), &["temperature", "top_k", "top_p"]);
    check(r#""temperature":1,"top_p":1.0"#, "claude-opus-5", none, &[]);
    check(r#""temperature":1.5"#, "claude-sonnet-4-0", json!({"temperature": 1}), &["temperature"]);
}

#[test]
fn case_027_thinking_by_generation() {
    let thinks = |reasoning, max_tokens, model| {
        let (written, lost) = write(&Request { reasoning, max_tokens, ..request() }, model, Flavour::Vendor);
        (written["thinking"].clone(), written["output_config"]["effort"].clone(), written["max_tokens"].clone(), lost)
    };
    let none: Vec<String> = Vec::new();
    let lost = vec!["reasoning".to_owned()];
    let effort = |word: &'static str| Thinking { effort: Some(word.into()), ..Thinking::default() };
    let enabled = |budget: u64| json!({"type": "enabled", "budget_tokens": budget});
    let adaptive = json!({"type": "adaptive"});
    let (null, disabled) = (Value::Null, json!({"type": "disabled"}));
    // By budget.
    assert_eq!(
        thinks(effort("high"), None, "claude-sonnet-4-5"),
        (enabled(24_576), null.clone(), 32_768.into(), none.clone())
    );
    assert_eq!(
        thinks(effort("minimal"), None, "claude-sonnet-4-5"),
        (enabled(1024), null.clone(), 32_000.into(), none.clone())
    );
    assert_eq!(
        thinks(effort("high"), Some(4096), "claude-3-7-sonnet-latest"),
        (enabled(3072), null.clone(), 4096.into(), none.clone())
    );
    assert_eq!(
        thinks(effort("high"), Some(1000), "claude-3-7-sonnet-latest"),
        (null.clone(), null.clone(), 1000.into(), lost.clone())
    );
    let high = Value::from("high");
    assert_eq!(
        thinks(effort("xhigh"), None, "claude-opus-4-5"),
        (enabled(32_768), high.clone(), 40_960.into(), none.clone())
    );
    // By itself.
    let adaptively = |word: &str| (adaptive.clone(), Value::from(word), Value::from(32_000), none.clone());
    assert_eq!(thinks(effort("xhigh"), None, "claude-opus-4-6"), adaptively("high"));
    assert_eq!(thinks(effort("minimal"), None, "claude-opus-4-6"), adaptively("low"));
    assert_eq!(thinks(effort("xhigh"), None, "claude-opus-4-7"), adaptively("xhigh"));
    let budget = Thinking { budget: Some(5000), ..Thinking::default() };
    assert_eq!(thinks(budget.clone(), None, "claude-opus-5"), adaptively("medium"));
    assert_eq!(thinks(budget, Some(9000), "claude-opus-4-6"), (enabled(5000), null.clone(), 9000.into(), none.clone()));
    // Not at all.
    let off = Thinking { off: true, ..Thinking::default() };
    let unsaid = (null.clone(), null.clone(), Value::from(32_000), none.clone());
    assert_eq!(thinks(off.clone(), None, "claude-opus-4-7"), unsaid);
    assert_eq!(thinks(off.clone(), None, "claude-opus-5"), (disabled, null.clone(), 32_000.into(), none.clone()));
    let between = json!({"type": "between_tools"});
    assert_eq!(thinks(off.clone(), None, "claude-sonnet-5-5"), (between, null.clone(), 32_000.into(), none));
    assert_eq!(thinks(off, None, "claude-fable-5"), (null.clone(), "low".into(), 32_000.into(), lost.clone()));
    assert_eq!(thinks(effort("low"), None, "claude-3-haiku"), (null.clone(), null, 4096.into(), lost));
}

#[test]
fn case_037_thinking_excludes_sampling_and_forced_tools() {
    let thinking = r#""thinking":{"type":"enabled","budget_tokens":2000}"#;
    check(
        &format!(r#"{thinking},"temperature":0.5,"top_k":3,"top_p":0.97"#),
        "claude-sonnet-4-0",
        json!({"temperature": null, "top_k": null, "top_p": 0.97, "thinking": {"type":"enabled","budget_tokens":2000}}),
        &["temperature", "top_k"],
    );
    let forced = r#""tools":[{"name":"f","input_schema":{"type":"object"}}],"tool_choice":{"type":"any"}"#;
    let any = json!({"type": "any"});
    check(
        &format!("{thinking},{forced}"),
        "claude-sonnet-4-0",
        json!({"thinking": null, "tool_choice": any}),
        &["reasoning"],
    );
    let adaptive = r#""thinking":{"type":"adaptive"}"#;
    check(
        &format!("{adaptive},{forced}"),
        "claude-opus-5",
        json!({"thinking": {"type": "adaptive"}, "tool_choice": any}),
        &[],
    );
    check(
        &format!("{adaptive},{forced}"),
        "claude-opus-5-5",
        json!({"thinking": {"type": "adaptive"}, "tool_choice": {"type": "auto"}}),
        &["tool_choice"],
    );
}

#[test]
fn case_018_stop_texts() {
    check(
        r#""stop_sequences":["a","a"," \n","b"]"#,
        "claude-opus-4-6",
        json!({"stop_sequences": ["a", "b"]}),
        &["stop"],
    );
}

#[test]
fn case_021_022_members_without_a_word_here() {
    let number = |number: i64| Some(serde_json::Number::from(number));
    let request = Request {
        seed: number(1),
        presence_penalty: number(1),
        frequency_penalty: number(0),
        n: Some(2),
        logprobs: Some(true),
        metadata: Raw::parse("{}"),
        store: Some(true),
        user: Some("u".into()),
        service_tier: Some("flex".into()),
        ..request()
    };
    let (written, lost) = write(&request, "claude-opus-4-6", Flavour::Vendor);
    assert_eq!(lost, ["seed", "presence_penalty", "logprobs", "n", "metadata", "store", "service_tier"]);
    assert_eq!(written["metadata"], json!({"user_id": "u"}));
}

#[test]
fn case_026_042_structured_answers() {
    let format = |schema: &'static str, model| {
        let schema = Raw::parse(schema).unwrap();
        let format = Format::JsonSchema { name: None, description: None, schema, strict: Some(true) };
        write(&Request { format: Some(format), ..request() }, model, Flavour::Vendor)
    };
    let schema = r#"{"$schema":"x","type":"object","properties":{
        "a":{"type":"string","minLength":3,"format":"phone","description":"d"},
        "b":{"oneOf":[{"type":"object","properties":{}},{"type":"null"}]},
        "c":{"type":"array","items":{"type":"object","additionalProperties":true},"minItems":1,"maxItems":9}}}"#;
    let (written, lost) = format(schema, "claude-opus-4-6");
    let expected = json!({"type": "object", "properties": {
        "a": {"type": "string", "description": "d (minLength: 3, format: \"phone\")"},
        "b": {"anyOf": [{"type": "object", "properties": {}, "additionalProperties": false}, {"type": "null"}]},
        "c": {"type": "array", "items": {"type": "object", "additionalProperties": false}, "minItems": 1,
              "description": "(maxItems: 9)"}
    }, "additionalProperties": false});
    assert_eq!(written["output_config"]["format"], json!({"type": "json_schema", "schema": expected}));
    let names = ["minLength", "format", "additionalProperties", "maxItems"];
    let mut lost = lost;
    lost.sort();
    let mut expected = names.map(|name| format!("schema.{name}")).to_vec();
    expected.sort();
    assert_eq!(lost, expected);
    // Older models are asked to.
    let (written, lost) = format(r#"{"type":"object"}"#, "claude-sonnet-4-0");
    assert!(written["system"][0]["text"].as_str().unwrap().ends_with("{\"type\":\"object\"}"), "{written}");
    assert_eq!(
        (&written["output_config"], lost),
        (&Value::Null, vec!["response_format.json_schema.strict".to_owned()])
    );
    let (written, lost) =
        write(&Request { format: Some(Format::JsonObject), ..request() }, "claude-opus-4-6", Flavour::Vendor);
    assert!(written["system"][0]["text"].as_str().unwrap().contains("JSON object"), "{written}");
    assert!(lost.is_empty());
}

#[test]
fn case_028_at_most_four_cache_hints() {
    let cached = r#"{"type":"text","text":"t","cache_control":{"type":"ephemeral"}}"#;
    let (written, lost) = rewritten(
        &format!(
            r#"{{"system":[{cached}],"messages":[{{"role":"user","content":[{cached},{cached},{cached}]}}],
            "tools":[{{"name":"f","input_schema":{{"type":"object"}},"cache_control":{{"type":"ephemeral","ttl":"24h"}}}}]}}"#
        ),
        "claude-opus-4-6",
    );
    assert_eq!(lost, ["cache_control"]);
    assert_eq!(written.to_string().matches("cache_control").count(), 4);
    assert_eq!(written["tools"][0]["cache_control"], Value::Null, "what comes first is covered by what comes later");
    let (written, lost) = rewritten(
        &format!(r#"{{"cache_control":{{"type":"ephemeral"}},"messages":[{{"role":"user","content":[{cached}]}}]}}"#),
        "claude-opus-4-6",
    );
    assert_eq!((&written["cache_control"], lost), (&json!({"type": "ephemeral"}), vec![]));
}

#[test]
fn case_116_125_vertex_and_bedrock() {
    let text = format!(r#"{{"stream":true,"anthropic_beta":["b"],{HI}}}"#);
    for (flavour, version) in [(Flavour::Vertex, "vertex-2023-10-16"), (Flavour::Bedrock, "bedrock-2023-05-31")] {
        let (written, lost) = write(&read(&text), "claude-opus-4-6", flavour);
        assert_eq!(written["anthropic_version"], version);
        // Bedrock's path says whether it is a stream; Vertex's does, too, and yet the body has to.
        let stream = if flavour == Flavour::Vertex { json!(true) } else { Value::Null };
        assert_eq!((&written["model"], &written["stream"]), (&Value::Null, &stream));
        assert_eq!((&written["anthropic_beta"], lost), (&json!(["b"]), vec![]));
    }
    let (written, lost) = write(&read(&text), "claude-opus-4-6", Flavour::Vendor);
    assert_eq!((&written["model"], &written["stream"]), (&json!("claude-opus-4-6"), &json!(true)));
    assert_eq!((&written["anthropic_beta"], lost), (&Value::Null, vec!["anthropic_beta".to_owned()]));
    // A client of Vertex or Bedrock says these in the path.
    let asked = Asked { model: Some("claude-x"), stream: true, json_array: false };
    let body = format!(r#"{{"anthropic_version":"vertex-2023-10-16",{HI}}}"#);
    let request = Anthropic.read_request(body.as_bytes(), &asked).unwrap();
    assert_eq!((request.model.as_str(), request.stream, request.others.len()), ("claude-x", true, 0));
}

#[test]
fn case_060_the_line_for_accounting_is_no_instruction() {
    let line = "x-anthropic-billing-header: cc_version=2; cch=abcde;";
    let text = format!(r#"{{"system":[{{"type":"text","text":"{line}"}},{{"type":"text","text":"be brief"}}],{HI}}}"#);
    let request = read(&text);
    assert!(matches!(&request.turns[0].parts[..], [Part::Foreign(_), Part::Text(_)]));
    let (written, lost) = write(&request, "claude-opus-4-6", Flavour::Bedrock);
    assert_eq!((&written["system"][0]["text"], lost), (&json!(line), vec![]));
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    for (text, expected) in [
        (r#"{"messages":[]}"#, "`model`: missing"),
        (r#"{"model":"m"}"#, "`messages`: missing"),
        (r#"{"model":"m","messages":[{"role":"tool","content":"x"}]}"#, "`messages[0].role`: `tool` is not known"),
        (r#"{"model":"m","messages":[{"role":"user","content":[{"text":"x"}]}]}"#, "`messages[0].content"),
        (r#"{"model":"m","messages":[{"role":"user","content":[{"type":"text"}]}]}"#, "missing field `text`"),
        (r#"{"model":"m","messages":7}"#, "`messages`"),
        (r#"{"model":"m","max_tokens":"x","messages":[]}"#, "`max_tokens`"),
        (r#"{"model":"m","tool_choice":{"type":"tool"},"messages":[]}"#, "`tool_choice.name`: missing"),
        (r#"{"model":"m","tools":[{"description":"x"}],"messages":[]}"#, "missing field `name`"),
        ("[]", "an object"),
        ("{", "invalid JSON"),
    ] {
        let fault = Anthropic.read_request(text.as_bytes(), &Asked::default()).unwrap_err();
        assert_eq!(fault.kind, FaultKind::BadRequest);
        assert!(fault.message.contains(expected), "{text}: {}", fault.message);
    }
}

#[test]
fn case_070_tokens_are_counted_of_a_request_without_a_limit() {
    let body = format!(r#"{{"model":"m","system":"s",{HI}}}"#);
    let request = Anthropic.read_request(body.as_bytes(), &Asked::default()).unwrap();
    assert_eq!((request.turns.len(), request.max_tokens), (2, None));
    assert_eq!(Anthropic.write_count(7).unwrap(), br#"{"input_tokens":7}"#);
}
