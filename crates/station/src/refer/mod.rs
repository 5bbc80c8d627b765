//! «Chuyển tuyến»: somebody is sent to another facility together with their record.
//!
//! `/chuyen-tuyen` are the referrals of the caller's facility, sent and come in; `/chuyen-tuyen/{patient}` those of one person and where to;
//! `/chuyen-tuyen/{patient}/{facility}` the form `referral` of content. It becomes a ServiceRequest whose performer is the other facility:
//! by this the record is within its reach with the same commit (`store::index::tie`), and no longer when it is taken back.

mod model;
mod page;

use crate::paper::{Deed, Paper, Sent, refused_if};
use crate::person::Person;
use crate::roll;
use crate::{Station, answered, own_facility};
use axum::Router;
use axum::extract::{Form, Path, RawQuery};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use maud::Markup;
use model::{Referral, State};
use yba_care::interview;
use yba_fhir::json::{JsonValueMutTrait, JsonValueTrait, Value, json, str_at};
use yba_fhir::{Day, Kind, Outcome, Resource};
use yba_records::{Change, Ctx, Query, Version};
use yba_store::search::query::decode_pairs;
use yba_web::{Asking, Page, RequestId, error};

/// The lists.
pub const REFER: &str = "/chuyen-tuyen";
/// The form of content.
const FORM: &str = "referral";
/// `Patient referral` of SNOMED CT, by which referrals are found.
const CATEGORY: &str = "http://snomed.info/sct|3457005";
/// Referrals of one list that were received, and that wait; of one person; and facilities to choose from.
const LISTED: usize = 100;
const WAITING: usize = 500;
const OF_ONE: usize = 30;
const PLACES: usize = 1000;
/// Days that the lists go back.
const BACK_DAYS: i64 = 60;
const UNSEEN: &str = "Bạn chưa được xem hồ sơ của người này. Hãy tiếp đón họ ở cơ sở của bạn trước.";

pub(crate) fn routes() -> Router<Station> {
    Router::new()
        .route(REFER, get(listed))
        .route("/chuyen-tuyen/{patient}", get(person))
        .route("/chuyen-tuyen/{patient}/nhan", post(receive))
        .route("/chuyen-tuyen/{patient}/rut", post(take_back))
        .route("/chuyen-tuyen/{patient}/{facility}", get(opened).post(write))
        .route("/chuyen-tuyen/{patient}/{facility}/nhap", post(draft))
        .route("/chuyen-tuyen/{patient}/{facility}/bo-nhap", post(drop_draft))
        .route("/chuyen-tuyen/{patient}/{facility}/goi-y/{*field}", post(offer))
}

/// Referrals that a search finds, the newest first.
async fn found(station: &Station, ctx: &Ctx, more: &str) -> Result<Vec<Referral>, Outcome> {
    let query = format!("category={CATEGORY}&_sort=-authored&{more}");
    let found = station.records.search(ctx, &Query::parse_string("ServiceRequest", &query)?, None).await?;
    Ok(found.matches.iter().filter_map(|one| Referral::of(&one.tree())).collect())
}

async fn listed(Asking { room: station, ctx, id }: Asking<Station>) -> Response {
    let drawn = async {
        let own = own_facility();
        let since = station.today().plus_days(-BACK_DAYS);
        let (come, sent) = match &own {
            Some(own) => (
                listed_of(&station, &ctx, "performer", own, since).await?,
                listed_of(&station, &ctx, "requester", own, since).await?,
            ),
            None => {
                let all = format!("authored=ge{since}&status=active,completed&_count={LISTED}");
                (found(&station, &ctx, &all).await?, Vec::new())
            }
        };
        let ids = come.iter().chain(&sent).map(|one| one.patient.as_str());
        let people = roll::people(&station, &ctx, ids).await?;
        let content =
            page::lists(&page::Lists { come: &come, sent: &sent, people: &people, is_own: own.is_some() });
        Ok(station.site.page(&Page::new("Chuyển tuyến", content).here(REFER)))
    };
    answered(&station, &id, drawn).await
}

/// The referrals of a facility on one side: all that wait, whenever they were written, and the newest of those that were received.
async fn listed_of(
    station: &Station,
    ctx: &Ctx,
    side: &str,
    own: &str,
    since: Day,
) -> Result<Vec<Referral>, Outcome> {
    let of = format!("{side}=Organization/{own}");
    let mut all = found(station, ctx, &format!("{of}&status=active&_count={WAITING}")).await?;
    let received = format!("{of}&status=completed&authored=ge{since}&_count={LISTED}");
    all.extend(found(station, ctx, &received).await?);
    Ok(all)
}

/// The referrals of one person, in whoever's file of theirs.
async fn of_person(station: &Station, ctx: &Ctx, patient: &str) -> Result<Vec<Referral>, Outcome> {
    let kin = station.records.store().kin_of(patient).await?.join(",");
    let mut all =
        found(station, ctx, &format!("patient={kin}&status=active,completed&_count={OF_ONE}")).await?;
    let keys: Vec<(String, String)> =
        all.iter().map(|one| ("QuestionnaireResponse".to_owned(), one.id.clone())).collect();
    for response in station.records.read_many(ctx, &keys).await? {
        let said = said(station, &response.tree());
        all.iter_mut().filter(|one| one.id == response.id).for_each(|one| one.said = said.clone());
    }
    Ok(all)
}

/// What a form says, question by question.
fn said(station: &Station, response: &Value) -> Vec<(String, String)> {
    let canonical = str_at(response, &["questionnaire"]).unwrap_or_default();
    let Some(edition) = station.forms.named(canonical, station.today()) else { return Vec::new() };
    let lines = yba_forms::printed::lines(&edition.form, response).into_iter();
    let answered = lines.filter_map(|line| Some((line.text.clone(), line.answers?.join("; "))));
    answered.filter(|(_, answer)| !answer.is_empty()).collect()
}

/// Facilities to send somebody to: id and name. Stations and one's own are none.
async fn places(station: &Station, ctx: &Ctx) -> Result<Vec<(String, String)>, Outcome> {
    let query = Query::parse_string("Organization", &format!("active:not=false&_sort=name&_count={PLACES}"))?;
    let found = station.records.search(ctx, &query, None).await?;
    let own = own_facility();
    let named = |one: &Version| Some((one.id.clone(), str_at(&one.tree(), &["name"])?.to_owned()));
    let all = found.matches.iter().filter_map(named);
    let is_other = |(id, name): &(String, String)| {
        own.as_ref() != Some(id) && !name.starts_with("Trạm Y tế") && !name.starts_with("Sở Y tế")
    };
    Ok(all.filter(is_other).collect())
}

async fn person(
    Asking { room: station, ctx, id }: Asking<Station>,
    Path(patient): Path<String>,
    RawQuery(query): RawQuery,
) -> Response {
    let drawn = async {
        let person = Person::open(&station, &ctx, &patient, "ServiceRequest", UNSEEN).await?;
        let pairs = decode_pairs(query.as_deref().unwrap_or_default());
        let said =
            |wanted: &str| pairs.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_str());
        // What the choice of a facility posts is an address.
        if let Some(place) = said("den").filter(|place| yba_fhir::resource::is_id(place)) {
            return Ok(Redirect::to(&format!("{REFER}/{patient}/{place}")).into_response());
        }
        let done = match said("xong") {
            Some("ghi") => Some("Đã ghi phiếu chuyển. Nơi nhận xem được hồ sơ từ bây giờ."),
            Some("rut") => Some("Đã rút phiếu chuyển. Nơi ấy không còn xem được vì phiếu này."),
            Some("nhan") => Some("Đã ghi là đã tiếp nhận."),
            _ => None,
        };
        let content = page::person(&page::Shown {
            person: &person,
            today: &station.today().to_string(),
            referrals: &of_person(&station, &ctx, &patient).await?,
            places: &places(&station, &ctx).await?,
            own: own_facility().as_deref(),
            may_refer: person.dead().is_none(),
            done,
        });
        Ok(station.site.page(&Page::new("Chuyển tuyến", content).here(REFER)))
    };
    answered(&station, &id, drawn).await
}

/// Where the handlers of the form work.
struct Desk<'s> {
    station: &'s Station,
    ctx: &'s Ctx,
    id: &'s RequestId,
    /// The Organization that somebody is sent to.
    place: Value,
    facility: String,
}

impl<'s> Desk<'s> {
    async fn new(
        station: &'s Station,
        ctx: &'s Ctx,
        id: &'s RequestId,
        facility: String,
    ) -> Result<Desk<'s>, Outcome> {
        let place = station.records.read(ctx, "Organization", &facility).await?.tree();
        Ok(Desk { station, ctx, id, place, facility })
    }

    async fn open(&self, patient: &str) -> Result<Person, Outcome> {
        Person::open(self.station, self.ctx, patient, "ServiceRequest", UNSEEN).await
    }

    async fn paper<'p>(&'p self, patient: &'p str) -> Result<Paper<'p>, Outcome> {
        let Desk { station, ctx, .. } = self;
        let edition = station.forms.edition(FORM, station.today());
        let edition = edition.ok_or_else(|| Outcome::fault(format!("no form {FORM}")))?;
        let own = match own_facility() {
            Some(own) => station.records.read(ctx, "Organization", &own).await?.tree(),
            None => json!({"resourceType": "Organization"}),
        };
        let action = format!("{REFER}/{patient}/{}", self.facility);
        let with = vec![("destination", self.place.clone()), ("facility", own)];
        Ok(Paper {
            station,
            ctx,
            edition,
            patient,
            about: FORM,
            action,
            verb: "Chuyển tuyến",
            reminds: false,
            with,
        })
    }

    fn drawn(&self, person: &Person, sheet: &Markup, wrong: Option<&Outcome>) -> Response {
        let note = wrong.map(|outcome| error::note(outcome, self.id));
        let content = page::form(person, &self.station.today().to_string(), sheet, note);
        let mut response = self.station.site.page(&Page::new("Chuyển tuyến", content).here(REFER));
        if let Some(outcome) = wrong {
            *response.status_mut() = error::status(outcome.kind);
        }
        response
    }

    /// The person's diagnoses that carry a label and are seen by whoever writes: it goes along.
    async fn labelled(&self, patient: &str) -> Result<Vec<Value>, Outcome> {
        let kin = self.station.records.store().kin_of(patient).await?.join(",");
        let query = Query::parse_string("Condition", &format!("patient={kin}&_count=500"))?;
        let found = self.station.records.search(self.ctx, &query, None).await?;
        let trees = found.matches.iter().map(Version::tree);
        Ok(trees.filter(|tree| tree.get("meta").is_some_and(|meta| meta.get("security").is_some())).collect())
    }
}

async fn opened(
    Asking { room: station, ctx, id }: Asking<Station>,
    Path((patient, facility)): Path<(String, String)>,
) -> Response {
    let drawn = async {
        let desk = Desk::new(&station, &ctx, &id, facility).await?;
        let person = desk.open(&patient).await?;
        let sheet = desk.paper(&patient).await?.opened(&person.tree).await?;
        Ok(desk.drawn(&person, &sheet, None))
    };
    answered(&station, &id, drawn).await
}

async fn write(
    Asking { room: station, ctx, id }: Asking<Station>,
    Path((patient, facility)): Path<(String, String)>,
    Form(fields): Form<Vec<(String, String)>>,
) -> Response {
    let written = async {
        let desk = Desk::new(&station, &ctx, &id, facility).await?;
        let person = desk.open(&patient).await?;
        if person.dead().is_some() {
            let text = "Người này đã mất; không chuyển tuyến được.";
            return Err(Outcome::new(Kind::Conflict, "dead", text, "the person is dead"));
        }
        let labelled = desk.labelled(&patient).await?;
        let paper = desk.paper(&patient).await?;
        Ok(match paper.done(&person.tree, &fields, &Deed::Answers(&labelled)).await? {
            Sent::Written => Redirect::to(&format!("{REFER}/{patient}?xong=ghi")).into_response(),
            Sent::Again { sheet, is_refused } => refused_if(is_refused, desk.drawn(&person, &sheet, None)),
            Sent::Refused { sheet, why } => desk.drawn(&person, &sheet, Some(&why)),
        })
    };
    answered(&station, &id, written).await
}

/// Keeps what is being typed, and answers what it moves on the page.
async fn draft(
    Asking { room: station, ctx, id }: Asking<Station>,
    Path((patient, facility)): Path<(String, String)>,
    Form(fields): Form<Vec<(String, String)>>,
) -> Response {
    let kept = async {
        let desk = Desk::new(&station, &ctx, &id, facility).await?;
        let person = desk.open(&patient).await?;
        Ok(station.site.fragment(&desk.paper(&patient).await?.keep(&person.tree, &fields).await?))
    };
    kept.await.unwrap_or_else(|outcome: Outcome| error::fragment(&station.site, &outcome, &id))
}

/// Begins the form anew.
async fn drop_draft(
    Asking { room: station, ctx, id }: Asking<Station>,
    Path((patient, facility)): Path<(String, String)>,
) -> Response {
    let dropped = async {
        let desk = Desk::new(&station, &ctx, &id, facility).await?;
        desk.paper(&patient).await?.forget().await?;
        Ok(Redirect::to(&format!("{REFER}/{patient}/{}", desk.facility)).into_response())
    };
    answered(&station, &id, dropped).await
}

/// What fits into a field while somebody types.
async fn offer(
    Asking { room: station, ctx, id }: Asking<Station>,
    Path((patient, facility, field)): Path<(String, String, String)>,
    Form(fields): Form<Vec<(String, String)>>,
) -> Response {
    let offered = async {
        let desk = Desk::new(&station, &ctx, &id, facility).await?;
        Ok(station.site.fragment(&desk.paper(&patient).await?.offered(&field, &fields)))
    };
    answered(&station, &id, offered).await
}

#[derive(serde::Deserialize)]
struct Named {
    #[serde(default)]
    phieu: String,
}

/// A referral of this person. Refuses with `not-found` what is none, or was taken back.
async fn named(station: &Station, ctx: &Ctx, patient: &str, id: &str) -> Result<Referral, Outcome> {
    Person::open(station, ctx, patient, "ServiceRequest", UNSEEN).await?;
    let all = of_person(station, ctx, patient).await?;
    all.into_iter().find(|one| one.id == id).ok_or_else(error::not_found)
}

/// The facility that was asked has received the person.
async fn receive(
    Asking { room: station, ctx, id }: Asking<Station>,
    Path(patient): Path<String>,
    Form(named): Form<Named>,
) -> Response {
    let received = async {
        let one = self::named(&station, &ctx, &patient, &named.phieu).await?;
        if own_facility().is_some_and(|own| own != one.to) {
            let text = "Phiếu này chuyển đến cơ sở khác; chỉ nơi ấy ghi tiếp nhận.";
            return Err(Outcome::new(Kind::Forbidden, "referral-place", text, "another facility's referral"));
        }
        let change = Change::edit("ServiceRequest", &one.id, |version| {
            let mut tree = version.tree();
            // Taken back since the page was drawn; received twice is received once.
            if !matches!(str_at(&tree, &["status"]), Some("active" | "completed")) {
                let text = "Phiếu này vừa được rút nên không ghi tiếp nhận được.";
                return Err(Outcome::new(
                    Kind::Conflict,
                    "referral-withdrawn",
                    text,
                    "the referral was taken back",
                ));
            }
            if let Some(object) = tree.as_object_mut() {
                object.insert("status", Value::from("completed"));
            }
            Resource::from_value(tree)
        });
        station.records.transact(&ctx, vec![change]).await?;
        Ok(Redirect::to(&format!("{REFER}/{patient}?xong=nhan")).into_response())
    };
    answered(&station, &id, received).await
}

async fn take_back(
    Asking { room: station, ctx, id }: Asking<Station>,
    Path(patient): Path<String>,
    Form(named): Form<Named>,
) -> Response {
    let taken = async {
        let one = self::named(&station, &ctx, &patient, &named.phieu).await?;
        if one.state == State::Received {
            let text = "Nơi ấy đã tiếp nhận người bệnh nên không rút phiếu được.";
            return Err(Outcome::new(Kind::Conflict, "referral-received", text, "the referral was received"));
        }
        if own_facility().is_some_and(|own| own != one.from) {
            let text = "Phiếu này do cơ sở khác viết; chỉ nơi ấy rút được.";
            return Err(Outcome::new(Kind::Forbidden, "referral-place", text, "another facility's referral"));
        }
        interview::take_back(&station.records, &ctx, &patient, &one.id).await?;
        Ok(Redirect::to(&format!("{REFER}/{patient}?xong=rut")).into_response())
    };
    answered(&station, &id, taken).await
}
