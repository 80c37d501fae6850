//! Names that calls say in headers, and what they mean here.

use super::Snapshot;
use super::build::meant;
use crate::canonical::Fault;
use crate::config::nearest::{nearest, quoted};
use crate::names::CallerName;
use crate::provider::catalogue;
use crate::routing::constraints::{Meant, closed};

impl Snapshot {
    /// Whom a name of an allow or deny list means; `Err`: nobody that is known here, with a hint.
    pub fn meant(&self, name: &str) -> Result<Meant, String> {
        let providers = || self.providers.keys().map(|id| id.as_str());
        let offered = || self.offered.iter().map(|id| id.as_str());
        let known = providers().chain(offered()).any(|known| known.eq_ignore_ascii_case(name))
            || name.contains('*')
            || catalogue::kind(name).is_some()
            || name.split_once('/').is_some_and(|(provider, _)| self.providers.contains_key(provider))
            || self.catalogue.called(name).next().is_some();
        match nearest(name, providers().chain(offered()), 1).first() {
            _ if known => Ok(meant(name, &self.catalogue)),
            Some(near) => Err(format!("did you mean `{near}`?")),
            None => Err(format!("here are {}", quoted(providers()))),
        }
    }

    /// Whether what is no call of a model, and goes to the default provider, may go there for `caller`.
    pub fn may_pass(&self, caller: &CallerName) -> Result<(), Fault> {
        let own = self.terms_of_callers.get(caller);
        let all = self.defaults.choice.terms.iter().map(|bound| &bound.terms).chain(own);
        let provider = self.default_provider.as_ref();
        match provider.and_then(|provider| { all }.find_map(|terms| closed(provider, terms))) {
            Some(fault) => Err(fault),
            None => Ok(()),
        }
    }

    /// Whether there is a score for `task`; `Err`: none, with a hint. Where no task has one, all tasks are alike.
    pub fn knows_task(&self, task: &str) -> Result<(), String> {
        let tasks = || self.tasks.iter().map(String::as_str);
        if self.tasks.is_empty() || tasks().any(|known| known.eq_ignore_ascii_case(task)) {
            return Ok(());
        }
        match nearest(task, tasks(), 1).first() {
            Some(near) => Err(format!("did you mean `{near}`?")),
            None => Err(format!("there are scores for {}", quoted(tasks()))),
        }
    }
}
