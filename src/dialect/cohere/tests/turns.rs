//! Conversations.

use serde_json::json;

use super::requests::{call, media, result, turn};
use super::*;
use crate::canonical::{FaultKind, Foreign, Media, MediaKind, Part, Reasoning, Role, Signature, Source, ToolResult};

#[test]
fn case_006_empty_texts_are_not_written() {
    let user = turn(Role::User, vec![Part::text(""), Part::text("a"), Part::text("b")]);
    let empty = turn(Role::Assistant, vec![Part::text("")]);
    let (value, lost) = written(&Request { turns: vec![user, empty], ..Request::default() });
    let texts = json!([{"type":"text","text":"a"},{"type":"text","text":"b"}]);
    assert_eq!(value["messages"], json!([{"role":"user","content":texts}]));
    assert!(lost.is_empty());
}

#[test]
fn case_007_roles() {
    let turns = vec![
        turn(Role::Developer, vec![Part::text("d")]),
        turn(Role::User, vec![Part::text("u")]),
        turn(Role::System, vec![Part::text("s")]),
    ];
    let (value, _) = written(&Request { turns, ..Request::default() });
    let roles: Vec<_> = value["messages"].as_array().unwrap().iter().map(|m| m["role"].as_str().unwrap()).collect();
    assert_eq!(roles, ["system", "user", "system"]);
}

#[test]
fn case_010_calls_and_results_stay_pairs() {
    let turns = vec![
        turn(Role::User, vec![Part::text("u")]),
        turn(Role::Assistant, vec![call("a", "{}"), call("b", "{}")]),
        turn(
            Role::User,
            vec![Part::text("and"), result("b", vec![Part::text("B")]), result("x", vec![Part::text("X")])],
        ),
    ];
    let (value, _) = written(&Request { turns, ..Request::default() });
    assert_eq!(
        value["messages"].as_array().unwrap()[2..],
        [
            json!({"role":"tool","tool_call_id":"b","content":"B"}),
            json!({"role":"tool","tool_call_id":"a","content":"There is no result of this call."}),
            json!({"role":"user","content":[
            {"type":"text","text":"Result of the tool call x:\nX"},{"type":"text","text":"and"}]}),
        ]
    );
}

#[test]
fn a_tool_that_says_nothing_is_told_to_have() {
    let answered = turn(Role::User, vec![result("a", vec![]), result("b", vec![Part::text("")])]);
    let turns = vec![turn(Role::Assistant, vec![call("a", "{}"), call("b", "{}")]), answered];
    let (value, _) = written(&Request { turns, ..Request::default() });
    let said = value["messages"].as_array().unwrap()[1..].iter().map(|message| &message["content"]);
    assert!(said.clone().count() == 2 && said.clone().all(|said| said == "(no output)"), "{value}");
}

#[test]
fn case_013_arguments_are_always_an_object() {
    for (arguments, expected, whole) in [
        ("", "{}", true),
        (r#"{"a":1}"#, r#"{"a":1}"#, true),
        (r#"{"a":"#, r#"{"input":"{\"a\":"}"#, false),
        ("[1]", r#"{"input":"[1]"}"#, false),
    ] {
        let turns = vec![turn(Role::User, vec![Part::text("u")]), turn(Role::Assistant, vec![call("a", arguments)])];
        let (value, lost) = written(&Request { turns, ..Request::default() });
        assert_eq!(value["messages"][1]["tool_calls"][0]["function"]["arguments"], expected);
        assert_eq!(lost.is_empty(), whole, "{arguments}");
    }
}

#[test]
fn case_023_images() {
    let body = r#"{"messages":[{"role":"user","content":[
        {"type":"image_url","image_url":{"url":"DATA:Image/JPG;charset=x;BASE64,AA=="}},
        {"type":"image_url","image_url":{"url":"data:,x"}}]}]}"#;
    let request = read(body);
    let [Part::Media(first), Part::Media(second)] = &request.turns[0].parts[..] else { panic!() };
    assert_eq!((first.mime.as_str(), &first.source), ("image/jpeg", &Source::Base64("AA==".into())));
    assert_eq!(second.source, Source::Url("data:,x".into()));
    let bare = media(MediaKind::Image, Source::Base64("AA==".into()), "");
    let file = media(MediaKind::Image, Source::FileId("f".into()), "");
    let turns = vec![turn(Role::User, vec![Part::Media(bare), Part::Media(file)])];
    let (value, lost) = written(&Request { turns, ..Request::default() });
    assert_eq!(
        value["messages"][0]["content"],
        json!([{"type":"image_url","image_url":{"url":"data:image/jpeg;base64,AA=="}}])
    );
    assert_eq!(lost, ["messages.file_id"]);
}

#[test]
fn case_024_documents_stand_beside_the_messages() {
    let text = Media { name: Some("n".into()), ..media(MediaKind::Document, Source::Text("T".into()), "") };
    let coded = media(MediaKind::Document, Source::Base64("VQ==".into()), "text/plain");
    let pdf = media(MediaKind::Document, Source::Base64("AA==".into()), "application/pdf");
    let mut parts: Vec<_> = [text, coded, pdf].into_iter().map(Part::Media).collect();
    parts.push(Part::text("Sum up"));
    let given = Foreign { dialect: Dialect::Cohere, kind: "documents".into(), json: raw(r#"["given"]"#) };
    let request = Request { turns: vec![turn(Role::User, parts)], others: vec![given], ..Request::default() };
    let (value, lost) = written(&request);
    assert_eq!(value["messages"], json!([{"role":"user","content":"Sum up"}]));
    assert_eq!(
        value["documents"],
        json!(["given", {"id":"doc_0","data":{"title":"n","text":"T"}}, {"id":"doc_1","data":{"text":"U"}}])
    );
    assert_eq!(lost, ["messages.document"]);
}

#[test]
fn case_025_sound_alone_is_refused_and_beside_words_it_is_lost() {
    let sound = || Part::Media(media(MediaKind::Audio, Source::Base64("AA==".into()), "audio/mpeg"));
    let target = Target { model: "m", flavour: Default::default() };
    let alone = Request { turns: vec![turn(Role::User, vec![sound()])], ..Request::default() };
    let fault = Cohere.write_request(&alone, &target, &mut Lost::nothing()).unwrap_err();
    assert_eq!(fault.kind, FaultKind::BadRequest);
    let turns = vec![turn(Role::User, vec![Part::text("hear"), sound()])];
    let (value, lost) = written(&Request { turns, ..Request::default() });
    assert_eq!((&value["messages"][0]["content"], lost), (&json!("hear"), vec!["messages.audio".to_owned()]));
}

#[test]
fn case_041_text_before_calls_is_the_plan() {
    let thought = Part::Reasoning(Reasoning { text: "Hm".into(), ..Reasoning::default() });
    let turns = vec![
        turn(Role::User, vec![Part::text("u")]),
        turn(Role::Assistant, vec![thought, Part::text("I will"), Part::text("look"), call("a", "{}")]),
        turn(Role::User, vec![result("a", vec![Part::text("r")])]),
    ];
    let (value, lost) = written(&Request { turns, ..Request::default() });
    assert_eq!(value["messages"][1]["tool_plan"], "I will\nlook");
    assert_eq!(value["messages"][1]["content"], json!([{"type":"thinking","thinking":"Hm"}]));
    assert!(lost.is_empty());
    let hidden = Part::Reasoning(Reasoning { redacted: true, ..Reasoning::default() });
    let turns = vec![turn(Role::User, vec![Part::text("u")]), turn(Role::Assistant, vec![hidden, Part::text("t")])];
    let (value, lost) = written(&Request { turns, ..Request::default() });
    assert_eq!((&value["messages"][1]["content"], lost), (&json!("t"), vec!["messages.reasoning".to_owned()]));
}

#[test]
fn case_062_what_a_tool_shows_comes_behind_all_results() {
    let image = Part::Media(media(MediaKind::Image, Source::Url("https://x.test/a".into()), ""));
    let turns = vec![
        turn(Role::User, vec![Part::text("u")]),
        turn(Role::Assistant, vec![call("a", "{}"), call("b", "{}")]),
        turn(Role::User, vec![result("a", vec![Part::text("see"), image])]),
        turn(Role::User, vec![result("b", vec![])]),
    ];
    let (value, lost) = written(&Request { turns, ..Request::default() });
    assert_eq!(
        value["messages"].as_array().unwrap()[2..],
        [
            json!({"role":"tool","tool_call_id":"a","content":"see"}),
            json!({"role":"tool","tool_call_id":"b","content":"(no output)"}),
            json!({"role":"user","content":[{"type":"text","text":"Returned by the tool call a:"},
            {"type":"image_url","image_url":{"url":"https://x.test/a"}}]}),
        ]
    );
    assert!(lost.is_empty());
}

#[test]
fn case_063_a_failed_tool_says_so() {
    let failed = ToolResult { id: "a".into(), parts: vec![Part::text("no")], is_error: true, ..ToolResult::default() };
    let turns = vec![
        turn(Role::User, vec![Part::text("u")]),
        turn(Role::Assistant, vec![call("a", "{}")]),
        turn(Role::User, vec![Part::ToolResult(failed)]),
    ];
    assert_eq!(written(&Request { turns, ..Request::default() }).0["messages"][2]["content"], "Error: no");
}

#[test]
fn results_are_one_turn_with_their_documents_as_text() {
    let request = read(
        r#"{"messages":[{"role":"tool","tool_call_id":"a","content":[{"type":"document","document":{"id":"d","data":"T"}},
            {"type":"text","text":"U"}]},
            {"role":"tool","tool_call_id":"b","content":[{"type":"document","document":{"data":{"x":1.0}}}]}]}"#,
    );
    assert_eq!(request.turns.len(), 1);
    let [Part::ToolResult(first), Part::ToolResult(second)] = &request.turns[0].parts[..] else { panic!() };
    assert_eq!((&*first.text(), first.json.is_none()), ("T\nU", true));
    assert_eq!((&*second.text(), second.json.as_ref().unwrap().as_str()), (r#"{"x":1.0}"#, r#"{"x":1.0}"#));
}

#[test]
fn case_127_no_foreign_signature_is_sent() {
    let signature = Some(Signature::new(Dialect::Anthropic, "secret"));
    let thought = Reasoning { text: "Hm".into(), signature, ..Reasoning::default() };
    let turns = vec![turn(Role::User, vec![Part::text("u")]), turn(Role::Assistant, vec![Part::Reasoning(thought)])];
    let (value, _) = written(&Request { turns, ..Request::default() });
    assert_eq!(value["messages"][1]["content"], json!([{"type":"thinking","thinking":"Hm"}]));
}

#[test]
fn the_plan_stands_between_thoughts_and_text() {
    let request = read(
        r#"{"messages":[{"role":"assistant","tool_plan":"p","content":[{"type":"thinking","thinking":"h"},
            {"type":"text","text":"t"}],"tool_calls":[{"id":"a","function":{"name":"f","arguments":"{}"}}]}]}"#,
    );
    let [Part::Reasoning(_), Part::Text(plan), Part::Text(text), Part::ToolCall(_)] = &request.turns[0].parts[..]
    else {
        panic!("{:?}", request.turns)
    };
    assert_eq!((plan.text.as_str(), text.text.as_str()), ("p", "t"));
}
