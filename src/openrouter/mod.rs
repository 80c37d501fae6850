//! OpenRouter's dialect: what its clients say beside OpenAI's and Anthropic's, and what they expect back.
//!
//! Its clients move here by changing a base URL. What a request says to the router is read into
//! [`Wishes`](crate::routing::wishes::Wishes), which is free of any syntax, and taken out before a provider sees it. A
//! client that never says such a thing is never answered in these words.

mod choose;
pub mod error;
mod few;
mod metadata;
mod observed;
pub mod pages;
mod preferences;
pub mod providers;
mod reply;
pub mod request;
mod rewrite;
mod said;
mod spoken;
mod suffix;

pub use choose::{OPENROUTER, bare, choose};
pub use metadata::{Endpoint, metadata};
pub use observed::Observed;
pub use reply::{Answerer, Events, dollars};
pub use rewrite::{Reader, Rewritten, names, rewrite};
pub use spoken::Spoken;
pub use suffix::{is_openrouter, no_preset, only, thinks};
