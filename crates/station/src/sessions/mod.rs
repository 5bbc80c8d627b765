//! «Buổi tiêm»: a day of vaccination is planned, its lots are taken from the fridge, its list is worked through, it is closed with what was thrown
//! away; and the month's wastage.
//!
//! `/buoi-tiem` lists and plans, `/buoi-tiem/{session}` is one day, `…/in` its paper. Addresses hold ids, days and villages, no names.

pub(crate) mod model;
mod page;
mod sheet;

use crate::roll::{self, PAGE, Roll};
use crate::vaccinate::typed_day;
use crate::{Station, answered, own_facility};
use axum::Router;
use axum::extract::{Form, Path, RawQuery};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use model::Line;
pub(crate) use page::{percent, rooms};
use std::collections::{BTreeMap, BTreeSet};
use yba_care::Finding;
use yba_care::session::{self, Lot, Mark, Plan, Session, Stage};
use yba_content::schedules::Schedule;
use yba_content::{Day, VaccinationDay};
use yba_fhir::json::{Value, str_at};
use yba_fhir::resource::is_id;
use yba_fhir::{Kind, Outcome};
use yba_recall::list::{self, Called, List};
use yba_recall::{CHILDREN, follower};
use yba_records::{Ctx, Query, Version};
use yba_store::search::query::decode_pairs;
use yba_web::{Asking, Page, error};

/// The list of days.
pub const SESSIONS: &str = "/buoi-tiem";
/// Days before and after today that are listed.
const BEFORE_DAYS: i64 = 62;
const AFTER_DAYS: i64 = 120;

pub(crate) fn routes() -> Router<Station> {
    Router::new()
        .route(SESSIONS, get(listed).post(planned))
        .route("/buoi-tiem/{session}", get(day_page))
        .route("/buoi-tiem/{session}/in", get(sheet::printed))
        .route("/buoi-tiem/{session}/lo", post(take_lot))
        .route("/buoi-tiem/{session}/bo-lo", post(drop_lot))
        .route("/buoi-tiem/{session}/danh-dau", post(mark))
        .route("/buoi-tiem/{session}/ket-thuc", post(close))
        .route("/buoi-tiem/{session}/mo-lai", post(reopen))
        .route("/buoi-tiem/{session}/huy", post(cancel))
}

/// What an address says beside the path; what is not understood is left out.
#[derive(Default)]
struct Asked {
    day: Option<Day>,
    month: Option<Day>,
    village: Option<String>,
    first: usize,
    done: Option<String>,
    child: Option<String>,
    /// What was counted on the page that closes the day, when that was refused.
    counted: Vec<(String, String)>,
}

fn asked(query: Option<&str>) -> Asked {
    let mut asked = Asked::default();
    for (name, value) in decode_pairs(query.unwrap_or_default()) {
        match name.as_str() {
            "ngay" => asked.day = typed_day(&value),
            "thang" => asked.month = Day::parse(&format!("{value}-01")),
            "thon" => asked.village = Some(value),
            "tu" => asked.first = value.parse().unwrap_or(0),
            "xong" => asked.done = Some(value),
            "tre" if is_id(&value) => asked.child = Some(value),
            _ => {}
        }
    }
    asked
}

fn done_words(code: &str) -> Option<&'static str> {
    match code {
        "lap" => Some("Đã lập buổi tiêm."),
        "tiem" => Some("Đã ghi mũi tiêm."),
        "hoan" => Some("Đã ghi tạm hoãn."),
        "sang-loc" => Some("Đã ghi sàng lọc: đủ điều kiện tiêm."),
        "khong-tiem" => Some("Đã ghi sàng lọc: hôm nay không tiêm."),
        "lo" => Some("Đã lấy lô này cho buổi tiêm."),
        "bo-lo" => Some("Đã bỏ lô ghi nhầm."),
        "danh-dau" => Some("Đã ghi."),
        "ket-thuc" => Some("Đã kết thúc buổi tiêm."),
        "mo-lai" => Some("Đã mở lại buổi tiêm."),
        "huy" => Some("Đã hủy buổi tiêm."),
        _ => None,
    }
}

/// What content says of today.
fn rules(station: &Station) -> Result<(&Schedule, &VaccinationDay), Outcome> {
    let today = station.today();
    let found = station.content.schedule(CHILDREN, today).zip(station.content.vaccination_day(today));
    found.ok_or_else(|| {
        let text = "Chưa có lịch tiêm chủng hoặc quy định buổi tiêm cho ngày này.";
        Outcome::new(Kind::NotFound, "schedule", text, "no schedule or no edition of vaccination days")
    })
}

/// Whom to call until a day, of the caller's station; nobody when that is not known.
async fn called(station: &Station, ctx: &Ctx, until: Day) -> Result<Vec<Called>, Outcome> {
    match list::own_places(&station.records, ctx, List::Vaccines) {
        Some(places) if !places.is_empty() => {
            list::called(&station.records, ctx, List::Vaccines, Some(&places), until).await
        }
        _ => Ok(Vec::new()),
    }
}

async fn listed(Asking { room: station, ctx, id }: Asking<Station>, RawQuery(query): RawQuery) -> Response {
    let asked = asked(query.as_deref());
    let plan = Plan { form: station.records.fresh_id(), ..Plan::default() };
    answered(&station, &id, drawn_list(&station, &ctx, &asked, &plan, &[])).await
}

async fn drawn_list(
    station: &Station,
    ctx: &Ctx,
    asked: &Asked,
    plan: &Plan,
    found: &[Finding],
) -> Result<Response, Outcome> {
    let (schedule, content) = rules(station)?;
    let (today, own) = (station.today(), own_facility());
    // Whoever may not search the list of whom to call has nothing to plan.
    station.records.admit_rows(ctx, "search", &["Immunization", "Patient", "Task"])?;
    let all = session::all(
        &station.records,
        ctx,
        own.as_deref(),
        today.plus_days(-BEFORE_DAYS),
        today.plus_days(AFTER_DAYS),
    )
    .await?;
    let day = asked.day.unwrap_or(today).max(today);
    let called = called(station, ctx, day).await?;
    let month = asked.month.unwrap_or(today).plus_days(1 - i64::from(asked.month.unwrap_or(today).day()));
    let wastage = wastage(station, ctx, content, schedule, month).await?;
    let drawn = page::list(&page::Listed {
        today,
        day,
        sessions: &all,
        needs: &model::needs(&called, schedule, content, None),
        villages: &roll::villages(called.iter(), today),
        plan,
        found,
        month: &month.to_string()[..7],
        months: [month.plus_months(-1), month.plus_months(1)].map(|one| one.to_string()[..7].to_owned()),
        wastage: &wastage,
        uncertain: &content.uncertain,
        done: asked.done.as_deref().and_then(done_words),
    });
    let mut response = station.site.page(&Page::new("Buổi tiêm", drawn).here(crate::vaccinate::VACCINATE));
    if !found.is_empty() {
        *response.status_mut() = error::status(Kind::Unprocessable);
    }
    Ok(response)
}

/// The wastage of a month by vaccine, over the days that were closed.
async fn wastage(
    station: &Station,
    ctx: &Ctx,
    content: &VaccinationDay,
    schedule: &Schedule,
    month: Day,
) -> Result<Vec<model::Wasted>, Outcome> {
    let (own, last) = (own_facility(), month.plus_months(1).plus_days(-1));
    let mut closed = session::all(&station.records, ctx, own.as_deref(), month, last).await?;
    closed.retain(|one| one.stage == Stage::Closed);
    if closed.is_empty() {
        return Ok(Vec::new());
    }
    let doses = session::doses(&station.records, ctx, own.as_deref(), month, last).await?;
    Ok(model::wasted(&closed, &doses, schedule, content))
}

async fn planned(
    Asking { room: station, ctx, id }: Asking<Station>,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Response {
    let written = async {
        let plan = model::plan(&pairs);
        let found = session::check(&plan, station.today());
        if !found.is_empty() {
            let asked = Asked { day: Day::parse(&plan.day), ..Asked::default() };
            return drawn_list(&station, &ctx, &asked, &plan, &found).await;
        }
        let session = session::plan(&station.records, &ctx, &plan, own_facility().as_deref()).await?;
        Ok(to(&session, "lap"))
    };
    answered(&station, &id, written).await
}

/// To the page of a day, which says what was done.
fn to(session: &str, done: &str) -> Response {
    Redirect::to(&format!("{SESSIONS}/{session}?xong={done}")).into_response()
}

/// A day with all that its page needs.
struct Open {
    session: Session,
    /// Those who are called and those who came.
    lines: Vec<Line>,
    needs: Vec<model::Need>,
    used: Vec<model::Used>,
    /// Doses that were given or put off on it (Immunizations).
    doses: Vec<Value>,
    is_behind: bool,
}

impl Open {
    async fn of(station: &Station, ctx: &Ctx, id: &str) -> Result<Open, Outcome> {
        let (schedule, content) = rules(station)?;
        let (records, own) = (&station.records, own_facility());
        records.admit_rows(ctx, "search", &["Immunization", "Patient", "Task"])?;
        let session = session::one(records, ctx, id).await?;
        // Asked before the list: what the tables learn meanwhile is not on it.
        let is_behind = follower::lag(records).await? > 0;
        let is_own = own.as_ref().is_none_or(|own| *own == session.owner);
        let called = match is_own && session.stage != Stage::Cancelled {
            true => called(station, ctx, session.day).await?,
            false => Vec::new(),
        };
        let called = model::of_day(called, &session, schedule);
        let mut doses = session::doses(records, ctx, own.as_deref(), session.day, session.day).await?;
        doses.retain(|dose| session::session_of(dose) == Some(id));
        let marks: BTreeMap<String, Mark> = match is_own {
            true => session::marks(records, ctx, &session).await?.into_iter().collect(),
            false => BTreeMap::new(),
        };
        Ok(Open {
            needs: model::needs(&called, schedule, content, Some(&session)),
            used: model::used(&session, &doses, schedule, content),
            lines: model::lines(&called, &doses, &marks, schedule, station.today()),
            doses,
            session,
            is_behind,
        })
    }
}

async fn day_page(
    Asking { room: station, ctx, id }: Asking<Station>,
    Path(session): Path<String>,
    RawQuery(query): RawQuery,
) -> Response {
    let drawn = async {
        let open = Open::of(&station, &ctx, &session).await?;
        drawn_day(&station, &ctx, &open, &asked(query.as_deref()), &Lot::blank(), None).await
    };
    answered(&station, &id, drawn).await
}

async fn drawn_day(
    station: &Station,
    ctx: &Ctx,
    open: &Open,
    asked: &Asked,
    lot: &Lot,
    wrong: Option<&Outcome>,
) -> Result<Response, Outcome> {
    let (_, content) = rules(station)?;
    let villages = model::villages(&open.lines);
    let of_village = |one: &&Line| asked.village.as_ref().is_none_or(|village| *village == one.village);
    let shown: Vec<&Line> = open.lines.iter().filter(of_village).collect();
    let first = if asked.first < shown.len() { asked.first } else { 0 };
    let part: Vec<&Line> = shown.iter().copied().skip(first).take(PAGE).collect();
    let more = asked.child.iter().map(String::as_str);
    let people = roll::people(station, ctx, part.iter().map(|one| one.patient.as_str()).chain(more)).await?;
    let vials = last_vials(station, ctx, &open.needs).await?;
    let content = page::day(&page::Shown {
        session: &open.session,
        lines: &part,
        counts: model::Counts::of(&open.lines),
        roll: Roll {
            base: format!("{SESSIONS}/{}?xem=1", open.session.id),
            villages: &villages,
            village: asked.village.as_deref(),
            count: shown.len(),
            first,
        },
        people: &people,
        needs: &open.needs,
        used: &open.used,
        counted: &asked.counted,
        vials: &vials,
        lot,
        is_behind: open.is_behind,
        is_own: own_facility().is_none_or(|own| own == open.session.owner),
        watch_minutes: content.watch_minutes,
        done: asked.done.as_deref().and_then(done_words),
        child: asked.child.as_deref().and_then(|child| people.get(child)),
        wrong,
    });
    let mut response = station.site.page(&Page::new("Buổi tiêm", content).here(crate::vaccinate::VACCINATE));
    if let Some(wrong) = wrong {
        *response.status_mut() = error::status(wrong.kind);
    }
    Ok(response)
}

/// The lot and expiry of each vaccine as they were given last at this station.
async fn last_vials(
    station: &Station,
    ctx: &Ctx,
    needs: &[model::Need],
) -> Result<BTreeMap<String, (String, String)>, Outcome> {
    let Some(facility) = own_facility() else { return Ok(BTreeMap::new()) };
    let query = format!("performer=Organization/{facility}&status=completed&_sort=-date&_count=100");
    let found = station.records.search(ctx, &Query::parse_string("Immunization", &query)?, None).await?;
    let last: Vec<Value> = found.matches.iter().map(Version::tree).collect();
    let vial =
        |one: &model::Need| Some((one.vaccine.clone(), yba_care::immunise::last_vial(&last, &one.vaccine)?));
    Ok(needs.iter().filter_map(vial).collect())
}

async fn take_lot(
    Asking { room: station, ctx, id }: Asking<Station>,
    Path(session): Path<String>,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Response {
    let taken = async {
        let lot = model::lot(&pairs);
        let taken = lot.clone();
        let own = own_facility();
        let done = session::change(&station.records, &ctx, &session, own.as_deref(), move |one| {
            session::take_lot(one, &taken)
        });
        match done.await {
            Ok(()) => Ok(to(&session, "lo")),
            Err(wrong) if wrong.kind == Kind::Unprocessable => {
                let open = Open::of(&station, &ctx, &session).await?;
                drawn_day(&station, &ctx, &open, &Asked::default(), &lot, Some(&wrong)).await
            }
            Err(wrong) => Err(wrong),
        }
    };
    answered(&station, &id, taken).await
}

async fn drop_lot(
    Asking { room: station, ctx, id }: Asking<Station>,
    Path(session): Path<String>,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Response {
    let dropped = async {
        let lot = model::lot(&pairs);
        let open = Open::of(&station, &ctx, &session).await?;
        if open
            .used
            .iter()
            .any(|one| one.lot.vaccine == lot.vaccine && one.lot.lot == lot.lot && one.given > 0)
        {
            let text = "Đã có mũi tiêm của lô này trong buổi. Rút các mũi đó trước khi bỏ lô.";
            let wrong = Outcome::new(Kind::Unprocessable, "lot", text, "the lot was given");
            return drawn_day(&station, &ctx, &open, &Asked::default(), &Lot::blank(), Some(&wrong)).await;
        }
        session::change(&station.records, &ctx, &session, own_facility().as_deref(), move |one| {
            one.lots.retain(|known| known.vaccine != lot.vaccine || known.lot != lot.lot);
            Ok(())
        })
        .await?;
        Ok(to(&session, "bo-lo"))
    };
    answered(&station, &id, dropped).await
}

/// What became of children: `tre` names them, `the` says what; nothing takes it back.
async fn mark(
    Asking { room: station, ctx, id }: Asking<Station>,
    Path(session): Path<String>,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Response {
    let marked = async {
        let one = session::one(&station.records, &ctx, &session).await?;
        if own_facility().is_some_and(|own| own != one.owner) {
            return Err(error::not_found());
        }
        let children: BTreeSet<&str> =
            pairs.iter().filter(|(name, _)| name == "tre").map(|(_, id)| id.as_str()).collect();
        let children: Vec<String> = children.into_iter().filter(|id| is_id(id)).map(str::to_owned).collect();
        let said = pairs.iter().find(|(name, _)| name == "the").map_or("", |(_, value)| value.as_str());
        if !children.is_empty() {
            session::mark(&station.records, &ctx, &one, &children, Mark::of(said)).await?;
        }
        Ok(to(&session, "danh-dau"))
    };
    answered(&station, &id, marked).await
}

async fn close(
    Asking { room: station, ctx, id }: Asking<Station>,
    Path(session): Path<String>,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Response {
    let closed = async {
        let open = Open::of(&station, &ctx, &session).await?;
        match model::closing(&open.used, &pairs) {
            Ok(lots) => {
                session::change(&station.records, &ctx, &session, own_facility().as_deref(), move |one| {
                    session::count(one, &lots);
                    one.stage = Stage::Closed;
                    Ok(())
                })
                .await?;
                Ok(to(&session, "ket-thuc"))
            }
            Err(wrong) => {
                let asked = Asked { counted: pairs, ..Asked::default() };
                drawn_day(&station, &ctx, &open, &asked, &Lot::blank(), Some(&wrong)).await
            }
        }
    };
    answered(&station, &id, closed).await
}

async fn reopen(Asking { room: station, ctx, id }: Asking<Station>, Path(session): Path<String>) -> Response {
    let done = async {
        session::change(&station.records, &ctx, &session, own_facility().as_deref(), |one| {
            one.stage = if one.lots.is_empty() { Stage::Planned } else { Stage::Open };
            Ok(())
        })
        .await?;
        Ok(to(&session, "mo-lai"))
    };
    answered(&station, &id, done).await
}

async fn cancel(Asking { room: station, ctx, id }: Asking<Station>, Path(session): Path<String>) -> Response {
    let done = async {
        let open = Open::of(&station, &ctx, &session).await?;
        if open.used.iter().any(|one| one.given > 0) {
            let text = "Buổi này đã có mũi tiêm nên không hủy được. Hãy kết thúc buổi.";
            let wrong = Outcome::new(Kind::Unprocessable, "session", text, "doses were given");
            return drawn_day(&station, &ctx, &open, &Asked::default(), &Lot::blank(), Some(&wrong)).await;
        }
        session::change(&station.records, &ctx, &session, own_facility().as_deref(), |one| {
            one.stage = Stage::Cancelled;
            Ok(())
        })
        .await?;
        Ok(to(&session, "huy"))
    };
    answered(&station, &id, done).await
}

/// The days of today at the caller's station, for the page of the day.
pub(crate) async fn of_today(station: &Station, ctx: &Ctx) -> Result<Vec<Session>, Outcome> {
    let today = station.today();
    let mut all =
        session::all(&station.records, ctx, own_facility().as_deref(), today, today.plus_days(7)).await?;
    all.retain(Session::is_open);
    Ok(all)
}

/// The name of the vaccine of a CVX code in a schedule.
pub(crate) fn vaccine_words(schedule: &Schedule, cvx: &str) -> String {
    schedule
        .vaccines
        .iter()
        .find(|one| one.cvx == cvx)
        .map_or_else(|| cvx.to_owned(), |one| one.title.clone())
}

/// Id of the Patient of a dose.
fn patient_of(dose: &Value) -> Option<&str> {
    str_at(dose, &["patient", "reference"])?.strip_prefix("Patient/")
}
