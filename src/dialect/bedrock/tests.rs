//! The dialect as a whole. Cases are held by their number.

mod captures;
mod damage;
mod errors;
mod replies;
mod requests;
mod streams;
mod turns;
mod written_streams;

use serde_json::{Value, json};

use super::Bedrock;
use crate::canonical::{Fault, Lost, Reply, Request};
use crate::dialect::codec::{About, Asked, Codec, Flavour, Target};

const CLAUDE: &str = "us.anthropic.claude-haiku-4-5-20251001-v1:0";

const ABOUT: About<'static> = About {
    id: "0123456789abcdef0123456789abcdef",
    created: 7,
    model: "m",
    usage_in_stream: true,
    json_array: false,
    request: b"",
};

fn read_request(body: &str) -> Request<'_> {
    Bedrock.read_request(body.as_bytes(), &Asked { model: Some("a%3A0"), ..Asked::default() }).unwrap()
}

fn try_write(request: &Request<'_>, model: &str) -> Result<(Value, String), Fault> {
    let mut lost = Lost::nothing();
    let body = Bedrock.write_request(request, &Target { model, flavour: Flavour::Vendor }, &mut lost)?;
    Ok((serde_json::from_slice(&body).unwrap(), lost.iter().collect::<Vec<_>>().join(",")))
}

/// The request as it is written for `model`, and what was lost.
fn write(request: &Request<'_>, model: &str) -> (Value, String) {
    try_write(request, model).unwrap()
}

/// What a request of this dialect is when it is read and written again, for `model`.
fn again(body: &Value, model: &str) -> (Value, String) {
    let body = body.to_string();
    write(&read_request(&body), model)
}

fn reply_again(reply: &Reply<'_>) -> Value {
    serde_json::from_slice(&Bedrock.write_reply(reply, &ABOUT)).unwrap()
}

fn hello() -> Value {
    json!([{"role": "user", "content": [{"text": "Hello"}]}])
}
