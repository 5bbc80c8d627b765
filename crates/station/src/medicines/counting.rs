//! What is counted: the stocktake, the request to the level above, the month.

use super::{COUNT, Desk, MONTH, REQUEST, Typed, done_words, model, sheets};
use crate::{Station, answered};
use axum::Router;
use axum::extract::{Form, Path, RawQuery};
use axum::response::Response;
use axum::routing::{get, post};
use std::hash::{DefaultHasher, Hash, Hasher};
use yba_care::stock::counting::{self, Counted, Wanted};
use yba_care::stock::lot::{self, LOTS_MAX};
use yba_care::stock::{self, Lot, units_or_none};
use yba_content::reports::Every;
use yba_fhir::{Kind, Outcome};
use yba_print::paper::{Cell, Column, Line, Paper};
use yba_records::Action;
use yba_report::Period;
use yba_web::{Asking, error};

pub(super) fn routes() -> Router<Station> {
    Router::new()
        .route(COUNT, get(sheet).post(count))
        .route(REQUEST, get(wanted).post(request))
        .route("/thuoc/du-tru/rut", post(take_request_back))
        .route(MONTH, get(month))
        .route("/thuoc/xuat-nhap-ton/{file}", get(month_file))
}

impl Desk<'_> {
    /// The lots that are there, and those that a sheet counts although they are empty by now.
    async fn counted_lots(&self, typed: &Typed) -> Result<Vec<Lot>, Outcome> {
        let mut lots = self.lots().await?;
        let counted = typed.0.iter().filter(|(_, there)| !there.trim().is_empty());
        let counted: Vec<&str> =
            counted.filter_map(|(name, _)| name.strip_prefix("dem-")).take(LOTS_MAX).collect();
        for id in counted {
            if !lots.iter().any(|lot| lot.id == id) {
                lots.extend(lot::read(&self.station.records, self.ctx, &self.place.facility, id).await.ok());
            }
        }
        Ok(lots)
    }

    async fn sheet(&self, typed: &Typed, wrong: Option<&Outcome>) -> Result<Response, Outcome> {
        let mut lots = self.counted_lots(typed).await?;
        lots.sort_by(|one, other| (&one.name, one.expiry).cmp(&(&other.name, other.expiry)));
        let form = match typed.of("phieu") {
            "" => self.station.records.fresh_id(),
            form => form.to_owned(),
        };
        let note = wrong.map(|outcome| error::note(outcome, self.id));
        let content = sheets::count_sheet(&self.place, &lots, &form, typed, (wrong, note));
        Ok(self.page("Kiểm kê", content, wrong.map(|outcome| outcome.kind)))
    }
}

async fn sheet(Asking { room: station, ctx, id }: Asking<Station>, RawQuery(query): RawQuery) -> Response {
    let drawn = async {
        let desk = Desk::open(&station, &ctx, &id, &Typed::asked(query.as_deref()))?;
        desk.sheet(&Typed::default(), None).await
    };
    answered(&station, &id, drawn).await
}

/// What a sheet says was counted; a lot whose field is empty was not counted. Refuses with `unprocessable` at the lot what is no number.
fn counted(typed: &Typed, lots: &[stock::Lot]) -> Result<Vec<Counted>, Outcome> {
    let mut all = Vec::new();
    for lot in lots {
        let (there, book) = (typed.of(&format!("dem-{}", lot.id)), typed.of(&format!("so-{}", lot.id)));
        if there.is_empty() {
            continue;
        }
        let (Some(there), Some(book)) = (units_or_none(there), units_or_none(book)) else {
            let text = format!("{} lô {}: số đếm được phải là số nguyên.", lot.name, lot.number);
            return Err(Outcome::new(Kind::Unprocessable, "counted", text, "no number was counted")
                .at(lot.id.clone()));
        };
        let reason = typed.of(&format!("ly-do-{}", lot.id)).to_owned();
        all.push(Counted { lot: lot.id.clone(), book, there, reason });
    }
    Ok(all)
}

async fn count(
    Asking { room: station, ctx, id }: Asking<Station>,
    Form(fields): Form<Vec<(String, String)>>,
) -> Response {
    let written = async {
        let typed = Typed(fields);
        let desk = Desk::open(&station, &ctx, &id, &typed)?;
        let lots = desk.counted_lots(&typed).await?;
        let (by, form) = (yba_web::visit::name().unwrap_or_default(), typed.form(&station));
        let act = desk.act(&by, &form);
        let done = match counted(&typed, &lots) {
            Ok(counted) => counting::count(&station.records, &ctx, &act, &lots, &counted).await,
            Err(outcome) => Err(outcome),
        };
        match done {
            Ok(0) => Ok(desk.back("/thuoc?xong=dung")),
            Ok(_) => Ok(desk.back("/thuoc?xong=kiem-ke")),
            Err(outcome) if outcome.kind == Kind::Fault => Err(outcome),
            Err(outcome) => desk.sheet(&typed, Some(&outcome)).await,
        }
    };
    answered(&station, &id, written).await
}

impl Desk<'_> {
    async fn wanted(
        &self,
        typed: &Typed,
        done: Option<&str>,
        wrong: Option<&Outcome>,
    ) -> Result<Response, Outcome> {
        let open = self.store().await?;
        let sent = counting::requests(&self.station.records, self.ctx, &self.place.facility).await?;
        let content = sheets::request(&sheets::Requesting {
            place: &self.place,
            shelves: &open.shelves,
            limits: open.limits,
            sent: &sent,
            form: self.station.records.fresh_id(),
            typed,
            may: self.ctx.may(Action::Create, "SupplyRequest"),
            done,
            note: wrong.map(|outcome| error::note(outcome, self.id)),
        });
        Ok(self.page("Dự trù thuốc", content, wrong.map(|outcome| outcome.kind)))
    }
}

async fn wanted(Asking { room: station, ctx, id }: Asking<Station>, RawQuery(query): RawQuery) -> Response {
    let drawn = async {
        let typed = Typed::asked(query.as_deref());
        let desk = Desk::open(&station, &ctx, &id, &typed)?;
        desk.wanted(&Typed::default(), done_words(typed.of("xong")), None).await
    };
    answered(&station, &id, drawn).await
}

async fn request(
    Asking { room: station, ctx, id }: Asking<Station>,
    Form(fields): Form<Vec<(String, String)>>,
) -> Response {
    let written = async {
        let typed = Typed(fields);
        let desk = Desk::open(&station, &ctx, &id, &typed)?;
        let (open, list) = (desk.store().await?, station.content.essential(station.today()));
        let mut all = Vec::new();
        for shelf in &open.shelves {
            let text = typed.of(&format!("can-{}", shelf.code));
            if text.is_empty() || text == "0" {
                continue;
            }
            let Some(units) = stock::units(text) else {
                let text = format!("{}: số lượng phải là số nguyên.", shelf.name);
                let wrong = Outcome::new(Kind::Unprocessable, "units", text, "no number is asked for");
                return desk.wanted(&typed, None, Some(&wrong)).await;
            };
            all.push(Wanted { product: model::product(list, shelf), units });
        }
        let (by, form) = (yba_web::visit::name().unwrap_or_default(), typed.form(&station));
        let now_ms = station.records.store().clock().now_ms();
        match stock::request(&station.records, &ctx, &desk.act(&by, &form), &all, now_ms).await {
            Ok(()) => Ok(desk.back("/thuoc/du-tru?xong=du-tru")),
            Err(outcome) if outcome.kind == Kind::Fault => Err(outcome),
            Err(outcome) => desk.wanted(&typed, None, Some(&outcome)).await,
        }
    };
    answered(&station, &id, written).await
}

async fn take_request_back(
    Asking { room: station, ctx, id }: Asking<Station>,
    Form(fields): Form<Vec<(String, String)>>,
) -> Response {
    let taken = async {
        let typed = Typed(fields);
        let desk = Desk::open(&station, &ctx, &id, &typed)?;
        counting::take_request_back(&station.records, &ctx, &desk.place.facility, typed.of("muc")).await?;
        Ok(desk.back("/thuoc/du-tru?xong=rut"))
    };
    answered(&station, &id, taken).await
}

/// The month that is asked for, the present one without.
fn period(station: &Station, typed: &Typed) -> Result<Period, Outcome> {
    match typed.of("ky") {
        "" => Ok(Period::of(Every::Month, station.today())),
        asked => Period::asked(asked, Every::Month),
    }
}

async fn month(Asking { room: station, ctx, id }: Asking<Station>, RawQuery(query): RawQuery) -> Response {
    let drawn = async {
        let typed = Typed::asked(query.as_deref());
        let desk = Desk::open(&station, &ctx, &id, &typed)?;
        let period = period(&station, &typed)?;
        let days = (period.first(), period.last());
        let lines =
            stock::turnover(&station.records, &ctx, &desk.place.facility, days, station.today()).await?;
        let content = sheets::month(&desk.place, period, station.today(), &lines);
        Ok(desk.page("Xuất nhập tồn", content, None))
    };
    answered(&station, &id, drawn).await
}

/// The month as a file: what stands on the page.
async fn month_file(
    Asking { room: station, ctx, id }: Asking<Station>,
    Path(file): Path<String>,
    RawQuery(query): RawQuery,
) -> Response {
    let made = async {
        let typed = Typed::asked(query.as_deref());
        let shape = crate::print::Shape::named(&file).ok_or_else(error::not_found)?;
        let desk = Desk::open(&station, &ctx, &id, &typed)?;
        let period = period(&station, &typed)?;
        let (days, facility) = ((period.first(), period.last()), desk.place.facility.as_str());
        let lines = stock::turnover(&station.records, &ctx, facility, days, station.today()).await?;
        let place = crate::print::place(&station, &ctx, Some(facility)).await;
        let paper = paper(period, place, &lines);
        let name = paper.file_name();
        Ok(crate::print::answer(&name, shape, crate::print::shaped(&station, paper, shape).await?))
    };
    answered(&station, &id, made).await
}

const COLUMNS: [(&str, &str); 10] = [
    ("thuoc", "Tên thuốc, hàm lượng"),
    ("don-vi", "Đơn vị"),
    ("lo", "Số lô"),
    ("han", "Hạn dùng"),
    ("ton-dau", "Tồn đầu kỳ"),
    ("nhap", "Nhập"),
    ("phat", "Xuất cho người bệnh"),
    ("huy", "Hủy, xuất khác"),
    ("kiem-ke", "Thừa, thiếu khi kiểm kê"),
    ("ton-cuoi", "Tồn cuối kỳ"),
];

/// Tells one state of a month from another.
fn digest(lines: &[stock::Turnover]) -> String {
    let mut hasher = DefaultHasher::new();
    for one in lines {
        (&one.lot.id, one.opening, one.received, one.given, one.discarded, one.counted).hash(&mut hasher);
    }
    format!("{:016x}", hasher.finish())
}

fn paper(period: Period, place: yba_print::paper::Place, lines: &[stock::Turnover]) -> Paper {
    let number = |value: i64| Cell::Number(value.into());
    let line = |(at, one): (usize, &stock::Turnover)| Line {
        name: (at + 1).to_string(),
        cells: vec![
            Cell::Text(one.lot.name.clone()),
            Cell::Text(one.lot.unit.clone()),
            Cell::Text(one.lot.number.clone()),
            Cell::Day(one.lot.expiry),
            number(one.opening),
            number(i64::from(one.received)),
            number(i64::from(one.given)),
            number(i64::from(one.discarded)),
            number(one.counted),
            number(one.closing),
        ],
    };
    Paper {
        slug: "stock".to_owned(),
        edition: period.first(),
        form: String::new(),
        title: "Xuất, nhập, tồn thuốc".to_owned(),
        period: period.title(),
        days: (period.first(), period.last()),
        place,
        columns: COLUMNS
            .iter()
            .map(|(name, title)| Column { name: (*name).to_owned(), title: (*title).to_owned() })
            .collect(),
        lines: lines.iter().enumerate().map(line).collect(),
        checksum: digest(lines),
        rows: lines.len(),
        uncertain: "Bố cục do Y Bạ tự lập.".to_owned(),
        basis: Vec::new(),
        closed_at: None,
        is_report: false,
    }
}
