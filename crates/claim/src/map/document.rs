//! Composition, referral and appointment: the papers of a visit (XML5, XML7, XML8, XML13, XML14), and a
//! DocumentReference that keeps what is not mapped, word for word.
//! <https://hl7.org/fhir/R4/composition.html>

use super::Scene;
use super::build::{LOINC, Tree, coding, concept, identifier, reference, sid, system};
use crate::table::Row;
use crate::value::Moment;
use crate::xml::escape;
use base64::Engine;
use std::fmt::Write;
use yba_fhir::json::{Value, json};

/// A paper: part, slug and title, LOINC, the day column, and its sections (column and heading).
struct Paper {
    part: &'static str,
    slug: &'static str,
    title: &'static str,
    loinc: &'static str,
    day: &'static str,
    author: &'static str,
    sections: &'static [(&'static str, &'static str)],
}

const PAPERS: &[Paper] = &[
    Paper {
        part: "XML7",
        slug: "giay-ra-vien",
        title: "Giấy ra viện",
        loinc: "18842-5",
        day: "NGAY_CT",
        author: "MA_BS",
        sections: &[
            ("CHAN_DOAN_RV", "Chẩn đoán"),
            ("PP_DIEUTRI", "Phương pháp điều trị"),
            ("GHI_CHU", "Ghi chú"),
        ],
    },
    Paper {
        part: "XML8",
        slug: "tom-tat-ho-so-benh-an",
        title: "Tóm tắt hồ sơ bệnh án",
        loinc: "34133-9",
        day: "NGAY_CT",
        author: "",
        sections: &[
            ("CHAN_DOAN_VAO", "Chẩn đoán lúc vào viện"),
            ("CHAN_DOAN_RV", "Chẩn đoán lúc ra viện"),
            ("QT_BENHLY", "Quá trình bệnh lý và diễn biến lâm sàng"),
            ("TOMTAT_KQ", "Tóm tắt kết quả cận lâm sàng"),
            ("PP_DIEUTRI", "Phương pháp điều trị"),
            ("GHI_CHU", "Ghi chú"),
        ],
    },
    Paper {
        part: "XML13",
        slug: "giay-chuyen-tuyen",
        title: "Giấy chuyển cơ sở khám bệnh, chữa bệnh",
        loinc: "57133-1",
        day: "NGAY_RA",
        author: "MA_BAC_SI",
        sections: &[
            ("DAU_HIEU_LS", "Dấu hiệu lâm sàng"),
            ("QT_BENHLY", "Quá trình bệnh lý và diễn biến lâm sàng"),
            ("TOMTAT_KQ", "Kết quả xét nghiệm, cận lâm sàng"),
            ("TEN_DICH_VU", "Dịch vụ kỹ thuật đã làm"),
            ("TEN_THUOC", "Thuốc đã dùng"),
            ("PP_DIEUTRI", "Phương pháp điều trị"),
            ("PP_DIEU_TRI", "Phương pháp điều trị đã áp dụng"),
            ("TINH_TRANG_CT", "Tình trạng người bệnh lúc chuyển"),
            ("HUONG_DIEU_TRI", "Hướng điều trị"),
        ],
    },
];

pub(crate) fn map(scene: &Scene<'_, '_>, own: &mut Vec<Value>) {
    progress(scene, own);
    for paper in PAPERS {
        for row in scene.visit.rows(paper.part) {
            own.push(composition(scene, paper, row));
        }
    }
    scene.visit.rows("XML13").iter().for_each(|row| own.push(referral(scene, row)));
    scene.visit.rows("XML14").iter().for_each(|row| own.push(appointment(scene, row)));
}

fn head(scene: &Scene<'_, '_>, paper: (&str, &str, &str), part: &str, row: u32) -> Tree {
    let (slug, title, loinc) = paper;
    let id = scene.id("composition", &format!("{slug}#{row}"));
    let mut composition = Tree::resource("Composition", &id, &scene.source(part, row));
    composition.put("status", "final");
    let codings = vec![coding(LOINC, loinc, Some(title)), coding(&system("loai-giay-to"), slug, Some(title))];
    composition.put("type", concept(codings, Some(title)));
    composition.put("subject", scene.subject());
    composition.put("encounter", scene.encounter());
    composition
}

/// The author of a paper is who signed it; where the file names nobody, the facility.
fn authors(scene: &Scene<'_, '_>, people: Vec<Value>) -> Vec<Value> {
    if people.is_empty() { vec![scene.facility()] } else { people }
}

fn composition(scene: &Scene<'_, '_>, paper: &Paper, row: &Row<'_>) -> Value {
    let mut composition = head(scene, (paper.slug, paper.title, paper.loinc), paper.part, row.number);
    let day = row.moment(paper.day).unwrap_or(scene.ended);
    composition.put("date", day.date_time().as_str());
    composition.put_all("author", authors(scene, scene.practitioners(row, paper.author)));
    composition.put("title", paper.title);
    if let Some(number) = row.text("MA_TTDV") {
        let signer =
            super::build::reference_by(&sid("bhxh"), number, "Người đứng đầu cơ sở hoặc người được ủy quyền");
        composition.put("attester", json!([{"mode": "legal", "party": signer}]));
    }
    composition.put("custodian", scene.facility());
    let sections =
        paper.sections.iter().filter_map(|(column, heading)| Some(section(heading, row.text(column)?)));
    composition.put_all("section", sections.collect());
    composition.finish()
}

fn section(heading: &str, text: &str) -> Value {
    json!({"title": heading, "text": {"status": "generated", "div": xhtml(text).as_str()}})
}

/// A narrative: plain paragraphs. <https://hl7.org/fhir/R4/narrative.html>
fn xhtml(text: &str) -> String {
    let mut div = String::from("<div xmlns=\"http://www.w3.org/1999/xhtml\">");
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        div.push_str("<p>");
        escape(line, &mut div);
        div.push_str("</p>");
    }
    div.push_str("</div>");
    div
}

/// The clinical progress of XML5: one paper for the visit, a section for each entry.
fn progress(scene: &Scene<'_, '_>, own: &mut Vec<Value>) {
    const PARTS: &[(&str, &str)] = &[
        ("DIEN_BIEN_LS", ""),
        ("GIAI_DOAN_BENH", "Giai đoạn bệnh: "),
        ("HOI_CHAN", "Hội chẩn: "),
        ("PHAU_THUAT", "Phẫu thuật, thủ thuật: "),
    ];
    let rows = scene.visit.rows("XML5");
    let Some(first) = rows.first() else { return };
    let title = "Diễn biến lâm sàng";
    let mut composition = head(scene, ("dien-bien-lam-sang", title, "11506-3"), "XML5", first.number);
    let mut people: Vec<Value> = Vec::new();
    let mut sections = Vec::new();
    for row in rows {
        let mut text = String::new();
        for (column, heading) in PARTS {
            if let Some(words) = row.text(column) {
                let _ = writeln!(text, "{heading}{words}");
            }
        }
        let mut one = Tree::new();
        if let Some(at) = row.moment("THOI_DIEM_DBLS") {
            one.put("title", shown(at).as_str());
        }
        let authors = scene.practitioners(row, "NGUOI_THUC_HIEN");
        people.extend(authors.iter().filter(|author| !people.contains(author)).cloned().collect::<Vec<_>>());
        one.put_all("author", authors);
        if text.trim().is_empty() {
            // A section must say something: <https://hl7.org/fhir/R4/composition.html#invs>, cmp-1.
            text.push_str("Không ghi nội dung.");
        }
        one.put("text", json!({"status": "generated", "div": xhtml(&text).as_str()}));
        sections.push(one.finish());
    }
    composition.put("date", scene.ended.date_time().as_str());
    composition.put_all("author", authors(scene, people));
    composition.put("title", title);
    composition.put("custodian", scene.facility());
    composition.put_all("section", sections);
    own.push(composition.finish());
}

/// A time as people write it: `16/11/2026 07:30`.
fn shown(at: Moment) -> String {
    match at {
        Moment::Minute(day, hour, minute) => {
            format!("{:02}/{:02}/{:04} {hour:02}:{minute:02}", day.day(), day.month(), day.year())
        }
        other => format!("{:02}/{:02}/{:04}", other.day().day(), other.day().month(), other.day().year()),
    }
}

fn request_head(scene: &Scene<'_, '_>, what: &str, part: &str, row: &Row<'_>, words: &str) -> Tree {
    let id = scene.id(what, &format!("#{}", row.number));
    let mut request = Tree::resource("ServiceRequest", &id, &scene.source(part, row.number));
    if let Some(number) = row.text("MA_TTDV") {
        request.extend("nguoi-dung-dau", "valueIdentifier", identifier(&sid("bhxh"), number).finish());
    }
    request.put("intent", "order");
    request.put("code", concept(vec![coding(&system("loai-yeu-cau"), what, Some(words))], Some(words)));
    request.put("subject", scene.subject());
    request.put("encounter", scene.encounter());
    request.put_some("requester", scene.practitioners(row, "MA_BAC_SI").into_iter().next());
    request
}

fn paper_numbers(scene: &Scene<'_, '_>, row: &Row<'_>, columns: &[(&str, &str)]) -> Vec<Value> {
    let facility = &scene.visit.facility;
    columns
        .iter()
        .filter_map(|(column, slug)| {
            Some(identifier(&sid(&format!("{slug}/{facility}")), row.text(column)?).finish())
        })
        .collect()
}

/// Being sent to another facility. NĐ 188/2025/NĐ-CP; XML13 of QĐ 3176 stands for the paper when signed.
fn referral(scene: &Scene<'_, '_>, row: &Row<'_>) -> Value {
    let mut request = request_head(scene, "chuyen-co-so", "XML13", row, "Chuyển cơ sở khám bệnh, chữa bệnh");
    let numbers = [
        ("GIAY_CHUYEN_TUYEN", "giay-chuyen-tuyen"),
        ("SO_HOSO", "ho-so-chuyen"),
        ("SO_CHUYENTUYEN", "so-chuyen-tuyen"),
    ];
    request.put_all("identifier", paper_numbers(scene, row, &numbers));
    request.put("status", "active");
    request.put("authoredOn", scene.ended.date_time().as_str());
    let place = row.text("MA_CSKCB_DEN").or(scene.summary.text("MA_NOI_DEN"));
    request.put_all("performer", place.map(|code| scene.other_facility(code)).into_iter().collect());
    if let Some(code) = row.text("MA_LYDO_CT") {
        request.put("reasonCode", json!([concept(vec![scene.national("ma-ly-do-ct", code)], None)]));
    }
    request.finish()
}

/// Being asked to come again. TT 01/2025/TT-BYT, Điều 11.
fn appointment(scene: &Scene<'_, '_>, row: &Row<'_>) -> Value {
    let mut request = request_head(scene, "hen-kham-lai", "XML14", row, "Hẹn khám lại");
    request.put_all("identifier", paper_numbers(scene, row, &[("SO_GIAYHEN_KL", "giay-hen-kham-lai")]));
    request.put("status", "active");
    request.put_some("occurrenceDateTime", row.moment("NGAY_HEN_KL").map(Moment::date_time).as_deref());
    request.put("authoredOn", row.moment("NGAY_CT").unwrap_or(scene.ended).date_time().as_str());
    request.put("performer", json!([scene.facility()]));
    request.finish()
}

/// What goes nowhere else: parts that are not mapped, whole; of mapped parts the cells that no
/// mapping has read. Nothing of a
/// file is lost, and nothing is kept twice.
pub(crate) fn kept_raw(scene: &Scene<'_, '_>) -> Option<Value> {
    let mut attachments = Vec::new();
    for part in &scene.visit.parts {
        let text =
            if part.mapped() { unread_cells(&part.rows, scene.summary) } else { Some(part.xml.clone()) };
        if let Some(text) = text {
            let data = base64::engine::general_purpose::STANDARD.encode(text.as_bytes());
            let title = match part.mapped() {
                true => format!("{}: các cột giữ nguyên văn", part.kind),
                false => format!("{}: giữ nguyên văn", part.kind),
            };
            attachments.push(json!({"attachment": {
                "contentType": "application/xml; charset=utf-8", "data": data.as_str(), "title": title.as_str()
            }}));
        }
    }
    if attachments.is_empty() {
        return None;
    }
    let mut document = Tree::resource("DocumentReference", &scene.id("raw", ""), &scene.source("XML1", 0));
    document.put("status", "current");
    let words = "Phần giữ nguyên văn của tệp giám định BHYT";
    document.put(
        "type",
        concept(vec![coding(&system("loai-giay-to"), "bhyt-nguyen-van", Some(words))], Some(words)),
    );
    document.put("subject", scene.subject());
    document.put("custodian", scene.facility());
    document.put_all("content", attachments);
    document.put("context", json!({"encounter": [reference("Encounter", &scene.encounter_id)]}));
    Some(document.finish())
}

fn unread_cells(rows: &[Row<'_>], summary: &Row<'_>) -> Option<String> {
    let mut text = String::new();
    for row in rows {
        let cells: Vec<_> = row.unread(summary).collect();
        if cells.is_empty() {
            continue;
        }
        let _ = write!(text, "<DONG so=\"{}\">", row.number);
        for cell in cells {
            let _ = write!(text, "<COT ten=\"");
            escape(&cell.name, &mut text);
            text.push_str("\">");
            escape(&cell.text, &mut text);
            text.push_str("</COT>");
        }
        text.push_str("</DONG>");
    }
    (!text.is_empty()).then(|| format!("<DANHSACH>{text}</DANHSACH>"))
}
