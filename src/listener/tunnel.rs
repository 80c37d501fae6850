//! A connection whose bytes pass as they are, between a client and the host that it wants.
//!
//! Each way has one buffer and reads no faster than the other side takes. One side may end its half and go on
//! listening, as TLS and HTTP/1.0 clients do. A tunnel over which nothing passes any more is closed: the hosts behind
//! load balancers forget connections without a word.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{self, AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::watch;
use tokio::time::Instant;

use crate::telemetry::ways::Tunnel;

/// Toward the host: a whole TLS record with its frame.
const TO_HOST: usize = 17 << 10;

/// From the host, whence most of the bytes come. Packets leave at once (`TCP_NODELAY`), so a smaller buffer makes more of
/// them: with 17 KiB a tunnel is a fifth slower than a plain copy (benches/ways), with this it is not.
const FROM_HOST: usize = 64 << 10;

/// Nothing passes for so long: nobody is there. What Envoy waits, too.
pub(super) const IDLE: Duration = Duration::from_secs(60 * 60);

/// While the process ends: the host has answered, and nothing more has come for so long.
const QUIET: Duration = Duration::from_secs(1);

/// Copies both ways until both sides have ended, or nothing passes for `idle`, or `draining` finds it at rest.
pub(super) async fn run(
    client: &mut (impl AsyncRead + AsyncWrite + Unpin),
    host: &mut (impl AsyncRead + AsyncWrite + Unpin),
    meter: &Tunnel,
    idle: Duration,
    mut draining: watch::Receiver<bool>,
) -> io::Result<()> {
    let activity = Arc::new(Activity::new());
    let mut client = Watched { inner: client, meter, from_host: false, activity: activity.clone() };
    let mut host = Watched { inner: host, meter, from_host: true, activity: activity.clone() };
    let copying = io::copy_bidirectional_with_sizes(&mut client, &mut host, TO_HOST, FROM_HOST);
    let at_rest = async {
        activity.silent_for(idle, false).await;
        io::ErrorKind::TimedOut
    };
    let drained = async {
        let _ = draining.wait_for(|draining| *draining).await;
        activity.silent_for(QUIET, true).await;
        io::ErrorKind::Interrupted
    };
    tokio::select! {
        copied = copying => copied.map(|_| ()),
        why = at_rest => Err(why.into()),
        why = drained => Err(why.into()),
    }
}

/// When something last passed, and which way.
struct Activity {
    began: Instant,
    /// Milliseconds after `began`.
    last: AtomicU64,
    from_host: AtomicBool,
}

impl Activity {
    fn new() -> Self {
        Self { began: Instant::now(), last: AtomicU64::new(0), from_host: AtomicBool::new(true) }
    }

    fn note(&self, from_host: bool) {
        self.last.store(self.began.elapsed().as_millis() as u64, Relaxed);
        self.from_host.store(from_host, Relaxed);
    }

    /// Returns when nothing has passed for `limit`. `answered`: and what passed last came from the host, so that no
    /// answer is awaited.
    async fn silent_for(&self, limit: Duration, answered: bool) {
        loop {
            let due = self.began + Duration::from_millis(self.last.load(Relaxed)) + limit;
            let awaited = answered && !self.from_host.load(Relaxed);
            if Instant::now() >= due && !awaited {
                return;
            }
            tokio::time::sleep_until(if awaited { Instant::now() + QUIET / 10 } else { due }).await;
        }
    }
}

/// One side of a tunnel; counts what is read from it.
struct Watched<'a, S> {
    inner: &'a mut S,
    meter: &'a Tunnel,
    from_host: bool,
    activity: Arc<Activity>,
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<'_, S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        ready!(Pin::new(&mut *self.inner).poll_read(cx, buf))?;
        self.meter.passed((buf.filled().len() - before) as u64, self.from_host);
        self.activity.note(self.from_host);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<'_, S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut *self.inner).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.inner).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests;
