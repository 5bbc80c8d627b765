//! How many children have which dose in time: by the schedule of Circular 38/2017 and what came after it, written down here once more.

use super::{Resident, Truth, share, typed};
use std::collections::BTreeMap;
use yba_fhir::Day;

/// Months and days.
type Span = (i32, i64);

/// A dose: from which age, how long after the one before, until which age.
type Dose = (Span, Span, Span);

struct Series {
    /// As addresses call it.
    slug: &'static str,
    title: &'static str,
    /// CVX.
    vaccines: &'static [&'static str],
    is_for_girls: bool,
    /// For whoever was born in this year or later: a vaccine that came newly.
    since: i16,
    doses: &'static [Dose],
}

const NONE: Span = (0, 0);

const fn months(count: i32) -> Span {
    (count, 0)
}

const fn series(
    slug: &'static str,
    title: &'static str,
    vaccines: &'static [&'static str],
    doses: &'static [Dose],
) -> Series {
    Series { slug, title, vaccines, is_for_girls: false, since: 0, doses }
}

const SCHEDULE: [Series; 11] = [
    series("hepb-birth", "Viêm gan B sơ sinh", &["08"], &[(NONE, NONE, (0, 7))]),
    series("bcg", "Lao (BCG)", &["19"], &[(NONE, NONE, months(12))]),
    series(
        "dpt",
        "Bạch hầu – ho gà – uốn ván (3 mũi đầu là DPT-VGB-Hib)",
        &["102", "01"],
        &[
            (months(2), NONE, months(84)),
            (months(3), months(1), months(84)),
            (months(4), months(1), months(84)),
            (months(18), months(6), months(84)),
        ],
    ),
    series(
        "opv",
        "Bại liệt uống (OPV)",
        &["178"],
        &[
            (months(2), NONE, months(60)),
            (months(3), months(1), months(60)),
            (months(4), months(1), months(60)),
        ],
    ),
    series(
        "ipv",
        "Bại liệt tiêm (IPV)",
        &["10"],
        &[(months(5), NONE, months(60)), (months(9), months(4), months(60))],
    ),
    Series {
        since: 2024,
        ..series(
            "rota",
            "Tiêu chảy do vi rút Rota",
            &["119"],
            &[(months(2), NONE, months(6)), (months(3), months(1), months(6))],
        )
    },
    Series {
        since: 2025,
        ..series(
            "pcv",
            "Phế cầu (PCV)",
            &["133"],
            &[
                (months(2), NONE, months(24)),
                (months(4), months(2), months(24)),
                (months(12), months(6), months(24)),
            ],
        )
    },
    series(
        "measles",
        "Sởi",
        &["05", "04"],
        &[(months(9), NONE, months(60)), (months(18), months(1), months(60))],
    ),
    series(
        "je",
        "Viêm não Nhật Bản",
        &["39"],
        &[
            (months(12), NONE, months(72)),
            (months(12), (0, 7), months(72)),
            (months(24), months(12), months(72)),
        ],
    ),
    Series {
        since: 2018,
        ..series("td", "Uốn ván – bạch hầu giảm liều (Td)", &["09"], &[(months(84), NONE, months(96))])
    },
    Series {
        is_for_girls: true,
        since: 2015,
        ..series("hpv", "HPV (nữ)", &["62"], &[(months(132), NONE, months(180))])
    },
];

/// A dose is late when so many months went by since it could be given.
const LATE_MONTHS: i32 = 1;
/// Before this age a child should have all of these: series and how many doses.
const FULL: (&str, i32, [(&str, usize); 5]) =
    ("Tiêm chủng đầy đủ dưới 1 tuổi", 12, [("bcg", 1), ("dpt", 3), ("opv", 3), ("ipv", 1), ("measles", 1)]);

/// How a child stands with a dose, in the order of the columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    InTime,
    Late,
    Missing,
    Waiting,
}

impl How {
    /// As its address says it.
    pub fn code(self) -> &'static str {
        ["dung-han", "muon", "thieu", "chua-den"][self as usize]
    }
}

/// A dose of the table: as addresses call it, its words, and how each child of it stands.
pub struct Standing<'t> {
    pub code: String,
    pub words: String,
    pub children: Vec<(&'t Resident, How)>,
}

fn after(day: Day, (months, days): Span) -> Day {
    day.plus_months(months).plus_days(days)
}

/// On which days a child got the doses of a series.
fn given(truth: &Truth, child: &str, series: &Series) -> Vec<Day> {
    let is_of = |cvx: &str| series.vaccines.contains(&cvx);
    let had = truth.had.iter().filter(|(id, cvx, _)| id == child && is_of(cvx)).map(|(.., day)| *day);
    let got = truth.doses.iter().filter(|dose| dose.child.id == child && is_of(&dose.cvx));
    let mut days: Vec<Day> = had.chain(got.map(|dose| dose.day)).collect();
    days.sort_unstable();
    days
}

/// How a child who got doses on these days stands with one, counted from 0.
fn how(series: &Series, birth: Day, given: &[Day], number: usize, today: Day) -> How {
    let (age, interval, until) = series.doses[number];
    let by_age = after(birth, age);
    if let Some(day) = given.get(number) {
        return if *day < by_age.plus_months(LATE_MONTHS) { How::InTime } else { How::Late };
    }
    let before = number.checked_sub(1).and_then(|before| given.get(before));
    let due = before.map_or(by_age, |before| by_age.max(after(*before, interval)));
    let is_over = after(birth, until) <= today;
    if due.plus_months(LATE_MONTHS) <= today || is_over { How::Missing } else { How::Waiting }
}

fn full(truth: &Truth, child: &Resident, today: Day) -> How {
    let until = child.person.birth.plus_months(FULL.1);
    let last = |(slug, count): (&str, usize)| {
        let series = SCHEDULE.iter().find(|one| one.slug == slug).unwrap();
        given(truth, &child.person.id, series).get(count - 1).copied()
    };
    match FULL.2.map(last).into_iter().collect::<Option<Vec<Day>>>() {
        Some(days) if days.iter().all(|day| *day < until) => How::InTime,
        Some(_) => How::Late,
        None if until <= today => How::Missing,
        None => How::Waiting,
    }
}

impl Truth {
    fn cohort_of(&self, (from, until): (Day, Day), village: Option<&str>) -> Vec<&Resident> {
        let is_in = |one: &&Resident| {
            one.person.birth >= from
                && one.person.birth <= until
                && village.is_none_or(|village| one.village == village)
        };
        self.living().filter(is_in).collect()
    }

    /// The doses of a table of coverage, for which somebody is old enough; then the full set.
    pub fn coverage(&self, born: (Day, Day), village: Option<&str>, today: Day) -> Vec<Standing<'_>> {
        let children = self.cohort_of(born, village);
        let mut all = Vec::new();
        for series in &SCHEDULE {
            let is_for = |one: &&&Resident| {
                (one.person.is_female || !series.is_for_girls) && one.person.birth.year() >= series.since
            };
            let own = children.iter().filter(is_for);
            let own: Vec<(&Resident, Vec<Day>)> =
                own.map(|one| (*one, given(self, &one.person.id, series))).collect();
            for number in 0..series.doses.len() {
                let standing = |(one, days): &(&'_ Resident, Vec<Day>)| {
                    how(series, one.person.birth, days, number, today)
                };
                let children: Vec<_> = own.iter().map(|one| (one.0, standing(one))).collect();
                if children.iter().all(|(_, how)| *how == How::Waiting) {
                    continue;
                }
                let code = format!("{}-{}", series.slug, number + 1);
                let many = format!("{} mũi {}", series.title, number + 1);
                let words = if series.doses.len() > 1 { many } else { series.title.to_owned() };
                all.push(Standing { code, words, children });
            }
        }
        let children = children.into_iter().map(|one| (one, full(self, one, today))).collect();
        all.push(Standing { code: "day-du".to_owned(), words: FULL.0.to_owned(), children });
        all
    }

    /// Lines by village: children, how many in a hundred have the full set in time, and at all.
    pub fn full_by_village(&self, born: (Day, Day), today: Day) -> Vec<Vec<String>> {
        let mut villages: BTreeMap<&str, [usize; 3]> = BTreeMap::new();
        for child in self.cohort_of(born, None) {
            let counts = villages.entry(child.village).or_default();
            let how = full(self, child, today);
            counts[0] += 1;
            counts[1] += usize::from(how == How::InTime);
            counts[2] += usize::from(matches!(how, How::InTime | How::Late));
        }
        let line = |(name, [all, in_time, given]): (&str, [usize; 3])| {
            vec![name.to_owned(), all.to_string(), share(in_time, all), share(given, all)]
        };
        villages.into_iter().map(line).collect()
    }
}

impl Standing<'_> {
    fn count(&self, wanted: How) -> usize {
        self.children.iter().filter(|(_, how)| *how == wanted).count()
    }

    /// The line of the table: words, children, in time, late, missing, waiting, how many in a hundred got it.
    pub fn line(&self) -> Vec<String> {
        let all = self.children.len();
        let [in_time, late, missing, waiting] =
            [How::InTime, How::Late, How::Missing, How::Waiting].map(|how| self.count(how));
        let counts = [all, in_time, late, missing, waiting].map(|count| count.to_string());
        std::iter::once(self.words.clone()).chain(counts).chain([share(in_time + late, all)]).collect()
    }

    /// Who stands so: name with birth, and village.
    pub fn people(&self, wanted: How) -> Vec<Vec<String>> {
        let own = self.children.iter().filter(|(_, how)| *how == wanted);
        let words = |(one, _): &(&Resident, How)| {
            vec![format!("{} {}", one.person.name, typed(one.person.birth)), one.village.to_owned()]
        };
        own.map(words).collect()
    }
}
