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
fn what_is_filled_in_as_a_time_has_seconds_and_a_zone() {
    let form = form(
        r#"item = [
 { linkId = "m", type = "dateTime", text = "M", initialExpression = "@2026-03-01T20:05" },
 { linkId = "day", type = "dateTime", text = "D", initialExpression = "@2026-03-01" },
 { linkId = "hour", type = "dateTime", text = "H", initialExpression = "@2026-03-01T20" },
 { linkId = "t", type = "time", text = "T", initialExpression = "@T20:05" },
 { linkId = "s", type = "string", text = "S", initialExpression = "@T20:05:30" } ]"#,
    );
    let held = answers(&form.begin(&setting()));
    assert_eq!(
        held,
        ["m=\"2026-03-01T20:05:00+07:00\"", "day=\"2026-03-01\"", "t=\"20:05:00\"", "s=\"20:05:30\""]
    );
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

/// A form that is launched with a measurement.
fn measured(item: &str) -> Form {
    form(&format!(
        r#"launchContext = [{{ name = "last", type = "Observation" }}]
item = [{{ linkId = "q", text = "Q", initialExpression = "%last.value", {item} }}]"#
    ))
}

fn last(value: &str, more: &str) -> Setting {
    let text = format!(r#"{{"resourceType":"Observation","valueQuantity":{{"value":{value},{more}}}}}"#);
    setting().with("last", from_str(&text).unwrap())
}

const UCUM: &str = r#""system":"http://unitsofmeasure.org""#;

#[test]
fn a_measurement_is_filled_in_in_the_unit_of_the_question() {
    let kg =
        r#"type = "decimal", unit = { system = "http://unitsofmeasure.org", code = "kg", display = "kg" }"#;
    let meters = r#"type = "quantity", unit = { system = "http://unitsofmeasure.org", code = "m" }"#;
    let both = r#"type = "quantity", unitOption = [{ system = "http://unitsofmeasure.org", code = "m" }, { system = "http://unitsofmeasure.org", code = "cm" }]"#;
    let held = |item: &str, value: &str, more: &str| {
        let form = measured(item);
        let filling = form.begin(&last(value, more));
        let value = filling.sheet.top.slots[0].answers.first().and_then(|answer| answer.value.clone());
        assert!(filling.broken.is_empty(), "{:?}", filling.broken);
        let told = filling.notes.first().map(|note| (note.name.clone(), note.text.clone()));
        (value.map(|value| to_string(&json::ordered(&value)).unwrap()), told)
    };
    let filled = [
        (kg, "56.50", r#""code":"kg""#, r#"{"valueDecimal":56.50}"#),
        (kg, "56500", r#""code":"g""#, r#"{"valueDecimal":56.5}"#),
        (kg, "110", r#""code":"[lb_av]""#, r#"{"valueDecimal":49.8952}"#),
        (
            meters,
            "175",
            r#""code":"cm""#,
            r#"{"valueQuantity":{"code":"m","system":"http://unitsofmeasure.org","unit":"m","value":1.75}}"#,
        ),
        (
            both,
            "175",
            r#""code":"cm""#,
            r#"{"valueQuantity":{"code":"cm","system":"http://unitsofmeasure.org","unit":"cm","value":175}}"#,
        ),
        (
            r#"type = "quantity""#,
            "5",
            r#""code":"mg/dL","unit":"mg mỗi dL""#,
            r#"{"valueQuantity":{"code":"mg/dL","system":"http://unitsofmeasure.org","unit":"mg mỗi dL","value":5}}"#,
        ),
    ];
    for (item, value, more, expected) in filled {
        assert_eq!(
            held(item, value, &format!("{UCUM},{more}")),
            (Some(expected.to_owned()), None),
            "{item} {more}"
        );
    }
    assert_eq!(
        held(kg, "56.5", r#""unit":"kg""#).0.as_deref(),
        Some(r#"{"valueDecimal":56.5}"#),
        "a unit in words alone"
    );
    let told = [
        (
            kg,
            "56.5",
            format!(r#"{UCUM},"code":"cm""#),
            "Hồ sơ ghi 56,5\u{202f}cm, không đổi được sang kg; hãy tự nhập.",
        ),
        (both, "56.5", format!(r#"{UCUM},"code":"kg""#), "không đổi được sang m, cm"),
        (
            kg,
            "5",
            format!(r#"{UCUM},"code":"kg","comparator":"<""#),
            "Hồ sơ ghi < 5\u{202f}kg, không phải một con số",
        ),
        (kg, "5", r#""system":"urn:other","code":"kg""#.to_owned(), "không đổi được"),
        (r#"type = "decimal""#, "5", format!(r#"{UCUM},"code":"kg""#), "mà ô này không có đơn vị"),
    ];
    for (item, value, more, said) in told {
        let (value, told) = held(item, value, &more);
        let (name, text) = told.unwrap_or_else(|| panic!("{item} {more} is not told: {value:?}"));
        assert!(value.is_none() && name == "q" && text.contains(said), "{value:?} {text}");
    }
}

#[test]
fn what_could_not_be_filled_in_is_told_until_something_is_typed_and_breaks_what_nobody_types() {
    let kg = r#"type = "decimal", unit = { system = "http://unitsofmeasure.org", code = "kg" }"#;
    let (form, setting) = (measured(kg), last("5", &format!(r#"{UCUM},"code":"cm""#)));
    let noted = |typed: &str| form.take(&setting, &NoChoices, &posted(&[("q", typed)])).unwrap();
    assert_eq!((noted("").notes.len(), noted("5").notes.len(), noted("5").is_sound()), (1, 0, true));
    let closed = measured(&format!("readOnly = true, {kg}"));
    assert!(!closed.take(&setting, &NoChoices, &[]).unwrap().is_sound());
    let calculated = self::form(&format!(
        r#"item = [{{ linkId = "q", text = "Q", {kg}, calculatedExpression = "5 'cm'" }}]"#
    ));
    assert!(!take(&calculated, &[]).is_sound());
    let grams = self::form(&format!(
        r#"item = [{{ linkId = "q", text = "Q", {kg}, calculatedExpression = "500 'g'" }}]"#
    ));
    assert_eq!(answers(&take(&grams, &[])), ["q=0.5"]);
}

/// Rows with something that nobody types.
pub(super) const LOTS: &str = r#"
launchContext = [{ name = "patient", type = "Patient" }]
item = [{ linkId = "g", type = "group", text = "Mũi tiêm", repeats = true, item = [
 { linkId = "lot", type = "string", text = "Lô", hidden = true, initialExpression = "%patient.gender" },
 { linkId = "ward", type = "string", text = "Khoa", readOnly = true, initial = [{ valueString = "Nội" }] },
 { linkId = "dose", type = "string", text = "Mũi", initial = [{ valueString = "một" }] } ] }]"#;

fn of(gender: &str) -> Setting {
    setting().with("patient", json!({"resourceType": "Patient", "id": "p", "gender": gender}))
}

#[test]
fn every_row_begins_with_what_the_first_began_with() {
    let form = form(LOTS);
    let typed = [("dose:0", "A"), ("dose:1", "B")];
    let taken = form.take(&of("female"), &NoChoices, &posted(&typed)).unwrap();
    let row =
        |dose: &str| ["lot=\"female\"".to_owned(), "ward=\"Nội\"".to_owned(), format!("dose=\"{dose}\"")];
    assert_eq!(answers(&taken), [row("A"), row("B")].concat());
    let more = [typed.as_slice(), &[("~more", "g")]].concat();
    let more = form.take(&of("female"), &NoChoices, &posted(&more)).unwrap();
    assert_eq!(
        answers(&more),
        [row("A"), row("B"), row("một")].concat(),
        "the new row is filled in, typed ones stay"
    );
    let none = form.take(&of("female"), &NoChoices, &posted(&[("dose:0", "A"), ("~less", "g:0")])).unwrap();
    assert_eq!(answers(&none), row("một"));
}

#[test]
fn what_nobody_types_stays_with_its_row_while_rows_come_and_go() {
    let form = form(LOTS);
    let kept: Value = from_str(
        r#"{"resourceType":"QuestionnaireResponse","item":[
 {"linkId":"g","item":[{"linkId":"lot","answer":[{"valueString":"L0"}]},{"linkId":"dose","answer":[{"valueString":"A"}]}]},
 {"linkId":"g","item":[{"linkId":"lot","answer":[{"valueString":"L1"}]},{"linkId":"dose","answer":[{"valueString":"B"}]}]},
 {"linkId":"g","item":[{"linkId":"lot","answer":[{"valueString":"L2"}]},{"linkId":"dose","answer":[{"valueString":"C"}]}]}]}"#,
    )
    .unwrap();
    let press = |fields: Vec<(String, String)>, button: &[(&str, &str)]| {
        form.retake(&of("male"), &NoChoices, &kept, &[fields, posted(button)].concat()).unwrap()
    };
    let opened = form.reopen(&of("male"), &kept).unwrap();
    let less = press(opened.fields(), &[("~less", "g:0")]);
    assert_eq!(answers(&less), ["lot=\"L1\"", "dose=\"B\"", "lot=\"L2\"", "dose=\"C\""]);
    let more = press(less.fields(), &[("~more", "g")]);
    let new = ["lot=\"male\"", "ward=\"Nội\"", "dose=\"một\""];
    let both = ["lot=\"L1\"", "dose=\"B\"", "lot=\"L2\"", "dose=\"C\""];
    assert_eq!(
        answers(&more),
        [both.as_slice(), &new].concat(),
        "a kept row is not filled in again, a new one is"
    );
    let saved = press(more.fields(), &[]);
    assert_eq!(answers(&saved), answers(&more));
    let only = press(press(saved.fields(), &[("~less", "g:0")]).fields(), &[("~less", "g:0")]);
    assert_eq!(answers(&only), new);
    let greedy = press(
        posted(&[("g~rows", "3"), ("g~was", "1,1,9"), ("dose:0", "X"), ("dose:1", ""), ("dose:2", "")]),
        &[],
    );
    assert_eq!(answers(&greedy)[..2], ["lot=\"L1\"", "dose=\"X\""]);
    assert!(!answers(&greedy)[2..].contains(&"lot=\"L1\"".to_owned()), "a kept row is there once");
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
fn a_comma_inside_a_value_does_not_make_two_of_it() {
    let form = form(
        r#"
launchContext = [{ name = "patient", type = "Patient" }]
variable = [{ name = "v", language = "application/x-fhir-query", expression = "Patient?name={{%patient.name.family}}" }]
item = [{ linkId = "x", type = "string", text = "X" }]"#,
    );
    let named = |names: Value| {
        let setting = setting().with("patient", json!({"resourceType": "Patient", "name": names}));
        form.next_query(&setting).unwrap().address
    };
    assert_eq!(named(json!([{"family": "Lò"}, {"family": "Vì"}])), "Patient?name=L%C3%B2,V%C3%AC");
    assert_eq!(
        named(json!([{"family": "Lò, Thị"}, {"family": "a\\$|b"}])),
        "Patient?name=L%C3%B2%5C,%20Th%E1%BB%8B,a%5C%5C%5C%24|b"
    );
}

#[test]
fn nothing_is_asked_of_the_record_that_it_cannot_be_asked_with() {
    let form = form(PREFILL);
    assert_eq!(form.next_query(&setting()), None);
    let other = setting().with("patient", json!({"resourceType": "Group", "id": "g"}));
    assert_eq!(form.next_query(&other), None, "a group is no patient");
    assert!(form.begin(&other).broken.is_empty());
}
