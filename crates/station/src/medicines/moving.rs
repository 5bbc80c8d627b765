//! In and out of the store without a prescription: what came, what is discarded, and what was written by mistake.

use super::{Desk, RECEIVE, Typed, done_words, model, sheets};
use crate::{Station, answered};
use axum::Router;
use axum::extract::{Form, Path, RawQuery};
use axum::response::Response;
use axum::routing::{get, post};
use yba_care::Finding;
use yba_care::stock::moving::Movement;
use yba_care::stock::{self, Lot, Receipt, lot, moving};
use yba_fhir::{Kind, Outcome};
use yba_records::Action;
use yba_web::{Asking, error};

/// Drugs that a few letters offer.
const OFFERED: usize = 8;

pub(super) fn routes() -> Router<Station> {
    Router::new()
        .route(RECEIVE, get(receipt).post(receive))
        .route("/thuoc/lo/{lot}", get(one_lot))
        .route("/thuoc/lo/{lot}/huy", post(discard))
        .route("/thuoc/rut", post(take_back))
}

async fn receipt(Asking { room: station, ctx, id }: Asking<Station>, RawQuery(query): RawQuery) -> Response {
    let drawn = async {
        let typed = Typed::asked(query.as_deref());
        let desk = Desk::open(&station, &ctx, &id, &typed)?;
        desk.receipt(
            &Typed(vec![("nguon".into(), typed.of("nguon").to_owned())]),
            &[],
            (done_words(typed.of("xong")), None),
        )
        .await
    };
    answered(&station, &id, drawn).await
}

impl Desk<'_> {
    /// The form that takes in, with what was typed and what is wrong with it.
    async fn receipt(
        &self,
        typed: &Typed,
        found: &[Finding],
        (done, wrong): (Option<&str>, Option<&Outcome>),
    ) -> Result<Response, Outcome> {
        let (station, today) = (self.station, self.station.today());
        let moved =
            stock::movements(&station.records, self.ctx, &self.place.facility, (today, today)).await?;
        let of_today = moved.iter().filter(|one| one.day == today && one.cause == moving::Cause::Received);
        let lots = self.named(of_today.clone()).await?;
        let form = match typed.of("phieu") {
            "" => station.records.fresh_id(),
            form => form.to_owned(),
        };
        let content = sheets::receipt(&sheets::Receiving {
            place: &self.place,
            drugs: station.content.essential(today).drugs(),
            typed,
            form: &form,
            found,
            came: &lots,
            done,
            note: wrong.map(|outcome| error::note(outcome, self.id)),
        });
        let refused = (!found.is_empty()).then_some(Kind::Unprocessable);
        Ok(self.page("Nhập thuốc", content, wrong.map(|outcome| outcome.kind).or(refused)))
    }

    /// Movements with the lots that they are of.
    async fn named<'m>(
        &self,
        moved: impl Iterator<Item = &'m Movement> + Clone,
    ) -> Result<Vec<(Movement, Lot)>, Outcome> {
        let keys: std::collections::BTreeSet<(String, String)> =
            moved.clone().map(|one| ("Medication".to_owned(), one.lot.clone())).collect();
        let keys: Vec<(String, String)> = keys.into_iter().collect();
        let found = self.station.records.read_many(self.ctx, &keys).await?;
        let lots: Vec<Lot> = found.iter().filter_map(|one| Lot::of(&one.tree())).collect();
        let pair = |one: &Movement| Some((one.clone(), lots.iter().find(|lot| lot.id == one.lot)?.clone()));
        Ok(moved.filter_map(pair).collect())
    }
}

fn stop(field: &str, text: &str) -> Finding {
    Finding { severity: yba_care::Severity::Stop, field: field.to_owned(), text: text.to_owned() }
}

async fn receive(
    Asking { room: station, ctx, id }: Asking<Station>,
    Form(fields): Form<Vec<(String, String)>>,
) -> Response {
    let received = async {
        let typed = Typed(fields);
        let desk = Desk::open(&station, &ctx, &id, &typed)?;
        let list = station.content.essential(station.today());
        let receipt = Receipt {
            number: typed.of("lo").to_owned(),
            expiry: model::expiry(typed.of("han")),
            units: typed.of("so-luong").to_owned(),
            source: typed.of("nguon").to_owned(),
        };
        let Some(drug) = list.meant(typed.of("thuoc")) else {
            let names: Vec<&str> =
                list.search(typed.of("thuoc"), OFFERED).into_iter().map(|one| one.name.as_str()).collect();
            let text = match names.is_empty() {
                true => {
                    "Không có thuốc này trong danh mục của trạm. Gõ vài chữ đầu của tên thuốc.".to_owned()
                }
                false => format!("Chọn một thuốc: {}.", names.join("; ")),
            };
            let mut wrong = vec![stop("drug", &text)];
            wrong.extend(receipt.check(station.today()));
            return desk.receipt(&typed, &wrong, (None, None)).await;
        };
        let (by, form) = (yba_web::visit::name().unwrap_or_default(), typed.form(&station));
        let product = yba_care::prescribe::product(drug);
        match stock::receive(&station.records, &ctx, &desk.act(&by, &form), &product, &receipt).await {
            Ok(Ok(_)) => {
                Ok(desk.back(&format!("{RECEIVE}?xong=nhap&nguon={}", yba_web::encoded(&receipt.source))))
            }
            Ok(Err(wrong)) => desk.receipt(&typed, &wrong, (None, None)).await,
            Err(outcome) if outcome.kind == Kind::Fault => Err(outcome),
            Err(outcome) => desk.receipt(&typed, &[], (None, Some(&outcome))).await,
        }
    };
    answered(&station, &id, received).await
}

/// Everything about a lot.
async fn lot_page(
    desk: &Desk<'_>,
    lot: &Lot,
    typed: &Typed,
    (done, wrong): (Option<&str>, Option<&Outcome>),
) -> Result<Response, Outcome> {
    let (station, today) = (desk.station, desk.station.today());
    let mut moved = stock::movements_of(&station.records, desk.ctx, &desk.place.facility, &lot.id).await?;
    moved.sort_by(|one, other| other.day.cmp(&one.day).then_with(|| one.id.cmp(&other.id)));
    let content = sheets::lot(&sheets::OneLot {
        place: &desk.place,
        lot,
        today,
        limits: station.content.prescribing(today).store,
        moved: &moved,
        form: station.records.fresh_id(),
        typed,
        may: desk.ctx.may(Action::Create, "SupplyDelivery") && desk.ctx.may(Action::Update, "Medication"),
        done,
        wrong,
        note: wrong.map(|outcome| error::note(outcome, desk.id)),
    });
    Ok(desk.page("Lô thuốc", content, wrong.map(|outcome| outcome.kind)))
}

async fn one_lot(
    Asking { room: station, ctx, id }: Asking<Station>,
    Path(lot_id): Path<String>,
    RawQuery(query): RawQuery,
) -> Response {
    let drawn = async {
        let typed = Typed::asked(query.as_deref());
        let desk = Desk::open(&station, &ctx, &id, &typed)?;
        let lot = lot::read(&station.records, &ctx, &desk.place.facility, &lot_id).await?;
        lot_page(&desk, &lot, &Typed::default(), (done_words(typed.of("xong")), None)).await
    };
    answered(&station, &id, drawn).await
}

async fn discard(
    Asking { room: station, ctx, id }: Asking<Station>,
    Path(lot_id): Path<String>,
    Form(fields): Form<Vec<(String, String)>>,
) -> Response {
    let discarded = async {
        let typed = Typed(fields);
        let desk = Desk::open(&station, &ctx, &id, &typed)?;
        let lot = lot::read(&station.records, &ctx, &desk.place.facility, &lot_id).await?;
        let (by, form) = (yba_web::visit::name().unwrap_or_default(), typed.form(&station));
        let said = (typed.of("so-luong"), typed.of("ly-do"));
        match stock::discard(&station.records, &ctx, &desk.act(&by, &form), &lot, said).await {
            Ok(()) => Ok(desk.back(&format!("/thuoc/lo/{lot_id}?xong=huy"))),
            Err(outcome) if outcome.kind == Kind::Fault => Err(outcome),
            Err(outcome) => lot_page(&desk, &lot, &typed, (None, Some(&outcome))).await,
        }
    };
    answered(&station, &id, discarded).await
}

async fn take_back(
    Asking { room: station, ctx, id }: Asking<Station>,
    Form(fields): Form<Vec<(String, String)>>,
) -> Response {
    let taken = async {
        let typed = Typed(fields);
        let desk = Desk::open(&station, &ctx, &id, &typed)?;
        moving::take_back(&station.records, &ctx, &desk.place.facility, typed.of("muc")).await?;
        Ok(desk.back(match typed.of("ve") {
            "nhap" => "/thuoc/nhap?xong=rut",
            _ => "/thuoc?xong=rut",
        }))
    };
    answered(&station, &id, taken).await
}
