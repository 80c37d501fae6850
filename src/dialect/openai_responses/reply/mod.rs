//! What the model said, as a whole document.

mod envelope;
mod read;

pub(super) use envelope::{End, Envelope};
pub(super) use read::{hosted, parts_of, read, reason_in, stop_of};
