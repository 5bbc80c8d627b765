//! Searches of each type of parameter, without prefixes and modifiers. <https://hl7.org/fhir/R4/search.html>

use crate::check::{Check, Scene, finds, may, must, refuses};
use crate::world::{holds, same};
use yba_fhir::json::json;

/// People: a and b are women of one family name with different marks, c is a man, d has odd characters, e hardly anything.
pub static PEOPLE: Scene = Scene {
    name: "people",
    records: |mine| {
        let system = format!("urn:{mine}");
        let number = |value: &str| json!([{"system": system.as_str(), "value": value}]);
        let clinic = format!("Organization/{mine}-clinic");
        vec![
            (
                "clinic",
                json!({"resourceType": "Organization", "identifier": number("tram"), "name": "Trạm y tế Mẫu"}),
            ),
            (
                "a",
                json!({
                    "resourceType": "Patient", "identifier": number("A1"), "active": true, "gender": "female",
                    "name": [{"family": "Nguyễn", "given": ["Thị", "Đào"], "text": "Nguyễn Thị Đào"}],
                    "birthDate": "1986-04-12", "telecom": [{"system": "phone", "value": "0912000001"}],
                    "address": [{"city": "Lai Châu", "district": "Tam Đường", "text": "Bản Hon, Tam Đường"}],
                    "managingOrganization": {"reference": clinic.as_str()},
                    "communication": [{"language": {"coding": [{"system": "urn:ietf:bcp:47", "code": "vi"}]}}],
                }),
            ),
            (
                "b",
                json!({
                    "resourceType": "Patient", "identifier": number("B2"), "active": false, "gender": "female",
                    "name": [{"family": "Nguyên", "given": ["Bình"], "text": "Nguyên Bình"}],
                    "birthDate": "1986-04", "deceasedBoolean": true,
                }),
            ),
            (
                "c",
                json!({
                    "resourceType": "Patient", "identifier": number("C3"), "gender": "male",
                    "name": [{"family": "Lò", "given": ["Văn", "Nguyên"]}, {"family": "Hoàng", "use": "old"}],
                    "birthDate": "1986", "telecom": [{"system": "email", "value": "c@mau.example"}],
                    "deceasedDateTime": "2025-12-31",
                    "managingOrganization": {"reference": clinic.as_str()},
                }),
            ),
            (
                "d",
                json!({
                    "resourceType": "Patient",
                    "identifier": [
                        {"system": system.as_str(), "value": "D,4"}, {"system": system.as_str(), "value": "D|5"},
                        {"system": system.as_str(), "value": "D$6"}, {"system": system.as_str(), "value": "D\\7"},
                        {"value": format!("khong-he-{mine}").as_str()},
                    ],
                    "name": [{"family": "100%", "given": ["A_B", "Smith, John"]}],
                }),
            ),
            (
                "e",
                json!({"resourceType": "Patient", "identifier": number("a1"), "name": [{"family": "100 phần"}]}),
            ),
        ]
    },
};

/// Things that are found by words, addresses and numbers.
static THINGS: Scene = Scene {
    name: "things",
    records: |mine| {
        let identifier = json!([{"system": format!("urn:{mine}").as_str(), "value": "1"}]);
        let set = |url: String, version: &str| {
            json!({
                "resourceType": "ValueSet", "identifier": identifier.clone(), "url": url.as_str(), "version": version,
                "status": "active", "name": "Mau",
            })
        };
        let risk = |probability: &str| {
            let number: yba_fhir::json::Value = yba_fhir::json::from_str(probability).unwrap();
            json!({
                "resourceType": "RiskAssessment", "identifier": identifier.clone(), "status": "final",
                "subject": {"reference": "Patient/x"}, "prediction": [{"probabilityDecimal": number}],
            })
        };
        let reading = |code: &str, value: f64| {
            json!({
                "resourceType": "Observation", "identifier": identifier.clone(), "status": "final",
                "code": {"coding": [{"system": "http://loinc.org", "code": code}], "text": "chỉ số"},
                "subject": {"reference": format!("Patient/{mine}-p").as_str()},
                "valueQuantity": {"value": value, "unit": "mm[Hg]", "system": "http://unitsofmeasure.org", "code": "mm[Hg]"},
            })
        };
        vec![
            ("s1", set(format!("http://mau.example/{mine}/vs"), "1")),
            ("s2", set(format!("http://mau.example/{mine}/vs/sub"), "2")),
            ("s3", set(format!("urn:oid:1.2.3.{}", mine.len()), "1")),
            ("r1", risk("0.5")),
            ("r2", risk("0.50")),
            ("r3", risk("0.51")),
            ("p", json!({"resourceType": "Patient", "identifier": identifier.clone()})),
            ("o1", reading("8480-6", 120.0)),
            ("o2", reading("8480-6", 150.0)),
            ("o3", reading("8462-4", 150.0)),
            (
                "o4",
                json!({
                    "resourceType": "Observation", "identifier": identifier.clone(), "status": "final",
                    "code": {"coding": [{"system": "http://loinc.org", "code": "85354-9"}]},
                    "subject": {"reference": format!("https://bv.example/fhir/Patient/{mine}-xa").as_str()},
                    "component": [
                        {"code": {"coding": [{"system": "http://loinc.org", "code": "8480-6"}]}, "valueQuantity": {"value": 110}},
                        {"code": {"coding": [{"system": "http://loinc.org", "code": "8462-4"}]}, "valueQuantity": {"value": 70}},
                    ],
                }),
            ),
        ]
    },
};

pub const CHECKS: &[Check] = &[
    must("search.html#Introduction", "a search answers a Bundle of type searchset with a self link", |w| {
        let mine = w.scene(&PEOPLE)?;
        let got = w.get(&format!("Patient?identifier=urn:{mine}|"))?.is(200)?;
        let got = got.has("resourceType", "Bundle")?.has("type", "searchset")?;
        holds(got.needs_link("self")?.contains("/fhir/Patient?"), "self should be the search")
    }),
    must("bundle.html#searchset", "each match says fullUrl and search.mode", |w| {
        let mine = w.scene(&PEOPLE)?;
        let got = w.get(&format!("Patient?identifier=urn:{mine}|A1"))?.is(200)?;
        let got = got.has("entry.0.search.mode", "match")?;
        holds(
            got.text("entry.0.fullUrl")?.ends_with(&format!("/fhir/Patient/{mine}-a")),
            "fullUrl should be the record's address",
        )
    }),
    must("search.html#errors", "the self link says the parameters that were used", |w| {
        let mine = w.scene(&PEOPLE)?;
        let got = w
            .get_with(&format!("Patient?identifier=urn:{mine}|A1&mau=do"), &[("prefer", "handling=lenient")])?
            .is(200)?;
        let link = got.needs_link("self")?;
        holds(
            link.contains("identifier=") && !link.contains("mau="),
            "self should have what was used and nothing more",
        )
    }),
    must("http.html#search", "a search by POST with a form finds the same as by GET", |w| {
        let mine = w.scene(&PEOPLE)?;
        let got = w.form("Patient/_search", &format!("identifier=urn%3A{mine}%7C&gender=female"))?;
        got.finds(&mine, "a b", false)
    }),
    must("http.html#search", "a search by POST takes parameters of its address as well", |w| {
        let mine = w.scene(&PEOPLE)?;
        let got = w.form(&format!("Patient/_search?identifier=urn:{mine}|"), "gender=male")?;
        got.finds(&mine, "c", false)
    }),
    must("http.html#search", "a form in another media type answers 415", |w| {
        w.send("POST", "Patient/_search", &[("content-type", "text/plain")], b"gender=male")?
            .refused(415)
            .map(drop)
    }),
    must("search.html#Introduction", "a search that finds nothing answers 200 with an empty bundle", |w| {
        let got = w.get("Patient?identifier=urn:khong-co-bao-gio|1")?.is(200)?;
        got.has("total", "0")?.lacks("entry").map(drop)
    }),
    must("search.html#Introduction", "a search of a type that FHIR does not have answers 404", |w| {
        w.get("BenhNhan?name=a")?.refused(404).map(drop)
    }),
    finds(
        "search.html#combining",
        "different parameters are joined by and",
        &PEOPLE,
        "Patient?{only}&gender=female&active=true",
        "a",
    ),
    finds(
        "search.html#combining",
        "a parameter that comes twice is joined by and",
        &PEOPLE,
        "Patient?{only}&name=nguyen&name=binh",
        "b",
    ),
    finds(
        "search.html#combining",
        "values with commas between them are joined by or",
        &PEOPLE,
        "Patient?identifier=urn:{mine}|A1,urn:{mine}|C3",
        "a c",
    ),
    finds(
        "search.html#combining",
        "or and and work together",
        &PEOPLE,
        "Patient?{only}&gender=female,male&birthdate=1986-04-12",
        "a",
    ),
    finds("search.html#id", "_id finds the record of this id", &PEOPLE, "Patient?_id={mine}-b", "b"),
    finds(
        "search.html#id",
        "_id takes several ids",
        &PEOPLE,
        "Patient?_id={mine}-b,{mine}-c,khong-co",
        "b c",
    ),
    finds(
        "search.html#id",
        "_id joins with other parameters",
        &PEOPLE,
        "Patient?_id={mine}-b,{mine}-c&gender=male",
        "c",
    ),
    finds(
        "search.html#lastUpdated",
        "_lastUpdated finds what was changed since",
        &PEOPLE,
        "Patient?{only}&_lastUpdated=gt2001-01-01",
        "a b c d e",
    ),
    finds(
        "search.html#lastUpdated",
        "_lastUpdated finds nothing that was changed before",
        &PEOPLE,
        "Patient?{only}&_lastUpdated=lt2001-01-01",
        "",
    ),
    finds(
        "search.html#string",
        "a string finds what begins with it",
        &PEOPLE,
        "Patient?{only}&family=ngu",
        "a b",
    ),
    finds(
        "search.html#string",
        "a string does not find what holds it further on",
        &PEOPLE,
        "Patient?{only}&family=guyen",
        "",
    ),
    finds(
        "search.html#string",
        "a string is found whatever its case",
        &PEOPLE,
        "Patient?{only}&family=NGUYEN",
        "a b",
    ),
    finds(
        "search.html#string",
        "a string is found without its Vietnamese marks",
        &PEOPLE,
        "Patient?{only}&given=dao",
        "a",
    ),
    finds(
        "search.html#string",
        "a string is found with other marks than its own",
        &PEOPLE,
        "Patient?{only}&family=nguyễn",
        "a b",
    ),
    finds(
        "search.html#string",
        "decomposed marks are as good as composed ones",
        &PEOPLE,
        "Patient?{only}&family=Lo\u{300}",
        "c",
    ),
    finds(
        "search.html#string",
        "name looks into every part of every name",
        &PEOPLE,
        "Patient?{only}&name=hoang",
        "c",
    ),
    finds(
        "search.html#string",
        "name finds family and given alike",
        &PEOPLE,
        "Patient?{only}&name=nguyen",
        "a b c",
    ),
    finds(
        "search.html#string",
        "address looks into every part of an address",
        &PEOPLE,
        "Patient?{only}&address=tam duong",
        "a",
    ),
    finds(
        "search.html#string",
        "a percent sign in a value stands for nothing else",
        &PEOPLE,
        "Patient?{only}&family=1%25han",
        "",
    ),
    finds(
        "search.html#string",
        "an underscore in a value stands for nothing else",
        &PEOPLE,
        "Patient?{only}&family=1_0",
        "",
    ),
    finds(
        "search.html#string",
        "a value with an underscore is found",
        &PEOPLE,
        "Patient?{only}&given=A_B",
        "d",
    ),
    finds(
        "search.html#string",
        "marks of punctuation are passed over",
        &PEOPLE,
        "Patient?{only}&family=100%25",
        "d e",
    )
    .recommended(),
    finds(
        "search.html#string",
        "a value that is but a percent sign finds not everything",
        &PEOPLE,
        "Patient?{only}&family=%25",
        "",
    ),
    finds(
        "search.html#escaping",
        "a comma that is escaped is part of a string",
        &PEOPLE,
        "Patient?{only}&given=Smith\\, John",
        "d",
    ),
    finds(
        "search.html#escaping",
        "a comma that is not escaped parts two values",
        &PEOPLE,
        "Patient?{only}&given=Smith,Van",
        "c d",
    ),
    finds(
        "search.html#escaping",
        "a comma that is escaped is part of a token",
        &PEOPLE,
        "Patient?identifier=urn:{mine}|D\\,4",
        "d",
    ),
    finds(
        "search.html#escaping",
        "a bar that is escaped is part of a token",
        &PEOPLE,
        "Patient?identifier=urn:{mine}|D\\|5",
        "d",
    ),
    finds(
        "search.html#escaping",
        "a dollar sign that is escaped is part of a token",
        &PEOPLE,
        "Patient?identifier=urn:{mine}|D\\$6",
        "d",
    ),
    finds(
        "search.html#escaping",
        "a backslash that is escaped is part of a token",
        &PEOPLE,
        "Patient?identifier=urn:{mine}|D\\\\7",
        "d",
    ),
    finds(
        "search.html#token",
        "a token with its system finds that code of that system",
        &PEOPLE,
        "Patient?identifier=urn:{mine}|A1",
        "a",
    ),
    finds(
        "search.html#token",
        "a token without a system finds the code of any system",
        &PEOPLE,
        "Patient?identifier=A1&_id={mine}-a,{mine}-b",
        "a",
    ),
    finds(
        "search.html#token",
        "a token with an empty system finds what has none",
        &PEOPLE,
        "Patient?identifier=|khong-he-{mine}",
        "d",
    ),
    finds(
        "search.html#token",
        "a token with an empty system does not find what has one",
        &PEOPLE,
        "Patient?_id={mine}-a&identifier=|A1",
        "",
    ),
    finds(
        "search.html#token",
        "a token of a system alone finds every code of it",
        &PEOPLE,
        "Patient?identifier=urn:{mine}|",
        "a b c d e",
    ),
    finds(
        "search.html#token",
        "a token of another system finds nothing",
        &PEOPLE,
        "Patient?_id={mine}-a&identifier=urn:khac|A1",
        "",
    ),
    finds(
        "search.html#token",
        "a token of an identifier is found as it is written, not in another case",
        &PEOPLE,
        "Patient?identifier=urn:{mine}|a1",
        "e",
    )
    .recommended(),
    finds("search.html#token", "a token finds a code", &PEOPLE, "Patient?{only}&gender=male", "c"),
    finds("search.html#token", "a token finds a truth", &PEOPLE, "Patient?{only}&active=false", "b"),
    finds(
        "search.html#token",
        "a token finds a contact by its value",
        &PEOPLE,
        "Patient?{only}&telecom=0912000001",
        "a",
    ),
    finds(
        "search.html#token",
        "a token finds a contact by its system",
        &PEOPLE,
        "Patient?{only}&email=c@mau.example",
        "c",
    ),
    finds(
        "search.html#token",
        "phone does not find an e-mail address",
        &PEOPLE,
        "Patient?{only}&phone=c@mau.example",
        "",
    ),
    finds(
        "search.html#token",
        "a token finds a concept",
        &PEOPLE,
        "Patient?{only}&language=urn:ietf:bcp:47|vi",
        "a",
    ),
    finds(
        "search.html#token",
        "deceased is true for a date of death and for a truth",
        &PEOPLE,
        "Patient?{only}&deceased=true",
        "b c",
    ),
    finds(
        "search.html#token",
        "deceased is false where nothing is said of a death",
        &PEOPLE,
        "Patient?{only}&deceased=false",
        "a d e",
    )
    .recommended(),
    finds(
        "search.html#reference",
        "a reference by type and id is found",
        &PEOPLE,
        "Patient?organization=Organization/{mine}-clinic",
        "a c",
    ),
    finds(
        "search.html#reference",
        "a reference by id alone is found",
        &PEOPLE,
        "Patient?organization={mine}-clinic",
        "a c",
    ),
    finds(
        "search.html#reference",
        "a reference by the server's whole address is found",
        &PEOPLE,
        "Patient?organization=http://localhost/fhir/Organization/{mine}-clinic",
        "a c",
    )
    .recommended(),
    finds(
        "search.html#reference",
        "a reference to another type is not found",
        &PEOPLE,
        "Patient?{only}&general-practitioner=Practitioner/{mine}-clinic",
        "",
    ),
    finds(
        "search.html#reference",
        "several references are joined by or",
        &PEOPLE,
        "Patient?organization=Organization/khong-co,Organization/{mine}-clinic",
        "a c",
    ),
    finds(
        "search.html#reference",
        "a reference to another server is found by its whole address",
        &THINGS,
        "Observation?subject=https://bv.example/fhir/Patient/{mine}-xa",
        "o4",
    ),
    finds(
        "search.html#reference",
        "patient finds a subject that is a Patient",
        &THINGS,
        "Observation?patient={mine}-p",
        "o1 o2 o3",
    ),
    finds(
        "search.html#reference",
        "patient takes a reference with its type",
        &THINGS,
        "Observation?patient=Patient/{mine}-p",
        "o1 o2 o3",
    ),
    finds(
        "search.html#uri",
        "a uri is found as it is written",
        &THINGS,
        "ValueSet?url=http://mau.example/{mine}/vs",
        "s1",
    ),
    finds(
        "search.html#uri",
        "a uri is not found in another case",
        &THINGS,
        "ValueSet?{only}&url=HTTP://mau.example/{mine}/vs",
        "",
    ),
    finds(
        "search.html#uri",
        "a uri that is a urn is found as a whole",
        &THINGS,
        "ValueSet?{only}&url=urn:oid:1.2.3",
        "",
    ),
    finds(
        "search.html#number",
        "a number finds what lies within half of its last digit",
        &THINGS,
        "RiskAssessment?{only}&probability=0.5",
        "r1 r2 r3",
    ),
    finds(
        "search.html#number",
        "a number with more digits means a narrower range",
        &THINGS,
        "RiskAssessment?{only}&probability=0.510",
        "",
    ),
    finds(
        "search.html#prefix",
        "the range of a stored number must lie within the range of the search: 0.50 finds 0.50 and not 0.5",
        &THINGS,
        "RiskAssessment?{only}&probability=0.50",
        "r2",
    ),
    finds(
        "search.html#number",
        "a number may be written with an exponent",
        &THINGS,
        "RiskAssessment?{only}&probability=51e-2",
        "r3",
    ),
    finds(
        "search.html#composite",
        "a composite finds what stands together",
        &THINGS,
        "Observation?{only}&code-value-quantity=http://loinc.org|8480-6$gt140",
        "o2",
    ),
    finds(
        "search.html#composite",
        "a composite does not join what stands apart",
        &THINGS,
        "Observation?{only}&component-code-value-quantity=8480-6$lt80",
        "",
    ),
    finds(
        "search.html#composite",
        "a composite of components finds the values of one component",
        &THINGS,
        "Observation?{only}&component-code-value-quantity=8462-4$lt80",
        "o4",
    ),
    finds(
        "search.html#composite",
        "composites are joined by or",
        &THINGS,
        "Observation?{only}&code-value-quantity=8480-6$gt140,8462-4$gt140",
        "o2 o3",
    ),
    finds(
        "search.html#composite",
        "combo looks at the code and at the components",
        &THINGS,
        "Observation?{only}&combo-code-value-quantity=8480-6$lt125",
        "o1 o4",
    ),
    refuses(
        "search.html#errors",
        "a parameter that is not known is refused",
        &PEOPLE,
        "Patient?{only}&mau=do",
        400,
    )
    .chosen(),
    refuses(
        "search.html#errors",
        "a parameter that is not known is refused under Prefer: handling=strict too",
        &PEOPLE,
        "Patient?{only}&colour=red",
        400,
    ),
    refuses(
        "search.html#errors",
        "a date that is no date is refused",
        &PEOPLE,
        "Patient?{only}&birthdate=hom-qua",
        400,
    ),
    refuses(
        "search.html#errors",
        "a day that is not in the calendar is refused",
        &PEOPLE,
        "Patient?{only}&birthdate=1986-02-30",
        400,
    ),
    refuses(
        "search.html#errors",
        "a number that is no number is refused",
        &THINGS,
        "RiskAssessment?{only}&probability=nhieu",
        400,
    ),
    refuses(
        "search.html#errors",
        "a quantity that is no quantity is refused",
        &THINGS,
        "Observation?{only}&value-quantity=nhieu",
        400,
    ),
    refuses(
        "search.html#errors",
        "a modifier that is not known is refused",
        &PEOPLE,
        "Patient?{only}&name:mau=a",
        400,
    ),
    refuses(
        "search.html#modifiers",
        "a modifier of another type of parameter is refused",
        &PEOPLE,
        "Patient?{only}&birthdate:contains=1986",
        400,
    ),
    refuses(
        "search.html#escaping",
        "U+0000 in a value is refused",
        &PEOPLE,
        "Patient?{only}&name=a%00b",
        400,
    ),
    refuses(
        "search.html#composite",
        "a composite with a part missing is refused",
        &THINGS,
        "Observation?{only}&code-value-quantity=8480-6",
        400,
    ),
    must("search.html#errors", "Prefer: handling=lenient passes over a parameter and says so", |w| {
        let mine = w.scene(&PEOPLE)?;
        let search = format!("Patient?identifier=urn:{mine}|A1&mau=do");
        let got = w.get_with(&search, &[("prefer", "handling=lenient")])?.is(200)?;
        let modes = got.each("entry", "search.mode");
        same(modes, vec!["match".to_owned(), "outcome".to_owned()], "the modes")?;
        let got = got.has("entry.1.resource.resourceType", "OperationOutcome")?;
        got.has("entry.1.resource.issue.0.severity", "warning").map(drop)
    }),
    must("search.html#errors", "Prefer: handling=strict refuses a parameter that is not known", |w| {
        let mine = w.scene(&PEOPLE)?;
        let search = format!("Patient?identifier=urn:{mine}|A1&mau=do");
        let got = w.get_with(&search, &[("prefer", "handling=strict")])?.refused(400)?;
        holds(got.text("issue.0.expression.0")?.contains("mau"), "the parameter should be named")
    }),
    may("search.html#errors", "a bad value of a known parameter is refused even when lenient", |w| {
        let got = w.get_with("Patient?birthdate=hom-qua", &[("prefer", "handling=lenient")])?;
        got.refused(400).map(drop)
    }),
    must("search.html#errors", "words of SQL in a value are words", |w| {
        for value in ["' OR 1=1 --", "\"; DROP TABLE version; --", "a') UNION SELECT 1 --", "\\'"] {
            w.get(&format!("Patient?family={value}"))?.is(200)?.matches_are(&[])?;
        }
        Ok(())
    }),
    may("search.html#Introduction", "more values than a search takes are refused with 400", |w| {
        let values = vec!["a"; 501].join(",");
        w.get(&format!("Patient?family={values}"))?.refused(400).map(drop)
    }),
    may("search.html#Introduction", "an address that is too long is refused", |w| {
        let got = w.get(&format!("Patient?family={}", "a".repeat(70_000)))?;
        holds(matches!(got.status, 400 | 413 | 414 | 431), "it should be refused")
    }),
];
