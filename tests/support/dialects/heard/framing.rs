//! Events out of bytes: server-sent events, lines of JSON, AWS's binary frames.

use serde_json::{Value, json};

/// The name and the payload of each event, or why it is none.
pub fn events(dialect: &str, body: &[u8]) -> Vec<Result<(String, Value), String>> {
    match dialect {
        "bedrock" => frames(body),
        "ollama" => {
            String::from_utf8_lossy(body).lines().filter(|line| !line.is_empty()).map(|l| named("", l)).collect()
        }
        _ => server_sent(&String::from_utf8_lossy(body).replace("\r\n", "\n")),
    }
}

fn named(name: &str, data: &str) -> Result<(String, Value), String> {
    let value = if data == "[DONE]" { Ok(json!("[DONE]")) } else { serde_json::from_str(data) };
    value.map(|value| (name.to_owned(), value)).map_err(|_| format!("not JSON: {data}"))
}

/// What stands behind the last blank line is no event, for no client; lines of other fields are ignored, as by all.
fn server_sent(text: &str) -> Vec<Result<(String, Value), String>> {
    let whole = text.rsplit_once("\n\n").map_or("", |(whole, _)| whole);
    let blocks = whole.split("\n\n").filter_map(|block| {
        let field = |name: &str| {
            let of = |line: &str| line.strip_prefix(name).map(|rest| rest.strip_prefix(' ').unwrap_or(rest).to_owned());
            block.lines().filter_map(of).collect::<Vec<_>>().join("\n")
        };
        let data = field("data:");
        (!data.is_empty()).then(|| named(&field("event:"), &data))
    });
    blocks.collect()
}

fn frames(mut body: &[u8]) -> Vec<Result<(String, Value), String>> {
    let mut all = Vec::new();
    while !body.is_empty() {
        let Some((frame, rest)) = frame(body) else {
            all.push(Err(format!("{} bytes that are no frame", body.len())));
            break;
        };
        all.push(frame);
        body = rest;
    }
    all
}

type Frame<'b> = (Result<(String, Value), String>, &'b [u8]);

/// Lengths of all and of the headers, a checksum; headers of strings; the payload, a checksum.
fn frame(body: &[u8]) -> Option<Frame<'_>> {
    let number = |at: usize| Some(u32::from_be_bytes(body.get(at..at + 4)?.try_into().ok()?) as usize);
    let (total, headers) = (number(0)?, number(4)?);
    let (frame, rest) = body.split_at_checked(total)?;
    let mut left = frame.get(12..12 + headers)?;
    let mut name = String::new();
    while let [length, tail @ ..] = left {
        let (key, tail) = tail.split_at_checked(usize::from(*length))?;
        let size = usize::from(u16::from_be_bytes(tail.get(1..3)?.try_into().ok()?));
        let value = String::from_utf8_lossy(tail.get(3..3 + size)?).into_owned();
        match key {
            b":exception-type" => name = format!("exception {value}"),
            b":event-type" => name = value,
            _ => {}
        }
        left = &tail[3 + size..];
    }
    let payload = frame.get(12 + headers..total.checked_sub(4)?)?;
    Some((named(&name, &String::from_utf8_lossy(payload)), rest))
}
