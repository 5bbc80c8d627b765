//! Which parameters need no rows of their own, because the rows of others say the same.
//!
//! HL7 names many values twice: `combo-code` of Observation is `code` and `component-code` together, `phonetic` is
//! `name`, `patient` is `subject` where that is a Patient. Rows kept twice are written, stored and read twice.

use std::collections::BTreeSet;
use yba_fhir::defs::r4;

/// Where the rows of a parameter stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kept {
    /// Under its own number.
    Own,
    /// Under the numbers of these; of references, only those to one type may be meant.
    With { codes: Vec<&'static str>, only: Option<&'static str> },
}

/// A parameter as this module sees it.
pub struct Candidate {
    pub code: &'static str,
    pub expression: &'static str,
    /// Rows of parameters are alike only when these are equal: how values are indexed and, of composites, the parts.
    pub sort: String,
    pub is_reference: bool,
}

/// Where the rows of each candidate stand, in their order.
pub fn kept(kind: &str, candidates: &[Candidate]) -> Vec<Kept> {
    let sets: Vec<BTreeSet<&str>> =
        candidates.iter().map(|one| branches(one.expression, kind).into_iter().collect()).collect();
    let mut kept = vec![Kept::Own; candidates.len()];
    // Whoever has the fewest values keeps rows; those that are made of others come later.
    let mut order: Vec<usize> = (0..candidates.len()).collect();
    order.sort_by_key(|at| (only_type(&sets[*at]).is_some(), sets[*at].len(), *at));
    let mut owners: Vec<usize> = Vec::new();
    for at in order {
        let candidate = &candidates[at];
        let alike = owners.iter().copied().filter(|owner| candidates[*owner].sort == candidate.sort);
        let typed = only_type(&sets[at]).filter(|_| candidate.is_reference);
        let found = match &typed {
            Some((bases, only)) => cover(bases, alike, &sets).map(|found| (found, Some(*only))),
            None => cover(&sets[at], alike, &sets).map(|found| (found, None)),
        };
        match found {
            Some((found, only)) => {
                let codes = found.into_iter().map(|owner| candidates[owner].code).collect();
                kept[at] = Kept::With { codes, only };
            }
            None => owners.push(at),
        }
    }
    kept
}

/// Some of the owners, whose values together are exactly these.
fn cover(
    wanted: &BTreeSet<&str>,
    owners: impl Iterator<Item = usize>,
    sets: &[BTreeSet<&str>],
) -> Option<Vec<usize>> {
    let (mut found, mut covered) = (Vec::new(), BTreeSet::new());
    for owner in owners.filter(|owner| sets[*owner].is_subset(wanted)) {
        let before = covered.len();
        covered.extend(sets[owner].iter().copied());
        if covered.len() > before {
            found.push(owner);
        }
    }
    (!wanted.is_empty() && covered == *wanted).then_some(found)
}

/// The parts of a union that are about this type, without the parentheses around them.
fn branches<'e>(expression: &'e str, kind: &str) -> Vec<&'e str> {
    let (mut depth, mut start, mut found) = (0, 0, Vec::new());
    for (at, letter) in expression.char_indices() {
        match letter {
            '(' => depth += 1,
            ')' => depth -= 1,
            '|' if depth == 0 => {
                found.push(&expression[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    found.push(&expression[start..]);
    let about = |branch: &&str| {
        let name = branch.split(|letter: char| !letter.is_ascii_alphanumeric()).next().unwrap_or_default();
        name == kind || !r4().is_resource(name)
    };
    found.into_iter().map(bare).filter(about).collect()
}

/// Without the parentheses around the whole.
fn bare(branch: &str) -> &str {
    let branch = branch.trim();
    let inner = branch.strip_prefix('(').and_then(|rest| rest.strip_suffix(')'));
    // `(a).b(c)` begins and ends with parentheses that are not one pair.
    inner.filter(|inner| !inner.contains(['(', ')'])).unwrap_or(branch).trim()
}

/// The references that are meant, and the one type of their targets, where every branch filters by it.
fn only_type<'e>(branches: &BTreeSet<&'e str>) -> Option<(BTreeSet<&'e str>, &'e str)> {
    let parts = |branch: &&'e str| -> Option<(&'e str, &'e str)> {
        branch.strip_suffix(')')?.split_once(".where(resolve() is ")
    };
    let (_, only) = parts(branches.first()?)?;
    let bases = branches.iter().map(|branch| parts(branch).filter(|(_, kind)| *kind == only));
    Some((bases.map(|found| found.map(|(base, _)| base)).collect::<Option<_>>()?, only))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::index::kinds;

    #[test]
    fn rows_that_hl7_names_twice_are_kept_once() {
        let of = |code: &str| kinds()["Observation"].kept(code).unwrap();
        let with = |codes: &[&'static str], only| Kept::With { codes: codes.to_vec(), only };
        assert_eq!(*of("code"), Kept::Own);
        assert_eq!(*of("combo-code"), with(&["code", "component-code"], None));
        assert_eq!(*of("combo-value-quantity"), with(&["component-value-quantity", "value-quantity"], None));
        assert_eq!(*of("patient"), with(&["subject"], Some("Patient")));
        let pairs = ["code-value-quantity", "component-code-value-quantity"];
        assert_eq!(*of("combo-code-value-quantity"), with(&pairs, None));
        assert_eq!(kinds()["Patient"].kept("phonetic"), Some(&with(&["name"], None)));
        assert_eq!(kinds()["Patient"].kept("phone"), Some(&Kept::Own), "only some of telecom");
        let shared = |index: &&crate::index::KindIndex| {
            index.parameters.iter().filter(|one| one.kept != Kept::Own).count()
        };
        let all: usize = kinds().values().map(|index| shared(&index)).sum();
        assert!(all > 60, "{all}");
    }

    #[test]
    fn branches_keep_their_own_parentheses() {
        assert_eq!(
            branches("(Goal.start as date) | Claim.item | (Goal.a | Goal.b).c(d)", "Goal"),
            ["Goal.start as date", "(Goal.a | Goal.b).c(d)"]
        );
    }
}
