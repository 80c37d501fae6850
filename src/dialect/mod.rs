//! How a chat is written on the wire.
//!
//! Each dialect is a folder with a [`Codec`](codec::Codec) that reads it into the canonical model and writes it from
//! there. No I/O, no clock, no provider; nothing is logged, and no dialect names another.

pub mod codec;
pub mod error;
pub mod json;
pub mod openai_chat;
pub mod sse;
pub mod wire;
