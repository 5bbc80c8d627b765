//! Printed sheets: `prints/<slug>/<first day>.toml` says what it prints, `<first day>.typ` beside it how it looks; files
//! directly in `prints/` are shared by all. Content reads and checks what they say; who prints compiles the templates.

use serde::Deserialize;
use toml::Spanned;
use yba_fhir::Day;

use crate::codes::first_day;
use crate::document;
use crate::law::{Laws, Sure};
use crate::placed::Placed;
use crate::problem::Report;
use crate::source::{Source, Sources};

/// Largest template.
const TEMPLATE_BYTES_MAX: usize = 256 << 10;
/// Most signature blocks beside each other.
const SIGNATURES_MAX: usize = 4;
const FOLDER: &str = "prints/";

/// One edition of a printed sheet.
#[derive(Debug, Clone)]
pub struct PrintEdition {
    pub slug: String,
    /// The first day in force: of what is printed, not of the printer.
    pub from: Day,
    /// Path of the `.toml` inside content.
    pub path: String,
    /// Path of the template inside content.
    pub template_path: String,
    pub title: String,
    /// Slugs in `law/`.
    pub basis: Vec<String>,
    pub sure: Sure,
    /// What of it nobody has compared with the original.
    pub uncertain: String,
    pub of: PrintOf,
    /// The slugs that it prints; all that no other sheet names when empty.
    pub only: Vec<Placed>,
    pub signatures: Vec<Signature>,
    /// In the language of Typst.
    pub template: String,
}

/// What kind of thing a sheet prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PrintOf {
    Registers,
    Reports,
    Forms,
    /// Of drugs.
    Prescriptions,
    /// A month of the vaccine fridge.
    Fridge,
    /// After vaccines.
    Reactions,
    /// Of one person, whole.
    HealthRecords,
    /// A day of vaccination.
    Sessions,
}

impl PrintOf {
    /// The slug of the one thing of a kind that has one.
    pub fn only(self) -> Option<&'static str> {
        match self {
            PrintOf::Registers | PrintOf::Reports | PrintOf::Forms => None,
            PrintOf::Prescriptions => Some("prescription"),
            PrintOf::Fridge => Some("fridge"),
            PrintOf::Reactions => Some("reaction"),
            PrintOf::HealthRecords => Some("health-record"),
            PrintOf::Sessions => Some("session"),
        }
    }
}

/// A block to be signed.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signature {
    /// `NGƯỜI LẬP BIỂU`
    pub role: String,
    /// `(Ký, ghi rõ họ tên)`
    #[serde(default)]
    pub note: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PrintFile {
    title: String,
    basis: Vec<Spanned<String>>,
    sure: Sure,
    #[serde(default)]
    uncertain: String,
    prints: PrintOf,
    #[serde(default)]
    only: Vec<Spanned<String>>,
    #[serde(default)]
    signature: Vec<Signature>,
}

/// A template that others take from: its path below `prints/`, and its text.
pub type Shared = (String, String);

/// All editions by slug and day; `known` tells whether there is such a register, report or form.
pub(crate) fn load(
    sources: &Sources,
    laws: &Laws,
    known: &dyn Fn(PrintOf, &str) -> bool,
    problems: &mut Report,
) -> (Vec<PrintEdition>, Vec<Shared>) {
    let mut all: Vec<PrintEdition> = Vec::new();
    for slug in sources.folders(FOLDER) {
        let folder = format!("{FOLDER}{slug}/");
        let before = all.len();
        for source in sources.in_folder(&folder, ".toml") {
            all.extend(edition(sources, source, &slug, laws, problems));
        }
        if all.len() == before {
            problems.add(&folder, 0, "thư mục thiếu định nghĩa bản in, ví dụ 2026-01-01.toml");
        }
        for template in sources.in_folder(&folder, ".typ") {
            if !all.iter().any(|one| one.template_path == template.path) {
                problems.add(&template.path, 0, "mẫu in này không có tệp .toml cùng tên bên cạnh");
            }
        }
    }
    for edition in &all {
        check(edition, known, problems);
    }
    all.sort_by(|one, other| (&one.slug, one.from).cmp(&(&other.slug, other.from)));
    let shared = sources.in_folder(FOLDER, ".typ");
    let shared = shared.map(|source| (source.path[FOLDER.len()..].to_owned(), source.text.to_string()));
    (all, shared.collect())
}

fn edition(
    sources: &Sources,
    source: &Source,
    slug: &str,
    laws: &Laws,
    problems: &mut Report,
) -> Option<PrintEdition> {
    let from = first_day(source, problems)?;
    let file: PrintFile = document::read(source, problems)?;
    laws.check_basis(source, &file.basis, problems);
    let template_path = format!("{FOLDER}{slug}/{}.typ", source.stem());
    let Some(template) = sources.get(&template_path) else {
        problems.add(&source.path, 0, format!("thiếu mẫu in {template_path} bên cạnh"));
        return None;
    };
    Some(PrintEdition {
        slug: slug.to_owned(),
        from,
        path: source.path.clone(),
        template_path,
        title: file.title,
        basis: file.basis.iter().map(|one| one.as_ref().clone()).collect(),
        sure: file.sure,
        uncertain: file.uncertain,
        of: file.prints,
        only: file.only.iter().map(|one| Placed::of(source, one)).collect(),
        signatures: file.signature,
        template: template.text.to_string(),
    })
}

fn check(edition: &PrintEdition, known: &dyn Fn(PrintOf, &str) -> bool, problems: &mut Report) {
    let path = &edition.path;
    if edition.title.trim().is_empty() {
        problems.add(path, 0, "bản in cần title");
    }
    if edition.sure != Sure::Verified && edition.uncertain.trim().is_empty() {
        problems.add(path, 0, "chưa đối chiếu với nguyên văn thì phải viết uncertain");
    }
    for slug in edition.only.iter().filter(|slug| !known(edition.of, &slug.text)) {
        problems.add(path, slug.line, format!("không có sổ, biểu hay phiếu “{}”", slug.text));
    }
    if edition.signatures.len() > SIGNATURES_MAX {
        problems.add(path, 0, format!("tối đa {SIGNATURES_MAX} chỗ ký cạnh nhau"));
    }
    if edition.template.len() > TEMPLATE_BYTES_MAX {
        problems.add(&edition.template_path, 0, format!("mẫu in lớn quá {} KB", TEMPLATE_BYTES_MAX >> 10));
    }
}
