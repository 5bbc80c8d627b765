//! Vaccination schedules: `schedules/<slug>/<first day>.toml`, an edition of which doses somebody should get at what age,
//! how far apart, and until when. What that means for one child is worked out elsewhere (`yba-recall`).

use std::collections::BTreeSet;

use serde::Deserialize;
use toml::Spanned;
use toml::value::Datetime;
use yba_fhir::Day;

use crate::campaigns::Campaign;
use crate::codes::first_day;
use crate::document;
use crate::law::{Laws, Sure};
use crate::problem::Report;
use crate::source::{Source, Sources};

/// A length of time as the law says it, counted by the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Span {
    pub months: i32,
    pub days: i64,
}

impl Span {
    /// `2 tháng`, `7 ngày`, `2 tuần`, `1 năm`.
    pub fn parse(text: &str) -> Option<Span> {
        let (count, unit) = text.trim().split_once(' ')?;
        let count: u16 = count.parse().ok()?;
        match unit.trim() {
            "ngày" => Some(Span { months: 0, days: i64::from(count) }),
            "tuần" => Some(Span { months: 0, days: 7 * i64::from(count) }),
            "tháng" => Some(Span { months: i32::from(count), days: 0 }),
            "năm" => Some(Span { months: 12 * i32::from(count), days: 0 }),
            _ => None,
        }
    }

    /// The day that is so long after another.
    pub fn after(self, day: Day) -> Day {
        day.plus_months(self.months).plus_days(self.days)
    }
}

impl std::fmt::Display for Span {
    /// `7 ngày`, `2 tháng`, as it would be written.
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self.months, self.days) {
            (0, days) => write!(to, "{days} ngày"),
            (months, _) if months % 12 == 0 => write!(to, "{} năm", months / 12),
            (months, _) => write!(to, "{months} tháng"),
        }
    }
}

/// One edition of a schedule.
#[derive(Debug, Clone)]
pub struct Schedule {
    pub slug: String,
    /// Vietnamese.
    pub title: String,
    /// The first day in force.
    pub from: Day,
    /// Slugs in `law/`.
    pub basis: Vec<String>,
    pub sure: Sure,
    pub note: String,
    /// So long after the day on which a dose is due, it is late.
    pub late_after: Span,
    /// A dose that was too early by no more than this counts.
    pub grace: Span,
    /// So long after a first dose that was too early, it is given again.
    pub again_after: Span,
    pub apart: Option<Apart>,
    pub series: Vec<Series>,
    pub vaccines: Vec<Vaccine>,
}

/// Vaccines that are given on one day or so far apart: living ones that are injected.
#[derive(Debug, Clone)]
pub struct Apart {
    pub interval: Span,
    /// CVX codes.
    pub vaccines: BTreeSet<String>,
}

/// Doses against one disease, or those that one vaccine holds together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Series {
    pub slug: String,
    /// Vietnamese: `Viêm não Nhật Bản`.
    pub title: String,
    /// What stands in a narrow column: `VNNB`.
    pub short: String,
    /// CVX codes of the vaccines that count.
    pub vaccines: BTreeSet<String>,
    /// Only for them: `female` or `male`.
    pub sex: Option<String>,
    /// Only for who was born on this day or later.
    pub born_from: Option<Day>,
    pub doses: Vec<Dose>,
    /// When it is no series by age: one dose in the days of a campaign.
    pub campaign: Option<Campaign>,
}

/// One dose of a series.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dose {
    /// The age from which it is given.
    pub age: Span,
    /// How long after the dose before.
    pub interval: Span,
    /// The age from which it is given no more.
    pub until: Span,
    /// CVX code of what is given when nothing else is chosen.
    pub give: String,
    pub sure: Sure,
    pub note: String,
}

/// A vaccine as it is given.
#[derive(Debug, Clone)]
pub struct Vaccine {
    /// <https://www2.cdc.gov/vaccines/iis/iisstandards/vaccines.asp?rpt=cvx>
    pub cvx: String,
    /// Vietnamese.
    pub title: String,
    /// A plain decimal, millilitres.
    pub dose_ml: String,
    /// `IM`, `ID`, `SC` or `PO` (HL7 RouteOfAdministration).
    pub route: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ScheduleFile {
    title: String,
    basis: Vec<Spanned<String>>,
    sure: Sure,
    #[serde(default)]
    note: String,
    late_after: Spanned<String>,
    grace: Spanned<String>,
    again_after: Spanned<String>,
    apart: Option<ApartFile>,
    series: Vec<SeriesFile>,
    vaccine: Vec<VaccineFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ApartFile {
    interval: Spanned<String>,
    vaccines: BTreeSet<String>,
    #[serde(rename = "sure")]
    _sure: Sure,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SeriesFile {
    slug: Spanned<String>,
    title: String,
    short: String,
    vaccines: BTreeSet<String>,
    sex: Option<Spanned<String>>,
    born_from: Option<Spanned<Datetime>>,
    dose: Vec<DoseFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DoseFile {
    age: Spanned<String>,
    interval: Option<Spanned<String>>,
    until: Spanned<String>,
    give: Spanned<String>,
    sure: Sure,
    #[serde(default)]
    note: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct VaccineFile {
    cvx: Spanned<String>,
    title: String,
    dose_ml: Spanned<String>,
    route: Spanned<String>,
}

/// All editions, by slug and day.
pub(crate) fn load(sources: &Sources, laws: &Laws, report: &mut Report) -> Vec<Schedule> {
    let mut all = Vec::new();
    for slug in sources.folders("schedules/") {
        let folder = format!("schedules/{slug}/");
        for source in sources.in_folder(&folder, ".toml") {
            let Some(from) = first_day(source, report) else { continue };
            let Some(file) = document::read::<ScheduleFile>(source, report) else { continue };
            laws.check_basis(source, &file.basis, report);
            all.extend(Reader { source, report }.schedule(&slug, from, file));
        }
    }
    all.sort_by(|one, other| (&one.slug, one.from).cmp(&(&other.slug, other.from)));
    all
}

/// Reads one file.
struct Reader<'r> {
    source: &'r Source,
    report: &'r mut Report,
}

impl Reader<'_> {
    fn schedule(&mut self, slug: &str, from: Day, file: ScheduleFile) -> Option<Schedule> {
        let vaccines: Vec<Vaccine> = file.vaccine.into_iter().map(|one| self.vaccine(one)).collect();
        let mut slugs = BTreeSet::new();
        let mut series = Vec::new();
        for one in file.series {
            if !slugs.insert(one.slug.as_ref().clone()) {
                self.wrong(&one.slug, format!("loạt {:?} có hai lần", one.slug.as_ref()));
            }
            series.extend(self.series(one, &vaccines));
        }
        let apart = file
            .apart
            .map(|one| self.span(&one.interval).map(|interval| Apart { interval, vaccines: one.vaccines }));
        Some(Schedule {
            slug: slug.to_owned(),
            title: file.title,
            from,
            basis: file.basis.into_iter().map(Spanned::into_inner).collect(),
            sure: file.sure,
            note: file.note,
            late_after: self.span(&file.late_after)?,
            grace: self.span(&file.grace)?,
            again_after: self.span(&file.again_after)?,
            apart: apart.flatten(),
            series,
            vaccines,
        })
    }

    fn vaccine(&mut self, file: VaccineFile) -> Vaccine {
        if !crate::decimal::is_decimal(file.dose_ml.as_ref()) {
            self.wrong(&file.dose_ml, format!("{:?} không phải số thập phân", file.dose_ml.as_ref()));
        }
        if !["IM", "ID", "SC", "PO"].contains(&file.route.as_ref().as_str()) {
            self.wrong(&file.route, "route phải là IM, ID, SC hoặc PO".to_owned());
        }
        Vaccine {
            cvx: file.cvx.into_inner(),
            title: file.title,
            dose_ml: file.dose_ml.into_inner(),
            route: file.route.into_inner(),
        }
    }

    fn series(&mut self, file: SeriesFile, vaccines: &[Vaccine]) -> Option<Series> {
        if let Some(sex) = &file.sex
            && !["female", "male"].contains(&sex.as_ref().as_str())
        {
            self.wrong(sex, "sex phải là female hoặc male".to_owned());
        }
        let born_from = file.born_from.as_ref().map(|day| document::day(self.source, day, self.report));
        let mut doses: Vec<Dose> = Vec::new();
        for one in &file.dose {
            let Some(dose) = self.dose(one) else { continue };
            let zero = Day::new(2000, 1, 1)?;
            if dose.age.after(zero) >= dose.until.after(zero) {
                self.wrong(&one.until, "until phải sau age".to_owned());
            }
            if doses.last().is_some_and(|before| before.age.after(zero) > dose.age.after(zero)) {
                self.wrong(&one.age, "tuổi của các mũi phải tăng dần".to_owned());
            }
            let give = one.give.as_ref();
            if !file.vaccines.contains(give) || !vaccines.iter().any(|vaccine| vaccine.cvx == *give) {
                self.wrong(&one.give, format!("vắc xin {give:?} phải có trong loạt và trong [[vaccine]]"));
            }
            doses.push(dose);
        }
        if doses.is_empty() {
            self.wrong(&file.slug, "loạt không có mũi nào".to_owned());
        }
        Some(Series {
            slug: file.slug.into_inner(),
            title: file.title,
            short: file.short,
            vaccines: file.vaccines,
            sex: file.sex.map(Spanned::into_inner),
            born_from: born_from.flatten(),
            doses,
            campaign: None,
        })
    }

    fn dose(&mut self, file: &DoseFile) -> Option<Dose> {
        let interval = file.interval.as_ref().map(|one| self.span(one));
        Some(Dose {
            age: self.span(&file.age)?,
            interval: interval.unwrap_or(Some(Span::default()))?,
            until: self.span(&file.until)?,
            give: file.give.as_ref().clone(),
            sure: file.sure,
            note: file.note.clone(),
        })
    }

    fn span(&mut self, text: &Spanned<String>) -> Option<Span> {
        let span = Span::parse(text.as_ref());
        if span.is_none() {
            self.wrong(text, format!("{:?} phải như \"2 tháng\", \"7 ngày\", \"1 năm\"", text.as_ref()));
        }
        span
    }

    fn wrong<T>(&mut self, at: &Spanned<T>, text: String) {
        self.report.add(&self.source.path, document::line_of(self.source, at), text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_counted_by_the_calendar() {
        let day = |text: &str| Day::parse(text).unwrap();
        for (from, span, to) in [
            ("2026-01-31", "1 tháng", "2026-02-28"),
            ("2024-01-31", "1 tháng", "2024-02-29"),
            ("2024-02-29", "1 năm", "2025-02-28"),
            ("2026-12-15", "2 tháng", "2027-02-15"),
            ("2026-02-26", "7 ngày", "2026-03-05"),
            ("2026-02-26", "2 tuần", "2026-03-12"),
        ] {
            assert_eq!(Span::parse(span).unwrap().after(day(from)), day(to), "{from} + {span}");
        }
        for wrong in ["", "2", "tháng", "2 thang", "-1 tháng", "1,5 năm", "99999999 ngày"] {
            assert_eq!(Span::parse(wrong), None, "{wrong}");
        }
    }
}
