//! Notices that the configuration file, or a file it takes a secret from, has another content.
//!
//! Folders are watched rather than files: an editor puts a new file in the place of the old one, and Kubernetes swaps
//! a symbolic link two steps away from it. Events only wake the watcher; what counts is the content, so that a
//! neighbour's log in the same folder, or a touch, is no change.

use std::collections::BTreeSet;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use notify::event::{AccessKind, AccessMode};
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode};
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};

/// An editor writes in several steps, a ConfigMap is swapped in several: wait until it is quiet for so long.
const QUIET: Duration = Duration::from_millis(100);

/// In a folder where something always happens, do not wait for quiet longer than so.
const LONGEST_NOISE: Duration = Duration::from_secs(1);

/// Where the system can not watch (no inotify left, some network file systems), the files are read so often.
const POLL: Duration = Duration::from_secs(2);

/// No configuration is larger; what is, is refused without its end being looked at.
const LARGEST: u64 = 4 * 1024 * 1024 + 1;

/// More links than this are a circle.
const MOST_LINKS: usize = 8;

/// Watches a configuration file. Make it before the file is read, so that no change falls between.
#[derive(Default)]
pub struct Watcher {
    /// `None`: only what is followed.
    file: Option<PathBuf>,
    beside: Vec<PathBuf>,
    seen: u64,
    /// The system's watch over the folders, until the next change may have moved them.
    armed: Option<(RecommendedWatcher, Arc<Notify>)>,
}

impl Watcher {
    /// A watcher over `file` as it is now.
    pub fn new(file: impl Into<PathBuf>) -> io::Result<Self> {
        let file = std::path::absolute(file.into())?;
        let mut watcher = Self { file: Some(file), ..Self::default() };
        watcher.seen = watcher.content();
        Ok(watcher)
    }

    /// Watches these too, as they are now, in the place of those followed before.
    pub fn follow(&mut self, files: Vec<PathBuf>) {
        let mut files: Vec<PathBuf> = files.into_iter().filter_map(|file| std::path::absolute(file).ok()).collect();
        files.sort();
        files.dedup();
        if files != self.beside {
            self.beside = files;
            self.seen = self.content();
            self.armed = None;
        }
    }

    /// Waits until a file has another content than when this last returned. May be dropped while pending.
    pub async fn changed(&mut self) {
        loop {
            // Armed first and looked at second, so that no change falls between.
            let event = self.arm();
            let content = self.content();
            if content != self.seen {
                self.seen = content;
                self.armed = None;
                return;
            }
            match event {
                None => sleep(POLL).await,
                Some(event) => {
                    event.notified().await;
                    let quiet = async { while timeout(QUIET, event.notified()).await.is_ok() {} };
                    let _ = timeout(LONGEST_NOISE, quiet).await;
                    // A link may lead elsewhere now.
                    self.armed = None;
                }
            }
        }
    }

    /// The event of the watched folders; `None` where they can not be watched.
    fn arm(&mut self) -> Option<Arc<Notify>> {
        if self.armed.is_none() {
            match watch(&self.folders()) {
                Ok(armed) => self.armed = Some(armed),
                Err(error) => tracing::debug!(%error, "files can not be watched, they are read every {POLL:?}"),
            }
        }
        self.armed.as_ref().map(|(_, event)| event.clone())
    }

    fn files(&self) -> impl Iterator<Item = &PathBuf> {
        self.file.iter().chain(&self.beside)
    }

    /// A fingerprint of all contents; a file that can not be read has one too.
    fn content(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        for file in self.files() {
            bytes(file).ok().hash(&mut hasher);
        }
        hasher.finish()
    }

    /// Each folder in which a new name would change what is read: those of the files, and of what links lead to. Where
    /// the folder of what is followed is missing, the one in which it would appear.
    fn folders(&self) -> BTreeSet<PathBuf> {
        let mut folders = BTreeSet::new();
        for file in self.files() {
            let mut path = file.clone();
            for _ in 0..MOST_LINKS {
                let Some(folder) = path.parent().map(Path::to_owned) else { break };
                if self.file.as_ref() != Some(file) && !folder.exists() {
                    folders.extend(folder.ancestors().find(|above| above.is_dir()).map(Path::to_owned));
                    break;
                }
                let link = std::fs::read_link(&path);
                folders.insert(folder.clone());
                match link {
                    Ok(target) => path = folder.join(target),
                    Err(_) => break,
                }
            }
        }
        folders
    }
}

fn bytes(file: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    std::fs::File::open(file)?.take(LARGEST).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Watches all folders, or tells why not.
fn watch(folders: &BTreeSet<PathBuf>) -> notify::Result<(RecommendedWatcher, Arc<Notify>)> {
    let event = Arc::new(Notify::new());
    let wake = event.clone();
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
        if event.as_ref().is_ok_and(|event| !is_reading(event.kind)) || event.is_err() {
            wake.notify_one();
        }
    })?;
    for folder in folders {
        notify::Watcher::watch(&mut watcher, folder, RecursiveMode::NonRecursive)?;
    }
    Ok((watcher, event))
}

/// Looking at a file is an event too, and looking is what the watcher does.
fn is_reading(kind: EventKind) -> bool {
    matches!(kind, EventKind::Access(access) if access != AccessKind::Close(AccessMode::Write))
}
