//! Claim files for the stories: those of an invented province, and small hand-made visits that a story can spoil.

use std::path::Path;
use yba_synth::{Dialect, Plan, Province, TruthVisit};

/// An invented province whose records end on this day.
pub fn province(people: u32, years: u32, until: (i16, i8, i8)) -> Province {
    let until = jiff::civil::date(until.0, until.1, until.2);
    yba_synth::province(&Plan { people, seed: 2026, years, until })
}

/// Writes the files of both hospital systems, a folder each; answers the truth about them in the order of the files.
pub fn write(province: &Province, folder: &Path) -> Vec<TruthVisit> {
    let mut truth = Vec::new();
    for (dialect, name) in [(Dialect::A, "he-thong-a"), (Dialect::B, "he-thong-b")] {
        for file in province.claims(dialect, |_| true) {
            let path = folder.join(name).join(&file.name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, &file.bytes).unwrap();
            truth.extend(file.truth);
        }
    }
    truth
}

/// The facility of the hand-made visits.
pub const FACILITY: &str = "12001";

/// `MA_LK` of a hand-made visit.
pub fn key(number: u32) -> String {
    format!("{FACILITY}.2026.{number:07}")
}

/// A hand-made visit: one person, one drug, 15.000 đ.
pub fn visit(number: u32) -> [(&'static str, String); 2] {
    let (key, code) = (key(number), format!("26{number:06}"));
    let summary = format!(
        "<TONG_HOP><MA_LK>{key}</MA_LK><STT>1</STT><MA_BN>{code}</MA_BN><HO_TEN>Lò Thị Mẫu {number}</HO_TEN>\
         <SO_CCCD>01219{number:07}</SO_CCCD><NGAY_SINH>199003150000</NGAY_SINH><GIOI_TINH>2</GIOI_TINH>\
         <MA_THE_BHYT>DN412{number:010}</MA_THE_BHYT><MA_DKBD>12001</MA_DKBD><GT_THE_TU>20260101</GT_THE_TU>\
         <GT_THE_DEN>20261231</GT_THE_DEN><CHAN_DOAN_RV>Viêm phế quản cấp</CHAN_DOAN_RV>\
         <MA_BENH_CHINH>J20.9</MA_BENH_CHINH><NGAY_VAO>202602160730</NGAY_VAO><NGAY_RA>202602161015</NGAY_RA>\
         <KET_QUA_DTRI>2</KET_QUA_DTRI><MA_LOAI_RV>1</MA_LOAI_RV><T_THUOC>15000.00</T_THUOC><T_VTYT>0</T_VTYT>\
         <T_TONGCHI_BV>15000.00</T_TONGCHI_BV><T_TONGCHI_BH>15000.00</T_TONGCHI_BH><T_BNTT>0</T_BNTT>\
         <T_BNCCT>3000.00</T_BNCCT><T_BHTT>12000.00</T_BHTT><T_NGUONKHAC>0</T_NGUONKHAC>\
         <MA_LOAI_KCB>01</MA_LOAI_KCB><MA_KHOA>K01</MA_KHOA><MA_CSKCB>{FACILITY}</MA_CSKCB></TONG_HOP>"
    );
    let drugs = format!(
        "<CHITIEU_CHITIET_THUOC><DSACH_CHI_TIET_THUOC><CHI_TIET_THUOC><MA_LK>{key}</MA_LK><STT>1</STT>\
         <MA_THUOC>40.154</MA_THUOC><MA_NHOM>4</MA_NHOM><TEN_THUOC>Amoxicilin 500mg</TEN_THUOC>\
         <DON_VI_TINH>Viên</DON_VI_TINH><DUONG_DUNG>1.01</DUONG_DUNG><PHAM_VI>1</PHAM_VI>\
         <TYLE_TT_BH>100</TYLE_TT_BH><SO_LUONG>12</SO_LUONG><DON_GIA>1250</DON_GIA>\
         <THANH_TIEN_BV>15000.00</THANH_TIEN_BV><THANH_TIEN_BH>15000.00</THANH_TIEN_BH><T_NGUONKHAC>0</T_NGUONKHAC>\
         <MUC_HUONG>80</MUC_HUONG><T_BNTT>0</T_BNTT><T_BNCCT>3000.00</T_BNCCT><T_BHTT>12000.00</T_BHTT>\
         <MA_KHOA>K01</MA_KHOA><MA_BAC_SI>000123/LCH-CCHN</MA_BAC_SI><NGAY_YL>202602161000</NGAY_YL>\
         </CHI_TIET_THUOC></DSACH_CHI_TIET_THUOC></CHITIEU_CHITIET_THUOC>"
    );
    [("XML1", summary), ("XML2", drugs)]
}

/// A visit's parts in one `HOSO`, as plain elements.
pub fn hoso(parts: &[(&str, String)]) -> String {
    let part = |(kind, content): &(&str, String)| {
        format!("<FILEHOSO><LOAIHOSO>{kind}</LOAIHOSO><NOIDUNGFILE>{content}</NOIDUNGFILE></FILEHOSO>")
    };
    format!("<HOSO>{}</HOSO>", parts.iter().map(part).collect::<String>())
}

/// A file with these visits, made on a day like `20260303`.
pub fn file(day: &str, hosos: &[String]) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<GIAMDINHHS><THONGTINDONVI><MACSKCB>{FACILITY}</MACSKCB>\
         </THONGTINDONVI><THONGTINHOSO><NGAYLAP>{day}</NGAYLAP><SOLUONGHOSO>{}</SOLUONGHOSO><DANHSACHHOSO>{}\
         </DANHSACHHOSO></THONGTINHOSO><CHUKYDONVI/></GIAMDINHHS>",
        hosos.len(),
        hosos.concat()
    )
}
