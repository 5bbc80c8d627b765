//! A draft as a Patient and a RelatedPerson. What the form does not show stays as it was, and so does what was not changed on it.

use super::check::{Draft, KIN};
use super::typed::{EXTENSION, NATIONALITY, Typed};
use yba_content::Content;
use yba_fhir::json::{JsonContainerTrait, JsonValueMutTrait, Value, items, json, str_at};
use yba_fhir::text::tidy;
use yba_mpi::identifier::SID;
use yba_mpi::temporary::TemporaryCode;
use yba_terminology::communes::{Commune, NEW, OLD};

/// Whom the record belongs to.
pub(super) struct Facility {
    /// MA_CSKCB.
    pub code: String,
    /// Id of its Organization, when there is one.
    pub organization: Option<String>,
}

/// A new Patient.
pub(super) fn patient(
    typed: &Typed,
    draft: &Draft,
    content: &Content,
    facility: Option<&Facility>,
    temporary: Option<&TemporaryCode>,
) -> Value {
    let mut patient = changed(json!({"resourceType": "Patient"}), &Typed::default(), typed, draft, content);
    if let Some(code) = temporary {
        let code = json!({"use": "temp", "system": format!("{SID}ma-tam").as_str(), "value": code.to_string().as_str()});
        append(&mut patient, "identifier", code);
    }
    if let Some(facility) = facility {
        let managing = match &facility.organization {
            Some(id) => json!({"reference": format!("Organization/{id}").as_str()}),
            None => {
                json!({"identifier": {"system": format!("{SID}cskcb").as_str(), "value": facility.code.as_str()}})
            }
        };
        put(&mut patient, "managingOrganization", managing);
    }
    patient
}

/// The Patient with what was changed on the form since `before`.
pub(super) fn changed(
    mut patient: Value,
    before: &Typed,
    typed: &Typed,
    draft: &Draft,
    content: &Content,
) -> Value {
    if before.name != typed.name || typed.name.is_empty() {
        replace(
            &mut patient,
            "name",
            |one| str_at(one, &["use"]) != Some("old"),
            Some(json!({"use": "official", "text": draft.name.as_str()})),
        );
    }
    if before.sex != typed.sex {
        put(&mut patient, "gender", json!(draft.sex.as_str()));
    }
    if before.birth != typed.birth {
        match &draft.birth {
            Some(birth) => put(&mut patient, "birthDate", json!(birth.as_str())),
            None => remove(&mut patient, "birthDate"),
        }
        remove(&mut patient, "_birthDate");
    }
    identifiers(&mut patient, before, typed, draft);
    for (slug, was, is, found) in [
        ("dan-toc", &before.ethnic, &typed.ethnic, &draft.ethnic),
        ("nghe-nghiep", &before.job, &typed.job, &draft.job),
    ] {
        if was != is {
            let coding = found.as_ref().map(|(code, display)| {
                let system = format!("https://yba.vn/fhir/CodeSystem/{slug}");
                json!({"url": format!("{EXTENSION}{slug}").as_str(), "valueCoding": {"system": system.as_str(), "code": code.as_str(), "display": display.as_str()}})
            });
            extend(&mut patient, &format!("{EXTENSION}{slug}"), coding);
        }
    }
    if before.nation != typed.nation {
        extend(&mut patient, NATIONALITY, nation(&typed.nation));
    }
    for (slug, was, is) in [
        ("ma-ho-gia-dinh", &before.household, &typed.household),
        ("quan-he-chu-ho", &before.householder, &typed.householder),
    ] {
        if was != is {
            let url = format!("{EXTENSION}{slug}");
            let text = some(is).map(|text| json!({"url": url.as_str(), "valueString": text.as_str()}));
            extend(&mut patient, &url, text);
        }
    }
    if before.phone != typed.phone {
        telecom(&mut patient, "phone", draft.phone.as_deref());
    }
    if before.email != typed.email {
        telecom(&mut patient, "email", some(&typed.email).as_deref());
    }
    for (kind, was, is, commune) in [
        ("home", (&before.commune, &before.line), (&typed.commune, &typed.line), &draft.home),
        (
            "temp",
            (&before.stay_commune, &before.stay_line),
            (&typed.stay_commune, &typed.stay_line),
            &draft.stay,
        ),
    ] {
        if was != is {
            let address = address(kind, commune.as_ref(), is.1, content);
            replace(&mut patient, "address", |one| str_at(one, &["use"]) == Some(kind), address);
        }
    }
    patient
}

/// Numbers in force. One that is replaced stays as an old one, so that its bearer is still found by it.
fn identifiers(patient: &mut Value, before: &Typed, typed: &Typed, draft: &Draft) {
    let papers = before.issued != typed.issued || before.issuer != typed.issuer;
    let cards = before.card_from != typed.card_from || before.card_to != typed.card_to;
    let period = |start: &Option<String>, end: &Option<String>| {
        let mut period = json!({});
        for (key, day) in [("start", start), ("end", end)] {
            if let Some(day) = day {
                put(&mut period, key, json!(day.as_str()));
            }
        }
        period
    };
    if before.number != typed.number || papers {
        let about = (period(&draft.issued, &None), some(&typed.issuer));
        number(patient, "cccd", draft.number.as_deref(), "official", Some(about));
    }
    if before.cmnd != typed.cmnd {
        number(patient, "cmnd", draft.cmnd.as_deref(), "old", None);
    }
    if before.passport != typed.passport {
        number(patient, "ho-chieu", draft.passport.as_deref(), "official", None);
    }
    if before.card != typed.card || cards {
        let about = (period(&draft.card_from, &draft.card_to), None);
        number(patient, "bhyt", draft.card.as_deref(), "usual", Some(about));
        let insured = draft.insured.as_deref();
        let value = insured.map(|value| json!({"system": format!("{SID}bhxh").as_str(), "value": value}));
        replace(patient, "identifier", |one| is_of(one, "bhxh"), value);
    }
}

fn is_of(identifier: &Value, slug: &str) -> bool {
    str_at(identifier, &["system"]).and_then(|system| system.strip_prefix(SID)) == Some(slug)
}

/// Sets the number of a kind: those before it become old.
fn number(
    patient: &mut Value,
    slug: &str,
    value: Option<&str>,
    usage: &str,
    about: Option<(Value, Option<String>)>,
) {
    let mut kept: Vec<Value> = Vec::new();
    for one in items(patient, "identifier") {
        let mut one = one.clone();
        match is_of(&one, slug) {
            true if str_at(&one, &["value"]) == value => continue,
            true => put(&mut one, "use", json!("old")),
            false => {}
        }
        kept.push(one);
    }
    if let Some(value) = value {
        let mut fresh = json!({"use": usage, "system": format!("{SID}{slug}").as_str(), "value": value});
        if let Some((period, issuer)) = about {
            if period.as_object().is_some_and(|period| !period.is_empty()) {
                put(&mut fresh, "period", period);
            }
            if let Some(issuer) = issuer {
                put(&mut fresh, "assigner", json!({"display": issuer.as_str()}));
            }
        }
        kept.insert(0, fresh);
    }
    list(patient, "identifier", kept);
}

fn nation(text: &str) -> Option<Value> {
    let text = some(text)?;
    let concept = match yba_fhir::text::fold(&text).as_str() {
        "viet nam" => {
            json!({"coding": [{"system": "https://yba.vn/fhir/CodeSystem/quoc-tich", "code": "000", "display": "Việt Nam"}], "text": "Việt Nam"})
        }
        _ => json!({"text": text.as_str()}),
    };
    Some(json!({"url": NATIONALITY, "extension": [{"url": "code", "valueCodeableConcept": concept}]}))
}

/// Both generations of an old commune whose successor is certain; the text says what people read.
fn address(kind: &str, commune: Option<&Commune>, line: &str, content: &Content) -> Option<Value> {
    let line = some(line);
    let mut address = json!({"use": kind, "country": "VN"});
    let mut words: Vec<String> = line.iter().cloned().collect();
    if let Some(line) = &line {
        put(&mut address, "line", json!([line.as_str()]));
    }
    if let Some(one) = commune {
        let unit = |list: &str, code: &str, name: &str| {
            let system = format!("{SID}{list}");
            json!({"url": format!("{EXTENSION}admin-unit").as_str(), "valueCoding": {"system": system.as_str(), "code": code, "display": name}})
        };
        let mut units = vec![unit(if one.is_new { NEW } else { OLD }, &one.code, &one.name)];
        if let [successor] = one.new.as_slice()
            && let Some(new) = content.unit(successor)
        {
            units.push(unit(NEW, successor, &new.name));
        }
        list(&mut address, "extension", units);
        put(&mut address, "city", json!(one.name.as_str()));
        if !one.district.is_empty() {
            put(&mut address, "district", json!(one.district.as_str()));
        }
        put(&mut address, "state", json!(one.province.as_str()));
        words.extend(
            [one.name.clone(), one.district.clone(), one.province.clone()]
                .into_iter()
                .filter(|word| !word.is_empty()),
        );
    }
    if words.is_empty() {
        return None;
    }
    put(&mut address, "text", json!(words.join(", ").as_str()));
    Some(address)
}

fn telecom(resource: &mut Value, system: &str, value: Option<&str>) {
    let value = value.map(|value| json!({"system": system, "value": value}));
    replace(resource, "telecom", |one| str_at(one, &["system"]) == Some(system), value);
}

/// The kin of the form; `None` when there is none. `base` is the RelatedPerson as it was.
pub(super) fn kin(base: Option<Value>, patient: &str, typed: &Typed, draft: &Draft) -> Option<Value> {
    let name = some(&typed.kin_name)?;
    let mut kin = base.unwrap_or_else(|| json!({"resourceType": "RelatedPerson", "active": true}));
    put(&mut kin, "patient", json!({"reference": patient}));
    put(&mut kin, "name", json!([{"use": "official", "text": name.as_str()}]));
    let role = |code: &str, words: &str| json!({"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-RoleCode", "code": code}], "text": words});
    let mut roles: Vec<Value> = Vec::new();
    if let Some((code, words)) = KIN.iter().find(|(code, _)| !code.is_empty() && *code == typed.kin_relation)
    {
        roles.push(role(code, words));
    }
    if typed.guardian == "1" {
        roles.push(role("GUARD", "Người giám hộ"));
    }
    list(&mut kin, "relationship", roles);
    telecom(&mut kin, "phone", draft.kin_phone.as_deref());
    number(&mut kin, "cccd", draft.kin_number.as_deref(), "official", None);
    Some(kin)
}

fn some(text: &str) -> Option<String> {
    let text = tidy(text);
    (!text.is_empty()).then_some(text)
}

fn put(object: &mut Value, key: &str, value: Value) {
    if let Some(members) = object.as_object_mut() {
        members.insert(key, value);
    }
}

fn remove(object: &mut Value, key: &str) {
    if let Some(members) = object.as_object_mut() {
        members.remove(&key);
    }
}

/// An array, or nothing when it is empty.
fn list(object: &mut Value, key: &str, values: Vec<Value>) {
    match values.is_empty() {
        true => remove(object, key),
        false => put(object, key, values.into_iter().collect()),
    }
}

fn append(object: &mut Value, key: &str, value: Value) {
    let mut values: Vec<Value> = items(object, key).cloned().collect();
    values.push(value);
    list(object, key, values);
}

/// The items of a list that are meant give way to one, or to none.
fn replace(object: &mut Value, key: &str, is_meant: impl Fn(&Value) -> bool, value: Option<Value>) {
    let others = items(object, key).filter(|one| !is_meant(one)).cloned();
    let values: Vec<Value> = value.into_iter().chain(others).collect();
    list(object, key, values);
}

fn extend(resource: &mut Value, url: &str, value: Option<Value>) {
    replace(resource, "extension", |one| str_at(one, &["url"]) == Some(url), value);
}
