//! Readers and writers of every dialect, on recorded traffic and on damaged documents.

use std::fs::File;
use std::io::{BufRead, BufReader};

use flate2::read::MultiGzDecoder;
use serde_json::{Value, json};

use super::*;
use crate::canonical::Dialect;
use crate::dialect::codec::{self, Flavour};

const ABOUT: About<'_> = About {
    id: "0123456789abcdef0123456789abcdef",
    created: 1,
    model: "asked",
    usage_in_stream: false,
    json_array: false,
    request: b"{}",
};

/// Those that clients speak, each with a request in which it wants plain numbers of many texts.
const CLIENTS: [(Dialect, &str); 4] = [
    (Dialect::OpenAiChat, r#"{"input":["x"]}"#),
    (Dialect::Gemini, r#"{"requests":[]}"#),
    (Dialect::Cohere, r#"{"texts":["x"]}"#),
    (Dialect::Ollama, r#"{"input":["x"]}"#),
];

fn embed(dialect: Dialect) -> &'static dyn Embed {
    codec::of(dialect).embeddings().unwrap()
}

fn rerank(dialect: Dialect) -> &'static dyn Rerank {
    codec::of(dialect).reranking().unwrap()
}

/// The good exchanges of a recorded file; none where there are no recordings.
fn recorded(file: &str) -> Vec<Value> {
    let Some(folder) = std::env::var_os("OUTRIDER_CAPTURES") else {
        eprintln!("{file}: skipped: OUTRIDER_CAPTURES is not set");
        return Vec::new();
    };
    let path = std::path::Path::new(&folder).join(file);
    let lines = BufReader::new(MultiGzDecoder::new(File::open(path).unwrap())).lines();
    let all: Vec<Value> = lines.map(|line| serde_json::from_str(&line.unwrap()).unwrap()).collect();
    let good: Vec<Value> = all.into_iter().filter(|exchange| exchange["status"] == 200).collect();
    assert!(!good.is_empty());
    good
}

/// Where the lists of numbers stand in a recorded reply, read without our help.
fn vectors_in(reply: &Value) -> Vec<Value> {
    let several = [&reply["data"], &reply["embeddings"]["float"], &reply["embeddings"]];
    let list = several.into_iter().find_map(Value::as_array).cloned().unwrap_or_else(|| vec![reply.clone()]);
    let one = |item: &Value| {
        let inner = [&item["embedding"], &item["values"]].into_iter().find(|inner| !inner.is_null());
        inner.unwrap_or(item).clone()
    };
    list.iter().map(one).collect()
}

#[test]
fn case_156_recorded_embeddings_reach_every_dialect() {
    for (dialect, file) in [
        (Dialect::OpenAiChat, "openai.embeddings.jsonl.gz"),
        (Dialect::Gemini, "gemini.embed.jsonl.gz"),
        (Dialect::Cohere, "cohere.embed.jsonl.gz"),
        (Dialect::Ollama, "ollama.embed.jsonl.gz"),
    ] {
        for exchange in recorded(file) {
            let id = &exchange["id"];
            let asked = exchange["req"].to_string();
            let request = embed(dialect).read_request(asked.as_bytes()).unwrap_or_else(|fault| panic!("{id}: {fault}"));
            let answered = exchange["resp_text"].as_str().unwrap();
            let expected = vectors_in(&serde_json::from_str(answered).unwrap());
            let reply = embed(dialect).read_reply(answered.as_bytes()).unwrap_or_else(|fault| panic!("{id}: {fault}"));
            assert_eq!((request.inputs.len(), reply.vectors.len()), (expected.len(), expected.len()), "{id}");
            for (to, wanted) in CLIENTS {
                let target = Target { model: "m", flavour: Flavour::Vendor };
                let mut lost = Lost::nothing();
                let written = embed(to).write_request(&request, &target, &mut lost).unwrap();
                let again = embed(to).read_request(&written).unwrap();
                assert_eq!(again.inputs.len(), expected.len(), "{id} to {to:?}");
                assert_eq!((again.dimensions, lost.is_empty() || again.purpose.is_none()), (request.dimensions, true));
                let about = About { request: wanted.as_bytes(), ..ABOUT };
                let written = embed(to).write_reply(&reply, &about).unwrap();
                let got = vectors_in(&serde_json::from_slice(&written).unwrap());
                for (got, expected) in got.iter().zip(&expected) {
                    match expected {
                        Value::String(text) => {
                            let bytes = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, text);
                            let numbers = got.as_array().unwrap().iter().map(|number| number.as_f64().unwrap() as f32);
                            assert_eq!(numbers.flat_map(f32::to_le_bytes).collect::<Vec<_>>(), bytes.unwrap(), "{id}");
                        }
                        numbers => assert_eq!(got, numbers, "{id} to {to:?}"),
                    }
                }
                let read = embed(to).read_reply(&written).unwrap();
                if let Some(tokens) = reply.usage.input {
                    assert_eq!(read.usage.input, Some(tokens), "{id} to {to:?}");
                }
            }
        }
    }
}

#[test]
fn case_156_recorded_rankings_keep_their_places() {
    for exchange in recorded("cohere.rerank.jsonl.gz") {
        let old = exchange["path"].as_str().unwrap().starts_with("/v1");
        let client = rerank(if old { Dialect::OpenAiChat } else { Dialect::Cohere });
        let asked = exchange["req"].to_string();
        let request = client.read_request(asked.as_bytes()).unwrap();
        assert_eq!(request.documents.len(), exchange["req"]["documents"].as_array().unwrap().len());
        assert_eq!(request.top_n, exchange["req"]["top_n"].as_u64());
        let answered: Value = serde_json::from_str(exchange["resp_text"].as_str().unwrap()).unwrap();
        let reply = rerank(Dialect::Cohere).read_reply(exchange["resp_text"].as_str().unwrap().as_bytes()).unwrap();
        assert_eq!(reply.search_units, Some(1));
        for to in [Dialect::OpenAiChat, Dialect::Cohere] {
            let written: Value = serde_json::from_slice(&rerank(to).write_reply(&reply, &ABOUT).unwrap()).unwrap();
            assert_eq!(written["results"], answered["results"]);
            assert_eq!(written["meta"]["billed_units"]["search_units"], 1);
        }
    }
}

#[test]
fn nothing_makes_a_reader_panic() {
    let documents = [
        json!({"input": ["a", [1, 2]], "model": "m", "input_type": "query", "encoding_format": "base64"}),
        json!({"requests": [{"content": {"parts": [{"text": "a"}]}, "taskType": "CLUSTERING", "model": "models/m"}]}),
        json!({"content": {"parts": [{"inlineData": {"mimeType": "image/png", "data": "AAAA"}}]}}),
        json!({"inputs": [{"content": [{"type": "image_url", "image_url": {"url": "data:image/png;base64,AA"}}]}]}),
        json!({"query": "q", "documents": ["a", {"text": "b"}], "top_n": 1, "return_documents": true}),
        json!({"data": [{"index": 0, "embedding": [1.5]}, {"index": 1, "embedding": "AACAPw=="}], "usage": {}}),
        json!({"embeddings": {"float": [[1]]}, "meta": {"billed_units": {"input_tokens": 1.0}}}),
        json!({"embeddings": [{"values": [1]}], "usageMetadata": {"promptTokenCount": "7"}}),
        json!({"embedding": [1], "inputTextTokenCount": 1}),
        json!({"results": [{"index": 7, "relevance_score": 0.5}], "usage": {"total_tokens": 1}}),
    ];
    let mut random = fastrand::Rng::with_seed(156);
    let target = Target { model: "cohere.embed-v4:0", flavour: Flavour::Compatible };
    for document in &documents {
        let text = document.to_string().into_bytes();
        for _ in 0..400 {
            let mut bytes = text.clone();
            for _ in 0..random.usize(0..4) {
                let at = random.usize(..bytes.len());
                bytes[at] = *random.choice(br#"{}[]",:0-atn\"#).unwrap();
            }
            bytes.truncate(if random.bool() { bytes.len() } else { random.usize(..bytes.len()) });
            let about = About { request: &bytes, ..ABOUT };
            for from in Dialect::ALL {
                for to in Dialect::ALL {
                    let codecs = (codec::of(from), codec::of(to));
                    if let (Some(from), Some(to)) = (codecs.0.embeddings(), codecs.1.embeddings()) {
                        let _ = from
                            .read_request(&bytes)
                            .map(|read| to.write_request(&read, &target, &mut Lost::nothing()));
                        let _ = from.read_reply(&bytes).map(|read| to.write_reply(&read, &about));
                        let _ = from.with_model(&bytes, "m");
                    }
                    if let (Some(from), Some(to)) = (codecs.0.reranking(), codecs.1.reranking()) {
                        let _ = from
                            .read_request(&bytes)
                            .map(|read| to.write_request(&read, &target, &mut Lost::nothing()));
                        let _ = from.read_reply(&bytes).map(|read| to.write_reply(&read, &about));
                    }
                }
            }
        }
    }
}

#[test]
fn settings_reach_those_who_know_them() {
    let check = |from: Dialect,
                 asked: Value,
                 (to, flavour): (Dialect, Flavour),
                 model: &str,
                 expected: Value,
                 lost: &[&str]| {
        let asked = asked.to_string();
        let request = embed(from).read_request(asked.as_bytes()).unwrap();
        let mut dropped = Lost::nothing();
        let written = embed(to).write_request(&request, &Target { model, flavour }, &mut dropped).unwrap();
        assert_eq!(serde_json::from_slice::<Value>(&written).unwrap(), expected, "{asked} to {to:?}");
        assert_eq!(dropped.iter().collect::<Vec<_>>(), lost, "{asked} to {to:?}");
    };
    use Dialect::*;
    let full = json!({"model": "x", "input": "a", "dimensions": 8, "user": "u", "input_type": "query",
        "truncation": false, "odd": 1});
    check(
        OpenAiChat,
        full.clone(),
        (Cohere, Flavour::Vendor),
        "m",
        json!({"model": "m", "texts": ["a"],
        "input_type": "search_query", "embedding_types": ["float"], "output_dimension": 8, "truncate": "NONE"}),
        &["odd", "user"],
    );
    check(
        OpenAiChat,
        full.clone(),
        (Ollama, Flavour::Vendor),
        "m",
        json!({"model": "m", "input": ["a"], "truncate": false, "dimensions": 8}),
        &["odd", "input_type", "user"],
    );
    check(
        OpenAiChat,
        full.clone(),
        (Bedrock, Flavour::Vendor),
        "amazon.titan-embed-text-v1",
        json!({"inputText": "a"}),
        &["odd", "user", "input_type", "dimensions"],
    );
    check(
        OpenAiChat,
        full.clone(),
        (Bedrock, Flavour::Vendor),
        "eu.cohere.embed-multilingual-v3",
        json!({"texts": ["a"], "input_type": "search_query", "embedding_types": ["float"], "truncate": "NONE"}),
        &["odd", "user", "dimensions"],
    );
    check(
        OpenAiChat,
        full,
        (OpenAiChat, Flavour::Mistral),
        "m",
        json!({"model": "m", "input": ["a"], "encoding_format": "float", "output_dimension": 8}),
        &["odd", "input_type", "user"],
    );
    let pieces = json!({"content": {"parts": [{"text": "a"},
            {"inline_data": {"mime_type": "image/png", "data": "AAAA"}}]},
        "task_type": "QUESTION_ANSWERING", "output_dimensionality": 4, "title": "t"});
    check(
        Gemini,
        pieces.clone(),
        (Cohere, Flavour::Vendor),
        "m",
        json!({"model": "m", "input_type": "search_query",
        "inputs": [{"content": [{"type": "text", "text": "a"},
            {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}]}],
        "embedding_types": ["float"], "output_dimension": 4}),
        &["title"],
    );
    check(
        Gemini,
        pieces,
        (Bedrock, Flavour::Vendor),
        "amazon.titan-embed-image-v1",
        json!({"inputText": "a", "inputImage": "AAAA", "embeddingConfig": {"outputEmbeddingLength": 4}}),
        &["title", "input_type"],
    );
    let image = json!({"model": "x", "images": ["data:image/jpeg;base64,AAAA"], "input_type": "image"});
    check(
        Cohere,
        image,
        (Gemini, Flavour::Vendor),
        "m",
        json!({"requests": [{"model": "models/m",
        "content": {"parts": [{"inlineData": {"mimeType": "image/jpeg", "data": "AAAA"}}]}}]}),
        &[],
    );
}

#[test]
fn clients_are_told_what_is_wrong() {
    for (dialect, asked, said) in [
        (Dialect::OpenAiChat, json!({}), "`input`: missing"),
        (Dialect::OpenAiChat, json!({"input": ["a", {}]}), "`input[1]`: expected a text"),
        (Dialect::OpenAiChat, json!({"input": [1, "a"]}), "`input`: expected a text"),
        (Dialect::Gemini, json!({"requests": []}), "`requests`: expected at least one"),
        (Dialect::Gemini, json!({"requests": [{"content": {"parts": [{}]}}]}), "`requests[0].content`"),
        (
            Dialect::Gemini,
            json!({"content": {"parts": [{"text": "a"}]}, "taskType": "X"}),
            "`taskType`: `X` is unknown",
        ),
        (Dialect::Cohere, json!({"texts": []}), "expected at least one of"),
        (Dialect::Cohere, json!({"texts": ["a"], "input_type": "x"}), "`input_type`: `x` is unknown"),
        (Dialect::Ollama, json!({"model": "m"}), "`input`: expected at least one"),
    ] {
        let asked = asked.to_string();
        let fault = embed(dialect).read_request(asked.as_bytes()).unwrap_err();
        assert_eq!(fault.kind, FaultKind::BadRequest, "{asked}");
        assert!(fault.message.starts_with(said), "{asked}: {fault}");
    }
}

#[test]
fn documents_are_texts() {
    let read = |json: &'static str| document(&Raw::parse(json).unwrap(), 3).map(|text| text.to_string());
    assert_eq!(read(r#""a\nb""#).unwrap(), "a\nb");
    assert_eq!(read(r#"{"title":"t","text":"x"}"#).unwrap(), "x");
    assert_eq!(read(r#"{"title":"t","year":1.50}"#).unwrap(), "title: t\nyear: 1.50");
    for bad in ["7", "{}", r#"{"text":7}"#, r#"{"image":"https://x"}"#] {
        let fault = read(bad).unwrap_err();
        assert_eq!(fault.kind, FaultKind::BadRequest);
        assert!(fault.message.starts_with("`documents[3]`"), "{bad}: {fault}");
    }
}

#[test]
fn what_has_no_answer_says_why() {
    let kind = |body: &str| missing(body.as_bytes(), "vectors").kind;
    assert_eq!(kind("{}"), FaultKind::Empty);
    assert_eq!(kind(r#"{"error":null}"#), FaultKind::Empty);
    assert_eq!(kind(r#"{"error":{"code":429,"message":"slow"}}"#), FaultKind::RateLimited);
    assert_eq!(kind("[]"), FaultKind::Malformed);
}
