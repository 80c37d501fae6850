//! The parts of turns and answers, a fact a line. Every member is named here, so that a new one must be, too.

use outrider::canonical::{
    Cache, Citation, Foreign, Media, Part, Reasoning, Signature, Source, Str, Text, ToolCall, ToolResult,
};

/// Lines, indented by how deep they stand.
pub struct Lines {
    text: String,
    depth: usize,
}

impl Lines {
    /// None so far.
    pub fn new() -> Self {
        Self { text: String::new(), depth: 0 }
    }

    /// One more.
    pub fn line(&mut self, line: impl AsRef<str>) {
        self.text += &"  ".repeat(self.depth);
        self.text += line.as_ref();
        self.text += "\n";
    }

    /// Those that `inner` says, under the last one.
    pub fn under(&mut self, inner: impl FnOnce(&mut Self)) {
        self.depth += 1;
        inner(self);
        self.depth -= 1;
    }

    /// `name value`, where there is one.
    pub fn said(&mut self, name: &str, value: Option<impl ToString>) {
        if let Some(value) = value {
            self.line(format!("{name} {}", value.to_string()));
        }
    }

    /// The same for a text, which is quoted.
    pub fn quoted(&mut self, name: &str, text: Option<&Str<'_>>) {
        self.said(name, text.map(|text| quote(text)));
    }

    /// `name`, where it is so.
    pub fn flag(&mut self, name: &str, is_so: bool) {
        if is_so {
            self.line(name);
        }
    }

    /// `cache`, where it is marked.
    pub fn cache(&mut self, cache: Option<&Cache<'_>>) {
        if let Some(Cache { ttl }) = cache {
            self.line(ttl.as_ref().map_or("cache".into(), |ttl| format!("cache for {ttl}")));
        }
    }

    /// All of them.
    pub fn into_text(self) -> String {
        self.text
    }
}

/// A text as it would stand in JSON; a long one by its beginning and length.
pub fn quote(text: &str) -> String {
    if text.len() > 400 {
        let start: String = text.chars().take(40).collect();
        return format!("{}... ({} bytes)", serde_json::to_string(&start).unwrap(), text.len());
    }
    serde_json::to_string(text).unwrap()
}

/// One part.
pub fn part(part: &Part<'_>, out: &mut Lines) {
    match part {
        Part::Text(Text { text, cache, citations, signature: proof }) => {
            out.line(format!("text {}", quote(text)));
            out.under(|out| {
                citations.iter().for_each(|citation| out.line(cited(citation)));
                signature(proof.as_ref(), out);
                out.cache(cache.as_ref());
            });
        }
        Part::Media(one) => media(one, out),
        Part::Reasoning(Reasoning { text, summary, id, signature: proof, redacted }) => {
            out.line(format!("reasoning {}", quote(text)));
            out.under(|out| {
                out.flag("is a summary", *summary);
                out.flag("is redacted", *redacted);
                out.quoted("id", id.as_ref());
                signature(proof.as_ref(), out);
            });
        }
        Part::ToolCall(ToolCall { id, name, arguments, free_form, signature: proof, cache }) => {
            out.line(format!("call {id} of {name}"));
            out.under(|out| {
                let kind = if *free_form { "free text" } else { "arguments" };
                out.line(format!("{kind} {}", quote(arguments)));
                signature(proof.as_ref(), out);
                out.cache(cache.as_ref());
            });
        }
        Part::ToolResult(ToolResult { id, name, parts, json, is_error, free_form, cache }) => {
            out.line(format!("result of {id}"));
            out.under(|out| {
                out.quoted("name", name.as_ref());
                out.flag("is an error", *is_error);
                out.flag("is of free text", *free_form);
                parts.iter().for_each(|inner| self::part(inner, out));
                out.said("object", json.as_ref().map(|json| json.as_str()));
                out.cache(cache.as_ref());
            });
        }
        Part::Refusal(text) => out.line(format!("refusal {}", quote(text))),
        Part::Foreign(one) => out.line(foreign(one)),
    }
}

fn media(media: &Media<'_>, out: &mut Lines) {
    let Media { kind, source, mime, name, context, detail, cite, cache } = media;
    let (place, value) = match source {
        Source::Base64(data) => ("base64", data),
        Source::Url(url) => ("at", url),
        Source::FileId(id) => ("uploaded as", id),
        Source::Text(text) => ("text", text),
    };
    out.line(format!("{} {place} {}", format!("{kind:?}").to_lowercase(), quote(value)));
    out.under(|out| {
        out.said("type", (!mime.is_empty()).then_some(mime));
        out.quoted("name", name.as_ref());
        out.quoted("context", context.as_ref());
        out.said("detail", detail.as_ref());
        out.flag("is to be cited", *cite);
        out.cache(cache.as_ref());
    });
}

/// A signature and whose it is.
pub fn signature(signature: Option<&Signature<'_>>, out: &mut Lines) {
    if let Some(Signature { from, value }) = signature {
        out.line(format!("signed by {} {}", from.as_str(), quote(value)));
    }
}

/// Where a statement comes from.
pub fn cited(citation: &Citation<'_>) -> String {
    let Citation { url, title, text, range, original } = citation;
    let said = |name: &str, text: &Option<Str<'_>>| {
        text.as_ref().map_or(String::new(), |text| format!(" {name} {}", quote(text)))
    };
    let range = range.map_or(String::new(), |(from, to)| format!(" from {from} to {to}"));
    format!("cites{}{}{}{range}, as {}", said("url", url), said("title", title), said("words", text), foreign(original))
}

/// What only one dialect knows.
pub fn foreign(foreign: &Foreign<'_>) -> String {
    let Foreign { dialect, kind, json } = foreign;
    format!("{}'s {kind} {}", dialect.as_str(), super::layout::on_one_line(json.as_str()))
}
