//! The money of an insured visit: lines, benefit level, totals. Exact, in whole hundredths of a đồng.
//!
//! Source: QĐ 4750/QĐ-BYT 2023 (columns of XML1–XML3); TT 48/2017 and NĐ 188/2025 for levels; QĐ 3276/QĐ-BYT
//! 2025 for the route. Written from the rules, on purpose without looking at the reader in `claim`: the two
//! check each other. It does not know XML.

use std::fmt;

/// Hundredths of a đồng.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Money(pub i64);

impl std::ops::Add for Money {
    type Output = Money;
    fn add(self, other: Money) -> Money {
        Money(self.0 + other.0)
    }
}

impl std::ops::Sub for Money {
    type Output = Money;
    fn sub(self, other: Money) -> Money {
        Money(self.0 - other.0)
    }
}

impl std::iter::Sum for Money {
    fn sum<I: Iterator<Item = Money>>(all: I) -> Money {
        all.fold(Money(0), |a, b| a + b)
    }
}

impl fmt::Display for Money {
    /// `17500.00`, as claim files write money.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        write!(f, "{sign}{}.{:02}", self.0.abs() / 100, self.0.abs() % 100)
    }
}

/// Thousandths of a unit or of a đồng: quantities and unit prices carry up to three decimals.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Milli(pub i64);

impl Milli {
    /// `n` whole units.
    pub const fn whole(n: i64) -> Milli {
        Milli(n * 1000)
    }

    /// Reads `33333.333`, `45000`, `12345.5`; nothing else.
    pub fn parse(text: &str) -> Option<Milli> {
        let (whole, part) = text.split_once('.').unwrap_or((text, ""));
        if part.len() > 3 || !part.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let part = format!("{part:0<3}").parse::<i64>().ok()?;
        Some(Milli(whole.parse::<i64>().ok()?.checked_mul(1000)? + part))
    }
}

impl fmt::Display for Milli {
    /// Shortest form: `14`, `12345.5`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 % 1000 == 0 {
            return write!(f, "{}", self.0 / 1000);
        }
        let text = format!("{}.{:03}", self.0 / 1000, self.0 % 1000);
        f.write_str(text.trim_end_matches('0'))
    }
}

/// A benefit level in tenths of a percent: 80 % is 800, 47.5 % is 475.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Level(pub i64);

impl Level {
    /// Everything in scope is paid by the fund.
    pub const FULL: Level = Level(1000);

    /// The share without decimals, rounded half up: editions before QĐ 1931 hold three characters.
    pub fn rounded(self) -> Level {
        Level((self.0 + 5) / 10 * 10)
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 % 10 {
            0 => write!(f, "{}", self.0 / 10),
            tenth => write!(f, "{}.{tenth}", self.0 / 10),
        }
    }
}

/// What one line costs and who pays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Split {
    /// THANH_TIEN_BV: the facility's price.
    pub total: Money,
    /// THANH_TIEN_BH: the part in the scope of insurance.
    pub in_scope: Money,
    /// T_NGUONKHAC: other sources.
    pub others: Money,
    /// T_BNTT: the patient, outside the scope.
    pub patient: Money,
    /// T_BNCCT: the patient's copayment inside the scope.
    pub copay: Money,
    /// T_BHTT: the fund.
    pub fund: Money,
}

/// The quantities of one line.
#[derive(Clone, Copy, Debug)]
pub struct Priced {
    pub quantity: Milli,
    /// DON_GIA or DON_GIA_BV.
    pub price: Milli,
    /// DON_GIA_BH; for drugs the same as `price`.
    pub price_insured: Milli,
    /// TYLE_TT_DV in percent: 100, or 30 for a second examination.
    pub service_rate: i64,
    /// TYLE_TT_BH in percent.
    pub insured_rate: i64,
    /// T_NGUONKHAC given for this patient (case a).
    pub others: Money,
}

/// Splits one line at a benefit level. QĐ 4750, notes to XML2 and XML3 (case a: money given for this patient).
pub fn split(line: &Priced, level: Level) -> Split {
    let total = round(line.quantity.0, line.price.0, line.service_rate, 100);
    let in_scope = round(line.quantity.0, line.price_insured.0, line.service_rate, line.insured_rate);
    let outside = total - in_scope;
    let fund = Money(half_up(i128::from(in_scope.0) * i128::from(level.0), 1000));
    let copay = in_scope - fund;
    let others = line.others;
    let (patient, copay, fund) = if others <= outside {
        (outside - others, copay, fund)
    } else if others <= outside + copay {
        (Money(0), copay - (others - outside), fund)
    } else {
        (Money(0), Money(0), fund - (others - outside - copay))
    };
    Split { total, in_scope, others, patient, copay, fund }
}

/// quantity × price × two percentages, rounded half up to hundredths.
fn round(quantity: i64, price: i64, percent: i64, percent2: i64) -> Money {
    let product = i128::from(quantity) * i128::from(price) * i128::from(percent) * i128::from(percent2);
    // thousandths² × percent² is 10^10 of a đồng; hundredths are wanted.
    Money(half_up(product, 100_000_000))
}

fn half_up(value: i128, by: i128) -> i64 {
    ((value + by / 2).div_euclid(by)) as i64
}

/// The sums of a visit as XML1 states them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// T_THUOC.
    pub drugs: Money,
    /// T_VTYT.
    pub materials: Money,
    /// T_TONGCHI_BV.
    pub total: Money,
    /// T_TONGCHI_BH.
    pub in_scope: Money,
    /// T_BNTT.
    pub patient: Money,
    /// T_BNCCT.
    pub copay: Money,
    /// T_BHTT = T_TONGCHI_BH - T_BNCCT, the official formula.
    pub fund: Money,
    /// T_NGUONKHAC.
    pub others: Money,
    /// T_BHTT_GDV: the lines' T_BHTT paid fee for service.
    pub fund_by_service: Money,
}

/// Adds up a visit. QĐ 4750, XML1 columns 45–53.
pub fn totals(drugs: &[Split], services: &[Split]) -> Totals {
    let all = || drugs.iter().chain(services);
    let in_scope = all().map(|s| s.in_scope).sum::<Money>();
    let copay = all().map(|s| s.copay).sum::<Money>();
    Totals {
        drugs: drugs.iter().map(|s| s.total).sum(),
        materials: Money(0), // Materials inside a service price are no lines; the province bills no others.
        total: all().map(|s| s.total).sum(),
        in_scope,
        patient: all().map(|s| s.patient).sum(),
        copay,
        fund: in_scope - copay,
        others: all().map(|s| s.others).sum(),
        fund_by_service: all().map(|s| s.fund).sum(),
    }
}

/// Base salary in đồng by first day in force, newest first (NĐ 38/2019, 24/2023, 73/2024, 161/2026).
const BASE_SALARY: [(u32, i64); 4] =
    [(20_260_701, 2_530_000), (20_240_701, 2_340_000), (20_230_701, 1_800_000), (20_190_701, 1_490_000)];

/// The base salary (mức lương cơ sở, tham chiếu) on a day written yyyymmdd, in đồng.
pub fn base_salary(day: u32) -> i64 {
    BASE_SALARY.iter().find(|(from, _)| day >= *from).map_or(1_490_000, |(_, salary)| *salary)
}

/// The percentage of the card's level paid on a route (MA_DOITUONG_KCB) on a day written yyyymmdd.
///
/// QĐ 3276/QĐ-BYT 2025, list 1: 1.13, 1.14 and 1.18 pay 50 from 2026-07-01 and nothing before.
pub fn route_rate(route: &str, day: u32, inpatient: bool) -> i64 {
    match route {
        "1.13" | "1.14" | "1.18" if day >= 20_260_701 => 50,
        "1.13" | "1.14" | "1.18" | "9" => 0,
        "3.1" if inpatient => 40,
        "3.1" => 0,
        _ => 100,
    }
}

/// The effective level (MUC_HUONG) of a visit from the card's percentage, the route and the money in scope.
///
/// Below 15 % of the base salary (strictly) nothing is shared on a right route; on a wrong route the rate
/// itself is paid (facts of TT 48/2017; NĐ 188/2025).
pub fn level(card_percent: i64, route: &str, day: u32, inpatient: bool, in_scope: Money) -> Level {
    let rate = route_rate(route, day, inpatient);
    if route == "1.2" {
        return Level::FULL; // QĐ 3276: the whole cost at the primary level, whatever the card says.
    }
    let small = in_scope.0 < base_salary(day) * 15; // hundredths of a đồng against 15 percent
    if small && card_percent > 0 { Level(rate * 10) } else { Level(card_percent * rate / 10) }
}

#[cfg(test)]
#[path = "money_tests.rs"]
mod tests;
