use super::*;
use yba_content::{Content, Day};
use yba_testkit::{Kit, each_engine};

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

#[tokio::test]
async fn who_joins_is_in_the_programme_and_who_leaves_is_not() {
    each_engine(async |kit| {
        let content = Content::built_in();
        prepared(&kit).await;
        let (records, ctx) = (&kit.records, kit.ctx());
        let programme = content.programme("hypertension", Day::parse("2026-06-01").unwrap()).unwrap();
        let last = async || {
            let all = diagnoses(records, &ctx, "p", programme).await.unwrap();
            all.first().map(chronic::holds)
        };
        let is_in = last;
        assert_eq!(is_in().await, Some(true));
        let open = expected(records, &ctx, "p", programme).await.unwrap();
        for reason in ["", "  ", &"x".repeat(501)] {
            let refused = leave("p", &concept(), &open, (reason, false), "f", 0).unwrap_err();
            assert_eq!(refused.issues[0].key, "reason");
        }
        let now_ms = kit.records.store().clock().now_ms();
        write(&kit, leave("p", &concept(), &open, ("chuyển đi", true), "form-2", now_ms).unwrap()).await;
        assert_eq!(is_in().await, Some(false));
        assert!(expected(records, &ctx, "p", programme).await.unwrap().is_empty());
        assert_eq!(
            join("p", programme, ("J20", "Viêm phế quản"), "f", 0).unwrap_err().kind,
            Kind::Unprocessable
        );
        kit.advance_ms(1000);
        write(&kit, vec![join("p", programme, ("I10", "Tăng huyết áp"), "form-3", now_ms).unwrap()]).await;
        assert_eq!(is_in().await, Some(true), "the last word counts");
    })
    .await;
}
