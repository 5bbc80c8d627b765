//! Handing out what was prescribed, by lot: first expired, first out, unless somebody says why not; and taking that back.

use std::collections::BTreeMap;
use yba_fhir::json::{JsonValueTrait, Value, items, json, str_at};
use yba_fhir::{Day, Kind, Outcome, Resource, date};
use yba_records::{Change, Ctx, Query, Records, Version};

use crate::prescribe::plan::FORM;
use crate::prescribe::{Ordered, Prescription, read};
use crate::stock::{self, Act, Cause, Lot, Share, moving};
use crate::visit::{mistaken, put};

/// Most dispenses of the prescriptions of one page.
const DISPENSES_MAX: usize = 1000;
/// Prescriptions of which it is asked at once.
const ASKED_AT_ONCE: usize = 50;

/// Something that was handed out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given {
    /// Id of the MedicationDispense.
    pub id: String,
    /// Ids of the MedicationRequest and of the lot.
    pub request: String,
    pub lot: String,
    pub units: u32,
    /// ISO instant.
    pub at: String,
    pub by: String,
    /// `Paracetamol 500 mg, lô A12, hạn 31/12/2027`
    pub words: String,
    /// Why another lot than the first to expire.
    pub reason: String,
    /// Whether it was not taken back.
    pub stands: bool,
    /// The form that wrote it: all of one form were handed out at once.
    pub form: String,
}

fn given_of(tree: &Value) -> Option<Given> {
    let text = |path: &[&str]| str_at(tree, path).unwrap_or_default().to_owned();
    let request = items(tree, "authorizingPrescription")
        .find_map(|one| str_at(one, &["reference"])?.strip_prefix("MedicationRequest/"))?;
    let by = items(tree, "performer").find_map(|one| str_at(one, &["actor", "display"]));
    Some(Given {
        id: text(&["id"]),
        request: request.to_owned(),
        lot: str_at(tree, &["medicationReference", "reference"])?.strip_prefix("Medication/")?.to_owned(),
        units: u32::try_from(tree.get("quantity")?.get("value")?.as_i64()?).ok()?,
        at: text(&["whenHandedOver"]),
        by: by.unwrap_or_default().to_owned(),
        words: text(&["medicationReference", "display"]),
        reason: items(tree, "note").find_map(|one| str_at(one, &["text"])).unwrap_or_default().to_owned(),
        stands: str_at(tree, &["status"]) == Some("completed"),
        form: read::form(tree).unwrap_or_default().to_owned(),
    })
}

/// What was handed out of these prescriptions, also what was taken back, as far as the caller may see it.
pub async fn given(
    records: &Records,
    ctx: &Ctx,
    prescriptions: &[Prescription],
) -> Result<Vec<Given>, Outcome> {
    let mut all = Vec::new();
    for some in prescriptions.chunks(ASKED_AT_ONCE) {
        let ids: Vec<String> = some
            .iter()
            .flat_map(|one| &one.lines)
            .map(|line| format!("MedicationRequest/{}", line.request))
            .collect();
        if ids.is_empty() {
            continue;
        }
        let query = format!("prescription={}&_sort=whenhandedover&_count={DISPENSES_MAX}", ids.join(","));
        let found = records.search(ctx, &Query::parse_string("MedicationDispense", &query)?, None).await?;
        all.extend(found.matches.iter().map(Version::tree).filter_map(|tree| given_of(&tree)));
    }
    Ok(all)
}

/// Units of a line that are still to be handed out.
pub fn left(line: &Ordered, given: &[Given]) -> u32 {
    let own = given.iter().filter(|one| one.stands && one.request == line.request);
    line.units.saturating_sub(own.map(|one| one.units).sum())
}

/// What to take for a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Take {
    /// Id of the MedicationRequest.
    pub request: String,
    pub share: Share,
}

/// What the store would give for what is left of a prescription: first expired, first out; less where there is less.
pub fn proposed(it: &Prescription, given: &[Given], lots: &[Lot], today: Day) -> Vec<Take> {
    let of = |line: &Ordered| {
        let shares = stock::propose(lots, &line.drug, left(line, given), today);
        let request = line.request.clone();
        shares.into_iter().map(move |share| Take { request: request.clone(), share })
    };
    it.lines.iter().flat_map(of).collect()
}

/// Whether the lots are not those that expire first.
pub fn skips(it: &Prescription, takes: &[Take], lots: &[Lot], today: Day) -> bool {
    it.lines.iter().any(|line| {
        let mut own: Vec<&Share> =
            takes.iter().filter(|take| take.request == line.request).map(|take| &take.share).collect();
        let units = own.iter().map(|share| share.units).sum();
        let first = stock::propose(lots, &line.drug, units, today);
        let mut first: Vec<&Share> = first.iter().collect();
        own.sort_by_key(|share| &share.lot);
        first.sort_by_key(|share| &share.lot);
        own != first
    })
}

/// What is handed out, and of what.
#[derive(Debug, Clone, Copy)]
pub struct Handing<'h> {
    pub prescription: &'h Prescription,
    /// What was handed out of it, and what is in the store.
    pub given: &'h [Given],
    pub lots: &'h [Lot],
    pub takes: &'h [Take],
    /// Why another lot than the first to expire.
    pub reason: &'h str,
    pub now_ms: i64,
}

/// Hands out: a MedicationDispense for each line and lot, with the books of the lots, in one transaction. The same form again is written once.
/// Refuses with `unprocessable` what is not on the prescription or no longer good, an expired lot, more than is left, another lot than the
/// first to expire without a reason (at `reason`), and what somebody else took meanwhile (`stock-short`).
pub async fn hand_out(
    records: &Records,
    ctx: &Ctx,
    act: &Act<'_>,
    handing: &Handing<'_>,
) -> Result<(), Outcome> {
    if handing.given.iter().any(|one| one.stands && one.form == act.form) {
        return Ok(());
    }
    check(act, handing)?;
    let changes = plan(act, handing)?;
    match records.transact(ctx, changes).await {
        Ok(_) => Ok(()),
        Err(outcome) => {
            let now = given(records, ctx, std::slice::from_ref(handing.prescription)).await?;
            let is_ours = now.iter().any(|one| one.stands && one.form == act.form);
            if is_ours { Ok(()) } else { Err(told(outcome)) }
        }
    }
}

/// A conflict is another hand at the same prescription.
fn told(outcome: Outcome) -> Outcome {
    match outcome.kind {
        Kind::Conflict | Kind::Precondition => {
            let text = "Có người vừa phát đơn này. Hãy xem lại đơn trước khi phát tiếp.";
            Outcome::new(Kind::Conflict, "handed-meanwhile", text, "somebody handed it out meanwhile")
        }
        _ => outcome,
    }
}

fn refused(code: &'static str, text: String) -> Outcome {
    Outcome::new(Kind::Unprocessable, code, text, "it cannot be handed out so")
}

fn check(act: &Act<'_>, handing: &Handing<'_>) -> Result<(), Outcome> {
    let Handing { prescription: it, given, lots, takes, reason, .. } = handing;
    if !it.is_good(act.day) {
        return Err(refused(
            "not-good",
            "Đơn này đã quá hạn, được thay hoặc rút nên không phát được.".into(),
        ));
    }
    if takes.is_empty() {
        return Err(refused(
            "nothing",
            "Chưa có thuốc nào để phát: chưa ghi số lượng, đã phát đủ, hoặc kho không còn.".into(),
        ));
    }
    let mut sums: BTreeMap<&str, u32> = BTreeMap::new();
    for take in takes.iter() {
        let line = it.lines.iter().find(|line| line.request == take.request);
        let lot = lots.iter().find(|lot| lot.id == take.share.lot);
        let (Some(line), Some(lot)) = (line, lot) else {
            return Err(refused(
                "lot",
                "Kho không còn lô đã chọn: có người vừa lấy hết. Hãy xem lại các lô rồi phát.".into(),
            ));
        };
        if take.share.units == 0 {
            return Err(refused("nothing", format!("{}: ghi số lượng phát lớn hơn 0.", line.name)));
        }
        if lot.code != line.drug {
            return Err(refused("lot", format!("{} không phải {}.", lot.name, line.name)));
        }
        if lot.expiry < act.day {
            let text = format!("{} {} đã hết hạn. Không được phát; hãy chọn lô khác.", lot.name, lot.words());
            return Err(refused("expired", text));
        }
        *sums.entry(&take.request).or_default() += take.share.units;
    }
    for line in &it.lines {
        let (asked, most) = (sums.get(line.request.as_str()).copied().unwrap_or_default(), left(line, given));
        if asked > most {
            let text = format!("{}: đơn chỉ còn {most} {}, không phát {asked} được.", line.name, line.unit);
            return Err(refused("too-many", text));
        }
    }
    let chars = reason.trim().chars().count();
    if chars > stock::WORDS_MAX || chars == 0 && skips(it, takes, lots, act.day) {
        let text = "Lô khác hết hạn trước. Nếu vẫn lấy lô này, hãy ghi lý do.";
        return Err(refused("reason", text.into()).at("reason"));
    }
    Ok(())
}

fn plan(act: &Act<'_>, handing: &Handing<'_>) -> Result<Vec<Change>, Outcome> {
    let Handing { given, lots, takes, .. } = handing;
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let mut changes = Vec::new();
    for take in takes.iter() {
        let Some(lot) = lots.iter().find(|lot| lot.id == take.share.lot) else { continue };
        // The next number of this line: two hands at once make the same one, and the second is refused.
        let number = counts
            .entry(&take.request)
            .or_insert_with(|| given.iter().filter(|one| one.request == take.request).count());
        *number += 1;
        let id = format!("{}-p{number}", take.request);
        let tree = dispensed(act, handing, (take, lot), &id);
        changes.push(Change::create(Resource::from_value(tree)?));
        // The movement names neither the person nor the dispense.
        let own = Act { form: &id, ..*act };
        changes.extend(moving::taken_out(&own, lot, Cause::Given, take.share.units, ("", ""))?);
    }
    Ok(changes)
}

fn dispensed(act: &Act<'_>, handing: &Handing<'_>, (take, lot): (&Take, &Lot), id: &str) -> Value {
    let it = handing.prescription;
    let words = format!("{}, {}", lot.name, lot.words());
    let mut tree = json!({
        "resourceType": "MedicationDispense",
        "id": id,
        "identifier": [{"system": FORM, "value": act.form}],
        "status": "completed",
        "medicationReference": {"reference": format!("Medication/{}", lot.id).as_str(), "display": words.as_str()},
        "subject": {"reference": format!("Patient/{}", it.patient).as_str()},
        "performer": [{"actor": {"display": act.by}}],
        "authorizingPrescription": [{"reference": format!("MedicationRequest/{}", take.request).as_str()}],
        "quantity": {"value": take.share.units, "unit": lot.unit.as_str()},
        "whenHandedOver": date::instant(handing.now_ms).as_str()
    });
    if !it.visit.is_empty() {
        put(&mut tree, "context", json!({"reference": format!("Encounter/{}", it.visit).as_str()}));
    }
    let dose = it.lines.iter().find(|line| line.request == take.request).map(|line| line.dose.as_str());
    if let Some(dose) = dose.filter(|dose| !dose.is_empty()) {
        put(&mut tree, "dosageInstruction", json!([{"text": dose}]));
    }
    if !handing.reason.trim().is_empty() {
        put(&mut tree, "note", json!([{"text": handing.reason.trim()}]));
    }
    if !it.labels.is_empty() {
        put(&mut tree, "meta", json!({"security": it.labels.clone()}));
    }
    tree
}

/// Takes back what one form handed out of a prescription ([`Given::form`]): the units are in the store again. Refuses with `not-found` when
/// it handed out nothing that stands, or did so from another facility's store.
pub async fn take_back(
    records: &Records,
    ctx: &Ctx,
    facility: &str,
    it: &Prescription,
    form: &str,
) -> Result<(), Outcome> {
    let given = given(records, ctx, std::slice::from_ref(it)).await?;
    let (mut changes, mut movements) = (Vec::new(), Vec::new());
    for one in given.iter().filter(|one| one.stands && one.form == form) {
        stock::lot::read(records, ctx, facility, &one.lot).await.map_err(of_another_store)?;
        let movement =
            records.read(ctx, "SupplyDelivery", &moving::id_of(&one.id, &one.lot, "")).await?.tree();
        let movement = moving::Movement::of(&movement)
            .ok_or_else(|| Outcome::fault("a dispense whose movement was taken back alone"))?;
        changes.push(mistaken("MedicationDispense", &one.id));
        movements.push(movement);
    }
    changes.extend(moving::withdrawn(&movements));
    if changes.is_empty() {
        let text = "Không thấy lần phát này, hoặc nó đã được rút.";
        return Err(Outcome::new(Kind::NotFound, "not-handed", text, "nothing was handed out by this form"));
    }
    records.transact(ctx, changes).await.map(|_| ())
}

fn of_another_store(outcome: Outcome) -> Outcome {
    match outcome.kind {
        Kind::NotFound => {
            let text = "Thuốc này lấy từ kho của cơ sở khác; chỉ nơi ấy rút lần phát được.";
            Outcome::new(Kind::NotFound, "handed-elsewhere", text, "a lot of another facility's store")
        }
        _ => outcome,
    }
}

#[cfg(test)]
#[path = "dispense_tests.rs"]
mod tests;
