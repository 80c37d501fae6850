//! The conversation.

use serde_json::{Value, json};

use super::super::media::{Names, document_name};
use super::*;
use crate::canonical::{
    Cache, Dialect, FaultKind, Foreign, Media, MediaKind, Part, Raw, Reasoning, Role, Signature, Source, Text,
    ToolCall, ToolResult, Turn,
};

fn turn<'a>(role: Role, parts: Vec<Part<'a>>) -> Turn<'a> {
    Turn { role, parts, name: None }
}

fn call<'a>(id: &'a str, name: &'a str, arguments: &'a str) -> Part<'a> {
    let (id, name, arguments) = (id.into(), name.into(), arguments.into());
    Part::ToolCall(ToolCall { id, name, arguments, free_form: false, signature: None, cache: None })
}

fn result<'a>(id: &'a str, text: &'a str) -> Part<'a> {
    Part::ToolResult(ToolResult { id: id.into(), parts: vec![Part::text(text)], ..ToolResult::default() })
}

fn image(source: Source<'static>) -> Part<'static> {
    media(MediaKind::Image, source, "image/png")
}

fn media(kind: MediaKind, source: Source<'static>, mime: &'static str) -> Part<'static> {
    let (name, context, detail) = (None, None, None);
    Part::Media(Media { kind, source, mime: mime.into(), name, context, detail, cite: false, cache: None })
}

fn request(turns: Vec<Turn<'_>>) -> Request<'_> {
    Request { turns, ..Request::default() }
}

fn check(turns: Vec<Turn<'_>>, expected: Value, lost: &str) {
    let (written, found) = write(&request(turns), CLAUDE);
    assert_eq!((&written["messages"], found.as_str()), (&expected, lost));
}

use Role::{Assistant, Developer, System, User};

#[test]
fn case_107_and_008_turns_alternate_and_the_user_begins() {
    check(
        vec![
            turn(Assistant, vec![Part::text("Hi")]),
            turn(User, vec![Part::text("a")]),
            turn(User, vec![Part::text("b")]),
            turn(Assistant, vec![Part::text("c")]),
            turn(Assistant, vec![Part::text("d"), call("1", "f", "")]),
            turn(User, vec![Part::text("and this")]),
            turn(User, vec![result("1", "r")]),
        ],
        json!([
            {"role": "user", "content": [{"text": "Hello."}]},
            {"role": "assistant", "content": [{"text": "Hi"}]},
            {"role": "user", "content": [{"text": "a"}, {"text": "b"}]},
            {"role": "assistant", "content": [
                {"text": "c"}, {"text": "d"}, {"toolUse": {"toolUseId": "1", "name": "f", "input": {}}}]},
            {"role": "user", "content": [
                {"toolResult": {"toolUseId": "1", "content": [{"text": "r"}]}}, {"text": "and this"}]},
        ]),
        "",
    );
}

#[test]
fn case_007_and_032_instructions() {
    let turns = vec![
        turn(System, vec![Part::text("one")]),
        turn(Developer, vec![Part::text("two"), Part::text(" ")]),
        turn(User, vec![Part::text("a")]),
        turn(System, vec![Part::text("late")]),
    ];
    let (written, lost) = write(&request(turns), CLAUDE);
    assert_eq!(written["system"], json!([{"text": "one"}, {"text": "two"}]));
    let late = json!([{"role": "user", "content": [{"text": "a"}, {"text": "<system>\nlate\n</system>"}]}]);
    assert_eq!((&written["messages"], lost.as_str()), (&late, ""));
    let only = write(&request(vec![turn(System, vec![Part::text("one")])]), CLAUDE).0;
    assert_eq!(only["messages"], json!([{"role": "user", "content": [{"text": "Hello."}]}]));
    let fault = try_write(&request(vec![]), CLAUDE).unwrap_err();
    assert_eq!(fault.kind, FaultKind::BadRequest);
}

#[test]
fn case_115_a_model_without_a_system_prompt() {
    let turns = vec![turn(System, vec![Part::text("one")]), turn(User, vec![Part::text("a")])];
    let (written, _) = write(&request(turns), "amazon.titan-text-lite-v1");
    assert_eq!(written.get("system"), None);
    assert_eq!(written["messages"], json!([{"role": "user", "content": [{"text": "one"}, {"text": "a"}]}]));
}

/// Other dialects do not know the block, but have its words; this one is given the block alone.
#[test]
fn words_in_blocks_of_this_dialect_alone_are_for_all() {
    let guarded = json!({"guardContent": {"text": {"text": "Tokyo", "qualifiers": ["query"]}}});
    let found = json!({"searchResult": {"source": "s", "title": "t", "content": [{"text": "a"}, {"text": "b"}]}});
    let body = json!({"messages": [{"role": "user", "content": [guarded, found]}]});
    let text = body.to_string();
    let read = read_request(&text);
    let parts = &read.turns[0].parts;
    assert_eq!((&parts[0], &parts[2]), (&Part::text("Tokyo"), &Part::text("t\ns\na\nb")));
    assert!(matches!(&parts[1], Part::Foreign(foreign) if foreign.kind == "guardContent"));
    assert_eq!(write(&read, CLAUDE).0, body);
}

#[test]
fn case_006_and_115_blank_text_is_left_out() {
    check(
        vec![
            turn(User, vec![Part::text("a")]),
            turn(Assistant, vec![Part::text(""), Part::text("\n")]),
            turn(User, vec![Part::text(" "), Part::text("b")]),
        ],
        json!([{"role": "user", "content": [{"text": "a"}, {"text": "b"}]}]),
        "",
    );
}

#[test]
fn case_009_an_answer_that_is_begun() {
    let turns = || vec![turn(User, vec![Part::text("a")]), turn(Assistant, vec![Part::text("b \n")])];
    check(
        turns(),
        json!([{"role": "user", "content": [{"text": "a"}]}, {"role": "assistant", "content": [{"text": "b"}]}]),
        "",
    );
    let (written, lost) = write(&request(turns()), "global.anthropic.claude-opus-4-8");
    assert_eq!(
        (&written["messages"][2]["content"][0]["text"], lost.as_str()),
        (&json!("Go on."), "messages.assistant_prefill")
    );
}

#[test]
fn case_010_calls_and_results_without_each_other() {
    check(
        vec![
            turn(User, vec![Part::text("a"), result("0", "lost")]),
            turn(Assistant, vec![call("1", "f", "{}"), call("2", "g", "{}")]),
            turn(User, vec![Part::text("b"), result("2", "r"), result("2", "again")]),
            turn(Assistant, vec![call("1", "f", "{}")]),
        ],
        json!([
            {"role": "user", "content": [{"text": "a"}, {"text": "[result of a tool]\nlost"}]},
            {"role": "assistant", "content": [
                {"toolUse": {"toolUseId": "1", "name": "f", "input": {}}},
                {"toolUse": {"toolUseId": "2", "name": "g", "input": {}}}]},
            {"role": "user", "content": [
                {"toolResult": {"toolUseId": "2", "content": [{"text": "r"}]}},
                {"toolResult": {"toolUseId": "1", "content": [{"text": "(no result)"}], "status": "error"}},
                {"text": "b"}, {"text": "[result of a tool]\nagain"}]},
            {"role": "assistant", "content": [{"toolUse": {"toolUseId": "1", "name": "f", "input": {}}}]},
            {"role": "user", "content": [
                {"toolResult": {"toolUseId": "1", "content": [{"text": "(no result)"}], "status": "error"}}]},
        ]),
        "",
    );
}

#[test]
fn case_011_ids_that_do_not_fit_or_come_twice() {
    let turns = vec![
        turn(User, vec![Part::text("a")]),
        turn(Assistant, vec![call("f:0", "f", "{}"), call("x", "f", "{}"), call("x", "f", "{}")]),
        turn(User, vec![result("x", "1"), result("f:0", "2"), result("x", "3")]),
    ];
    let (written, _) = write(&request(turns), CLAUDE);
    let calls = &written["messages"][1]["content"];
    let results = &written["messages"][2]["content"];
    let id = |block: &Value, kind: &str| block[kind]["toolUseId"].as_str().unwrap().to_owned();
    for (call, result) in [(0, 1), (1, 0), (2, 2)] {
        assert_eq!(id(&calls[call], "toolUse"), id(&results[result], "toolResult"));
    }
    assert_ne!(id(&calls[1], "toolUse"), id(&calls[2], "toolUse"));
    assert!(id(&calls[0], "toolUse").starts_with("call_"));
}

#[test]
fn case_013_and_108_arguments_are_an_object() {
    for (arguments, expected) in [
        ("", json!({})),
        (" ", json!({})),
        (r#"{"a":1}"#, json!({"a": 1})),
        (r#"{"a":"#, json!({"input": "{\"a\":"})),
        ("[1]", json!({"input": "[1]"})),
        ("ls -l", json!({"input": "ls -l"})),
    ] {
        let turns = vec![turn(User, vec![Part::text("a")]), turn(Assistant, vec![call("1", "f", arguments)])];
        let (written, _) = write(&request(turns), CLAUDE);
        assert_eq!(written["messages"][1]["content"][0]["toolUse"]["input"], expected, "{arguments:?}");
    }
}

#[test]
fn case_038_039_and_110_results() {
    let parts = vec![Part::text("t"), image(Source::Base64("iVBORw0KGgo=".into()))];
    let failed = ToolResult { id: "1".into(), parts, is_error: true, ..ToolResult::default() };
    let json = Raw::parse(r#"{"z":1}"#);
    let object = ToolResult { id: "2".into(), parts: vec![Part::text(r#"{"z":1}"#)], json, ..ToolResult::default() };
    let empty = ToolResult { id: "3".into(), ..ToolResult::default() };
    let turns = vec![
        turn(User, vec![Part::text("a")]),
        turn(Assistant, vec![call("1", "f", ""), call("2", "f", ""), call("3", "f", "")]),
        turn(User, [failed, object, empty].into_iter().map(Part::ToolResult).collect()),
    ];
    let (written, lost) = write(&request(turns), CLAUDE);
    assert_eq!(
        written["messages"][2]["content"],
        json!([
            {"toolResult": {"toolUseId": "1", "status": "error", "content": [
                {"text": "t"}, {"image": {"format": "png", "source": {"bytes": "iVBORw0KGgo="}}}]}},
            {"toolResult": {"toolUseId": "2", "content": [{"json": {"z": 1}}]}},
            {"toolResult": {"toolUseId": "3", "content": [{"text": "(no output)"}]}},
        ])
    );
    assert_eq!(lost, "");
}

#[test]
fn case_023_and_129_images_are_bytes() {
    let url = || image(Source::Url("https://a/b.png".into()));
    let fault = try_write(&request(vec![turn(User, vec![url()])]), CLAUDE).unwrap_err();
    assert_eq!(fault.kind, FaultKind::BadRequest);
    assert!(fault.message.starts_with("`image_url`: "), "{}", fault.message);
    let user = |content: Value| json!([{"role": "user", "content": content}]);
    check(vec![turn(User, vec![url(), Part::text("a")])], user(json!([{"text": "a"}])), "messages.image");
    let earlier = vec![turn(User, vec![url()]), turn(User, vec![Part::text("a")])];
    check(earlier, user(json!([{"text": "[a file that cannot be shown here]"}, {"text": "a"}])), "messages.image");
    let stored = image(Source::Url("s3://b/k".into()));
    let written = json!({"image": {"format": "png", "source": {"s3Location": {"uri": "s3://b/k"}}}});
    check(vec![turn(User, vec![stored])], user(json!([written])), "");
    for (mime, data, format) in [
        ("image/jpg", "x", Some("jpeg")),
        ("image/webp", "x", Some("webp")),
        ("", "/9j/4AAQ", Some("jpeg")),
        ("application/octet-stream", "R0lGODlh", Some("gif")),
        ("image/tiff", "SUkqAA", None),
    ] {
        let turns = vec![turn(User, vec![media(MediaKind::Image, Source::Base64(data.into()), mime)])];
        match (try_write(&request(turns), CLAUDE), format) {
            (Ok((written, _)), Some(format)) => {
                assert_eq!(written["messages"][0]["content"][0]["image"]["format"], format, "{mime}");
            }
            (Err(fault), None) => assert_eq!(fault.kind, FaultKind::BadRequest),
            (other, _) => panic!("{mime}: {other:?}"),
        }
    }
}

/// Were each number tried for each of them, this would take hours.
#[test]
fn many_documents_of_one_name_are_told_apart_in_linear_time() {
    let mut taken = Names::new();
    let names: Vec<_> = (0..50_000).map(|_| document_name(Some("a.pdf"), &mut taken)).collect();
    assert_eq!((&*names[0], &*names[1], names.last().unwrap().as_str()), ("a", "a 2", "a 50000"));
    assert_eq!(document_name(Some("a 2"), &mut taken), "a 2 2", "it was given to another");
}

#[test]
fn case_024_and_113_documents_have_names_and_words() {
    let document = |name: &'static str, mime: &'static str, source: Source<'static>| {
        let Part::Media(mut made) = media(MediaKind::Document, source, mime) else { unreachable!() };
        made.name = (!name.is_empty()).then(|| name.into());
        Part::Media(made)
    };
    let bytes = || Source::Base64("JVBERi0x".into());
    let (written, lost) = write(
        &request(vec![turn(
            User,
            vec![
                document("my_plan.v2 (final).pdf", "application/pdf", bytes()),
                document("", "", bytes()),
                document("document.md", "", Source::Text("# a".into())),
                document("", "application/json", Source::Text("{}".into())),
            ],
        )]),
        CLAUDE,
    );
    assert_eq!(
        written["messages"][0]["content"],
        json!([
            {"document": {"format": "pdf", "name": "my plan v2 (final)", "source": {"bytes": "JVBERi0x"}}},
            {"document": {"format": "pdf", "name": "document", "source": {"bytes": "JVBERi0x"}}},
            {"document": {"format": "md", "name": "document 2", "source": {"bytes": "IyBh"}}},
            {"document": {"format": "txt", "name": "document 3", "source": {"bytes": "e30="}}},
            {"text": "See the document."},
        ])
    );
    assert_eq!(lost, "");
    let uploaded = vec![turn(User, vec![document("", "", Source::FileId("file-1".into()))])];
    assert!(try_write(&request(uploaded), CLAUDE).unwrap_err().message.contains("uploaded elsewhere"));
}

#[test]
fn case_025_sound_is_not_for_claude() {
    let sound = || media(MediaKind::Audio, Source::Base64("AAAA".into()), "audio/wav");
    let turns = || vec![turn(User, vec![sound(), Part::text("a")])];
    assert_eq!(write(&request(turns()), CLAUDE).1, "messages.audio");
    let (written, lost) = write(&request(turns()), "mistral.voxtral-mini-3b-2507");
    let expected = json!({"audio": {"format": "wav", "source": {"bytes": "AAAA"}}});
    assert_eq!((&written["messages"][0]["content"][0], lost.as_str()), (&expected, ""));
}

#[test]
fn case_028_and_111_cache_points() {
    let cached = |text: &'static str, ttl: Option<&'static str>| {
        let cache = Some(Cache { ttl: ttl.map(Into::into) });
        Part::Text(Text { text: text.into(), cache, ..Text::default() })
    };
    let turns = || {
        vec![
            turn(System, vec![cached("s", None)]),
            turn(User, vec![cached("a", Some("1h")), cached("b", Some("5m"))]),
            turn(Assistant, vec![cached("c", None)]),
            turn(User, vec![cached("d", None), Part::text("e")]),
        ]
    };
    let count = |value: &Value| value.to_string().matches("cachePoint").count();
    let (written, lost) = write(&request(turns()), CLAUDE);
    assert_eq!((count(&written["system"]), count(&written["messages"]), lost.as_str()), (1, 3, "cache_control"));
    assert_eq!(
        written["messages"][0]["content"],
        json!([{"text": "a"}, {"text": "b"}, {"cachePoint": {"type": "default"}}])
    );
    let mut few = request(turns().into_iter().take(2).collect());
    few.turns[1].parts.truncate(1);
    few.cache = Some(Cache::default());
    let (written, lost) = write(&few, CLAUDE);
    assert_eq!(written["messages"][0]["content"][1], json!({"cachePoint": {"type": "default", "ttl": "1h"}}));
    assert_eq!((count(&written), lost.as_str()), (2, ""));
    let (written, _) = write(&few, "us.anthropic.claude-3-7-sonnet-20250219-v1:0");
    assert_eq!(written["messages"][0]["content"][1], json!({"cachePoint": {"type": "default"}}));
    let (written, lost) = write(&few, "meta.llama3-2-1b-instruct-v1:0");
    assert_eq!((count(&written), lost.as_str()), (0, "cache_control"));
}

#[test]
fn case_036_and_127_only_own_thoughts_go_back() {
    let thought = |signature: Option<Signature<'static>>, redacted| {
        Part::Reasoning(Reasoning { text: "hm".into(), signature, redacted, ..Reasoning::default() })
    };
    let own = || Some(Signature::new(Dialect::Bedrock, "c2ln"));
    let turns = |part: Part<'static>| {
        vec![
            turn(User, vec![Part::text("a")]),
            turn(Assistant, vec![part, Part::text("b")]),
            turn(User, vec![Part::text("c")]),
        ]
    };
    let first = |part: Part<'static>, model: &str| {
        let (written, lost) = write(&request(turns(part)), model);
        (written["messages"][1]["content"][0].clone(), lost)
    };
    let text = json!({"text": "b"});
    let shown = json!({"reasoningContent": {"reasoningText": {"text": "hm", "signature": "c2ln"}}});
    assert_eq!(first(thought(own(), false), CLAUDE), (shown, String::new()));
    let hidden = json!({"reasoningContent": {"redactedContent": "c2ln"}});
    assert_eq!(first(thought(own(), true), CLAUDE), (hidden, String::new()));
    assert_eq!(first(thought(None, false), CLAUDE), (text.clone(), "messages.reasoning".to_owned()));
    let foreign = Some(Signature::new(Dialect::Anthropic, "x"));
    assert_eq!(first(thought(foreign, false), CLAUDE), (text, "messages.reasoning".to_owned()));
    let unsigned = json!({"reasoningContent": {"reasoningText": {"text": "hm"}}});
    assert_eq!(first(thought(None, false), "us.amazon.nova-2-lite-v1:0"), (unsigned, String::new()));
}

/// Claude refuses to think in the midst of a round of calls that it began without.
#[test]
fn case_036_a_round_that_began_without_thoughts_goes_on_without() {
    let mut parts = vec![call("1", "f", "{}")];
    let turns = |parts: Vec<Part<'static>>| {
        vec![turn(User, vec![Part::text("a")]), turn(Assistant, parts), turn(User, vec![result("1", "r")])]
    };
    let thinks = |turns| {
        let mut request = request(turns);
        request.reasoning.budget = Some(2000);
        let (written, lost) = write(&request, CLAUDE);
        (written["additionalModelRequestFields"].get("thinking").is_some(), lost)
    };
    assert_eq!(thinks(turns(parts.clone())), (false, "reasoning".to_owned()));
    let signature = Some(Signature::new(Dialect::Bedrock, "c2ln"));
    parts.insert(0, Part::Reasoning(Reasoning { text: "hm".into(), signature, ..Reasoning::default() }));
    assert_eq!(thinks(turns(parts)), (true, String::new()));
}

#[test]
fn case_003_parts_of_other_dialects_are_lost() {
    let foreign = |dialect, kind: &'static str| {
        Part::Foreign(Foreign { dialect, kind: kind.into(), json: Raw::parse(r#"{"x":1}"#).unwrap() })
    };
    let parts = vec![foreign(Dialect::OpenAiResponses, "web_search_call"), foreign(Dialect::Bedrock, "newBlock")];
    let expected = json!([{"role": "user", "content": [{"newBlock": {"x": 1}}]}]);
    check(vec![turn(User, parts)], expected, "messages.web_search_call");
}
