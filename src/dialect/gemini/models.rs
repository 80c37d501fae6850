//! The list of models, as `GET /v1beta/models` answers.

use bytes::Bytes;

use super::out::{Object, comma};

/// The reply body that lists `names`.
pub(super) fn write_models<'a>(names: impl Iterator<Item = &'a str>) -> Bytes {
    let mut out = Vec::new();
    let mut object = Object::begin(&mut out);
    let list = object.key("models");
    list.push(b'[');
    let mut first = true;
    for name in names {
        comma(list, &mut first);
        write_into(list, name);
    }
    list.push(b']');
    object.end();
    out.into()
}

fn write_into(out: &mut Vec<u8>, name: &str) {
    let mut model = Object::begin(out);
    model.text("name", &format!("models/{name}"));
    model.text("displayName", name);
    let methods = ["generateContent", "streamGenerateContent", "countTokens"];
    model.texts("supportedGenerationMethods", methods.into_iter());
    model.end();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_has_googles_shape() {
        assert_eq!(write_models(std::iter::empty()), r#"{"models":[]}"#);
        let one = r#"{"name":"models/smart","displayName":"smart","supportedGenerationMethods":["generateContent","streamGenerateContent","countTokens"]}"#;
        assert_eq!(write_models(["smart"].into_iter()), format!("{{\"models\":[{one}]}}"));
    }
}
