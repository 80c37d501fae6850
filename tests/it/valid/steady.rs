//! `@stdy/cli`, a server that checks what it is asked by an OpenAPI document.
//!
//! Two of its habits would make it say too much or too little. A document that fits two alternatives of a `oneOf` is
//! wrong to it, and by OpenAI's specification every message with a list of contents is such a one (`EasyInputMessage`
//! and `InputMessage`): so it is given `anyOf` instead. And where it cannot tell which alternative was meant, it calls
//! the request valid, with a mistake (E3012, even for `"input": 5`): so its mistakes are counted, not its verdicts.

use std::net::{SocketAddr, TcpListener};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use bytes::Bytes;
use http::HeaderMap;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tempfile::TempDir;
use tokio::net::TcpStream;

use super::sent::Sent;
use crate::support::client::Call;
use crate::support::eventually;

/// It has three headers for each mistake.
const MAX_HEADERS: usize = 2000;

/// One with one specification. It is killed when this is dropped.
pub struct Steady {
    _child: Group,
    address: SocketAddr,
    sender: http1::SendRequest<Full<Bytes>>,
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
        let text = String::from_utf8(unpacked.stdout).unwrap();
        std::fs::write(&spec, text.replace("oneOf\":", "anyOf\":").replace("oneOf:", "anyOf:")).unwrap();
        // It is told a port, and says nothing of one that it chose.
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let script = PathBuf::from(modules).join("@stdy/cli/steady.js");
        let mut command = Command::new("node");
        command.arg(script).args(["--log=false", "-p", &address.port().to_string()]).arg(&spec);
        // The script starts the program itself: both are one group.
        let child = command.process_group(0).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("node starts");
        let child = Group(child);
        let connected = || async { TcpStream::connect(address).await.ok() };
        let stream = eventually("steady listens", connected, Option::is_some).await.unwrap();
        let mut builder = http1::Builder::new();
        let (sender, connection) = builder.max_headers(MAX_HEADERS).handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        Some(Self { _child: child, address, sender, _folder: folder })
    }

    /// What it says of a request.
    pub async fn mistakes(&mut self, sent: &Sent) -> Vec<String> {
        // The specification's paths are below OpenAI's base URL, which ends so.
        let path = if sent.to.starts_with("openai") { sent.path.trim_start_matches("/v1") } else { &sent.path };
        let mut call = Call::post(path, &sent.body).header("x-steady-stream-count", "1");
        for (name, value) in &sent.headers {
            if !["host", "content-length", "connection", "accept-encoding"].contains(&name.to_lowercase().as_str()) {
                call = call.header(name, value);
            }
        }
        self.sender.ready().await.unwrap();
        let reply = self.sender.send_request(call.request(self.address)).await.unwrap();
        let (head, body) = reply.into_parts();
        body.collect().await.unwrap();
        let said = |name: &str| header(&head.headers, &format!("x-steady-{name}"));
        let count: usize = said("error-count").parse().unwrap_or_else(|_| panic!("{path}: {head:?}"));
        assert!(count > 0 || said("request-valid") == "true", "{path}: {head:?}");
        let mistake = |number| {
            let of = |what| said(&format!("error-{number}-{what}"));
            format!("{}: {}", without_numbers(of("path")), of("message"))
        };
        (1..=count).map(mistake).collect()
    }
}

fn header<'h>(headers: &'h HeaderMap, name: &str) -> &'h str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

/// A place as `validate.py` names it.
fn without_numbers(place: &str) -> String {
    let steps = place.split('.').map(|step| if step.bytes().all(|byte| byte.is_ascii_digit()) { "*" } else { step });
    steps.collect::<Vec<_>>().join(".")
}

/// The script and the program.
struct Group(Child);

impl Drop for Group {
    fn drop(&mut self) {
        let group = format!("-{}", self.0.id());
        let _ = Command::new("kill").args(["-s", "KILL", "--", &group]).status();
        let _ = self.0.wait();
    }
}
