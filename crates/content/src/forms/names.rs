//! Names that a Questionnaire does not have: a slip of the pen that FHIR would only ignore.

use yba_fhir::defs::{TypeDef, r4};
use yba_fhir::json::{JsonContainerTrait, Value};
use yba_fhir::text::nearest;

use super::sdc::{self, Place};

/// Keys of our own at the top.
const OWN: [&str; 2] = ["basis", "uncertain"];

/// Place and sentence of every name that is neither an element nor a short key.
pub(super) fn unknown(document: &Value) -> Vec<(String, String)> {
    let mut found = Vec::new();
    if let Some(definition) = r4().type_def("Questionnaire") {
        walk(definition, document, "", "", &mut found);
    }
    found
}

/// `element` is the path in the definition, `place` the one in the document.
fn walk(definition: &TypeDef, value: &Value, element: &str, place: &str, found: &mut Vec<(String, String)>) {
    let Some(object) = value.as_object() else { return };
    let known: Vec<&str> = names(definition, element);
    let short = sdc::keys(Place::of_element(element));
    for (name, member) in object.iter() {
        let inside = if place.is_empty() { name.to_owned() } else { format!("{place}.{name}") };
        let is_own = place.is_empty() && OWN.contains(&name);
        if !is_known(&known, name) && !short.contains(&name) && !is_own {
            let near = nearest(name, known.iter().copied().chain(short.iter().copied()));
            let advice = near.map_or(String::new(), |near| format!("; có phải {near}?"));
            found.push((inside, format!("Questionnaire không có “{name}” ở đây{advice}")));
            continue;
        }
        let below = match element {
            "" | "item" if name == "item" => "item",
            "item" if name == "answerOption" || name == "enableWhen" || name == "initial" => name,
            _ => continue,
        };
        let below = if below == "item" { "item".to_owned() } else { format!("item.{below}") };
        for (at, one) in member.as_array().into_iter().flat_map(|list| list.iter()).enumerate() {
            walk(definition, one, &below, &format!("{inside}[{at}]"), found);
        }
    }
}

/// The elements directly below a path; `value[x]` as it stands.
fn names<'d>(definition: &'d TypeDef, element: &str) -> Vec<&'d str> {
    let common =
        ["id", "extension", "modifierExtension", "resourceType", "meta", "text", "contained", "language"];
    let own = definition.elements.iter().filter_map(|one| {
        let rest =
            if element.is_empty() { &one.path } else { one.path.strip_prefix(element)?.strip_prefix('.')? };
        (!rest.contains('.')).then_some(rest)
    });
    let inherited = if element.is_empty() { &common[..] } else { &common[..3] };
    own.chain(inherited.iter().copied()).collect()
}

fn is_known(known: &[&str], name: &str) -> bool {
    let name = name.strip_prefix('_').unwrap_or(name);
    known.iter().any(|one| match one.strip_suffix("[x]") {
        Some(stem) => {
            name.strip_prefix(stem).is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_uppercase()))
        }
        None => *one == name,
    })
}
