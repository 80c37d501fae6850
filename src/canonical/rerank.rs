//! Documents in the order in which they fit a query: what is asked, and what comes.

use super::{Raw, Str, Usage};

/// What is to be put in order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RerankRequest<'a> {
    /// What the documents are to fit.
    pub query: Str<'a>,
    /// The documents as texts; at least one.
    pub documents: Vec<Str<'a>>,
    /// Only the best so many.
    pub top_n: Option<u64>,
    /// Of each document only so many tokens are looked at.
    pub max_tokens_per_document: Option<u64>,
    /// The names of members that only the client's dialect knows.
    pub others: Vec<Str<'a>>,
}

/// The order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ranking<'a> {
    /// The answer's id, where the provider gives one.
    pub id: Option<Str<'a>>,
    /// The model as the provider names it.
    pub model: Option<Str<'a>>,
    /// As the provider gives them: the best first.
    pub results: Vec<Ranked<'a>>,
    /// What was counted.
    pub usage: Usage,
    /// What Cohere bills in the place of tokens.
    pub search_units: Option<u64>,
}

/// One document's place.
#[derive(Clone, Debug, PartialEq)]
pub struct Ranked<'a> {
    /// Which of the request's documents, from 0.
    pub index: usize,
    /// How well it fits, as the provider wrote the number.
    pub score: Raw<'a>,
}
