//! What may stand outside of strings.

/// What a byte is outside of strings.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Class {
    Never,
    Plain,
    Quote,
    Open,
    Close,
}

/// The class of each byte.
pub(super) const CLASSES: [Class; 256] = {
    let mut classes = [Class::Never; 256];
    let plain = b" \t\r\n,:+-.0123456789eEtrufalsn";
    let mut i = 0;
    while i < plain.len() {
        classes[plain[i] as usize] = Class::Plain;
        i += 1;
    }
    classes[b'"' as usize] = Class::Quote;
    classes[b'{' as usize] = Class::Open;
    classes[b'[' as usize] = Class::Open;
    classes[b'}' as usize] = Class::Close;
    classes[b']' as usize] = Class::Close;
    classes
};
