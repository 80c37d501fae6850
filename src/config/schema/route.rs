//! `routes`: which calls go where.

use std::num::NonZeroU32;

use super::{Dialect, Require, Scores};
use crate::config::bounds::{Hours, Tokens};
use crate::config::setting::{Located, Named, OneOrMore, key, settings};
use crate::config::words::words;

settings! {
    /// Which calls go where.
    pub struct Route {
        /// Under which its calls are reported. Default: its number, such as `#1`.
        name: Option<Located<String>> = None,
        /// Which calls: all that is said in it holds. Nothing said: all calls.
        when: When = When::default(),
        /// Who answers: a name of `models`, a `provider/model`, or `origin`, which is where an intercepted call was going
        /// anyway.
        target as "use": Option<Located<String>> = None,
        /// Whether an intercepted call is also asked where it was going: `never`, `first` (and `use` answers when that
        /// fails) or `last` (when `use` fails).
        origin: Keep = Keep::Never,
        /// Several answer, each its share of the conversations: `{smart: 95, smart-next: 5}`. Which one is decided by the
        /// conversation, so that it stays where it began. Who is given no share has 1.
        split: Named<Option<NonZeroU32>> = Named::default(),
        /// What holds of every target that answers, beside what its model requires. A route that says only this, or
        /// `min_quality` or `task`, leaves it to the model's name who answers.
        require: Require = Require::default(),
        /// How good the targets are, at least, beside what their model asks for.
        min_quality: Option<Located<Scores>> = None,
        /// Which task these calls are, for `min_quality`, where they do not say it themselves (`x-outrider-task`).
        task: Option<Located<String>> = None,
        /// The call is refused, with this text.
        deny: Option<Located<String>> = None,
    }

    /// Which calls. Texts are compared without regard to case; `*` stands for any part of them. Of several in a list, one
    /// is enough.
    pub struct When {
        /// The model's name, as the client says it.
        model: OneOrMore<String> = OneOrMore::default(),
        /// The dialect that the client speaks.
        dialect: OneOrMore<Dialect> = OneOrMore::default(),
        /// The host that an intercepted call was going to. Calls that came to Outrider itself have none.
        host: OneOrMore<String> = OneOrMore::default(),
        /// The path of the request, without its query.
        path: OneOrMore<String> = OneOrMore::default(),
        /// Headers of the request.
        header: Named<OneOrMore<String>> = Named::default(),
        /// Whether a stream is asked for.
        stream: Option<bool> = None,
        /// Whether it comes with tools.
        tools: Option<bool> = None,
        /// Whether it comes with images.
        images: Option<bool> = None,
        /// How many tokens its prompt has, roughly: `>100k`, `<=8000`, or both in a list.
        tokens: OneOrMore<Tokens> = OneOrMore::default(),
        /// When it comes, by the clock of UTC: `22:00-06:00`, `sat-sun`, `mon-fri 09:00-17:00`.
        time: OneOrMore<Hours> = OneOrMore::default(),
        /// Who asks: a name of `callers`.
        caller: OneOrMore<Located<String>> = OneOrMore::default(),
    }
}

words! {
    /// Whether an intercepted call is also asked where it was going.
    pub enum Keep {
        /// It goes elsewhere.
        Never = "never",
        /// Before all others.
        First = "first",
        /// After all others.
        Last = "last",
    }
}
