//! Whom to call: the people of a place who are wanted, for a dose or a visit. Who may see the list, the door says of each person.

use std::collections::{BTreeMap, BTreeSet};

use yba_content::Day;
use yba_fhir::{Kind, Outcome};
use yba_records::{Action, Ctx, Records};
use yba_store::Value;

use crate::CHILDREN;
use crate::forecast::{Next, Standing};
use crate::table::{day, number};

/// Which list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum List<'l> {
    /// Doses of the national programme for children.
    Vaccines,
    /// Everybody in a programme of chronic care, by its slug.
    Programme(&'l str),
}

impl List<'_> {
    fn slug(&self) -> &str {
        match self {
            List::Vaccines => CHILDREN,
            List::Programme(slug) => slug,
        }
    }

    /// What the list is made of: whoever asks for it must be permitted to search all of it.
    fn kinds(&self) -> &'static [&'static str] {
        match self {
            List::Vaccines => &["Immunization", "Patient"],
            List::Programme(_) => &["Condition", "Appointment", "Patient"],
        }
    }
}

/// Most facilities to choose from.
const PLACES_MAX: i64 = 500;
/// Most rows that are looked at for one list.
pub const ROWS_MAX: usize = 20_000;

/// Somebody to call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Called {
    pub patient: String,
    /// Tells persons apart, whichever of their Patients is shown.
    pub person: String,
    pub birth: Day,
    pub village: String,
    /// What for, in the order of the series' slugs; of a programme, one visit.
    pub asked: Vec<Asked>,
}

/// A dose or a visit that is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// Slug of the series; empty for a visit.
    pub series: String,
    /// The number of a visit is 1 when there was an appointment, 0 when nobody made one.
    pub next: Next,
}

impl Asked {
    pub fn standing(&self, today: Day) -> Standing {
        self.next.on(today)
    }

    pub fn due(&self) -> Option<Day> {
        if let Next::Wanted { due, .. } = self.next { Some(due) } else { None }
    }
}

impl Called {
    /// Whether one of these is late on a day.
    pub fn is_late(&self, today: Day) -> bool {
        self.asked.iter().any(|one| one.standing(today) == Standing::Late)
    }
}

/// The places of which a list can be made: those of the caller's roles; `None` for who sees the whole province.
pub fn own_places(records: &Records, ctx: &Ctx, list: List) -> Option<BTreeSet<String>> {
    records.scope(ctx, Action::Search).places(list.kinds()[0]).cloned()
}

/// Facilities with people who are wanted on a day, and how many, the most first; at most [`PLACES_MAX`]. It names no
/// person. Refuses with `forbidden` who may not see all of them.
pub async fn facilities(
    records: &Records,
    ctx: &Ctx,
    list: List<'_>,
    on: Day,
) -> Result<Vec<(String, usize)>, Outcome> {
    records.admit_counts(ctx, list.kinds(), None)?;
    let sql = "SELECT place, COUNT(DISTINCT person) FROM recall_due WHERE due <= ?1 AND until > ?1 AND list = ?3 \
               AND place LIKE 'Organization/%' GROUP BY place ORDER BY 2 DESC, place LIMIT ?2";
    let params = vec![number(on), Value::Int(PLACES_MAX), Value::from(list.slug())];
    let rows = records.store().query(sql, params).await?;
    Ok(rows.into_iter().map(|mut row| (row.take_text(0), row.int(1) as usize)).collect())
}

/// Everybody within reach who is wanted until a day, by village, then by birth; without places, of those of the caller.
///
/// Refuses with `forbidden` who may not search what the list is made of, `invalid` when no place is known, `too-many` past
/// [`ROWS_MAX`].
pub async fn called(
    records: &Records,
    ctx: &Ctx,
    list: List<'_>,
    places: Option<&BTreeSet<String>>,
    until: Day,
) -> Result<Vec<Called>, Outcome> {
    records.admit_rows(ctx, "search", list.kinds())?;
    let own = own_places(records, ctx, list);
    let Some(places) = places.or(own.as_ref()).filter(|places| !places.is_empty()) else {
        let text = "Danh sách này lập cho từng trạm. Tài khoản của bạn chưa gắn với trạm nào.";
        return Err(Outcome::invalid("recall-place", text, "no place to list for"));
    };
    let today = Day::of_instant(records.store().clock().now_ms());
    let listed: Vec<String> = (5..5 + places.len()).map(|at| format!("?{at}")).collect();
    let sql = format!(
        "SELECT patient, person, series, number, due, late, until, birth, village FROM recall_due \
         WHERE due <= ?1 AND until > ?2 AND list = ?4 AND place IN ({}) \
         ORDER BY CASE WHEN place LIKE 'Organization/%' THEN 0 ELSE 1 END, patient, series LIMIT ?3",
        listed.join(", ")
    );
    let bounds = [number(until), number(today), Value::Int(ROWS_MAX as i64 + 1), Value::from(list.slug())];
    let params = bounds.into_iter().chain(places.iter().map(|place| Value::from(place.as_str())));
    let rows = records.store().query(&sql, params.collect()).await?;
    if rows.len() > ROWS_MAX {
        let text = "Danh sách quá dài. Hãy chọn ngày gần hơn hoặc một thôn.";
        return Err(Outcome::new(Kind::TooMany, "recall-too-many", text, "too many rows"));
    }
    let mut all: Vec<Called> = Vec::new();
    let mut at: BTreeMap<String, usize> = BTreeMap::new();
    for mut row in rows {
        let next = Next::Wanted {
            number: row.int(3) as usize,
            due: day(row.int(4)),
            late: day(row.int(5)),
            until: day(row.int(6)),
        };
        let (birth, village) = (day(row.int(7)), row.take_text(8));
        let asked = Asked { series: row.take_text(2), next };
        let (patient, person) = (row.take_text(0), row.take_text(1));
        let place = *at.entry(person.clone()).or_insert_with(|| {
            all.push(Called { patient: patient.clone(), person, birth, village, asked: Vec::new() });
            all.len() - 1
        });
        // Of two files of one person that which the place itself keeps is shown: a hospital's, which is here because somebody
        // lives in the commune, seldom knows the village or whom to call.
        if all[place].patient == patient && !all[place].asked.contains(&asked) {
            all[place].asked.push(asked);
        }
    }
    all.sort_by(|one, other| {
        let key = |one: &Called| (one.village.clone(), one.birth, one.patient.clone());
        key(one).cmp(&key(other))
    });
    let ids: Vec<String> = all.iter().map(|one| one.patient.clone()).collect();
    let reached: BTreeSet<String> =
        records.patients_reached(ctx, Action::Everything, &ids).await?.into_iter().collect();
    all.retain(|one| reached.contains(&one.patient));
    Ok(all)
}
