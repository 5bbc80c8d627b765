//! Content: laws, code lists, claim tables, laboratory tests and maps, as dated editions. Built into the binary; a
//! folder on disk overrides it. The date that counts is the date of the act, so callers pass it.
//!
//! It deliberately does not know: the store, resources, the network, the clock. It turns nothing into FHIR and maps
//! nothing; it says what is in force and what is wrong with a folder.
//!
//! Start reading at [`Content`], then [`claims`] (the largest part).

pub mod claims;
mod document;
mod law;
mod problem;
mod sheet;
mod source;

use std::path::Path;

pub use claims::{ClaimEditions, Edition};
pub use law::{Law, Sure};
pub use problem::Problem;
pub use yba_fhir::Day;

use problem::Report;
use source::Sources;

/// Everything loaded and checked. Build it once and share it in an `Arc`.
#[derive(Debug)]
pub struct Content {
    laws: law::Laws,
    claims: ClaimEditions,
}

impl Content {
    /// The content built into the binary. It is sound: a test loads it.
    pub fn built_in() -> Content {
        let mut report = Report::default();
        let sources = Sources::built_in(&mut report);
        Content::load(&sources, report).unwrap_or_else(|problems| {
            let lines: Vec<String> = problems.iter().map(Problem::to_string).collect();
            panic!("built-in content is tested to be sound:\n{}", lines.join("\n"))
        })
    }

    /// The built-in content with a folder laid over it: a file of the same path wins, and a claim edition in the
    /// folder replaces the built-in one whole. Answers all problems at once.
    pub fn with_folder(dir: &Path) -> Result<Content, Vec<Problem>> {
        let mut report = Report::default();
        let mut sources = Sources::built_in(&mut report);
        sources.lay_over(dir, &mut report);
        Content::load(&sources, report)
    }

    fn load(sources: &Sources, mut report: Report) -> Result<Content, Vec<Problem>> {
        let laws = law::Laws::load(sources, &mut report);
        let claims = claims::load(sources, &laws, &mut report);
        let problems = report.finish();
        if problems.is_empty() { Ok(Content { laws, claims }) } else { Err(problems) }
    }

    /// The law of this slug.
    pub fn law(&self, slug: &str) -> Option<&Law> {
        self.laws.get(slug)
    }

    /// All laws by slug.
    pub fn laws(&self) -> impl Iterator<Item = &Law> {
        self.laws.all()
    }

    /// The claim tables of all editions.
    pub fn claims(&self) -> &ClaimEditions {
        &self.claims
    }
}
