//! What the specification says and this server does not do yet. It may only shrink: a check of this table that passes
//! makes the suite fail, and so does a line that no check has.

/// The name of a check, and why it fails.
pub const NOT_YET: &[(&str, &str)] = &[];
