//! The beginning that a provider left out.

use super::{Event, Fault, Numbering, Str, StreamReader};

/// A reader whose answer begins with its [`Event::Start`], and with only one, whatever the provider sends first.
///
/// Each dialect's own reader is wrapped in it. Any kind of frame may come first from one server or another, so that a
/// reader would have to think of the beginning wherever it says something.
#[derive(Default)]
pub struct Opened<R> {
    reader: R,
    begun: bool,
}

impl<R: StreamReader> StreamReader for Opened<R> {
    fn frame(&mut self, name: &str, data: &[u8], out: &mut dyn FnMut(Event<'_>)) -> Result<(), Fault> {
        let Self { reader, begun } = self;
        reader.frame(name, data, &mut |event| open(begun, event, out))
    }

    fn hosted(&self) -> bool {
        self.reader.hosted()
    }

    fn numbering(&self) -> Option<Numbering> {
        self.reader.numbering()
    }

    fn end(&mut self, out: &mut dyn FnMut(Event<'_>)) -> Result<(), Fault> {
        let Self { reader, begun } = self;
        reader.end(&mut |event| open(begun, event, out))
    }
}

fn open(begun: &mut bool, event: Event<'_>, out: &mut dyn FnMut(Event<'_>)) {
    match &event {
        Event::Start { .. } if *begun => return, // what it says comes too late
        Event::Start { .. } => *begun = true,
        // Neither is of the answer, and an error before it may still be another target's chance.
        Event::Ping | Event::Error(_) => {}
        _ if *begun => {}
        _ => {
            *begun = true;
            out(Event::Start { id: Str::default(), model: Str::default(), created: None, service_tier: None });
        }
    }
    out(event);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canonical::{FaultKind, Usage};

    /// Says an event for each letter.
    #[derive(Default)]
    struct Letters;

    impl StreamReader for Letters {
        fn frame(&mut self, _: &str, data: &[u8], out: &mut dyn FnMut(Event<'_>)) -> Result<(), Fault> {
            for letter in data {
                out(match letter {
                    b'S' => Event::Start { id: "id".into(), model: "".into(), created: None, service_tier: None },
                    b'u' => Event::Usage(Usage::default()),
                    b'p' => Event::Ping,
                    _ => Event::Error(Fault::new(FaultKind::ServerError, "")),
                });
            }
            Ok(())
        }

        fn end(&mut self, out: &mut dyn FnMut(Event<'_>)) -> Result<(), Fault> {
            out(Event::End);
            Ok(())
        }
    }

    fn check(said: &str, expected: &str) {
        let (mut reader, mut heard) = (Opened::<Letters>::default(), String::new());
        let mut hear = |event: Event<'_>| {
            heard.push(match event {
                Event::Start { id, .. } if id.is_empty() => 's',
                Event::Start { .. } => 'S',
                Event::Usage(_) => 'u',
                Event::Ping => 'p',
                Event::End => '.',
                _ => 'e',
            });
        };
        // Each letter in a frame of its own: what has begun is remembered.
        said.as_bytes().chunks(1).for_each(|letter| reader.frame("", letter, &mut hear).unwrap());
        reader.end(&mut hear).unwrap();
        assert_eq!(heard, expected, "{said}");
    }

    #[test]
    fn an_answer_begins_with_its_start_and_with_one() {
        check("Su", "Su.");
        check("u", "su.");
        check("uSu", "suu.");
        check("SuSS", "Su.");
        check("", "s.");
        check("pSu", "pSu.");
        check("pu", "psu.");
        check("e", "es.");
    }
}
