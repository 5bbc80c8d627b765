//! Parts of resources: `_summary` and `_elements`. <https://hl7.org/fhir/R4/search.html#summary>, `#elements`

use crate::asked::Asked;
use bytes::Bytes;
use yba_fhir::Outcome;
use yba_fhir::defs::{ElementDef, TypeDef, r4};
use yba_fhir::json::{self, Array, JsonContainerTrait, JsonValueMutTrait, Object, Value, json};

/// Most elements that may be named.
const ELEMENTS_MAX: usize = 100;
/// How deep the elements of a type are looked into; beyond, everything stays.
const DEPTH_MAX: usize = 8;
const SUBSETTED: &str = "http://terminology.hl7.org/CodeSystem/v3-ObservationValue";

/// Which part of a resource is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subset {
    /// What R4 marks as summary.
    Summary,
    /// Text, id, meta and what is mandatory.
    Text,
    /// All but the text.
    Data,
    /// These elements of the first level, and what is mandatory.
    Elements(Vec<String>),
}

/// The parameters that ask for a part.
pub const PARAMETERS: [&str; 2] = ["_summary", "_elements"];

impl Subset {
    /// What the parameters of a request ask; nothing when they want whole resources. `_summary=count` is no part of a
    /// resource and is refused here; searches take it before.
    pub fn of(pairs: &[(String, String)]) -> Result<Option<Subset>, Outcome> {
        let mut wanted = None;
        for (name, value) in pairs {
            let found = match (name.as_str(), value.as_str()) {
                ("_summary", "true") => Subset::Summary,
                ("_summary", "text") => Subset::Text,
                ("_summary", "data") => Subset::Data,
                ("_summary", "false") => continue,
                ("_summary", _) => return Err(bad("_summary", "true, text, data, count hoặc false")),
                ("_elements", list) => Subset::Elements(elements(list)?),
                _ => continue,
            };
            if wanted.replace(found).is_some() {
                return Err(bad(name, "chỉ một trong _summary và _elements, một lần"));
            }
        }
        Ok(wanted)
    }

    /// The same of a search, where `_summary=count` asks for no resource at all and `_summary=text` does not go with
    /// includes.
    pub fn of_search(pairs: &[(String, String)]) -> Result<Option<Subset>, Outcome> {
        let about: Vec<(String, String)> =
            pairs.iter().filter(|(name, value)| Subset::is_about(name, value)).cloned().collect();
        let subset = Subset::of(&about)?;
        let includes = |name: &str| matches!(name.split(':').next(), Some("_include" | "_revinclude"));
        if subset == Some(Subset::Text) && pairs.iter().any(|(name, _)| includes(name)) {
            return Err(bad("_summary", "true, data hoặc false khi có _include hay _revinclude"));
        }
        Ok(subset)
    }

    /// Whether a parameter of a search is of this module: the store knows the others.
    pub fn is_about(name: &str, value: &str) -> bool {
        name == "_elements" || name == "_summary" && matches!(value, "true" | "text" | "data")
    }

    /// The part of a stored body, marked as a part. A body that is no JSON stays as it is.
    pub fn part(&self, kind: &str, body: &Bytes) -> Bytes {
        let Ok(tree) = json::from_slice::<Value>(body) else { return body.clone() };
        let Some(def) = r4().type_def(kind) else { return body.clone() };
        let mut part = self.members(&tree, def, "", 0);
        mark(&mut part);
        json::to_vec(&json::ordered(&Value::from(part))).map_or_else(|_| body.clone(), Bytes::from)
    }

    fn members(&self, tree: &Value, def: &TypeDef, prefix: &str, depth: usize) -> Object {
        let mut kept = Object::new();
        let Some(object) = tree.as_object() else { return kept };
        for (key, value) in object.iter() {
            let name = key.strip_prefix('_').unwrap_or(key);
            let element = def.elements.iter().find(|one| is_named(one, prefix, name));
            let is_wanted = match (prefix, name) {
                ("", "resourceType" | "id" | "meta") => true,
                _ => element.is_some_and(|element| self.wants(element, prefix.is_empty())),
            };
            if !is_wanted {
                continue;
            }
            let within = element.map(|element| format!("{}.", element.path));
            let has_parts = within.filter(|within| {
                *self == Subset::Summary
                    && depth < DEPTH_MAX
                    && def.elements.iter().any(|one| one.path.starts_with(within.as_str()))
            });
            let value = match has_parts {
                None => value.clone(),
                Some(within) => match value.as_array() {
                    None => Value::from(self.members(value, def, &within, depth + 1)),
                    Some(array) => {
                        let mut parts = Array::with_capacity(array.len());
                        array.iter().for_each(|item| {
                            parts.push(Value::from(self.members(item, def, &within, depth + 1)));
                        });
                        Value::from(parts)
                    }
                },
            };
            kept.insert(key, value);
        }
        kept
    }

    fn wants(&self, element: &ElementDef, is_first_level: bool) -> bool {
        match self {
            Subset::Summary => element.is_summary || element.min > 0 || element.is_modifier,
            Subset::Text => element.path == "text" || element.min > 0,
            Subset::Data => element.path != "text",
            Subset::Elements(names) => {
                let name = element.path.strip_suffix("[x]").unwrap_or(&element.path);
                !is_first_level || element.min > 0 || names.iter().any(|one| one == name)
            }
        }
    }
}

impl Asked {
    /// The part of a resource that a read asks for.
    pub fn subset(&self) -> Result<Option<Subset>, Outcome> {
        Subset::of(&self.pairs)
    }
}

/// Whether a member of JSON is of this element: `valueQuantity` is of `value[x]`.
fn is_named(element: &ElementDef, prefix: &str, name: &str) -> bool {
    let Some(own) = element.path.strip_prefix(prefix) else { return false };
    match own.strip_suffix("[x]") {
        Some(choice) => name
            .strip_prefix(choice)
            .is_some_and(|rest| rest.starts_with(|first: char| first.is_ascii_uppercase())),
        None => own == name,
    }
}

/// Whoever gets a part must not take it for the whole and send it back.
fn mark(part: &mut Object) {
    let tag = json!({"system": SUBSETTED, "code": "SUBSETTED"});
    let mut meta = part.get(&"meta").cloned().unwrap_or_else(|| Value::from(Object::new()));
    if let Some(meta) = meta.as_object_mut() {
        match meta.get_mut(&"tag").and_then(|tags| tags.as_array_mut()) {
            Some(tags) => tags.push(tag),
            None => {
                meta.insert("tag", json!([tag]));
            }
        }
    }
    part.insert("meta", meta);
}

fn elements(list: &str) -> Result<Vec<String>, Outcome> {
    let names: Vec<String> = list.split(',').map(|name| name.trim().to_owned()).collect();
    let fine = |name: &String| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric());
    match names.len() <= ELEMENTS_MAX && names.iter().all(fine) {
        true => Ok(names),
        false => {
            Err(bad("_elements", "tên phần tử ở mức ngoài cùng, cách nhau bằng dấu phẩy, ví dụ name,gender"))
        }
    }
}

fn bad(name: &str, wanted: &str) -> Outcome {
    let text = format!("Tham số “{name}” không hợp lệ; cần {wanted}.");
    Outcome::invalid("search-value", text, format!("bad value for {name}")).at(name.to_owned())
}
