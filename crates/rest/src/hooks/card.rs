//! Cards: what the rules say, as other software shows it. <https://cds-hooks.hl7.org/2.0/#cds-service-response>

use sha2::{Digest, Sha256};
use yba_care::advise::RULE;
use yba_fhir::json::{Array, JsonValueMutTrait, Value, json};
use yba_rules::{Card, Severity, Verdict};

/// Longest summary that the specification allows.
const SUMMARY_MAX: usize = 140;
/// The code system of reasons for going on all the same: the slug of the rule and the place of the reason.
const REASON: &str = "https://yba.vn/fhir/CodeSystem/rule-reason";

pub(super) fn cards(verdict: &Verdict, instance: &str) -> Array {
    let mut list = Array::new();
    verdict.cards.iter().for_each(|card| list.push(one(card, instance)));
    if let Some(note) = troubles(verdict) {
        list.push(note);
    }
    list
}

fn one(card: &Card, instance: &str) -> Value {
    let indicator = match card.severity {
        Severity::Info => "info",
        Severity::Warn => "warning",
        Severity::Stop => "critical",
    };
    let is_short = card.message.chars().count() <= SUMMARY_MAX;
    let summary: String =
        if is_short { &card.message } else { &card.title }.chars().take(SUMMARY_MAX).collect();
    let mut detail = format!("**{}**\n\n{}\n\n{}", card.title, card.message, card.suggest);
    if !card.uncertain.is_empty() {
        detail += &format!("\n\n_{}_", card.uncertain);
    }
    let mut tree = json!({
        "uuid": uuid(&card.rule, &format!("{instance}\n{}\n{}", card.key(), card.message)).as_str(),
        "summary": summary.as_str(),
        "detail": detail.as_str(),
        "indicator": indicator,
        "source": {
            "label": card.source.as_str(),
            "topic": {"system": RULE, "code": card.rule.as_str(), "display": card.title.as_str()}
        }
    });
    let mut reasons = Array::new();
    for (at, reason) in card.reasons.iter().enumerate().filter(|_| card.stops()) {
        reasons.push(json!({"system": REASON, "code": format!("{}.{}", card.rule, at + 1).as_str(), "display": reason.as_str()}));
    }
    if let Some(object) = tree.as_object_mut().filter(|_| !reasons.is_empty()) {
        object.insert("overrideReasons", reasons);
    }
    tree
}

/// Rules that broke or could not be asked: nobody takes their silence for a yes.
fn troubles(verdict: &Verdict) -> Option<Value> {
    let mut words = Vec::new();
    if !verdict.unread.is_empty() {
        let kinds: Vec<&str> = verdict.unread.iter().map(String::as_str).collect();
        words.push(format!("không được xem {}", kinds.join(", ")));
    }
    if !verdict.cut.is_empty() {
        let kinds: Vec<&str> = verdict.cut.iter().map(String::as_str).collect();
        words.push(format!("chỉ xem một phần {}", kinds.join(", ")));
    }
    if !verdict.faults.is_empty() {
        let rules: Vec<&str> = verdict.faults.iter().map(|fault| fault.rule.as_str()).collect();
        words.push(format!("luật bị hỏng: {}", rules.join(", ")));
    }
    if words.is_empty() {
        return None;
    }
    let summary: String = format!("Chưa xét đủ: {}.", words.join("; ")).chars().take(SUMMARY_MAX).collect();
    Some(json!({"summary": summary.as_str(), "indicator": "info", "source": {"label": "Y Bạ"}}))
}

/// The id of a card: a UUID of version 8 whose first half tells the rule, so that feedback can be counted by rules without keeping
/// what was shown to whom. <https://www.rfc-editor.org/rfc/rfc9562#section-5.8>
fn uuid(rule: &str, of: &str) -> String {
    let (rule, of) = (Sha256::digest(rule.as_bytes()), Sha256::digest(of.as_bytes()));
    let mut bytes = [0u8; 16];
    bytes[..6].copy_from_slice(&rule[..6]);
    bytes[6..].copy_from_slice(&of[..10]);
    bytes[6] = 0x80 | bytes[6] & 0x0f;
    bytes[8] = 0x80 | bytes[8] & 0x3f;
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

/// Whether a card of this id is of this rule.
pub(super) fn is_of(uuid: &str, rule: &str) -> bool {
    let start: String =
        Sha256::digest(rule.as_bytes()).iter().take(6).map(|byte| format!("{byte:02x}")).collect();
    uuid.replace('-', "").to_ascii_lowercase().starts_with(&start)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_tells_the_rule_and_nothing_of_whom_it_was_about() {
        let id = uuid("order-allergy", "instance\ncard");
        assert_eq!((id.len(), &id[14..15], &id[19..20]), (36, "8", &id[19..20]));
        assert!(is_of(&id, "order-allergy") && is_of(&id.to_uppercase(), "order-allergy"));
        assert!(!is_of(&id, "duplicate-therapy") && !is_of("", "order-allergy"));
        assert_ne!(id, uuid("order-allergy", "another\ncard"));
    }
}
