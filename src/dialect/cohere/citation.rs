//! Sources of what the model says.

use serde::{Deserialize, Serialize};

use crate::canonical::{Citation, Dialect, Foreign, Part, Raw, Str, Text};

#[derive(Default, Deserialize)]
#[serde(default)]
struct Wire<'a> {
    start: Option<u64>,
    end: Option<u64>,
    #[serde(borrow)]
    text: Option<Str<'a>>,
    #[serde(borrow)]
    sources: Vec<Source<'a>>,
    /// Which piece of the content it is about.
    content_index: Option<usize>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Source<'a> {
    #[serde(borrow)]
    document: Option<Document<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Document<'a> {
    #[serde(borrow)]
    title: Option<Str<'a>>,
    #[serde(borrow)]
    url: Option<Str<'a>>,
}

/// A citation as far as it is understood: one of a shape that is not known is still kept as it was. With the number of
/// the piece that it is about.
pub(super) fn read(raw: Raw<'_>) -> (Citation<'_>, Option<usize>) {
    let owned = |text: Option<Str<'_>>| text.map(Str::into_owned);
    let (found, at) = {
        let wire: Wire<'_> = raw.read().unwrap_or_default();
        let document = wire.sources.into_iter().find_map(|source| source.document).unwrap_or_default();
        let range = wire.start.zip(wire.end);
        ((owned(document.url), owned(document.title), owned(wire.text), range), wire.content_index)
    };
    let (url, title, text, range) = found;
    let original = Foreign { dialect: Dialect::Cohere, kind: "citation".into(), json: raw };
    (Citation { url, title, text, range, original }, at)
}

/// Gives each citation to the text that it is about: the piece it names, else the last text.
pub(super) fn attach<'a>(citations: Vec<Raw<'a>>, parts: &mut [Part<'a>]) {
    for raw in citations {
        let (citation, at) = read(raw);
        let named = at.filter(|at| matches!(parts.get(*at), Some(Part::Text(_))));
        let at = named.or_else(|| parts.iter().rposition(|part| matches!(part, Part::Text(_))));
        if let Some(Part::Text(text)) = at.and_then(|at| parts.get_mut(at)) {
            text.citations.push(citation);
        }
    }
}

/// A citation as Cohere writes it.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Written<'r> {
    /// Cohere's own.
    Own(&'r Raw<'r>),
    /// One of another dialect.
    Made {
        #[serde(skip_serializing_if = "Option::is_none")]
        start: Option<u64>,
        #[serde(skip_serializing_if = "Option::is_none")]
        end: Option<u64>,
        text: &'r str,
        sources: [MadeSource<'r>; 1],
        #[serde(rename = "type")]
        kind: &'static str,
        content_index: usize,
    },
}

#[derive(Serialize)]
pub(super) struct MadeSource<'r> {
    #[serde(rename = "type")]
    kind: &'static str,
    id: &'r str,
    document: MadeDocument<'r>,
}

#[derive(Serialize)]
struct MadeDocument<'r> {
    id: &'r str,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<&'r str>,
}

/// How a citation of the piece `content_index` is written.
pub(super) fn write<'r>(citation: &'r Citation<'_>, content_index: usize) -> Written<'r> {
    if citation.original.dialect == Dialect::Cohere {
        return Written::Own(&citation.original.json);
    }
    let (title, url) = (citation.title.as_deref(), citation.url.as_deref());
    let id = url.or(title).unwrap_or_default();
    Written::Made {
        start: citation.range.map(|(start, _)| start),
        end: citation.range.map(|(_, end)| end),
        text: citation.text.as_deref().unwrap_or_default(),
        sources: [MadeSource { kind: "document", id, document: MadeDocument { id, title, url } }],
        kind: "TEXT_CONTENT",
        content_index,
    }
}

/// Cohere's own citations of a text, for a history. Those of others mean nothing to it.
pub(super) fn own<'r>(text: &'r Text<'_>) -> impl Iterator<Item = Written<'r>> {
    let own = |citation: &&Citation<'_>| citation.original.dialect == Dialect::Cohere;
    text.citations.iter().filter(own).map(|citation| Written::Own(&citation.original.json))
}
