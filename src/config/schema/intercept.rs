//! Whose TLS is ended, and by which authority.

use crate::config::forms::FilePath;
use crate::config::setting::{Located, key, settings};
use crate::config::words::words;

settings! {
    /// Whose TLS is ended here. All other TLS passes untouched.
    pub struct Intercept {
        /// The hosts: `api.openai.com`, or `*.openai.azure.com` for every name below. Default: the hosts of the
        /// providers configured here, and of every kind of provider that is known.
        hosts: Option<Vec<Located<String>>> = None,
        /// The authority that signs for these hosts. It is made when absent, and never overwritten: files that are
        /// wrong, expired or do not belong together are told. One made here is valid for ten years. A year before the
        /// end, or when a host is listed that it may not sign for, another is added to the files; each host stays with
        /// the oldest that may sign for it until that has a month left, because applications read whom they trust only
        /// when they start.
        ca: Authority = Authority::default(),
        /// For which hosts an authority that is made here may sign: the `hosts` and what is below them, or any (`off`).
        /// With a limit the key is of no use for any other host, whoever may have it; Java alone does not look at it.
        name_constraints: NameConstraints = NameConstraints::Hosts,
        /// What is done for a client that does not trust the authority and ends the connection: its next connections to
        /// that host pass untouched for some time (`tunnel`), or fail like the first (`fail`).
        on_client_reject: OnClientReject = OnClientReject::Tunnel,
    }

    /// The files of the authority. Both or none are said.
    pub struct Authority {
        /// Its certificate in PEM, from the folder of this file. Beside it are written `bundle.pem`, in which
        /// applications find the public authorities and this one, and `truststore.jks`, the same for Java. Default:
        /// `$OUTRIDER_CA_CERT`; or `ca.pem` in `$XDG_DATA_HOME/outrider`, or in `~/.local/share/outrider`.
        cert: Option<Located<FilePath>> = None,
        /// Its key, as unencrypted PKCS #8 in PEM. Nobody but the user of Outrider may be able to read it. Default:
        /// `$OUTRIDER_CA_KEY`; or `ca.key` in the same folder.
        key: Option<Located<FilePath>> = None,
    }
}

words! {
    /// For which hosts an authority may sign.
    pub enum NameConstraints {
        /// For the hosts listed.
        Hosts = "hosts",
        /// For any.
        Off = "off",
    }

    /// What is done for a client that does not trust the authority.
    pub enum OnClientReject {
        /// Its next connections pass untouched.
        Tunnel = "tunnel",
        /// They fail like the first.
        Fail = "fail",
    }
}
