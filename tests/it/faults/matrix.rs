//! Every fault, for a client of every dialect, streamed or not, with a fallback of every dialect. The dialect of the
//! target that fails goes round, so that it meets each of the clients' and of the fallbacks' once.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{Mutex, Semaphore};
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::RECOVERED;
use super::report::Report;
use crate::support::client::{self, Call};
use crate::support::dialects::speech::{SPEECHES, Speech};
use crate::support::faults::{FAULTS, Fault, Kind, Moment, Stage, Verdict, answer, judge};
use crate::support::provider::{Behaviour, Provider, Seen};
use crate::support::proxy::{Config, Proxy};
use crate::support::run_within;

/// A provider that is silent is left, and a stream that is silent ends.
const DEADLINE: &str = "1s";

/// A deadline of each of two targets, a pause that a provider asked for, and what a busy machine adds.
const BOUND: Duration = Duration::from_secs(12);

/// Calls at a time: the deadlines are short, and a test shares its machine.
const AT_A_TIME: usize = 24;

/// One matrix after the other, for the same reason.
static TURN: Mutex<()> = Mutex::const_new(());

const LIMIT: Duration = Duration::from_secs(600);

/// One call.
struct Cell {
    fault: &'static Fault,
    client: &'static Speech,
    failing: &'static Speech,
    fallback: &'static Speech,
    stream: bool,
    kind: Kind,
    asked: AtomicUsize,
}

#[test]
fn no_fault_reaches_a_client() {
    run_within(LIMIT, matrix(Kind::Text, |_| true));
}

#[test]
fn a_broken_tools_call_is_not_split_and_not_doubled() {
    run_within(LIMIT, matrix(Kind::Call, |fault| fault.moment == Moment::Behind));
}

#[test]
fn thoughts_are_of_one_answer() {
    run_within(LIMIT, matrix(Kind::Thoughts, |fault| fault.moment == Moment::Behind));
}

async fn matrix(kind: Kind, wanted: fn(&Fault) -> bool) {
    let _turn = TURN.lock().await;
    let (mut report, mut failures) = (Report::default(), Vec::new());
    for (place, fault) in FAULTS.iter().enumerate().filter(|(_, fault)| wanted(fault)) {
        let cells: Arc<[Cell]> = cells(fault, kind).into();
        for (index, verdict) in play(cells.clone()).await {
            let cell = &cells[index];
            report.count(place, fault.name, cell.stream, &verdict);
            if !cell.allows(&verdict) {
                let wrong = matches!(verdict, Verdict::Wrong(_));
                failures.push((!wrong, format!("{cell}: {verdict:?}").chars().take(900).collect::<String>()));
            }
        }
    }
    println!("{kind:?}\n{report}");
    // The wrong ones first.
    failures.sort();
    let shown: Vec<_> = failures.iter().map(|(_, failure)| failure.as_str()).collect();
    assert!(failures.is_empty(), "{} calls went wrong:\n{}\n{report}", failures.len(), shown.join("\n"));
}

fn cells(fault: &'static Fault, kind: Kind) -> Vec<Cell> {
    let failing: Vec<_> = SPEECHES.iter().filter(|speech| fault.fits(speech.dialect)).collect();
    let mut cells = Vec::new();
    for (i, client) in SPEECHES.iter().enumerate() {
        for (j, fallback) in SPEECHES.iter().enumerate() {
            let failing = failing[(i + j) % failing.len()];
            let cell = |stream| Cell { fault, client, failing, fallback, stream, kind, asked: AtomicUsize::new(0) };
            cells.extend([cell(false), cell(true)]);
        }
    }
    cells
}

/// Makes all those calls, each to a model with a failing target of its own: what one learns concerns no other.
async fn play(cells: Arc<[Cell]>) -> Vec<(usize, Verdict)> {
    let behind = cells.clone();
    let provider = Provider::behaving(Behaviour::new(move |seen| {
        let number = seen.path.strip_prefix("/cell-").and_then(|rest| rest.split('/').next()?.parse::<usize>().ok());
        match number {
            Some(index) => behind[index].fail(seen),
            None => good(seen, behind[0].kind),
        }
    }))
    .await;
    let proxy = Proxy::start(&config(&cells, provider.url().trim_end_matches("/v1"))).await;
    let (traffic, few) = (proxy.traffic, Arc::new(Semaphore::new(AT_A_TIME)));
    let mut calls = JoinSet::new();
    for index in 0..cells.len() {
        let (cells, few) = (cells.clone(), few.clone());
        calls.spawn(async move {
            let _turn = few.acquire().await.expect("never closed");
            let cell = &cells[index];
            let call = Call::post(
                &cell.client.path(&format!("m-{index}"), cell.stream),
                &(cell.client.ask)(&format!("m-{index}"), cell.stream),
            );
            let started = Instant::now();
            let got = tokio::time::timeout(BOUND, async { client::open(traffic, call).await.rest().await }).await;
            match got {
                Ok(reply) => (index, judge(cell.client, cell.stream, &reply, &answer(cell.kind))),
                Err(_) => (index, Verdict::Wrong(format!("hangs for {:?}", started.elapsed()))),
            }
        });
    }
    calls.join_all().await
}

/// A model for each call; its target has a place of its own at the one address, the fallbacks are shared.
fn config(cells: &[Cell], url: &str) -> Config {
    let timeouts = format!("{{first_token: {DEADLINE}, idle: {DEADLINE}}}");
    let mut config = Config::default().top(&format!("defaults: {{timeouts: {timeouts}}}"));
    for speech in SPEECHES {
        let large = ", models: {the-model: {context: 1000000}}";
        config = config.speaking_at(&speech.dialect.replace('_', "-"), &format!("{url}/good"), speech.dialect, large);
    }
    for (index, cell) in cells.iter().enumerate() {
        let (place, small) = (format!("{url}/cell-{index}"), ", models: {the-model: {context: 8000}}");
        config = config.speaking_at(&format!("cell-{index}"), &place, cell.failing.dialect, small);
        let fallback = cell.fallback.dialect.replace('_', "-");
        let model = format!("{{targets: [cell-{index}/the-model], fallbacks: [{fallback}/the-model]}}");
        config = config.model(&format!("m-{index}"), &model);
    }
    config
}

/// Every dialect has a path of its own.
fn good(seen: &Seen, kind: Kind) -> crate::support::provider::Script {
    let speech = SPEECHES.iter().find(|speech| speech.serves(seen)).expect("a path of some dialect");
    Stage { speech, said: answer(kind), stream: speech.wants_stream(seen), before: 0 }.play()
}

impl Cell {
    fn fail(&self, seen: &Seen) -> crate::support::provider::Script {
        let (speech, before) = (self.failing, self.asked.fetch_add(1, Ordering::SeqCst));
        (self.fault.script)(&Stage { speech, said: answer(self.kind), stream: speech.wants_stream(seen), before })
    }

    fn allows(&self, verdict: &Verdict) -> bool {
        match (self.fault.moment, verdict) {
            (_, Verdict::Wrong(_)) => false,
            (Moment::Told, verdict) => matches!(verdict, Verdict::Error(_)),
            // Of thoughts with a proof, half can be in the client's hands, and nobody else can complete them.
            (Moment::Behind, Verdict::Error(_)) if self.stream => !RECOVERED || self.kind == Kind::Thoughts,
            (_, verdict) => *verdict == Verdict::Whole,
        }
    }
}

impl std::fmt::Display for Cell {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let how = if self.stream { "streamed" } else { "whole" };
        let (client, failing, fallback) = (self.client.dialect, self.failing.dialect, self.fallback.dialect);
        write!(f, "{}, {how}: {client} to {failing}, then {fallback}", self.fault.name)
    }
}
