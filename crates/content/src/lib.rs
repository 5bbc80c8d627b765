//! Content: laws, code lists, claim tables, laboratory tests, drugs, maps, views, schedules, programmes, what health records hold, diseases to notify, registers,
//! reports, forms, printed sheets, rules that remind and roles, as dated editions. Built into the binary; a folder on disk overrides it. The date that counts is the date of the act, so callers
//! pass it.
//!
//! It deliberately does not know: the store, the network, the clock, what a resource means. It maps nothing; it says
//! what is in force and what is wrong with a folder.
//!
//! Start reading at [`Content`], then [`claims`] (the largest part).

pub mod campaigns;
mod canonicals;
pub mod claims;
pub mod codes;
mod decimal;
mod document;
pub mod drugs;
mod editions;
pub mod essential;
mod example;
pub mod forms;
pub mod health_records;
mod icd10;
pub mod identifiers;
pub mod lab_map;
pub mod lab_ranges;
pub mod lab_units;
pub mod labs;
mod law;
pub mod lessons;
pub mod notifiable;
mod parameters;
pub mod pattern;
mod placed;
pub mod prescribing;
pub mod prints;
mod problem;
mod profiles;
pub mod programmes;
pub mod registers;
pub mod reports;
pub mod roles;
pub mod rules;
pub mod schedules;
mod sheet;
mod source;
pub mod spreadsheets;
mod units;
pub mod vaccination;
mod views;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::OnceLock;

pub use canonicals::{Canonical, SetCase, SetExample};
pub use claims::{ClaimEditions, Edition};
pub use codes::{Code, CodeList, ListHead};
pub use drugs::{Control, Drug, DrugList};
pub use essential::{Essential, EssentialList};
pub use example::Example;
pub use forms::FormText;
pub use health_records::HealthRecord;
pub use icd10::Title;
pub use identifiers::{IdentifierKind, IdentifierSystem};
pub use lab_map::{Indicator, LabMatch, UnitFit};
pub use lab_ranges::{LabRange, LabSubject, Pregnancy};
pub use lab_units::Conversion;
pub use labs::{LabCatalogue, LabTest};
pub use law::{Law, Sure};
pub use lessons::Lesson;
pub use notifiable::Notifiable;
pub use parameters::Parameter;
pub use placed::Placed;
pub use prescribing::{Prescribing, PrescriptionKind};
pub use prints::{PrintEdition, PrintOf};
pub use problem::Problem;
pub use profiles::{ProfileAbout, ProfileEdition};
pub use programmes::Programme;
pub use registers::RegisterEdition;
pub use reports::ReportEdition;
pub use roles::RoleEdition;
pub use rules::Rule;
pub use schedules::Schedule;
pub use spreadsheets::{Field, Spreadsheet};
pub use units::{OldUnit, Unit};
pub use vaccination::VaccinationDay;
pub use views::ViewText;
pub use yba_fhir::Day;

use problem::Report;
use source::Sources;

/// Everything loaded and checked. Build it once and share it in an `Arc`.
#[derive(Debug)]
pub struct Content {
    laws: law::Laws,
    identifiers: BTreeMap<String, IdentifierSystem>,
    lists: codes::CodeLists,
    parameters: parameters::Parameters,
    claims: ClaimEditions,
    labs: labs::Labs,
    drugs: drugs::Drugs,
    essential: essential::Essentials,
    prescribing: Vec<Prescribing>,
    lab_map: lab_map::LabMap,
    spreadsheets: Vec<Spreadsheet>,
    canonicals: Vec<Canonical>,
    set_examples: Vec<SetExample>,
    views: Vec<ViewText>,
    registers: Vec<RegisterEdition>,
    reports: Vec<ReportEdition>,
    forms: Vec<FormText>,
    prints: (Vec<PrintEdition>, Vec<prints::Shared>),
    examples: Vec<Example>,
    profiles: Vec<ProfileEdition>,
    roles: roles::Roles,
    schedules: Vec<Schedule>,
    programmes: Vec<Programme>,
    health_records: Vec<HealthRecord>,
    notifiable: Vec<Notifiable>,
    vaccination: Vec<VaccinationDay>,
    lessons: Vec<Lesson>,
    rules: Vec<Rule>,
    // The two large tables come from the assets, when first asked.
    icd10: OnceLock<icd10::Icd10>,
    units: OnceLock<units::Units>,
}

impl Content {
    /// The content built into the binary. It is sound: a test loads it.
    pub fn built_in() -> Content {
        let mut report = Report::default();
        let sources = Sources::built_in(&mut report);
        Content::load(&sources, report).unwrap_or_else(|problems| {
            let lines: Vec<String> = problems.iter().map(Problem::to_string).collect();
            panic!("built-in content is tested to be sound:\n{}", lines.join("\n"))
        })
    }

    /// The built-in content with a folder laid over it: a file of the same path wins, and a claim edition in the
    /// folder replaces the built-in one whole. Answers all problems at once.
    pub fn with_folder(dir: &Path) -> Result<Content, Vec<Problem>> {
        let mut report = Report::default();
        let mut sources = Sources::built_in(&mut report);
        sources.lay_over(dir, &mut report);
        Content::load(&sources, report)
    }

    fn load(sources: &Sources, mut report: Report) -> Result<Content, Vec<Problem>> {
        let report = &mut report;
        source::check_places(sources, report);
        let laws = law::Laws::load(sources, report);
        let lists = codes::CodeLists::load(sources, &laws, report);
        let claims = claims::load(sources, &laws, &lists, report);
        let labs = labs::Labs::load(sources, &laws, report);
        let registers = registers::load(sources, &laws, report);
        let forms = forms::load(sources, &laws, report);
        let mut schedules = schedules::load(sources, &laws, report);
        campaigns::load(sources, &laws, &mut schedules, report);
        let notifiable = notifiable::load(sources, &laws, report);
        let drugs = drugs::Drugs::load(sources, &laws, &lists, report);
        let essential = essential::Essentials::load(sources, &laws, &lists, &drugs, report);
        let reports = reports::load(sources, &laws, &registers, &essential, report);
        let known = |of: PrintOf, slug: &str| match of {
            PrintOf::Registers => registers.iter().any(|one| one.slug == slug),
            PrintOf::Reports => reports.iter().any(|one| one.slug == slug),
            PrintOf::Forms => forms.iter().any(|one| one.slug == slug),
            of => of.only() == Some(slug),
        };
        let prints = prints::load(sources, &laws, &known, report);
        let content = Content {
            essential,
            prescribing: prescribing::load(sources, &laws, report),
            identifiers: identifiers::load(sources, &laws, report),
            parameters: parameters::Parameters::load(sources, &laws, report),
            drugs,
            lab_map: lab_map::LabMap::load(sources, &labs, &laws, report),
            spreadsheets: spreadsheets::load(sources, &lists, report),
            canonicals: canonicals::load(sources, &laws, report),
            set_examples: canonicals::examples(sources, report),
            views: views::load(sources, report),
            reports,
            registers,
            prints,
            examples: example::find(sources),
            profiles: profiles::load(sources, &laws, report),
            roles: roles::Roles::load(sources, &laws, report),
            programmes: programmes::load(sources, &laws, &forms, &schedules, report),
            health_records: health_records::load(sources, &laws, &forms, report),
            vaccination: vaccination::load(sources, &laws, &forms, &schedules, report),
            forms,
            schedules,
            lessons: lessons::load(sources, report),
            rules: rules::load(sources, &laws, &notifiable, report),
            notifiable,
            laws,
            lists,
            claims,
            labs,
            icd10: OnceLock::new(),
            units: OnceLock::new(),
        };
        let problems = std::mem::take(report).finish();
        if problems.is_empty() { Ok(content) } else { Err(problems) }
    }

    /// Every edition of every profile, by slug and day.
    pub fn profiles(&self) -> &[ProfileEdition] {
        &self.profiles
    }

    /// The edition of a role in force on a day; `None` before its first and for an unknown slug.
    pub fn role(&self, slug: &str, on: Day) -> Option<&RoleEdition> {
        self.roles.on(slug, on)
    }

    /// The labels of sensitive records, which only roles see that name them.
    pub fn sensitive_labels(&self) -> &std::collections::BTreeSet<String> {
        self.roles.sensitive()
    }

    /// The slugs of all roles, in alphabetical order.
    pub fn roles(&self) -> impl Iterator<Item = &str> {
        self.roles.slugs()
    }

    /// The edition of a schedule in force on a day; `None` before its first and for an unknown slug.
    pub fn schedule(&self, slug: &str, on: Day) -> Option<&Schedule> {
        self.schedules.iter().rev().find(|one| one.slug == slug && one.from <= on)
    }

    /// Every edition of every schedule, by slug and day.
    pub fn schedules(&self) -> &[Schedule] {
        &self.schedules
    }

    /// The edition of each programme of chronic care in force on a day, by slug.
    pub fn programmes_on(&self, on: Day) -> Vec<&Programme> {
        let mut newest: BTreeMap<&str, &Programme> = BTreeMap::new();
        // They are in the order of their days: the last in force stays.
        newest
            .extend(self.programmes.iter().filter(|one| one.from <= on).map(|one| (one.slug.as_str(), one)));
        newest.into_values().collect()
    }

    /// The edition of a programme in force on a day; `None` before its first and for an unknown slug.
    pub fn programme(&self, slug: &str, on: Day) -> Option<&Programme> {
        self.programmes_on(on).into_iter().find(|one| one.slug == slug)
    }

    /// Every edition of every programme, by slug and day.
    pub fn programmes(&self) -> &[Programme] {
        &self.programmes
    }

    /// What a health record holds by the edition in force on a day; `None` before its first and for an unknown slug.
    pub fn health_record(&self, slug: &str, on: Day) -> Option<&HealthRecord> {
        self.health_records.iter().rev().find(|one| one.slug == slug && one.from <= on)
    }

    /// Every edition of that, by slug and day.
    pub fn health_records(&self) -> &[HealthRecord] {
        &self.health_records
    }

    /// What holds for vaccination days on a day; `None` before the first edition.
    pub fn vaccination_day(&self, on: Day) -> Option<&VaccinationDay> {
        self.vaccination.iter().rev().find(|one| one.from <= on)
    }

    /// Every edition of what holds for vaccination days, oldest first.
    pub fn vaccination_days(&self) -> &[VaccinationDay] {
        &self.vaccination
    }

    /// The edition of each lesson of the practice room in force on a day, in their order.
    pub fn lessons_on(&self, on: Day) -> Vec<&Lesson> {
        let mut newest: BTreeMap<&str, &Lesson> = BTreeMap::new();
        newest.extend(self.lessons.iter().filter(|one| one.from <= on).map(|one| (one.slug.as_str(), one)));
        let mut all: Vec<&Lesson> = newest.into_values().collect();
        all.sort_by_key(|one| one.order);
        all
    }

    /// Every edition of every lesson, by slug and day.
    pub fn lessons(&self) -> &[Lesson] {
        &self.lessons
    }

    /// The list of infectious diseases to notify that is in force on a day; `None` before the first.
    pub fn notifiable(&self, on: Day) -> Option<&Notifiable> {
        self.notifiable.iter().rev().find(|one| one.from <= on)
    }

    /// Every edition of that list, oldest first.
    pub fn notifiable_editions(&self) -> &[Notifiable] {
        &self.notifiable
    }

    /// Every edition of every rule that reminds, by slug and day.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// The essential drugs of a station in force on a day; a day before the first gets the first.
    pub fn essential(&self, on: Day) -> &EssentialList {
        self.essential.on(on)
    }

    /// The limits of prescriptions in force on a day; a day before the first gets the first.
    pub fn prescribing(&self, on: Day) -> &Prescribing {
        let at = self.prescribing.partition_point(|one| one.from <= on);
        &self.prescribing[at.saturating_sub(1)]
    }

    /// The law of this slug.
    pub fn law(&self, slug: &str) -> Option<&Law> {
        self.laws.get(slug)
    }

    /// All laws by slug.
    pub fn laws(&self) -> impl Iterator<Item = &Law> {
        self.laws.all()
    }

    /// The identifier system of this slug: `cccd`, `bhyt`, `mrn`…
    pub fn identifier_system(&self, slug: &str) -> Option<&IdentifierSystem> {
        self.identifiers.get(slug)
    }

    /// All identifier systems by slug.
    pub fn identifier_systems(&self) -> impl Iterator<Item = &IdentifierSystem> {
        self.identifiers.values()
    }

    /// The edition of a code list in force on a day; `None` before its first edition and for an unknown slug.
    pub fn code_list(&self, slug: &str, on: Day) -> Option<&CodeList> {
        self.lists.on(slug, on)
    }

    /// What a code list is, even without an edition; `None` for an unknown slug.
    pub fn list_head(&self, slug: &str) -> Option<&ListHead> {
        self.lists.head(slug)
    }

    /// The layouts of spreadsheets from which lists are imported.
    pub fn spreadsheets(&self) -> impl Iterator<Item = &Spreadsheet> {
        self.spreadsheets.iter()
    }

    /// Every edition of every code list, for publishing them.
    pub fn code_lists(&self) -> impl Iterator<Item = &CodeList> {
        self.lists.all()
    }

    /// An amount set by law on a day: `base-salary`.
    pub fn parameter(&self, slug: &str, on: Day) -> Option<&Parameter> {
        self.parameters.on(slug, on)
    }

    /// The claim tables of all editions.
    pub fn claims(&self) -> &ClaimEditions {
        &self.claims
    }

    /// The laboratory tests on a day.
    pub fn labs(&self, on: Day) -> &LabCatalogue {
        self.labs.on(on)
    }

    /// A laboratory test by slug, in the newest edition that has it.
    pub fn lab_test(&self, slug: &str) -> Option<&LabTest> {
        self.labs.known(slug)
    }

    /// The formulary on a day.
    pub fn drugs(&self, on: Day) -> &DrugList {
        self.drugs.on(on)
    }

    /// A drug by slug, in the newest edition that has it.
    pub fn drug(&self, slug: &str) -> Option<&Drug> {
        self.drugs.known(slug)
    }

    /// The reference range of a test for someone on a day: by pregnancy, else by age and sex, else, for adults, the
    /// catalogue's own. `None` when none can be lent without doubt; a range the laboratory sent goes before it.
    pub fn lab_range<'a>(&'a self, test: &'a LabTest, subject: &LabSubject, on: Day) -> Option<LabRange<'a>> {
        self.labs.range(test, subject, on)
    }

    /// Which of our tests (in the edition of that day) a laboratory means, and how its unit fits.
    pub fn lab_match(&self, indicator: &Indicator, on: Day) -> Option<LabMatch<'_>> {
        let catalogue = self.labs.on(on);
        self.lab_map.find(indicator, &self.labs, |slug| catalogue.test(slug))
    }

    /// The UCUM unit of a unit as people write it: `G/L` is `10*9/L`.
    pub fn ucum(&self, unit: &str) -> Option<&str> {
        self.labs.ucum(unit)
    }

    /// The titles of an ICD-10 code as hospitals write it (`J20.9`, `J209`, `G63.2*`).
    pub fn icd10(&self, code: &str) -> Option<Title<'_>> {
        let code = icd10::plain(code);
        if let Some(code) = self.lists.newest("icd-10-vn").and_then(|list| list.get(&code)) {
            let parent = self.icd10_table().title(&code.code).map_or("", |title| title.parent);
            return Some(Title { vi: &code.title, en: &code.english, parent });
        }
        self.icd10_table().title(&code)
    }

    /// The commune of this code in the list in force since 2025-07-01.
    pub fn unit(&self, code: &str) -> Option<&Unit> {
        self.units_table().unit(code)
    }

    /// All communes of the list in force since 2025-07-01, in no order.
    pub fn units(&self) -> impl Iterator<Item = &Unit> {
        self.units_table().all()
    }

    /// The commune of this code in the list before 2025-07-01, with what became of it.
    pub fn old_unit(&self, code: &str) -> Option<&OldUnit> {
        self.units_table().old_unit(code)
    }

    /// Every edition of every view, by slug and day.
    pub fn views(&self) -> impl Iterator<Item = &ViewText> {
        self.views.iter()
    }

    /// Every edition of every register, by slug and day.
    pub fn registers(&self) -> &[RegisterEdition] {
        &self.registers
    }

    /// Every edition of every report, by slug and day.
    pub fn reports(&self) -> &[ReportEdition] {
        &self.reports
    }

    /// Every edition of every form, by slug and day.
    pub fn forms(&self) -> impl Iterator<Item = &FormText> {
        self.forms.iter()
    }

    /// Every edition of every printed sheet, by slug and day.
    pub fn prints(&self) -> &[PrintEdition] {
        &self.prints.0
    }

    /// The templates that printed sheets share.
    pub fn print_templates(&self) -> &[prints::Shared] {
        &self.prints.1
    }

    /// Every edition of every value set and concept map, oldest first within each.
    pub fn canonicals(&self) -> impl Iterator<Item = &Canonical> {
        self.canonicals.iter()
    }

    /// Codes that must be in a value set or out of it.
    pub fn set_examples(&self) -> impl Iterator<Item = &SetExample> {
        self.set_examples.iter()
    }

    /// Every example in content, for whoever can run it.
    pub fn examples(&self) -> impl Iterator<Item = &Example> {
        self.examples.iter()
    }

    fn icd10_table(&self) -> &icd10::Icd10 {
        self.icd10.get_or_init(|| icd10::Icd10::parse(yba_assets::text("icd10.tsv.gz").unwrap_or_default()))
    }

    fn units_table(&self) -> &units::Units {
        self.units.get_or_init(|| {
            let text = |name: &str| yba_assets::text(name).unwrap_or_default();
            units::Units::parse(&text("units.tsv.gz"), &text("units-old.tsv.gz"))
        })
    }
}
