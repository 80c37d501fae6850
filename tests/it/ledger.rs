//! What was spent is kept: over restarts, over kills, and told by `outrider usage`.

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::client::Call;
use crate::support::provider::Provider;
use crate::support::proxy::{Config, Proxy, outrider};
use crate::support::{eventually, run, run_within};

/// Outrider with its file in a folder that outlives it.
async fn started(folder: &Path, provider: &Provider, rules: &str) -> Proxy {
    let ledger = folder.join("ledger.db");
    let config = Config::default().top(rules).top(&format!("ledger: {{path: {}}}", ledger.display()));
    Proxy::start(&config.provider("a", provider).model("m", "{targets: [a/m-a]}")).await
}

async fn usage(folder: &Path, arguments: &[&str]) -> (i32, String) {
    let ledger = folder.join("ledger.db");
    let mut all = vec!["usage", "--ledger", ledger.to_str().unwrap()];
    all.extend(arguments);
    let output = outrider(&all).output().await.unwrap();
    let told = [output.stdout, output.stderr].concat();
    (output.status.code().unwrap_or(-1), String::from_utf8(told).unwrap())
}

async fn spent(proxy: &Proxy) -> i64 {
    let spend: Value = proxy.ask("/spend").await.json();
    spend["budgets"][0]["of"]["requests"]["spent"].as_i64().expect("a number")
}

#[test]
fn a_budget_is_kept_over_a_restart_and_told() {
    run(async {
        let (provider, folder) = (Provider::start().await, TempDir::new().unwrap());
        let rules = "budgets: {all: {requests: 3, tokens: 1000000, per: month}}";
        let mut proxy = started(folder.path(), &provider, rules).await;
        for _ in 0..2 {
            assert_eq!(proxy.send(Call::chat("m")).await.status, 200);
        }
        eventually("both are settled", || spent(&proxy), |spent| *spent == 2).await;
        proxy.signal("TERM").await;
        assert!(proxy.exit().await.success());
        let proxy = started(folder.path(), &provider, rules).await;
        assert_eq!(spent(&proxy).await, 2);
        let statuses = [proxy.send(Call::chat("m")).await.status, proxy.send(Call::chat("m")).await.status];
        assert_eq!(statuses, [200, 429]);
        assert_eq!(proxy.metric("outrider_budget_used_ratio", &["all"]).await, 1.0);
        let (code, table) = usage(folder.path(), &["--by", "caller,provider,model"]).await;
        assert_eq!(code, 0, "{table}");
        let json = || usage(folder.path(), &["--by", "provider", "--json"]);
        let told = eventually("all is written", json, |(_, text)| text.contains("\"calls\": 4")).await.1;
        let told: Value = serde_json::from_str(&told).unwrap();
        assert_eq!(told["total"]["calls"], 4, "{told}");
        assert_eq!(told["total"]["failed"], 1, "{told}");
        assert_eq!((&told["usage"][0]["provider"], &told["usage"][0]["calls"]), (&"a".into(), &3.into()), "{told}");
        let (_, csv) = usage(folder.path(), &["--by", "day,target", "--csv"]).await;
        assert!(csv.starts_with("day,target,calls,failed,") && csv.contains(",a/m-a,3,0,"), "{csv}");
        assert_eq!(usage(folder.path(), &["--by", "moon"]).await.0, 64);
        assert_eq!(usage(&folder.path().join("elsewhere"), &[]).await.0, 66);
    });
}

/// What a killed process had told its clients a second before is there.
#[test]
fn a_kill_takes_no_more_than_the_last_second() {
    run_within(Duration::from_secs(60), async {
        let (provider, folder) = (Provider::start().await, TempDir::new().unwrap());
        let rules = "budgets: {all: {requests: 100000, per: month}}";
        let mut before = 0;
        for round in 0..3 {
            let mut proxy = started(folder.path(), &provider, rules).await;
            assert!(spent(&proxy).await >= before, "round {round}: nothing is forgotten");
            let mut old = before;
            let ended = tokio::time::Instant::now() + Duration::from_secs(2);
            let mut second_to_last = None;
            while tokio::time::Instant::now() < ended {
                assert_eq!(proxy.send(Call::chat("m")).await.status, 200);
                if ended - tokio::time::Instant::now() < Duration::from_secs(1) && second_to_last.is_none() {
                    old = spent(&proxy).await;
                    second_to_last = Some(old);
                }
            }
            let all = spent(&proxy).await;
            proxy.signal("KILL").await;
            let _ = proxy.exit().await;
            let again = started(folder.path(), &provider, rules).await;
            let kept = spent(&again).await;
            assert!(old > before && (old..=all).contains(&kept), "round {round}: {old} <= {kept} <= {all}");
            before = kept;
        }
    });
}

/// Its disk is full for a while: no call is refused, and none is missing once there is room.
#[test]
fn a_full_disk_stops_no_call_and_loses_none() {
    run_within(Duration::from_secs(60), async {
        let (provider, folder) = (Provider::start().await, TempDir::new().unwrap());
        let proxy = started(folder.path(), &provider, "budgets: {all: {requests: 30, per: month}}").await;
        assert_eq!(proxy.send(Call::chat("m")).await.status, 200);
        let calls = |count| {
            let told = format!("\"calls\": {count},");
            let json = || usage(folder.path(), &["--by", "model", "--json"]);
            async move { eventually("all is written", json, |(_, text)| text.contains(&told)).await }
        };
        calls(1).await;
        proxy.may_write("0").await;
        for _ in 0..20 {
            assert_eq!(proxy.send(Call::chat("m")).await.status, 200);
        }
        proxy.says("the ledger cannot be written; calls go on").await;
        assert!(proxy.metric("outrider_ledger_errors_total", &[]).await >= 1.0);
        assert_eq!(spent(&proxy).await, 21, "budgets are kept in memory");
        proxy.may_write("unlimited").await;
        proxy.says("the ledger is written again").await;
        calls(21).await;
        assert_eq!(proxy.metric("outrider_ledger_lost_calls_total", &[]).await, 0.0);
    });
}

/// It starts while the disk is full, and begins its books when there is room.
#[test]
fn books_are_opened_once_there_is_room() {
    run_within(Duration::from_secs(60), async {
        let (provider, folder) = (Provider::start().await, TempDir::new().unwrap());
        let proxy = started(folder.path(), &provider, "").await;
        proxy.may_write("0").await;
        assert_eq!(proxy.send(Call::chat("m")).await.status, 200);
        proxy.says("the ledger cannot be written; calls go on").await;
        proxy.may_write("unlimited").await;
        proxy.says("the ledger is written again").await;
        let (_, told) = usage(folder.path(), &["--json"]).await;
        assert!(told.contains("\"calls\": 1,"), "{told}");
    });
}

/// As OpenRouter's clients send it.
fn chat() -> Call {
    let body = json!({"model": "m", "messages": [{"role": "user", "content": "hi"}]});
    Call::post("/api/v1/chat/completions", &body)
}

/// What OpenRouter's clients ask for afterwards is there after a restart, for whose calls they were.
#[test]
fn answers_can_be_asked_for_after_a_restart() {
    run(async {
        let (provider, folder) = (Provider::start().await, TempDir::new().unwrap());
        let callers = "callers: {one: {header: {x-who: one}}, other: {header: {x-who: other}}}";
        let call = |who: &str| chat().header("x-who", who);
        let get = |who: &str, path: &str| Call::get(path).header("x-who", who);
        let mut proxy = started(folder.path(), &provider, callers).await;
        let reply = proxy.send(call("one")).await;
        let path = format!("/api/v1/generation?id={}", reply.header("x-generation-id"));
        let told = || proxy.send(get("one", &path));
        eventually("it is told of", told, |told| told.status == 200).await;
        proxy.signal("TERM").await;
        assert!(proxy.exit().await.success());
        let proxy = started(folder.path(), &provider, callers).await;
        let told = proxy.send(get("one", &path)).await;
        assert_eq!((told.status, &told.json()["data"]["model"]), (200, &"a/m-a".into()), "{}", told.text());
        assert_eq!(proxy.send(get("other", &path)).await.status, 404);
        let rows = |who: &'static str| {
            let page = proxy.send(get(who, "/api/v1/activity"));
            async move { page.await.json()["data"].as_array().unwrap().len() }
        };
        assert_eq!((rows("one").await, rows("other").await), (1, 0));
    });
}

/// The same where no ledger is kept on a disk.
#[test]
fn without_a_ledger_answers_can_be_asked_for_while_it_runs() {
    run(async {
        let provider = Provider::start().await;
        let config = Config::default().top("ledger: off").provider("a", &provider).model("m", "{targets: [a/m-a]}");
        let proxy = Proxy::start(&config).await;
        let reply = proxy.send(chat()).await;
        let path = format!("/api/v1/generation?id={}", reply.header("x-generation-id"));
        eventually("it is told of", || proxy.send(Call::get(&path)), |told| told.status == 200).await;
        assert_eq!(proxy.send(Call::get("/api/v1/activity")).await.json()["data"][0]["requests"], 1);
    });
}

#[test]
fn where_nothing_can_be_written_calls_go_on() {
    run(async {
        let provider = Provider::start().await;
        let config = Config::default()
            .top("budgets: {all: {requests: 2}}")
            .top("ledger: {path: /proc/nobody/ledger.db}")
            .provider("a", &provider)
            .model("m", "{targets: [a/m-a]}");
        let proxy = Proxy::start(&config).await;
        proxy.says("the ledger is kept in memory").await;
        let mut statuses = Vec::new();
        for _ in 0..3 {
            statuses.push(proxy.send(Call::chat("m")).await.status);
        }
        assert_eq!(statuses, [200, 200, 429]);
    });
}

/// Two hundred at once, and room for fifty: not one more comes through.
#[test]
fn many_at_once_do_not_overdraw_a_budget() {
    run(async {
        let (provider, folder) = (Provider::start().await, TempDir::new().unwrap());
        let proxy = started(folder.path(), &provider, "budgets: {all: {requests: 50}}").await;
        let mut all = tokio::task::JoinSet::new();
        let traffic = proxy.traffic;
        for _ in 0..200 {
            all.spawn(async move { crate::support::client::open(traffic, Call::chat("m")).await.rest().await.status });
        }
        let statuses = all.join_all().await;
        assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 50);
        assert_eq!(statuses.iter().filter(|status| **status == 429).count(), 150);
        assert_eq!(provider.calls().len(), 50);
    });
}
