//! A prescription: from what is typed to one MedicationRequest a drug, held together by the national code, and back.
//!
//! The code's records have ids made of it, so a code that was used is refused by the writer, whoever may see its prescription. What a rule
//! says of the drugs is asked by whoever writes ([`crate::advise`]); limits of law are content.

pub mod code;
mod doubt;
pub(crate) mod plan;
pub(crate) mod read;

pub use doubt::doubted;
pub use plan::{Placed, drafted, place, seal, take_back};
pub use read::{Ordered, Prescription, Standing, of_patient, open, prescription, weighed};

use std::collections::BTreeSet;
use yba_content::essential::thousandths;
use yba_content::{Essential, EssentialList, Prescribing, PrescriptionKind};
use yba_fhir::json::{JsonValueTrait, Value, items, str_at};
use yba_fhir::{DateRange, Day};

use crate::stock::{self, Product};
use crate::{Finding, Severity};

/// The system of the drugs of a station's list (`content/essential-drugs`).
pub const DRUG: &str = "https://yba.vn/fhir/CodeSystem/essential-drugs";
pub(crate) const ATC: &str = "http://www.whocc.no/atc";
/// Most drugs of one prescription, most characters of what is typed.
pub const LINES_MAX: usize = 20;
const WORDS_MAX: usize = 200;
const ADVICE_MAX: usize = 500;
/// Greatest dose at once, in dose units, and times a day.
const TAKE_MAX: u32 = 200;
const TIMES_MAX: u32 = 24;
const DAYS_MAX: u32 = 366;
const UNITS_MAX: u32 = 5000;

/// One drug as it is typed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Line {
    /// Slug of the essential drug.
    pub drug: String,
    /// Dose units each time: `1`, `0,5`, `1/2`.
    pub take: String,
    pub times: String,
    pub days: String,
    /// Units of the store; empty for as many as the dose takes.
    pub units: String,
    pub how: String,
}

impl Line {
    /// The usual dose of a drug. It is a grown-up's: for a small child the dose is left to be typed.
    pub fn usual(drug: &Essential, is_small_child: bool) -> Line {
        let (mut take, mut units) = (String::new(), String::new());
        if !is_small_child {
            take = take_words(drug.take_thousandths);
            units = drug.units(drug.take_thousandths, drug.times, drug.days).to_string();
        }
        let (times, days) = (drug.times.to_string(), drug.days.to_string());
        Line { drug: drug.slug.clone(), take, times, days, units, how: drug.how.clone() }
    }

    /// Units of the store that its dose takes; none while the dose is not understood.
    pub fn needed(&self, drug: &Essential) -> Option<u32> {
        Some(drug.units(take(&self.take)?, whole(&self.times, TIMES_MAX)?, whole(&self.days, DAYS_MAX)?))
    }
}

/// A whole number from 1 to this.
fn whole(text: &str, most: u32) -> Option<u32> {
    text.trim().parse::<u32>().ok().filter(|number| (1..=most).contains(number))
}

/// A prescription as it is typed.
#[derive(Debug, Clone, Default)]
pub struct Draft {
    pub lines: Vec<Line>,
    /// Of a small child, in kg.
    pub weight: String,
    /// Who comes with a small child.
    pub companion: String,
    pub advice: String,
    /// The code of the prescription that this one replaces.
    pub replaces: Option<String>,
    /// Tells this form from others: sent twice, it is written once.
    pub form: String,
}

/// Where and for whom it is written.
#[derive(Debug, Clone, Copy)]
pub struct Setting<'s> {
    pub list: &'s EssentialList,
    pub limits: &'s Prescribing,
    pub patient: &'s Value,
    /// Id of the Encounter, and the diagnoses that were written at it.
    pub visit: Option<&'s str>,
    pub diagnoses: &'s [Value],
    /// What was weighed today, in kg as it was typed; empty when nothing was.
    pub weighed: &'s str,
    /// Id of the Organization.
    pub facility: &'s str,
    /// Who prescribes, as it is shown.
    pub by: &'s str,
    pub now_ms: i64,
}

impl Setting<'_> {
    pub fn today(&self) -> Day {
        Day::of_instant(self.now_ms)
    }

    /// The facility's MA_CSKCB, empty when it has none of five characters.
    pub fn facility_code(&self) -> &str {
        self.facility.strip_prefix("cskcb-").filter(|code| code.len() == 5).unwrap_or_default()
    }

    /// Whether it is a child of whom weight and companion are asked.
    pub fn is_small_child(&self) -> bool {
        let birth = str_at(self.patient, &["birthDate"]).and_then(DateRange::parse);
        let months = i32::try_from(self.limits.child_months).unwrap_or(0);
        birth.is_some_and(|birth| Day::of_instant(birth.start).plus_months(months) > self.today())
    }

    fn icd10(&self) -> impl Iterator<Item = &str> {
        self.diagnoses.iter().flat_map(yba_recall::chronic::icd10)
    }
}

/// One drug that was understood.
#[derive(Debug, Clone)]
pub struct Sound<'c> {
    pub drug: &'c Essential,
    pub take_thousandths: u32,
    pub times: u32,
    pub days: u32,
    pub units: u32,
    pub how: String,
}

/// The product of an essential drug, as a store keeps it.
pub fn product(drug: &Essential) -> Product {
    let also = (!drug.atc.is_empty()).then(|| (ATC.to_owned(), drug.atc.clone()));
    Product {
        system: DRUG.to_owned(),
        code: drug.slug.clone(),
        name: drug.name.clone(),
        unit: drug.unit.clone(),
        also: also.into_iter().collect(),
    }
}

/// A dose as people type it, in thousandths of its unit: `1`, `0,5`, `1/2`, `½`.
pub fn take(text: &str) -> Option<u32> {
    let text = text.trim().replace(',', ".").replace('½', "1/2");
    let value = match text.split_once('/') {
        Some((part, of)) => {
            let (part, of): (u32, u32) = (part.trim().parse().ok()?, of.trim().parse().ok()?);
            (of > 0 && of <= 8 && part <= 1000).then(|| part * 1000 / of)?
        }
        None => thousandths(&text)?,
    };
    (1..=TAKE_MAX * 1000).contains(&value).then_some(value)
}

/// `0,5` of 500 thousandths.
pub fn take_words(thousandths: u32) -> String {
    let text = format!("{}.{:03}", thousandths / 1000, thousandths % 1000);
    text.trim_end_matches('0').trim_end_matches('.').replace('.', ",")
}

/// The kind of a prescription with these drugs.
pub fn kind_of<'c>(drugs: impl Iterator<Item = &'c Essential>) -> PrescriptionKind {
    drugs.map(|one| PrescriptionKind::of(one.control)).max().unwrap_or(PrescriptionKind::Ordinary)
}

/// Reads the lines of a draft. What is wrong stands beside `take-1`, `times-1`, `days-1`, `units-1`, `line-1`, by the number of the line.
pub fn understood<'c>(setting: &Setting<'c>, draft: &Draft) -> (Vec<Sound<'c>>, Vec<Finding>) {
    let (mut sound, mut found) = (Vec::new(), Vec::new());
    for (at, line) in draft.lines.iter().take(LINES_MAX).enumerate() {
        match one(setting.list, line, at + 1) {
            Ok(one) => sound.push(one),
            Err(wrong) => found.extend(wrong),
        }
    }
    (sound, found)
}

fn stop(field: impl Into<String>, text: impl Into<String>) -> Finding {
    Finding { severity: Severity::Stop, field: field.into(), text: text.into() }
}

fn one<'c>(list: &'c EssentialList, line: &Line, number: usize) -> Result<Sound<'c>, Vec<Finding>> {
    let field = |name: &str| format!("{name}-{number}");
    let Some(drug) = list.drug(&line.drug) else {
        return Err(vec![stop(field("line"), "Thuốc này không có trong danh mục của trạm.")]);
    };
    let mut found = Vec::new();
    let dose = take(&line.take);
    if dose.is_none() {
        let text = format!("Mỗi lần mấy {}? Ví dụ 1 hoặc 0,5.", drug.dose_unit);
        found.push(stop(field("take"), text));
    }
    let times = whole(&line.times, TIMES_MAX);
    if times.is_none() {
        found.push(stop(field("times"), "Ngày mấy lần? Ghi số từ 1 đến 24."));
    }
    let days = whole(&line.days, DAYS_MAX);
    if days.is_none() {
        found.push(stop(field("days"), "Ghi số ngày dùng."));
    }
    let needed = line.needed(drug);
    let units = match line.units.trim() {
        "" => needed,
        typed => stock::units(typed),
    }
    .filter(|units| *units <= UNITS_MAX);
    if units.is_none() && (needed.is_some() || !line.units.trim().is_empty()) {
        let text = format!("Số lượng là số nguyên {}, nhiều nhất {UNITS_MAX}, ví dụ 10.", drug.unit);
        found.push(stop(field("units"), text));
    }
    // The days that the law allows would mean nothing with more than they take.
    if drug.control.is_some()
        && let Some(needed) = needed.filter(|needed| units.is_some_and(|units| units > *needed))
    {
        let text = format!(
            "Thuốc gây nghiện, hướng thần, tiền chất chỉ kê đủ liều: {needed} {} cho số ngày này.",
            drug.unit
        );
        found.push(stop(field("units"), text));
    }
    if line.how.chars().count() > WORDS_MAX {
        found.push(stop(field("how"), format!("Cách dùng dài quá {WORDS_MAX} ký tự.")));
    }
    match (dose, times, days, units) {
        (Some(take_thousandths), Some(times), Some(days), Some(units)) if found.is_empty() => {
            Ok(Sound { drug, take_thousandths, times, days, units, how: line.how.trim().to_owned() })
        }
        _ => Err(found),
    }
}

/// All that is wrong with a draft, by field: those of [`understood`], and `lines`, `diagnosis`, `facility`, `weight`, `companion`, `advice`.
pub fn check<'c>(setting: &Setting<'c>, draft: &Draft) -> (Vec<Sound<'c>>, Vec<Finding>) {
    let (sound, mut found) = understood(setting, draft);
    if draft.lines.is_empty() {
        found.push(stop("lines", "Đơn chưa có thuốc nào. Gõ tên thuốc rồi bấm «Thêm thuốc»."));
    }
    if draft.lines.len() > LINES_MAX {
        found.push(stop("lines", format!("Một đơn có nhiều nhất {LINES_MAX} thuốc.")));
    }
    if setting.visit.is_none() || setting.diagnoses.is_empty() {
        found.push(stop("diagnosis", "Đơn thuốc phải có chẩn đoán. Hãy ghi lần khám hôm nay trước."));
    }
    if setting.facility_code().is_empty() {
        let text = "Trạm chưa có mã cơ sở khám chữa bệnh 5 ký tự nên chưa cấp được mã đơn.";
        found.push(stop("facility", text));
    }
    let drugs = || draft.lines.iter().filter_map(|line| setting.list.drug(&line.drug));
    let kinds: BTreeSet<PrescriptionKind> = drugs().map(|one| PrescriptionKind::of(one.control)).collect();
    if kinds.len() > 1 {
        let text = "Thuốc gây nghiện, hướng thần, tiền chất phải kê riêng một đơn, không cùng thuốc thường.";
        found.push(stop("lines", text));
    }
    found.extend(too_long(setting, &sound, kind_of(drugs())));
    for (at, line) in draft.lines.iter().enumerate() {
        if draft.lines[..at].iter().any(|other| other.drug == line.drug) {
            found.push(stop(
                format!("line-{}", at + 1),
                "Thuốc này đã có trong đơn. Sửa dòng kia hoặc bỏ dòng này.",
            ));
        }
    }
    found.extend(child(setting, draft));
    if draft.advice.chars().count() > ADVICE_MAX {
        found.push(stop("advice", format!("Lời dặn dài quá {ADVICE_MAX} ký tự.")));
    }
    (sound, found)
}

fn too_long(setting: &Setting<'_>, sound: &[Sound<'_>], kind: PrescriptionKind) -> Vec<Finding> {
    let most = setting.limits.days_max(kind, setting.icd10());
    let long = sound.iter().enumerate().filter(|(_, one)| one.days > most);
    let wrong = |(at, _): (usize, &Sound<'_>)| {
        let text = match most {
            0 => "Trạm chưa có hạn mức cho loại đơn này.".to_owned(),
            _ => format!("Nhiều nhất {most} ngày với loại đơn và chẩn đoán này."),
        };
        stop(format!("days-{}", at + 1), text)
    };
    long.map(wrong).collect()
}

fn child(setting: &Setting<'_>, draft: &Draft) -> Vec<Finding> {
    if !setting.is_small_child() {
        return Vec::new();
    }
    let mut found = Vec::new();
    let months = setting.limits.child_months;
    if weight(&draft.weight).is_none() {
        found.push(stop("weight", format!("Trẻ dưới {months} tháng phải ghi cân nặng (kg), ví dụ 12,5.")));
    }
    match draft.companion.trim().chars().count() {
        0 => {
            found.push(stop("companion", format!("Trẻ dưới {months} tháng phải ghi tên người đưa trẻ đến.")))
        }
        many if many > WORDS_MAX => found.push(stop("companion", format!("Dài quá {WORDS_MAX} ký tự."))),
        _ => {}
    }
    found
}

/// A weight in kg as it is typed, as a plain decimal with a point (`8.5` of `08,50`); of what a small child can weigh.
pub fn weight(text: &str) -> Option<String> {
    let value = thousandths(&text.trim().replace(',', "."))?;
    (500..=60_000).contains(&value).then(|| plan::plain(u64::from(value)))
}

/// Whether this is an answer of a resource's status that does not hold any more.
pub(crate) fn stands(tree: &Value) -> bool {
    str_at(tree, &["status"]) != Some(crate::visit::MISTAKEN)
}

/// The labels of these records, each once.
pub(crate) fn labels<'t>(trees: impl Iterator<Item = &'t Value>) -> Vec<Value> {
    let mut all: Vec<Value> = Vec::new();
    for label in trees.filter_map(|tree| tree.get("meta")).flat_map(|meta| items(meta, "security")) {
        let key = |one: &Value| {
            (str_at(one, &["system"]).map(str::to_owned), str_at(one, &["code"]).map(str::to_owned))
        };
        if !all.iter().any(|one| key(one) == key(label)) {
            all.push(label.clone());
        }
    }
    all
}

#[cfg(test)]
pub(crate) mod tests;
