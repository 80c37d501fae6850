//! Recorded traffic, where there is some: `OUTRIDER_CAPTURES` names the folder. Streams and answers of the service, and
//! what its clients sent.

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader};
    use std::path::PathBuf;

    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use serde_json::Value;

    use super::super::*;
    use crate::canonical::{Event, Gatherer, Usage};
    use crate::dialect::aws_events;
    use crate::dialect::aws_events::chunk;

    fn recorded(name: &str) -> Vec<Value> {
        let Some(folder) = std::env::var_os("OUTRIDER_CAPTURES") else {
            eprintln!("skipped: OUTRIDER_CAPTURES is not set");
            return Vec::new();
        };
        let file = std::fs::File::open(PathBuf::from(folder).join(name)).unwrap();
        let lines = BufReader::new(flate2::read::MultiGzDecoder::new(file)).lines();
        lines.map(|line| serde_json::from_str(&line.unwrap()).unwrap()).collect()
    }

    fn frames(row: &Value, size: usize) -> Vec<(String, Vec<u8>)> {
        let bytes = STANDARD.decode(row["resp_b64"].as_str().unwrap()).unwrap();
        let mut splitter = aws_events::Splitter::new(1 << 24);
        let mut frames = Vec::new();
        for chunk in bytes.chunks(size) {
            let ready = splitter.push(chunk.to_vec().into());
            assert_eq!(ready.broken, None);
            for frame in ready.events() {
                let event = aws_events::Event::read(frame);
                frames.push((event.name().into_owned(), event.data().into_owned()));
            }
        }
        assert!(splitter.rest().is_empty());
        frames
    }

    /// A request goes through the canonical model to a request that says the same.
    fn check_request(row: &Value) {
        let body = row["req"].to_string();
        let request = Bedrock.read_request(body.as_bytes(), &Asked { model: Some("m"), ..Asked::default() }).unwrap();
        let (written, lost) = write(&request, CLAUDE);
        assert_eq!(lost, if body.contains("topP") { "top_p" } else { "" }, "{body}");
        for member in ["toolConfig", "system", "guardrailConfig"] {
            assert_eq!(written.get(member), row["req"].get(member), "{body}");
        }
    }

    #[test]
    fn recorded_answers() {
        for row in recorded("bedrock.converse.jsonl.gz") {
            check_request(&row);
            let body = row["resp_text"].as_str().unwrap();
            let read = Bedrock.read_reply(body.as_bytes());
            if row["status"] != 200 {
                assert!(read.is_err());
                continue;
            }
            let reply = read.unwrap();
            let original: Value = serde_json::from_str(body).unwrap();
            let written = reply_again(&reply);
            for member in ["output", "stopReason", "metrics", "trace"] {
                assert_eq!(written.get(member), original.get(member));
            }
            for count in ["inputTokens", "outputTokens"] {
                assert_eq!(written["usage"][count], original["usage"][count]);
            }
        }
    }

    #[test]
    fn recorded_streams() {
        for row in recorded("bedrock.converse-stream.jsonl.gz") {
            check_request(&row);
            if row["status"] != 200 {
                continue;
            }
            let all = frames(&row, usize::MAX);
            assert_eq!(frames(&row, 1), all);
            let (mut reader, mut gatherer) = (Bedrock.read_stream(), Gatherer::new());
            let (mut writer, mut out) = (Bedrock.write_stream(&ABOUT), Vec::new());
            let mut text = String::new();
            for (name, data) in &all {
                let data_of: Value = serde_json::from_slice(data).unwrap();
                text.extend(data_of.pointer("/delta/text").and_then(Value::as_str));
                let mut each = |event: Event<'_>| {
                    writer.event(&event, &mut out);
                    gatherer.push(event);
                };
                reader.frame(name, data, &mut each).unwrap();
            }
            reader.end(&mut |event| gatherer.push(event)).unwrap();
            let reply = gatherer.finish().unwrap();
            assert_ne!(reply.usage, Usage::default());
            let said: Vec<_> = reply.choices[0].parts.iter().collect();
            assert!(!said.is_empty());
            assert!(crate::canonical::joined_text(&reply.choices[0].parts).replace('\n', "") == text.replace('\n', ""));
            // What is written has the frames of what was read, but for its pads and blocks without a word.
            let names = |frames: &mut dyn Iterator<Item = String>| frames.collect::<Vec<_>>();
            let ours = super::super::written_streams::frames(&out);
            let (before, after) =
                (names(&mut all.iter().map(|f| f.0.clone())), names(&mut ours.iter().map(|f| f.0.clone())));
            assert_eq!(before.first(), after.first());
            assert_eq!(before[before.len() - 2..], after[after.len() - 2..]);
        }
    }

    #[test]
    fn recorded_chunks() {
        for row in recorded("bedrock.invoke-stream.jsonl.gz") {
            let frames = frames(&row, 100);
            assert!(!frames.is_empty());
            for (name, data) in frames {
                assert_eq!(name, chunk::TYPE);
                let inner = chunk::unwrap(&data).unwrap();
                assert!(serde_json::from_slice::<Value>(&inner).unwrap().is_object());
            }
        }
    }
}
