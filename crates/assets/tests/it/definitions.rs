use sonic_rs::{JsonContainerTrait, JsonValueTrait, Value};
use yba_assets::text;

fn table(name: &str) -> Value {
    sonic_rs::from_str(&text(name).expect("the table is embedded")).expect("the table is JSON")
}

fn paths(r4: &Value, kind: &str) -> Vec<String> {
    let elements = r4["types"][kind]["elements"].as_array().expect("a type has elements");
    elements.iter().map(|element| element["p"].as_str().expect("an element has a path").to_owned()).collect()
}

#[test]
fn r4_is_there_in_full() {
    let r4 = table("r4.json.gz");
    let types = r4["types"].as_object().unwrap();
    let resources = types.iter().filter(|(_, kind)| kind["kind"].as_str() == Some("resource"));
    // 146 that can be instantiated, Resource and DomainResource.
    assert_eq!(resources.count(), 148);
    assert_eq!(types.iter().filter(|(_, kind)| kind["kind"].as_str() == Some("primitive-type")).count(), 20);
    assert_eq!(r4["search"].as_array().unwrap().len(), 1378);
    assert_eq!(r4["compartment"]["Patient"].as_object().unwrap().len(), 66);
    assert_eq!(r4["compartment"]["Patient"]["Observation"].to_string(), r#"["subject","performer"]"#);
}

#[test]
fn a_patient_is_described_as_the_specification_does() {
    let r4 = table("r4.json.gz");
    let paths = paths(&r4, "Patient");
    for path in ["id", "meta", "contact.name", "deceased[x]", "link.other", "link.modifierExtension"] {
        assert!(paths.iter().any(|found| found == path), "{path}");
    }
    let gender = r4["types"]["Patient"]["elements"].as_array().unwrap();
    let gender = gender.iter().find(|element| element["p"].as_str() == Some("gender")).unwrap();
    assert_eq!(
        gender.to_string(),
        r#"{"p":"gender","t":["code"],"min":0,"max":1,"b":["required","http://hl7.org/fhir/ValueSet/administrative-gender"],"s":1}"#
    );
}

#[test]
fn additions_that_hl7_did_not_publish_are_not_in() {
    let r4 = table("r4.json.gz");
    assert!(r4["types"].get("SubscriptionStatus").is_none());
    assert_eq!(
        paths(&r4, "Meta"),
        ["id", "extension", "versionId", "lastUpdated", "source", "profile", "security", "tag"]
    );
    assert!(!paths(&r4, "Binary").contains(&"url".to_owned()));
    assert!(!paths(&r4, "ResearchStudy").contains(&"studyDesign".to_owned()));
    assert!(paths(&r4, "EvidenceVariable").contains(&"characteristic.definition[x]".to_owned()));
    assert!(!text("r4.json.gz").unwrap().contains("medplum"));
}

#[test]
fn every_type_reference_and_parameter_points_at_a_type_that_is_there() {
    let r4 = table("r4.json.gz");
    let types = r4["types"].as_object().unwrap();
    let known = |name: &str| name.starts_with("System.") || types.get(&name).is_some();
    for (kind, entry) in types.iter() {
        for element in entry["elements"].as_array().unwrap().iter() {
            let path = &element["p"];
            let listed =
                |key: &str| element.get(key).and_then(|list| list.as_array().cloned()).unwrap_or_default();
            assert!(!listed("t").is_empty() || element.get("c").is_some(), "{kind}.{path} has no type");
            for name in listed("t").iter().chain(listed("r").iter()) {
                assert!(known(name.as_str().unwrap()), "{kind}.{path}: {name}");
            }
        }
    }
    for param in r4["search"].as_array().unwrap().iter() {
        for name in param["b"].as_array().unwrap().iter() {
            assert!(known(name.as_str().unwrap()), "{}", param["u"]);
        }
    }
}

#[test]
fn required_codes_are_listed_with_their_system() {
    let lists = table("valuesets.json.gz");
    assert_eq!(
        lists["http://hl7.org/fhir/ValueSet/administrative-gender"].to_string(),
        r#"[["http://hl7.org/fhir/administrative-gender",["male","female","other","unknown"]]]"#
    );
    assert!(lists.as_object().unwrap().len() >= 210);
    assert!(lists.get("http://hl7.org/fhir/ValueSet/mimetypes").is_none());
}
