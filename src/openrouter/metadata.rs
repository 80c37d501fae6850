//! How a call was routed, for clients that ask for it (`X-OpenRouter-Metadata: enabled`).

use serde_json::{Value, json};

/// So many candidates and tries are told of.
const MOST: usize = 64;

/// One provider with one model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// As OpenRouter's clients know it.
    pub provider: String,
    /// The model there.
    pub model: String,
}

/// How a call was routed. `requested`: what it asked for; `several`: it named others to fall back to; `selected`: which
/// of `available` answers; `tried`: each try with the status that came of it.
pub fn metadata(
    requested: &str,
    several: bool,
    available: &[Endpoint],
    selected: Option<usize>,
    tried: &[(Endpoint, u16)],
) -> Value {
    let row = |(index, endpoint): (usize, &Endpoint)| {
        let chosen = Some(index) == selected;
        json!({"provider": endpoint.provider, "model": endpoint.model, "selected": chosen})
    };
    let attempt = |(endpoint, status): &(Endpoint, u16)| json!({"provider": endpoint.provider, "model": endpoint.model, "status": status});
    let chosen = selected.and_then(|index| available.get(index)).map_or("none", |endpoint| &endpoint.provider);
    json!({
        "requested": requested,
        "strategy": if several { "fallback" } else { "direct" },
        "region": null,
        "summary": format!("available={}, selected={chosen}", available.len()),
        "attempt": tried.len().max(1),
        "is_byok": false,
        "endpoints": {
            "total": available.len(),
            "available": available.iter().enumerate().take(MOST).map(row).collect::<Value>(),
        },
        "attempts": tried.iter().take(MOST).map(attempt).collect::<Value>(),
    })
}
