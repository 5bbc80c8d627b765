//! Programmes of chronic care: `programmes/<slug>/<first day>.toml`, an edition of whose diagnoses a programme follows, with which form a
//! visit is written down, and when somebody is late. Who is in it is worked out elsewhere (`yba-recall`).

use serde::Deserialize;
use toml::Spanned;
use yba_fhir::Day;
use yba_fhir::json::{Value, items, str_at};

use crate::codes::first_day;
use crate::document;
use crate::forms::FormText;
use crate::law::{Laws, Sure};
use crate::problem::Report;
use crate::schedules::{Schedule, Span};
use crate::source::{Source, Sources};

/// One edition of a programme.
#[derive(Debug, Clone)]
pub struct Programme {
    pub slug: String,
    /// Vietnamese.
    pub title: String,
    /// The first day in force.
    pub from: Day,
    /// Slugs in `law/`.
    pub basis: Vec<String>,
    pub sure: Sure,
    pub note: String,
    /// Beginnings of ICD-10 codes.
    pub icd: Vec<String>,
    /// Slug of the form that a visit is.
    pub form: String,
    /// So long after the day of an appointment somebody is late.
    pub late_after: Span,
    /// The question of the form that says whether the target was reached; none when no form says it.
    pub controlled: Option<String>,
    /// What of earlier visits stands beside the form.
    pub shown: Vec<Shown>,
}

/// A kind of Observation.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shown {
    /// Vietnamese.
    pub title: String,
    pub system: String,
    pub code: String,
}

impl Programme {
    /// Whether a diagnosis is the programme's.
    pub fn has(&self, icd10: &str) -> bool {
        self.icd.iter().any(|start| icd10.starts_with(start.as_str()))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ProgrammeFile {
    title: String,
    basis: Vec<Spanned<String>>,
    sure: Sure,
    #[serde(default)]
    note: String,
    icd: Vec<Spanned<String>>,
    form: Spanned<String>,
    late_after: Spanned<String>,
    controlled: Option<Spanned<String>>,
    #[serde(default)]
    shown: Vec<Shown>,
    example: Vec<ExampleFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ExampleFile {
    icd: Spanned<String>,
    belongs: bool,
}

/// All editions, by slug and day.
pub(crate) fn load(
    sources: &Sources,
    laws: &Laws,
    forms: &[FormText],
    schedules: &[Schedule],
    report: &mut Report,
) -> Vec<Programme> {
    let mut all = Vec::new();
    for slug in sources.folders("programmes/") {
        let folder = format!("programmes/{slug}/");
        // Both stand on lists under their slug.
        if schedules.iter().any(|schedule| schedule.slug == slug) {
            report.add(&folder, 0, format!("đã có lịch tên {slug}"));
        }
        for source in sources.in_folder(&folder, ".toml") {
            let Some(from) = first_day(source, report) else { continue };
            let Some(file) = document::read::<ProgrammeFile>(source, report) else { continue };
            laws.check_basis(source, &file.basis, report);
            all.extend(programme(source, &slug, from, file, forms, report));
        }
    }
    all.sort_by(|one, other| (&one.slug, one.from).cmp(&(&other.slug, other.from)));
    all
}

fn programme(
    source: &Source,
    slug: &str,
    from: Day,
    file: ProgrammeFile,
    forms: &[FormText],
    report: &mut Report,
) -> Option<Programme> {
    let line = |at: &Spanned<String>| document::line_of(source, at);
    if !forms.iter().any(|form| form.slug == *file.form.as_ref() && form.from <= from) {
        let text = format!("chưa có biểu mẫu {} cho ngày {from}", file.form.as_ref());
        report.add(&source.path, line(&file.form), text);
    }
    if let Some(asked) = &file.controlled
        && !forms
            .iter()
            .any(|form| form.slug == *file.form.as_ref() && asks(&form.questionnaire, asked.as_ref()))
    {
        let text = format!("biểu mẫu {} không có câu {:?}", file.form.as_ref(), asked.as_ref());
        report.add(&source.path, line(asked), text);
    }
    for code in &file.icd {
        let letters = code.as_ref().as_bytes();
        if letters.len() < 3
            || !letters[0].is_ascii_uppercase()
            || !letters[1..3].iter().all(u8::is_ascii_digit)
        {
            let text = format!("{:?} không phải phần đầu của mã ICD-10", code.as_ref());
            report.add(&source.path, line(code), text);
        }
    }
    let Some(late_after) = Span::parse(file.late_after.as_ref()) else {
        let text = format!("{:?} phải như \"7 ngày\", \"2 tuần\"", file.late_after.as_ref());
        report.add(&source.path, line(&file.late_after), text);
        return None;
    };
    let programme = Programme {
        slug: slug.to_owned(),
        title: file.title,
        from,
        basis: file.basis.into_iter().map(Spanned::into_inner).collect(),
        sure: file.sure,
        note: file.note,
        icd: file.icd.into_iter().map(Spanned::into_inner).collect(),
        form: file.form.into_inner(),
        late_after,
        controlled: file.controlled.map(Spanned::into_inner),
        shown: file.shown,
    };
    for example in file.example {
        if programme.has(example.icd.as_ref()) != example.belongs {
            let text = format!("ví dụ {} không ra như ghi", example.icd.as_ref());
            report.add(&source.path, line(&example.icd), text);
        }
    }
    Some(programme)
}

/// Whether a form, or a group of it, has a question of this name.
fn asks(group: &Value, name: &str) -> bool {
    items(group, "item").any(|item| str_at(item, &["linkId"]) == Some(name) || asks(item, name))
}
