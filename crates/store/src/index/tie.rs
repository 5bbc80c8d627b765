//! Who has a tie to which place, and which places a person bars: rows by which a [`crate::Scope`] narrows what is seen
//! (decision of 2026-11-22, who may see whom). They stand among the composites ([`schema::PAIR`]), with the patient in
//! `code` and the place in `system`, under three numbers of their own ([`TIE`], [`BAR`], [`PERMIT`]).
//!
//! A place is the relative address of an Organization, or an administrative unit as `system|code`.

use super::{Numbers, Rows, bounded, position};
use crate::db::{Value as Cell, schema};
use yba_fhir::DateRange;
use yba_fhir::json::{JsonValueTrait, Value, items, str_at};

/// "This person is cared for there, or lives there."
pub const TIE: &str = "~tie";
/// "That place may not see this person": while `low` to `high` lasts, records with the label in `text`, or all.
pub const BAR: &str = "~bar";
/// "That place may see this person's records with the label in `text`."
pub const PERMIT: &str = "~permit";
/// The place of a bar that is for everyone.
pub const EVERYWHERE: &str = "*";

/// What each row is called in the table of numbers.
pub const NAMES: [&str; 3] = [TIE, BAR, PERMIT];

/// The parameter by which a type says where a person is cared for, and the status that says it is not so.
const CARE: [(&str, &str, &[&str]); 4] = [
    ("Patient", "organization", &[]),
    ("Encounter", "service-provider", &["cancelled", "entered-in-error"]),
    ("EpisodeOfCare", "organization", &["cancelled", "entered-in-error"]),
    ("ServiceRequest", "performer", &["revoked", "entered-in-error"]),
];
/// How the extension of an address ends that names its administrative unit.
const UNIT: &str = "/admin-unit";

/// Adds the rows of a resource that has the rows of its parameters.
pub(super) fn index(tree: &Value, kind: &str, id: &str, numbers: &Numbers, rows: &mut Rows) {
    if let Some((_, code, not)) = CARE.iter().find(|(one, ..)| *one == kind)
        && !str_at(tree, &["status"]).is_some_and(|status| not.contains(&status))
    {
        // A Patient that names another is no care of that one.
        let patients = match kind {
            "Patient" => vec![id.to_owned()],
            _ => rows.patients().into_iter().map(str::to_owned).collect(),
        };
        ties(tree, (kind, code), &patients, numbers, rows);
    }
    if kind == "Consent" {
        consent(tree, numbers, rows);
    }
}

/// Patient and place of the ties among the rows.
pub(crate) fn ties_of<'a>(rows: &'a Rows, numbers: &Numbers) -> Vec<(&'a str, &'a str)> {
    let tie = Cell::Int(numbers.named(TIE));
    let text = |cell: &'a Cell| if let Cell::Text(text) = cell { text.as_str() } else { "" };
    let ties = rows.rows(position(&schema::PAIR)).filter(|cells| cells[0] == tie);
    ties.map(|cells| (text(&cells[1]), text(&cells[2]))).collect()
}

/// Whether one of the rows is a bar.
pub(crate) fn has_bar(rows: &Rows, numbers: &Numbers) -> bool {
    let bar = Cell::Int(numbers.named(BAR));
    rows.rows(position(&schema::PAIR)).any(|cells| cells[0] == bar)
}

fn ties(tree: &Value, (kind, code): (&str, &str), patients: &[String], numbers: &Numbers, rows: &mut Rows) {
    let under = numbers.parameter(kind, code);
    let is_place = |cells: &&[Cell]| matches!(cells[0], Cell::Int(p) if under.contains(&p));
    let mut places: Vec<String> = rows
        .rows(position(&schema::REFERENCE))
        .filter(is_place)
        .filter_map(|cells| if let Cell::Text(target) = &cells[1] { Some(target.clone()) } else { None })
        .filter(|target| target.starts_with("Organization/"))
        .collect();
    if kind == "Patient" {
        places.extend(homes(tree));
    }
    let p = numbers.named(TIE);
    for patient in patients {
        places.iter().for_each(|place| add(p, patient, place, "", ALWAYS, rows));
    }
}

/// The places to which a Patient's own record ties its person: who keeps it, and where they live now.
pub fn places_of(patient: &Value) -> impl Iterator<Item = String> {
    let keeper = str_at(patient, &["managingOrganization", "reference"]);
    let keeper = keeper.filter(|target| target.starts_with("Organization/")).map(bounded);
    keeper.into_iter().chain(homes(patient))
}

/// The administrative units where somebody lives now.
fn homes(patient: &Value) -> impl Iterator<Item = String> {
    items(patient, "address").filter(|one| str_at(one, &["use"]) != Some("old")).flat_map(units)
}

/// The administrative units of an address: since the reform of 2025 many name the old one and the new.
fn units(address: &Value) -> impl Iterator<Item = String> {
    let named = items(address, "extension")
        .filter(|one| str_at(one, &["url"]).is_some_and(|url| url.ends_with(UNIT)));
    named.filter_map(|extension| {
        let coding = extension.get("valueCoding")?;
        let system = str_at(coding, &["system"]).unwrap_or_default();
        Some(bounded(&format!("{system}|{}", str_at(coding, &["code"])?)))
    })
}

/// Before and after everything.
const ALWAYS: (f64, f64) = (0.0, 0.0);

/// What narrows a rule of a Consent to some records or acts, which nobody here can tell from others.
const NARROWED: [&str; 6] = ["action", "purpose", "class", "code", "dataPeriod", "data"];

/// One rule of a Consent, as far as it is understood here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule<'a> {
    /// It hides; else it shows.
    pub is_bar: bool,
    /// Relative addresses of Organizations, or [`EVERYWHERE`] alone.
    pub places: Vec<&'a str>,
    /// Security labels of the records it is about; none: all records.
    pub labels: Vec<&'a str>,
    /// While it lasts; always when there is none.
    pub span: Option<DateRange>,
}

/// What the rules of a Consent say of places, whatever its status. A rule that forbids counts wherever it stands and whatever
/// narrows it, one that permits only as the root and when it is wholly understood: what is not may hide something, and
/// shows nothing. <https://hl7.org/fhir/R4/consent.html>
pub fn rules(consent: &Value) -> Vec<Rule<'_>> {
    let mut open: Vec<(&Value, bool)> =
        consent.get("provision").map(|root| (root, true)).into_iter().collect();
    let mut rules = Vec::new();
    while let Some((provision, is_root)) = open.pop() {
        open.extend(items(provision, "provision").map(|one| (one, false)));
        rules.extend(rule(provision, is_root));
    }
    rules
}

fn rule(provision: &Value, is_root: bool) -> Option<Rule<'_>> {
    let is_bar = match str_at(provision, &["type"]) {
        Some("deny") => true,
        Some("permit") if is_root => false,
        _ => return None,
    };
    let places: Vec<&str> =
        items(provision, "actor").filter_map(|actor| str_at(actor, &["reference", "reference"])).collect();
    // Of whom a rule speaks otherwise (a role, a person), nobody here can tell: a bar is for everyone then.
    let is_placed = places.iter().any(|place| place.starts_with("Organization/"));
    let places = if is_placed { places } else { vec![EVERYWHERE] };
    let labels: Vec<&str> =
        items(provision, "securityLabel").filter_map(|label| str_at(label, &["code"])).collect();
    let end = |end: &str| str_at(provision, &["period", end]);
    let span = DateRange::period(end("start"), end("end"));
    let is_lasting = end("start").is_none() && end("end").is_none();
    let is_understood = !NARROWED.iter().any(|name| provision.get(name).is_some())
        && !labels.is_empty()
        && (span.is_some() || is_lasting);
    (is_bar || is_understood).then_some(Rule { is_bar, places, labels, span })
}

/// The rows of a Consent in force.
fn consent(tree: &Value, numbers: &Numbers, rows: &mut Rows) {
    let patients: Vec<String> = rows.patients().into_iter().map(str::to_owned).collect();
    if str_at(tree, &["status"]) != Some("active") {
        return;
    }
    for rule in rules(tree) {
        let p = numbers.named(if rule.is_bar { BAR } else { PERMIT });
        let span = rule.span.map_or(ALWAYS, |span| (span.start as f64, span.end as f64));
        let labels = if rule.labels.is_empty() { vec![""] } else { rule.labels };
        for patient in &patients {
            for place in &rule.places {
                labels.iter().for_each(|label| add(p, patient, place, label, span, rows));
            }
        }
    }
}

fn add(p: i64, patient: &str, place: &str, label: &str, (low, high): (f64, f64), rows: &mut Rows) {
    let row = [
        Cell::Int(p),
        Cell::Text(bounded(patient)),
        Cell::Text(bounded(place)),
        Cell::Real(low),
        Cell::Real(high),
        Cell::Text(bounded(label)),
        Cell::from(""),
    ];
    rows.add(position(&schema::PAIR), row);
}
