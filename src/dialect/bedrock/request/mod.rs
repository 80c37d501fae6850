//! Requests, read and written.

mod additional;
mod cache;
mod fields;
mod read;
mod schema;
mod thinking;
mod tools;
mod turns;
mod write;

pub use read::read;
pub use write::write;
