//! Screening on a child's page: in one tick when nothing stands against vaccines, or the whole form of content.

use super::{Counter, UNSEEN, VACCINATE, back_to};
use crate::person::Person;
use crate::{Station, answered, own_facility};
use axum::extract::{Form, Path, RawQuery};
use axum::response::Response;
use maud::{Markup, html};
use yba_care::immunise;
use yba_care::screening::{self, Screened};
use yba_care::{Finding, Severity};
use yba_fhir::json::Value;
use yba_fhir::resource::is_id;
use yba_fhir::{Kind, Outcome, Resource};
use yba_forms::Kind as Asks;
use yba_forms::library::Edition;
use yba_forms::page::{self, Look};
use yba_forms::{Filling, OfTerminology, Setting, Step};
use yba_records::Change;
use yba_store::search::query::decode_pairs;
use yba_ui::card;
use yba_ui::form::hidden;
use yba_web::{Asking, Page, error};

/// The tick that says «no» to every question.
pub(super) const NOTHING: &str = "sl-khong";
/// What the quick screening sends of measures, by the questions of the form.
pub(super) const MEASURES: [&str; 2] = ["temperature", "weight"];
/// The question of the conclusion, and the answer with which vaccines are given.
const RESULT: &str = "result";
const ELIGIBLE: &str = "eligible";
/// The fields of the form's own id and of the day of vaccination: no linkId has a `~`.
const FORM_ID: &str = "~phieu";
const SESSION: &str = "~buoi";

/// The form of screening that content names for today.
fn edition(station: &Station) -> Result<&Edition, Outcome> {
    let today = station.today();
    let form =
        station.content.vaccination_day(today).and_then(|day| station.forms.edition(&day.screening, today));
    form.ok_or_else(|| {
        Outcome::new(
            Kind::NotFound,
            "screening",
            "Chưa có biểu mẫu sàng lọc cho ngày này.",
            "no form of screening",
        )
    })
}

fn setting(station: &Station, patient: &Value) -> Setting {
    Setting::new(station.records.store().clock().now_ms()).with("patient", patient.clone())
}

/// «No» to every question that is a yes or no.
fn nothing(edition: &Edition) -> Vec<(String, String)> {
    let asked = edition.form.items().filter(|item| item.kind == Asks::Boolean && item.is_open());
    asked.map(|item| (item.link_id.clone(), "false".to_owned())).collect()
}

/// What the screening of a form that gives vaccines comes to.
pub(super) enum Quick {
    /// What was concluded earlier today stands.
    Known(Screened),
    /// It was ticked, and the form agrees: these records go with the doses.
    Now(Screened, Vec<Value>),
    /// It was not done, or does not go with what was measured.
    Not(Finding),
}

/// Reads the screening out of a form that gives vaccines.
pub(super) fn quick(
    station: &Station,
    patient: &Value,
    id: &str,
    form: &str,
    known: Option<&Screened>,
    pairs: &[(String, String)],
) -> Result<Quick, Outcome> {
    let stop =
        |text: String| Quick::Not(Finding { severity: Severity::Stop, field: "screening".into(), text });
    if let Some(known) = known {
        return Ok(match known.is_eligible() {
            true => Quick::Known(known.clone()),
            false => stop(format!(
                "Khám sàng lọc hôm nay: {}. Chưa tiêm được; hãy khám sàng lọc lại nếu đã khác.",
                known.words
            )),
        });
    }
    if !pairs.iter().any(|(name, _)| name == NOTHING) {
        return Ok(stop("Chưa khám sàng lọc: đánh dấu «Không có chống chỉ định», hoặc mở bảng kiểm khi có điểm bất thường.".into()));
    }
    let edition = edition(station)?;
    let mut fields = nothing(edition);
    fields.extend(pairs.iter().filter(|(name, _)| MEASURES.contains(&name.as_str())).cloned());
    fields.push((RESULT.to_owned(), ELIGIBLE.to_owned()));
    let setting = setting(station, patient);
    let terminology = station.records.terminology_now();
    let choices = OfTerminology { terminology: &terminology, on: setting.today() };
    let filling = edition.form.take(&setting, &choices, &fields)?;
    if !filling.is_sound() {
        return Ok(stop(why_not(&filling)));
    }
    let (screened, trees) = screening::plan(&filling, &setting, id, form, own_facility().as_deref())?;
    Ok(Quick::Now(screened, trees))
}

/// Why a form is not sound, in the words of the form.
fn why_not(filling: &Filling<'_>) -> String {
    let said: Vec<&str> = filling.faults.iter().map(|fault| fault.text.as_str()).collect();
    match said.first() {
        Some(text) => format!("{text} Mở bảng kiểm sàng lọc để ghi tạm hoãn hoặc chuyển tuyến."),
        None => filling.trouble().unwrap_or_else(|| "Chưa đủ thông tin sàng lọc.".to_owned()),
    }
}

/// `?buoi=…` of an address.
fn session_of(query: Option<&str>) -> Option<String> {
    let pairs = decode_pairs(query.unwrap_or_default());
    pairs.into_iter().find(|(name, value)| name == "buoi" && is_id(value)).map(|(_, value)| value)
}

impl Counter<'_> {
    fn drawn_screening(&self, person: &Person, sheet: &Markup, why: Option<&Outcome>) -> Response {
        let href = format!("{VACCINATE}/{}", person.id);
        let content = html! {
            (card::back(&href, "Tiêm chủng của trẻ"))
            (person.banner(&self.station.today().to_string(), html! {}))
            @if let Some(why) = why { (error::note(why, self.id)) }
            (sheet)
        };
        self.station.site.page(&Page::new("Khám sàng lọc", content).here(VACCINATE))
    }

    /// The sheet with its hidden fields.
    fn sheet(
        &self,
        edition: &Edition,
        filling: &Filling<'_>,
        patient: &str,
        form: &str,
        session: Option<&str>,
    ) -> Markup {
        let terminology = self.station.records.terminology_now();
        let choices = OfTerminology { terminology: &terminology, on: self.station.today() };
        page::page(
            filling,
            &Look {
                action: &format!("{VACCINATE}/{patient}/sang-loc"),
                verb: "Ghi kết luận",
                key: None,
                offers: None,
                choices: &choices,
                uncertain: edition.uncertain.as_deref(),
                moves: None,
                kept: "",
                fields: html! { (hidden(FORM_ID, form)) @if let Some(session) = session { (hidden(SESSION, session)) } },
            },
        )
    }
}

pub(super) async fn open(
    Asking { room: station, ctx, id }: Asking<Station>,
    Path(patient): Path<String>,
    RawQuery(query): RawQuery,
) -> Response {
    let counter = Counter { station: &station, ctx: &ctx, id: &id };
    let drawn = async {
        let person = Person::open(&station, &ctx, &patient, "Immunization", UNSEEN).await?;
        let (edition, setting) = (edition(&station)?, setting(&station, &person.tree));
        let terminology = station.records.terminology_now();
        let choices = OfTerminology { terminology: &terminology, on: setting.today() };
        // Whoever comes here has found something: the rest is «no» until it is said.
        let filling = edition.form.resume(&setting, &choices, &nothing(edition))?;
        let session = session_of(query.as_deref());
        let sheet =
            counter.sheet(edition, &filling, &patient, &station.records.fresh_id(), session.as_deref());
        Ok(counter.drawn_screening(&person, &sheet, None))
    };
    answered(&station, &id, drawn).await
}

/// Takes back what was concluded today: it was of another child, or was wrong.
pub(super) async fn take_back(
    Asking { room: station, ctx, id }: Asking<Station>,
    Path(patient): Path<String>,
) -> Response {
    let counter = Counter { station: &station, ctx: &ctx, id: &id };
    let taken = async {
        let open = counter.open(&patient, None).await?;
        let screened = open.screened.as_ref().ok_or_else(error::not_found)?;
        screening::take_back(&station.records, &ctx, &open.immunizations, screened).await?;
        Ok(back_to(&patient, None, "rut-sang-loc"))
    };
    answered(&station, &id, taken).await
}

pub(super) async fn conclude(
    Asking { room: station, ctx, id }: Asking<Station>,
    Path(patient): Path<String>,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Response {
    let counter = Counter { station: &station, ctx: &ctx, id: &id };
    let concluded = async {
        let named = |field: &str| {
            let brought = pairs.iter().find(|(name, _)| name == field).map(|(_, value)| value.trim());
            brought.filter(|id| is_id(id)).map(str::to_owned)
        };
        let form = named(FORM_ID).unwrap_or_else(|| station.records.fresh_id());
        let open = counter.open(&patient, named(SESSION).as_deref()).await?;
        // A day of this station, not whichever a form may name.
        let session = named(SESSION).filter(|_| open.session.is_some());
        let (edition, setting) = (edition(&station)?, setting(&station, &open.person.tree));
        let terminology = station.records.terminology_now();
        let choices = OfTerminology { terminology: &terminology, on: setting.today() };
        let filling = edition.form.take(&setting, &choices, &pairs)?;
        let sheet = |form: &str| counter.sheet(edition, &filling, &patient, form, session.as_deref());
        if !filling.is_sound() {
            let page = counter.drawn_screening(&open.person, &sheet(&form), None);
            return Ok(crate::paper::refused_if(filling.step == Step::Save, page));
        }
        let facility = own_facility();
        let (screened, mut trees) =
            screening::plan(&filling, &setting, &patient, &form, facility.as_deref())?;
        if !screened.is_eligible() {
            let reason = match screened.reason.is_empty() {
                true => screened.words.clone(),
                false => format!("{}: {}", screened.words, screened.reason),
            };
            let draft = open.fresh(station.today(), form.clone());
            let offered = open.offered(&draft, station.today());
            let draft = immunise::Draft {
                reason,
                facility,
                session: session.clone(),
                screening: Some(screened.id.clone()),
                ..offered
            };
            trees.extend(immunise::not_given(open.known.schedule, &draft));
        }
        let done = if screened.is_eligible() { "sang-loc" } else { "khong-tiem" };
        let changes: Result<Vec<Change>, Outcome> =
            trees.into_iter().map(|tree| Ok(Change::create(Resource::from_value(tree)?))).collect();
        match station.records.transact(&ctx, changes?).await {
            Ok(_) => Ok(back_to(&patient, session.as_deref(), done)),
            // The same form, sent twice.
            Err(why) if why.kind == Kind::Conflict => {
                match screening::of_day(&station.records, &ctx, &patient, station.today()).await? {
                    Some(known) if known.id == screened.id => Ok(back_to(&patient, session.as_deref(), done)),
                    _ => Ok(counter.drawn_screening(
                        &open.person,
                        &sheet(&station.records.fresh_id()),
                        Some(&why),
                    )),
                }
            }
            Err(why) => Ok(counter.drawn_screening(&open.person, &sheet(&form), Some(&why))),
        }
    };
    answered(&station, &id, concluded).await
}
