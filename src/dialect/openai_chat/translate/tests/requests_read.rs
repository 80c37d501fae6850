//! Clients' requests.

use super::read;
use crate::canonical::{Dialect, Format, MediaKind, Part, Request, Role, Source, Thinking, Tool, ToolCall, ToolChoice};
use crate::dialect::codec::{Asked, Codec};
use crate::dialect::openai_chat::OpenAiChat;

fn messages(messages: &str) -> String {
    format!(r#"{{"model":"m","messages":[{messages}]}}"#)
}

fn refused(body: &str) -> String {
    OpenAiChat.read_request(body.as_bytes(), &Asked::default()).unwrap_err().message.into_owned()
}

fn result<'r>(request: &'r Request<'_>, turn: usize, part: usize) -> &'r crate::canonical::ToolResult<'r> {
    match &request.turns[turn].parts[part] {
        Part::ToolResult(result) => result,
        other => panic!("{other:?}"),
    }
}

fn calls<'r>(request: &'r Request<'_>, turn: usize) -> Vec<&'r ToolCall<'r>> {
    request.turns[turn]
        .parts
        .iter()
        .filter_map(|p| if let Part::ToolCall(call) = p { Some(call) } else { None })
        .collect()
}

#[test]
fn case_003_unknown_members_are_kept() {
    let request = read(r#"{"model":"m","messages":[],"prediction":{"a":1.50},"x":null,"logit_bias":{}}"#);
    let others: Vec<_> = request.others.iter().map(|o| (o.dialect, o.kind.as_str(), o.json.as_str())).collect();
    assert_eq!(others, [(Dialect::OpenAiChat, "prediction", r#"{"a":1.50}"#)]);
    assert_eq!(request.logit_bias, None);
}

#[test]
fn known_members_are_not_among_the_others() {
    let body = r#"{"model":"m","messages":[],"stream":true,"stream_options":{"include_usage":true},"tools":[],
        "tool_choice":"auto","parallel_tool_calls":false,"functions":[],"function_call":"none",
        "response_format":{"type":"text"},"verbosity":"low","reasoning_effort":"low","reasoning":{},"thinking":{},
        "enable_thinking":true,"thinking_budget":5,"include_reasoning":true,"max_tokens":1,"max_completion_tokens":2,
        "stop":"x","temperature":0.7,"top_p":0.1,"top_k":5,"seed":18446744073709551615,"random_seed":1,
        "presence_penalty":1,"frequency_penalty":-1,"logit_bias":{"5":1},"logprobs":true,"top_logprobs":2,"n":2,"user":"u",
        "safety_identifier":"s","metadata":{"a":"b"},"service_tier":"flex","store":true,"prompt_cache_key":"k",
        "cache_control":{"type":"ephemeral"}}"#;
    let request = read(body);
    assert_eq!(request.others, []);
    assert!(request.stream && request.usage_in_stream, "case 43");
    assert_eq!((request.max_tokens, request.n, request.store), (Some(2), Some(2), Some(true)), "case 19");
    // Case 4: numbers stay exact.
    let numbers = [&request.temperature, &request.seed].map(|number| number.as_ref().unwrap().to_string());
    assert_eq!(numbers, ["0.7", "18446744073709551615"]);
    assert_eq!((request.stop[0].as_str(), request.user.as_deref()), ("x", Some("u")));
    assert_eq!(request.tool_choice, Some(ToolChoice::None), "the oldest form is said last");
    assert_eq!((request.reasoning.effort.as_deref(), request.reasoning.budget), (Some("low"), None));
}

#[test]
fn case_006_007_contents_and_roles() {
    let body = messages(
        r#"{"role":"developer","content":"d"},{"role":"user"},{"role":"user","content":null,"name":"bob"},
        {"role":"user","content":[]},{"role":"user","content":[{"type":"text","text":"a"},{"text":"b"}]},
        {"role":"assistant","content":"x"},{"role":"system","content":{"type":"text","text":"late"}}"#,
    );
    let request = read(&body);
    let roles: Vec<_> = request.turns.iter().map(|turn| turn.role).collect();
    use Role::*;
    assert_eq!(roles, [Developer, User, User, User, User, Assistant, System]);
    assert_eq!(request.turns[4].parts, [Part::text("a"), Part::text("b")]);
    assert_eq!(request.turns[6].parts, [Part::text("late")]);
    assert_eq!((request.turns[1].parts.len(), request.turns[2].name.as_deref()), (0, Some("bob")));
}

#[test]
fn case_010_011_ids_are_made_unique_and_paired() {
    let body = messages(
        r#"{"role":"assistant","tool_calls":[{"id":"call_0","function":{"name":"f","arguments":"{}"}},
            {"id":"","function":{"name":"g","arguments":""}}]},
        {"role":"tool","tool_call_id":"call_0","content":"1"},{"role":"tool","tool_call_id":"","content":"2"},
        {"role":"assistant","tool_calls":[{"id":"call_0","function":{"name":"f","arguments":{"a": 1}}}]},
        {"role":"tool","tool_call_id":"call_0","content":"3"},
        {"role":"tool","tool_call_id":"nobody","content":"4"}"#,
    );
    let request = read(&body);
    assert_eq!(request.turns.len(), 4, "results that follow each other are one turn");
    let (first, second) = (calls(&request, 0), calls(&request, 2));
    let ids = [&first[0].id, &first[1].id, &second[0].id];
    assert_eq!(ids[0], "call_0");
    assert!(ids[1].starts_with("call_") && ids[2] != "call_0" && ids[1] != ids[2], "{ids:?}");
    let answered = [result(&request, 1, 0), result(&request, 1, 1), result(&request, 3, 0)].map(|result| &result.id);
    assert_eq!(answered, ids);
    assert_eq!(result(&request, 3, 1).id, "nobody");
    assert_eq!(second[0].arguments, r#"{"a": 1}"#, "case 13: already an object");
}

#[test]
fn case_040_refusals_and_the_oldest_form() {
    let body = messages(
        r#"{"role":"assistant","content":null,"refusal":"No"},
        {"role":"assistant","content":"x","function_call":{"name":"f","arguments":"{}"}},
        {"role":"function","name":"f","content":"r"}"#,
    );
    let request = read(&body);
    assert_eq!(request.turns[0].parts, [Part::Refusal("No".into())]);
    let call = calls(&request, 1)[0];
    assert_eq!((call.name.as_str(), result(&request, 2, 0).id.as_str()), ("f", call.id.as_str()));
    assert_eq!(request.turns[1].parts[0], Part::text("x"), "case 41");
}

#[test]
fn case_005_014_015_tools() {
    let request = read(
        r#"{"model":"m","messages":[],"tools":[
        {"type":"function","function":{"name":"f","description":"d","parameters":{"b":1e2, "a":0.10},"strict":true}},
        {"type":"custom","custom":{"name":"c","format":{"type":"grammar","grammar":{"syntax":"lark","definition":"x"}}}},
        {"type":"web_search","x":1}],"tool_choice":{"type":"allowed_tools","allowed_tools":{"mode":"required","tools":
        [{"type":"function","function":{"name":"f"}}]}}}"#,
    );
    let [Tool::Function(one), Tool::Function(custom), Tool::Foreign(hosted)] = &request.tools[..] else { panic!() };
    assert_eq!(one.parameters.as_ref().unwrap().as_str(), r#"{"b":1e2, "a":0.10}"#);
    assert_eq!(custom.free_form.as_ref().unwrap().as_str(), r#"{"type":"grammar","syntax":"lark","definition":"x"}"#);
    assert_eq!((hosted.kind.as_str(), hosted.dialect), ("web_search", Dialect::OpenAiChat));
    assert_eq!(request.tool_choice, Some(ToolChoice::Among { names: vec!["f".into()], required: true }));
    for (choice, expected) in [
        (r#""auto""#, ToolChoice::Auto),
        (r#""required""#, ToolChoice::Required),
        (r#""any""#, ToolChoice::Required),
        (r#"{"type":"function","function":{"name":"f"}}"#, ToolChoice::Named("f".into())),
        (r#"{"type":"custom","custom":{"name":"c"}}"#, ToolChoice::Named("c".into())),
    ] {
        let body = format!(r#"{{"model":"m","messages":[],"tool_choice":{choice}}}"#);
        assert_eq!(read(&body).tool_choice, Some(expected), "{choice}");
    }
}

#[test]
fn case_023_024_025_media() {
    let check = |part: &str, kind: MediaKind, source: Source<'_>, mime: &str, name: Option<&str>| {
        let body = messages(&format!(r#"{{"role":"user","content":[{part}]}}"#));
        let request = read(&body);
        let Part::Media(media) = &request.turns[0].parts[0] else { panic!("{part}: {request:?}") };
        assert_eq!((media.kind, &media.source, media.mime.as_str()), (kind, &source, mime), "{part}");
        assert_eq!(media.name.as_deref(), name, "{part}");
    };
    let data = |data: &'static str| Source::Base64(data.into());
    let url = |url: &'static str| Source::Url(url.into());
    let image = |url: &str| format!(r#"{{"type":"image_url","image_url":{{"url":"{url}"}}}}"#);
    use MediaKind::*;
    check(&image("https://x/y.png"), Image, url("https://x/y.png"), "", None);
    check(&image("data:image/JPG;charset=x;base64,AA=="), Image, data("AA=="), "image/jpeg", None);
    check(&image("DATA:;base64,AA\\u003d="), Image, data("AA=="), "", None);
    check(&image("data:image/svg+xml,<svg>"), Image, url("data:image/svg+xml,<svg>"), "", None);
    check(r#"{"type":"image_url","image_url":"https://x"}"#, Image, url("https://x"), "", None);
    check(
        r#"{"type":"file","file":{"file_data":"data:application/pdf;base64,AA","filename":"a.pdf"}}"#,
        Document,
        data("AA"),
        "application/pdf",
        Some("a.pdf"),
    );
    check(r#"{"type":"file","file":{"file_data":"gs://b/a.pdf"}}"#, Document, url("gs://b/a.pdf"), "", None);
    check(r#"{"type":"file","file":{"file_data":"AA"}}"#, Document, data("AA"), "application/pdf", None);
    check(r#"{"type":"file","file":{"file_id":"file-1"}}"#, Document, Source::FileId("file-1".into()), "", None);
    check(
        r#"{"type":"document_url","document_url":"https://x","document_name":"n"}"#,
        Document,
        url("https://x"),
        "",
        Some("n"),
    );
    check(
        r#"{"type":"input_audio","input_audio":{"data":"AA","format":"mp3"}}"#,
        Audio,
        data("AA"),
        "audio/mpeg",
        None,
    );
    check(r#"{"type":"input_audio","input_audio":{"data":"AA","format":"wav"}}"#, Audio, data("AA"), "audio/wav", None);
    check(r#"{"type":"video_url","video_url":{"url":"https://x"}}"#, Video, url("https://x"), "", None);
}

#[test]
fn images_are_not_copied() {
    let body = messages(
        r#"{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA"}}]}"#,
    );
    let request = read(&body);
    let Part::Media(media) = &request.turns[0].parts[0] else { panic!() };
    let Source::Base64(data) = &media.source else { panic!() };
    assert_eq!(data.as_ptr() as usize - body.as_ptr() as usize, body.find("AAAA").unwrap());
}

#[test]
fn case_026_027_forms_and_thinking() {
    let format = |format: &str| {
        let body = format!(r#"{{"model":"m","messages":[],"response_format":{format}}}"#);
        format!("{:?}", read(&body).format)
    };
    assert_eq!(format(r#"{"type":"text"}"#), format!("{:?}", Some(Format::Text)));
    assert_eq!(format(r#"{"type":"json_object"}"#), format!("{:?}", Some(Format::JsonObject)));
    let schema = format(r#"{"type":"json_schema","json_schema":{"name":"n","strict":true,"schema":{"a": 1}}}"#);
    assert!(schema.contains(r#"name: Some("n")"#) && schema.contains(r#"{"a": 1}"#), "{schema}");
    let thinking = |said: &str| {
        let body = format!(r#"{{"model":"m","messages":[],{said}}}"#);
        let Thinking { effort, budget, adaptive, off, summary } = read(&body).reasoning;
        (effort.map(|word| word.to_string()), budget, adaptive, off, summary.map(|word| word.to_string()))
    };
    let word = |word: &str| Some(word.to_owned());
    for (said, expected) in [
        (r#""reasoning_effort":"high""#, (word("high"), None, false, false, None)),
        (r#""reasoning_effort":"none""#, (None, None, false, true, None)),
        (r#""reasoning":{"effort":"low","exclude":true}"#, (word("low"), None, false, false, word("none"))),
        (r#""reasoning":{"max_tokens":900}"#, (None, Some(900), false, false, None)),
        (r#""reasoning":{"enabled":false}"#, (None, None, false, true, None)),
        (r#""thinking":{"type":"enabled","budget_tokens":5000}"#, (None, Some(5000), false, false, None)),
        (r#""thinking":{"type":"enabled"}"#, (None, None, true, false, None)),
        (r#""thinking":{"type":"disabled"}"#, (None, None, false, true, None)),
        (r#""enable_thinking":true"#, (None, None, true, false, None)),
        (r#""enable_thinking":true,"thinking_budget":7"#, (None, Some(7), false, false, None)),
    ] {
        assert_eq!(thinking(said), expected, "{said}");
    }
}

#[test]
fn thoughts_come_back_from_clients() {
    let thoughts = |members: &str| {
        let body = messages(&format!(r#"{{"role":"assistant","content":"x",{members}}}"#));
        let request = read(&body);
        let thoughts = request.turns[0].parts.iter().filter_map(|part| match part {
            Part::Reasoning(one) => {
                let proof = one.signature.as_ref().map(|proof| format!("{}:{}", proof.from.as_str(), proof.value));
                Some((one.text.to_string(), proof.unwrap_or_default(), one.redacted))
            }
            _ => None,
        });
        thoughts.collect::<Vec<_>>()
    };
    let one = |text: &str, proof: &str, redacted| (text.to_owned(), proof.to_owned(), redacted);
    assert_eq!(thoughts(r#""reasoning_content":"a""#), [one("a", "", false)]);
    assert_eq!(thoughts(r#""reasoning":"a""#), [one("a", "", false)]);
    let format = r#""format":"anthropic-claude-v1""#;
    // A client that kept every piece of the stream.
    assert_eq!(
        thoughts(&format!(
            r#""reasoning_content":"abc","reasoning_details":[{{"type":"reasoning.text","text":"a","index":0}},
            {{"type":"reasoning.text","text":"b","index":0}},{{"type":"reasoning.text","signature":"S",{format},"index":0}},
            {{"type":"reasoning.text","text":"c","index":1}},{{"type":"reasoning.encrypted","data":"R",{format},"index":2}}]"#
        )),
        [one("ab", "anthropic:S", false), one("c", "", false), one("", "anthropic:R", true)]
    );
    // A client that kept the text apart from the proof.
    assert_eq!(
        thoughts(&format!(
            r#""reasoning_content":"a","reasoning_details":[{{"type":"reasoning.text","signature":"S",{format}}}]"#
        )),
        [one("a", "anthropic:S", false)]
    );
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    for (body, message) in [
        ("{", "invalid JSON: "),
        (r#"{"model":"m"}"#, "`messages`: missing"),
        (r#"{"model":7,"messages":[]}"#, "`model`: invalid type: integer"),
        (r#"{"model":"m","messages":[],"n":"x"}"#, "`n`: invalid type: string"),
        (r#"{"model":"m","messages":[],"stop":["a",1]}"#, "`stop[1]`: invalid type"),
    ] {
        assert!(refused(body).starts_with(message), "{body}: {}", refused(body));
    }
    for (message, expected) in [
        (r#"{"role":"robot","content":""}"#, "`messages[0].role`: unknown role `robot`"),
        (r#"{"content":""}"#, "`messages[0]`: missing field `role`"),
        (r#"{"role":"user","content":7}"#, "`messages[0].content`: invalid type"),
        (r#"{"role":"assistant","tool_calls":[{"function":"x"}]}"#, "`messages[0].tool_calls"),
    ] {
        let told = refused(&messages(message));
        assert!(told.starts_with(expected), "{message}: {told}");
    }
}
