//! A JSON object on one line, written member by member.
//!
//! By hand, since one is written for every call: serde_json, which looks at each byte of a string, hands strings over in
//! pieces and knows no bulk of digits, took four times as many instructions for it.

use std::time::Duration;

use super::record::Attempt;
use super::timestamp::Timestamp;
use crate::canonical::Usage;
use crate::money::Usd;

/// An object that is being written.
pub(super) struct Object<'l> {
    line: &'l mut Vec<u8>,
    empty: bool,
}

impl<'l> Object<'l> {
    pub(super) fn begin(line: &'l mut Vec<u8>) -> Self {
        line.push(b'{');
        Self { line, empty: true }
    }

    /// A member. `name` needs no escapes. In line, where the length of the name is known.
    #[inline(always)]
    pub(super) fn set(&mut self, name: &'static str, value: impl Value) -> &mut Self {
        let before: &[u8] = if std::mem::replace(&mut self.empty, false) { b"\"" } else { b",\"" };
        self.line.extend_from_slice(before);
        self.line.extend_from_slice(name.as_bytes());
        self.line.extend_from_slice(b"\":");
        value.write(self.line);
        self
    }

    /// A member that is left out where there is nothing to say.
    pub(super) fn maybe(&mut self, name: &'static str, value: Option<impl Value>) -> &mut Self {
        match value {
            Some(value) => self.set(name, value),
            None => self,
        }
    }

    pub(super) fn end(&mut self) {
        self.line.push(b'}');
    }
}

/// What a member can be.
pub(super) trait Value {
    fn write(self, line: &mut Vec<u8>);
}

impl Value for &str {
    fn write(self, line: &mut Vec<u8>) {
        line.push(b'"');
        if self.bytes().all(|byte| matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\\')) {
            line.extend_from_slice(self.as_bytes()); // nearly every one, and all our own names
        } else {
            escape(self, line);
        }
        line.push(b'"');
    }
}

/// With those control characters escaped too that JSON itself allows: DEL, and U+0080 to U+009F, which some terminals obey,
/// and Unicode's line ends, at which some log readers split.
fn escape(text: &str, line: &mut Vec<u8>) {
    for character in text.chars() {
        match character {
            '"' | '\\' => line.extend_from_slice(&[b'\\', character as u8]),
            _ if character.is_control() || matches!(character, '\u{2028}' | '\u{2029}') => {
                line.extend_from_slice(format!("\\u{:04x}", u32::from(character)).as_bytes());
            }
            _ => line.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
}

/// JSON that is written already.
pub(super) struct Json<'t>(pub(super) &'t str);

/// Control characters can only stand within its strings.
impl Value for Json<'_> {
    fn write(self, line: &mut Vec<u8>) {
        for character in self.0.chars() {
            match character {
                _ if character.is_control() || matches!(character, '\u{2028}' | '\u{2029}') => {
                    line.extend_from_slice(format!("\\u{:04x}", u32::from(character)).as_bytes());
                }
                _ => line.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes()),
            }
        }
    }
}

impl Value for bool {
    fn write(self, line: &mut Vec<u8>) {
        line.extend_from_slice(if self { b"true" } else { b"false" });
    }
}

impl Value for u64 {
    fn write(mut self, line: &mut Vec<u8>) {
        let (mut digits, mut at) = ([b'0'; 20], 20);
        while self > 0 || at == 20 {
            at -= 1;
            digits[at] += (self % 10) as u8;
            self /= 10;
        }
        line.extend_from_slice(&digits[at..]);
    }
}

impl Value for u16 {
    fn write(self, line: &mut Vec<u8>) {
        u64::from(self).write(line);
    }
}

/// Milliseconds with up to three decimals, at least one.
impl Value for Duration {
    fn write(self, line: &mut Vec<u8>) {
        let microseconds = self.as_micros() as u64;
        (microseconds / 1_000).write(line);
        let places =
            [microseconds / 100 % 10, microseconds / 10 % 10, microseconds % 10].map(|digit| b'0' + digit as u8);
        let kept = places.iter().rposition(|digit| *digit != b'0').map_or(1, |last| last + 1);
        line.push(b'.');
        line.extend_from_slice(&places[..kept]);
    }
}

impl Value for Timestamp {
    fn write(self, line: &mut Vec<u8>) {
        line.push(b'"');
        line.extend_from_slice(&self.text());
        line.push(b'"');
    }
}

/// In dollars, as a number that is exact.
impl Value for Usd {
    fn write(self, line: &mut Vec<u8>) {
        let nanos = self.nanos().unsigned_abs();
        if self.nanos() < 0 {
            line.push(b'-');
        }
        (nanos / 1_000_000_000).write(line);
        let mut part = nanos % 1_000_000_000;
        if part == 0 {
            return;
        }
        let mut places = [b'0'; 9];
        for place in places.iter_mut().rev() {
            *place += (part % 10) as u8;
            part /= 10;
        }
        let kept = places.iter().rposition(|digit| *digit != b'0').map_or(0, |last| last + 1);
        line.push(b'.');
        line.extend_from_slice(&places[..kept]);
    }
}

impl<V: Value> Value for Option<V> {
    fn write(self, line: &mut Vec<u8>) {
        match self {
            Some(value) => value.write(line),
            None => line.extend_from_slice(b"null"),
        }
    }
}

impl Value for Usage {
    fn write(self, line: &mut Vec<u8>) {
        let Self {
            input,
            output,
            cached,
            cache_write,
            cache_write_1h,
            reasoning,
            searches,
            billed_input,
            billed_output,
            service: _,
        } = self;
        let mut object = Object::begin(line);
        object.set("input", input).set("output", output).set("cached", cached);
        object.set("cache_write", cache_write).set("cache_write_1h", cache_write_1h).set("reasoning", reasoning);
        object.maybe("searches", searches).maybe("billed_input", billed_input).maybe("billed_output", billed_output);
        object.end();
    }
}

impl Value for &Attempt {
    fn write(self, line: &mut Vec<u8>) {
        let mut object = Object::begin(line);
        object.set("target", self.target.as_str()).set("key", self.key.as_ref().map(|key| key.as_str()));
        object.set("outcome", self.outcome()).maybe("blame", self.fault.map(|fault| fault.blame().as_str()));
        object.set("status", self.status).set("ms", self.took);
        // Nothing better was left than a target that is known to fail.
        object.maybe("forced", self.forced.then_some(true));
        object.maybe("tokens", self.usage).maybe("cost_usd", self.cost).maybe("detail", self.detail.as_deref());
        object.end();
    }
}

impl Value for &String {
    fn write(self, line: &mut Vec<u8>) {
        self.as_str().write(line);
    }
}

impl<'v, V> Value for &'v [V]
where
    &'v V: Value,
{
    fn write(self, line: &mut Vec<u8>) {
        line.push(b'[');
        for (index, value) in self.iter().enumerate() {
            if index > 0 {
                line.push(b',');
            }
            value.write(line);
        }
        line.push(b']');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(value: impl Value, expected: &str) {
        let mut line = Vec::new();
        value.write(&mut line);
        assert_eq!(String::from_utf8(line).unwrap(), expected);
    }

    #[test]
    fn values() {
        for (number, expected) in [(0, "0"), (7, "7"), (1_024, "1024"), (u64::MAX, "18446744073709551615")] {
            check(number, expected);
        }
        for (microseconds, expected) in
            [(0, "0.0"), (5, "0.005"), (1_010, "1.01"), (20_000, "20.0"), (20_100, "20.1"), (812_345, "812.345")]
        {
            check(Duration::from_micros(microseconds), expected);
        }
        check("a\"b\\c\nd\u{7f}\u{9b}\u{2028}漢", r#""a\"b\\c\u000ad\u007f\u009b\u2028漢""#);
        check(&["a".to_owned(), "b".to_owned()][..], r#"["a","b"]"#);
        check(None::<bool>, "null");
        for nanos in [0, 1, 38, 612_500, 1_500_000_000, -2_000_000_001, i64::MAX, i64::MIN] {
            check(Usd::from_nanos(nanos), &Usd::from_nanos(nanos).to_string());
        }
    }
}
