//! What is counted of connections that were meant for other hosts.

use std::time::{SystemTime, UNIX_EPOCH};

use prometheus::{IntCounter, IntCounterVec, IntGauge, Registry};

use super::families::{counters, gauge};
use super::labels::Labels;
use super::metrics::InFlight;

/// Counters of the ways in.
#[derive(Debug)]
pub struct Ways {
    intercepted: IntCounterVec,
    tunnels: IntCounterVec,
    tunnels_open: IntGauge,
    tunnel_bytes: IntCounterVec,
    rejects: IntCounterVec,
    refused: IntCounterVec,
    ca_expiry: IntGauge,
    hosts: Labels,
}

/// Why the bytes of a connection are passed on as they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The host is none of those listed.
    NotListed,
    /// The client does not say for which host it is.
    NoSni,
    /// What it says is no TLS.
    NotTls,
    /// What it says began like TLS and went on differently.
    BadHello,
    /// It says nothing.
    Timeout,
    /// It would speak something else than HTTP inside.
    NotHttp,
    /// It did not believe our certificate the last time.
    ClientRejected,
    /// No certificate could be made for the host.
    NoCertificate,
}

/// How a client showed that it does not believe our certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Distrust {
    /// It said so.
    Alert,
    /// It left when it had seen the certificate, without a word. (Node and rustls do.)
    Silence,
}

/// One tunnel, until it is dropped.
#[derive(Debug)]
pub struct Tunnel {
    sent: IntCounter,
    received: IntCounter,
    _open: InFlight,
}

const REASONS: [Reason; 8] = [
    Reason::NotListed,
    Reason::NoSni,
    Reason::NotTls,
    Reason::BadHello,
    Reason::Timeout,
    Reason::NotHttp,
    Reason::ClientRejected,
    Reason::NoCertificate,
];

impl Reason {
    /// The label.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotListed => "not_listed",
            Self::NoSni => "no_sni",
            Self::NotTls => "not_tls",
            Self::BadHello => "bad_hello",
            Self::Timeout => "timeout",
            Self::NotHttp => "not_http",
            Self::ClientRejected => "client_rejected",
            Self::NoCertificate => "no_certificate",
        }
    }
}

impl Tunnel {
    /// So many bytes have passed.
    pub fn passed(&self, bytes: u64, from_host: bool) {
        let way = if from_host { &self.received } else { &self.sent };
        way.inc_by(bytes);
    }
}

impl Ways {
    pub(super) fn new(registry: &Registry) -> Self {
        let ways = Self {
            intercepted: counters(
                registry,
                "outrider_intercepted_total",
                "Connections meant for a listed host whose TLS was ended here, by the way they came: `proxied` (CONNECT), \
                 `named` (the host's name leads here) or `redirected` (by the kernel).",
                &["way"],
            ),
            tunnels: counters(
                registry,
                "outrider_tunnels_total",
                "Connections meant for other hosts whose bytes were passed on as they were, by the reason why their TLS \
                 was not ended here.",
                &["reason"],
            ),
            tunnels_open: gauge(registry, "outrider_tunnels_open", "Tunnels that have not ended."),
            tunnel_bytes: counters(
                registry,
                "outrider_tunnel_bytes_total",
                "Bytes that went through tunnels: `sent` toward the host, `received` toward the client.",
                &["direction"],
            ),
            rejects: counters(
                registry,
                "outrider_client_rejects_total",
                "Connections to a listed host that ended because the client did not believe our certificate, by how it \
                 showed: an `alert`, or `silence` after the handshake. The client lacks the local authority.",
                &["host", "how"],
            ),
            refused: counters(
                registry,
                "outrider_proxy_refused_total",
                "Connections to other hosts that were refused or did not come about, by the type of error that RFC 9209 \
                 has for it.",
                &["error"],
            ),
            ca_expiry: gauge(
                registry,
                "outrider_ca_expiry_timestamp_seconds",
                "When the newest local authority ends, in seconds since 1970; 0 while there is none. It is renewed a year \
                 before; less than that is left where it could not be written.",
            ),
            hosts: Labels::default(),
        };
        for reason in REASONS {
            ways.tunnels.with_label_values(&[reason.as_str()]);
        }
        for way in ["proxied", "named", "redirected"] {
            ways.intercepted.with_label_values(&[way]);
        }
        ways
    }

    /// The newest local authority ends then; there may be none.
    pub fn authority_ends(&self, at: Option<SystemTime>) {
        let since_1970 = at.and_then(|at| at.duration_since(UNIX_EPOCH).ok()).unwrap_or_default();
        self.ca_expiry.set(i64::try_from(since_1970.as_secs()).unwrap_or(i64::MAX));
    }

    pub(super) fn intercepted(&self, way: &'static str) {
        self.intercepted.with_label_values(&[way]).inc();
    }

    pub(super) fn tunnel(&self, reason: Reason) -> Tunnel {
        self.tunnels.with_label_values(&[reason.as_str()]).inc();
        Tunnel {
            sent: self.tunnel_bytes.with_label_values(&["sent"]),
            received: self.tunnel_bytes.with_label_values(&["received"]),
            _open: InFlight::new(&self.tunnels_open),
        }
    }

    pub(super) fn distrusted(&self, host: &str, how: Distrust) {
        let how = match how {
            Distrust::Alert => "alert",
            Distrust::Silence => "silence",
        };
        self.rejects.with_label_values(&[self.hosts.label(host), how]).inc();
    }

    pub(super) fn refused(&self, error: &'static str) {
        self.refused.with_label_values(&[error]).inc();
    }
}
