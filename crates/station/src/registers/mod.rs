//! «Sổ»: the registers of the station as they stand on paper, of a month; to be read, printed and taken along.

pub(crate) mod page;

use crate::print::{self, Shape};
use crate::{Station, answered, own_facility};
use axum::Router;
use axum::extract::{Path, RawQuery};
use axum::response::Response;
use axum::routing::get;
use std::sync::Arc;
use yba_content::reports::Every;
use yba_fhir::resource::is_id;
use yba_fhir::{Kind, Outcome};
use yba_report::listing::{self, Window};
use yba_report::{Period, Register};
use yba_store::search::query::decode_pairs;
use yba_web::{Asking, Page, error};

/// Rows on one page.
const PAGE: usize = 50;

pub(crate) fn routes() -> Router<Station> {
    Router::new().route("/so/{slug}", get(one)).route("/so/{slug}/{file}", get(register_file))
}

/// A register of a month that is asked for.
pub(crate) struct Asked {
    pub register: Arc<Register>,
    pub period: Period,
    /// Id of an Organization; none means all facilities together.
    pub facility: Option<String>,
    after: Option<String>,
}

impl Asked {
    /// By the slug and what the address says: `ky`, `noi`, `sau`. Without a month, that of today.
    fn of(station: &Station, slug: &str, query: Option<&str>) -> Result<Asked, Outcome> {
        let (mut period, mut facility, mut after) = (None, None, None);
        for (name, value) in decode_pairs(query.unwrap_or_default()) {
            match name.as_str() {
                "ky" => period = Some(Period::asked(&value, Every::Month)?),
                "noi" if is_id(&value) => facility = Some(value),
                "sau" => after = Some(value),
                _ => {}
            }
        }
        let period = period.unwrap_or_else(|| Period::of(Every::Month, station.today()));
        station.registers.register(slug, station.today()).ok_or_else(error::not_found)?;
        let register = station.registers.register(slug, period.last()).ok_or_else(|| {
            let text = "Tháng này chưa có mẫu sổ nào áp dụng. Hãy chọn tháng sau.";
            Outcome::new(Kind::NotFound, "register-edition", text, "no edition for the month")
        })?;
        Ok(Asked { register: register.clone(), period, facility: own_facility().or(facility), after })
    }

    /// The address of this month, of a part of the register.
    pub fn address(&self, part: &str) -> String {
        address(&self.register.slug, part, self.period, self.facility.as_deref())
    }
}

/// The address of a register's month.
pub(crate) fn address(slug: &str, part: &str, period: Period, facility: Option<&str>) -> String {
    let noi = facility.filter(|_| own_facility().is_none()).map(|one| format!("&noi={one}"));
    format!("/so/{slug}{part}?ky={period}{}", noi.unwrap_or_default())
}

async fn one(
    Asking { room: station, ctx, id }: Asking<Station>,
    Path(slug): Path<String>,
    RawQuery(query): RawQuery,
) -> Response {
    let drawn = async {
        let asked = Asked::of(&station, &slug, query.as_deref())?;
        let days = Some((asked.period.first(), asked.period.last()));
        let window = Window { count: PAGE, after: asked.after.as_deref() };
        let facility = asked.facility.as_deref();
        let rows = listing::list(&station.records, &ctx, &asked.register, facility, days, &window).await?;
        let content = page::one(&asked, &rows, &station.today().to_string());
        Ok(station.site.page(&Page::new(&asked.register.about.title, content).here(crate::reports::REPORTS)))
    };
    answered(&station, &id, drawn).await
}

async fn register_file(
    Asking { room: station, ctx, id }: Asking<Station>,
    Path((slug, name)): Path<(String, String)>,
    RawQuery(query): RawQuery,
) -> Response {
    let made = async {
        let shape = Shape::named(&name).ok_or_else(error::not_found)?;
        let asked = Asked::of(&station, &slug, query.as_deref())?;
        let facility = asked.facility.as_deref();
        let paper = print::register(&station, &ctx, &asked.register, asked.period, facility).await?;
        let name = paper.file_name();
        Ok(print::answer(&name, shape, print::shaped(&station, paper, shape).await?))
    };
    answered(&station, &id, made).await
}
