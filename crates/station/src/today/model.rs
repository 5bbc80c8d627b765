//! What the first page of the station shows, made of its lists by pure functions.

use crate::chronic::model::Part;
use std::collections::BTreeMap;
use yba_content::Day;
use yba_recall::list::Called;

/// One list of people who are wanted.
pub(crate) struct Wanted {
    /// What for, as it stands beside a name: `Tiêm chủng`, `Tăng huyết áp`.
    pub title: String,
    /// The whole list.
    pub href: String,
    /// Where a person of it is seen; the id is added after `/`.
    pub each: String,
    /// Those who are wanted now, late ones first.
    pub called: Vec<Called>,
}

impl Wanted {
    pub fn late(&self, today: Day) -> usize {
        self.called.iter().filter(|one| one.is_late(today)).count()
    }
}

/// Of a programme those who are expected within days or late, the late ones first.
pub(crate) fn expected(called: Vec<Called>, today: Day) -> Vec<Called> {
    let mut wanted: Vec<Called> = called.into_iter().filter(|one| Part::Expected.has(one, today)).collect();
    wanted.sort_by_key(|one| !one.is_late(today));
    wanted
}

/// A village and whom to see there: how many of each list, in their order.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Village {
    pub name: String,
    pub counts: Vec<usize>,
    pub late: usize,
}

/// The villages where somebody is wanted.
pub(crate) fn villages(lists: &[Wanted], today: Day) -> Vec<Village> {
    let mut all: BTreeMap<&str, Village> = BTreeMap::new();
    for (at, list) in lists.iter().enumerate() {
        for one in &list.called {
            let village = all.entry(&one.village).or_insert_with(|| Village {
                name: one.village.clone(),
                counts: vec![0; lists.len()],
                late: 0,
            });
            village.counts[at] += 1;
            village.late += usize::from(one.is_late(today));
        }
    }
    all.into_values().collect()
}

/// Somebody in a village, with every reason to see them.
#[derive(Debug)]
pub(crate) struct Visited {
    pub patient: String,
    /// Words, address, and whether it is late.
    pub reasons: Vec<(String, String, bool)>,
}

/// Everybody of a village, once for each person, those with something late first.
pub(crate) fn visited(lists: &[Wanted], village: &str, today: Day) -> Vec<Visited> {
    let mut all: Vec<(String, Visited)> = Vec::new();
    for list in lists {
        for one in list.called.iter().filter(|one| one.village == village) {
            let at = all.iter().position(|(person, _)| *person == one.person).unwrap_or_else(|| {
                all.push((one.person.clone(), Visited { patient: one.patient.clone(), reasons: Vec::new() }));
                all.len() - 1
            });
            let href = format!("{}/{}", list.each, one.patient);
            all[at].1.reasons.push((list.title.clone(), href, one.is_late(today)));
        }
    }
    let mut all: Vec<Visited> = all.into_iter().map(|(_, one)| one).collect();
    all.sort_by_key(|one| !one.reasons.iter().any(|(_, _, late)| *late));
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use yba_recall::Next;
    use yba_recall::list::Asked;

    fn called(person: &str, village: &str, due: &str) -> Called {
        let due = Day::parse(due).unwrap();
        let next = Next::Wanted { number: 1, due, late: due.plus_days(7), until: due.plus_days(4000) };
        Called {
            patient: format!("p-{person}"),
            person: person.into(),
            birth: due,
            village: village.into(),
            asked: vec![Asked { series: String::new(), next }],
        }
    }

    #[test]
    fn whoever_is_wanted_for_two_reasons_stands_once_in_their_village() {
        let today = Day::parse("2026-11-23").unwrap();
        let list = |title: &str, called| Wanted {
            title: title.into(),
            href: String::new(),
            each: format!("/{title}"),
            called,
        };
        let lists = [
            list("tiem", vec![called("a", "Nà", "2026-11-20"), called("b", "Pá", "2026-11-01")]),
            list("tha", vec![called("c", "Nà", "2026-11-01"), called("a", "Nà", "2026-11-02")]),
        ];
        let counts: Vec<_> =
            villages(&lists, today).into_iter().map(|one| (one.name, one.counts, one.late)).collect();
        assert_eq!(counts, [("Nà".into(), vec![1, 2], 2), ("Pá".into(), vec![1, 0], 1)]);
        let people = visited(&lists, "Nà", today);
        let lines: Vec<String> =
            people.iter().map(|one| format!("{} {:?}", one.patient, one.reasons)).collect();
        assert_eq!(
            lines,
            [
                r#"p-a [("tiem", "/tiem/p-a", false), ("tha", "/tha/p-a", true)]"#,
                r#"p-c [("tha", "/tha/p-c", true)]"#
            ]
        );
    }

    #[test]
    fn who_comes_in_a_month_is_not_wanted_today() {
        let today = Day::parse("2026-11-23").unwrap();
        let all =
            vec![called("a", "", "2026-11-23"), called("b", "", "2026-12-23"), called("c", "", "2026-11-01")];
        let names: Vec<String> = expected(all, today).into_iter().map(|one| one.person).collect();
        assert_eq!(names, ["c", "a"]);
    }
}
