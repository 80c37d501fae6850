//! A client that leaves cancels what is done for it, at once and at every stage.

use crate::support::client::{self, Call};
use crate::support::provider::{Behaviour, Provider, Step};
use crate::support::proxy::Proxy;
use crate::support::{run, until};

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

/// The provider notices that a client left which read up to `text`.
async fn check_leaving_after(behaviour: Behaviour, text: &str) {
    let provider = Provider::behaving(behaviour).await;
    let proxy = Proxy::before(&[&provider]).await;
    let mut stream = proxy.open(Call::stream("m")).await;
    stream.read_until(text).await;
    drop(stream);
    until("the provider sees the hang-up", || provider.hung_up() == 1).await;
    proxy.metric_becomes("outrider_calls_in_flight", &[], 0.0).await;
    let log = proxy.calls_logged(1).await;
    assert_eq!(log[0]["outcome"], "client_gone", "{}", log[0]);
    assert_eq!(proxy.metric("outrider_target_breaker_state", &[]).await, 0.0, "the target is not to blame");
}

#[test]
fn leaving_while_the_stream_is_silent() {
    run(check_leaving_after(Behaviour::stream(3).after_pieces(3, Step::Silence), "word2"));
}

#[test]
fn case_147_leaving_while_words_flow() {
    run(check_leaving_after(Behaviour::endless_stream(), "again "));
}

#[test]
fn leaving_before_the_first_token() {
    run(async {
        for call in [Call::chat("m"), Call::stream("m")] {
            let provider = Provider::behaving(Behaviour::hang()).await;
            let other = Provider::start().await;
            let proxy = Proxy::before(&[&provider, &other]).await;
            let traffic = proxy.traffic;
            let waiting = tokio::spawn(async move { client::open(traffic, call).await.status });
            until("the call has arrived", || provider.calls().len() == 1).await;
            waiting.abort();
            until("the provider sees the hang-up", || provider.hung_up() == 1).await;
            assert_eq!(proxy.calls_logged(1).await[0]["outcome"], "client_gone");
            assert!(other.calls().is_empty(), "nobody else is asked for a client that left");
        }
    });
}

#[test]
fn leaving_while_the_body_is_sent() {
    run(async {
        let provider = Provider::start().await;
        let proxy = Proxy::before(&[&provider]).await;
        let mut stream = TcpStream::connect(proxy.traffic).await.unwrap();
        let head = "POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1000\r\n\r\n{\"model\":";
        stream.write_all(head.as_bytes()).await.unwrap();
        drop(stream);
        assert_eq!(proxy.calls_logged(1).await[0]["outcome"], "client_gone");
        assert!(provider.calls().is_empty());
    });
}

#[test]
fn leaving_over_http2_cancels_only_that_call() {
    run(async {
        let provider = Provider::behaving(Behaviour::stream(3).gated_after(2)).await;
        let proxy = Proxy::before(&[&provider]).await;
        let mut leaving = client::open_h2c(proxy.traffic, Call::stream("m")).await;
        let mut staying = client::open_h2c(proxy.traffic, Call::stream("m")).await;
        leaving.read_until("word1").await;
        staying.read_until("word1").await;
        drop(leaving);
        until("the provider sees the hang-up", || provider.hung_up() == 1).await;
        provider.release();
        assert!(staying.rest().await.text().ends_with("data: [DONE]\n\n"));
    });
}
