//! Which targets, in which order.
//!
//! A [`Model`] is a name that clients ask for, with its targets in priority groups. [`plan`] turns it into the order
//! in which one call tries them; the exchange walks that order and never chooses by itself. [`routes`] may say which model
//! answers, whatever the call names.

pub mod choice;
pub mod constraints;
pub mod explain;
pub mod inside;
pub mod plan;
mod recovery;
pub mod routes;
pub mod score;
pub mod wishes;

use std::sync::Arc;
use std::time::Duration;

pub use choice::Choice;
pub use recovery::{After, Hedge, Hold, Recover};

use crate::canonical::Abilities;
use crate::catalogue::Facts;
use crate::health::TargetHealth;
use crate::names::{ModelName, TargetId};
use crate::provider::Provider;
use constraints::Terms;

/// A name that clients ask for, and who can answer.
#[derive(Debug)]
pub struct Model {
    /// The name.
    pub name: ModelName,
    /// Equals within a group; a later group is asked when no earlier one can serve. None is empty.
    pub groups: Vec<Vec<Target>>,
    /// How calls of this model are tried.
    pub policy: Policy,
}

impl Model {
    /// The same, where `terms` hold as well.
    pub fn under(&self, terms: impl IntoIterator<Item = Arc<Terms>>) -> Self {
        let mut policy = self.policy.clone();
        let choice = Arc::make_mut(&mut policy.choice);
        terms.into_iter().for_each(|terms| choice.hold(terms, None));
        Self { name: self.name.clone(), groups: self.groups.clone(), policy }
    }

    /// A target by its place.
    pub fn target(&self, group: u16, index: u16) -> &Target {
        &self.groups[usize::from(group)][usize::from(index)]
    }
}

/// One model at one provider.
#[derive(Clone, Debug)]
pub struct Target {
    /// Its name.
    pub id: TargetId,
    /// Who serves it.
    pub provider: Arc<Provider>,
    /// The model as that provider calls it.
    pub model: Arc<str>,
    /// Its share among the healthy targets of its group.
    pub weight: u32,
    /// At most so many calls at a time.
    pub max_in_flight: Option<usize>,
    /// Which of the models that the call names: 0, but for calls that name others to fall back to.
    pub alternative: u16,
    /// How it is doing. Kept over reloads.
    pub health: Arc<TargetHealth>,
    /// What is known of it in advance.
    pub facts: Arc<Facts>,
}

impl Target {
    /// The tokens that fit into its context, where the operator says it.
    pub fn context(&self) -> Option<u64> {
        self.provider.limited.get(&*self.model)?.context
    }

    /// What it can do, where the operator says it. What lists of models say refuses nobody: they know too little of
    /// PDFs and sound, and nothing of what came yesterday.
    pub fn abilities(&self) -> Abilities {
        self.provider.limited.get(&*self.model).copied().unwrap_or_default()
    }
}

/// How the calls of a model are tried.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    /// At most so many tries in all.
    pub tries: u32,
    /// A pause that the last good target asked for is waited for before a fallback is asked, if it is not longer.
    pub patience: Duration,
    /// Which faults may be tried again.
    pub retry_on: RetryOn,
    /// Request sent to first real event of a stream.
    pub first_token: Duration,
    /// Request sent to the end of an answer that is not streamed: its first event is the whole of it.
    pub whole_reply: Duration,
    /// Between two real events.
    pub idle: Duration,
    /// The whole call.
    pub total: Duration,
    /// The call rather fails than goes to a target that cannot be told all that it asks for.
    pub strict: bool,
    /// The operator or the client said [`Self::first_token`]: it is kept to, whatever a target's history says.
    pub first_token_fixed: bool,
    /// What to do when a stream breaks after its first token.
    pub recover: Recover,
    /// How much of an answer is kept back.
    pub hold: Hold,
    /// When a second target is asked before the first has answered; `None`: never.
    pub hedge: Option<Hedge>,
    /// After how long a silence a streaming client is told that we are still there; `None`: never.
    pub keep_alive: Option<Duration>,
    /// How a target is chosen.
    pub choice: Arc<Choice>,
}

/// Which faults may be tried again, as `retry.on` lists them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryOn {
    /// Connections refused, reset or not made in time.
    pub connect: bool,
    /// `first_token`, and 408 and 504 from the provider.
    pub timeout: bool,
    /// 500 to 599.
    pub server_error: bool,
    /// 429.
    pub rate_limited: bool,
    /// An error, an end or garbage where a stream or a reply should begin.
    pub stream: bool,
    /// A filter's no. Not unless the operator says so.
    pub content_filter: bool,
}
