//! How fast bundles go in, beside the same rows put in with plain SQL by the same engine: for whoever works on the
//! writer. `cargo run --release -p yba-store --example ingest [bundles] [postgres]`

use std::time::{Duration, Instant};
use yba_fhir::Resource;
use yba_store::db::schema::{AUDIT, HEAD, INDEXES, Table, VERSION};
use yba_store::db::{Bound, Connection};
use yba_store::{Clock, Expect, Options, Place, Request, Store, Value, Write};

const BUNDLE: usize = 100;

/// Rows of one table.
type TableRows = (&'static Table, Vec<Vec<Value>>);

fn resource(bundle: usize, number: usize) -> Resource {
    let person = bundle * BUNDLE;
    let text = match number % 10 {
        0 => format!(
            r#"{{"resourceType":"Patient","id":"p{person}-{number}","identifier":[{{"use":"official","system":"https://yba.vn/fhir/sid/cccd","value":"0120{person:08}"}},{{"system":"https://yba.vn/fhir/sid/bhyt","value":"DN4120{person:09}"}}],"name":[{{"use":"official","text":"Lò Thị Mẫu {number}","family":"Lò","given":["Thị","Mẫu"]}}],"telecom":[{{"system":"phone","value":"09{person:08}"}}],"gender":"female","birthDate":"1986-05-01","address":[{{"use":"home","text":"Bản Nậm Cầy, Phường Tân Phong, Lai Châu","line":["Bản Nậm Cầy"],"city":"Lai Châu"}}]}}"#
        ),
        1 => format!(
            r#"{{"resourceType":"Encounter","id":"e{person}-{number}","identifier":[{{"system":"https://yba.vn/fhir/sid/visit/12001","value":"{person}{number}"}}],"status":"finished","class":{{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"AMB"}},"subject":{{"reference":"Patient/p{person}-0"}},"period":{{"start":"2026-01-05T08:00:00+07:00","end":"2026-01-05T09:30:00+07:00"}},"serviceProvider":{{"reference":"Organization/12001"}}}}"#
        ),
        2 => format!(
            r#"{{"resourceType":"Condition","id":"c{person}-{number}","clinicalStatus":{{"coding":[{{"system":"http://terminology.hl7.org/CodeSystem/condition-clinical","code":"active"}}]}},"code":{{"coding":[{{"system":"http://hl7.org/fhir/sid/icd-10","code":"E11","display":"Bệnh đái tháo đường không phụ thuộc insuline"}}],"text":"Đái tháo đường típ 2"}},"subject":{{"reference":"Patient/p{person}-0"}},"encounter":{{"reference":"Encounter/e{person}-1"}},"recordedDate":"2026-01-05"}}"#
        ),
        _ => format!(
            r#"{{"resourceType":"Observation","id":"o{person}-{number}","status":"final","category":[{{"coding":[{{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":"laboratory"}}]}}],"code":{{"coding":[{{"system":"http://loinc.org","code":"2345-7","display":"Glucose"}}],"text":"Định lượng Glucose [Máu]"}},"subject":{{"reference":"Patient/p{person}-0"}},"encounter":{{"reference":"Encounter/e{person}-1"}},"effectiveDateTime":"2026-01-05T08:20:00+07:00","issued":"2026-01-05T09:00:00.000+07:00","performer":[{{"reference":"Organization/12001"}}],"valueQuantity":{{"value":{}.{},"unit":"mmol/L","system":"http://unitsofmeasure.org","code":"mmol/L"}},"referenceRange":[{{"text":"3.9 - 6.4"}}]}}"#,
            4 + number % 7,
            person % 10
        ),
    };
    Resource::parse(text.as_bytes()).expect("the examples are well-formed")
}

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let bundles: usize = arguments.next().and_then(|count| count.parse().ok()).unwrap_or(200);
    let database = arguments.next().and_then(|_| yba_testkit::postgres::Database::fresh());
    let place = database.as_ref().map(|database| database.place());
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let options = Options { folder: folder.path().to_owned(), place: place.clone(), clock: Clock::system() };
    let store = Store::open(options).expect("a new store opens");
    let resources: Vec<Vec<Resource>> =
        (0..bundles).map(|bundle| (0..BUNDLE).map(|number| resource(bundle, number)).collect()).collect();
    let total = bundles * BUNDLE;

    let (begun, mut preparing) = (Instant::now(), Duration::ZERO);
    for bundle in &resources {
        let step = Instant::now();
        let put =
            |one: &Resource| Write::put(one, Expect::Anything, store.numbers()).expect("few index rows");
        let writes: Vec<Write> = bundle.iter().map(put).collect();
        preparing += step.elapsed();
        store.commit(Request { writes, audit: b"{}".to_vec() }).await.expect("the store commits");
    }
    let ours = begun.elapsed();
    let (from, fresh) = (store.place(), tempfile::tempdir().expect("a temporary folder can be made"));
    store.close().await;
    let second = database.as_ref().and_then(|_| yba_testkit::postgres::Database::fresh());
    let place = second.as_ref().map(|database| database.place());
    let empty = Options { folder: fresh.path().to_owned(), place, clock: Clock::system() };
    let empty = Store::open(empty).expect("a new store opens");
    let to = empty.place();
    empty.close().await;
    let (raw, rows) = std::thread::spawn(move || plain_sql(&from, &to)).join().expect("plain SQL works");
    let rate = |time: Duration| total as f64 / time.as_secs_f64();
    println!("{total} resources, {rows} rows, bundles of {BUNDLE}");
    println!(
        "store      {:9.0} resources/s, of its time {:.0} % preparing",
        rate(ours),
        100.0 * preparing.as_secs_f64() / ours.as_secs_f64()
    );
    println!("plain SQL  {:9.0} resources/s", rate(raw));
    println!("ratio      {:9.2}", raw.as_secs_f64() / ours.as_secs_f64());
}

/// The same rows again, into the same tables of a new database, one transaction a bundle: SQLite row by row with prepared
/// statements, PostgreSQL with arrays, as anybody would who wants it fast.
fn plain_sql(from: &Place, to: &Place) -> (Duration, usize) {
    let tables: Vec<&'static Table> =
        [&VERSION, &HEAD, &AUDIT].into_iter().chain(INDEXES.iter().map(|index| &index.table)).collect();
    let mut connection = Connection::reader(from).expect("the database opens");
    let mut batches: Vec<Vec<TableRows>> = Vec::new();
    let mut count = 0;
    for table in tables {
        let names: Vec<&str> = table.columns.iter().map(|(name, _)| *name).collect();
        let order = ["t", "t_from", "t_first"]
            .into_iter()
            .find(|name| names.contains(name))
            .expect("each has a position");
        let position = names.iter().position(|name| *name == order).expect("it was just found");
        let sql = format!("SELECT {} FROM {} ORDER BY {order}", names.join(", "), table.name);
        for row in connection.query(&sql, &[]).expect("the rows can be read") {
            let bundle = (row.int(position) as usize - 1) / BUNDLE;
            batches.resize_with(batches.len().max(bundle + 1), Vec::new);
            match batches[bundle].last_mut() {
                Some((last, rows)) if last.name == table.name => rows.push(row.0),
                _ => batches[bundle].push((table, vec![row.0])),
            }
            count += 1;
        }
    }
    let mut connection = Connection::writer(to).expect("the new database opens");
    let begun = Instant::now();
    for bundle in &batches {
        connection.begin().expect("a transaction begins");
        for (table, rows) in bundle {
            let cells: Vec<Bound<'_>> = rows.iter().flatten().map(Value::bound).collect();
            connection.insert(&[(table, cells)]).expect("the rows go in");
        }
        connection.commit().expect("the transaction commits");
    }
    (begun.elapsed(), count)
}
