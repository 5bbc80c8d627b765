//! What is sealed by category (HIV, mental health, …) at every route of the house: a page, a form or an answer shows none of it to a
//! role that may not see the category, and is the same as if there were none.
//!
//! Two nodes are copies of one demonstration; one of them gets sealed records of people whom the roles see every day. Every role
//! then walks both houses. The list of routes is read from the sources, so that a new one is walked too or named here.

use crate::files::text;
use crate::house::{Home, House, JSON};
use crate::http::Answer;
use crate::walk::{FORM, Known, Route, Visitor, filled, is_left, now_ms, route_of, routes, walk};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use yba_fhir::Day;
use yba_fhir::json::{JsonContainerTrait, JsonValueMutTrait, JsonValueTrait, Value, json, str_at, to_vec};

/// What each sealed record says in words, before the category.
const CANARY: &str = "Chim-hoàng-yến";
const CATEGORIES: [&str; 5] = ["HIV", "PSY", "SUD", "SEX", "STD"];
/// In the order in which a demonstration tells them.
const ROLES: [&str; 12] = [
    "doctor",
    "epidemiologist",
    "it-officer",
    "pharmacist",
    "insurance-assessor",
    "lab-technician",
    "director",
    "citizen",
    "reception",
    "station-staff",
    "cashier",
    "nurse",
];
/// Roles that see no category, whose pages must be the same in both houses.
const TWINS: [&str; 6] = ["station-staff", "nurse", "reception", "cashier", "insurance-assessor", "director"];
/// Roles whose patients get sealed records, and who do not see these: of the station and of the hospital.
const SEERS: [&str; 2] = ["station-staff", "nurse"];
/// Types of the sealed records.
const TYPES: [&str; 15] = [
    "Encounter",
    "Condition",
    "Observation",
    "MedicationRequest",
    "Procedure",
    "DiagnosticReport",
    "AllergyIntolerance",
    "Immunization",
    "Appointment",
    "Communication",
    "QuestionnaireResponse",
    "DocumentReference",
    "ServiceRequest",
    "AdverseEvent",
    "Group",
];
/// The id of a sealed record.
fn id(kind: &str, category: &str, patient: &str) -> String {
    let id = format!("{}-{}-{patient}", kind.to_lowercase(), category.to_lowercase());
    id.chars().take(64).collect()
}

/// A sealed record of this type about a patient of a facility.
fn sealed(kind: &str, category: &str, patient: &str, facility: &str, today: Day) -> Value {
    let words = json!({"text": (format!("{CANARY}-{category}"))});
    let mut tree = json!({
        "resourceType": kind,
        "id": (id(kind, category, patient)),
        "meta": {"security": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": category}]}
    });
    let who = json!({"reference": (format!("Patient/{patient}"))});
    let at = json!({"reference": (format!("Organization/{facility}"))});
    let clinical = |list: &str| {
        let system = format!("http://terminology.hl7.org/CodeSystem/{list}");
        json!({"coding": [{"system": (&system), "code": "active"}]})
    };
    let icd = |code: &str| {
        let coding = json!([{"system": "http://hl7.org/fhir/sid/icd-10", "code": code}]);
        json!({"coding": coding, "text": (format!("{CANARY}-{category}"))})
    };
    let (now, today) = (format!("{today}T00:00:00+07:00"), today.to_string());
    // Codes that lists and registers look for: a disease to notify, one of a programme.
    let illness = icd(if category == "STD" {
        "B05.9"
    } else if category == "PSY" {
        "I10"
    } else {
        "B20"
    });
    let elements = match kind {
        "Encounter" => {
            json!({"status": "finished", "class": {"code": "AMB"}, "subject": who, "serviceProvider": at,
            "period": {"start": (&now), "end": (&now)}, "reasonCode": [words]})
        }
        "Condition" => {
            json!({"clinicalStatus": (clinical("condition-clinical")), "code": illness, "subject": who,
            "recordedDate": (&now), "encounter": {"reference": (format!("Encounter/{}", id("Encounter", category, patient)))}})
        }
        "Observation" => {
            json!({"status": "final", "code": words, "subject": who, "effectiveDateTime": (&now),
            "valueString": (format!("{CANARY}-{category}"))})
        }
        "MedicationRequest" => {
            json!({"status": "active", "intent": "order", "subject": who, "authoredOn": (&now),
            "medicationCodeableConcept": {"coding": [{"system": "https://yba.vn/fhir/CodeSystem/essential-drugs", "code": "amlodipine-5"}],
                "text": (format!("{CANARY}-{category}"))},
            "groupIdentifier": {"system": "https://yba.vn/fhir/sid/don-thuoc", "value": (slip(category))},
            "dosageInstruction": [{"text": (format!("{CANARY}-{category}"))}],
            "dispenseRequest": {"performer": at, "quantity": {"value": 10}}})
        }
        "Procedure" => {
            json!({"status": "completed", "code": words, "subject": who, "performedDateTime": (&now)})
        }
        "DiagnosticReport" => {
            json!({"status": "final", "code": words, "subject": who, "effectiveDateTime": (&now)})
        }
        "AllergyIntolerance" => {
            json!({"clinicalStatus": (clinical("allergyintolerance-clinical")), "code": words,
            "patient": who, "recordedDate": (&now)})
        }
        "Immunization" => {
            json!({"status": "completed", "vaccineCode": words, "patient": who, "occurrenceDateTime": (&now),
            "lotNumber": (format!("{CANARY}-{category}")), "performer": [{"actor": at}]})
        }
        "Appointment" => json!({"status": "proposed", "description": (format!("{CANARY}-{category}")),
            "serviceType": [{"coding": [{"code": "hypertension"}]}],
            "requestedPeriod": [{"start": (&today), "end": (&today)}],
            "participant": [{"actor": who, "status": "accepted"}]}),
        "Communication" => json!({"status": "preparation", "subject": who, "topic": words}),
        "QuestionnaireResponse" => json!({"status": "completed", "subject": who, "authored": (&now),
            "item": [{"linkId": "complaint", "answer": [{"valueString": (format!("{CANARY}-{category}"))}]}]}),
        "DocumentReference" => json!({"status": "current", "subject": who, "date": (&now),
            "description": (format!("{CANARY}-{category}")), "content": [{"attachment": {"title": (format!("{CANARY}-{category}"))}}]}),
        // As reactions after vaccines are listed.
        "AdverseEvent" => json!({"actuality": "actual", "subject": who, "date": (&now),
            "category": [{"coding": [{"system": "https://yba.vn/fhir/CodeSystem/adverse-event", "code": "vaccination"}]}],
            "event": {"coding": [{"system": "https://yba.vn/fhir/CodeSystem/vaccination-reaction", "code": "fever"}],
                "text": (format!("{CANARY}-{category}"))}}),
        "ServiceRequest" => {
            json!({"status": "active", "intent": "order", "code": words, "subject": who, "authoredOn": (&now)})
        }
        _ => {
            json!({"type": "person", "actual": true, "name": (format!("{CANARY}-{category}")), "member": [{"entity": who}]})
        }
    };
    for (name, value) in elements.as_object().expect("elements") {
        tree.as_object_mut().expect("a resource").insert(&name, value.clone());
    }
    tree
}

/// A day of vaccination of a station, in both houses.
const SESSION: &str = "bt-hom-nay";

fn session(facility: &str, today: Day) -> Value {
    let day = today.to_string();
    let part = |code: &str| json!({"coding": [{"system": "https://yba.vn/fhir/CodeSystem/vaccination-session-part", "code": code}]});
    let vaccines = ["102", "178", "133"].map(|cvx| json!({"type": (part("vaccine")), "valueCode": cvx}));
    json!({"resourceType": "Task", "id": SESSION, "status": "requested", "intent": "plan", "description": "Trạm y tế",
        "code": {"coding": [{"system": "https://yba.vn/fhir/CodeSystem/station-task", "code": "vaccination-session"}]},
        "owner": {"reference": (format!("Organization/{facility}"))},
        "executionPeriod": {"start": (&day), "end": (&day)}, "input": (vaccines.to_vec())})
}

/// The code of a sealed prescription.
fn slip(category: &str) -> String {
    format!("12090{:0>7}-C", category.to_lowercase())
}

/// A copy of a folder whose node has ended.
fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().flatten() {
        let (path, to) = (entry.path(), to.join(entry.file_name()));
        match entry.file_type().unwrap() {
            kind if kind.is_dir() => copy(&path, &to),
            kind if kind.is_file() => drop(std::fs::copy(&path, to).unwrap()),
            _ => {}
        }
    }
}

/// A demonstration that is served, and the passwords it told.
fn served(home: &Home) -> (House, BTreeMap<String, String>) {
    let mut command = home.node_command(&["serve", "--demo", "--port", "0"]);
    command.env("YBA_REQUESTS_PER_SECOND", "0");
    let mut house = House::start(command, home.beside("serve.log"));
    let mut passwords = BTreeMap::new();
    for role in ROLES {
        let line = house.told(&format!("{role}  "));
        passwords.insert(role.to_owned(), line.split_whitespace().nth(1).unwrap().to_owned());
    }
    (house, passwords)
}

/// Somebody whom this role sees every day: the patient of most of its latest visits, of another facility than the others.
fn daily(visitor: &Visitor, others: &BTreeSet<(String, String)>) -> Option<(String, String)> {
    let mut counts: BTreeMap<(String, String), usize> = BTreeMap::new();
    for visit in visitor.bundle("Encounter?_sort=-date&_count=200") {
        let part = |name: &str, kind: &str| {
            let reference = str_at(&visit, &[name, "reference"])?;
            Some(reference.strip_prefix(kind)?.to_owned())
        };
        if let (Some(patient), Some(facility)) =
            (part("subject", "Patient/"), part("serviceProvider", "Organization/"))
        {
            *counts.entry((patient, facility)).or_default() += 1;
        }
    }
    let is_new = |(patient, facility): &(String, String)| {
        !others.iter().any(|(known, at)| known == patient || at == facility)
    };
    counts.into_iter().filter(|(key, _)| is_new(key)).max_by_key(|(_, count)| *count).map(|(key, _)| key)
}

/// What a route's parameters may be, beside what links say.
fn known(patients: &[String], linkage: &str) -> Known {
    let ids = |kind: &str| -> Vec<String> {
        let of = |patient: &String| CATEGORIES.map(|category| id(kind, category, patient));
        patients.iter().flat_map(of).collect()
    };
    BTreeMap::from([
        ("person", patients.to_vec()),
        ("patient", patients.to_vec()),
        ("encounter", ids("Encounter")),
        ("condition", ids("Condition")),
        ("group", ids("Group")),
        ("session", vec![SESSION.into()]),
        ("programme", vec!["hypertension".into()]),
        ("list", vec!["icd-10-vn".into()]),
        ("code", vec!["B20".into()]),
        ("act", vec!["sinh".into(), "tu".into()]),
        ("don", CATEGORIES.map(slip).to_vec()),
        ("lot", vec!["khong-co".into()]),
        ("*field", vec!["main".into()]),
        ("id", ids("QuestionnaireResponse")),
        ("form", vec!["health-history".into(), "periodic-check".into()]),
        ("household", vec!["khong-co".into()]),
        ("facility", vec!["khong-co".into()]),
        ("lesson", vec!["visit".into(), "take-back".into()]),
        // By names that nobody has: what these pages show is of accounts, apps and papers, not of care.
        ("key", vec!["khong-co".into()]),
        ("account", vec!["khong-co".into()]),
        ("client", vec!["khong-co".into()]),
        ("lot", vec!["khong-co".into()]),
        ("linkage", vec![linkage.to_owned()]),
    ])
}

/// Every address of the API that is asked by GET, of records that are sealed: from the description of the API itself.
fn api_addresses(house: &House, patient: &str, kept: &BTreeMap<String, String>) -> BTreeSet<String> {
    let described = house.get("/fhir/openapi.json").json();
    let paths = described["paths"].as_object().expect("paths");
    let mut all = BTreeSet::new();
    for (path, _) in paths.iter().filter(|(_, methods)| methods.get("get").is_some()) {
        for kind in TYPES {
            let path = path
                .replace("{kind}", kind)
                .replace(
                    "{id}",
                    &if path.starts_with("/Patient") { patient.to_owned() } else { id(kind, "HIV", patient) },
                )
                .replace("{version}", &kept[&format!("/fhir/{kind}/{}", id(kind, "HIV", patient))])
                .replace("{within}", kind);
            if !path.contains('{') {
                all.insert(format!("/fhir{path}"));
            }
        }
    }
    for kind in TYPES {
        for query in [
            "_count=200",
            "_summary=count&_total=accurate",
            "_security=HIV,PSY,SUD,SEX,STD",
            "_sort=-_lastUpdated&_count=50",
        ] {
            all.insert(format!("/fhir/{kind}?{query}"));
        }
        all.insert(format!("/fhir/{kind}?_id={}", id(kind, "HIV", patient)));
        all.insert(format!("/fhir/Patient?_id={patient}&_revinclude={kind}:patient"));
        all.insert(format!("/fhir/Patient?_has:{kind}:patient:_security=HIV"));
    }
    all
}

/// The categories whose words an answer shows.
fn shown(answer: &Answer) -> Vec<&'static str> {
    let text = text(answer);
    CATEGORIES.into_iter().filter(|category| text.contains(&format!("{CANARY}-{category}"))).collect()
}

/// A page without what is another at each asking: the hour, ids of forms that were never sent.
fn still(answer: &Answer) -> String {
    let text = text(answer);
    let mut out = String::with_capacity(text.len());
    for (place, part) in text.split("value=\"").enumerate() {
        let part = match part.split_once('"') {
            Some((value, rest)) if place > 0 && is_fresh(value) => rest,
            _ => part,
        };
        out.push_str(part);
    }
    out
}

/// An id as the house makes them.
fn is_fresh(value: &str) -> bool {
    value.len() == 36 && value.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit())
}

/// What the role may see of the categories, as its file says.
fn permitted(role: &str) -> Vec<String> {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../content/roles/{role}/2026-01-01.toml"));
    let file = std::fs::read_to_string(path).unwrap();
    let line = file.lines().find_map(|line| line.strip_prefix("sensitive = ")).unwrap_or("[]");
    line.trim_matches(['[', ']']).split(", ").map(|word| word.trim_matches('"').to_owned()).collect()
}

/// A house with sealed records, and what they are.
struct Sealed {
    home: Home,
    /// The same house without them.
    twin: Home,
    patients: Vec<String>,
    /// Address in the API, and the version that was written.
    kept: BTreeMap<String, String>,
    known: Known,
}

/// Fills both houses.
fn two_houses() -> Sealed {
    let (home, twin) = (Home::new(), Home::new());
    let (house, passwords) = served(&home);
    let mut patients: BTreeSet<(String, String)> = BTreeSet::new();
    let mut station = String::new();
    for role in SEERS {
        let somebody = daily(&Visitor::enter(&house, role, &passwords[role]), &patients);
        if let Some((_, facility)) = somebody.as_ref().filter(|_| role == "station-staff") {
            station.clone_from(facility);
        }
        patients.extend(somebody);
    }
    assert_eq!(patients.len(), 2, "the station and the hospital see somebody");
    house.end();
    let open = home.serve_open();
    open.keep(&session(&station, Day::of_instant(now_ms())));
    open.end();
    copy(&home.data(), &twin.data());
    let (open, today) = (home.serve_open(), Day::of_instant(now_ms()));
    let mut kept = BTreeMap::new();
    for (patient, facility) in &patients {
        for (kind, category) in TYPES.iter().flat_map(|kind| CATEGORIES.map(|category| (kind, category))) {
            let tree = sealed(kind, category, patient, facility, today);
            let path = format!("/fhir/{kind}/{}", id(kind, category, patient));
            let answer = open.ask("PUT", &path, &[JSON], &to_vec(&tree).unwrap());
            assert_eq!(answer.status, 201, "{path}: {}", answer.text());
            kept.insert(path.clone(), version(&open, &path));
        }
    }
    let linkage = open.get("/fhir/Linkage?_count=1").json();
    let linkage = str_at(&linkage["entry"][0], &["resource", "id"]).expect("somebody was linked");
    let patients: Vec<String> = patients.into_iter().map(|(patient, _)| patient).collect();
    let known = known(&patients, linkage);
    wait_for_followers(&open);
    open.end();
    Sealed { home, twin, patients, kept, known }
}

fn version(house: &House, path: &str) -> String {
    str_at(&house.get(path).json(), &["meta", "versionId"]).expect("it is there").to_owned()
}

/// What was seen so far.
#[derive(Default)]
struct Seen {
    leaks: Vec<String>,
    walked: BTreeSet<String>,
    cells: usize,
}

impl Seen {
    /// Looks at an answer to a role that may see these categories; answers whether it shows any.
    fn look(&mut self, role: &str, may: &[String], address: &str, answer: &Answer) -> bool {
        let shown = shown(answer);
        self.cells += CATEGORIES.len();
        let too_much = shown.iter().filter(|category| !may.iter().any(|one| one == *category));
        self.leaks.extend(too_much.map(|category| format!("{role} sees {category} at {address}")));
        !shown.is_empty()
    }

    /// Looks whether an answer is the same in the house without sealed records.
    fn compare(&mut self, role: &str, address: &str, answer: &Answer, twin: &Answer) {
        let (one, other) = (still(answer), still(twin));
        if one != other || answer.status != twin.status {
            self.leaks.push(format!("{role} sees a difference at {address}: {}", difference(&one, &other)));
        }
    }
}

#[test]
fn what_is_sealed_is_at_no_route_for_whom_it_is_sealed() {
    let sealed = two_houses();
    let routes = routes();
    let ((house, passwords), (other, others)) = (served(&sealed.home), served(&sealed.twin));
    for house in [&house, &other] {
        wait_for_followers(house);
    }
    let mut seen = Seen::default();
    let addresses = api_addresses(&house, &sealed.patients[0], &sealed.kept);
    for role in ROLES {
        let may = permitted(role);
        let visitor = Visitor::enter(&house, role, &passwords[role]);
        let beside = Visitor::enter(&other, role, &others[role]);
        let pages = walk(&visitor, &routes, &sealed.known);
        let mut shown_at: BTreeSet<&str> = BTreeSet::new();
        for (address, answer) in &pages {
            let route = &route_of(&routes, address).expect("it was walked").path;
            seen.walked.insert(route.clone());
            shown_at.extend(seen.look(role, &may, address, answer).then_some(route.as_str()));
            // Who looked tells of these very visits.
            if TWINS.contains(&role) && !route.ends_with("/ai-xem") {
                seen.compare(role, address, answer, &beside.get(address));
            }
        }
        for address in &addresses {
            shown_at.extend(seen.look(role, &may, address, &visitor.get(address)).then_some("/fhir"));
        }
        eprintln!("{role}: {} pages, {} of the API; shown at {shown_at:?}", pages.len(), addresses.len());
        let may_all = role == "doctor";
        assert!(
            !may_all || ["/nguoi/{person}", "/fhir"].iter().all(|route| shown_at.contains(route)),
            "{shown_at:?}"
        );
    }
    eprintln!("{} cells of role, address and category", seen.cells);
    for role in SEERS {
        press(&Visitor::enter(&house, role, &passwords[role]), role, &routes, &sealed, &mut seen);
    }
    for house in [house, other] {
        assert_eq!(house.end().0.code(), Some(0));
    }
    let open = sealed.home.serve_open();
    let is_same = |(path, kept): &(&String, &String)| version(&open, path) == **kept;
    let changed = sealed.kept.iter().filter(|one| !is_same(one));
    seen.leaks.extend(changed.map(|(path, _)| format!("{path} was changed by whoever does not see it")));
    assert!(seen.leaks.is_empty(), "{}", seen.leaks.join("\n"));
    let gets = routes.iter().filter(|route| route.gets && !is_left(&route.path));
    let walked_not: Vec<&Route> = gets.filter(|route| !seen.walked.contains(&route.path)).collect();
    assert!(walked_not.is_empty(), "nobody was at {walked_not:?}");
}

/// Sends every form of the house as this role, naming what is sealed.
fn press(visitor: &Visitor, role: &str, routes: &[Route], sealed: &Sealed, seen: &mut Seen) {
    let posts = routes.iter().filter(|route| route.posts && !is_left(&route.path));
    let mut sent = 0;
    for address in posts.flat_map(|route| filled(&route.path, &sealed.known)) {
        for (patient, category) in sealed.patients.iter().zip(CATEGORIES) {
            let of = |kind: &str| id(kind, category, patient);
            let (visit, dose, appointment, diagnosis) =
                (of("Encounter"), of("Immunization"), of("Appointment"), of("Condition"));
            let body = format!(
                "kham={visit}&mui={dose}&nguoi={patient}&lich-hen={appointment}&phieu=f-1&ly-do=thu&condition={diagnosis}&ban=1&don={}",
                slip(category)
            );
            let answer = visitor.post(&address, FORM, body.as_bytes());
            assert!(answer.status < 500, "{address}: {} {}", answer.status, answer.text());
            seen.look(role, &[], &address, &answer);
            sent += 1;
        }
    }
    eprintln!("{role}: {sent} forms sent");
}

/// Where two texts begin to differ.
fn difference(one: &str, other: &str) -> String {
    let at = one.bytes().zip(other.bytes()).take_while(|(one, other)| one == other).count();
    let cut = |text: &str| {
        let bytes = text.as_bytes();
        let part = &bytes[at.saturating_sub(120).min(bytes.len())..(at + 160).min(bytes.len())];
        String::from_utf8_lossy(part).into_owned()
    };
    format!("«{}» is without them «{}»", cut(one), cut(other))
}

/// Waits until everything that follows the log has come to its end.
fn wait_for_followers(house: &House) {
    house.wait_for_links();
    let begun = std::time::Instant::now();
    let is_behind = || {
        ["recall", "report"]
            .iter()
            .any(|name| house.measure(&format!("yba_follower_lag{{follower=\"{name}\"}}")) > 0)
    };
    while is_behind() {
        assert!(
            begun.elapsed() < std::time::Duration::from_secs(120),
            "the followers do not come to their end"
        );
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
}
