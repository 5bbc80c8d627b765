//! «Bệnh mạn tính»: who is in a programme, who should come, and the visit.
//!
//! `/man-tinh` is the first programme of content, `/man-tinh/{programme}` the people of the caller's station in it, the late ones first.
//! `/man-tinh/{programme}/{patient}` is one person: earlier visits, and the programme's form, filled in from the record; one
//! button writes the visit down. `/man-tinh/{programme}/ket-qua` ([`outcomes`]) is what became of them. Addresses hold ids and villages, no names.

pub(crate) mod model;
mod outcomes;
mod page;

use crate::paper::{About, Paper, Sent, refused_if, said_of};
use crate::person::Person;
use crate::roll::{self, PAGE, Roll};
use crate::{Station, answered, own_facility};
use axum::Router;
use axum::extract::{Form, Path, RawQuery};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use maud::Markup;
use model::Part;
use std::collections::BTreeSet;
use yba_care::advise::{self, Told};
use yba_care::{follow_up, visit};
use yba_content::{Day, Programme};
use yba_fhir::Outcome;
use yba_fhir::json::{JsonValueTrait, Value, items, str_at};
use yba_fhir::resource::is_id;
use yba_recall::list::{self, Called, List};
use yba_recall::{chronic, follower};
use yba_records::{Ctx, Query, Version};
use yba_store::search::query::decode_pairs;
use yba_web::{Asking, Page, RequestId, error};

/// The list.
pub const CHRONIC: &str = "/man-tinh";
/// After this day nobody is expected.
const EVER: i64 = 36_500;
/// Observations of one person that are looked at for what stands beside the form.
const OBSERVED: usize = 60;
/// Of whom nothing else is seen, earlier visits would look as if they had never been.
const UNSEEN: &str = "Bạn chưa được xem hồ sơ khám của người này. Hãy tiếp đón họ ở trạm của bạn trước.";

pub(crate) fn routes() -> Router<Station> {
    Router::new()
        .route(CHRONIC, get(first))
        .route("/man-tinh/nguoi/{patient}", get(of_person))
        .route("/man-tinh/{programme}", get(listed))
        .route("/man-tinh/{programme}/ket-qua", get(outcomes::shown))
        .route("/man-tinh/{programme}/{patient}", get(person).post(write))
        .route("/man-tinh/{programme}/{patient}/nhap", post(draft))
        .route("/man-tinh/{programme}/{patient}/bo-nhap", post(drop_draft))
        .route("/man-tinh/{programme}/{patient}/vao", post(join))
        .route("/man-tinh/{programme}/{patient}/thoi", post(leave))
        .route("/man-tinh/{programme}/{patient}/rut", post(take_back))
        .route("/man-tinh/{programme}/{patient}/goi-y/{*field}", post(offer))
}

async fn first(Asking { room: station, id, .. }: Asking<Station>) -> Response {
    let led = async {
        let first = first_of(&station.content.programmes_on(station.today())).ok_or_else(error::not_found)?;
        Ok(Redirect::to(&format!("{CHRONIC}/{}", first.slug)).into_response())
    };
    answered(&station, &id, led).await
}

/// From a person's record: to the programme that they are in, else to the first.
async fn of_person(
    Asking { room: station, ctx, id }: Asking<Station>,
    Path(patient): Path<String>,
) -> Response {
    let led = async {
        let programmes = station.content.programmes_on(station.today());
        let mut led = first_of(&programmes).ok_or_else(error::not_found)?;
        for programme in programmes {
            let said = follow_up::diagnoses(&station.records, &ctx, &patient, programme).await?;
            if said.first().is_some_and(chronic::holds) {
                led = programme;
                break;
            }
        }
        Ok(Redirect::to(&format!("{CHRONIC}/{}/{patient}", led.slug)).into_response())
    };
    answered(&station, &id, led).await
}

/// The commonest first: it stands first in most stations' lists as well.
fn first_of<'p>(programmes: &[&'p Programme]) -> Option<&'p Programme> {
    programmes.iter().find(|one| one.slug == "hypertension").or(programmes.first()).copied()
}

/// What an address says beside the path; what is not understood is left out.
struct Asked {
    part: Part,
    village: Option<String>,
    first: usize,
    /// Whose list, for who sees several: `Organization/…`.
    place: Option<String>,
    /// What was just done.
    done: Option<&'static str>,
    /// What was just done is a visit.
    was_written: bool,
    /// A second visit on one day is meant.
    again: bool,
}

fn asked(query: Option<&str>) -> Asked {
    let mut asked = Asked {
        part: Part::Expected,
        village: None,
        first: 0,
        place: None,
        done: None,
        was_written: false,
        again: false,
    };
    for (name, value) in decode_pairs(query.unwrap_or_default()) {
        match name.as_str() {
            "xem" => asked.part = Part::of(&value).unwrap_or(Part::Expected),
            "thon" => asked.village = Some(value),
            "noi" if is_id(&value) => asked.place = Some(format!("Organization/{value}")),
            "tu" => asked.first = value.parse().unwrap_or(0),
            "them" => asked.again = true,
            "xong" => {
                asked.done = done_words(&value);
                asked.was_written = value == "kham";
            }
            _ => {}
        }
    }
    asked
}

fn done_words(code: &str) -> Option<&'static str> {
    match code {
        "kham" => Some("Đã ghi lần khám."),
        "vao" => Some("Đã đưa vào quản lý."),
        "thoi" => Some("Đã thôi quản lý."),
        "rut" => Some("Đã rút lần khám ghi nhầm."),
        _ => None,
    }
}

fn programme<'s>(station: &'s Station, slug: &str) -> Result<&'s Programme, Outcome> {
    station.content.programme(slug, station.today()).ok_or_else(error::not_found)
}

async fn listed(
    Asking { room: station, ctx, id }: Asking<Station>,
    Path(slug): Path<String>,
    RawQuery(query): RawQuery,
) -> Response {
    answered(&station, &id, drawn_list(&station, &ctx, &slug, query.as_deref())).await
}

async fn drawn_list(
    station: &Station,
    ctx: &Ctx,
    slug: &str,
    query: Option<&str>,
) -> Result<Response, Outcome> {
    let (today, asked, programme) = (station.today(), asked(query), programme(station, slug)?);
    let list = List::Programme(&programme.slug);
    let place = asked.place.clone().map(|place| BTreeSet::from([place]));
    if list::own_places(&station.records, ctx, list).is_none() && place.is_none() {
        return choose(station, ctx, programme, today, "").await;
    }
    // Asked before the list: what the tables learn meanwhile is not on it.
    let is_behind = follower::lag(&station.records).await? > 0;
    let called = list::called(&station.records, ctx, list, place.as_ref(), today.plus_days(EVER)).await?;
    let of_part = |one: &&Called| asked.part.has(one, today);
    let villages = roll::villages(called.iter().filter(of_part), today);
    let of_village = |one: &&Called| asked.village.as_ref().is_none_or(|village| *village == one.village);
    let counts =
        Part::EACH.map(|part| called.iter().filter(of_village).filter(|one| part.has(one, today)).count());
    let mut shown: Vec<&Called> = called.iter().filter(of_part).filter(of_village).collect();
    shown.sort_by_key(|one| one.asked.first().and_then(list::Asked::due));
    let first = if asked.first < shown.len() { asked.first } else { 0 };
    let part: Vec<&Called> = shown.iter().copied().skip(first).take(PAGE).collect();
    let people = roll::people(station, ctx, part.iter().map(|one| one.patient.as_str())).await?;
    let lines: Vec<_> = part.iter().map(|one| model::line(one, people.get(&one.patient), today)).collect();
    let place = asked.place.as_deref().and_then(|place| place.strip_prefix("Organization/"));
    let mut base = format!("{CHRONIC}/{}?xem={}", programme.slug, asked.part.code());
    if let Some(place) = place {
        base += &format!("&noi={place}");
    }
    let programmes = station.content.programmes_on(today);
    let programmes: Vec<(&str, &str)> =
        programmes.iter().map(|one| (one.slug.as_str(), one.title.as_str())).collect();
    let content = page::list(&page::Listed {
        programme,
        programmes: &programmes,
        lines: &lines,
        part: asked.part,
        counts,
        roll: Roll {
            base,
            villages: &villages,
            village: asked.village.as_deref(),
            count: shown.len(),
            first,
        },
        place,
        is_behind,
    });
    Ok(station.site.page(&Page::new("Bệnh mạn tính", content).here(CHRONIC)))
}

/// For who sees the whole province: of which station. `rest` is what the address says after the programme.
async fn choose(
    station: &Station,
    ctx: &Ctx,
    programme: &Programme,
    today: Day,
    rest: &str,
) -> Result<Response, Outcome> {
    let list = List::Programme(&programme.slug);
    let found = list::facilities(&station.records, ctx, list, today.plus_days(EVER)).await?;
    let lines = roll::stations(station, ctx, &found).await;
    Ok(station.site.page(&Page::new("Bệnh mạn tính", page::choose(programme, &lines, rest)).here(CHRONIC)))
}

/// Where the handlers of one person's page work.
struct Desk<'s> {
    station: &'s Station,
    ctx: &'s Ctx,
    id: &'s RequestId,
    programme: &'s Programme,
    /// Why people come.
    reason: String,
}

/// A person with all that the page needs.
struct Open {
    person: Person,
    /// The programme's Conditions, the one written last first.
    diagnoses: Vec<Value>,
    expected: Vec<Value>,
    earlier: Vec<model::Earlier>,
    /// Why today's visits were written although a rule stopped them.
    told: Vec<Told>,
}

impl Open {
    /// The Condition by which the person is in the programme.
    fn diagnosis(&self) -> Option<&Value> {
        self.diagnoses.first().filter(|tree| chronic::holds(tree))
    }
}

/// What a page says beside what it shows.
#[derive(Default)]
struct Said<'a> {
    done: Option<&'a str>,
    wrong: Option<&'a Outcome>,
    chosen: &'a str,
    reason: &'a str,
    has_moved: bool,
    /// By the rules, of what was just written.
    after: Markup,
}

impl<'s> Desk<'s> {
    fn new(station: &'s Station, ctx: &'s Ctx, id: &'s RequestId, slug: &str) -> Result<Desk<'s>, Outcome> {
        let programme = programme(station, slug)?;
        let reason = format!("Khám định kỳ: {}", programme.title.to_lowercase());
        Ok(Desk { station, ctx, id, programme, reason })
    }

    async fn open(&self, patient: &str) -> Result<Open, Outcome> {
        let (records, today) = (&self.station.records, self.station.today());
        let person = Person::open(self.station, self.ctx, patient, "Condition", UNSEEN).await?;
        let diagnoses = follow_up::diagnoses(records, self.ctx, patient, self.programme).await?;
        let expected = follow_up::expected(records, self.ctx, patient, self.programme).await?;
        let observed = self.observed(patient).await?;
        let earlier = model::earlier(self.programme, &observed, today);
        let visits = earlier.iter().filter(|one| one.is_today).filter_map(|one| one.visit.as_ref());
        let about: Vec<String> = visits.map(|visit| format!("Encounter/{visit}")).collect();
        let told = advise::told(records, self.ctx, &about).await?;
        Ok(Open { person, diagnoses, expected, earlier, told })
    }

    /// What was observed of the person before, newest first, in all their files.
    async fn observed(&self, patient: &str) -> Result<Vec<Value>, Outcome> {
        let records = &self.station.records;
        let kin = records.store().kin_of(patient).await?.join(",");
        let codes: Vec<String> =
            self.programme.shown.iter().map(|one| format!("{}|{}", one.system, one.code)).collect();
        let query = format!(
            "patient={kin}&code={}&status=final,amended,corrected&_sort=-date&_count={OBSERVED}",
            codes.join(",")
        );
        let found = records.search(self.ctx, &Query::parse_string("Observation", &query)?, None).await?;
        Ok(found.matches.iter().map(Version::tree).collect())
    }

    fn edition(&self) -> Result<&'s yba_forms::library::Edition, Outcome> {
        let edition = self.station.forms.edition(&self.programme.form, self.station.today());
        edition.ok_or_else(|| Outcome::fault(format!("no form {}", self.programme.form)))
    }

    fn paper<'p>(&'p self, patient: &'p str) -> Result<Paper<'p>, Outcome> {
        let Desk { station, ctx, programme, .. } = self;
        let (edition, action) = (self.edition()?, self.address(patient));
        let (about, verb) = (programme.slug.as_str(), "Ghi lần khám");
        Ok(Paper { station, ctx, edition, patient, about, action, verb, reminds: true, with: Vec::new() })
    }

    fn address(&self, patient: &str) -> String {
        format!("{CHRONIC}/{}/{patient}", self.programme.slug)
    }

    /// To the person's page, which says what was done.
    fn back(&self, patient: &str, done: &str) -> Response {
        Redirect::to(&format!("{}?xong={done}", self.address(patient))).into_response()
    }

    fn drawn(&self, open: &Open, form: Option<Markup>, said: &Said) -> Response {
        let due = open.expected.iter().filter_map(|one| chronic::expected(one).map(|(_, day)| day)).max();
        let (due, fresh) =
            (due.map(|day| day.to_string()).unwrap_or_default(), self.station.records.fresh_id());
        let diagnosis = open.diagnosis().map(diagnosis_words);
        let programmes = self.station.content.programmes_on(self.station.today());
        let programmes: Vec<(&str, &str)> =
            programmes.iter().map(|one| (one.slug.as_str(), one.title.as_str())).collect();
        let content = page::person(&page::Shown {
            programme: self.programme,
            programmes: &programmes,
            person: &open.person,
            today: &self.station.today().to_string(),
            diagnosis: diagnosis.as_deref(),
            due: &due,
            earlier: &open.earlier,
            form,
            fresh: &fresh,
            codes: &self.codes(),
            chosen: said.chosen,
            reason: said.reason,
            has_moved: said.has_moved,
            done: said.done,
            after: &said.after,
            told: &open.told,
            note: said.wrong.map(|outcome| error::note(outcome, self.id)),
        });
        let mut response = self.station.site.page(&Page::new("Bệnh mạn tính", content).here(CHRONIC));
        if let Some(outcome) = said.wrong {
            *response.status_mut() = error::status(outcome.kind);
        }
        response
    }

    /// The programme's diagnoses to choose from: code and words.
    fn codes(&self) -> Vec<(String, String)> {
        let words = |code: &String| {
            let title = self.station.content.icd10(code).map_or("", |title| title.vi);
            (code.clone(), if title.is_empty() { code.clone() } else { format!("{code} {title}") })
        };
        self.programme.icd.iter().map(words).collect()
    }
}

/// The words of a Condition, with its code.
fn diagnosis_words(condition: &Value) -> String {
    let code = chronic::icd10(condition).next().unwrap_or_default();
    let concept = condition.get("code");
    let coded =
        concept.into_iter().flat_map(|one| items(one, "coding")).find_map(|one| str_at(one, &["display"]));
    let words = str_at(condition, &["code", "text"]).or(coded).unwrap_or_default();
    match words {
        "" => code.to_owned(),
        words if code.is_empty() || words.contains(code) => words.to_owned(),
        words => format!("{words} ({code})"),
    }
}

async fn person(
    Asking { room: station, ctx, id }: Asking<Station>,
    Path((slug, patient)): Path<(String, String)>,
    RawQuery(query): RawQuery,
) -> Response {
    let drawn = async {
        let desk = Desk::new(&station, &ctx, &id, &slug)?;
        let (open, asked) = (desk.open(&patient).await?, asked(query.as_deref()));
        let was_seen = open.earlier.iter().any(|one| one.is_today && one.visit.is_some());
        let form = match open.diagnosis() {
            Some(_) if asked.again || !was_seen => {
                Some(desk.paper(&patient)?.opened(&open.person.tree).await?)
            }
            _ => None,
        };
        let seen = open.earlier.iter().filter(|one| one.is_today).find_map(|one| one.visit.as_deref());
        let after = match (asked.was_written, seen) {
            (true, Some(visit)) => said_of(&station, &ctx, &open.person.tree, visit).await?,
            _ => Markup::default(),
        };
        Ok(desk.drawn(&open, form, &Said { done: asked.done, after, ..Said::default() }))
    };
    answered(&station, &id, drawn).await
}

/// The id that one of the page's small forms brings; one that is none gets a new one.
fn small_form_id(station: &Station, fields: &[(String, String)]) -> String {
    let brought = fields.iter().find(|(key, _)| key == "phieu").map(|(_, value)| value.as_str());
    brought.filter(|id| is_id(id)).map_or_else(|| station.records.fresh_id(), str::to_owned)
}

async fn write(
    Asking { room: station, ctx, id }: Asking<Station>,
    Path((slug, patient)): Path<(String, String)>,
    Form(fields): Form<Vec<(String, String)>>,
) -> Response {
    let written = async {
        let desk = Desk::new(&station, &ctx, &id, &slug)?;
        let open = desk.open(&patient).await?;
        let Some(diagnosis) = open.diagnosis() else { return Ok(desk.drawn(&open, None, &Said::default())) };
        let code = diagnosis.get("code").cloned().unwrap_or_default();
        let about = About { reason: &desk.reason, diagnosis: Some(&code), expected: &open.expected };
        let sent = desk.paper(&patient)?.sent(&open.person.tree, &fields, &about).await?;
        Ok(match sent {
            Sent::Written => desk.back(&patient, "kham"),
            Sent::Again { sheet, is_refused } => {
                refused_if(is_refused, desk.drawn(&open, Some(sheet), &Said::default()))
            }
            Sent::Refused { sheet, why } => {
                desk.drawn(&open, Some(sheet), &Said { wrong: Some(&why), ..Said::default() })
            }
        })
    };
    answered(&station, &id, written).await
}

/// Keeps what is being typed, and answers what it moves on the page.
async fn draft(
    Asking { room: station, ctx, id }: Asking<Station>,
    Path((slug, patient)): Path<(String, String)>,
    Form(fields): Form<Vec<(String, String)>>,
) -> Response {
    let kept = async {
        let desk = Desk::new(&station, &ctx, &id, &slug)?;
        let person = Person::open(&station, &ctx, &patient, "Condition", UNSEEN).await?;
        Ok(station.site.fragment(&desk.paper(&patient)?.keep(&person.tree, &fields).await?))
    };
    kept.await.unwrap_or_else(|outcome: Outcome| error::fragment(&station.site, &outcome, &id))
}

/// Begins the form anew.
async fn drop_draft(
    Asking { room: station, ctx, id }: Asking<Station>,
    Path((slug, patient)): Path<(String, String)>,
) -> Response {
    let dropped = async {
        let desk = Desk::new(&station, &ctx, &id, &slug)?;
        desk.paper(&patient)?.forget().await?;
        Ok(Redirect::to(&format!("{}?them=1", desk.address(&patient))).into_response())
    };
    answered(&station, &id, dropped).await
}

/// What fits into a field while somebody types.
async fn offer(
    Asking { room: station, ctx, id }: Asking<Station>,
    Path((slug, patient, field)): Path<(String, String, String)>,
    Form(fields): Form<Vec<(String, String)>>,
) -> Response {
    let offered = async {
        let desk = Desk::new(&station, &ctx, &id, &slug)?;
        Ok(station.site.fragment(&desk.paper(&patient)?.offered(&field, &fields)))
    };
    answered(&station, &id, offered).await
}

async fn join(
    Asking { room: station, ctx, id }: Asking<Station>,
    Path((slug, patient)): Path<(String, String)>,
    Form(fields): Form<Vec<(String, String)>>,
) -> Response {
    let joined = async {
        let desk = Desk::new(&station, &ctx, &id, &slug)?;
        let open = desk.open(&patient).await?;
        if open.diagnosis().is_some() {
            return Ok(desk.back(&patient, "vao"));
        }
        let form = small_form_id(&station, &fields);
        let chosen = fields.iter().find(|(name, _)| name == "ma").map_or("", |(_, code)| code.trim());
        let now_ms = station.records.store().clock().now_ms();
        let title = station.content.icd10(chosen).map_or(chosen, |title| title.vi);
        let done = match follow_up::join(&patient, desk.programme, (chosen, title), &form, now_ms) {
            Ok(change) => station.records.transact(&ctx, vec![change]).await.map(|_| ()),
            Err(outcome) => Err(outcome),
        };
        match done {
            Ok(()) => Ok(desk.back(&patient, "vao")),
            // The same form, sent twice at once.
            Err(_) if desk.open(&patient).await?.diagnosis().is_some() => Ok(desk.back(&patient, "vao")),
            Err(outcome) => {
                Ok(desk.drawn(&open, None, &Said { wrong: Some(&outcome), chosen, ..Said::default() }))
            }
        }
    };
    answered(&station, &id, joined).await
}

async fn leave(
    Asking { room: station, ctx, id }: Asking<Station>,
    Path((slug, patient)): Path<(String, String)>,
    Form(fields): Form<Vec<(String, String)>>,
) -> Response {
    let left = async {
        let desk = Desk::new(&station, &ctx, &id, &slug)?;
        let open = desk.open(&patient).await?;
        let Some(diagnosis) = open.diagnosis() else { return Ok(desk.back(&patient, "thoi")) };
        let reason =
            fields.iter().find(|(name, _)| name == "ly-do").map_or("", |(_, reason)| reason.as_str());
        let has_moved = fields.iter().any(|(name, value)| name == "loai" && value == page::MOVED);
        let form = small_form_id(&station, &fields);
        let code = diagnosis.get("code").cloned().unwrap_or_default();
        let now_ms = station.records.store().clock().now_ms();
        let done = match follow_up::leave(&patient, &code, &open.expected, (reason, has_moved), &form, now_ms)
        {
            Ok(changes) => station.records.transact(&ctx, changes).await.map(|_| ()),
            Err(outcome) => Err(outcome),
        };
        match done {
            Ok(()) => Ok(desk.back(&patient, "thoi")),
            // The same form, sent twice at once.
            Err(_) if desk.open(&patient).await?.diagnosis().is_none() => Ok(desk.back(&patient, "thoi")),
            Err(outcome) => {
                let form = desk.paper(&patient)?.opened(&open.person.tree).await?;
                Ok(desk.drawn(
                    &open,
                    Some(form),
                    &Said { wrong: Some(&outcome), reason, has_moved, ..Said::default() },
                ))
            }
        }
    };
    answered(&station, &id, left).await
}

#[derive(serde::Deserialize)]
struct Taken {
    #[serde(default)]
    kham: String,
}

async fn take_back(
    Asking { room: station, ctx, id }: Asking<Station>,
    Path((slug, patient)): Path<(String, String)>,
    Form(taken): Form<Taken>,
) -> Response {
    let taken = async {
        let desk = Desk::new(&station, &ctx, &id, &slug)?;
        let open = desk.open(&patient).await?;
        // Of this person, not of whoever a form may name.
        if !open.earlier.iter().any(|one| one.visit.as_ref() == Some(&taken.kham)) {
            return Err(error::not_found());
        }
        match visit::take_back(&station.records, &ctx, own_facility().as_deref(), &patient, &taken.kham).await
        {
            Ok(()) => Ok(desk.back(&patient, "rut")),
            Err(outcome) => crate::prescribe::handed_out(&station, &id, &patient, outcome),
        }
    };
    answered(&station, &id, taken).await
}
