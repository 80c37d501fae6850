//! Providers under the names that OpenRouter's clients know.
//!
//! It writes each in two ways, `Amazon Bedrock` and `amazon-bedrock`; both are taken, and the operator's own names too.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::names::ProviderId;
use crate::provider::Provider;

/// Every provider that OpenRouter's specification names, but for those that were made up for its tests.
const NAMES: &str = "\
Modal;AkashML;AI21;AionLabs;Alibaba;Ambient;Baidu;Amazon Bedrock;Amazon Nova;Anthropic;Arcee AI;AtlasCloud;Avian;Azure;\
BaseTen;BytePlus;Black Forest Labs;Cerebras;Chutes;Cirrascale;Claude Platform on AWS;Clarifai;Cloudflare;Cohere;\
CoreWeave;Crucible;Crusoe;Darkbloom;Databricks;Decart;Deepgram;DeepInfra;DeepSeek;DekaLLM;DigitalOcean;Featherless;\
Fireworks;Fish Audio;Friendli;GMICloud;Google;Google AI Studio;Groq;HeyGen;Inception;Inceptron;InferenceNet;Ionstream;\
Infermatic;Io Net;Inferact vLLM;Inflection;Liquid;Makora;Mara;Mancer 2;Meta;Minimax;ModelRun;Mistral;Modular;\
Moonshot AI;Morph;VoyageAI by MongoDB;NCompass;Nebius;Nex AGI;NextBit;Novita;Nvidia;OpenAI;OpenInference;Parasail;\
Poolside;Perceptron;Perplexity;Phala;Recraft;Reka;Relace;Sail Research;Sakana AI;SambaNova;Seed;SiliconFlow;Sourceful;\
StepFun;StreamLake;Switchpoint;Tencent;Tenstorrent;Thinking Machines;Together;Upstage;Venice;Wafer;WandB;Quiver;Krea;\
Runway;Xiaomi;xAI;Z.AI";

/// Rows of our catalogue that it knows under another name, and slugs that are not made from the name.
const OTHERWISE: [(&str, &str); 7] = [
    ("vertex", "Google"),
    ("google-vertex", "Google"),
    ("gemini", "Google AI Studio"),
    ("bedrock", "Amazon Bedrock"),
    ("moonshot", "Moonshot AI"),
    ("zai", "Z.AI"),
    ("mancer", "Mancer 2"),
];

/// The name under which OpenRouter's clients know a provider: its vendor's, or else the operator's.
pub fn display(provider: &Provider) -> &str {
    let of_row = known(provider.kind.name);
    of_row.or_else(|| known(provider.id.as_str())).unwrap_or(provider.id.as_str())
}

/// The slug of a name: `Amazon Bedrock` is `amazon-bedrock`.
pub fn slug(display: &str) -> String {
    match display {
        "Google" => "google-vertex".to_owned(),
        _ => display.to_lowercase().replace([' ', '.'], "-"),
    }
}

/// Whom a client may mean by a name.
#[derive(Debug, PartialEq)]
pub(super) enum Meant {
    /// These of ours.
    Ours(Vec<String>),
    /// A provider that there is, but not here.
    Elsewhere,
    /// Nobody.
    Nobody,
}

/// Whom `name` means: `azure-eu`, `openai`, `Amazon Bedrock`, `google-vertex/us-east5`.
pub(super) fn meant(name: &str, configured: &BTreeMap<ProviderId, Arc<Provider>>) -> Meant {
    let (base, place) = name.split_once('/').map_or((name, None), |(base, place)| (base, Some(place)));
    let is = |provider: &Provider| {
        let known_as = |own: &str| same(own, base);
        known_as(provider.id.as_str())
            || known_as(provider.kind.name)
            || known(base).is_some_and(|known| known == display(provider))
    };
    let there = |provider: &Provider| {
        place.is_none_or(|place| {
            let host = &*provider.endpoint.spec().host;
            [provider.id.as_str(), host].iter().any(|own| own.to_lowercase().contains(&place.to_lowercase()))
        })
    };
    let ours: Vec<String> = configured
        .values()
        .filter(|provider| is(provider) && there(provider))
        .map(|provider| provider.id.as_str().to_owned())
        .collect();
    match ours.is_empty() {
        false => Meant::Ours(ours),
        true if known(base).is_some() || configured.values().any(|provider| is(provider)) => Meant::Elsewhere,
        true => Meant::Nobody,
    }
}

/// The name in the specification, of a provider under any of its names.
fn known(name: &str) -> Option<&'static str> {
    let otherwise = OTHERWISE.iter().find(|(other, _)| same(other, name)).map(|(_, known)| *known);
    otherwise.or_else(|| NAMES.split(';').find(|known| same(known, name)))
}

/// The same but for case, spaces and signs.
fn same(one: &str, other: &str) -> bool {
    let letters = |text: &'_ str| -> String {
        text.chars().filter(|c| c.is_alphanumeric()).map(|c| c.to_ascii_lowercase()).collect()
    };
    letters(one) == letters(other)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Fake, parse};
    use crate::health::Registry;
    use crate::snapshot::build;

    const FILE: &str = "
providers:
  openai: {api_key: k}
  mine: {kind: openai, api_key: k}
  aws: {kind: bedrock, region: eu-central-1, api_key: k}
  lab: {dialect: openai_chat, base_url: 'http://lab'}
  moonshot: {api_key: k}
";

    #[test]
    fn providers_are_found_under_all_of_their_names() {
        let config = parse(FILE, "o.yaml", &Fake::default()).unwrap().config;
        let snapshot = build(&config, &Registry::new(), None).unwrap();
        let ours = |names: &[&str]| Meant::Ours(names.iter().map(|name| (*name).to_owned()).collect());
        for (name, expected) in [
            ("openai", ours(&["mine", "openai"])),
            ("OpenAI", ours(&["mine", "openai"])),
            ("mine", ours(&["mine"])),
            ("bedrock", ours(&["aws"])),
            ("amazon-bedrock", ours(&["aws"])),
            ("Amazon Bedrock", ours(&["aws"])),
            ("amazon-bedrock/eu-central-1", ours(&["aws"])),
            ("amazon-bedrock/us-east-1", Meant::Elsewhere),
            ("moonshotai", ours(&["moonshot"])),
            ("lab", ours(&["lab"])),
            ("deepinfra/turbo", Meant::Elsewhere),
            ("google-vertex", Meant::Elsewhere),
            ("opneai", Meant::Nobody),
            ("", Meant::Nobody),
        ] {
            assert_eq!(meant(name, &snapshot.providers), expected, "{name}");
        }
        let shown: Vec<&str> = snapshot.providers.values().map(|provider| display(provider)).collect();
        assert_eq!(shown, ["Amazon Bedrock", "lab", "OpenAI", "Moonshot AI", "OpenAI"]);
        assert_eq!((slug("Amazon Bedrock").as_str(), slug("Google").as_str()), ("amazon-bedrock", "google-vertex"));
    }
}
