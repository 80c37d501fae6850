//! AWS: who we are there, and where the keys to sign with come from.
//!
//! `reqsign-aws-core` knows the places: static keys, profiles, web identity (IRSA), containers (ECS, EKS Pod Identity)
//! and the metadata server of EC2. Their order is ours. Its own chain goes on to the next place when one fails, and so
//! a pod whose role is broken would silently act as its node; ours stops and says so, as AWS's own libraries do.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use bytes::Bytes;
use http::HeaderValue;
use reqsign_aws_core::{
    AssumeRoleWithWebIdentityCredentialProvider as WebIdentity, Credential, ECSCredentialProvider as Container,
    EnvCredentialProvider as Variables, IMDSv2CredentialProvider as Machine, ProfileCredentialProvider as Profile,
    SSOCredentialProvider as SingleSignOn,
};
use reqsign_core::{Context, ErrorKind, FileRead, HttpSend, ProvideCredentialDyn, StaticEnv};

use super::fetch::Fetch;
use super::renewed::{Granted, Renewed, Source};
use super::sigv4::Scope;
use super::{Authorizer, Environment, Scheme, Secret};
use crate::canonical::{Fault, FaultKind};

/// The variable of a Bedrock API key.
const BEARER: &str = "AWS_BEARER_TOKEN_BEDROCK";

/// The variable that names a profile of the shared files.
const PROFILE: &str = "AWS_PROFILE";

/// What requests are signed with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keys {
    /// The name of the key.
    pub access_key_id: String,
    /// The key.
    pub secret_access_key: Secret,
    /// What comes with keys that end.
    pub session_token: Option<Secret>,
}

/// What the operator said about how we are known at AWS: at most one of them.
#[derive(Clone, Debug, Default)]
pub struct Said {
    /// A Bedrock API key.
    pub bearer: Option<Secret>,
    /// Static keys.
    pub keys: Option<Keys>,
    /// A profile of the shared files.
    pub profile: Option<String>,
}

/// How we are known at AWS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Login {
    /// A Bedrock API key: nothing is signed.
    Bearer(Secret),
    /// Static keys.
    Keys(Keys),
    /// A profile of the shared files, with keys or single sign-on.
    Profile(String),
    /// Wherever AWS's own libraries would look: variables, the shared files, web identity, container, machine.
    Environment,
}

/// More than one way was said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conflict;

impl Login {
    /// What was said comes first, then a Bedrock API key in the environment, then whatever else that holds.
    pub fn choose(said: Said, env: &Environment) -> Result<Self, Conflict> {
        match (said.bearer, said.keys, said.profile) {
            (Some(key), None, None) => Ok(Self::Bearer(key)),
            (None, Some(keys), None) => Ok(Self::Keys(keys)),
            (None, None, Some(profile)) => Ok(Self::Profile(profile)),
            (None, None, None) => Ok(match env.get(BEARER).filter(|key| !key.is_empty()) {
                Some(key) => Self::Bearer(key.as_str().into()),
                None => Self::Environment,
            }),
            _ => Err(Conflict),
        }
    }

    /// Authorises requests to the Bedrock at `host`. `None`: neither the host nor the environment says which region
    /// that is, or the key holds characters that no header can carry.
    pub fn authorizer(self, host: &str, env: &Environment, fetch: Arc<dyn Fetch>) -> Option<Authorizer> {
        if let Self::Bearer(key) = &self {
            let mut value = HeaderValue::try_from(format!("Bearer {}", key.expose())).ok()?;
            value.set_sensitive(true);
            return Some(Authorizer(Scheme::Fixed(value)));
        }
        let scope = scope(host, env)?;
        let source = Aws {
            places: self.places(&scope.region, env),
            nothing_found: self.nothing_found(env),
            context: context(env, fetch),
            login: self,
        };
        Some(Authorizer(Scheme::SigV4 { keys: Renewed::new(source), scope }))
    }

    /// Where to look, in this order.
    fn places(&self, region: &str, env: &Environment) -> Vec<Place> {
        let profile = |name: &str| -> [Place; 2] {
            [Box::new(Profile::new().with_profile(name)), Box::new(SingleSignOn::new().with_profile(name))]
        };
        match self {
            Self::Bearer(_) | Self::Keys(_) => vec![],
            Self::Profile(name) => profile(name).into(),
            Self::Environment => {
                let mut places: Vec<Place> = vec![Box::new(Variables::new())];
                match env.get(PROFILE).filter(|name| !name.is_empty()) {
                    // Who names a profile does not want to act as the machine where it is empty.
                    Some(name) => places.extend(profile(name)),
                    None => {
                        places.extend(profile("default"));
                        places.push(Box::new(web_identity(region, env)));
                        places.push(Box::new(Container::new()));
                        places.push(Box::new(Machine::new()));
                    }
                }
                places
            }
        }
    }

    /// What is said where nothing was found.
    fn nothing_found(&self, env: &Environment) -> String {
        let profile = match self {
            Self::Profile(name) => Some(name),
            _ => env.get(PROFILE).filter(|name| !name.is_empty()),
        };
        match profile {
            Some(name) => format!("the AWS profile {name} has neither keys nor a valid sign-on"),
            None => "no AWS credentials in any of the usual places".into(),
        }
    }
}

/// The region and the service that a host stands for: `bedrock-runtime.us-east-1.amazonaws.com`. Where the host says
/// no region (a proxy, a private name), the environment does.
fn scope(host: &str, env: &Environment) -> Option<Scope> {
    let mut labels = host.split('.').skip_while(|label| !label.starts_with("bedrock"));
    let service = labels.next().unwrap_or_default();
    let is_region = |label: &&str| label.contains('-') && label.ends_with(|c: char| c.is_ascii_digit());
    let named = labels.next().filter(is_region).map(str::to_owned);
    let region = named.or_else(|| home_region(env))?;
    let service = if service.starts_with("bedrock-mantle") { "bedrock-mantle" } else { "bedrock" };
    Some(Scope { region, service: service.into() })
}

fn home_region(env: &Environment) -> Option<String> {
    ["AWS_REGION", "AWS_DEFAULT_REGION"].iter().find_map(|name| env.get(*name).filter(|v| !v.is_empty()).cloned())
}

/// STS is asked in our own region, as AWS's libraries do since 2025: a cluster may have no way to any other.
fn web_identity(region: &str, env: &Environment) -> WebIdentity {
    let region = home_region(env).unwrap_or_else(|| region.to_owned());
    let web_identity = WebIdentity::new().with_region(region).with_regional_sts_endpoint();
    match env.contains_key("AWS_ROLE_SESSION_NAME") {
        true => web_identity,
        false => web_identity.with_role_session_name("outrider".into()),
    }
}

type Place = Box<dyn ProvideCredentialDyn<Credential = Credential>>;

/// The source of keys. Its parts are not shown: some show the tokens that they hold.
struct Aws {
    login: Login,
    places: Vec<Place>,
    nothing_found: String,
    context: Context,
}

impl std::fmt::Debug for Aws {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Aws").field(&self.login).finish()
    }
}

#[async_trait]
impl Source<Keys> for Aws {
    async fn renew(&self) -> Result<Granted<Keys>, Fault> {
        if let Login::Keys(keys) = &self.login {
            return Ok(Granted { value: keys.clone(), lives: None });
        }
        for place in &self.places {
            if let Some(credential) = place.provide_credential_dyn(&self.context).await.map_err(fault)? {
                return Ok(granted(credential));
            }
        }
        let message = "the credentials for the provider are not set up";
        Err(Fault::new(FaultKind::KeyRefused, message).with_detail(&self.nothing_found))
    }
}

fn granted(credential: Credential) -> Granted<Keys> {
    let now = SystemTime::now();
    let lives = credential.expires_in.map(|end| end.as_system_time().duration_since(now).unwrap_or(Duration::ZERO));
    let keys = Keys {
        access_key_id: credential.access_key_id,
        secret_access_key: credential.secret_access_key.into(),
        session_token: credential.session_token.map(Secret::from),
    };
    Granted { value: keys, lives }
}

/// The library's error without what it quotes: its texts hold the body of a reply after the first colon.
fn fault(error: reqsign_core::Error) -> Fault {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(&error);
    while let Some(inner) = cause {
        if let Some(Carried(fault)) = inner.downcast_ref() {
            return fault.clone();
        }
        cause = inner.source();
    }
    let kind = match error.kind() {
        ErrorKind::RateLimited => FaultKind::RateLimited,
        ErrorKind::Unexpected if error.is_retryable() => FaultKind::ServerError,
        ErrorKind::Unexpected => FaultKind::Malformed,
        _ => FaultKind::KeyRefused,
    };
    let text = error.to_string();
    let told = ["operation: ", "error_code: ", "http_status: ", "hint: ", "file: "];
    let context = error.context().iter().filter(|context| told.iter().any(|start| context.starts_with(start)));
    let context: String = context.map(|context| format!(", {context}")).collect();
    let detail = format!("{}{context}", text.split(':').next().unwrap_or_default());
    Fault::new(kind, "no credentials for the provider could be got").with_detail(detail)
}

fn context(env: &Environment, fetch: Arc<dyn Fetch>) -> Context {
    let envs: Environment = env.iter().filter(|(_, v)| !v.is_empty()).map(|(k, v)| (k.clone(), v.clone())).collect();
    let home_dir = envs.get("HOME").map(Into::into);
    let env = StaticEnv { home_dir, envs };
    Context::new().with_file_read(Files).with_http_send(Requests(fetch)).with_env(env)
}

/// [`Fetch`] as the library wants it.
#[derive(Debug)]
struct Requests(Arc<dyn Fetch>);

impl HttpSend for Requests {
    async fn http_send(&self, request: http::Request<Bytes>) -> reqsign_core::Result<http::Response<Bytes>> {
        let unsent = |fault| reqsign_core::Error::unexpected("not sent").with_source(Carried(fault));
        self.0.fetch(request).await.map_err(unsent)
    }
}

/// A fault on its way through the library.
#[derive(Debug)]
struct Carried(Fault);

impl std::fmt::Display for Carried {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Carried {}

/// Small local files, read in the background a few times an hour.
#[derive(Debug)]
struct Files;

impl FileRead for Files {
    async fn file_read(&self, path: &str) -> reqsign_core::Result<Vec<u8>> {
        Ok(std::fs::read(path)?)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::super::fetch::script::Script;
    use super::super::testing::{env, header};
    use super::*;

    #[test]
    fn which_login_is_used() {
        let suite: Value = serde_json::from_str(include_str!("../../../tests/data/sigv4/cases.json")).unwrap();
        let cases = suite["cases"].as_array().unwrap().iter().filter(|case| case["kind"] == "auth_selection");
        let mut checked = 0;
        for case in cases {
            let (explicit, expected) = (&case["given"]["explicit"], &case["expected"]);
            let keys = explicit["aws"].as_object().map(|keys| Keys {
                access_key_id: keys["access_key_id"].as_str().unwrap().into(),
                secret_access_key: keys["secret_access_key"].as_str().unwrap().into(),
                session_token: None,
            });
            let said = Said {
                bearer: explicit["bearer"].as_str().map(Into::into),
                keys,
                profile: explicit["profile"].as_str().map(Into::into),
            };
            let env = case["given"]["environment"].as_object().unwrap().iter();
            let env = env.map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned())).collect();
            let (mode, source) = match Login::choose(said, &env) {
                Ok(Login::Bearer(key)) if key.expose().starts_with("explicit") => ("bearer", "explicit"),
                Ok(Login::Bearer(_)) => ("bearer", "environment"),
                Ok(Login::Keys(_)) => ("sigv4", "static"),
                Ok(Login::Profile(_)) => ("sigv4", "profile"),
                Ok(Login::Environment) => ("sigv4", "default"),
                Err(Conflict) => {
                    assert!(expected["error"].is_string(), "{}", case["id"]);
                    checked += 1;
                    continue;
                }
            };
            assert_eq!(
                (mode, source),
                (expected["auth_mode"].as_str().unwrap(), expected["auth_source"].as_str().unwrap())
            );
            checked += 1;
        }
        assert_eq!(checked, 7);
    }

    #[test]
    fn the_region_and_the_service() {
        let check = |host: &str, variables: &[(&str, &str)], expected: Option<(&str, &str)>| {
            let found = scope(host, &env(variables));
            let found = found.as_ref().map(|scope| (scope.region.as_str(), scope.service.as_str()));
            assert_eq!(found, expected, "{host}");
        };
        let elsewhere = [("AWS_REGION", "eu-west-1")];
        check("bedrock-runtime.us-east-1.amazonaws.com", &elsewhere, Some(("us-east-1", "bedrock")));
        check("bedrock-runtime-fips.us-gov-west-1.amazonaws.com", &[], Some(("us-gov-west-1", "bedrock")));
        check("bedrock-mantle.us-east-1.api.aws", &[], Some(("us-east-1", "bedrock-mantle")));
        let endpoint = "vpce-0a1b.bedrock-runtime.eu-central-1.vpce.amazonaws.com";
        check(endpoint, &elsewhere, Some(("eu-central-1", "bedrock")));
        check("gateway.example.com", &elsewhere, Some(("eu-west-1", "bedrock")));
        check(
            "127.0.0.1",
            &[("AWS_REGION", ""), ("AWS_DEFAULT_REGION", "ap-south-1")],
            Some(("ap-south-1", "bedrock")),
        );
        check("gateway.example.com", &[], None);
    }

    const HOST: &str = "bedrock-runtime.us-east-1.amazonaws.com";

    /// Who signs with this environment, and what was asked for it.
    async fn signed(variables: &[(&str, &str)], answers: Script) -> (Result<String, Fault>, Arc<Script>) {
        signed_as(Login::Environment, variables, answers).await
    }

    async fn signed_as(
        login: Login,
        variables: &[(&str, &str)],
        answers: Script,
    ) -> (Result<String, Fault>, Arc<Script>) {
        let script = Arc::new(answers);
        // No home: the shared files of whoever runs the tests are none of their business.
        let authorizer = login.authorizer(HOST, &env(variables), script.clone()).unwrap();
        let authorization = header(&authorizer, "authorization").await;
        assert!(!format!("{authorizer:?}{authorization:?}").contains("hush"), "{authorizer:?} {authorization:?}");
        let who = authorization.map(|text| text.split(['=', '/']).nth(1).unwrap_or_default().to_owned());
        (who, script)
    }

    fn nobody() -> Script {
        Script::new(|_| (0, String::new()))
    }

    fn in_an_hour() -> String {
        chrono::DateTime::<chrono::Utc>::from(SystemTime::now() + Duration::from_secs(3600)).to_rfc3339()
    }

    /// What metadata services answer, for the next hour.
    fn credential(id: &str) -> String {
        let end = in_an_hour();
        format!(
            r#"{{"Code":"Success","AccessKeyId":"{id}","SecretAccessKey":"hush","Token":"hush","Expiration":"{end}"}}"#
        )
    }

    #[tokio::test]
    async fn keys_in_variables_and_bedrock_keys() {
        let variables = [("AWS_ACCESS_KEY_ID", "FROMENV"), ("AWS_SECRET_ACCESS_KEY", "hush")];
        let (who, script) = signed(&variables, nobody()).await;
        assert_eq!((who.unwrap().as_str(), script.count()), ("FROMENV", 0));

        let keys = Keys { access_key_id: "SAID".into(), secret_access_key: "hush".into(), session_token: None };
        assert_eq!(signed_as(Login::Keys(keys), &variables, nobody()).await.0.unwrap(), "SAID");

        let login = Login::choose(Said::default(), &env(&[(BEARER, "hush"), variables[0], variables[1]])).unwrap();
        let authorizer = login.authorizer("anywhere", &env(&[]), Arc::new(nobody())).unwrap();
        assert!(!format!("{authorizer:?}").contains("hush"));
        assert_eq!(header(&authorizer, "authorization").await.unwrap(), "Bearer hush");
    }

    #[tokio::test]
    async fn profiles() {
        let folder = tempfile::tempdir().unwrap();
        let (credentials, config) = (folder.path().join("credentials"), folder.path().join("config"));
        std::fs::write(&credentials, "[default]\naws_access_key_id=DEFAULT\naws_secret_access_key=hush\n").unwrap();
        let work = "[profile work]\nregion=eu-west-1\naws_access_key_id=WORK\naws_secret_access_key=hush\n";
        std::fs::write(&config, work).unwrap();
        let files = [
            ("AWS_SHARED_CREDENTIALS_FILE", credentials.to_str().unwrap()),
            ("AWS_CONFIG_FILE", config.to_str().unwrap()),
        ];
        assert_eq!(signed(&files, nobody()).await.0.unwrap(), "DEFAULT");
        let chosen = [files[0], files[1], ("AWS_PROFILE", "work")];
        assert_eq!(signed(&chosen, nobody()).await.0.unwrap(), "WORK");
        assert_eq!(signed_as(Login::Profile("work".into()), &files, nobody()).await.0.unwrap(), "WORK");
        let empty = "the AWS profile nobody has neither keys nor a valid sign-on";
        let named = [files[0], files[1], ("AWS_PROFILE", "nobody")];
        for (login, variables) in [(Login::Profile("nobody".into()), &files[..]), (Login::Environment, &named)] {
            let (missing, script) = signed_as(login, variables, nobody()).await;
            assert_eq!(missing.unwrap_err().detail.as_deref(), Some(empty));
            assert_eq!(script.count(), 0, "a profile that was said is not replaced by the machine's role");
        }
    }

    #[tokio::test]
    async fn web_identity_and_its_failure() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("token");
        std::fs::write(&file, "the.pods.hush").unwrap();
        let variables = [
            ("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/pod"),
            ("AWS_WEB_IDENTITY_TOKEN_FILE", file.to_str().unwrap()),
            ("AWS_REGION", "eu-west-1"),
        ];
        let (who, script) = signed(
            &variables,
            Script::new(|_| {
                let end = in_an_hour();
                let body = format!(
                    "<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials>\
                     <AccessKeyId>POD</AccessKeyId><SecretAccessKey>hush</SecretAccessKey>\
                     <SessionToken>hush</SessionToken><Expiration>{end}</Expiration></Credentials>\
                     </AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>"
                );
                (200, body)
            }),
        )
        .await;
        assert_eq!(who.unwrap(), "POD");
        let asked = script.asked(0);
        assert!(asked.starts_with("POST https://sts.eu-west-1.amazonaws.com/\n"), "{asked}");
        assert!(asked.contains("RoleSessionName=outrider") && asked.contains("the.pods.hush"), "{asked}");

        let refused =
            "<ErrorResponse><Error><Code>InvalidIdentityToken</Code><Message>hush</Message></Error></ErrorResponse>";
        let (who, script) = signed(&variables, Script::new(move |_| (400, refused.into()))).await;
        let fault = who.unwrap_err();
        assert_eq!(fault.kind, FaultKind::KeyRefused);
        let detail = fault.detail.unwrap();
        assert_eq!(
            &*detail,
            "InvalidIdentityToken, operation: AssumeRoleWithWebIdentity, error_code: InvalidIdentityToken"
        );
        assert_eq!(script.count(), 1, "the node's role is not taken in its place");

        let (who, _) = signed(&variables, nobody()).await;
        assert_eq!(who.unwrap_err().kind, FaultKind::Connect, "the transport's fault comes through");
    }

    #[tokio::test]
    async fn containers_and_pods() {
        let task = [("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/v2/credentials/1")];
        let (who, script) = signed(&task, Script::new(|_| (200, credential("TASK")))).await;
        assert_eq!(who.unwrap(), "TASK");
        assert_eq!(script.asked(0), "GET http://169.254.170.2/v2/credentials/1\n");

        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("token");
        std::fs::write(&file, "the-pods-own").unwrap();
        let pod = [
            ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://169.254.170.23/v1/credentials"),
            ("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", file.to_str().unwrap()),
        ];
        let (who, script) = signed(&pod, Script::new(|_| (200, credential("EKSPOD")))).await;
        assert_eq!(who.unwrap(), "EKSPOD");
        assert_eq!(script.asked(0), "GET http://169.254.170.23/v1/credentials\nauthorization: the-pods-own\n");

        let (who, _) = signed(&pod, Script::new(|_| (403, "hush".into()))).await;
        assert_eq!(who.unwrap_err().kind, FaultKind::KeyRefused);
    }

    #[tokio::test]
    async fn machines() {
        let imds = |request: &http::Request<Bytes>| {
            let token = request.headers().get("x-aws-ec2-metadata-token").is_some_and(|token| token == "hush-token");
            match (request.method().as_str(), request.uri().path(), token) {
                ("PUT", "/latest/api/token", _) => (200, "hush-token".into()),
                ("GET", "/latest/meta-data/iam/security-credentials/", true) => (200, "role".into()),
                ("GET", "/latest/meta-data/iam/security-credentials/role", true) => (200, credential("MACHINE")),
                _ => (401, String::new()),
            }
        };
        let (who, script) = signed(&[], Script::new(imds)).await;
        assert_eq!((who.unwrap().as_str(), script.count()), ("MACHINE", 3));
        let (who, script) = signed(&[("AWS_EC2_METADATA_DISABLED", "true")], Script::new(imds)).await;
        let detail = who.unwrap_err().detail.unwrap();
        assert_eq!((&*detail, script.count()), ("no AWS credentials in any of the usual places", 0));
    }
}
