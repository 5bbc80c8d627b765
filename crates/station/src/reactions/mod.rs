//! «Phản ứng sau tiêm»: what happened to a child after vaccines, the report of what is serious, the lots that are stopped.
//!
//! `/phan-ung-tiem` lists reactions and stopped lots; `/phan-ung-tiem/{patient}` writes one, `…/in` prints its report. Addresses hold ids, no names.

mod model;
mod page;
mod sheet;

use crate::person::Person;
use crate::sessions::vaccine_words;
use crate::{Station, answered, names, own_facility, roll};
use axum::Router;
use axum::extract::{Form, Path, RawQuery};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use model::Dose;
use std::collections::BTreeSet;
use yba_care::Finding;
use yba_care::reaction::{self, Draft, Reaction};
use yba_care::watch::{self, End};
use yba_content::VaccinationDay;
use yba_fhir::json::Value;
use yba_fhir::{Kind, Outcome};
use yba_records::{Action, Change, Ctx};
use yba_store::search::query::decode_pairs;
use yba_web::{Asking, Page, RequestId, error};

/// The list.
pub const REACTIONS: &str = "/phan-ung-tiem";
const UNSEEN: &str = "Bạn chưa được xem các mũi đã tiêm của trẻ này nên không ghi được phản ứng. Hãy tiếp đón trẻ ở trạm của bạn trước.";

pub(crate) fn routes() -> Router<Station> {
    Router::new()
        .route(REACTIONS, get(listed))
        .route("/phan-ung-tiem/{patient}", get(child).post(write))
        .route("/phan-ung-tiem/{patient}/in", get(sheet::printed))
        .route("/phan-ung-tiem/{patient}/bao-len", post(send))
        .route("/phan-ung-tiem/{patient}/rut", post(take_back))
        .route("/lo-dung/{lot}", post(release))
}

fn rules(station: &Station) -> Result<&VaccinationDay, Outcome> {
    station.content.vaccination_day(station.today()).ok_or_else(error::not_found)
}

/// What an address says beside the path.
#[derive(Default)]
struct Asked {
    /// Ids of doses that stand chosen.
    doses: BTreeSet<String>,
    /// Id of one reaction.
    reaction: Option<String>,
    done: Option<&'static str>,
}

fn asked(query: Option<&str>) -> Asked {
    let mut asked = Asked::default();
    for (name, value) in decode_pairs(query.unwrap_or_default()) {
        match name.as_str() {
            "mui" => asked.doses = value.split(',').map(str::to_owned).collect(),
            "pu" => asked.reaction = Some(value),
            "xong" => asked.done = done_words(&value),
            _ => {}
        }
    }
    asked
}

fn done_words(code: &str) -> Option<&'static str> {
    match code {
        "ghi" => Some("Đã ghi phản ứng sau tiêm."),
        "bao-len" => Some("Đã ghi là đã báo lên."),
        "rut" => Some("Đã rút phản ứng ghi nhầm."),
        "dung-lai" => Some("Đã cho dùng lại lô này."),
        _ => None,
    }
}

/// The serious reactions that must still be told, with the names of the children, for the page of the day. Of who may not see
/// them nothing is said.
pub(crate) async fn pressing(station: &Station, ctx: &Ctx) -> Result<Vec<(Reaction, String)>, Outcome> {
    let (Some(day), true) =
        (station.content.vaccination_day(station.today()), ctx.may(Action::Create, "AdverseEvent"))
    else {
        return Ok(Vec::new());
    };
    let mut all = reaction::all(&station.records, ctx, day, None).await?;
    all.retain(Reaction::is_pressing);
    let people = roll::people(station, ctx, all.iter().map(|one| one.patient.as_str())).await?;
    let name =
        |one: &Reaction| people.get(&one.patient).and_then(|tree| yba_fhir::view::Patient(tree).name());
    Ok(all.into_iter().map(|one| (one.clone(), name(&one).unwrap_or_default())).collect())
}

async fn listed(Asking { room: station, ctx, id }: Asking<Station>, RawQuery(query): RawQuery) -> Response {
    let drawn = async {
        let day = rules(&station)?;
        let all = reaction::all(&station.records, &ctx, day, None).await?;
        let stopped = match ctx.may(Action::Search, "Task") {
            true => reaction::stopped(&station.records, &ctx, own_facility().as_deref()).await?,
            false => Vec::new(),
        };
        let people = roll::people(&station, &ctx, all.iter().map(|one| one.patient.as_str())).await?;
        let named =
            names(&station, &ctx, stopped.iter().map(|one| one.by.as_str()).filter(|by| !by.is_empty()))
                .await;
        let schedule = station.content.schedule(yba_recall::CHILDREN, station.today());
        let content = page::list(&page::Listed {
            all: &all,
            stopped: &stopped,
            people: &people,
            names: &named,
            schedule,
            own: own_facility(),
            now_ms: station.records.store().clock().now_ms(),
            may_release: ctx.may(Action::Update, "Task"),
            done: asked(query.as_deref()).done,
        });
        Ok(station.site.page(&Page::new("Phản ứng sau tiêm", content).here(crate::vaccinate::VACCINATE)))
    };
    answered(&station, &id, drawn).await
}

/// Where the handlers of one child work.
struct Counter<'s> {
    station: &'s Station,
    ctx: &'s Ctx,
    id: &'s RequestId,
}

/// A child with all that the page needs.
struct Open {
    person: Person,
    doses: Vec<Dose>,
    reactions: Vec<Reaction>,
}

impl Counter<'_> {
    async fn open(&self, patient: &str) -> Result<Open, Outcome> {
        let records = &self.station.records;
        let person = Person::open(self.station, self.ctx, patient, "AdverseEvent", UNSEEN).await?;
        if !self.ctx.may(Action::Search, "Immunization") {
            return Err(Outcome::new(Kind::Forbidden, "unseen", UNSEEN, "doses are beyond the reach"));
        }
        let given = yba_care::immunise::immunizations(records, self.ctx, patient).await?;
        let reactions = reaction::all(records, self.ctx, rules(self.station)?, Some(patient)).await?;
        let schedule = self.station.content.schedule(yba_recall::CHILDREN, self.station.today());
        let mut doses: Vec<Dose> = given.iter().filter_map(model::dose).collect();
        // What others wrote may have the code alone.
        for one in doses.iter_mut().filter(|one| one.words.is_empty()) {
            one.words = schedule
                .map_or_else(|| one.vaccine.clone(), |schedule| vaccine_words(schedule, &one.vaccine));
        }
        Ok(Open { person, doses, reactions })
    }

    fn drawn(&self, open: &Open, draft: &Draft, how: &How<'_>) -> Result<Response, Outcome> {
        let content = page::child(&page::Shown {
            person: &open.person,
            today: &self.station.today().to_string(),
            day: rules(self.station)?,
            doses: &open.doses,
            reactions: &open.reactions,
            draft,
            found: how.found,
            now_ms: self.station.records.store().clock().now_ms(),
            done: how.done,
            may_write: self.ctx.may(Action::Create, "AdverseEvent"),
            note: how.wrong.map(|outcome| error::note(outcome, self.id)),
        });
        let page = Page::new("Phản ứng sau tiêm", content).here(crate::vaccinate::VACCINATE);
        let mut response = self.station.site.page(&page);
        if let Some(wrong) = how.wrong {
            *response.status_mut() = error::status(wrong.kind);
        } else if !how.found.is_empty() {
            *response.status_mut() = error::status(Kind::Unprocessable);
        }
        Ok(response)
    }

    /// A reaction of this child, not of whoever a form may name.
    async fn one(&self, patient: &str, reaction: &str) -> Result<Reaction, Outcome> {
        self.one_of(patient, reaction).await.map(|(_, one)| one)
    }

    /// The same with what else is known of the child.
    async fn one_of(&self, patient: &str, reaction: &str) -> Result<(Open, Reaction), Outcome> {
        let open = self.open(patient).await?;
        let found = open.reactions.iter().find(|one| one.id == reaction && !one.is_mistaken).cloned();
        found.map(|one| (open, one)).ok_or_else(error::not_found)
    }
}

/// How a child is drawn.
#[derive(Default)]
struct How<'a> {
    found: &'a [Finding],
    wrong: Option<&'a Outcome>,
    done: Option<&'static str>,
}

async fn child(
    Asking { room: station, ctx, id }: Asking<Station>,
    Path(patient): Path<String>,
    RawQuery(query): RawQuery,
) -> Response {
    let counter = Counter { station: &station, ctx: &ctx, id: &id };
    let drawn = async {
        let (open, asked) = (counter.open(&patient).await?, asked(query.as_deref()));
        let draft = model::fresh(&open.doses, &asked.doses, station.records.fresh_id());
        counter.drawn(&open, &draft, &How { done: asked.done, ..How::default() })
    };
    answered(&station, &id, drawn).await
}

async fn write(
    Asking { room: station, ctx, id }: Asking<Station>,
    Path(patient): Path<String>,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Response {
    let counter = Counter { station: &station, ctx: &ctx, id: &id };
    let written = async {
        let (open, day) = (counter.open(&patient).await?, rules(&station)?);
        let now_ms = station.records.store().clock().now_ms();
        let draft = model::draft(&pairs, &patient, &open.doses, station.today());
        let suspects: Vec<&Dose> = open.doses.iter().filter(|one| draft.doses.contains(&one.id)).collect();
        let given: Vec<i64> = suspects.iter().map(|one| one.given_ms).collect();
        let found = reaction::check(day, &draft, &given, now_ms);
        if !found.is_empty() {
            return counter.drawn(&open, &draft, &How { found: &found, ..How::default() });
        }
        let lots: Vec<_> = suspects.iter().filter(|one| !one.lot.is_empty()).map(|one| one.vial()).collect();
        let own = own_facility();
        let beside = counter.watch_ended(&patient, own.as_deref(), now_ms).await?;
        match reaction::write(&station.records, &ctx, day, &draft, &lots, own.as_deref(), beside).await {
            Ok(reaction) => Ok(to(&patient, "ghi", &reaction)),
            Err(wrong) => counter.drawn(&open, &draft, &How { wrong: Some(&wrong), ..How::default() }),
        }
    };
    answered(&station, &id, written).await
}

impl Counter<'_> {
    /// Who has a reaction is off the list of those who are watched in silence.
    async fn watch_ended(
        &self,
        patient: &str,
        own: Option<&str>,
        now_ms: i64,
    ) -> Result<Vec<Change>, Outcome> {
        let all = crate::watch::of_today(self.station, self.ctx).await?;
        let one = all.iter().find(|one| one.patient == patient && one.end.is_none());
        one.map(|one| watch::ended(one, Some(End::Reaction), own, now_ms)).into_iter().collect()
    }
}

/// To the child's page, which says what was done.
fn to(patient: &str, done: &str, reaction: &str) -> Response {
    Redirect::to(&format!("{REACTIONS}/{patient}?xong={done}&pu={reaction}")).into_response()
}

#[derive(serde::Deserialize)]
struct Way {
    #[serde(default)]
    pu: String,
    #[serde(default)]
    cach: String,
}

async fn send(
    Asking { room: station, ctx, id }: Asking<Station>,
    Path(patient): Path<String>,
    Form(way): Form<Way>,
) -> Response {
    let counter = Counter { station: &station, ctx: &ctx, id: &id };
    let sent = async {
        let one = counter.one(&patient, &way.pu).await?;
        reaction::send(&station.records, &ctx, &one.id, &way.cach).await?;
        Ok(to(&patient, "bao-len", &one.id))
    };
    answered(&station, &id, sent).await
}

async fn take_back(
    Asking { room: station, ctx, id }: Asking<Station>,
    Path(patient): Path<String>,
    Form(way): Form<Way>,
) -> Response {
    let counter = Counter { station: &station, ctx: &ctx, id: &id };
    let taken = async {
        let (open, one) = counter.one_of(&patient, &way.pu).await?;
        let watched = model::watched(&open.doses, &open.reactions, &one);
        reaction::take_back(&station.records, &ctx, &one, watched).await?;
        Ok(to(&patient, "rut", &one.id))
    };
    answered(&station, &id, taken).await
}

#[derive(serde::Deserialize)]
struct Why {
    #[serde(default, rename = "ly-do")]
    why: String,
}

async fn release(
    Asking { room: station, ctx, id }: Asking<Station>,
    Path(lot): Path<String>,
    Form(why): Form<Why>,
) -> Response {
    let released = async {
        reaction::release(&station.records, &ctx, &lot, own_facility().as_deref(), &why.why).await?;
        Ok(Redirect::to(&format!("{REACTIONS}?xong=dung-lai")).into_response())
    };
    answered(&station, &id, released).await
}

/// A child's name in the records of a page.
fn name(tree: Option<&Value>) -> String {
    tree.and_then(|tree| yba_fhir::view::Patient(tree).name()).unwrap_or_else(|| "chưa rõ tên".to_owned())
}
