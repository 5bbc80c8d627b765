//! What rules in FHIRPath may ask: `memberOf` and `conformsTo`.

use crate::finding::Place;
use crate::profile::conform::Conform;
use crate::spot::{Spot, Within};
use std::sync::atomic::{AtomicU32, Ordering};
use yba_fhir::Day;
use yba_fhir::text::unversioned;
use yba_fhirpath::{Host, Item, Node};

/// Profiles whose rules ask for profiles whose rules ask, at most.
const DEPTH_MAX: u32 = 8;

pub struct Answers<'a> {
    conform: Conform<'a>,
    /// The day of what the outermost resource tells of.
    on: Day,
    depth: AtomicU32,
}

impl<'a> Answers<'a> {
    pub fn new(conform: Conform<'a>, on: Day) -> Answers<'a> {
        Answers { conform, on, depth: AtomicU32::new(0) }
    }
}

impl Host for Answers<'_> {
    fn member_of(&self, coded: &Item, value_set: &str) -> Option<bool> {
        let set = unversioned(value_set);
        match coded.node().and_then(|node| node.value) {
            Some(value) => self.conform.codes.holds(set, value, self.on),
            None => self.conform.codes.contains(set, None, coded.as_str()?, self.on),
        }
    }

    fn conforms_to(&self, node: Node, profile: &str) -> Option<bool> {
        let profile = self.conform.profiles.get(profile)?;
        if self.depth.fetch_add(1, Ordering::Relaxed) >= DEPTH_MAX {
            self.depth.fetch_sub(1, Ordering::Relaxed);
            return None;
        }
        let within = Within { resource: node, root: node, host: self, on: self.on };
        let holds = self.conform.holds(profile, node, Spot { place: Place::root(&profile.kind), within });
        self.depth.fetch_sub(1, Ordering::Relaxed);
        Some(holds)
    }
}
