//! Registers, reports and filled-in forms on their way out of the program: PDF, workbook, XML. What may be seen on a page may
//! be taken along by the same right; rows with names leave a line of their own in the trail.

pub(crate) mod sheet;

use crate::reports::Asked;
use crate::{Station, answered};
use axum::Router;
use axum::extract::{Path, RawQuery};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use yba_fhir::json::{JsonValueMutTrait, Value, items, str_at, to_string};
use yba_fhir::{Kind, Outcome};
use yba_print::paper::{LINES_MAX, Place, SET_MAX, Said};
use yba_print::{Library, Paper, Printer, paper, workbook, xml};
use yba_records::Ctx;
use yba_report::{Period, Register, closing, listing};
use yba_web::headers::never_store;
use yba_web::{Asking, error};

/// What prints: the sheets of content, where they are set, and the months that are being put together.
#[derive(Clone)]
pub struct Prints {
    pub library: Library,
    pub printer: Printer,
    pub(crate) months: crate::month_end::Jobs,
}

impl Prints {
    pub fn new(library: Library, printer: Printer) -> Prints {
        Prints { library, printer, months: Default::default() }
    }
}

pub(crate) fn routes() -> Router<Station> {
    Router::new()
        .route("/bao-cao/{slug}/{file}", get(report_file))
        .route("/phieu/{id}/in", get(sheet::printed))
}

/// What a paper is written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    Pdf,
    Xlsx,
    Xml,
}

impl Shape {
    pub const ALL: [Shape; 3] = [Shape::Pdf, Shape::Xlsx, Shape::Xml];

    /// By the last part of an address.
    pub fn named(file: &str) -> Option<Shape> {
        match file {
            "in" => Some(Shape::Pdf),
            "xlsx" => Some(Shape::Xlsx),
            "xml" => Some(Shape::Xml),
            _ => None,
        }
    }

    pub fn ending(self) -> &'static str {
        match self {
            Shape::Pdf => "pdf",
            Shape::Xlsx => "xlsx",
            Shape::Xml => "xml",
        }
    }

    fn media_type(self) -> &'static str {
        match self {
            Shape::Pdf => "application/pdf",
            Shape::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Shape::Xml => "application/xml",
        }
    }
}

/// A paper in a shape.
pub(crate) async fn shaped(station: &Station, paper: Paper, shape: Shape) -> Result<Vec<u8>, Outcome> {
    let prints = &station.prints;
    match shape {
        Shape::Pdf => {
            if paper.lines.len() > SET_MAX {
                let text =
                    format!("Sổ có hơn {SET_MAX} dòng trong kỳ này nên chưa in một lần được. Hãy tải XLSX.");
                return Err(Outcome::new(
                    Kind::Unprocessable,
                    "print-large",
                    text,
                    "too many lines for pages",
                ));
            }
            let now_ms = station.records.store().clock().now_ms();
            let job = prints.library.job_of(&paper, now_ms).ok_or_else(|| {
                let text = "Kỳ này chưa có mẫu in nào áp dụng.";
                Outcome::new(Kind::NotFound, "print-edition", text, "no printed sheet for the period")
            })?;
            prints.printer.print(job).await
        }
        Shape::Xlsx => workbook::write(&paper),
        Shape::Xml => Ok(xml::write(&paper)),
    }
}

/// A file as an answer: a PDF is opened, anything else kept.
pub(crate) fn answer(name: &str, shape: Shape, bytes: Vec<u8>) -> Response {
    let how = if shape == Shape::Pdf { "inline" } else { "attachment" };
    file(&format!("{how}; filename=\"{name}.{}\"", shape.ending()), shape.media_type(), bytes)
}

/// A file that nobody on the way may keep.
pub(crate) fn file(disposition: &str, media_type: &str, bytes: Vec<u8>) -> Response {
    let headers = [(header::CONTENT_TYPE, media_type), (header::CONTENT_DISPOSITION, disposition)];
    let mut response = (headers, bytes).into_response();
    never_store(&mut response);
    response
}

/// Whose paper it is: the facility, what is above it and where it stands, as far as the reader may see them.
pub(crate) async fn place(station: &Station, ctx: &Ctx, facility: Option<&str>) -> Place {
    let Some(id) = facility else { return Place::default() };
    let nameless = || Place { id: id.to_owned(), ..Place::default() };
    let Ok(found) = station.records.read(ctx, "Organization", id).await else { return nameless() };
    let tree = found.tree();
    let mut above = str_at(&tree, &["partOf", "display"]).unwrap_or_default().to_owned();
    let parent = str_at(&tree, &["partOf", "reference"]).and_then(|one| one.strip_prefix("Organization/"));
    if let (true, Some(parent)) = (above.is_empty(), parent)
        && let Ok(parent) = station.records.read(ctx, "Organization", parent).await
    {
        above = str_at(&parent.tree(), &["name"]).unwrap_or_default().to_owned();
    }
    let name = str_at(&tree, &["name"]).unwrap_or_default().to_owned();
    Place { name, above, town: town(&tree), ..nameless() }
}

/// A Patient with what the codes of lists are called (people, jobs), where the record has the code alone.
pub(crate) fn in_words(station: &Station, patient: &Value) -> Value {
    let (mut tree, terminology) = (patient.clone(), station.records.terminology_now());
    let word = |coding: &Value| {
        let (system, code) = (str_at(coding, &["system"])?, str_at(coding, &["code"])?);
        let table = terminology.code_system(system, None, station.today())?.table();
        table.find(code).map(|at| table.display(at).to_owned())
    };
    let said = tree.get_mut("extension").and_then(|all| all.as_array_mut());
    for coding in said.into_iter().flat_map(|all| all.iter_mut()).filter_map(|one| one.get_mut("valueCoding"))
    {
        if str_at(coding, &["display"]).is_none()
            && let Some(word) = word(coding)
            && let Some(object) = coding.as_object_mut()
        {
            object.insert("display", Value::from(word.as_str()));
        }
    }
    tree
}

/// `Bản Bo` of «xã Bản Bo, tỉnh Lai Châu»; empty when the address does not begin with a commune.
fn town(organization: &Value) -> String {
    let address = items(organization, "address").find_map(|one| str_at(one, &["text"])).unwrap_or_default();
    let first = address.split(',').next().unwrap_or_default().trim();
    let kinds = ["xã ", "phường ", "thị trấn ", "đặc khu "];
    let short = kinds.iter().find_map(|kind| first.strip_prefix(kind));
    short.unwrap_or_default().to_owned()
}

/// A report of a period: what was closed when it was, else what the record says now.
pub(crate) async fn report(station: &Station, ctx: &Ctx, asked: &Asked) -> Result<Paper, Outcome> {
    let facility = asked.facility.as_deref();
    let standing = closing::standing(&station.records, ctx, &asked.report, asked.period, facility).await?;
    let basis = station.prints.library.basis(&asked.report.about.basis);
    let said = Said { place: place(station, ctx, facility).await, basis, period: asked.period, rows: &[] };
    Ok(paper::report(&asked.report, &standing, said))
}

/// A register of a period, with the people in it.
pub(crate) async fn register(
    station: &Station,
    ctx: &Ctx,
    register: &Register,
    period: Period,
    facility: Option<&str>,
) -> Result<Paper, Outcome> {
    let days = (period.first(), period.last());
    let rows = listing::whole(&station.records, ctx, register, facility, days, LINES_MAX).await?;
    let basis = station.prints.library.basis(&register.about.basis);
    let said = Said { place: place(station, ctx, facility).await, basis, period, rows: &rows };
    Ok(paper::register(register, said))
}

async fn report_file(
    Asking { room: station, ctx, id }: Asking<Station>,
    Path((slug, name)): Path<(String, String)>,
    RawQuery(query): RawQuery,
) -> Response {
    let made = async {
        let asked = Asked::of(&station, &slug, query.as_deref())?;
        if name == "fhir" {
            return closed_as_fhir(&station, &ctx, &asked).await;
        }
        let shape = Shape::named(&name).ok_or_else(error::not_found)?;
        let paper = report(&station, &ctx, &asked).await?;
        let name = paper.file_name();
        Ok(answer(&name, shape, shaped(&station, paper, shape).await?))
    };
    answered(&station, &id, made).await
}

/// What was closed, as the MeasureReport that it is kept as.
async fn closed_as_fhir(station: &Station, ctx: &Ctx, asked: &Asked) -> Result<Response, Outcome> {
    let (records, facility) = (&station.records, asked.facility.as_deref());
    let closed = closing::closed(records, ctx, &asked.report, asked.period, facility).await?;
    let closed = closed.ok_or_else(error::not_found)?;
    let version = records.read(ctx, "MeasureReport", &closed.id).await?;
    let bytes = to_string(&version.tree()).unwrap_or_default().into_bytes();
    let name = format!("attachment; filename=\"{}-{}.json\"", asked.report.slug, asked.period);
    Ok(file(&name, "application/fhir+json", bytes))
}
