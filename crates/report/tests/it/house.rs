//! A node with the registers of content, and small records of invented people.

use std::sync::Arc;
use yba_content::Content;
use yba_fhir::json::{Value, json};
use yba_fhir::{Day, Resource};
use yba_records::{Change, Ctx};
use yba_report::listing::{self, Window};
use yba_report::{Library, Period, Register, Report, Run, follower, running};
use yba_testkit::Kit;

pub const ALL: Window<'static> = Window { count: 500, after: None };

pub fn library() -> Arc<Library> {
    Arc::new(Library::load(&Content::built_in()).unwrap())
}

/// A node whose registers are followed.
pub async fn prepared(kit: &Kit) -> Arc<Library> {
    let library = library();
    follower::prepare(&kit.records, library.clone()).await.unwrap();
    library
}

pub fn put(tree: Value) -> Change {
    Change::put(Resource::from_value(tree).unwrap())
}

pub async fn write(kit: &Kit, changes: Vec<Change>) {
    kit.records.transact(&kit.ctx(), changes).await.unwrap();
}

pub fn person(id: &str, gender: &str, birth: &str) -> Value {
    json!({"resourceType": "Patient", "id": id, "name": [{"text": format!("Người Thử {id}")}],
        "gender": gender, "birthDate": birth})
}

pub fn visit(id: &str, patient: &str, facility: &str, start: &str) -> Value {
    json!({"resourceType": "Encounter", "id": id, "status": "finished", "class": {"code": "AMB"},
        "subject": {"reference": format!("Patient/{patient}")}, "period": {"start": start},
        "serviceProvider": {"reference": format!("Organization/{facility}")}})
}

pub fn diagnosis(id: &str, patient: &str, visit: &str, icd: &str) -> Value {
    json!({"resourceType": "Condition", "id": id, "subject": {"reference": format!("Patient/{patient}")},
        "encounter": {"reference": format!("Encounter/{visit}")},
        "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10", "code": icd}], "text": icd}})
}

pub fn day(text: &str) -> Day {
    Day::parse(text).unwrap()
}

pub fn period(text: &str) -> Period {
    Period::parse(text).unwrap()
}

pub fn visits(library: &Library) -> &Arc<Register> {
    library.register("outpatient-visits", day("2026-02-01")).unwrap()
}

pub fn monthly_visits(library: &Library) -> &Arc<Report> {
    library.report("monthly-visits", day("2026-02-01")).unwrap()
}

/// The visits of a facility in February 2026 as somebody sees them: record and name.
pub async fn listed(
    kit: &Kit,
    library: &Library,
    ctx: &Ctx,
    facility: Option<&str>,
) -> Vec<(String, String)> {
    let register = visits(library);
    let name = register.column("name").unwrap();
    let days = Some((day("2026-02-01"), day("2026-02-28")));
    let page = listing::list(&kit.records, ctx, register, facility, days, &ALL).await.unwrap();
    page.rows.iter().map(|row| (row.record.clone(), row.text(name))).collect()
}

pub async fn run(kit: &Kit, report: &Report, month: &str, facility: Option<&str>) -> Run {
    running::run(&kit.records, &kit.ctx(), report, period(month), facility).await.unwrap()
}

/// A number, by the name of its cell.
pub fn number(report: &Report, run: &Run, cell: &str) -> String {
    run.cells[report.cell(cell).unwrap()].map_or(String::new(), |number| number.to_string())
}
