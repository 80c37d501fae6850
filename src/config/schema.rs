//! Everything that can be said in a configuration file. This file is the manual.
//!
//! It only describes: each key once, with its default. What is meant by it all (who is `openai`, does this target
//! exist) is decided in [`mod@crate::snapshot::build`]. The keys after `later` belong to the language but not to this
//! version; they are refused by name, because a limit that is read and not kept is worse than none.

mod allowances;
mod callers;
mod choice;
mod intercept;
mod ledger;
mod log;
mod offer;
mod quality;
mod route;

use std::num::{NonZeroU32, NonZeroUsize};
use std::time::Duration;

use super::forms::{Address, Admin, Content, Group, Listener, Origin, Switch, Target};
use super::secret::{HeaderText, Secret};
use super::setting::{Located, Named, OneOrMore, key, settings};
use super::units::{Period, Share, Size};
use super::waits::{After, Hold, KeepAlive};
use super::words::words;

pub use allowances::{Allowance, OfProvider, Per, Scope, Then, ThenWord};
pub use callers::Caller;
pub use choice::{Balance, MaxPrice, Prefer, Promise, Require, Scoring, Sticky};
pub use intercept::{Authority, Intercept, NameConstraints, OnClientReject};
pub use ledger::Ledger;
pub use log::{Format, Level, Log};
pub use offer::{Abilities, Data, Offer, Price};
pub use quality::{OTHER, Quality, Score, Scores};
pub use route::{Keep, Route, When};

settings! {
    /// The whole file.
    pub struct Config {
        /// Where calls come in: an address and a port, or a list of them. HTTP/1.1 and h2c.
        listen: OneOrMore<Located<Listener>> =
            OneOrMore(vec![Located::unplaced(Address::local(7878).into())]),
        /// The operator's door: health, readiness and metrics for all; the rest for loopback, or with a token:
        /// `{address: 0.0.0.0:7879, token: "${OUTRIDER_ADMIN_TOKEN}"}`.
        admin: Admin = Admin::default(),
        /// The origins of web pages whose browsers may call, such as `https://app.example.com`.
        allow_origins: Vec<Origin> = Vec::new(),
        /// Whose TLS is ended here, so that calls of applications that know nothing of Outrider are routed.
        /// Applications have to trust an authority of this machine for that: `outrider ca` tells how. When nothing is
        /// said here, it is ended as soon as there is such an authority, because `outrider ca`, `env` or `exec` has
        /// made one; with a map, if only `{}`, the authority is made when Outrider starts; with `off`, no TLS is ended.
        intercept: Option<Switch<Intercept>> = None,
        /// Who answers. The key is your name for it.
        providers: Named<Provider> = Named::default(),
        /// The names that clients ask for.
        models: Named<Model> = Named::default(),
        /// A table of models with prices, limits and abilities, in the form of the one that is built in (`outrider models
        /// --table` prints that): what it says counts more.
        catalogue: Option<Located<Content>> = None,
        /// How good models are, from 0 to 1, for `min_quality`: by `provider/model`, or by a name of the catalogue for
        /// whoever serves it. `file` names a table of scores.
        quality: Quality = Quality::default(),
        /// Which calls go where, whatever model they name. The first that fits counts; where none does, the model's name
        /// decides.
        routes: Vec<Located<Route>> = Vec::new(),
        /// Who asks. Others are refused with 401. Without this, everybody who reaches the listeners is the caller `default`.
        callers: Named<Caller> = Named::default(),
        /// How much callers, models and providers may use; a call that is too much is refused with 402 where it is money
        /// that lacks, with 429 otherwise.
        budgets: Named<Allowance> = Named::default(),
        /// The same without a name, as for limits of providers.
        limits: Vec<Located<Allowance>> = Vec::new(),
        /// Where it is kept what calls have cost and what is used of budgets; `off`: only in memory.
        ledger: Switch<Ledger> = Switch::On(Ledger::default()),
        /// What a model does not say itself.
        defaults: Defaults = Defaults::default(),
        /// At most so many calls at a time in this process. Default: no limit.
        max_in_flight: Option<NonZeroUsize> = None,
        /// Calls that find no room wait for it here: one queue for the process, one for each provider and target with a
        /// `max_in_flight`.
        queue: Queue = Queue::default(),
        /// Requests with a larger body are refused.
        body_limit: Size = Size(32 << 20),
        /// How the process ends.
        shutdown: Shutdown = Shutdown::default(),
        /// What is logged, and how.
        log: Log = Log::default(),
    }

    /// Who waits for room, and how long. Served in order while waits are short; once the one who has waited longest has
    /// used up half of `wait`, the newest first, because it can still be answered in time. Who waits in vain, or finds
    /// the queue full, gets 503 with Retry-After.
    pub struct Queue {
        /// At most so many calls wait in one queue; 0: none.
        size: u32 = 100,
        /// None waits longer than this.
        wait: Duration = Duration::from_secs(2),
    }

    /// Who answers, where, with which key.
    pub struct Provider {
        /// Which provider it is, when its name does not say: `openai`, `azure`, `groq`, `ollama` ...
        kind: Option<Located<String>> = None,
        /// How a chat is written there: for anything that is not known by kind, or to leave a provider only one of
        /// those that it speaks.
        dialect: Option<Dialect> = None,
        /// Where it is, with the path that stands before `/chat/completions`. Known for most kinds.
        base_url: Option<Located<String>> = None,
        /// The key: `${VARIABLE}` or `{file: path}`.
        api_key: Option<Located<Secret>> = None,
        /// Several keys. Each rests by itself when it is limited or refused.
        api_keys: Vec<Located<Secret>> = Vec::new(),
        /// Whose credential is sent: our `key`, the client's (`passthrough`), a cloud's login (`aws`, `google`,
        /// `entra`; Bedrock's and Vertex' without a key), or `none`.
        auth: Located<Auth> = Located::unplaced(Auth::Key),
        /// Azure's `api-version`. Without one, Azure's newer paths below `/openai/v1` are used.
        api_version: Option<Located<String>> = None,
        /// Where it runs. Part of the host at AWS and Google, and of AWS's signatures.
        region: Option<String> = None,
        /// The project at Google.
        project: Option<String> = None,
        /// Headers added to every request, in the place of the client's of the same name. Values are not shown.
        headers: Named<Option<HeaderText>> = Named::default(),
        /// How its certificate is checked.
        tls: Tls = Tls::default(),
        /// Time to connect, TLS included. Otherwise the shortest `timeouts.connect` of the models that use it.
        connect_timeout: Option<Period> = None,
        /// At most so many requests at a time; those over it count as refused connections.
        max_connections: Option<NonZeroUsize> = None,
        /// At most so many calls at a time, each until its answer has ended; those over it go to the next target, or
        /// wait. Default: no limit.
        max_in_flight: Option<NonZeroUsize> = None,
        /// Probing of its addresses, or `off`.
        health: Switch<Health> = Switch::On(Health::default()),
        /// How much may be used of it, by all together: as `limits` with `for: {provider: NAME}`.
        limits: OneOrMore<Located<OfProvider>> = OneOrMore::default(),
        /// What it does with what it is sent, for `require`.
        data: Data = Data::default(),
        /// How its models' weights are stored, for `require`: `fp8`, `bf16` ...
        quantization: Option<String> = None,
        /// The models it offers, for lists of models and for hints. Others can be asked for all the same.
        models: Named<Offer> = Named::default(),
    }

    /// How a provider's certificate is checked.
    pub struct Tls {
        /// A PEM file with the authorities to trust in the place of the system's.
        ca: Option<Located<Content>> = None,
        /// Takes any certificate. For experiments.
        insecure: bool = false,
    }

    /// How a provider's addresses are probed. Any answer below 500 is a sign of life.
    pub struct Health {
        /// What is asked for with GET, from the root of the host. By default the list of models.
        path: Option<Located<String>> = None,
        /// Time between two probes of an address, give or take a fifth.
        interval: Period = Period(Duration::from_secs(10)),
        /// Time that one probe may take.
        timeout: Period = Period(Duration::from_secs(3)),
        /// Consecutive answers after which a dead address is used again.
        healthy_after: NonZeroU32 = NonZeroU32::MIN,
        /// Consecutive failures after which an address counts as dead.
        unhealthy_after: NonZeroU32 = NonZeroU32::MIN.saturating_add(2),
    }
    later ["model"]

    /// A name that clients ask for.
    pub struct Model {
        /// Who can answer, sharing the load by weight: `provider/model`, or `{use: provider/model, weight: 80}`.
        targets: Vec<Target> = Vec::new(),
        /// Who answers when no target can, in this order. A list within the list shares the load like `targets`.
        fallbacks: Vec<Group> = Vec::new(),
        /// How the load is shared. Default: `score`, or `weighted` where one of the targets names a weight.
        balance: Option<Balance> = None,
        /// What a score is made of; what is not said is as in `defaults`.
        scoring: Scoring = Scoring::default(),
        /// Hard: no target outside answers, ever. An error lists who is excluded, and by what.
        require: Require = Require::default(),
        /// Hard: only targets that are so good by `quality`; a number, or one for each task. One whose score is not known
        /// is out. Of the others the cheapest is asked first, where no `balance` is said.
        min_quality: Option<Located<Scores>> = None,
        /// Soft: a target that misses a bound comes after those that keep them.
        prefer: Prefer = Prefer::default(),
        /// Whether a conversation stays where its prompt is cached: `auto`, `session` (only one that has a name) or `off`.
        /// Default auto.
        sticky: Option<Sticky> = None,
        /// When a call is tried again.
        retry: Retry = Retry::default(),
        /// How long a call may take.
        timeouts: Timeouts = Timeouts::default(),
        /// Whether a call rather fails than goes to a target that cannot be told all that it asks for. Default false.
        strict: Option<bool> = None,
        /// A second target is asked when the first is late; the first real event wins. `off`, or a map; a map in which
        /// nothing is said leaves it as it is in `defaults`. Default off.
        hedge: Option<Switch<Hedge>> = None,
        /// What to do when a stream breaks after its first token: `off` (the client gets the error), `restart` (the
        /// call is run again elsewhere, and only what the client has not got is sent) or `continue` (a target that can
        /// goes on from what was sent). Default restart.
        recover: Option<Recover> = None,
        /// How much of an answer is kept back, so that it can be replaced without a trace: `off`, what comes within a
        /// time such as `300ms` after the first token, or `all`. Default off.
        hold: Option<Hold> = None,
        /// The longest silence in a stream, to a client that waits for its first token, for a tool call that is kept
        /// back or for another target: then it is sent what its SDK passes over (a comment, a `ping`), so that neither
        /// it nor a proxy on the way hangs up. `off`: nothing. Sent before the first token, it takes the status 200
        /// with it: what fails later ends the stream as an error, and no header tells of targets and attempts. Default
        /// 15s.
        keep_alive: Option<KeepAlive> = None,
    }

    /// What a model does not say itself.
    pub struct Defaults {
        /// As in a model.
        retry: Retry = Retry::default(),
        /// As in a model.
        timeouts: Timeouts = Timeouts::default(),
        /// As in a model.
        strict: Option<bool> = None,
        /// As in a model.
        hedge: Option<Switch<Hedge>> = None,
        /// As in a model.
        recover: Option<Recover> = None,
        /// As in a model.
        hold: Option<Hold> = None,
        /// As in a model.
        keep_alive: Option<KeepAlive> = None,
        /// As in a model.
        scoring: Scoring = Scoring::default(),
        /// As in a model: each key of it for those that do not say it.
        require: Require = Require::default(),
        /// As in a model.
        min_quality: Option<Located<Scores>> = None,
        /// As in a model.
        sticky: Option<Sticky> = None,
    }

    /// When a call is tried again. Only before the first token has gone out.
    pub struct Retry {
        /// At most so many tries, the first included. Default 3.
        tries: Option<NonZeroU32> = None,
        /// A pause that the last good target asked for is waited for before a fallback is asked, if it is not longer.
        /// Default 3s.
        patience: Option<Duration> = None,
        /// What may be tried again: `connect`, `timeout`, `5xx`, `429`, `stream` (an error, an end or garbage where
        /// an answer should begin), and `content_filter` (a provider's filter refused what the request says). Default
        /// all but the last.
        on: Option<Vec<RetryOn>> = None,
    }

    /// How long a call may take.
    pub struct Timeouts {
        /// Connecting, TLS included. Connections belong to the provider: of several models that use one, the
        /// shortest time counts, unless the provider's own `connect_timeout` says otherwise. Default 2s.
        connect: Option<Period> = None,
        /// Until the first token; where the answer is not streamed, until the whole of it is there. Default 30s, and 5m
        /// for an answer that is not streamed. Where it is not said and a target has answered 20 streams, its own
        /// history shortens it, as long as another target is left to be asked: to `max(5s, 4 x p99)` of its last
        /// hundred streams.
        first_token: Option<Period> = None,
        /// Between two pieces of an answer. Default 60s.
        idle: Option<Period> = None,
        /// The whole call. Default 10m.
        total: Option<Period> = None,
    }

    /// When a second target is asked before the first has answered.
    pub struct Hedge {
        /// When the first is late: later than a share of its own latest calls (`p50`, `p90`, `p95`, `p99`), or than a
        /// time such as `800ms`. Default p95.
        after: Option<After> = None,
        /// For at most this share of calls. Default 5%.
        at_most: Option<Share> = None,
    }

    /// How the process ends.
    pub struct Shutdown {
        /// How long answers under way may go on after SIGTERM.
        grace: Duration = Duration::from_secs(30),
    }
}

words! {
    /// How a chat is written on the wire.
    pub enum Dialect {
        /// OpenAI's Chat Completions, with its older completions and its embeddings.
        OpenaiChat = "openai_chat",
        /// OpenAI's Responses.
        OpenaiResponses = "openai_responses",
        /// Anthropic's Messages.
        Anthropic = "anthropic",
        /// Google's generateContent.
        Gemini = "gemini",
        /// AWS Bedrock's Converse.
        Bedrock = "bedrock",
        /// Cohere's chat, version 2.
        Cohere = "cohere",
        /// Ollama's own chat.
        Ollama = "ollama",
    }

    /// Whose credential a provider is sent.
    pub enum Auth {
        /// The configured key.
        Key = "key",
        /// What the client sent.
        Passthrough = "passthrough",
        /// None at all.
        None = "none",
        /// A signature of AWS, with the credentials that its own libraries would find.
        Aws = "aws",
        /// A token of Google, with the credentials that its own libraries would find.
        Google = "google",
        /// A token of Azure's Entra, with the credentials that its own libraries would find.
        Entra = "entra",
    }


    /// What to do when a stream breaks after its first token.
    pub enum Recover {
        /// The client gets the error.
        Off = "off",
        /// The call is run again elsewhere.
        Restart = "restart",
        /// A target that can goes on from what was sent.
        Continue = "continue",
    }

    /// What may be tried again.
    pub enum RetryOn {
        /// Connections refused, reset or not made in time.
        Connect = "connect",
        /// No first token in time, or the provider's own 408 and 504.
        Timeout = "timeout",
        /// 500 to 599.
        ServerError = "5xx",
        /// 429.
        RateLimited = "429",
        /// An error, an end or garbage where an answer should begin.
        Stream = "stream",
        /// A provider's filter refused what the request says, or stopped the answer before anything of it was shown.
        /// Others are asked only with this word; without it, an answer that a filter stopped is an answer.
        ContentFilter = "content_filter",
    }
}
