//! What is there: lots of a facility, and which goes out first.

use sha2::{Digest, Sha256};
use yba_fhir::json::{JsonValueTrait, Value, items, json, str_at};
use yba_fhir::{Day, Kind, Outcome};
use yba_records::{Ctx, Query, Records, Version};

use super::STORE;
use crate::visit::put;

/// Where a Medication says at which facility it is, and how many units are there.
pub(super) const STOCK: &str = "https://yba.vn/fhir/StructureDefinition/stock";
/// Most lots of one facility that are read.
pub const LOTS_MAX: usize = 1000;

/// A kind of thing that is kept by lot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Product {
    /// The system of its codes: a list of drugs, CVX.
    pub system: String,
    pub code: String,
    /// Vietnamese: `Paracetamol 500 mg`.
    pub name: String,
    /// What is counted: `viên`.
    pub unit: String,
    /// Other codes of the same thing, as system and code.
    pub also: Vec<(String, String)>,
}

impl Product {
    /// The `code` of a resource that is about it.
    pub fn concept(&self) -> Value {
        let own = [(&self.system, &self.code)];
        let all = own.into_iter().chain(self.also.iter().map(|(system, code)| (system, code)));
        let codings: Vec<Value> =
            all.map(|(system, code)| json!({"system": system.as_str(), "code": code.as_str()})).collect();
        json!({"coding": codings, "text": self.name.as_str()})
    }
}

/// One lot at one facility.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lot {
    /// Id of the Medication.
    pub id: String,
    /// System and code of the product.
    pub system: String,
    pub code: String,
    pub name: String,
    pub unit: String,
    /// As it is printed on the box.
    pub number: String,
    /// The last day of use.
    pub expiry: Day,
    /// Units there are by the book.
    pub units: u32,
}

impl Lot {
    /// What a Medication of a store says; none of one that is no lot.
    pub fn of(tree: &Value) -> Option<Lot> {
        let code = tree.get("code")?;
        let coding = items(code, "coding").next()?;
        let amount = stock(tree, "units")?.get("valueQuantity")?;
        Some(Lot {
            id: str_at(tree, &["id"])?.to_owned(),
            system: str_at(coding, &["system"])?.to_owned(),
            code: str_at(coding, &["code"])?.to_owned(),
            name: str_at(code, &["text"]).unwrap_or_default().to_owned(),
            unit: str_at(amount, &["unit"]).unwrap_or_default().to_owned(),
            number: str_at(tree, &["batch", "lotNumber"])?.to_owned(),
            expiry: Day::parse(str_at(tree, &["batch", "expirationDate"])?)?,
            units: u32::try_from(amount.get("value")?.as_i64()?).ok()?,
        })
    }

    /// `lô A12, hạn 31/12/2027`
    pub fn words(&self) -> String {
        format!("lô {}, hạn {}", self.number, plain_day(self.expiry))
    }

    /// Whether it may still be given on a day.
    pub fn is_good(&self, today: Day) -> bool {
        self.units > 0 && self.expiry >= today
    }
}

pub(crate) fn plain_day(day: Day) -> String {
    format!("{:02}/{:02}/{}", day.day(), day.month(), day.year())
}

/// A part of what a Medication says of its store.
fn stock<'t>(tree: &'t Value, part: &str) -> Option<&'t Value> {
    let own = items(tree, "extension").find(|one| str_at(one, &["url"]) == Some(STOCK))?;
    items(own, "extension").find(|one| str_at(one, &["url"]) == Some(part))
}

/// Id of the facility whose store a lot is in.
pub(super) fn facility(tree: &Value) -> Option<&str> {
    str_at(stock(tree, "facility")?, &["valueReference", "reference"])?.strip_prefix("Organization/")
}

/// The id of a lot: a number is once in a store for a product, whatever its case.
pub(super) fn id(facility: &str, product: &Product, number: &str) -> String {
    let number = number.trim().to_uppercase();
    let Product { system, code, .. } = product;
    let hash = Sha256::digest(format!("{facility}\n{system}\n{code}\n{number}").as_bytes());
    let hex: String = hash.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    format!("lo-{hex}")
}

/// A lot of which nothing is there yet.
pub(super) fn empty(facility: &str, product: &Product, number: &str, expiry: Day) -> Value {
    let id = id(facility, product, number);
    json!({
        "resourceType": "Medication",
        "id": id.as_str(),
        "meta": {"tag": [{"system": STORE, "code": facility}]},
        "extension": [{"url": STOCK, "extension": [
            {"url": "facility", "valueReference": {"reference": format!("Organization/{facility}").as_str()}},
            {"url": "units", "valueQuantity": {"value": 0, "unit": product.unit.as_str()}}
        ]}],
        "code": product.concept(),
        "status": "inactive",
        "batch": {"lotNumber": number.trim(), "expirationDate": expiry.to_string().as_str()}
    })
}

/// A lot with so many units more, or fewer. Refuses with `unprocessable` to go below nothing.
pub(super) fn changed(tree: &mut Value, by: i64) -> Result<(), Outcome> {
    let lot = Lot::of(tree).ok_or_else(|| Outcome::fault("a lot of a store without its book"))?;
    let after = i64::from(lot.units) + by;
    let Some(after) = u32::try_from(after).ok() else {
        let text = format!(
            "{} {} chỉ còn {} {}; không lấy ra {} được. Có thể người khác vừa lấy: hãy xem lại kho.",
            lot.name,
            lot.words(),
            lot.units,
            lot.unit,
            -by
        );
        return Err(Outcome::new(Kind::Unprocessable, "stock-short", text, "the lot has fewer units"));
    };
    let place = facility(tree).unwrap_or_default().to_owned();
    let extension = json!([{"url": STOCK, "extension": [
        {"url": "facility", "valueReference": {"reference": format!("Organization/{place}").as_str()}},
        {"url": "units", "valueQuantity": {"value": after, "unit": lot.unit.as_str()}}
    ]}]);
    put(tree, "extension", extension);
    put(tree, "status", json!(if after > 0 { "active" } else { "inactive" }));
    Ok(())
}

/// The lots of a facility of which something is there, the soonest expiry first; at most [`LOTS_MAX`].
pub async fn in_store(records: &Records, ctx: &Ctx, facility: &str) -> Result<Vec<Lot>, Outcome> {
    let query = format!("_tag={STORE}|{facility}&status=active&_count={LOTS_MAX}");
    let found = records.search(ctx, &Query::parse_string("Medication", &query)?, None).await?;
    let mut lots: Vec<Lot> =
        found.matches.iter().map(Version::tree).filter_map(|tree| Lot::of(&tree)).collect();
    lots.sort_by(|one, other| {
        (one.expiry, &one.number, &one.id).cmp(&(other.expiry, &other.number, &other.id))
    });
    Ok(lots)
}

/// A lot of this facility. Refuses with `not-found` what is none of its store.
pub async fn read(records: &Records, ctx: &Ctx, facility: &str, id: &str) -> Result<Lot, Outcome> {
    let tree = records.read(ctx, "Medication", id).await?.tree();
    let own = self::facility(&tree) == Some(facility);
    own.then(|| Lot::of(&tree)).flatten().ok_or_else(|| {
        Outcome::new(Kind::NotFound, "lot", "Không thấy lô này trong kho.", "no lot of this store")
    })
}

/// So many units of a lot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Share {
    /// Id of the lot.
    pub lot: String,
    pub units: u32,
}

/// What to take for so many units of a product: first expired, first out, of what may still be given. Less than was asked when there
/// is less. `lots` are in the order of their expiry.
pub fn propose(lots: &[Lot], code: &str, units: u32, today: Day) -> Vec<Share> {
    shares(lots.iter().filter(|lot| lot.code == code && lot.is_good(today)), units)
}

/// Takes so many units from these lots in their order.
pub fn shares<'l>(lots: impl Iterator<Item = &'l Lot>, units: u32) -> Vec<Share> {
    let mut left = units;
    let mut all = Vec::new();
    for lot in lots {
        let part = lot.units.min(left);
        if part > 0 {
            all.push(Share { lot: lot.id.clone(), units: part });
            left -= part;
        }
    }
    all
}
