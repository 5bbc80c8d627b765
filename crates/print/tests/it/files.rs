//! Workbooks and XML, read back by other programs.

use crate::paper;
use calamine::{Data, Reader, Xlsx};
use std::io::Cursor;
use yba_content::Day;
use yba_print::paper::Cell;
use yba_print::{workbook, xml};

fn text(text: &str) -> Cell {
    Cell::Text(text.into())
}

#[test]
fn dates_and_numbers_are_such_and_what_was_typed_is_never_a_formula() {
    let long = "dài ".repeat(10_000);
    let day = Day::parse("2026-02-03").unwrap();
    let cells = vec![
        vec![Cell::Number("12".parse().unwrap()), Cell::Day(day), text("=HYPERLINK(\"http://x\",\"a\")")],
        vec![
            Cell::Number("0.25".parse().unwrap()),
            Cell::Moment("2026-02-03T01:30:00Z".into()),
            text("+84 912"),
        ],
        vec![
            Cell::Number("12345678901234567".parse().unwrap()),
            Cell::Day(Day::parse("1890-05-01").unwrap()),
            text("@SUM(A1)"),
        ],
        vec![Cell::Empty, text("1968"), text(&long)],
    ];
    let bytes = workbook::write(&paper(cells)).unwrap();
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes.clone())).unwrap();
    assert_eq!(book.sheet_names(), ["A1-YTCS"]);
    let formulas = book.worksheet_formula("A1-YTCS").unwrap();
    assert!(formulas.used_cells().next().is_none(), "no formula");
    let sheet = book.worksheet_range("A1-YTCS").unwrap();
    let at = |row: u32, column: u32| sheet.get_value((row, column)).cloned().unwrap_or_default();
    let first = workbook::HEAD + 1;
    assert_eq!(at(0, 0), Data::String("Sổ thử & kiểm".into()));
    assert_eq!(at(workbook::HEAD, 2), Data::String("Cột 2".into()));
    assert_eq!(at(first, 0), Data::Float(12.0));
    let Data::DateTime(date) = at(first, 1) else { panic!("{:?}", at(first, 1)) };
    assert_eq!(date.as_f64(), 46056.0, "03/02/2026");
    assert_eq!(at(first, 2), Data::String("=HYPERLINK(\"http://x\",\"a\")".into()));
    let Data::DateTime(moment) = at(first + 1, 1) else { panic!("a moment") };
    assert!(
        (moment.as_f64() - 46056.0 - 8.5 / 24.0).abs() < 1e-6,
        "the hour in Vietnam: {}",
        moment.as_f64()
    );
    assert_eq!(at(first + 2, 0), Data::String("12345678901234567".into()), "no digit is lost");
    assert_eq!(at(first + 2, 1), Data::String("01/05/1890".into()), "before spreadsheets count");
    assert_eq!(at(first + 2, 2), Data::String("@SUM(A1)".into()));
    assert_eq!(at(first + 3, 1), Data::String("1968".into()));
    let Data::String(long) = at(first + 3, 2) else { panic!("a text") };
    assert_eq!(long.chars().count(), 32_767);
    // The file itself holds no formula element.
    let mut zip = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    let mut inside = String::new();
    std::io::Read::read_to_string(&mut zip.by_name("xl/worksheets/sheet1.xml").unwrap(), &mut inside)
        .unwrap();
    assert!(!inside.contains("<f>") && !inside.contains("<f "), "{inside}");
}

#[test]
fn xml_says_what_the_paper_says_and_is_well_formed_whatever_was_typed() {
    let day = Day::parse("2026-02-03").unwrap();
    let nasty = "<a & \"b\"> \u{0}\u{1b}]]> ế";
    let cells = vec![vec![Cell::Number("12.5".parse().unwrap()), Cell::Day(day), text(nasty), Cell::Empty]];
    let mut paper = paper(cells);
    paper.is_report = true;
    paper.closed_at = Some("2026-03-02T08:00:00.000+07:00".into());
    let written = String::from_utf8(xml::write(&paper)).unwrap();
    let mut reader = quick_xml::Reader::from_str(&written);
    let (mut texts, mut open) = (Vec::new(), 0);
    loop {
        match reader.read_event().unwrap() {
            quick_xml::events::Event::Eof => break,
            quick_xml::events::Event::Start(_) => open += 1,
            quick_xml::events::Event::End(_) => open -= 1,
            quick_xml::events::Event::Text(_) | quick_xml::events::Event::GeneralRef(_) => texts.push(()),
            _ => {}
        }
    }
    assert_eq!(open, 0);
    for said in [
        "<report xmlns=\"https://yba.vn/xml/paper/1\" form=\"A1/YTCS\" slug=\"thu\" edition=\"2026-01-01\" title=\"Sổ thử &amp; kiểm\">",
        "<period first=\"2026-02-01\" last=\"2026-02-28\" title=\"tháng 2/2026\"/>",
        "<facility id=\"tram\">Trạm Y tế xã Mẫu</facility>",
        "<closed at=\"2026-03-02T08:00:00.000+07:00\"/>",
        "<cell column=\"c0\" type=\"decimal\">12.5</cell>",
        "<cell column=\"c1\" type=\"date\">2026-02-03</cell>",
        "<cell column=\"c2\" type=\"string\">&lt;a &amp; &quot;b&quot;&gt; ]]&gt; ế</cell>",
    ] {
        assert!(written.contains(said), "{said} in {written}");
    }
    assert!(!written.contains("c3\" type"), "an empty cell is none");
}
