//! What tells a program of Outrider: where it is, and that it may be trusted.

/// Where calls come in.
pub(super) const TRAFFIC_PORT: u16 = 7878;

/// Where redirected connections come in.
pub(super) const REDIRECT_PORT: u16 = 15443;

/// The operator's door.
pub(super) const ADMIN_PORT: u16 = 7879;

/// The folder in which the sidecar writes what the application reads.
pub(super) const TRUST: &str = "/var/run/outrider/trust";

/// Variables that name a file in that folder. All but the last two take the place of a program's own list of
/// authorities, so theirs is the one with everybody's in it.
pub(super) const FILES: [(&str, &str); 9] = [
    ("SSL_CERT_FILE", "bundle.pem"),
    ("REQUESTS_CA_BUNDLE", "bundle.pem"),
    ("CURL_CA_BUNDLE", "bundle.pem"),
    ("AWS_CA_BUNDLE", "bundle.pem"),
    ("PIP_CERT", "bundle.pem"),
    ("GIT_SSL_CAINFO", "bundle.pem"),
    ("GRPC_DEFAULT_SSL_ROOTS_FILE_PATH", "bundle.pem"),
    ("NODE_EXTRA_CA_CERTS", "ca.pem"),
    ("DENO_CERT", "ca.pem"),
];

/// What Java is told, which reads no variable but this one; it is added to what is there.
pub(super) const JAVA: &str = "JAVA_TOOL_OPTIONS";

/// Java's option that names the authorities.
pub(super) const JAVA_STORE: &str = "-Djavax.net.ssl.trustStore=";

/// Java's authorities.
pub(super) const JAVA_FILE: &str = "truststore.jks";

/// Hosts that are not asked for through Outrider: this pod and its cluster. Kubernetes puts in the API server's address.
pub(super) const NO_PROXY: [&str; 6] =
    ["localhost", "127.0.0.1", "::1", ".svc", ".cluster.local", "$(KUBERNETES_SERVICE_HOST)"];

/// The same as Java writes it, which uses one list for both kinds of proxy.
pub(super) const JAVA_NO_PROXY: &str = "localhost|127.*|[::1]|*.svc|*.cluster.local|$(KUBERNETES_SERVICE_HOST)";
