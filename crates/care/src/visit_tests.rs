use super::*;
use crate::follow_up::{diagnoses, expected};
use yba_content::{Content, Day};
use yba_fhir::json::{JsonContainerTrait, JsonValueTrait, from_slice, items, to_string};
use yba_forms::{Library, NoChoices};
use yba_recall::chronic::{self, ICD10};
use yba_testkit::{Kit, each_engine};

const ANSWERS: [(&str, &str); 9] = [
    ("systolic-1", "134"),
    ("diastolic-1", "82"),
    ("pulse", "76"),
    ("weight", "56,5"),
    ("smoking", "never"),
    ("alcohol", "none"),
    ("adherence", "full"),
    ("side-effects", "none"),
    ("next-date", "30/06/2026"),
];

fn put_change(tree: Value) -> Change {
    Change::put(Resource::from_value(tree).unwrap())
}

fn concept() -> Value {
    json!({"coding": [{"system": ICD10, "code": "I10"}], "text": "Tăng huyết áp"})
}

async fn write(kit: &Kit, changes: Vec<Change>) {
    kit.records.transact(&kit.ctx(), changes).await.unwrap();
}

/// Somebody with high blood pressure and an appointment.
async fn prepared(kit: &Kit) {
    let all = vec![
        put_change(
            json!({"resourceType": "Patient", "id": "p", "birthDate": "1950", "name": [{"text": "Lò Thị Thử"}]}),
        ),
        put_change(
            json!({"resourceType": "Condition", "id": "d", "subject": {"reference": "Patient/p"}, "code": concept()}),
        ),
        put_change(json!({"resourceType": "Appointment", "id": "a", "status": "proposed",
            "serviceType": [{"coding": [{"system": chronic::PROGRAMME, "code": "hypertension"}]}],
            "requestedPeriod": [{"start": "2026-03-01"}],
            "participant": [{"actor": {"reference": "Patient/p"}, "status": "accepted"}]})),
    ];
    write(kit, all).await;
}

/// Writes one visit down, answers its id.
async fn visited(kit: &Kit, content: &Content, form: &str) -> String {
    let now_ms = kit.records.store().clock().now_ms();
    let today = Day::of_instant(now_ms);
    let programme = content.programme("hypertension", today).unwrap();
    let forms = Library::load(content).unwrap();
    let edition = forms.edition(&programme.form, today).unwrap();
    let setting = Setting::new(now_ms).with("patient", json!({"resourceType": "Patient", "id": "p"}));
    let fields: Vec<(String, String)> =
        ANSWERS.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let filling = edition.form.take(&setting, &NoChoices, &fields).unwrap();
    assert!(filling.is_sound(), "{:?}", filling.faults);
    let expected = expected(&kit.records, &kit.ctx(), "p", programme).await.unwrap();
    let diagnosis = concept();
    let visit = Visit {
        patient: "p",
        about: "hypertension",
        reason: "Khám định kỳ: tăng huyết áp",
        diagnosis: Some(&diagnosis),
        facility: None,
        examiner: Some("Lò Thị Điều Dưỡng"),
        form,
        now_ms,
    };
    assert!(!is_written(&kit.records, &kit.ctx(), &visit).await.unwrap());
    write(kit, plan(&visit, &filling, &setting, &expected).unwrap()).await;
    assert!(is_written(&kit.records, &kit.ctx(), &visit).await.unwrap());
    visit.id()
}

async fn status(kit: &Kit, kind: &str, id: &str) -> String {
    let tree = kit.records.read(&kit.ctx(), kind, id).await.unwrap().tree();
    str_at(&tree, &["status"]).unwrap_or_default().to_owned()
}

#[test]
fn how_a_visit_ended_stands_on_the_encounter_where_the_register_reads_it() {
    let content = Content::built_in();
    let now_ms = Day::parse("2026-06-01").unwrap().start_ms();
    let forms = Library::load(&content).unwrap();
    let edition = forms.edition("outpatient-visit", Day::of_instant(now_ms)).unwrap();
    let setting = Setting::new(now_ms).with("patient", json!({"resourceType": "Patient", "id": "p"}));
    let ends = |outcome: &str| {
        let fields = [("complaint", "Đau ngực"), ("outcome", outcome)];
        let fields: Vec<(String, String)> =
            fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let filling = edition.form.take(&setting, &NoChoices, &fields).unwrap();
        let visit = Visit {
            patient: "p",
            about: "outpatient-visit",
            reason: "Đau ngực",
            diagnosis: None,
            facility: None,
            examiner: None,
            form: "form-1",
            now_ms,
        };
        let drafted = drafted(&visit, &filling, &setting).unwrap();
        let concept = drafted[0].get("hospitalization").and_then(|one| one.get("dischargeDisposition"));
        concept.and_then(|one| str_at(one, &["text"])).map(str::to_owned)
    };
    assert_eq!(ends("refer").as_deref(), Some("Chuyển tuyến trên"));
    assert_eq!(ends("home").as_deref(), Some("Về nhà"));
    assert_eq!(ends(""), None, "nobody said");
}

#[tokio::test]
async fn a_visit_is_one_transaction_and_is_taken_back_whole() {
    each_engine(async |kit| {
        let content = Content::built_in();
        kit.advance_ms(100 * 86_400_000);
        prepared(&kit).await;
        let (records, ctx) = (&kit.records, kit.ctx());
        let id = visited(&kit, &content, "form-1").await;
        assert_eq!(status(&kit, "Appointment", "a").await, "fulfilled");
        assert_eq!(status(&kit, "Appointment", &id).await, "proposed");
        assert_eq!(status(&kit, "Encounter", &id).await, "finished");
        let written = records.read(&ctx, "Condition", &id).await.unwrap().tree();
        assert_eq!(str_at(&written, &["encounter", "reference"]), Some(format!("Encounter/{id}").as_str()));
        let observed = async || {
            let query = format!("encounter=Encounter/{id}&status=final");
            let query = Query::parse_string("Observation", &query).unwrap();
            records.search(&ctx, &query, None).await.unwrap().matches.len()
        };
        assert!(observed().await >= 6, "{}", observed().await);
        let programme = content.programme("hypertension", Day::parse("2026-06-01").unwrap()).unwrap();
        let days = async || {
            let all = expected(records, &ctx, "p", programme).await.unwrap();
            all.iter()
                .filter_map(|one| chronic::expected(one))
                .map(|(_, day)| day.to_string())
                .collect::<Vec<_>>()
        };
        assert_eq!(days().await, ["2026-06-30"]);

        let strange = take_back(records, &ctx, None, "somebody-else", &id).await.unwrap_err();
        assert_eq!(strange.kind, Kind::NotFound);
        take_back(records, &ctx, None, "p", &id).await.unwrap();
        assert_eq!(status(&kit, "Appointment", &id).await, "cancelled");
        for kind in ["Encounter", "QuestionnaireResponse"] {
            assert_eq!(status(&kit, kind, &id).await, "entered-in-error", "{kind}");
        }
        assert_eq!(observed().await, 0);
        let (diagnosis, about) = (concept(), "hypertension");
        let same = Visit {
            patient: "p",
            about,
            reason: "",
            diagnosis: Some(&diagnosis),
            facility: None,
            examiner: None,
            form: "form-1",
            now_ms: 0,
        };
        assert_eq!(same.id(), id);
        assert!(!is_written(records, &ctx, &same).await.unwrap(), "what was taken back does not stand");
        let unsaid = records.read(&ctx, "Condition", &id).await.unwrap().tree();
        assert!(!chronic::holds(&unsaid) && unsaid.get("clinicalStatus").is_none());
        assert_eq!(days().await, ["2026-03-01"], "the appointment of before is open again");
        let left = diagnoses(records, &ctx, "p", programme).await.unwrap();
        assert_eq!(
            left.iter().map(chronic::holds).collect::<Vec<_>>(),
            [true],
            "what was a mistake says nothing"
        );
    })
    .await;
}

/// The answers of a response as a form sends them.
fn posted(response: &Value) -> Vec<(String, String)> {
    const WORKED_OUT: [&str; 3] = ["mean", "grade", "controlled"];
    let mut fields = Vec::new();
    for item in items(response, "item").flat_map(|group| items(group, "item")) {
        let link = str_at(item, &["linkId"]).unwrap();
        for answer in items(item, "answer").filter(|_| !WORKED_OUT.contains(&link)) {
            let (name, value) = answer.as_object().unwrap().iter().next().unwrap();
            let text = match name {
                "valueCoding" => str_at(value, &["code"]).unwrap().to_owned(),
                "valueDate" => value.as_str().unwrap().to_owned(),
                _ => to_string(value).unwrap().replace('.', ","),
            };
            fields.push((link.to_owned(), text));
        }
    }
    fields
}

fn instant_ms(text: &str) -> i64 {
    yba_fhir::DateRange::parse(text).unwrap().start
}

/// A resource without what the store adds, and without what the next visit adds to an Appointment.
fn bare(tree: &Value) -> String {
    let mut tree: Value = from_slice(to_string(tree).unwrap().as_bytes()).unwrap();
    take(&mut tree, &["meta"]);
    if str_at(&tree, &["resourceType"]) == Some("Appointment") {
        take(&mut tree, &["start", "end"]);
        put(&mut tree, "status", json!("proposed"));
    }
    to_string(&yba_fhir::json::ordered(&tree)).unwrap()
}

#[tokio::test]
async fn the_invented_province_writes_visits_as_the_verb_does() {
    use std::collections::BTreeSet;
    let plan = yba_synth::Plan { people: 400, seed: 5, years: 2, until: jiff::civil::date(2026, 10, 31) };
    let province = yba_synth::gathered(&plan);
    let (content, kit) = (Content::built_in(), yba_testkit::records());
    let forms = Library::load(&content).unwrap();
    let (records, ctx) = (&kit.records, kit.ctx());
    let life: Vec<Value> = province.station_life().collect();
    let is_response = |tree: &&Value| str_at(tree, &["resourceType"]) == Some("QuestionnaireResponse");
    let (mut compared, mut smokers) = (0, 0);
    for response in life.iter().filter(is_response).step_by(4).take(40) {
        let id = str_at(response, &["id"]).unwrap();
        let of_visit = |tree: &&Value| {
            let own = str_at(tree, &["id"]).unwrap();
            own == id || own.strip_prefix(id).is_some_and(|rest| rest.starts_with('-'))
        };
        let invented: Vec<&Value> = life.iter().filter(of_visit).collect();
        let encounter =
            invented.iter().find(|tree| str_at(tree, &["resourceType"]) == Some("Encounter")).unwrap();
        let patient = str_at(response, &["subject", "reference"]).unwrap().strip_prefix("Patient/").unwrap();
        let now_ms = instant_ms(str_at(response, &["authored"]).unwrap());
        let form = &forms.edition("hypertension-visit", Day::parse("2026-06-01").unwrap()).unwrap().form;
        let setting = Setting::new(now_ms).with("patient", json!({"resourceType": "Patient", "id": patient}));
        let filling = form.take(&setting, &NoChoices, &posted(response)).unwrap();
        assert!(filling.is_sound(), "{:?} {}", filling.faults, to_string(response).unwrap());
        let condition = life.iter().find(|tree| str_at(tree, &["id"]) == Some(&id[..id.rfind('-').unwrap()]));
        let examiner =
            items(encounter, "participant").next().and_then(|one| str_at(one, &["individual", "display"]));
        let facility = str_at(encounter, &["serviceProvider", "reference"]).unwrap();
        let visit = Visit {
            patient,
            about: "hypertension",
            reason: "Khám định kỳ: tăng huyết áp",
            diagnosis: Some(&condition.unwrap()["code"]),
            facility: facility.strip_prefix("Organization/"),
            examiner,
            form: id,
            now_ms,
        };
        let done =
            records.transact(&ctx, super::plan(&visit, &filling, &setting, &[]).unwrap()).await.unwrap();
        let written = done.iter().filter_map(|one| one.version.as_ref());
        let by_verb: BTreeSet<String> =
            written.map(|one| bare(&one.tree()).replace(&visit.id(), id)).collect();
        let by_province: BTreeSet<String> = invented.iter().map(|one| bare(one)).collect();
        assert_eq!(by_province, by_verb);
        smokers += usize::from(by_verb.iter().any(|one| one.contains("64218-1")));
        compared += 1;
    }
    assert!(compared >= 20 && smokers > 0, "{compared} {smokers}");
}
