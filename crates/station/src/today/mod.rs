//! «Hôm nay»: what the day asks of the station, made of its lists: who is due and late, what must be reported by when, and whom to see in
//! which village. Nothing here is kept: each list says it anew.

mod model;
mod page;
mod vaccination;

use crate::roll;
use crate::{Station, answered, names, notify, own_facility, reports};
use axum::Router;
use axum::extract::RawQuery;
use axum::response::Response;
use axum::routing::get;
use model::Wanted;
use std::collections::BTreeSet;
use vaccination::Vaccination;
use yba_content::Day;
use yba_fhir::resource::is_id;
use yba_fhir::{Kind, Outcome};
use yba_recall::follower;
use yba_recall::list::{self, List};
use yba_records::Ctx;
use yba_store::search::query::decode_pairs;
use yba_web::{Asking, Page};

/// The page.
pub const TODAY: &str = "/hom-nay";
/// Most people of one village on one page.
const ROUND_MAX: usize = 200;
/// After this day nobody is expected.
const EVER: i64 = 36_500;

pub(crate) fn routes() -> Router<Station> {
    Router::new().route(TODAY, get(today)).route("/hom-nay/thon", get(round))
}

/// What an address says.
struct Asked {
    /// Whose day, for who sees several stations: id of an Organization.
    place: Option<String>,
    village: String,
}

impl Asked {
    fn of(query: Option<&str>) -> Asked {
        let mut asked = Asked { place: None, village: String::new() };
        for (name, value) in decode_pairs(query.unwrap_or_default()) {
            match name.as_str() {
                "noi" if is_id(&value) => asked.place = Some(value),
                "ten" => asked.village = value,
                _ => {}
            }
        }
        asked
    }

    /// What is added to an address with a question, so that it is of the same station.
    fn more(&self) -> String {
        self.place.as_ref().map(|place| format!("&noi={place}")).unwrap_or_default()
    }
}

/// The lists of whoever asks: of those that they may not see nothing is said.
async fn lists(station: &Station, ctx: &Ctx, asked: &Asked, day: Day) -> Result<Vec<Wanted>, Outcome> {
    let mut all = Vec::new();
    let places = asked.place.as_ref().map(|place| BTreeSet::from([format!("Organization/{place}")]));
    let noi = asked.place.as_ref().map(|place| format!("?noi={place}")).unwrap_or_default();
    let seen = async |list: List<'_>, until: Day| match list::called(
        &station.records,
        ctx,
        list,
        places.as_ref(),
        until,
    )
    .await
    {
        Err(outcome) if outcome.kind == Kind::Forbidden => Ok(None),
        found => found.map(Some),
    };
    if let Some(called) = seen(List::Vaccines, day).await? {
        let (each, title) = (crate::vaccinate::VACCINATE.to_owned(), "Tiêm chủng".to_owned());
        all.push(Wanted { title, href: format!("{each}{noi}"), each, called });
    }
    for programme in station.content.programmes_on(day) {
        let list = List::Programme(&programme.slug);
        if let Some(called) = seen(list, day.plus_days(EVER)).await? {
            let each = format!("{}/{}", crate::chronic::CHRONIC, programme.slug);
            let called = model::expected(called, day);
            all.push(Wanted { title: programme.title.clone(), href: format!("{each}{noi}"), each, called });
        }
    }
    Ok(all)
}

async fn today(Asking { room: station, ctx, id }: Asking<Station>, RawQuery(query): RawQuery) -> Response {
    let drawn = async {
        let (today, asked) = (station.today(), Asked::of(query.as_deref()));
        if asked.place.is_none() && list::own_places(&station.records, &ctx, List::Vaccines).is_none() {
            let found = list::facilities(&station.records, &ctx, List::Vaccines, today).await?;
            let lines = roll::stations(&station, &ctx, &found).await;
            return Ok(station.site.page(&Page::new("Hôm nay", page::choose(&lines)).here(TODAY)));
        }
        let is_behind = follower::lag(&station.records).await? > 0;
        let lists = lists(&station, &ctx, &asked, today).await?;
        let own = own_facility().or(asked.place.clone());
        let reports = reports::due(&station, &ctx, own.clone()).await?;
        let named: BTreeSet<&str> = lists
            .iter()
            .flat_map(|list| list.called.iter().take(page::NAMED))
            .map(|one| one.patient.as_str())
            .collect();
        let people = roll::people(&station, &ctx, named.into_iter()).await?;
        let names = names(&station, &ctx, own.as_deref().into_iter()).await;
        let content = page::page(&page::Shown {
            today,
            station: own.and_then(|own| names.get(&own)).map_or("", String::as_str),
            place: &asked.more(),
            reports: &reports,
            cases: &notify::pressing(&station, &ctx).await?,
            vaccination: &Vaccination::of(&station, &ctx).await?,
            lists: &lists,
            villages: &model::villages(&lists, today),
            people: &people,
            is_behind,
        });
        Ok(station.site.page(&Page::new("Hôm nay", content).here(TODAY)))
    };
    answered(&station, &id, drawn).await
}

async fn round(Asking { room: station, ctx, id }: Asking<Station>, RawQuery(query): RawQuery) -> Response {
    let drawn = async {
        let (today, asked) = (station.today(), Asked::of(query.as_deref()));
        let lists = lists(&station, &ctx, &asked, today).await?;
        let mut visited = model::visited(&lists, &asked.village, today);
        let more = visited.len().saturating_sub(ROUND_MAX);
        visited.truncate(ROUND_MAX);
        let people = roll::people(&station, &ctx, visited.iter().map(|one| one.patient.as_str())).await?;
        let content = page::round(&asked.village, &visited, &people, more);
        Ok(station.site.page(&Page::new("Đi thôn", content).here(TODAY)))
    };
    answered(&station, &id, drawn).await
}
