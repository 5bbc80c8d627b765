//! What an expression of a rule may name.

use yba_content::Day;
use yba_fhir::json::{Value, str_at};
use yba_fhirpath::temporal::Date;
use yba_fhirpath::{Environment, Item, Node};

use crate::case::{Case, Found};
use crate::compile::Compiled;

/// What every rule knows: `%patient`, `%entered`, `%beside`, `%today`, ages, `%disease`, and its tables.
pub(crate) fn of_case<'a>(
    compiled: &'a Compiled,
    case: &Case<'a>,
    disease: Option<&'a Value>,
) -> Environment<'a> {
    let nodes = |all: &'a [Value]| all.iter().map(|one| Item::Node(Node::root(one))).collect::<Vec<_>>();
    let today = case.today();
    let mut environment = Environment::at(case.now_ms);
    environment.assumed_offset = Some(environment.offset_minutes);
    environment.resource = Some(Node::root(case.patient));
    let whole = |number: Option<i64>| {
        number.and_then(|number| i32::try_from(number).ok()).map(Item::Integer).into_iter().collect()
    };
    let birth = str_at(case.patient, &["birthDate"]).unwrap_or_default();
    let age = Age::of(birth, today);
    environment = environment
        .with("patient", vec![Item::Node(Node::root(case.patient))])
        .with("entered", nodes(case.entered))
        .with("beside", nodes(case.beside))
        .with("today", Date::parse(&today.to_string()).map(Item::Date).into_iter().collect())
        .with("ageDays", whole(age.days))
        .with("ageMonths", whole(age.months))
        .with("ageYears", whole(age.years))
        .with("disease", disease.map(|one| Item::Node(Node::root(one))).into_iter().collect());
    for (name, rows) in &compiled.rule.tables {
        environment = environment.with(name, nodes(rows));
    }
    environment
}

/// The same with what the record answered. Each answer stands under the name that this rule gave it.
pub(crate) fn with_records<'a>(
    mut environment: Environment<'a>,
    compiled: &'a Compiled,
    found: &'a Found,
) -> Environment<'a> {
    for named in &compiled.rule.records {
        let records = found.of(&named.expression).unwrap_or_default();
        let items = records.iter().map(|one| Item::Node(Node::root(one))).collect();
        environment = environment.with(&named.name, items);
    }
    environment
}

/// How old somebody is, as far as their birth date says it.
struct Age {
    days: Option<i64>,
    months: Option<i64>,
    years: Option<i64>,
}

impl Age {
    fn of(birth: &str, today: Day) -> Age {
        if let Some(birth) = Day::parse(birth) {
            let days = today.days_since_epoch() - birth.days_since_epoch();
            let before = i64::from(today.day() < birth.day());
            let months = i64::from(today.year() - birth.year()) * 12 + i64::from(today.month())
                - i64::from(birth.month())
                - before;
            let known = |number: i64| (days >= 0).then_some(number);
            return Age { days: known(days), months: known(months), years: known(months.div_euclid(12)) };
        }
        // Of whom the year alone is known, what is surely reached: the youngest they can be.
        let year: Option<i64> = birth.get(..4).and_then(|year| year.parse().ok());
        let years = year.map(|year| i64::from(today.year()) - year - 1).filter(|years| *years >= 0);
        Age { days: None, months: None, years }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_counts_whole_months_and_says_nothing_that_a_birth_date_does_not() {
        let age = |birth: &str| {
            let age = Age::of(birth, Day::parse("2026-03-02").unwrap());
            (age.days, age.months, age.years)
        };
        assert_eq!(age("2026-01-02"), (Some(59), Some(2), Some(0)));
        assert_eq!(age("2026-01-03"), (Some(58), Some(1), Some(0)));
        assert_eq!(age("2025-12-31"), (Some(61), Some(2), Some(0)));
        assert_eq!(age("2016-03-03"), (Some(3651), Some(119), Some(9)));
        assert_eq!(age("1960"), (None, None, Some(65)));
        assert_eq!(age("1960-05"), (None, None, Some(65)));
        assert_eq!(age("2026"), (None, None, None));
        assert_eq!(age("2027-01-01"), (None, None, None));
        assert_eq!(age(""), (None, None, None));
    }
}
