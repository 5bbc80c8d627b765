//! Examples of a form: `examples/<name>.toml` says who, when and what is typed; `<name>.expected.json` beside it says what
//! comes of it.
//!
//! ```toml
//! at = 2026-03-02T08:00:00+07:00       # the moment of the act
//! author = "PractitionerRole/nurse"
//! [launch.patient]                     # what the form is launched with
//! resourceType = "Patient"
//! [found.earlier]                      # what the query of this variable finds
//! address = "Observation?patient=1"    # checked when given
//! resource = [ { resourceType = "Observation" } ]
//! [answers]                            # fields as a browser names them
//! weight = "56,5"
//! ```
//!
//! Expected are, as far as there are any: `prefilled` (what the form opens with), `calculated`, `faults`, `resources`.

use crate::choices::Choices;
use crate::fill::Filling;
use crate::library::Edition;
use crate::response::Head;
use crate::setting::Setting;
use crate::value;
use yba_content::forms::{Document, Lines, document};
use yba_content::{Example, Problem};
use yba_fhir::DateRange;
use yba_fhir::json::{self, JsonContainerTrait, JsonValueTrait, Value, items, json, str_at};

/// Most rounds of queries of one example.
const QUERIES_MAX: usize = 50;

/// Runs an example against the edition of its day and compares; everything that differs.
pub(crate) fn check(
    editions: &[Edition],
    example: &Example,
    choices: &dyn Choices,
    judge: &dyn Fn(&Value) -> Vec<String>,
) -> Vec<Problem> {
    let problem = |file: &str, line: u32, text: String| Problem { file: file.to_owned(), line, text };
    let Some((expected_path, expected_text)) = &example.expected else {
        return vec![problem(&example.path, 0, "thiếu tệp kết quả .expected.json bên cạnh".to_owned())];
    };
    let made = match run(editions, example, choices, judge) {
        Ok(made) => made,
        Err(faults) => {
            return faults.into_iter().map(|(line, text)| problem(&example.path, line, text)).collect();
        }
    };
    let expected: Value = match json::from_str(expected_text) {
        Ok(expected) => expected,
        Err(error) => {
            return vec![problem(expected_path, error.line() as u32, format!("không phải JSON: {error}"))];
        }
    };
    let lines = Lines::of_json(expected_text);
    let mut differences = Vec::new();
    differ(&expected, &made, String::new(), &mut differences);
    differences
        .into_iter()
        .map(|(place, text)| problem(expected_path, lines.of(&place), format!("{place}: {text}")))
        .collect()
}

/// An example that was played: what the form opens with, what it is after the answers were typed, and what comes of it.
#[derive(Debug)]
pub struct Played<'e> {
    pub edition: &'e Edition,
    pub setting: Setting,
    pub begun: Filling<'e>,
    pub taken: Filling<'e>,
    /// What `.expected.json` says: `prefilled`, `calculated`, `faults`, `resources`.
    pub made: Value,
}

/// What comes of an example; or its own faults with their lines.
pub(crate) fn run(
    editions: &[Edition],
    example: &Example,
    choices: &dyn Choices,
    judge: &dyn Fn(&Value) -> Vec<String>,
) -> Result<Value, Vec<(u32, String)>> {
    play(editions, example, None, choices, judge).map(|played| played.made)
}

/// Plays an example; with `typed` these fields are typed in the place of the example's.
pub(crate) fn play<'e>(
    editions: &'e [Edition],
    example: &Example,
    typed: Option<&[(String, String)]>,
    choices: &dyn Choices,
    judge: &dyn Fn(&Value) -> Vec<String>,
) -> Result<Played<'e>, Vec<(u32, String)>> {
    let Document { value, lines } = document(&example.text)?;
    let mut faults: Vec<(u32, String)> = Vec::new();
    let members = value.as_object().into_iter().flat_map(|object| object.iter());
    for (name, _) in members.filter(|(name, _)| !KNOWN.contains(name)) {
        faults.push((lines.of(name), format!("ví dụ không có phần “{name}”; có: {}", KNOWN.join(", "))));
    }
    let moment = str_at(&value, &["at"]).and_then(DateRange::parse);
    let Some(moment) = moment else {
        faults.push((lines.of("at"), "thiếu at: lúc điền phiếu, ví dụ 2026-03-02T08:00:00+07:00".to_owned()));
        return Err(faults);
    };
    let mut setting = Setting::new(moment.start);
    for (name, resource) in
        value.get("launch").and_then(|launch| launch.as_object()).into_iter().flat_map(|all| all.iter())
    {
        setting = setting.with(name, resource.clone());
    }
    let Some(edition) = editions.iter().rfind(|edition| edition.from <= setting.today()) else {
        faults.push((lines.of("at"), "ngày này chưa có bản nào của biểu mẫu".to_owned()));
        return Err(faults);
    };
    answer_queries(edition, &value, &lines, &mut setting, &mut faults);
    let (fields, unknown) = fields(edition, &value);
    faults.extend(
        unknown
            .into_iter()
            .map(|name| (lines.of(&format!("answers.{name}")), format!("biểu mẫu không có ô “{name}”"))),
    );
    let begun = edition.form.begin(&setting);
    let taken = match edition.form.take(&setting, choices, typed.unwrap_or(&fields)) {
        Ok(taken) => taken,
        Err(outcome) => {
            faults.push((0, outcome.to_string()));
            return Err(faults);
        }
    };
    for broken in begun.broken.iter().chain(&taken.broken) {
        faults.push((0, format!("biểu thức hỏng ở {}: {}", broken.place, broken.text)));
    }
    let made = told(&setting, &value, &begun, &taken, judge, &mut faults);
    if faults.is_empty() { Ok(Played { edition, setting, begun, taken, made }) } else { Err(faults) }
}

/// The response that an example is kept as: what `resources` of its expected file were made of.
pub(crate) fn response(
    editions: &[Edition],
    example: &Example,
    choices: &dyn Choices,
) -> Option<(yba_fhir::Day, Value)> {
    let Document { value, lines } = document(&example.text).ok()?;
    let moment = str_at(&value, &["at"]).and_then(DateRange::parse)?;
    let mut setting = Setting::new(moment.start);
    let launch = value.get("launch").and_then(|launch| launch.as_object());
    for (name, resource) in launch.into_iter().flat_map(|all| all.iter()) {
        setting = setting.with(name, resource.clone());
    }
    let edition = editions.iter().rfind(|edition| edition.from <= setting.today())?;
    answer_queries(edition, &value, &lines, &mut setting, &mut Vec::new());
    let (fields, _) = fields(edition, &value);
    let filling = edition.form.take(&setting, choices, &fields).ok()?;
    let authored = yba_fhir::date::instant(setting.now_ms());
    Some((setting.today(), filling.response(&Head { authored: &authored, ..Head::default() })))
}

const KNOWN: [&str; 6] = ["at", "author", "encounter", "launch", "found", "answers"];

fn answer_queries(
    edition: &Edition,
    example: &Value,
    lines: &Lines,
    setting: &mut Setting,
    faults: &mut Vec<(u32, String)>,
) {
    for _ in 0..QUERIES_MAX {
        let Some(query) = edition.form.next_query(setting) else { return };
        let found = json::at(example, &["found", &query.name]);
        if let Some(wanted) =
            found.and_then(|found| str_at(found, &["address"])).filter(|wanted| *wanted != query.address)
        {
            let line = lines.of(&format!("found.{}.address", query.name));
            faults.push((line, format!("biểu mẫu hỏi {}, ví dụ viết {wanted}", query.address)));
        }
        let mut entries = json::Array::new();
        for resource in found.into_iter().flat_map(|found| items(found, "resource")) {
            entries.push(json!({"resource": resource}));
        }
        let bundle = json!({"resourceType": "Bundle", "type": "searchset", "entry": entries});
        let is_given = found.is_some();
        setting.answer(query, is_given.then_some(bundle));
    }
}

/// What is typed, as a browser would post it; and names that no item has.
fn fields(edition: &Edition, example: &Value) -> (Vec<(String, String)>, Vec<String>) {
    let (mut fields, mut unknown) = (Vec::new(), Vec::new());
    let answers = example.get("answers").and_then(|answers| answers.as_object());
    for (name, typed) in answers.into_iter().flat_map(|answers| answers.iter()) {
        let link = name.split(['~', ':']).next().unwrap_or_default();
        if edition.form.item(link).is_none() && !link.is_empty() {
            unknown.push(name.to_owned());
        }
        let one = |value: &Value| {
            value.as_str().map_or_else(|| json::to_string(value).unwrap_or_default(), str::to_owned)
        };
        match typed.as_array() {
            Some(list) => fields.extend(list.iter().map(|value| (name.to_owned(), one(value)))),
            None => fields.push((name.to_owned(), one(typed))),
        }
    }
    (fields, unknown)
}

fn told(
    setting: &Setting,
    example: &Value,
    begun: &Filling,
    taken: &Filling,
    judge: &dyn Fn(&Value) -> Vec<String>,
    faults: &mut Vec<(u32, String)>,
) -> Value {
    let mut told = json::Object::new();
    let mut put = |name: &str, object: json::Object| {
        if !object.is_empty() {
            told.insert(name, Value::from(object));
        }
    };
    put("prefilled", values(begun, |filling, item| filling.form.items[item].calculated.is_none()));
    put("calculated", values(taken, |filling, item| filling.form.items[item].calculated.is_some()));
    let mut said = json::Array::new();
    for fault in &taken.faults {
        said.push(Value::from(format!("{}: {}", fault.name, fault.text).as_str()));
    }
    if !said.is_empty() {
        told.insert("faults", Value::from(said));
    }
    if !taken.is_sound() {
        return Value::from(told);
    }
    let authored = yba_fhir::date::instant(setting.now_ms());
    let subject = setting
        .launch
        .get("patient")
        .and_then(|patient| str_at(patient, &["id"]))
        .map(|id| format!("Patient/{id}"));
    let head = Head {
        id: Some("response"),
        subject: subject.as_deref(),
        encounter: str_at(example, &["encounter"]),
        author: str_at(example, &["author"]),
        authored: &authored,
    };
    let mut count = 0;
    let mut new_id = || {
        count += 1;
        format!("00000000-0000-7000-8000-{count:012}")
    };
    match taken.extract(setting, &head, &mut new_id) {
        Err(outcome) => faults.push((0, outcome.to_string())),
        Ok(extracted) => {
            let response = taken.response(&head);
            let mut resources = json::Array::new();
            for resource in std::iter::once(&response).chain(extracted.iter().map(|one| &one.resource)) {
                let kind = str_at(resource, &["resourceType"]).unwrap_or_default().to_owned();
                faults.extend(judge(resource).into_iter().map(|wrong| (0, format!("{kind}: {wrong}"))));
            }
            // The response repeats what is typed; that it comes back is tested for all forms at once.
            extracted.iter().for_each(|one| resources.push(one.resource.clone()));
            told.insert("resources", Value::from(resources));
        }
    }
    Value::from(told)
}

/// The values of some items that have any, by name; printed as they stand in the response.
fn values(filling: &Filling, wanted: impl Fn(&Filling, usize) -> bool) -> json::Object {
    let mut all = json::Object::new();
    for spot in filling.sheet.spots(filling.form) {
        let Some(slot) = filling.sheet.slot(&spot).filter(|_| wanted(filling, spot.item)) else { continue };
        let mut held = json::Array::new();
        slot.values().filter_map(value::parts).for_each(|(_, inside)| held.push(inside.clone()));
        match held.len() {
            0 => {}
            1 => drop(all.insert(&spot.name(filling.form), held[0].clone())),
            _ => drop(all.insert(&spot.name(filling.form), Value::from(held))),
        }
    }
    all
}

/// Place and sentence of what differs.
fn differ(expected: &Value, made: &Value, place: String, found: &mut Vec<(String, String)>) {
    let inside = |name: &str| if place.is_empty() { name.to_owned() } else { format!("{place}.{name}") };
    if let (Some(one), Some(other)) = (expected.as_object(), made.as_object()) {
        for (name, member) in one.iter() {
            match other.get(&name) {
                Some(made) => differ(member, made, inside(name), found),
                None => found.push((inside(name), "ví dụ viết phần này, biểu mẫu không cho ra".to_owned())),
            }
        }
        for (name, member) in other.iter().filter(|(name, _)| one.get(name).is_none()) {
            found.push((inside(name), format!("biểu mẫu cho ra {}, ví dụ không viết", printed(member))));
        }
        return;
    }
    if let (Some(one), Some(other)) = (expected.as_array(), made.as_array()) {
        for at in 0..one.len().max(other.len()) {
            let inside = format!("{place}[{at}]");
            match (one.get(at), other.get(at)) {
                (Some(one), Some(other)) => differ(one, other, inside, found),
                (Some(_), None) => found.push((inside, "biểu mẫu không cho ra mục này".to_owned())),
                (None, Some(other)) => {
                    found.push((inside, format!("biểu mẫu cho ra thêm {}", printed(other))))
                }
                (None, None) => {}
            }
        }
        return;
    }
    let (wanted, made) = (printed(expected), printed(made));
    if wanted != made {
        found.push((place, format!("ra {made}, ví dụ viết {wanted}")));
    }
}

fn printed(value: &Value) -> String {
    let text = json::to_string(&json::ordered(value)).unwrap_or_default();
    if text.chars().count() > 300 { text.chars().take(300).chain(['…']).collect() } else { text }
}
