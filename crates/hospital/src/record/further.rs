//! The further pages of a record: results as a table, documents, family. Each reads only its own types, a page of it at a
//! time is drawn.

use super::fetch;
use super::labs::{self, Lab, Measured};
use super::model::Record;
use super::page::{Part, chart, head, hidden, parts};
use super::ranges::Ranges;
use super::read::{self, Places};
use super::timeline::View;
use super::{RawQuery, view};
use crate::Hospital;
use axum::extract::Path;
use axum::response::Response;
use maud::{Markup, html};
use yba_fhir::Outcome;
use yba_fhir::json::{Value, items, str_at};
use yba_records::Ctx;
use yba_ui::card::{self, Card};
use yba_ui::table::Table;
use yba_ui::{format, result, state};
use yba_web::{Asking, Page, RequestId, error};

/// Days side by side in the table of results.
const DAYS: usize = 8;
/// Documents listed.
const DOCUMENTS: usize = 200;

type Asked<'a> = (&'a Hospital, &'a Ctx, &'a str, View);

pub async fn results(
    Asking { room: hospital, ctx, id }: Asking<Hospital>,
    Path(person): Path<String>,
    RawQuery(query): RawQuery,
) -> Response {
    let view = view(query.as_deref().unwrap_or(""));
    drawn((&hospital, &ctx, &person, view), &id, Part::Results, &["Observation"], |record, own| {
        let places = Places::of_all(own);
        let patients: Vec<&Value> = own.iter().filter(|one| read::kind(one) == "Patient").collect();
        let ranges = Ranges::of(&hospital.content, &patients);
        let found = own.iter().filter(|one| read::kind(one) == "Observation");
        let (labs, _) = labs::of(found, &places, &ranges, &record.older);
        table(record, &labs, view)
    })
    .await
}

pub async fn documents(
    Asking { room: hospital, ctx, id }: Asking<Hospital>,
    Path(person): Path<String>,
    RawQuery(query): RawQuery,
) -> Response {
    let view = view(query.as_deref().unwrap_or(""));
    const KINDS: [&str; 3] = ["DocumentReference", "Composition", "DiagnosticReport"];
    drawn((&hospital, &ctx, &person, view), &id, Part::Documents, &KINDS, papers).await
}

pub async fn family(
    Asking { room: hospital, ctx, id }: Asking<Hospital>,
    Path(person): Path<String>,
    RawQuery(query): RawQuery,
) -> Response {
    let view = view(query.as_deref().unwrap_or(""));
    const KINDS: [&str; 2] = ["RelatedPerson", "FamilyMemberHistory"];
    drawn((&hospital, &ctx, &person, view), &id, Part::Family, &KINDS, |_, own| kin(own)).await
}

/// One page of the record: banner, tabs, and what `draw` makes of the types it wants.
async fn drawn(
    (hospital, ctx, person, view): Asked<'_>,
    id: &RequestId,
    part: Part,
    kinds: &[&str],
    draw: impl FnOnce(&Record, &[Value]) -> Markup,
) -> Response {
    let read = async {
        let person = yba_mpi::person::person(&hospital.records, ctx, person).await?;
        let wanted: Vec<&str> = kinds.iter().copied().chain(["Patient"]).collect();
        fetch::part(hospital, ctx, &person, &wanted, view).await
    };
    let (record, own): (Record, Vec<Value>) = match read.await {
        Ok(found) => found,
        Err(outcome) => return error::page(&hospital.site, &outcome, id),
    };
    if let Some(refused) = unseen(&record, kinds) {
        return error::page(&hospital.site, &refused, id);
    }
    let content = html! {
        (head(&record))
        (parts(&record, part))
        (hidden(&record, "?hien=1"))
        (draw(&record, &own))
    };
    hospital.site.page(&Page::new(format!("Hồ sơ {}", record.who.name), content))
}

/// A page of which the role sees nothing is refused, not drawn empty.
fn unseen(record: &Record, kinds: &[&str]) -> Option<Outcome> {
    if kinds.iter().any(|kind| record.sees(kind)) {
        return None;
    }
    let text = "Vai trò của bạn không xem phần này của hồ sơ.";
    Some(Outcome::new(yba_fhir::Kind::Forbidden, "role", text, "no role permits to read these types"))
}

/// Tests against days, the newest day first; beside each test its trend.
fn table(record: &Record, labs: &[Lab], view: View) -> Markup {
    let mut days: Vec<&str> =
        labs.iter().flat_map(|lab| &lab.values).filter_map(|value| value.date.get(..10)).collect();
    days.sort_unstable_by(|a, b| b.cmp(a));
    days.dedup();
    let skip = view.skip.min(days.len().saturating_sub(1));
    let shown = &days[skip..days.len().min(skip + DAYS)];
    let rows: Vec<&Lab> = labs.iter().filter(|lab| shown.iter().any(|day| on(lab, day).is_some())).collect();
    let dates: Vec<String> = shown.iter().map(|day| format::date(day)).collect();
    let mut heads = vec![("Xét nghiệm", false), ("Tham chiếu", true)];
    heads.extend(dates.iter().map(|date| (date.as_str(), true)));
    heads.push(("Diễn biến", false));
    let drawn = Table { caption: "Kết quả theo ngày", heads: &heads, stack: false };
    let to = |skip: usize| format!("/nguoi/{}/ket-qua?tu={skip}", record.person);
    Card::new("ket-qua-bang", "Kết quả theo ngày")
        .aside(html! { (format::count(days.len())) " ngày, mọi cơ sở" })
        .flush(html! {
            @if rows.is_empty() { (state::empty_line("Chưa có kết quả xét nghiệm nào.")) }
            @else {
                (drawn.draw(html! { @for lab in &rows { (row(lab, shown)) } }, html! {}))
                p .more-row {
                    @if skip > 0 { a .btn href=(to(skip.saturating_sub(DAYS))) { "Mới hơn" } " " }
                    @if skip + DAYS < days.len() { a .btn href=(to(skip + DAYS)) { "Cũ hơn" } }
                }
            }
        })
}

/// The value of a test on a day.
fn on<'l>(lab: &'l Lab, day: &str) -> Option<&'l Measured> {
    lab.values.iter().find(|value| value.date.get(..10) == Some(day))
}

fn row(lab: &Lab, days: &[&str]) -> Markup {
    let range = lab.values.first().map(|value| value.range.as_str()).unwrap_or_default();
    html! {
        tr {
            th scope="row" { (lab.name) }
            td .num .muted { (range) }
            @for day in days {
                td .num { @if let Some(value) = on(lab, day) { (result::result(&value.value, &value.unit, value.flag)) } }
            }
            td { div .chart { (chart(lab)) } }
        }
    }
}

fn papers(record: &Record, own: &[Value]) -> Markup {
    let places = Places::of_all(own);
    let mut list: Vec<&Value> = own
        .iter()
        .filter(|one| matches!(read::kind(one), "DocumentReference" | "Composition" | "DiagnosticReport"))
        .collect();
    list.sort_by(|a, b| read::when(b).cmp(read::when(a)));
    let line = |one: &&Value| {
        let words = [read::words_at(one, "type"), read::words_at(one, "code"), title(one)];
        let words = words.into_iter().find(|words| !words.is_empty()).unwrap_or_else(|| "Tài liệu".into());
        html! {
            @match read::encounter(one) {
                Some(visit) => a href={ "/nguoi/" (record.person) "/luot/" (visit) } { (words) },
                None => span { (words) },
            }
            span .muted .nowrap { (format::date(read::when(one))) }
            span .sub { (format::facility_short(places.name(one))) }
        }
    };
    Card::new("tai-lieu", "Tài liệu, phiếu kết quả").aside(html! { (format::count(list.len())) }).flush(
        match list.as_slice() {
            [] => state::empty_line("Chưa có tài liệu nào."),
            list => html! {
                (card::rows(list.iter().take(DOCUMENTS).map(line)))
                @if list.len() > DOCUMENTS { (state::empty_line("Cũ hơn nữa xem trong từng lượt khám.")) }
            },
        },
    )
}

fn title(document: &Value) -> String {
    str_at(document, &["title"]).or_else(|| str_at(document, &["description"])).unwrap_or_default().to_owned()
}

fn kin(own: &[Value]) -> Markup {
    let of = |kind: &'static str| own.iter().filter(move |one| read::kind(one) == kind);
    let people: Vec<Markup> = of("RelatedPerson")
        .map(|one| {
            let name = items(one, "name")
                .find_map(yba_fhir::view::human_name)
                .unwrap_or_else(|| "Chưa rõ tên".into());
            let roles: Vec<String> = items(one, "relationship").map(read::words).collect();
            let phone = items(one, "telecom").find_map(|one| str_at(one, &["value"])).unwrap_or_default();
            html! { span { b { (name) } } span .muted { (phone) } span .sub { (roles.join(", ")) } }
        })
        .collect();
    let ills: Vec<Markup> = of("FamilyMemberHistory")
        .flat_map(|one| {
            let who = read::words_at(one, "relationship");
            items(one, "condition")
                .map(move |ill| html! { span { (read::words_at(ill, "code")) } span .muted { (who) } })
        })
        .collect();
    let empty = |words: &str, list: Vec<Markup>| match list.is_empty() {
        true => state::empty_line(words),
        false => card::rows(list.into_iter()),
    };
    card::column(html! {
        (Card::new("nguoi-than", "Người thân, người giám hộ").flush(empty("Chưa ghi người thân nào.", people)))
        (Card::new("benh-gia-dinh", "Bệnh trong gia đình").flush(empty("Chưa ghi bệnh nào trong gia đình.", ills)))
    })
}
