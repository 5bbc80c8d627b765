//! What is counted: the shelf, a month, and what to ask for.

use std::collections::{BTreeMap, BTreeSet};
use yba_fhir::json::{JsonValueTrait, Value, json, str_at};
use yba_fhir::{Day, Kind, Outcome, Resource, date};
use yba_records::{Change, Ctx, Query, Records, Version};

use super::lot::{Lot, Product};
use super::moving::{self, Act, Cause, Movement};
use super::{MONTH, STORE, STORE_LOT, WORDS_MAX};
use crate::visit::{RECORDS_MAX, hashed, mistaken};

/// Most movements that are read at once, and most pages of them.
const MOVEMENTS_MAX: usize = 1000;
const PAGES_MAX: usize = 20;

/// One lot as it was counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counted {
    /// Id of the lot.
    pub lot: String,
    /// What the book said when the sheet was made.
    pub book: u32,
    pub there: u32,
    /// Why it differs.
    pub reason: String,
}

/// Makes the book say what was counted; what agrees is left alone. Answers how many lots differed. `lots` are those that were counted, also
/// what is empty by now. Refuses with `unprocessable` when nothing was counted; at the lot's id a difference without a reason, a
/// lot that moved since the sheet was made, and one that is not among `lots`.
pub async fn count(
    records: &Records,
    ctx: &Ctx,
    act: &Act<'_>,
    lots: &[Lot],
    counted: &[Counted],
) -> Result<usize, Outcome> {
    if counted.is_empty() {
        let text = "Chưa đếm lô nào. Ghi số đếm được vào ít nhất một lô.";
        return Err(Outcome::new(Kind::Unprocessable, "nothing", text, "nothing was counted"));
    }
    let mut changes = Vec::new();
    let mut first = None;
    for one in counted.iter().filter(|one| one.book != one.there) {
        let Some(lot) = lots.iter().find(|lot| lot.id == one.lot) else {
            let text = "Một lô đã đếm không còn thấy trong kho. Hãy mở lại phiếu đếm.";
            let refused = Outcome::new(Kind::Unprocessable, "lot", text, "a counted lot that is not there");
            return Err(refused.at(one.lot.clone()));
        };
        let reason = one.reason.trim();
        if reason.is_empty() || reason.chars().count() > WORDS_MAX {
            let text = format!("{} {}: ghi vì sao lệch.", lot.name, lot.words());
            return Err(Outcome::new(Kind::Unprocessable, "reason", text, "a difference without a reason")
                .at(lot.id.clone()));
        }
        let (cause, units) = match one.there > one.book {
            true => (Cause::Surplus, one.there - one.book),
            false => (Cause::Shortage, one.book - one.there),
        };
        let book = one.book;
        let holds = move |now: &Lot| match now.units == book {
            true => Ok(()),
            false => Err(moved_since(now, book)),
        };
        changes.extend(moving::moved(act, lot, cause, units, (reason, "dem"), holds)?);
        first = first.or(Some(&lot.id));
    }
    let many = changes.len() / 2;
    if let Some(lot) = first {
        moving::written_once(records, ctx, changes, act.form, (lot, "dem")).await?;
    }
    Ok(many)
}

fn moved_since(now: &Lot, book: u32) -> Outcome {
    let text = format!(
        "{} {}: lúc lập phiếu sổ ghi {book}, nay ghi {}. Có người vừa nhập hoặc phát; hãy đếm lại lô này.",
        now.name,
        now.words(),
        now.units
    );
    Outcome::new(Kind::Unprocessable, "book-moved", text, "the lot moved since the sheet").at(now.id.clone())
}

/// The movements of a facility in the months of these days and between, in no order. Refuses with `too-many` what is more than a
/// station can have moved.
pub async fn movements(
    records: &Records,
    ctx: &Ctx,
    facility: &str,
    (first, last): (Day, Day),
) -> Result<Vec<Movement>, Outcome> {
    let mut months = Vec::new();
    let mut at = first.plus_days(1 - i64::from(first.day()));
    while at <= last && months.len() < 120 {
        months.push(format!("{MONTH}|{}", moving::month(facility, at)));
        at = at.plus_months(1);
    }
    tagged(records, ctx, facility, &months.join(",")).await
}

/// The movements of a lot, in no order, also those of years ago. Refuses as [`movements`] does.
pub async fn movements_of(
    records: &Records,
    ctx: &Ctx,
    facility: &str,
    lot: &str,
) -> Result<Vec<Movement>, Outcome> {
    tagged(records, ctx, facility, &format!("{STORE_LOT}|{lot}")).await
}

/// The movements with these tags that are in a month of this facility.
async fn tagged(records: &Records, ctx: &Ctx, facility: &str, tags: &str) -> Result<Vec<Movement>, Outcome> {
    let query = format!("_tag={tags}&status=completed&_count={MOVEMENTS_MAX}");
    let query = Query::parse_string("SupplyDelivery", &query)?;
    let (mut all, mut cursor) = (Vec::new(), None);
    for _ in 0..PAGES_MAX {
        let found = records.search(ctx, &query, cursor.as_deref()).await?;
        let own = found.matches.iter().map(Version::tree).filter(|tree| moving::is_of(tree, facility));
        all.extend(own.filter_map(|tree| Movement::of(&tree)));
        cursor = found.next;
        if cursor.is_none() {
            return Ok(all);
        }
    }
    let text = "Kho có quá nhiều lần nhập, xuất trong khoảng này. Hãy chọn khoảng ngắn hơn.";
    Err(Outcome::new(Kind::TooMany, "movements", text, "more movements than are read"))
}

/// What became of a lot in some days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turnover {
    pub lot: Lot,
    pub opening: i64,
    pub received: u32,
    pub given: u32,
    pub discarded: u32,
    /// By stocktakes, more or fewer.
    pub counted: i64,
    pub closing: i64,
}

/// What the lots did from one day to another, the last included: the books of now, and back by the movements since. Lots of which nothing was
/// there and nothing moved are left out; the rest by name and expiry.
pub async fn turnover(
    records: &Records,
    ctx: &Ctx,
    facility: &str,
    (first, last): (Day, Day),
    today: Day,
) -> Result<Vec<Turnover>, Outcome> {
    let moved = movements(records, ctx, facility, (first, today.max(last))).await?;
    let mut lots: BTreeMap<String, Lot> = BTreeMap::new();
    for lot in super::in_store(records, ctx, facility).await? {
        lots.insert(lot.id.clone(), lot);
    }
    // What is used up stands in no list of what is there.
    let gone: BTreeSet<&str> =
        moved.iter().map(|one| one.lot.as_str()).filter(|id| !lots.contains_key(*id)).collect();
    let keys: Vec<(String, String)> =
        gone.into_iter().map(|id| ("Medication".to_owned(), id.to_owned())).collect();
    for version in records.read_many(ctx, &keys).await? {
        lots.extend(Lot::of(&version.tree()).map(|lot| (lot.id.clone(), lot)));
    }
    Ok(balanced(lots, &moved, (first, last)))
}

/// The pure part of [`turnover`].
fn balanced(lots: BTreeMap<String, Lot>, moved: &[Movement], (first, last): (Day, Day)) -> Vec<Turnover> {
    let mut all: Vec<Turnover> = lots
        .into_values()
        .map(|lot| {
            let own = || moved.iter().filter(|one| one.lot == lot.id);
            let sum = |from: Option<Day>, until: Option<Day>, cause: Option<Cause>| -> i64 {
                let fits = |one: &&Movement| {
                    from.is_none_or(|from| one.day >= from)
                        && until.is_none_or(|until| one.day <= until)
                        && cause.is_none_or(|cause| one.cause == cause)
                };
                own().filter(fits).map(|one| one.cause.signed(one.units)).sum()
            };
            let of = |cause: Cause| sum(Some(first), Some(last), Some(cause));
            let units = |cause: Cause| u32::try_from(of(cause).abs()).unwrap_or(u32::MAX);
            let closing = i64::from(lot.units) - sum(Some(last.plus_days(1)), None, None);
            Turnover {
                opening: closing - sum(Some(first), Some(last), None),
                received: units(Cause::Received),
                given: units(Cause::Given),
                discarded: units(Cause::Discarded),
                counted: of(Cause::Surplus) + of(Cause::Shortage),
                closing,
                lot,
            }
        })
        .collect();
    all.retain(|one| {
        one.opening != 0
            || one.closing != 0
            || one.received + one.given + one.discarded > 0
            || one.counted != 0
    });
    let key = |one: &Turnover| (one.lot.name.clone(), one.lot.expiry, one.lot.number.clone());
    all.sort_by_key(key);
    all
}

/// One line of a request to the level above.
#[derive(Debug, Clone)]
pub struct Wanted {
    pub product: Product,
    pub units: u32,
}

/// A request that was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requested {
    /// Id of the SupplyRequest.
    pub id: String,
    pub day: String,
    pub name: String,
    pub units: u32,
    pub unit: String,
}

/// Writes down what a facility asks for: a SupplyRequest for each product. The same form again writes nothing more.
/// Refuses with `unprocessable` when nothing is asked for.
pub async fn request(
    records: &Records,
    ctx: &Ctx,
    act: &Act<'_>,
    wanted: &[Wanted],
    now_ms: i64,
) -> Result<(), Outcome> {
    if wanted.is_empty() {
        let text = "Chưa ghi số lượng cho thuốc nào.";
        return Err(Outcome::new(Kind::Unprocessable, "nothing", text, "a request of nothing"));
    }
    let id = |one: &Wanted| {
        hashed(&format!("{}\n{}\ndu-tru", act.form, one.product.code)).replacen("lk-", "dt-kho-", 1)
    };
    let place = format!("Organization/{}", act.facility);
    let changes = wanted.iter().map(|one| {
        let tree = json!({
            "resourceType": "SupplyRequest",
            "id": id(one).as_str(),
            "meta": {"tag": [{"system": STORE, "code": act.facility}]},
            "status": "active",
            "itemCodeableConcept": one.product.concept(),
            "quantity": {"value": one.units, "unit": one.product.unit.as_str()},
            "authoredOn": date::instant(now_ms).as_str(),
            "requester": {"reference": place.as_str(), "display": act.by}
        });
        Ok(Change::create(Resource::from_value(tree)?))
    });
    let changes: Vec<Change> = changes.collect::<Result<_, Outcome>>()?;
    match records.transact(ctx, changes).await {
        Err(outcome) if outcome.kind == Kind::Conflict => {
            records.read(ctx, "SupplyRequest", &id(&wanted[0])).await.map(|_| ()).map_err(|_| outcome)
        }
        done => done.map(|_| ()),
    }
}

/// The requests of a facility that stand, the last first.
pub async fn requests(records: &Records, ctx: &Ctx, facility: &str) -> Result<Vec<Requested>, Outcome> {
    let query = format!("_tag={STORE}|{facility}&status=active&_sort=-date&_count={RECORDS_MAX}");
    let found = records.search(ctx, &Query::parse_string("SupplyRequest", &query)?, None).await?;
    Ok(found.matches.iter().map(Version::tree).filter_map(|tree| requested(&tree)).collect())
}

fn requested(tree: &Value) -> Option<Requested> {
    Some(Requested {
        id: str_at(tree, &["id"])?.to_owned(),
        day: str_at(tree, &["authoredOn"])?.to_owned(),
        name: str_at(tree, &["itemCodeableConcept", "text"])?.to_owned(),
        units: u32::try_from(tree.get("quantity")?.get("value")?.as_i64()?).ok()?,
        unit: str_at(tree, &["quantity", "unit"]).unwrap_or_default().to_owned(),
    })
}

/// Takes back a request; it stays as entered in error. Refuses with `not-found` what is none of this facility.
pub async fn take_request_back(
    records: &Records,
    ctx: &Ctx,
    facility: &str,
    id: &str,
) -> Result<(), Outcome> {
    let stands = requests(records, ctx, facility).await?.iter().any(|one| one.id == id);
    if !stands {
        let text = "Không thấy dự trù này.";
        return Err(Outcome::new(Kind::NotFound, "request", text, "no request of this store"));
    }
    records.transact(ctx, vec![mistaken("SupplyRequest", id)]).await.map(|_| ())
}
