//! What an error document says, wherever in it that stands.

use serde_json::Value;

use super::words;

/// As much of a message as a client or a log can use.
const LONGEST_MESSAGE: usize = 2048;

/// What was found in an error document.
#[derive(Debug, Default)]
pub(super) struct Said {
    /// The explanation for humans.
    pub(super) message: Option<String>,
    /// Codes and types in lower case, one after the other.
    codes: String,
    /// A number that can only be an HTTP status.
    status: Option<u16>,
}

impl Said {
    /// Reads any document: OpenAI's shape, one of the others seen in the wild, a page of HTML, plain text, nothing.
    pub(super) fn read(body: &[u8]) -> Self {
        let Ok(document) = serde_json::from_slice::<Value>(body) else {
            return Self { message: plain(body), ..Self::default() };
        };
        // Google wraps the document in an array.
        let document = document.get(0).unwrap_or(&document);
        let error = document.get("error").filter(|error| !error.is_null()).unwrap_or(document);
        let places = [error, document];
        let message = ["message", "detail", "error", "errors", "error_description", "title"];
        let message = std::iter::once(error).filter(|error| !error.is_object()).chain(members(places, &message));
        let codes = members(places, &["code", "type", "status", "error_type", "error_code"]).filter_map(Value::as_str);
        let status = members(places, &["code", "status", "status_code", "raw_status_code", "http_status"]);
        Self {
            message: message.filter_map(text).next().map(bounded),
            codes: codes.map(str::to_ascii_lowercase).collect::<Vec<_>>().join(" "),
            status: status.filter_map(http_status).next(),
        }
    }

    /// One of the words is part of a code or type.
    pub(super) fn mentions(&self, words: &[&str]) -> bool {
        words.iter().any(|word| self.codes.contains(word))
    }

    /// The explanation in lower case.
    pub(super) fn lower_message(&self) -> String {
        self.message.as_deref().unwrap_or_default().to_ascii_lowercase()
    }

    /// A 404 can also mean a wrong path.
    pub(super) fn is_about_the_model(&self) -> bool {
        let message = self.lower_message();
        self.mentions(&["model", "deploymentnotfound"]) || message.contains("model")
    }

    /// The status with which this error should have come.
    pub(super) fn fitting_status(&self) -> u16 {
        /// By code or type, the first that matches.
        const BY_CODE: &[(u16, &[&str])] = &[
            (429, &["rate_limit", "ratelimit", "resource_exhausted", "too_many", "throttl", "insufficient_quota"]),
            (503, &["overloaded", "unavailable", "capacity"]),
            (504, &["timeout", "timed_out", "deadline"]),
            (401, &["invalid_api_key", "authentication", "unauthenticated", "unauthorized"]),
            (403, &["permission", "forbidden"]),
            (402, &["billing", "credit", "payment"]),
            (404, &["not_found", "notfound"]),
            (500, &["server_error", "internal", "api_error"]),
            (
                400,
                &[
                    "invalid",
                    "unsupported",
                    "exceeded",
                    "content_filter",
                    "content_policy",
                    "bad_request",
                    "badrequest",
                    "tool_use_failed",
                ],
            ),
        ];
        /// Free text is only trusted where it says that it will pass.
        const BY_MESSAGE: &[(u16, &[&str])] = &[
            (429, &["rate limit", "too many requests"]),
            (503, &["overloaded", "unavailable", "at capacity"]),
            (504, &["timeout", "timed out"]),
        ];
        let fitting = |table: &[(u16, &[&str])], text: &str| {
            table.iter().find(|(_, words)| words.iter().any(|word| text.contains(word))).map(|(status, _)| *status)
        };
        if let Some(status) = self.status.or_else(|| words::status(self)) {
            return status;
        }
        let message = self.lower_message();
        fitting(BY_CODE, &self.codes).or_else(|| fitting(BY_MESSAGE, &message)).unwrap_or(500)
    }
}

/// The members of those names, of the first place before the second.
fn members<'a>(places: [&'a Value; 2], names: &[&str]) -> impl Iterator<Item = &'a Value> {
    places.into_iter().flat_map(move |place| names.iter().filter_map(move |name| place.get(name)))
}

/// The text of a message, which may be a list, or an object that has one.
fn text(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.trim().to_owned(),
        Value::Array(items) => items.iter().filter_map(text).collect::<Vec<_>>().join("; "),
        Value::Object(object) => text(object.get("message").or_else(|| object.get("msg"))?)?,
        _ => return None,
    };
    (!text.is_empty()).then_some(text)
}

/// Codes are numbers of any meaning; only these can be a status.
fn http_status(value: &Value) -> Option<u16> {
    let number = value.as_u64().or_else(|| value.as_str()?.parse().ok())?;
    (400..=599).contains(&number).then_some(number as u16)
}

/// The message of what is no JSON: a page's title, or the text itself.
fn plain(body: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(&body[..body.len().min(2 * LONGEST_MESSAGE)]);
    let title = || text.split_once("<title>")?.1.split_once("</title>").map(|(title, _)| title);
    let message = if text.trim_start().starts_with('<') { title()? } else { &text };
    (!message.trim().is_empty()).then(|| bounded(message.trim().to_owned()))
}

fn bounded(mut text: String) -> String {
    let mut end = text.len().min(LONGEST_MESSAGE);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.truncate(end);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_bounded() {
        for body in ["é".repeat(5000), format!("{{\"error\":\"x{}\"}}", "é".repeat(5000))] {
            let length = Said::read(body.as_bytes()).message.unwrap().len();
            assert!((LONGEST_MESSAGE - 4..=LONGEST_MESSAGE).contains(&length), "{length}");
        }
    }
}
