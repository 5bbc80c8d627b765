//! Damage done to sound resources: every place of a tree with what R4 says of it, and what may be broken there.

use sonic_rs::PointerNode;
use std::collections::BTreeMap;
use yba_fhir::defs::{ElementDef, r4};
use yba_fhir::json::{
    JsonContainerTrait, JsonValueMutTrait, JsonValueTrait, Value, from_str, json, str_at, to_string,
};
use yba_fhirpath::schema::{Kind, TypeId, schema};

/// A member of an object in a resource.
#[derive(Clone)]
pub struct Site {
    /// The object that holds it.
    owner: Vec<PointerNode>,
    /// The name in JSON: `valueQuantity`.
    pub key: String,
    /// The name in FHIRPath: `value`.
    pub name: String,
    pub type_name: &'static str,
    pub is_list: bool,
    pub is_choice: bool,
    /// Where it stands, without an index of its own.
    pub path: String,
    /// Where the object that holds it stands.
    pub owner_path: String,
    pub definition: Option<&'static ElementDef>,
}

/// The sites of a resource, those of resources inside it left out.
pub fn sites(resource: &Value) -> Vec<Site> {
    let mut found = Vec::new();
    let kind = str_at(resource, &["resourceType"]).unwrap();
    let at = At { pointer: Vec::new(), path: kind.to_owned(), id: schema().fhir(kind).unwrap() };
    collect(resource, &at, &mut found);
    found
}

struct At {
    pointer: Vec<PointerNode>,
    path: String,
    id: TypeId,
}

fn collect(object: &Value, at: &At, found: &mut Vec<Site>) {
    for element in &schema().get(at.id).elements {
        for variant in &element.variants {
            let Some(value) = object.get(&variant.key) else { continue };
            let path = format!("{}.{}", at.path, element.name);
            let child = schema().get(variant.id);
            found.push(Site {
                owner: at.pointer.clone(),
                key: variant.key.clone(),
                name: element.name.clone(),
                type_name: &child.name,
                is_list: element.many,
                is_choice: element.choice,
                path: path.clone(),
                owner_path: at.path.clone(),
                definition: definition(&schema().get(at.id).name, &element.name),
            });
            if child.kind != Kind::Complex {
                continue;
            }
            let mut pointer = at.pointer.clone();
            pointer.push(PointerNode::Key(variant.key.clone().into()));
            match value.as_array() {
                None => collect(value, &At { pointer, path, id: variant.id }, found),
                Some(list) => {
                    for (index, item) in list.iter().enumerate() {
                        let mut pointer = pointer.clone();
                        pointer.push(PointerNode::Index(index));
                        collect(
                            item,
                            &At { pointer, path: format!("{path}[{index}]"), id: variant.id },
                            found,
                        );
                    }
                }
            }
        }
    }
}

fn definition(owner: &str, name: &str) -> Option<&'static ElementDef> {
    let (kind, prefix) =
        owner.split_once('.').map_or((owner, String::new()), |(kind, path)| (kind, format!("{path}.")));
    let (plain, choice) = (format!("{prefix}{name}"), format!("{prefix}{name}[x]"));
    r4().type_def(kind)?.elements.iter().find(|element| element.path == plain || element.path == choice)
}

impl Site {
    pub fn is_required(&self) -> bool {
        self.definition.is_some_and(|definition| definition.min > 0)
    }

    pub fn required_set(&self) -> Option<&'static str> {
        let (strength, set) = self.definition?.binding.as_ref()?;
        (strength == "required").then_some(set.as_str())
    }

    pub fn targets(&self) -> &'static [String] {
        self.definition.map_or(&[], |definition| &definition.reference_targets)
    }

    pub fn is_primitive(&self) -> bool {
        self.type_name.starts_with(|letter: char| letter.is_ascii_lowercase())
    }

    pub fn is_of(&self, type_name: &str) -> bool {
        self.type_name == type_name
    }

    /// The path of its first item.
    pub fn first(&self) -> String {
        if self.is_list { format!("{}[0]", self.path) } else { self.path.clone() }
    }

    /// Puts another value there; of a list it becomes the first item.
    pub fn put(&self, tree: &mut Value, value: Value) {
        let owner = self.owner(tree);
        match owner.get_mut(&self.key).and_then(|list| list.as_array_mut()).filter(|_| self.is_list) {
            Some(list) => list[0] = value,
            None => {
                owner.as_object_mut().unwrap().insert(&self.key, value);
            }
        }
    }

    /// Puts another value in place of all of it, list or not.
    pub fn put_whole(&self, tree: &mut Value, value: Value) {
        self.owner(tree).as_object_mut().unwrap().insert(&self.key, value);
    }

    pub fn whole<'v>(&self, tree: &'v mut Value) -> &'v mut Value {
        self.owner(tree).get_mut(&self.key).unwrap()
    }

    pub fn first_value<'v>(&self, tree: &'v mut Value) -> &'v mut Value {
        let is_list = self.is_list;
        let whole = self.whole(tree);
        if is_list { whole.get_mut(0).unwrap() } else { whole }
    }

    pub fn owner<'v>(&self, tree: &'v mut Value) -> &'v mut Value {
        // An empty pointer is no place to sonic-rs.
        if self.owner.is_empty() { tree } else { tree.pointer_mut(&self.owner).unwrap() }
    }

    pub fn remove(&self, tree: &mut Value) {
        self.owner(tree).as_object_mut().unwrap().remove(&self.key);
    }

    /// Whether the object that holds it holds this too.
    pub fn has_beside(&self, tree: &Value, key: &str) -> bool {
        self.owner_in(tree).get(key).is_some()
    }

    fn owner_in<'v>(&self, tree: &'v Value) -> &'v Value {
        if self.owner.is_empty() { tree } else { tree.pointer(&self.owner).unwrap() }
    }
}

type Applies = Box<dyn Fn(&Site, &Value) -> bool>;
type Act = Box<dyn Fn(&Site, &mut Value) -> String>;

/// A kind of damage. It names the place where it must be found, or does nothing where it does not apply.
pub struct Damage {
    pub name: String,
    pub key: &'static str,
    pub applies: Applies,
    pub act: Act,
}

fn damage(
    name: &str,
    key: &'static str,
    applies: impl Fn(&Site, &Value) -> bool + 'static,
    act: impl Fn(&Site, &mut Value) -> String + 'static,
) -> Damage {
    Damage { name: name.to_owned(), key, applies: Box::new(applies), act: Box::new(act) }
}

/// Values that are no values of a primitive type.
const BAD: &[(&str, &str, &str)] = &[
    ("base64Binary", "bad-format", r#""*không*""#),
    ("boolean", "wrong-type", r#""true""#),
    ("canonical", "bad-format", r#""a b""#),
    ("code", "bad-format", r#"" x""#),
    ("date", "bad-format", r#""2026-02-30""#),
    ("dateTime", "bad-format", r#""2026-03-02T08:00""#),
    ("decimal", "wrong-type", r#""1,5""#),
    ("id", "bad-format", r#""có dấu""#),
    ("instant", "bad-format", r#""2026-03-02""#),
    ("integer", "bad-format", "1.5"),
    ("markdown", "bad-format", r#""""#),
    ("oid", "bad-format", r#""1.2.3""#),
    ("positiveInt", "bad-format", "0"),
    ("string", "bad-format", r#"" ""#),
    ("time", "bad-format", r#""24:00:00""#),
    ("unsignedInt", "bad-format", "-1"),
    ("uri", "bad-format", r#""a b""#),
    ("url", "bad-format", r#""a b""#),
    ("uuid", "bad-format", r#""urn:uuid:1""#),
    ("xhtml", "bad-format", r#""<p>x</p>""#),
];

const RARE: [&str; 3] = ["oid", "time", "uuid"];

/// Every kind.
pub fn kinds() -> Vec<Damage> {
    let mut kinds = structure();
    for (type_name, key, bad) in BAD.iter().filter(|(name, ..)| !RARE.contains(name)) {
        kinds.push(damage(
            &format!("a {type_name} of a bad format"),
            key,
            |site, _| site.is_of(type_name) && site.name != "resourceType",
            |site, tree| {
                site.put(tree, from_str(bad).unwrap());
                site.first()
            },
        ));
    }
    // Types that HL7's examples hardly use.
    for (type_name, key, bad) in BAD.iter().filter(|(name, ..)| RARE.contains(name)) {
        kinds.push(damage(
            &format!("an extension with a {type_name} of a bad format"),
            key,
            at_the_top,
            move |_, tree| {
                let name = format!("value{}{}", type_name[..1].to_uppercase(), &type_name[1..]);
                let extension: Value =
                    from_str(&format!(r#"[{{"url": "https://yba.test/x", "{name}": {bad}}}]"#)).unwrap();
                tree.as_object_mut().unwrap().insert("extension", extension);
                format!("{}.extension[0].value", kind(tree))
            },
        ));
    }
    kinds.extend(meaning());
    kinds.extend(rules());
    kinds
}

fn structure() -> Vec<Damage> {
    vec![
        damage(
            "a required element missing",
            "missing-required",
            |site, _| site.is_required(),
            |site, tree| {
                site.remove(tree);
                // A primitive may live by its extensions alone.
                let sibling = format!("_{}", site.key);
                site.owner(tree).as_object_mut().unwrap().remove(&sibling);
                site.path.clone()
            },
        ),
        damage(
            "an unknown element",
            "unknown-element",
            |_, _| true,
            |site, tree| {
                site.owner(tree).as_object_mut().unwrap().insert("nhomMau", json!("O"));
                format!("{}.nhomMau", site.owner_path)
            },
        ),
        damage(
            "a misspelt element",
            "unknown-element",
            |site, _| !site.is_required(),
            |site, tree| {
                let value = site.whole(tree).clone();
                site.remove(tree);
                let key = format!("{}s_", site.key);
                site.owner(tree).as_object_mut().unwrap().insert(&key, value);
                format!("{}.{key}", site.owner_path)
            },
        ),
        damage(
            "a list made single",
            "not-array",
            |site, _| site.is_list,
            |site, tree| {
                let first = site.first_value(tree).clone();
                site.put_whole(tree, first);
                site.path.clone()
            },
        ),
        damage(
            "a single value repeated",
            "is-array",
            |site, _| !site.is_list,
            |site, tree| {
                let value = site.whole(tree).clone();
                site.put_whole(tree, Value::from(vec![value.clone(), value]));
                site.path.clone()
            },
        ),
        damage(
            "an empty list",
            "empty-element",
            |site, _| site.is_list,
            |site, tree| {
                site.put_whole(tree, json!([]));
                site.path.clone()
            },
        ),
        damage(
            "an empty object",
            "empty-element",
            |site, _| {
                !site.is_primitive()
                    && schema().fhir(site.type_name).is_some_and(|id| schema().get(id).kind == Kind::Complex)
            },
            |site, tree| {
                site.put(tree, json!({}));
                site.first()
            },
        ),
        damage(
            "a null",
            "null-item",
            |site, tree| !site.has_beside(tree, &format!("_{}", site.key)),
            |site, tree| {
                site.put(tree, Value::default());
                site.first()
            },
        ),
        damage(
            "text in place of an object",
            "wrong-type",
            |site, _| !site.is_primitive(),
            |site, tree| {
                site.put(tree, json!("chữ"));
                site.first()
            },
        ),
        damage(
            "an object in place of a primitive",
            "wrong-type",
            |site, _| site.is_primitive(),
            |site, tree| {
                site.put(tree, json!({"value": "x"}));
                site.first()
            },
        ),
        damage(
            "a number in place of text",
            "wrong-type",
            |site, tree| {
                let value = site.owner_in(tree).get(&site.key).unwrap();
                site.is_primitive()
                    && (value.is_str() || value.as_array().is_some_and(|list| list[0].is_str()))
            },
            |site, tree| {
                site.put(tree, json!(7));
                site.first()
            },
        ),
        damage(
            "a second type of a choice",
            "choice-twice",
            |site, _| {
                site.is_choice
                    && !site.is_of("boolean")
                    && site.definition.is_some_and(|one| one.types.iter().any(|name| name == "boolean"))
            },
            |site, tree| {
                let key = format!("{}Boolean", site.name);
                site.owner(tree).as_object_mut().unwrap().insert(&key, json!(true));
                site.path.clone()
            },
        ),
        damage(
            "a type that a choice does not have",
            "unknown-element",
            |site, _| {
                site.is_choice
                    && site.definition.is_some_and(|one| !one.types.iter().any(|name| name == "Signature"))
            },
            |site, tree| {
                let key = format!("{}Signature", site.name);
                site.remove(tree);
                site.owner(tree).as_object_mut().unwrap().insert(&key, json!({"who": {"display": "x"}}));
                format!("{}.{key}", site.owner_path)
            },
        ),
    ]
}

fn meaning() -> Vec<Damage> {
    vec![
        damage(
            "a code outside its required list",
            "code-not-in-set",
            |site, _| site.is_of("code") && can_be_listed(site),
            |site, tree| {
                site.put(tree, json!("không-có-mã-này"));
                site.first()
            },
        ),
        damage(
            "a concept outside its required list",
            "code-not-in-set",
            |site, _| site.is_of("CodeableConcept") && can_be_listed(site),
            |site, tree| {
                site.put(tree, json!({"coding": [{"system": "https://yba.test/x", "code": "x"}]}));
                site.first()
            },
        ),
        damage(
            "a reference to a type that may not stand there",
            "reference-type",
            |site, _| {
                site.is_of("Reference")
                    && !site.targets().is_empty()
                    && !site.targets().iter().any(|one| one == "Resource" || one == "Slot")
            },
            |site, tree| {
                site.put(tree, json!({"reference": "Slot/1"}));
                site.first()
            },
        ),
        damage(
            "an extension without url",
            "missing-required",
            |site, _| !site.is_primitive() && !site.has_resource(),
            |site, tree| {
                site.first_value(tree)
                    .as_object_mut()
                    .unwrap()
                    .insert("extension", json!([{"valueCode": "x"}]));
                format!("{}.extension[0].url", site.first())
            },
        ),
        damage(
            "an extension that is none",
            "invariant",
            |site, _| !site.is_primitive() && !site.has_resource(),
            |site, tree| {
                site.first_value(tree)
                    .as_object_mut()
                    .unwrap()
                    .insert("extension", json!([{"url": "https://yba.test/x"}]));
                format!("{}.extension[0]", site.first())
            },
        ),
        damage("a contained stranger", "unknown-type", at_the_top, |_, tree| {
            tree.as_object_mut()
                .unwrap()
                .insert("contained", json!([{"resourceType": "Patienten", "id": "c"}]));
            format!("{}.contained[0]", kind(tree))
        }),
    ]
}

fn rules() -> Vec<Damage> {
    vec![
        damage("a contained resource that nobody refers to (dom-3)", "invariant", at_the_top, |_, tree| {
            tree.as_object_mut().unwrap().insert(
                "contained",
                json!([{"resourceType": "Basic", "id": "lonely", "code": {"text": "x"}}]),
            );
            kind(tree)
        }),
        damage("a contained resource inside a contained one (dom-2)", "invariant", at_the_top, |_, tree| {
            let inner = json!([{"resourceType": "Basic", "id": "i", "code": {"text": "x"}}]);
            tree.as_object_mut().unwrap().insert("contained", json!([{"resourceType": "Basic", "id": "o", "code": {"text": "x"}, "contained": inner, "subject": {"reference": "#o"}}]));
            kind(tree)
        }),
        damage(
            "a reference to nothing contained (ref-1)",
            "invariant",
            |site, _| site.is_of("Reference"),
            |site, tree| {
                site.put(tree, json!({"reference": "#nirgends"}));
                site.first()
            },
        ),
        damage(
            "a period that ends before it begins (per-1)",
            "invariant",
            |site, _| site.is_of("Period"),
            |site, tree| {
                site.put(tree, json!({"start": "2026-03-02", "end": "2026-03-01"}));
                site.first()
            },
        ),
        damage(
            "a unit without its system (qty-3)",
            "invariant",
            |site, _| site.is_of("Quantity"),
            |site, tree| {
                site.put(tree, json!({"value": 1, "code": "g"}));
                site.first()
            },
        ),
        damage(
            "a contact point of no kind (cpt-2)",
            "invariant",
            |site, _| site.is_of("ContactPoint"),
            |site, tree| {
                site.put(tree, json!({"value": "0900000000"}));
                site.first()
            },
        ),
        damage(
            "a range upside down (rng-2)",
            "invariant",
            |site, _| site.is_of("Range"),
            |site, tree| {
                site.put(tree, json!({"low": {"value": 2}, "high": {"value": 1}}));
                site.first()
            },
        ),
        damage(
            "an attachment without its type (att-1)",
            "invariant",
            |site, _| site.is_of("Attachment"),
            |site, tree| {
                site.put(tree, json!({"data": "QUJD"}));
                site.first()
            },
        ),
        damage(
            "a narrative that says nothing (txt-2)",
            "invariant",
            |site, _| site.is_of("xhtml"),
            |site, tree| {
                site.put(tree, json!("<div xmlns=\"http://www.w3.org/1999/xhtml\"> </div>"));
                site.path.clone()
            },
        ),
        damage(
            "a narrative with a script (txt-1)",
            "invariant",
            |site, _| site.is_of("xhtml"),
            |site, tree| {
                site.put(
                    tree,
                    json!("<div xmlns=\"http://www.w3.org/1999/xhtml\">x<script>y</script></div>"),
                );
                site.path.clone()
            },
        ),
    ]
}

impl Site {
    /// It holds whole resources, not an element.
    fn has_resource(&self) -> bool {
        schema().fhir(self.type_name).is_some_and(|id| schema().get(id).kind != Kind::Complex)
    }
}

fn kind(tree: &Value) -> String {
    str_at(tree, &["resourceType"]).unwrap().to_owned()
}

fn at_the_top(site: &Site, tree: &Value) -> bool {
    let is_domain = !matches!(kind(tree).as_str(), "Bundle" | "Binary" | "Parameters");
    is_domain && site.owner.is_empty() && tree.get("contained").is_none()
}

fn can_be_listed(site: &Site) -> bool {
    static TABLE: std::sync::OnceLock<BTreeMap<String, ()>> = std::sync::OnceLock::new();
    let table = TABLE.get_or_init(|| {
        let tables: Value = from_str(&yba_assets::text("valuesets.json.gz").unwrap()).unwrap();
        tables.as_object().unwrap().iter().map(|(url, _)| (url.to_owned(), ())).collect()
    });
    site.required_set().is_some_and(|set| table.contains_key(set))
}

/// A tree of its own, that may be changed.
pub fn own(value: &Value) -> Value {
    from_str(&to_string(value).unwrap()).unwrap()
}
