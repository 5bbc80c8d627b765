//! A prescription on paper.

use super::UNSEEN;
use crate::person::Person;
use crate::print::{Shape, answer, place};
use crate::{Station, answered};
use axum::extract::Path;
use axum::response::Response;
use yba_care::prescribe::{self, Prescription, Standing};
use yba_content::PrintOf;
use yba_fhir::json::{Value, str_at};
use yba_fhir::{Day, Kind, Outcome};
use yba_print::prescription::{self, Slip, SlipLine};
use yba_records::Ctx;
use yba_web::{Asking, error};

pub(super) async fn printed(
    Asking { room: station, ctx, id }: Asking<Station>,
    Path((patient, code)): Path<(String, String)>,
) -> Response {
    let made = async {
        let bytes = set(&station, &ctx, &patient, &code).await?;
        Ok(answer(&format!("don-{code}"), Shape::Pdf, bytes))
    };
    answered(&station, &id, made).await
}

/// The PDF of a prescription. Refuses whom the door does not let read it, and what was replaced or taken back.
async fn set(station: &Station, ctx: &Ctx, patient: &str, code: &str) -> Result<Vec<u8>, Outcome> {
    let records = &station.records;
    let person = Person::open(station, ctx, patient, "MedicationRequest", UNSEEN).await?;
    let it = prescribe::prescription(records, ctx, patient, code).await?;
    if it.standing != Standing::Active {
        let text = "Đơn này đã được thay hoặc rút nên không in.";
        return Err(Outcome::new(Kind::Gone, "withdrawn", text, "the prescription does not stand"));
    }
    let day = Day::parse(it.at.get(..10).unwrap_or_default()).unwrap_or_else(|| station.today());
    let kind = code.chars().last().unwrap_or('C');
    let limits = station.content.prescribing(day);
    let title = limits
        .kinds
        .values()
        .find(|one| one.letter == kind)
        .map_or("Đơn thuốc", |one| one.title.as_str());
    let library = &station.prints.library;
    let sheet = library.edition(PrintOf::Prescriptions, "prescription", day).ok_or_else(error::not_found)?;
    let diagnoses = diagnoses(station, ctx, &it).await?;
    // Only of a small child, as the law asks.
    let weight = match it.companion.is_empty() {
        true => String::new(),
        false => prescribe::weighed(records, ctx, &it).await?.replace('.', ","),
    };
    let slip = Slip {
        title,
        code,
        kind,
        patient: &person.tree,
        at: &it.at,
        until: it.until.map(|day| day.to_string()).unwrap_or_default(),
        by: &it.by,
        diagnoses: &diagnoses,
        advice: &it.advice,
        weight: &weight,
        companion: &it.companion,
        place: place(station, ctx, Some(&it.facility)).await,
        basis: library.basis(&limits.basis),
        lines: it
            .lines
            .iter()
            .map(|one| SlipLine { name: &one.name, dose: &one.dose, units: one.units, unit: &one.unit })
            .collect(),
    };
    let job = library.job(sheet, prescription::data(&slip), records.store().clock().now_ms());
    station.prints.printer.print(job).await
}

/// `Bệnh tăng huyết áp (I10)`, as far as the reader may see them.
async fn diagnoses(station: &Station, ctx: &Ctx, it: &Prescription) -> Result<Vec<String>, Outcome> {
    let keys: Vec<(String, String)> =
        it.reasons.iter().map(|id| ("Condition".to_owned(), id.clone())).collect();
    let found = station.records.read_many(ctx, &keys).await?;
    let words = |tree: Value| {
        let code = yba_recall::chronic::icd10(&tree).next().unwrap_or_default().to_owned();
        let text = str_at(&tree, &["code", "text"]).unwrap_or_default().to_owned();
        if code.is_empty() || text == code { text } else { format!("{text} ({code})") }
    };
    Ok(found.iter().map(|one| words(one.tree())).filter(|words| !words.is_empty()).collect())
}
