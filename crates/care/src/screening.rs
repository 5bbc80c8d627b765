//! Screening before vaccines: the answers of the form of content, what was measured, and what follows of its conclusion. The form
//! itself judges whether the conclusion goes with the answers.

use yba_content::Day;
use yba_fhir::json::{JsonValueTrait, Value, items, json, str_at};
use yba_fhir::{Kind, Outcome, date};
use yba_forms::{Act, Filling, Head, Setting};
use yba_records::{Change, Ctx, Query, Records, Version};

use crate::session::{is_coded, keyed};
use crate::visit::put;

/// The code of a conclusion, which the form extracts.
const OBSERVATIONS: &str = "https://yba.vn/fhir/CodeSystem/observation";
const CONCLUSION: &str = "vaccination-screening";
const RESULTS: &str = "https://yba.vn/fhir/CodeSystem/vaccination-screening";
const ELIGIBLE: &str = "eligible";
/// Most conclusions of one person and day that are looked at.
const CONCLUSIONS_MAX: usize = 20;
/// Most records that one screening writes beside the response.
const WRITTEN_MAX: usize = 12;

/// What a screening said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Screened {
    /// Id of the QuestionnaireResponse; that of the conclusion as well.
    pub id: String,
    /// `eligible`, `delay`, `contraindicated` or `refer`, and its words.
    pub code: String,
    pub words: String,
    pub reason: String,
    /// When (ISO).
    pub at: String,
}

impl Screened {
    /// Whether vaccines may be given.
    pub fn is_eligible(&self) -> bool {
        self.code == ELIGIBLE
    }

    fn of(tree: &Value) -> Option<Screened> {
        let concept = tree.get("valueCodeableConcept")?;
        let coded = items(concept, "coding").find(|one| str_at(one, &["system"]) == Some(RESULTS))?;
        let text = |name: &str| str_at(coded, &[name]).unwrap_or_default().to_owned();
        let note = items(tree, "note").find_map(|one| str_at(one, &["text"]));
        Some(Screened {
            id: str_at(tree, &["id"])?.to_owned(),
            code: text("code"),
            words: text("display"),
            reason: note.unwrap_or_default().to_owned(),
            at: str_at(tree, &["effectiveDateTime"]).unwrap_or_default().to_owned(),
        })
    }
}

/// The id of all that a screening writes.
pub fn id(patient: &str, form: &str) -> String {
    keyed("sl", &format!("screening\n{form}\n{patient}"))
}

/// The records of a screening that was filled in: the response, the conclusion and what was measured. Refuses with `fault` what the form cannot extract,
/// which is the form's fault.
pub fn plan(
    filling: &Filling<'_>,
    setting: &Setting,
    patient: &str,
    form: &str,
    facility: Option<&str>,
) -> Result<(Screened, Vec<Value>), Outcome> {
    let (id, now) = (id(patient, form), date::instant(setting.now_ms()));
    let subject = format!("Patient/{patient}");
    let head = Head { id: Some(&id), subject: Some(&subject), encounter: None, author: None, authored: &now };
    let mut count = 0;
    let extracted = filling.extract(setting, &head, &mut || {
        count += 1;
        format!("urn:uuid:{}", keyed("sl", &format!("{id}\n{count}")))
    })?;
    let (mut all, mut screened, mut number) = (vec![filling.response(&head)], None, 1);
    for mut tree in
        extracted.into_iter().filter(|one| matches!(one.act, Act::Create { .. })).map(|one| one.resource)
    {
        let is_conclusion = tree.get("code").is_some_and(|code| is_coded(code, OBSERVATIONS, CONCLUSION));
        let own = match is_conclusion {
            true => id.clone(),
            false => {
                number += 1;
                format!("{id}-{number}")
            }
        };
        put(&mut tree, "id", json!(own.as_str()));
        if let Some(facility) = facility {
            let place = json!({"reference": format!("Organization/{facility}").as_str()});
            put(&mut tree, "performer", json!([place]));
        }
        if is_conclusion {
            screened = Screened::of(&tree);
        }
        all.push(tree);
    }
    let screened = screened.ok_or_else(|| Outcome::fault("the form of screening makes no conclusion"))?;
    Ok((screened, all))
}

/// The last conclusion about somebody on a day, as far as it is seen.
pub async fn of_day(
    records: &Records,
    ctx: &Ctx,
    patient: &str,
    day: Day,
) -> Result<Option<Screened>, Outcome> {
    let kin = records.store().kin_of(patient).await?.join(",");
    let asked = format!(
        "patient={kin}&code={OBSERVATIONS}|{CONCLUSION}&date={day}&status=final&_sort=-date&_count={CONCLUSIONS_MAX}"
    );
    let found = records.search(ctx, &Query::parse_string("Observation", &asked)?, None).await?;
    Ok(found.matches.iter().map(Version::tree).find_map(|tree| Screened::of(&tree)))
}

/// The changes that take back a screening with its conclusion and what was measured. Doses that rest on it stay as they are.
pub async fn withdrawn(records: &Records, ctx: &Ctx, screening: &str) -> Result<Vec<Change>, Outcome> {
    let observations = (1..=WRITTEN_MAX).map(|number| match number {
        1 => screening.to_owned(),
        number => format!("{screening}-{number}"),
    });
    let mut keys = vec![("QuestionnaireResponse".to_owned(), screening.to_owned())];
    keys.extend(observations.map(|id| ("Observation".to_owned(), id)));
    let found = records.read_many(ctx, &keys).await?;
    let stands = |one: &&Version| str_at(&one.tree(), &["status"]) != Some("entered-in-error");
    Ok(found.iter().filter(stands).map(|one| crate::visit::mistaken(&one.kind, &one.id)).collect())
}

/// Takes back a screening of somebody on which no dose rests: refuses with `conflict` one that has some among `doses`, which are
/// all of that person.
pub async fn take_back(
    records: &Records,
    ctx: &Ctx,
    doses: &[Value],
    screening: &Screened,
) -> Result<(), Outcome> {
    let rests = |one: &&Value| {
        crate::immunise::screening_of(one) == Some(&screening.id)
            && str_at(one, &["status"]) == Some("completed")
    };
    if doses.iter().any(|one| rests(&one)) {
        let text =
            "Đã tiêm theo lần khám sàng lọc này. Nếu ghi nhầm, hãy rút mũi tiêm; sàng lọc sẽ rút theo.";
        return Err(Outcome::new(Kind::Conflict, "screening-used", text, "doses rest on the screening"));
    }
    let mut changes = withdrawn(records, ctx, &screening.id).await?;
    // Doses that it put off are its own words.
    let put_off = doses.iter().filter(|one| crate::immunise::screening_of(one) == Some(&screening.id));
    let put_off = put_off.filter(|one| str_at(one, &["status"]) == Some("not-done"));
    changes.extend(
        put_off.filter_map(|one| str_at(one, &["id"])).map(|id| crate::visit::mistaken("Immunization", id)),
    );
    records.transact(ctx, changes).await.map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::immunise;
    use yba_fhir::Resource;
    use yba_testkit::each_engine;

    const DAY: &str = "2026-03-02";

    fn screened(id: &str) -> Vec<Value> {
        let of = |id: &str, code: &str| {
            json!({"resourceType": "Observation", "id": id, "status": "final", "effectiveDateTime": DAY,
                "subject": {"reference": "Patient/p"}, "code": {"coding": [{"system": OBSERVATIONS, "code": code}]},
                "valueCodeableConcept": {"coding": [{"system": RESULTS, "code": ELIGIBLE}]}})
        };
        let response = json!({"resourceType": "QuestionnaireResponse", "id": id, "status": "completed",
            "subject": {"reference": "Patient/p"}});
        vec![response, of(id, CONCLUSION), of(&format!("{id}-2"), "temperature")]
    }

    fn dose(id: &str, screening: &str) -> Value {
        json!({"resourceType": "Immunization", "id": id, "status": "completed", "occurrenceDateTime": DAY,
            "patient": {"reference": "Patient/p"}, "vaccineCode": {"text": id},
            "extension": [{"url": "https://yba.vn/fhir/StructureDefinition/vaccination-screening",
                "valueReference": {"reference": format!("QuestionnaireResponse/{screening}").as_str()}}]})
    }

    #[tokio::test]
    async fn a_screening_goes_with_the_last_dose_that_rests_on_it() {
        each_engine(async |kit| {
            let (records, ctx) = (&kit.records, kit.ctx());
            let mut all = vec![json!({"resourceType": "Patient", "id": "p"}), dose("a", "s"), dose("b", "s")];
            all.extend(screened("s"));
            let all: Vec<Change> =
                all.into_iter().map(|tree| Change::put(Resource::from_value(tree).unwrap())).collect();
            records.transact(&ctx, all).await.unwrap();
            let day = Day::parse(DAY).unwrap();
            let known = async || of_day(records, &ctx, "p", day).await.unwrap();
            let doses = async || immunise::immunizations(records, &ctx, "p").await.unwrap();
            let one = known().await.unwrap();
            let used = take_back(records, &ctx, &doses().await, &one).await.unwrap_err();
            assert_eq!(used.kind, Kind::Conflict);
            immunise::take_back(records, &ctx, &doses().await, "a").await.unwrap();
            assert!(known().await.is_some(), "the other dose rests on it");
            immunise::take_back(records, &ctx, &doses().await, "b").await.unwrap();
            assert_eq!(known().await, None);
            for (kind, id) in [("QuestionnaireResponse", "s"), ("Observation", "s"), ("Observation", "s-2")] {
                let tree = records.read(&ctx, kind, id).await.unwrap().tree();
                assert_eq!(str_at(&tree, &["status"]), Some("entered-in-error"), "{kind}/{id}");
            }
        })
        .await;
    }

    #[tokio::test]
    async fn a_screening_that_put_doses_off_is_taken_back_with_them() {
        each_engine(async |kit| {
            let (records, ctx) = (&kit.records, kit.ctx());
            let mut off = dose("a", "s");
            put(&mut off, "status", json!("not-done"));
            let mut all = vec![json!({"resourceType": "Patient", "id": "p"}), off];
            all.extend(screened("s"));
            let all: Vec<Change> =
                all.into_iter().map(|tree| Change::put(Resource::from_value(tree).unwrap())).collect();
            records.transact(&ctx, all).await.unwrap();
            let one = of_day(records, &ctx, "p", Day::parse(DAY).unwrap()).await.unwrap().unwrap();
            let doses = immunise::immunizations(records, &ctx, "p").await.unwrap();
            take_back(records, &ctx, &doses, &one).await.unwrap();
            let tree = records.read(&ctx, "Immunization", "a").await.unwrap().tree();
            assert_eq!(str_at(&tree, &["status"]), Some("entered-in-error"));
        })
        .await;
    }
}
