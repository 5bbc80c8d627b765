//! Who sees which rows, and who gets numbers: what is shown and what is refused.

use crate::house::{
    ALL, day, diagnosis, library, listed, monthly_visits, number, period, person, prepared, put, visit,
    visits, write,
};
use std::sync::Arc;
use yba_auth::Grant;
use yba_content::Content;
use yba_fhir::json::json;
use yba_fhir::{Kind, Outcome};
use yba_records::gate::{Attempt, NewAccount, Origin};
use yba_records::{Ctx, Gate, Scope};
use yba_report::listing::{self, LOOKED_AT_MAX, Window};
use yba_report::{Library, closing, running, statement};
use yba_store::{Statement, Value};
use yba_testkit::{Kit, each_engine, records};

const PASSWORD: &str = "bốn bức tường trắng";

fn from() -> Origin {
    Origin { address: "10.0.0.1".into(), request_id: "r".into() }
}

/// Somebody with a role at a facility, or everywhere.
pub async fn someone(kit: &Kit, role: &str, facility: Option<&str>) -> Ctx {
    let gate = Gate::open(kit.records.clone(), Arc::new(Content::built_in()), &[7; 32]).await.unwrap();
    let grant = Grant { organization: facility.map(str::to_owned), ..Grant::new(role, gate.today()) };
    let login = format!("{role}.{}", facility.unwrap_or("tinh"));
    let typed =
        NewAccount {
            login: login.clone(), name: "Thử".into(), roles: vec![grant], ..NewAccount::default()
        };
    let (_, link) = gate.create(&kit.ctx(), &typed).await.unwrap();
    gate.set_password_by_link(&link.0, PASSWORD, None, &from()).await.unwrap();
    let attempt = Attempt { login, password: PASSWORD.into(), device: None, origin: from() };
    let came = gate.sign_in(attempt).await.unwrap();
    let visitor = gate.visitor(&came.session.0, &from()).await.unwrap();
    gate.ctx(&visitor, "test", "r")
}

fn kind<T>(done: Result<T, Outcome>) -> Option<Kind> {
    done.err().map(|refused| refused.kind)
}

/// Two people at two stations; a visit of each in February, one of them with a diagnosis that is sensitive.
async fn two_stations(kit: &Kit) {
    let mut hidden = diagnosis("dh", "p", "e", "B20");
    hidden["meta"] =
        json!({"security": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "PSY"}]});
    write(
        kit,
        vec![
            put(person("p", "female", "1990-01-01")),
            put(person("q", "male", "2020-01-01")),
            put(visit("e", "p", "a", "2026-02-03")),
            put(visit("f", "q", "b", "2026-02-04")),
            put(diagnosis("d", "p", "e", "I10")),
            put(hidden),
        ],
    )
    .await;
}

async fn numbers(kit: &Kit, library: &Library, ctx: &Ctx, facility: Option<&str>) -> Result<String, Outcome> {
    let report = monthly_visits(library);
    let run = running::run(&kit.records, ctx, report, period("2026-02"), facility).await?;
    Ok(number(report, &run, "visits.total"))
}

#[tokio::test]
async fn rows_are_of_people_within_reach_and_numbers_of_ones_own_station() {
    each_engine(async |kit| {
        let library = prepared(&kit).await;
        two_stations(&kit).await;
        let (at_a, everywhere) =
            (someone(&kit, "station-staff", Some("a")).await, someone(&kit, "epidemiologist", None).await);
        let (director, citizen) =
            (someone(&kit, "director", None).await, someone(&kit, "citizen", None).await);
        let ids = async |ctx: &Ctx, facility: Option<&str>| -> Vec<String> {
            listed(&kit, &library, ctx, facility).await.into_iter().map(|(id, _)| id).collect()
        };
        assert_eq!(ids(&at_a, Some("a")).await, ["e"]);
        assert_eq!(ids(&at_a, Some("b")).await, [""; 0]);
        assert_eq!(ids(&at_a, None).await, ["e"]);
        assert_eq!(ids(&kit.ctx(), None).await, ["e", "f"]);
        let of_all = someone(&kit, "station-staff", None).await;
        assert_eq!(ids(&of_all, None).await, ["e", "f"]);
        assert_eq!(numbers(&kit, &library, &of_all, None).await.unwrap(), "2");
        assert_eq!(numbers(&kit, &library, &at_a, Some("a")).await.unwrap(), "1");
        for facility in [Some("b"), None, Some("")] {
            assert_eq!(
                kind(numbers(&kit, &library, &at_a, facility).await),
                Some(Kind::Forbidden),
                "{facility:?}"
            );
        }
        // The trail of a half signed-in person is another test's: these two have a second factor, so they are nobody yet.
        for nobody in [&everywhere, &director] {
            assert_eq!(kind(numbers(&kit, &library, nobody, None).await), Some(Kind::Unauthenticated));
        }
        for refused in
            [citizen, Ctx::stranger("test"), kit.ctx().with_scope(Scope::Patients(vec!["p".into()]))]
        {
            let found = kind(numbers(&kit, &library, &refused, Some("a")).await);
            assert!(matches!(found, Some(Kind::Forbidden | Kind::Unauthenticated)), "{found:?}");
        }
        let few = kit.ctx().with_scope(Scope::Patients(vec!["q".into()]));
        assert_eq!(ids(&few, None).await, ["f"], "a narrowed call sees the rows of its people");
    })
    .await;
}

#[tokio::test]
async fn what_is_hidden_of_somebody_is_counted_and_neither_shown_nor_told_by_a_row() {
    each_engine(async |kit| {
        let library = prepared(&kit).await;
        two_stations(&kit).await;
        let at_a = someone(&kit, "station-staff", Some("a")).await;
        let (report, register) = (monthly_visits(&library), visits(&library));
        let icd = register.column("icd").unwrap();
        let days = Some((day("2026-02-01"), day("2026-02-28")));
        let page = listing::list(&kit.records, &at_a, register, Some("a"), days, &ALL).await.unwrap();
        assert_eq!(page.rows[0].text(icd), "I10");
        let page = listing::list(&kit.records, &kit.ctx(), register, Some("a"), days, &ALL).await.unwrap();
        assert_eq!(page.rows[0].text(icd), "I10; B20");
        // A visit whose only diagnosis is hidden: it stands in the number and not behind it.
        let mut hidden = diagnosis("dz", "p", "g", "I11");
        hidden["meta"] = json!({"security": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "PSY"}]});
        write(&kit, vec![put(visit("g", "p", "a", "2026-02-05")), put(hidden)]).await;
        let run = running::run(&kit.records, &at_a, report, period("2026-02"), Some("a")).await.unwrap();
        assert_eq!(number(report, &run, "hypertension.total"), "2");
        let behind = async |ctx: &Ctx, cell: &str| {
            let cell = report.cell(cell).unwrap();
            running::people_behind(&kit.records, ctx, report, period("2026-02"), Some("a"), cell, &ALL).await
        };
        let page = behind(&at_a, "hypertension.total").await.unwrap();
        assert_eq!(page.rows.iter().map(|row| row.record.as_str()).collect::<Vec<_>>(), ["e"]);
        let page = behind(&kit.ctx(), "hypertension.total").await.unwrap();
        assert_eq!((page.rows.len(), page.withheld), (2, false));
        // A person who shuts the station out stays in its number.
        let consent = json!({"resourceType": "Consent", "id": "c", "status": "active",
            "scope": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/consentscope", "code": "patient-privacy"}]},
            "category": [{"coding": [{"system": "http://loinc.org", "code": "59284-0"}]}],
            "policyRule": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "OPTIN"}]},
            "patient": {"reference": "Patient/p"},
            "provision": {"type": "deny", "actor": [{"role": {"text": "x"}, "reference": {"reference": "Organization/a"}}]}});
        write(&kit, vec![put(consent)]).await;
        let page = behind(&at_a, "visits.total").await.unwrap();
        assert_eq!((page.rows.len(), page.withheld), (0, true));
        assert_eq!(numbers(&kit, &library, &at_a, Some("a")).await.unwrap(), "2");
        assert_eq!(listed(&kit, &library, &at_a, Some("a")).await, []);
    })
    .await;
}

#[tokio::test]
async fn every_look_is_in_the_trail_with_the_people_shown() {
    let kit = records();
    let library = prepared(&kit).await;
    two_stations(&kit).await;
    let at_a = someone(&kit, "station-staff", Some("a")).await;
    listed(&kit, &library, &at_a, None).await;
    let _ = numbers(&kit, &library, &at_a, Some("b")).await;
    let (register, days) = (visits(&library), (day("2026-01-01"), day("2026-12-31")));
    let whole = |most| listing::whole(&kit.records, &at_a, register, None, days, most);
    assert_eq!(whole(500).await.unwrap().len(), listed(&kit, &library, &at_a, None).await.len());
    assert_eq!(whole(0).await.unwrap_err().kind, yba_fhir::Kind::Unprocessable);
    kit.records.trail().sync();
    let folder = kit.records.trail().folder().to_owned();
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let logs = files.filter(|path| path.extension().is_some_and(|end| end == "log"));
    let text: String = logs.map(|path| std::fs::read_to_string(path).unwrap()).collect();
    let lines: Vec<&str> = text.lines().filter(|line| line.contains("account/")).collect();
    assert!(
        lines
            .iter()
            .any(|line| line.contains(r#""action":"register""#) && line.contains(r#""patients":["p"]"#))
    );
    assert!(lines.iter().any(|line| {
        line.contains(r#""action":"register-export""#) && line.contains(r#""patients":["p"]"#)
    }));
    assert!(
        lines.iter().any(|line| line.contains(r#""action":"report""#) && line.contains(r#""refused":true"#))
    );
}

#[tokio::test]
async fn pages_follow_each_other_and_a_computed_cell_has_none() {
    each_engine(async |kit| {
        let library = prepared(&kit).await;
        let all = (0..7).flat_map(|n| {
            let (person, visit) = (
                person(&format!("p{n}"), "male", "2000-01-01"),
                visit(
                    &format!("e{n}"),
                    &format!("p{n}"),
                    ["a", "b"][n % 2],
                    &format!("2026-02-{:02}", 20 - n),
                ),
            );
            [put(person), put(visit)]
        });
        write(&kit, all.collect()).await;
        let (report, ctx) = (monthly_visits(&library), kit.ctx());
        let cell = report.cell("visits.total").unwrap();
        for facility in [None, Some("a")] {
            let (mut seen, mut after): (Vec<String>, Option<String>) = (Vec::new(), None);
            for _ in 0..9 {
                let window = Window { count: 2, after: after.as_deref() };
                let page = running::people_behind(
                    &kit.records,
                    &ctx,
                    report,
                    period("2026-02"),
                    facility,
                    cell,
                    &window,
                )
                .await
                .unwrap();
                assert!(page.rows.len() <= 2);
                seen.extend(page.rows.into_iter().map(|row| row.record));
                after = page.next;
                if after.is_none() {
                    break;
                }
            }
            let expected: &[&str] = if facility.is_none() {
                &["e6", "e4", "e2", "e0", "e5", "e3", "e1"]
            } else {
                &["e6", "e4", "e2", "e0"]
            };
            assert_eq!(seen, expected);
        }
        let behind = async |cell: usize, after: Option<&str>| {
            let window = Window { count: 2, after };
            running::people_behind(&kit.records, &ctx, report, period("2026-02"), None, cell, &window).await
        };
        let computed = behind(report.cell("visits_a_person.total").unwrap(), None).await.unwrap_err();
        assert!(
            computed.issues[0].text.contains("visits.total, people.total")
                || computed.issues[0].text.contains("people.total")
        );
        assert_eq!(kind(behind(9999, None).await), Some(Kind::NotFound));
        assert_eq!(kind(behind(report.cell("antenatal.female").unwrap(), None).await), Some(Kind::NotFound));
        for wrong in ["", "x", "0/1/2/3", "0/a/0/e/a", "0/1/b/e/a"] {
            assert_eq!(kind(behind(cell, Some(wrong)).await), Some(Kind::Invalid), "{wrong}");
        }
        assert_eq!(library.register("khong-co", day("2026-02-01")).map(|one| one.from), None);
        assert!(library.report("monthly-visits", day("2019-02-01")).is_none());
    })
    .await;
}

/// Makes each row of a table many, under other numbers, without going through the door.
async fn many(kit: &Kit, table: &str, columns: &str, doublings: u32) {
    for turn in 0..doublings {
        let sql = format!(
            "INSERT INTO {table} (view, record, n, {columns}) SELECT view, record, n + ?1, {columns} FROM {table}"
        );
        kit.store().keep(vec![Statement::new(sql, vec![Value::Int(1 << turn)])]).await.unwrap();
    }
}

#[tokio::test]
async fn who_reaches_few_of_very_many_gets_an_empty_page_with_a_next_one() {
    let kit = records();
    let library = prepared(&kit).await;
    two_stations(&kit).await;
    let few = kit.ctx().with_scope(Scope::Patients(vec!["p".into()]));
    assert_eq!(listed(&kit, &library, &few, Some("b")).await, []);
    many(&kit, "report_row", "version, day, facility, patient, cells", 15).await;
    const { assert!(LOOKED_AT_MAX < 1 << 15) };
    let days = Some((day("2026-02-01"), day("2026-02-28")));
    let register = visits(&library);
    let page = listing::list(&kit.records, &few, register, Some("b"), days, &ALL).await.unwrap();
    assert!(page.rows.is_empty() && page.next.is_some() && !page.withheld);
    let window = Window { count: 500, after: page.next.as_deref() };
    let page = listing::list(&kit.records, &few, register, Some("b"), days, &window).await.unwrap();
    assert!(page.rows.is_empty() && page.next.is_none());
}

#[tokio::test]
async fn a_row_on_which_too_much_hangs_is_refused() {
    let kit = records();
    let library = prepared(&kit).await;
    two_stations(&kit).await;
    assert_eq!(listed(&kit, &library, &kit.ctx(), Some("a")).await.len(), 1);
    many(&kit, "report_part", "version, key, cells", 16).await;
    let days = Some((day("2026-02-01"), day("2026-02-28")));
    let refused = listing::list(&kit.records, &kit.ctx(), visits(&library), Some("a"), days, &ALL).await;
    assert_eq!(kind(refused), Some(Kind::TooMany));
}

#[tokio::test]
async fn a_station_closes_its_own_month_and_no_other() {
    each_engine(async |kit| {
        let library = prepared(&kit).await;
        two_stations(&kit).await;
        let at_a = someone(&kit, "station-staff", Some("a")).await;
        let nurse = someone(&kit, "nurse", Some("a")).await;
        let report = monthly_visits(&library);
        let february = period("2026-02");
        let seen =
            running::run(&kit.records, &kit.ctx(), report, february, Some("a")).await.unwrap().checksum;
        let close = async |ctx: &Ctx, facility| {
            closing::close(&kit.records, ctx, report, february, facility, &seen).await
        };
        assert_eq!(kind(close(&at_a, Some("b")).await), Some(Kind::Forbidden));
        assert_eq!(kind(close(&at_a, None).await), Some(Kind::Forbidden));
        assert_eq!(kind(close(&nurse, Some("a")).await), Some(Kind::Forbidden));
        assert_eq!(kind(close(&Ctx::stranger("test"), Some("a")).await), Some(Kind::Unauthenticated));
        // Nor by a plain write: of another station before it closes, of the own one after.
        let forged = |id: &str| {
            put(json!({"resourceType": "MeasureReport", "id": id, "status": "complete", "type": "summary",
                "measure": "https://yba.vn/fhir/Measure/monthly-visits", "date": "2026-03-01",
                "period": {"start": "2026-02-01", "end": "2026-02-28"}}))
        };
        let of_b = statement::id_of(&report.slug, february, Some("b"));
        let forge = async |ctx: &Ctx, id: &str| kind(kit.records.transact(ctx, vec![forged(id)]).await);
        assert_eq!(forge(&at_a, &of_b).await, Some(Kind::Forbidden));
        assert_eq!(
            forge(&at_a, "mr-1").await,
            Some(Kind::Forbidden),
            "a report of nobody is no one's to write"
        );
        let closed = close(&at_a, Some("a")).await.unwrap();
        assert_eq!(forge(&at_a, &closed.id).await, Some(Kind::Forbidden));
        assert!(closed.by.starts_with("account/"));
        assert_eq!(library_of(&closed.measure), "monthly-visits");
    })
    .await;
}

fn library_of(measure: &str) -> &str {
    assert!(library().report("monthly-visits", day("2026-02-01")).is_some());
    measure.rsplit('/').next().unwrap().split('|').next().unwrap()
}
