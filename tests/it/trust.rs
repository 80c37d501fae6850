//! `outrider ca`, `env` and `exec`, and the authority at the start.

use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::Output;

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::TcpStream;
use tokio::process::Command;

use crate::support::proxy::outrider;
use crate::support::run;

/// A user of this machine, with nothing but a home.
struct User {
    home: tempfile::TempDir,
}

impl User {
    fn new() -> Self {
        Self { home: tempfile::tempdir().unwrap() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// Where the authority is when nothing is said.
    fn folder(&self) -> PathBuf {
        self.path(".local/share/outrider")
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = outrider(arguments);
        command.env_clear().env("PATH", std::env::var_os("PATH").unwrap()).env("HOME", self.home.path());
        command
    }

    async fn says(&self, arguments: &[&str]) -> String {
        let output = self.command(arguments).output().await.unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    fn write(&self, name: &str, content: &str) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, content).unwrap();
        path
    }

    fn config(&self, intercept: &str) -> PathBuf {
        let text = "listen: 127.0.0.1:0\nadmin: 127.0.0.1:0\n\
                    providers: {one: {dialect: openai_chat, base_url: 'http://127.0.0.1:9'}}\n";
        self.write("outrider.yaml", &format!("{text}intercept: {intercept}\n"))
    }
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn the_authority_is_printed_and_made_once() {
    run(async {
        let user = User::new();
        let first = user.says(&["ca"]).await;
        assert!(first.starts_with("-----BEGIN CERTIFICATE-----\n") && first.matches("BEGIN").count() == 1, "{first}");
        assert_eq!(user.says(&["ca"]).await, first);
        assert_eq!(std::fs::read_to_string(user.folder().join("ca.pem")).unwrap(), first);
        assert_eq!((mode(&user.folder()), mode(&user.folder().join("ca.key"))), (0o700, 0o600));
        let bundle = user.says(&["ca", "--bundle"]).await;
        assert!(std::fs::read_to_string(bundle.trim_end()).unwrap().ends_with(&first));
        let hints = user.says(&["ca", "--install-hints"]).await;
        assert!(hints.contains(&format!("SSL_CERT_FILE={}", bundle.trim_end())), "{hints}");
        let folder = user.path("trust");
        let written = user.says(&["ca", "write", folder.to_str().unwrap()]).await;
        for (line, name) in written.lines().zip(["ca.pem", "bundle.pem", "truststore.jks"]) {
            assert_eq!(Path::new(line), folder.join(name));
            assert!(Path::new(line).is_file());
        }
        assert_eq!(written.lines().count(), 3);

        let careful = User::new();
        let config = careful.config("{hosts: [api.openai.com]}");
        let first = careful.says(&["ca", "-c", config.to_str().unwrap()]).await;
        assert_eq!(careful.says(&["ca"]).await, first, "widened by somebody who did not know the configuration");
    });
}

#[test]
fn a_shell_takes_over_what_env_prints() {
    run(async {
        let user = User::new();
        let corporate = user.write("corporate.pem", &User::new().says(&["ca"]).await);
        let script = "eval \"$(\"$0\" env)\" && eval \"$(\"$0\" env)\" && env";
        let binary = outrider(&[]).as_std().get_program().to_owned();
        let shell = |corporate: Option<&Path>| {
            let mut shell = Command::new("sh");
            shell.arg("-c").arg(script).arg(&binary).env_clear();
            shell.env("PATH", std::env::var_os("PATH").unwrap()).env("HOME", user.home.path());
            if let Some(corporate) = corporate {
                shell.env("SSL_CERT_FILE", corporate);
            }
            shell.output()
        };
        let value = |output: &Output, name: &str| {
            let value =
                text(&output.stdout).lines().find_map(|line| line.strip_prefix(&format!("{name}=")).map(str::to_owned));
            value.unwrap_or_else(|| panic!("{name} is not set: {}{}", text(&output.stdout), text(&output.stderr)))
        };
        let output = shell(None).await.unwrap();
        assert_eq!(value(&output, "HTTPS_PROXY"), "http://127.0.0.1:7878");
        assert_eq!(PathBuf::from(value(&output, "SSL_CERT_FILE")), user.folder().join("bundle.pem"));
        assert_eq!(PathBuf::from(value(&output, "NODE_EXTRA_CA_CERTS")), user.folder().join("ca.pem"));
        assert_eq!(text(&output.stderr), "");

        let output = shell(Some(&corporate)).await.unwrap();
        let bundle = value(&output, "SSL_CERT_FILE");
        assert_ne!(PathBuf::from(&bundle), user.folder().join("bundle.pem"), "others would lose or gain authorities");
        let bundle = std::fs::read_to_string(bundle).unwrap();
        let ours = std::fs::read_to_string(user.folder().join("ca.pem")).unwrap();
        let theirs = std::fs::read_to_string(&corporate).unwrap();
        assert!(bundle.contains(&ours) && bundle.contains(&theirs) && bundle.matches("BEGIN").count() > 100);
        assert!(text(&output.stderr).contains("SSL_CERT_FILE named"), "{}", text(&output.stderr));
        let plain = std::fs::read_to_string(user.folder().join("bundle.pem")).unwrap();
        assert!(!plain.contains(&theirs));
    });
}

#[test]
fn a_key_that_others_may_read_stops_everything() {
    run(async {
        let user = User::new();
        user.says(&["ca"]).await;
        let key = user.folder().join("ca.key");
        std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o644)).unwrap();
        for arguments in [&["ca"][..], &["env"], &["exec", "--", "true"]] {
            let output = user.command(arguments).output().await.unwrap();
            assert_eq!(output.status.code(), Some(78), "{arguments:?}");
            let said = text(&output.stderr);
            assert!(said.contains("can be read or changed by everybody") && said.contains("chmod 600"), "{said}");
            assert!(output.stdout.is_empty());
        }
    });
}

#[test]
fn files_that_do_not_belong_together_stop_the_start_and_stay() {
    run(async {
        let user = User::new();
        let other = User::new();
        user.says(&["ca"]).await;
        other.says(&["ca"]).await;
        std::fs::copy(other.folder().join("ca.pem"), user.folder().join("ca.pem")).unwrap();
        let config = user.config("{hosts: [api.openai.com]}");
        let output = user.command(&["run", "-c", config.to_str().unwrap()]).output().await.unwrap();
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(78), "{said}");
        assert!(said.contains("is not that of the certificate"), "{said}");
        let output = user.command(&["check", config.to_str().unwrap()]).output().await.unwrap();
        assert_eq!((output.status.code(), text(&output.stderr)), (Some(78), said));
        let read = |user: &User| std::fs::read(user.folder().join("ca.pem")).unwrap();
        assert_eq!(read(&user), read(&other));
    });
}

#[test]
fn the_authority_is_made_at_the_start_where_that_is_said() {
    run(async {
        let made = |intercept: &'static str| async move {
            let user = User::new();
            let config = user.config(intercept);
            let mut child = user.command(&["run", "-c", config.to_str().unwrap()]).kill_on_drop(true).spawn().unwrap();
            let mut log = BufReader::new(child.stderr.take().unwrap()).lines();
            while !log.next_line().await.unwrap().expect("a start").contains("listening") {}
            child.kill().await.unwrap();
            (user.path("t/bundle.pem").exists() || user.folder().join("bundle.pem").exists(), user)
        };
        let (there, user) = made("{ca: {cert: t/ca.pem, key: k/ca.key}}").await;
        assert!(there && user.path("k/ca.key").exists() && !user.folder().exists());
        assert_eq!((mode(&user.path("k")), mode(&user.path("t/ca.pem"))), (0o700, 0o644));
        assert!(made("{}").await.0);
        assert!(!made("off").await.0);
        assert!(!made("").await.0, "made although nobody would trust it");
    });
}

/// The variables of a pod's containers are fixed when it is made: whatever the configuration says, there is a bundle.
#[test]
fn applications_that_were_told_of_a_bundle_find_one() {
    run(async {
        for (intercept, ours) in [("{}", true), ("{hosts: []}", false), ("off", false), ("", true)] {
            let user = User::new();
            let (trust, key) = (user.path("trust/ca.pem"), user.path("key/ca.key"));
            let config = user.config(intercept);
            let mut command = user.command(&["run", "-c", config.to_str().unwrap()]);
            command.env("OUTRIDER_CA_CERT", &trust).env("OUTRIDER_CA_KEY", &key);
            let mut child = command.kill_on_drop(true).spawn().unwrap();
            let mut log = BufReader::new(child.stderr.take().unwrap()).lines();
            while !log.next_line().await.unwrap().expect("a start").contains("listening") {}
            child.kill().await.unwrap();
            let bundle = std::fs::read_to_string(user.path("trust/bundle.pem")).unwrap();
            assert!(bundle.matches("BEGIN CERTIFICATE").count() > 100, "{intercept}");
            assert!(user.path("trust/truststore.jks").exists() && !user.folder().exists(), "{intercept}");
            assert_eq!((trust.exists(), key.exists()), (ours, ours), "{intercept}");
            if ours {
                assert!(bundle.ends_with(&std::fs::read_to_string(&trust).unwrap()), "{intercept}");
            }
        }
    });
}

#[test]
fn exec_is_the_command() {
    run(async {
        let user = User::new();
        let exec = |script: &'static str| {
            let mut command = user.command(&["exec", "--own", "--", "sh", "-c", script, "sh", "a b"]);
            command.env("OPENAI_API_KEY", "sk-1");
            command.output()
        };
        let output = exec("echo \"$1\"; cat; exit 7").await.unwrap();
        assert_eq!(
            (output.status.code(), text(&output.stdout)),
            (Some(7), "a b\n".to_owned()),
            "{}",
            text(&output.stderr)
        );
        let output = exec("kill -TERM $$").await.unwrap();
        assert_eq!(output.status.signal(), Some(15));
        // Nobody who waits for all of its children waits for Outrider.
        let output = exec("exec python3 -c 'import os; os.wait()' 2>&1 | tail -1").await.unwrap();
        assert!(text(&output.stdout).contains("ChildProcessError"), "{}", text(&output.stdout));
        let output =
            user.command(&["exec", "--own", "--", "/nowhere"]).env("OPENAI_API_KEY", "k").output().await.unwrap();
        assert_eq!(output.status.code(), Some(127));
        let output = user.command(&["exec", "--own", "--", "true"]).output().await.unwrap();
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(71), "{said}");
        assert!(said.contains("OPENAI_API_KEY"), "it says why: {said}");
    });
}

#[test]
fn the_outrider_of_a_command_serves_it_and_ends_with_it() {
    run(async {
        let user = User::new();
        let script = "echo $HTTPS_PROXY; curl -sS $HTTPS_PROXY/v1/models; exec sleep 0.5";
        let mut command = user.command(&["exec", "--own", "--", "sh", "-c", script]);
        let output = command.env("OPENAI_API_KEY", "sk-1").output().await.unwrap();
        let said = text(&output.stdout);
        let (proxy, models) = said.split_once('\n').unwrap();
        assert!(models.contains("\"object\""), "{said}{}", text(&output.stderr));
        let address = proxy.strip_prefix("http://").unwrap();
        assert_ne!(address, "127.0.0.1:7878");
        for _ in 0..100 {
            if TcpStream::connect(address).await.is_err() {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        panic!("it goes on without its command");
    });
}
