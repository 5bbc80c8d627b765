//! What the pages of chronic care show, made of records by pure functions.

use yba_content::{Day, Programme};
use yba_fhir::json::{JsonValueTrait, Value, items, number_text, str_at};
use yba_fhir::view::Patient;
use yba_recall::list::Called;
use yba_recall::{Next, Standing};
use yba_ui::format;

/// Which of a programme's people are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// Expected within a week, or late.
    Expected,
    Late,
    All,
}

impl Part {
    pub const EACH: [Part; 3] = [Part::Expected, Part::Late, Part::All];
    /// Days ahead that are shown as expected.
    const AHEAD: i64 = 7;

    /// As an address says it.
    pub fn code(self) -> &'static str {
        match self {
            Part::Expected => "hen",
            Part::Late => "tre",
            Part::All => "tat-ca",
        }
    }

    pub fn of(code: &str) -> Option<Part> {
        Part::EACH.into_iter().find(|one| one.code() == code)
    }

    pub fn words(self) -> &'static str {
        match self {
            Part::Expected => "Đến hẹn",
            Part::Late => "Quá hẹn",
            Part::All => "Đang quản lý",
        }
    }

    pub fn has(self, called: &Called, today: Day) -> bool {
        match self {
            Part::All => true,
            Part::Late => called.is_late(today),
            Part::Expected => called
                .asked
                .iter()
                .any(|one| one.due().is_some_and(|due| due <= today.plus_days(Part::AHEAD))),
        }
    }
}

/// One person of the list.
#[derive(Debug)]
pub(crate) struct Line {
    pub patient: String,
    pub name: String,
    pub sex: String,
    pub birth: String,
    pub village: String,
    pub phone: String,
    /// The day of the appointment; empty when nobody made one.
    pub due: String,
    pub standing: Standing,
    /// Days since then.
    pub days: i64,
}

/// A person of the list with their name, which only a read of their record tells.
pub(crate) fn line(called: &Called, patient: Option<&Value>, today: Day) -> Line {
    let next = called.asked.first().map(|one| one.next);
    let (number, due) = match next {
        Some(Next::Wanted { number, due, .. }) => (number, Some(due)),
        _ => (0, None),
    };
    let record = patient.map(Patient);
    Line {
        patient: called.patient.clone(),
        name: record.and_then(|one| one.name()).unwrap_or_else(|| "chưa rõ tên".to_owned()),
        sex: record.and_then(|one| one.gender()).unwrap_or_default().to_owned(),
        birth: record.and_then(|one| one.birth_date()).unwrap_or_default().to_owned(),
        village: called.village.clone(),
        phone: record.and_then(|one| one.phones().next()).unwrap_or_default().to_owned(),
        due: due.filter(|_| number > 0).map(|due| due.to_string()).unwrap_or_default(),
        standing: next.map_or(Standing::Waiting, |next| next.on(today)),
        days: due.map_or(0, |due| today.days_since_epoch() - due.days_since_epoch()),
    }
}

/// One earlier visit beside the form: a day and a value for each thing the programme shows.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Earlier {
    pub day: String,
    pub values: Vec<String>,
    /// The visit, when this room wrote it down: it may be taken back.
    pub visit: Option<String>,
    pub is_today: bool,
}

/// Earlier visits that are shown.
const EARLIER_MAX: usize = 6;

/// The latest visits by what was observed, newest first. Observations of one Encounter stand in one line, those without
/// an Encounter by their day.
pub(crate) fn earlier(programme: &Programme, observations: &[Value], today: Day) -> Vec<Earlier> {
    let mut all: Vec<(String, Earlier)> = Vec::new();
    for one in observations {
        let Some(at) = programme.shown.iter().position(|shown| has_code(one, &shown.system, &shown.code))
        else {
            continue;
        };
        let when = str_at(one, &["effectiveDateTime"]).unwrap_or_default();
        let day = format::date(when);
        let visit = str_at(one, &["encounter", "reference"]).unwrap_or_default();
        let key = if visit.is_empty() { day.clone() } else { visit.to_owned() };
        let place = all.iter().position(|(known, _)| *known == key).unwrap_or_else(|| {
            let own = visit.strip_prefix("Encounter/").filter(|id| id.starts_with("lk-")).map(str::to_owned);
            let is_today =
                yba_fhir::DateRange::parse(when).is_some_and(|range| Day::of_instant(range.start) == today);
            let values = vec![String::new(); programme.shown.len()];
            all.push((key, Earlier { day, values, visit: own, is_today }));
            all.len() - 1
        });
        let value = &mut all[place].1.values[at];
        if value.is_empty() {
            *value = words(one);
        }
    }
    all.into_iter().map(|(_, one)| one).take(EARLIER_MAX).collect()
}

fn has_code(observation: &Value, system: &str, code: &str) -> bool {
    let concept = observation.get("code");
    let mut codings = concept.into_iter().flat_map(|concept| items(concept, "coding"));
    codings.any(|one| str_at(one, &["system"]) == Some(system) && str_at(one, &["code"]) == Some(code))
}

/// A value as people say it: `134/82 mmHg`, `56,5 kg`, `có`.
fn words(observation: &Value) -> String {
    if let Some(quantity) = observation.get("valueQuantity") {
        return quantity_words(quantity);
    }
    if let Some(yes) = observation.get("valueBoolean").and_then(|value| value.as_bool()) {
        return if yes { "có" } else { "không" }.to_owned();
    }
    if let Some(concept) = observation.get("valueCodeableConcept") {
        let coded = items(concept, "coding").find_map(|one| str_at(one, &["display"]));
        return str_at(concept, &["text"]).or(coded).unwrap_or_default().to_owned();
    }
    if let Some(text) = str_at(observation, &["valueString"]) {
        return text.to_owned();
    }
    // Two pressures, of one unit.
    let parts: Vec<&Value> =
        items(observation, "component").filter_map(|one| one.get("valueQuantity")).collect();
    let numbers: Vec<String> =
        parts.iter().filter_map(|one| one.get("value").and_then(number_text)).collect();
    let unit = parts.first().and_then(|one| str_at(one, &["unit"])).unwrap_or_default();
    match numbers.is_empty() {
        true => String::new(),
        false => format::quantity(&numbers.join("/"), unit),
    }
}

fn quantity_words(quantity: &Value) -> String {
    let number = quantity.get("value").and_then(number_text).unwrap_or_default();
    format::quantity(&format::number(&number), str_at(quantity, &["unit"]).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use yba_content::Content;
    use yba_fhir::json::json;

    fn observation(code: (&str, &str), encounter: &str, when: &str, value: (&str, Value)) -> Value {
        let mut tree = json!({"resourceType": "Observation", "effectiveDateTime": when,
            "code": {"coding": [{"system": code.0, "code": code.1}]}});
        if !encounter.is_empty() {
            tree["encounter"] = json!({"reference": format!("Encounter/{encounter}").as_str()});
        }
        tree[value.0] = value.1;
        tree
    }

    #[test]
    fn what_was_observed_at_one_visit_stands_in_one_line() {
        let (content, today) = (Content::built_in(), Day::parse("2026-03-30").unwrap());
        let programme = content.programme("hypertension", today).unwrap();
        let quantity = |value: Value, unit: &str| json!({"value": value, "unit": unit});
        let pressure = json!([{"valueQuantity": quantity(json!(134), "mmHg")}, {"valueQuantity": quantity(json!(82), "mmHg")}]);
        let (loinc, own) = ("http://loinc.org", "https://yba.vn/fhir/CodeSystem/observation");
        let found = earlier(
            programme,
            &[
                observation((loinc, "85354-9"), "lk-1", "2026-03-30T09:00:00+07:00", ("component", pressure)),
                observation(
                    (loinc, "29463-7"),
                    "lk-1",
                    "2026-03-30T09:00:00+07:00",
                    ("valueQuantity", quantity(json!(56.5), "kg")),
                ),
                observation(
                    (own, "blood-pressure-controlled"),
                    "lk-1",
                    "2026-03-30T09:00:00+07:00",
                    ("valueBoolean", json!(true)),
                ),
                observation(
                    (loinc, "29463-7"),
                    "",
                    "2026-02-01",
                    ("valueQuantity", quantity(json!(57), "kg")),
                ),
                observation(
                    (loinc, "8867-4"),
                    "lk-1",
                    "2026-03-30T09:00:00+07:00",
                    ("valueQuantity", quantity(json!(80), "/min")),
                ),
            ],
            today,
        );
        let lines: Vec<String> = found
            .iter()
            .map(|one| format!("{} {:?} {:?} {}", one.day, one.values, one.visit, one.is_today))
            .map(|line| line.replace("\\u{202f}", " "))
            .collect();
        assert_eq!(
            lines,
            [
                r#"30/03/2026 ["134/82 mmHg", "56,5 kg", "có"] Some("lk-1") true"#,
                r#"01/02/2026 ["", "57 kg", ""] None false"#,
            ]
        );
    }
}
