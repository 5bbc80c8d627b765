//! A filled-in form of content as a sheet of paper.

use super::{Shape, answer, in_words, place};
use crate::{Station, answered, own_facility};
use axum::extract::Path;
use axum::response::Response;
use yba_content::PrintOf;
use yba_fhir::json::{Value, items, str_at};
use yba_fhir::{Day, Kind, Outcome};
use yba_print::filled::{self, Sheet};
use yba_records::{Action, Ctx, Version};
use yba_web::{Asking, error};

/// Where the sheet of a response (its id) is printed.
pub(crate) fn address(response: &str) -> String {
    format!("/phieu/{response}/in")
}

pub(super) async fn printed(
    Asking { room: station, ctx, id }: Asking<Station>,
    Path(response): Path<String>,
) -> Response {
    let made = async {
        let bytes = set(&station, &ctx, &response).await?;
        Ok(answer(&format!("phieu-{response}"), Shape::Pdf, bytes))
    };
    answered(&station, &id, made).await
}

/// The PDF of a response. Refuses whom the door does not let read the response and its person.
async fn set(station: &Station, ctx: &Ctx, id: &str) -> Result<Vec<u8>, Outcome> {
    let records = &station.records;
    let response = records.read(ctx, "QuestionnaireResponse", id).await?.tree();
    if str_at(&response, &["status"]) == Some("entered-in-error") {
        let text = "Phiếu này đã được rút vì ghi nhầm nên không in.";
        return Err(Outcome::new(Kind::Gone, "sheet-withdrawn", text, "the response is entered in error"));
    }
    let day = str_at(&response, &["authored"]).and_then(|at| Day::parse(at.get(..10)?));
    let day = day.unwrap_or_else(|| station.today());
    let canonical = str_at(&response, &["questionnaire"]).unwrap_or_default();
    let edition = station.forms.named(canonical, day).ok_or_else(error::not_found)?;
    let slug = canonical.split('|').next().and_then(|url| url.rsplit('/').next()).unwrap_or_default();
    let sheet = station.prints.library.edition(PrintOf::Forms, slug, day).ok_or_else(error::not_found)?;
    let patient = read(station, ctx, &response, &["subject", "reference"], "Patient").await?;
    let visit = read(station, ctx, &response, &["encounter", "reference"], "Encounter").await?;
    // A referral is read by the other side too, and bears the name of who wrote it.
    let order = order_of(station, ctx, id).await?;
    let at =
        str_at(&visit, &["serviceProvider", "reference"]).or(str_at(&order, &["requester", "reference"]));
    let at = at.and_then(|one| one.strip_prefix("Organization/"));
    let facility = at.map(str::to_owned).or_else(own_facility);
    let by = items(&visit, "participant").find_map(|one| str_at(one, &["individual", "display"]));
    let by = by.or(str_at(&response, &["author", "display"]));
    let library = &station.prints.library;
    let data = filled::data(&Sheet {
        form: &edition.form,
        response: &response,
        patient: &in_words(station, &patient),
        place: place(station, ctx, facility.as_deref()).await,
        by: by.unwrap_or_default(),
        basis: library.basis(&edition.basis),
        uncertain: edition.uncertain.as_deref().unwrap_or_default(),
    });
    station.prints.printer.print(library.job(sheet, data, records.store().clock().now_ms())).await
}

/// The order that a form wrote under its own id; nothing when it wrote none.
async fn order_of(station: &Station, ctx: &Ctx, id: &str) -> Result<Value, Outcome> {
    if !ctx.may(Action::Read, "ServiceRequest") {
        return Ok(Value::default());
    }
    let found = station.records.read_many(ctx, &[("ServiceRequest".to_owned(), id.to_owned())]).await?;
    Ok(found.first().map(Version::tree).unwrap_or_default())
}

/// What a response refers to; nothing when it refers to nothing of this type.
async fn read(
    station: &Station,
    ctx: &Ctx,
    response: &Value,
    path: &[&str],
    kind: &str,
) -> Result<Value, Outcome> {
    let found = str_at(response, path).and_then(|one| one.split_once('/')).filter(|(of, _)| *of == kind);
    match found {
        Some((_, id)) => Ok(station.records.read(ctx, kind, id).await?.tree()),
        None => Ok(Value::default()),
    }
}
