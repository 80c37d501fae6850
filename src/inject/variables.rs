//! What tells a program of Outrider: where it is, and that it may be trusted.

/// Where calls come in.
pub(super) const TRAFFIC_PORT: u16 = 7878;

/// Where redirected connections come in.
pub(super) const REDIRECT_PORT: u16 = 15443;

/// The operator's door.
pub(super) const ADMIN_PORT: u16 = 7879;

/// The folder in which the sidecar writes what the application reads.
pub(super) const TRUST: &str = "/var/run/outrider/trust";

/// The file there with everybody's authorities and ours.
pub(super) const BUNDLE: &str = "bundle.pem";

/// The folder of the sidecar alone.
pub(super) const KEY: &str = "/var/run/outrider/key";

/// The file there with the authority's key.
pub(super) const AUTHORITY_KEY: &str = "ca.key";

/// The folder of the sidecar alone in which it keeps what calls have cost.
pub(super) const LEDGER: &str = "/var/lib/outrider";

/// The file with ours alone.
pub(super) const AUTHORITY: &str = "ca.pem";

/// What Java is told, which reads no variable but this one; it is added to what is there.
pub(super) const JAVA: &str = "JAVA_TOOL_OPTIONS";

/// Java's option that names the authorities.
pub(super) const JAVA_STORE: &str = "-Djavax.net.ssl.trustStore=";

/// Java's authorities.
pub(super) const JAVA_FILE: &str = "truststore.jks";

/// Hosts that are asked without us, beside the pod itself: the cluster. Kubernetes puts in the API server's address.
pub(super) const CLUSTER: [&str; 3] = [".svc", ".cluster.local", "$(KUBERNETES_SERVICE_HOST)"];

/// The pod and the cluster as Java writes them, which has one list for both kinds of proxy.
pub(super) const JAVA_NO_PROXY: &str = "localhost|127.*|[::1]|*.svc|*.cluster.local|$(KUBERNETES_SERVICE_HOST)";
