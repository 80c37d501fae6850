//! Our `ProxyHttp`: model calls go to the exchange, all else takes the opaque lane.
//!
//! Pingora keeps at most 64 KiB of a body for a retry and takes a 429 for success, so a model call is served whole
//! inside `request_filter`. Whatever is not one flows through Pingora as it is, both ways at once, upgrades included.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::UNIX_EPOCH;

use async_trait::async_trait;
use http::{HeaderValue, Method, StatusCode, header};
use pingora_core::protocols::http::ServerSession;
use pingora_core::upstreams::peer::HttpPeer;
use pingora_error::{Error, ErrorType, Result};
use pingora_http::{RequestHeader, ResponseHeader};
use pingora_proxy::{FailToProxy, ProxyHttp, Session};
use tokio::time::Instant;

use super::caller::Client;
use super::opaque::Passage;
use super::ways::{Door, Ways};
use super::{callers, guard, reject};
use crate::canonical::{Dialect, Fault, FaultKind};
use crate::dialect::codec::Flavour;
use crate::dialect::openai_chat;
use crate::dialect::{codec, doors};
use crate::exchange::{Arrival, Exchange, request_id};
use crate::ledger::Journal;
use crate::openrouter::pages;
use crate::snapshot::Snapshot;
use crate::telemetry::{CallRecord, Outcome};
use crate::upstream::Transport;

/// What Pingora calls for each request.
pub struct Gateway<T: Transport> {
    pub(super) exchange: Exchange<T>,
    books: Arc<Journal>,
    pub(super) own_names: Vec<String>,
    busy: Arc<AtomicUsize>,
    pub(super) ways: Arc<Ways>,
    pub(super) door: Door,
}

/// One request: counted while it lasts, and the opaque lane's notes if it takes that.
pub struct Context {
    busy: Arc<AtomicUsize>,
    pub(super) passage: Option<Passage>,
}

impl<T: Transport> Gateway<T> {
    /// `books`: what calls have cost, for clients that ask; `own_names`: under which names of the network this machine is called; `busy` counts requests in progress; `ways`
    /// and `door`: what is done about requests for other hosts.
    pub fn new(
        exchange: Exchange<T>,
        books: Arc<Journal>,
        own_names: Vec<String>,
        busy: Arc<AtomicUsize>,
        ways: Arc<Ways>,
        door: Door,
    ) -> Self {
        Self { exchange, books, own_names, busy, ways, door }
    }

    /// Whether the page that sent this request is one that may, if it came from a page.
    pub(super) fn allowed_origin(&self, head: &RequestHeader, allowed: &[String]) -> Option<HeaderValue> {
        let origin = head.headers.get(header::ORIGIN)?;
        origin.to_str().is_ok_and(|text| guard::allows(allowed, text)).then(|| origin.clone())
    }

    /// Refuses a request before there is a call, and tells so.
    pub(super) async fn refuse(&self, session: &mut ServerSession, at: Instant, fault: Fault) -> Result<bool> {
        let head = session.req_header();
        let ask = doors::recognise(&head.method, head.uri.path(), None);
        let dialect = ask.as_ref().map_or(Dialect::OpenAiChat, |ask| ask.dialect);
        let operation = ask.map_or("opaque", |ask| ask.operation.as_otel());
        let id = request_id(&head.headers);
        let mut record = CallRecord::new(id, operation, head.method.clone(), head.uri.path());
        record.status = Some(codec::of(dialect).write_error(&fault).0.as_u16());
        record.outcome = Outcome::Fault(fault.kind);
        let refused = reject::fault(session, dialect, &fault).await;
        record.total = at.elapsed();
        self.exchange.telemetry.emit(&record);
        refused.map(|()| true)
    }
}

#[async_trait]
impl<T: Transport> ProxyHttp for Gateway<T> {
    type CTX = Context;

    fn new_ctx(&self) -> Context {
        self.busy.fetch_add(1, Ordering::Relaxed);
        Context { busy: self.busy.clone(), passage: None }
    }

    fn init_downstream_modules(&self, _: &mut pingora_core::modules::http::HttpModules) {}

    async fn request_filter(&self, session: &mut Session, context: &mut Context) -> Result<bool> {
        let at = Instant::now();
        let snapshot = self.exchange.snapshot.load_full();
        let session = &mut *session.downstream_session;
        match self.meant(session) {
            Ok(None) => {}
            Ok(Some(meant)) => return Box::pin(self.elsewhere(session, context, at, &snapshot, meant)).await,
            Err(fault) => return self.refuse(session, at, fault).await,
        }
        let caller = callers::identify(session, &snapshot.callers);
        let head = session.req_header();
        let allow_origin = self.allowed_origin(head, &snapshot.allow_origins);
        let refusal = guard::refusal(&head.headers, &head.uri, &snapshot.allow_origins, &self.own_names);
        if let Some(why) = refusal {
            return self.refuse(session, at, Fault::new(FaultKind::Forbidden, why)).await;
        }
        if let Some(origin) = allow_origin.clone().filter(|_| is_preflight(head)) {
            return reject::preflight(session, origin).await.map(|()| true);
        }
        let Some(caller) = caller else { return self.refuse(session, at, callers::unknown()).await };
        if let Some(arrival) = model_call(head, at, &snapshot) {
            let arrival = Arrival { caller: Some(caller), ..arrival };
            let mut client = Client::new(session, allow_origin);
            self.exchange.serve(arrival, &mut client).await;
            return Ok(true);
        }
        let now = UNIX_EPOCH.elapsed().map_or(0, |since| since.as_secs());
        let (observed, books) = (&*self.exchange.observed, &*self.books);
        let sources = pages::Sources { snapshot: &snapshot, caller: Some(&caller), observed, books, now };
        if let Some((status, page)) = pages::page(&head.method, head.uri.path(), head.uri.query(), &sources).await {
            return reject::json(session, status, page, allow_origin).await.map(|()| true);
        }
        if let Some(dialect) = doors::lists_models(&head.method, head.uri.path(), &head.headers) {
            let names: Vec<&str> = offered(&snapshot).map(|(name, _)| name).collect();
            let list = codec::of(dialect).write_models(&names, now);
            let list = list.unwrap_or_else(|| openai_chat::write_models(offered(&snapshot), now));
            return reject::json(session, StatusCode::OK, list, allow_origin).await.map(|()| true);
        }
        let open = |()| Passage::open(head, at, &snapshot, self.exchange.telemetry.clone());
        match snapshot.may_pass(&caller).and_then(open) {
            Ok(passage) => context.passage = Some(passage.asked_for_by(caller)),
            Err(fault) => return self.refuse(session, at, fault).await,
        }
        Ok(false)
    }

    async fn upstream_peer(&self, session: &mut Session, context: &mut Context) -> Result<Box<HttpPeer>> {
        let peer = match &mut context.passage {
            Some(passage) => passage.peer(session.is_upgrade_req()).await,
            None => None,
        };
        peer.ok_or_else(|| Error::explain(ErrorType::ConnectError, "the provider's name does not resolve"))
    }

    async fn upstream_request_filter(
        &self,
        _: &mut Session,
        request: &mut RequestHeader,
        context: &mut Context,
    ) -> Result<()> {
        match &context.passage {
            Some(passage) => passage.outbound(request),
            None => Ok(()),
        }
    }

    async fn response_filter(&self, _: &mut Session, reply: &mut ResponseHeader, context: &mut Context) -> Result<()> {
        match &mut context.passage {
            Some(passage) => passage.reply(reply),
            None => Ok(()),
        }
    }

    fn fail_to_connect(
        &self,
        _: &mut Session,
        _: &HttpPeer,
        context: &mut Context,
        mut error: Box<Error>,
    ) -> Box<Error> {
        if context.passage.as_ref().is_some_and(Passage::has_another_address) {
            error.set_retry(true);
        }
        error
    }

    async fn fail_to_proxy(&self, session: &mut Session, error: &Error, context: &mut Context) -> FailToProxy {
        let session = &mut *session.downstream_session;
        let fault = Passage::fault(error);
        if let Some(passage) = &mut context.passage {
            passage.failed(&fault);
        }
        let begun = session.response_written().is_some();
        if !begun && fault.kind != FaultKind::ClientGone {
            let _ = reject::fault(session, Dialect::OpenAiChat, &fault).await;
        }
        let error_code = openai_chat::write_error(&fault).0.as_u16();
        FailToProxy { error_code, can_reuse_downstream: false }
    }

    async fn logging(&self, session: &mut Session, error: Option<&Error>, context: &mut Context) {
        if let Some(passage) = &mut context.passage {
            passage.close(session, error);
        }
    }

    fn suppress_error_log(&self, _: &Session, _: &Context, _: &Error) -> bool {
        true // the call's record tells it
    }
}

impl Drop for Context {
    fn drop(&mut self) {
        self.busy.fetch_sub(1, Ordering::Relaxed);
    }
}

pub(super) fn model_call(head: &RequestHeader, at: Instant, snapshot: &Snapshot) -> Option<Arrival> {
    let path = head.uri.path();
    let ask = doors::recognise(&head.method, path, head.uri.query())?;
    let model_in_path = ask.model.map(percent_decoded);
    // What InvokeModel is sent for other models is of dialects that nobody knows here.
    let claudes = |model: &str| doors::is_claude(model) || snapshot.models.contains_key(model);
    if ask.flavour == Flavour::Bedrock && !model_in_path.as_deref().is_some_and(claudes) {
        return None;
    }
    Some(Arrival {
        at,
        dialect: ask.dialect,
        flavour: ask.flavour,
        operation: ask.operation,
        model_in_path,
        stream_in_path: ask.stream,
        json_array: ask.json_array,
        own_form: ask.own_form,
        method: head.method.clone(),
        path: path.to_owned(),
        query: head.uri.query().map(str::to_owned),
        headers: head.headers.clone(),
        caller: None,
        origin: None,
    })
}

/// What the configuration offers: its own names, then every `provider/model` that it mentions.
fn offered(snapshot: &Snapshot) -> impl Iterator<Item = (&str, &str)> {
    let mut names: Vec<&str> = snapshot.models.keys().map(|name| name.as_str()).collect();
    names.sort_unstable();
    let targets = snapshot.offered.iter().map(|target| {
        let id = target.as_str();
        (id, id.split('/').next().unwrap_or_default())
    });
    names.into_iter().map(|name| (name, "outrider")).chain(targets)
}

fn is_preflight(head: &RequestHeader) -> bool {
    head.method == Method::OPTIONS && head.headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
}

/// Azure's clients write the deployment into the path.
fn percent_decoded(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned()
}
