//! What is wrong with a configuration, where, and what would be right.
//!
//! A problem is shown as `file:line:column: path: what` with the remedy on a line of its own, so that editors and
//! terminals make the place a link. The text of a problem quotes what stands in the file, never what a `${VARIABLE}`
//! or a secret's file turned it into.

use std::fmt;
use std::sync::Arc;

/// Every problem of one configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Problems(pub Vec<Problem>);

/// One thing that is wrong (or, as a warning, unwise).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where.
    pub place: Place,
    /// What is wrong.
    pub what: String,
    /// What would be right.
    pub help: Option<String>,
}

/// A place in a configuration file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The file, as the operator named it.
    pub file: Arc<str>,
    /// The line, from 1; 0 where the problem is not in a line.
    pub line: usize,
    /// The column, from 1.
    pub column: usize,
    /// The way there in YAML: `models.smart.targets[1].use`.
    pub path: Arc<str>,
}

impl Problem {
    /// A problem without a remedy.
    pub fn new(place: Place, what: impl Into<String>) -> Self {
        Self { place, what: what.into(), help: None }
    }

    /// The same problem with its remedy.
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

impl Problems {
    /// Adds conclusions drawn from what was read, but none that rests on a part which could not be read: that
    /// the provider of a misspelt `api_kye` has no key is no news.
    pub fn conclude(&mut self, conclusions: Vec<Problem>) {
        let unread = std::mem::take(&mut self.0);
        let sound = |p: &Problem| !unread.iter().any(|q| p.place.holds(&q.place) || q.place.holds(&p.place));
        self.0 = conclusions.into_iter().filter(sound).collect();
        self.0.extend(unread);
        self.0.sort_by_key(|p| (p.place.line, p.place.column));
    }

    /// `value`, or the problems if there are any.
    pub fn or<T>(self, value: T) -> Result<T, Self> {
        if self.0.is_empty() { Ok(value) } else { Err(self) }
    }
}

impl Place {
    /// `other` is this place or lies within it.
    fn holds(&self, other: &Place) -> bool {
        match other.path.strip_prefix(&*self.path) {
            Some(rest) => self.path.is_empty() || rest.is_empty() || rest.starts_with(['.', '[']),
            None => false,
        }
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            problem.fmt(f)?;
        }
        Ok(())
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.what)?;
        match &self.help {
            Some(help) => write!(f, "\n    help: {help}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if self.line > 0 {
            write!(f, ":{}:{}", self.line, self.column)?;
        }
        if !self.path.is_empty() {
            write!(f, ": {}", self.path)?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(line: usize, path: &str) -> Problem {
        Problem::new(Place { file: "f.yaml".into(), line, column: 3, path: path.into() }, "is wrong")
    }

    #[test]
    fn shown_as_a_link_and_a_remedy() {
        let problems = Problems(vec![problem(12, "a.b[1]").help("do better"), problem(0, "")]);
        assert_eq!(problems.to_string(), "f.yaml:12:3: a.b[1]: is wrong\n    help: do better\nf.yaml: is wrong");
    }

    #[test]
    fn conclusions_from_unread_parts_are_dropped() {
        let check = |unread: &str, conclusion: &str, kept: bool| {
            let mut problems = Problems(vec![problem(1, unread)]);
            problems.conclude(vec![problem(2, conclusion)]);
            assert_eq!(problems.0.len() == 2, kept, "{unread} / {conclusion}");
        };
        check("a.b", "a.b", false);
        check("a.b.c", "a.b", false);
        check("a.b[0]", "a.b", false);
        check("a.b", "a.b.c", false);
        check("a.bb", "a.b", true);
        check("x", "a.b", true);
        check("x", "", false);
    }
}
