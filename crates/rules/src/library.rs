//! The rules of content: compiled once, found by moment and day.

use std::collections::{BTreeMap, BTreeSet};
use yba_content::rules::Moment;
use yba_content::{Content, Day, Problem};
use yba_fhir::json::{Value, json};

use crate::compile::{Compiled, compile};
use crate::limits::RECORDS_MAX;

/// All rules of content, by slug; the editions of each, oldest first.
#[derive(Debug, Default)]
pub struct Library {
    rules: BTreeMap<String, Vec<Compiled>>,
    /// What the lists of diseases to notify say of each that a rule names, oldest first.
    diseases: BTreeMap<String, Vec<(Day, Value)>>,
}

/// A search that the rules want answered, of one patient.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Search<'l> {
    /// As content writes it, and by which it is answered: `Condition?clinical-status=active`.
    pub text: &'l str,
}

impl<'l> Search<'l> {
    /// The type that is searched.
    pub fn kind(&self) -> &'l str {
        self.text.split('?').next().unwrap_or_default()
    }

    /// What is searched besides the type, for these patients (ids with commas between): `patient=1&clinical-status=active&_count=200`.
    pub fn query(&self, patients: &str) -> String {
        let own = self.text.split_once('?').map_or("", |(_, query)| query);
        let mut query = format!("patient={patients}");
        if !own.is_empty() {
            query += &format!("&{own}");
        }
        if !own.contains("_count=") {
            query += &format!("&_count={RECORDS_MAX}");
        }
        query
    }
}

impl Library {
    /// Compiles every rule. Answers all problems at once, each with its file and line.
    pub fn load(content: &Content) -> Result<Library, Vec<Problem>> {
        let (mut library, mut problems) = (Library::default(), Vec::new());
        for rule in content.rules() {
            match compile(content, rule) {
                Ok(compiled) => library.rules.entry(rule.slug.clone()).or_default().push(compiled),
                Err(wrong) => problems.extend(wrong),
            }
            if !rule.notifiable.is_empty() {
                library
                    .diseases
                    .entry(rule.notifiable.clone())
                    .or_insert_with_key(|slug| told(content, slug));
            }
        }
        if problems.is_empty() { Ok(library) } else { Err(problems) }
    }

    /// How many rules are asked on a day.
    pub fn count(&self, on: Day) -> usize {
        self.in_force(on).count()
    }

    /// The rules that are asked at a moment of a day.
    pub(crate) fn at(&self, moment: Moment, on: Day) -> Vec<&Compiled> {
        self.in_force(on).filter(|one| one.rule.moments.contains(&moment)).collect()
    }

    fn in_force(&self, on: Day) -> impl Iterator<Item = &Compiled> {
        let newest = move |editions: &'_ Vec<Compiled>| editions.iter().rposition(|one| one.from() <= on);
        let all = self.rules.values();
        all.filter_map(move |editions| editions.get(newest(editions)?)).filter(|one| !one.rule.ended)
    }

    /// The edition of a rule in force on a day.
    pub(crate) fn edition(&self, slug: &str, on: Day) -> Option<&Compiled> {
        self.rules.get(slug)?.iter().rfind(|one| one.from() <= on)
    }

    /// The slugs of all rules.
    pub fn slugs(&self) -> impl Iterator<Item = &str> {
        self.rules.keys().map(String::as_str)
    }

    pub(crate) fn disease(&self, slug: &str, on: Day) -> Option<&Value> {
        self.diseases.get(slug)?.iter().rfind(|(from, _)| *from <= on).map(|(_, tree)| tree)
    }

    /// Every search that any rule of a moment may want, each under a name of its own: for those who fetch beforehand.
    pub fn searches(&self, moment: Moment, on: Day) -> BTreeMap<String, Search<'_>> {
        let mut named: BTreeMap<String, Search<'_>> = BTreeMap::new();
        let mut known = BTreeSet::new();
        for record in self.at(moment, on).into_iter().flat_map(|one| &one.rule.records) {
            let search = Search { text: &record.expression };
            if !known.insert(search) {
                continue;
            }
            let mut name = record.name.clone();
            let mut number = 1;
            while named.contains_key(&name) {
                number += 1;
                name = format!("{}{number}", record.name);
            }
            named.insert(name, search);
        }
        named
    }
}

/// What each list of diseases to notify says of one of them.
fn told(content: &Content, slug: &str) -> Vec<(Day, Value)> {
    let mut all = Vec::new();
    for list in content.notifiable_editions() {
        let Some(one) = list.of_slug(slug) else { continue };
        let mut tree = json!({"title": one.title.as_str(), "suspected": one.definition.suspected.as_str()});
        let hours = [("suspectedHours", one.suspected_hours), ("diagnosedHours", one.diagnosed_hours)];
        for (name, hours) in hours {
            let object = yba_fhir::json::JsonValueMutTrait::as_object_mut(&mut tree);
            if let (Some(object), Some(hours)) = (object, hours) {
                object.insert(name, hours);
            }
        }
        all.push((list.from, tree));
    }
    all
}
