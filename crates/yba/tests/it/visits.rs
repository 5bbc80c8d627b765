//! A visit at a commune station in a real browser: typed once, and the register, the list of diseases to notify and the record have it.

use crate::browser::play;
use crate::house::Home;
use yba_fhir::json::{Value, items, json, str_at};

#[test]
fn a_visit_is_typed_once_and_everything_else_follows() {
    let home = Home::new();
    let open = home.serve_open();
    for (id, name) in [("cskcb-12090", "Trạm Y tế xã Bản Bo"), ("cskcb-12101", "Trạm Y tế xã Pắc Ta")]
    {
        open.keep(&json!({"resourceType": "Organization", "id": id, "name": name}));
    }
    for (id, name, birth) in [("be-pao", "Vàng A Páo", "2023-05-09"), ("ba-mai", "Lò Thị Mai", "1961")] {
        open.keep(&json!({"resourceType": "Patient", "id": id, "gender": "male", "name": [{"text": name}], "birthDate": birth,
                "address": [{"use": "home", "text": "Bản Nà Khương, xã Bản Bo", "line": ["Bản Nà Khương"]}],
                "managingOrganization": {"reference": "Organization/cskcb-12090"}}),
        );
    }
    open.wait_for_links();
    open.end();
    let mut house = home.serve(&[]);
    let link = house.told("/thiet-lap/");
    let out = play("visits_story.mjs", &[&house], &[&link]);
    assert!(out.contains("the nurse writes down a visit: "), "{out}");
    assert!(out.contains("a procedure at a visit: "), "{out}");
    assert_eq!(house.end().0.code(), Some(0));

    let open = home.serve_open();
    let codes = |status: &str| -> Vec<String> {
        let all = open.found(&format!("Condition?verification-status={status}&_sort=_lastUpdated&_count=50"));
        let code = |one: &Value| {
            items(&one["code"], "coding").find_map(|coding| str_at(coding, &["code"])).unwrap().to_owned()
        };
        all.iter().map(code).collect()
    };
    let mut confirmed = codes("confirmed");
    confirmed.sort();
    assert_eq!(confirmed, ["A09", "B05.9"]);
    assert_eq!(codes("entered-in-error"), ["J20.9"]);
    let main = open.found("Encounter?status=finished");
    assert_eq!(main.len(), 1);
    let diagnosis =
        items(&main[0], "diagnosis").next().and_then(|one| str_at(one, &["condition", "reference"]));
    let of = open.found(&format!("Condition?_id={}", diagnosis.unwrap().trim_start_matches("Condition/")));
    assert_eq!(
        str_at(&of[0], &["onsetDateTime"]).map(str::len),
        Some(10),
        "since when stands at the diagnosis"
    );
    assert_eq!(open.end().0.code(), Some(0));
}
