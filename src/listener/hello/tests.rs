//! ClientHellos as they come: in any pieces, of any size, and what is none.

use std::sync::Arc;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, RootCertStore};
use tokio::io::{AsyncWriteExt, duplex};

use super::*;

/// What a client says that wants `name` and offers `protocols`.
fn hello(name: &str, protocols: &[&[u8]]) -> Vec<u8> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let mut config = config.with_root_certificates(RootCertStore::empty()).with_no_client_auth();
    config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
    let name = ServerName::try_from(name.to_owned()).unwrap();
    let mut said = Vec::new();
    ClientConnection::new(Arc::new(config), name).unwrap().write_tls(&mut said).unwrap();
    said
}

/// One of about 16 KiB.
fn large() -> Vec<u8> {
    let protocol = vec![b'x'; 250];
    let mut protocols = vec![&protocol[..]; 62];
    protocols.push(b"h2");
    hello("api.openai.com", &protocols)
}

/// The same in records of `size` bytes each.
fn in_records(said: &[u8], size: usize) -> Vec<u8> {
    let mut message = Vec::new();
    let mut rest = said;
    while let [kind, major, minor, high, low, after @ ..] = rest {
        assert_eq!((*kind, *major), (HANDSHAKE, 3), "{minor}");
        let (body, next) = after.split_at(usize::from(*high) << 8 | usize::from(*low));
        message.extend_from_slice(body);
        rest = next;
    }
    let record = |body: &[u8]| [&[HANDSHAKE, 3, 1][..], &(body.len() as u16).to_be_bytes(), body].concat();
    message.chunks(size).flat_map(record).collect()
}

fn first(name: &str) -> First {
    First::Hello(Hello { name: Some(name.into()), http: true })
}

/// Whatever the split, `said` is judged so, and not before its last byte where it is whole.
#[track_caller]
fn check(what: &str, said: &[u8], expected: &First) {
    for step in [1, 2, 7, 1460, said.len().max(1)] {
        let mut reader = Reader::default();
        let ends = (step..said.len()).step_by(step).chain([said.len()]);
        let mut judged = ends.filter_map(|end| Some((reader.judge(&said[..end])?, end)));
        let (first, end) = judged.next().unwrap_or_else(|| panic!("{what} in steps of {step}: nothing was said"));
        assert_eq!(&first, expected, "{what} in steps of {step}");
        if matches!(first, First::Hello(_)) {
            assert_eq!(end, said.len(), "{what} in steps of {step}: judged before its end");
        }
    }
}

#[test]
fn a_hello_is_read_at_any_split() {
    let openai = first("api.openai.com");
    check("a plain one", &hello("api.openai.com", &[b"h2", b"http/1.1"]), &openai);
    check("capitals", &hello("API.OpenAI.com", &[]), &openai);
    check("16 KiB", &large(), &openai);
    assert!(large().len() > 15_000);
    for size in [1, 3, 100, 1000, 5000] {
        check("several records", &in_records(&hello("api.openai.com", &[b"http/1.1"]), size), &openai);
        if size > 1 {
            check("16 KiB in several records", &in_records(&large(), size), &openai);
        }
    }
}

#[test]
fn what_it_wants_is_told() {
    let hello_of = |name, http| First::Hello(Hello { name, http });
    check("no name", &hello("127.0.0.1", &[]), &hello_of(None, true));
    check("nothing of HTTP", &hello("db.example", &[b"postgresql"]), &hello_of(Some("db.example".into()), false));
    check("HTTP among others", &hello("db.example", &[b"x", b"http/1.1"]), &hello_of(Some("db.example".into()), true));
}

#[test]
fn what_is_none_is_told_at_once() {
    check("HTTP", b"GET / HTTP/1.1\r\n\r\n", &First::NotTls);
    check("a banner", b"SSH-2.0-OpenSSH\r\n", &First::NotTls);
    check("zeros", &[0; 100], &First::NotTls);
    check("no handshake inside", b"\x16\x03\x01\x00\x05hello", &First::Bad);
    check("an empty record", &[22, 3, 1, 0, 0], &First::Bad);
    check("another version", &[22, 9, 9, 0, 5, 1, 2, 3, 4, 5], &First::Bad);
    check("an endless record", &[[22, 3, 1, 0xff, 0xff].as_slice(), &[1; 100_000]].concat(), &First::Bad);
    let mut server = hello("api.openai.com", &[]);
    server[5] = 2; // a ServerHello
    check("the other side's", &server, &First::Bad);
    let cut = &hello("api.openai.com", &[])[..];
    for end in 1..cut.len() {
        assert_eq!(Reader::default().judge(&cut[..end]), None, "{end} bytes are not all");
    }
}

#[test]
fn a_hello_without_end_is_cut_off() {
    // A handshake message of 16 MiB, announced in small records.
    let endless = [&[1, 0xff, 0xff, 0xff][..], &[0; 200_000]].concat();
    let records: Vec<u8> = endless
        .chunks(1000)
        .flat_map(|body| [&[HANDSHAKE, 3, 1][..], &(body.len() as u16).to_be_bytes(), body].concat())
        .collect();
    let mut reader = Reader::default();
    let judged = (1..=records.len()).step_by(100).find_map(|end| Some((reader.judge(&records[..end])?, end)));
    let (first, end) = judged.expect("a verdict");
    assert_eq!(first, First::Bad);
    assert!(end <= LIMIT + 100, "{end}");
}

#[test]
fn no_bytes_make_it_panic() {
    let said = hello("api.openai.com", &[b"h2"]);
    fastrand::seed(5);
    for _ in 0..20_000 {
        let mut bytes = said.clone();
        for _ in 0..fastrand::usize(1..8) {
            let at = fastrand::usize(..bytes.len());
            bytes[at] = fastrand::u8(..);
        }
        bytes.truncate(fastrand::usize(1..=bytes.len()));
        let _ = Reader::default().judge(&bytes);
    }
}

#[tokio::test(start_paused = true)]
async fn it_is_waited_for_only_so_long() {
    let said = hello("api.openai.com", &[]);
    let (mut client, mut server) = duplex(1024);
    client.write_all(&said[..100]).await.unwrap();
    let mut bytes = BytesMut::new();
    let before = Instant::now();
    assert_eq!(read(&mut server, &mut bytes, Duration::from_secs(1)).await, First::Late);
    assert_eq!(before.elapsed(), Duration::from_secs(1));
    assert_eq!(bytes, &said[..100], "what came is kept");
    client.write_all(&said[100..]).await.unwrap();
    assert_eq!(read(&mut server, &mut bytes, Duration::from_secs(1)).await, first("api.openai.com"));
    assert_eq!(bytes, &said[..], "every byte is kept");
    drop(client);
    assert_eq!(read(&mut server, &mut BytesMut::new(), Duration::from_secs(1)).await, First::Gone);
}
