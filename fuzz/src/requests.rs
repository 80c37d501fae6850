//! A client's request: read, and written for every provider.

use crate::canonical::{Blame, Dialect, Lost, Request};
use crate::dialect::codec::{self, Asked, Flavour, Target};
use crate::dialect::restore::Restore;
use crate::{chance, written};

/// Every way in which a provider departs from the vendor.
const FLAVOURS: [Flavour; 8] = [
    Flavour::Vendor,
    Flavour::Compatible,
    Flavour::Vertex,
    Flavour::Bedrock,
    Flavour::Azure,
    Flavour::Mistral,
    Flavour::DeepSeek,
    Flavour::OpenRouter,
];

/// What the path says, in dialects that put it there.
const ASKED: Asked<'static> = Asked { model: Some("model"), stream: false, json_array: false };

/// One request.
pub fn check(body: &[u8], dialect: Dialect) {
    let codec = codec::of(dialect);
    let mut request = match codec.read_request(body, &ASKED) {
        Ok(request) => request,
        Err(fault) => {
            assert_eq!(fault.blame(), Blame::Client, "{fault}");
            return written::told(&fault);
        }
    };
    codec.bound(&request);
    again(&request, dialect);
    // As it is done for a call that is translated.
    let mut random = chance(body);
    if random.bool() {
        Restore::prepare(&mut request);
    }
    for to in Dialect::ALL {
        let flavour = FLAVOURS[random.usize(..FLAVOURS.len())];
        let target = Target { model: "other", flavour };
        let mut lost = Lost::nothing();
        match codec::of(to).write_request(&request, &target, &mut lost) {
            Ok(bytes) => written::document(&bytes, body.len()),
            Err(fault) => assert_eq!(fault.blame(), Blame::Client, "{fault}"),
        }
        if let Some(bytes) = codec::of(to).write_count_request(&request, &target) {
            written::document(&bytes, body.len());
        }
    }
}

/// What was written in the client's own dialect can be read, and what comes of that is the same: nothing changes its
/// meaning on the way, or it would do so again.
fn again(request: &Request<'_>, dialect: Dialect) {
    let Some(first) = own(request, dialect) else { return };
    written::same(&first, &reread(&first, dialect));
}

fn reread(bytes: &[u8], dialect: Dialect) -> Vec<u8> {
    let read = codec::of(dialect).read_request(bytes, &ASKED);
    let read = read.unwrap_or_else(|fault| panic!("its own writing is refused: {fault}: {}", written::show(bytes)));
    own(&read, dialect).unwrap_or_else(|| panic!("not written again: {}", written::show(bytes)))
}

fn own(request: &Request<'_>, dialect: Dialect) -> Option<Vec<u8>> {
    let target = Target { model: "model", flavour: Flavour::Vendor };
    codec::of(dialect).write_request(request, &target, &mut Lost::nothing()).ok()
}
