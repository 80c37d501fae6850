//! Requests, read and written.

use serde_json::json;

use super::super::stateful;
use super::*;
use crate::canonical::{
    Dialect, FaultKind, Foreign, MediaKind, Part, Raw, Reasoning, Role, Signature, Source, Text, Turn,
};

fn roles(request: &Request<'_>) -> Vec<(Role, usize)> {
    request.turns.iter().map(|turn| (turn.role, turn.parts.len())).collect()
}

fn check(body: Value, expected: Value) {
    let (got, lost) = through(&body, "gpt-4.1");
    let (mut body, mut expected) = (expected.as_object().unwrap().clone(), json!({"model": "gpt-4.1", "store": false}));
    expected.as_object_mut().unwrap().append(&mut body);
    assert_eq!((got, lost), (expected, Vec::new()));
}

#[test]
fn case_131_input_is_a_string_or_items_of_every_kind() {
    let request = read(r#"{"model":"m","instructions":"be","input":"hi"}"#);
    assert_eq!(roles(&request), [(Role::System, 1), (Role::User, 1)]);
    let request = read(
        r#"{"model":"m","input":[
        {"role":"developer","content":"d"},
        {"role":"user","content":[{"type":"input_text","text":"a"},{"type":"input_image",
            "image_url":"data:IMAGE/JPG;x=1;base64,QUJD"}]},
        {"type":"reasoning","id":"rs_1","summary":[{"type":"summary_text","text":"x"},{"type":"summary_text",
            "text":"y"}],"encrypted_content":"E"},
        {"type":"message","role":"assistant","id":"msg_1","status":"completed","content":[{"type":"output_text",
            "text":"t","annotations":[]}]},
        {"type":"function_call","id":"fc_1","call_id":"c1","name":"f",
            "arguments":"{\"b\":1.50,\"a\":18446744073709551616}"},
        {"type":"custom_tool_call","call_id":"c2","name":"g","input":"free"},
        {"type":"web_search_call","id":"ws_1","status":"completed","action":{"type":"search"}},
        {"type":"function_call_output","call_id":"c1","output":"one"},
        {"type":"custom_tool_call_output","call_id":"c2","output":[{"type":"input_text","text":"two"}]},
        {"role":"user","content":"b"}]}"#,
    );
    assert_eq!(
        roles(&request),
        [(Role::Developer, 1), (Role::User, 2), (Role::Assistant, 5), (Role::User, 2), (Role::User, 1)]
    );
    let Part::Media(image) = &request.turns[1].parts[1] else { panic!() };
    assert_eq!(
        (image.kind, &*image.mime, &image.source),
        (MediaKind::Image, "image/jpeg", &Source::Base64("QUJD".into()))
    );
    let Part::Reasoning(thoughts) = &request.turns[2].parts[0] else { panic!() };
    let signature = Signature::new(Dialect::OpenAiResponses, "E");
    assert_eq!((&*thoughts.text, thoughts.summary, &thoughts.signature), ("x\n\ny", true, &Some(signature)));
    assert_eq!(thoughts.id.as_deref(), Some("rs_1"));
    let Part::ToolCall(call) = &request.turns[2].parts[2] else { panic!() };
    assert_eq!((&*call.id, &*call.arguments), ("c1", r#"{"b":1.50,"a":18446744073709551616}"#));
    let Part::ToolCall(call) = &request.turns[2].parts[3] else { panic!() };
    assert!(call.free_form && call.arguments == "free");
    assert!(matches!(&request.turns[2].parts[4], Part::Foreign(foreign) if foreign.kind == "web_search_call"));
    let Part::ToolResult(result) = &request.turns[3].parts[1] else { panic!() };
    assert_eq!((&*result.id, &*result.text(), result.free_form), ("c2", "two", true));
}

#[test]
fn case_006_content_takes_every_shape() {
    for content in [r#""""#, "null", "[]"] {
        let text = format!(
            r#"{{"model":"m","input":[{{"role":"user","content":{content}}}, {{"role":"user","content":"x"}}]}}"#
        );
        let (value, _) = written(&read(&text), &VENDOR);
        let items = json!([{"type":"message","role":"user","content":[{"type":"input_text","text":"x"}]}]);
        assert_eq!(value["input"], items, "{content}");
    }
    let missing = read(r#"{"model":"m","input":[{"role":"user"}]}"#);
    assert_eq!(roles(&missing), [(Role::User, 0)]);
    let mut lost = Lost::nothing();
    let fault = OpenAiResponses.write_request(&missing, &VENDOR, &mut lost).unwrap_err();
    assert_eq!(fault.kind, FaultKind::BadRequest);
}

#[test]
fn requests_are_written_as_they_were_read() {
    check(
        json!({"model": "m", "instructions": "be", "input": "hi", "stream": true}),
        json!({"instructions": "be", "stream": true,
            "input": [{"type": "message", "role": "user", "content": [{"type": "input_text", "text": "hi"}]}]}),
    );
    let items = json!([
        {"type": "message", "role": "developer", "content": [{"type": "input_text", "text": "d"}]},
        {"type": "message", "role": "user", "content": [
            {"type": "input_text", "text": "a"},
            {"type": "input_image", "image_url": "https://x.test/a.png", "detail": "low"},
            {"type": "input_file", "filename": "a.pdf", "file_data": "data:application/pdf;base64,QUJD"},
            {"type": "input_file", "file_url": "https://x.test/b.pdf"},
            {"type": "input_file", "file_id": "file_1"}]},
        {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": "x"}],
            "encrypted_content": "E"},
        {"type": "message", "role": "assistant", "content": [
            {"type": "output_text", "text": "t", "annotations": [
                {"type": "url_citation", "start_index": 0, "end_index": 1, "url": "u", "title": "T"}]},
            {"type": "refusal", "refusal": "no"}]},
        {"type": "function_call", "call_id": "c1", "name": "f", "arguments": "{}"},
        {"type": "web_search_call", "id": "ws_1", "status": "completed"},
        {"type": "custom_tool_call", "call_id": "c2", "name": "g", "input": "free"},
        {"type": "function_call_output", "call_id": "c1", "output": [
            {"type": "input_text", "text": "see"}, {"type": "input_image", "image_url": "data:image/png;base64,QQ==",
                "detail": "auto"}]},
        {"type": "custom_tool_call_output", "call_id": "c2", "output": "two"}
    ]);
    check(json!({"model": "m", "input": items}), json!({"input": items}));
}

/// The vendor's specification has `output_text` only in messages with an id of the vendor's.
#[test]
fn what_the_model_said_is_a_string_unless_it_cites() {
    let said = |parts: Value| {
        let items = json!([{"type": "message", "role": "assistant", "content": parts}]);
        through(&json!({"model": "m", "input": items}), "m").0["input"][0]["content"].clone()
    };
    let text = |text: &str| json!({"type": "output_text", "text": text, "annotations": []});
    assert_eq!(said(json!([text("t")])), json!("t"));
    assert_eq!(said(json!([text("a\n"), text(""), text("b")])), json!("a\nb"));
    let refusal = json!({"type": "refusal", "refusal": "no"});
    assert_eq!(said(json!([refusal])), json!("no"));
    let mut cited = text("t");
    cited["annotations"] =
        json!([{"type": "url_citation", "start_index": 0, "end_index": 1, "url": "u", "title": "T"}]);
    assert_eq!(said(json!([cited, refusal])), json!([cited, refusal]));
}

#[test]
fn the_address_of_a_file_is_not_taken_for_its_data() {
    for (data, source) in [
        ("gs://b/a.mp4", Source::Url("gs://b/a.mp4".into())),
        ("https://x.test/a.pdf", Source::Url("https://x.test/a.pdf".into())),
        ("QUJD", Source::Base64("QUJD".into())),
    ] {
        let file = json!({"type": "input_file", "filename": "a.pdf", "file_data": data});
        let body = json!({"model": "m", "input": [{"role": "user", "content": [file]}]}).to_string();
        let Part::Media(media) = &read(&body).turns[0].parts[0] else { panic!("{data}") };
        assert_eq!(media.source, source);
    }
}

#[test]
fn case_135_settings_go_both_ways() {
    let settings = json!({
        "text": {"format": {"type": "json_schema", "name": "n", "description": "d", "schema": {"z": 1, "a": 2},
            "strict": true}, "verbosity": "low"},
        "include": ["web_search_call.results", "message.output_text.logprobs"], "top_logprobs": 3,
        "temperature": 0.7, "top_p": 0.5, "max_output_tokens": 100, "max_tool_calls": 3, "truncation": "auto",
        "parallel_tool_calls": false, "user": "u", "metadata": {"k": "v"}, "service_tier": "flex", "store": true,
        "prompt_cache_key": "key", "prompt_cache_retention": "24h", "tool_choice": "required",
        "tools": [{"type": "function", "name": "f", "description": "d", "parameters": {"type": "object",
            "properties": {}}, "strict": true},
            {"type": "custom", "name": "g", "format": {"type": "grammar", "syntax": "lark", "definition": "x"}},
            {"type": "web_search"}]
    });
    let mut body = settings.clone();
    body["model"] = json!("m");
    body["input"] = json!("hi");
    let mut expected = settings;
    expected["input"] = json!([{"type": "message", "role": "user", "content": [{"type": "input_text", "text": "hi"}]}]);
    check(body, expected);
}

#[test]
fn case_027_effort_is_what_the_model_takes() {
    let effort = |given: &str, model: &str| {
        let (value, lost) = through(&json!({"model": "m", "input": "x", "reasoning": {"effort": given}}), model);
        (value["reasoning"]["effort"].as_str().map(str::to_owned), lost.len())
    };
    let is = |word: &str| (Some(word.to_owned()), 0);
    assert_eq!(effort("xhigh", "gpt-5"), is("high"));
    assert_eq!(effort("max", "gpt-5.2"), is("xhigh"));
    assert_eq!(effort("minimal", "o3"), is("low"));
    assert_eq!(effort("none", "gpt-5.2"), is("none"));
    assert_eq!(effort("none", "gpt-5-mini"), is("minimal"));
    assert_eq!(effort("max", "somebodys"), is("max"));
    assert_eq!(effort("high", "gpt-4.1"), (None, 1));
    let all = json!({"effort": "low", "summary": "auto", "context": "all_turns"});
    let (value, _) = through(&json!({"model": "m", "input": "x", "reasoning": all}), "o3");
    assert_eq!(value["reasoning"], all);
    let mut request = read(r#"{"model":"m","input":"x"}"#);
    request.reasoning.budget = Some(8000);
    assert_eq!(written(&request, &Target { model: "o3", ..VENDOR }).0["reasoning"], json!({"effort": "medium"}));
}

#[test]
fn encrypted_thoughts_are_asked_for_where_nothing_is_stored() {
    let include = |extra: Value, model: &str| {
        let mut body = json!({"model": "m", "input": "x"});
        body.as_object_mut().unwrap().append(&mut extra.as_object().unwrap().clone());
        through(&body, model).0["include"].clone()
    };
    let asked = json!(["reasoning.encrypted_content"]);
    assert_eq!(include(json!({}), "gpt-5"), asked);
    assert_eq!(include(json!({"store": true}), "gpt-5"), Value::Null);
    assert_eq!(include(json!({}), "gpt-4o"), Value::Null, "it would refuse");
    assert_eq!(include(json!({"reasoning": {"effort": "low"}}), "deployment"), asked);
    assert_eq!(include(json!({}), "deployment"), Value::Null);
    let thought = json!({"type": "reasoning", "summary": [], "encrypted_content": "E"});
    let said = json!({"role": "assistant", "content": "a"});
    assert_eq!(include(json!({"input": ["x", thought, said, "y"]}), "deployment"), asked);
    // What cannot be replayed does not show that the model reasons.
    assert_eq!(include(json!({"input": ["x", said, thought, "y"]}), "deployment"), Value::Null);
}

#[test]
fn case_020_samplers_that_reasoning_models_refuse_are_left_out() {
    let sampled = json!({"model": "m", "input": "x", "temperature": 0.2, "top_p": 1});
    let (value, lost) = through(&sampled, "gpt-5-mini");
    assert!(value["temperature"].is_null() && value["top_p"].is_null());
    assert_eq!(lost, ["temperature"]);
    let (value, lost) = through(&sampled, "gpt-5.1");
    assert_eq!((value["temperature"].as_f64(), lost.len()), (Some(0.2), 0));
}

#[test]
fn case_021_what_cannot_be_said_is_named() {
    let mut request = read(r#"{"model":"m","input":"x","presence_penalty":0.5,"frequency_penalty":0}"#);
    request.stop = vec!["END".into()];
    request.seed = Some(7.into());
    request.top_k = Some(40.into());
    request.n = Some(2);
    request.logit_bias = Raw::parse("{}");
    request.max_tokens = Some(1);
    request.others.push(Foreign {
        dialect: Dialect::Gemini,
        kind: "safetySettings".into(),
        json: Raw::parse("[]").unwrap(),
    });
    request.turns[0].name = Some("bob".into());
    let (value, mut lost) = written(&request, &VENDOR);
    lost.sort();
    let named = [
        "logit_bias",
        "max_tokens",
        "messages.name",
        "n",
        "presence_penalty",
        "safetySettings",
        "seed",
        "stop",
        "top_k",
    ];
    assert_eq!(lost, named);
    assert_eq!(value["max_output_tokens"], 16);
    for absent in ["stop", "seed", "top_k", "n", "logit_bias", "presence_penalty", "safetySettings"] {
        assert!(value[absent].is_null(), "{absent}");
    }
    let compatible = Target { flavour: Flavour::Compatible, ..VENDOR };
    let (value, _) = written(&request, &compatible);
    assert_eq!((value["presence_penalty"].as_f64(), value["max_output_tokens"].as_u64()), (Some(0.5), Some(1)));
}

#[test]
fn case_132_stateful_members_are_told_apart() {
    let of = |extra: &str| {
        let body = format!(r#"{{"model":"m","input":"x"{extra}}}"#);
        let request = read(&body);
        stateful(&request).map(str::to_owned)
    };
    assert_eq!(of(""), None);
    assert_eq!(of(r#","previous_response_id":null,"background":false,"truncation":"auto""#), None);
    assert_eq!(of(r#","previous_response_id":"resp_1""#).as_deref(), Some("previous_response_id"));
    assert_eq!(of(r#","conversation":{"id":"conv_1"}"#).as_deref(), Some("conversation"));
    assert_eq!(of(r#","background":true"#).as_deref(), Some("background"));
    assert_eq!(of(r#","prompt":{"id":"pmpt_1"}"#).as_deref(), Some("prompt"));
    let reference = read(r#"{"model":"m","input":[{"type":"item_reference","id":"msg_1"}]}"#);
    assert_eq!(stateful(&reference), Some("item_reference"));
    // A target of the same dialect gets them, and the outputs of calls that it keeps.
    let (value, lost) = through(
        &json!({"model": "m", "previous_response_id": "resp_1",
            "input": [{"type": "function_call_output", "call_id": "c", "output": "x"}]}),
        "gpt-4.1",
    );
    assert_eq!(value["previous_response_id"], "resp_1");
    assert_eq!(value["input"], json!([{"type": "function_call_output", "call_id": "c", "output": "x"}]));
    assert!(lost.is_empty());
}

#[test]
fn case_003_unknown_members_are_kept_for_the_same_dialect() {
    let (value, lost) = through(&json!({"model": "m", "input": "x", "brand_new": {"z": 1, "a": [2]}}), "gpt-4.1");
    assert_eq!((value["brand_new"].to_string().as_str(), lost.len()), (r#"{"z":1,"a":[2]}"#, 0));
    let part = json!({"type": "input_new", "x": 1});
    let (value, _) = through(&json!({"model": "m", "input": [{"role": "user", "content": [part]}]}), "gpt-4.1");
    assert_eq!(value["input"][0]["content"], json!([part]));
}

#[test]
fn case_133_thoughts_are_replayed_only_with_their_own_proof_and_what_follows() {
    let thoughts = |from, text: &'static str| {
        Part::Reasoning(Reasoning {
            text: text.into(),
            signature: Some(Signature::new(from, "E")),
            ..Reasoning::default()
        })
    };
    let request = |parts| Request {
        turns: vec![
            Turn { role: Role::User, parts: vec![Part::text("q")], name: None },
            Turn { role: Role::Assistant, parts, name: None },
            Turn { role: Role::User, parts: vec![Part::text("r")], name: None },
        ],
        ..Request::default()
    };
    let own = Dialect::OpenAiResponses;
    let kinds = |parts| {
        let (value, lost) = written(&request(parts), &VENDOR);
        let kinds: Vec<_> = value["input"].as_array().unwrap().iter().map(|item| item["type"].to_string()).collect();
        (kinds.join(" ").replace('"', ""), lost, value.to_string())
    };
    let (order, lost, _) = kinds(vec![thoughts(own, ""), Part::text("a")]);
    assert_eq!((&*order, lost.len()), ("message reasoning message message", 0));
    let (order, lost, text) = kinds(vec![thoughts(Dialect::Anthropic, "secret"), Part::text("a")]);
    assert_eq!((&*order, lost), ("message message message", vec!["messages.reasoning".to_owned()]));
    assert!(!text.contains("secret"), "foreign thoughts are not shown");
    let (order, lost, _) = kinds(vec![Part::text("a"), thoughts(own, "")]);
    assert_eq!((&*order, lost), ("message message message", vec!["messages.reasoning".to_owned()]));
    let unsigned =
        Part::Reasoning(Reasoning { text: "secret".into(), id: Some("rs_1".into()), ..Reasoning::default() });
    let (order, _, _) = kinds(vec![unsigned, Part::text("a")]);
    assert_eq!(order, "message message message");
}

#[test]
fn case_025_sound_and_films_are_named_as_lost() {
    let (value, lost) = through(
        &json!({"model": "m", "input": [{"role": "user", "content": [
            {"type": "input_text", "text": "t"},
            {"type": "input_audio", "input_audio": {"data": "QQ==", "format": "wav"}},
            {"type": "input_video", "video_url": "https://x.test/v.mp4"}]}]}),
        "gpt-4.1",
    );
    assert_eq!(value["input"][0]["content"].as_array().unwrap().len(), 1);
    assert_eq!(lost, ["messages.audio", "messages.video"]);
}

#[test]
fn case_032_system_turns_keep_their_order_and_pieces() {
    let text = |text: &'static str| Part::Text(Text { text: text.into(), ..Text::default() });
    let turn = |role, parts| Turn { role, parts, name: None };
    let mut request = Request {
        turns: vec![
            turn(Role::System, vec![text("a"), text("b")]),
            turn(Role::User, vec![text("q")]),
            turn(Role::System, vec![text("c")]),
        ],
        ..Request::default()
    };
    let (value, _) = written(&request, &VENDOR);
    let roles: Vec<_> = value["input"].as_array().unwrap().iter().map(|item| item["role"].clone()).collect();
    assert_eq!(
        (roles, value["input"][0]["content"].as_array().unwrap().len()),
        (vec![json!("system"), json!("user"), json!("system")], 2)
    );
    request.turns = vec![turn(Role::System, vec![text("alone")])];
    let (value, _) = written(&request, &VENDOR);
    assert_eq!(value["input"], json!([{"type": "message", "role": "system", "content": "alone"}]));
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    for (body, start) in [
        (r#"{"model":"m","input":7}"#, "`input`: "),
        (r#"{"model":"m","input":[{"role":"king","content":"x"}]}"#, "`input[0].role`: unknown role `king`"),
        (
            r#"{"model":"m","input":[{"role":"user","content":[{"type":"input_text","text":5}]}]}"#,
            "`input[0].content[0].text`: ",
        ),
        (r#"{"model":"m","input":["x",{"call_id":{}}]}"#, "`input[1].call_id`: "),
        (r#"{"model":"m","input":"x","temperature":"hot"}"#, "`temperature`: "),
        (r#"{"model":"m","input":"x","tools":[{"type":"function"}]}"#, "`tools[0].name`: missing"),
        (r#"{"model":"m","input":"x","tool_choice":"perhaps"}"#, "`tool_choice`: unknown choice"),
        (r#"{"model":"m","input":"x","text":{"format":{"type":"xml"}}}"#, "`text.format.type`: unknown format"),
        (r#"{"input":"x"}"#, "`model`: missing"),
        ("{", "invalid JSON: "),
    ] {
        let message = refused(body);
        assert!(message.starts_with(start), "{body}: {message}");
    }
}
