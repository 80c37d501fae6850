//! Starting, draining and ending.

use std::time::{Duration, Instant};

use crate::support::client::{Call, read_all};
use crate::support::provider::{Behaviour, Provider};
use crate::support::proxy::{Config, Proxy};
use crate::support::{eventually, run, until};

use tokio::net::TcpStream;

#[test]
fn without_calls_it_ends_at_once() {
    run(async {
        for signal in ["TERM", "INT"] {
            let provider = Provider::start().await;
            let mut proxy = Proxy::before(&[&provider]).await;
            proxy.send(Call::chat("m")).await;
            let start = Instant::now();
            proxy.signal(signal).await;
            assert_eq!(proxy.exit().await.code(), Some(0), "{signal}: {}", proxy.said());
            assert!(start.elapsed() < Duration::from_secs(1), "{signal} took {:?}", start.elapsed());
        }
    });
}

/// Whoever starts processes again does so for one that ended, not for one that runs and will never be ready.
#[test]
fn a_service_that_cannot_start_ends_the_process() {
    run(async {
        let provider = Provider::start().await;
        let nobodys = "192.0.2.1:443".parse().unwrap(); // no address of this machine
        let first = Proxy::before(&[&provider]).await;
        let ended = first.replaced_in_vain(&Config::chain(&[&provider]), nobodys).await;
        let said = String::from_utf8_lossy(&ended.stderr);
        assert_eq!(ended.status.code(), Some(70), "{said}");
        assert!(said.contains("panicked"), "{said}");
    });
}

#[test]
fn open_streams_finish_before_the_end() {
    run(async {
        let provider = Provider::behaving(Behaviour::stream(5).gated_after(3)).await;
        let mut proxy = Proxy::before(&[&provider]).await;
        let mut stream = proxy.open(Call::stream("m")).await;
        stream.read_until("word2").await;
        let traffic = proxy.traffic;
        proxy.signal("TERM").await;
        let connect = || async { TcpStream::connect(traffic).await.is_err() };
        eventually("new connections are refused", connect, |refused| *refused).await;
        assert_eq!(proxy.ask("/readyz").await.status, 503);
        provider.release();
        let reply = stream.rest().await;
        assert!(reply.complete && reply.text().ends_with("data: [DONE]\n\n"), "{}", reply.text());
        let start = Instant::now();
        assert_eq!(proxy.exit().await.code(), Some(0), "{}", proxy.said());
        assert!(start.elapsed() < Duration::from_secs(1), "it stayed {:?} after the last stream", start.elapsed());
        until("the call is in the log", || proxy.said().contains("\"success\"")).await;
    });
}

#[test]
fn a_stream_that_never_ends_is_cut_after_the_grace() {
    run(async {
        let provider = Provider::behaving(Behaviour::stream(5).gated_after(3)).await;
        let mut proxy = Proxy::start(&Config::chain(&[&provider]).top("shutdown: {grace: 500ms}")).await;
        let mut stream = proxy.open(Call::stream("m")).await;
        stream.read_until("word2").await;
        let start = Instant::now();
        proxy.signal("TERM").await;
        assert_eq!(proxy.exit().await.code(), Some(0), "{}", proxy.said());
        assert!((500..3000).contains(&start.elapsed().as_millis()), "it took {:?}", start.elapsed());
        assert!(!stream.rest().await.text().contains("[DONE]"));
    });
}

#[test]
fn a_call_that_waits_for_its_first_token_is_not_lost() {
    run(async {
        let provider = Provider::behaving(Behaviour::ok().gated_after(0)).await;
        let mut proxy = Proxy::before(&[&provider]).await;
        let traffic = proxy.traffic;
        let call =
            tokio::spawn(async move { crate::support::client::open(traffic, Call::chat("m")).await.rest().await });
        until("the call has arrived", || provider.calls().len() == 1).await;
        proxy.signal("TERM").await;
        eventually("it drains", || proxy.ask("/readyz"), |reply| reply.status == 503).await;
        provider.release();
        assert_eq!(call.await.unwrap().status, 200);
        assert_eq!(proxy.exit().await.code(), Some(0));
    });
}

#[test]
fn a_successor_takes_over_and_no_call_is_lost() {
    run(async {
        let old = Provider::behaving(Behaviour::stream(5).gated_after(3)).await;
        let new = Provider::start().await;
        let mut first = Proxy::before(&[&old]).await;
        let mut idle = TcpStream::connect(first.traffic).await.unwrap();
        let mut stream = first.open(Call::stream("m")).await;
        stream.read_until("word2").await;
        old.set(Behaviour::ok());
        let second = first.replaced_by(&Config::chain(&[&new])).await;
        let answered_by_second = || async {
            let reply = second.send(Call::chat("m")).await;
            assert_eq!(reply.status, 200, "{}", reply.text());
            new.calls().len()
        };
        eventually("the second answers", answered_by_second, |calls| *calls > 0).await;
        assert_eq!(read_all(&mut idle).await, "", "the first has stopped accepting");
        let calls_of_first = old.calls().len();
        for _ in 0..20 {
            assert_eq!(second.send(Call::chat("m")).await.status, 200);
        }
        assert_eq!(old.calls().len(), calls_of_first);
        old.release();
        let reply = stream.rest().await;
        assert!(reply.complete && reply.text().ends_with("data: [DONE]\n\n"), "{}", reply.text());
        assert_eq!(first.exit().await.code(), Some(0), "{}", first.said());
        assert_eq!(second.send(Call::chat("m")).await.status, 200);
    });
}

#[test]
fn neither_root_nor_a_writable_disk_is_needed() {
    run(async {
        let (old, new) = (Provider::start().await, Provider::start().await);
        let Some(mut proxy) = Proxy::confined(&Config::chain(&[&old]).text()).await else {
            return eprintln!("skipped: root, unshare and setpriv are needed to run the binary without them");
        };
        assert_eq!(proxy.send(Call::chat("m")).await.status, 200);
        proxy.rewrite(&Config::chain(&[&new]).text());
        proxy.signal("HUP").await;
        let answered_by_new = || async {
            proxy.send(Call::chat("m")).await;
            new.calls().len()
        };
        eventually("the new configuration is in use", answered_by_new, |calls| *calls > 0).await;
        proxy.signal("TERM").await;
        assert_eq!(proxy.exit().await.code(), Some(0), "{}", proxy.said());
    });
}

#[test]
fn a_log_that_nobody_reads_holds_up_no_call() {
    run(async {
        let provider = Provider::start().await;
        let proxy = Proxy::before(&[&provider]).await;
        proxy.leave_the_log_unread();
        // Several times what a pipe holds.
        for _ in 0..500 {
            let reply = proxy.send(Call::chat("m").header("x-request-id", &"x".repeat(200))).await;
            assert_eq!(reply.status, 200);
        }
    });
}

#[test]
fn a_log_whose_reader_left_ends_nothing() {
    run(async {
        let provider = Provider::start().await;
        let proxy = Proxy::before(&[&provider]).await;
        proxy.close_the_log();
        for _ in 0..10 {
            assert_eq!(proxy.send(Call::chat("m")).await.status, 200);
        }
        assert_eq!(proxy.ask("/readyz").await.status, 200);
    });
}
