//! A request for a provider.

use std::borrow::Cow;

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use serde_json::Value;

use super::super::DIALECT;
use super::super::blocks::Block;
use super::super::models::Family;
use super::fields::{self, Inference};
use super::schema::{self, Said, TextFormat};
use super::tools::{self, ToolConfig};
use super::turns::{self, Message};
use super::{additional, cache, thinking};
use crate::canonical::{Fault, FaultKind, Foreign, Lost, Raw, Request, Str};
use crate::dialect::codec::Target;

/// A request as it is written. The model is in the path, and so is whether the answer is a stream.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Wire<'r> {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    messages: Vec<Message<'r>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    system: Vec<Block<'r>>,
    #[serde(skip_serializing_if = "is_default")]
    inference_config: Inference<'r>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_config: Option<ToolConfig<'r>>,
    #[serde(skip_serializing_if = "is_default")]
    additional_model_request_fields: Additional<'r>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_config: Option<OutputConfig<'r>>,
    #[serde(skip_serializing_if = "is_default")]
    request_metadata: Labels<'r>,
    #[serde(skip_serializing_if = "Option::is_none")]
    service_tier: Option<ServiceTier<'r>>,
    #[serde(flatten)]
    others: Others<'r>,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct OutputConfig<'r> {
    #[serde(skip_serializing_if = "Option::is_none")]
    text_format: Option<TextFormat<'r>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    effort: Option<&'static str>,
}

#[derive(Serialize)]
struct ServiceTier<'r> {
    #[serde(rename = "type")]
    kind: &'r str,
}

/// `additionalModelRequestFields`: ours, then the client's own.
#[derive(Default, PartialEq)]
struct Additional<'r> {
    made: Vec<(&'static str, Value)>,
    own: Vec<(&'r str, &'r Raw<'r>)>,
}

impl Serialize for Additional<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (name, value) in &self.made {
            map.serialize_entry(name, value)?;
        }
        for (name, value) in self.own.iter().filter(|(name, _)| !self.made.iter().any(|(made, _)| made == name)) {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

#[derive(Default, PartialEq)]
struct Labels<'r>(Vec<(Str<'r>, Str<'r>)>);

impl Serialize for Labels<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

struct Others<'r>(Vec<&'r Foreign<'r>>);

impl Serialize for Others<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|foreign| (foreign.kind.as_str(), &foreign.json)))
    }
}

/// Writes it.
pub fn write(request: &Request<'_>, target: &Target<'_>, lost: &mut Lost) -> Result<Vec<u8>, Fault> {
    let family = Family::of(target.model);
    let thinking = thinking::plan(request, family, lost);
    let open_end = family.takes_prefill() && !thinking.on;
    let (mut system, mut messages) = turns::write(request, family, open_end, lost)?;
    let mut tool_config = tools::write(request, family, thinking.on, lost);

    let said = request.format.as_ref().and_then(|format| schema::write(format, family, lost));
    let text_format = match said {
        Some(Said::Member(member)) => Some(member),
        Some(Said::Words(words)) => {
            system.push(Block::Text(words.into()));
            None
        }
        None => None,
    };
    if !family.takes_system()
        && let Some(first) = messages.first_mut()
    {
        first.content.splice(0..0, system.drain(..));
    }
    if let Some(point) = request.cache.as_ref().and_then(|cache| cache::point(cache, family, lost)) {
        cache::at_the_end(point, &mut messages);
    }
    cache::bound(tool_config.as_ref(), &mut system, &mut messages, lost);

    let mut additional = Additional::default();
    additional.made.extend(fields::top_k(request, family, &thinking, lost));
    if request.parallel_tools == Some(false) && !request.tools.is_empty() {
        match &mut tool_config {
            Some(config) if family.is_claude_from(4, 5) => {
                additional.made.push(("tool_choice", config.take_choice_one_at_a_time()));
            }
            _ => lost.add("parallel_tool_calls"),
        }
    }
    let mut others = Vec::new();
    for foreign in &request.others {
        match foreign.kind.strip_prefix(additional::PREFIX) {
            _ if foreign.dialect != DIALECT => lost.add(Cow::from(foreign.kind.to_string())),
            Some(name) => additional.own.push((name, &foreign.json)),
            None => others.push(foreign),
        }
    }
    fields::lose_the_rest(request, lost);
    let inference_config = fields::inference(request, family, &thinking, lost);
    additional.made.extend(thinking.field);
    let effort = thinking.effort;
    let wire = Wire {
        messages,
        system,
        inference_config,
        tool_config,
        additional_model_request_fields: additional,
        output_config: (text_format.is_some() || effort.is_some()).then_some(OutputConfig { text_format, effort }),
        request_metadata: Labels(fields::metadata(request, lost)),
        service_tier: fields::service_tier(request, lost).map(|kind| ServiceTier { kind }),
        others: Others(others),
    };
    serde_json::to_vec(&wire)
        .map_err(|error| Fault::new(FaultKind::Internal, "the request could not be written").with_detail(error))
}
