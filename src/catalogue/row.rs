//! One line of a table of models: columns between tabs, of which those at the end may be missing.

use std::fmt;

use super::day::day;
use super::{Ability, Cache, Class, Facts, Levels, Price, Service, Tier};
use crate::money::Usd;

/// A line of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row<'a> {
    /// Whose model it is, by the name of the kind of provider.
    pub kind: &'a str,
    /// The model as such a provider calls it.
    pub model: &'a str,
    /// What is known of it.
    rest: &'a str,
}

/// What is wrong with a table, and in which line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    /// The line, the first of which is 1.
    pub line: usize,
    /// What is wrong there.
    pub what: String,
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.what)
    }
}

impl<'a> Row<'a> {
    /// No row at all.
    pub(super) const NONE: Self = Self { kind: "", model: "", rest: "" };

    /// The columns of a line.
    pub fn parse(line: &'a str) -> Result<Self, String> {
        let (kind, rest) = line.split_once('\t').ok_or("no tab between the kind of provider and the model")?;
        let (model, rest) = rest.split_once('\t').unwrap_or((rest, ""));
        match kind.is_empty() || model.is_empty() {
            true => Err("the kind of provider or the model is missing".into()),
            false => Ok(Self { kind, model, rest }),
        }
    }

    /// What the model is called everywhere, else as it is called here.
    pub fn slug(&self) -> &'a str {
        self.column(0).unwrap_or(self.model)
    }

    /// The last day on which it is served, where that is known.
    pub fn until(&self) -> Option<&'a str> {
        self.column(5)
    }

    /// What is known of it.
    pub fn facts(&self) -> Result<Facts, String> {
        if self.rest.split('\t').count() > 6 {
            return Err("more than eight columns".into());
        }
        let mut facts = Facts {
            slug: self.column(0).map(Into::into),
            context: self.column(1).map(tokens).transpose()?,
            output: self.column(2).map(tokens).transpose()?,
            price: self.column(3).map(price).transpose()?,
            until: self.column(5).map(until).transpose()?,
            ..Facts::default()
        };
        for word in self.column(4).unwrap_or_default().split(' ').filter(|word| !word.is_empty()) {
            ability(word, &mut facts)?;
        }
        Ok(facts)
    }

    /// The columns behind the model.
    fn column(&self, place: usize) -> Option<&'a str> {
        self.rest.split('\t').nth(place).filter(|cell| !matches!(*cell, "" | "-"))
    }
}

fn tokens(cell: &str) -> Result<u64, String> {
    cell.parse().ok().filter(|count| *count > 0).ok_or_else(|| format!("`{cell}` is no number of tokens"))
}

fn until(cell: &str) -> Result<Box<str>, String> {
    day(cell).map(|_| cell.into()).ok_or_else(|| format!("`{cell}` is no day such as 2026-12-31"))
}

fn ability(word: &str, facts: &mut Facts) -> Result<(), String> {
    let unknown = || format!("`{word}` is no ability");
    match word.split_once('=') {
        Some(("cache", "auto")) => facts.cache = Some(Cache::Auto),
        Some(("cache", "marked")) => facts.cache = Some(Cache::Marked),
        Some(("reasoning", levels)) => {
            facts.levels = Levels::parse(levels).ok_or_else(unknown)?;
            facts.able.set(Ability::Reasoning, true);
        }
        Some(_) => return Err(unknown()),
        // That it caches at all is said by how it does.
        None if word == "-cache" => {}
        None => {
            let (can, name) = word.strip_prefix('-').map_or((true, word), |name| (false, name));
            facts.able.set(Ability::parse(name).ok_or_else(unknown)?, can);
        }
    }
    Ok(())
}

/// `in=3 out=15 >200000.in=6 batch.in=1.5`.
fn price(cell: &str) -> Result<Price, String> {
    let mut price = Price::default();
    for item in cell.split(' ').filter(|item| !item.is_empty()) {
        let (name, amount) = item.split_once('=').ok_or_else(|| format!("`{item}` is no price"))?;
        let amount = Usd::parse(amount).ok_or_else(|| format!("`{item}`: `{amount}` is no amount of dollars"))?;
        if amount < Usd::ZERO {
            return Err(format!("`{item}`: a price can not be negative"));
        }
        let place = place(&mut price, name).ok_or_else(|| format!("`{item}`: nothing has a price `{name}`"))?;
        *place = Some(amount);
    }
    price.tiers.sort_by_key(|tier| tier.above);
    Ok(price)
}

fn place<'p>(price: &'p mut Price, name: &str) -> Option<&'p mut Option<Usd>> {
    let Some((scope, rate)) = name.split_once('.') else {
        return Some(match name {
            "in" => &mut price.input,
            "out" => &mut price.output,
            "read" => &mut price.cache_read,
            "write" => &mut price.cache_write,
            "hour" => &mut price.cache_write_1h,
            "think" => &mut price.reasoning,
            "image" => &mut price.image,
            "audio" => &mut price.audio,
            "req" => &mut price.request,
            _ => return None,
        });
    };
    if let Some(above) = scope.strip_prefix('>') {
        let above = above.parse().ok()?;
        let index = position(&mut price.tiers, |tier| tier.above == above, || Tier { above, ..Tier::default() });
        let tier = &mut price.tiers[index];
        return Some(match rate {
            "in" => &mut tier.input,
            "out" => &mut tier.output,
            "read" => &mut tier.cache_read,
            "write" => &mut tier.cache_write,
            "hour" => &mut tier.cache_write_1h,
            _ => return None,
        });
    }
    let service = match scope {
        "batch" => Service::Batch,
        "flex" => Service::Flex,
        "priority" => Service::Priority,
        _ => return None,
    };
    let index = position(&mut price.classes, |class| class.service == service, || Class::of(service));
    let class = &mut price.classes[index];
    Some(match rate {
        "in" => &mut class.input,
        "out" => &mut class.output,
        "read" => &mut class.cache_read,
        "write" => &mut class.cache_write,
        "hour" => &mut class.cache_write_1h,
        _ => return None,
    })
}

/// The place of the one that fits, which is made where there is none.
fn position<T>(all: &mut Vec<T>, fits: impl Fn(&T) -> bool, make: impl Fn() -> T) -> usize {
    all.iter().position(fits).unwrap_or_else(|| {
        all.push(make());
        all.len() - 1
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(line: &str) -> Result<Facts, String> {
        Row::parse(line)?.facts()
    }

    #[test]
    fn every_column_is_read() {
        let line = "anthropic\tclaude\ta/claude\t200000\t64000\tin=3 out=15 read=0.3 write=3.75 hour=6 req=0.01 \
                    batch.in=1.5 >200000.in=6 >100.out=1\ttools -prefill reasoning=low,high cache=marked\t2026-12-31";
        let facts = facts(line).unwrap();
        assert_eq!(
            (facts.slug.as_deref(), facts.context, facts.output),
            (Some("a/claude"), Some(200_000), Some(64_000))
        );
        let price = facts.price.unwrap();
        assert_eq!((price.input, price.cache_write_1h), (Usd::parse("3"), Usd::parse("6")));
        assert_eq!(price.tiers.iter().map(|tier| tier.above).collect::<Vec<_>>(), [100, 200_000]);
        assert_eq!((price.tiers[1].input, price.tiers[1].output), (Usd::parse("6"), None));
        assert_eq!((price.classes[0].service, price.classes[0].input), (Service::Batch, Usd::parse("1.5")));
        assert_eq!((facts.able.can(Ability::Tools), facts.able.can(Ability::Prefill)), (Some(true), Some(false)));
        assert_eq!((facts.able.can(Ability::Image), facts.levels.has("high")), (None, Some(true)));
        assert_eq!((facts.cache, facts.until.as_deref()), (Some(Cache::Marked), Some("2026-12-31")));
    }

    #[test]
    fn what_is_not_known_may_be_missing() {
        assert_eq!(facts("openai\tgpt"), Ok(Facts::default()));
        assert_eq!(facts("openai\tgpt\t-\t-\t-\t-\t-\t-"), Ok(Facts::default()));
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (line, expected) in [
            ("openai", "no tab between the kind of provider and the model"),
            ("\tgpt", "the kind of provider or the model is missing"),
            ("openai\tgpt\t-\t0", "`0` is no number of tokens"),
            ("openai\tgpt\t-\t-\t-1", "`-1` is no number of tokens"),
            ("openai\tgpt\t-\t-\t-\tin", "`in` is no price"),
            ("openai\tgpt\t-\t-\t-\tin=-1", "`in=-1`: a price can not be negative"),
            ("openai\tgpt\t-\t-\t-\tin=dear", "`in=dear`: `dear` is no amount of dollars"),
            ("openai\tgpt\t-\t-\t-\ttea=1", "`tea=1`: nothing has a price `tea`"),
            ("openai\tgpt\t-\t-\t-\tslow.in=1", "`slow.in=1`: nothing has a price `slow.in`"),
            ("openai\tgpt\t-\t-\t-\t>x.in=1", "`>x.in=1`: nothing has a price `>x.in`"),
            ("openai\tgpt\t-\t-\t-\t-\tflies", "`flies` is no ability"),
            ("openai\tgpt\t-\t-\t-\t-\treasoning=loud", "`reasoning=loud` is no ability"),
            ("openai\tgpt\t-\t-\t-\t-\t-\tsoon", "`soon` is no day such as 2026-12-31"),
            ("openai\tgpt\t-\t-\t-\t-\t-\t2026-13-01", "`2026-13-01` is no day such as 2026-12-31"),
            ("openai\tgpt\t-\t-\t-\t-\t-\t-\t-", "more than eight columns"),
        ] {
            assert_eq!(facts(line), Err(expected.to_owned()), "{line}");
        }
    }
}
