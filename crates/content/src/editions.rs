//! Editions of one thing: in the order of their first days, each until the next begins.

use yba_fhir::Day;

use crate::problem::Report;

/// A file whose name is its first day in force.
pub(crate) trait Dated {
    fn path(&self) -> &str;
    fn from(&self) -> Day;
    fn end(&mut self, last: Day);
}

/// Sorts editions and ends each the day before the next; two of one day, of which nobody could say which holds, are told.
pub(crate) fn in_order(editions: &mut [impl Dated], report: &mut Report) {
    editions.sort_by_key(Dated::from);
    for at in 1..editions.len() {
        let from = editions[at].from();
        if from == editions[at - 1].from() {
            report.add(editions[at].path(), 0, "hai bản cùng ngày bắt đầu");
        }
        editions[at - 1].end(from.plus_days(-1));
    }
}
