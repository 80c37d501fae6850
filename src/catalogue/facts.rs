//! What is known of a model at one provider.

use std::sync::Arc;
use std::time::SystemTime;

use super::day::{day, today};
use super::{Able, Cache, Levels, Price, Promise, Scores};

/// What is known of a model at one provider. `None`: not known.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Facts {
    /// What it is called everywhere: `author/name`, or the name alone where its author is not known.
    pub slug: Option<Box<str>>,
    /// What it costs.
    pub price: Option<Price>,
    /// The tokens that fit into its context, the answer included.
    pub context: Option<u64>,
    /// The tokens that an answer may have.
    pub output: Option<u64>,
    /// What it can do.
    pub able: Able,
    /// How much it can be told to think.
    pub levels: Levels,
    /// How its prompts are cached.
    pub cache: Option<Cache>,
    /// The last day on which it is served, as `2026-12-31`.
    pub until: Option<Box<str>>,
    /// How its weights are stored there: `fp8`, `bf16` ...
    pub quantization: Option<Box<str>>,
    /// Where it runs: `eu`, `us-east-1` ...
    pub region: Option<Box<str>>,
    /// The provider trains on what it is sent.
    pub training: Option<Promise>,
    /// The provider keeps what it is sent.
    pub retention: Option<Promise>,
    /// How good it is.
    pub quality: Option<Arc<Scores>>,
}

impl Facts {
    /// In how many days its last one is, if that is known: less than none where it is over.
    pub fn days_left(&self, now: SystemTime) -> Option<i64> {
        Some(day(self.until.as_deref()?)? - today(now))
    }

    /// The last day on which it was served, where that is over.
    pub fn ended(&self, now: SystemTime) -> Option<&str> {
        self.until.as_deref().filter(|_| self.days_left(now).is_some_and(|left| left < 0))
    }

    /// What `other` knows counts more; of prices, each by itself.
    pub fn overlay(&mut self, other: Self) {
        fn take<T>(here: &mut Option<T>, there: Option<T>) {
            if there.is_some() {
                *here = there;
            }
        }
        match (&mut self.price, other.price) {
            (Some(price), Some(other)) => price.overlay(other),
            (price, other) => take(price, other),
        }
        take(&mut self.slug, other.slug);
        take(&mut self.context, other.context);
        take(&mut self.output, other.output);
        take(&mut self.cache, other.cache);
        take(&mut self.until, other.until);
        take(&mut self.quantization, other.quantization);
        take(&mut self.region, other.region);
        take(&mut self.training, other.training);
        take(&mut self.retention, other.retention);
        take(&mut self.quality, other.quality);
        self.able.overlay(other.able);
        if other.levels != Levels::default() {
            self.levels = other.levels;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;

    #[test]
    fn the_last_day_is_served_to_its_end() {
        let at = |hours: u64| UNIX_EPOCH + Duration::from_secs(hours * 3_600);
        let facts = Facts { until: Some("1970-01-02".into()), ..Facts::default() };
        assert_eq!((facts.ended(at(47)), facts.days_left(at(47))), (None, Some(0)));
        assert_eq!((facts.ended(at(48)), facts.days_left(at(48))), (Some("1970-01-02"), Some(-1)));
        assert_eq!((Facts::default().ended(at(48)), Facts::default().days_left(at(48))), (None, None));
    }
}
