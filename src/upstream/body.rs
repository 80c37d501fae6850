//! A request body as the chunks it arrived in.

use bytes::Bytes;
use smallvec::SmallVec;

/// Up to here, copying bytes costs less than writing them on their own.
const SMALL: usize = 16 << 10;

/// Bytes in order, never joined: a body of megabytes is read once from the client and written from the same memory
/// to every target that is tried.
#[derive(Clone, Debug, Default)]
pub struct Body {
    /// One comes from most clients; another model's name makes three of it for a moment.
    chunks: SmallVec<[Bytes; 4]>,
    len: usize,
}

impl Body {
    /// Appends a chunk.
    pub fn push(&mut self, chunk: Bytes) {
        if !chunk.is_empty() {
            self.len += chunk.len();
            self.chunks.push(chunk);
        }
    }

    /// How many bytes.
    pub fn len(&self) -> usize {
        self.len
    }

    /// No bytes at all.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The chunks in order, none of them empty.
    pub fn chunks(&self) -> &[Bytes] {
        &self.chunks
    }

    /// The bytes `from..to` as one piece; copied only where they lie in several chunks.
    pub fn slice(&self, from: usize, to: usize) -> Bytes {
        let mut start = 0;
        for chunk in &self.chunks {
            let end = start + chunk.len();
            if from >= start && to <= end {
                return chunk.slice(from - start..to - start);
            }
            start = end;
        }
        let mut joined = Vec::with_capacity(to.min(self.len).saturating_sub(from));
        self.copy(from, to, &mut joined);
        joined.into()
    }

    /// Appends the bytes `from..to` to `out`.
    fn copy(&self, from: usize, to: usize, out: &mut Vec<u8>) {
        let mut start = 0;
        for chunk in &self.chunks {
            let end = start + chunk.len();
            if end > from && start < to {
                out.extend_from_slice(&chunk[from.max(start) - start..to.min(end) - start]);
            }
            start = end;
        }
    }

    /// The same body with the bytes `from..to` replaced. Shares its large chunks with this one; small neighbours are
    /// joined, since each chunk is a write of its own.
    pub fn splice(&self, from: usize, to: usize, with: Bytes) -> Self {
        if self.len + with.len() > SMALL {
            return self.spliced(from, to, with).joined();
        }
        let mut out = Vec::with_capacity((self.len + with.len()).saturating_sub(to.saturating_sub(from)));
        self.copy(0, from, &mut out);
        out.extend_from_slice(&with);
        self.copy(to, self.len, &mut out);
        Bytes::from(out).into()
    }

    fn spliced(&self, from: usize, to: usize, with: Bytes) -> Self {
        let mut out = Self::default();
        let mut start = 0;
        let mut with = Some(with);
        for chunk in &self.chunks {
            let end = start + chunk.len();
            if start < from {
                out.push(chunk.slice(..from.min(end) - start));
            }
            if end > from
                && let Some(with) = with.take()
            {
                out.push(with);
            }
            if end > to {
                out.push(chunk.slice(to.max(start) - start..));
            }
            start = end;
        }
        if let Some(with) = with {
            out.push(with);
        }
        out
    }

    /// Neighbours that are small together become one chunk.
    fn joined(self) -> Self {
        let mut out = Self::default();
        let mut run = Self::default();
        for chunk in self.chunks {
            if run.len + chunk.len() > SMALL {
                out.push(run.slice(0, run.len));
                run = Self::default();
            }
            run.push(chunk);
        }
        out.push(run.slice(0, run.len));
        out
    }
}

impl From<Bytes> for Body {
    fn from(bytes: Bytes) -> Self {
        let mut body = Self::default();
        body.push(bytes);
        body
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `text` cut into chunks of `size`.
    fn cut(text: &str, size: usize) -> Body {
        let mut body = Body::default();
        text.as_bytes().chunks(size).for_each(|c| body.push(Bytes::copy_from_slice(c)));
        body
    }

    fn text(body: &Body) -> String {
        body.chunks().iter().map(|c| std::str::from_utf8(c).unwrap()).collect()
    }

    #[test]
    fn splicing_and_slicing_do_not_depend_on_the_cuts() {
        let whole = r#"{"model":"smart","n":1}"#;
        for size in 1..=whole.len() {
            let body = cut(whole, size);
            assert_eq!(body.slice(10, 15), "smart", "chunks of {size}");
            let spliced = body.splice(10, 15, Bytes::from_static(b"gpt-5"));
            assert_eq!(text(&spliced), r#"{"model":"gpt-5","n":1}"#, "chunks of {size}");
            assert_eq!(spliced.len(), whole.len());
            assert_eq!(text(&body.splice(0, 1, Bytes::from_static(b"[["))), format!("[[{}", &whole[1..]));
            assert_eq!(text(&body.splice(whole.len(), whole.len(), Bytes::from_static(b"!"))), format!("{whole}!"));
        }
    }

    #[test]
    fn small_pieces_are_joined_and_large_ones_shared() {
        let small = cut(r#"{"model":"smart","n":1}"#, 5).splice(10, 15, Bytes::from_static(b"gpt-5"));
        assert_eq!(small.chunks().len(), 1);

        let large = cut(&"x".repeat(250_000), 100_000).splice(199_990, 199_995, Bytes::from_static(b"gpt-5"));
        let lengths: Vec<_> = large.chunks().iter().map(Bytes::len).collect();
        assert_eq!(lengths, [100_000, 99_990, 10, 50_000]);
        let body = cut(&"x".repeat(250_000), 100_000);
        assert_eq!(body.splice(0, 1, Bytes::new()).chunks()[1].as_ptr(), body.chunks()[1].as_ptr());
    }
}
