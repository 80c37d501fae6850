//! Waits that are said as a word or as a time.

use std::time::Duration;

use serde_json::{Value, json};

use super::reader::Reader;
use super::setting::Setting;
use super::units::Period;
use super::yaml::Node;
use crate::units;

/// How much of an answer is kept back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hold {
    /// Nothing.
    Off,
    /// What comes within this time after the first token.
    For(Period),
    /// All of it.
    All,
}

/// After how long a silence a client is told that we are still there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeepAlive {
    /// Never.
    Off,
    /// After so long.
    After(Period),
}

/// When a target is late.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum After {
    /// Later than half of its calls.
    P50,
    /// Later than nine of ten.
    P90,
    /// Later than 19 of 20.
    P95,
    /// Later than 99 of 100.
    P99,
    /// Later than this.
    Fixed(Period),
}

impl Setting for Hold {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let wanted = "`off`, `all`, or a duration such as `300ms`";
        match reader.text(node, wanted)?.as_str() {
            "off" | "false" => Some(Self::Off),
            "all" => Some(Self::All),
            text if units::duration(text) == Some(Duration::ZERO) => Some(Self::Off),
            text if units::duration(text).is_some() => Period::read(node, reader).map(Self::For),
            _ => reader.unexpected(node, wanted),
        }
    }

    fn show(&self) -> Value {
        match self {
            Self::Off => json!("off"),
            Self::For(period) => period.show(),
            Self::All => json!("all"),
        }
    }
}

impl Setting for KeepAlive {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let wanted = "`off`, or a duration such as `15s`";
        match reader.text(node, wanted)?.as_str() {
            "off" | "false" => Some(Self::Off),
            text if units::duration(text).is_some() => Period::read(node, reader).map(Self::After),
            _ => reader.unexpected(node, wanted),
        }
    }

    fn show(&self) -> Value {
        match self {
            Self::Off => json!("off"),
            Self::After(period) => period.show(),
        }
    }
}

impl Setting for After {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let wanted = "`p50`, `p90`, `p95`, `p99`, or a duration such as `800ms`";
        match reader.text(node, wanted)?.as_str() {
            "p50" => Some(Self::P50),
            "p90" => Some(Self::P90),
            "p95" => Some(Self::P95),
            "p99" => Some(Self::P99),
            text if units::duration(text).is_some() => Period::read(node, reader).map(Self::Fixed),
            _ => reader.unexpected(node, wanted),
        }
    }

    fn show(&self) -> Value {
        match self {
            Self::P50 => json!("p50"),
            Self::P90 => json!("p90"),
            Self::P95 => json!("p95"),
            Self::P99 => json!("p99"),
            Self::Fixed(period) => period.show(),
        }
    }
}
