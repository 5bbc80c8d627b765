//! XML1, the summary of a visit.

use super::{Edition, Row, Source, printed};
use crate::staff::head;
use crate::visit::Stay;

pub fn row(s: &Source) -> Row {
    if s.edition == Edition::Q4210 { old(s) } else { new(s) }
}

/// QĐ 4750 and after: 66 columns.
fn new(s: &Source) -> Row {
    let mut row = Row::default();
    person(&mut row, s);
    row.text("LY_DO_VV", s.record.complaint)
        .text("LY_DO_VNT", if s.visit.stay.admitted() { s.record.complaint } else { "" })
        .code("MA_LY_DO_VNT", "")
        .text("CHAN_DOAN_VAO", s.record.main.name)
        .text("CHAN_DOAN_RV", s.diagnosis())
        .code("MA_BENH_CHINH", s.record.main.icd)
        .code("MA_BENH_KT", s.comorbid())
        .empty(&["MA_BENH_YHCT", "MA_PTTT_QT"])
        .code("MA_DOITUONG_KCB", s.record.route)
        .code("MA_NOI_DI", s.code_of(s.visit.from))
        .code("MA_NOI_DEN", s.code_of(s.visit.to))
        .code("MA_TAI_NAN", injury(s.record.main.icd))
        .code("NGAY_VAO", s.visit.start.claim())
        .code(
            "NGAY_VAO_NOI_TRU",
            if s.visit.stay.admitted() { s.visit.start.plus(25).claim() } else { String::new() },
        )
        .code("NGAY_RA", s.visit.end.claim())
        .code(
            "GIAY_CHUYEN_TUYEN",
            s.visit.from.map_or(String::new(), |_| format!("{:06}/GCT", s.visit.index % 1_000_000)),
        )
        .code("SO_NGAY_DTRI", days(s))
        .text("PP_DIEU_TRI", if s.record.drugs.is_empty() { "" } else { "Nội khoa, theo phác đồ" })
        .code("KET_QUA_DTRI", s.record.outcome)
        .code("MA_LOAI_RV", s.record.leaving)
        .text("GHI_CHU", "")
        .code("NGAY_TTOAN", s.visit.end.plus(15).claim());
    money(&mut row, s);
    let (year, month, _) = s.visit.end.day().parts();
    row.code("NAM_QT", year)
        .code("THANG_QT", format!("{month:02}"))
        .code("MA_LOAI_KCB", s.visit.stay.code())
        .code("MA_KHOA", s.record.department)
        .code("MA_CSKCB", &s.facility.code)
        .code("MA_KHUVUC", "")
        .code("CAN_NANG", weight(s))
        .empty(&["CAN_NANG_CON", "NAM_NAM_LIEN_TUC"])
        .code("NGAY_TAI_KHAM", s.visit.again.map_or(String::new(), |day| day.number().to_string()))
        .code("MA_HSBA", format!("{}{:07}", if s.visit.stay.admitted() { "BA" } else { "KB" }, s.visit.index))
        .code("MA_TTDV", head(s.visit.facility))
        .code("DU_PHONG", "");
    row
}

fn person(row: &mut Row, s: &Source) {
    let f = s.filing;
    row.code("MA_LK", &s.key)
        .code("STT", 1)
        .code("MA_BN", &f.local_number)
        .text("HO_TEN", name(s))
        .code("SO_CCCD", &f.identity)
        .code("NGAY_SINH", &f.birth)
        .code("GIOI_TINH", if s.person.female { 2 } else { 1 })
        .code("NHOM_MAU", if s.visit.stay.admitted() { s.person.blood } else { "" })
        .code("MA_QUOCTICH", "000")
        .code("MA_DANTOC", s.person.ethnic().code)
        .code("MA_NGHE_NGHIEP", if s.person.age_on(s.visit.start.day()) < 18 { "00000" } else { "63000" })
        .text("DIA_CHI", f.address.clone())
        .code("MATINH_CU_TRU", "12")
        .code("MAHUYEN_CU_TRU", f.district)
        .code("MAXA_CU_TRU", f.commune)
        .code("DIEN_THOAI", &f.phone)
        .code("MA_THE_BHYT", s.card(|c| c.number.clone()))
        .code("MA_DKBD", s.card(|_| f.registered.to_owned()))
        .code("GT_THE_TU", s.card(|c| c.from.number().to_string()))
        .code("GT_THE_DEN", s.card(|c| c.to.number().to_string()))
        .code("NGAY_MIEN_CCT", "");
}

/// Vendor B prints names in capitals.
pub(super) fn name(s: &Source) -> String {
    match s.facility.system {
        crate::places::Dialect::A => s.filing.name.clone(),
        crate::places::Dialect::B => s.filing.name.to_uppercase(),
    }
}

fn money(row: &mut Row, s: &Source) {
    let t = &s.record.totals;
    let p = |money| printed(money, s.facility.system);
    row.code("T_THUOC", p(t.drugs))
        .code("T_VTYT", p(t.materials))
        .code("T_TONGCHI_BV", p(t.total))
        .code("T_TONGCHI_BH", p(t.in_scope))
        .code("T_BNTT", p(t.patient))
        .code("T_BNCCT", p(t.copay))
        .code("T_BHTT", p(t.fund))
        .code("T_NGUONKHAC", p(t.others))
        .code("T_BHTT_GDV", p(t.fund_by_service));
}

/// MA_TAI_NAN (QĐ 5937/2021 PL4): 7 poisoning, 8 other.
fn injury(icd: &str) -> &'static str {
    match icd.as_bytes()[0] {
        b'S' => "8",
        b'T' => "7",
        _ => "",
    }
}

/// SO_NGAY_DTRI by MA_LOAI_KCB (QĐ 4750, XML1 column 39).
pub(super) fn days(s: &Source) -> i64 {
    match s.visit.stay {
        Stay::Exam | Stay::PickUp | Stay::Short => 0,
        Stay::Inpatient | Stay::Station => i64::from(s.visit.end.day().0 - s.visit.start.day().0) + 1,
        Stay::LongTerm => s.record.drugs.iter().map(|l| l.days).max().unwrap_or(0),
        Stay::LongTermServices => 1,
    }
}

fn weight(s: &Source) -> String {
    format!("{}.{}0", s.record.weight / 10, s.record.weight % 10)
}

/// QĐ 4210: 42 columns, recalled.
fn old(s: &Source) -> Row {
    let (f, t) = (s.filing, &s.record.totals);
    let p = |money| printed(money, s.facility.system);
    let (year, month, _) = s.visit.end.day().parts();
    let birth = if f.birth.ends_with("00000000") { &f.birth[..4] } else { &f.birth[..8] };
    let reason = match (s.record.route, s.visit.emergency) {
        (_, true) => 2,
        ("3.3", _) => 4,
        ("3.2" | "1.18", _) => 3,
        _ => 1,
    };
    let kind = if s.visit.stay == Stay::Inpatient {
        3
    } else if s.visit.stay == Stay::Exam {
        1
    } else {
        2
    };
    let mut row = Row::default();
    row.code("MA_LK", &s.key)
        .code("STT", 1)
        .code("MA_BN", &f.local_number)
        .text("HO_TEN", name(s))
        .code("NGAY_SINH", birth)
        .code("GIOI_TINH", if s.person.female { 2 } else { 1 })
        .text("DIA_CHI", f.address.clone())
        .code("MA_THE", s.card(|c| c.number.clone()))
        .code("MA_DKBD", s.card(|_| f.registered.to_owned()))
        .code("GT_THE_TU", s.card(|c| c.from.number().to_string()))
        .code("GT_THE_DEN", s.card(|c| c.to.number().to_string()))
        .code("MIEN_CUNG_CT", "")
        .text("TEN_BENH", s.diagnosis())
        .code("MA_BENH", s.record.main.icd)
        .code("MA_BENHKHAC", s.comorbid())
        .code("MA_LYDO_VVIEN", reason)
        .code("MA_NOI_CHUYEN", s.code_of(s.visit.from))
        .code("MA_TAI_NAN", injury(s.record.main.icd))
        .code("NGAY_VAO", s.visit.start.claim())
        .code("NGAY_RA", s.visit.end.claim())
        .code("SO_NGAY_DTRI", days(s))
        .code("KET_QUA_DTRI", s.record.outcome.min(5))
        .code("TINH_TRANG_RV", s.record.leaving)
        .code("NGAY_TTOAN", s.visit.end.plus(15).claim())
        .code("T_THUOC", p(t.drugs))
        .code("T_VTYT", p(t.materials))
        .code("T_TONGCHI", p(t.total))
        .code("T_BNTT", p(t.patient))
        .code("T_BNCCT", p(t.copay))
        .code("T_BHTT", p(t.fund))
        .code("T_NGUONKHAC", p(t.others))
        .code("T_NGOAIDS", "0")
        .code("NAM_QT", year)
        .code("THANG_QT", format!("{month:02}"))
        .code("MA_LOAI_KCB", kind)
        .code("MA_KHOA", s.record.department)
        .code("MA_CSKCB", &s.facility.code)
        .empty(&["MA_KHUVUC", "MA_PTTT_QT"])
        .code("CAN_NANG", weight(s));
    row
}
