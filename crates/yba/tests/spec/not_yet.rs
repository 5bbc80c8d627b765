//! What the specification says and this server does not do yet: nothing. It may only shrink: a check of this table that
//! passes makes the suite fail, and so does a line that no check has. What is left out on purpose stands in
//! `deliberate.rs`.

/// Why some checks fail, and their names.
pub const NOT_YET: &[(&str, &[&str])] = &[];
