//! Every recorded request, and some of ours, as each is sent to a provider of every other dialect.

use std::collections::HashSet;
use std::time::Duration;

use super::corpus::{own, recorded};
use super::exceptions::IN_REQUESTS;
use super::judge::by_schemas;
use super::sent::{Sent, Through};
use super::specs;
use super::steady::Steady;
use super::tally::{Label, judge};
use crate::captures::{folder, tell};
use crate::support::run_within;

/// Some ten thousand calls, one after the other.
const LIMIT: Duration = Duration::from_secs(240);

/// The specifications that `@stdy/cli` is given, and whose requests it then checks.
const SERVERS: [(&str, &[&str]); 3] = [
    ("openai-openapi.json", &["openai-chat", "openai-responses"]),
    ("anthropic-openapi.yml", &["anthropic"]),
    ("mistral-openapi.yaml", &["mistral"]),
];

#[test]
fn what_is_sent_is_valid() {
    let Some(specs) = specs() else { return tell("written requests: skipped: OUTRIDER_SPECS is not set") };
    let mut asks = own();
    match folder() {
        Some(captures) => asks.extend(recorded(&captures)),
        None => tell("written requests: recorded ones: skipped: OUTRIDER_CAPTURES is not set"),
    }
    let all = folder().is_some();
    assert!(asks.len() > if all { 1200 } else { 20 }, "only {}", asks.len());
    run_within(LIMIT, async {
        let mut through = Through::start().await;
        let sent = through.written(&asks).await;
        through.judge_refusals(all);
        let documents = sent.iter().map(|sent| (sent.to, &sent.body));
        let Some(mistakes) = by_schemas(&specs, documents) else { return };
        judge("written requests", &labels(sent.iter()), &mistakes, IN_REQUESTS, all);
        // What is excepted is wrong to `@stdy/cli` too, in words that would except anything: it is not asked about it.
        let excepted: HashSet<usize> = mistakes.iter().map(|(at, _)| *at).collect();
        for (file, names) in SERVERS {
            let Some(mut steady) = Steady::with(&specs, file).await else { return };
            let theirs = sent.iter().enumerate().filter(|(_, sent)| names.contains(&sent.to));
            let theirs: Vec<&Sent> = theirs.filter(|(at, _)| !excepted.contains(at)).map(|(_, sent)| sent).collect();
            assert!(theirs.len() > if all { 1000 } else { 20 }, "{file}: only {}", theirs.len());
            let mut mistakes = Vec::new();
            for (at, sent) in theirs.iter().enumerate() {
                mistakes.extend(steady.mistakes(sent).await.into_iter().map(|what| (at, what)));
            }
            judge("written requests, @stdy/cli", &labels(theirs.into_iter()), &mistakes, &[], true);
        }
    });
}

fn labels<'s>(sent: impl Iterator<Item = &'s Sent>) -> Vec<Label<'s>> {
    sent.map(|sent| Label { id: sent.id.clone(), from: sent.from.as_str(), to: sent.to }).collect()
}
