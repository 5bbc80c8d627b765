//! One visit in detail: what the facility's files say about it, and which files those are.

use super::drugs::{self, Prescribed};
use super::labs::{self, Measured};
use super::ranges::Ranges;
use super::read::{self, Places};
use super::timeline::Kind;
use yba_fhir::json::{JsonValueTrait, Value, at, items, number_text, str_at};

/// Everything the visit's page draws.
#[derive(Debug, Default)]
pub struct VisitPage {
    pub encounter: String,
    pub title: String,
    pub kind: &'static str,
    /// Words of the visit type of the claim, if any.
    pub sort: String,
    pub facility: String,
    pub start: String,
    pub end: String,
    pub number: String,
    pub outcome: String,
    /// Reason of coming, diagnosis on arrival, treatment, advice…: word and text.
    pub words: Vec<(&'static str, String)>,
    pub diagnoses: Vec<Diagnosis>,
    pub drugs: Vec<DrugLine>,
    pub services: Vec<Service>,
    pub results: Vec<ResultLine>,
    pub reports: Vec<Note>,
    pub costs: Option<Costs>,
    pub documents: Vec<Document>,
    pub sources: Vec<String>,
    pub versions: Vec<Version>,
    /// When this version was written, when it is not the current one: then only the encounter itself is shown.
    pub old: Option<String>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Diagnosis {
    pub words: String,
    /// The facility's own text.
    pub said: String,
    pub code: String,
    pub main: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub struct DrugLine {
    pub name: String,
    pub dose: String,
    pub quantity: String,
    /// Handed over without a prescription.
    pub unprescribed: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Service {
    pub name: String,
    pub when: String,
}

#[derive(Debug, Clone, PartialEq)]
pub struct ResultLine {
    pub name: String,
    pub value: Measured,
}

/// A paper or report of the visit: its title, and parts with their headings (which may be empty).
#[derive(Debug, Clone, PartialEq)]
pub struct Note {
    pub title: String,
    pub parts: Vec<(String, String)>,
}

/// A paper kept with the visit, and what it holds: a title and bytes of each part.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    pub title: String,
    pub parts: Vec<(String, usize)>,
}

/// The claim's lines and its total, decimal tokens in đồng.
#[derive(Debug, Clone, PartialEq)]
pub struct Costs {
    pub lines: Vec<CostLine>,
    pub total: String,
    /// Who pays how much, as the claim says.
    pub shares: Vec<(&'static str, String)>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct CostLine {
    pub name: String,
    pub quantity: String,
    pub price: String,
    pub net: String,
}

/// A version of the visit: a corrected file makes a new one.
#[derive(Debug, Clone, PartialEq)]
pub struct Version {
    pub id: String,
    pub at: String,
    pub current: bool,
    /// This one is on the page.
    pub shown: bool,
}

/// Builds the page from the person's resources; `None` when the encounter is not among them.
pub fn build(encounter: &str, resources: &[Value], ranges: &Ranges) -> Option<VisitPage> {
    let places = Places::of_all(resources);
    let own = resources.iter().find(|one| read::kind(one) == "Encounter" && read::id(one) == encounter)?;
    let kind = Kind::of_encounter(own);
    let mut page = VisitPage {
        encounter: encounter.to_string(),
        kind: kind.word(),
        sort: read::words_at(own, "type"),
        facility: places.name(own).to_string(),
        start: str_at(own, &["period", "start"]).unwrap_or("").to_string(),
        end: str_at(own, &["period", "end"]).unwrap_or("").to_string(),
        number: visit_number(own),
        words: words(own),
        outcome: at(own, &["hospitalization", "dischargeDisposition"]).map(read::words).unwrap_or_default(),
        ..VisitPage::default()
    };
    add_source(&mut page.sources, own);
    let of_visit =
        resources.iter().filter(|one| !read::is_void(one) && read::encounter(one) == Some(encounter));
    let of_visit: Vec<&Value> = of_visit.collect();
    for one in &of_visit {
        add(&mut page, own, one, ranges);
    }
    add_unprescribed(&mut page, &of_visit);
    page.diagnoses.sort_by_key(|diagnosis| !diagnosis.main);
    page.results.sort_by(|a, b| (&a.value.date, &a.name).cmp(&(&b.value.date, &b.name)));
    page.services.sort_by(|a, b| (&a.when, &a.name).cmp(&(&b.when, &b.name)));
    page.sources.sort();
    page.title = title(own, &page);
    Some(page)
}

fn title(own: &Value, page: &VisitPage) -> String {
    let reason = items(own, "reasonCode").next().map(read::words).unwrap_or_default();
    let main = page.diagnoses.first().map(|diagnosis| diagnosis.words.clone()).unwrap_or_default();
    [main, reason, page.sort.clone()]
        .into_iter()
        .find(|words| !words.is_empty())
        .unwrap_or_else(|| page.kind.to_string())
}

/// What the encounter says in words, in the order a reader asks.
fn words(own: &Value) -> Vec<(&'static str, String)> {
    let reasons: Vec<String> = items(own, "reasonCode").map(read::words).collect();
    let said = |slug| read::extension_words(own, slug);
    vec![
        ("Lý do đến", reasons.join("; ")),
        ("Chẩn đoán khi vào", said("chan-doan-vao")),
        ("Điều trị", said("pp-dieu-tri")),
        ("Kết quả điều trị", said("ket-qua-dtri")),
        ("Lời dặn", said("loi-dan")),
        ("Hẹn khám lại", yba_ui::format::date(&said("ngay-tai-kham"))),
    ]
}

fn visit_number(encounter: &Value) -> String {
    items(encounter, "identifier")
        .find(|one| str_at(one, &["system"]).is_some_and(|s| s.starts_with("https://yba.vn/fhir/sid/visit/")))
        .and_then(|one| str_at(one, &["value"]))
        .unwrap_or("")
        .to_string()
}

/// Drugs that were handed over and that no prescription of the visit names.
fn add_unprescribed(page: &mut VisitPage, of_visit: &[&Value]) {
    let of = |wanted: &str| of_visit.iter().copied().filter(|one| read::kind(one) == wanted).collect();
    let (requests, dispenses): (Vec<&Value>, Vec<&Value>) =
        (of("MedicationRequest"), of("MedicationDispense"));
    let prescribed = Prescribed::of(&requests);
    let alone = dispenses.into_iter().filter(|one| !prescribed.covers(one));
    page.drugs.extend(alone.map(|one| DrugLine { unprescribed: true, ..drug(one) }));
}

fn drug(one: &Value) -> DrugLine {
    DrugLine {
        name: read::words_at(one, "medicationCodeableConcept"),
        dose: drugs::dose(one),
        quantity: drugs::quantity(one),
        unprescribed: false,
    }
}

fn add(page: &mut VisitPage, own: &Value, one: &Value, ranges: &Ranges) {
    add_source(&mut page.sources, one);
    match read::kind(one) {
        "Condition" => page.diagnoses.push(diagnosis(own, one)),
        "MedicationRequest" => page.drugs.push(drug(one)),
        "ServiceRequest" => page.services.push(service(one)),
        "Procedure" if one.get("basedOn").is_none() => page.services.push(service(one)),
        "Observation" => {
            let measured = labs::measure(one, ranges).or_else(|| labs::pressure(one, ranges));
            page.results
                .extend(measured.map(|value| ResultLine { name: read::words_at(one, "code"), value }));
        }
        "DiagnosticReport" => page.reports.extend(report(one)),
        "Composition" => page.reports.extend(composition(one)),
        "DocumentReference" => page.documents.push(document(one)),
        "Claim" => page.costs = costs(one).or(page.costs.take()),
        _ => {}
    }
}

fn document(one: &Value) -> Document {
    let parts = items(one, "content").filter_map(|content| content.get("attachment")).map(|attachment| {
        let words = str_at(attachment, &["title"]).or_else(|| str_at(attachment, &["contentType"]));
        let size = attachment.get("size").and_then(|size| size.as_u64()).map(|size| size as usize);
        // Base64: four letters for three bytes.
        let kept =
            || str_at(attachment, &["data"]).map_or(0, |data| data.trim_end_matches('=').len() * 3 / 4);
        (words.unwrap_or("Phần không tên").to_string(), size.unwrap_or_else(kept))
    });
    let title = [str_at(one, &["description"]).unwrap_or("").to_string(), read::words_at(one, "type")];
    Document {
        title: title.into_iter().find(|words| !words.is_empty()).unwrap_or_else(|| "Tài liệu".to_string()),
        parts: parts.collect(),
    }
}

fn service(one: &Value) -> Service {
    Service { name: read::words_at(one, "code"), when: read::when(one).to_string() }
}

fn diagnosis(own: &Value, one: &Value) -> Diagnosis {
    let listed = items(own, "diagnosis").find(|d| {
        str_at(d, &["condition", "reference"]).and_then(yba_fhir::view::reference_target).map(|(_, id)| id)
            == Some(read::id(one))
    });
    let rank = listed.and_then(|d| d.get("rank")).and_then(|rank| rank.as_u64());
    let role = listed.and_then(|d| d.get("use")).and_then(read::code);
    let concept = one.get("code");
    Diagnosis {
        words: concept.map(read::diagnosis_words).unwrap_or_default(),
        said: concept.and_then(|c| str_at(c, &["text"])).unwrap_or("").to_string(),
        code: concept.and_then(|c| read::code_in(c, read::ICD_10)).unwrap_or("").to_string(),
        main: rank == Some(1) && role != Some("CM"),
    }
}

fn report(one: &Value) -> Option<Note> {
    let parts: Vec<(String, String)> = [
        ("Mô tả", read::extension_words(one, "mo-ta")),
        ("Kết luận", str_at(one, &["conclusion"]).unwrap_or("").trim().to_string()),
    ]
    .into_iter()
    .filter(|(_, text)| !text.is_empty())
    .map(|(word, text)| (word.to_string(), text))
    .collect();
    (!parts.is_empty()).then(|| Note { title: read::words_at(one, "code"), parts })
}

fn composition(one: &Value) -> Option<Note> {
    let parts: Vec<(String, String)> = items(one, "section")
        .map(|section| {
            let text = plain(str_at(section, &["text", "div"]).unwrap_or(""));
            (str_at(section, &["title"]).unwrap_or("").to_string(), text)
        })
        .filter(|(_, text)| !text.is_empty())
        .collect();
    let title = str_at(one, &["title"]).map_or_else(|| read::words_at(one, "type"), str::to_string);
    (!parts.is_empty()).then_some(Note { title, parts })
}

/// The words of a narrative: markup left out, paragraphs as lines, entities turned back, so that nothing
/// foreign is ever drawn.
fn plain(div: &str) -> String {
    let mut out = String::with_capacity(div.len());
    let mut rest = div;
    while let Some((text, tail)) = rest.split_once('<') {
        out.push_str(text);
        let Some((tag, after)) = tail.split_once('>') else { break };
        out.push(if tag == "/p" || tag.starts_with("br") { '\n' } else { ' ' });
        rest = after;
    }
    out.push_str(rest.split('<').next().unwrap_or(""));
    let text = out.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&#39;", "'");
    let text = text.replace("&amp;", "&");
    let lines = text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
    lines.filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}

fn costs(claim: &Value) -> Option<Costs> {
    let amount =
        |item: &Value, key: &str| at(item, &[key, "value"]).and_then(number_text).unwrap_or_default();
    let lines: Vec<CostLine> = items(claim, "item")
        .map(|item| CostLine {
            name: read::words_at(item, "productOrService"),
            quantity: item.get("quantity").and_then(read::value_of).unwrap_or_default(),
            price: amount(item, "unitPrice"),
            net: amount(item, "net"),
        })
        .collect();
    let total = at(claim, &["total", "value"]).and_then(number_text);
    // QĐ 4750, XML1: T_BHTT, T_BNCCT, T_BNTT, T_NGUONKHAC.
    let shares = [
        ("Quỹ BHYT trả", "t-bhtt"),
        ("Cùng chi trả", "t-bncct"),
        ("Tự trả", "t-bntt"),
        ("Nguồn khác", "t-nguonkhac"),
    ]
    .into_iter()
    .filter_map(|(word, slug)| Some((word, read::extension_money(claim, slug)?)))
    .collect();
    (total.is_some() || !lines.is_empty()).then(|| Costs { lines, total: total.unwrap_or_default(), shares })
}

fn add_source(sources: &mut Vec<String>, one: &Value) {
    if let Some(source) = str_at(one, &["meta", "source"]) {
        super::model::add_once(sources, &source_words(source));
    }
}

/// `urn:yba:bhyt:12001:<hash>#<visit>/XML2/3` → «Tệp BHYT của cơ sở 12001, dấu vân 3f2a91c07b5d, bảng XML2»;
/// other sources without their row.
pub fn source_words(source: &str) -> String {
    let (file, row) = source.split_once('#').unwrap_or((source, ""));
    let Some((facility, hash)) = file.strip_prefix("urn:yba:bhyt:").and_then(|rest| rest.split_once(':'))
    else {
        return file.to_string();
    };
    let table = row.split('/').nth(1).map(|table| format!(", bảng {table}")).unwrap_or_default();
    format!("Tệp BHYT của cơ sở {facility}, dấu vân {}{table}", hash.get(..12).unwrap_or(hash))
}
