use super::*;
use yba_content::Content;
use yba_fhir::json::to_string;
use yba_forms::{Library, OfTerminology};
use yba_terminology::Terminology;
use yba_testkit::{Kit, each_engine};

const TYPED: [(&str, &str); 11] = [
    ("day", "01/03/2026"),
    ("time", "4h10"),
    ("place", "home"),
    ("cared", "true"),
    ("determined", "doctor"),
    ("manner", "disease"),
    ("ia", "G93.6"),
    ("ia-interval", "6"),
    ("ia-interval~unit", "h"),
    ("ib", "I61.9"),
    ("ic", "I10"),
];

fn fields(more: &[(&str, &str)]) -> Vec<(String, String)> {
    let is_said = |name: &str| more.iter().any(|(other, _)| *other == name);
    let all = TYPED.iter().filter(|(name, _)| !is_said(name)).chain(more);
    all.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn man() -> Value {
    json!({"resourceType": "Patient", "id": "p", "name": [{"text": "Vàng A Già"}], "gender": "male", "birthDate": "1950"})
}

fn change(tree: Value) -> Change {
    Change::put(Resource::from_value(tree).unwrap())
}

async fn prepared(kit: &Kit) {
    let appointment = |id: &str, more: Value| {
        let mut tree = json!({"resourceType": "Appointment", "id": id, "status": "proposed",
            "participant": [{"actor": {"reference": "Patient/p"}, "status": "accepted"}]});
        for (name, value) in more.as_object().unwrap().iter() {
            put(&mut tree, name, value.clone());
        }
        change(tree)
    };
    let all = vec![
        change(man()),
        appointment("a", json!({"requestedPeriod": [{"start": "2026-04-01"}]})),
        appointment(
            "b",
            json!({"status": "booked", "start": "2026-04-02T08:00:00+07:00", "end": "2026-04-02T08:15:00+07:00"}),
        ),
        appointment("c", json!({"status": "cancelled", "cancelationReason": {"text": "Thôi quản lý"}})),
    ];
    kit.records.transact(&kit.ctx(), all).await.unwrap();
}

fn planned(
    kit: &Kit,
    person: &Value,
    (expected, standing): (&[Value], &[Value]),
    form: &str,
    fields: &[(String, String)],
) -> Result<Vec<Change>, Outcome> {
    let content = Content::built_in();
    let forms = Library::load(&content).unwrap();
    let terminology = Terminology::built_in(&content);
    let on = Day::of_instant(kit.now_ms());
    let setting = Setting::new(kit.now_ms()).with("patient", person.clone());
    let choices = OfTerminology { terminology: &terminology, on };
    let filling = forms.edition("death-cause", on).unwrap().form.take(&setting, &choices, fields).unwrap();
    assert!(filling.is_sound(), "{:?} {:?}", filling.faults, filling.trouble());
    Death { person, expected, standing, facility: None, form, now_ms: kit.now_ms() }.plan(&filling, &setting)
}

async fn write(kit: &Kit, form: &str, fields: &[(String, String)]) -> Result<(), Outcome> {
    let person = kit.records.read(&kit.ctx(), "Patient", "p").await?.tree();
    let expected = expected(&kit.records, &kit.ctx(), "p").await?;
    let standing = of(&kit.records, &kit.ctx(), "p").await?;
    let changes = planned(kit, &person, (&expected, &standing), form, fields)?;
    kit.records.transact(&kit.ctx(), changes).await.map(|_| ())
}

async fn states(kit: &Kit) -> Vec<String> {
    let mut all = Vec::new();
    for id in ["a", "b", "c"] {
        let tree = kit.records.read(&kit.ctx(), "Appointment", id).await.unwrap().tree();
        all.push(str_at(&tree, &["status"]).unwrap().to_owned());
    }
    all
}

#[tokio::test]
async fn a_death_ends_what_was_to_come_and_is_taken_back_whole() {
    each_engine(async |kit| {
        prepared(&kit).await;
        let (records, ctx) = (&kit.records, kit.ctx());
        write(&kit, "f1", &fields(&[("ii:0", "E11.9")])).await.unwrap();
        let file = records.read(&ctx, "Patient", "p").await.unwrap().tree();
        assert_eq!(str_at(&file, &["deceasedDateTime"]), Some("2026-03-01T04:10:00+07:00"));
        assert_eq!(states(&kit).await, ["cancelled", "cancelled", "cancelled"]);
        let all = of(records, &ctx, "p").await.unwrap();
        let cause = all.iter().find(|one| is_coded(one, CAUSE)).unwrap();
        let lines: Vec<&str> = chain(cause).iter().map(|(line, ..)| *line).collect();
        assert_eq!(lines, ["Ia", "Ib", "Ic", "II"]);
        assert!(chain(cause)[0].2.is_some_and(|interval| str_at(interval, &["code"]) == Some("h")));
        let underlying = items(&cause["valueCodeableConcept"], "coding").next().unwrap();
        assert_eq!(str_at(underlying, &["code"]), Some("I10"), "the lowest line that is filled in");
        assert_eq!(all.len(), 6, "day, cause, place, cared, determined, manner");

        // Another form, and one that was made while the person still lived.
        let second = write(&kit, "f2", &fields(&[])).await.unwrap_err();
        assert_eq!((second.kind, second.issues[0].text.contains("ngày 01/03/2026")), (Kind::Conflict, true));
        let late = planned(&kit, &man(), (&[], &[]), "f3", &fields(&[])).unwrap();
        assert_eq!(records.transact(&ctx, late).await.unwrap_err().kind, Kind::Conflict);

        let id = str_at(&all[0], &["id"]).unwrap();
        assert_eq!(take_back(records, &ctx, "q", id).await.unwrap_err().kind, Kind::NotFound);
        take_back(records, &ctx, "p", id).await.unwrap();
        assert!(!is_dead(&records.read(&ctx, "Patient", "p").await.unwrap().tree()));
        assert_eq!(states(&kit).await, ["proposed", "booked", "cancelled"]);
        assert!(of(records, &ctx, "p").await.unwrap().is_empty());
        let query = Query::parse_string("Observation", "patient=p&status=final").unwrap();
        assert!(records.search(&ctx, &query, None).await.unwrap().matches.is_empty());
        assert_eq!(take_back(records, &ctx, "p", id).await.unwrap_err().kind, Kind::NotFound, "once");
        write(&kit, "f4", &fields(&[])).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn whoever_writes_chooses_another_cause_and_what_is_sensitive_is_sealed() {
    let kit = yba_testkit::records();
    prepared(&kit).await;
    write(&kit, "f1", &fields(&[("chosen", "B20.0"), ("time", "")])).await.unwrap();
    let all = of(&kit.records, &kit.ctx(), "p").await.unwrap();
    assert_eq!(str_at(&all[0], &["valueDateTime"]), Some("2026-03-01"), "the hour was not known");
    for one in &all {
        let text = to_string(one).unwrap();
        assert_eq!(text.contains("\"security\""), is_coded(one, CAUSE), "{text}");
        assert!(!text.contains("\"tag\""), "{text}");
    }
    let last = all.last().unwrap();
    assert!(is_coded(last, CAUSE), "no number is missing before it");
    let members = to_string(&all[0]["hasMember"]).unwrap();
    assert!(!members.contains(str_at(last, &["id"]).unwrap()), "{members}");
    let id = str_at(&all[0], &["id"]).unwrap();
    let answers = kit.records.read(&kit.ctx(), "QuestionnaireResponse", id).await.unwrap().tree();
    assert_eq!(answers["meta"]["security"][0]["code"].as_str(), Some("HIV"), "they tell the same");
    let cause = all.iter().find(|one| is_coded(one, CAUSE)).unwrap();
    assert!(to_string(&cause["valueCodeableConcept"]).unwrap().contains("B20.0"));
}

#[test]
fn nobody_dies_tomorrow_or_before_they_were_born() {
    let (person, now_ms) = (man(), Day::parse("2026-03-02").unwrap().days_since_epoch() * 86_400_000);
    let death = Death { person: &person, expected: &[], standing: &[], facility: None, form: "f", now_ms };
    for (died, is_right) in [
        ("2026-03-01", true),
        ("2026-03-02T06:59:00+07:00", true),
        ("2026-03-02T07:01:00+07:00", false),
        ("2026-03-03", false),
        ("1949-12-31", false),
        ("1950-05-01", true),
        ("hôm qua", false),
    ] {
        assert_eq!(death.check(died).is_ok(), is_right, "{died}");
    }
}

#[tokio::test]
async fn of_who_is_known_to_be_dead_the_cause_is_written_and_nobody_wakes() {
    let kit = yba_testkit::records();
    prepared(&kit).await;
    let (records, ctx) = (&kit.records, kit.ctx());
    let mut dead = man();
    put(&mut dead, "deceasedDateTime", json!("2026-03-01"));
    records.transact(&ctx, vec![change(dead)]).await.unwrap();
    let other = write(&kit, "f1", &fields(&[("day", "28/02/2026")])).await.unwrap_err();
    assert_eq!((other.kind, other.issues[0].text.contains("ngày khác")), (Kind::Unprocessable, true));
    write(&kit, "f1", &fields(&[])).await.unwrap();
    let all = of(records, &ctx, "p").await.unwrap();
    assert!(all.iter().any(|one| is_coded(one, CAUSE)));
    take_back(records, &ctx, "p", str_at(&all[0], &["id"]).unwrap()).await.unwrap();
    let file = records.read(&ctx, "Patient", "p").await.unwrap().tree();
    assert_eq!(str_at(&file, &["deceasedDateTime"]), Some("2026-03-01"), "it was not this form's word");
    // What others wrote stands against a second one.
    let cause = json!({"resourceType": "Observation", "id": "t", "status": "final", "subject": {"reference": "Patient/p"},
        "code": {"coding": [{"system": LOINC, "code": CAUSE}]}, "valueCodeableConcept": {"text": "Tuổi già"}});
    records.transact(&ctx, vec![change(cause)]).await.unwrap();
    assert_eq!(of(records, &ctx, "p").await.unwrap().len(), 1);
    assert_eq!(write(&kit, "f2", &fields(&[])).await.unwrap_err().kind, Kind::Conflict);
}
