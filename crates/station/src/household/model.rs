//! What the pages of the household book show, made by pure functions.

use yba_content::Day;
use yba_recall::book::{Member, Wanting};
use yba_ui::format;

/// What is wanting, as an address says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Part {
    #[default]
    Items,
    Visit,
    Check,
    Doctor,
    Household,
}

impl Part {
    pub const EACH: [Part; 5] = [Part::Items, Part::Visit, Part::Check, Part::Doctor, Part::Household];

    pub fn of(code: &str) -> Part {
        Part::EACH.into_iter().find(|one| one.code() == code).unwrap_or_default()
    }

    pub fn code(self) -> &'static str {
        match self {
            Part::Items => "muc",
            Part::Visit => "kham",
            Part::Check => "dinh-ky",
            Part::Doctor => "bac-si",
            Part::Household => "ho",
        }
    }

    pub fn words(self) -> &'static str {
        match self {
            Part::Items => "Hồ sơ còn thiếu mục",
            Part::Visit => "Chưa có lần khám nào",
            Part::Check => "Chưa khám định kỳ",
            Part::Doctor => "Chưa có bác sĩ gia đình",
            Part::Household => "Chưa ghi hộ",
        }
    }

    pub fn wanting(self) -> Wanting {
        match self {
            Part::Items => Wanting::Items,
            Part::Visit => Wanting::Visit,
            Part::Check => Wanting::Check,
            Part::Doctor => Wanting::Doctor,
            Part::Household => Wanting::Household,
        }
    }
}

/// People who live together.
#[derive(Debug)]
pub(super) struct Household {
    /// Empty for somebody whose household nobody wrote.
    pub number: String,
    /// The head first, then by birth.
    pub members: Vec<Member>,
}

/// The households of people who stand in the order of their households; whoever has none stands alone.
pub(super) fn households(members: Vec<Member>) -> Vec<Household> {
    let mut all: Vec<Household> = Vec::new();
    for member in members {
        match all.last_mut().filter(|last| !last.number.is_empty() && last.number == member.household) {
            Some(last) => last.members.push(member),
            None => all.push(Household { number: member.household.clone(), members: vec![member] }),
        }
    }
    for one in &mut all {
        order(&mut one.members);
    }
    // Who has no household goes last.
    all.sort_by_key(|one| one.number.is_empty());
    all
}

/// The head first, then by birth.
pub(super) fn order(members: &mut [Member]) {
    members.sort_by_key(|one| (!is_head(one), one.birth));
}

pub(super) fn is_head(member: &Member) -> bool {
    member.relation.trim().to_lowercase() == "chủ hộ"
}

/// `62 %`; empty of nobody. Never rounded up to all.
pub(super) fn share(part: usize, whole: usize) -> String {
    if whole == 0 {
        return String::new();
    }
    format!("{} %", format::count(part * 100 / whole))
}

/// How long ago, in words.
pub(super) fn ago(day: Option<Day>) -> String {
    day.map(|day| format::date(&day.to_string())).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(patient: &str, household: &str, relation: &str, year: i16) -> Member {
        Member {
            patient: patient.into(),
            person: patient.into(),
            village: "Bản A".into(),
            household: household.into(),
            relation: relation.into(),
            birth: Day::new(year, 1, 1).unwrap(),
            sex: "female".into(),
            missing: Vec::new(),
            doctor: String::new(),
            seen: None,
            checked: None,
        }
    }

    #[test]
    fn a_household_has_its_head_first_and_who_has_none_stands_alone_and_last() {
        let all = households(vec![
            member("x", "", "", 1990),
            member("y", "", "", 1991),
            member("ba", "H-1", "Mẹ", 1940),
            member("cha", "H-1", "Chủ hộ", 1970),
            member("con", "H-1", "Con", 2001),
            member("khac", "H-2", "Chủ hộ", 1980),
        ]);
        let said: Vec<String> = all
            .iter()
            .map(|one| {
                let names: Vec<&str> = one.members.iter().map(|one| one.patient.as_str()).collect();
                format!("{} {}", one.number, names.join(" "))
            })
            .collect();
        assert_eq!(said, ["H-1 cha ba con", "H-2 khac", " x", " y"]);
    }

    #[test]
    fn a_share_is_all_only_when_it_is_all() {
        assert_eq!([share(999, 1000), share(3, 3), share(0, 0)], ["99 %", "100 %", ""]);
    }
}
