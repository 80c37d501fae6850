//! Claude on Bedrock's InvokeModel: Anthropic's documents, in Bedrock's frames and with Bedrock's errors and counts.
//!
//! What differs in a request lies in the flavour that Anthropic's writer is given; the rest of it, and whole answers,
//! are the vendor's own.

use bytes::Bytes;
use http::{HeaderMap, StatusCode};

use super::anthropic::Anthropic;
use super::aws_events::{EXCEPTION, chunk};
use super::bedrock::{self, Bedrock, counted};
use super::codec::{About, Asked, Codec, Framing, Target};
use crate::canonical::{Dialect, Event, Fault, Lost, Reply, Request, StreamReader, StreamWriter};

/// Anthropic's dialect, as InvokeModel speaks it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Invoked;

impl Codec for Invoked {
    fn dialect(&self) -> Dialect {
        Dialect::Anthropic
    }

    fn framing(&self) -> Framing {
        Framing::AwsChunks
    }

    fn stream_type(&self) -> &'static str {
        Bedrock.stream_type()
    }

    fn keep_alive(&self) -> &'static [u8] {
        Bedrock.keep_alive()
    }

    fn read_request<'a>(&self, body: &'a [u8], asked: &Asked<'a>) -> Result<Request<'a>, Fault> {
        Anthropic.read_request(body, asked)
    }

    fn write_request(&self, request: &Request<'_>, target: &Target<'_>, lost: &mut Lost) -> Result<Vec<u8>, Fault> {
        Anthropic.write_request(request, target, lost)
    }

    fn read_reply<'a>(&self, body: &'a [u8]) -> Result<Reply<'a>, Fault> {
        Anthropic.read_reply(body)
    }

    fn write_reply(&self, reply: &Reply<'_>, about: &About<'_>) -> Vec<u8> {
        Anthropic.write_reply(reply, about)
    }

    fn read_stream(&self) -> Box<dyn StreamReader> {
        Box::new(Reader { events: Anthropic.read_stream(), failed: false })
    }

    fn write_stream(&self, about: &About<'_>) -> Box<dyn StreamWriter> {
        Box::new(Writer { events: Anthropic.write_stream(about), written: Vec::new() })
    }

    fn prefills(&self, target: &Target<'_>) -> bool {
        Anthropic.prefills(target)
    }

    fn write_count_request(&self, request: &Request<'_>, target: &Target<'_>) -> Option<Vec<u8>> {
        let body = Anthropic.write_request(request, target, &mut Lost::nothing()).ok()?;
        Some(counted::invocation(&body))
    }

    fn read_count(&self, body: &[u8]) -> Option<u64> {
        counted::read(body)
    }

    fn write_count(&self, tokens: u64) -> Option<Vec<u8>> {
        Some(counted::write(tokens))
    }

    fn read_error(&self, status: u16, headers: &HeaderMap, body: &Bytes) -> Fault {
        Bedrock.read_error(status, headers, body)
    }

    fn error_header(&self, fault: &Fault) -> Option<(&'static str, &'static str)> {
        Bedrock.error_header(fault)
    }

    fn write_error(&self, fault: &Fault) -> (StatusCode, Bytes) {
        Bedrock.write_error(fault)
    }
}

/// Anthropic's events, out of the chunks already, and Bedrock's exceptions.
struct Reader {
    events: Box<dyn StreamReader>,
    failed: bool,
}

impl StreamReader for Reader {
    fn frame(&mut self, name: &str, data: &[u8], out: &mut dyn FnMut(Event<'_>)) -> Result<(), Fault> {
        match name.strip_prefix(EXCEPTION) {
            _ if self.failed => {}
            Some(name) => {
                self.failed = true;
                out(Event::Error(bedrock::exception(name, data)));
            }
            None => self.events.frame(name, data, out)?,
        }
        Ok(())
    }

    fn hosted(&self) -> bool {
        self.events.hosted()
    }

    fn end(&mut self, out: &mut dyn FnMut(Event<'_>)) -> Result<(), Fault> {
        if self.failed { Ok(()) } else { self.events.end(out) }
    }
}

/// Anthropic's events, each in a chunk.
struct Writer {
    events: Box<dyn StreamWriter>,
    /// Server-sent events on their way into chunks. Kept for its memory.
    written: Vec<u8>,
}

impl StreamWriter for Writer {
    fn event(&mut self, event: &Event<'_>, out: &mut Vec<u8>) {
        if let Event::Error(fault) = event {
            return bedrock::write_exception(fault, out);
        }
        self.events.event(event, &mut self.written);
        // Our own writer puts the whole document on one line.
        let lines = self.written.split(|byte| *byte == b'\n');
        lines.filter_map(|line| line.strip_prefix(b"data: ")).for_each(|event| chunk::write(event, out));
        self.written.clear();
    }
}

#[cfg(test)]
mod tests;
