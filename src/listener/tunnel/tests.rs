//! Tunnels over pipes in memory, with a clock that is turned by hand.

use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::task::JoinHandle;

use super::*;
use crate::telemetry::ways::Reason;
use crate::telemetry::{Format, Telemetry};

/// A tunnel with both of its ends.
struct Dug {
    client: DuplexStream,
    host: DuplexStream,
    drain: watch::Sender<bool>,
    telemetry: Telemetry,
    ended: JoinHandle<io::Result<()>>,
}

fn dig() -> Dug {
    let (client, mut near) = duplex(64 << 10);
    let (host, mut far) = duplex(64 << 10);
    let drain = watch::Sender::new(false);
    let draining = drain.subscribe();
    let telemetry = Telemetry::new(Format::Json, tracing::level_filters::LevelFilter::OFF, std::io::sink());
    let meter = telemetry.emit_tunnel(Reason::NotListed);
    let ended = tokio::spawn(async move { run(&mut near, &mut far, &meter, IDLE, draining).await });
    Dug { client, host, drain, telemetry, ended }
}

async fn passes(from: &mut DuplexStream, to: &mut DuplexStream, text: &[u8]) {
    from.write_all(text).await.unwrap();
    let mut got = vec![0; text.len()];
    to.read_exact(&mut got).await.unwrap();
    assert_eq!(got, text);
}

#[tokio::test(start_paused = true)]
async fn bytes_pass_both_ways_and_each_half_ends_by_itself() {
    let mut dug = dig();
    passes(&mut dug.client, &mut dug.host, b"hello").await;
    passes(&mut dug.host, &mut dug.client, b"good morning").await;
    assert!(dug.telemetry.metrics.render([], [], [], []).contains("outrider_tunnels_open 1\n"));
    dug.client.shutdown().await.unwrap();
    assert_eq!(dug.host.read(&mut [0; 8]).await.unwrap(), 0, "the host sees the client's end");
    passes(&mut dug.host, &mut dug.client, b"and more after it").await;
    dug.host.shutdown().await.unwrap();
    dug.ended.await.unwrap().unwrap();
    let told = dug.telemetry.metrics.render([], [], [], []);
    for line in [
        "outrider_tunnels_open 0\n",
        "outrider_tunnels_total{reason=\"not_listed\"} 1\n",
        "outrider_tunnels_total{reason=\"timeout\"} 0\n",
        "outrider_tunnel_bytes_total{direction=\"received\"} 29\n",
        "outrider_tunnel_bytes_total{direction=\"sent\"} 5\n",
    ] {
        assert!(told.contains(line), "{line} is missing in {told}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_slow_reader_is_waited_for() {
    let mut dug = dig();
    let sent = vec![7; 4 << 20];
    let expected = sent.clone();
    tokio::spawn(async move {
        dug.client.write_all(&sent).await.unwrap();
        dug.client.shutdown().await.unwrap();
        std::future::pending::<()>().await;
    });
    let mut got = Vec::new();
    let mut piece = [0; 1000];
    loop {
        let length = dug.host.read(&mut piece).await.unwrap();
        if length == 0 {
            break;
        }
        got.extend_from_slice(&piece[..length]);
    }
    assert!(got == expected);
}

#[tokio::test(start_paused = true)]
async fn a_tunnel_over_which_nothing_passes_is_closed() {
    let mut dug = dig();
    let began = Instant::now();
    tokio::time::sleep(IDLE / 2).await;
    passes(&mut dug.client, &mut dug.host, b"still here").await;
    assert_eq!(dug.ended.await.unwrap().unwrap_err().kind(), io::ErrorKind::TimedOut);
    let lasted = began.elapsed();
    assert!(lasted >= IDLE * 3 / 2 && lasted < IDLE * 3 / 2 + QUIET, "{lasted:?}");
}

#[tokio::test(start_paused = true)]
async fn the_end_of_the_process_waits_for_an_answer_and_for_nothing_else() {
    // At rest: at once.
    let mut dug = dig();
    passes(&mut dug.client, &mut dug.host, b"question").await;
    passes(&mut dug.host, &mut dug.client, b"answer").await;
    tokio::time::sleep(QUIET * 2).await;
    let asked = Instant::now();
    dug.drain.send_replace(true);
    assert_eq!(dug.ended.await.unwrap().unwrap_err().kind(), io::ErrorKind::Interrupted);
    assert!(asked.elapsed() < QUIET, "{:?}", asked.elapsed());

    // An answer is awaited.
    let mut dug = dig();
    passes(&mut dug.client, &mut dug.host, b"question").await;
    dug.drain.send_replace(true);
    tokio::time::sleep(QUIET * 20).await;
    assert!(!dug.ended.is_finished(), "the answer would be lost");
    passes(&mut dug.host, &mut dug.client, b"answer").await;
    assert_eq!(dug.ended.await.unwrap().unwrap_err().kind(), io::ErrorKind::Interrupted);
}
