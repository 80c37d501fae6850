//! Which model answers a call: what a route says, else what the client names.

use std::sync::Arc;

use super::Snapshot;
use crate::canonical::{Fault, FaultKind};
use crate::health::Registry;
use crate::provider::Provider;
use crate::routing::Model;
use crate::routing::routes::{Keep, Then, Traits, share};

impl Snapshot {
    /// The model that answers `call`. `origin`: where it was going, if it was intercepted; a name that the
    /// configuration does not have is that provider's own, even where it reads like `provider/model`.
    pub fn choose(
        &self,
        call: &Traits<'_>,
        origin: Option<&Arc<Provider>>,
        registry: &Registry,
    ) -> Result<Arc<Model>, Fault> {
        let going = |origin| self.alone(call.model, origin, call.model, registry);
        let route = self.routes.route(call);
        let model = match (route.map(|route| &route.then), origin) {
            (Some(Then::Deny(why)), _) => return Err(Fault::new(FaultKind::Forbidden, why.to_string())),
            (Some(Then::Use(name, Keep::Never)), _) | (Some(Then::Use(name, _)), None) => self.find(name, registry)?,
            (Some(Then::Use(name, keep)), Some(origin)) => {
                Arc::new(beside(&*self.find(name, registry)?, &going(origin), *keep))
            }
            (Some(Then::Split(shares)), _) => {
                let conversation = call.inside.map_or_else(|| fastrand::u64(..), |inside| inside.conversation);
                self.find(share(shares, conversation), registry)?
            }
            (Some(Then::Origin), Some(origin)) => going(origin),
            (None | Some(Then::Named), Some(origin)) if !self.models.contains_key(call.model) => going(origin),
            (None | Some(Then::Named | Then::Origin), _) => self.find(call.model, registry)?,
        };
        Ok(match route.and_then(|route| route.terms.clone()) {
            Some(terms) => Arc::new(model.under([terms])),
            None => model,
        })
    }
}

/// `model`, with `origin` before or after it.
fn beside(model: &Model, origin: &Model, keep: Keep) -> Model {
    let (origin, own) = (origin.groups.iter().cloned(), model.groups.iter().cloned());
    let groups = match keep {
        Keep::First => origin.chain(own).collect(),
        Keep::Last | Keep::Never => own.chain(origin).collect(),
    };
    Model { name: model.name.clone(), groups, policy: model.policy.clone() }
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;

    use super::*;
    use crate::config::{Fake, parse};
    use crate::routing::inside::Inside;
    use crate::snapshot::build;

    const FILE: &str = "
providers:
  one: {dialect: openai_chat, base_url: 'http://one'}
  two: {dialect: openai_chat, base_url: 'http://two'}
models:
  smart: {targets: [two/large]}
routes:
  - {when: {model: no-*}, deny: not for production}
  - {when: {model: first-*}, use: smart, origin: first}
  - {when: {model: last-*}, use: two/small, origin: last}
  - {when: {model: away-*}, use: smart}
  - {when: {model: stay-*}, use: origin}
  - {when: {model: part-*}, split: {two/a: 5, two/b: 5}}
";

    /// `expected`: the targets, or the message.
    fn check(model: &str, intercepted: bool, expected: Result<&[&str], &str>) {
        let registry = Registry::new();
        let config = parse(FILE, "o.yaml", &Fake::default()).unwrap().config;
        let snapshot = build(&config, &registry, None).unwrap();
        let origin = snapshot.providers.get("one").filter(|_| intercepted);
        let headers = HeaderMap::new();
        let host = intercepted.then_some("one");
        let inside = Some(Inside { tools: false, images: false, tokens: 1, conversation: 7 });
        let call = Traits { host, inside, ..Traits::sample(model, &headers) };
        match (snapshot.choose(&call, origin, &registry), expected) {
            (Ok(model), Ok(expected)) => {
                let targets: Vec<&str> = model.groups.iter().flatten().map(|target| target.id.as_str()).collect();
                assert_eq!(targets, expected);
            }
            (Err(fault), Err(expected)) => assert!(fault.message.contains(expected), "{}", fault.message),
            (found, _) => panic!("{model}: {found:?}"),
        }
    }

    #[test]
    fn a_route_decides_before_the_name_does() {
        for intercepted in [false, true] {
            check("no-1", intercepted, Err("not for production"));
            check("away-1", intercepted, Ok(&["two/large"]));
            check("smart", intercepted, Ok(&["two/large"]));
            check("part-1", intercepted, Ok(&["two/b"])); // 7 of 10
        }
        check("first-1", false, Ok(&["two/large"]));
        check("last-1", false, Ok(&["two/small"]));
        check("stay-1", false, Err("`stay-1` is not configured"));
    }

    #[test]
    fn an_intercepted_call_goes_where_it_was_going_unless_something_else_is_said() {
        check("first-1", true, Ok(&["one/first-1", "two/large"]));
        check("last-1", true, Ok(&["two/small", "one/last-1"]));
        check("stay-1", true, Ok(&["one/stay-1"]));
        check("gpt-5", true, Ok(&["one/gpt-5"]));
        check("two/large", true, Ok(&["one/two/large"]));
    }
}
