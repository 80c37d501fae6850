//! Models of the configuration whose last day is over, or near.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::time::SystemTime;

use super::model;
use crate::config::setting::Located;
use crate::config::{Config, Problem};
use crate::names::{ProviderId, TargetId};
use crate::provider::Provider;

/// Who is told so many days before has the time to choose another one.
const SOON: i64 = 30;

/// A warning for each place that names one.
pub fn warnings(config: &Config, providers: &BTreeMap<ProviderId, Arc<Provider>>, now: SystemTime) -> Vec<Problem> {
    let mut seen = HashSet::new();
    let mut found = Vec::new();
    let mut look = |id: TargetId, problem: &dyn Fn(String) -> Problem| {
        let Some((provider, model)) = id.as_str().split_once('/') else { return };
        let Some(facts) = providers.get(provider).map(|provider| provider.facts(model)) else { return };
        let (Some(last), Some(left)) = (facts.until.as_deref(), facts.days_left(now)) else { return };
        let what = match left {
            ..0 => format!("the last day of `{id}` was {last}: its provider may have ended it"),
            0..SOON => format!("the last day of `{id}` is {last}"),
            _ => return,
        };
        if seen.insert(id.clone()) {
            found.push(problem(what).help("`outrider models` lists what there is instead"));
        }
    };
    for (_, said) in &config.models.0 {
        for target in model::groups(said).flatten() {
            look(model::id(target), &|what| target.name.problem(what));
        }
    }
    for (provider, said) in &config.providers.0 {
        let id = ProviderId::from(provider.value.as_str());
        for (name, _) in &said.models.0 {
            look(TargetId::new(&id, &name.value), &|what| Located::problem(name, what));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;
    use crate::config::{Fake, parse};
    use crate::health::Registry;
    use crate::snapshot::build;

    const FILE: &str = "
catalogue: models.tsv
providers:
  openai: {api_key: k, models: {over: {}, soon: {}, far: {}, other: {}}}
  other: {dialect: openai_chat, base_url: 'http://x', models: {over: {}}}
models:
  m: {targets: [openai/over, openai/today]}
";

    const TABLE: &str = "#outrider-models\t1\t2026-11-21\n\
        openai\tover\t-\t-\t-\t-\t-\t2026-11-20\nopenai\ttoday\t-\t-\t-\t-\t-\t2026-11-21\n\
        openai\tsoon\t-\t-\t-\t-\t-\t2026-12-20\nopenai\tfar\t-\t-\t-\t-\t-\t2026-12-21\n";

    #[test]
    fn each_model_that_ends_is_told_once_where_it_is_named() {
        let files = [("models.tsv".into(), TABLE.into())].into();
        let config = parse(FILE, "o.yaml", &Fake { files, ..Fake::default() }).unwrap().config;
        let snapshot = build(&config, &Registry::new(), None).unwrap();
        let now = UNIX_EPOCH + Duration::from_secs(20_778 * 86_400 + 43_200); // 2026-11-21
        let told: Vec<String> = warnings(&config, &snapshot.providers, now).iter().map(Problem::to_string).collect();
        let help = "\n    help: `outrider models` lists what there is instead";
        let expected = [
            "o.yaml:7:17: models.m.targets[0]: the last day of `openai/over` was 2026-11-20: \
             its provider may have ended it",
            "o.yaml:7:30: models.m.targets[1]: the last day of `openai/today` is 2026-11-21",
            "o.yaml:4:43: providers.openai.models.soon: the last day of `openai/soon` is 2026-12-20",
        ];
        assert_eq!(told, expected.map(|line| format!("{line}{help}")));
    }
}
