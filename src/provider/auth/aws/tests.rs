//! Each of the places in which keys are looked for.

use bytes::Bytes;
use serde_json::Value;

use super::super::fetch::script::Script;
use super::super::testing::{env, header};
use super::*;

#[test]
fn which_login_is_used() {
    let suite: Value = serde_json::from_str(include_str!("../../../../tests/data/sigv4/cases.json")).unwrap();
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
        let found = scope(host, None, &env(variables));
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
    check("127.0.0.1", &[("AWS_REGION", ""), ("AWS_DEFAULT_REGION", "ap-south-1")], Some(("ap-south-1", "bedrock")));
    check("gateway.example.com", &[], None);
    let said = |host: &str| scope(host, Some("us-west-2"), &env(&elsewhere)).unwrap().region;
    assert_eq!(said("gateway.example.com"), "us-west-2");
    assert_eq!(said("bedrock-runtime.us-east-1.amazonaws.com"), "us-east-1", "it takes no other's signatures");
}

const HOST: &str = "bedrock-runtime.us-east-1.amazonaws.com";

/// Who signs with this environment, and what was asked for it.
async fn signed(variables: &[(&str, &str)], answers: Script) -> (Result<String, Fault>, Arc<Script>) {
    signed_as(Login::Environment, variables, answers).await
}

async fn signed_as(login: Login, variables: &[(&str, &str)], answers: Script) -> (Result<String, Fault>, Arc<Script>) {
    let script = Arc::new(answers);
    // No home: the shared files of whoever runs the tests are none of their business.
    let authorizer = login.authorizer(HOST, None, &env(variables), script.clone()).unwrap();
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
    format!(r#"{{"Code":"Success","AccessKeyId":"{id}","SecretAccessKey":"hush","Token":"hush","Expiration":"{end}"}}"#)
}

#[tokio::test]
async fn keys_in_variables_and_bedrock_keys() {
    let variables = [("AWS_ACCESS_KEY_ID", "FROMENV"), ("AWS_SECRET_ACCESS_KEY", "hush")];
    let (who, script) = signed(&variables, nobody()).await;
    assert_eq!((who.unwrap().as_str(), script.count()), ("FROMENV", 0));

    let keys = Keys { access_key_id: "SAID".into(), secret_access_key: "hush".into(), session_token: None };
    assert_eq!(signed_as(Login::Keys(keys), &variables, nobody()).await.0.unwrap(), "SAID");

    let login = Login::choose(Said::default(), &env(&[(BEARER, "hush"), variables[0], variables[1]])).unwrap();
    let authorizer = login.authorizer("anywhere", None, &env(&[]), Arc::new(nobody())).unwrap();
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
    let files =
        [("AWS_SHARED_CREDENTIALS_FILE", credentials.to_str().unwrap()), ("AWS_CONFIG_FILE", config.to_str().unwrap())];
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
