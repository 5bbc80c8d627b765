//! «Khám bệnh»: who was seen today, and a visit: why somebody comes, what was measured, the diagnosis, what was done.
//!
//! `/kham` is the day's list of the caller's station, `/kham/{patient}` the form `outpatient-visit` of content. Registers, reports, lists of
//! chronic care and of diseases to notify take it from there.

mod model;
mod page;
mod procedures;

use crate::paper::{About, Paper, Sent, refused_if, said_of};
use crate::person::Person;
use crate::roll;
use crate::{Station, answered, own_facility};
use axum::Router;
use axum::extract::{Form, Path, RawQuery};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use maud::Markup;
use std::collections::BTreeSet;
use yba_care::{advise, procedure, visit};
use yba_fhir::Outcome;
use yba_fhir::json::{Value, str_at};
use yba_records::{Action, Ctx, Query, Version};
use yba_store::search::query::decode_pairs;
use yba_web::{Asking, Page, RequestId, error};

/// The list.
pub const VISITS: &str = "/kham";
/// The form of content that a visit is.
const FORM: &str = "outpatient-visit";
/// Its question why somebody comes (a linkId): the answer stands on the Encounter too. A form without it leaves that empty.
const REASON: &str = "complaint";
/// Visits of one day on the page.
const LISTED: usize = 100;
const UNSEEN: &str = "Bạn chưa được xem hồ sơ khám của người này. Hãy tiếp đón họ ở trạm của bạn trước.";

pub(crate) fn routes() -> Router<Station> {
    Router::new()
        .route(VISITS, get(listed))
        .route("/kham/{patient}", get(person).post(write))
        .route("/kham/{patient}/nhap", post(draft))
        .route("/kham/{patient}/bo-nhap", post(drop_draft))
        .route("/kham/{patient}/goi-y/{*field}", post(offer))
        .route("/kham/{patient}/rut", post(take_back))
        .route("/kham/{patient}/thu-thuat", post(procedures::write))
        .route("/kham/{patient}/rut-thu-thuat", post(procedures::take_back))
}

/// Encounters of today that a search finds, and the Conditions that were written at them.
async fn of_today(station: &Station, ctx: &Ctx, more: &str) -> Result<(Vec<Value>, Vec<Value>), Outcome> {
    let records = &station.records;
    let query =
        format!("{more}date=ge{}&status=finished,in-progress&_sort=-date&_count={LISTED}", station.today());
    let found = records.search(ctx, &Query::parse_string("Encounter", &query)?, None).await?;
    let visits: Vec<Value> = found.matches.iter().map(Version::tree).collect();
    if visits.is_empty() {
        return Ok((visits, Vec::new()));
    }
    let ids: Vec<String> = found.matches.iter().map(|one| format!("Encounter/{}", one.id)).collect();
    let query = format!("encounter={}&_count=500", ids.join(","));
    let found = records.search(ctx, &Query::parse_string("Condition", &query)?, None).await?;
    Ok((visits, found.matches.iter().map(Version::tree).collect()))
}

async fn listed(Asking { room: station, ctx, id }: Asking<Station>) -> Response {
    let drawn = async {
        let own =
            own_facility().map(|own| format!("service-provider=Organization/{own}&")).unwrap_or_default();
        let (visits, conditions) = of_today(&station, &ctx, &own).await?;
        let ids: BTreeSet<&str> = visits.iter().filter_map(model::patient_of).collect();
        let people = roll::people(&station, &ctx, ids.into_iter()).await?;
        let lines: Vec<_> = visits.iter().filter_map(|one| model::line(one, &conditions, &people)).collect();
        let content = page::list(&lines, &station.today().to_string(), lines.len() >= LISTED);
        Ok(station.site.page(&Page::new("Khám bệnh", content).here(VISITS)))
    };
    answered(&station, &id, drawn).await
}

/// Where the handlers of one person's page work.
struct Desk<'s> {
    station: &'s Station,
    ctx: &'s Ctx,
    id: &'s RequestId,
}

/// A person with what was written of them today.
struct Open {
    person: Person,
    seen: Vec<model::Seen>,
    /// What was typed of a procedure that was refused.
    typed: procedures::Typed,
}

impl<'s> Desk<'s> {
    async fn open(&self, patient: &str) -> Result<Open, Outcome> {
        let person = Person::open(self.station, self.ctx, patient, "Condition", UNSEEN).await?;
        let kin = self.station.records.store().kin_of(patient).await?.join(",");
        let (visits, conditions) = of_today(self.station, self.ctx, &format!("patient={kin}&")).await?;
        let list = self.station.content.notifiable(self.station.today());
        // What others wrote is in the record; here stands what can be taken back here.
        let own = visits.iter().filter(|one| str_at(one, &["id"]).is_some_and(|id| id.starts_with("lk-")));
        let mut seen: Vec<model::Seen> = own.filter_map(|one| model::seen(one, &conditions, list)).collect();
        let about: Vec<String> = seen.iter().map(|one| format!("Encounter/{}", one.visit)).collect();
        let told = advise::told(&self.station.records, self.ctx, &about).await?;
        for (one, about) in seen.iter_mut().zip(&about) {
            one.told = told.iter().filter(|told| told.about == *about).cloned().collect();
        }
        let ids: Vec<&str> = seen.iter().map(|one| one.visit.as_str()).collect();
        let done = procedure::at(&self.station.records, self.ctx, &ids).await?;
        seen.iter_mut().for_each(|one| one.procedures = model::done(&done, &one.visit));
        Ok(Open { person, seen, typed: procedures::Typed::default() })
    }

    fn paper<'p>(&'p self, patient: &'p str) -> Result<Paper<'p>, Outcome> {
        let Desk { station, ctx, .. } = self;
        let edition = station.forms.edition(FORM, station.today());
        let edition = edition.ok_or_else(|| Outcome::fault(format!("no form {FORM}")))?;
        let (about, action, verb) = (FORM, format!("{VISITS}/{patient}"), "Ghi lần khám");
        Ok(Paper { station, ctx, edition, patient, about, action, verb, reminds: true, with: Vec::new() })
    }

    fn drawn(
        &self,
        open: &Open,
        form: Option<Markup>,
        (done, said): (Option<&str>, Markup),
        wrong: Option<&Outcome>,
    ) -> Response {
        let content = page::person(&page::Shown {
            person: &open.person,
            today: &self.station.today().to_string(),
            seen: &open.seen,
            procedures: procedures::Shown {
                list: self.station.content.code_list(procedure::LIST, self.station.today()),
                form: &self.station.records.fresh_id(),
                typed: &open.typed,
                may: self.ctx.may(Action::Create, "Procedure"),
            },
            form,
            done,
            said,
            note: wrong.map(|outcome| error::note(outcome, self.id)),
        });
        let mut response = self.station.site.page(&Page::new("Khám bệnh", content).here(VISITS));
        if let Some(outcome) = wrong {
            *response.status_mut() = error::status(outcome.kind);
        }
        response
    }
}

fn back(patient: &str, done: &str) -> Response {
    Redirect::to(&format!("{VISITS}/{patient}?xong={done}")).into_response()
}

async fn person(
    Asking { room: station, ctx, id }: Asking<Station>,
    Path(patient): Path<String>,
    RawQuery(query): RawQuery,
) -> Response {
    let drawn = async {
        let desk = Desk { station: &station, ctx: &ctx, id: &id };
        let (open, pairs) = (desk.open(&patient).await?, decode_pairs(query.as_deref().unwrap_or_default()));
        let said =
            |wanted: &str| pairs.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_str());
        let done = match said("xong") {
            Some("kham") => Some("Đã ghi lần khám."),
            Some("rut") => Some("Đã rút lần khám ghi nhầm."),
            Some("thu-thuat") => Some("Đã ghi thủ thuật."),
            Some("rut-thu-thuat") => Some("Đã rút thủ thuật ghi nhầm."),
            _ => None,
        };
        let form = match open.seen.is_empty() || said("them").is_some() {
            true => Some(desk.paper(&patient)?.opened(&open.person.tree).await?),
            false => None,
        };
        let said = match (said("xong"), open.seen.first()) {
            (Some("kham"), Some(last)) => said_of(&station, &ctx, &open.person.tree, &last.visit).await?,
            _ => Markup::default(),
        };
        Ok(desk.drawn(&open, form, (done, said), None))
    };
    answered(&station, &id, drawn).await
}

async fn write(
    Asking { room: station, ctx, id }: Asking<Station>,
    Path(patient): Path<String>,
    Form(fields): Form<Vec<(String, String)>>,
) -> Response {
    let written = async {
        let desk = Desk { station: &station, ctx: &ctx, id: &id };
        let open = desk.open(&patient).await?;
        let reason = fields.iter().find(|(name, _)| name == REASON).map_or("", |(_, text)| text.trim());
        let about = About { reason, diagnosis: None, expected: &[] };
        let sent = desk.paper(&patient)?.sent(&open.person.tree, &fields, &about).await?;
        Ok(match sent {
            Sent::Written => back(&patient, "kham"),
            Sent::Again { sheet, is_refused } => {
                refused_if(is_refused, desk.drawn(&open, Some(sheet), Default::default(), None))
            }
            Sent::Refused { sheet, why } => desk.drawn(&open, Some(sheet), Default::default(), Some(&why)),
        })
    };
    answered(&station, &id, written).await
}

/// Keeps what is being typed, and answers what it moves on the page.
async fn draft(
    Asking { room: station, ctx, id }: Asking<Station>,
    Path(patient): Path<String>,
    Form(fields): Form<Vec<(String, String)>>,
) -> Response {
    let kept = async {
        let desk = Desk { station: &station, ctx: &ctx, id: &id };
        let person = Person::open(&station, &ctx, &patient, "Condition", UNSEEN).await?;
        Ok(station.site.fragment(&desk.paper(&patient)?.keep(&person.tree, &fields).await?))
    };
    kept.await.unwrap_or_else(|outcome: Outcome| error::fragment(&station.site, &outcome, &id))
}

/// Begins the form anew.
async fn drop_draft(
    Asking { room: station, ctx, id }: Asking<Station>,
    Path(patient): Path<String>,
) -> Response {
    let dropped = async {
        Desk { station: &station, ctx: &ctx, id: &id }.paper(&patient)?.forget().await?;
        Ok(Redirect::to(&format!("{VISITS}/{patient}?them=1")).into_response())
    };
    answered(&station, &id, dropped).await
}

/// What fits into a field while somebody types.
async fn offer(
    Asking { room: station, ctx, id }: Asking<Station>,
    Path((patient, field)): Path<(String, String)>,
    Form(fields): Form<Vec<(String, String)>>,
) -> Response {
    let offered = async {
        let desk = Desk { station: &station, ctx: &ctx, id: &id };
        Ok(station.site.fragment(&desk.paper(&patient)?.offered(&field, &fields)))
    };
    answered(&station, &id, offered).await
}

#[derive(serde::Deserialize)]
struct Taken {
    #[serde(default)]
    kham: String,
}

async fn take_back(
    Asking { room: station, ctx, id }: Asking<Station>,
    Path(patient): Path<String>,
    Form(taken): Form<Taken>,
) -> Response {
    let taken = async {
        let open = Desk { station: &station, ctx: &ctx, id: &id }.open(&patient).await?;
        // Of this person and day, not of whoever a form may name.
        if !open.seen.iter().any(|one| one.visit == taken.kham) {
            return Err(error::not_found());
        }
        match visit::take_back(&station.records, &ctx, own_facility().as_deref(), &patient, &taken.kham).await
        {
            Ok(()) => Ok(back(&patient, "rut")),
            Err(outcome) => crate::prescribe::handed_out(&station, &id, &patient, outcome),
        }
    };
    answered(&station, &id, taken).await
}
