//! A request as a provider of this dialect wants it.

use super::super::OWN;
use super::super::writing::Object;
use super::items::{Items, alone, instructions};
use super::{settings, tools};
use crate::canonical::{Fault, FaultKind, Lost, Request};
use crate::dialect::codec::Target;

/// Writes a request.
pub(in super::super) fn write(request: &Request<'_>, target: &Target<'_>, lost: &mut Lost) -> Result<Vec<u8>, Fault> {
    let mut said = request.turns.first().and_then(instructions);
    let mut items = Items::new(request, target.flavour, lost);
    request.turns.iter().skip(usize::from(said.is_some())).for_each(|turn| items.turn(turn));
    let mut input = items.finish();
    if input.is_empty()
        && let Some(text) = said.take_if(|text| !text.is_empty())
    {
        input = alone(text); // there has to be some input
    }
    if input.is_empty() && super::stateful(request).is_none() {
        return Err(Fault::new(
            FaultKind::BadRequest,
            "there is nothing in the conversation that this model could read",
        ));
    }
    let mut out = Vec::with_capacity(input.len() + 1024);
    let mut body = Object::begin(&mut out);
    body.member("model", target.model);
    body.maybe("instructions", said.filter(|text| !text.is_empty()).as_ref());
    let elements = body.name("input");
    elements.push(b'[');
    elements.append(&mut input);
    elements.push(b']');
    if request.stream {
        body.member("stream", &true);
    }
    let list = tools::write(request, lost);
    if !list.is_empty() {
        let out = body.name("tools");
        out.push(b'[');
        out.extend_from_slice(&list);
        out.push(b']');
        body.maybe("parallel_tool_calls", request.parallel_tools.as_ref());
    }
    if !request.others.iter().any(|other| other.dialect == OWN && other.kind == "tool_choice") {
        tools::write_choice(request, !list.is_empty(), &mut body, lost);
    }
    settings::write(request, target, &mut body, lost);
    body.end();
    Ok(out)
}
