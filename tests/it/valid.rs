//! What Outrider writes is accepted by validators that know nothing of it, by the vendors' own specifications.
//!
//! The specifications are not part of the project: `OUTRIDER_SPECS` names the folder that has them, as
//! `openai-openapi.json.xz` and its like. The validators are `tests/clients/validate.py` (JSON Schema, botocore's
//! ParamValidator, Cohere's types) and `@stdy/cli`, a server that checks requests by an OpenAPI document.

mod broken;
mod corpus;
mod exceptions;
mod judge;
mod replies;
mod requests;
mod sent;
mod shape;
mod steady;
mod tally;

use std::path::PathBuf;

/// Where the specifications are, if they are there.
fn specs() -> Option<PathBuf> {
    std::env::var_os("OUTRIDER_SPECS").map(PathBuf::from)
}
