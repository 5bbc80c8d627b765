//! Judges a resource: is it well-formed R4?
//!
//! R4's tables are compiled once into nodes ([`shape`]); [`walk`] goes over a tree once and tells everything that is
//! wrong, each with a place ([`finding`]). It deliberately does not know who writes, where the resource is kept, or
//! whether a reference's target exists.
//!
//! Start reading at [`Validator::check`].

mod finding;
mod primitive;
mod required;
mod shape;
mod walk;

pub use finding::{FINDINGS_MAX, Findings};

use std::sync::OnceLock;
use yba_fhir::defs::r4;
use yba_fhir::json::Value;

/// Everything that judging needs, compiled.
#[derive(Debug)]
pub struct Validator {
    shapes: shape::Shapes,
    required: required::RequiredCodes,
}

impl Validator {
    /// The rules of R4 itself.
    pub fn r4() -> &'static Validator {
        static VALIDATOR: OnceLock<Validator> = OnceLock::new();
        VALIDATOR.get_or_init(|| Validator {
            shapes: shape::Shapes::compile(r4()),
            required: required::RequiredCodes::built_in(),
        })
    }

    /// Everything that is wrong with a resource; nothing when it is well-formed.
    pub fn check(&self, resource: &Value) -> Findings {
        let mut findings = Findings::default();
        self.walk(resource, &mut findings);
        findings
    }

    /// Adds what is wrong with one of several resources that were sent together.
    pub fn check_one_of(&self, position: usize, resource: &Value, findings: &mut Findings) {
        findings.position = Some(position);
        self.walk(resource, findings);
    }

    fn walk(&self, resource: &Value, findings: &mut Findings) {
        walk::Walk { shapes: &self.shapes, required: &self.required }.resource(resource, findings);
    }
}
