//! How good models are, and how good they have to be.

use std::path::Path;

use serde_json::{Value, json};

use crate::config::forms::Content;
use crate::config::reader::{Reader, Step};
use crate::config::scores;
use crate::config::setting::{Field, Located, Named, Setting};
use crate::config::units::Share;
use crate::config::yaml::{Data, Node};

/// Scores of models, by their names.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Quality {
    /// Those that stand here.
    pub here: Named<Scores>,
    /// Those of a table.
    pub table: Option<Table>,
}

/// A table of scores in a file of its own.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// Where it is.
    pub file: Content,
    /// What it says.
    pub scores: Named<Scores>,
}

/// Numbers from 0 to 1 for tasks: one for all of them, or a map in which `other` is for those that are not named.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scores {
    /// For all tasks that are not named.
    pub other: Option<Score>,
    /// For single ones.
    pub tasks: Vec<(Located<String>, Score)>,
}

/// A number from 0 to 1, or from `0%` to `100%`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Score(pub f32);

/// In the place of a model's name: a table.
const FILE: &str = "file";

/// In the place of a task's name: all others.
pub const OTHER: &str = "other";

impl Setting for Quality {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let mut quality = Self::default();
        let Data::Map(entries) = &node.data else {
            return reader.unexpected(node, "a map of models with their scores");
        };
        let (tables, lines): (Vec<_>, Vec<_>) = entries.iter().cloned().partition(|entry| entry.name == FILE);
        quality.here = Named::read(&Node { at: node.at, data: Data::Map(lines) }, reader)?;
        for entry in tables {
            let read = |reader: &mut Reader<'_>| Content::read(&entry.value, reader);
            let Some(file) = reader.inside(&Step::Name(FILE), read) else { continue };
            let scores = reader.of_file(Path::new(&file.path), |reader| scores::read(&file, reader));
            quality.table = Some(Table { file, scores });
        }
        Some(quality)
    }

    fn show(&self) -> Value {
        let mut all = self.here.show();
        if let (Some(table), Value::Object(all)) = (&self.table, &mut all) {
            all.insert(FILE.to_owned(), table.file.show());
        }
        all
    }

    fn fields() -> &'static [Field] {
        &[Field {
            key: FILE,
            manual: "A table of scores, as CSV (columns model, task, score), YAML or JSON. What stands beside it counts more. \
                     A changed file is taken over at once.",
            fields: Scores::fields,
        }]
    }
}

impl Setting for Scores {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        if !matches!(node.data, Data::Map(_)) {
            return Score::read(node, reader).map(|score| Self { other: Some(score), tasks: Vec::new() });
        }
        let Named(mut tasks) = Named::<Option<Score>>::read(node, reader)?;
        let other = tasks.iter().position(|(task, _)| task.value == OTHER).map(|at| tasks.remove(at).1);
        let tasks: Vec<_> = tasks.into_iter().filter_map(|(task, score)| Some((task, score?))).collect();
        let nothing = matches!(&node.data, Data::Map(said) if said.is_empty());
        match (other.flatten(), tasks.is_empty()) {
            (None, true) if !nothing => None, // which has been told
            (None, true) => reader.unexpected(node, "a score from 0 to 1, or a map of tasks with their scores"),
            (other, _) => Some(Self { other, tasks }),
        }
    }

    fn show(&self) -> Value {
        if self.tasks.is_empty() {
            return self.other.show();
        }
        let tasks = self.tasks.iter().map(|(task, score)| (task.value.clone(), score.show()));
        tasks.chain(self.other.map(|score| (OTHER.to_owned(), score.show()))).collect()
    }
}

impl Setting for Score {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let wanted = "a score from 0 to 1, or from 0% to 100%";
        let text = reader.text(node, wanted)?;
        if text.ends_with('%') {
            return Share::read(node, reader).map(|share| Self(share.0 as f32));
        }
        match text.parse::<f32>().ok().filter(|score| (0.0..=1.0).contains(score)) {
            Some(score) => Some(Self(score)),
            None => reader.unexpected(node, wanted),
        }
    }

    fn show(&self) -> Value {
        // Numbers such as 0.7 have no exact form in binary.
        json!((f64::from(self.0) * 1e6).round() / 1e6)
    }
}
