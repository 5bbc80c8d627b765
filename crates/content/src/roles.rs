//! Roles: `roles/<slug>/<first day>.toml`, what its holders may do, interaction by type, and how far that reaches.
//! `roles/groups.toml` names groups of types, and the labels of sensitive records. What stands in no file is not permitted.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use toml::Spanned;
use yba_fhir::Day;
use yba_fhir::defs::r4;

use crate::codes::first_day;
use crate::document;
use crate::law::{Laws, Sure};
use crate::problem::Report;
use crate::source::{Source, Sources};

/// What can be done with a type, as role files write it: the interactions of FHIR and the looks of our own door.
pub const INTERACTIONS: [&str; 10] =
    ["read", "history", "search", "meta", "everything", "export", "explain", "create", "update", "delete"];

/// Types of our own that a role may name beside those of FHIR.
pub const OWN_TYPES: [&str; 1] = ["YbaAccount"];

/// Whose records an interaction reaches; a role file says it for each rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reach {
    /// Those of the persons that the account is for.
    Own,
    /// Those of persons with a tie to the place for which the role was granted.
    Tied,
    /// Everybody's.
    Province,
}

impl Reach {
    const WORDS: [(&'static str, Reach); 3] =
        [("own", Reach::Own), ("tied", Reach::Tied), ("province", Reach::Province)];
}

/// One edition of a role.
#[derive(Debug, Clone)]
pub struct RoleEdition {
    pub slug: String,
    /// What people call it: «Bác sĩ».
    pub title: String,
    /// The first day in force.
    pub from: Day,
    /// Whoever holds it signs in with a second factor.
    pub second_factor: bool,
    pub sure: Sure,
    /// How far each pair of interaction and type reaches that is permitted.
    pub permitted: BTreeMap<(&'static str, String), Reach>,
    /// The sensitive labels whose records its holders see.
    pub sensitive: BTreeSet<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RoleFile {
    title: String,
    basis: Vec<Spanned<String>>,
    sure: Sure,
    #[serde(default)]
    second_factor: bool,
    #[serde(default)]
    sensitive: Vec<Spanned<String>>,
    #[serde(default)]
    may: Vec<RuleFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleFile {
    #[serde(rename = "do")]
    interactions: Vec<Spanned<String>>,
    #[serde(rename = "with")]
    types: Vec<Spanned<String>>,
    /// How far it reaches: `tied`, unless it says otherwise.
    reach: Option<Spanned<String>>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct GroupFile {
    groups: BTreeMap<String, Vec<Spanned<String>>>,
    /// Codes of security labels whose records only roles see that name them.
    #[serde(default)]
    sensitive: Vec<String>,
}

/// What all role files may name.
#[derive(Debug, Default)]
struct Names {
    groups: BTreeMap<String, Vec<String>>,
    sensitive: BTreeSet<String>,
}

/// The editions of every role by slug, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Roles {
    editions: BTreeMap<String, Vec<RoleEdition>>,
    names: Names,
}

impl Roles {
    pub(crate) fn load(sources: &Sources, laws: &Laws, report: &mut Report) -> Roles {
        let names = names(sources, report);
        let mut all: BTreeMap<String, Vec<RoleEdition>> = BTreeMap::new();
        for slug in sources.folders("roles/") {
            let folder = format!("roles/{slug}/");
            let found = sources.in_folder(&folder, ".toml").filter_map(|source| {
                let from = first_day(source, report)?;
                edition(source, &slug, from, &names, laws, report)
            });
            let mut editions: Vec<RoleEdition> = found.collect();
            editions.sort_by_key(|one| one.from);
            all.insert(slug, editions);
        }
        Roles { editions: all, names }
    }

    pub(crate) fn on(&self, slug: &str, day: Day) -> Option<&RoleEdition> {
        self.editions.get(slug)?.iter().rev().find(|edition| edition.from <= day)
    }

    pub(crate) fn slugs(&self) -> impl Iterator<Item = &str> {
        self.editions.keys().map(String::as_str)
    }

    pub(crate) fn sensitive(&self) -> &BTreeSet<String> {
        &self.names.sensitive
    }
}

fn names(sources: &Sources, report: &mut Report) -> Names {
    let Some(source) = sources.get("roles/groups.toml") else { return Names::default() };
    let file: GroupFile = document::read(source, report).unwrap_or_default();
    let mut groups = BTreeMap::new();
    for (name, types) in file.groups {
        let mut known = Vec::new();
        for one in types {
            match r4().is_resource(one.as_ref()) {
                true => known.push(one.into_inner()),
                false => unknown_type(source, &one, report),
            }
        }
        groups.insert(name, known);
    }
    Names { groups, sensitive: file.sensitive.into_iter().collect() }
}

fn unknown_type(source: &Source, one: &Spanned<String>, report: &mut Report) {
    let text = format!("{:?} không phải loại tài nguyên FHIR R4 hay tên một nhóm", one.as_ref());
    report.add(&source.path, document::line_of(source, one), text);
}

fn edition(
    source: &Source,
    slug: &str,
    from: Day,
    names: &Names,
    laws: &Laws,
    report: &mut Report,
) -> Option<RoleEdition> {
    let file: RoleFile = document::read(source, report)?;
    laws.check_basis(source, &file.basis, report);
    let mut permitted: BTreeMap<(&'static str, String), Reach> = BTreeMap::new();
    for rule in &file.may {
        let reach = reach(source, rule, report);
        let mut interactions = Vec::new();
        for one in &rule.interactions {
            match INTERACTIONS.iter().find(|known| **known == one.as_ref()) {
                Some(known) => interactions.push(*known),
                None => {
                    let text = format!("{:?} không có; chỉ có: {}", one.as_ref(), INTERACTIONS.join(", "));
                    report.add(&source.path, document::line_of(source, one), text);
                }
            }
        }
        for one in &rule.types {
            let name: &String = one.as_ref();
            let is_one = r4().is_resource(name) || OWN_TYPES.contains(&name.as_str());
            let types: &[String] = match names.groups.get(name) {
                Some(types) => types,
                None if is_one => std::slice::from_ref(name),
                None => {
                    unknown_type(source, one, report);
                    continue;
                }
            };
            for interaction in &interactions {
                for kind in types {
                    let known = permitted.entry((*interaction, kind.clone())).or_insert(reach);
                    *known = reach.max(*known);
                }
            }
        }
    }
    let mut sensitive = BTreeSet::new();
    for label in &file.sensitive {
        match names.sensitive.contains(label.as_ref()) {
            true => drop(sensitive.insert(label.as_ref().clone())),
            false => {
                let known: Vec<&str> = names.sensitive.iter().map(String::as_str).collect();
                let text =
                    format!("{:?} không phải nhãn nhạy cảm; chỉ có: {}", label.as_ref(), known.join(", "));
                report.add(&source.path, document::line_of(source, label), text);
            }
        }
    }
    let RoleFile { title, second_factor, sure, .. } = file;
    Some(RoleEdition { slug: slug.to_owned(), title, from, second_factor, sure, permitted, sensitive })
}

/// How far a rule reaches.
fn reach(source: &Source, rule: &RuleFile, report: &mut Report) -> Reach {
    let Some(word) = &rule.reach else { return Reach::Tied };
    match Reach::WORDS.iter().find(|(known, _)| *known == word.as_ref()) {
        Some((_, reach)) => *reach,
        None => {
            let known = Reach::WORDS.map(|(known, _)| known).join(", ");
            let text = format!("{:?} không có; chỉ có: {known}", word.as_ref());
            report.add(&source.path, document::line_of(source, word), text);
            Reach::Own
        }
    }
}
