//! What is a state, as it is at the time of a scrape.

/// The state of one target at the time of a scrape.
#[derive(Clone, Debug)]
pub struct TargetGauges<'a> {
    /// Its name.
    pub target: &'a str,
    /// 0 closed, 1 on trial, 2 open.
    pub breaker: u8,
    /// Models of the configuration that it belongs to.
    pub models: Vec<&'a str>,
    /// An address of its provider passes its probes.
    pub reachable: bool,
    /// Tries that have not ended.
    pub in_flight: usize,
}

/// The state of one configured provider at the time of a scrape.
#[derive(Clone, Debug)]
pub struct ProviderGauges<'a> {
    /// Its name.
    pub provider: &'a str,
    /// At least one of its addresses passes its probes.
    pub reachable: bool,
    /// Its keys that rest, by name, and why.
    pub resting: Vec<(&'a str, &'static str)>,
}

/// One limit of calls at a time, as it is at the time of a scrape.
#[derive(Clone, Copy, Debug)]
pub struct GateGauges<'a> {
    /// `process`, `provider` or `target`.
    pub scope: &'a str,
    /// The name of the provider or the target; empty for the process.
    pub name: &'a str,
    /// Calls that wait for room.
    pub waiting: usize,
    /// Calls that got none, so far.
    pub turned_away: u64,
}

/// One budget or limit, as it stands at the time of a scrape.
#[derive(Clone, Copy, Debug)]
pub struct BudgetGauges<'a> {
    /// Its name.
    pub name: &'a str,
    /// What is used of it; 1 is all.
    pub used: f64,
    /// Times that there was not enough.
    pub refused: u64,
}
