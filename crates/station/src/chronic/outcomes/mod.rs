//! «Kết quả điều trị»: what became of the people whom a station took into a programme, by quarter and by village; and who they are.
//!
//! `/man-tinh/{programme}/ket-qua` is the table; `?tt=…` with `quy=…` and `thon=…` the people behind one of its numbers.

mod page;

use super::{CHRONIC, programme};
use crate::roll::{self, PAGE, Roll, Village};
use crate::{Station, answered};
use axum::extract::{Path, RawQuery};
use axum::response::Response;
use std::collections::{BTreeMap, BTreeSet};
use yba_fhir::Outcome;
use yba_fhir::resource::is_id;
use yba_recall::cohort::{self, Counts, Enrolled, Fate};
use yba_recall::follower;
use yba_recall::list::{self, List};
use yba_records::Ctx;
use yba_store::search::query::decode_pairs;
use yba_web::{Asking, Page};

/// Quarters that have a line of their own; those before stand together.
const QUARTERS: usize = 12;
/// The word for them in addresses.
const EARLIER: &str = "truoc";

/// The address of the table of a programme, of a place (its id) where that must be said.
pub(super) fn address(slug: &str, place: Option<&str>) -> String {
    let place = place.map(|place| format!("?noi={place}")).unwrap_or_default();
    format!("{CHRONIC}/{slug}/ket-qua{place}")
}

pub(super) fn code(fate: Fate) -> &'static str {
    match fate {
        Fate::Controlled => "dat",
        Fate::Uncontrolled => "chua-dat",
        Fate::Unmeasured => "chua-do",
        Fate::Missed => "bo-hen",
        Fate::Left => "thoi",
        Fate::Moved => "chuyen",
        Fate::Died => "tu-vong",
    }
}

/// What an address says; what is not understood is left out.
#[derive(Default)]
struct Asked {
    village: Option<String>,
    place: Option<String>,
    /// `2026-3`, or [`EARLIER`].
    quarter: Option<String>,
    fate: Option<Fate>,
    first: usize,
}

impl Asked {
    fn of(query: Option<&str>) -> Asked {
        let mut asked = Asked::default();
        for (name, value) in decode_pairs(query.unwrap_or_default()) {
            match name.as_str() {
                "thon" => asked.village = Some(value),
                "noi" if is_id(&value) => asked.place = Some(value),
                "quy" => asked.quarter = Some(value),
                "tt" => asked.fate = Fate::ALL.into_iter().find(|fate| code(*fate) == value),
                "tu" => asked.first = value.parse().unwrap_or(0),
                _ => {}
            }
        }
        asked
    }
}

/// A line of the table: a quarter, or all before.
pub(super) struct Line {
    /// As addresses say it.
    pub code: String,
    pub words: String,
    pub counts: Counts,
}

/// The quarter of somebody, as addresses say it: those before the newest [`QUARTERS`] are one.
fn quarter(one: &Enrolled, oldest: Option<(i16, i8)>) -> String {
    match one.quarter() {
        quarter if oldest.is_some_and(|oldest| quarter < oldest) => EARLIER.to_owned(),
        (year, quarter) => format!("{year}-{quarter}"),
    }
}

/// The oldest quarter that has a line of its own.
fn oldest(all: &[Enrolled]) -> Option<(i16, i8)> {
    let quarters: BTreeSet<(i16, i8)> = all.iter().map(Enrolled::quarter).collect();
    let before = quarters.len().saturating_sub(QUARTERS);
    quarters.into_iter().nth(before)
}

/// The lines of these people, the newest quarter first, those before last.
fn lines(of: &[&Enrolled], oldest: Option<(i16, i8)>) -> Vec<Line> {
    let mut by: BTreeMap<(bool, i16, i8), (String, Counts)> = BTreeMap::new();
    for one in of {
        let (year, number) = one.quarter();
        let code = quarter(one, oldest);
        let key = if code == EARLIER { (false, 0, 0) } else { (true, year, number) };
        by.entry(key).or_insert_with(|| (code, Counts::default())).1.add(one.fate);
    }
    let words = |(_, year, number): (bool, i16, i8)| match year {
        0 => "Trước đó".to_owned(),
        year => format!("Quý {number}/{year}"),
    };
    by.into_iter().rev().map(|(key, (code, counts))| Line { code, words: words(key), counts }).collect()
}

fn by_village(all: &[Enrolled]) -> Vec<(String, Counts)> {
    let mut of: BTreeMap<&str, Counts> = BTreeMap::new();
    all.iter().for_each(|one| of.entry(&one.village).or_default().add(one.fate));
    of.into_iter().map(|(name, counts)| (name.to_owned(), counts)).collect()
}

pub(super) async fn shown(
    Asking { room: station, ctx, id }: Asking<Station>,
    Path(slug): Path<String>,
    RawQuery(query): RawQuery,
) -> Response {
    answered(&station, &id, drawn(&station, &ctx, &slug, query.as_deref())).await
}

async fn drawn(station: &Station, ctx: &Ctx, slug: &str, query: Option<&str>) -> Result<Response, Outcome> {
    let (asked, programme) = (Asked::of(query), programme(station, slug)?);
    let list = List::Programme(&programme.slug);
    let named = asked.place.as_ref().map(|place| BTreeSet::from([format!("Organization/{place}")]));
    let Some(places) = named.or_else(|| list::own_places(&station.records, ctx, list)) else {
        return super::choose(station, ctx, programme, station.today(), "/ket-qua").await;
    };
    let is_behind = follower::lag(&station.records).await? > 0;
    let all = cohort::enrolled(&station.records, ctx, programme, &places).await?;
    let of_village = |one: &&Enrolled| asked.village.as_ref().is_none_or(|village| *village == one.village);
    let of: Vec<&Enrolled> = all.iter().filter(of_village).collect();
    let (base, oldest) = (address(&programme.slug, asked.place.as_deref()), oldest(&all));
    let lines = lines(&of, oldest);
    let of_villages = by_village(&all);
    let villages: Vec<Village> = of_villages
        .iter()
        .map(|(name, counts)| Village { name: name.clone(), count: counts.all(), late: 0 })
        .collect();
    // Ready for what stands behind it.
    let base = format!("{base}{}", if base.contains('?') { "" } else { "?" });
    let village = asked.village.as_deref();
    let page = |content| station.site.page(&Page::new("Bệnh mạn tính", content).here(CHRONIC));
    let roll = |base: String, count, first| Roll { base, villages: &villages, village, count, first };
    let Some(fate) = asked.fate else {
        let roll = roll(base, of.len(), 0);
        let content = page::table(&page::Shown {
            programme,
            lines: &lines,
            of_villages: &of_villages,
            roll,
            is_behind,
        });
        return Ok(page(content));
    };
    let is_behind_number = |one: &&Enrolled| {
        one.fate == fate && asked.quarter.as_ref().is_none_or(|asked| *asked == quarter(one, oldest))
    };
    let behind: Vec<&Enrolled> = of.iter().copied().filter(is_behind_number).collect();
    let first = if asked.first < behind.len() { asked.first } else { 0 };
    let part: Vec<&Enrolled> = behind.iter().copied().skip(first).take(PAGE).collect();
    let people = roll::people(station, ctx, part.iter().map(|one| one.patient.as_str())).await?;
    let line = asked.quarter.as_ref().and_then(|asked| lines.iter().find(|line| line.code == *asked));
    let quarter = line.map(|line| format!("&quy={}", line.code)).unwrap_or_default();
    let content = page::people(&page::People {
        programme,
        fate,
        quarter: line.map(|line| line.words.as_str()),
        lines: &part,
        people: &people,
        back: &base,
        roll: roll(format!("{base}&tt={}{quarter}", code(fate)), behind.len(), first),
    });
    Ok(page(content))
}

#[cfg(test)]
mod tests {
    use super::*;
    use yba_content::Day;

    fn people(days: &[&str]) -> Vec<Enrolled> {
        let one = |day: &&str| Enrolled {
            patient: String::new(),
            village: "Bản Hon".into(),
            since: Day::parse(day).unwrap(),
            fate: Fate::Controlled,
        };
        days.iter().map(one).collect()
    }

    #[test]
    fn old_quarters_stand_together_and_the_newest_comes_first() {
        let days: Vec<String> =
            (0..14).map(|at| format!("{}-{:02}-15", 2023 + at / 4, 1 + at % 4 * 3)).collect();
        let all = people(&days.iter().map(String::as_str).collect::<Vec<_>>());
        let of: Vec<&Enrolled> = all.iter().collect();
        let lines = lines(&of, oldest(&all));
        let words: Vec<String> =
            lines.iter().map(|line| format!("{} {}", line.words, line.counts.all())).collect();
        assert_eq!(words.len(), QUARTERS + 1);
        assert_eq!((words[0].as_str(), words[1].as_str()), ("Quý 2/2026 1", "Quý 1/2026 1"));
        assert_eq!(words[QUARTERS], "Trước đó 2");
    }

    #[test]
    fn quarters_begin_with_their_months() {
        let of = |day: &str| people(&[day])[0].quarter();
        assert_eq!([of("2026-03-31"), of("2026-04-01"), of("2026-12-31")], [(2026, 1), (2026, 2), (2026, 4)]);
    }
}
