//! A string as JSON writes it.

/// How many bytes are looked at together.
const BLOCK: usize = 32;

/// Writes `text` with its quotes, byte for byte as serde_json does.
///
/// That looks at each byte on its own, which for a prompt costs more than all else that is written. Here, blocks with
/// nothing to escape, which nearly all are, are passed over without a branch, for which the compiler uses vectors.
pub fn quote(text: &str, out: &mut Vec<u8>) {
    out.reserve(text.len() + 2);
    out.push(b'"');
    let bytes = text.as_bytes();
    let mut written = 0;
    for (index, block) in bytes.chunks(BLOCK).enumerate() {
        if !block.iter().fold(false, |found, byte| found | is_escaped(*byte)) {
            continue;
        }
        for (at, byte) in (index * BLOCK..).zip(block).filter(|(_, byte)| is_escaped(**byte)) {
            out.extend_from_slice(&bytes[written..at]);
            escape(*byte, out);
            written = at + 1;
        }
    }
    out.extend_from_slice(&bytes[written..]);
    out.push(b'"');
}

fn is_escaped(byte: u8) -> bool {
    byte < b' ' || byte == b'"' || byte == b'\\'
}

fn escape(byte: u8, out: &mut Vec<u8>) {
    let short = match byte {
        0x08 => b'b',
        b'\t' => b't',
        b'\n' => b'n',
        0x0c => b'f',
        b'\r' => b'r',
        0..b' ' => {
            let digit = |half: u8| b"0123456789abcdef"[usize::from(half)];
            return out.extend_from_slice(&[b'\\', b'u', b'0', b'0', digit(byte >> 4), digit(byte & 15)]);
        }
        _ => byte,
    };
    out.extend_from_slice(&[b'\\', short]);
}

#[cfg(test)]
mod tests {
    use super::quote;

    #[test]
    fn every_byte_anywhere_in_a_block_is_written_as_serde_json_does() {
        let all: Vec<char> = (0..=0x7f_u8).map(char::from).chain("é漢\u{2028}🦊".chars()).collect();
        for before in [0, 1, 29, 30, 31, 32, 63] {
            for character in &all {
                let text = format!("{}{character}{}", "x".repeat(before), "y".repeat(40));
                let mut out = b"[".to_vec();
                quote(&text, &mut out);
                assert_eq!(String::from_utf8(out).unwrap(), format!("[{}", serde_json::to_string(&text).unwrap()));
            }
        }
        let text: String = all.iter().collect();
        let mut out = Vec::new();
        quote(&text, &mut out);
        assert_eq!(String::from_utf8(out).unwrap(), serde_json::to_string(&text).unwrap());
    }
}
