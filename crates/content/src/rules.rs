//! Rules that remind while something is written down: `rules/<slug>/<first day>.toml`, an edition of when (FHIRPath), with what words, how
//! grave, on what ground. What they say of a record is worked out elsewhere (`yba-rules`), which also tries the worked cases beside them.

use serde::Deserialize;
use toml::Spanned;
use yba_fhir::Day;
use yba_fhir::json::{JsonContainerTrait, Value, at};

use crate::codes::first_day;
use crate::document;
use crate::forms::{Lines, document as tree_of};
use crate::law::{Laws, Sure};
use crate::notifiable::Notifiable;
use crate::problem::Report;
use crate::source::{Source, Sources};

/// Most rules of content, and of each rule the most queries, variables, tables, rows of a table, and reasons that are offered.
const RULES_MAX: usize = 200;
const RECORDS_MAX: usize = 8;
const VARIABLES_MAX: usize = 30;
const TABLES_MAX: usize = 8;
const ROWS_MAX: usize = 500;
const REASONS_MAX: usize = 8;
/// Longest title: other systems show no longer one.
const TITLE_MAX: usize = 120;
const TEXT_MAX: usize = 2000;

/// How much a reminder weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// To be looked at before going on; nothing is asked.
    Warn,
    /// Goes on with a reason alone, which is kept.
    Stop,
}

/// The moment at which a rule is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Moment {
    /// A record is opened: nothing is entered yet.
    Open,
    /// A visit is written down.
    Visit,
    /// A vaccine is about to be given.
    Vaccination,
    /// Something is ordered: a drug, a test.
    Order,
}

/// One edition of a rule.
#[derive(Debug, Clone)]
pub struct Rule {
    pub slug: String,
    /// Vietnamese.
    pub title: String,
    /// The first day in force: the day of the act counts.
    pub from: Day,
    /// Whether this edition ends the rule.
    pub ended: bool,
    pub severity: Severity,
    /// Slugs in `law/`.
    pub basis: Vec<String>,
    pub sure: Sure,
    /// What is not sure in it, in words for whoever is reminded.
    pub uncertain: String,
    pub moments: Vec<Moment>,
    /// Of what among the things that are entered (FHIRPath); empty: once, of the patient.
    pub each: String,
    /// Whether it reminds (FHIRPath).
    pub when: String,
    /// With FHIRPath between `{{` and `}}`, as `suggest`.
    pub message: String,
    /// What to do.
    pub suggest: String,
    /// On which records it rests (FHIRPath); empty: on none in particular.
    pub rests: String,
    /// Reasons that are offered where one is asked for.
    pub reasons: Vec<String>,
    pub variables: Vec<Named>,
    /// What of the record it looks at: a search without the patient, such as `Condition?clinical-status=active`.
    pub records: Vec<Named>,
    /// Rows to look up in, by name.
    pub tables: Vec<(String, Vec<Value>)>,
    /// Slug of a disease in the list of those to notify.
    pub notifiable: String,
    /// Path inside content.
    pub path: String,
    /// Where its parts stand in the file.
    pub lines: Lines,
}

/// A name with an expression, or with a search.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Named {
    pub name: String,
    #[serde(alias = "search")]
    pub expression: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    title: Spanned<String>,
    basis: Vec<Spanned<String>>,
    sure: Sure,
    #[serde(default)]
    uncertain: String,
    #[serde(default)]
    ended: bool,
    severity: Severity,
    at: Spanned<Vec<Moment>>,
    #[serde(default)]
    each: String,
    when: Spanned<String>,
    message: Spanned<String>,
    suggest: Spanned<String>,
    #[serde(default)]
    rests: String,
    #[serde(default)]
    reasons: Vec<String>,
    #[serde(default)]
    variable: Vec<Spanned<Named>>,
    #[serde(default)]
    record: Vec<Spanned<Named>>,
    #[serde(default, rename = "table")]
    _table: toml::Table,
    notifiable: Option<Spanned<String>>,
}

/// All editions, by slug and day.
pub(crate) fn load(
    sources: &Sources,
    laws: &Laws,
    notifiable: &[Notifiable],
    report: &mut Report,
) -> Vec<Rule> {
    let mut all = Vec::new();
    let slugs = sources.folders("rules/");
    if slugs.len() > RULES_MAX {
        report.add("rules/", 0, format!("hơn {RULES_MAX} luật nhắc"));
    }
    for slug in slugs.into_iter().take(RULES_MAX) {
        let folder = format!("rules/{slug}/");
        let before = all.len();
        for source in sources.in_folder(&folder, ".toml") {
            let Some(from) = first_day(source, report) else { continue };
            let Some(file) = document::read::<File>(source, report) else { continue };
            laws.check_basis(source, &file.basis, report);
            all.extend(Reader { source, report }.rule(&slug, from, file, notifiable));
        }
        if all.len() == before {
            report.add(&folder, 0, "thư mục thiếu bản nào của luật nhắc, ví dụ 2026-01-01.toml");
        }
    }
    all.sort_by(|one, other| (&one.slug, one.from).cmp(&(&other.slug, other.from)));
    all
}

/// Reads one file.
struct Reader<'r> {
    source: &'r Source,
    report: &'r mut Report,
}

impl Reader<'_> {
    fn rule(&mut self, slug: &str, from: Day, file: File, notifiable: &[Notifiable]) -> Option<Rule> {
        let tree = match tree_of(&self.source.text) {
            Ok(tree) => tree,
            Err(faults) => {
                for (line, text) in faults {
                    self.report.add(&self.source.path, line, text);
                }
                return None;
            }
        };
        self.check_words(&file);
        let tables = self.tables(&tree.value);
        for (many, what, most) in
            [(&file.record, "record", RECORDS_MAX), (&file.variable, "variable", VARIABLES_MAX)]
        {
            if let Some(over) = many.get(most) {
                self.wrong(over, format!("quá {most} mục {what}"));
            }
        }
        let mut names: Vec<&str> = tables.iter().map(|(name, _)| name.as_str()).collect();
        for named in file.record.iter().chain(&file.variable) {
            let name = named.as_ref().name.as_str();
            if !is_name(name) || names.contains(&name) {
                self.wrong(named, format!("tên {name:?} phải gồm chữ cái và số, và không trùng tên khác"));
            }
            names.push(name);
        }
        if let Some(disease) = &file.notifiable {
            let known = notifiable.iter().any(|list| list.of_slug(disease.as_ref()).is_some());
            if !known {
                let text = format!("danh mục bệnh phải thông báo không có {:?}", disease.as_ref());
                self.wrong(disease, text);
            }
        }
        Some(Rule {
            slug: slug.to_owned(),
            title: file.title.into_inner(),
            from,
            ended: file.ended,
            severity: file.severity,
            basis: file.basis.into_iter().map(Spanned::into_inner).collect(),
            sure: file.sure,
            uncertain: file.uncertain,
            moments: file.at.into_inner(),
            each: file.each,
            when: file.when.into_inner(),
            message: file.message.into_inner(),
            suggest: file.suggest.into_inner(),
            rests: file.rests,
            reasons: file.reasons,
            variables: file.variable.into_iter().map(Spanned::into_inner).collect(),
            records: file.record.into_iter().map(Spanned::into_inner).collect(),
            tables,
            notifiable: file.notifiable.map(Spanned::into_inner).unwrap_or_default(),
            path: self.source.path.clone(),
            lines: tree.lines,
        })
    }

    fn check_words(&mut self, file: &File) {
        if file.at.as_ref().is_empty() {
            self.wrong(&file.at, "at: cần ít nhất một lúc: open, visit, vaccination, order".to_owned());
        }
        for (text, most) in [
            (&file.title, TITLE_MAX),
            (&file.message, TEXT_MAX),
            (&file.suggest, TEXT_MAX),
            (&file.when, TEXT_MAX),
        ] {
            let length = text.as_ref().trim().chars().count();
            if !(1..=most).contains(&length) {
                self.wrong(text, format!("cần từ 1 đến {most} ký tự"));
            }
        }
        if file.reasons.len() > REASONS_MAX {
            self.wrong(&file.when, format!("quá {REASONS_MAX} lý do gợi ý"));
        }
    }

    fn tables(&mut self, tree: &Value) -> Vec<(String, Vec<Value>)> {
        let mut tables = Vec::new();
        let found = at(tree, &["table"]).and_then(|one| one.as_object());
        for (name, rows) in found.into_iter().flat_map(|object| object.iter()) {
            let rows = rows.as_array().map(|rows| rows.iter().cloned().collect::<Vec<_>>());
            match rows {
                Some(rows) if (1..=ROWS_MAX).contains(&rows.len()) && is_name(name) => {
                    tables.push((name.to_owned(), rows));
                }
                _ => {
                    let text = format!("bảng {name:?} phải có từ 1 đến {ROWS_MAX} dòng [[table.{name}]]");
                    self.report.add(&self.source.path, 0, text);
                }
            }
        }
        if tables.len() > TABLES_MAX {
            self.report.add(&self.source.path, 0, format!("quá {TABLES_MAX} bảng"));
        }
        tables
    }

    fn wrong<T>(&mut self, at: &Spanned<T>, text: String) {
        self.report.add(&self.source.path, document::line_of(self.source, at), text);
    }
}

/// `weights`, `mgEach`: what may stand after `%`.
fn is_name(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_lowercase())
        && text.len() <= 40
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use crate::Content;

    #[test]
    fn what_a_file_gets_wrong_is_told_all_at_once_with_its_line() {
        let dir = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = dir.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        let head = "title = \"x\"\nbasis = [\"yba\"]\nsure = \"recalled\"\nseverity = \"stop\"\n";
        write("rules/empty/note.md", "x");
        write(
            "rules/odd/2026-01-01.toml",
            &format!(
                "{head}at = []\nwhen = \"\"\nmessage = \"x\"\nsuggest = \"x\"\nnotifiable = \"cảm\"\n\
                 [[record]]\nname = \"a-b\"\nsearch = \"Condition\"\n[table]\nrows = []\n"
            ),
        );
        write("rules/unknown/2026-01-01.toml", &format!("{head}at = [\"noon\"]\n"));
        write("rules/new/2026-1-1.toml", head);
        let told: Vec<String> =
            Content::with_folder(dir.path()).unwrap_err().iter().map(ToString::to_string).collect();
        for words in [
            "rules/empty/",
            "odd/2026-01-01.toml:5: at: cần ít nhất một lúc",
            "odd/2026-01-01.toml:6: cần từ 1 đến 2000 ký tự",
            "odd/2026-01-01.toml:9: danh mục bệnh phải thông báo không có \"cảm\"",
            "tên \"a-b\" phải gồm chữ cái",
            "bảng \"rows\" phải có từ 1 đến 500 dòng",
            "unknown/2026-01-01.toml:5: không đọc được",
            "rules/new/2026-1-1.toml",
        ] {
            assert!(told.iter().any(|one| one.contains(words)), "{words} in {told:#?}");
        }
    }
}
