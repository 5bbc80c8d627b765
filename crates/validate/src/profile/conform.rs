//! Judges a node against a profile. <https://hl7.org/fhir/R4/profiling.html>

use super::slicing::{Rules, Slicing};
use super::value::{fits, is_fixed, order};
use super::{Allowed, Constraint, Profile, Profiles};
use crate::finding::{Finding, Findings};
use crate::required::RequiredCodes;
use crate::spot::Spot;
use crate::walk::pointed_type;
use std::cmp::Ordering;
use yba_fhir::json::{JsonContainerTrait, JsonValueTrait, Value, str_at};
use yba_fhir::outcome::Severity;
use yba_fhirpath::Node;
use yba_fhirpath::schema::{Element, TypeId, schema};

/// What judging asks.
#[derive(Clone, Copy)]
pub struct Conform<'a> {
    pub profiles: &'a Profiles,
    pub codes: &'a RequiredCodes,
}

impl Conform<'_> {
    /// Everything in which a node departs from a profile.
    pub fn profile(&self, profile: &Profile, node: Node<'_>, spot: Spot<'_>, out: &mut Findings) {
        if !schema().is_a(node.id, profile.type_id) {
            let finding = Finding::profile_type(&profile.title, &profile.kind, &schema().get(node.id).name);
            return out.add(&spot.place, finding);
        }
        self.constraint(&profile.root, node, spot, out);
    }

    fn constraint(&self, asked: &Constraint, node: Node<'_>, spot: Spot<'_>, out: &mut Findings) {
        self.types(&asked.types, node, spot, out);
        if let Some(value) = node.value {
            own_value(asked, value, spot, out);
            self.binding(asked, value, spot, out);
        }
        asked.rules.iter().for_each(|rule| rule.judge(node, spot, out));
        for (name, child) in &asked.children {
            if let Some(element) = schema().get(node.id).element(name) {
                self.element(child, &gathered(node, element), spot.child(name), out);
            }
        }
    }

    /// All items of one element.
    fn element(&self, asked: &Constraint, found: &[Found<'_>], spot: Spot<'_>, out: &mut Findings) {
        how_many(asked, found.len(), spot, out);
        for one in found {
            self.constraint(asked, one.node, one.spot(&spot), out);
        }
        if let Some(slicing) = &asked.slicing {
            self.slices(slicing, found, spot, out);
        }
    }

    fn slices(&self, slicing: &Slicing, found: &[Found<'_>], spot: Spot<'_>, out: &mut Findings) {
        let mut counts = vec![0; slicing.slices.len()];
        let mut latest = 0;
        let mut is_outside = false;
        for one in found {
            let here = one.spot(&spot);
            let Some(at) = slicing.slices.iter().position(|slice| slice.holds(one.node, here.within)) else {
                is_outside = true;
                if slicing.rules == Rules::Closed {
                    let names: Vec<&str> = slicing.slices.iter().map(|slice| slice.name.as_str()).collect();
                    out.add(&here.place, Finding::in_no_slice(&names));
                }
                continue;
            };
            if slicing.is_ordered && at < latest || slicing.rules == Rules::OpenAtEnd && is_outside {
                out.add(&here.place, Finding::slice_order(&slicing.slices[at].name));
            }
            latest = at;
            counts[at] += 1;
            self.constraint(&slicing.slices[at].constraint, one.node, here, out);
        }
        for (slice, count) in slicing.slices.iter().zip(counts) {
            if count < slice.constraint.min {
                out.add(&spot.place, Finding::slice_missing(&slice.name, slice.constraint.min, count));
            }
            if let Some(max) = slice.constraint.max.filter(|max| count > *max) {
                out.add(&spot.place, Finding::slice_too_many(&slice.name, max, count));
            }
        }
    }

    fn types(&self, allowed: &[Allowed], node: Node<'_>, spot: Spot<'_>, out: &mut Findings) {
        if allowed.is_empty() {
            return;
        }
        let Some(one) = allowed.iter().find(|one| one.takes(node.id)) else {
            let names: Vec<&str> = allowed.iter().map(|one| one.name.as_str()).collect();
            let found = &schema().get(node.id).name;
            return out.add(&spot.place, Finding::type_not_allowed(found, &names));
        };
        if let Some(value) = node.value
            && !one.targets.is_empty()
            && let Some(kind) = str_at(value, &["reference"]).and_then(pointed_type)
            && !one.targets.iter().any(|target| target == kind)
        {
            out.add(&spot.place, Finding::reference_type(kind, &one.targets));
        }
        // An extension is judged by its own definition wherever it stands.
        if one.name != "Extension" {
            self.type_profiles(one, node, spot, out);
        }
    }

    /// One of the profiles of a type must hold; with a single one its findings are told, else that none fits.
    fn type_profiles(&self, allowed: &Allowed, node: Node<'_>, spot: Spot<'_>, out: &mut Findings) {
        let known: Vec<_> = allowed.profiles.iter().filter_map(|url| self.profiles.get(url)).collect();
        match known.as_slice() {
            // One that is not known here may be the one that holds.
            _ if known.len() < allowed.profiles.len() => {}
            [] => {}
            [only] => self.profile(only, node, spot, out),
            several => {
                if !several.iter().any(|profile| self.holds(profile, node, spot)) {
                    let titles: Vec<&str> = several.iter().map(|profile| profile.title.as_str()).collect();
                    out.add(&spot.place, Finding::no_profile_fits(&titles));
                }
            }
        }
    }

    /// Whether a node has no error by a profile.
    pub fn holds(&self, profile: &Profile, node: Node<'_>, spot: Spot<'_>) -> bool {
        let mut findings = Findings::errors_only();
        self.profile(profile, node, spot, &mut findings);
        !findings.has_errors()
    }

    fn binding(&self, asked: &Constraint, value: &Value, spot: Spot<'_>, out: &mut Findings) {
        let Some(binding) = &asked.binding else { return };
        let severity = if binding.required { Severity::Error } else { Severity::Warning };
        if !out.wants(severity) {
            return;
        }
        if let Some(code) = self.codes.outside(&binding.set, value) {
            let finding = Finding::code_not_in_set(code, &binding.set);
            out.add(&spot.place, Finding { severity, ..finding });
        }
    }
}

fn how_many(asked: &Constraint, found: usize, spot: Spot<'_>, out: &mut Findings) {
    if found < asked.min as usize {
        out.add(&spot.place, Finding::too_few(asked.min, found));
    }
    if let Some(max) = asked.max.filter(|max| found > *max as usize) {
        out.add(&spot.place, Finding::more_than_profile(max, found));
    }
}

fn own_value(asked: &Constraint, value: &Value, spot: Spot<'_>, out: &mut Findings) {
    if let Some(fixed) = asked.fixed.as_ref().filter(|fixed| !is_fixed(value, fixed)) {
        out.add(&spot.place, Finding::not_fixed(fixed));
    }
    if let Some(pattern) = asked.pattern.as_ref().filter(|pattern| !fits(value, pattern)) {
        out.add(&spot.place, Finding::not_pattern(pattern));
    }
    if let Some(max) = asked.length_max
        && value.as_str().is_some_and(|text| text.chars().count() > max)
    {
        out.add(&spot.place, Finding::too_long(max));
    }
    for (bound, wrong) in [(&asked.least, Ordering::Less), (&asked.most, Ordering::Greater)] {
        if let Some(bound) = bound
            && order(value, bound) == Some(wrong)
        {
            out.add(&spot.place, Finding::out_of_range(wrong == Ordering::Less, bound));
        }
    }
}

/// One item of an element.
struct Found<'v> {
    node: Node<'v>,
    index: Option<usize>,
}

impl Found<'_> {
    fn spot<'a>(&self, list: &Spot<'a>) -> Spot<'a> {
        self.index.map_or(*list, |index| list.item(index))
    }
}

/// The items of an element, of whichever type they are; a primitive with only extensions is one too.
fn gathered<'v>(owner: Node<'v>, element: &Element) -> Vec<Found<'v>> {
    let object = owner.value.filter(|value| value.is_object()).or(owner.sibling);
    let Some(object) = object.and_then(|object| object.as_object()) else { return Vec::new() };
    let mut found = Vec::new();
    for variant in &element.variants {
        let value = object.get(&variant.key.as_str());
        let sibling = variant.primitive.then(|| object.get(&format!("_{}", variant.key).as_str())).flatten();
        gather(value, sibling, variant.id, &mut found);
    }
    found
}

fn gather<'v>(value: Option<&'v Value>, sibling: Option<&'v Value>, id: TypeId, found: &mut Vec<Found<'v>>) {
    let list = |value: Option<&'v Value>| value.and_then(|value| value.as_array());
    let length = list(value).map(|list| list.len()).max(list(sibling).map(|list| list.len()));
    let Some(length) = length else {
        if value.is_some() || sibling.is_some() {
            found.push(Found { node: typed(value, sibling, id), index: None });
        }
        return;
    };
    for index in 0..length {
        let one = |list: Option<&'v yba_fhir::json::Array>| list?.get(index).filter(|value| !value.is_null());
        let (value, sibling) = (one(list(value)), one(list(sibling)));
        if value.is_some() || sibling.is_some() {
            found.push(Found { node: typed(value, sibling, id), index: Some(index) });
        }
    }
}

/// The node; a resource inside another is of the type that it says.
fn typed<'v>(value: Option<&'v Value>, sibling: Option<&'v Value>, id: TypeId) -> Node<'v> {
    let own = value.and_then(|value| schema().fhir(str_at(value, &["resourceType"])?));
    Node { value, sibling, id: own.unwrap_or(id) }
}
