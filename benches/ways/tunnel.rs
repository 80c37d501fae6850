//! Connections that are passed on as they are.

use std::net::SocketAddr;
use std::time::Instant;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::process::Proxy;
use super::report::{median, ratios};
use super::{Plan, copy, dial};

const CONFIGURATION: &str = "
listen: 127.0.0.1:0
admin: 127.0.0.1:0
providers: {none: {dialect: openai_chat, base_url: 'http://127.0.0.1:9', health: off, auth: none}}
log: {format: json}
";

/// As much as a model's host could write at once.
const PIECE: usize = 64 << 10;

/// Prints how fast, and at what cost.
pub async fn measure(plan: &Plan) {
    let host = host(plan.megabytes).await;
    let outrider = Proxy::configured(CONFIGURATION);
    let copy = Proxy::in_role(copy::ROLE, host);
    let ways = [("direct", None), ("plain copy", Some(&copy)), ("Outrider", Some(&outrider))];
    let mut found: [(Vec<f64>, Vec<f64>); 3] = Default::default();
    for round in 0..plan.rounds {
        for turn in 0..ways.len() {
            let index = (round + turn) % ways.len();
            let (name, proxy) = ways[index];
            let before = proxy.map(Proxy::cpu);
            let started = Instant::now();
            fetch(plan.megabytes, proxy.map_or(host, |proxy| proxy.address), (name == "Outrider").then_some(host))
                .await;
            found[index].0.push(plan.megabytes as f64 / started.elapsed().as_secs_f64());
            let spent = proxy.zip(before).map_or(0.0, |(proxy, before)| (proxy.cpu() - before).as_secs_f64());
            found[index].1.push(spent * 1e3 / plan.megabytes as f64);
        }
    }
    println!("\n| a tunnel | MiB per second | CPU, ms per MiB |\n| --- | ---: | ---: |");
    for ((name, _), (speed, spent)) in ways.iter().zip(&found) {
        println!("| {name} | {:.0} | {:.3} |", median(speed.clone()), median(spent.clone()));
    }
    println!("\n| Outrider against a plain copy | median | least | most | aim |\n| --- | ---: | ---: | ---: | ---: |");
    println!("| throughput | {} | 0.90 |", ratios(&found[2].0, &found[1].0));
    println!("| CPU | {} | |", ratios(&found[2].1, &found[1].1));
}

/// A host that sends so much to whoever says a word.
async fn host(megabytes: usize) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                // A copy's own connection, made to see whether it is there, says none.
                if stream.read_u8().await.is_err() {
                    return;
                }
                let piece = vec![b'x'; PIECE];
                for _ in 0..(megabytes << 20) / PIECE {
                    stream.write_all(&piece).await.expect("a reader");
                }
            });
        }
    });
    address
}

async fn fetch(megabytes: usize, address: SocketAddr, asked_for: Option<SocketAddr>) {
    let mut stream = connect(address).await;
    if let Some(host) = asked_for {
        dial::ask(&mut stream, &host.to_string()).await;
    }
    stream.write_all(b"!").await.expect("a host");
    let (mut buffer, mut left) = (vec![0; 256 << 10], megabytes << 20);
    while left > 0 {
        let read = stream.read(&mut buffer).await.expect("a host");
        assert!(read > 0, "{left} bytes are missing");
        left -= read;
    }
}

/// A process that was just started may not listen yet.
async fn connect(address: SocketAddr) -> TcpStream {
    loop {
        if let Ok(stream) = TcpStream::connect(address).await {
            return stream;
        }
        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    }
}
