//! Before there is synchronisation: proof that versions can travel. Nodes with their own clocks write as they like and
//! exchange versions in any order, in any parts, any number of times; in the end all show the same.

use crate::kit::*;
use proptest::prelude::*;
use std::collections::BTreeSet;
use yba_fhir::Resource;
use yba_store::{Effect, Past, Query, Scope, Store, Version};
use yba_testkit::{Kit, engines, records};

/// One thing that happens in the life of the nodes.
#[derive(Debug, Clone)]
enum Step {
    /// A node writes one of a few contents to one of a few records.
    Put {
        node: usize,
        record: usize,
        content: usize,
    },
    Delete {
        node: usize,
        record: usize,
    },
    /// A node's clock moves, perhaps back.
    Clock {
        node: usize,
        ms: i64,
    },
    /// A node takes some of another's versions, in some order, in some parts.
    Take {
        from: usize,
        to: usize,
        order: u64,
        part: usize,
        share: usize,
    },
}

fn step(nodes: usize) -> impl Strategy<Value = Step> {
    let node = 0..nodes;
    prop_oneof![
        6 => (node.clone(), 0..4usize, 0..4usize).prop_map(|(node, record, content)| Step::Put { node, record, content }),
        2 => (node.clone(), 0..4usize).prop_map(|(node, record)| Step::Delete { node, record }),
        1 => (node.clone(), -5000..5000i64).prop_map(|(node, ms)| Step::Clock { node, ms }),
        4 => (node.clone(), node, any::<u64>(), 1..6usize, 1..4usize)
            .prop_map(|(from, to, order, part, share)| Step::Take { from, to, order, part, share }),
    ]
}

fn content(record: usize, content: usize) -> Resource {
    match record % 2 {
        0 => patient(&format!("p{record}"), ["Lò Thị Mẫu", "Vàng A Páo", "Lò Văn Ân", "Đặng Lành"][content]),
        _ => observation(
            &format!("o{record}"),
            ["p0", "p2", "x", "p0"][content],
            ["5.4", "5.40", "6", "1e2"][content],
        ),
    }
}

async fn live(step: &Step, nodes: &[Kit]) {
    match *step {
        Step::Put { node, record, content: which } => {
            save(nodes[node].store(), &content(record, which)).await;
        }
        Step::Delete { node, record } => {
            let (kind, id) = if record % 2 == 0 {
                ("Patient", format!("p{record}"))
            } else {
                ("Observation", format!("o{record}"))
            };
            let effect = delete(nodes[node].store(), kind, &id).await;
            assert!(matches!(effect, Effect::Deleted | Effect::NothingToDelete));
        }
        Step::Clock { node, ms } => nodes[node].advance_ms(ms),
        Step::Take { from, to, order, part, share } => {
            let mut versions = nodes[from].store().changes_after(0, 10_000).await.unwrap();
            shuffle(&mut versions, order);
            versions.truncate(versions.len() / share + 1);
            for some in versions.chunks(part) {
                nodes[to].store().integrate(some.to_vec()).await.unwrap();
            }
        }
    }
}

/// An order that follows from a number.
fn shuffle<T>(items: &mut [T], mut seed: u64) {
    for at in (1..items.len()).rev() {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        items.swap(at, (seed >> 33) as usize % (at + 1));
    }
}

/// Everything of a version but where it stands in a node's own log.
fn travelling(version: &Version) -> String {
    format!(
        "{}/{} {} {} {} {:?} {:?} {} {}",
        version.kind,
        version.id,
        version.version_id,
        version.hlc,
        version.origin,
        version.parents,
        version.hash,
        version.deleted,
        String::from_utf8_lossy(&version.body)
    )
}

const SEARCHES: [(&str, &str); 14] = [
    ("Patient", ""),
    ("Patient", "name=lo"),
    ("Patient", "name=lanh"),
    ("Patient", "name:exact=Lò Thị Mẫu"),
    ("Patient", "birthdate=1986-05"),
    ("Patient", "_lastUpdated=2026-03-02"),
    ("Patient", "_lastUpdated=gt2026-03-02T08:00:01%2B07:00"),
    ("Observation", ""),
    ("Observation", "patient=p0"),
    ("Observation", "value-quantity=5.4"),
    ("Observation", "value-quantity=5.40"),
    ("Observation", "patient=p0&value-quantity=gt5"),
    ("Observation", "patient:missing=false&_include=Observation:subject"),
    ("Observation", "code:not=2345-7"),
];

/// What a node shows: its versions, its heads, its answers.
async fn shown(store: &Store) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    let log = store.changes_after(0, 100_000).await.unwrap();
    assert_eq!(log.iter().map(|one| one.t).collect::<Vec<_>>(), (1..=log.len() as i64).collect::<Vec<_>>());
    for version in &log {
        assert!(
            all.insert(format!("version {}", travelling(version))),
            "{} is there twice",
            version.version_id
        );
        let head = store.read(&version.kind, &version.id).await.unwrap().unwrap();
        all.insert(format!("head {}", travelling(&head)));
        for parent in &version.parents {
            assert_ne!(parent, &version.version_id);
        }
    }
    for (kind, text) in SEARCHES {
        let query = Query::parse_string(kind, &format!("{text}&_total=accurate&_count=1000")).unwrap();
        let found = store.search(&query, &Scope::All, None).await.unwrap();
        let mut lines: Vec<String> = found.matches.iter().map(travelling).collect();
        lines.extend(found.included.iter().map(|one| format!("included {}", travelling(one))));
        lines.sort();
        all.insert(format!("{kind}?{text} {:?} {lines:?}", found.total));
    }
    for patient in ["p0", "p2"] {
        let mut lines: Vec<String> =
            store.everything(&[patient.into()], &[]).await.unwrap().iter().map(travelling).collect();
        lines.sort();
        all.insert(format!("everything of {patient}: {lines:?}"));
    }
    all
}

async fn run(steps: &[Step], nodes: &[Kit]) {
    for step in steps {
        live(step, nodes).await;
    }
    // At last everybody hears everything, twice, in orders of their own.
    for round in 0..2 {
        for to in 0..nodes.len() {
            for from in 0..nodes.len() {
                let order = (round * 31 + to * 7 + from) as u64;
                live(&Step::Take { from, to, order, part: 1 + from + to, share: 1 }, nodes).await;
            }
        }
    }
    let first = shown(nodes[0].store()).await;
    for node in &nodes[1..] {
        assert_eq!(shown(node.store()).await, first);
    }
    for node in nodes {
        let report = yba_store::check::check(node.store(), |_| {}).await.unwrap();
        assert_eq!(report.problems, Vec::<String>::new());
        // What is written next comes after everything that was heard.
        let log = node.store().changes_after(0, 100_000).await.unwrap();
        let highest = log.iter().map(|one| one.hlc).max().unwrap_or(0);
        let (_, next) = save(node.store(), &patient("next", "Sau cùng")).await;
        assert!(next.hlc > highest);
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, max_shrink_iters: 60, ..ProptestConfig::default() })]

    #[test]
    fn three_nodes_that_heard_the_same_show_the_same(steps in prop::collection::vec(step(3), 1..30)) {
        runtime().block_on(async { run(&steps, &[records(), records(), records()]).await });
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4, max_shrink_iters: 10, ..ProptestConfig::default() })]

    #[test]
    fn a_node_on_either_engine_shows_the_same(steps in prop::collection::vec(step(2), 10..30)) {
        let nodes = engines();
        let nodes = if nodes.len() == 2 { nodes } else { vec![records(), records()] };
        runtime().block_on(async { run(&steps, &nodes).await });
    }
}

/// Found by thinking rather than by chance: two first versions at the very same clock reading.
#[tokio::test]
async fn equal_clocks_are_parted_alike_everywhere() {
    let nodes = [records(), records()];
    for (node, name) in nodes.iter().zip(["Một", "Hai"]) {
        save(node.store(), &patient("p0", name)).await;
    }
    let (one, two) = (nodes[0].store(), nodes[1].store());
    let clocks: Vec<i64> = [one, two].map(|_| 0).to_vec();
    assert_eq!(clocks.len(), 2);
    one.integrate(two.changes_after(0, 10).await.unwrap()).await.unwrap();
    two.integrate(one.changes_after(0, 10).await.unwrap()).await.unwrap();
    let heads = [
        one.read("Patient", "p0").await.unwrap().unwrap(),
        two.read("Patient", "p0").await.unwrap().unwrap(),
    ];
    assert_eq!(heads[0].hlc >> 16, heads[1].hlc >> 16);
    assert_eq!(heads[0].version_id, heads[1].version_id);
    let loser = one
        .changes_after(0, 10)
        .await
        .unwrap()
        .into_iter()
        .find(|one| one.version_id != heads[0].version_id)
        .unwrap();
    assert_eq!(loser.hlc, heads[0].hlc, "the clocks were equal");
    // If-Match means the head that is shown, and what follows it has one parent.
    let write = put(one, &patient("p0", "Ba"), yba_store::Expect::Version(loser.version_id));
    assert!(commit(one, vec![write]).await.is_err());
    let write = put(one, &patient("p0", "Ba"), yba_store::Expect::Version(heads[0].version_id.clone()));
    let done = commit(one, vec![write]).await.unwrap().remove(0).version.unwrap();
    assert_eq!(done.parents, [heads[0].version_id.clone()]);
    assert_eq!(one.history(&Past::of_record("Patient", "p0", 10), &Scope::All).await.unwrap().len(), 3);
}

#[tokio::test]
async fn damaged_versions_and_false_doubles_are_refused_whole() {
    for kit in engines() {
        let (from, to) = (records(), kit);
        for number in 0..3 {
            save(from.store(), &patient(&format!("p{number}"), "Lò")).await;
        }
        delete(from.store(), "Patient", "p2").await;
        let good = from.store().changes_after(0, 10).await.unwrap();
        type Damage = fn(&mut Version);
        let damages: [(&str, Damage); 12] = [
            ("a byte of the body", |v| {
                v.body = String::from_utf8_lossy(&v.body).replace("Lò", "Lý").into_bytes().into()
            }),
            ("the hash", |v| v.hash = vec![0; 32].into()),
            ("the clock", |v| v.hlc += 1 << 16),
            ("a clock beyond reason", |v| v.hlc = i64::MAX - 5),
            ("a clock before time", |v| v.hlc = -1),
            ("the type", |v| v.kind = "Nothing".into()),
            ("the id", |v| v.id = "a/b".into()),
            ("another id", |v| v.id = "other".into()),
            ("the version id", |v| v.version_id = "k 1".into()),
            ("a parent", |v| v.parents = vec!["a b".into()]),
            ("many parents", |v| v.parents = vec!["a".into(); 9]),
            ("a deletion with a body", |v| v.deleted = true),
        ];
        for (what, damage) in damages {
            let mut versions = good.clone();
            damage(&mut versions[1]);
            assert!(to.store().integrate(versions).await.is_err(), "{what}");
            assert_eq!(to.store().head_t(), 0, "{what}: nothing of the batch came in");
        }
        assert_eq!(to.store().integrate([good.clone(), good.clone()].concat()).await.unwrap(), 4);
        assert_eq!(to.store().integrate(good.clone()).await.unwrap(), 0);
        // The same version id with another parent or another content.
        let mut double = good[0].clone();
        double.parents = vec!["x-1".into()];
        assert!(to.store().integrate(vec![double.clone()]).await.is_err());
        let fresh = records();
        assert!(fresh.store().integrate(vec![good[0].clone(), double]).await.is_err());
        assert_eq!(fresh.store().head_t(), 0);
    }
}
