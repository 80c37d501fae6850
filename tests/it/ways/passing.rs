//! What passes through us untouched, and what is let pass nowhere.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::{before, ending, place, tunnels};
use crate::support::client::{self, Call};
use crate::support::foreign::{Client, connect};
use crate::support::provider::{Authority, Provider};
use crate::support::proxy::{Config, Proxy};
use crate::support::run;

#[test]
fn what_is_not_listed_passes_byte_for_byte() {
    run(async {
        let proxy = before(&[&Provider::start().await]).await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let host = listener.local_addr().unwrap();
        let noise = |seed| (0..1_000_000u32).map(move |n| (n.wrapping_mul(n ^ seed) >> 7) as u8).collect::<Vec<_>>();
        let (question, answer) = ([&b"\0"[..], &noise(5)].concat(), noise(77));
        let (asked, replied) = (question.clone(), answer.clone());
        let served = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut heard = Vec::new();
            stream.read_to_end(&mut heard).await.unwrap(); // the client ends its half first
            assert!(heard == asked, "{} bytes came", heard.len());
            stream.write_all(&replied).await.unwrap();
        });
        let mut stream = connect(&proxy, &host.to_string()).await;
        stream.write_all(&question).await.unwrap();
        stream.shutdown().await.unwrap();
        let mut heard = Vec::new();
        stream.read_to_end(&mut heard).await.unwrap();
        assert!(heard == answer, "{} bytes came", heard.len());
        served.await.unwrap();
        tunnels(&proxy, "not_tls", 1.0).await;
        proxy.metric_becomes("outrider_tunnels_open", &[], 0.0).await;
        assert_eq!(proxy.metric("outrider_tunnel_bytes_total", &["sent"]).await, 1_000_001.0);
        assert_eq!(proxy.metric("outrider_tunnel_bytes_total", &["received"]).await, 1_000_000.0);
    });
}

#[test]
fn tls_of_other_hosts_is_their_own() {
    run(async {
        let proxy = before(&[&Provider::start().await]).await;
        let authority = Authority::new();
        let bystanders = [Provider::tls(&authority).await, Provider::http2(&authority).await];
        for (bystander, protocol) in bystanders.iter().zip(["http/1.1", "h2"]) {
            let client = Client::believing(authority.pem(), &[protocol]);
            for (name, target) in [("localhost", "localhost"), ("127.0.0.1", "127.0.0.1"), ("localhost", "127.0.0.1")] {
                let stream = connect(&proxy, &format!("{target}:{}", bystander.port())).await;
                let reply =
                    client.send(stream, name, Call::chat("theirs").header("authorization", "Bearer mine")).await;
                assert_eq!(reply.status, 200);
                assert_eq!(bystander.last().header("authorization"), Some("Bearer mine"));
            }
        }
        tunnels(&proxy, "not_listed", 4.0).await;
        tunnels(&proxy, "no_sni", 2.0).await;
    });
}

#[test]
fn what_is_no_tls_passes_too() {
    run(async {
        let proxy = before(&[&Provider::start().await]).await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let host = listener.local_addr().unwrap().to_string();
        let rows = [
            ("not_tls", &b"SSH-2.0-x\r\n"[..]),
            ("bad_hello", b"\x16\x03\x01\x00\x05hello"),
            ("bad_hello", b"\x16\x09\x09\x00\x05hello"),
            ("timeout", b"\x16\x03\x01\x02\x00\x01\x00"), // and no more
            ("timeout", b""),                             // the host speaks first
        ];
        for (n, (reason, bytes)) in rows.into_iter().enumerate() {
            let mut stream = connect(&proxy, &host).await;
            let (mut far, _) = listener.accept().await.unwrap();
            stream.write_all(bytes).await.unwrap();
            let mut heard = vec![0; bytes.len()];
            far.read_exact(&mut heard).await.unwrap();
            assert_eq!(heard, bytes, "{reason}");
            far.write_all(b"welcome").await.unwrap();
            client::read_until(&mut stream, "welcome").await;
            let before = rows[..n].iter().filter(|row| row.0 == reason).count();
            tunnels(&proxy, reason, (before + 1) as f64).await;
        }
    });
}

#[test]
fn what_cannot_be_connected_to_is_refused_with_the_reason() {
    run(async {
        let proxy = before(&[&Provider::start().await]).await;
        let (own, admin) = (proxy.traffic.to_string(), proxy.admin.to_string());
        let gone = format!("127.0.0.1:{}", Provider::refusing().await.port());
        let long = format!("{}.example:443", "a".repeat(255));
        for (target, status, says) in [
            ("api.openai.com", 400, "no port"),
            ("api.openai.com:99999", 400, "no port"),
            ("*.openai.azure.com:443", 400, "wildcard"),
            ("m\u{fc}nchen.example:443", 400, "ASCII"),
            ("127.1:443", 400, "four numbers"),
            ("https://api.openai.com:443", 400, "no host name"),
            (&long, 400, "253"),
            (&own, 403, "leads back"),
            (&own.replace("127.0.0.1", "localhost"), 403, "leads back"),
            (&own.replace("127.0.0.1", "0.0.0.0"), 403, "leads back"),
            (&own.replace("127.0.0.1", "[::ffff:127.0.0.1]"), 403, "leads back"),
            (&admin, 403, "leads back"),
            ("169.254.169.254:80", 403, "link-local"),
            ("[fe80::1]:443", 403, "link-local"),
            ("[fd00:ec2::254]:80", 403, "link-local"),
            ("metadata.google.internal:80", 403, "link-local"),
            ("nobody.invalid:443", 502, "does not resolve"),
            (&gone, 502, "refused"),
        ] {
            let head = format!("CONNECT {target} HTTP/1.1\r\nhost: x\r\n\r\n");
            let answer = client::exchange_raw(proxy.traffic, head.as_bytes()).await;
            assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{target}: {answer}");
            let (head, body) = answer.split_once("\r\n\r\n").unwrap();
            assert!(head.contains("proxy-status: outrider; error="), "{head}");
            let error: serde_json::Value = serde_json::from_str(body).unwrap();
            assert!(error["error"]["message"].as_str().unwrap().contains(says), "{target}: {body}");
        }
        assert_eq!(proxy.metric("outrider_proxy_refused_total", &["destination_ip_prohibited"]).await, 4.0);
        assert_eq!(proxy.metric("outrider_proxy_refused_total", &["proxy_loop_detected"]).await, 5.0);
    });
}

#[test]
fn a_client_that_does_not_believe_us_passes_the_next_time() {
    run(async {
        let authority = Authority::new();
        let provider = Provider::tls(&authority).await;
        for (wanted, next) in [("tunnel", true), ("fail", false)] {
            let config = ending(Config::chain(&[&provider]), "localhost", &format!("on_client_reject: {wanted}"));
            let proxy = Proxy::start(&config).await;
            let target = place(&provider);
            let stranger = Client::believing(authority.pem(), &["http/1.1"]);
            // Its library leaves without a word: that may once mean something else.
            for times in [1.0, 2.0] {
                assert!(stranger.secure(connect(&proxy, &target).await, "localhost").await.is_err());
                let labels = ["host=\"localhost\"", "how=\"silence\""];
                proxy.metric_becomes("outrider_client_rejects_total", &labels, times).await;
            }
            let again = stranger.secure(connect(&proxy, &target).await, "localhost").await;
            assert_eq!(again.is_ok(), next, "{wanted}");
            tunnels(&proxy, "client_rejected", if next { 1.0 } else { 0.0 }).await;
        }
    });
}

#[test]
fn the_end_waits_for_an_answer_in_a_tunnel_and_not_for_one_at_rest() {
    run(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let host = listener.local_addr().unwrap().to_string();
        for awaited in [false, true] {
            let mut proxy = before(&[&Provider::start().await]).await;
            let mut stream = connect(&proxy, &host).await;
            let (mut far, _) = listener.accept().await.unwrap();
            stream.write_all(b"question").await.unwrap();
            far.read_exact(&mut [0; 8]).await.unwrap();
            if !awaited {
                far.write_all(b"answer").await.unwrap();
                client::read_until(&mut stream, "answer").await;
            }
            let asked = std::time::Instant::now();
            proxy.signal("TERM").await;
            if awaited {
                proxy.says("draining").await;
                tokio::time::sleep(Duration::from_millis(1500)).await;
                far.write_all(b"answer").await.unwrap();
                client::read_until(&mut stream, "answer").await;
            }
            assert!(proxy.exit().await.success());
            assert!(asked.elapsed() < Duration::from_secs(6), "{:?}", asked.elapsed());
        }
    });
}
