//! How the two hospital systems put tables into files.
//!
//! * **A**: parts as base64, many claims in a file, free text in CDATA, every column present, sometimes a byte
//!   order mark, sometimes base64 broken into lines.
//! * **B**: one claim in a file, parts unencoded (as elements, or as escaped text), rows named `CHITIET_…`,
//!   indented, empty columns left out, line ends inside values, SOLUONGHOSO now and then wrong, the old summary
//!   wrapped in `CHITIEUTONGHOPKCBBHYT`.

use crate::calendar::Day;
use crate::claim::{Cell, Edition, Part, Row};
use crate::places::{Dialect, Facility};
use crate::rng::Rng;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Root, list and row elements of a part; no list for tables of a single row.
const SHAPES: [(&str, &str, &str, &str); 10] = [
    ("XML1", "TONG_HOP", "", ""),
    ("XML2", "CHITIEU_CHITIET_THUOC", "DSACH_CHI_TIET_THUOC", "CHI_TIET_THUOC"),
    ("XML3", "CHITIEU_CHITIET_DVKT_VTYT", "DSACH_CHI_TIET_DVKT", "CHI_TIET_DVKT"),
    ("XML4", "CHITIEU_CHITIET_DICHVUCANLAMSANG", "DSACH_CHI_TIET_CLS", "CHI_TIET_CLS"),
    ("XML5", "CHITIEU_CHITIET_DIENBIENLAMSANG", "DSACH_CHI_TIET_DIEN_BIEN_BENH", "CHI_TIET_DIEN_BIEN_BENH"),
    ("XML7", "CHI_TIEU_DU_LIEU_GIAY_RA_VIEN", "", ""),
    ("XML8", "CHI_TIEU_DU_LIEU_TOM_TAT_HO_SO_BENH_AN", "", ""),
    ("XML13", "CHI_TIEU_GIAYCHUYENTUYEN", "", ""),
    ("XML14", "CHI_TIEU_GIAYHEN_KHAMLAI", "", ""),
    ("XML15", "CHI_TIEU_DIEUTRI_BENHLAO", "DSACH_CHITIET_DIEUTRI_BENHLAO", "CHITIET_DIEUTRI_BENHLAO"),
];

const DECLARATION: &str = "<?xml version=\"1.0\" encoding=\"utf-8\"?>";

/// One claim: its tables and the edition they follow.
pub struct Claim {
    pub edition: Edition,
    pub parts: Vec<Part>,
}

/// Writes an envelope with these claims. `rng` decides the habits that come and go.
pub fn envelope(facility: &Facility, made: Day, claims: &[Claim], rng: &mut Rng) -> Vec<u8> {
    match facility.system {
        Dialect::A => envelope_a(facility, made, claims, rng),
        Dialect::B => envelope_b(facility, made, claims, rng),
    }
}

/// Writes one part alone, as some systems export it: no envelope, no base64.
pub fn bare(part: &Part) -> Vec<u8> {
    let mut out = format!("{DECLARATION}\r\n");
    part_b(&mut out, part, Edition::Q3176, 0);
    out.into_bytes()
}

fn envelope_a(facility: &Facility, made: Day, claims: &[Claim], rng: &mut Rng) -> Vec<u8> {
    let mark = if rng.chance(3000) { "\u{feff}" } else { "" };
    let lines = rng.chance(2000);
    let mut out = format!(
        "{mark}{DECLARATION}\n<GIAMDINHHS xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" \
         xmlns:xsd=\"http://www.w3.org/2001/XMLSchema\"><THONGTINDONVI><MACSKCB>{}</MACSKCB></THONGTINDONVI>\
         <THONGTINHOSO><NGAYLAP>{}</NGAYLAP><SOLUONGHOSO>{}</SOLUONGHOSO><DANHSACHHOSO>",
        facility.code,
        made.number(),
        claims.len()
    );
    for claim in claims {
        out.push_str("<HOSO>");
        for part in &claim.parts {
            let inner = part_a(part, mark);
            let encoded = STANDARD.encode(inner);
            out.push_str(&format!("<FILEHOSO><LOAIHOSO>{}</LOAIHOSO><NOIDUNGFILE>", part.kind));
            if lines {
                broken(&mut out, &encoded)
            } else {
                out.push_str(&encoded)
            }
            out.push_str("</NOIDUNGFILE></FILEHOSO>");
        }
        out.push_str("</HOSO>");
    }
    out.push_str("</DANHSACHHOSO></THONGTINHOSO><CHUKYDONVI/></GIAMDINHHS>");
    out.into_bytes()
}

/// Base64 in lines of 76, as MIME encoders write it.
fn broken(out: &mut String, encoded: &str) {
    for at in (0..encoded.len()).step_by(76) {
        out.push_str(&encoded[at..(at + 76).min(encoded.len())]);
        out.push('\n');
    }
}

fn part_a(part: &Part, mark: &str) -> String {
    let (root, list, row) = shape(part.kind);
    let mut out = format!("{mark}{DECLARATION}<{root}>");
    if list.is_empty() {
        columns_a(&mut out, &part.rows[0]);
    } else {
        out.push_str(&format!("<{list}>"));
        for of in &part.rows {
            out.push_str(&format!("<{row}>"));
            columns_a(&mut out, of);
            out.push_str(&format!("</{row}>"));
        }
        out.push_str(&format!("</{list}>"));
    }
    out.push_str(&format!("</{root}>"));
    out
}

fn columns_a(out: &mut String, row: &Row) {
    for (column, cell) in &row.0 {
        match cell {
            cell if cell.text().is_empty() => out.push_str(&format!("<{column}/>")),
            Cell::Text(text) => {
                // `]]>` cannot stand inside CDATA; no table holds it, but a text may one day.
                let text = text.replace("]]>", "]]]]><![CDATA[>");
                out.push_str(&format!("<{column}><![CDATA[{text}]]></{column}>"));
            }
            Cell::Code(text) => out.push_str(&format!("<{column}>{}</{column}>", escaped(text))),
        }
    }
}

fn envelope_b(facility: &Facility, made: Day, claims: &[Claim], rng: &mut Rng) -> Vec<u8> {
    let count = claims.len() + usize::from(rng.chance(300));
    let as_text = facility.code.ends_with(['0', '3', '7']);
    let mut out = format!(
        "{DECLARATION}\r\n<GIAMDINHHS>\r\n  <THONGTINDONVI>\r\n    <MACSKCB>{}</MACSKCB>\r\n  </THONGTINDONVI>\r\n  \
         <THONGTINHOSO>\r\n    <NGAYLAP>{}</NGAYLAP>\r\n    <SOLUONGHOSO>{count}</SOLUONGHOSO>\r\n    <DANHSACHHOSO>\r\n",
        facility.code,
        made.number()
    );
    for claim in claims {
        out.push_str("      <HOSO>\r\n");
        for part in &claim.parts {
            let open = format!(
                "        <FILEHOSO>\r\n          <LOAIHOSO>{}</LOAIHOSO>\r\n          <NOIDUNGFILE>",
                part.kind
            );
            out.push_str(&open);
            if as_text {
                let mut inner = String::new();
                part_b(&mut inner, part, claim.edition, 0);
                out.push_str(&escaped(&inner));
            } else {
                out.push_str("\r\n");
                part_b(&mut out, part, claim.edition, 12);
                out.push_str("          ");
            }
            out.push_str("</NOIDUNGFILE>\r\n        </FILEHOSO>\r\n");
        }
        out.push_str("      </HOSO>\r\n");
    }
    out.push_str(
        "    </DANHSACHHOSO>\r\n  </THONGTINHOSO>\r\n  <CHUKYDONVI></CHUKYDONVI>\r\n</GIAMDINHHS>\r\n",
    );
    out.into_bytes()
}

fn part_b(out: &mut String, part: &Part, edition: Edition, indent: usize) {
    let (root, list, row) = shape(part.kind);
    let wrap = part.kind == "XML1" && edition == Edition::Q4210;
    let pad = " ".repeat(indent + if wrap { 2 } else { 0 });
    let mut line = |text: String| {
        out.push_str(&text);
        out.push_str("\r\n");
    };
    if wrap {
        line(format!("{}<CHITIEUTONGHOPKCBBHYT>", " ".repeat(indent)));
    }
    line(format!("{pad}<{root}>"));
    // Vendor B leaves one underscore out.
    let (list, row) = (list.replace("CHI_TIET", "CHITIET"), row.replace("CHI_TIET", "CHITIET"));
    if list.is_empty() {
        columns_b(&mut line, &part.rows[0], &format!("{pad}  "));
    } else {
        line(format!("{pad}  <{list}>"));
        for of in &part.rows {
            line(format!("{pad}    <{row}>"));
            columns_b(&mut line, of, &format!("{pad}      "));
            line(format!("{pad}    </{row}>"));
        }
        line(format!("{pad}  </{list}>"));
    }
    line(format!("{pad}</{root}>"));
    if wrap {
        line(format!("{}</CHITIEUTONGHOPKCBBHYT>", " ".repeat(indent)));
    }
}

fn columns_b(line: &mut impl FnMut(String), row: &Row, pad: &str) {
    for (column, cell) in row.0.iter().filter(|(_, cell)| !cell.text().is_empty()) {
        line(format!("{pad}<{column}>{}</{column}>", escaped(cell.text())));
    }
}

fn shape(kind: &str) -> (&'static str, &'static str, &'static str) {
    let found = SHAPES.iter().find(|shape| shape.0 == kind).expect("every part that is made has a shape");
    (found.1, found.2, found.3)
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c => out.push(c),
        }
    }
    out
}
