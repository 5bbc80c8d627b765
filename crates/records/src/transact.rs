//! Changing: all of a call's changes or none, with references between them resolved, prepared outside the writer.

use crate::audit::{Seen, entry};
use crate::change::{Action, Change, Done, DoneAs, Which};
use crate::ctx::Ctx;
use crate::door::{Records, gone, not_found, unknown_type};
use crate::permission::may_change;
use std::collections::HashSet;
use yba_auth::Action as Allowed;
use yba_fhir::defs::r4;
use yba_fhir::json;
use yba_fhir::{Kind, Outcome, Resource};
use yba_store::{Effect, Expect, Query, Refusal, Request, Scope, Version, Write};
use yba_validate::{Findings, Validator};

/// Most changes of one call.
pub const CHANGES_MAX: usize = 5000;
/// How often a call is prepared again because a conditional create met a new match.
const TRIES: usize = 4;

/// Type and id of the records that a call deletes.
pub(crate) type Leaving = HashSet<(String, String)>;

/// What goes into the transaction of a call beside its changes: a record that is no FHIR, which the gate alone writes.
pub(crate) struct Along<'a> {
    pub resource: &'a Resource,
    pub expect: Expect,
    /// What the trail says of the whole.
    pub action: &'a str,
}

/// A change with its id known.
pub(crate) enum Planned {
    Write {
        /// A create, put or delete of a known id.
        change: Box<Change>,
        expect: Expect,
        unless: Option<Query>,
        /// What is expected was found by us, not said by the caller: when it no longer holds, it is found again.
        again: bool,
    },
    /// If-None-Exist has this match: nothing to write.
    Existing { version: Box<Version>, known_as: Option<String> },
    /// A deletion by a search that finds none.
    Nothing,
}

impl Records {
    /// Does all changes or none. When this returns, they are on disk and audited.
    ///
    /// Refuses with `precondition` (If-Match), `conflict` (a create of an id that is taken), `not-found`,
    /// `invalid` (unknown type, unresolved `urn:uuid` reference, the same record twice), `forbidden`.
    pub async fn transact(&self, ctx: &Ctx, changes: Vec<Change>) -> Result<Vec<Done>, Outcome> {
        self.transact_along(ctx, changes, None).await
    }

    /// The same with a record of the gate's in one transaction. What is refused of that record stands at the position after
    /// the last change.
    pub(crate) async fn transact_along(
        &self,
        ctx: &Ctx,
        changes: Vec<Change>,
        along: Option<&Along<'_>>,
    ) -> Result<Vec<Done>, Outcome> {
        if let Err(refused) = ctx.may_write() {
            self.trail.note(ctx, &Seen { action: "transact", kind: "", patients: &[], refused: true })?;
            return Err(refused);
        }
        for (position, change) in changes.iter().enumerate().take(CHANGES_MAX) {
            if let Err(refused) = may_change(ctx, change) {
                let kind = change.action.kind();
                self.trail.note(ctx, &Seen { action: "transact", kind, patients: &[], refused: true })?;
                return Err(refused.about(position));
            }
        }
        if changes.len() > CHANGES_MAX {
            let text = format!("Một lần gửi được tối đa {CHANGES_MAX} thay đổi. Hãy chia nhỏ.");
            return Err(Outcome::new(
                Kind::TooLarge,
                "too-many-changes",
                text,
                "too many changes in one call",
            ));
        }
        let mut refused = None;
        let validator = self.validator();
        well_formed(&validator, changes.iter().map(|change| &change.action))?;
        for _ in 0..TRIES {
            match self.try_transact(ctx, changes.clone(), along, &validator).await? {
                Ok(done) => return Ok(done),
                Err(outcome) => refused = Some(outcome),
            }
        }
        Err(refused.unwrap_or_else(|| Outcome::fault("a transaction was never tried")))
    }

    /// One try; the inner error means "prepare again": what a condition finds is another by now, or the record that is
    /// edited has changed.
    async fn try_transact(
        &self,
        ctx: &Ctx,
        changes: Vec<Change>,
        along: Option<&Along<'_>>,
        validator: &Validator,
    ) -> Result<Result<Vec<Done>, Outcome>, Outcome> {
        let mut planned = Vec::with_capacity(changes.len());
        // Deletions come first, so that no condition finds what they take away.
        let leaving: HashSet<(String, String)> = changes.iter().filter_map(Change::deletes).collect();
        for (position, change) in changes.into_iter().enumerate() {
            planned.push(
                self.plan(ctx, change, &leaving, validator)
                    .await
                    .map_err(|refused| refused.about(position))?,
            );
        }
        self.refuse_watching(ctx, &planned)?;
        self.resolve_references(ctx, &mut planned).await?;
        self.refuse_dangling(&planned).await?;
        let (mut request, mut patients) = (Request::default(), HashSet::new());
        let mut targets = Vec::new();
        for (position, one) in planned.iter().enumerate() {
            if let Planned::Write { change, expect, unless, again } = one {
                let write = prepare(change, expect.clone(), self);
                let mut write = write.map_err(|refused| refused.about(position))?;
                targets.push(Target {
                    position,
                    kind: write.kind.clone(),
                    id: write.id.clone(),
                    expect: expect.clone(),
                    again: *again,
                });
                if let Some(query) = unless {
                    write = write.unless(query.clone());
                }
                patients.extend(write.patients().into_iter().map(str::to_owned));
                request.writes.push(write);
            }
        }
        refuse_twice(&targets)?;
        refuse_same_condition(&planned)?;
        let positions: Vec<usize> = targets.iter().map(|target| target.position).collect();
        let beyond = match self.refuse_beyond(ctx, &request.writes, &positions).await {
            Ok(()) => self.refuse_elsewhere(ctx, &planned).await,
            beyond => beyond,
        };
        if let Err(refused) = beyond {
            self.trail.note(ctx, &Seen { action: "transact", kind: "", patients: &[], refused: true })?;
            return Err(refused);
        }
        patients.extend(self.patients_of_deletions(&planned).await?);
        let mut patients: Vec<String> = patients.into_iter().collect();
        patients.sort_unstable();
        let (action, kind) = along.map_or(("transact", ""), |along| (along.action, along.resource.kind()));
        request.audit = entry(ctx, &Seen { action, kind, patients: &patients, refused: false });
        if let Some(Along { resource, expect, .. }) = along {
            let write = Write::put(resource, expect.clone(), self.store.numbers())?;
            let (kind, id, position) = (write.kind.clone(), write.id.clone(), planned.len());
            targets.push(Target { position, kind, id, expect: expect.clone(), again: false });
            request.writes.push(write);
        }
        let applied = match request.writes.is_empty() {
            true => Vec::new(),
            false => match self.store.commit(request).await {
                Ok(applied) => applied,
                Err(Refusal::NowExists { position }) => return Ok(Err(now_exists(&targets[position]))),
                Err(refusal @ Refusal::Head { position, .. }) if targets[position].again => {
                    return Ok(Err(refusal_outcome(refusal, &targets)));
                }
                Err(refusal) => return Err(refusal_outcome(refusal, &targets)),
            },
        };
        let mut applied = applied.into_iter();
        let done = planned.into_iter().map(|one| match one {
            Planned::Existing { version, .. } => Done { outcome: DoneAs::Existing, version: Some(*version) },
            Planned::Nothing => Done { outcome: DoneAs::NothingToDelete, version: None },
            Planned::Write { .. } => {
                applied.next().map_or(Done { outcome: DoneAs::NothingToDelete, version: None }, |applied| {
                    Done { outcome: done_as(applied.effect), version: applied.version }
                })
            }
        });
        Ok(Ok(done.collect()))
    }

    /// The patients in whose compartments the records are that will be deleted: a deletion itself names none.
    async fn patients_of_deletions(&self, planned: &[Planned]) -> Result<Vec<String>, Outcome> {
        let deleted = planned.iter().filter_map(|one| match one {
            Planned::Write { change, .. } => match &change.action {
                Action::Delete { kind, id, .. } => Some((kind.clone(), id.clone())),
                _ => None,
            },
            Planned::Existing { .. } | Planned::Nothing => None,
        });
        let deleted: Vec<(String, String)> = deleted.collect();
        match deleted.is_empty() {
            true => Ok(Vec::new()),
            false => self.store.patients_of(&self.store.read_many(deleted).await?).await,
        }
    }

    /// Gives a change its id and what must hold; looks up what its conditions find.
    async fn plan(
        &self,
        ctx: &Ctx,
        change: Change,
        leaving: &Leaving,
        validator: &Validator,
    ) -> Result<Planned, Outcome> {
        let Change { action, known_as } = change;
        if !r4().is_resource(action.kind()) {
            return Err(unknown_type(action.kind()));
        }
        match action {
            Action::Create { resource, unless } => {
                self.plan_create(ctx, resource, unless, known_as, leaving).await
            }
            Action::Put { resource, if_match } => {
                if resource.id().is_none() {
                    let text = "Thiếu id. Cập nhật cần id của bản ghi.";
                    return Err(Outcome::invalid("id-missing", text, "an update needs an id"));
                }
                let expect = if_match.clone().map_or(Expect::Anything, Expect::Version);
                Ok(write(Action::Put { resource, if_match }, known_as, expect))
            }
            Action::PutWhere { resource, query } => {
                self.plan_put_where(ctx, resource, query, known_as, leaving).await
            }
            Action::Edit { kind, which, edit, if_match } => {
                let current = match &which {
                    Which::Id(id) => {
                        let found = self.store.read(&kind, id).await?;
                        let found = found.ok_or_else(|| not_found(&kind, id))?;
                        // Before anything is said of what it holds.
                        let patients = self.store.patients_of(std::slice::from_ref(&found)).await?;
                        if !self.reaches(ctx, Allowed::Update, &found, &patients).await? {
                            return Err(not_found(&kind, id));
                        }
                        if found.deleted { Err(gone(&kind, id)) } else { Ok(found) }
                    }
                    Which::Where(text) => {
                        let found =
                            self.only_match(&self.condition(ctx, &kind, text).await?, leaving).await?;
                        found.ok_or_else(|| no_match(&kind))
                    }
                }?;
                if let Some(wanted) = if_match.as_ref().filter(|wanted| **wanted != current.version_id) {
                    return Err(other_version(&kind, &current.id, &current.version_id, wanted));
                }
                let edited = Action::Put { resource: edit.0(&current)?, if_match: None };
                well_formed(validator, [&edited]).map_err(without_position)?;
                Ok(found_by_us(edited, known_as, Expect::Version(current.version_id)))
            }
            Action::Delete { kind, id, if_match } => {
                let expect = if_match.clone().map_or(Expect::Anything, Expect::Version);
                Ok(write(Action::Delete { kind, id, if_match }, known_as, expect))
            }
            Action::DeleteWhere { kind, query } => {
                match self.only_match(&self.condition(ctx, &kind, &query).await?, &Leaving::new()).await? {
                    None => Ok(Planned::Nothing),
                    Some(found) => {
                        let delete = Action::Delete { kind, id: found.id, if_match: None };
                        Ok(found_by_us(delete, known_as, Expect::Version(found.version_id)))
                    }
                }
            }
        }
    }

    async fn plan_create(
        &self,
        ctx: &Ctx,
        mut resource: Resource,
        unless: Option<String>,
        known_as: Option<String>,
        leaving: &Leaving,
    ) -> Result<Planned, Outcome> {
        let query = match &unless {
            Some(text) => Some(self.condition(ctx, resource.kind(), text).await?),
            None => None,
        };
        if let Some(query) = &query
            && let Some(version) = self.only_match(query, leaving).await?
        {
            return Ok(Planned::Existing { version: Box::new(version), known_as });
        }
        if resource.id().is_none() {
            resource.set_id(&self.ids.next());
        }
        let change = Box::new(Change { action: Action::Create { resource, unless }, known_as });
        Ok(Planned::Write { change, expect: Expect::Absent, unless: query, again: false })
    }

    async fn plan_put_where(
        &self,
        ctx: &Ctx,
        mut resource: Resource,
        query: String,
        known_as: Option<String>,
        leaving: &Leaving,
    ) -> Result<Planned, Outcome> {
        let parsed = self.condition(ctx, resource.kind(), &query).await?;
        match self.only_match(&parsed, leaving).await? {
            Some(found) => {
                if resource.id().is_some_and(|id| id != found.id) {
                    return Err(other_id(&found, resource.id().unwrap_or_default()));
                }
                resource.set_id(&found.id);
                let put = Action::Put { resource, if_match: None };
                Ok(found_by_us(put, known_as, Expect::Version(found.version_id)))
            }
            None => {
                if resource.id().is_none() {
                    resource.set_id(&self.ids.next());
                }
                let change = Change { action: Action::Create { resource, unless: Some(query) }, known_as };
                let change = Box::new(change);
                Ok(Planned::Write { change, expect: Expect::Absent, unless: Some(parsed), again: false })
            }
        }
    }

    /// The one record that a condition finds, but for those that leave; several are refused.
    pub(crate) async fn only_match(
        &self,
        query: &Query,
        leaving: &Leaving,
    ) -> Result<Option<Version>, Outcome> {
        let of_kind = leaving.iter().filter(|(kind, _)| *kind == query.kind).count();
        let query = Query { count: 2 + of_kind, ..query.clone() };
        let found = self.store.search(&query, &Scope::All, None).await?;
        let stays = |one: &Version| !leaving.contains(&(one.kind.clone(), one.id.clone()));
        let mut matches = found.matches.into_iter().filter(stays);
        match (matches.next(), matches.next()) {
            (first, None) => Ok(first),
            (_, Some(_)) => Err(several_matches(&query.kind)),
        }
    }
}

fn write(action: Action, known_as: Option<String>, expect: Expect) -> Planned {
    Planned::Write { change: Box::new(Change { action, known_as }), expect, unless: None, again: false }
}

/// A write of what a search or a read of ours found: another may change it meanwhile.
fn found_by_us(action: Action, known_as: Option<String>, expect: Expect) -> Planned {
    Planned::Write { change: Box::new(Change { action, known_as }), expect, unless: None, again: true }
}

/// What a write is about, for the words of a refusal.
struct Target {
    /// Which change of the call.
    position: usize,
    kind: String,
    id: String,
    expect: Expect,
    again: bool,
}

/// Refuses what is no well-formed R4 or breaks a profile that it names, with everything that is wrong in any of the changes.
fn well_formed<'a>(
    validator: &Validator,
    actions: impl IntoIterator<Item = &'a Action>,
) -> Result<(), Outcome> {
    let mut findings = Findings::errors_only();
    for (position, action) in actions.into_iter().enumerate() {
        if let Action::Create { resource, .. }
        | Action::Put { resource, .. }
        | Action::PutWhere { resource, .. } = action
        {
            refuse_part(resource).map_err(|refused| refused.about(position))?;
            validator.check_one_of(position, resource.tree(), &mut findings);
        }
        if findings.is_full() {
            break;
        }
    }
    match findings.has_errors() {
        false => Ok(()),
        true => {
            // 400 for what is no R4, 422 for what breaks a profile. <https://hl7.org/fhir/R4/http.html#create>
            let kind = if findings.breaks_r4() { Kind::Invalid } else { Kind::Unprocessable };
            Err(Outcome { kind, issues: findings.issues })
        }
    }
}

/// Refuses what a server gave as a part of a resource (`_summary`, `_elements`): kept, it would lose the rest.
fn refuse_part(resource: &Resource) -> Result<(), Outcome> {
    let Some(meta) = json::at(resource.tree(), &["meta"]) else { return Ok(()) };
    match json::items(meta, "tag").any(|tag| json::str_at(tag, &["code"]) == Some("SUBSETTED")) {
        false => Ok(()),
        true => {
            let text = "Đây chỉ là một phần của bản ghi (SUBSETTED), ghi lại sẽ mất phần kia. Hãy đọc cả bản ghi rồi sửa.";
            let detail = "a resource tagged SUBSETTED is a part and cannot be stored as the whole";
            let kind = resource.kind();
            Err(Outcome::new(Kind::Unprocessable, "resource-part", text, detail)
                .at(format!("{kind}.meta.tag")))
        }
    }
}

fn prepare(change: &Change, expect: Expect, records: &Records) -> Result<Write, Outcome> {
    match &change.action {
        Action::Create { resource, .. } | Action::Put { resource, .. } => {
            Write::put(resource, expect, records.store.numbers())
        }
        Action::Delete { kind, id, .. } => Ok(Write::delete(kind, id, expect)),
        other => Err(Outcome::fault(format!("an unplanned change of {} reached the writer", other.kind()))),
    }
}

fn refuse_twice(targets: &[Target]) -> Result<(), Outcome> {
    let mut seen = HashSet::new();
    match targets.iter().find(|target| !seen.insert((&target.kind, &target.id))) {
        None => Ok(()),
        Some(Target { kind, id, position, .. }) => {
            let text = format!("{kind}/{id} xuất hiện hai lần trong cùng một lần gửi.");
            let detail = format!("{kind}/{id} occurs twice in one transaction");
            Err(Outcome::invalid("same-record-twice", text, detail).about(*position))
        }
    }
}

/// Two creates under one If-None-Exist would each find nothing, and make the double that it should prevent.
fn refuse_same_condition(planned: &[Planned]) -> Result<(), Outcome> {
    let mut seen = HashSet::new();
    let conditions = planned.iter().enumerate().filter_map(|(position, one)| match one {
        Planned::Write { change, .. } => match &change.action {
            Action::Create { resource, unless: Some(unless) } => {
                Some((position, resource.kind(), unless.as_str()))
            }
            _ => None,
        },
        Planned::Existing { .. } | Planned::Nothing => None,
    });
    for (position, kind, condition) in conditions {
        if !seen.insert((kind, condition)) {
            let text = format!(
                "Hai mục {kind} trong cùng một lần gửi có cùng điều kiện If-None-Exist. Hãy gộp làm một."
            );
            let detail = format!("two creates of {kind} in one transaction carry the same If-None-Exist");
            return Err(Outcome::invalid("same-condition-twice", text, detail).about(position));
        }
    }
    Ok(())
}

fn done_as(effect: Effect) -> DoneAs {
    match effect {
        Effect::Created => DoneAs::Created,
        Effect::Updated => DoneAs::Updated,
        Effect::Unchanged => DoneAs::Unchanged,
        Effect::Deleted => DoneAs::Deleted,
        Effect::NothingToDelete => DoneAs::NothingToDelete,
    }
}

fn several_matches(kind: &str) -> Outcome {
    let text = format!("Điều kiện khớp nhiều {kind}. Hãy thêm điều kiện để chỉ còn một.");
    Outcome::new(Kind::Precondition, "several-matches", text, format!("the condition matches several {kind}"))
}

/// The refusal of one change, before it is said which.
fn without_position(mut refused: Outcome) -> Outcome {
    refused.issues.iter_mut().for_each(|issue| issue.position = None);
    refused
}

fn no_match(kind: &str) -> Outcome {
    let text = format!("Không có {kind} nào khớp điều kiện.");
    Outcome::new(Kind::NotFound, "no-match", text, format!("the condition matches no {kind}"))
}

fn other_id(found: &Version, id: &str) -> Outcome {
    let kind = &found.kind;
    let text = format!(
        "Điều kiện khớp {kind}/{}, nhưng nội dung có id {id}. Hãy bỏ id hoặc sửa điều kiện.",
        found.id
    );
    let detail = format!("the condition matches {kind}/{}, the body says id {id}", found.id);
    Outcome::invalid("id-mismatch", text, detail).at(format!("{kind}.id"))
}

fn other_version(kind: &str, id: &str, current: &str, wanted: &str) -> Outcome {
    let text = format!(
        "{kind}/{id} đã thay đổi: bản hiện tại là {current}, không phải {wanted}. Hãy đọc lại rồi sửa."
    );
    let detail = format!("{kind}/{id} is at version {current}, not {wanted}");
    Outcome::new(Kind::Precondition, "version-mismatch", text, detail)
}

fn now_exists(target: &Target) -> Outcome {
    let text = "Bản ghi tương tự vừa được tạo. Hãy gửi lại.";
    let detail = format!("a match of If-None-Exist for {} kept appearing", target.kind);
    Outcome::new(Kind::Conflict, "now-exists", text, detail).about(target.position)
}

fn refusal_outcome(refusal: Refusal, targets: &[Target]) -> Outcome {
    match refusal {
        Refusal::Head { position, current, deleted } => {
            let Target { kind, id, expect, position, .. } = &targets[position];
            let refused = match (expect, current) {
                (Expect::Version(wanted), Some(current)) if !deleted => {
                    other_version(kind, id, &current, wanted)
                }
                (Expect::Absent, _) => {
                    let text = format!("{kind}/{id} đã tồn tại.");
                    Outcome::new(
                        Kind::Conflict,
                        "already-exists",
                        text,
                        format!("{kind}/{id} already exists"),
                    )
                }
                (_, Some(_)) => gone(kind, id),
                (_, None) => {
                    let text = format!("{kind}/{id} chưa tồn tại nên không khớp If-Match.");
                    Outcome::new(
                        Kind::Precondition,
                        "version-mismatch",
                        text,
                        format!("{kind}/{id} does not exist"),
                    )
                }
            };
            refused.about(*position)
        }
        Refusal::NowExists { position } => now_exists(&targets[position]),
        Refusal::Failed(message) => Outcome::fault(format!("the store could not commit: {message}")),
    }
}
