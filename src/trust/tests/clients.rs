//! curl, Python, Node, OpenSSL, Java and rustls. One that is not on this machine is skipped, and said so.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use super::server::ANSWER;
use super::{LISTED, STRANGER, World, world};

/// Runs a client without any variable but those given; `None` where it is not installed.
fn run(program: &str, arguments: &[&str], variables: &[(&str, &Path)]) -> Option<Output> {
    let mut command = Command::new(program);
    command.args(arguments).env_clear().env("PATH", std::env::var_os("PATH").unwrap());
    if let Some(home) = std::env::var_os("HOME") {
        command.env("HOME", home);
    }
    match command.envs(variables.iter().copied()).output() {
        Ok(output) => Some(output),
        Err(_) => {
            println!("skipped: {program} is not installed");
            None
        }
    }
}

/// The client believes the host that is listed, nobody else, and nobody at all when it is not told to.
fn check(client: impl Fn(&World, &str, bool) -> Option<Output>, refuses_strangers: bool) {
    let world = world();
    let ask = |host: &str, told: bool| {
        let output = client(&world, host, told)?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        Some((text.contains(ANSWER), format!("{text}\n{}", String::from_utf8_lossy(&output.stderr))))
    };
    let Some((believed, said)) = ask(LISTED, true) else { return };
    assert!(believed, "{said}");
    let (believed, said) = ask(LISTED, false).unwrap();
    assert!(!believed, "believed without being told to: {said}");
    let (believed, said) = ask(STRANGER, true).unwrap();
    assert_eq!(believed, !refuses_strangers, "{said}");
}

#[test]
fn curl() {
    let client = |world: &World, host: &str, told: bool| {
        let port = world.server.address.port();
        let (resolve, url) = (format!("{host}:{port}:127.0.0.1"), format!("https://{host}:{port}/"));
        let variables = [("SSL_CERT_FILE", &*world.published.bundle)];
        run("curl", &["-sS", "--resolve", &resolve, &url], if told { &variables } else { &[] })
    };
    check(client, true);
}

#[test]
fn python() {
    let client = |world: &World, host: &str, told: bool| {
        let script = "import http.client, socket, ssl, sys\n\
             raw = socket.create_connection(('127.0.0.1', int(sys.argv[2])))\n\
             tls = ssl.create_default_context().wrap_socket(raw, server_hostname=sys.argv[1])\n\
             tls.sendall(b'GET / HTTP/1.1\\r\\n\\r\\n')\n\
             print(tls.makefile('rb').read())\n";
        let port = world.server.address.port().to_string();
        let variables = [("SSL_CERT_FILE", &*world.published.bundle)];
        run("python3", &["-c", script, host, &port], if told { &variables } else { &[] })
    };
    check(client, true);
}

#[test]
fn node() {
    let client = |world: &World, host: &str, told: bool| {
        let script = "const [host, port] = process.argv.slice(1);\
             require('https').get({host: '127.0.0.1', servername: host, headers: {host}, port}, answer => {\
               answer.on('data', data => process.stdout.write(data));\
             }).on('error', error => { console.error(error); process.exit(1); });";
        let port = world.server.address.port().to_string();
        let variables = [("NODE_EXTRA_CA_CERTS", &*world.published.ca)];
        run("node", &["-e", script, host, &port], if told { &variables } else { &[] })
    };
    check(client, true);
}

#[test]
fn openssl() {
    let client = |world: &World, host: &str, told: bool| {
        let script = "printf 'GET / HTTP/1.1\\r\\n\\r\\n' | openssl s_client -quiet -connect \"$2\" -servername \"$1\" \
             -verify_hostname \"$1\" -verify_return_error -x509_strict -ign_eof";
        let address = world.server.address.to_string();
        let variables = [("SSL_CERT_FILE", &*world.published.bundle)];
        run("sh", &["-c", script, "sh", host, &address], if told { &variables } else { &[] })
    };
    check(client, true);
}

/// Java does not look at the limits of an authority that it was told to trust.
#[test]
fn java() {
    let source = r#"
        import java.net.http.*; import java.net.*; import javax.net.ssl.*;
        public class Ask {
            public static void main(String[] words) throws Exception {
                // As HttpClient does: the name that is looked for is that of the peer.
                SSLSocket named = (SSLSocket) ((SSLSocketFactory) SSLSocketFactory.getDefault()).createSocket(
                    new Socket("127.0.0.1", Integer.parseInt(words[1])), words[0], 443, true);
                SSLParameters strict = named.getSSLParameters();
                strict.setEndpointIdentificationAlgorithm("HTTPS");
                named.setSSLParameters(strict);
                named.getOutputStream().write("GET / HTTP/1.1\r\n\r\n".getBytes());
                named.getOutputStream().flush();
                System.out.println(new String(named.getInputStream().readAllBytes()));
            }
        }"#;
    let client = |world: &World, host: &str, told: bool| {
        let ask = world.file("Ask.java", source);
        let port = world.server.address.port().to_string();
        let trust = format!("-Djavax.net.ssl.trustStore={}", world.published.truststore.display());
        let options = if told { [("JDK_JAVA_OPTIONS", Path::new(&trust))].to_vec() } else { Vec::new() };
        run("java", &[ask.to_str().unwrap(), host, &port], &options)
    };
    check(client, false);
}

#[test]
fn keytool_lists_every_certificate_of_the_bundle() {
    let world = world();
    let store = world.published.truststore.to_str().unwrap();
    let Some(output) = run("keytool", &["-list", "-keystore", store, "-storepass", "changeit"], &[]) else { return };
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let count = std::fs::read_to_string(&world.published.bundle).unwrap().matches("BEGIN CERTIFICATE").count();
    assert!(said.contains(&format!("contains {count} entries")), "{said}");
    assert_eq!(said.matches("trustedCertEntry").count(), count);
}

/// Also that a session is resumed, as the clients that open many connections do.
#[test]
fn rustls() {
    let world = world();
    let mut roots = RootCertStore::empty();
    let (added, refused) = roots
        .add_parsable_certificates(CertificateDer::pem_file_iter(&world.published.bundle).unwrap().map(Result::unwrap));
    assert!(added > 100 && refused == 0, "{added} {refused}");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let config = ClientConfig::builder_with_provider(provider.clone()).with_protocol_versions(&[version]).unwrap();
        let config = Arc::new(config.with_root_certificates(roots.clone()).with_no_client_auth());
        let ask = |host: &str| {
            let connection = ClientConnection::new(config.clone(), ServerName::try_from(host.to_owned()).unwrap());
            let socket = TcpStream::connect(world.server.address).unwrap();
            let mut stream = StreamOwned::new(connection.unwrap(), socket);
            stream.write_all(b"GET / HTTP/1.1\r\n\r\n")?;
            let mut answer = String::new();
            stream.read_to_string(&mut answer).map(|_| answer)
        };
        assert!(ask(LISTED).unwrap().ends_with(ANSWER));
        assert!(ask(LISTED).unwrap().ends_with("resumed"), "{version:?}");
        assert!(!ask("x.openai.azure.com").unwrap().ends_with("resumed"), "another host's session");
        assert!(ask(STRANGER).is_err());
    }
    assert!(world.leaves.listed(LISTED) && !world.leaves.listed(STRANGER));
}
