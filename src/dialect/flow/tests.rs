//! Answers that break off, and others joined to them.

use super::*;
use crate::canonical::{Delta, Dialect, Event, FaultKind, Gatherer, Part, PartStart, Signature, Stop, Usage};

/// An answer in short: `t:` text, `r:` thoughts, `s:` their proof, `c:name{}` a call; `|` ends a part; `.` is the reason to
/// end. A part that is not ended is open.
fn events(answer: &str) -> Vec<Event<'_>> {
    let mut events = vec![Event::Start { id: "id".into(), model: "m".into(), created: None, service_tier: None }];
    let (choice, mut next, mut open) = (0, 0, None);
    for step in answer.split_inclusive(['|', '.']) {
        let (said, mark) = step.split_at(step.trim_end_matches(['|', '.']).len());
        for piece in said.split(' ').filter(|piece| !piece.is_empty()) {
            let (kind, text) = piece.split_at(2);
            let text = || Delta::Text(text.replace('_', " ").into());
            let mut start = |start| {
                if open.is_none() {
                    open = Some(next);
                    next += 1;
                    events.push(Event::PartStart { choice, part: next - 1, start });
                }
                next - 1
            };
            match kind {
                "t:" => {
                    let part = start(PartStart::Text);
                    events.push(Event::Delta { choice, part, delta: text() });
                }
                "r:" => {
                    let part = start(PartStart::Reasoning { summary: false, id: None, redacted: false });
                    events.push(Event::Delta { choice, part, delta: text() });
                }
                "s:" => {
                    let delta = Delta::Signature(Signature::new(Dialect::Anthropic, &piece[2..]));
                    events.push(Event::Delta { choice, part: next - 1, delta });
                }
                _ => {
                    let (name, arguments) = piece[2..].split_at(piece[2..].find('{').unwrap());
                    let part = start(PartStart::ToolCall { id: "c".into(), name: name.into(), free_form: false });
                    events.push(Event::Delta { choice, part, delta: Delta::Text(arguments.into()) });
                }
            }
        }
        match mark {
            "|" => events.extend(open.take().map(|part| Event::PartEnd { choice, part })),
            "." => {
                events.extend(open.take().map(|part| Event::PartEnd { choice, part }));
                events.push(Event::Stop { choice, stop: Stop::default() });
            }
            _ => {}
        }
    }
    events
}

/// The other way round, from what a client gathers of all events that it is given.
fn told(events: &[Event<'static>]) -> String {
    let mut gatherer = Gatherer::new();
    events.iter().for_each(|event| gatherer.push(event.clone()));
    gatherer.push(Event::End);
    let reply = gatherer.finish().unwrap();
    let parts = reply.choices.iter().flat_map(|choice| &choice.parts).map(|part| match part {
        Part::Text(text) => format!("t:{}", text.text),
        Part::Reasoning(thought) => match &thought.signature {
            Some(signature) => format!("r:{} s:{}", thought.text, signature.value),
            None => format!("r:{}", thought.text),
        },
        Part::ToolCall(call) => format!("c:{}{}", call.name, call.arguments),
        other => format!("{other:?}"),
    });
    parts.collect::<Vec<_>>().join("|").replace(' ', "_").replace("_s:", " s:")
}

fn join(first: &str, second: &str, way: Way, signed: bool) -> Result<String, FaultKind> {
    let mut given = Given::default();
    let mut client: Vec<Event<'static>> = Vec::new();
    for event in events(first) {
        given.event(&event);
        client.push(event.into_owned());
    }
    assert!(given.can_go_on(), "{first}");
    let mut splice = Splice::new(&given, way, signed);
    for event in events(second) {
        splice.event(&event, &mut |event| client.push(event.clone().into_owned())).map_err(|fault| fault.kind)?;
    }
    well_formed(&client);
    Ok(told(&client))
}

/// Parts are opened once, written to while open, and closed before the end.
fn well_formed(events: &[Event<'_>]) {
    let (mut open, mut seen) = (Vec::new(), Vec::new());
    for event in events {
        match event {
            Event::PartStart { part, .. } => {
                assert!(!seen.contains(part), "{events:?}");
                seen.push(*part);
                open.push(*part);
            }
            Event::Delta { part, .. } => assert!(open.contains(part), "{events:?}"),
            Event::PartEnd { part, .. } => {
                assert!(open.contains(part), "{events:?}");
                open.retain(|known| known != part);
            }
            Event::Stop { .. } => assert!(open.is_empty(), "{events:?}"),
            _ => {}
        }
    }
}

#[test]
fn an_answer_made_anew_must_begin_in_the_same_way() {
    for (first, second, expected) in [
        ("t:one_two", "t:one_two_three.", "t:one_two_three"),
        ("t:one_two", "t:on t:e_t t:wo_th t:ree.", "t:one_two_three"),
        ("t:one_two", "t:one_two.", "t:one_two"),
        ("t:one|", "t:one|c:f{}.", "t:one|c:f{}"),
        ("t:one", "t:one|c:f{}|c:g{}.", "t:one|c:f{}|c:g{}"),
        ("t:one|c:f{\"a\":1}|", "t:one|c:f{\"a\":1}|c:g{}.", "t:one|c:f{\"a\":1}|c:g{}"),
        ("c:f{}|", "c:f{}|t:more.", "c:f{}|t:more"),
        ("t:größ", "t:größe.", "t:größe"),
        // Thoughts of the first that are complete stay, and those of the second are left out.
        ("r:hm s:1|t:one", "r:ha s:2|t:one_two.", "r:hm s:1|t:one_two"),
        ("r:hm s:1|", "r:ha s:2|t:one.", "r:hm s:1|t:one"),
        ("t:one", "r:ha s:2|t:one_two.", "t:one_two"),
        // Half a thought is completed only by the very same.
        ("r:hm", "r:hmmm s:2|t:one.", "r:hmmm s:2|t:one"),
    ] {
        assert_eq!(join(first, second, Way::Restart, true).as_deref(), Ok(expected), "{first} + {second}");
    }
    for (first, second) in [
        ("t:one_two", "t:one_three."),
        ("t:one_two", "t:one."),
        ("t:one_two", "t:one|c:f{}."),
        ("t:one|c:f{\"a\":1}|", "t:one|c:f{\"a\":2}."),
        ("t:one|c:f{}|", "t:one."),
        ("r:hm", "r:ha s:2|t:one."),
        ("r:hm", "t:one."),
    ] {
        assert_eq!(join(first, second, Way::Restart, true), Err(FaultKind::Diverged), "{first} + {second}");
    }
}

#[test]
fn thoughts_that_are_for_show_end_where_they_broke_off() {
    for (first, second, expected) in [
        ("r:hm", "r:ha|t:one.", "r:hm|t:one"),
        ("r:hm", "t:one.", "r:hm|t:one"),
        ("r:hm", "r:hmm|t:one.", "r:hmm|t:one"),
    ] {
        assert_eq!(join(first, second, Way::Restart, false).as_deref(), Ok(expected), "{first} + {second}");
    }
}

#[test]
fn what_a_continued_answer_says_again_is_left_out() {
    let given = "t:The_quick_brown_fox_jumps_over";
    for (second, expected) in [
        ("t:_the_lazy_dog.", "t:The_quick_brown_fox_jumps_over_the_lazy_dog"),
        ("t:fox_jumps_over t:_the_lazy_dog.", "t:The_quick_brown_fox_jumps_over_the_lazy_dog"),
        ("t:The_quick_brown_fox_jumps_over_the_lazy_dog.", "t:The_quick_brown_fox_jumps_over_the_lazy_dog"),
        ("r:so|t:_the|c:f{}.", "t:The_quick_brown_fox_jumps_over_the|c:f{}"),
        ("c:f{}.", "t:The_quick_brown_fox_jumps_over|c:f{}"),
        ("t:rule.", "t:The_quick_brown_fox_jumps_overrule"), // an "r" in common is chance
    ] {
        assert_eq!(join(given, second, Way::Continue, true).as_deref(), Ok(expected), "{second}");
    }
    let blank = join("t:one_", "t:_two.", Way::Continue, true);
    assert_eq!(blank.as_deref(), Ok("t:one_two"), "the blank at its end could not be asked to be gone on from");
}

#[test]
fn what_no_other_answer_can_begin_with_is_not_gone_on_with() {
    let mut several = Given::default();
    several.event(&Event::PartStart { choice: 1, part: 0, start: PartStart::Text });
    assert!(!several.can_go_on());
    let mut long = Given::default();
    events("t:x").iter().for_each(|event| long.event(event));
    let more = Delta::Text("x".repeat(5 << 20).into());
    long.event(&Event::Delta { choice: 0, part: 0, delta: more });
    assert!(!long.can_go_on());
    let mut calls = Given::default();
    events("t:x|c:f{}|").iter().for_each(|event| calls.event(event));
    assert!(calls.can_go_on() && calls.prefix().is_none(), "nobody goes on from a call");
    let mut counted = Given::default();
    counted.event(&Event::Usage(Usage { input: Some(1), ..Usage::default() }));
    assert!(counted.prefix().is_none());
}

#[test]
fn calls_are_given_out_whole() {
    let mut calls = calls::Calls::default();
    let (mut got, mut at_once) = (Vec::new(), 0);
    let events = events("t:one|c:f{\"a\" c:f{:1} c:f{}|t:two.");
    for event in &events {
        let before = got.len();
        calls.push(event, &mut |event| got.push(format!("{event:?}")));
        at_once = at_once.max(got.len() - before);
    }
    assert!(!calls.is_open());
    assert_eq!(at_once, 3, "start, arguments and end of the call come together: {got:#?}");
}

/// What an answer lacks that broke off behind the reason to stop: nothing, or the last event of its dialect.
#[test]
fn an_answer_that_lacks_nothing_is_closed_and_not_ended_twice() {
    use crate::dialect::codec;
    const GEMINI: &str = "data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"one\"}],\"role\":\"model\"},\"finishReason\":\"STOP\"}]}\n\n";
    let about = crate::dialect::tests::about("m");
    let mut flow = Stream::native(codec::of(Dialect::Gemini), &about, true);
    assert_eq!(flow.push(GEMINI.as_bytes().to_vec().into()).ready, GEMINI.as_bytes());
    assert!(flow.given().is_some_and(|given| given.is_whole()));
    assert_eq!(flow.close(), "", "the reason to stop was the last event");

    const CHAT: &str = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"one\"}}]}\n\ndata: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";
    let mut flow = crate::dialect::openai_chat::StreamWatch::new(crate::dialect::doors::Operation::Chat, true);
    assert_eq!(flow.push(CHAT.as_bytes().to_vec().into()).ready, CHAT.as_bytes());
    assert!(flow.given().is_some_and(|given| given.is_whole()));
    assert_eq!(flow.close(), "data: [DONE]\n\n");
}

/// There are servers that leave out `message_stop`, and SDKs that want it.
#[test]
fn what_a_provider_leaves_out_behind_the_reason_to_stop_is_put_there() {
    use crate::dialect::codec;
    const BLOCK: &str = "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"m\",\"content\":[]}}\n\nevent: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"one\"}}\n\n";
    const WHY: &str = "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\nevent: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"}}\n\n";
    const STOP: &str = "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n";
    let about = crate::dialect::tests::about("m");
    let of = |text: &str| -> (String, bool) {
        let mut flow = Stream::native(codec::of(Dialect::Anthropic), &about, true);
        let (pushed, end) = (flow.push(text.as_bytes().to_vec().into()), flow.end());
        (String::from_utf8([pushed.ready, end.ready].concat()).unwrap(), end.fault.is_none())
    };
    let whole = [BLOCK, WHY, STOP].concat();
    assert_eq!(of(&whole), (whole.clone(), true), "and not twice");
    assert_eq!(of(&[BLOCK, WHY].concat()), (whole.clone(), true));
    assert_eq!(of(BLOCK), (BLOCK.to_owned(), false), "a good end is not made up");
    let mut cut = Stream::native(codec::of(Dialect::Anthropic), &about, true);
    cut.push([BLOCK, WHY].concat().into_bytes().into());
    assert!(cut.given().is_some_and(|given| given.is_whole()) && cut.close() == STOP, "cut, it is ended too");
}

/// What a filter stopped is told apart from what the model refused, and from what merely ended.
#[test]
fn a_filters_stop_is_seen() {
    use crate::dialect::codec;
    let about = crate::dialect::tests::about("m");
    let filtered = |dialect: Dialect, data: &str| {
        let mut flow = Stream::native(codec::of(dialect), &about, true);
        flow.push(format!("data: {data}\n\n").into_bytes().into());
        flow.end();
        flow.filtered()
    };
    assert!(filtered(Dialect::Gemini, r#"{"promptFeedback":{"blockReason":"SAFETY"}}"#));
    assert!(filtered(Dialect::Gemini, r#"{"candidates":[{"finishReason":"SAFETY"}]}"#));
    assert!(!filtered(
        Dialect::Gemini,
        r#"{"candidates":[{"content":{"parts":[{"text":"a"}]},"finishReason":"STOP"}]}"#
    ));
    let chat = |reason: &str| {
        let chunk = format!(r#"{{"choices":[{{"index":0,"delta":{{}},"finish_reason":"{reason}"}}]}}"#);
        let mut flow = crate::dialect::openai_chat::StreamWatch::new(crate::dialect::doors::Operation::Chat, true);
        flow.push(format!("data: {chunk}\n\n").into_bytes().into());
        (flow.filtered(), filtered(Dialect::OpenAiChat, &chunk))
    };
    assert_eq!((chat("content_filter"), chat("stop")), ((true, true), (false, false)));
}

/// A Responses stream as the vendor sends it: thoughts with nothing in them, then a message.
fn response(events: usize) -> String {
    const ITEM: &str = r#"{"type":"message","id":"msg_own","role":"assistant","status":"in_progress","content":[]}"#;
    const THOUGHTS: &str = r#"{"type":"reasoning","id":"rs_own","summary":[]}"#;
    let about = r#""output_index":1,"content_index":0,"item_id":"msg_own""#;
    let all = [
        r#""type":"response.created","response":{"id":"resp_own","model":"m"}"#.to_owned(),
        format!(r#""type":"response.output_item.added","output_index":0,"item":{THOUGHTS}"#),
        format!(r#""type":"response.output_item.done","output_index":0,"item":{THOUGHTS}"#),
        format!(r#""type":"response.output_item.added","output_index":1,"item":{ITEM}"#),
        format!(r#""type":"response.content_part.added",{about},"part":{{"type":"output_text","text":""}}"#),
        format!(r#""type":"response.output_text.delta",{about},"delta":"one""#),
        format!(r#""type":"response.output_text.delta",{about},"delta":" two""#),
    ];
    let numbered = all.iter().take(events).enumerate();
    numbered.map(|(number, event)| format!("data: {{\"sequence_number\":{number},{event}}}\n\n")).collect()
}

#[test]
fn numbers_and_names_go_on_where_another_answer_goes_on() {
    use crate::dialect::codec;
    let about = crate::dialect::tests::about("m");
    let responses = codec::of(Dialect::OpenAiResponses);
    let mut first = Stream::native(responses, &about, true);
    assert_eq!(first.push(response(7).into_bytes().into()).ready.len(), response(7).len());
    let given = first.given().expect("text and nothing else");
    let splice = Splice::new(&given, Way::Restart, true);
    let mut second = Stream::translated(codec::of(Dialect::OpenAiChat), responses, &about).going_on(given, splice);
    let chat = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"one two three\"}}]}\n\ndata: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";
    let rest = [second.push(chat.as_bytes().to_vec().into()).ready, second.end().ready].concat();
    let rest = String::from_utf8(rest).unwrap();
    let events: Vec<serde_json::Value> =
        rest.lines().filter_map(|line| serde_json::from_str(line.strip_prefix("data: ")?).ok()).collect();
    for (number, event) in (7..).zip(&events) {
        assert_eq!(event["sequence_number"], number, "{rest}");
        assert!(event["item_id"].is_null() || event["item_id"] == "msg_own", "{event}");
        assert!(event["output_index"].is_null() || event["output_index"] == 1, "{event}");
    }
    assert_eq!((&events[0]["type"], &events[0]["delta"]), (&"response.output_text.delta".into(), &" three".into()));
    let last = events.last().unwrap();
    assert_eq!((&last["type"], &last["response"]["id"]), (&"response.completed".into(), &"resp_own".into()), "{rest}");
    assert_eq!(last["response"]["output"][0]["id"], "msg_own");

    // An error, too, has the next number.
    let told = String::from_utf8(first.fail(&Fault::new(FaultKind::Truncated, "cut")).to_vec()).unwrap();
    assert!(told.contains("\"sequence_number\":7"), "{told}");
}

/// What a provider's own tool has begun is not begun again elsewhere.
#[test]
fn where_a_hosted_tool_was_called_nobody_goes_on() {
    use crate::dialect::codec;
    let about = crate::dialect::tests::about("m");
    let search = "data: {\"type\":\"response.output_item.added\",\"output_index\":2,\"item\":{\"type\":\"web_search_call\",\"id\":\"ws_1\",\"status\":\"in_progress\"}}\n\n";
    let mut flow = Stream::native(codec::of(Dialect::OpenAiResponses), &about, true);
    flow.push(response(7).into_bytes().into());
    assert!(flow.given().is_some(), "that it could be called forbids nothing");
    flow.push(search.as_bytes().to_vec().into());
    assert!(flow.given().is_none());

    let claude = "data: {\"type\":\"message_start\",\"message\":{\"id\":\"m\",\"content\":[]}}\n\ndata: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"one\"}}\n\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\n";
    let tool = "data: {\"type\":\"content_block_start\",\"index\":1,\"content_block\":{\"type\":\"server_tool_use\",\"id\":\"s\",\"name\":\"web_search\",\"input\":{}}}\n\n";
    let mut flow = Stream::native(codec::of(Dialect::Anthropic), &about, true);
    flow.push(claude.as_bytes().to_vec().into());
    assert!(flow.given().is_some());
    flow.push(tool.as_bytes().to_vec().into());
    assert!(flow.given().is_none());
}
