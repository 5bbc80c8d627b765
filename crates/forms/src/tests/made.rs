//! What answers become.

use super::*;

#[test]
fn answers_with_codes_become_observations() {
    let form = form(
        r#"
observationExtract = true
item = [{ linkId = "g", type = "group", observationExtractCategory = "vital-signs", item = [
 { linkId = "w", type = "decimal", text = "Cân nặng", unit = { system = "http://unitsofmeasure.org", code = "kg", display = "kg" }, code = [{ system = "http://loinc.org", code = "29463-7" }] },
 { linkId = "s", type = "choice", text = "Hút", code = [{ code = "smoke" }], answerOption = [{ ordinalValue = 1, valueCoding = { code = "y", display = "Có" } }] },
 { linkId = "no", type = "integer", text = "Không", observationExtract = false, code = [{ code = "x" }] },
 { linkId = "plain", type = "integer", text = "Trống" } ] }]"#,
    );
    let filling = take(&form, &[("w", "56,50"), ("s", "y"), ("no", "1"), ("plain", "2")]);
    let made = filling.extract(&setting(), &head(), &mut || "id".to_owned()).unwrap();
    let text: Vec<String> = made.iter().map(|one| to_string(&one.resource).unwrap()).collect();
    assert_eq!(text.len(), 2);
    assert!(
        text[0].contains(
            r#""valueQuantity":{"code":"kg","system":"http://unitsofmeasure.org","unit":"kg","value":56.50}"#
        ),
        "{}",
        text[0]
    );
    assert!(
        text[0].contains(r#""derivedFrom":[{"reference":"QuestionnaireResponse/r1"}]"#)
            && text[0].contains("vital-signs")
    );
    assert!(
        text[1].contains(r#""valueCodeableConcept":{"coding":[{"code":"y","display":"Có"}],"text":"Có"}"#),
        "{}",
        text[1]
    );
}

/// A form whose one answer is looked for, or is the id of what it becomes.
fn looked_for(more: &str) -> Result<crate::Form, Outcome> {
    compiled(&format!(
        r##"contained = [{{ resourceType = "Basic", id = "b", code = {{ text = "x" }} }}]
item = [{{ linkId = "n", type = "string", text = "N", templateExtract = [{{ template = "#b", {more} }}] }}]"##
    ))
}

#[test]
fn typed_words_do_not_change_the_search_they_stand_in() {
    let form = looked_for(
        r#"ifNoneExist = "'identifier=urn:a+b|' + answer.value + '&_tag=' + (answer.value + 'x') + '&active=true'""#,
    )
    .unwrap();
    let search = |typed: &str| {
        let made = take(&form, &[("n", typed)]).extract(&setting(), &head(), &mut || "i".to_owned()).unwrap();
        made[0].act.clone()
    };
    let unless = |text: &str| crate::Act::Create { unless: Some(text.to_owned()) };
    assert_eq!(search("C"), unless("identifier=urn:a+b|C&_tag=Cx&active=true"));
    assert_eq!(
        search("C&_id=9|,d #"),
        unless("identifier=urn:a+b|C%26_id%3D9%5C|%5C,d%20%23&_tag=C%26_id%3D9%5C|%5C,d%20%23x&active=true")
    );
    for bad in ["answer.value", "'identifier' + answer.value", "iif(true, 'identifier=' + answer.value, '')"]
    {
        let outcome = looked_for(&format!("ifNoneExist = \"{bad}\"")).unwrap_err();
        let place = outcome.issues[0].path.as_deref();
        assert_eq!(place, Some("item[0].templateExtract[0].ifNoneExist"), "{bad}");
    }
    let many = looked_for(r#"ifNoneExist = "'identifier=' + (answer.value | 'x')""#).unwrap();
    assert!(take(&many, &[("n", "C")]).extract(&setting(), &head(), &mut || "i".to_owned()).is_err());
}

#[test]
fn typed_words_are_an_id_only_where_they_can_be_one() {
    let form = looked_for(r#"resourceId = "answer.value""#).unwrap();
    let made =
        |typed: &str| take(&form, &[("n", typed)]).extract(&setting(), &head(), &mut || "i".to_owned());
    assert_eq!(made("BA-1.2").unwrap()[0].act, crate::Act::Put);
    for bad in ["a b", "../Patient/1", "Số1", &"x".repeat(65)] {
        let outcome = made(bad).unwrap_err();
        assert_eq!((outcome.kind, outcome.issues[0].key), (yba_fhir::Kind::Invalid, "form-id"), "{bad}");
    }
}

#[test]
fn ids_of_rows_are_there_before_anything_is_extracted() {
    let form = form(
        r##"
templateExtract = [{ template = "#plan" }]
contained = [
 { resourceType = "CarePlan", id = "plan", status = "active", intent = "plan", activity = [{ templateExtractContext = "%drug", reference = { _reference = { templateExtractValue = "$this" } } }] },
 { resourceType = "Observation", id = "before", status = "final", focus = [{ templateExtractContext = "%drug", _reference = { templateExtractValue = "$this" } }] },
 { resourceType = "Observation", id = "dose", status = "final", focus = [{ _reference = { templateExtractValue = "%drug" } }] },
]
item = [
 { linkId = "first", type = "string", text = "F", templateExtract = [{ template = "#before" }] },
 { linkId = "drug", type = "group", text = "D", repeats = true, allocateId = ["drug"], item = [
   { linkId = "dose", type = "string", text = "N", templateExtract = [{ template = "#dose" }] }] },
]"##,
    );
    let made = |pairs: &[(&str, &str)]| -> Vec<String> {
        let mut count = 0;
        let mut new_id = || {
            count += 1;
            format!("i{count}")
        };
        let made = take(&form, pairs).extract(&setting(), &head(), &mut new_id).unwrap();
        let references = |one: &crate::Extracted| {
            let text = to_string(&one.resource).unwrap();
            let ids = text.split("urn:uuid:").skip(1).map(|rest| rest[..2].to_owned());
            ids.collect::<Vec<_>>().join(" ")
        };
        made.iter().map(references).collect()
    };
    let three = [("first", "x"), ("dose:0", "A"), ("dose:1", ""), ("dose:2", "C")];
    assert_eq!(made(&three), ["i1 i2", "i1 i2", "i1", "i2"], "outside all rows, inside one's own");
    assert_eq!(made(&[("first", "x")]), ["", ""], "no row, no id");
}

#[test]
fn templates_are_filled_repeated_and_left_out() {
    let form = form(
        r##"
allocateId = ["plan"]
templateExtract = [{ template = "#plan", fullUrl = "%plan" }]
contained = [
 { resourceType = "CarePlan", id = "plan", status = "active", intent = "plan", _title = { templateExtractValue = "item.where(linkId = 'title').answer.value" },
   activity = [{ templateExtractContext = "item.where(linkId = 'drug').item.where(linkId = 'name').answer.value", detail = { status = "in-progress", _description = { templateExtractValue = "$this" } } }],
   note = [{ templateExtractContext = "item.where(linkId = 'none').answer", text = "fixed" }] },
 { resourceType = "MedicationStatement", id = "statement", status = "active", subject = { _reference = { templateExtractValue = "%resource.subject.reference" } },
   medicationCodeableConcept = { _text = { templateExtractValue = "item.where(linkId = 'name').answer.value" } },
   basedOn = [{ _reference = { templateExtractValue = "%plan" } }] },
]
item = [
 { linkId = "title", type = "string", text = "T" },
 { linkId = "drug", type = "group", text = "D", repeats = true, templateExtract = [{ template = "#statement", ifNoneExist = "'identifier=' + item.where(linkId = 'name').answer.value" }], item = [{ linkId = "name", type = "string", text = "N" }] },
]"##,
    );
    let filling = take(&form, &[("title", "Kế hoạch"), ("name:0", "A"), ("name:1", ""), ("name:2", "C")]);
    let extract = || {
        let mut count = 0;
        let made = filling
            .extract(&setting(), &head(), &mut || {
                count += 1;
                format!("i{count}")
            })
            .unwrap();
        made.iter()
            .map(|one| (to_string(&one.resource).unwrap(), one.known_as.clone(), one.act.clone()))
            .collect::<Vec<_>>()
    };
    let made = extract();
    assert_eq!(
        made[0].0,
        r#"{"resourceType":"CarePlan","activity":[{"detail":{"description":"A","status":"in-progress"}},{"detail":{"description":"C","status":"in-progress"}}],"intent":"plan","status":"active","title":"Kế hoạch"}"#
    );
    assert_eq!(made[0].1.as_deref(), Some("urn:uuid:i1"));
    assert_eq!(made.len(), 3, "a row without answers gives nothing");
    assert_eq!(
        made[2].0,
        r#"{"resourceType":"MedicationStatement","basedOn":[{"reference":"urn:uuid:i1"}],"medicationCodeableConcept":{"text":"C"},"status":"active","subject":{"reference":"Patient/p1"}}"#
    );
    assert_eq!(made[2].2, crate::extract::Act::Create { unless: Some("identifier=C".to_owned()) });
    assert_eq!(extract(), made, "the same answers, ids and clock give the same resources");
}
