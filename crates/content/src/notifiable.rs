//! Infectious diseases that must be notified case by case: `notifiable/<first day>.toml`, an edition of which diagnoses (ICD-10),
//! within how many hours, with what definition of a case. Which cases that means is worked out elsewhere (`yba-care`).

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use toml::Spanned;
use yba_fhir::Day;

use crate::codes::first_day;
use crate::document;
use crate::icd10::plain;
use crate::law::{Laws, Sure};
use crate::problem::Report;
use crate::source::{Source, Sources};

/// The longest deadline, in hours, and the longest time in days that a file may name.
const HOURS_MAX: u32 = 30 * 24;
const DAYS_MAX: u32 = 366;
/// Most diseases of one edition, most codes of one disease.
const DISEASES_MAX: usize = 200;
const CODES_MAX: usize = 40;

/// One edition of the list.
#[derive(Debug, Clone)]
pub struct Notifiable {
    /// Vietnamese.
    pub title: String,
    /// The first day in force: the day of the diagnosis counts.
    pub from: Day,
    /// Slugs in `law/`.
    pub basis: Vec<String>,
    pub sure: Sure,
    /// What is not sure in it, in words for whoever uses it.
    pub uncertain: String,
    /// A case stands on the list so many days after its diagnosis.
    pub listed_days: u32,
    /// Diagnoses of one disease of one person so near each other are one case.
    pub same_case_days: u32,
    /// Within how many hours a change of what was notified is told.
    pub update_hours: u32,
    /// What is done with every case.
    pub steps: Vec<String>,
    pub diseases: Vec<Disease>,
}

/// One disease of the list.
#[derive(Debug, Clone)]
pub struct Disease {
    pub slug: String,
    /// Vietnamese: `Sởi`.
    pub title: String,
    /// Codes, or beginnings of codes: `B05` means all below it too.
    pub icd10: Vec<String>,
    /// `A`, `B` or `C`, by the law on infectious diseases.
    pub group: String,
    /// Within how many hours of a suspicion; a suspicion is not notified when none.
    pub suspected_hours: Option<u32>,
    /// Within how many hours of a diagnosis; counted by the month alone when none.
    pub diagnosed_hours: Option<u32>,
    /// CVX codes of the vaccines against it.
    pub vaccines: BTreeSet<String>,
    pub cluster: Option<Cluster>,
    /// What is done besides [`Notifiable::steps`].
    pub steps: Vec<String>,
    pub definition: Definition,
    pub sure: Sure,
    pub uncertain: String,
}

/// So many cases in one commune, the first and the last so many days apart, are looked at as an outbreak.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cluster {
    pub cases: u32,
    pub days: u32,
}

/// What a case is, in words; an empty one is not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Definition {
    pub suspected: String,
    pub probable: String,
    pub confirmed: String,
    pub sure: Sure,
}

impl Notifiable {
    /// The disease that an ICD-10 code means, as hospitals write it (`B05.9`, `B059`, `b05`); by the longest beginning.
    pub fn disease(&self, code: &str) -> Option<&Disease> {
        let code = plain(code);
        let fits =
            |one: &Disease| one.icd10.iter().filter(|begin| begins(&code, begin)).map(String::len).max();
        self.diseases
            .iter()
            .filter_map(|one| Some((fits(one)?, one)))
            .max_by_key(|(len, _)| *len)
            .map(|(_, one)| one)
    }

    /// The disease of this slug.
    pub fn of_slug(&self, slug: &str) -> Option<&Disease> {
        self.diseases.iter().find(|one| one.slug == slug)
    }

    /// Every code by which a case may have been written down, with its dot and without: what a search asks for.
    pub fn codes(&self) -> BTreeSet<String> {
        let of_cases = self.diseases.iter().filter(|one| one.is_by_case());
        let mut codes = BTreeSet::new();
        for begin in of_cases.flat_map(|one| &one.icd10) {
            let below: Vec<String> = match begin.contains('.') {
                true => Vec::new(),
                false => (0..10).map(|digit| format!("{begin}.{digit}")).collect(),
            };
            for code in below.into_iter().chain([begin.clone()]) {
                codes.insert(code.replace('.', ""));
                codes.insert(code);
            }
        }
        codes
    }
}

impl Disease {
    /// Whether single cases are notified; else they are counted by the month.
    pub fn is_by_case(&self) -> bool {
        self.suspected_hours.is_some() || self.diagnosed_hours.is_some()
    }
}

/// `B05.9` begins with `B05` and with `B05.9`, `B051` with neither.
fn begins(code: &str, begin: &str) -> bool {
    code.strip_prefix(begin)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('.') || begin.contains('.'))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    title: String,
    basis: Vec<Spanned<String>>,
    sure: Sure,
    #[serde(default)]
    uncertain: String,
    listed_days: Spanned<u32>,
    same_case_days: Spanned<u32>,
    update_hours: Spanned<u32>,
    #[serde(default)]
    steps: Vec<String>,
    disease: Vec<DiseaseFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DiseaseFile {
    slug: Spanned<String>,
    title: String,
    icd10: Vec<Spanned<String>>,
    group: Spanned<String>,
    suspected_hours: Option<Spanned<u32>>,
    diagnosed_hours: Option<Spanned<u32>>,
    #[serde(default)]
    vaccines: BTreeSet<String>,
    cluster: Option<Spanned<Cluster>>,
    #[serde(default)]
    steps: Vec<String>,
    definition: Option<DefinitionFile>,
    sure: Sure,
    #[serde(default)]
    uncertain: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DefinitionFile {
    #[serde(default)]
    suspected: String,
    #[serde(default)]
    probable: String,
    #[serde(default)]
    confirmed: String,
    sure: Sure,
}

/// All editions, oldest first.
pub(crate) fn load(sources: &Sources, laws: &Laws, report: &mut Report) -> Vec<Notifiable> {
    let mut all = Vec::new();
    for source in sources.in_folder("notifiable/", ".toml") {
        let Some(from) = first_day(source, report) else { continue };
        let Some(file) = document::read::<File>(source, report) else { continue };
        laws.check_basis(source, &file.basis, report);
        all.push(Reader { source, report }.edition(from, file));
    }
    all.sort_by_key(|one| one.from);
    all
}

/// Reads one file.
struct Reader<'r> {
    source: &'r Source,
    report: &'r mut Report,
}

impl Reader<'_> {
    fn edition(&mut self, from: Day, file: File) -> Notifiable {
        self.check_days(&file.listed_days);
        self.check_days(&file.same_case_days);
        self.check_hours(&file.update_hours);
        if file.disease.len() > DISEASES_MAX {
            self.report.add(&self.source.path, 0, format!("hơn {DISEASES_MAX} bệnh"));
        }
        let (mut slugs, mut codes) = (BTreeSet::new(), BTreeMap::new());
        for one in &file.disease {
            if !slugs.insert(one.slug.as_ref().clone()) {
                self.wrong(&one.slug, format!("bệnh {:?} có hai lần", one.slug.as_ref()));
            }
            for code in &one.icd10 {
                if let Some(other) = codes.insert(code.as_ref().clone(), one.slug.as_ref().clone()) {
                    self.wrong(code, format!("mã {} đã thuộc bệnh {other:?}", code.as_ref()));
                }
            }
        }
        Notifiable {
            title: file.title,
            from,
            basis: file.basis.into_iter().map(Spanned::into_inner).collect(),
            sure: file.sure,
            uncertain: file.uncertain,
            listed_days: file.listed_days.into_inner(),
            same_case_days: file.same_case_days.into_inner(),
            update_hours: file.update_hours.into_inner(),
            steps: file.steps,
            diseases: file.disease.into_iter().map(|one| self.disease(one)).collect(),
        }
    }

    fn disease(&mut self, file: DiseaseFile) -> Disease {
        if file.icd10.is_empty() || file.icd10.len() > CODES_MAX {
            self.wrong(&file.slug, format!("cần từ 1 đến {CODES_MAX} mã ICD-10"));
        }
        for code in file.icd10.iter().filter(|code| !is_code(code.as_ref())) {
            self.wrong(code, format!("{:?} phải như \"B05\" hoặc \"B08.4\"", code.as_ref()));
        }
        if !["A", "B", "C"].contains(&file.group.as_ref().as_str()) {
            self.wrong(&file.group, "group phải là A, B hoặc C".to_owned());
        }
        for hours in [&file.suspected_hours, &file.diagnosed_hours].into_iter().flatten() {
            self.check_hours(hours);
        }
        if let (Some(hours), None) = (&file.suspected_hours, &file.diagnosed_hours) {
            self.wrong(hours, "có hạn khi nghi ngờ thì phải có hạn khi đã chẩn đoán".to_owned());
        }
        if let Some(cluster) = &file.cluster {
            let Cluster { cases, days } = *cluster.as_ref();
            if !(1..=100).contains(&cases) || !(1..=DAYS_MAX).contains(&days) {
                self.wrong(cluster, format!("cluster: 1 đến 100 ca, 1 đến {DAYS_MAX} ngày"));
            }
        }
        let definition = file.definition.map(|one| Definition {
            suspected: one.suspected,
            probable: one.probable,
            confirmed: one.confirmed,
            sure: one.sure,
        });
        let unknown = Definition {
            suspected: String::new(),
            probable: String::new(),
            confirmed: String::new(),
            sure: Sure::Recalled,
        };
        Disease {
            slug: file.slug.into_inner(),
            title: file.title,
            icd10: file.icd10.into_iter().map(Spanned::into_inner).collect(),
            group: file.group.into_inner(),
            suspected_hours: file.suspected_hours.map(Spanned::into_inner),
            diagnosed_hours: file.diagnosed_hours.map(Spanned::into_inner),
            vaccines: file.vaccines,
            cluster: file.cluster.map(Spanned::into_inner),
            steps: file.steps,
            definition: definition.unwrap_or(unknown),
            sure: file.sure,
            uncertain: file.uncertain,
        }
    }

    fn check_days(&mut self, days: &Spanned<u32>) {
        if !(1..=DAYS_MAX).contains(days.as_ref()) {
            self.wrong(days, format!("phải từ 1 đến {DAYS_MAX} ngày"));
        }
    }

    fn check_hours(&mut self, hours: &Spanned<u32>) {
        if !(1..=HOURS_MAX).contains(hours.as_ref()) {
            self.wrong(hours, format!("hạn phải từ 1 đến {HOURS_MAX} giờ"));
        }
    }

    fn wrong<T>(&mut self, at: &Spanned<T>, text: String) {
        self.report.add(&self.source.path, document::line_of(self.source, at), text);
    }
}

/// `B05` or `B08.4`.
fn is_code(text: &str) -> bool {
    let (head, tail) = text.split_once('.').unwrap_or((text, "0"));
    let mut letters = head.bytes();
    head.len() == 3
        && letters.next().is_some_and(|letter| letter.is_ascii_uppercase())
        && letters.all(|digit| digit.is_ascii_digit())
        && (1..=2).contains(&tail.len())
        && tail.bytes().all(|digit| digit.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Content;

    fn newest() -> Notifiable {
        Content::built_in().notifiable(Day::new(2026, 11, 22).unwrap()).unwrap().clone()
    }

    #[test]
    fn a_code_means_the_disease_with_the_longest_beginning() {
        let edition = newest();
        for (code, slug) in [
            ("B05", Some("measles")),
            ("B05.9", Some("measles")),
            ("b059", Some("measles")),
            ("B05.2†", Some("measles")),
            ("B17.1", Some("hepatitis-c")),
            ("B17.2", Some("hepatitis-other")),
            ("B17", None),
            ("B0", None),
            ("B055.9", None),
            ("", None),
            ("I10", None),
        ] {
            assert_eq!(edition.disease(code).map(|one| one.slug.as_str()), slug, "{code}");
        }
    }

    #[test]
    fn a_search_asks_for_every_way_of_writing_a_code_of_cases_alone() {
        let edition = newest();
        let codes = edition.codes();
        for code in ["B05", "B05.9", "B059", "B08.4", "B084", "A91"] {
            assert!(codes.contains(code), "{code}");
        }
        for code in ["B01", "B08", "B08.5", "A09", "J10"] {
            assert!(!codes.contains(code), "{code} is counted by the month or no notifiable disease");
        }
        assert!(codes.iter().all(|code| edition.disease(code).is_some_and(Disease::is_by_case)));
    }

    #[test]
    fn a_date_chooses_the_edition_and_what_a_file_gets_wrong_is_told_with_its_line() {
        let content = Content::built_in();
        let from = |year, month, day| {
            content.notifiable(Day::new(year, month, day).unwrap()).map(|one| one.from.to_string())
        };
        assert_eq!(from(2016, 6, 30), None);
        assert_eq!(from(2026, 6, 30).as_deref(), Some("2016-07-01"));
        assert_eq!(from(2026, 7, 1).as_deref(), Some("2026-07-01"));

        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(dir.path().join("notifiable")).unwrap();
        let disease = |slug: &str, code: &str, more: &str| {
            format!(
                "[[disease]]\nslug = \"{slug}\"\ntitle = \"x\"\nicd10 = [\"{code}\"]\nsure = \"press\"\n{more}\n"
            )
        };
        let text = [
            "title = \"x\"\nbasis = [\"yba\"]\nsure = \"press\"\nlisted_days = 0\nsame_case_days = 30\nupdate_hours = 24\n"
                .to_owned(),
            disease("a", "B05", "group = \"A\"\nsuspected_hours = 24"),
            disease("a", "B05", "group = \"D\"\ndiagnosed_hours = 9999"),
            disease("c", "b5", "group = \"C\"\ncluster = { cases = 0, days = 3 }"),
        ];
        std::fs::write(dir.path().join("notifiable/2030-01-01.toml"), text.concat()).unwrap();
        let problems = Content::with_folder(dir.path()).unwrap_err();
        let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
        for words in [
            "2030-01-01.toml:4: phải từ 1 đến 366 ngày",
            "có hạn khi nghi ngờ thì phải có hạn khi đã chẩn đoán",
            "bệnh \"a\" có hai lần",
            "mã B05 đã thuộc bệnh \"a\"",
            "group phải là A, B hoặc C",
            "hạn phải từ 1 đến 720 giờ",
            "phải như \"B05\"",
            "cluster: 1 đến 100 ca",
        ] {
            assert!(told.iter().any(|one| one.contains(words)), "{words} in {told:#?}");
        }
    }
}
