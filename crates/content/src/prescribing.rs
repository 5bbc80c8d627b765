//! The limits of outpatient prescriptions and the thresholds of a station's store: `prescribing/<first day>.toml`, an edition with
//! worked examples in itself.

use serde::Deserialize;
use std::collections::BTreeMap;
use toml::Spanned;
use yba_fhir::Day;

use crate::codes::first_day;
use crate::document;
use crate::drugs::Control;
use crate::icd10::plain;
use crate::law::{Laws, Sure};
use crate::problem::Report;
use crate::source::{Source, Sources};

const FOLDER: &str = "prescribing/";
/// Greatest number of days or months that a file may name, and fewest examples.
const MOST: u32 = 366;
const EXAMPLES_MIN: usize = 3;

/// The kind of a prescription: what its drugs are decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PrescriptionKind {
    Ordinary,
    Psychotropic,
    Narcotic,
}

impl PrescriptionKind {
    /// The kind that a drug needs.
    pub fn of(control: Option<Control>) -> PrescriptionKind {
        match control {
            None => PrescriptionKind::Ordinary,
            Some(Control::Psychotropic | Control::Precursor) => PrescriptionKind::Psychotropic,
            Some(Control::Narcotic) => PrescriptionKind::Narcotic,
        }
    }
}

/// What holds for a kind of prescription.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KindLimits {
    /// The last letter of the national code: `C`.
    pub letter: char,
    /// Vietnamese.
    pub title: String,
    /// Most days; and with a diagnosis that is listed.
    pub days_max: u32,
    pub days_max_listed: u32,
}

/// Thresholds of a store, in months.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoreLimits {
    /// What expires within these is said first, then what expires within those.
    pub soon_months: u32,
    pub near_months: u32,
    /// A request makes what is there enough for so long, by the use of so many months before.
    pub keep_months: u32,
    pub use_months: u32,
}

/// When a dose or a quantity is asked about, since it may be a slip of the hand.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DoseLimits {
    /// A daily dose of more than so many times the usual one of the station's list.
    pub usual_times_max: u32,
    /// A quantity of so many percent more than what the dose takes.
    pub units_over_percent: u32,
    /// More units than these, where no dose says how many it takes.
    pub units_unmeasured: u32,
}

impl DoseLimits {
    /// Whether a daily dose is far from the usual one; both in the same measure.
    pub fn asks_dose(&self, daily: u64, usual: u64) -> bool {
        daily > usual.saturating_mul(u64::from(self.usual_times_max))
    }

    /// Whether units of the store are far more than what the dose takes.
    pub fn asks_units(&self, units: u32, needed: u32) -> bool {
        let most = u64::from(needed) * (100 + u64::from(self.units_over_percent));
        u64::from(units) * 100 > most
    }
}

/// One edition.
#[derive(Debug, Clone)]
pub struct Prescribing {
    pub title: String,
    /// The first day in force: the day of the prescription counts.
    pub from: Day,
    /// Slugs in `law/`.
    pub basis: Vec<String>,
    pub sure: Sure,
    /// What nobody has compared with the original.
    pub uncertain: String,
    /// A prescription is good for so many days, its own included.
    pub valid_days: u32,
    /// A child younger than so many months needs a weight, and somebody who comes with them.
    pub child_months: u32,
    /// Beginnings of ICD-10 codes.
    pub listed: Vec<String>,
    pub kinds: BTreeMap<PrescriptionKind, KindLimits>,
    pub store: StoreLimits,
    pub dose: DoseLimits,
}

impl Prescribing {
    /// Most days of a prescription of this kind for these diagnoses (ICD-10); of a kind that is not named, none.
    pub fn days_max<'c>(&self, kind: PrescriptionKind, mut icd10: impl Iterator<Item = &'c str>) -> u32 {
        let Some(limits) = self.kinds.get(&kind) else { return 0 };
        let is_listed = |code: &str| {
            let code = plain(code);
            self.listed.iter().any(|begin| code.starts_with(&plain(begin)))
        };
        if icd10.any(is_listed) { limits.days_max_listed } else { limits.days_max }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PrescribingFile {
    title: String,
    basis: Vec<Spanned<String>>,
    sure: Sure,
    #[serde(default)]
    uncertain: String,
    valid_days: Spanned<u32>,
    child_months: Spanned<u32>,
    listed: Vec<Spanned<String>>,
    kind: BTreeMap<PrescriptionKind, KindLimits>,
    store: StoreLimits,
    dose: DoseFile,
    example: Vec<ExampleFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DoseFile {
    usual_times_max: u32,
    units_over_percent: u32,
    units_unmeasured: u32,
    example: Vec<DoseExample>,
}

/// A daily dose beside the usual one, or units beside what the dose takes.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DoseExample {
    title: Spanned<String>,
    daily: Option<u64>,
    usual: Option<u64>,
    units: Option<u32>,
    needed: Option<u32>,
    asked: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ExampleFile {
    title: Spanned<String>,
    kind: PrescriptionKind,
    icd: String,
    days: u32,
    allowed: bool,
}

/// All editions, oldest first.
pub(crate) fn load(sources: &Sources, laws: &Laws, report: &mut Report) -> Vec<Prescribing> {
    let mut all = Vec::new();
    for source in sources.in_folder(FOLDER, ".toml") {
        let Some(from) = first_day(source, report) else { continue };
        let Some(file) = document::read::<PrescribingFile>(source, report) else { continue };
        laws.check_basis(source, &file.basis, report);
        all.push(edition(source, from, file, report));
    }
    if all.is_empty() {
        report.add(FOLDER, 0, "thiếu hạn mức kê đơn, ví dụ prescribing/2025-07-01.toml");
    }
    all.sort_by_key(|one| one.from);
    all
}

fn edition(source: &Source, from: Day, file: PrescribingFile, report: &mut Report) -> Prescribing {
    for number in [&file.valid_days, &file.child_months] {
        if !(1..=MOST).contains(number.as_ref()) {
            let text = format!("phải là số từ 1 đến {MOST}");
            report.add(&source.path, document::line_of(source, number), text);
        }
    }
    let months =
        [file.store.soon_months, file.store.near_months, file.store.keep_months, file.store.use_months];
    if months.iter().any(|one| !(1..=24).contains(one)) || file.store.soon_months > file.store.near_months {
        report.add(&source.path, 0, "các mức của kho phải từ 1 đến 24 tháng, mức gấp không dài hơn mức gần");
    }
    for code in file.listed.iter().filter(|code| !(3..=6).contains(&code.as_ref().len())) {
        let text = format!("{:?} không phải phần đầu của mã ICD-10", code.as_ref());
        report.add(&source.path, document::line_of(source, code), text);
    }
    for limits in file.kind.values() {
        if !"NHCT".contains(limits.letter) || limits.days_max > limits.days_max_listed || limits.days_max == 0
        {
            let text = format!("loại {}: chữ cuối phải là N, H, C hoặc T; số ngày phải hợp lý", limits.title);
            report.add(&source.path, 0, text);
        }
    }
    if file.example.len() < EXAMPLES_MIN {
        report.add(&source.path, 0, format!("cần ít nhất {EXAMPLES_MIN} ví dụ [[example]]"));
    }
    let dose = dose_limits(source, &file.dose, report);
    let edition = Prescribing {
        title: file.title,
        from,
        basis: file.basis.into_iter().map(Spanned::into_inner).collect(),
        sure: file.sure,
        uncertain: file.uncertain.trim().to_owned(),
        valid_days: file.valid_days.into_inner(),
        child_months: file.child_months.into_inner(),
        listed: file.listed.into_iter().map(Spanned::into_inner).collect(),
        kinds: file.kind,
        store: file.store,
        dose,
    };
    for example in &file.example {
        let most = edition.days_max(example.kind, std::iter::once(example.icd.as_str()));
        if (example.days <= most) != example.allowed {
            let text = format!("ví dụ {:?}: nhiều nhất {most} ngày", example.title.as_ref());
            report.add(&source.path, document::line_of(source, &example.title), text);
        }
    }
    edition
}

fn dose_limits(source: &Source, file: &DoseFile, report: &mut Report) -> DoseLimits {
    let limits = DoseLimits {
        usual_times_max: file.usual_times_max,
        units_over_percent: file.units_over_percent,
        units_unmeasured: file.units_unmeasured,
    };
    if !(1..=20).contains(&limits.usual_times_max)
        || limits.units_over_percent > 200
        || !(1..=100).contains(&limits.units_unmeasured)
    {
        report.add(
            &source.path,
            0,
            "[dose]: liều hỏi lại từ 1 đến 20 lần, số lượng quá 0 đến 200%, 1 đến 100 đơn vị",
        );
    }
    if file.example.len() < EXAMPLES_MIN {
        report.add(&source.path, 0, format!("cần ít nhất {EXAMPLES_MIN} ví dụ [[dose.example]]"));
    }
    for example in &file.example {
        let asked = match (example.daily, example.usual, example.units, example.needed) {
            (Some(daily), Some(usual), None, None) => Some(limits.asks_dose(daily, usual)),
            (None, None, Some(units), Some(needed)) => Some(limits.asks_units(units, needed)),
            _ => None,
        };
        if asked != Some(example.asked) {
            let text = format!(
                "ví dụ {:?}: không đúng như ghi, hoặc thiếu daily và usual, units và needed",
                example.title.as_ref()
            );
            report.add(&source.path, document::line_of(source, &example.title), text);
        }
    }
    limits
}
