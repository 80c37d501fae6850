//! Files that are read with suspicion, and written whole or not at all.

use std::fs::{self, DirBuilder, File, Metadata, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::Problem;
use super::authority::random;

/// Far more than any bundle.
const LARGEST: u64 = 8 << 20;

/// For a file that everybody may read.
pub(super) const PUBLIC: u32 = 0o644;
/// For one that only we may.
pub(super) const PRIVATE: u32 = 0o600;
/// For a folder that everybody may look into.
pub(super) const FOR_ALL: u32 = 0o755;
/// For one that only we may.
pub(super) const OURS_ALONE: u32 = 0o700;

/// What is in a file; `None` where there is none.
pub(super) fn read(path: &Path) -> Result<Option<Vec<u8>>, Problem> {
    match File::open(path) {
        Ok(file) => content(file).map(Some).map_err(|error| unread(path, &error)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(unread(path, &error)),
    }
}

/// The same for a file with a secret, which nobody else may be able to read.
pub(super) fn read_secret(path: &Path) -> Result<Option<Vec<u8>>, Problem> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unread(path, &error)),
    };
    let about = file.metadata().map_err(|error| unread(path, &error))?;
    if let Some(who) = who_else(&about) {
        let what = format!("the key {} can be read or changed by {who}", path.display());
        return Err(Problem::new(what, format!("chmod 600 {}; whoever could read it may have it", path.display())));
    }
    content(file).map(Some).map_err(|error| unread(path, &error))
}

/// Who besides us may read or change a file. A file that belongs to somebody else and that our group may read is how
/// Kubernetes hands out a Secret.
fn who_else(about: &Metadata) -> Option<&'static str> {
    let mode = about.mode();
    let given = !owned_by_us(about) && mode & 0o030 == 0;
    match () {
        () if mode & 0o007 != 0 => Some("everybody"),
        () if mode & 0o070 != 0 && !given => Some("its group"),
        () => None,
    }
}

/// Whether a file is ours, as far as that can be known.
fn owned_by_us(about: &Metadata) -> bool {
    fs::metadata("/proc/self").map_or(true, |own| own.uid() == about.uid())
}

fn content(file: File) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.take(LARGEST + 1).read_to_end(&mut bytes)?;
    match bytes.len() as u64 > LARGEST {
        true => Err(io::Error::new(ErrorKind::FileTooLarge, format!("larger than {LARGEST} bytes"))),
        false => Ok(bytes),
    }
}

/// Makes the folder, and those above it.
pub(super) fn make_folder(path: &Path, mode: u32) -> Result<(), Problem> {
    let made = DirBuilder::new().recursive(true).mode(mode).create(path);
    made.map_err(|error| unwritten(path, &error))
}

/// The folder that a file is in.
pub(super) fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Keeps other processes out until dropped. Where that cannot be had, as in some network file systems, files are still
/// whole.
pub(super) fn lock(folder: &Path) -> Option<File> {
    let folder = File::open(folder).ok()?;
    folder.lock().ok().map(|()| folder)
}

/// A file that is written but not in its place yet. Dropped before [`Draft::publish`], it leaves nothing.
#[derive(Debug)]
pub(super) struct Draft {
    path: PathBuf,
    draft: PathBuf,
}

impl Draft {
    /// Writes `content` beside `path`, down to the disk.
    pub(super) fn write(path: &Path, content: &[u8], mode: u32) -> Result<Self, Problem> {
        let tail: String = random()?[..6].iter().map(|byte| format!("{byte:02x}")).collect();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let draft = Self { path: path.to_owned(), draft: folder(path).join(format!(".{name}.{tail}")) };
        let written = || {
            let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(&draft.draft)?;
            file.write_all(content)?;
            file.sync_all()
        };
        written().map_err(|error| unwritten(path, &error))?;
        Ok(draft)
    }

    /// Puts it into its place, over what was there.
    pub(super) fn publish(self) -> Result<(), Problem> {
        fs::rename(&self.draft, &self.path).map_err(|error| unwritten(&self.path, &error))?;
        let _ = File::open(folder(&self.path)).and_then(|folder| folder.sync_all());
        Ok(())
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.draft);
    }
}

fn unread(path: &Path, error: &io::Error) -> Problem {
    Problem::new(format!("{} cannot be read: {error}", path.display()), "let the user that runs outrider read it")
}

fn unwritten(path: &Path, error: &io::Error) -> Problem {
    let help = match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => "make room on the disk",
        _ => "name files in a folder that the user of outrider may write to, with `intercept.ca: {cert, key}`",
    };
    Problem::new(format!("{} cannot be written: {error}", path.display()), help)
}
