//! What comes of asking the rules.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use yba_content::Day;
use yba_content::rules::Severity;
use yba_fhir::json::Value;

/// A rule that fired.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Card {
    /// Slug of the rule, and the first day of its edition.
    pub rule: String,
    pub edition: Day,
    /// The how manyth card of this rule, from 0.
    pub number: usize,
    pub title: String,
    pub severity: Severity,
    /// Vietnamese.
    pub message: String,
    /// What to do.
    pub suggest: String,
    /// On what ground: numbers of laws.
    pub source: String,
    /// What nobody has compared with the original yet; empty when all was.
    pub uncertain: String,
    /// Reasons that are offered where one is asked for.
    pub reasons: Vec<String>,
    /// Of which of the things that are entered, when that has an id: `Immunization/1`.
    pub on: Option<String>,
    /// On which records it rests: `AllergyIntolerance/1`. What is only being entered may be among them.
    pub rests: Vec<String>,
    /// Security labels (Codings) of those records: what tells of them tells the same.
    pub labels: Vec<Value>,
}

impl Card {
    /// Tells this card from others, by its rule and what it says: `pressure-very-high.5f1c02aa`. A reason that was given for one is none
    /// for another of the same rule.
    pub fn key(&self) -> String {
        let mut hasher = DefaultHasher::new();
        self.message.hash(&mut hasher);
        format!("{}.{:08x}", self.rule, hasher.finish() as u32)
    }

    /// Whether it goes on with a reason alone.
    pub fn stops(&self) -> bool {
        self.severity == Severity::Stop
    }
}

/// A rule that broke: a fault of content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Slug of the rule.
    pub rule: String,
    /// For the log: the expression and why it broke. Nothing of a record stands in it.
    pub text: String,
}

/// All that the rules say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verdict {
    /// The gravest first.
    pub cards: Vec<Card>,
    pub faults: Vec<Fault>,
    /// Types of records that a rule had to look at and that were not to be seen: that rule was not asked.
    pub unread: BTreeSet<String>,
    /// Types of which there were more than are looked at.
    pub cut: BTreeSet<String>,
}

impl Verdict {
    /// Whether something goes on with a reason alone.
    pub fn stops(&self) -> bool {
        self.cards.iter().any(Card::stops)
    }
}
