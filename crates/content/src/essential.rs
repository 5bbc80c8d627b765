//! The essential drugs of a commune station as its store keeps them: one row is a substance in one strength and one unit, with the usual
//! dose that a prescription begins with. `essential-drugs/<first day>.csv` is an edition; substances are those of [`crate::drugs`].
//!
//! It deliberately does not know: brands, prices, tenders, how much is there (`yba-care::stock`), greatest doses (rules).

use std::collections::BTreeMap;

use yba_fhir::Day;
use yba_fhir::text::fold;

use crate::codes::{CodeLists, first_day};
use crate::drugs::{Control, Drug, Drugs};
use crate::law::Laws;
use crate::problem::Report;
use crate::sheet::{self, Columns, Row};
use crate::source::Sources;

const ESSENTIAL: Columns = Columns {
    required: &[
        "slug",
        "drug",
        "name",
        "form",
        "route",
        "unit",
        "dose_unit",
        "per",
        "mg",
        "take",
        "times",
        "days",
        "how",
    ],
    optional: &[],
};
/// Longest search text that is looked at, in characters.
const SEARCH_CHARS_MAX: usize = 100;
/// Greatest values of the usual dose.
const TIMES_MAX: u32 = 24;
const DAYS_MAX: u32 = 90;

/// A drug as a station keeps it.
#[derive(Debug, Clone)]
pub struct Essential {
    pub slug: String,
    /// Slug of the substance in the formulary.
    pub drug: String,
    /// As it is prescribed: `Paracetamol 500 mg`.
    pub name: String,
    /// ATC code of the substance; empty where there is none.
    pub atc: String,
    /// International name of the substance.
    pub inn: String,
    pub control: Option<Control>,
    /// Code of the list `dang-bao-che`.
    pub form: String,
    /// Code of the list `duong-dung`, and its word.
    pub route: String,
    pub route_words: String,
    /// What the store counts: `viên`, `chai`.
    pub unit: String,
    /// What a dose is said in: `viên`, `ml`, `giọt`.
    pub dose_unit: String,
    /// Dose units in one unit of the store; none where that cannot be said (ointments): then one unit is enough.
    pub per: Option<u32>,
    /// Milligrams of a single substance in one dose unit, in thousandths; none of combinations.
    pub mg_thousandths: Option<u32>,
    /// The usual dose: dose units each time in thousandths, times a day, days.
    pub take_thousandths: u32,
    pub times: u32,
    pub days: u32,
    /// `sau ăn`
    pub how: String,
}

impl Essential {
    /// Units of the store that a dose in thousandths of the dose unit, so often a day for so many days, takes; at least one.
    pub fn units(&self, take_thousandths: u32, times: u32, days: u32) -> u32 {
        let Some(per) = self.per else { return 1 };
        let doses =
            u64::from(take_thousandths).saturating_mul(u64::from(times)).saturating_mul(u64::from(days));
        u32::try_from(doses.div_ceil(1000 * u64::from(per))).unwrap_or(u32::MAX).max(1)
    }
}

/// A plain decimal in thousandths: `0.5` is 500. None when it is no such number, or is finer or greater than a dose can be.
pub fn thousandths(text: &str) -> Option<u32> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let plain = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || whole.len() > 6 || fraction.len() > 3 || !plain(whole) || !plain(fraction) {
        return None;
    }
    let fraction: u32 = format!("{fraction:0<3}").parse().ok()?;
    whole.parse::<u32>().ok()?.checked_mul(1000)?.checked_add(fraction)
}

/// One edition of the list.
#[derive(Debug)]
pub struct EssentialList {
    pub from: Day,
    drugs: Vec<Essential>,
    folded: Vec<[String; 2]>,
}

impl EssentialList {
    /// In the order of the list.
    pub fn drugs(&self) -> &[Essential] {
        &self.drugs
    }

    pub fn drug(&self, slug: &str) -> Option<&Essential> {
        self.drugs.iter().find(|one| one.slug == slug)
    }

    /// At most `limit` drugs of whose name or international name every word of the text begins a word, marks and case apart; names that
    /// begin with the text come first. A text without letters finds nothing.
    pub fn search(&self, text: &str, limit: usize) -> Vec<&Essential> {
        let text = fold(&text.chars().take(SEARCH_CHARS_MAX).collect::<String>());
        if text.is_empty() {
            return Vec::new();
        }
        let rank = |names: &[String; 2]| {
            let fits = |name: &String| {
                text.split(' ').all(|word| name.split(' ').any(|part| part.starts_with(word)))
            };
            match names {
                [name, _] if *name == text => Some(0),
                [name, _] if name.starts_with(&text) => Some(1),
                [_, inn] if inn.starts_with(&text) => Some(2),
                names if names.iter().any(fits) => Some(3),
                _ => None,
            }
        };
        let mut found: Vec<(u8, usize)> =
            self.folded.iter().enumerate().filter_map(|(at, names)| Some((rank(names)?, at))).collect();
        found.sort_unstable();
        found.into_iter().take(limit).map(|(_, at)| &self.drugs[at]).collect()
    }
}

impl EssentialList {
    /// The drug that a text means beyond doubt: the only one found, or the only one whose name is it or begins with it.
    pub fn meant(&self, text: &str) -> Option<&Essential> {
        let found = self.search(text, 3);
        let folded = fold(text);
        let begins = |one: &&&Essential| fold(&one.name).starts_with(&folded);
        let is_alone = found.len() == 1 || found.iter().filter(begins).count() == 1;
        let first = found.first().copied()?;
        (is_alone || fold(&first.name) == folded).then_some(first)
    }
}

/// The editions, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Essentials(Vec<EssentialList>);

impl Essentials {
    /// Every drug that ever stood on the list, by its newest row, in the order of the editions.
    pub(crate) fn every(&self) -> Vec<&Essential> {
        let mut all: Vec<&Essential> = Vec::new();
        for drug in self.0.iter().flat_map(|edition| &edition.drugs) {
            match all.iter_mut().find(|one| one.slug == drug.slug) {
                Some(known) => *known = drug,
                None => all.push(drug),
            }
        }
        all
    }

    pub(crate) fn load(
        sources: &Sources,
        laws: &Laws,
        lists: &CodeLists,
        drugs: &Drugs,
        report: &mut Report,
    ) -> Essentials {
        const FOLDER: &str = "essential-drugs/";
        laws.check_about(sources, FOLDER, report);
        let mut all = Vec::new();
        for source in sources.in_folder(FOLDER, ".csv") {
            let Some(from) = first_day(source, report) else { continue };
            let mut edition = EssentialList { from, drugs: Vec::new(), folded: Vec::new() };
            let mut lines = BTreeMap::new();
            for row in sheet::read(source, &ESSENTIAL, report) {
                let Some(one) = essential(&row, from, lists, drugs, report) else { continue };
                if let Some(line) = lines.insert(one.slug.clone(), row.line) {
                    report.add(row.file, row.line, format!("{} đã có ở dòng {line}", one.slug));
                }
                edition.folded.push([fold(&one.name), fold(&one.inn)]);
                edition.drugs.push(one);
            }
            all.push(edition);
        }
        if all.is_empty() {
            report.add(FOLDER, 0, "thiếu danh mục thuốc của trạm, ví dụ essential-drugs/2026-01-01.csv");
        }
        Essentials(all)
    }

    /// The edition in force on a day; a day before the first gets the first, for names still help.
    pub(crate) fn on(&self, day: Day) -> &EssentialList {
        let at = self.0.partition_point(|edition| edition.from <= day);
        &self.0[at.saturating_sub(1)]
    }
}

fn essential(
    row: &Row,
    from: Day,
    lists: &CodeLists,
    drugs: &Drugs,
    report: &mut Report,
) -> Option<Essential> {
    let slug = row.slug(report);
    let drug: &Drug = match drugs.on(from).drug(row.get("drug")) {
        Some(drug) => drug,
        None => {
            let text = format!("hoạt chất {:?} không có trong danh mục drugs/", row.get("drug"));
            report.add(row.file, row.line, text);
            return None;
        }
    };
    let word = |list: &str, code: &str, report: &mut Report| {
        let found = lists.on(list, from).and_then(|list| list.get(code)).map(|code| code.title.clone());
        if found.is_none() {
            report.add(row.file, row.line, format!("mã {code:?} không có trong danh mục codes/{list}"));
        }
        found.unwrap_or_default()
    };
    word("dang-bao-che", row.get("form"), report);
    let route_words = word("duong-dung", row.get("route"), report);
    let number = |name: &str, most: u32, report: &mut Report| {
        let value = row.get(name).parse::<u32>().ok().filter(|value| (1..=most).contains(value));
        if value.is_none() {
            report.add(row.file, row.line, format!("cột {name} phải là số từ 1 đến {most}"));
        }
        value.unwrap_or(1)
    };
    let decimal = |name: &str, report: &mut Report| {
        let value = thousandths(row.get(name));
        if value.is_none() && !row.get(name).is_empty() {
            report.add(row.file, row.line, format!("cột {name} phải là số, nhiều nhất ba chữ số thập phân"));
        }
        value
    };
    let per = (!row.get("per").is_empty()).then(|| number("per", 10_000, report));
    Some(Essential {
        slug,
        drug: drug.slug.clone(),
        name: row.must("name", report),
        atc: drug.atc.clone(),
        inn: drug.inn.clone(),
        control: drug.control,
        form: row.get("form").to_owned(),
        route: row.get("route").to_owned(),
        route_words,
        unit: row.must("unit", report),
        dose_unit: row.must("dose_unit", report),
        per,
        mg_thousandths: decimal("mg", report),
        take_thousandths: decimal("take", report).filter(|take| *take > 0).unwrap_or(1000),
        times: number("times", TIMES_MAX, report),
        days: number("days", DAYS_MAX, report),
        how: row.get("how").to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decimal_is_read_in_thousandths() {
        for (text, value) in [("1", 1000), ("0.5", 500), ("7.5", 7500), ("0.125", 125), ("300", 300_000)] {
            assert_eq!(thousandths(text), Some(value), "{text}");
        }
        for wrong in ["", ".5", "0,5", "-1", "1.2345", "1e3", "99999999"] {
            assert_eq!(thousandths(wrong), None, "{wrong}");
        }
    }
}
