//! No call is lost: every fault of the catalogue, and the scenes in which they come.

mod accounts;
mod matrix;
mod report;
mod scenarios;

/// What a stream that broke off behind its first token has to become: `true` for whole, where `false` takes a clean
/// error too. It can be whole, because the fallback says the same, word for word.
const RECOVERED: bool = true;
