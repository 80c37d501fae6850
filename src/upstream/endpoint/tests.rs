//! One bad address of several, on real sockets of this machine.

use std::net::Ipv4Addr;
use std::sync::atomic::AtomicUsize;

use http::Method;
use pingora_load_balancing::discovery::Static;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;
use crate::canonical::FaultKind;
use crate::upstream::{Body, Reply, Request, Transport};

/// What is at an address.
#[derive(Clone, Copy, PartialEq)]
enum Is {
    Good,
    Refusing,
    /// Takes the request and closes.
    Resetting,
}

/// 127.0.0.1, 127.0.0.2 ... as said, at one port; and how often the last of them was connected to.
async fn endpoint(addresses: &[Is]) -> (Arc<Endpoint>, Arc<AtomicUsize>) {
    let connected = Arc::new(AtomicUsize::new(0));
    let host = |index: usize| Ipv4Addr::new(127, 0, 0, 1 + index as u8);
    let mut port = 0;
    let mut order: Vec<usize> = (0..addresses.len()).collect();
    order.sort_by_key(|index| addresses[*index] == Is::Refusing); // somebody has to choose the port
    for index in order.into_iter().filter(|index| addresses[*index] != Is::Refusing) {
        let listener = TcpListener::bind((host(index), port)).await.unwrap();
        port = listener.local_addr().unwrap().port();
        let (is, counts) = (addresses[index], (index + 1 == addresses.len()).then(|| connected.clone()));
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                if let Some(counts) = &counts {
                    counts.fetch_add(1, Ordering::Relaxed);
                }
                let _ = stream.read(&mut [0; 4096]).await;
                if is == Is::Good {
                    let _ =
                        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").await;
                }
            }
        });
    }
    let all = (0..addresses.len()).map(|index| format!("{}:{port}", host(index))).collect::<Vec<_>>();
    let spec = Spec {
        tls: false,
        host: "several.test".into(),
        port,
        connect_timeout: Duration::from_secs(2),
        ca: None,
        insecure: false,
        max_connections: None,
        probe: None,
    };
    let endpoint = Endpoint::discovered(spec, Static::try_from_iter(all).unwrap(), Told::default());
    endpoint.resolve().await;
    (endpoint, connected)
}

async fn ask(pool: &Pool, endpoint: &Endpoint) -> Result<u16, (FaultKind, bool)> {
    let request = Request { method: Method::GET, path: "/".into(), headers: Default::default(), body: Body::default() };
    let reply = pool.send(endpoint, request).await.map_err(|fault| (fault.kind, fault.one_address))?;
    Ok(reply.status().as_u16())
}

#[tokio::test]
async fn an_address_that_refuses_is_left_out() {
    let (endpoint, _) = endpoint(&[Is::Good, Is::Refusing]).await;
    let pool = Pool::new();
    for _ in 0..20 {
        assert_eq!(ask(&pool, &endpoint).await, Ok(200));
    }
    let refusing = endpoint.balancer.backends().get_backend().iter().nth(1).unwrap().clone();
    assert!(endpoint.rests(&refusing, now()), "it was found out");
}

#[tokio::test]
async fn an_address_that_resets_costs_one_try_and_is_left_out() {
    let (endpoint, connected) = endpoint(&[Is::Good, Is::Good, Is::Resetting]).await;
    let pool = Pool::new();
    let mut faults = Vec::new();
    for _ in 0..30 {
        faults.extend(ask(&pool, &endpoint).await.err());
    }
    assert_eq!(faults, [(FaultKind::Reset, true)], "and it says nothing about the target");
    assert_eq!(connected.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn when_all_addresses_fail_the_target_does() {
    let (endpoint, _) = endpoint(&[Is::Resetting, Is::Resetting, Is::Resetting]).await;
    let pool = Pool::new();
    let mut faults = Vec::new();
    for _ in 0..4 {
        faults.extend(ask(&pool, &endpoint).await.err());
    }
    let (first, last) = ((FaultKind::Reset, true), (FaultKind::Reset, false));
    assert_eq!(faults, [first, first, last, last]);
}

#[tokio::test]
async fn a_single_address_is_the_target() {
    let (endpoint, connected) = endpoint(&[Is::Resetting]).await;
    let pool = Pool::new();
    for _ in 0..3 {
        assert_eq!(ask(&pool, &endpoint).await, Err((FaultKind::Reset, false)));
    }
    assert_eq!(connected.load(Ordering::Relaxed), 3, "it is asked all the same");
}
