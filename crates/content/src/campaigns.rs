//! Campaigns of vaccination: `campaigns/<slug>/<first day>.toml`. Who was born in some years and lives in some places gets one dose in some weeks,
//! whatever they had before. A campaign becomes a series of its schedule, so every list, day and page that knows the schedule knows it.

use std::collections::BTreeSet;

use serde::Deserialize;
use toml::Spanned;
use toml::value::Datetime;
use yba_fhir::Day;

use crate::codes::first_day;
use crate::document;
use crate::law::{Laws, Sure};
use crate::problem::Report;
use crate::schedules::{Dose, Schedule, Series, Span};
use crate::source::{Source, Sources};

/// What makes a series one of a campaign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Campaign {
    /// The first and the last day.
    pub from: Day,
    pub last: Day,
    /// Who is aimed at, by birth: the first and the last day.
    pub born: (Day, Day),
    /// Places (`Organization/…`, administrative units as `system|code`) whose people are aimed at; all when empty.
    pub places: BTreeSet<String>,
    /// CVX codes of the vaccines that its dose keeps its distance from.
    pub after: BTreeSet<String>,
}

impl Campaign {
    /// Whether somebody who was born on a day and is of these places is aimed at.
    pub fn is_for(&self, birth: Day, places: &BTreeSet<String>) -> bool {
        let (first, last) = self.born;
        (first..=last).contains(&birth) && (self.places.is_empty() || !self.places.is_disjoint(places))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CampaignFile {
    title: String,
    short: String,
    basis: Vec<Spanned<String>>,
    sure: Sure,
    #[serde(default)]
    uncertain: String,
    schedule: Spanned<String>,
    last: Spanned<Datetime>,
    born_from: Spanned<Datetime>,
    born_until: Spanned<Datetime>,
    #[serde(default)]
    places: BTreeSet<String>,
    vaccines: BTreeSet<String>,
    after: BTreeSet<String>,
    interval: Spanned<String>,
    give: Spanned<String>,
}

/// Puts all campaigns into the schedules that they belong to: the edition in force on their first day, and those after it.
pub(crate) fn load(sources: &Sources, laws: &Laws, schedules: &mut [Schedule], report: &mut Report) {
    for slug in sources.folders("campaigns/") {
        for source in sources.in_folder(&format!("campaigns/{slug}/"), ".toml") {
            let Some(from) = first_day(source, report) else { continue };
            let Some(file) = document::read::<CampaignFile>(source, report) else { continue };
            laws.check_basis(source, &file.basis, report);
            add(source, &slug, from, &file, schedules, report);
        }
    }
}

fn add(
    source: &Source,
    slug: &str,
    from: Day,
    file: &CampaignFile,
    schedules: &mut [Schedule],
    report: &mut Report,
) -> Option<()> {
    let of = |one: &&Schedule| one.slug == *file.schedule.as_ref() && one.from <= from;
    let Some(first) = schedules.iter().filter(of).map(|one| one.from).max() else {
        let text = format!("chưa có lịch {} cho ngày {from}", file.schedule.as_ref());
        report.add(&source.path, document::line_of(source, &file.schedule), text);
        return None;
    };
    let last = document::day(source, &file.last, report)?;
    let born =
        (document::day(source, &file.born_from, report)?, document::day(source, &file.born_until, report)?);
    if last < from || born.1 < born.0 {
        let text = "ngày cuối phải sau ngày đầu, và born_until sau born_from";
        report.add(&source.path, document::line_of(source, &file.last), text);
    }
    if file.sure != Sure::Verified && file.uncertain.trim().is_empty() {
        report.add(&source.path, 1, "chưa đối chiếu bản gốc thì phải ghi rõ điều chưa chắc ở uncertain");
    }
    for place in file.places.iter().filter(|one| !one.starts_with("Organization/") && !one.contains('|')) {
        let text = format!(
            "nơi {place:?} phải là Organization/… hoặc hệ mã|mã xã, như https://yba.vn/fhir/sid/admin-unit/2025-07-01|03549"
        );
        report.add(&source.path, 1, text);
    }
    let Some(interval) = Span::parse(file.interval.as_ref()) else {
        let text = format!("{:?} phải như \"28 ngày\", \"1 tháng\"", file.interval.as_ref());
        report.add(&source.path, document::line_of(source, &file.interval), text);
        return None;
    };
    let give = file.give.as_ref();
    let campaign = Campaign { from, last, born, places: file.places.clone(), after: file.after.clone() };
    for schedule in
        schedules.iter_mut().filter(|one| one.slug == *file.schedule.as_ref() && one.from >= first)
    {
        let is_known = file.vaccines.contains(give) && schedule.vaccines.iter().any(|one| one.cvx == *give);
        let is_taken = schedule.series.iter().any(|one| one.slug == slug);
        if !is_known || is_taken {
            let text = format!(
                "vắc xin {give:?} phải có trong vaccines và trong lịch; lịch chưa được có loạt tên {slug}"
            );
            report.add(&source.path, document::line_of(source, &file.give), text);
            continue;
        }
        let dose = Dose {
            age: Span::default(),
            interval,
            until: Span::default(),
            give: give.clone(),
            sure: file.sure,
            note: file.uncertain.clone(),
        };
        schedule.series.push(Series {
            slug: slug.to_owned(),
            title: file.title.clone(),
            short: file.short.clone(),
            vaccines: file.vaccines.clone(),
            sex: None,
            born_from: None,
            doses: vec![dose],
            campaign: Some(campaign.clone()),
        });
    }
    Some(())
}
