//! Google: a token for Vertex AI.
//!
//! The credentials are those of Application Default Credentials (<https://google.aip.dev/auth/4110>), each of which
//! ends in one or two plain requests. Google's own library brings a second HTTP stack, and `reqsign-google` the `rsa`
//! crate, whose timing leak (RUSTSEC-2023-0071) has no fix; `ring` signs here, as it does for TLS.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use http::{HeaderName, HeaderValue};
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use serde::Deserialize;
use serde_json::{Value, json};

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

/// A service account, with its key.
struct ServiceAccount {
    email: String,
    key_id: Option<String>,
    key: RsaKeyPair,
    token_uri: String,
}

impl std::fmt::Debug for ServiceAccount {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ServiceAccount").field("email", &self.email).finish_non_exhaustive()
    }
}

impl ServiceAccount {
    fn from_json(json: &Value) -> Result<Self, Unusable> {
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
    fn assertion(&self, now: u64) -> Result<String, Fault> {
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

/// Workload identity federation: Google trusts another issuer's token (<https://google.aip.dev/auth/4117>).
#[derive(Debug, Deserialize)]
struct External {
    audience: String,
    subject_token_type: String,
    token_url: String,
    credential_source: Subject,
    service_account_impersonation_url: Option<String>,
    client_id: Option<String>,
    client_secret: Option<Secret>,
    workforce_pool_user_project: Option<String>,
}

/// Where the other issuer's token is.
#[derive(Debug, Deserialize)]
struct Subject {
    file: Option<String>,
    url: Option<String>,
    #[serde(default)]
    headers: BTreeMap<String, Secret>,
    #[serde(default)]
    format: Format,
}

/// The token itself, or a JSON document that has it as a field.
#[derive(Debug, Default, Deserialize)]
struct Format {
    #[serde(default)]
    r#type: String,
    subject_token_field_name: Option<String>,
}

impl External {
    fn from_json(json: &Value) -> Result<Self, Unusable> {
        let source = &json["credential_source"];
        if !source["environment_id"].is_null() || !source["executable"].is_null() {
            return Err(unusable("`credential_source` has to be a `file` or a `url`: others are not supported"));
        }
        let external: Self = parsed(json, "an external account")?;
        let subject = &external.credential_source;
        if subject.file.is_some() == subject.url.is_some() {
            return Err(unusable("`credential_source` needs a `file` or a `url`"));
        }
        if subject.format.r#type == "json" && subject.format.subject_token_field_name.is_none() {
            return Err(unusable("`format` needs a `subject_token_field_name`"));
        }
        Ok(external)
    }

    /// Exchanges the other issuer's token for one of Google's (RFC 8693).
    async fn exchange(&self, fetch: &dyn Fetch) -> Result<Token, Fault> {
        let subject = self.credential_source.token(fetch).await?;
        let options =
            self.workforce_pool_user_project.as_ref().map(|project| json!({"userProject": project}).to_string());
        let mut form = vec![
            ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
            ("requested_token_type", "urn:ietf:params:oauth:token-type:access_token"),
            ("audience", &self.audience),
            ("scope", SCOPE),
            ("subject_token_type", &self.subject_token_type),
            ("subject_token", subject.expose()),
        ];
        form.extend(options.as_deref().map(|options| ("options", options)));
        let basic = self.client_id.as_ref().zip(self.client_secret.as_ref());
        let basic = basic.map(|(id, secret)| format!("Basic {}", STANDARD.encode(format!("{id}:{}", secret.expose()))));
        let headers: Vec<_> = basic.as_deref().map(|basic| ("authorization", basic)).into_iter().collect();
        oauth::ask(fetch, oauth::post(&self.token_url, &form, &headers)?).await
    }
}

impl Subject {
    async fn token(&self, fetch: &dyn Fetch) -> Result<Secret, Fault> {
        let text: Secret = match (&self.file, &self.url) {
            (Some(path), _) => oauth::read(path)?.into(),
            (None, Some(url)) => {
                let headers: Vec<_> =
                    self.headers.iter().map(|(name, value)| (name.as_str(), value.expose())).collect();
                let reply = fetch.fetch(oauth::get(url, &headers)?).await?;
                if !reply.status().is_success() {
                    return Err(misconfigured(format_args!("`credential_source.url` answered {}", reply.status())));
                }
                String::from_utf8_lossy(reply.body()).into_owned().into()
            }
            (None, None) => return Err(misconfigured("`credential_source` is empty")),
        };
        let Some(field) = self.format.subject_token_field_name.as_ref().filter(|_| self.format.r#type == "json") else {
            return Ok(text.expose().trim().into());
        };
        let json: Value = serde_json::from_str(text.expose()).unwrap_or_default();
        let token = json[field].as_str().map(Secret::from);
        token.ok_or_else(|| misconfigured(format_args!("the source of the subject token has no field `{field}`")))
    }
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
mod tests {
    use ring::signature::{KeyPair, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};

    use super::super::fetch::script::Script;
    use super::super::testing::{env, header};
    use super::*;

    const GRANTED: &str = r#"{"access_token":"the-token","expires_in":3599,"token_type":"Bearer"}"#;

    /// Made for this test; it opens nothing.
    const KEY: &str = include_str!("../../../tests/data/service-account-key.pem");

    /// What is asked of whom with this document. The script answers in turn.
    async fn asked(document: Value, answers: &[&str]) -> Vec<String> {
        let identity = Identity::from_json(&document.to_string()).unwrap();
        let mut answers: Vec<_> = answers.iter().rev().map(|text| text.to_string()).collect();
        let script = Arc::new(Script::new(move |_| (200, answers.pop().unwrap_or_default())));
        let authorizer = identity.authorizer(script.clone());
        assert_eq!(header(&authorizer, "authorization").await.unwrap(), "Bearer the-token");
        assert!(!format!("{authorizer:?}").contains("hush"), "{authorizer:?}");
        (0..script.count()).map(|index| script.asked(index)).collect()
    }

    #[tokio::test]
    async fn a_service_account_signs_who_it_is() {
        let document = json!({
            "type": "service_account", "client_email": "me@p.iam.gserviceaccount.com", "private_key": KEY,
            "private_key_id": "k1", "token_uri": "https://oauth2.googleapis.com/token", "project_id": "p",
        });
        let asked = asked(document.clone(), &[GRANTED]).await;
        let start = "POST https://oauth2.googleapis.com/token\ncontent-type: application/x-www-form-urlencoded\n\
                     grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=";
        let jwt = asked[0].strip_prefix(start).unwrap_or_else(|| panic!("{}", asked[0]));
        let (statement, signature) = jwt.rsplit_once('.').unwrap();
        let account = ServiceAccount::from_json(&document).unwrap();
        let public = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, account.key.public_key());
        public.verify(statement.as_bytes(), &URL_SAFE_NO_PAD.decode(signature).unwrap()).unwrap();
        let parts: Vec<Value> = statement
            .split('.')
            .map(|part| serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap())
            .collect();
        assert_eq!(parts[0], json!({"alg": "RS256", "typ": "JWT", "kid": "k1"}));
        let now = parts[1]["iat"].as_u64().unwrap();
        assert!(oauth::unix_now() - now < 60);
        assert_eq!(
            parts[1],
            json!({
                "iss": "me@p.iam.gserviceaccount.com", "scope": SCOPE, "aud": "https://oauth2.googleapis.com/token",
                "iat": now, "exp": now + 3600,
            })
        );
    }

    #[tokio::test]
    async fn a_user() {
        let document = json!({
            "type": "authorized_user", "client_id": "id", "client_secret": "hush", "refresh_token": "1//hush",
            "quota_project_id": "payer",
        });
        assert_eq!(
            asked(document.clone(), &[GRANTED]).await,
            ["POST https://oauth2.googleapis.com/token\ncontent-type: application/x-www-form-urlencoded\n\
              grant_type=refresh_token&client_id=id&client_secret=hush&refresh_token=1%2F%2Fhush"]
        );
        let identity = Identity::from_json(&document.to_string()).unwrap();
        let authorizer = identity.authorizer(Arc::new(Script::new(|_| (200, GRANTED.into()))));
        assert_eq!(header(&authorizer, "x-goog-user-project").await.unwrap(), "payer");
    }

    #[tokio::test]
    async fn the_metadata_server() {
        let script = Arc::new(Script::new(|_| (200, GRANTED.into())));
        let authorizer = Identity::machine(&env(&[])).authorizer(script.clone());
        assert_eq!(header(&authorizer, "authorization").await.unwrap(), "Bearer the-token");
        assert_eq!(
            script.asked(0),
            "GET http://metadata.google.internal/computeMetadata/v1/instance/service-accounts/default/token\
             ?scopes=https://www.googleapis.com/auth/cloud-platform\nmetadata-flavor: Google\n"
        );
    }

    #[tokio::test]
    async fn federation_from_a_file() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "the.clusters.token\n").unwrap();
        let document = json!({
            "type": "external_account", "audience": "//iam.googleapis.com/pool",
            "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
            "token_url": "https://sts.googleapis.com/v1/token",
            "credential_source": {"file": file.path().to_str().unwrap()},
        });
        assert_eq!(
            asked(document, &[GRANTED]).await,
            ["POST https://sts.googleapis.com/v1/token\ncontent-type: application/x-www-form-urlencoded\n\
              grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Atoken-exchange&\
              requested_token_type=urn%3Aietf%3Aparams%3Aoauth%3Atoken-type%3Aaccess_token&\
              audience=%2F%2Fiam.googleapis.com%2Fpool&\
              scope=https%3A%2F%2Fwww.googleapis.com%2Fauth%2Fcloud-platform&\
              subject_token_type=urn%3Aietf%3Aparams%3Aoauth%3Atoken-type%3Ajwt&subject_token=the.clusters.token"]
        );
    }

    #[tokio::test]
    async fn federation_from_a_url_and_an_impersonation() {
        let document = json!({
            "type": "external_account", "audience": "a", "subject_token_type": "jwt",
            "token_url": "https://sts.googleapis.com/v1/token",
            "credential_source": {
                "url": "http://169.254.169.254/metadata/identity/oauth2/token?resource=x",
                "headers": {"Metadata": "True"},
                "format": {"type": "json", "subject_token_field_name": "access_token"},
            },
            "service_account_impersonation_url":
                "https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/me@p:generateAccessToken",
        });
        let first = GRANTED.replace("the-token", "hush-first");
        let last = r#"{"accessToken":"the-token","expireTime":"2999-01-01T00:00:00Z"}"#;
        let asked = asked(document, &[r#"{"access_token":"subject"}"#, &first, last]).await;
        assert_eq!(asked.len(), 3);
        let source = "GET http://169.254.169.254/metadata/identity/oauth2/token?resource=x\nmetadata: True\n";
        assert_eq!(asked[0], source);
        assert!(asked[1].ends_with("&subject_token=subject"), "{}", asked[1]);
        assert_eq!(
            asked[2],
            "POST https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/me@p:generateAccessToken\n\
             authorization: Bearer hush-first\ncontent-type: application/json\n\
             {\"scope\":[\"https://www.googleapis.com/auth/cloud-platform\"],\"delegates\":[]}"
        );
    }

    #[tokio::test]
    async fn a_user_who_acts_as_a_service_account() {
        let document = json!({
            "type": "impersonated_service_account", "delegates": [],
            "service_account_impersonation_url": "https://iamcredentials.googleapis.com/v1/x:generateAccessToken",
            "source_credentials":
                {"type": "authorized_user", "client_id": "id", "client_secret": "hush", "refresh_token": "hush"},
        });
        let last = r#"{"accessToken":"the-token","expireTime":"2999-01-01T00:00:00Z"}"#;
        assert_eq!(asked(document, &[GRANTED, last]).await.len(), 2);
    }

    #[test]
    fn documents_that_are_none() {
        let check = |json: Value, expected: &str| {
            let error = Identity::from_json(&json.to_string()).unwrap_err().to_string();
            assert_eq!(error, expected);
        };
        check(json!({"hush": 1}), "no `type`: not a credential document of Google's");
        check(json!({"type": "gdch_service_account"}), "credentials of type `gdch_service_account` are not supported");
        let user = json!({"type": "authorized_user", "client_id": "id", "client_secret": "hush"});
        check(user, "a user's credential without `refresh_token`");
        let odd = json!({"type": "service_account", "client_email": "e", "private_key": ["hush"]});
        check(odd, "not a service account's key");
        let odd = json!({"type": "service_account", "client_email": "e", "private_key": "hush"});
        check(odd, "`private_key` is no RSA key");
        let source = json!({"environment_id": "aws1"});
        let aws = json!({"type": "external_account", "credential_source": source});
        check(aws, "`credential_source` has to be a `file` or a `url`: others are not supported");
        assert_eq!(Identity::from_json("hush").unwrap_err().to_string(), "not JSON");
    }

    #[test]
    fn where_the_document_is() {
        let check = |variables: &[(&str, &str)], expected: Option<(&str, bool)>| {
            let found = Identity::document(&env(variables));
            assert_eq!(found.as_ref().map(|(path, named)| (path.as_str(), *named)), expected);
        };
        let home = ("HOME", "/home/me");
        check(&[home, ("GOOGLE_APPLICATION_CREDENTIALS", "/key.json")], Some(("/key.json", true)));
        check(&[home], Some(("/home/me/.config/gcloud/application_default_credentials.json", false)));
        check(&[home, ("CLOUDSDK_CONFIG", "/c")], Some(("/c/application_default_credentials.json", false)));
        check(&[], None);

        let read = |variables: &[(&str, &str)]| Identity::from_environment(&env(variables)).map(|found| found.kind);
        let missing = read(&[("GOOGLE_APPLICATION_CREDENTIALS", "/not/there")]).unwrap_err();
        assert_eq!(missing.to_string(), "/not/there can not be read: entity not found");
        assert!(matches!(read(&[("HOME", "/not/there")]), Ok(Kind::Metadata { host }) if host == METADATA));
        assert!(
            matches!(read(&[("GCE_METADATA_HOST", "127.0.0.1:8")]), Ok(Kind::Metadata { host }) if host != METADATA)
        );
    }
}
