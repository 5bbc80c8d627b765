//! ICD-10: chapters, blocks, three and four characters, with Vietnamese and English titles. The table of the assets
//! holds until the first official edition of content, which then goes before it from its day on.

use std::collections::{BTreeMap, HashMap};

use yba_content::{CodeList, Content};

use crate::Terminology;
use crate::system::{Content as Holds, Edition, Head};
use crate::table::{Flags, Period, Table, TableBuilder};

const SLUG: &str = "icd-10-vn";
const URL: &str = "http://hl7.org/fhir/sid/icd-10";

/// A row of the assets: code, Vietnamese, English, parent.
type Row<'a> = (&'a str, &'a str, &'a str, &'a str);

/// Titles that an official edition sets: code, Vietnamese, English.
type Official = Vec<(String, String, String)>;

pub(super) fn fill(terminology: &mut Terminology, content: &Content) {
    let mut head = Head::new(URL, "2019", "Phân loại bệnh tật ICD-10");
    "ICD10".clone_into(&mut head.name);
    head.language = "vi";
    terminology.lay_system(Edition::new(head.clone(), || table(&Official::new(), false)));
    for list in content.code_lists().filter(|list| list.slug == SLUG) {
        let mut head = head.clone();
        head.version = list.from.to_string();
        head.title.clone_from(&list.title);
        head.period = Period { first: Some(list.from), last: list.to };
        head.basis = super::lists::basis(content, &list.basis);
        head.content = if list.complete { Holds::Complete } else { Holds::Fragment };
        let (official, complete) = (official(list), list.complete);
        terminology.lay_system(Edition::new(head, move || table(&official, complete)));
    }
}

fn official(list: &CodeList) -> Official {
    let row = |code: &yba_content::Code| (code.code.clone(), code.title.clone(), code.english.clone());
    list.codes.iter().map(row).collect()
}

/// All codes in the order of the book. A complete official list decides which diseases there are; one in part gives
/// better titles and further codes.
fn table(official: &Official, complete: bool) -> Table {
    let codes = yba_assets::text("icd10.tsv.gz").unwrap_or_default();
    let blocks = yba_assets::text("icd10-blocks.tsv.gz").unwrap_or_default();
    let titles: HashMap<&str, (&str, &str)> =
        official.iter().map(|(code, vi, en)| (code.as_str(), (vi.as_str(), en.as_str()))).collect();
    let known: BTreeMap<&str, Row> = rows(&codes).map(|row| (row.0, row)).collect();
    let further: Vec<Row> = official
        .iter()
        .filter(|(code, ..)| !known.contains_key(code.as_str()))
        .map(|(code, vi, en)| (code.as_str(), vi.as_str(), en.as_str(), parent_of(code, &known)))
        .collect();
    let kept = rows(&codes).filter(|row| !complete || titles.contains_key(row.0)).chain(further);
    let mut below: BTreeMap<&str, Vec<(Row, bool)>> = BTreeMap::new();
    for row in rows(&blocks) {
        below.entry(row.3).or_default().push((row, true));
    }
    for row in kept {
        below.entry(row.3).or_default().push((row, false));
    }
    for list in below.values_mut() {
        list.sort_by_key(|(row, _)| row.0);
    }
    let mut chapters = below.remove("").unwrap_or_default();
    chapters.sort_by_key(|(row, _)| first_block(row.0, &below));
    let mut builder = TableBuilder::default();
    for (chapter, is_block) in &chapters {
        put(&mut builder, chapter, *is_block, None, &below, &titles);
    }
    builder.finish(true)
}

fn rows(text: &str) -> impl Iterator<Item = Row<'_>> {
    text.lines().filter_map(|line| {
        let mut cells = line.split('\t');
        Some((cells.next()?, cells.next()?, cells.next()?, cells.next().unwrap_or_default()))
    })
}

/// Roman numbers do not sort; the letter of the first block does.
fn first_block<'a>(chapter: &str, below: &BTreeMap<&'a str, Vec<(Row<'a>, bool)>>) -> &'a str {
    below.get(chapter).and_then(|list| list.first()).map_or("", |(row, _)| row.0)
}

/// The three characters of a longer code, else the block that the code before it stands in.
fn parent_of<'a>(code: &'a str, known: &BTreeMap<&'a str, Row<'a>>) -> &'a str {
    match code.split_once('.') {
        Some((category, _)) => category,
        None => known.range(..code).next_back().map_or("", |(_, row)| row.3),
    }
}

fn put(
    builder: &mut TableBuilder,
    row: &Row,
    is_block: bool,
    parent: Option<u32>,
    below: &BTreeMap<&str, Vec<(Row, bool)>>,
    titles: &HashMap<&str, (&str, &str)>,
) {
    let (mut vi, mut en) = (row.1, row.2);
    if let Some((official_vi, official_en)) = titles.get(row.0) {
        vi = official_vi;
        en = if official_en.is_empty() { en } else { official_en };
    }
    let flags = Flags { not_selectable: is_block, ..Flags::default() };
    let at = builder.add(row.0, if vi.is_empty() { en } else { vi }, flags);
    builder.designation(at, "en", en);
    if let Some(parent) = parent {
        builder.under(at, parent);
    }
    for (child, is_block) in below.get(row.0).into_iter().flatten() {
        put(builder, child, *is_block, Some(at), below, titles);
    }
}
