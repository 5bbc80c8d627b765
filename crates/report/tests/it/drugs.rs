//! The report of the store's month: rows about nobody, of one station, with what was there before; and a month that is closed.

use crate::house::{ALL, day, number, period, prepared, put, run, write};
use crate::reach::someone;
use yba_fhir::json::{Value, json};
use yba_report::{Library, Report, closing, listing, running};
use yba_testkit::{Kit, each_engine};

fn moved(id: &str, facility: &str, on: &str, cause: &str, units: u64) -> Value {
    json!({"resourceType": "SupplyDelivery", "id": id, "status": "completed",
        "meta": {"tag": [{"system": "https://yba.vn/fhir/CodeSystem/store-month", "code": format!("{facility}.{}", &on[..7])}]},
        "extension": [{"url": "https://yba.vn/fhir/StructureDefinition/stock-movement", "extension": [
            {"url": "cause", "valueCode": cause},
            {"url": "product", "valueCodeableConcept": {"text": "Paracetamol 500 mg",
                "coding": [{"system": "https://yba.vn/fhir/CodeSystem/essential-drugs", "code": "paracetamol-500"}]}},
            {"url": "lot", "valueString": "A12"}]}],
        "suppliedItem": {"quantity": {"value": units, "unit": "viên"}, "itemReference": {"reference": "Medication/lo"}},
        "occurrenceDateTime": on})
}

/// Opening, received, given, discarded, counted, closing.
async fn line(kit: &Kit, report: &Report, month: &str, facility: &str) -> String {
    let run = run(kit, report, month, Some(facility)).await;
    let columns = ["opening", "received", "given", "discarded", "counted", "closing"];
    let cells: Vec<String> =
        columns.iter().map(|column| number(report, &run, &format!("paracetamol_500.{column}"))).collect();
    cells.join(" ")
}

async fn store(kit: &Kit) {
    // A code of a facility may have points and hyphens itself.
    let all = [
        moved("m1", "tram-1.a", "2026-01-05", "received", 100),
        moved("m2", "tram-1.a", "2026-01-20", "given", 30),
        moved("m3", "tram-1.a", "2026-02-03", "given", 20),
        moved("m4", "tram-1.a", "2026-02-28", "surplus", 4),
        moved("m5", "tram-2", "2026-02-03", "received", 7),
    ];
    write(kit, all.into_iter().map(put).collect()).await;
}

fn report(library: &Library) -> &std::sync::Arc<Report> {
    library.report("monthly-drugs", day("2026-02-01")).unwrap()
}

#[tokio::test]
async fn what_was_there_came_and_went_is_counted_by_station() {
    each_engine(async |kit| {
        let library = prepared(&kit).await;
        let report = report(&library);
        store(&kit).await;
        assert_eq!(line(&kit, report, "2026-01", "tram-1.a").await, "0 100 30 0 0 70");
        assert_eq!(line(&kit, report, "2026-02", "tram-1.a").await, "70 0 20 0 4 54");
        assert_eq!(line(&kit, report, "2026-03", "tram-1.a").await, "54 0 0 0 0 54");
        assert_eq!(line(&kit, report, "2026-02", "tram-2").await, "0 7 0 0 0 7");
        let run = run(&kit, report, "2026-02", Some("tram-2")).await;
        let titles: Vec<&str> =
            report.shown(|at| run.cells[at]).into_iter().map(|row| report.rows[row].title.as_str()).collect();
        assert_eq!(titles, ["Paracetamol 500 mg (viên)", "Thuốc khác, ngoài danh mục"]);
    })
    .await;
}

#[tokio::test]
async fn behind_what_was_there_stand_the_movements_before() {
    each_engine(async |kit| {
        let library = prepared(&kit).await;
        let report = report(&library);
        store(&kit).await;
        let (own, other, nobody) = (
            someone(&kit, "station-staff", Some("tram-1.a")).await,
            someone(&kit, "station-staff", Some("tram-2")).await,
            someone(&kit, "citizen", None).await,
        );
        let behind = async |ctx, cell: &str| {
            let cell = report.cell(cell).unwrap();
            let (month, place) = (period("2026-02"), Some("tram-1.a"));
            let page =
                running::people_behind(&kit.records, ctx, report, month, place, cell, &ALL).await.ok()?;
            Some(page.rows.into_iter().map(|row| row.record).collect::<Vec<_>>())
        };
        assert_eq!(behind(&own, "paracetamol_500.opening").await.unwrap(), ["m1", "m2"]);
        assert_eq!(behind(&own, "paracetamol_500.given").await.unwrap(), ["m3"]);
        assert_eq!(behind(&own, "other.opening").await.unwrap(), [""; 0]);
        // A store names nobody: the role opens all of them to whoever works at a station, and to nobody else.
        assert_eq!(behind(&other, "paracetamol_500.given").await.unwrap(), ["m3"]);
        assert_eq!(behind(&nobody, "paracetamol_500.given").await, None);
        let register = library.register("drug-movements", day("2026-02-01")).unwrap();
        let days = Some((day("2026-01-01"), day("2026-02-28")));
        let rows =
            listing::list(&kit.records, &own, register, Some("tram-1.a"), days, &ALL).await.unwrap().rows;
        assert_eq!(rows.len(), 4);
        assert!(rows.iter().all(|row| row.patient.is_empty()));
    })
    .await;
}

#[tokio::test]
async fn a_closed_month_stays_and_what_is_taken_back_later_is_seen() {
    each_engine(async |kit| {
        let library = prepared(&kit).await;
        let (report, ctx, place) = (report(&library), kit.ctx(), Some("tram-1.a"));
        store(&kit).await;
        let seen = run(&kit, report, "2026-02", place).await.checksum;
        closing::close(&kit.records, &ctx, report, period("2026-02"), place, &seen).await.unwrap();
        // A list of drugs that grew since: a row with nothing in it changes nothing, one with something does.
        let standing = closing::standing(&kit.records, &ctx, report, period("2026-02"), place).await.unwrap();
        let mut older = standing.closed.unwrap();
        assert!(older.cells.iter().any(|(_, number)| number.is_zero()));
        older.cells.retain(|(_, number)| !number.is_zero());
        assert!(older.changes(report, &standing.now).is_empty());
        let (gone, _) = older.cells.pop().unwrap();
        let changes = older.changes(report, &standing.now);
        assert!(changes.len() == 1 && changes[0].cell == gone && changes[0].before.is_none(), "{changes:?}");

        write(&kit, vec![put(moved("m6", "tram-1.a", "2026-03-01", "given", 5))]).await;
        let now = closing::standing(&kit.records, &ctx, report, period("2026-02"), place).await.unwrap();
        assert!(
            now.changes.is_empty() && !now.is_other_data,
            "what goes out later is no matter of that month"
        );
        let mut back = moved("m2", "tram-1.a", "2026-01-20", "given", 30);
        back["status"] = json!("entered-in-error");
        write(&kit, vec![put(back)]).await;
        let now = closing::standing(&kit.records, &ctx, report, period("2026-02"), place).await.unwrap();
        let cells: Vec<&str> = now.changes.iter().map(|one| one.cell.as_str()).collect();
        assert_eq!(cells, ["paracetamol_500.opening", "paracetamol_500.closing"]);
    })
    .await;
}
