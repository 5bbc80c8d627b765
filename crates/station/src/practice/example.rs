//! Worked cases of lessons: `lessons/<slug>/examples/<name>.toml`, tried by `yba content check`.
//!
//! ```toml
//! [[case]]
//! title = "Đã khám xong"
//! step = "visit"                 # the name of a step
//! done = true
//! wrote = [{ resourceType = "Encounter", status = "finished" }]   # the person of the lesson is Patient/p
//! looked = ["everything"]        # looks at the person, by their words in the trail
//! ```

use super::lesson::{Begun, Deeds, Lesson, Look, Written, is_page};
use yba_content::forms::{Document, document};
use yba_content::lessons::StepSeen;
use yba_content::{Content, Day, Example, Problem};
use yba_fhir::json::{JsonContainerTrait, JsonValueTrait, Value, items, str_at};
use yba_web::Group;

const KNOWN: [&str; 5] = ["title", "step", "done", "wrote", "looked"];
const CASES_MAX: usize = 100;
/// The person of every case, and the day by which the edition is chosen: the newest.
const PERSON: &str = "p";
const NEWEST: (i16, i8, i8) = (9999, 12, 31);

/// Compiles every lesson, looks for the pages of its steps in the menus, and tries its cases: each step that the house sees has one that
/// fulfils it and one that does not.
pub fn try_examples(content: &Content, menus: &[Group]) -> Vec<Problem> {
    let mut problems = Vec::new();
    for about in content.lessons() {
        if let Err(wrong) = Lesson::compile(about) {
            problems.extend(wrong);
        }
        for step in about.steps.iter().filter(|step| !is_page(&step.page.text, menus)) {
            let text = format!("trang {:?} không có trong trình đơn", step.page.text);
            problems.push(Problem { file: about.path.clone(), line: step.page.line, text });
        }
    }
    let (year, month, day) = NEWEST;
    let newest = Day::new(year, month, day).map(|day| super::lesson::on(content, day)).unwrap_or_default();
    for lesson in &newest {
        problems.extend(try_lesson(content, lesson));
    }
    problems
}

fn try_lesson(content: &Content, lesson: &Lesson) -> Vec<Problem> {
    let folder = format!("lessons/{}", lesson.about.slug);
    let (mut problems, mut shown) = (Vec::new(), Vec::new());
    for example in content.examples().filter(|one| one.edition == folder) {
        problems.extend(try_file(lesson, example, &mut shown));
    }
    for step in lesson.about.steps.iter().filter(|step| !matches!(step.seen, StepSeen::Ticked)) {
        for (done, words) in [(true, "đã xong"), (false, "chưa xong")] {
            if !shown.contains(&(step.name.clone(), done)) {
                let text = format!("bước {:?} cần một ví dụ {words} trong examples/", step.name);
                problems.push(Problem { file: folder.clone(), line: 0, text });
            }
        }
    }
    problems
}

fn try_file(lesson: &Lesson, example: &Example, shown: &mut Vec<(String, bool)>) -> Vec<Problem> {
    let problem = |line: u32, text: String| Problem { file: example.path.clone(), line, text };
    let Document { value, lines } = match document(&example.text) {
        Ok(document) => document,
        Err(faults) => return faults.into_iter().map(|(line, text)| problem(line, text)).collect(),
    };
    let mut problems = Vec::new();
    for (at, case) in items(&value, "case").take(CASES_MAX).enumerate() {
        match try_case(lesson, case) {
            Ok(one) => shown.push(one),
            Err(text) => {
                let title = str_at(case, &["title"]).unwrap_or_default();
                problems.push(problem(lines.of(&format!("case[{at}]")), format!("{title}: {text}")));
            }
        }
    }
    problems
}

/// The step of a case, and whether it is done.
fn try_case(lesson: &Lesson, case: &Value) -> Result<(String, bool), String> {
    let mut members = case.as_object().into_iter().flat_map(|object| object.iter());
    if let Some((name, _)) = members.find(|(name, _)| !KNOWN.contains(name)) {
        return Err(format!("ví dụ không có phần {name:?}; có: {}", KNOWN.join(", ")));
    }
    let name = str_at(case, &["step"]).ok_or("thiếu step: tên một bước")?;
    let place = lesson.about.steps.iter().position(|step| step.name == name);
    let place = place.ok_or_else(|| format!("bài không có bước {name:?}"))?;
    let wanted = case.get("done").and_then(|one| one.as_bool()).ok_or("thiếu done: true hay false")?;
    let written = items(case, "wrote").map(|tree| Written { ms: 2, tree: tree.clone() });
    let looked = items(case, "looked").filter_map(|one| one.as_str());
    let looked = looked.map(|word| Look { ms: 2, word: word.to_owned(), patients: vec![PERSON.into()] });
    let deeds = Deeds { writes: written.collect(), looks: looked.collect() };
    let begun = Begun { ms: 1, who: PERSON.into(), ..Begun::default() };
    match (lesson.standing(&begun, &deeds)[place].is_some(), wanted) {
        (done, wanted) if done == wanted => Ok((name.to_owned(), done)),
        (true, _) => Err(format!("bước {name:?} không được tính là xong mà máy tính là xong")),
        (false, _) => Err(format!("bước {name:?} phải xong mà máy chưa tính là xong")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use yba_fhir::json::from_str;
    use yba_web::Entry;

    /// The pages of the neighbouring room at which lessons begin.
    fn menus() -> [Group; 2] {
        let entries = ["/", "/dang-ky"].map(|href| Entry::new(href, "users", "x")).into();
        [crate::menu(), Group { title: "x", entries }]
    }

    #[test]
    fn the_lessons_of_content_come_out_and_last_an_hour() {
        let content = Content::built_in();
        let problems: Vec<String> = try_examples(&content, &menus()).iter().map(Problem::to_string).collect();
        assert!(problems.is_empty(), "{}", problems.join("\n"));
        let minutes: u32 = content.lessons().iter().map(|lesson| lesson.minutes).sum();
        assert!((50..=70).contains(&minutes), "{minutes}");
    }

    #[test]
    fn what_does_not_compile_stands_nowhere_or_comes_out_otherwise_is_told() {
        let content = Content::built_in();
        let told = try_examples(&content, &[]);
        assert!(told.iter().any(|one| one.text.contains("không có trong trình đơn") && one.line > 0));
        let mut about = content.lessons().iter().find(|one| one.slug == "visit").unwrap().clone();
        about.who.as_mut().unwrap().search.text = "Patient?colour=red".into();
        for step in &mut about.steps {
            match &mut step.seen {
                StepSeen::Wrote { kind, fits } => {
                    (kind.text, *fits) = ("Nonsense".into(), None);
                }
                StepSeen::Looked(word) => word.text = "stared".into(),
                StepSeen::Ticked => {}
            }
        }
        let problems = Lesson::compile(&about).unwrap_err();
        assert_eq!(problems.len(), 1 + about.steps.len(), "{problems:?}");
        let about = content.lessons().iter().find(|one| one.slug == "visit").unwrap();
        let lesson = Lesson::compile(about).unwrap();
        let tried = |text: &str| try_case(&lesson, &from_str(text).unwrap()).unwrap_err();
        assert!(tried(r#"{"done": true}"#).contains("thiếu step"));
        assert!(tried(r#"{"step": "x", "done": true}"#).contains("không có bước"));
        assert!(tried(r#"{"step": "record"}"#).contains("thiếu done"));
        assert!(tried(r#"{"step": "record", "done": true, "seen": 1}"#).contains("\"seen\""));
        assert!(tried(r#"{"step": "record", "done": true}"#).contains("phải xong"));
        assert!(
            tried(r#"{"step": "record", "done": false, "looked": ["everything"]}"#)
                .contains("không được tính")
        );
    }

    #[test]
    fn what_was_done_before_the_lesson_or_of_somebody_else_does_not_count() {
        let content = Content::built_in();
        let about = content.lessons().iter().find(|one| one.slug == "take-back").unwrap();
        let lesson = Lesson::compile(about).unwrap();
        let visit = |who: &str| {
            let text = format!(
                r#"{{"resourceType": "Encounter", "status": "finished", "subject": {{"reference": "Patient/{who}"}}}}"#
            );
            from_str::<Value>(&text).unwrap()
        };
        let done = |ms: i64, who: &str| {
            let begun = Begun { ms: 10, who: PERSON.into(), ..Begun::default() };
            let deeds = Deeds { writes: vec![Written { ms, tree: visit(who) }], looks: Vec::new() };
            lesson.standing(&begun, &deeds)[0]
        };
        assert_eq!([done(9, PERSON), done(10, PERSON), done(11, "x")], [None, Some(10), None]);
    }
}
