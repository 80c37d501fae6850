//! How a chat is written on the wire.
//!
//! Each dialect is a folder with a [`Codec`](codec::Codec) that reads it into the canonical model and writes it from
//! there. No I/O, no clock, no provider; nothing is logged. No dialect names another, but for [`invoke`], which is one
//! in the wrapping of another.

pub mod answer_limit;
pub mod anthropic;
pub mod aws_events;
pub mod bedrock;
pub mod codec;
pub mod cohere;
pub mod doors;
pub mod error;
pub mod flat;
pub mod flow;
pub mod frames;
pub mod functions;
pub mod gemini;
pub mod head;
pub mod invoke;
pub mod json;
pub mod json_array;
pub mod lines;
pub mod offered;
pub mod ollama;
pub mod openai_chat;
pub mod openai_responses;
pub mod restore;
pub mod service_tier;
pub mod sieve;
pub mod sse;
#[cfg(test)]
mod tests;
pub mod vectors;
pub mod wire;
