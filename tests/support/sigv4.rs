//! What AWS does with a signature: it makes the same from the request as it came, and looks whether they are equal.
//! Written from AWS's documentation ("Signature Version 4"), not from the library that signs.

use ring::{digest, hmac};

use super::provider::Seen;

/// Whether the request is signed by the owner of `secret`, for that region, as AWS would see it.
pub fn verify(seen: &Seen, secret: &str, region: &str) -> Result<(), String> {
    let signature = seen.header("authorization").ok_or("not signed")?;
    let part = |name: &str| {
        let rest = signature.split_once(name).map(|(_, rest)| rest).ok_or(format!("no {name} in {signature}"))?;
        Ok::<_, String>(rest.split([',', ' ']).next().unwrap_or_default().to_owned())
    };
    let (credential, signed, given) = (part("Credential=")?, part("SignedHeaders=")?, part("Signature=")?);
    let scope = credential.split_once('/').map(|(_, scope)| scope).ok_or("no scope")?;
    let time = seen.header("x-amz-date").ok_or("no x-amz-date")?;
    let date = &time[..8];
    if scope != format!("{date}/{region}/bedrock/aws4_request") {
        return Err(format!("the scope is {scope}"));
    }
    for name in ["host", "x-amz-date"] {
        if !signed.split(';').any(|signed| signed == name) {
            return Err(format!("`{name}` is not signed: {signed}"));
        }
    }
    let values = |name: &str| {
        let of_name = seen.headers.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name));
        of_name.map(|(_, value)| value.trim()).collect::<Vec<_>>().join(",")
    };
    let headers: String = signed.split(';').map(|name| format!("{name}:{}\n", values(name))).collect();
    let (path, query) = seen.path.split_once('?').unwrap_or((&seen.path, ""));
    // Of every service but S3 the path is encoded once more than it is on the wire.
    let path = path.replace('%', "%25");
    let request = format!("{}\n{path}\n{query}\n{headers}\n{signed}\n{}", seen.method, sha256(&seen.body));
    let text = ["AWS4-HMAC-SHA256", time, scope, &sha256(request.as_bytes())].join("\n");
    let first = sign(format!("AWS4{secret}").as_bytes(), date);
    let key = [region, "bedrock", "aws4_request"].iter().fold(first, |key, step| sign(&key, step));
    let expected = hex(&sign(&key, &text));
    match given == expected {
        true => Ok(()),
        false => Err(format!("{given} is not {expected}, which is of\n{request}\nby\n{text}")),
    }
}

fn sign(key: &[u8], text: &str) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text.as_bytes()).as_ref().to_vec()
}

fn sha256(bytes: &[u8]) -> String {
    hex(digest::digest(&digest::SHA256, bytes).as_ref())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
