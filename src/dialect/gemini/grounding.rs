//! Where the statements of an answer come from: `groundingMetadata` and `citationMetadata`.

use serde::Deserialize;

use super::out::{Object, comma};
use crate::canonical::{Citation, Dialect, Foreign, Raw, Str};
use crate::dialect::wire::List;

/// An answer has fewer sources; each support names several of them.
pub(super) const MOST: usize = 1000;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Grounding<'a> {
    #[serde(borrow, default, alias = "grounding_chunks")]
    grounding_chunks: List<Raw<'a>>,
    #[serde(borrow, default, alias = "grounding_supports")]
    grounding_supports: List<Support<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Support<'a> {
    #[serde(borrow)]
    segment: Option<Segment<'a>>,
    #[serde(default, alias = "grounding_chunk_indices")]
    grounding_chunk_indices: List<usize>,
}

#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Segment<'a> {
    #[serde(alias = "start_index")]
    start_index: Option<u64>,
    #[serde(alias = "end_index")]
    end_index: Option<u64>,
    #[serde(borrow)]
    text: Option<Str<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Chunk<'a> {
    #[serde(borrow)]
    web: Option<Place<'a>>,
    #[serde(borrow, alias = "retrieved_context")]
    retrieved_context: Option<Place<'a>>,
    #[serde(borrow)]
    maps: Option<Place<'a>>,
}

#[derive(Deserialize)]
struct Place<'a> {
    #[serde(borrow)]
    uri: Option<Str<'a>>,
    #[serde(borrow)]
    title: Option<Str<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Recited<'a> {
    #[serde(borrow, default, alias = "citation_sources", alias = "citations")]
    citation_sources: List<Raw<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Recitation<'a> {
    #[serde(alias = "start_index")]
    start_index: Option<u64>,
    #[serde(alias = "end_index")]
    end_index: Option<u64>,
    #[serde(borrow)]
    uri: Option<Str<'a>>,
}

/// How many queries Google was asked. An empty one is none, and is not billed.
pub(super) fn searches(grounding: Option<&Raw<'_>>) -> u64 {
    #[derive(Default, Deserialize)]
    #[serde(rename_all = "camelCase", default)]
    struct Searched<'a> {
        #[serde(borrow, alias = "web_search_queries")]
        web_search_queries: List<Str<'a>>,
    }
    let searched = grounding.and_then(|raw| raw.read::<Searched<'_>>().ok()).unwrap_or_default();
    searched.web_search_queries.0.iter().filter(|query| !query.is_empty()).count() as u64
}

/// The sources that are told; each is told once for each statement that it supports. What cannot be read is none: no
/// answer fails because of its footnotes.
pub(super) fn read(grounding: Option<&Raw<'_>>, recited: Option<&Raw<'_>>) -> Vec<Citation<'static>> {
    let mut citations = Vec::new();
    if let Some(Ok(grounding)) = grounding.map(Raw::read::<Grounding<'_>>) {
        let chunks: Vec<_> =
            grounding.grounding_chunks.0.iter().map(|raw| (raw, raw.read::<Chunk<'_>>().ok())).collect();
        for support in grounding.grounding_supports.0 {
            let segment = support.segment.unwrap_or(Segment { start_index: None, end_index: None, text: None });
            for index in support.grounding_chunk_indices.0 {
                if let Some((raw, Some(chunk))) = chunks.get(index) {
                    citations.push(citation(raw, chunk, &segment));
                }
                if citations.len() == MOST {
                    return citations;
                }
            }
        }
    }
    if let Some(Ok(recited)) = recited.map(Raw::read::<Recited<'_>>) {
        for raw in recited.citation_sources.0.into_iter().take(MOST) {
            if let Ok(source) = raw.read::<Recitation<'_>>() {
                let range = source.end_index.map(|end| (source.start_index.unwrap_or(0), end));
                let url = source.uri.map(Str::into_owned);
                citations.push(Citation {
                    url,
                    title: None,
                    text: None,
                    range,
                    original: original("citationSource", &raw),
                });
            }
        }
    }
    citations
}

fn citation(raw: &Raw<'_>, chunk: &Chunk<'_>, segment: &Segment<'_>) -> Citation<'static> {
    let place = chunk.web.as_ref().or(chunk.retrieved_context.as_ref()).or(chunk.maps.as_ref());
    let owned = |text: &Option<Str<'_>>| text.clone().map(Str::into_owned);
    Citation {
        url: place.and_then(|place| owned(&place.uri)),
        title: place.and_then(|place| owned(&place.title)),
        text: owned(&segment.text),
        // Zero is left out.
        range: segment.end_index.map(|end| (segment.start_index.unwrap_or(0), end)),
        original: original("groundingChunk", raw),
    }
}

fn original(kind: &'static str, raw: &Raw<'_>) -> Foreign<'static> {
    Foreign { dialect: Dialect::Gemini, kind: Str::new(kind), json: raw.clone().into_owned() }
}

/// Writes `groundingMetadata` that tells of these sources.
pub(super) fn write(candidate: &mut Object<'_>, citations: &[Citation<'_>]) {
    if citations.is_empty() {
        return;
    }
    let mut sources: Vec<(Option<&str>, Option<&str>)> = Vec::new();
    let mut supports = Vec::new();
    for citation in citations {
        let source = (citation.url.as_deref(), citation.title.as_deref());
        let index = sources.iter().position(|known| *known == source).unwrap_or_else(|| {
            sources.push(source);
            sources.len() - 1
        });
        supports.push((citation, index));
    }
    let mut metadata = candidate.object("groundingMetadata");
    let out = metadata.key("groundingChunks");
    out.push(b'[');
    let mut first = true;
    for (url, title) in sources {
        comma(out, &mut first);
        let mut chunk = Object::begin(out);
        let mut web = chunk.object("web");
        url.into_iter().for_each(|url| web.text("uri", url));
        title.into_iter().for_each(|title| web.text("title", title));
        web.end();
        chunk.end();
    }
    out.push(b']');
    let out = metadata.key("groundingSupports");
    out.push(b'[');
    let mut first = true;
    for (citation, index) in supports {
        comma(out, &mut first);
        let mut support = Object::begin(out);
        let mut segment = support.object("segment");
        if let Some((start, end)) = citation.range {
            segment.number("startIndex", start);
            segment.number("endIndex", end);
        }
        if let Some(text) = &citation.text {
            segment.text("text", text);
        }
        segment.end();
        support.raw("groundingChunkIndices", &format!("[{index}]"));
        support.end();
    }
    out.push(b']');
    metadata.end();
}
