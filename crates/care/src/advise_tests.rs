use super::*;
use std::sync::Arc;
use yba_auth::Grant;
use yba_content::Content;
use yba_records::Gate;
use yba_records::gate::{NewAccount, Origin};
use yba_rules::Moment;
use yba_testkit::{Kit, each_engine};

const CLINICAL: &str = "http://terminology.hl7.org/CodeSystem/condition-clinical";

async fn write_all(kit: &Kit, trees: Vec<Value>) {
    let changes = trees.into_iter().map(|tree| Change::put(Resource::from_value(tree).unwrap()));
    kit.records.transact(&kit.ctx(), changes.collect()).await.unwrap();
}

/// A child of station `a` with an immunodeficiency that only few may see.
async fn child(kit: &Kit) {
    let label =
        json!({"security": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "HIV"}]});
    write_all(
        kit,
        vec![
            json!({"resourceType": "Organization", "id": "a", "name": "Trạm a"}),
            json!({"resourceType": "Patient", "id": "p", "birthDate": "2024-08-01", "managingOrganization": {"reference": "Organization/a"}}),
            json!({"resourceType": "Condition", "id": "sealed", "subject": {"reference": "Patient/p"}, "meta": label,
                "clinicalStatus": {"coding": [{"system": CLINICAL, "code": "active"}]},
                "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10", "code": "B24"}]}}),
        ],
    )
    .await;
}

fn shots() -> Vec<Value> {
    let shot = |id: &str, cvx: &str, words: &str| {
        json!({"resourceType": "Immunization", "id": id, "status": "completed", "occurrenceDateTime": "2026-03-02",
            "patient": {"reference": "Patient/p"},
            "vaccineCode": {"coding": [{"system": "http://hl7.org/fhir/sid/cvx", "code": cvx}], "text": words}})
    };
    vec![shot("i1", "102", "DPT-VGB-Hib"), shot("i2", "04", "MR")]
}

async fn asked(kit: &Kit, ctx: &Ctx, library: &Library) -> Verdict {
    let patient = kit.records.read(ctx, "Patient", "p").await.unwrap().tree();
    let entered = shots();
    let case = Case {
        moment: Moment::Vaccination,
        now_ms: kit.now_ms(),
        patient: &patient,
        entered: &entered,
        beside: &[],
    };
    advise(&kit.records, ctx, library, &case).await.unwrap()
}

/// Somebody of this role at station `a`.
async fn someone(kit: &Kit, role: &str) -> Ctx {
    let gate = Gate::open(kit.records.clone(), Arc::new(Content::built_in()), &[7; 32]).await.unwrap();
    let grant = Grant { organization: Some("a".into()), ..Grant::new(role, gate.today()) };
    let typed = NewAccount {
        login: format!("{role}.a"),
        name: "Thử".into(),
        roles: vec![grant],
        ..NewAccount::default()
    };
    let (_, link) = gate.create(&kit.ctx(), &typed).await.unwrap();
    let from = Origin { address: "10.0.0.1".into(), request_id: "r".into() };
    let came = gate.set_password_by_link(&link.0, "bốn bức tường trắng", None, &from).await.unwrap();
    let visitor = gate.visitor(&came.session.0, &from).await.unwrap();
    gate.ctx(&visitor, "test", "r")
}

#[tokio::test]
async fn a_sealed_diagnosis_reminds_only_who_may_see_it_and_its_reason_is_sealed_too() {
    each_engine(async |kit| {
        child(&kit).await;
        let library = Library::load(&Content::built_in()).unwrap();
        let nurse = someone(&kit, "station-staff").await;
        let blind = asked(&kit, &nurse, &library).await;
        assert!(
            blind.cards.is_empty() && blind.unread.is_empty(),
            "it tells of nothing that is hidden: {blind:?}"
        );

        let verdict = asked(&kit, &kit.ctx(), &library).await;
        let [card] = verdict.cards.as_slice() else { panic!("{verdict:?}") };
        assert_eq!(
            (card.rule.as_str(), card.rests.as_slice()),
            (
                "live-vaccine-immunodeficiency",
                &["Condition/sealed".to_owned(), "Immunization/i2".to_owned()][..]
            )
        );

        // Without a reason it stands in the way; a blank or an endless one is none.
        let reasons = |text: &str| Reasons::from([(card.key(), text.to_owned())]);
        for (text, open) in [("", 1), ("  ", 1), (&*"x".repeat(REASON_MAX + 1), 1), ("Bệnh viện cho tiêm", 0)]
        {
            assert_eq!(unanswered(&verdict, &reasons(text)).len(), open, "{text}");
        }
        assert_eq!(unanswered(&verdict, &Reasons::from([("another.0".to_owned(), "x".to_owned())])).len(), 1);

        let about = ["Immunization/i1".to_owned(), "Immunization/i2".to_owned()];
        let act =
            Act {
                patient: "p", about: &about, id: "i1", by: Some("Vàng Thị Thử"), now_ms: kit.now_ms()
            };
        write_all(&kit, shots()).await;
        let changes = kept(&verdict, &reasons(" Bệnh viện cho tiêm "), &act).unwrap();
        assert_eq!(changes.len(), 1);
        kit.records.transact(&kit.ctx(), changes).await.unwrap();
        let told_to = async |ctx: &Ctx| told(&kit.records, ctx, &about).await.unwrap();
        let all = told_to(&kit.ctx()).await;
        assert_eq!(all.len(), 1);
        assert_eq!(
            (all[0].about.as_str(), all[0].reason.as_str()),
            ("Immunization/i2", "Bệnh viện cho tiêm"),
            "of the living one alone"
        );
        assert_eq!(told_to(&nurse).await, [], "who may not see the diagnosis does not read it here");

        // Taken back with the dose it is about, and with no other.
        assert!(withdrawn(&kit.records, &kit.ctx(), "Immunization/i1").await.unwrap().is_empty());
        let back = withdrawn(&kit.records, &kit.ctx(), "Immunization/i2").await.unwrap();
        kit.records.transact(&kit.ctx(), back).await.unwrap();
        assert_eq!(told_to(&kit.ctx()).await, []);
    })
    .await;
}

#[tokio::test]
async fn whoever_may_not_search_what_a_rule_looks_at_is_told_so() {
    each_engine(async |kit| {
        child(&kit).await;
        let library = Library::load(&Content::built_in()).unwrap();
        let cashier = someone(&kit, "reception").await;
        let verdict = asked(&kit, &cashier, &library).await;
        assert!(verdict.cards.is_empty(), "{verdict:?}");
        assert!(verdict.unread.contains("Condition"), "{verdict:?}");
    })
    .await;
}
