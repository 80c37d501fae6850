//! The list of edge cases and the tests that hold them: `edge_cases.md` tells each number, what it is about, and every
//! test or wire case that has the number in its name.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use super::case::root;

/// How many there are.
const CASES: u16 = 158;

/// What stands in the place of tests where a case is none of ours, before the reason.
const NOT_OURS: &str = "Not ours: ";

#[test]
fn every_edge_case_is_held_by_name() {
    let table = root().join("tests/wire/edge_cases.md");
    let text = fs::read_to_string(&table).unwrap();
    let held = holders();
    let mut numbers = BTreeSet::new();
    let mut found = String::new();
    let (mut missing, mut stale) = (Vec::new(), Vec::new());
    for line in text.lines() {
        let Some((number, what, old)) = row(line) else {
            found += &format!("{line}\n");
            continue;
        };
        assert!(numbers.insert(number), "{number} stands there twice");
        assert!(!what.is_empty(), "{number} is about nothing");
        let names: Vec<_> = held.get(&number).into_iter().flatten().map(|name| format!("`{name}`")).collect();
        let reason = old.strip_prefix(NOT_OURS).is_some_and(|reason| reason.len() > 20);
        if names.is_empty() && !reason {
            missing.push(number);
        }
        // New holders may be missing in the table, old ones that are gone may not stand in it.
        let told = old.split("<br>").map(str::to_owned).filter(|_| !reason);
        stale.extend(told.filter(|name| !names.contains(name)).map(|name| format!("{number}: {name}")));
        let by = if names.is_empty() { old.to_owned() } else { names.join("<br>") };
        found += &format!("| {number} | {what} | {by} |\n");
    }
    assert_eq!(numbers, (1..=CASES).collect(), "a line for each number");
    assert!(missing.is_empty(), "held by no `case_NNN_...` and not said to be none of ours: {missing:?}");
    let unknown: Vec<_> = held.keys().filter(|number| !numbers.contains(number)).collect();
    assert!(unknown.is_empty(), "there are no such cases: {unknown:?}");
    if std::env::var_os("OUTRIDER_BLESS").is_some() {
        return fs::write(table, found).unwrap();
    }
    assert!(stale.is_empty(), "edge_cases.md names tests that are gone: {stale:#?}\n(OUTRIDER_BLESS=1 writes it anew)");
}

/// The number, what it is about, and who holds it.
fn row(line: &str) -> Option<(u16, &str, &str)> {
    let mut columns = line.strip_prefix('|')?.strip_suffix('|')?.split(" | ").map(str::trim);
    Some((columns.next()?.parse().ok()?, columns.next()?, columns.next()?))
}

/// Every `case_...` by the numbers in its name: functions of tests, and folders of this suite.
fn holders() -> BTreeMap<u16, BTreeSet<String>> {
    let mut held: BTreeMap<u16, BTreeSet<String>> = BTreeMap::new();
    for folder in ["src", "tests"] {
        walk(&root().join(folder), &mut |name| {
            for number in numbers_in(name) {
                held.entry(number).or_default().insert(name.to_owned());
            }
        });
    }
    held
}

fn walk(path: &Path, found: &mut dyn FnMut(&str)) {
    for entry in fs::read_dir(path).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            if name.starts_with("case_") {
                found(&name);
            }
            walk(&path, found);
        } else if name.ends_with(".rs") {
            let text = fs::read_to_string(&path).unwrap();
            for rest in text.split("fn case_").skip(1) {
                let name: String = rest.chars().take_while(|char| char.is_alphanumeric() || *char == '_').collect();
                found(&format!("case_{name}"));
            }
        }
    }
}

/// `case_004_and_005_x`: 4 and 5; `case_023_to_025_x`: 23, 24, 25.
fn numbers_in(name: &str) -> Vec<u16> {
    let (mut numbers, mut through) = (Vec::new(), false);
    for word in name.split('_').skip(1) {
        let number = word.parse::<u16>().ok().filter(|_| word.len() == 3);
        match (word, number) {
            (_, Some(number)) => {
                let first = numbers.last().filter(|_| through).map_or(number, |last| last + 1);
                numbers.extend(first..=number);
                through = false;
            }
            ("and", _) => {}
            ("to", _) => through = true,
            _ => break,
        }
    }
    numbers
}

#[test]
fn numbers_are_read_from_names() {
    assert_eq!(numbers_in("case_004_and_005_numbers_stay"), [4, 5]);
    assert_eq!(numbers_in("case_023_to_025_and_095_media"), [23, 24, 25, 95]);
    assert_eq!(numbers_in("case_083_cut_at_128_bytes"), [83]);
    assert_eq!(numbers_in("casement"), [0_u16; 0]);
}
