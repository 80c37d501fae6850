//! What vendors say in public about the data that their APIs are sent.

/// What a provider says about the data that it is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Promise {
    /// It does.
    Does,
    /// It does not.
    DoesNot,
}

/// What a vendor says of its API, for every paying customer who has changed no setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Data {
    /// Whether it trains models on what it is sent. `None`: it does not say, or not for everybody.
    pub training: Option<Promise>,
    /// Whether it keeps what it is sent, if only for a month and against misuse.
    pub retention: Option<Promise>,
    /// Not so for models with one of these in their name: others answer for them.
    pub but_for: &'static [&'static str],
    /// The page that says so.
    pub source: &'static str,
}

impl Data {
    /// Whether it is said of `model` too.
    pub fn holds_for(&self, model: &str) -> bool {
        let model = model.to_ascii_lowercase();
        !self.but_for.iter().any(|part| model.contains(part))
    }
}
