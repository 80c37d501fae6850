//! Workload identity federation: another issuer's token for one of Google's.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Fetch, SCOPE, Secret, Token, Unusable, misconfigured, oauth, parsed, unusable};
use crate::canonical::Fault;

/// Workload identity federation: Google trusts another issuer's token (<https://google.aip.dev/auth/4117>).
#[derive(Debug, Deserialize)]
pub(super) struct External {
    audience: String,
    subject_token_type: String,
    token_url: String,
    credential_source: Subject,
    pub(super) service_account_impersonation_url: Option<String>,
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
    /// From the document that Google gives out.
    pub(super) fn from_json(json: &Value) -> Result<Self, Unusable> {
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
    pub(super) async fn exchange(&self, fetch: &dyn Fetch) -> Result<Token, Fault> {
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
