//! What of a node is not as safe as it should be, each with one sentence that says what to do: `yba check --security`.
//!
//! [`gather`] looks, [`judge`] decides: the facts are values, so that each rule can be tried.

mod facts;
mod judge;

pub use facts::gather;
pub use judge::judge;
