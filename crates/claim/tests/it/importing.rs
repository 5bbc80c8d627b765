//! Files through the real door into a real store.

use crate::example::{Example, base64, content, counted, file, key, outpatient};
use std::io::Write;
use std::path::Path;
use yba_claim::{Bounds, Options, Report, Visits, import};
use yba_fhir::json::{JsonValueTrait, Value, items, str_at};
use yba_records::{Past, Query};
use yba_store::Version;
use yba_testkit::Kit;

struct Desk {
    kit: Kit,
    folder: tempfile::TempDir,
}

impl Desk {
    fn new() -> Desk {
        Desk { kit: yba_testkit::records(), folder: tempfile::tempdir().unwrap() }
    }

    fn put(&self, name: &str, bytes: &[u8]) {
        let path = self.folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }

    async fn import(&self) -> Report {
        self.import_from(self.folder.path(), Bounds::default()).await
    }

    async fn import_from(&self, path: &Path, bounds: Bounds) -> Report {
        let rejects = Some(self.rejects());
        let options = Options { rejects, bounds, ..Options::default() };
        import(&self.kit.records, &content(), &key(), &[path.to_owned()], options, |_| {}).await.unwrap()
    }

    fn rejects(&self) -> std::path::PathBuf {
        self.kit.folder.path().join("rejects")
    }

    async fn all(&self, kind: &str) -> Vec<Version> {
        let mut query = Query::all(kind);
        query.count = 1000;
        self.kit.records.search(&self.kit.ctx(), &query, None).await.unwrap().matches
    }

    async fn only(&self, kind: &str) -> Value {
        let found = self.all(kind).await;
        assert_eq!(found.len(), 1, "one {kind}");
        found[0].tree()
    }
}

fn made(example: &Example, day: &str) -> Vec<u8> {
    file("12001", day, &[example.hoso(base64)])
}

fn visits(new: u64, updated: u64, unchanged: u64, older: u64, refused: u64) -> Visits {
    Visits { new, updated, unchanged, older, refused }
}

#[tokio::test]
async fn a_folder_goes_in_and_again_without_any_new_version() {
    let desk = Desk::new();
    let hosos: Vec<String> = (1..=5).map(|number| outpatient().other(number).hoso(base64)).collect();
    desk.put("thang-11/a.xml", &counted("12001", "20261203", "5", &hosos));
    desk.put("thang-11/ghi-chu.txt", b"khong phai ho so");
    let report = desk.import().await;
    assert_eq!(report.visits, visits(5, 0, 0, 0, 0), "{report:#?}");
    assert_eq!((report.people_new, report.files, report.files_skipped), (5, 1, 1));
    assert_eq!((report.rows["XML2"], report.rows["XML3"]), (10, 25));
    assert_eq!(report.rejects, None);
    let head = desk.kit.store().head_t();
    let again = desk.import().await;
    assert_eq!(again.visits, visits(0, 0, 5, 0, 0));
    assert!(again.written.is_empty());
    assert_eq!(desk.kit.store().head_t(), head, "the second run writes nothing at all");
    assert_eq!(desk.all("Encounter").await.len(), 5);
}

#[tokio::test]
async fn a_corrected_file_makes_a_second_version_and_the_old_one_stays_in_history() {
    let desk = Desk::new();
    desk.put("1.xml", &made(&outpatient(), "20261203"));
    desk.import().await;
    let lines = desk.all("MedicationRequest").await.len();
    let corrected = outpatient()
        .without_row("XML2", 1)
        .set("XML1", 0, "T_THUOC", "17500.00")
        .set("XML1", 0, "T_TONGCHI_BV", "257600.00")
        .set("XML1", 0, "T_TONGCHI_BH", "257600.00")
        .set("XML1", 0, "T_BNTT", "0")
        .set("XML1", 0, "T_BNCCT", "51520.00")
        .set("XML1", 0, "T_BHTT", "206080.00")
        .set("XML1", 0, "T_BHTT_GDV", "206080.00");
    desk.put("2.xml", &made(&corrected, "20261220"));
    let report = desk.import().await;
    assert_eq!(report.visits, visits(0, 1, 1, 0, 0), "{report:#?}");
    assert_eq!(report.withdrawn, 2, "the order and the dispense of the row that is gone");
    let requests = desk.all("MedicationRequest").await;
    assert_eq!(requests.len(), lines);
    let withdrawn =
        requests.iter().filter(|one| str_at(&one.tree(), &["status"]) == Some("entered-in-error")).count();
    assert_eq!(withdrawn, 1);
    // Only what the correction touches has a second version.
    for (kind, versions) in [("ServiceRequest", 1), ("Condition", 1), ("Claim", 2)] {
        let id = desk.all(kind).await[0].id.clone();
        let history =
            desk.kit.records.history(&desk.kit.ctx(), &Past::of_record(kind, &id, 10)).await.unwrap();
        assert_eq!(history.len(), versions, "{kind}");
    }
    let claim = desk.all("Claim").await.remove(0);
    let history =
        desk.kit.records.history(&desk.kit.ctx(), &Past::of_record("Claim", &claim.id, 10)).await.unwrap();
    assert_eq!(history.len(), 2);
    assert!(
        history[1].version.tree().to_string().contains("603274.00")
            && history[0].version.tree().to_string().contains("257600.00")
    );
    // Both files are fed again: the older one cannot undo the newer one.
    let head = desk.kit.store().head_t();
    let again = desk.import().await;
    assert_eq!(again.visits, visits(0, 0, 1, 1, 0), "{again:#?}");
    assert_eq!(desk.kit.store().head_t(), head);
}

#[tokio::test]
async fn corrections_of_the_same_day_follow_the_order_of_arrival() {
    let desk = Desk::new();
    let corrected = outpatient().set("XML1", 0, "GHI_CHU", "Tái khám khi sốt");
    desk.put("1.xml", &made(&outpatient(), "20261203"));
    desk.put("2.xml", &made(&corrected, "20261203"));
    assert_eq!(desk.import().await.visits, visits(1, 1, 0, 0, 0));
    assert_eq!(desk.import().await.visits, visits(0, 0, 1, 1, 0), "the first is known to be replaced");
    assert!(desk.only("Encounter").await.to_string().contains("Tái khám khi sốt"));
}

#[tokio::test]
async fn refused_visits_come_back_in_a_folder_that_can_be_mended_and_fed_again() {
    let desk = Desk::new();
    let bad = outpatient().other(2).set("XML1", 0, "NGAY_RA", "202611011015");
    let hosos = [outpatient().other(1).hoso(base64), bad.hoso(base64), outpatient().other(3).hoso(base64)];
    desk.put("a.xml", &file("12001", "20261203", &hosos));
    desk.put("hong.xml", b"<TONG_HOP><HO_TEN>L\xF2</HO_TEN></TONG_HOP>");
    let report = desk.import().await;
    assert_eq!(report.visits, visits(2, 0, 0, 0, 1), "{report:#?}");
    assert_eq!(report.files_with_errors, 1);
    let rejects = report.rejects.unwrap();
    let reasons = std::fs::read_to_string(rejects.join("ly-do.csv")).unwrap();
    assert!(reasons.starts_with('\u{feff}'));
    assert!(reasons.contains("a.xml,12001.2026.0000002,XML1,1,NGAY_RA,date-order,"), "{reasons}");
    assert!(reasons.contains("hong.xml,,,,,encoding,") && reasons.contains("UTF-8"), "{reasons}");
    let mended = rejects.join("tu-choi-12001-20261203.xml");
    let text = std::fs::read_to_string(&mended).unwrap();
    assert!(!text.contains("12001.2026.0000001"), "only the refused visit");
    std::fs::write(&mended, text.replace("202611011015", "202611161015")).unwrap();
    std::fs::remove_file(rejects.join("ly-do.csv")).unwrap();
    let again = desk.import_from(&mended, Bounds::default()).await;
    assert_eq!(again.visits, visits(1, 0, 0, 0, 0), "{again:#?}");
    assert_eq!(desk.all("Encounter").await.len(), 3);
}

#[tokio::test]
async fn a_patient_is_what_the_newest_visit_says_whatever_the_order_of_files() {
    let year = |year: &str, name: &str, phone: &str| {
        outpatient()
            .everywhere("MA_LK", &format!("12001.{year}.1"))
            .set("XML1", 0, "HO_TEN", name)
            .set("XML1", 0, "DIEN_THOAI", phone)
            .set("XML1", 0, "NGAY_VAO", &format!("{year}11160730"))
            .set("XML1", 0, "NGAY_RA", &format!("{year}11161015"))
    };
    let three = [
        year("2024", "LO THI MAU", "0911"),
        year("2026", "Lò Thị Mẫu", "0933"),
        year("2025", "Lò Thị Mẫu", "0922"),
    ];
    let mut found = Vec::new();
    for order in [[0, 1, 2], [1, 2, 0], [2, 0, 1]] {
        let desk = Desk::new();
        for (at, which) in order.iter().enumerate() {
            desk.put(&format!("{at}.xml"), &made(&three[*which], "20261203"));
        }
        assert_eq!(desk.import().await.visits.new, 3);
        let head = desk.kit.store().head_t();
        desk.import().await;
        assert_eq!(desk.kit.store().head_t(), head);
        let patient = desk.only("Patient").await;
        found.push((patient.get("name").unwrap().to_string(), patient.get("telecom").unwrap().to_string()));
    }
    assert!(found[0].0.contains("Lò Thị Mẫu") && found[0].1.contains("0933"), "{found:?}");
    assert!(
        found.iter().all(|one| *one == found[0]),
        "member order is settled, so texts are comparable: {found:#?}"
    );
}

#[tokio::test]
async fn a_mistyped_number_goes_when_the_only_visit_that_said_so_is_corrected() {
    let desk = Desk::new();
    let wrong = outpatient().set("XML1", 0, "SO_CCCD", "012190009999");
    desk.put("1.xml", &made(&wrong, "20261203"));
    desk.import().await;
    desk.put("2.xml", &made(&outpatient(), "20261220"));
    desk.import().await;
    let numbers = |patient: &Value| {
        items(patient, "identifier")
            .filter_map(|one| str_at(one, &["value"]).map(str::to_owned))
            .collect::<Vec<_>>()
    };
    let patient = desk.only("Patient").await;
    assert!(
        numbers(&patient).contains(&"012190001234".to_owned())
            && !numbers(&patient).contains(&"012190009999".to_owned()),
        "{:?}",
        numbers(&patient)
    );
    // Another visit states the number too: then it stays, because nobody corrected that visit.
    let desk = Desk::new();
    desk.put("1.xml", &made(&wrong, "20261203"));
    desk.put("2.xml", &made(&wrong.clone().everywhere("MA_LK", "12001.2026.9"), "20261203"));
    desk.import().await;
    desk.put("3.xml", &made(&outpatient(), "20261220"));
    desk.import().await;
    assert_eq!(numbers(&desk.only("Patient").await).iter().filter(|one| one.len() == 12).count(), 2);
}

#[tokio::test]
async fn a_death_is_taken_back_with_the_visit_that_said_it() {
    let desk = Desk::new();
    desk.put("1.xml", &made(&outpatient().set("XML1", 0, "KET_QUA_DTRI", "5"), "20261203"));
    desk.import().await;
    assert!(desk.only("Patient").await.get("deceasedDateTime").is_some());
    desk.put("2.xml", &made(&outpatient(), "20261220"));
    desk.import().await;
    assert!(desk.only("Patient").await.get("deceasedDateTime").is_none());
}

#[tokio::test]
async fn a_visit_has_one_provenance_naming_all_it_owns_and_rows_say_where_they_came_from() {
    let desk = Desk::new();
    desk.put("thu-muc/1.xml", &made(&outpatient(), "20261203"));
    let report = desk.import().await;
    let provenance = desk.only("Provenance").await;
    let targets: Vec<&str> =
        items(&provenance, "target").filter_map(|one| str_at(one, &["reference"])).collect();
    let all: u64 = report.written.values().sum();
    let coverage_etc = report.written["Coverage"] + report.written["Provenance"];
    assert_eq!(targets.len() as u64, all - coverage_etc);
    let request = desk.all("MedicationRequest").await.remove(0).tree();
    let source = str_at(&request, &["meta", "source"]).unwrap().to_owned();
    assert!(
        source.starts_with("urn:yba:bhyt:12001:") && source.contains("#12001.2026.0000123/XML2/"),
        "{source}"
    );
    assert!(crate::r4::faults(&provenance).is_empty(), "{:?}", crate::r4::faults(&provenance));
    assert!(provenance.to_string().contains("\"1.xml\"") && !provenance.to_string().contains("thu-muc"));
}

#[tokio::test]
async fn practitioners_and_organizations_are_never_overwritten() {
    let desk = Desk::new();
    desk.put("1.xml", &made(&outpatient(), "20261203"));
    desk.import().await;
    let mut named = desk.only("Organization").await;
    let object = yba_fhir::json::JsonValueMutTrait::as_object_mut(&mut named).unwrap();
    object.insert("name", Value::from("Bệnh viện Đa khoa tỉnh (giả định)"));
    let resource = yba_fhir::Resource::from_value(named).unwrap();
    desk.kit.records.transact(&desk.kit.ctx(), vec![yba_records::Change::put(resource)]).await.unwrap();
    desk.put("2.xml", &made(&outpatient().other(9), "20261203"));
    desk.import().await;
    assert_eq!(
        str_at(&desk.only("Organization").await, &["name"]),
        Some("Bệnh viện Đa khoa tỉnh (giả định)")
    );
}

fn zipped(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in entries {
        let options =
            zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated);
        writer.start_file(*name, options).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

#[tokio::test]
async fn zip_archives_are_read_with_bare_files_inside() {
    let desk = Desk::new();
    let bare = outpatient().other(7);
    let parts: Vec<(String, Vec<u8>)> =
        bare.0.iter().map(|(kind, _)| (format!("roi/{kind}.xml"), bare.xml(kind).into_bytes())).collect();
    let mut entries: Vec<(&str, &[u8])> =
        parts.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect();
    let whole = made(&outpatient(), "20261203");
    entries.push(("b.xml", &whole));
    entries.push(("readme.txt", b"x"));
    desk.put("t.zip", &zipped(&entries));
    let report = desk.import().await;
    assert_eq!(report.visits, visits(2, 0, 0, 0, 0), "{report:#?}");
}

#[tokio::test]
async fn zip_bombs_and_broken_archives_are_refused_and_the_rest_goes_in() {
    let desk = Desk::new();
    let bomb = vec![b' '; 8 << 20];
    let whole = made(&outpatient(), "20261203");
    desk.put("1.zip", &zipped(&[("bom.xml", &bomb), ("that.xml", &whole)]));
    let cut = zipped(&[("a.xml", &whole)]);
    desk.put("2.zip", &cut[..cut.len() / 2]);
    let bounds = Bounds { archive_ratio: 50, ..Bounds::default() };
    let report = desk.import_from(desk.folder.path(), bounds).await;
    assert_eq!(report.visits, visits(1, 0, 0, 0, 0), "{report:#?}");
    assert!(
        report.problems.contains_key("file-large") && report.problems.contains_key("zip"),
        "{:?}",
        report.problems.keys()
    );
    let desk = Desk::new();
    desk.put("1.zip", &zipped(&[("a.xml", &whole), ("b.xml", &bomb)]));
    let bounds = Bounds { archive_bytes: 1 << 20, ..Bounds::default() };
    let report = desk.import_from(desk.folder.path(), bounds).await;
    assert_eq!(report.visits.new, 1);
    assert!(report.problems.contains_key("zip-large"));
}

#[tokio::test]
async fn files_beyond_the_bound_are_refused_before_they_are_read() {
    let desk = Desk::new();
    desk.put("to.xml", &vec![b' '; 2 << 20]);
    let report =
        desk.import_from(desk.folder.path(), Bounds { file_bytes: 1 << 20, ..Bounds::default() }).await;
    assert!(report.problems.contains_key("file-large"));
    assert_eq!(report.visits.total(), 0);
    let report = desk.import_from(Path::new("/khong/co/thu/muc"), Bounds::default()).await;
    assert!(report.problems.contains_key("file-unreadable"));
}

#[tokio::test]
async fn progress_reaches_its_totals() {
    let desk = Desk::new();
    for number in 1..=3 {
        desk.put(&format!("{number}.xml"), &made(&outpatient().other(number), "20261203"));
    }
    let mut last = yba_claim::Progress::default();
    let inputs = [desk.folder.path().to_owned()];
    import(&desk.kit.records, &content(), &key(), &inputs, Options::default(), |progress| last = progress)
        .await
        .unwrap();
    assert_eq!((last.files_done, last.files_total), (3, 3));
    assert!(last.bytes_done == last.bytes_total && last.bytes_total > 0);
    assert_eq!(last.visits.new, 3);
}
