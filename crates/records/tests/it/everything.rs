//! Everything about someone: that a narrowed scope stays narrow.

use yba_fhir::json::{Value, json};
use yba_fhir::{Kind, Resource};
use yba_records::{Change, Ctx, Everything, Scope};
use yba_testkit::{Kit, each_engine};

async fn family(kit: &Kit) {
    let reference = |to: &str| json!({"reference": to});
    let trees: [Value; 7] = [
        json!({"resourceType": "Practitioner", "id": "kham"}),
        json!({"resourceType": "Patient", "id": "mother", "generalPractitioner": [reference("Practitioner/kham")]}),
        json!({"resourceType": "Patient", "id": "child", "link": [{"other": reference("Patient/mother"), "type": "seealso"}]}),
        json!({"resourceType": "Encounter", "id": "birth", "status": "finished", "class": {"code": "IMP"},
            "subject": reference("Patient/mother"), "participant": [{"individual": reference("Practitioner/kham")}]}),
        json!({"resourceType": "Observation", "id": "weight", "status": "final", "code": {"text": "x"},
            "subject": reference("Patient/child"), "encounter": reference("Encounter/birth")}),
        json!({"resourceType": "Condition", "id": "of-mother", "subject": reference("Patient/mother"), "encounter": reference("Encounter/birth")}),
        json!({"resourceType": "Linkage", "id": "same", "active": true, "item": [
            {"type": "source", "resource": reference("Patient/mother")}, {"type": "alternate", "resource": reference("Patient/child")}]}),
    ];
    for tree in trees {
        let change = Change::put(Resource::from_value(tree).unwrap());
        kit.records.transact(&kit.ctx(), vec![change]).await.unwrap();
    }
}

/// What is shown, as `Type/id`; what is only referred to in parentheses.
async fn shown(kit: &Kit, ctx: &Ctx, kind: &str, id: &str) -> Result<Vec<String>, Kind> {
    let wanted =
        Everything { kind: kind.into(), id: id.into(), persons: true, count: 100, ..Everything::default() };
    let page = kit.records.everything_page(ctx, &wanted, None).await.map_err(|refused| refused.kind)?;
    let mut all: Vec<String> = page.matches.iter().map(|one| format!("{}/{}", one.kind, one.id)).collect();
    all.extend(page.included.iter().map(|one| format!("({}/{})", one.kind, one.id)));
    all.sort_unstable();
    Ok(all)
}

#[tokio::test]
async fn a_narrowed_scope_sees_its_patients_and_nothing_beside() {
    each_engine(|kit| async move {
        family(&kit).await;
        let of = |ids: &[&str]| {
            kit.ctx().with_scope(Scope::Patients(ids.iter().map(|id| (*id).to_owned()).collect()))
        };
        let (child, nobody) = (of(&["child"]), kit.ctx().with_scope(Scope::Nothing));
        // Neither the mother, who is linked, nor the staff, who belong to nobody.
        assert_eq!(
            shown(&kit, &child, "Patient", "child").await.unwrap(),
            ["Observation/weight", "Patient/child"]
        );
        assert_eq!(shown(&kit, &child, "Patient", "mother").await, Err(Kind::NotFound));
        assert_eq!(shown(&kit, &child, "Encounter", "birth").await, Err(Kind::NotFound));
        assert_eq!(shown(&kit, &nobody, "Patient", "child").await, Err(Kind::NotFound));
        assert_eq!(shown(&kit, &nobody, "Encounter", "birth").await, Err(Kind::NotFound));
        assert_eq!(shown(&kit, &Ctx::stranger("test"), "Patient", "child").await, Err(Kind::Unauthenticated));
        // The child's record stands in the mother's compartment, because it names her; what is the child's does not.
        assert_eq!(
            shown(&kit, &of(&["mother"]), "Encounter", "birth").await.unwrap(),
            ["(Patient/mother)", "Condition/of-mother", "Encounter/birth"]
        );
        let all = shown(&kit, &kit.ctx(), "Patient", "child").await.unwrap();
        assert!(
            all.contains(&"Condition/of-mother".into()) && all.contains(&"(Practitioner/kham)".into()),
            "{all:?}"
        );
        let encounter = shown(&kit, &kit.ctx(), "Encounter", "birth").await.unwrap();
        assert!(encounter.contains(&"Observation/weight".into()), "{encounter:?}");
    })
    .await;
}

#[tokio::test]
async fn a_page_of_a_wide_scope_opens_nothing_for_a_narrow_one() {
    each_engine(|kit| async move {
        family(&kit).await;
        let wanted =
            Everything { kind: "Patient".into(), id: "child".into(), count: 1, ..Everything::default() };
        let page = kit.records.everything_page(&kit.ctx(), &wanted, None).await.unwrap();
        let narrow = kit.ctx().with_scope(Scope::Patients(vec!["child".into()]));
        let refused = kit.records.everything_page(&narrow, &wanted, page.next.as_deref()).await.unwrap_err();
        assert_eq!(refused.kind, Kind::Invalid);
    })
    .await;
}

#[tokio::test]
async fn only_who_may_see_all_is_told_the_plan_of_a_search() {
    each_engine(|kit| async move {
        let query = [yba_records::Query::parse_string("Observation", "status=final").unwrap()];
        assert!(!kit.records.explain(&kit.ctx(), &query).await.unwrap().is_refused);
        let narrow = kit.ctx().with_scope(Scope::Patients(vec!["child".into()]));
        assert_eq!(kit.records.explain(&narrow, &query).await.unwrap_err().kind, Kind::Forbidden);
        let stranger = yba_records::Ctx::stranger("test");
        assert_eq!(kit.records.explain(&stranger, &query).await.unwrap_err().kind, Kind::Unauthenticated);
    })
    .await;
}
