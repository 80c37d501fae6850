//! `outrider inject`: files of pods, and the webhook over TLS.

mod webhook;

use std::path::PathBuf;
use std::process::Stdio;

use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use crate::support::proxy::outrider;
use crate::support::{run, run_script};

/// The versions of Kubernetes whose schemas everything has to fit: the first with native sidecars, and the newest.
const VERSIONS: [&str; 2] = ["1.29", "1.37"];

fn folder() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/inject"))
}

/// Shapes of pods, each with what it is and what it becomes.
fn shapes() -> Vec<(PathBuf, PathBuf)> {
    let files = std::fs::read_dir(folder()).expect("shapes").map(|entry| entry.expect("an entry").path());
    let pair = |path: PathBuf| {
        let name = path.file_name()?.to_str()?.strip_suffix(".in.yaml")?.to_owned();
        Some((path, folder().join(format!("{name}.out.yaml"))))
    };
    let shapes: Vec<_> = files.filter_map(pair).collect();
    assert!(shapes.len() >= 14);
    shapes
}

/// Exit code, what was printed, and what was told.
async fn inject(arguments: &[&str], stdin: &str) -> (Option<i32>, String, String) {
    let mut command = outrider(&[&["inject"], arguments].concat());
    let mut child = command.stdin(Stdio::piped()).spawn().expect("the binary");
    let mut pipe = child.stdin.take().expect("stdin");
    let _ = pipe.write_all(stdin.as_bytes()).await;
    drop(pipe);
    let output = child.wait_with_output().await.expect("an end");
    let text = |bytes| String::from_utf8(bytes).expect("text");
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn files_become_what_their_shapes_say() {
    run(async {
        for (shape, expected) in shapes() {
            let text = std::fs::read_to_string(&shape).unwrap();
            let expected = std::fs::read_to_string(expected).unwrap();
            let is_told = |line: &&str| line.starts_with("# note: ") || line.starts_with("# refused: ");
            let told: Vec<_> = expected.lines().filter(is_told).collect();
            let refused = told.iter().any(|line| line.starts_with("# refused"));
            let file: String = expected.lines().filter(|line| !is_told(line)).map(|line| format!("{line}\n")).collect();
            let file = if refused { String::new() } else { file };
            for (path, stdin) in [(shape.to_str().unwrap(), ""), ("-", &*text)] {
                let (code, printed, said) = inject(&["--image", "outrider:0.1.0", "-f", path], stdin).await;
                assert_eq!(code, Some(if refused { 65 } else { 0 }), "{path}: {said}");
                assert_eq!(printed, file, "{path}");
                for line in &told {
                    let line = line.trim_start_matches("# ").trim_start_matches("note: ");
                    assert!(said.contains(&format!("outrider: {line}")), "{line} in:\n{said}");
                }
            }
        }
    });
}

#[test]
fn several_files_become_one() {
    run(async {
        let pod = folder().join("plain.in.yaml");
        let opted_out = folder().join("opt-out.in.yaml");
        let files = ["-f", pod.to_str().unwrap(), "-f", opted_out.to_str().unwrap()];
        let (code, printed, _) = inject(&[&["--image", "o"], &files[..]].concat(), "").await;
        assert_eq!(code, Some(0));
        assert_eq!(printed.matches("\n---\n").count(), 1, "{printed}");
        assert!(printed.contains("# leave us alone"), "what is not changed keeps its comments: {printed}");
    });
}

#[test]
fn what_can_not_be_done_is_told_and_nothing_is_printed() {
    run(async {
        let check = async |arguments: &[&str], stdin: &str, code: i32, about: &str| {
            let (found, printed, said) = inject(arguments, stdin).await;
            assert_eq!((found, &*printed), (Some(code), ""), "{arguments:?}: {said}");
            assert!(said.contains(about), "{about} in:\n{said}");
        };
        check(&["--image", "o", "-f", "/nowhere.yaml"], "", 66, "/nowhere.yaml").await;
        check(&["--image", "o", "-f", "-"], "a: 1\n---\nb: [", 65, "line 4: not YAML").await;
        check(&["--image", "o", "-f", "-", "--mode", "magic"], "", 64, "proxy or redirect").await;
        check(&["--image", "o", "-f", "-", "--uid", "0"], "", 64, "a user id").await;
        check(&["-f", "-"], "", 64, "--image").await;
        check(&["--image", "o"], "", 64, "--file").await;
        check(&["--image", "o", "--listen", "127.0.0.1:0"], "", 64, "--tls-cert").await;
        let files = ["--tls-cert", "/nowhere.crt", "--tls-key", "/nowhere.key"];
        check(&[&["--image", "o", "--listen", "127.0.0.1:0"], &files[..]].concat(), "", 78, "/nowhere.crt").await;
    });
}

#[test]
fn what_pods_become_fits_the_schemas_of_kubernetes() {
    let Some(python) = std::env::var_os("OUTRIDER_PYTHON") else {
        return eprintln!("skipped: OUTRIDER_PYTHON does not name a Python with the `kubernetes-validate` package");
    };
    run_script(async {
        let there = Command::new(&python).args(["-c", "import kubernetes_validate, yaml"]).output().await.unwrap();
        if !there.status.success() {
            return eprintln!("skipped: that Python has no `kubernetes-validate`");
        }
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/clients/kubernetes_schemas.py");
        let files: Vec<_> = shapes().into_iter().map(|(_, output)| output).collect();
        let mut command = Command::new(&python);
        let output = command.arg(script).arg(VERSIONS.join(",")).args(&files).output().await.unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}");
        assert!(said.contains(&format!("{} files fit", files.len())), "{said}");
    });
}
