//! The worked examples of the claim columns, and what must hold for every line.

use super::*;

const DAY: u32 = 20_261_116;

fn drug(quantity: i64, price: &str, rate: i64) -> Priced {
    let price = Milli::parse(price).unwrap();
    Priced {
        quantity: Milli::whole(quantity),
        price,
        price_insured: price,
        service_rate: 100,
        insured_rate: rate,
        others: Money(0),
    }
}

fn service(price: &str, service_rate: i64) -> Priced {
    Priced { service_rate, ..drug(1, price, 100) }
}

fn example_1(level: Level) -> Totals {
    let drugs = [drug(14, "1250", 100), drug(28, "12345.5", 50)].map(|l| split(&l, level));
    let services = [("45000", 100), ("45000", 30), ("49700", 100), ("73300", 100), ("58600", 100)];
    totals(&drugs, &services.map(|(price, rate)| split(&service(price, rate), level)))
}

fn says(money: Money, text: &str) {
    assert_eq!(money.to_string(), text);
}

#[test]
fn example_1_outpatient_at_the_registered_facility_at_80_percent() {
    let level = level(80, "1.1", DAY, false, Money(43_043_700));
    assert_eq!(level.to_string(), "80");
    let t = example_1(level);
    says(t.drugs, "363174.00");
    says(t.total, "603274.00");
    says(t.in_scope, "430437.00");
    says(t.patient, "172837.00");
    says(t.copay, "86087.40");
    says(t.fund, "344349.60");
    says(t.fund_by_service, "344349.60");
    says(t.patient + t.copay + t.fund + t.others, "603274.00");
}

#[test]
fn example_1_lines_split_as_printed() {
    let line = split(&drug(28, "12345.5", 50), Level(800));
    says(line.total, "345674.00");
    says(line.in_scope, "172837.00");
    says(line.patient, "172837.00");
    says(line.copay, "34567.40");
    says(line.fund, "138269.60");
    let exam = split(&service("45000", 30), Level(800));
    says(exam.total, "13500.00");
    says(exam.copay, "2700.00");
}

#[test]
fn example_2_below_15_percent_nothing_is_shared() {
    let level = level(80, "1.1", DAY, false, Money(11_220_000));
    assert_eq!(level, Level::FULL);
    let drugs = [split(&drug(14, "1250", 100), level)];
    let t = totals(&drugs, &[split(&service("45000", 100), level), split(&service("49700", 100), level)]);
    says(t.fund, "112200.00");
    says(t.copay, "0.00");
}

#[test]
fn example_3_self_presenting_at_the_former_province_hospital_pays_half() {
    let level = level(80, "1.14", DAY, false, Money(43_043_700));
    assert_eq!(level.to_string(), "40");
    let t = example_1(level);
    says(t.copay, "258262.20");
    says(t.fund, "172174.80");
    assert_eq!(super::level(80, "1.14", 20_260_630, false, Money(43_043_700)), Level(0));
}

#[test]
fn example_4_decimals_and_half_percents() {
    let line = split(&drug(3, "33333.333", 100), Level(475));
    says(line.total, "100000.00");
    says(line.fund, "47500.00");
    says(line.copay, "52500.00");
    assert_eq!(level(95, "1.14", DAY, false, Money(50_000_000)).to_string(), "47.5");
    assert_eq!(Level(475).rounded().to_string(), "48");
}

#[test]
fn example_5_a_donor_pays_first_for_what_is_outside_the_scope() {
    let line = split(&Priced { others: Money(25_000_000), ..drug(28, "12345.5", 50) }, Level(800));
    says(line.patient, "0.00");
    says(line.copay, "0.00");
    says(line.fund, "95674.00");
    assert_eq!(line.patient + line.copay + line.fund + line.others, line.total);
}

#[test]
fn the_limit_is_strict_and_moves_with_the_salary() {
    let limit = Money(2_530_000 * 15);
    assert_eq!(level(80, "1.1", DAY, false, limit), Level(800));
    assert_eq!(level(80, "1.1", DAY, false, limit - Money(1)), Level::FULL);
    assert_eq!((base_salary(20_260_630), base_salary(20_240_630)), (2_340_000, 1_800_000));
}

#[test]
fn numbers_are_written_shortest_and_read_back() {
    for text in ["14", "12345.5", "33333.333", "0.5", "7"] {
        assert_eq!(Milli::parse(text).unwrap().to_string(), text);
    }
    for bad in ["1.2345", "a", "1,5", "1.x", ""] {
        assert_eq!(Milli::parse(bad), None, "{bad}");
    }
    says(Money(-5), "-0.05");
}
