//! Drugs over all facilities: what is still being taken by the prescriptions, and what was given lately.

use super::model::{ByType, add_once};
use super::read::{self, Places};
use std::collections::{HashMap, HashSet};
use yba_fhir::json::{JsonValueTrait, Value, at, items, str_at};
use yba_fhir::text::fold;
use yba_ui::format;

/// How far back a drug counts as recent, in days.
const RECENT_DAYS: i64 = 365;

/// One drug by its name, its latest prescription first.
#[derive(Debug, Clone, PartialEq)]
pub struct Drug {
    pub name: String,
    pub dose: String,
    pub quantity: String,
    pub last: String,
    /// The day the supply of the latest prescription ends, when that can be told.
    pub until: String,
    /// By the prescription it is still being taken today.
    pub running: bool,
    /// Prescriptions within the last year.
    pub times: usize,
    pub origins: Vec<String>,
}

/// Drugs of the last year, running ones first, out of prescriptions and of dispenses without one.
pub fn of<'a>(
    requests: impl Iterator<Item = &'a Value>,
    dispenses: impl Iterator<Item = &'a Value>,
    places: &Places<'a>,
    today: &str,
) -> Vec<Drug> {
    let now = format::day_number(today).unwrap_or(i64::MAX);
    let mut by_name: HashMap<String, Drug> = HashMap::new();
    let recent =
        |one: &&Value| format::day_number(read::when(one)).is_some_and(|day| now - day <= RECENT_DAYS);
    for one in requests.filter(recent).chain(dispenses.filter(recent)) {
        add(&mut by_name, one, read::words_at(one, "medicationCodeableConcept"), places, now);
    }
    let mut drugs: Vec<Drug> = by_name.into_values().collect();
    drugs.sort_by(|a, b| (b.running, day(b)).cmp(&(a.running, day(a))).then_with(|| a.name.cmp(&b.name)));
    drugs
}

/// Takes away the dispenses that a prescription tells of, so that a drug is not counted twice.
pub fn drop_prescribed(sorted: &mut ByType) {
    let prescribed = Prescribed::of(sorted.get("MedicationRequest").map_or(&[], Vec::as_slice));
    if let Some(dispenses) = sorted.get_mut("MedicationDispense") {
        dispenses.retain(|one| !prescribed.covers(one));
    }
}

/// What was prescribed, to tell which dispenses stand alone.
pub struct Prescribed<'a> {
    ids: HashSet<&'a str>,
    by_visit: HashMap<&'a str, Vec<&'a Value>>,
}

impl<'a> Prescribed<'a> {
    pub fn of(requests: &[&'a Value]) -> Prescribed<'a> {
        let mut by_visit: HashMap<&str, Vec<&Value>> = HashMap::new();
        for one in requests {
            by_visit.entry(read::encounter(one).unwrap_or("")).or_default().push(one);
        }
        Prescribed { ids: requests.iter().map(|one| read::id(one)).collect(), by_visit }
    }

    /// The dispense's own prescription is here, or one of the same visit names the drug.
    pub fn covers(&self, dispense: &Value) -> bool {
        let name = |one: &Value| fold(&read::words_at(one, "medicationCodeableConcept"));
        if read::prescription(dispense).is_some_and(|id| self.ids.contains(id)) {
            return true;
        }
        let same_visit = read::encounter(dispense).and_then(|visit| self.by_visit.get(visit));
        let wanted = name(dispense);
        same_visit.is_some_and(|requests| requests.iter().any(|one| name(one) == wanted))
    }
}

fn day(drug: &Drug) -> &str {
    drug.last.get(..10).unwrap_or(&drug.last)
}

fn add<'a>(by_name: &mut HashMap<String, Drug>, one: &'a Value, name: String, places: &Places<'a>, now: i64) {
    let when = read::when(one);
    if name.is_empty() {
        return;
    }
    let drug = by_name.entry(fold(&name)).or_insert_with(|| Drug {
        name: String::new(),
        dose: String::new(),
        quantity: String::new(),
        last: String::new(),
        until: String::new(),
        running: false,
        times: 0,
        origins: Vec::new(),
    });
    drug.times += 1;
    let end = supply_end(one, when);
    drug.running |= end.is_some_and(|end| end >= now) && str_at(one, &["status"]) != Some("stopped");
    add_once(&mut drug.origins, places.name(one));
    if when >= drug.last.as_str() {
        drug.name = name;
        drug.last = when.to_string();
        drug.dose = dose(one);
        drug.quantity = quantity(one);
        drug.until = end.map(day_text).unwrap_or_default();
    }
}

/// Dosage as one sentence.
pub fn dose(one: &Value) -> String {
    let texts: Vec<&str> = items(one, "dosageInstruction")
        .filter_map(|dosage| str_at(dosage, &["text"]).or_else(|| str_at(dosage, &["patientInstruction"])))
        .collect();
    texts.join("; ")
}

/// «60 viên».
pub fn quantity(one: &Value) -> String {
    let quantity = at(one, &["dispenseRequest", "quantity"]).or_else(|| one.get("quantity"));
    let Some(quantity) = quantity else { return String::new() };
    let value = read::value_of(quantity).unwrap_or_default();
    let plain = value.strip_suffix(".0").or_else(|| value.strip_suffix(".00")).unwrap_or(&value);
    let unit = read::unit_of(quantity).to_lowercase();
    if plain.is_empty() {
        String::new()
    } else {
        format!("{} {unit}", format::number(plain)).trim_end().to_string()
    }
}

/// The last day of the supply as a day number.
fn supply_end(one: &Value, when: &str) -> Option<i64> {
    let by_period = str_at(one, &["dispenseRequest", "validityPeriod", "end"]).or_else(|| {
        items(one, "dosageInstruction").find_map(|d| str_at(d, &["timing", "repeat", "boundsPeriod", "end"]))
    });
    if let Some(end) = by_period {
        return format::day_number(end);
    }
    let days = at(one, &["dispenseRequest", "expectedSupplyDuration"])
        .or_else(|| one.get("daysSupply"))
        .or_else(|| {
            items(one, "dosageInstruction").find_map(|d| at(d, &["timing", "repeat", "boundsDuration"]))
        })
        .and_then(|duration| duration.get("value"))
        .and_then(|value| value.as_f64())?;
    Some(format::day_number(when)? + days.ceil().clamp(0.0, 3650.0) as i64)
}

fn day_text(day: i64) -> String {
    format::iso_day(day)
}
