//! The table, row by row, and the walks that it makes.

use std::sync::Arc;

use super::*;
use crate::config::{Fake, parse};
use crate::health::Registry;
use crate::routing::plan::Candidate;
use crate::snapshot;

const SECOND: Duration = Duration::from_secs(1);

const KINDS: [FaultKind; 36] = {
    use FaultKind::*;
    [
        Connect,
        ConnectTimeout,
        Tls,
        Reset,
        FirstTokenTimeout,
        IdleTimeout,
        TotalTimeout,
        UpstreamTimeout,
        RateLimited,
        QuotaExhausted,
        Overloaded,
        ServerError,
        KeyRefused,
        ModelMissing,
        Rejected,
        ContextExceeded,
        ContentFiltered,
        Empty,
        Malformed,
        Truncated,
        Diverged,
        Overtaken,
        UnknownModel,
        NoTarget,
        Excluded,
        Busy,
        BadRequest,
        Unsupported,
        TooLarge,
        ClientTimeout,
        Forbidden,
        Unauthorized,
        OverBudget,
        OverLimit,
        ClientGone,
        Internal,
    ]
};

/// `a b | c`: targets, a bar before each fallback. `s` and `t` have a small context, `l` has a large one, the others'
/// are not known. After a colon how each is doing: `a:t` on trial, `a:r2` resting for 2 s, `a:o2` open, `a:u`
/// unreachable.
fn plan(groups: &str, retry: &str) -> (Vec<String>, Plan) {
    let mut providers = String::new();
    let mut lists = Vec::new();
    let (mut names, mut order) = (Vec::new(), SmallVec::new());
    for (group, targets) in (0..).zip(groups.split('|')) {
        let mut list = Vec::new();
        for (index, target) in (0..).zip(targets.split_whitespace()) {
            let (name, doing) = target.split_once(':').unwrap_or((target, ""));
            let models = match name {
                "s" | "t" => ", models: {m: {context: 8192}}",
                "l" => ", models: {m: {context: 131072}}",
                _ => "",
            };
            providers += &format!(
                "  {name}: {{dialect: openai_chat, base_url: 'http://{name}', health: off, auth: none{models}}}\n"
            );
            list.push(format!("{name}/m"));
            let left = SECOND * doing.get(1..).and_then(|left| left.parse().ok()).unwrap_or(0);
            let standing = match doing.chars().next() {
                None => Standing::Ready,
                Some('t') => Standing::OnTrial { waited: SECOND },
                Some('r') => Standing::Resting { left },
                Some('o') => Standing::Open { left },
                _ => Standing::Unreachable,
            };
            names.push(name.to_owned());
            order.push(Candidate { group, index, standing });
        }
        lists.push(format!("[{}]", list.join(", ")));
    }
    let (targets, fallbacks) = lists.split_first().unwrap();
    let file = format!(
        "providers:\n{providers}models:\n  x: {{targets: {targets}, fallbacks: [{}], retry: {{{retry}}}, \
         timeouts: {{total: 60s}}}}",
        fallbacks.join(", ")
    );
    let config = parse(&file, "t.yaml", &Fake::default()).unwrap_or_else(|problems| panic!("{problems}")).config;
    let snapshot = snapshot::build(&config, &Registry::new(), None).unwrap();
    let model: Arc<_> = snapshot.models.values().next().unwrap().clone();
    (names, Plan { model, order })
}

/// `a:reset`; then, each after a `+`: `2` it asked for a rest of 2 s, `k` another key or address, `o` it opened,
/// `w` it was asked after a wait. All of it happened just now.
fn tried(names: &[String], now: Instant, story: &str) -> Vec<Tried> {
    let one = |step: &str| {
        let mut words = step.split('+');
        let (name, kind) = words.next().unwrap().split_once(':').unwrap();
        let mut tried = Tried {
            candidate: names.iter().position(|known| known == name).unwrap(),
            kind: KINDS.into_iter().find(|known| known.as_str() == kind).unwrap(),
            at: now,
            retry_after: None,
            other_way: false,
            opened: false,
            waited: false,
        };
        for word in words {
            match word {
                "k" => tried.other_way = true,
                "o" => tried.opened = true,
                "w" => tried.waited = true,
                seconds => tried.retry_after = Some(SECOND * seconds.parse().unwrap()),
            }
        }
        tried
    };
    story.split_whitespace().map(one).collect()
}

/// The next step: `b` it is asked, `a 125` after so many milliseconds, `-` nobody. The dice show a half.
fn step(groups: &str, retry: &str, story: &str, allowed: bool) -> String {
    let (names, plan) = plan(groups, retry);
    let now = Instant::now();
    let tried = tried(&names, now, story);
    let situation = Situation { tried: &tried, now, deadline: now + 60 * SECOND, dice: 0.5 };
    match next(&plan, &situation, |_| allowed) {
        Next::Try(candidate) => names[candidate].clone(),
        Next::Wait(candidate, pause) => format!("{} {}", names[candidate], pause.as_millis()),
        Next::GiveUp => "-".into(),
    }
}

#[track_caller]
fn check(groups: &str, story: &str, expected: &str) {
    assert_eq!(step(groups, "tries: 3", story, true), expected, "{groups}: {story}");
}

/// What follows each fault where an equal, a fallback, or nobody is left.
#[test]
fn every_kind_of_fault_has_its_row() {
    use FaultKind::*;
    for kind in KINDS {
        let expected = match kind {
            Connect | ConnectTimeout | FirstTokenTimeout | UpstreamTimeout | IdleTimeout | Malformed => {
                ["b", "b", "a 125"]
            }
            Reset | ServerError | Empty | Truncated => ["b", "a 125", "a 125"],
            RateLimited | Overloaded => ["b", "a 1125", "a 1125"],
            Tls | KeyRefused | QuotaExhausted | ModelMissing | Unsupported | Diverged | ContextExceeded => {
                ["b", "b", "-"]
            }
            ContentFiltered | Rejected | BadRequest | TooLarge | ClientTimeout | Forbidden | ClientGone
            | UnknownModel | NoTarget | Excluded | Busy | TotalTimeout | Overtaken | Internal | Unauthorized
            | OverBudget | OverLimit => ["-", "-", "-"],
        };
        let found = ["a b", "a | b", "a"].map(|groups| step(groups, "tries: 3", &format!("a:{kind}"), true));
        assert_eq!(found, expected, "{kind}");
    }
}

#[test]
fn retry_on_is_obeyed() {
    for (word, kinds) in [
        ("connect", &["connect", "connect_timeout", "tls", "reset"][..]),
        ("timeout", &["first_token_timeout", "upstream_timeout"]),
        ("5xx", &["server_error", "overloaded"]),
        ("429", &["rate_limited"]),
        ("stream", &["empty", "malformed", "truncated", "idle_timeout"]),
        ("content_filter", &["content_filtered"]),
    ] {
        for kind in KINDS {
            let On::Said(_) = meaning(kind).on else { continue };
            let found = step("a b", &format!("on: [{word}]"), &format!("a:{kind}"), true);
            let expected = if kinds.contains(&kind.as_str()) { "b" } else { "-" };
            assert_eq!(found, expected, "{word} {kind}");
        }
    }
}

#[test]
fn equals_are_asked_at_once_and_fallbacks_after_patience() {
    check("a b | c", "", "a");
    check("a b | c", "a:server_error", "b");
    check("a b | c", "a:server_error b:server_error", "c"); // no try is left for patience
    check("a | b", "a:server_error", "a 125");
    check("a | b", "a:server_error a:server_error+w", "b"); // once
    check("a | b", "a:server_error+o", "b"); // it is known to fail by now
    check("a:t | b", "a:server_error", "b"); // it was on trial
    check("a | b", "a:rate_limited+2", "a 2125");
    check("a | b", "a:rate_limited+3", "a 3125");
    check("a | b", "a:rate_limited+4", "b"); // longer than patience
    check("a | b", "a:overloaded+2", "a 2125");
    check("a | b", "a:rate_limited+2 a:rate_limited+2+w", "b");
    check("a | b c", "a:server_error", "b"); // of three tries, none can be spared
    let five = |story: &str| step("a b | c", "tries: 5", story, true);
    assert_eq!(five("a:rate_limited+2 b:key_refused"), "a 2125"); // the last good one of the group
    assert_eq!(five("a:server_error b:server_error"), "b 125");
    assert_eq!(five("a:server_error b:server_error b:server_error+w"), "c");
    assert_eq!(step("a | b", "patience: 0s", "a:rate_limited+2", true), "b");
    assert_eq!(step("a | b", "tries: 3", "a:server_error", false), "b", "without budget nobody is repeated");
    assert_eq!(step("a b", "tries: 3", "a:server_error", false), "b", "but a first try needs none");
}

#[test]
fn another_way_to_the_same_target_is_taken_at_once() {
    check("a | b", "a:rate_limited+k", "a");
    check("a b", "a:connect+k", "a");
    check("a | b", "a:rate_limited+k a:rate_limited+k", "b"); // the last try is for who has had none
    check("a", "a:rate_limited+k a:rate_limited+k", "a");
    check("a", "a:rate_limited+k a:rate_limited+k a:rate_limited+k", "-");
}

#[test]
fn what_is_too_long_goes_to_a_larger_context() {
    check("s t | l", "s:context_exceeded", "l");
    check("s | t", "s:context_exceeded", "-");
    check("s | a", "s:context_exceeded", "a"); // not known to be too small
    check("a | s", "a:context_exceeded", "s"); // who refused is not known to be larger
    check("l | s", "l:context_exceeded", "-");
    check("s | t", "s:server_error s:context_exceeded+w", "-");
    check("t s | l", "t:server_error s:context_exceeded", "l");
    check("t s", "t:server_error s:context_exceeded", "-"); // nor is the first repeated for it
}

#[test]
fn a_filters_no_is_final_unless_the_operator_says_otherwise() {
    check("a b | c", "a:content_filtered", "-");
    let on = "on: [content_filter]";
    assert_eq!(step("a b | c", on, "a:content_filtered", true), "b");
    assert_eq!(step("a | b", on, "a:content_filtered", true), "b");
    assert_eq!(step("a", on, "a:content_filtered", true), "-");
}

#[test]
fn when_nothing_is_healthy_the_least_bad_is_asked() {
    check("a:o2 b:u", "", "a");
    check("a:o2 b:u", "a:connect", "b");
    assert_eq!(step("a:o2 b:u", "tries: 3", "", false), "a", "the only hope needs no budget");
    assert_eq!(step("a:o2 b:u", "tries: 3", "a:tls", false), "-");
    assert_eq!(step("a b:o2 c:u", "tries: 3", "a:tls", false), "b", "one of the others may be back");
    assert_eq!(step("a b:o2 c:u", "tries: 3", "a:tls b:tls", false), "c");
    check("a:r2", "", "a 2000");
    check("a:r2 b:o2", "", "a 2000");
    check("a:r9 b:o2", "", "b"); // longer than patience: it might be back after all
    check("a:r9 b:o2", "b:tls", "a 9000");
    check("a:r99 b:o2", "", "b"); // the rest does not end in the call's time
    check("a:r99", "", "-");
    check("b a:r2", "b:rate_limited+1", "b 1125"); // who is back first
    check("b a:r2", "b:rate_limited+4", "a 2000");
    check("b a:r2", "b:server_error b:server_error+w", "a 2000"); // the last try is for who has had none
    check("b a:r2 c:o2", "b:server_error", "a 2000"); // and so is each where there is one for everybody
    check("b a:r2 c:o2", "b:server_error a:truncated", "c");
    check("b a:r99 c:o2", "b:server_error c:tls", "b 125"); // but who is out of reach takes none
    let four = |story: &str| step("b a:r2 c:o2", "tries: 4", story, true);
    assert_eq!(four("b:server_error"), "b 125", "there is one to spare");
}

#[test]
fn time_and_tries_are_bounded() {
    check("a", "a:server_error a:server_error a:server_error", "-");
    check("a", "a:server_error a:server_error", "a 250");
    check("a", "a:rate_limited+29", "a 29125");
    check("a", "a:rate_limited+30", "-"); // a first token is waited for 30 s, and so is a target
    check("a:r31", "", "-");
    assert_eq!(step("a b", "tries: 1", "a:connect", true), "-");
    assert_eq!(step("a", "tries: 9", &"a:connect ".repeat(8), true), "a 2000", "a backoff is bounded");
    assert_eq!(step("a", "tries: 3", "a:connect", false), "-", "no repeat without budget");
    let (names, plan) = plan("a b", "tries: 3");
    let now = Instant::now();
    let tried = tried(&names, now, "a:connect");
    let over = Situation { tried: &tried, now, deadline: now, dice: 0.5 };
    assert_eq!(next(&plan, &over, |_| true), Next::GiveUp);
}

#[test]
fn a_pause_is_counted_from_the_moment_it_was_named() {
    let (names, plan) = plan("a", "tries: 3");
    let at = Instant::now();
    let tried = tried(&names, at, "a:rate_limited+5");
    let situation = Situation { tried: &tried, now: at + 3 * SECOND, deadline: at + 60 * SECOND, dice: 0.0 };
    assert_eq!(next(&plan, &situation, |_| true), Next::Wait(0, 2 * SECOND));
}
