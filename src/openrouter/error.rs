//! Failures as OpenRouter's clients are told.

use bytes::Bytes;
use http::StatusCode;
use serde_json::{Map, Value, json};

use crate::canonical::{Dialect, Fault, FaultKind};
use crate::dialect::error::told;

/// Of a provider's own words so much is repeated.
const RAW: usize = 4 << 10;

/// So many earlier tries are told of.
const PREVIOUS: usize = 32;

/// What is told beside the fault.
#[derive(Debug, Default)]
pub struct Told<'a> {
    /// Whose fault it is.
    pub provider: Option<&'a str>,
    /// Who was tried before, and with what status each answered.
    pub previous: Vec<(String, u16)>,
    /// The models that were asked for, the first first.
    pub requested: Vec<&'a str>,
    /// How the call was routed, where the client wants to know it.
    pub metadata: Option<Value>,
    /// The call's name.
    pub request_id: Option<&'a str>,
}

/// A fault as a client of `dialect` is told: status and body.
pub fn write(fault: &Fault, dialect: Dialect, told: &Told<'_>) -> (StatusCode, Bytes) {
    let mut document = Map::new();
    if dialect == Dialect::Anthropic {
        document.insert("type".to_owned(), "error".into());
        let (kind, message) = (anthropics(fault), told::message(fault));
        let error = json!({"type": kind, "message": message, "error_type": kind_of(fault)});
        document.insert("error".to_owned(), error);
        document.insert("request_id".to_owned(), told.request_id.into());
        document.insert("metadata".to_owned(), metadata(fault, told));
    } else {
        let mut error = self::document(fault, told);
        if let (Some(availability), Value::Object(error)) = (availability(fault, told), &mut error) {
            error.insert("availability".to_owned(), availability);
        }
        document.insert("error".to_owned(), error);
    }
    if let Some(metadata) = &told.metadata {
        document.insert("openrouter_metadata".to_owned(), metadata.clone());
    }
    let status = match (dialect, status(fault)) {
        // The only one that Messages has for all of them.
        (Dialect::Anthropic, StatusCode::BAD_GATEWAY | StatusCode::GATEWAY_TIMEOUT) => StatusCode::SERVICE_UNAVAILABLE,
        (_, status) => status,
    };
    (status, Value::Object(document).to_string().into())
}

/// The `error` member.
pub(super) fn document(fault: &Fault, told: &Told<'_>) -> Value {
    json!({"code": status(fault).as_u16(), "message": told::message(fault), "metadata": metadata(fault, told)})
}

/// The choice of a chunk that ends a stream with an error.
pub(super) fn last_choice() -> Value {
    json!([{"index": 0, "delta": {"content": ""}, "finish_reason": "error", "native_finish_reason": "error"}])
}

/// The status, which is the code as well.
pub fn status(fault: &Fault) -> StatusCode {
    match fault.kind {
        FaultKind::QuotaExhausted => StatusCode::PAYMENT_REQUIRED,
        _ => told::openai(fault).0,
    }
}

fn metadata(fault: &Fault, told: &Told<'_>) -> Value {
    let mut metadata = Map::new();
    metadata.insert("error_type".to_owned(), kind_of(fault).into());
    if let Some(provider) = told.provider {
        metadata.insert("provider_name".to_owned(), provider.into());
    }
    let raw = fault.original.as_ref().map(|original| String::from_utf8_lossy(&original.body));
    if let Some(raw) = raw.filter(|raw| !raw.is_empty() && fault.kind != FaultKind::KeyRefused) {
        metadata.insert("raw".to_owned(), raw.chars().take(RAW).collect::<String>().into());
    }
    if !told.previous.is_empty() {
        let rows = told.previous.iter().take(PREVIOUS);
        let rows = rows.map(|(provider, code)| json!({"provider": provider, "code": code, "status": code}));
        metadata.insert("previous_errors".to_owned(), rows.collect());
    }
    Value::Object(metadata)
}

/// Why nobody answers, for clients that decide by it whether to ask again, or for something else. `None`: that is not
/// what went wrong.
fn availability(fault: &Fault, told: &Told<'_>) -> Option<Value> {
    use FaultKind::*;
    let excluded: Vec<&str> = match fault.kind {
        Excluded => fault.detail.as_deref().unwrap_or_default().split(", ").filter(|by| !by.is_empty()).collect(),
        _ => Vec::new(),
    };
    let all = |what: &str| !excluded.is_empty() && excluded.iter().all(|by| by.starts_with(what));
    let (code, retryable) = match fault.kind {
        UnknownModel => ("model_not_found", false),
        Excluded if all("data_policy") => ("privacy_restricted", false),
        Excluded if all("region") => ("region_restricted", false),
        Excluded => ("constraint_filtered", false),
        NoTarget => ("no_endpoints", false),
        ModelMissing => ("model_unavailable_upstream", false),
        RateLimited => ("capacity_exhausted", true),
        Overloaded | Busy | Connect | ConnectTimeout | Reset | ServerError | FirstTokenTimeout | UpstreamTimeout => {
            ("temporarily_unavailable", true)
        }
        _ => return None,
    };
    let mut affected: Vec<&str> = told.provider.into_iter().collect();
    for (provider, _) in told.previous.iter().take(PREVIOUS) {
        if !affected.contains(&provider.as_str()) {
            affected.push(provider);
        }
    }
    // OpenRouter's own names where they differ.
    let named = |by: &&str| match *by {
        "region" => "data_region".to_owned(),
        by => by.to_owned(),
    };
    Some(json!({
        "code": code,
        "retryable": retryable,
        "retry_after": fault.retry_after.map(|pause| pause.as_secs_f64().ceil() as u64),
        "requested_models": told.requested,
        "affected_providers": affected,
        "excluded_by": excluded.iter().map(named).collect::<Vec<_>>(),
        "fallback_models": told.requested.get(1..).unwrap_or_default(),
    }))
}

/// The word that OpenRouter has for it in all of its dialects.
pub fn kind_of(fault: &Fault) -> &'static str {
    use FaultKind::*;
    match (fault.kind, status(fault).as_u16()) {
        (ContextExceeded, _) => "context_length_exceeded",
        (ContentFiltered, _) => "content_policy_violation",
        (KeyRefused, _) => "authentication",
        (Forbidden, _) => "permission_denied",
        (QuotaExhausted, _) => "payment_required",
        (RateLimited, _) => "rate_limit_exceeded",
        (Overloaded | Busy, _) => "provider_overloaded",
        (UnknownModel | ModelMissing | Excluded, _) | (Rejected, 404) => "not_found",
        (TooLarge, _) | (Rejected, 413) => "payload_too_large",
        (Rejected, 422) => "unprocessable",
        (BadRequest | Unsupported | Rejected | ClientGone, _) => "invalid_request",
        (ClientTimeout | ConnectTimeout | FirstTokenTimeout | IdleTimeout | TotalTimeout | UpstreamTimeout, _) => {
            "timeout"
        }
        (Internal, _) => "server",
        _ => "provider_unavailable",
    }
}

/// The word that Anthropic has.
fn anthropics(fault: &Fault) -> &'static str {
    match kind_of(fault) {
        "authentication" => "authentication_error",
        "permission_denied" => "permission_error",
        "payment_required" => "billing_error",
        "rate_limit_exceeded" => "rate_limit_error",
        "not_found" => "not_found_error",
        "provider_overloaded" => "overloaded_error",
        "timeout" => "timeout_error",
        "server" | "provider_unavailable" => "api_error",
        _ => "invalid_request_error",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_dialect_has_its_shape() {
        let fault = Fault::new(FaultKind::RateLimited, "slow down");
        let told = Told {
            provider: Some("OpenAI"),
            previous: vec![("Azure".to_owned(), 503)],
            requested: vec!["m"],
            request_id: Some("req_1"),
            ..Told::default()
        };
        let written = |dialect| {
            let (status, body) = write(&fault, dialect, &told);
            (status.as_u16(), serde_json::from_slice::<Value>(&body).unwrap())
        };
        let metadata = json!({"error_type": "rate_limit_exceeded", "provider_name": "OpenAI",
            "previous_errors": [{"provider": "Azure", "code": 503, "status": 503}]});
        let availability = json!({"code": "capacity_exhausted", "retryable": true, "retry_after": null,
            "requested_models": ["m"], "affected_providers": ["OpenAI", "Azure"], "excluded_by": [], "fallback_models": []});
        let expected = json!({"error": {"code": 429, "message": "slow down", "metadata": metadata,
            "availability": availability}});
        assert_eq!(written(Dialect::OpenAiChat), (429, expected.clone()));
        assert_eq!(written(Dialect::OpenAiResponses), (429, expected));
        let error = json!({"type": "rate_limit_error", "message": "slow down", "error_type": "rate_limit_exceeded"});
        let expected = json!({"type": "error", "error": error, "request_id": "req_1", "metadata": metadata});
        assert_eq!(written(Dialect::Anthropic), (429, expected));
    }

    #[test]
    fn every_fault_has_a_code_and_a_word() {
        use FaultKind::*;
        for (kind, code, word) in [
            (QuotaExhausted, 402, "payment_required"),
            (UnknownModel, 404, "not_found"),
            (BadRequest, 400, "invalid_request"),
            (Overloaded, 503, "provider_overloaded"),
            (Connect, 502, "provider_unavailable"),
            (TotalTimeout, 504, "timeout"),
            (Forbidden, 403, "permission_denied"),
            (Internal, 500, "server"),
        ] {
            let fault = Fault::new(kind, "why");
            assert_eq!((status(&fault).as_u16(), kind_of(&fault)), (code, word), "{kind}");
        }
        let refused = Fault { status: Some(422), ..Fault::new(Rejected, "why") };
        assert_eq!((status(&refused).as_u16(), kind_of(&refused)), (422, "unprocessable"));
    }

    #[test]
    fn why_nobody_answers_is_told_in_words_for_programs() {
        let said = |kind, detail: &str| {
            let fault = Fault::new(kind, "why").with_detail(detail);
            let found = availability(&fault, &Told { requested: vec!["a", "b"], ..Told::default() });
            found.map(|found| (found["code"].clone(), found["retryable"].clone(), found["excluded_by"].clone()))
        };
        for (kind, detail, code, retryable, by) in [
            (FaultKind::Excluded, "data_policy:zdr", "privacy_restricted", false, json!(["data_policy:zdr"])),
            (FaultKind::Excluded, "region", "region_restricted", false, json!(["data_region"])),
            (
                FaultKind::Excluded,
                "max_price, region",
                "constraint_filtered",
                false,
                json!(["max_price", "data_region"]),
            ),
            (FaultKind::UnknownModel, "", "model_not_found", false, json!([])),
            (FaultKind::Overloaded, "raw words", "temporarily_unavailable", true, json!([])),
        ] {
            assert_eq!(said(kind, detail), Some((code.into(), retryable.into(), by)), "{kind} {detail}");
        }
        assert_eq!(said(FaultKind::BadRequest, ""), None);
    }
}
