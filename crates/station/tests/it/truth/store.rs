//! The store of medicines as the script moved it, lot by lot; of a drug that expires first that goes out first.

use super::typed;
use yba_fhir::Day;

/// A drug of the station's list, in its order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Drug {
    pub code: &'static str,
    pub name: &'static str,
    pub unit: &'static str,
}

#[derive(Debug, Clone)]
pub struct Lot {
    pub drug: Drug,
    pub number: &'static str,
    /// The last day on which it may be given.
    pub expiry: Day,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    Received,
    Given,
    Discarded,
    Surplus,
    Shortage,
}

impl Cause {
    fn words(self) -> &'static str {
        match self {
            Cause::Received => "Nhập",
            Cause::Given => "Phát",
            Cause::Discarded => "Hủy, xuất khác",
            Cause::Surplus => "Kiểm kê thừa",
            Cause::Shortage => "Kiểm kê thiếu",
        }
    }

    fn is_in(self) -> bool {
        matches!(self, Cause::Received | Cause::Surplus)
    }
}

/// Units that came or went.
#[derive(Debug, Clone)]
pub struct Moved {
    pub lot: &'static str,
    pub day: Day,
    pub cause: Cause,
    pub units: u32,
    pub why: &'static str,
}

/// The store; a lot's number is its own in it.
#[derive(Debug, Default)]
pub struct Store {
    pub lots: Vec<Lot>,
    pub moved: Vec<Moved>,
    pub requested: Vec<Requested>,
}

/// What was asked of the level above.
#[derive(Debug, Clone)]
pub struct Requested {
    pub drug: Drug,
    pub day: Day,
    pub units: u32,
}

/// What is asked for is enough for so many months, by what was given in so many months before.
const KEEP_MONTHS: u32 = 2;
const USE_MONTHS: u32 = 3;

/// What became of a lot or a drug in a month.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Balance {
    opening: i64,
    received: i64,
    given: i64,
    discarded: i64,
    counted: i64,
}

impl Balance {
    fn add(&mut self, one: &Moved, first: Day) {
        let units = i64::from(one.units);
        let signed = if one.cause.is_in() { units } else { -units };
        match one.cause {
            _ if one.day < first => self.opening += signed,
            Cause::Received => self.received += units,
            Cause::Given => self.given += units,
            Cause::Discarded => self.discarded += units,
            Cause::Surplus | Cause::Shortage => self.counted += signed,
        }
    }

    fn cells(&self) -> Vec<String> {
        let closing = self.opening + self.received - self.given - self.discarded + self.counted;
        let all = [self.opening, self.received, self.given, self.discarded, self.counted, closing];
        all.iter().map(i64::to_string).collect()
    }
}

impl Store {
    /// Units of a lot that are on the shelf.
    pub fn there(&self, lot: &str) -> u32 {
        let own = self.moved.iter().filter(|one| one.lot == lot);
        let sum: i64 = own.map(|one| i64::from(one.units) * if one.cause.is_in() { 1 } else { -1 }).sum();
        u32::try_from(sum).unwrap()
    }

    /// A lot of which something is there that may be given no more.
    pub fn expired(&self, day: Day) -> Option<&'static str> {
        let old = |lot: &&Lot| lot.expiry < day && self.there(lot.number) > 0;
        self.lots.iter().find(old).map(|lot| lot.number)
    }

    pub fn receive(&mut self, lot: &Lot, units: u32, day: Day, why: &'static str) {
        if !self.lots.iter().any(|known| known.number == lot.number) {
            self.lots.push(lot.clone());
        }
        self.moved.push(Moved { lot: lot.number, day, cause: Cause::Received, units, why });
    }

    /// Takes units of a drug from the shelf, as far as it has some that may be given on the day; answers how many.
    pub fn hand_out(&mut self, drug: Drug, units: u32, day: Day) -> u32 {
        let mut lots: Vec<&Lot> =
            self.lots.iter().filter(|lot| lot.drug == drug && lot.expiry >= day).collect();
        lots.sort_by_key(|lot| lot.expiry);
        let mut left = units;
        for lot in lots.into_iter().map(|lot| lot.number).collect::<Vec<_>>() {
            let part = left.min(self.there(lot));
            if part > 0 {
                self.moved.push(Moved { lot, day, cause: Cause::Given, units: part, why: "" });
            }
            left -= part;
        }
        units - left
    }

    /// Lines of the month's report, which begins with this day: a drug of which there is nothing to say has none.
    pub fn report(&self, (first, last): (Day, Day), drugs: &[Drug]) -> Vec<(String, Vec<String>)> {
        let of = |drug: &Drug| {
            let own = |one: &&Moved| self.lot(one.lot).drug == *drug && one.day <= last;
            (format!("{} ({})", drug.name, drug.unit), self.balance(first, own))
        };
        let said = drugs.iter().map(of).filter(|(_, balance)| *balance != Balance::default());
        said.map(|(name, balance)| (name, balance.cells())).collect()
    }

    /// The same by lot: name with unit, lot with expiry, numbers.
    pub fn turnover(&self, (first, last): (Day, Day)) -> Vec<Vec<String>> {
        let of = |lot: &Lot| {
            let balance = self.balance(first, |one| one.lot == lot.number && one.day <= last);
            let words = [
                format!("{} {}", lot.drug.name, lot.drug.unit),
                format!("{} · {}", lot.number, typed(lot.expiry)),
            ];
            // A sheet writes what is missing with the sign of minus.
            words.into_iter().chain(balance.cells().into_iter().map(|cell| cell.replace('-', "−"))).collect()
        };
        self.lots.iter().map(of).collect()
    }

    /// Lines of the register of movements from one day until another.
    pub fn register(&self, (first, last): (Day, Day), by: &str) -> Vec<Vec<String>> {
        let of_month = self.moved.iter().filter(|one| one.day >= first && one.day <= last);
        let line = |one: &Moved| {
            let Lot { drug, expiry, .. } = self.lot(one.lot);
            let units = one.units.to_string();
            let words = [drug.name, one.lot, &typed(*expiry), one.cause.words(), &units, drug.unit, one.why];
            let words = words.into_iter().chain([by, drug.code]).map(str::to_owned);
            std::iter::once(typed(one.day)).chain(words).collect()
        };
        of_month.map(line).collect()
    }

    /// What is to be asked for on a day, by drug: what is there and may be given, what went to people in the months before, what is wanted.
    pub fn wanted(&self, drugs: &[Drug], today: Day) -> Vec<(Drug, [u32; 3])> {
        let since = today.plus_months(-i32::try_from(USE_MONTHS).unwrap());
        let of = |drug: &Drug| {
            let own = || self.lots.iter().filter(|lot| lot.drug == *drug);
            let good: u32 = own().filter(|lot| lot.expiry >= today).map(|lot| self.there(lot.number)).sum();
            let is_use = |one: &&Moved| one.cause == Cause::Given && one.day > since && one.day <= today;
            let used = self.moved.iter().filter(is_use).filter(|one| self.lot(one.lot).drug == *drug);
            let used: u32 = used.map(|one| one.units).sum();
            let is_known = used > 0 || own().any(|lot| self.there(lot.number) > 0);
            let enough = (used * KEEP_MONTHS).div_ceil(USE_MONTHS);
            is_known.then_some((*drug, [good, used / USE_MONTHS, enough.saturating_sub(good)]))
        };
        drugs.iter().filter_map(of).collect()
    }

    /// Lines of what was asked for.
    pub fn requests(&self) -> Vec<String> {
        let words = |one: &Requested| {
            format!("{} · {} · {} {}", typed(one.day), one.drug.name, thousands(one.units), one.drug.unit)
        };
        self.requested.iter().map(words).collect()
    }

    fn lot(&self, number: &str) -> &Lot {
        self.lots.iter().find(|lot| lot.number == number).unwrap()
    }

    fn balance(&self, first: Day, is_of: impl Fn(&&Moved) -> bool) -> Balance {
        let mut balance = Balance::default();
        self.moved.iter().filter(is_of).for_each(|one| balance.add(one, first));
        balance
    }
}

/// `1.234`
pub fn thousands(units: u32) -> String {
    if units < 1000 { units.to_string() } else { format!("{}.{:03}", units / 1000, units % 1000) }
}
