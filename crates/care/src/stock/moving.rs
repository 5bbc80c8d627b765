//! In, out, and back: each is a movement together with the book of its lot.

use std::collections::BTreeMap;
use yba_fhir::json::{JsonValueTrait, Value, items, json, str_at};
use yba_fhir::{Day, Kind, Outcome, Resource};
use yba_records::{Change, Ctx, Records};

use super::lot::{self, Lot, Product, plain_day};
use super::{LOT_MAX, MONTH, STORE_LOT, WORDS_MAX, units};
use crate::visit::{MISTAKEN, hashed, put};
use crate::{Finding, Severity};

/// Where a SupplyDelivery says why units moved, and who wrote it down.
const MOVEMENT: &str = "https://yba.vn/fhir/StructureDefinition/stock-movement";

/// Why units move.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cause {
    Received,
    /// Handed to somebody, or used on them.
    Given,
    /// Expired, broken, sent back or lost.
    Discarded,
    /// Counted, and more was there than by the book; or less.
    Surplus,
    Shortage,
}

impl Cause {
    pub const ALL: [Cause; 5] =
        [Cause::Received, Cause::Given, Cause::Discarded, Cause::Surplus, Cause::Shortage];

    pub fn code(self) -> &'static str {
        match self {
            Cause::Received => "received",
            Cause::Given => "given",
            Cause::Discarded => "discarded",
            Cause::Surplus => "surplus",
            Cause::Shortage => "shortage",
        }
    }

    /// Vietnamese.
    pub fn words(self) -> &'static str {
        match self {
            Cause::Received => "Nhập",
            Cause::Given => "Phát",
            Cause::Discarded => "Hủy, xuất khác",
            Cause::Surplus => "Kiểm kê thừa",
            Cause::Shortage => "Kiểm kê thiếu",
        }
    }

    /// What so many units do to the book.
    pub fn signed(self, units: u32) -> i64 {
        match self {
            Cause::Received | Cause::Surplus => i64::from(units),
            Cause::Given | Cause::Discarded | Cause::Shortage => -i64::from(units),
        }
    }
}

/// Who does it, where and when.
#[derive(Debug, Clone, Copy)]
pub struct Act<'a> {
    /// Id of the Organization whose store it is.
    pub facility: &'a str,
    pub day: Day,
    /// Who writes it down, as it is shown.
    pub by: &'a str,
    /// Tells this form from others: sent twice, it is written once.
    pub form: &'a str,
}

/// A movement that is written down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Movement {
    /// Id of the SupplyDelivery.
    pub id: String,
    /// Id of the lot.
    pub lot: String,
    pub cause: Cause,
    pub units: u32,
    pub day: Day,
    /// The source, or the reason.
    pub why: String,
    pub by: String,
}

impl Movement {
    /// What a SupplyDelivery says; none of one that moved nothing of a store, or was taken back.
    pub fn of(tree: &Value) -> Option<Movement> {
        if str_at(tree, &["status"]) == Some(MISTAKEN) {
            return None;
        }
        let said = items(tree, "extension").find(|one| str_at(one, &["url"]) == Some(MOVEMENT))?;
        let part = |url: &str, value: &str| {
            let one = items(said, "extension").find(|one| str_at(one, &["url"]) == Some(url))?;
            str_at(one, &[value]).map(str::to_owned)
        };
        let cause = part("cause", "valueCode")?;
        let item = tree.get("suppliedItem")?;
        Some(Movement {
            id: str_at(tree, &["id"])?.to_owned(),
            lot: str_at(item, &["itemReference", "reference"])?.strip_prefix("Medication/")?.to_owned(),
            cause: Cause::ALL.into_iter().find(|one| one.code() == cause)?,
            units: u32::try_from(item.get("quantity")?.get("value")?.as_i64()?).ok()?,
            day: Day::parse(str_at(tree, &["occurrenceDateTime"])?)?,
            why: part("why", "valueString").unwrap_or_default(),
            by: part("by", "valueString").unwrap_or_default(),
        })
    }
}

/// The tag of movements of a facility in the month of a day.
pub(super) fn month(facility: &str, day: Day) -> String {
    format!("{facility}.{:04}-{:02}", day.year(), day.month())
}

/// Whether a SupplyDelivery is in a month of this facility: the tag without which nobody may write one.
pub(super) fn is_of(tree: &Value, facility: &str) -> bool {
    let tags = tree.get("meta").into_iter().flat_map(|meta| items(meta, "tag"));
    let months = tags.filter(|tag| str_at(tag, &["system"]) == Some(MONTH));
    let mut facilities = months.filter_map(|tag| Some(str_at(tag, &["code"])?.rsplit_once('.')?.0));
    facilities.any(|one| one == facility)
}

/// The id of a movement of a lot by a form, `part` telling those of one form apart.
fn movement_id(form: &str, lot: &str, part: &str) -> String {
    hashed(&format!("{form}\n{lot}\n{part}")).replacen("lk-", "kho-", 1)
}

/// What moves: of this lot so many units.
struct Moved<'m> {
    lot: &'m Lot,
    cause: Cause,
    units: u32,
    why: &'m str,
}

fn movement(act: &Act<'_>, moved: &Moved<'_>, id: &str) -> Value {
    let day = act.day.to_string();
    let Lot { id: lot, system, code, name, unit, number, expiry, .. } = moved.lot;
    // What it is stands in the movement itself: a book that is closed by the versions it was made of must not change with the
    // lot, which changes with each movement.
    let mut said = vec![
        json!({"url": "cause", "valueCode": moved.cause.code()}),
        json!({"url": "product", "valueCodeableConcept": {
            "coding": [{"system": system.as_str(), "code": code.as_str()}], "text": name.as_str()}}),
        json!({"url": "lot", "valueString": number.as_str()}),
        json!({"url": "expiry", "valueDate": expiry.to_string().as_str()}),
    ];
    for (url, text) in [("why", moved.why.trim()), ("by", act.by)] {
        if !text.is_empty() {
            said.push(json!({"url": url, "valueString": text}));
        }
    }
    let kind = "http://terminology.hl7.org/CodeSystem/supply-item-type";
    json!({
        "resourceType": "SupplyDelivery",
        "id": id,
        "meta": {"tag": [
            {"system": MONTH, "code": month(act.facility, act.day).as_str()},
            {"system": STORE_LOT, "code": lot.as_str()}
        ]},
        "extension": [{"url": MOVEMENT, "extension": said}],
        "status": "completed",
        "type": {"coding": [{"system": kind, "code": "medication"}]},
        "suppliedItem": {
            "quantity": {"value": moved.units, "unit": unit.as_str()},
            "itemReference": {"reference": format!("Medication/{lot}").as_str(),
                "display": format!("{name}, {}", moved.lot.words()).as_str()}
        },
        "occurrenceDateTime": day.as_str()
    })
}

/// The change of a lot's book, and only while `holds` allows it.
fn booked(lot: &str, by: i64, holds: impl Fn(&Lot) -> Result<(), Outcome> + Send + Sync + 'static) -> Change {
    Change::edit("Medication", lot, move |version| {
        let mut tree = version.tree();
        holds(&Lot::of(&tree).ok_or_else(|| Outcome::fault("a lot without its book"))?)?;
        lot::changed(&mut tree, by)?;
        Resource::from_value(tree)
    })
}

/// The change of an empty lot's book that fills it with another expiry; one of which something is there by now is refused with `conflict`.
fn refilled(lot: &str, units: u32, expiry: Day) -> Change {
    Change::edit("Medication", lot, move |version| {
        let mut tree = version.tree();
        if Lot::of(&tree).is_none_or(|lot| lot.units > 0 && lot.expiry != expiry) {
            let text = "Kho vừa thay đổi. Hãy bấm ghi lại.";
            return Err(Outcome::new(Kind::Conflict, "stock-changed", text, "the lot is empty no more"));
        }
        let number = str_at(&tree, &["batch", "lotNumber"]).unwrap_or_default().to_owned();
        put(
            &mut tree,
            "batch",
            json!({"lotNumber": number.as_str(), "expirationDate": expiry.to_string().as_str()}),
        );
        lot::changed(&mut tree, Cause::Received.signed(units))?;
        Resource::from_value(tree)
    })
}

/// The changes that take units out of a lot: its book and the movement. `part` tells several of one form and lot apart.
/// They are refused with `unprocessable` (`stock-short`) when the lot has fewer units by then, with `conflict` when the
/// same form wrote them before.
pub fn taken_out(
    act: &Act<'_>,
    lot: &Lot,
    cause: Cause,
    units: u32,
    (why, part): (&str, &str),
) -> Result<Vec<Change>, Outcome> {
    moved(act, lot, cause, units, (why, part), |_| Ok(()))
}

pub(super) fn moved(
    act: &Act<'_>,
    lot: &Lot,
    cause: Cause,
    units: u32,
    (why, part): (&str, &str),
    holds: impl Fn(&Lot) -> Result<(), Outcome> + Send + Sync + 'static,
) -> Result<Vec<Change>, Outcome> {
    let moved = Moved { lot, cause, units, why };
    let tree = movement(act, &moved, &movement_id(act.form, &lot.id, part));
    Ok(vec![booked(&lot.id, cause.signed(units), holds), Change::create(Resource::from_value(tree)?)])
}

/// Whether the movement of a form and lot stands.
pub(crate) async fn is_written(
    records: &Records,
    ctx: &Ctx,
    form: &str,
    (lot, part): (&str, &str),
) -> Result<bool, Outcome> {
    match records.read(ctx, "SupplyDelivery", &movement_id(form, lot, part)).await {
        Ok(version) => Ok(Movement::of(&version.tree()).is_some()),
        Err(outcome) if matches!(outcome.kind, Kind::NotFound | Kind::Gone) => Ok(false),
        Err(outcome) => Err(outcome),
    }
}

/// Something that came into the store, as it was typed.
#[derive(Debug, Clone, Default)]
pub struct Receipt {
    pub number: String,
    /// The last day of use as an ISO day; what could not be read as a day stays as it was typed.
    pub expiry: String,
    pub units: String,
    /// Where it comes from.
    pub source: String,
}

impl Receipt {
    /// All that is wrong by itself, by field: `lot`, `expiry`, `units`, `source`.
    pub fn check(&self, day: Day) -> Vec<Finding> {
        let mut found = Vec::new();
        let mut stop = |field: &str, text: String| {
            found.push(Finding { severity: Severity::Stop, field: field.to_owned(), text });
        };
        match self.number.trim().chars().count() {
            0 => stop("lot", "Ghi số lô in trên hộp.".into()),
            many if many > LOT_MAX => {
                stop("lot", format!("Số lô dài quá {LOT_MAX} ký tự. Hãy xem lại trên hộp."));
            }
            _ => {}
        }
        match Day::parse(&self.expiry) {
            None => stop("expiry", "Ghi hạn dùng in trên hộp, ví dụ 31/12/2027 hoặc 12/2027.".into()),
            Some(last) if last < day => {
                stop("expiry", format!("Lô này hết hạn từ {}. Không nhập vào kho.", plain_day(last)));
            }
            Some(last) if last.year() > day.year() + 10 => {
                stop("expiry", "Hạn dùng xa quá mười năm. Hãy xem lại trên hộp.".into());
            }
            Some(_) => {}
        }
        if units(&self.units).is_none() {
            stop("units", "Số lượng phải là số nguyên lớn hơn 0, ví dụ 500.".into());
        }
        if self.source.chars().count() > WORDS_MAX {
            stop("source", format!("Nguồn dài quá {WORDS_MAX} ký tự."));
        }
        found
    }
}

/// Writes down what came in, and answers the lot's id. Findings stand beside fields as [`Receipt::check`] names them; a lot of which something
/// is there with another expiry is one: of an empty one the box in the hand says it. The same form again writes nothing more.
pub async fn receive(
    records: &Records,
    ctx: &Ctx,
    act: &Act<'_>,
    product: &Product,
    receipt: &Receipt,
) -> Result<Result<String, Vec<Finding>>, Outcome> {
    let found = receipt.check(act.day);
    let (Some(expiry), Some(units), true) =
        (Day::parse(&receipt.expiry), units(&receipt.units), found.is_empty())
    else {
        return Ok(Err(found));
    };
    let id = lot::id(act.facility, product, &receipt.number);
    for _ in 0..2 {
        if is_written(records, ctx, act.form, (&id, "")).await? {
            return Ok(Ok(id));
        }
        let known = match records.read(ctx, "Medication", &id).await {
            Ok(version) => Some(version.tree()),
            Err(outcome) if matches!(outcome.kind, Kind::NotFound) => None,
            Err(outcome) => return Err(outcome),
        };
        if let Some(lot) = known.as_ref().and_then(Lot::of)
            && lot.expiry != expiry
            && lot.units > 0
        {
            let text = format!(
                "Lô {} đã nhập với hạn dùng {}. Hãy xem lại số lô và hạn trên hộp.",
                lot.number,
                plain_day(lot.expiry)
            );
            return Ok(Err(vec![Finding { severity: Severity::Stop, field: "expiry".into(), text }]));
        }
        let changes = received(act, product, receipt, (&id, expiry, units), known)?;
        match records.transact(ctx, changes).await {
            Ok(_) => return Ok(Ok(id)),
            // Somebody wrote the same lot down meanwhile, or this form: look again.
            Err(outcome) if matches!(outcome.kind, Kind::Conflict | Kind::Precondition) => {}
            Err(outcome) => return Err(outcome),
        }
    }
    let text = "Kho vừa thay đổi. Hãy bấm ghi lại.";
    Err(Outcome::new(Kind::Conflict, "stock-changed", text, "the lot changed twice meanwhile"))
}

fn received(
    act: &Act<'_>,
    product: &Product,
    receipt: &Receipt,
    (id, expiry, units): (&str, Day, u32),
    known: Option<Value>,
) -> Result<Vec<Change>, Outcome> {
    let cause = Cause::Received;
    if let Some(lot) = known.as_ref().and_then(Lot::of) {
        let is_other = lot.expiry != expiry;
        let mut changes =
            moved(act, &Lot { expiry, ..lot }, cause, units, (&receipt.source, ""), |_| Ok(()))?;
        if is_other {
            changes[0] = refilled(id, units, expiry);
        }
        return Ok(changes);
    }
    let mut tree = lot::empty(act.facility, product, &receipt.number, expiry);
    lot::changed(&mut tree, cause.signed(units))?;
    let lot = Lot::of(&tree).ok_or_else(|| Outcome::fault("a lot that was made is none"))?;
    let moved = Moved { lot: &lot, cause, units, why: &receipt.source };
    let movement = movement(act, &moved, &movement_id(act.form, id, ""));
    Ok(vec![Change::create(Resource::from_value(tree)?), Change::create(Resource::from_value(movement)?)])
}

/// Takes units out that nobody gets: expired, broken, sent back. Refuses with `unprocessable` without a reason or a number (`units`,
/// `reason` say which), or when the lot has fewer. The same form again writes nothing more.
pub async fn discard(
    records: &Records,
    ctx: &Ctx,
    act: &Act<'_>,
    lot: &Lot,
    (typed, reason): (&str, &str),
) -> Result<(), Outcome> {
    let wrong = |field: &'static str, text: &'static str| {
        Err(Outcome::new(Kind::Unprocessable, field, text, "what is discarded is not said").at(field))
    };
    let Some(units) = units(typed) else {
        return wrong("units", "Số lượng phải là số nguyên lớn hơn 0.");
    };
    if reason.trim().is_empty() || reason.chars().count() > WORDS_MAX {
        return wrong("reason", "Ghi lý do xuất hủy, ví dụ «hết hạn», «vỡ», «trả kho huyện».");
    }
    let changes = taken_out(act, lot, Cause::Discarded, units, (reason, ""))?;
    written_once(records, ctx, changes, act.form, (&lot.id, "")).await
}

/// Transacts; what is in conflict because the very form was written before is done.
pub(super) async fn written_once(
    records: &Records,
    ctx: &Ctx,
    changes: Vec<Change>,
    form: &str,
    of: (&str, &str),
) -> Result<(), Outcome> {
    if is_written(records, ctx, form, of).await? {
        return Ok(());
    }
    match records.transact(ctx, changes).await {
        Ok(_) => Ok(()),
        Err(_) if is_written(records, ctx, form, of).await? => Ok(()),
        Err(outcome) => Err(outcome),
    }
}

/// The changes that take movements back: their units go where they came from. They are refused with `unprocessable` when what came in has
/// gone out since; with `conflict` when one was taken back already.
pub(crate) fn withdrawn(movements: &[Movement]) -> Vec<Change> {
    let undone = |movement: &Movement| {
        Change::edit("SupplyDelivery", &movement.id, |version| {
            let mut tree = version.tree();
            if str_at(&tree, &["status"]) == Some(MISTAKEN) {
                let text = "Mục này đã được rút rồi.";
                return Err(Outcome::new(Kind::Conflict, "withdrawn", text, "the movement was taken back"));
            }
            put(&mut tree, "status", json!(MISTAKEN));
            Resource::from_value(tree)
        })
    };
    // A record is changed once in a transaction.
    let mut by_lot: BTreeMap<&str, i64> = BTreeMap::new();
    for one in movements {
        *by_lot.entry(&one.lot).or_default() -= one.cause.signed(one.units);
    }
    let books = by_lot.into_iter().map(|(lot, by)| booked(lot, by, |_| Ok(())));
    movements.iter().map(undone).chain(books).collect()
}

/// The id of the movement that a form made of a lot.
pub(crate) fn id_of(form: &str, lot: &str, part: &str) -> String {
    movement_id(form, lot, part)
}

/// Takes back a movement that was written by mistake; it stays in the history as entered in error. Refuses with `not-found` what is none of
/// this store, or was given to somebody (that is taken back with its prescription), and as [`withdrawn`] says.
pub async fn take_back(records: &Records, ctx: &Ctx, facility: &str, id: &str) -> Result<(), Outcome> {
    let no = || Outcome::new(Kind::NotFound, "movement", "Không thấy mục này trong kho.", "no such movement");
    let tree = records.read(ctx, "SupplyDelivery", id).await?.tree();
    let movement = Movement::of(&tree).filter(|one| one.cause != Cause::Given && is_of(&tree, facility));
    let movement = movement.ok_or_else(no)?;
    lot::read(records, ctx, facility, &movement.lot).await.map_err(|_| no())?;
    records.transact(ctx, withdrawn(&[movement])).await.map(|_| ())
}
