//! Roles: `roles/<slug>/<first day>.toml`, what its holders may do, interaction by type. `roles/groups.toml` names groups of
//! types. What stands in no file is not permitted.

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
    /// Pairs of interaction and type that are permitted.
    pub permitted: BTreeSet<(&'static str, String)>,
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
    may: Vec<RuleFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleFile {
    #[serde(rename = "do")]
    interactions: Vec<Spanned<String>>,
    #[serde(rename = "with")]
    types: Vec<Spanned<String>>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct GroupFile {
    groups: BTreeMap<String, Vec<Spanned<String>>>,
}

/// The editions of every role by slug, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Roles(BTreeMap<String, Vec<RoleEdition>>);

impl Roles {
    pub(crate) fn load(sources: &Sources, laws: &Laws, report: &mut Report) -> Roles {
        let groups = groups(sources, report);
        let mut all: BTreeMap<String, Vec<RoleEdition>> = BTreeMap::new();
        for slug in sources.folders("roles/") {
            let folder = format!("roles/{slug}/");
            let found = sources.in_folder(&folder, ".toml").filter_map(|source| {
                let from = first_day(source, report)?;
                edition(source, &slug, from, &groups, laws, report)
            });
            let mut editions: Vec<RoleEdition> = found.collect();
            editions.sort_by_key(|one| one.from);
            all.insert(slug, editions);
        }
        Roles(all)
    }

    pub(crate) fn on(&self, slug: &str, day: Day) -> Option<&RoleEdition> {
        self.0.get(slug)?.iter().rev().find(|edition| edition.from <= day)
    }

    pub(crate) fn slugs(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

fn groups(sources: &Sources, report: &mut Report) -> BTreeMap<String, Vec<String>> {
    let Some(source) = sources.get("roles/groups.toml") else { return BTreeMap::new() };
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
    groups
}

fn unknown_type(source: &Source, one: &Spanned<String>, report: &mut Report) {
    let text = format!("{:?} không phải loại tài nguyên FHIR R4 hay tên một nhóm", one.as_ref());
    report.add(&source.path, document::line_of(source, one), text);
}

fn edition(
    source: &Source,
    slug: &str,
    from: Day,
    groups: &BTreeMap<String, Vec<String>>,
    laws: &Laws,
    report: &mut Report,
) -> Option<RoleEdition> {
    let file: RoleFile = document::read(source, report)?;
    laws.check_basis(source, &file.basis, report);
    let mut permitted = BTreeSet::new();
    for rule in &file.may {
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
            let types: &[String] = match groups.get(name) {
                Some(types) => types,
                None if is_one => std::slice::from_ref(name),
                None => {
                    unknown_type(source, one, report);
                    continue;
                }
            };
            for interaction in &interactions {
                permitted.extend(types.iter().map(|kind| (*interaction, kind.clone())));
            }
        }
    }
    let RoleFile { title, second_factor, sure, .. } = file;
    Some(RoleEdition { slug: slug.to_owned(), title, from, second_factor, sure, permitted })
}
