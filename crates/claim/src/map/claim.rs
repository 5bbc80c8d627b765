//! Claim: the lines and totals of the visit, to the đồng. <https://hl7.org/fhir/R4/claim.html>

use super::Scene;
use super::build::{Tree, coding, concept, extension, money, number, plain_quantity, reference, system};
use super::condition::Diagnosis;
use super::party::licence;
use super::service::is_material;
use crate::table::Row;
use crate::value::Moment;
use yba_fhir::json::{JsonValueTrait, Value, json};

/// Totals of XML1 that have no element of their own.
const TOTALS: &[(&str, &str)] = &[
    ("T_THUOC", "t-thuoc"),
    ("T_VTYT", "t-vtyt"),
    ("T_TONGCHI_BH", "t-tongchi-bh"),
    ("T_BNTT", "t-bntt"),
    ("T_BNCCT", "t-bncct"),
    ("T_BHTT", "t-bhtt"),
    ("T_NGUONKHAC", "t-nguonkhac"),
    ("T_BHTT_GDV", "t-bhtt-gdv"),
    ("T_NGOAIDS", "t-ngoaids"),
];

/// Amounts of a line.
const AMOUNTS: &[(&str, &str)] = &[
    ("THANH_TIEN_BH", "thanh-tien-bh"),
    ("T_BNTT", "t-bntt"),
    ("T_BNCCT", "t-bncct"),
    ("T_BHTT", "t-bhtt"),
    ("T_NGUONKHAC", "t-nguonkhac"),
    ("T_NGUONKHAC_NSNN", "t-nguonkhac-nsnn"),
    ("T_NGUONKHAC_VTNN", "t-nguonkhac-vtnn"),
    ("T_NGUONKHAC_VTTN", "t-nguonkhac-vttn"),
    ("T_NGUONKHAC_CL", "t-nguonkhac-cl"),
    ("T_NGOAIDS", "t-ngoaids"),
];

pub(crate) fn map(scene: &Scene<'_, '_>, diagnoses: &[Diagnosis], coverages: &[Value], own: &mut Vec<Value>) {
    let row = scene.summary;
    let mut claim = Tree::resource("Claim", &scene.id("claim", ""), &scene.source("XML1", row.number));
    extensions(scene, &mut claim);
    claim.put("status", "active");
    let kind = coding("http://terminology.hl7.org/CodeSystem/claim-type", "institutional", None);
    claim.put("type", concept(vec![kind], Some("Chi phí khám chữa bệnh")));
    claim.put("use", "claim");
    claim.put("patient", scene.subject());
    claim.put("billablePeriod", period(row, scene.ended));
    let created = row.moment("NGAY_TTOAN").unwrap_or(scene.ended);
    claim.put("created", created.date_time().as_str());
    claim.put("provider", scene.facility());
    let normal = coding("http://terminology.hl7.org/CodeSystem/processpriority", "normal", None);
    claim.put("priority", concept(vec![normal], None));
    let team = team(scene);
    claim.put_all("careTeam", team.iter().enumerate().map(|(at, id)| member(at, id)).collect());
    claim.put_all("diagnosis", diagnoses.iter().enumerate().map(diagnosis).collect());
    claim.put_all("insurance", coverages.iter().enumerate().map(insurance).collect());
    claim.put_all("item", items(scene, &team));
    claim.put_some("total", row.decimal("T_TONGCHI_BV").map(money));
    own.push(claim.finish());
}

fn extensions(scene: &Scene<'_, '_>, claim: &mut Tree) {
    let row = scene.summary;
    for (column, slug) in TOTALS {
        if let Some(amount) = row.decimal(column) {
            claim.extend(slug, "valueMoney", money(amount));
        }
    }
    if let Some(code) = scene.listed(row, "MA_DOITUONG_KCB") {
        claim.extend("ma-doi-tuong-kcb", "valueCoding", code);
    }
    if let Some(day) = row.moment("NGAY_MIEN_CCT") {
        claim.extend("ngay-mien-cct", "valueDateTime", day.date_time().as_str());
    }
    if let (Some(year), Some(month)) = (row.text("NAM_QT"), row.text("THANG_QT")) {
        claim.extend("ky-quyet-toan", "valueString", format!("{year}-{month:0>2}").as_str());
    }
    if let Some(number) = row.text("GIAY_CHUYEN_TUYEN") {
        claim.extend("giay-chuyen-tuyen", "valueString", number);
    }
}

fn period(row: &Row<'_>, ended: Moment) -> Value {
    let mut period = Tree::new();
    period.put_some("start", row.moment("NGAY_VAO").map(Moment::date_time).as_deref());
    period.put("end", ended.date_time().as_str());
    period.finish()
}

fn diagnosis((at, diagnosis): (usize, &Diagnosis)) -> Value {
    json!({"sequence": at as u64 + 1, "diagnosisReference": reference("Condition", &diagnosis.id)})
}

fn insurance((at, coverage): (usize, &Value)) -> Value {
    let id = coverage.get("id").and_then(|id| id.as_str()).unwrap_or_default();
    json!({"sequence": at as u64 + 1, "focal": at == 0, "coverage": reference("Coverage", id)})
}

fn lines<'a, 'c>(scene: &Scene<'a, 'c>) -> impl Iterator<Item = (&'static str, &'a Row<'c>)> + use<'a, 'c> {
    let drugs = scene.visit.rows("XML2").iter().map(|row| ("XML2", row));
    drugs.chain(scene.visit.rows("XML3").iter().map(|row| ("XML3", row)))
}

/// The practitioners of a line: who ordered, who did.
fn people(scene: &Scene<'_, '_>, row: &Row<'_>) -> Vec<String> {
    let named = ["MA_BAC_SI", "NGUOI_THUC_HIEN"].iter().flat_map(|column| row.list(column));
    let mut ids: Vec<String> = named.filter_map(licence).map(|code| scene.practitioner_id(code)).collect();
    ids.dedup();
    ids
}

/// Everyone named by a line, once.
fn team(scene: &Scene<'_, '_>) -> Vec<String> {
    let mut team: Vec<String> = Vec::new();
    for id in lines(scene).flat_map(|(_, row)| people(scene, row)) {
        if !team.contains(&id) {
            team.push(id);
        }
    }
    team
}

fn member(at: usize, id: &str) -> Value {
    json!({"sequence": at as u64 + 1, "provider": reference("Practitioner", id)})
}

fn items(scene: &Scene<'_, '_>, team: &[String]) -> Vec<Value> {
    lines(scene).enumerate().map(|(at, (part, row))| item(scene, at, (part, row), team)).collect()
}

fn item(scene: &Scene<'_, '_>, at: usize, (part, row): (&str, &Row<'_>), team: &[String]) -> Value {
    let mut item = Tree::new();
    item_extensions(scene, part, row, &mut item);
    item.put("sequence", at as u64 + 1);
    let members = people(scene, row).into_iter().filter_map(|id| team.iter().position(|known| *known == id));
    item.put_all("careTeamSequence", members.map(|at| Value::from(at as u64 + 1)).collect());
    if let Some(code) = row.text("MA_NHOM") {
        item.put("category", concept(vec![scene.national("ma-nhom", code)], None));
    }
    item.put("productOrService", product(part, row));
    if let Some(code) = row.text("PHAM_VI") {
        item.put("programCode", json!([concept(vec![scene.national("pham-vi", code)], None)]));
    }
    serviced(row, &mut item);
    item.put_some(
        "quantity",
        row.decimal("SO_LUONG").map(|count| plain_quantity(count, row.text("DON_VI_TINH"))),
    );
    let price = if part == "XML2" { "DON_GIA" } else { "DON_GIA_BV" };
    item.put_some("unitPrice", row.decimal(price).map(money));
    if part == "XML3" {
        item.put_some("factor", row.decimal("TYLE_TT_DV").map(|share| number(share.percent())));
    }
    item.put_some("net", row.decimal("THANH_TIEN_BV").map(money));
    item.put("encounter", json!([scene.encounter()]));
    item.finish()
}

/// When a line was given: a bed or another thing with an end has a period.
fn serviced(row: &Row<'_>, item: &mut Tree) {
    match (row.moment("NGAY_YL"), row.moment("NGAY_KQ")) {
        (Some(start), Some(end)) if !end.certainly_before(start) => {
            item.put(
                "servicedPeriod",
                json!({"start": start.date_time().as_str(), "end": end.date_time().as_str()}),
            );
        }
        (start, end) => item.put_some("servicedDate", start.or(end).map(Moment::date).as_deref()),
    }
}

fn product(part: &str, row: &Row<'_>) -> Value {
    let (list, code, name) = match part {
        "XML2" => ("bhyt-thuoc", "MA_THUOC", "TEN_THUOC"),
        _ if is_material(row) => ("bhyt-vtyt", "MA_VAT_TU", "TEN_VAT_TU"),
        _ => ("bhyt-dvkt", "MA_DICH_VU", "TEN_DICH_VU"),
    };
    let name = row.text(name);
    let codings: Vec<Value> =
        row.text(code).map(|code| coding(&system(list), code, name)).into_iter().collect();
    let words = name.or(row.text(code)).unwrap_or("Không ghi tên");
    concept(codings, Some(words))
}

fn item_extensions(scene: &Scene<'_, '_>, part: &str, row: &Row<'_>, item: &mut Tree) {
    for (column, slug) in AMOUNTS {
        // The four kinds of other sources are nearly always zero, and a zero there says nothing.
        let kind_of_source = column.starts_with("T_NGUONKHAC_");
        if let Some(amount) = row.decimal(column).filter(|amount| !(kind_of_source && amount.is_zero())) {
            item.add("extension", extension(slug, "valueMoney", money(amount)));
        }
    }
    if part == "XML3" {
        if let Some(price) = row.decimal("DON_GIA_BH") {
            item.extend("don-gia-bh", "valueMoney", money(price));
        }
        // What has no record of its own (examinations, beds, materials) says here what it was for, and when it was done.
        if !super::service::is_ordered(row) {
            for code in row.list("MA_BENH").into_iter().filter(|code| !code.is_empty()) {
                item.extend("ma-benh", "valueCoding", scene.icd10(code));
            }
            if let Some(at) = row.moment("NGAY_TH_YL") {
                item.extend("ngay-th-yl", "valueDateTime", at.date_time().as_str());
            }
        }
        if let Some(code) = row.text("MA_DICH_VU").filter(|_| is_material(row)) {
            item.extend(
                "thuoc-dich-vu",
                "valueCoding",
                coding(&system("bhyt-dvkt"), code, row.text("TEN_DICH_VU")),
            );
        }
    }
    if let Some(code) = row.text("MA_KHOA") {
        item.extend("ma-khoa", "valueCoding", scene.national("ma-khoa", code));
    }
    item.extend_text("tt-thau", row.text("TT_THAU"));
    for (column, slug) in [("TYLE_TT_BH", "tyle-tt-bh"), ("MUC_HUONG", "muc-huong")] {
        if let Some(share) = row.decimal(column) {
            item.extend(slug, "valueDecimal", number(share));
        }
    }
    for (column, slug) in [("MA_PTTT", "ma-pttt"), ("NGUON_CTRA", "nguon-ctra")] {
        if let Some(code) = row.text(column) {
            item.extend(slug, "valueCoding", scene.national(slug, code));
        }
    }
}
