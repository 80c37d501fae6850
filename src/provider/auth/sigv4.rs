//! AWS Signature Version 4, in headers.
//!
//! The rules are those of the `aws-sigv4` crate; what is ours is which headers are signed. The path is encoded once
//! more for the signature than it is on the wire, as every service but S3 wants it: a model `a:0`, sent as `a%3A0`, is
//! signed as `a%253A0`.

use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SigningSettings, sign as aws_sign,
};
use aws_sigv4::sign::v4;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue};
use ring::digest;
use tracing::subscriber::{NoSubscriber, with_default};

use super::Outgoing;
use super::aws::Keys;
use crate::canonical::{Fault, FaultKind};

/// For what a signature is good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Scope {
    /// `us-east-1`
    pub region: String,
    /// `bedrock`
    pub service: String,
}

/// What a signature brings; a client that signed for its own account must not leave any of it behind.
const OURS: [&str; 4] = ["authorization", "x-amz-date", "x-amz-security-token", "x-amz-content-sha256"];

/// Signs the request as of `now`.
pub(super) fn sign(
    request: &Outgoing<'_>,
    headers: &mut HeaderMap,
    scope: &Scope,
    keys: &Keys,
    now: SystemTime,
) -> Result<(), Fault> {
    OURS.iter().for_each(|name| drop(headers.remove(*name)));
    let signed = headers.iter().filter(|(name, _)| is_signed(name));
    let signed: Vec<_> = signed.filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?))).collect();
    headers.extend(signature(request, &signed, scope, keys, now).map_err(unsignable)?);
    Ok(())
}

/// The headers that a signature over `request`, its host and the `signed` headers brings.
fn signature(
    request: &Outgoing<'_>,
    signed: &[(&str, &str)],
    scope: &Scope,
    keys: &Keys,
    now: SystemTime,
) -> Result<HeaderMap, Box<dyn std::error::Error>> {
    let url = format!("https://{}{}", request.authority, request.path_and_query);
    let body = SignableBody::Precomputed(sha256(request.body.chunks()));
    let signable = SignableRequest::new(request.method.as_str(), url, signed.iter().copied(), body)?;
    let identity = credentials(keys).into();
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region(&scope.region)
        .name(&scope.service)
        .time(now)
        .settings(settings())
        .build()?;
    // The signer's own `trace` messages hold the session token.
    let signed = with_default(NoSubscriber::default(), || aws_sign(signable, &params.into()))?;
    let (instructions, _) = signed.into_parts();
    let mut added = HeaderMap::with_capacity(OURS.len());
    for (name, value) in instructions.headers() {
        let name = HeaderName::from_bytes(name.as_bytes())?;
        let mut value = HeaderValue::from_str(value)?;
        value.set_sensitive(name == AUTHORIZATION || name == "x-amz-security-token");
        added.insert(name, value);
    }
    Ok(added)
}

/// AWS wants `host` and every `x-amz-` header signed. Anything else may be changed on the way by proxies, and would
/// void the signature.
fn is_signed(name: &HeaderName) -> bool {
    *name == CONTENT_TYPE || name.as_str().starts_with("x-amz")
}

fn settings() -> SigningSettings {
    let mut settings = SigningSettings::default();
    settings.percent_encoding_mode = PercentEncodingMode::Double;
    settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
    settings
}

fn credentials(keys: &Keys) -> Credentials {
    let token = keys.session_token.as_ref().map(|token| token.expose().to_owned());
    Credentials::new(&*keys.access_key_id, keys.secret_access_key.expose(), token, None, "outrider")
}

/// In hexadecimal. The body is hashed where it lies.
fn sha256(chunks: &[bytes::Bytes]) -> String {
    let mut hash = digest::Context::new(&digest::SHA256);
    chunks.iter().for_each(|chunk| hash.update(chunk));
    hash.finish().as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Only a request that is none can not be signed. The error's own words may quote it, so they are not repeated.
fn unsignable(_: Box<dyn std::error::Error>) -> Fault {
    Fault::new(FaultKind::Internal, "the request can not be signed")
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use bytes::Bytes;
    use http::{Method, Uri};
    use serde_json::Value;

    use super::*;
    use crate::upstream::Body;

    fn vectors(text: &str) -> Value {
        serde_json::from_str(text).unwrap()
    }

    fn keys(id: &Value, secret: &Value, token: &Value) -> Keys {
        Keys {
            access_key_id: id.as_str().unwrap().into(),
            secret_access_key: secret.as_str().unwrap().into(),
            session_token: token.as_str().map(Into::into),
        }
    }

    fn scope(region: &str, service: &str) -> Scope {
        Scope { region: region.into(), service: service.into() }
    }

    fn at(time: &str) -> SystemTime {
        chrono::DateTime::parse_from_rfc3339(time).unwrap().into()
    }

    /// A POST, with the body cut into small chunks.
    fn post<'a>(url: &'a Uri, body: &'a Body) -> Outgoing<'a> {
        let path_and_query = url.path_and_query().unwrap().as_str();
        Outgoing { method: &Method::POST, authority: url.authority().unwrap().as_str(), path_and_query, body }
    }

    fn cut(bytes: &[u8]) -> Body {
        let mut body = Body::default();
        bytes.chunks(7).for_each(|chunk| body.push(Bytes::copy_from_slice(chunk)));
        body
    }

    #[test]
    fn the_golden_vector() {
        let golden = vectors(include_str!("../../../tests/data/sigv4/golden.json"));
        let (given, said, expected) = (&golden["request"], &golden["credentials"], &golden["expected"]);
        let url: Uri = given["url"].as_str().unwrap().parse().unwrap();
        let body = cut(given["body"].as_str().unwrap().as_bytes());
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_str(given["contentType"].as_str().unwrap()).unwrap());
        headers.insert("user-agent", HeaderValue::from_static("not signed"));
        headers.insert("x-amz-date", HeaderValue::from_static("the client's own"));
        headers.append("authorization", HeaderValue::from_static("the client's own"));
        sign(
            &post(&url, &body),
            &mut headers,
            &scope(golden["region"].as_str().unwrap(), golden["service"].as_str().unwrap()),
            &keys(&said["accessKeyId"], &said["secretAccessKey"], &said["sessionToken"]),
            at(golden["signingDate"].as_str().unwrap()),
        )
        .unwrap();
        assert_eq!(headers["x-amz-date"], expected["date"].as_str().unwrap());
        assert_eq!(headers["x-amz-content-sha256"], expected["payloadHash"].as_str().unwrap());
        assert_eq!(headers["authorization"], expected["authorization"].as_str().unwrap());
        assert_eq!(headers["x-amz-security-token"], said["sessionToken"].as_str().unwrap());
        assert_eq!(headers["user-agent"], "not signed");
        assert!(headers["authorization"].is_sensitive() && headers["x-amz-security-token"].is_sensitive());
        assert!(!format!("{headers:?}").contains("fixture-session-token"));
    }

    #[test]
    fn the_signing_cases() {
        let suite = vectors(include_str!("../../../tests/data/sigv4/cases.json"));
        let cases: Vec<_> = suite["cases"].as_array().unwrap().iter().filter(|case| case["kind"] == "sigv4").collect();
        assert_eq!(cases.len(), 2);
        for case in cases {
            let (given, expected) = (&case["given"], &case["expected"]);
            let (request, signing, said) = (&given["request"], &given["signing"], &given["credentials"]);
            let url: Uri = request["url"].as_str().unwrap().parse().unwrap();
            let body = cut(&STANDARD.decode(request["body_base64"].as_str().unwrap()).unwrap());
            let headers = request["headers"].as_object().unwrap().iter();
            let signed: Vec<_> = headers.map(|(name, value)| (name.as_str(), value.as_str().unwrap())).collect();
            let added = signature(
                &post(&url, &body),
                &signed,
                &scope(signing["region"].as_str().unwrap(), signing["service"].as_str().unwrap()),
                &keys(&said["access_key_id"], &said["secret_access_key"], &said["session_token"]),
                at(signing["timestamp"].as_str().unwrap()),
            )
            .unwrap();
            let added: Vec<_> = added.iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap())).collect();
            let wanted = expected["headers"].as_object().unwrap();
            assert_eq!(added.len(), wanted.len(), "{}", case["id"]);
            for (name, value) in wanted {
                assert!(added.contains(&(name, value.as_str().unwrap())), "{}: {name}: {added:?}", case["id"]);
            }
        }
    }

    #[test]
    fn no_secret_is_logged() {
        #[derive(Clone, Default)]
        struct Log(std::sync::Arc<std::sync::Mutex<Vec<u8>>>);
        impl std::io::Write for Log {
            fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
                self.0.lock().unwrap().extend_from_slice(bytes);
                Ok(bytes.len())
            }
            fn flush(&mut self) -> std::io::Result<()> {
                Ok(())
            }
        }
        let log = Log::default();
        let writer = log.clone();
        let everything = tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE);
        let _listening = tracing::subscriber::set_default(everything.with_writer(move || writer.clone()).finish());
        let url = Uri::from_static("https://host/");
        let keys = keys(&"id".into(), &"hush".into(), &"hush".into());
        sign(&post(&url, &cut(b"hush")), &mut HeaderMap::new(), &scope("r", "s"), &keys, SystemTime::now()).unwrap();
        tracing::trace!("heard");
        let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
        assert!(log.contains("heard") && !log.contains("hush"), "{log}");
    }

    /// The signatures are botocore's, of the same requests at the same time.
    #[test]
    fn paths_are_encoded_twice() {
        let check = |path: &str, expected: &str| {
            let url: Uri = format!("https://bedrock-runtime.us-east-1.amazonaws.com{path}").parse().unwrap();
            let mut headers = HeaderMap::new();
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            let keys = Keys {
                access_key_id: "AKIDEXAMPLE".into(),
                secret_access_key: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".into(),
                session_token: Some("fixture-session-token".into()),
            };
            let body = cut(br#"{"messages":[]}"#);
            let now = at("2026-06-01T12:34:56Z");
            sign(&post(&url, &body), &mut headers, &scope("us-east-1", "bedrock"), &keys, now).unwrap();
            let signature = headers["authorization"].to_str().unwrap().split("Signature=").nth(1).unwrap();
            assert_eq!(signature, expected, "{path}");
        };
        check(
            "/model/us.anthropic.claude-sonnet-4-5-20250929-v1%3A0/converse-stream",
            "c24863724f52c3ffc22f060c645b41594ba4d5a2e700dd1dc22855ad493ec410",
        );
        check(
            "/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A123456789012%3Ainference-profile%2Fus.a%3A0/converse",
            "3ad5630619cfd372d211ce0791785909c4f252a50b6292eaf8d052d72e7a5ece",
        );
        check("/model/a:0/converse?x=1&b=a%20c", "110b0b00abaf40c5eb72c0227a8e08587e4f98fc682ceca81a05093055ce3b5d");
    }
}
