//! What a prescription's form says, and what one press of it does: pure functions.

use crate::medicines::Typed;
use yba_care::prescribe::{self, Draft, LINES_MAX, Line, Prescription};
use yba_care::{Finding, Severity};
use yba_content::{Essential, EssentialList};
use yba_fhir::resource::is_id;

/// Drugs that a few letters offer.
const OFFERED: usize = 8;
/// Longest id of a form.
const FORM_MAX: usize = 64;

/// A form that nobody has sent: empty, or filled with an earlier prescription that is repeated (`lai`) or replaced (`thay`).
pub(super) fn fresh(all: &[Prescription], typed: &Typed, weighed: &str, form: String) -> Draft {
    let named = |name: &str| all.iter().find(|one| !typed.of(name).is_empty() && one.code == typed.of(name));
    let from = named("thay").or_else(|| named("lai"));
    Draft {
        lines: from.map(Prescription::typed).unwrap_or_default(),
        weight: weighed.to_owned(),
        companion: from.map(|one| one.companion.clone()).unwrap_or_default(),
        advice: from.map(|one| one.advice.clone()).unwrap_or_default(),
        replaces: named("thay").map(|one| one.code.clone()),
        form,
    }
}

/// What was sent. A quantity that nobody changed follows the dose.
pub(super) fn draft(typed: &Typed, list: &EssentialList, fresh: impl Fn() -> String) -> Draft {
    let line = |number: usize| {
        let of = |name: &str| typed.of(&format!("{name}-{number}")).to_owned();
        let mut line = Line {
            drug: of("thuoc"),
            take: of("lan"),
            times: of("ngay"),
            days: of("so-ngay"),
            units: of("sl"),
            how: of("cach"),
        };
        if line.units == of("tinh") || line.units.is_empty() {
            line.units = worked_out(list, &line);
        }
        (!line.drug.is_empty()).then_some(line)
    };
    let brought = Some(typed.of("phieu")).filter(|id| is_id(id) && id.len() <= FORM_MAX);
    let old = Some(typed.of("thay")).filter(|code| prescribe::code::is_sound(code));
    Draft {
        lines: (1..=LINES_MAX + 1).filter_map(line).collect(),
        weight: typed.of("can-nang").to_owned(),
        companion: typed.of("nguoi-dua").to_owned(),
        advice: typed.of("loi-dan").to_owned(),
        replaces: old.map(str::to_owned),
        form: brought.map_or_else(fresh, str::to_owned),
    }
}

/// A draft as its form would send it, with the reasons that were typed beside it: what is kept while somebody is writing.
pub(super) fn sent(draft: &Draft, typed: &Typed) -> Typed {
    let mut all: Vec<(String, String)> = Vec::new();
    let mut add = |name: String, value: &str| all.push((name, value.to_owned()));
    for (at, line) in draft.lines.iter().enumerate() {
        let Line { drug, take, times, days, units, how } = line;
        let fields = [
            ("thuoc", drug),
            ("lan", take),
            ("ngay", times),
            ("so-ngay", days),
            ("sl", units),
            ("cach", how),
        ];
        fields.into_iter().for_each(|(name, value)| add(format!("{name}-{}", at + 1), value));
    }
    add("phieu".into(), &draft.form);
    add("thay".into(), draft.replaces.as_deref().unwrap_or_default());
    for (name, value) in
        [("can-nang", &draft.weight), ("nguoi-dua", &draft.companion), ("loi-dan", &draft.advice)]
    {
        add(name.into(), value);
    }
    all.extend(typed.0.iter().filter(|(name, _)| name.starts_with('~')).cloned());
    Typed(all)
}

/// How many units of the store a line takes; nothing while its dose is not understood.
pub(super) fn worked_out(list: &EssentialList, line: &Line) -> String {
    let needed = list.drug(&line.drug).and_then(|drug| line.needed(drug));
    needed.map(|units| units.to_string()).unwrap_or_default()
}

/// What a press did.
#[derive(Debug, Default)]
pub(super) struct Step<'l> {
    pub found: Vec<Finding>,
    /// Drugs to choose from, when the letters say several.
    pub offered: Vec<&'l Essential>,
    pub searched: String,
}

/// Puts the drug on that was named or chosen, or takes a line off.
pub(super) fn step<'l>(
    draft: &mut Draft,
    typed: &Typed,
    list: &'l EssentialList,
    is_small_child: bool,
) -> Step<'l> {
    let act = typed.of("viec");
    if let Some(number) = act.strip_prefix("bo-").and_then(|number| number.parse::<usize>().ok()) {
        if (1..=draft.lines.len()).contains(&number) {
            draft.lines.remove(number - 1);
        }
        return Step::default();
    }
    if let Some(drug) = act.strip_prefix("chon-").and_then(|slug| list.drug(slug)) {
        return put_on(draft, drug, is_small_child);
    }
    let text = typed.of("tim");
    if text.is_empty() {
        return Step::default();
    }
    if let Some(drug) = list.meant(text) {
        return put_on(draft, drug, is_small_child);
    }
    let offered = list.search(text, OFFERED);
    let searched = text.to_owned();
    let words = "Không có thuốc này trong danh mục của trạm. Gõ vài chữ đầu của tên thuốc hoặc hoạt chất.";
    let found = if offered.is_empty() { vec![stop(words)] } else { Vec::new() };
    Step { found, offered, searched }
}

fn stop(text: &str) -> Finding {
    Finding { severity: Severity::Stop, field: "lines".into(), text: text.to_owned() }
}

fn put_on<'l>(draft: &mut Draft, drug: &Essential, is_small_child: bool) -> Step<'l> {
    if draft.lines.iter().any(|line| line.drug == drug.slug) {
        let text = format!("{} đã có trong đơn.", drug.name);
        return Step { found: vec![stop(&text)], ..Step::default() };
    }
    if draft.lines.len() >= LINES_MAX {
        let text = format!("Một đơn có nhiều nhất {LINES_MAX} thuốc.");
        return Step { found: vec![stop(&text)], ..Step::default() };
    }
    draft.lines.push(Line::usual(drug, is_small_child));
    Step::default()
}

/// The field of the page that a finding is about.
pub(super) fn field(finding: &str) -> String {
    match finding.split_once('-') {
        Some(("take", number)) => format!("lan-{number}"),
        Some(("times", number)) => format!("ngay-{number}"),
        Some(("days", number)) => format!("so-ngay-{number}"),
        Some(("units", number)) => format!("sl-{number}"),
        Some(("how", number)) => format!("cach-{number}"),
        Some(("line", number)) => format!("lan-{number}"),
        _ => match finding {
            "weight" => "can-nang".into(),
            "companion" => "nguoi-dua".into(),
            "advice" => "loi-dan".into(),
            _ => "tim".into(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use yba_content::{Content, Day};

    fn typed(pairs: &[(&str, &str)]) -> Typed {
        Typed(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
    }

    #[test]
    fn a_few_letters_put_a_drug_on_and_a_quantity_follows_the_dose_until_somebody_changes_it() {
        let content = Content::built_in();
        let list = content.essential(Day::parse("2026-03-02").unwrap());
        let mut one = Draft::default();
        assert!(step(&mut one, &typed(&[("tim", "amlo")]), list, false).found.is_empty());
        assert_eq!((one.lines[0].drug.as_str(), one.lines[0].units.as_str()), ("amlodipine-5", "30"));
        let many = step(&mut one, &typed(&[("tim", "para")]), list, false);
        assert_eq!((one.lines.len(), many.offered.len()), (1, 3));
        step(&mut one, &typed(&[("viec", "chon-paracetamol-500")]), list, false);
        assert_eq!(one.lines.len(), 2);
        assert_eq!(step(&mut one, &typed(&[("tim", "amlo")]), list, false).found.len(), 1, "it is there");
        assert_eq!(step(&mut one, &typed(&[("tim", "xyz")]), list, false).found.len(), 1, "nobody has it");
        step(&mut one, &typed(&[("viec", "bo-1")]), list, false);
        step(&mut one, &typed(&[("viec", "bo-9")]), list, false);
        assert_eq!(one.lines.len(), 1);

        let line = [
            ("thuoc-1", "amlodipine-5"),
            ("lan-1", "1"),
            ("ngay-1", "1"),
            ("so-ngay-1", "60"),
            ("tinh-1", "30"),
        ];
        let units = |sl: &'static str| {
            let fields: Vec<_> = line.into_iter().chain([("sl-1", sl)]).collect();
            draft(&typed(&fields), list, String::new).lines[0].units.clone()
        };
        let huge = [
            ("thuoc-1", "amlodipine-5"),
            ("lan-1", "1"),
            ("ngay-1", "4294967295"),
            ("so-ngay-1", "4294967295"),
        ];
        assert_eq!(
            draft(&typed(&huge), list, String::new).lines[0].units,
            "",
            "no number of days takes so many"
        );
        assert_eq!((units("30").as_str(), units("").as_str(), units("28").as_str()), ("60", "60", "28"));
    }

    #[test]
    fn what_is_kept_of_a_draft_is_the_draft_again() {
        let content = Content::built_in();
        let list = content.essential(Day::parse("2026-03-02").unwrap());
        let mut one = Draft {
            weight: "12,5".into(),
            companion: "Mẹ".into(),
            advice: "Uống nhiều nước".into(),
            replaces: Some("12090a7k9x2m-C".into()),
            form: "f1".into(),
            ..Draft::default()
        };
        step(&mut one, &typed(&[("tim", "amlo")]), list, false);
        step(&mut one, &typed(&[("viec", "chon-paracetamol-150-goi")]), list, true);
        one.lines[0].units = "28".into();
        let kept = sent(&one, &typed(&[("tim", "amlo"), ("~vi-sao.x.1", "lý do")]));
        assert_eq!(kept.of("~vi-sao.x.1"), "lý do");
        let again = draft(&kept, list, String::new);
        assert_eq!((again.lines, again.form), (one.lines, one.form));
        assert_eq!((again.weight, again.companion, again.advice), (one.weight, one.companion, one.advice));
        assert_eq!(again.replaces, one.replaces);
    }
}
