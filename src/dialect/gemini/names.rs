//! Names of members in camel case, whichever way they came.

use std::borrow::Cow;

/// `snake_case` as `snakeCase`.
pub(super) fn camel(name: &str) -> Cow<'_, str> {
    if !name.get(1..).is_some_and(|rest| rest.contains('_')) {
        return Cow::Borrowed(name);
    }
    let mut camel = String::with_capacity(name.len());
    let mut up = false;
    for (index, char) in name.chars().enumerate() {
        if char == '_' && index > 0 {
            up = true;
        } else if std::mem::take(&mut up) {
            camel.extend(char.to_uppercase());
        } else {
            camel.push(char);
        }
    }
    Cow::Owned(camel)
}

#[cfg(test)]
mod tests {
    #[test]
    fn snakes_become_camels() {
        for (name, expected) in [
            ("top_p", "topP"),
            ("topP", "topP"),
            ("_responseJsonSchema", "_responseJsonSchema"),
            ("system_instruction", "systemInstruction"),
            ("a_", "a"),
            ("", ""),
            ("_", "_"),
        ] {
            assert_eq!(super::camel(name), expected);
        }
    }
}
