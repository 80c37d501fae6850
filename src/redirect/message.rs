//! Netlink messages, byte by byte. Everything is in the machine's order but what nf_tables calls big endian.

/// A message of nf_tables: what to do, with its attributes.
pub(super) struct Message(Vec<u8>);

/// `struct nlmsghdr`
pub(super) const HEADER: usize = 16;

impl Message {
    /// A message without attributes. `family` and `resource` are those of `struct nfgenmsg`.
    pub fn new(kind: u16, flags: u16, sequence: u32, family: u8, resource: u16) -> Self {
        let mut bytes = Vec::with_capacity(256);
        bytes.extend_from_slice(&[0; 4]); // the length, once it is known
        bytes.extend_from_slice(&kind.to_ne_bytes());
        bytes.extend_from_slice(&flags.to_ne_bytes());
        bytes.extend_from_slice(&sequence.to_ne_bytes());
        bytes.extend_from_slice(&[0; 4]); // the sender: the kernel knows
        bytes.extend_from_slice(&[family, 0]);
        bytes.extend_from_slice(&resource.to_be_bytes());
        Self(bytes)
    }

    /// One more attribute.
    pub fn with(mut self, attribute: &[u8]) -> Self {
        self.0.extend_from_slice(attribute);
        self
    }

    /// The whole message.
    pub fn finish(mut self) -> Vec<u8> {
        let length = u32::try_from(self.0.len()).unwrap_or(u32::MAX);
        self.0[..4].copy_from_slice(&length.to_ne_bytes());
        self.0
    }
}

/// `NLA_F_NESTED`
const NESTED: u16 = 1 << 15;

/// An attribute of bytes. (Ours are all far shorter than the 64 KiB that its length can say.)
pub(super) fn bytes(kind: u16, value: &[u8]) -> Vec<u8> {
    let length = u16::try_from(4 + value.len()).unwrap_or(u16::MAX);
    let mut attribute = Vec::with_capacity(value.len() + 8);
    attribute.extend_from_slice(&length.to_ne_bytes());
    attribute.extend_from_slice(&kind.to_ne_bytes());
    attribute.extend_from_slice(value);
    attribute.resize(attribute.len().next_multiple_of(4), 0);
    attribute
}

/// An attribute of a text, which C ends with a zero.
pub(super) fn text(kind: u16, value: &str) -> Vec<u8> {
    bytes(kind, &[value.as_bytes(), &[0]].concat())
}

/// An attribute of a number, most significant byte first.
pub(super) fn number(kind: u16, value: u32) -> Vec<u8> {
    bytes(kind, &value.to_be_bytes())
}

/// An attribute of attributes.
pub(super) fn nested(kind: u16, inner: &[Vec<u8>]) -> Vec<u8> {
    bytes(kind | NESTED, &inner.concat())
}
