//! Requests.

use serde_json::{Number, json};

use super::*;
use crate::canonical::{
    Fault, FaultKind, Foreign, Format, Function, Media, MediaKind, Part, Reasoning, Role, Signature, Source, Thinking,
    Tool, ToolCall, ToolChoice, ToolResult, Turn,
};

fn turn<'a>(role: Role, parts: Vec<Part<'a>>) -> Turn<'a> {
    Turn { role, parts, name: None }
}

fn hello<'a>() -> Request<'a> {
    Request { turns: vec![turn(Role::User, vec![Part::text("Hi")])], ..Request::default() }
}

fn call<'a>(id: &'a str, name: &'a str, arguments: &'a str) -> Part<'a> {
    Part::ToolCall(ToolCall {
        id: id.into(),
        name: name.into(),
        arguments: arguments.into(),
        free_form: false,
        signature: None,
        cache: None,
    })
}

fn function(name: &str) -> Tool<'_> {
    Tool::Function(Function { name: name.into(), ..Function::default() })
}

fn media<'a>(kind: MediaKind, source: Source<'a>) -> Part<'a> {
    let mime = "".into();
    Part::Media(Media { kind, source, mime, name: None, context: None, detail: None, cite: false, cache: None })
}

fn fault(body: &str) -> Fault {
    Ollama.read_request(body.as_bytes(), &Asked::default()).unwrap_err()
}

/// Read and written, it is the same document.
#[test]
fn what_ollama_has_comes_out_as_it_went_in() {
    let check = |body: &str| {
        let (value, lost) = written(&read(body));
        assert_eq!(value, serde_json::from_str::<Value>(body).unwrap());
        assert!(lost.is_empty(), "{lost:?}");
    };
    check(r#"{"model":"llama3","messages":[{"role":"user","content":"Hi"}],"stream":false}"#);
    check(
        r#"{"model":"llama3","stream":true,"messages":[
            {"role":"system","content":"Be brief"},
            {"role":"user","content":"What is it?","images":["iVBORw0KGgo=","/9j/AA=="]},
            {"role":"assistant","content":"I look","thinking":"Hm","tool_calls":[
                {"id":"a","function":{"index":0,"name":"f","arguments":{"z":1.50,"a":18446744073709551615}}},
                {"id":"b","function":{"index":1,"name":"g","arguments":{}}}]},
            {"role":"tool","content":"4:20","tool_name":"f","tool_call_id":"a"},
            {"role":"tool","content":"5","tool_name":"g","tool_call_id":"b"},
            {"role":"user","content":"Thanks"}],
            "tools":[{"type":"function","function":{"name":"f","description":"d","parameters":{"type":"object","properties":{"z":{"minimum":0.10}}}}}],
            "format":{"type":"object","properties":{"n":{"const":1.0}}},"think":"high","keep_alive":"5m",
            "options":{"temperature":1.3,"top_p":0.9,"top_k":40,"seed":7,"num_predict":100,"presence_penalty":0.5,
                "frequency_penalty":-0.5,"stop":["a","b"],"num_ctx":4096,"mirostat":2},
            "logprobs":true,"top_logprobs":3}"#,
    );
    check(
        r#"{"model":"llama3","messages":[{"role":"user","content":"Hi"}],"stream":false,"format":"json","think":false}"#,
    );
    check(
        r#"{"model":"llama3","messages":[{"role":"user","content":"Hi"}],"stream":false,"think":true,"keep_alive":0}"#,
    );
}

#[test]
fn a_stream_is_the_default() {
    assert!(read(r#"{"model":"m","messages":[]}"#).stream);
    assert!(read(r#"{"model":"m","messages":[],"stream":null}"#).stream);
    assert!(!read(r#"{"model":"m","messages":[],"stream":false}"#).stream);
    assert_eq!(written(&hello()).0["stream"], false, "it is always said");
}

#[test]
fn a_prompt_is_a_conversation_of_one_turn() {
    let request = read(
        r#"{"model":"m","prompt":"Why?","system":"Be brief","images":["R0lGODdh"],"template":"","raw":false,"context":[1],
            "suffix":"!","options":{},"format":"","keep_alive":null}"#,
    );
    let [system, user] = &request.turns[..] else { panic!("{:?}", request.turns) };
    assert_eq!((system.role, &system.parts[..]), (Role::System, &[Part::text("Be brief")][..]));
    let [Part::Text(text), Part::Media(image)] = &user.parts[..] else { panic!() };
    assert_eq!((text.text.as_str(), image.mime.as_str()), ("Why?", "image/gif"));
    assert_eq!(request.others.iter().map(|other| other.kind.as_str()).collect::<Vec<_>>(), ["context", "suffix"]);
    assert_eq!(request.format, None);
    let (value, lost) = written(&request);
    assert_eq!((value.get("suffix"), lost), (None, vec!["context".to_owned(), "suffix".to_owned()]));
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    for (body, expected) in [
        ("{}", "`messages`: missing"),
        (r#"{"messages":[{"role":"user","content":7}]}"#, "`messages[0].content`: invalid type"),
        (r#"{"messages":[{"role":"robot"}]}"#, "`messages[0].role`: unknown role `robot`"),
        (r#"{"messages":[],"tools":[{"function":{}}]}"#, "`tools[0]`: missing field `name`"),
        (r#"{"messages":[],"format":"xml"}"#, "`format`: expected"),
        (r#"{"messages":[],"think":7}"#, "`think`: expected"),
        (r#"{"messages":[],"options":{"temperature":"hot"}}"#, "`options`: invalid type"),
        ("{", "invalid JSON"),
    ] {
        let fault = fault(body);
        assert_eq!(fault.kind, FaultKind::BadRequest);
        assert!(fault.message.starts_with(expected), "{body}: {}", fault.message);
    }
}

#[test]
fn case_003_others_are_kept_here_and_named_elsewhere() {
    let request =
        read(r#"{"model":"m","messages":[{"role":"user","content":"x"}],"options":{"num_ctx":9},"keep_alive":"5m"}"#);
    let kinds: Vec<_> = request.others.iter().map(|other| (other.kind.as_str(), other.json.as_str())).collect();
    assert_eq!(kinds, [("keep_alive", "\"5m\""), ("options.num_ctx", "9")]);
    let prediction = Foreign { dialect: Dialect::OpenAiChat, kind: "prediction".into(), json: raw("{}") };
    let (value, lost) = written(&Request { others: vec![prediction], ..hello() });
    assert_eq!((value.get("prediction"), lost), (None, vec!["prediction".to_owned()]));
}

#[test]
fn case_004_and_005_numbers_and_the_order_of_keys_stay() {
    let schema = r#"{"type":"object","properties":{"z":{"maximum":18446744073709551616,"default":0.70}},"a":1e2}"#;
    let arguments = r#"{"z":12345678901234567890123, "a":0.70}"#;
    let parameters = Some(raw(schema));
    let tool = Tool::Function(Function { name: "f".into(), parameters, ..Function::default() });
    let turns = vec![turn(Role::User, vec![Part::text("x")]), turn(Role::Assistant, vec![call("a", "f", arguments)])];
    let request = Request { turns, tools: vec![tool], temperature: Number::from_f64(0.7), ..Request::default() };
    let target = Target { model: "m", flavour: Default::default() };
    let body = Ollama.write_request(&request, &target, &mut Lost::nothing()).unwrap();
    let text = String::from_utf8(body.clone()).unwrap();
    assert!(text.contains(schema) && text.contains(&format!("\"arguments\":{arguments}")), "{text}");
    assert!(text.contains("{\"temperature\":0.7}"), "{text}");
    let back = read(&text);
    let Part::ToolCall(call) = &back.turns[1].parts[0] else { panic!() };
    assert_eq!(call.arguments, arguments);
}

#[test]
fn case_006_and_008_empty_texts_are_not_written_and_turns_stay_apart() {
    let user = || turn(Role::User, vec![Part::text(""), Part::text("a"), Part::text("b")]);
    let empty = turn(Role::Assistant, vec![Part::text("")]);
    let (value, _) = written(&Request { turns: vec![user(), empty, user()], ..Request::default() });
    assert_eq!(value["messages"], json!([{"role":"user","content":"a\nb"},{"role":"user","content":"a\nb"}]));
    // What a model said in pieces, such as an answer with sources, is one text.
    let cited = turn(Role::Assistant, vec![Part::text("It is "), Part::text("green"), Part::text(".")]);
    let (value, _) = written(&Request { turns: vec![cited], ..Request::default() });
    assert_eq!(value["messages"][0]["content"], "It is green.");
}

#[test]
fn case_013_arguments_are_always_an_object() {
    for (arguments, expected, whole) in [
        ("", json!({}), true),
        (r#"{"a":1}"#, json!({"a":1}), true),
        (r#"{"a":"#, json!({"input":"{\"a\":"}), false),
        ("[1]", json!({"input":"[1]"}), false),
    ] {
        let turns = vec![turn(Role::Assistant, vec![call("a", "f", arguments)])];
        let (value, lost) = written(&Request { turns, ..Request::default() });
        assert_eq!(value["messages"][0]["tool_calls"][0]["function"]["arguments"], expected);
        assert_eq!(lost.is_empty(), whole, "{arguments}");
    }
    let body =
        r#"{"messages":[{"role":"assistant","tool_calls":[{"function":{"name":"f","arguments":"{\"a\":1.0}"}}]}]}"#;
    let Part::ToolCall(call) = &read(body).turns[0].parts[0] else { panic!() };
    assert_eq!(call.arguments, r#"{"a":1.0}"#, "a text instead of the object");
}

#[test]
fn case_011_results_find_their_calls_without_ids() {
    let request = read(
        r#"{"messages":[{"role":"assistant","tool_calls":[{"function":{"name":"f"}},{"function":{"name":"g"}},{"function":{"name":"f"}}]},
            {"role":"tool","tool_name":"g","content":"G"},{"role":"tool","content":"F1"},{"role":"tool","content":"F2"},
            {"role":"tool","content":"X"},{"role":"tool","tool_call_id":"own","content":"Y"}]}"#,
    );
    let [assistant, results] = &request.turns[..] else { panic!() };
    let calls: Vec<_> = assistant
        .parts
        .iter()
        .map(|part| if let Part::ToolCall(call) = part { call.id.as_str() } else { "" })
        .collect();
    let found: Vec<_> = results
        .parts
        .iter()
        .map(|part| {
            if let Part::ToolResult(result) = part {
                (result.id.as_str(), result.name.as_deref().unwrap_or(""))
            } else {
                ("", "")
            }
        })
        .collect();
    assert_eq!(found[..3], [(calls[1], "g"), (calls[0], "f"), (calls[2], "f")]);
    assert!(!found[3].0.is_empty() && !calls.contains(&found[3].0));
    assert_eq!(found[4].0, "own");
    assert!(calls.iter().all(|id| !id.is_empty()) && calls[0] != calls[2]);
}

#[test]
fn case_015_and_016_a_choice_is_made_by_what_is_offered() {
    let check = |choice: Option<ToolChoice<'static>>, names: &[&str], lost: &[&str]| {
        let tools = vec![function("f"), function("g")];
        let (value, found) = written(&Request { tools, tool_choice: choice.clone(), ..hello() });
        let offered: Vec<_> =
            value["tools"].as_array().into_iter().flatten().map(|tool| &tool["function"]["name"]).collect();
        assert_eq!((&offered[..] == names, &found[..] == lost), (true, true), "{choice:?} {offered:?} {found:?}");
    };
    check(None, &["f", "g"], &[]);
    check(Some(ToolChoice::Auto), &["f", "g"], &[]);
    check(Some(ToolChoice::None), &[], &[]);
    check(Some(ToolChoice::Required), &["f", "g"], &["tool_choice"]);
    check(Some(ToolChoice::Named("g".into())), &["g"], &["tool_choice"]);
    check(Some(ToolChoice::Named("x".into())), &["f", "g"], &["tool_choice"]);
    check(Some(ToolChoice::Among { names: vec!["f".into()], required: false }), &["f"], &[]);
    let (_, lost) = written(&Request { tools: vec![function("f")], parallel_tools: Some(false), ..hello() });
    assert_eq!(lost, ["parallel_tool_calls"]);
}

#[test]
fn case_021_what_ollama_does_not_know_is_named() {
    let request = Request {
        n: Some(2),
        logit_bias: Some(raw("{}")),
        user: Some("u".into()),
        metadata: Some(raw(r#"{"a":"b"}"#)),
        service_tier: Some("flex".into()),
        store: Some(true),
        cache_key: Some("k".into()),
        verbosity: Some("low".into()),
        ..hello()
    };
    let lost = written(&request).1;
    let expected = ["n", "logit_bias", "verbosity", "user", "metadata", "service_tier", "store", "prompt_cache_key"];
    assert_eq!(lost, expected);
}

#[test]
fn case_023_024_and_025_only_images_in_base64_and_texts() {
    let text = |text: &'static str| Source::Text(text.into());
    let parts = vec![
        media(MediaKind::Image, Source::Base64("AA==".into())),
        media(MediaKind::Document, text("T")),
        Part::text("u"),
        media(MediaKind::Image, Source::Url("https://x.test".into())),
        media(MediaKind::Document, Source::Base64("AA==".into())),
        media(MediaKind::Audio, Source::Base64("AA==".into())),
    ];
    let (value, lost) = written(&Request { turns: vec![turn(Role::User, parts)], ..Request::default() });
    assert_eq!(value["messages"], json!([{"role":"user","content":"T\nu","images":["AA=="]}]));
    assert_eq!(lost, ["messages.image", "messages.document", "messages.audio"]);
    let alone = vec![turn(Role::User, vec![media(MediaKind::Audio, Source::Base64("AA==".into()))])];
    let request = Request { turns: alone, ..Request::default() };
    let target = Target { model: "m", flavour: Default::default() };
    let fault = Ollama.write_request(&request, &target, &mut Lost::nothing()).unwrap_err();
    assert_eq!(fault.kind, FaultKind::BadRequest);
    let body = r#"{"messages":[{"role":"user","images":["data:image/png;base64,iVBORw0KGgo="]}]}"#;
    let request = read(body);
    let Part::Media(image) = &request.turns[0].parts[0] else { panic!() };
    assert_eq!((&image.source, &*image.mime), (&Source::Base64("iVBORw0KGgo=".into()), "image/png"));
}

#[test]
fn case_026_and_027_form_and_thought() {
    let format = Format::JsonSchema { name: None, description: None, schema: raw("{\"a\":1}"), strict: Some(true) };
    let (value, lost) = written(&Request { format: Some(format), ..hello() });
    assert_eq!((&value["format"], lost.len()), (&json!({"a":1}), 0));
    let check = |reasoning: Thinking<'static>, expected: Value| {
        assert_eq!(written(&Request { reasoning, ..hello() }).0["think"], expected);
    };
    let base = Thinking::default;
    check(base(), Value::Null);
    check(Thinking { off: true, ..base() }, json!(false));
    check(Thinking { adaptive: true, ..base() }, json!(true));
    check(Thinking { budget: Some(5000), ..base() }, json!("medium"));
    check(Thinking { effort: Some("minimal".into()), ..base() }, json!("low"));
    check(Thinking { effort: Some("xhigh".into()), ..base() }, json!("high"));
}

#[test]
fn case_061_062_and_063_results_come_first_and_their_images_after() {
    let parts = vec![Part::text("r"), media(MediaKind::Image, Source::Base64("AA==".into()))];
    let result = ToolResult { id: "a".into(), parts, is_error: true, ..ToolResult::default() };
    let thought = Part::Reasoning(Reasoning { text: "Hm".into(), ..Reasoning::default() });
    let turns = vec![
        turn(Role::Assistant, vec![thought, call("a", "f", "")]),
        turn(Role::User, vec![Part::text("and"), Part::ToolResult(result)]),
    ];
    let (value, lost) = written(&Request { turns, ..Request::default() });
    assert_eq!(
        value["messages"].as_array().unwrap()[1..],
        [
            json!({"role":"tool","content":"Error: r","tool_name":"f","tool_call_id":"a"}),
            json!({"role":"user","content":"The tool call a returned the image.\nand","images":["AA=="]}),
        ]
    );
    assert_eq!(value["messages"][0]["thinking"], "Hm");
    assert!(lost.is_empty());
}

#[test]
fn case_018_stops() {
    let stop = ["a", "", "b", "a"].map(Into::into).to_vec();
    assert_eq!(written(&Request { stop, ..hello() }).0["options"]["stop"], json!(["a", "b"]));
    assert_eq!(read(r#"{"messages":[],"options":{"stop":"x","num_predict":-1}}"#).stop, ["x"]);
    assert_eq!(read(r#"{"messages":[],"options":{"num_predict":-1}}"#).max_tokens, None);
}

#[test]
fn case_127_no_foreign_signature_is_sent() {
    let signature = Some(Signature::new(Dialect::Anthropic, "secret"));
    let thought = Reasoning { text: "Hm".into(), signature, ..Reasoning::default() };
    let hidden = Reasoning { redacted: true, ..Reasoning::default() };
    let parts = vec![Part::Reasoning(thought), Part::Reasoning(hidden), Part::text("t")];
    let (value, lost) = written(&Request { turns: vec![turn(Role::Assistant, parts)], ..Request::default() });
    assert_eq!(value["messages"], json!([{"role":"assistant","content":"t","thinking":"Hm"}]));
    assert_eq!(lost, ["messages.reasoning"]);
}

#[test]
fn results_come_in_the_order_of_their_calls_and_an_id_means_the_last_call_of_it() {
    let result = |id: &'static str, text: &'static str| {
        Part::ToolResult(ToolResult { id: id.into(), parts: vec![Part::text(text)], ..ToolResult::default() })
    };
    let turns = vec![
        turn(Role::Assistant, vec![call("call_0", "f", ""), call("call_1", "f", "")]),
        turn(Role::User, vec![result("call_1", "B"), result("call_0", "A")]),
        turn(Role::Assistant, vec![call("call_0", "g", "")]),
        turn(Role::User, vec![result("call_0", "C")]),
    ];
    let (value, _) = written(&Request { turns, ..Request::default() });
    let told = value["messages"].as_array().unwrap().iter().filter(|message| message["role"] == "tool");
    let told: Vec<_> = told.map(|message| format!("{} {}", message["tool_name"], message["content"])).collect();
    assert_eq!(told, [r#""f" "A""#, r#""f" "B""#, r#""g" "C""#]);
}
