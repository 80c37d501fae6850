//! A turn of thousands of calls costs in proportion to them, and so does a choice among thousands of tools: whoever looks
//! for each among all keeps a core for minutes with one body of the size that clients may send.

use std::fmt::Write;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use super::super::codec::{self, Asked, Flavour, Target};
use crate::canonical::{
    Dialect, Function, Lost, Part, Request, Role, Str, Tool, ToolCall, ToolChoice, ToolResult, Turn,
};

/// Eight times as many may take so many times as long: it is 8 where each costs the same, 64 where it costs them all.
const MOST: u32 = 20;
const FEW: usize = 1_000;

/// Linux tells what was spent some milliseconds late.
const ENOUGH: Duration = Duration::from_millis(50);

/// The id of a call by its number.
type Ids = fn(usize) -> String;

/// A question, many calls, and their results from the last to the first.
fn conversation(many: usize, id: Ids) -> Request<'static> {
    let call = |number| ToolCall {
        id: id(number).into(),
        name: "f".into(),
        arguments: "{}".into(),
        free_form: false,
        signature: None,
        cache: None,
    };
    let result =
        |number| ToolResult { id: id(number).into(), parts: vec![Part::text("done")], ..ToolResult::default() };
    let turn = |role, parts| Turn { role, parts, name: None };
    let turns = vec![
        turn(Role::User, vec![Part::text("Go.")]),
        turn(Role::Assistant, (0..many).map(|number| Part::ToolCall(call(number))).collect()),
        turn(Role::User, (0..many).rev().map(|number| Part::ToolResult(result(number))).collect()),
    ];
    Request { turns, ..Request::default() }
}

/// Many tools, and a choice among all of them from the last to the first.
fn choice(many: usize) -> Request<'static> {
    let name = |number| Str::from(format!("tool_{number}"));
    let function = |number| Tool::Function(Function { name: name(number), ..Function::default() });
    let names = (0..many).rev().map(name).collect();
    Request {
        tools: (0..many).map(function).collect(),
        tool_choice: Some(ToolChoice::Among { names, required: true }),
        ..conversation(1, |_| "call".to_owned())
    }
}

fn write(request: &Request<'_>, dialect: Dialect) -> Vec<u8> {
    let target = Target { model: "model", flavour: Flavour::Compatible };
    codec::of(dialect).write_request(request, &target, &mut Lost::nothing()).unwrap()
}

/// How long the `few` and the `many` take, where these take too long for it even when nothing disturbs them.
fn slow(few: impl Fn(), many: impl Fn()) -> Option<(Duration, Duration)> {
    let timed = |work: &dyn Fn()| {
        let (start, mut times) = (spent(), 0);
        loop {
            work();
            times += 1;
            let spent = spent() - start;
            if spent >= ENOUGH {
                return spent / times;
            }
        }
    };
    let few = timed(&few);
    let many = (0..3).map(|_| timed(&many));
    let many = many.take_while(|many| *many > few * MOST).collect::<Vec<_>>();
    many.get(2).map(|many| (few, *many))
}

/// What this thread has had of a core, where Linux tells it: on a busy machine all takes long. Else what a clock says.
fn spent() -> Duration {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanos = told.as_deref().and_then(|told| told.split(' ').next()?.parse().ok());
    nanos.map_or_else(|| START.elapsed(), Duration::from_nanos)
}

#[test]
fn many_calls_cost_no_more_than_they_are() {
    let asked = Asked { model: Some("model"), stream: false, json_array: false };
    let ids: [(&str, Ids); 3] = [
        ("different ids", |number| format!("call_{number}")),
        ("one id", |_| "call".to_owned()),
        ("ids that do not fit", |number| format!("call:{}", number / 2)),
    ];
    let mut all = String::new();
    for dialect in Dialect::ALL {
        for (what, id) in ids {
            let (few, many) = (conversation(FEW, id), conversation(8 * FEW, id));
            let written = (write(&few, dialect), write(&many, dialect));
            let read = |body| drop(codec::of(dialect).read_request(body, &asked).unwrap());
            let writing = slow(|| drop(write(&few, dialect)), || drop(write(&many, dialect)));
            let reading = slow(|| read(&written.0), || read(&written.1));
            for (doing, slow) in [("writing", writing), ("reading", reading)] {
                if let Some((few, many)) = slow {
                    let _ = writeln!(all, "{} {doing} {what}: {few:?}, then {many:?}", dialect.as_str());
                }
            }
        }
    }
    assert!(all.is_empty(), "eight times as many take much more than eight times as long:\n{all}");
}

#[test]
fn a_choice_among_many_tools_costs_no_more_than_they_are() {
    let (few, many) = (choice(FEW), choice(8 * FEW));
    // Chat is written in two ways: OpenAI is told the choice, others are told only those tools.
    let aims = Dialect::ALL.map(|dialect| (dialect, Flavour::Compatible)).into_iter();
    let aims = aims.chain([(Dialect::OpenAiChat, Flavour::Vendor)]);
    let mut all = String::new();
    for (dialect, flavour) in aims {
        let target = Target { model: "model", flavour };
        let write = |request| {
            let written = codec::of(dialect).write_request(request, &target, &mut Lost::nothing()).unwrap();
            assert!(written.len() > request.tools.len(), "{} tools are not offered", dialect.as_str());
        };
        if let Some((few, many)) = slow(|| write(&few), || write(&many)) {
            let _ = writeln!(all, "{} {flavour:?}: {few:?}, then {many:?}", dialect.as_str());
        }
    }
    assert!(all.is_empty(), "eight times as many take much more than eight times as long:\n{all}");
}
