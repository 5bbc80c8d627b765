//! The printed sheets that content brings: found by what they print and its day.

use crate::paper::Paper;
use crate::typeset::Job;
use std::collections::BTreeMap;
use std::sync::Arc;
use yba_content::{Content, Day, PrintEdition, PrintOf};
use yba_fhir::json::{Value, json, to_string};

/// All printed sheets.
#[derive(Debug, Clone)]
pub struct Library(Arc<Held>);

#[derive(Debug)]
struct Held {
    /// By slug and day.
    editions: Vec<PrintEdition>,
    /// Templates that others take from, by name.
    shared: BTreeMap<String, String>,
    /// What laws are called by their numbers.
    numbers: BTreeMap<String, String>,
}

impl Library {
    /// Of content, which was checked.
    pub fn of(content: &Content) -> Library {
        let numbers = content.laws().map(|law| (law.slug.clone(), law.number.clone())).collect();
        let shared = content.print_templates().iter().cloned().collect();
        Library(Arc::new(Held { editions: content.prints().to_vec(), shared, numbers }))
    }

    /// Every edition.
    pub fn editions(&self) -> &[PrintEdition] {
        &self.0.editions
    }

    /// The sheet for this thing on this day: one that names it goes before one for all of its kind; of each, the edition
    /// in force. None before the first.
    pub fn edition(&self, of: PrintOf, slug: &str, on: Day) -> Option<&PrintEdition> {
        let in_force = |named: bool| {
            let fits = |one: &&PrintEdition| {
                let is_named = one.only.iter().any(|only| only.text == slug);
                one.of == of && one.from <= on && (is_named == named) && (named || one.only.is_empty())
            };
            self.0.editions.iter().filter(fits).max_by_key(|one| one.from)
        };
        in_force(true).or_else(|| in_force(false))
    }

    /// The numbers of laws by their slugs, our own lists left out.
    pub fn basis(&self, slugs: &[String]) -> Vec<String> {
        let known = slugs.iter().filter(|slug| *slug != "yba").filter_map(|slug| self.0.numbers.get(slug));
        known.cloned().collect()
    }

    /// The job of printing a register or a report.
    pub fn job_of(&self, paper: &Paper, printed_ms: i64) -> Option<Job> {
        let of = if paper.is_report { PrintOf::Reports } else { PrintOf::Registers };
        let edition = self.edition(of, &paper.slug, paper.days.0)?;
        Some(self.job(edition, paper.data(), printed_ms))
    }

    /// The job of printing this with a sheet.
    pub fn job(&self, edition: &PrintEdition, mut data: Value, printed_ms: i64) -> Job {
        let signatures = edition.signatures.iter();
        let signatures: Vec<Value> =
            signatures.map(|one| json!({"role": one.role.as_str(), "note": one.note.as_str()})).collect();
        data["signatures"] = Value::from(signatures);
        data["sheet_uncertain"] = Value::from(edition.uncertain.as_str());
        let at = yba_ui::format::date_time(&yba_fhir::date::instant(printed_ms));
        data["printed"] = Value::from(at.as_str());
        let mut files = self.0.shared.clone();
        let main = format!("{}/{}.typ", edition.slug, edition.from);
        files.insert(main.clone(), edition.template.clone());
        Job { files, main, data: to_string(&data).unwrap_or_default(), at_ms: printed_ms }
    }
}
