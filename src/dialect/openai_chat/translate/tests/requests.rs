//! Requests to providers.

use serde_json::{Value, json};

use super::{read, write_for};
use crate::canonical::{
    Dialect, Media, MediaKind, Part, Reasoning, Request, Role, Signature, Source, Thinking, ToolCall, ToolResult, Turn,
};
use crate::dialect::codec::Flavour;

fn turn<'a>(role: Role, parts: Vec<Part<'a>>) -> Turn<'a> {
    Turn { role, parts, name: None }
}

fn call(id: &'static str) -> Part<'static> {
    let (name, arguments) = ("f".into(), "{}".into());
    Part::ToolCall(ToolCall { id: id.into(), name, arguments, free_form: false, signature: None, cache: None })
}

fn result<'a>(id: &'static str, parts: Vec<Part<'a>>) -> ToolResult<'a> {
    ToolResult { id: id.into(), parts, ..ToolResult::default() }
}

fn image() -> Media<'static> {
    let (name, context, detail) = (None, None, None);
    let source = Source::Base64("iVBORw".into());
    Media { kind: MediaKind::Image, source, mime: "".into(), name, context, detail, cite: false, cache: None }
}

fn messages(turns: Vec<Turn<'_>>, flavour: Flavour) -> (Value, Vec<String>) {
    let (body, lost) = write_for(&Request { turns, ..Request::default() }, "m", flavour);
    (body["messages"].clone(), lost)
}

/// What of a request is written besides model and messages.
pub(super) fn settings(request: &Request<'_>, model: &str, flavour: Flavour) -> (Value, Vec<String>) {
    let (mut body, mut lost) = write_for(request, model, flavour);
    let members = body.as_object_mut().unwrap();
    members.remove("model");
    members.remove("messages");
    lost.sort();
    (body, lost)
}

#[test]
fn case_033_061_results_stand_behind_their_calls() {
    let turns = vec![
        turn(Role::Assistant, vec![Part::text("x"), call("a"), call("b")]),
        turn(
            Role::User,
            vec![
                Part::text("also"),
                Part::ToolResult(result("b", vec![Part::text("2")])),
                Part::ToolResult(result("a", vec![Part::text("1")])),
            ],
        ),
    ];
    let function = json!({"name": "f", "arguments": "{}"});
    let expected = json!([
        {"role": "assistant", "content": "x", "tool_calls": [
            {"id": "a", "type": "function", "function": function}, {"id": "b", "type": "function", "function": function}]},
        {"role": "tool", "tool_call_id": "a", "content": "1"},
        {"role": "tool", "tool_call_id": "b", "content": "2"},
        {"role": "user", "content": "also"},
    ]);
    assert_eq!(messages(turns, Flavour::Vendor).0, expected);
}

#[test]
fn case_062_063_images_and_failures_of_tools() {
    let failed = ToolResult { is_error: true, ..result("b", vec![Part::text("boom")]) };
    let turns = vec![
        turn(Role::Assistant, vec![call("a"), call("b")]),
        turn(
            Role::User,
            vec![
                Part::ToolResult(result("a", vec![Part::text("see"), Part::Media(image())])),
                Part::ToolResult(failed),
                Part::text("go on"),
            ],
        ),
    ];
    let (messages, lost) = messages(turns, Flavour::Compatible);
    let marker = "[attached: what the tool call a gave]";
    let expected = json!([
        {"role": "tool", "tool_call_id": "a", "content": format!("see\n{marker}")},
        {"role": "tool", "tool_call_id": "b", "content": "Error: boom"},
        {"role": "user", "content": [
            {"type": "text", "text": marker},
            {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw"}},
            {"type": "text", "text": "go on"},
        ]},
    ]);
    assert_eq!((json!(messages.as_array().unwrap()[1..]), lost), (expected, vec![]));
}

#[test]
fn case_010_no_call_is_without_result_and_no_result_without_call() {
    let turns = vec![
        turn(Role::Assistant, vec![call("a")]),
        turn(Role::User, vec![Part::ToolResult(result("nobody", vec![Part::text("r")]))]),
    ];
    let (messages, _) = messages(turns, Flavour::Vendor);
    assert_eq!(messages[1]["content"], "[the tool gave no result]");
    assert_eq!(messages[2], json!({"role": "user", "content": "[result of the tool call nobody]\nr"}));
}

#[test]
fn case_011_mistrals_ids_and_long_ids() {
    let long = "toolu_0123456789012345678901234567890123456789";
    let turns = || {
        vec![
            turn(Role::Assistant, vec![call(long), call("AbCdEf012")]),
            turn(
                Role::User,
                vec![Part::ToolResult(result(long, vec![])), Part::ToolResult(result("AbCdEf012", vec![]))],
            ),
        ]
    };
    for (flavour, fits) in [(Flavour::Mistral, 9), (Flavour::Vendor, 40), (Flavour::Compatible, 40)] {
        let (messages, _) = messages(turns(), flavour);
        let ids: Vec<_> = [0, 1].map(|at| messages[0]["tool_calls"][at]["id"].as_str().unwrap().to_owned()).into();
        assert!(ids[0].len() <= fits && ids[0].bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_'), "{ids:?}");
        assert!(flavour != Flavour::Mistral || ids[0].len() == 9);
        assert_eq!(ids[1], "AbCdEf012");
        assert_eq!([1, 2].map(|at| messages[at]["tool_call_id"].as_str().unwrap()), [ids[0].as_str(), ids[1].as_str()]);
    }
}

#[test]
fn case_013_arguments() {
    let check = |arguments: &'static str, free_form, flavour, expected: &str| {
        let (id, name) = ("a".into(), "f".into());
        let call = ToolCall { id, name, arguments: arguments.into(), free_form, signature: None, cache: None };
        let (messages, _) = messages(vec![turn(Role::Assistant, vec![Part::ToolCall(call)])], flavour);
        assert_eq!(messages[0]["tool_calls"][0]["function"]["arguments"], expected, "{arguments}");
    };
    check("", false, Flavour::Vendor, "{}");
    check("{\"a\":1e5}", false, Flavour::Compatible, "{\"a\":1e5}");
    check("{\"a\":", false, Flavour::Vendor, "{\"a\":");
    check("{\"a\":", false, Flavour::Compatible, r#"{"input":"{\"a\":"}"#);
    check("patch", true, Flavour::Mistral, r#"{"input":"patch"}"#);
}

#[test]
fn case_007_019_roles_and_limits_by_flavour() {
    let request = Request {
        turns: vec![turn(Role::Developer, vec![Part::text("a")]), turn(Role::System, vec![Part::text("b")])],
        max_tokens: Some(9),
        seed: Some(1.into()),
        stream: true,
        ..Request::default()
    };
    let usage = json!({"include_usage": true});
    for (model, flavour, role, expected) in [
        (
            "gpt-5",
            Flavour::Vendor,
            "developer",
            json!({"max_completion_tokens": 9, "seed": 1, "stream": true, "stream_options": usage}),
        ),
        (
            "gpt-4",
            Flavour::Vendor,
            "system",
            json!({"max_completion_tokens": 9, "seed": 1, "stream": true, "stream_options": usage}),
        ),
        (
            "m",
            Flavour::Compatible,
            "system",
            json!({"max_tokens": 9, "seed": 1, "stream": true, "stream_options": usage}),
        ),
        ("m", Flavour::Mistral, "system", json!({"max_tokens": 9, "random_seed": 1, "stream": true})),
        ("m", Flavour::DeepSeek, "system", json!({"max_tokens": 9, "stream": true, "stream_options": usage})),
    ] {
        assert_eq!(write_for(&request, model, flavour).0["messages"][0]["role"], role, "{flavour:?}");
        assert_eq!(settings(&request, model, flavour).0, expected, "{flavour:?}");
    }
}

#[test]
fn case_018_020_samplers_of_models_that_think() {
    let request = read(
        r#"{"model":"m","messages":[],"temperature":0.7,"top_p":1,"presence_penalty":0.5,"stop":["a","a","b","c","d","e"],
        "logprobs":true,"top_logprobs":3,"top_k":4,"n":1}"#,
    );
    let (body, lost) = settings(&request, "o3-mini", Flavour::Vendor);
    assert_eq!(
        (body, lost),
        (json!({}), ["logprobs", "presence_penalty", "stop", "temperature", "top_k"].map(String::from).into())
    );
    let (body, lost) = settings(&request, "gpt-4o", Flavour::Vendor);
    let expected = json!({"stop": ["a", "b", "c", "d"], "temperature": 0.7, "top_p": 1, "presence_penalty": 0.5,
        "logprobs": true, "top_logprobs": 3});
    assert_eq!((body, lost), (expected, ["stop", "top_k"].map(String::from).into()));
    let before_zero = Request { seed: Some((-1).into()), ..Request::default() };
    assert_eq!(settings(&before_zero, "m", Flavour::Vendor).0, json!({"seed": -1}));
    let (body, lost) = settings(&before_zero, "m", Flavour::Mistral);
    assert_eq!((body, lost), (json!({}), ["seed"].map(String::from).into()));
    // What cannot think takes samplers again when told not to.
    let off = Request { reasoning: Thinking { off: true, ..Thinking::default() }, ..request };
    let (body, _) = settings(&off, "gpt-5.2", Flavour::Vendor);
    assert_eq!((&body["temperature"], &body["reasoning_effort"]), (&json!(0.7), &json!("none")));
}

#[test]
fn case_027_068_how_much_to_think() {
    let check = |thinking: Thinking<'static>, model: &str, flavour, expected: Value, losses: &[&str]| {
        let (body, lost) = settings(&Request { reasoning: thinking.clone(), ..Request::default() }, model, flavour);
        assert_eq!((body, lost), (expected, losses.iter().map(|s| (*s).to_owned()).collect()), "{thinking:?} {model}");
    };
    let effort = |word: &'static str| Thinking { effort: Some(word.into()), ..Thinking::default() };
    let budget = |tokens| Thinking { budget: Some(tokens), ..Thinking::default() };
    let off = || Thinking { off: true, ..Thinking::default() };
    use Flavour::*;
    check(budget(10_000), "gpt-5", Vendor, json!({"reasoning_effort": "high"}), &[]);
    check(budget(2000), "o3", Vendor, json!({"reasoning_effort": "low"}), &[]);
    check(effort("max"), "gpt-5.1", Vendor, json!({"reasoning_effort": "high"}), &[]);
    check(effort("minimal"), "gpt-5.2", Vendor, json!({"reasoning_effort": "low"}), &[]);
    check(off(), "gpt-5", Vendor, json!({"reasoning_effort": "minimal"}), &["reasoning"]);
    check(effort("high"), "gpt-4o", Vendor, json!({}), &["reasoning"]);
    check(effort("xhigh"), "my-deployment", Azure, json!({"reasoning_effort": "xhigh"}), &[]);
    check(effort("xhigh"), "gpt-oss", Compatible, json!({"reasoning_effort": "high"}), &[]);
    check(off(), "qwen", Compatible, json!({}), &["reasoning"]);
    check(effort("low"), "m", Mistral, json!({"reasoning_effort": "high"}), &[]);
    check(budget(10), "m", DeepSeek, json!({"thinking": {"type": "enabled"}}), &[]);
    check(budget(10), "m", OpenRouter, json!({"reasoning": {"max_tokens": 10}}), &[]);
    check(off(), "m", OpenRouter, json!({"reasoning": {"effort": "none"}}), &[]);
}

#[test]
fn case_064_thoughts_go_only_to_whom_they_belong() {
    let thought = |text: &'static str, from: Option<Dialect>| {
        let signature = from.map(|from| Signature::new(from, "S"));
        Part::Reasoning(Reasoning { text: text.into(), signature, ..Reasoning::default() })
    };
    let turns = |from| {
        vec![
            turn(Role::User, vec![Part::text("q")]),
            turn(Role::Assistant, vec![thought("old", from), Part::text("x")]),
            turn(Role::User, vec![Part::text("q")]),
            turn(Role::Assistant, vec![thought("new", from), call("a")]),
            turn(Role::User, vec![Part::ToolResult(result("a", vec![]))]),
        ]
    };
    let written = |from, flavour| {
        let (messages, lost) = messages(turns(from), flavour);
        (messages[1].clone(), messages[3].clone(), messages.to_string(), lost)
    };
    for flavour in [Flavour::Vendor, Flavour::Compatible] {
        let (.., text, lost) = written(Some(Dialect::Anthropic), flavour);
        assert!(!text.contains("old") && !text.contains("new"), "{text}");
        assert_eq!(lost, ["messages.reasoning"]);
    }
    let (old, new, ..) = written(None, Flavour::DeepSeek);
    assert_eq!((&old["reasoning_content"], &new["reasoning_content"]), (&Value::Null, &json!("new")));
    let (old, new, ..) = written(Some(Dialect::Anthropic), Flavour::OpenRouter);
    let detail = |text: &str| json!([{"type": "reasoning.text", "text": text, "signature": "S", "format": "anthropic-claude-v1", "index": 0}]);
    assert_eq!((&old["reasoning_details"], &new["reasoning_details"]), (&detail("old"), &detail("new")));
    let (old, ..) = written(None, Flavour::Mistral);
    assert_eq!(
        old["content"],
        json!([
        {"type": "thinking", "thinking": [{"type": "text", "text": "old"}]}, {"type": "text", "text": "x"}])
    );
    let (.., text, lost) = written(Some(Dialect::Anthropic), Flavour::Mistral);
    assert!(!text.contains("old") && lost == ["messages.reasoning"]);
}

#[test]
fn case_021_022_who_and_how() {
    let request = read(
        r#"{"model":"m","messages":[],"user":"u","metadata":{"a":"b"},"prompt_cache_key":"k","service_tier":"flex",
        "verbosity":"low","x_other":1}"#,
    );
    let (body, lost) = settings(&request, "gpt-5", Flavour::Vendor);
    let expected =
        json!({"user": "u", "prompt_cache_key": "k", "service_tier": "flex", "verbosity": "low", "x_other": 1});
    assert_eq!((body, lost), (expected, vec!["metadata".to_owned()]));
    let stored = Request { store: Some(true), user: Some("x".repeat(100).into()), ..request.clone() };
    let (body, _) = settings(&stored, "gpt-5", Flavour::Vendor);
    assert_eq!(body["metadata"], json!({"a": "b"}));
    assert_eq!(body["user"].as_str().unwrap().len(), 21);
    let (body, lost) = settings(&request, "m", Flavour::Mistral);
    assert_eq!(
        (body, lost),
        (
            json!({"x_other": 1}),
            ["metadata", "prompt_cache_key", "service_tier", "user", "verbosity"].map(String::from).into()
        )
    );
}

#[test]
fn case_023_024_025_media_by_flavour() {
    let media = |kind, source, mime: &'static str| Media { kind, source, mime: mime.into(), ..image() };
    let url = || Source::Url("https://x".into());
    let data = || Source::Base64("aGk=".into());
    use MediaKind::*;
    let check = |media: Media<'static>, flavour, expected: Value, losses: &[&str]| {
        let (messages, lost) = messages(vec![turn(Role::User, vec![Part::Media(media), Part::text("q")])], flavour);
        assert_eq!((&messages[0]["content"], lost), (&expected, losses.iter().map(|s| (*s).to_owned()).collect()));
    };
    let with = |part: Value| json!([part, {"type": "text", "text": "q"}]);
    check(media(Document, data(), "text/plain"), Flavour::Compatible, json!("hi\n\nq"), &[]);
    let file = json!({"type": "file", "file": {"filename": "n", "file_data": "data:application/pdf;base64,aGk="}});
    let named = Media { name: Some("n".into()), ..media(Document, data(), "application/pdf") };
    check(named.clone(), Flavour::Vendor, with(file), &[]);
    let document =
        json!({"type": "document_url", "document_url": "data:application/pdf;base64,aGk=", "document_name": "n"});
    check(named, Flavour::Mistral, with(document), &[]);
    check(media(Document, url(), ""), Flavour::Vendor, json!("q"), &["messages.document"]);
    check(media(Document, Source::FileId("file_01".into()), ""), Flavour::Vendor, json!("q"), &["messages.file_id"]);
    check(
        media(Document, Source::FileId("file-1".into()), ""),
        Flavour::Vendor,
        with(json!({"type": "file", "file": {"file_id": "file-1"}})),
        &[],
    );
    let audio = json!({"type": "input_audio", "input_audio": {"data": "aGk=", "format": "mp3"}});
    check(media(Audio, data(), "audio/mpeg"), Flavour::Vendor, with(audio), &[]);
    let ogg = json!({"type": "input_audio", "input_audio": {"data": "aGk=", "format": "ogg"}});
    check(media(Audio, data(), "audio/ogg"), Flavour::Compatible, with(ogg), &[]);
    check(media(Audio, data(), "audio/ogg"), Flavour::Vendor, json!("q"), &["messages.audio"]);
    check(media(Video, url(), ""), Flavour::Vendor, json!("q"), &["messages.video"]);
    let link = json!({"type": "video_url", "video_url": {"url": "https://x"}});
    check(media(Video, url(), ""), Flavour::Compatible, with(link), &[]);
}

#[test]
fn case_009_mistral_wants_a_prefill_marked() {
    let turns = || vec![turn(Role::User, vec![Part::text("q")]), turn(Role::Assistant, vec![Part::text("{")])];
    assert_eq!(messages(turns(), Flavour::Mistral).0[1], json!({"role": "assistant", "content": "{", "prefix": true}));
    assert_eq!(messages(turns(), Flavour::Vendor).0[1], json!({"role": "assistant", "content": "{"}));
}

#[test]
fn case_028_060_marks_of_the_cache() {
    let body = r#"{"model":"m","messages":[{"role":"system","content":[{"type":"text","text":"a","cache_control":{"type":"ephemeral","ttl":"1h"}},{"type":"text","text":"b"}]}]}"#;
    let (written, lost) = write_for(&read(body), "m", Flavour::OpenRouter);
    assert_eq!((written["messages"].clone(), lost), (super::tree(body)["messages"].clone(), vec![]));
    let (written, lost) = write_for(&read(body), "m", Flavour::Compatible);
    assert_eq!((&written["messages"][0]["content"], lost), (&json!("a\n\nb"), vec!["cache_control".to_owned()]));
}

#[test]
fn proofs_of_gemini_go_back_to_gemini() {
    let body = r#"{"model":"m","messages":[{"role":"assistant","content":null,"tool_calls":[{"id":"a","type":"function","function":{"name":"f","arguments":"{}"},"extra_content":{"google":{"thought_signature":"S"}}}]},{"role":"tool","tool_call_id":"a","content":"r"}]}"#;
    let message = |model, flavour| write_for(&read(body), model, flavour).0["messages"].clone();
    assert_eq!(message("gemini-3-pro", Flavour::Compatible), super::tree(body)["messages"]);
    assert_eq!(message("gpt-4o", Flavour::Vendor)[0]["tool_calls"][0]["extra_content"], Value::Null);
}
