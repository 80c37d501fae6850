//! `outrider ca`: whom applications have to trust, and how they are told.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Subcommand;

use super::trust::{Trust, told};
use crate::trust::Problem;
use crate::trust::store::Published;

/// What is wanted.
#[derive(Debug, clap::Args)]
pub(super) struct Options {
    #[command(subcommand)]
    command: Option<Command>,
    /// Print the path of the file with the public authorities and this one
    #[arg(long, conflicts_with = "install_hints")]
    bundle: bool,
    /// Tell how each kind of application is made to trust it
    #[arg(long)]
    install_hints: bool,
    /// The configuration file
    #[arg(short, long, env = "OUTRIDER_CONFIG", value_name = "FILE", global = true)]
    config: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Write ca.pem, bundle.pem and truststore.jks into a folder
    Write {
        /// The folder, which is made when absent
        folder: PathBuf,
    },
}

/// Prints the certificate, or what else is wanted. The authority is made when there is none.
pub(super) fn ca(options: Options) -> ExitCode {
    told(answer(&options))
}

fn answer(options: &Options) -> Result<String, Problem> {
    let trust = Trust::find(options.config.as_deref())?;
    if let Some(Command::Write { folder }) = &options.command {
        let Published { ca, bundle, truststore } = trust.publish_in(folder)?;
        return Ok([ca, bundle, truststore].map(|path| format!("{}\n", path.display())).concat());
    }
    let published = trust.publish(&[])?;
    Ok(match options {
        Options { bundle: true, .. } => format!("{}\n", published.bundle.display()),
        Options { install_hints: true, .. } => hints(&published),
        _ => trust.pem(),
    })
}

/// For whom `outrider env` is not the way.
fn hints(published: &Published) -> String {
    let Published { ca, bundle, truststore } = published;
    let (ca, bundle, truststore) = (ca.display(), bundle.display(), truststore.display());
    format!(
        "\
The authority alone:          {ca}
With the public authorities:  {bundle}
The same for Java:            {truststore}

In a shell, `eval \"$(outrider env)\"` sets all of this; `outrider exec -- COMMAND` sets it for one command.

Python (httpx, urllib, aiohttp; the SDKs of OpenAI, Anthropic, Google, Mistral, Cohere and Groq), Ruby, Go, curl, Bun:
    SSL_CERT_FILE={bundle}
Python requests:
    REQUESTS_CA_BUNDLE={bundle}
boto3 and the AWS CLI:
    AWS_CA_BUNDLE={bundle}
Node, which adds it to the authorities that it has:
    NODE_EXTRA_CA_CERTS={ca}
Deno, likewise:
    DENO_CERT={ca}
Java:
    JAVA_TOOL_OPTIONS=-Djavax.net.ssl.trustStore={truststore}
gRPC:
    GRPC_DEFAULT_SSL_ROOTS_FILE_PATH={bundle}
pip, git:
    PIP_CERT={bundle}
    GIT_SSL_CAINFO={bundle}
Debian and Ubuntu, for everything that asks the system (.NET, for one):
    sudo cp {ca} /usr/local/share/ca-certificates/outrider.crt && sudo update-ca-certificates
Fedora and RHEL:
    sudo cp {ca} /etc/pki/ca-trust/source/anchors/outrider.pem && sudo update-ca-trust
macOS, for this user:
    security add-trusted-cert -r trustRoot -k ~/Library/Keychains/login.keychain-db {ca}
Rust with webpki-roots built in: cannot be told. Give it Outrider as its base URL.
"
    )
}
