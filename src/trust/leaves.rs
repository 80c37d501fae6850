//! The certificates of the hosts listed, minted when a host is first asked for.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use arc_swap::ArcSwap;
use rustls::ServerConfig;

use super::Problem;
use super::authority::{Authority, BACKDATED};
use super::hosts::{Hosts, is_name, lower_case};
use super::keeper::Keeper;
use super::leaf::LIFE;
use super::leaf::{self, Common};
use super::store::{RETIRED, Store};
use crate::recent::Recent;

/// At most so many hosts are kept; an application calls a dozen. A wildcard lets a client ask for any number.
pub const MOST: usize = 1024;

/// Mints and keeps them.
pub struct Leaves {
    hosts: ArcSwap<Hosts>,
    authorities: ArcSwap<Vec<Arc<Authority>>>,
    /// Where the authorities come from, when they are not given.
    keeper: Option<Keeper>,
    common: Common,
    kept: Mutex<Kept>,
}

/// By host.
type Kept = Recent<Box<str>, Entry>;

struct Entry {
    config: Arc<ServerConfig>,
    minted: SystemTime,
    renew: SystemTime,
}

impl Leaves {
    /// For `hosts`, signed by `authorities`, of which the oldest comes first. Without any, nothing is listed.
    pub fn new(hosts: Hosts, authorities: Vec<Arc<Authority>>) -> Result<Arc<Self>, Problem> {
        Self::with(hosts, authorities, None)
    }

    /// For `hosts`, signed by the authorities of `store`, which are made where there are none. What applications have
    /// to read is written beside them. Also what the operator should know.
    pub fn open(store: Store, hosts: Hosts, limited: bool) -> Result<(Arc<Self>, Vec<Problem>), Problem> {
        let keeper = Keeper::new(store, limited);
        let (authorities, warnings) = keeper.open(&hosts, SystemTime::now())?;
        Ok((Self::with(hosts, authorities, Some(keeper))?, warnings))
    }

    /// For `hosts`, as soon as `store` has an authority: nobody trusts one before it was made. Until then nothing is
    /// listed.
    pub fn await_authority(store: Store, hosts: Hosts, limited: bool) -> Result<Arc<Self>, Problem> {
        Self::with(hosts, Vec::new(), Some(Keeper::new(store, limited)))
    }

    fn with(hosts: Hosts, authorities: Vec<Arc<Authority>>, keeper: Option<Keeper>) -> Result<Arc<Self>, Problem> {
        Ok(Arc::new(Self {
            hosts: ArcSwap::from_pointee(hosts),
            authorities: ArcSwap::from_pointee(authorities),
            keeper,
            common: Common::new()?,
            kept: Mutex::new(Recent::new(MOST)),
        }))
    }

    /// Whether TLS for `host` is ended here: it is listed, and there is an authority that may sign for it.
    pub fn listed(&self, host: &str) -> bool {
        if !self.hosts.load().contain(host) {
            return false;
        }
        let now = SystemTime::now();
        if self.authorities.load().is_empty() {
            self.look_for_authorities(now);
        }
        self.authority(&lower_case(host), now).is_some()
    }

    /// How a connection to `host` is ended: the same for every connection, until its leaf is replaced.
    pub fn config(&self, host: &str) -> Result<Arc<ServerConfig>, Problem> {
        self.config_at(host, SystemTime::now())
    }

    /// From now on these hosts are listed. Connections that are open stay. What the operator should know.
    pub fn list(&self, hosts: Hosts) -> Vec<Problem> {
        self.hosts.store(Arc::new(hosts));
        self.renew()
    }

    /// When the last of its authorities ends, and with it what applications trust; `None` where there is none yet.
    pub fn until(&self) -> Option<SystemTime> {
        self.authorities.load().iter().map(|authority| authority.until()).max()
    }

    /// Sees to it that there is an authority tomorrow; once a day is enough. What the operator should know.
    pub fn renew(&self) -> Vec<Problem> {
        match &self.keeper {
            // One that is waited for is made by others.
            Some(keeper) if !self.authorities.load().is_empty() => self.take(keeper, SystemTime::now()),
            _ => Vec::new(),
        }
    }

    fn look_for_authorities(&self, now: SystemTime) {
        if let Some(keeper) = self.keeper.as_ref().filter(|keeper| keeper.found_one(now)) {
            for problem in self.take(keeper, now) {
                tracing::warn!("{problem}");
            }
        }
    }

    fn take(&self, keeper: &Keeper, now: SystemTime) -> Vec<Problem> {
        match keeper.open(&self.hosts.load(), now) {
            Ok((authorities, warnings)) => {
                self.authorities.store(Arc::new(authorities));
                warnings
            }
            Err(problem) => vec![problem],
        }
    }

    fn config_at(&self, host: &str, now: SystemTime) -> Result<Arc<ServerConfig>, Problem> {
        let host = lower_case(host);
        if let Some(config) = good(&mut self.kept(), &host, now) {
            return Ok(config);
        }
        if !is_name(&host) {
            return Err(Problem::new("this is not the name of a host", "a certificate is for a name"));
        }
        let authority = self.authority(&host, now).ok_or_else(|| {
            let what = format!("no authority here may sign for {host}");
            Problem::new(what, "list it below `intercept.hosts` and start Outrider again")
        })?;
        let config = leaf::config(&host, &authority, &self.common, now)?;
        let renew = (now + LIFE / 2).min(authority.until());
        let mut kept = self.kept();
        // Another thread may have minted one meanwhile: all connections get the same.
        Ok(good(&mut kept, &host, now).unwrap_or_else(|| {
            kept.insert(host.as_ref().into(), Entry { config: config.clone(), minted: now, renew });
            config
        }))
    }

    /// The oldest that may sign and will not end soon, because most applications know it; else the newest. See
    /// [`super::store`].
    pub(super) fn authority(&self, host: &str, now: SystemTime) -> Option<Arc<Authority>> {
        let authorities = self.authorities.load();
        let able = || authorities.iter().filter(|authority| authority.is_valid(now) && authority.permits(host));
        let lasting = able().find(|authority| authority.is_valid(now + RETIRED));
        lasting.or_else(|| able().next_back()).cloned()
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is kept for `host`, unless its time is over.
fn good(kept: &mut Kept, host: &str, now: SystemTime) -> Option<Arc<ServerConfig>> {
    kept.get(host).filter(|entry| entry.is_good(now)).map(|entry| entry.config.clone())
}

impl Entry {
    /// A clock that was put back may make a leaf one of the future.
    fn is_good(&self, now: SystemTime) -> bool {
        now < self.renew && now + BACKDATED >= self.minted
    }
}

#[cfg(test)]
mod tests;
