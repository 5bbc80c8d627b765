//! Expressions by the thousand, to compare our engine with another one on the same resources.
//!
//! `cargo test -p yba-fhirpath-oracle --features engine` runs the comparison on the invented province; with
//! `YBA_TEST_HL7_EXAMPLES` naming the folder of HL7's examples (`cargo xtask test --deep`) on some of them too. It deliberately does not know the other engine: the test does.
//!
//! Start reading at [`expressions`] (what is asked), then `tests/agreement.rs` (what is compared) and
//! `differences.txt` (why the engines may differ).

pub mod expressions;
pub mod random;
pub mod resources;
