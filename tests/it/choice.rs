//! Which target answers, on the binary: why, by what, and what holds whatever happens.

mod bad;
mod balance;
mod context;
mod explain;
mod live;
mod require;
mod sticky;

use serde_json::{Value, json};

use crate::support::client::{self, Call, Reply};
use crate::support::provider::{Behaviour, Provider, Step};
use crate::support::proxy::Proxy;

/// What the operator's door says would become of a call.
async fn explained(proxy: &Proxy, call: &Value) -> Reply {
    client::open(proxy.admin, Call::post("/explain", call)).await.rest().await
}

/// The targets that would be asked, in their order.
fn order(told: &Value) -> Vec<&str> {
    told["candidates"].as_array().unwrap().iter().map(|one| one["target"].as_str().unwrap()).collect()
}

/// What is told of one target.
fn of<'t>(told: &'t Value, target: &str) -> &'t Value {
    let all = told["candidates"].as_array().unwrap();
    all.iter().find(|one| one["target"] == target).unwrap_or_else(|| panic!("{target} is not in {told}"))
}

/// Who may not answer, and by what.
fn out(told: &Value) -> Vec<(&str, &str)> {
    let all = told["excluded"].as_array().unwrap().iter();
    all.map(|one| (one["target"].as_str().unwrap(), one["by"].as_str().unwrap())).collect()
}

/// A chat with that text and more members.
fn chat(model: &str, text: &str, more: &Value) -> Call {
    let mut body = json!({"model": model, "messages": [{"role": "user", "content": text}]});
    body.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap_or_default());
    Call::post("/v1/chat/completions", &body)
}

/// Answers well, but only after so long.
fn late(milliseconds: u64) -> Behaviour {
    let ok = Behaviour::ok();
    Behaviour::new(move |request| {
        let wait = Step::Pause(std::time::Duration::from_millis(milliseconds));
        std::iter::once(wait).chain(ok.react(request)).collect()
    })
}

/// A provider with a price for its model `x`, and more fields.
fn priced(provider: &Provider, price: f64, more: &str) -> String {
    let models = format!("models: {{x: {{price: {{input: {price}, output: {price}}}}}}}");
    format!("base_url: \"{}\", api_key: k, health: off, {models}{more}", provider.url())
}
