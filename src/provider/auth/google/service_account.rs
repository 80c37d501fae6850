//! A service account, known by its key.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{ASSERTION_LIVES, SCOPE, Secret, TOKEN_URL, Unusable, misconfigured, parsed, unusable};
use crate::canonical::Fault;

/// A service account, with its key.
pub(super) struct ServiceAccount {
    email: String,
    key_id: Option<String>,
    pub(super) key: RsaKeyPair,
    pub(super) token_uri: String,
}

impl std::fmt::Debug for ServiceAccount {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ServiceAccount").field("email", &self.email).finish_non_exhaustive()
    }
}

impl ServiceAccount {
    /// From the document that Google gives out.
    pub(super) fn from_json(json: &Value) -> Result<Self, Unusable> {
        #[derive(Deserialize)]
        struct Document {
            client_email: String,
            private_key: Secret,
            private_key_id: Option<String>,
            token_uri: Option<String>,
        }
        let document: Document = parsed(json, "a service account's key")?;
        let no_key = |_| unusable("`private_key` is no RSA key");
        let pem = document.private_key.expose().as_bytes();
        let pem = x509_parser::pem::Pem::iter_from_buffer(pem).next().ok_or(()).map_err(no_key)?;
        let der = pem.map_err(|_| unusable("`private_key` is no PEM"))?.contents;
        Ok(Self {
            email: document.client_email,
            key_id: document.private_key_id,
            key: RsaKeyPair::from_pkcs8(&der).map_err(|_| no_key(()))?,
            token_uri: document.token_uri.unwrap_or_else(|| TOKEN_URL.into()),
        })
    }

    /// A signed statement of who we are: a JWT (RFC 7523).
    pub(super) fn assertion(&self, now: u64) -> Result<String, Fault> {
        let mut head = json!({"alg": "RS256", "typ": "JWT"});
        if let Some(id) = &self.key_id {
            head["kid"] = json!(id);
        }
        let claims = json!({
            "iss": self.email, "scope": SCOPE, "aud": self.token_uri, "iat": now, "exp": now + ASSERTION_LIVES,
        });
        let encoded = |json: Value| URL_SAFE_NO_PAD.encode(json.to_string());
        let statement = format!("{}.{}", encoded(head), encoded(claims));
        let mut signature = vec![0; self.key.public().modulus_len()];
        self.key
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), statement.as_bytes(), &mut signature)
            .map_err(|_| misconfigured("the service account's key does not sign"))?;
        Ok(format!("{statement}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}
