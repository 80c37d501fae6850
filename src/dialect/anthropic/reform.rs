//! A request on its way from one form of this dialect to another: as it came, but for the members by which requests to
//! the vendor, to Vertex and to Bedrock differ.

use serde::Serialize;

use super::write::{anthropic_version, is_vendors_own};
use crate::canonical::{Fault, Lost, Raw};
use crate::dialect::codec::{Flavour, Target};
use crate::dialect::wire::{Members, read_client};

/// A request in its new form.
pub struct Reformed {
    /// The body.
    pub body: Vec<u8>,
    /// For the header `anthropic-beta`. Empty where there is none, or where it stands in the body.
    pub betas: String,
}

/// What the clouds do not know of the header `anthropic-beta`, and refuse a whole request for. By their beginnings.
const ELSEWHERE_UNKNOWN: [&str; 9] = [
    "advisor-tool-",
    "code-execution-",
    "fast-mode-",
    "files-api-",
    "mcp-",
    "message-batches-",
    "prompt-caching-scope-",
    "skills-",
    "web-fetch-",
];

/// These say who asks, and change nothing in an answer.
const OF_THE_CLIENT: [&str; 2] = ["claude-code-", "oauth-"];

/// `body`, a client's request in any form, as it is sent to `to`. `betas`: what the client's header of that name says.
pub fn reform(body: &[u8], betas: &str, stream: bool, to: &Target<'_>, lost: &mut Lost) -> Result<Reformed, Fault> {
    let Members(members) = read_client(body)?;
    let clouds = matches!(to.flavour, Flavour::Vertex | Flavour::Bedrock);
    let mut out = Writer(Vec::with_capacity(body.len() + 128));
    let mut betas: Vec<String> = betas.split(',').map(str::trim).map(str::to_owned).collect();
    if let Some(version) = anthropic_version(to.flavour) {
        out.member("anthropic_version", &version);
    }
    if !clouds {
        out.member("model", &to.model);
    }
    // Bedrock's path says it.
    if stream && to.flavour != Flavour::Bedrock {
        out.member("stream", &true);
    }
    for (name, value) in &members {
        match name.as_str() {
            "model" | "stream" | "anthropic_version" => {}
            "anthropic_beta" => betas.extend(value.read::<Vec<String>>().unwrap_or_default()),
            // Which of the vendor's tiers is paid for elsewhere is not said.
            "service_tier" if clouds => {}
            other if clouds && is_vendors_own(other) => lost.add(other.to_owned()),
            other => out.member::<Raw<'_>>(other, value),
        }
    }
    let betas = known(betas, to.flavour, lost);
    if to.flavour == Flavour::Bedrock {
        if !betas.is_empty() {
            out.member("anthropic_beta", &betas);
        }
        return Ok(Reformed { body: out.end(), betas: String::new() });
    }
    Ok(Reformed { body: out.end(), betas: betas.join(",") })
}

/// The betas, each once, that a provider of that flavour knows.
fn known(betas: Vec<String>, flavour: Flavour, lost: &mut Lost) -> Vec<String> {
    let begins = |beta: &str, all: &[&str]| all.iter().any(|start| beta.starts_with(start));
    let clouds = matches!(flavour, Flavour::Vertex | Flavour::Bedrock);
    let mut known: Vec<String> = Vec::new();
    for beta in betas {
        let unknown =
            begins(&beta, &ELSEWHERE_UNKNOWN) || flavour == Flavour::Bedrock && beta.starts_with("web-search-");
        let beta = match &*beta {
            // It is many; there, this is the one of them.
            beta if clouds && beta.starts_with("advanced-tool-use-") => "tool-search-tool-2025-10-19".to_owned(),
            beta if clouds && begins(beta, &OF_THE_CLIENT) => continue,
            _ if clouds && unknown => {
                lost.add(format!("anthropic-beta: {beta}"));
                continue;
            }
            _ => beta,
        };
        if !beta.is_empty() && !known.contains(&beta) {
            known.push(beta);
        }
    }
    known
}

/// An object, member by member.
struct Writer(Vec<u8>);

impl Writer {
    fn member<T: Serialize>(&mut self, name: &str, value: &T) {
        self.0.push(if self.0.is_empty() { b'{' } else { b',' });
        // Strings, lists of them and what was JSON before: writing them to memory cannot fail.
        let _ = serde_json::to_writer(&mut self.0, name);
        self.0.push(b':');
        let _ = serde_json::to_writer(&mut self.0, value);
    }

    fn end(mut self) -> Vec<u8> {
        if self.0.is_empty() {
            self.0.push(b'{');
        }
        self.0.push(b'}');
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(body: &str, betas: &str, flavour: Flavour, expected: (&str, &str, &[&str])) {
        let mut lost = Lost::nothing();
        let target = Target { model: "claude-x", flavour };
        let reformed = reform(body.as_bytes(), betas, true, &target, &mut lost).unwrap();
        let lost: Vec<_> = lost.iter().collect();
        assert_eq!((&*String::from_utf8(reformed.body).unwrap(), &*reformed.betas, &*lost), expected);
    }

    const VENDORS: &str = r#"{"model":"m","stream":true,"messages":[ {"role":"user","content":"\u0061"} ],"new":1e1}"#;
    const REST: &str = r#""messages":[ {"role":"user","content":"\u0061"} ],"new":1e1"#;

    #[test]
    fn only_what_differs_changes() {
        let bedrocks = format!(r#"{{"anthropic_version":"bedrock-2023-05-31",{REST},"anthropic_beta":["a","b"]}}"#);
        let vertexs = format!(r#"{{"anthropic_version":"vertex-2023-10-16","stream":true,{REST}}}"#);
        let vendors = format!(r#"{{"model":"claude-x","stream":true,{REST}}}"#);
        check(VENDORS, "a, b,a", Flavour::Bedrock, (&bedrocks, "", &[]));
        check(VENDORS, "a", Flavour::Vertex, (&vertexs, "a", &[]));
        check(VENDORS, "", Flavour::Vertex, (&vertexs, "", &[]));
        check(&bedrocks, "", Flavour::Vendor, (&vendors, "a,b", &[]));
        check(&bedrocks, "", Flavour::Vertex, (&vertexs, "a,b", &[]));
        check(&vertexs, "a,b", Flavour::Bedrock, (&bedrocks, "", &[]));
    }

    #[test]
    fn what_a_cloud_does_not_know_is_lost() {
        let body = r#"{"service_tier":"auto","container":"c","messages":[]}"#;
        let betas = "claude-code-20250219,files-api-2025-04-14,web-search-2025-03-05,advanced-tool-use-2025-11-20";
        let betas_there = r#""anthropic_beta":["tool-search-tool-2025-10-19"]"#;
        let bedrocks = format!(r#"{{"anthropic_version":"bedrock-2023-05-31","messages":[],{betas_there}}}"#);
        let lost = ["container", "anthropic-beta: files-api-2025-04-14", "anthropic-beta: web-search-2025-03-05"];
        check(body, betas, Flavour::Bedrock, (&bedrocks, "", &lost));
        let vendors = r#"{"model":"claude-x","stream":true,"service_tier":"auto","container":"c","messages":[]}"#;
        check(body, betas, Flavour::Vendor, (vendors, betas, &[]));
    }
}
