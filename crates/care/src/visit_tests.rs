use super::*;
use crate::follow_up::{diagnoses, expected};
use yba_content::{Content, Day};
use yba_fhir::json::JsonValueTrait;
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

        let strange = take_back(records, &ctx, "somebody-else", &id).await.unwrap_err();
        assert_eq!(strange.kind, Kind::NotFound);
        take_back(records, &ctx, "p", &id).await.unwrap();
        assert_eq!(status(&kit, "Appointment", &id).await, "cancelled");
        for kind in ["Encounter", "QuestionnaireResponse"] {
            assert_eq!(status(&kit, kind, &id).await, "entered-in-error", "{kind}");
        }
        assert_eq!(observed().await, 0);
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
