//! Applications that know nothing of Outrider: their calls to a listed host are served, all else passes as it is.

mod meaning;
mod outside;
mod passing;

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

use crate::support::client::{Call, Reply};
use crate::support::foreign::{self, Client, Pieces, connect, connect_in};
use crate::support::provider::{Authority, Behaviour, Provider};
use crate::support::proxy::{Config, Proxy};
use crate::support::{run, secrets};

/// A provider's host, as everybody knows it. Nobody resolves it in these tests.
const HOST: &str = "api.openai.com";

/// TLS for these hosts is ended.
fn ending(config: Config, hosts: &str, more: &str) -> Config {
    config.top(&format!("intercept: {{hosts: [{hosts}], ca: {{cert: ca.pem, key: ca.key}}, {more}}}"))
}

/// Outrider before these providers, which ends TLS for [`HOST`].
async fn before(providers: &[&Provider]) -> Proxy {
    Proxy::start(&ending(Config::chain(providers), HOST, "")).await
}

/// Outrider which ends TLS for `localhost`, where the provider behind TLS is, whose authority it believes.
async fn at_home(authority: &Authority) -> Proxy {
    at_home_with(authority, Config::chain(&[&Provider::refusing().await])).await
}

/// The same, with more to its configuration.
async fn at_home_with(authority: &Authority, config: Config) -> Proxy {
    at_home_among(&[], authority, config).await
}

/// The same, with more in its environment.
async fn at_home_among(variables: &[(&str, &str)], authority: &Authority, config: Config) -> Proxy {
    let dir = tempfile::tempdir().unwrap();
    let roots = dir.path().join("roots.pem");
    std::fs::write(&roots, authority.pem()).unwrap();
    let file = dir.path().join("outrider.yaml");
    std::fs::write(&file, ending(config, "localhost", "").text()).unwrap();
    let variables = [&[("SSL_CERT_FILE", roots.to_str().unwrap())], variables].concat();
    Proxy::start_among(&variables, dir, &file).await
}

/// Where a provider is, as a client says it.
fn place(host: &Provider) -> String {
    format!("localhost:{}", host.port())
}

/// A connection to `host`, through its CONNECT. TLS is ended on the way.
async fn enter(proxy: &Proxy, host: &Provider, protocols: &[&str]) -> TlsStream<Pieces> {
    let stream = connect(proxy, &place(host)).await;
    Client::of(proxy, protocols).secure(stream, "localhost").await.unwrap()
}

/// A call over such a connection, with the client's key for `host`.
async fn ask_in(protocols: &[&str], proxy: &Proxy, host: &Provider, call: Call) -> Reply {
    let stream = enter(proxy, host, protocols).await;
    let call = call.header("host", &place(host)).or_header("authorization", &bearer(host));
    foreign::send(stream, protocols == ["h2"], call).await
}

/// The same in HTTP/1.1.
async fn ask(proxy: &Proxy, host: &Provider, call: Call) -> Reply {
    ask_in(&["http/1.1"], proxy, host, call).await
}

/// What a client has for `host`, and for nobody else.
fn bearer(host: &Provider) -> String {
    format!("Bearer {}", secrets::of_client(host.port()))
}

async fn tunnels(proxy: &Proxy, reason: &str, count: f64) {
    proxy.metric_becomes("outrider_tunnels_total", &[&format!("reason=\"{reason}\"")], count).await;
}

#[test]
fn a_call_to_a_listed_host_is_served_whichever_way_it_comes() {
    run(async {
        let (gone, good) = (Provider::refusing().await, Provider::start().await);
        let proxy = before(&[&gone, &good]).await;
        for protocols in [&["h2", "http/1.1"][..], &["h2"], &["http/1.1"], &[]] {
            let client = Client::of(&proxy, protocols);
            for version in ["HTTP/1.0", "HTTP/1.1"] {
                let stream = connect_in(version, &proxy, "api.openai.com:443").await;
                let reply = client.send(stream, HOST, Call::stream("m")).await;
                assert_eq!(reply.attempts().last().unwrap(), "b/m-b;ok", "{protocols:?} {}", reply.text());
                assert!(reply.complete && reply.text().ends_with("data: [DONE]\n\n"), "{}", reply.text());
            }
            let straight = TcpStream::connect(proxy.traffic).await.unwrap();
            assert_eq!(client.send(straight, HOST, Call::chat("m")).await.status, 200, "{protocols:?}");
        }
        assert_eq!(proxy.metric("outrider_intercepted_total", &["way=\"proxied\""]).await, 8.0);
        assert_eq!(proxy.metric("outrider_intercepted_total", &["way=\"named\""]).await, 4.0);
        assert_eq!(proxy.metric("outrider_tunnels_total", &[]).await, 0.0);
        assert_eq!(proxy.metric("outrider_client_rejects_total", &[]).await, 0.0);
    });
}

#[test]
fn a_hello_may_come_in_any_pieces() {
    run(async {
        let provider = Provider::start().await;
        let proxy = before(&[&provider]).await;
        let large: Vec<String> = (0..60).map(|n| format!("{n:x>250}")).chain(["http/1.1".to_owned()]).collect();
        let large: Vec<&str> = large.iter().map(String::as_str).collect();
        let (small, large) = (Client::of(&proxy, &["http/1.1"]), Client::of(&proxy, &large));
        for (what, client) in [
            ("byte by byte", small.clone().in_pieces(1)),
            ("several records", small.clone().in_records(64)),
            ("several records in many segments", small.in_records(64).in_pieces(10)),
            ("16 KiB", large.clone()),
            ("16 KiB in segments", large.clone().in_pieces(1000)),
            ("16 KiB in records", large.in_records(600)),
        ] {
            let stream = connect(&proxy, "api.openai.com:443").await;
            assert_eq!(client.send(stream, HOST, Call::chat("m")).await.status, 200, "{what}");
            let straight = TcpStream::connect(proxy.traffic).await.unwrap();
            assert_eq!(client.send(straight, HOST, Call::chat("m")).await.status, 200, "{what}");
        }
    });
}

#[test]
fn everything_else_of_a_listed_host_goes_to_the_host_itself() {
    run(async {
        let authority = Authority::new();
        let proxy = at_home(&authority).await;
        let mut asked = 0;
        for (host, speaks) in [(Provider::tls(&authority).await, "h1"), (Provider::http2(&authority).await, "h2")] {
            for protocols in [&["h2"][..], &["http/1.1"]] {
                let bytes: Vec<u8> = (0..=255).cycle().take(100_000).collect();
                let call = Call::get("/v1/files?purpose=batch").method("POST").body(bytes.clone());
                let reply = ask_in(protocols, &proxy, &host, call.header("x-outrider-tries", "1")).await;
                assert_eq!(reply.status, 200, "{protocols:?} to {speaks}: {}", reply.text());
                let seen = host.last();
                assert_eq!((seen.path.as_str(), &seen.body[..]), ("/v1/files?purpose=batch", &bytes[..]));
                assert_eq!(seen.header("authorization"), Some(&*bearer(&host)));
                assert_eq!((seen.header("x-outrider-tries"), seen.header("proxy-authorization")), (None, None));
                asked += 1;
                let logged = proxy.calls_logged(asked).await.pop().unwrap();
                assert_eq!((&logged["operation"], &logged["target"]), (&"opaque".into(), &"localhost/-".into()));
            }
        }
    });
}

#[test]
fn a_list_of_models_is_the_hosts_own_and_a_websocket_too() {
    run(async {
        let authority = Authority::new();
        let proxy = at_home(&authority).await;
        let host = Provider::tls(&authority).await;
        let reply = ask(&proxy, &host, Call::get("/v1/models")).await;
        assert_eq!((reply.status, host.requests().len()), (200, 1), "{}", reply.text());
        host.set_probe(Behaviour::upgrade());
        let mut stream = enter(&proxy, &host, &["http/1.1"]).await;
        let head = format!(
            "GET /v1/realtime?model=x HTTP/1.1\r\nhost: {}\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\
             sec-websocket-version: 13\r\nsec-websocket-key: AAAA\r\n\r\n",
            place(&host)
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        assert!(until(&mut stream, "\r\n\r\n").await.starts_with("HTTP/1.1 101"));
        stream.write_all(b"hello").await.unwrap();
        until(&mut stream, "echo of 5 bytes").await;
    });
}

/// What comes until it contains `wanted`.
async fn until(stream: &mut (impl AsyncReadExt + Unpin), wanted: &str) -> String {
    let mut heard = Vec::new();
    while !String::from_utf8_lossy(&heard).contains(wanted) {
        let read = tokio::time::timeout(Duration::from_secs(10), stream.read_buf(&mut heard)).await;
        let length = read.expect("in time").expect("a connection");
        assert!(length > 0, "ended after {}", String::from_utf8_lossy(&heard));
    }
    String::from_utf8_lossy(&heard).into_owned()
}

#[test]
fn a_host_that_is_not_who_it_says_gets_nothing() {
    run(async {
        let (ours, others) = (Authority::new(), Authority::new());
        let proxy = at_home(&ours).await;
        let impostor = Provider::tls(&others).await;
        let reply = ask(&proxy, &impostor, Call::get("/v1/files")).await;
        assert_eq!(reply.status, 502, "{}", reply.text());
        assert!(impostor.requests().is_empty());
    });
}

#[test]
fn a_request_for_another_host_than_the_connection_is_misdirected() {
    run(async {
        let provider = Provider::start().await;
        let proxy = before(&[&provider]).await;
        for protocols in [&["h2"][..], &["http/1.1"]] {
            let client = Client::of(&proxy, protocols);
            for (path, kind) in [("/v1/chat/completions", "error"), ("/v1/messages", "error"), ("/v1/files", "error")] {
                let stream = client.secure(connect(&proxy, "api.openai.com:443").await, HOST).await.unwrap();
                let call = Call::post(path, &serde_json::json!({"model": "m"})).header("host", "api.anthropic.com");
                let reply = foreign::send(stream, protocols == ["h2"], call).await;
                assert_eq!(reply.status, 421, "{path} {}", reply.text());
                assert!(reply.json()[kind]["message"].as_str().unwrap().contains("api.openai.com"), "{}", reply.text());
            }
            let stream = connect(&proxy, "api.openai.com:443").await;
            assert_eq!(client.send(stream, HOST, Call::chat("m")).await.status, 200);
        }
        assert_eq!(provider.calls().len(), 2);
    });
}

#[test]
fn urls_in_the_request_line_are_served_or_passed_on() {
    run(async {
        let (provider, bystander) = (Provider::start().await, Provider::start().await);
        let proxy = before(&[&provider]).await;
        let ask = async |host: &str, call: Call| {
            let stream = TcpStream::connect(proxy.traffic).await.unwrap();
            let named = call.clone().header("host", host).absolute("http");
            foreign::send(stream, false, named.header("host", host).header("proxy-authorization", "Basic eA==")).await
        };
        assert_eq!(ask(HOST, Call::chat("m")).await.status, 200);
        assert_eq!(provider.call().path, "/v1/chat/completions");
        // Not a listed host: nothing of it is ours, whatever its path.
        let theirs = place(&bystander);
        assert_eq!(ask(&theirs, Call::chat("m").header("authorization", "Bearer mine")).await.status, 200);
        let seen = bystander.call();
        assert_eq!((seen.path.as_str(), seen.header("host")), ("/v1/chat/completions", Some(&*theirs)));
        assert_eq!((seen.header("authorization"), seen.header("proxy-authorization")), (Some("Bearer mine"), None));
        // Ourselves: as if only the path had been written.
        assert_eq!(ask(&proxy.traffic.to_string(), Call::chat("m")).await.status, 200);
        assert_eq!(provider.calls().len(), 2);
        assert_eq!(ask("169.254.169.254", Call::get("/latest/meta-data/")).await.status, 403);
        assert_eq!(ask("nobody.invalid", Call::get("/")).await.status, 502);
        assert_eq!(ask("a.example:0", Call::get("/")).await.status, 400);
    });
}

#[test]
fn a_page_may_call_its_own_host_but_not_spend_our_keys() {
    run(async {
        let authority = Authority::new();
        let proxy = at_home(&authority).await;
        let host = Provider::tls(&authority).await;
        let reply = ask(&proxy, &host, Call::chat("m").header("origin", "https://chat.example")).await;
        assert_eq!(reply.status, 200, "{}", reply.text());
        assert_eq!(host.call().header("authorization"), Some(&*bearer(&host)));
    });
}

#[test]
fn heads_inside_of_tls_are_bounded_too() {
    run(async {
        let proxy = before(&[&Provider::start().await]).await;
        let client = Client::of(&proxy, &["http/1.1"]);
        let mut stream = client.secure(connect(&proxy, "api.openai.com:443").await, HOST).await.unwrap();
        let head = format!("GET /v1/models HTTP/1.1\r\nhost: {HOST}\r\nx: {}\r\n", "x".repeat(70_000));
        let _ = stream.write_all(head.as_bytes()).await;
        assert!(until(&mut stream, "\r\n\r\n").await.starts_with("HTTP/1.1 431 "));
    });
}
