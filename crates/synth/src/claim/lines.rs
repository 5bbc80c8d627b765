//! XML2 drugs and XML3 services.

use super::{Edition, Row, Source, printed};
use crate::record::{DrugLine, ServiceLine};

pub fn drugs(s: &Source) -> Vec<Row> {
    let row = if s.edition == Edition::Q4210 { old_drug } else { drug };
    s.record.drugs.iter().enumerate().map(|(n, line)| row(s, n + 1, line)).collect()
}

pub fn services(s: &Source) -> Vec<Row> {
    let row = if s.edition == Edition::Q4210 { old_service } else { service };
    s.record.services.iter().enumerate().map(|(n, line)| row(s, n + 1, line)).collect()
}

/// 4 in the list, 5 outside it (uninsured), 6 paid at a rate (QĐ 5937 PL3).
fn drug_group(s: &Source, line: &DrugLine) -> u8 {
    match line.drug.rate {
        _ if !s.insured() => 5,
        100 => 4,
        _ => 6,
    }
}

/// Quantity a dose × times a day × days [quantity a day], as XML2 asks of outpatients.
fn dosage(line: &DrugLine) -> String {
    let drug = line.drug;
    let take = line.quantity.0 / 1000 / drug.times.max(1) / line.days.max(1);
    let (take, unit) = (take.max(1), drug.unit.to_lowercase());
    format!(
        "{take} {unit}/lần * {} lần/ngày * {} ngày [{} {unit}/ngày]",
        drug.times,
        line.days,
        take * drug.times
    )
}

fn tender(s: &Source) -> String {
    format!("{}/QĐ-SYT;G1;N2;{}", 100 + s.visit.facility, s.visit.start.day().year() - 1)
}

/// The four other sources and their sum; the province has none.
fn no_other_sources(row: &mut Row) {
    for column in
        ["T_NGUONKHAC_NSNN", "T_NGUONKHAC_VTNN", "T_NGUONKHAC_VTTN", "T_NGUONKHAC_CL", "T_NGUONKHAC"]
    {
        row.code(column, 0);
    }
}

fn drug(s: &Source, n: usize, line: &DrugLine) -> Row {
    let p = |money| printed(money, s.facility.system);
    let (drug, split) = (line.drug, &line.split);
    let mut row = Row::default();
    row.code("MA_LK", &s.key)
        .code("STT", n)
        .code("MA_THUOC", drug.code)
        .empty(&["MA_PP_CHEBIEN", "MA_CSKCB_THUOC"])
        .code("MA_NHOM", drug_group(s, line))
        .text("TEN_THUOC", drug.name)
        .text("DON_VI_TINH", drug.unit)
        .text("HAM_LUONG", drug.strength)
        .code("DUONG_DUNG", drug.route)
        .text("DANG_BAO_CHE", drug.form)
        .text("LIEU_DUNG", dosage(line))
        .text("CACH_DUNG", if drug.route == "1.01" { "Uống sau ăn" } else { "" })
        .code("SO_DANG_KY", drug.registration)
        .code("TT_THAU", tender(s))
        .code("PHAM_VI", if s.insured() { 1 } else { 2 })
        .code("TYLE_TT_BH", if s.insured() { drug.rate } else { 0 })
        .code("SO_LUONG", line.quantity)
        .code("DON_GIA", drug.price)
        .code("THANH_TIEN_BV", p(split.total))
        .code("THANH_TIEN_BH", p(split.in_scope));
    no_other_sources(&mut row);
    row.code("MUC_HUONG", s.record.level)
        .code("T_BNTT", p(split.patient))
        .code("T_BNCCT", p(split.copay))
        .code("T_BHTT", p(split.fund))
        .code("MA_KHOA", s.record.department)
        .code("MA_BAC_SI", s.licence(line.doctor))
        .code("MA_DICH_VU", "")
        .code("NGAY_YL", line.at.claim())
        .code("NGAY_TH_YL", line.at.claim())
        .code("MA_PTTT", 1)
        .code("NGUON_CTRA", 1)
        .empty(&["VET_THUONG_TP", "DU_PHONG"]);
    row
}

/// Machine: group, who owns it, facility, serial. Groups 1, 2 and 3 name one.
fn machine(s: &Source, line: &ServiceLine) -> String {
    let group = match (line.service.group, &line.service.code[..2]) {
        (1, "22") => "HH",
        (1, "24") => "VS",
        (1, _) => "SH",
        (2, _) if line.service.key.starts_with("us") => "SA",
        (2, _) if line.service.key.starts_with("ct") => "CL",
        (2, _) => "XQ",
        (3, _) => "DC",
        _ => return String::new(),
    };
    format!("{group}.1.{}.{:03}", s.facility.code, 1 + line.service.code.len() % 3)
}

fn service(s: &Source, n: usize, line: &ServiceLine) -> Row {
    let p = |money| printed(money, s.facility.system);
    let (of, split) = (line.service, &line.split);
    let mut row = Row::default();
    row.code("MA_LK", &s.key)
        .code("STT", n)
        .code("MA_DICH_VU", of.code)
        .empty(&["MA_PTTT_QT", "MA_VAT_TU"])
        .code("MA_NHOM", of.group)
        .empty(&["GOI_VTYT", "TEN_VAT_TU"])
        .text("TEN_DICH_VU", of.name)
        .code("MA_XANG_DAU", "")
        .text("DON_VI_TINH", if matches!(of.group, 15 | 16) { "Ngày" } else { "Lần" })
        .code("PHAM_VI", if s.insured() { 1 } else { 2 })
        .code("SO_LUONG", line.quantity)
        .code("DON_GIA_BV", of.price)
        .code("DON_GIA_BH", of.price)
        .code("TT_THAU", "")
        .code("TYLE_TT_DV", line.rate)
        .code("TYLE_TT_BH", if s.insured() { 100 } else { 0 })
        .code("THANH_TIEN_BV", p(split.total))
        .code("THANH_TIEN_BH", p(split.in_scope))
        .code("T_TRANTT", "")
        .code("MUC_HUONG", s.record.level);
    no_other_sources(&mut row);
    let executed = matches!(of.group, 1 | 2 | 3 | 8 | 18);
    row.code("T_BNTT", p(split.patient))
        .code("T_BNCCT", p(split.copay))
        .code("T_BHTT", p(split.fund))
        .code("MA_KHOA", s.record.department)
        .code("MA_GIUONG", line.bed.as_deref().unwrap_or(""))
        .code("MA_BAC_SI", s.licence(line.doctor))
        .code("NGUOI_THUC_HIEN", if executed { s.licence(line.performer) } else { "" })
        .code("MA_BENH", s.record.main.icd)
        .code("MA_BENH_YHCT", "")
        .code("NGAY_YL", line.ordered.claim())
        .code("NGAY_TH_YL", line.done.claim())
        .code("NGAY_KQ", line.result.claim())
        .code("MA_PTTT", 1)
        .code("VET_THUONG_TP", "")
        .code("PP_VO_CAM", if of.group == 8 { "2" } else { "" })
        .code("VI_TRI_TH_DVKT", "")
        .code("MA_MAY", machine(s, line))
        .empty(&["MA_HIEU_SP", "TAI_SU_DUNG", "DU_PHONG"]);
    row
}

fn old_drug(s: &Source, n: usize, line: &DrugLine) -> Row {
    let p = |money| printed(money, s.facility.system);
    let (drug, split) = (line.drug, &line.split);
    let mut row = Row::default();
    row.code("MA_LK", &s.key)
        .code("STT", n)
        .code("MA_THUOC", drug.code)
        .code("MA_NHOM", drug_group(s, line))
        .text("TEN_THUOC", drug.name)
        .text("DON_VI_TINH", drug.unit)
        .text("HAM_LUONG", drug.strength)
        .code("DUONG_DUNG", drug.route)
        .text("LIEU_DUNG", dosage(line))
        .code("SO_DANG_KY", drug.registration)
        .code("TT_THAU", tender(s))
        .code("PHAM_VI", if s.insured() { 1 } else { 2 })
        .code("TYLE_TT", if s.insured() { drug.rate } else { 0 })
        .code("SO_LUONG", line.quantity)
        .code("DON_GIA", drug.price)
        .code("THANH_TIEN", p(split.total))
        .code("MUC_HUONG", s.record.level)
        .code("T_NGUON_KHAC", 0)
        .code("T_BNTT", p(split.patient))
        .code("T_BHTT", p(split.fund))
        .code("T_BNCCT", p(split.copay))
        .code("T_NGOAIDS", 0)
        .code("MA_KHOA", s.record.department)
        .code("MA_BAC_SI", s.licence(line.doctor))
        .code("MA_BENH", s.record.main.icd)
        .code("NGAY_YL", line.at.claim())
        .code("MA_PTTT", 1);
    row
}

fn old_service(s: &Source, n: usize, line: &ServiceLine) -> Row {
    let p = |money| printed(money, s.facility.system);
    let (of, split) = (line.service, &line.split);
    let mut row = Row::default();
    row.code("MA_LK", &s.key)
        .code("STT", n)
        .code("MA_DICH_VU", of.code)
        .code("MA_VAT_TU", "")
        .code("MA_NHOM", of.group)
        .empty(&["GOI_VTYT", "TEN_VAT_TU"])
        .text("TEN_DICH_VU", of.name)
        .text("DON_VI_TINH", if matches!(of.group, 15 | 16) { "Ngày" } else { "Lần" })
        .code("PHAM_VI", if s.insured() { 1 } else { 2 })
        .code("SO_LUONG", line.quantity)
        .code("DON_GIA", of.price)
        .code("TT_THAU", "")
        .code("TYLE_TT", if s.insured() { line.rate } else { 0 })
        .code("THANH_TIEN", p(split.total))
        .code("T_TRANTT", "")
        .code("MUC_HUONG", s.record.level)
        .code("T_NGUONKHAC", 0)
        .code("T_BNTT", p(split.patient))
        .code("T_BHTT", p(split.fund))
        .code("T_BNCCT", p(split.copay))
        .code("T_NGOAIDS", 0)
        .code("MA_KHOA", s.record.department)
        .code("MA_GIUONG", line.bed.as_deref().unwrap_or(""))
        .code("MA_BAC_SI", s.licence(line.doctor))
        .code("MA_BENH", s.record.main.icd)
        .code("NGAY_YL", line.ordered.claim())
        .code("NGAY_KQ", line.result.claim())
        .code("MA_PTTT", 1);
    row
}
