//! Requests: read they are the canonical form, written and read again they still are, and each becomes what
//! `written.md` says in every dialect, with what is lost there.

use outrider::canonical::{Dialect, Lost, Request};
use outrider::dialect::codec::{self, Asked, Flavour, Target};

use super::case::{self, Case};
use super::layout::laid_out;
use super::{print, targets};

#[test]
fn read_they_are_the_canonical_form() {
    let mut wrong = Vec::new();
    for case in case::all("requests") {
        let sources = case.sources(|_| "json");
        for (dialect, text) in &sources {
            let request = read(&case, *dialect, text);
            assert!(!request.model.is_empty(), "{}: {} names no model", case.name, dialect.as_str());
            case.expect_canonical(*dialect, sources[0].0, &print::request(&request), &mut wrong);
        }
    }
    case::none(&wrong);
}

#[test]
fn written_and_read_again_they_are_the_same() {
    let mut wrong = Vec::new();
    for case in case::all("requests") {
        for (dialect, text) in case.sources(|_| "json") {
            let request = read(&case, dialect, &text);
            let target = Target { model: &request.model, flavour: Flavour::Vendor };
            let written = codec::of(dialect).write_request(&request, &target, &mut Lost::nothing()).unwrap();
            let written = String::from_utf8(written).unwrap();
            let again = print::request(&read(&case, dialect, &written));
            // Where the writer repairs what the vendor would refuse, the difference is written down.
            let difference = case::difference(&print::request(&request), &again);
            let file = format!("repaired.{}.diff", dialect.as_str());
            case.expect_difference(&file, &difference, &mut wrong);
        }
    }
    case::none(&wrong);
}

#[test]
fn each_is_written_in_every_dialect() {
    let mut wrong = Vec::new();
    for case in case::all("requests") {
        let (dialect, text) = case.sources(|_| "json").swap_remove(0);
        let request = read(&case, dialect, &text);
        let mut page = format!("# {}, written from {}\n", case.name, dialect.as_str());
        for aim in targets::of(&case) {
            let mut lost = Lost::nothing();
            let target = Target { model: &aim.model, flavour: aim.flavour };
            page += "\n";
            page += &aim.title();
            match codec::of(aim.dialect).write_request(&request, &target, &mut lost) {
                Ok(written) => {
                    let written = String::from_utf8(written).unwrap();
                    let again = print::request(&read(&case, aim.dialect, &written));
                    let lost: Vec<_> = lost.iter().collect();
                    page += &format!("Lost: {}\n\n", if lost.is_empty() { "nothing".into() } else { lost.join(", ") });
                    page += &format!("```json\n{}\n```\n", laid_out(&written));
                    let difference = case::difference(&print::request(&request), &again);
                    if !difference.is_empty() {
                        page += &format!("\nUnderstood there as:\n\n```diff\n{difference}```\n");
                    }
                }
                Err(fault) => page += &format!("Refused: {}: {}\n", fault.kind.as_str(), fault.message),
            }
        }
        case.expect("written.md", &page, &mut wrong);
    }
    case::none(&wrong);
}

fn read<'a>(case: &Case, dialect: Dialect, text: &'a str) -> Request<'a> {
    // What some dialects say in the path.
    let path_says = matches!(dialect, Dialect::Gemini | Dialect::Bedrock);
    let asked = Asked {
        model: Some(targets::usual_model(dialect)),
        stream: path_says && case.name.ends_with("_streamed"),
        json_array: false,
    };
    let read = codec::of(dialect).read_request(text.as_bytes(), &asked);
    read.unwrap_or_else(|fault| panic!("{} in {}: {fault:?}\n{text}", case.name, dialect.as_str()))
}
