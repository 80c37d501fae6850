//! OpenAI's chat dialect: Chat Completions, legacy completions, embeddings and the reranking of those who speak it.
//!
//! For the native lane, where client and provider both speak it, bytes pass as they are and are only looked at:
//! [`read_reply`] and [`StreamWatch`] tell an answer from an error that calls itself 200, and count tokens. For the
//! translated lane, [`OpenAiChat`] reads chats, embeddings and rankings into the canonical model and writes them from it.

mod chunk;
mod codec;
mod embeddings;
pub mod error;
mod models;
mod reply;
mod rerank;
mod stream;
mod translate;
mod usage;

pub use codec::OpenAiChat;
pub use error::{error_event, write_error};
pub use models::write_models;
pub use reply::{is_filtered, noted, read_reply};
pub use stream::StreamWatch;
pub use translate::thinking;
pub use usage::usage_in_tail;
