//! XML7 discharge, XML8 summary of the record, XML13 referral, XML14 appointment, XML15 tuberculosis.

use super::{Edition, Row, Source, summary};
use crate::calendar::Day;
use crate::staff::head;
use crate::visit::Reason;

const TREATMENT: &str = "Điều trị nội khoa theo phác đồ của Bộ Y tế";

pub fn discharge(s: &Source) -> Row {
    let minor = s.person.age_on(s.visit.start.day()) < 16;
    let mut row = Row::default();
    row.code("MA_LK", &s.key)
        .code("SO_LUU_TRU", format!("{:02}.{:06}", s.visit.end.day().year() % 100, s.visit.index % 1_000_000))
        .code("MA_YTE", &s.filing.local_number)
        .code("MA_KHOA_RV", s.record.department)
        .code("NGAY_VAO", s.visit.start.claim())
        .code("NGAY_RA", s.visit.end.claim())
        .code("MA_DINH_CHI_THAI", 0)
        .empty(&["NGUYENNHAN_DINHCHI", "THOIGIAN_DINHCHI", "TUOI_THAI"])
        .text("CHAN_DOAN_RV", s.diagnosis())
        .text("PP_DIEUTRI", TREATMENT)
        .text("GHI_CHU", "")
        .code("MA_TTDV", head(s.visit.facility))
        .code("MA_BS", s.licence(s.record.doctor))
        .text("TEN_BS", s.worker(s.record.doctor))
        .code("NGAY_CT", s.visit.end.day().number())
        .empty(&["MA_CHA", "MA_ME", "MA_THE_TAM"])
        .text("HO_TEN_CHA", if minor { s.name_of(s.person.father) } else { "" })
        .text("HO_TEN_ME", if minor { s.name_of(s.person.mother) } else { "" })
        .empty(&["SO_NGAY_NGHI", "NGOAITRU_TUNGAY", "NGOAITRU_DENNGAY", "DU_PHONG"]);
    row
}

pub fn record_summary(s: &Source) -> Row {
    let minor = s.person.age_on(s.visit.start.day()) < 16;
    let mut row = Row::default();
    row.code("MA_LK", &s.key)
        .code("MA_LOAI_KCB", s.visit.stay.code())
        .text("HO_TEN_CHA", if minor { s.name_of(s.person.father) } else { "" })
        .text("HO_TEN_ME", if minor { s.name_of(s.person.mother) } else { "" })
        .text("NGUOI_GIAM_HO", "")
        .text("DON_VI", "")
        .code("NGAY_VAO", s.visit.start.claim())
        .code("NGAY_RA", s.visit.end.claim())
        .text("CHAN_DOAN_VAO", s.record.main.name)
        .text("CHAN_DOAN_RV", s.diagnosis())
        .text("QT_BENHLY", course(s))
        .text("TOMTAT_KQ", results(s))
        .text("PP_DIEUTRI", TREATMENT)
        .empty(&["NGAY_SINHCON", "NGAY_CONCHET", "SO_CONCHET"])
        .code("KET_QUA_DTRI", s.record.outcome)
        .text("GHI_CHU", "")
        .code("MA_TTDV", head(s.visit.facility))
        .code("NGAY_CT", s.visit.end.day().number())
        .empty(&["MA_THE_TAM", "DU_PHONG"]);
    row
}

fn course(s: &Source) -> String {
    format!("Bệnh diễn biến trước khi vào với biểu hiện: {}.", s.record.complaint.to_lowercase())
}

/// The abnormal results in one line.
fn results(s: &Source) -> String {
    let odd = s.record.results.iter().filter(|r| r.value.abnormal);
    let all: Vec<_> =
        odd.map(|r| format!("{}: {} {}", r.lab.local[0].name, r.value.text, r.lab.local[0].unit)).collect();
    if all.is_empty() {
        "Các xét nghiệm trong giới hạn bình thường.".to_owned()
    } else {
        all.join("; ")
    }
}

pub fn referral(s: &Source) -> Row {
    let old = s.edition == Edition::Q4750;
    let number = s.visit.index % 1_000_000;
    let mut row = Row::default();
    row.code("MA_LK", &s.key)
        .code("SO_HOSO", format!("{number:06}"))
        .code("SO_CHUYENTUYEN", format!("{number:06}/CT"))
        .code("GIAY_CHUYEN_TUYEN", format!("{number:06}/GCT"))
        .code("MA_CSKCB", &s.facility.code)
        .code(if old { "MA_NOI_DI" } else { "MA_CSKCB_DI" }, s.code_of(s.visit.from))
        .code(if old { "MA_NOI_DEN" } else { "MA_CSKCB_DEN" }, s.code_of(s.visit.to))
        .text("HO_TEN", summary::name(s))
        .code("NGAY_SINH", &s.filing.birth)
        .code("GIOI_TINH", if s.person.female { 2 } else { 1 })
        .code("MA_QUOCTICH", "000")
        .code("MA_DANTOC", s.person.ethnic().code)
        .code("MA_NGHE_NGHIEP", if s.person.age_on(s.visit.start.day()) < 18 { "00000" } else { "63000" })
        .text("DIA_CHI", s.filing.address.clone())
        .code("MA_THE_BHYT", s.card(|c| c.number.clone()))
        .code("GT_THE_DEN", s.card(|c| c.to.number().to_string()))
        .code("NGAY_VAO", s.visit.start.claim())
        .code(
            "NGAY_VAO_NOI_TRU",
            if s.visit.stay.admitted() { s.visit.start.plus(25).claim() } else { String::new() },
        )
        .code("NGAY_RA", s.visit.end.claim())
        .text(
            "DAU_HIEU_LS",
            s.record.notes.last().map_or(String::new(), |n| format!("{} {}", n.text, n.vitals)),
        )
        .text("CHAN_DOAN_RV", s.diagnosis())
        .text("QT_BENHLY", course(s))
        .text("TOMTAT_KQ", results(s));
    row.text("PP_DIEUTRI", TREATMENT)
        .code("MA_BENH_CHINH", s.record.main.icd)
        .code("MA_BENH_KT", s.comorbid())
        .code("MA_BENH_YHCT", "");
    if old {
        row.text("TEN_DICH_VU", "").text("TEN_THUOC", "").text("PP_DIEU_TRI", TREATMENT);
    } else {
        row.text("TINH_TRANG_CT", "Tỉnh, huyết động ổn định");
    }
    row.code("MA_LOAI_RV", s.record.leaving)
        .code("MA_LYDO_CT", 2)
        .text("HUONG_DIEU_TRI", "Chuyển tuyến trên khám và điều trị tiếp")
        .text("PHUONGTIEN_VC", "Xe cứu thương")
        .text("HOTEN_NGUOI_HT", s.worker(s.record.doctor + 1))
        .text("CHUCDANH_NGUOI_HT", "Điều dưỡng")
        .code("MA_BAC_SI", s.licence(s.record.doctor))
        .code("MA_TTDV", head(s.visit.facility))
        .code("DU_PHONG", "");
    row
}

pub fn appointment(s: &Source, day: Day) -> Row {
    let mut row = Row::default();
    row.code("MA_LK", &s.key)
        .code("SO_GIAYHEN_KL", format!("{:07}/HK", s.visit.index))
        .code("MA_CSKCB", &s.facility.code)
        .text("HO_TEN", summary::name(s))
        .code("NGAY_SINH", &s.filing.birth)
        .code("GIOI_TINH", if s.person.female { 2 } else { 1 })
        .text("DIA_CHI", s.filing.address.clone())
        .code("MA_THE_BHYT", s.card(|c| c.number.clone()))
        .code("GT_THE_DEN", s.card(|c| c.to.number().to_string()))
        .code("NGAY_VAO", s.visit.start.claim())
        .code("NGAY_VAO_NOI_TRU", "")
        .code("NGAY_RA", s.visit.end.claim())
        .code("NGAY_HEN_KL", day.max(s.visit.end.day().plus(1)).at(8, 0).claim())
        .text("CHAN_DOAN_RV", s.diagnosis())
        .code("MA_BENH_CHINH", s.record.main.icd)
        .code("MA_BENH_KT", s.comorbid())
        .code("MA_BENH_YHCT", "")
        .code("MA_DOITUONG_KCB", s.record.route)
        .code("MA_BAC_SI", s.licence(s.record.doctor))
        .code("MA_TTDV", head(s.visit.facility))
        .code("NGAY_CT", s.visit.end.day().number())
        .code("DU_PHONG", "");
    row
}

/// A table that a reader may keep raw.
pub fn tuberculosis(s: &Source) -> Option<Row> {
    let Reason::Tuberculosis(month) = s.visit.reason else { return None };
    let begin = s.visit.start.day().plus(-30 * i32::from(month)).number();
    let mut row = Row::default();
    row.code("MA_LK", &s.key)
        .code("STT", 1)
        .code("MA_BN", &s.filing.local_number)
        .text("HO_TEN", summary::name(s))
        .code("SO_CCCD", &s.filing.identity)
        .code("PHANLOAI_LAO_VITRI", 1)
        .code("PHANLOAI_LAO_TS", 1)
        .code("PHANLOAI_LAO_HIV", 2)
        .code("PHANLOAI_LAO_VK", 1)
        .code("PHANLOAI_LAO_KT", "")
        .code("LOAI_DTRI_LAO", 2)
        .code("NGAYBD_DTRI_LAO", begin)
        .code("PHACDO_DTRI_LAO", 1)
        .code("NGAYKT_DTRI_LAO", "")
        .code("KET_QUA_DTRI_LAO", if month == 6 { "1" } else { "" })
        .code("MA_CSKCB", &s.facility.code)
        .empty(&["NGAYKD_HIV", "BDDT_ARV", "NGAY_BAT_DAU_DT_CTX", "DU_PHONG"]);
    Some(row)
}
