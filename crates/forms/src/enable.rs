//! Whether an item is asked: `enableWhen` and `enableBehavior`.
//! <https://hl7.org/fhir/R4/questionnaire-definitions.html#Questionnaire.item.enableWhen>

use crate::form::{EnableWhen, Form, Operator};
use crate::sheet::{Row, Sheet, Slot, Spot};
use crate::value;
use std::cmp::Ordering;
use yba_fhir::json::{JsonValueTrait, Value};

/// Whether the rules of an item hold at its spot; an item without rules is asked.
pub(crate) fn by_rules(form: &Form, sheet: &Sheet, spot: &Spot) -> bool {
    let enable = &form.items[spot.item].enable;
    if enable.rules.is_empty() {
        return true;
    }
    let mut each = enable.rules.iter().map(|rule| holds(form, sheet, spot, rule));
    if enable.all { each.all(|held| held) } else { each.any(|held| held) }
}

fn holds(form: &Form, sheet: &Sheet, spot: &Spot, rule: &EnableWhen) -> bool {
    let answers = answers_near(form, sheet, spot, rule.question);
    let (member, wanted) = &rule.answer;
    if rule.operator == Operator::Exists {
        return answers.is_empty() != wanted.as_bool().unwrap_or(true);
    }
    answers
        .iter()
        .filter_map(|answer| value::parts(answer))
        .any(|(_, held)| test(rule.operator, member, held, wanted))
}

fn test(operator: Operator, member: &str, held: &Value, wanted: &Value) -> bool {
    let same = value::is_same(held, wanted);
    let order = || if member == "Coding" { None } else { value::compare(held, wanted) };
    match operator {
        Operator::Exists => true,
        Operator::Equal => same,
        Operator::NotEqual => !same,
        Operator::Greater => order() == Some(Ordering::Greater),
        Operator::Less => order() == Some(Ordering::Less),
        Operator::GreaterOrEqual => matches!(order(), Some(Ordering::Greater | Ordering::Equal)),
        Operator::LessOrEqual => matches!(order(), Some(Ordering::Less | Ordering::Equal)),
    }
}

/// The answers of a question as seen from a spot: within the rows around both, of all rows elsewhere.
fn answers_near<'s>(form: &Form, sheet: &'s Sheet, spot: &Spot, question: usize) -> Vec<&'s Value> {
    let mut chain = Vec::new();
    let mut at = Some(question);
    while let Some(item) = at {
        let around = form.items[item].parent;
        let slot = form.below(around).iter().position(|one| *one == item).unwrap_or_default();
        chain.push(slot);
        at = around;
    }
    chain.reverse();
    let Some((last, around)) = chain.split_last() else { return Vec::new() };
    let (mut rows, mut together): (Vec<&Row>, bool) = (vec![&sheet.top], true);
    for (depth, slot) in around.iter().enumerate() {
        let here = spot.way.get(depth).filter(|(other, _)| together && other == slot);
        together = here.is_some();
        let slots = rows.iter().filter_map(|row| row.slots.get(*slot)).filter(|slot| slot.enabled);
        rows = match here {
            Some((_, row)) => slots.filter_map(|slot| slot.rows.get(*row)).collect(),
            None => slots.flat_map(|slot| &slot.rows).collect(),
        };
    }
    rows.iter().filter_map(|row| row.slots.get(*last)).flat_map(Slot::values).collect()
}
