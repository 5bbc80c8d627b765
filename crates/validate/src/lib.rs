//! Judges a resource: is it well-formed R4, and does it conform to profiles?
//!
//! R4's tables are compiled once into nodes ([`shape`]); [`walk`] goes over a tree once and tells everything that is
//! wrong, each with a place ([`finding`]). Rules in FHIRPath are compiled programs ([`rule`]), profiles trees of what they
//! ask beyond R4 ([`profile`]). It deliberately does not know who writes, where the resource is kept, or whether a
//! reference's target exists.
//!
//! Start reading at [`Validator::check`].

mod answers;
mod content;
mod finding;
mod primitive;
mod profile;
mod required;
mod rule;
mod shape;
mod spot;
mod walk;

pub use finding::{FINDINGS_MAX, Findings};
pub use profile::{Fault, Profile, Profiles};

use answers::Answers;
use profile::conform::Conform;
use std::sync::{Arc, OnceLock};
use yba_fhir::defs::r4;
use yba_fhir::json::Value;

/// Everything that judging needs, compiled.
#[derive(Debug, Clone)]
pub struct Validator {
    base: &'static Base,
    profiles: Arc<Profiles>,
}

/// The rules of R4 itself.
#[derive(Debug)]
struct Base {
    shapes: shape::Shapes,
    required: required::RequiredCodes,
}

fn base() -> &'static Base {
    static BASE: OnceLock<Base> = OnceLock::new();
    BASE.get_or_init(|| Base {
        shapes: shape::Shapes::compile(r4()),
        required: required::RequiredCodes::built_in(),
    })
}

impl Validator {
    /// The rules of R4 itself, without profiles.
    pub fn r4() -> &'static Validator {
        static VALIDATOR: OnceLock<Validator> = OnceLock::new();
        VALIDATOR.get_or_init(|| Validator::with_profiles(Profiles::default()))
    }

    /// R4 and these profiles.
    pub fn with_profiles(profiles: Profiles) -> Validator {
        Validator { base: base(), profiles: Arc::new(profiles) }
    }

    pub fn profiles(&self) -> &Profiles {
        &self.profiles
    }

    /// Everything that is wrong with a resource; nothing when it is well-formed and conforms to the profiles that it names.
    pub fn check(&self, resource: &Value) -> Findings {
        self.check_against(resource, &[])
    }

    /// The same, and whether it conforms to the profiles of these canonicals.
    pub fn check_against(&self, resource: &Value, profiles: &[String]) -> Findings {
        let mut findings = Findings::default();
        self.judge(resource, profiles, &mut findings);
        findings
    }

    /// Adds what is wrong with one of several resources that were sent together.
    pub fn check_one_of(&self, position: usize, resource: &Value, findings: &mut Findings) {
        findings.position = Some(position);
        self.judge(resource, &[], findings);
    }

    /// Adds what is wrong with a resource, by R4, the profiles that it names, and these.
    pub fn judge(&self, resource: &Value, asked: &[String], findings: &mut Findings) {
        let conform = Conform { profiles: &self.profiles, codes: &self.base.required };
        let host = Answers::new(conform);
        walk::Walk { shapes: &self.base.shapes, conform, host: &host, asked }.resource(resource, findings);
    }
}
