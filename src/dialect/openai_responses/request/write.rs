//! A request as a provider of this dialect wants it.

use super::super::OWN;
use super::super::writing::Object;
use super::items::{Items, alone, instructions};
use super::{settings, tools};
use crate::canonical::{Fault, FaultKind, Lost, Request};
use crate::dialect::codec::Target;

/// Writes a request.
pub(in super::super) fn write(request: &Request<'_>, target: &Target<'_>, lost: &mut Lost) -> Result<Vec<u8>, Fault> {
    let said = request.turns.first().and_then(instructions);
    let mut out = Vec::with_capacity(1024);
    begin(&mut out, target, said);
    let empty = out.len();
    let mut items = Items::new(request, target.flavour, out, lost);
    request.turns.iter().skip(usize::from(said.is_some())).for_each(|turn| items.turn(turn));
    let (mut out, replays) = items.finish();
    if out.len() == empty {
        match said.filter(|text| !text.is_empty()) {
            // There has to be some input.
            Some(text) => {
                out.clear();
                begin(&mut out, target, None);
                alone(text, &mut out);
            }
            None if super::stateful(request).is_some() => {}
            None => {
                return Err(Fault::new(
                    FaultKind::BadRequest,
                    "there is nothing in the conversation that this model could read",
                ));
            }
        }
    }
    out.push(b']');
    let mut body = Object::inside(&mut out, false);
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
    settings::write(request, target, replays, &mut body, lost);
    body.end();
    Ok(out)
}

/// Everything before the items, so that they are written where they stay.
fn begin(out: &mut Vec<u8>, target: &Target<'_>, instructions: Option<&str>) {
    let mut body = Object::begin(out);
    body.member("model", target.model);
    body.maybe("instructions", instructions.filter(|text| !text.is_empty()).as_ref());
    body.name("input").push(b'[');
}
