//! The content of one message, gathered and then written in the form that fits it.

use std::borrow::Cow;

use super::json_out::{Object, value};
use super::media_out::{self, Form};
use super::style::Style;
use super::tools_out::cache_control;
use crate::canonical::{Cache, Dialect, Foreign, Lost, Media, Raw, Text};
use crate::dialect::codec::Flavour;

/// What a message holds.
#[derive(Default)]
pub(super) struct Pieces<'r>(Vec<(Piece<'r>, Option<&'r Cache<'r>>)>);

enum Piece<'r> {
    Text(Cow<'r, str>),
    Media(&'r Media<'r>),
    Raw(&'r Raw<'r>),
}

impl<'r> Pieces<'r> {
    /// Nothing is there.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A text of our own.
    pub(super) fn say(&mut self, text: impl Into<Cow<'r, str>>) {
        self.0.push((Piece::Text(text.into()), None));
    }

    /// A text. Empty ones are left out: several vendors refuse them.
    pub(super) fn text(&mut self, text: &'r Text<'r>, style: &Style<'_>, lost: &mut Lost) {
        if !text.text.is_empty() {
            let cache = kept(text.cache.as_ref(), style, lost);
            self.0.push((Piece::Text(Cow::Borrowed(&text.text)), cache));
        }
    }

    /// A medium, as the target takes it.
    pub(super) fn media(&mut self, media: &'r Media<'r>, style: &Style<'_>, lost: &mut Lost) {
        let piece = match media_out::form(media, style) {
            Form::Text(text) => Piece::Text(text),
            Form::Part(media) => Piece::Media(media),
            Form::Nothing => return lost.add_medium(media),
        };
        self.0.push((piece, kept(media.cache.as_ref(), style, lost)));
    }

    /// A part of one dialect.
    pub(super) fn foreign(&mut self, foreign: &'r Foreign<'r>, lost: &mut Lost) {
        match foreign.dialect {
            Dialect::OpenAiChat => self.0.push((Piece::Raw(&foreign.json), None)),
            _ => lost.add_part(foreign),
        }
    }

    /// Writes it: a string where it is nothing but text, else a list.
    pub(super) fn write(&self, style: &Style<'_>, out: &mut Vec<u8>) {
        let marked = self.0.iter().any(|(_, cache)| cache.is_some());
        let texts =
            self.0.iter().filter_map(|(piece, _)| if let Piece::Text(text) = piece { Some(text) } else { None });
        if !marked && texts.clone().count() == self.0.len() {
            if self.0.len() < 2 {
                return value(out, texts.clone().next().map_or("", |text| &**text));
            }
            if !style.takes_text_lists() {
                return value(out, texts.map(|text| &**text).collect::<Vec<_>>().join("\n\n"));
            }
        }
        let mut list = Object::list(out);
        for (piece, cache) in &self.0 {
            let out = list.item();
            if let Piece::Raw(raw) = piece {
                value(out, raw);
                continue;
            }
            let mut part = Object::begin(out);
            match piece {
                Piece::Media(media) => media_out::write(media, style, &mut part),
                Piece::Text(text) => _ = part.set("type", "text").set("text", text),
                Piece::Raw(_) => {}
            }
            if let Some(cache) = cache {
                cache_control(&mut part, cache);
            }
            part.end();
        }
        list.end();
    }
}

/// The mark, where the target takes it.
pub(super) fn kept<'r>(cache: Option<&'r Cache<'r>>, style: &Style<'_>, lost: &mut Lost) -> Option<&'r Cache<'r>> {
    if style.is(Flavour::OpenRouter) {
        return cache;
    }
    lost.add_if(cache.is_some(), "cache_control");
    None
}
