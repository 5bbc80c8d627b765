use super::*;
use crate::advise::{self, Reasons};
use yba_content::Content;
use yba_fhir::json::json;
use yba_fhir::{Kind, Outcome, Resource};
use yba_records::{Change, Query, Version};
use yba_rules::{Case, Library, Moment};
use yba_testkit::{Kit, each_engine};

/// A child of four, a grown-up with hypertension, both seen today at a station.
pub(crate) async fn village(kit: &Kit) {
    let visit = |id: &str, patient: &str| {
        json!({"resourceType": "Encounter", "id": id, "status": "finished", "class": {"code": "AMB"},
            "subject": {"reference": format!("Patient/{patient}").as_str()},
            "serviceProvider": {"reference": "Organization/cskcb-12090"}})
    };
    let ill = |id: &str, patient: &str, code: &str| {
        json!({"resourceType": "Condition", "id": id, "subject": {"reference": format!("Patient/{patient}").as_str()},
            "encounter": {"reference": format!("Encounter/{id}").as_str()},
            "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10", "code": code}], "text": code}})
    };
    let all = [
        json!({"resourceType": "Organization", "id": "cskcb-12090", "name": "Trạm"}),
        json!({"resourceType": "Patient", "id": "be", "gender": "male", "birthDate": "2022-01-05"}),
        json!({"resourceType": "Patient", "id": "ba", "gender": "female", "birthDate": "1961"}),
        visit("v-be", "be"),
        visit("v-ba", "ba"),
        ill("v-be", "be", "J20.9"),
        ill("v-ba", "ba", "I10"),
    ];
    put_all(kit, all.into_iter().collect()).await;
}

pub(crate) async fn put_all(kit: &Kit, trees: Vec<Value>) {
    let changes = trees.into_iter().map(|tree| Change::put(Resource::from_value(tree).unwrap())).collect();
    kit.records.transact(&kit.ctx(), changes).await.unwrap();
}

pub(crate) fn usual(content: &Content, drugs: &[&str]) -> Draft {
    let list = content.essential(Day::parse("2026-03-02").unwrap());
    let lines = drugs.iter().map(|slug| Line::usual(list.drug(slug).unwrap(), false)).collect();
    Draft { lines, form: format!("f-{}", drugs.join("-")), ..Draft::default() }
}

/// Where somebody of the village is prescribed something.
pub(crate) struct Desk<'k> {
    kit: &'k Kit,
    content: &'k Content,
    patient: Value,
    diagnoses: Vec<Value>,
    visit: String,
}

impl<'k> Desk<'k> {
    pub(crate) async fn open(kit: &'k Kit, content: &'k Content, patient: &str) -> Desk<'k> {
        let (ctx, visit) = (kit.ctx(), format!("v-{patient}"));
        let tree = kit.records.read(&ctx, "Patient", patient).await.unwrap().tree();
        let ill = kit.records.read(&ctx, "Condition", &visit).await.unwrap().tree();
        Desk { kit, content, patient: tree, diagnoses: vec![ill], visit }
    }

    fn setting(&self) -> Setting<'_> {
        let now_ms = self.kit.now_ms();
        Setting {
            list: self.content.essential(Day::of_instant(now_ms)),
            limits: self.content.prescribing(Day::of_instant(now_ms)),
            patient: &self.patient,
            visit: Some(&self.visit),
            diagnoses: &self.diagnoses,
            weighed: "",
            facility: "cskcb-12090",
            by: "BS Lò Văn An",
            now_ms,
        }
    }

    pub(crate) async fn place(&self, draft: &Draft) -> Result<Placed, Outcome> {
        let setting = self.setting();
        let (sound, found) = check(&setting, draft);
        assert!(found.is_empty(), "{found:?}");
        place(&self.kit.records, &self.kit.ctx(), &setting, (draft, &sound), &|_| Ok(Vec::new())).await
    }

    fn wrong(&self, draft: &Draft) -> Vec<(String, String)> {
        check(&self.setting(), draft).1.into_iter().map(|one| (one.field, one.text)).collect()
    }
}

async fn found(kit: &Kit, kind: &str, query: &str) -> Vec<Value> {
    let query = Query::parse_string(kind, query).unwrap();
    kit.records.search(&kit.ctx(), &query, None).await.unwrap().matches.iter().map(Version::tree).collect()
}

#[test]
fn doses_are_read_as_people_write_them() {
    for (text, value) in [("1", 1000), ("0,5", 500), ("1/2", 500), ("½", 500), ("1,5", 1500), ("1/4", 250)] {
        assert_eq!(take(text), Some(value), "{text}");
    }
    for wrong in ["", "0", "1/0", "một", "-1", "1000", "1/9"] {
        assert_eq!(take(wrong), None, "{wrong}");
    }
    assert_eq!([500, 1000, 1250, 20_000].map(take_words), ["0,5", "1", "1,25", "20"]);
}

#[tokio::test]
async fn a_prescription_has_one_code_is_written_once_and_taken_back_whole() {
    each_engine(async |kit| {
        village(&kit).await;
        let content = Content::built_in();
        let desk = Desk::open(&kit, &content, "ba").await;
        let draft = usual(&content, &["amlodipine-5", "atorvastatin-20"]);
        let code = desk.place(&draft).await.unwrap().code;
        assert_eq!(desk.place(&draft).await.unwrap().code, code, "the same form is the same prescription");
        assert!(code::is_sound(&code) && code.starts_with("12090") && code.ends_with("-C"), "{code}");
        let (records, ctx) = (&kit.records, kit.ctx());
        let all = of_patient(records, &ctx, "ba").await.unwrap();
        let [it] = all.as_slice() else { panic!("{all:?}") };
        assert_eq!((it.code.as_str(), it.lines.len(), it.by.as_str()), (code.as_str(), 2, "BS Lò Văn An"));
        assert_eq!(it.until, Day::parse("2026-03-06"), "five days, its own included");
        assert_eq!(
            (it.lines[0].units, it.lines[0].dose.as_str()),
            (30, "Uống mỗi lần 1 viên, ngày 1 lần, buổi sáng")
        );
        assert_eq!(it.typed(), draft.lines, "repeated, it is what was typed");

        // Another form that draws the same code gets another one: the records' ids are the code's.
        let taken = json!({"resourceType": "MedicationRequest", "id": plan::line_id(&{
            let mut chance = code::chance_of("f-other");
            code::draw("12090", 'C', &mut chance).unwrap()
        }, 1).as_str(), "status": "active", "intent": "order", "subject": {"reference": "Patient/be"},
            "medicationCodeableConcept": {"text": "x"}});
        put_all(&kit, vec![taken]).await;
        let other = Draft { form: "f-other".into(), ..usual(&content, &["losartan-50"]) };
        let second = desk.place(&other).await.unwrap().code;
        assert_eq!(second, {
            let mut chance = code::chance_of("f-other");
            chance();
            code::draw("12090", 'C', &mut chance).unwrap()
        });

        // Replaced, and the new one taken back: the old one is open again.
        let new =
            Draft { replaces: Some(code.clone()), form: "f-new".into(), ..usual(&content, &["losartan-50"]) };
        let third = desk.place(&new).await.unwrap().code;
        let standing =
            |all: &[Prescription], code: &str| all.iter().find(|one| one.code == code).unwrap().standing;
        let all = of_patient(records, &ctx, "ba").await.unwrap();
        assert_eq!((standing(&all, &code), standing(&all, &third)), (Standing::Replaced, Standing::Active));
        let twice = Draft { form: "f-again".into(), ..new.clone() };
        assert_eq!(
            desk.place(&twice).await.unwrap_err().kind,
            Kind::Unprocessable,
            "it was replaced already"
        );
        take_back(records, &ctx, Some("cskcb-12090"), "ba", &third).await.unwrap();
        let all = of_patient(records, &ctx, "ba").await.unwrap();
        assert_eq!((standing(&all, &code), standing(&all, &third)), (Standing::Active, Standing::Mistaken));
        assert_eq!(
            take_back(records, &ctx, None, "be", &code).await.unwrap_err().kind,
            Kind::NotFound,
            "somebody else's"
        );
    })
    .await;
}

#[tokio::test]
async fn what_the_law_limits_is_said_beside_its_field() {
    each_engine(async |kit| {
        village(&kit).await;
        let content = Content::built_in();
        let (ba, be) = (Desk::open(&kit, &content, "ba").await, Desk::open(&kit, &content, "be").await);
        let fields =
            |wrong: Vec<(String, String)>| wrong.into_iter().map(|(field, _)| field).collect::<Vec<_>>();
        let mut long = usual(&content, &["amlodipine-5"]);
        long.lines[0].days = "90".into();
        assert!(ba.wrong(&long).is_empty(), "ninety days of a listed disease");
        long.lines[0].days = "91".into();
        assert_eq!(
            ba.wrong(&long)[0],
            ("days-1".into(), "Nhiều nhất 90 ngày với loại đơn và chẩn đoán này.".into())
        );
        let mixed = usual(&content, &["amlodipine-5", "diazepam-5"]);
        assert_eq!(fields(ba.wrong(&mixed)), ["lines"]);
        let child = usual(&content, &["paracetamol-250-goi"]);
        assert_eq!(fields(be.wrong(&child)), ["weight", "companion"]);
        let child = Draft { weight: "15,5".into(), companion: "Mẹ Lò Thị Un".into(), ..child };
        let code = be.place(&child).await.unwrap().code;
        let weights = found(&kit, "Observation", "patient=be&code=http://loinc.org|29463-7").await;
        assert_eq!(weights.len(), 1, "the weight is a measure of the child");
        assert_eq!(of_patient(&kit.records, &kit.ctx(), "be").await.unwrap()[0].companion, "Mẹ Lò Thị Un");
        take_back(&kit.records, &kit.ctx(), None, "be", &code).await.unwrap();
        let weights = found(&kit, "Observation", "patient=be&status=entered-in-error").await;
        assert_eq!(weights.len(), 1, "and goes with it");
        let mut wrong = usual(&content, &["amlodipine-5", "amlodipine-5"]);
        wrong.lines[0] =
            Line { take: "một".into(), times: "0".into(), units: "x".into(), ..wrong.lines[0].clone() };
        assert_eq!(fields(ba.wrong(&wrong)), ["take-1", "times-1", "units-1", "line-2"]);
        assert_eq!(fields(ba.wrong(&Draft::default())), ["lines"]);
    })
    .await;
}

#[tokio::test]
async fn rules_look_at_what_is_prescribed_and_a_reason_goes_with_it() {
    each_engine(async |kit| {
        village(&kit).await;
        let allergy = json!({"resourceType": "AllergyIntolerance", "id": "a", "patient": {"reference": "Patient/ba"},
            "clinicalStatus": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical", "code": "active"}]},
            "code": {"coding": [{"system": ATC, "code": "J01C"}], "text": "Penicilin"}});
        put_all(&kit, vec![allergy]).await;
        let content = Content::built_in();
        let mut desk = Desk::open(&kit, &content, "ba").await;
        let label = json!([{"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "HIV"}]);
        crate::visit::put(&mut desk.diagnoses[0], "meta", json!({"security": label}));
        let (draft, setting) = (usual(&content, &["amoxicillin-500"]), desk.setting());
        let (sound, _) = check(&setting, &draft);
        let entered = drafted(&setting, &draft, &sound, "12090aaaaaaa-C");
        let library = Library::load(&content).unwrap();
        let case = Case {
            moment: Moment::Order,
            now_ms: kit.now_ms(),
            patient: &desk.patient,
            entered: &entered,
            beside: &[],
        };
        let mut verdict = advise::advise(&kit.records, &kit.ctx(), &library, &case).await.unwrap();
        seal(&mut verdict, &setting);
        let card = verdict.cards.iter().find(|card| card.rule == "order-allergy").expect("it reminds");
        assert!(card.stops() && card.message.contains("Amoxicilin 500 mg"), "{card:?}");
        let reasons = Reasons::from([(card.key(), "Đã thử test âm tính".to_owned())]);
        let kept = |about: &[String]| {
            let act = advise::Act { patient: "ba", about, id: "ly-do-1", by: None, now_ms: kit.now_ms() };
            advise::kept(&verdict, &reasons, &act)
        };
        let code =
            place(&kit.records, &kit.ctx(), &setting, (&draft, &sound), &kept).await.unwrap().code;
        let about = [format!("MedicationRequest/dt-{code}-1")];
        assert_eq!(advise::told(&kit.records, &kit.ctx(), &about).await.unwrap().len(), 1);
        let sealed = found(&kit, "DetectedIssue", "_security=HIV").await;
        assert_eq!(sealed.len(), 1, "the reason is sealed as the diagnosis is");
        take_back(&kit.records, &kit.ctx(), None, "ba", &code).await.unwrap();
        assert!(advise::told(&kit.records, &kit.ctx(), &about).await.unwrap().is_empty(), "and goes with it");
    })
    .await;
}

#[test]
fn a_weight_is_a_plain_decimal_however_it_was_typed() {
    for (text, value) in [("08,5", "8.5"), ("12,", "12"), (" 12,50 ", "12.5"), ("15.5", "15.5")] {
        assert_eq!(weight(text).as_deref(), Some(value), "{text}");
    }
    for wrong in ["", ",5", "0,4", "61", "12,5kg"] {
        assert_eq!(weight(wrong), None, "{wrong}");
    }
}

#[test]
fn a_small_childs_dose_is_left_to_be_typed_and_no_dose_is_too_great_to_be_worked_out() {
    let content = Content::built_in();
    let drug = content.essential(Day::parse("2026-03-02").unwrap()).drug("amoxicillin-500").unwrap();
    let child = Line::usual(drug, true);
    assert_eq!((child.take.as_str(), child.units.as_str(), child.times.as_str()), ("", "", "3"));
    assert_eq!(child.needed(drug), None);
    assert_eq!(Line { take: "1".into(), ..child }.needed(drug), Some(21));
    let huge = Line { times: "4294967295".into(), days: "4294967295".into(), ..Line::usual(drug, false) };
    assert_eq!(huge.needed(drug), None);
    assert_eq!(drug.units(u32::MAX, u32::MAX, u32::MAX), u32::MAX);
}

#[tokio::test]
async fn a_weight_that_was_typed_with_zeros_is_kept_as_a_number() {
    each_engine(async |kit| {
        village(&kit).await;
        let content = Content::built_in();
        let desk = Desk::open(&kit, &content, "be").await;
        let child = usual(&content, &["paracetamol-250-goi"]);
        let child = Draft { weight: "015,50".into(), companion: "Mẹ".into(), ..child };
        desk.place(&child).await.unwrap();
        let weights = found(&kit, "Observation", "patient=be&code=http://loinc.org|29463-7").await;
        let value = weights[0].get("valueQuantity").unwrap().get("value").unwrap();
        assert_eq!(yba_fhir::json::number_text(value).as_deref(), Some("15.5"));
    })
    .await;
}

#[tokio::test]
async fn a_dose_or_a_quantity_that_cannot_be_meant_is_refused_or_asked_about() {
    each_engine(async |kit| {
        village(&kit).await;
        let content = Content::built_in();
        let ba = Desk::open(&kit, &content, "ba").await;
        let of = |drug: &str, take: &str, units: &str| {
            let mut draft = usual(&content, &[drug]);
            let line = draft.lines[0].clone();
            draft.lines[0] = Line { take: take.into(), units: units.into(), ..line };
            draft
        };
        let wrong = ba.wrong(&of("diazepam-5", "1", "300"));
        assert_eq!(wrong[0].0, "units-1");
        assert!(wrong[0].1.contains("chỉ kê đủ liều: 7 viên"), "{wrong:?}");
        assert!(ba.wrong(&of("diazepam-5", "1", "7")).is_empty());
        assert_eq!(
            ba.wrong(&of("amlodipine-5", "200", ""))[0].0,
            "units-1",
            "6000 is more than anybody is given"
        );

        let asked = |draft: &Draft| {
            let (setting, mut verdict) = (ba.setting(), yba_rules::Verdict::default());
            let (sound, found) = check(&setting, draft);
            assert!(found.is_empty(), "{found:?}");
            doubted(&mut verdict, &setting, &sound);
            assert!(verdict.cards.iter().all(|card| card.stops() && !card.reasons.is_empty()));
            verdict.cards.into_iter().map(|card| card.message).collect::<Vec<_>>()
        };
        let slip = asked(&of("amlodipine-5", "5", ""));
        assert_eq!(
            slip,
            ["Amlodipin 5 mg: mỗi lần 5 viên, ngày 1 lần. Thường dùng mỗi lần 1 viên, ngày 1 lần."]
        );
        assert!(asked(&of("amlodipine-5", "2", "")).is_empty(), "ten milligrams are usual too");
        let many = asked(&of("amlodipine-5", "1", "300"));
        assert_eq!(many, ["Amlodipin 5 mg: kê 300 viên; liều này trong 30 ngày cần 30 viên."]);
        assert!(asked(&of("paracetamol-500", "1", "10")).is_empty(), "a blister of ten for nine");
        assert_eq!(asked(&of("clotrimazole-cream", "1", "4")).len(), 1, "four tubes");
    })
    .await;
}

#[tokio::test]
async fn a_prescription_is_replaced_and_taken_back_where_it_was_written() {
    each_engine(async |kit| {
        village(&kit).await;
        let content = Content::built_in();
        let desk = Desk::open(&kit, &content, "ba").await;
        let code = desk.place(&usual(&content, &["amlodipine-5"])).await.unwrap().code;
        let (records, ctx) = (&kit.records, kit.ctx());
        let other = take_back(records, &ctx, Some("cskcb-12101"), "ba", &code).await.unwrap_err();
        assert_eq!((other.kind, other.issues[0].key), (Kind::Forbidden, "prescription-place"));
        let new = Draft { replaces: Some(code.clone()), ..usual(&content, &["losartan-50"]) };
        let setting = Setting { facility: "cskcb-12101", ..desk.setting() };
        let (sound, _) = check(&setting, &new);
        let other = place(records, &ctx, &setting, (&new, &sound), &|_| Ok(Vec::new())).await.unwrap_err();
        assert_eq!(other.issues[0].key, "prescription-place");
        take_back(records, &ctx, Some("cskcb-12090"), "ba", &code).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_visit_takes_its_prescriptions_back_with_it_unless_they_were_handed_out() {
    each_engine(async |kit| {
        village(&kit).await;
        let content = Content::built_in();
        let visit = json!({"resourceType": "Encounter", "id": "lk-ba", "status": "finished", "class": {"code": "AMB"},
            "subject": {"reference": "Patient/ba"}, "period": {"start": "2026-03-02T08:00:00+07:00"}});
        let said = json!({"resourceType": "QuestionnaireResponse", "id": "lk-ba", "status": "completed"});
        put_all(&kit, vec![visit, said]).await;
        let desk = Desk { visit: "lk-ba".into(), ..Desk::open(&kit, &content, "ba").await };
        let first = desk.place(&usual(&content, &["amlodipine-5"])).await.unwrap().code;
        let new = Draft { replaces: Some(first), ..usual(&content, &["losartan-50"]) };
        desk.place(&new).await.unwrap();
        let (records, ctx) = (&kit.records, kit.ctx());
        let mut all = of_patient(records, &ctx, "ba").await.unwrap();
        all.retain(|one| one.standing == Standing::Active);
        let handed = json!({"resourceType": "MedicationDispense", "id": "phat", "status": "completed",
            "subject": {"reference": "Patient/ba"}, "medicationReference": {"reference": "Medication/lo"},
            "authorizingPrescription": [{"reference": format!("MedicationRequest/{}", all[0].lines[0].request).as_str()}],
            "quantity": {"value": 5}, "whenHandedOver": "2026-03-02T08:00:00+07:00"});
        let lot = json!({"resourceType": "Medication", "id": "lo"});
        put_all(&kit, vec![lot, handed.clone()]).await;
        let stuck = crate::visit::take_back(records, &ctx, None, "ba", "lk-ba").await.unwrap_err();
        assert_eq!((stuck.kind, stuck.issues[0].key), (Kind::Unprocessable, "visit-handed-out"));
        assert!(stuck.issues[0].text.contains(&all[0].code), "{stuck:?}");

        let mut handed = handed;
        crate::visit::put(&mut handed, "status", json!("entered-in-error"));
        put_all(&kit, vec![handed]).await;
        crate::visit::take_back(records, &ctx, None, "ba", "lk-ba").await.unwrap();
        let all = of_patient(records, &ctx, "ba").await.unwrap();
        assert!(all.iter().all(|one| one.standing != Standing::Active), "none is left to be handed out: {all:?}");
    })
    .await;
}

#[tokio::test]
async fn a_visit_that_corrected_an_older_prescription_twice_opens_it_again() {
    each_engine(async |kit| {
        village(&kit).await;
        let content = Content::built_in();
        let before = Desk::open(&kit, &content, "ba").await;
        let old = before.place(&usual(&content, &["amlodipine-5"])).await.unwrap().code;
        let visit = json!({"resourceType": "Encounter", "id": "lk-ba", "status": "finished", "class": {"code": "AMB"},
            "subject": {"reference": "Patient/ba"}, "period": {"start": "2026-03-02T08:00:00+07:00"}});
        let said = json!({"resourceType": "QuestionnaireResponse", "id": "lk-ba", "status": "completed"});
        put_all(&kit, vec![visit, said]).await;
        let desk = Desk { visit: "lk-ba".into(), ..Desk::open(&kit, &content, "ba").await };
        let mut last = old.clone();
        for drug in ["losartan-50", "amlodipine-5"] {
            let new = Draft { replaces: Some(last), form: format!("phieu-{drug}"), ..usual(&content, &[drug]) };
            last = desk.place(&new).await.unwrap().code;
        }
        let (records, ctx) = (&kit.records, kit.ctx());
        let active = async || {
            let mut all = of_patient(records, &ctx, "ba").await.unwrap();
            all.retain(|one| one.standing == Standing::Active);
            all.into_iter().map(|one| one.code).collect::<Vec<_>>()
        };
        assert_eq!(active().await, [last]);
        crate::visit::take_back(records, &ctx, None, "ba", "lk-ba").await.unwrap();
        assert_eq!(active().await, [old], "the one from before the visit, and no other");
    })
    .await;
}

#[tokio::test]
async fn a_prescription_tells_the_weight_of_its_own_day() {
    each_engine(async |kit| {
        village(&kit).await;
        let content = Content::built_in();
        let desk = Desk::open(&kit, &content, "be").await;
        let child = usual(&content, &["paracetamol-250-goi"]);
        let child = Draft { weight: "12,5".into(), companion: "Mẹ".into(), ..child };
        desk.place(&child).await.unwrap();
        let later = |id: &str, day: &str, kg: u32| {
            json!({"resourceType": "Observation", "id": id, "status": "final", "subject": {"reference": "Patient/be"},
                "code": {"coding": [{"system": "http://loinc.org", "code": "29463-7"}]}, "effectiveDateTime": day,
                "valueQuantity": {"value": kg, "unit": "kg"}})
        };
        put_all(&kit, vec![later("sau", "2026-05-02T08:00:00+07:00", 14), later("hom-ay", "2026-03-02T09:00:00+07:00", 13)]).await;
        kit.advance_ms(61 * 86_400_000);
        let (records, ctx) = (&kit.records, kit.ctx());
        let it = of_patient(records, &ctx, "be").await.unwrap().remove(0);
        assert_eq!(weighed(records, &ctx, &it).await.unwrap(), "12.5", "the weight that came with it");
        let other = Prescription { code: "12090khongco-C".into(), ..it };
        assert_eq!(weighed(records, &ctx, &other).await.unwrap(), "13", "of its own day, not of today");
    })
    .await;
}
