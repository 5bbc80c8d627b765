//! Our starter formulary: the active substances in use from commune stations to provincial hospitals, with ATC codes,
//! forms, strengths and routes. ATC codes are the WHO's, used as an index. <https://www.whocc.no/atc/>
//!
//! `drugs/<first day>.csv` is an edition. A row is a substance as it is prescribed: what is swallowed and what is put
//! into the eye are two rows, for they have two ATC codes.
//!
//! It deliberately does not know: brands, prices, stock, doses, interactions, what insurance pays. The ministry's own
//! lists of drugs are code lists (`codes/thuoc-vn`).

use std::collections::{BTreeMap, HashMap};

use yba_fhir::Day;
use yba_fhir::text::fold;

use crate::codes::{CodeList, CodeLists, first_day};
use crate::law::{Laws, Sure};
use crate::problem::Report;
use crate::sheet::{self, Columns, Row};
use crate::source::Sources;

const DRUGS: Columns = Columns {
    required: &["slug", "inn", "name", "atc", "group", "forms", "strengths", "routes", "commune"],
    optional: &["control", "pregnancy", "child", "sure"],
};

/// The code lists that the cells `forms` and `routes` draw from.
const FORMS: &str = "dang-bao-che";
const ROUTES: &str = "duong-dung";

/// Longest search text that is looked at, in characters.
const SEARCH_CHARS_MAX: usize = 100;

/// Why a substance needs a prescription of its own kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Control {
    Narcotic,
    Psychotropic,
    /// Of narcotics or psychotropics.
    Precursor,
}

/// One active substance, as it is prescribed.
#[derive(Debug, Clone)]
pub struct Drug {
    pub slug: String,
    /// International nonproprietary name, in English; salts and combinations as commonly said.
    pub inn: String,
    /// The spelling on Vietnamese prescriptions.
    pub name: String,
    /// ATC code, whole or of a group; empty where there is none.
    pub atc: String,
    /// Whether the ATC code was compared with the substance's name in an ATC edition.
    pub sure: Sure,
    /// Pharmacological group in Vietnamese.
    pub group: String,
    /// Codes of the list `dang-bao-che`.
    pub forms: Vec<String>,
    /// As printed: `500 mg`, `250 mg/5 ml`.
    pub strengths: Vec<String>,
    /// Codes of the list `duong-dung`.
    pub routes: Vec<String>,
    pub control: Option<Control>,
    /// What everybody knows about it in pregnancy; mostly empty, which says nothing.
    pub pregnancy: String,
    /// What everybody knows about it in children; mostly empty, which says nothing.
    pub child: String,
    /// Whether a commune station may hold it.
    pub commune: bool,
}

/// One edition of the formulary.
#[derive(Debug)]
pub struct DrugList {
    pub from: Day,
    drugs: Vec<Drug>,
    by_slug: HashMap<String, usize>,
    by_atc: BTreeMap<String, Vec<usize>>,
    /// Name and international name, folded for search.
    folded: Vec<[String; 2]>,
}

impl DrugList {
    pub fn drug(&self, slug: &str) -> Option<&Drug> {
        self.by_slug.get(slug).map(|at| &self.drugs[*at])
    }

    /// The drugs of an ATC code or group: `J01CA04` or `J01`, in the order of codes.
    pub fn by_atc<'a>(&'a self, code: &'a str) -> impl Iterator<Item = &'a Drug> {
        self.by_atc
            .range(code.to_string()..)
            .take_while(move |(known, _)| known.starts_with(code))
            .flat_map(|(_, at)| at.iter().map(|at| &self.drugs[*at]))
    }

    /// In the order of the list, which goes by groups.
    pub fn drugs(&self) -> &[Drug] {
        &self.drugs
    }

    /// At most `limit` drugs whose Vietnamese or international name holds every word of the text at the start of a
    /// word, marks and case apart; names that begin with the text come first. A text without letters finds nothing.
    pub fn search(&self, text: &str, limit: usize) -> Vec<&Drug> {
        let text = fold(&text.chars().take(SEARCH_CHARS_MAX).collect::<String>());
        if text.is_empty() {
            return Vec::new();
        }
        let mut found: Vec<(u8, usize)> = self
            .folded
            .iter()
            .enumerate()
            .filter_map(|(at, names)| rank(names, &text).map(|rank| (rank, at)))
            .collect();
        found.sort_unstable();
        found.into_iter().take(limit).map(|(_, at)| &self.drugs[at]).collect()
    }

    fn put(&mut self, drug: Drug, row: &Row, report: &mut Report) {
        let at = self.drugs.len();
        if self.by_slug.insert(drug.slug.clone(), at).is_some() {
            report.add(row.file, row.line, format!("thuốc {} có hai lần", drug.slug));
        }
        let folded = [fold(&drug.name), fold(&drug.inn)];
        if !folded[0].is_empty() && self.folded.iter().any(|known| known[0] == folded[0]) {
            report.add(row.file, row.line, format!("tên {:?} có hai lần", drug.name));
        }
        if !drug.atc.is_empty() {
            self.by_atc.entry(drug.atc.clone()).or_default().push(at);
        }
        self.folded.push(folded);
        self.drugs.push(drug);
    }
}

/// How well the two folded names fit a folded text; `None` when they do not.
fn rank(names: &[String; 2], text: &str) -> Option<u8> {
    let fits = |name: &String| text.split(' ').all(|word| name.split(' ').any(|part| part.starts_with(word)));
    match names {
        [name, _] if name.starts_with(text) => Some(0),
        [_, inn] if inn.starts_with(text) => Some(1),
        names if names.iter().any(fits) => Some(2),
        _ => None,
    }
}

/// The formulary's editions, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Drugs(Vec<DrugList>);

impl Drugs {
    pub(crate) fn load(sources: &Sources, laws: &Laws, lists: &CodeLists, report: &mut Report) -> Drugs {
        laws.check_about(sources, "drugs/", report);
        let mut drugs = Drugs::default();
        for source in sources.in_folder("drugs/", ".csv") {
            let edition = first_day(source, report)
                .map(|from| edition(from, &sheet::read(source, &DRUGS, report), lists, report));
            drugs.0.extend(edition);
        }
        if drugs.0.is_empty() {
            report.add("drugs", 0, "thiếu danh mục thuốc, ví dụ drugs/2026-01-01.csv");
        }
        drugs
    }

    /// The edition in force on a day; a day before the first gets the first, for names still help.
    pub(crate) fn on(&self, day: Day) -> &DrugList {
        let at = self.0.partition_point(|edition| edition.from <= day);
        &self.0[at.saturating_sub(1)]
    }

    /// A drug by slug, in the newest edition that has it.
    pub(crate) fn known(&self, slug: &str) -> Option<&Drug> {
        self.0.iter().rev().find_map(|edition| edition.drug(slug))
    }
}

fn edition(from: Day, rows: &[Row], lists: &CodeLists, report: &mut Report) -> DrugList {
    let mut edition = DrugList {
        from,
        drugs: Vec::new(),
        by_slug: HashMap::new(),
        by_atc: BTreeMap::new(),
        folded: Vec::new(),
    };
    let (forms, routes) = (lists.on(FORMS, from), lists.on(ROUTES, from));
    for row in rows {
        edition.put(drug(row, forms, routes, report), row, report);
    }
    edition
}

fn drug(row: &Row, forms: Option<&CodeList>, routes: Option<&CodeList>, report: &mut Report) -> Drug {
    let atc = row.get("atc").to_string();
    if !atc.is_empty() && !atc_is_sound(&atc) {
        report.add(row.file, row.line, format!("mã ATC {atc:?} sai dạng; mã đủ 7 ký tự như J01CA04"));
    }
    Drug {
        slug: row.slug(report),
        inn: row.must("inn", report),
        name: row.must("name", report),
        atc,
        sure: Sure::of_cell(row, report),
        group: row.must("group", report),
        forms: coded(row, "forms", FORMS, forms, report),
        strengths: parts(row, "strengths", report),
        routes: coded(row, "routes", ROUTES, routes, report),
        control: control(row, report),
        pregnancy: row.get("pregnancy").to_string(),
        child: row.get("child").to_string(),
        commune: yes(row, "commune", report),
    }
}

/// The form of an ATC code of any level: `J`, `J01`, `J01C`, `J01CA`, `J01CA04`.
fn atc_is_sound(code: &str) -> bool {
    let fits = code.bytes().enumerate().all(|(at, byte)| match at {
        0 | 3 | 4 => byte.is_ascii_uppercase(),
        _ => byte.is_ascii_digit(),
    });
    fits && matches!(code.len(), 1 | 3 | 4 | 5 | 7)
}

/// The parts of a cell, parted by semicolons; at least one, none twice.
fn parts(row: &Row, name: &str, report: &mut Report) -> Vec<String> {
    let text = row.must(name, report);
    let parts: Vec<String> =
        text.split(';').map(str::trim).filter(|part| !part.is_empty()).map(str::to_string).collect();
    for (at, part) in parts.iter().enumerate() {
        if parts[..at].contains(part) {
            report.add(row.file, row.line, format!("cột {name} có {part:?} hai lần"));
        }
    }
    parts
}

/// The parts of a cell, each a code of a list.
fn coded(row: &Row, name: &str, slug: &str, list: Option<&CodeList>, report: &mut Report) -> Vec<String> {
    let parts = parts(row, name, report);
    for part in &parts {
        if list.is_none_or(|list| list.get(part).is_none()) {
            report.add(
                row.file,
                row.line,
                format!("cột {name}: mã {part:?} không có trong danh mục codes/{slug}"),
            );
        }
    }
    parts
}

fn control(row: &Row, report: &mut Report) -> Option<Control> {
    match row.get("control") {
        "" => None,
        "narcotic" => Some(Control::Narcotic),
        "psychotropic" => Some(Control::Psychotropic),
        "precursor" => Some(Control::Precursor),
        other => {
            let text = format!(
                "control phải là narcotic, psychotropic, precursor hoặc để trống, không phải {other:?}"
            );
            report.add(row.file, row.line, text);
            None
        }
    }
}

fn yes(row: &Row, name: &str, report: &mut Report) -> bool {
    match row.get(name) {
        "yes" => true,
        "no" => false,
        other => {
            report.add(row.file, row.line, format!("{name} phải là yes hoặc no, không phải {other:?}"));
            false
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_atc_code_has_the_form_of_its_level() {
        for code in ["J", "J01", "J01C", "J01CA", "J01CA04"] {
            assert!(atc_is_sound(code), "{code}");
        }
        for code in ["", "J0", "01", "J01C4", "J01CA0", "J01CA044", "j01CA04", "J01ca04", "Đ01"] {
            assert!(!atc_is_sound(code), "{code}");
        }
    }
}
