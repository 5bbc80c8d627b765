//! Screening before vaccines: the answers of the form of content, what was measured, and what follows of its conclusion. The form
//! itself judges whether the conclusion goes with the answers.

use yba_content::Day;
use yba_fhir::json::{JsonValueTrait, Value, items, json, str_at};
use yba_fhir::{Outcome, date};
use yba_forms::{Act, Filling, Head, Setting};
use yba_records::{Ctx, Query, Records, Version};

use crate::session::{is_coded, keyed};
use crate::visit::put;

/// The code of a conclusion, which the form extracts.
const OBSERVATIONS: &str = "https://yba.vn/fhir/CodeSystem/observation";
const CONCLUSION: &str = "vaccination-screening";
const RESULTS: &str = "https://yba.vn/fhir/CodeSystem/vaccination-screening";
const ELIGIBLE: &str = "eligible";
/// Most conclusions of one person and day that are looked at.
const CONCLUSIONS_MAX: usize = 20;

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
