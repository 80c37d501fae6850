//! Embeddings and reranking: requests and replies, in every dialect that has them.

use crate::canonical::{Blame, Dialect, Fault, Lost};
use crate::dialect::codec::{self, Flavour, Target};
use crate::written::{self, ABOUT};

const TARGET: Target<'static> = Target { model: "other", flavour: Flavour::Vendor };

/// One document: whatever it is, each reader has to live with it.
pub fn check(body: &[u8]) {
    for from in Dialect::ALL {
        embeddings(body, from);
        reranking(body, from);
    }
}

fn embeddings(body: &[u8], from: Dialect) {
    let Some(reader) = codec::of(from).embeddings() else { return };
    let request = reader.read_request(body).inspect_err(client).ok();
    let reply = reader.read_reply(body).inspect_err(written::told).ok();
    if let Some(changed) = reader.with_model(body, "other") {
        written::document(&changed, body.len());
    }
    for writer in Dialect::ALL.into_iter().filter_map(|to| codec::of(to).embeddings()) {
        if let Some(request) = &request {
            let bytes = writer.write_request(request, &TARGET, &mut Lost::nothing()).inspect_err(client);
            good(bytes, body.len());
        }
        if let Some(reply) = &reply {
            good(writer.write_reply(reply, &ABOUT).inspect_err(written::told), body.len());
        }
    }
}

fn reranking(body: &[u8], from: Dialect) {
    let Some(reader) = codec::of(from).reranking() else { return };
    let request = reader.read_request(body).inspect_err(client).ok();
    let reply = reader.read_reply(body).inspect_err(written::told).ok();
    for writer in Dialect::ALL.into_iter().filter_map(|to| codec::of(to).reranking()) {
        if let Some(request) = &request {
            let bytes = writer.write_request(request, &TARGET, &mut Lost::nothing()).inspect_err(client);
            good(bytes, body.len());
        }
        if let Some(reply) = &reply {
            good(writer.write_reply(reply, &ABOUT).inspect_err(written::told), body.len());
        }
    }
}

fn good(bytes: Result<Vec<u8>, Fault>, input: usize) {
    if let Ok(bytes) = bytes {
        written::document(&bytes, input);
    }
}

/// Whoever asks for what cannot be is to blame for it.
fn client(fault: &Fault) {
    assert_eq!(fault.blame(), Blame::Client, "{fault}");
    written::told(fault);
}
