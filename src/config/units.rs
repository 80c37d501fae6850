//! Numbers, switches and text, times and sizes.

use std::num::{NonZeroU32, NonZeroU64, NonZeroUsize};
use std::str::FromStr;
use std::time::Duration;

use serde_json::{Value, json};

use super::reader::Reader;
use super::setting::Setting;
use super::yaml::Node;
use crate::units::{self, LONGEST, number_and_unit};

/// A time longer than none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Period(pub Duration);

/// A number of bytes, more than none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size(pub usize);

/// A part of one, from 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Share(pub f64);

const A_DURATION: &str = "a duration such as `250ms`, `10s`, `5m` or `1h`";

impl Setting for Duration {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let text = reader.text(node, A_DURATION)?;
        match units::duration(&text) {
            Some(duration) if duration > LONGEST => reader.wrong(node.at, "longer than 31 days", "say less"),
            Some(duration) => Some(duration),
            None => reader.unexpected(node, A_DURATION),
        }
    }

    fn show(&self) -> Value {
        let millis = self.as_millis();
        let (unit, name) = [(3_600_000, "h"), (60_000, "m"), (1_000, "s"), (1, "ms")]
            .into_iter()
            .find(|(unit, _)| millis.is_multiple_of(*unit) && millis >= *unit)
            .unwrap_or((1, "s"));
        json!(format!("{}{name}", millis / unit))
    }
}

impl Setting for Period {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        match Duration::read(node, reader)? {
            Duration::ZERO => reader.unexpected(node, "a duration longer than none"),
            duration => Some(Self(duration)),
        }
    }

    fn show(&self) -> Value {
        self.0.show()
    }
}

impl Setting for Size {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let wanted = "a size such as `512KiB`, `32MiB` or `1GB`";
        let text = reader.text(node, wanted)?;
        match size(&text) {
            Some(bytes) if bytes > 0 => Some(Self(bytes)),
            _ => reader.unexpected(node, wanted),
        }
    }

    fn show(&self) -> Value {
        let (unit, name) = [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")]
            .into_iter()
            .find(|(unit, _)| self.0.is_multiple_of(*unit))
            .unwrap_or((1, "B"));
        json!(format!("{}{name}", self.0 / unit))
    }
}

impl Setting for Share {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let wanted = "a share such as `5%`, from `0%` to `100%`";
        let text = reader.text(node, wanted)?;
        units::share(&text).map(Self).or_else(|| reader.unexpected(node, wanted))
    }

    fn show(&self) -> Value {
        // Shares such as 7% have no exact form in binary.
        json!(format!("{}%", (self.0 * 1e6).round() / 1e4))
    }
}

impl Setting for bool {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        match reader.text(node, "`true` or `false`")?.as_str() {
            "true" => Some(true),
            "false" => Some(false),
            _ => reader.unexpected(node, "`true` or `false`"),
        }
    }

    fn show(&self) -> Value {
        json!(self)
    }
}

impl Setting for String {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        match reader.text(node, "text")? {
            text if text.is_empty() => reader.unexpected(node, "text"),
            text => Some(text),
        }
    }

    fn show(&self) -> Value {
        json!(self)
    }
}

macro_rules! whole_number {
    ($($type:ty, $wanted:literal, $show:expr;)*) => {$(
        impl Setting for $type {
            fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
                let text = reader.text(node, $wanted)?;
                <$type>::from_str(&text).ok().or_else(|| reader.unexpected(node, $wanted))
            }

            fn show(&self) -> Value {
                $show(*self)
            }
        }
    )*};
}

whole_number! {
    u32, "a whole number, 0 or more", |n: u32| json!(n);
    NonZeroU32, "a whole number, 1 or more", |n: NonZeroU32| json!(n.get());
    NonZeroU64, "a whole number, 1 or more", |n: NonZeroU64| json!(n.get());
    NonZeroUsize, "a whole number, 1 or more", |n: NonZeroUsize| json!(n.get());
}

/// `1024`, `10B`, `1KB`, `32MiB`, `1GiB`.
fn size(text: &str) -> Option<usize> {
    let (number, unit) = number_and_unit(text)?;
    let unit: u64 = match unit {
        "" | "B" => 1,
        "KB" => 1_000,
        "KiB" => 1 << 10,
        "MB" => 1_000_000,
        "MiB" => 1 << 20,
        "GB" => 1_000_000_000,
        "GiB" => 1 << 30,
        _ => return None,
    };
    // Sizes up to 2^53 are exact; more than the memory of any machine is refused either way.
    let bytes = number * unit as f64;
    (bytes <= (1u64 << 40) as f64).then_some(bytes as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_and_shown() {
        let check = |text, millis: Option<u64>, shown: &str| {
            let read = units::duration(text);
            assert_eq!(read, millis.map(Duration::from_millis), "{text}");
            assert_eq!(read.map(|read| read.show()), Some(json!(shown)), "{text}");
        };
        check("250ms", Some(250), "250ms");
        check("10s", Some(10_000), "10s");
        check("1.5s", Some(1_500), "1500ms");
        check("90s", Some(90_000), "90s");
        check("5 m", Some(300_000), "5m");
        check("1h", Some(3_600_000), "1h");
        check("0", Some(0), "0s");
        check("0s", Some(0), "0s");
    }

    #[test]
    fn sizes_are_read_and_shown() {
        let check = |text, bytes: Option<usize>, shown: &str| {
            assert_eq!(size(text), bytes, "{text}");
            if let Some(bytes) = bytes {
                assert_eq!(Size(bytes).show(), json!(shown), "{text}");
            }
        };
        check("1024", Some(1024), "1KiB");
        check("10B", Some(10), "10B");
        check("1KB", Some(1000), "1000B");
        check("32MiB", Some(32 << 20), "32MiB");
        check("0.5 GiB", Some(512 << 20), "512MiB");
        for text in ["", "MiB", "-1MiB", "1mib", "1TB", "99999999999GiB"] {
            check(text, None, "");
        }
    }
}
