//! The table of models that `outrider models update` has kept: used in the place of the one that is built in.
//!
//! Whatever is wrong with it keeps nothing from working: what was used before goes on being used.

use std::io;
use std::path::{Path, PathBuf};

use crate::catalogue::{Catalogue, Table};
use crate::config::{Environment, Place, Problem};

/// Far more than any table, and as much as a configuration may name.
pub const LARGEST: u64 = 4 * 1024 * 1024;

/// Where it is kept: beside the authority's files. `None`: there is no such place.
pub fn place(env: &dyn Environment) -> Option<PathBuf> {
    let absolute = |name: &str| env.variable(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let data = absolute("XDG_DATA_HOME").or_else(|| Some(absolute("HOME")?.join(".local/share")))?;
    Some(data.join("outrider/models.tsv"))
}

/// A table with models in it, of a day that is not before that of the one that is built in.
pub fn usable(bytes: &[u8]) -> Result<Table, String> {
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

/// From now on what is kept at `place` counts, or what is built in where nothing is; the problem, if what is kept can
/// not be used.
pub fn take_up(place: &Path, env: &dyn Environment) -> Result<(), Problem> {
    let bytes = match env.file(place, LARGEST) {
        Ok(bytes) => bytes,
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            if Catalogue::installed().is_some() {
                Catalogue::install(None);
            }
            return Ok(());
        }
        Err(error) => return Err(problem(place, &format!("can not be read: {error}"))),
    };
    if Catalogue::installed().is_some_and(|table| table.text().as_bytes() == bytes) {
        return Ok(());
    }
    let table = usable(&bytes).map_err(|what| problem(place, &what))?;
    Catalogue::install(Some(table));
    Ok(())
}

fn problem(place: &Path, what: &str) -> Problem {
    let file = place.to_string_lossy().as_ref().into();
    let what = format!("the kept table of models is not used: {what}");
    Problem::new(Place { file, ..Place::default() }, what).help("`outrider models update FILE` keeps another one")
}
