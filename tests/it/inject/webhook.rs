//! The webhook as the API server asks it.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::Request;
use hyper_util::rt::{TokioExecutor, TokioIo};
use outrider::inject::{Outcome, Settings, inject};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::TcpStream;
use tokio::process::Child;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto};

use crate::support::proxy::outrider;
use crate::support::{eventually, run};

/// A running webhook.
struct Webhook {
    address: SocketAddr,
    certificate: CertificateDer<'static>,
    files: TempDir,
    child: Child,
}

/// Writes a new certificate for `localhost` and its key.
fn certify(folder: &Path) -> CertificateDer<'static> {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    std::fs::write(folder.join("tls.key"), made.signing_key.serialize_pem()).unwrap();
    std::fs::write(folder.join("tls.crt"), made.cert.pem()).unwrap();
    made.cert.der().clone()
}

impl Webhook {
    async fn start() -> Self {
        let files = tempfile::tempdir().unwrap();
        let certificate = certify(files.path());
        let (chain, key) = (files.path().join("tls.crt"), files.path().join("tls.key"));
        let mut command = outrider(&["inject", "--listen", "127.0.0.1:0", "--image", "outrider:0.1.0"]);
        let mut child =
            command.arg("--tls-cert").arg(chain).arg("--tls-key").arg(key).kill_on_drop(true).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let address = loop {
            let line = lines.next_line().await.unwrap().expect("it listens");
            let entry: Value = serde_json::from_str(&line).unwrap_or_default();
            let address = entry["address"].as_str().or(entry["fields"]["address"].as_str());
            if let Some(address) = address {
                break address.parse().unwrap();
            }
        };
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Self { address, certificate, files, child }
    }

    /// A connection that trusts `certificate` and nobody else; `None` where that is not the one shown.
    async fn connect(&self, certificate: &CertificateDer<'static>, protocol: &[u8]) -> Option<TlsStream<TcpStream>> {
        let mut roots = RootCertStore::empty();
        roots.add(certificate.clone()).unwrap();
        let config = ClientConfig::builder_with_provider(Arc::new(crypto::ring::default_provider()));
        let config = config.with_safe_default_protocol_versions().unwrap().with_root_certificates(roots);
        let mut config = config.with_no_client_auth();
        config.alpn_protocols = vec![protocol.to_vec()];
        let stream = TcpStream::connect(self.address).await.unwrap();
        let name = ServerName::try_from("localhost").unwrap();
        tokio_rustls::TlsConnector::from(Arc::new(config)).connect(name, stream).await.ok()
    }

    /// Status and body.
    async fn send(&self, method: &str, path: &str, body: impl Into<Bytes>) -> (u16, String) {
        let stream = self.connect(&self.certificate, b"http/1.1").await.expect("a good certificate");
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
        let driver = tokio::spawn(connection);
        let request = Request::builder().method(method).uri(path).header("host", "localhost");
        let response = sender.send_request(request.body(Full::<Bytes>::new(body.into())).unwrap()).await.unwrap();
        let status = response.status().as_u16();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        driver.abort();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    /// The same over HTTP/2, which API servers speak.
    async fn send_h2(&self, path: &str, body: String) -> (u16, String) {
        let stream = self.connect(&self.certificate, b"h2").await.expect("a good certificate");
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
        let handshake = hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream));
        let (mut sender, connection) = handshake.await.unwrap();
        let driver = tokio::spawn(connection);
        let request = Request::builder().method("POST").uri(format!("https://localhost{path}"));
        let response = sender.send_request(request.body(Full::new(Bytes::from(body))).unwrap()).await.unwrap();
        let status = response.status().as_u16();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        driver.abort();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }
}

fn question(pod: &Value) -> Value {
    json!({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {
        "uid": "705ab4f5", "kind": {"group": "", "version": "v1", "kind": "Pod"}, "operation": "CREATE",
        "namespace": "default", "object": pod,
    }})
}

fn pods() -> Vec<Value> {
    let container = json!({"name": "app", "image": "app:1", "env": [{"name": "NO_PROXY", "value": "a"}]});
    let pod = |more: Value, annotations: Value| {
        let mut pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"generateName": "p-"}, "spec": {}});
        pod["metadata"]["annotations"] = annotations;
        pod["spec"] = more;
        pod["spec"]["containers"] = json!([container]);
        pod
    };
    vec![
        pod(json!({}), Value::Null),
        pod(json!({"initContainers": [{"name": "istio-proxy", "restartPolicy": "Always"}]}), json!({})),
        pod(json!({}), json!({"outrider.dev/mode": "redirect", "a/b~c": "d"})),
        pod(json!({"hostNetwork": true}), Value::Null),
        pod(json!({"securityContext": {"runAsUser": 14661}}), Value::Null),
    ]
}

#[test]
fn the_patch_makes_of_each_pod_what_it_is_to_be() {
    run(async {
        let webhook = Webhook::start().await;
        let mut patches = 0;
        for pod in pods() {
            let body = question(&pod).to_string();
            let (status, answer) = webhook.send("POST", "/inject?timeout=5s", body.clone()).await;
            assert_eq!((status, &answer), (200, &webhook.send_h2("/inject?timeout=5s", body).await.1));
            let answer: Value = serde_json::from_str(&answer).unwrap();
            assert_eq!(answer["kind"], "AdmissionReview");
            let response = &answer["response"];
            assert_eq!((&response["uid"], &response["allowed"]), (&json!("705ab4f5"), &json!(true)));
            let mut patched = pod.clone();
            if response["patchType"] == "JSONPatch" {
                let patch = STANDARD.decode(response["patch"].as_str().unwrap()).unwrap();
                json_patch::patch(&mut patched, &serde_json::from_slice::<json_patch::Patch>(&patch).unwrap()).unwrap();
                patches += 1;
            }
            match inject(&pod, &Settings::new("outrider:0.1.0")) {
                Outcome::Injected { pod, .. } => assert_eq!(patched, pod),
                Outcome::Skipped(_) => assert_eq!(patched, pod),
                Outcome::Refused(_) => {
                    assert_eq!(patched, pod);
                    assert!(response["warnings"][0].as_str().unwrap().contains("14661"), "{response}");
                }
            }
        }
        assert_eq!(patches, 3);
    });
}

#[test]
fn what_is_no_question_is_refused() {
    run(async {
        let webhook = Webhook::start().await;
        let check = async |method: &str, path: &str, body: Vec<u8>, status: u16, about: &str| {
            let (found, said) = webhook.send(method, path, body).await;
            assert_eq!(found, status, "{method} {path}: {said}");
            assert!(said.contains(about), "{said}");
        };
        let old = question(&pods()[0]).to_string().replace("admission.k8s.io/v1", "admission.k8s.io/v1beta1");
        check("GET", "/healthz", vec![], 200, "ok").await;
        check("GET", "/inject", vec![], 405, "posts").await;
        check("POST", "/", vec![], 404, "/inject").await;
        check("POST", "/inject", b"garbage".to_vec(), 400, "no JSON").await;
        check("POST", "/inject", vec![], 400, "no JSON").await;
        check("POST", "/inject", old.into_bytes(), 400, "v1beta1").await;
        check("POST", "/inject", vec![b' '; 10 << 20], 413, "3 MiB").await;
        let mut large = question(&pods()[0]);
        large["request"]["object"]["metadata"]["annotations"] = json!({"large": "x".repeat(2 << 20)});
        check("POST", "/inject", large.to_string().into_bytes(), 200, "JSONPatch").await;
    });
}

#[test]
fn a_renewed_certificate_is_taken_up_and_a_bad_one_is_not() {
    run(async {
        let mut webhook = Webhook::start().await;
        assert!(webhook.connect(&webhook.certificate, b"h2").await.is_some());
        let renewed = certify(webhook.files.path());
        let shows = || async { webhook.connect(&renewed, b"h2").await.is_some() };
        eventually("the new certificate is shown", shows, |shown| *shown).await;
        assert!(webhook.connect(&webhook.certificate, b"h2").await.is_none(), "the old one is shown no more");
        std::fs::write(webhook.files.path().join("tls.crt"), "no certificate").unwrap();
        tokio::time::sleep(std::time::Duration::from_millis(500)).await;
        assert!(webhook.connect(&renewed, b"h2").await.is_some(), "the last good one stays");
        let id = webhook.child.id().unwrap().to_string();
        let begun = Instant::now();
        assert!(std::process::Command::new("kill").arg(id).status().unwrap().success());
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        assert!(webhook.connect(&renewed, b"h2").await.is_some(), "it serves on until it is known to leave");
        assert!(webhook.child.wait().await.unwrap().success());
        assert!(begun.elapsed().as_secs() < 8, "{:?}", begun.elapsed());
    });
}
