//! Limits, constraints and conditions of items.

use super::expression::Scope;
use super::extension::{count_of, extensions, part, text_of, value_of};
use super::{each, expression_text, item_shape};
use crate::fault::Faults;
use crate::form::{Bound, Constraint, Enable, EnableWhen, Item, Kind, Limits, Operator};
use crate::value;
use regex::RegexBuilder;
use std::collections::BTreeMap;
use yba_fhir::DateRange;
use yba_fhir::json::{JsonContainerTrait, JsonValueTrait, Value, str_at};
use yba_fhirpath::Shape;

pub(super) fn allocated(value: &Value) -> Vec<String> {
    extensions(value, "allocateId")
        .filter_map(|one| str_at(one, &["valueString"]))
        .map(str::to_owned)
        .collect()
}

pub(super) fn limits(value: &Value, kind: Kind, place: &str, faults: &mut Faults) -> Limits {
    let mut bound = |key: &str| {
        let held = value_of(value, key)?;
        let found = match kind {
            Kind::Integer | Kind::Decimal | Kind::Quantity => value::decimal_of(held).map(Bound::Number),
            Kind::Date | Kind::DateTime => {
                let text = held.as_str().unwrap_or_default();
                DateRange::parse(text).map(|range| Bound::Moment(range.start, text.to_owned()))
            }
            _ => None,
        };
        if found.is_none() {
            faults.add(
                &format!("{place}.{key}"),
                "form-limit",
                format!("{key} không hợp với loại của mục này"),
            );
        }
        found
    };
    let (least, most) = (bound("minValue"), bound("maxValue"));
    let wrong_way = match (&least, &most) {
        (Some(Bound::Number(least)), Some(Bound::Number(most))) => least > most,
        (Some(Bound::Moment(least, _)), Some(Bound::Moment(most, _))) => least > most,
        _ => false,
    };
    if wrong_way {
        faults.add(&format!("{place}.minValue"), "form-limit", "minValue lớn hơn maxValue");
    }
    let pattern = text_of(value, "regex").and_then(|text| {
        // The pattern is of the whole answer. <https://hl7.org/fhir/R4/extension-regex.html>
        let built = RegexBuilder::new(&format!("^(?:{text})$")).size_limit(1 << 20).build();
        built
            .map_err(|error| {
                faults.add(&format!("{place}.regex"), "form-regex", format!("regex sai: {error}"))
            })
            .ok()
    });
    Limits {
        least,
        most,
        decimals: count_of(value, "maxDecimalPlaces").map(|places| places.min(20) as u32),
        shortest: count_of(value, "minLength"),
        longest: value.get("maxLength").and_then(|length| length.as_u64()).map(|length| length as usize),
        pattern,
        fewest: count_of(value, "minOccurs"),
        many: count_of(value, "maxOccurs").filter(|many| *many > 0),
    }
}

/// Both ways in which SDC has written constraints.
pub(super) fn constraints(
    value: &Value,
    place: &str,
    within: Option<&Shape>,
    scope: &Scope,
    faults: &mut Faults,
) -> Vec<Constraint> {
    let mut all: Vec<Constraint> = Vec::new();
    for key in ["constraint", "targetConstraint"] {
        for (at, one) in extensions(value, key).enumerate() {
            let here = if place.is_empty() { format!("{key}[{at}]") } else { format!("{place}.{key}[{at}]") };
            let text = |url: &str, members: [&str; 2]| {
                part(one, url)
                    .and_then(|part| members.iter().find_map(|member| str_at(part, &[member])))
                    .unwrap_or_default()
            };
            let expression = part(one, "expression").and_then(|part| {
                str_at(part, &["valueString"]).or_else(|| str_at(part, &["valueExpression", "expression"]))
            });
            let name = text("key", ["valueId", "valueString"]);
            let human = text("human", ["valueString", "valueMarkdown"]);
            if !yba_fhir::resource::is_id(name) || all.iter().any(|other| other.key == name) {
                faults.add(&here, "form-constraint", "ràng buộc cần key riêng, gồm chữ, số, gạch ngang");
            }
            if human.is_empty() {
                faults.add(&here, "form-constraint", "ràng buộc cần human: câu nói với người điền");
            }
            let stops = match text("severity", ["valueCode", "valueString"]) {
                "error" => true,
                "warning" => false,
                _ => {
                    faults.add(&here, "form-constraint", "severity phải là error hoặc warning");
                    continue;
                }
            };
            let Some(expression) = expression else {
                faults.add(&here, "form-constraint", "ràng buộc cần expression");
                continue;
            };
            let program = scope.compile(expression, within, &format!("{here}.expression"), faults);
            all.extend(program.map(|program| Constraint {
                key: name.to_owned(),
                stops,
                human: human.to_owned(),
                program,
            }));
        }
    }
    all
}

/// Conditions, once all items are known.
pub(super) fn enable(
    value: &Value,
    at: usize,
    items: &[Item],
    by_link: &BTreeMap<String, usize>,
    scope: &Scope,
    faults: &mut Faults,
) -> Enable {
    let place = items[at].place.clone();
    let mut rules = Vec::new();
    for (here, one) in each(value, "enableWhen", &place) {
        match rule(one, at, items, by_link) {
            Ok(rule) => rules.push(rule),
            Err(text) => faults.add(&here, "form-enable", text),
        }
    }
    let behavior = str_at(value, &["enableBehavior"]);
    if yba_fhir::json::items(value, "enableWhen").count() > 1 && behavior.is_none() {
        faults.add(&place, "form-enable", "có nhiều enableWhen thì phải ghi enableBehavior là all hoặc any");
    }
    let program = expression_text(value, "enableWhenExpression");
    let program = program.and_then(|text| {
        scope.compile(text, Some(&item_shape()), &format!("{place}.enableWhenExpression"), faults)
    });
    Enable { rules, all: behavior != Some("any"), program }
}

fn rule(
    one: &Value,
    at: usize,
    items: &[Item],
    by_link: &BTreeMap<String, usize>,
) -> Result<EnableWhen, String> {
    let link = str_at(one, &["question"]).unwrap_or_default();
    let Some(question) = by_link.get(link).copied() else {
        let near = yba_fhir::text::nearest(link, by_link.keys().map(String::as_str));
        let advice = near.map_or(String::new(), |near| format!("; có phải {near}?"));
        return Err(format!("enableWhen hỏi mục “{link}”, nhưng không có mục ấy{advice}"));
    };
    if !items[question].is_question() {
        return Err(format!("enableWhen hỏi mục “{link}”, nhưng mục ấy không phải câu hỏi"));
    }
    let mut around = Some(question);
    while let Some(one) = around {
        if one == at {
            return Err(format!("enableWhen hỏi mục “{link}” nằm ngay trong mục này"));
        }
        around = items[one].parent;
    }
    let operator = match str_at(one, &["operator"]).unwrap_or_default() {
        "exists" => Operator::Exists,
        "=" => Operator::Equal,
        "!=" => Operator::NotEqual,
        ">" => Operator::Greater,
        "<" => Operator::Less,
        ">=" => Operator::GreaterOrEqual,
        "<=" => Operator::LessOrEqual,
        other => return Err(format!("operator “{other}” không có; có: exists, =, !=, >, <, >=, <=")),
    };
    let member = one.as_object().and_then(|object| {
        object.iter().find_map(|(name, held)| Some((name.strip_prefix("answer")?.to_owned(), held.clone())))
    });
    let Some(answer) = member else {
        return Err("enableWhen cần answer[x], ví dụ answerBoolean".to_owned());
    };
    check_answer(&items[question], operator, &answer)?;
    Ok(EnableWhen { question, operator, answer })
}

/// A rule that can never hold is a slip.
fn check_answer(question: &Item, operator: Operator, (member, held): &(String, Value)) -> Result<(), String> {
    if operator == Operator::Exists {
        return if member == "Boolean" {
            Ok(())
        } else {
            Err("operator exists cần answerBoolean".to_owned())
        };
    }
    let wanted: &[&str] = match question.kind {
        Kind::Boolean => &["Boolean"],
        Kind::Decimal | Kind::Integer => &["Decimal", "Integer"],
        Kind::Date => &["Date"],
        Kind::DateTime => &["DateTime", "Date"],
        Kind::Time => &["Time"],
        Kind::Quantity => &["Quantity"],
        Kind::Choice | Kind::OpenChoice => &["Coding", "String", "Integer", "Date", "Time"],
        _ => &["String"],
    };
    if !wanted.contains(&member.as_str()) {
        return Err(format!(
            "mục “{}” không trả lời bằng {member}; cần answer{}",
            question.link_id, wanted[0]
        ));
    }
    let listed = question.options.iter();
    let is_listed = listed
        .clone()
        .any(|option| value::parts(&option.value).is_some_and(|(_, one)| value::is_same(one, held)));
    if !question.options.is_empty() && question.kind == Kind::Choice && !is_listed {
        let code = str_at(held, &["code"]).or(held.as_str()).unwrap_or_default();
        return Err(format!("“{code}” không có trong các lựa chọn của mục “{}”", question.link_id));
    }
    Ok(())
}
