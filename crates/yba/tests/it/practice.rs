//! Learning the program in an invented village, in a real browser: what the house sees of it, and that it is nowhere but there.

use crate::browser::play;
use crate::house::{Home, House};
use std::time::{Duration, Instant};

/// A debug build on a busy machine; a release build takes a fraction of it.
const VILLAGE: Duration = Duration::from_secs(60);

#[test]
fn a_nurse_learns_in_an_invented_village_whose_house_sees_what_she_did() {
    let home = Home::new();
    let data = home.data();
    let begun = Instant::now();
    let mut command = home.command(&["practice", "--port", "0", "--learners", "2", "--data"]);
    command.arg(&data).env("YBA_REQUESTS_PER_SECOND", "0");
    let mut house = House::start(command, home.beside("serve.log"));
    println!("a village is made and served in {:.1} s", begun.elapsed().as_secs_f64());
    assert!(begun.elapsed() < VILLAGE, "{:?}", begun.elapsed());
    assert!(house.told("Tập làm").contains("/tap"), "where it begins is told");
    let mut password = |login: &str| {
        let line = house.told(&format!("  {login}  "));
        line.split_whitespace().nth(1).unwrap().to_owned()
    };
    let (first, second) = (password("y-ta"), password("y-ta-2"));
    assert_eq!(house.get("/tap").status, 401, "strangers learn nothing");
    let out = play("practice_story.mjs", &[&house], &[&first, &second]);
    for lesson in yba_content::Content::built_in().lessons() {
        assert!(out.contains(&format!("learned: {}", lesson.slug)), "{} in {out}", lesson.slug);
    }
    assert_eq!(house.end().0.code(), Some(0));
    home.run(&["audit", "verify"]).expect(0);
    // The folder is one of invented people: it is not served as a real one.
    let refused = home.run(&["serve", "--port", "0"]).expect(3);
    assert!(refused.err.contains("demonstration"), "{}", refused.err);
}

#[test]
fn practice_is_on_no_other_node_and_makes_nothing_in_a_folder_with_records() {
    let home = Home::new();
    let house = home.serve_open();
    for path in ["/tap", "/tap/visit", "/tap/thanh"] {
        assert_eq!(house.get(path).status, 404, "{path}");
    }
    let page = house.get("/kham").text();
    assert!(!page.contains("/tap"), "neither an entry nor a bar");
    house.keep(
        &yba_fhir::json::json!({"resourceType": "Patient", "id": "that", "name": [{"text": "Người Thật"}]}),
    );
    assert_eq!(house.end().0.code(), Some(0));
    let refused = home.run(&["practice", "--port", "0"]).expect(3);
    assert!(
        refused.said().contains("dữ liệu thật") || refused.said().contains("no demonstration"),
        "{}",
        refused.said()
    );
    let open = home.serve_open();
    assert_eq!(open.found("Patient?_summary=count&_count=0").len(), 0);
    assert_eq!(open.found("Patient?_count=10").len(), 1, "nothing was added");
}
