//! A client of Messages that behaves as Claude Code does.

use serde_json::{Value, json};

use super::{PROOF, others, proves, provider_of, will_say};
use crate::support::client::{Call, Reply};
use crate::support::dialects::voice::Part;
use crate::support::provider::{Answer, Behaviour};
use crate::support::run;
use crate::translated::rules;

const BETAS: &str = "claude-code-20250219,interleaved-thinking-2025-05-14,fine-grained-tool-streaming-2025-05-14";

#[test]
fn goes_through_four_turns_with_every_provider() {
    run(async {
        for speech in others("anthropic") {
            let dialect = speech.dialect;
            let (provider, proxy) = provider_of(speech).await;
            let mut messages = vec![json!({"role": "user", "content": [
                {"type": "text", "text": "<system-reminder>\nThe date is today.\n</system-reminder>"},
                {"type": "text", "text": "Fix the bug in src/main.rs", "cache_control": {"type": "ephemeral"}}]})];

            let read = Part::Call("call_r1", "Read", r#"{"file_path":"/src/main.rs","limit":20}"#);
            let grep = Part::Call("call_g1", "mcp__repo__grep-files", r#"{"pattern":"fn \"main\"\\(", "-n":true}"#);
            let first = [Part::Thought("Look at it first", PROOF), Part::Text("I'll look."), read, grep];
            will_say(&provider, speech, first);
            let said = Said::of(proxy.send(ask(&messages)).await, dialect);
            rules::keeps(dialect, &provider.last());
            assert_eq!(said.kinds(), ["thinking", "text", "tool_use", "tool_use"], "{dialect}: {said:?}");
            assert_eq!((said.stop.as_str(), said.output), ("tool_use", 3), "{dialect}");
            assert_eq!(said.block(0)["thinking"], "Look at it first", "{dialect}");
            assert_eq!(said.block(2)["input"], json!({"file_path": "/src/main.rs", "limit": 20}), "{dialect}");
            assert_eq!(said.block(3)["name"], "mcp__repo__grep-files", "{dialect}");
            assert_eq!(said.block(3)["input"], json!({"pattern": "fn \"main\"\\(", "-n": true}), "{dialect}");

            // Results in the other order, one of a failure, one with a picture.
            let failed = json!({"type": "tool_result", "tool_use_id": said.id(3), "is_error": true,
                "content": "<tool_use_error>rg: not found</tool_use_error>"});
            let seen = json!({"type": "tool_result", "tool_use_id": said.id(2), "content": [
                {"type": "text", "text": "1\u{2192}fn main() {}"},
                {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo="}}]});
            messages.push(json!({"role": "assistant", "content": said.blocks}));
            messages.push(json!({"role": "user", "content": [failed, seen,
                {"type": "text", "text": "<system-reminder>Be brief.</system-reminder>"}]}));
            will_say(
                &provider,
                speech,
                [
                    Part::Thought("It is empty", PROOF),
                    Part::Call(
                        "call_e1",
                        "Edit",
                        r#"{"file_path":"/src/main.rs","old":"","new":"\u00e9\n\t\"x\" \ud83d\ude00","all":false}"#,
                    ),
                ],
            );
            let said = Said::of(proxy.send(ask(&messages)).await, dialect);
            let sent = provider.last();
            rules::keeps(dialect, &sent);
            let body = String::from_utf8_lossy(&sent.body).into_owned();
            assert!(body.contains("rg: not found") && body.contains("fn main() {}"), "{dialect}: {body}");
            assert!(body.contains("iVBORw0KGgo="), "the picture, {dialect}: {body}");
            assert_eq!(body.contains(PROOF), proves(dialect), "the proof of its thoughts, {dialect}: {body}");
            assert_eq!(said.kinds(), ["thinking", "tool_use"], "{dialect}: {said:?}");
            assert_eq!(said.block(1)["input"]["new"], "\u{e9}\n\t\"x\" \u{1f600}", "{dialect}");

            // The user interrupts: the call gets no good result.
            messages.push(json!({"role": "assistant", "content": said.blocks}));
            messages.push(json!({"role": "user", "content": [
                {"type": "tool_result", "tool_use_id": said.id(1), "is_error": true, "content": "The user rejected it."},
                {"type": "text", "text": "[Request interrupted by user for tool use]"},
                {"type": "text", "text": "do nothing but say so"}]}));
            will_say(&provider, speech, [Part::Text("Nothing done")]);
            let said = Said::of(proxy.send(ask(&messages)).await, dialect);
            rules::keeps(dialect, &provider.last());
            assert_eq!((said.kinds(), said.stop.as_str()), (vec!["text"], "end_turn"), "{dialect}");

            // Later the thoughts of earlier turns are still there, and a call was never answered.
            messages.push(json!({"role": "assistant", "content": said.blocks}));
            messages.push(json!({"role": "user", "content": "thanks"}));
            will_say(&provider, speech, [Part::Text("You are welcome")]);
            Said::of(proxy.send(ask(&messages)).await, dialect);
            rules::keeps(dialect, &provider.last());
        }
    });
}

/// A conversation that began with Anthropic's own model goes on elsewhere, and nobody else gets its proofs.
#[test]
fn hands_a_conversation_over_to_every_provider() {
    run(async {
        for speech in others("anthropic") {
            let dialect = speech.dialect;
            let (provider, proxy) = provider_of(speech).await;
            let messages = [
                json!({"role": "user", "content": "look around"}),
                json!({"role": "assistant", "content": [
                    {"type": "thinking", "thinking": "of Claude", "signature": "EqoBCkgIAhgC"},
                    {"type": "redacted_thinking", "data": "EvIBhidden"},
                    {"type": "tool_use", "id": "toolu_01A", "name": "Read", "input": {"file_path": "a"}},
                    {"type": "tool_use", "id": "toolu_01B", "name": "Read", "input": {"file_path": "b"}}]}),
                json!({"role": "user", "content": [
                    {"type": "tool_result", "tool_use_id": "toolu_01A", "content": ""},
                    {"type": "tool_result", "tool_use_id": "toolu_01B"}]}),
                json!({"role": "assistant", "content": [{"type": "text", "text": "One moment."},
                    {"type": "tool_use", "id": "toolu_01C", "name": "TodoWrite", "input": {}}]}),
                // Claude Code's own compaction leaves a call without its result.
                json!({"role": "user", "content": "go on"}),
            ];
            will_say(&provider, speech, [Part::Text("Going on")]);
            let said = Said::of(proxy.send(ask(&messages)).await, dialect);
            let sent = provider.last();
            rules::keeps(dialect, &sent);
            let body = String::from_utf8_lossy(&sent.body).into_owned();
            assert!(!body.contains("EqoBCkgIAhgC") && !body.contains("EvIBhidden"), "{dialect}: {body}");
            assert_eq!(said.block(0)["text"], "Going on", "{dialect}");
        }
    });
}

#[test]
fn gets_its_errors_counts_and_small_answers() {
    run(async {
        for speech in others("anthropic") {
            let dialect = speech.dialect;
            let (provider, proxy) = provider_of(speech).await;
            let body = (speech.error)("prompt is too long: 210000 tokens > 200000 maximum");
            provider.once(Behaviour::answer(Answer::json(400, &body)));
            let messages = [json!({"role": "user", "content": "hi"})];
            let reply = proxy.send(ask(&messages)).await;
            // Compaction starts at these words.
            assert_eq!((reply.status, &reply.json()["type"]), (400, &json!("error")), "{dialect}");
            assert!(reply.text().contains("prompt is too long"), "{dialect}: {}", reply.text());

            let body = (speech.error)("slow down");
            let limited = Answer::json(429, &body).with_header("retry-after-ms", "1");
            provider.once(Behaviour::answer(limited));
            let reply = proxy.send(ask(&messages)).await;
            assert_eq!(reply.json()["error"]["type"], "rate_limit_error", "{dialect}: {}", reply.text());

            let mut count = request(&messages);
            for gone in ["stream", "max_tokens", "temperature", "metadata"] {
                count.as_object_mut().unwrap().remove(gone);
            }
            let counts = [("gemini", json!({"totalTokens": 77})), ("bedrock", json!({"inputTokens": 77}))];
            if let Some((_, count)) = counts.iter().find(|(counting, _)| *counting == dialect) {
                provider.once(Behaviour::answer(Answer::json(200, count)));
            }
            let reply = proxy.send(headed(Call::post("/v1/messages/count_tokens?beta=true", &count))).await;
            assert_eq!(reply.status, 200, "{dialect}: {}", reply.text());
            assert!(reply.json()["input_tokens"].as_u64().is_some_and(|count| count > 0), "{dialect}");

            // The small model's side calls: no stream, no tools, an answer begun for it.
            let side = json!({"model": "agent-model", "max_tokens": 512, "temperature": 0,
                "system": [{"type": "text", "text": "Is it a new topic? Answer as JSON."}],
                "messages": [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "{"}]});
            let answer = super::Said::text("\"isNewTopic\": true}");
            provider.once(Behaviour::answer(Answer::json(200, &answer.whole(dialect))));
            let reply = proxy.send(headed(Call::post("/v1/messages?beta=true", &side))).await;
            assert_eq!(reply.json()["content"][0]["text"], "\"isNewTopic\": true}", "{dialect}: {}", reply.text());
        }
    });
}

fn ask(messages: &[Value]) -> Call {
    headed(Call::post("/v1/messages?beta=true", &request(messages)))
}

fn headed(call: Call) -> Call {
    call.header("anthropic-version", "2023-06-01")
        .header("anthropic-beta", BETAS)
        .header("x-app", "cli")
        .header("user-agent", "claude-cli/2.0.14 (external, cli)")
        .header("authorization", "Bearer the-clients-own-key")
}

fn request(messages: &[Value]) -> Value {
    let cached = json!({"type": "ephemeral"});
    let system = json!([
        {"type": "text", "text": "You are Claude Code, Anthropic's official CLI for Claude.", "cache_control": cached},
        {"type": "text", "text": "Be concise.\n".repeat(9), "cache_control": cached},
    ]);
    json!({"model": "agent-model", "max_tokens": 32000, "temperature": 1, "stream": true, "system": system,
        "messages": messages, "tools": tools(), "metadata": {"user_id": "user_1_account__session_2"},
        "thinking": {"type": "enabled", "budget_tokens": 31999}})
}

/// As zod writes their schemas.
fn tools() -> Value {
    let tool = |name: &str, properties: Value, required: &[&str]| {
        json!({"name": name, "description": format!("{name} something.\n\nUsage:\n- with care"), "input_schema": {
            "type": "object", "properties": properties, "required": required, "additionalProperties": false,
            "$schema": "http://json-schema.org/draft-07/schema#"}})
    };
    let text = json!({"type": "string"});
    let todo = json!({"type": "object", "required": ["content", "status"], "additionalProperties": false, "properties":
        {"content": {"type": "string", "minLength": 1}, "status": {"enum": ["pending", "done"], "type": "string"}}});
    json!([
        tool("Bash", json!({"command": text, "timeout": {"type": "number", "exclusiveMinimum": 0}}), &["command"]),
        tool("Read", json!({"file_path": text, "limit": {"type": "number"}}), &["file_path"]),
        tool(
            "Edit",
            json!({"file_path": text, "old": text, "new": text,
            "all": {"type": "boolean", "default": false}}),
            &["file_path", "old", "new"]
        ),
        tool("TodoWrite", json!({"todos": {"type": "array", "items": todo}}), &["todos"]),
        tool(
            "mcp__repo__grep-files",
            json!({"pattern": text, "-n": {"type": "boolean"},
            "mode": {"anyOf": [{"type": "string", "const": "a"}, {"type": "null"}]}}),
            &["pattern"]
        ),
        tool("ExitPlanMode", json!({}), &[]),
    ])
}

/// A message put together from its stream, as strictly as the client does it.
#[derive(Debug)]
struct Said {
    blocks: Vec<Value>,
    stop: String,
    output: u64,
}

impl Said {
    #[track_caller]
    fn of(reply: Reply, dialect: &str) -> Self {
        assert_eq!(reply.status, 200, "{dialect}: {}", reply.text());
        let mut said = Self { blocks: Vec::new(), stop: String::new(), output: 0 };
        let (mut open, mut pieces, mut ended) = (false, String::new(), false);
        for event in reply.events() {
            let event: Value = serde_json::from_str(&event).expect("an event");
            let last = said.blocks.len().wrapping_sub(1);
            match event["type"].as_str().expect("a type") {
                "message_start" => assert!(event["message"]["id"].is_string() && said.blocks.is_empty()),
                "content_block_start" => {
                    assert!(!open && event["index"] == said.blocks.len(), "{dialect}: {event}");
                    (open, pieces) = (true, String::new());
                    said.blocks.push(event["content_block"].clone());
                }
                "content_block_delta" => {
                    assert!(open && event["index"] == last, "{dialect}: {event}");
                    let (delta, block) = (&event["delta"], &mut said.blocks[last]);
                    let add = |block: &mut Value, member: &str| {
                        let longer = format!("{}{}", block[member].as_str().unwrap(), delta[member].as_str().unwrap());
                        block[member] = json!(longer);
                    };
                    match delta["type"].as_str().expect("a type") {
                        "text_delta" => add(block, "text"),
                        "thinking_delta" => add(block, "thinking"),
                        "signature_delta" => block["signature"] = delta["signature"].clone(),
                        "input_json_delta" => pieces.push_str(delta["partial_json"].as_str().unwrap()),
                        other => panic!("{dialect}: {other}"),
                    }
                }
                "content_block_stop" => {
                    assert!(open && event["index"] == last, "{dialect}: {event}");
                    open = false;
                    if said.blocks[last]["type"] == "tool_use" && !pieces.is_empty() {
                        said.blocks[last]["input"] = serde_json::from_str(&pieces).expect("whole arguments");
                    }
                }
                "message_delta" => {
                    said.stop = event["delta"]["stop_reason"].as_str().expect("a reason").to_owned();
                    said.output = event["usage"]["output_tokens"].as_u64().expect("tokens");
                }
                "message_stop" => ended = true,
                "ping" => {}
                other => panic!("{dialect}: {other}: {event}"),
            }
        }
        assert!(ended && !open, "{dialect}: {}", reply.text());
        said
    }

    /// What the blocks are, but for those that only carry another's proof.
    fn kinds(&self) -> Vec<&str> {
        self.told().map(|block| block["type"].as_str().unwrap()).collect()
    }

    fn told(&self) -> impl Iterator<Item = &Value> {
        self.blocks.iter().filter(|block| block["thinking"] != "")
    }

    /// One of them.
    fn block(&self, index: usize) -> &Value {
        self.told().nth(index).expect("so many blocks")
    }

    fn id(&self, index: usize) -> &Value {
        &self.block(index)["id"]
    }
}
