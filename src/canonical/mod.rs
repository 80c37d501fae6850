//! The chat, free of any vendor.
//!
//! What every dialect, every provider and the router itself mean by the same words. A [`Request`] is turns of parts
//! and how they are to be answered; a [`Reply`] is parts and why they end; a stream is [`Event`]s; [`Fault`] is the only
//! word for "it went wrong", [`Usage`] the only count of tokens. Everything borrows from the document it was read from,
//! so that an image of megabytes is copied once, when it is written. No I/O, no clock, no provider is known here.

mod abilities;
mod called;
mod content;
mod dialect;
pub mod effort;
mod embeddings;
pub mod estimate;
mod event;
mod fault;
mod ids;
mod json;
mod logprobs;
mod lost;
mod noted;
mod opened;
mod owned;
mod reply;
mod request;
mod rerank;
mod sequencer;
mod text;
mod usage;
mod waiting;
mod whole;

pub use abilities::Abilities;
pub use called::Called;
pub use content::{
    Cache, Citation, Foreign, Media, MediaKind, Part, Reasoning, Role, Signature, Source, Text, ToolCall, ToolResult,
    Turn, joined_text,
};
pub use dialect::Dialect;
pub use embeddings::{EmbeddingInput, EmbeddingPiece, Embeddings, EmbeddingsRequest, Purpose, Truncate, Vector};
pub use event::{Delta, Event, Numbering, PartStart, StreamReader, StreamWriter};
pub use fault::{Blame, Fault, FaultKind, Original};
pub use ids::{fitting_id, fnv, made_up_id};
pub use json::Raw;
pub use lost::Lost;
pub use noted::{Noted, mark};
pub use opened::Opened;
pub use reply::{Choice, Reply, Stop, StopReason};
pub use request::{Format, Function, Request, Thinking, Tool, ToolChoice};
pub use rerank::{Ranked, Ranking, RerankRequest};
pub use sequencer::Sequencer;
pub use text::Str;
pub use usage::{Service, Usage};
pub use waiting::Waiting;
pub use whole::{Gatherer, replay};
