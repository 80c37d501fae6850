//! OpenRouter's dialect: what its clients say beside OpenAI's and Anthropic's, and what they expect back.
//!
//! Its clients move here by changing a base URL. What a request says to the router is read into
//! [`Wishes`](crate::routing::wishes::Wishes), which is free of any syntax, and taken out before a provider sees it. A
//! client that never says such a thing is never answered in these words.

mod choose;
mod few;
mod preferences;
pub mod providers;
pub mod request;
mod rewrite;
mod said;
mod spoken;

pub use choose::{OPENROUTER, choose};
pub use rewrite::{Reader, Rewritten, rewrite};
pub use spoken::Spoken;
