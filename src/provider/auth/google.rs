//! Google: a token for Vertex AI.
//!
//! The credentials are those of Application Default Credentials (<https://google.aip.dev/auth/4110>), each of which
//! ends in one or two plain requests. Google's own library brings a second HTTP stack, and `reqsign-google` the `rsa`
//! crate, whose timing leak (RUSTSEC-2023-0071) has no fix; `ring` signs here, as it does for TLS.

mod external;
mod service_account;

use std::sync::Arc;

use async_trait::async_trait;
use http::{HeaderName, HeaderValue};
use serde::Deserialize;
use serde_json::{Value, json};

use self::external::External;
use self::service_account::ServiceAccount;
use super::fetch::Fetch;
use super::oauth::{self, Token, misconfigured};
use super::renewed::{Granted, Renewed, Source};
use super::{Authorizer, Environment, Scheme, Secret};
use crate::canonical::Fault;

/// What the token is for: everything; what it may do is decided by the roles of who asks.
const SCOPE: &str = "https://www.googleapis.com/auth/cloud-platform";

/// Where tokens come from, where the credentials do not say.
const TOKEN_URL: &str = "https://oauth2.googleapis.com/token";

/// The metadata server of every machine and pod at Google.
const METADATA: &str = "metadata.google.internal";

/// The longest that Google grants to a signed assertion.
const ASSERTION_LIVES: u64 = 3600;

/// Who we are at Google.
#[derive(Debug)]
pub struct Identity {
    kind: Kind,
    /// The project that is asked to pay, where it is not the one that the credentials belong to.
    quota_project: Option<HeaderValue>,
}

#[derive(Debug)]
enum Kind {
    Metadata { host: String },
    ServiceAccount(Box<ServiceAccount>),
    User(User),
    External(Box<External>),
    Impersonated { as_whom: String, delegates: Vec<String>, source: Box<Kind> },
}

/// Why a document is no credential. Quotes nothing of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unusable(String);

impl std::fmt::Display for Unusable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl Identity {
    /// The identity of the machine or pod, told by the metadata server.
    pub fn machine(env: &Environment) -> Self {
        let host = env.get("GCE_METADATA_HOST").filter(|host| !host.is_empty()).cloned();
        Self { kind: Kind::Metadata { host: host.unwrap_or_else(|| METADATA.into()) }, quota_project: None }
    }

    /// A credential document: a service account's key, workload identity federation, a user's, an impersonation.
    pub fn from_json(text: &str) -> Result<Self, Unusable> {
        let json: Value = serde_json::from_str(text).map_err(|_| unusable("not JSON"))?;
        let quota = json["quota_project_id"].as_str().map(HeaderValue::try_from).transpose();
        let quota_project = quota.map_err(|_| unusable("`quota_project_id` is no project"))?;
        Ok(Self { kind: Kind::from_json(&json)?, quota_project })
    }

    /// As Google's own libraries find their credentials: in a document, else from the metadata server.
    pub fn from_environment(env: &Environment) -> Result<Self, Unusable> {
        let Some((path, named)) = Self::document(env) else { return Ok(Self::machine(env)) };
        match std::fs::read_to_string(&path) {
            Ok(text) => Self::from_json(&text).map_err(|Unusable(what)| unusable(format!("{path}: {what}"))),
            Err(error) if named => Err(unusable(format!("{path} can not be read: {}", error.kind()))),
            Err(_) => Ok(Self::machine(env)),
        }
    }

    /// Where the credential document is that Google's own libraries would read: to be read if it exists, and if not,
    /// it is [`Self::machine`]. The second is whether the operator named it, and so it has to exist.
    pub fn document(env: &Environment) -> Option<(String, bool)> {
        let get = |name: &str| env.get(name).filter(|value| !value.is_empty());
        if let Some(path) = get("GOOGLE_APPLICATION_CREDENTIALS") {
            return Some((path.clone(), true));
        }
        let folder = get("CLOUDSDK_CONFIG").cloned().or_else(|| Some(format!("{}/.config/gcloud", get("HOME")?)))?;
        Some((format!("{folder}/application_default_credentials.json"), false))
    }

    /// Authorises requests as this identity.
    pub fn authorizer(self, fetch: Arc<dyn Fetch>) -> Authorizer {
        let beside = self.quota_project.map(|project| (HeaderName::from_static("x-goog-user-project"), project));
        Authorizer(Scheme::Bearer { token: Renewed::new(Google { kind: self.kind, fetch }), beside })
    }
}

impl Kind {
    fn from_json(json: &Value) -> Result<Self, Unusable> {
        match json["type"].as_str().unwrap_or_default() {
            "service_account" => Ok(Self::ServiceAccount(Box::new(ServiceAccount::from_json(json)?))),
            "authorized_user" => Ok(Self::User(parsed(json, "a user's credential")?)),
            "external_account" => Ok(Self::External(Box::new(External::from_json(json)?))),
            "impersonated_service_account" => {
                let url = json["service_account_impersonation_url"].as_str();
                Ok(Self::Impersonated {
                    as_whom: url.ok_or_else(|| unusable("`service_account_impersonation_url` is missing"))?.into(),
                    delegates: serde_json::from_value(json["delegates"].clone()).unwrap_or_default(),
                    source: Box::new(Self::from_json(&json["source_credentials"])?),
                })
            }
            "" => Err(unusable("no `type`: not a credential document of Google's")),
            other => Err(unusable(format!("credentials of type `{other}` are not supported"))),
        }
    }
}

#[derive(Debug)]
struct Google {
    kind: Kind,
    fetch: Arc<dyn Fetch>,
}

#[async_trait]
impl Source<HeaderValue> for Google {
    async fn renew(&self) -> Result<Granted<HeaderValue>, Fault> {
        granted(&self.kind, &*self.fetch).await
    }
}

async fn granted(kind: &Kind, fetch: &dyn Fetch) -> Result<Granted<HeaderValue>, Fault> {
    let now = oauth::unix_now();
    let request = match kind {
        Kind::Metadata { host } => {
            let url =
                format!("http://{host}/computeMetadata/v1/instance/service-accounts/default/token?scopes={SCOPE}");
            oauth::get(&url, &[("metadata-flavor", "Google")])?
        }
        Kind::ServiceAccount(account) => oauth::post(
            &account.token_uri,
            &[("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"), ("assertion", &account.assertion(now)?)],
            &[],
        )?,
        Kind::User(user) => oauth::post(
            user.token_uri.as_deref().unwrap_or(TOKEN_URL),
            &[
                ("grant_type", "refresh_token"),
                ("client_id", &user.client_id),
                ("client_secret", user.client_secret.expose()),
                ("refresh_token", user.refresh_token.expose()),
            ],
            &[],
        )?,
        Kind::External(external) => {
            let token = external.exchange(fetch).await?;
            return match &external.service_account_impersonation_url {
                None => token.granted(now),
                Some(url) => impersonate(fetch, url, &[], token.granted(now)?.value).await,
            };
        }
        Kind::Impersonated { as_whom, delegates, source } => {
            let first = Box::pin(granted(source, fetch)).await?;
            return impersonate(fetch, as_whom, delegates, first.value).await;
        }
    };
    oauth::ask::<Token>(fetch, request).await?.granted(now)
}

/// Exchanges our own token for that of a service account that we may act as.
async fn impersonate(
    fetch: &dyn Fetch,
    url: &str,
    delegates: &[String],
    own: HeaderValue,
) -> Result<Granted<HeaderValue>, Fault> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Impersonated {
        access_token: Secret,
        expire_time: String,
    }
    let own = own.to_str().map_err(|_| misconfigured("a token that no header can carry"))?;
    let wanted = json!({"scope": [SCOPE], "delegates": delegates});
    let request = oauth::post_json(url, &wanted, &[("authorization", own)])?;
    let answer: Impersonated = oauth::ask(fetch, request).await?;
    let end = chrono::DateTime::parse_from_rfc3339(&answer.expire_time).map_or(0, |time| time.timestamp());
    let token = json!({"access_token": answer.access_token.expose(), "expires_on": end});
    let token: Token = serde_json::from_value(token).map_err(|_| misconfigured("an answer without a token"))?;
    token.granted(oauth::unix_now())
}

/// A user's own credential, made by `gcloud auth application-default login`.
#[derive(Debug, Deserialize)]
struct User {
    client_id: String,
    client_secret: Secret,
    refresh_token: Secret,
    token_uri: Option<String>,
}

/// The parser's own words may quote a secret, but the name of a missing field is worth telling.
fn parsed<T: for<'de> Deserialize<'de>>(json: &Value, what: &str) -> Result<T, Unusable> {
    T::deserialize(json).map_err(|error| {
        let text = error.to_string();
        let missing = text.strip_prefix("missing field ").filter(|field| field.len() < 60);
        match missing {
            Some(field) => unusable(format!("{what} without {field}")),
            None => unusable(format!("not {what}")),
        }
    })
}

fn unusable(what: impl Into<String>) -> Unusable {
    Unusable(what.into())
}

#[cfg(test)]
mod tests;
