//! Templates of resources: contained ones that some `templateExtract` names, and the expressions inside them.
//! <https://hl7.org/fhir/uv/sdc/STU3/extraction.html#template-based-extraction>

use super::expression::Scope;
use super::extension::{extensions, part};
use crate::fault::Faults;
use crate::form::TemplateUse;
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
        all.push(TemplateUse {
            full_url: program("fullUrl"),
            resource_id: program("resourceId"),
            if_none_exist: program("ifNoneExist"),
            template: name.to_owned(),
        });
    }
    all
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
