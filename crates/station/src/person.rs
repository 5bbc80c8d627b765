//! The person in front of whoever is at work: their record, what is known of allergies, their banner.

use crate::Station;
use maud::Markup;
use yba_fhir::json::{JsonValueTrait, Value, items, str_at};
use yba_fhir::view::{Patient, is_no_known_allergy};
use yba_fhir::{Kind, Outcome};
use yba_records::{Action, Ctx, Query, Version};
use yba_ui::banner::{self, Allergy, Banner};

/// Somebody whose record is within reach.
pub(crate) struct Person {
    pub id: String,
    pub tree: Value,
    pub allergy: Allergy,
}

impl Person {
    /// Reads a person of whom the caller may search this kind. Refuses with `forbidden` and this sentence of whom nothing else
    /// is seen: people are found over the whole province, and what is missing would look as if it had never been.
    pub async fn open(
        station: &Station,
        ctx: &Ctx,
        id: &str,
        kind: &str,
        unseen: &str,
    ) -> Result<Person, Outcome> {
        let tree = station.records.read(ctx, "Patient", id).await?.tree();
        let reached = station.records.patients_reached(ctx, Action::Everything, &[id.to_owned()]).await?;
        if reached.is_empty() || !ctx.may(Action::Search, kind) {
            return Err(Outcome::new(Kind::Forbidden, "unseen", unseen, "records are beyond the reach"));
        }
        Ok(Person { id: id.to_owned(), tree, allergy: known_allergy(station, ctx, id).await? })
    }

    /// A plain text of their record; empty when it does not say it.
    pub fn says(&self, name: &str) -> &str {
        str_at(&self.tree, &[name]).unwrap_or_default()
    }

    /// The day of death of who is dead, empty when only the fact is known.
    pub fn dead(&self) -> Option<&str> {
        yba_care::death::is_dead(&self.tree).then(|| self.says("deceasedDateTime"))
    }

    /// The person's banner.
    pub fn banner(&self, today: &str, acts: Markup) -> Markup {
        let patient = Patient(&self.tree);
        let home = items(&self.tree, "address").next().and_then(|one| str_at(one, &["text"]));
        banner::banner(&Banner {
            name: &patient.name().unwrap_or_else(|| "chưa rõ tên".to_owned()),
            sex: patient.gender().unwrap_or_default(),
            birth: patient.birth_date().unwrap_or_default(),
            today,
            dead: self.dead(),
            facts: home.map(str::to_owned).into_iter().collect(),
            extra: Vec::new(),
            allergy: &self.allergy,
            acts,
        })
    }
}

/// What is known of allergies, in whoever's file of the person it stands.
pub(crate) async fn known_allergy(station: &Station, ctx: &Ctx, patient: &str) -> Result<Allergy, Outcome> {
    if !ctx.may(Action::Search, "AllergyIntolerance") {
        return Ok(Allergy::NotSeen);
    }
    let kin = station.records.store().kin_of(patient).await?;
    let query = Query::parse_string("AllergyIntolerance", &format!("patient={}", kin.join(",")))?;
    let found = station.records.search(ctx, &query, None).await?;
    Ok(allergy(&found.matches.iter().map(Version::tree).collect::<Vec<_>>()))
}

/// What is known of allergies.
pub(crate) fn allergy(found: &[Value]) -> Allergy {
    let is_void = |one: &&Value| {
        let codings = one.get("verificationStatus").into_iter().flat_map(|status| items(status, "coding"));
        codings
            .filter_map(|coding| str_at(coding, &["code"]))
            .any(|code| matches!(code, "entered-in-error" | "refuted"))
    };
    let found: Vec<&Value> = found.iter().filter(|one| !is_void(one)).collect();
    let names: Vec<String> = found
        .iter()
        .filter_map(|one| {
            let code = one.get("code")?;
            let word = str_at(code, &["text"])
                .or_else(|| items(code, "coding").find_map(|coding| str_at(coding, &["display"])));
            (!is_no_known_allergy(code)).then(|| word.unwrap_or("chưa rõ chất").to_owned())
        })
        .collect();
    match (names.is_empty(), found.is_empty()) {
        (false, _) => Allergy::Known(names),
        (true, false) => Allergy::None,
        (true, true) => Allergy::NotAsked,
    }
}
