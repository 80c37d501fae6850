//! Vectors of texts: what is asked, and what comes.
//!
//! Vectors are carried as the provider wrote them, so that numbers stay exact; they are read only where the client
//! wants them in another form.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::{Fault, FaultKind, Lost, Media, Raw, Str, Usage};

/// What is to become vectors.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EmbeddingsRequest<'a> {
    /// What each vector is of; at least one.
    pub inputs: Vec<EmbeddingInput<'a>>,
    /// What the vectors are for.
    pub purpose: Option<Purpose>,
    /// So many numbers a vector.
    pub dimensions: Option<u64>,
    /// What happens to a text that is too long.
    pub truncate: Option<Truncate>,
    /// The title of the document that the text is from.
    pub title: Option<Str<'a>>,
    /// Who the end user is, as an opaque name.
    pub user: Option<Str<'a>>,
    /// The forms that are asked for in the place of, or beside, floating point numbers: `int8`, `binary` ...
    pub quantised: Vec<Str<'a>>,
    /// No floating point numbers are asked for.
    pub no_floats: bool,
    /// The names of members that only the client's dialect knows.
    pub others: Vec<Str<'a>>,
}

/// What one vector is of.
#[derive(Clone, Debug, PartialEq)]
pub enum EmbeddingInput<'a> {
    /// A text.
    Text(Str<'a>),
    /// A text as a list of token ids of one vendor's tokenizer.
    Tokens(Raw<'a>),
    /// Several pieces, taken together.
    Pieces(Vec<EmbeddingPiece<'a>>),
}

/// A piece of one input.
#[derive(Clone, Debug, PartialEq)]
pub enum EmbeddingPiece<'a> {
    /// A text.
    Text(Str<'a>),
    /// An image, a sound ...
    Media(Box<Media<'a>>),
}

/// What vectors are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To search with.
    Query,
    /// To be found.
    Document,
    /// To be compared with each other.
    Similarity,
    /// To be sorted into known classes.
    Classification,
    /// To find classes.
    Clustering,
}

/// What happens to a text that is too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Truncate {
    /// It is refused.
    Never,
    /// Its beginning is left out.
    Start,
    /// Its end is left out.
    End,
}

/// The vectors.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Embeddings<'a> {
    /// The answer's id, where the provider gives one.
    pub id: Option<Str<'a>>,
    /// The model as the provider names it.
    pub model: Option<Str<'a>>,
    /// In the order of the inputs.
    pub vectors: Vec<Vector<'a>>,
    /// What was counted.
    pub usage: Usage,
}

/// One vector.
#[derive(Clone, Debug, PartialEq)]
pub enum Vector<'a> {
    /// A JSON list of numbers.
    Numbers(Raw<'a>),
    /// Single precision, little end first, in base64.
    Base64(Str<'a>),
}

impl<'a> EmbeddingsRequest<'a> {
    /// Names what a dialect that gives floating point numbers, and knows no member of another dialect, cannot be told.
    /// A fault where nothing is asked that it could give.
    pub fn lose_what_is_special(&self, lost: &mut Lost) -> Result<(), Fault> {
        if let (true, Some(form)) = (self.no_floats, self.quantised.first()) {
            let message = format!("the provider gives vectors as floating point numbers, not as `{form}`");
            return Err(Fault::new(FaultKind::Unsupported, message));
        }
        self.quantised.iter().for_each(|form| lost.add(format!("embedding_types.{form}")));
        self.others.iter().for_each(|name| lost.add(name.to_string()));
        Ok(())
    }

    /// Every input as a text; a fault where one is none.
    pub fn texts(&self) -> Result<Vec<Str<'_>>, Fault> {
        self.inputs.iter().enumerate().map(|(at, input)| input.text(at)).collect()
    }

    /// Some input is more than a text.
    pub fn has_media(&self) -> bool {
        let is_media = |piece: &EmbeddingPiece<'_>| matches!(piece, EmbeddingPiece::Media(_));
        self.inputs.iter().any(|input| matches!(input, EmbeddingInput::Pieces(all) if all.iter().any(is_media)))
    }
}

impl EmbeddingInput<'_> {
    /// It as a text, pieces one a line. `at`: which one it is, for the fault where it is none.
    pub fn text(&self, at: usize) -> Result<Str<'_>, Fault> {
        let none = |what: &str| {
            let message = format!("input {at} is {what}, and the provider takes only texts");
            Err(Fault::new(FaultKind::Unsupported, message))
        };
        match self {
            Self::Text(text) => Ok(text.borrowed()),
            Self::Tokens(_) => none("a list of token ids"),
            Self::Pieces(pieces) => {
                let mut joined = String::new();
                for piece in pieces {
                    let EmbeddingPiece::Text(text) = piece else { return none("an image or the like") };
                    if !joined.is_empty() {
                        joined.push('\n');
                    }
                    joined.push_str(text);
                }
                Ok(joined.into())
            }
        }
    }
}

impl<'a> Vector<'a> {
    /// A vector as a provider wrote it: a list or base64.
    pub fn read(raw: &Raw<'a>) -> Option<Self> {
        match raw.as_str().as_bytes().first() {
            Some(b'[') => Some(Self::Numbers(raw.clone())),
            Some(b'"') => serde_json::from_str(raw.source()?).ok().map(Self::Base64),
            _ => None,
        }
    }

    /// Writes it as a JSON list of numbers.
    pub fn write_numbers(&self, out: &mut Vec<u8>) -> Result<(), Fault> {
        match self {
            // Some providers write one number a line, which is as much again.
            Self::Numbers(raw) => out.extend(raw.as_str().bytes().filter(|byte| !byte.is_ascii_whitespace())),
            Self::Base64(text) => {
                let bytes = STANDARD.decode(text.as_bytes()).map_err(|error| unreadable().with_detail(error))?;
                let (numbers, rest) = bytes.as_chunks::<4>();
                if !rest.is_empty() {
                    return Err(unreadable());
                }
                out.push(b'[');
                for (at, number) in numbers.iter().enumerate() {
                    if at > 0 {
                        out.push(b',');
                    }
                    let number = f32::from_le_bytes(*number);
                    if !number.is_finite() {
                        return Err(unreadable());
                    }
                    serde_json::to_writer(&mut *out, &number).map_err(|error| unreadable().with_detail(error))?;
                }
                out.push(b']');
            }
        }
        Ok(())
    }

    /// Writes it as a JSON string of base64.
    pub fn write_base64(&self, out: &mut Vec<u8>) -> Result<(), Fault> {
        out.push(b'"');
        match self {
            // Nothing in base64 has to be escaped; what is none was found by now, or is the client's to find.
            Self::Base64(text) if text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/=-_".contains(&byte)) => {
                out.extend_from_slice(text.as_bytes());
            }
            Self::Base64(_) => return Err(unreadable()),
            Self::Numbers(raw) => {
                let numbers: Vec<f32> = raw.read().map_err(|error| unreadable().with_detail(error))?;
                let bytes: Vec<u8> = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
                out.extend_from_slice(STANDARD.encode(bytes).as_bytes());
            }
        }
        out.push(b'"');
        Ok(())
    }
}

fn unreadable() -> Fault {
    Fault::new(FaultKind::Malformed, "a vector in the provider's answer cannot be read")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vector(json: &'static str) -> Vector<'static> {
        Vector::read(&Raw::parse(json).unwrap()).unwrap()
    }

    fn numbers(json: &'static str) -> Result<String, Fault> {
        let mut out = Vec::new();
        vector(json).write_numbers(&mut out).map(|()| String::from_utf8(out).unwrap())
    }

    fn base64(json: &'static str) -> Result<String, Fault> {
        let mut out = Vec::new();
        vector(json).write_base64(&mut out).map(|()| String::from_utf8(out).unwrap())
    }

    #[test]
    fn case_156_vectors_change_their_form_and_back() {
        // 1.0 is 3f800000, -0.5 is bf000000, 0.1 is 3dcccccd; the little end comes first.
        assert_eq!(base64("[1, -0.5,0.1]").unwrap(), r#""AACAPwAAAL/NzMw9""#);
        assert_eq!(numbers(r#""AACAPwAAAL/NzMw9""#).unwrap(), "[1.0,-0.5,0.1]");
        assert_eq!(base64(r#""AACAPwAAAL/NzMw9""#).unwrap(), r#""AACAPwAAAL/NzMw9""#);
        assert_eq!(
            numbers("[\n  0.10000000000000000001,\n  -5.6e-05\n]").unwrap(),
            "[0.10000000000000000001,-5.6e-05]"
        );
        assert_eq!((base64("[]").unwrap(), numbers(r#""""#).unwrap()), ("\"\"".into(), "[]".into()));
    }

    #[test]
    fn what_is_no_vector_is_a_fault() {
        assert!(Vector::read(&Raw::parse("7").unwrap()).is_none());
        assert!(Vector::read(&Raw::parse("{}").unwrap()).is_none());
        for bad in [r#""AAA=""#, r#""*""#, r#""AADAfw==""#] {
            assert_eq!(numbers(bad).unwrap_err().kind, FaultKind::Malformed, "{bad}");
        }
        for bad in ["[null]", "[[1]]", r#"["a"]"#, r#""\"""#] {
            assert_eq!(base64(bad).unwrap_err().kind, FaultKind::Malformed, "{bad}");
        }
    }

    #[test]
    fn what_is_no_text_is_told() {
        let pieces = vec![EmbeddingPiece::Text("a".into()), EmbeddingPiece::Text("b".into())];
        let inputs = vec![EmbeddingInput::Text("t".into()), EmbeddingInput::Pieces(pieces)];
        let mut request = EmbeddingsRequest { inputs, ..EmbeddingsRequest::default() };
        assert_eq!(request.texts().unwrap(), ["t", "a\nb"]);
        request.inputs.push(EmbeddingInput::Tokens(Raw::parse("[1]").unwrap()));
        let fault = request.texts().unwrap_err();
        assert_eq!(fault.kind, FaultKind::Unsupported);
        assert!(fault.message.starts_with("input 2 is a list of token ids"), "{fault}");
    }
}
