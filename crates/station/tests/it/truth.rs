//! What happened in a month, as the script wrote it down when it made it happen, and what registers and reports must say of it: counted
//! from the script alone. Nothing here reads a record, a page or content.

mod book;
mod cohort;
mod coverage;
mod reactions;
mod store;
mod vials;

pub use book::{History, Part, Resident};
pub use cohort::{Left, Programme, Word};
pub use coverage::How;
pub use reactions::{Reaction, Stopped};
pub use store::{Cause, Drug, Lot, Moved, Requested, Store, thousands};
pub use vials::{Reading, Vial};

use std::collections::{BTreeMap, BTreeSet};
use yba_fhir::Day;

#[derive(Debug, Clone)]
pub struct Person {
    pub id: String,
    pub name: String,
    pub is_female: bool,
    pub birth: Day,
}

impl Person {
    /// Not yet so many years old on a day.
    pub fn is_under(&self, years: i32, day: Day) -> bool {
        day < self.birth.plus_months(12 * years)
    }
}

#[derive(Debug)]
pub struct Visit {
    pub person: Person,
    pub day: Day,
    /// Why they came.
    pub reason: &'static str,
    /// ICD-10, the main diagnosis first.
    pub icd: Vec<&'static str>,
    pub end: End,
}

/// What came after a visit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    Home,
    /// Sent to a hospital.
    Referred,
    /// The sheet of the visit does not ask.
    Unasked,
}

/// Why somebody comes for a check of their health.
pub const CHECK: &str = "Khám sức khỏe định kỳ";

impl Visit {
    pub fn is_check(&self) -> bool {
        self.reason == CHECK
    }
}

impl End {
    pub fn words(self) -> &'static str {
        match self {
            End::Home => "Về nhà",
            End::Referred => "Chuyển tuyến trên",
            End::Unasked => "",
        }
    }
}

/// A small procedure at a visit.
#[derive(Debug)]
pub struct Procedure {
    pub person: Person,
    pub day: Day,
    /// ICD-10 of the main diagnosis of the visit.
    pub icd: &'static str,
    pub title: &'static str,
    pub note: &'static str,
}

/// Somebody who was sent to a hospital.
#[derive(Debug)]
pub struct Referral {
    pub person: Person,
    pub day: Day,
    /// ICD-10.
    pub icd: &'static str,
    pub to: &'static str,
    pub is_urgent: bool,
    /// The hospital said that they came.
    pub is_received: bool,
}

impl Referral {
    /// How it stands on its list.
    pub fn standing(&self) -> &'static str {
        match (self.is_received, self.is_urgent) {
            (true, _) => "Đã tiếp nhận",
            (false, true) => "Cấp cứu, chờ tiếp nhận",
            (false, false) => "Chờ tiếp nhận",
        }
    }
}

#[derive(Debug)]
pub struct Dose {
    pub child: Person,
    pub day: Day,
    /// Of the vaccine.
    pub cvx: String,
    pub number: u32,
    pub lot: &'static str,
}

#[derive(Debug, Clone)]
pub struct Birth {
    pub mother: Person,
    pub day: Day,
    pub is_girl: bool,
    pub grams: u32,
    pub weeks: u32,
    /// Which birth of the mother it is.
    pub parity: u32,
    /// Codes of the form: where, by whom helped, how.
    pub place: &'static str,
    pub attendant: &'static str,
    pub mode: &'static str,
    pub is_breastfed: bool,
    pub had_vitamin_k: bool,
}

#[derive(Debug, Clone)]
pub struct Death {
    pub person: Person,
    pub day: Day,
    /// ICD-10 of the lines Ia to Id, as far as they are filled in.
    pub chain: &'static [&'static str],
}

/// The month so far.
#[derive(Debug, Default)]
pub struct Truth {
    pub births: Vec<Birth>,
    pub deaths: Vec<Death>,
    pub visits: Vec<Visit>,
    pub referrals: Vec<Referral>,
    pub doses: Vec<Dose>,
    /// Doses of before the month: whose (id), which vaccine (CVX), when.
    pub had: Vec<(String, &'static str, Day)>,
    pub vials: Vec<Vial>,
    pub reactions: Vec<Reaction>,
    pub stopped: Vec<Stopped>,
    pub readings: Vec<Reading>,
    pub procedures: Vec<Procedure>,
    pub store: Store,
    pub prescriptions: usize,
    /// Where the movements of the last handing begin.
    pub last_handing: usize,
    /// Who did not get all of a prescription, by name, and its day.
    pub short: Vec<(String, Day)>,
    pub residents: Vec<Resident>,
    pub histories: Vec<History>,
    /// What the records said of chronic diseases before the month, and what was told.
    pub known: Vec<Word>,
    /// Who was measured at a programme's visit, by id: whether the last reached the target.
    pub reached: BTreeMap<String, bool>,
    pub left: Vec<Left>,
    /// When somebody was told to come again, by their id.
    pub expected: BTreeMap<String, Day>,
}

impl Truth {
    /// What was played.
    pub fn words(&self) -> String {
        let parts = [
            (self.visits.len(), "visits"),
            (self.doses.len(), "doses"),
            (self.births.len(), "births"),
            (self.deaths.len(), "deaths"),
            (self.prescriptions, "prescriptions"),
            (self.store.moved.len(), "movements of medicines"),
            (self.procedures.len(), "procedures"),
            (self.referrals.len(), "referrals"),
            (self.visits.iter().filter(|visit| visit.is_check()).count(), "checks"),
            (self.histories.len(), "histories"),
            (self.readings.len(), "readings of the fridge"),
            (self.reactions.len(), "reactions"),
            (self.store.requested.len(), "requests"),
        ];
        parts.map(|(count, of)| format!("{count} {of}")).join(", ")
    }
}

type Line = (&'static str, Vec<String>);

impl Truth {
    /// Lines of the report of visits: title and cells.
    pub fn visits(&self) -> Vec<Line> {
        let columns: [fn(&Visit) -> bool; 5] = [
            |_| true,
            |visit| visit.person.is_female,
            |visit| visit.person.is_under(6, visit.day),
            |visit| visit.person.is_under(15, visit.day),
            |visit| !visit.person.is_under(60, visit.day),
        ];
        let of = |row: &dyn Fn(&Visit) -> bool| -> Vec<usize> {
            columns
                .iter()
                .map(|column| self.visits.iter().filter(|one| column(one) && row(one)).count())
                .collect()
        };
        let people: Vec<usize> = columns
            .iter()
            .map(|column| {
                let those = self.visits.iter().filter(|one| column(one));
                those.map(|one| &one.person.id).collect::<BTreeSet<_>>().len()
            })
            .collect();
        let with = |letters: &'static [&'static str]| {
            move |visit: &Visit| {
                visit.icd.iter().any(|code| letters.iter().any(|begin| code.starts_with(begin)))
            }
        };
        let all = of(&|_| true);
        let antenatal = of(&with(&["Z34", "Z35"]));
        let average = |at: usize| rounded(all[at], people[at]);
        vec![
            ("Tổng số lượt khám", words(&all)),
            ("Số người đến khám", words(&people)),
            ("Trong đó: khám ngoại trú", words(&all)),
            ("Trong đó: lưu lại điều trị", words(&[0; 5])),
            ("Trong đó: cấp cứu", words(&[0; 5])),
            ("Lượt khám thai", blank(vec![antenatal[0].to_string()], 5)),
            ("Lượt khám tăng huyết áp", words(&of(&with(&["I10", "I11", "I12", "I13", "I15"])))),
            ("Lượt khám đái tháo đường", words(&of(&with(&["E10", "E11", "E12", "E13", "E14"])))),
            ("Số lượt khám bình quân một người", blank(vec![average(0), average(1)], 5)),
        ]
    }

    /// Lines of the report of vaccinations.
    pub fn doses(&self) -> Vec<Line> {
        let columns: [fn(&Dose) -> bool; 3] =
            [|_| true, |dose| dose.child.is_under(1, dose.day), |dose| dose.child.is_female];
        let of = |vaccines: &[&str], number: Option<u32>| -> Vec<String> {
            let is_row = |dose: &&Dose| {
                (vaccines.is_empty() || vaccines.contains(&dose.cvx.as_str()))
                    && number.is_none_or(|one| one == dose.number)
            };
            let count = |column: &fn(&Dose) -> bool| {
                self.doses.iter().filter(|dose| column(dose)).filter(is_row).count()
            };
            columns.iter().map(|column| count(column).to_string()).collect()
        };
        let children = columns.iter().map(|column| {
            let those = self.doses.iter().filter(|dose| column(dose));
            those.map(|dose| &dose.child.id).collect::<BTreeSet<_>>().len().to_string()
        });
        let at_birth =
            self.doses.iter().filter(|dose| dose.cvx == "08" && dose.day <= dose.child.birth.plus_days(1));
        assert_eq!(at_birth.count(), self.doses.iter().filter(|dose| dose.cvx == "08").count());
        vec![
            ("Viêm gan B sơ sinh", of(&["08"], None)),
            ("Trong đó: trong ngày sinh hoặc hôm sau", of(&["08"], None)),
            ("Lao (BCG)", of(&["19"], None)),
            ("DPT-VGB-Hib mũi 1", of(&["102"], Some(1))),
            ("DPT-VGB-Hib mũi 2", of(&["102"], Some(2))),
            ("DPT-VGB-Hib mũi 3", of(&["102"], Some(3))),
            ("Bại liệt uống lần 1", of(&["178"], Some(1))),
            ("Bại liệt uống lần 2", of(&["178"], Some(2))),
            ("Bại liệt uống lần 3", of(&["178"], Some(3))),
            ("Bại liệt tiêm mũi 1", of(&["10"], Some(1))),
            ("Bại liệt tiêm mũi 2", of(&["10"], Some(2))),
            ("Sởi mũi 1", of(&["05"], Some(1))),
            ("Sởi - rubella", of(&["04"], None)),
            ("Viêm não Nhật Bản", of(&["39"], None)),
            ("Tổng số mũi", of(&[], None)),
            ("Số trẻ được tiêm", children.collect()),
            ("Phản ứng thông thường sau tiêm", self.reacted(false)),
            ("Tai biến nặng sau tiêm", self.reacted(true)),
            ("Mũi của trẻ chưa có ngày sinh", blank(vec!["0".into()], 3)),
        ]
    }
}

impl Truth {
    /// Lines of the report of births.
    pub fn births(&self) -> Vec<Line> {
        let of = |row: &dyn Fn(&Birth) -> bool| -> Vec<String> {
            let those = || self.births.iter().filter(|one| row(one));
            let girls = those().filter(|one| one.is_girl).count();
            words(&[those().count(), those().count() - girls, girls, 0])
        };
        let placed = |places: &'static [&'static str]| of(&move |one: &Birth| places.contains(&one.place));
        vec![
            ("Trẻ đẻ ra sống", of(&|_| true)),
            ("\"Thai chết lưu, chết khi sinh\"", words(&[0; 4])),
            ("Trẻ sống dưới 2500 g", of(&|one| one.grams < 2500)),
            ("\"Trẻ sống sinh non, dưới 37 tuần\"", of(&|one| one.weeks < 37)),
            ("Sinh tại trạm", placed(&["station"])),
            ("Sinh ở cơ sở y tế khác", placed(&["hospital"])),
            ("Sinh ngoài cơ sở y tế", placed(&["home", "way", "other"])),
            ("Sinh do người được đào tạo đỡ", of(&|one| one.attendant != "untrained")),
            ("Mổ lấy thai", of(&|one| one.mode == "caesarean")),
            ("Có tai biến sản khoa", words(&[0; 4])),
            ("Mẹ dưới 20 tuổi", of(&|one| one.mother.is_under(20, one.day))),
            ("Sinh con thứ ba trở lên", of(&|one| one.parity >= 3)),
            ("Trẻ sống bú sớm trong giờ đầu", of(&|one| one.is_breastfed)),
            ("Trẻ sống đã tiêm vitamin K1", of(&|one| one.had_vitamin_k)),
        ]
    }

    /// Lines of the report of deaths: the cause is the last line of the chain.
    pub fn deaths(&self) -> Vec<Line> {
        let of = |row: &dyn Fn(&Death) -> bool| -> Vec<String> {
            let those = || self.deaths.iter().filter(|one| row(one));
            let women = those().filter(|one| one.person.is_female).count();
            words(&[those().count(), those().count() - women, women, 0])
        };
        let by = |letters: &'static str| {
            of(&move |one: &Death| {
                one.chain.last().is_some_and(|code| code.starts_with(|letter| letters.contains(letter)))
            })
        };
        vec![
            ("Tổng số tử vong", of(&|_| true)),
            ("Trẻ dưới 1 tuổi", of(&|one| one.person.is_under(1, one.day))),
            ("Trẻ dưới 5 tuổi", of(&|one| one.person.is_under(5, one.day))),
            ("Từ 60 tuổi", of(&|one| !one.person.is_under(60, one.day))),
            ("Tử vong mẹ", blank(vec!["0".into()], 4)),
            ("\"Do tai nạn, thương tích\"", by("VWXYST")),
            ("Do bệnh tim mạch", by("I")),
            ("Do ung thư", by("C")),
            ("\"Do bệnh nhiễm trùng, ký sinh trùng\"", by("AB")),
            ("Do bệnh hô hấp", by("J")),
            ("Do bệnh lý sơ sinh", by("P")),
            ("Chưa ghi nguyên nhân", of(&|one| one.chain.is_empty())),
        ]
    }
}

/// `20/10/2026`
pub fn typed(day: Day) -> String {
    format!("{:02}/{:02}/{:04}", day.day(), day.month(), day.year())
}

fn words(counts: &[usize]) -> Vec<String> {
    counts.iter().map(usize::to_string).collect()
}

/// One number of a hundred of another, with one decimal.
fn share(part: usize, whole: usize) -> String {
    if whole == 0 {
        return "–".to_owned();
    }
    let tenths = (part * 2000 + whole) / (2 * whole);
    format!("{},{} %", tenths / 10, tenths % 10)
}

/// With empty cells up to this width.
fn blank(mut cells: Vec<String>, width: usize) -> Vec<String> {
    cells.resize(width, String::new());
    cells
}

/// One number by another with two decimals, as people write it: no zeros at the end.
fn rounded(of: usize, by: usize) -> String {
    let hundredths = (of * 200 + by) / (2 * by);
    let text = format!("{}.{:02}", hundredths / 100, hundredths % 100);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
