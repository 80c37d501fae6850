//! Conversations written for Google: golden cases.

use serde_json::json;

use super::*;
use crate::canonical::{
    Dialect, Media, MediaKind, Reasoning, Request, Role, Signature, Source, Text, ToolCall, ToolResult, Turn,
};

pub(super) fn turn<'a>(role: Role, parts: Vec<Part<'a>>) -> Turn<'a> {
    Turn { role, parts, name: None }
}

pub(super) fn call(id: &'static str, name: &'static str, arguments: &'static str) -> ToolCall<'static> {
    ToolCall {
        id: id.into(),
        name: name.into(),
        arguments: arguments.into(),
        free_form: false,
        signature: None,
        cache: None,
    }
}

pub(super) fn result(id: &'static str, text: &'static str) -> ToolResult<'static> {
    ToolResult { id: id.into(), parts: vec![Part::text(text)], ..ToolResult::default() }
}

pub(super) fn hi<'a>() -> Vec<Turn<'a>> {
    vec![turn(Role::User, vec![Part::text("hi")])]
}

fn image(data: &'static str) -> Part<'static> {
    Part::Media(Media {
        kind: MediaKind::Image,
        source: Source::Base64(data.into()),
        mime: "image/jpg".into(),
        name: None,
        context: None,
        detail: None,
        cite: false,
        cache: None,
    })
}

fn contents(turns: Vec<Turn<'_>>, target: Target<'_>) -> Value {
    write_canonical(&Request { turns, ..Request::default() }, target).0["contents"].take()
}

#[test]
fn case_085_the_systems_words_go_to_one_place_and_turns_alternate() {
    let request = Request {
        turns: vec![
            turn(Role::System, vec![Part::text("a")]),
            turn(Role::User, vec![Part::text("1")]),
            turn(Role::User, vec![Part::text(""), Part::text("2")]),
            turn(Role::Developer, vec![Part::text("b")]),
            turn(Role::Assistant, vec![Part::text("3")]),
            turn(Role::Assistant, vec![]),
        ],
        ..Request::default()
    };
    let (written, lost) = write_canonical(&request, target("gemini-2.5-flash"));
    assert_eq!(
        written,
        json!({
            "systemInstruction": {"parts": [{"text": "a"}, {"text": "b"}]},
            "contents": [
                {"role": "user", "parts": [{"text": "1"}, {"text": "2"}]},
                {"role": "model", "parts": [{"text": "3"}]}
            ]
        })
    );
    assert!(lost.is_empty());
    // Never without contents: alone, and for models that know no system instruction.
    let alone = vec![turn(Role::System, vec![Part::text("a")])];
    assert_eq!(contents(alone, target("gemini-2.5-flash")), json!([{"role": "user", "parts": [{"text": "a"}]}]));
    let old = vec![turn(Role::System, vec![Part::text("a")]), turn(Role::User, vec![Part::text("b")])];
    let expected = json!([{"role": "user", "parts": [{"text": "a"}, {"text": "b"}]}]);
    assert_eq!(contents(old, target("gemma-3-27b-it")), expected);
    let nothing = Request { turns: vec![turn(Role::User, vec![Part::text("")])], ..Request::default() };
    let refused = Gemini.write_request(&nothing, &target("gemini-2.5-flash"), &mut Lost::nothing()).unwrap_err();
    assert_eq!(refused.kind, FaultKind::BadRequest);
}

#[test]
fn case_086_and_087_results_are_objects_in_the_order_of_the_calls_and_alone() {
    let mut failed = result("c1", "no such city");
    failed.is_error = true;
    let turns = || {
        vec![
            turn(Role::User, vec![Part::text("weather?")]),
            turn(
                Role::Assistant,
                vec![
                    Part::text("let me see"),
                    Part::ToolCall(call("c1", "weather", r#"{"b":12345678901234567890123,"a":0.70}"#)),
                    Part::ToolCall(call("c2", "time", "")),
                    Part::ToolCall(call("c3", "lost", "{\"a\": ")),
                    Part::ToolCall(call("c4", "missing", "{}")),
                ],
            ),
            turn(
                Role::User,
                vec![Part::ToolResult(result("c3", "[1]")), Part::ToolResult(result("c2", "{\"t\": 1.0}"))],
            ),
            turn(
                Role::User,
                vec![Part::text("go on"), Part::ToolResult(failed.clone()), Part::ToolResult(result("x", "stray"))],
            ),
        ]
    };
    let mut lost = Lost::nothing();
    let request = Request { turns: turns(), ..Request::default() };
    let written = Gemini.write_request(&request, &target("gemini-2.5-flash"), &mut lost).unwrap();
    assert_eq!(
        std::str::from_utf8(&written).unwrap(),
        concat!(
            r#"{"contents":[{"role":"user","parts":[{"text":"weather?"}]},"#,
            r#"{"role":"model","parts":[{"text":"let me see"},"#,
            r#"{"functionCall":{"name":"weather","args":{"b":12345678901234567890123,"a":0.70},"id":"c1"}},"#,
            r#"{"functionCall":{"name":"time","args":{},"id":"c2"}},"#,
            r#"{"functionCall":{"name":"lost","args":{"_malformed_arguments":"{\"a\": "},"id":"c3"}},"#,
            r#"{"functionCall":{"name":"missing","args":{},"id":"c4"}}]},"#,
            r#"{"role":"user","parts":["#,
            r#"{"functionResponse":{"id":"c1","name":"weather","response":{"error":"no such city"}}},"#,
            r#"{"functionResponse":{"id":"c2","name":"time","response":{"t": 1.0}}},"#,
            r#"{"functionResponse":{"id":"c3","name":"lost","response":{"output":"[1]"}}},"#,
            r#"{"functionResponse":{"id":"c4","name":"missing","response":{"error":"the call was not answered"}}}]},"#,
            r#"{"role":"user","parts":[{"text":"go on"},{"text":"stray"}]}]}"#,
        )
    );
}

#[test]
fn case_088_vertex_and_others_get_no_ids() {
    for (flavour, expected) in [(Flavour::Vendor, true), (Flavour::Vertex, false), (Flavour::Compatible, false)] {
        let turns = vec![
            turn(Role::Assistant, vec![Part::ToolCall(call("c1", "f", "{}"))]),
            turn(Role::User, vec![Part::ToolResult(result("c1", "x"))]),
        ];
        let written = contents(turns, Target { model: "gemini-2.5-pro", flavour });
        // A call that begins the conversation gets something to answer.
        assert_eq!(written[0], json!({"role": "user", "parts": [{"text": " "}]}));
        assert_eq!(written[1]["parts"][0]["functionCall"].get("id").is_some(), expected, "{flavour:?}");
        assert_eq!(written[2]["parts"][0]["functionResponse"].get("id").is_some(), expected, "{flavour:?}");
    }
}

#[test]
fn case_089_signatures_come_back_where_they_belong() {
    let own = |value: &'static str| Some(Signature::new(Dialect::Gemini, value));
    let thought = |signature| Part::Reasoning(Reasoning { text: "hm".into(), signature, ..Reasoning::default() });
    let signed = |signature| Part::ToolCall(ToolCall { signature, ..call("c1", "f", "{}") });
    let parts = |parts: Vec<Part<'static>>, model| {
        let turns = vec![turn(Role::User, vec![Part::text("hi")]), turn(Role::Assistant, parts)];
        contents(turns, target(model))[1]["parts"].take()
    };
    let calls = |written: &Value| -> Vec<Value> {
        let parts = written.as_array().unwrap().iter().filter(|part| part.get("functionCall").is_some());
        parts.map(|part| part["thoughtSignature"].clone()).collect()
    };
    // Its own come back exactly, on the first call alone if that is where they were.
    let written = parts(vec![signed(own("AA==")), signed(None)], "gemini-3-pro-preview");
    assert_eq!(calls(&written), [json!("AA=="), Value::Null]);
    // Carried by reasoning, as clients of other dialects have to.
    let written = parts(vec![thought(own("AA==")), signed(None)], "gemini-3-pro-preview");
    assert_eq!(calls(&written), [json!("AA==")]);
    assert_eq!(written[0], json!({"text": "hm", "thought": true}));
    let written = parts(vec![thought(own("AA==")), Part::text("x")], "gemini-2.5-pro");
    assert_eq!(written[1], json!({"text": "x", "thoughtSignature": "AA=="}));
    let two = vec![thought(own("AA==")), signed(None), thought(own("BB==")), signed(None)];
    assert_eq!(calls(&parts(two, "gemini-3-pro-preview")), [json!("AA=="), json!("BB==")]);
    // A call that has one keeps it, and so does the thought.
    let written = parts(vec![thought(own("AA==")), signed(own("BB=="))], "gemini-3-pro-preview");
    assert_eq!((&written[0]["thoughtSignature"], calls(&written)), (&json!("AA=="), vec![json!("BB==")]));
    // Lost or foreign: the documented dummy, only where it is asked for.
    let foreign = || Some(Signature::new(Dialect::Anthropic, "sig"));
    let written = parts(vec![signed(foreign()), signed(None)], "gemini-3-flash-preview");
    assert_eq!(calls(&written), [json!("skip_thought_signature_validator"), Value::Null]);
    assert_eq!(calls(&parts(vec![signed(None)], "gemini-2.5-pro")), [Value::Null]);
    // An empty text with a signature is not dropped.
    let empty = Part::Text(Text { signature: own("AA=="), ..Text::default() });
    assert_eq!(parts(vec![Part::text("x"), empty], "gemini-3-pro")[1], json!({"text": "", "thoughtSignature": "AA=="}));
}

#[test]
fn case_127_foreign_thoughts_lose_their_signature_and_hidden_ones_go() {
    let foreign = Signature::new(Dialect::Anthropic, "sig");
    let shown = Reasoning { text: "hm".into(), signature: Some(foreign.clone()), ..Reasoning::default() };
    let hidden = Reasoning { signature: Some(foreign), redacted: true, ..Reasoning::default() };
    let parts = vec![Part::Reasoning(shown), Part::Reasoning(hidden), Part::text("x")];
    let turns = vec![turn(Role::User, vec![Part::text("hi")]), turn(Role::Assistant, parts)];
    let (written, lost) = write_canonical(&Request { turns, ..Request::default() }, target("gemini-3-pro"));
    assert_eq!(written["contents"][1]["parts"], json!([{"text": "hm", "thought": true}, {"text": "x"}]));
    assert_eq!(lost, ["messages.reasoning.signature", "messages.reasoning"]);
}

#[test]
fn case_023_to_025_and_095_media() {
    let media = |kind, source, mime: &'static str| {
        let Part::Media(media) = image("") else { unreachable!() };
        Part::Media(Media { kind, source, mime: mime.into(), ..media })
    };
    let url = |text: &'static str| Source::Url(text.into());
    let part = |part| {
        let request = Request { turns: vec![turn(Role::User, vec![Part::text("hi"), part])], ..Request::default() };
        let (mut written, lost) = write_canonical(&request, target("gemini-2.5-flash"));
        (written["contents"][0]["parts"].get_mut(1).map(Value::take).unwrap_or_default(), lost)
    };
    let file = |mime: &str, uri: &str| json!({"fileData": {"mimeType": mime, "fileUri": uri}});
    for (given, expected) in [
        (image("AAAA"), json!({"inlineData": {"mimeType": "image/jpeg", "data": "AAAA"}})),
        (media(MediaKind::Image, url("https://x/y.PNG?z"), ""), file("image/png", "https://x/y.PNG?z")),
        (media(MediaKind::Image, url("https://x/y"), ""), file("image/jpeg", "https://x/y")),
        (
            media(MediaKind::Video, url("https://www.youtube.com/watch?v=1"), ""),
            file("video/mp4", "https://www.youtube.com/watch?v=1"),
        ),
        (media(MediaKind::Video, url("gs://b/v"), "video/webm"), file("video/webm", "gs://b/v")),
        (media(MediaKind::Document, Source::FileId("files/1".into()), "text/csv"), file("text/csv", "files/1")),
        (
            media(MediaKind::Audio, Source::Base64("AA==".into()), "audio/wav"),
            json!({"inlineData": {"mimeType": "audio/wav", "data": "AA=="}}),
        ),
        (
            media(MediaKind::Document, Source::Text("é".into()), ""),
            json!({"inlineData": {"mimeType": "text/plain", "data": "w6k="}}),
        ),
    ] {
        assert_eq!(part(given), (expected, vec![]));
    }
    let foreign = media(MediaKind::Image, Source::FileId("file-abc".into()), "");
    assert_eq!(part(foreign), (Value::Null, vec!["messages.file_id".to_owned()]));
    // A film needs no type there, and is no document to others.
    let film = r#"{"contents":[{"parts":[{"fileData":{"fileUri":"https://youtu.be/1"}}]}]}"#;
    let read = read_request(film);
    let Part::Media(film) = &read.turns[0].parts[0] else { panic!("{read:?}") };
    assert_eq!(film.kind, MediaKind::Video);
}

#[test]
fn case_039_images_in_results_go_where_the_model_takes_them() {
    let mut answer = result("c1", "seen");
    answer.parts.push(image("AAAA"));
    let turns = || {
        vec![
            turn(Role::User, vec![Part::text("hi")]),
            turn(Role::Assistant, vec![Part::ToolCall(call("c1", "f", "{}"))]),
            turn(Role::User, vec![Part::ToolResult(answer.clone()), Part::text("and?")]),
        ]
    };
    let blob = json!({"inlineData": {"mimeType": "image/jpeg", "data": "AAAA"}});
    let response = |parts: Option<Value>| {
        let mut response = json!({"id": "c1", "name": "f", "response": {"output": "seen"}});
        parts.into_iter().for_each(|parts| response["parts"] = parts);
        json!({"functionResponse": response})
    };
    let old = contents(turns(), target("gemini-2.5-flash"));
    assert_eq!(old[2], json!({"role": "user", "parts": [response(None), blob]}));
    let new = contents(turns(), target("gemini-3-flash"));
    assert_eq!(new[2], json!({"role": "user", "parts": [response(Some(json!([blob])))]}));
    assert_eq!(new[3], json!({"role": "user", "parts": [{"text": "and?"}]}));
}

#[test]
fn tokens_are_counted_of_the_whole_request() {
    let request = Request { turns: hi(), ..Request::default() };
    let write = |flavour| {
        let target = Target { model: "gemini-2.5-pro", flavour };
        let written = Gemini.write_count_request(&request, &target).unwrap();
        serde_json::from_slice::<Value>(&written).unwrap()
    };
    let contents = json!([{"role": "user", "parts": [{"text": "hi"}]}]);
    let inner = json!({"model": "models/gemini-2.5-pro", "contents": contents});
    assert_eq!(write(Flavour::Vendor), json!({"generateContentRequest": inner}));
    assert_eq!(write(Flavour::Vertex), json!({"contents": contents}));
    let body = write(Flavour::Vendor).to_string();
    let again = read_request(&body);
    assert_eq!((again.model.as_str(), again.turns), ("gemini-2.5-pro", request.turns.clone()));
}
