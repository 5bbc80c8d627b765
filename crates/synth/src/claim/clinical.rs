//! XML4 results and XML5 progress.

use super::{Edition, Row, Source};
use crate::places::Dialect;
use crate::record::{Finding, Note, Result};

pub fn results(s: &Source) -> Vec<Row> {
    let values = s.record.results.iter().map(|r| result(s, r));
    let findings = s.record.findings.iter().map(|f| finding(s, f));
    let mut all: Vec<Row> = values.chain(findings).collect();
    for (n, row) in all.iter_mut().enumerate() {
        row.0[1].1 = super::Cell::Code((n + 1).to_string());
    }
    all
}

fn result(s: &Source, of: &Result) -> Row {
    let local = &of.lab.local[usize::from(s.facility.system == Dialect::B)];
    let mut row = Row::default();
    row.code("MA_LK", &s.key)
        .code("STT", 0)
        .code("MA_DICH_VU", of.lab.service.code)
        .code("MA_CHI_SO", local.code)
        .text("TEN_CHI_SO", local.name)
        .text("GIA_TRI", value(s, of));
    if s.edition == Edition::Q4210 {
        row.empty(&["MA_MAY"]).text("MO_TA", "").text("KET_LUAN", "").code("NGAY_KQ", of.at.claim());
        return row;
    }
    row.text("DON_VI_DO", local.unit)
        .text("MO_TA", "")
        .text("KET_LUAN", "")
        .code("NGAY_KQ", of.at.claim())
        .code("MA_BS_DOC_KQ", s.licence(of.reader))
        .code("DU_PHONG", "");
    row
}

/// Some facilities print the decimal comma of Vietnam into results, though the decision asks for a point.
fn value(s: &Source, of: &Result) -> String {
    if s.filing.decimal_comma && of.lab.numeric {
        of.value.text.replace('.', ",")
    } else {
        of.value.text.clone()
    }
}

fn finding(s: &Source, of: &Finding) -> Row {
    let mut row = Row::default();
    row.code("MA_LK", &s.key)
        .code("STT", 0)
        .code("MA_DICH_VU", of.service.code)
        .code("MA_CHI_SO", "")
        .text("TEN_CHI_SO", of.service.name)
        .text("GIA_TRI", "");
    match s.edition {
        Edition::Q4210 => row.empty(&["MA_MAY"]),
        _ => row.text("DON_VI_DO", ""),
    };
    row.text("MO_TA", of.text).text("KET_LUAN", of.conclusion).code("NGAY_KQ", of.at.claim());
    if s.edition > Edition::Q4210 {
        row.code("MA_BS_DOC_KQ", s.licence(of.reader)).code("DU_PHONG", "");
    }
    row
}

pub fn progress(s: &Source) -> Vec<Row> {
    s.record.notes.iter().enumerate().map(|(n, note)| entry(s, n + 1, note)).collect()
}

fn entry(s: &Source, n: usize, note: &Note) -> Row {
    let joint = match s.facility.system {
        Dialect::A => " ",
        Dialect::B => "\r\n",
    };
    let text = format!("{}{joint}{}", note.text, note.vitals);
    let mut row = Row::default();
    row.code("MA_LK", &s.key).code("STT", n);
    if s.edition == Edition::Q4210 {
        row.text("DIEN_BIEN", text)
            .text("HOI_CHAN", "")
            .text("PHAU_THUAT", "")
            .code("NGAY_YL", note.at.claim());
        return row;
    }
    row.text("DIEN_BIEN_LS", text)
        .text("GIAI_DOAN_BENH", "")
        .text("HOI_CHAN", "")
        .text("PHAU_THUAT", "")
        .code("THOI_DIEM_DBLS", note.at.claim())
        .code("NGUOI_THUC_HIEN", s.licence(note.author))
        .code("DU_PHONG", "");
    row
}
