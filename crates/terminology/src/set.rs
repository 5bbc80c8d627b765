//! What a value set says: which systems, codes, filters and other sets it is made of.
//! <https://hl7.org/fhir/R4/valueset.html>

use std::ops::Range;
use std::sync::Arc;

use yba_fhir::Day;

use crate::built_in::packed;
use crate::table::Period;

/// One version of a value set.
#[derive(Debug, Clone, Default)]
pub struct ValueSet {
    pub head: SetHead,
    pub includes: Vec<Include>,
    pub excludes: Vec<Include>,
    /// Codes that are no longer in use are left out.
    pub active_only: bool,
    /// The day on which its systems are read, whatever the day of the act.
    pub locked: Option<Day>,
}

#[derive(Debug, Clone, Default)]
pub struct SetHead {
    pub url: String,
    /// Empty when not told.
    pub version: String,
    pub name: String,
    pub title: String,
    /// When this version is in force.
    pub period: Period,
}

/// One `include` or `exclude`: everything that all its conditions hold for.
#[derive(Debug, Clone, Default)]
pub struct Include {
    /// Empty when only other sets are imported.
    pub system: String,
    /// Empty for the edition of the day.
    pub version: String,
    pub listed: Vec<Listed>,
    pub filters: Vec<Filter>,
    pub imports: Vec<String>,
    /// Codes or filters were left out for their licence: nobody can tell what is in.
    pub withheld: bool,
}

/// A code named by the set itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listed {
    pub code: String,
    /// Empty for the system's own.
    pub display: String,
    /// Language and text.
    pub designations: Vec<(String, String)>,
}

/// A condition on a property. <https://hl7.org/fhir/R4/valueset-filter-operator.html>
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    pub property: String,
    pub op: Op,
    pub value: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Op {
    Equals,
    IsA,
    DescendentOf,
    IsNotA,
    /// R5's; children only.
    ChildOf,
    Generalizes,
    Regex,
    In,
    NotIn,
    Exists,
}

const OPS: [(&str, Op); 10] = [
    ("=", Op::Equals),
    ("is-a", Op::IsA),
    ("descendent-of", Op::DescendentOf),
    ("is-not-a", Op::IsNotA),
    ("child-of", Op::ChildOf),
    ("generalizes", Op::Generalizes),
    ("regex", Op::Regex),
    ("in", Op::In),
    ("not-in", Op::NotIn),
    ("exists", Op::Exists),
];

impl Op {
    pub fn of(code: &str) -> Option<Op> {
        OPS.iter().find(|(known, _)| *known == code).map(|(_, op)| *op)
    }

    pub fn code(self) -> &'static str {
        OPS.iter().find(|(_, op)| *op == self).map_or("", |(code, _)| code)
    }

    /// The codes of all operators, for advice.
    pub fn codes() -> impl Iterator<Item = &'static str> {
        OPS.iter().map(|(code, _)| *code)
    }
}

/// A value set as it is kept: those of R4 stay packed until they are asked for.
#[derive(Debug, Clone)]
pub(crate) enum Kept {
    Packed { head: SetHead, text: Arc<str>, lines: Range<usize> },
    Ready(Arc<ValueSet>),
}

impl Kept {
    pub(crate) fn head(&self) -> &SetHead {
        match self {
            Kept::Packed { head, .. } => head,
            Kept::Ready(set) => &set.head,
        }
    }

    pub(crate) fn unpack(&self) -> Arc<ValueSet> {
        match self {
            Kept::Packed { head, text, lines } => Arc::new(packed::value_set(head, &text[lines.clone()])),
            Kept::Ready(set) => set.clone(),
        }
    }
}

impl ValueSet {
    /// All codes of one system.
    pub fn whole(head: SetHead, system: &str) -> ValueSet {
        let include = Include { system: system.to_owned(), ..Include::default() };
        ValueSet { head, includes: vec![include], ..ValueSet::default() }
    }
}
