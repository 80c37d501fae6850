//! Streams, read and written.

mod hosted;
mod reader;
mod writer;

pub(super) use reader::Reader;
pub(super) use writer::Writer;
