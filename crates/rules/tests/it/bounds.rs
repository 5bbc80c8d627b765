//! Nothing that content says or a record holds makes it unbounded, and one rule that breaks hides no other.

use yba_content::{Content, Day};
use yba_fhir::json::{Value, json};
use yba_rules::{Case, Found, Library, Moment, Verdict, limits};

const CASES: &str = "[[case]]\ntitle = \"x\"\non = 2026-03-02\nfires = false\n";

/// Rules of a folder: slug, severity, and what follows the words.
fn library(rules: &[(&str, &str, &str)]) -> Result<Library, Vec<String>> {
    let dir = tempfile::tempdir().unwrap();
    for (slug, severity, more) in rules {
        let folder = dir.path().join(format!("rules/{slug}/examples"));
        std::fs::create_dir_all(&folder).unwrap();
        let text = format!(
            "title = \"{slug}\"\nbasis = [\"yba\"]\nsure = \"recalled\"\nseverity = \"{severity}\"\nat = [\"order\"]\n{more}\n"
        );
        std::fs::write(folder.join("../2026-01-01.toml"), text).unwrap();
        std::fs::write(folder.join("cases.toml"), CASES).unwrap();
    }
    let content = Content::with_folder(dir.path())
        .map_err(|wrong| wrong.iter().map(ToString::to_string).collect::<Vec<_>>())?;
    Library::load(&content).map_err(|wrong| wrong.iter().map(ToString::to_string).collect())
}

const WORDS: &str = "message = \"{{%entered.count()}}\"\nsuggest = \"x\"\n";

fn ask(library: &Library, entered: &[Value], found: &Found) -> Verdict {
    let patient = json!({"resourceType": "Patient", "id": "p"});
    let now_ms = Day::parse("2026-03-02").unwrap().start_ms();
    library.judge(&Case { moment: Moment::Order, now_ms, patient: &patient, entered, beside: &[] }, found)
}

fn own(verdict: &Verdict) -> Vec<String> {
    verdict.cards.iter().filter(|card| card.rule.starts_with("z-")).map(|card| card.rule.clone()).collect()
}

#[test]
fn a_rule_that_breaks_hides_no_other_and_is_told() {
    let library = library(&[
        ("z-broken", "stop", &format!("when = \"%entered.id.toInteger() + 1 = 'x'.toInteger() or %entered.id.single() = 'a'\"\n{WORDS}")),
        ("z-many", "warn", &format!("when = \"%entered.id\"\n{WORDS}")),
        ("z-warn", "warn", &format!("when = \"true\"\n{WORDS}")),
        ("z-stop", "stop", &format!("when = \"true\"\n{WORDS}")),
        ("z-empty", "stop", &format!("when = \"%patient.birthDate > @2020-01-01\"\n{WORDS}")),
    ])
    .unwrap();
    let entered = [json!({"resourceType": "Basic", "id": "a"}), json!({"resourceType": "Basic", "id": "b"})];
    let verdict = ask(&library, &entered, &Found::default());
    assert_eq!(own(&verdict), ["z-stop", "z-warn"], "the gravest first");
    let broken: Vec<&str> = verdict.faults.iter().map(|fault| fault.rule.as_str()).collect();
    assert_eq!(broken, ["z-broken", "z-many"]);
    assert!(verdict.faults[1].text.contains("2 results"), "{:?}", verdict.faults);
}

#[test]
fn a_rule_that_never_ends_takes_its_own_steps_alone() {
    let slow = "%entered.where(%entered.where(%entered.where(%entered.where(id = 'x').exists()).exists()).exists()).exists()";
    let library = library(&[
        ("z-slow", "stop", &format!("when = \"{slow}\"\n{WORDS}")),
        ("z-stop", "stop", &format!("when = \"true\"\n{WORDS}")),
    ])
    .unwrap();
    let entered: Vec<Value> =
        (0..100).map(|at| json!({"resourceType": "Basic", "id": format!("b{at}").as_str()})).collect();
    let verdict = ask(&library, &entered, &Found::default());
    assert_eq!(own(&verdict), ["z-stop"]);
    assert_eq!(verdict.faults.iter().map(|one| one.rule.as_str()).collect::<Vec<_>>(), ["z-slow"]);
}

#[test]
fn cards_records_and_words_have_bounds() {
    let each = "each = \"%entered.ofType(Basic)\"\nmessage = \"{{id}}\"\nsuggest = \"x\"\n";
    let long = "message = \"{{%entered.id.join('xxxxxxxxxxxxxxxxxxxxxxxxx')}}\"\nsuggest = \"x\"\n";
    let list = "[[record]]\nname = \"list\"\nsearch = \"Condition?_count=200\"\n";
    let mut rules: Vec<(String, String)> =
        (0..8).map(|at| (format!("z-each{at}"), format!("when = \"true\"\n{each}"))).collect();
    rules.push(("z-a-long".into(), format!("when = \"true\"\n{long}")));
    rules.push(("z-a-list".into(), format!("when = \"%list.count() = 200\"\n{WORDS}{list}")));
    let rules: Vec<(&str, &str, &str)> =
        rules.iter().map(|(slug, more)| (slug.as_str(), "info", more.as_str())).collect();
    let library = library(&rules).unwrap();
    let entered: Vec<Value> =
        (0..60).map(|at| json!({"resourceType": "Basic", "id": format!("b{at}").as_str()})).collect();
    let mut found = Found::default();
    found.answer("Condition?_count=200", vec![json!({"resourceType": "Condition"}); 500]);
    let verdict = ask(&library, &entered, &found);
    assert_eq!(verdict.cards.len(), limits::CARDS_MAX);
    let of = |slug: &str| verdict.cards.iter().filter(|card| card.rule == slug).count();
    let keys: std::collections::BTreeSet<String> = verdict.cards.iter().map(yba_rules::Card::key).collect();
    assert_eq!(keys.len(), verdict.cards.len(), "a reason for one card is none for another");
    assert_eq!((of("z-each0"), of("z-a-list"), of("z-a-long")), (limits::CARDS_OF_RULE_MAX, 1, 1));
    let long = verdict.cards.iter().find(|card| card.rule == "z-a-long").unwrap();
    assert_eq!(long.message.chars().count(), limits::MESSAGE_MAX);
    assert!(verdict.cut.contains("Condition"), "what was left out is told");
}

#[test]
fn what_a_rule_gets_wrong_is_told_with_its_line_before_it_is_asked() {
    let told = library(&[(
        "z-wrong",
        "stop",
        "each = \"%allergies\"\nwhen = \"%patient.brithDate.exists()\"\nmessage = \"{{%unknown}}\"\nsuggest = \"{{\"\n\
         [[record]]\nname = \"allergies\"\nsearch = \"AllergyIntolerance?colour=red&_count=201\"\n\
         [[record]]\nname = \"people\"\nsearch = \"Organization\"\n[[variable]]\nname = \"today\"\nexpression = \"1\"\n",
    )])
    .unwrap_err();
    for words in [
        "2026-01-01.toml:6: ",
        "allergies",
        "2026-01-01.toml:7: ",
        "brithDate",
        "unknown",
        "{{ chưa đóng",
        "colour=red",
        "_count=201",
        "không tìm Organization theo người bệnh được",
        "tên today đã có nghĩa riêng",
    ] {
        assert!(told.iter().any(|one| one.contains(words)), "{words} in {told:#?}");
    }
}
