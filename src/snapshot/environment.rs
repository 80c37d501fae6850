//! A configuration without a file: the providers whose keys are in the environment.

use crate::config::schema::Provider;
use crate::config::setting::Located;
use crate::config::{Config, Environment, Place};
use crate::provider::Kind;
use crate::provider::catalogue::{KINDS, PathStyle};

/// Every known provider whose key is set, and the variables that they were found by. `Err` says what to set.
pub fn from_environment(env: &dyn Environment) -> Result<(Config, Vec<&'static str>), String> {
    let mut config = Config::default();
    let mut found = Vec::new();
    for kind in KINDS.iter().filter(|kind| !kind.shared_env) {
        if let Some((variable, provider)) = provider(kind, env) {
            config.providers.0.push((Located::unplaced(kind.name.to_owned()), provider));
            found.push(variable);
        }
    }
    match found.is_empty() {
        true => Err(format!("no provider's key is set; {}", what_to_set())),
        false => Ok((config, found)),
    }
}

fn provider(kind: &Kind, env: &dyn Environment) -> Option<(&'static str, Provider)> {
    let set = |name: &'static str| {
        let value = env.variable(name)?.trim().to_owned();
        (!value.is_empty()).then(|| Located { value, place: place(name) })
    };
    let (variable, key) = kind.env.iter().find_map(|name| Some((*name, set(name)?)))?;
    let base_url = kind.env_base_url.and_then(set);
    if base_url.is_none() && kind.base_url.is_none() {
        return None;
    }
    let region = ["AWS_REGION", "AWS_DEFAULT_REGION"].into_iter().find_map(set).map(|region| region.value);
    if base_url.is_none() && region.is_none() && is_regional(kind) {
        return None;
    }
    // The variable that Azure's own SDKs read.
    let api_version = if kind.paths == PathStyle::Azure { set("OPENAI_API_VERSION") } else { None };
    let provider = Provider {
        base_url,
        api_key: Some(Located { value: key.value.into(), place: key.place }),
        api_version,
        region: region.filter(|_| is_regional(kind)),
        ..Provider::default()
    };
    Some((variable, provider))
}

/// Its host names a region.
fn is_regional(kind: &Kind) -> bool {
    kind.base_url.is_some_and(|url| url.contains("{region}"))
}

/// Where a problem with the variable is.
fn place(variable: &str) -> Place {
    Place { file: "environment".into(), path: variable.into(), ..Place::default() }
}

fn what_to_set() -> String {
    let usual = KINDS
        .iter()
        .filter(|kind| kind.base_url.is_some() && !is_regional(kind))
        .filter_map(|kind| kind.env.first().copied());
    let usual: Vec<&str> = usual.take(5).collect();
    format!("set one, such as {}, or name a configuration file", usual.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Fake;
    use crate::health::Registry;
    use crate::snapshot::build;

    #[test]
    fn providers_are_found_by_their_keys() {
        let check = |variables: &[(&str, &str)], expected: Result<&[(&str, &str)], &str>| {
            let variables = variables.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
            let found = from_environment(&Fake { variables, ..Fake::default() }).map(|(config, variables)| {
                let snapshot = build(&config, &Registry::new(), None).unwrap();
                let hosts =
                    config.providers.names().map(|name| snapshot.providers[name].endpoint.authority().to_owned());
                variables.into_iter().map(str::to_owned).zip(hosts).collect::<Vec<_>>()
            });
            let expected = expected.map(|e| e.iter().map(|(a, b)| (a.to_string(), b.to_string())).collect());
            assert_eq!(found, expected.map_err(str::to_owned));
        };
        let none = "no provider's key is set; set one, such as OPENAI_API_KEY, ANTHROPIC_API_KEY, GEMINI_API_KEY, \
                    GROQ_API_KEY, TOGETHER_API_KEY, or name a configuration file";
        check(&[], Err(none));
        check(&[("OPENAI_API_KEY", " ")], Err(none));
        check(&[("AZURE_OPENAI_API_KEY", "k")], Err(none));
        check(&[("OPENAI_API_KEY", "k\n")], Ok(&[("OPENAI_API_KEY", "api.openai.com")]));
        check(
            &[("GROQ_API_KEY", "k"), ("OPENAI_API_KEY", "k"), ("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")],
            Ok(&[("OPENAI_API_KEY", "127.0.0.1:9"), ("GROQ_API_KEY", "api.groq.com")]),
        );
        check(
            &[("AZURE_OPENAI_API_KEY", "k"), ("AZURE_OPENAI_ENDPOINT", "https://x.openai.azure.com/")],
            Ok(&[("AZURE_OPENAI_API_KEY", "x.openai.azure.com")]),
        );
        check(&[("AWS_BEARER_TOKEN_BEDROCK", "k")], Err(none));
        check(
            &[("AWS_BEARER_TOKEN_BEDROCK", "k"), ("AWS_REGION", "eu-west-1")],
            Ok(&[("AWS_BEARER_TOKEN_BEDROCK", "bedrock-runtime.eu-west-1.amazonaws.com")]),
        );
    }

    #[test]
    fn a_problem_names_its_variable() {
        let variables = [("OPENAI_API_KEY", "sk-1"), ("OPENAI_BASE_URL", "https://me:secret@x/")];
        let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let (config, _) = from_environment(&Fake { variables, ..Fake::default() }).unwrap();
        let problems = build(&config, &Registry::new(), None).unwrap_err().to_string();
        let expected = "environment: OPENAI_BASE_URL: a user or a password in a URL is not sent";
        assert!(problems.starts_with(expected), "{problems}");
    }
}
