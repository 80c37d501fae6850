//! A simulated day: who provides, how they do, and what each call finds.
//!
//! Nothing here knows of routing. The same seed makes the same day for every policy: what a call finds at a provider depends
//! on its number and on the provider, not on what was asked before.

use std::time::Duration;

/// Seconds of the day.
pub const DAY: f64 = 86_400.0;

/// Who provides.
pub struct Provider {
    /// Dollars for a million tokens of a prompt, and of an answer.
    pub price: (f64, f64),
    /// The median time to a first token, in seconds.
    first_token: f64,
    /// Tokens a second.
    speed: f64,
    /// The share of calls that fail on a good day.
    errors: f64,
    /// So many calls at a time; those over it get a 429, and a queue begins before.
    capacity: usize,
    /// What happens to it.
    episodes: Vec<Episode>,
}

/// Something that happens to a provider.
struct Episode {
    from: f64,
    to: f64,
    what: What,
}

#[derive(Clone, Copy)]
enum What {
    /// Nothing is answered.
    Outage,
    /// So many times slower.
    Slow(f64),
    /// This share of calls fails.
    Failing(f64),
}

/// One call.
#[derive(Clone, Copy)]
pub struct Call {
    /// Its number.
    pub number: u64,
    /// When it comes, in seconds.
    pub at: f64,
    /// Tokens of its prompt.
    pub input: f64,
    /// Tokens of its answer.
    pub output: f64,
}

/// What a try finds.
#[derive(Clone, Copy)]
pub enum Found {
    /// An answer: its first token after so long, its end after so long.
    Answer(Duration, Duration),
    /// An error after so long.
    Error(Duration),
    /// A 429.
    Limited(Duration),
}

/// How a provider is doing.
pub struct State {
    /// The mean time to a first token, in seconds.
    pub first_token: f64,
    /// Tokens a second.
    pub speed: f64,
    /// The share of calls that fail.
    pub errors: f64,
    /// It has no room.
    pub full: bool,
}

/// Spread of the time to a first token: the deviation of its logarithm.
const JITTER: f64 = 0.35;

/// Until an error is here, and until a 429 is.
const ERROR_AFTER: f64 = 0.4;
const LIMITED_AFTER: f64 = 0.1;

/// What sort of world it is.
#[derive(Clone, Copy)]
pub struct World {
    /// As the report calls it.
    pub name: &'static str,
    /// So many providers of one model.
    pub providers: usize,
    /// Of the usual differences in price, what is left: 1 is all, 0 none.
    pub prices: f64,
    /// So many times the usual room for calls.
    pub room: f64,
    /// What happens to providers lasts so many times as long as usual.
    pub trouble: f64,
}

/// The world in whose days the default weights of the score were found.
pub const USUAL: World = World { name: "usual", providers: 20, prices: 1.0, room: 1.0, trouble: 1.0 };

/// Worlds in which they were not.
pub const OTHERS: [World; 5] = [
    World { name: "5 providers with four times the room", providers: 5, room: 4.0, ..USUAL },
    World { name: "60 providers", providers: 60, ..USUAL },
    World { name: "prices nearly alike", prices: 0.1, ..USUAL },
    World { name: "half the room", room: 0.5, ..USUAL },
    World { name: "trouble four times as long", trouble: 4.0, ..USUAL },
];

/// The providers of a model.
pub fn providers(world: &World, seed: u64) -> Vec<Provider> {
    let mut dice = fastrand::Rng::with_seed(seed);
    let mut between = |least: f64, most: f64| least * (most / least).powf(dice.f64());
    let mut all = Vec::new();
    for index in 0..world.providers {
        let usual = between(0.2, 1.6);
        // What is cheap is often slow and full.
        let cheap = 1.0 - (usual / 0.2).ln() / 8f64.ln();
        let input = 0.2 * (usual / 0.2).powf(world.prices);
        let mut episodes = Vec::new();
        for what in [What::Outage, What::Slow(between(3.0, 12.0)), What::Failing(between(0.1, 0.6)), What::Outage] {
            let from = between(1.0, 85_000.0).max(between(600.0, 80_000.0));
            let long = between(120.0, 5_400.0) * (0.4 + cheap) * world.trouble;
            episodes.push(Episode { from, to: from + long, what });
        }
        all.push(Provider {
            price: (input, input * between(2.5, 4.5)),
            first_token: between(0.25, 1.2) * (1.0 + cheap),
            speed: between(40.0, 140.0) * (1.0 - 0.5 * cheap),
            errors: between(0.001, 0.02),
            capacity: (world.room * if index % 5 == 0 { 20.0 } else { 40.0 + 300.0 * (1.0 - cheap) }) as usize,
            episodes,
        });
    }
    all
}

/// The calls of the day in their order: more by day than by night.
pub fn calls(seed: u64, count: u64) -> impl Iterator<Item = Call> {
    let mut dice = fastrand::Rng::with_seed(seed ^ 0xca11);
    let mut at = 0.0;
    let mean = DAY / count as f64;
    (0..count).map(move |number| {
        let rate = 1.0 + 0.7 * (at / DAY * std::f64::consts::TAU - 1.5).sin();
        at += mean / rate * -(1.0 - dice.f64()).ln();
        let (input, output) = (1_500.0 * (0.9 * normal(&mut dice)).exp(), 300.0 * (0.8 * normal(&mut dice)).exp());
        Call { number, at, input: input.clamp(20.0, 60_000.0), output: output.clamp(10.0, 4_000.0) }
    })
}

impl Provider {
    /// How it is doing, with so many calls under way.
    pub fn state(&self, at: f64, busy: usize) -> State {
        // From four fifths of its capacity on, calls wait for each other.
        let load = (busy as f64 / self.capacity as f64 - 0.8).max(0.0) * 5.0;
        let mut state = State {
            first_token: self.first_token * (1.0 + 3.0 * load),
            speed: self.speed / (1.0 + 0.5 * load),
            errors: self.errors,
            full: busy >= self.capacity,
        };
        for episode in self.episodes.iter().filter(|episode| (episode.from..episode.to).contains(&at)) {
            match episode.what {
                What::Outage => state.errors = 1.0,
                What::Failing(share) => state.errors = state.errors.max(share),
                What::Slow(times) => {
                    state.first_token *= times;
                    state.speed /= times.sqrt();
                }
            }
        }
        state
    }

    /// Dollars for a call.
    pub fn cost(&self, call: &Call) -> f64 {
        (call.input * self.price.0 + call.output * self.price.1) / 1e6
    }

    /// What a try finds: `salt` tells this provider, and this try, from others.
    pub fn ask(&self, call: &Call, at: f64, busy: usize, salt: u64) -> Found {
        let state = self.state(at, busy);
        let mut dice = fastrand::Rng::with_seed(call.number.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ salt);
        if state.full {
            return Found::Limited(Duration::from_secs_f64(LIMITED_AFTER));
        }
        if dice.f64() < state.errors {
            return Found::Error(Duration::from_secs_f64(ERROR_AFTER));
        }
        let first = state.first_token * (JITTER * normal(&mut dice)).exp();
        let whole = first + call.output / (state.speed * (0.15 * normal(&mut dice)).exp());
        Found::Answer(Duration::from_secs_f64(first), Duration::from_secs_f64(whole))
    }
}

/// Of the usual spread around 0.
fn normal(dice: &mut fastrand::Rng) -> f64 {
    (-2.0 * (1.0 - dice.f64()).ln()).sqrt() * (std::f64::consts::TAU * dice.f64()).cos()
}
