//! What turns and answers are made of.

use super::{Dialect, Raw, Str};

/// Who speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The operator of the application. May also come between other turns.
    System,
    /// The same, in the word that OpenAI's reasoning models use.
    Developer,
    /// The user, and the results of tools.
    User,
    /// The model.
    Assistant,
}

/// One turn of the conversation.
#[derive(Clone, Debug, PartialEq)]
pub struct Turn<'a> {
    /// Who speaks.
    pub role: Role,
    /// What is said, in order. May be empty.
    pub parts: Vec<Part<'a>>,
    /// The name of the participant, where one was given.
    pub name: Option<Str<'a>>,
}

/// A piece of a turn or of an answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Part<'a> {
    /// Plain text.
    Text(Text<'a>),
    /// An image, a document, audio, video.
    Media(Media<'a>),
    /// What the model thought, as far as it is shown.
    Reasoning(Reasoning<'a>),
    /// The model asks for a tool.
    ToolCall(ToolCall<'a>),
    /// What a tool said. Only in turns of the user.
    ToolResult(ToolResult<'a>),
    /// The model refuses, in words of its own.
    Refusal(Str<'a>),
    /// Something that only one dialect knows, such as a hosted tool's call. It is written again in that dialect, and
    /// is lost (and said to be) in any other.
    Foreign(Foreign<'a>),
}

/// Plain text.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Text<'a> {
    /// The text. May be empty: a signature can come alone.
    pub text: Str<'a>,
    /// The prompt up to here may be cached.
    pub cache: Option<Cache<'a>>,
    /// Sources, in the dialect that gave them.
    pub citations: Vec<Citation<'a>>,
    /// The provider's proof of what it thought before it.
    pub signature: Option<Signature<'a>>,
}

/// Where a statement comes from.
#[derive(Clone, Debug, PartialEq)]
pub struct Citation<'a> {
    /// Where it is found.
    pub url: Option<Str<'a>>,
    /// Its title.
    pub title: Option<Str<'a>>,
    /// The words it supports, or that are cited.
    pub text: Option<Str<'a>>,
    /// Which characters of the text it supports: first, and one after the last. Counted as the dialect does.
    pub range: Option<(u64, u64)>,
    /// As it was written.
    pub original: Foreign<'a>,
}

/// An image, a document, audio, video.
#[derive(Clone, Debug, PartialEq)]
pub struct Media<'a> {
    /// What it is.
    pub kind: MediaKind,
    /// Where it is.
    pub source: Source<'a>,
    /// Its media type, in lower case and without parameters: `image/jpeg`. Empty where nobody said.
    pub mime: Str<'a>,
    /// A file's name.
    pub name: Option<Str<'a>>,
    /// What the file is about, told to the model (Anthropic's `context`).
    pub context: Option<Str<'a>>,
    /// How closely to look at an image: `low`, `high`, `auto` ...
    pub detail: Option<Str<'a>>,
    /// The model is to cite it.
    pub cite: bool,
    /// The prompt up to here may be cached.
    pub cache: Option<Cache<'a>>,
}

/// What kind of medium.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MediaKind {
    /// A picture.
    Image,
    /// A PDF, a text file, a spreadsheet ...
    Document,
    /// Sound.
    Audio,
    /// Moving pictures.
    Video,
}

/// Where a medium is.
#[derive(Clone, Debug, PartialEq)]
pub enum Source<'a> {
    /// Here, in base64.
    Base64(Str<'a>),
    /// At an address that the provider is to fetch.
    Url(Str<'a>),
    /// Uploaded to the provider before. Means nothing to any other provider.
    FileId(Str<'a>),
    /// Here, as text (of a document).
    Text(Str<'a>),
}

/// What the model thought.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reasoning<'a> {
    /// The thoughts, or a summary of them. Empty where they are hidden or encrypted.
    pub text: Str<'a>,
    /// `text` is a summary, not the thoughts themselves.
    pub summary: bool,
    /// The provider's name of this piece.
    pub id: Option<Str<'a>>,
    /// The provider's proof that these are its thoughts, or the encrypted thoughts themselves.
    pub signature: Option<Signature<'a>>,
    /// There is no text, because the provider hid it: `signature` is all there is (Anthropic's `redacted_thinking`).
    pub redacted: bool,
}

/// An opaque value that a provider wants back unchanged, and that no other provider may get.
///
/// A dialect that has no place for a foreign signature's origin writes it as [`Signature::tagged`] where its own
/// signatures go, and reads it back with [`Signature::untag`]: so a tool loop with reasoning goes on through a client
/// that knows nothing of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Signature<'a> {
    /// In whose dialect it was given.
    pub from: Dialect,
    /// The value.
    pub value: Str<'a>,
}

impl<'a> Signature<'a> {
    /// A signature in the dialect that is read.
    pub fn new(from: Dialect, value: impl Into<Str<'a>>) -> Self {
        Self { from, value: value.into() }
    }

    /// How it is written in `dialect`: as it is when it is its own, else with its origin before it.
    pub fn tagged(&self, dialect: Dialect) -> Str<'_> {
        if self.from == dialect {
            return self.value.borrowed();
        }
        format!("{TAG}{}.{}", self.from.as_str(), self.value).into()
    }

    /// What `value`, read in `dialect`, is.
    pub fn untag(dialect: Dialect, value: Str<'a>) -> Self {
        let tagged = value.strip_prefix(TAG).and_then(|rest| rest.split_once('.'));
        match tagged.and_then(|(from, own)| Some((Dialect::from_name(from)?, own.len()))) {
            Some((from, length)) => {
                let start = value.len() - length;
                let own = match value.0 {
                    std::borrow::Cow::Borrowed(text) => text[start..].into(),
                    std::borrow::Cow::Owned(mut text) => Str::from(text.split_off(start)),
                };
                Self { from, value: own }
            }
            None => Self { from: dialect, value },
        }
    }
}

/// Cannot begin a base64 value.
const TAG: &str = "~outrider.";

/// The model asks for a tool.
#[derive(Clone, Debug, PartialEq)]
pub struct ToolCall<'a> {
    /// Pairs it with its result. Never empty: a reader makes one up where the provider gives none
    /// ([`made_up_id`](super::made_up_id)).
    pub id: Str<'a>,
    /// Which tool.
    pub name: Str<'a>,
    /// The arguments as text: a JSON object as it was written, or what there is of one that was cut, or the free text
    /// of a custom tool. Empty means `{}`.
    pub arguments: Str<'a>,
    /// A tool that takes free text instead of JSON (OpenAI's `custom`).
    pub free_form: bool,
    /// The provider's proof of what it thought before it.
    pub signature: Option<Signature<'a>>,
    /// The prompt up to here may be cached.
    pub cache: Option<Cache<'a>>,
}

impl ToolCall<'_> {
    /// The arguments as a JSON object: `{}` for none, `None` for what is not an object.
    pub fn object(&self) -> Option<Raw<'_>> {
        if self.arguments.trim().is_empty() {
            return Raw::parse("{}");
        }
        Raw::parse(&self.arguments).filter(Raw::is_object)
    }
}

/// What a tool said.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ToolResult<'a> {
    /// Which call it answers.
    pub id: Str<'a>,
    /// The tool's name, where the dialect repeats it.
    pub name: Option<Str<'a>>,
    /// Text and media.
    pub parts: Vec<Part<'a>>,
    /// The result as a JSON object, for the dialects that have it so. Then `parts` holds it as text.
    pub json: Option<Raw<'a>>,
    /// The tool failed.
    pub is_error: bool,
    /// The call was of a tool that takes free text.
    pub free_form: bool,
    /// The prompt up to here may be cached.
    pub cache: Option<Cache<'a>>,
}

impl ToolResult<'_> {
    /// All text of it, joined by line feeds.
    pub fn text(&self) -> Str<'_> {
        joined_text(&self.parts)
    }
}

/// All text among `parts`, joined by line feeds; copied only where there is more than one.
pub fn joined_text<'p>(parts: &'p [Part<'_>]) -> Str<'p> {
    let mut texts = parts.iter().filter_map(|part| match part {
        Part::Text(text) if !text.text.is_empty() => Some(&text.text),
        _ => None,
    });
    match (texts.next(), texts.next()) {
        (None, _) => Str::default(),
        (Some(one), None) => one.borrowed(),
        (Some(one), Some(two)) => {
            let mut all = format!("{one}\n{two}");
            texts.for_each(|more| all.extend(["\n", more.as_str()]));
            all.into()
        }
    }
}

/// Something that only one dialect knows.
#[derive(Clone, Debug, PartialEq)]
pub struct Foreign<'a> {
    /// Which dialect.
    pub dialect: Dialect,
    /// What it is called there, for the list of losses: `web_search_call`.
    pub kind: Str<'a>,
    /// As it was written.
    pub json: Raw<'a>,
}

/// The prompt up to here may be cached by the provider.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cache<'a> {
    /// For how long: `5m`, `1h`. `None`: the provider's default.
    pub ttl: Option<Str<'a>>,
}

impl<'a> Part<'a> {
    /// Plain text and nothing else about it.
    pub fn text(text: impl Into<Str<'a>>) -> Self {
        Self::Text(Text { text: text.into(), ..Text::default() })
    }
}
