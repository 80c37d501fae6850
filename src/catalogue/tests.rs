//! The built-in table answers for the many ways in which models are named.

use super::*;
use crate::money::Usd;

fn input(kind: &str, model: &str) -> Option<String> {
    Some(Catalogue::default().facts(kind, model)?.price?.input?.to_string())
}

#[test]
fn a_model_is_found_however_its_provider_names_it() {
    for (kind, model, like) in [
        ("openai", "gpt-4o-2099-01-01", "gpt-4o"),
        ("anthropic", "claude-sonnet-4-5-latest", "claude-sonnet-4-5"),
        ("anthropic", "claude-sonnet-4.5", "claude-sonnet-4-5"),
        ("vertex", "claude-sonnet-4-5@20250929", "claude-sonnet-4-5"),
        ("vertex", "publishers/google/models/gemini-2.5-pro", "gemini-2.5-pro"),
        ("gemini", "models/gemini-2.5-flash", "gemini-2.5-flash"),
        ("azure", "GPT-4o", "gpt-4o"),
        (
            "bedrock",
            "arn:aws:bedrock:eu-west-1:1:inference-profile/eu.anthropic.claude-3-haiku-20240307-v1:0",
            "anthropic.claude-3-haiku-20240307-v1:0",
        ),
    ] {
        assert!(input(kind, like).is_some(), "{like}");
        assert_eq!(input(kind, model), input(kind, like), "{kind}: {model}");
    }
}

#[test]
fn another_model_is_not_taken_for_one() {
    for (kind, model) in [
        ("openai", "gpt-4o-max"),
        ("openai", "claude-sonnet-4-5"),
        ("nobody", "gpt-4o"),
        ("openai", ""),
        ("azure", "my-deployment"),
        ("openrouter", "someone/gpt-4o"),
        ("bedrock", "us."),
        ("openai", "ft:"),
        ("openai", "/"),
    ] {
        assert_eq!(Catalogue::default().facts(kind, model), None, "{kind}: {model}");
    }
}

#[test]
fn the_operators_table_counts_more() {
    let own = "#outrider-models\t1\t2026-11-21\n\
        openai\tgpt-4o\t-\t-\t-\tin=1 out=2\nopenai\tours\t-\t1000\nopenai\tgpt-4o-mini\t-\t77\n";
    let catalogue = Catalogue::default().over(Table::read(own.as_bytes()).unwrap());
    let facts = |model| catalogue.facts("openai", model).unwrap();
    assert_eq!(facts("gpt-4o").price.unwrap().input, Usd::parse("1"));
    assert_eq!(facts("gpt-4o").price.unwrap().cache_read, None, "it belonged to the price that is replaced");
    assert_eq!(facts("gpt-4o").context, Some(128_000), "what it does not say stays");
    assert_eq!(facts("ours").context, Some(1000));
    assert_eq!((facts("gpt-4o-mini").context, facts("gpt-4o-mini").price.is_some()), (Some(77), true));
}
