//! What the pages of the store show, made of lots and movements by pure functions.

use std::collections::BTreeMap;
use yba_care::stock::moving::{Cause, Movement};
use yba_care::stock::{Lot, Product};
use yba_content::prescribing::StoreLimits;
use yba_content::{Day, EssentialList};

/// What must be done about a lot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Urgency {
    Expired,
    Soon,
    Near,
    Good,
}

/// How near the expiry of a lot is.
pub(crate) fn urgency(lot: &Lot, today: Day, limits: StoreLimits) -> Urgency {
    let within = |months: u32| lot.expiry < today.plus_months(i32::try_from(months).unwrap_or(0));
    match () {
        () if lot.expiry < today => Urgency::Expired,
        () if within(limits.soon_months) => Urgency::Soon,
        () if within(limits.near_months) => Urgency::Near,
        () => Urgency::Good,
    }
}

/// One product of the store, with its lots, the soonest expiry first.
#[derive(Debug, Clone)]
pub(crate) struct Shelf {
    pub code: String,
    pub name: String,
    pub unit: String,
    pub lots: Vec<Lot>,
    /// Units that may still be given.
    pub good: u32,
    /// Units given in a month, on average; in hundredths.
    pub monthly_hundredths: u64,
    /// What to ask for, so that it is enough for a while.
    pub wanted: u32,
}

impl Shelf {
    /// Whether it lasts less than a month.
    pub fn runs_out(&self) -> bool {
        self.monthly_hundredths > 0 && u64::from(self.good) * 100 < self.monthly_hundredths
    }

    /// `đủ khoảng 3 tháng`; empty when nothing was given lately.
    pub fn lasts(&self) -> String {
        match (self.monthly_hundredths, self.good) {
            (0, _) => String::new(),
            (_, 0) => "đã hết".to_owned(),
            (monthly, good) => match u64::from(good) * 100 / monthly {
                0 => "chưa đủ một tháng".to_owned(),
                months => format!("đủ khoảng {months} tháng"),
            },
        }
    }
}

/// The shelves of a store: what is there, and what was given lately and is not there any more. By name.
pub(crate) fn shelves(
    lots: &[Lot],
    moved: &[Movement],
    names: &BTreeMap<String, Lot>,
    (today, limits): (Day, StoreLimits),
) -> Vec<Shelf> {
    let mut all: BTreeMap<(&str, &str), Shelf> = BTreeMap::new();
    let empty = |lot: &Lot| Shelf {
        code: lot.code.clone(),
        name: lot.name.clone(),
        unit: lot.unit.clone(),
        lots: Vec::new(),
        good: 0,
        monthly_hundredths: 0,
        wanted: 0,
    };
    for lot in lots {
        let shelf = all.entry((&lot.name, &lot.code)).or_insert_with(|| empty(lot));
        shelf.lots.push(lot.clone());
        shelf.good += if lot.is_good(today) { lot.units } else { 0 };
    }
    let since = today.plus_months(-i32::try_from(limits.use_months).unwrap_or(0));
    let mut used: BTreeMap<String, u64> = BTreeMap::new();
    for one in moved.iter().filter(|one| one.cause == Cause::Given && one.day > since) {
        let Some(lot) = lots.iter().find(|lot| lot.id == one.lot).or_else(|| names.get(&one.lot)) else {
            continue;
        };
        all.entry((&lot.name, &lot.code)).or_insert_with(|| empty(lot));
        *used.entry(lot.code.clone()).or_default() += u64::from(one.units);
    }
    // Divided once: of many small handings each would lose its fraction.
    let of_shelf = |mut shelf: Shelf| {
        let used = used.get(&shelf.code).copied().unwrap_or_default();
        shelf.monthly_hundredths = used * 100 / u64::from(limits.use_months.max(1));
        Shelf { wanted: wanted(&shelf, limits), ..shelf }
    };
    all.into_values().map(of_shelf).collect()
}

/// Units that make what is there enough for so many months.
fn wanted(shelf: &Shelf, limits: StoreLimits) -> u32 {
    let enough = (shelf.monthly_hundredths * u64::from(limits.keep_months)).div_ceil(100);
    u32::try_from(enough.saturating_sub(u64::from(shelf.good))).unwrap_or(u32::MAX)
}

/// The product of a shelf: by the list, else as the lots call it.
pub(crate) fn product(list: &EssentialList, shelf: &Shelf) -> Product {
    match list.drug(&shelf.code) {
        Some(drug) => yba_care::prescribe::product(drug),
        None => Product {
            system: shelf.lots.first().map(|lot| lot.system.clone()).unwrap_or_default(),
            code: shelf.code.clone(),
            name: shelf.name.clone(),
            unit: shelf.unit.clone(),
            also: Vec::new(),
        },
    }
}

/// A last day of use as people type it: a day, or a month, which ends with its last day. What is neither stays as it is.
pub(crate) fn expiry(text: &str) -> String {
    if let Some(day) = crate::vaccinate::typed_day(text) {
        return day.to_string();
    }
    let parts: Vec<&str> = text.trim().split(['/', '-', '.']).map(str::trim).collect();
    let month = || {
        let [month, year] = parts.as_slice() else { return None };
        Some(Day::new(year.parse().ok()?, month.parse().ok()?, 1)?.plus_months(1).plus_days(-1))
    };
    month().map_or_else(|| text.trim().to_owned(), |day| day.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: StoreLimits = StoreLimits { soon_months: 3, near_months: 6, keep_months: 2, use_months: 3 };

    fn day(text: &str) -> Day {
        Day::parse(text).unwrap()
    }

    fn lot(id: &str, expiry: &str, units: u32) -> Lot {
        Lot {
            id: id.into(),
            system: "s".into(),
            code: "c".into(),
            name: "Amlodipin 5 mg".into(),
            unit: "viên".into(),
            number: id.into(),
            expiry: day(expiry),
            units,
        }
    }

    #[test]
    fn an_expiry_is_a_day_or_the_end_of_a_month() {
        for (text, value) in
            [("31/12/2027", "2027-12-31"), ("2/2028", "2028-02-29"), ("12-2027", "2027-12-31")]
        {
            assert_eq!(expiry(text), value, "{text}");
        }
        assert_eq!(expiry(" mai "), "mai");
        assert_eq!(expiry("13/2027"), "13/2027");
    }

    #[test]
    fn what_expires_and_what_runs_out_is_told() {
        let today = day("2026-03-02");
        for (expiry, wanted) in [
            ("2026-03-01", Urgency::Expired),
            ("2026-03-02", Urgency::Soon),
            ("2026-06-01", Urgency::Soon),
            ("2026-06-02", Urgency::Near),
            ("2026-09-02", Urgency::Good),
        ] {
            assert_eq!(urgency(&lot("a", expiry, 1), today, LIMITS), wanted, "{expiry}");
        }
        let given = |lot: &str, units, on: &str| Movement {
            id: String::new(),
            lot: lot.into(),
            cause: Cause::Given,
            units,
            day: day(on),
            why: String::new(),
            by: String::new(),
        };
        let lots = [lot("over", "2026-02-01", 500), lot("a", "2027-01-01", 40)];
        let gone = BTreeMap::from([("gone".to_owned(), lot("gone", "2027-01-01", 0))]);
        let moved =
            [given("a", 60, "2026-02-10"), given("gone", 90, "2026-01-10"), given("a", 999, "2025-10-01")];
        // One tablet at a time is as much as all at once.
        let single: Vec<Movement> = (0..150).map(|_| given("a", 1, "2026-02-10")).collect();
        let one_by_one = shelves(&lots, &single, &gone, (today, LIMITS));
        assert_eq!((one_by_one[0].monthly_hundredths, one_by_one[0].wanted), (5000, 60));
        let all = shelves(&lots, &moved, &gone, (today, LIMITS));
        let [shelf] = all.as_slice() else { panic!("{all:?}") };
        assert_eq!((shelf.good, shelf.monthly_hundredths), (40, 5000), "150 in three months");
        assert!(shelf.runs_out() && shelf.lasts() == "chưa đủ một tháng");
        assert_eq!(shelf.wanted, 60, "two months are 100, and 40 are there");
    }
}
