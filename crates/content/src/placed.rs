//! Texts that remember their line: FHIRPath and names that content only carries, so that whoever compiles them can say
//! where they stand.

use toml::Spanned;

use crate::document::line_of;
use crate::source::Source;

/// A text and the line of its file where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed {
    pub text: String,
    /// From 1.
    pub line: u32,
}

impl Placed {
    pub(crate) fn of(source: &Source, value: &Spanned<String>) -> Placed {
        Placed { text: value.as_ref().clone(), line: line_of(source, value) }
    }

    pub(crate) fn maybe(source: &Source, value: &Option<Spanned<String>>) -> Option<Placed> {
        value.as_ref().map(|value| Placed::of(source, value))
    }
}

/// Whether a name can be that of a column or a variable: a small letter first, then letters, digits and `_`.
pub(crate) fn is_name(text: &str) -> bool {
    text.len() <= 40
        && text.starts_with(|first: char| first.is_ascii_lowercase())
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}
