//! Whole calls, with scripted providers and a paused clock: no socket, no waiting.

mod budgets;
mod faults;
mod hedging;
mod money;
mod random;
mod recovery;
mod silence;

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use arc_swap::ArcSwap;
use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};
use tokio::time::{Instant, sleep};
use tracing::level_filters::LevelFilter;

use super::{Arrival, Caller, Exchange, Gone};
use crate::canonical::{Dialect, Fault, FaultKind};
use crate::config::{self, Fake};
use crate::dialect::codec::Flavour;
use crate::dialect::doors::Operation;
use crate::health::Registry;
use crate::provider::auth::Courier;
use crate::snapshot;
use crate::telemetry::{Format, Telemetry};
use crate::upstream::pool::Pool;
use crate::upstream::{Endpoint, Reply, Request, Transport};

/// What a scripted provider does with each call.
#[derive(Clone, Copy, Debug)]
enum Act {
    Fails(FaultKind),
    Hangs,
    Answers(u16, &'static [(&'static str, &'static str)], &'static [Step]),
}

/// What a reply's body does.
#[derive(Clone, Copy, Debug)]
enum Step {
    Send(&'static str),
    Wait(u64),
    Cut,
}
use Act::*;
use Step::*;

const JSON: &[(&str, &str)] = &[("content-type", "application/json")];
const SSE: &[(&str, &str)] = &[("content-type", "text/event-stream")];
const WHOLE: &str = r#"{"choices":[{"index":0,"message":{"role":"assistant","content":"hi"},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":1}}"#;
const ROLE: &str = "data: {\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\n\n";
const HI: &str = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"hi\"}}]}\n\n";
const STOP: &str = "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";
const DONE: &str = "data: [DONE]\n\n";
const FAILED: &str = "data: {\"error\":{\"message\":\"boom\",\"type\":\"server_error\"}}\n\n";
const ERROR: &str = r#"{"error":{"message":"boom","type":"server_error"}}"#;

const GOOD: Act = Answers(200, JSON, &[Send(WHOLE)]);
const GOOD_STREAM: Act = Answers(200, SSE, &[Send(ROLE), Send(HI), Send(STOP), Send(DONE)]);

/// Providers, each with what it does at each call; the last of it again and again.
struct Script {
    acts: Mutex<HashMap<String, VecDeque<Act>>>,
    asked: Mutex<Vec<String>>,
}

impl Script {
    fn act(&self, who: &str) -> Act {
        let mut acts = self.acts.lock().unwrap();
        let acts = acts.get_mut(who).unwrap();
        if acts.len() > 1 { acts.pop_front().unwrap() } else { acts[0] }
    }
}

impl Transport for Script {
    type Reply = Scripted;

    async fn send(&self, to: &Endpoint, _: Request) -> Result<Scripted, Fault> {
        self.asked.lock().unwrap().push(to.authority().to_owned());
        match self.act(to.authority()) {
            Fails(kind) => Err(Fault::new(kind, "scripted")),
            Hangs => std::future::pending().await,
            Answers(status, headers, steps) => Ok(Scripted {
                status: StatusCode::from_u16(status).unwrap(),
                headers: headers.iter().map(|(k, v)| (k.parse().unwrap(), v.parse().unwrap())).collect(),
                steps,
                waits: None,
            }),
        }
    }
}

struct Scripted {
    status: StatusCode,
    headers: HeaderMap,
    steps: &'static [Step],
    waits: Option<Instant>,
}

impl Reply for Scripted {
    fn status(&self) -> StatusCode {
        self.status
    }

    fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    async fn next(&mut self) -> Result<Option<Bytes>, Fault> {
        loop {
            match self.steps.first() {
                None => return Ok(None),
                Some(Cut) => return Err(Fault::new(FaultKind::Truncated, "cut")),
                Some(Wait(pause)) => {
                    let until = *self.waits.get_or_insert_with(|| Instant::now() + Duration::from_secs(*pause));
                    tokio::time::sleep_until(until).await;
                    (self.waits, self.steps) = (None, &self.steps[1..]);
                }
                Some(Send(text)) => {
                    self.steps = &self.steps[1..];
                    return Ok(Some(Bytes::from_static(text.as_bytes())));
                }
            }
        }
    }

    async fn release(self) {}
}

/// A client that stays for so long.
struct Client {
    body: Option<Bytes>,
    came: Instant,
    stays: Duration,
    status: u16,
    headers: HeaderMap,
    got: String,
    writes: usize,
    complete: bool,
}

impl Caller for Client {
    async fn read(&mut self) -> Result<Option<Bytes>, Gone> {
        Ok(self.body.take())
    }

    async fn gone(&mut self) {
        sleep(self.stays.saturating_sub(self.came.elapsed())).await;
    }

    async fn begin(&mut self, status: StatusCode, headers: HeaderMap, _: Option<usize>) -> Result<(), Gone> {
        (self.status, self.headers) = (status.as_u16(), headers);
        Ok(())
    }

    async fn write(&mut self, bytes: Bytes, last: bool) -> Result<(), Gone> {
        self.writes += 1;
        self.got.push_str(std::str::from_utf8(&bytes).unwrap());
        self.complete = last;
        Ok(())
    }

    async fn abort(&mut self) {}
}

/// One exchange over several calls, so that what is learned is kept.
struct World(Exchange<Script>);

const CONFIG: &str = "
providers:
  a: {dialect: openai_chat, base_url: 'http://a/v1', health: off, api_key: '${KEY}'}
  b: {dialect: openai_chat, base_url: 'http://b/v1', health: off, api_key: '${KEY}'}
  c: {dialect: openai_chat, base_url: 'http://c/v1', health: off, api_keys: ['${KEY}', '${KEY}2']}
models:
  m:
    targets: [a/x]
    fallbacks: [b/y]
    timeouts: {first_token: 5s, idle: 10s, total: 60s}
  single: {targets: [a/x]}
  pool: {targets: [c/x]}
";

impl World {
    fn new(a: Act, b: Act) -> Self {
        Self::of(CONFIG, &[("a", &[a]), ("b", &[b]), ("c", &[a])])
    }

    fn of(config: &str, acts: &[(&str, &[Act])]) -> Self {
        let env = Fake { variables: [("KEY".into(), "sk-test".into())].into(), ..Fake::default() };
        let registry = Arc::new(Registry::new());
        let loaded = config::parse(config, "test.yaml", &env).unwrap_or_else(|problems| panic!("{problems}"));
        let built = snapshot::build(&loaded.config, &registry, None).unwrap_or_else(|problems| panic!("{problems}"));
        let acts = acts.iter().map(|(name, acts)| ((*name).to_owned(), acts.iter().copied().collect())).collect();
        World(Exchange {
            transport: Arc::new(Script { acts: Mutex::new(acts), asked: Mutex::default() }),
            fetch: Courier::new(Pool::new()), // no provider here has a login
            snapshot: Arc::new(ArcSwap::from_pointee(built)),
            registry,
            observed: Arc::default(),
            telemetry: Arc::new(Telemetry::new(Format::Json, LevelFilter::OFF, std::io::sink())),
        })
    }

    async fn call(&self, model: &str, stream: bool) -> Client {
        self.call_of(model, stream, Duration::from_secs(3600)).await
    }

    async fn call_of(&self, model: &str, stream: bool, stays: Duration) -> Client {
        self.ask(format!(r#"{{"model":"{model}","stream":{stream},"messages":[]}}"#).into(), stays).await
    }

    async fn ask(&self, body: Bytes, stays: Duration) -> Client {
        let mut client = Client {
            body: Some(body),
            came: Instant::now(),
            stays,
            status: 0,
            headers: HeaderMap::new(),
            got: String::new(),
            writes: 0,
            complete: false,
        };
        let arrival = Arrival {
            at: Instant::now(),
            dialect: Dialect::OpenAiChat,
            flavour: Flavour::Vendor,
            operation: Operation::Chat,
            model_in_path: None,
            stream_in_path: None,
            json_array: false,
            own_form: false,
            method: Method::POST,
            path: "/v1/chat/completions".into(),
            query: None,
            headers: HeaderMap::new(),
            origin: None,
            caller: None,
        };
        self.0.serve(arrival, &mut client).await;
        client
    }

    fn asked(&self) -> String {
        self.0.transport.asked.lock().unwrap().join(" ")
    }
}

impl Client {
    /// The tries without their times: `a/x;server_error, b/y;ok`.
    fn attempts(&self) -> String {
        let text = self.headers.get("x-outrider-attempts").map_or("", |value| value.to_str().unwrap());
        let tries = text.split(", ").map(|each| each.split(';').take(2).collect::<Vec<_>>().join(";"));
        tries.collect::<Vec<_>>().join(", ")
    }
}

/// Faults before the first real event: whatever it is, the fallback answers and the client sees nothing of it.
#[tokio::test(start_paused = true)]
async fn case_146_every_fault_before_the_first_event_moves_the_call() {
    for (fault, act) in [
        ("connect", Fails(FaultKind::Connect)),
        ("tls", Fails(FaultKind::Tls)),
        ("reset", Fails(FaultKind::Reset)),
        ("first_token_timeout", Hangs),
        ("first_token_timeout", Answers(200, SSE, &[Send(": hello\n\n"), Send(ROLE), Wait(60)])),
        ("server_error", Answers(500, JSON, &[Send(ERROR)])),
        ("server_error", Answers(502, &[("content-type", "text/html")], &[Send("<html>bad gateway</html>")])),
        ("overloaded", Answers(503, JSON, &[Send(ERROR)])),
        ("upstream_timeout", Answers(408, JSON, &[Send(ERROR)])),
        ("upstream_timeout", Answers(504, JSON, &[])),
        ("rate_limited", Answers(429, JSON, &[Send(r#"{"error":{"message":"slow down"}}"#)])),
        ("quota_exhausted", Answers(429, JSON, &[Send(r#"{"error":{"code":"insufficient_quota"}}"#)])),
        ("key_refused", Answers(401, JSON, &[Send(ERROR)])),
        ("server_error", Answers(200, JSON, &[Send(ERROR)])),
        ("server_error", Answers(200, SSE, &[Send(ROLE), Send(FAILED)])),
        ("empty", Answers(200, JSON, &[])),
        ("empty", Answers(200, SSE, &[Send(ROLE), Send(DONE)])),
        ("truncated", Answers(200, SSE, &[Send(ROLE), Cut])),
        ("truncated", Answers(200, JSON, &[Send("{\"choices\":[{"), Cut])),
        ("malformed", Answers(200, JSON, &[Send("{\"choices\":[{")])),
    ] {
        for stream in [false, true] {
            let good = if stream { GOOD_STREAM } else { GOOD };
            let client = World::new(act, good).call("m", stream).await;
            let twice = ["reset", "server_error", "empty", "truncated", "rate_limited", "overloaded"].contains(&fault);
            let first = format!("a/x;{fault}, ").repeat(1 + usize::from(twice));
            assert_eq!(client.attempts(), first + "b/y;ok", "stream: {stream}, got {}", client.got);
            assert_eq!(client.status, 200, "{fault}");
            assert!(client.complete, "{fault}");
            let whole = if stream { [ROLE, HI, STOP, DONE].concat() } else { WHOLE.to_owned() };
            assert_eq!(client.got, whole, "{fault}, stream: {stream}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_the_client_did_wrong_goes_back_to_it_as_it_is() {
    const BODY: &str = r#"{ "error": {"message":"no such field","code":"x"} }"#;
    for status in [400, 404, 413, 422] {
        const STEPS: &[Step] = &[Send(BODY)];
        let world = World::new(Answers(status, JSON, STEPS), GOOD);
        let client = world.call("m", false).await;
        assert_eq!((client.status, client.got.as_str()), (status, BODY));
        assert_eq!(world.asked(), "a", "{status} is asked of nobody else");
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_without_done_is_whole_when_it_said_why_it_stopped() {
    let client = World::new(Answers(200, SSE, &[Send(HI), Send(STOP)]), GOOD_STREAM).call("m", true).await;
    assert_eq!(client.got, [HI, STOP].concat());
}

#[tokio::test(start_paused = true)]
async fn a_single_target_is_waited_for_as_long_as_it_asks() {
    let limited = Answers(429, &[("retry-after", "2")], &[Send(r#"{"error":{"message":"slow down"}}"#)]);
    let world = World::new(limited, GOOD);
    let started = Instant::now();
    let client = world.call("single", false).await;
    assert_eq!(client.attempts(), "a/x;rate_limited, a/x;rate_limited, a/x;rate_limited");
    assert_eq!(client.status, 429);
    assert_eq!(started.elapsed().as_secs(), 4, "two waits of two seconds");

    let limited = Answers(429, &[("retry-after", "3000")], &[Send(r#"{"error":{"message":"slow down"}}"#)]);
    let world = World::new(limited, GOOD);
    let started = Instant::now();
    assert_eq!(world.call("single", false).await.status, 429);
    assert_eq!(world.call("single", false).await.headers["retry-after"], "3000");
    assert_eq!(world.asked(), "a", "the second call does not even ask");
    assert!(started.elapsed() < Duration::from_secs(1), "a wait that does not fit the call's time is not begun");
}

#[tokio::test(start_paused = true)]
async fn another_key_of_the_same_provider_is_tried_at_once() {
    let world = World::new(Answers(429, JSON, &[Send(ERROR)]), GOOD);
    let started = Instant::now();
    let client = world.call("pool", false).await;
    assert!(client.attempts().starts_with("c/x;rate_limited, c/x;rate_limited"), "{}", client.attempts());
    assert!(started.elapsed() < Duration::from_secs(5));
}

#[tokio::test(start_paused = true)]
async fn a_client_that_leaves_ends_the_call() {
    for (stream, act) in [(false, Hangs), (true, Answers(200, SSE, &[Send(HI), Wait(30)]))] {
        let world = World::new(act, GOOD);
        let started = Instant::now();
        world.call_of("m", stream, Duration::from_secs(1)).await;
        assert_eq!(started.elapsed(), Duration::from_secs(1));
        assert_eq!(world.asked(), "a", "nobody else is asked for a client that is gone");
        assert_eq!(world.0.registry.targets().iter().map(|target| target.in_flight()).sum::<usize>(), 0);
    }
}

/// Events that are there together are written together; one that is there alone does not wait for the next.
#[tokio::test(start_paused = true)]
async fn events_are_written_together_when_they_come_together() {
    for (writes, steps) in [
        (2, &[Send(HI), Send(HI), Send(HI), Send(STOP), Send(DONE)][..]),
        (3, &[Send(HI), Wait(1), Send(HI), Send(HI), Wait(1), Send(STOP), Send(DONE)]),
        (3, &[Send(HI), Send(HI), Wait(1), Cut]),
    ] {
        let client = World::new(Answers(200, SSE, steps), GOOD).call("single", true).await;
        assert!(client.complete && client.got.starts_with(HI), "{}", client.got);
        assert_eq!(client.writes, writes, "{}", client.got);
    }
}
