//! The newest model of a family: `~anthropic/claude-sonnet-latest`, as OpenRouter writes it.

use crate::catalogue::{Catalogue, Table, author};

/// Higher first numbers are years, or dates of another writing.
const HIGHEST: u32 = 20;

/// What `name` may mean, the newest first, as slugs. Empty: it does not ask for the newest of anything.
pub fn slugs(catalogue: &Catalogue, name: &str) -> Vec<String> {
    let Some(wanted) = name.strip_suffix("-latest") else { return Vec::new() };
    let wanted = wanted.strip_prefix('~').unwrap_or(wanted);
    let family = numbered(wanted).0;
    let mut found: Vec<(Vec<u32>, &str)> = Vec::new();
    for row in catalogue.tables().flat_map(Table::rows) {
        let slug = row.slug();
        let made_by = author(wanted).is_none_or(|wanted| author(slug).is_some_and(|a| a.eq_ignore_ascii_case(wanted)));
        if !made_by || slug.contains([':', '~']) {
            continue;
        }
        let (words, version) = numbered(slug);
        if words == family && version.first().is_some_and(|first| *first < HIGHEST) {
            found.push((version, slug));
        }
    }
    found.sort_unstable_by(|a, b| b.cmp(a));
    found.dedup();
    found.into_iter().map(|(_, slug)| slug.to_owned()).collect()
}

/// The words and the numbers of a name: `claude-sonnet-4.5` is `claude sonnet` and 4, 5; `deepseek-v4-flash` has a 4.
fn numbered(slug: &str) -> (Vec<String>, Vec<u32>) {
    let name = slug.rsplit('/').next().unwrap_or(slug).to_ascii_lowercase();
    let (mut words, mut numbers) = (Vec::new(), Vec::new());
    for part in name.split(['-', '.']) {
        let digits = part.strip_prefix(['v', 'k']).unwrap_or(part);
        match digits.parse() {
            Ok(number) if digits.len() <= 2 => numbers.push(number),
            _ => words.push(part.to_owned()),
        }
    }
    (words, numbers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_of_a_family_comes_first() {
        let table = "#outrider-models\t1\t2026-11-21\n\
            anthropic\ta\tanthropic/claude-sonnet-4\nanthropic\tb\tanthropic/claude-sonnet-4.5\n\
            anthropic\tc\tanthropic/claude-3-7-sonnet\nanthropic\td\tanthropic/claude-sonnet-10\n\
            anthropic\te\tanthropic/claude-sonnet-11:batch\nanthropic\tf\tanthropic/claude-sonnet-12-fast\n\
            groq\tg\tother/claude-sonnet-13\ngroq\th\tanthropic/claude-sonnet-4.5\nopenai\ti\topenai/gpt-35\n\
            openai\tj\topenai/gpt-4-0613\nopenai\tk\topenai/gpt-5.5\nopenai\tl\topenai/gpt-5\n\
            deepseek\tm\tdeepseek/deepseek-v4-flash\nopenai\tn\topenai/gpt\n";
        let table = Table::read(table.as_bytes()).unwrap();
        let catalogue = Catalogue::of(table);
        let sonnets = ["claude-sonnet-10", "claude-sonnet-4.5", "claude-sonnet-4", "claude-3-7-sonnet"];
        let expected = sonnets.map(|name| format!("anthropic/{name}"));
        for name in ["~anthropic/claude-sonnet-latest", "Anthropic/Claude-Sonnet-latest"] {
            assert_eq!(slugs(&catalogue, name), expected, "{name}");
        }
        assert_eq!(slugs(&catalogue, "claude-sonnet-latest")[0], "other/claude-sonnet-13");
        assert_eq!(slugs(&catalogue, "~openai/gpt-latest"), ["openai/gpt-5.5", "openai/gpt-5"]);
        assert_eq!(slugs(&catalogue, "~deepseek/deepseek-flash-latest"), ["deepseek/deepseek-v4-flash"]);
        for name in ["gpt", "~openai/gpt", "-latest", "~-latest", "~openai/-latest", "nobody-latest", ""] {
            assert_eq!(slugs(&catalogue, name), [""; 0], "{name}");
        }
    }
}
