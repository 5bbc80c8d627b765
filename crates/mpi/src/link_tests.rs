//! Pairs and groups of Patients as rows, with the ways numbers get borrowed in real hospitals.

use super::*;
use crate::birth::Birth;
use crate::evidence::SubjectKey;
use crate::identifier::{SID, Sex, keys_of};

/// `"F 1990-01-02 Lò Thị Mai | cccd 012190001234 | ~cccd 0121… "`: sex, birth date, name, numbers; `~` is out of force.
fn subject(id: &str, text: &str) -> Subject {
    let mut parts = text.split('|').map(str::trim);
    let head: Vec<&str> = parts.next().unwrap().splitn(3, ' ').collect();
    let keys = parts.flat_map(|part| {
        let (slug, value) = part.trim_start_matches('~').split_once(' ').unwrap();
        let current = !part.starts_with('~');
        keys_of(&format!("{SID}{slug}"), value).into_iter().map(move |key| SubjectKey { key, current })
    });
    Subject {
        id: id.to_owned(),
        sex: match head[0] {
            "M" => Some(Sex::Male),
            "F" => Some(Sex::Female),
            _ => None,
        },
        birth: Birth::parse(head[1]),
        names: head
            .get(2)
            .filter(|name| !name.is_empty())
            .map(|name| (*name).to_owned())
            .into_iter()
            .collect(),
        keys: keys.collect(),
    }
}

fn group(texts: &[&str]) -> Vec<Subject> {
    texts.iter().enumerate().map(|(place, text)| subject(&format!("p{place}"), text)).collect()
}

/// `p0-p1 link`, one line each.
fn lines(decisions: &[Decision]) -> Vec<String> {
    decisions.iter().map(|one| format!("{}-{} {}", one.first, one.second, one.verdict.code())).collect()
}

fn by_person(first: &str, second: &str, verdict: Verdict) -> Standing {
    Standing { first: first.into(), second: second.into(), verdict, by_person: true }
}

fn by_machine(first: &str, second: &str, verdict: Verdict) -> Standing {
    Standing { by_person: false, ..by_person(first, second, verdict) }
}

fn decided(texts: &[&str], standing: &[Standing]) -> Vec<String> {
    lines(&decide(&group(texts), standing, &BTreeSet::new()))
}

const MAI: &str = "F 1990-01-02 Lò Thị Mai | cccd 012190001234";

#[test]
fn a_pair_links_only_when_number_sex_birth_and_name_agree() {
    let rows = [
        // The same person, with the usual dirt.
        (MAI, "F 1990-01-02 Lò Thị Mai | cccd 012190001234", "link"),
        (MAI, "F 1990-01-02 LO THI MAI | cccd 012 190 001 234", "link"),
        (MAI, "F 1990-01-02 Mai Lò Thị | cccd 12190001234", "link"),
        (MAI, "F 1990-02-01 Lò Thị Mai | cccd 012190001234", "link"),
        (MAI, "F 1990 Lo Thi Mai | cccd 012190001234", "link"),
        (MAI, "F 1990-01-01 Lò Thị Mai | cccd 012190001234", "link"),
        (MAI, "F 1990-01-02 Lò Mai | cccd 012190001234", "link"),
        (MAI, "F 1990-01-02 Lò Thị Mai | ~cccd 012190001234 | cccd 012190005555", "link"),
        ("M 1985-05-05 Sùng A Dờ | cmnd 091234567", "M 1985-05-05 Sùng A Dờ | cccd 091234567", "link"),
        (
            "M 1985-05-05 Sùng A Dờ | bhyt GD4121234560897",
            "M 1985-05-05 Sùng A Dờ | bhyt HT3121234560897",
            "link",
        ),
        ("M 1985-05-05 Sùng A Dờ | bhyt GD4121234560897", "M 1985-05-05 Sùng A Dờ | bhxh 1234560897", "link"),
        (
            "M 1985-05-05 John Smith | ho-chieu C1234567",
            "M 1985-05-05 SMITH JOHN | ho-chieu c1234567",
            "link",
        ),
        // A newborn filed under the mother's number, daughter and son.
        (MAI, "F 2024-06-01 Lò Thị Mai | cccd 012190001234", "doubt"),
        (MAI, "F 2024-06-01 Quàng Thị Ban | cccd 012190001234", "doubt"),
        (MAI, "M 2024-06-01 Quàng Văn Pản | cccd 012190001234", "doubt"),
        (MAI, "F 2024-06-01 Con bà Lò Thị Mai | cccd 012190001234", "doubt"),
        // Twins under their mother's number share everything but the given name.
        (
            "F 2024-06-01 Lò Thị Lan | cccd 012190001234",
            "F 2024-06-01 Lò Thị Liên | cccd 012190001234",
            "doubt",
        ),
        (
            "F 2024-06-01 Lò Hải Anh | cccd 012190001234",
            "F 2024-06-01 Lò Hoàng Anh | cccd 012190001234",
            "doubt",
        ),
        (
            "F 2024-06-01 CB Lò Thị Mai | cccd 012190001234",
            "F 2024-06-01 CB Lò Thị Mai | cccd 012190001234",
            "doubt",
        ),
        // Sisters share a card; a mistyped number hits a stranger.
        (MAI, "F 1990-01-15 Lò Thị Lan | cccd 012190001234", "doubt"),
        (MAI, "F 1990-01-02 Giàng Thị Dợ | cccd 012190001234", "doubt"),
        (MAI, "F 1971-08-30 Giàng Thị Dợ | cccd 012190001234", "doubt"),
        // Less sure dates need the whole name.
        (MAI, "F 1990-02-01 Lò Mai | cccd 012190001234", "doubt"),
        (MAI, "F 1990 Lò Mai | cccd 012190001234", "doubt"),
        (MAI, "F 1990 Lò Thị Lan | cccd 012190001234", "doubt"),
        (MAI, "F 1991 Lò Thị Mai | cccd 012190001234", "doubt"),
        // What is missing cannot agree.
        (MAI, "? 1990-01-02 Lò Thị Mai | cccd 012190001234", "doubt"),
        (MAI, "F ? Lò Thị Mai | cccd 012190001234", "doubt"),
        (MAI, "F 1990-01-02 | cccd 012190001234", "doubt"),
        // The insurance number agrees, but both have their own personal number.
        (
            "F 1990-01-02 Lò Thị Mai | cccd 012190001234 | bhxh 1234560897",
            "F 1990-01-02 Lò Thị Mai | cccd 012190005555 | bhxh 1234560897",
            "doubt",
        ),
        // A child under the mother's personal number at one place, under its own at the other, with its own card.
        (
            "M 2020-04-05 Lò Văn Pản | cccd 012190001234 | bhyt TE1121234560897",
            "M 2020-04-05 Lò Văn Pản | cccd 012220007777 | bhyt TE1121234560897",
            "link",
        ),
        // Nothing in common, or only what proves nothing.
        (MAI, "F 1990-01-02 Lò Thị Mai", "nothing"),
        (MAI, "F 1990-01-02 Lò Thị Mai | cccd 012190005555", "nothing"),
        (
            "F 1990-01-02 Lò Thị Mai | cccd 000000000000",
            "F 1990-01-02 Lò Thị Mai | cccd 000000000000",
            "nothing",
        ),
        ("F 1990-01-02 Lò Thị Mai | mrn/12001 77", "F 1990-01-02 Lò Thị Mai | mrn/12001 77", "nothing"),
        ("F 1990-01-02 Lò Thị Mai | cccd 0121900", "F 1990-01-02 Lò Thị Mai | cccd 0121900", "nothing"),
    ];
    for (one, other, expected) in rows {
        for (a, b) in [(one, other), (other, one)] {
            let decisions = decide(&group(&[a, b]), &[], &BTreeSet::new());
            let found = decisions.first().map_or("nothing", |decision| decision.verdict.code());
            assert_eq!(found, expected, "{a}\n{b}");
        }
    }
}

#[test]
fn every_decision_says_why_and_how_strongly() {
    let codes = |texts: &[&str]| -> (Vec<&str>, i32) {
        let found = decide(&group(texts), &[], &BTreeSet::new()).remove(0);
        (found.reasons.iter().map(|reason| reason.code()).collect(), found.weight)
    };
    let (link, strong) = codes(&[MAI, "F 1990-02-01 LO THI MAI | cccd 012190001234"]);
    assert_eq!(link, ["same-cccd", "sex-equal", "birth-swapped", "name-equal"]);
    let (doubt, weak) = codes(&[MAI, "M 2024-06-01 Quàng Văn Pản | cccd 012190001234"]);
    assert_eq!(doubt, ["same-cccd", "sex-differs", "birth-differs", "name-differs", "number-of-other"]);
    assert!(strong > 40 && weak < 0, "{strong} {weak}");
    for reason in doubt.iter().chain(&link) {
        assert!(!Reason::of_code(reason).unwrap().text().is_empty());
    }
}

#[test]
fn a_third_patient_never_joins_two_that_contradict() {
    // B has no personal number; A and C have different ones, and all three share an insurance number.
    let texts = [
        "F 1990-01-02 Lò Thị Mai | cccd 012190001234 | bhxh 1234560897",
        "F 1990-01-02 Lò Thị Mai | bhxh 1234560897",
        "F 1990-01-02 Lò Thị Mai | cccd 012190005555 | bhxh 1234560897",
    ];
    assert_eq!(decided(&texts, &[]), ["p0-p1 doubt", "p0-p2 doubt", "p1-p2 doubt"]);
    // A link that stood before the contradiction arrived is taken back.
    let stood = [by_machine("p0", "p1", Verdict::Link)];
    assert_eq!(decided(&texts, &stood), ["p0-p1 doubt", "p0-p2 doubt", "p1-p2 doubt"]);
    // A year alone fits two full dates that do not fit each other; the sure pair stays together.
    let years = [
        MAI,
        "F 1990-01-02 Lò Thị Mai | cccd 012190001234",
        "F 1990 Lò Thị Mai | cccd 012190001234",
        "F 1990-05-06 Lò Thị Mai | cccd 012190001234",
    ];
    let found = decided(&years, &[]);
    assert!(found.contains(&"p0-p1 link".to_owned()), "{found:?}");
    assert!(found.iter().skip(1).all(|line| line.ends_with("doubt")), "{found:?}");
    // A part of two names that differ.
    let parts = [
        "M 1990-01-02 Lò Mai | cccd 012090001234",
        "M 1990-01-02 Lò Thị Mai | cccd 012090001234",
        "M 1990-01-02 Lò Văn Mai | cccd 012090001234",
    ];
    assert!(decided(&parts, &[]).iter().all(|line| line.ends_with("doubt")));
}

#[test]
fn stronger_evidence_is_settled_first() {
    // By personal number 0 and 1 are one; 2 carries their insurance number but another personal number.
    let texts = [
        "F 1990-01-02 Lò Thị Mai | cccd 012190001234 | bhxh 1234560897",
        "F 1990-01-02 Lò Thị Mai | cccd 012190001234 | bhxh 1234560897",
        "F 1990-01-02 Lò Thị Mai | cccd 012190005555 | bhxh 1234560897",
    ];
    assert_eq!(decided(&texts, &[]), ["p0-p1 link", "p0-p2 doubt", "p1-p2 doubt"]);
}

#[test]
fn a_chain_is_enough_to_connect_a_person() {
    let texts = [MAI; 6];
    assert_eq!(decided(&texts, &[]).len(), 5);
    let standing: Vec<Standing> =
        (1..6).map(|at| by_machine("p0", &format!("p{at}"), Verdict::Link)).collect();
    assert_eq!(lines(&decide(&group(&texts), &standing, &BTreeSet::new())).len(), 5);
}

#[test]
fn what_a_person_decided_is_never_answered_and_always_obeyed() {
    let other_name = "F 1990-01-02 Quàng Thị Ban | cccd 012190001234";
    assert!(decided(&[MAI, other_name], &[by_person("p0", "p1", Verdict::Link)]).is_empty());
    assert!(decided(&[MAI, MAI], &[by_person("p0", "p1", Verdict::Apart)]).is_empty());
    // Kept apart from each other, a third that fits both joins neither.
    let found = decided(&[MAI, MAI, MAI], &[by_person("p0", "p1", Verdict::Apart)]);
    assert_eq!(found, ["p0-p2 doubt", "p1-p2 doubt"]);
    // A person's link counts as connection.
    let found = decided(&[MAI, MAI, MAI], &[by_person("p0", "p1", Verdict::Link)]);
    assert_eq!(found, ["p0-p2 link"]);
}

#[test]
fn a_corrected_number_withdraws_what_it_caused() {
    let texts = [MAI, "F 1990-01-02 Lò Thị Mai | cccd 012190005555"];
    for stood in [Verdict::Link, Verdict::Doubt] {
        assert_eq!(decided(&texts, &[by_machine("p0", "p1", stood)]), ["p0-p1 withdrawn"]);
    }
    assert!(decided(&texts, &[by_machine("p0", "p1", Verdict::Withdrawn)]).is_empty());
    assert!(decided(&texts, &[by_person("p0", "p1", Verdict::Link)]).is_empty());
    // And a corrected birth date turns a link into a doubt, and back.
    let born_later = "F 1991-01-02 Lò Thị Mai | cccd 012190001234";
    assert_eq!(decided(&[MAI, born_later], &[by_machine("p0", "p1", Verdict::Link)]), ["p0-p1 doubt"]);
    assert_eq!(decided(&[MAI, MAI], &[by_machine("p0", "p1", Verdict::Doubt)]), ["p0-p1 link"]);
}

#[test]
fn an_overused_number_proposes_nothing_and_changes_nothing() {
    let overused: BTreeSet<Key> = keys_of(&format!("{SID}cccd"), "012190001234").into_iter().collect();
    assert!(decide(&group(&[MAI, MAI]), &[], &overused).is_empty());
    assert!(decide(&group(&[MAI, MAI]), &[by_machine("p0", "p1", Verdict::Link)], &overused).is_empty());
    assert!(decide(&group(&vec![MAI; GROUP_MAX + 1]), &[], &BTreeSet::new()).is_empty());
}

#[test]
fn doubts_are_bounded_for_each_patient() {
    let texts: Vec<String> =
        (0..60).map(|at| format!("F {} Lò Thị Mai | cccd 012190001234", 1930 + at)).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let found = decide(&group(&texts), &[], &BTreeSet::new());
    let of = |id: &str| found.iter().filter(|one| one.first == id || one.second == id).count();
    assert!((0..60).all(|at| of(&format!("p{at}")) <= DOUBTS_MAX));
    assert!(!found.is_empty());
}

#[test]
fn order_of_arrival_does_not_matter() {
    let texts = [
        "F 1990-01-02 Lò Thị Mai | cccd 012190001234 | bhxh 1234560897",
        "F 1990-01-02 LO THI MAI | bhxh 1234560897",
        "F 1990 Lò Thị Mai | cccd 012190001234",
        "F 1990-05-06 Lò Thị Mai | cccd 012190001234 | cmnd 091234567",
        "F 1990-02-01 Lò Thị Mai | cmnd 091234567",
        "M 2024-06-01 Quàng Văn Pản | cccd 012190001234",
        "F 1990-01-02 Lò Mai | bhxh 1234560897",
    ];
    let subjects = group(&texts);
    let expected = lines(&decide(&subjects, &[], &BTreeSet::new()));
    let mut shuffled = subjects.clone();
    for turn in 0..50 {
        shuffled.rotate_left(turn % 7);
        shuffled.swap(turn % 5, (turn * 3) % 7);
        assert_eq!(lines(&decide(&shuffled, &[], &BTreeSet::new())), expected);
    }
}

#[test]
fn deciding_again_changes_nothing() {
    let texts =
        [MAI, "F 1990 Lo Thi Mai | cccd 012190001234", "F 1990-05-06 Lò Thị Mai | cccd 012190001234", MAI];
    let first = decide(&group(&texts), &[], &BTreeSet::new());
    let standing: Vec<Standing> =
        first.iter().map(|one| by_machine(&one.first, &one.second, one.verdict)).collect();
    assert_eq!(decide(&group(&texts), &standing, &BTreeSet::new()), first);
}
