use super::*;
use yba_content::Content;
use yba_fhir::view::Patient;
use yba_forms::{Library, NoChoices};
use yba_testkit::{Kit, each_engine};

fn woman(id: &str) -> Value {
    json!({"resourceType": "Patient", "id": id, "name": [{"text": "Lò Thị Un"}], "gender": "female", "birthDate": "1999-01-20",
        "telecom": [{"system": "phone", "value": "0912345678"}],
        "identifier": [{"system": "https://yba.vn/fhir/sid/cccd", "value": "012199001234"}],
        "address": [{"use": "home", "text": "Bản Nà Khương, xã Bản Bo", "line": ["Bản Nà Khương"]}],
        "extension": [{"url": "https://yba.vn/fhir/StructureDefinition/ma-ho-gia-dinh", "valueString": "H-17"}]})
}

/// What a nurse types: of a child of this order among so many, born then, with this outcome.
fn typed(born: &str, order: &str, number: &str, outcome: &str) -> Vec<(String, String)> {
    let all = [
        ("born", born),
        ("place", "station"),
        ("attendant", "midwife"),
        ("mode", "vaginal"),
        ("weeks", "38"),
        ("parity", "1"),
        ("number", number),
        ("order", order),
        ("outcome", outcome),
        ("sex", "female"),
        ("weight", "2900"),
        ("length", "49,5"),
    ];
    all.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// What a form becomes.
fn planned(
    kit: &Kit,
    earlier: &[Value],
    form: &str,
    fields: &[(String, String)],
    mother: &Value,
) -> Result<Vec<Change>, Outcome> {
    let content = Content::built_in();
    let forms = Library::load(&content).unwrap();
    let now_ms = kit.now_ms();
    let edition = forms.edition("birth", Day::of_instant(now_ms)).unwrap();
    let setting = Setting::new(now_ms).with("patient", mother.clone());
    let filling = edition.form.take(&setting, &NoChoices, fields).unwrap();
    assert!(filling.is_sound(), "{:?} {:?}", filling.faults, filling.trouble());
    let birth = Birth {
        mother,
        earlier,
        facility: Some("o"),
        code: Some(format!("SS-{form}")),
        author: "mai",
        form,
        now_ms,
    };
    birth.plan(&filling, &setting)
}

async fn write(kit: &Kit, form: &str, fields: &[(String, String)]) -> Result<(), Outcome> {
    let earlier = of(&kit.records, &kit.ctx(), "m").await?;
    let changes = planned(kit, &earlier, form, fields, &woman("m"))?;
    kit.records.transact(&kit.ctx(), changes).await.map(|_| ())
}

async fn prepared(kit: &Kit) {
    let all = [woman("m"), json!({"resourceType": "Organization", "id": "o", "name": "Trạm"})];
    let all = all.into_iter().map(|tree| Change::put(Resource::from_value(tree).unwrap())).collect();
    kit.records.transact(&kit.ctx(), all).await.unwrap();
}

async fn found(kit: &Kit, kind: &str, query: &str) -> Vec<Value> {
    let found =
        kit.records.search(&kit.ctx(), &Query::parse_string(kind, query).unwrap(), None).await.unwrap();
    found.matches.iter().map(Version::tree).collect()
}

#[tokio::test]
async fn a_child_who_lives_has_a_file_where_the_mother_lives_and_twins_stay_two() {
    each_engine(async |kit| {
        prepared(&kit).await;
        write(&kit, "f1", &typed("01/03/2026 21:15", "1", "2", "alive")).await.unwrap();
        let twice = write(&kit, "f2", &typed("01/03/2026 21:15", "1", "2", "alive")).await.unwrap_err();
        assert_eq!((twice.kind, twice.issues[0].text.contains("đã ghi rồi")), (Kind::Unprocessable, true));
        write(&kit, "f2", &typed("01/03/2026 21:20", "2", "2", "alive")).await.unwrap();
        let lines = of(&kit.records, &kit.ctx(), "m").await.unwrap();
        assert_eq!(lines.len(), 2);
        let children: Vec<String> = lines.iter().filter_map(child).map(str::to_owned).collect();
        let file = kit.records.read(&kit.ctx(), "Patient", &children[0]).await.unwrap().tree();
        let text = |path: &[&str]| str_at(&file, path).unwrap_or_default().to_owned();
        assert_eq!(Patient(&file).name().as_deref(), Some("Con 2 bà Lò Thị Un"));
        assert_eq!((text(&["gender"]), text(&["birthDate"])), ("female".into(), "2026-03-01".into()));
        assert_eq!(text(&["managingOrganization", "reference"]), "Organization/o");
        assert_eq!(file["multipleBirthInteger"].as_i64(), Some(2));
        assert_eq!(file["address"][0]["line"][0].as_str(), Some("Bản Nà Khương"));
        assert_eq!(file["extension"][0]["valueString"].as_str(), Some("H-17"), "in the mother's household");
        let kin = found(&kit, "RelatedPerson", &format!("patient={}", children[0])).await;
        assert_eq!(kin[0]["identifier"][0]["value"].as_str(), Some("012199001234"));
        let measured = found(&kit, "Observation", &format!("patient={}", children[0])).await;
        assert_eq!(measured.len(), 2, "weight and length are the child's");

        // Day, sex, mother, home and phone are the same, whatever the machine may learn to make of that: they were told apart.
        let apart = found(&kit, "Linkage", "").await;
        let of: Vec<&str> =
            items(&apart[0], "item").filter_map(|one| str_at(one, &["resource", "reference"])).collect();
        assert!(
            apart.len() == 1 && children.iter().all(|id| of.contains(&format!("Patient/{id}").as_str())),
            "{of:?}"
        );
        assert_eq!(linkage::read(&apart[0])[0].verdict, Verdict::Apart);
        yba_mpi::follower::catch_up(&kit.records).await.unwrap();
        for child in &children {
            assert_eq!(kit.records.store().kin_of(child).await.unwrap(), [child.as_str()]);
        }
    })
    .await;
}

#[tokio::test]
async fn a_stillborn_child_is_a_line_and_nobody() {
    each_engine(async |kit| {
        prepared(&kit).await;
        write(&kit, "f1", &typed("01/03/2026 21:15", "1", "1", "stillborn")).await.unwrap();
        let lines = of(&kit.records, &kit.ctx(), "m").await.unwrap();
        assert_eq!((lines.len(), child(&lines[0]), outcome(&lines[0])), (1, None, Some("stillborn")));
        assert_eq!(component(&lines[0], "weight").unwrap()["valueQuantity"]["value"].as_i64(), Some(2900));
        assert_eq!(found(&kit, "Patient", "").await.len(), 1, "the mother alone");
        assert_eq!(found(&kit, "Observation", "patient=m").await.len(), 1, "its weight is not the mother's");
    })
    .await;
}

#[tokio::test]
async fn a_birth_is_written_once_and_taken_back_unless_the_child_is_in_care() {
    each_engine(async |kit| {
        prepared(&kit).await;
        let (records, ctx) = (&kit.records, kit.ctx());
        write(&kit, "f1", &typed("01/03/2026 21:15", "1", "1", "alive")).await.unwrap();
        let lines = of(records, &ctx, "m").await.unwrap();
        let (id, child) = (str_at(&lines[0], &["id"]).unwrap().to_owned(), child(&lines[0]).unwrap().to_owned());
        assert!(is_written(records, &ctx, &id).await.unwrap());
        let again = planned(&kit, &[], "f1", &typed("01/03/2026 21:15", "1", "1", "alive"), &woman("m")).unwrap();
        assert_eq!(records.transact(&ctx, again).await.unwrap_err().kind, Kind::Conflict);
        let dose = json!({"resourceType": "Immunization", "id": "i", "status": "completed", "vaccineCode": {"text": "VGB"},
            "patient": {"reference": format!("Patient/{child}").as_str()}, "occurrenceDateTime": "2026-03-02"});
        records.transact(&ctx, vec![Change::put(Resource::from_value(dose).unwrap())]).await.unwrap();
        assert_eq!(take_back(records, &ctx, "m", &id).await.unwrap_err().kind, Kind::Conflict);
        let all = crate::immunise::immunizations(records, &ctx, "c").await.unwrap();
        crate::immunise::take_back(records, &ctx, &all, "i").await.unwrap();
        assert_eq!(take_back(records, &ctx, &child, &id).await.unwrap_err().kind, Kind::NotFound);
        take_back(records, &ctx, "m", &id).await.unwrap();
        assert!(of(records, &ctx, "m").await.unwrap().is_empty() && !is_written(records, &ctx, &id).await.unwrap());
        let file = records.read(&ctx, "Patient", &child).await.unwrap().tree();
        assert_eq!(file["active"].as_bool(), Some(false));
        let measured = found(&kit, "Observation", &format!("patient={child}&status=final")).await;
        assert!(measured.is_empty(), "{measured:?}");
        assert_eq!(take_back(records, &ctx, "m", &id).await.unwrap_err().kind, Kind::NotFound, "once");
    })
    .await;
}

#[tokio::test]
async fn what_cannot_be_is_refused_with_a_sentence() {
    let kit = yba_testkit::records();
    let refused = |mother: Value, earlier: &[Value], born: &str| {
        let found = planned(&kit, earlier, "f", &typed(born, "1", "1", "alive"), &mother).unwrap_err();
        assert_eq!(found.kind, Kind::Unprocessable);
        found.issues[0].text.clone()
    };
    let with = |name: &str, value: Value| {
        let mut tree = woman("m");
        put(&mut tree, name, value);
        tree
    };
    let before =
        json!({"resourceType": "Observation", "id": "x", "effectiveDateTime": "2026-01-10T01:00:00+07:00"});
    let cases = [
        (refused(with("gender", json!("male")), &[], "01/03/2026 7h"), "ghi là nam"),
        (refused(woman("m"), &[], "02/03/2026 23:59"), "sau lúc này"),
        (refused(with("deceasedDateTime", json!("2026-02-01")), &[], "01/03/2026 7h"), "tử vong trước"),
        (refused(with("birthDate", json!("2020")), &[], "01/03/2026 7h"), "Tuổi của người mẹ"),
        (refused(woman("m"), &[before], "01/03/2026 7h"), "chưa đủ năm tháng"),
    ];
    for (said, wanted) in cases {
        assert!(said.contains(wanted), "{said}");
    }
    assert!(planned(&kit, &[], "f", &typed("02/03/2026 7h", "1", "1", "alive"), &woman("m")).is_ok());
}
