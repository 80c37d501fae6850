//! Budgets that fall back in a circle.

use crate::config::schema::{Allowance, Then as Said};
use crate::config::setting::Located;
use crate::config::{Config, Problem};

/// Adds budgets that lead a call in a circle to `problems`: once all of them are used up, there would be no limit.
pub fn check(config: &Config, problems: &mut Vec<Problem>) {
    let steps: Vec<(&str, &Located<String>)> = steps(config).collect();
    for (from, to) in &steps {
        let mut way = vec![*from, to.value.as_str()];
        while let Some((_, next)) = steps.iter().find(|(from, _)| way.last() == Some(from)) {
            let closed = next.value == *from;
            if !closed && way.contains(&next.value.as_str()) {
                break; // a circle further on, which is told where it begins
            }
            way.push(&next.value);
            if closed {
                let what = format!("the budgets fall back in a circle: {}", way.join(", then "));
                problems.push(to.problem(what).help("let the last of them say `then: deny`"));
                return;
            }
        }
    }
}

/// From the model that a budget is for to the one that it falls back to. One for itself is told elsewhere.
fn steps(config: &Config) -> impl Iterator<Item = (&str, &Located<String>)> {
    let budgets = config.budgets.0.iter().map(|(_, said)| said);
    let rules = budgets.chain(config.limits.iter().map(|said| &said.value));
    rules.filter_map(step)
}

fn step(said: &Allowance) -> Option<(&str, &Located<String>)> {
    let Some(Said::Fallback(to)) = said.then.as_ref().map(|then| &then.value) else { return None };
    let from = said.scope.model.as_ref()?;
    (from.value != to.value).then_some((from.value.as_str(), to))
}

#[cfg(test)]
mod tests {
    use crate::config::{Fake, parse};
    use crate::health::Registry;
    use crate::snapshot::build;

    const MODELS: &str = "
providers: {one: {dialect: openai_chat, base_url: 'http://one'}}
models: {a: {targets: [one/x]}, b: {targets: [one/y]}, c: {targets: [one/z]}}
";

    fn told(budgets: &str, expected: Option<&str>) {
        let text = format!("{MODELS}budgets: {{{budgets}}}");
        let config = parse(&text, "o.yaml", &Fake::default()).unwrap().config;
        let problems = build(&config, &Registry::new(), None).map(|_| ()).map_err(|problems| problems.to_string());
        match (problems, expected) {
            (Err(told), Some(expected)) => assert!(told.contains(expected), "{told}"),
            (told, expected) => assert_eq!((told, expected), (Ok(()), None), "{budgets}"),
        }
    }

    #[test]
    fn budgets_do_not_fall_back_in_a_circle() {
        let budget = |name: &str, of: &str, to: &str| {
            format!("{name}: {{for: {{model: {of}}}, requests: 1, then: {{fallback: {to}}}}}")
        };
        let (ab, ba, bc, ca) =
            (budget("p", "a", "b"), budget("q", "b", "a"), budget("r", "b", "c"), budget("s", "c", "a"));
        told(&format!("{ab}, {bc}"), None);
        told(&format!("{ab}, {ba}"), Some("the budgets fall back in a circle: a, then b, then a"));
        told(&format!("{ab}, {bc}, {ca}"), Some("a, then b, then c, then a"));
        told("all: {requests: 1, then: {fallback: b}}", None);
    }
}
