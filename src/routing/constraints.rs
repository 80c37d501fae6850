//! Who may answer a call at all: hard, for every try of it, and closed where something is not known.
//!
//! What has to hold is said by the model, by the route that led to it, by the caller, and by the call itself; it adds up.
//! A plan never holds a target that is excluded here, so no fallback, no repeat and no second target can reach one.

mod judge;
mod names;

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use super::Target;
use super::choice::Choice;
use super::wishes::{MaxPrice, Wishes};
use crate::canonical::{Fault, FaultKind};
use crate::catalogue::{Ability, Facts, Scores};
use crate::money::Usd;
use crate::names::CallerName;
use crate::provider::Provider;

pub use names::{Meant, is_called};

/// What targets have to be. Nothing said: anything.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Require {
    /// Where they run: one of these, or a part of one (`eu` for `eu-west-1`).
    pub region: Vec<Box<str>>,
    /// They do not train on what they are sent.
    pub no_training: bool,
    /// They keep nothing of it.
    pub no_retention: bool,
    /// How their weights are stored.
    pub quantization: Vec<Box<str>>,
    /// Nobody dearer.
    pub max_price: MaxPrice,
    /// At least so many tokens fit into their context.
    pub context: Option<u64>,
    /// What their models can do, each with the word that was said for it.
    pub abilities: Vec<(Ability, Box<str>)>,
    /// One of these. `None`: any.
    pub only: Option<Vec<Meant>>,
    /// None of these.
    pub ignore: Vec<Meant>,
}

/// What somebody says about who may answer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Terms {
    /// Who says it.
    pub whose: Whose,
    /// What targets have to be.
    pub require: Require,
    /// How good they have to be.
    pub min_quality: Scores,
    /// Which task the call is.
    pub task: Option<Box<str>>,
}

/// Who says what has to hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Whose {
    /// The model, or the defaults.
    #[default]
    Model,
    /// The route of this name.
    Route(Arc<str>),
    /// This caller's entry.
    Caller(CallerName),
    /// The call itself.
    Call,
    /// Nobody: its prompt does not fit.
    Prompt,
}

/// Terms, and for which of the models that a call names they hold; `None`: for all.
#[derive(Clone, Debug, PartialEq)]
pub struct Bound {
    /// What is said.
    pub terms: Arc<Terms>,
    /// [`Target::alternative`].
    pub alternative: Option<u16>,
}

/// What excludes a target. The words are OpenRouter's where it has one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exclusion {
    /// The constraint.
    pub by: &'static str,
    /// What the target has instead.
    pub found: Cow<'static, str>,
    /// Who wants it.
    pub whose: Whose,
}

impl Require {
    /// Whether it says nothing.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl Terms {
    /// Whether it says nothing.
    pub fn is_empty(&self) -> bool {
        self.require.is_empty() && self.min_quality.is_empty() && self.task.is_none()
    }
}

impl fmt::Display for Whose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Model => f.write_str("the model"),
            Self::Route(name) => write!(f, "route `{name}`"),
            Self::Caller(name) => write!(f, "caller `{name}`"),
            Self::Call => f.write_str("the call"),
            Self::Prompt => f.write_str("its prompt"),
        }
    }
}

/// Why `target` may not answer; `None`: it may. `tokens`: what the prompt seems to have.
pub fn excluded(target: &Target, choice: &Choice, wishes: Option<&Wishes>, tokens: Option<u64>) -> Option<Exclusion> {
    let about = |bound: &&Bound| bound.alternative.is_none_or(|place| place == target.alternative);
    let terms = || choice.terms.iter().filter(about).map(|bound| &*bound.terms);
    let task = || choice.task.as_deref().or_else(|| terms().find_map(|terms| terms.task.as_deref()));
    let judged = |terms: &Terms| Some(Exclusion { whose: terms.whose.clone(), ..judge::terms(target, terms, task)? });
    let wished = wishes.and_then(|wishes| judge::wishes(target, wishes));
    wished.or_else(|| terms().find_map(judged)).or_else(|| judge::fits(target, tokens?))
}

/// Why nothing may go to `provider` that is no call of a model; `None`: it may. There is no model in it to look at.
pub fn closed(provider: &Provider, terms: &Terms) -> Option<Fault> {
    let Exclusion { by, found, .. } = judge::provider(provider, terms)?;
    let message = format!("provider `{}` is excluded by {by} of {} ({found})", provider.id, terms.whose);
    Some(Fault::new(FaultKind::Excluded, message))
}

/// Why a call that is to cost nothing cannot go there.
pub fn unless_free(facts: &Facts) -> Option<Exclusion> {
    let nothing = Some(Usd::ZERO);
    judge::price(facts, &MaxPrice { input: nothing, output: nothing, request: nothing, ..MaxPrice::default() })
}

/// Every target of `model` is excluded: which, and by what.
pub fn nobody<'t>(model: &str, excluded: impl Iterator<Item = (&'t Target, &'t Exclusion)> + Clone) -> Fault {
    // Clients know what to do about that in their own dialect: those of Anthropic shorten the conversation.
    let too_long = excluded.clone().all(|(_, why)| why.whose == Whose::Prompt);
    let kind = if too_long { FaultKind::ContextExceeded } else { FaultKind::Excluded };
    let mut message = format!("no target of model `{model}` is allowed to answer this call: ");
    let mut by_what: Vec<&str> = Vec::new();
    for (index, (target, Exclusion { by, found, whose })) in excluded.enumerate() {
        if !by_what.contains(by) {
            by_what.push(by);
        }
        if message.len() > LONGEST {
            message.push_str(", and more");
            break;
        }
        let separator = if index == 0 { "" } else { "; " };
        message.push_str(&format!("{separator}`{}` is excluded by {by} of {whose} ({found})", target.id));
    }
    Fault::new(kind, message).with_detail(by_what.join(", "))
}

/// An error is read by people.
const LONGEST: usize = 4_000;

/// Whether a call that seems to need so many tokens fits into the target's context. Of one whose context nobody knows,
/// it does.
pub fn has_room(target: &Target, needs: u64) -> bool {
    context(target).is_none_or(|own| needs <= own)
}

/// Why `target` is not asked while another has room. An estimate by itself refuses no call: where nobody has room, they
/// are asked all the same, and say so in their own words.
pub fn too_small(target: &Target, needs: u64) -> Option<Exclusion> {
    let own = context(target).filter(|own| needs > *own)?;
    let found = format!("the call seems to need {needs} of {own} tokens").into();
    Some(Exclusion { by: "context_length", found, whose: Whose::Prompt })
}

/// What fits into the target's context, as the operator says, or else the catalogue.
fn context(target: &Target) -> Option<u64> {
    target.context().or(target.facts.context)
}

#[cfg(test)]
mod tests;
