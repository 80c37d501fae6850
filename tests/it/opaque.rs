//! What is no model call passes to the default provider, both ways, as it flows.

use bytes::Bytes;

use crate::support::client::{self, Call};
use crate::support::provider::{Answer, Behaviour, Provider};
use crate::support::proxy::{Config, Proxy};
use crate::support::run;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

#[test]
fn any_other_path_goes_to_the_first_provider_with_its_key() {
    run(async {
        let (first, second) = (Provider::start().await, Provider::start().await);
        let proxy = Proxy::before(&[&first, &second]).await;
        let bytes: Vec<u8> = (0..=255).cycle().take(100_000).collect();
        let call = Call::get("/v1/files?purpose=batch").method("POST").body(bytes.clone());
        let reply = proxy.send(call.header("authorization", "Bearer of-the-client")).await;
        assert_eq!(reply.json()["path"], "/v1/files?purpose=batch");
        let seen = first.call();
        assert_eq!(seen.body, bytes);
        assert_eq!(seen.header("authorization"), Some("Bearer sk-secret-a"));
        assert!(second.calls().is_empty());
    });
}

#[test]
fn every_method_passes() {
    run(async {
        let provider = Provider::start().await;
        let proxy = Proxy::before(&[&provider]).await;
        for method in ["GET", "DELETE", "PUT", "PATCH"] {
            let reply = proxy.send(Call::get("/v1/files/file-1").method(method)).await;
            assert_eq!(reply.json()["method"], method);
        }
    });
}

#[test]
fn an_error_passes_as_it_is() {
    run(async {
        let provider = Provider::behaving(Behaviour::answer(Answer::body(409, "text/plain", "busy"))).await;
        let reply = Proxy::before(&[&provider]).await.send(Call::get("/v1/batches").method("POST")).await;
        assert_eq!((reply.status, reply.text()), (409, "busy".to_owned()));
    });
}

#[test]
fn a_reply_flows_while_it_is_made() {
    run(async {
        let events = (1..=3).map(|n| Bytes::from(format!("piece{n};"))).collect();
        let provider = Provider::behaving(Behaviour::answer(Answer::events(events)).gated_after(1)).await;
        let proxy = Proxy::before(&[&provider]).await;
        let mut reply = proxy.open(Call::get("/v1/audio/speech").method("POST")).await;
        assert!(!reply.read_until("piece1;").await.contains("piece2"));
        provider.release();
        assert_eq!(reply.rest().await.text(), "piece2;piece3;");
    });
}

#[test]
fn case_142_a_connection_can_become_a_websocket() {
    run(async {
        let provider = Provider::start().await;
        provider.set_probe(Behaviour::upgrade());
        let proxy = Proxy::before(&[&provider]).await;
        let mut stream = TcpStream::connect(proxy.traffic).await.unwrap();
        let head = "GET /v1/realtime?model=x HTTP/1.1\r\nhost: localhost\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\
            sec-websocket-version: 13\r\nsec-websocket-key: AAAA\r\n\r\n";
        stream.write_all(head.as_bytes()).await.unwrap();
        let answer = client::read_until(&mut stream, "\r\n\r\n").await;
        assert!(answer.starts_with("HTTP/1.1 101"), "{answer}");
        stream.write_all(b"hello").await.unwrap();
        client::read_until(&mut stream, "echo of 5 bytes").await;
    });
}

#[test]
fn a_dead_provider_is_told_in_openais_words() {
    run(async {
        let gone = Provider::refusing().await;
        let config = Config::default().provider("a", &gone);
        let reply = Proxy::start(&config).await.send(Call::get("/v1/files")).await;
        assert_eq!(reply.status, 502, "{}", reply.text());
        assert!(!reply.error_message().contains("127.0.0.1"), "no address is shown");
    });
}
