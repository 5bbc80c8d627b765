//! Looking: read, version, history, search, a patient's whole record. Each is permitted, done, audited, answered.

use crate::audit::{ReadTrail, Seen};
use crate::ctx::Ctx;
use crate::permission::needed;
use crate::rules::Rules;
use crate::terms::Terms;
use std::any::{Any, TypeId};
use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use yba_auth::Action;
use yba_fhir::defs::r4;
use yba_fhir::{Kind, Outcome};
use yba_store::labels::Labels;
use yba_store::search::plan::Plan;
use yba_store::{Event, Found, Past, Query, Scope, Store, Version};

/// Where server ids come from.
#[derive(Debug, Clone)]
pub enum Ids {
    /// UUIDv7: new ones sort after old ones.
    Random,
    /// `id-1`, `id-2`, …: for tests.
    Counted(Arc<AtomicU64>),
}

impl Ids {
    pub fn next(&self) -> String {
        match self {
            Ids::Random => uuid::Uuid::now_v7().to_string(),
            Ids::Counted(counter) => format!("id-{}", counter.fetch_add(1, Ordering::SeqCst) + 1),
        }
    }
}

/// The door to the records; clones share it.
#[derive(Clone)]
pub struct Records {
    pub(crate) store: Store,
    pub(crate) trail: Arc<ReadTrail>,
    pub(crate) ids: Ids,
    pub(crate) rules: Arc<Rules>,
    pub(crate) targets_required: Arc<AtomicBool>,
    pub(crate) terms: Arc<Terms>,
    beside: Arc<Mutex<HashMap<TypeId, Arc<dyn Any + Send + Sync>>>>,
}

impl Records {
    /// An id that nobody has, such as for a form that must be written once however often it is sent.
    pub fn fresh_id(&self) -> String {
        self.ids.next()
    }

    /// The door to a store, its trail of reads in the store's folder.
    pub fn open(store: Store, ids: Ids) -> Result<Records, Outcome> {
        let trail = ReadTrail::open(&store.folder().join("audit"), store.clock().clone())?;
        Ok(Records {
            store,
            trail: Arc::new(trail),
            ids,
            rules: Arc::default(),
            targets_required: Arc::default(),
            terms: Arc::default(),
            beside: Arc::default(),
        })
    }

    /// What a follower holds in memory beside these records (an index, counts): one for each type, made empty when it is
    /// first asked for, shared by all clones.
    pub fn beside<T: Any + Default + Send + Sync>(&self) -> Arc<T> {
        let mut held = self.beside.lock().unwrap_or_else(PoisonError::into_inner);
        let one = held.entry(TypeId::of::<T>()).or_insert_with(|| Arc::<T>::default()).clone();
        one.downcast().expect("what stands under a type is of that type")
    }

    /// The store itself: for followers (the log, derived tables) and operations. It holds no permission and leaves
    /// no trace, so nothing that answers a person may use it.
    pub fn store(&self) -> &Store {
        &self.store
    }

    pub fn trail(&self) -> &ReadTrail {
        &self.trail
    }

    /// The record as it is now. Refuses with `not-found`, or `gone` when it was deleted.
    pub async fn read(&self, ctx: &Ctx, kind: &str, id: &str) -> Result<Version, Outcome> {
        self.admit(ctx, "read", kind)?;
        let found = self.store.read_for(kind, id, &self.scope(ctx, Action::Read)).await?;
        let is_reached = found.as_ref().is_none_or(|(_, _, is_reached)| *is_reached);
        let found = found.map(|(version, patients, _)| (version, patients));
        self.shown(ctx, "read", kind, id, found, is_reached)
    }

    /// The moment that is now, for several looks that must agree: good for as long as a page link.
    pub fn moment(&self) -> i64 {
        self.store.head_t()
    }

    /// The record as it was at a moment.
    pub async fn read_at(&self, ctx: &Ctx, kind: &str, id: &str, moment: i64) -> Result<Version, Outcome> {
        self.admit(ctx, "read", kind)?;
        let found = match self.store.read_at(kind, id, moment).await? {
            Some(found) => Some(found),
            // Not there then: of what was deleted that is said, what came later is not known yet.
            None => self.store.read(kind, id).await?.filter(|found| found.deleted),
        };
        let (found, is_reached) = self.with_patients(ctx, found).await?;
        self.shown(ctx, "read", kind, id, found, is_reached)
    }

    /// One version of a record.
    pub async fn vread(&self, ctx: &Ctx, kind: &str, id: &str, version_id: &str) -> Result<Version, Outcome> {
        self.admit(ctx, "vread", kind)?;
        let found = self.store.read_version(kind, id, version_id).await?;
        let (found, is_reached) = self.with_patients(ctx, found).await?;
        self.shown(ctx, "vread", kind, id, found, is_reached)
    }

    /// An older version with the patients whom it shows, and whether it is reached: by those to whom its record belongs now.
    async fn with_patients(
        &self,
        ctx: &Ctx,
        found: Option<Version>,
    ) -> Result<(Option<(Version, Vec<String>)>, bool), Outcome> {
        let Some(version) = found else { return Ok((None, true)) };
        let now = self.store.patients_of(std::slice::from_ref(&version)).await?;
        let is_reached = self.reaches(ctx, Action::Read, &version, &now).await?;
        let shown = self.store.patients_within([&version]);
        Ok((Some((version, shown)), is_reached))
    }

    /// Notes a look at one record and gives it, if it is reached.
    fn shown(
        &self,
        ctx: &Ctx,
        action: &str,
        kind: &str,
        id: &str,
        found: Option<(Version, Vec<String>)>,
        is_reached: bool,
    ) -> Result<Version, Outcome> {
        let refused = match &found {
            None => Some(not_found(kind, id)),
            Some((version, _)) if version.deleted => Some(gone(kind, id)),
            Some(_) => None,
        };
        let (version, patients) = found.unzip();
        let patients = patients.unwrap_or_default();
        if !is_reached {
            // Said as "not found": whether something exists beyond the scope is itself not to be known.
            self.trail.note(ctx, &Seen { action, kind, patients: &[], refused: true })?;
            return Err(not_found(kind, id));
        }
        self.trail.note(ctx, &Seen { action, kind, patients: &patients, refused: refused.is_some() })?;
        match (refused, version) {
            (None, Some(version)) => Ok(version),
            (Some(refused), _) => Err(refused),
            (None, None) => Err(not_found(kind, id)),
        }
    }

    /// One page of the past of a record, a type or everything, newest first. Of a record that never was, or that is
    /// beyond the scope, refuses with `not-found`.
    pub async fn history(&self, ctx: &Ctx, past: &Past) -> Result<Vec<Event>, Outcome> {
        Ok(self.history_page(ctx, past).await?.0)
    }

    /// The same, and whether there is more.
    pub async fn history_page(&self, ctx: &Ctx, past: &Past) -> Result<(Vec<Event>, bool), Outcome> {
        let (action, kind) = ("history", past.kind.as_str());
        self.admit(ctx, action, kind)?;
        let of_record = !past.id.is_empty();
        let scope = if of_record { Scope::All } else { self.scope(ctx, Action::History) };
        // One more than is shown: then it is known whether there is more.
        let further = Past { limit: past.limit + 1, ..past.clone() };
        let mut events = self.store.history(&further, &scope).await?;
        let more = events.len() > past.limit;
        events.truncate(past.limit);
        // Whose the record is, its last version says when none of this page does.
        let known = match of_record && events.is_empty() {
            true => self.store.history(&Past::of_record(kind, &past.id, 1), &Scope::All).await?,
            false => events.clone(),
        };
        let known: Vec<Version> = known.into_iter().map(|event| event.version).collect();
        let patients = self.store.patients_of(&known).await?;
        let is_reached = match known.first().filter(|_| of_record) {
            Some(version) => self.reaches(ctx, Action::History, version, &patients).await?,
            None => !of_record,
        };
        if !is_reached {
            self.trail.note(ctx, &Seen { action, kind, patients: &[], refused: true })?;
            return Err(not_found(kind, &past.id));
        }
        // Whom the versions of this page show, which may be others than those to whom the record belongs now.
        let shown = self.store.patients_within(events.iter().map(|event| &event.version));
        self.trail.note(ctx, &Seen { action, kind, patients: &shown, refused: false })?;
        Ok((events, more))
    }

    /// The log position up to which everything had arrived here before this moment (ms since 1970 UTC).
    pub async fn arrived_before(&self, ms: i64) -> Result<i64, Outcome> {
        self.store.arrived_before(ms).await
    }

    /// One page of a search, narrowed to what `ctx` may see.
    pub async fn search(&self, ctx: &Ctx, query: &Query, cursor: Option<&str>) -> Result<Found, Outcome> {
        self.search_each(ctx, std::slice::from_ref(query), cursor).await
    }

    /// The same of several types at once, each with a query of its own.
    pub async fn search_each(
        &self,
        ctx: &Ctx,
        queries: &[Query],
        cursor: Option<&str>,
    ) -> Result<Found, Outcome> {
        let kind = if let [only] = queries { only.kind.as_str() } else { "" };
        let queries = self.admit_searches(ctx, "search", queries)?;
        let found = self.store.search_each(&queries, &self.scope(ctx, Action::Search), cursor).await?;
        self.found(ctx, kind, found).await
    }

    /// The first page of such a search as it stood at a moment.
    pub async fn search_each_at(&self, ctx: &Ctx, queries: &[Query], moment: i64) -> Result<Found, Outcome> {
        let kind = if let [only] = queries { only.kind.as_str() } else { "" };
        let queries = self.admit_searches(ctx, "search", queries)?;
        let found = self.store.search_each_at(&queries, &self.scope(ctx, Action::Search), moment).await?;
        self.found(ctx, kind, found).await
    }

    /// How the first page of such a search would be found. Its counts are those of everybody's records: a caller with a
    /// narrowed scope is refused.
    pub async fn explain(&self, ctx: &Ctx, queries: &[Query]) -> Result<Plan, Outcome> {
        let kind = if let [only] = queries { only.kind.as_str() } else { "" };
        let queries = &*self.admit_searches(ctx, "explain", queries)?;
        let scope = self.scope(ctx, Action::Explain);
        let refused = queries.iter().any(|query| !scope.is_whole(&query.kind));
        self.trail.note(ctx, &Seen { action: "explain", kind, patients: &[], refused })?;
        if refused {
            let text = "Chỉ người quản trị toàn hệ thống xem được cách tìm kiếm (_explain).";
            return Err(Outcome::new(
                Kind::Forbidden,
                "explain-scope",
                text,
                "_explain needs an unnarrowed scope",
            ));
        }
        self.store.explain(queries, &scope).await
    }

    /// What was found, with a line in the trail. What would be brought along and may not be read is left out.
    async fn found(&self, ctx: &Ctx, kind: &str, mut found: Found) -> Result<Found, Outcome> {
        let brought = found.included.len();
        found.included.retain(|version| ctx.may(Action::Read, &version.kind));
        if found.included.len() < brought {
            let shown = found.matches.iter().chain(&found.included);
            found.patients = self.store.patients_within(shown).into_iter().collect();
        }
        let patients: Vec<String> = found.patients.iter().cloned().collect();
        self.trail.note(ctx, &Seen { action: "search", kind, patients: &patients, refused: false })?;
        Ok(found)
    }

    /// The profiles, security labels and tags in use on records of a type, or of every type.
    pub async fn labels(&self, ctx: &Ctx, kind: &str) -> Result<Labels, Outcome> {
        self.admit(ctx, "meta", kind)?;
        let kinds: Vec<&str> = if kind.is_empty() { r4().resource_types().collect() } else { vec![kind] };
        let labels = self.store.labels(&kinds, &self.scope(ctx, Action::Meta)).await?;
        self.trail.note(ctx, &Seen { action: "meta", kind, patients: &[], refused: false })?;
        Ok(labels)
    }

    /// Everything in the compartments of these patients, of these kinds (all, when none is named) as far as they may be
    /// read, newest first.
    pub async fn everything(
        &self,
        ctx: &Ctx,
        patients: &[String],
        kinds: &[&str],
    ) -> Result<Vec<Version>, Outcome> {
        self.admit(ctx, "everything", "Patient")?;
        let reached = self.patients_reached(ctx, Action::Everything, patients).await?;
        if reached.len() < patients.len() {
            self.trail.note(ctx, &Seen { action: "everything", kind: "Patient", patients, refused: true })?;
            return Err(not_found("Patient", patients.first().map_or("", String::as_str)));
        }
        let mut permitted = ctx.those_permitted(Action::Read, kinds.iter().copied());
        if kinds.is_empty() && !ctx.may(Action::Read, "") {
            permitted = ctx.those_permitted(Action::Read, r4().resource_types());
        }
        let versions = match permitted.is_empty() && !(kinds.is_empty() && ctx.may(Action::Read, "")) {
            true => Vec::new(),
            false => {
                let versions = self.store.everything(patients, &permitted).await?;
                self.those_reached(ctx, Action::Read, versions).await?
            }
        };
        let shown = self.with_others(patients, &[&versions], i64::MAX).await?;
        self.trail
            .note(ctx, &Seen { action: "everything", kind: "Patient", patients: &shown, refused: false })?;
        Ok(versions)
    }

    /// These patients, and others in whose compartments something is too of what stood at a moment.
    pub(crate) async fn with_others(
        &self,
        patients: &[String],
        shown: &[&[Version]],
        moment: i64,
    ) -> Result<Vec<String>, Outcome> {
        let mut all = patients.to_vec();
        for versions in shown {
            all.extend(match moment < self.store.head_t() {
                true => self.store.patients_within(*versions),
                false => self.store.patients_of(versions).await?,
            });
        }
        all.sort_unstable();
        all.dedup();
        Ok(all)
    }

    /// Many records as they are now; missing, deleted and unseen ones are left out.
    pub async fn read_many(&self, ctx: &Ctx, keys: &[(String, String)]) -> Result<Vec<Version>, Outcome> {
        let kinds: BTreeSet<&str> = keys.iter().map(|key| key.0.as_str()).collect();
        if kinds.is_empty() {
            ctx.may_look()?;
        }
        kinds.into_iter().try_for_each(|kind| self.admit(ctx, "read", kind))?;
        let mut versions = self.store.read_many(keys.to_vec()).await?;
        versions.retain(|version| !version.deleted);
        let versions = self.those_reached(ctx, Action::Read, versions).await?;
        let patients = self.store.patients_of(&versions).await?;
        let kind = keys.first().map_or("", |key| &key.0);
        self.trail.note(ctx, &Seen { action: "read", kind, patients: &patients, refused: false })?;
        Ok(versions)
    }

    /// Notes in the trail that these patients were shown by other means, such as a search of derived tables, and
    /// refuses when `ctx` may not see them.
    pub async fn audit_view(&self, ctx: &Ctx, action: &str, patients: &[String]) -> Result<(), Outcome> {
        self.admit(ctx, action, if action == "redeliver" { "Subscription" } else { "Patient" })?;
        let wanted = needed(action).unwrap_or(Action::Read);
        let reached = match action {
            "redeliver" => patients.to_vec(),
            _ => self.patients_reached(ctx, wanted, patients).await?,
        };
        if reached.len() < patients.len() || self.scope(ctx, wanted) == Scope::Nothing {
            self.trail.note(ctx, &Seen { action, kind: "Patient", patients: &[], refused: true })?;
            return Err(Outcome::new(
                Kind::Forbidden,
                "scope",
                "Bạn không có quyền xem hồ sơ này.",
                "beyond the scope",
            ));
        }
        self.trail.note(ctx, &Seen { action, kind: "Patient", patients, refused: false })
    }
}

pub(crate) fn unknown_type(kind: &str) -> Outcome {
    let text = format!("“{kind}” không phải một loại tài nguyên FHIR R4.");
    Outcome::new(Kind::NotFound, "unknown-type", text, format!("unknown resource type {kind}"))
}

pub(crate) fn not_found(kind: &str, id: &str) -> Outcome {
    let text = format!("Không tìm thấy {kind}/{id}.");
    Outcome::new(Kind::NotFound, "not-found", text, format!("{kind}/{id} does not exist"))
}

pub(crate) fn gone(kind: &str, id: &str) -> Outcome {
    let text = format!("{kind}/{id} đã bị xóa; các bản trước còn trong lịch sử.");
    Outcome::new(Kind::Gone, "deleted", text, format!("{kind}/{id} has been deleted"))
}
