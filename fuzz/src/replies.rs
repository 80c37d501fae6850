//! A provider's whole reply: read, and written for every client, whole and as a stream.

use crate::canonical::{Dialect, Gatherer, Reply, replay};
use crate::dialect::codec;
use crate::events::Grammar;
use crate::written::{self, ABOUT};

/// One reply.
pub fn check(body: &[u8], dialect: Dialect) {
    let codec = codec::of(dialect);
    codec.read_count(body);
    let reply = match codec.read_reply(body) {
        Ok(reply) => reply,
        Err(fault) => return written::told(&fault),
    };
    again(&reply, dialect);
    everywhere(&reply, body.len());
}

/// The reply in every dialect.
pub fn everywhere(reply: &Reply<'_>, input: usize) {
    let (mut grammar, mut gatherer) = (Grammar::default(), Gatherer::new());
    replay(reply, &mut |event| {
        grammar.event(&event);
        gatherer.push(event);
    });
    assert!(gatherer.finish().is_ok(), "what was made a stream is whole");
    for to in Dialect::ALL {
        written::document(&codec::of(to).write_reply(reply, &ABOUT), input);
        let mut stream = Vec::new();
        let mut writer = codec::of(to).write_stream(&ABOUT);
        replay(reply, &mut |event| writer.event(&event, &mut stream));
        written::proportion(stream.len(), input);
        written::frames(to, false, &stream);
    }
}

/// What was written in the provider's own dialect can be read, and written once more is the same.
fn again(reply: &Reply<'_>, dialect: Dialect) {
    let codec = codec::of(dialect);
    let first = codec.write_reply(reply, &ABOUT);
    let Ok(read) = codec.read_reply(&first) else { return };
    let second = codec.write_reply(&read, &ABOUT);
    written::same(&first, &second);
}
