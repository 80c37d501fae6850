//! A table of models, kept as the text that it came as.
//!
//! Three thousand models parsed would be megabytes of which a process looks at a dozen: a row is parsed when it is asked
//! for, and what is kept beside the text is where its rows begin.

use std::borrow::Cow;
use std::fmt;
use std::sync::{Arc, OnceLock};

use super::plain::{dated, plain};
use super::{Facts, Row, Wrong};

/// What the first line of a table begins with.
const MARK: &str = "#outrider-models\t";

/// The format that this version reads.
const FORMAT: u32 = 1;

/// The table that is built in.
const BUILT_IN: &str = include_str!("models.tsv");

/// A table of models.
pub struct Table {
    text: Cow<'static, str>,
    /// The day of which it tells, as `2026-11-21`.
    pub day: Box<str>,
    /// Where the rows begin, in the order of kind and model.
    rows: Vec<u32>,
    /// The same in the order of what the models are called everywhere.
    by_slug: OnceLock<Vec<u32>>,
}

impl Table {
    /// The table that is built in.
    pub fn built_in() -> Arc<Self> {
        static TABLE: OnceLock<Arc<Table>> = OnceLock::new();
        TABLE.get_or_init(|| Arc::new(Self::index(BUILT_IN.into()).unwrap_or_else(|_| Self::empty()))).clone()
    }

    /// The table in a file, every row of which is checked.
    pub fn read(bytes: &[u8]) -> Result<Self, Wrong> {
        let text = std::str::from_utf8(bytes).map_err(|error| {
            let line = 1 + bytes[..error.valid_up_to()].iter().filter(|byte| **byte == b'\n').count();
            Wrong { line, what: "not UTF-8 text".into() }
        })?;
        let table = Self::index(text.to_owned().into())?;
        for (line, row) in lines(text) {
            let wrong = |what| Wrong { line, what };
            Row::parse(row).and_then(|row| row.facts()).map_err(wrong)?;
        }
        let twice = table.rows.windows(2).find(|pair| key(table.at(pair[0])) == key(table.at(pair[1])));
        if let Some(pair) = twice {
            let line = text.as_bytes()[..pair[1] as usize].iter().filter(|byte| **byte == b'\n').count() + 1;
            let row = table.at(pair[1]);
            return Err(Wrong { line, what: format!("`{}` of `{}` stands here twice", row.model, row.kind) });
        }
        Ok(table)
    }

    fn index(text: Cow<'static, str>) -> Result<Self, Wrong> {
        let wrong = |what: String| Wrong { line: 1, what };
        let head = text.lines().next().unwrap_or_default();
        let head = head.strip_prefix(MARK).ok_or_else(|| wrong("not a table of models: it begins otherwise".into()))?;
        let (format, day) = head.split_once('\t').unwrap_or((head, ""));
        match format.parse::<u32>() {
            Ok(FORMAT) => {}
            Ok(newer) if newer > FORMAT => {
                let what = format!("its format {newer} is newer than the {FORMAT} that this version of Outrider reads");
                return Err(wrong(what));
            }
            _ => return Err(wrong(format!("`{format}` is no format of tables of models"))),
        }
        let day = day.into();
        if u32::try_from(text.len()).is_err() {
            return Err(wrong("larger than any table".into()));
        }
        let begin = |row: &str| (row.as_ptr() as usize - text.as_ptr() as usize) as u32;
        let mut rows: Vec<u32> = lines(&text).map(|(_, row)| begin(row)).collect();
        let mut table = Self { text, day, rows: Vec::new(), by_slug: OnceLock::new() };
        if !rows.is_sorted_by(|a, b| key(table.at(*a)) <= key(table.at(*b))) {
            rows.sort_by(|a, b| key(table.at(*a)).cmp(&key(table.at(*b))));
        }
        table.rows = rows;
        Ok(table)
    }

    fn empty() -> Self {
        Self { text: "".into(), day: "".into(), rows: Vec::new(), by_slug: OnceLock::new() }
    }

    /// What is known of a kind's model by exactly that name.
    pub fn exactly(&self, kind: &str, model: &str) -> Option<Row<'_>> {
        let found = self.rows.binary_search_by(|row| key(self.at(*row)).cmp(&(kind, model)));
        found.ok().map(|place| self.at(self.rows[place]))
    }

    /// What is known of a kind's model that is called so everywhere: without a date, else that of the latest.
    pub fn alike(&self, kind: &str, name: &str) -> Option<Row<'_>> {
        let of_kind = self.called(name).filter(|row| row.kind == kind);
        of_kind.max_by_key(|row| dated(row.model).map_or((true, String::new()), |(_, date)| (false, date)))
    }

    /// Every model that is called so everywhere, at whatever kind of provider.
    pub fn called(&self, name: &str) -> impl Iterator<Item = Row<'_>> {
        let name = plain(name);
        let by_slug = self.by_slug();
        let first = by_slug.partition_point(|row| plain(self.at(*row).slug()) < name);
        by_slug[first..].iter().map(|row| self.at(*row)).take_while(move |row| plain(row.slug()) == name)
    }

    /// Every model, in order.
    pub fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        self.rows.iter().map(|row| self.at(*row))
    }

    /// How many models it has.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// As it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    fn by_slug(&self) -> &[u32] {
        self.by_slug.get_or_init(|| {
            let mut rows = self.rows.clone();
            rows.sort_by_cached_key(|row| plain(self.at(*row).slug()));
            rows
        })
    }

    /// The row that begins there.
    fn at(&self, begin: u32) -> Row<'_> {
        let line = self.text[begin as usize..].lines().next().unwrap_or_default();
        Row::parse(line).unwrap_or(Row::NONE)
    }
}

fn key<'a>(row: Row<'a>) -> (&'a str, &'a str) {
    (row.kind, row.model)
}

/// The rows with the numbers of their lines.
fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let numbered = text.lines().enumerate().map(|(place, line)| (place + 1, line));
    numbered.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
}

impl Row<'_> {
    /// What is known of it, where its table was checked.
    pub fn known(&self) -> Facts {
        self.facts().unwrap_or_default()
    }
}

impl fmt::Debug for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Table({} models of {})", self.rows.len(), self.day)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_table_is_good() {
        let table = Table::read(BUILT_IN.as_bytes()).unwrap();
        assert!(table.rows.len() >= 400, "{table:?}");
        assert!(table.rows().all(|row| row.facts().is_ok_and(|facts| facts != Facts::default())));
        let model = Table::built_in();
        let price = model.exactly("openai", "gpt-4o").unwrap().known().price.unwrap();
        assert_eq!((price.input, price.output), (crate::money::Usd::parse("2.5"), crate::money::Usd::parse("10")));
    }

    const TABLE: &str = "#outrider-models\t1\t2026-11-21\n# a comment\n\
        openai\tgpt-5-2025-08-07\topenai/gpt-5\t400000\n\
        azure\tgpt-5\topenai/gpt-5\t400000\n\
        openai\tgpt-5\topenai/gpt-5\t400000\n\
        anthropic\tclaude-2-20240101\tanthropic/claude-2\n\
        anthropic\tclaude-2-20240202\tanthropic/claude-2\n";

    #[test]
    fn models_are_found_in_whatever_order_they_stand() {
        let table = Table::read(TABLE.as_bytes()).unwrap();
        assert_eq!(&*table.day, "2026-11-21");
        let named = |row: Option<Row<'_>>| row.map(|row| row.model.to_owned());
        assert_eq!(named(table.exactly("openai", "gpt-5")).as_deref(), Some("gpt-5"));
        assert_eq!(named(table.exactly("openai", "gpt-6")), None);
        assert_eq!(named(table.alike("openai", "gpt-5-latest")).as_deref(), Some("gpt-5"));
        assert_eq!(named(table.alike("anthropic", "claude-2")).as_deref(), Some("claude-2-20240202"));
        let called: Vec<&str> = table.called("openai/GPT-5").map(|row| row.kind).collect();
        assert_eq!(called, ["azure", "openai", "openai"]);
        assert_eq!(table.called("gpt").count(), 0);
    }

    #[test]
    fn what_is_no_table_is_told_from_one() {
        let row = "openai\tgpt-5\n";
        for (text, line, expected) in [
            ("", 1, "not a table of models: it begins otherwise"),
            ("{}", 1, "not a table of models: it begins otherwise"),
            ("#outrider-models\t2\tx", 1, "its format 2 is newer than the 1 that this version of Outrider reads"),
            ("#outrider-models\tx\tx", 1, "`x` is no format of tables of models"),
            ("#outrider-models\t1\tx\ngpt-5\n", 2, "no tab between the kind of provider and the model"),
            (&format!("#outrider-models\t1\tx\n{row}azure\ta\n{row}"), 4, "`gpt-5` of `openai` stands here twice"),
        ] {
            let wrong = Table::read(text.as_bytes()).unwrap_err();
            assert_eq!((wrong.line, &*wrong.what), (line, expected), "{text}");
        }
        assert_eq!(Table::read(b"#outrider-models\t1\tx\n\xff").unwrap_err().line, 2);
    }
}
