//! Small procedures at a visit of today: what was done, one more in three actions, and back.

use super::model::Seen;
use super::{Desk, VISITS, back, refused_if};
use crate::{Station, answered, own_facility};
use axum::extract::{Form, Path};
use axum::response::Response;
use maud::{Markup, html};
use yba_care::procedure::{self, Draft, NOTE_MAX};
use yba_content::CodeList;
use yba_fhir::Outcome;
use yba_fhir::json::Value;
use yba_fhir::resource::is_id;
use yba_records::{Query, Version};
use yba_ui::card;
use yba_ui::form::{self, Field, Sort, hidden};
use yba_web::{Asking, error};

/// What was typed and is refused, with the sentences beside the fields.
#[derive(Default)]
pub(super) struct Typed {
    visit: String,
    code: String,
    note: String,
    wrong_code: Option<String>,
    wrong_note: Option<String>,
}

/// What the parts of the page need.
pub(super) struct Shown<'a> {
    pub list: Option<&'a CodeList>,
    /// A fresh id for the form.
    pub form: &'a str,
    pub typed: &'a Typed,
    pub may: bool,
}

/// The procedures of a visit, and the form for one more.
pub(super) fn of(shown: &Shown, patient: &str, seen: &Seen) -> Markup {
    let is_typed = shown.typed.visit == seen.visit;
    let typed = |text: &'_ str| if is_typed { text.to_owned() } else { String::new() };
    // There may be several visits on one page.
    let own = |id: &str| format!("{id}-{}", seen.visit);
    html! {
        @for one in &seen.procedures {
            p { "Thủ thuật: " b { (one.words) } @if !one.by.is_empty() { span .muted { " · " (one.by) } } }
            details .no-print {
                summary { "Ghi nhầm thủ thuật này?" }
                form method="post" action={ (VISITS) "/" (patient) "/rut-thu-thuat" } {
                    (hidden("kham", &seen.visit)) (hidden("muc", &one.id))
                    button .btn.danger type="submit" { "Rút thủ thuật" }
                }
            }
        }
        @if let Some(list) = shown.list.filter(|_| shown.may) {
            @let words: Vec<(&str, &str)> = list.codes.iter().map(|one| (one.code.as_str(), one.title.as_str())).collect();
            details .no-print open[is_typed] {
                summary { "Ghi thủ thuật" }
                form .form.two method="post" action={ (VISITS) "/" (patient) "/thu-thuat" } {
                    (hidden("phieu", shown.form)) (hidden("kham", &seen.visit))
                    (form::choice(&own("ma"), "Thủ thuật", &words, &typed(&shown.typed.code), shown.typed.wrong_code.as_deref().filter(|_| is_typed)))
                    (form::field(&Field::new(&own("ghi-chu"), "Ghi chú", Sort::Text).value(&typed(&shown.typed.note)).optional().hint("Vị trí, thuốc tiêm, số mũi khâu").error(shown.typed.wrong_note.as_deref().filter(|_| is_typed))))
                    (card::main_button("Ghi vào lần khám", None))
                }
                p .hint { (list.title) ": danh sách do Y Bạ lập, chưa nối với mã dịch vụ kỹ thuật." }
            }
        }
    }
}

fn said<'f>(fields: &'f [(String, String)], name: &str) -> &'f str {
    let of = |key: &str| key == name || key.strip_prefix(name).is_some_and(|rest| rest.starts_with("-lk-"));
    fields.iter().find(|(key, _)| of(key)).map_or("", |(_, value)| value.as_str())
}

/// The visit of today that a form names, with its diagnoses. Refuses what is none of this person and day.
async fn visit(desk: &Desk<'_>, open: &super::Open, id: &str) -> Result<(Value, Vec<Value>), Outcome> {
    if !open.seen.iter().any(|one| one.visit == id) {
        return Err(error::not_found());
    }
    let (records, ctx) = (&desk.station.records, desk.ctx);
    let visit = records.read(ctx, "Encounter", id).await?.tree();
    let query = Query::parse_string("Condition", &format!("encounter=Encounter/{id}&_count=50"))?;
    let found = records.search(ctx, &query, None).await?;
    let diagnoses = found.matches.iter().map(Version::tree).filter(yba_recall::chronic::holds);
    Ok((visit, diagnoses.collect()))
}

pub(super) async fn write(
    Asking { room: station, ctx, id }: Asking<Station>,
    Path(patient): Path<String>,
    Form(fields): Form<Vec<(String, String)>>,
) -> Response {
    let written = async {
        let desk = Desk { station: &station, ctx: &ctx, id: &id };
        let mut open = desk.open(&patient).await?;
        let (visit, diagnoses) = visit(&desk, &open, said(&fields, "kham")).await?;
        let list =
            station.content.code_list(procedure::LIST, station.today()).ok_or_else(error::not_found)?;
        let (facility, by) = (own_facility(), yba_web::visit::name());
        let brought = said(&fields, "phieu");
        let form = if is_id(brought) { brought.to_owned() } else { station.records.fresh_id() };
        let draft = Draft {
            patient: &patient,
            visit: &visit,
            diagnoses: &diagnoses,
            code: said(&fields, "ma"),
            note: said(&fields, "ghi-chu"),
            facility: facility.as_deref(),
            by: by.as_deref(),
            form: &form,
            now_ms: station.records.store().clock().now_ms(),
        };
        match procedure::place(&station.records, &ctx, list, &draft).await {
            Ok(()) => Ok(back(&patient, "thu-thuat")),
            Err(outcome) => {
                let issue = outcome.issues.first();
                let at = |field: &str| {
                    let own = issue.filter(|issue| issue.path.as_deref() == Some(field));
                    own.map(|issue| issue.text.clone())
                };
                open.typed = Typed {
                    visit: said(&fields, "kham").to_owned(),
                    code: draft.code.to_owned(),
                    note: draft.note.chars().take(2 * NOTE_MAX).collect(),
                    wrong_code: at("code"),
                    wrong_note: at("note"),
                };
                let beside = open.typed.wrong_code.is_some() || open.typed.wrong_note.is_some();
                let note = if beside { None } else { Some(&outcome) };
                Ok(refused_if(beside, desk.drawn(&open, None, Default::default(), note)))
            }
        }
    };
    answered(&station, &id, written).await
}

pub(super) async fn take_back(
    Asking { room: station, ctx, id }: Asking<Station>,
    Path(patient): Path<String>,
    Form(fields): Form<Vec<(String, String)>>,
) -> Response {
    let taken = async {
        let desk = Desk { station: &station, ctx: &ctx, id: &id };
        let open = desk.open(&patient).await?;
        let (visit, _) = visit(&desk, &open, said(&fields, "kham")).await?;
        let own = own_facility();
        procedure::take_back(&station.records, &ctx, &visit, own.as_deref(), said(&fields, "muc")).await?;
        Ok(back(&patient, "rut-thu-thuat"))
    };
    answered(&station, &id, taken).await
}
