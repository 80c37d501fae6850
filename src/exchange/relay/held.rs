//! Pieces that wait to be written together.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;

use bytes::Bytes;
use smallvec::SmallVec;

/// How many bytes may wait for more to come at once.
pub(super) const HELD: usize = 32 << 10;

/// Bytes to be written in one piece. A single piece is not copied.
#[derive(Default)]
pub(super) struct Held {
    pieces: SmallVec<[Bytes; 4]>,
    len: usize,
}

impl Held {
    pub(super) fn push(&mut self, piece: Bytes) {
        if !piece.is_empty() {
            self.len += piece.len();
            self.pieces.push(piece);
        }
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    pub(super) fn take(&mut self) -> Bytes {
        self.len = 0;
        let mut pieces = std::mem::take(&mut self.pieces);
        match pieces.len() {
            1 => pieces.remove(0),
            _ => pieces.concat().into(),
        }
    }
}

/// What `work` comes to if it is done now. It can be awaited afterwards if it is not.
pub(super) async fn at_once<W: Future>(mut work: Pin<&mut W>) -> Option<W::Output> {
    poll_fn(|cx| match work.as_mut().poll(cx) {
        Poll::Ready(done) => Poll::Ready(Some(done)),
        Poll::Pending => Poll::Ready(None),
    })
    .await
}
