//! The client of a call while it waits: whether it is still there, and what keeps its connection alive.
//!
//! Whatever a call waits for, it waits for it here ([`Attended::wait_for`]). A streaming client that has heard nothing
//! for as long as the policy says is sent what its SDK passes over ([`Codec::keep_alive`]), always between two events.
//! If that is the first thing it is sent, the head goes out before it, with status 200 and without a word of who will
//! answer: from then on a failure can only be told as the last event of the stream.
//!
//! [`Codec::keep_alive`]: crate::dialect::codec::Codec::keep_alive

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use tokio::time::{Instant, Sleep, sleep_until};

use super::{Call, Caller, Gone, outbound, relay};
use crate::dialect::codec::Framing;
use crate::routing::Policy;

/// A client, and what it was sent so far.
pub(super) struct Attended<'c, C> {
    caller: &'c mut C,
    /// The head of the reply has gone out.
    begun: bool,
    /// How events end.
    framing: Framing,
    /// What was written last ended one.
    between_events: bool,
    /// `None`: it may last.
    silence: Option<Silence>,
    /// What was read of the body while the client waited for its turn.
    ahead: Ahead,
}

/// The beginning of a body, read for no other end than to notice a client that leaves.
#[derive(Default)]
struct Ahead {
    pieces: VecDeque<Bytes>,
    length: usize,
    ended: bool,
}

/// Most bodies are shorter. Of a longer one no more is read before there is room: many may wait.
const AHEAD: usize = 64 << 10;

/// How long nothing was written, and what is done about it.
struct Silence {
    longest: Duration,
    sign: &'static [u8],
    /// What the reply begins with, if it begins with a sign. `None`: it must not.
    head: Option<Head>,
    since: Instant,
    /// One timer serves all waits: it is only looked at when it fires.
    timer: Pin<Box<Sleep>>,
}

struct Head {
    stream_type: &'static str,
    id: Arc<str>,
}

impl<'c, C: Caller> Attended<'c, C> {
    pub(super) fn new(caller: &'c mut C) -> Self {
        Self {
            caller,
            begun: false,
            framing: Framing::Sse,
            between_events: true,
            silence: None,
            ahead: Ahead::default(),
        }
    }

    /// From now on its connection is kept alive, if it has asked for a stream in which there is something for that.
    pub(super) fn attend(&mut self, call: &Call, policy: &Policy) {
        let codec = call.codec();
        // An array is cut by its brackets, wherever it is cut.
        self.framing = if call.json_array { Framing::AwsEvents } else { codec.framing() };
        let sign = codec.keep_alive();
        let longest = policy.keep_alive.filter(|_| call.head.stream && !sign.is_empty());
        self.silence = longest.map(|longest| {
            // Google's own reader of arrays wants the bracket first.
            let head =
                (!call.json_array).then(|| Head { stream_type: codec.stream_type(), id: call.record.id.clone() });
            let since = Instant::now();
            Silence { longest, sign, head, since, timer: Box::pin(sleep_until(since + longest)) }
        });
    }

    /// Nothing but its end is to come: what is sent now would stand behind the last document.
    pub(super) fn leave_alone(&mut self) {
        self.silence = None;
    }

    /// The head of the reply has gone out.
    pub(super) fn has_begun(&self) -> bool {
        self.begun
    }

    /// What has to be written before an event can be: nothing, unless the last one came without its end.
    pub(super) fn separator(&self) -> &'static [u8] {
        match self.framing {
            _ if self.between_events => b"",
            Framing::Lines => b"\n",
            _ => b"\n\n",
        }
    }

    /// `work`, unless the client leaves before it is done.
    pub(super) async fn wait_for<W>(&mut self, mut work: Pin<&mut impl Future<Output = W>>) -> Result<W, Gone> {
        loop {
            tokio::select! {
                biased;
                done = work.as_mut() => return Ok(done),
                () = self.caller.gone() => return Err(Gone),
                () = too_long(&mut self.silence) => {}
            }
            // Not while the work goes on: if that ended in the middle of it, half a sign would be left.
            self.give_a_sign().await?;
        }
    }

    /// The same where its body has not been read. That it leaves can only be seen behind what it has sent, so that is
    /// read, up to a bound.
    pub(super) async fn wait_unread<W>(&mut self, mut work: Pin<&mut impl Future<Output = W>>) -> Result<W, Gone> {
        loop {
            let Self { caller, ahead, .. } = self;
            let look = async {
                match ahead {
                    Ahead { ended: true, .. } => {
                        caller.gone().await;
                        Err(Gone)
                    }
                    Ahead { length: AHEAD.., .. } => std::future::pending().await,
                    _ => caller.read().await,
                }
            };
            // Reading may be given up at any time: nothing is taken from the connection before it is there.
            let read = tokio::select! {
                biased;
                done = work.as_mut() => return Ok(done),
                read = look => read?,
            };
            match read {
                Some(piece) => {
                    self.ahead.length += piece.len();
                    self.ahead.pieces.push_back(piece);
                }
                None => self.ahead.ended = true,
            }
        }
    }

    async fn give_a_sign(&mut self) -> Result<(), Gone> {
        let Some(silence) = &mut self.silence else { return Ok(()) };
        silence.since = Instant::now();
        if !self.begun {
            let Some(head) = silence.head.take() else { return Ok(()) };
            self.begun = true;
            self.caller.begin(StatusCode::OK, head.headers(), None).await?;
        }
        match self.between_events {
            true => self.caller.write(Bytes::from_static(silence.sign), false).await,
            false => Ok(()),
        }
    }
}

impl<C: Caller> Caller for Attended<'_, C> {
    async fn read(&mut self) -> Result<Option<Bytes>, Gone> {
        match self.ahead.pieces.pop_front() {
            Some(piece) => Ok(Some(piece)),
            None if self.ahead.ended => Ok(None),
            None => self.caller.read().await,
        }
    }

    async fn gone(&mut self) {
        self.caller.gone().await;
    }

    /// Nothing, if it has gone out.
    async fn begin(&mut self, status: StatusCode, headers: HeaderMap, length: Option<usize>) -> Result<(), Gone> {
        if std::mem::replace(&mut self.begun, true) {
            return Ok(());
        }
        self.caller.begin(status, headers, length).await
    }

    async fn write(&mut self, bytes: Bytes, last: bool) -> Result<(), Gone> {
        self.between_events = match self.framing {
            Framing::Sse | Framing::JsonArray => {
                bytes.ends_with(b"\n\n") || bytes.ends_with(b"\n\r\n") || bytes.ends_with(b"\r\r")
            }
            Framing::Lines => bytes.ends_with(b"\n"),
            Framing::AwsEvents | Framing::AwsChunks => true,
        };
        let written = self.caller.write(bytes, last).await;
        if let Some(silence) = &mut self.silence {
            silence.since = Instant::now();
        }
        written
    }

    async fn abort(&mut self) {
        self.caller.abort().await;
    }
}

impl Head {
    fn headers(self) -> HeaderMap {
        let mut headers = HeaderMap::with_capacity(8);
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(self.stream_type));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        headers.insert(relay::REQUEST_ID, outbound::value(&self.id));
        headers
    }
}

/// Resolves when the silence has lasted too long.
async fn too_long(silence: &mut Option<Silence>) {
    let Some(silence) = silence else { return std::future::pending().await };
    poll_fn(|context| {
        loop {
            if silence.timer.as_mut().poll(context).is_pending() {
                return Poll::Pending;
            }
            let due = silence.since + silence.longest;
            if due <= Instant::now() {
                return Poll::Ready(());
            }
            silence.timer.as_mut().reset(due);
        }
    })
    .await;
}
