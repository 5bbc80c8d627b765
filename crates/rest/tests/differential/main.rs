//! Searches by chance over invented records: SQLite, PostgreSQL and a simple reference in memory say the same.
//!
//! Asked through the router, from the text of the parameters to the Bundle. `YBA_TEST_SEED` plays a run again,
//! `YBA_TEST_DEEP=1` asks 50,000 searches. A difference is told with the smallest search that still shows it.
//!
//! That the tests can fail was tried by hand: with `gt` of dates meaning `ge`, with a page that begins with the last record
//! of the one before, and with `:not` read as nothing, they fail.
//!
//! Start reading at [`reference`] (what is right), then [`data`] and [`random`] (what is asked).

#![allow(clippy::unwrap_used)] // a test fails by panicking

mod chance;
mod codes;
mod data;
#[path = "../it/house.rs"]
#[allow(dead_code)] // the other tests ask in more ways
mod house;
mod policy;
mod query;
mod random;
mod reference;
mod values;

use chance::Chance;
use data::KINDS;
use house::House;
use policy::{Policy, Ties};
use query::{Search, Test};
use random::Vocabulary;
use reference::Reference;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use yba_content::Content;
use yba_fhir::Day;
use yba_records::Gate;
use yba_records::gate::{Attempt, NewAccount, Origin};
use yba_store::{Kin, Statement};
use yba_testkit::MORNING_MS;

/// Searches of a usual run.
const SEARCHES: usize = 3000;
const SEARCHES_DEEP: usize = 50_000;
/// Differences told before a run ends.
const TOLD_MAX: usize = 12;
/// Refusals that are allowed: what the server says it does not do.
const NOT_DONE: [&str; 2] = ["search-modifier", "search-unsupported"];

/// The same records in each place.
struct World {
    reference: Reference,
    houses: Vec<House>,
}

/// What a server says to a search.
#[derive(Debug, Default, PartialEq, Eq)]
struct Answer {
    /// In the order of the pages.
    ids: Vec<String>,
    included: BTreeSet<String>,
    total: Option<u64>,
}

#[tokio::test]
async fn random_searches_give_the_same_answers_on_both_engines_and_on_the_reference() {
    let (seed, deep) = (seed(), is_deep());
    eprintln!("YBA_TEST_SEED={seed}");
    let mut chance = Chance::new(seed);
    let mut world = World::open();
    world.fill(&mut chance).await;
    let vocabulary = Vocabulary::new(&world.reference);
    let (mut told, mut refused, mut hits) = (Vec::new(), BTreeMap::<String, usize>::new(), 0);
    let searches = if deep { SEARCHES_DEEP } else { SEARCHES };
    for _ in 0..searches {
        let search = vocabulary.search(&world.reference, &mut chance);
        match world.difference(&search).await {
            Told::Same(found) => hits += usize::from(found > 0),
            Told::NotDone(why) => *refused.entry(why).or_default() += 1,
            Told::Differs(_) => {
                let small = world.smallest(search).await;
                if let Told::Differs(text) = world.difference(&small).await {
                    eprintln!("{text}\n");
                    told.push(small.address());
                }
            }
        }
        if told.len() >= TOLD_MAX {
            break;
        }
    }
    eprintln!("{searches} searches, {hits} found something; not done by the server: {refused:?}");
    assert!(told.is_empty(), "YBA_TEST_SEED={seed}:\n  {}", told.join("\n  "));
    assert!(hits * 4 > searches, "too few searches find anything: {hits}");
    assert!(refused.values().sum::<usize>() * 5 < searches, "too many are refused");
}

/// DESIGN 9: all pages of a search show the moment of the first, whatever is written while somebody turns them.
#[tokio::test]
async fn random_walks_over_pages_show_one_moment_while_records_change() {
    let mut chance = Chance::new(seed() + 1);
    let mut world = World::open();
    world.fill(&mut chance).await;
    let vocabulary = Vocabulary::new(&world.reference);
    let (mut walks, mut pages) = (0, 0);
    while walks < if is_deep() { 2000 } else { 150 } {
        let mut search = vocabulary.search(&world.reference, &mut chance);
        search.count = Some(1 + chance.below(12));
        let before = world.reference.clone();
        let wanted = before.answer(&search);
        let mut answers: Vec<Answer> = world.houses.iter().map(|_| Answer::default()).collect();
        let mut next = vec![Some(search.first_page()); world.houses.len()];
        while next.iter().any(Option::is_some) {
            for (house, (answer, next)) in world.houses.iter().zip(answers.iter_mut().zip(&mut next)) {
                let Some(address) = next.take() else { continue };
                match page(house, &search, &address, false, answer).await {
                    Ok(more) => *next = more,
                    Err(key) => assert!(NOT_DONE.contains(&&*key), "{address}: {key}"),
                }
            }
            pages += 1;
            world.change_a_few(search.kind, &wanted, &mut chance).await;
        }
        // What was refused has no total.
        let Some(total) = answers[0].total else { continue };
        walks += 1;
        for answer in &answers {
            let found: BTreeSet<String> = answer.ids.iter().cloned().collect();
            let is_right =
                found == wanted && answer.ids.len() == wanted.len() && total == wanted.len() as u64;
            let (seed, address) = (seed(), search.first_page());
            assert!(is_right && is_sorted(&before, &search, &answer.ids), "YBA_TEST_SEED={seed}: {address}");
            assert_eq!(answer.ids, answers[0].ids, "YBA_TEST_SEED={seed}: {address}");
        }
    }
    eprintln!("{walks} walks over {pages} pages");
}

/// Callers with roles, places, patients and consents by chance see what a small model says that they see: neither bodies nor
/// numbers nor order tell of more. They have accounts and sign in, and their roles are content.
#[tokio::test]
async fn callers_by_chance_see_what_a_small_model_says() {
    let mut chance = Chance::new(seed() + 2);
    let mut world = World::open();
    world.fill(&mut chance).await;
    let (consents, persons) = world.relate(&mut chance).await;
    let vocabulary = Vocabulary::new(&world.reference);
    let all = world.reference.clone();
    let today = "2026-03-12";
    let alone: BTreeMap<String, String> = BTreeMap::new();
    let without_consents = Ties::of(&all, Vec::new(), persons.clone(), today);
    let without_kin = Ties::of(&all, consents.clone(), alone, today);
    let ties = Ties::of(&all, consents, persons, today);
    let (mut by_consents, mut by_kin) = (0, 0);
    let (callers, searches) = if is_deep() { (150, 200) } else { (14, 40) };
    let (mut told, mut hits, mut seen) = (Vec::new(), 0, 0);
    for number in 0..callers {
        let policy = world.enter(number, &ties, &mut chance).await;
        world.reference = all.only(|kind, id| ties.sees(&policy, kind, id));
        for (kind, id) in KINDS.iter().flat_map(|kind| all.ids(kind).into_iter().map(move |id| (*kind, id))) {
            let sees = ties.sees(&policy, kind, &id);
            by_consents += usize::from(sees != without_consents.sees(&policy, kind, &id));
            by_kin += usize::from(sees != without_kin.sees(&policy, kind, &id));
        }
        seen += KINDS.iter().map(|kind| world.reference.ids(kind).len()).sum::<usize>();
        for kind in KINDS {
            for id in all.ids(kind) {
                let wanted = if world.reference.ids(kind).contains(&id) { 200 } else { 404 };
                for house in &world.houses {
                    let path = format!("/fhir/{kind}/{id}");
                    assert_eq!(
                        house.get(&path).await.status,
                        wanted,
                        "{seed}: {path} {policy:#?}",
                        seed = seed()
                    );
                }
            }
        }
        for _ in 0..searches {
            let search = vocabulary.search(&all, &mut chance);
            match world.difference(&search).await {
                Told::Same(found) => hits += usize::from(found > 0),
                Told::NotDone(_) => {}
                Told::Differs(_) => {
                    let small = world.smallest(search).await;
                    if let Told::Differs(text) = world.difference(&small).await {
                        eprintln!("{text}\n  {policy:?}\n");
                        told.push(small.address());
                    }
                }
            }
        }
        if told.len() >= TOLD_MAX {
            break;
        }
    }
    let records = callers * KINDS.iter().map(|kind| all.ids(kind).len()).sum::<usize>();
    eprintln!(
        "{callers} callers, {seen} of {records} records seen ({by_consents} otherwise by consents, {by_kin} by kin), \
         {hits} searches found something"
    );
    assert!(by_consents > 20 && by_kin > 20, "consents and kin hardly matter: {by_consents}, {by_kin}");
    assert!(told.is_empty(), "YBA_TEST_SEED={}:\n  {}", seed(), told.join("\n  "));
    assert!(seen * 10 > records && seen * 10 < 9 * records, "the callers see all or nothing");
    assert!(hits * 8 > callers * searches, "too few searches find anything: {hits}");
}

fn seed() -> u64 {
    std::env::var("YBA_TEST_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(20_260_302)
}

fn is_deep() -> bool {
    std::env::var("YBA_TEST_DEEP").is_ok_and(|value| value == "1")
}

enum Told {
    /// How many records all three found.
    Same(usize),
    NotDone(String),
    Differs(String),
}

impl World {
    fn open() -> World {
        let houses = yba_testkit::engines().into_iter().map(House::open).collect();
        World { reference: Reference::default(), houses }
    }

    /// Writes records of every type, then changes and deletes some: what was true before must not be found.
    async fn fill(&mut self, chance: &mut Chance) {
        self.advance(0);
        let (tree, sets) = codes::fixed();
        for house in &self.houses {
            assert_eq!(house.ask("PUT", "/fhir/CodeSystem/cay", &[], tree.to_string()).await.status, 201);
        }
        self.write("ValueSet", sets).await;
        for kind in KINDS {
            let records: Vec<Value> = data::ids(kind).map(|id| data::record(kind, &id, chance)).collect();
            self.write(kind, records).await;
            self.advance(40_000 + 500 * chance.below(100) as i64);
        }
        for kind in KINDS {
            let changed: Vec<String> = data::ids(kind).filter(|_| chance.happens(25)).collect();
            let records = changed.iter().map(|id| data::record(kind, id, chance)).collect();
            self.write(kind, records).await;
            self.advance(86_400_000 / 4);
        }
        for kind in KINDS {
            for id in data::ids(kind).filter(|_| chance.happens(5)).collect::<Vec<_>>() {
                self.reference.delete(kind, &id);
                for house in &self.houses {
                    assert_eq!(house.delete(&format!("/fhir/{kind}/{id}")).await.status, 204);
                }
            }
        }
    }

    /// Writes consents, and says which Patients are one person; answers both.
    async fn relate(&mut self, chance: &mut Chance) -> (Vec<Value>, BTreeMap<String, String>) {
        let ties = Ties::of(&self.reference, Vec::new(), BTreeMap::new(), "");
        let consents: Vec<Value> = (0..40).map(|number| policy::consent(number, &ties, chance)).collect();
        let patients: Vec<String> = data::ids("Patient").collect();
        let persons: BTreeMap<String, String> = patients
            .iter()
            .map(|one| (one.clone(), patients[chance.below(patients.len())].clone()))
            .collect();
        let kin = Kin { table: "kin", patient: "patient", person: "person", follower: "kin" };
        for house in &self.houses {
            for consent in &consents {
                let path = format!("/fhir/Consent/{}", consent["id"].as_str().unwrap());
                let said = house.ask("PUT", &path, &[], consent.to_string()).await;
                assert_eq!(said.status, 201, "{said:?}");
            }
            let store = house.kit.store();
            let table =
                "CREATE TABLE IF NOT EXISTS kin (patient TEXT NOT NULL PRIMARY KEY, person TEXT NOT NULL)";
            store.migrate(&[table]).await.unwrap();
            let row = |(patient, person): (&String, &String)| Statement {
                sql: "INSERT INTO kin (patient, person) VALUES (?1, ?2)".to_owned(),
                params: vec![patient.as_str().into(), person.as_str().into()],
            };
            store.keep(persons.iter().map(row).collect()).await.unwrap();
            store.know_kin(kin);
        }
        (consents, persons)
    }

    /// Somebody new comes in to each house and asks from now on.
    async fn enter(&mut self, number: usize, ties: &Ties, chance: &mut Chance) -> Policy {
        let day = Day::of_instant(self.houses[0].kit.now_ms());
        let policy = Policy::random(number, day, ties, chance);
        let folder = tempfile::tempdir().unwrap();
        for (path, text) in policy.files() {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let content = Arc::new(Content::with_folder(folder.path()).unwrap());
        let (login, password) = (format!("thu.{number}"), "mot cau dai de nho");
        for house in &mut self.houses {
            let gate = Gate::open(house.kit.records.clone(), content.clone(), &[7; 32]).await.unwrap();
            let typed = NewAccount {
                login: login.clone(),
                name: "Thử".to_owned(),
                roles: policy.grants.clone(),
                patients: policy.own.clone(),
                ..NewAccount::default()
            };
            let (_, link) = gate.create(&house.kit.ctx(), &typed).await.unwrap();
            let origin = Origin { address: format!("10.0.0.{number}"), request_id: String::new() };
            gate.set_password_by_link(&link.0, password, None, &origin).await.unwrap();
            let attempt =
                Attempt { login: login.clone(), password: password.to_owned(), device: None, origin };
            let came = gate.sign_in(attempt).await.unwrap();
            house.ask_as(gate, &came.session.0);
        }
        policy
    }

    fn advance(&mut self, ms: i64) {
        self.houses.iter().for_each(|house| house.kit.advance_ms(ms));
        let passed = self.houses.first().map_or(0, |house| house.kit.now_ms() - MORNING_MS);
        self.reference.at(MORNING_MS + passed);
    }

    async fn write(&mut self, kind: &'static str, records: Vec<Value>) {
        let entry = |tree: &Value| {
            let url = format!("{kind}/{}", tree["id"].as_str().unwrap());
            json!({"resource": tree, "request": {"method": "PUT", "url": url}})
        };
        let entries: Vec<Value> = records.iter().map(entry).collect();
        let bundle = json!({"resourceType": "Bundle", "type": "transaction", "entry": entries}).to_string();
        for house in &self.houses {
            let said = house.ask("POST", "/fhir", &[], bundle.clone()).await;
            assert_eq!(said.status, 200, "{kind}: {said:?}");
        }
        records.into_iter().for_each(|tree| self.reference.put(kind, tree));
    }

    /// Changes, makes anew and deletes a few records, most of them some that a search found.
    async fn change_a_few(&mut self, kind: &'static str, found: &BTreeSet<String>, chance: &mut Chance) {
        let is_fixed = |id: &str| codes::SETS.iter().any(|set| set.id == id);
        let found: Vec<&String> = found.iter().filter(|id| !is_fixed(id)).collect();
        for _ in 0..chance.below(4) {
            let kind = if chance.happens(80) { kind } else { chance.word(&KINDS) };
            let ids: Vec<String> = data::ids(kind).collect();
            let id = match chance.happens(60) && !found.is_empty() {
                true => (*chance.pick(&found)).clone(),
                false => chance.pick(&ids).clone(),
            };
            if chance.happens(30) && self.reference.ids(kind).contains(&id) {
                self.reference.delete(kind, &id);
                for house in &self.houses {
                    assert_eq!(house.delete(&format!("/fhir/{kind}/{id}")).await.status, 204);
                }
            } else {
                self.write(kind, vec![data::record(kind, &id, chance)]).await;
            }
        }
        self.advance(700);
    }

    async fn difference(&self, search: &Search) -> Told {
        let wanted = self.reference.answer(search);
        let mut answers = Vec::new();
        for house in &self.houses {
            match ask(house, search).await {
                Ok(answer) => answers.push(answer),
                Err(key) if NOT_DONE.contains(&&*key) => return Told::NotDone(reason(search, &key)),
                Err(refusal) => return Told::Differs(format!("{}\n  refused: {refusal}", search.address())),
            }
        }
        let right = answers.iter().all(|answer| self.is_right(search, &wanted, answer));
        if right && answers.windows(2).all(|two| two[0] == two[1]) {
            return Told::Same(wanted.len());
        }
        let included = self.reference.included(search, &wanted);
        let mut text = format!(
            "{}\n  reference: {} records, {} included",
            search.address(),
            wanted.len(),
            included.len()
        );
        for (engine, answer) in ["SQLite", "PostgreSQL"].iter().zip(&answers) {
            let (found, total) = (answer.ids.iter().cloned().collect::<BTreeSet<_>>(), answer.total);
            text += &format!(
                "\n  {engine}: {} records, total {total:?}, {} included",
                answer.ids.len(),
                answer.included.len()
            );
            for (word, ids) in
                [("too many", found.difference(&wanted)), ("missing", wanted.difference(&found))]
            {
                for id in ids.take(2) {
                    text += &format!("\n    {word}: {:.400}", self.shown(search, id));
                }
            }
            for one in answer.included.symmetric_difference(&included).take(2) {
                text += &format!("\n    included by one only: {one}");
            }
            if let Some(two) = answer.ids.windows(2).find(|two| !is_sorted(&self.reference, search, two)) {
                for (key, down) in search.sort.iter().filter(|_| found == wanted) {
                    let keys = [0, 1].map(|at| self.reference.sort_key(search.kind, &two[at], key, *down));
                    text += &format!(
                        "\n    wrong order by {key}: {} {:?}, {} {:?}",
                        two[0], keys[0], two[1], keys[1]
                    );
                }
            }
        }
        if answers.windows(2).any(|two| two[0] != two[1]) {
            text += "\n  the engines differ";
        }
        Told::Differs(text)
    }

    /// What a record has to do with a search.
    fn shown(&self, search: &Search, id: &str) -> String {
        let at = self.reference.ids(search.kind).iter().position(|one| one == id);
        let mut text = id.to_owned();
        for clause in &search.clauses {
            let Some(at) = at else { continue };
            let param = match clause.path.first() {
                Some(query::Step::Along { param, .. }) => param,
                Some(query::Step::Back { .. }) => continue,
                None => &clause.param,
            };
            let values: Vec<String> = self.reference.values(search.kind, param)[at]
                .iter()
                .map(|one| format!("{} {}", one.kind, one.value))
                .collect();
            text += &format!("; {param} = {}", values.join(" / "));
        }
        text
    }

    fn is_right(&self, search: &Search, wanted: &BTreeSet<String>, answer: &Answer) -> bool {
        let found: BTreeSet<String> = answer.ids.iter().cloned().collect();
        found == *wanted
            && answer.ids.len() == wanted.len()
            && answer.total == Some(wanted.len() as u64)
            && answer.included == self.reference.included(search, wanted)
            && is_sorted(&self.reference, search, &answer.ids)
    }

    /// The smallest search that still differs: without clauses, values, steps, order, pages.
    async fn smallest(&self, mut search: Search) -> Search {
        loop {
            let mut smaller = None;
            for one in parts(&search) {
                if matches!(self.difference(&one).await, Told::Differs(_)) {
                    smaller = Some(one);
                    break;
                }
            }
            match smaller {
                Some(one) => search = one,
                None => return search,
            }
        }
    }
}

/// Whether neighbours stand in the order asked for: by the first key in which they differ; who has none comes last.
fn is_sorted(reference: &Reference, search: &Search, ids: &[String]) -> bool {
    let key = |id: &str, sort: &(String, bool)| reference.sort_key(search.kind, id, &sort.0, sort.1);
    ids.windows(2).all(|two| {
        let differ = search.sort.iter().map(|sort| (key(&two[0], sort), key(&two[1], sort), sort.1));
        let first = differ.into_iter().find(|(one, other, _)| one != other);
        first.is_none_or(|(one, other, down)| match (one, other) {
            (Some(one), Some(other)) => (one < other) != down,
            (one, _) => one.is_some(),
        })
    })
}

/// All searches with one thing less.
fn parts(search: &Search) -> Vec<Search> {
    let mut all = Vec::new();
    let with = |all: &mut Vec<Search>, change: &dyn Fn(&mut Search)| {
        let mut one = search.clone();
        change(&mut one);
        all.push(one);
    };
    for at in 0..search.clauses.len() {
        with(&mut all, &|one| drop(one.clauses.remove(at)));
    }
    for at in 0..search.sort.len() {
        with(&mut all, &|one| drop(one.sort.remove(at)));
    }
    for at in 0..search.includes.len() {
        with(&mut all, &|one| drop(one.includes.remove(at)));
    }
    if search.count.is_some() {
        with(&mut all, &|one| one.count = None);
    }
    for (at, clause) in search.clauses.iter().enumerate() {
        let Test::Any(_, values) = &clause.test else { continue };
        for value in 0..if values.len() > 1 { values.len() } else { 0 } {
            with(&mut all, &|one| {
                if let Test::Any(_, values) = &mut one.clauses[at].test {
                    values.remove(value);
                }
            });
        }
        // A chain's end on its own, where it is about a type of ours.
        let of_step = |step: &query::Step| match step {
            query::Step::Along { kind, .. } | query::Step::Back { kind, .. } => *kind,
        };
        if let Some(first) = clause.path.first() {
            let mut alone = clause.clone();
            alone.path.remove(0);
            let kind = of_step(first);
            all.push(Search { kind, clauses: vec![alone], sort: vec![], count: None, includes: vec![] });
        }
    }
    all
}

fn reason(search: &Search, key: &str) -> String {
    let modifiers: Vec<String> = search
        .clauses
        .iter()
        .filter_map(|clause| match &clause.test {
            Test::Any(modifier, _) if *modifier != query::Modifier::None => Some(format!("{modifier:?}")),
            _ => None,
        })
        .collect();
    format!("{key} {}", modifiers.join(" "))
}

/// Asks a house, following the pages to the end. An `Err` is the key of the refusal, or what was wrong.
async fn ask(house: &House, search: &Search) -> Result<Answer, String> {
    let (mut answer, mut next) = (Answer::default(), Some(search.first_page()));
    let by_form = search.first_page().len().is_multiple_of(7);
    while let Some(address) = next {
        next = page(house, search, &address, by_form, &mut answer).await?;
        assert!(answer.ids.len() < 10_000, "{address}: pages without end");
    }
    if answer.ids.len().is_multiple_of(5) {
        let said = house.get(&format!("{}&_summary=count", search.first_page())).await;
        let tree: Value = serde_json::from_slice(&said.body).unwrap();
        if tree["total"].as_u64() != answer.total || tree.get("entry").is_some() {
            return Err(format!("_summary=count: {said:?}"));
        }
    }
    // What a page includes may be a match of another page.
    let matches: BTreeSet<String> = answer.ids.iter().map(|id| format!("{}/{id}", search.kind)).collect();
    answer.included.retain(|one| !matches.contains(one));
    Ok(answer)
}

/// Asks for one page, and answers the address of the next.
async fn page(
    house: &House,
    search: &Search,
    address: &str,
    by_form: bool,
    answer: &mut Answer,
) -> Result<Option<String>, String> {
    let said = match address.split_once('?') {
        Some((path, query)) if by_form => {
            let form = [("content-type", "application/x-www-form-urlencoded")];
            house.ask("POST", &format!("{path}/_search"), &form, query.to_owned()).await
        }
        _ => house.get(address).await,
    };
    if said.status != 200 {
        let key = said.key();
        return Err(if NOT_DONE.contains(&&*key) { key } else { format!("{said:?}") });
    }
    let tree: Value = serde_json::from_slice(&said.body).unwrap();
    answer.total = answer.total.or(tree["total"].as_u64());
    let mut on_page = 0;
    for entry in tree["entry"].as_array().into_iter().flatten() {
        let text = |member: &str| entry["resource"][member].as_str().unwrap().to_owned();
        match entry["search"]["mode"].as_str() {
            Some("match") => {
                assert_eq!(text("resourceType"), search.kind, "{address}");
                answer.ids.push(text("id"));
                on_page += 1;
            }
            _ => {
                answer.included.insert(format!("{}/{}", text("resourceType"), text("id")));
            }
        }
    }
    assert!(on_page <= search.page_size(), "{address}: {on_page} on a page");
    Ok(said.link("next"))
}
