//! A month is closed, late data comes, the difference is shown, and a re-statement keeps its reason.

use crate::house::{
    day, diagnosis, monthly_visits, number, period, person, prepared, put, run, visit, write,
};
use yba_fhir::json::{JsonContainerTrait, JsonValueMutTrait, JsonValueTrait};
use yba_fhir::{Kind, Outcome};
use yba_records::{Change, Past};
use yba_report::closing::{EXPLANATION_MAX, RESTATED_MAX, close, closed, restate, standing};
use yba_report::listing::list;
use yba_report::{Report, csv};
use yba_testkit::{Kit, each_engine, records};

fn key<T>(done: Result<T, Outcome>) -> &'static str {
    done.err().map_or("", |refused| refused.issues[0].key)
}

async fn one_visit(kit: &Kit) {
    write(kit, vec![put(person("p", "female", "1990-01-01")), put(visit("e", "p", "a", "2026-02-03"))]).await;
}

async fn seen(kit: &Kit, report: &Report) -> String {
    run(kit, report, "2026-02", Some("a")).await.checksum
}

#[tokio::test]
async fn a_closed_month_changes_only_by_a_restatement_with_a_reason() {
    each_engine(async |kit| {
        let library = prepared(&kit).await;
        let (report, ctx, february, a) = (monthly_visits(&library), kit.ctx(), period("2026-02"), Some("a"));
        one_visit(&kit).await;
        assert_eq!(closed(&kit.records, &ctx, report, february, a).await.unwrap(), None);
        assert_eq!(
            key(restate(&kit.records, &ctx, report, february, a, "", "vì sao").await),
            "report-not-closed"
        );
        let checksum = seen(&kit, report).await;
        assert_eq!(key(close(&kit.records, &ctx, report, february, a, "cũ").await), "report-moved");
        assert_eq!(
            key(close(&kit.records, &ctx, report, period("2026-03"), a, &checksum).await),
            "report-not-over"
        );
        let first = close(&kit.records, &ctx, report, february, a, &checksum).await.unwrap();
        assert_eq!(
            (first.checksum.as_str(), first.by.as_str(), first.at.as_str()),
            (checksum.as_str(), "test-administrator", "2026-03-02T08:00:00.000+07:00")
        );
        assert!(first.cells.contains(&("visits.total".into(), 1.into())) && first.restated.is_empty());
        assert_eq!(closed(&kit.records, &ctx, report, february, a).await.unwrap(), Some(first.clone()));
        assert_eq!(key(close(&kit.records, &ctx, report, february, a, &checksum).await), "report-closed");
        assert_eq!(
            key(restate(&kit.records, &ctx, report, february, a, &checksum, "vì sao").await),
            "report-same"
        );
        // The same numbers of other versions: nothing to say, and it is known.
        write(&kit, vec![put(person("p", "female", "1990-01-02"))]).await;
        let now = standing(&kit.records, &ctx, report, february, a).await.unwrap();
        assert!(now.changes.is_empty() && now.is_other_data);
        // Late data.
        write(
            &kit,
            vec![put(visit("late", "p", "a", "2026-02-27")), put(diagnosis("d", "p", "late", "I10"))],
        )
        .await;
        let now = standing(&kit.records, &ctx, report, february, a).await.unwrap();
        let changes: Vec<String> = now
            .changes
            .iter()
            .map(|one| {
                format!(
                    "{} {:?} {:?}",
                    one.cell,
                    one.before.map(|n| n.to_string()),
                    one.after.map(|n| n.to_string())
                )
            })
            .collect();
        assert!(changes.contains(&r#"visits.total Some("1") Some("2")"#.to_owned()), "{changes:?}");
        assert!(changes.contains(&r#"hypertension.female Some("0") Some("1")"#.to_owned()), "{changes:?}");
        assert_eq!(now.closed.as_ref(), Some(&first), "what is closed stays");
        for explanation in ["", "  ", &"x".repeat(EXPLANATION_MAX + 1)] {
            assert_eq!(
                key(restate(&kit.records, &ctx, report, february, a, &now.now.checksum, explanation).await),
                "report-explanation"
            );
        }
        assert_eq!(
            key(restate(&kit.records, &ctx, report, february, a, &checksum, "trễ").await),
            "report-moved"
        );
        kit.advance_ms(3_600_000);
        let second =
            restate(&kit.records, &ctx, report, february, a, &now.now.checksum, " Trạm gửi phiếu trễ ")
                .await
                .unwrap();
        assert_eq!((second.id.as_str(), second.restated.len()), (first.id.as_str(), 1));
        let said = &second.restated[0];
        assert_eq!(
            (said.explanation.as_str(), said.before.as_str()),
            ("Trạm gửi phiếu trễ", first.version.as_str())
        );
        assert_eq!(said.changes, now.changes);
        assert!(said.at.starts_with("2026-03-02T09:00"));
        let now = standing(&kit.records, &ctx, report, february, a).await.unwrap();
        assert!(now.changes.is_empty() && !now.is_other_data);
        let past = kit.records.history(&ctx, &Past::of_record("MeasureReport", &first.id, 10)).await.unwrap();
        assert_eq!(past.len(), 2, "the first version is kept");
        let tree = past[0].version.tree();
        assert_eq!(tree["group"].as_array().unwrap().len(), report.rows.len());
        assert_eq!(tree["reporter"]["reference"].as_str(), Some("Organization/a"));
        // Of all facilities together it is another report.
        assert_eq!(closed(&kit.records, &ctx, report, february, None).await.unwrap(), None);
    })
    .await;
}

#[tokio::test]
async fn a_row_that_cannot_be_computed_is_told_and_does_not_stop_the_report() {
    each_engine(async |kit| {
        let library = prepared(&kit).await;
        let report = monthly_visits(&library);
        one_visit(&kit).await;
        // A typing mistake of eight thousand years: the day on which this person comes of age is not a date any more.
        let far = vec![put(person("far", "male", "9995-01-01")), put(visit("x", "far", "a", "2026-02-04"))];
        write(&kit, far).await;
        let found = run(&kit, report, "2026-02", Some("a")).await;
        assert_eq!(found.faulty, 1);
        assert_eq!(number(report, &found, "visits.total"), "1", "the others count");
    })
    .await;
}

#[tokio::test]
async fn a_report_is_not_restated_for_ever() {
    let kit = records();
    let library = prepared(&kit).await;
    let (report, ctx, february, a) = (monthly_visits(&library), kit.ctx(), period("2026-02"), Some("a"));
    one_visit(&kit).await;
    close(&kit.records, &ctx, report, february, a, &seen(&kit, report).await).await.unwrap();
    for turn in 0..=RESTATED_MAX {
        write(&kit, vec![put(visit(&format!("v{turn}"), "p", "a", "2026-02-05"))]).await;
        let checksum = seen(&kit, report).await;
        let done = restate(&kit.records, &ctx, report, february, a, &checksum, "thêm").await;
        match turn < RESTATED_MAX {
            true => assert_eq!(done.unwrap().restated.len(), turn + 1),
            false => assert_eq!(done.unwrap_err().kind, Kind::TooMany),
        }
    }
}

#[tokio::test]
async fn what_has_no_day_or_no_person_is_said_and_not_lost() {
    each_engine(async |kit| {
        let library = prepared(&kit).await;
        let report = monthly_visits(&library);
        one_visit(&kit).await;
        let mut alone = visit("f", "p", "a", "2026-02-03");
        alone.as_object_mut().unwrap().remove(&"subject");
        write(
            &kit,
            vec![put(visit("g", "p", "a", "2026")), put(alone), put(visit("h", "p", "a", "2026-02"))],
        )
        .await;
        let run = run(&kit, report, "2026-02", Some("a")).await;
        assert_eq!(
            (number(report, &run, "visits.total"), number(report, &run, "people.total")),
            ("3".into(), "2".into())
        );
        assert_eq!((run.undated, run.faulty), (1, 0));
        let register = crate::house::visits(&library);
        let undated =
            list(&kit.records, &kit.ctx(), register, Some("a"), None, &crate::house::ALL).await.unwrap();
        assert_eq!(
            undated.rows.iter().map(|row| (row.record.as_str(), row.day)).collect::<Vec<_>>(),
            [("g", None)]
        );
        let mut text = String::new();
        csv::report(report, period("2026-02"), |at| run.cells[at], &mut text);
        assert!(text.starts_with("\"Hoạt động khám chữa bệnh (4/BCX), tháng 2/2026\"\r\n"), "{text}");
        assert!(text.contains("\r\nTổng số lượt khám,3,2,0,0,0\r\n"), "{text}");
        assert_eq!(period("2026-02").due(report.due), day("2026-03-06"));
    })
    .await;
}

#[tokio::test]
async fn a_row_as_csv_says_words_for_codes() {
    let kit = records();
    let library = prepared(&kit).await;
    one_visit(&kit).await;
    write(&kit, vec![Change::delete("Encounter", "none"), put(diagnosis("d", "p", "e", "I10"))]).await;
    let register = crate::house::visits(&library);
    let days = Some((day("2026-02-01"), day("2026-02-28")));
    let page = list(&kit.records, &kit.ctx(), register, Some("a"), days, &crate::house::ALL).await.unwrap();
    let mut text = String::new();
    csv::head(register, &mut text);
    csv::rows(register, &page.rows, 1, &mut text);
    assert_eq!(
        text,
        "STT,Ngày,Lúc đến,Họ và tên,Giới,Ngày sinh,Dân tộc,Địa chỉ,Hình thức,\"Triệu chứng, lý do đến khám\",Chẩn đoán,ICD-10,Người khám,\"Ra viện, chuyển viện\"\r\n\
         1,03/02/2026,2026-02-03,Người Thử p,Nữ,1990-01-01,,,Ngoại trú,,I10,I10,,\r\n"
    );
}

#[tokio::test]
async fn a_record_with_endless_words_stands_in_no_row_and_is_told() {
    let kit = records();
    let library = prepared(&kit).await;
    one_visit(&kit).await;
    let register = crate::house::visits(&library);
    let mut wordy = visit("w", "p", "a", "2026-02-04");
    for (length, rows, faults) in [(60_000, 2, 0), (70_000, 1, 1)] {
        wordy["reasonCode"] = yba_fhir::json::json!([{"text": "x".repeat(length)}]);
        write(&kit, vec![put(wordy.clone())]).await;
        let run = run(&kit, monthly_visits(&library), "2026-02", Some("a")).await;
        assert_eq!((run.rows, run.faulty), (rows, faults));
        let faulty = yba_report::listing::faulty(&kit.records, &kit.ctx(), register).await.unwrap();
        assert!(faulty.iter().all(|one| one.id == "w" && one.reason.contains("64 KB")));
    }
}
