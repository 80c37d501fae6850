//! What is known of models: the catalogue, decided, and what the operator says of a provider's models.

use std::collections::HashMap;

use super::quality;
use crate::canonical::Abilities;
use crate::catalogue::{Ability, Able, Catalogue, Facts, Known, Price, Promise, Table};
use crate::config::{Config, Problem, schema};
use crate::provider::Kind;

/// The catalogue with the operator's file, if there is one; what is wrong with that goes to `problems`.
pub fn catalogue(config: &Config, problems: &mut Vec<Problem>) -> Catalogue {
    let standard = Catalogue::default().scored(quality::decide(config));
    let Some(file) = &config.catalogue else { return standard };
    match Table::read(&file.value.bytes) {
        Ok(table) => standard.over(table),
        Err(wrong) => {
            let what = format!("{} is not a usable table of models: {wrong}", file.value.path.display());
            problems.push(file.problem(what).help("`outrider models --table` prints one that is"));
            standard
        }
    }
}

/// What the operator says that models cannot do: their calls are read for it, however they travel.
pub fn limited(said: &schema::Provider) -> HashMap<String, Abilities> {
    let abilities = said.models.0.iter().map(|(name, offer)| {
        let schema::Abilities { tools, images, documents, audio, .. } = offer.abilities;
        let can = |said: Option<bool>| said.unwrap_or(true);
        let abilities = Abilities {
            context: offer.context.map(|tokens| tokens.get() as u64),
            tools: can(tools),
            images: can(images),
            documents: can(documents),
            audio: can(audio),
        };
        (name.value.clone(), abilities)
    });
    abilities.filter(|(_, abilities)| *abilities != Abilities::default()).collect()
}

/// What the operator says of a provider and its models, else what its kind promises. Somebody else's host promises
/// nothing, though it speaks like a provider of that kind.
pub fn known(said: &schema::Provider, kind: &'static Kind) -> Known {
    let promise = |does: bool| if does { Promise::Does } else { Promise::DoesNot };
    let itself = said.base_url.is_none() || kind.base_url.is_none();
    let region = said.region.as_deref().or(kind.region.filter(|_| itself));
    let all = Facts {
        region: region.map(Into::into),
        quantization: said.quantization.as_deref().map(Into::into),
        training: said.data.training.map(promise),
        retention: said.data.retention.map(promise),
        ..Facts::default()
    };
    let models = said.models.0.iter().map(|(name, offer)| (name.value.clone(), facts(offer)));
    Known::said(all, models.collect()).promising(kind.data.as_ref().filter(|_| itself))
}

fn facts(offer: &schema::Offer) -> Facts {
    let mut able = Able::default();
    let said = &offer.abilities;
    let said = [
        (Ability::Tools, said.tools),
        (Ability::Image, said.images),
        (Ability::Pdf, said.documents),
        (Ability::Audio, said.audio),
        (Ability::Parallel, said.parallel_tools),
        (Ability::Choice, said.tool_choice),
        (Ability::Schema, said.structured_output),
        (Ability::Reasoning, said.reasoning),
        (Ability::Prefill, said.prefill),
        (Ability::Sampling, said.sampling),
        (Ability::Search, said.web_search),
        (Ability::Computer, said.computer_use),
        (Ability::Video, said.video),
        (Ability::Speech, said.speech),
    ];
    for (ability, can) in said {
        if let Some(can) = can {
            able.set(ability, can);
        }
    }
    Facts {
        context: offer.context.map(|tokens| tokens.get() as u64),
        able,
        price: (offer.price != schema::Price::default()).then(|| price(&offer.price)),
        ..Facts::default()
    }
}

fn price(said: &schema::Price) -> Price {
    Price {
        input: said.input.map(|money| money.0),
        output: said.output.map(|money| money.0),
        cache_read: said.cache_read.map(|money| money.0),
        cache_write: said.cache_write.map(|money| money.0),
        cache_write_1h: said.cache_write_1h.map(|money| money.0),
        reasoning: said.reasoning.map(|money| money.0),
        image: said.image.map(|money| money.0),
        audio: said.audio.map(|money| money.0),
        request: said.request.map(|money| money.0),
        ..Price::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Fake, parse};
    use crate::health::Registry;
    use crate::money::Usd;
    use crate::provider::catalogue::KINDS;
    use crate::snapshot::{Snapshot, build};

    fn snapshot(yaml: &str, table: &str) -> Result<Snapshot, String> {
        let files = [("models.tsv".into(), table.into())].into();
        let config =
            parse(yaml, "o.yaml", &Fake { files, ..Fake::default() }).map_err(|wrong| wrong.to_string())?.config;
        build(&config, &Registry::new(), None).map_err(|wrong| wrong.to_string())
    }

    fn facts(snapshot: &Snapshot, name: &str) -> Facts {
        let model = snapshot.find(name, &Registry::new()).unwrap();
        Facts::clone(&model.groups[0][0].facts)
    }

    const TABLE: &str = "#outrider-models\t1\t2026-11-21\n\
        openai\tgpt-4o\t-\t5000\t-\tin=7 out=8\t-\t-\nopenai_compatible\tllama\t-\t9000\n";

    const FILE: &str = "
catalogue: models.tsv
providers:
  openai: {api_key: k}
  ours:
    kind: openai
    api_key: k
    region: eu
    quantization: fp8
    data: {training: false, retention: true}
    models: {gpt-4o: {context: 77, abilities: {images: false}, price: {output: 1 USD, request: 0}}}
  local: {dialect: openai_chat, base_url: 'http://x', models: {llama: {price: {input: 0, output: 0}}}}
models:
  named: {targets: [ours/gpt-4o]}
";

    #[test]
    fn the_operator_counts_more_than_his_file_and_that_more_than_what_is_built_in() {
        let snapshot = snapshot(FILE, TABLE).unwrap();
        let of_file = facts(&snapshot, "openai/gpt-4o");
        assert_eq!((of_file.context, of_file.output), (Some(5000), Some(16_384)));
        assert_eq!(of_file.price.unwrap().input, Usd::parse("7"));
        for name in ["ours/gpt-4o", "named"] {
            let said = facts(&snapshot, name);
            let price = said.price.unwrap();
            assert_eq!((price.input, price.output, price.request), (Usd::parse("7"), Usd::parse("1"), Some(Usd::ZERO)));
            assert_eq!((said.context, said.able.can(Ability::Image)), (Some(77), Some(false)));
            assert_eq!((said.region.as_deref(), said.quantization.as_deref()), (Some("eu"), Some("fp8")));
            assert_eq!((said.training, said.retention), (Some(Promise::DoesNot), Some(Promise::Does)));
        }
        let local = facts(&snapshot, "local/llama");
        assert_eq!((local.price.unwrap().input, local.context), (Some(Usd::ZERO), Some(9000)));
        assert_eq!(facts(&snapshot, "local/other"), Facts::default());
        assert_eq!((of_file.training, of_file.retention), (Some(Promise::DoesNot), Some(Promise::Does)));
        let elsewhere = "providers: {openai: {api_key: k, base_url: 'http://proxy'}, mistral: {api_key: k}}";
        let elsewhere = super::tests::snapshot(elsewhere, "").unwrap();
        assert_eq!(facts(&elsewhere, "openai/gpt-4o").training, None, "a proxy promises nothing");
        assert_eq!(facts(&elsewhere, "mistral/x").region.as_deref(), Some("eu"));
        let built_in =
            facts(&super::tests::snapshot("providers: {openai: {api_key: k}}", "").unwrap(), "openai/gpt-4o");
        assert_eq!(built_in.price.unwrap().input, Usd::parse("2.5"));
    }

    #[test]
    fn sixty_providers_and_more_need_nothing_but_a_key() {
        let alone = |kind: &&Kind| snapshot(&format!("providers: {{{}: {{api_key: k}}}}", kind.name), "").is_ok();
        let count = KINDS.iter().filter(alone).count();
        assert!(count >= 60, "{count}");
    }

    #[test]
    fn a_promise_holds_for_those_who_make_it() {
        let file = "providers: {deepinfra: {api_key: k}, ours: {kind: deepinfra, api_key: k, data: {training: false}}}";
        let snapshot = snapshot(file, "").unwrap();
        let of = |name: &str| {
            let facts = facts(&snapshot, name);
            (facts.training, facts.retention)
        };
        let no = Some(Promise::DoesNot);
        assert_eq!(of("deepinfra/meta-llama/Llama-3.3-70B-Instruct"), (no, no));
        assert_eq!(of("deepinfra/anthropic/Claude-opus-5"), (None, None), "Anthropic answers for it");
        assert_eq!(of("ours/anthropic/claude-opus-5"), (no, None), "the operator counts more");
    }

    #[test]
    fn bad_prices_and_tables_are_told() {
        let price = |price: &str| {
            let yaml = format!("providers: {{openai: {{api_key: k, models: {{m: {{price: {{{price}}}}}}}}}}}");
            snapshot(&yaml, "").unwrap_err()
        };
        assert!(price("input: -1").contains("models.m.price.input"), "{}", price("input: -1"));
        assert!(price("input: -1").contains("`-1` is negative"));
        assert!(price("input: dear").contains("expected an amount in US dollars"));
        assert!(price("tokens: 1").contains("unknown key `tokens`"));
        let table = |text: &str| snapshot(FILE, text).unwrap_err();
        for (text, expected) in [
            ("garbage", "line 1: not a table of models"),
            ("#outrider-models\t9\tx\n", "line 1: its format 9 is newer than"),
            ("#outrider-models\t1\tx\nopenai\tm\t-\t-\t-\tin=-1\n", "line 2: `in=-1`: a price can not be negative"),
        ] {
            let told = table(text);
            assert!(told.contains(expected) && told.contains("models.tsv is not a usable table"), "{told}");
        }
        assert!(snapshot("catalogue: nowhere.tsv\nproviders: {openai: {api_key: k}}", "").is_err());
    }
}
