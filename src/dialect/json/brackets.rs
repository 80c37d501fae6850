//! Brackets that match.

/// The brackets that are open: one bit each, set for `{`.
#[derive(Default)]
pub(super) struct Brackets {
    pub(super) depth: usize,
    braces: [u64; MAX_DEPTH / 64],
}

/// Deeper than any schema that a provider takes, and bounded because a body of brackets alone would otherwise be a
/// cheap way to make every parser behind us overflow its stack.
pub(super) const MAX_DEPTH: usize = 512;

impl Brackets {
    /// One more, unless they are too many.
    pub(super) fn open(&mut self, bracket: u8) -> Result<(), &'static str> {
        if self.depth == MAX_DEPTH {
            return Err("nested too deeply");
        }
        let bit = 1 << (self.depth % 64);
        match bracket {
            b'{' => self.braces[self.depth / 64] |= bit,
            _ => self.braces[self.depth / 64] &= !bit,
        }
        self.depth += 1;
        Ok(())
    }

    /// One less, if it is of the same kind; there is one that is open.
    pub(super) fn close(&mut self, bracket: u8) -> Result<(), &'static str> {
        self.depth -= 1;
        let brace = self.braces[self.depth / 64] >> (self.depth % 64) & 1 == 1;
        if brace == (bracket == b'}') { Ok(()) } else { Err("this bracket closes another kind") }
    }
}
