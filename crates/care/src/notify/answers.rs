//! What a notification tells of a case, as a QuestionnaireResponse within the Communication.

use yba_fhir::date;
use yba_fhir::json::{JsonValueTrait, Value, items, json, str_at};

use super::case::Case;
use super::{CLASSES, Contact, Doses, Draft, OUTCOMES, SAMPLES, put};

const SYSTEM: &str = "https://yba.vn/fhir/CodeSystem/case-report";

/// What was told, read back.
pub(super) struct Told {
    pub written: String,
    pub due: String,
    pub doses: Doses,
    pub draft: Draft,
}

/// The answers of a draft that was checked, with what the record itself knows of the case.
pub(super) fn response(case: &Case<'_>, draft: &Draft, doses: &Doses, patient: &Value, now_ms: i64) -> Value {
    let edition = format!("{} ({})", case.edition.basis.join(", "), case.edition.from);
    let mut all = vec![
        item("edition", "Danh mục đang áp dụng", "valueString", json!(edition.as_str())),
        item("due", "Hạn thông báo", "valueDateTime", json!(date::instant(case.due_ms).as_str())),
        item("onset", "Ngày khởi phát", "valueDate", json!(draft.onset.as_str())),
        coded("class", "Phân loại ca bệnh", &CLASSES, &draft.class),
        coded("sample", "Mẫu xét nghiệm", &SAMPLES, &draft.sample),
    ];
    if draft.sample != "none" {
        all.push(item("sample-day", "Ngày lấy mẫu", "valueDate", json!(draft.sample_day.as_str())));
    }
    all.push(item(
        "doses",
        "Số mũi vắc xin của bệnh này trong hồ sơ",
        "valueInteger",
        json!(doses.count as u64),
    ));
    if !doses.last.is_empty() {
        all.push(item("last-dose", "Ngày mũi cuối", "valueDate", json!(doses.last.as_str())));
    }
    all.push(coded("outcome", "Tình trạng hiện tại", &OUTCOMES, &draft.outcome));
    for (key, words, text) in
        [("note", "Ghi chú", &draft.note), ("reason", "Lý do vẫn ghi như vậy", &draft.reason)]
    {
        if !text.trim().is_empty() {
            all.push(item(key, words, "valueString", json!(text.trim())));
        }
    }
    all.extend(draft.contacts.iter().filter(|one| !one.is_empty()).map(contact));
    json!({
        "resourceType": "QuestionnaireResponse",
        "id": "ca-benh",
        "status": "completed",
        "subject": patient.clone(),
        "authored": date::instant(now_ms).as_str(),
        "item": all
    })
}

fn item(key: &str, words: &str, kind: &str, value: Value) -> Value {
    let mut answer = json!({});
    put(&mut answer, kind, value);
    json!({"linkId": key, "text": words, "answer": [answer]})
}

fn coded(key: &str, words: &str, all: &[(&str, &str)], code: &str) -> Value {
    let display = all.iter().find(|(one, _)| *one == code).map_or(code, |(_, words)| words);
    item(key, words, "valueCoding", json!({"system": SYSTEM, "code": code, "display": display}))
}

fn contact(one: &Contact) -> Value {
    let parts = [
        ("contact-name", "Họ và tên", &one.name),
        ("contact-phone", "Điện thoại", &one.phone),
        ("contact-relation", "Quan hệ", &one.relation),
    ];
    let said: Vec<Value> = parts
        .into_iter()
        .filter(|(.., text)| !text.trim().is_empty())
        .map(|(key, words, text)| item(key, words, "valueString", json!(text.trim())))
        .collect();
    json!({"linkId": "contact", "text": "Người tiếp xúc", "item": said})
}

/// Reads the answers within a Communication; what is not there stays empty.
pub(super) fn read(communication: &Value) -> Told {
    let response = items(communication, "contained")
        .find(|one| str_at(one, &["resourceType"]) == Some("QuestionnaireResponse"));
    let Some(response) = response else {
        return Told {
            written: String::new(),
            due: String::new(),
            doses: Doses::default(),
            draft: Draft::default(),
        };
    };
    let of = |key: &str| text_of(response, key);
    let contacts = items(response, "item").filter(|one| str_at(one, &["linkId"]) == Some("contact"));
    Told {
        written: str_at(response, &["authored"]).unwrap_or_default().to_owned(),
        due: of("due"),
        doses: Doses { count: of("doses").parse().unwrap_or(0), last: of("last-dose") },
        draft: Draft {
            onset: of("onset"),
            class: of("class"),
            sample: of("sample"),
            sample_day: of("sample-day"),
            outcome: of("outcome"),
            contacts: contacts
                .map(|one| Contact {
                    name: text_of(one, "contact-name"),
                    phone: text_of(one, "contact-phone"),
                    relation: text_of(one, "contact-relation"),
                })
                .collect(),
            note: of("note"),
            reason: of("reason"),
            ..Draft::default()
        },
    }
}

/// The answer of the item with this name: a code, or text.
fn text_of(within: &Value, key: &str) -> String {
    let Some(answer) = items(within, "item")
        .find(|one| str_at(one, &["linkId"]) == Some(key))
        .and_then(|one| items(one, "answer").next())
    else {
        return String::new();
    };
    let text = ["valueString", "valueDate", "valueDateTime"].iter().find_map(|kind| str_at(answer, &[kind]));
    match text.or_else(|| str_at(answer, &["valueCoding", "code"])) {
        Some(text) => text.to_owned(),
        None => answer
            .get("valueInteger")
            .and_then(|number| number.as_u64())
            .map(|number| number.to_string())
            .unwrap_or_default(),
    }
}
