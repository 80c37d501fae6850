//! A newer table of models: checked, kept where every start finds it, and used by those.

use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use crate::cli::{DATA_ERROR, NO_INPUT, OS_ERROR};
use crate::config::{Environment, Process};
use crate::snapshot::kept::{LARGEST, place, take_up, usable};

/// Keeps the table in `file` for everything that runs or starts from now on; nothing happens to the one that is there
/// unless this is one.
pub fn update(file: &Path) -> ExitCode {
    let failed = |code: u8, what: String| {
        eprintln!("outrider: {what}");
        ExitCode::from(code)
    };
    let bytes = match Process.file(file, LARGEST) {
        Ok(bytes) => bytes,
        Err(error) => return failed(NO_INPUT, format!("{} can not be read: {error}", file.display())),
    };
    let table = match usable(&bytes) {
        Ok(table) => table,
        Err(what) => return failed(DATA_ERROR, format!("{} is not kept: {what}", file.display())),
    };
    let Some(place) = place(&Process) else {
        return failed(OS_ERROR, "there is no place to keep it: neither XDG_DATA_HOME nor HOME is set".into());
    };
    if let Err(error) = write(&place, &bytes) {
        return failed(OS_ERROR, format!("{} can not be written: {error}", place.display()));
    }
    println!("{}: {} models, prices of {}; used from now on", place.display(), table.len(), table.day);
    ExitCode::SUCCESS
}

/// Uses the table that was kept, where there is one that is newer than what is built in. A start does not fail for it.
pub fn use_installed() {
    if let Some(Err(problem)) = place(&Process).map(|place| take_up(&place, &Process)) {
        eprintln!("{problem}");
    }
}

/// Whole or not at all, whoever reads it meanwhile.
fn write(place: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = place.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder)?;
    let new = folder.join(format!(".models.tsv.{}", std::process::id()));
    let written = std::fs::File::create(&new).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()
    });
    let moved = written.and_then(|()| std::fs::rename(&new, place));
    if moved.is_err() {
        let _ = std::fs::remove_file(&new);
    }
    moved
}
