//! R4's definitions: the same answers as the lists of required bindings, hierarchy, SNOMED.

use crate::{built_in, holds, today};
use yba_fhir::json::{self, JsonContainerTrait, JsonValueTrait, Value};
use yba_terminology::Membership;
use yba_terminology::system::Content;

const SNOMED: &str = "http://snomed.info/sct";

#[test]
fn every_required_binding_with_a_list_is_answered_as_the_list_says() {
    let lists: Value = json::from_str(&yba_assets::text("valuesets.json.gz").unwrap()).unwrap();
    let (mut sets, mut asked) = (0, 0);
    for (url, systems) in lists.as_object().unwrap().iter() {
        let set = built_in().value_set(url).unwrap_or_else(|| panic!("{url} is not known"));
        assert_eq!(set.faults(), [], "{url}");
        sets += 1;
        for pair in systems.as_array().unwrap().iter() {
            let (system, codes) = (pair[0].as_str().unwrap(), pair[1].as_array().unwrap());
            for code in codes.iter().map(|code| code.as_str().unwrap()) {
                asked += 1;
                assert_eq!(
                    set.contains(Some(system), code, today()),
                    Membership::In,
                    "{url} {system} {code}"
                );
                assert_eq!(set.contains(None, code, today()), Membership::In, "{url} {code}");
                let wrong = format!("{code}~");
                assert_eq!(set.contains(Some(system), &wrong, today()), Membership::NotIn, "{url} {wrong}");
                assert_eq!(set.contains(None, &wrong, today()), Membership::NotIn, "{url} {wrong}");
                assert_eq!(set.contains(Some("urn:other"), code, today()), Membership::NotIn, "{url} {code}");
            }
        }
    }
    assert!(sets > 200 && asked > 1500, "{sets} sets, {asked} codes");
}

#[test]
fn required_bindings_without_a_list_are_judged_by_grammar() {
    let rows = [
        ("http://hl7.org/fhir/ValueSet/mimetypes", "application/pdf", 'i'),
        ("http://hl7.org/fhir/ValueSet/mimetypes", "pdf", 'o'),
        ("http://hl7.org/fhir/ValueSet/mimetypes", "json", '?'),
        ("http://hl7.org/fhir/ValueSet/currencies", "VND", 'i'),
        ("http://hl7.org/fhir/ValueSet/currencies", "đồng", 'o'),
        ("http://hl7.org/fhir/ValueSet/all-languages", "vi-VN", 'i'),
        ("http://hl7.org/fhir/ValueSet/all-languages", "tiếng Việt", 'o'),
        ("http://hl7.org/fhir/ValueSet/ucum-units", "mmol/L", 'i'),
        ("http://hl7.org/fhir/ValueSet/ucum-units", "mmol per L", 'o'),
        ("http://hl7.org/fhir/ValueSet/all-time-units", "min", 'i'),
        ("http://hl7.org/fhir/ValueSet/all-time-units", "m", 'o'),
        ("http://hl7.org/fhir/ValueSet/all-distance-units", "cm", 'i'),
    ];
    for (set, code, expected) in rows {
        assert_eq!(holds(built_in(), set, None, code, today()), expected, "{set} {code}");
    }
}

#[test]
fn every_required_binding_of_r4_can_be_judged_but_one() {
    let mut unjudged = Vec::new();
    for (_, kind) in yba_fhir::defs::r4().types() {
        let bindings = kind.elements.iter().filter_map(|element| element.binding.as_ref());
        for (_, url) in bindings.filter(|(strength, _)| strength == "required") {
            let set = built_in().value_set(url);
            let answer = set.map(|set| set.contains(None, "no code looks like this", today()));
            if answer != Some(Membership::NotIn) && !unjudged.contains(url) {
                unjudged.push(url.clone());
            }
        }
    }
    // An answer list of LOINC's, of which R4 publishes nothing.
    assert_eq!(unjudged, ["http://loinc.org/vs/LL379-9"]);
}

#[test]
fn snomed_is_known_by_name_and_none_of_its_codes_is_carried() {
    let system = built_in().code_system(SNOMED, None, today()).unwrap();
    assert_eq!((system.head.content, system.table().len()), (Content::NotPresent, 0));
    let text = yba_assets::text("terminology.tsv.gz").unwrap();
    // A code of R4's own SNOMED value sets, and its name.
    assert!(!text.contains("404684003") && !text.contains("Clinical finding"));
    let codes = "http://hl7.org/fhir/ValueSet/condition-code";
    assert_eq!(holds(built_in(), codes, Some(SNOMED), "38341003", today()), '?');
    let sites = "http://hl7.org/fhir/ValueSet/approach-site-codes";
    assert_eq!(holds(built_in(), sites, Some(SNOMED), "1", today()), '?');
    assert_eq!(holds(built_in(), sites, Some("http://loinc.org"), "1", today()), 'o');
}

#[test]
fn filters_exclusions_and_further_parents_decide_membership() {
    let role = "http://terminology.hl7.org/CodeSystem/v3-RoleCode";
    let act = "http://terminology.hl7.org/CodeSystem/v3-ActCode";
    let route = "http://terminology.hl7.org/CodeSystem/v3-RouteOfAdministration";
    let rows = [
        // is-a _ActEncounterCode, the group itself excluded
        ("http://terminology.hl7.org/ValueSet/v3-ActEncounterCode", act, "AMB", 'i'),
        ("http://terminology.hl7.org/ValueSet/v3-ActEncounterCode", act, "_ActEncounterCode", 'o'),
        ("http://terminology.hl7.org/ValueSet/v3-ActEncounterCode", act, "ACCTRECEIVABLE", 'o'),
        // is-not-a O
        (
            "http://hl7.org/fhir/ValueSet/patient-contactrelationship",
            "http://terminology.hl7.org/CodeSystem/v2-0131",
            "N",
            'i',
        ),
        (
            "http://hl7.org/fhir/ValueSet/patient-contactrelationship",
            "http://terminology.hl7.org/CodeSystem/v2-0131",
            "O",
            'o',
        ),
        // regular expressions match whole codes
        ("http://hl7.org/fhir/ValueSet/iso3166-1-3", "urn:iso:std:iso:3166", "VNM", 'i'),
        ("http://hl7.org/fhir/ValueSet/iso3166-1-3", "urn:iso:std:iso:3166", "VN", 'o'),
        ("http://hl7.org/fhir/ValueSet/iso3166-1-2", "urn:iso:std:iso:3166", "VN", 'i'),
        // a property
        (
            "http://hl7.org/fhir/ValueSet/jurisdiction",
            "http://unstats.un.org/unsd/methods/m49/m49.htm",
            "002",
            'i',
        ),
        ("http://terminology.hl7.org/ValueSet/v3-FamilyMember", role, "MTH", 'i'),
        ("http://terminology.hl7.org/ValueSet/v3-FamilyMember", role, "HOSP", 'o'),
        ("http://terminology.hl7.org/ValueSet/v3-RouteOfAdministration", route, "PO", 'i'),
    ];
    for (set, system, code, expected) in rows {
        assert_eq!(holds(built_in(), set, Some(system), code, today()), expected, "{set} {code}");
    }
    let table = built_in().code_system(route, None, today()).unwrap().table();
    let po = table.find("PO").unwrap();
    assert!(table.parents(po).count() > 1, "PO stands under several groups");
}

#[test]
fn a_v2_table_whose_address_has_a_bar_of_its_own_is_found() {
    let url = "http://terminology.hl7.org/CodeSystem/v2-0360|2.7";
    assert!(built_in().code_system(url, None, today()).is_some_and(|edition| edition.table().len() > 10));
}
