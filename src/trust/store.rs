//! The files of the authorities: made when absent, renewed in time, never replaced when they are wrong.
//!
//! Two files, `ca.pem` and its key; beside the certificate, for applications, the bundle and Java's trust store. Each
//! may hold several authorities. **None is ever taken away while an application may need it:** an application reads
//! whom it trusts once, when it starts, and may run for months. So a new authority is only ever *added*, when
//!
//! - the newest has less than a year left, or
//! - a host was listed that none of them may sign for,
//!
//! and goes into the bundle at once, while for each host the *oldest* that may sign for it goes on signing, until it
//! has a month left. Applications that were started since know the new one by then. Only what has expired is dropped.
//!
//! An authority that somebody else has made is used as it is: nothing is added to it.

mod keys;
mod publish;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rustls::pki_types::CertificateDer;

use super::authority::Authority;
use super::files::{self, Draft, FOR_ALL, OURS_ALONE, PRIVATE, PUBLIC};
use super::hosts::Hosts;
use super::{Problem, pem};

pub use publish::{Published, made_here};

const DAY: Duration = Duration::from_secs(86_400);

/// With less than this left, the next is made.
const RENEWED: Duration = Duration::from_secs(366 * 86_400);

/// With less than this left, the next signs.
pub(super) const RETIRED: Duration = Duration::from_secs(30 * 86_400);

/// More authorities than this are not kept, however often hosts are added: the newest makes way for the next.
const MOST: usize = 8;

/// Where the authorities are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Store {
    cert: PathBuf,
    key: PathBuf,
}

/// The authorities as they were found or made.
#[derive(Debug)]
pub struct Opened {
    /// Those that may sign, the oldest first.
    pub authorities: Vec<Arc<Authority>>,
    /// Everything that applications are to trust: the certificates above, and what else is in the file.
    pub certificates: Vec<CertificateDer<'static>>,
    /// What the operator should know.
    pub warnings: Vec<Problem>,
}

impl Opened {
    /// Everything that applications are to trust, as text.
    pub fn pem(&self) -> String {
        self.certificates.iter().map(|der| pem::certificate(der)).collect()
    }
}

impl Store {
    /// The files that the operator named.
    pub fn new(cert: PathBuf, key: PathBuf) -> Self {
        Self { cert, key }
    }

    /// Where this environment has them. Whoever says so has told applications of the bundle beside them before we start:
    /// a pod's variables are fixed, whatever the configuration says by then.
    pub fn told(variable: impl Fn(&str) -> Option<String>) -> Option<Self> {
        let absolute = |name: &str| variable(name).map(PathBuf::from).filter(|path| path.is_absolute());
        Some(Self { cert: absolute("OUTRIDER_CA_CERT")?, key: absolute("OUTRIDER_CA_KEY")? })
    }

    /// Where they are when nothing is said: in the user's own data folder. `None` where there is no such user.
    pub fn usual(variable: impl Fn(&str) -> Option<String>) -> Option<Self> {
        let absolute = |name: &str| variable(name).map(PathBuf::from).filter(|path| path.is_absolute());
        let data = absolute("XDG_DATA_HOME").or_else(|| Some(absolute("HOME")?.join(".local/share")))?;
        let folder = data.join("outrider");
        Some(Self { cert: folder.join("ca.pem"), key: folder.join("ca.key") })
    }

    /// The authorities' certificates.
    pub fn cert(&self) -> &Path {
        &self.cert
    }

    /// Whether there is something: an authority is only looked for where one was made.
    pub fn is_there(&self) -> bool {
        self.cert.exists() || self.key.exists()
    }

    /// The authorities for `hosts`: found, or made. `limited`: a new one may sign for these hosts only.
    pub fn open(&self, hosts: &Hosts, limited: bool, now: SystemTime) -> Result<Opened, Problem> {
        files::make_folder(files::folder(&self.key), OURS_ALONE)?;
        files::make_folder(files::folder(&self.cert), FOR_ALL)?;
        let _alone = files::lock(files::folder(&self.key));
        let limits = limited.then_some(hosts);
        match self.load(now)? {
            None => self.make(limits, now),
            Some(opened) => Ok(self.tend(opened, hosts, limits, now)),
        }
    }

    /// Whether the files that there are could be used now. Nothing is made.
    pub fn check(&self, now: SystemTime) -> Result<(), Problem> {
        self.load(now).map(|_| ())
    }

    /// The authorities as they are; `None` where there are none.
    fn load(&self, now: SystemTime) -> Result<Option<Opened>, Problem> {
        let (cert, key) = (files::read(&self.cert)?, files::read_secret(&self.key)?);
        let (cert, key) = match (cert, key) {
            (None, None) => return Ok(None),
            (Some(cert), Some(key)) => (cert, key),
            (None, Some(_)) => return Err(alone(&self.key, &self.cert, "certificate")),
            (Some(_), None) => return Err(alone(&self.cert, &self.key, "key")),
        };
        let certificates = keys::certificates(&cert, &self.cert)?;
        let mut authorities = keys::pair(&certificates, &key, &self.cert, &self.key)?;
        authorities.sort_by_key(Authority::from);
        let expired: Vec<_> =
            authorities.iter().filter(|a| a.until() <= now).map(|a| a.certificate().clone()).collect();
        if let Some(newest) = authorities.last()
            && !authorities.iter().any(|authority| authority.is_valid(now))
        {
            return Err(self.not_now(newest, now));
        }
        let kept = certificates.into_iter().filter(|certificate| !expired.contains(certificate));
        let authorities = authorities.into_iter().filter(|authority| authority.until() > now).map(Arc::new);
        Ok(Some(Opened { certificates: kept.collect(), authorities: authorities.collect(), warnings: Vec::new() }))
    }

    /// Nothing of an authority may be on the disk but all of it: the certificate is put into place last.
    fn make(&self, limits: Option<&Hosts>, now: SystemTime) -> Result<Opened, Problem> {
        let authority = Authority::make(limits, now)?;
        let opened = Opened {
            certificates: vec![authority.certificate().clone()],
            authorities: vec![Arc::new(authority)],
            warnings: Vec::new(),
        };
        self.save(&opened).inspect_err(|_| {
            let _ = std::fs::remove_file(&self.key); // there was none
        })?;
        Ok(opened)
    }

    /// Adds an authority where one is needed. Where that cannot be, those that there are go on.
    fn tend(&self, mut opened: Opened, hosts: &Hosts, limits: Option<&Hosts>, now: SystemTime) -> Opened {
        let left = |authority: &Authority| authority.until().duration_since(now).unwrap_or_default();
        let Some(newest) = opened.authorities.last().cloned() else { return opened };
        let barred = hosts.barred(|name| opened.authorities.iter().any(|authority| authority.permits(name)));
        if !newest.is_ours() {
            opened.warnings.extend((!barred.is_empty()).then(|| self.not_permitted(&barred)));
            opened.warnings.extend((left(&newest) < RETIRED).then(|| self.ends(left(&newest))));
            return opened;
        }
        if limits.is_some() && opened.authorities.iter().any(|authority| authority.is_unlimited()) {
            opened.warnings.push(self.unlimited());
        }
        if barred.is_empty() && left(&newest) >= RENEWED {
            return opened;
        }
        match self.add(&mut opened, limits, now) {
            Ok(()) => opened.warnings.push(self.added(&barred)),
            Err(problem) => {
                opened.warnings.push(problem);
                opened.warnings.extend((!barred.is_empty()).then(|| self.not_permitted(&barred)));
                opened.warnings.extend((left(&newest) < RETIRED).then(|| self.ends(left(&newest))));
            }
        }
        opened
    }

    fn add(&self, opened: &mut Opened, limits: Option<&Hosts>, now: SystemTime) -> Result<(), Problem> {
        let mut next = Opened {
            authorities: opened.authorities.clone(),
            certificates: opened.certificates.clone(),
            warnings: Vec::new(),
        };
        if next.authorities.len() >= MOST {
            let replaced = next.authorities.pop().map(|authority| authority.certificate().clone());
            next.certificates.retain(|certificate| Some(certificate) != replaced.as_ref());
        }
        let authority = Authority::make(limits, now)?;
        next.certificates.push(authority.certificate().clone());
        next.authorities.push(Arc::new(authority));
        self.save(&next)?;
        (opened.authorities, opened.certificates) = (next.authorities, next.certificates);
        Ok(())
    }

    /// Both files are on the disk before one takes its place; the keys come first, because a key too many does no harm.
    fn save(&self, opened: &Opened) -> Result<(), Problem> {
        let keys: String = opened.authorities.iter().map(|authority| pem::key(authority.key().secret_der())).collect();
        let certificates = opened.pem();
        let keys = Draft::write(&self.key, keys.as_bytes(), PRIVATE)?;
        let certificates = Draft::write(&self.cert, certificates.as_bytes(), PUBLIC)?;
        keys.publish()?;
        certificates.publish()
    }

    fn not_now(&self, authority: &Authority, now: SystemTime) -> Problem {
        let cert = self.cert.display();
        match authority.until() <= now {
            true => {
                let ago = now.duration_since(authority.until()).unwrap_or_default();
                let what = format!("the authority {cert} expired {} days ago", ago.as_secs() / DAY.as_secs());
                Problem::new(what, self.start_over())
            }
            false => Problem::new(format!("the authority {cert} is not valid yet"), "set this machine's clock"),
        }
    }

    fn added(&self, barred: &[String]) -> Problem {
        let cert = self.cert.display();
        let (what, help) = match barred.is_empty() {
            true => (
                format!("the authority {cert} ends within a year: its successor was added"),
                "start applications again within the next months, so that they know it",
            ),
            false => (
                format!("an authority for {} was added to {cert}", barred.join(", ")),
                "start applications again to have their calls to these hosts routed, too",
            ),
        };
        Problem::new(what, help)
    }

    fn not_permitted(&self, names: &[String]) -> Problem {
        let what = format!("the authority {} may not sign for {}: they pass by", self.cert.display(), names.join(", "));
        Problem::new(what, format!("give one that may, or {}", self.start_over()))
    }

    fn ends(&self, left: Duration) -> Problem {
        let what = format!("the authority {} expires in {} days", self.cert.display(), left.as_secs() / DAY.as_secs());
        Problem::new(what, "give another one, and let the applications know it before")
    }

    fn unlimited(&self) -> Problem {
        let what = format!("the authority {} may sign for any host, because it was made so", self.cert.display());
        Problem::new(what, self.start_over())
    }

    fn start_over(&self) -> String {
        let (cert, key) = (self.cert.display(), self.key.display());
        format!("remove {cert} and {key} to have a new one made, then start the applications again")
    }
}

fn alone(there: &Path, missing: &Path, what: &str) -> Problem {
    let (there, missing) = (there.display(), missing.display());
    Problem::new(
        format!("{there} is there, but its {what} {missing} is not"),
        format!("put {missing} back, or remove {there} to have a new authority made"),
    )
}

#[cfg(test)]
mod tests;
