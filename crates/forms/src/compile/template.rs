//! Templates of resources: contained ones that some `templateExtract` names, and the expressions inside them.
//! <https://hl7.org/fhir/uv/sdc/STU3/extraction.html#template-based-extraction>

use super::expression::Scope;
use super::extension::{extensions, part};
use crate::fault::Faults;
use crate::form::{Piece, TemplateUse};
use std::collections::BTreeMap;
use yba_content::forms::sdc;
use yba_fhir::json::{JsonContainerTrait, Value, items, str_at};
use yba_fhirpath::{Program, Shape};

/// The contained resources by id.
pub(super) fn templates(questionnaire: &Value, faults: &mut Faults) -> BTreeMap<String, Value> {
    let mut all = BTreeMap::new();
    for (at, one) in items(questionnaire, "contained").enumerate() {
        let place = format!("contained[{at}]");
        let kind = str_at(one, &["resourceType"]).unwrap_or_default();
        if !yba_fhir::defs::r4().is_resource(kind) {
            faults.add(&place, "form-template", format!("“{kind}” không phải một loại tài nguyên của R4"));
        }
        match str_at(one, &["id"]) {
            Some(id) => drop(all.insert(id.to_owned(), one.clone())),
            None => faults.add(&place, "form-template", "tài nguyên trong contained cần id"),
        }
    }
    all
}

/// The uses of templates at an item or at the form.
pub(super) fn uses(
    value: &Value,
    place: &str,
    within: Option<&Shape>,
    templates: &BTreeMap<String, Value>,
    scope: &Scope,
    faults: &mut Faults,
) -> Vec<TemplateUse> {
    let mut all = Vec::new();
    for (at, one) in extensions(value, "templateExtract").enumerate() {
        let around = if place.is_empty() { String::new() } else { format!("{place}.") };
        let here = format!("{around}templateExtract[{at}]");
        let reference = part(one, "template").and_then(|part| str_at(part, &["valueReference", "reference"]));
        let name = reference.and_then(|reference| reference.strip_prefix('#')).unwrap_or_default();
        if !templates.contains_key(name) {
            faults.add(&here, "form-template", format!("không có mẫu “{name}” trong contained"));
        }
        let mut program = |url: &str| {
            let text = part(one, url).and_then(|part| str_at(part, &["valueString"]))?;
            scope.compile(text, within, &format!("{here}.{url}"), faults)
        };
        let (full_url, resource_id) = (program("fullUrl"), program("resourceId"));
        let search = part(one, "ifNoneExist").and_then(|part| str_at(part, &["valueString"]));
        let if_none_exist =
            search.and_then(|text| pieces(text, within, &format!("{here}.ifNoneExist"), scope, faults));
        all.push(TemplateUse { full_url, resource_id, if_none_exist, template: name.to_owned() });
    }
    all
}

/// A search joined of texts and expressions, `'identifier=urn:x|' + %patient.id`. Only so is it known what the author wrote
/// and what was typed: words that hold `&` or `|` must not become a search of their own.
fn pieces(
    text: &str,
    within: Option<&Shape>,
    place: &str,
    scope: &Scope,
    faults: &mut Faults,
) -> Option<Vec<Piece>> {
    let plain = |part: &str| {
        let inside = part.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\''));
        inside.filter(|inside| !inside.contains(['\'', '\\'])).map(str::to_owned)
    };
    let parts = summands(text);
    if !parts.first().and_then(|part| plain(part)).is_some_and(|first| first.contains('=')) {
        let text =
            "ifNoneExist phải bắt đầu bằng một chuỗi như 'identifier=' rồi nối từng giá trị bằng dấu +";
        faults.add(place, "form-template", text);
        return None;
    }
    let piece = |part: &&str| match plain(part) {
        Some(text) => Some(Piece::Text(text)),
        None => scope.compile(part, within, place, faults).map(Piece::Path),
    };
    parts.iter().map(piece).collect()
}

/// The operands of the `+` and `&` of an expression that stand in no brackets or quotes.
fn summands(text: &str) -> Vec<&str> {
    let (mut parts, mut from, mut depth, mut quote, mut letters) =
        (Vec::new(), 0, 0_i32, None, text.char_indices());
    while let Some((at, letter)) = letters.next() {
        match (quote, letter) {
            (Some(_), '\\') => drop(letters.next()),
            (Some(open), _) if open == letter => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '`' | '"') => quote = Some(letter),
            (None, '(' | '[' | '{') => depth += 1,
            (None, ')' | ']' | '}') => depth -= 1,
            (None, '+' | '&') if depth == 0 => {
                parts.push(text[from..at].trim());
                from = at + 1;
            }
            _ => {}
        }
    }
    parts.push(text[from..].trim());
    parts
}

/// The programs of all expressions inside templates. What they work on depends on the contexts around them, so elements
/// are only checked where an expression begins with a variable.
pub(super) fn programs(
    templates: &BTreeMap<String, Value>,
    scope: &Scope,
    faults: &mut Faults,
) -> BTreeMap<String, Program> {
    let mut all = BTreeMap::new();
    for (id, template) in templates {
        walk(template, &format!("contained[{id}]"), scope, faults, &mut all);
    }
    all
}

fn walk(value: &Value, place: &str, scope: &Scope, faults: &mut Faults, all: &mut BTreeMap<String, Program>) {
    if let Some(list) = value.as_array() {
        list.iter().for_each(|one| walk(one, place, scope, faults, all));
    }
    let Some(object) = value.as_object() else { return };
    let keys = [sdc::url("templateExtractContext"), sdc::url("templateExtractValue")];
    if let (Some(url), Some(text)) = (str_at(value, &["url"]), str_at(value, &["valueString"]))
        && keys.contains(&url)
        && !all.contains_key(text)
        && let Some(program) = scope.compile(text, Some(&Shape::any()), place, faults)
    {
        all.insert(text.to_owned(), program);
    }
    object.iter().for_each(|(_, member)| walk(member, place, scope, faults, all));
}
