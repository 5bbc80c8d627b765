//! «Sổ hộ»: whom the station answers for, by village and household; whose health record lacks what; who has a family doctor.
//!
//! `/so-ho` are the villages with their shares, `/so-ho/thon` the households of one, `/so-ho/ho/{household}` one of them, `/so-ho/thieu`
//! the people of whom something is wanting. `/so-ho/nguoi/{patient}` ([`record`]) is one person's health record by its sections, and
//! the forms that fill it; `…/in` ([`sheet`]) prints it. Nothing is typed into the book: it is what the records say (`yba_recall::book`).

mod model;
mod page;
mod record;
mod sheet;

use crate::{Station, answered, names, own_facility, roll};
use axum::Router;
use axum::extract::{Form, Path, RawQuery};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use model::{Household, Part};
use std::collections::{BTreeMap, BTreeSet};
use yba_content::Day;
use yba_fhir::json::{JsonContainerTrait, JsonValueMutTrait, JsonValueTrait, json, str_at};
use yba_fhir::resource::is_id;
use yba_fhir::view::Patient;
use yba_fhir::{Kind, Outcome, Resource};
use yba_recall::book::{self, Member, Which};
use yba_recall::follower;
use yba_recall::standard::{RECORD, Standard};
use yba_records::{Action, Change, Ctx, Query};
use yba_store::search::query::decode_pairs;
use yba_web::{Asking, Page, encoded, error};

/// The book.
pub const BOOK: &str = "/so-ho";
/// One person's health record, before their id.
pub const PERSON: &str = "/so-ho/nguoi";
/// Households of one page.
const PAGE: usize = 30;
/// Longest name or number that an address may bring.
const TEXT_MAX: usize = 100;
/// Most people whom one household's form gives a doctor, and most doctors to choose from.
const HOUSEHOLD_MAX: usize = 60;
const DOCTORS_MAX: usize = 100;

pub(crate) fn routes() -> Router<Station> {
    Router::new()
        .route(BOOK, get(villages))
        .route("/so-ho/thon", get(village))
        .route("/so-ho/thieu", get(wanting))
        .route("/so-ho/ho/{household}", get(household))
        .route("/so-ho/ho/{household}/bac-si", post(assign))
        .merge(record::routes())
}

/// What an address says beside the path; what is not understood is left out.
#[derive(Default)]
struct Asked {
    /// Id of an Organization, for who sees several.
    place: Option<String>,
    village: Option<String>,
    part: Part,
    first: usize,
    done: Option<&'static str>,
}

impl Asked {
    fn of(query: Option<&str>) -> Asked {
        let mut asked = Asked::default();
        for (name, value) in decode_pairs(query.unwrap_or_default()) {
            match name.as_str() {
                "noi" if is_id(&value) => asked.place = Some(value),
                "ten" if value.len() <= TEXT_MAX => asked.village = Some(value),
                "gi" => asked.part = Part::of(&value),
                "thon" if value.len() <= TEXT_MAX => asked.village = Some(value),
                "tu" => asked.first = value.parse().unwrap_or(0),
                "xong" => asked.done = done_words(&value),
                _ => {}
            }
        }
        asked
    }

    /// Whose book: what was chosen, else the places of the caller's roles; none for who has to choose.
    fn places(&self, station: &Station, ctx: &Ctx) -> Option<BTreeSet<String>> {
        match &self.place {
            Some(place) => Some(BTreeSet::from([format!("Organization/{place}")])),
            None => book::own_places(&station.records, ctx),
        }
    }

    /// `&noi=…`, or nothing.
    fn more(&self) -> String {
        self.place.as_ref().map(|place| format!("&noi={place}")).unwrap_or_default()
    }
}

fn done_words(code: &str) -> Option<&'static str> {
    match code {
        "giao" => Some("Đã giao hộ cho bác sĩ gia đình."),
        "thoi" => Some("Đã thôi giao hộ."),
        _ => None,
    }
}

/// What a health record holds today.
fn standard(station: &Station) -> Result<Standard, Outcome> {
    let about = station.content.health_record(RECORD, station.today());
    let standard = about.and_then(|about| Standard::compile(about).ok());
    standard.ok_or_else(|| Outcome::fault(format!("no health record {RECORD}")))
}

/// The first day whose checks still count.
fn since(station: &Station, standard: &Standard) -> Day {
    let months = i32::try_from(standard.about.check_up.months).unwrap_or(i32::MAX);
    station.today().plus_months(-months)
}

async fn villages(Asking { room: station, ctx, id }: Asking<Station>, RawQuery(query): RawQuery) -> Response {
    let drawn = async {
        let (asked, standard) = (Asked::of(query.as_deref()), standard(&station)?);
        let since = since(&station, &standard);
        let Some(places) = asked.places(&station, &ctx) else {
            let found = book::facilities(&station.records, &ctx, since).await?;
            let id = |place: &str| place.strip_prefix("Organization/").unwrap_or(place).to_owned();
            let ids: Vec<String> = found.iter().map(|(place, _)| id(place)).collect();
            let names = names(&station, &ctx, ids.iter().map(String::as_str)).await;
            let lines = ids.into_iter().zip(found).map(|(id, (_, shares))| {
                let name = names.get(&id).cloned().unwrap_or_else(|| id.clone());
                (id, name, shares)
            });
            let content = page::choose(&lines.collect::<Vec<_>>(), &standard);
            return Ok(station.site.page(&Page::new("Sổ hộ", content).here(BOOK)));
        };
        let is_behind = follower::lag(&station.records).await? > 0;
        let lines = book::villages(&station.records, &ctx, &places, since).await?;
        let own = asked.place.clone().or_else(own_facility);
        let names = names(&station, &ctx, own.as_deref().into_iter()).await;
        let content = page::villages(&page::Villages {
            station: own.and_then(|own| names.get(&own)).map_or("", String::as_str),
            lines: &lines,
            standard: &standard,
            more: &asked.more(),
            is_behind,
        });
        Ok(station.site.page(&Page::new("Sổ hộ", content).here(BOOK)))
    };
    answered(&station, &id, drawn).await
}

/// The places of an address that names one village, household or person: who sees the province chooses a station first.
fn chosen(station: &Station, ctx: &Ctx, asked: &Asked) -> Result<BTreeSet<String>, Outcome> {
    asked.places(station, ctx).ok_or_else(|| {
        Outcome::invalid("book-place", "Hãy chọn trạm trước, ở trang «Sổ hộ».", "no place was chosen")
    })
}

async fn village(Asking { room: station, ctx, id }: Asking<Station>, RawQuery(query): RawQuery) -> Response {
    let drawn = async {
        let asked = Asked::of(query.as_deref());
        let (name, places) = (asked.village.clone().unwrap_or_default(), chosen(&station, &ctx, &asked)?);
        let members = book::lines(&station.records, &ctx, &places, Which::Village(&name)).await?;
        let households = model::households(members);
        let first = if asked.first < households.len() { asked.first } else { 0 };
        let part: Vec<&Household> = households.iter().skip(first).take(PAGE).collect();
        let ids = part.iter().flat_map(|one| &one.members).map(|one| one.patient.as_str());
        let people = roll::people(&station, &ctx, ids).await?;
        let content = page::village(&page::Village {
            name: &name,
            part: &part,
            people: &people,
            count: households.len(),
            first,
            more: &asked.more(),
            today: station.today(),
        });
        Ok(station.site.page(&Page::new("Sổ hộ", content).here(BOOK)))
    };
    answered(&station, &id, drawn).await
}

async fn wanting(Asking { room: station, ctx, id }: Asking<Station>, RawQuery(query): RawQuery) -> Response {
    let drawn = async {
        let (asked, standard) = (Asked::of(query.as_deref()), standard(&station)?);
        let (places, since) = (chosen(&station, &ctx, &asked)?, since(&station, &standard));
        let which = Which::Wanting(asked.part.wanting(), since, asked.village.as_deref());
        let members = book::lines(&station.records, &ctx, &places, which).await?;
        let first = if asked.first < members.len() { asked.first } else { 0 };
        let part: Vec<&Member> = members.iter().skip(first).take(roll::PAGE).collect();
        let people = roll::people(&station, &ctx, part.iter().map(|one| one.patient.as_str())).await?;
        let content = page::wanting(&page::Wanting {
            part: asked.part,
            village: asked.village.as_deref(),
            lines: &part,
            people: &people,
            count: members.len(),
            first,
            more: &asked.more(),
            standard: &standard,
            today: station.today(),
        });
        Ok(station.site.page(&Page::new("Sổ hộ", content).here(BOOK)))
    };
    answered(&station, &id, drawn).await
}

/// The living of one household, within reach; `not-found` when there are none.
async fn members_of(
    station: &Station,
    ctx: &Ctx,
    asked: &Asked,
    number: &str,
) -> Result<Vec<Member>, Outcome> {
    if number.len() > TEXT_MAX {
        return Err(error::not_found());
    }
    let places = chosen(station, ctx, asked)?;
    let found = book::lines(&station.records, ctx, &places, Which::Household(number)).await?;
    if found.is_empty() { Err(error::not_found()) } else { Ok(found) }
}

async fn household(
    Asking { room: station, ctx, id }: Asking<Station>,
    Path(number): Path<String>,
    RawQuery(query): RawQuery,
) -> Response {
    let drawn = async {
        let (asked, standard) = (Asked::of(query.as_deref()), standard(&station)?);
        let members = members_of(&station, &ctx, &asked, &number).await?;
        let people = roll::people(&station, &ctx, members.iter().map(|one| one.patient.as_str())).await?;
        let doctors = doctors(&station, &ctx, &asked).await?;
        let content = page::household(&page::House {
            number: &number,
            members: &members,
            people: &people,
            doctors: &doctors,
            may_assign: ctx.may(Action::Update, "Patient"),
            done: asked.done,
            more: &asked.more(),
            standard: &standard,
            since: since(&station, &standard),
            today: station.today(),
        });
        Ok(station.site.page(&Page::new("Sổ hộ", content).here(BOOK)))
    };
    answered(&station, &id, drawn).await
}

/// Practitioners of the station: `Practitioner/…` and name. Who may not see them chooses none.
async fn doctors(station: &Station, ctx: &Ctx, asked: &Asked) -> Result<Vec<(String, String)>, Outcome> {
    let Some(own) = asked.place.clone().or_else(own_facility) else { return Ok(Vec::new()) };
    if !ctx.may(Action::Search, "PractitionerRole") || !ctx.may(Action::Read, "Practitioner") {
        return Ok(Vec::new());
    }
    let query = format!(
        "organization=Organization/{own}&active=true&_include=PractitionerRole:practitioner&_count={DOCTORS_MAX}"
    );
    let found = station.records.search(ctx, &Query::parse_string("PractitionerRole", &query)?, None).await?;
    let mut all: BTreeMap<String, String> = BTreeMap::new();
    for one in found.included.iter().filter(|one| one.kind == "Practitioner") {
        let tree = one.tree();
        let name = Patient(&tree).name().unwrap_or_else(|| "chưa rõ tên".to_owned());
        all.insert(format!("Practitioner/{}", one.id), name);
    }
    let mut all: Vec<(String, String)> = all.into_iter().collect();
    all.sort_by(|one, other| one.1.cmp(&other.1));
    Ok(all)
}

/// Gives every member of a household one family doctor, or none.
async fn assign(
    Asking { room: station, ctx, id }: Asking<Station>,
    Path(number): Path<String>,
    RawQuery(query): RawQuery,
    Form(fields): Form<Vec<(String, String)>>,
) -> Response {
    let assigned = async {
        let asked = Asked::of(query.as_deref());
        let mut members = members_of(&station, &ctx, &asked, &number).await?;
        members.truncate(HOUSEHOLD_MAX);
        let wanted = fields.iter().find(|(name, _)| name == "bac-si").map_or("", |(_, value)| value.as_str());
        let doctors = doctors(&station, &ctx, &asked).await?;
        let doctor = doctors.iter().find(|(reference, _)| reference == wanted);
        if doctor.is_none() && !["", page::AS_IT_IS].contains(&wanted) {
            let text = "Người này không còn làm ở trạm. Hãy chọn người khác.";
            return Err(Outcome::new(Kind::Unprocessable, "doctor", text, "no practitioner of the station"));
        }
        let others = members.iter().filter(|one| wanted != page::AS_IT_IS && one.doctor != wanted);
        let changes: Vec<Change> = others.map(|one| given(&one.patient, doctor)).collect();
        if !changes.is_empty() {
            station.records.transact(&ctx, changes).await?;
        }
        let done = if wanted.is_empty() { "thoi" } else { "giao" };
        let address = format!("{BOOK}/ho/{}?xong={done}{}", encoded(&number), asked.more());
        Ok(Redirect::to(&address).into_response())
    };
    answered(&station, &id, assigned).await
}

/// A Patient with this family doctor: what else stands there (a clinic, an organization) stays.
fn given(patient: &str, doctor: Option<&(String, String)>) -> Change {
    let doctor = doctor.cloned();
    Change::edit("Patient", patient, move |version| {
        let mut tree = version.tree();
        let is_person = |one: &yba_fhir::json::Value| {
            str_at(one, &["reference"]).is_some_and(|target| target.starts_with("Practitioner/"))
        };
        let kept =
            tree.get("generalPractitioner").and_then(|all| all.as_array().cloned()).unwrap_or_default();
        let mut all: Vec<_> = kept.iter().filter(|one| !is_person(one)).cloned().collect();
        if let Some((reference, display)) = &doctor {
            all.insert(0, json!({"reference": reference.as_str(), "display": display.as_str()}));
        }
        if let Some(object) = tree.as_object_mut() {
            object.remove(&"generalPractitioner");
            if !all.is_empty() {
                object.insert("generalPractitioner", yba_fhir::json::Value::from(all));
            }
        }
        Resource::from_value(tree)
    })
}
