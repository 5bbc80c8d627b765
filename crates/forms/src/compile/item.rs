//! Items, one after the other; conditions when all are known.

use super::expression::Scope;
use super::extension::{expression_text, extension, extensions, text_of, value_of};
use super::{each, flag, item_shape, rules, template};
use crate::fault::Faults;
use crate::form::{Choice, Enable, Form, Item, Kind};
use crate::limits::{DEPTH_MAX, ITEMS_MAX, OPTIONS_MAX};
use crate::value;
use yba_fhir::json::{JsonContainerTrait, JsonValueTrait, Value, str_at};
use yba_ui::format;

pub(super) struct Compiler<'c> {
    pub form: &'c mut Form,
    pub scope: &'c Scope,
    pub faults: &'c mut Faults,
}

impl Compiler<'_> {
    pub fn all(&mut self, questionnaire: &Value) {
        let mut sources = Vec::new();
        for (place, one) in each(questionnaire, "item", "") {
            if let Some(at) = self.item(one, None, &place, 1, &mut sources) {
                self.form.roots.push(at);
            }
        }
        if self.form.items.is_empty() {
            self.faults.add("item", "form-empty", "biểu mẫu chưa có mục nào");
        }
        for (at, source) in sources.into_iter().enumerate() {
            let form = &mut *self.form;
            let enable = rules::enable(source, at, &form.items, &form.by_link, self.scope, self.faults);
            form.items[at].enable = enable;
        }
    }

    fn item<'v>(
        &mut self,
        source: &'v Value,
        parent: Option<usize>,
        place: &str,
        depth: usize,
        sources: &mut Vec<&'v Value>,
    ) -> Option<usize> {
        if self.form.items.len() >= ITEMS_MAX || depth > DEPTH_MAX {
            let text = format!("biểu mẫu lớn quá: nhiều nhất {ITEMS_MAX} mục, lồng {DEPTH_MAX} tầng");
            self.faults.add(place, "form-limit", text);
            return None;
        }
        let link_id = self.link_id(source, place);
        let code = str_at(source, &["type"]).unwrap_or_default();
        let kind = Kind::of(code).unwrap_or_else(|| {
            let text = match code {
                "attachment" | "reference" => format!("chưa nhận được loại “{code}”"),
                _ => format!("“{code}” không phải một loại mục của R4"),
            };
            self.faults.add(&format!("{place}.type"), "form-kind", text);
            Kind::Display
        });
        let at = self.form.items.len();
        let mut item = self.one(source, link_id.clone(), kind, parent, place);
        if let Some(around) = parent.map(|around| &self.form.items[around]) {
            item.read_only |= around.read_only;
            item.hidden |= around.hidden;
        }
        self.form.items.push(item);
        sources.push(source);
        self.form.by_link.entry(link_id).or_insert(at);
        for (inner, one) in each(source, "item", place) {
            if let Some(child) = self.item(one, Some(at), &inner, depth + 1, sources) {
                self.form.items[at].children.push(child);
            }
        }
        self.check_shape(at);
        Some(at)
    }

    fn link_id(&mut self, source: &Value, place: &str) -> String {
        let link = str_at(source, &["linkId"]).unwrap_or_default();
        let sound = |byte: u8| byte.is_ascii_alphanumeric() || b"-._/".contains(&byte);
        if link.is_empty() || link.len() > 64 || !link.bytes().all(sound) {
            let text = "linkId cần 1–64 chữ không dấu, số, hoặc - . _ /";
            self.faults.add(&format!("{place}.linkId"), "form-link", text);
        } else if self.form.by_link.contains_key(link) {
            self.faults.add(
                &format!("{place}.linkId"),
                "form-link",
                format!("linkId “{link}” đã dùng cho mục khác"),
            );
        }
        link.to_owned()
    }

    fn one(
        &mut self,
        source: &Value,
        link_id: String,
        kind: Kind,
        parent: Option<usize>,
        place: &str,
    ) -> Item {
        let text = |name: &str| str_at(source, &[name]).unwrap_or_default().to_owned();
        let shape = item_shape();
        let mut program = |key: &str| {
            let text = expression_text(source, key)?;
            self.scope.compile(text, Some(&shape), &format!("{place}.{key}"), self.faults)
        };
        let (initial_program, calculated) = (program("initialExpression"), program("calculatedExpression"));
        for (at, _) in extensions(source, "variable").enumerate() {
            let text = "variable chỉ đặt ở đầu biểu mẫu; hãy chuyển lên đó";
            self.faults.add(&format!("{place}.variable[{at}]"), "form-variable", text);
        }
        let codings = |key: &str| -> Vec<Value> {
            extensions(source, key).filter_map(|one| one.get("valueCoding").cloned()).collect()
        };
        let (options, value_set) = self.choices(source, kind, place);
        Item {
            kind,
            prefix: text("prefix"),
            text: text("text"),
            hint: text_of(source, "entryFormat").unwrap_or_default().to_owned(),
            required: flag(source, "required"),
            repeats: flag(source, "repeats"),
            read_only: flag(source, "readOnly"),
            hidden: value_of(source, "hidden").and_then(|flag| flag.as_bool()).unwrap_or(false),
            options,
            value_set,
            unit: codings("unit").into_iter().next(),
            unit_options: codings("unitOption"),
            control: control(source),
            parent,
            children: Vec::new(),
            limits: rules::limits(source, kind, place, self.faults),
            initial: initial(source),
            initial_program,
            calculated,
            enable: Enable::default(),
            constraints: rules::constraints(source, place, Some(&shape), self.scope, self.faults),
            codes: yba_fhir::json::items(source, "code").cloned().collect(),
            observed: value_of(source, "observationExtract").and_then(|flag| flag.as_bool()),
            category: value_of(source, "observationExtractCategory").cloned(),
            extracts: template::uses(
                source,
                place,
                Some(&shape),
                &self.form.templates,
                self.scope,
                self.faults,
            ),
            allocated: rules::allocated(source),
            place: place.to_owned(),
            link_id,
        }
    }

    /// What can be chosen: options, or the address of a value set. A contained one gives options.
    fn choices(&mut self, source: &Value, kind: Kind, place: &str) -> (Vec<Choice>, Option<String>) {
        let mut options = self.options(source, kind, place);
        let set = str_at(source, &["answerValueSet"]);
        let Some(id) = set.and_then(|set| set.strip_prefix('#')) else {
            return (options, set.map(str::to_owned));
        };
        let place = format!("{place}.answerValueSet");
        for one in contained(self.form.templates.get(id)) {
            self.option(&mut options, one, &place);
        }
        if options.is_empty() {
            let text = format!("trong contained không có ValueSet “{id}” liệt kê mã");
            self.faults.add(&place, "form-option", text);
        }
        (options, None)
    }

    fn options(&mut self, source: &Value, kind: Kind, place: &str) -> Vec<Choice> {
        let mut all: Vec<Choice> = Vec::new();
        for (here, one) in each(source, "answerOption", place) {
            let member =
                one.as_object().and_then(|object| object.iter().find(|(name, _)| name.starts_with("value")));
            let Some((name, held)) = member else {
                self.faults.add(&here, "form-option", "lựa chọn cần value[x], ví dụ valueCoding");
                continue;
            };
            self.option(&mut all, choice(one, name, held), &here);
        }
        if !all.is_empty() && !matches!(kind, Kind::Choice | Kind::OpenChoice) {
            self.faults.add(
                &format!("{place}.answerOption"),
                "form-option",
                "chỉ mục loại choice có lựa chọn",
            );
        }
        if all.len() > OPTIONS_MAX {
            let text = format!("quá {OPTIONS_MAX} lựa chọn; hãy dùng answerValueSet");
            self.faults.add(&format!("{place}.answerOption"), "form-option", text);
            all.truncate(OPTIONS_MAX);
        }
        all
    }

    /// Adds an option under a key of its own: codes of two systems may be alike.
    fn option(&mut self, all: &mut Vec<Choice>, mut choice: Choice, place: &str) {
        let inside = value::parts(&choice.value).map(|(_, held)| held.clone()).unwrap_or_default();
        let is_it = |other: &Choice| {
            value::parts(&other.value).is_some_and(|(_, held)| value::is_same(held, &inside))
        };
        let is_taken = |key: &str| all.iter().any(|other| other.key == key);
        let is_sound = !choice.key.is_empty() && !choice.key.starts_with('~');
        if let (true, Some(system)) = (is_taken(&choice.key), str_at(&inside, &["system"])) {
            choice.key = format!("{}|{system}", choice.key);
        }
        if !is_sound || is_taken(&choice.key) || all.iter().any(is_it) {
            let text = format!("lựa chọn “{}” trùng hoặc thiếu mã", choice.key);
            self.faults.add(place, "form-option", text);
        }
        all.push(choice);
    }

    /// What can only be said when the items inside are known.
    fn check_shape(&mut self, at: usize) {
        let item = &self.form.items[at];
        let mut say = |key: &'static str, text: &str| self.faults.add(&item.place, key, text);
        if item.kind == Kind::Group && item.children.is_empty() {
            say("form-group", "nhóm chưa có mục nào");
        }
        if item.kind == Kind::Display && !item.children.is_empty() {
            say("form-group", "dòng chữ (display) không chứa mục con");
        }
        if item.is_question() && item.repeats && !item.children.is_empty() {
            say("form-group", "câu hỏi lặp lại không chứa mục con; hãy dùng nhóm lặp lại");
        }
        if matches!(item.kind, Kind::Choice) && item.options.is_empty() && item.value_set.is_none() {
            say("form-option", "mục choice cần answerOption hoặc answerValueSet");
        }
        if item.kind == Kind::Boolean && item.repeats {
            say("form-group", "câu hỏi Có/Không không lặp lại");
        }
        let is_seen = !item.hidden && item.kind != Kind::Group;
        if is_seen && item.text.is_empty() && item.control != "unit" {
            say("form-text", "mục thiếu text: câu hỏi hiện trên màn hình");
        }
        if item.unit_options.len() > 1 && (item.limits.least.is_some() || item.limits.most.is_some()) {
            let text = "mục có nhiều đơn vị thì minValue, maxValue không rõ theo đơn vị nào; hãy dùng constraint, \
                ví dụ answer.value <= 40 'mmol/L'";
            say("form-limit", text);
        }
        if item.calculated.is_some() && !item.is_question() {
            say("form-calculated", "chỉ câu hỏi mới tính được");
        }
    }
}

/// The codes that a contained ValueSet lists.
fn contained(set: Option<&Value>) -> Vec<Choice> {
    let Some(set) = set.filter(|set| str_at(set, &["resourceType"]) == Some("ValueSet")) else {
        return Vec::new();
    };
    let mut codings: Vec<Value> = Vec::new();
    let coding = |system: &str, one: &Value| {
        let mut coding = yba_fhir::json::Object::new();
        coding.insert("system", system);
        for name in ["code", "display"] {
            if let Some(text) = str_at(one, &[name]) {
                coding.insert(name, text);
            }
        }
        Value::from(coding)
    };
    for include in
        set.get("compose").into_iter().flat_map(|compose| yba_fhir::json::items(compose, "include"))
    {
        let system = str_at(include, &["system"]).unwrap_or_default();
        codings.extend(yba_fhir::json::items(include, "concept").map(|one| coding(system, one)));
    }
    if codings.is_empty() {
        let listed =
            set.get("expansion").into_iter().flat_map(|listed| yba_fhir::json::items(listed, "contains"));
        codings.extend(listed.map(|one| coding(str_at(one, &["system"]).unwrap_or_default(), one)));
    }
    codings.truncate(OPTIONS_MAX);
    codings.iter().map(|coding| choice(&Value::new(), "valueCoding", coding)).collect()
}

fn choice(option: &Value, name: &str, held: &Value) -> Choice {
    let mut kept = yba_fhir::json::Object::new();
    kept.insert(name, held.clone());
    let (key, label) = match name {
        "valueCoding" => {
            let code = str_at(held, &["code"]).or(str_at(held, &["display"])).unwrap_or_default();
            (code.to_owned(), str_at(held, &["display"]).unwrap_or(code).to_owned())
        }
        "valueDate" => {
            (held.as_str().unwrap_or_default().to_owned(), format::date(held.as_str().unwrap_or_default()))
        }
        "valueInteger" => {
            let digits = yba_fhir::json::number_text(held).unwrap_or_default();
            (digits.clone(), format::number(&digits))
        }
        _ => (held.as_str().unwrap_or_default().to_owned(), held.as_str().unwrap_or_default().to_owned()),
    };
    let alone = value_of(option, "optionExclusive").and_then(|flag| flag.as_bool()).unwrap_or(false);
    // A score may stand at the option instead of its coding; expressions look for it in the answer.
    let value = match (name, extension(option, "ordinalValue").or(extension(option, "itemWeight"))) {
        ("valueCoding", Some(score)) if held.get("extension").is_none() => {
            let mut coding = held.as_object().cloned().unwrap_or_default();
            coding.insert("extension", yba_fhir::json::array![score.clone()]);
            value::of("valueCoding", Value::from(coding))
        }
        _ => Value::from(kept),
    };
    Choice { key, label, value, alone }
}

/// What the item begins with; a chosen option says so itself. <https://hl7.org/fhir/R4/questionnaire-definitions.html>
fn initial(source: &Value) -> Vec<Value> {
    let held = |one: &Value| {
        let mut members = one.as_object()?.iter();
        members.find(|(name, _)| name.starts_with("value")).map(|(name, held)| value::of(name, held.clone()))
    };
    let chosen = yba_fhir::json::items(source, "answerOption").filter(|one| flag(one, "initialSelected"));
    yba_fhir::json::items(source, "initial").chain(chosen).filter_map(held).collect()
}

fn control(source: &Value) -> String {
    let concept = value_of(source, "itemControl");
    let coding = concept.and_then(|concept| yba_fhir::json::items(concept, "coding").next());
    coding.and_then(|coding| str_at(coding, &["code"])).unwrap_or_default().to_owned()
}
