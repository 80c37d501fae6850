//! What the operator said.
//!
//! One YAML file, read strictly: every problem is collected, with its place and its remedy. Nothing is decided here;
//! [`schema`] describes what can be said, [`crate::snapshot`] makes of it what will be done. What is read from the
//! process (variables, files with secrets) comes through [`Environment`].

pub mod bounds;
mod environment;
mod expand;
pub mod forms;
pub mod money;
pub mod nearest;
mod problem;
mod reader;
pub mod schema;
pub mod scores;
pub mod secret;
pub mod setting;
pub mod units;
pub mod waits;
mod words;
pub mod yaml;

use std::path::{Path, PathBuf};

#[cfg(test)]
pub use environment::Fake;
pub use environment::{Environment, Process};
pub use problem::{Place, Problem, Problems};
pub use reader::Reader;
pub use schema::Config;
pub use setting::Setting;

/// Far more than any configuration, or any list of certificates; a path that points at something else is told from one.
const LARGEST: u64 = 4 * 1024 * 1024;

/// A configuration without problems.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// What was said.
    pub config: Config,
    /// What is unwise, but works.
    pub warnings: Vec<Problem>,
    /// The files that secrets and certificates were read from: a change of theirs is a change of the configuration.
    pub files: Vec<PathBuf>,
}

/// Reads the file at `path`.
pub fn load(path: &Path, env: &dyn Environment) -> Result<Loaded, Problems> {
    let (loaded, problems) = read(path, env)?;
    problems.or(loaded)
}

/// Reads `text`, which came from `file`.
pub fn parse(text: &str, file: &str, env: &dyn Environment) -> Result<Loaded, Problems> {
    let (loaded, problems) = read_text(text, file, env)?;
    problems.or(loaded)
}

/// Reads as much as can be read of the file at `path`; the problems are what could not. `Err`: nothing could.
pub fn read(path: &Path, env: &dyn Environment) -> Result<(Loaded, Problems), Problems> {
    let file = path.to_string_lossy();
    let whole = |what: String, help: &str| {
        let place = Place { file: file.as_ref().into(), ..Place::default() };
        Problems(vec![Problem::new(place, what).help(help)])
    };
    let bytes = env.file(path, LARGEST).map_err(|error| match error.kind() {
        std::io::ErrorKind::FileTooLarge => whole("larger than 4 MiB".into(), "is this the configuration file?"),
        _ => whole(format!("can not be read: {error}"), "name a configuration file that can be read"),
    })?;
    let text = String::from_utf8(bytes).map_err(|error| {
        let line = 1 + error.as_bytes()[..error.utf8_error().valid_up_to()].iter().filter(|b| **b == b'\n').count();
        whole(format!("line {line} is not UTF-8 text"), "save the file as UTF-8")
    })?;
    read_text(&text, &file, env)
}

fn read_text(text: &str, file: &str, env: &dyn Environment) -> Result<(Loaded, Problems), Problems> {
    let mut reader = Reader::new(file, env);
    let mut bad = Vec::new();
    let root = yaml::read(text, &mut bad).map_err(|end| bad.push(end)).ok();
    for yaml::Bad { at, what } in bad {
        reader.problems.push(Problem::new(reader.place(at), what));
    }
    let Some(root) = root else { return Err(Problems(reader.problems)) };
    let config = match root.data {
        yaml::Data::Null => Config::default(),
        _ => Config::read(&root, &mut reader).unwrap_or_default(),
    };
    let mut problems = Problems(reader.problems);
    problems.conclude(Vec::new());
    Ok((Loaded { config, warnings: reader.warnings, files: reader.files }, problems))
}

#[cfg(test)]
mod reference;
#[cfg(test)]
mod tests;
