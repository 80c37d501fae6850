//! Counting the tokens of a request where no provider can be asked.

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};

use super::{Call, Caller, outbound, relay};
use crate::canonical::{Blame, Fault, FaultKind, estimate};
use crate::dialect::doors::Operation;
use crate::telemetry::Outcome;

/// `x-outrider-estimated: true`: the count is a guess of ours.
const ESTIMATED: HeaderName = HeaderName::from_static("x-outrider-estimated");

/// Answers with an estimate, if that is what is left: the client asks for a count, and no target can be asked for one, or
/// none answers. What is wrong with the request itself is told.
pub(super) async fn estimated(call: &mut Call, caller: &mut impl Caller, fault: Fault) -> Result<(), Fault> {
    let told = fault.blame() == Blame::Client && fault.kind != FaultKind::Unsupported;
    if call.operation != Operation::CountTokens || told {
        return Err(fault);
    }
    let body = call.body.slice(0, call.body.len());
    let tokens = estimate::tokens(&call.codec().read_request(&body, &call.asked())?);
    let Some(count) = call.codec().write_count(tokens) else { return Err(fault) };
    let mut headers = HeaderMap::with_capacity(8);
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(ESTIMATED, HeaderValue::from_static("true"));
    headers.insert(relay::REQUEST_ID, outbound::value(&call.record.id));
    caller.begin(StatusCode::OK, headers, Some(count.len())).await?;
    call.record.status = Some(200);
    call.record.bytes_out = count.len() as u64;
    call.record.usage.input = Some(tokens);
    caller.write(count.into(), true).await?;
    call.record.outcome = Outcome::Success;
    Ok(())
}
