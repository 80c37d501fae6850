//! Interception where it happens: in a network namespace, with users of their own, asked of the kernel.
//!
//! It takes root, and a kernel that lets us make namespaces; elsewhere the tests say so and pass.

use std::process::Output;

use tokio::process::Command;

use crate::support::run_script;

/// What a script of `tests/netns` says in a network namespace of its own; `None` where there can be none.
async fn in_a_namespace(script: &str) -> Option<String> {
    let unshare = |program: &str| {
        let mut command = Command::new("unshare");
        command.args(["-n", "-m", program]);
        command
    };
    let mut veth = unshare("sh");
    let can = veth.args([
        "-c",
        "mkdir -p /run/netns && mount -t tmpfs none /run/netns && ip netns add a && \
                                ip link add v0 type veth peer name v1 netns a && command -v python3 setpriv",
    ]);
    match can.output().await {
        Ok(tried) if tried.status.success() => {}
        Ok(tried) => {
            eprintln!("skipped: no network namespace here: {}", String::from_utf8_lossy(&tried.stderr).trim());
            return None;
        }
        Err(error) => {
            eprintln!("skipped: no `unshare` here: {error}");
            return None;
        }
    }
    let mut command = unshare("python3");
    command.arg(format!("{}/tests/netns/{script}", env!("CARGO_MANIFEST_DIR"))).arg(env!("CARGO_BIN_EXE_outrider"));
    let Output { status, stdout, stderr } = command.kill_on_drop(true).output().await.expect("a shell");
    let said = String::from_utf8_lossy(&stdout).into_owned() + &String::from_utf8_lossy(&stderr);
    assert!(status.success() && said.contains("DONE"), "{said}");
    Some(said)
}

#[test]
fn the_rules_lead_the_applications_connections_to_us() {
    run_script(async {
        let Some(said) = in_a_namespace("rules.py").await else { return };
        for tables in ["one table", "two tables", "one table again", "after many at a time"] {
            for what in ["connections", "datagrams", "loopback"] {
                assert!(said.contains(&format!("PASS {tables}: {what}")), "{said}");
            }
        }
        for what in ["group", "refusals", "removal"] {
            assert!(said.contains(&format!("PASS {what}")), "{said}");
        }
        for what in ["listing", "mesh"] {
            assert!(said.contains(&format!("PASS {what}")) || said.contains("skipped: nft"), "{said}");
        }
    });
}

#[test]
fn programs_that_know_nothing_of_us_are_served_behind_redirection() {
    run_script(async {
        let Some(said) = in_a_namespace("transparent.py").await else { return };
        if said.contains("skipped: ") {
            return eprintln!("{said}");
        }
        for when in ["first", "after a crash"] {
            for what in ["listed hosts", "other hosts"] {
                assert!(said.contains(&format!("PASS {when}: {what}")), "{said}");
            }
        }
        for what in ["after another init: listed hosts", "counts", "loop", "distrust", "secrets", "end"] {
            assert!(said.contains(&format!("PASS {what}")), "{said}");
        }
    });
}

#[test]
fn hosts_that_nobody_named_are_resolved_by_the_dns_alone() {
    run_script(async {
        let Some(said) = in_a_namespace("names.py").await else { return };
        if said.contains("skipped: ") {
            return eprintln!("{said}");
        }
        for what in ["listed hosts", "other hosts", "no host"] {
            assert!(said.contains(&format!("PASS {what}")), "{said}");
        }
    });
}

#[test]
fn the_quickstarts_lines_do_what_they_say() {
    run_script(async {
        let Some(said) = in_a_namespace("quickstart.py").await else { return };
        if said.contains("skipped: ") {
            return eprintln!("{said}");
        }
        for page in ["base-url.md", "redirect.md"] {
            assert!(said.contains(&format!("PASS {page}")), "{said}");
        }
    });
}

#[test]
fn official_sdks_as_they_are_come_in_by_each_way_and_the_page_says_so() {
    run_script(async {
        let Some(said) = in_a_namespace("clients.py").await else { return };
        assert!(said.contains("PASS no key left its place"), "{said}");
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/clients.md");
        let mut page = std::fs::read_to_string(path).expect("the page");
        said.lines().filter(|line| line.starts_with("skipped: ")).for_each(|line| eprintln!("{line}"));
        let name = |row: &str| row.split('|').nth(1).map(str::to_owned);
        for row in said.lines().filter(|line| line.starts_with("| ")) {
            match page.lines().find(|line| line.starts_with("| ") && name(line) == name(row)) {
                Some(stands) if std::env::var_os("OUTRIDER_BLESS").is_some() => {
                    page = page.replace(&stands.to_owned(), row);
                }
                Some(stands) => assert_eq!(stands, row, "{said}"),
                None => eprintln!("skipped: docs/clients.md does not have {row}"),
            }
        }
        if std::env::var_os("OUTRIDER_BLESS").is_some() {
            std::fs::write(path, page).expect("the page");
        }
    });
}
