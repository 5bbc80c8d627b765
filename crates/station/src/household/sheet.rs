//! One person's health record on paper, whole: what the record holds and whoever prints may see, and dotted lines for the rest.

use super::record::{self, UNSEEN, is_said};
use super::standard;
use crate::person::Person;
use crate::print::{Shape, answer, in_words, place};
use crate::{Station, answered, names, own_facility};
use axum::extract::Path;
use axum::response::Response;
use std::collections::{BTreeMap, BTreeSet};
use yba_care::immunise::{Known, immunizations};
use yba_content::PrintOf;
use yba_fhir::json::{JsonValueTrait, Value, items, str_at};
use yba_fhir::{Day, Outcome};
use yba_print::health_record::{self, Check, Record, Row, Section, Series, Shot, Visit};
use yba_recall::CHILDREN;
use yba_recall::standard::Standard;
use yba_records::{Action, Ctx, Query, Version};
use yba_web::{Asking, error};

/// Blood groups (LOINC): ABO and Rh.
const BLOOD: &str = "code=http://loinc.org|883-9,http://loinc.org|10331-7&_sort=-date&_count=10";
/// Records of one part that are printed, and visits and tests.
const ROWS: usize = 100;
const VISITS: usize = 30;
const TESTS: usize = 30;

pub(super) async fn printed(
    Asking { room: station, ctx, id }: Asking<Station>,
    Path(patient): Path<String>,
) -> Response {
    let made = async {
        let person = Person::open(&station, &ctx, &patient, "Condition", UNSEEN).await?;
        let bytes = set(&station, &ctx, &person).await?;
        Ok(answer(&format!("ho-so-{patient}"), Shape::Pdf, bytes))
    };
    answered(&station, &id, made).await
}

/// The PDF of a person who may be seen.
async fn set(station: &Station, ctx: &Ctx, person: &Person) -> Result<Vec<u8>, Outcome> {
    let (standard, today) = (standard(station)?, station.today());
    let library = &station.prints.library;
    let sheet =
        library.edition(PrintOf::HealthRecords, "health-record", today).ok_or_else(error::not_found)?;
    let shelf = Shelf { station, ctx, kin: station.records.store().kin_of(&person.id).await?.join(",") };
    let sees_doses = ctx.may(Action::Search, "Immunization");
    let given = match sees_doses {
        true => immunizations(&station.records, ctx, &person.id).await?,
        false => Vec::new(),
    };
    let (series, doses) = by_schedule(station, person, &given);
    let data = health_record::data(&Record {
        title: &standard.about.title,
        patient: &in_words(station, &person.tree),
        place: place(station, ctx, own_facility().as_deref()).await,
        on: today.to_string(),
        blood: shelf.rows("Observation", BLOOD).await?,
        sections: shelf.sections(&standard).await?,
        series,
        doses,
        sees_doses,
        check: check(station, ctx, person, &standard).await?,
        visits: shelf.visits().await?,
        tests: shelf.rows("Observation", &format!("category=laboratory&_sort=-date&_count={TESTS}")).await?,
        basis: library.basis(&standard.about.basis),
        uncertain: &standard.about.uncertain,
    });
    station.prints.printer.print(library.job(sheet, data, station.records.store().clock().now_ms())).await
}

/// What the record holds of one person, as far as whoever prints may see it.
struct Shelf<'s> {
    station: &'s Station,
    ctx: &'s Ctx,
    /// Ids of the person's Patients, with commas.
    kin: String,
}

impl Shelf<'_> {
    /// What a search of this person finds and stands; nothing of a type that the caller may not search.
    async fn found(&self, kind: &str, query: &str) -> Result<Vec<Value>, Outcome> {
        if !self.ctx.may(Action::Search, kind) {
            return Ok(Vec::new());
        }
        let query = Query::parse_string(kind, &format!("patient={}&{query}", self.kin))?;
        let found = self.station.records.search(self.ctx, &query, None).await?;
        Ok(found.matches.iter().map(Version::tree).filter(is_said).collect())
    }

    async fn rows(&self, kind: &str, query: &str) -> Result<Vec<Row>, Outcome> {
        Ok(self.found(kind, query).await?.iter().map(Row::of).collect())
    }

    /// What the questions of each section find, but visits and doses, which stand in tables of their own.
    async fn sections(&self, standard: &Standard) -> Result<Vec<Section>, Outcome> {
        let mut all = Vec::new();
        for about in &standard.about.sections {
            let (mut rows, mut is_seen) = (Vec::new(), false);
            for ask in &about.asks {
                let (kind, rest) = ask.text.split_once('?').unwrap_or((&ask.text, ""));
                is_seen |= self.ctx.may(Action::Search, kind);
                if !matches!(kind, "Encounter" | "Immunization") {
                    let newest = if kind == "Condition" { "-recorded-date" } else { "-date" };
                    rows.extend(self.rows(kind, &format!("{rest}&_sort={newest}&_count={ROWS}")).await?);
                }
            }
            all.push(Section { name: about.name.clone(), is_seen, rows });
        }
        Ok(all)
    }

    /// The newest visits that are over, with what was found.
    async fn visits(&self) -> Result<Vec<Visit>, Outcome> {
        let visits = self.found("Encounter", &format!("status=finished&_sort=-date&_count={VISITS}")).await?;
        let asked = format!("category=encounter-diagnosis&_sort=-recorded-date&_count={}", VISITS * 4);
        let mut diagnoses: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for one in self.found("Condition", &asked).await? {
            let Some(visit) = str_at(&one, &["encounter", "reference"]) else { continue };
            let row = Row::of(&one);
            let words = if row.code.is_empty() { row.words } else { format!("{} ({})", row.words, row.code) };
            diagnoses.entry(visit.trim_start_matches("Encounter/").to_owned()).or_default().push(words);
        }
        let places = visits.iter().filter_map(facility);
        let named = names(self.station, self.ctx, places).await;
        let visit = |tree: &Value| {
            let text = |path: &[&str]| str_at(tree, path).unwrap_or_default().to_owned();
            let who = items(tree, "participant").find_map(|one| str_at(one, &["individual", "display"]));
            let why = items(tree, "reasonCode").find_map(|one| str_at(one, &["text"]));
            Visit {
                at: text(&["period", "start"]),
                place: facility(tree).and_then(|id| named.get(id)).cloned().unwrap_or_default(),
                reason: why.unwrap_or_default().to_owned(),
                diagnoses: diagnoses.remove(&text(&["id"])).unwrap_or_default().join("; "),
                by: who.unwrap_or_default().to_owned(),
            }
        };
        Ok(visits.iter().map(visit).collect())
    }
}

/// Id of the Organization of a visit.
fn facility(visit: &Value) -> Option<&str> {
    str_at(visit, &["serviceProvider", "reference"])?.strip_prefix("Organization/")
}

/// The doses of the children's schedule by series, and all others. Of whom the day of birth is not known whole, none is of the schedule.
fn by_schedule(station: &Station, person: &Person, given: &[Value]) -> (Vec<Series>, Vec<Shot>) {
    let today = station.today();
    let known = Known::of(&station.content, &person.tree, given, today).ok();
    let courses = known.as_ref().map(Known::courses).unwrap_or_default();
    let schedule = station.content.schedule(CHILDREN, today);
    let (mut all, mut counted) = (Vec::new(), BTreeSet::new());
    for series in schedule.iter().flat_map(|one| &one.series).filter(|one| one.campaign.is_none()) {
        let mut days = vec![String::new(); series.doses.len()];
        let course = courses.iter().find(|course| course.series.slug == series.slug);
        for dose in course.iter().flat_map(|course| &course.given) {
            if let Some(place) = dose.number.and_then(|number| days.get_mut(number - 1)) {
                *place = dose.day.to_string();
                counted.insert((dose.day, dose.vaccine.clone()));
            }
        }
        all.push(Series { title: series.title.clone(), days });
    }
    let is_other = |tree: &&Value| {
        let day = str_at(tree, &["occurrenceDateTime"]).and_then(|at| Day::parse(at.get(..10)?));
        let key = day.map(|day| (day, yba_care::session::dose_cvx(tree)));
        str_at(tree, &["status"]) == Some("completed") && !key.is_some_and(|key| counted.contains(&key))
    };
    (all, given.iter().filter(is_other).map(shot).collect())
}

fn shot(dose: &Value) -> Shot {
    let text = |path: &[&str]| str_at(dose, path).unwrap_or_default().to_owned();
    let number = items(dose, "protocolApplied").find_map(|one| one.get("doseNumberPositiveInt")?.as_u64());
    let coded = dose.get("vaccineCode").into_iter().flat_map(|one| items(one, "coding"));
    let display = coded.filter_map(|one| str_at(one, &["display"]).or(str_at(one, &["code"]))).next();
    let words = text(&["vaccineCode", "text"]);
    Shot {
        words: if words.is_empty() { display.unwrap_or_default().to_owned() } else { words },
        number: number.map(|number| number.to_string()).unwrap_or_default(),
        lot: text(&["lotNumber"]),
        day: text(&["occurrenceDateTime"]),
    }
}

/// The newest check that was written by the form of the record.
async fn check(
    station: &Station,
    ctx: &Ctx,
    person: &Person,
    standard: &Standard,
) -> Result<Option<Check>, Outcome> {
    let form = &standard.about.check_up.form.text;
    let filled = record::filled(station, ctx, person, standard).await?;
    let Some(one) = filled.iter().find(|one| one.slug == *form) else { return Ok(None) };
    let response = station.records.read(ctx, "QuestionnaireResponse", &one.id).await?.tree();
    let canonical = str_at(&response, &["questionnaire"]).unwrap_or_default();
    let day = Day::parse(one.at.get(..10).unwrap_or_default()).unwrap_or_else(|| station.today());
    let Some(edition) = station.forms.named(canonical, day) else { return Ok(None) };
    let lines = yba_forms::printed::lines(&edition.form, &response).into_iter();
    let answers = lines.filter_map(|line| Some((line.name, line.answers?.join("; "))));
    // The visit says who examined; what is no visit, who wrote.
    let visit = str_at(&response, &["encounter", "reference"]).and_then(|one| one.split_once('/'));
    let visit = match visit.filter(|(kind, _)| ctx.may(Action::Read, kind)) {
        Some((kind, id)) => station.records.read_many(ctx, &[(kind.to_owned(), id.to_owned())]).await?,
        None => Vec::new(),
    };
    let visit = visit.first().map(Version::tree).unwrap_or_default();
    let by = items(&visit, "participant").find_map(|one| str_at(one, &["individual", "display"]));
    let by = by.or(str_at(&response, &["author", "display"])).unwrap_or_default().to_owned();
    Ok(Some(Check { at: one.at.clone(), by, answers: answers.collect() }))
}
