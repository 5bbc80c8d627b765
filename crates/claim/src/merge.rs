//! What several visits say about one patient of one facility becomes one Patient. The newest visit speaks; older
//! visits fill what it leaves open; numbers are gathered. The order in which files come does not matter, except that
//! of two visits ending in the same minute the later import speaks.

use crate::map::{array, extension_url};
use crate::value::Moment;
use yba_fhir::json::{
    JsonContainerTrait, JsonValueMutTrait, JsonValueTrait, Object, Value, items, ordered, str_at,
};
use yba_fhir::text::fold;

/// The two ways a visit may go into what is there.
pub(crate) struct Merged {
    /// When a newer visit is already here: only what was open is filled.
    pub as_older: Value,
    /// When this is the newest visit.
    pub as_newest: Value,
}

impl Merged {
    /// Whether it matters which visit is the newest.
    pub(crate) fn depends(&self) -> bool {
        self.as_older != self.as_newest
    }
}

/// Merges a Patient as a visit states it into the Patient that is there.
pub(crate) fn patient(current: &Value, stated: &Value, encounter_id: &str) -> Merged {
    let mut older = members(current);
    withdraw_death(&mut older, stated, encounter_id);
    let mut newest = older.clone();
    for (key, value) in members(stated).iter() {
        match key {
            "resourceType" | "id" => {}
            // Where the record came from last; alone it makes no version.
            "meta" => {
                older.insert(key, value.clone());
                newest.insert(key, value.clone());
            }
            "identifier" => gather(&mut older, &mut newest, key, value, same_identifier),
            "extension" => gather(&mut older, &mut newest, key, value, same_extension),
            "name" => name(&mut older, &mut newest, value),
            "birthDate" | "_birthDate" => {}
            _ => {
                if !older.contains_key(&key) {
                    older.insert(key, value.clone());
                }
                newest.insert(key, value.clone());
            }
        }
    }
    birth(&mut older, &mut newest, stated);
    Merged { as_older: ordered(&Value::from(older)), as_newest: ordered(&Value::from(newest)) }
}

/// Merges something that is replaced as a whole, such as a Coverage.
pub(crate) fn whole(current: &Value, stated: &Value) -> Merged {
    let same = without_server_fields(current) == without_server_fields(stated);
    let newest = if same { current.clone() } else { stated.clone() };
    Merged { as_older: current.clone(), as_newest: newest }
}

/// Fills a Practitioner's name when it becomes known; everything else there is left alone.
pub(crate) fn practitioner(current: &Value, stated: &Value) -> Option<Value> {
    let name = stated.get("name").filter(|_| current.get("name").is_none())?;
    let mut filled = members(current);
    filled.insert("name", name.clone());
    Some(ordered(&Value::from(filled)))
}

fn members(resource: &Value) -> Object {
    let mut object = Object::new();
    for (key, value) in resource.as_object().into_iter().flat_map(|object| object.iter()) {
        object.insert(key, value.clone());
    }
    if let Some(meta) = object.get_mut(&"meta").and_then(|meta| meta.as_object_mut()) {
        meta.remove(&"versionId");
        meta.remove(&"lastUpdated");
    }
    object
}

/// A tree without `meta`, for comparing contents.
pub(crate) fn without_server_fields(resource: &Value) -> Value {
    let mut object = members(resource);
    object.remove(&"meta");
    Value::from(object)
}

fn same_identifier(left: &Value, right: &Value) -> bool {
    str_at(left, &["system"]) == str_at(right, &["system"])
        && str_at(left, &["value"]) == str_at(right, &["value"])
}

fn same_extension(left: &Value, right: &Value) -> bool {
    str_at(left, &["url"]) == str_at(right, &["url"])
}

fn gather(
    older: &mut Object,
    newest: &mut Object,
    key: &str,
    stated: &Value,
    same: fn(&Value, &Value) -> bool,
) {
    let current: Vec<Value> = list(older, key);
    let (mut filled, mut replaced) = (current.clone(), current);
    for one in stated.as_array().into_iter().flat_map(|array| array.iter()) {
        match filled.iter().position(|known| same(known, one)) {
            Some(at) => {
                // A card shown without its dates takes nothing away from what is known of it.
                let poorer = one.as_object().map(|object| object.len())
                    < replaced[at].as_object().map(|object| object.len());
                if !poorer {
                    replaced[at] = one.clone();
                }
            }
            None => {
                filled.push(one.clone());
                replaced.push(one.clone());
            }
        }
    }
    older.insert(key, array(filled));
    newest.insert(key, array(replaced));
}

fn list(object: &Object, key: &str) -> Vec<Value> {
    let found = object.get(&key).and_then(|value| value.as_array());
    found.map(|array| array.iter().cloned().collect()).unwrap_or_default()
}

/// A name is kept with its marks: the same name without accents, or in capitals, is a poorer spelling of it.
fn name(older: &mut Object, newest: &mut Object, stated: &Value) {
    let text = |names: &Value| names.get(0).and_then(|name| str_at(name, &["text"]).map(str::to_owned));
    let current = older.get(&"name").and_then(text);
    match (current, text(stated)) {
        (Some(current), Some(new)) if fold(&current) == fold(&new) => {
            if richness(&new) > richness(&current) {
                older.insert("name", stated.clone());
                newest.insert("name", stated.clone());
            }
        }
        (Some(_), _) => {
            newest.insert("name", stated.clone());
        }
        (None, _) => {
            older.insert("name", stated.clone());
            newest.insert("name", stated.clone());
        }
    }
}

/// Marks first, then small letters; then the text itself, so that the choice never depends on order.
fn richness(name: &str) -> (usize, usize, &str) {
    let marked = name.chars().filter(|letter| !letter.is_ascii()).count();
    (marked, name.chars().filter(|letter| letter.is_lowercase()).count(), name)
}

/// A more exact date of the same year fills a coarser one, whichever visit said it.
fn birth(older: &mut Object, newest: &mut Object, stated: &Value) {
    let Some(new) = str_at(stated, &["birthDate"]) else { return };
    let current = older.get(&"birthDate").and_then(|date| date.as_str()).map(str::to_owned);
    let take = |object: &mut Object| {
        object.insert("birthDate", Value::from(new));
        match stated.get("_birthDate") {
            Some(time) => {
                object.insert("_birthDate", time.clone());
            }
            None => {
                object.remove(&"_birthDate");
            }
        }
    };
    match current {
        None => {
            take(older);
            take(newest);
        }
        Some(current) if current == new => {
            if let Some(time) = stated.get("_birthDate") {
                for object in [older, newest] {
                    object.insert("_birthDate", time.clone());
                }
            }
        }
        Some(current) if new.starts_with(current.as_str()) => {
            take(older);
            take(newest);
        }
        Some(current) if current.starts_with(new) => {}
        Some(_) => take(newest),
    }
}

/// A death that this visit stated and no longer states is withdrawn.
fn withdraw_death(object: &mut Object, stated: &Value, encounter_id: &str) {
    if stated.get("deceasedDateTime").is_some() {
        return;
    }
    let url = extension_url("stated-by");
    let reference = format!("Encounter/{encounter_id}");
    let here = object.get(&"_deceasedDateTime").is_some_and(|extra| {
        items(extra, "extension").any(|one| {
            str_at(one, &["url"]) == Some(&url)
                && str_at(one, &["valueReference", "reference"]) == Some(&reference)
        })
    });
    if here {
        object.remove(&"deceasedDateTime");
        object.remove(&"_deceasedDateTime");
    }
}

/// The identity numbers an Encounter states.
pub(crate) fn stated_numbers(encounter: &Value) -> Vec<Value> {
    let url = extension_url("stated-identifier");
    items(encounter, "extension")
        .filter(|one| str_at(one, &["url"]) == Some(&url))
        .filter_map(|one| one.get("valueIdentifier").cloned())
        .collect()
}

/// The numbers of `before` that `after` no longer has.
pub(crate) fn dropped(before: &[Value], after: &[Value]) -> Vec<Value> {
    before.iter().filter(|one| !after.iter().any(|other| same_identifier(one, other))).cloned().collect()
}

/// Takes numbers away from a Patient.
pub(crate) fn without_numbers(patient: &Value, numbers: &[Value]) -> Value {
    let mut object = members(patient);
    let mut kept = list(&object, "identifier");
    kept.retain(|one| !numbers.iter().any(|number| same_identifier(one, number)));
    object.insert("identifier", array(kept));
    ordered(&Value::from(object))
}

/// Whether day and month of two birth dates are exchanged.
pub(crate) fn exchanged(left: &str, right: &str) -> bool {
    let compact = |text: &str| text.replace('-', "");
    let (left, right) = (compact(left), compact(right));
    if left.len() != 8 || right.len() != 8 || left == right {
        return false;
    }
    let turned = format!("{}{}{}", &left[..4], &left[6..8], &left[4..6]);
    turned == right && Moment::parse(&turned).is_some()
}

/// The resource marked as entered in error: for a row that is gone from a corrected file.
pub(crate) fn entered_in_error(resource: &Value) -> Value {
    let mut object = members(resource);
    if str_at(resource, &["resourceType"]) == Some("Condition") {
        let system = "http://terminology.hl7.org/CodeSystem/condition-ver-status";
        object.insert(
            "verificationStatus",
            yba_fhir::json::json!({"coding": [{"system": system, "code": "entered-in-error"}]}),
        );
        object.remove(&"clinicalStatus");
    } else {
        object.insert("status", Value::from("entered-in-error"));
    }
    ordered(&Value::from(object))
}

#[cfg(test)]
mod tests {
    use super::*;
    use yba_fhir::json::json;

    fn stated(name: &str, birth: &str, number: &str) -> Value {
        json!({
            "resourceType": "Patient", "id": "p", "meta": {"source": "urn:x"},
            "identifier": [{"system": "cccd", "value": number}],
            "name": [{"use": "official", "text": name}],
            "birthDate": birth
        })
    }

    #[test]
    fn the_newest_speaks_and_older_ones_fill() {
        let current = stated("Lò Thị Mẫu", "1990", "1");
        let merged = patient(&current, &stated("LO THI MAU", "1990-03-15", "2"), "e");
        assert!(!merged.depends());
        assert_eq!(str_at(&merged.as_older, &["birthDate"]), Some("1990-03-15"));
        assert_eq!(merged.as_older.get("identifier").unwrap().as_array().unwrap().len(), 2);
        assert_eq!(merged.as_older.get("name").unwrap(), current.get("name").unwrap());
        let other = patient(&current, &stated("Lò Thị Mai", "1991", "1"), "e");
        assert!(other.depends());
        assert_eq!(str_at(&other.as_newest, &["birthDate"]), Some("1991"));
        assert_eq!(str_at(&other.as_older, &["birthDate"]), Some("1990"));
    }

    #[test]
    fn merging_again_changes_nothing() {
        let current = stated("Lo Thi Mau", "1990", "1");
        let once = patient(&current, &stated("Lò Thị Mẫu", "1990-03-15", "2"), "e").as_newest;
        let twice = patient(&once, &stated("Lò Thị Mẫu", "1990-03-15", "2"), "e");
        assert!(!twice.depends());
        assert_eq!(without_server_fields(&twice.as_newest), without_server_fields(&once));
    }

    #[test]
    fn a_death_is_withdrawn_only_by_the_visit_that_stated_it() {
        let url = extension_url("stated-by");
        let dead = json!({"resourceType": "Patient", "deceasedDateTime": "2026-01-01",
            "_deceasedDateTime": {"extension": [{"url": url.as_str(), "valueReference": {"reference": "Encounter/e"}}]}});
        let alive = stated("A", "1990", "1");
        assert!(patient(&dead, &alive, "e").as_older.get("deceasedDateTime").is_none());
        assert!(patient(&dead, &alive, "f").as_newest.get("deceasedDateTime").is_some());
    }

    #[test]
    fn exchanged_day_and_month_is_noticed() {
        assert!(exchanged("1990-03-12", "1990-12-03"));
        for (left, right) in [
            ("1990-03-15", "1990-03-15"),
            ("1990", "1990-01-01"),
            ("1990-03-03", "1990-03-03"),
            ("1990-03-12", "1991-12-03"),
        ] {
            assert!(!exchanged(left, right), "{left} {right}");
        }
    }
}
