//! Azure through Entra: a token in the place of an API key.
//!
//! Each way is one request, which is why there is no library here: Microsoft's brings an HTTP stack for them.
//! Applications: <https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow>; machines:
//! <https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token>.

use std::sync::Arc;

use async_trait::async_trait;
use http::HeaderValue;

use super::fetch::Fetch;
use super::oauth::{self, Token};
use super::renewed::{Granted, Source};
use super::{Authorizer, Environment, Secret};
use crate::canonical::Fault;

/// What the token is for: Azure OpenAI and everything else of Azure's AI services.
const RESOURCE: &str = "https://cognitiveservices.azure.com";

/// Where tokens come from, outside of the national clouds.
const AUTHORITY: &str = "https://login.microsoftonline.com";

/// The metadata server of Azure's virtual machines, and of AKS without workload identity.
const METADATA: &str = "http://169.254.169.254/metadata/identity/oauth2/token";

/// Who we are at Entra.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Identity {
    /// An application with a password.
    ClientSecret {
        /// Which application.
        app: Application,
        /// Its password.
        secret: Secret,
    },
    /// An application that trusts another issuer, as AKS' workload identity.
    Federated {
        /// Which application.
        app: Application,
        /// The file that holds the other issuer's token, replaced now and then.
        token_file: String,
    },
    /// The identity of the machine, told by its metadata server.
    Machine {
        /// One of several that are assigned to the machine.
        client_id: Option<String>,
    },
    /// The identity of an App Service, a Container App, a function ...
    Service {
        /// `IDENTITY_ENDPOINT`
        endpoint: String,
        /// `IDENTITY_HEADER`
        header: Secret,
        /// One of several that are assigned to it.
        client_id: Option<String>,
    },
}

/// An application that is registered with Entra.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Application {
    /// The directory's id or domain.
    pub tenant: String,
    /// The application's id.
    pub client_id: String,
    /// The host of a national cloud. `None`: the public one.
    pub authority: Option<String>,
}

impl Identity {
    /// As Azure's own libraries read the environment: a client secret, else workload identity, else the identity of
    /// where we run.
    pub fn from_environment(env: &Environment) -> Self {
        let get = |name: &str| env.get(name).filter(|value| !value.is_empty()).cloned();
        let client_id = get("AZURE_CLIENT_ID");
        if let (Some(tenant), Some(client_id)) = (get("AZURE_TENANT_ID"), client_id.clone()) {
            let app = Application { tenant, client_id, authority: get("AZURE_AUTHORITY_HOST") };
            if let Some(secret) = get("AZURE_CLIENT_SECRET") {
                return Self::ClientSecret { app, secret: secret.into() };
            }
            if let Some(token_file) = get("AZURE_FEDERATED_TOKEN_FILE") {
                return Self::Federated { app, token_file };
            }
        }
        match (get("IDENTITY_ENDPOINT"), get("IDENTITY_HEADER")) {
            (Some(endpoint), Some(header)) => Self::Service { endpoint, header: header.into(), client_id },
            _ => Self::Machine { client_id },
        }
    }

    /// Authorises requests as this identity.
    pub fn authorizer(self, fetch: Arc<dyn Fetch>) -> Authorizer {
        Authorizer::bearer(Entra { identity: self, fetch })
    }
}

#[derive(Debug)]
struct Entra {
    identity: Identity,
    fetch: Arc<dyn Fetch>,
}

#[async_trait]
impl Source<HeaderValue> for Entra {
    async fn renew(&self) -> Result<Granted<HeaderValue>, Fault> {
        let request = match &self.identity {
            Identity::ClientSecret { app, secret } => app.ask(&[("client_secret", secret.expose())])?,
            Identity::Federated { app, token_file } => app.ask(&[
                ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
                ("client_assertion", oauth::read(token_file)?.trim()),
            ])?,
            Identity::Machine { client_id } => {
                let url = with_query(METADATA, "2018-02-01", client_id.as_deref());
                oauth::get(&url, &[("metadata", "true")])?
            }
            Identity::Service { endpoint, header, client_id } => {
                let url = with_query(endpoint, "2019-08-01", client_id.as_deref());
                oauth::get(&url, &[("x-identity-header", header.expose())])?
            }
        };
        oauth::ask::<Token>(&*self.fetch, request).await?.granted(oauth::unix_now())
    }
}

impl Application {
    fn ask(&self, proof: &[(&str, &str)]) -> Result<http::Request<bytes::Bytes>, Fault> {
        let authority = self.authority.as_deref().unwrap_or(AUTHORITY).trim_end_matches('/');
        let scope = format!("{RESOURCE}/.default");
        let known = [("grant_type", "client_credentials"), ("client_id", &self.client_id), ("scope", &scope)];
        let form: Vec<_> = known.iter().chain(proof).copied().collect();
        oauth::post(&format!("{authority}/{}/oauth2/v2.0/token", self.tenant), &form, &[])
    }
}

fn with_query(url: &str, api_version: &str, client_id: Option<&str>) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("api-version", api_version).append_pair("resource", RESOURCE);
    if let Some(client_id) = client_id {
        query.append_pair("client_id", client_id);
    }
    format!("{url}{}{}", if url.contains('?') { '&' } else { '?' }, query.finish())
}

#[cfg(test)]
mod tests {
    use super::super::fetch::script::Script;
    use super::super::testing::{env, header};
    use super::*;

    const GRANTED: &str = r#"{"access_token":"the-token","expires_in":3599,"token_type":"Bearer"}"#;

    /// What is asked of whom, with this environment.
    async fn asked(pairs: &[(&str, &str)]) -> String {
        let script = Arc::new(Script::new(|_| (200, GRANTED.into())));
        let authorizer = Identity::from_environment(&env(pairs)).authorizer(script.clone());
        assert_eq!(header(&authorizer, "authorization").await.unwrap(), "Bearer the-token");
        assert!(!format!("{authorizer:?}").contains("hush"), "{authorizer:?}");
        script.asked(0)
    }

    #[tokio::test]
    async fn a_client_secret() {
        let said = [
            ("AZURE_TENANT_ID", "contoso"),
            ("AZURE_CLIENT_ID", "app"),
            ("AZURE_CLIENT_SECRET", "hush&"),
            ("AZURE_AUTHORITY_HOST", "https://login.microsoftonline.us/"),
            ("AZURE_FEDERATED_TOKEN_FILE", "/unused"),
        ];
        assert_eq!(
            asked(&said).await,
            "POST https://login.microsoftonline.us/contoso/oauth2/v2.0/token\n\
             content-type: application/x-www-form-urlencoded\n\
             grant_type=client_credentials&client_id=app&\
             scope=https%3A%2F%2Fcognitiveservices.azure.com%2F.default&client_secret=hush%26"
        );
    }

    #[tokio::test]
    async fn workload_identity() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "the.cluster's.token\n").unwrap();
        let path = file.path().to_str().unwrap();
        let said = [("AZURE_TENANT_ID", "t"), ("AZURE_CLIENT_ID", "app"), ("AZURE_FEDERATED_TOKEN_FILE", path)];
        assert_eq!(
            asked(&said).await,
            "POST https://login.microsoftonline.com/t/oauth2/v2.0/token\n\
             content-type: application/x-www-form-urlencoded\n\
             grant_type=client_credentials&client_id=app&\
             scope=https%3A%2F%2Fcognitiveservices.azure.com%2F.default&\
             client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer&\
             client_assertion=the.cluster%27s.token"
        );
    }

    #[tokio::test]
    async fn managed_identities() {
        assert_eq!(
            asked(&[("AZURE_CLIENT_ID", "mine")]).await,
            "GET http://169.254.169.254/metadata/identity/oauth2/token?api-version=2018-02-01&\
             resource=https%3A%2F%2Fcognitiveservices.azure.com&client_id=mine\nmetadata: true\n"
        );
        assert_eq!(
            asked(&[("IDENTITY_ENDPOINT", "http://127.0.0.1:41/msi/token"), ("IDENTITY_HEADER", "hush")]).await,
            "GET http://127.0.0.1:41/msi/token?api-version=2019-08-01&\
             resource=https%3A%2F%2Fcognitiveservices.azure.com\nx-identity-header: hush\n"
        );
    }

    #[tokio::test]
    async fn faults_name_the_cause_and_no_secret() {
        let said = [("AZURE_TENANT_ID", "t"), ("AZURE_CLIENT_ID", "a"), ("AZURE_FEDERATED_TOKEN_FILE", "/not/there")];
        let script = Arc::new(Script::new(|_| (200, GRANTED.into())));
        let authorizer = Identity::from_environment(&env(&said)).authorizer(script);
        let fault = header(&authorizer, "authorization").await.unwrap_err();
        assert_eq!(fault.detail.as_deref(), Some("/not/there can not be read: entity not found"));

        let script = Arc::new(Script::new(|_| (200, r#"{"access_token":{"hush":1}}"#.into())));
        let authorizer = Identity::Machine { client_id: None }.authorizer(script);
        let fault = header(&authorizer, "authorization").await.unwrap_err();
        assert!(!format!("{fault:?}").contains("hush"), "{fault:?}");
    }
}
