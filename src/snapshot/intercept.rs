//! Whose TLS is ended here.

use std::sync::Arc;
use std::time::SystemTime;

use crate::trust::{Hosts, Leaves, Problem, Store};

/// What is done about the TLS of applications.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Intercept {
    /// The hosts for which it is ended.
    pub hosts: Hosts,
    /// Where the operator wants the authority to be.
    pub store: Option<Store>,
    /// A new authority may sign for these hosts only.
    pub limited: bool,
    /// There has to be an authority from the start on; otherwise one is waited for, and never made, unless applications
    /// were told of it ([`Store::told`]).
    pub at_start: bool,
    /// Who did not trust our authority passes untouched the next time.
    pub tunnel_next_time: bool,
}

impl Intercept {
    /// The files of the authority: where the operator said, or the environment, or where this user's are. `variable`: of
    /// the environment.
    pub fn store(&self, variable: impl Fn(&str) -> Option<String>) -> Result<Store, Problem> {
        let said = self.store.clone().or_else(|| Store::told(&variable));
        said.or_else(|| Store::usual(&variable)).ok_or_else(|| {
            let what = "there is no place for the authority's files: neither XDG_DATA_HOME nor HOME is set";
            Problem::new(what, "set one of them, or name the files with `intercept.ca: {cert, key}`")
        })
    }

    /// What would stop a start.
    pub fn check(&self, variable: impl Fn(&str) -> Option<String>) -> Result<(), Problem> {
        match self.wanted(&variable) {
            true => self.store(variable)?.check(SystemTime::now()),
            false => Ok(()),
        }
    }

    /// The certificates for the hosts, and what the operator should know. Without certificates no TLS is ended.
    pub fn leaves(
        &self,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<(Option<Arc<Leaves>>, Vec<Problem>), Problem> {
        let (hosts, limited) = (self.hosts.clone(), self.limited);
        let wanted = self.wanted(&variable);
        match self.store(variable) {
            Ok(store) if wanted => {
                let (leaves, warnings) = Leaves::open(store, hosts, limited)?;
                Ok((Some(leaves), warnings))
            }
            Ok(store) => Ok((Some(Leaves::await_authority(store, hosts, limited)?), Vec::new())),
            Err(problem) if self.at_start => Err(problem),
            Err(_) => Ok((None, Vec::new())), // nobody can have made an authority
        }
    }

    /// An authority is needed now.
    fn wanted(&self, variable: impl Fn(&str) -> Option<String>) -> bool {
        (self.at_start || Store::told(variable).is_some()) && !self.hosts.is_empty()
    }
}
