//! Where a judgement stands: the place in words, and the resources around it.

use crate::finding::Place;
use yba_fhirpath::{Host, Node};

/// The resource around a node (`%resource`), the one that contains that (`%rootResource`), and who answers questions.
#[derive(Clone, Copy)]
pub struct Within<'v> {
    pub resource: Node<'v>,
    pub root: Node<'v>,
    pub host: &'v dyn Host,
}

/// A place with what is around it.
#[derive(Clone, Copy)]
pub struct Spot<'a> {
    pub place: Place<'a>,
    pub within: Within<'a>,
}

impl Spot<'_> {
    pub fn child<'a>(&'a self, name: &'a str) -> Spot<'a> {
        Spot { place: self.place.child(name), within: self.within }
    }

    pub fn item(&self, index: usize) -> Self {
        Spot { place: self.place.item(index), within: self.within }
    }
}
