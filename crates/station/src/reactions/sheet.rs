//! The report of a reaction on paper.

use super::model::Dose;
use super::{Counter, Open, asked, rules};
use crate::print::{Shape, answer, in_words, place};
use crate::{Station, answered, own_facility};
use axum::extract::{Path, RawQuery};
use axum::response::Response;
use std::collections::{BTreeMap, BTreeSet};
use yba_care::notify::WAYS;
use yba_care::reaction::{self, ENDS, GRAVITY, Reaction, StoppedLot};
use yba_care::session;
use yba_content::PrintOf;
use yba_fhir::json::str_at;
use yba_fhir::{Day, Outcome, date};
use yba_print::reaction::{self as paper, Report};
use yba_records::{Action, Ctx};
use yba_web::{Asking, error};

pub(super) async fn printed(
    Asking { room: station, ctx, id }: Asking<Station>,
    Path(patient): Path<String>,
    RawQuery(query): RawQuery,
) -> Response {
    let counter = Counter { station: &station, ctx: &ctx, id: &id };
    let made = async {
        let wanted = asked(query.as_deref()).reaction.unwrap_or_default();
        let (open, one) = counter.one_of(&patient, &wanted).await?;
        Ok(answer(&format!("phan-ung-{}", one.id), Shape::Pdf, set(&station, &ctx, &open, &one).await?))
    };
    answered(&station, &id, made).await
}

/// The PDF of a reaction that stands.
async fn set(station: &Station, ctx: &Ctx, open: &Open, one: &Reaction) -> Result<Vec<u8>, Outcome> {
    let (records, about, own) = (&station.records, rules(station)?, own_facility());
    let library = &station.prints.library;
    let day = Day::parse(one.written.get(..10).unwrap_or_default()).unwrap_or_else(|| station.today());
    let sheet = library.edition(PrintOf::Reactions, "reaction", day).ok_or_else(error::not_found)?;
    let suspects: Vec<&Dose> = open.doses.iter().filter(|dose| one.doses.contains(&dose.id)).collect();
    let stopped = match ctx.may(Action::Search, "Task") {
        true => reaction::stopped(records, ctx, own.as_deref()).await?,
        false => Vec::new(),
    };
    let given = of_their_days(station, ctx, &suspects).await?;
    let ticks = |all: &[(&'static str, &'static str)], code: &str| {
        all.iter().map(|(known, words)| (*words, *known == code)).collect()
    };
    let told = one.report.as_ref();
    let data = paper::data(&Report {
        id: &one.id,
        title: match one.is_serious {
            true => "Báo cáo trường hợp tai biến nặng sau tiêm chủng",
            false => "Báo cáo phản ứng sau tiêm chủng",
        },
        patient: &in_words(station, &open.person.tree),
        place: place(station, ctx, own.as_deref()).await,
        doses: suspects.iter().map(|dose| suspect(dose, &given, &stopped, own.as_deref())).collect(),
        kind: &one.title,
        words: &one.words,
        began: &one.began,
        known: &one.written,
        gravity: ticks(&GRAVITY, &one.gravity),
        end: ticks(&ENDS, &one.end),
        handled: &one.handled,
        is_serious: one.is_serious,
        due: told.map(|report| date::instant(report.due_ms)).unwrap_or_default(),
        sent: told.map_or("", |report| &report.sent),
        way: told.map_or("", |report| super::page::words(&WAYS, &report.way)),
        basis: library.basis(&about.basis),
        uncertain: &about.uncertain,
    });
    station.prints.printer.print(library.job(sheet, data, records.store().clock().now_ms())).await
}

/// A vaccine and its lot, a day: the people who were given it.
type Given = BTreeMap<(String, String, Day), BTreeSet<String>>;

/// Who was given which lots at the caller's station on the days of these doses, as far as the caller sees their doses.
async fn of_their_days(station: &Station, ctx: &Ctx, suspects: &[&Dose]) -> Result<Given, Outcome> {
    let days: BTreeSet<Day> = suspects.iter().map(|dose| Day::of_instant(dose.given_ms)).collect();
    let (mut given, own) = (Given::new(), own_facility());
    for day in days {
        let doses = session::doses(&station.records, ctx, own.as_deref(), day, day).await?;
        for dose in doses.iter().filter(|dose| str_at(dose, &["status"]) == Some("completed")) {
            let (lot, who) = (str_at(dose, &["lotNumber"]), str_at(dose, &["patient", "reference"]));
            if let (Some(lot), Some(who)) = (lot, who) {
                let key = (session::dose_cvx(dose), lot.to_owned(), day);
                given.entry(key).or_default().insert(who.to_owned());
            }
        }
    }
    Ok(given)
}

fn suspect<'d>(
    dose: &'d Dose,
    given: &Given,
    stopped: &'d [StoppedLot],
    own: Option<&str>,
) -> paper::Dose<'d> {
    let key = (dose.vaccine.clone(), dose.lot.clone(), Day::of_instant(dose.given_ms));
    let is_own = |lot: &&StoppedLot| own.is_none_or(|own| own == lot.by);
    let mut of_lot = stopped.iter().filter(|lot| lot.is_of(&dose.vaccine, &dose.lot));
    paper::Dose {
        name: &dose.words,
        number: dose.number.map(|number| number.to_string()).unwrap_or_default(),
        maker: &dose.maker,
        lot: &dose.lot,
        expiry: &dose.expiry,
        given: &dose.given,
        route: &dose.route,
        beside: given.get(&key).map_or(0, BTreeSet::len),
        stopped: of_lot.find(is_own).map_or("", |lot| &lot.since),
    }
}
