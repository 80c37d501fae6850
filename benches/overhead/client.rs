//! The client: calls as fast as the answers come, over connections that stay open.

use std::sync::Arc;
use std::time::{Duration, Instant};

use memchr::memmem;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::Barrier;

use super::dial::{Stream, Way};
use super::load::{EVENTS, Load, Reply, STREAM_END, WORD, request};
use super::process::Proxy;
use super::upstream::{Upstream, content_length};

/// What one run showed.
pub struct Run {
    /// Answered calls.
    pub calls: usize,
    /// How long they took together.
    pub took: Duration,
    /// CPU that the proxy spent meanwhile.
    pub cpu: Option<Duration>,
    latencies: Vec<Duration>,
}

impl Run {
    /// The latency that `share` of the calls did not exceed: to the whole reply, or to the first byte of a stream.
    pub fn percentile(&self, share: f64) -> Duration {
        self.latencies[((self.latencies.len() - 1) as f64 * share) as usize]
    }
}

/// Calls by `way` over `connections` for `time`. The first call of each is not counted.
pub async fn run(
    upstream: &Upstream,
    way: &Way,
    load: &'static Load,
    connections: usize,
    time: Duration,
    proxy: Option<&Proxy>,
) -> Run {
    let request: Arc<[u8]> = request(load, &way.host()).into();
    let start = Arc::new(Barrier::new(connections + 1));
    let callers: Vec<_> = (0..connections)
        .map(|_| {
            let (upstream, request, start) = (upstream.clone(), request.clone(), start.clone());
            let way = way.clone();
            tokio::spawn(async move {
                let mut caller = Caller::connect(upstream, way, load, request).await;
                caller.call().await;
                start.wait().await;
                caller.call_for(time).await
            })
        })
        .collect();
    start.wait().await;

    let before = proxy.map(Proxy::cpu);
    let started = Instant::now();
    let mut latencies = Vec::new();
    for caller in callers {
        latencies.extend(caller.await.expect("a caller does not panic"));
    }
    let took = started.elapsed();
    let cpu = proxy.zip(before).map(|(proxy, before)| proxy.cpu() - before);
    latencies.sort_unstable();
    Run { calls: latencies.len(), took, cpu, latencies }
}

/// One connection.
struct Caller {
    upstream: Upstream,
    load: &'static Load,
    request: Arc<[u8]>,
    way: Way,
    stream: Stream,
    /// Calls that the connection still is for.
    left: usize,
    buffer: Vec<u8>,
}

impl Caller {
    async fn connect(upstream: Upstream, way: Way, load: &'static Load, request: Arc<[u8]>) -> Self {
        let stream = way.connect().await;
        Self { upstream, load, request, stream, left: way.calls, way, buffer: vec![0; 64 << 10] }
    }

    async fn call_for(&mut self, time: Duration) -> Vec<Duration> {
        let (end, mut latencies) = (Instant::now() + time, Vec::new());
        while latencies.is_empty() || Instant::now() < end {
            latencies.push(self.call().await);
        }
        latencies
    }

    async fn call(&mut self) -> Duration {
        if self.load.reply == Reply::Lockstep {
            self.upstream.begin_lockstep();
        }
        let started = Instant::now();
        if self.left == 0 {
            (self.stream, self.left) = (self.way.connect().await, self.way.calls);
        }
        self.left -= 1;
        self.stream.write_all(&self.request).await.expect("the request is taken");
        self.stream.flush().await.expect("the request is taken");
        match self.load.reply {
            Reply::Json => {
                self.read_whole().await;
                started.elapsed()
            }
            _ => self.read_stream(started).await,
        }
    }

    async fn read_whole(&mut self) {
        let mut filled = 0;
        loop {
            filled += self.read_at(filled).await;
            if let Some(head) = memmem::find(&self.buffer[..filled], b"\r\n\r\n") {
                let reply = String::from_utf8_lossy(&self.buffer[..filled]);
                assert!(reply.starts_with("HTTP/1.1 200"), "not an answer: {reply}");
                if filled >= head + 4 + content_length(&self.buffer[..head]) {
                    return;
                }
            }
        }
    }

    /// Reads to the last chunk and checks that no word is missing. Returns the time to the first byte.
    async fn read_stream(&mut self, started: Instant) -> Duration {
        let mut filled = self.read_at(0).await;
        let first_byte = started.elapsed();
        assert!(self.buffer.starts_with(b"HTTP/1.1 200"), "not an answer: {}", String::from_utf8_lossy(&self.buffer));
        let mut words = 0;
        loop {
            let seen = &self.buffer[..filled];
            let new = memmem::find_iter(seen, WORD).count();
            self.upstream.received(new);
            words += new;
            if seen.ends_with(STREAM_END) {
                assert_eq!(words, EVENTS, "words of a stream");
                return first_byte;
            }
            // What may be the first part of a word, or of the last chunk, is looked at again.
            let kept = tail(seen);
            self.buffer.copy_within(filled - kept..filled, 0);
            filled = kept + self.read_at(kept).await;
        }
    }

    async fn read_at(&mut self, from: usize) -> usize {
        let read = self.stream.read(&mut self.buffer[from..]).await.expect("a reply");
        assert!(read > 0, "the reply broke off: {}", String::from_utf8_lossy(&self.buffer[..from]));
        read
    }
}

/// How many bytes at the end of `seen` belong to something not yet complete.
fn tail(seen: &[u8]) -> usize {
    let after_word = memmem::rfind(seen, WORD).map_or(seen.len(), |at| seen.len() - at - WORD.len());
    after_word.min(WORD.len() - 1)
}
