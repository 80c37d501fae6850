//! Callers, decided: by what they are known.

use std::collections::HashMap;

use http::HeaderName;

use crate::config::{Config, Problem};
use crate::ledger::callers::{Caller, Callers, Digest, Network, digest_of};
use crate::routing::routes::Pattern;

/// Who asks, and everything that is wrong with that.
pub fn decide(config: &Config, problems: &mut Vec<Problem>) -> Callers {
    let mut taken: HashMap<Digest, &str> = HashMap::new();
    let mut all = Vec::new();
    for (name, said) in &config.callers.0 {
        let fit = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if name.value.is_empty() || !name.value.chars().all(fit) {
            let help = "use letters, digits, `-`, `_` and `.`";
            problems.push(name.problem(format!("`{}` can not be the name of a caller", name.value)).help(help));
        }
        let mut keys = Vec::new();
        for key in &said.api_key.0 {
            let digest = digest_of(key.value.expose().as_bytes());
            if let Some(other) = taken.insert(digest, &name.value) {
                let problem = key.problem(format!("the key of `{other}` is given once more"));
                problems.push(problem.help("give each caller a key of its own"));
            }
            keys.push(digest);
        }
        let header = |(header, values): &(
            crate::config::setting::Located<String>,
            crate::config::setting::OneOrMore<String>,
        )| {
            let name = HeaderName::try_from(header.value.as_str());
            let name = name.map_err(|_| header.problem(format!("`{}` can not be the name of a header", header.value)));
            name.map(|name| (name, values.0.iter().map(|value| Pattern::new(value)).collect()))
        };
        let headers = said.header.0.iter().filter_map(|said| header(said).map_err(|wrong| problems.push(wrong)).ok());
        let headers = headers.collect();
        let peers = said.peer.0.iter().filter_map(|peer| {
            let network = Network::parse(&peer.value);
            if network.is_none() {
                let problem = peer.problem(format!("`{}` is no address and no network", peer.value));
                problems.push(problem.help("write `10.1.2.3`, `10.0.0.0/8` or `fd00::/8`"));
            }
            network
        });
        all.push(Caller { name: name.value.as_str().into(), keys, headers, peers: peers.collect() });
    }
    Callers::new(all)
}
