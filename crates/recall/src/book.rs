//! The household book of a station: who lives with whom, whose health record lacks what, who was seen and checked when. Shares are
//! counts; a line names somebody only to who reaches them.

use std::collections::{BTreeMap, BTreeSet};

use yba_content::Day;
use yba_fhir::{Kind, Outcome};
use yba_records::{Action, Ctx, Records};
use yba_store::Value;

use crate::table::{day, number};

/// What the book is made of: whoever asks for it must be permitted to search all of it.
pub const KINDS: [&str; 3] = ["Patient", "Encounter", "QuestionnaireResponse"];
/// Most facilities, and most villages of one.
const PLACES_MAX: i64 = 500;
/// Most lines that are looked at for one list.
pub const ROWS_MAX: usize = 20_000;

/// Somebody in the book.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    pub patient: String,
    /// Tells persons apart, whichever of their Patients is shown.
    pub person: String,
    pub village: String,
    /// Number of the household; empty when nobody wrote one.
    pub household: String,
    /// How they stand to its head, as it was written.
    pub relation: String,
    pub birth: Day,
    pub sex: String,
    /// Names of the items that their health record lacks.
    pub missing: Vec<String>,
    /// `Practitioner/…`; empty when they have none.
    pub doctor: String,
    /// The day of the last visit, and of the last check.
    pub seen: Option<Day>,
    pub checked: Option<Day>,
}

/// How many people, and of how many what the province asks for is there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Shares {
    pub people: usize,
    pub households: usize,
    /// Whose record holds every item.
    pub begun: usize,
    /// … of whom there is a visit.
    pub seen: usize,
    /// … who were checked since the day that was asked for.
    pub checked: usize,
    /// … who have a family doctor.
    pub doctors: usize,
}

impl std::ops::AddAssign<&Shares> for Shares {
    fn add_assign(&mut self, other: &Shares) {
        self.people += other.people;
        self.households += other.households;
        self.begun += other.begun;
        self.seen += other.seen;
        self.checked += other.checked;
        self.doctors += other.doctors;
    }
}

/// Of whom something is wanting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanting {
    /// Items of the record.
    Items,
    /// Any visit.
    Visit,
    /// A check since the day that was asked for.
    Check,
    /// A family doctor.
    Doctor,
    /// A household.
    Household,
}

/// Whose lines.
#[derive(Debug, Clone, Copy)]
pub enum Which<'w> {
    Village(&'w str),
    Household(&'w str),
    /// Since this day, of everybody or of one village.
    Wanting(Wanting, Day, Option<&'w str>),
}

/// The places of which the book is kept: those of the caller's roles; `None` for who sees the whole province.
pub fn own_places(records: &Records, ctx: &Ctx) -> Option<BTreeSet<String>> {
    // Names are found over the whole province; whose visits somebody sees says whom they answer for.
    records.scope(ctx, Action::Search).places("Encounter").cloned()
}

const SHARES: &str = "COUNT(DISTINCT person), COUNT(DISTINCT CASE WHEN household <> '' THEN household END), \
     COUNT(DISTINCT CASE WHEN missing = '' THEN person END), COUNT(DISTINCT CASE WHEN seen > 0 THEN person END), \
     COUNT(DISTINCT CASE WHEN checked >= ?1 THEN person END), COUNT(DISTINCT CASE WHEN doctor <> '' THEN person END)";

fn shares(row: &yba_store::Row) -> Shares {
    let count = |at: usize| row.int(at) as usize;
    Shares {
        people: count(1),
        households: count(2),
        begun: count(3),
        seen: count(4),
        checked: count(5),
        doctors: count(6),
    }
}

/// Every facility with people in its book (`Organization/…`), the most people first. Refuses with `forbidden` who may not
/// see all of them.
pub async fn facilities(records: &Records, ctx: &Ctx, since: Day) -> Result<Vec<(String, Shares)>, Outcome> {
    records.admit_counts(ctx, &KINDS, None)?;
    let sql = format!(
        "SELECT place, {SHARES} FROM recall_member WHERE place LIKE 'Organization/%' \
         GROUP BY place ORDER BY 2 DESC, place LIMIT ?2"
    );
    let rows = records.store().query(&sql, vec![number(since), Value::Int(PLACES_MAX)]).await?;
    Ok(rows.into_iter().map(|mut row| (row.take_text(0), shares(&row))).collect())
}

/// The villages of these places by name, with their shares; people without one stand under an empty name. Refuses with
/// `forbidden` who may not count there.
pub async fn villages(
    records: &Records,
    ctx: &Ctx,
    places: &BTreeSet<String>,
    since: Day,
) -> Result<Vec<(String, Shares)>, Outcome> {
    for place in places {
        let organization = place.strip_prefix("Organization/");
        // A commune is the caller's own, by their role; who sees the province counts everywhere.
        let is_own = own_places(records, ctx).is_none_or(|own| own.contains(place));
        if organization.is_some() || !is_own {
            records.admit_counts(ctx, &KINDS, organization)?;
        }
    }
    let mut params = vec![number(since), Value::Int(PLACES_MAX)];
    let sql = format!(
        "SELECT village, {SHARES} FROM recall_member WHERE place IN ({}) GROUP BY village ORDER BY village LIMIT ?2",
        listed(places, &mut params)?
    );
    let rows = records.store().query(&sql, params).await?;
    Ok(rows.into_iter().map(|mut row| (row.take_text(0), shares(&row))).collect())
}

/// Adds the places to the parameters; answers their placeholders.
fn listed(places: &BTreeSet<String>, params: &mut Vec<Value>) -> Result<String, Outcome> {
    if places.is_empty() {
        let text = "Sổ hộ gia đình lập cho từng trạm. Tài khoản của bạn chưa gắn với trạm nào.";
        return Err(Outcome::invalid("book-place", text, "no place to keep a book for"));
    }
    let first = params.len() + 1;
    params.extend(places.iter().map(|place| Value::from(place.as_str())));
    Ok((first..=params.len()).map(|at| format!("?{at}")).collect::<Vec<_>>().join(", "))
}

/// Lines of the book within the caller's reach, by village, household and birth.
///
/// Refuses with `forbidden` who may not search what the book is made of, `too-many` past [`ROWS_MAX`].
pub async fn lines(
    records: &Records,
    ctx: &Ctx,
    places: &BTreeSet<String>,
    which: Which<'_>,
) -> Result<Vec<Member>, Outcome> {
    records.admit_rows(ctx, "search", &KINDS)?;
    let mut params = vec![Value::Int(ROWS_MAX as i64 + 1)];
    let listed = listed(places, &mut params)?;
    let mut bind = |value: Value| {
        params.push(value);
        format!("?{}", params.len())
    };
    let condition = match which {
        Which::Village(name) => format!("village = {}", bind(Value::from(name))),
        Which::Household(number) => format!("household = {}", bind(Value::from(number))),
        Which::Wanting(wanting, since, village) => {
            let wanting = match wanting {
                Wanting::Items => "missing <> ''".to_owned(),
                Wanting::Visit => "seen = 0".to_owned(),
                Wanting::Check => format!("checked < {}", bind(number(since))),
                Wanting::Doctor => "doctor = ''".to_owned(),
                Wanting::Household => "household = ''".to_owned(),
            };
            let village = village.map(|name| format!(" AND village = {}", bind(Value::from(name))));
            format!("{wanting}{}", village.unwrap_or_default())
        }
    };
    let sql = format!(
        "SELECT patient, person, village, household, relation, birth, sex, missing, doctor, seen, checked \
         FROM recall_member WHERE place IN ({listed}) AND {condition} \
         ORDER BY CASE WHEN place LIKE 'Organization/%' THEN 0 ELSE 1 END, patient LIMIT ?1"
    );
    let rows = records.store().query(&sql, params).await?;
    if rows.len() > ROWS_MAX {
        let text = "Danh sách quá dài. Hãy chọn một thôn.";
        return Err(Outcome::new(Kind::TooMany, "book-too-many", text, "too many rows"));
    }
    // Of two files of one person that which the place itself keeps is shown.
    let mut found: BTreeMap<String, Member> = BTreeMap::new();
    for row in rows {
        let member = member(row);
        found.entry(member.person.clone()).or_insert(member);
    }
    let mut all: Vec<Member> = found.into_values().collect();
    let ids: Vec<String> = all.iter().map(|one| one.patient.clone()).collect();
    let reached: BTreeSet<String> =
        records.patients_reached(ctx, Action::Everything, &ids).await?.into_iter().collect();
    all.retain(|one| reached.contains(&one.patient));
    all.sort_by(|one, other| {
        let key = |one: &Member| (one.village.clone(), one.household.clone(), one.birth, one.patient.clone());
        key(one).cmp(&key(other))
    });
    Ok(all)
}

fn member(mut row: yba_store::Row) -> Member {
    let known = |number: i64| (number != 0).then(|| day(number));
    let (birth, seen, checked) = (day(row.int(5)), known(row.int(9)), known(row.int(10)));
    Member {
        patient: row.take_text(0),
        person: row.take_text(1),
        village: row.take_text(2),
        household: row.take_text(3),
        relation: row.take_text(4),
        birth,
        sex: row.take_text(6),
        missing: row.take_text(7).split_whitespace().map(str::to_owned).collect(),
        doctor: row.take_text(8),
        seen,
        checked,
    }
}
