//! Searches by chance: a value is drawn from the records, so that searches find something, and often changed a little,
//! so that they sometimes do not.

use crate::chance::Chance;
use crate::codes::{SETS, TREE_SYSTEM};
use crate::data::{BASE, CODES, KINDS, WORDS};
use crate::query::{Clause, Include, Modifier, Search, Step, Test, Wanted};
use crate::reference::{Found, Reference, local, local_of, part_types, strings, tokens};
use crate::values::PREFIXES;
use serde_json::Value;
use std::collections::BTreeMap;
use yba_fhir::defs::{SearchType, r4};

/// What may be searched by, type by type.
pub struct Vocabulary {
    parameters: BTreeMap<&'static str, Vec<(&'static str, SearchType)>>,
    /// (type, parameter, type it points at) for all pointers among our types.
    pointers: Vec<(&'static str, &'static str, &'static str)>,
}

/// Parameters whose values are no values of the record, and slips in R4's own definitions.
const LEFT_OUT: [&str; 6] = ["_content", "_text", "_query", "code-value-date", "_list", "_has"];

impl Vocabulary {
    pub fn new(reference: &Reference) -> Vocabulary {
        let (mut parameters, mut pointers) = (BTreeMap::new(), Vec::new());
        for kind in KINDS {
            let own = r4().search_parameters(kind).chain(r4().search_parameters("Resource"));
            let own: Vec<(&str, SearchType)> = own
                .filter(|one| !LEFT_OUT.contains(&&*one.code) && one.search_type != SearchType::Special)
                .map(|one| (one.code.as_str(), one.search_type))
                .collect();
            for (code, _) in own.iter().filter(|one| one.1 == SearchType::Reference) {
                let values = reference.values(kind, code);
                for target in KINDS {
                    if values.iter().flatten().filter_map(local).any(|(kind, _)| kind == target) {
                        pointers.push((kind, *code, target));
                    }
                }
            }
            parameters.insert(kind, own);
        }
        Vocabulary { parameters, pointers }
    }

    /// A search.
    pub fn search(&self, reference: &Reference, chance: &mut Chance) -> Search {
        let kind = chance.word(&KINDS);
        let count = *chance.pick(&[1, 1, 1, 1, 2, 2, 3, 0]);
        let clauses = (0..count).map(|_| self.clause(kind, reference, chance)).collect();
        let mut search = Search { kind, clauses, sort: Vec::new(), count: None, includes: Vec::new() };
        if chance.happens(30) {
            for _ in 0..1 + chance.below(3) {
                let (code, search_type) = *chance.pick(&self.parameters[kind]);
                let known = search.sort.iter().any(|(key, _)| key == code);
                if search_type != SearchType::Composite && !known {
                    search.sort.push((code.to_owned(), chance.happens(50)));
                }
            }
        }
        if chance.happens(25) {
            search.count = Some(1 + chance.below(20));
        }
        if chance.happens(15) {
            self.include(&mut search, chance);
        }
        search
    }

    /// Adds up to three includes, each from what the ones before may bring along; the first may iterate too.
    fn include(&self, search: &mut Search, chance: &mut Chance) {
        let mut here = search.kind;
        for step in 0..1 + chance.below(3) {
            let reverse = chance.happens(50);
            let fits = |one: &&(&str, &str, &str)| if reverse { one.2 == here } else { one.0 == here };
            let all: Vec<_> = self.pointers.iter().filter(fits).collect();
            if all.is_empty() {
                return;
            }
            let (kind, param, to) = **chance.pick(&all);
            let target = chance.happens(30).then_some(to);
            let iterate = here != search.kind || chance.happens(30) || step > 0 && chance.happens(50);
            search.includes.push(Include { reverse, iterate, kind, param: param.to_owned(), target });
            here = if reverse { kind } else { to };
        }
    }

    fn clause(&self, kind: &'static str, reference: &Reference, chance: &mut Chance) -> Clause {
        let (mut path, mut here) = (Vec::new(), kind);
        while path.len() < 3 && chance.happens(18) {
            let back = chance.happens(45);
            let fits = |one: &&(&str, &str, &str)| if back { one.2 == here } else { one.0 == here };
            let all: Vec<_> = self.pointers.iter().filter(fits).collect();
            if all.is_empty() {
                break;
            }
            let (from, param, target) = **chance.pick(&all);
            let one_target = r4().search_parameter(from, param).is_some_and(|one| one.targets.len() == 1);
            path.push(if back {
                Step::Back { param: param.to_owned(), kind: from }
            } else {
                Step::Along {
                    param: param.to_owned(),
                    kind: target,
                    named: !one_target || chance.happens(20),
                }
            });
            here = if back { from } else { target };
        }
        let (code, search_type) = *chance.pick(&self.parameters[here]);
        let test = if search_type != SearchType::Composite && chance.happens(6) {
            Test::Missing(chance.happens(50))
        } else {
            test(here, code, search_type, reference, chance)
        };
        Clause { path, param: code.to_owned(), test }
    }
}

fn test(
    kind: &'static str,
    code: &str,
    search_type: SearchType,
    reference: &Reference,
    chance: &mut Chance,
) -> Test {
    let count = *chance.pick(&[1, 1, 1, 2, 3]);
    if search_type == SearchType::Composite {
        let types = part_types(r4().search_parameter(kind, code).unwrap());
        let pairs = reference.pairs(kind, code);
        let all: Vec<_> =
            pairs.iter().flatten().filter(|parts| parts.iter().all(|part| !part.is_empty())).collect();
        let pair = |chance: &mut Chance| {
            let parts = (!all.is_empty()).then(|| *chance.pick(&all));
            let of_part = |(at, one): (usize, &SearchType)| {
                let found = parts.map(|parts| chance.pick(&parts[at]));
                wanted(*one, found, Modifier::None, chance)
            };
            Wanted::Pair(types.iter().enumerate().map(of_part).collect())
        };
        return Test::Any(Modifier::None, (0..count).map(|_| pair(chance)).collect());
    }
    let modifiers: &[Modifier] = match search_type {
        // Identifiers of records have no modifiers.
        _ if code == "_id" => &[Modifier::None],
        SearchType::Token => &[
            Modifier::Not,
            Modifier::Text,
            Modifier::OfType,
            Modifier::In,
            Modifier::NotIn,
            Modifier::Below,
            Modifier::Above,
        ],
        SearchType::String => &[Modifier::Exact, Modifier::Contains],
        SearchType::Uri => &[Modifier::Below, Modifier::Above],
        SearchType::Reference => {
            &[Modifier::Identifier, Modifier::Type("Patient"), Modifier::Type("Organization")]
        }
        _ => &[Modifier::None],
    };
    let mut modifier = if chance.happens(30) { *chance.pick(modifiers) } else { Modifier::None };
    if let Modifier::Type(kind) = modifier
        && !r4()
            .search_parameter(kind, code)
            .is_some_and(|one| one.targets.iter().any(|target| target == kind))
    {
        modifier = Modifier::None;
    }
    let values = reference.values(kind, code);
    let all: Vec<&Found> = values.iter().flatten().collect();
    let one = |chance: &mut Chance| {
        let found = (!all.is_empty()).then(|| *chance.pick(&all));
        wanted(search_type, found, modifier, chance)
    };
    Test::Any(modifier, (0..count).map(|_| one(chance)).collect())
}

/// A value to search by, near what was found.
fn wanted(search_type: SearchType, found: Option<&Found>, modifier: Modifier, chance: &mut Chance) -> Wanted {
    match search_type {
        SearchType::Token if modifier == Modifier::Text => Wanted::Text(piece(chance.word(&WORDS), chance)),
        SearchType::Token if modifier == Modifier::OfType => of_type(found, chance),
        SearchType::Token if matches!(modifier, Modifier::In | Modifier::NotIn) => {
            let set = chance.pick(&SETS);
            Wanted::Text(if chance.happens(50) { set.url.into() } else { format!("ValueSet/{}", set.id) })
        }
        SearchType::Token if matches!(modifier, Modifier::Below | Modifier::Above) => {
            let own = found.map(tokens).unwrap_or_default().into_iter().find_map(|token| token.code);
            let code = own.filter(|code| !code.is_empty() && chance.happens(50));
            let code = code.unwrap_or_else(|| chance.word(&CODES).to_owned());
            Wanted::Token { system: Some(TREE_SYSTEM.to_owned()), code }
        }
        SearchType::Token => token(found, chance),
        SearchType::Reference if modifier == Modifier::Identifier => {
            let identifier = found.and_then(|one| one.value.get("identifier"));
            token(identifier.map(|one| Found { kind: "Identifier", value: one.clone() }).as_ref(), chance)
        }
        SearchType::Reference => Wanted::Text(reference_text(found, modifier, chance)),
        SearchType::String => {
            let texts = found.map(strings).unwrap_or_default();
            let text = if texts.is_empty() || chance.happens(10) {
                chance.word(&WORDS).to_owned()
            } else {
                chance.pick(&texts).clone()
            };
            let whole = modifier == Modifier::Exact && chance.happens(80);
            Wanted::Text(if whole { text } else { piece(&text, chance) })
        }
        SearchType::Date => date(found, chance),
        SearchType::Uri => {
            let text = found.and_then(|one| one.value.as_str()).unwrap_or("http://a.vn/x");
            let end = if chance.happens(40) { text.rfind('/').unwrap_or(text.len()) } else { text.len() };
            let more = if chance.happens(10) { "/1" } else { "" };
            Wanted::Text(format!("{}{more}", &text[..end]))
        }
        _ => {
            let (prefix, written) = *chance.pick(&PREFIXES);
            let number = number(found, chance);
            if search_type == SearchType::Number {
                return Wanted::Number(prefix, written, number);
            }
            let text = |member: &str| {
                found
                    .and_then(|one| one.value.get(member))
                    .and_then(Value::as_str)
                    .unwrap_or_default()
                    .to_owned()
            };
            let unit = match chance.below(7) {
                0 => Some((text("system"), text("code"))),
                1 => Some((String::new(), text("unit"))),
                2 => Some((String::new(), text("code"))),
                3 => Some((chance.word(&["http://unitsofmeasure.org", "urn:don-vi"]).into(), "kg".into())),
                4 => Some(("http://unitsofmeasure.org".into(), chance.word(&["kg", "g", "g"]).into())),
                _ => None,
            };
            Wanted::Quantity(prefix, written, number, unit.filter(|unit| !unit.1.is_empty()))
        }
    }
}

/// Longest text asked for: of more than 360 bytes the index compares the first ones only.
const LETTERS_MAX: usize = 90;

/// A text, or a beginning, an end, a middle of it, or one of its words, in another case or without its marks.
fn piece(text: &str, chance: &mut Chance) -> String {
    let letters: Vec<char> = text.chars().collect();
    let (mut from, mut to) = (0, letters.len());
    if to > 0 && chance.happens(70) {
        from = if chance.happens(40) { chance.below(to) } else { 0 };
        to = from + 1 + chance.below(to - from);
    }
    to = to.min(from + LETTERS_MAX);
    let text: String = letters[from..to].iter().collect();
    let text = match chance.below(8) {
        0 => yba_fhir::text::fold(&text),
        1 => text.to_uppercase(),
        2 => format!("{text}x"),
        3 => yba_fhir::text::tidy(&text),
        _ => text,
    };
    // What has no end or no letter is refused or finds nothing; a few of these are enough.
    let text = text.trim().to_owned();
    if text.is_empty() { "a".into() } else { text }
}

fn token(found: Option<&Found>, chance: &mut Chance) -> Wanted {
    let tokens = found.map(tokens).unwrap_or_default();
    let Some(token) = (!tokens.is_empty()).then(|| chance.pick(&tokens)) else {
        return Wanted::Token { system: None, code: "khong-co".into() };
    };
    let code = token.code.clone().unwrap_or_default();
    let code = match chance.below(12) {
        0 => code.to_uppercase(),
        1 => format!("{code}1"),
        2 => code.chars().take(1).collect(),
        _ => code,
    };
    let has_systems =
        found.is_some_and(|one| matches!(one.kind, "CodeableConcept" | "Coding" | "Identifier"));
    let system = match chance.below(10) {
        _ if !has_systems => None,
        0 => Some("urn:khac".to_owned()),
        1 | 2 => Some(String::new()),
        3..=6 => Some(token.system.clone().unwrap_or_default()),
        _ => None,
    };
    let some_system = system.as_ref().is_some_and(|system| !system.is_empty());
    let code = if some_system && chance.happens(15) { String::new() } else { code };
    if code.is_empty() && !some_system {
        return Wanted::Token { system: None, code: "khong-co".into() };
    }
    Wanted::Token { system, code }
}

fn of_type(found: Option<&Found>, chance: &mut Chance) -> Wanted {
    let tree = found.map(|one| one.value.clone()).unwrap_or_default();
    let coding = tree["type"]["coding"][0].clone();
    let text =
        |value: &Value, or: &str| value.as_str().filter(|text| !text.is_empty()).unwrap_or(or).to_owned();
    let value = if chance.happens(80) { text(&tree["value"], "001") } else { "002".into() };
    Wanted::OfType([text(&coding["system"], "http://loinc.org"), text(&coding["code"], "hb"), value])
}

fn reference_text(found: Option<&Found>, modifier: Modifier, chance: &mut Chance) -> String {
    let literal = found
        .and_then(|one| one.value.get("reference"))
        .and_then(Value::as_str)
        .unwrap_or("Patient/khong-co");
    let own = local_of(literal);
    // With a type, an address of another server is none of ours: what it means is the server's choice.
    if matches!(modifier, Modifier::Type(_)) {
        return own.map_or("khong-co".to_owned(), |(_, id)| id);
    }
    let Some((kind, id)) = own else { return literal.to_owned() };
    match chance.below(8) {
        0 => id,
        1 => format!("{BASE}/{kind}/{id}"),
        2 => format!("{}/{id}", chance.word(&KINDS)),
        3 => format!("https://other.vn/fhir/{kind}/{id}"),
        _ => format!("{kind}/{id}"),
    }
}

fn date(found: Option<&Found>, chance: &mut Chance) -> Wanted {
    let (prefix, written) = *chance.pick(&PREFIXES);
    let tree = found.map(|one| one.value.clone()).unwrap_or_default();
    let ends = [
        tree.as_str(),
        tree["start"].as_str(),
        tree["end"].as_str(),
        tree["event"][0].as_str(),
        tree["repeat"]["boundsPeriod"]["start"].as_str(),
    ];
    let ends: Vec<&str> = ends.into_iter().flatten().collect();
    let text = if ends.is_empty() { "2026-03-02" } else { *chance.pick(&ends) };
    // Any degree of precision, from the left.
    let zone = text
        .char_indices()
        .find(|(at, one)| *at > 10 && matches!(one, 'Z' | '+' | '-'))
        .map(|(at, _)| &text[at..]);
    let text = match (chance.below(9), text.len()) {
        (0, _) => text[..4].to_owned(),
        (1, 7..) => text[..7].to_owned(),
        (2, 10..) => text[..10].to_owned(),
        (3, 20..) => format!("{}{}", &text[..16], zone.unwrap_or_default()),
        (4, 20..) => text[..19].to_owned(),
        (5, 20..) => text[..16].to_owned(),
        (6, _) => chance
            .word(&["2026-03-02T08:00", "1986-05-01", "2026-03-01T17:00:00Z", "2026", "2025-12-31"])
            .to_owned(),
        _ => text.to_owned(),
    };
    Wanted::Date(prefix, written, text)
}

fn number(found: Option<&Found>, chance: &mut Chance) -> String {
    let tree = found.map(|one| one.value.clone()).unwrap_or_default();
    let ends = [&tree, &tree["value"], &tree["low"]["value"], &tree["high"]["value"]];
    let ends: Vec<String> =
        ends.into_iter().filter_map(|one| one.as_number()).map(ToString::to_string).collect();
    let text = if ends.is_empty() { "5.4".to_owned() } else { chance.pick(&ends).clone() };
    match chance.below(8) {
        0 if !text.contains(['e', 'E', '.']) => format!("{text}.0"),
        1 if text.contains('.') && !text.contains(['e', 'E']) => format!("{text}0"),
        2 => chance
            .word(&["5", "5.4", "100", "1e2", "99.5", "0", "-0.1", "5.40", "1e1", "15", "12.5"])
            .to_owned(),
        3 if !text.contains(['e', 'E']) => format!("{text}e0"),
        _ => text,
    }
}
