//! Constants: a name and a FHIR value, as a value of the expression language.

use crate::fault::Faults;
use crate::read::Part;
use yba_fhir::json::{JsonContainerTrait, JsonValueTrait, Value, number_text};
use yba_fhirpath::temporal::{Date, DateTime, Time};
use yba_fhirpath::{Decimal, Item};

/// Names the language or the runner has already.
const TAKEN: &[&str] = &["rowIndex", "context", "resource", "rootResource", "ucum", "sct", "loinc"];

/// Types a constant may have, with the capital letter they have after `value`.
const TEXTS: &[&str] = &["Base64Binary", "Canonical", "Code", "Id", "Oid", "String", "Uri", "Url", "Uuid"];
const OTHERS: &[&str] = &[
    "Boolean",
    "Date",
    "DateTime",
    "Decimal",
    "Instant",
    "Integer",
    "Integer64",
    "PositiveInt",
    "Time",
    "UnsignedInt",
];

/// Reads one constant; what is wrong with it goes to `faults`.
pub(crate) fn read(part: &Part, faults: &mut Faults) -> Option<(String, Item<'static>)> {
    let object = part.value.as_object();
    let values: Vec<&str> =
        object.into_iter().flat_map(|object| object.iter()).map(|(name, _)| name).filter(is_value).collect();
    let mut known = vec!["name"];
    known.extend(&values);
    if !part.is_object_of(&known, faults) {
        return None;
    }
    let name = part.required_text("name", faults).filter(|name| is_name(part, name, faults));
    let [member] = values.as_slice() else {
        let (vi, en) = ("hằng số cần đúng một giá trị value[x]", "a constant takes exactly one value[x]");
        faults.add(&part.place_of("value"), "view-constant", vi, en);
        return None;
    };
    let value = part.value.get(*member)?;
    let item = of_type(&member["value".len()..], value);
    if item.is_none() {
        faults.add(
            &part.place_of(member),
            "view-constant",
            format!("“{member}” không nhận giá trị này"),
            format!("\"{member}\" cannot be this value"),
        );
    }
    Some((name?.to_owned(), item?))
}

fn is_value(name: &&str) -> bool {
    name.strip_prefix("value").is_some_and(|kind| TEXTS.contains(&kind) || OTHERS.contains(&kind))
}

fn is_name(part: &Part, name: &str, faults: &mut Faults) -> bool {
    if TAKEN.contains(&name) {
        faults.add(
            &part.place_of("name"),
            "view-constant",
            format!("%{name} đã có nghĩa riêng, hãy đặt tên khác"),
            format!("%{name} has a meaning of its own"),
        );
        return false;
    }
    crate::column::is_sql_name(part, name, faults)
}

fn of_type(kind: &str, value: &Value) -> Option<Item<'static>> {
    let number = || number_text(value).or_else(|| value.as_str().map(str::to_owned));
    match kind {
        "Boolean" => value.as_bool().map(Item::Boolean),
        "Date" => Date::parse(value.as_str()?).map(Item::Date),
        "DateTime" | "Instant" => DateTime::parse(value.as_str()?).map(Item::DateTime),
        "Time" => Time::parse(value.as_str()?).map(Item::Time),
        "Decimal" => number_text(value)?.parse::<Decimal>().ok().map(Item::Decimal),
        "Integer" => integer(&number_text(value)?, i32::MIN.into()),
        "PositiveInt" => integer(&number_text(value)?, 1),
        "UnsignedInt" => integer(&number_text(value)?, 0),
        // JSON has it as a text, so that no reader takes it for a float.
        "Integer64" => integer(&number()?, i64::MIN),
        _ => value.as_str().filter(|text| !text.is_empty()).map(|text| Item::owned(text.to_owned())),
    }
}

/// An Integer; a Decimal when it is too large for one.
fn integer(digits: &str, least: i64) -> Option<Item<'static>> {
    let number: i64 = digits.parse().ok().filter(|number| *number >= least)?;
    Some(match i32::try_from(number) {
        Ok(small) => Item::Integer(small),
        Err(_) => Item::Decimal(Decimal::from(number)),
    })
}
