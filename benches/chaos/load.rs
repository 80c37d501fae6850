//! Many clients at a time, of every dialect, streamed or not, for texts and for calls of tools.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use super::caller::Caller;
use super::providers::MODELS;
use super::tally::Tally;
use crate::support::client::Call;
use crate::support::dialects::speech::{SPEECHES, Speech};
use crate::support::faults::{Kind, Verdict, answer, judge};

/// Clients at a time.
const CALLERS: usize = 32;

/// How much.
#[derive(Clone, Copy)]
pub enum Load {
    /// So many calls.
    Calls(usize),
    /// For so long.
    For(Duration),
}

impl Load {
    /// Makes the calls.
    pub async fn run(self, to: SocketAddr) -> Tally {
        let (made, began) = (Arc::new(AtomicUsize::new(0)), Instant::now());
        let mut callers = JoinSet::new();
        for _ in 0..CALLERS {
            let made = made.clone();
            callers.spawn(async move {
                let (mut caller, mut tally) = (Caller::new(to), Tally::default());
                while self.goes_on(made.fetch_add(1, Ordering::Relaxed), began) {
                    call(&mut caller, &mut tally).await;
                }
                tally
            });
        }
        callers.join_all().await.into_iter().fold(Tally::default(), Tally::and)
    }

    fn goes_on(self, made: usize, began: Instant) -> bool {
        match self {
            Self::Calls(calls) => made < calls,
            Self::For(time) => began.elapsed() < time,
        }
    }
}

async fn call(caller: &mut Caller, tally: &mut Tally) {
    let client = &SPEECHES[fastrand::usize(..SPEECHES.len())];
    let (stream, tool) = (fastrand::u8(..3) > 0, fastrand::u8(..4) == 0);
    let (model, kind) = if tool { ("call", Kind::Call) } else { ("text", Kind::Text) };
    let model = format!("{model}-{}", fastrand::usize(..MODELS));
    let started = Instant::now();
    let reply = caller.call(asked(client, &model, stream)).await;
    let took = started.elapsed();
    match reply {
        Ok(reply) => {
            let attempts = reply.header("x-outrider-attempts");
            let who = format!("{} [{attempts}]", name(client, stream));
            tally.count(judge(client, stream, &reply, &answer(kind)), took, attempts.split(',').count(), &who);
        }
        Err(why) => tally.count(Verdict::Wrong(why), took, 1, &name(client, stream)),
    }
}

/// What a client of that dialect asks.
pub fn asked(client: &Speech, model: &str, stream: bool) -> Call {
    Call::post(&client.path(model, stream), &(client.ask)(model, stream))
}

fn name(client: &Speech, stream: bool) -> String {
    format!("{}{}", client.dialect, if stream { ", streamed" } else { "" })
}
