//! More calls than there is room for, and clients that are slow.

use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpSocket;

use crate::support::client::{Call, Reply};
use crate::support::dialects::speech::SPEECHES;
use crate::support::provider::{Behaviour, Provider};
use crate::support::proxy::{Config, Proxy};
use crate::support::{run, run_within};

const STREAM: usize = 20;

/// A provider whose streams wait at the gate after a few words.
async fn gated() -> Provider {
    Provider::behaving(Behaviour::stream(STREAM).gated_after(3)).await
}

/// Two targets with room for one call each, a queue for one, and a short wait.
fn small(a: &Provider, b: &Provider) -> Config {
    let (a, b) = (a.url(), b.url());
    Config::default()
        .entry("a", &format!("base_url: \"{a}\", api_key: k, health: off"))
        .entry("b", &format!("base_url: \"{b}\", api_key: k, health: off, max_in_flight: 1"))
        .model("m", "{targets: [{use: a/m, max_in_flight: 1}], fallbacks: [b/m]}")
        .top("queue: {size: 1, wait: 600ms}")
}

fn is_whole(reply: &Reply) -> bool {
    reply.complete && reply.text().contains(&format!("word{STREAM} ")) && reply.text().ends_with("[DONE]\n\n")
}

#[test]
fn a_full_target_is_passed_over_and_where_all_are_full_calls_wait_in_vain() {
    run(async {
        let (a, b) = (gated().await, gated().await);
        let proxy = Proxy::start(&small(&a, &b)).await;
        let first = proxy.open(Call::stream("m")).await;
        let second = proxy.open(Call::stream("m")).await;
        assert_eq!(first.headers["x-outrider-target"], "a/m");
        assert_eq!(second.headers["x-outrider-target"], "b/m", "{:?}", second.headers);

        for client in SPEECHES {
            let call = Call::post(&client.path("m", false), &(client.ask)("m", false));
            let start = Instant::now();
            let reply = proxy.send(call).await;
            assert!(matches!(reply.status, 503 | 529), "{}: {} {}", client.dialect, reply.status, reply.text());
            assert_eq!(reply.header("retry-after"), "1", "{}", client.dialect);
            let message = reply.json().pointer(client.message).map(|text| text.as_str().unwrap().to_owned());
            assert!(message.is_some_and(|text| text.contains("as many calls as it may have")), "{}", reply.text());
            assert!((600..5_000).contains(&start.elapsed().as_millis()), "{:?}", start.elapsed());
        }
        assert_eq!((a.calls().len(), b.calls().len()), (1, 1), "nobody was asked for those");
        for labels in [[r#"scope="target""#, r#"name="a/m""#], [r#"scope="provider""#, r#"name="b""#]] {
            assert_eq!(proxy.metric("outrider_turned_away_total", &labels).await, SPEECHES.len() as f64, "{labels:?}");
        }

        a.release();
        b.release();
        assert!(is_whole(&first.rest().await) && is_whole(&second.rest().await));
        assert_eq!(proxy.send(Call::chat("m")).await.header("x-outrider-target"), "a/m", "there is room again");
    });
}

#[test]
fn who_waits_gets_the_first_room_and_a_client_that_leaves_gives_it_back() {
    run(async {
        let (a, b) = (gated().await, gated().await);
        let proxy = Proxy::start(&small(&a, &b).top("defaults: {retry: {patience: 0s}}")).await;
        let first = proxy.open(Call::stream("m")).await;
        let second = proxy.open(Call::stream("m")).await;
        let waiting = async { proxy.send(Call::chat("m")).await };
        let leaving = async {
            proxy.metric_becomes("outrider_queue_length", &[r#"name="b""#], 1.0).await;
            b.set(Behaviour::ok());
            drop(second); // it had the room at `b`
        };
        let (reply, ()) = tokio::join!(waiting, leaving);
        assert_eq!((reply.status, reply.header("x-outrider-target")), (200, "b/m"), "{}", reply.text());
        assert_eq!(reply.attempts(), ["b/m;ok"], "waiting is no try");
        for name in [r#"name="a/m""#, r#"name="b""#] {
            proxy.metric_becomes("outrider_queue_length", &[name], 0.0).await;
        }
        a.release();
        assert!(is_whole(&first.rest().await));
    });
}

#[test]
fn the_process_has_room_for_so_many() {
    run(async {
        let provider = gated().await;
        let config = Config::chain(&[&provider]).top("max_in_flight: 2").top("queue: {size: 0}");
        let proxy = Proxy::start(&config).await;
        let held = [proxy.open(Call::stream("m")).await, proxy.open(Call::stream("m")).await];
        let start = Instant::now();
        let reply = proxy.send(Call::chat("m")).await;
        assert_eq!((reply.status, reply.header("retry-after")), (503, "2"), "{}", reply.text());
        assert_eq!(reply.error_message(), "there are too many calls at once");
        assert!(start.elapsed() < Duration::from_millis(500), "without a queue nobody waits");
        let line = proxy.calls_logged(1).await.remove(0);
        assert_eq!(line["outcome"], "busy", "{line}");
        provider.release();
        for stream in held {
            assert!(is_whole(&stream.rest().await));
        }
        assert_eq!(proxy.send(Call::chat("m")).await.status, 200);
    });
}

/// A client that takes a byte a second of an answer that never ends.
async fn slow_client(proxy: &Proxy) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let mut stream = socket.connect(proxy.traffic).await.unwrap();
    let body = r#"{"model":"slow/x","stream":true,"messages":[{"role":"user","content":"hi"}]}"#;
    let length = body.len();
    let head =
        format!("POST /v1/chat/completions HTTP/1.1\r\nhost: {}\r\ncontent-length: {length}\r\n\r\n", proxy.traffic);
    stream.write_all((head + body).as_bytes()).await.unwrap();
    let mut byte = [0];
    loop {
        stream.read_exact(&mut byte).await.expect("the stream goes on");
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

#[test]
fn a_thousand_streams_are_not_disturbed_by_a_client_that_is_slow() {
    const OTHERS: usize = 999;
    const MIB: usize = 1 << 20;
    run_within(Duration::from_secs(90), async {
        let (others, endless) = (gated().await, Provider::behaving(Behaviour::endless_stream()).await);
        let quick = Provider::behaving(Behaviour::stream(STREAM)).await;
        let config = Config::default().provider("a", &others).provider("slow", &endless).provider("quick", &quick);
        let proxy = Proxy::start(&config).await;
        assert!(is_whole(&proxy.send(Call::stream("quick/x")).await));
        let before = proxy.resident();

        let alone = tokio::select! {
            () = slow_client(&proxy) => unreachable!("it never ends"),
            () = tokio::time::sleep(Duration::from_secs(2)) => proxy.resident(),
        };
        let work = async {
            let mut streams = Vec::with_capacity(OTHERS);
            for _ in 0..OTHERS {
                streams.push(proxy.open(Call::stream("a/x")).await);
            }
            let held = proxy.resident();
            let mut took = Vec::new();
            for _ in 0..300 {
                let start = Instant::now();
                assert!(is_whole(&proxy.send(Call::stream("quick/x")).await));
                took.push(start.elapsed());
            }
            took.sort_unstable();
            others.release();
            for stream in streams {
                assert!(is_whole(&stream.rest().await), "every other stream comes whole");
            }
            (held, took[149], took[296])
        };
        let (held, p50, p99) = tokio::select! {
            () = slow_client(&proxy) => unreachable!("it never ends"),
            done = work => done,
        };
        let after = proxy.resident();
        println!(
            "resident: {} KiB before, {} KiB with a slow client, {} KiB with 1,000 streams ({} KiB each), {} KiB after; \
             calls beside them: p50 {p50:?}, p99 {p99:?}",
            before >> 10,
            alone >> 10,
            held >> 10,
            (held.saturating_sub(before) / 1000) >> 10,
            after >> 10,
        );
        assert!(alone < before + 4 * MIB, "a slow client costs {} KiB", alone.saturating_sub(before) >> 10);
        assert!(held < before + 200 * MIB && after < before + 200 * MIB, "{held} held, {after} after");
        assert!(p99 < Duration::from_millis(250), "{p99:?}");
    });
}
