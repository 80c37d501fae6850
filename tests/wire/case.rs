//! The folders of the suite, and what is expected of them.

use std::fs;
use std::path::{Path, PathBuf};

use outrider::canonical::Dialect;

/// One folder: the same thing said in several dialects.
pub struct Case {
    /// `requests/tool_loop`.
    pub name: String,
    folder: PathBuf,
}

/// The cases of one kind, in the order of their names.
pub fn all(kind: &str) -> Vec<Case> {
    let folder = root().join("tests/wire").join(kind);
    let mut cases: Vec<Case> = fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .map(|folder| Case { name: format!("{kind}/{}", folder.file_name().unwrap().to_string_lossy()), folder })
        .collect();
    cases.sort_by(|one, two| one.name.cmp(&two.name));
    assert!(cases.len() > 9, "the cases of {kind} are gone");
    cases
}

/// The repository.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

impl Case {
    /// The file of that name, where there is one.
    pub fn file(&self, name: &str) -> Option<String> {
        fs::read_to_string(self.folder.join(name)).ok()
    }

    /// What is written in each dialect, in the order of [`Dialect::ALL`]. The first is what the case is translated
    /// from.
    pub fn sources(&self, ending: impl Fn(Dialect) -> &'static str) -> Vec<(Dialect, String)> {
        let source = |dialect: Dialect| {
            let name = format!("{}.{}", dialect.as_str(), ending(dialect));
            self.file(&name).map(|text| (dialect, text))
        };
        let sources: Vec<_> = Dialect::ALL.into_iter().filter_map(source).collect();
        assert!(!sources.is_empty(), "{}: says nothing in any dialect", self.name);
        sources
    }

    /// Asserts that the file says `text`; with `OUTRIDER_BLESS=1`, makes it so.
    pub fn expect(&self, file: &str, text: &str, wrong: &mut Vec<String>) {
        let text = text.trim_end().to_owned() + "\n";
        let expected = self.file(file);
        if expected.as_deref() == Some(&text) {
            return;
        }
        if std::env::var_os("OUTRIDER_BLESS").is_some() {
            fs::write(self.folder.join(file), text).unwrap();
            return;
        }
        let difference = difference(&expected.unwrap_or_default(), &text);
        wrong.push(format!("{}/{file}: expected (-) and found (+):\n{difference}", self.name));
    }

    /// Asserts that the canonical form of `dialect`'s file is the case's. Where the dialect has no word for something,
    /// or another one, the difference is a file of its own.
    pub fn expect_canonical(&self, dialect: Dialect, first: Dialect, text: &str, wrong: &mut Vec<String>) {
        if dialect == first {
            return self.expect("canonical.txt", text, wrong);
        }
        let difference = difference(&self.file("canonical.txt").unwrap_or_default(), text);
        self.expect_difference(&format!("canonical.{}.diff", dialect.as_str()), &difference, wrong);
    }

    /// Asserts that `difference` is what the file says, and nothing where there is no file.
    pub fn expect_difference(&self, file: &str, difference: &str, wrong: &mut Vec<String>) {
        match self.file(file) {
            None if difference.is_empty() => {}
            Some(_) if difference.is_empty() => wrong.push(format!("{}/{file}: there is no difference", self.name)),
            _ => self.expect(file, difference, wrong),
        }
    }
}

/// Fails with everything that is wrong.
pub fn none(wrong: &[String]) {
    assert!(wrong.is_empty(), "{}\n(OUTRIDER_BLESS=1 writes what was found; look at every line)", wrong.join("\n"));
}

/// The lines that only `one` has (`-`) and those that only `two` has (`+`), in their order.
pub fn difference(one: &str, two: &str) -> String {
    let (one, two): (Vec<_>, Vec<_>) = (one.lines().collect(), two.lines().collect());
    // How many lines the rests have in common.
    let mut common = vec![vec![0_usize; two.len() + 1]; one.len() + 1];
    for left in (0..one.len()).rev() {
        for right in (0..two.len()).rev() {
            common[left][right] = match one[left] == two[right] {
                true => common[left + 1][right + 1] + 1,
                false => common[left + 1][right].max(common[left][right + 1]),
            };
        }
    }
    let (mut left, mut right, mut out) = (0, 0, String::new());
    while left < one.len() || right < two.len() {
        if left < one.len() && right < two.len() && one[left] == two[right] {
            (left, right) = (left + 1, right + 1);
        } else if right == two.len() || (left < one.len() && common[left + 1][right] >= common[left][right + 1]) {
            out += &format!("- {}\n", one[left]);
            left += 1;
        } else {
            out += &format!("+ {}\n", two[right]);
            right += 1;
        }
    }
    out
}

#[test]
fn a_difference_is_seen() {
    assert_eq!(difference("a\nb\nc", "a\nc"), "- b\n");
    assert_eq!(difference("a\nc", "a\nb\nc\nd"), "+ b\n+ d\n");
    assert_eq!(difference("a\nb", "a\nb"), "");
}
