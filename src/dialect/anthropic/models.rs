//! The list of models, as `GET /v1/models` answers.

use bytes::Bytes;
use serde::Serialize;

/// The reply body that lists `names`. `created` is in seconds since 1970, and the same for all: nobody knows better.
pub(super) fn write<'a>(names: impl Iterator<Item = &'a str>, created: u64) -> Bytes {
    let created_at = rfc3339(created);
    let row = |id| Row {
        kind: "model",
        id,
        display_name: id,
        created_at: &created_at,
        max_input_tokens: None,
        max_tokens: None,
        capabilities: None,
    };
    let data: Vec<_> = names.map(row).collect();
    let (first_id, last_id) = (data.first().map(|row| row.id), data.last().map(|row| row.id));
    let list = List { first_id, last_id, has_more: false, data };
    // Strings alone: writing them cannot fail.
    serde_json::to_vec(&list).unwrap_or_default().into()
}

#[derive(Serialize)]
struct List<'a> {
    data: Vec<Row<'a>>,
    has_more: bool,
    first_id: Option<&'a str>,
    last_id: Option<&'a str>,
}

#[derive(Serialize)]
struct Row<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    id: &'a str,
    display_name: &'a str,
    created_at: &'a str,
    max_input_tokens: Option<u64>,
    max_tokens: Option<u64>,
    capabilities: Option<()>,
}

/// A time in UTC.
fn rfc3339(seconds: u64) -> String {
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    // Days are counted in eras of 400 years that begin on the first of March, so that a leap day comes last.
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    let (hour, minute, second) = (rest / 3600, rest / 60 % 60, rest % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_has_anthropics_shape() {
        let empty = r#"{"data":[],"has_more":false,"first_id":null,"last_id":null}"#;
        assert_eq!(write([].into_iter(), 0), empty);
        let list: serde_json::Value = serde_json::from_slice(&write(["a", "b"].into_iter(), 0)).unwrap();
        assert_eq!((&list["first_id"], &list["last_id"]), (&"a".into(), &"b".into()));
        assert_eq!(list["data"][1]["display_name"], "b");
        assert_eq!(list["data"][0]["created_at"], "1970-01-01T00:00:00Z");
    }

    #[test]
    fn times() {
        for (seconds, expected) in [
            (951_782_399, "2000-02-28T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_709_164_800, "2024-02-29T00:00:00Z"),
            (1_700_000_000, "2023-11-14T22:13:20Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
        ] {
            assert_eq!(rfc3339(seconds), expected);
        }
    }
}
