//! The one vocabulary of failure.
//!
//! Dialects and the transport make faults, health records them, failover decides by them, and the client is shown
//! them in its own dialect. A fault carries two texts: `message` is fit for the client, `detail` for the log; a
//! secret belongs in neither.

use std::borrow::Cow;
use std::time::Duration;

use bytes::Bytes;

use super::Usage;

/// One thing that went wrong with one try, or with the call as a whole.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    /// What happened.
    pub kind: FaultKind,
    /// The HTTP status the provider answered with, when it answered at all.
    pub status: Option<u16>,
    /// For the client: what happened, in words that name no address and no secret.
    pub message: Cow<'static, str>,
    /// For the log: the transport's own words, when there are any.
    pub detail: Option<Box<str>>,
    /// How long the provider asked us to stay away.
    pub retry_after: Option<Duration>,
    /// It happened at one of the provider's addresses, while others have not failed: no news about the target.
    pub one_address: bool,
    /// The tokens of an answer that had begun, and of which the client was shown nothing.
    pub usage: Option<Box<Usage>>,
    /// The provider's own error reply, to be handed on untouched when the client speaks the provider's dialect.
    pub original: Option<Box<Original>>,
}

/// A provider's error reply as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Original {
    /// Its `content-type`, if any.
    pub content_type: Option<http::HeaderValue>,
    /// Its body, already bounded by the reader. Empty where the client does not speak the provider's dialect.
    pub body: Bytes,
    /// Its request id, which the provider's support will ask for.
    pub request_id: Option<http::HeaderValue>,
}

/// What happened. The names are also the label values of metrics and of `x-outrider-attempts`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FaultKind {
    /// No connection: refused, unreachable, or the name has no address.
    Connect,
    /// No connection in time.
    ConnectTimeout,
    /// The TLS handshake failed.
    Tls,
    /// The connection broke before the reply head.
    Reset,
    /// No real event within `first_token`.
    FirstTokenTimeout,
    /// Silence between two events for longer than `idle`.
    IdleTimeout,
    /// The call's whole time is used up.
    TotalTimeout,
    /// The provider says that it timed out itself (408, 504).
    UpstreamTimeout,
    /// Too many requests or tokens for this key (429).
    RateLimited,
    /// The account behind this key is out of money or quota.
    QuotaExhausted,
    /// The provider is overloaded or down for now (503, 529).
    Overloaded,
    /// Any other 5xx.
    ServerError,
    /// Our own key was refused (401, 403).
    KeyRefused,
    /// The provider does not have this model (404 about the model).
    ModelMissing,
    /// The request itself is wrong (400, 404, 413, 422 ...): every target would say so.
    Rejected,
    /// The request is longer than this target's context, or than its account may send at once. Another may take it.
    ContextExceeded,
    /// The provider's filter refused what the request says. Another's may not, which is for the operator to want.
    ContentFiltered,
    /// A reply with nothing in it.
    Empty,
    /// A reply that is not what the dialect says.
    Malformed,
    /// A reply that ended before its end.
    Truncated,
    /// An answer that was to go on where another broke off, and is another one.
    Diverged,
    /// A second target, asked because the first was late, answered before it.
    Overtaken,
    /// No model of that name is known.
    UnknownModel,
    /// A model without any target that may serve it now.
    NoTarget,
    /// No target is allowed to answer: each is excluded by what the operator or the call requires.
    Excluded,
    /// As many calls are under way as the operator allows, and no room became free in time.
    Busy,
    /// The client's request cannot be understood or is not allowed.
    BadRequest,
    /// The target cannot do what is asked, or not without a loss that the client does not want. Another may.
    Unsupported,
    /// The body is over the limit.
    TooLarge,
    /// The client sends too slowly.
    ClientTimeout,
    /// A page or host that may not spend the user's keys.
    Forbidden,
    /// Nobody whom the operator knows asks, or without the key for it.
    Unauthorized,
    /// A budget is used up.
    OverBudget,
    /// As many requests or tokens as the operator allows in a time.
    OverLimit,
    /// The client left.
    ClientGone,
    /// A bug of ours, or a resource that we ran out of.
    Internal,
}

/// Who has to change something for the next call to succeed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Blame {
    /// The client's request.
    Client,
    /// The credential.
    Key,
    /// This model at this provider.
    Target,
    /// Outrider.
    Us,
}

impl Blame {
    /// The stable label.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Key => "key",
            Self::Target => "target",
            Self::Us => "outrider",
        }
    }
}

impl Fault {
    /// A fault with a text for the client.
    pub fn new(kind: FaultKind, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            kind,
            status: None,
            message: message.into(),
            detail: None,
            retry_after: None,
            one_address: false,
            usage: None,
            original: None,
        }
    }

    /// The same fault, with the transport's own words for the log.
    pub fn with_detail(mut self, detail: impl ToString) -> Self {
        self.detail = Some(detail.to_string().into());
        self
    }

    /// Who has to change something.
    pub fn blame(&self) -> Blame {
        self.kind.blame()
    }
}

impl FaultKind {
    /// Who has to change something.
    pub fn blame(self) -> Blame {
        use FaultKind::*;
        match self {
            Rejected | ContextExceeded | ContentFiltered | UnknownModel | BadRequest | Unsupported | TooLarge
            | ClientTimeout | Forbidden | Unauthorized | OverBudget | OverLimit | ClientGone | Excluded => {
                Blame::Client
            }
            RateLimited | QuotaExhausted | KeyRefused => Blame::Key,
            NoTarget | Busy | Internal | TotalTimeout | Diverged | Overtaken => Blame::Us,
            Connect | ConnectTimeout | Tls | Reset | FirstTokenTimeout | IdleTimeout | UpstreamTimeout | Overloaded
            | ServerError | ModelMissing | Empty | Malformed | Truncated => Blame::Target,
        }
    }

    /// The stable label, in snake case.
    pub fn as_str(self) -> &'static str {
        use FaultKind::*;
        match self {
            Connect => "connect",
            ConnectTimeout => "connect_timeout",
            Tls => "tls",
            Reset => "reset",
            FirstTokenTimeout => "first_token_timeout",
            IdleTimeout => "idle_timeout",
            TotalTimeout => "total_timeout",
            UpstreamTimeout => "upstream_timeout",
            RateLimited => "rate_limited",
            QuotaExhausted => "quota_exhausted",
            Overloaded => "overloaded",
            ServerError => "server_error",
            KeyRefused => "key_refused",
            ModelMissing => "model_missing",
            Rejected => "rejected",
            ContextExceeded => "context_exceeded",
            ContentFiltered => "content_filtered",
            Empty => "empty",
            Malformed => "malformed",
            Truncated => "truncated",
            Diverged => "diverged",
            Overtaken => "overtaken",
            UnknownModel => "unknown_model",
            NoTarget => "no_target",
            Excluded => "excluded",
            Busy => "busy",
            BadRequest => "bad_request",
            Unsupported => "unsupported",
            TooLarge => "too_large",
            ClientTimeout => "client_timeout",
            Forbidden => "forbidden",
            Unauthorized => "unauthorized",
            OverBudget => "over_budget",
            OverLimit => "over_limit",
            ClientGone => "client_gone",
            Internal => "internal",
        }
    }
}

impl std::fmt::Display for FaultKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.kind, self.message)
    }
}
