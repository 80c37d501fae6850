//! The webhook of `outrider inject --listen`: the API server asks it about every pod before it is made.

mod certificate;
mod door;

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use pingora_core::apps::http_app::HttpServer;
use pingora_core::listeners::tls::TlsSettings;
use pingora_core::server::configuration::{Opt, ServerConf};
use pingora_core::server::{RunArgs, Server, ShutdownSignal, ShutdownSignalWatch};
use tokio::signal::unix::SignalKind;

use super::drain::on;
use super::socket::{self, Socket};
use crate::inject::Settings;
use crate::snapshot::reload::Watcher;
use crate::telemetry::{Format, init_tracing};
use certificate::Certificate;
use door::Door;

/// After SIGTERM the API server goes on asking until it is told that we leave.
const LEAVING: Duration = Duration::from_secs(3);

/// What is to be served.
pub struct Webhook {
    /// Where.
    pub listen: SocketAddr,
    /// The certificate chain's file.
    pub certificate: PathBuf,
    /// The key's file.
    pub key: PathBuf,
    /// What pods get.
    pub settings: Settings,
}

/// Serves until told to end. `InvalidData`: the certificate can not be used.
pub fn serve(webhook: Webhook) -> io::Result<()> {
    init_tracing(tracing::level_filters::LevelFilter::INFO, Format::Json);
    let certificate = Arc::new(Certificate::load(&webhook.certificate, &webhook.key)?);
    let bound = socket::bind(webhook.listen, false)?;
    let mut tls = TlsSettings::intermediate("", "").map_err(io::Error::other)?;
    tls.set_cert_resolver(certificate.clone());
    tls.enable_h2();
    let door = HttpServer::new_app(Door::new(webhook.settings));
    let mut server = server();
    server.add_service(Socket::secure(
        "webhook",
        bound,
        door,
        2,
        tls,
        Box::new(move |_| {
            tokio::spawn(follow(certificate, webhook.certificate, webhook.key));
            None
        }),
    ));
    server.run(RunArgs { shutdown_signal: Box::new(Leave) });
    Ok(())
}

/// Takes up a certificate that was renewed.
async fn follow(certificate: Arc<Certificate>, file: PathBuf, key: PathBuf) {
    let mut watcher = match Watcher::new(file.clone()) {
        Ok(watcher) => watcher,
        Err(error) => return tracing::error!(%error, "the certificate cannot be watched"),
    };
    watcher.follow(vec![key.clone()]);
    // Read at once: the file may have changed between the start and the watch.
    loop {
        match certificate.reload(&file, &key) {
            Ok(()) => tracing::info!("certificate loaded"),
            Err(error) => tracing::error!(%error, "certificate not loaded, the last good one stays in use"),
        }
        watcher.changed().await;
    }
}

fn server() -> Server {
    let conf = ServerConf {
        threads: 2,
        grace_period_seconds: Some(0),
        graceful_shutdown_timeout_seconds: Some(1),
        ..ServerConf::default()
    };
    let mut server = Server::new_with_opt_and_conf(Opt::default(), conf);
    server.bootstrap();
    server
}

/// The end of the process.
struct Leave;

#[async_trait]
impl ShutdownSignalWatch for Leave {
    async fn recv(&self) -> ShutdownSignal {
        let (Some(mut terminate), Some(mut interrupt)) = (on(SignalKind::terminate()), on(SignalKind::interrupt()))
        else {
            return ShutdownSignal::FastShutdown;
        };
        tokio::select! {
            _ = terminate.recv() => tokio::time::sleep(LEAVING).await,
            _ = interrupt.recv() => {}
        }
        ShutdownSignal::FastShutdown
    }
}
