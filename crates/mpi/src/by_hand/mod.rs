//! People decide who is who: link two, keep two apart, split a person, and take any of it back. Each act is one transaction of
//! new versions of Linkages through the door, named by an id that undoes it. What a person said holds against the machine.
//!
//! Two rules are never broken: two records that a person kept apart are not one person, and nothing is overwritten that
//! somebody decided after what is being changed was read.

mod undo;

pub use undo::undo;

use crate::evidence::{Decision, Reason, Verdict};
use crate::follower;
use crate::group::evidence;
use crate::linkage::{self, Signed};
use crate::linker::{Linker, place_of};
use crate::person::not_found;
use crate::table::{self, LinkRow, PatientRow};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use yba_fhir::{Kind, Outcome, Resource};
use yba_records::{Action, Change, Ctx, Records, Version};

/// Most Linkages that one act writes.
const CHANGES_MAX: usize = 1_000;
/// How often an act is worked out again because somebody decided in between.
const TRIES: usize = 4;

/// How a restored "nothing was decided" is signed: nobody's word, so the machine may speak again.
pub(crate) const UNDONE: &str = "yba-mpi/undone";

/// Decides that two Patients are one person's. Answers the id of the act.
///
/// Refuses with `conflict` when they are already, or when a person kept records of the two apart.
pub async fn link(records: &Records, ctx: &Ctx, one: &str, other: &str) -> Result<String, Outcome> {
    let ends = [one.to_owned(), other.to_owned()];
    act(records, ctx, &ends, |around| {
        let (own, theirs) = (around.person(one)?, around.person(other)?);
        if own == theirs {
            let text = "Hai hồ sơ này đã là của một người.";
            return Err(conflict("already-one", text, "the two Patients are one person already"));
        }
        Ok(vec![(one.to_owned(), other.to_owned(), Verdict::Link)])
    })
    .await
}

/// Decides that two Patients are two people. Answers the id of the act.
///
/// Refuses with `conflict` when they are one person now: then one is [split] off.
pub async fn keep_apart(records: &Records, ctx: &Ctx, one: &str, other: &str) -> Result<String, Outcome> {
    let ends = [one.to_owned(), other.to_owned()];
    act(records, ctx, &ends, |around| {
        if around.person(one)? == around.person(other)? {
            let text = "Hai hồ sơ này đang là của một người. Mở “Các hồ sơ đã gộp” để tách.";
            return Err(conflict("still-one", text, "the two Patients are one person; split them"));
        }
        Ok(vec![(one.to_owned(), other.to_owned(), Verdict::Apart)])
    })
    .await
}

/// Takes these Patients out of their person; together they are a person of their own from now on, and so are the others.
/// Answers the id of the act.
///
/// Refuses with `invalid` unless they are some, not all, Patients of one person.
pub async fn split(records: &Records, ctx: &Ctx, patients: &[String]) -> Result<String, Outcome> {
    act(records, ctx, patients, |around| around.split(&patients.iter().map(String::as_str).collect())).await
}

/// Takes away the link between two Patients, and with it whatever hangs on the second alone. Answers the id of the act.
///
/// Refuses with `conflict` when no link ties just these two, or when they are tied by others as well.
pub async fn unlink(records: &Records, ctx: &Ctx, one: &str, other: &str) -> Result<String, Outcome> {
    let ends = [one.to_owned(), other.to_owned()];
    act(records, ctx, &ends, |around| {
        around.person(one)?;
        let own = linkage::id_of(one, other);
        let links = around.links.iter().filter(|row| row.decided.verdict == Verdict::Link);
        let parts = Parts::of(links.filter(|row| row.linkage != own));
        let is_tied = around.links.iter().any(|row| row.linkage == own && row.decided.verdict == Verdict::Link);
        if !is_tied || parts.root(one) == parts.root(other) {
            let text = "Hai hồ sơ này không nối trực tiếp với nhau, hoặc còn nối qua hồ sơ khác. Hãy tách từng hồ sơ.";
            return Err(conflict("not-tied", text, "no link ties just these two Patients"));
        }
        let side = around.patients.keys().map(String::as_str).filter(|id| parts.root(id) == parts.root(other));
        around.split(&side.collect())
    })
    .await
}

type Change3 = (String, String, Verdict);

/// One act: looks at what stands, works out what changes, and writes that; again when somebody decided in between.
async fn act(
    records: &Records,
    ctx: &Ctx,
    named: &[String],
    work_out: impl Fn(&Around) -> Result<Vec<Change3>, Outcome>,
) -> Result<String, Outcome> {
    may(records, ctx, named).await?;
    let mut tries = 0;
    loop {
        follower::up_to_date(records).await?;
        let around = Around::of(records, named).await?;
        let wanted = work_out(&around)?;
        if wanted.len() > CHANGES_MAX {
            let text = "Người này có quá nhiều hồ sơ để đổi trong một lần.";
            return Err(Outcome::invalid("too-many-links", text, "too many Linkages for one act"));
        }
        let rows =
            wanted.iter().map(|(one, other, verdict)| (linkage::id_of(one, other), one, other, *verdict));
        around.must_hold_after(
            rows.map(|(id, one, other, verdict)| (id, vec![(one.as_str(), other.as_str(), verdict)]))
                .collect(),
        )?;
        let act = act_id(records, ctx, &wanted);
        let changes = changes(records, ctx, &around, &wanted, &act).await?;
        match records.transact(ctx, changes).await {
            Ok(_) => {
                // Whoever looks next sees it.
                follower::up_to_date(records).await?;
                return Ok(act);
            }
            Err(outcome) if is_race(&outcome) && tries < TRIES => tries += 1,
            Err(outcome) => return Err(outcome),
        }
    }
}

fn is_race(outcome: &Outcome) -> bool {
    matches!(outcome.kind, Kind::Precondition | Kind::Conflict)
}

/// Whoever decides about Patients must be able to see them; that they were looked at stands in the trail.
async fn may(records: &Records, ctx: &Ctx, patients: &[String]) -> Result<(), Outcome> {
    if patients.is_empty() || patients.len() > CHANGES_MAX {
        let text = "Hãy chọn ít nhất một hồ sơ.";
        return Err(Outcome::invalid(
            "no-patients",
            text,
            "between one and a thousand Patients are expected",
        ));
    }
    let reached = records.patients_reached(ctx, Action::Read, patients).await?;
    match patients.iter().find(|id| !reached.contains(id)) {
        Some(beyond) => {
            let _ = records.audit_view(ctx, "decide", patients).await;
            Err(not_found(beyond))
        }
        None => records.audit_view(ctx, "decide", patients).await,
    }
}

/// The id of an act: of who, what and when, and how many Linkages it holds, so that one that was partly overwritten is known.
fn act_id(records: &Records, ctx: &Ctx, wanted: &[Change3]) -> String {
    let mut text =
        format!("{} {} {}", records.store().head_t(), ctx.agent.name(), records.store().identity().node);
    wanted.iter().for_each(|(one, other, _)| text.push_str(&format!("\n{one} {other}")));
    let digest = Sha256::digest(text);
    let hex: String = digest[..12].iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{hex}-{}", wanted.len())
}

async fn changes(
    records: &Records,
    ctx: &Ctx,
    around: &Around,
    wanted: &[Change3],
    act: &str,
) -> Result<Vec<Change>, Outcome> {
    let heads = heads(records, wanted.iter().map(|(one, other, _)| linkage::id_of(one, other))).await?;
    let linker = Linker::of(records);
    let mut changes = Vec::new();
    for (one, other, verdict) in wanted {
        let places = around.place(one).zip(around.place(other));
        let said = match places {
            Some((a, b)) => linker.ask(move |held| evidence(held, a, b)).await.unwrap_or_default(),
            None => Default::default(),
        };
        let reasons = std::iter::once(Reason::by_hand()).chain(said.1).collect();
        let decision = Decision::new(one, other, *verdict, said.0, reasons);
        let name = ctx.agent.name();
        let tree = linkage::of_decision(&decision, Signed::Person { name: &name, act });
        changes.push(put(Resource::from_value(tree)?, heads.get(&linkage::id_of(one, other))));
    }
    Ok(changes)
}

async fn heads(
    records: &Records,
    ids: impl Iterator<Item = String>,
) -> Result<BTreeMap<String, Version>, Outcome> {
    let keys = ids.map(|id| ("Linkage".to_owned(), id)).collect();
    let heads = records.store().read_many(keys).await?;
    Ok(heads.into_iter().map(|head| (head.id.clone(), head)).collect())
}

fn put(resource: Resource, head: Option<&Version>) -> Change {
    match head {
        None => Change::create(resource),
        Some(head) if head.deleted => Change::put(resource),
        Some(head) => Change::put(resource).if_match(head.version_id.clone()),
    }
}

/// The people whom an act touches: all their Patients and all decisions among these.
struct Around {
    patients: BTreeMap<String, PatientRow>,
    links: Vec<LinkRow>,
}

impl Around {
    async fn of(records: &Records, named: &[String]) -> Result<Around, Outcome> {
        let store = records.store();
        let own = table::patients(store, named).await?;
        let people: BTreeSet<String> = own.into_iter().map(|row| row.person).collect();
        let rows = table::of_persons(store, &people.into_iter().collect::<Vec<_>>()).await?;
        let patients: BTreeMap<String, PatientRow> =
            rows.into_iter().map(|row| (row.summary.id.clone(), row)).collect();
        let ids: Vec<String> = patients.keys().cloned().collect();
        let links = table::links_of(store, &ids).await?;
        Ok(Around { patients, links })
    }

    fn person(&self, id: &str) -> Result<&str, Outcome> {
        self.patients.get(id).map(|row| row.person.as_str()).ok_or_else(|| not_found(id))
    }

    fn place(&self, id: &str) -> Option<u32> {
        self.patients.get(id).map(|row| place_of(row.n))
    }

    /// Keeps these Patients apart from the others of their person, and both parts together.
    fn split(&self, side: &BTreeSet<&str>) -> Result<Vec<Change3>, Outcome> {
        let people: BTreeSet<&str> = side.iter().map(|id| self.person(id)).collect::<Result<_, _>>()?;
        let rest: BTreeSet<&str> = self
            .patients
            .iter()
            .filter(|(id, row)| people.contains(row.person.as_str()) && !side.contains(id.as_str()))
            .map(|(id, _)| id.as_str())
            .collect();
        if people.len() != 1 || rest.is_empty() {
            let text = "Chỉ tách được một phần các hồ sơ của một người.";
            return Err(Outcome::invalid(
                "nothing-to-split",
                text,
                "some, not all, Patients of one person are expected",
            ));
        }
        if side.len() * rest.len() > CHANGES_MAX {
            let text = "Người này có quá nhiều hồ sơ để tách trong một lần.";
            return Err(Outcome::invalid("too-many-links", text, "too many Linkages for one act"));
        }
        let mut wanted: Vec<Change3> = Vec::new();
        for one in side {
            wanted.extend(rest.iter().map(|other| ((*one).to_owned(), (*other).to_owned(), Verdict::Apart)));
        }
        for part in [side, &rest] {
            let within = |row: &&LinkRow| {
                row.decided.verdict == Verdict::Link
                    && part.contains(row.decided.first.as_str())
                    && part.contains(row.decided.second.as_str())
            };
            let mut parts = Parts::of(self.links.iter().filter(within));
            // What hung together only over the other part is tied directly.
            let first = part.first().copied().unwrap_or_default();
            for id in part.iter().filter(|id| **id != first) {
                if parts.join(first, id) {
                    wanted.push((first.to_owned(), (*id).to_owned(), Verdict::Link));
                }
            }
        }
        Ok(wanted)
    }

    /// Refuses when, with these Linkages saying these things, two Patients that a person kept apart would be one person.
    fn must_hold_after(&self, changed: BTreeMap<String, Vec<(&str, &str, Verdict)>>) -> Result<(), Outcome> {
        let unchanged = || self.links.iter().filter(|row| !changed.contains_key(&row.linkage));
        let mut parts = Parts::of(unchanged().filter(|row| row.decided.verdict == Verdict::Link));
        for (one, other, verdict) in changed.values().flatten() {
            if *verdict == Verdict::Link {
                parts.join(one, other);
            }
        }
        let kept = unchanged().filter(|row| row.decided.by_person() && row.decided.verdict == Verdict::Apart);
        let kept = kept.map(|row| (row.decided.first.as_str(), row.decided.second.as_str()));
        let said = changed.values().flatten().filter(|one| one.2 == Verdict::Apart).map(|one| (one.0, one.1));
        for (one, other) in kept.chain(said) {
            if parts.root(one) == parts.root(other) {
                let text = "Đã có người xác định một hồ sơ của bên này và một hồ sơ của bên kia là hai người khác nhau. \
                            Hãy hoàn tác quyết định ấy trước.";
                return Err(conflict("kept-apart", text, "a person kept records of these people apart"));
            }
        }
        Ok(())
    }
}

fn conflict(code: &'static str, text: &str, detail: &str) -> Outcome {
    // Not `Kind::Conflict`'s sister `Precondition`: trying again changes nothing.
    Outcome::new(Kind::Conflict, code, text, detail)
}

/// Sets of Patients that links tie.
#[derive(Default)]
struct Parts(BTreeMap<String, String>);

impl Parts {
    fn of<'a>(links: impl Iterator<Item = &'a LinkRow>) -> Parts {
        let mut parts = Parts::default();
        links.for_each(|row| {
            parts.join(&row.decided.first, &row.decided.second);
        });
        parts
    }

    fn root<'a>(&'a self, id: &'a str) -> &'a str {
        let mut at = id;
        while let Some(above) = self.0.get(at) {
            at = above;
        }
        at
    }

    /// Whether they were apart before.
    fn join(&mut self, one: &str, other: &str) -> bool {
        let (one, other) = (self.root(one).to_owned(), self.root(other).to_owned());
        let new = one != other;
        if new {
            self.0.insert(one.clone().max(other.clone()), one.min(other));
        }
        new
    }
}
