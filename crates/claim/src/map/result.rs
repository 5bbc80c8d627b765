//! Observation and DiagnosticReport: rows of XML4. Results of one service at one time make one report.
//! <https://hl7.org/fhir/R4/diagnosticreport.html>

use super::build::{LOINC, Tree, coding, concept, number, number_of, quantity, reference, system};
use super::service::Service;
use super::{Scene, row_keys};
use crate::table::Row;
use crate::value::{Decimal, Moment};
use yba_content::{Indicator, LabMatch, UnitFit};
use yba_fhir::json::{Value, json};

/// What names a row: service, indicator, result time.
pub(crate) const KEY: &[&str] = &["MA_DICH_VU", "MA_CHI_SO", "TEN_CHI_SO", "NGAY_KQ"];

/// Rows of one report.
struct Group<'r, 'c> {
    service: Option<&'r str>,
    at: Option<&'r str>,
    rows: Vec<(&'r Row<'c>, String)>,
}

pub(crate) fn map(scene: &Scene<'_, '_>, services: &[Service], own: &mut Vec<Value>) {
    let rows = scene.visit.rows("XML4");
    let mut groups: Vec<Group<'_, '_>> = Vec::new();
    for (row, key) in rows.iter().zip(row_keys(rows, KEY)) {
        let (service, at) = (row.text("MA_DICH_VU"), row.text("NGAY_KQ"));
        match groups.iter_mut().find(|group| (group.service, group.at) == (service, at)) {
            Some(group) => group.rows.push((row, key)),
            None => groups.push(Group { service, at, rows: vec![(row, key)] }),
        }
    }
    for group in &groups {
        report(scene, group, services, own);
    }
}

fn report(scene: &Scene<'_, '_>, group: &Group<'_, '_>, services: &[Service], own: &mut Vec<Value>) {
    let at = group.at.and_then(Moment::parse);
    let service = ordered(services, group.service, at);
    let mut results = Vec::new();
    for (row, key) in &group.rows {
        if row.text("GIA_TRI").is_some() {
            let id = scene.id("observation", key);
            own.push(observation(scene, row, &id, service, at));
            results.push(reference("Observation", &id));
        }
    }
    let (first, _) = group.rows[0];
    let id = scene
        .id("report", &format!("{}|{}", group.service.unwrap_or_default(), group.at.unwrap_or_default()));
    let mut report = Tree::resource("DiagnosticReport", &id, &scene.source("XML4", first.number));
    let texts = |column| group.rows.iter().filter_map(move |(row, _)| row.text(column));
    for text in texts("MO_TA") {
        report.extend("mo-ta", "valueString", text);
    }
    if let Some(service) = service {
        report.put("basedOn", json!([reference("ServiceRequest", &service.request_id)]));
    }
    report.put("status", "final");
    report.put("category", json!([concept(vec![section(service)], None)]));
    report.put("code", report_code(group, service, first));
    report.put("subject", scene.subject());
    report.put("encounter", scene.encounter());
    report.put("effectiveDateTime", at.unwrap_or(scene.ended).date_time().as_str());
    if let Some(Moment::Minute(..)) = at {
        report.put_some("issued", at.map(Moment::date_time).as_deref());
    }
    report.put("performer", json!([scene.facility()]));
    let mut readers: Vec<&str> = Vec::new();
    for code in
        group.rows.iter().flat_map(|(row, _)| row.list("MA_BS_DOC_KQ")).filter_map(super::party::licence)
    {
        if !readers.contains(&code) {
            readers.push(code);
        }
    }
    report.put_all("resultsInterpreter", readers.into_iter().map(|code| scene.practitioner(code)).collect());
    report.put_all("result", results);
    let conclusion: Vec<&str> = texts("KET_LUAN").collect();
    if !conclusion.is_empty() {
        report.put("conclusion", conclusion.join("\n").as_str());
    }
    own.push(report.finish());
}

/// The ordered service a result answers to: the same code, at the same result time if there are several.
fn ordered<'s>(services: &'s [Service], code: Option<&str>, at: Option<Moment>) -> Option<&'s Service> {
    let code = code?;
    let same = |service: &&Service| service.code == code;
    let exact = services.iter().filter(same).find(|service| service.result_at == at);
    exact.or_else(|| services.iter().find(same))
}

fn section(service: Option<&Service>) -> Value {
    let (code, words) = match service.map(|service| service.group.as_str()) {
        Some("2") => ("RAD", "Chẩn đoán hình ảnh"),
        Some("3") => ("OTH", "Thăm dò chức năng"),
        _ => ("LAB", "Xét nghiệm"),
    };
    coding("http://terminology.hl7.org/CodeSystem/v2-0074", code, Some(words))
}

fn report_code(group: &Group<'_, '_>, service: Option<&Service>, first: &Row<'_>) -> Value {
    let name = service.and_then(|service| service.name.as_deref()).or(first.text("TEN_CHI_SO"));
    let codings = group.service.map(|code| coding(&system("bhyt-dvkt"), code, name)).into_iter().collect();
    concept(codings, Some(name.unwrap_or("Kết quả cận lâm sàng")))
}

fn observation(
    scene: &Scene<'_, '_>,
    row: &Row<'_>,
    id: &str,
    service: Option<&Service>,
    at: Option<Moment>,
) -> Value {
    let (value, unit) = split_unit(row.text("GIA_TRI").unwrap_or_default(), row.text("DON_VI_DO"));
    let indicator = Indicator {
        facility: &scene.visit.facility,
        code: row.text("MA_CHI_SO").unwrap_or_default(),
        name: row.text("TEN_CHI_SO").unwrap_or_default(),
        unit: unit.unwrap_or_default(),
        service: row.text("MA_DICH_VU").unwrap_or_default(),
    };
    let known = scene.content.lab_match(&indicator, scene.visit.day);
    let mut observation = Tree::resource("Observation", id, &scene.source("XML4", row.number));
    let measured = measure(scene, value, unit, known.as_ref());
    if let Some(original) = &measured.original {
        observation.extend("gia-tri-goc", "valueString", original.as_str());
    }
    if let Some(service) = service {
        observation.put("basedOn", json!([reference("ServiceRequest", &service.request_id)]));
    }
    observation.put("status", "final");
    let imaging = service.is_some_and(|service| service.group == "2");
    let category = if imaging { "imaging" } else { "laboratory" };
    let categories = "http://terminology.hl7.org/CodeSystem/observation-category";
    observation.put("category", json!([concept(vec![coding(categories, category, None)], None)]));
    observation.put("code", code(scene, &indicator, known.as_ref()));
    observation.put("subject", scene.subject());
    observation.put("encounter", scene.encounter());
    observation.put("effectiveDateTime", at.unwrap_or(scene.ended).date_time().as_str());
    observation.put("performer", json!([scene.facility()]));
    observation.put(measured.element, measured.value);
    observation.finish()
}

/// Our test's LOINC code and Vietnamese name when the map knows it, and always the laboratory's own code.
fn code(scene: &Scene<'_, '_>, indicator: &Indicator<'_>, known: Option<&LabMatch<'_>>) -> Value {
    let mut codings = Vec::new();
    // A test of the catalogue without a sure LOINC code goes by its name.
    if let Some(known) = known.filter(|known| !known.test.loinc.is_empty()) {
        codings.push(coding(LOINC, &known.test.loinc, Some(&known.test.name)));
    }
    let name = Some(indicator.name).filter(|name| !name.is_empty());
    if !indicator.code.is_empty() {
        let own = system(&format!("bhyt-chi-so/{}", scene.visit.facility));
        codings.push(coding(&own, indicator.code, name));
    }
    let words = known.map(|known| known.test.name.as_str()).or(name).unwrap_or(indicator.code);
    concept(codings, Some(words))
}

struct Measured {
    element: &'static str,
    value: Value,
    /// Value and unit as the laboratory wrote them, when they were converted.
    original: Option<String>,
}

fn measure(scene: &Scene<'_, '_>, value: &str, unit: Option<&str>, known: Option<&LabMatch<'_>>) -> Measured {
    let as_written = || match unit {
        Some(unit) => format!("{value} {unit}"),
        None => value.to_owned(),
    };
    let text =
        || Measured { element: "valueString", value: Value::from(as_written().as_str()), original: None };
    let Some((comparator, amount)) = amount(value) else { return text() };
    let sized = |number: Value, unit: &str, ucum: &str, original| {
        let mut size = quantity(number, unit, ucum);
        size.put_some("comparator", comparator);
        Measured { element: "valueQuantity", value: size.finish(), original }
    };
    match known {
        Some(known) if known.test.ucum.is_empty() => text(),
        Some(known) => match known.unit {
            UnitFit::Same | UnitFit::Assumed => {
                sized(number(amount), &known.test.unit, &known.test.ucum, None)
            }
            UnitFit::Convert(conversion) => match conversion
                .apply(&amount.to_string())
                .and_then(|text| number_of(&text))
            {
                Some(converted) => sized(converted, &known.test.unit, &known.test.ucum, Some(as_written())),
                None => text(),
            },
            UnitFit::Unknown => text(),
        },
        None => match unit.and_then(|unit| Some((unit, scene.content.ucum(unit)?))) {
            Some((unit, ucum)) => sized(number(amount), unit, ucum, None),
            None => {
                let mut size = Tree::new();
                size.put("value", number(amount));
                size.put_some("comparator", comparator);
                size.put_some("unit", unit);
                Measured { element: "valueQuantity", value: size.finish(), original: None }
            }
        },
    }
}

/// A number with an optional comparator: `5.6`, `<5`, `>= 100`, `5,6` (a comma followed by three digits could part
/// thousands, so it is left as text).
fn amount(text: &str) -> Option<(Option<&'static str>, Decimal)> {
    const COMPARATORS: &[(&str, &str)] =
        &[("<=", "<="), (">=", ">="), ("≤", "<="), ("≥", ">="), ("<", "<"), (">", ">")];
    let found = COMPARATORS.iter().find_map(|(sign, code)| Some((*code, text.strip_prefix(sign)?)));
    let (comparator, digits) = found.map_or((None, text), |(code, rest)| (Some(code), rest.trim_start()));
    let plain = match digits.split_once(',') {
        Some((whole, fraction)) if fraction.len() != 3 && !digits.contains('.') => {
            format!("{whole}.{fraction}")
        }
        _ => digits.to_owned(),
    };
    Some((comparator, Decimal::parse(&plain)?))
}

/// Files of QĐ 4210 have no column for the unit, so systems wrote it behind the value.
fn split_unit<'a>(value: &'a str, unit: Option<&'a str>) -> (&'a str, Option<&'a str>) {
    let value = value.trim();
    if unit.is_some() {
        return (value, unit);
    }
    match value.split_once(' ') {
        Some((number, rest)) if amount(number).is_some() && !rest.trim().is_empty() => {
            let rest = rest.trim();
            if rest.starts_with(|first: char| first.is_ascii_digit()) {
                (value, None)
            } else {
                (number, Some(rest))
            }
        }
        _ => (value, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_as_laboratories_write_them() {
        let read = |text| amount(text).map(|(sign, value)| format!("{}{value}", sign.unwrap_or_default()));
        assert_eq!(read("5.60").as_deref(), Some("5.60"));
        assert_eq!(read("5,6").as_deref(), Some("5.6"));
        assert_eq!(read("< 5").as_deref(), Some("<5"));
        assert_eq!(read("≥100").as_deref(), Some(">=100"));
        for text in ["Âm tính", "1,234", "1-2", "1:80", "", "<", "5.6 mmol/L"] {
            assert_eq!(read(text), None, "{text}");
        }
        assert_eq!(split_unit("5.6 mmol/L", None), ("5.6", Some("mmol/L")));
        assert_eq!(split_unit("Âm tính (-)", None), ("Âm tính (-)", None));
        assert_eq!(split_unit("5 10", None), ("5 10", None));
        assert_eq!(split_unit("5.6 x", Some("g/L")), ("5.6 x", Some("g/L")));
    }
}
