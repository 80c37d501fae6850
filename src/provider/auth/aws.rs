//! AWS: who we are there, and where the keys to sign with come from.
//!
//! `reqsign-aws-core` knows the places: static keys, profiles, web identity (IRSA), containers (ECS, EKS Pod Identity)
//! and the metadata server of EC2. Their order is ours. Its own chain goes on to the next place when one fails, and so
//! a pod whose role is broken would silently act as its node; ours stops and says so, as AWS's own libraries do.

mod library;

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use http::HeaderValue;
use reqsign_aws_core::{
    AssumeRoleWithWebIdentityCredentialProvider as WebIdentity, Credential, ECSCredentialProvider as Container,
    EnvCredentialProvider as Variables, IMDSv2CredentialProvider as Machine, ProfileCredentialProvider as Profile,
    SSOCredentialProvider as SingleSignOn,
};
use reqsign_core::{Context, ProvideCredentialDyn};

use self::library::{context, fault};
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

    /// Authorises requests to the Bedrock at `host`, which the operator says is in `region`. `None`: nobody says which
    /// region that is, or the key holds characters that no header can carry.
    pub fn authorizer(
        self,
        host: &str,
        region: Option<&str>,
        env: &Environment,
        fetch: Arc<dyn Fetch>,
    ) -> Option<Authorizer> {
        if let Self::Bearer(key) = &self {
            let mut value = HeaderValue::try_from(format!("Bearer {}", key.expose())).ok()?;
            value.set_sensitive(true);
            return Some(Authorizer(Scheme::Fixed(value)));
        }
        let scope = scope(host, region, env)?;
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
/// no region (a proxy, a private name), the operator does, or the environment.
fn scope(host: &str, region: Option<&str>, env: &Environment) -> Option<Scope> {
    let mut labels = host.split('.').skip_while(|label| !label.starts_with("bedrock"));
    let service = labels.next().unwrap_or_default();
    let is_region = |label: &&str| label.contains('-') && label.ends_with(|c: char| c.is_ascii_digit());
    let named = labels.next().filter(is_region).map(str::to_owned);
    let region = named.or_else(|| region.map(str::to_owned)).or_else(|| home_region(env))?;
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

#[cfg(test)]
mod tests;
