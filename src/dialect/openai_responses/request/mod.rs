//! What is asked of a model.

mod input;
mod items;
mod read;
mod settings;
mod tools;
mod write;

pub(super) use input::call as call_of;
pub(super) use read::read;
pub use read::stateful;
pub(super) use write::write;
