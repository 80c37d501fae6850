//! Which of the configured providers serve a model that the client calls by its name in the catalogue.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, PoisonError, RwLock};

use super::latest;
use crate::catalogue::{Catalogue, Row, author, dated, plain};
use crate::names::ProviderId;
use crate::provider::Provider;

/// So many names are remembered: clients make up what they like.
const MOST: usize = 1024;

/// Each provider that has a model, with its name there.
pub type Served = Arc<[(Arc<Provider>, Arc<str>)]>;

/// What was asked for so far.
#[derive(Debug, Default)]
pub struct Asked {
    /// By a name of the catalogue.
    by_name: Remembered<Served>,
    /// By `provider/model`: the model as the provider calls it.
    own: Remembered<Arc<str>>,
}

impl Asked {
    /// What `provider` calls `model`, before which its own name stands in `name`. What it is known to call so is asked
    /// for as it is, and so is what nobody knows; else it is what others call so (OpenRouter's
    /// `anthropic/claude-sonnet-4.5` is `claude-sonnet-4-5` there), or the whole of `name` is its name of one
    /// (`openrouter/auto`).
    pub fn own(&self, provider: &Provider, catalogue: &Catalogue, name: &str, model: &str) -> Arc<str> {
        self.own.get(name, || {
            let exactly = |model| catalogue.tables().any(|table| table.exactly(provider.kind.name, model).is_some());
            if exactly(model) || provider.known.named().any(|named| named == model) {
                return model.into();
            }
            let otherwise = || has(provider, catalogue, model).unwrap_or_else(|| model.into());
            if exactly(name) { name.into() } else { otherwise() }
        })
    }

    /// Every one of `providers` that has the model called `name`.
    pub fn by(&self, providers: &BTreeMap<ProviderId, Arc<Provider>>, catalogue: &Catalogue, name: &str) -> Served {
        self.by_name.get(name, || {
            let serving = |name: &str| -> Served {
                let has = |provider: &Arc<Provider>| Some((provider.clone(), has(provider, catalogue, name)?));
                providers.values().filter_map(has).collect()
            };
            // OpenRouter has a model of the name that asks for the newest: whoever else has the newest serves it too.
            let by_name = if name.starts_with('~') { Served::default() } else { serving(name) };
            let newest = || latest::slugs(catalogue, name).iter().map(|slug| serving(slug)).find(|s| !s.is_empty());
            let served = Some(by_name).filter(|served| !served.is_empty()).or_else(newest);
            let served = served.unwrap_or_else(|| serving(name));
            if !served.is_empty() {
                return served;
            }
            // A name that only some give it, as Groq's `llama-3.3-70b-versatile`, asks for them.
            let so_called = providers.values().filter(|provider| calls_so(provider, catalogue, name));
            so_called.map(|provider| (provider.clone(), name.into())).collect()
        })
    }
}

/// What was found out about names: the catalogue is read line by line, and a client asks for the same few.
#[derive(Debug)]
struct Remembered<T>(RwLock<HashMap<Box<str>, T>>);

impl<T: Clone> Remembered<T> {
    /// What `find_out` says of `name`, or has said before.
    fn get(&self, name: &str, find_out: impl FnOnce() -> T) -> T {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner).get(name).cloned();
        known.unwrap_or_else(|| {
            let found = find_out();
            let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
            if known.len() >= MOST {
                known.clear();
            }
            known.insert(name.into(), found.clone());
            found
        })
    }
}

impl<T> Default for Remembered<T> {
    fn default() -> Self {
        Self(RwLock::default())
    }
}

/// Whether `name` is what `provider` calls a model, whatever that is called everywhere.
fn calls_so(provider: &Provider, catalogue: &Catalogue, name: &str) -> bool {
    let row = catalogue.tables().find_map(|table| table.exactly(provider.kind.name, name));
    // Azure's names are those of deployments, which the operator gives.
    row.is_some_and(|row| is_there(&row, catalogue)) && provider.kind.name != "azure"
}

/// A model whose last day was over when the table was made answers nobody.
fn is_there(row: &Row<'_>, catalogue: &Catalogue) -> bool {
    row.until().is_none_or(|last| last >= catalogue.day())
}

/// What `provider` calls the model that is called `name` everywhere, if it has it.
pub fn has(provider: &Provider, catalogue: &Catalogue, name: &str) -> Option<Arc<str>> {
    if name.is_empty() {
        return None;
    }
    // `on/gpt-5` is a slip rather than somebody's model, though a deployment is called `gpt-5`.
    let made_by = |wanted: &str| {
        catalogue.called(name).any(|row| author(row.slug()).is_some_and(|author| author.eq_ignore_ascii_case(wanted)))
    };
    let is_called = |slug: &str, model: &str| is_called(slug, model, name, made_by);
    // What the operator says that it offers is what it has, above all where deployments are named by the operator.
    let mut offered: Vec<&str> = provider.known.named().filter(|model| is_called(model, model)).collect();
    offered.sort_unstable_by_key(|model| (*model != name, *model));
    if let Some(model) = offered.first() {
        return Some((*model).into());
    }
    if provider.kind.name == "azure" {
        return None;
    }
    let of_kind = catalogue.called(name).filter(|row| row.kind == provider.kind.name);
    let of_kind = of_kind.filter(|row| is_there(row, catalogue));
    let fitting = of_kind.filter(|row| is_called(row.slug(), row.model) && serves_kind(row, name));
    fitting.max_by_key(|row| preference(row, provider.known.region(), name)).map(|row| row.model.into())
}

/// Whether a model with this slug, called `model` by its provider, is what `name` asks for: the same name, the same
/// author if one is named, the same date if one is.
fn is_called(slug: &str, model: &str, name: &str, made_by: impl Fn(&str) -> bool) -> bool {
    let same_author = match (author(name), author(slug)) {
        (Some(wanted), Some(author)) => wanted.eq_ignore_ascii_case(author),
        (Some(wanted), None) => made_by(wanted),
        (None, _) => true,
    };
    let same_date = match dated(name) {
        Some((_, date)) => date_of(model) == Some(date),
        None => true,
    };
    plain(slug) == plain(name) && same_author && same_date
}

/// Bedrock's names have a version behind the date.
fn date_of(model: &str) -> Option<String> {
    let base = model.rsplit_once("-v").filter(|(_, version)| version.contains(':')).map_or(model, |(base, _)| base);
    dated(base).map(|(_, date)| date)
}

/// A model that costs less or nothing on other terms (`:free`) has to be asked for so.
fn serves_kind(row: &Row<'_>, name: &str) -> bool {
    row.kind != "openrouter" || row.model.contains(':') == name.contains(':')
}

/// Of several names of one model at one provider: the very name, then that of the region, then without a date, then
/// the latest.
fn preference(row: &Row<'_>, region: Option<&str>, name: &str) -> (bool, u8, bool, Option<String>) {
    let last = name.rsplit('/').next().unwrap_or(name);
    let exactly = row.model == name || row.model == last;
    let place = match (row.kind, row.model.split('.').next(), region) {
        // Newer models are only served by profiles, of which the one of the region keeps data there.
        ("bedrock", Some("us"), Some(region)) => {
            u8::from(region.starts_with("us-") && !region.starts_with("us-gov-")) * 3
        }
        ("bedrock", Some("us-gov"), Some(region)) => u8::from(region.starts_with("us-gov-")) * 3,
        ("bedrock", Some("eu"), Some(region)) => u8::from(region.starts_with("eu-")) * 3,
        ("bedrock", Some("apac"), Some(region)) => u8::from(region.starts_with("ap-")) * 3,
        ("bedrock", Some("ca" | "au" | "jp" | "us" | "us-gov" | "eu" | "apac"), _) => 0,
        ("bedrock", Some("global"), _) => 1,
        ("bedrock", ..) => 2,
        _ => 0,
    };
    let date = date_of(row.model);
    (exactly, place, date.is_none(), date)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Fake, parse};
    use crate::health::Registry;
    use crate::snapshot::{Snapshot, build};

    const FILE: &str = "
catalogue: models.tsv
providers:
  anthropic: {api_key: k}
  aws: {kind: bedrock, region: eu-west-1, api_key: k}
  azure: {base_url: 'https://x.openai.azure.com', api_key: k, models: {GPT-X: {}}}
  openai: {api_key: k}
  second: {kind: openai, api_key: k}
  openrouter: {api_key: k}
  local: {dialect: openai_chat, base_url: 'http://x', models: {meta/Open-3.3: {}}}
";

    const TABLE: &str = "#outrider-models\t1\t2026-11-21\n\
        openai\tgpt-x\topenai/gpt-x\nopenai\tgpt-x-2026-01-01\topenai/gpt-x\nopenai\tgpt-x-2026-02-02\topenai/gpt-x\n\
        openai\tgpt-old\topenai/gpt-old\t-\t-\t-\t-\t2026-11-20\n\
        openai\tquick\topen/gpt-quick\nazure\tquick\topen/gpt-quick\n\
        azure\tgpt-x\topenai/gpt-x\nazure\tgpt-y\topenai/gpt-y\ngroq\tgpt-z\topenai/gpt-z\n\
        openrouter\topenai/gpt-x\topenai/gpt-x\nopenrouter\topenai/gpt-x:free\topenai/gpt-x:free\n\
        anthropic\tthinker-4-5-20260101\tanthropic/thinker-4.5\nanthropic\tthinker-4-5-20260202\tanthropic/thinker-4.5\n\
        bedrock\tanthropic.thinker-4-5-20260202-v1:0\tanthropic/thinker-4.5\n\
        bedrock\teu.anthropic.thinker-4-5-20260202-v1:0\tanthropic/thinker-4.5\n\
        bedrock\tus.anthropic.thinker-4-5-20260202-v1:0\tanthropic/thinker-4.5\n";

    fn snapshot() -> Snapshot {
        let files = [("models.tsv".into(), TABLE.into())].into();
        let config = parse(FILE, "o.yaml", &Fake { files, ..Fake::default() }).unwrap().config;
        build(&config, &Registry::new(), None).unwrap()
    }

    #[test]
    fn whoever_has_a_model_serves_it() {
        let snapshot = snapshot();
        for (name, expected) in [
            ("gpt-x", &["azure/GPT-X", "openai/gpt-x", "openrouter/openai/gpt-x", "second/gpt-x"][..]),
            ("OpenAI/GPT-X", &["azure/GPT-X", "openrouter/openai/gpt-x", "second/gpt-x", "openai/gpt-x"]),
            ("gpt-x-2026-01-01", &["openai/gpt-x-2026-01-01", "second/gpt-x-2026-01-01"]),
            ("openai/gpt-x:free", &["openrouter/openai/gpt-x:free"]),
            ("x-ai/gpt-x", &[]),
            ("thinker-4.5", &["anthropic/thinker-4-5-20260202", "aws/eu.anthropic.thinker-4-5-20260202-v1:0"]),
            ("anthropics/thinker-4-5", &[]),
            ("thinker-4-5-20260101", &["anthropic/thinker-4-5-20260101"]),
            ("thinker-4-5-20260202", &["anthropic/thinker-4-5-20260202", "aws/eu.anthropic.thinker-4-5-20260202-v1:0"]),
            ("open-3.3", &["local/meta/Open-3.3"]),
            (
                "~anthropic/thinker-latest",
                &["anthropic/thinker-4-5-20260202", "aws/eu.anthropic.thinker-4-5-20260202-v1:0"],
            ),
            ("thinker-latest", &["anthropic/thinker-4-5-20260202", "aws/eu.anthropic.thinker-4-5-20260202-v1:0"]),
            ("thinker-4.5-latest", &["anthropic/thinker-4-5-20260202", "aws/eu.anthropic.thinker-4-5-20260202-v1:0"]),
            ("~x-ai/thinker-latest", &[]),
            ("gpt-old", &[]),
            ("quick", &["openai/quick", "second/quick"]),
            ("gpt-quick", &["openai/quick", "second/quick"]),
            ("gpt-y", &[]),
            ("gpt-z", &[]),
            ("", &[]),
        ] {
            let served = snapshot.asked.by(&snapshot.providers, &snapshot.catalogue, name);
            let mut found: Vec<String> =
                served.iter().map(|(provider, model)| format!("{}/{model}", provider.id)).collect();
            let mut expected: Vec<&str> = expected.to_vec();
            found.sort();
            expected.sort_unstable();
            assert_eq!(found, expected, "{name}");
        }
    }

    #[test]
    fn what_is_remembered_has_an_end() {
        let snapshot = snapshot();
        for number in 0..3 * MOST {
            snapshot.asked.by(&snapshot.providers, &snapshot.catalogue, &format!("x{number}"));
        }
        assert!(snapshot.asked.by_name.0.read().unwrap().len() <= MOST);
        let openai = &snapshot.providers["openai"];
        for number in 0..3 * MOST {
            let (name, model) = (format!("openai/x{number}"), format!("x{number}"));
            assert_eq!(*snapshot.asked.own(openai, &snapshot.catalogue, &name, &model), *model);
        }
        assert!(snapshot.asked.own.0.read().unwrap().len() <= MOST);
    }
}
