//! What a configuration may ask of the process: variables and files.
//!
//! Passed in, so that a test never touches the environment that it shares with all other tests.

use std::io::{self, Read};
use std::path::Path;

/// Answers `${VARIABLE}` and `{file: path}`.
pub trait Environment: Send + Sync {
    /// The variable's value; `None` where it is not set or not text.
    fn variable(&self, name: &str) -> Option<String>;

    /// The file's bytes, an error where there are more than `most`.
    fn file(&self, path: &Path, most: u64) -> io::Result<Vec<u8>>;
}

/// The environment and the files of this process.
#[derive(Debug)]
pub struct Process;

impl Environment for Process {
    fn variable(&self, name: &str) -> Option<String> {
        std::env::var(name).ok()
    }

    fn file(&self, path: &Path, most: u64) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        std::fs::File::open(path)?.take(most + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > most {
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("larger than {most} bytes")));
        }
        Ok(bytes)
    }
}

/// Variables and files made up by a test.
#[cfg(test)]
#[derive(Debug, Default)]
pub struct Fake {
    /// Name and value of each variable.
    pub variables: std::collections::HashMap<String, String>,
    /// Path and content of each file.
    pub files: std::collections::HashMap<std::path::PathBuf, Vec<u8>>,
}

#[cfg(test)]
impl Environment for Fake {
    fn variable(&self, name: &str) -> Option<String> {
        self.variables.get(name).cloned()
    }

    fn file(&self, path: &Path, _most: u64) -> io::Result<Vec<u8>> {
        self.files.get(path).cloned().ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}
