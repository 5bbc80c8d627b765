//! Asking the rules: first of what is entered, then, of those that it concerns, of the record.

use std::collections::BTreeSet;
use yba_fhir::json::{JsonValueTrait, Value, items, str_at};
use yba_fhirpath::{Environment, Item, Node, Program};

use crate::card::{Card, Fault, Verdict};
use crate::case::{Case, Found};
use crate::compile::{Compiled, weight};
use crate::environment;
use crate::library::{Library, Search};
use crate::limits::{CARDS_MAX, CARDS_OF_RULE_MAX, EACH_MAX, MESSAGE_MAX, STEPS_MAX, STEPS_OF_RULE_MAX};
use crate::words::{Piece, shown};

impl Library {
    /// The searches whose answers the rules need for this case. A rule that what is entered does not concern asks for
    /// nothing, so that most moments need none.
    pub fn wanted(&self, case: &Case<'_>) -> BTreeSet<Search<'_>> {
        let mut wanted = BTreeSet::new();
        let mut budget = STEPS_MAX;
        for compiled in self.at(case.moment, case.today()) {
            let records = &compiled.rule.records;
            if records.is_empty() {
                continue;
            }
            let mut asking = Asking::of(self, compiled, case, &mut budget);
            // One that breaks is told when it is judged.
            if asking.foci().is_ok_and(|foci| !foci.is_empty()) {
                wanted.extend(records.iter().map(|one| Search { text: &one.expression }));
            }
        }
        wanted
    }

    /// What the rules say of a case, with what the record answered.
    pub fn judge(&self, case: &Case<'_>, found: &Found) -> Verdict {
        judge(self, &self.at(case.moment, case.today()), case, found)
    }
}

pub(crate) fn judge(library: &Library, rules: &[&Compiled], case: &Case<'_>, found: &Found) -> Verdict {
    let mut verdict = Verdict::default();
    let mut budget = STEPS_MAX;
    for compiled in rules {
        let mut asking = Asking::of(library, compiled, case, &mut budget);
        match asking.cards(found, &mut verdict) {
            Ok(cards) => verdict.cards.extend(cards),
            Err(text) => verdict.faults.push(Fault { rule: compiled.rule.slug.clone(), text }),
        }
    }
    verdict.cards.sort_by(|one, other| {
        (weight(one.severity), &one.rule, one.number).cmp(&(
            weight(other.severity),
            &other.rule,
            other.number,
        ))
    });
    verdict.cards.truncate(CARDS_MAX);
    verdict
}

/// One rule being asked.
struct Asking<'a, 'b> {
    compiled: &'a Compiled,
    case: Case<'a>,
    environment: Environment<'a>,
    /// What is left for this rule, and what it takes it from.
    steps: u64,
    budget: &'b mut u64,
}

impl<'a, 'b> Asking<'a, 'b> {
    fn of(
        library: &'a Library,
        compiled: &'a Compiled,
        case: &Case<'a>,
        budget: &'b mut u64,
    ) -> Asking<'a, 'b> {
        let disease = library.disease(&compiled.rule.notifiable, case.today());
        let environment = environment::of_case(compiled, case, disease);
        let steps = STEPS_OF_RULE_MAX.min(*budget);
        Asking { compiled, case: *case, environment, steps, budget }
    }

    /// Of what the rule is asked.
    fn foci(&mut self) -> Result<Vec<Item<'a>>, String> {
        let Some(each) = &self.compiled.each else {
            return Ok(vec![Item::Node(Node::root(self.case.patient))]);
        };
        let root = Item::Node(Node::root(self.case.patient));
        let mut foci = self.run(each, &root)?;
        foci.truncate(EACH_MAX);
        Ok(foci)
    }

    fn run(&mut self, program: &'a Program, focus: &Item<'a>) -> Result<Vec<Item<'a>>, String> {
        let mut items = Vec::new();
        let before = self.steps;
        let done = program.evaluate_into(focus, &self.environment, &mut self.steps, &mut items);
        *self.budget = self.budget.saturating_sub(before.saturating_sub(self.steps));
        done.map(|()| items).map_err(|error| format!("{}: {error}", program.source()))
    }

    fn cards(&mut self, found: &'a Found, verdict: &mut Verdict) -> Result<Vec<Card>, String> {
        let foci = self.foci()?;
        let mut cards: Vec<Card> = Vec::new();
        if foci.is_empty() {
            return Ok(cards);
        }
        let searches = || self.compiled.rule.records.iter().map(|one| Search { text: &one.expression });
        let unread: Vec<Search<'_>> = searches().filter(|one| found.of(one.text).is_none()).collect();
        if !unread.is_empty() {
            verdict.unread.extend(unread.iter().map(|one| one.kind().to_owned()));
            return Ok(cards);
        }
        let cut = searches().filter(|one| found.was_cut(one.text));
        verdict.cut.extend(cut.map(|one| one.kind().to_owned()));
        self.environment = environment::with_records(self.environment.clone(), self.compiled, found);
        self.work_out(true, &Item::Node(Node::root(self.case.patient)))?;
        let known = self.environment.variables.len();
        for focus in foci {
            self.environment.variables.truncate(known);
            self.work_out(false, &focus)?;
            if !self.holds(&focus)? {
                continue;
            }
            let card = self.card(&focus, cards.len())?;
            let is_new = cards.iter().all(|one| one.message != card.message);
            if is_new && cards.len() < CARDS_OF_RULE_MAX {
                cards.push(card);
            }
        }
        Ok(cards)
    }

    /// Works out the variables that are the same whatever is asked, or the others.
    fn work_out(&mut self, is_fixed: bool, focus: &Item<'a>) -> Result<(), String> {
        for one in self.compiled.variables.iter().filter(|one| one.is_fixed == is_fixed) {
            let items = self.run(&one.program, focus)?;
            self.environment.variables.push((one.name.clone(), items));
        }
        Ok(())
    }

    /// An empty result is no: what is not known does not fire.
    fn holds(&mut self, focus: &Item<'a>) -> Result<bool, String> {
        let when = &self.compiled.when;
        let found = self.run(when, focus)?;
        match found.as_slice() {
            [] => Ok(false),
            [one] => Ok(matches!(one.to_system(), Item::Boolean(true))),
            many => Err(format!("{}: {} results, one is needed", when.source(), many.len())),
        }
    }

    fn card(&mut self, focus: &Item<'a>, number: usize) -> Result<Card, String> {
        let compiled = self.compiled;
        let rule = &compiled.rule;
        // A rule that does not say on what it rests may have told of anything that was found for it.
        let rests = match &compiled.rests {
            Some(rests) => self.run(rests, focus)?,
            None => self.found(),
        };
        Ok(Card {
            rule: rule.slug.clone(),
            edition: rule.from,
            number,
            title: rule.title.clone(),
            severity: rule.severity,
            message: self.words(&compiled.message, focus)?,
            suggest: self.words(&compiled.suggest, focus)?,
            source: compiled.source.clone(),
            uncertain: compiled.uncertain.clone(),
            reasons: rule.reasons.clone(),
            on: self.compiled.each.as_ref().and_then(|_| reference(focus)),
            labels: labels(&rests),
            rests: match compiled.rests {
                Some(_) => rests.iter().filter_map(reference).collect(),
                None => Vec::new(),
            },
        })
    }

    /// Everything that the record answered to this rule.
    fn found(&self) -> Vec<Item<'a>> {
        let names = self.compiled.rule.records.iter().map(|one| &one.name);
        let of = |name: &String| self.environment.variables.iter().find(|(known, _)| known == name);
        names.filter_map(of).flat_map(|(_, items)| items.iter().cloned()).collect()
    }

    fn words(&mut self, pieces: &'a [Piece], focus: &Item<'a>) -> Result<String, String> {
        let mut text = String::new();
        for piece in pieces {
            match piece {
                Piece::Text(words) => text += words,
                Piece::Path(program) => text += &shown(&self.run(program, focus)?),
            }
        }
        Ok(text.trim().chars().take(MESSAGE_MAX).collect())
    }
}

/// The security labels of records, each once.
fn labels(records: &[Item]) -> Vec<Value> {
    let mut all: Vec<Value> = Vec::new();
    for tree in records.iter().filter_map(|item| item.node()?.value) {
        let meta = tree.get("meta").into_iter().flat_map(|meta| items(meta, "security"));
        for label in meta {
            let same = |known: &&Value| {
                ["system", "code"].iter().all(|name| str_at(known, &[name]) == str_at(label, &[name]))
            };
            if !all.iter().any(|known| same(&known)) {
                all.push(label.clone());
            }
        }
    }
    all
}

/// `Condition/1` of a resource that has an id.
fn reference(item: &Item) -> Option<String> {
    let tree: &Value = item.node()?.value?;
    Some(format!("{}/{}", str_at(tree, &["resourceType"])?, str_at(tree, &["id"])?))
}
