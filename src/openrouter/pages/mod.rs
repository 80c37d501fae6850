//! What OpenRouter's clients can ask beside calls: the models, who serves them and how well, what calls cost.
//!
//! All of it from our own configuration, catalogue and measurements.

mod account;
mod models;

use bytes::Bytes;
use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::Observed;
use crate::dialect::doors;
use crate::ledger::Journal;
use crate::names::CallerName;
use crate::snapshot::Snapshot;

/// What the pages are made of.
pub struct Sources<'a> {
    /// What is configured.
    pub snapshot: &'a Snapshot,
    /// Who asks.
    pub caller: Option<&'a CallerName>,
    /// How targets did.
    pub observed: &'a Observed,
    /// What calls have cost.
    pub books: &'a Journal,
    /// In seconds since 1970.
    pub now: u64,
}

/// The page at `path`, if it is one of these.
pub async fn page(
    method: &Method,
    path: &str,
    query: Option<&str>,
    sources: &Sources<'_>,
) -> Option<(StatusCode, Bytes)> {
    if !matches!(*method, Method::GET | Method::HEAD) {
        return None;
    }
    let path = doors::below_openrouters(path)?.strip_prefix("/v1")?;
    let path = path.strip_suffix('/').unwrap_or(path);
    let Query(query) = &Query::read(query);
    let said = |name: &str| query.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
    let found = match path {
        "/models" | "/models/user" => models::list(sources, &said),
        "/models/count" => Ok(json!({"data": {"count": models::count(sources)}})),
        "/providers" => Ok(models::providers(sources)),
        "/endpoints/zdr" => Ok(models::zero_retention(sources)),
        "/generation" => account::generation(sources, said("id")).await,
        "/key" | "/auth/key" => account::key(sources).await,
        "/credits" => account::credits(sources).await,
        "/activity" => account::activity(sources, said("date")).await,
        _ => match (path.strip_prefix("/models/"), path.strip_prefix("/model/")) {
            (Some(rest), _) => models::endpoints(sources, &decoded(rest.strip_suffix("/endpoints")?)),
            (_, Some(name)) => models::one(sources, &decoded(name)),
            _ => return None,
        },
    };
    Some(match found {
        Ok(page) => (StatusCode::OK, page.to_string().into()),
        Err((status, message)) => {
            let error = json!({"error": {"code": status.as_u16(), "message": message}});
            (status, error.to_string().into())
        }
    })
}

/// A page, or why there is none.
type Page = Result<Value, (StatusCode, String)>;

fn not_found(what: String) -> (StatusCode, String) {
    (StatusCode::NOT_FOUND, what)
}

/// Who keeps the books does not answer.
fn busy() -> (StatusCode, String) {
    (StatusCode::SERVICE_UNAVAILABLE, "what calls have cost cannot be read now; try again later".to_owned())
}

fn wrong(what: String) -> (StatusCode, String) {
    (StatusCode::BAD_REQUEST, what)
}

struct Query(Vec<(String, String)>);

impl Query {
    /// The first so many pairs: no page has as many.
    const MOST: usize = 32;

    fn read(query: Option<&str>) -> Self {
        let pairs = query.unwrap_or_default().split('&').take(Self::MOST).filter_map(|pair| pair.split_once('='));
        Self(pairs.map(|(name, value)| (decoded(name), decoded(&value.replace('+', " ")))).collect())
    }
}

fn decoded(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests;
