//! Recorded answers, translated into every other dialect, say what they said.
//!
//! What an answer says is read by [`oracle`], which knows nothing of Outrider's own readers: it looks at plain JSON
//! values, by the vendors' documentation. Its reading of a recording must be its reading of the translation.

mod cut;
mod errors;
pub mod exceptions;
mod grammar;
mod matrix;
mod oracle;
pub mod pair;
pub mod recorded;
