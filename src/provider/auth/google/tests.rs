//! What is asked of whom, with each kind of document.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{KeyPair, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};

use super::super::fetch::script::Script;
use super::super::testing::{env, header};
use super::*;

const GRANTED: &str = r#"{"access_token":"the-token","expires_in":3599,"token_type":"Bearer"}"#;

/// Made for this test; it opens nothing.
const KEY: &str = include_str!("../../../../tests/data/service-account-key.pem");

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
    assert!(matches!(read(&[("GCE_METADATA_HOST", "127.0.0.1:8")]), Ok(Kind::Metadata { host }) if host != METADATA));
}
