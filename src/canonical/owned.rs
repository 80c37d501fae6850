//! Copies that outlive the document they were read from, for the few events that have to wait.

use super::{Citation, Delta, Event, Foreign, Media, PartStart, Signature, Source, Stop, Str};

fn owned(text: Option<Str<'_>>) -> Option<Str<'static>> {
    text.map(Str::into_owned)
}

impl Signature<'_> {
    /// The same for as long as it is needed.
    pub fn into_owned(self) -> Signature<'static> {
        Signature { from: self.from, value: self.value.into_owned() }
    }
}

impl Foreign<'_> {
    /// The same for as long as it is needed.
    pub fn into_owned(self) -> Foreign<'static> {
        Foreign { dialect: self.dialect, kind: self.kind.into_owned(), json: self.json.into_owned() }
    }
}

impl Citation<'_> {
    /// The same for as long as it is needed.
    pub fn into_owned(self) -> Citation<'static> {
        Citation {
            url: owned(self.url),
            title: owned(self.title),
            text: owned(self.text),
            range: self.range,
            original: self.original.into_owned(),
        }
    }
}

impl Media<'_> {
    /// The same for as long as it is needed.
    pub fn into_owned(self) -> Media<'static> {
        Media {
            kind: self.kind,
            source: match self.source {
                Source::Base64(data) => Source::Base64(data.into_owned()),
                Source::Url(url) => Source::Url(url.into_owned()),
                Source::FileId(id) => Source::FileId(id.into_owned()),
                Source::Text(text) => Source::Text(text.into_owned()),
            },
            mime: self.mime.into_owned(),
            name: owned(self.name),
            context: owned(self.context),
            detail: owned(self.detail),
            cite: self.cite,
            cache: self.cache.map(|cache| super::Cache { ttl: owned(cache.ttl) }),
        }
    }
}

impl PartStart<'_> {
    /// The same for as long as it is needed.
    pub fn into_owned(self) -> PartStart<'static> {
        match self {
            Self::Text => PartStart::Text,
            Self::Reasoning { summary, id, redacted } => PartStart::Reasoning { summary, id: owned(id), redacted },
            Self::ToolCall { id, name, free_form } => {
                PartStart::ToolCall { id: id.into_owned(), name: name.into_owned(), free_form }
            }
            Self::Refusal => PartStart::Refusal,
            Self::Media(media) => PartStart::Media(Box::new(media.into_owned())),
            Self::Foreign(foreign) => PartStart::Foreign(Box::new(foreign.into_owned())),
        }
    }
}

impl Delta<'_> {
    /// The same for as long as it is needed.
    pub fn into_owned(self) -> Delta<'static> {
        match self {
            Self::Text(text) => Delta::Text(text.into_owned()),
            Self::Signature(signature) => Delta::Signature(signature.into_owned()),
            Self::Citation(citation) => Delta::Citation(Box::new(citation.into_owned())),
        }
    }
}

impl Event<'_> {
    /// The same, on its own.
    pub fn into_owned(self) -> Event<'static> {
        match self {
            Self::Start { id, model, created, service_tier } => Event::Start {
                id: id.into_owned(),
                model: model.into_owned(),
                created,
                service_tier: owned(service_tier),
            },
            Self::PartStart { choice, part, start } => Event::PartStart { choice, part, start: start.into_owned() },
            Self::Delta { choice, part, delta } => Event::Delta { choice, part, delta: delta.into_owned() },
            Self::PartEnd { choice, part } => Event::PartEnd { choice, part },
            Self::Stop { choice, stop } => Event::Stop { choice, stop: stop.into_owned() },
            Self::Logprobs { choice, logprobs } => Event::Logprobs { choice, logprobs: logprobs.into_owned() },
            Self::Usage(usage) => Event::Usage(usage),
            Self::Ping => Event::Ping,
            Self::Error(fault) => Event::Error(fault),
            Self::End => Event::End,
        }
    }
}

impl Stop<'_> {
    /// The same, on its own.
    pub fn into_owned(self) -> Stop<'static> {
        Stop {
            reason: self.reason,
            native: owned(self.native),
            sequence: owned(self.sequence),
            explanation: owned(self.explanation),
        }
    }
}
