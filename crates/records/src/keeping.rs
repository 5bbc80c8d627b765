//! What a facility keeps of itself: lots, their movements and counts, vaccination days, fridge readings. Such a record is of
//! no patient, so no tie says who reaches it; roles read it over the province, and change only that of their own posts.
//!
//! It deliberately does not know what these records mean: only how they say whose they are.

use crate::ctx::{Agent, Ctx};
use crate::door::Records;
use crate::references::written;
use crate::transact::Planned;
use std::collections::HashMap;
use yba_auth::Action;
use yba_fhir::json::{JsonContainerTrait, JsonValueTrait, Value, str_at};
use yba_fhir::{Kind, Outcome};
use yba_store::{Expect, Version};

/// The tag of lots, requests and counts of a facility (its id).
pub const STORE: &str = "https://yba.vn/fhir/CodeSystem/store";
/// The tag of movements in a month of a facility (`id.2026-11`).
pub const STORE_MONTH: &str = "https://yba.vn/fhir/CodeSystem/store-month";
/// The tag of movements of a lot (the id of its Medication).
pub const STORE_LOT: &str = "https://yba.vn/fhir/CodeSystem/store-lot";
/// The codes of Tasks that a facility (their owner) sets itself.
pub const TASKS: &str = "https://yba.vn/fhir/CodeSystem/station-task";

/// A place where nobody works.
const NOWHERE: &str = "";

/// The types of such records.
const KINDS: [&str; 4] = ["Medication", "SupplyDelivery", "SupplyRequest", "Task"];

/// The facilities (ids) that keep this record as their own; none for every other record.
fn keepers(tree: &Value) -> Vec<&str> {
    let tags = tree.get("meta").and_then(|meta| meta.get("tag")).and_then(Value::as_array);
    let tagged = tags.into_iter().flatten().filter_map(|tag| {
        let code = str_at(tag, &["code"])?;
        match str_at(tag, &["system"])? {
            STORE => Some(code),
            STORE_MONTH => Some(code.rsplit_once('.').map_or(code, |(facility, _)| facility)),
            _ => None,
        }
    });
    let codings = tree.get("code").and_then(|code| code.get("coding")).and_then(Value::as_array);
    let is_own_task = str_at(tree, &["resourceType"]) == Some("Task")
        && codings.into_iter().flatten().any(|coding| str_at(coding, &["system"]) == Some(TASKS));
    let owner = str_at(tree, &["owner", "reference"]).filter(|_| is_own_task);
    let owner = owner.and_then(|reference| reference.rsplit_once("Organization/")).map(|(_, id)| id);
    let mut keepers: Vec<&str> = tagged.chain(owner).collect();
    // What moved a lot says in whose month.
    let is_of_lot = |tag: &Value| str_at(tag, &["system"]) == Some(STORE_LOT);
    if keepers.is_empty() && tags.into_iter().flatten().any(is_of_lot) {
        keepers.push(NOWHERE);
    }
    keepers
}

impl Records {
    /// Refuses to change what another facility keeps, as it is and as it becomes: to whoever has no role there that permits it.
    pub(crate) async fn refuse_elsewhere(&self, ctx: &Ctx, planned: &[Planned]) -> Result<(), Outcome> {
        let Agent::Person(person) = &ctx.agent else { return Ok(()) };
        let writes = planned.iter().enumerate().filter_map(|(position, one)| match one {
            Planned::Write { change, expect, .. } if KINDS.contains(&change.action.kind()) => {
                let (kind, id) = change.action.key()?;
                Some((position, (kind.to_owned(), id.to_owned()), expect, written(one)))
            }
            _ => None,
        });
        let writes: Vec<_> = writes.collect();
        let old = writes.iter().filter(|(_, _, expect, _)| **expect != Expect::Absent);
        let old: Vec<(String, String)> = old.map(|(_, key, ..)| key.clone()).collect();
        let heads = if old.is_empty() { Vec::new() } else { self.store.read_many(old).await? };
        let heads: HashMap<(String, String), Version> =
            heads.into_iter().map(|head| ((head.kind.clone(), head.id.clone()), head)).collect();
        for (position, key, _, becomes) in &writes {
            let (kind, id) = key;
            let may = |action, tree: &Value| {
                keepers(tree).into_iter().all(|facility| person.permits().may_at(action, kind, facility))
            };
            let is = heads.get(key).filter(|head| !head.deleted);
            let action = match (becomes, is) {
                (None, _) => Action::Delete,
                (Some(_), Some(_)) => Action::Update,
                (Some(_), None) => Action::Create,
            };
            if is.is_some_and(|is| !may(action, &is.tree()))
                || becomes.is_some_and(|one| !may(action, one.tree()))
            {
                return Err(elsewhere(kind, id).about(*position));
            }
        }
        Ok(())
    }
}

fn elsewhere(kind: &str, id: &str) -> Outcome {
    let text = "Việc này thuộc kho hoặc lịch của cơ sở khác. Chỉ người làm ở cơ sở đó mới ghi được.";
    Outcome::new(Kind::Forbidden, "keeper", text, format!("{kind}/{id} is kept by another facility"))
}
