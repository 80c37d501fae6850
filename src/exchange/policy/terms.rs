//! What a call says in headers about who may answer it: the keys of `require`, `min_quality` and its task. They add to
//! what model, route and caller say, and take nothing from it.

use super::{PREFIX, names, shown, wrong};
use crate::canonical::{Fault, FaultKind};
use crate::catalogue::{Ability, Scores};
use crate::money::Usd;
use crate::routing::constraints::Terms;
use crate::snapshot::Snapshot;
use crate::units;

/// Takes what one header says into `terms`. `false`: it says nothing about who may answer.
pub(super) fn apply(terms: &mut Terms, name: &str, text: &str, snapshot: &Snapshot) -> Result<bool, Fault> {
    let wrong = |wanted| Err(wrong(name, text, wanted));
    let list = || -> Option<Vec<Box<str>>> {
        let all: Vec<Box<str>> = names(text).map(Into::into).collect();
        (!all.is_empty()).then_some(all)
    };
    let require = &mut terms.require;
    match name {
        "region" => match list() {
            Some(all) => require.region = all,
            None => return wrong("regions, separated by commas"),
        },
        "quantization" => match list() {
            Some(all) => require.quantization = all,
            None => return wrong("words such as `fp8` or `bf16`, separated by commas"),
        },
        "training" | "retention" => {
            let deny = match text {
                "deny" => true,
                "allow" => false,
                _ => return wrong("`deny` or `allow`"),
            };
            *(if name == "training" { &mut require.no_training } else { &mut require.no_retention }) |= deny;
        }
        "max-price" => {
            for item in names(text) {
                let Some((what, amount)) = item.split_once('=') else { return wrong(A_PRICE) };
                let most = match what.trim() {
                    "input" => &mut require.max_price.input,
                    "output" => &mut require.max_price.output,
                    "request" => &mut require.max_price.request,
                    "image" => &mut require.max_price.image,
                    "audio" => &mut require.max_price.audio,
                    _ => return wrong(A_PRICE),
                };
                match Usd::parse(amount.trim()).filter(|amount| *amount >= Usd::ZERO) {
                    Some(amount) => *most = Some(amount),
                    None => return wrong(A_PRICE),
                }
            }
            if require.max_price == Default::default() {
                return wrong(A_PRICE);
            }
        }
        "context" => match text.parse().ok().filter(|tokens| *tokens > 0) {
            Some(tokens) => require.context = Some(tokens),
            None => return wrong("a number of tokens"),
        },
        "abilities" => {
            let able = |word: &str| Some((Ability::said(word)?, word.into()));
            match names(text).map(able).collect::<Option<Vec<_>>>().filter(|all| !all.is_empty()) {
                Some(all) => require.abilities = all,
                None => {
                    let known: Vec<String> = Ability::SAID.iter().map(|(word, _)| format!("`{word}`")).collect();
                    return wrong(&format!("some of {}, separated by commas", known.join(", ")));
                }
            }
        }
        "ignore" => {
            for name in names(text) {
                let unknown =
                    |hint| refused(format!("`{PREFIX}ignore` names `{}`, which is not known; {hint}", shown(name)));
                require.ignore.push(snapshot.meant(name).map_err(unknown)?);
            }
        }
        "min-quality" => match score(text) {
            Some(least) => terms.min_quality = Scores { other: Some(least), tasks: Vec::new() },
            None => return wrong("a score from 0 to 1, or from 0% to 100%"),
        },
        "task" => {
            let unknown = |hint| refused(format!("`{PREFIX}task`: no model has a score for `{}`; {hint}", shown(text)));
            snapshot.knows_task(text).map_err(unknown)?;
            terms.task = Some(text.into());
        }
        _ => return Ok(false),
    }
    Ok(true)
}

const A_PRICE: &str = "the most dollars for a million tokens, such as `input=3, output=15`";

fn score(text: &str) -> Option<f32> {
    let share = || units::share(text).map(|share| share as f32);
    text.parse().ok().filter(|score| (0.0..=1.0).contains(score)).or_else(share)
}

fn refused(message: String) -> Fault {
    Fault::new(FaultKind::BadRequest, message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Fake, parse};
    use crate::health::Registry;
    use crate::snapshot::build;

    const FILE: &str = "
providers: {a: {dialect: openai_chat, base_url: 'http://a'}}
quality: {a/x: {code: 0.5}}
";

    fn read(name: &str, text: &str) -> Result<(bool, Terms), String> {
        let config = parse(FILE, "o.yaml", &Fake::default()).unwrap().config;
        let snapshot = build(&config, &Registry::new(), None).unwrap();
        let mut terms = Terms::default();
        let known = apply(&mut terms, name, text, &snapshot).map_err(|fault| fault.message.into_owned())?;
        Ok((known, terms))
    }

    #[test]
    fn each_header_is_a_key_of_require() {
        let said = |name, text| format!("{:?}", read(name, text).unwrap().1);
        for (name, text, expected) in [
            ("region", "eu, us-east-1", r#"region: ["eu", "us-east-1"]"#),
            ("training", "deny", "no_training: true"),
            ("retention", "deny", "no_retention: true"),
            ("quantization", "fp8", r#"quantization: ["fp8"]"#),
            ("max-price", "input=3, output=0.5", "input: Some("),
            ("context", "100000", "context: Some(100000)"),
            ("abilities", "tools,vision", r#"abilities: [(Tools, "tools"), (Image, "vision")]"#),
            ("ignore", "a", r#"ignore: [Meant { said: "a""#),
            ("min-quality", "80%", "other: Some(0.8)"),
            ("min-quality", "0.8", "other: Some(0.8)"),
            ("task", "Code", r#"task: Some("Code")"#),
        ] {
            let found = said(name, text);
            assert!(found.contains(expected), "{name}: {text}: {found}");
        }
        assert!(!read("timeout", "5s").unwrap().0);
    }

    #[test]
    fn what_means_nothing_is_refused() {
        for (name, text, says) in [
            ("region", ",", "expected regions, separated by commas, found `,`"),
            ("training", "no", "expected `deny` or `allow`, found `no`"),
            ("max-price", "3", "expected the most dollars"),
            ("max-price", "tea=3", "expected the most dollars"),
            ("max-price", "input=-3", "expected the most dollars"),
            ("max-price", "", "expected the most dollars"),
            ("context", "0", "expected a number of tokens"),
            ("abilities", "tools, flying", "expected some of `tools`, `parallel_tools`"),
            ("ignore", "aa", "`x-outrider-ignore` names `aa`, which is not known; did you mean `a`?"),
            ("min-quality", "85", "expected a score from 0 to 1"),
            ("min-quality", "NaN", "expected a score from 0 to 1"),
            ("task", "coed", "`x-outrider-task`: no model has a score for `coed`; did you mean `code`?"),
        ] {
            let told = read(name, text).unwrap_err();
            assert!(told.contains(says), "{name}: {text}: {told}");
        }
    }
}
