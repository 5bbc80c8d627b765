//! A Questionnaire becomes a [`Form`]: every fault of it is told at once, with its place (`item[2].item[0].enableWhen[0]`).
//! Places name extensions by their short keys.

mod expression;
mod extension;
mod item;
mod rules;
mod template;

use crate::fault::Faults;
use crate::form::{Body, Form, Launch, Piece, Variable};
use expression::Scope;
use std::collections::{BTreeMap, BTreeSet};
use yba_fhir::Outcome;
use yba_fhir::json::{JsonValueTrait, Value, items, str_at};
use yba_fhirpath::{Node, Shape};

pub(crate) use extension::{expression_text, extension, extensions, part};

impl Form {
    /// Compiles a Questionnaire.
    ///
    /// # Errors
    ///
    /// Kind `unprocessable`, with every fault at its place: linkIds that are missing or twice there, rules about questions
    /// that do not exist, expressions that R4's tables do not bear, limits that make no sense, templates that are not there.
    pub fn compile(questionnaire: &Value) -> Result<Form, Outcome> {
        let mut faults = Faults::default();
        if str_at(questionnaire, &["resourceType"]) != Some("Questionnaire") {
            faults.add("resourceType", "form-type", "đây không phải là Questionnaire");
        }
        let launch = launches(questionnaire, &mut faults);
        let mut scope = Scope::new(&launch);
        let mut ids = BTreeSet::new();
        allocated_anywhere(questionnaire, 0, &mut ids);
        for name in ids {
            if scope.knows(name) {
                faults.add("allocateId", "form-variable", taken(name));
            }
            scope.add(name, Shape::of(yba_fhirpath::schema::TypeId::STRING));
        }
        let variables = variables(questionnaire, &mut scope, &mut faults);
        let mut form = Form {
            questionnaire: yba_fhir::json::ordered(questionnaire),
            items: Vec::new(),
            roots: Vec::new(),
            by_link: BTreeMap::new(),
            launch,
            variables,
            constraints: rules::constraints(questionnaire, "", None, &scope, &mut faults),
            templates: template::templates(questionnaire, &mut faults),
            extracts: Vec::new(),
            allocated: rules::allocated(questionnaire),
            inside: BTreeMap::new(),
        };
        let mut compiler = item::Compiler { form: &mut form, scope: &scope, faults: &mut faults };
        compiler.all(questionnaire);
        form.extracts = template::uses(questionnaire, "", None, &form.templates, &scope, &mut faults);
        form.inside = template::programs(&form.templates, &scope, &mut faults);
        faults.finish()?;
        Ok(form)
    }
}

/// Ids are made before anything is extracted, so any template may name them. Items may give rows ids of one name.
fn allocated_anywhere<'v>(value: &'v Value, depth: usize, names: &mut BTreeSet<&'v str>) {
    names.extend(extensions(value, "allocateId").filter_map(|one| str_at(one, &["valueString"])));
    if depth <= crate::limits::DEPTH_MAX {
        items(value, "item").for_each(|one| allocated_anywhere(one, depth + 1, names));
    }
}

/// A name means one thing, so that it cannot be checked as one and run as another.
fn taken(name: &str) -> String {
    format!("tên “{name}” đã có nghĩa khác trong biểu mẫu")
}

fn launches(questionnaire: &Value, faults: &mut Faults) -> Vec<Launch> {
    let mut all: Vec<Launch> = Vec::new();
    for (at, one) in extensions(questionnaire, "launchContext").enumerate() {
        let place = format!("launchContext[{at}]");
        let name = part(one, "name").and_then(|part| {
            str_at(part, &["valueCoding", "code"]).or(str_at(part, &["valueId"])).map(str::to_owned)
        });
        let kind =
            part(one, "type").and_then(|part| str_at(part, &["valueCode"])).unwrap_or_default().to_owned();
        match name {
            Some(name) if Scope::new(&all).knows(&name) => faults.add(&place, "form-variable", taken(&name)),
            Some(name) if yba_fhir::defs::r4().is_resource(&kind) => all.push(Launch { name, kind }),
            Some(_) => {
                faults.add(&place, "form-launch", format!("“{kind}” không phải một loại tài nguyên của R4"))
            }
            None => faults.add(&place, "form-launch", "launchContext cần name và type"),
        }
    }
    all
}

fn variables(questionnaire: &Value, scope: &mut Scope, faults: &mut Faults) -> Vec<Variable> {
    let mut all = Vec::new();
    for (at, one) in extensions(questionnaire, "variable").enumerate() {
        let place = format!("variable[{at}]");
        let name = str_at(one, &["valueExpression", "name"]).unwrap_or_default();
        let text = str_at(one, &["valueExpression", "expression"]).unwrap_or_default();
        if name.is_empty() || text.is_empty() {
            faults.add(&place, "form-variable", "biến cần name và expression");
            continue;
        }
        if scope.knows(name) {
            faults.add(&place, "form-variable", taken(name));
            continue;
        }
        let (body, shape) = match str_at(one, &["valueExpression", "language"]) {
            Some("application/x-fhir-query") => {
                let id = yba_fhirpath::schema::schema().fhir("Bundle");
                (query(text, &place, scope, faults).map(Body::Query), id.map_or_else(Shape::any, Shape::of))
            }
            Some("text/fhirpath") => {
                let program = scope.compile(text, None, &place, faults);
                let shape = program.as_ref().map_or_else(Shape::any, |program| program.leaves().clone());
                (program.map(Body::Path), shape)
            }
            other => {
                let text = format!(
                    "biểu thức phải là text/fhirpath hoặc application/x-fhir-query, không phải {other:?}"
                );
                faults.add(&place, "form-language", text);
                (None, Shape::any())
            }
        };
        scope.add(name, shape);
        all.extend(body.map(|body| Variable { name: name.to_owned(), body }));
    }
    all
}

/// A query with expressions between double braces.
fn query(text: &str, place: &str, scope: &Scope, faults: &mut Faults) -> Option<Vec<Piece>> {
    let (mut pieces, mut rest) = (Vec::new(), text);
    while let Some((before, after)) = rest.split_once("{{") {
        let Some((inside, after)) = after.split_once("}}") else {
            faults.add(place, "form-query", "thiếu }} sau {{");
            return None;
        };
        pieces.push(Piece::Text(before.to_owned()));
        pieces.push(Piece::Path(scope.compile(inside.trim(), None, place, faults)?));
        rest = after;
    }
    pieces.push(Piece::Text(rest.to_owned()));
    // A read of one record would be another shape than the Bundle that expressions are checked for.
    let kind = text.split(['?', '/', '{']).next().unwrap_or_default();
    if !yba_fhir::defs::r4().is_resource(kind) || !text.contains('?') {
        faults.add(
            place,
            "form-query",
            "câu hỏi phải là một tìm kiếm, ví dụ Observation?patient={{%patient.id}}",
        );
        return None;
    }
    Some(pieces)
}

/// The type of what an expression of an item works on.
pub(super) fn item_shape() -> Shape {
    let blank = Value::new();
    Shape::of(Node::typed(&blank, "QuestionnaireResponse.item").id)
}

/// Every member of a list with its place.
pub(super) fn each<'v>(
    value: &'v Value,
    name: &'v str,
    place: &str,
) -> impl Iterator<Item = (String, &'v Value)> {
    let around = if place.is_empty() { name.to_owned() } else { format!("{place}.{name}") };
    items(value, name).enumerate().map(move |(at, one)| (format!("{around}[{at}]"), one))
}

pub(super) fn flag(value: &Value, name: &str) -> bool {
    value.get(name).and_then(|flag| flag.as_bool()).unwrap_or(false)
}
