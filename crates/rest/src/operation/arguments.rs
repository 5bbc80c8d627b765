//! What an operation was asked: the parts of a Parameters resource, or the query of an address.
//! <https://hl7.org/fhir/R4/operations.html#request>

use crate::answer::Refused;
use crate::api::Api;
use crate::asked::query_pairs;
use crate::body::Body;
use axum::extract::{FromRequest, Request};
use axum::http::Method;
use yba_fhir::defs::r4;
use yba_fhir::json::{JsonContainerTrait, JsonValueTrait, Value, items, json, number_text, str_at};
use yba_fhir::{DateRange, Outcome, Resource};

/// Most parts of one call.
pub const PARTS_MAX: usize = 1000;

/// The parts as they stand in `Parameters.parameter`; those of an address as strings.
#[derive(Debug, Default)]
pub struct Arguments {
    parts: Vec<Value>,
}

impl FromRequest<Api> for Arguments {
    type Rejection = Refused;

    async fn from_request(request: Request, api: &Api) -> Result<Arguments, Refused> {
        let mut arguments = Arguments::of_query(request.uri().query().unwrap_or_default())?;
        if request.method() == Method::POST {
            let body = Body::from_request(request, api).await?;
            if !body.is_empty() {
                arguments.add_body(body.resource().await?);
            }
        }
        match arguments.parts.len() > PARTS_MAX {
            false => Ok(arguments),
            true => {
                let text = format!("Thao tác nhận nhiều nhất {PARTS_MAX} tham số trong một lần.");
                Err(Outcome::invalid("too-many-parameters", text, "too many parameters").into())
            }
        }
    }
}

impl Arguments {
    fn of_query(query: &str) -> Result<Arguments, Outcome> {
        let pairs = query_pairs(query)?.into_iter();
        let meant = pairs.filter(|(name, _)| !matches!(name.as_str(), "_format" | "_pretty"));
        let part =
            |(name, value): (String, String)| json!({"name": name.as_str(), "valueString": value.as_str()});
        Ok(Arguments { parts: meant.map(part).collect() })
    }

    /// A body that is no Parameters is the one resource that the operation is about.
    fn add_body(&mut self, body: Resource) {
        let tree = body.into_tree();
        match str_at(&tree, &["resourceType"]) == Some("Parameters") {
            true => self.parts.extend(items(&tree, "parameter").cloned()),
            false => self.parts.push(json!({"name": "resource", "resource": tree})),
        }
    }

    /// Refuses, by name, parameters other than these.
    pub fn only(&self, allowed: &[&str]) -> Result<(), Outcome> {
        let name = |part| str_at(part, &["name"]).unwrap_or_default();
        match self.parts.iter().map(name).find(|name| !allowed.contains(name)) {
            None => Ok(()),
            Some(name) => {
                let name: String = name.chars().take(64).collect();
                let text =
                    format!("Thao tác này không có tham số “{name}”. Các tham số: {}.", allowed.join(", "));
                let detail = format!("parameter {name:?} is not supported by this operation");
                Err(Outcome::invalid("parameter-unsupported", text, detail).at(name))
            }
        }
    }

    /// All parts as names and texts, such as search parameters are. Refuses a part that has no text.
    pub fn pairs(&self) -> Result<Vec<(String, String)>, Outcome> {
        let pair = |part: &Value| {
            let name = str_at(part, &["name"]).unwrap_or_default();
            let value = value_of(part);
            let text = value.and_then(text_of).or_else(|| Some(str_at(value?, &["reference"])?.to_owned()));
            match text {
                Some(text) => Ok((name.to_owned(), text)),
                None => {
                    Err(wrong(&name.chars().take(64).collect::<String>(), "một chuỗi", "a text is expected"))
                }
            }
        };
        self.parts.iter().map(pair).collect()
    }

    /// The parts of that name.
    pub fn parts<'a, 'n>(&'a self, name: &'n str) -> impl Iterator<Item = &'a Value> + use<'a, 'n> {
        self.parts.iter().filter(move |part| str_at(part, &["name"]) == Some(name))
    }

    /// The values (`value[x]`) of that name.
    pub fn values<'a, 'n>(&'a self, name: &'n str) -> impl Iterator<Item = &'a Value> + use<'a, 'n> {
        self.parts(name).filter_map(value_of)
    }

    /// The one value of that name.
    pub fn value(&self, name: &str) -> Result<Option<&Value>, Outcome> {
        self.only_one(name)?;
        Ok(self.parts(name).find_map(value_of))
    }

    /// The texts of that name, of whatever primitive type.
    pub fn texts(&self, name: &str) -> Vec<String> {
        self.values(name).filter_map(text_of).collect()
    }

    /// The one text of that name, of whatever primitive type.
    pub fn text(&self, name: &str) -> Result<Option<String>, Outcome> {
        Ok(self.value(name)?.and_then(text_of))
    }

    /// The one resource of that name.
    pub fn resource(&self, name: &str) -> Result<Option<&Value>, Outcome> {
        self.only_one(name)?;
        Ok(self.parts(name).find_map(|part| part.get("resource")))
    }

    fn only_one(&self, name: &str) -> Result<(), Outcome> {
        if self.parts(name).nth(1).is_none() {
            return Ok(());
        }
        let text = format!("Tham số “{name}” chỉ được có một lần.");
        Err(Outcome::invalid("parameter-twice", text, format!("parameter {name} more than once")).at(name))
    }
}

/// The span of time that one parameter means: a date or an instant.
pub fn instant(arguments: &Arguments, name: &str) -> Result<Option<DateRange>, Outcome> {
    let Some(text) = arguments.text(name)? else { return Ok(None) };
    // A bare `+` in an address means a blank.
    match DateRange::parse(&text.replace(' ', "+")) {
        Some(range) => Ok(Some(range)),
        None => {
            Err(wrong(name, "một ngày hoặc thời điểm như 2026-03-02T08:00:00+07:00", "a date is expected"))
        }
    }
}

/// The types of `_type`, each once; what is no type of R4 is refused by name.
pub fn kinds(arguments: &Arguments) -> Result<Vec<String>, Outcome> {
    let mut kinds = Vec::new();
    for text in arguments.texts("_type") {
        for kind in text.split(',').map(str::trim) {
            if !r4().is_resource(kind) {
                let detail =
                    format!("{:?} is no resource type of R4", kind.chars().take(64).collect::<String>());
                return Err(wrong("_type", "các loại tài nguyên FHIR R4, cách nhau bằng dấu phẩy", &detail));
            }
            if !kinds.iter().any(|known| known == kind) {
                kinds.push(kind.to_owned());
            }
        }
    }
    Ok(kinds)
}

/// A value that does not fit, with what would.
pub fn wrong(name: &str, vi: &str, en: &str) -> Outcome {
    Outcome::invalid("parameter-value", format!("“{name}” phải là {vi}."), format!("{name}: {en}")).at(name)
}

fn value_of(part: &Value) -> Option<&Value> {
    part.as_object()?.iter().find(|(name, _)| name.starts_with("value")).map(|(_, value)| value)
}

fn text_of(value: &Value) -> Option<String> {
    let text = value.as_str().map(str::to_owned);
    text.or_else(|| value.as_bool().map(|flag| flag.to_string()))
        .or_else(|| number_text(value).map(|number| number.to_string()))
}
