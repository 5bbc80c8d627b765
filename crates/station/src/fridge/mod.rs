//! «Tủ lạnh»: the temperature of the vaccine fridge, some times a day; what is missing or out of limits, and what to do; the month's sheet.
//! When and how cold, content says.

mod page;
mod sheet;
pub(crate) use page::celsius;

use crate::vaccinate::typed_day;
use crate::{Station, answered, names, own_facility};
use axum::Router;
use axum::extract::{Form, RawQuery};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use yba_care::fridge::{self, Draft, Read};
use yba_content::Day;
use yba_content::vaccination::Fridge;
use yba_fhir::resource::is_id;
use yba_fhir::{Kind, Outcome};
use yba_records::{Action, Ctx};
use yba_store::search::query::decode_pairs;
use yba_web::{Asking, Page, error};

/// The month.
pub const FRIDGE: &str = "/tu-lanh";
const HOUR_MS: i64 = 3_600_000;

pub(crate) fn routes() -> Router<Station> {
    Router::new()
        .route(FRIDGE, get(month).post(write))
        .route("/tu-lanh/in", get(sheet::printed))
        .route("/tu-lanh/rut", post(take_back))
}

fn limits(station: &Station) -> Result<&Fridge, Outcome> {
    station.content.vaccination_day(station.today()).map(|day| &day.fridge).ok_or_else(error::not_found)
}

/// What the fridge asks for now.
pub(crate) struct Wanted {
    /// Readings of today that should stand by now, in words.
    pub missing: Vec<String>,
    /// The last reading, when it is out of limits.
    pub wrong: Option<Read>,
    /// What to do.
    pub steps: Vec<String>,
}

/// What the fridge of the caller's station asks for, for the page of the day: nothing before there was ever a reading.
pub(crate) async fn wanted(station: &Station, ctx: &Ctx) -> Result<Option<Wanted>, Outcome> {
    if !ctx.may(Action::Create, "Device") || own_facility().is_none() {
        return Ok(None);
    }
    let (limits, today, own) = (limits(station)?, station.today(), own_facility());
    let read =
        fridge::readings(&station.records, ctx, own.as_deref(), today.plus_days(-BEFORE_DAYS), today).await?;
    if read.is_empty() {
        return Ok(None);
    }
    let now_ms = station.records.store().clock().now_ms();
    let hour = ((now_ms - today.start_ms()) / HOUR_MS) as u32;
    let missing: Vec<String> =
        fridge::missing(limits, &read, today, hour).into_iter().map(|one| one.title.to_lowercase()).collect();
    let wrong = read.last().filter(|one| !limits.is_right(one.celsius)).cloned();
    let steps = match &wrong {
        Some(one) if limits.is_low(one.celsius) => limits.too_low.clone(),
        Some(_) => limits.too_high.clone(),
        None => vec![limits.missing.clone()],
    };
    Ok((!missing.is_empty() || wrong.is_some()).then_some(Wanted { missing, wrong, steps }))
}

/// So many days back a fridge is known to be read.
const BEFORE_DAYS: i64 = 45;

async fn month(Asking { room: station, ctx, id }: Asking<Station>, RawQuery(query): RawQuery) -> Response {
    answered(&station, &id, drawn(&station, &ctx, query.as_deref(), &Draft::default(), None)).await
}

async fn drawn(
    station: &Station,
    ctx: &Ctx,
    query: Option<&str>,
    draft: &Draft,
    wrong: Option<&Outcome>,
) -> Result<Response, Outcome> {
    let (limits, today, own) = (limits(station)?, station.today(), own_facility());
    let pairs = decode_pairs(query.unwrap_or_default());
    let said = |wanted: &str| pairs.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_str());
    let month = asked_month(query, today);
    let read = of_month(station, ctx, month).await?;
    let hour = ((station.records.store().clock().now_ms() - today.start_ms()) / HOUR_MS) as u32;
    let named = names(station, ctx, own.as_deref().into_iter()).await;
    let content = page::month(&page::Shown {
        limits,
        today,
        hour,
        month,
        read: &read,
        draft,
        form: &station.records.fresh_id(),
        wrong,
        station: own.as_ref().and_then(|own| named.get(own)).map_or("", String::as_str),
        may_write: ctx.may(Action::Create, "Task") && ctx.may(Action::Create, "Device"),
        done: said("xong").and_then(done_words),
        uncertain: station.content.vaccination_day(today).map_or("", |day| &day.uncertain),
    });
    let mut response =
        station.site.page(&Page::new("Tủ lạnh vắc xin", content).here(crate::vaccinate::VACCINATE));
    if let Some(wrong) = wrong {
        *response.status_mut() = error::status(wrong.kind);
    }
    Ok(response)
}

/// The first day of the month that an address asks for; of this one when it asks for none.
fn asked_month(query: Option<&str>, today: Day) -> Day {
    let pairs = decode_pairs(query.unwrap_or_default());
    let asked = pairs.iter().find(|(name, _)| name == "thang");
    let month = asked.and_then(|(_, text)| Day::parse(&format!("{text}-01")));
    month.unwrap_or_else(|| today.plus_days(1 - i64::from(today.day())))
}

/// What was read in a month at the caller's station. Refuses whom the door does not let look.
async fn of_month(station: &Station, ctx: &Ctx, month: Day) -> Result<Vec<Read>, Outcome> {
    station.records.admit_rows(ctx, "search", &["Task", "Device"])?;
    let last = month.plus_months(1).plus_days(-1);
    fridge::readings(&station.records, ctx, own_facility().as_deref(), month, last).await
}

fn done_words(code: &str) -> Option<&'static str> {
    match code {
        "ghi" => Some("Đã ghi nhiệt độ."),
        "rut" => Some("Đã rút lần đọc ghi nhầm."),
        _ => None,
    }
}

fn posted(pairs: &[(String, String)]) -> Draft {
    let value = |name: &str| {
        let found = pairs.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.trim().to_owned()).unwrap_or_default()
    };
    let day = value("ngay");
    Draft {
        day: typed_day(&day).map_or(day, |day| day.to_string()),
        slot: value("lan"),
        celsius: value("do"),
        note: value("ghi-chu"),
        form: value("phieu"),
    }
}

async fn write(
    Asking { room: station, ctx, id }: Asking<Station>,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Response {
    let written = async {
        let draft = posted(&pairs);
        let (own, by) = (own_facility(), yba_web::visit::name());
        let done =
            fridge::write(&station.records, &ctx, limits(&station)?, &draft, own.as_deref(), by.as_deref())
                .await;
        match done {
            Ok(read) => {
                let month = &read.day.to_string()[..7];
                Ok(Redirect::to(&format!("{FRIDGE}?thang={month}&xong=ghi")).into_response())
            }
            Err(wrong) if wrong.kind == Kind::Unprocessable => {
                drawn(&station, &ctx, None, &draft, Some(&wrong)).await
            }
            Err(wrong) => Err(wrong),
        }
    };
    answered(&station, &id, written).await
}

async fn take_back(
    Asking { room: station, ctx, id }: Asking<Station>,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Response {
    let taken = async {
        let named = pairs.iter().find(|(name, value)| name == "muc" && is_id(value));
        let (_, reading) = named.ok_or_else(error::not_found)?;
        let day = fridge::take_back(&station.records, &ctx, own_facility().as_deref(), reading).await?;
        Ok(Redirect::to(&format!("{FRIDGE}?thang={}&xong=rut", &day.to_string()[..7])).into_response())
    };
    answered(&station, &id, taken).await
}
