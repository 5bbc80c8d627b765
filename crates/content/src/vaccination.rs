//! Vaccination days: `vaccination/<first day>.toml`, an edition of how long children stay under watch, how many doses a vial holds, how cold
//! a fridge is, which reactions are serious and by when they are told, and which doses make a child fully vaccinated. Which dose
//! is due when, [`crate::schedules`] says.

use serde::Deserialize;
use std::collections::BTreeSet;
use toml::Spanned;
use yba_fhir::Day;

use crate::codes::first_day;
use crate::document;
use crate::forms::FormText;
use crate::law::{Laws, Sure};
use crate::problem::Report;
use crate::schedules::{Schedule, Span};
use crate::source::{Source, Sources};

/// The longest watch, in minutes; the longest time a vial stays open and the longest deadline, in hours; most doses of a vial.
const WATCH_MAX: u32 = 24 * 60;
const HOURS_MAX: u32 = 60 * 24;
const DOSES_MAX: u32 = 100;
/// Fewest examples of an edition.
const EXAMPLES: usize = 3;

/// One edition.
#[derive(Debug, Clone)]
pub struct VaccinationDay {
    /// Vietnamese.
    pub title: String,
    /// The first day in force.
    pub from: Day,
    /// Slugs in `law/`.
    pub basis: Vec<String>,
    pub sure: Sure,
    /// What is not sure in it, in words for whoever uses it.
    pub uncertain: String,
    /// Slug of the form of screening.
    pub screening: String,
    pub watch_minutes: u32,
    pub vials: Vec<Vial>,
    pub fridge: Fridge,
    pub full: Full,
    pub reactions: Reactions,
    pub reaction: Vec<Reaction>,
}

/// What a vial of a vaccine holds.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Vial {
    pub cvx: String,
    pub doses: u32,
    /// So many hours after it was opened it is thrown away.
    pub open_hours: u32,
    #[serde(default)]
    pub note: String,
}

/// How cold vaccines are kept.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fridge {
    /// Plain decimals, °C; both are still right.
    pub low: String,
    pub high: String,
    /// When in a day it is read.
    pub readings: Vec<Reading>,
    /// What to do when a reading is missing, when it is too cold, too warm.
    pub missing: String,
    pub too_low: Vec<String>,
    pub too_high: Vec<String>,
}

/// One reading of a day.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reading {
    pub slug: String,
    /// Vietnamese.
    pub title: String,
    /// The hour of the day by which it is written down.
    pub until: u32,
}

/// Which doses make a child fully vaccinated before an age.
#[derive(Debug, Clone)]
pub struct Full {
    /// Vietnamese.
    pub title: String,
    pub before: Span,
    pub doses: Vec<FullDose>,
    pub uncertain: String,
}

/// The dose of a series that must have been reached.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FullDose {
    pub series: String,
    pub number: usize,
}

/// What is done with reactions.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reactions {
    /// Hours from when a serious one is known until it must be told.
    pub report_hours: u32,
    /// What to do with a serious one.
    pub steps: Vec<String>,
    /// What is said to the family of everybody.
    pub home: String,
}

/// A kind of reaction.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reaction {
    pub slug: String,
    /// Vietnamese.
    pub title: String,
    /// Serious by itself, however it ends.
    #[serde(default)]
    pub serious: bool,
}

impl VaccinationDay {
    /// What a vial of this vaccine (CVX) holds; one dose, of which nothing else is said.
    pub fn doses(&self, cvx: &str) -> u32 {
        self.vial(cvx).map_or(1, |vial| vial.doses)
    }

    pub fn vial(&self, cvx: &str) -> Option<&Vial> {
        self.vials.iter().find(|one| one.cvx == cvx)
    }

    /// How many vials so many doses need.
    pub fn vials_for(&self, cvx: &str, doses: usize) -> usize {
        doses.div_ceil(self.doses(cvx) as usize)
    }
}

impl Fridge {
    /// Whether a temperature in °C is as it should be.
    pub fn is_right(&self, celsius: f64) -> bool {
        let limit = |text: &str, other: f64| text.parse().unwrap_or(other);
        celsius >= limit(&self.low, f64::MIN) && celsius <= limit(&self.high, f64::MAX)
    }

    /// Whether it is colder than it should be.
    pub fn is_low(&self, celsius: f64) -> bool {
        self.low.parse().is_ok_and(|low: f64| celsius < low)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    title: String,
    basis: Vec<Spanned<String>>,
    sure: Sure,
    #[serde(default)]
    uncertain: String,
    screening: Spanned<String>,
    watch_minutes: Spanned<u32>,
    #[serde(default)]
    vial: Vec<Spanned<Vial>>,
    fridge: Spanned<Fridge>,
    full: Spanned<FullFile>,
    reactions: Spanned<Reactions>,
    reaction: Vec<Spanned<Reaction>>,
    example: Vec<Spanned<ExampleFile>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FullFile {
    title: String,
    before: String,
    doses: Vec<FullDose>,
    #[serde(default)]
    uncertain: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ExampleFile {
    cvx: String,
    children: usize,
    vials: usize,
}

/// All editions, oldest first.
pub(crate) fn load(
    sources: &Sources,
    laws: &Laws,
    forms: &[FormText],
    schedules: &[Schedule],
    report: &mut Report,
) -> Vec<VaccinationDay> {
    let mut all = Vec::new();
    for source in sources.in_folder("vaccination/", ".toml") {
        let Some(from) = first_day(source, report) else { continue };
        let Some(file) = document::read::<File>(source, report) else { continue };
        laws.check_basis(source, &file.basis, report);
        all.extend(Reader { source, report, schedules }.edition(from, file, forms));
    }
    all.sort_by_key(|one| one.from);
    all
}

/// Reads one file.
struct Reader<'r> {
    source: &'r Source,
    report: &'r mut Report,
    schedules: &'r [Schedule],
}

impl Reader<'_> {
    fn edition(&mut self, from: Day, file: File, forms: &[FormText]) -> Option<VaccinationDay> {
        if !forms.iter().any(|form| form.slug == *file.screening.as_ref() && form.from <= from) {
            let text = format!("chưa có biểu mẫu {} cho ngày {from}", file.screening.as_ref());
            self.wrong(&file.screening, text);
        }
        if !(1..=WATCH_MAX).contains(file.watch_minutes.as_ref()) {
            self.wrong(&file.watch_minutes, format!("phải từ 1 đến {WATCH_MAX} phút"));
        }
        self.check_vials(&file.vial);
        self.check_fridge(&file.fridge);
        self.check_reactions(&file.reactions, &file.reaction);
        let full = self.full(&file.full)?;
        let edition = VaccinationDay {
            title: file.title,
            from,
            basis: file.basis.into_iter().map(Spanned::into_inner).collect(),
            sure: file.sure,
            uncertain: file.uncertain,
            screening: file.screening.into_inner(),
            watch_minutes: file.watch_minutes.into_inner(),
            vials: file.vial.into_iter().map(Spanned::into_inner).collect(),
            fridge: file.fridge.into_inner(),
            full,
            reactions: file.reactions.into_inner(),
            reaction: file.reaction.into_iter().map(Spanned::into_inner).collect(),
        };
        if file.example.len() < EXAMPLES {
            self.report.add(&self.source.path, 0, format!("cần ít nhất {EXAMPLES} ví dụ"));
        }
        for example in &file.example {
            let ExampleFile { cvx, children, vials } = example.as_ref();
            let found = edition.vials_for(cvx, *children);
            if found != *vials {
                self.wrong(example, format!("{children} trẻ cần {found} lọ {cvx}, không phải {vials}"));
            }
        }
        Some(edition)
    }

    fn check_vials(&mut self, vials: &[Spanned<Vial>]) {
        let mut codes = BTreeSet::new();
        for one in vials {
            let Vial { cvx, doses, open_hours, .. } = one.as_ref();
            if !codes.insert(cvx) {
                self.wrong(one, format!("vắc xin {cvx} có hai lần"));
            }
            if !self.schedules.iter().any(|schedule| schedule.vaccines.iter().any(|of| of.cvx == *cvx)) {
                self.wrong(one, format!("không lịch nào có vắc xin {cvx}"));
            }
            if !(1..=DOSES_MAX).contains(doses) || !(1..=HOURS_MAX).contains(open_hours) {
                self.wrong(one, format!("1 đến {DOSES_MAX} liều, 1 đến {HOURS_MAX} giờ"));
            }
        }
    }

    fn check_fridge(&mut self, fridge: &Spanned<Fridge>) {
        let Fridge { low, high, readings, .. } = fridge.as_ref();
        let limits = (low.parse::<f64>(), high.parse::<f64>());
        if !matches!(limits, (Ok(low), Ok(high)) if low < high) {
            self.wrong(fridge, "low phải là số nhỏ hơn high".to_owned());
        }
        let slugs: BTreeSet<&str> = readings.iter().map(|one| one.slug.as_str()).collect();
        if readings.is_empty() || slugs.len() < readings.len() || readings.iter().any(|one| one.until > 24) {
            self.wrong(fridge, "readings cần tên khác nhau, giờ từ 0 đến 24".to_owned());
        }
    }

    fn check_reactions(&mut self, reactions: &Spanned<Reactions>, kinds: &[Spanned<Reaction>]) {
        if !(1..=HOURS_MAX).contains(&reactions.as_ref().report_hours) {
            self.wrong(reactions, format!("hạn phải từ 1 đến {HOURS_MAX} giờ"));
        }
        let mut slugs = BTreeSet::new();
        for one in kinds {
            if !slugs.insert(one.as_ref().slug.as_str()) {
                self.wrong(one, format!("phản ứng {:?} có hai lần", one.as_ref().slug));
            }
        }
    }

    fn full(&mut self, file: &Spanned<FullFile>) -> Option<Full> {
        let FullFile { title, before, doses, uncertain } = file.as_ref();
        for one in doses {
            let is_known = |schedule: &Schedule| {
                let series = schedule.series.iter().find(|series| series.slug == one.series);
                series.is_some_and(|series| (1..=series.doses.len()).contains(&one.number))
            };
            if !self.schedules.iter().any(is_known) {
                self.wrong(file, format!("không lịch nào có {} mũi {}", one.series, one.number));
            }
        }
        let Some(before) = Span::parse(before) else {
            self.wrong(file, format!("{before:?} phải như \"1 năm\", \"12 tháng\""));
            return None;
        };
        Some(Full { title: title.clone(), before, doses: doses.clone(), uncertain: uncertain.clone() })
    }

    fn wrong<T>(&mut self, at: &Spanned<T>, text: String) {
        self.report.add(&self.source.path, document::line_of(self.source, at), text);
    }
}

#[cfg(test)]
mod tests {
    use crate::Content;
    use yba_fhir::Day;

    #[test]
    fn vials_are_whole_and_limits_of_a_fridge_are_still_right() {
        let content = Content::built_in();
        let edition = content.vaccination_day(Day::new(2026, 11, 22).unwrap()).unwrap();
        for (cvx, doses, vials) in [("19", 10, 1), ("19", 11, 2), ("102", 3, 3), ("178", 0, 0)] {
            assert_eq!(edition.vials_for(cvx, doses), vials, "{cvx} {doses}");
        }
        for (celsius, is_right) in [(1.9, false), (2.0, true), (8.0, true), (8.1, false), (-4.0, false)] {
            assert_eq!(edition.fridge.is_right(celsius), is_right, "{celsius}");
        }
        assert!(edition.fridge.is_low(1.9) && !edition.fridge.is_low(9.0));
        assert!(content.vaccination_day(Day::new(2020, 1, 1).unwrap()).is_none());
    }
}
