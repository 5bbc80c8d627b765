//! People decide: link, keep apart, split, unlink, undo. Thousands of random acts agree with a model that knows only sets.

use crate::people::{arrive, on_each, record, store, together};
use std::collections::{BTreeMap, BTreeSet};
use yba_fhir::Kind;
use yba_mpi::by_hand::{keep_apart, link, split, undo, unlink};
use yba_mpi::follower::catch_up;
use yba_records::{Ctx, Past, Scope};
use yba_testkit::Kit;

const MAI: &str = "12001 F 1990-01-02 Lò Thị Mai | cccd 012190001234";
const MAI_B: &str = "12002 F 1990-02-01 LO THI MAI | cccd 012190001234";
/// The same name and date, and nothing more.
const PERHAPS: &str = "12003 F 1990-01-02 Lò Thị Mai";

#[test]
fn an_act_holds_at_once_against_the_machine_and_is_taken_back_exactly() {
    on_each(|kit| async move {
        arrive(&kit, 0, &[MAI, MAI_B, PERHAPS]).await;
        assert_eq!(together(&kit, "p0").await, ["p0", "p1"]);
        let before = state(&kit).await;
        let ctx = kit.ctx();

        let act = link(&kit.records, &ctx, "p2", "p0").await.unwrap();
        assert_eq!(together(&kit, "p2").await, ["p0", "p1", "p2"], "whoever looks next sees it");
        let note = record(&kit, "p2").await;
        let by_person = note.links.iter().find(|one| one.by_person).unwrap();
        assert_eq!((by_person.by.as_str(), by_person.act.as_str()), ("test-administrator", act.as_str()));
        assert!(by_person.reasons.iter().any(|one| one.code() == "birth-equal"), "what spoke for it is kept");
        undo(&kit.records, &ctx, &act).await.unwrap();
        assert_eq!(state(&kit).await, before);

        let act = split(&kit.records, &ctx, &["p1".into()]).await.unwrap();
        assert_eq!(
            (together(&kit, "p0").await, together(&kit, "p1").await),
            (vec!["p0".into()], vec!["p1".into()])
        );
        arrive(&kit, 1, &["12002 F 1990-02-01 LO THI MAI | cccd 012190001234 | phone 0912345678"]).await;
        assert_eq!(
            together(&kit, "p1").await,
            ["p1"],
            "the machine does not bring back what a person parted"
        );
        undo(&kit.records, &ctx, &act).await.unwrap();
        catch_up(&kit.records).await.unwrap();
        assert_eq!(together(&kit, "p1").await, ["p0", "p1"]);
        let id = yba_mpi::linkage::id_of("p0", "p1");
        let story = kit.records.history(&ctx, &Past::of_record("Linkage", &id, 10)).await.unwrap();
        let verdicts: Vec<_> =
            story.iter().map(|one| yba_mpi::linkage::read(&one.version.tree())[0].verdict.code()).collect();
        assert_eq!(verdicts, ["link", "apart", "link"], "what was decided and what was taken back both stay");
    });
}

#[test]
fn what_a_person_kept_apart_is_never_brought_together_by_another_act() {
    on_each(|kit| async move {
        let ctx = kit.ctx();
        strangers(&kit, 0, 4).await;
        keep_apart(&kit.records, &ctx, "p0", "p1").await.unwrap();
        link(&kit.records, &ctx, "p0", "p2").await.unwrap();
        let refused = link(&kit.records, &ctx, "p2", "p1").await.unwrap_err();
        assert_eq!((refused.kind, refused.issues[0].key), (Kind::Conflict, "kept-apart"));
        assert_eq!(link(&kit.records, &ctx, "p0", "p2").await.unwrap_err().issues[0].key, "already-one");
        assert_eq!(keep_apart(&kit.records, &ctx, "p0", "p2").await.unwrap_err().issues[0].key, "still-one");
        // Nor by taking something back: p2 was parted from p0, then joined p1.
        let parted = split(&kit.records, &ctx, &["p2".into()]).await.unwrap();
        link(&kit.records, &ctx, "p2", "p1").await.unwrap();
        assert_eq!(undo(&kit.records, &ctx, &parted).await.unwrap_err().issues[0].key, "kept-apart");
        assert_eq!(together(&kit, "p2").await, ["p1", "p2"]);
    });
}

#[test]
fn only_what_nobody_decided_since_is_taken_back() {
    on_each(|kit| async move {
        let ctx = kit.ctx();
        strangers(&kit, 0, 3).await;
        let first = link(&kit.records, &ctx, "p0", "p1").await.unwrap();
        link(&kit.records, &ctx, "p1", "p2").await.unwrap();
        let parts = split(&kit.records, &ctx, &["p1".into()]).await.unwrap();
        let gone = undo(&kit.records, &ctx, &first).await.unwrap_err();
        assert_eq!(
            (gone.kind, gone.issues[0].key),
            (Kind::NotFound, "no-such-act"),
            "the split stands over it"
        );
        assert_eq!(link(&kit.records, &ctx, "p0", "p1").await.unwrap_err().issues[0].key, "kept-apart");
        let again = keep_apart(&kit.records, &ctx, "p0", "p1").await.unwrap();
        assert_eq!(undo(&kit.records, &ctx, &parts).await.unwrap_err().issues[0].key, "decided-since");
        undo(&kit.records, &ctx, &again).await.unwrap();
        undo(&kit.records, &ctx, &parts).await.unwrap();
        assert_eq!(together(&kit, "p0").await, ["p0", "p1", "p2"]);
        for odd in ["", "x", "0-1", "' OR 1=1 --"] {
            assert_eq!(undo(&kit.records, &ctx, odd).await.unwrap_err().kind, Kind::NotFound, "{odd}");
        }
    });
}

#[test]
fn a_link_is_taken_away_with_what_hangs_on_it() {
    on_each(|kit| async move {
        let ctx = kit.ctx();
        strangers(&kit, 0, 4).await;
        for (one, other) in [("p0", "p1"), ("p1", "p2"), ("p2", "p3")] {
            link(&kit.records, &ctx, one, other).await.unwrap();
        }
        assert_eq!(unlink(&kit.records, &ctx, "p0", "p2").await.unwrap_err().issues[0].key, "not-tied");
        unlink(&kit.records, &ctx, "p1", "p2").await.unwrap();
        assert_eq!((together(&kit, "p0").await, together(&kit, "p3").await), (ids(&[0, 1]), ids(&[2, 3])));
        let refused = split(&kit.records, &ctx, &ids(&[0, 1])).await.unwrap_err();
        assert_eq!(refused.issues[0].key, "nothing-to-split");
        assert_eq!(
            split(&kit.records, &ctx, &ids(&[0, 2])).await.unwrap_err().issues[0].key,
            "nothing-to-split"
        );
        assert_eq!(split(&kit.records, &ctx, &[]).await.unwrap_err().kind, Kind::Invalid);
        assert_eq!(split(&kit.records, &ctx, &ids(&[77])).await.unwrap_err().kind, Kind::NotFound);
    });
}

#[test]
fn strangers_narrowed_scopes_and_roles_without_linkage_decide_nothing() {
    on_each(|kit| async move {
        strangers(&kit, 0, 3).await;
        let head = kit.store().head_t();
        let stranger = link(&kit.records, &Ctx::stranger("page"), "p0", "p1").await.unwrap_err();
        assert!(matches!(stranger.kind, Kind::Unauthenticated | Kind::NotFound), "{stranger:?}");
        let narrow = kit.ctx().with_scope(Scope::Patients(vec!["p0".into()]));
        assert_eq!(link(&kit.records, &narrow, "p0", "p1").await.unwrap_err().kind, Kind::NotFound);
        let both = kit.ctx().with_scope(Scope::Patients(vec!["p0".into(), "p1".into()]));
        assert_eq!(link(&kit.records, &both, "p0", "p1").await.unwrap_err().kind, Kind::Forbidden);
        assert_eq!(kit.store().head_t(), head, "nothing was written");
    });
}

/// Patients about whom the machine has nothing to say.
async fn strangers(kit: &Kit, first: usize, count: usize) {
    let texts: Vec<String> = (first..first + count)
        .map(|at| {
            let (year, given) = (1930 + at % 80, ["Mai", "Hoa", "Lan", "Páo", "Sính", "Dờ", "Chu"][at % 7]);
            format!(
                "12001 F {year}-{:02}-{:02} Họ{} Đệm{} {given}",
                1 + at / 80 % 12,
                1 + at / 960 % 28,
                letters(at),
                letters(at * 31 + 7)
            )
        })
        .collect();
    store(kit, first, &texts.iter().map(String::as_str).collect::<Vec<_>>()).await;
    catch_up(&kit.records).await.unwrap();
}

/// A number as a word of letters, so that no two names look alike.
fn letters(mut number: usize) -> String {
    let mut word = String::new();
    loop {
        word.push((b'a' + (number % 26) as u8) as char);
        number /= 26;
        if number == 0 {
            return word;
        }
    }
}

fn ids(places: &[usize]) -> Vec<String> {
    places.iter().map(|place| format!("p{place}")).collect()
}

/// Who is with whom, and what is asked: what anybody sees.
async fn state(kit: &Kit) -> Vec<String> {
    catch_up(&kit.records).await.unwrap();
    let people = kit.store().query("SELECT patient, person FROM mpi_patient ORDER BY patient", Vec::new());
    let doubts = "SELECT a.patient, b.patient FROM mpi_link l JOIN mpi_patient a ON a.patient = l.first \
                  JOIN mpi_patient b ON b.patient = l.second WHERE l.verdict = 'doubt' AND a.person <> b.person ORDER BY 1, 2";
    let doubts = kit.store().query(doubts, Vec::new()).await.unwrap();
    let line = |row: &yba_store::Row| format!("{} {}", row.text(0), row.text(1));
    people.await.unwrap().iter().chain(&doubts).map(line).collect()
}

/// Sets of records, and pairs that are not to come together: all that the model knows.
#[derive(Clone, Default)]
struct Model {
    person: BTreeMap<usize, usize>,
    apart: BTreeSet<(usize, usize)>,
}

impl Model {
    fn of(all: std::ops::Range<usize>) -> Model {
        Model { person: all.map(|one| (one, one)).collect(), apart: BTreeSet::new() }
    }

    fn together(&self, one: usize) -> BTreeSet<usize> {
        self.person.iter().filter(|(_, person)| **person == self.person[&one]).map(|(id, _)| *id).collect()
    }

    fn is_split(&self, one: usize, other: usize) -> bool {
        let cross = |a: &usize, b: &usize| self.apart.contains(&(*a.min(b), *a.max(b)));
        let others = self.together(other);
        self.together(one).iter().any(|a| others.iter().any(|b| cross(a, b)))
    }

    /// Whether the act is allowed; if it is, does it.
    fn does(&mut self, act: &Act) -> bool {
        match act {
            Act::Link(one, other) => {
                // The pair itself may be decided anew.
                let own = (*one.min(other), *one.max(other));
                let mut without = self.clone();
                without.apart.remove(&own);
                if self.person[one] == self.person[other] || without.is_split(*one, *other) {
                    return false;
                }
                self.apart.remove(&own);
                let (from, to) = (self.person[other], self.person[one]);
                self.person.values_mut().filter(|person| **person == from).for_each(|person| *person = to);
            }
            Act::Apart(one, other) => {
                if self.person[one] == self.person[other] {
                    return false;
                }
                self.apart.insert((*one.min(other), *one.max(other)));
            }
            Act::Split(side) => {
                let all = self.together(side[0]);
                let own: BTreeSet<usize> = side.iter().copied().collect();
                let rest: Vec<usize> = all.difference(&own).copied().collect();
                if !own.is_subset(&all) || rest.is_empty() {
                    return false;
                }
                for a in &own {
                    self.apart.extend(rest.iter().map(|b| (*a.min(b), *a.max(b))));
                }
                let name = 1_000_000 + self.apart.len() * 1_000 + own.first().copied().unwrap_or(0);
                self.person.extend(own.iter().map(|id| (*id, name)));
            }
        }
        true
    }

    fn sets(&self) -> BTreeSet<BTreeSet<usize>> {
        self.person.keys().map(|id| self.together(*id)).collect()
    }
}

#[derive(Debug, Clone)]
enum Act {
    Link(usize, usize),
    Apart(usize, usize),
    Split(Vec<usize>),
}

struct Chance(u64);

impl Chance {
    fn below(&mut self, most: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % most
    }
}

/// One family of records with the acts done to it, each with the state before it.
struct Sequence {
    first: usize,
    model: Model,
    done: Vec<(String, Model)>,
    chance: Chance,
}

const FAMILY: usize = 5;

impl Sequence {
    fn any(&mut self) -> usize {
        self.first + self.chance.below(FAMILY)
    }

    /// Does one random act, to the records and to the model; both must allow it or both refuse.
    async fn step(&mut self, kit: &Kit) {
        let ctx = kit.ctx();
        if self.chance.below(4) == 0 {
            if let Some((act, before)) = self.done.pop() {
                undo(&kit.records, &ctx, &act).await.unwrap_or_else(|refused| panic!("{refused}"));
                self.model = before;
            }
            return;
        }
        let (one, other) = (self.any(), self.any());
        let act = match self.chance.below(5) {
            _ if one == other => return,
            0..=2 => Act::Link(one, other),
            3 => Act::Apart(one, other),
            _ => Act::Split(self.some_with(one)),
        };
        let before = self.model.clone();
        let allowed = self.model.does(&act);
        let name = |id: usize| format!("p{id}");
        let said = match &act {
            Act::Link(one, other) => link(&kit.records, &ctx, &name(*one), &name(*other)).await,
            Act::Apart(one, other) => keep_apart(&kit.records, &ctx, &name(*one), &name(*other)).await,
            Act::Split(side) => split(&kit.records, &ctx, &ids(side)).await,
        };
        match said {
            Ok(id) if allowed => self.done.push((id, before)),
            Err(refused) if !allowed => assert_ne!(refused.kind, Kind::Fault, "{refused}"),
            other => {
                panic!("{act:?} of {:?}: the model says {allowed}, the records {other:?}", before.sets())
            }
        }
    }

    fn some_with(&mut self, one: usize) -> Vec<usize> {
        let others: Vec<usize> = self.model.together(one).into_iter().filter(|id| *id != one).collect();
        let more = others.into_iter().filter(|_| self.chance.below(2) == 0).collect::<Vec<_>>();
        std::iter::once(one).chain(more).collect()
    }
}

/// So many families, so many acts on each; all of them looked at after every round.
async fn agrees(kit: Kit, families: usize, rounds: usize) {
    strangers(&kit, 0, families * FAMILY).await;
    let mut all: Vec<Sequence> = (0..families)
        .map(|family| {
            let first = family * FAMILY;
            let model = Model::of(first..first + FAMILY);
            Sequence { first, model, done: Vec::new(), chance: Chance(family as u64 * 77 + 5) }
        })
        .collect();
    for round in 0..rounds {
        for one in &mut all {
            one.step(&kit).await;
        }
        catch_up(&kit.records).await.unwrap();
        assert_eq!(seen(&kit).await, all.iter().flat_map(|one| one.model.sets()).collect(), "round {round}");
    }
    // Everything is taken back, the last first: everybody is alone again.
    for one in &mut all {
        while let Some((act, _)) = one.done.pop() {
            undo(&kit.records, &kit.ctx(), &act).await.unwrap();
        }
    }
    catch_up(&kit.records).await.unwrap();
    assert_eq!(seen(&kit).await.len(), families * FAMILY);
}

async fn seen(kit: &Kit) -> BTreeSet<BTreeSet<usize>> {
    let rows = kit.store().query("SELECT patient, person FROM mpi_patient", Vec::new()).await.unwrap();
    let mut sets: BTreeMap<String, BTreeSet<usize>> = BTreeMap::new();
    for row in rows {
        sets.entry(row.text(1).to_owned()).or_default().insert(row.text(0)[1..].parse().unwrap());
    }
    sets.into_values().collect()
}

#[test]
fn thousands_of_random_acts_agree_with_sets() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(agrees(yba_testkit::records(), 200, 10));
    if let Some(kit) = yba_testkit::records_on_postgres() {
        runtime.block_on(agrees(kit, 30, 8));
    }
}
