//! «Bao phủ»: of the children of a cohort, who live in the station's villages, how many have which dose in time, late or not; and who they are.
//!
//! `/bao-phu` is the table; `?mui=…&tt=…` the people behind one of its numbers. Addresses hold days, villages and slugs, no names.

mod page;

use crate::roll::{self, PAGE, Roll, Village};
use crate::vaccinate::typed_day;
use crate::{Station, answered};
use axum::Router;
use axum::extract::RawQuery;
use axum::response::Response;
use axum::routing::get;
use std::collections::{BTreeMap, BTreeSet};
use yba_content::Day;
use yba_content::schedules::{Schedule, Series};
use yba_fhir::resource::is_id;
use yba_fhir::{Kind, Outcome};
use yba_recall::CHILDREN;
use yba_recall::coverage::{self, Counts, Covered, Reached};
use yba_recall::list::{self, List};
use yba_records::Ctx;
use yba_store::search::query::decode_pairs;
use yba_web::{Asking, Page, encoded};

/// The table.
pub const COVERAGE: &str = "/bao-phu";
/// The dose that stands for «fully vaccinated» in addresses.
const FULL: &str = "day-du";

pub(crate) fn routes() -> Router<Station> {
    Router::new().route(COVERAGE, get(table))
}

/// What an address says; what is not understood is left out.
#[derive(Clone)]
struct Asked {
    from: Day,
    until: Day,
    village: Option<String>,
    place: Option<String>,
    /// A dose and how it stands, of whom the people are shown: `dpt-3`.
    dose: Option<String>,
    how: Option<Reached>,
    first: usize,
}

pub(crate) fn code(how: Reached) -> &'static str {
    match how {
        Reached::InTime => "dung-han",
        Reached::Late => "muon",
        Reached::Missing => "thieu",
        Reached::Waiting => "chua-den",
    }
}

impl Asked {
    /// Without days, those who turned one in the last twelve months.
    fn of(query: Option<&str>, today: Day) -> Asked {
        let mut asked = Asked {
            from: today.plus_months(-24).plus_days(1),
            until: today.plus_months(-12),
            village: None,
            place: None,
            dose: None,
            how: None,
            first: 0,
        };
        for (name, value) in decode_pairs(query.unwrap_or_default()) {
            match name.as_str() {
                "tu-ngay" => asked.from = typed_day(&value).unwrap_or(asked.from),
                "den-ngay" => asked.until = typed_day(&value).unwrap_or(asked.until),
                "thon" => asked.village = Some(value),
                "noi" if is_id(&value) => asked.place = Some(value),
                "mui" => asked.dose = Some(value),
                "tt" => asked.how = Reached::ALL.into_iter().find(|how| code(*how) == value),
                "tu" => asked.first = value.parse().unwrap_or(0),
                _ => {}
            }
        }
        asked
    }

    /// The address of the table with what it asks beside village and dose.
    fn base(&self) -> String {
        let place = self.place.as_ref().map(|place| format!("&noi={place}")).unwrap_or_default();
        format!("{COVERAGE}?tu-ngay={}&den-ngay={}{place}", self.from, self.until)
    }
}

/// One dose of the table.
pub(super) struct Row {
    /// `dpt-3`.
    pub code: String,
    pub words: String,
    pub counts: Counts,
}

/// The rows of these children: each dose that is for somebody, by the schedule; then the full set.
fn rows(all: &[&Covered], schedule: &Schedule, full: &str) -> Vec<Row> {
    let mut rows = Vec::new();
    for series in &schedule.series {
        for number in 1..=series.doses.len() {
            let key = (series.slug.clone(), number);
            let counts = Counts::of(all.iter().filter_map(|one| one.doses.get(&key).copied()));
            // A dose for which all children are too young says nothing.
            if counts.all() == counts.waiting {
                continue;
            }
            let words = if series.doses.len() > 1 {
                format!("{} mũi {number}", series.title)
            } else {
                series.title.clone()
            };
            rows.push(Row { code: format!("{}-{number}", series.slug), words, counts });
        }
    }
    if !full.is_empty() {
        let counts = Counts::of(all.iter().map(|one| one.full));
        rows.push(Row { code: FULL.to_owned(), words: full.to_owned(), counts });
    }
    rows
}

/// How a child stands with the dose of an address.
fn standing(one: &Covered, dose: &str) -> Option<Reached> {
    if dose == FULL {
        return Some(one.full);
    }
    let (series, number) = dose.rsplit_once('-')?;
    one.doses.get(&(series.to_owned(), number.parse().ok()?)).copied()
}

fn villages(all: &[Covered]) -> Vec<Village> {
    let mut of: BTreeMap<&str, usize> = BTreeMap::new();
    all.iter().for_each(|one| *of.entry(&one.village).or_default() += 1);
    of.into_iter().map(|(name, count)| Village { name: name.to_owned(), count, late: 0 }).collect()
}

async fn table(Asking { room: station, ctx, id }: Asking<Station>, RawQuery(query): RawQuery) -> Response {
    answered(&station, &id, drawn(&station, &ctx, query.as_deref())).await
}

async fn drawn(station: &Station, ctx: &Ctx, query: Option<&str>) -> Result<Response, Outcome> {
    let today = station.today();
    let asked = Asked::of(query, today);
    let Some(schedule) = station.content.schedule(CHILDREN, today) else {
        return Err(Outcome::new(Kind::NotFound, "schedule", "Chưa có lịch tiêm chủng nào.", "no schedule"));
    };
    let page = |content| {
        Ok(station.site.page(&Page::new("Bao phủ tiêm chủng", content).here(crate::vaccinate::VACCINATE)))
    };
    let named = asked.place.as_ref().map(|place| BTreeSet::from([format!("Organization/{place}")]));
    let Some(places) = named.or_else(|| list::own_places(&station.records, ctx, List::Vaccines)) else {
        let found = list::facilities(&station.records, ctx, List::Vaccines, today).await?;
        return page(page::choose(&roll::stations(station, ctx, &found).await));
    };
    let full = station.content.vaccination_day(today).map(|day| &day.full);
    let born = (asked.from, asked.until);
    let all = coverage::cohort(&station.records, ctx, &station.content, &places, born, full).await?;
    let of_village = |one: &&Covered| asked.village.as_ref().is_none_or(|village| *village == one.village);
    let of: Vec<&Covered> = all.iter().filter(of_village).collect();
    let villages = villages(&all);
    let base = asked.base();
    let title = full.map_or("", |full| full.title.as_str());
    let rows = rows(&of, schedule, title);
    if let (Some(dose), Some(how)) = (&asked.dose, asked.how) {
        let behind: Vec<&Covered> =
            of.iter().copied().filter(|one| standing(one, dose) == Some(how)).collect();
        let first = if asked.first < behind.len() { asked.first } else { 0 };
        let part: Vec<&Covered> = behind.iter().copied().skip(first).take(PAGE).collect();
        let people = roll::people(station, ctx, part.iter().map(|one| one.patient.as_str())).await?;
        let address = format!("{base}&mui={}&tt={}", encoded(dose), code(how));
        let village = asked.village.as_deref();
        return page(page::people(&page::People {
            words: rows.iter().find(|row| row.code == *dose).map_or(dose, |row| &row.words),
            how,
            lines: &part,
            people: &people,
            roll: Roll { base: address, villages: &villages, village, count: behind.len(), first },
            back: &base,
        }));
    }
    page(page::table(&page::Shown {
        from: asked.from,
        until: asked.until,
        place: asked.place.as_deref(),
        rows: &rows,
        of_villages: &by_village(&all, |one| Some(one.full)),
        campaigns: &campaigns(schedule, &all, &asked, today),
        full,
        is_recalled: schedule.sure != yba_content::Sure::Verified,
        roll: Roll {
            base,
            villages: &villages,
            village: asked.village.as_deref(),
            count: of.len(),
            first: 0,
        },
    }))
}

/// A campaign that has begun, with how each village stands with it.
pub(super) struct OfCampaign {
    pub title: String,
    /// The address of the table of whom it aims at.
    pub address: String,
    /// Whom it aims at, by birth.
    pub born: (Day, Day),
    pub days: (Day, Day),
    /// Of the children who are shown.
    pub villages: Vec<(String, Counts)>,
    pub uncertain: String,
}

/// The campaigns of a schedule that have begun, or begin within a month, and ended no longer than a year ago.
fn campaigns(schedule: &Schedule, all: &[Covered], asked: &Asked, today: Day) -> Vec<OfCampaign> {
    let of = |series: &Series| {
        let campaign = series.campaign.as_ref()?;
        let is_near = campaign.from <= today.plus_months(1) && campaign.last >= today.plus_months(-12);
        let key = (series.slug.clone(), 1);
        let villages = by_village(all, |one| one.doses.get(&key).copied());
        // Who lives elsewhere is not asked.
        let is_here = campaign.places.is_empty() || !villages.is_empty();
        let (from, until) = campaign.born;
        let address = Asked { from, until, village: None, ..asked.clone() }.base();
        (is_near && is_here).then(|| OfCampaign {
            title: series.title.clone(),
            address,
            born: campaign.born,
            days: (campaign.from, campaign.last),
            villages,
            uncertain: series.doses.first().map(|dose| dose.note.clone()).unwrap_or_default(),
        })
    };
    schedule.series.iter().filter_map(of).collect()
}

/// How each village stands with a dose, or with the full set.
fn by_village(all: &[Covered], how: impl Fn(&Covered) -> Option<Reached>) -> Vec<(String, Counts)> {
    let mut of: BTreeMap<&str, Counts> = BTreeMap::new();
    for (one, reached) in all.iter().filter_map(|one| Some((one, how(one)?))) {
        of.entry(&one.village).or_default().add(reached);
    }
    of.into_iter().map(|(name, counts)| (name.to_owned(), counts)).collect()
}
