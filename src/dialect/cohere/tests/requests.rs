//! Requests.

use serde_json::{Number, json};

use super::*;
use crate::canonical::{
    Cache, Fault, FaultKind, Foreign, Format, Function, Media, MediaKind, Part, Role, Source, Thinking, Tool, ToolCall,
    ToolChoice, ToolResult, Turn,
};

pub(super) fn turn<'a>(role: Role, parts: Vec<Part<'a>>) -> Turn<'a> {
    Turn { role, parts, name: None }
}

pub(super) fn hello<'a>() -> Request<'a> {
    Request { turns: vec![turn(Role::User, vec![Part::text("Hi")])], ..Request::default() }
}

pub(super) fn call<'a>(id: &'a str, arguments: &'a str) -> Part<'a> {
    Part::ToolCall(ToolCall {
        id: id.into(),
        name: "f".into(),
        arguments: arguments.into(),
        free_form: false,
        signature: None,
        cache: None,
    })
}

pub(super) fn result<'a>(id: &'a str, parts: Vec<Part<'a>>) -> Part<'a> {
    Part::ToolResult(ToolResult { id: id.into(), parts, ..ToolResult::default() })
}

pub(super) fn function(name: &str) -> Tool<'_> {
    Tool::Function(Function { name: name.into(), ..Function::default() })
}

pub(super) fn media<'a>(kind: MediaKind, source: Source<'a>, mime: &'a str) -> Media<'a> {
    Media { kind, source, mime: mime.into(), name: None, context: None, detail: None, cite: false, cache: None }
}

fn fault(body: &str) -> Fault {
    Cohere.read_request(body.as_bytes(), &Asked::default()).unwrap_err()
}

/// Read and written, it is the same document.
#[test]
fn what_cohere_has_comes_out_as_it_went_in() {
    let check = |body: &str| {
        let (value, lost) = written(&read(body));
        assert_eq!(value, serde_json::from_str::<Value>(body).unwrap());
        assert!(lost.is_empty(), "{lost:?}");
    };
    check(r#"{"model":"command-a","messages":[{"role":"user","content":"Hi"}],"stream":false}"#);
    check(
        r#"{"model":"command-a","stream":true,"messages":[
            {"role":"system","content":"Be brief"},
            {"role":"user","content":[{"type":"text","text":"What is it?"},
                {"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA","detail":"low"}},
                {"type":"image_url","image_url":{"url":"https://x.test/a.png"}}]},
            {"role":"assistant","content":[{"type":"thinking","thinking":"Hm"}],"tool_plan":"I will look",
                "tool_calls":[{"id":"a","type":"function","function":{"name":"f","arguments":"{\"z\":1.50,\"a\":18446744073709551616}"}},
                    {"id":"b","type":"function","function":{"name":"g","arguments":"{}"}}]},
            {"role":"tool","tool_call_id":"a","content":"4:20"},
            {"role":"tool","tool_call_id":"b","content":[{"type":"document","document":{"data":{"y":2,"x":1}}}]},
            {"role":"assistant","content":"It is 4:20","citations":[{"start":6,"end":10,"text":"4:20","sources":[]}]},
            {"role":"user","content":"Thanks"}],
            "tools":[{"type":"function","function":{"name":"f","description":"d","parameters":{"type":"object","properties":{"z":{"type":"number","minimum":0.10}}}}},
                {"type":"function","function":{"name":"g","parameters":{"type":"object","properties":{}}}}],
            "tool_choice":"REQUIRED","strict_tools":true,"thinking":{"type":"enabled","token_budget":500},
            "max_tokens":100,"stop_sequences":["a","b"],"temperature":0.3,"p":0.75,"k":40,"seed":7,
            "presence_penalty":0.5,"frequency_penalty":0.25,"logprobs":true,
            "documents":[{"id":"1","data":{"text":"t"}},"plain"],"citation_options":{"mode":"FAST"},
            "safety_mode":"STRICT","connectors":[{"id":"web-search"}],"priority":3}"#,
    );
    check(
        r#"{"model":"command-a","messages":[{"role":"user","content":"Hi"}],"stream":false,"thinking":{"type":"disabled"},
            "response_format":{"type":"json_object","json_schema":{"type":"object","properties":{"n":{"const":1.0}}}}}"#,
    );
}

#[test]
fn what_is_seen_in_the_wild_is_read() {
    let request = read(
        r#"{"model":"m","temperature":null,"p":null,"documents":null,"tools":null,"stop_sequences":"x","messages":[
            {"role":"SYSTEM","content":null},{"role":"User","content":[]},
            {"role":"chatbot","content":{"type":"text","text":"a"},"new_member":[1]},
            {"role":"assistant","tool_calls":[{"function":{"name":"f","arguments":{"b":1.0,"a":2}}},
                {"id":"","function":{"name":"g","arguments":"null"}}]}]}"#,
    );
    assert_eq!(
        request.turns.iter().map(|turn| turn.role).collect::<Vec<_>>(),
        [Role::System, Role::User, Role::Assistant, Role::Assistant]
    );
    assert_eq!((request.stop.len(), request.others.len(), request.temperature), (1, 0, None));
    let [Part::ToolCall(first), Part::ToolCall(second)] = &request.turns[3].parts[..] else { panic!() };
    assert_eq!((first.arguments.as_str(), second.arguments.as_str()), (r#"{"b":1.0,"a":2}"#, ""));
    assert!(!first.id.is_empty() && first.id != second.id);
    let asked = Asked { model: Some("path"), stream: true, json_array: false };
    let request = Cohere.read_request(br#"{"messages":[]}"#, &asked).unwrap();
    assert_eq!((request.model.as_str(), request.stream), ("path", true));
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    for (body, expected) in [
        ("{}", "`messages`: missing"),
        (r#"{"messages":[{"role":"user","content":7}]}"#, "`messages[0].content`: expected a string"),
        (r#"{"messages":[{"role":"user","content":["a",7]}]}"#, "`messages[0].content[1]`: invalid type"),
        (r#"{"messages":[{"role":"tool","content":"x"}]}"#, "`messages[0].tool_call_id`: missing"),
        (r#"{"messages":[{"role":"robot"}]}"#, "`messages[0].role`: unknown role `robot`"),
        (r#"{"messages":[],"tools":[{"function":{}}]}"#, "`tools[0]`: missing field `name`"),
        (r#"{"messages":[],"tool_choice":"SOME"}"#, "`tool_choice`: expected"),
        (r#"{"messages":[],"response_format":{"type":"xml"}}"#, "`response_format.type`: expected"),
        (r#"{"messages":[],"thinking":{"type":"maybe"}}"#, "`thinking.type`: expected"),
        (r#"{"messages":[],"temperature":"hot"}"#, "`temperature`: invalid type"),
        ("{", "invalid JSON"),
    ] {
        let fault = fault(body);
        assert_eq!(fault.kind, FaultKind::BadRequest);
        assert!(fault.message.starts_with(expected), "{body}: {}", fault.message);
    }
}

#[test]
fn case_003_others_are_kept_here_and_named_elsewhere() {
    let request = read(r#"{"model":"m","messages":[{"role":"user","content":"x"}],"safety_mode":"NONE"}"#);
    assert_eq!((request.others[0].kind.as_str(), request.others[0].dialect), ("safety_mode", Dialect::Cohere));
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
    let turns = vec![turn(Role::User, vec![Part::text("x")]), turn(Role::Assistant, vec![call("a", arguments)])];
    let request = Request { turns, tools: vec![tool], temperature: Number::from_f64(0.7), ..Request::default() };
    let target = Target { model: "m", flavour: Default::default() };
    let body = Cohere.write_request(&request, &target, &mut Lost::nothing()).unwrap();
    let text = String::from_utf8(body).unwrap();
    assert!(text.contains(schema), "{text}");
    assert!(text.contains(&serde_json::to_string(arguments).unwrap()), "{text}");
    assert!(text.contains(r#""temperature":0.7,"#) || text.contains(r#""temperature":0.7}"#), "{text}");
}

#[test]
fn case_014_a_schema_always_has_a_type() {
    for (schema, expected) in [
        (None, json!({"type":"object","properties":{}})),
        (Some("{}"), json!({"type":"object","properties":{}})),
        (Some("true"), json!({"type":"object","properties":{}})),
        (Some(r#"{"properties":{"a":{}}}"#), json!({"type":"object","properties":{"a":{}}})),
        (Some(r#"{"type":"object"}"#), json!({"type":"object","properties":{}})),
    ] {
        let parameters = schema.map(raw);
        let tool = Tool::Function(Function { name: "f".into(), parameters, ..Function::default() });
        let (value, _) = written(&Request { tools: vec![tool], ..hello() });
        assert_eq!(value["tools"][0]["function"]["parameters"], expected, "{schema:?}");
    }
    let strict = |strict| Tool::Function(Function { name: "f".into(), strict, ..Function::default() });
    let (value, lost) = written(&Request { tools: vec![strict(Some(true)), strict(None)], ..hello() });
    assert_eq!((value.get("strict_tools"), lost), (None, vec!["tools.strict".to_owned()]));
}

#[test]
fn case_015_one_tool_is_required_by_offering_no_other() {
    let check = |choice: ToolChoice<'static>, tools: &[&str], word: Option<&str>, lost: &[&str]| {
        let request = Request {
            tools: vec![function("f"), function("g"), function("h")],
            tool_choice: Some(choice.clone()),
            ..hello()
        };
        let (value, found) = written(&request);
        let names: Vec<_> = value["tools"].as_array().unwrap().iter().map(|tool| &tool["function"]["name"]).collect();
        assert_eq!(names, tools, "{choice:?}");
        assert_eq!(value.get("tool_choice").and_then(Value::as_str), word, "{choice:?}");
        assert_eq!(found, lost, "{choice:?}");
    };
    let all = ["f", "g", "h"];
    check(ToolChoice::Auto, &all, None, &[]);
    check(ToolChoice::None, &all, Some("NONE"), &[]);
    check(ToolChoice::Required, &all, Some("REQUIRED"), &[]);
    check(ToolChoice::Named("g".into()), &["g"], Some("REQUIRED"), &[]);
    check(ToolChoice::Named("x".into()), &all, None, &["tool_choice"]);
    let among = |required| ToolChoice::Among { names: vec!["h".into(), "f".into()], required };
    check(among(true), &["f", "h"], Some("REQUIRED"), &[]);
    check(among(false), &["f", "h"], None, &[]);
    let (value, lost) = written(&Request { tool_choice: Some(ToolChoice::Required), ..hello() });
    assert_eq!((value.get("tool_choice"), lost), (None, vec!["tool_choice".to_owned()]));
}

#[test]
fn case_018_stops() {
    let stop = ["a", "b", "", "a", "c", "d", "e"].map(Into::into).to_vec();
    let (value, lost) = written(&Request { stop, ..hello() });
    assert_eq!((&value["stop_sequences"], lost.len()), (&json!(["a", "b", "c", "d", "e"]), 0));
    let stop = ["a", "b", "c", "d", "e", "f"].map(Into::into).to_vec();
    let (value, lost) = written(&Request { stop, ..hello() });
    assert_eq!((&value["stop_sequences"], lost), (&json!(["a", "b", "c", "d", "e"]), vec!["stop".to_owned()]));
}

#[test]
fn case_020_numbers_are_brought_into_coheres_range() {
    let number = |value| Number::from_f64(value);
    for (value, expected, lost) in [(0.0, 0.0, false), (1.0, 1.0, false), (1.7, 1.0, true)] {
        let (body, found) = written(&Request { temperature: number(value), ..hello() });
        assert_eq!((body["temperature"].as_f64(), found == ["temperature"]), (Some(expected), lost), "{value}");
    }
    for (value, expected, lost) in [(1.0, 0.99, false), (0.5, 0.5, false), (0.0, 0.01, true)] {
        let (body, found) = written(&Request { top_p: number(value), ..hello() });
        assert_eq!((body["p"].as_f64(), found == ["top_p"]), (Some(expected), lost), "{value}");
    }
    let request = Request { presence_penalty: number(-0.5), frequency_penalty: number(2.0), ..hello() };
    let (body, lost) = written(&Request { top_k: Some(1000.into()), seed: Some((-1).into()), ..request });
    assert_eq!(
        (&body["presence_penalty"], &body["frequency_penalty"], &body["k"]),
        (&json!(0), &json!(1), &json!(500))
    );
    assert_eq!(lost, ["seed", "top_k", "presence_penalty", "frequency_penalty"]);
}

#[test]
fn case_021_what_cohere_does_not_know_is_named() {
    let request = Request {
        n: Some(2),
        logit_bias: Some(raw(r#"{"1":1}"#)),
        logprobs: Some(true),
        top_logprobs: Some(3),
        user: Some("u".into()),
        metadata: Some(raw(r#"{"a":"b"}"#)),
        service_tier: Some("flex".into()),
        store: Some(true),
        cache_key: Some("k".into()),
        cache: Some(Cache::default()),
        verbosity: Some("low".into()),
        tools: vec![function("f")],
        parallel_tools: Some(false),
        ..hello()
    };
    let (value, lost) = written(&request);
    assert_eq!(value["logprobs"], true);
    assert_eq!(
        lost,
        [
            "parallel_tool_calls",
            "n",
            "logit_bias",
            "verbosity",
            "user",
            "metadata",
            "service_tier",
            "store",
            "prompt_cache_key",
            "cache_control",
            "top_logprobs"
        ]
    );
    let harmless = Request {
        n: Some(1),
        store: Some(false),
        service_tier: Some("auto".into()),
        metadata: Some(raw("{}")),
        parallel_tools: Some(true),
        ..hello()
    };
    assert!(written(&harmless).1.is_empty());
}

#[test]
fn case_026_a_form_is_asked_for_in_words_where_there_are_tools() {
    let format =
        |strict| Format::JsonSchema { name: Some("n".into()), description: None, schema: raw("{\"a\":1}"), strict };
    let (value, lost) = written(&Request { format: Some(format(Some(true))), ..hello() });
    assert_eq!(value["response_format"], json!({"type":"json_object","json_schema":{"a":1}}));
    assert!(lost.is_empty());
    let request = Request { format: Some(format(Some(true))), tools: vec![function("f")], ..hello() };
    let (value, lost) = written(&request);
    assert_eq!(value.get("response_format"), None);
    let words = value["messages"][0]["content"].as_str().unwrap();
    assert!(words.ends_with("{\"a\":1}") && value["messages"][0]["role"] == "system", "{words}");
    assert_eq!(lost, ["response_format.json_schema.strict"]);
    let (value, _) = written(&Request { format: Some(Format::JsonObject), ..hello() });
    assert_eq!(value["response_format"], json!({"type":"json_object"}));
    assert_eq!(written(&Request { format: Some(Format::Text), ..hello() }).0.get("response_format"), None);
}

#[test]
fn case_027_thought() {
    let check = |reasoning: Thinking<'static>, expected: Value| {
        let (value, _) = written(&Request { reasoning, ..hello() });
        assert_eq!(value["thinking"], expected);
    };
    let base = Thinking::default;
    check(base(), Value::Null);
    check(Thinking { off: true, ..base() }, json!({"type":"disabled"}));
    check(Thinking { adaptive: true, ..base() }, json!({"type":"enabled"}));
    check(Thinking { budget: Some(99), ..base() }, json!({"type":"enabled","token_budget":99}));
    check(Thinking { effort: Some("low".into()), ..base() }, json!({"type":"enabled","token_budget":2048}));
    let back = read(r#"{"messages":[],"thinking":{"type":"enabled"}}"#).reasoning;
    assert_eq!(back, Thinking { adaptive: true, ..base() });
}

#[test]
fn case_028_and_030_marks_and_hosted_tools_are_named() {
    let search = Foreign { dialect: Dialect::Anthropic, kind: "web_search".into(), json: raw("{}") };
    let marked = Function { name: "f".into(), cache: Some(Cache::default()), ..Function::default() };
    let free = Function { name: "g".into(), free_form: Some(raw(r#"{"type":"text"}"#)), ..Function::default() };
    let tools = vec![Tool::Foreign(search), Tool::Function(marked), Tool::Function(free)];
    let (value, lost) = written(&Request { tools, ..hello() });
    assert_eq!(lost, ["tools.web_search", "cache_control", "tools.custom"]);
    assert_eq!(value["tools"][1]["function"]["parameters"]["required"], json!(["input"]));
}
