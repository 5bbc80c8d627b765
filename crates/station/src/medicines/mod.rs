//! «Thuốc»: what is in the station's store by lot, who waits for a prescription, what expires and runs out; in, out, counted, asked for.
//!
//! `/thuoc` is the store with today's prescriptions; `/thuoc/nhap` takes in, `/thuoc/lo/{lot}` is one lot, `/thuoc/kiem-ke` the stocktake,
//! `/thuoc/du-tru` the request, `/thuoc/xuat-nhap-ton` the month. A prescription is written at [`crate::prescribe`].

mod counting;
pub(crate) mod handing;
mod model;
mod moving;
mod page;
mod sheets;

pub(crate) use sheets::drug_field;

use crate::prescribe::PRESCRIBE;
use crate::{Station, answered, own_facility, roll};
use axum::Router;
use axum::extract::{Form, RawQuery};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use handing::Counter;
use std::collections::{BTreeMap, BTreeSet};
use yba_care::dispense::{self, Given, Handing};
use yba_care::prescribe::{self, Prescription};
use yba_care::stock::{self, Act, Lot};
use yba_content::prescribing::StoreLimits;
use yba_fhir::json::Value;
use yba_fhir::resource::is_id;
use yba_fhir::{Kind, Outcome};
use yba_records::{Action, Ctx};
use yba_store::search::query::decode_pairs;
use yba_web::{Asking, Page, RequestId, error};

/// The store.
pub const MEDICINES: &str = "/thuoc";
const HAND: &str = "/thuoc/phat";
const WITHDRAW_HANDED: &str = "/thuoc/rut-phat";
const RECEIVE: &str = "/thuoc/nhap";
const COUNT: &str = "/thuoc/kiem-ke";
const REQUEST: &str = "/thuoc/du-tru";
const MONTH: &str = "/thuoc/xuat-nhap-ton";

pub(crate) fn routes() -> Router<Station> {
    Router::new()
        .route(MEDICINES, get(store))
        .route(HAND, post(hand_out))
        .route(WITHDRAW_HANDED, post(take_back_handed))
        .merge(moving::routes())
        .merge(counting::routes())
}

/// What a form or an address says, by name.
#[derive(Debug, Clone, Default)]
pub(crate) struct Typed(pub Vec<(String, String)>);

impl Typed {
    pub fn asked(query: Option<&str>) -> Typed {
        Typed(decode_pairs(query.unwrap_or_default()))
    }

    /// What stands under a name, without blanks around; empty when nothing does.
    pub fn of(&self, name: &str) -> &str {
        self.0.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value.trim())
    }

    /// The id that a form brings; one that is none gets a new one.
    fn form(&self, station: &Station) -> String {
        let brought = self.of("phieu");
        if is_id(brought) { brought.to_owned() } else { station.records.fresh_id() }
    }
}

/// Whose store it is.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    /// Id of the Organization.
    pub facility: String,
    /// It had to be said, since whoever asks has several or none.
    pub is_asked: bool,
}

impl Place {
    /// The caller's own, else what is asked for. Refuses with `unprocessable` when neither says one.
    fn of(typed: &Typed) -> Result<Place, Outcome> {
        let asked = || Some(typed.of("noi").to_owned()).filter(|place| is_id(place));
        match own_facility() {
            Some(facility) => Ok(Place { facility, is_asked: false }),
            None => asked().map(|facility| Place { facility, is_asked: true }).ok_or_else(|| {
                let text = "Tài khoản này không thuộc trạm nào nên không có kho. Mở kho của một trạm bằng địa chỉ /thuoc?noi= và mã của trạm.";
                Outcome::new(Kind::Unprocessable, "no-store", text, "no facility whose store it would be")
            }),
        }
    }

    fn said(&self) -> Option<&str> {
        self.is_asked.then_some(self.facility.as_str())
    }

    /// An address with the place in it where that must be said.
    fn at(&self, path: &str) -> String {
        let with = if path.contains('?') { '&' } else { '?' };
        self.said().map_or_else(|| path.to_owned(), |place| format!("{path}{with}noi={place}"))
    }
}

/// Where the handlers of the room work.
struct Desk<'s> {
    station: &'s Station,
    ctx: &'s Ctx,
    id: &'s RequestId,
    place: Place,
}

/// The store as it is now.
struct Open {
    lots: Vec<Lot>,
    shelves: Vec<model::Shelf>,
    limits: StoreLimits,
}

impl<'s> Desk<'s> {
    fn open(
        station: &'s Station,
        ctx: &'s Ctx,
        id: &'s RequestId,
        typed: &Typed,
    ) -> Result<Desk<'s>, Outcome> {
        Ok(Desk { station, ctx, id, place: Place::of(typed)? })
    }

    async fn lots(&self) -> Result<Vec<Lot>, Outcome> {
        stock::in_store(&self.station.records, self.ctx, &self.place.facility).await
    }

    /// What is there, and how fast it goes.
    async fn store(&self) -> Result<Open, Outcome> {
        let (records, today) = (&self.station.records, self.station.today());
        let limits = self.station.content.prescribing(today).store;
        let lots = self.lots().await?;
        let since = today.plus_months(-i32::try_from(limits.use_months).unwrap_or(0));
        let moved = stock::movements(records, self.ctx, &self.place.facility, (since, today)).await?;
        let gone: BTreeSet<&str> = moved
            .iter()
            .map(|one| one.lot.as_str())
            .filter(|id| !lots.iter().any(|lot| lot.id == *id))
            .collect();
        let keys: Vec<(String, String)> =
            gone.into_iter().map(|id| ("Medication".to_owned(), id.to_owned())).collect();
        let found = records.read_many(self.ctx, &keys).await?;
        let gone: BTreeMap<String, Lot> =
            found.iter().filter_map(|one| Lot::of(&one.tree())).map(|lot| (lot.id.clone(), lot)).collect();
        let shelves = model::shelves(&lots, &moved, &gone, (today, limits));
        Ok(Open { lots, shelves, limits })
    }

    /// The page of the store, with why something was not written.
    async fn shown(
        &self,
        typed: &Typed,
        done: Option<&str>,
        wrong: Option<&Outcome>,
    ) -> Result<Response, Outcome> {
        let (station, ctx, today) = (self.station, self.ctx, self.station.today());
        let open = self.store().await?;
        let (waiting, given) = self.waiting().await?;
        let people = roll::people(station, ctx, waiting.iter().map(|one| one.patient.as_str())).await?;
        let counter = Counter {
            given: &given,
            lots: &open.lots,
            today,
            place: self.place.said(),
            back: "thuoc",
            typed,
            wrong,
            form: station.records.fresh_id(),
            may: ctx.may(Action::Create, "MedicationDispense"),
        };
        let content = page::store(&page::Shown {
            place: &self.place,
            today,
            limits: open.limits,
            shelves: &open.shelves,
            waiting: &waiting,
            people: &people,
            counter: &counter,
            may: ctx.may(Action::Create, "SupplyDelivery") && ctx.may(Action::Create, "Medication"),
            done,
            note: wrong.map(|outcome| error::note(outcome, self.id)),
        });
        Ok(self.page("Thuốc", content, wrong.map(|outcome| outcome.kind)))
    }

    /// The prescriptions that may still be handed out here, and what was of them.
    async fn waiting(&self) -> Result<(Vec<Prescription>, Vec<Given>), Outcome> {
        let (records, today) = (&self.station.records, self.station.today());
        if !self.ctx.may(Action::Search, "MedicationRequest")
            || !self.ctx.may(Action::Search, "MedicationDispense")
        {
            return Ok((Vec::new(), Vec::new()));
        }
        let valid = self.station.content.prescribing(today).valid_days;
        let mut all = prescribe::open(records, self.ctx, &self.place.facility, (today, valid)).await?;
        let given = dispense::given(records, self.ctx, &all).await?;
        let is_open = |one: &Prescription| one.lines.iter().any(|line| dispense::left(line, &given) > 0);
        all.retain(is_open);
        Ok((all, given))
    }

    fn page(&self, title: &str, content: maud::Markup, wrong: Option<Kind>) -> Response {
        let mut response = self.station.site.page(&Page::new(title, content).here(MEDICINES));
        if let Some(kind) = wrong {
            *response.status_mut() = error::status(kind);
        }
        response
    }

    fn act<'a>(&'a self, by: &'a str, form: &'a str) -> Act<'a> {
        Act { facility: &self.place.facility, day: self.station.today(), by, form }
    }

    fn back(&self, path: &str) -> Response {
        Redirect::to(&self.place.at(path)).into_response()
    }
}

fn done_words(code: &str) -> Option<&'static str> {
    match code {
        "phat" => Some("Đã phát thuốc, kho đã trừ."),
        "rut-phat" => Some("Đã rút lần phát, thuốc đã trả vào kho."),
        "nhap" => Some("Đã nhập kho."),
        "huy" => Some("Đã xuất hủy."),
        "rut" => Some("Đã rút mục ghi nhầm."),
        "kiem-ke" => Some("Đã ghi kiểm kê."),
        "dung" => Some("Kiểm kê khớp sổ, không có gì phải sửa."),
        "du-tru" => Some("Đã ghi dự trù."),
        _ => None,
    }
}

async fn store(Asking { room: station, ctx, id }: Asking<Station>, RawQuery(query): RawQuery) -> Response {
    let drawn = async {
        let typed = Typed::asked(query.as_deref());
        let desk = Desk::open(&station, &ctx, &id, &typed)?;
        desk.shown(&Typed::default(), done_words(typed.of("xong")), None).await
    };
    answered(&station, &id, drawn).await
}

/// A prescription that a form names. Refuses with `not-found` what the caller does not reach.
async fn named(station: &Station, ctx: &Ctx, typed: &Typed) -> Result<Prescription, Outcome> {
    prescribe::prescription(&station.records, ctx, typed.of("nguoi"), typed.of("don")).await
}

fn to(desk: &Desk<'_>, typed: &Typed, patient: &str, done: &str) -> Response {
    match typed.of("ve") {
        "don" => Redirect::to(&format!("{PRESCRIBE}/{patient}?xong={done}")).into_response(),
        _ => desk.back(&format!("{MEDICINES}?xong={done}")),
    }
}

async fn hand_out(
    Asking { room: station, ctx, id }: Asking<Station>,
    Form(fields): Form<Vec<(String, String)>>,
) -> Response {
    let handed = async {
        let typed = Typed(fields);
        let _turn = station.turns.of(typed.of("nguoi")).await;
        let desk = Desk::open(&station, &ctx, &id, &typed)?;
        let it = named(&station, &ctx, &typed).await?;
        // The store of whoever hands out, not of whoever prescribed.
        let (lots, records) = (desk.lots().await?, &station.records);
        let given = dispense::given(records, &ctx, std::slice::from_ref(&it)).await?;
        let takes = match handing::taken(&it, &lots, &typed) {
            Ok(takes) => takes,
            Err(outcome) => return desk.shown(&typed, None, Some(&outcome)).await,
        };
        let (by, form) = (yba_web::visit::name().unwrap_or_default(), typed.form(&station));
        let now_ms = records.store().clock().now_ms();
        let handing = Handing {
            prescription: &it,
            given: &given,
            lots: &lots,
            takes: &takes,
            reason: typed.of("ly-do"),
            now_ms,
        };
        match dispense::hand_out(records, &ctx, &desk.act(&by, &form), &handing).await {
            Ok(()) => Ok(to(&desk, &typed, typed.of("nguoi"), "phat")),
            Err(outcome) if outcome.kind == Kind::Fault => Err(outcome),
            Err(outcome) => desk.shown(&typed, None, Some(&outcome)).await,
        }
    };
    answered(&station, &id, handed).await
}

async fn take_back_handed(
    Asking { room: station, ctx, id }: Asking<Station>,
    Form(fields): Form<Vec<(String, String)>>,
) -> Response {
    let taken = async {
        let typed = Typed(fields);
        let _turn = station.turns.of(typed.of("nguoi")).await;
        let desk = Desk::open(&station, &ctx, &id, &typed)?;
        let it = named(&station, &ctx, &typed).await?;
        dispense::take_back(&station.records, &ctx, &desk.place.facility, &it, typed.of("lan")).await?;
        Ok(to(&desk, &typed, typed.of("nguoi"), "rut-phat"))
    };
    answered(&station, &id, taken).await
}

/// The people of a page by id.
type People = BTreeMap<String, Value>;
