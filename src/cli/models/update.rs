//! A newer table of models: checked, kept where every start finds it, and used by those.

use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::catalogue::{Catalogue, Table};
use crate::cli::{DATA_ERROR, NO_INPUT, OS_ERROR};

/// Far more than any table.
const LARGEST: u64 = 8 * 1024 * 1024;

/// Keeps the table in `file` for every start from now on; nothing happens to the one that is there unless this is one.
pub fn update(file: &Path, variable: impl Fn(&str) -> Option<String>) -> ExitCode {
    let failed = |code: u8, what: String| {
        eprintln!("outrider: {what}");
        ExitCode::from(code)
    };
    let bytes = match read(file) {
        Ok(bytes) => bytes,
        Err(error) => return failed(NO_INPUT, format!("{} can not be read: {error}", file.display())),
    };
    let table = match usable(&bytes) {
        Ok(table) => table,
        Err(what) => return failed(DATA_ERROR, format!("{} is not kept: {what}", file.display())),
    };
    let Some(place) = place(variable) else {
        return failed(OS_ERROR, "there is no place to keep it: neither XDG_DATA_HOME nor HOME is set".into());
    };
    if let Err(error) = write(&place, &bytes) {
        return failed(OS_ERROR, format!("{} can not be written: {error}", place.display()));
    }
    println!("{}: {} models, prices of {}; used from the next start on", place.display(), table.len(), table.day);
    ExitCode::SUCCESS
}

/// Uses the table that was kept, where there is one that is newer than what is built in. A start does not fail for it.
pub fn use_installed(variable: impl Fn(&str) -> Option<String>) {
    let Some(place) = place(variable) else { return };
    let bytes = match read(&place) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return,
        Err(error) => return eprintln!("outrider: the kept table of models {} is not used: {error}", place.display()),
    };
    match usable(&bytes) {
        Ok(table) => Catalogue::install(table),
        Err(what) => eprintln!("outrider: the kept table of models {} is not used: {what}", place.display()),
    }
}

/// A table with models in it, of a day that is not before that of the one that is built in.
fn usable(bytes: &[u8]) -> Result<Table, String> {
    let table = Table::read(bytes).map_err(|wrong| wrong.to_string())?;
    let built_in = Table::built_in();
    if table.is_empty() {
        return Err("no models are in it".into());
    }
    if table.day < built_in.day {
        return Err(format!("it is of {}, and the one that is built in is of {}", table.day, built_in.day));
    }
    Ok(table)
}

/// Where it is kept: beside the authority's files.
fn place(variable: impl Fn(&str) -> Option<String>) -> Option<PathBuf> {
    let absolute = |name: &str| variable(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let data = absolute("XDG_DATA_HOME").or_else(|| Some(absolute("HOME")?.join(".local/share")))?;
    Some(data.join("outrider/models.tsv"))
}

fn read(file: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    std::fs::File::open(file)?.take(LARGEST + 1).read_to_end(&mut bytes)?;
    match bytes.len() as u64 > LARGEST {
        true => Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("larger than {LARGEST} bytes"))),
        false => Ok(bytes),
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
