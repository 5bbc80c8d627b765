use super::*;
use yba_content::{Content, Day};
use yba_fhir::json::JsonValueTrait;
use yba_testkit::{Kit, each_engine};

fn put_change(tree: Value) -> Change {
    Change::put(Resource::from_value(tree).unwrap())
}

/// Somebody at a visit whose diagnosis has a label.
async fn visited(kit: &Kit) -> (Value, Vec<Value>) {
    let person = json!({"resourceType": "Patient", "id": "p", "name": [{"text": "Lò Thị Thử"}]});
    let visit = json!({"resourceType": "Encounter", "id": "lk-e", "status": "finished", "class": {"code": "AMB"},
        "subject": {"reference": "Patient/p"}, "serviceProvider": {"reference": "Organization/o"}});
    let diagnosis = json!({"resourceType": "Condition", "id": "lk-d", "subject": {"reference": "Patient/p"},
        "meta": {"security": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "HIV"}]},
        "encounter": {"reference": "Encounter/lk-e"}, "code": {"text": "Bệnh do HIV"}});
    let all = [&person, &visit, &diagnosis].map(|tree| put_change(tree.clone()));
    kit.records.transact(&kit.ctx(), all.into()).await.unwrap();
    (visit, vec![diagnosis])
}

fn draft<'d>(visit: &'d Value, diagnoses: &'d [Value], code: &'d str, note: &'d str) -> Draft<'d> {
    let (facility, by) = (None, Some("Hà Thị Đỡ"));
    Draft { patient: "p", visit, diagnoses, code, note, facility, by, form: "f", now_ms: 1_772_413_200_000 }
}

#[tokio::test]
async fn a_procedure_is_written_once_sealed_as_its_diagnosis_and_taken_back() {
    each_engine(async |kit| {
        let content = Content::built_in();
        let list = content.code_list(LIST, Day::parse("2026-03-02").unwrap()).unwrap();
        let (visit, diagnoses) = visited(&kit).await;
        let (records, ctx) = (&kit.records, kit.ctx());
        let one = draft(&visit, &diagnoses, "thay-bang", " gối phải ");
        place(records, &ctx, list, &one).await.unwrap();
        place(records, &ctx, list, &one).await.unwrap();
        let found = at(records, &ctx, &["lk-e"]).await.unwrap();
        assert_eq!(found.len(), 1, "sent twice it was done once");
        let of = |path: &[&str]| str_at(&found[0], path).map(str::to_owned);
        assert_eq!(of(&["code", "text"]).unwrap(), "Thay băng");
        assert_eq!(found[0]["note"][0]["text"].as_str(), Some("gối phải"));
        assert_eq!(found[0]["meta"]["security"][0]["code"].as_str(), Some("HIV"));
        assert_eq!(found[0]["performer"][0]["onBehalfOf"]["reference"].as_str(), Some("Organization/o"));
        assert_eq!(found[0]["reasonReference"][0]["reference"].as_str(), Some("Condition/lk-d"));

        for (code, note, field) in
            [("abc", "", "code"), ("thay-bang", &"x".repeat(201), "note"), ("khac", " ", "note")]
        {
            let refused =
                place(records, &ctx, list, &draft(&visit, &diagnoses, code, note)).await.unwrap_err();
            assert_eq!((refused.kind, refused.issues[0].path.as_deref()), (Kind::Unprocessable, Some(field)));
        }
        let id = one.id();
        assert_eq!(
            take_back(records, &ctx, &json!({"id": "lk-other"}), None, &id).await.unwrap_err().kind,
            Kind::NotFound
        );
        take_back(records, &ctx, &json!({"id": "lk-e"}), None, &id).await.unwrap();
        assert!(at(records, &ctx, &["lk-e"]).await.unwrap().is_empty());
        assert_eq!(
            take_back(records, &ctx, &json!({"id": "lk-e"}), None, &id).await.unwrap_err().kind,
            Kind::NotFound
        );
        place(records, &ctx, list, &one).await.unwrap();
        assert_eq!(at(records, &ctx, &["lk-e"]).await.unwrap().len(), 1, "sent again, it is done again");
        let elsewhere = json!({"id": "lk-e", "serviceProvider": {"reference": "Organization/la"}});
        let other = take_back(records, &ctx, &elsewhere, Some("o"), &id).await.unwrap_err();
        assert_eq!(other.kind, Kind::Forbidden);
    })
    .await;
}

#[tokio::test]
async fn a_visit_that_is_taken_back_takes_its_procedures_along() {
    each_engine(async |kit| {
        let content = Content::built_in();
        let list = content.code_list(LIST, Day::parse("2026-03-02").unwrap()).unwrap();
        let (visit, diagnoses) = visited(&kit).await;
        let (records, ctx) = (&kit.records, kit.ctx());
        let response = json!({"resourceType": "QuestionnaireResponse", "id": "lk-e", "status": "completed"});
        records.transact(&ctx, vec![put_change(response)]).await.unwrap();
        place(records, &ctx, list, &draft(&visit, &diagnoses, "cat-chi", "")).await.unwrap();
        crate::visit::take_back(records, &ctx, None, "p", "lk-e").await.unwrap();
        assert!(at(records, &ctx, &["lk-e"]).await.unwrap().is_empty());
        let gone = records.read(&ctx, "Encounter", "lk-e").await.unwrap().tree();
        let refused = place(records, &ctx, list, &draft(&gone, &diagnoses, "cat-chi", "")).await.unwrap_err();
        assert_eq!(refused.kind, Kind::Conflict);
    })
    .await;
}
