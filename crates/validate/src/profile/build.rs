//! Compiles the tree of a definition: element names become types, rules and discriminators become programs.

use super::discriminator::{steps, told_by_existence, told_by_profile, told_by_type, told_by_value};
use super::draft::{Draft, HL7, fault, number, texts};
use super::slicing::{Rules, Slice, Slicing, Test, Wanted};
use super::{Allowed, Binding, Constraint, ExtensionUse, Profile};
use crate::rule::Rule;
use std::collections::HashSet;
use std::sync::OnceLock;
use yba_fhir::defs::{ElementDef, Invariant, r4};
use yba_fhir::json::{JsonValueTrait, Value, items, str_at};
use yba_fhir::outcome::Issue;
use yba_fhir::text::{nearest, unversioned};
use yba_fhirpath::schema::{Element, TypeId, Variant, schema};
use yba_fhirpath::{CompileOptions, Program};

/// The profile of a definition, or everything that is wrong with it.
pub fn profile(definition: &Value, draft: &Draft<'_>) -> Result<Profile, Vec<Issue>> {
    let kind = str_at(definition, &["type"]).unwrap_or_default();
    let Some(type_id) = schema().fhir(kind) else {
        let text = format!("“{kind}” không phải loại tài nguyên hay kiểu dữ liệu của FHIR R4.");
        return Err(fault("StructureDefinition.type", "profile-type", &text, "the type is not one of R4"));
    };
    let mut build = Build { issues: Vec::new() };
    let root = build.constraint(draft, &[type_id], None);
    if !build.issues.is_empty() {
        return Err(build.issues);
    }
    let url = str_at(definition, &["url"]).unwrap_or_default();
    let title = str_at(definition, &["title"]).or_else(|| str_at(definition, &["name"])).unwrap_or(url);
    Ok(Profile {
        url: url.to_owned(),
        title: title.to_owned(),
        kind: kind.to_owned(),
        type_id,
        root,
        extension: (kind == "Extension").then(|| extension_use(definition, draft)),
    })
}

fn extension_use(definition: &Value, draft: &Draft<'_>) -> ExtensionUse {
    let of_elements = items(definition, "context").filter(|one| str_at(one, &["type"]) == Some("element"));
    let mut elements: Vec<String> =
        of_elements.filter_map(|one| str_at(one, &["expression"]).map(str::to_owned)).collect();
    // A context of another kind cannot be judged here, so none is.
    if items(definition, "context").any(|one| str_at(one, &["type"]) != Some("element")) {
        elements.clear();
    }
    let is_modifier = draft.fact("isModifier").and_then(|flag| flag.as_bool()).unwrap_or_default();
    ExtensionUse { elements, is_modifier }
}

struct Build {
    issues: Vec<Issue>,
}

/// An element of a type as R4 has it.
struct Known<'s> {
    element: &'s Element,
    base: Option<&'static ElementDef>,
}

impl Build {
    fn wrong(&mut self, place: &str, key: &'static str, text: &str, detail: &str) {
        self.issues.extend(fault(place, key, text, detail));
    }

    /// What a draft asks of an element that may be of these types; `base` is R4's own definition of it.
    fn constraint(&mut self, draft: &Draft<'_>, types: &[TypeId], base: Option<&ElementDef>) -> Constraint {
        let allowed = self.allowed(draft, types, base);
        let narrowed: Vec<TypeId> = match allowed.is_empty() {
            true => types.to_vec(),
            false => allowed.iter().map(|one| one.id).collect(),
        };
        let (min, max) = self.cardinality(draft, base);
        Constraint {
            min,
            max,
            fixed: draft.choice("fixed").cloned(),
            pattern: draft.choice("pattern").cloned(),
            length_max: draft.fact("maxLength").and_then(number),
            least: draft.choice("minValue").cloned(),
            most: draft.choice("maxValue").cloned(),
            binding: binding(draft, base),
            rules: self.rules(draft, &narrowed),
            children: self.children(draft, &narrowed),
            // Slices of an element with choices are slices by type unless something else is said.
            slicing: self.slicing(draft, &narrowed, base.is_some_and(|base| base.path.ends_with("[x]"))),
            types: allowed,
        }
    }

    /// How many there must and may be, where that differs from R4.
    fn cardinality(&mut self, draft: &Draft<'_>, base: Option<&ElementDef>) -> (u32, Option<u32>) {
        let min = draft.fact("min").and_then(number).map_or(0, |min| min as u32);
        let max = draft.fact("max").and_then(|max| max.as_str()).filter(|max| *max != "*");
        let max = match max.map(str::parse::<u32>) {
            Some(Err(_)) => {
                self.wrong(&draft.place, "profile-max", "max phải là số hoặc “*”.", "max is no number");
                None
            }
            Some(Ok(max)) => Some(max),
            None => None,
        };
        if max.is_some_and(|max| min > max) {
            self.wrong(&draft.place, "profile-cardinality", "min lớn hơn max.", "min is greater than max");
        }
        let Some(base) = base else { return (min, max) };
        if let (Some(base_max), Some(max)) = (base.max, max)
            && max > base_max
        {
            let text = format!("FHIR R4 chỉ cho nhiều nhất {base_max}.");
            self.wrong(&draft.place, "profile-max", &text, "max is greater than in R4");
        }
        (if min > base.min { min } else { 0 }, max.filter(|max| base.max.is_none_or(|base| *max < base)))
    }

    fn allowed(&mut self, draft: &Draft<'_>, types: &[TypeId], base: Option<&ElementDef>) -> Vec<Allowed> {
        let listed = draft.types();
        let mut allowed = Vec::new();
        for one in listed {
            let name = str_at(one, &["code"]).unwrap_or_default();
            if name.starts_with("http://hl7.org/fhirpath/System.") {
                continue;
            }
            let Some(id) = schema().fhir(name).filter(|id| types.iter().any(|known| fits_type(*id, *known)))
            else {
                let text = format!("Kiểu “{name}” không được phép ở phần tử này trong FHIR R4.");
                self.wrong(
                    &format!("{}.type", draft.place),
                    "profile-element-type",
                    &text,
                    "the type is not allowed here in R4",
                );
                continue;
            };
            // An element of a resource's own is of an unnamed type.
            let unnamed = types.iter().copied().find(|known| schema().get(*known).is_anonymous());
            let id = unnamed.unwrap_or(id);
            allowed.push(Allowed {
                name: name.to_owned(),
                id,
                profiles: texts(one, "profile"),
                targets: targets(one, base),
            });
        }
        let says_nothing = allowed.len() == types.len()
            && allowed.iter().all(|one| one.profiles.is_empty() && one.targets.is_empty());
        if says_nothing { Vec::new() } else { allowed }
    }

    fn rules(&mut self, draft: &Draft<'_>, types: &[TypeId]) -> Vec<Rule> {
        let context = single(types).map_or("", |id| schema().get(id).name.as_str());
        let mut rules = Vec::new();
        for rule in &draft.rules {
            let text = |name: &str| str_at(rule, &[name]).unwrap_or_default().to_owned();
            let invariant = Invariant {
                key: text("key"),
                is_error: str_at(rule, &["severity"]) != Some("warning"),
                human: text("human"),
                expression: text("expression"),
            };
            if r4_keys().contains(invariant.key.as_str()) || invariant.expression.is_empty() {
                continue;
            }
            match Rule::compile(&invariant, context) {
                Ok(rule) => rules.extend(rule),
                Err(error) => {
                    let place =
                        format!("{}.constraint.where(key = '{}').expression", draft.place, invariant.key);
                    let place_in = format!("dòng {}, cột {}", error.line, error.column);
                    let text = format!("Biểu thức FHIRPath có lỗi ở {place_in}: {}", error.text);
                    self.wrong(&place, "profile-rule", &text, &error.to_string());
                }
            }
        }
        rules
    }

    fn children(&mut self, draft: &Draft<'_>, types: &[TypeId]) -> Vec<(String, Constraint)> {
        let mut children = Vec::new();
        for (name, child) in &merged(&draft.children, types) {
            let Some(Known { element, base }) = known(types, name) else {
                let names = types.iter().flat_map(|id| schema().element_names(*id));
                let advice =
                    nearest(name, names).map(|near| format!(" Có phải “{near}”?")).unwrap_or_default();
                let owner = types.first().map_or("", |id| schema().get(*id).name.as_str());
                let text = format!("{owner} không có phần tử “{name}”.{advice}");
                self.wrong(
                    &format!("{}.path", child.place),
                    "profile-element",
                    &text,
                    &format!("{owner} has no element {name:?}"),
                );
                continue;
            };
            let types: Vec<TypeId> = element.variants.iter().map(|variant| variant.id).collect();
            children.push((name.clone(), self.constraint(child, &types, base)));
        }
        children
    }

    fn slicing(&mut self, draft: &Draft<'_>, types: &[TypeId], is_choice: bool) -> Option<Slicing> {
        if draft.slices.is_empty() {
            return None;
        }
        let fact = draft.fact("slicing");
        let rules = match fact.and_then(|fact| str_at(fact, &["rules"])) {
            Some("closed") => Rules::Closed,
            Some("openAtEnd") => Rules::OpenAtEnd,
            _ => Rules::Open,
        };
        let is_ordered = fact.and_then(|fact| fact.get("ordered")?.as_bool()).unwrap_or_default();
        let discriminators: Vec<&Value> =
            fact.map(|fact| items(fact, "discriminator").collect()).unwrap_or_default();
        let mut slices = Vec::new();
        for (name, slice) in &draft.slices {
            let own = if is_choice { by_name_of_type(name, types) } else { Vec::new() };
            let narrowed = if own.is_empty() { types } else { &own };
            let constraint = self.constraint(slice, narrowed, None);
            let mut tests = Vec::new();
            for one in &discriminators {
                tests.extend(self.test(one, slice, &constraint, types));
            }
            if discriminators.is_empty() {
                tests.extend(self.implied(name, slice, &constraint, own));
            }
            slices.push(Slice { name: name.clone(), tests, constraint });
        }
        Some(Slicing { rules, is_ordered, slices })
    }

    /// How slices are told apart when the definition does not say: extensions by url, choices by type.
    fn implied(
        &mut self,
        name: &str,
        slice: &Draft<'_>,
        built: &Constraint,
        own: Vec<TypeId>,
    ) -> Option<Test> {
        if let Some((1, wanted)) = told_by_value(slice, built, &["url"]) {
            return Some(Test { path: Program::compile("url", Some("Extension")).ok(), wanted });
        }
        let types: Vec<TypeId> =
            if own.is_empty() { built.types.iter().map(|one| one.id).collect() } else { own };
        if types.is_empty() {
            let text =
                format!("Không rõ phân biệt lát cắt “{name}” bằng gì. Hãy khai slicing.discriminator.");
            self.wrong(&slice.place, "profile-slice", &text, "there is no discriminator for the slice");
            return None;
        }
        Some(Test { path: None, wanted: Wanted::Types(types) })
    }

    fn test(
        &mut self,
        discriminator: &Value,
        slice: &Draft<'_>,
        built: &Constraint,
        types: &[TypeId],
    ) -> Option<Test> {
        let kind = str_at(discriminator, &["type"]).unwrap_or_default();
        let path = str_at(discriminator, &["path"]).unwrap_or_default();
        let steps = steps(path);
        let found = match kind {
            // Of what a reference points to, a profile is all that a slice can say.
            "value" | "pattern" if steps.first() == Some(&"resolve()") => {
                told_by_profile(slice, &steps[..1]).map(|wanted| (1, wanted))
            }
            "value" | "pattern" => told_by_value(slice, built, &steps),
            "exists" => told_by_existence(slice, &steps).map(|wanted| (steps.len(), wanted)),
            "type" => told_by_type(slice, &steps).map(|wanted| (steps.len(), wanted)),
            "profile" => told_by_profile(slice, &steps).map(|wanted| (steps.len(), wanted)),
            _ => None,
        };
        let Some((depth, wanted)) = found else {
            let text = format!("Lát cắt không cho biết giá trị phân biệt ở “{path}” ({kind}).");
            self.wrong(
                &slice.place,
                "profile-slice",
                &text,
                &format!("nothing tells the slice apart by {kind} at {path:?}"),
            );
            return None;
        };
        let path = steps[..depth].join(".");
        if path.is_empty() {
            return Some(Test { path: None, wanted });
        }
        let context = single(types).map(|id| schema().get(id).name.as_str());
        let options = CompileOptions { context, as_filters: true, ..CompileOptions::default() };
        match Program::compile_with(&path, &options) {
            Ok(program) => Some(Test { path: Some(program), wanted }),
            Err(error) => {
                let text = format!("Đường dẫn phân biệt “{path}” có lỗi: {}", error.text);
                self.wrong(&slice.place, "profile-discriminator", &text, &error.to_string());
                None
            }
        }
    }
}

/// Whether a type that a profile names may stand where R4 has `known`.
fn fits_type(id: TypeId, known: TypeId) -> bool {
    schema().is_a(id, known) || schema().is_a(known, id)
}

/// The element of that name in one of the types.
fn known<'s>(types: &[TypeId], name: &str) -> Option<Known<'s>> {
    types.iter().find_map(|id| {
        let owner = schema().get(*id);
        Some(Known { element: owner.element(name)?, base: base_element(&owner.name, name) })
    })
}

/// R4's definition of an element of `Patient` or `Patient.contact`.
fn base_element(owner: &str, name: &str) -> Option<&'static ElementDef> {
    let (kind, path) =
        owner.split_once('.').map_or((owner, String::new()), |(kind, path)| (kind, format!("{path}.")));
    let (plain, choice) = (format!("{path}{name}"), format!("{path}{name}[x]"));
    r4().type_def(kind)?.elements.iter().find(|element| element.path == plain || element.path == choice)
}

/// `valueQuantity` is another way to write a slice of `value[x]`.
fn merged<'v>(children: &[(String, Draft<'v>)], types: &[TypeId]) -> Vec<(String, Draft<'v>)> {
    let mut merged: Vec<(String, Draft<'v>)> = Vec::new();
    for (name, child) in children {
        let choice = if known(types, name).is_some() { None } else { choice_of(types, name) };
        let name = choice.map_or(name.as_str(), |(element, _)| element.name.as_str());
        let position = merged.iter().position(|(known, _)| known == name).unwrap_or_else(|| {
            merged.push((name.to_owned(), Draft::default()));
            merged.len() - 1
        });
        match choice {
            None => merged[position].1 = with_slices(child, &merged[position].1),
            Some((_, variant)) => merged[position].1.slices.push((variant.key.clone(), child.clone())),
        }
    }
    merged
}

fn with_slices<'v>(child: &Draft<'v>, before: &Draft<'v>) -> Draft<'v> {
    let mut child = child.clone();
    child.slices.extend(before.slices.iter().cloned());
    child
}

fn choice_of<'s>(types: &[TypeId], key: &str) -> Option<(&'s Element, &'s Variant)> {
    types
        .iter()
        .flat_map(|id| &schema().get(*id).elements)
        .filter(|element| element.choice)
        .find_map(|element| Some((element, element.variant(key)?)))
}

/// The type in a slice's name such as `valueQuantity`, among these.
fn by_name_of_type(slice: &str, types: &[TypeId]) -> Vec<TypeId> {
    let ends = |id: &&TypeId| {
        let name = &schema().get(**id).name;
        slice.len() > name.len() && slice.to_lowercase().ends_with(&name.to_lowercase())
    };
    types.iter().filter(ends).max_by_key(|id| schema().get(**id).name.len()).copied().into_iter().collect()
}

fn single(types: &[TypeId]) -> Option<TypeId> {
    match types {
        [only] => Some(*only),
        _ => None,
    }
}

fn binding(draft: &Draft<'_>, base: Option<&ElementDef>) -> Option<Binding> {
    let fact = draft.fact("binding")?;
    let set = str_at(fact, &["valueSet"])?;
    let required = match str_at(fact, &["strength"])? {
        "required" => true,
        "extensible" => false,
        _ => return None,
    };
    let as_in_r4 = base.and_then(|base| base.binding.as_ref()).is_some_and(|(strength, known)| {
        unversioned(known) == unversioned(set) && (strength == "required" || !required)
    });
    (!as_in_r4).then(|| Binding { required, set: unversioned(set).to_owned() })
}

/// The types that a reference may point to, where fewer than in R4. A profile of ours counts by its own name's type,
/// which is judged where the target is known.
fn targets(one: &Value, base: Option<&ElementDef>) -> Vec<String> {
    let named = texts(one, "targetProfile");
    let names: Option<Vec<String>> = named
        .iter()
        .map(|url| url.strip_prefix(HL7).filter(|name| r4().type_def(name).is_some()).map(str::to_owned))
        .collect();
    let names = names.filter(|names| !names.iter().any(|name| name == "Resource")).unwrap_or_default();
    match base {
        Some(base) if names.len() == base.reference_targets.len() => Vec::new(),
        _ => names,
    }
}

/// The keys of R4's own invariants, which are judged already.
fn r4_keys() -> &'static HashSet<&'static str> {
    static KEYS: OnceLock<HashSet<&'static str>> = OnceLock::new();
    KEYS.get_or_init(|| {
        let all = r4().types().flat_map(|(_, def)| {
            def.invariants.iter().chain(def.elements.iter().flat_map(|element| &element.invariants))
        });
        all.map(|invariant| invariant.key.as_str()).collect()
    })
}
