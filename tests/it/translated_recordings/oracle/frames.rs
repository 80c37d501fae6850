//! Streams cut into their documents.

use serde_json::{Value, json};

/// The data of server-sent events, but for `[DONE]`.
pub fn sse(bytes: &[u8]) -> Result<Vec<Value>, String> {
    let text = std::str::from_utf8(bytes).map_err(|e| e.to_string())?.replace("\r\n", "\n");
    let mut documents = Vec::new();
    for event in text.split("\n\n") {
        let data: Vec<&str> = event.lines().filter_map(|line| line.strip_prefix("data:")).collect();
        let data = data.join("\n");
        if !data.trim().is_empty() && data.trim() != "[DONE]" {
            documents.push(serde_json::from_str(&data).map_err(|e| format!("{e}: {data}"))?);
        }
    }
    Ok(documents)
}

/// The elements of a JSON array.
pub fn array(bytes: &[u8]) -> Result<Vec<Value>, String> {
    serde_json::from_slice(bytes).map_err(|e| e.to_string())
}

/// One document a line.
pub fn lines(bytes: &[u8]) -> Result<Vec<Value>, String> {
    let text = std::str::from_utf8(bytes).map_err(|e| e.to_string())?;
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    lines.map(|line| serde_json::from_str(line).map_err(|e| format!("{e}: {line}"))).collect()
}

/// The messages of `application/vnd.amazon.eventstream`, as `{type: payload}`.
pub fn aws_events(mut bytes: &[u8]) -> Result<Vec<Value>, String> {
    let mut documents = Vec::new();
    while !bytes.is_empty() {
        let word = |at: usize| {
            let word = bytes.get(at..at + 4).ok_or("cut off within a message")?;
            Ok::<_, String>(u32::from_be_bytes(word.try_into().unwrap()))
        };
        let (length, headers) = (word(0)? as usize, word(4)? as usize);
        if length < 16 + headers || bytes.len() < length {
            return Err(format!("a message of {length} bytes where {} are left", bytes.len()));
        }
        if word(8)? != crc32(&bytes[..8]) || word(length - 4)? != crc32(&bytes[..length - 4]) {
            return Err("a checksum is wrong".into());
        }
        let kind = event_type(&bytes[12..12 + headers])?;
        let payload = &bytes[12 + headers..length - 4];
        let payload: Value = serde_json::from_slice(payload).map_err(|e| e.to_string())?;
        documents.push(json!({ kind: payload }));
        bytes = &bytes[length..];
    }
    Ok(documents)
}

/// `:event-type`, or `:exception-type`, of a message's headers, all of which must be strings.
fn event_type(mut headers: &[u8]) -> Result<String, String> {
    let mut found = None;
    while let [length, rest @ ..] = headers {
        let (name, rest) = rest.split_at_checked(usize::from(*length)).ok_or("a header's name is cut off")?;
        let [7, high, low, rest @ ..] = rest else { return Err("a header that is no string".into()) };
        let length = usize::from(u16::from_be_bytes([*high, *low]));
        let (value, rest) = rest.split_at_checked(length).ok_or("a header's value is cut off")?;
        if matches!(name, b":event-type" | b":exception-type") {
            found = Some(String::from_utf8_lossy(value).into_owned());
        }
        headers = rest;
    }
    found.ok_or_else(|| "a message without a type".into())
}

/// A message of `application/vnd.amazon.eventstream`, for streams that were recorded without their framing.
pub fn aws_message(kind: &str, payload: &[u8]) -> Vec<u8> {
    let mut headers = Vec::new();
    for (name, value) in [(":message-type", "event"), (":event-type", kind), (":content-type", "application/json")] {
        headers.push(name.len() as u8);
        headers.extend_from_slice(name.as_bytes());
        headers.push(7);
        headers.extend_from_slice(&(value.len() as u16).to_be_bytes());
        headers.extend_from_slice(value.as_bytes());
    }
    let mut message = Vec::new();
    message.extend_from_slice(&((16 + headers.len() + payload.len()) as u32).to_be_bytes());
    message.extend_from_slice(&(headers.len() as u32).to_be_bytes());
    message.extend_from_slice(&crc32(&message).to_be_bytes());
    message.extend_from_slice(&headers);
    message.extend_from_slice(payload);
    message.extend_from_slice(&crc32(&message).to_be_bytes());
    message
}

/// CRC-32 as in Ethernet, bit by bit.
fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32| if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 };
    !bytes.iter().fold(!0, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), |crc, _| step(crc)))
}

#[test]
fn a_checksum_is_checked() {
    assert_eq!(crc32(b"123456789"), 0xcbf4_3926, "the check value of CRC-32/ISO-HDLC");
    let mut message = aws_message("messageStop", br#"{"stopReason":"end_turn"}"#);
    assert_eq!(aws_events(&message).unwrap(), [json!({"messageStop": {"stopReason": "end_turn"}})]);
    for at in 0..message.len() {
        message[at] ^= 1;
        assert!(aws_events(&message).is_err(), "{at}");
        message[at] ^= 1;
        assert!(at == 0 || aws_events(&message[..at]).is_err(), "{at}");
    }
}
