//! Every dialect by hand, as a provider speaks it and as a client hears it: a test must not take our own word for it.

pub mod errors;
pub mod heard;
pub mod scene;
pub mod speech;
pub mod voice;
