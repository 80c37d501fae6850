//! Requests that must not be served: each is a clear error in OpenAI's shape, and nothing else is disturbed.

use crate::support::client::{self, Call};
use crate::support::provider::Provider;
use crate::support::proxy::{Config, Proxy};
use crate::support::run;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

/// The call is refused so, the message contains `says`, no provider hears of it, and the log has a line.
async fn check(proxy: &Proxy, provider: &Provider, call: Call, status: u16, says: &str) {
    let (heard, logged) = (provider.requests().len(), proxy.calls_logged(0).await.len());
    let reply = proxy.send(call).await;
    assert_eq!(reply.status, status, "{says}: {}", reply.text());
    assert!(reply.error_message().contains(says), "`{says}` is missing in: {}", reply.text());
    assert_eq!(provider.requests().len(), heard, "{says}: the provider was asked");
    let line = proxy.calls_logged(logged + 1).await.remove(logged);
    assert_eq!(line["status"], status, "{line}");
}

#[test]
fn bodies_that_are_no_request_are_refused() {
    run(async {
        let provider = Provider::start().await;
        let proxy = Proxy::before(&[&provider]).await;
        let nested = format!(r#"{{"model":"m","x":{}}}"#, "[".repeat(100_000));
        let rows = [
            ("", 400, ""),
            ("model=m", 400, "JSON"),
            ("[1, 2]", 400, ""),
            ("{\"model\":\"m\"", 400, "JSON"),
            ("{\"model\":\"m\"} {}", 400, "JSON"),
            ("{}", 400, "model"),
            ("{\"model\":7}", 400, "model"),
            ("{\"model\":\"\"}", 400, "model"),
            ("{\"model\":\"m\",\"model\":\"n\"}", 400, "model"),
            (&nested, 400, ""),
        ];
        for (body, status, says) in rows {
            check(&proxy, &provider, Call::chat("m").body(body.to_owned()), status, says).await;
        }
        assert_eq!(proxy.send(Call::chat("m")).await.status, 200, "others go on");
    });
}

#[test]
fn an_unknown_model_is_answered_with_the_nearest_names() {
    run(async {
        let provider = Provider::start().await;
        let config = Config::chain(&[&provider]).model("gpt-smart", "{targets: [a/x]}");
        let proxy = Proxy::start(&config).await;
        check(&proxy, &provider, Call::chat("gpt-smrat"), 404, "gpt-smart").await;
        let reply = proxy.send(Call::chat("gpt-smrat")).await;
        assert_eq!(reply.json()["error"]["code"], "model_not_found");
        check(&proxy, &provider, Call::chat("nobody/x"), 404, "nobody/x").await;
    });
}

#[test]
fn a_web_page_may_not_spend_our_keys() {
    run(async {
        let provider = Provider::start().await;
        let config = Config::chain(&[&provider]).top("allow_origins: [\"https://mine.example\"]");
        let proxy = Proxy::start(&config).await;
        for (name, value) in [
            ("origin", "https://evil.example"),
            ("origin", "null"),
            ("origin", "https://mine.example.evil.example"),
            ("host", "evil.example"),
            ("host", "localhost.evil.example"),
        ] {
            for call in [Call::chat("m"), Call::get("/v1/files"), Call::get("/v1/models")] {
                check(&proxy, &provider, call.header(name, value), 403, value).await;
            }
        }
        for (name, value) in [("origin", "https://mine.example"), ("host", "localhost:1"), ("host", "[::1]:7878")] {
            assert_eq!(proxy.send(Call::chat("m").header(name, value)).await.status, 200, "{name}: {value}");
        }
        assert_eq!(provider.requests().len(), 3);
    });
}

#[test]
fn a_head_that_is_too_large_is_refused() {
    run(async {
        let provider = Provider::start().await;
        let proxy = Proxy::before(&[&provider]).await;
        let endless =
            format!("POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\nx: {}\r\n", "x".repeat(1 << 20));
        let many =
            format!("POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\n{}\r\n", "x: y\r\n".repeat(10_000));
        for head in [endless, many] {
            let mut stream = TcpStream::connect(proxy.traffic).await.unwrap();
            // The other side may well close before it has read everything.
            let _ = stream.write_all(head.as_bytes()).await;
            let reply = client::read_all(&mut stream).await;
            assert!(
                reply.is_empty() || reply.starts_with("HTTP/1.1 431 ") || reply.starts_with("HTTP/1.1 400 "),
                "{reply}"
            );
        }
        assert_eq!(proxy.send(Call::chat("m")).await.status, 200, "others go on");
    });
}

#[test]
fn bytes_that_are_not_http_end_the_connection() {
    run(async {
        let provider = Provider::start().await;
        let proxy = Proxy::before(&[&provider]).await;
        for garbage in
            ["\0\0\0\0\0\0\0\0\r\n\r\n", "GET\r\n\r\n", "POST / HTTP/9.9\r\n\r\n", "\x16\x03\x01\x00\x05hello"]
        {
            let mut stream = TcpStream::connect(proxy.traffic).await.unwrap();
            stream.write_all(garbage.as_bytes()).await.unwrap();
            stream.shutdown().await.unwrap();
            let reply = client::read_all(&mut stream).await;
            assert!(!reply.starts_with("HTTP/1.1 200"), "{garbage:?} got {reply}");
        }
        assert_eq!(proxy.send(Call::chat("m")).await.status, 200, "others go on");
    });
}

#[test]
fn two_lengths_are_no_way_to_smuggle() {
    run(async {
        let provider = Provider::start().await;
        let proxy = Proxy::before(&[&provider]).await;
        let body = "0\r\n\r\nPOST /v1/files HTTP/1.1\r\nhost: localhost\r\ncontent-length: 0\r\n\r\n";
        for lengths in ["content-length: 5\r\ntransfer-encoding: chunked", "content-length: 5\r\ncontent-length: 60"] {
            for path in ["/v1/files", "/v1/chat/completions"] {
                let mut stream = TcpStream::connect(proxy.traffic).await.unwrap();
                let head = format!("POST {path} HTTP/1.1\r\nhost: localhost\r\n{lengths}\r\n\r\n{body}");
                stream.write_all(head.as_bytes()).await.unwrap();
                stream.shutdown().await.unwrap();
                let _ = client::read_all(&mut stream).await;
            }
        }
        let seen = provider.requests().len();
        assert!(seen <= 2, "{seen} requests came through for four");
    });
}
