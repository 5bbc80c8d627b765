//! A measurement that an expression finds, as a question holds it: the number never loses its unit. Units are converted by
//! UCUM, as FHIRPath does it. <https://ucum.org/ucum>

use crate::form::{Item, Kind};
use crate::value::{number, quantity, unit_label};
use rust_decimal::{Decimal, RoundingStrategy};
use yba_fhir::json::{self, JsonValueTrait, Value, number_text, str_at};
use yba_fhirpath as path;
use yba_fhirpath::Quantity;
use yba_ui::format;

const UCUM: &str = "http://unitsofmeasure.org";

/// Fewest significant digits of a converted number: no device measures more.
const DIGITS: u32 = 6;

/// The number for a question whose unit stands beside it, rounded half up to the places that it has. `found` is the
/// element the expression found, when it is one of a record.
pub(crate) fn number_of(
    item: &Item,
    found: Option<&Value>,
    system: &path::Item,
) -> Result<Option<Value>, String> {
    exact(found)?;
    let amount = match system {
        path::Item::Decimal(amount) => *amount,
        path::Item::Integer(whole) => Decimal::from(*whole),
        path::Item::Quantity(measured) => match &item.unit {
            Some(unit) => {
                within(found, measured, unit).ok_or_else(|| foreign(found, measured, unit_label(unit)))?
            }
            None if measured.unit.text() == "1" => measured.value,
            None => {
                return Err(format!(
                    "Hồ sơ ghi {}, mà ô này không có đơn vị; hãy tự nhập.",
                    said(found, measured)
                ));
            }
        },
        _ => return Ok(None),
    };
    Ok(number(&rounded(item, amount)))
}

/// The Quantity for a question: in the unit it was measured in when the question has it, otherwise in the first of the
/// question's units that it can become. A number without a unit is in the question's first.
pub(crate) fn quantity_of(
    item: &Item,
    found: Option<&Value>,
    system: &path::Item,
) -> Result<Option<Value>, String> {
    exact(found)?;
    let units: Vec<&Value> = item.unit.iter().chain(&item.unit_options).collect();
    let (amount, unit) = match system {
        path::Item::Decimal(amount) => (*amount, units.first().copied().cloned()),
        path::Item::Integer(whole) => (Decimal::from(*whole), units.first().copied().cloned()),
        path::Item::Quantity(measured) if units.is_empty() => (measured.value, own_unit(found, measured)),
        path::Item::Quantity(measured) => {
            let same = units.iter().find(|unit| is_in(found, measured, unit));
            let near = || units.iter().find(|unit| within(found, measured, unit).is_some());
            let unit = same.or_else(near).copied();
            let unit = unit.ok_or_else(|| {
                let labels: Vec<String> = units.iter().map(|unit| unit_label(unit)).collect();
                foreign(found, measured, labels.join(", "))
            })?;
            (within(found, measured, unit).unwrap_or(measured.value), Some(unit.clone()))
        }
        _ => return Ok(None),
    };
    Ok(number(&rounded(item, amount)).map(|amount| quantity(amount, unit.as_ref())))
}

/// Refuses `< 5 mg`: what it means as a number nobody knows. <https://hl7.org/fhir/R4/valueset-quantity-comparator.html>
fn exact(found: Option<&Value>) -> Result<(), String> {
    let Some((found, sign)) = found.and_then(|found| Some((found, str_at(found, &["comparator"])?))) else {
        return Ok(());
    };
    let digits = found.get("value").and_then(number_text).unwrap_or_default();
    let unit = str_at(found, &["unit"]).or(str_at(found, &["code"])).unwrap_or_default();
    Err(format!("Hồ sơ ghi {sign} {}, không phải một con số; hãy tự nhập.", format::quantity(&digits, unit)))
}

/// Whether a measurement is in this very unit: by its code, or by the words where it has no code.
fn is_in(found: Option<&Value>, measured: &Quantity, unit: &Value) -> bool {
    let text = |value: &Value, name: &str| str_at(value, &[name]).map(str::to_owned);
    let code = text(unit, "code");
    let Some(found) = found else { return code.as_deref() == Some(measured.unit.text()) };
    let systems = (text(found, "system"), text(unit, "system"));
    if matches!(&systems, (Some(one), Some(other)) if one != other) {
        return false;
    }
    match text(found, "code") {
        Some(held) => code == Some(held),
        None => text(found, "unit")
            .is_some_and(|words| code.as_deref() == Some(&words) || unit_label(unit) == words),
    }
}

/// The number of a measurement in this unit; `None` when it cannot become it. What is converted keeps as many significant
/// digits as it had, and no fewer than six.
fn within(found: Option<&Value>, measured: &Quantity, unit: &Value) -> Option<Decimal> {
    if is_in(found, measured, unit) {
        return Some(measured.value);
    }
    let code =
        str_at(unit, &["code"]).filter(|_| str_at(unit, &["system"]).is_none_or(|system| system == UCUM))?;
    let target = Quantity::parse(&format!("1 '{code}'"))?;
    let converted = measured.converted(&target.unit)?.value;
    let digits = measured.value.mantissa().unsigned_abs().checked_ilog10().map_or(1, |power| power + 1);
    Some(converted.round_sf(digits.max(DIGITS)).unwrap_or(converted).normalize())
}

/// The unit that a measurement came with, as a coding.
fn own_unit(found: Option<&Value>, measured: &Quantity) -> Option<Value> {
    let Some(found) = found else {
        return Some(json::json!({"system": UCUM, "code": measured.unit.text()}));
    };
    let mut unit = json::Object::new();
    for (name, member) in [("system", "system"), ("code", "code"), ("display", "unit")] {
        if let Some(text) = str_at(found, &[member]) {
            unit.insert(name, text);
        }
    }
    (!unit.is_empty()).then(|| Value::from(unit))
}

fn foreign(found: Option<&Value>, measured: &Quantity, unit: String) -> String {
    format!("Hồ sơ ghi {}, không đổi được sang {unit}; hãy tự nhập.", said(found, measured))
}

fn said(found: Option<&Value>, measured: &Quantity) -> String {
    let unit = found.and_then(|found| str_at(found, &["unit"])).unwrap_or(measured.unit.text());
    format::quantity(&measured.value.to_string(), unit)
}

fn rounded(item: &Item, amount: Decimal) -> String {
    let places = if item.kind == Kind::Integer { Some(0) } else { item.limits.decimals };
    match places {
        Some(places) => amount.round_dp_with_strategy(places, RoundingStrategy::MidpointAwayFromZero),
        None => amount,
    }
    .to_string()
}
