//! Bodies of any size and wrapping, up to the limit.

use std::io::Write;

use crate::support::client::{self, Call};
use crate::support::provider::Provider;
use crate::support::proxy::{Config, Proxy};
use crate::support::run;

use serde_json::json;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

/// A chat of about `size` bytes, the model at its very end.
fn large(size: usize) -> String {
    format!(r#"{{"messages":[{{"role":"user","content":"{}"}}],"model":"m"}}"#, "word ".repeat(size / 5))
}

#[test]
fn large_bodies_arrive_whole_even_on_the_second_try() {
    run(async {
        for megabytes in [2, 30] {
            let (gone, good) = (Provider::refusing().await, Provider::start().await);
            let reset = Provider::behaving(crate::support::provider::Behaviour::reset()).await;
            let proxy = Proxy::before(&[&gone, &reset, &good]).await;
            let body = large(megabytes << 20);
            let reply = proxy.send(Call::chat("m").body(body.clone())).await;
            assert_eq!(reply.status, 200, "{}", reply.text());
            let expected = body.replace(r#""model":"m""#, r#""model":"m-c""#);
            assert!(good.call().body == expected.as_bytes(), "{megabytes} MiB arrived otherwise");
        }
    });
}

#[test]
fn case_002_compressed_bodies_are_understood() {
    run(async {
        let provider = Provider::start().await;
        let proxy = Proxy::before(&[&provider]).await;
        let plain = large(50_000);
        for (name, packed) in
            [("gzip", gzip(plain.as_bytes())), ("zstd", zstd(plain.as_bytes())), ("br", brotli(plain.as_bytes()))]
        {
            let before = provider.calls().len();
            let reply = proxy.send(Call::chat("m").header("content-encoding", name).body(packed)).await;
            assert_eq!(reply.status, 200, "{name}: {}", reply.text());
            let seen = provider.calls().remove(before);
            assert_eq!(seen.header("content-encoding"), None, "{name}");
            assert!(seen.body == plain.replace(r#""m""#, r#""m-a""#).as_bytes(), "{name} arrived otherwise");
        }
    });
}

#[test]
fn an_unknown_wrapping_is_refused() {
    run(async {
        let provider = Provider::start().await;
        let proxy = Proxy::before(&[&provider]).await;
        for (encoding, body) in [("lzma", "xx"), ("gzip", "this is not gzip"), ("zstd", "{}"), ("br", "\u{1}{}")] {
            let reply = proxy.send(Call::chat("m").header("content-encoding", encoding).body(body)).await;
            assert!([400, 415].contains(&reply.status), "{encoding}: {} {}", reply.status, reply.text());
            reply.error_message();
        }
        assert!(provider.calls().is_empty());
    });
}

#[test]
fn case_002_a_compressed_bomb_is_refused_in_bounded_memory() {
    run(async {
        let provider = Provider::start().await;
        let proxy = Proxy::start(&Config::chain(&[&provider]).top("body_limit: 4MiB")).await;
        proxy.send(Call::chat("m")).await;
        let before = proxy.resident();
        let zeros = vec![b' '; 64 << 20];
        for (name, packed) in [("gzip", gzip(&zeros)), ("zstd", zstd(&zeros)), ("br", brotli(&zeros))] {
            let reply = proxy.send(Call::chat("m").header("content-encoding", name).body(packed)).await;
            assert_eq!(reply.status, 413, "{name}: {}", reply.text());
            reply.error_message();
        }
        let grown = proxy.resident().saturating_sub(before) >> 20;
        assert!(grown < 40, "{grown} MiB more than before");
    });
}

#[test]
fn a_body_over_the_limit_is_refused_before_it_is_read() {
    run(async {
        let provider = Provider::start().await;
        let proxy = Proxy::start(&Config::chain(&[&provider]).top("body_limit: 1MiB")).await;
        let head = "POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1048577\r\n\r\n";
        let reply = client::exchange_raw(proxy.traffic, head.as_bytes()).await;
        assert!(reply.starts_with("HTTP/1.1 413 ") && reply.contains(r#"{"error":"#), "{reply}");
        let fits = proxy.send(Call::chat("m").body(large(1_000_000))).await;
        assert_eq!(fits.status, 200, "others go on");
    });
}

#[test]
fn a_chunked_body_over_the_limit_is_refused() {
    run(async {
        let provider = Provider::start().await;
        let proxy = Proxy::start(&Config::chain(&[&provider]).top("body_limit: 64KiB")).await;
        let mut stream = TcpStream::connect(proxy.traffic).await.unwrap();
        let head =
            "POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n11170\r\n";
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(&[b' '; 70_000]).await.unwrap();
        let reply = client::read_until(&mut stream, r#"{"error":"#).await;
        assert!(reply.starts_with("HTTP/1.1 413 "), "{reply}");
        assert!(provider.calls().is_empty());
    });
}

#[test]
fn a_client_that_asks_first_is_told_to_go_on() {
    run(async {
        let provider = Provider::start().await;
        let proxy = Proxy::before(&[&provider]).await;
        let body = json!({"model": "m", "messages": []}).to_string();
        let mut stream = TcpStream::connect(proxy.traffic).await.unwrap();
        let head = format!(
            "POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\nexpect: 100-continue\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        client::read_until(&mut stream, "HTTP/1.1 100 Continue\r\n\r\n").await;
        stream.write_all(body.as_bytes()).await.unwrap();
        client::read_until(&mut stream, "HTTP/1.1 200 ").await;
        assert_eq!(provider.call().header("expect"), None);
    });
}

fn gzip(plain: &[u8]) -> Vec<u8> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packer.write_all(plain).unwrap();
    packer.finish().unwrap()
}

fn zstd(plain: &[u8]) -> Vec<u8> {
    zstd::encode_all(plain, 1).unwrap()
}

fn brotli(plain: &[u8]) -> Vec<u8> {
    let mut packer = brotli::CompressorWriter::new(Vec::new(), 65_536, 1, 22);
    packer.write_all(plain).unwrap();
    packer.into_inner()
}
