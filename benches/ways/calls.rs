//! A call of an application that knows nothing of Outrider, beside the same call by base URL.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio_rustls::rustls::client::Resumption;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use super::dial::Way;
use super::load::{LOADS, Load, Reply};
use super::process::Proxy;
use super::report::{median, ratios};
use super::upstream::Upstream;
use super::{Plan, client};

/// Listed; whoever is called by that name, `bench` is a model of the configuration.
const HOST: &str = "localhost";

/// What is measured of the other bench's.
const MEASURED: [&str; 3] = ["1 KB", "100 KB", "SSE, one by one"];

/// Calls over one connection: it stays open as SDKs keep it, or is made anew after some, or for each.
const KEPT: [(&str, usize); 3] = [("kept", usize::MAX), ("for 10 calls", 10), ("for one call", 1)];

/// Connections at the same time: enough to keep the proxy's core busy.
const CONNECTIONS: usize = 8;

/// CPU against the base URL's that an intercepted call should not exceed, where it is not mostly a handshake.
const AIM: f64 = 1.5;

/// Prints what each way costs.
pub async fn measure(plan: &Plan) {
    let upstream = Upstream::open().await;
    let outrider = Proxy::configured(&configuration(upstream.address)).ready().await;
    let tls = Some((client_config(&outrider), HOST.to_owned()));
    let plain = Way::plain(outrider.address);
    let named = Way { tls: tls.clone(), ..plain.clone() };
    let proxied = Way { proxied: Some(format!("{HOST}:443")), ..named.clone() };
    let ways = [("base URL", plain), ("by name", named), ("proxy", proxied)];
    println!("\n| load | connection | base URL, µs | by name, µs | proxy, µs |\n| --- | --- | ---: | ---: | ---: |");
    let mut compared = Vec::new();
    for load in LOADS.iter().filter(|load| MEASURED.contains(&load.name)) {
        upstream.answer(load);
        // A stream's events are what is counted, of which a connection has a thousand.
        for (kept, calls) in KEPT.into_iter().filter(|_| load.reply == Reply::Json).chain(stream_alone(load)) {
            let mut found: [Vec<f64>; 3] = Default::default();
            for round in 0..plan.rounds {
                for turn in 0..ways.len() {
                    let index = (round + turn) % ways.len();
                    let way = Way { calls, ..ways[index].1.clone() };
                    found[index].push(cost(plan, &upstream, &way, load, &outrider).await);
                }
            }
            let costs = found.each_ref().map(|costs| format!("{:.2}", median(costs.clone())));
            println!("| {} | {kept} | {} |", load.name, costs.join(" | "));
            for (index, (name, _)) in ways.iter().enumerate().skip(1) {
                let aim = if calls == 1 { String::new() } else { AIM.to_string() };
                let row = format!("| {}, {kept}, {name} | {} | {aim} |", load.name, ratios(&found[index], &found[0]));
                compared.push(row);
            }
        }
    }
    println!("\n| CPU against base URL | median | least | most | aim |\n| --- | ---: | ---: | ---: | ---: |");
    compared.iter().for_each(|row| println!("{row}"));
}

fn stream_alone(load: &Load) -> Option<(&'static str, usize)> {
    (load.reply != Reply::Json).then_some(KEPT[0])
}

/// Microseconds of CPU for a call, or for an event.
async fn cost(plan: &Plan, upstream: &Upstream, way: &Way, load: &'static Load, proxy: &Proxy) -> f64 {
    let connections = if load.reply == Reply::Lockstep { 1 } else { CONNECTIONS };
    let run = client::run(upstream, way, load, connections, plan.calls, Some(proxy)).await;
    run.cpu.expect("a proxy").as_secs_f64() * 1e6 / (run.calls * load.units) as f64
}

fn configuration(upstream: SocketAddr) -> String {
    format!(
        "listen: 127.0.0.1:0
admin: 127.0.0.1:0
intercept: {{hosts: [{HOST}], ca: {{cert: ca.pem, key: ca.key}}}}
providers:
  upstream: {{dialect: openai_chat, base_url: \"http://{upstream}/v1\", api_key: \"${{BENCH_KEY}}\"}}
models:
  bench: {{targets: [upstream/gpt-bench]}}
log: {{format: json}}
"
    )
}

/// Whoever comes again comes as a stranger: Python's and Node's clients resume no session of another connection.
fn client_config(outrider: &Proxy) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(outrider.file("ca.pem").as_bytes()) {
        roots.add(certificate.expect("a certificate")).expect("an authority");
    }
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let builder = builder.with_safe_default_protocol_versions().expect("TLS versions");
    let mut config = builder.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    config.resumption = Resumption::disabled();
    Arc::new(config)
}
