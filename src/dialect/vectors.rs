//! What a dialect has to be able to do that has more than chats: embeddings and reranking.
//!
//! Whole answers only, so each is two documents in and two documents out.

pub mod coheres;
pub mod ranking;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::codec::{About, Target};
use super::error;
use super::wire::{Members, read_client};
use crate::canonical::{
    Embeddings, EmbeddingsRequest, Fault, FaultKind, Lost, Ranking, Raw, RerankRequest, Str, Vector,
};

/// Embeddings in one dialect.
pub trait Embed: Sync {
    /// A client's request.
    fn read_request<'a>(&self, body: &'a [u8]) -> Result<EmbeddingsRequest<'a>, Fault>;

    /// The request as this dialect's provider wants it; vectors are asked for as floating point numbers. What cannot
    /// be said is left out and named in `lost`; a fault where the request makes no sense without it.
    fn write_request(
        &self,
        request: &EmbeddingsRequest<'_>,
        target: &Target<'_>,
        lost: &mut Lost,
    ) -> Result<Vec<u8>, Fault>;

    /// A provider's reply under a 200: vectors, or the error that it really is.
    fn read_reply<'a>(&self, body: &'a [u8]) -> Result<Embeddings<'a>, Fault>;

    /// The reply as this dialect's client expects it: in the form that its request, [`About::request`], asks for.
    fn write_reply(&self, reply: &Embeddings<'_>, about: &About<'_>) -> Result<Vec<u8>, Fault>;

    /// The client's own request with another model in it, in dialects whose request names the model in more places
    /// than one. `None`: it is fine as it is.
    fn with_model(&self, _body: &[u8], _model: &str) -> Option<Vec<u8>> {
        None
    }
}

/// Reranking in one dialect.
pub trait Rerank: Sync {
    /// A client's request.
    fn read_request<'a>(&self, body: &'a [u8]) -> Result<RerankRequest<'a>, Fault>;

    /// The request as this dialect's provider wants it.
    fn write_request(
        &self,
        request: &RerankRequest<'_>,
        target: &Target<'_>,
        lost: &mut Lost,
    ) -> Result<Vec<u8>, Fault>;

    /// A provider's reply under a 200: an order, or the error that it really is.
    fn read_reply<'a>(&self, body: &'a [u8]) -> Result<Ranking<'a>, Fault>;

    /// The reply as this dialect's client expects it.
    fn write_reply(&self, reply: &Ranking<'_>, about: &About<'_>) -> Result<Vec<u8>, Fault>;
}

/// The fault of a provider's reply that lacks its one important member: the error that it is instead, or nothing.
pub fn missing(body: &[u8], what: &str) -> Fault {
    #[derive(Deserialize)]
    struct Failed {
        error: Option<IgnoredAny>,
        message: Option<IgnoredAny>,
    }
    match serde_json::from_slice(body) {
        Ok(Failed { error: None, message: None }) => {
            Fault::new(FaultKind::Empty, format!("the provider's answer has no {what}"))
        }
        Ok(_) => error::in_band(body),
        Err(error) => malformed().with_detail(error),
    }
}

/// A vector of a provider's reply.
pub fn vector<'a>(raw: &Raw<'a>) -> Result<Vector<'a>, Fault> {
    Vector::read(raw).ok_or_else(malformed)
}

fn malformed() -> Fault {
    Fault::new(FaultKind::Malformed, "the provider's answer is not what its dialect says")
}

/// A client's request that cannot be understood.
pub fn refused(message: impl Into<std::borrow::Cow<'static, str>>) -> Fault {
    Fault::new(FaultKind::BadRequest, message)
}

/// The names of the members of a client's request that are not `known`; `null` counts as absent.
pub fn unknown<'a>(body: &'a [u8], known: &[&str]) -> Result<Vec<Str<'a>>, Fault> {
    let members: Members<'_> = read_client(body)?;
    let others = members.0.into_iter().filter(|(name, json)| !known.contains(&name.as_str()) && !json.is_null());
    Ok(others.map(|(name, _)| name).collect())
}

/// A document to be ranked, as a text: a string, or an object's `text`, or all of its members, one a line.
pub fn document<'a>(raw: &Raw<'a>, at: usize) -> Result<Str<'a>, Fault> {
    let wrong = || refused(format!("`documents[{at}]`: expected a string or an object with a text"));
    let source = raw.source().unwrap_or_default();
    if source.starts_with('"') {
        return serde_json::from_str(source).map_err(|_| wrong());
    }
    let members: Members<'a> = serde_json::from_str(source).map_err(|_| wrong())?;
    let text = |json: &Raw<'a>| serde_json::from_str::<Str<'a>>(json.source().unwrap_or_default());
    if let Some((_, json)) = members.0.iter().find(|(name, _)| name == "text") {
        return text(json).map_err(|_| wrong());
    }
    if members.0.is_empty() || members.0.iter().any(|(name, _)| name == "image") {
        return Err(wrong());
    }
    let lines = members.0.iter().map(|(name, json)| match text(json) {
        Ok(text) => format!("{name}: {text}"),
        Err(_) => format!("{name}: {}", json.as_str()),
    });
    Ok(lines.collect::<Vec<_>>().join("\n").into())
}

/// Writes `items` as a JSON list.
pub fn list<T>(
    out: &mut Vec<u8>,
    items: impl IntoIterator<Item = T>,
    mut write: impl FnMut(T, &mut Vec<u8>) -> Result<(), Fault>,
) -> Result<(), Fault> {
    out.push(b'[');
    for (at, item) in items.into_iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        write(item, out)?;
    }
    out.push(b']');
    Ok(())
}

/// Writes a JSON string.
pub fn string(out: &mut Vec<u8>, text: &str) {
    out.extend_from_slice(serde_json::Value::from(text).to_string().as_bytes());
}

/// A document of ours.
pub fn json(value: &impl serde::Serialize) -> Result<Vec<u8>, Fault> {
    serde_json::to_vec(value)
        .map_err(|error| Fault::new(FaultKind::Internal, "the request could not be written").with_detail(error))
}

#[cfg(test)]
mod tests;
