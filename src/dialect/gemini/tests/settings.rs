//! Tools and settings written for Google: golden cases.

use serde_json::json;

use super::requests::hi;
use super::*;
use crate::canonical::{Dialect, Foreign, Format, Function, Raw, Request, Str, Thinking, Tool, ToolChoice};

#[test]
fn case_014_and_090_schemas_go_whole_to_those_who_take_them() {
    let schema =
        r##"{"type":"object","properties":{"z":{"const":1e400},"a":{"$ref":"#/x"}},"additionalProperties":false}"##;
    let function = |parameters: Option<&'static str>| {
        let parameters = parameters.map(|text| Raw::parse(text).unwrap());
        Tool::Function(Function { name: "f".into(), parameters, ..Function::default() })
    };
    let write = |parameters, model| {
        let request = Request { turns: hi(), tools: vec![function(parameters)], ..Request::default() };
        let written = Gemini.write_request(&request, &target(model), &mut Lost::nothing()).unwrap();
        String::from_utf8(written).unwrap()
    };
    assert!(write(Some(schema), "gemini-2.0-flash").contains(&format!(r#""parametersJsonSchema":{schema}"#)));
    let old = write(Some(r#"{"type":"object","properties":{"a":{"type":["string","null"]}}}"#), "gemini-1.5-pro");
    assert!(
        old.contains(r#""parameters":{"type":"OBJECT","properties":{"a":{"nullable":true,"type":"STRING"}}}"#),
        "{old}"
    );
    for nothing in [None, Some("{}"), Some("null")] {
        assert!(write(nothing, "gemini-2.0-flash").ends_with(r#""tools":[{"functionDeclarations":[{"name":"f"}]}]}"#));
    }
    assert!(!write(Some(r#"{"type":"object","properties":{}}"#), "gemini-1.5-pro").contains("parameters"));
}

#[test]
fn case_015_and_091_choices_of_tools() {
    let config = |choice, tools: &[&'static str]| {
        let tool = |name: &&'static str| Tool::Function(Function { name: (*name).into(), ..Function::default() });
        let tools = tools.iter().map(tool).collect();
        let request = Request { turns: hi(), tools, tool_choice: Some(choice), ..Request::default() };
        let (mut written, lost) = write_canonical(&request, target("gemini-2.5-flash"));
        (written["toolConfig"]["functionCallingConfig"].take(), lost)
    };
    let among = |names: &[&'static str], required| ToolChoice::Among {
        names: names.iter().map(|name| Str::new(name)).collect(),
        required,
    };
    let all = ["f", "g"];
    assert_eq!(config(ToolChoice::Auto, &all).0, json!({"mode": "AUTO"}));
    assert_eq!(config(ToolChoice::None, &all).0, json!({"mode": "NONE"}));
    assert_eq!(config(ToolChoice::Required, &all).0, json!({"mode": "ANY"}));
    let named = config(ToolChoice::Named("g".into()), &all).0;
    assert_eq!(named, json!({"mode": "ANY", "allowedFunctionNames": ["g"]}));
    assert_eq!(config(among(&all, true), &all).0, json!({"mode": "ANY", "allowedFunctionNames": ["f", "g"]}));
    assert_eq!(config(among(&["f"], false), &all).0, json!({"mode": "VALIDATED", "allowedFunctionNames": ["f"]}));
    assert_eq!(config(ToolChoice::Named("x".into()), &all), (Value::Null, vec!["tool_choice".to_owned()]));
    assert_eq!(config(ToolChoice::Required, &[]), (Value::Null, vec!["tool_choice".to_owned()]));
    assert_eq!(config(ToolChoice::Auto, &[]), (Value::Null, vec![]));
}

#[test]
fn case_027_and_092_each_generation_is_told_to_think_in_its_own_way() {
    let config = |reasoning: Thinking<'static>, model| {
        let request = Request { turns: hi(), reasoning, ..Request::default() };
        let (mut written, lost) = write_canonical(&request, target(model));
        (written["generationConfig"]["thinkingConfig"].take(), lost)
    };
    let effort = |word: &'static str| Thinking { effort: Some(word.into()), ..Thinking::default() };
    let budget = |tokens| Thinking { budget: Some(tokens), ..Thinking::default() };
    let off = || Thinking { off: true, ..Thinking::default() };
    let adaptive = || Thinking { adaptive: true, ..Thinking::default() };
    let tokens = |tokens: i64| json!({"thinkingBudget": tokens, "includeThoughts": true});
    let level = |word: &str| json!({"thinkingLevel": word, "includeThoughts": true});
    for (thinking, model, expected) in [
        (effort("low"), "gemini-2.5-pro", tokens(2048)),
        (effort("max"), "gemini-2.5-pro", tokens(32_768)),
        (effort("max"), "gemini-2.5-flash", tokens(24_576)),
        (budget(1), "gemini-2.5-pro", tokens(128)),
        (budget(100), "gemini-2.5-flash-lite", tokens(512)),
        (adaptive(), "gemini-2.5-flash", tokens(-1)),
        (off(), "gemini-2.5-flash", json!({"thinkingBudget": 0})),
        (effort("medium"), "gemini-3-pro-preview", level("LOW")),
        (effort("minimal"), "gemini-3-pro-preview", level("LOW")),
        (effort("medium"), "gemini-3-flash-preview", level("MEDIUM")),
        (budget(30_000), "gemini-3.5-flash", level("HIGH")),
        (adaptive(), "gemini-3-pro-preview", json!({"includeThoughts": true})),
        (Thinking::default(), "gemini-2.5-pro", Value::Null),
        (
            Thinking { summary: Some("none".into()), ..effort("low") },
            "gemini-2.5-pro",
            json!({"thinkingBudget": 2048, "includeThoughts": false}),
        ),
        (
            Thinking { summary: Some("auto".into()), ..Thinking::default() },
            "gemini-2.5-pro",
            json!({"includeThoughts": true}),
        ),
    ] {
        assert_eq!(config(thinking.clone(), model), (expected, vec![]), "{thinking:?} {model}");
    }
    for (thinking, model, expected, lost) in [
        (off(), "gemini-2.5-pro", json!({"thinkingBudget": 128}), "reasoning"),
        (off(), "gemini-3-flash", json!({"thinkingLevel": "MINIMAL"}), "reasoning"),
        (effort("low"), "gemini-2.0-flash", Value::Null, "reasoning"),
    ] {
        assert_eq!(config(thinking.clone(), model), (expected, vec![lost.to_owned()]), "{thinking:?} {model}");
    }
}

#[test]
fn case_026_and_093_forms_of_answers() {
    let schema = Raw::parse(r#"{"type":"object","properties":{"a":{"type":"string"}}}"#).unwrap();
    let format = Format::JsonSchema { name: Some("n".into()), description: None, schema, strict: Some(true) };
    let mut request = Request { turns: hi(), format: Some(format), ..Request::default() };
    let (written, lost) = write_canonical(&request, target("gemini-2.0-flash"));
    assert_eq!(
        written["generationConfig"],
        json!({"responseMimeType": "application/json", "responseJsonSchema": {"type": "object", "properties": {"a": {"type": "string"}}}})
    );
    assert!(lost.is_empty());
    let (written, _) = write_canonical(&request, target("gemini-1.5-flash"));
    assert_eq!(written["generationConfig"]["responseSchema"]["type"], "OBJECT");
    // Before the third generation, not beside functions: then it is asked for in words.
    request.tools.push(Tool::Function(Function { name: "f".into(), ..Function::default() }));
    let (written, lost) = write_canonical(&request, target("gemini-2.5-flash"));
    assert!(written.get("generationConfig").is_none());
    assert!(written["systemInstruction"]["parts"][0]["text"].as_str().unwrap().contains(r#""properties":{"a""#));
    assert_eq!(lost, ["response_format"]);
    let (written, lost) = write_canonical(&request, target("gemini-3-flash"));
    assert!(written["generationConfig"]["responseJsonSchema"].is_object() && lost.is_empty());
}

#[test]
fn case_021_and_094_settings_have_their_place_or_are_named_as_lost() {
    let number = |text: &str| serde_json::from_str(text).ok();
    let mut request = Request {
        turns: hi(),
        max_tokens: Some(7),
        stop: ["a", "b", "a", "c", "", "d", "e", "f"].map(Str::new).to_vec(),
        temperature: number("0.7"),
        top_p: number("0.95"),
        top_k: number("40.0"),
        seed: number("5"),
        presence_penalty: number("-1.5"),
        frequency_penalty: number("1"),
        logprobs: Some(true),
        top_logprobs: Some(3),
        n: Some(2),
        ..Request::default()
    };
    let mut lost = Lost::nothing();
    let written = Gemini.write_request(&request, &target("gemini-2.0-flash"), &mut lost).unwrap();
    assert_eq!(
        std::str::from_utf8(&written).unwrap(),
        concat!(
            r#"{"contents":[{"role":"user","parts":[{"text":"hi"}]}],"generationConfig":{"#,
            r#""temperature":0.7,"topP":0.95,"topK":40,"seed":5,"presencePenalty":-1.5,"frequencyPenalty":1,"#,
            r#""maxOutputTokens":7,"candidateCount":2,"stopSequences":["a","b","c","d","e"],"#,
            r#""responseLogprobs":true,"logprobs":3}}"#,
        )
    );
    assert_eq!(lost.iter().collect::<Vec<_>>(), ["stop"]);

    request = Request {
        turns: hi(),
        logit_bias: Raw::parse("{}"),
        user: Some("u".into()),
        verbosity: Some("low".into()),
        cache_key: Some("k".into()),
        parallel_tools: Some(false),
        store: Some(true),
        service_tier: Some("scale".into()),
        seed: number("99999999999"),
        metadata: Raw::parse(r#"{"team":"a-1","Bad Key":"x"}"#),
        others: vec![
            Foreign { dialect: Dialect::OpenAiChat, kind: "prediction".into(), json: Raw::parse("{}").unwrap() },
            Foreign { dialect: Dialect::Gemini, kind: "cachedContent".into(), json: Raw::parse("\"c\"").unwrap() },
        ],
        tools: vec![Tool::Foreign(Foreign {
            dialect: Dialect::OpenAiResponses,
            kind: "web_search".into(),
            json: Raw::parse("{}").unwrap(),
        })],
        ..Request::default()
    };
    let (written, mut lost) = write_canonical(&request, target("gemini-2.0-flash"));
    assert_eq!(
        written,
        json!({"contents": [{"role": "user", "parts": [{"text": "hi"}]}], "store": true, "cachedContent": "c"})
    );
    lost.sort();
    let expected = [
        "logit_bias",
        "metadata",
        "parallel_tool_calls",
        "prediction",
        "prompt_cache_key",
        "seed",
        "service_tier",
        "tools.web_search",
        "user",
        "verbosity",
    ];
    assert_eq!(lost, expected);
    let (written, lost) = write_canonical(&request, Target { model: "gemini-2.0-flash", flavour: Flavour::Vertex });
    assert_eq!((&written["labels"], written.get("store")), (&json!({"team": "a-1"}), None));
    assert!(lost.contains(&"metadata.Bad Key".to_owned()) && lost.contains(&"store".to_owned()));
}
