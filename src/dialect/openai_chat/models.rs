//! The list of models, as `GET /v1/models` answers.

use bytes::Bytes;
use serde::Serialize;

/// The reply body that lists `names`: each an id and who owns it. `created` is in seconds since 1970.
pub fn write_models<'a>(names: impl Iterator<Item = (&'a str, &'a str)>, created: u64) -> Bytes {
    let data = names.map(|(id, owned_by)| Row { id, object: "model", created, owned_by }).collect();
    // Strings and numbers alone: writing them cannot fail.
    serde_json::to_vec(&List { object: "list", data }).unwrap_or_default().into()
}

#[derive(Serialize)]
struct List<'a> {
    object: &'static str,
    data: Vec<Row<'a>>,
}

#[derive(Serialize)]
struct Row<'a> {
    id: &'a str,
    object: &'static str,
    created: u64,
    owned_by: &'a str,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(names: &[(&str, &str)], expected: &str) {
        assert_eq!(write_models(names.iter().copied(), 1_700_000_000), expected);
    }

    #[test]
    fn the_list_has_openais_shape() {
        check(&[], r#"{"object":"list","data":[]}"#);
        check(
            &[("smart", "outrider"), ("openai/\"x\"", "openai")],
            r#"{"object":"list","data":[{"id":"smart","object":"model","created":1700000000,"owned_by":"outrider"},{"id":"openai/\"x\"","object":"model","created":1700000000,"owned_by":"openai"}]}"#,
        );
    }
}
