//! Everything about a patient or an encounter, page by page, and the latest of someone's observations: permitted, found
//! at one moment, in the trail once a page.

use crate::audit::Seen;
use crate::ctx::Ctx;
use crate::door::{Records, gone, not_found};
use yba_auth::Action;
use yba_fhir::json::{JsonValueTrait, items, str_at};
use yba_fhir::{Kind, Outcome};
use yba_store::index::reference::local_target;
use yba_store::search::query::COUNT_MAX;
use yba_store::{Everything, Page, Query, Scope, Version};

/// Most records that one person may have by links; more are somebody's mistake.
const PERSONS_MAX: usize = 50;

impl Records {
    /// One page of everything about a patient or an encounter; `cursor` comes from the page before. Refuses with
    /// `not-found` (also beyond the scope), `gone` when it was deleted or the page is too old.
    pub async fn everything_page(
        &self,
        ctx: &Ctx,
        wanted: &Everything,
        cursor: Option<&str>,
    ) -> Result<Page, Outcome> {
        let (kind, id) = (wanted.kind.as_str(), wanted.id.as_str());
        self.admit(ctx, "everything", kind)?;
        let refused = |patients: &[String]| {
            self.trail.note(ctx, &Seen { action: "everything", kind, patients, refused: true })
        };
        let scope = self.scope(ctx, Action::Everything);
        let from = self.store.everything_from(wanted, &scope, cursor)?;
        let Some((head, owners)) = self.store.read_with_patients(kind, id).await? else {
            refused(&[])?;
            return Err(not_found(kind, id));
        };
        // Of a deletion only those know who reach the type whole.
        let is_known = !head.deleted && scope.shows_known(kind, &owners, &head.body) == Some(true);
        if !is_known && !self.reaches(ctx, Action::Everything, &head, &owners).await? {
            refused(&[])?;
            return Err(not_found(kind, id));
        }
        if head.deleted && cursor.is_none() {
            refused(&owners)?;
            return Err(gone(kind, id));
        }
        let patients = match (kind, wanted.persons) {
            ("Patient", true) => {
                let persons = self.same_person(id, from.t).await?;
                self.patients_reached(ctx, Action::Everything, &persons).await?
            }
            ("Patient", false) => vec![id.to_owned()],
            _ => Vec::new(),
        };
        let moment = from.t;
        let mut page = self.store.everything_page(wanted, patients.clone(), &scope, from).await?;
        page.matches.retain(|version| ctx.may(Action::Read, &version.kind));
        page.included.retain(|version| ctx.may(Action::Read, &version.kind));
        page.included = self.those_reached(ctx, Action::Read, page.included).await?;
        let shown = self.with_others(&patients, &[&page.matches, &page.included], moment).await?;
        self.trail.note(ctx, &Seen { action: "everything", kind, patients: &shown, refused: false })?;
        Ok(page)
    }

    /// Of the observations that a search finds, the `max` latest of each code; see [`yba_store::Store::latest`].
    pub async fn latest(&self, ctx: &Ctx, query: &Query, max: usize) -> Result<Vec<Version>, Outcome> {
        let queries = self.admit_searches(ctx, "lastn", std::slice::from_ref(query))?;
        let versions = self.store.latest(&queries[0], &self.scope(ctx, Action::Search), max).await?;
        let patients = self.store.patients_of(&versions).await?;
        let seen = Seen { action: "lastn", kind: "Observation", patients: &patients, refused: false };
        self.trail.note(ctx, &seen)?;
        Ok(versions)
    }

    /// The patient and all that Linkages in force tie to it, over any number of them.
    async fn same_person(&self, id: &str, t: i64) -> Result<Vec<String>, Outcome> {
        let (mut persons, mut at) = (vec![id.to_owned()], 0);
        while at < persons.len() {
            let pair = ("item".to_owned(), format!("Patient/{}", persons[at]));
            let mut query = Query::parse("Linkage", &[pair])?;
            query.count = COUNT_MAX;
            let found = self.store.search_at(&query, &Scope::All, t).await?;
            for linkage in &found.matches {
                let tree = linkage.tree();
                if tree.get("active").and_then(|value| value.as_bool()) == Some(false) {
                    continue;
                }
                for item in items(&tree, "item") {
                    if let Some(("Patient", other)) =
                        str_at(item, &["resource", "reference"]).and_then(local_target)
                        && !persons.iter().any(|known| known == other)
                    {
                        persons.push(other.to_owned());
                    }
                }
            }
            if persons.len() > PERSONS_MAX {
                let text =
                    format!("Người này được nối với hơn {PERSONS_MAX} hồ sơ. Hãy kiểm tra lại các liên kết.");
                let detail = format!("more than {PERSONS_MAX} linked patients");
                return Err(Outcome::new(Kind::Unprocessable, "too-many-persons", text, detail));
            }
            at += 1;
        }
        Ok(persons)
    }
}
