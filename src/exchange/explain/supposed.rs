//! A call that is not sent.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tokio::time::Instant;
use tracing::level_filters::LevelFilter;

use super::{Account, account, annotate, attempt, foresee};
use crate::canonical::{Fault, FaultKind};
use crate::dialect::doors;
use crate::exchange::conversation::Conversation;
use crate::exchange::made::Maker;
use crate::exchange::routed::{self, Chosen};
use crate::exchange::{Arrival, Call, intake, question, refusal};
use crate::health::Registry;
use crate::names::CallerName;
use crate::routing::explain::likeliest;
use crate::snapshot::Snapshot;
use crate::telemetry::{Format, Telemetry};

/// Where nothing else is said, it comes from an SDK of OpenAI's.
const PATH: &str = "/v1/chat/completions";

/// A call that is not sent.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Supposed {
    /// The model that it names; else what its body says.
    pub model: Option<String>,
    /// Its body.
    pub body: Option<Box<RawValue>>,
    /// Its headers.
    pub headers: BTreeMap<String, String>,
    /// Where it is sent, which says in what dialect.
    pub path: Option<String>,
    /// A stream is asked for, whatever the body says.
    pub stream: bool,
    /// Who asks; else whoever is known by its headers, on this machine.
    pub caller: Option<String>,
}

/// What a client would be told instead of an answer.
#[derive(Debug, Serialize)]
pub struct Refused {
    /// The status.
    pub status: u16,
    /// In words.
    pub message: String,
    /// The route that led there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub route: Option<String>,
}

impl Supposed {
    /// What would become of it now; an error where not even a model is found for it.
    pub fn explain(&self, snapshot: &Arc<Snapshot>, registry: &Registry) -> Result<Account, Refused> {
        let bad = |fault: Fault| Refused { status: 400, message: fault.message.into_owned(), route: None };
        let mut call = Call::open(self.arrival(snapshot).map_err(bad)?, snapshot.clone(), nobody());
        match self.walk(&mut call, registry) {
            Ok(account) => Ok(account),
            Err(fault) => Err(refused(&call, &fault)),
        }
    }

    /// As [`crate::exchange::Exchange`] walks, as far as the first try.
    fn walk(&self, call: &mut Call, registry: &Registry) -> Result<Account, Fault> {
        let body = self.body.as_ref().map_or("{}", |body| body.get());
        routed::recognise(call);
        intake::given(call, Bytes::copy_from_slice(body.as_bytes()))?;
        // Names that are made up for this are nobody's.
        let aside = registry.aside();
        let chosen = routed::model(call, &aside)?;
        let foreseen = foresee::a_call(call, &aside, chosen.model.clone())?;
        let chosen = match Arc::ptr_eq(&chosen.model, &foreseen.model) {
            true => chosen,
            false => Chosen { named: foreseen.model.clone(), model: foreseen.model },
        };
        call.conversation = Conversation::of(call, &chosen.model);
        let warm = call.conversation.and_then(|conversation| conversation.warm(registry, attempt::now()));
        call.maker = Maker::of(call, &chosen.model, registry, attempt::now());
        let question = question::of_call(call, &chosen.model, warm.as_ref(), call.maker.as_ref());
        let mut plan = likeliest(&chosen.model, &question);
        if let (Ok(plan), Some(maker)) = (&mut plan, &call.maker) {
            maker.confine(plan);
        }
        let mut account =
            account(call, &chosen, &question, plan.as_ref().map_or(&[][..], |plan| plan.order.as_slice()));
        annotate(call, &chosen.model, &mut account);
        let refusal = foreseen.refused.or(plan.err());
        (account.lacking, account.refused) = (foreseen.lacking, refusal.map(|fault| refused(call, &fault)));
        Ok(account)
    }

    fn arrival(&self, snapshot: &Snapshot) -> Result<Arrival, Fault> {
        let headers = self.headers()?;
        let whole = self.path.as_deref().unwrap_or(PATH);
        let (path, query) = whole.split_once('?').map_or((whole, None), |(path, query)| (path, Some(query)));
        let ask = doors::recognise(&Method::POST, path, query)
            .ok_or_else(|| Fault::new(FaultKind::BadRequest, format!("no model is called at `{path}`")))?;
        let in_path = |name: &str| percent_encoding::percent_decode_str(name).decode_utf8_lossy().into_owned();
        Ok(Arrival {
            at: Instant::now(),
            dialect: ask.dialect,
            flavour: ask.flavour,
            operation: ask.operation,
            model_in_path: self.model.clone().or(ask.model.map(in_path)),
            stream_in_path: ask.stream.or(self.stream.then_some(true)),
            json_array: ask.json_array,
            own_form: ask.own_form,
            method: Method::POST,
            path: path.to_owned(),
            query: query.map(str::to_owned),
            caller: Some(self.caller(snapshot, &headers, query)?),
            headers,
            origin: None,
        })
    }

    fn headers(&self) -> Result<HeaderMap, Fault> {
        let wrong = |name: &str| Fault::new(FaultKind::BadRequest, format!("`{name}` is no header"));
        let header = |(name, value): (&String, &String)| {
            let parsed = HeaderName::try_from(name.as_str()).ok().zip(HeaderValue::try_from(value.as_str()).ok());
            parsed.ok_or_else(|| wrong(name))
        };
        self.headers.iter().map(header).collect()
    }

    fn caller(&self, snapshot: &Snapshot, headers: &HeaderMap, query: Option<&str>) -> Result<CallerName, Fault> {
        let here = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let names = || snapshot.callers.names().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        match &self.caller {
            Some(name) if snapshot.callers.names().any(|known| known == name) => Ok(name.as_str().into()),
            Some(name) => {
                Err(Fault::new(FaultKind::BadRequest, format!("nobody is called `{name}`; there is {}", names())))
            }
            None => snapshot.callers.identify(headers, query, Some(here)).caller.ok_or_else(|| {
                let message = format!("who asks is not known; say it, or send the headers that tell: {}", names());
                Fault::new(FaultKind::BadRequest, message)
            }),
        }
    }
}

/// A record that nobody reads.
fn nobody() -> Arc<Telemetry> {
    Arc::new(Telemetry::new(Format::Json, LevelFilter::OFF, std::io::sink()))
}

fn refused(call: &Call, fault: &Fault) -> Refused {
    let (status, _) = refusal::reply(call, fault, &mut HeaderMap::new());
    let route = call.route_name().map(ToString::to_string);
    Refused { status: status.as_u16(), message: fault.message.to_string(), route }
}
