//! Amounts of money, as the operator writes them, and factors.

use serde_json::{Value, json};

use super::reader::Reader;
use super::setting::Setting;
use super::yaml::Node;
use crate::money::Usd;

/// An amount that is not negative: `0.25`, or `5 USD`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Money(pub Usd);

/// A number, 0 or more.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Factor(pub f64);

impl Setting for Money {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let wanted = "an amount in US dollars such as `0.25` or `5 USD`";
        let text = reader.text(node, wanted)?;
        let number = text.strip_suffix("USD").map_or(&*text, str::trim_end);
        match Usd::parse(number) {
            Some(amount) if amount < Usd::ZERO => {
                reader.wrong(node.at, format!("`{text}` is negative"), "say what it costs, or 0 for nothing")
            }
            Some(amount) => Some(Self(amount)),
            None => reader.unexpected(node, wanted),
        }
    }

    fn show(&self) -> Value {
        json!(format!("{} USD", self.0))
    }
}

impl Setting for Factor {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let wanted = "a number, 0 or more";
        let text = reader.text(node, wanted)?;
        match text.parse().ok().filter(|number| (0.0..=1e9).contains(number)) {
            Some(number) => Some(Self(number)),
            None => reader.unexpected(node, wanted),
        }
    }

    fn show(&self) -> Value {
        json!(self.0)
    }
}
