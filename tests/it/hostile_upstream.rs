//! Providers that send what nobody should: bounded memory, a clear error, and nothing else disturbed.

use bytes::Bytes;

use crate::support::client::{self, Call};
use crate::support::provider::{Answer, Behaviour, Provider, Step};
use crate::support::proxy::{Config, Proxy};
use crate::support::run;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

#[test]
fn garbage_is_told_as_a_bad_gateway() {
    run(async {
        let long_line = Step::Write(format!("HTTP/1.1 200 {}", "x".repeat(1 << 20)).into());
        let rows = [
            Behaviour::garbage(),
            Behaviour::large_header(1 << 20),
            Behaviour::steps([long_line, Step::Close]),
            Behaviour::steps([Step::Write("HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n{}".into()), Step::Close]),
            Behaviour::steps([
                Step::Write("HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n{}".into()),
                Step::Close,
            ]),
            Behaviour::steps([
                Step::Write("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n{}".into()),
                Step::Close,
            ]),
        ];
        let provider = Provider::start().await;
        let proxy = Proxy::start(&Config::chain(&[&provider]).top("defaults: {retry: {tries: 1}}")).await;
        for (row, behaviour) in rows.into_iter().enumerate() {
            provider.set(behaviour);
            let reply = proxy.send(Call::chat(&format!("a/row-{row}"))).await;
            assert_eq!(reply.status, 502, "row {row}: {}", reply.text());
            assert!(!reply.error_message().is_empty());
        }
        provider.set(Behaviour::ok());
        assert_eq!(proxy.send(Call::chat("m")).await.status, 200);
    });
}

#[test]
fn an_endless_error_body_is_not_read_to_its_end() {
    run(async {
        let flood = std::iter::repeat_n(Bytes::from(vec![b'x'; 1 << 20]), 100);
        let mut answer = Answer::events(flood.collect());
        answer.status = 500;
        let (flooding, good) = (Provider::behaving(Behaviour::answer(answer)).await, Provider::start().await);
        let proxy = Proxy::before(&[&flooding, &good]).await;
        good.once(Behaviour::ok());
        let before = proxy.resident();
        let attempts = proxy.send(Call::chat("m")).await.attempts();
        assert_eq!(attempts, ["a/m-a;server_error", "a/m-a;server_error", "b/m-b;ok"]);
        assert!(proxy.resident() < before + (32 << 20), "an error body filled the memory");
    });
}

#[test]
fn case_151_an_endless_event_is_not_collected() {
    run(async {
        let mut flood = vec![Bytes::from_static(b"data: {\"choices\":[")];
        flood.extend(std::iter::repeat_n(Bytes::from(vec![b' '; 1 << 20]), 100));
        let flooding = Provider::behaving(Behaviour::answer(Answer::events(flood))).await;
        let good = Provider::start().await;
        let proxy = Proxy::before(&[&flooding, &good]).await;
        let before = proxy.resident();
        let reply = proxy.send(Call::stream("m")).await;
        assert_eq!((reply.status, reply.header("x-outrider-target")), (200, "b/m-b"));
        assert!(proxy.resident() < before + (80 << 20), "an event filled the memory");
    });
}

#[test]
fn case_151_a_slow_client_of_a_fast_provider_is_not_buffered_for() {
    run(async {
        // 64 MiB that nobody reads: the provider must be made to wait.
        let word = crate::support::provider::sse(format!(
            r#"{{"choices":[{{"index":0,"delta":{{"content":"{}"}}}}]}}"#,
            "x".repeat(60_000)
        ));
        let provider = Provider::behaving(Behaviour::answer(Answer::events(vec![word; 1_000]))).await;
        let proxy = Proxy::before(&[&provider]).await;
        let before = proxy.resident();
        let mut stream = proxy.open(Call::stream("m")).await;
        stream.next().await.unwrap().unwrap();
        // Another call has time to go all the way while this one is not read.
        provider.once(Behaviour::ok());
        assert_eq!(proxy.send(Call::chat("m")).await.status, 200);
        assert!(proxy.resident() < before + (24 << 20), "a stream was collected for a client that does not read");
    });
}

#[test]
fn a_slow_loris_is_let_go_and_disturbs_nobody() {
    run(async {
        let provider = Provider::start().await;
        let proxy = Proxy::before(&[&provider]).await;
        let mut half = Vec::new();
        for _ in 0..100 {
            let mut stream = TcpStream::connect(proxy.traffic).await.unwrap();
            stream.write_all(b"POST /v1/chat/completions HTTP/1.1\r\nhost: local").await.unwrap();
            half.push(stream);
        }
        let mut half_body = TcpStream::connect(proxy.traffic).await.unwrap();
        let head = "POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-length: 100\r\n\r\n{\"model\":";
        half_body.write_all(head.as_bytes()).await.unwrap();
        assert_eq!(proxy.send(Call::chat("m")).await.status, 200);
        assert!(provider.calls().len() == 1, "half a request is no call");
        let mut late = half.pop().unwrap();
        late.write_all(b"host\r\ncontent-length: 13\r\n\r\n{\"model\":\"m\"}").await.unwrap();
        client::read_until(&mut late, "HTTP/1.1 ").await;
    });
}
