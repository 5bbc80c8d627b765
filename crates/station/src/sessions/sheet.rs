//! A day of vaccination on paper: its lots with what was thrown away, and everybody of its list.

use super::model::{Counts, Line, State, Used};
use super::{Open, patient_of, rules};
use crate::print::{Shape, answer, place};
use crate::{Station, answered, own_facility, roll};
use axum::extract::Path;
use axum::response::Response;
use std::collections::BTreeMap;
use yba_care::session::{CHILDREN_MAX, Stage};
use yba_content::PrintOf;
use yba_fhir::Outcome;
use yba_fhir::json::{JsonValueTrait, Value, items, str_at};
use yba_fhir::view::Patient;
use yba_print::session::{self as paper, Child, Lot, Session};
use yba_records::Ctx;
use yba_web::{Asking, error};

pub(super) async fn printed(
    Asking { room: station, ctx, id }: Asking<Station>,
    Path(session): Path<String>,
) -> Response {
    let made = async {
        let open = Open::of(&station, &ctx, &session).await?;
        let name = format!("buoi-tiem-{}", open.session.day);
        Ok(answer(&name, Shape::Pdf, set(&station, &ctx, open).await?))
    };
    answered(&station, &id, made).await
}

/// The PDF of a day.
async fn set(station: &Station, ctx: &Ctx, mut open: Open) -> Result<Vec<u8>, Outcome> {
    let (_, about) = rules(station)?;
    let library = &station.prints.library;
    let day = open.session.day;
    let sheet = library.edition(PrintOf::Sessions, "session", day).ok_or_else(error::not_found)?;
    let counts = Counts::of(&open.lines);
    open.lines.truncate(CHILDREN_MAX);
    let people = roll::people(station, ctx, open.lines.iter().map(|one| one.patient.as_str())).await?;
    sort(&mut open.lines, &people);
    let (vials, nobody) = (vials(&open.doses), Value::default());
    let child = |line| child(line, people.get(&line.patient).unwrap_or(&nobody), &vials);
    let owner = Some(open.session.owner.as_str()).filter(|owner| !owner.is_empty());
    let own = own_facility();
    let is_closed = open.session.stage == Stage::Closed;
    let data = paper::data(&Session {
        title: if is_closed {
            "Báo cáo kết thúc buổi tiêm chủng"
        } else {
            "Danh sách buổi tiêm chủng"
        },
        place: place(station, ctx, owner.or(own.as_deref())).await,
        day: day.to_string(),
        site: &open.session.place,
        villages: &open.session.villages,
        is_closed,
        lots: open.used.iter().map(lot).collect(),
        children: open.lines.iter().map(child).collect(),
        counts: vec![
            ("Trẻ trong danh sách", counts.all),
            ("Đã tiêm", counts.given),
            ("Tạm hoãn", counts.put_off),
            ("Không gặp", counts.not_found),
            ("Chưa đến", counts.waiting),
        ],
        basis: library.basis(&about.basis),
        uncertain: &about.uncertain,
    });
    station.prints.printer.print(library.job(sheet, data, station.records.store().clock().now_ms())).await
}

/// On paper whoever was vaccinated stands first, by village and name.
fn sort(lines: &mut [Line], people: &BTreeMap<String, Value>) {
    lines.sort_by_cached_key(|line| {
        let place = match line.state {
            State::Given => 0,
            State::PutOff => 1,
            State::NotFound => 2,
            State::Came | State::Invited | State::Waiting => 3,
        };
        let person = people.get(&line.patient);
        let name = person.and_then(|tree| Patient(tree).name()).unwrap_or_default();
        let village = person.map_or("", |tree| village(line, tree)).to_owned();
        (place, village, yba_fhir::text::fold(&name), line.patient.clone())
    });
}

/// Where a child of the list lives: of whom only a dose is known, the record says it.
fn village<'c>(line: &'c Line, patient: &'c Value) -> &'c str {
    let home = || items(patient, "address").find_map(|one| items(one, "line").next()?.as_str());
    if line.village.is_empty() { home().unwrap_or_default() } else { &line.village }
}

/// The doses of each child with their lots, oldest first.
fn vials(doses: &[Value]) -> BTreeMap<&str, Vec<String>> {
    let mut all: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for dose in doses.iter().rev().filter(|dose| str_at(dose, &["status"]) == Some("completed")) {
        let Some(patient) = patient_of(dose) else { continue };
        let mut words = str_at(dose, &["vaccineCode", "text"]).unwrap_or_default().to_owned();
        let number =
            items(dose, "protocolApplied").find_map(|one| one.get("doseNumberPositiveInt")?.as_u64());
        if let Some(number) = number {
            words += &format!(" mũi {number}");
        }
        if let Some(lot) = str_at(dose, &["lotNumber"]) {
            words += &format!(", lô {lot}");
        }
        all.entry(patient).or_default().push(words);
    }
    all
}

fn child<'c>(line: &'c Line, patient: &'c Value, vials: &BTreeMap<&str, Vec<String>>) -> Child<'c> {
    let is_given = line.state == State::Given;
    let given = vials.get(line.patient.as_str()).filter(|_| is_given);
    Child {
        patient,
        village: village(line, patient),
        doses: given.unwrap_or(&line.doses).clone(),
        state: line.state.words(),
        is_given,
        reason: &line.reason,
    }
}

fn lot(one: &Used) -> Lot<'_> {
    Lot {
        vaccine: &one.words,
        lot: &one.lot.lot,
        expiry: &one.lot.expiry,
        doses_of_vial: one.doses_of_vial,
        opened: one.opened(),
        given: one.given,
        thrown: one.thrown(),
    }
}
