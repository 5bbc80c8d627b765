//! What the pages of reactions show, made of records by pure functions.

use crate::vaccinate::typed_day;
use std::collections::BTreeSet;
use yba_care::reaction::{Draft, Reaction};
use yba_content::Day;
use yba_fhir::DateRange;
use yba_fhir::json::{JsonValueTrait, Value, items, str_at};

/// A dose that may be suspected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dose {
    pub id: String,
    pub words: String,
    /// CVX code, lot and expiry.
    pub vaccine: String,
    pub lot: String,
    pub expiry: String,
    /// Which dose of its series it was, who made it, and a code of v3-RouteOfAdministration.
    pub number: Option<u64>,
    pub maker: String,
    pub route: String,
    /// As it was written (ISO), and its first moment.
    pub given: String,
    pub given_ms: i64,
}

impl Dose {
    pub fn vial(&self) -> (String, String, String) {
        (self.vaccine.clone(), self.lot.clone(), self.expiry.clone())
    }
}

/// A dose that was given; `None` of others.
pub fn dose(tree: &Value) -> Option<Dose> {
    let text = |path: &[&str]| str_at(tree, path).unwrap_or_default().to_owned();
    if str_at(tree, &["status"]) != Some("completed") {
        return None;
    }
    let given = text(&["occurrenceDateTime"]);
    Some(Dose {
        id: text(&["id"]),
        words: text(&["vaccineCode", "text"]),
        vaccine: yba_care::session::dose_cvx(tree),
        lot: text(&["lotNumber"]),
        expiry: text(&["expirationDate"]),
        number: items(tree, "protocolApplied").find_map(|one| one.get("doseNumberPositiveInt")?.as_u64()),
        maker: text(&["manufacturer", "display"]),
        route: tree.get("route").and_then(code).unwrap_or_default().to_owned(),
        given_ms: DateRange::parse(&given)?.start,
        given,
    })
}

/// The first code of a concept.
fn code(concept: &Value) -> Option<&str> {
    items(concept, "coding").find_map(|one| str_at(one, &["code"]))
}

/// The day whose watching this reaction ended, unless another reaction of it stands.
pub fn watched(doses: &[Dose], reactions: &[Reaction], one: &Reaction) -> Option<Day> {
    let day_of = |one: &Reaction| {
        let suspected = doses.iter().filter(|dose| one.doses.contains(&dose.id));
        suspected.map(|dose| dose.given_ms).max().map(Day::of_instant)
    };
    let day = day_of(one)?;
    let mut others = reactions.iter().filter(|other| other.id != one.id && !other.is_mistaken);
    (!others.any(|other| day_of(other) == Some(day))).then_some(day)
}

/// A form that nobody has sent: the named doses stand chosen; without names those of the last day.
pub fn fresh(doses: &[Dose], named: &BTreeSet<String>, form: String) -> Draft {
    let last = doses.iter().map(|one| one.given_ms).max().map(Day::of_instant);
    let is_last = |one: &&Dose| match named.is_empty() {
        true => Some(Day::of_instant(one.given_ms)) == last,
        false => named.contains(&one.id),
    };
    Draft {
        doses: doses.iter().filter(is_last).map(|one| one.id.clone()).collect(),
        form,
        ..Draft::default()
    }
}

/// `08:40`, `08:40 23/11/2026`, `23/11/2026 8h40`, `23/11/2026` as ISO; what is none of these stays as it was typed. An hour alone is today's.
pub fn moment(typed: &str, today: Day) -> String {
    let parts: Vec<&str> = typed.split_whitespace().collect();
    let (mut day, mut hour) = (None, None);
    for part in &parts {
        match (clock(part), typed_day(part)) {
            (Some(found), _) if hour.is_none() => hour = Some(found),
            (None, Some(found)) if day.is_none() => day = Some(found),
            _ => return typed.to_owned(),
        }
    }
    match (day, hour) {
        (day, Some((hour, minute))) => format!("{}T{hour:02}:{minute:02}:00+07:00", day.unwrap_or(today)),
        (Some(day), None) => day.to_string(),
        (None, None) => typed.to_owned(),
    }
}

/// `8:40`, `08h40`, `8h`.
fn clock(text: &str) -> Option<(u32, u32)> {
    let (hour, minute) = text.split_once([':', 'h', 'H', 'g'])?;
    let minute = if minute.is_empty() { 0 } else { minute.parse().ok()? };
    let hour = hour.parse().ok()?;
    (hour < 24 && minute < 60).then_some((hour, minute))
}

/// What a posted form says.
pub fn draft(pairs: &[(String, String)], patient: &str, doses: &[Dose], today: Day) -> Draft {
    let value = |name: &str| {
        let found = pairs.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.trim().to_owned()).unwrap_or_default()
    };
    let chosen = pairs.iter().filter(|(key, _)| key == "mui").map(|(_, id)| id);
    Draft {
        patient: patient.to_owned(),
        // Of this child, not of whoever a form may name.
        doses: chosen.filter(|id| doses.iter().any(|one| one.id == **id)).cloned().collect(),
        kind: value("loai"),
        words: value("mo-ta"),
        began: moment(&value("luc"), today),
        gravity: value("muc-do"),
        end: value("dien-bien"),
        handled: value("xu-tri"),
        is_serious: !value("nang").is_empty(),
        form: value("phieu"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_read_as_people_write_them() {
        let today = Day::parse("2026-11-23").unwrap();
        for (typed, iso) in [
            ("08:40", "2026-11-23T08:40:00+07:00"),
            ("8h40", "2026-11-23T08:40:00+07:00"),
            ("8h", "2026-11-23T08:00:00+07:00"),
            ("08:40 22/11/2026", "2026-11-22T08:40:00+07:00"),
            ("22/11/2026 8:40", "2026-11-22T08:40:00+07:00"),
            ("22/11/2026", "2026-11-22"),
            ("25:00", "25:00"),
            ("sáng nay", "sáng nay"),
            ("", ""),
        ] {
            assert_eq!(moment(typed, today), iso, "{typed}");
        }
    }
}
