//! Reads a tree of YAML into settings and collects everything that is wrong on the way.
//!
//! The reader knows where it is (for the path in a problem) and what the process can be asked; what a setting
//! looks like is known by its [`Setting`]. A part that can not be read leaves its default behind and a problem here,
//! so that one run reports all.

use std::collections::HashMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::expand::{Unexpanded, expand};
use super::nearest::{nearest, quoted};
use super::setting::{Field, Setting};
use super::yaml::{At, Data, Entry, Node};
use super::{Environment, Place, Problem};

/// The walk over one file.
pub struct Reader<'a> {
    env: &'a dyn Environment,
    file: Arc<str>,
    /// Files that the configuration names are looked for from here.
    folder: PathBuf,
    path: String,
    /// What is wrong.
    pub(super) problems: Vec<Problem>,
    /// What is unwise.
    pub(super) warnings: Vec<Problem>,
    /// Files that were read.
    pub(super) files: Vec<PathBuf>,
}

impl<'a> Reader<'a> {
    /// At the root of `file`.
    pub fn new(file: &str, env: &'a dyn Environment) -> Self {
        let folder = Path::new(file).parent().unwrap_or(Path::new("")).to_owned();
        let (problems, warnings, files) = Default::default();
        Self { env, file: file.into(), folder, path: String::new(), problems, warnings, files }
    }

    /// The place `at` on the path walked so far.
    pub fn place(&self, at: At) -> Place {
        Place { file: self.file.clone(), line: at.line, column: at.column, path: self.path.as_str().into() }
    }

    /// Notes that something here is wrong. `None`, for the caller to return.
    pub fn wrong<T>(&mut self, at: At, what: impl Into<String>, help: impl Into<String>) -> Option<T> {
        let problem = Problem::new(self.place(at), what).help(help);
        self.problems.push(problem);
        None
    }

    /// Notes that the value is not of the wanted type. `None`, for the caller to return.
    pub fn unexpected<T>(&mut self, node: &Node, wanted: &str) -> Option<T> {
        let problem = Problem::new(self.place(node.at), format!("expected {wanted}, found {}", found(node)));
        self.problems.push(problem);
        None
    }

    /// Notes that something here is unwise.
    pub fn warn(&mut self, at: At, what: impl Into<String>, help: impl Into<String>) {
        let warning = Problem::new(self.place(at), what).help(help);
        self.warnings.push(warning);
    }

    /// The text of a scalar, with its `${VARIABLE}`s replaced.
    pub fn text(&mut self, node: &Node, wanted: &str) -> Option<String> {
        let Data::Scalar(text) = &node.data else { return self.unexpected(node, wanted) };
        let env = self.env;
        match expand(text, |name| env.variable(name)) {
            Ok(text) => Some(text),
            Err(Unexpanded::Missing(name)) => self.wrong(
                node.at,
                format!("the environment variable `{name}` is not set"),
                format!("set it, or give a default with `${{{name}:-default}}`"),
            ),
            Err(Unexpanded::Unclosed) => self.wrong(node.at, "`${` has no `}`", "`$${` is a plain `${`"),
            Err(Unexpanded::NotAName(_)) => self.wrong(
                node.at,
                "what stands in `${}` is not the name of an environment variable",
                "write `${NAME}` or `${NAME:-default}`; `$${` is a plain `${`",
            ),
        }
    }

    /// `path`, from the folder of the configuration file.
    pub fn beside(&self, path: &str) -> PathBuf {
        self.folder.join(path)
    }

    /// The content of a file that the configuration names; a reload watches it.
    pub fn file(&mut self, at: At, path: &str, most: u64) -> Option<Vec<u8>> {
        let path = self.beside(path);
        self.files.push(path.clone());
        match self.env.file(&path, most) {
            Ok(bytes) => Some(bytes),
            Err(error) => {
                let help = match error.kind() {
                    ErrorKind::NotFound => "the path is taken from the folder of this configuration file",
                    ErrorKind::PermissionDenied => "let the user that runs outrider read it",
                    _ => "name a file that can be read",
                };
                self.wrong(at, format!("the file {} can not be read: {error}", path.display()), help)
            }
        }
    }

    /// Reads what came from another `file`: problems are told with their places there.
    pub fn of_file<T>(&mut self, file: &Path, read: impl FnOnce(&mut Self) -> T) -> T {
        let mut other = Self::new(&file.to_string_lossy(), self.env);
        let result = read(&mut other);
        self.problems.append(&mut other.problems);
        self.warnings.append(&mut other.warnings);
        result
    }

    /// The entries of a map, each name once.
    pub fn entries<'n>(&mut self, node: &'n Node, wanted: &str) -> Option<Vec<&'n Entry>> {
        let Data::Map(entries) = &node.data else { return self.unexpected(node, wanted) };
        let mut first: HashMap<&str, At> = HashMap::new();
        let mut unique = Vec::with_capacity(entries.len());
        for entry in entries {
            match first.get(&*entry.name) {
                None => {
                    first.insert(&entry.name, entry.at);
                    unique.push(entry);
                }
                Some(earlier) => self.inside(&Step::Name(&entry.name), |reader| {
                    let what = format!("`{}` stands here twice, first in line {}", entry.name, earlier.line);
                    reader.wrong(entry.at, what, "keep one of them").unwrap_or_default()
                }),
            }
        }
        Some(unique)
    }

    /// Reads the value of an entry into its place; nothing said keeps the default.
    pub fn fill<T: Setting>(&mut self, entry: &Entry, setting: &mut T) {
        if entry.value.data == Data::Null {
            return;
        }
        if let Some(value) = self.inside(&Step::Name(&entry.name), |reader| T::read(&entry.value, reader)) {
            *setting = value;
        }
    }

    /// Notes a key that is not among `known`. Keys of the language that this version does not have yet are told apart
    /// from slips, so that nobody believes a limit or a rule to be in force that is not.
    pub fn unknown(&mut self, entry: &Entry, known: &[Field], later: &[&str]) {
        let (what, help) = match later.contains(&&*entry.name) {
            true => (not_yet(&entry.name), "take it out".to_owned()),
            false => {
                let known: Vec<&str> = known.iter().map(|field| field.key).collect();
                (format!("unknown key `{}`", entry.name), suggestion(&entry.name, &known))
            }
        };
        self.inside(&Step::Name(&entry.name), |reader| reader.wrong(entry.at, what, help).unwrap_or_default())
    }

    /// Runs `read` one step further down.
    pub fn inside<T>(&mut self, step: &Step<'_>, read: impl FnOnce(&mut Self) -> T) -> T {
        let here = self.path.len();
        step.append_to(&mut self.path);
        let result = read(self);
        self.path.truncate(here);
        result
    }
}

/// One step of a path.
pub enum Step<'a> {
    /// The entry of a map.
    Name(&'a str),
    /// The item of a list.
    Index(usize),
}

impl Step<'_> {
    fn append_to(&self, path: &mut String) {
        match self {
            Step::Index(index) => path.push_str(&format!("[{index}]")),
            Step::Name(name) if name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-".contains(&b)) => {
                let dot = if path.is_empty() { "" } else { "." };
                path.push_str(dot);
                path.push_str(name);
            }
            Step::Name(name) => path.push_str(&format!("[{name:?}]")),
        }
    }
}

/// What a problem says of a part of the language that is still to come.
pub fn not_yet(name: &str) -> String {
    format!("`{name}` is not supported by this version yet")
}

/// The remedy for a word that is not among `known`.
pub fn suggestion(word: &str, known: &[&str]) -> String {
    match nearest(word, known.iter().copied(), 1).first() {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("known here: {}", quoted(known.iter().copied())),
    }
}

/// What was found instead, as the file spells it.
fn found(node: &Node) -> String {
    match &node.data {
        Data::Null => "nothing".to_owned(),
        Data::List(_) => "a list".to_owned(),
        Data::Map(_) => "a map".to_owned(),
        Data::Scalar(text) if text.chars().count() > 40 => {
            format!("`{}...`", text.chars().take(40).collect::<String>())
        }
        Data::Scalar(text) => format!("`{text}`"),
    }
}
