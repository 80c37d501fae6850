//! Outrider: a model router that runs beside your application.
//!
//! A call comes in at the [`listener`] and is served by the [`exchange`], which plans it ([`routing`]), tries its
//! targets one after the other ([`provider`], [`upstream`]) and relays the first answer. Where client and provider do
//! not speak the same [`dialect`], it passes through the [`canonical`] model. [`openrouter`] is what its clients say to
//! a router, and hear from it. [`config`] is what the operator said,
//! [`snapshot`] what will be done, [`health`] what was learned, [`telemetry`] and [`admin`] what is told; [`app`] and
//! [`cli`] put it together. docs/ARCHITECTURE.md is the longer story.

pub mod admin;
pub mod app;
pub mod canonical;
pub mod catalogue;
pub mod cli;
pub mod config;
pub mod dialect;
pub mod exchange;
pub mod health;
pub mod inject;
pub mod ledger;
pub mod listener;
pub mod money;
pub mod names;
pub mod openrouter;
pub mod provider;
pub mod recent;
pub mod redirect;
pub mod routing;
pub mod snapshot;
pub mod telemetry;
pub mod trust;
pub mod units;
pub mod upstream;
