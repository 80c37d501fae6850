//! Replies: read they are the canonical form, written and read again they still are, and each becomes what
//! `written.md` says in every dialect; what that dialect's client does not get stands beside it.

use outrider::canonical::{Dialect, Reply};
use outrider::dialect::codec;

use super::case::{self, Case};
use super::layout::laid_out;
use super::print;
use super::targets::ABOUT;

#[test]
fn read_they_are_the_canonical_form() {
    let mut wrong = Vec::new();
    for case in case::all("replies") {
        let sources = case.sources(|_| "json");
        for (dialect, text) in &sources {
            case.expect_canonical(*dialect, sources[0].0, &print::reply(&read(&case, *dialect, text)), &mut wrong);
        }
    }
    case::none(&wrong);
}

#[test]
fn written_and_read_again_they_are_the_same() {
    let mut wrong = Vec::new();
    for case in case::all("replies") {
        for (dialect, text) in case.sources(|_| "json") {
            let reply = read(&case, dialect, &text);
            let difference = case::difference(&print::reply(&reply), &again(dialect, &reply).1);
            let file = format!("repaired.{}.diff", dialect.as_str());
            case.expect_difference(&file, &difference, &mut wrong);
        }
    }
    case::none(&wrong);
}

#[test]
fn each_is_written_in_every_dialect() {
    let mut wrong = Vec::new();
    for case in case::all("replies") {
        let (dialect, text) = case.sources(|_| "json").swap_remove(0);
        let reply = read(&case, dialect, &text);
        let mut page = format!("# {}, written from {}\n", case.name, dialect.as_str());
        for to in Dialect::ALL {
            let (written, again) = again(to, &reply);
            page += &format!("\n## {}\n\n```json\n{}\n```\n", to.as_str(), laid_out(&written));
            let difference = case::difference(&print::reply(&reply), &again);
            if !difference.is_empty() {
                page += &format!("\nUnderstood there as:\n\n```diff\n{difference}```\n");
            }
        }
        case.expect("written.md", &page, &mut wrong);
    }
    case::none(&wrong);
}

fn read<'a>(case: &Case, dialect: Dialect, text: &'a str) -> Reply<'a> {
    let read = codec::of(dialect).read_reply(text.as_bytes());
    read.unwrap_or_else(|fault| panic!("{} in {}: {fault:?}\n{text}", case.name, dialect.as_str()))
}

/// The reply written in `dialect`, and what a reader of that takes it for.
fn again(dialect: Dialect, reply: &Reply<'_>) -> (String, String) {
    let written = String::from_utf8(codec::of(dialect).write_reply(reply, &ABOUT)).unwrap();
    let again = match codec::of(dialect).read_reply(written.as_bytes()) {
        Ok(reply) => print::reply(&reply),
        // There are answers that a dialect can only tell as an error.
        Err(fault) => format!("{}: {}\n", fault.kind.as_str(), fault.message),
    };
    (written, again)
}
