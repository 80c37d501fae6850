//! What the model says, event by event.

mod events;
mod items;
mod message;
mod open;
mod reader;
mod thoughts;
mod writer;

pub(super) use reader::Reader;
pub(super) use writer::{Writer, write_whole};
