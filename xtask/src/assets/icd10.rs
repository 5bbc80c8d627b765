//! ICD-10 with Vietnamese titles, out of GNU Health's disease list and its translation.
//!
//! The translation is a volunteers' work, not the Ministry's list. About 800 titles have none; where the English
//! title ends in one of a few fixed phrases we compose it from the category's title, otherwise it stays empty and
//! the English one is shown.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;

use anyhow::{Context, Result, bail};
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use unicode_normalization::UnicodeNormalization;

/// The three files of the package.
pub struct Sources<'a> {
    /// `data/diseases.xml`
    pub diseases: &'a str,
    /// `data/disease_categories.xml`: chapters and blocks.
    pub categories: &'a str,
    /// `locale/vi.po`
    pub translation: &'a str,
}

/// The two tables, as TSV.
pub struct Tables {
    /// code, Vietnamese title, English title, parent.
    pub codes: String,
    /// The same columns for blocks (`A00-A09`) and chapters (`I`).
    pub blocks: String,
}

/// Reads the list and its translation.
pub fn compile(sources: &Sources) -> Result<Tables> {
    let titles = translations(sources.translation);
    let (blocks, block_of) = blocks(&records(sources.categories).context("disease_categories.xml")?, &titles);
    let diseases = records(sources.diseases).context("diseases.xml")?;
    let mut codes: BTreeMap<&str, Row> = BTreeMap::new();
    for (id, fields) in &diseases {
        let (Some(code), Some(english)) = (fields.get("code"), fields.get("name")) else {
            bail!("diseases.xml: {id} has no code or no name");
        };
        let block = fields.get("category").and_then(|category| block_of.get(category.as_str()));
        let parent = match code.split_once('.') {
            Some((category, _)) => category.to_owned(),
            None => block.cloned().unwrap_or_default(),
        };
        let translated = titles.get(&format!("gnuhealth.pathology,name:{id}"));
        let vietnamese = vietnamese(code, translated.map_or("", String::as_str));
        codes.insert(code, Row { vietnamese, english: tidy(english), parent });
    }
    let composed: Vec<(&str, String)> = codes
        .iter()
        .filter(|(_, row)| row.vietnamese.is_empty())
        .filter_map(|(code, row)| {
            Some((*code, composed(&codes.get(row.parent.as_str())?.vietnamese, &row.english)?))
        })
        .collect();
    for (code, title) in composed {
        codes.entry(code).and_modify(|row| row.vietnamese = title);
    }
    Ok(Tables { codes: tsv(&codes), blocks: tsv(&blocks) })
}

struct Row {
    vietnamese: String,
    english: String,
    parent: String,
}

fn tsv<Code: AsRef<str>>(rows: &BTreeMap<Code, Row>) -> String {
    let mut text = String::new();
    for (code, row) in rows {
        let _ = writeln!(text, "{}\t{}\t{}\t{}", code.as_ref(), row.vietnamese, row.english, row.parent);
    }
    text
}

/// Titles that the translation lacks and many others are composed from.
const OVERRIDES: [(&str, &str); 2] =
    [("F12", "Rối loạn tâm thần và hành vi do sử dụng cần sa"), ("I84", "Trĩ")];

/// What the translation puts in brackets behind some categories is the title of their subdivision .9.
const STRAY: [&str; 3] = [
    " (Chưa có biến chứng)",
    " (Mạn không có xuất huyết hay thủng)",
    " (Rối loạn tâm thần và hành vi không biệt định)",
];

/// The title we show of a code: ours where we have one, else the translation without what does not belong to it.
fn vietnamese(code: &str, translated: &str) -> String {
    if let Some((_, title)) = OVERRIDES.iter().find(|(of, _)| *of == code) {
        return (*title).to_owned();
    }
    let stray = STRAY.iter().find_map(|stray| translated.strip_suffix(stray)).filter(|_| !code.contains('.'));
    stray.unwrap_or(translated).to_owned()
}

/// Endings of English titles, and their Vietnamese as the official list words them for alcohol (F10) and its like.
const ENDINGS: [(&str, &str); 20] = [
    ("Acute intoxication", "nhiễm độc cấp"),
    ("Harmful use", "sử dụng gây hại"),
    ("Dependence syndrome", "hội chứng nghiện"),
    ("Withdrawal state", "trạng thái cai"),
    ("Withdrawal state with delirium", "trạng thái cai với mê sảng"),
    ("Psychotic disorder", "rối loạn loạn thần"),
    ("Amnesic syndrome", "hội chứng quên"),
    ("Residual and late-onset psychotic disorder", "rối loạn loạn thần di chứng và khởi phát muộn"),
    ("Other mental and behavioural disorders", "rối loạn tâm thần và hành vi khác"),
    ("Unspecified mental and behavioural disorder", "rối loạn tâm thần và hành vi không biệt định"),
    (
        "With the statement of no, or minimal, impairment of behaviour",
        "ghi rõ không có hoặc có ít tật chứng về hành vi",
    ),
    (
        "Significant impairment of behaviour requiring attention or treatment",
        "tật chứng hành vi đáng kể, cần theo dõi hoặc điều trị",
    ),
    ("Other impairments of behaviour", "tật chứng hành vi khác"),
    ("Without mention of impairment of behaviour", "không ghi rõ tật chứng hành vi"),
    ("Diagnostic and monitoring devices", "dụng cụ chẩn đoán và theo dõi"),
    (
        "Therapeutic (nonsurgical) and rehabilitative devices",
        "dụng cụ điều trị (không phẫu thuật) và phục hồi chức năng",
    ),
    (
        "Prosthetic and other implants, materials and accessory devices",
        "bộ phận giả và vật cấy ghép khác, vật liệu và dụng cụ phụ trợ",
    ),
    (
        "Surgical instruments, materials and devices (including sutures)",
        "dụng cụ, vật liệu và thiết bị phẫu thuật (kể cả chỉ khâu)",
    ),
    ("Miscellaneous devices, not elsewhere classified", "dụng cụ khác, không xếp loại ở phần khác"),
    ("Unspecified", "không xác định"),
];

/// «parent: ending», when the parent has a title and the ending is a known one.
fn composed(parent: &str, english: &str) -> Option<String> {
    let (_, ending) = english.rsplit_once(": ")?;
    let ending = if ending.starts_with("Overlapping lesion of ") {
        "tổn thương chồng lấn"
    } else {
        ENDINGS.iter().find(|(english, _)| *english == ending)?.1
    };
    (!parent.is_empty()).then(|| format!("{parent}: {ending}"))
}

/// Chapters and blocks by code, and the code of every category id.
fn blocks(
    records: &[Record],
    titles: &HashMap<String, String>,
) -> (BTreeMap<String, Row>, HashMap<String, String>) {
    let mut code_of = HashMap::new();
    for (id, fields) in records {
        if let Some((code, _)) = fields.get("name").and_then(|name| split_block(name)) {
            code_of.insert(id.clone(), code);
        }
    }
    let mut rows = BTreeMap::new();
    for (id, fields) in records {
        let Some((code, english)) = fields.get("name").and_then(|name| split_block(name)) else { continue };
        let translated = titles.get(&format!("gnuhealth.pathology.category,name:{id}"));
        let vietnamese =
            translated.and_then(|title| split_block(title)).map(|(_, title)| title).unwrap_or_default();
        let parent = fields.get("parent").and_then(|parent| code_of.get(parent)).cloned().unwrap_or_default();
        rows.insert(code, Row { vietnamese, english, parent });
    }
    (rows, code_of)
}

/// `(A00-A09) Title` → `A00-A09`; `IV Title` → `IV`. The root, «ICD-10», is neither.
fn split_block(name: &str) -> Option<(String, String)> {
    let name = tidy(name);
    let (code, title) = name.split_once(' ')?;
    let block = code.strip_prefix('(').and_then(|code| code.strip_suffix(')'));
    let chapter = code.bytes().all(|letter| b"IVX".contains(&letter)).then_some(code);
    Some((block.or(chapter)?.to_owned(), title.to_owned()))
}

/// One space between words, none at the ends, for a title stands in one TSV cell; marks composed (NFC), for the
/// translators typed them both ways.
fn tidy(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").nfc().collect()
}

/// A `<record id>` with its fields: text, or the `ref` they point at.
type Record = (String, HashMap<String, String>);

fn records(xml: &str) -> Result<Vec<Record>> {
    let mut reader = Reader::from_str(xml);
    let mut records: Vec<Record> = Vec::new();
    let mut field: Option<String> = None;
    loop {
        match reader.read_event()? {
            Event::Start(tag) | Event::Empty(tag) if tag.name().as_ref() == "record" => {
                records.push((attribute(&tag, "id")?.context("a record without id")?, HashMap::new()));
            }
            Event::Start(tag) if tag.name().as_ref() == "field" => {
                field = attribute(&tag, "name")?;
                if let (Some(target), Some(name), Some(last)) =
                    (attribute(&tag, "ref")?, field.clone(), records.last_mut())
                {
                    last.1.insert(name, target);
                }
            }
            Event::Text(text) => append(&mut records, field.as_ref(), &text.xml10_content()),
            Event::GeneralRef(name) => {
                let entity = format!("&{};", name.xml10_content());
                append(&mut records, field.as_ref(), &quick_xml::escape::unescape(&entity)?);
            }
            Event::End(tag) if tag.name().as_ref() == "field" => field = None,
            Event::Eof => return Ok(records),
            _ => {}
        }
    }
}

fn append(records: &mut [Record], field: Option<&String>, text: &str) {
    if let (Some(name), Some(last)) = (field, records.last_mut()) {
        last.1.entry(name.clone()).or_default().push_str(text);
    }
}

fn attribute(tag: &BytesStart, name: &str) -> Result<Option<String>> {
    let Some(attribute) = tag.try_get_attribute(name)? else { return Ok(None) };
    Ok(Some(attribute.value.into_owned()))
}

/// The translated titles of a gettext file by context without `model:`; unsure («fuzzy») and empty ones left out.
///
/// https://www.gnu.org/software/gettext/manual/html_node/PO-Files.html
fn translations(po: &str) -> HashMap<String, String> {
    po.split("\n\n").filter_map(translation).collect()
}

fn translation(entry: &str) -> Option<(String, String)> {
    let (mut context, mut title) = (String::new(), String::new());
    let mut keyword = "";
    for line in entry.lines() {
        if line.starts_with("#,") && line.contains("fuzzy") {
            return None;
        }
        let (word, quoted) = match line.split_once(' ') {
            Some((word, rest)) if !line.starts_with(['"', '#']) => (word, rest),
            _ => (keyword, line),
        };
        keyword = word;
        let Some(text) = quoted.strip_prefix('"').and_then(|text| text.strip_suffix('"')) else { continue };
        match keyword {
            "msgctxt" => context.push_str(&unescape(text)),
            "msgstr" => title.push_str(&unescape(text)),
            _ => {}
        }
    }
    let title = tidy(&title);
    (!title.is_empty()).then_some((context.strip_prefix("model:")?.to_owned(), title))
}

fn unescape(text: &str) -> String {
    text.replace("\\n", "\n").replace("\\t", "\t").replace("\\\"", "\"").replace("\\\\", "\\")
}

#[cfg(test)]
mod tests {
    use super::*;

    const CATEGORIES: &str = r#"<tryton><data>
      <record model="c" id="root"><field name="name">ICD-10</field></record>
      <record model="c" id="icdcat5"><field name="name">V Mental and behavioural disorders</field><field name="parent" ref="root"></field></record>
      <record model="c" id="icdcat5-2"><field name="name">(F10-F19) Disorders due to use</field><field name="parent" ref="icdcat5"></field></record>
      </data></tryton>"#;

    const DISEASES: &str = r#"<tryton><data>
      <record model="d" id="F11"><field name="name">Disorders due to use of opioids</field><field name="code">F11</field><field name="category" ref="icdcat5-2"></field></record>
      <record model="d" id="F111"><field name="name">Disorders due to use of opioids: Harmful use</field><field name="code">F11.1</field><field name="category" ref="icdcat5-2"></field></record>
      <record model="d" id="F112"><field name="name">Disorders due to
         "use" &amp; more: Something rare</field><field name="code">F11.2</field><field name="category" ref="icdcat5-2"></field></record>
      </data></tryton>"#;

    const PO: &str = "#\nmsgid \"\"\nmsgstr \"Language: vi\\n\"\n\n\
        msgctxt \"model:gnuhealth.pathology,name:F11\"\nmsgid \"Disorders\"\n\
        msgstr \"\"\n\"Rối loạn do sử dụng \"\n\"thuốc phiện (Rối loạn ta\u{302}m thần và hành vi kho\u{302}ng biệt định)\"\n\n\
        #, fuzzy\nmsgctxt \"model:gnuhealth.pathology,name:F112\"\nmsgid \"x\"\nmsgstr \"không chắc\"\n\n\
        msgctxt \"model:gnuhealth.pathology.category,name:icdcat5-2\"\nmsgid \"y\"\nmsgstr \"(F10-F19) Rối loạn do chất\"\n";

    #[test]
    fn codes_carry_titles_and_parents_and_known_endings_are_composed() {
        let tables =
            compile(&Sources { diseases: DISEASES, categories: CATEGORIES, translation: PO }).unwrap();
        assert_eq!(
            tables.codes,
            "F11\tRối loạn do sử dụng thuốc phiện\tDisorders due to use of opioids\tF10-F19\n\
             F11.1\tRối loạn do sử dụng thuốc phiện: sử dụng gây hại\tDisorders due to use of opioids: Harmful use\tF11\n\
             F11.2\t\tDisorders due to \"use\" & more: Something rare\tF11\n"
        );
        assert_eq!(
            tables.blocks,
            "F10-F19\tRối loạn do chất\tDisorders due to use\tV\nV\t\tMental and behavioural disorders\t\n"
        );
    }

    #[test]
    fn an_overlapping_lesion_is_said_of_its_organ() {
        assert_eq!(
            composed("U ác thanh quản", "Malignant neoplasm: Overlapping lesion of larynx").as_deref(),
            Some("U ác thanh quản: tổn thương chồng lấn")
        );
        assert_eq!(composed("", "X: Harmful use"), None);
        assert_eq!(composed("Trĩ", "Internal haemorrhoids"), None);
    }

    #[test]
    fn a_disease_without_code_is_refused() {
        let diseases = r#"<data><record id="A00"><field name="name">Cholera</field></record></data>"#;
        assert!(compile(&Sources { diseases, categories: CATEGORIES, translation: PO }).is_err());
    }
}
