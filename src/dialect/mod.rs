//! How a chat is written on the wire.
//!
//! No I/O, no clock, no provider; nothing is logged. So far one dialect, [`openai_chat`], and only its native lane.

pub mod json;
pub mod openai_chat;
pub mod sse;
