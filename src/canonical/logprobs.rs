//! How likely each token was, in the shape of Chat's `logprobs` objects.

use serde_json::{Map, Value};

use super::Raw;

/// Objects as one: their lists one after the other. All at once, since a long answer has one for each of its tokens.
pub(super) fn joined(pieces: Vec<Raw<'static>>) -> Option<Raw<'static>> {
    let (first, rest) = pieces.split_first()?;
    let Value::Object(mut all) = first.tree() else { return Some(first.clone()) };
    if rest.is_empty() {
        return Some(first.clone());
    }
    for piece in rest {
        if let Value::Object(more) = piece.tree() {
            append(&mut all, more);
        }
    }
    Raw::write(&all)
}

fn append(all: &mut Map<String, Value>, more: Map<String, Value>) {
    for (name, value) in more {
        match (all.get_mut(&name), value) {
            (Some(Value::Array(list)), Value::Array(more)) => list.extend(more),
            (Some(Value::Null) | None, value) => {
                all.insert(name, value);
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(pieces: &[&'static str]) -> Option<String> {
        let pieces = pieces.iter().map(|piece| Raw::parse(piece).unwrap()).collect();
        joined(pieces).map(|joined| joined.as_str().to_owned())
    }

    #[test]
    fn lists_are_joined_in_their_order() {
        assert_eq!(of(&[]), None);
        assert_eq!(of(&[r#"{ "content": [1.50] }"#]).unwrap(), r#"{ "content": [1.50] }"#);
        let pieces = [r#"{"content":[1.50],"refusal":null}"#, "7", r#"{"content":[2],"refusal":[3]}"#];
        assert_eq!(of(&pieces).unwrap(), r#"{"content":[1.5,2],"refusal":[3]}"#);
        assert_eq!(of(&["7", r#"{"content":[2]}"#]).unwrap(), "7");
    }

    /// Were the list read and written again with each token, this would take minutes.
    #[test]
    fn the_tokens_of_a_long_answer_are_joined_in_linear_time() {
        let piece = r#"{"content":[{"token":"a","logprob":-1,"bytes":[97],"top_logprobs":[]}]}"#;
        let joined = of(&vec![piece; 20_000]).unwrap();
        assert_eq!(joined.matches("token").count(), 20_000);
    }
}
