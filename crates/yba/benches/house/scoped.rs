//! The operations of the FHIR API again, asked by somebody of one facility who signed in, beside the same questions asked
//! of an open house on the same records: what it costs to know whom somebody may see.

use crate::bench::{Bench, Engine, open};
use crate::operations::{Figure, House, PEOPLE, PLACE};
use crate::report::{Line, Section, rounded};
use anyhow::{Result, ensure};
use std::path::Path;
use std::sync::Arc;
use yba_auth::Grant;
use yba_content::Content;
use yba_records::Ctx;
use yba_records::gate::{Attempt, Gate, NewAccount, Origin, Visitor};
use yba_store::db::Place;

/// Who asks: their role sees those who have been at their facility.
const ROLE: &str = "station-staff";
const PASSWORD: &str = "Mot mat khau dai cua tram 17";
/// From this number on are people of whom results are created: they are there for both, since results of nobody who is there give
/// followers less to do.
const KNOWN: usize = 10 * PEOPLE;
/// The most that a figure may grow.
const TIMES: f64 = 1.5;

pub fn run(bench: &Bench) -> Result<Section> {
    let mut section = Section::new(
        "Signed in, for one facility",
        format!(
            "The table of Operations asked by one account with the role {ROLE} at one facility, all people having been \
             there; each request is of a session of it. Raw: the same questions of the same house without an account \
             (`--open`), the mean of before and after. Processor ms of the whole server per operation, medians as there."
        ),
    );
    for engine in Engine::BOTH {
        let Some(mut house) = House::start(bench, engine)? else { continue };
        house.load(KNOWN..KNOWN + PEOPLE)?;
        let open = figures(&house, 0)?;
        house.close();
        let session = signed_in(bench, house.folder.path(), Some(&house.place), PLACE)?;
        house.reopen(Some(session))?;
        let scoped = figures(&house, PEOPLE + 5)?;
        house.close();
        // Once more: what was written meanwhile makes a write dearer for everybody.
        house.reopen(None)?;
        let after = figures(&house, 2 * (PEOPLE + 5))?;
        for ((before, scoped), after) in open.iter().zip(&scoped).zip(&after) {
            ensure!(before.what == scoped.what && after.what == scoped.what, "the same questions");
            let (cpu, rate) = ((before.cpu + after.cpu) / 2.0, (before.rate + after.rate) / 2.0);
            let times = scoped.cpu / cpu;
            let line =
                Line::new(before.what.as_str(), format!("{:.3} ms, {}/s", scoped.cpu, rounded(scoped.rate)))
                    .beside(format!("{cpu:.3} ms, {}/s", rounded(rate)))
                    .target(format!("≤ {TIMES} times"), times <= TIMES);
            println!("  {}: {:.3} / {:.3}, {:.3} ms", before.what, scoped.cpu, before.cpu, after.cpu);
            section.lines.push(Line { ratio: Some(cpu / scoped.cpu), ..line });
        }
    }
    Ok(section)
}

/// All figures of the table, with people from this number on written anew. What followers do about them is not counted among what
/// is asked next.
fn figures(house: &House, first: usize) -> Result<Vec<Figure>> {
    house.rest()?;
    let mut figures = vec![house.bundles(first)?];
    house.rest()?;
    figures.push(house.creates(KNOWN)?);
    house.rest()?;
    for asked in house.questions(PEOPLE)? {
        figures.push(house.one(&asked)?);
    }
    Ok(figures)
}

/// The cookie of a session of a new account at a facility (its Organization's id). The store is closed again.
pub fn signed_in(bench: &Bench, folder: &Path, place: Option<&Place>, facility: &str) -> Result<String> {
    let records = open(folder, place.cloned())?;
    let session = bench.runtime.block_on(async {
        let gate = Gate::open(records.clone(), Arc::new(Content::built_in()), &[7; 32]).await?;
        let mut grant = Grant::new(ROLE, gate.today());
        grant.organization = Some(facility.to_owned());
        let login = "tay.mau".to_owned();
        let typed = NewAccount {
            login: login.clone(),
            name: "Người của trạm".into(),
            roles: vec![grant],
            ..NewAccount::default()
        };
        let (_, link) = gate.create(&Ctx::test_administrator("bench"), &typed).await?;
        let origin = || Origin { address: "127.0.0.1".into(), request_id: String::new() };
        gate.set_password_by_link(&link.0, PASSWORD, None, &origin()).await?;
        let attempt = Attempt { login, password: PASSWORD.into(), device: None, origin: origin() };
        let came = gate.sign_in(attempt).await?;
        let visitor = gate.visitor(&came.session.0, &origin()).await?;
        ensure!(matches!(visitor, Visitor::Person(_)), "{visitor:?}");
        anyhow::Ok(came.session.0)
    })?;
    bench.runtime.block_on(records.store().close());
    Ok(session)
}
