//! A small configuration for the tests of this folder.

use std::sync::Arc;

use crate::config::{Fake, parse};
use crate::health::Registry;
use crate::snapshot::{Snapshot, build};

/// The key of the provider.
pub(super) const SECRET: &str = "sk-secret";

/// `smart`, served by `openai/gpt-5` with the key `openai#1`.
const CONFIGURATION: &str = "
providers: {openai: {api_key: '${KEY}'}}
models: {smart: {targets: [{use: openai/gpt-5, weight: 80}]}}
";

/// What that configuration becomes.
pub(super) fn configured() -> (Snapshot, Arc<Registry>) {
    let env = Fake { variables: [("KEY".to_owned(), SECRET.to_owned())].into(), ..Fake::default() };
    let loaded = parse(CONFIGURATION, "outrider.yaml", &env).expect("it can be read");
    let registry = Arc::new(Registry::new());
    let snapshot = build::build(&loaded.config, &registry, None).expect("it has no problems");
    (snapshot, registry)
}
