//! Clients of other people's, which are told of a proxy and whom to trust.

use std::process::Output;

use tokio::process::Command;

use super::{before, ending};
use crate::support::provider::{Authority, Provider};
use crate::support::proxy::{Config, Proxy};
use crate::support::run;

#[test]
fn curl_is_served_and_passed_on() {
    run(async {
        let authority = Authority::new();
        let (provider, bystander) = (Provider::start().await, Provider::tls(&authority).await);
        let proxy = before(&[&provider]).await;
        let trusted = proxy.file.with_file_name("both.pem");
        let own = std::fs::read_to_string(proxy.file.with_file_name("ca.pem")).unwrap();
        std::fs::write(&trusted, own + authority.pem()).unwrap();
        let body = r#"{"model": "m", "messages": [{"role": "user", "content": "hi"}]}"#;
        let theirs = format!("https://localhost:{}/v1/chat/completions", bystander.port());
        for url in ["https://api.openai.com/v1/chat/completions", &theirs] {
            for version in ["--http1.1", "--http2", "--proxy1.0"] {
                let through = format!("http://{}", proxy.traffic);
                let through = if version == "--proxy1.0" { through.trim_start_matches("http://") } else { &through };
                let mut curl = Command::new("curl");
                let option = if version == "--proxy1.0" { "--proxy1.0" } else { "--proxy" };
                curl.args([
                    "-sS",
                    "--fail-with-body",
                    "--cacert",
                    trusted.to_str().unwrap(),
                    option,
                    through,
                    "-d",
                    body,
                ]);
                curl.args(["-H", "content-type: application/json", url]);
                if version != "--proxy1.0" && url != theirs {
                    curl.arg(version);
                }
                let Ok(Output { status, stdout, stderr }) = curl.output().await else {
                    return eprintln!("skipped: there is no curl");
                };
                let said = format!("{}{}", String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
                assert!(status.success() && said.contains("\"model\""), "{version} {url}: {said}");
            }
        }
        assert_eq!((provider.calls().len(), bystander.calls().len()), (3, 3));
    });
}

#[test]
fn curl_that_does_not_believe_us_passes_the_next_time() {
    run(async {
        let authority = Authority::new();
        let host = Provider::tls(&authority).await;
        let proxy = Proxy::start(&ending(Config::chain(&[&host]), "localhost", "")).await;
        let trusted = proxy.file.with_file_name("theirs.pem");
        std::fs::write(&trusted, authority.pem()).unwrap();
        for believed in [false, true] {
            let mut curl = Command::new("curl");
            curl.args(["-sS", "--proxy", &format!("http://{}", proxy.traffic), "--cacert", trusted.to_str().unwrap()]);
            let Ok(Output { status, .. }) = curl.arg(host.url_at("localhost")).output().await else {
                return eprintln!("skipped: there is no curl");
            };
            assert_eq!(status.success(), believed);
            proxy.metric_becomes("outrider_client_rejects_total", &["how=\"alert\""], 1.0).await;
        }
        assert_eq!(proxy.metric("outrider_tunnels_total", &["client_rejected"]).await, 1.0);
    });
}

#[test]
fn pythons_requests_is_served_and_passed_on() {
    let Some(python) = std::env::var_os("OUTRIDER_PYTHON") else {
        return eprintln!("skipped: OUTRIDER_PYTHON does not name a Python with the `requests` package");
    };
    run(async {
        let authority = Authority::new();
        let (provider, bystander) = (Provider::start().await, Provider::tls(&authority).await);
        let proxy = before(&[&provider]).await;
        let trusted = proxy.file.with_file_name("both.pem");
        let own = std::fs::read_to_string(proxy.file.with_file_name("ca.pem")).unwrap();
        std::fs::write(&trusted, own + authority.pem()).unwrap();
        let script = "
import sys, requests
for url in sys.argv[1:]:
    answer = requests.post(url, json={'model': 'm', 'messages': []})
    answer.raise_for_status()
    print('PASS', answer.json()['model'])
";
        let theirs = format!("https://localhost:{}/v1/chat/completions", bystander.port());
        let mut command = Command::new(python);
        command.args(["-c", script, "https://api.openai.com/v1/chat/completions", &theirs]);
        command.env("HTTPS_PROXY", format!("http://{}", proxy.traffic)).env("REQUESTS_CA_BUNDLE", trusted);
        let Output { stdout, stderr, .. } = command.env_remove("NO_PROXY").output().await.unwrap();
        let said = format!("{}{}", String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
        if said.contains("No module named 'requests'") {
            return eprintln!("skipped: this Python has no `requests`");
        }
        assert_eq!(said.matches("PASS m").count(), 2, "{said}");
        assert_eq!((provider.calls().len(), bystander.calls().len()), (1, 1));
    });
}
