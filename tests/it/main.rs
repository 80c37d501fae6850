//! Black-box tests: the built binary between simulated providers and real sockets, one module a theme.

#[path = "../support/mod.rs"]
mod support;

mod agents;
mod bad_input;
mod budgets;
mod callers;
mod captures;
mod check;
mod clients;
mod departures;
mod edge_cases;
mod environment;
mod failover;
mod faults;
mod hedging;
mod hostile_upstream;
mod inject;
mod keys;
mod lanes;
mod ledger;
mod life;
mod load;
mod logins;
mod netns;
mod opaque;
mod openrouter;
mod operator;
mod patience;
mod per_call;
mod recovery;
mod reload;
mod replay;
mod request_bodies;
mod routes;
mod secrets;
mod silence;
mod streams;
mod targets;
mod tls;
mod translated;
mod translated_recordings;
mod trust;
mod valid;
mod vectors;
mod ways;
