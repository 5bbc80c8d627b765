//! Finding a person for the one search box: by any number exactly, else by words of the name, birth year or date.
//!
//! Names are searched from the rarest word, in an index that holds the whole name beside each word; what is scanned is
//! bounded, and where the bound was met the answer says that there is more.

use crate::asked::{Asked, NameQuery, Query, understand};
use crate::birth::Birth;
use crate::identifier::{Key, KeyKind, Sex};
use crate::name::{marked_words, words};
use crate::rank::{Fit, fit, near};
use crate::table::{self, PATIENT_COLUMNS, PatientRow, query_in};
use std::collections::{BTreeMap, BTreeSet};
use yba_fhir::{Kind, Outcome};
use yba_records::{Action, Ctx, Records, Scope};
use yba_store::{Row, Store, Value};

/// Most hits of one answer.
pub const HITS_MAX: usize = 50;
/// Most index rows that one look-up walks over, and most Patients it brings home.
const WALKED_MAX: i64 = 20_000;
const CANDIDATES_MAX: usize = 200;
/// Most people born on one day that are looked at; 1 January is the birthday of all whose day nobody knows.
const BORN_MAX: usize = 500;
/// Most words that the beginning of a word is completed to.
const COMPLETIONS_MAX: usize = 12;
/// Most bearers of one number that are shown.
const BEARERS_MAX: i64 = 100;

/// An answer: people, best first.
#[derive(Debug, Clone)]
pub struct Hits {
    pub asked: Asked,
    pub hits: Vec<Hit>,
    /// There are more people than shown; a further word or the birth year narrows it.
    pub more: bool,
    /// A sentence for the person who asked, when something is odd.
    pub note: Option<String>,
}

/// One person found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    /// Id of the person: the smallest of its Patients' ids. A page about it is reached by any of them.
    pub person: String,
    /// All Patients of the person that may be seen, with the facility that keeps each.
    pub patients: Vec<(String, String)>,
    /// The name as written by the facility whose Patient fits best.
    pub name: String,
    pub sex: Option<Sex>,
    pub birth: Option<Birth>,
    pub commune: String,
    pub deceased: bool,
    /// Numbers in force with all but the last four characters hidden: what it is called, and the number.
    pub numbers: Vec<(&'static str, String)>,
    pub matched: Matched,
}

/// What of the person fits the question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Matched {
    /// A number; `current` is false for a cancelled or former one.
    Number {
        kind: KeyKind,
        current: bool,
    },
    /// All words with the marks typed.
    NameWithMarks,
    Name,
    /// The last word only begins as typed.
    NameBegins,
    /// The birth date, and the name but for a slip of a finger.
    NameAlike,
    BirthDate,
}

/// A Patient found, and how well it fits: by number (place in the question) before by name.
type Candidate = ((usize, Option<Fit>), PatientRow, Matched);

/// Finds people for any text. Narrowed to what `ctx` may see, and audited with every Patient shown.
///
/// Refuses whoever may not search Patients. An empty or meaningless text finds nobody.
pub async fn find(records: &Records, ctx: &Ctx, text: &str, limit: usize) -> Result<Hits, Outcome> {
    if !ctx.may(Action::Search, "Patient") {
        records.audit_view(ctx, "find", &[]).await?;
    }
    let limit = limit.clamp(1, HITS_MAX);
    let asked = understand(text);
    let mut note = asked.note.map(str::to_owned);
    let (scope, sifted) = records.lookup(ctx, Action::Search);
    let (mut candidates, mut more) = look(records.store(), &scope, &asked, &mut note).await?;
    if sifted {
        let ids: Vec<String> = candidates.iter().map(|(_, row, _)| row.summary.id.clone()).collect();
        let reached = records.patients_reached(ctx, Action::Search, &ids).await?;
        candidates.retain(|(_, row, _)| reached.contains(&row.summary.id));
        // Of others not even that there are more is said.
        more = false;
    }
    let mut hits = persons(records.store(), &scope, candidates, limit, &mut more).await?;
    let shown: Vec<String> =
        hits.iter().flat_map(|hit| hit.patients.iter().map(|(id, _)| id.clone())).collect();
    match records.audit_view(ctx, "find", &shown).await {
        // Nobody was found, so nothing beyond a narrowed scope was shown.
        Err(outcome) if outcome.kind == Kind::Forbidden && shown.is_empty() => {}
        done => done?,
    }
    hits.truncate(limit);
    Ok(Hits { asked, hits, more, note })
}

/// By number first; a name beside it chooses among its bearers, and is looked for when no number finds anybody.
async fn look(
    store: &Store,
    scope: &Scope,
    asked: &Asked,
    note: &mut Option<String>,
) -> Result<(Vec<Candidate>, bool), Outcome> {
    let mut found = by_number(store, scope, &asked.keys).await?;
    let scanned = matches!(asked.query, Query::CardQr(_) | Query::BhytQr(_));
    if let (false, Some(name)) = (found.is_empty(), &asked.name) {
        for ((_, how), row, _) in &mut found {
            *how = fit(name, &row.summary.names, row.summary.birth);
        }
        // A number in words: who also fits the words comes first.
        found.sort_by_key(|((place, how), ..)| (how.is_none(), *place, *how));
    }
    if !found.is_empty() {
        return Ok((found, false));
    }
    let Some(name) = &asked.name else { return Ok((found, false)) };
    if scanned {
        *note =
            Some("Số trên thẻ chưa có trong hồ sơ nào; đây là người trùng họ tên và ngày sinh.".to_owned());
    }
    let (mut found, more) = by_name(store, scope, name).await?;
    if scanned {
        found.retain(|((_, how), ..)| how.is_some_and(|fit| fit.birth < 3));
    }
    if found.is_empty() && !scanned && !name.words.is_empty() && !name.years.is_empty() {
        let wider = NameQuery { years: Vec::new(), birth: None, ..name.clone() };
        let (others, more) = by_name(store, scope, &wider).await?;
        if !others.is_empty() {
            *note = Some("Không có ai trùng tên và năm sinh này; đây là người trùng tên.".to_owned());
        }
        return Ok((others, more));
    }
    Ok((found, more))
}

async fn by_number(store: &Store, scope: &Scope, keys: &[Key]) -> Result<Vec<Candidate>, Outcome> {
    let any = KeyKind::Other("any".to_owned());
    let mut wanted: BTreeMap<String, (usize, KeyKind)> = BTreeMap::new();
    for (place, key) in keys.iter().enumerate() {
        let sql =
            "SELECT system, patient FROM mpi_key WHERE value = ?1 ORDER BY value, system, patient LIMIT ?2";
        for row in store.query(sql, vec![Value::from(key.value.as_str()), Value::Int(BEARERS_MAX)]).await? {
            let kind = KeyKind::of_slug(row.text(0));
            if (key.kind == kind || key.kind == any) && allowed(scope, row.text(1)) {
                wanted.entry(row.text(1).to_owned()).or_insert((place, kind));
            }
        }
        if !wanted.is_empty() && wanted.len() >= BEARERS_MAX as usize {
            break;
        }
    }
    let ids: Vec<String> = wanted.keys().cloned().collect();
    let mut found: Vec<Candidate> = Vec::new();
    for row in table::patients(store, &ids).await? {
        if let Some((place, kind)) = wanted.remove(&row.summary.id) {
            let value = &keys[place].value;
            let own = row.summary.keys.iter().find(|own| own.key.kind == kind && own.key.value == *value);
            let current = own.is_none_or(|own| own.current);
            found.push(((place, None), row, Matched::Number { kind, current }));
        }
    }
    found.sort_by(|a, b| (a.0.0, &a.1.summary.id).cmp(&(b.0.0, &b.1.summary.id)));
    Ok(found)
}

async fn by_name(store: &Store, scope: &Scope, query: &NameQuery) -> Result<(Vec<Candidate>, bool), Outcome> {
    let (rows, more) = match scope {
        Scope::Nothing | Scope::Narrow(_) => (Vec::new(), false),
        // Few Patients: all of them are looked at, so that neither count nor order tells of others.
        Scope::Patients(ids) => (table::patients(store, ids).await?, false),
        Scope::All if query.words.is_empty() => by_birth(store, query).await?,
        Scope::All => by_words_or_date(store, query).await?,
    };
    let mut found: Vec<Candidate> = rows
        .into_iter()
        .filter(|row| {
            query.years.is_empty() || row.summary.birth.is_some_and(|birth| query.years.contains(&birth.year))
        })
        .filter(|_| !query.words.is_empty() || query.birth.is_some())
        .filter_map(|row| {
            let (names, birth) = (&row.summary.names, row.summary.birth);
            let how = fit(query, names, birth).or_else(|| near(query, names, birth))?;
            let matched = match how {
                _ if query.words.is_empty() => Matched::BirthDate,
                Fit { slips: 1.., .. } => Matched::NameAlike,
                Fit { begins: true, .. } => Matched::NameBegins,
                Fit { unlike_marks: 0, .. } => Matched::NameWithMarks,
                _ => Matched::Name,
            };
            Some(((usize::MAX, Some(how)), row, matched))
        })
        .filter(|((_, how), ..)| !query.words.is_empty() || how.is_some_and(|fit| fit.birth == 0))
        .collect();
    found.sort_by_cached_key(|((_, how), row, _)| {
        (*how, row.sort_key.clone(), row.summary.birth, row.summary.id.clone())
    });
    Ok((found, more))
}

/// By words; and when nobody of those was born on the asked day, everybody who was: a word may be mistyped.
async fn by_words_or_date(store: &Store, query: &NameQuery) -> Result<(Vec<PatientRow>, bool), Outcome> {
    let (mut rows, more) = by_words(store, query).await?;
    let fits = |row: &PatientRow| {
        fit(query, &row.summary.names, row.summary.birth).is_some_and(|how| how.birth == 0)
    };
    let Some(Birth { year, month: Some(month), day: Some(day) }) = query.birth else {
        return Ok((rows, more));
    };
    if rows.iter().any(fits) {
        return Ok((rows, more));
    }
    let known: BTreeSet<i64> = rows.iter().map(|row| row.n).collect();
    let dates = [Birth::of_day(year, month, day), Birth::of_day(year, day, month).filter(|_| day != month)];
    for birth in dates.into_iter().flatten() {
        let asked = NameQuery { birth: Some(birth), ..NameQuery::default() };
        let (born, _) = by_birth(store, &asked).await?;
        let alike = |row: &PatientRow| near(query, &row.summary.names, row.summary.birth).is_some();
        rows.extend(born.into_iter().filter(|row| alike(row) && !known.contains(&row.n)));
    }
    Ok((rows, more))
}

async fn by_birth(store: &Store, query: &NameQuery) -> Result<(Vec<PatientRow>, bool), Outcome> {
    let Some(birth) = query.birth else { return Ok((Vec::new(), false)) };
    let sql = format!(
        "SELECT {PATIENT_COLUMNS} FROM mpi_patient WHERE birth = ?1 ORDER BY birth, patient LIMIT ?2"
    );
    let limit = Value::Int(BORN_MAX as i64);
    let rows = store.query(&sql, vec![Value::from(birth.to_string()), limit]).await?;
    Ok((rows.iter().map(PatientRow::read).collect(), rows.len() == BORN_MAX))
}

/// The rarest word leads; the others are checked in its index rows.
async fn by_words(store: &Store, query: &NameQuery) -> Result<(Vec<PatientRow>, bool), Outcome> {
    let Some(plan) = Plan::make(store, query).await? else { return Ok((Vec::new(), false)) };
    let (mut numbers, capped) = plan.walk(store, &query.years, &plan.others).await?;
    if capped && query.marked != query.words {
        // So many that some were left out: those with the typed marks must be among those brought home.
        let (exact, _) = plan.walk(store, &query.years, &plan.marked).await?;
        numbers.extend(exact);
    }
    let numbers: Vec<Value> = numbers.into_iter().map(Value::Int).collect();
    let sql = format!("SELECT {PATIENT_COLUMNS} FROM mpi_patient WHERE n IN ({{}})");
    let rows = query_in(store, &sql, &numbers).await?;
    let mut rows: Vec<PatientRow> = rows.iter().map(PatientRow::read).collect();
    rows.sort_by_key(|row| row.n);
    rows.dedup_by_key(|row| row.n);
    Ok((rows, capped || plan.capped))
}

/// How a name is looked for.
struct Plan {
    /// Words to walk over, all meaning the same typed word.
    leading: Vec<String>,
    /// How many names hold them.
    bearers: i64,
    /// What the whole name must contain besides: without marks, and with the marks typed.
    others: Vec<String>,
    marked: Vec<String>,
    /// More words begin as typed than are walked over.
    capped: bool,
}

impl Plan {
    /// `None` when some word stands in nobody's name.
    async fn make(store: &Store, query: &NameQuery) -> Result<Option<Plan>, Outcome> {
        let whole = query.words.len() - usize::from(query.last_is_prefix);
        let values: Vec<Value> = query.words[..whole].iter().map(|word| Value::from(word.as_str())).collect();
        let sql = "SELECT word, patients FROM mpi_word_count WHERE word IN ({})";
        let counts: BTreeMap<String, i64> = query_in(store, sql, &values)
            .await?
            .iter()
            .map(|row| (row.text(0).to_owned(), row.int(1)))
            .filter(|(_, count)| *count > 0)
            .collect();
        let mut lead: Option<(i64, usize, Vec<String>)> = None;
        for (place, word) in query.words[..whole].iter().enumerate() {
            let Some(count) = counts.get(word) else { return Ok(None) };
            if lead.as_ref().is_none_or(|(fewest, ..)| count < fewest) {
                lead = Some((*count, place, vec![word.clone()]));
            }
        }
        let mut capped = false;
        if let Some(begin) = query.words.get(whole) {
            let (count, completions, cut) = completions(store, begin).await?;
            if completions.is_empty() {
                return Ok(None);
            }
            if lead.as_ref().is_none_or(|(fewest, ..)| count < *fewest) {
                capped = cut;
                lead = Some((count, whole, completions));
            }
        }
        let Some((bearers, place, leading)) = lead else { return Ok(None) };
        let piece = |at: usize, word: &str| match query.last_is_prefix && at == whole {
            true => format!(" {word}"),
            false => format!(" {word} "),
        };
        let others = query
            .words
            .iter()
            .enumerate()
            .filter(|(at, _)| *at != place)
            .map(|(at, word)| piece(at, word))
            .collect();
        let marked = query.marked.iter().enumerate().map(|(at, word)| piece(at, word)).collect();
        Ok(Some(Plan { leading, bearers, others, marked, capped }))
    }

    /// Numbers of Patients whose names hold the leading word and hold all pieces: given names first. True when a bound
    /// was met.
    async fn walk(
        &self,
        store: &Store,
        years: &[i16],
        pieces: &[String],
    ) -> Result<(BTreeSet<i64>, bool), Outcome> {
        let mut steps = Steps::new(store, pieces);
        for given in [0, 1] {
            for word in &self.leading {
                for year in years.iter().copied().map(Some).chain(years.is_empty().then_some(None)) {
                    steps.add(word, given, year);
                }
            }
        }
        // Many words: each gets a share, so that a common one does not crowd out the others.
        let share = (2 * CANDIDATES_MAX / steps.count).clamp(20, CANDIDATES_MAX);
        let rows = steps.run(store, share).await?;
        let mut of_step: BTreeMap<i64, usize> = BTreeMap::new();
        for row in &rows {
            *of_step.entry(row.int(1)).or_default() += 1;
        }
        let full = of_step.values().any(|count| *count == share) || rows.len() > CANDIDATES_MAX;
        let cut = years.is_empty() && self.bearers > WALKED_MAX;
        Ok((rows.iter().take(CANDIDATES_MAX).map(|row| row.int(0)).collect(), full || cut))
    }
}

/// Walks over pieces of the word index, in one statement so that a search costs few trips to the database.
struct Steps {
    sql: Vec<String>,
    params: Vec<Value>,
    fits: String,
    count: usize,
}

impl Steps {
    /// `?1` bounds what is walked over, `?2` what each step brings home; then the pieces.
    fn new(store: &Store, pieces: &[String]) -> Steps {
        let place = store.place();
        let mut params = vec![Value::Int(WALKED_MAX), Value::Null];
        let mut fits = Vec::new();
        for piece in pieces {
            params.push(Value::from(piece.as_str()));
            fits.push(place.contains("names", params.len()));
        }
        let fits = if fits.is_empty() { String::new() } else { format!("WHERE {}", fits.join(" AND ")) };
        Steps { sql: Vec::new(), params, fits, count: 0 }
    }

    /// The inner part walks a bounded piece of the index, in its order; the outer part keeps what fits.
    fn add(&mut self, word: &str, given: i64, year: Option<i16>) {
        self.params.push(Value::from(word));
        let at = self.params.len();
        let year = match year {
            None => String::new(),
            Some(year) => {
                self.params.push(Value::Int(i64::from(year)));
                format!(" AND year = ?{}", self.params.len())
            }
        };
        let (step, fits) = (self.count, &self.fits);
        self.sql.push(format!(
            "SELECT * FROM (SELECT n, {step} AS step FROM (SELECT n, names FROM mpi_word \
             WHERE word = ?{at} AND given = {given}{year} ORDER BY word, given, year, names, n LIMIT ?1) walked{step} \
             {fits} LIMIT ?2) step{step}"
        ));
        self.count += 1;
    }

    async fn run(mut self, store: &Store, share: usize) -> Result<Vec<Row>, Outcome> {
        self.params[1] = Value::Int(share as i64);
        store.query(&self.sql.join(" UNION ALL "), self.params).await
    }
}

/// The words that begin so, the most frequent first, how many names hold them, and whether there are more words.
async fn completions(store: &Store, begin: &str) -> Result<(i64, Vec<String>, bool), Outcome> {
    let sql = "SELECT word, patients FROM mpi_word_count WHERE word >= ?1 AND word < ?2 AND patients > 0 \
               ORDER BY patients DESC, word LIMIT ?3";
    // U+10FFFF sorts after every letter that a word can hold.
    let end = format!("{begin}\u{10FFFF}");
    let params = vec![Value::from(begin), Value::from(end), Value::Int(COMPLETIONS_MAX as i64 + 1)];
    let rows = store.query(sql, params).await?;
    let mut words: Vec<String> = rows.iter().map(|row| row.text(0).to_owned()).collect();
    let cut = words.len() > COMPLETIONS_MAX;
    words.truncate(COMPLETIONS_MAX);
    // The word itself, typed whole, leads.
    if let Some(at) = words.iter().position(|word| word == begin) {
        let own = words.remove(at);
        words.insert(0, own);
    }
    Ok((rows.iter().map(|row| row.int(1)).sum(), words, cut))
}

/// Puts Patients together to persons, best first.
async fn persons(
    store: &Store,
    scope: &Scope,
    candidates: Vec<Candidate>,
    limit: usize,
    more: &mut bool,
) -> Result<Vec<Hit>, Outcome> {
    let mut order: Vec<(PatientRow, Matched)> = Vec::new();
    let mut seen: BTreeSet<String> = BTreeSet::new();
    for (_, row, matched) in candidates {
        if seen.insert(row.person.clone()) {
            order.push((row, matched));
        }
    }
    *more |= order.len() > limit;
    order.truncate(limit);
    let ids: Vec<String> = order.iter().map(|(row, _)| row.person.clone()).collect();
    let mut members: BTreeMap<String, Vec<PatientRow>> = BTreeMap::new();
    for row in table::of_persons(store, &ids).await? {
        if allowed(scope, &row.summary.id) {
            members.entry(row.person.clone()).or_default().push(row);
        }
    }
    Ok(order
        .into_iter()
        .filter_map(|(row, matched)| Some(hit(&row, members.get(&row.person)?, matched, scope)))
        .collect())
}

fn hit(best: &PatientRow, members: &[PatientRow], matched: Matched, scope: &Scope) -> Hit {
    // A person's id is a Patient's id; under a narrowed scope it must be one that may be seen.
    let person = match allowed(scope, &best.person) {
        true => best.person.clone(),
        false => best.summary.id.clone(),
    };
    let first = |text: &dyn Fn(&PatientRow) -> Option<String>| {
        text(best).or_else(|| members.iter().find_map(text)).unwrap_or_default()
    };
    Hit {
        person,
        patients: members.iter().map(|row| (row.summary.id.clone(), row.summary.facility.clone())).collect(),
        name: shown_name(best, members).to_owned(),
        sex: best.summary.sex,
        birth: fullest(best.summary.birth, members),
        commune: first(&|row| Some(row.summary.commune.clone()).filter(|text| !text.is_empty())),
        deceased: members.iter().any(|row| row.summary.deceased),
        numbers: masked_numbers(members.iter()),
        matched,
    }
}

/// The birth date with its day, if another facility knows the day of that year.
fn fullest(own: Option<Birth>, members: &[PatientRow]) -> Option<Birth> {
    let Some(known) = own.filter(|birth| birth.day.is_none()) else { return own };
    let births = members.iter().filter_map(|row| row.summary.birth);
    let fits = |birth: &Birth| {
        birth.year == known.year
            && birth.day.is_some()
            && known.month.is_none_or(|_| birth.month == known.month)
    };
    births.filter(fits).min().or(own)
}

/// The name as written, but with its marks if another facility wrote the same name with them.
fn shown_name<'a>(best: &'a PatientRow, members: &'a [PatientRow]) -> &'a str {
    let own = best.summary.name();
    let plain = words(own);
    let with_marks = |name: &&str| words(name) == plain && marked_words(name) != plain;
    let others = members.iter().map(|row| row.summary.name());
    std::iter::once(own).chain(others).find(with_marks).unwrap_or(own)
}

/// The numbers in force by which people know each other apart, hidden but for the end, each once.
pub(crate) fn masked_numbers<'a>(rows: impl Iterator<Item = &'a PatientRow>) -> Vec<(&'static str, String)> {
    let keys: BTreeSet<&Key> = rows
        .flat_map(|row| row.summary.keys.iter())
        .filter(|own| own.current || own.key.kind == KeyKind::Cmnd)
        .map(|own| &own.key)
        .filter(|key| !matches!(key.kind, KeyKind::Other(_) | KeyKind::Bhyt))
        .collect();
    keys.into_iter().take(8).map(|key| (key.kind.title(), key.masked())).collect()
}

pub(crate) fn allowed(scope: &Scope, patient: &str) -> bool {
    match scope {
        Scope::All => true,
        Scope::Patients(ids) => ids.iter().any(|id| id == patient),
        Scope::Nothing | Scope::Narrow(_) => false,
    }
}
