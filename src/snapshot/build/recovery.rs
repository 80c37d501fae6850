//! What is done about answers that are late or break: what a model says, else what the defaults say.

use std::time::Duration;

use crate::config::forms::Switch;
use crate::config::schema::{self, Defaults, Retry, Timeouts};
use crate::config::waits;
use crate::routing::{After, Hedge, Hold, Recover};

/// What a model and the defaults can both say of how a call is tried.
#[derive(Clone, Copy)]
pub struct Said<'a> {
    pub retry: &'a Retry,
    pub timeouts: &'a Timeouts,
    pub strict: Option<bool>,
    pub hedge: Option<&'a Switch<schema::Hedge>>,
    pub recover: Option<schema::Recover>,
    pub hold: Option<waits::Hold>,
    pub keep_alive: Option<waits::KeepAlive>,
}

impl<'a> From<&'a schema::Model> for Said<'a> {
    fn from(said: &'a schema::Model) -> Self {
        let schema::Model { retry, timeouts, strict, hedge, recover, hold, keep_alive, .. } = said;
        let (hedge, keep_alive) = (hedge.as_ref(), *keep_alive);
        Self { retry, timeouts, strict: *strict, hedge, recover: *recover, hold: *hold, keep_alive }
    }
}

impl<'a> From<&'a Defaults> for Said<'a> {
    fn from(said: &'a Defaults) -> Self {
        let Defaults { retry, timeouts, strict, hedge, recover, hold, keep_alive, .. } = said;
        let (hedge, keep_alive) = (hedge.as_ref(), *keep_alive);
        Self { retry, timeouts, strict: *strict, hedge, recover: *recover, hold: *hold, keep_alive }
    }
}

/// What the standard of server-sent events proposes against proxies that drop silent connections. Few answers take
/// longer to begin, so few have to begin with it.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// On as soon as anything is said of it: like other maps, an empty one says nothing.
pub fn hedge(said: Said<'_>, default: Said<'_>) -> Option<Hedge> {
    let nothing = schema::Hedge::default();
    let of_default = match default.hedge {
        Some(Switch::On(hedge)) => hedge,
        _ => &nothing,
    };
    let of_model = match said.hedge {
        Some(Switch::Off) => return None,
        Some(Switch::On(hedge)) => hedge,
        None => &nothing,
    };
    let after = of_model.after.or(of_default.after);
    let at_most = of_model.at_most.or(of_default.at_most);
    if after.is_none() && at_most.is_none() {
        return None;
    }
    let default = Hedge::default();
    Some(Hedge {
        after: after.map_or(default.after, decided),
        at_most: at_most.map_or(default.at_most, |share| share.0),
    })
}

fn decided(said: waits::After) -> After {
    match said {
        waits::After::P50 => After::P50,
        waits::After::P90 => After::P90,
        waits::After::P95 => After::P95,
        waits::After::P99 => After::P99,
        waits::After::Fixed(period) => After::Fixed(period.0),
    }
}

pub fn recover(said: Said<'_>, default: Said<'_>) -> Recover {
    match said.recover.or(default.recover) {
        None => Recover::default(),
        Some(schema::Recover::Off) => Recover::Off,
        Some(schema::Recover::Restart) => Recover::Restart,
        Some(schema::Recover::Continue) => Recover::Continue,
    }
}

pub fn hold(said: Said<'_>, default: Said<'_>) -> Hold {
    match said.hold.or(default.hold) {
        None => Hold::default(),
        Some(waits::Hold::Off) => Hold::No,
        Some(waits::Hold::For(period)) => Hold::For(period.0),
        Some(waits::Hold::All) => Hold::All,
    }
}

pub fn keep_alive(said: Said<'_>, default: Said<'_>) -> Option<Duration> {
    match said.keep_alive.or(default.keep_alive) {
        None => Some(KEEP_ALIVE),
        Some(waits::KeepAlive::Off) => None,
        Some(waits::KeepAlive::After(period)) => Some(period.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Fake, parse};

    /// What a model and the defaults say, and what is meant by it.
    fn check(model: &str, defaults: &str, hedge: Option<(After, f64)>, recover: Recover, hold: Hold) {
        let text = format!("models: {{m: {{{model}}}}}\ndefaults: {{{defaults}}}");
        let config = parse(&text, "o.yaml", &Fake::default()).unwrap_or_else(|problems| panic!("{problems}")).config;
        let (said, default) = (Said::from(&config.models.0[0].1), Said::from(&config.defaults));
        let meant = super::hedge(said, default).map(|hedge| (hedge.after, hedge.at_most));
        assert_eq!(
            (meant, super::recover(said, default), super::hold(said, default)),
            (hedge, recover, hold),
            "{text}"
        );
    }

    #[test]
    fn a_model_says_it_or_the_defaults_do() {
        use Recover::{Continue, Off, Restart};
        check("", "", None, Restart, Hold::No);
        check("", "hedge: {}", None, Restart, Hold::No);
        check("hedge: {at_most: 7%}", "", Some((After::P95, 0.07)), Restart, Hold::No);
        check("hedge: {after: p90}", "hedge: {at_most: 1%}", Some((After::P90, 0.01)), Restart, Hold::No);
        check("hedge: {}", "hedge: {at_most: 1%}", Some((After::P95, 0.01)), Restart, Hold::No);
        check("hedge: off", "hedge: {at_most: 1%}", None, Restart, Hold::No);
        check("hedge: {after: p50}", "hedge: off", Some((After::P50, 0.05)), Restart, Hold::No);
        let fixed = After::Fixed(Duration::from_millis(800));
        check("hedge: {after: 800ms}", "", Some((fixed, 0.05)), Restart, Hold::No);
        check("recover: continue", "recover: off", None, Continue, Hold::No);
        check("", "recover: off, hold: all", None, Off, Hold::All);
        check("hold: 300ms", "hold: all", None, Restart, Hold::For(Duration::from_millis(300)));
        check("hold: off", "hold: all", None, Restart, Hold::No);
        check("hold: 0s", "hold: all", None, Restart, Hold::No);
    }

    #[test]
    fn a_silence_is_as_long_as_it_is_said_to_be() {
        let check = |model: &str, defaults: &str, expected: Option<u64>| {
            let text = format!("models: {{m: {{{model}}}}}\ndefaults: {{{defaults}}}");
            let config = parse(&text, "o.yaml", &Fake::default()).unwrap().config;
            let (said, default) = (Said::from(&config.models.0[0].1), Said::from(&config.defaults));
            assert_eq!(keep_alive(said, default), expected.map(Duration::from_secs), "{text}");
        };
        check("", "", Some(15));
        check("keep_alive: 5s", "keep_alive: off", Some(5));
        check("", "keep_alive: 30s", Some(30));
        check("keep_alive: off", "", None);
        for wrong in ["0s", "on", "5"] {
            let text = format!("defaults: {{keep_alive: {wrong}}}");
            assert!(parse(&text, "o.yaml", &Fake::default()).is_err(), "{text}");
        }
    }
}
