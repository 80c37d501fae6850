//! Reading the request: bounded in size, in time and in what decompression may make of it.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, header};
use tokio::time::{Instant, timeout_at};

use super::{Call, Caller};
use crate::canonical::{Dialect, Fault, FaultKind};
use crate::dialect::bedrock::counted;
use crate::dialect::codec::Flavour;
use crate::dialect::doors::Operation;
use crate::dialect::head::RequestScan;
use crate::upstream::Body;

mod inflate;
use inflate::Inflate;

/// A body may take this long at least ...
const PATIENCE: Duration = Duration::from_secs(30);

/// ... and one second more for each so many bytes: slower than any link in use, faster than a slow-loris.
const BYTES_PER_SECOND: u64 = 1024;

/// Reads the whole body, and what routing needs of it as it comes in.
pub(super) async fn read(call: &mut Call, caller: &mut impl Caller) -> Result<(), Fault> {
    let limit = call.snapshot.body_limit;
    if declared_length(&call.headers).is_some_and(|length| length > limit) {
        return Err(too_large(limit));
    }
    let mut inflate = Inflate::new(&call.headers)?;
    let mut scan = RequestScan::new();
    let started = Instant::now();
    loop {
        let deadline = started + PATIENCE + Duration::from_secs(call.record.bytes_in / BYTES_PER_SECOND);
        let chunk = match timeout_at(deadline, caller.read()).await {
            Err(_) => return Err(Fault::new(FaultKind::ClientTimeout, "the request body was not received in time")),
            Ok(read) => read?,
        };
        let Some(chunk) = chunk else { break };
        call.record.bytes_in += chunk.len() as u64;
        let room = limit.saturating_sub(call.body.len());
        let chunk = match &mut inflate {
            None => chunk,
            Some(inflate) => inflate.push(&chunk, room)?,
        };
        take(&mut call.body, &mut scan, chunk, limit)?;
    }
    call.received = Instant::now();
    if let Some(inflate) = inflate {
        let room = limit.saturating_sub(call.body.len());
        take(&mut call.body, &mut scan, inflate.finish(room)?, limit)?;
    }
    understand(call, scan)
}

/// The same of a body that is there.
pub(super) fn given(call: &mut Call, body: Bytes) -> Result<(), Fault> {
    let (mut scan, limit) = (RequestScan::new(), call.snapshot.body_limit);
    take(&mut call.body, &mut scan, body, limit)?;
    understand(call, scan)
}

/// The body is complete.
fn understand(call: &mut Call, scan: RequestScan) -> Result<(), Fault> {
    let mut head = scan.finish(&call.body, call.model_in_path.as_deref())?;
    if let Some(model) = call.model_in_path.take() {
        head.model = model;
    }
    // Ollama streams unless told otherwise.
    let unsaid = head.stream_unsaid && call.dialect == Dialect::Ollama;
    head.stream = call.stream_in_path.unwrap_or(head.stream || unsaid);
    call.understood(head);
    unwrap_counted(call);
    Ok(())
}

/// A client of Bedrock's CountTokens may send what it would send to InvokeModel: for Claude, that is another dialect.
fn unwrap_counted(call: &mut Call) {
    if (call.dialect, call.operation) != (Dialect::Bedrock, Operation::CountTokens) {
        return;
    }
    if let Some(inner) = counted::invoked(&call.body.slice(0, call.body.len())) {
        (call.dialect, call.flavour, call.own_form) = (Dialect::Anthropic, Flavour::Bedrock, true);
        call.body = Body::from(Bytes::from(inner));
    }
}

fn take(body: &mut Body, scan: &mut RequestScan, chunk: Bytes, limit: usize) -> Result<(), Fault> {
    if body.len() + chunk.len() > limit {
        return Err(too_large(limit));
    }
    scan.push(&chunk)?;
    body.push(chunk);
    Ok(())
}

fn declared_length(headers: &HeaderMap) -> Option<usize> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.trim().parse().ok()
}

fn too_large(limit: usize) -> Fault {
    Fault::new(FaultKind::TooLarge, format!("the request body is over the limit of {limit} bytes"))
}
