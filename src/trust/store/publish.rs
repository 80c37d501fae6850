//! What applications read to know whom to trust.
//!
//! These files are written anew whenever they have to say something else. A file of the same name that was not made
//! here is somebody's own, and stays.

use std::path::{Path, PathBuf};

use super::{Opened, Store};
use crate::trust::bundle::Roots;
use crate::trust::files::{self, FOR_ALL};
use crate::trust::{Problem, pem, truststore};

/// The first line of the text files. PEM lets anything stand between its blocks.
const MADE_HERE: &str = "# Made by outrider, which writes it anew: changes are lost.\n";

/// What applications read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Published {
    /// Our authorities alone.
    pub ca: PathBuf,
    /// The public authorities and ours.
    pub bundle: PathBuf,
    /// The same for Java.
    pub truststore: PathBuf,
}

/// Whether a text file was written here.
pub fn made_here(file: &Path) -> bool {
    let mut start = [0; MADE_HERE.len()];
    let read = std::fs::File::open(file).and_then(|mut file| std::io::Read::read_exact(&mut file, &mut start));
    read.is_ok() && start == MADE_HERE.as_bytes()
}

impl Store {
    /// Where [`Store::publish`] without a folder puts them: beside the certificate.
    pub fn published(&self) -> Published {
        Published { ca: self.cert.clone(), ..Published::in_folder(files::folder(&self.cert)) }
    }

    /// Lets applications find the public authorities where they were told to look, until there is more to find: without
    /// a file they would trust nobody.
    pub fn publish_public(&self) -> Result<(), Problem> {
        if self.published().bundle.exists() {
            return Ok(());
        }
        files::make_folder(files::folder(&self.cert), FOR_ALL)?;
        let none = Opened { authorities: Vec::new(), certificates: Vec::new(), warnings: Vec::new() };
        self.publish(&none, None, &Roots::find([])).map(drop)
    }

    /// Writes what applications read: beside the certificate, or into `folder`.
    pub fn publish(&self, opened: &Opened, folder: Option<&Path>, public: &Roots) -> Result<Published, Problem> {
        let at = match folder {
            None => self.published(),
            Some(folder) => {
                files::make_folder(folder, FOR_ALL)?;
                Published::in_folder(folder)
            }
        };
        let all = public.with(&opened.certificates);
        if at.ca != self.cert {
            put(&at.ca, format!("{MADE_HERE}{}", opened.pem()).as_bytes(), MADE_HERE.as_bytes())?;
        }
        put(&at.bundle, text(&all).as_bytes(), MADE_HERE.as_bytes())?;
        put(&at.truststore, &truststore::write(&all), truststore::MARK)?;
        Ok(at)
    }
}

impl Published {
    fn in_folder(folder: &Path) -> Self {
        let at = |name| folder.join(name);
        Self { ca: at("ca.pem"), bundle: at("bundle.pem"), truststore: at("truststore.jks") }
    }
}

fn text(certificates: &[impl AsRef<[u8]>]) -> String {
    let blocks: String = certificates.iter().map(|der| pem::certificate(der.as_ref())).collect();
    format!("{MADE_HERE}{blocks}")
}

/// `mark` is in every file of this kind that was made here.
fn put(path: &Path, content: &[u8], mark: &[u8]) -> Result<(), Problem> {
    let there = files::read(path)?.unwrap_or_default();
    if there == content {
        return Ok(()); // the folder may be read-only by now
    }
    let start = &there[..there.len().min(1024)];
    if !there.is_empty() && !start.windows(mark.len()).any(|window| window == mark) {
        let what = format!("{} is there already, and was not made by outrider", path.display());
        return Err(Problem::new(
            what,
            "move it away, or have the files written elsewhere: `outrider ca write FOLDER`",
        ));
    }
    files::Draft::write(path, content, files::PUBLIC)?.publish()
}
