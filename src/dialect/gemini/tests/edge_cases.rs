//! Requests and replies, read: what Google's servers and clients write, and what they get away with.

use super::requests::turn;
use super::*;
use crate::canonical::{
    Dialect, Format, MediaKind, Raw, Reasoning, Role, Signature, Source, Text, Tool, ToolCall, ToolChoice, Usage,
};

#[test]
fn case_003_unknown_members_are_kept_for_google_and_named_for_nobody_else() {
    let body = r#"{"contents":[{"parts":[{"text":"hi"}]}],"safetySettings":[{"category":"X"}],"new_member":{"a":1},
        "generationConfig":{"speech_config":{"voice":1},"responseModalities":["AUDIO"]},"toolConfig":{"retrievalConfig":{}}}"#;
    let request = read_request(body);
    let kinds: Vec<_> = request.others.iter().map(|other| other.kind.as_str()).collect();
    let expected = [
        "safetySettings",
        "newMember",
        "generationConfig.speechConfig",
        "generationConfig.responseModalities",
        "toolConfig.retrievalConfig",
    ];
    assert_eq!(kinds, expected);
    let (written, lost) = write_request(body, target("gemini-2.5-flash"));
    assert_eq!(
        written,
        serde_json::json!({
            "contents": [{"role": "user", "parts": [{"text": "hi"}]}],
            "safetySettings": [{"category": "X"}],
            "newMember": {"a": 1},
            "generationConfig": {"speechConfig": {"voice": 1}, "responseModalities": ["AUDIO"]},
            "toolConfig": {"retrievalConfig": {}}
        })
    );
    assert!(lost.is_empty());
}

#[test]
fn case_004_and_005_numbers_and_the_order_of_keys_stay() {
    let args = r#"{"z":12345678901234567890123,"a":0.10,"m":1e400}"#;
    let schema = r#"{"type":"object","properties":{"z":{"maximum":0.70},"a":{}}}"#;
    let body = format!(
        r#"{{"contents":[{{"role":"user","parts":[{{"text":"x"}}]}},{{"role":"model","parts":[{{"functionCall":{{"name":"f","args":{args}}}}}]}}],
        "tools":[{{"functionDeclarations":[{{"name":"f","parametersJsonSchema":{schema}}}]}}],"generationConfig":{{"temperature":0.7}}}}"#
    );
    let request = read_request(&body);
    let Part::ToolCall(call) = &request.turns[1].parts[0] else { panic!() };
    assert_eq!(call.arguments.as_str(), args);
    assert_eq!(request.functions().next().unwrap().parameters.as_ref().unwrap().as_str(), schema);
    let written = Gemini.write_request(&request, &target("gemini-2.5-pro"), &mut Lost::nothing()).unwrap();
    let written = String::from_utf8(written).unwrap();
    assert!(
        written.contains(args) && written.contains(schema) && written.contains("\"temperature\":0.7}"),
        "{written}"
    );
}

#[test]
fn case_006_and_007_protobufs_leniency() {
    let plain = r#"{"contents":[{"role":"user","parts":[{"text":"hi"},{"inlineData":{"mimeType":"image/png","data":"-_8="}}]},
        {"role":"model","parts":[{"functionCall":{"name":"f","args":{}},"thoughtSignature":"AA=="}]},
        {"role":"user","parts":[{"functionResponse":{"name":"f","response":{"output":"x"}}}]}],
        "systemInstruction":{"parts":[{"text":"be kind"}]},
        "tools":[{"functionDeclarations":[{"name":"f","parametersJsonSchema":{"type":"object"}}]},{"googleSearch":{}}],
        "toolConfig":{"functionCallingConfig":{"mode":"ANY","allowedFunctionNames":["f"]}},
        "generationConfig":{"maxOutputTokens":5,"stopSequences":["x"],"responseMimeType":"application/json","topK":4,
        "responseSchema":{"type":"object"},"thinkingConfig":{"thinkingBudget":7,"includeThoughts":true}}}"#;
    let odd = r#"{"contents":[{"parts":[{"text":"hi","thought":null},{"inline_data":{"mime_type":"IMAGE/PNG; x=y","data":"+/8="}}]},
        {"role":"model","parts":{"function_call":{"name":"f","args":{}},"thought_signature":"AA=="}},
        {"role":"function","parts":{"function_response":{"name":"f","response":{"output":"x"}}}}],
        "system_instruction":"be kind","tool_config":{"function_calling_config":{"mode":"any","allowed_function_names":"f"}},
        "tools":[{"function_declarations":{"name":"f","parameters":{"type":"OBJECT"}},"google_search":{}}],"labels":null,
        "generation_config":{"max_output_tokens":"5","stop_sequences":"x","response_mime_type":"application/json","top_k":4.0,
        "response_schema":{"type":6},"thinking_config":{"thinking_budget":"7","include_thoughts":true},"seed":null}}"#;
    let expected = read_request(plain);
    assert_eq!(read_request(odd), expected);
    assert_eq!(expected.turns[0], turn(Role::System, vec![Part::text("be kind")]));
    let Part::Media(media) = &expected.turns[1].parts[1] else { panic!() };
    assert_eq!(
        (&media.source, media.kind, &*media.mime),
        (&Source::Base64("+/8=".into()), MediaKind::Image, "image/png")
    );
    let Part::ToolCall(call) = &expected.turns[2].parts[0] else { panic!() };
    assert_eq!(call.signature, Some(Signature::new(Dialect::Gemini, "AA==")));
    let Part::ToolResult(result) = &expected.turns[3].parts[0] else { panic!() };
    assert_eq!((&result.id, &*result.text(), result.is_error), (&call.id, "x", false));
    assert!(matches!(&expected.tools[1], Tool::Foreign(foreign) if foreign.kind == "googleSearch"));
    assert_eq!(expected.tool_choice, Some(ToolChoice::Named("f".into())));
    assert!(
        matches!(&expected.format, Some(Format::JsonSchema { schema, .. }) if schema.as_str() == r#"{"type":"object"}"#)
    );
    assert_eq!((expected.reasoning.budget, expected.reasoning.summary.as_deref()), (Some(7), Some("auto")));
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    let message = |body: &str| {
        let fault = Gemini.read_request(body.as_bytes(), &Asked::default()).unwrap_err();
        assert_eq!(fault.kind, FaultKind::BadRequest);
        fault.message.into_owned()
    };
    let check = |body: &str, place: &str| {
        let message = message(body);
        assert!(message.starts_with(&format!("`{place}`: ")), "{message}");
    };
    check(r#"{"contents":[{"role":"user","parts":[{"text":7}]}]}"#, "contents[0].parts[0].text");
    check(r#"{"contents":[{"role":"system","parts":[]}]}"#, "contents[0].role");
    check(r#"{"contents":7}"#, "contents");
    check(r#"{"generationConfig":{"temperature":"hot"}}"#, "generationConfig.temperature");
    check(r#"{"generationConfig":{"stopSequences":[1]}}"#, "generationConfig.stopSequences[0]");
    check(r#"{"tools":[{},{"functionDeclarations":[{"name":1}]}]}"#, "tools[1].functionDeclarations[0].name");
    assert!(message("{").starts_with("invalid JSON: "));
}

#[test]
fn case_010_and_101_ids_are_made_up_and_pair_calls_with_results() {
    let body = r#"{"contents":[
        {"role":"model","parts":[{"functionCall":{"name":"f"}},{"functionCall":{"name":"g"}},{"functionCall":{"name":"f"}}]},
        {"role":"user","parts":[{"functionResponse":{"name":"g","response":{"a":1}}},{"functionResponse":{"name":"f","response":{"error":"no"}}},
            {"functionResponse":{"name":"f","response":null}},{"functionResponse":{"name":"h","response":{}}}]},
        {"role":"model","parts":[{"functionCall":{"name":"f","id":"own"}}]},
        {"role":"user","parts":[{"functionResponse":{"name":"f","id":"own"}}]}]}"#;
    let request = read_request(body);
    assert_eq!(request, read_request(body), "the same request has the same ids");
    let calls = request.turns.iter().flat_map(|turn| &turn.parts).filter_map(|part| match part {
        Part::ToolCall(call) => Some(call),
        _ => None,
    });
    let calls: Vec<_> = calls.collect();
    let results: Vec<_> = request
        .turns
        .iter()
        .flat_map(|turn| &turn.parts)
        .filter_map(|part| match part {
            Part::ToolResult(result) => Some(result),
            _ => None,
        })
        .collect();
    let ids: std::collections::BTreeSet<_> = calls.iter().map(|call| &call.id).collect();
    assert_eq!(ids.len(), 4);
    assert_eq!(results[0].id, calls[1].id);
    assert_eq!(results[1].id, calls[0].id);
    assert_eq!(results[2].id, calls[2].id);
    assert!(!results[3].id.is_empty() && !ids.contains(&results[3].id));
    assert_eq!((&*calls[3].id, &*results[4].id), ("own", "own"));
    assert_eq!((results[1].is_error, &*results[1].text()), (true, "no"));
    assert_eq!(results[0].json.as_ref().unwrap().as_str(), r#"{"a":1}"#);
}

#[test]
fn thinking_is_read_in_each_form() {
    let read = |config: &str| {
        let body = format!(r#"{{"contents":[],"generationConfig":{{"thinkingConfig":{config}}}}}"#);
        let thinking = read_request(&body).reasoning.clone();
        (thinking.effort.map(|word| word.to_string()), thinking.budget, thinking.adaptive, thinking.off)
    };
    assert_eq!(read(r#"{"thinkingLevel":"HIGH"}"#), (Some("high".to_owned()), None, false, false));
    assert_eq!(read(r#"{"thinkingBudget":-1}"#), (None, None, true, false));
    assert_eq!(read(r#"{"thinkingBudget":0}"#), (None, None, false, true));
    assert_eq!(read(r#"{"thinkingBudget":9,"thinkingLevel":null}"#), (None, Some(9), false, false));
}

#[test]
fn the_path_says_the_model_and_the_stream() {
    let asked = Asked { model: Some("models/x"), stream: true, json_array: true };
    let request = Gemini.read_request(br#"{"model":"y","contents":[]}"#, &asked).unwrap();
    assert_eq!((&*request.model, request.stream), ("x", true));
}

fn reply(body: &'static str) -> Reply<'static> {
    Gemini.read_reply(body.as_bytes()).unwrap()
}

#[test]
fn case_097_a_blocked_prompt_is_a_filtered_answer() {
    let blocked = reply(
        r#"{"promptFeedback":{"blockReason":"PROHIBITED_CONTENT"},"usageMetadata":{"promptTokenCount":3,"totalTokenCount":3}}"#,
    );
    let choice = &blocked.choices[0];
    assert_eq!((choice.stop.reason, choice.stop.native.as_deref()), (StopReason::Filtered, Some("PROHIBITED_CONTENT")));
    assert_eq!((blocked.usage.input, blocked.usage.output), (Some(3), Some(0)));
    let silent = reply(r#"{"candidates":[{"finishReason":"SAFETY","index":0}]}"#);
    assert_eq!((silent.choices[0].stop.reason, silent.choices[0].parts.len()), (StopReason::Filtered, 0));
    let cut = reply(r#"{"candidates":[{"content":{"role":"model"},"finishReason":"MAX_TOKENS"}]}"#);
    assert_eq!(cut.choices[0].stop.reason, StopReason::Length);
    for empty in
        ["{}", r#"{"candidates":[]}"#, r#"{"candidates":[{"content":{"parts":[{"text":""}]},"finishReason":"STOP"}]}"#]
    {
        assert_eq!(Gemini.read_reply(empty.as_bytes()).unwrap_err().kind, FaultKind::Empty, "{empty}");
    }
}

#[test]
fn case_099_and_101_an_answer_that_calls_waits_for_results() {
    let body = r#"{"candidates":[{"content":{"parts":[{"text":"t","thought":true},{"functionCall":{"name":"f","args":{"a": 1}},"thoughtSignature":"AA=="},
        {"functionCall":{"name":"f"}}],"role":"model"},"finishReason":"STOP","index":0},
        {"content":{"parts":[{"functionCall":{"name":"f","id":"x"}},{"functionCall":{"name":"f","id":"x"}}]},"finishReason":"STOP","index":1}],"responseId":"r1"}"#;
    let reply = reply(body);
    assert!(reply.choices.iter().all(|choice| choice.stop.reason == StopReason::ToolCalls));
    let calls: Vec<&ToolCall<'_>> = reply
        .choices
        .iter()
        .flat_map(|choice| &choice.parts)
        .filter_map(|part| match part {
            Part::ToolCall(call) => Some(call),
            _ => None,
        })
        .collect();
    let ids: std::collections::BTreeSet<_> = calls.iter().map(|call| call.id.as_str()).collect();
    assert_eq!(ids.len(), 4, "{ids:?}");
    assert_eq!(calls.iter().map(|call| call.arguments.as_str()).collect::<Vec<_>>(), [r#"{"a": 1}"#, "{}", "{}", "{}"]);
    assert_eq!(calls[0].signature, Some(Signature::new(Dialect::Gemini, "AA==")));
    assert!(matches!(&reply.choices[0].parts[0], Part::Reasoning(thought) if thought.text == "t"));
}

#[test]
fn case_100_parts_of_all_kinds_and_sources() {
    let reply = reply(
        r#"{"candidates":[{"content":{"parts":[{"executableCode":{"language":"PYTHON","code":"1"},"thoughtSignature":"AA=="},
        {"text":"abc"},{"inlineData":{"mimeType":"audio/L16;rate=24000","data":"AA=="}}]},"finishReason":"STOP",
        "groundingMetadata":{"groundingChunks":[{"web":{"uri":"https://x","title":"X"}}],
        "groundingSupports":[{"segment":{"endIndex":3,"text":"abc"},"groundingChunkIndices":[0,7]}]}}]}"#,
    );
    let parts = &reply.choices[0].parts;
    let Part::Foreign(code) = &parts[0] else { panic!() };
    assert_eq!(code.json.as_str(), r#"{"executableCode":{"language":"PYTHON","code":"1"},"thoughtSignature":"AA=="}"#);
    let Part::Text(text) = &parts[1] else { panic!() };
    let [citation] = &text.citations[..] else { panic!("{:?}", text.citations) };
    assert_eq!((citation.url.as_deref(), citation.title.as_deref()), (Some("https://x"), Some("X")));
    assert_eq!((citation.text.as_deref(), citation.range), (Some("abc"), Some((0, 3))));
    assert!(matches!(&parts[2], Part::Media(media) if media.kind == MediaKind::Audio && media.mime == "audio/l16"));
    let written: Value = serde_json::from_slice(&Gemini.write_reply(&reply, &about())).unwrap();
    assert_eq!(written["candidates"][0]["groundingMetadata"]["groundingSupports"][0]["groundingChunkIndices"][1], 7);
}

#[test]
fn case_102_tokens_are_counted_as_everybody_does() {
    let counted = reply(
        r#"{"candidates":[{"content":{"parts":[{"text":"x"}]}}],"usageMetadata":{"promptTokenCount":10,"toolUsePromptTokenCount":"5",
        "cachedContentTokenCount":4,"candidatesTokenCount":3,"thoughtsTokenCount":2,"totalTokenCount":20,"serviceTier":"standard"}}"#,
    );
    let expected = Usage { input: Some(15), output: Some(5), cached: Some(4), reasoning: Some(2), ..Usage::default() };
    assert_eq!((counted.usage, counted.service_tier.as_deref()), (expected, Some("default")));
    let written: Value = serde_json::from_slice(&Gemini.write_reply(&counted, &about())).unwrap();
    assert_eq!(
        written["usageMetadata"],
        serde_json::json!({"promptTokenCount": 15, "candidatesTokenCount": 3, "totalTokenCount": 20,
            "cachedContentTokenCount": 4, "thoughtsTokenCount": 2, "serviceTier": "standard"})
    );
}

#[test]
fn case_105_errors_under_a_200_as_object_or_list() {
    for body in [
        r#"{"error":{"code":429,"message":"slow","status":"RESOURCE_EXHAUSTED"}}"#,
        r#" [{"error":{"code":429,"message":"slow","status":"RESOURCE_EXHAUSTED"}}]"#,
    ] {
        let fault = Gemini.read_reply(body.as_bytes()).unwrap_err();
        assert_eq!((fault.kind, &*fault.message, fault.status), (FaultKind::RateLimited, "slow", Some(429)));
    }
    assert_eq!(Gemini.read_reply(b"<html>").unwrap_err().kind, FaultKind::Malformed);
}

#[test]
fn case_021_logprobs_both_ways() {
    let body = r#"{"candidates":[{"content":{"parts":[{"text":"x"}]},"finishReason":"STOP","logprobsResult":{
        "topCandidates":[{"candidates":[{"token":"x","logProbability":-0.5},{"token":"y","logProbability":-2}]}],
        "chosenCandidates":[{"token":"x","tokenId":5,"logProbability":-0.5}]}}]}"#;
    let reply = reply(body);
    let logprobs = reply.choices[0].logprobs.as_ref().unwrap();
    assert_eq!(
        logprobs.as_str(),
        r#"{"content":[{"token":"x","logprob":-0.5,"bytes":[120],"top_logprobs":[{"token":"x","logprob":-0.5,"bytes":[120]},{"token":"y","logprob":-2,"bytes":[121]}]}],"refusal":null}"#
    );
    assert_eq!(
        Gemini.read_reply(&Gemini.write_reply(&reply, &about())).unwrap().choices[0].logprobs,
        reply.choices[0].logprobs
    );
}

#[test]
fn a_reply_has_googles_shape() {
    let reasoning = Reasoning {
        text: "hm".into(),
        signature: Some(Signature::new(Dialect::Anthropic, "sig")),
        ..Reasoning::default()
    };
    let mut reply = Reply::default();
    reply.choices.push(crate::canonical::Choice {
        parts: vec![
            Part::Reasoning(reasoning),
            Part::Text(Text { text: "a\n\"b".into(), ..Text::default() }),
            Part::Refusal("no".into()),
            Part::ToolCall(super::requests::call("c1", "f", "{\n \"a\": \" \\\" \"\n}")),
        ],
        stop: crate::canonical::Stop { reason: StopReason::ToolCalls, ..Default::default() },
        logprobs: None,
    });
    let written = String::from_utf8(Gemini.write_reply(&reply, &about())).unwrap();
    assert_eq!(
        written,
        concat!(
            r#"{"candidates":[{"content":{"parts":[{"text":"hm","thought":true,"thoughtSignature":"fm91dHJpZGVyLmFudGhyb3BpYy5zaWc="},"#,
            r#"{"text":"a\n\"b"},{"text":"no"},{"functionCall":{"name":"f","args":{"a":" \" "},"id":"c1"}}],"role":"model"},"#,
            r#""finishReason":"STOP","index":0}],"usageMetadata":{},"#,
            r#""modelVersion":"smart","responseId":"0123456789abcdef0123456789abcdef"}"#,
        )
    );
    assert!(Raw::parse(&written).is_some());
}

#[test]
fn case_127_a_thought_that_another_signed_is_put_together_from_its_pieces() {
    use base64::Engine;
    let proof = base64::prelude::BASE64_STANDARD.encode("~outrider.anthropic.EqoB");
    let contents = |proof: &str| {
        format!(
            r#"{{"contents":[{{"role":"model","parts":[{{"text":"a"}},{{"text":"The","thought":true}},
            {{"text":" user","thought":true}},{{"text":"","thought":true,"thoughtSignature":"{proof}"}}]}}]}}"#
        )
    };
    let thought = |text: &'static str, signature| {
        Part::Reasoning(Reasoning { text: text.into(), summary: true, signature, ..Reasoning::default() })
    };
    let foreign = Some(Signature::new(Dialect::Anthropic, "EqoB"));
    let body = contents(&proof);
    assert_eq!(read_request(&body).turns[0].parts, [Part::text("a"), thought("The user", foreign)]);
    // Google's own proofs stand where they stood.
    let body = contents("CuUG");
    let own = Some(Signature::new(Dialect::Gemini, "CuUG"));
    let expected = [Part::text("a"), thought("The", None), thought(" user", None), thought("", own)];
    assert_eq!(read_request(&body).turns[0].parts, expected);
}
