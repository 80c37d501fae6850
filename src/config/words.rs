//! Settings that are one word of a few.

/// Declares an enum of words. Words of the language that are still to come follow after `later`.
macro_rules! words {
    ($(
        $(#[doc = $about:literal])*
        pub enum $name:ident { $($(#[doc = $manual:literal])* $variant:ident = $word:literal,)* }
        $(later [$($later:literal),*])?
    )*) => {$(
        $(#[doc = $about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name {
            $($(#[doc = $manual])* $variant,)*
        }

        impl $name {
            /// As it is written.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)*
                }
            }
        }

        impl $crate::config::setting::Setting for $name {
            fn read(node: &$crate::config::yaml::Node, reader: &mut $crate::config::reader::Reader<'_>) -> Option<Self> {
                let known = [$($word),*];
                let later: &[&str] = &[$($($later),*)?];
                let wanted = $crate::config::nearest::quoted(known);
                let word = reader.text(node, &format!("one of {wanted}"))?;
                match word.as_str() {
                    $($word => Some(Self::$variant),)*
                    later_word if later.contains(&later_word) => {
                        let what = $crate::config::reader::not_yet(later_word);
                        reader.wrong(node.at, what, format!("known here: {wanted}"))
                    }
                    _ => reader.unexpected(node, &format!("one of {wanted}")),
                }
            }

            fn show(&self) -> serde_json::Value {
                serde_json::json!(self.as_str())
            }
        }
    )*};
}

pub(super) use words;
