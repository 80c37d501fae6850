//! The proxies as processes: each alone on a core, its CPU time and memory read from /proc.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::bare;
use super::load::{LOADS, request};

/// The client's and the upstream's core, and the proxies'. The proxies never run at the same time.
const OURS: &str = "0";
const THEIRS: &str = "1";

/// A proxy that was started. Ends when dropped.
pub struct Proxy {
    /// Where it listens.
    pub address: SocketAddr,
    /// When it was started.
    pub started: Instant,
    child: Child,
    folder: Option<PathBuf>,
}

impl Proxy {
    /// This executable as a bare proxy.
    pub fn bare(upstream: SocketAddr) -> Self {
        Self::in_role(bare::ROLE, upstream)
    }

    /// This executable as a proxy of that kind.
    pub fn in_role(role: &str, upstream: SocketAddr) -> Self {
        let address = free_address();
        let myself = std::env::current_exe().expect("this executable");
        let mut command = pinned(&myself);
        command.args([role, &address.to_string(), &upstream.to_string()]);
        let started = Instant::now();
        Self { address, started, child: command.spawn().expect("the proxy starts"), folder: None }
    }

    /// Outrider as a user runs it: a configuration file, the access log on.
    pub fn outrider(upstream: SocketAddr) -> Self {
        Self::configured(&configuration(upstream))
    }

    /// Outrider with that configuration.
    pub fn configured(configuration: &str) -> Self {
        // In a folder of its own, since Outrider watches the folder.
        let folder = std::env::temp_dir().join(format!("outrider-bench-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("a place for the configuration");
        let config = folder.join("outrider.yaml");
        fs::write(&config, configuration).expect("a place for the configuration");
        let mut command = pinned(&PathBuf::from(env!("CARGO_BIN_EXE_outrider")));
        command.arg("run").arg("-c").arg(&config).stdout(Stdio::null());
        command.env("BENCH_KEY", "sk-bench").env("XDG_STATE_HOME", &folder);
        let started = Instant::now();
        let mut child = command.stderr(Stdio::piped()).spawn().expect("Outrider starts");
        let mut log = BufReader::new(child.stderr.take().expect("piped")).lines().map_while(Result::ok);
        let address = log.by_ref().find_map(|line| traffic_door(&line)).expect("Outrider says where it listens");
        // Read to the end, or Outrider would wait for a reader some day.
        std::thread::spawn(move || log.for_each(drop));
        Self { address, started, child, folder: Some(folder) }
    }

    /// A file beside the configuration. (The other bench reads the authority.)
    #[allow(dead_code)]
    pub fn file(&self, name: &str) -> String {
        let folder = self.folder.as_ref().expect("a configuration");
        fs::read_to_string(folder.join(name)).expect("a file of its own")
    }

    /// Waits until it has answered a call.
    pub async fn ready(self) -> Self {
        let request = request(&LOADS[0], &self.address.to_string());
        loop {
            if let Ok(mut stream) = TcpStream::connect(self.address).await {
                stream.write_all(&request).await.expect("the request is taken");
                let mut reply = [0; 4096];
                let read = stream.read(&mut reply).await.expect("a reply");
                let reply = String::from_utf8_lossy(&reply[..read]);
                assert!(reply.starts_with("HTTP/1.1 200"), "not an answer: {reply}");
                return self;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    /// CPU time of all its threads so far, to the nanosecond: the scheduler's own count (`schedstat`), where the usual
    /// `utime` and `stime` count ticks of 10 ms.
    pub fn cpu(&self) -> Duration {
        let threads = fs::read_dir(format!("/proc/{}/task", self.child.id())).expect("Linux");
        let nanoseconds = threads.filter_map(|thread| {
            let schedstat = fs::read_to_string(thread.ok()?.path().join("schedstat")).ok()?;
            schedstat.split(' ').next()?.parse::<u64>().ok()
        });
        Duration::from_nanos(nanoseconds.sum())
    }

    /// Resident memory in MiB.
    pub fn resident(&self) -> f64 {
        self.status("VmRSS:")
    }

    /// The most resident memory it ever had, in MiB.
    pub fn peak(&self) -> f64 {
        self.status("VmHWM:")
    }

    fn status(&self, field: &str) -> f64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("Linux");
        let line = status.lines().find_map(|line| line.strip_prefix(field)).expect("a field of every Linux");
        line.trim().trim_end_matches(" kB").parse::<f64>().expect("a number") / 1024.0
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
        self.folder.iter().for_each(|folder| drop(fs::remove_dir_all(folder)));
    }
}

/// Keeps this process off the proxies' core.
pub fn pin_self() {
    assert!(cores() > 1, "the proxy needs a core for itself: this machine has one");
    let pinned = Command::new("taskset").args(["-a", "-p", "-c", OURS, &std::process::id().to_string()]).output();
    assert!(pinned.is_ok_and(|output| output.status.success()), "`taskset` (util-linux) is needed");
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

fn pinned(program: &std::path::Path) -> Command {
    let mut command = Command::new("taskset");
    // It becomes the program itself, with the same process id.
    command.args(["-c", THEIRS]).arg(program).stdin(Stdio::null());
    command
}

fn configuration(upstream: SocketAddr) -> String {
    format!(
        "listen: 127.0.0.1:0
admin: 127.0.0.1:0
providers:
  upstream: {{dialect: openai_chat, base_url: \"http://{upstream}/v1\", api_key: \"${{BENCH_KEY}}\"}}
  claude: {{dialect: anthropic, base_url: \"http://{upstream}/v1\", api_key: \"${{BENCH_KEY}}\"}}
models:
  bench: {{targets: [upstream/gpt-bench]}}
  translated: {{targets: [claude/claude-bench]}}
log: {{format: json}}
"
    )
}

fn traffic_door(line: &str) -> Option<SocketAddr> {
    let line: serde_json::Value = serde_json::from_str(line).ok()?;
    (line["message"] == "listening" && line["door"] == "traffic").then(|| line["address"].as_str()?.parse().ok())?
}

fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port")
}
