//! The order of a conversation.

use serde_json::{Value, json};

use super::{read, rewritten, write};
use crate::canonical::{
    Dialect, FaultKind, Lost, Media, MediaKind, Part, Reasoning, Request, Role, Signature, Source, Text, ToolCall,
    ToolResult, Turn,
};
use crate::dialect::anthropic::Anthropic;
use crate::dialect::codec::{Codec, Flavour, Target};

fn turn(role: Role, parts: Vec<Part<'static>>) -> Turn<'static> {
    Turn { role, parts, name: None }
}

fn user(text: &'static str) -> Turn<'static> {
    turn(Role::User, vec![Part::text(text)])
}

fn assistant(text: &'static str) -> Turn<'static> {
    turn(Role::Assistant, vec![Part::text(text)])
}

fn call(id: &'static str) -> Part<'static> {
    let arguments = "{}".into();
    Part::ToolCall(ToolCall {
        id: id.into(),
        name: "f".into(),
        arguments,
        free_form: false,
        signature: None,
        cache: None,
    })
}

fn result(id: &'static str, text: &'static str) -> Part<'static> {
    Part::ToolResult(ToolResult { id: id.into(), parts: vec![Part::text(text)], ..ToolResult::default() })
}

fn of(turns: Vec<Turn<'static>>) -> Request<'static> {
    Request { model: "m".into(), turns, ..Request::default() }
}

fn written(turns: Vec<Turn<'static>>, model: &str) -> (Value, Vec<String>) {
    write(&of(turns), model, Flavour::Vendor)
}

/// The messages in short: `u:` or `a:` or `s:`, then each block.
#[track_caller]
fn check(turns: Vec<Turn<'static>>, expected: &[&str]) {
    check_for("claude-sonnet-4-5", turns, expected);
}

#[track_caller]
fn check_for(model: &str, turns: Vec<Turn<'static>>, expected: &[&str]) {
    let (written, _) = written(turns, model);
    let got: Vec<_> = written["messages"].as_array().unwrap().iter().map(short).collect();
    assert_eq!(got, expected);
}

fn short(message: &Value) -> String {
    let block = |block: &Value| match block["type"].as_str().unwrap() {
        "text" => block["text"].as_str().unwrap().to_owned(),
        "tool_use" => format!("?{}", block["id"].as_str().unwrap()),
        "tool_result" => {
            let mark = if block["is_error"] == true { "!!" } else { "!" };
            format!(
                "{mark}{}={}",
                block["tool_use_id"].as_str().unwrap(),
                block["content"][0]["text"].as_str().unwrap_or("")
            )
        }
        other => format!("<{other}>"),
    };
    let blocks: Vec<_> = message["content"].as_array().unwrap().iter().map(block).collect();
    format!("{}:{}", &message["role"].as_str().unwrap()[..1], blocks.join("|"))
}

#[test]
fn case_006_blank_text_is_dropped() {
    check(
        vec![user("a"), assistant(" \n"), user("b"), user(""), assistant("c"), user("")],
        &["u:a|b", "a:c", "u:(empty message)"],
    );
}

#[test]
fn case_008_turns_of_one_speaker_become_one_message() {
    check(vec![user("a"), user("b"), assistant("c"), assistant("d"), user("e")], &["u:a|b", "a:c|d", "u:e"]);
}

#[test]
fn case_009_the_first_and_the_last_message() {
    check(vec![assistant("hello"), user("a")], &["u:(the conversation begins)", "a:hello", "u:a"]);
    check(vec![user("a"), assistant("The answer is \n")], &["u:a", "a:The answer is"]);
    let go_on = "u:Go on from exactly where your last message ends, without repeating any of it.";
    check_for("claude-opus-4-6", vec![user("a"), assistant("The ")], &["u:a", "a:The ", go_on]);
}

#[test]
fn case_010_orphans_are_repaired() {
    // A call that nobody answered.
    let asked = turn(Role::Assistant, vec![call("1"), call("2")]);
    check(
        vec![user("a"), asked.clone(), turn(Role::User, vec![result("2", "r")])],
        &["u:a", "a:?1|?2", "u:!2=r|!!1=(no result)"],
    );
    check(
        vec![user("a"), asked.clone(), assistant("b"), user("c")],
        &["u:a", "a:?1|?2", "u:!!1=(no result)|!!2=(no result)", "a:b", "u:c"],
    );
    check(vec![user("a"), turn(Role::Assistant, vec![call("1")])], &["u:a", "a:?1", "u:!!1=(no result)"]);
    // A result without a call, and a second one.
    check(vec![user("a"), turn(Role::User, vec![result("9", "r")])], &["u:a|<tool_result id=\"9\">|r|</tool_result>"]);
    let twice = turn(Role::User, vec![result("1", "r"), result("1", "s"), result("2", "t")]);
    check(vec![user("a"), asked, twice], &["u:a", "a:?1|?2", "u:!1=r|!2=t|<tool_result id=\"1\">|s|</tool_result>"]);
}

#[test]
fn case_011_ids_fit_and_are_unique() {
    let again = |id| {
        vec![turn(Role::Assistant, vec![call(id), call(id)]), turn(Role::User, vec![result(id, "a"), result(id, "b")])]
    };
    let turns = [vec![user("x")], again("c0"), again("c0")].concat();
    check(turns, &["u:x", "a:?c0|?c0_2", "u:!c0=a|!c0_2=b", "a:?c0_3|?c0_4", "u:!c0_3=a|!c0_4=b"]);
    let (written, _) = written([vec![user("x")], again("functions.f:0")].concat(), "claude-opus-4-6");
    let id = written["messages"][1]["content"][0]["id"].as_str().unwrap();
    assert!(id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-'), "{id}");
    assert_eq!(written["messages"][2]["content"][0]["tool_use_id"], id);
}

#[test]
fn case_013_arguments_are_objects() {
    let input = |arguments: &'static str| {
        let Part::ToolCall(call) = call("1") else { panic!() };
        let part = Part::ToolCall(ToolCall { arguments: arguments.into(), ..call });
        written(vec![user("a"), turn(Role::Assistant, vec![part])], "claude-opus-4-6").0["messages"][1]["content"][0]["input"].clone()
    };
    assert_eq!(input(""), json!({}));
    assert_eq!(input("{\"a\":1}"), json!({"a": 1}));
    assert_eq!(input("{\"a\":"), json!({"_raw_arguments": "{\"a\":"}));
    assert_eq!(input("[1]"), json!({"_raw_arguments": "[1]"}));
}

#[test]
fn case_032_system_turns() {
    let system = |text: &'static str| turn(Role::System, vec![Part::text(text)]);
    let developer = |text: &'static str| turn(Role::Developer, vec![Part::text(text)]);
    let turns =
        || vec![system("1"), developer("2"), user("a"), system("3"), user("b"), assistant("c"), user("d"), system("4")];
    let (result, _) = written(turns(), "claude-opus-4-7");
    let texts = |value: &Value| value.as_array().unwrap().iter().map(|block| block["text"].clone()).collect::<Vec<_>>();
    assert_eq!(texts(&result["system"]), ["1", "2"]);
    check(turns(), &["u:a|<system>3</system>|b", "a:c", "u:d|<system>4</system>"]);
    check_for("claude-opus-4-8", turns(), &["u:a|<system>3</system>|b", "a:c", "u:d", "s:4"]);
    let between = vec![user("a"), assistant("b"), system("c"), assistant("d"), user("e")];
    check_for("claude-opus-4-8", between, &["u:a", "a:b", "u:<system>c</system>", "a:d", "u:e"]);
    let (alone, _) = written(vec![system("1")], "claude-opus-4-8");
    assert_eq!((&alone["system"], short(&alone["messages"][0])), (&Value::Null, "u:1".to_owned()));
}

#[test]
fn case_033_034_results_come_first_in_one_message() {
    let turns = vec![
        user("a"),
        turn(Role::Assistant, vec![Part::text("I look"), call("1"), call("2")]),
        turn(Role::User, vec![result("1", "r")]),
        user("and"),
        turn(Role::User, vec![result("2", "s")]),
        user("b"),
    ];
    check(turns, &["u:a", "a:I look|?1|?2", "u:!1=r|!2=s|and|b"]);
}

#[test]
fn case_036_127_only_own_thoughts_are_replayed() {
    let thought = |from, redacted, text: &'static str| {
        let signature = Some(Signature::new(from, "c2ln"));
        Part::Reasoning(Reasoning { text: text.into(), signature, redacted, ..Reasoning::default() })
    };
    let unsigned = Part::Reasoning(Reasoning { text: "secret".into(), ..Reasoning::default() });
    let parts = vec![
        thought(Dialect::Anthropic, false, "hm"),
        thought(Dialect::Anthropic, true, ""),
        thought(Dialect::Gemini, false, "foreign"),
        unsigned,
        Part::text("b"),
    ];
    let (written, lost) = written(vec![user("a"), turn(Role::Assistant, parts), user("c")], "claude-opus-4-6");
    assert_eq!(
        written["messages"][1]["content"],
        json!([
            {"type": "thinking", "thinking": "hm", "signature": "c2ln"},
            {"type": "redacted_thinking", "data": "c2ln"},
            {"type": "text", "text": "b"},
        ])
    );
    assert_eq!(lost, ["messages.reasoning"]);
}

#[test]
fn case_036_a_budget_needs_the_thoughts_before_the_tools() {
    let turns = vec![user("a"), turn(Role::Assistant, vec![call("1")]), turn(Role::User, vec![result("1", "r")])];
    let mut request = of(turns);
    request.reasoning.effort = Some("low".into());
    let (budget, lost) = write(&request, "claude-sonnet-4-5", Flavour::Vendor);
    assert_eq!((&budget["thinking"], lost), (&Value::Null, vec!["reasoning".to_owned()]));
    let (adaptive, lost) = write(&request, "claude-opus-4-7", Flavour::Vendor);
    assert_eq!((&adaptive["thinking"], lost), (&json!({"type": "adaptive"}), vec![]));
}

#[test]
fn signatures_of_texts_and_calls_come_back_through_a_client() {
    let signature = |value: &'static str| Some(Signature::new(Dialect::Gemini, value));
    let Part::ToolCall(called) = call("1") else { panic!() };
    let parts = vec![
        Part::Text(Text { text: "t".into(), signature: signature("s1"), ..Text::default() }),
        Part::ToolCall(ToolCall { arguments: "".into(), signature: signature("s2"), ..called }),
        Part::Reasoning(Reasoning {
            signature: Some(Signature::new(Dialect::OpenAiResponses, "enc")),
            redacted: true,
            ..Reasoning::default()
        }),
    ];
    let choice = crate::canonical::Choice { parts: parts.clone(), ..Default::default() };
    let reply = crate::canonical::Reply { choices: vec![choice], ..Default::default() };
    let reply: Value = serde_json::from_slice(&Anthropic.write_reply(&reply, &super::ABOUT)).unwrap();
    let text =
        json!({"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": reply["content"]}]})
            .to_string();
    assert_eq!(read(&text).turns[1].parts, parts);
    // The same through a stream, in which parts are gathered by the client.
    let mut events = Vec::new();
    let choice = crate::canonical::Choice { parts: parts.clone(), ..Default::default() };
    let reply = crate::canonical::Reply { choices: vec![choice], ..Default::default() };
    crate::canonical::replay(&reply, &mut |event| events.push(format!("{event:?}")));
    let mut writer = Anthropic.write_stream(&super::ABOUT);
    let mut out = Vec::new();
    crate::canonical::replay(&reply, &mut |event| writer.event(&event, &mut out));
    let documents = super::documents(std::str::from_utf8(&out).unwrap());
    super::assert_grammar(&documents);
    let signatures: Vec<_> = documents.iter().filter_map(|document| document["delta"]["signature"].as_str()).collect();
    assert_eq!(signatures, ["^~outrider.gemini.s1", "^~outrider.gemini.s2"]);
    assert!(documents.iter().any(|document| document["content_block"]["data"] == "~outrider.openai_responses.enc"));
}

#[test]
fn case_023_images() {
    let image = |mime: &'static str, source, flavour| {
        let media = Media {
            kind: MediaKind::Image,
            source,
            mime: mime.into(),
            name: None,
            context: None,
            detail: None,
            cite: false,
            cache: None,
        };
        let turns = vec![turn(Role::User, vec![Part::text("x"), Part::Media(media)])];
        let (written, lost) = write(&of(turns), "claude-opus-4-6", flavour);
        (written["messages"][0]["content"][1]["source"]["media_type"].as_str().map(str::to_owned), lost)
    };
    let jpeg = (Some("image/jpeg".to_owned()), vec![]);
    assert_eq!(image("image/jpg", Source::Base64("AA".into()), Flavour::Vendor), jpeg);
    assert_eq!(image("", Source::Base64("/9j/4AAQ".into()), Flavour::Vendor), jpeg);
    assert_eq!(
        image("image/svg+xml", Source::Base64("AA".into()), Flavour::Vendor),
        (None, vec!["messages.image".to_owned()])
    );
    let url = || Source::Url("https://x/y.png".into());
    assert_eq!(image("", url(), Flavour::Vendor), (None, vec![]));
    assert_eq!(image("", url(), Flavour::Bedrock), (None, vec!["messages.image".to_owned()]), "case 129");
    let file = Source::FileId("file-openai".into());
    assert_eq!(image("", file, Flavour::Vendor), (None, vec!["messages.file_id".to_owned()]));
    let upper = r#"{"messages":[{"role":"user","content":[{"type":"image","source":{"type":"base64","media_type":"IMAGE/PNG; x=1","data":"AA"}}]}]}"#;
    assert_eq!(rewritten(upper, "claude-opus-4-6").0["messages"][0]["content"][0]["source"]["media_type"], "image/png");
}

#[test]
fn case_024_025_documents_and_sound() {
    let media = |kind, mime: &'static str, data: &'static str| {
        Part::Media(Media {
            kind,
            source: Source::Base64(data.into()),
            mime: mime.into(),
            name: Some("n".into()),
            context: None,
            detail: None,
            cite: false,
            cache: None,
        })
    };
    let parts = vec![
        media(MediaKind::Document, "application/pdf", "JVBERi0="),
        media(MediaKind::Document, "text/csv", "YSxi"),
        media(MediaKind::Document, "application/msword", "AAAA"),
        media(MediaKind::Audio, "audio/wav", "AAAA"),
    ];
    let (written, lost) = written(vec![turn(Role::User, parts)], "claude-opus-4-6");
    assert_eq!(
        written["messages"][0]["content"],
        json!([
            {"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": "JVBERi0="}, "title": "n"},
            {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "a,b"}, "title": "n"},
        ])
    );
    assert_eq!(lost, ["messages.document", "messages.audio"]);
    // Nothing else was said.
    let sound = of(vec![turn(Role::User, vec![media(MediaKind::Audio, "audio/wav", "AAAA")])]);
    let target = Target { model: "claude-opus-4-6", flavour: Flavour::Vendor };
    let fault = Anthropic.write_request(&sound, &target, &mut Lost::nothing()).unwrap_err();
    assert_eq!(fault.kind, FaultKind::BadRequest);
}

#[test]
fn case_039_results_with_media_and_none() {
    let text = r#"{"messages":[{"role":"user","content":"x"},
        {"role":"assistant","content":[{"type":"tool_use","id":"1","name":"f","input":{}},{"type":"tool_use","id":"2","name":"f","input":{}}]},
        {"role":"user","content":[{"type":"tool_result","tool_use_id":"1"},
         {"type":"tool_result","tool_use_id":"2","content":"{\"a\":1}"}]}]}"#;
    let (written, lost) = rewritten(text, "claude-opus-4-6");
    assert_eq!(
        written["messages"][2]["content"],
        json!([
            {"type": "tool_result", "tool_use_id": "1"},
            {"type": "tool_result", "tool_use_id": "2", "content": [{"type": "text", "text": "{\"a\":1}"}]},
        ])
    );
    assert!(lost.is_empty());
}

#[test]
fn case_040_041_refusals_and_words_beside_calls() {
    let turns = vec![
        user("a"),
        turn(Role::Assistant, vec![Part::Refusal("no".into()), Part::text("b"), call("1")]),
        turn(Role::User, vec![result("1", "r")]),
    ];
    check(turns, &["u:a", "a:no|b|?1", "u:!1=r"]);
}

#[test]
fn a_paused_turn_goes_back_as_it_is() {
    let text = r#"{"messages":[{"role":"user","content":"x"},{"role":"assistant","content":[
        {"type":"server_tool_use","id":"srvtoolu_1","name":"web_search","input":{"query":"q"}}]}]}"#;
    let (written, _) = rewritten(text, "claude-opus-4-6");
    assert_eq!(written["messages"].as_array().unwrap().len(), 2);
    assert_eq!(written["messages"][1]["content"][0]["type"], "server_tool_use", "case 128");
}
