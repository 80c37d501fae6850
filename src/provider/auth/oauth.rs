//! What the token services of Google and Entra have in common: OAuth 2.0 (RFC 6749).

use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use http::{Method, Request};
use serde::Deserialize;
use serde_json::Value;

use super::fetch::Fetch;
use super::renewed::Granted;
use super::secret::Secret;
use crate::canonical::{Fault, FaultKind};

/// A token as every service of the kind answers it.
#[derive(Debug, Deserialize)]
pub(super) struct Token {
    /// The token.
    pub access_token: Secret,
    /// The seconds that it lives: a number, or text (Azure's metadata server).
    #[serde(default)]
    expires_in: Value,
    /// When it ends, in seconds since 1970: what Azure's App Service says in the place of `expires_in`.
    #[serde(default)]
    expires_on: Value,
}

/// What a service says that lets no end be known: short, so that nobody sends a dead token for long.
const UNSAID: Duration = Duration::from_secs(600);

impl Token {
    /// The token as a header's value, as of `now` in seconds since 1970.
    pub fn granted(self, now: u64) -> Result<Granted<HeaderValue>, Fault> {
        let ends = number(&self.expires_on).map(|end| end.saturating_sub(now));
        let lives = number(&self.expires_in).or(ends).map_or(UNSAID, Duration::from_secs);
        let mut value = HeaderValue::try_from(format!("Bearer {}", self.access_token.expose()))
            .map_err(|_| Fault::new(FaultKind::Malformed, "the token service gave a token that no header can carry"))?;
        value.set_sensitive(true);
        Ok(Granted { value, lives: Some(lives) })
    }
}

fn number(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

/// Seconds since 1970.
pub(super) fn unix_now() -> u64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default().as_secs()
}

/// A GET.
pub(super) fn get(url: &str, headers: &[(&str, &str)]) -> Result<Request<Bytes>, Fault> {
    request(Method::GET, url, headers, Bytes::new())
}

/// A POST of a form.
pub(super) fn post(url: &str, form: &[(&str, &str)], headers: &[(&str, &str)]) -> Result<Request<Bytes>, Fault> {
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
    let mut request = request(Method::POST, url, headers, body.into())?;
    let kind = HeaderValue::from_static("application/x-www-form-urlencoded");
    request.headers_mut().insert(CONTENT_TYPE, kind);
    Ok(request)
}

/// A POST of JSON.
pub(super) fn post_json(url: &str, json: &Value, headers: &[(&str, &str)]) -> Result<Request<Bytes>, Fault> {
    let mut request = request(Method::POST, url, headers, json.to_string().into())?;
    request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(request)
}

fn request(method: Method, url: &str, headers: &[(&str, &str)], body: Bytes) -> Result<Request<Bytes>, Fault> {
    let wrong = || misconfigured("a URL or header for the token service is none");
    let mut request = Request::builder().method(method).uri(url).body(body).map_err(|_| wrong())?;
    for (name, value) in headers {
        let name = HeaderName::try_from(*name).map_err(|_| wrong())?;
        let mut value = HeaderValue::try_from(*value).map_err(|_| wrong())?;
        value.set_sensitive(true);
        request.headers_mut().insert(name, value);
    }
    Ok(request)
}

/// Sends a request and reads the JSON of the answer.
pub(super) async fn ask<T: for<'de> Deserialize<'de>>(fetch: &dyn Fetch, request: Request<Bytes>) -> Result<T, Fault> {
    let host = request.uri().host().unwrap_or_default().to_owned();
    let reply = fetch.fetch(request).await?;
    if !reply.status().is_success() {
        return Err(refusal(&host, reply.status().as_u16(), reply.body()));
    }
    // The parser's own words may quote what it read.
    serde_json::from_slice(reply.body()).map_err(|_| {
        Fault::new(FaultKind::Malformed, "the token service gave an answer that is no token")
            .with_detail(format_args!("{host} answered {}", reply.status()))
    })
}

/// What a token service's refusal means, told without its own words but for its error code: the rest may quote what
/// was sent.
fn refusal(host: &str, status: u16, body: &[u8]) -> Fault {
    let kind = match status {
        429 => FaultKind::RateLimited,
        500.. => FaultKind::ServerError,
        _ => FaultKind::KeyRefused,
    };
    let said: Value = serde_json::from_slice(body).unwrap_or_default();
    let code =
        [&said["error"], &said["error"]["status"]].into_iter().find_map(Value::as_str).filter(|code| is_code(code));
    // Entra's number says what to change: https://learn.microsoft.com/entra/identity-platform/reference-error-codes
    let number = said["error_codes"][0].as_u64();
    let detail = match (code, number) {
        (Some(code), Some(number)) => format!("{host} answered {status}: {code} (AADSTS{number})"),
        (Some(code), None) => format!("{host} answered {status}: {code}"),
        _ => format!("{host} answered {status}"),
    };
    Fault::new(kind, "no credentials for the provider could be got").with_detail(detail)
}

/// `invalid_grant`, `PERMISSION_DENIED`: a word, and no token.
fn is_code(text: &str) -> bool {
    text.len() <= 40 && text.bytes().all(|b| b.is_ascii_alphabetic() || b == b'_')
}

/// The operator has to change something.
pub(super) fn misconfigured(what: impl ToString) -> Fault {
    Fault::new(FaultKind::KeyRefused, "the credentials for the provider are not set up").with_detail(what)
}

/// A file as it is now: the platform replaces token files while we run. It is small and local, and read in the
/// background a few times an hour.
pub(super) fn read(path: &str) -> Result<String, Fault> {
    let text = std::fs::read_to_string(path);
    text.map_err(|error| misconfigured(format_args!("{path} can not be read: {}", error.kind())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_life_of_a_token() {
        let check = |json: &str, seconds: u64| {
            let token: Token = serde_json::from_str(json).unwrap();
            let granted = token.granted(1_000_000).unwrap();
            assert_eq!(granted.value, "Bearer t");
            assert!(granted.value.is_sensitive());
            assert_eq!(granted.lives, Some(Duration::from_secs(seconds)), "{json}");
        };
        check(r#"{"access_token":"t","expires_in":3599,"token_type":"Bearer"}"#, 3599);
        check(r#"{"access_token":"t","expires_in":"86399","expires_on":"1"}"#, 86399);
        check(r#"{"access_token":"t","expires_on":"1003600"}"#, 3600);
        check(r#"{"access_token":"t","expires_on":5}"#, 0);
        check(r#"{"access_token":"t"}"#, 600);
    }

    #[test]
    fn a_refusal_says_what_and_quotes_nothing() {
        let check = |status, body: &str, kind, detail: &str| {
            let fault = refusal("login.example", status, body.as_bytes());
            assert_eq!((fault.kind, fault.detail.as_deref()), (kind, Some(detail)), "{body}");
        };
        let refused = FaultKind::KeyRefused;
        check(400, r#"{"error":"invalid_grant"}"#, refused, "login.example answered 400: invalid_grant");
        let entra = r#"{"error":"invalid_client","error_description":"hush","error_codes":[7000215]}"#;
        check(401, entra, refused, "login.example answered 401: invalid_client (AADSTS7000215)");
        let google = r#"{"error":{"code":403,"message":"hush","status":"PERMISSION_DENIED"}}"#;
        check(403, google, refused, "login.example answered 403: PERMISSION_DENIED");
        check(400, r#"{"error":"the secret hush-123 is wrong"}"#, refused, "login.example answered 400");
        check(503, "<html>", FaultKind::ServerError, "login.example answered 503");
        check(429, "", FaultKind::RateLimited, "login.example answered 429");
    }
}
