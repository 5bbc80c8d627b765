//! What the rules of content say beside a form, and the reasons that are typed where one stops.

use maud::{Markup, html};
use std::hash::{DefaultHasher, Hash, Hasher};
use yba_care::advise::{Reasons, Told};
use yba_rules::{Card, Severity, Verdict};
use yba_ui::alert::{self, Reason, Reminder, Weight};
use yba_ui::form::summary;
use yba_ui::hx;

/// Where they stand on the page.
const PLACE: &str = "nhac-viec";
/// The field that tells which of them a page shows, and how the names of the fields for reasons begin: no linkId has a `~`.
const SHOWN: &str = "~nhac";
const WHY: &str = "~vi-sao.";
/// Most reasons that one form brings.
const REASONS_MAX: usize = yba_rules::limits::CARDS_MAX;

/// The reasons of a posted form.
pub(crate) fn reasons(fields: &[(String, String)]) -> Reasons {
    let typed = fields.iter().filter_map(|(name, reason)| {
        let key = name.strip_prefix(WHY)?;
        (!reason.trim().is_empty()).then(|| (key.to_owned(), reason.trim().to_owned()))
    });
    typed.take(REASONS_MAX).collect()
}

/// Reminders beside a form.
pub(crate) struct Beside<'a> {
    pub verdict: &'a Verdict,
    pub reasons: &'a Reasons,
    /// Whether the form was sent: a reason that is missing is asked for.
    pub asks: bool,
    /// The id of the form.
    pub form: &'a str,
}

impl Beside<'_> {
    /// A form with its reminders, and above it which reasons are missing.
    pub fn around(&self, form: &Markup) -> Markup {
        let missing: Vec<(String, String)> = self
            .unanswered()
            .map(|card| (id_of(card), format!("{}: ghi lý do rồi bấm ghi lại.", card.title)))
            .collect();
        let missing: Vec<(&str, &str)> =
            missing.iter().map(|(id, text)| (id.as_str(), text.as_str())).collect();
        html! {
            (summary(&missing))
            div .reminded { div { (form) } (self.place()) }
        }
    }

    /// The reminders in their place.
    pub fn place(&self) -> Markup {
        html! { section .reminders #(PLACE) aria-label="Nhắc việc" { (self.inside()) } }
    }

    /// What changes on a page that shows others; where the same stand nothing moves, so that nobody loses a reason half typed.
    pub fn moved(&self, fields: &[(String, String)]) -> Markup {
        let shown = fields.iter().find(|(name, _)| name == SHOWN).map(|(_, value)| value.as_str());
        html! { @if shown != Some(&self.digest()) { (hx::replaced(PLACE, &self.inside())) } }
    }

    fn unanswered(&self) -> impl Iterator<Item = &Card> {
        let open = yba_care::advise::unanswered(self.verdict, self.reasons);
        open.into_iter().filter(|_| self.asks)
    }

    fn inside(&self) -> Markup {
        html! {
            input type="hidden" name=(SHOWN) value=(self.digest()) form=(self.form);
            @for card in &self.verdict.cards { (self.card(card)) }
            (troubles(self.verdict))
        }
    }

    fn card(&self, card: &Card) -> Markup {
        let (id, key) = (id_of(card), card.key());
        let name = format!("{WHY}{key}");
        let is_missing = self.unanswered().any(|one| one.key() == key);
        let reason = Reason {
            id: &id,
            name: &name,
            form: self.form,
            typed: self.reasons.get(&key).map_or("", String::as_str),
            offered: &card.reasons,
            error: is_missing.then_some("Ghi lý do rồi bấm ghi lại."),
        };
        drawn(card, card.stops().then_some(reason))
    }

    /// Tells one set of reminders from another; not what is typed.
    fn digest(&self) -> String {
        let mut hasher = DefaultHasher::new();
        for card in &self.verdict.cards {
            (card.key(), &card.message, &card.suggest).hash(&mut hasher);
        }
        (&self.verdict.unread, &self.verdict.cut, self.verdict.faults.len()).hash(&mut hasher);
        format!("{:016x}", hasher.finish())
    }
}

/// Reminders of what was just written, which whoever types fast has not seen; what was stopped has its reason already.
pub(crate) fn after(verdict: &Verdict) -> Markup {
    html! { @for card in verdict.cards.iter().filter(|card| !card.stops()) { (drawn(card, None)) } }
}

/// The reasons that were kept with a visit or a dose.
pub(crate) fn kept<'a>(told: impl Iterator<Item = &'a Told>) -> Markup {
    html! { @for one in told { (alert::note(&one.message, &format!("Lý do vẫn ghi: {}", one.reason))) } }
}

fn drawn(card: &Card, reason: Option<Reason<'_>>) -> Markup {
    alert::reminder(&Reminder {
        weight: match card.severity {
            Severity::Info => Weight::Info,
            Severity::Warn => Weight::Warn,
            Severity::Stop => Weight::Stop,
        },
        title: &card.title,
        what: &card.message,
        suggest: &card.suggest,
        source: &card.source,
        uncertain: &card.uncertain,
        reason,
    })
}

/// Rules that broke or could not be asked: nobody takes their silence for a yes.
fn troubles(verdict: &Verdict) -> Markup {
    let broken: Vec<&str> = verdict.faults.iter().map(|fault| fault.rule.as_str()).collect();
    let words = |kinds: &mut dyn Iterator<Item = &String>| {
        kinds.map(|kind| kind_words(kind)).collect::<Vec<_>>().join(", ")
    };
    html! {
        @if !broken.is_empty() {
            p .hint { "Luật nhắc việc bị hỏng: " (broken.join(", ")) ". Các luật khác vẫn nhắc. Hãy báo người phụ trách hệ thống." }
        }
        @if !verdict.unread.is_empty() {
            p .hint { "Bạn không được xem " (words(&mut verdict.unread.iter())) " của người này, nên máy không nhắc được về phần đó." }
        }
        @if !verdict.cut.is_empty() {
            p .hint { "Hồ sơ dài: máy chỉ xem " (yba_rules::limits::RECORDS_MAX) " bản ghi đầu của " (words(&mut verdict.cut.iter())) "." }
        }
    }
}

fn kind_words(kind: &str) -> &str {
    match kind {
        "AllergyIntolerance" => "dị ứng",
        "Condition" => "chẩn đoán",
        "Immunization" => "mũi tiêm",
        "MedicationRequest" => "thuốc đã kê",
        "Observation" => "kết quả đo",
        other => other,
    }
}

fn id_of(card: &Card) -> String {
    format!("vi-sao-{}-{}", card.rule, card.number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use yba_fhir::Day;

    fn card(rule: &str, severity: Severity) -> Card {
        Card {
            rule: rule.into(),
            edition: Day::parse("2026-01-01").unwrap(),
            number: 0,
            title: "Huyết áp rất cao".into(),
            severity,
            message: "Huyết áp 190/120 mmHg.".into(),
            suggest: "Đo lại.".into(),
            source: "3192/QĐ-BYT".into(),
            uncertain: String::new(),
            reasons: vec!["Đã đo lại".into()],
            rests: Vec::new(),
            on: None,
            labels: Vec::new(),
        }
    }

    #[test]
    fn what_stops_asks_for_a_reason_only_when_the_form_was_sent_and_what_warns_asks_nothing() {
        let verdict = Verdict {
            cards: vec![card("a", Severity::Stop), card("b", Severity::Warn)],
            ..Verdict::default()
        };
        let none = Reasons::new();
        let draw = |reasons: &Reasons, asks| {
            Beside { verdict: &verdict, reasons, asks, form: "phieu" }.around(&html! { "x" }).into_string()
        };
        let typing = draw(&none, false);
        let key = verdict.cards[0].key();
        let field = format!(r#"name="~vi-sao.{key}" form="phieu""#);
        assert!(typing.contains(&field) && !typing.contains("~vi-sao.b."), "{typing}");
        assert!(!typing.contains("ghi lý do rồi bấm"));
        assert!(draw(&none, true).contains(r##"href="#vi-sao-a-0""##), "{}", draw(&none, true));
        let typed =
            reasons(&[(format!("~vi-sao.{key}"), " đã đo lại ".into()), ("~vi-sao.b.0".into(), " ".into())]);
        assert_eq!(typed.len(), 1);
        assert!(
            !draw(&typed, true).contains("ghi lý do rồi bấm") && draw(&typed, true).contains("đã đo lại")
        );
    }

    #[test]
    fn where_the_same_reminders_stand_nothing_moves() {
        let verdict = Verdict { cards: vec![card("a", Severity::Stop)], ..Verdict::default() };
        let (reasons, other) = (Reasons::new(), Verdict::default());
        let beside = |verdict| Beside { verdict, reasons: &reasons, asks: false, form: "phieu" };
        let shown = beside(&verdict).digest();
        let fields = [(SHOWN.to_owned(), shown)];
        assert_eq!(beside(&verdict).moved(&fields).into_string(), "");
        assert!(beside(&other).moved(&fields).into_string().contains("hx-swap-oob"));
        assert!(beside(&verdict).moved(&[]).into_string().contains("190/120"));
    }

    #[test]
    fn a_rule_that_was_not_asked_is_told() {
        let verdict = Verdict {
            unread: ["AllergyIntolerance".to_owned()].into(),
            faults: vec![yba_rules::Fault { rule: "x-y".into(), text: "secret".into() }],
            ..Verdict::default()
        };
        let drawn = troubles(&verdict).into_string();
        assert!(
            drawn.contains("không được xem dị ứng") && drawn.contains("x-y") && !drawn.contains("secret")
        );
    }
}
