//! Recorded traffic. `OUTRIDER_CAPTURES` names the folder that has it; it is not part of the project.
//!
//! Inside a module of its own, as all tests that read files: the code of dialects does no I/O, and a test says so.

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader};
    use std::path::{Path, PathBuf};
    use std::process::Command;

    use serde_json::Value;

    use super::super::{
        ABOUT, check_grammar, data_of, read_frames, read_reply, read_sse, tree, write_events, write_for,
    };
    use crate::canonical::{Event, Gatherer, Part, Reply, Request, Role, replay};
    use crate::dialect::codec::{Asked, Codec, Flavour};
    use crate::dialect::openai_chat::OpenAiChat;

    /// Recordings of status 200 that are no answers: errors, replies that were not recorded, and a stream of another kind.
    const NO_ANSWERS: [&str; 5] =
        ["b0ee882b682344ed", "16060a870a4ad162", "f1d2cedc81c111a9", "1091a19378fe098f", "3bbe0e20a4fc1e14"];

    fn folder() -> Option<PathBuf> {
        let folder = std::env::var_os("OUTRIDER_CAPTURES").map(PathBuf::from);
        if folder.is_none() {
            println!("skipped: OUTRIDER_CAPTURES is not set");
        }
        folder
    }

    fn exchanges(folder: &Path) -> impl Iterator<Item = Value> {
        let file = std::fs::File::open(folder.join("openai.chat.jsonl.gz")).unwrap();
        let lines = BufReader::new(flate2::read::GzDecoder::new(file)).lines();
        lines.map(|line| serde_json::from_str(&line.unwrap()).unwrap())
    }

    /// The files of an archive of cases, if `tar` and `xz` are there.
    fn unpacked(folder: &Path, name: &str) -> Option<tempfile::TempDir> {
        let into = tempfile::tempdir().unwrap();
        let tar = Command::new("tar").arg("-xJf").arg(folder.join(name)).arg("-C").arg(into.path()).output();
        if !tar.is_ok_and(|tar| tar.status.success()) {
            println!("skipped: {name} cannot be unpacked here");
            return None;
        }
        Some(into)
    }

    fn files(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { files(&path, found) } else { found.push(path) }
        }
    }

    /// A request reads, and what is written of it for its own vendor reads as the same again.
    fn check_request(body: &str, what: &str) {
        let request = read_request(body, what);
        for flavour in [Flavour::OpenRouter, Flavour::Vendor, Flavour::Mistral, Flavour::Compatible, Flavour::DeepSeek]
        {
            write_for(&request, &request.model, flavour);
        }
        // OpenRouter takes most of what there is.
        let (written, lost) = write_for(&request, &request.model, Flavour::OpenRouter);
        let written = written.to_string();
        let again = read_request(&written, what);
        assert_eq!(again.turns.len(), request.turns.len(), "{what}: {lost:?}");
        for (one, other) in request.turns.iter().zip(&again.turns) {
            let texts = |parts: &[Part<'_>]| crate::canonical::joined_text(parts).into_owned();
            let role = if one.role == Role::Developer { Role::System } else { one.role };
            assert_eq!((role, texts(&one.parts)), (other.role, texts(&other.parts)), "{what}");
        }
        assert_eq!((&again.tools.len(), &again.max_tokens), (&request.tools.len(), &request.max_tokens), "{what}");
    }

    fn read_request<'a>(body: &'a str, what: &str) -> Request<'a> {
        OpenAiChat
            .read_request(body.as_bytes(), &Asked::default())
            .unwrap_or_else(|fault| panic!("{what}: {fault:?}\n{body}"))
    }

    /// A reply reads; written and read again it is the same, whole and as a stream.
    fn check_reply(body: &str, what: &str) {
        let reply = read_reply(body);
        let written = String::from_utf8(OpenAiChat.write_reply(&reply, &ABOUT)).unwrap();
        let again = read_reply(&written);
        check_same(&again, &reply, what, &written);
        let mut events = Vec::new();
        replay(&reply, &mut |event| events.push(super::super::owned(event)));
        let stream = write_events(&events, &ABOUT);
        let streamed = read_frames(data_of(&stream));
        check_grammar(&streamed.events, what);
        streamed.ended.unwrap();
        check_same(&gathered(&streamed.events), &reply, what, &stream);
    }

    /// A reply without what has no place in a stream.
    fn spoken(reply: &Reply<'_>) -> String {
        let choices: Vec<_> = reply.choices.iter().map(|choice| (&choice.parts, &choice.stop.reason)).collect();
        let usage = reply.usage;
        let details = [usage.cached, usage.cache_write, usage.reasoning].map(Option::unwrap_or_default);
        format!("{choices:#?} {:?} {:?} {details:?}", usage.input.unwrap_or(0), usage.output.unwrap_or(0))
    }

    fn check_same(got: &Reply<'_>, expected: &Reply<'_>, what: &str, written: &str) {
        let (got, expected) = (spoken(got), spoken(expected));
        if let Some((got, expected)) = got.lines().zip(expected.lines()).find(|(got, expected)| got != expected) {
            panic!("{what}:\n got {got}\nwant {expected}\n{written}");
        }
        assert_eq!(got.lines().count(), expected.lines().count(), "{what}\n{got}\n{expected}\n{written}");
    }

    fn gathered(events: &[Event<'static>]) -> Reply<'static> {
        let mut gatherer = Gatherer::new();
        events.iter().cloned().for_each(|event| gatherer.push(event));
        gatherer.finish().unwrap()
    }

    fn check_stream(text: &str, what: &str) -> Vec<Event<'static>> {
        let whole = read_sse(text.as_bytes(), usize::MAX);
        check_grammar(&whole.events, what);
        if let Err(fault) = &whole.ended {
            panic!("{what}: {fault:?}\n{text}");
        }
        for size in [1, 7, 64, 1000] {
            assert_eq!(read_sse(text.as_bytes(), size).events, whole.events, "{what} in chunks of {size}");
        }
        if let Some(Event::Error(_)) = whole.events.last() {
            return whole.events;
        }
        let written = write_events(&whole.events, &ABOUT);
        let again = read_frames(data_of(&written));
        check_grammar(&again.events, what);
        again.ended.unwrap();
        check_same(&gathered(&again.events), &gathered(&whole.events), what, &written);
        whole.events
    }

    #[test]
    fn recorded_exchanges_are_read() {
        let Some(folder) = folder() else { return };
        let (mut requests, mut replies, mut streams, mut errors) = (0, 0, 0, 0);
        for exchange in exchanges(&folder) {
            let what = exchange["id"].as_str().unwrap_or_default().to_owned();
            let Some(answer) = exchange["resp_text"].as_str() else { continue };
            if exchange["status"] != 200 {
                continue;
            }
            if NO_ANSWERS.contains(&what.as_str()) {
                let is_refused = match answer.trim_start().starts_with("data:") {
                    true => read_sse(answer.as_bytes(), usize::MAX).ended.is_err(),
                    false => OpenAiChat.read_reply(answer.as_bytes()).is_err(),
                };
                assert!(is_refused, "{what}");
                continue;
            }
            let request = exchange["req"].to_string();
            if exchange["req"]["messages"].is_array() {
                check_request(&request, &what);
                requests += 1;
            }
            if answer.trim_start().starts_with('{') {
                check_reply(answer, &what);
                replies += 1;
            } else if answer.contains("data:") {
                let events = check_stream(answer, &what);
                errors += usize::from(matches!(events.last(), Some(Event::Error(_))));
                streams += 1;
            }
        }
        assert!(
            requests > 600 && replies > 350 && streams > 250 && errors < 5,
            "{requests} {replies} {streams} {errors}"
        );
    }

    #[test]
    fn recorded_cases_are_read() {
        let Some(folder) = folder() else { return };
        let Some(cases) = unpacked(&folder, "same-case-many-dialects.tar.xz") else { return };
        let mut found = Vec::new();
        files(cases.path(), &mut found);
        let mut read = [0; 3];
        for path in found.iter().filter(|path| path.parent().is_some_and(|parent| parent.ends_with("chat-completions")))
        {
            let (text, what) = (std::fs::read_to_string(path).unwrap(), path.display().to_string());
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if name.ends_with("request.json") {
                check_request(&text, &what);
                read[0] += 1;
            } else if name.ends_with("response.json") {
                check_reply(&text, &what);
                read[1] += 1;
            } else if name.ends_with("streaming.json") {
                let chunks: Vec<Value> = serde_json::from_str(&text).unwrap();
                let stream: String = chunks.iter().map(|chunk| format!("data: {chunk}\n\n")).collect();
                check_stream(&(stream + "data: [DONE]\n\n"), &what);
                read[2] += 1;
            }
        }
        assert!(read.iter().all(|count| *count > 20), "{read:?}");
    }

    #[test]
    fn recorded_oddities_are_read() {
        let Some(folder) = folder() else { return };
        let Some(cases) = unpacked(&folder, "newest-features.tar.xz") else { return };
        let mut found = Vec::new();
        files(cases.path(), &mut found);
        let (mut replies, mut streams) = (0, 0);
        for path in found {
            let (Ok(text), what) = (std::fs::read_to_string(&path), path.display().to_string()) else { continue };
            if !text.contains("chat.completion") || text.contains("response.created") {
                continue;
            }
            if what.ends_with(".chunks.txt") {
                let stream: String = text.lines().map(|line| format!("data: {line}\n\n")).collect();
                check_stream(&(stream + "data: [DONE]\n\n"), &what);
                streams += 1;
            } else if what.ends_with(".sse") {
                check_stream(&text, &what);
                streams += 1;
            } else if tree(&text)["choices"].is_array() {
                check_reply(&text, &what);
                replies += 1;
            }
        }
        assert!(streams > 15 && replies > 10, "{streams} {replies}");
    }
}
