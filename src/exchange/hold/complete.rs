//! An answer that is held to its end, because only then is it known not to be cut; and one that is too long for that.

use bytes::{Bytes, BytesMut};

use super::{Asked, Head, Held, empty, unfiltered};
use crate::canonical::{self, Dialect, Fault, FaultKind, Gatherer, Noted, Usage};
use crate::dialect::codec::Codec;
use crate::dialect::doors::Operation;
use crate::dialect::frames::Frames;
use crate::dialect::openai_chat;
use crate::dialect::restore::Restore;
use crate::exchange::answer::{Rest, Tail};
use crate::exchange::lane::Lane;
use crate::exchange::{Call, whole};
use crate::upstream::Reply;

/// Whole replies up to this size are held to their end; a longer one (thousands of embeddings) goes out as it comes.
pub(super) const HELD: usize = 4 << 20;

/// A whole reply that has to be translated is held to its end, but no longer than this.
const TRANSLATED: usize = 64 << 20;

/// A whole answer, to its end.
pub(super) async fn held<R: Reply>(
    asked: Asked<'_>,
    lane: Lane,
    restore: Restore,
    mut reply: R,
    head: Head,
    first: Bytes,
) -> Result<Held<R>, Fault> {
    let Asked { call, policy, .. } = asked;
    let mut pieces = vec![first];
    let mut length = pieces[0].len();
    while let Some(chunk) = reply.next().await? {
        length += chunk.len();
        pieces.push(chunk);
        if length > HELD && matches!(lane, Lane::Native(_)) {
            let mut tail = Tail::default();
            pieces.iter().for_each(|piece| tail.push(piece));
            return Box::pin(long(reply, head, pieces, tail)).await;
        }
        if length > TRANSLATED {
            return Err(Fault::new(FaultKind::Malformed, "the provider's answer is too long to be translated"));
        }
    }
    let body = joined(pieces, length);
    let (body, usage, noted) = match lane {
        Lane::Native(codec) if codec.dialect() == Dialect::OpenAiChat => {
            let usage = openai_chat::read_reply(call.operation, &body)?;
            unfiltered(policy, || call.operation == Operation::Chat && openai_chat::is_filtered(&body))?;
            let noted = if call.operation == Operation::Chat { openai_chat::noted(&body) } else { Noted::default() };
            (body, usage, noted)
        }
        Lane::Native(codec) if call.operation == Operation::Chat => {
            let read = codec.read_reply(&body)?;
            unfiltered(policy, || read.is_filtered())?;
            let (usage, noted) = (read.used(), Noted::of(&read));
            (body, usage, noted)
        }
        Lane::Reformed { target, .. } if !call.head.stream => {
            let read = target.read_reply(&body)?;
            unfiltered(policy, || read.is_filtered())?;
            let (usage, noted) = (read.used(), Noted::of(&read));
            (body, usage, noted)
        }
        Lane::Reformed { client, target } => {
            let read = target.read_reply(&body)?;
            unfiltered(policy, || read.is_filtered())?;
            (written(call, client, &read), read.used(), Noted::of(&read))
        }
        Lane::Native(codec) => {
            let usage = whole::usage(call, codec, &body).unwrap_or_else(|| Ok(Usage::default()))?;
            (body, usage, Noted::default())
        }
        Lane::Translated { client, target } if call.operation == Operation::CountTokens => {
            let count = target.read_count(&body).and_then(|tokens| Some((client.write_count(tokens)?, tokens)));
            let (count, tokens) = count.ok_or_else(|| empty(head.status))?;
            (count.into(), Usage { input: Some(tokens), ..Usage::default() }, Noted::default())
        }
        Lane::Translated { client, target } => match whole::reply(call, (client, target), &head.headers, &body) {
            Some(translated) => {
                let (body, usage) = translated?;
                (body, usage, Noted::default())
            }
            None => {
                let mut read = target.read_reply(&body)?;
                unfiltered(policy, || read.is_filtered())?;
                restore.reply(&mut read);
                (written(call, client, &read), read.used(), Noted::of(&read))
            }
        },
    };
    if let Lane::Native(codec) = lane
        && let Some(fault) = whole::lacks(call, codec, &body)
    {
        return Err(fault);
    }
    Ok(Held::new(reply, head, vec![body], Rest::Nothing(usage, noted.into())))
}

/// A stream where a whole answer was asked for.
pub(super) async fn gathered<R: Reply>(
    Asked { call, policy, .. }: Asked<'_>,
    (client, target): (&dyn Codec, &dyn Codec),
    restore: Restore,
    mut reply: R,
    head: Head,
    first: Bytes,
) -> Result<Held<R>, Fault> {
    let (mut frames, mut reader) = (Frames::new(target.framing()), target.read_stream());
    let mut gatherer = Gatherer::new();
    let (mut chunk, mut length) = (Some(first), 0);
    loop {
        length += chunk.as_ref().map_or(0, Bytes::len);
        if length > TRANSLATED {
            return Err(Fault::new(FaultKind::Malformed, "the provider's answer is too long to be translated"));
        }
        let ended = chunk.is_none();
        let rest = chunk.unwrap_or_else(|| frames.rest());
        let (_, fault) = frames
            .push(rest, &mut |name, data| reader.frame(name, data, &mut |event| gatherer.push(event)).map(|()| true));
        if let Some(fault) = fault {
            return Err(fault);
        }
        if ended {
            break;
        }
        chunk = reply.next().await?;
    }
    reader.end(&mut |event| gatherer.push(event))?;
    let mut read = gatherer.finish()?;
    unfiltered(policy, || read.is_filtered())?;
    restore.reply(&mut read);
    if read.choices.iter().all(|choice| choice.parts.is_empty()) {
        return Err(empty(head.status));
    }
    let body = written(call, client, &read);
    Ok(Held::new(reply, head, vec![body], Rest::Nothing(read.used(), Noted::of(&read).into())))
}

/// A whole answer in the client's dialect, as a stream where that was asked for.
pub(in crate::exchange) fn written(call: &Call, client: &dyn Codec, read: &canonical::Reply<'_>) -> Bytes {
    let request = call.body.slice(0, call.body.len());
    call.about(&request, |about| {
        if !call.head.stream {
            return client.write_reply(read, about).into();
        }
        let (mut writer, mut out) = (client.write_stream(about), Vec::new());
        canonical::replay(read, &mut |event| writer.event(&event, &mut out));
        out.into()
    })
}

/// An answer that goes out as it comes.
pub(super) async fn long<R: Reply>(
    mut reply: R,
    head: Head,
    mut ready: Vec<Bytes>,
    mut tail: Tail,
) -> Result<Held<R>, Fault> {
    if ready.is_empty() {
        let Some(first) = reply.next().await? else { return Err(empty(head.status)) };
        tail.push(&first);
        ready.push(first);
    }
    Ok(Held::new(reply, head, ready, Rest::Bytes(tail)))
}

fn joined(mut pieces: Vec<Bytes>, length: usize) -> Bytes {
    if pieces.len() == 1 {
        return pieces.remove(0);
    }
    let mut body = BytesMut::with_capacity(length);
    pieces.iter().for_each(|piece| body.extend_from_slice(piece));
    body.freeze()
}
