//! The built binary with a configuration file of its own, as an operator runs it.

use std::fs::Permissions;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Output, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::task::JoinHandle;

pub use super::config::Config;

use super::client::{self, Call, Reply, Streaming};
use super::config::FREE_PORTS;
use super::provider::Provider;
use super::{eventually, secrets, until};

/// How long the process may take to end once it should.
const EXIT_LIMIT: Duration = Duration::from_secs(10);

/// Lines of its output that are kept.
const LINES_KEPT: usize = 10_000;

/// Runs a program as nobody in particular, in a mount namespace where nothing can be written. The binary is laid into
/// the test's folder, because a folder above it may be root's alone.
const CONFINE: &str = r#"
binary=$1 folder=$2; shift 2
mount --make-rprivate / && mount --bind "$binary" "$folder/outrider" && cd "$folder" || exit
while read -r _ place _; do mount -o remount,bind,ro "$place" 2>&-; done </proc/self/mounts
if touch written 2>&-; then echo "the file system can still be written" >&2; exit 1; fi
exec setpriv --reuid 65532 --regid 65532 --clear-groups --no-new-privs "$@"
"#;

/// A running Outrider. It is killed when this is dropped.
pub struct Proxy {
    /// The configuration file.
    pub file: PathBuf,
    /// Where calls go.
    pub traffic: SocketAddr,
    /// Where the operator goes.
    pub admin: SocketAddr,
    child: Child,
    stdout: Lines,
    stderr: Lines,
    stdout_reader: JoinHandle<()>,
    stdout_stuck: Arc<AtomicBool>,
    dir: TempDir,
}

type Lines = Arc<Mutex<Vec<String>>>;

impl Proxy {
    /// Outrider with that configuration.
    pub async fn start(config: &Config) -> Self {
        Self::start_with(&config.text()).await
    }

    /// Outrider with a file of that text.
    pub async fn start_with(text: &str) -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let file = dir.path().join("outrider.yaml");
        std::fs::write(&file, text).expect("to write the configuration");
        Self::start_in(dir, &file).await
    }

    /// Outrider in front of those providers, as [`Config::chain`] puts them.
    pub async fn before(providers: &[&Provider]) -> Self {
        Self::start(&Config::chain(providers)).await
    }

    /// Outrider with a file that lies somewhere in `dir`.
    pub async fn start_in(dir: TempDir, file: &Path) -> Self {
        Self::start_among(&[], dir, file).await
    }

    /// The same with these environment variables.
    pub async fn start_among(variables: &[(&str, &str)], dir: TempDir, file: &Path) -> Self {
        let mut command = outrider(&["run", "-c", file.to_str().expect("a readable path")]);
        command.env("OUTRIDER_UPGRADE_SOCKET", meeting_place(&dir)).envs(variables.iter().copied());
        Self::launch(command, dir, file).await
    }

    /// Outrider as user 65532, with every file system read-only; `None` where this machine does not let us do that.
    pub async fn confined(text: &str) -> Option<Self> {
        let dir = tempfile::tempdir().expect("a folder");
        let file = dir.path().join("outrider.yaml");
        std::fs::write(&file, text).expect("to write the configuration");
        std::fs::write(dir.path().join("outrider"), "").expect("a place for the binary");
        std::fs::set_permissions(dir.path(), Permissions::from_mode(0o755)).expect("a folder that others can read");
        let confined = |program: &str| {
            let mut command = command("unshare");
            command.args(["-m", "sh", "-c", CONFINE, "sh", env!("CARGO_BIN_EXE_outrider")]).arg(dir.path());
            command.arg(program);
            command
        };
        if !confined("true").output().await.is_ok_and(|tried| tried.status.success()) {
            return None;
        }
        let mut command = confined("./outrider");
        command.args(["run", "-c"]).arg(&file);
        Some(Self::launch(command, dir, &file).await)
    }

    /// A second process, with that configuration, to which this one hands its doors over.
    pub async fn replaced_by(&self, config: &Config) -> Self {
        let (command, dir, file) = self.successor(config, "");
        tokio::join!(Self::launch(command, dir, &file), self.hand_over()).0
    }

    /// The same where the second process is to listen at `another` address too, which it cannot have. How it ends.
    pub async fn replaced_in_vain(&self, config: &Config, another: SocketAddr) -> Output {
        let (mut command, _dir, _file) = self.successor(config, &format!(", \"{another}\""));
        let ended = tokio::time::timeout(EXIT_LIMIT, command.kill_on_drop(true).output());
        tokio::join!(ended, self.hand_over()).0.expect("it ends").expect("a process")
    }

    /// A process that waits for our doors.
    fn successor(&self, config: &Config, more: &str) -> (Command, TempDir, PathBuf) {
        let doors = format!("listen: [\"{}\"{more}]\nadmin: \"{}\"\n", self.traffic, self.admin);
        let dir = tempfile::tempdir().expect("a folder");
        let file = dir.path().join("outrider.yaml");
        std::fs::write(&file, config.text().replace(FREE_PORTS, &doors)).expect("to write the configuration");
        let mut command = outrider(&["run", "--upgrade", "-c", file.to_str().expect("a readable path")]);
        command.arg("--upgrade-socket").arg(meeting_place(&self.dir));
        (command, dir, file)
    }

    async fn hand_over(&self) {
        let socket = meeting_place(&self.dir);
        until("the successor waits for the doors", || socket.exists()).await;
        self.signal("QUIT").await;
    }

    /// Outrider without a file, told by these variables. It then listens where a user expects it; `None` where
    /// somebody else does already.
    pub async fn from_environment(variables: &[(&str, &str)]) -> Option<Self> {
        let free = |port| std::net::TcpListener::bind(("127.0.0.1", port)).is_ok();
        if !free(7878) || !free(7879) {
            return None;
        }
        let mut command = outrider(&["run"]);
        command.envs(variables.iter().copied());
        Some(Self::launch(command, tempfile::tempdir().expect("a folder"), Path::new("")).await)
    }

    async fn launch(mut command: Command, dir: TempDir, file: &Path) -> Self {
        secrets::configured(&std::fs::read_to_string(file).unwrap_or_default());
        let mut child = command.kill_on_drop(true).spawn().expect("the binary");
        let stdout_stuck = Arc::<AtomicBool>::default();
        let (stdout, stdout_reader) = collect(child.stdout.take().expect("stdout"), stdout_stuck.clone());
        let (stderr, _) = collect(child.stderr.take().expect("stderr"), Arc::default());
        let doors = || {
            let ended = child.try_wait().expect("a child");
            assert!(ended.is_none(), "ended at once with {ended:?}: {:#?}", stderr.lock().unwrap());
            std::future::ready((door(&stderr, "traffic"), door(&stderr, "admin")))
        };
        let open = eventually("both doors are open", doors, |doors| doors.0.is_some() && doors.1.is_some()).await;
        let (traffic, admin) = (open.0.expect("traffic"), open.1.expect("admin"));
        let proxy = Self { file: file.into(), traffic, admin, child, stdout, stderr, stdout_reader, stdout_stuck, dir };
        eventually("it is ready", || proxy.ask("/readyz"), |reply| reply.status == 200).await;
        proxy
    }

    /// Sends a call and reads the whole reply.
    pub async fn send(&self, call: Call) -> Reply {
        self.open(call).await.rest().await
    }

    /// Sends a call; the reply is read by the test.
    pub async fn open(&self, call: Call) -> Streaming {
        client::open(self.traffic, call).await
    }

    /// Asks the operator's door.
    pub async fn ask(&self, path: &str) -> Reply {
        client::open(self.admin, Call::get(path)).await.rest().await
    }

    /// The sum of a metric over the series that carry all those labels, as `name{label="value"`; 0 where there is none.
    pub async fn metric(&self, name: &str, labels: &[&str]) -> f64 {
        let text = self.ask("/metrics").await.text();
        let of_name = |line: &&str| line.strip_prefix(name).is_some_and(|rest| rest.starts_with(['{', ' ']));
        let series = text.lines().filter(of_name).filter(|line| labels.iter().all(|label| line.contains(label)));
        series.map(|line| line.rsplit(' ').next().unwrap_or_default().parse::<f64>().expect("a number")).sum()
    }

    /// Waits until a metric has that value.
    pub async fn metric_becomes(&self, name: &str, labels: &[&str], value: f64) {
        eventually(&format!("{name}{labels:?} is {value}"), || self.metric(name, labels), |seen| *seen == value).await;
    }

    /// The access log, once it has `count` lines.
    pub async fn calls_logged(&self, count: usize) -> Vec<Value> {
        let lines = || std::future::ready(self.stdout.lock().unwrap().clone());
        let lines = eventually("the calls are in the log", lines, |lines| lines.len() >= count).await;
        lines.iter().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect()
    }

    /// From now on nobody reads the access log, though its pipe stays open.
    pub fn leave_the_log_unread(&self) {
        self.stdout_stuck.store(true, Ordering::SeqCst);
    }

    /// The reader of the access log goes away.
    pub fn close_the_log(&self) {
        self.stdout_reader.abort();
    }

    /// Everything that was said on stdout and stderr so far.
    pub fn said(&self) -> String {
        [self.stdout.lock().unwrap().join("\n"), self.stderr.lock().unwrap().join("\n")].join("\n")
    }

    /// Waits until the process has said `text`.
    pub async fn says(&self, text: &str) {
        until(&format!("the log says `{text}`"), || self.said().contains(text)).await;
    }

    /// Writes the file anew, in place.
    pub fn rewrite(&self, text: &str) {
        secrets::configured(text);
        std::fs::write(&self.file, text).expect("to write the configuration");
    }

    /// The configuration that it serves now, redacted.
    pub async fn config(&self) -> String {
        self.ask("/config").await.text()
    }

    /// Waits until the configuration in use contains `text`.
    pub async fn uses(&self, text: &str) {
        let what = format!("the configuration contains `{text}`");
        eventually(&what, || self.config(), |config| config.contains(text)).await;
    }

    /// From now on no file that it writes may have more bytes; `unlimited`: any.
    pub async fn may_write(&self, bytes: &str) {
        let id = self.child.id().expect("still running").to_string();
        let limit = format!("--fsize={bytes}:unlimited");
        let set = Command::new("prlimit").args(["--pid", &id, &limit]).status().await;
        assert!(set.expect("prlimit, of util-linux").success());
    }

    /// Sends a signal, by its name without `SIG`.
    pub async fn signal(&self, name: &str) {
        let id = self.child.id().expect("still running").to_string();
        let sent = Command::new("sh").args(["-c", &format!("kill -{name} {id}")]).status().await;
        assert!(sent.expect("a shell").success());
    }

    /// Waits for the end of the process.
    pub async fn exit(&mut self) -> ExitStatus {
        let ended = tokio::time::timeout(EXIT_LIMIT, self.child.wait()).await;
        ended.unwrap_or_else(|_| panic!("still running: {}", self.said())).expect("a status")
    }

    /// Descriptors that the process has open now. (The benches use it.)
    #[allow(dead_code)]
    pub fn descriptors(&self) -> usize {
        let path = format!("/proc/{}/fd", self.child.id().expect("still running"));
        std::fs::read_dir(path).expect("Linux").count()
    }

    /// Bytes of memory that the process occupies now.
    pub fn resident(&self) -> usize {
        let path = format!("/proc/{}/statm", self.child.id().expect("still running"));
        let pages = std::fs::read_to_string(path).expect("Linux");
        pages.split(' ').nth(1).expect("pages").parse::<usize>().expect("a number") * 4096
    }
}

/// Nobody who looks after it may learn a secret.
impl Drop for Proxy {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            secrets::none_in("the log", self.said().as_bytes());
            secrets::none_at_the_door(self.admin);
        }
    }
}

/// The binary with arguments, an empty environment, and its output for us.
pub fn outrider(arguments: &[&str]) -> Command {
    let mut command = command(env!("CARGO_BIN_EXE_outrider"));
    command.args(arguments);
    command
}

fn command(program: &str) -> Command {
    let mut command = Command::new(program);
    command.env_clear().stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Where a process with its files in `dir` meets its successor.
fn meeting_place(dir: &TempDir) -> PathBuf {
    dir.path().join("upgrade.sock")
}

/// A run of hours says more than anybody wants to look at.
fn keep(lines: &Lines, line: String) {
    let mut lines = lines.lock().unwrap();
    if lines.len() < LINES_KEPT {
        lines.push(line);
    }
}

fn collect(output: impl AsyncRead + Unpin + Send + 'static, stuck: Arc<AtomicBool>) -> (Lines, JoinHandle<()>) {
    let lines = Lines::default();
    let sink = lines.clone();
    let reader = tokio::spawn(async move {
        let mut reader = BufReader::new(output).lines();
        while let Ok(Some(line)) = reader.next_line().await {
            keep(&sink, line);
            if stuck.load(Ordering::SeqCst) {
                std::future::pending::<()>().await;
            }
        }
    });
    (lines, reader)
}

/// The address of a door, once the log tells it.
fn door(stderr: &Lines, name: &str) -> Option<SocketAddr> {
    let lines = stderr.lock().unwrap();
    let mut entries = lines.iter().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    entries.find_map(|entry| {
        let fields = if entry["fields"].is_object() { &entry["fields"] } else { &entry };
        if fields["message"] != "listening" || fields["door"] != name {
            return None;
        }
        fields["address"].as_str()?.parse().ok()
    })
}
