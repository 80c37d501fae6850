//! A message that is being written: texts and refusals, one after the other.

use super::super::content::write_citation;
use super::super::writing::{Object, comma, escaped};
use super::super::{carried, logprobs};
use super::items::{Items, list, quoted};
use crate::canonical::{Citation, Raw, Signature};

const INDEX: &str = "content_index";

pub(super) struct Message {
    item: String,
    /// The parts that are complete.
    done: Vec<u8>,
    /// How many those are.
    index: u64,
    piece: Option<Piece>,
    pub(super) signature: Option<Signature<'static>>,
}

/// The part that is open.
struct Piece {
    refusal: bool,
    /// Escaped.
    text: Vec<u8>,
    letters: usize,
    annotations: Vec<u8>,
    annotated: u64,
    logprobs: Vec<u8>,
}

impl Message {
    pub(super) fn begin(items: &mut Items, out: &mut Vec<u8>) -> Self {
        let message =
            Self { item: items.begin("message", "msg"), done: Vec::new(), index: 0, piece: None, signature: None };
        items.add(out, |object| message.write(object, "in_progress"));
        message
    }

    fn write(&self, mut object: Object<'_>, status: &str) {
        object.member("type", "message");
        object.member("id", &self.item);
        object.member("status", status);
        object.member("role", "assistant");
        list(&mut object, "content", &self.done);
        object.end();
    }

    fn piece(&mut self, refusal: bool, items: &mut Items, out: &mut Vec<u8>) -> &mut Piece {
        if self.piece.as_ref().is_some_and(|piece| piece.refusal != refusal) {
            self.end_piece(items, out);
        }
        let Self { item, index, piece, .. } = self;
        piece.get_or_insert_with(|| {
            let piece = Piece {
                refusal,
                text: Vec::new(),
                letters: 0,
                annotations: Vec::new(),
                annotated: 0,
                logprobs: Vec::new(),
            };
            items.piece(out, "response.content_part.added", item, (INDEX, *index), |event| {
                piece.write(Object::begin(event.name("part")));
            });
            piece
        })
    }

    pub(super) fn delta(&mut self, refusal: bool, text: &str, items: &mut Items, out: &mut Vec<u8>) {
        let piece = self.piece(refusal, items, out);
        escaped(&mut piece.text, text);
        piece.letters += text.chars().count();
        let kind = if refusal { "response.refusal.delta" } else { "response.output_text.delta" };
        items.piece(out, kind, &self.item, (INDEX, self.index), |event| {
            event.member("delta", text);
            if !refusal {
                event.raw("logprobs", "[]");
            }
        });
    }

    pub(super) fn citation(&mut self, citation: &Citation<'_>, items: &mut Items, out: &mut Vec<u8>) {
        let piece = self.piece(false, items, out);
        let mut annotation = Vec::new();
        if !write_citation(citation, piece.letters, &mut annotation) {
            return;
        }
        comma(&mut piece.annotations);
        piece.annotations.extend_from_slice(&annotation);
        let number = piece.annotated;
        piece.annotated += 1;
        items.piece(out, "response.output_text.annotation.added", &self.item, (INDEX, self.index), |event| {
            event.member("annotation_index", &number);
            event.name("annotation").extend_from_slice(&annotation);
        });
    }

    /// Told with the text as a whole: which tokens a delta was made of is not known any more.
    pub(super) fn logprobs(&mut self, logprobs: &Raw<'_>) {
        if let Some(piece) = self.piece.as_mut().filter(|piece| !piece.refusal) {
            logprobs::append(logprobs, &mut piece.logprobs);
        }
    }

    /// A part that only this dialect knows.
    pub(super) fn foreign(&mut self, json: &str, items: &mut Items, out: &mut Vec<u8>) {
        self.end_piece(items, out);
        for kind in ["response.content_part.added", "response.content_part.done"] {
            items.piece(out, kind, &self.item, (INDEX, self.index), |event| event.raw("part", json));
        }
        comma(&mut self.done);
        self.done.extend_from_slice(json.as_bytes());
        self.index += 1;
    }

    /// The next text is a part of its own.
    pub(super) fn end_piece(&mut self, items: &mut Items, out: &mut Vec<u8>) {
        let Some(piece) = self.piece.take() else { return };
        let at = (INDEX, self.index);
        if piece.refusal {
            items.piece(out, "response.refusal.done", &self.item, at, |event| quoted(event, "refusal", &piece.text));
        } else {
            items.piece(out, "response.output_text.done", &self.item, at, |event| {
                quoted(event, "text", &piece.text);
                list(event, "logprobs", &piece.logprobs);
            });
        }
        items.piece(out, "response.content_part.done", &self.item, at, |event| {
            piece.write(Object::begin(event.name("part")));
        });
        comma(&mut self.done);
        piece.write(Object::begin(&mut self.done));
        self.index += 1;
    }

    pub(super) fn end(mut self, status: &str, items: &mut Items, out: &mut Vec<u8>) {
        self.end_piece(items, out);
        items.finish(out, |object| self.write(object, status));
        if let Some(signature) = &self.signature {
            items.carry(out, &carried::of_before(signature));
        }
    }
}

impl Piece {
    fn write(&self, mut object: Object<'_>) {
        if self.refusal {
            object.member("type", "refusal");
            quoted(&mut object, "refusal", &self.text);
        } else {
            object.member("type", "output_text");
            quoted(&mut object, "text", &self.text);
            list(&mut object, "annotations", &self.annotations);
            list(&mut object, "logprobs", &self.logprobs);
        }
        object.end();
    }
}
