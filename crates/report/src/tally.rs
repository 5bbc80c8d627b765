//! Rows become numbers: pure. A row is looked at once; each condition is asked once of it, whatever cells it serves.

use crate::condition::{environment, overflow};
use crate::grid::number;
use crate::register::Register;
use crate::report::{Counting, Plan, Programs, Report, What};
use crate::row::Row;
use sha2::{Digest, Sha256};
use std::collections::{HashMap, HashSet};
use yba_fhir::{Kind, Outcome};
use yba_fhirpath::Decimal;

/// Most rows that one report may look at: a month of a province with four million people.
pub(crate) const ROWS_MAX: usize = 5_000_000;

/// Counting under way.
pub(crate) struct Tally<'r> {
    report: &'r Report,
    numbers: Vec<Decimal>,
    people: Vec<HashSet<u32>>,
    /// Everybody met so far, by a number that is shorter than an id.
    known: HashMap<String, u32>,
    /// One for each row that counts somewhere.
    digests: Vec<[u8; 32]>,
    seen: usize,
    most: usize,
}

/// What was counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Counted {
    /// Row by row; none where the paper has no cell, or a formula no value.
    pub cells: Vec<Option<Decimal>>,
    /// Of the sources of all rows that count.
    pub checksum: String,
    /// How many rows count.
    pub rows: usize,
}

/// Which cells a row counts in: of the period, or of those that count what was `before` it.
pub(crate) fn cells_of(
    counting: &Counting,
    register: &Register,
    programs: &Programs,
    row: &Row,
    before: bool,
) -> Result<Vec<(usize, What, Option<Decimal>)>, Outcome> {
    let environment = environment(&register.columns, &programs.needs, row);
    let holds: Result<Vec<bool>, Outcome> =
        programs.conditions.iter().map(|condition| condition.holds(&environment)).collect();
    let holds = holds?;
    let mut sums = Vec::with_capacity(programs.sums.len());
    for sum in &programs.sums {
        let found = sum.find(&environment)?;
        let sum = found.iter().filter_map(number).try_fold(Decimal::ZERO, Decimal::checked_add);
        sums.push(sum.ok_or_else(overflow)?);
    }
    let counted =
        counting.tallies.iter().filter(|one| one.before == before && one.when.iter().all(|at| holds[*at]));
    Ok(counted
        .map(|one| {
            let amount = if let What::Sum(at) = one.what { sums.get(at).copied() } else { None };
            (one.cell, one.what, amount)
        })
        .collect())
}

/// Whether a row belongs into its register.
pub(crate) fn belongs(register: &Register, row: &Row) -> Result<bool, Outcome> {
    match &register.only {
        None => Ok(true),
        Some(only) => only.holds(&environment(&register.columns, &only.needs, row)),
    }
}

impl<'r> Tally<'r> {
    /// Nothing counted yet; refuses more rows than `most`.
    pub fn new(report: &'r Report, most: usize) -> Tally<'r> {
        let cells = report.cells.len();
        Tally {
            report,
            numbers: vec![Decimal::ZERO; cells],
            people: vec![HashSet::new(); cells],
            known: HashMap::new(),
            digests: Vec::new(),
            seen: 0,
            most,
        }
    }

    /// Counts a row of a register, in the period or `before` it. Refuses when there are too many, or an expression fails on it.
    pub fn add(
        &mut self,
        counting: &Counting,
        register: &Register,
        programs: &Programs,
        row: &Row,
        before: bool,
    ) -> Result<(), Outcome> {
        self.seen += 1;
        if self.seen > self.most {
            return Err(too_many(self.most));
        }
        let cells = cells_of(counting, register, programs, row, before)?;
        if cells.is_empty() {
            return Ok(());
        }
        self.digests.push(digest(&counting.slug, row));
        for (cell, what, amount) in cells {
            match what {
                What::Rows => self.numbers[cell] += Decimal::ONE,
                What::Sum(_) => {
                    let sum = self.numbers[cell].checked_add(amount.unwrap_or_default());
                    self.numbers[cell] = sum.ok_or_else(overflow)?;
                }
                What::People => {
                    // Somebody unknown is somebody.
                    let who =
                        if row.patient.is_empty() { format!("/{}", row.record) } else { row.patient.clone() };
                    let next = self.known.len() as u32;
                    let number = *self.known.entry(who).or_insert(next);
                    self.people[cell].insert(number);
                }
            }
        }
        Ok(())
    }

    /// The numbers, with the computed cells.
    pub fn finish(mut self) -> Result<Counted, Outcome> {
        let mut cells: Vec<Option<Decimal>> = vec![None; self.report.cells.len()];
        for (at, plan) in self.report.cells.iter().enumerate() {
            if matches!(plan, Plan::Count(_)) {
                let people = Decimal::from(self.people[at].len());
                cells[at] = Some((self.numbers[at] + people).normalize());
            }
        }
        for at in &self.report.order {
            if let Plan::Formula(formula) = &self.report.cells[*at] {
                cells[*at] = formula.value(&cells)?;
            }
        }
        self.digests.sort_unstable();
        let mut all = Sha256::new();
        self.digests.iter().for_each(|one| all.update(one));
        let checksum = all.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Counted { cells, checksum, rows: self.digests.len() })
    }
}

/// Of the versions that a row was made of.
fn digest(slug: &str, row: &Row) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(format!("{slug} {}\n", row.n));
    let mut sources: Vec<_> = row.sources.iter().collect();
    sources.sort_unstable();
    for one in sources {
        hash.update(format!("{}/{}@{}\n", one.kind, one.id, one.version));
    }
    hash.finalize().into()
}

fn too_many(most: usize) -> Outcome {
    let text = "Kỳ này có quá nhiều dòng để tính một lần. Hãy chọn một cơ sở hoặc kỳ ngắn hơn.";
    Outcome::new(Kind::TooMany, "report-rows", text, format!("more than {most} rows"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::library::Library;
    use crate::row::Origin;
    use yba_content::{Content, Day};
    use yba_fhir::json::Value;

    fn row(register: &Register, record: &str, patient: &str, version: &str) -> Row {
        let origin = Origin { kind: register.kind.clone(), id: record.into(), version: version.into() };
        let cells = vec![Value::default(); register.columns.len()];
        let (record, patient) = (record.to_owned(), patient.to_owned());
        Row {
            record,
            n: 0,
            day: Day::new(2026, 2, 3),
            facility: "a".into(),
            patient,
            cells,
            sources: vec![origin],
        }
    }

    fn counted(most: usize, rows: &[(&str, &str, &str)]) -> Result<(String, String), Outcome> {
        let library = Library::load(&Content::built_in()).expect("content is sound");
        let day = Day::new(2026, 2, 1).expect("a day");
        let report = library.report("monthly-visits", day).expect("it is there");
        let mut tally = Tally::new(report, most);
        let counting = &report.counted[0];
        let (register, programs) = counting.within(day, day).next().expect("an edition");
        for (record, patient, version) in rows {
            tally.add(counting, register, programs, &row(register, record, patient, version), false)?;
        }
        let counted = tally.finish()?;
        let number = |cell: &str| counted.cells[report.cell(cell).expect(cell)].map(|one| one.to_string());
        let numbers = ["visits.total", "people.total", "visits.female", "visits_a_person.total"].map(number);
        Ok((numbers.map(|one| one.unwrap_or("-".into())).join(" "), counted.checksum))
    }

    #[test]
    fn somebody_unknown_is_somebody_and_a_share_of_nothing_is_blank() {
        let numbers = |rows: &[(&str, &str, &str)]| counted(9, rows).map(|one| one.0).expect("counts");
        assert_eq!(numbers(&[]), "0 0 0 -");
        assert_eq!(
            numbers(&[("e", "p", "1"), ("f", "p", "1"), ("g", "", "1"), ("h", "", "1")]),
            "4 3 0 1.33"
        );
    }

    #[test]
    fn the_checksum_is_of_versions_in_whatever_order() {
        let sum = |rows: &[(&str, &str, &str)]| counted(9, rows).map(|one| one.1).expect("counts");
        let one = sum(&[("e", "p", "1"), ("f", "q", "1")]);
        assert_eq!(one, sum(&[("f", "q", "1"), ("e", "p", "1")]));
        assert_ne!(one, sum(&[("f", "q", "2"), ("e", "p", "1")]));
        assert_ne!(one, sum(&[("e", "p", "1")]));
    }

    #[test]
    fn more_rows_than_one_report_may_look_at_are_refused() {
        let rows = [("e", "p", "1"), ("f", "p", "1"), ("g", "p", "1")];
        assert!(counted(3, &rows).is_ok());
        assert_eq!(counted(2, &rows).expect_err("too many").kind, Kind::TooMany);
    }
}
