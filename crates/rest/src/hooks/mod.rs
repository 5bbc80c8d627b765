//! CDS Hooks 2.0: the rules of content for other software, at the moment something is entered there. <https://cds-hooks.hl7.org/2.0/>
//!
//! `GET /cds-services` names the services, `POST /cds-services/{id}` asks one, `POST /cds-services/{id}/feedback` says what became of its
//! cards. All behind the guard of the API: a token, or nothing.
//!
//! The same rules and the same engine as the rooms' (`yba-rules`). What a rule needs comes with the question (`prefetch`); what does not
//! is read through the door when the question is about this node's own records (`fhirServer`), and else refused with 412, for a
//! rule that does not see what it needs would say by its silence that all is well. No other server is ever called.

mod asking;
mod card;
mod feedback;

pub use feedback::Feedback;

use crate::answer::{NO_SNIFF, NO_STORE, Refused};
use crate::api::Api;
use crate::asked::Asked;
use crate::body::Body;
use asking::Question;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use std::collections::BTreeMap;
use yba_care::advise;
use yba_fhir::json::{self, Array, Object, Value, json, str_at};
use yba_fhir::{Day, Kind, Outcome};
use yba_rules::{Case, Found, Moment, Search};

/// Where the services are.
pub const SERVICES: &str = "/cds-services";
/// Most bytes of a question: what it fetched beforehand is within.
pub const QUESTION_BYTES_MAX: usize = 8 << 20;
const JSON: HeaderValue = HeaderValue::from_static("application/json; charset=utf-8");

/// One service: a hook with the moment at which our rules are asked.
struct Service {
    id: &'static str,
    hook: &'static str,
    moment: Moment,
    title: &'static str,
    description: &'static str,
}

const EACH: [Service; 3] = [
    Service {
        id: "yba-patient-view",
        hook: "patient-view",
        moment: Moment::Open,
        title: "Y Bạ: khi mở hồ sơ",
        description: "Điều cần biết khi mở hồ sơ một người: dị ứng chưa hỏi, huyết áp vừa đo rất cao.",
    },
    Service {
        id: "yba-order-select",
        hook: "order-select",
        moment: Moment::Order,
        title: "Y Bạ: khi chọn thuốc",
        description: "Dị ứng, trùng thuốc, quá liều theo tuổi và cân nặng, thuốc tránh dùng ở tuổi này hoặc khi có thai, chống chỉ định vắc xin.",
    },
    Service {
        id: "yba-order-sign",
        hook: "order-sign",
        moment: Moment::Order,
        title: "Y Bạ: trước khi ký đơn",
        description: "Như khi chọn thuốc, cho cả đơn.",
    },
];

/// The addresses, to be put behind the guard.
pub(crate) fn routes() -> Router<Api> {
    Router::new()
        .route(SERVICES, get(services))
        .route("/cds-services/{id}", post(ask))
        .route("/cds-services/{id}/feedback", post(tell))
}

fn service(id: &str) -> Result<&'static Service, Outcome> {
    EACH.iter().find(|one| one.id == id).ok_or_else(|| {
        let text = "Không có dịch vụ nhắc việc này. Xem các dịch vụ ở /cds-services.";
        Outcome::new(Kind::NotFound, "cds-service", text, "no such CDS service")
    })
}

fn answered(tree: &Value) -> Response {
    let bytes = json::to_vec(tree).unwrap_or_default();
    let headers = [
        (header::CONTENT_TYPE, JSON),
        (header::CACHE_CONTROL, NO_STORE),
        (header::X_CONTENT_TYPE_OPTIONS, NO_SNIFF),
    ];
    (headers, bytes).into_response()
}

fn today(api: &Api) -> Day {
    Day::of_instant(api.records().store().clock().now_ms())
}

/// <https://cds-hooks.hl7.org/2.0/#discovery>
async fn services(State(api): State<Api>, asked: Asked) -> Result<Response, Refused> {
    asked.only_parameters(&[])?;
    let mut list = Array::new();
    for one in &EACH {
        let mut prefetch = Object::new();
        prefetch.insert(PATIENT, "Patient/{{context.patientId}}");
        for (name, search) in api.settings().rules.searches(one.moment, today(&api)) {
            prefetch.insert(name.as_str(), template(search).as_str());
        }
        list.push(json!({"id": one.id, "hook": one.hook, "title": one.title, "description": one.description,
            "prefetch": prefetch}));
    }
    Ok(answered(&json!({"services": list})))
}

/// The name under which the Patient is fetched beforehand.
const PATIENT: &str = "patient";

fn template(search: Search<'_>) -> String {
    format!("{}?{}", search.kind(), search.query("{{context.patientId}}"))
}

/// What stands in the address, by name: the router around this one names its rest as well.
type Named = BTreeMap<String, String>;

/// <https://cds-hooks.hl7.org/2.0/#calling-a-cds-service>
async fn ask(
    State(api): State<Api>,
    Path(named): Path<Named>,
    asked: Asked,
    body: Body,
) -> Result<Response, Refused> {
    let service = service(named.get("id").map_or("", String::as_str))?;
    asked.only_parameters(&[])?;
    let tree = body.json(QUESTION_BYTES_MAX)?;
    let question = Question::of(&tree, service.hook, &asked.base)?;
    // Whoever may not read the person asks no rules about them, whatever they fetched themselves.
    let own = if question.is_ours { vec![question.patient.to_owned()] } else { Vec::new() };
    api.records().audit_view(&asked.ctx, "cds-hooks", &own).await?;
    let patient = patient(&api, &asked, &question).await?;
    let (entered, beside) = question.entered();
    let now_ms = api.records().store().clock().now_ms();
    let case = Case { moment: service.moment, now_ms, patient: &patient, entered: &entered, beside: &beside };
    let found = found(&api, &asked, &question, &case).await?;
    let verdict = api.settings().rules.judge(&case, &found);
    for fault in &verdict.faults {
        eprintln!("yba: rule {} broke: {}", fault.rule, fault.text);
    }
    Ok(answered(&json!({"cards": card::cards(&verdict, question.instance)})))
}

/// The Patient, as it was fetched, or of our own records.
async fn patient(api: &Api, asked: &Asked, question: &Question<'_>) -> Result<Value, Outcome> {
    if let Some(tree) = question.resource(PATIENT)? {
        return Ok(tree);
    }
    if question.is_ours {
        return Ok(api.records().read(&asked.ctx, "Patient", question.patient).await?.tree());
    }
    Err(missing(&[PATIENT.to_owned()]))
}

/// What the rules need of the record: fetched beforehand, or of our own records.
async fn found(api: &Api, asked: &Asked, question: &Question<'_>, case: &Case<'_>) -> Result<Found, Outcome> {
    let rules = &api.settings().rules;
    let names = rules.searches(case.moment, case.today());
    let (mut found, mut lacking, mut kin) = (Found::default(), Vec::new(), None);
    for search in rules.wanted(case) {
        let name = names.iter().find(|(_, one)| **one == search).map_or("", |(name, _)| name.as_str());
        if let Some(records) = question.list(name)? {
            found.answer(search.text, records);
            continue;
        }
        if !question.is_ours {
            lacking.push(name.to_owned());
            continue;
        }
        if kin.is_none() {
            kin = Some(api.records().store().kin_of(question.patient).await?.join(","));
        }
        advise::answer(api.records(), &asked.ctx, search, kin.as_deref().unwrap_or_default(), &mut found)
            .await;
    }
    if lacking.is_empty() { Ok(found) } else { Err(missing(&lacking)) }
}

/// <https://cds-hooks.hl7.org/2.0/#http-status-codes>
fn missing(names: &[String]) -> Outcome {
    let text = format!(
        "Thiếu dữ liệu để nhắc: hãy gửi kèm (prefetch) {}, hoặc ghi fhirServer là máy chủ này.",
        names.join(", ")
    );
    let detail = format!("prefetch is missing: {}", names.join(", "));
    Outcome::new(Kind::Precondition, "cds-prefetch", text, detail)
}

/// <https://cds-hooks.hl7.org/2.0/#feedback>
async fn tell(
    State(api): State<Api>,
    Path(named): Path<Named>,
    asked: Asked,
    body: Body,
) -> Result<Response, Refused> {
    let service = service(named.get("id").map_or("", String::as_str))?;
    asked.only_parameters(&[])?;
    let tree = body.json(FEEDBACK_BYTES_MAX)?;
    let told = feedback::told(&tree, &api.settings().rules)?;
    api.records().audit_view(&asked.ctx, "cds-feedback", &[]).await?;
    api.settings().feedback.count(service.id, &told);
    Ok((StatusCode::OK, [(header::CACHE_CONTROL, NO_STORE)]).into_response())
}

const FEEDBACK_BYTES_MAX: usize = 256 << 10;

/// A text member that must be there.
fn text<'t>(tree: &'t Value, path: &[&str]) -> Result<&'t str, Outcome> {
    str_at(tree, path)
        .filter(|text| !text.is_empty() && text.len() <= 1000)
        .ok_or_else(|| wrong(&path.join(".")))
}

fn wrong(what: &str) -> Outcome {
    let text = format!("Câu hỏi CDS Hooks thiếu hoặc sai “{what}”.");
    Outcome::invalid("cds-request", text, format!("{what} is missing or wrong")).at(what)
}
