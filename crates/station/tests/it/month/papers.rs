//! Reports and registers, and what they must say.

use super::MONTH;
use crate::house::{Answer, House, lines, main};
use crate::truth::{Truth, typed};
use axum::http::StatusCode;

/// The lines of a report as its CSV gives them, without the two of its head.
pub async fn report(house: &House, slug: &str) -> Vec<(String, Vec<String>)> {
    let answer: Answer = house.get(&format!("/bao-cao/{slug}/csv?ky={MONTH}")).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    // A title with a comma stands in quotes.
    let cells = |line: &str| {
        let end = line
            .strip_prefix('"')
            .and_then(|rest| rest.find('"'))
            .map_or_else(|| line.find(','), |at| Some(at + 2));
        let (title, cells) = line.split_at(end.unwrap_or(line.len()));
        (title.to_owned(), cells.split(',').skip(1).map(str::to_owned).collect())
    };
    answer.text.lines().skip(2).map(cells).collect()
}

/// The reports whose lines are always the same.
pub async fn reports(house: &House, truth: &Truth) {
    for (slug, lines) in [
        ("monthly-visits", truth.visits()),
        ("monthly-immunisations", truth.doses()),
        ("monthly-births", truth.births()),
        ("monthly-deaths", truth.deaths()),
    ] {
        let expected: Vec<(String, Vec<String>)> =
            lines.into_iter().map(|(title, cells)| (title.to_owned(), cells)).collect();
        assert_eq!(report(house, slug).await, expected, "{slug}");
    }
}

/// Where the lines behind a number of a report stand.
fn behind(slug: &str, cell: usize) -> String {
    format!("/bao-cao/{slug}/o/{cell}?ky={MONTH}")
}

/// Where a register of the month stands.
pub fn of_month(slug: &str) -> String {
    format!("/so/{slug}?ky={MONTH}")
}

/// That lines are those that the script says, in whatever order; else tells which are not.
pub fn same(said: Vec<Vec<String>>, expected: Vec<Vec<String>>, what: &str) {
    let (mut more, mut less) = (said, expected);
    less.retain(|line| match more.iter().position(|one| one == line) {
        Some(at) => {
            more.swap_remove(at);
            false
        }
        None => true,
    });
    assert!(more.is_empty() && less.is_empty(), "{what}: too many {more:#?}, missing {less:#?}");
}

/// Some cells of a line.
pub fn of(row: &[String], columns: &[usize]) -> Vec<String> {
    columns.iter().map(|at| row[*at].clone()).collect()
}

/// The lines of a register, page after page.
pub async fn register(house: &House, first: &str) -> Vec<Vec<String>> {
    let mut all = Vec::new();
    let mut address = first.to_owned();
    loop {
        let page = house.get(&address).await;
        assert_eq!(page.status, StatusCode::OK, "{}", main(&page.text));
        all.extend(lines(&page.text));
        let next = page
            .text
            .split("href=\"")
            .skip(1)
            .filter_map(|rest| rest.split('"').next())
            .find(|href| href.contains("sau="));
        match next {
            Some(next) => address = next.replace("&amp;", "&"),
            None => return all,
        }
    }
}

/// Every line of the registers, no more and no less.
pub async fn registers(house: &House, truth: &Truth) {
    let rows = register(house, &behind("monthly-visits", 0)).await;
    let rows = rows.into_iter().map(|row| of(&row, &[0, 2, 4, 8, 10, 12])).collect();
    let visits = truth.visits.iter().map(|one| {
        let (icd, end) = (one.icd.join("; "), one.end.words().to_owned());
        let reason = one.reason.to_owned();
        vec![typed(one.day), one.person.name.clone(), typed(one.person.birth), reason, icd, end]
    });
    same(rows, visits.collect(), "the register of visits");
    // The line of all doses is the fifteenth of the report, of three columns.
    let rows = register(house, &behind("monthly-immunisations", 14 * 3)).await;
    let rows = rows.into_iter().map(|row| of(&row, &[0, 1, 3, 7, 8, 9])).collect();
    let doses = truth.doses.iter().map(|one| {
        let (child, number, lot) = (&one.child, one.number.to_string(), one.lot.to_owned());
        vec![typed(one.day), child.name.clone(), typed(child.birth), one.cvx.clone(), number, lot]
    });
    same(rows, doses.collect(), "the register of vaccinations");
    let rows = register(house, &behind("monthly-births", 0)).await;
    let rows = rows.into_iter().map(|row| of(&row, &[0, 1, 10, 11, 16, 17])).collect();
    let births = truth.births.iter().map(|one| {
        let sex = if one.is_girl { "Nữ" } else { "Nam" };
        let numbers = [one.weeks.to_string(), one.parity.to_string(), sex.to_owned(), one.grams.to_string()];
        [typed(one.day), one.mother.name.clone()].into_iter().chain(numbers).collect()
    });
    same(rows, births.collect(), "the register of births");
    let rows = register(house, &behind("monthly-deaths", 0)).await;
    let rows = rows.into_iter().map(|row| of(&row, &[0, 1, 13])).collect();
    let deaths = truth
        .deaths
        .iter()
        .map(|one| vec![typed(one.day), one.person.name.clone(), (*one.chain.last().unwrap()).to_owned()]);
    same(rows, deaths.collect(), "the register of deaths");
}
