//! «Theo dõi 30 phút»: who was vaccinated today and from which minute they may go. One tap ends a watch, or all that are over.
//!
//! The list is made of the doses of today at the caller's station; nobody keeps it.

pub(crate) mod page;

use crate::{Station, answered, own_facility, roll};
use axum::Router;
use axum::extract::{Form, Path, RawQuery};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use yba_care::watch::{self, End, Watched};
use yba_fhir::{Kind, Outcome};
use yba_records::{Action, Change, Ctx};
use yba_store::search::query::decode_pairs;
use yba_web::{Asking, Page, error};

/// The list.
pub const WATCH: &str = "/theo-doi-tiem";

pub(crate) fn routes() -> Router<Station> {
    Router::new().route(WATCH, get(listed).post(all_over)).route("/theo-doi-tiem/{patient}", post(end))
}

/// Everybody of today; of who may not see doses nobody.
pub(crate) async fn of_today(station: &Station, ctx: &Ctx) -> Result<Vec<Watched>, Outcome> {
    let today = station.today();
    let Some(day) = station.content.vaccination_day(today) else { return Ok(Vec::new()) };
    let own = own_facility();
    watch::of_day(&station.records, ctx, own.as_deref(), today, day.watch_minutes).await
}

async fn listed(Asking { room: station, ctx, id }: Asking<Station>, RawQuery(query): RawQuery) -> Response {
    let drawn = async {
        let today = station.today();
        let day = station.content.vaccination_day(today).ok_or_else(error::not_found)?;
        let all = of_today(&station, &ctx).await?;
        let people = roll::people(&station, &ctx, all.iter().map(|one| one.patient.as_str())).await?;
        let done =
            decode_pairs(query.unwrap_or_default().as_str()).into_iter().find(|(name, _)| name == "xong");
        let content = page::list(&page::Shown {
            all: &all,
            people: &people,
            now_ms: station.records.store().clock().now_ms(),
            day,
            may_write: ctx.may(Action::Create, "Observation"),
            may_react: ctx.may(Action::Create, "AdverseEvent"),
            done: done.and_then(|(_, code)| done_words(&code)),
        });
        Ok(station.site.page(&Page::new("Theo dõi sau tiêm", content).here(crate::vaccinate::VACCINATE)))
    };
    answered(&station, &id, drawn).await
}

fn done_words(code: &str) -> Option<&'static str> {
    match code {
        "ve" => Some("Đã ghi: về được, bình thường."),
        "ve-som" => Some("Đã ghi: về sớm, chưa đủ thời gian theo dõi."),
        "het" => Some("Đã ghi cho mọi trẻ đủ thời gian."),
        "bo" => Some("Đã xóa lần ghi kết thúc theo dõi."),
        _ => None,
    }
}

#[derive(serde::Deserialize)]
struct How {
    #[serde(default)]
    the: String,
}

async fn end(
    Asking { room: station, ctx, id }: Asking<Station>,
    Path(patient): Path<String>,
    Form(how): Form<How>,
) -> Response {
    let ended = async {
        let all = of_today(&station, &ctx).await?;
        let one = all.iter().find(|one| one.patient == patient).ok_or_else(error::not_found)?;
        let now_ms = station.records.store().clock().now_ms();
        let end = match End::of(&how.the) {
            // Whoever goes before the time is over did not go in time, whatever was pressed.
            Some(End::Well) if !one.is_over(now_ms) => Some(End::Early),
            other => other,
        };
        watch::may_end(one, end)?;
        let change = watch::ended(one, end, own_facility().as_deref(), now_ms)?;
        station.records.transact(&ctx, vec![change]).await?;
        let done = match end {
            Some(End::Early) => "ve-som",
            Some(_) => "ve",
            None => "bo",
        };
        Ok(Redirect::to(&format!("{WATCH}?xong={done}")).into_response())
    };
    answered(&station, &id, ended).await
}

/// Ends the watch of all whose time is over and who have not gone.
async fn all_over(Asking { room: station, ctx, id }: Asking<Station>) -> Response {
    let ended = async {
        let now_ms = station.records.store().clock().now_ms();
        let all = of_today(&station, &ctx).await?;
        let over = all.iter().filter(|one| one.end.is_none() && one.is_over(now_ms));
        let own = own_facility();
        let changes: Result<Vec<Change>, Outcome> =
            over.map(|one| watch::ended(one, Some(End::Well), own.as_deref(), now_ms)).collect();
        let changes = changes?;
        if changes.is_empty() {
            let text = "Chưa trẻ nào đủ thời gian theo dõi.";
            return Err(Outcome::new(Kind::Unprocessable, "watch", text, "nobody's watch is over"));
        }
        station.records.transact(&ctx, changes).await?;
        Ok(Redirect::to(&format!("{WATCH}?xong=het")).into_response())
    };
    answered(&station, &id, ended).await
}
