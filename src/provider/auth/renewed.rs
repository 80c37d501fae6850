//! A credential that is renewed before it ends.
//!
//! Renewal runs in the background, one at a time, so no call waits for it while the old credential lives, and a client
//! that hangs up does not stop it. A renewal that fails keeps the old credential for as long as it lives. Only when
//! there is none do calls wait, all for the same renewal, and share its fault.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::canonical::{Fault, FaultKind};

/// The last part of a credential's life, in which the next one is got. Google's metadata server hands out the old
/// token until four minutes before its end, and Google's own libraries renew at 225 s; AWS and Entra have the next one
/// ready five minutes before.
const AHEAD: Duration = Duration::from_secs(225);

/// A credential without an end is looked up again so often: the file that it came from may have changed.
const LOOK_AGAIN: Duration = Duration::from_secs(300);

/// Two renewals are at least so far apart: a service that is down, or that keeps handing out the same old token, is
/// not asked by every call.
const APART: Duration = Duration::from_secs(5);

/// As long, while there is no living credential and so no call can be served.
const APART_IN_NEED: Duration = Duration::from_secs(1);

/// A renewal that takes longer has failed. Several requests may be part of it.
const PATIENCE: Duration = Duration::from_secs(30);

/// A credential that is refused within so long of its arrival is not refused for its age.
const NEW: Duration = Duration::from_secs(30);

/// Where credentials come from.
#[async_trait]
pub(super) trait Source<T>: std::fmt::Debug + Send + Sync + 'static {
    /// Gets the next one.
    async fn renew(&self) -> Result<Granted<T>, Fault>;
}

/// A credential as it was given.
pub(super) struct Granted<T> {
    /// The credential.
    pub value: T,
    /// How long it will live. `None`: as long as nobody changes it.
    pub lives: Option<Duration>,
}

/// The credential of now.
pub(super) struct Renewed<T> {
    source: Arc<dyn Source<T>>,
    state: watch::Sender<State<T>>,
    /// The last renewal; stopped when nobody wants its result any more.
    task: Mutex<Option<JoinHandle<()>>>,
}

struct State<T> {
    held: Option<Held<T>>,
    renewing: bool,
    /// No renewal before this.
    next: Option<Instant>,
    /// Why the last renewal failed.
    fault: Option<Fault>,
}

struct Held<T> {
    value: T,
    since: Instant,
    until: Option<Instant>,
}

impl<T: Clone + Send + Sync + 'static> Renewed<T> {
    /// Nothing is asked for until the first [`Self::get`].
    pub fn new(source: impl Source<T>) -> Self {
        let state = State { held: None, renewing: false, next: None, fault: None };
        Self { source: Arc::new(source), state: watch::Sender::new(state), task: Mutex::default() }
    }

    /// A credential that lives.
    pub async fn get(&self) -> Result<T, Fault> {
        let mut changes = self.state.subscribe();
        loop {
            self.renew_if_due();
            {
                let state = changes.borrow_and_update();
                if let Some(held) = state.living(Instant::now()) {
                    return Ok(held.value.clone());
                }
                if !state.renewing {
                    return Err(state.fault.clone().unwrap_or_else(stopped));
                }
            }
            changes.changed().await.map_err(|_| stopped())?;
        }
    }

    /// Lets go of a credential that was refused, unless it is new.
    pub fn forget(&self) {
        let now = Instant::now();
        self.state.send_if_modified(|state| {
            let old = state.held.as_ref().is_some_and(|held| now >= held.since + NEW);
            if old {
                state.held = None;
                state.next = None;
            }
            old
        });
    }

    fn renew_if_due(&self) {
        let now = Instant::now();
        let begun = self.state.send_if_modified(|state| {
            let due = !state.renewing && state.next.is_none_or(|next| next <= now);
            state.renewing |= due;
            due
        });
        if !begun {
            return;
        }
        let renewal = renew(self.source.clone(), self.state.clone());
        let task = tokio::spawn(renewal);
        *self.task.lock().unwrap_or_else(|poisoned| poisoned.into_inner()) = Some(task);
    }
}

impl<T> Drop for Renewed<T> {
    fn drop(&mut self) {
        let task = self.task.get_mut().unwrap_or_else(|poisoned| poisoned.into_inner());
        if let Some(task) = task.take() {
            task.abort();
        }
    }
}

impl<T> std::fmt::Debug for Renewed<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Renewed").field("source", &self.source).finish_non_exhaustive()
    }
}

impl<T> State<T> {
    fn living(&self, now: Instant) -> Option<&Held<T>> {
        self.held.as_ref().filter(|held| held.until.is_none_or(|until| now < until))
    }

    fn granted(&mut self, granted: Granted<T>, now: Instant) {
        if granted.lives == Some(Duration::ZERO) {
            let ended = "the credentials for the provider have ended, and there are no new ones";
            return self.failed(Fault::new(FaultKind::KeyRefused, ended), now);
        }
        let wait = granted.lives.map_or(LOOK_AGAIN, |lives| lives - AHEAD.min(lives / 4));
        self.next = Some(now + wait.max(APART));
        self.held = Some(Held { value: granted.value, since: now, until: granted.lives.map(|lives| now + lives) });
        self.fault = None;
    }

    fn failed(&mut self, fault: Fault, now: Instant) {
        self.next = Some(now + if self.living(now).is_some() { APART } else { APART_IN_NEED });
        self.fault = Some(fault);
    }
}

/// One renewal, to its end or its failure. Should it panic, the state is put right all the same.
async fn renew<T: Send + Sync + 'static>(source: Arc<dyn Source<T>>, state: watch::Sender<State<T>>) {
    let turn = Turn(state);
    let late = || Fault::new(FaultKind::UpstreamTimeout, "the token service does not answer in time");
    let result = tokio::time::timeout(PATIENCE, source.renew()).await.unwrap_or_else(|_| Err(late()));
    let now = Instant::now();
    if let (Err(fault), true) = (&result, turn.0.borrow().living(now).is_some()) {
        let detail = fault.detail.as_deref().unwrap_or_default();
        tracing::warn!(?source, %fault, detail, "credentials are not renewed, the old ones are used while they live");
    }
    turn.0.send_modify(|state| match result {
        Ok(granted) => state.granted(granted, now),
        Err(fault) => state.failed(fault, now),
    });
}

/// Gives the turn back, even when the renewal is dropped.
struct Turn<T>(watch::Sender<State<T>>);

impl<T> Drop for Turn<T> {
    fn drop(&mut self) {
        self.0.send_modify(|state| state.renewing = false);
    }
}

fn stopped() -> Fault {
    Fault::new(FaultKind::Internal, "the credentials for the provider could not be renewed")
}

#[cfg(test)]
mod tests {
    use super::super::fetch::Fetch;
    use super::super::fetch::script::Script;
    use super::*;

    /// Asks the script for a number of seconds, and gives out the count of renewals as a credential of that life.
    #[derive(Debug, Clone)]
    struct Numbered(Arc<Script>);

    #[async_trait]
    impl Source<usize> for Numbered {
        async fn renew(&self) -> Result<Granted<usize>, Fault> {
            let reply = self.0.fetch(http::Request::get("http://tokens/").body(Default::default()).unwrap()).await?;
            let seconds: u64 = std::str::from_utf8(reply.body()).unwrap().parse().unwrap();
            Ok(Granted { value: self.0.count(), lives: (seconds > 0).then_some(Duration::from_secs(seconds)) })
        }
    }

    fn renewed(script: Script) -> (Arc<Script>, Arc<Renewed<usize>>) {
        let script = Arc::new(script);
        (script.clone(), Arc::new(Renewed::new(Numbered(script))))
    }

    async fn after(seconds: u64) {
        tokio::time::sleep(Duration::from_secs(seconds)).await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_hundred_calls_wait_for_one_renewal() {
        let (script, token) = renewed(Script::new(|_| (200, "3600".into())).taking(Duration::from_secs(2)));
        let calls: Vec<_> = (0..100)
            .map(|_| {
                let token = token.clone();
                tokio::spawn(async move { token.get().await })
            })
            .collect();
        for call in calls {
            assert_eq!(call.await.unwrap(), Ok(1));
        }
        assert_eq!(script.count(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn the_old_one_is_used_while_the_next_is_on_its_way() {
        let (script, token) = renewed(Script::new(|_| (200, "3600".into())).taking(Duration::from_secs(2)));
        assert_eq!(token.get().await, Ok(1));
        after(3600 - 226).await;
        assert_eq!(token.get().await, Ok(1));
        assert_eq!(script.count(), 1, "not due yet");
        after(2).await;
        let before = Instant::now();
        assert_eq!((token.get().await, token.get().await), (Ok(1), Ok(1)));
        assert_eq!(before.elapsed(), Duration::ZERO, "nobody waits");
        after(3).await;
        assert_eq!(token.get().await, Ok(2));
        assert_eq!(script.count(), 2, "one at a time");
    }

    #[tokio::test(start_paused = true)]
    async fn a_failed_renewal_keeps_the_old_one_while_it_lives() {
        let mut asked = 0;
        let (script, token) = renewed(Script::new(move |_| {
            asked += 1;
            (if asked == 1 || asked > 20 { 200 } else { 0 }, "3600".into())
        }));
        assert_eq!(token.get().await, Ok(1));
        after(3600 - 60).await;
        for _ in 0..50 {
            assert_eq!(token.get().await, Ok(1));
            after(1).await;
        }
        assert!((9..=11).contains(&script.count()), "every {APART:?}, not at every call: {}", script.count());
        after(10).await;
        let fault = token.get().await.unwrap_err();
        assert_eq!(fault.kind, FaultKind::Connect, "now it is dead");
        let count = script.count();
        assert_eq!(token.get().await.unwrap_err().kind, FaultKind::Connect);
        assert_eq!(script.count(), count, "the fault is shared for {APART_IN_NEED:?}");
        for _ in 0..20 {
            after(1).await;
            let _ = token.get().await;
        }
        assert_eq!(token.get().await, Ok(21), "and it comes back by itself");
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_that_is_dropped_does_not_stop_the_renewal() {
        let (script, token) = renewed(Script::new(|_| (200, "3600".into())).taking(Duration::from_secs(2)));
        assert!(tokio::time::timeout(Duration::from_secs(1), token.get()).await.is_err());
        after(2).await;
        assert_eq!(token.get().await, Ok(1));
        assert_eq!(script.count(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_service_that_hangs_is_given_up() {
        let (_, token) = renewed(Script::new(|_| (200, "3600".into())).taking(Duration::from_secs(1000)));
        assert_eq!(token.get().await.unwrap_err().kind, FaultKind::UpstreamTimeout);
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_is_refused_is_replaced_unless_it_is_new() {
        let (script, token) = renewed(Script::new(|_| (200, "3600".into())));
        assert_eq!(token.get().await, Ok(1));
        token.forget();
        assert_eq!(token.get().await, Ok(1), "new: another would be refused as well");
        after(60).await;
        token.forget();
        assert_eq!(token.get().await, Ok(2));
        assert_eq!(script.count(), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn one_without_an_end_is_looked_up_again_and_a_short_one_soon() {
        let (script, token) = renewed(Script::new(|_| (200, "0".into())));
        assert_eq!(token.get().await, Ok(1));
        after(301).await;
        assert_eq!(token.get().await, Ok(1), "the old one while the next is looked up");
        after(1).await;
        assert_eq!((token.get().await, script.count()), (Ok(2), 2));

        let (script, token) = renewed(Script::new(|_| (200, "8".into())));
        assert_eq!(token.get().await, Ok(1));
        after(7).await;
        assert_eq!(token.get().await, Ok(1));
        after(2).await;
        assert_eq!((token.get().await, script.count()), (Ok(2), 2));
    }
}
