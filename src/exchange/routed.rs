//! What a client says to a router, and what each provider is told of it.

use std::sync::Arc;

use bytes::Bytes;

use super::{Call, policy};
use crate::canonical::{Dialect, Fault, FaultKind, Lost};
use crate::dialect::codec::{self, Flavour};
use crate::dialect::doors::Operation;
use crate::dialect::{head, openai_chat};
use crate::health::Registry;
use crate::openrouter::{self, Reader, Rewritten, Spoken, request};
use crate::routing::Model;
use crate::telemetry::record::bounded;
use crate::upstream::Body;

/// A conversation, named in a header.
const SESSION: &str = "x-session-id";

/// A client whose path or headers say that it speaks OpenRouter's dialect: even a refusal is told in its words.
pub(super) fn recognise(call: &mut Call) {
    if may_speak(call) && Spoken::is_marked(call.dialect, &call.path, &call.headers) {
        call.spoken = Some(Box::new(Spoken::new(call.created, &call.headers)));
    }
}

/// An intercepted call to anybody else than OpenRouter says nothing to a router, whatever it looks like.
fn may_speak(call: &Call) -> bool {
    call.origin.as_ref().is_none_or(|origin| origin.kind.name == openrouter::OPENROUTER)
}

/// Who answers a call.
pub(super) struct Chosen {
    /// By what it names, and what routes make of that.
    pub(super) named: Arc<Model>,
    /// The same as the call's own headers want it.
    pub(super) model: Arc<Model>,
}

/// The model that answers `call`, all that it says to a router considered. Whoever serves a call, or explains what
/// would become of it, decides here.
pub(super) fn model(call: &mut Call, registry: &Registry) -> Result<Chosen, Fault> {
    understand(call)?;
    let named = choose(call, registry)?;
    call.record.model = Some(named.name.clone());
    let model = policy::of_call(named.clone(), &call.headers, call.caller(), &call.snapshot)?;
    Ok(Chosen { named, model })
}

/// Reads what `call` says to a router, and takes it out of the body.
fn understand(call: &mut Call) -> Result<(), Fault> {
    let marked = call.spoken.is_some();
    let is_ours = |(name, _): &&(&'static str, _)| request::is_ours(call.dialect, call.operation, name);
    let said: Vec<_> = call.head.to_a_router.iter().filter(is_ours).collect();
    // Anthropic's own servers can fall back, too: by that word alone nobody is known.
    let thinks = call.origin.is_none() && openrouter::thinks(&call.head.model, &call.snapshot);
    if !may_speak(call) || !marked && !thinks && said.iter().all(|(name, _)| *name == "fallbacks") {
        call.wishes.session = header(call).and_then(|session| request::session(SESSION, session).ok());
        return named(call);
    }
    let said: Vec<(&str, Bytes)> =
        said.into_iter().map(|(name, at)| (*name, call.body.slice(at.start, at.end))).collect();
    call.spoken.get_or_insert_with(|| Box::new(Spoken::new(call.created, &call.headers)));
    // An intercepted call asks somebody else for all this.
    if call.origin.is_none() {
        let understood = request::read(said.iter().cloned(), &call.snapshot)?;
        call.wishes = understood.wishes;
        if let Some(session) = header(call).filter(|_| call.wishes.session.is_none()) {
            call.wishes.session = Some(request::session(SESSION, session)?);
        }
        call.record.lost.extend(understood.lost);
        if let Some(spoken) = &mut call.spoken {
            spoken.hides_thoughts = understood.hides_thoughts;
            spoken.preset = understood.preset;
        }
    }
    named(call)?;
    let streams =
        matches!((call.dialect, call.operation), (Dialect::OpenAiChat, Operation::Chat | Operation::Completions));
    let counts = streams && call.head.stream && !call.head.include_usage && call.origin.is_none();
    if thinks {
        think(call);
    }
    rewrite(call, counts)
}

/// `:thinking` behind the model's name is the wish to think, where nothing else is said of that.
fn think(call: &mut Call) {
    let member = match (call.dialect, call.operation) {
        (Dialect::OpenAiChat | Dialect::OpenAiResponses, Operation::Chat) => r#""reasoning":{"effort":"medium"}"#,
        _ => return call.record.lost.push("model: :thinking".to_owned()),
    };
    let whole = call.body.slice(0, call.body.len());
    let says = |name: &str| call.head.to_a_router.iter().any(|(said, _)| *said == name);
    if says("reasoning") || says("include_reasoning") || memchr::memmem::find(&whole, b"\"reasoning_effort\"").is_some()
    {
        return;
    }
    // The body is an object with a member at least: its model's.
    let Some(open) = memchr::memchr(b'{', &whole) else { return };
    let said = [&whole[..=open], member.as_bytes(), b",", &whole[open + 1..]].concat();
    call.body = Body::from(Bytes::from(said));
}

fn header(call: &Call) -> Option<&str> {
    call.headers.get(SESSION)?.to_str().ok()
}

/// The model that is asked for first, and the others without it.
fn named(call: &mut Call) -> Result<(), Fault> {
    if call.head.model.is_empty() {
        if call.wishes.models.is_empty() {
            return Err(Fault::new(FaultKind::BadRequest, "you must provide a model parameter"));
        }
        call.head.model = call.wishes.models.remove(0);
        call.record.model_asked = bounded(&call.head.model).to_owned();
    }
    let mut names: Vec<String> = Vec::new();
    for name in std::mem::take(&mut call.wishes.models) {
        if name != call.head.model && !names.contains(&name) {
            names.push(name);
        }
    }
    call.wishes.models = names;
    Ok(())
}

/// Writes the body as providers are to see it. `counts`: a stream is to end with a count.
fn rewrite(call: &mut Call, counts: bool) -> Result<(), Fault> {
    let whole = call.body.slice(0, call.body.len());
    let written =
        |reader| openrouter::rewrite(&whole, (call.dialect, call.operation), &call.head.model, counts, reader);
    let own = match call.origin {
        None => written(Reader::OpenRouter)?,
        // It goes on as it came.
        Some(_) => Rewritten { body: call.body.clone(), model_at: call.head.model_at.clone(), ..Rewritten::default() },
    };
    let plain = written(Reader::Provider)?;
    (call.body, call.head.model_at) = (plain.body.clone(), plain.model_at.clone());
    call.head.moved(&call.body)?;
    call.head.include_usage |= counts;
    if let Some(spoken) = &mut call.spoken {
        (spoken.own, spoken.plain) = (Some(own), Some(plain));
    }
    Ok(())
}

/// The model that answers `call`, made of all that it names.
fn choose(call: &mut Call, registry: &Registry) -> Result<Arc<Model>, Fault> {
    let mut wishes = std::mem::take(&mut call.wishes);
    let (snapshot, origin) = (call.snapshot.clone(), call.origin.clone());
    let mut passed_over = Vec::new();
    let model = openrouter::choose(&snapshot, &call.traits(), origin.as_ref(), &mut wishes, &mut passed_over, registry);
    call.wishes = wishes;
    let told = |name: &String| match name.starts_with(':') {
        true => format!("model: {name}"),
        false => format!("models: {}", bounded(name)),
    };
    call.record.lost.extend(passed_over.iter().map(told));
    let mut model = model?;
    if let Some(preset) = call.spoken.as_ref().and_then(|spoken| spoken.preset.as_deref()) {
        let own = openrouter::only(&model, openrouter::is_openrouter);
        model = own.ok_or_else(|| openrouter::no_preset(preset))?;
    }
    if model.policy.strict && !call.record.lost.is_empty() {
        let message = format!("nobody here can be told: {}", call.record.lost.join(", "));
        return Err(Fault::new(FaultKind::Unsupported, message));
    }
    Ok(model)
}

/// The client's own body for a target that speaks its dialect.
pub(super) fn body(call: &Call, to: &codec::Target<'_>, lost: &mut Lost) -> Result<Body, Fault> {
    let renamed = |body: &Body, at| head::patch(body, at, to.model);
    let Some(spoken) = &call.spoken else { return Ok(renamed(&call.body, call.head.model_at.clone())) };
    if let Some(own) = spoken.own.as_ref().filter(|_| to.flavour == Flavour::OpenRouter) {
        return Ok(renamed(&own.body, own.model_at.clone()));
    }
    let mut body = call.body.clone();
    if let Some(Rewritten { thinking_at, usage_at, extras_at, .. }) = &spoken.plain {
        // The last first, so that the places of the others stay.
        let refuses = matches!(to.flavour, Flavour::Vendor | Flavour::Azure | Flavour::Mistral);
        if refuses && !extras_at.is_empty() {
            let said = body.slice(extras_at.start, extras_at.end);
            openrouter::names(&said).into_iter().for_each(|name| lost.add(name));
            body = body.splice(extras_at.start, extras_at.end, Bytes::new());
        }
        if to.flavour == Flavour::Mistral && !usage_at.is_empty() {
            // It counts in any case, and refuses the wish.
            body = body.splice(usage_at.start, usage_at.end, Bytes::new());
        }
        if !thinking_at.is_empty() {
            let said = body.slice(thinking_at.start, thinking_at.end);
            body = body.splice(thinking_at.start, thinking_at.end, openai_chat::thinking(&said, to, lost)?.into());
        }
    }
    Ok(renamed(&body, call.head.model_at.clone()))
}
