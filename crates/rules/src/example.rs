//! Worked cases of rules: `rules/<slug>/examples/<name>.toml`, tried by `yba content check`.
//!
//! ```toml
//! [[case]]
//! title = "190/120: nhắc"
//! on = 2026-03-02                # the day of the act
//! at = "visit"                   # the first moment of the rule, when it is not said
//! fires = true
//! message = "…"                  # word for word, when given
//! patient = { birthDate = "1960-01-01" }
//! entered = [ { resourceType = "Observation" } ]
//! [case.record]
//! conditions = [ { resourceType = "Condition" } ]   # what the rule's search of this name finds
//! ```

use yba_content::forms::{Document, document};
use yba_content::rules::Moment;
use yba_content::{Content, Day, Example, Problem};
use yba_fhir::json::{JsonContainerTrait, JsonValueMutTrait, JsonValueTrait, Value, items, json, str_at};

use crate::case::{Case, Found};
use crate::judge::judge;
use crate::library::Library;

const KNOWN: [&str; 9] = ["title", "on", "at", "fires", "message", "patient", "entered", "beside", "record"];
/// Every rule has as many cases, of which one fires and one does not.
const CASES_MIN: usize = 3;
const CASES_MAX: usize = 200;

impl Library {
    /// Tries all cases; a rule with too few is a problem too. Answers the number of cases, and what is wrong.
    pub fn try_examples(&self, content: &Content) -> (usize, Vec<Problem>) {
        let (mut problems, mut count) = (Vec::new(), 0);
        for slug in self.slugs() {
            let folder = format!("rules/{slug}");
            let (mut cases, mut firing) = (0, 0);
            for example in content.examples().filter(|one| one.edition == folder) {
                let (all, fires, wrong) = self.try_file(slug, example);
                cases += all;
                firing += fires;
                problems.extend(wrong);
            }
            let kinds = [
                (cases < CASES_MIN, "cần ít nhất ba ví dụ"),
                (firing == 0, "cần một ví dụ có nhắc"),
                (firing == cases, "cần một ví dụ không nhắc"),
            ];
            if let Some((_, text)) = kinds.iter().find(|(is_missing, _)| *is_missing) {
                problems.push(Problem { file: folder, line: 0, text: format!("{text} trong examples/") });
            }
            count += cases;
        }
        (count, problems)
    }

    fn try_file(&self, slug: &str, example: &Example) -> (usize, usize, Vec<Problem>) {
        let problem = |line: u32, text: String| Problem { file: example.path.clone(), line, text };
        let Document { value, lines } = match document(&example.text) {
            Ok(document) => document,
            Err(faults) => {
                return (0, 0, faults.into_iter().map(|(line, text)| problem(line, text)).collect());
            }
        };
        let (mut problems, mut count, mut firing) = (Vec::new(), 0, 0);
        for (at, case) in items(&value, "case").take(CASES_MAX).enumerate() {
            count += 1;
            firing += usize::from(fires(case));
            if let Err(text) = self.try_case(slug, case) {
                let title = str_at(case, &["title"]).unwrap_or_default();
                problems.push(problem(lines.of(&format!("case[{at}]")), format!("{title}: {text}")));
            }
        }
        (count, firing, problems)
    }

    fn try_case(&self, slug: &str, case: &Value) -> Result<(), String> {
        let members = case.as_object().into_iter().flat_map(|object| object.iter());
        if let Some((name, _)) = members.into_iter().find(|(name, _)| !KNOWN.contains(name)) {
            return Err(format!("ví dụ không có phần {name:?}; có: {}", KNOWN.join(", ")));
        }
        let on = str_at(case, &["on"]).and_then(Day::parse).ok_or("thiếu on: ngày, ví dụ 2026-03-02")?;
        let compiled = self.edition(slug, on).ok_or("ngày này chưa có bản nào của luật")?;
        let moment = match str_at(case, &["at"]) {
            None => *compiled.rule.moments.first().ok_or("luật không nói lúc nào")?,
            Some("open") => Moment::Open,
            Some("visit") => Moment::Visit,
            Some("vaccination") => Moment::Vaccination,
            Some("order") => Moment::Order,
            Some(other) => return Err(format!("at = {other:?}: chỉ có open, visit, vaccination, order")),
        };
        if !compiled.rule.moments.contains(&moment) {
            return Err("luật không hỏi ở lúc này".to_owned());
        }
        let patient = patient(case);
        let list = |name: &str| items(case, name).cloned().collect::<Vec<Value>>();
        let (entered, beside) = (list("entered"), list("beside"));
        let mut found = Found::default();
        for named in &compiled.rule.records {
            let records = case.get("record").map(|record| items(record, &named.name).cloned().collect());
            found.answer(&named.expression, records.unwrap_or_default());
        }
        let now_ms = on.start_ms() + 8 * 3_600_000;
        let asked = Case { moment, now_ms, patient: &patient, entered: &entered, beside: &beside };
        let verdict = judge(self, &[compiled], &asked, &found);
        if let Some(fault) = verdict.faults.first() {
            return Err(format!("luật hỏng: {}", fault.text));
        }
        let messages: Vec<&str> = verdict.cards.iter().map(|card| card.message.as_str()).collect();
        match (fires(case), messages.as_slice(), str_at(case, &["message"])) {
            (true, [], _) => Err("phải nhắc mà không nhắc".to_owned()),
            (false, [first, ..], _) => Err(format!("không được nhắc mà nhắc: {first}")),
            (true, all, Some(wanted)) if !all.contains(&wanted) => {
                Err(format!("nhắc {:?}, ví dụ viết {wanted:?}", all.join(" | ")))
            }
            _ => Ok(()),
        }
    }
}

fn fires(case: &Value) -> bool {
    case.get("fires").and_then(|flag| flag.as_bool()).unwrap_or(false)
}

/// The patient of a case, who need not say that they are one.
fn patient(case: &Value) -> Value {
    let mut tree = case.get("patient").cloned().unwrap_or_else(|| json!({}));
    if let Some(object) = tree.as_object_mut() {
        object.insert("resourceType", "Patient");
        if object.get(&"id").is_none() {
            object.insert("id", "p");
        }
    }
    tree
}
