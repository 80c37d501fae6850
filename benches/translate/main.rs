//! What it costs to put a chat from one dialect into another: microseconds of CPU and allocations.
//!
//!     cargo bench --bench translate [-- [--quick] [--only PART-OF-A-TABLE'S-NAME]]
//!
//! No process, no socket: the codecs alone, in the order a call uses them. Every pair of dialects is measured in turn,
//! round after round, so that whatever else the machine does falls on all of them alike. How to read the numbers:
//! benches/README.md.

mod allocations;
mod documents;
mod measure;
mod report;

use std::hint::black_box;

use bytes::Bytes;
use outrider::canonical::{Dialect, Lost};
use outrider::dialect::codec::{self, Codec};
use outrider::dialect::flow::{Flow, Stream};

use documents::{ABOUT, ASKED, Documents, SIZES, TARGET};
use measure::{Case, Plan, measure};

// The titles of the tables.
const REQUESTS: &str = "Request of 1 KB: the client's dialect read, the provider's written";
const REPLIES: &str = "Reply: the provider's dialect read, the client's written";
const CALLS: &str = "Both: what is added to a call";
const TEXT_EVENTS: &str = "Streamed event of text, each in a chunk of its own";
const CALL_EVENTS: &str = "Streamed event of a tool's arguments, each in a chunk of its own";
const IMAGES: &str = "Request of 1 MB, nearly all of it images";

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let plan = if arguments.iter().any(|argument| argument == "--quick") { Plan::QUICK } else { Plan::FULL };
    let only = arguments.iter().skip_while(|argument| *argument != "--only").nth(1).cloned().unwrap_or_default();

    let all: Vec<Documents> = Dialect::ALL.into_iter().map(Documents::of).collect();
    println!("{}", report::machine());
    let small = |client, provider| Some(request(client, provider, 0));
    let large = |client, provider| Some(request(client, provider, SIZES.len() - 1));
    for (title, aim, cases) in [
        (REQUESTS, None, pairs(&all, small)),
        (REPLIES, None, pairs(&all, |client, provider| Some(reply(provider, client)))),
        (CALLS, Some(15.0), pairs(&all, |client, provider| Some(call(client, provider)))),
        (TEXT_EVENTS, Some(1.0), pairs(&all, |client, provider| events(&provider.text_stream, provider, client))),
        (CALL_EVENTS, Some(1.0), pairs(&all, |client, provider| events(&provider.call_stream, provider, client))),
        (IMAGES, Some(2000.0), pairs(&all, large)),
    ] {
        if title.contains(&only) {
            report::matrix(title, aim, &measure(cases, &plan));
        }
    }
    if report::SIZES.contains(&only) {
        report::sizes(&measure(sizes(&all), &plan));
    }
}

/// A case for each pair of dialects, where there is one: rows are clients, columns providers.
fn pairs<'d>(
    all: &'d [Documents],
    case: impl Fn(&'d Documents, &'d Documents) -> Option<Case<'d>>,
) -> Vec<Option<Case<'d>>> {
    all.iter().flat_map(|client| all.iter().map(|provider| case(client, provider)).collect::<Vec<_>>()).collect()
}

fn codec_of(documents: &Documents) -> &'static dyn Codec {
    codec::of(documents.dialect)
}

fn request<'d>(from: &'d Documents, to: &Documents, size: usize) -> Case<'d> {
    let (from_codec, to_codec) = (codec_of(from), codec_of(to));
    let body = &from.requests[size][..];
    Case::new(1, move || {
        let request = from_codec.read_request(body, &ASKED).expect("a request");
        black_box(to_codec.write_request(&request, &TARGET, &mut Lost::default()).expect("a request").len());
    })
}

fn reply<'d>(from: &'d Documents, to: &Documents) -> Case<'d> {
    let (from_codec, to_codec) = (codec_of(from), codec_of(to));
    Case::new(1, move || {
        let reply = from_codec.read_reply(&from.reply).expect("a reply");
        black_box(to_codec.write_reply(&reply, &ABOUT).len());
    })
}

fn call<'d>(client: &'d Documents, provider: &'d Documents) -> Case<'d> {
    let (mut request, mut reply) = (request(client, provider, 0), reply(provider, client));
    Case::new(1, move || {
        request.run();
        reply.run();
    })
}

/// The whole way of a stream: frames, reader, writer. `None` where the dialect does not tell such a stream in pieces.
fn events<'d>(stream: &'d [Bytes], from: &Documents, to: &Documents) -> Option<Case<'d>> {
    let (from_codec, to_codec) = (codec_of(from), codec_of(to));
    (stream.len() >= documents::EVENTS).then(|| {
        Case::new(stream.len(), move || {
            let mut flow = Stream::translated(from_codec, to_codec, &ABOUT);
            for chunk in stream {
                let pushed = flow.push(chunk.clone());
                assert!(pushed.fault.is_none(), "{:?}", pushed.fault);
                black_box(pushed.ready);
            }
            black_box(flow.end().ready);
        })
    })
}

/// For each dialect and size: reading a request, and writing it.
fn sizes(all: &[Documents]) -> Vec<Option<Case<'_>>> {
    let both = |documents, size| [read(documents, size), write(documents, size)].map(Some);
    all.iter().flat_map(|documents| (0..SIZES.len()).flat_map(move |size| both(documents, size))).collect()
}

fn read(documents: &Documents, size: usize) -> Case<'_> {
    let (codec, body) = (codec_of(documents), &documents.requests[size]);
    Case::new(1, move || _ = black_box(codec.read_request(body, &ASKED).expect("a request").turns.len()))
}

fn write(documents: &Documents, size: usize) -> Case<'_> {
    let codec = codec_of(documents);
    let request = codec.read_request(&documents.requests[size], &ASKED).expect("a request");
    Case::new(1, move || {
        black_box(codec.write_request(&request, &TARGET, &mut Lost::default()).expect("a request").len());
    })
}
