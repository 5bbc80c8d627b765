//! The vaccine fridge of a station and its temperature, read some times a day. When, and how cold is right, content says
//! (`content/vaccination`). A reading is a Task that was done, its fridge a Device
//! (docs/decisions/2026-11-23-vaccination-days.md).

use yba_content::Day;
use yba_content::vaccination::{Fridge as Limits, Reading};
use yba_fhir::json::{JsonValueTrait, Value, from_slice, items, json, str_at};
use yba_fhir::{Kind, Outcome, Resource, date};
use yba_records::{Change, Ctx, Query, Records, Version};

use crate::session::{TASKS, is_coded, keyed};
use crate::visit::put;

/// The slot of a reading beside those that content asks for: read again after one that was out of limits.
pub const AGAIN: &str = "do-lai";
const READING: &str = "fridge-reading";
const SLOTS: &str = "https://yba.vn/fhir/CodeSystem/fridge-reading";
const UCUM: &str = "http://unitsofmeasure.org";
/// What a thermometer of a fridge may show, °C.
const LOWEST: f64 = -40.0;
const HIGHEST: f64 = 60.0;
const NOTE_MAX: usize = 500;
/// Most readings of one look.
const READINGS_MAX: usize = 1000;
/// What the fridge is called.
const NAME: &str = "Tủ lạnh vắc xin";

/// One reading.
#[derive(Debug, Clone, PartialEq)]
pub struct Read {
    pub id: String,
    pub day: Day,
    /// Slug of the reading of the day.
    pub slot: String,
    pub celsius: f64,
    /// The digits as they were typed, with a point.
    pub digits: String,
    pub note: String,
    /// When it was written (ISO), and by whom.
    pub at: String,
    pub by: String,
}

/// A reading that somebody is about to write down.
#[derive(Debug, Clone, Default)]
pub struct Draft {
    /// ISO day.
    pub day: String,
    pub slot: String,
    /// As typed: `4,5`.
    pub celsius: String,
    pub note: String,
    /// Tells this form from others: sent twice, it is written once.
    pub form: String,
}

/// `4,5` or `4.5` as a number with its digits; `None` what no thermometer shows.
pub fn celsius(typed: &str) -> Option<(f64, String)> {
    let digits = typed.trim().trim_end_matches("°C").trim().replace(',', ".").replace('−', "-");
    let value: f64 = digits.parse().ok()?;
    let decimals = digits.split_once('.').map_or(0, |(_, tail)| tail.len());
    let is_plain = digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.' || byte == b'-');
    // As JSON writes numbers: no zeros before, no bare point, and no zero below zero.
    let digits = format!("{:.decimals$}", value + 0.0);
    (is_plain && decimals <= 2 && (LOWEST..=HIGHEST).contains(&value)).then_some((value, digits))
}

fn device_id(facility: Option<&str>) -> String {
    keyed("tl", facility.unwrap_or_default())
}

fn reading_id(facility: Option<&str>, day: Day, slot: &str) -> String {
    keyed("nd", &format!("{}\n{day}\n{slot}", facility.unwrap_or_default()))
}

/// Writes a reading. What was read stands: of a time of a day that has its reading already, another is refused, and is written as
/// read [`AGAIN`]. Refuses with `unprocessable` and a field what cannot be.
pub async fn write(
    records: &Records,
    ctx: &Ctx,
    limits: &Limits,
    draft: &Draft,
    facility: Option<&str>,
    by: Option<&str>,
) -> Result<Read, Outcome> {
    let now_ms = records.store().clock().now_ms();
    let refuse = |field: &'static str, text: &str| {
        Err(Outcome::new(Kind::Unprocessable, field, text, "no such reading").at(field))
    };
    let Some(day) = Day::parse(&draft.day).filter(|day| *day <= Day::of_instant(now_ms)) else {
        return refuse("day", "Ngày đọc nhiệt độ không thể sau hôm nay.");
    };
    let asked = limits.readings.iter().find(|one| one.slug == draft.slot);
    if asked.is_none() && draft.slot != AGAIN {
        return refuse("slot", "Chọn lần đọc trong ngày.");
    }
    let Some((value, digits)) = celsius(&draft.celsius) else {
        return refuse("celsius", "Nhiệt độ phải là một số °C, ví dụ 4,5.");
    };
    if draft.note.chars().count() > NOTE_MAX {
        return refuse("note", "Ghi chú dài quá 500 ký tự.");
    }
    let time = if asked.is_some() { draft.slot.clone() } else { format!("{AGAIN}\n{}", draft.form) };
    let id = reading_id(facility, day, &time);
    let (device, now) = (device_id(facility), date::instant(now_ms));
    let tree = reading(&id, &device, day, draft, &digits, facility, by, &now)?;
    let change = match records.read(ctx, "Task", &id).await {
        Ok(version) => match read(&version).filter(|_| !is_mistaken(&version)) {
            // Sent twice.
            Some(known) if known.digits == digits && known.note == draft.note.trim() => return Ok(known),
            Some(known) => {
                let title = asked.map_or("Đo lại", |one| one.title.as_str());
                let text = format!(
                    "Lần đọc «{title}» ngày này đã ghi {} °C. Đo thêm thì chọn «Đo lại»; ghi nhầm thì rút lần đó trước.",
                    known.digits.replace('.', ",")
                );
                return refuse("slot", &text);
            }
            None => Change::put(Resource::from_value(tree)?).if_match(version.version_id.as_str()),
        },
        Err(outcome) if matches!(outcome.kind, Kind::NotFound | Kind::Gone) => {
            Change::create(Resource::from_value(tree)?)
        }
        Err(outcome) => return Err(outcome),
    };
    let mut changes = vec![change];
    if records.read(ctx, "Device", &device).await.is_err() {
        changes.insert(0, Change::put(Resource::from_value(the_device(&device, facility))?));
    }
    records.transact(ctx, changes).await?;
    Ok(Read {
        id,
        day,
        slot: draft.slot.clone(),
        celsius: value,
        digits,
        note: draft.note.trim().to_owned(),
        at: now,
        by: by.unwrap_or_default().to_owned(),
    })
}

fn the_device(id: &str, facility: Option<&str>) -> Value {
    let mut tree = json!({"resourceType": "Device", "id": id, "status": "active",
        "deviceName": [{"name": NAME, "type": "user-friendly-name"}]});
    if let Some(facility) = facility {
        put(&mut tree, "owner", json!({"reference": format!("Organization/{facility}").as_str()}));
    }
    tree
}

#[allow(clippy::too_many_arguments)]
fn reading(
    id: &str,
    device: &str,
    day: Day,
    draft: &Draft,
    digits: &str,
    facility: Option<&str>,
    by: Option<&str>,
    now: &str,
) -> Result<Value, Outcome> {
    let (slot, day) = (draft.slot.as_str(), day.to_string());
    let value: Value =
        from_slice(digits.as_bytes()).map_err(|_| Outcome::fault("digits that are no number"))?;
    let mut tree = json!({
        "resourceType": "Task",
        "id": id,
        "status": "completed",
        "intent": "order",
        "code": {"coding": [{"system": TASKS, "code": READING}], "text": "Đọc nhiệt độ tủ lạnh vắc xin"},
        "focus": {"reference": format!("Device/{device}").as_str()},
        "executionPeriod": {"start": day.as_str(), "end": day.as_str()},
        "lastModified": now,
        "input": [{"type": {"coding": [{"system": SLOTS, "code": "slot"}]}, "valueCode": slot}],
        "output": [{
            "type": {"coding": [{"system": SLOTS, "code": "temperature"}], "text": "Nhiệt độ"},
            "valueQuantity": {"value": value, "unit": "°C", "system": UCUM, "code": "Cel"}
        }]
    });
    if let Some(facility) = facility {
        put(&mut tree, "owner", json!({"reference": format!("Organization/{facility}").as_str()}));
    }
    let mut note = json!({"time": now, "text": draft.note.trim()});
    if let Some(by) = by {
        put(&mut note, "authorString", json!(by));
    }
    if draft.note.trim().is_empty() {
        put(&mut note, "text", json!("Đã đọc"));
    }
    put(&mut tree, "note", json!([note]));
    Ok(tree)
}

fn is_mistaken(version: &Version) -> bool {
    str_at(&version.tree(), &["status"]) != Some("completed")
}

/// Takes back a reading that was written by mistake; answers its day. Refuses with `not-found` what is no reading of this station.
pub async fn take_back(
    records: &Records,
    ctx: &Ctx,
    facility: Option<&str>,
    id: &str,
) -> Result<Day, Outcome> {
    let version = records.read(ctx, "Task", id).await?;
    let tree = version.tree();
    let owner = str_at(&tree, &["owner", "reference"]).and_then(|one| one.strip_prefix("Organization/"));
    match read(&version).filter(|_| facility.is_none() || owner == facility) {
        Some(one) => records.transact(ctx, vec![crate::visit::mistaken("Task", id)]).await.map(|_| one.day),
        None => {
            let text = "Không có lần đọc nhiệt độ này ở trạm của bạn.";
            Err(Outcome::new(Kind::NotFound, "reading", text, "no reading of this station"))
        }
    }
}

/// The readings of a station from one day on until another, in their order.
pub async fn readings(
    records: &Records,
    ctx: &Ctx,
    facility: Option<&str>,
    from: Day,
    until: Day,
) -> Result<Vec<Read>, Outcome> {
    let mut asked = format!(
        "code={TASKS}|{READING}&status=completed&period=ge{from}&period=le{until}&_count={READINGS_MAX}"
    );
    if let Some(facility) = facility {
        asked += &format!("&owner=Organization/{facility}");
    }
    let found = records.search(ctx, &Query::parse_string("Task", &asked)?, None).await?;
    let mut all: Vec<Read> = found.matches.iter().filter_map(read).collect();
    all.sort_by(|one, other| (one.day, &one.at).cmp(&(other.day, &other.at)));
    Ok(all)
}

fn read(version: &Version) -> Option<Read> {
    let tree = version.tree();
    is_coded(tree.get("code")?, TASKS, READING).then_some(())?;
    let digits = items(&tree, "output").next()?.get("valueQuantity")?.get("value")?.to_string();
    let note = items(&tree, "note").next();
    let said = |name: &str| note.and_then(|note| str_at(note, &[name])).unwrap_or_default().to_owned();
    Some(Read {
        id: version.id.clone(),
        day: Day::parse(str_at(&tree, &["executionPeriod", "start"])?)?,
        slot: str_at(items(&tree, "input").next()?, &["valueCode"])?.to_owned(),
        celsius: digits.parse().ok()?,
        digits,
        note: Some(said("text")).filter(|text| text != "Đã đọc").unwrap_or_default(),
        at: str_at(&tree, &["lastModified"]).unwrap_or_default().to_owned(),
        by: said("authorString"),
    })
}

/// The readings of a day that should stand by this hour and do not.
pub fn missing<'l>(limits: &'l Limits, read: &[Read], day: Day, hour: u32) -> Vec<&'l Reading> {
    let is_there = |one: &Reading| read.iter().any(|other| other.day == day && other.slot == one.slug);
    limits.readings.iter().filter(|one| one.until <= hour && !is_there(one)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use yba_content::Content;

    #[test]
    fn temperatures_are_read_as_people_write_them() {
        for (typed, value) in [
            ("4,5", Some((4.5, "4.5"))),
            (" 4.5 °C", Some((4.5, "4.5"))),
            ("-3", Some((-3.0, "-3"))),
            ("−3,25", Some((-3.25, "-3.25"))),
            ("8", Some((8.0, "8"))),
            ("05", Some((5.0, "5"))),
            ("04,5", Some((4.5, "4.5"))),
            ("-,5", Some((-0.5, "-0.5"))),
            ("-0", Some((0.0, "0"))),
            ("8,", Some((8.0, "8"))),
            ("", None),
            ("lạnh", None),
            ("1e1", None),
            ("4,555", None),
            ("100", None),
            ("NaN", None),
        ] {
            assert_eq!(celsius(typed), value.map(|(value, digits)| (value, digits.to_owned())), "{typed}");
        }
    }

    #[test]
    fn a_reading_is_missing_when_its_hour_is_over() {
        let content = Content::built_in();
        let day = Day::parse("2026-11-23").unwrap();
        let limits = &content.vaccination_day(day).unwrap().fridge;
        let one = Read {
            id: "x".into(),
            day,
            slot: "sang".into(),
            celsius: 4.0,
            digits: "4".into(),
            note: String::new(),
            at: String::new(),
            by: String::new(),
        };
        let slugs = |read: &[Read], hour| -> Vec<String> {
            missing(limits, read, day, hour).into_iter().map(|one| one.slug.clone()).collect()
        };
        assert!(slugs(&[], 9).is_empty());
        assert_eq!(slugs(&[], 10), ["sang"]);
        assert_eq!(slugs(&[], 18), ["sang", "chieu"]);
        assert_eq!(slugs(std::slice::from_ref(&one), 18), ["chieu"]);
    }

    #[tokio::test]
    async fn what_was_read_stands_until_it_is_taken_back_and_is_read_again_beside_it() {
        yba_testkit::each_engine(async |kit| {
            let content = Content::built_in();
            let day = Day::of_instant(kit.now_ms());
            let limits = &content.vaccination_day(Day::parse("2026-11-23").unwrap()).unwrap().fridge;
            let (records, ctx, own) = (&kit.records, kit.ctx(), Some("tram"));
            let read = async |slot: &str, celsius: &str, form: &str| {
                let draft = Draft {
                    day: day.to_string(),
                    slot: slot.into(),
                    celsius: celsius.into(),
                    form: form.into(),
                    ..Draft::default()
                };
                let done = write(records, &ctx, limits, &draft, own, None).await;
                done.map_err(|refused| refused.issues[0].key)
            };
            let first = read("chieu", "12", "a").await.unwrap();
            assert_eq!(
                read("chieu", "12,0", "a").await.map(|_| ()),
                Err("slot"),
                "12 and 12,0 are two readings"
            );
            assert_eq!(read("chieu", "12", "a").await.unwrap().id, first.id, "sent twice");
            assert_eq!(read("chieu", "5", "b").await.map(|_| ()), Err("slot"));
            read(AGAIN, "5", "b").await.unwrap();
            read(AGAIN, "5", "b").await.unwrap();
            read(AGAIN, "4", "c").await.unwrap();
            let all = async || readings(records, &ctx, own, day, day).await.unwrap();
            let mut digits: Vec<String> = all().await.into_iter().map(|one| one.digits).collect();
            digits.sort();
            assert_eq!(digits, ["12", "4", "5"]);
            let other = take_back(records, &ctx, Some("khac"), &first.id).await.unwrap_err();
            assert_eq!(other.kind, Kind::NotFound);
            assert_eq!(take_back(records, &ctx, own, &first.id).await.unwrap(), day);
            read("chieu", "6", "d").await.unwrap();
            assert_eq!(all().await.len(), 3);
        })
        .await;
    }
}
