//! Recorded answers, translated into every other dialect, say what they said.
//!
//! What an answer says is read by [`oracle`], which knows nothing of Outrider's own readers: it looks at plain JSON
//! values, by the vendors' documentation. Its reading of a recording must be its reading of the translation.

mod cut;
mod errors;
mod exceptions;
mod grammar;
mod matrix;
mod oracle;
mod pair;
mod recorded;
