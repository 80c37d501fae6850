//! A client of Responses that behaves as Codex does.

use serde_json::{Value, json};

use super::{PROOF, others, proves, provider_of, will_say};
use crate::support::client::{Call, Reply};
use crate::support::dialects::voice::Part;
use crate::support::run;
use crate::translated::rules;

#[test]
fn goes_through_four_turns_with_every_provider() {
    run(async {
        for speech in others("openai_responses") {
            let dialect = speech.dialect;
            let (provider, proxy) = provider_of(speech).await;
            let message = |role: &str, text: &str| json!({"type": "message", "role": role, "content": [{"type": "input_text", "text": text}]});
            let mut input = vec![
                message("developer", "<permissions instructions>Ask before you write.</permissions instructions>"),
                message("user", "<environment_context>\n  <cwd>/src</cwd>\n</environment_context>"),
                message("user", "fix the tests"),
            ];

            let list = Part::Call("call_s1", "shell", r#"{"command":["bash","-lc","ls"],"workdir":"/src"}"#);
            let show = Part::Call("call_s2", "shell", r#"{"command":["cat","a \"b\".txt"],"timeout_ms":1000}"#);
            will_say(&provider, speech, [Part::Thought("Look around first", PROOF), list, show]);
            let said = Said::of(proxy.send(ask(&input)).await, dialect);
            rules::keeps(dialect, &provider.last());
            assert_eq!(said.kinds(), ["reasoning", "function_call", "function_call"], "{dialect}: {said:?}");
            assert!(said.thoughts().contains("Look around first"), "{dialect}: {said:?}");
            let calls = said.calls();
            let arguments: Value = serde_json::from_str(calls[1]["arguments"].as_str().unwrap()).unwrap();
            assert_eq!(arguments, json!({"command": ["cat", "a \"b\".txt"], "timeout_ms": 1000}), "{dialect}");

            input.extend(said.items.iter().map(without_id));
            for call in &calls {
                let output = json!({"output": "a.rs\n", "metadata": {"exit_code": 0}}).to_string();
                input.push(json!({"type": "function_call_output", "call_id": call["call_id"], "output": output}));
            }
            will_say(
                &provider,
                speech,
                [
                    Part::Thought("A plan is due", PROOF),
                    Part::Text("Here is the plan."),
                    Part::Call("call_p1", "update_plan", r#"{"plan":[{"step":"tests","status":"in_progress"}]}"#),
                ],
            );
            let said = Said::of(proxy.send(ask(&input)).await, dialect);
            let sent = provider.last();
            rules::keeps(dialect, &sent);
            let body = String::from_utf8_lossy(&sent.body).into_owned();
            assert_eq!(body.contains(PROOF), proves(dialect), "the proof of its thoughts, {dialect}: {body}");
            assert!(body.contains("exit_code"), "{dialect}: {body}");
            assert_eq!(said.kinds(), ["reasoning", "message", "function_call"], "{dialect}: {said:?}");

            // A picture among the results, and words of the user before the model goes on.
            input.extend(said.items.iter().map(without_id));
            let output = json!([{"type": "input_text", "text": "attached"},
                {"type": "input_image", "image_url": "data:image/png;base64,iVBORw0KGgo="}]);
            let id = &said.calls()[0]["call_id"];
            input.push(json!({"type": "function_call_output", "call_id": id, "output": output}));
            input.push(message("user", "and hurry"));
            will_say(&provider, speech, [Part::Text("All done")]);
            let said = Said::of(proxy.send(ask(&input)).await, dialect);
            let sent = provider.last();
            rules::keeps(dialect, &sent);
            let body = String::from_utf8_lossy(&sent.body).into_owned();
            assert!(body.contains("iVBORw0KGgo=") && body.contains("and hurry"), "{dialect}: {body}");
            assert_eq!((said.kinds(), said.text()), (vec!["message"], "All done".into()), "{dialect}");

            // The user went away in the middle of a call, and came back.
            input.extend(said.items.iter().map(without_id));
            input.push(message("user", "go on"));
            input.push(json!({"type": "function_call", "name": "shell", "call_id": "call_a",
                "arguments": r#"{"command":["sleep","99"]}"#}));
            input.push(json!({"type": "function_call_output", "call_id": "call_a", "output": "aborted"}));
            input.push(message("user", "<turn_aborted>\nThe user interrupted.\n</turn_aborted>"));
            input.push(message("user", "never mind"));
            will_say(&provider, speech, [Part::Text("Fine then")]);
            Said::of(proxy.send(ask(&input)).await, dialect);
            rules::keeps(dialect, &provider.last());
        }
    });
}

/// A conversation that began with OpenAI's own model goes on elsewhere, and nobody else gets its proofs.
#[test]
fn hands_a_conversation_over_to_every_provider() {
    run(async {
        for speech in others("openai_responses") {
            let dialect = speech.dialect;
            let (provider, proxy) = provider_of(speech).await;
            let thought = |proof: &str| json!({"type": "reasoning", "summary": [], "encrypted_content": proof});
            let call = |id: &str, name: &str| {
                json!({"type": "function_call", "name": name, "call_id": id,
                "arguments": r#"{"command":["ls"]}"#})
            };
            let output = |id: &str| json!({"type": "function_call_output", "call_id": id, "output": ""});
            let input = [
                json!({"type": "message", "role": "user", "content": [{"type": "input_text", "text": "go"}]}),
                thought("gAAAAABone"),
                call("call_1", "shell"),
                thought("gAAAAABtwo"),
                call("call_2", "shell"),
                output("call_2"),
                output("call_1"),
                json!({"type": "custom_tool_call", "call_id": "call_3", "name": "apply_patch",
                    "input": "*** Begin Patch\n*** Delete File: \"a\"\n*** End Patch"}),
                json!({"type": "custom_tool_call_output", "call_id": "call_3", "output": "Success"}),
                json!({"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Done."}]}),
                json!({"type": "message", "role": "user", "content": [{"type": "input_text", "text": "and now?"}]}),
            ];
            will_say(&provider, speech, [Part::Text("Going on")]);
            let reply = proxy.send(ask(&input)).await;
            let lost = reply.header("x-outrider-lost").to_owned();
            assert!(lost.contains("web_search"), "{dialect} lost {lost}");
            let said = Said::of(reply, dialect);
            let sent = provider.last();
            rules::keeps(dialect, &sent);
            let body = String::from_utf8_lossy(&sent.body).into_owned();
            assert!(!body.contains("gAAAAAB"), "{dialect}: {body}");
            assert!(body.contains("*** Begin Patch") && body.contains("Success"), "{dialect}: {body}");
            assert_eq!(said.text(), "Going on", "{dialect}");
        }
    });
}

#[test]
fn gets_errors_it_can_act_on() {
    run(async {
        for speech in others("openai_responses") {
            let dialect = speech.dialect;
            let (provider, proxy) = provider_of(speech).await;
            use crate::support::provider::{Answer, Behaviour};
            let input = [json!({"type": "message", "role": "user", "content": [{"type": "input_text", "text": "go"}]})];
            let body = (speech.error)("slow down");
            provider.once(Behaviour::answer(Answer::json(429, &body).with_header("retry-after-ms", "1")));
            let reply = proxy.send(ask(&input)).await;
            assert_eq!(reply.status, 429, "{dialect}: {}", reply.text());
            assert!(reply.error_message().contains("slow down"), "{dialect}");
        }
    });
}

fn ask(input: &[Value]) -> Call {
    let body = json!({"model": "agent-model", "instructions": "You are Codex.\n".repeat(9), "input": input,
        "tools": tools(), "tool_choice": "auto", "parallel_tool_calls": true,
        "reasoning": {"effort": "medium", "summary": "auto"}, "store": false, "stream": true,
        "include": ["reasoning.encrypted_content"], "prompt_cache_key": "0199-session",
        "text": {"verbosity": "medium"}});
    Call::post("/v1/responses", &body)
        .header("accept", "text/event-stream")
        .header("originator", "codex_cli_rs")
        .header("session_id", "0199-session")
        .header("user-agent", "codex_cli_rs/0.50.0 (Linux; x86_64)")
        .header("authorization", "Bearer the-clients-own-key")
}

fn tools() -> Value {
    let text = json!({"type": "string"});
    let function = |name: &str, properties: Value, required: &[&str]| {
        json!({"type": "function", "name": name, "description": format!("{name}s"), "strict": false, "parameters": {
            "type": "object", "properties": properties, "required": required, "additionalProperties": false}})
    };
    let step = json!({"type": "object", "properties": {"step": text, "status": text}, "required": ["step", "status"],
        "additionalProperties": false});
    json!([
        function("shell", json!({"command": {"type": "array", "items": text}, "workdir": text,
            "timeout_ms": {"type": "number"}}), &["command"]),
        function("update_plan", json!({"explanation": text, "plan": {"type": "array", "items": step}}), &["plan"]),
        {"type": "custom", "name": "apply_patch", "description": "Edits files. FREEFORM.", "format": {"type": "grammar",
            "syntax": "lark", "definition": "start: \"*** Begin Patch\" LF hunk+ \"*** End Patch\" LF?"}},
        {"type": "web_search", "external_web_access": true},
        function("view_image", json!({"path": text}), &["path"]),
    ])
}

/// Items come back without their ids where nothing is stored.
fn without_id(item: &Value) -> Value {
    let mut item = item.clone();
    for gone in ["id", "status"] {
        item.as_object_mut().expect("an item").remove(gone);
    }
    item
}

/// What the client keeps: the items that were said to be done.
#[derive(Debug)]
struct Said {
    items: Vec<Value>,
}

impl Said {
    #[track_caller]
    fn of(reply: Reply, dialect: &str) -> Self {
        assert_eq!(reply.status, 200, "{dialect}: {}", reply.text());
        let mut said = Self { items: Vec::new() };
        let (mut text, mut ended) = (String::new(), None);
        for (number, event) in reply.events().into_iter().enumerate() {
            let event: Value = serde_json::from_str(&event).expect("an event");
            assert_eq!(event["sequence_number"], number, "{dialect}: {event}");
            match event["type"].as_str().expect("a type") {
                "response.output_item.added" => assert_eq!(event["output_index"], said.items.len(), "{dialect}"),
                "response.output_text.delta" => text.push_str(event["delta"].as_str().unwrap()),
                "response.output_item.done" => said.items.push(event["item"].clone()),
                "response.completed" => ended = Some(event["response"].clone()),
                "response.failed" | "response.incomplete" => panic!("{dialect}: {event}"),
                _ => {}
            }
        }
        let ended = ended.unwrap_or_else(|| panic!("{dialect} never ends: {}", reply.text()));
        assert_eq!(ended["output"], json!(said.items), "{dialect}");
        assert_eq!((&ended["usage"]["output_tokens"], &ended["status"]), (&json!(3), &json!("completed")), "{dialect}");
        assert_eq!(said.text(), text, "{dialect}");
        said
    }

    /// What the items are, but for those that only carry another's proof.
    fn kinds(&self) -> Vec<&str> {
        let words = self.items.iter().filter(|item| item["summary"] != json!([]) || item["content"].is_array());
        words.map(|item| item["type"].as_str().unwrap()).collect()
    }

    fn calls(&self) -> Vec<Value> {
        self.items.iter().filter(|item| item["type"] == "function_call").cloned().collect()
    }

    fn thoughts(&self) -> String {
        let thoughts = self.items.iter().filter(|item| item["type"] == "reasoning");
        thoughts.map(|item| format!("{} {}", item["summary"], item["content"])).collect()
    }

    fn text(&self) -> String {
        let messages = self.items.iter().filter(|item| item["type"] == "message");
        messages.filter_map(|item| item["content"][0]["text"].as_str()).collect()
    }
}
