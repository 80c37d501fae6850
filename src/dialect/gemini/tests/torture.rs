//! Whatever comes, nothing panics.

use super::*;

/// The documents that are cut and mangled: recorded ones if there are any, and some of our own in any case.
fn documents() -> Vec<String> {
    let own = [
        r##"{"contents":[{"role":"user","parts":[{"text":"é","thought":true,"thoughtSignature":"fm91dHJpZGVyLmFudGhyb3BpYy5zaWc="},
        {"inlineData":{"mimeType":"image/png","data":"AA=="}},{"functionCall":{"name":"f","args":{"a":[1,{"b":null}]},"id":"1"}}]},
        {"role":"user","parts":[{"functionResponse":{"name":"f","response":{"output":"x"},"parts":[{"inlineData":{"data":"AA=="}}]}}]}],
        "systemInstruction":{"parts":[{"text":"s"}]},"tools":[{"functionDeclarations":[{"name":"f","parameters":{"type":"OBJECT",
        "properties":{"a":{"type":["string","null"],"enum":["x",1],"$ref":"#/a"}},"allOf":[{"oneOf":[{"const":1}]}]}}],"googleSearch":{}}],
        "toolConfig":{"functionCallingConfig":{"mode":"VALIDATED","allowedFunctionNames":["f"]}},"labels":{"a":"b"},
        "generationConfig":{"thinkingConfig":{"thinkingBudget":-1},"responseMimeType":"application/json","responseSchema":{"type":"ARRAY"},
        "stopSequences":["a"],"topK":4.5,"seed":-1,"candidateCount":3}}"##,
        r#"{"candidates":[{"content":{"parts":[{"text":"é"},{"functionCall":{"name":"f","partialArgs":[{"jsonPath":"$.a[0].b","stringValue":"x",
        "willContinue":true}],"willContinue":true},"thoughtSignature":"AA=="},{"executableCode":{"code":"1"}}],"role":"model"},"finishReason":"STOP","index":1,
        "groundingMetadata":{"groundingChunks":[{"web":{"uri":"u"}}],"groundingSupports":[{"segment":{"endIndex":1},"groundingChunkIndices":[0]}]},
        "logprobsResult":{"chosenCandidates":[{"token":"a","logProbability":-1}]}}],"usageMetadata":{"promptTokenCount":1,"totalTokenCount":3},
        "modelVersion":"m","responseId":"r","createTime":"2025-08-19T15:20:47Z","promptFeedback":{"blockReason":"SAFETY"}}"#,
    ];
    let recorded = recorded_or_none();
    let recorded = recorded.requests.into_iter().chain(recorded.replies).chain(recorded.streams.into_iter().flatten());
    own.into_iter().map(str::to_owned).chain(recorded.filter(|text| text.len() < 4000).step_by(11)).collect()
}

/// Reads it as everything, and writes again whatever comes of it.
fn survive(text: &[u8]) {
    let targets = [
        ("gemini-1.5-pro", Flavour::Compatible),
        ("gemini-2.5-flash", Flavour::Vertex),
        ("gemini-3-pro", Flavour::Vendor),
    ];
    for (model, flavour) in targets {
        if let Ok(request) = Gemini.read_request(text, &Asked::default())
            && let Ok(written) = Gemini.write_request(&request, &Target { model, flavour }, &mut Lost::nothing())
        {
            assert!(serde_json::from_slice::<Value>(&written).is_ok(), "{}", String::from_utf8_lossy(&written));
        }
    }
    if let Ok(reply) = Gemini.read_reply(text) {
        let written = Gemini.write_reply(&reply, &about());
        assert!(serde_json::from_slice::<Value>(&written).is_ok(), "{}", String::from_utf8_lossy(&written));
    }
    let mut reader = Gemini.read_stream();
    let mut writer = Gemini.write_stream(&About { json_array: true, ..about() });
    let mut out = Vec::new();
    let mut grammar = Grammar::default();
    let mut each = |event: Event<'_>| {
        grammar.check(&event);
        writer.event(&event, &mut out);
    };
    let good = reader.frame("", text, &mut each).and_then(|()| reader.frame("", text, &mut each));
    if good.and_then(|()| reader.end(&mut each)).is_ok() && !out.is_empty() {
        assert!(serde_json::from_slice::<Value>(&out).is_ok(), "{}", String::from_utf8_lossy(&out));
    }
}

/// What readers promise of events.
#[derive(Default)]
pub(super) struct Grammar {
    started: bool,
    open: Vec<(u32, u32)>,
    next: std::collections::HashMap<u32, u32>,
    stopped: Vec<u32>,
    over: bool,
}

impl Grammar {
    pub(super) fn check(&mut self, event: &Event<'_>) {
        assert!(!self.over, "after the end: {event:?}");
        match event {
            Event::Start { .. } => assert!(!std::mem::replace(&mut self.started, true)),
            Event::PartStart { choice, part, .. } => {
                let next = self.next.entry(*choice).or_default();
                assert_eq!(next, part);
                *next += 1;
                self.open.push((*choice, *part));
                assert!(self.started && !self.stopped.contains(choice));
            }
            Event::Delta { choice, part, .. } => assert!(self.open.contains(&(*choice, *part)), "{event:?}"),
            Event::PartEnd { choice, part } => {
                let index = self.open.iter().position(|open| *open == (*choice, *part)).unwrap();
                self.open.remove(index);
            }
            Event::Stop { choice, .. } => {
                assert!(!self.open.iter().any(|(of, _)| of == choice) && !self.stopped.contains(choice));
                self.stopped.push(*choice);
            }
            Event::End => {
                assert!(self.open.is_empty() && self.started && !self.stopped.is_empty());
                self.over = true;
            }
            Event::Error(_) => self.over = true,
            Event::Logprobs { .. } | Event::Usage(_) | Event::Ping => {}
        }
    }
}

#[test]
fn cut_documents_do_no_harm() {
    for text in documents().iter().take(4) {
        for end in 0..text.len() {
            survive(&text.as_bytes()[..end]);
        }
    }
}

#[test]
fn mangled_documents_do_no_harm() {
    let mut random = fastrand::Rng::with_seed(127);
    let documents = documents();
    for _ in 0..1500 {
        let mut tree: Value = serde_json::from_str(&documents[random.usize(..documents.len())]).unwrap();
        for _ in 0..random.usize(1..4) {
            mangle(&mut tree, &mut random);
        }
        survive(tree.to_string().as_bytes());
    }
}

/// Puts something else in some place of the tree.
fn mangle(tree: &mut Value, random: &mut fastrand::Rng) {
    let deeper = match tree {
        Value::Object(members) if !members.is_empty() && random.u8(..8) > 0 => {
            let index = random.usize(..members.len());
            members.values_mut().nth(index)
        }
        Value::Array(list) if !list.is_empty() && random.u8(..8) > 0 => {
            let index = random.usize(..list.len());
            list.get_mut(index)
        }
        _ => None,
    };
    match deeper {
        Some(deeper) => mangle(deeper, random),
        None => {
            let others = [
                "null",
                "true",
                "-1",
                "1e300",
                "18446744073709551615",
                "\"\"",
                "\"$.a\"",
                "[]",
                "{}",
                "[[null]]",
                "\"STOP\"",
                "{\"type\":[\"null\"]}",
                "{\"text\":\"\\ud83d\\ude00\"}",
                "[{\"text\":\"x\"}]",
            ];
            *tree = serde_json::from_str(others[random.usize(..others.len())]).unwrap();
        }
    }
}

#[test]
fn noise_does_no_harm() {
    let mut random = fastrand::Rng::with_seed(7);
    for _ in 0..2000 {
        let length = random.usize(..60);
        let noise: Vec<u8> = (0..length).map(|_| b"{}[]\",:0e-n\\ \n\xC3"[random.usize(..15)]).collect();
        survive(&noise);
    }
}
