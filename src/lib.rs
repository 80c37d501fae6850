//! Outrider: a model router that runs beside your application.
#![doc = ""]
// The modules in reading order.
pub mod admin;
pub mod app;
pub mod canonical;
pub mod cli;
pub mod config;
pub mod dialect;
pub mod exchange;
pub mod health;
pub mod listener;
pub mod names;
pub mod provider;
pub mod routing;
pub mod snapshot;
pub mod telemetry;
pub mod upstream;
