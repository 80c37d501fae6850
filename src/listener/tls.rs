//! The end of a client's TLS, with a certificate made for the host that it wants.

use std::sync::Arc;
use std::time::Duration;

use pingora_core::listeners::tls::Acceptor;
use pingora_core::protocols::l4::stream::Stream as TcpLike;
use pingora_core::protocols::tls::TlsStream;
use rustls::ServerConfig;

use crate::telemetry::ways::Distrust;

/// From the ClientHello, which is there already, to the end of the handshake: one round trip on loopback.
const PATIENCE: Duration = Duration::from_secs(10);

/// What clients answer that do not believe a certificate (RFC 8446, 6.2), as the TLS library spells it.
const DISTRUST: [&str; 5] =
    ["UnknownCA", "BadCertificate", "CertificateUnknown", "CertificateExpired", "UnsupportedCertificate"];

/// Why a handshake came to nothing.
#[derive(Debug)]
pub(super) struct Failed {
    /// The client does not believe us.
    pub(super) distrust: Option<Distrust>,
    /// For the log.
    pub(super) detail: String,
}

/// Ends TLS on `stream`, whose ClientHello was given back.
pub(super) async fn end(stream: TcpLike, config: Arc<ServerConfig>) -> Result<TlsStream<TcpLike>, Failed> {
    let acceptor = Acceptor::from_server_config(config);
    match tokio::time::timeout(PATIENCE, acceptor.tls_handshake(stream)).await {
        Ok(Ok(stream)) => Ok(stream),
        Ok(Err(error)) => Err(Failed::because(error.to_string())),
        Err(_) => Err(Failed { distrust: None, detail: "the handshake took too long".to_owned() }),
    }
}

impl Failed {
    /// Pingora keeps no more of the library's error than its text.
    fn because(detail: String) -> Self {
        let said = detail.split("received fatal alert: ").nth(1).unwrap_or_default();
        let distrust = match DISTRUST.iter().any(|alert| said.starts_with(alert)) {
            true => Some(Distrust::Alert),
            // It has seen the certificate and left.
            false => detail.contains("tls handshake eof").then_some(Distrust::Silence),
        };
        Self { distrust, detail }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_does_not_believe_us_is_told_from_who_fails_otherwise() {
        let check = |detail: &str, expected| {
            let detail = format!("TLSHandshakeFailure context: tls connect error: {detail}");
            assert_eq!(Failed::because(detail).distrust, expected);
        };
        for alert in ["UnknownCA", "BadCertificate", "CertificateUnknown"] {
            check(&format!("received fatal alert: {alert}"), Some(Distrust::Alert));
        }
        check("received fatal alert: HandshakeFailure", None);
        check("received fatal alert: ProtocolVersion", None);
        check("tls handshake eof", Some(Distrust::Silence));
        check("peer is incompatible: NoCipherSuitesInCommon", None);
    }
}
