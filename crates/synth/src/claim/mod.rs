//! A visit as rows of the claim tables, by edition; how they are put into a file is `dialect`'s affair.
//!
//! Source: annexes of QĐ 4750/QĐ-BYT 2023 and 3176/QĐ-BYT 2024; QĐ 1931/QĐ-BYT 2026 for MUC_HUONG. The columns
//! of QĐ 4210/QĐ-BYT 2017 are recalled, not seen; there THANH_TIEN and T_TONGCHI state the whole cost.
//! Written independently of the reader in the crate `claim`.

mod clinical;
mod lines;
mod papers;
mod summary;

use crate::calendar::Day;
use crate::dirt::Filing;
use crate::money::Money;
use crate::person::Person;
use crate::places::{Dialect, Facility, places};
use crate::record::Record;
use crate::staff::{Worker, staff};
use crate::visit::{Stay, Visit};

/// The rules a file is written by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Edition {
    Q4210,
    Q4750,
    Q3176,
    Q1931,
}

impl Edition {
    /// The edition in force when a visit ends.
    pub fn on(day: Day) -> Edition {
        let from = [(20_260_701, Edition::Q1931), (20_250_101, Edition::Q3176), (20_240_701, Edition::Q4750)];
        from.iter().find(|(first, _)| day.number() >= *first).map_or(Edition::Q4210, |(_, edition)| *edition)
    }

    /// `4210`, `4750`, `3176`, `1931`.
    pub fn name(self) -> &'static str {
        match self {
            Edition::Q4210 => "4210",
            Edition::Q4750 => "4750",
            Edition::Q3176 => "3176",
            Edition::Q1931 => "1931",
        }
    }
}

/// A value: a code or number, or free text, which vendors wrap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cell {
    Code(String),
    Text(String),
}

impl Cell {
    pub fn text(&self) -> &str {
        match self {
            Cell::Code(text) | Cell::Text(text) => text,
        }
    }
}

/// One row, columns in order.
#[derive(Clone, Debug, Default)]
pub struct Row(pub Vec<(&'static str, Cell)>);

impl Row {
    pub(crate) fn code(&mut self, column: &'static str, value: impl ToString) -> &mut Row {
        self.0.push((column, Cell::Code(value.to_string())));
        self
    }

    pub(crate) fn text(&mut self, column: &'static str, value: impl Into<String>) -> &mut Row {
        self.0.push((column, Cell::Text(value.into())));
        self
    }

    pub(crate) fn empty(&mut self, columns: &[&'static str]) -> &mut Row {
        for column in columns {
            self.code(column, "");
        }
        self
    }
}

/// One table of one visit.
#[derive(Clone, Debug)]
pub struct Part {
    /// LOAIHOSO: XML1 …
    pub kind: &'static str,
    pub rows: Vec<Row>,
}

/// All that the tables are filled from.
pub(crate) struct Source<'a> {
    pub visit: &'a Visit,
    pub person: &'a Person,
    pub people: &'a [Person],
    pub record: &'a Record,
    pub filing: &'a Filing,
    pub facility: &'static Facility,
    pub staff: &'static [Worker],
    pub edition: Edition,
    /// MA_LK.
    pub key: String,
}

impl<'a> Source<'a> {
    pub fn new(visit: &'a Visit, people: &'a [Person], record: &'a Record, filing: &'a Filing) -> Source<'a> {
        let facility = &places().facilities[usize::from(visit.facility)];
        Source {
            visit,
            person: &people[visit.person as usize],
            people,
            record,
            filing,
            facility,
            staff: &staff()[usize::from(visit.facility)],
            edition: Edition::on(visit.end.day()),
            key: visit_key(visit, facility),
        }
    }

    fn licence(&self, worker: usize) -> &str {
        &self.staff[worker % self.staff.len()].licence
    }

    fn worker(&self, worker: usize) -> &str {
        &self.staff[worker % self.staff.len()].name
    }

    fn code_of(&self, facility: Option<u16>) -> &'a str {
        facility.map_or("", |f| places().facilities[usize::from(f)].code.as_str())
    }

    fn insured(&self) -> bool {
        self.record.card.is_some()
    }

    /// Final diagnosis, with the vendor's habit of naming the code.
    fn diagnosis(&self) -> String {
        match self.facility.system {
            Dialect::A => self.record.diagnosis(),
            Dialect::B => format!("({}) {}", self.record.main.icd, self.record.diagnosis()),
        }
    }

    fn comorbid(&self) -> String {
        self.record.others.iter().map(|d| d.icd).collect::<Vec<_>>().join(";")
    }

    fn card(&self, f: impl Fn(&crate::person::Card) -> String) -> String {
        self.record.card.as_ref().map(f).unwrap_or_default()
    }

    fn name_of(&self, parent: Option<u32>) -> &str {
        parent.map_or("", |index| self.people[index as usize].name.as_str())
    }
}

/// MA_LK: unique in the facility; the two systems number in their own ways.
pub(crate) fn visit_key(visit: &Visit, facility: &Facility) -> String {
    match facility.system {
        Dialect::A => format!("{}.{}.{:07}", facility.code, visit.start.day().year(), visit.index),
        Dialect::B => format!("{}{}{:07}", facility.code, visit.start.day().number(), visit.index),
    }
}

/// Money as this visit's facility prints it: A with two decimals, B without trailing zeros.
pub(crate) fn printed(money: Money, dialect: Dialect) -> String {
    let text = money.to_string();
    match dialect {
        Dialect::A => text,
        Dialect::B => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
    }
}

/// XML5 is asked for in long-term and inpatient care only (QĐ 4750).
pub(crate) fn has_progress(visit: &Visit) -> bool {
    !matches!(visit.stay, Stay::Exam | Stay::PickUp)
}

/// The tables of a visit, those the edition asks for.
pub(crate) fn parts(source: &Source) -> Vec<Part> {
    let record = source.record;
    let mut all = vec![Part { kind: "XML1", rows: vec![summary::row(source)] }];
    let mut add = |kind, rows: Vec<Row>| {
        if !rows.is_empty() {
            all.push(Part { kind, rows });
        }
    };
    add("XML2", lines::drugs(source));
    add("XML3", lines::services(source));
    add("XML4", clinical::results(source));
    if has_progress(source.visit) {
        add("XML5", clinical::progress(source));
    }
    if source.edition > Edition::Q4210 {
        let admitted = matches!(source.visit.stay, Stay::Inpatient | Stay::Station);
        add("XML7", admitted.then(|| papers::discharge(source)).into_iter().collect());
        add("XML8", admitted.then(|| papers::record_summary(source)).into_iter().collect());
        add("XML13", (record.leaving == 2).then(|| papers::referral(source)).into_iter().collect());
        add("XML14", source.visit.again.map(|day| papers::appointment(source, day)).into_iter().collect());
        add("XML15", papers::tuberculosis(source).into_iter().collect());
    }
    all
}
