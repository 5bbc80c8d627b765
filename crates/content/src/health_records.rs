//! What a person's health record holds: `health-records/<slug>/<first day>.toml`, an edition of the items without which a record does
//! not count as begun, of its sections, and of how often somebody is checked. Content only carries the FHIRPath and the searches;
//! who works them out compiles them (`yba-recall`).

use serde::Deserialize;
use toml::Spanned;
use yba_fhir::Day;

use crate::codes::first_day;
use crate::document;
use crate::forms::FormText;
use crate::law::{Laws, Sure};
use crate::placed::{Placed, is_name};
use crate::problem::Report;
use crate::source::{Source, Sources};

const FOLDER: &str = "health-records/";
/// Most items and sections of one edition, and most searches of one section.
const ITEMS_MAX: usize = 40;
const ASKS_MAX: usize = 8;
/// The longest time between two checks.
const MONTHS_MAX: u32 = 120;

/// One edition.
#[derive(Debug, Clone)]
pub struct HealthRecord {
    pub slug: String,
    /// The first day in force.
    pub from: Day,
    /// Path of the file inside content.
    pub path: String,
    /// Vietnamese.
    pub title: String,
    /// Slugs in `law/`.
    pub basis: Vec<String>,
    pub sure: Sure,
    /// What of it is not sure, in words for whoever uses it.
    pub uncertain: String,
    pub items: Vec<RecordItem>,
    pub sections: Vec<RecordSection>,
    pub check_up: CheckUp,
}

/// Something that a record must say before it counts as begun.
#[derive(Debug, Clone)]
pub struct RecordItem {
    pub name: String,
    /// Vietnamese.
    pub title: String,
    /// FHIRPath on the Patient: whether it is there.
    pub is: Placed,
}

/// A part of a record.
#[derive(Debug, Clone)]
pub struct RecordSection {
    /// As the law counts it: `B1`.
    pub name: String,
    /// Vietnamese.
    pub title: String,
    /// Searches that find what belongs to it; who they are of is added.
    pub asks: Vec<Placed>,
    /// Slug of the form that asks for it.
    pub form: Option<Placed>,
    /// Of whom it is: everybody when empty.
    pub only: Option<Placed>,
}

/// How often somebody is checked.
#[derive(Debug, Clone)]
pub struct CheckUp {
    /// Slug of the form that a check is.
    pub form: Placed,
    /// Months from one check to the next.
    pub months: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    title: String,
    basis: Vec<Spanned<String>>,
    sure: Sure,
    #[serde(default)]
    uncertain: String,
    item: Vec<ItemFile>,
    section: Vec<SectionFile>,
    check_up: CheckUpFile,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ItemFile {
    name: Spanned<String>,
    title: String,
    is: Spanned<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SectionFile {
    name: String,
    title: String,
    asks: Vec<Spanned<String>>,
    form: Option<Spanned<String>>,
    only: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CheckUpFile {
    form: Spanned<String>,
    months: Spanned<u32>,
}

/// All editions, by slug and day.
pub(crate) fn load(
    sources: &Sources,
    laws: &Laws,
    forms: &[FormText],
    report: &mut Report,
) -> Vec<HealthRecord> {
    let mut all = Vec::new();
    for slug in sources.folders(FOLDER) {
        for source in sources.in_folder(&format!("{FOLDER}{slug}/"), ".toml") {
            let Some(from) = first_day(source, report) else { continue };
            let Some(file) = document::read::<File>(source, report) else { continue };
            laws.check_basis(source, &file.basis, report);
            all.push(Reader { source, forms, report }.edition(&slug, from, file));
        }
    }
    all.sort_by(|one, other| (&one.slug, one.from).cmp(&(&other.slug, other.from)));
    all
}

/// Reads one file.
struct Reader<'r> {
    source: &'r Source,
    forms: &'r [FormText],
    report: &'r mut Report,
}

impl Reader<'_> {
    fn edition(&mut self, slug: &str, from: Day, file: File) -> HealthRecord {
        if file.item.is_empty() || file.item.len() > ITEMS_MAX || file.section.len() > ITEMS_MAX {
            self.wrong(0, format!("cần từ 1 đến {ITEMS_MAX} item, tối đa {ITEMS_MAX} section"));
        }
        if file.sure != Sure::Verified && file.uncertain.trim().is_empty() {
            self.wrong(0, "chưa đối chiếu với nguyên văn thì phải viết uncertain".to_owned());
        }
        let mut names: Vec<&str> = Vec::new();
        for one in &file.item {
            let name = one.name.as_ref();
            if !is_name(name) || names.contains(&name.as_str()) {
                let line = document::line_of(self.source, &one.name);
                self.wrong(line, format!("{name:?} phải là tên chữ thường, mỗi tên một lần"));
            }
            names.push(name);
        }
        let months = file.check_up.months;
        if !(1..=MONTHS_MAX).contains(months.as_ref()) {
            let line = document::line_of(self.source, &months);
            self.wrong(line, format!("months phải từ 1 đến {MONTHS_MAX}"));
        }
        let check_up = CheckUp { form: self.form(from, &file.check_up.form), months: months.into_inner() };
        let sections = file.section.into_iter().map(|one| self.section(from, one)).collect();
        let source = self.source;
        let items = file.item.into_iter().map(|one| RecordItem {
            is: Placed::of(source, &one.is),
            name: one.name.into_inner(),
            title: one.title,
        });
        HealthRecord {
            slug: slug.to_owned(),
            from,
            path: source.path.clone(),
            title: file.title,
            basis: file.basis.into_iter().map(Spanned::into_inner).collect(),
            sure: file.sure,
            uncertain: file.uncertain,
            items: items.collect(),
            sections,
            check_up,
        }
    }

    fn section(&mut self, from: Day, file: SectionFile) -> RecordSection {
        if file.asks.is_empty() || file.asks.len() > ASKS_MAX {
            self.wrong(0, format!("mục {} cần từ 1 đến {ASKS_MAX} asks", file.name));
        }
        RecordSection {
            name: file.name,
            title: file.title,
            asks: file.asks.iter().map(|one| Placed::of(self.source, one)).collect(),
            form: file.form.as_ref().map(|form| self.form(from, form)),
            only: Placed::maybe(self.source, &file.only),
        }
    }

    /// The slug of a form that there must be on the first day.
    fn form(&mut self, from: Day, slug: &Spanned<String>) -> Placed {
        let placed = Placed::of(self.source, slug);
        if !self.forms.iter().any(|form| form.slug == placed.text && form.from <= from) {
            self.wrong(placed.line, format!("chưa có biểu mẫu {} cho ngày {from}", placed.text));
        }
        placed
    }

    fn wrong(&mut self, line: u32, text: String) {
        self.report.add(&self.source.path, line, text);
    }
}
