//! Between this dialect's documents and the canonical model.

mod answer_in;
mod assistant_out;
mod calls_in;
mod content_in;
mod content_out;
mod details_out;
mod json_out;
mod loose;
mod media_out;
mod message_in;
mod reasoning;
mod reply_in;
mod reply_out;
mod request_in;
mod request_out;
mod settings_in;
mod settings_out;
mod stop;
mod stream_in;
mod stream_out;
mod strict;
mod style;
mod think_tags;
mod thinking;
mod tools_in;
mod tools_out;
mod turns_in;
mod turns_out;
mod usage_out;
mod wire;

pub(super) use reply_in::read_reply;
pub(super) use reply_out::write_reply;
pub(super) use request_in::read_request;
pub(super) use request_out::write_request;
pub(super) use stream_in::Reader;
pub(super) use stream_out::Writer;
pub use thinking::thinking;

#[cfg(test)]
mod tests;
