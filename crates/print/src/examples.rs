//! The examples that stand beside printed sheets, run by `yba content check`: `prints/<slug>/examples/<name>.json` is
//! `{"prints": "registers/deaths/examples/one.json", "times": 40, "pages": 3, "text": ["SỔ TỬ VONG"]}`. It prints what
//! another example of content gives (`times` over, for registers), or something invented (`"prints": "prescription"`, of `times` drugs; so every
//! kind of which there is one, [`PrintOf::only`]), and says how long it is and what stands on it.

use crate::filled::{self, Sheet};
use crate::library::Library;
use crate::paper::{self, Paper, Place, Said};
use crate::typeset::{self, Job};
use yba_content::{Content, Example, PrintEdition, PrintOf, Problem};
use yba_fhir::json::{JsonContainerTrait, JsonValueTrait, Value, from_str, items, str_at};
use yba_forms::Choices;
use yba_report::Period;
use yba_report::closing::Standing;

/// Printed at this moment: 08:00 on 2026-03-02 in Hà Nội.
const PRINTED_MS: i64 = 1_772_413_200_000;
const KNOWN: [&str; 4] = ["prints", "times", "pages", "text"];
/// Most times that an example's rows are printed.
const TIMES_MAX: usize = 1000;

/// What is invented for examples: of a place and a person, so many lines.
type Invent = fn(Place, &Value, usize) -> Value;
const INVENTED: [(PrintOf, Invent); 5] = [
    (PrintOf::Prescriptions, crate::prescription::example),
    (PrintOf::Fridge, crate::fridge::example),
    (PrintOf::Reactions, crate::reaction::example),
    (PrintOf::HealthRecords, crate::health_record::example),
    (PrintOf::Sessions, crate::session::example),
];

/// What examples are made of.
pub struct Makers<'m> {
    pub content: &'m Content,
    pub registers: &'m yba_report::Library,
    pub forms: &'m yba_forms::Library,
    pub choices: &'m dyn Choices,
}

impl Library {
    /// Runs every example of content; answers what is wrong, and which sheets have none.
    pub fn try_examples(&self, makers: &Makers) -> Vec<Problem> {
        let mut problems = Vec::new();
        for example in makers.content.examples() {
            let Some(slug) = example.edition.strip_prefix("prints/") else { continue };
            let place = |line: u32, text: String| Problem { file: example.path.clone(), line, text };
            match self.outcome(makers, slug, example) {
                Ok(said) => problems.extend(said.into_iter().map(|text| place(0, text))),
                Err(Broken::Example(text)) => problems.push(place(0, text)),
                Err(Broken::Template(problem)) => problems.push(problem),
            }
        }
        for edition in self.editions() {
            let folder = format!("prints/{}", edition.slug);
            if !makers.content.examples().any(|example| example.edition == folder) {
                let text = "chưa có ví dụ nào; hãy thêm examples/<tên>.json".to_owned();
                problems.push(Problem { file: format!("{folder}/"), line: 0, text });
            }
        }
        problems.dedup_by(|one, other| (&one.file, &one.text) == (&other.file, &other.text));
        problems
    }

    /// The job that an example of a sheet prints.
    pub fn example_job(&self, makers: &Makers, slug: &str, example: &Example) -> Result<Job, String> {
        self.read(makers, slug, example).map(|(job, _)| job)
    }

    fn read(&self, makers: &Makers, slug: &str, example: &Example) -> Result<(Job, Value), String> {
        let document: Value = from_str(&example.text).map_err(|error| format!("không phải JSON: {error}"))?;
        let is_known =
            |members: &yba_fhir::json::Object| members.iter().all(|(name, _)| KNOWN.contains(&name));
        if !document.as_object().is_some_and(is_known) {
            return Err(format!("ví dụ chỉ có các phần: {}", KNOWN.join(", ")));
        }
        let path = str_at(&document, &["prints"]).unwrap_or_default();
        let times = document.get("times").and_then(|times| times.as_u64()).unwrap_or(1) as usize;
        if let Some((of, invent)) = INVENTED.iter().find(|(of, _)| of.only() == Some(path)) {
            let job = self.invented(slug, *of, invent(place(), &patient(), times.min(TIMES_MAX)));
            return Ok((job.ok_or_else(|| format!("bản in này không in “{path}”"))?, document));
        }
        let of = makers.content.examples().find(|one| one.path == path);
        let of =
            of.ok_or_else(|| format!("prints phải là đường dẫn của một ví dụ khác, không có “{path}”"))?;
        let job = self.made(makers, slug, of, times.clamp(1, TIMES_MAX));
        Ok((job.ok_or_else(|| format!("ví dụ “{path}” không dùng được với bản in này"))?, document))
    }

    /// Something invented on a sheet of its kind.
    fn invented(&self, slug: &str, of: PrintOf, data: Value) -> Option<Job> {
        let own = self.editions().iter().filter(|one| one.slug == slug && one.of == of);
        Some(self.job(own.max_by_key(|one| one.from)?, data, PRINTED_MS))
    }

    fn made(&self, makers: &Makers, slug: &str, of: &Example, times: usize) -> Option<Job> {
        let (folder, _) = of.edition.split_once('/')?;
        let sheet = |kind: PrintOf, on: yba_content::Day| -> Option<&PrintEdition> {
            let own =
                self.editions().iter().filter(|one| one.slug == slug && one.of == kind && one.from <= on);
            own.max_by_key(|one| one.from)
        };
        match folder {
            "registers" => {
                let paper = self.register_of(makers, of, times)?;
                let edition = sheet(PrintOf::Registers, paper.days.0)?;
                Some(self.job(edition, paper.data(), PRINTED_MS))
            }
            "reports" => {
                let paper = self.report_of(makers, of)?;
                let edition = sheet(PrintOf::Reports, paper.days.0)?;
                Some(self.job(edition, paper.data(), PRINTED_MS))
            }
            "forms" => {
                let (form, day, response) = makers.forms.example_response(of, makers.choices)?;
                let uncertain = form.uncertain.clone().unwrap_or_default();
                let data = filled::data(&Sheet {
                    form: &form.form,
                    response: &response,
                    patient: &patient(),
                    place: place(),
                    by: "Y sĩ Giàng Thị Mẫu",
                    basis: self.basis(&form.basis),
                    uncertain: &uncertain,
                });
                Some(self.job(sheet(PrintOf::Forms, day)?, data, PRINTED_MS))
            }
            _ => None,
        }
    }

    fn register_of(&self, makers: &Makers, of: &Example, times: usize) -> Option<Paper> {
        let (register, rows) = makers.registers.example_rows(of)?;
        let period = Period::of(yba_content::reports::Every::Month, rows.iter().find_map(|row| row.day)?);
        let rows: Vec<_> = (0..times).flat_map(|_| rows.iter().cloned()).collect();
        let basis = self.basis(&register.about.basis);
        Some(paper::register(register, Said { place: place(), basis, period, rows: &rows }))
    }

    fn report_of(&self, makers: &Makers, of: &Example) -> Option<Paper> {
        let (report, period, now) = makers.registers.example_run(of)?;
        let standing = Standing { now, closed: None, changes: Vec::new(), is_other_data: false };
        let basis = self.basis(&report.about.basis);
        Some(paper::report(report, &standing, Said { place: place(), basis, period, rows: &[] }))
    }

    fn outcome(&self, makers: &Makers, slug: &str, example: &Example) -> Result<Vec<String>, Broken> {
        let (job, document) = self.read(makers, slug, example).map_err(Broken::Example)?;
        let pages = typeset::set(&job).map_err(|wrong| {
            let file = if wrong.file.is_empty() { job.main.clone() } else { wrong.file };
            Broken::Template(Problem { file: format!("prints/{file}"), line: wrong.line, text: wrong.text })
        })?;
        let mut said = Vec::new();
        let expected = document.get("pages").and_then(|pages| pages.as_u64());
        if expected != Some(pages.count as u64) {
            said.push(format!("in ra {} trang, ví dụ viết {}", pages.count, expected.unwrap_or_default()));
        }
        let text = spaced(&pages.text);
        for wanted in items(&document, "text").filter_map(|one| one.as_str()) {
            if !text.contains(&spaced(wanted)) {
                said.push(format!("bản in không có “{wanted}”"));
            }
        }
        Ok(said)
    }
}

enum Broken {
    Example(String),
    Template(Problem),
}

/// With one space between words: where lines break is not compared.
fn spaced(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The invented station of examples.
fn place() -> Place {
    Place {
        id: "tram-mau".into(),
        name: "Trạm Y tế xã Mẫu".into(),
        above: "Sở Y tế tỉnh Mẫu".into(),
        town: "xã Mẫu".into(),
    }
}

fn patient() -> Value {
    yba_fhir::json::json!({"resourceType": "Patient", "id": "mau", "name": [{"text": "Lò Thị Mẫu"}],
        "gender": "female", "birthDate": "1968-03-14",
        "address": [{"text": "Bản Nà Khương, xã Mẫu, tỉnh Mẫu"}]})
}
