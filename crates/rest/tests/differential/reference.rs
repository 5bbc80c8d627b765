//! Search as its specification writes it, over records in memory, one after the other: no index, no SQL, no plan.
//! <https://hl7.org/fhir/R4/search.html>
//!
//! What a parameter's values are is asked of its FHIRPath expression. Where R4 leaves a choice, ours is: text is folded
//! as Vietnamese is (`yba_fhir::text::fold`) and may begin at any of its words; nothing but letters and digits is
//! searched by; a time without a zone is Vietnam's; `1e2` stands for [50, 150) (one digit; R4's own table says
//! [95, 105), which its text contradicts); a Quantity with a comparator is the range that it says; a Quantity without a
//! number is missing; `ap` of a date is whatever overlaps it; a range is sorted by its middle, a date by its beginning.
//!
//! It knows nothing of `yba-store`.

use crate::codes::{SETS, is_below};
use crate::data::BASE;
use crate::query::{Clause, Include, Modifier, Search, Step, Test, Wanted};
use crate::values::{self, FAR, Number, Span};
use serde_json::Value;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;
use yba_fhir::defs::{SearchParameter, SearchType, r4};
use yba_fhir::text::fold;
use yba_fhirpath::{CompileOptions, Environment, Item, Node, Program};

/// One value that an expression found.
#[derive(Clone, Debug)]
pub struct Found {
    pub kind: &'static str,
    pub value: Value,
}

/// For each record of a type: its values, or for a composite the values of each part, element by element.
type Values = Rc<Vec<Vec<Found>>>;
type Pairs = Rc<Vec<Vec<Vec<Vec<Found>>>>>;

/// All records.
#[derive(Clone, Default)]
pub struct Reference {
    records: BTreeMap<&'static str, BTreeMap<String, Value>>,
    now_ms: i128,
    found: RefCell<HashMap<(&'static str, String), Values>>,
    pairs: RefCell<HashMap<(&'static str, String), Pairs>>,
}

impl Reference {
    /// Sets the clock; what is put from now on was last updated then.
    pub fn at(&mut self, now_ms: i64) {
        self.now_ms = i128::from(now_ms);
    }

    pub fn put(&mut self, kind: &'static str, mut tree: Value) {
        let id = tree["id"].as_str().unwrap().to_owned();
        tree["meta"]["lastUpdated"] = yba_fhir::date::instant(self.now_ms as i64).into();
        self.records.entry(kind).or_default().insert(id, tree);
        self.forget();
    }

    pub fn delete(&mut self, kind: &str, id: &str) {
        self.records.get_mut(kind).and_then(|all| all.remove(id)).expect("it was there");
        self.forget();
    }

    /// The record as it was put.
    pub fn tree(&self, kind: &str, id: &str) -> &Value {
        &self.records[kind][id]
    }

    /// The same with these records alone.
    pub fn only(&self, keep: impl Fn(&'static str, &str) -> bool) -> Reference {
        let mut only = Reference { now_ms: self.now_ms, ..Reference::default() };
        for (kind, all) in &self.records {
            let kept =
                all.iter().filter(|(id, _)| keep(kind, id)).map(|(id, tree)| (id.clone(), tree.clone()));
            only.records.insert(kind, kept.collect());
        }
        only
    }

    fn forget(&mut self) {
        self.found.borrow_mut().clear();
        self.pairs.borrow_mut().clear();
    }

    pub fn ids(&self, kind: &str) -> Vec<String> {
        self.records.get(kind).map(|all| all.keys().cloned().collect()).unwrap_or_default()
    }

    /// The ids of the records that match.
    pub fn answer(&self, search: &Search) -> BTreeSet<String> {
        let ids = self.ids(search.kind);
        let all = |at: &usize| {
            search.clauses.iter().all(|clause| self.holds(search.kind, *at, clause, &clause.path))
        };
        (0..ids.len()).filter(all).map(|at| ids[at].clone()).collect()
    }

    /// `Type/id` of what comes with these matches and is none of them.
    pub fn included(&self, search: &Search, matches: &BTreeSet<String>) -> BTreeSet<String> {
        let matches: BTreeSet<String> = matches.iter().map(|id| format!("{}/{id}", search.kind)).collect();
        let every: Vec<&Include> = search.includes.iter().collect();
        let again: Vec<&Include> = search.includes.iter().filter(|include| include.iterate).collect();
        let mut all = self.brought(&every, &matches);
        // With `:iterate` what was brought brings more, until there is no more.
        loop {
            let more = self.brought(&again, &all);
            let known = all.len();
            all.extend(more);
            if all.len() == known {
                return all.difference(&matches).cloned().collect();
            }
        }
    }

    /// What these includes bring, asked once of records named as `Type/id`.
    fn brought(&self, includes: &[&Include], from: &BTreeSet<String>) -> BTreeSet<String> {
        let mut all = BTreeSet::new();
        for Include { reverse, kind, param, target, .. } in includes {
            let ids = self.ids(kind);
            for (at, values) in self.values(kind, param).iter().enumerate() {
                let holder = format!("{kind}/{}", ids[at]);
                for (other, id) in values.iter().filter_map(local) {
                    let (is_there, other_is_meant) =
                        (self.position(&other, &id).is_some(), target.is_none_or(|target| target == other));
                    let pointed = format!("{other}/{id}");
                    if !is_there || !other_is_meant {
                        continue;
                    }
                    match reverse {
                        false if from.contains(&holder) => drop(all.insert(pointed)),
                        true if from.contains(&pointed) => drop(all.insert(holder.clone())),
                        _ => {}
                    }
                }
            }
        }
        all
    }

    fn position(&self, kind: &str, id: &str) -> Option<usize> {
        self.records.get(kind)?.keys().position(|one| one == id)
    }

    /// Whether the record at this place is what the clause asks for at the end of the path.
    fn holds(&self, kind: &'static str, at: usize, clause: &Clause, path: &[Step]) -> bool {
        match path.split_first() {
            None => self.tests(kind, at, clause),
            Some((Step::Along { param, kind: next, .. }, rest)) => {
                let values = self.values(kind, param);
                values[at].iter().filter_map(local).any(|(target, id)| {
                    target == *next
                        && self.position(next, &id).is_some_and(|at| self.holds(next, at, clause, rest))
                })
            }
            Some((Step::Back { param, kind: from }, rest)) => {
                let id = &self.ids(kind)[at];
                let values = self.values(from, param);
                (0..values.len()).any(|other| {
                    let points = values[other]
                        .iter()
                        .filter_map(local)
                        .any(|(target, one)| target == kind && one == *id);
                    points && self.holds(from, other, clause, rest)
                })
            }
        }
    }

    fn tests(&self, kind: &'static str, at: usize, clause: &Clause) -> bool {
        let definition = parameter(kind, &clause.param);
        match &clause.test {
            Test::Missing(is) => {
                let has = |found: &Found| match definition.search_type {
                    SearchType::Quantity | SearchType::Number => number_of(found).is_some(),
                    SearchType::Date => span_of(found).is_some(),
                    _ => true,
                };
                self.values(kind, &clause.param)[at].iter().any(has) != *is
            }
            Test::Any(_, wanted) if definition.search_type == SearchType::Composite => {
                let types = part_types(definition);
                self.pairs(kind, &clause.param)[at].iter().any(|parts| {
                    wanted.iter().any(|wanted| {
                        let Wanted::Pair(wanted) = wanted else { panic!("{wanted:?}") };
                        wanted.iter().zip(parts).zip(&types).all(|((wanted, values), search_type)| {
                            values.iter().any(|value| self.fits(*search_type, value, Modifier::None, wanted))
                        })
                    })
                })
            }
            Test::Any(modifier, wanted) => {
                let values = self.values(kind, &clause.param);
                let fits = values[at].iter().any(|value| {
                    wanted.iter().any(|wanted| match (definition.search_type, modifier) {
                        (SearchType::Token, Modifier::In | Modifier::NotIn) => {
                            let implied = implied_system(kind, &clause.param);
                            is_member(value, implied, wanted)
                        }
                        (SearchType::Token, Modifier::Below) => is_related(value, wanted, false),
                        (SearchType::Token, Modifier::Above) => is_related(value, wanted, true),
                        (search_type, modifier) => self.fits(search_type, value, *modifier, wanted),
                    })
                });
                fits != matches!(modifier, Modifier::Not | Modifier::NotIn)
            }
        }
    }

    fn fits(&self, search_type: SearchType, found: &Found, modifier: Modifier, wanted: &Wanted) -> bool {
        match (search_type, wanted) {
            (SearchType::Token, Wanted::Text(text)) => token_texts(found).iter().any(|one| begins(one, text)),
            (SearchType::Token, Wanted::OfType([system, code, value])) => {
                let of_type = items(&found.value["type"], "coding")
                    .any(|one| text_of(one, "system") == *system && text_of(one, "code") == *code);
                found.kind == "Identifier" && text_of(&found.value, "value") == *value && of_type
            }
            (SearchType::Token, Wanted::Token { system, code }) => {
                tokens(found).iter().any(|one| one.fits(system.as_deref(), code))
            }
            (SearchType::String, Wanted::Text(wanted)) => strings(found).iter().any(|text| match modifier {
                Modifier::Exact => text == wanted,
                Modifier::Contains => !fold(wanted).is_empty() && fold(text).contains(&fold(wanted)),
                _ => begins(text, wanted),
            }),
            (SearchType::Date, Wanted::Date(prefix, _, text)) => {
                let asked = values::span(text).unwrap();
                span_of(found).is_some_and(|target| values::date_matches(*prefix, asked, target))
            }
            (SearchType::Number, Wanted::Number(prefix, _, text)) => {
                number_of(found).is_some_and(|number| values::number_matches(*prefix, text, number))
            }
            (SearchType::Quantity, Wanted::Quantity(prefix, _, text, unit)) => {
                let is_near = |factor| {
                    number_of(found)
                        .is_some_and(|number| values::number_matches_in(*prefix, text, factor, number))
                };
                match unit {
                    None => is_near((1, 1)),
                    Some((system, code)) => {
                        unit_fits(&found.value, system, code) && is_near((1, 1))
                            || factor(&found.value, system, code).is_some_and(is_near)
                    }
                }
            }
            (SearchType::Reference, Wanted::Token { system, code }) => {
                let identifier = Found { kind: "Identifier", value: found.value["identifier"].clone() };
                tokens(&identifier).iter().any(|one| one.fits(system.as_deref(), code))
            }
            (SearchType::Reference, Wanted::Text(text)) => points_at(found, modifier, text),
            (SearchType::Uri, Wanted::Text(text)) => {
                let uri = found.value.as_str().unwrap_or_default();
                match modifier {
                    Modifier::Below => is_above(text, uri),
                    Modifier::Above => is_above(uri, text),
                    _ => uri == text,
                }
            }
            other => panic!("{other:?}"),
        }
    }

    /// What a record is sorted by: `None` comes last in either direction.
    pub fn sort_key(&self, kind: &'static str, id: &str, param: &str, down: bool) -> Option<Key> {
        let at = self.position(kind, id).expect("it was found");
        let values = self.values(kind, param);
        let keys = values[at].iter().flat_map(|found| keys(parameter(kind, param).search_type, found));
        if down { keys.max() } else { keys.min() }
    }

    /// The values of a parameter, record by record.
    pub fn values(&self, kind: &'static str, param: &str) -> Values {
        let key = (kind, param.to_owned());
        if let Some(values) = self.found.borrow().get(&key) {
            return values.clone();
        }
        let definition = parameter(kind, param);
        let program = compile(&definition.expression, &context(kind));
        let values =
            Rc::new(self.trees(kind).iter().map(|tree| evaluate(&program, Node::root(tree), tree)).collect());
        self.found.borrow_mut().insert(key, Rc::clone(&values));
        values
    }

    /// The values of a composite's parts, record by record and element by element.
    pub fn pairs(&self, kind: &'static str, param: &str) -> Pairs {
        let key = (kind, param.to_owned());
        if let Some(pairs) = self.pairs.borrow().get(&key) {
            return pairs.clone();
        }
        let definition = parameter(kind, param);
        let program = compile(&definition.expression, &context(kind));
        let within = CompileOptions {
            within: Some(program.leaves()),
            other_roots: true,
            as_filters: true,
            ..Default::default()
        };
        let parts: Vec<Program> =
            definition.components.iter().map(|part| compile(&part.expression, &within)).collect();
        let of_tree = |tree: &yba_fhir::json::Value| {
            let elements = program.evaluate(tree, &environment(tree)).unwrap();
            let nodes = elements.iter().filter_map(Item::node);
            nodes.map(|node| parts.iter().map(|part| evaluate(part, node, tree)).collect()).collect()
        };
        let pairs: Pairs = Rc::new(self.trees(kind).iter().map(of_tree).collect());
        self.pairs.borrow_mut().insert(key, Rc::clone(&pairs));
        pairs
    }

    fn trees(&self, kind: &str) -> Vec<yba_fhir::json::Value> {
        let all = self.records.get(kind).into_iter().flat_map(|all| all.values());
        all.map(|tree| yba_fhir::json::from_str(&tree.to_string()).unwrap()).collect()
    }
}

pub fn parameter(kind: &str, code: &str) -> &'static SearchParameter {
    r4().search_parameter(kind, code).unwrap_or_else(|| panic!("{kind} has no {code}"))
}

/// How the parts of a composite are searched.
pub fn part_types(definition: &SearchParameter) -> Vec<SearchType> {
    let of_part =
        |one: &yba_fhir::defs::Component| r4().search_parameter_at(&one.definition).unwrap().search_type;
    definition.components.iter().map(of_part).collect()
}

fn context(kind: &str) -> CompileOptions<'_> {
    CompileOptions { context: Some(kind), other_roots: true, as_filters: true, ..CompileOptions::default() }
}

fn compile(expression: &str, options: &CompileOptions) -> Program {
    Program::compile_with(expression, options).unwrap_or_else(|error| panic!("{expression}: {error:?}"))
}

fn environment(tree: &yba_fhir::json::Value) -> Environment<'_> {
    Environment { stand_ins: true, resource: Some(Node::root(tree)), ..Environment::default() }
}

/// What an expression finds; a primitive that has extensions only is no value.
fn evaluate(program: &Program, node: Node, tree: &yba_fhir::json::Value) -> Vec<Found> {
    let environment = environment(tree);
    let found = program
        .evaluate_node(node, &environment)
        .unwrap_or_else(|error| panic!("{}: {error:?}", program.source()));
    let value_of = |item: &Item| match item {
        Item::Node(node) => {
            node.value.map(|value| serde_json::from_str(&yba_fhir::json::to_string(value).unwrap()).unwrap())
        }
        Item::Boolean(flag) => Some(Value::Bool(*flag)),
        other => panic!("{}: {other:?}", program.source()),
    };
    found.iter().filter_map(|item| Some(Found { kind: item.type_name(), value: value_of(item)? })).collect()
}

fn items<'a>(tree: &'a Value, member: &str) -> impl Iterator<Item = &'a Value> {
    tree.get(member).and_then(Value::as_array).into_iter().flatten()
}

fn text_of(tree: &Value, member: &str) -> String {
    tree.get(member).and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// A pair of a token search. `system` is `None` where there is none in this type of value.
pub struct Token {
    pub system: Option<String>,
    pub code: Option<String>,
    any_case: bool,
}

impl Token {
    fn fits(&self, system: Option<&str>, code: &str) -> bool {
        let same = self.code.as_ref().is_some_and(|own| {
            if self.any_case { own.to_lowercase() == code.to_lowercase() } else { own == code }
        });
        match system {
            None => same,
            Some("") => same && self.system.is_none(),
            Some(system) => self.system.as_deref() == Some(system) && (code.is_empty() || same),
        }
    }
}

/// <https://hl7.org/fhir/R4/search.html#token>, the table of data types.
pub fn tokens(found: &Found) -> Vec<Token> {
    let pair = |tree: &Value, member: &str| {
        let text = |member: &str| tree.get(member).and_then(Value::as_str).map(str::to_owned);
        Token { system: text("system"), code: text(member), any_case: false }
    };
    let plain = |code: Option<String>, any_case: bool| vec![Token { system: None, code, any_case }];
    match found.kind {
        "CodeableConcept" => items(&found.value, "coding").map(|one| pair(one, "code")).collect(),
        "Coding" => vec![pair(&found.value, "code")],
        "Identifier" => vec![pair(&found.value, "value")],
        "ContactPoint" => plain(found.value.get("value").and_then(Value::as_str).map(str::to_owned), false),
        "boolean" | "Boolean" => plain(Some(found.value.to_string()), false),
        // "If the underlying data type is string then the search is not case sensitive."
        "string" => plain(found.value.as_str().map(str::to_owned), true),
        _ => plain(found.value.as_str().map(str::to_owned), false),
    }
}

fn token_texts(found: &Found) -> Vec<String> {
    let mut all: Vec<String> = match found.kind {
        "CodeableConcept" => items(&found.value, "coding").map(|one| text_of(one, "display")).collect(),
        "Coding" => vec![text_of(&found.value, "display")],
        "Identifier" => vec![text_of(&found.value["type"], "text")],
        _ => Vec::new(),
    };
    if found.kind == "CodeableConcept" {
        all.push(text_of(&found.value, "text"));
    }
    all
}

/// The texts of a string search.
pub fn strings(found: &Found) -> Vec<String> {
    let members: &[&str] = match found.kind {
        "HumanName" => &["text", "family", "given", "prefix", "suffix"],
        "Address" => &["text", "line", "city", "district", "state", "country", "postalCode"],
        _ => return found.value.as_str().map(str::to_owned).into_iter().collect(),
    };
    let of_member = |member: &&str| match found.value.get(*member) {
        Some(Value::Array(list)) => list.iter().filter_map(|one| one.as_str().map(str::to_owned)).collect(),
        Some(Value::String(text)) => vec![text.clone()],
        _ => Vec::new(),
    };
    members.iter().flat_map(of_member).collect()
}

/// Whether a word of the text, and what follows it, begins with what is wanted.
fn begins(text: &str, wanted: &str) -> bool {
    let (text, wanted) = (fold(text), fold(wanted));
    !wanted.is_empty() && (text.starts_with(&wanted) || text.contains(&format!(" {wanted}")))
}

/// The outer limits in time.
pub fn span_of(found: &Found) -> Option<Span> {
    let period = |tree: &Value| {
        let end = |member: &str| tree.get(member).and_then(Value::as_str).and_then(values::span);
        let (start, end) = (end("start"), end("end"));
        (start.is_some() || end.is_some())
            .then(|| Span(start.map_or(-FAR, |span| span.0), end.map_or(FAR, |span| span.1)))
    };
    match found.kind {
        "Period" => period(&found.value),
        "Timing" => {
            let events = items(&found.value, "event").filter_map(|one| values::span(one.as_str()?));
            let bounds = found.value.get("repeat").and_then(|one| one.get("boundsPeriod")).and_then(period);
            events.chain(bounds).reduce(Span::hull)
        }
        _ => values::span(found.value.as_str()?),
    }
}

pub fn number_of(found: &Found) -> Option<Number> {
    let written = |tree: &Value| values::number(&tree.as_number()?.to_string());
    match found.kind {
        "integer" | "positiveInt" | "unsignedInt" => Some(Number::Integer(written(&found.value)?.0)),
        "decimal" => written(&found.value).map(|(value, span)| Number::Written(value, span)),
        "Range" => {
            let end = |member: &str| found.value.get(member).and_then(|end| written(end.get("value")?));
            let (low, high) = (end("low"), end("high"));
            (low.is_some() || high.is_some()).then(|| {
                Number::Range(Span(low.map_or(-FAR, |low| low.1.0), high.map_or(FAR, |high| high.1.1)))
            })
        }
        _ => {
            let (value, span) = written(found.value.get("value")?)?;
            Some(match found.value.get("comparator").and_then(Value::as_str) {
                // No number is written so exactly that it lies between: 5 itself is not below 5.
                Some("<") => Number::Range(Span(-FAR, value - 1)),
                Some("<=") => Number::Range(Span(-FAR, value)),
                Some(">") => Number::Range(Span(value + 1, FAR)),
                Some(">=") => Number::Range(Span(value, FAR)),
                _ => Number::Written(value, span),
            })
        }
    }
}

/// <https://hl7.org/fhir/R4/search.html#quantity>
fn unit_fits(quantity: &Value, system: &str, code: &str) -> bool {
    let own = |member: &str| text_of(quantity, member);
    match (system, code) {
        ("", "") => true,
        ("", code) => own("code") == code || own("unit") == code,
        (system, "") => own("system") == system,
        (system, code) => own("system") == system && own("code") == code,
    }
}

/// By how much to multiply, and to divide, a number in the unit asked for to have it in another unit of its kind.
fn factor(quantity: &Value, system: &str, code: &str) -> Option<(i128, i128)> {
    let own = |member: &str| text_of(quantity, member);
    if system != "http://unitsofmeasure.org" || own("system") != system {
        return None;
    }
    match (code, own("code").as_str()) {
        ("kg", "g") => Some((1000, 1)),
        ("g", "kg") => Some((1, 1000)),
        _ => None,
    }
}

/// The system of an element that is a bare code, as far as one of the sets has it.
fn implied_system(kind: &str, param: &str) -> Option<&'static str> {
    ((kind, param) == ("Patient", "gender")).then_some("http://hl7.org/fhir/administrative-gender")
}

/// `:in`. <https://hl7.org/fhir/R4/search.html#token>
fn is_member(found: &Found, implied: Option<&str>, wanted: &Wanted) -> bool {
    let Wanted::Text(text) = wanted else { panic!("{wanted:?}") };
    let set = SETS.iter().find(|set| set.url == text || text.strip_prefix("ValueSet/") == Some(set.id));
    let members = set.unwrap_or_else(|| panic!("{text}")).members();
    tokens(found).iter().any(|token| {
        let (system, code) = (token.system.as_deref().or(implied), token.code.as_deref());
        members.iter().any(|(one, other)| system == Some(one) && code == Some(other))
    })
}

/// `:below` and `:above` of a code of the tree.
fn is_related(found: &Found, wanted: &Wanted, above: bool) -> bool {
    let Wanted::Token { system: Some(system), code: wanted } = wanted else { panic!("{wanted:?}") };
    tokens(found).iter().any(|token| {
        let Some(code) = token.code.as_deref().filter(|_| token.system.as_ref() == Some(system)) else {
            return false;
        };
        if above { is_below(wanted, code) } else { is_below(code, wanted) }
    })
}

/// The record of ours to which a reference leads: by chains, `_has` and includes. One that is written with our own full
/// address is found by its value ([`points_at`]) but followed by none of them (see `docs/conformance.md`).
pub fn local(found: &Found) -> Option<(String, String)> {
    let text = found.value.get("reference")?.as_str()?;
    local_of(text).filter(|_| !text.contains(':'))
}

/// The record of ours that an address means.
pub fn local_of(text: &str) -> Option<(String, String)> {
    let text = text.strip_prefix(BASE).and_then(|rest| rest.strip_prefix('/')).unwrap_or(text);
    let parts: Vec<&str> = text.split('/').collect();
    match parts[..] {
        [kind, id] | [kind, id, "_history", _] if r4().is_resource(kind) => {
            Some((kind.to_owned(), id.to_owned()))
        }
        _ => None,
    }
}

/// <https://hl7.org/fhir/R4/search.html#reference>
fn points_at(found: &Found, modifier: Modifier, wanted: &str) -> bool {
    let Some(literal) = found.value.get("reference").and_then(Value::as_str) else { return false };
    let own = local_of(literal);
    if let Modifier::Type(kind) = modifier {
        return own.is_some_and(|(own_kind, id)| own_kind == kind && id == wanted);
    }
    match local_of(wanted) {
        Some(wanted) => own == Some(wanted),
        None if wanted.contains([':', '/']) => literal == wanted,
        None => own.is_some_and(|(_, id)| id == wanted),
    }
}

/// Whether one URL left-matches the other. Of URNs, there is none above or below another.
fn is_above(upper: &str, lower: &str) -> bool {
    upper == lower || !upper.starts_with("urn:") && lower.starts_with(upper)
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Key {
    Number(i128),
    Text(String),
}

/// What a value is sorted by.
fn keys(search_type: SearchType, found: &Found) -> Vec<Key> {
    let texts = |all: Vec<String>| all.into_iter().map(Key::Text).collect();
    match search_type {
        SearchType::String => {
            texts(strings(found).iter().map(|text| fold(text)).filter(|text| !text.is_empty()).collect())
        }
        SearchType::Token => {
            let key =
                |token: Token| token.code.map(|code| if token.any_case { code.to_lowercase() } else { code });
            texts(tokens(found).into_iter().filter_map(key).collect())
        }
        SearchType::Date => span_of(found).map(|span| Key::Number(span.0)).into_iter().collect(),
        SearchType::Number | SearchType::Quantity => {
            let key = |number| match number {
                Number::Integer(value) | Number::Written(value, _) => 2 * value,
                Number::Range(Span(low, _)) if low == -FAR => -FAR,
                Number::Range(Span(_, high)) if high == FAR => FAR,
                Number::Range(span) => span.0 + span.1,
            };
            number_of(found).map(|number| Key::Number(key(number))).into_iter().collect()
        }
        SearchType::Uri => texts(found.value.as_str().map(str::to_owned).into_iter().collect()),
        _ => {
            let literal = found.value.get("reference").and_then(Value::as_str);
            let literal = literal.map(|text| text.split("/_history/").next().unwrap_or_default().to_owned());
            let kind = found.value.get("type").and_then(Value::as_str).map(|kind| format!("{kind}/"));
            texts(literal.or(kind).into_iter().collect())
        }
    }
}
