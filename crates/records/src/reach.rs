//! Whose records a call reaches: the scope of each action, by the roles of the caller (decision of 2026-11-22, who may see
//! whom). Everything that shows or changes records asks here.

use crate::ctx::{Agent, Ctx};
use crate::derived::CLOSED;
use crate::door::{Records, not_found};
use crate::transact::Planned;
use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use yba_auth::Action;
use yba_fhir::json::str_at;
use yba_fhir::{Kind, Outcome};
use yba_store::search::query::Clause;
use yba_store::{Expect, Query, Scope, Version, Write};

/// The type that a person's record is of.
const PATIENT: &str = "Patient";

impl Records {
    /// What an action reaches. What a call is narrowed to besides its agent's roles counts for agents without roles; a
    /// person's call that is narrowed otherwise reaches nothing.
    pub fn scope(&self, ctx: &Ctx, action: Action) -> Scope {
        match (&ctx.agent, &ctx.scope) {
            (Agent::Person(person), Scope::All) => person.permits().scope(action, &self.store.knowledge()),
            (Agent::Person(_), _) => Scope::Nothing,
            (_, scope) => scope.clone(),
        }
    }

    /// Whether an action reaches this record, which is in the compartments of these patients now. Of a deleted one those
    /// know who reach its type whole.
    pub(crate) async fn reaches(
        &self,
        ctx: &Ctx,
        action: Action,
        version: &Version,
        patients: &[String],
    ) -> Result<bool, Outcome> {
        let scope = self.scope(ctx, action);
        match scope.shows(&version.kind, patients) {
            Some(is_shown) => Ok(is_shown),
            None => Ok(!self.store.within(&scope, vec![version.clone()]).await?.is_empty()),
        }
    }

    /// Of these versions those whose records an action reaches.
    pub(crate) async fn those_reached(
        &self,
        ctx: &Ctx,
        action: Action,
        versions: Vec<Version>,
    ) -> Result<Vec<Version>, Outcome> {
        let scope = self.scope(ctx, action);
        if scope == Scope::All || versions.iter().all(|version| scope.is_whole(&version.kind)) {
            return Ok(versions);
        }
        self.store.within(&scope, versions).await
    }

    /// Of these patients (ids) those whose record an action reaches, in their order.
    pub async fn patients_reached(
        &self,
        ctx: &Ctx,
        action: Action,
        patients: &[String],
    ) -> Result<Vec<String>, Outcome> {
        match self.scope(ctx, action) {
            Scope::All => Ok(patients.to_vec()),
            Scope::Nothing => Ok(Vec::new()),
            Scope::Patients(allowed) => {
                Ok(patients.iter().filter(|one| allowed.contains(one)).cloned().collect())
            }
            scope @ Scope::Narrow(_) if scope.is_whole(PATIENT) => Ok(patients.to_vec()),
            scope @ Scope::Narrow(_) => {
                let reached = self.store.shown(PATIENT, patients.to_vec(), &scope).await?;
                Ok(patients.iter().filter(|id| reached.contains(*id)).cloned().collect())
            }
        }
    }

    /// How people are looked up in derived tables, which know no ties: the scope for that, and whether what is found must
    /// then be asked of [`Records::patients_reached`].
    pub fn lookup(&self, ctx: &Ctx, action: Action) -> (Scope, bool) {
        match self.scope(ctx, action) {
            scope @ Scope::Narrow(_) if scope.is_whole(PATIENT) => (Scope::All, false),
            scope @ Scope::Narrow(_) if scope.reaches(PATIENT) => (Scope::All, true),
            Scope::Narrow(_) => (Scope::Nothing, false),
            other => (other, false),
        }
    }

    /// Of these patients (ids) those of whom an action reaches records of a type.
    async fn patients_of_reach(
        &self,
        ctx: &Ctx,
        action: Action,
        kind: &str,
        patients: &[String],
    ) -> Result<HashSet<String>, Outcome> {
        let all = || patients.iter().cloned().collect();
        match self.scope(ctx, action).persons(kind) {
            None => Ok(all()),
            Some(Scope::Nothing) => Ok(HashSet::new()),
            Some(scope) => self.store.shown(PATIENT, patients.to_vec(), &scope).await,
        }
    }

    /// Refuses a transaction that changes what its caller does not reach, or would. What is changed must be reached as it
    /// is; what it becomes, for every patient to whom it then belongs. Ties that the same transaction makes with new records of
    /// types that are reached whole count: receiving somebody and noting what they have is one act. `positions` are those of the changes.
    pub(crate) async fn refuse_beyond(
        &self,
        ctx: &Ctx,
        writes: &[Write],
        positions: &[usize],
    ) -> Result<(), Outcome> {
        let is_closed = |write: &Write| write.kind == "MeasureReport" && write.id.starts_with(CLOSED);
        let is_vouched = |write: &Write| is_closed(write) && ctx.vouched.as_ref() == Some(&write.id);
        let signed = writes.iter().zip(positions).find(|(write, _)| is_closed(write) && !is_vouched(write));
        if let (Agent::Person(_), Some((_, position))) = (&ctx.agent, signed) {
            return Err(by_closing_alone().about(*position));
        }
        let [create, update] = [Action::Create, Action::Update].map(|action| self.scope(ctx, action));
        let is_whole = |kind: &str| create.is_whole(kind) && update.is_whole(kind);
        if writes.iter().all(|write| !write.is_delete() && is_whole(&write.kind)) {
            return Ok(());
        }
        // What must not be there yet is refused by the writer when it is.
        let old = writes.iter().filter(|write| write.expect != Expect::Absent);
        let keys = old.map(|write| (write.kind.clone(), write.id.clone())).collect();
        let mut found = self.store.read_many_with_patients(keys).await?;
        let before = |write: &Write| found.remove(&(write.kind.clone(), write.id.clone()));
        let befores: Vec<_> =
            writes.iter().map(before).map(|one| one.filter(|(version, _)| !version.deleted)).collect();
        let numbers = self.store.numbers();
        // A record that was there before and now says another place or person is no receiving of anybody.
        let new_ties: HashSet<(&str, &str)> = writes
            .iter()
            .zip(&befores)
            .filter(|(write, before)| before.is_none() && create.persons(&write.kind).is_none())
            .flat_map(|(write, _)| write.ties(numbers))
            .collect();
        // Most transactions are of one person: whether they are reached is asked once for each type.
        let mut asked: HashMap<(Action, &str, Vec<&str>), HashSet<String>> = HashMap::new();
        for ((write, before), position) in writes.iter().zip(&befores).zip(positions) {
            if is_vouched(write) {
                continue;
            }
            let action = match (write.is_delete(), before) {
                (true, _) => Action::Delete,
                (false, Some(_)) => Action::Update,
                (false, None) => Action::Create,
            };
            if let Some((version, patients)) = before
                && !self.reaches(ctx, action, version, patients).await?
            {
                return Err(not_found(&write.kind, &write.id).about(*position));
            }
            let scope = self.scope(ctx, action);
            if write.is_delete() {
                continue;
            }
            if !scope.keeps_limits(write, numbers) {
                return Err(beyond_app(&write.kind).about(*position));
            }
            if scope.persons(&write.kind).is_none() {
                continue;
            }
            let patients = write.patients();
            if patients.is_empty() {
                return Err(of_nobody(&write.kind).about(*position));
            }
            let reached = match asked.entry((action, &write.kind, patients.clone())) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(fresh) => {
                    let of = patients.iter().copied().map(str::to_owned).collect::<Vec<_>>();
                    fresh.insert(self.patients_of_reach(ctx, action, &write.kind, &of).await?)
                }
            };
            let places = scope.places(&write.kind);
            let is_tied = |patient: &str| {
                places.is_some_and(|places| places.iter().any(|place| new_ties.contains(&(patient, place))))
            };
            if !patients.iter().all(|patient| reached.contains(*patient) || is_tied(patient)) {
                return Err(beyond(&write.kind).about(*position));
            }
        }
        Ok(())
    }

    /// Refuses a Subscription to a type that its writer does not reach whole: it would tell of what they may not see.
    pub(crate) fn refuse_watching(&self, ctx: &Ctx, planned: &[Planned]) -> Result<(), Outcome> {
        let scope = self.scope(ctx, Action::Search);
        for (position, one) in planned.iter().enumerate() {
            let Planned::Write { change, .. } = one else { continue };
            let Some(resource) = change.action.resource().filter(|one| one.kind() == "Subscription") else {
                continue;
            };
            let criteria = str_at(resource.tree(), &["criteria"]).unwrap_or_default();
            let (kind, asked) = criteria.split_once('?').unwrap_or((criteria, ""));
            // What it asks of other types is asked of all of them.
            let asks_others = asked
                .split('&')
                .any(|one| one.split('=').next().is_some_and(|name| name.contains(['.', ':'])));
            if !scope.is_whole(kind) || (asks_others && scope != Scope::All) {
                let text = format!(
                    "Vai trò của bạn không thấy mọi {kind} nên không đăng ký nhận thông báo về loại này được."
                );
                let detail = format!("a subscription needs all of {kind} within reach");
                return Err(Outcome::new(Kind::Forbidden, "subscription-scope", text, detail).about(position));
            }
        }
        Ok(())
    }

    /// Refuses a condition of a write on types that are not reached whole: its answer would tell whether somebody unseen
    /// exists.
    pub(crate) fn refuse_narrow_condition(&self, ctx: &Ctx, query: &Query) -> Result<(), Outcome> {
        let scope = self.scope(ctx, Action::Search);
        let mut queries = vec![query];
        while let Some(query) = queries.pop() {
            if !scope.is_whole(&query.kind) {
                let kind = &query.kind;
                let text = format!(
                    "Vai trò của bạn không ghi có điều kiện được với {kind}. Hãy tìm trước, rồi ghi theo id."
                );
                let detail = format!("conditional interactions need all of {kind} within reach");
                return Err(Outcome::new(Kind::Forbidden, "conditional-scope", text, detail));
            }
            for clause in &query.clauses {
                match clause {
                    Clause::Chain { targets, .. } => queries.extend(targets),
                    Clause::Has { of, .. } => queries.push(of),
                    _ => {}
                }
            }
        }
        Ok(())
    }
}

fn by_closing_alone() -> Outcome {
    let text = "Báo cáo đã khóa chỉ ghi và sửa ở trang Báo cáo.";
    Outcome::new(Kind::Forbidden, "closed-report", text, "closed reports are written by closing alone")
}

fn of_nobody(kind: &str) -> Outcome {
    let text = format!("{kind} phải ghi rõ là của người bệnh nào.");
    Outcome::new(Kind::Forbidden, "scope-nobody", text, format!("{kind} belongs to no patient"))
}

fn beyond_app(kind: &str) -> Outcome {
    let text =
        format!("Ứng dụng này không được ghi {kind} như vậy: khác người bệnh hoặc khác loại đã cho phép.");
    Outcome::new(Kind::Forbidden, "scope-app", text, format!("{kind} is beyond the scope of the app"))
}

fn beyond(kind: &str) -> Outcome {
    let text = format!(
        "Người bệnh này chưa có lượt khám ở cơ sở của bạn nên không ghi {kind} được. Hãy tiếp đón trước."
    );
    Outcome::new(Kind::Forbidden, "scope", text, format!("{kind} is of a patient beyond the scope"))
}
