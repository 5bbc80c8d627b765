//! What speaks for and against two Patients being one person, and the verdict on the pair alone.
//!
//! An equal number (personal number, old identity card, passport, social insurance number) only *proposes*. Numbers are
//! borrowed (a newborn is filed under the mother's), shared by relatives and mistyped, so a link also needs equal sex,
//! a compatible birth date **and** the same name: twins under their mother's number share everything else. Whatever
//! falls short is a doubt for a person. A false link is worse than a missed one.

use crate::birth::{Birth, BirthAgreement};
use crate::identifier::{Key, KeyKind, PersonalNumber, Sex};
use crate::name::{self, NameAgreement};
use std::collections::BTreeSet;

/// What is known about one Patient, as far as linking goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// Id of the Patient.
    pub id: String,
    pub sex: Option<Sex>,
    pub birth: Option<Birth>,
    /// All names as written, the one in use first.
    pub names: Vec<String>,
    pub keys: Vec<SubjectKey>,
}

/// A number and whether it is in force; a cancelled or former number (`use` = `old`, or a period that ended) still
/// finds its bearer.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SubjectKey {
    pub key: Key,
    pub current: bool,
}

/// Why it was decided so. The codes are stable and stand in `Linkage`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    SameCccd,
    SameCmnd,
    SamePassport,
    SameBhxh,
    SexEqual,
    SexDiffers,
    SexUnknown,
    BirthEqual,
    BirthSameYear,
    BirthSwapped,
    BirthFirstOfYear,
    BirthDiffers,
    BirthUnknown,
    NameEqualWithMarks,
    NameEqual,
    NamePart,
    NameDiffers,
    NameMissing,
    NamePlaceholder,
    NumberOfOther,
    OtherCccd,
    GroupConflict,
}

impl Reason {
    const ALL: [Reason; 22] = [
        Reason::SameCccd,
        Reason::SameCmnd,
        Reason::SamePassport,
        Reason::SameBhxh,
        Reason::SexEqual,
        Reason::SexDiffers,
        Reason::SexUnknown,
        Reason::BirthEqual,
        Reason::BirthSameYear,
        Reason::BirthSwapped,
        Reason::BirthFirstOfYear,
        Reason::BirthDiffers,
        Reason::BirthUnknown,
        Reason::NameEqualWithMarks,
        Reason::NameEqual,
        Reason::NamePart,
        Reason::NameDiffers,
        Reason::NameMissing,
        Reason::NamePlaceholder,
        Reason::NumberOfOther,
        Reason::OtherCccd,
        Reason::GroupConflict,
    ];

    /// Code, words for people, and weight in bits: how much more often this is seen among Patients of one person than
    /// among strangers, as a power of two. Set by hand here; issue of probabilistic matching estimates them.
    fn row(self) -> (&'static str, &'static str, i32) {
        match self {
            Reason::SameCccd => ("same-cccd", "Trùng số định danh cá nhân", 24),
            Reason::SameCmnd => ("same-cmnd", "Trùng số CMND", 18),
            Reason::SamePassport => ("same-passport", "Trùng số hộ chiếu", 18),
            Reason::SameBhxh => ("same-bhxh", "Trùng mã số BHXH", 20),
            Reason::SexEqual => ("sex-equal", "Cùng giới tính", 1),
            Reason::SexDiffers => ("sex-differs", "Khác giới tính", -14),
            Reason::SexUnknown => ("sex-unknown", "Thiếu giới tính", 0),
            Reason::BirthEqual => ("birth-equal", "Cùng ngày sinh", 14),
            Reason::BirthSameYear => ("birth-same-year", "Cùng năm sinh, thiếu ngày tháng", 6),
            Reason::BirthSwapped => ("birth-swapped", "Ngày và tháng sinh bị đảo", 8),
            Reason::BirthFirstOfYear => ("birth-first-of-year", "Cùng năm sinh, một nơi ghi ngày 01/01", 5),
            Reason::BirthDiffers => ("birth-differs", "Khác ngày sinh", -15),
            Reason::BirthUnknown => ("birth-unknown", "Thiếu ngày sinh", 0),
            Reason::NameEqualWithMarks => ("name-equal-with-marks", "Trùng họ tên, cả dấu", 11),
            Reason::NameEqual => ("name-equal", "Trùng họ tên, không kể dấu", 10),
            Reason::NamePart => ("name-part", "Họ tên là một phần của nhau", 6),
            Reason::NameDiffers => ("name-differs", "Khác họ tên", -8),
            Reason::NameMissing => ("name-missing", "Thiếu họ tên", 0),
            Reason::NamePlaceholder => ("name-placeholder", "Tên tạm, chưa đặt tên", -4),
            Reason::NumberOfOther => (
                "number-of-other",
                "Số định danh không khớp giới tính hoặc năm sinh, có thể mượn của người khác",
                -6,
            ),
            Reason::OtherCccd => ("other-cccd", "Hai số định danh khác nhau", -10),
            Reason::GroupConflict => ("group-conflict", "Nối lại sẽ gộp những hồ sơ mâu thuẫn nhau", -10),
        }
    }

    pub fn code(self) -> &'static str {
        self.row().0
    }

    /// A few words for people, Vietnamese.
    pub fn text(self) -> &'static str {
        self.row().1
    }

    pub fn of_code(code: &str) -> Option<Reason> {
        Reason::ALL.into_iter().find(|reason| reason.code() == code)
    }
}

/// What was decided about a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// One person.
    Link,
    /// Perhaps; a person should look.
    Doubt,
    /// A person decided: not one person.
    Apart,
    /// Nothing speaks for it any more, e.g. after a corrected number.
    Withdrawn,
}

impl Verdict {
    pub fn code(self) -> &'static str {
        match self {
            Verdict::Link => "link",
            Verdict::Doubt => "doubt",
            Verdict::Apart => "apart",
            Verdict::Withdrawn => "withdrawn",
        }
    }

    pub fn of_code(code: &str) -> Option<Verdict> {
        [Verdict::Link, Verdict::Doubt, Verdict::Apart, Verdict::Withdrawn]
            .into_iter()
            .find(|verdict| verdict.code() == code)
    }
}

/// A decision about two Patients; `first` < `second`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    pub first: String,
    pub second: String,
    pub verdict: Verdict,
    /// Sum of the weights of the reasons, in bits.
    pub weight: i32,
    pub reasons: Vec<Reason>,
}

/// A decision that already stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    pub first: String,
    pub second: String,
    pub verdict: Verdict,
    /// By a person; the machine obeys it and never changes it.
    pub by_person: bool,
}

/// Only numbers that too many Patients carry speak for this pair: whatever stands about it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Overused;

/// Judges two Patients alone; `None` when no number proposes them.
pub fn judge(one: &Subject, other: &Subject, overused: &BTreeSet<Key>) -> Result<Option<Decision>, Overused> {
    let shared: BTreeSet<&Key> = shared_keys(one, other).collect();
    if shared.is_empty() {
        return Ok(None);
    }
    let shared: BTreeSet<&Key> = shared.into_iter().filter(|key| !overused.contains(*key)).collect();
    if shared.is_empty() {
        return Err(Overused);
    }
    let mut reasons: Vec<Reason> = shared.iter().filter_map(|key| same_number(&key.kind)).collect();
    reasons.dedup();
    let sex = sex_reason(one.sex, other.sex);
    let birth = birth_reason(one.birth, other.birth);
    let name = name_reason(&one.names, &other.names);
    reasons.extend([sex, birth, name]);
    if shared.iter().any(|key| contradicts(key, one) || contradicts(key, other)) {
        reasons.push(Reason::NumberOfOther);
    }
    if other_cccd(one, other) {
        reasons.push(Reason::OtherCccd);
    }
    let same_name = matches!(name, Reason::NameEqual | Reason::NameEqualWithMarks);
    let birth_fits = match birth {
        Reason::BirthEqual => same_name || name == Reason::NamePart,
        Reason::BirthSameYear | Reason::BirthSwapped | Reason::BirthFirstOfYear => same_name,
        _ => false,
    };
    let link = sex == Reason::SexEqual && birth_fits && !reasons.contains(&Reason::OtherCccd);
    let verdict = if link { Verdict::Link } else { Verdict::Doubt };
    Ok(Some(decision(&one.id, &other.id, verdict, reasons)))
}

pub(crate) fn decision(one: &str, other: &str, verdict: Verdict, reasons: Vec<Reason>) -> Decision {
    let (first, second) = if one < other { (one, other) } else { (other, one) };
    let weight = reasons.iter().map(|reason| reason.row().2).sum();
    Decision { first: first.to_owned(), second: second.to_owned(), verdict, weight, reasons }
}

pub(crate) fn evidence(subject: &Subject) -> impl Iterator<Item = &Key> {
    subject.keys.iter().map(|own| &own.key).filter(|key| key.is_evidence())
}

fn shared_keys<'a>(one: &'a Subject, other: &'a Subject) -> impl Iterator<Item = &'a Key> {
    evidence(one).filter(|key| other.keys.iter().any(|own| own.key == **key))
}

fn same_number(kind: &KeyKind) -> Option<Reason> {
    match kind {
        KeyKind::Cccd => Some(Reason::SameCccd),
        KeyKind::Cmnd => Some(Reason::SameCmnd),
        KeyKind::Passport => Some(Reason::SamePassport),
        KeyKind::Bhxh => Some(Reason::SameBhxh),
        _ => None,
    }
}

fn sex_reason(one: Option<Sex>, other: Option<Sex>) -> Reason {
    match (one, other) {
        (Some(one), Some(other)) if one == other => Reason::SexEqual,
        (Some(_), Some(_)) => Reason::SexDiffers,
        _ => Reason::SexUnknown,
    }
}

fn birth_reason(one: Option<Birth>, other: Option<Birth>) -> Reason {
    match Birth::agreement(one, other) {
        BirthAgreement::Equal => Reason::BirthEqual,
        BirthAgreement::SameYear => Reason::BirthSameYear,
        BirthAgreement::Swapped => Reason::BirthSwapped,
        BirthAgreement::FirstOfYear => Reason::BirthFirstOfYear,
        BirthAgreement::Different => Reason::BirthDiffers,
        BirthAgreement::Unknown => Reason::BirthUnknown,
    }
}

/// The best agreement over all names of both (a name may have been changed), but a stand-in for a name never agrees.
fn name_reason(one: &[String], other: &[String]) -> Reason {
    if one.iter().chain(other).any(|name| name::is_placeholder(name)) {
        return Reason::NamePlaceholder;
    }
    let pairs = || one.iter().flat_map(|a| other.iter().map(move |b| (a, b)));
    match pairs().map(|(a, b)| name::agreement(a, b)).max().unwrap_or(NameAgreement::Missing) {
        NameAgreement::Same if pairs().any(|(a, b)| name::equal_with_marks(a, b)) => {
            Reason::NameEqualWithMarks
        }
        NameAgreement::Same => Reason::NameEqual,
        NameAgreement::Part => Reason::NamePart,
        NameAgreement::Differs | NameAgreement::Disjoint => Reason::NameDiffers,
        NameAgreement::Missing => Reason::NameMissing,
    }
}

/// Whether a personal number speaks of another sex or birth year than its bearer has: then it is somebody else's.
fn contradicts(key: &Key, bearer: &Subject) -> bool {
    key.kind == KeyKind::Cccd
        && PersonalNumber::parse(&key.value).is_some_and(|number| {
            bearer.sex.is_some_and(|sex| sex != number.sex())
                || bearer.birth.is_some_and(|birth| birth.year != number.birth_year())
        })
}

/// Whether both have a personal number in force that may be their own, and no personal number, old or new, is common.
fn other_cccd(one: &Subject, other: &Subject) -> bool {
    let all = |subject: &Subject| -> BTreeSet<String> {
        evidence(subject).filter(|key| key.kind == KeyKind::Cccd).map(|key| key.value.clone()).collect()
    };
    let has_own = |subject: &Subject| {
        subject.keys.iter().any(|own| {
            own.current
                && own.key.kind == KeyKind::Cccd
                && own.key.is_evidence()
                && !contradicts(&own.key, subject)
        })
    };
    has_own(one) && has_own(other) && all(one).is_disjoint(&all(other))
}

/// Whether two Patients cannot be one person, whatever links them.
pub(crate) fn conflict(one: &Subject, other: &Subject) -> bool {
    sex_reason(one.sex, other.sex) == Reason::SexDiffers
        || birth_reason(one.birth, other.birth) == Reason::BirthDiffers
        || name_reason(&one.names, &other.names) == Reason::NameDiffers
        || other_cccd(one, other)
}
