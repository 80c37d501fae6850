//! What the operator knows of the models of a provider. It counts more than the catalogue.

use std::num::NonZeroUsize;

use crate::config::money::Money;
use crate::config::setting::{key, settings};

settings! {
    /// A model that a provider offers. What is not said here is taken from the catalogue, where that knows the model.
    pub struct Offer {
        /// The tokens that fit into its context. A call that seems to need more goes elsewhere. Default: any number.
        context: Option<NonZeroUsize> = None,
        /// What it can do. A call that needs what it cannot goes elsewhere.
        abilities: Abilities = Abilities::default(),
        /// What it costs, in US dollars. Default: what the catalogue says.
        price: Price = Price::default(),
        /// At most so many calls at a time, as for a provider. Default: no limit.
        max_in_flight: Option<NonZeroUsize> = None,
    }

    /// What a model can do. A call that comes with tools, images, documents or sound is kept from one that cannot take
    /// them; the rest counts for `require`. Default: what the catalogue says.
    pub struct Abilities {
        /// It asks for tools.
        tools: Option<bool> = None,
        /// It sees pictures.
        images: Option<bool> = None,
        /// It reads PDFs and the like.
        documents: Option<bool> = None,
        /// It takes sound.
        audio: Option<bool> = None,
        /// It asks for several tools at a time.
        parallel_tools: Option<bool> = None,
        /// It can be told which tool to ask for.
        tool_choice: Option<bool> = None,
        /// Its answer keeps to a schema.
        structured_output: Option<bool> = None,
        /// It thinks before it speaks.
        reasoning: Option<bool> = None,
        /// It goes on from the beginning of an answer.
        prefill: Option<bool> = None,
        /// It takes `temperature` and the like.
        sampling: Option<bool> = None,
        /// It searches the web.
        web_search: Option<bool> = None,
        /// It works with a computer.
        computer_use: Option<bool> = None,
        /// It watches films.
        video: Option<bool> = None,
        /// It answers with speech.
        speech: Option<bool> = None,
    }

    /// What a model costs; for tokens, for a million of them. Who says what input or output costs says it for prompts
    /// of any length: the catalogue's other prices for these tokens do not hold then.
    pub struct Price {
        /// Tokens of the prompt.
        input: Option<Money> = None,
        /// Tokens of the answer.
        output: Option<Money> = None,
        /// Tokens of the prompt that come from the provider's cache. Default: as input.
        cache_read: Option<Money> = None,
        /// Tokens that go into the provider's cache. Default: as input.
        cache_write: Option<Money> = None,
        /// Those that are kept there for an hour. Default: as `cache_write`.
        cache_write_1h: Option<Money> = None,
        /// Tokens of reasoning. Default: as output.
        reasoning: Option<Money> = None,
        /// Each image of the prompt.
        image: Option<Money> = None,
        /// Tokens of sound. Default: as input.
        audio: Option<Money> = None,
        /// Each request.
        request: Option<Money> = None,
    }

    /// What a provider does with what it is sent. Default: what the catalogue knows of it.
    pub struct Data {
        /// It trains on it.
        training: Option<bool> = None,
        /// It keeps it.
        retention: Option<bool> = None,
    }
}
