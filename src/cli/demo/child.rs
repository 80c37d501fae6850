//! Outrider itself, as a user starts it: this executable, `run -c FILE`, a process of its own.
//!
//! It listens on port 0 and says in its log where: `{"message":"listening","address":...,"door":"traffic"}`.

use std::collections::VecDeque;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use serde_json::Value;

/// Much more than it needs, also on a machine that is busy with a build.
const START: Duration = Duration::from_secs(10);

/// How many log lines are kept to be shown when something went wrong.
const LOG_LINES: usize = 20;

/// A running Outrider. Ends, and takes its files along, when dropped.
pub struct Outrider {
    /// Where model calls go.
    pub traffic: SocketAddr,
    /// The operator's door.
    pub admin: SocketAddr,
    child: Child,
    folder: PathBuf,
    log: Arc<Mutex<VecDeque<String>>>,
}

impl Outrider {
    /// Starts it with `config` as its file, and `secrets` in its environment. Waits until it listens.
    pub fn start(config: &str, secrets: &[(&str, &str)]) -> Result<Self, String> {
        let folder = new_folder().map_err(|e| format!("cannot make a folder for the demo's files: {e}"))?;
        match launch(&folder, config, secrets) {
            Ok((child, stderr)) => Self::await_doors(folder, child, stderr),
            Err(problem) => {
                fs::remove_dir_all(&folder).ok();
                Err(format!("cannot start Outrider: {problem}"))
            }
        }
    }

    fn await_doors(folder: PathBuf, child: Child, stderr: ChildStderr) -> Result<Self, String> {
        let nowhere = SocketAddr::from(([127, 0, 0, 1], 0));
        let mut outrider = Self { traffic: nowhere, admin: nowhere, child, folder, log: Arc::default() };
        let doors = follow(stderr, outrider.log.clone());
        while outrider.traffic.port() == 0 || outrider.admin.port() == 0 {
            match doors.recv_timeout(START) {
                Ok((door, address)) if door == "traffic" => outrider.traffic = address,
                Ok((_, address)) => outrider.admin = address,
                Err(_) => return Err(format!("Outrider did not start. Its log:\n{}", outrider.log())),
            }
        }
        Ok(outrider)
    }

    /// The configuration file it runs with.
    pub fn config_file(&self) -> PathBuf {
        self.folder.join("outrider.yaml")
    }

    /// Its latest log lines.
    pub fn log(&self) -> String {
        let lines = self.log.lock().unwrap_or_else(|e| e.into_inner());
        lines.iter().map(|line| format!("  {line}\n")).collect()
    }
}

impl Drop for Outrider {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
        fs::remove_dir_all(&self.folder).ok();
    }
}

fn new_folder() -> io::Result<PathBuf> {
    let folder = std::env::temp_dir().join(format!("outrider-demo-{}", std::process::id()));
    fs::create_dir(&folder)?;
    Ok(folder)
}

fn launch(folder: &Path, config: &str, secrets: &[(&str, &str)]) -> io::Result<(Child, ChildStderr)> {
    let file = folder.join("outrider.yaml");
    fs::write(&file, config)?;
    let mut child = Command::new(std::env::current_exe()?)
        .arg("run")
        .arg("-c")
        .arg(&file)
        .envs(secrets.iter().copied())
        // What is looked for in its log must be there, whatever the user's shell says.
        .env_remove("RUST_LOG")
        .stdin(Stdio::null())
        .stdout(File::create(folder.join("access.log"))?)
        .stderr(Stdio::piped())
        .spawn()?;
    let stderr = child.stderr.take().ok_or(io::ErrorKind::BrokenPipe)?;
    Ok((child, stderr))
}

/// Reads the log to its end, so that the child never waits for a reader.
fn follow(stderr: ChildStderr, log: Arc<Mutex<VecDeque<String>>>) -> mpsc::Receiver<(String, SocketAddr)> {
    let (doors, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        for line in BufReader::new(stderr).lines().map_while(Result::ok) {
            if let Some(door) = door_of(&line) {
                doors.send(door).ok();
            }
            let mut lines = log.lock().unwrap_or_else(|e| e.into_inner());
            if lines.len() == LOG_LINES {
                lines.pop_front();
            }
            lines.push_back(line);
        }
    });
    receiver
}

fn door_of(line: &str) -> Option<(String, SocketAddr)> {
    let line: Value = serde_json::from_str(line).ok()?;
    if line["message"] != "listening" {
        return None;
    }
    Some((line["door"].as_str()?.to_owned(), line["address"].as_str()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::door_of;

    #[test]
    fn a_door_is_found_in_the_log() {
        let line = |message| {
            format!(r#"{{"level":"INFO","message":"{message}","address":"127.0.0.1:4352","door":"traffic"}}"#)
        };
        let door = Some(("traffic".to_owned(), "127.0.0.1:4352".parse().unwrap()));
        assert_eq!(door_of(&line("listening")), door);
        assert_eq!(door_of(&line("draining")), None);
        assert_eq!(door_of("thread 'main' panicked"), None);
    }
}
