//! The room's pages over invented people, without a store: for looking at them in a browser.
//!
//! `cargo run -p yba-hospital --example look`, then <http://127.0.0.1:8099/>.

use axum::Router;
use axum::extract::{Form, Path, Query};
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::{get, post};
use std::collections::HashMap;
use std::sync::LazyLock;
use yba_content::Content;
use yba_fhir::Outcome;
use yba_fhir::json::Value;
use yba_hospital::find::model::Person;
use yba_hospital::find::page::{Answer, found, page as find_page};
use yba_hospital::people::People;
use yba_hospital::record::model::{Basis, LinkReason, Record, build};
use yba_hospital::record::older::Older;
use yba_hospital::record::ranges::Ranges;
use yba_hospital::record::{page, read, timeline, visit, visit_page};
use yba_web::{Page, RequestId, Site, SiteSettings, error, headers, shell};

#[path = "../tests/data/sample.rs"]
mod sample;

static CONTENT: LazyLock<Content> = LazyLock::new(Content::built_in);

#[tokio::main]
async fn main() {
    let site = Site::new(
        SiteSettings {
            open: true,
            node: "Kho hồ sơ tỉnh Lai Châu".into(),
            source_url: "https://yba.vn/source".into(),
            version: "0.1.0".into(),
            who: Some("Quản trị thử".into()),
            run: "look".into(),
            gallery: true,
        },
        vec![yba_hospital::menu()],
    );
    let (home, search, person, one) = (site.clone(), site.clone(), site.clone(), site.clone());
    let rooms = Router::new()
        .route(
            "/",
            get(move || async move {
                home.page(
                    &Page::new("Tìm người", find_page(&Answer::Start, sample::TODAY)).here("/").own_search(),
                )
            }),
        )
        .route(
            "/tim",
            post(move |headers: HeaderMap, Form(form): Form<HashMap<String, String>>| async move {
                answer(&search, &headers, &form)
            }),
        )
        .route(
            "/nguoi/{id}",
            get(
                move |Path(id): Path<String>,
                      Query(query): Query<HashMap<String, String>>,
                      headers: HeaderMap| async move {
                    record_page(&person, &id, &query, &headers)
                },
            ),
        )
        .route(
            "/nguoi/{id}/luot/{visit}",
            get(move |Path((id, visit)): Path<(String, String)>| async move { visit_of(&one, &id, &visit) }),
        );
    let listener = tokio::net::TcpListener::bind("127.0.0.1:8099").await.expect("port 8099 is free");
    println!("http://127.0.0.1:8099/");
    axum::serve(listener, shell(site, rooms)).await.expect("serving does not end by itself");
}

fn resources(id: &str) -> Vec<Value> {
    match id {
        "dai" => sample::frequent(500),
        "trong" => Vec::new(),
        _ => sample::person(),
    }
}

fn record(id: &str, resources: &[Value], view: timeline::View) -> Record {
    let link = |patient: &str, words: &str| LinkReason { patient: patient.into(), words: words.into() };
    let links = [
        link("p2", "Cùng số định danh, cùng giới tính và ngày sinh"),
        link("p3", "Cùng thẻ BHYT, cùng giới tính, năm sinh khớp"),
    ];
    let basis = Basis {
        person: id,
        today: sample::TODAY,
        links: &links,
        content: &CONTENT,
        view,
        older: &Older::default(),
    };
    build(&basis, resources)
}

fn record_page(site: &Site, id: &str, query: &HashMap<String, String>, headers: &HeaderMap) -> Response {
    if id == "loi" {
        return error::page(site, &Outcome::fault("sample fault"), &RequestId("look-000042".into()));
    }
    let all = resources(id);
    let started = std::time::Instant::now();
    let view = timeline::View {
        kind: query.get("loai").and_then(|slug| timeline::Kind::from_slug(slug)),
        skip: query.get("tu").and_then(|n| n.parse().ok()).unwrap_or(0),
        ..timeline::View::default()
    };
    let record = record(id, &all, view);
    let response = if headers::wants_fragment(headers, "them") {
        site.fragment(&page::events(id, &record.history))
    } else if headers::wants_fragment(headers, "dien-tien") {
        site.fragment(&page::history(id, &record.history))
    } else {
        site.page(&Page::new(format!("Hồ sơ {}", record.who.name), page::page(&record)))
    };
    eprintln!("{} resources, {:?}", all.len(), started.elapsed());
    response
}

fn visit_of(site: &Site, id: &str, encounter: &str) -> Response {
    let all = resources(id);
    let version = |id: &str, at: &str, current| visit::Version {
        id: id.into(),
        at: at.into(),
        current,
        shown: current,
    };
    let versions = vec![
        version("k3x9-18", "2026-11-12T09:10:00+07:00", true),
        version("k3x9-4", "2026-11-10T21:00:00+07:00", false),
    ];
    let patients: Vec<&Value> = all.iter().filter(|one| read::kind(one) == "Patient").collect();
    match visit::build(encounter, &all, &Ranges::of(&CONTENT, &patients)) {
        Some(built) => {
            let built = visit::VisitPage { versions, ..built };
            let record = record(id, &all, timeline::View::default());
            site.page(&Page::new(built.title.clone(), visit_page::page(&record, &built)))
        }
        None => error::page(site, &error::not_found(), &RequestId("look-000001".into())),
    }
}

fn answer(site: &Site, headers: &HeaderMap, form: &HashMap<String, String>) -> Response {
    let query = form.get("q").map(|q| q.trim()).unwrap_or("");
    let person = |id: &str, name: &str, birth: &str, commune: &str, facilities| Person {
        id: id.into(),
        name: name.into(),
        birth: birth.into(),
        sex: "female".into(),
        commune: commune.into(),
        numbers: vec![("Số định danh".into(), "012168004821".into())],
        insured_until: Some("2026-12-31".into()),
        facilities,
        ..Person::default()
    };
    let people = vec![
        person("ngan", "Nguyễn Thị Thanh Hương", "1968-03-14", "Xã Bản Bo, tỉnh Lai Châu", 3),
        person(
            "dai",
            "Hồ Sín Chứ Phùng Lò Mé Xá Pờ Sào Mỉn Nguyễn Hương",
            "1951",
            "Xã Mù Cả, tỉnh Lai Châu",
            3,
        ),
        person("trong", "Lò Thị Hương", "1990-01-02", "Phường Tân Phong, tỉnh Lai Châu", 1),
    ];
    let (nobody, found_people) = (People::default(), People { people, ..People::default() });
    let answer = match query {
        q if q.chars().count() < 2 => Answer::TooShort(q),
        "xyz" => Answer::People(query, nobody),
        "loi" => {
            Answer::Failed(query, error::note(&Outcome::fault("sample"), &RequestId("look-000007".into())))
        }
        q => Answer::People(q, found_people),
    };
    match headers::wants_fragment(headers, "ket-qua") {
        true => site.fragment(&found(&answer, sample::TODAY)),
        false => site.page(&Page::new("Tìm người", find_page(&answer, sample::TODAY)).here("/").own_search()),
    }
}
