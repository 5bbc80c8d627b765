//! Chains, reverse chains, and what is included. <https://hl7.org/fhir/R4/search.html#chaining>

use crate::check::{Check, Scene, finds, may, must, refuses};
use yba_fhir::json::json;

/// Two women of two clinics, one clinic part of a hospital; their encounters and observations.
static HOSPITAL: Scene = Scene {
    name: "hospital",
    records: |mine| {
        let number = |value: &str| json!([{"system": format!("urn:{mine}").as_str(), "value": value}]);
        let at = |kind: &str, label: &str| json!({"reference": format!("{kind}/{mine}-{label}").as_str()});
        let seen = |who: &str, code: &str, visit: &str, value: i64| {
            json!({
                "resourceType": "Observation", "identifier": number(code), "status": "final", "subject": at("Patient", who),
                "encounter": at("Encounter", visit), "code": {"coding": [{"system": "http://loinc.org", "code": code}]},
                "valueQuantity": {"value": value}, "performer": [at("Practitioner", "doc")],
            })
        };
        let visit = |who: &str, place: &str, status: &str| {
            json!({
                "resourceType": "Encounter", "identifier": number(who), "status": status, "subject": at("Patient", who),
                "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"},
                "serviceProvider": at("Organization", place),
            })
        };
        vec![
            (
                "hos",
                json!({"resourceType": "Organization", "identifier": number("bv"), "name": "Bệnh viện Mẫu"}),
            ),
            (
                "cli",
                json!({"resourceType": "Organization", "identifier": number("tram"), "name": "Trạm Mẫu", "partOf": at("Organization", "hos")}),
            ),
            (
                "doc",
                json!({"resourceType": "Practitioner", "identifier": number("bs"), "name": [{"family": "Hoàng"}]}),
            ),
            (
                "pa",
                json!({
                    "resourceType": "Patient", "identifier": number("pa"), "gender": "female", "name": [{"family": "Lò"}],
                    "managingOrganization": at("Organization", "cli"), "generalPractitioner": [at("Practitioner", "doc")],
                }),
            ),
            (
                "pb",
                json!({
                    "resourceType": "Patient", "identifier": number("pb"), "gender": "male", "name": [{"family": "Giàng"}],
                    "managingOrganization": at("Organization", "hos"),
                }),
            ),
            ("ea", visit("pa", "cli", "finished")),
            ("eb", visit("pb", "hos", "in-progress")),
            ("o1", seen("pa", "718-7", "ea", 120)),
            ("o2", seen("pa", "2345-7", "ea", 7)),
            ("o3", seen("pb", "718-7", "eb", 90)),
            (
                "org3",
                json!({"resourceType": "Organization", "identifier": number("xa"), "name": "Phòng Mẫu", "partOf": at("Organization", "cli")}),
            ),
        ]
    },
};

const C: &str = "search.html#chaining";
const H: &str = "search.html#has";
const I: &str = "search.html#include";
const V: &str = "search.html#revinclude";

pub const CHECKS: &[Check] = &[
    finds(
        C,
        "a chain finds by a parameter of what is referred to",
        &HOSPITAL,
        "Observation?{only}&patient.gender=female",
        "o1 o2",
    ),
    finds(
        C,
        "a chain names the type where a reference may have several",
        &HOSPITAL,
        "Observation?{only}&subject:Patient.gender=male",
        "o3",
    ),
    finds(
        C,
        "a chain takes strings as any search does",
        &HOSPITAL,
        "Observation?{only}&patient.family=gian",
        "o3",
    ),
    finds(
        C,
        "a chain takes tokens with their system",
        &HOSPITAL,
        "Observation?patient.identifier=urn:{mine}|pa",
        "o1 o2",
    ),
    finds(C, "a chain of two steps", &HOSPITAL, "Observation?{only}&patient.organization.name=tram", "o1 o2"),
    finds(
        C,
        "a chain of three steps",
        &HOSPITAL,
        "Observation?{only}&patient.organization.partof.name=benh vien",
        "o1 o2",
    ),
    finds(
        C,
        "a chain by another reference",
        &HOSPITAL,
        "Observation?{only}&encounter.status=in-progress",
        "o3",
    ),
    finds(
        C,
        "a chain with a modifier at its end",
        &HOSPITAL,
        "Observation?{only}&patient.family:exact=Lò",
        "o1 o2",
    ),
    finds(C, "a chain ends in _id", &HOSPITAL, "Observation?{only}&patient._id={mine}-pb", "o3"),
    finds(
        C,
        "a chain ends in a reference",
        &HOSPITAL,
        "Observation?{only}&patient.organization=Organization/{mine}-hos",
        "o3",
    ),
    finds(
        C,
        "two chains are joined by and",
        &HOSPITAL,
        "Observation?{only}&patient.gender=female&encounter.status=in-progress",
        "",
    ),
    finds(
        C,
        "values of a chain are joined by or",
        &HOSPITAL,
        "Observation?{only}&patient.family=lo,giang",
        "o1 o2 o3",
    ),
    finds(
        C,
        "a chain and a plain parameter are joined by and",
        &HOSPITAL,
        "Observation?{only}&patient.gender=female&code=718-7",
        "o1",
    ),
    finds(
        C,
        "a chain finds nothing where what is referred to is not so",
        &HOSPITAL,
        "Observation?{only}&patient.gender=other",
        "",
    ),
    refuses(
        C,
        "a chain with a parameter that is not known is refused",
        &HOSPITAL,
        "Observation?{only}&patient.mau=do",
        400,
    ),
    refuses(
        C,
        "a chain by what is no reference is refused",
        &HOSPITAL,
        "Observation?{only}&code.name=a",
        400,
    ),
    refuses(
        C,
        "a chain longer than the server takes is refused",
        &HOSPITAL,
        "Organization?{only}&partof.partof.partof.partof.partof.partof.partof.partof.name=a",
        400,
    )
    .chosen(),
    finds(
        H,
        "_has finds what something refers to",
        &HOSPITAL,
        "Patient?{only}&_has:Observation:patient:code=2345-7",
        "pa",
    ),
    finds(
        H,
        "_has finds each record once, however many refer to it",
        &HOSPITAL,
        "Patient?{only}&_has:Observation:patient:status=final",
        "pa pb",
    ),
    finds(
        H,
        "_has takes prefixes",
        &HOSPITAL,
        "Patient?{only}&_has:Observation:patient:value-quantity=lt100",
        "pa pb",
    ),
    finds(
        H,
        "_has twice is joined by and",
        &HOSPITAL,
        "Patient?{only}&_has:Observation:patient:code=718-7&_has:Observation:patient:code=2345-7",
        "pa",
    ),
    finds(
        H,
        "_has within _has",
        &HOSPITAL,
        "Organization?{only}&_has:Patient:organization:_has:Observation:patient:code=2345-7",
        "cli",
    ),
    finds(
        H,
        "_has after a chain",
        &HOSPITAL,
        "Encounter?{only}&patient._has:Observation:patient:code=2345-7",
        "ea",
    ),
    finds(
        H,
        "_has with a chain at its end",
        &HOSPITAL,
        "Organization?{only}&_has:Encounter:service-provider:patient.gender=male",
        "hos",
    ),
    finds(
        H,
        "_has with several values is joined by or",
        &HOSPITAL,
        "Patient?{only}&_has:Observation:patient:code=2345-7,khong",
        "pa",
    ),
    finds(
        H,
        "_has that nothing fulfils finds nothing",
        &HOSPITAL,
        "Patient?{only}&_has:Observation:patient:code=khong",
        "",
    ),
    refuses(
        H,
        "_has of a type that FHIR does not have is refused",
        &HOSPITAL,
        "Patient?{only}&_has:QuanSat:patient:code=1",
        400,
    ),
    refuses(
        H,
        "_has by a parameter that is no reference is refused",
        &HOSPITAL,
        "Patient?{only}&_has:Observation:code:status=final",
        400,
    ),
    refuses(
        H,
        "_has with too few parts is refused",
        &HOSPITAL,
        "Patient?{only}&_has:Observation:code=1",
        400,
    ),
    finds(
        I,
        "_include brings what the matches refer to",
        &HOSPITAL,
        "Observation?{only}&code=2345-7&_include=Observation:patient",
        "o2 +pa",
    ),
    finds(
        I,
        "_include brings a record once, however many refer to it",
        &HOSPITAL,
        "Observation?{only}&patient={mine}-pa&_include=Observation:patient",
        "o1 o2 +pa",
    ),
    finds(
        I,
        "_include with a type keeps to that type",
        &HOSPITAL,
        "Observation?{only}&code=2345-7&_include=Observation:subject:Patient",
        "o2 +pa",
    ),
    finds(
        I,
        "_include with another type brings nothing",
        &HOSPITAL,
        "Observation?{only}&code=2345-7&_include=Observation:subject:Group",
        "o2",
    ),
    finds(
        I,
        "two _include bring both",
        &HOSPITAL,
        "Observation?{only}&code=2345-7&_include=Observation:patient&_include=Observation:encounter",
        "o2 +pa +ea",
    ),
    finds(
        I,
        "_include=* brings everything the matches refer to",
        &HOSPITAL,
        "Observation?{only}&code=2345-7&_include=*",
        "o2 +pa +ea +doc",
    )
    .recommended(),
    finds(
        I,
        "_include of a type with * brings everything that type refers to",
        &HOSPITAL,
        "Observation?{only}&code=2345-7&_include=Observation:*",
        "o2 +pa +ea +doc",
    )
    .recommended(),
    must(I, "_include without :iterate does not go on from what it brought", |w| {
        let mine = w.scene(&HOSPITAL)?;
        let search = format!(
            "Observation?identifier=urn:{mine}|&code=2345-7&_include=Observation:patient&_include=Patient:organization"
        );
        // That the second brings nothing may be said by refusing it.
        match w.get(&search)?.one_of(&[200, 400])? {
            got if got.status == 200 => got.finds(&mine, "o2 +pa", false),
            got => got.refused(400).map(drop),
        }
    }),
    finds(
        I,
        "_include:iterate goes on from what was brought",
        &HOSPITAL,
        "Observation?{only}&code=2345-7&_include=Observation:patient&_include:iterate=Patient:organization",
        "o2 +pa +cli",
    ),
    finds(
        I,
        "_include:iterate follows a reference to its own type to the end",
        &HOSPITAL,
        "Organization?{only}&name=phong&_include:iterate=Organization:partof",
        "org3 +cli +hos",
    ),
    finds(
        I,
        "a match is not brought a second time as an include",
        &HOSPITAL,
        "Organization?{only}&_include=Organization:partof",
        "hos cli org3",
    ),
    finds(
        V,
        "_revinclude brings what refers to the matches",
        &HOSPITAL,
        "Patient?identifier=urn:{mine}|pa&_revinclude=Observation:patient",
        "pa +o1 +o2",
    ),
    finds(
        V,
        "_revinclude with a type keeps to references to it",
        &HOSPITAL,
        "Patient?identifier=urn:{mine}|pb&_revinclude=Observation:subject:Patient",
        "pb +o3",
    ),
    finds(
        V,
        "two _revinclude bring both",
        &HOSPITAL,
        "Patient?identifier=urn:{mine}|pa&_revinclude=Observation:patient&_revinclude=Encounter:patient",
        "pa +o1 +o2 +ea",
    ),
    finds(
        V,
        "_revinclude:iterate goes on from what was brought",
        &HOSPITAL,
        "Organization?identifier=urn:{mine}|tram&_revinclude=Patient:organization&_revinclude:iterate=Encounter:patient",
        "cli +pa +ea",
    ),
    finds(
        V,
        "_include:iterate goes on from what _revinclude brought",
        &HOSPITAL,
        "Patient?identifier=urn:{mine}|pb&_revinclude=Encounter:patient&_include:iterate=Encounter:service-provider",
        "pb +eb +hos",
    ),
    refuses(
        I,
        "_include of a parameter that is not known is refused",
        &HOSPITAL,
        "Observation?{only}&_include=Observation:mau",
        400,
    ),
    refuses(
        I,
        "_include of a parameter that is no reference is refused",
        &HOSPITAL,
        "Observation?{only}&_include=Observation:code",
        400,
    ),
    refuses(
        I,
        "_include of a type that FHIR does not have is refused",
        &HOSPITAL,
        "Observation?{only}&_include=QuanSat:patient",
        400,
    ),
    may(I, "what is included does not count for _count and total", |w| {
        let mine = w.scene(&HOSPITAL)?;
        let got = w.get(&format!(
            "Observation?identifier=urn:{mine}|&_include=Observation:patient&_count=2&_total=accurate"
        ))?;
        let got = got.is(200)?.has("total", "3")?;
        crate::world::same(got.matches().len(), 2, "the matches on the page")
    }),
];
