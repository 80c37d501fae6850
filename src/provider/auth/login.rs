//! Which of a cloud's logins stands in the place of a key.

use std::sync::{Arc, OnceLock};

use http::HeaderMap;

use super::{Authorizer, Environment, Fetch, Outgoing, aws, entra, google};
use crate::canonical::{Fault, FaultKind};

/// A cloud's login.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Login {
    /// AWS: requests are signed.
    Aws,
    /// Google: requests carry a token.
    Google,
    /// Azure's Entra: requests carry a token.
    Entra,
}

/// A provider's login, with what was learned for it: signing keys and tokens outlive a reload.
#[derive(Debug)]
pub struct Signer {
    login: Login,
    /// Where the operator says that the provider is, which a host of another name does not tell.
    region: Option<String>,
    /// Made at the first call: where credentials come from is only looked for where somebody needs them.
    authorizer: OnceLock<Result<Authorizer, Fault>>,
}

impl Signer {
    /// Credentials as the cloud's own libraries find them: variables, files, the machine's or pod's identity.
    pub fn new(login: Login, region: Option<String>) -> Arc<Self> {
        Arc::new(Self { login, region, authorizer: OnceLock::new() })
    }

    /// Whether it is this login.
    pub fn is(&self, login: Login, region: Option<&str>) -> bool {
        self.login == login && self.region.as_deref() == region
    }

    /// Adds the credentials to `headers`: last, when nothing of the request changes any more.
    pub async fn authorize(
        &self,
        request: &Outgoing<'_>,
        headers: &mut HeaderMap,
        fetch: &Arc<dyn Fetch>,
    ) -> Result<(), Fault> {
        let made = self.authorizer.get_or_init(|| self.authorizer(request.authority, fetch.clone()));
        match made {
            Ok(authorizer) => authorizer.authorize(request, headers).await,
            Err(fault) => Err(fault.clone()),
        }
    }

    /// The provider refused the credentials.
    pub fn refused(&self) {
        if let Some(Ok(authorizer)) = self.authorizer.get() {
            authorizer.refused();
        }
    }

    fn authorizer(&self, authority: &str, fetch: Arc<dyn Fetch>) -> Result<Authorizer, Fault> {
        let env: Environment = std::env::vars().collect();
        let refused = |what: &str| Fault::new(FaultKind::KeyRefused, what.to_owned());
        match self.login {
            Login::Aws => {
                let login = aws::Login::choose(aws::Said::default(), &env).map_err(|_| refused("two AWS logins"))?;
                let host = authority.split(':').next().unwrap_or_default();
                let nowhere = "no AWS region is known: say `region`, or set AWS_REGION";
                login.authorizer(host, self.region.as_deref(), &env, fetch).ok_or_else(|| refused(nowhere))
            }
            Login::Google => match google::Identity::from_environment(&env) {
                Ok(identity) => Ok(identity.authorizer(fetch)),
                Err(unusable) => Err(refused("Google's credentials cannot be used").with_detail(unusable)),
            },
            Login::Entra => Ok(entra::Identity::from_environment(&env).authorizer(fetch)),
        }
    }
}
