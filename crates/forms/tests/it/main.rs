//! Forms over the whole of content.

mod content;
