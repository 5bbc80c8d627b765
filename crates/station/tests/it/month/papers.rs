//! Reports and registers, and what they must say.

use super::{MONTH, typed};
use crate::house::{Answer, House, lines, main};
use crate::truth::Truth;
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

/// The lines of the register behind a number of a report, page after page.
async fn register(house: &House, slug: &str, cell: usize) -> Vec<Vec<String>> {
    let mut all = Vec::new();
    let mut address = format!("/bao-cao/{slug}/o/{cell}?ky={MONTH}");
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
    let sorted = |mut lines: Vec<Vec<String>>| {
        lines.sort();
        lines
    };
    let of =
        |row: Vec<String>, columns: &[usize]| columns.iter().map(|at| row[*at].clone()).collect::<Vec<_>>();
    let rows = register(house, "monthly-visits", 0).await;
    let rows = sorted(rows.into_iter().map(|row| of(row, &[0, 2, 4, 10])).collect());
    let visits = truth.visits.iter().map(|one| {
        vec![typed(one.day), one.person.name.clone(), typed(one.person.birth), one.icd.join("; ")]
    });
    assert_eq!(rows, sorted(visits.collect()), "the register of visits");
    // The line of all doses is the fifteenth of the report, of three columns.
    let rows = register(house, "monthly-immunisations", 14 * 3).await;
    let rows = sorted(rows.into_iter().map(|row| of(row, &[0, 1, 3, 7, 8])).collect());
    let doses = truth.doses.iter().map(|one| {
        let child = &one.child;
        vec![typed(one.day), child.name.clone(), typed(child.birth), one.cvx.clone(), one.number.to_string()]
    });
    assert_eq!(rows, sorted(doses.collect()), "the register of vaccinations");
    let rows = register(house, "monthly-births", 0).await;
    let rows = sorted(rows.into_iter().map(|row| of(row, &[0, 1, 10, 11, 16, 17])).collect());
    let births = truth.births.iter().map(|one| {
        let sex = if one.is_girl { "Nữ" } else { "Nam" };
        let numbers = [one.weeks.to_string(), one.parity.to_string(), sex.to_owned(), one.grams.to_string()];
        [typed(one.day), one.mother.name.clone()].into_iter().chain(numbers).collect()
    });
    assert_eq!(rows, sorted(births.collect()), "the register of births");
    let rows = register(house, "monthly-deaths", 0).await;
    let rows = sorted(rows.into_iter().map(|row| of(row, &[0, 1, 13])).collect());
    let deaths = truth
        .deaths
        .iter()
        .map(|one| vec![typed(one.day), one.person.name.clone(), (*one.chain.last().unwrap()).to_owned()]);
    assert_eq!(rows, sorted(deaths.collect()), "the register of deaths");
}
