//! What a request says to a router, read into [`Wishes`].

use bytes::Bytes;

use super::few::Few;
use super::{preferences, providers, said};
use crate::canonical::{Dialect, Fault, FaultKind, Str};
use crate::config::nearest::{nearest, quoted};
use crate::dialect::doors::Operation;
use crate::routing::wishes::Wishes;
use crate::snapshot::Snapshot;

/// As OpenRouter's specification has it.
const LONGEST_SESSION: usize = 256;

/// So many models are asked one after the other: more would only keep a client waiting.
const MOST_MODELS: usize = 16;

/// Members that are asked for in vain: there is nothing here that does this.
const IN_VAIN: [&str; 5] = ["plugins", "transforms", "stop_server_tools_when", "deferred_tools", "image_config"];

/// What a request says beside what it says to the model.
#[derive(Debug, Default)]
pub struct Understood {
    /// What it asks of routing.
    pub wishes: Wishes,
    /// Members that nobody here can do anything about.
    pub lost: Vec<String>,
    /// Thoughts are not to be shown.
    pub hides_thoughts: bool,
    /// The name of settings that OpenRouter keeps.
    pub preset: Option<String>,
}

/// Whether `member` is said to a router in this dialect and operation. Others have the same names for other things.
pub fn is_ours(dialect: Dialect, operation: Operation, member: &str) -> bool {
    match (dialect, member) {
        // Responses has it from OpenAI, Messages knows none.
        (Dialect::OpenAiChat, "reasoning" | "include_reasoning") => operation == Operation::Chat,
        (_, "reasoning" | "include_reasoning") => false,
        // Anthropic's own servers may fall back, too: see `read`.
        (Dialect::Anthropic, "fallbacks") => true,
        (_, "fallbacks") => false,
        (Dialect::OpenAiChat | Dialect::OpenAiResponses | Dialect::Anthropic, _) => true,
        _ => false,
    }
}

/// What the members say. `value` gives each as it stands in the body.
pub fn read(members: impl Iterator<Item = (&'static str, Bytes)>, snapshot: &Snapshot) -> Result<Understood, Fault> {
    let mut said = Understood::default();
    let wishes = &mut said.wishes;
    let mut partition = None;
    for (name, raw) in members {
        match name {
            "provider" => preferences::read(&raw, wishes)?,
            "models" | "fallbacks" if !wishes.models.is_empty() => {
                return Err(said::wrong("fallbacks", "cannot be combined with `models`"));
            }
            "models" => wishes.models = said::read::<Few>(name, &raw)?.0,
            "fallbacks" => wishes.models = fallbacks(&raw)?,
            "route" => partition = Some(said::read::<Route>(name, &raw)?),
            "session_id" => wishes.session = Some(session(name, &said::read::<Str<'_>>(name, &raw)?)?),
            "reasoning" => said.hides_thoughts |= said::read::<Thinking>(name, &raw)?.exclude == Some(true),
            "include_reasoning" => said.hides_thoughts |= !said::read::<bool>(name, &raw)?,
            "preset" => said.preset = Some(said::read::<Str<'_>>(name, &raw)?.to_string()),
            _ if IN_VAIN.contains(&name) && asks_for_something(&raw) => said.lost.push(name.to_owned()),
            _ => {}
        }
    }
    if wishes.models.len() > MOST_MODELS {
        return Err(said::wrong("models", &format!("more than {MOST_MODELS} models")));
    }
    if let Some(Route::Sort) = partition {
        wishes.across_models = true;
    }
    resolve(wishes, snapshot)?;
    Ok(said)
}

/// The conversation that a member or a header names.
pub fn session(place: &str, name: &str) -> Result<Box<str>, Fault> {
    match name.len() {
        1..=LONGEST_SESSION => Ok(name.into()),
        length => {
            Err(said::wrong(place, &format!("expected a name of 1 to {LONGEST_SESSION} bytes, but it has {length}")))
        }
    }
}

/// An empty list, and one of plugins that are switched off, asks for nothing: so a default is taken back.
fn asks_for_something(raw: &[u8]) -> bool {
    #[derive(serde::Deserialize)]
    struct Plugin {
        enabled: Option<bool>,
    }
    match serde_json::from_slice::<Vec<serde_json::Value>>(raw) {
        Ok(list) => list.into_iter().any(|one| {
            let plugin = serde_json::from_value::<Plugin>(one).ok();
            plugin.and_then(|plugin| plugin.enabled) != Some(false)
        }),
        Err(_) => true,
    }
}

/// What `provider.sort.partition` was called before.
#[derive(serde::Deserialize)]
#[serde(rename_all = "lowercase")]
enum Route {
    Fallback,
    Sort,
}

#[derive(serde::Deserialize)]
struct Thinking {
    exclude: Option<bool>,
}

fn fallbacks(raw: &[u8]) -> Result<Vec<String>, Fault> {
    #[derive(serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Fallback {
        model: String,
    }
    let list = said::read::<Vec<Fallback>>("fallbacks", raw)?;
    match list.len() {
        0..=3 => Ok(list.into_iter().map(|fallback| fallback.model).collect()),
        _ => Err(said::wrong("fallbacks", "more than 3 models")),
    }
}

/// Puts our own names in the place of those that the client gave to providers, and finds what nobody can fulfil.
fn resolve(wishes: &mut Wishes, snapshot: &Snapshot) -> Result<(), Fault> {
    let (only_asked, order_asked) = (!wishes.only.is_empty(), !wishes.order.is_empty());
    let Wishes { order, only, ignore, .. } = wishes;
    for (place, names) in [("order", &mut *order), ("only", only), ("ignore", ignore)] {
        *names = ours(place, names, snapshot)?;
    }
    let wishes = &*wishes;
    let allowed = |name: &&String| (!only_asked || wishes.only.contains(name)) && !wishes.ignore.contains(name);
    let nobody = match () {
        () if only_asked => !wishes.only.iter().any(|name| allowed(&name)),
        () if wishes.no_fallbacks && order_asked => !wishes.order.iter().any(|name| allowed(&name)),
        () => false,
    };
    if nobody {
        let configured = quoted(snapshot.providers.keys().map(|id| id.as_str()));
        let message = format!(
            "no allowed providers are available: `provider.only`, `order` and `ignore` leave none of {configured}"
        );
        return Err(Fault::new(FaultKind::UnknownModel, message));
    }
    Ok(())
}

/// Those of `names` that are here, under our own names; the others are providers that are not.
fn ours(place: &str, names: &[String], snapshot: &Snapshot) -> Result<Vec<String>, Fault> {
    let mut ours: Vec<String> = Vec::new();
    for (index, name) in names.iter().enumerate() {
        match providers::meant(name, &snapshot.providers) {
            providers::Meant::Ours(found) => {
                for name in found {
                    if !ours.contains(&name) {
                        ours.push(name);
                    }
                }
            }
            providers::Meant::Elsewhere => {}
            providers::Meant::Nobody => {
                let known = snapshot.providers.keys().map(|id| id.as_str());
                let near = nearest(name, known, 1);
                let hint = match near.is_empty() {
                    true => format!("here are {}", quoted(snapshot.providers.keys().map(|id| id.as_str()))),
                    false => format!("did you mean {}?", quoted(near)),
                };
                let what = format!("no provider is called `{name}`; {hint}");
                return Err(said::wrong(&format!("provider.{place}[{index}]"), &what));
            }
        }
    }
    Ok(ours)
}
