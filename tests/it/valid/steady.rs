//! `@stdy/cli`, a server that checks what it is asked by an OpenAPI document.

use std::net::{SocketAddr, TcpListener};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use http::HeaderMap;
use serde_json::Value;
use tempfile::TempDir;
use tokio::net::TcpStream;

use super::sent::Sent;
use crate::support::client::{Call, open};
use crate::support::eventually;

/// One with one specification. It is killed when this is dropped.
pub struct Steady {
    child: Child,
    address: SocketAddr,
    _folder: TempDir,
}

impl Steady {
    /// `None`, and a word of it, where there is no Node.
    pub async fn with(specs: &Path, file: &str) -> Option<Self> {
        let Some(modules) = std::env::var_os("OUTRIDER_NODE_MODULES") else {
            eprintln!("skipped: OUTRIDER_NODE_MODULES does not name a folder with `@stdy/cli`");
            return None;
        };
        let folder = tempfile::tempdir().unwrap();
        let unpacked = Command::new("xz").arg("-dc").arg(specs.join(format!("{file}.xz"))).output().expect("xz");
        assert!(unpacked.status.success(), "{file}: {}", String::from_utf8_lossy(&unpacked.stderr));
        let spec = folder.path().join(file);
        std::fs::write(&spec, unpacked.stdout).unwrap();
        // It is told a port, and says nothing of one that it chose.
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let script = PathBuf::from(modules).join("@stdy/cli/steady.js");
        let mut command = Command::new("node");
        command
            .arg(script)
            .args(["--reject-on-sdk-error", "--log=false", "-p", &address.port().to_string()])
            .arg(&spec);
        // The script starts the program itself: both are one group.
        let child = command.process_group(0).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("node starts");
        let steady = Self { child, address, _folder: folder };
        let listens = || async { TcpStream::connect(address).await.is_ok() };
        eventually("steady listens", listens, |listens| *listens).await;
        Some(steady)
    }

    /// What it says of a request.
    pub async fn mistakes(&self, sent: &Sent) -> Vec<String> {
        // The specification's paths are below OpenAI's base URL, which ends so.
        let path = if sent.to.starts_with("openai") { sent.path.trim_start_matches("/v1") } else { &sent.path };
        let mut call = Call::post(path, &sent.body);
        for (name, value) in &sent.headers {
            if !["host", "content-length", "connection", "accept-encoding"].contains(&name.to_lowercase().as_str()) {
                call = call.header(name, value);
            }
        }
        let reply = open(self.address, call).await.rest().await;
        if header(&reply.headers, "x-steady-request-valid") == "true" {
            return Vec::new();
        }
        let said = serde_json::from_slice::<Value>(&reply.body).unwrap_or_default();
        let errors = said["steady"]["errors"].as_array().cloned().unwrap_or_default();
        assert!(!errors.is_empty(), "{} {path}: {}", reply.status, reply.text());
        errors.iter().map(|error| format!("{}: {}", without_numbers(&error["path"]), error["message"])).collect()
    }
}

fn header<'h>(headers: &'h HeaderMap, name: &str) -> &'h str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

/// A place as `validate.py` names it.
fn without_numbers(place: &Value) -> String {
    let steps = place.as_str().unwrap_or_default().split('.');
    let steps = steps.map(|step| if step.bytes().all(|byte| byte.is_ascii_digit()) { "*" } else { step });
    steps.collect::<Vec<_>>().join(".")
}

impl Drop for Steady {
    fn drop(&mut self) {
        let group = format!("-{}", self.child.id());
        let _ = Command::new("kill").args(["-s", "KILL", "--", &group]).status();
        let _ = self.child.wait();
    }
}
