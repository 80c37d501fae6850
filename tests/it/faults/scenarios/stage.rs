//! A primary, a fallback, and one client, who all speak OpenAI's Chat Completions.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::time::Instant;

use crate::support::client::Call;
use crate::support::dialects::speech::{SPEECHES, Speech};
use crate::support::faults::{self, Kind, Verdict, answer, judge};
use crate::support::provider::{Behaviour, Provider, Script, Seen};
use crate::support::proxy::{Config, Proxy};

/// One of the bench's seconds takes so long.
const SECOND: Duration = Duration::from_millis(50);

/// So many of the bench's seconds.
pub fn at(seconds: f64) -> Duration {
    SECOND.mul_f64(seconds)
}

/// What plays.
pub struct Stage {
    pub fallback: Provider,
    pub proxy: Proxy,
    _primary: Provider,
    asked: Arc<Mutex<Vec<Instant>>>,
}

/// A call and what came of it.
#[derive(Debug)]
pub struct Ask {
    pub verdict: Verdict,
    pub took: Duration,
    /// Who answered, as the reply tells.
    pub target: String,
    /// Whose model that was, as the answer tells.
    pub model: String,
    /// The tokens of the answer, as it tells.
    pub usage: Option<u64>,
}

/// A primary that always fails so.
pub fn failing(script: impl Fn(&faults::Stage) -> Script + Send + Sync + 'static) -> Failing {
    Box::new(script)
}

/// A primary that fails so the first time it is asked.
pub fn failing_once(script: impl Fn(&faults::Stage) -> Script + Send + Sync + 'static) -> Failing {
    Box::new(move |stage| if stage.before == 0 { script(stage) } else { stage.play() })
}

type Failing = Box<dyn Fn(&faults::Stage) -> Script + Send + Sync>;

/// What a good provider does.
pub fn of_good(seen: &Seen) -> Script {
    about(seen, 0).play()
}

fn about(seen: &Seen, before: usize) -> faults::Stage {
    faults::Stage { speech: chat(), said: answer(Kind::Text), stream: chat().wants_stream(seen), before }
}

fn chat() -> &'static Speech {
    &SPEECHES[0]
}

impl Stage {
    /// A primary that fails so, at the bench's baseline.
    pub async fn with(primary: Failing) -> Self {
        Self::limited(primary, "first_token", at(30.)).await
    }

    /// The same with one limit of another length.
    pub async fn limited(primary: Failing, limit: &str, length: Duration) -> Self {
        let asked = Arc::<Mutex<Vec<Instant>>>::default();
        let times = asked.clone();
        let primary = Provider::behaving(Behaviour::new(move |seen| {
            let mut times = times.lock().unwrap();
            times.push(Instant::now());
            primary(&about(seen, times.len() - 1))
        }))
        .await;
        let fallback = Provider::behaving(Behaviour::new(of_good)).await;
        let timeouts = format!("{{idle: {}ms, {limit}: {}ms}}", at(30.).as_millis(), length.as_millis());
        let place = |provider: &Provider| provider.url().trim_end_matches("/v1").to_owned();
        let room = |tokens: usize| format!(", models: {{the-model: {{context: {tokens}}}}}");
        let config = Config::default()
            .top(&format!("defaults: {{retry: {{tries: 3}}, timeouts: {timeouts}}}"))
            .speaking_at("primary", &place(&primary), "openai_chat", &room(8_000))
            .speaking_at("fallback", &place(&fallback), "openai_chat", &room(1_000_000))
            .model("m", "{targets: [primary/the-model], fallbacks: [fallback/the-model]}");
        Self { proxy: Proxy::start(&config).await, fallback, _primary: primary, asked }
    }

    /// A client asks for a stream, with usage.
    pub async fn ask(&self) -> Ask {
        let started = Instant::now();
        let reply = self.proxy.send(Call::stream("m")).await;
        let took = started.elapsed();
        let events: Vec<serde_json::Value> =
            reply.events().iter().filter_map(|event| serde_json::from_str(event).ok()).collect();
        let model = events.first().and_then(|event| event["model"].as_str()).unwrap_or_default().to_owned();
        let usage = events.iter().find_map(|event| event["usage"]["completion_tokens"].as_u64());
        let target = reply.header("x-outrider-target").to_owned();
        Ask { verdict: judge(chat(), true, &reply, &answer(Kind::Text)), took, target, model, usage }
    }

    /// When the primary was asked.
    pub fn primary_asked(&self) -> Vec<Instant> {
        self.asked.lock().unwrap().clone()
    }

    /// A healthy call goes through as ever.
    pub async fn is_alive(&self) {
        let reply = self.proxy.send(Call::stream("fallback/the-model")).await;
        assert_eq!(judge(chat(), true, &reply, &answer(Kind::Text)), Verdict::Whole);
    }
}
