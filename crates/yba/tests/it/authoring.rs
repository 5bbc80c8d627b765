//! The guide for whoever adds a form and a report, followed to the letter: its files are put into a folder as they stand there.

use crate::browser::play;
use crate::house::Home;
use crate::walk::now_ms;
use std::path::Path;
use yba_fhir::Day;
use yba_fhir::json::json;

/// The files of the guide: path and text of each block that is named.
fn files(guide: &str) -> Vec<(&str, &str)> {
    let blocks = guide.split("```").skip(1).step_by(2);
    let named = blocks.filter_map(|block| {
        let (head, body) = block.split_once('\n')?;
        let (_, path) = head.split_once(' ')?;
        Some((path, body))
    });
    named.collect()
}

#[test]
fn a_form_and_a_report_are_added_by_copying_folders_as_the_guide_says() {
    let guide = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/vi/them-bieu-mau.md");
    let guide = std::fs::read_to_string(guide).unwrap();
    let home = Home::new();
    let folder = home.beside("noi-dung");
    let files = files(&guide);
    assert_eq!(files.len(), 7, "{files:?}");
    for (path, text) in files {
        let path = folder.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let content = folder.to_str().unwrap();
    home.run_plain(&["content", "check", content]).expect(0);
    // An author's mistake is told with its file and line.
    let report = folder.join("reports/duong-huyet/2026-01-01.toml");
    let right = std::fs::read_to_string(&report).unwrap();
    std::fs::write(&report, right.replace("%glucose >= 7.0", "%glucoze >= 7.0")).unwrap();
    let said = home.run_plain(&["content", "check", content]).expect(1).said();
    assert!(said.contains("reports/duong-huyet/2026-01-01.toml:"), "{said}");
    std::fs::write(&report, right).unwrap();

    let open = home.serve(&["--open", "--content", content]);
    let today = Day::of_instant(now_ms());
    let last = Day::new(today.year(), today.month(), 1).unwrap().plus_days(-5).to_string();
    open.keep(&json!({"resourceType": "Organization", "id": "cskcb-12090", "name": "Trạm Y tế xã Bản Bo"}));
    for (id, name, birth, glucose) in [
        ("a", "Lò Thị Mai", "1970-02-01", 7.4),
        ("b", "Vàng A Páo", "2000-05-09", 5.1),
        ("c", "Giàng A Sò", "1961-03-02", 6.2),
    ] {
        open.keep(&json!({"resourceType": "Patient", "id": id, "name": [{"text": name}], "birthDate": birth,
            "managingOrganization": {"reference": "Organization/cskcb-12090"}}));
        open.keep(&json!({"resourceType": "Observation", "id": (format!("g-{id}")), "status": "final",
            "subject": {"reference": (format!("Patient/{id}"))}, "effectiveDateTime": (&last),
            "code": {"coding": [{"system": "http://loinc.org", "code": "1558-6"}]},
            "performer": [{"reference": "Organization/cskcb-12090"}],
            "valueQuantity": {"value": glucose, "unit": "mmol/L"}}));
    }
    open.wait_for_links();
    open.end();
    let mut house = home.serve(&["--content", content]);
    let link = house.told("/thiet-lap/");
    play("authoring_story.mjs", &[&house], &[&link]);
    assert_eq!(house.end().0.code(), Some(0));
}
