//! A month of the fridge on paper.

use super::{asked_month, limits, of_month};
use crate::print::{Shape, answer, place};
use crate::{Station, answered, own_facility};
use axum::extract::RawQuery;
use axum::response::Response;
use yba_care::fridge::Read;
use yba_content::vaccination::Fridge;
use yba_content::{Day, PrintOf};
use yba_fhir::Outcome;
use yba_print::fridge::{self, Month, Reading, Strays};
use yba_records::Ctx;
use yba_web::{Asking, error};

pub(super) async fn printed(
    Asking { room: station, ctx, id }: Asking<Station>,
    RawQuery(query): RawQuery,
) -> Response {
    let made = async {
        let month = asked_month(query.as_deref(), station.today());
        let bytes = set(&station, &ctx, month).await?;
        Ok(answer(&format!("tu-lanh-{}", &month.to_string()[..7]), Shape::Pdf, bytes))
    };
    answered(&station, &id, made).await
}

/// The PDF of a month.
async fn set(station: &Station, ctx: &Ctx, month: Day) -> Result<Vec<u8>, Outcome> {
    let (limits, read) = (limits(station)?, of_month(station, ctx, month).await?);
    let library = &station.prints.library;
    let sheet = library.edition(PrintOf::Fridge, "fridge", month).ok_or_else(error::not_found)?;
    let about = station.content.vaccination_day(station.today());
    let data = fridge::data(&Month {
        title: "Phiếu theo dõi nhiệt độ tủ lạnh",
        first: month,
        place: place(station, ctx, own_facility().as_deref()).await,
        low: &limits.low,
        high: &limits.high,
        slots: limits.readings.iter().map(|one| (one.slug.as_str(), one.title.as_str())).collect(),
        readings: read.iter().map(|one| reading(limits, one)).collect(),
        basis: about.map(|about| library.basis(&about.basis)).unwrap_or_default(),
        uncertain: about.map_or("", |about| &about.uncertain),
    });
    station.prints.printer.print(library.job(sheet, data, station.records.store().clock().now_ms())).await
}

fn reading<'r>(limits: &Fridge, one: &'r Read) -> Reading<'r> {
    let strays = match limits.is_right(one.celsius) {
        true => Strays::No,
        false if limits.is_low(one.celsius) => Strays::Cold,
        false => Strays::Warm,
    };
    Reading {
        day: one.day,
        slot: &one.slot,
        celsius: one.celsius,
        digits: &one.digits,
        at: &one.at,
        by: &one.by,
        note: &one.note,
        strays,
    }
}
