//! Tables of scores: CSV, YAML or JSON, as spreadsheets and evaluations write them.
//!
//! Each becomes the tree that the configuration itself is read from, so that what is wrong is told with its line.

use std::collections::{HashMap, HashSet};

use super::forms::Content;
use super::reader::Reader;
use super::schema::{OTHER, Score, Scores};
use super::setting::{Located, Named, OneOrMore, Setting, key, settings};
use super::yaml::{self, At, Data, Entry, Node};

/// Enough to see what is wrong with a table.
const MOST_PROBLEMS: usize = 20;

/// More models and tasks than anybody evaluates.
const MOST_LINES: usize = 20_000;

settings! {
    /// One line of a table.
    pub struct Line {
        /// The model, as in `quality`.
        model: Option<Located<String>> = None,
        /// The task. None, or `other`: all that are not named.
        task: Option<Located<String>> = None,
        /// How good it is.
        score: Option<Score> = None,
    }
}

/// The scores in `file`; what is wrong with them is told to `reader`, which is at that file.
pub fn read(file: &Content, reader: &mut Reader<'_>) -> Named<Scores> {
    let top = At { line: 1, column: 1 };
    let Ok(text) = std::str::from_utf8(&file.bytes) else {
        reader.wrong::<()>(top, "not UTF-8 text", "give a table as CSV, YAML or JSON");
        return Named::default();
    };
    let is = |ending: &str| file.path.extension().is_some_and(|own| own.eq_ignore_ascii_case(ending));
    let tree = match is("csv") || is("tsv") {
        true => of_csv(text, reader),
        false => of_yaml(text, reader),
    };
    let read = tree.and_then(|tree| match &tree.data {
        Data::Map(_) => Named::read(&tree, reader),
        Data::List(_) => OneOrMore::read(&tree, reader).map(|lines| gathered(lines, reader)),
        _ => reader.unexpected(&tree, "models with their scores, or a list of `{model, task, score}`"),
    });
    let problems = reader.problems.len();
    if problems > MOST_PROBLEMS {
        reader.problems.truncate(MOST_PROBLEMS);
        reader.wrong::<()>(top, format!("{} more lines have problems", problems - MOST_PROBLEMS), "mend these first");
    }
    read.unwrap_or_default()
}

fn of_yaml(text: &str, reader: &mut Reader<'_>) -> Option<Node> {
    let mut bad = Vec::new();
    let root = yaml::read(text, &mut bad).map_err(|end| bad.push(end)).ok();
    for yaml::Bad { at, what } in bad {
        reader.wrong::<()>(at, what, "give a table as CSV, YAML or JSON");
    }
    root
}

fn of_csv(text: &str, reader: &mut Reader<'_>) -> Option<Node> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let head = text.lines().next().unwrap_or_default();
    let delimiter = [b'\t', b';'].into_iter().find(|byte| head.as_bytes().contains(byte)).unwrap_or(b',');
    let mut table = csv::ReaderBuilder::new();
    let mut table = table.delimiter(delimiter).trim(csv::Trim::All).from_reader(text.as_bytes());
    let top = At { line: 1, column: 1 };
    let columns: Vec<String> = table.headers().ok()?.iter().map(str::to_ascii_lowercase).collect();
    if !["model", "score"].iter().all(|wanted| columns.iter().any(|column| column == wanted)) {
        let what = "the first line does not name the columns `model` and `score`";
        return reader.wrong(top, what, "begin the table with `model,task,score`");
    }
    let mut lines = Vec::new();
    for record in table.records() {
        if lines.len() == MOST_LINES {
            return reader.wrong(
                top,
                format!("more than {MOST_LINES} lines"),
                "leave out models that are not used here",
            );
        }
        match record {
            Err(error) => {
                let line = error.position().map_or(1, |at| at.line() as usize);
                let what = match error.kind() {
                    csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
                        format!("{len} columns, where the first line has {expected_len}")
                    }
                    _ => "not a line of CSV".to_owned(),
                };
                reader.wrong::<()>(At { line, column: 1 }, what, "give each line as many columns as the first");
            }
            Ok(record) => {
                let at = At { line: record.position().map_or(1, |at| at.line() as usize), column: 1 };
                let wanted = |column: &str| matches!(column, "model" | "task" | "score");
                let cells =
                    columns.iter().zip(record.iter()).filter(|(column, cell)| wanted(column) && !cell.is_empty());
                let entry = |(column, cell): (&String, &str)| Entry {
                    name: column.clone(),
                    at,
                    value: Node { at, data: Data::Scalar(cell.to_owned()) },
                };
                lines.push(Node { at, data: Data::Map(cells.map(entry).collect()) });
            }
        }
    }
    Some(Node { at: top, data: Data::List(lines) })
}

/// The lines of each model together.
fn gathered(OneOrMore(lines): OneOrMore<Located<Line>>, reader: &mut Reader<'_>) -> Named<Scores> {
    let mut all = Named::<Scores>::default();
    let mut places: HashMap<String, usize> = HashMap::new();
    let mut seen = HashSet::new();
    let told: HashSet<usize> = reader.problems.iter().map(|problem| problem.place.line).collect();
    for Located { value: line, place } in lines {
        let at = At { line: place.line, column: place.column };
        let (Some(model), Some(score)) = (line.model, line.score) else {
            // A score that cannot be read has been told of.
            if !told.contains(&place.line) {
                reader.wrong::<()>(at, "the line has no model or no score", "give `model`, `task` and `score`");
            }
            continue;
        };
        let name = model.value.to_ascii_lowercase();
        let task = line.task.filter(|task| task.value != OTHER);
        if !seen.insert((name.clone(), task.as_ref().map(|task| task.value.to_ascii_lowercase()))) {
            reader.wrong::<()>(at, format!("`{}` has this task twice", model.value), "keep one of the lines");
        }
        let place = *places.entry(name).or_insert_with(|| {
            all.0.push((model, Scores::default()));
            all.0.len() - 1
        });
        let scores = &mut all.0[place].1;
        match task {
            None => scores.other = Some(score),
            Some(task) => scores.tasks.push((task, score)),
        }
    }
    all
}
