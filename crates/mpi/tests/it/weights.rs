//! Weights are counted from the province's own records and kept as a record; every decision names its edition.

use crate::people::{arrive, record, store, together};
use yba_fhir::Resource;
use yba_fhir::json::{json, str_at};
use yba_mpi::follower::{catch_up, rebuild};
use yba_mpi::weights::{ID, KIND};
use yba_records::{Change, Past};
use yba_testkit::Kit;

const MAI: &str = "12001 F 1990-01-02 Lò Thị Mai | cccd 012190001234";
const MAI_B: &str = "12002 F 1990-02-01 LO THI MAI | cccd 012190001234";
/// As many as make the first count due.
const PROVINCE: usize = 2_000;

async fn signed(kit: &Kit, id: &str) -> String {
    record(kit, id).await.links[0].by.clone()
}

#[tokio::test]
async fn a_province_that_grows_is_weighed_by_its_own_records() {
    let kit = yba_testkit::records();
    arrive(&kit, 0, &[MAI, MAI_B]).await;
    assert_eq!(signed(&kit, "p0").await, "yba-mpi/evidence-1 usual");
    assert!(kit.records.read(&kit.ctx(), KIND, ID).await.is_err(), "of two records nothing is learnt");

    let given = ["Mai", "Hoa", "Lan", "Páo", "Sính", "Dờ", "Chu", "Mẩy", "Tủa", "Hặc", "Ban"];
    let family = ["Lò", "Vàng", "Giàng", "Sùng", "Tẩn", "Lý", "Hảng"];
    let people: Vec<String> = (10..PROVINCE + 10)
        .map(|at| {
            let (month, day) = (1 + at % 12, 1 + at / 12 % 28);
            let name = format!("{} Thị {}", family[at % 7], given[at / 7 % 11]);
            format!("12001 F {}-{month:02}-{day:02} {name}", 1930 + at % 90)
        })
        .collect();
    for (place, some) in people.chunks(500).enumerate() {
        store(&kit, 10 + 500 * place, &some.iter().map(String::as_str).collect::<Vec<_>>()).await;
    }
    catch_up(&kit.records).await.unwrap();
    let library = kit.records.read(&kit.ctx(), KIND, ID).await.unwrap().tree();
    let edition = str_at(&library, &["version"]).unwrap().to_owned();
    assert_eq!(edition, "2026-03-02.2002", "the day, and how many records were counted");
    let read = yba_mpi::weights::read(&library).unwrap();
    assert_eq!((read.name.as_str(), read.records), (edition.as_str(), 2002));

    // A decision from now on names it; what stood and still holds is not said again.
    assert_eq!(signed(&kit, "p0").await, "yba-mpi/evidence-1 usual");
    arrive(
        &kit,
        3000,
        &[
            "12003 F 1991-05-06 Quàng Thị Xiêng | cccd 012191000007",
            "12001 F 1991-05-06 Quàng Thị Xiêng | cccd 012191000007",
        ],
    )
    .await;
    assert_eq!(together(&kit, "p3000").await, ["p3000", "p3001"]);
    assert_eq!(signed(&kit, "p3000").await, format!("yba-mpi/evidence-1 {edition}"));

    // Read again from nothing, nothing is written; neither weights nor decisions.
    let head = kit.store().head_t();
    assert_eq!(rebuild(&kit.records).await.unwrap().decisions, 0);
    assert_eq!(kit.store().head_t(), head);
    let versions = kit.records.history(&kit.ctx(), &Past::of_record(KIND, ID, 10)).await.unwrap();
    assert_eq!(versions.len(), 1);
}

#[tokio::test]
async fn weights_that_cannot_be_read_change_nothing() {
    let kit = yba_testkit::records();
    arrive(&kit, 0, &[MAI]).await;
    for data in ["", "AAAA", "ZWRpdGlvbgl4Cg=="] {
        let mut tree = json!({"resourceType": KIND, "id": ID, "status": "active",
            "type": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/library-type", "code": "model-definition"}]}});
        if !data.is_empty() {
            tree["content"] = json!([{"contentType": "text/plain", "data": data}]);
        }
        kit.records
            .transact(&kit.ctx(), vec![Change::put(Resource::from_value(tree).unwrap())])
            .await
            .unwrap();
        catch_up(&kit.records).await.unwrap();
    }
    arrive(&kit, 1, &[MAI_B]).await;
    assert_eq!(together(&kit, "p0").await, ["p0", "p1"]);
    assert_eq!(signed(&kit, "p0").await, "yba-mpi/evidence-1 usual");
}
