//! Who asks.

use super::{Require, Scores};
use crate::config::secret::Secret;
use crate::config::setting::{Located, Named, OneOrMore, key, settings};

settings! {
    /// Who asks. All that is said of a caller has to hold; a caller of whom nothing is said is everybody else.
    pub struct Caller {
        /// Its key, or several: `${VARIABLE}` or `{file: path}`. Clients send it where they send a provider's, or as
        /// `x-outrider-key`, beside a provider's; no provider ever sees it.
        api_key: OneOrMore<Located<Secret>> = OneOrMore::default(),
        /// Headers of its requests. `*` stands for any part of a value.
        header: Named<OneOrMore<String>> = Named::default(),
        /// Where it calls from: addresses, or networks such as `10.0.0.0/8`.
        peer: OneOrMore<Located<String>> = OneOrMore::default(),
        /// What holds of every target that answers its calls, beside what their model requires.
        require: Require = Require::default(),
        /// How good those targets are, at least, beside what their model asks for.
        min_quality: Option<Located<Scores>> = None,
    }
}
