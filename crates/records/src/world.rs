//! What a search may ask beyond the store's tables: codes by the terminology of the moment, units that are in use.

use crate::ctx::Ctx;
use crate::door::Records;
use crate::permission::narrowed;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use yba_fhir::resource::is_id;
use yba_fhir::{Day, Kind, Outcome};
use yba_store::{Query, World};
use yba_terminology::expand::Expand;
use yba_terminology::{SetRef, Terminology};

/// The system of UCUM's units, as it stands in a search by quantity.
const UCUM: &str = "http://unitsofmeasure.org";
/// Most codes that are gathered below or above one.
const RELATED_MAX: usize = 10_000;

/// What is known for one search.
#[derive(Default)]
pub struct Knowledge {
    base: String,
    terminology: Option<Arc<Terminology>>,
    day: Option<Day>,
    /// Value sets that are named by their record here.
    sets: HashMap<String, SetRef>,
    units: Vec<String>,
}

impl Records {
    /// What a search by these parameters may ask; only what they name is looked up. `base` is how the addresses of this
    /// server's records begin.
    pub async fn world(&self, base: &str, pairs: &[(String, String)]) -> Result<Knowledge, Outcome> {
        let mut knowledge = Knowledge { base: base.to_owned(), ..Knowledge::default() };
        if pairs.iter().any(|(_, value)| value.contains(UCUM)) {
            knowledge.units = self.store.units().await?;
        }
        let modifier = |name: &str| name.rsplit_once(':').map(|(_, modifier)| modifier.to_owned());
        let by_meaning = |name: &str| {
            modifier(name).is_some_and(|one| matches!(one.as_str(), "in" | "not-in" | "above" | "below"))
        };
        if !pairs.iter().any(|(name, _)| by_meaning(name)) {
            return Ok(knowledge);
        }
        let terminology = self.terminology().await?;
        knowledge.day = Some(Day::of_instant(self.store.clock().now_ms()));
        for (_, value) in pairs.iter().filter(|(name, _)| by_meaning(name)) {
            for set in value.split(',') {
                let Some(id) = set.strip_prefix("ValueSet/").filter(|id| is_id(id)) else { continue };
                if knowledge.sets.contains_key(set) {
                    continue;
                }
                let found = self.store.read("ValueSet", id).await?.filter(|found| !found.deleted);
                let compiled = found.and_then(|found| terminology.value_set_of(&found.tree()).ok());
                knowledge.sets.extend(compiled.map(|compiled| (set.to_owned(), compiled)));
            }
        }
        knowledge.terminology = Some(terminology);
        Ok(knowledge)
    }

    /// A condition of a write: the search that it names. What is tried on bodies cannot be one, because the writer, which
    /// asks again before it commits, reads none.
    pub(crate) async fn condition(&self, ctx: &Ctx, kind: &str, text: &str) -> Result<Query, Outcome> {
        let pairs = yba_store::search::query::decode_pairs(text);
        let world = self.world("", &pairs).await?;
        let query = Query::parse_each(&[kind], &pairs, &world)?.pop();
        match query {
            Some(query) if query.filters.is_empty() => {
                self.refuse_narrow_condition(ctx, &query)?;
                narrowed(ctx, &query)
            }
            _ => {
                let text =
                    "Điều kiện ghi không dùng được _text, _content hay :text. Hãy dùng mã hoặc số định danh.";
                let detail = "_text, _content and :text cannot be conditions of a write";
                Err(Outcome::invalid("condition-full-text", text, detail))
            }
        }
    }
}

impl World for Knowledge {
    fn base(&self) -> &str {
        &self.base
    }

    fn related(&self, system: &str, code: &str, above: bool) -> Result<Vec<(String, String)>, Outcome> {
        let known = self.terminology.as_ref().zip(self.day);
        let edition = known.and_then(|(terminology, day)| terminology.code_system(system, None, day));
        let Some(table) = edition.map(|edition| edition.table()) else {
            let text = format!("Máy chủ này không có danh mục {system} nên không tìm theo nhóm mã được.");
            return Err(Outcome::invalid(
                "search-code-system",
                text,
                format!("unknown code system {system}"),
            ));
        };
        let Some(begin) = table.find(code) else {
            return Ok(vec![(system.to_owned(), code.to_owned())]);
        };
        let (mut found, mut waiting) = (BTreeSet::from([begin]), vec![begin]);
        while let Some(concept) = waiting.pop() {
            let next: Vec<u32> = match above {
                true => table.parents(concept).collect(),
                false => table.children(concept).collect(),
            };
            waiting.extend(next.into_iter().filter(|one| found.insert(*one)));
            if found.len() > RELATED_MAX {
                let text = format!("{system}|{code} gồm quá {RELATED_MAX} mã. Hãy chọn nhóm hẹp hơn.");
                let detail = format!("{system}|{code} stands for more than {RELATED_MAX} codes");
                return Err(Outcome::new(Kind::TooMany, "search-too-many-values", text, detail));
            }
        }
        Ok(found.into_iter().map(|concept| (system.to_owned(), table.code(concept).to_owned())).collect())
    }

    fn members(&self, value_set: &str) -> Result<Vec<(String, String)>, Outcome> {
        let named = self.sets.get(value_set).cloned();
        let set = named.or_else(|| self.terminology.as_ref()?.value_set(value_set));
        let (Some(set), Some(day)) = (set, self.day) else {
            let text = format!("Máy chủ này không có tập mã {value_set}.");
            return Err(Outcome::invalid("search-value-set", text, format!("unknown value set {value_set}")));
        };
        let unlisted = |why: &str| {
            let text =
                format!("Không liệt kê được các mã của tập {value_set} nên không tìm theo tập này được.");
            Outcome::invalid("search-value-set", text, format!("{value_set} cannot be listed: {why}"))
        };
        let expansion = set.expand(&Expand::on(day)).map_err(|refused| unlisted(&refused.to_string()))?;
        if expansion.unclosed {
            return Err(unlisted("it has codes that no list holds"));
        }
        Ok(expansion.entries.into_iter().map(|entry| (entry.system, entry.code)).collect())
    }

    fn units(&self) -> Vec<String> {
        self.units.clone()
    }
}
