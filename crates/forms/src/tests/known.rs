//! What the record and a kept response know.

use super::*;

#[test]
fn nothing_is_taken_from_a_browser_for_what_it_was_not_shown() {
    let form = form(
        r#"item = [
 { linkId = "h", type = "group", hidden = true, item = [{ linkId = "in", type = "string", text = "I", initial = [{ valueString = "ours" }] }] },
 { linkId = "own", type = "string", text = "O", hidden = true },
 { linkId = "sum", type = "integer", text = "S", calculatedExpression = "1" } ]"#,
    );
    assert_eq!(
        answers(&take(&form, &[("in", "theirs"), ("own", "x"), ("sum", "9")])),
        ["in=\"ours\"", "sum=1"]
    );
}

#[test]
fn a_kept_response_is_corrected_without_asking_the_record_again() {
    let form = form(PREFILL);
    let before = setting().with("patient", json!({"resourceType": "Patient", "id": "p", "gender": "female"}));
    let kept = form.take(&before, &NoChoices, &posted(&[("h", "150")])).unwrap().response(&head());
    let now = setting().with("patient", json!({"resourceType": "Patient", "id": "p", "gender": "male"}));
    let corrected = form.retake(&now, &NoChoices, &kept, &posted(&[("h", "151")])).unwrap();
    assert_eq!(answers(&corrected), ["sex=\"female\"", "h=151"]);
}

#[test]
fn a_moment_becomes_the_day_in_vietnam() {
    let form = form(
        r#"
launchContext = [{ name = "encounter", type = "Encounter" }]
item = [{ linkId = "d", type = "date", text = "D", initialExpression = "%encounter.period.start" }]"#,
    );
    let at = |start: &str| {
        let setting =
            setting().with("encounter", json!({"resourceType": "Encounter", "period": {"start": start}}));
        form.begin(&setting).sheet.top.slots[0].answers[0].typed.clone()
    };
    assert_eq!(at("2026-03-01T20:00:00Z"), "02/03/2026");
    assert_eq!(at("2026-03-01"), "01/03/2026");
}

#[test]
fn a_response_comes_back_as_it_was_kept() {
    let form = form(DRUGS);
    let filled = take(
        &form,
        &[("name:0", "Amlodipin"), ("dose:0", "5,0"), ("name:1", "Losartan"), ("side:1:1", "phù")],
    );
    let kept = filled.response(&head());
    let again = form.reopen(&setting(), &kept).unwrap();
    assert_eq!(to_string(&again.response(&head())).unwrap(), to_string(&kept).unwrap());
    assert_eq!(str_at(&kept, &["questionnaire"]), Some("https://yba.vn/t|1"));
    assert!(form.reopen(&setting(), &json!({"resourceType": "Patient"})).is_err());
}

#[test]
fn what_the_record_holds_is_filled_in_and_can_be_changed() {
    let form = form(PREFILL);
    let mut setting =
        setting().with("patient", json!({"resourceType": "Patient", "id": "p&1", "gender": "female"}));
    let query = form.next_query(&setting).unwrap();
    assert_eq!(query.address, "Observation?patient=p%261&code=8302-2");
    let found: Value = from_str(r#"{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Observation","encounter":{"reference":"e1"},"valueQuantity":{"value":152.0}}}]}"#).unwrap();
    setting.answer(query, Some(found));
    let second = form.next_query(&setting).unwrap();
    assert_eq!(second.address, "Encounter?_id=e1");
    setting.answer(second, None);
    assert_eq!(form.next_query(&setting), None);
    let typed = |filling: &Filling| -> Vec<String> {
        let slots = filling.sheet.top.slots.iter();
        slots.map(|slot| slot.answers.first().map_or(String::new(), |answer| answer.typed.clone())).collect()
    };
    assert_eq!(typed(&form.begin(&setting)), ["female", "152,0", "02/03/2026", "sẵn"]);
    let taken = form
        .take(&setting, &NoChoices, &posted(&[("sex", "male"), ("h", "153"), ("day", ""), ("k", "")]))
        .unwrap();
    assert_eq!(typed(&taken)[..2], ["female", "153"], "what is read only is not taken from a browser");
    assert_eq!(answers(&taken), ["sex=\"female\"", "h=153"], "what was cleared stays cleared");
}

#[test]
fn nothing_is_asked_of_the_record_that_it_cannot_be_asked_with() {
    let form = form(PREFILL);
    assert_eq!(form.next_query(&setting()), None);
    let other = setting().with("patient", json!({"resourceType": "Group", "id": "g"}));
    assert_eq!(form.next_query(&other), None, "a group is no patient");
    assert!(form.begin(&other).broken.is_empty());
}
