//! «Kê đơn»: a prescription for who was seen today. A drug is found by a few letters and stands with its usual dose; the rules of content
//! speak beside it as soon as it is there; the last prescription is repeated by one press.
//!
//! `/don-thuoc` lists what was prescribed at the station in the last days, `/don-thuoc/{patient}` is one person.

mod model;
mod page;
mod paper;

use crate::medicines::Typed;
use crate::medicines::handing::Counter;
use crate::person::Person;
use crate::reminders;
use crate::{Station, answered, own_facility, roll};
use axum::Router;
use axum::extract::{Form, Path, RawQuery};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use maud::html;
use yba_care::advise::{self, Act, Reasons, Told};
use yba_care::dispense::{self, Given};
use yba_care::prescribe::{self, Draft, Prescription, Setting, Standing};
use yba_care::stock::{self, Lot};
use yba_fhir::json::{JsonValueTrait, Value, number_text, str_at};
use yba_fhir::{Kind, Outcome};
use yba_records::{Action, Ctx, Query, Version};
use yba_rules::{Case, Moment, Verdict};
use yba_ui::card;
use yba_web::{Asking, Page, RequestId, encoded, error};

/// The list; a person's id is added after `/`.
pub const PRESCRIBE: &str = "/don-thuoc";
const UNSEEN: &str = "Bạn chưa được xem đơn thuốc của người này. Hãy tiếp đón họ ở trạm của bạn trước.";
/// Visits of today that are looked at for diagnoses.
const VISITS_MAX: usize = 10;
/// Rules look at a draft under this code, before it has one.
const NO_CODE: &str = "moi";

pub(crate) fn routes() -> Router<Station> {
    Router::new()
        .route(PRESCRIBE, get(listed))
        .route("/don-thuoc/{patient}", get(person).post(write))
        .route("/don-thuoc/{patient}/rut", post(take_back))
        .route("/don-thuoc/{patient}/nhap", post(keep))
        .route("/don-thuoc/{patient}/bo-nhap", post(forget))
        .route("/don-thuoc/{patient}/{don}/in", get(paper::printed))
}

/// Where the handlers of one person's page work.
struct Desk<'s> {
    station: &'s Station,
    ctx: &'s Ctx,
    id: &'s RequestId,
}

/// A person with all that a prescription needs.
struct Open {
    person: Person,
    facility: String,
    /// Id of today's visit, and its diagnoses.
    visit: Option<String>,
    diagnoses: Vec<Value>,
    weighed: String,
    by: String,
    /// The person's, the last first, and what was handed out of them.
    all: Vec<Prescription>,
    given: Vec<Given>,
    told: Vec<Told>,
    lots: Vec<Lot>,
}

/// What the rules say of a draft.
#[derive(Default)]
struct Reminded {
    verdict: Verdict,
    reasons: Reasons,
    asks: bool,
}

impl Open {
    fn setting<'o>(&'o self, station: &'o Station) -> Setting<'o> {
        let today = station.today();
        Setting {
            list: station.content.essential(today),
            limits: station.content.prescribing(today),
            patient: &self.person.tree,
            visit: self.visit.as_deref(),
            diagnoses: &self.diagnoses,
            weighed: &self.weighed,
            facility: &self.facility,
            by: &self.by,
            now_ms: station.records.store().clock().now_ms(),
        }
    }
}

async fn trees(station: &Station, ctx: &Ctx, kind: &str, query: &str) -> Result<Vec<Value>, Outcome> {
    if !ctx.may(Action::Search, kind) {
        return Ok(Vec::new());
    }
    let found = station.records.search(ctx, &Query::parse_string(kind, query)?, None).await?;
    Ok(found.matches.iter().map(Version::tree).collect())
}

/// Today's visit of a person with its diagnoses: the last that has some.
async fn seen_today(
    station: &Station,
    ctx: &Ctx,
    kin: &str,
) -> Result<(Option<String>, Vec<Value>), Outcome> {
    let query = format!(
        "patient={kin}&date=ge{}&status=finished,in-progress&_sort=-date&_count={VISITS_MAX}",
        station.today()
    );
    for visit in trees(station, ctx, "Encounter", &query).await? {
        let Some(id) = str_at(&visit, &["id"]) else { continue };
        let query = format!("encounter=Encounter/{id}&_count=50");
        let mut said = trees(station, ctx, "Condition", &query).await?;
        said.retain(yba_recall::chronic::holds);
        if !said.is_empty() {
            return Ok((Some(id.to_owned()), said));
        }
    }
    Ok((None, Vec::new()))
}

/// What somebody weighed today, as people write it; empty when they were not.
async fn weighed(station: &Station, ctx: &Ctx, kin: &str) -> Result<String, Outcome> {
    let query = format!(
        "patient={kin}&code=http://loinc.org|29463-7&date=ge{}&status=final,amended,corrected&_sort=-date&_count=1",
        station.today()
    );
    let found = trees(station, ctx, "Observation", &query).await?;
    let value = found.first().and_then(|one| number_text(one.get("valueQuantity")?.get("value")?));
    Ok(value.unwrap_or_default().replace('.', ","))
}

impl Desk<'_> {
    async fn open(&self, patient: &str) -> Result<Open, Outcome> {
        let Desk { station, ctx, .. } = self;
        let records = &station.records;
        let person = Person::open(station, ctx, patient, "MedicationRequest", UNSEEN).await?;
        let kin = records.store().kin_of(patient).await?.join(",");
        let kept = str_at(&person.tree, &["managingOrganization", "reference"]);
        let kept = || kept.and_then(|one| one.strip_prefix("Organization/")).map(str::to_owned);
        let facility = own_facility().or_else(kept).unwrap_or_default();
        let (visit, diagnoses) = seen_today(station, ctx, &kin).await?;
        let all = prescribe::of_patient(records, ctx, patient).await?;
        let mut recent = all.clone();
        recent.retain(|one| one.is_good(station.today()));
        let given = match ctx.may(Action::Search, "MedicationDispense") {
            true => dispense::given(records, ctx, &all).await?,
            false => Vec::new(),
        };
        let about: Vec<String> = recent
            .iter()
            .flat_map(|one| &one.lines)
            .map(|line| format!("MedicationRequest/{}", line.request))
            .collect();
        let lots = match ctx.may(Action::Search, "Medication") && !facility.is_empty() {
            true => stock::in_store(records, ctx, &facility).await?,
            false => Vec::new(),
        };
        Ok(Open {
            weighed: weighed(station, ctx, &kin).await?,
            told: advise::told(records, ctx, &about).await?,
            by: yba_web::visit::name().unwrap_or_default(),
            person,
            facility,
            visit,
            diagnoses,
            all,
            given,
            lots,
        })
    }

    /// Keeps what the caller is writing.
    async fn keep(&self, patient: &str, typed: &Typed) -> Result<i64, Outcome> {
        let pair = |(name, value): &(String, String)| format!("{}={}", encoded(name), encoded(value));
        let text = typed.0.iter().map(pair).collect::<Vec<_>>().join("&");
        self.station.records.keep_draft(self.ctx, &draft_key(patient), &text).await
    }

    /// What the caller was writing and has not sent, with its fields and when; what was sent already is forgotten.
    async fn unsent(&self, open: &Open) -> Result<Option<(Draft, Typed, String)>, Outcome> {
        let (records, key) = (&self.station.records, draft_key(&open.person.id));
        if !self.ctx.may(Action::Create, "MedicationRequest") {
            return Ok(None);
        }
        let Some(kept) = records.draft(self.ctx, &key).await? else { return Ok(None) };
        let (typed, list) =
            (Typed::asked(Some(&kept.text)), self.station.content.essential(self.station.today()));
        let draft = model::draft(&typed, list, || records.fresh_id());
        if draft.lines.is_empty() || open.all.iter().any(|one| one.form == draft.form) {
            records.drop_draft(self.ctx, &key).await?;
            return Ok(None);
        }
        Ok(Some((draft, typed, yba_fhir::date::instant(kept.ms))))
    }

    /// What the rules say of what stands on a draft so far.
    async fn reminded(&self, open: &Open, draft: &Draft, typed: &Typed) -> Result<Reminded, Outcome> {
        let setting = open.setting(self.station);
        let (sound, _) = prescribe::understood(&setting, draft);
        let reasons = reminders::reasons(&typed.0);
        if sound.is_empty() {
            return Ok(Reminded { reasons, ..Reminded::default() });
        }
        let entered = prescribe::drafted(&setting, draft, &sound, NO_CODE);
        let patient = &open.person.tree;
        let case = Case {
            moment: Moment::Order,
            now_ms: setting.now_ms,
            patient,
            entered: &entered,
            beside: &open.diagnoses,
        };
        let mut verdict = advise::advise(&self.station.records, self.ctx, &self.station.rules, &case).await?;
        prescribe::doubted(&mut verdict, &setting, &sound);
        prescribe::seal(&mut verdict, &setting);
        Ok(Reminded { verdict, reasons, asks: false })
    }

    fn drawn(
        &self,
        open: &Open,
        form: Option<page::Form<'_>>,
        done: Option<&str>,
        wrong: Option<&Outcome>,
    ) -> Response {
        let (station, nothing) = (self.station, Typed::default());
        let today = station.today();
        let may = self.ctx.may(Action::Create, "MedicationRequest");
        let counter = Counter {
            given: &open.given,
            lots: &open.lots,
            today,
            // Who has no facility says whose store it is.
            place: own_facility().is_none().then_some(open.facility.as_str()),
            back: "don",
            typed: &nothing,
            wrong: None,
            form: station.records.fresh_id(),
            may: self.ctx.may(Action::Create, "MedicationDispense"),
        };
        let is_refused = form.as_ref().is_some_and(|form| form.reminded.asks || !form.found.is_empty());
        let content = page::person(&page::Shown {
            person: &open.person,
            today,
            setting: &open.setting(station),
            all: &open.all,
            told: &open.told,
            counter: &counter,
            may,
            form,
            done,
            note: wrong.map(|outcome| error::note(outcome, self.id)),
        });
        let mut response = station.site.page(&Page::new("Kê đơn", content).here(crate::medicines::MEDICINES));
        if let Some(kind) = wrong.map(|outcome| outcome.kind).or(is_refused.then_some(Kind::Unprocessable)) {
            *response.status_mut() = error::status(kind);
        }
        response
    }
}

fn draft_key(patient: &str) -> String {
    format!("don-thuoc/{patient}")
}

fn done_words(code: &str) -> Option<&'static str> {
    match code {
        "ke" => Some("Đã ghi đơn thuốc."),
        "rut" => Some("Đã rút đơn thuốc."),
        "phat" => Some("Đã phát thuốc, kho đã trừ."),
        "rut-phat" => Some("Đã rút lần phát, thuốc đã trả vào kho."),
        _ => None,
    }
}

async fn listed(Asking { room: station, ctx, id }: Asking<Station>) -> Response {
    let drawn = async {
        let today = station.today();
        let all = match own_facility() {
            Some(own) => {
                let valid = station.content.prescribing(today).valid_days;
                prescribe::open(&station.records, &ctx, &own, (today, valid)).await?
            }
            None => Vec::new(),
        };
        let people = roll::people(&station, &ctx, all.iter().map(|one| one.patient.as_str())).await?;
        let content = page::list(&all, &people, today);
        Ok(station.site.page(&Page::new("Đơn thuốc", content).here(crate::medicines::MEDICINES)))
    };
    answered(&station, &id, drawn).await
}

async fn person(
    Asking { room: station, ctx, id }: Asking<Station>,
    Path(patient): Path<String>,
    RawQuery(query): RawQuery,
) -> Response {
    let drawn = async {
        let desk = Desk { station: &station, ctx: &ctx, id: &id };
        let (open, typed) = (desk.open(&patient).await?, Typed::asked(query.as_deref()));
        let begun = ["lai", "thay"].iter().any(|name| !typed.of(name).is_empty());
        let unsent = if begun { None } else { desk.unsent(&open).await? };
        let draft = match &unsent {
            Some((draft, ..)) => draft.clone(),
            None => model::fresh(&open.all, &typed, &open.weighed, station.records.fresh_id()),
        };
        let reasons = unsent.as_ref().map_or(&typed, |(_, fields, _)| fields);
        let reminded = desk.reminded(&open, &draft, reasons).await?;
        let is_today = |one: &&Prescription| one.standing == Standing::Active && one.is_good(station.today());
        // Who has a prescription of these days sees it first; another is begun by asking for it.
        let is_asked = begun || unsent.is_some() || !typed.of("them").is_empty();
        let is_shown = is_asked || !open.all.iter().any(|one| is_today(&one));
        let resumed = unsent.as_ref().map(|(.., at)| at.as_str());
        let form = page::Form { resumed, ..page::Form::of(&draft, &reminded) };
        Ok(desk.drawn(&open, is_shown.then_some(form), done_words(typed.of("xong")), None))
    };
    answered(&station, &id, drawn).await
}

/// Puts a drug on the draft, takes one off, or writes the prescription down.
async fn write(
    Asking { room: station, ctx, id }: Asking<Station>,
    Path(patient): Path<String>,
    Form(fields): Form<Vec<(String, String)>>,
) -> Response {
    let written = async {
        let desk = Desk { station: &station, ctx: &ctx, id: &id };
        let (open, typed) = (desk.open(&patient).await?, Typed(fields));
        let list = station.content.essential(station.today());
        let mut draft = model::draft(&typed, list, || station.records.fresh_id());
        if typed.of("viec") != "ghi" {
            let is_small_child = open.setting(&station).is_small_child();
            let step = model::step(&mut draft, &typed, list, is_small_child);
            desk.keep(&patient, &model::sent(&draft, &typed)).await?;
            let mut reminded = desk.reminded(&open, &draft, &typed).await?;
            reminded.asks = false;
            let form = page::Form {
                found: &step.found,
                offered: &step.offered,
                searched: &step.searched,
                ..page::Form::of(&draft, &reminded)
            };
            return Ok(desk.drawn(&open, Some(form), None, None));
        }
        let setting = open.setting(&station);
        let (sound, found) = prescribe::check(&setting, &draft);
        let mut reminded = desk.reminded(&open, &draft, &typed).await?;
        reminded.asks = !advise::unanswered(&reminded.verdict, &reminded.reasons).is_empty();
        if !found.is_empty() || reminded.asks {
            desk.keep(&patient, &model::sent(&draft, &typed)).await?;
            let form = page::Form { found: &found, ..page::Form::of(&draft, &reminded) };
            return Ok(desk.drawn(&open, Some(form), None, None));
        }
        let kept = |about: &[String]| {
            let id = about.first().and_then(|one| one.strip_prefix("MedicationRequest/")).unwrap_or_default();
            let act = Act { patient: &patient, about, id, by: Some(&open.by), now_ms: setting.now_ms };
            advise::kept(&reminded.verdict, &reminded.reasons, &act)
        };
        match prescribe::place(&station.records, &ctx, &setting, (&draft, &sound), &kept).await {
            Ok(_) => {
                station.records.drop_draft(&ctx, &draft_key(&patient)).await?;
                Ok(back(&patient, "ke"))
            }
            Err(outcome) if outcome.kind == Kind::Fault => Err(outcome),
            Err(outcome) => {
                let form = page::Form::of(&draft, &reminded);
                Ok(desk.drawn(&open, Some(form), None, Some(&outcome)))
            }
        }
    };
    answered(&station, &id, written).await
}

fn back(patient: &str, done: &str) -> Response {
    Redirect::to(&format!("{PRESCRIBE}/{patient}?xong={done}")).into_response()
}

async fn take_back(
    Asking { room: station, ctx, id }: Asking<Station>,
    Path(patient): Path<String>,
    Form(fields): Form<Vec<(String, String)>>,
) -> Response {
    let taken = async {
        let desk = Desk { station: &station, ctx: &ctx, id: &id };
        let open = desk.open(&patient).await?;
        match prescribe::take_back(
            &station.records,
            &ctx,
            own_facility().as_deref(),
            &patient,
            Typed(fields).of("don"),
        )
        .await
        {
            Ok(()) => Ok(back(&patient, "rut")),
            Err(outcome) if outcome.kind == Kind::Fault => Err(outcome),
            Err(outcome) => Ok(desk.drawn(&open, None, None, Some(&outcome))),
        }
    };
    answered(&station, &id, taken).await
}

/// Keeps what is being typed, and answers when.
async fn keep(
    Asking { room: station, ctx, id }: Asking<Station>,
    Path(patient): Path<String>,
    Form(fields): Form<Vec<(String, String)>>,
) -> Response {
    let kept = async {
        let desk = Desk { station: &station, ctx: &ctx, id: &id };
        Person::open(&station, &ctx, &patient, "MedicationRequest", UNSEEN).await?;
        let (typed, list) = (Typed(fields), station.content.essential(station.today()));
        let draft = model::draft(&typed, list, || station.records.fresh_id());
        let at = desk.keep(&patient, &model::sent(&draft, &typed)).await?;
        let said = html! { (crate::paper::kept_words(at)) };
        Ok(station.site.fragment(&yba_ui::hx::replaced(page::KEPT, &said)))
    };
    kept.await.unwrap_or_else(|outcome: Outcome| error::fragment(&station.site, &outcome, &id))
}

/// Begins the prescription anew.
async fn forget(Asking { room: station, ctx, id }: Asking<Station>, Path(patient): Path<String>) -> Response {
    let dropped = async {
        station.records.drop_draft(&ctx, &draft_key(&patient)).await?;
        Ok(Redirect::to(&format!("{PRESCRIBE}/{patient}?them=1")).into_response())
    };
    answered(&station, &id, dropped).await
}

/// The page that says why a visit is not taken back whose prescription was handed out, with the way there; any other refusal is given back.
pub(crate) fn handed_out(
    station: &Station,
    id: &RequestId,
    patient: &str,
    outcome: Outcome,
) -> Result<Response, Outcome> {
    if outcome.issues.first().is_none_or(|issue| issue.key != "visit-handed-out") {
        return Err(outcome);
    }
    let way = card::link_button(&format!("{PRESCRIBE}/{patient}"), html! { "Mở đơn đã phát" });
    let content = html! {
        (card::page_title("Chưa rút lần khám", html! {}, html! {}))
        (error::note(&outcome, id))
        p { (way) }
    };
    let mut response = station.site.page(&Page::new("Khám bệnh", content));
    *response.status_mut() = error::status(outcome.kind);
    Ok(response)
}
