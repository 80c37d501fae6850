//! A fault shown to the client in its own dialect: the only writer of error replies to model calls.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};

use super::{Call, Caller, outbound, relay, retold};
use crate::canonical::{Blame, Event, Fault, FaultKind, Str};
use crate::telemetry::Outcome;

/// Tells the client. A provider's own refusal of the client's request goes back untouched: the client speaks that
/// dialect, and the words are the provider's to choose.
pub async fn refuse(call: &mut Call, caller: &mut impl Caller, fault: Fault) {
    call.record.outcome = Outcome::Fault(fault.kind);
    if fault.kind == FaultKind::ClientGone {
        return;
    }
    let mut headers = HeaderMap::with_capacity(8);
    let (status, body) = reply(call, &fault, &mut headers);
    headers.insert(relay::REQUEST_ID, outbound::value(&call.record.id));
    let attempts = call.attempts();
    if !attempts.is_empty() {
        headers.insert(relay::ATTEMPTS, outbound::value(&attempts));
    }
    call.record.status = Some(status.as_u16());
    call.record.bytes_out = body.len() as u64;
    // The words are a provider's: say whose.
    let speaker = call.record.attempts.iter().rev().find(|attempt| attempt.fault == Some(fault.kind));
    if let Some(attempt) = speaker.filter(|_| fault.original.is_some()) {
        headers.insert(relay::TARGET, outbound::value(attempt.target.as_str()));
        call.record.target = Some(attempt.target.clone());
    }
    if caller.begin(status, headers, Some(body.len())).await.is_ok() {
        let _ = caller.write(body, true).await;
    }
}

/// The same where the head of a stream has gone out before anything was known: as its first and last event.
pub(super) async fn break_off(call: &mut Call, client: &mut impl Caller, fault: Fault) {
    call.record.outcome = Outcome::Fault(fault.kind);
    call.record.status = Some(StatusCode::OK.as_u16());
    if fault.kind == FaultKind::ClientGone {
        return;
    }
    let request = call.body.slice(0, call.body.len());
    let told = call.about(&request, |about| {
        let (mut writer, mut out) = (call.codec().write_stream(about), Vec::new());
        // There are SDKs that understand an error only behind the beginning of an answer.
        let (id, model) = (Str::default(), Str::default());
        writer.event(&Event::Start { id, model, created: None, service_tier: None }, &mut out);
        writer.event(&Event::Error(fault), &mut out);
        out
    });
    call.record.bytes_out = told.len() as u64;
    let _ = client.write(told.into(), true).await; // nobody is there to hear it
}

/// Status and body, with the headers that go with them.
pub(super) fn reply(call: &Call, fault: &Fault, headers: &mut HeaderMap) -> (StatusCode, Bytes) {
    let codec = call.codec();
    if let Some(seconds) = fault.retry_after.map(|pause| pause.as_secs_f64().ceil() as u64) {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    if let Some(generation) = retold::generation(call) {
        headers.insert(retold::GENERATION, generation);
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        return retold::refusal(call, fault);
    }
    let status = fault.status.and_then(|status| StatusCode::from_u16(status).ok());
    let original = fault.original.as_ref().filter(|original| !original.body.is_empty());
    if let (Blame::Client, Some(original), Some(status)) = (fault.blame(), original, status) {
        if let Some(kind) = &original.content_type {
            headers.insert(header::CONTENT_TYPE, kind.clone());
        }
        return (status, original.body.clone());
    }
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if let Some((name, value)) = codec.error_header(fault) {
        headers.insert(name, HeaderValue::from_static(value));
    }
    codec.write_error(fault)
}
