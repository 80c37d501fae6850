//! How a request is authorised where a key in a header is not enough: at AWS, at Google's Vertex AI, and at Azure
//! through Entra.
//!
//! An [`Authorizer`] is made once for a provider. Before each try it adds to the request's headers what the provider
//! wants: a signature over the whole request (`sigv4`) or a bearer token. Signing keys and tokens live for an hour or
//! so; `renewed` gets the next ones in time, in the background. Where they come from is the business of [`aws`],
//! [`google`] and [`entra`]; whom they ask they reach through [`Fetch`], in production through the same transport as
//! every call ([`courier`]).
//!
//! Nothing here reads the process's environment: it is handed in as [`Environment`], so that a test needs none.

pub mod aws;
pub mod courier;
pub mod entra;
pub mod fetch;
pub mod google;
mod login;
mod oauth;
mod renewed;
mod secret;
mod sigv4;

use std::collections::HashMap;
use std::time::SystemTime;

use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderName, HeaderValue, Method};

pub use courier::Courier;
pub use fetch::Fetch;
pub use login::{Login, Signer};
pub use secret::Secret;

use crate::canonical::Fault;
use crate::upstream::Body;
use renewed::{Renewed, Source};

/// The environment variables of the process, as they were when the configuration was read.
pub type Environment = HashMap<String, String>;

/// What is about to be sent, as far as a signature covers it.
#[derive(Debug)]
pub struct Outgoing<'a> {
    /// The method.
    pub method: &'a Method,
    /// The host, with the port where it is not the scheme's own: what goes into the `host` header.
    pub authority: &'a str,
    /// Path and query, exactly as they go on the wire.
    pub path_and_query: &'a str,
    /// The body, exactly as it goes on the wire.
    pub body: &'a Body,
}

/// Adds to a request what its provider wants to see.
#[derive(Debug)]
pub struct Authorizer(Scheme);

#[derive(Debug)]
enum Scheme {
    /// A bearer token that never changes: a Bedrock API key.
    Fixed(HeaderValue),
    /// A bearer token that is renewed.
    Bearer { token: Renewed<HeaderValue>, beside: Option<(HeaderName, HeaderValue)> },
    /// A signature by AWS's rules, with keys that are renewed.
    SigV4 { keys: Renewed<aws::Keys>, scope: sigv4::Scope },
}

impl Authorizer {
    /// Adds the credentials to `headers`, replacing whatever the client sent in their place.
    ///
    /// To be called last, when nothing of the request changes any more, and anew for each try: a signature is valid
    /// for a few minutes. Waits only where there is no living credential yet; a fault is the token service's, and
    /// says [`KeyRefused`](crate::canonical::FaultKind::KeyRefused) where that refused us.
    pub async fn authorize(&self, request: &Outgoing<'_>, headers: &mut HeaderMap) -> Result<(), Fault> {
        match &self.0 {
            Scheme::Fixed(value) => {
                headers.insert(AUTHORIZATION, value.clone());
            }
            Scheme::Bearer { token, beside } => {
                headers.insert(AUTHORIZATION, token.get().await?);
                if let Some((name, value)) = beside {
                    headers.insert(name, value.clone());
                }
            }
            Scheme::SigV4 { keys, scope } => {
                sigv4::sign(request, headers, scope, &keys.get().await?, SystemTime::now())?;
            }
        }
        Ok(())
    }

    /// The provider refused the credentials (401, 403): unless they are new, they are not used again. Keys that were
    /// revoked before their time are replaced so.
    pub fn refused(&self) {
        match &self.0 {
            Scheme::Fixed(_) => {}
            Scheme::Bearer { token, .. } => token.forget(),
            Scheme::SigV4 { keys, .. } => keys.forget(),
        }
    }

    /// A bearer token from `source`.
    fn bearer(source: impl Source<HeaderValue>) -> Self {
        Self(Scheme::Bearer { token: Renewed::new(source), beside: None })
    }
}

/// What the tests of the parts share.
#[cfg(test)]
mod testing {
    use super::*;

    pub fn env(pairs: &[(&str, &str)]) -> Environment {
        pairs.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect()
    }

    /// A header of a request that was authorised.
    pub async fn header(authorizer: &Authorizer, name: &str) -> Result<String, Fault> {
        let mut headers = HeaderMap::new();
        let request =
            Outgoing { method: &Method::POST, authority: "host", path_and_query: "/", body: &Body::default() };
        authorizer.authorize(&request, &mut headers).await?;
        Ok(headers[name].to_str().unwrap().to_owned())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::fetch::script::Script;
    use super::testing::{env, header};
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_token_that_the_provider_refuses_is_replaced() {
        let mut count = 0;
        let script = Arc::new(Script::new(move |_| {
            count += 1;
            (200, format!(r#"{{"access_token":"t{count}","expires_in":3600}}"#))
        }));
        let authorizer = Arc::new(google::Identity::machine(&env(&[])).authorizer(script.clone()));
        let call =
            |authorizer: Arc<Authorizer>| tokio::spawn(async move { header(&authorizer, "authorization").await });
        assert_eq!(call(authorizer.clone()).await.unwrap().unwrap(), "Bearer t1");
        authorizer.refused();
        assert_eq!(call(authorizer.clone()).await.unwrap().unwrap(), "Bearer t1", "it was new");
        tokio::time::sleep(std::time::Duration::from_secs(60)).await;
        authorizer.refused();
        assert_eq!(call(authorizer.clone()).await.unwrap().unwrap(), "Bearer t2");
    }
}
