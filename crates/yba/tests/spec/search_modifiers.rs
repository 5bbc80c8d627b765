//! Modifiers, and the parameters that every type has. <https://hl7.org/fhir/R4/search.html#modifiers>

use crate::check::{Check, Scene, finds, must, refuses};
use crate::search_basic::PEOPLE;
use crate::world::observation;
use yba_fhir::json::json;

const ICD: &str = "http://hl7.org/fhir/sid/icd-10";

/// Conditions: a and b of kinds of type 2 diabetes, c of high blood pressure, d with words alone, e with nothing, f of a code
/// list of ours.
static ILLS: Scene = Scene {
    name: "ills",
    records: |mine| {
        let identifier = json!([{"system": format!("urn:{mine}").as_str(), "value": "1"}]);
        let patient = format!("Patient/{mine}-p");
        let about = |code: &str, display: &str| {
            json!({
                "resourceType": "Condition", "identifier": identifier.clone(), "subject": {"reference": patient.as_str()},
                "code": {"coding": [{"system": ICD, "code": code, "display": display}]},
            })
        };
        let own = format!("http://mau.example/{mine}/cs");
        vec![
            (
                "p",
                json!({
                    "resourceType": "Patient",
                    "identifier": [{
                        "system": format!("urn:{mine}").as_str(), "value": "MR-7",
                        "type": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": "MR"}]},
                    }, {"system": format!("urn:{mine}").as_str(), "value": "1"}],
                }),
            ),
            ("a", about("E11.9", "Bệnh đái tháo đường không phụ thuộc insuline")),
            ("b", about("E11.2", "Bệnh đái tháo đường có biến chứng thận")),
            ("c", about("I10", "Tăng huyết áp vô căn")),
            (
                "d",
                json!({
                    "resourceType": "Condition", "identifier": identifier.clone(), "subject": {"reference": patient.as_str()},
                    "code": {"text": "Đau đầu kéo dài"},
                }),
            ),
            (
                "e",
                json!({
                    "resourceType": "Condition", "identifier": identifier.clone(),
                    "subject": {"identifier": {"system": format!("urn:{mine}:mrn").as_str(), "value": "77"}},
                }),
            ),
            (
                "f",
                json!({
                    "resourceType": "Condition", "identifier": identifier.clone(), "subject": {"reference": patient.as_str()},
                    "code": {"coding": [{"system": own.as_str(), "code": "con"}]},
                }),
            ),
            (
                "cs",
                json!({
                    "resourceType": "CodeSystem", "url": own.as_str(), "status": "active", "content": "complete",
                    "hierarchyMeaning": "is-a", "concept": [{"code": "cha", "concept": [{"code": "con"}]}],
                }),
            ),
            (
                "vs",
                json!({
                    "resourceType": "ValueSet", "url": format!("http://mau.example/{mine}/vs/tieu-duong").as_str(),
                    "status": "active", "compose": {"include": [{"system": ICD, "concept": [{"code": "E11.9"}, {"code": "E11.2"}]}]},
                }),
            ),
        ]
    },
};

/// Places below one address, devices and people as subjects.
static MIXED: Scene = Scene {
    name: "mixed",
    records: |mine| {
        let identifier = json!([{"system": format!("urn:{mine}").as_str(), "value": "1"}]);
        let about = |subject: &str| {
            json!({
                "resourceType": "Observation", "identifier": identifier.clone(), "status": "final", "code": {"text": "x"},
                "subject": {"reference": subject},
            })
        };
        let set = |url: String| json!({"resourceType": "ValueSet", "identifier": identifier.clone(), "url": url.as_str(), "status": "active"});
        vec![
            ("p", json!({"resourceType": "Patient", "identifier": identifier.clone()})),
            (
                "g",
                json!({"resourceType": "Group", "identifier": identifier.clone(), "type": "person", "actual": true}),
            ),
            ("op", about(&format!("Patient/{mine}-p"))),
            ("og", about(&format!("Group/{mine}-g"))),
            ("v1", set(format!("http://mau.example/{mine}"))),
            ("v2", set(format!("http://mau.example/{mine}/a"))),
            ("v3", set(format!("http://mau.example/{mine}/a/b"))),
            ("v4", set(format!("http://mau.example/{mine}x"))),
        ]
    },
};

/// Records with meta and narrative.
static TAGGED: Scene = Scene {
    name: "tagged",
    records: |mine| {
        let identifier = json!([{"system": format!("urn:{mine}").as_str(), "value": "1"}]);
        let narrative = |words: &str| {
            let div = format!("<div xmlns=\"http://www.w3.org/1999/xhtml\"><p>{words}</p></div>");
            json!({"status": "generated", "div": div.as_str()})
        };
        vec![
            (
                "a",
                json!({
                    "resourceType": "Patient", "identifier": identifier.clone(), "gender": "female",
                    "meta": {
                        "tag": [{"system": "urn:the", "code": "thu", "display": "Dữ liệu thử"}],
                        "security": [{"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "R"}],
                        "source": format!("https://bv.example/{mine}/his#1").as_str(),
                    },
                    "text": narrative("Bệnh nhân <b>khám định kỳ</b> tại trạm y tế"),
                }),
            ),
            (
                "b",
                json!({
                    "resourceType": "Patient", "identifier": identifier.clone(), "gender": "male",
                    "meta": {"tag": [{"system": "urn:the", "code": "that"}, {"system": "urn:khac", "code": "thu"}]},
                    "text": narrative("Chuyển viện cấp cứu"), "address": [{"city": "Lai Châu"}],
                    "name": [{"family": "Trạm", "given": ["Định"]}],
                }),
            ),
            (
                "c",
                json!({
                    "resourceType": "Patient", "identifier": identifier.clone(),
                    "meta": {"profile": [format!("http://mau.example/{mine}/ho-so").as_str()]},
                }),
            ),
        ]
    },
};

const M: &str = "search.html#modifiers";
const S: &str = "search.html#string";
const T: &str = "search.html#token";
const R: &str = "search.html#reference";
const U: &str = "search.html#uri";

pub const CHECKS: &[Check] = &[
    finds(
        S,
        ":exact finds the whole text with its marks and case",
        &PEOPLE,
        "Patient?{only}&family:exact=Nguyễn",
        "a",
    ),
    finds(S, ":exact does not find another case", &PEOPLE, "Patient?{only}&family:exact=nguyễn", ""),
    finds(S, ":exact does not find a beginning", &PEOPLE, "Patient?{only}&family:exact=Nguy", ""),
    finds(S, ":exact takes a percent sign as it is", &PEOPLE, "Patient?{only}&family:exact=100%25", "d"),
    finds(
        S,
        ":exact takes a comma that is escaped",
        &PEOPLE,
        "Patient?{only}&given:exact=Smith\\, John",
        "d",
    ),
    finds(S, ":contains finds within the text", &PEOPLE, "Patient?{only}&family:contains=guy", "a b"),
    finds(S, ":contains is blind to marks and case", &PEOPLE, "Patient?{only}&given:contains=ÀO", "a"),
    finds(S, ":contains takes no wildcard", &PEOPLE, "Patient?{only}&family:contains=g%25n", ""),
    finds(
        M,
        ":missing=true finds what has no value",
        &PEOPLE,
        "Patient?{only}&birthdate:missing=true",
        "d e",
    ),
    finds(
        M,
        ":missing=false finds what has a value",
        &PEOPLE,
        "Patient?{only}&birthdate:missing=false",
        "a b c",
    ),
    finds(M, ":missing works for tokens", &PEOPLE, "Patient?{only}&gender:missing=true", "d e"),
    finds(M, ":missing works for references", &PEOPLE, "Patient?{only}&organization:missing=false", "a c"),
    finds(M, ":missing works for strings", &PEOPLE, "Patient?{only}&given:missing=true", "e"),
    finds(
        M,
        ":missing works for quantities",
        &MIXED,
        "Observation?{only}&value-quantity:missing=true",
        "op og",
    ),
    refuses(M, ":missing takes true and false alone", &PEOPLE, "Patient?{only}&gender:missing=co", 400),
    finds(T, ":not finds what has not this code", &PEOPLE, "Patient?{only}&gender:not=female", "c d e"),
    finds(
        T,
        ":not of several finds what has none of them",
        &PEOPLE,
        "Patient?{only}&gender:not=female,male",
        "d e",
    ),
    finds(
        T,
        ":not with a system",
        &ILLS,
        "Condition?{only}&code:not=http://hl7.org/fhir/sid/icd-10|I10",
        "a b d e f",
    ),
    finds(T, ":text finds the words of a code", &ILLS, "Condition?{only}&code:text=tang huyet ap", "c"),
    finds(T, ":text finds the text of a concept", &ILLS, "Condition?{only}&code:text=đau đầu", "d"),
    finds(T, ":text is blind to marks", &ILLS, "Condition?{only}&code:text=benh dai thao duong", "a b"),
    finds(
        T,
        ":in finds codes that are in a value set",
        &ILLS,
        "Condition?{only}&code:in=http://mau.example/{mine}/vs/tieu-duong",
        "a b",
    ),
    finds(
        T,
        ":not-in finds codes that are not in a value set",
        &ILLS,
        "Condition?{only}&code:not-in=http://mau.example/{mine}/vs/tieu-duong",
        "c d e f",
    )
    .recommended(),
    finds(
        T,
        ":in takes a reference to a value set of the server",
        &ILLS,
        "Condition?{only}&code:in=ValueSet/{mine}-vs",
        "a b",
    ),
    refuses(
        T,
        ":in of a value set that nobody knows is refused",
        &ILLS,
        "Condition?{only}&code:in=http://mau.example/khong-co",
        400,
    ),
    finds(
        T,
        ":below finds a code and what is below it",
        &ILLS,
        "Condition?{only}&code:below=http://hl7.org/fhir/sid/icd-10|E11",
        "a b",
    ),
    finds(
        T,
        ":below goes by the hierarchy of a code system that was written here",
        &ILLS,
        "Condition?{only}&code:below=http://mau.example/{mine}/cs|cha",
        "f",
    ),
    finds(
        T,
        ":above finds a code and what is above it",
        &ILLS,
        "Condition?{only}&code:above=http://hl7.org/fhir/sid/icd-10|E11.9",
        "a",
    ),
    finds(
        T,
        ":above does not find what is below",
        &ILLS,
        "Condition?{only}&code:above=http://mau.example/{mine}/cs|cha",
        "",
    ),
    finds(
        T,
        ":of-type finds an identifier by its type and value",
        &ILLS,
        "Patient?{only}&identifier:of-type=http://terminology.hl7.org/CodeSystem/v2-0203|MR|MR-7",
        "p",
    ),
    finds(
        T,
        ":of-type does not find another value",
        &ILLS,
        "Patient?{only}&identifier:of-type=http://terminology.hl7.org/CodeSystem/v2-0203|MR|MR-8",
        "",
    ),
    finds(
        T,
        ":of-type does not find another type",
        &ILLS,
        "Patient?{only}&identifier:of-type=http://terminology.hl7.org/CodeSystem/v2-0203|SS|MR-7",
        "",
    ),
    refuses(T, ":of-type needs type and value", &ILLS, "Patient?{only}&identifier:of-type=MR-7", 400),
    finds(
        R,
        ":identifier finds a reference by the identifier it carries",
        &ILLS,
        "Condition?{only}&subject:identifier=urn:{mine}:mrn|77",
        "e",
    ),
    finds(
        R,
        ":identifier does not find a reference that carries another",
        &ILLS,
        "Condition?{only}&subject:identifier=urn:{mine}:mrn|78",
        "",
    ),
    finds(
        R,
        ":[type] with an id finds references to that type",
        &MIXED,
        "Observation?{only}&subject:Patient={mine}-p",
        "op",
    ),
    finds(
        R,
        ":[type] with an id of another type finds nothing",
        &MIXED,
        "Observation?{only}&subject:Group={mine}-p",
        "",
    ),
    refuses(
        R,
        "a type that FHIR does not have is refused as a modifier",
        &MIXED,
        "Observation?{only}&subject:BenhNhan=1",
        400,
    ),
    finds(
        U,
        ":below of a uri finds what is under it",
        &MIXED,
        "ValueSet?{only}&url:below=http://mau.example/{mine}/a",
        "v2 v3",
    ),
    finds(
        U,
        ":below of a uri that ends in a slash finds what is under it",
        &MIXED,
        "ValueSet?{only}&url:below=http://mau.example/{mine}/",
        "v2 v3",
    ),
    finds(
        U,
        ":above of a uri finds what it is under",
        &MIXED,
        "ValueSet?{only}&url:above=http://mau.example/{mine}/a/b",
        "v1 v2 v3",
    ),
    finds(
        "search.html#tag",
        "_tag finds by system and code",
        &TAGGED,
        "Patient?{only}&_tag=urn:the|thu",
        "a",
    ),
    finds("search.html#tag", "_tag finds by code alone", &TAGGED, "Patient?{only}&_tag=thu", "a b"),
    finds(
        "search.html#tag",
        "_tag:not finds what has not the tag",
        &TAGGED,
        "Patient?{only}&_tag:not=urn:the|thu",
        "b c",
    ),
    finds(
        "search.html#security",
        "_security finds by label",
        &TAGGED,
        "Patient?{only}&_security=http://terminology.hl7.org/CodeSystem/v3-Confidentiality|R",
        "a",
    ),
    finds(
        "search.html#profile",
        "_profile finds what claims a profile",
        &TAGGED,
        "Patient?{only}&_profile=http://mau.example/{mine}/ho-so",
        "c",
    ),
    finds(
        "search.html#all",
        "_source finds where a record comes from",
        &TAGGED,
        "Patient?{only}&_source=https://bv.example/{mine}/his#1",
        "a",
    ),
    finds(
        "search.html#text",
        "_text finds words of the narrative",
        &TAGGED,
        "Patient?{only}&_text=khám",
        "a",
    ),
    finds(
        "search.html#text",
        "_text is blind to marks and case",
        &TAGGED,
        "Patient?{only}&_text=CAP CUU",
        "b",
    ),
    finds(
        "search.html#text",
        "_text does not find what stands outside the narrative",
        &TAGGED,
        "Patient?{only}&_text=lai chau",
        "",
    ),
    finds("search.html#text", "_text does not find the markup", &TAGGED, "Patient?{only}&_text=xhtml", ""),
    finds(
        "search.html#content",
        "_content finds words anywhere in the record",
        &TAGGED,
        "Patient?{only}&_content=lai chau",
        "b",
    ),
    finds(
        "search.html#content",
        "_content finds words of the narrative too",
        &TAGGED,
        "Patient?{only}&_content=tram",
        "a b",
    ),
    finds(
        "search.html#content",
        "several words must all be there",
        &TAGGED,
        "Patient?{only}&_content=tram dinh ky",
        "a",
    ),
    finds(
        "search.html#modifiers",
        "_tag:missing=true finds what has no tag",
        &TAGGED,
        "Patient?{only}&_tag:missing=true",
        "c",
    ),
    must("search.html#uri", ":below finds what starts with an address, :above the converse", |w| {
        let mine = w.word();
        let set = |end: &str| {
            let url = format!("http://mau.example/{mine}/x{end}");
            json!({"resourceType": "ValueSet", "status": "active", "url": url.as_str()})
        };
        let (short, long) = (w.create(&set(""))?, w.create(&set("y"))?);
        let both = [short.as_str(), long.as_str()];
        let asked =
            |modifier: &str, end: &str| format!("ValueSet?url:{modifier}=http://mau.example/{mine}/x{end}");
        w.get(&asked("below", ""))?.is(200)?.matches_are(&both)?;
        w.get(&asked("below", "y"))?.is(200)?.matches_are(&[&long])?;
        w.get(&asked("above", "y"))?.is(200)?.matches_are(&both)?;
        w.get(&asked("above", ""))?.is(200)?.matches_are(&[&short])
    }),
    must("search.html#reference", "a relative reference and the full address are found by each other", |w| {
        let (mine, base) = (w.word(), w.get("metadata")?.text("implementation.url")?);
        let (relative, full) = (format!("Patient/{mine}"), format!("{base}/Patient/{mine}"));
        let one = w.create(&observation(&relative, "718-7"))?;
        let two = w.create(&observation(&full, "718-7"))?;
        w.create(&observation(&format!("https://khac.example/fhir/Patient/{mine}"), "718-7"))?;
        for asked in [&relative, &full, &mine] {
            w.get(&format!("Observation?patient={asked}"))?.is(200)?.matches_are(&[&one, &two])?;
        }
        Ok(())
    }),
    must("search.html#token", "a token that is a string by its type is found whatever its case", |w| {
        let lot = w.word().to_uppercase();
        let medication =
            json!({"resourceType": "Medication", "batch": {"lotNumber": format!("Lô-{lot}").as_str()}});
        let id = w.create(&medication)?;
        for asked in [format!("Lô-{lot}"), format!("lô-{}", lot.to_lowercase()), format!("LÔ-{lot}")] {
            w.get(&format!("Medication?lot-number={asked}"))?.is(200)?.matches_are(&[&id])?;
        }
        w.get(&format!("Medication?lot-number=Lô-{lot}1"))?.is(200)?.matches_are(&[])
    }),
];
