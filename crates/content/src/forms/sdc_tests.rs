use super::super::toml::{document, written};
use super::*;
use yba_fhir::json::from_str;

/// Everything the table has, in the order in which short keys come back.
const FHIR: &str = r##"{"resourceType":"Questionnaire","status":"draft","title":"Thử \"ngoặc\"",
"extension":[
 {"url":"http://hl7.org/fhir/uv/sdc/StructureDefinition/sdc-questionnaire-launchContext","extension":[
   {"url":"name","valueCoding":{"system":"http://hl7.org/fhir/uv/sdc/CodeSystem/launchContext","code":"patient"}},
   {"url":"type","valueCode":"Patient"}]},
 {"url":"http://hl7.org/fhir/StructureDefinition/variable","valueExpression":{"name":"a","language":"text/fhirpath","expression":"1"}},
 {"url":"http://hl7.org/fhir/StructureDefinition/variable","valueExpression":{"name":"b","language":"application/x-fhir-query","expression":"Patient?_id={{%patient.id}}"}},
 {"url":"http://example.org/other","valueString":"x"}],
"contained":[{"resourceType":"Observation","id":"t","status":"final","_valueDecimal":{"extension":[
   {"url":"http://hl7.org/fhir/uv/sdc/StructureDefinition/sdc-questionnaire-templateExtractValue","valueString":"answer.value"}]},
   "code":{"coding":[{"code":"1","extension":[{"url":"http://hl7.org/fhir/uv/sdc/StructureDefinition/sdc-questionnaire-templateExtractContext","valueString":"answer"}]}]}}],
"item":[
 {"linkId":"1","type":"decimal","text":"Cân nặng","extension":[
   {"url":"http://hl7.org/fhir/StructureDefinition/questionnaire-hidden","valueBoolean":false},
   {"url":"http://hl7.org/fhir/StructureDefinition/questionnaire-itemControl","valueCodeableConcept":{"coding":[{"system":"http://hl7.org/fhir/questionnaire-item-control","code":"slider"}]}},
   {"url":"http://hl7.org/fhir/StructureDefinition/questionnaire-unit","valueCoding":{"system":"http://unitsofmeasure.org","code":"kg"}},
   {"url":"http://hl7.org/fhir/StructureDefinition/minValue","valueDecimal":0.50},
   {"url":"http://hl7.org/fhir/StructureDefinition/maxValue","valueDecimal":300},
   {"url":"http://hl7.org/fhir/StructureDefinition/questionnaire-constraint","extension":[
     {"url":"key","valueId":"k"},{"url":"severity","valueCode":"error"},{"url":"expression","valueString":"true"},{"url":"human","valueString":"Sai"}]},
   {"url":"http://hl7.org/fhir/uv/sdc/StructureDefinition/sdc-questionnaire-templateExtract","extension":[{"url":"template","valueReference":{"reference":"#t"}}]}],
  "item":[{"linkId":"1.1","type":"choice","answerOption":[{"valueCoding":{"code":"y","extension":[{"url":"http://hl7.org/fhir/StructureDefinition/ordinalValue","valueDecimal":2.0}]}}]}]},
 {"linkId":"2","type":"date","extension":[
   {"url":"http://hl7.org/fhir/StructureDefinition/maxValue","valueDate":"2030-01-01"},
   {"url":"http://hl7.org/fhir/StructureDefinition/minValue","valueDate":"2020-01-01"}],
  "_text":{"id":"q"},"initial":[{"valueDate":"2026-03-02"}]},
 {"linkId":"3","type":"string","initial":[{"valueString":null}]}]}"##;

fn same(a: &Value, b: &Value) {
    assert_eq!(printed(a), printed(b));
}

#[test]
fn fhir_json_becomes_toml_and_comes_back_without_loss() {
    let fhir: Value = from_str(FHIR).unwrap();
    let text = written(&contracted(&fhir));
    let read = document(&text).unwrap();
    let (again, faults) = expanded(&read.value);
    assert_eq!(faults, []);
    same(&again, &fhir);
    for short in [
        "launchContext = [{ name = \"patient\", type = \"Patient\" }]",
        "{ expression = \"1\", name = \"a\" }",
        "unit = { code = \"kg\"",
        "minValue = 0.50",
        "maxValue = 300",
        "itemControl = \"slider\"",
        "ordinalValue = 2.0",
        "_valueDecimal = { templateExtractValue = \"answer.value\" }",
        "templateExtract = [{ template = \"#t\" }]",
        "[[item.item]]",
    ] {
        assert!(text.contains(short), "{short} in\n{text}");
    }
    // Out of the order that short keys have: kept as it is.
    assert!(text.contains("valueDate = \"2030-01-01\""), "{text}");
}

#[test]
fn every_short_key_has_an_address_of_its_own_and_none_is_an_element() {
    for (at, one) in EXTENSIONS.iter().enumerate() {
        assert!(
            EXTENSIONS.iter().skip(at + 1).all(|other| other.key != one.key && other.url != one.url),
            "{}",
            one.key
        );
        assert_eq!((url(one.key), key(one.url)), (one.url, Some(one.key)));
        let item = yba_fhir::defs::r4().type_def("Questionnaire").unwrap();
        assert!(
            item.elements.iter().all(|element| element.path.rsplit('.').next() != Some(one.key)),
            "{}",
            one.key
        );
    }
}

#[test]
fn what_does_not_fit_is_told_with_its_place() {
    let read = document("[[item]]\nlinkId = \"a\"\nhidden = \"x\"\n[[item.item]]\nvariable = [1]\n").unwrap();
    let (_, faults) = expanded(&read.value);
    let places: Vec<(&str, u32)> =
        faults.iter().map(|(place, _)| (place.as_str(), read.lines.of(place))).collect();
    assert_eq!(places, [("item[0].hidden", 3), ("item[0].item[0].variable", 5)]);
}

#[test]
fn broken_toml_tells_its_lines() {
    let faults = document("a = 1\nb = \n").unwrap_err();
    assert_eq!(faults[0].0, 2);
    assert!(document("a = inf").is_err());
}
