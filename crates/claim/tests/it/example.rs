//! The worked example of a visit (outpatient, card level 80) as rows that a test can change, and the ways to pack it.
//! Person, card, facility and codes are invented.

use base64::Engine;
use std::sync::Arc;
use yba_claim::envelope::{self, FileReading};
use yba_claim::{Bounds, Judged, Mapped, ProvinceKey, Shapes, VisitFile};
use yba_content::Content;

pub type Row = Vec<(String, String)>;

/// Parts of a visit: kind and rows.
#[derive(Clone)]
pub struct Example(pub Vec<(String, Vec<Row>)>);

fn row(cells: &[(&str, &str)]) -> Row {
    cells.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// Example 1: seven lines, 603 274 đ.
pub fn outpatient() -> Example {
    let key = ("MA_LK", "12001.2026.0000123");
    let summary = row(&[
        key,
        ("STT", "1"),
        ("MA_BN", "26000123"),
        ("HO_TEN", "Lò Thị Mẫu"),
        ("SO_CCCD", "012190001234"),
        ("NGAY_SINH", "199003150000"),
        ("GIOI_TINH", "2"),
        ("MA_QUOCTICH", "000"),
        ("MA_DANTOC", "03"),
        ("MA_NGHE_NGHIEP", "63000"),
        ("DIA_CHI", "Xã Than Uyên, tỉnh Lai Châu"),
        ("MATINH_CU_TRU", "12"),
        ("MAXA_CU_TRU", "03595"),
        ("DIEN_THOAI", "0912000123"),
        ("MA_THE_BHYT", "GD4121234567890"),
        ("MA_DKBD", "12001"),
        ("GT_THE_TU", "20260101"),
        ("GT_THE_DEN", "20261231"),
        ("LY_DO_VV", "Ho, sốt"),
        ("CHAN_DOAN_VAO", "Viêm phế quản"),
        ("CHAN_DOAN_RV", "Viêm phế quản cấp"),
        ("MA_BENH_CHINH", "J20.9"),
        ("MA_BENH_KT", "I10"),
        ("MA_DOITUONG_KCB", "1.1"),
        ("NGAY_VAO", "202611160730"),
        ("NGAY_RA", "202611161015"),
        ("SO_NGAY_DTRI", "0"),
        ("KET_QUA_DTRI", "2"),
        ("MA_LOAI_RV", "1"),
        ("NGAY_TTOAN", "202611161030"),
        ("T_THUOC", "363174.00"),
        ("T_VTYT", "0"),
        ("T_TONGCHI_BV", "603274.00"),
        ("T_TONGCHI_BH", "430437.00"),
        ("T_BNTT", "172837.00"),
        ("T_BNCCT", "86087.40"),
        ("T_BHTT", "344349.60"),
        ("T_NGUONKHAC", "0"),
        ("T_BHTT_GDV", "344349.60"),
        ("NAM_QT", "2026"),
        ("THANG_QT", "11"),
        ("MA_LOAI_KCB", "01"),
        ("MA_KHOA", "K01"),
        ("MA_CSKCB", "12001"),
        ("CAN_NANG", "48.50"),
        ("NAM_NAM_LIEN_TUC", "20250101"),
        ("MA_HSBA", "KB26000123"),
        ("MA_TTDV", "1234567890"),
    ]);
    let drugs = [
        [
            "1",
            "40.154",
            "Amoxicilin 500mg",
            "4",
            "14",
            "1250",
            "100",
            "17500.00",
            "17500.00",
            "0.00",
            "3500.00",
            "14000.00",
        ],
        [
            "2",
            "40.30",
            "Thuốc B",
            "6",
            "28",
            "12345.5",
            "50",
            "345674.00",
            "172837.00",
            "172837.00",
            "34567.40",
            "138269.60",
        ],
    ];
    let drug = |line: &[&str; 12]| {
        row(&[
            key,
            ("STT", line[0]),
            ("MA_THUOC", line[1]),
            ("MA_NHOM", line[3]),
            ("TEN_THUOC", line[2]),
            ("DON_VI_TINH", "Viên"),
            ("HAM_LUONG", "500mg"),
            ("DUONG_DUNG", "1.01"),
            ("LIEU_DUNG", "1 viên * 2 lần * 7 ngày [2 viên/ngày]"),
            ("PHAM_VI", "1"),
            ("TYLE_TT_BH", line[6]),
            ("SO_LUONG", line[4]),
            ("DON_GIA", line[5]),
            ("THANH_TIEN_BV", line[7]),
            ("THANH_TIEN_BH", line[8]),
            ("T_NGUONKHAC", "0"),
            ("MUC_HUONG", "80"),
            ("T_BNTT", line[9]),
            ("T_BNCCT", line[10]),
            ("T_BHTT", line[11]),
            ("MA_KHOA", "K01"),
            ("MA_BAC_SI", "000123/LCH-CCHN"),
            ("NGAY_YL", "202611161000"),
            ("NGAY_TH_YL", "202611161005"),
            ("MA_PTTT", "1"),
            ("NGUON_CTRA", "1"),
        ])
    };
    let services = [
        ["1", "02.1896", "Khám Nội", "13", "45000", "100", "45000.00", "9000.00", "36000.00"],
        ["2", "15.1897", "Khám Tai mũi họng", "13", "45000", "30", "13500.00", "2700.00", "10800.00"],
        [
            "3",
            "22.0120.1370",
            "Tổng phân tích tế bào máu",
            "1",
            "49700",
            "100",
            "49700.00",
            "9940.00",
            "39760.00",
        ],
        [
            "4",
            "18.0119.0028",
            "Chụp Xquang ngực thẳng",
            "2",
            "73300",
            "100",
            "73300.00",
            "14660.00",
            "58640.00",
        ],
        ["5", "18.0015.0001", "Siêu âm ổ bụng", "2", "58600", "100", "58600.00", "11720.00", "46880.00"],
    ];
    let service = |line: &[&str; 9]| {
        row(&[
            key,
            ("STT", line[0]),
            ("MA_DICH_VU", line[1]),
            ("MA_NHOM", line[3]),
            ("TEN_DICH_VU", line[2]),
            ("DON_VI_TINH", "Lần"),
            ("PHAM_VI", "1"),
            ("SO_LUONG", "1"),
            ("DON_GIA_BV", line[4]),
            ("DON_GIA_BH", line[4]),
            ("TYLE_TT_DV", line[5]),
            ("TYLE_TT_BH", "100"),
            ("THANH_TIEN_BV", line[6]),
            ("THANH_TIEN_BH", line[6]),
            ("MUC_HUONG", "80"),
            ("T_NGUONKHAC", "0"),
            ("T_BNTT", "0.00"),
            ("T_BNCCT", line[7]),
            ("T_BHTT", line[8]),
            ("MA_KHOA", "K01"),
            ("MA_BAC_SI", "000123/LCH-CCHN"),
            ("NGUOI_THUC_HIEN", "000456/LCH-CCHN"),
            ("MA_BENH", "J20.9"),
            ("NGAY_YL", "202611160745"),
            ("NGAY_TH_YL", "202611160800"),
            ("NGAY_KQ", "202611160900"),
            ("MA_PTTT", "1"),
        ])
    };
    let result = |number: &str, code: &str, name: &str, value: &str, unit: &str| {
        row(&[
            key,
            ("STT", number),
            ("MA_DICH_VU", "22.0120.1370"),
            ("MA_CHI_SO", code),
            ("TEN_CHI_SO", name),
            ("GIA_TRI", value),
            ("DON_VI_DO", unit),
            ("NGAY_KQ", "202611160900"),
            ("MA_BS_DOC_KQ", "000456/LCH-CCHN"),
        ])
    };
    let results = vec![
        result("1", "HH.WBC", "Số lượng bạch cầu (WBC)", "11.20", "G/L"),
        result("2", "HH.HGB", "Huyết sắc tố (Hb)", "12.8", "g/dL"),
        row(&[
            key,
            ("STT", "3"),
            ("MA_DICH_VU", "18.0119.0028"),
            ("TEN_CHI_SO", "Chụp Xquang ngực thẳng"),
            ("MO_TA", "Hai phế trường sáng"),
            ("KET_LUAN", "Hình ảnh bình thường"),
            ("NGAY_KQ", "202611160900"),
        ]),
    ];
    Example(vec![
        ("XML1".into(), vec![summary]),
        ("XML2".into(), drugs.iter().map(drug).collect()),
        ("XML3".into(), services.iter().map(service).collect()),
        ("XML4".into(), results),
    ])
}

impl Example {
    fn rows(&mut self, part: &str) -> &mut Vec<Row> {
        &mut self.0.iter_mut().find(|(kind, _)| kind == part).expect("the example has the part").1
    }

    /// Sets a cell (row from 0), or adds it.
    pub fn set(mut self, part: &str, at: usize, column: &str, value: &str) -> Example {
        let row = &mut self.rows(part)[at];
        match row.iter_mut().find(|(name, _)| name == column) {
            Some(cell) => cell.1 = value.to_owned(),
            None => row.push((column.to_owned(), value.to_owned())),
        }
        self
    }

    pub fn unset(mut self, part: &str, at: usize, column: &str) -> Example {
        self.rows(part)[at].retain(|(name, _)| name != column);
        self
    }

    /// Sets a cell in every row that has it: for keys.
    pub fn everywhere(mut self, column: &str, value: &str) -> Example {
        for cell in self.0.iter_mut().flat_map(|(_, rows)| rows).flatten() {
            if cell.0 == column {
                cell.1 = value.to_owned();
            }
        }
        self
    }

    pub fn without_part(mut self, part: &str) -> Example {
        self.0.retain(|(kind, _)| kind != part);
        self
    }

    pub fn without_row(mut self, part: &str, at: usize) -> Example {
        self.rows(part).remove(at);
        self
    }

    pub fn with_part(mut self, part: &str, rows: &[&[(&str, &str)]]) -> Example {
        self.0.push((part.to_owned(), rows.iter().map(|cells| row(cells)).collect()));
        self
    }

    /// Another visit of another person.
    pub fn other(self, number: u32) -> Example {
        self.everywhere("MA_LK", &format!("12001.2026.{number:07}"))
            .everywhere("MA_BN", &format!("{:08}", 27_000_000 + number))
            .everywhere("SO_CCCD", &format!("0121900{number:05}"))
            .everywhere("MA_THE_BHYT", &format!("GD412123{number:07}"))
    }

    /// The XML of one part.
    pub fn xml(&self, part: &str) -> String {
        let rows = &self.0.iter().find(|(kind, _)| kind == part).expect("the example has the part").1;
        let (open, element, close) = shape(part);
        let body: String = rows
            .iter()
            .map(|row| {
                let cells: String =
                    row.iter().map(|(name, value)| format!("<{name}>{}</{name}>", escape(value))).collect();
                format!("<{element}>{cells}</{element}>")
            })
            .collect();
        format!("{open}{body}{close}")
    }

    /// One `HOSO`, each part packed by `pack`.
    pub fn hoso(&self, pack: impl Fn(&str) -> String) -> String {
        let parts: String = self
            .0
            .iter()
            .map(|(kind, _)| {
                let inner = pack(&self.xml(kind));
                format!("<FILEHOSO><LOAIHOSO>{kind}</LOAIHOSO><NOIDUNGFILE>{inner}</NOIDUNGFILE></FILEHOSO>")
            })
            .collect();
        format!("<HOSO>{parts}</HOSO>")
    }

    /// A whole file with this visit alone, made on 2026-12-03.
    pub fn file(&self) -> Vec<u8> {
        file("12001", "20261203", &[self.hoso(base64)])
    }
}

fn shape(part: &str) -> (&'static str, &'static str, &'static str) {
    match part {
        "XML1" => ("", "TONG_HOP", ""),
        "XML2" => (
            "<CHITIEU_CHITIET_THUOC><DSACH_CHI_TIET_THUOC>",
            "CHI_TIET_THUOC",
            "</DSACH_CHI_TIET_THUOC></CHITIEU_CHITIET_THUOC>",
        ),
        "XML3" => (
            "<CHITIEU_CHITIET_DVKT_VTYT><DSACH_CHI_TIET_DVKT>",
            "CHI_TIET_DVKT",
            "</DSACH_CHI_TIET_DVKT></CHITIEU_CHITIET_DVKT_VTYT>",
        ),
        "XML4" => (
            "<CHITIEU_CHITIET_DICHVUCANLAMSANG><DSACH_CHI_TIET_CLS>",
            "CHI_TIET_CLS",
            "</DSACH_CHI_TIET_CLS></CHITIEU_CHITIET_DICHVUCANLAMSANG>",
        ),
        "XML5" => (
            "<CHITIEU_CHITIET_DIENBIENLAMSANG><DSACH_CHI_TIET_DIEN_BIEN_BENH>",
            "CHI_TIET_DIEN_BIEN_BENH",
            "</DSACH_CHI_TIET_DIEN_BIEN_BENH></CHITIEU_CHITIET_DIENBIENLAMSANG>",
        ),
        "XML7" => ("", "CHI_TIEU_DU_LIEU_GIAY_RA_VIEN", ""),
        "XML8" => ("", "CHI_TIEU_DU_LIEU_TOM_TAT_HO_SO_BENH_AN", ""),
        "XML13" => ("", "CHI_TIEU_GIAYCHUYENTUYEN", ""),
        "XML14" => ("", "CHI_TIEU_GIAYHEN_KHAMLAI", ""),
        _ => ("<DANHSACH>", "DONG", "</DANHSACH>"),
    }
}

pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

pub fn base64(text: &str) -> String {
    base64::engine::general_purpose::STANDARD.encode(text)
}

/// An envelope.
pub fn file(facility: &str, day: &str, hosos: &[String]) -> Vec<u8> {
    counted(facility, day, &hosos.len().to_string(), hosos)
}

pub fn counted(facility: &str, day: &str, count: &str, hosos: &[String]) -> Vec<u8> {
    format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<GIAMDINHHS><THONGTINDONVI><MACSKCB>{facility}</MACSKCB></THONGTINDONVI>\
         <THONGTINHOSO><NGAYLAP>{day}</NGAYLAP><SOLUONGHOSO>{count}</SOLUONGHOSO><DANHSACHHOSO>{}</DANHSACHHOSO>\
         </THONGTINHOSO><CHUKYDONVI/></GIAMDINHHS>",
        hosos.concat()
    )
    .into_bytes()
}

/// The content built in, loaded once.
pub fn content() -> Arc<Content> {
    static CONTENT: std::sync::OnceLock<Arc<Content>> = std::sync::OnceLock::new();
    CONTENT.get_or_init(|| Arc::new(Content::built_in())).clone()
}

pub fn key() -> ProvinceKey {
    ProvinceKey::new([7; 32])
}

/// Reads a file whole.
pub fn read(bytes: &[u8]) -> (FileReading, Vec<VisitFile>) {
    read_within(bytes, Bounds::default())
}

pub fn read_within(bytes: &[u8], bounds: Bounds) -> (FileReading, Vec<VisitFile>) {
    let content = content();
    let mut visits = Vec::new();
    let shapes = Shapes::of(content.claims());
    let reading = envelope::read("a.xml", bytes, &shapes, bounds, &mut |visit| visits.push(visit));
    (reading, visits)
}

/// Reads a file of one visit and judges it.
pub fn judged<T>(bytes: &[u8], see: impl FnOnce(&Judged<'_>) -> T) -> T {
    let content = content();
    let (reading, visits) = read(bytes);
    assert_eq!(visits.len(), 1, "one visit in the file: {:?}", reading.problems);
    see(&yba_claim::judge(&visits[0], &content))
}

/// Reads, judges and maps a file of one visit that must pass.
pub fn mapped(bytes: &[u8]) -> Mapped {
    let content = content();
    judged(bytes, |judged| {
        assert!(!judged.refused, "{:#?}", judged.problems);
        yba_claim::map(&judged.visit, &content, &key()).expect("a visit that passed can be mapped")
    })
}
