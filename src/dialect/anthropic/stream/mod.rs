//! Streams: a message that begins, blocks one after the other, why it ended.

mod open;
mod reader;
mod writer;

pub(super) use reader::Reader;
pub(super) use writer::Writer;
