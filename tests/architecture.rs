//! The arrows of docs/ARCHITECTURE.md: a part may import only the parts below it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Each part, with everything that it may import. Whoever adds an arrow adds it here, on purpose.
const ARROWS: &[(&str, &[&str])] = &[
    ("names", &[]),
    ("units", &[]),
    ("money", &[]),
    ("recent", &[]),
    ("canonical", &["names"]),
    ("catalogue", &["names", "money", "canonical"]),
    ("config", &["names", "units", "money"]),
    ("trust", &["recent"]),
    ("upstream", &["names", "canonical"]),
    ("dialect", &["names", "canonical", "upstream"]),
    ("health", &["names", "canonical"]),
    ("telemetry", &["names", "money", "canonical", "config"]),
    ("provider", &["names", "canonical", "catalogue", "upstream", "dialect", "health"]),
    ("routing", &["names", "units", "money", "canonical", "catalogue", "upstream", "dialect", "health", "provider"]),
    ("ledger", &["names", "money", "canonical", "catalogue", "telemetry", "routing"]),
    (
        "snapshot",
        &[
            "names",
            "money",
            "canonical",
            "catalogue",
            "config",
            "upstream",
            "dialect",
            "health",
            "ledger",
            "provider",
            "routing",
            "trust",
            "recent",
        ],
    ),
    (
        "openrouter",
        &[
            "names",
            "money",
            "canonical",
            "catalogue",
            "config",
            "upstream",
            "dialect",
            "health",
            "telemetry",
            "provider",
            "routing",
            "ledger",
            "snapshot",
        ],
    ),
    (
        "exchange",
        &[
            "names",
            "units",
            "money",
            "canonical",
            "catalogue",
            "openrouter",
            "upstream",
            "dialect",
            "health",
            "telemetry",
            "provider",
            "routing",
            "ledger",
            "snapshot",
        ],
    ),
    (
        "listener",
        &[
            "names",
            "recent",
            "canonical",
            "openrouter",
            "upstream",
            "trust",
            "dialect",
            "telemetry",
            "provider",
            "routing",
            "ledger",
            "snapshot",
            "exchange",
        ],
    ),
    (
        "admin",
        &[
            "names",
            "money",
            "canonical",
            "upstream",
            "health",
            "telemetry",
            "provider",
            "routing",
            "ledger",
            "snapshot",
            "exchange",
        ],
    ),
    ("inject", &["trust"]),
    ("redirect", &[]),
    (
        "app",
        &[
            "inject",
            "config",
            "openrouter",
            "trust",
            "upstream",
            "health",
            "telemetry",
            "provider",
            "ledger",
            "snapshot",
            "exchange",
            "listener",
            "admin",
        ],
    ),
    (
        "cli",
        &[
            "inject",
            "redirect",
            "money",
            "catalogue",
            "config",
            "trust",
            "health",
            "telemetry",
            "provider",
            "ledger",
            "snapshot",
            "exchange",
            "app",
        ],
    ),
    ("main", &["cli"]),
];

/// Where Pingora's types may be named. Everything else is free of the proxy engine.
const PINGORA: &[&str] = &["upstream", "listener", "admin", "app"];

/// What no dialect and no canonical type may do.
const PURE: &[&str] = &["canonical", "dialect"];

#[test]
fn no_part_imports_a_part_above_it() {
    let allowed: BTreeMap<_, _> = ARROWS.iter().copied().collect();
    let mut wrong = Vec::new();
    for (part, file, line) in imports() {
        let rules = allowed.get(part.as_str()).unwrap_or_else(|| panic!("{part} is a part without arrows"));
        for imported in parts_named(&line) {
            if imported != part && !rules.contains(&imported.as_str()) {
                wrong.push(format!("{}: {part} -> {imported}: {}", file.display(), line.trim()));
            }
        }
    }
    assert!(wrong.is_empty(), "arrows that go up:\n{}", wrong.join("\n"));
}

#[test]
fn pingora_stays_at_the_two_ends() {
    let wrong = lines().filter(|(part, ..)| !PINGORA.contains(&part.as_str()));
    let wrong: Vec<_> = wrong.filter(|(_, _, line)| code(line).contains("pingora_")).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn what_is_pure_does_no_io_and_reads_no_clock() {
    let forbidden = ["tokio::", "std::net", "std::fs", "Instant::now", "SystemTime::now", "tracing::"];
    let pure = lines().filter(|(part, ..)| PURE.contains(&part.as_str()));
    let wrong: Vec<_> = pure.filter(|(_, _, line)| forbidden.iter().any(|word| code(line).contains(word))).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Lines that name another part, outside of tests.
fn imports() -> impl Iterator<Item = (String, PathBuf, String)> {
    lines().filter(|(_, _, line)| code(line).contains("crate::"))
}

/// The parts that a line names: `use crate::health::X` or `crate::health::X` in the code.
fn parts_named(line: &str) -> Vec<String> {
    let after = code(line).split("crate::").skip(1).map(str::to_owned).collect::<Vec<_>>();
    let first = after.iter().map(|rest| rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect());
    first.filter(|part: &String| !part.is_empty()).collect()
}

/// A line without its comment.
fn code(line: &str) -> &str {
    line.split("//").next().unwrap_or_default()
}

/// Every line of the product with its part, up to the tests of each file.
fn lines() -> impl Iterator<Item = (String, PathBuf, String)> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    collect(&source, &mut files);
    assert!(files.len() > 50, "the source was not found");
    files.into_iter().flat_map(move |file| {
        let inner = file.strip_prefix(&source).expect("below src").to_owned();
        let part = inner.components().next().expect("a file").as_os_str().to_string_lossy().replace(".rs", "");
        let text = fs::read_to_string(&file).expect("readable");
        let product = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default().to_owned();
        let lines: Vec<_> = product.lines().map(|line| (part.clone(), inner.clone(), line.to_owned())).collect();
        let of_tests = inner.components().any(|step| matches!(step.as_os_str().to_str(), Some("tests" | "tests.rs")));
        let about_parts =
            part != "lib" && !of_tests && !inner.ends_with("fixture.rs") && !inner.ends_with("stories.rs");
        lines.into_iter().filter(move |_| about_parts)
    })
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
        if entry.is_dir() {
            collect(&entry, files);
        } else if entry.extension().is_some_and(|kind| kind == "rs") {
            files.push(entry);
        }
    }
}
