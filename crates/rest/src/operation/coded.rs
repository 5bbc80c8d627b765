//! What the terminology operations have in common: the terminology of the moment, the day of the act, codes as they
//! are sent, and the resource that an address names.

use super::{Arguments, Call};
use std::sync::Arc;
use yba_fhir::date::DateRange;
use yba_fhir::json::{JsonContainerTrait, Value, items, str_at};
use yba_fhir::{Day, Issue, Kind, Outcome, Resource};
use yba_terminology::Terminology;
use yba_terminology::validate_code::Coded;

/// Most digits of a number that is read.
const DIGITS_MAX: usize = 9;

/// Type and version of a code, its name, as they were sent.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Sent {
    pub system: Option<String>,
    pub version: Option<String>,
    pub code: String,
    pub display: Option<String>,
}

impl Sent {
    pub fn coded(&self) -> Coded<'_> {
        Coded {
            system: self.system.as_deref(),
            version: self.version.as_deref(),
            code: &self.code,
            display: self.display.as_deref(),
        }
    }

    fn of_coding(coding: &Value) -> Option<Sent> {
        let text = |key: &str| str_at(coding, &[key]).map(str::to_owned);
        let (system, version, display) = (text("system"), text("version"), text("display"));
        Some(Sent { system, version, code: text("code")?, display })
    }
}

/// The terminology with everything that was written before this request.
pub async fn terminology(call: &Call) -> Result<Arc<Terminology>, Outcome> {
    call.api.records().terminology().await
}

/// The resource that the address names, through the door; `None` on a type.
pub async fn named(call: &Call) -> Result<Option<Value>, Outcome> {
    if call.target.id.is_empty() {
        return Ok(None);
    }
    let version = call.api.records().read(&call.asked.ctx, &call.target.kind, &call.target.id).await?;
    Ok(Some(Resource::parse(&version.body)?.into_tree()))
}

/// The parameter `date`, the day of the act; today when it is absent.
pub fn day(call: &Call) -> Result<Day, Outcome> {
    let Some(text) = call.arguments.text("date")? else {
        return Ok(Day::of_instant(call.api.records().store().clock().now_ms()));
    };
    match DateRange::parse(&text) {
        Some(range) => Ok(Day::of_instant(range.start)),
        None => Err(wrong("date", &text, "một ngày dạng 2026-03-02")),
    }
}

/// A parameter of yes or no.
pub fn flag(arguments: &Arguments, name: &str) -> Result<Option<bool>, Outcome> {
    match arguments.text(name)?.as_deref() {
        None => Ok(None),
        Some("true") => Ok(Some(true)),
        Some("false") => Ok(Some(false)),
        Some(other) => Err(wrong(name, other, "true hoặc false")),
    }
}

/// A parameter that is a whole number, 0 or more.
pub fn number(arguments: &Arguments, name: &str) -> Result<Option<usize>, Outcome> {
    let Some(text) = arguments.text(name)? else { return Ok(None) };
    let sound = text.len() <= DIGITS_MAX && text.bytes().all(|byte| byte.is_ascii_digit());
    match text.parse().ok().filter(|_| sound) {
        Some(number) => Ok(Some(number)),
        None => Err(wrong(name, &text, "một số nguyên không âm")),
    }
}

/// The codes to be looked at: `codeableConcept`, `coding`, or `code` with the system of this name.
pub fn codes(arguments: &Arguments, code: &str, system: &str) -> Result<Vec<Sent>, Outcome> {
    if let Some(concept) = arguments.value("codeableConcept")? {
        let codings: Vec<Sent> = items(concept, "coding").filter_map(Sent::of_coding).collect();
        return if codings.is_empty() { Err(missing("codeableConcept.coding.code")) } else { Ok(codings) };
    }
    let coding = if code == "code" { "coding".to_owned() } else { code.replace("code", "coding") };
    if let Some(value) = arguments.value(&coding)? {
        value.as_object().ok_or_else(|| wrong(&coding, "", "một Coding; hãy gửi bằng POST"))?;
        return Sent::of_coding(value)
            .map(|sent| vec![sent])
            .ok_or_else(|| missing(&format!("{coding}.code")));
    }
    let Some(text) = arguments.text(code)? else { return Ok(Vec::new()) };
    let version = if arguments.text("systemVersion")?.is_some() { "systemVersion" } else { "version" };
    Ok(vec![Sent {
        system: arguments.text(system)?,
        version: arguments.text(version)?,
        code: text,
        display: arguments.text("display")?,
    }])
}

/// As [`codes`], exactly one and with a system.
pub fn one_code(arguments: &Arguments, code: &str, otherwise: Option<&str>) -> Result<Sent, Outcome> {
    let mut sent = codes(arguments, code, "system")?.into_iter().next().ok_or_else(|| missing(code))?;
    sent.system = sent.system.or_else(|| otherwise.map(str::to_owned));
    if sent.system.is_none() { Err(missing("system")) } else { Ok(sent) }
}

/// Refuses a parameter that is not there.
pub fn missing(name: &str) -> Outcome {
    let text = format!("Thiếu tham số “{name}”.");
    Outcome::invalid("parameter-missing", text, format!("parameter {name} is missing"))
        .coded("required")
        .at(name)
}

/// Refuses a value that is not of its form.
pub fn wrong(name: &str, value: &str, form: &str) -> Outcome {
    let value: String = value.chars().take(64).collect();
    let text = format!("Tham số “{name}” phải là {form}, không phải “{value}”.");
    Outcome::invalid("parameter-value", text, format!("{name}={value:?} is not of its form"))
        .coded("value")
        .at(name)
}

/// Refuses an address of a value set, code system or map that nobody knows.
pub fn unknown(what: &str, name: &str, url: &str) -> Outcome {
    let url: String = url.chars().take(200).collect();
    let text = format!("Máy chủ không có {what} {url}.");
    Outcome::new(Kind::NotFound, "terminology-unknown", text, format!("{url} is not known here")).at(name)
}

/// Refuses a resource that was sent along, with all that is wrong with it.
pub fn malformed(issues: Vec<Issue>) -> Outcome {
    Outcome { kind: Kind::Unprocessable, issues }
}
