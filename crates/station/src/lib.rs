//! The commune station's room. For now: what the day asks; visits; prescriptions and the store of medicines; vaccination, from the plan of
//! a day over the dose, the watch and reactions to coverage and the fridge; chronic care, from the list of who should come to the visit;
//! the household book and health records; births and deaths; referrals; cases of infectious disease and their notification; the
//! registers and reports of the month, and its end on paper.
//!
//! It deliberately does not know other rooms, SQL, or which dose may be given when (`yba-care`, by the schedules of content).
//!
//! Start at [`routes`]; [`today`], [`visits`], [`prescribe`], [`medicines`], [`vaccinate`] (with [`sessions`], [`watch`], [`reactions`],
//! [`coverage`], [`fridge`]), [`chronic`], [`household`], [`life`], [`refer`], [`notify`], [`reports`] and [`month_end`] are feature
//! folders: `mod.rs` routes and handlers, `model.rs`, `page.rs`.

pub mod chronic;
pub mod coverage;
pub mod fridge;
pub mod household;
pub mod life;
pub mod medicines;
pub mod month_end;
pub mod notify;
mod paper;
mod person;
pub mod practice;
pub mod prescribe;
pub mod print;
pub mod reactions;
pub mod refer;
mod registers;
mod reminders;
pub mod reports;
mod roll;
pub mod sessions;
pub mod today;
pub mod turn;
mod typing;
pub mod vaccinate;
pub mod visits;
pub mod watch;

use axum::Router;
use axum::middleware;
use axum::response::Response;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use yba_content::Content;
use yba_fhir::json::str_at;
use yba_fhir::{Day, Outcome};
use yba_records::{Action, Ctx, Records};
use yba_report::Library;
use yba_web::{Entry, Group, RequestId, Site, error};

/// What the room's handlers need.
#[derive(Clone)]
pub struct Station {
    pub site: Site,
    pub records: Records,
    pub content: Arc<Content>,
    /// The registers and reports of content, compiled.
    pub registers: Arc<Library>,
    /// The forms of content, compiled.
    pub forms: Arc<yba_forms::Library>,
    /// The rules of content, compiled.
    pub rules: Arc<yba_rules::Library>,
    /// What puts papers on paper.
    pub prints: print::Prints,
    /// Who writes about whom just now.
    pub turns: turn::Turns,
}

impl Station {
    /// Today in Vietnam, by the store's clock.
    fn today(&self) -> Day {
        Day::of_instant(self.records.store().clock().now_ms())
    }
}

/// The answer to a request, or the page that says what is wrong.
async fn answered(
    station: &Station,
    id: &RequestId,
    work: impl Future<Output = Result<Response, Outcome>>,
) -> Response {
    work.await.unwrap_or_else(|outcome| error::page(&station.site, &outcome, id))
}

/// Names of Organizations by id, as far as the reader may see them. A page without names is still a page.
async fn names(station: &Station, ctx: &Ctx, ids: impl Iterator<Item = &str>) -> BTreeMap<String, String> {
    let keys: BTreeSet<(String, String)> = ids.map(|id| ("Organization".to_owned(), id.to_owned())).collect();
    let keys: Vec<(String, String)> = keys.into_iter().collect();
    let found = station.records.read_many(ctx, &keys).await.unwrap_or_default();
    let named =
        found.iter().filter_map(|one| Some((one.id.clone(), str_at(&one.tree(), &["name"])?.to_owned())));
    named.collect()
}

/// Everything that a refusal says, in its words.
fn words_of(outcome: &Outcome) -> String {
    outcome.issues.iter().map(|issue| issue.text.as_str()).collect::<Vec<_>>().join(" ")
}

/// Id of the Organization at which whoever is at work has their role; none on an open node.
fn own_facility() -> Option<String> {
    let own = yba_web::visit::facilities().into_iter().next()?;
    Some(own.strip_prefix("Organization/").unwrap_or(&own).to_owned())
}

/// The room's pages, to be put behind the guards of `yba_web::shell`.
pub fn routes(station: Station) -> Router {
    today::routes()
        .merge(visits::routes())
        .merge(vaccinate::routes())
        .merge(sessions::routes())
        .merge(watch::routes())
        .merge(reactions::routes())
        .merge(coverage::routes())
        .merge(fridge::routes())
        .merge(chronic::routes())
        .merge(household::routes())
        .merge(life::routes())
        .merge(refer::routes())
        .merge(prescribe::routes())
        .merge(medicines::routes())
        .merge(notify::routes())
        .merge(reports::routes())
        .merge(registers::routes())
        .merge(print::routes())
        .merge(month_end::routes())
        .route_layer(middleware::from_fn_with_state(station.turns.clone(), turn::in_turn))
        .with_state(station)
}

/// This room's part of the menu.
pub fn menu() -> Group {
    let today = Entry::new(today::TODAY, "list", "Hôm nay").needs(Action::Create, "Immunization").letter('y');
    let visits = Entry::new(visits::VISITS, "activity", "Khám bệnh")
        .needs(Action::Create, "Encounter")
        .needs(Action::Create, "Condition")
        .needs(Action::Create, "QuestionnaireResponse")
        .for_person(visits::VISITS)
        .letter('i');
    let vaccinate = Entry::new(vaccinate::VACCINATE, "syringe", "Tiêm chủng")
        .needs(Action::Create, "Immunization")
        .for_person(vaccinate::VACCINATE)
        .letter('v');
    let chronic = Entry::new(chronic::CHRONIC, "heart-pulse", "Bệnh mạn tính")
        .needs(Action::Create, "QuestionnaireResponse")
        .for_person("/man-tinh/nguoi")
        .letter('m');
    let household = Entry::new(household::BOOK, "users", "Sổ hộ")
        .needs(Action::Search, "Patient")
        .needs(Action::Search, "Encounter")
        .needs(Action::Create, "QuestionnaireResponse")
        .for_person(household::PERSON)
        .letter('g');
    let life = Entry::new(life::LIFE, "user", "Sinh và tử")
        .needs(Action::Create, "Patient")
        .needs(Action::Create, "Observation")
        .needs(Action::Update, "Patient")
        .for_person(life::PERSON)
        .letter('u');
    let refer = Entry::new(refer::REFER, "git-merge", "Chuyển tuyến")
        .needs(Action::Create, "ServiceRequest")
        .needs(Action::Create, "QuestionnaireResponse")
        .for_person(refer::REFER)
        .letter('c');
    let prescribe = Entry::new(prescribe::PRESCRIBE, "pill", "Kê đơn")
        .needs(Action::Create, "MedicationRequest")
        .for_person(prescribe::PRESCRIBE)
        .command();
    let medicines = Entry::new(medicines::MEDICINES, "pill", "Thuốc")
        .needs(Action::Create, "MedicationDispense")
        .needs(Action::Create, "SupplyDelivery")
        .letter('q');
    let notify = Entry::new(notify::NOTIFY, "bug", "Dịch bệnh")
        .needs(Action::Search, "Condition")
        .needs(Action::Create, "Communication")
        .letter('p');
    let reports = Entry::new(reports::REPORTS, "file-text", "Báo cáo")
        .needs(Action::Search, "MeasureReport")
        .letter('b');
    Group {
        title: "Trạm y tế",
        entries: vec![
            today, visits, prescribe, medicines, vaccinate, chronic, household, life, refer, notify, reports,
        ],
    }
}
