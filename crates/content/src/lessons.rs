//! Lessons of the practice room: `lessons/<slug>/<first day>.toml`, an edition of what somebody learns at one sitting. Content only
//! carries the searches and the FHIRPath by which the house sees that a step is done; who works them out compiles them
//! (`yba-station`, `practice`).

use serde::Deserialize;
use toml::Spanned;
use yba_fhir::Day;

use crate::codes::first_day;
use crate::document;
use crate::placed::{Placed, is_name};
use crate::problem::Report;
use crate::source::{Source, Sources};

const FOLDER: &str = "lessons/";
/// Most steps of a lesson, most editions of all lessons together, and the longest lesson in minutes.
const STEPS_MAX: usize = 12;
const LESSONS_MAX: usize = 40;
const MINUTES_MAX: u32 = 30;
/// Longest sentence, characters.
const TEXT_MAX: usize = 600;

/// One edition of a lesson.
#[derive(Debug, Clone)]
pub struct Lesson {
    pub slug: String,
    /// The first day in force.
    pub from: Day,
    /// Path of the file inside content.
    pub path: String,
    /// Vietnamese.
    pub title: String,
    /// How long it takes somebody who does it for the first time.
    pub minutes: u32,
    /// Its place among the lessons.
    pub order: u32,
    /// A paragraph: what it is good for.
    pub why: String,
    pub who: Option<LessonWho>,
    pub steps: Vec<LessonStep>,
}

/// The invented person whom a lesson is about.
#[derive(Debug, Clone)]
pub struct LessonWho {
    /// A search that finds people, or records of people.
    pub search: Placed,
    /// FHIRPath on what was found: whether it fits.
    pub fits: Option<Placed>,
}

/// One step.
#[derive(Debug, Clone)]
pub struct LessonStep {
    pub name: String,
    /// What to do; `{who}` stands for the person.
    pub text: Placed,
    /// The page where it begins; `{who}` stands for the person's id.
    pub page: Placed,
    pub seen: StepSeen,
}

/// How it is seen that a step is done.
#[derive(Debug, Clone)]
pub enum StepSeen {
    /// Whoever learns wrote a record of this type that fits the FHIRPath.
    Wrote { kind: Placed, fits: Option<Placed> },
    /// They had such a look, by its word in the trail; at the person, when the lesson has one.
    Looked(Placed),
    /// It leaves nothing: they tick it.
    Ticked,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    title: Spanned<String>,
    minutes: Spanned<u32>,
    order: u32,
    why: Spanned<String>,
    who: Option<WhoFile>,
    step: Vec<StepFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WhoFile {
    search: Spanned<String>,
    fits: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StepFile {
    name: Spanned<String>,
    text: Spanned<String>,
    page: Spanned<String>,
    wrote: Option<Spanned<String>>,
    fits: Option<Spanned<String>>,
    looked: Option<Spanned<String>>,
    #[serde(default)]
    ticked: bool,
}

/// All editions, by slug and day.
pub(crate) fn load(sources: &Sources, report: &mut Report) -> Vec<Lesson> {
    let mut all = Vec::new();
    for slug in sources.folders(FOLDER) {
        for source in sources.in_folder(&format!("{FOLDER}{slug}/"), ".toml") {
            let Some(from) = first_day(source, report) else { continue };
            let Some(file) = document::read::<File>(source, report) else { continue };
            all.push(Reader { source, report }.lesson(&slug, from, file));
        }
    }
    if all.len() > LESSONS_MAX {
        report.add(FOLDER, 0, format!("quá {LESSONS_MAX} bài tập"));
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
    fn lesson(&mut self, slug: &str, from: Day, file: File) -> Lesson {
        let steps = file.step.len();
        if !(1..=STEPS_MAX).contains(&steps) {
            self.wrong(&file.title, format!("cần từ 1 đến {STEPS_MAX} mục step"));
        }
        if !(1..=MINUTES_MAX).contains(file.minutes.as_ref()) {
            self.wrong(&file.minutes, format!("minutes: từ 1 đến {MINUTES_MAX} phút"));
        }
        for text in [&file.title, &file.why].into_iter().chain(file.step.iter().map(|step| &step.text)) {
            if !(1..=TEXT_MAX).contains(&text.as_ref().trim().chars().count()) {
                self.wrong(text, format!("cần từ 1 đến {TEXT_MAX} ký tự"));
            }
        }
        let mut names: Vec<String> = Vec::new();
        for step in &file.step {
            let name = step.name.as_ref();
            if !is_name(name) || names.contains(name) {
                self.wrong(&step.name, format!("tên {name:?} phải gồm chữ thường, số, và không trùng"));
            }
            names.push(name.clone());
        }
        let has_who = file.who.is_some();
        let who = file.who.map(|who| LessonWho {
            search: Placed::of(self.source, &who.search),
            fits: Placed::maybe(self.source, &who.fits),
        });
        Lesson {
            slug: slug.to_owned(),
            from,
            path: self.source.path.clone(),
            title: file.title.into_inner(),
            minutes: file.minutes.into_inner(),
            order: file.order,
            why: file.why.into_inner(),
            who,
            steps: file.step.into_iter().map(|step| self.step(step, has_who)).collect(),
        }
    }

    fn step(&mut self, step: StepFile, has_who: bool) -> LessonStep {
        for text in [&step.text, &step.page] {
            let rest = text.as_ref().replace("{who}", "");
            if rest.contains(['{', '}']) || !has_who && rest.len() < text.as_ref().len() {
                self.wrong(text, "chỉ dùng được {who}, khi bài có [who]".to_owned());
            }
        }
        let ways = [step.wrote.is_some(), step.looked.is_some(), step.ticked];
        if ways.iter().filter(|way| **way).count() != 1 || step.fits.is_some() && step.wrote.is_none() {
            self.wrong(
                &step.name,
                "mỗi bước có đúng một: wrote (kèm fits nếu cần), looked, hay ticked = true".to_owned(),
            );
        }
        let seen = match (&step.wrote, &step.looked) {
            (Some(kind), _) => StepSeen::Wrote {
                kind: Placed::of(self.source, kind),
                fits: Placed::maybe(self.source, &step.fits),
            },
            (None, Some(word)) => StepSeen::Looked(Placed::of(self.source, word)),
            (None, None) => StepSeen::Ticked,
        };
        LessonStep {
            text: Placed::of(self.source, &step.text),
            page: Placed::of(self.source, &step.page),
            name: step.name.into_inner(),
            seen,
        }
    }

    fn wrong<T>(&mut self, at: &Spanned<T>, text: String) {
        self.report.add(&self.source.path, document::line_of(self.source, at), text);
    }
}

#[cfg(test)]
mod tests {
    use crate::Content;

    #[test]
    fn what_a_lesson_gets_wrong_is_told_all_at_once_with_its_line() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("lessons/odd");
        std::fs::create_dir_all(&folder).unwrap();
        let text = "title = \"\"\nminutes = 90\norder = 1\nwhy = \"x\"\n\
            [[step]]\nname = \"a\"\ntext = \"Mở {who}\"\npage = \"/kham\"\nticked = true\n\
            [[step]]\nname = \"a\"\ntext = \"x\"\npage = \"/kham\"\nlooked = \"everything\"\nticked = true\n\
            [[step]]\nname = \"c\"\ntext = \"x\"\npage = \"/kham\"\nfits = \"true\"\nticked = true\n";
        std::fs::write(folder.join("2026-01-01.toml"), text).unwrap();
        let told: Vec<String> =
            Content::with_folder(dir.path()).unwrap_err().iter().map(ToString::to_string).collect();
        for words in [
            "toml:1: cần từ 1 đến",
            "toml:2: minutes",
            "toml:7: chỉ dùng được {who}",
            "toml:11: tên \"a\"",
            "toml:11: mỗi bước có đúng một",
            "toml:17: mỗi bước có đúng một",
        ] {
            assert!(told.iter().any(|one| one.contains(words)), "{words} in {told:#?}");
        }
    }
}
