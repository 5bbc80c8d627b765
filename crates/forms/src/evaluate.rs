//! Expressions of a form, evaluated over the response as it stands: `%resource` is the response, the context is the item
//! where the expression is written, variables are the form's own and what it was launched with.
//! <https://hl7.org/fhir/uv/sdc/STU3/expressions.html>

use crate::form::{Body, Form, Kind};
use crate::limits::STEPS_MAX;
use crate::response;
use crate::setting::Setting;
use crate::sheet::{Sheet, Slot, Spot};
use yba_fhir::json::{JsonContainerTrait, JsonValueTrait, Value};
use yba_fhirpath::{Environment, Item, Node, PathError, Program};

/// An expression that could not be evaluated: a fault of content, for the log and for `yba content check`. `place` is the
/// path in the questionnaire (`item[2].constraint`), `text` the expression and why it broke.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    pub place: String,
    pub text: String,
}

/// One moment of a form, ready for its expressions.
pub(crate) struct World<'a> {
    environment: Environment<'a>,
    steps: u64,
    root: Item<'a>,
    pub broken: Vec<Broken>,
}

impl<'a> World<'a> {
    pub fn of(form: &'a Form, setting: &'a Setting, tree: &'a Value) -> World<'a> {
        let root = Node::root(tree);
        let mut environment = Environment::at(setting.now_ms);
        environment.assumed_offset = Some(environment.offset_minutes);
        environment.resource = Some(root);
        let today = yba_fhirpath::temporal::Date::parse(&setting.today().to_string());
        environment = environment.with("today", today.map(Item::Date).into_iter().collect());
        for launch in &form.launch {
            let resource = setting.launch.get(&launch.name);
            // Elements are found by the type that was declared; another resource would answer nonsense.
            let fits = |resource: &&Value| {
                resource.get("resourceType").and_then(|kind| kind.as_str()) == Some(&launch.kind)
            };
            let items = resource.filter(fits).map(|resource| Item::Node(Node::root(resource)));
            environment = environment.with(&launch.name, items.into_iter().collect());
        }
        let mut world = World { environment, steps: STEPS_MAX, root: Item::Node(root), broken: Vec::new() };
        for (at, variable) in form.variables.iter().enumerate() {
            let items = match &variable.body {
                Body::Path(program) => {
                    let root = world.root.clone();
                    world.at(program, &root, || format!("variable[{at}]"))
                }
                Body::Query(_) => {
                    let found = setting.found.get(&variable.name).and_then(Option::as_ref);
                    found.map(|found| Item::Node(Node::root(found))).into_iter().collect()
                }
            };
            world.environment.variables.push((variable.name.clone(), items));
        }
        world
    }

    /// Gives a variable these texts from now on.
    pub fn set(&mut self, name: &str, texts: Vec<String>) {
        self.environment.variables.retain(|(known, _)| known != name);
        self.environment.variables.push((name.to_owned(), texts.into_iter().map(Item::owned).collect()));
    }

    pub fn root(&self) -> Item<'a> {
        self.root.clone()
    }

    /// What a program finds at a focus; nothing when it breaks, which is noted.
    pub fn at(
        &mut self,
        program: &'a Program,
        focus: &Item<'a>,
        place: impl FnOnce() -> String,
    ) -> Vec<Item<'a>> {
        match self.tried(program, focus) {
            Ok(items) => items,
            Err(error) => {
                self.broken.push(Broken { place: place(), text: format!("{}: {error}", program.source()) });
                Vec::new()
            }
        }
    }

    fn tried(&mut self, program: &'a Program, focus: &Item<'a>) -> Result<Vec<Item<'a>>, PathError> {
        let mut items = Vec::new();
        program.evaluate_into(focus, &self.environment, &mut self.steps, &mut items)?;
        Ok(items)
    }

    /// Whether a rule holds; `None` when its result is empty or it breaks, which is noted. More than one result is no yes
    /// or no: the rule is broken.
    pub fn holds(
        &mut self,
        program: &'a Program,
        focus: &Item<'a>,
        place: impl Fn() -> String,
    ) -> Option<bool> {
        match self.only(program, focus, place)??.to_system() {
            Item::Boolean(flag) => Some(flag),
            _ => Some(true),
        }
    }

    /// The one item that a program finds, if it finds any; `None` when it breaks, which is noted, or finds more.
    pub fn only(
        &mut self,
        program: &'a Program,
        focus: &Item<'a>,
        place: impl Fn() -> String,
    ) -> Option<Option<Item<'a>>> {
        let mut found = self.at(program, focus, &place);
        if found.len() > 1 {
            let text = format!("{}: ra {} kết quả, chỉ cần một", program.source(), found.len());
            self.broken.push(Broken { place: place(), text });
            return None;
        }
        Some(found.pop())
    }

    /// The words a program finds at the root.
    pub fn words(&mut self, program: &'a Program) -> Vec<String> {
        let root = self.root.clone();
        let found = self.at(program, &root, || "variable".to_owned());
        found.iter().filter_map(text_of).collect()
    }
}

/// One item as text.
pub(crate) fn text_of(item: &Item) -> Option<String> {
    Some(match item.to_system() {
        Item::String(text) => text.to_string(),
        Item::Boolean(flag) => flag.to_string(),
        Item::Integer(whole) => whole.to_string(),
        Item::Decimal(amount) => amount.to_string(),
        Item::Date(day) => day.to_string(),
        Item::DateTime(moment) => moment.to_string(),
        Item::Time(time) => time.to_string(),
        _ => return None,
    })
}

/// The response of an empty sheet.
pub(crate) fn blank_tree(form: &Form) -> Value {
    response::tree(form, &Sheet::blank(form), true)
}

/// An item of a response as a focus.
pub(crate) fn focus(node: &Value) -> Item<'_> {
    Item::Node(Node::typed(node, "QuestionnaireResponse.item"))
}

/// Where a slot (one row of it, when it is a group) stands in the full tree of a sheet.
pub(crate) fn node<'t>(
    tree: &'t Value,
    form: &Form,
    sheet: &Sheet,
    spot: &Spot,
    row: usize,
) -> Option<&'t Value> {
    let (mut at, mut inside, mut around) = (tree, Some(&sheet.top), None);
    for (slot, row) in spot.way.iter().copied().chain([(spot.slot, row)]) {
        let children = form.below(around);
        let slots = &inside?.slots;
        let before: usize = (0..slot).map(|one| width(form, children[one], &slots[one])).sum();
        let is_question = around.is_some_and(|around: usize| form.items[around].is_question());
        let list =
            if is_question { at.get("answer")?.as_array()?.first()?.get("item")? } else { at.get("item")? };
        let is_group = form.items[children[slot]].kind == Kind::Group;
        at = list.as_array()?.get(before + if is_group { row } else { 0 })?;
        inside = slots.get(slot)?.rows.get(row);
        around = Some(children[slot]);
    }
    Some(at)
}

/// How many items of the full tree a slot makes.
fn width(form: &Form, item: usize, slot: &Slot) -> usize {
    match form.items[item].kind {
        Kind::Display => 0,
        Kind::Group => slot.rows.len(),
        _ => 1,
    }
}
