//! What a form does with what is typed, on small forms made for it.

use crate::choices::{Choices, NoChoices};
use crate::fill::{Filling, Step};
use crate::form::Form;
use crate::judge::Weight;
use crate::limits::{FIELD_BYTES_MAX, FIELDS_MAX, POST_BYTES_MAX, ROWS_MAX};
use crate::response::Head;
use crate::setting::Setting;
use proptest::prelude::*;
use yba_content::forms::{document, sdc};
use yba_fhir::Outcome;
use yba_fhir::json::{self, JsonContainerTrait, Value, from_str, json, str_at, to_string};

/// 08:00 on 2026-03-02 in Hà Nội.
const NOW: i64 = 1_772_413_200_000;

pub(crate) fn compiled(toml: &str) -> Result<Form, Outcome> {
    let read = document(&format!("resourceType = \"Questionnaire\"\nstatus = \"active\"\nurl = \"https://yba.vn/t\"\nversion = \"1\"\n{toml}")).unwrap();
    let (questionnaire, faults) = sdc::expanded(&read.value);
    assert_eq!(faults, []);
    Form::compile(&questionnaire)
}

pub(crate) fn form(toml: &str) -> Form {
    compiled(toml).unwrap_or_else(|outcome| panic!("{outcome}"))
}

fn setting() -> Setting {
    Setting::new(NOW)
}

pub(crate) fn posted(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

pub(crate) fn take<'f>(form: &'f Form, pairs: &[(&str, &str)]) -> Filling<'f> {
    form.take(&setting(), &Two, &posted(pairs)).unwrap()
}

fn faults(form: &Form, pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    take(form, pairs).faults.into_iter().map(|fault| (fault.name, fault.text)).collect()
}

fn head() -> Head<'static> {
    Head {
        id: Some("r1"),
        subject: Some("Patient/p1"),
        encounter: None,
        author: Some("PractitionerRole/n"),
        authored: "2026-03-02T08:00:00+07:00",
    }
}

/// Answers of a response, `linkId=value` in order.
fn answers(filling: &Filling) -> Vec<String> {
    fn walk(value: &Value, out: &mut Vec<String>) {
        for item in json::items(value, "item") {
            for answer in json::items(item, "answer") {
                let held =
                    answer.as_object().unwrap().iter().find(|(name, _)| name.starts_with("value")).unwrap().1;
                let text = str_at(held, &["code"]).map_or_else(|| to_string(held).unwrap(), str::to_owned);
                out.push(format!("{}={text}", str_at(item, &["linkId"]).unwrap()));
                walk(answer, out);
            }
            walk(item, out);
        }
    }
    let mut out = Vec::new();
    walk(&filling.response(&head()), &mut out);
    out
}

/// A value set of two codes.
struct Two;

impl Choices for Two {
    fn find(&self, _: &str, typed: &str, most: usize) -> Vec<Value> {
        let all = [("I10", "Tăng huyết áp vô căn"), ("I11", "Bệnh tim do tăng huyết áp")];
        let fits = |words: &str| yba_fhir::text::fold(words).contains(&yba_fhir::text::fold(typed));
        let found = all.iter().filter(|(_, words)| fits(words));
        found
            .take(most)
            .map(|(code, words)| json!({"system": "urn:icd", "code": *code, "display": *words}))
            .collect()
    }

    fn coding(&self, set: &str, code: &str) -> Option<Value> {
        self.find(set, "", 9).into_iter().find(|coding| str_at(coding, &["code"]) == Some(code))
    }

    fn knows(&self, _: &str) -> bool {
        true
    }
}

#[test]
fn every_fault_of_a_questionnaire_is_told_with_its_place() {
    let outcome = compiled(
        r##"
variable = [{ name = "v", expression = "item.where(linkid = 'x')" }, { name = "q", language = "application/x-fhir-query", expression = "Patient/{{%patient.id" }]
templateExtract = [{ template = "#none" }]
item = [
 { linkId = "a", type = "choice", text = "A" },
 { linkId = "a", type = "integer", text = "A", minValue = 9, maxValue = 1, regex = "(" },
 { linkId = "b c", type = "attachment", text = "B" },
 { linkId = "d", type = "string", text = "D", calculatedExpression = "%nobody.name", enableWhen = [{ question = "gendr", operator = "=", answerString = "x" }] },
 { linkId = "e", type = "boolean", text = "E", enableWhen = [{ question = "a", operator = "~", answerBoolean = true }, { question = "e", operator = "exists", answerBoolean = true }] },
 { linkId = "f", type = "group", constraint = [{ key = "k", severity = "bad", expression = "true", human = "x" }] },
 { linkId = "gender", type = "string", text = "G", initialExpression = "%resource.itm" },
]"##,
    )
    .unwrap_err();
    let places: Vec<&str> = outcome.issues.iter().filter_map(|issue| issue.path.as_deref()).collect();
    for place in [
        "variable[0]",
        "variable[1]",
        "templateExtract[0]",
        "item[0]",
        "item[1].linkId",
        "item[1].minValue",
        "item[1].regex",
        "item[2].linkId",
        "item[2].type",
        "item[3].calculatedExpression",
        "item[3].enableWhen[0]",
        "item[4]",
        "item[4].enableWhen[0]",
        "item[4].enableWhen[1]",
        "item[5]",
        "item[5].constraint[0]",
        "item[6].initialExpression",
    ] {
        assert!(places.contains(&place), "{place} is not among {places:?}");
    }
    assert!(outcome.issues.iter().any(|issue| issue.text.contains("có phải gender?")), "{outcome}");
}

#[test]
fn what_people_type_is_understood_or_told() {
    let form = form(
        r#"item = [
 { linkId = "d", type = "decimal", text = "Thân nhiệt", maxDecimalPlaces = 1, minValue = 30, maxValue = 45 },
 { linkId = "i", type = "integer", text = "Mạch" },
 { linkId = "t", type = "date", text = "Ngày" },
 { linkId = "h", type = "time", text = "Giờ" },
 { linkId = "m", type = "dateTime", text = "Lúc" },
 { linkId = "b", type = "boolean", text = "Sốt" },
 { linkId = "s", type = "string", text = "Mã", regex = "[A-Z]{2}", entryFormat = "hai chữ in", maxLength = 3 },
 { linkId = "u", type = "url", text = "Trang" },
 { linkId = "q", type = "quantity", text = "Đường", unitOption = [{ code = "mmol/L" }, { code = "mg/dL" }] },
 { linkId = "c", type = "choice", text = "Bệnh", answerValueSet = "urn:set" },
]"#,
    );
    let good = [
        (("d", "36,5"), "d=36.5"),
        (("d", " 037.50 "), "d=37.50"),
        (("i", "120"), "i=120"),
        (("i", "120,0"), "i=120"),
        (("t", "5/9/2026"), "t=\"2026-09-05\""),
        (("t", "05092026"), "t=\"2026-09-05\""),
        (("t", "2026-09-05"), "t=\"2026-09-05\""),
        (("h", "7h30"), "h=\"07:30:00\""),
        (("m", "05/09/2026 7:30"), "m=\"2026-09-05T07:30:00+07:00\""),
        (("b", "Có"), "b=true"),
        (("s", "AB"), "s=\"AB\""),
        (("u", "https://yba.vn"), "u=\"https://yba.vn\""),
        (("c", "I10 · gì đó"), "c=I10"),
        (("c", "benh tim"), "c=I11"),
    ];
    for (pair, expected) in good {
        let filling = take(&form, &[pair]);
        assert_eq!((answers(&filling), filling.is_sound()), (vec![expected.to_owned()], true), "{pair:?}");
    }
    let bad = [
        ("d", "ba sáu", "không phải là số"),
        ("d", "1.234,5", "không phải là số"),
        ("d", "36,55", "1 chữ số sau dấu phẩy"),
        ("d", "50", "Phải từ 30 đến 45"),
        ("d", "1234567890123456789", "18 chữ số"),
        ("i", "12,5", "số nguyên"),
        ("i", "99999999999", "số nguyên"),
        ("t", "31/02/2026", "không phải là ngày"),
        ("t", "1/2/26", "bốn chữ số"),
        ("t", "é1234567", "không phải là ngày"),
        ("h", "25:00", "không phải là giờ"),
        ("m", "05/09/2026", "ngày và giờ"),
        ("b", "có lẽ", "Có hoặc Không"),
        ("s", "ab", "hai chữ in"),
        ("s", "ABCD", "Dài quá 3"),
        ("u", "yba", "https://"),
        ("q", "5", "chọn đơn vị"),
        ("c", "tăng huyết áp", "Có nhiều mục"),
        ("c", "gãy xương", "chọn một mục"),
    ];
    for (name, typed, said) in bad {
        let filling = take(&form, &[(name, typed)]);
        let told: Vec<&str> = filling.faults.iter().map(|fault| fault.text.as_str()).collect();
        assert!(told.len() == 1 && told[0].contains(said), "{name} {typed}: {told:?}");
        let spot = filling.sheet.spots(&form).into_iter().find(|spot| spot.name(&form) == name).unwrap();
        assert_eq!(filling.sheet.slot(&spot).unwrap().answers[0].typed, typed, "what was typed is kept");
    }
    let with_unit = take(&form, &[("q", "5,6"), ("q~unit", "mmol/L")]);
    let held = to_string(&json::ordered(&with_unit.response(&head()))).unwrap();
    assert!(held.contains(r#""valueQuantity":{"code":"mmol/L","unit":"mmol/L","value":5.6}"#), "{held}");
}

const OPERATORS: &str = r#"item = [
 { linkId = "n", type = "decimal", text = "N" },
 { linkId = "y", type = "boolean", text = "Y" },
 { linkId = "exists", type = "string", text = "x", enableWhen = [{ question = "n", operator = "exists", answerBoolean = true }] },
 { linkId = "absent", type = "string", text = "x", enableWhen = [{ question = "n", operator = "exists", answerBoolean = false }] },
 { linkId = "eq", type = "string", text = "x", enableWhen = [{ question = "n", operator = "=", answerDecimal = 5.0 }] },
 { linkId = "ne", type = "string", text = "x", enableWhen = [{ question = "n", operator = "!=", answerDecimal = 5 }] },
 { linkId = "gt", type = "string", text = "x", enableWhen = [{ question = "n", operator = ">", answerDecimal = 5 }] },
 { linkId = "lt", type = "string", text = "x", enableWhen = [{ question = "n", operator = "<", answerDecimal = 5 }] },
 { linkId = "ge", type = "string", text = "x", enableWhen = [{ question = "n", operator = ">=", answerDecimal = 5 }] },
 { linkId = "le", type = "string", text = "x", enableWhen = [{ question = "n", operator = "<=", answerDecimal = 5 }] },
 { linkId = "all", type = "string", text = "x", enableBehavior = "all", enableWhen = [{ question = "n", operator = ">", answerDecimal = 5 }, { question = "y", operator = "=", answerBoolean = true }] },
 { linkId = "any", type = "string", text = "x", enableBehavior = "any", enableWhen = [{ question = "n", operator = ">", answerDecimal = 5 }, { question = "y", operator = "=", answerBoolean = true }] },
 { linkId = "path", type = "string", text = "x", enableWhenExpression = "%resource.item.where(linkId = 'n').answer.value > 5" },
]"#;

#[test]
fn conditions_ask_by_every_operator() {
    let form = form(OPERATORS);
    let asked = |pairs: &[(&str, &str)]| -> Vec<String> {
        let filling = take(&form, pairs);
        let spots = filling.sheet.spots(&form).into_iter().skip(2);
        spots.filter(|spot| filling.sheet.slot(spot).unwrap().enabled).map(|spot| spot.name(&form)).collect()
    };
    assert_eq!(asked(&[]), ["absent"]);
    assert_eq!(asked(&[("n", "5")]), ["exists", "eq", "ge", "le"]);
    assert_eq!(asked(&[("n", "6")]), ["exists", "ne", "gt", "ge", "any", "path"]);
    assert_eq!(asked(&[("n", "4"), ("y", "true")]), ["exists", "ne", "lt", "le", "any"]);
    assert_eq!(asked(&[("n", "6"), ("y", "true")]), ["exists", "ne", "gt", "ge", "all", "any", "path"]);
}

#[test]
fn what_is_not_asked_is_neither_demanded_nor_kept() {
    let form = form(
        r#"item = [
 { linkId = "y", type = "boolean", text = "Sốt", required = true },
 { linkId = "g", type = "group", enableWhen = [{ question = "y", operator = "=", answerBoolean = true }], item = [
   { linkId = "days", type = "integer", text = "Số ngày", required = true },
   { linkId = "why", type = "string", text = "Vì sao", enableWhen = [{ question = "days", operator = ">", answerInteger = 3 }] } ] },
]"#,
    );
    assert_eq!(answers(&take(&form, &[("y", "false"), ("days", "5"), ("why", "x")])), ["y=false"]);
    assert_eq!(
        answers(&take(&form, &[("y", "true"), ("days", "5"), ("why", "x")])),
        ["y=true", "days=5", "why=\"x\""]
    );
    assert_eq!(faults(&form, &[("y", "true")]), [("days".to_owned(), "Hãy nhập số ngày.".to_owned())]);
    assert_eq!(faults(&form, &[]), [("y".to_owned(), "Hãy chọn Có hoặc Không: sốt.".to_owned())]);
}

#[test]
fn a_question_the_page_did_not_show_is_asked_before_anything_is_saved() {
    let form = form(
        r#"item = [
 { linkId = "y", type = "boolean", text = "Y" },
 { linkId = "more", type = "string", text = "M", enableWhen = [{ question = "y", operator = "=", answerBoolean = true }] } ]"#,
    );
    let step = |pairs: &[(&str, &str)]| take(&form, pairs).step;
    assert_eq!(step(&[("~page", "1"), ("y", "false")]), Step::Save);
    assert_eq!(step(&[("~page", "1"), ("y", "true")]), Step::Go { at: Some("more".to_owned()) });
    assert_eq!(step(&[("~page", "1"), ("y", "true"), ("~shown", "more")]), Step::Save);
    assert_eq!(
        step(&[("~page", "1"), ("y", "true"), ("~shown", "more"), ("~refresh", "1")]),
        Step::Go { at: None }
    );
}

#[test]
fn calculated_values_settle_and_what_never_settles_is_told() {
    let form = form(
        r#"
variable = [{ name = "w", expression = "item.where(linkId = 'w').answer.value" }]
item = [
 { linkId = "w", type = "decimal", text = "Cân nặng" },
 { linkId = "c", type = "decimal", text = "C", maxDecimalPlaces = 1, calculatedExpression = "%resource.item.where(linkId = 'b').answer.value + 0.05" },
 { linkId = "b", type = "decimal", text = "B", calculatedExpression = "%resource.item.where(linkId = 'a').answer.value * 2" },
 { linkId = "a", type = "decimal", text = "A", calculatedExpression = "%w + 1" },
]"#,
    );
    assert_eq!(answers(&take(&form, &[("w", "2,10"), ("a", "9")])), ["w=2.10", "c=6.3", "b=6.20", "a=3.10"]);
    let endless = self::form(
        r#"item = [{ linkId = "a", type = "integer", text = "A", calculatedExpression = "iif(answer.exists(), answer.value + 1, 1)" }]"#,
    );
    let filling = take(&endless, &[]);
    assert!(filling.broken[0].text.contains("quá 12 lượt"), "{:?}", filling.broken);
}

#[test]
fn scores_are_summed_from_the_options() {
    let form = form(
        r#"item = [
 { linkId = "a", type = "choice", text = "A", answerOption = [
   { ordinalValue = 0, valueCoding = { code = "no", display = "Không" } },
   { valueCoding = { code = "yes", display = "Có", ordinalValue = 2 } } ] },
 { linkId = "b", type = "choice", repeats = true, text = "B", answerOption = [
   { itemWeight = 1, valueCoding = { code = "x" } }, { itemWeight = 3, valueCoding = { code = "y" } } ] },
 { linkId = "sum", type = "integer", text = "Tổng", calculatedExpression = "%resource.item.answer.value.extension.where(url = %ext-ordinalValue or url = %ext-itemWeight).value.aggregate($this + $total, 0)" },
]"#,
    );
    assert_eq!(
        answers(&take(&form, &[("a", "yes"), ("b", "x"), ("b", "y")])),
        ["a=yes", "b=x", "b=y", "sum=6"]
    );
    assert_eq!(answers(&take(&form, &[("a", "no")])), ["a=no", "sum=0"]);
}

const DRUGS: &str = r#"item = [
 { linkId = "drug", type = "group", text = "Thuốc", repeats = true, maxOccurs = 4, item = [
   { linkId = "name", type = "string", text = "Tên thuốc", required = true },
   { linkId = "dose", type = "decimal", text = "Liều" },
   { linkId = "odd", type = "string", text = "Vì sao", enableWhen = [{ question = "dose", operator = ">", answerDecimal = 100 }] },
   { linkId = "side", type = "string", text = "Tác dụng phụ", repeats = true } ] },
 { linkId = "total", type = "integer", text = "Số thuốc", calculatedExpression = "%resource.item.where(linkId = 'drug' and item.answer.exists()).count()" },
]"#;

#[test]
fn rows_repeat_by_names_and_by_buttons() {
    let form = form(DRUGS);
    let two = [
        ("name:0", "Amlodipin"),
        ("dose:0", "5"),
        ("name:1", "Losartan"),
        ("dose:1", "150"),
        ("odd:1", "kháng trị"),
        ("side:1:0", "ho"),
        ("side:1:1", "phù"),
    ];
    let kept = [
        "name=\"Amlodipin\"",
        "dose=5",
        "name=\"Losartan\"",
        "dose=150",
        "odd=\"kháng trị\"",
        "side=\"ho\"",
        "side=\"phù\"",
        "total=2",
    ];
    assert_eq!(answers(&take(&form, &two)), kept, "the condition looks at its own row");
    let with = |more: (&'static str, &'static str)| take(&form, &[two.as_slice(), &[more]].concat());
    let more = with(("~more", "drug"));
    assert_eq!(more.step, Step::Go { at: Some("name:2".to_owned()) });
    assert_eq!(more.sheet.top.slots[0].rows.len(), 3);
    let less = with(("~less", "drug:0"));
    assert_eq!(less.sheet.top.slots[0].rows[0].slots[0].answers[0].typed, "Losartan");
    let side = with(("~more", "side:1"));
    assert_eq!(side.step, Step::Go { at: Some("side:1:2".to_owned()) });
    assert_eq!(with(("~more", "nothing")).step, Step::Go { at: None });
}

#[test]
fn a_response_comes_back_as_it_was_kept() {
    let form = form(DRUGS);
    let filled = take(
        &form,
        &[("name:0", "Amlodipin"), ("dose:0", "5,0"), ("name:1", "Losartan"), ("side:1:1", "phù")],
    );
    let kept = filled.response(&head());
    let again = form.reopen(&setting(), &kept).unwrap();
    assert_eq!(to_string(&again.response(&head())).unwrap(), to_string(&kept).unwrap());
    assert_eq!(str_at(&kept, &["questionnaire"]), Some("https://yba.vn/t|1"));
    assert!(form.reopen(&setting(), &json!({"resourceType": "Patient"})).is_err());
}

#[test]
fn an_error_stops_and_a_warning_wants_a_reason_that_is_kept() {
    let form = form(
        r#"
targetConstraint = [{ key = "root", severity = "error", expression = "item.answer.exists()", human = "Phiếu trống." }]
item = [{ linkId = "n", type = "integer", text = "N", constraint = [
 { key = "hard", severity = "error", expression = "answer.value < 100", human = "Phải dưới 100." },
 { key = "soft", severity = "warning", expression = "answer.value < 50", human = "Cao quá." } ] }]"#,
    );
    assert_eq!(faults(&form, &[]), [(String::new(), "Phiếu trống.".to_owned())]);
    assert!(take(&form, &[("n", "10")]).is_sound());
    let high = take(&form, &[("n", "60")]);
    assert_eq!((high.faults[0].weight, high.is_sound()), (Weight::Warning, false));
    let why = high.faults[0].why();
    let told = take(&form, &[("n", "60"), (&why, " đã đo  lại "), ("n~why~other", "x")]);
    assert!(told.is_sound());
    let kept = to_string(&told.response(&head())).unwrap();
    assert!(kept.contains("đã đo lại") && !kept.contains("other"), "{kept}");
    let again = form.reopen(&setting(), &told.response(&head())).unwrap();
    assert_eq!(again.sheet.reasons.get(&why).map(String::as_str), Some("đã đo lại"));
    let very_high = take(&form, &[("n", "160"), (&why, "x")]);
    assert!(!very_high.is_sound(), "no reason passes an error over");
}

#[test]
fn ticked_options_words_of_ones_own_and_what_stands_alone() {
    let form = form(
        r#"item = [
 { linkId = "s", type = "open-choice", repeats = true, text = "S", answerOption = [
  { optionExclusive = true, valueCoding = { code = "none", display = "Không có" } }, { valueCoding = { code = "ho", display = "Ho" } } ] },
 { linkId = "one", type = "open-choice", text = "O", answerOption = [{ valueString = "A" }] } ]"#,
    );
    assert_eq!(
        answers(&take(&form, &[("s", "ho"), ("s~other", "ngứa"), ("one~other", "B")])),
        ["s=ho", "s=\"ngứa\"", "one=\"B\""]
    );
    assert_eq!(answers(&take(&form, &[("one", "A"), ("one~other", "B")])), ["one=\"A\""]);
    assert_eq!(faults(&form, &[("s", "none"), ("s", "ho")]).len(), 1);
}

const PREFILL: &str = r##"
launchContext = [{ name = "patient", type = "Patient" }]
variable = [
 { name = "last", language = "application/x-fhir-query", expression = "Observation?patient={{%patient.id}}&code=8302-2" },
 { name = "of", language = "application/x-fhir-query", expression = "Encounter?_id={{%last.entry.resource.encounter.reference}}" },
]
item = [
 { linkId = "sex", type = "string", text = "Giới", readOnly = true, initialExpression = "%patient.gender" },
 { linkId = "h", type = "decimal", text = "Cao", initialExpression = "%last.entry.resource.value.value" },
 { linkId = "day", type = "date", text = "Ngày", initialExpression = "%today" },
 { linkId = "k", type = "string", text = "K", initial = [{ valueString = "sẵn" }] },
]"##;

#[test]
fn what_the_record_holds_is_filled_in_and_can_be_changed() {
    let form = form(PREFILL);
    let mut setting =
        setting().with("patient", json!({"resourceType": "Patient", "id": "p&1", "gender": "female"}));
    let query = form.next_query(&setting).unwrap();
    assert_eq!(query.address, "Observation?patient=p%261&code=8302-2");
    let found: Value = from_str(r#"{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Observation","encounter":{"reference":"e1"},"valueQuantity":{"value":152.0}}}]}"#).unwrap();
    setting.answer(query, Some(found));
    let second = form.next_query(&setting).unwrap();
    assert_eq!(second.address, "Encounter?_id=e1");
    setting.answer(second, None);
    assert_eq!(form.next_query(&setting), None);
    let typed = |filling: &Filling| -> Vec<String> {
        let slots = filling.sheet.top.slots.iter();
        slots.map(|slot| slot.answers.first().map_or(String::new(), |answer| answer.typed.clone())).collect()
    };
    assert_eq!(typed(&form.begin(&setting)), ["female", "152,0", "02/03/2026", "sẵn"]);
    let taken = form
        .take(&setting, &NoChoices, &posted(&[("sex", "male"), ("h", "153"), ("day", ""), ("k", "")]))
        .unwrap();
    assert_eq!(typed(&taken)[..2], ["female", "153"], "what is read only is not taken from a browser");
    assert_eq!(answers(&taken), ["sex=\"female\"", "h=153"], "what was cleared stays cleared");
}

#[test]
fn nothing_is_asked_of_the_record_that_it_cannot_be_asked_with() {
    let form = form(PREFILL);
    assert_eq!(form.next_query(&setting()), None);
    let other = setting().with("patient", json!({"resourceType": "Group", "id": "g"}));
    assert_eq!(form.next_query(&other), None, "a group is no patient");
    assert!(form.begin(&other).broken.is_empty());
}

#[test]
fn answers_with_codes_become_observations() {
    let form = form(
        r#"
observationExtract = true
item = [{ linkId = "g", type = "group", observationExtractCategory = "vital-signs", item = [
 { linkId = "w", type = "decimal", text = "Cân nặng", unit = { system = "http://unitsofmeasure.org", code = "kg", display = "kg" }, code = [{ system = "http://loinc.org", code = "29463-7" }] },
 { linkId = "s", type = "choice", text = "Hút", code = [{ code = "smoke" }], answerOption = [{ ordinalValue = 1, valueCoding = { code = "y", display = "Có" } }] },
 { linkId = "no", type = "integer", text = "Không", observationExtract = false, code = [{ code = "x" }] },
 { linkId = "plain", type = "integer", text = "Trống" } ] }]"#,
    );
    let filling = take(&form, &[("w", "56,50"), ("s", "y"), ("no", "1"), ("plain", "2")]);
    let made = filling.extract(&setting(), &head(), &mut || "id".to_owned()).unwrap();
    let text: Vec<String> = made.iter().map(|one| to_string(&one.resource).unwrap()).collect();
    assert_eq!(text.len(), 2);
    assert!(
        text[0].contains(
            r#""valueQuantity":{"code":"kg","system":"http://unitsofmeasure.org","unit":"kg","value":56.50}"#
        ),
        "{}",
        text[0]
    );
    assert!(
        text[0].contains(r#""derivedFrom":[{"reference":"QuestionnaireResponse/r1"}]"#)
            && text[0].contains("vital-signs")
    );
    assert!(
        text[1].contains(r#""valueCodeableConcept":{"coding":[{"code":"y","display":"Có"}],"text":"Có"}"#),
        "{}",
        text[1]
    );
}

#[test]
fn templates_are_filled_repeated_and_left_out() {
    let form = form(
        r##"
allocateId = ["plan"]
templateExtract = [{ template = "#plan", fullUrl = "%plan" }]
contained = [
 { resourceType = "CarePlan", id = "plan", status = "active", intent = "plan", _title = { templateExtractValue = "item.where(linkId = 'title').answer.value" },
   activity = [{ templateExtractContext = "item.where(linkId = 'drug').item.where(linkId = 'name').answer.value", detail = { status = "in-progress", _description = { templateExtractValue = "$this" } } }],
   note = [{ templateExtractContext = "item.where(linkId = 'none').answer", text = "fixed" }] },
 { resourceType = "MedicationStatement", id = "statement", status = "active", subject = { _reference = { templateExtractValue = "%resource.subject.reference" } },
   medicationCodeableConcept = { _text = { templateExtractValue = "item.where(linkId = 'name').answer.value" } },
   basedOn = [{ _reference = { templateExtractValue = "%plan" } }] },
]
item = [
 { linkId = "title", type = "string", text = "T" },
 { linkId = "drug", type = "group", text = "D", repeats = true, templateExtract = [{ template = "#statement", ifNoneExist = "'identifier=' + item.where(linkId = 'name').answer.value" }], item = [{ linkId = "name", type = "string", text = "N" }] },
]"##,
    );
    let filling = take(&form, &[("title", "Kế hoạch"), ("name:0", "A"), ("name:1", ""), ("name:2", "C")]);
    let extract = || {
        let mut count = 0;
        let made = filling
            .extract(&setting(), &head(), &mut || {
                count += 1;
                format!("i{count}")
            })
            .unwrap();
        made.iter()
            .map(|one| (to_string(&one.resource).unwrap(), one.known_as.clone(), one.act.clone()))
            .collect::<Vec<_>>()
    };
    let made = extract();
    assert_eq!(
        made[0].0,
        r#"{"resourceType":"CarePlan","activity":[{"detail":{"description":"A","status":"in-progress"}},{"detail":{"description":"C","status":"in-progress"}}],"intent":"plan","status":"active","title":"Kế hoạch"}"#
    );
    assert_eq!(made[0].1.as_deref(), Some("urn:uuid:i1"));
    assert_eq!(made.len(), 3, "a row without answers gives nothing");
    assert_eq!(
        made[2].0,
        r#"{"resourceType":"MedicationStatement","basedOn":[{"reference":"urn:uuid:i1"}],"medicationCodeableConcept":{"text":"C"},"status":"active","subject":{"reference":"Patient/p1"}}"#
    );
    assert_eq!(made[2].2, crate::extract::Act::Create { unless: Some("identifier=C".to_owned()) });
    assert_eq!(extract(), made, "the same answers, ids and clock give the same resources");
}

#[test]
fn bounds_are_reached_and_held() {
    let form = form(DRUGS);
    let refused =
        |fields: Vec<(String, String)>| form.take(&setting(), &Two, &fields).unwrap_err().issues[0].key;
    assert_eq!(refused(vec![("a".to_owned(), String::new()); FIELDS_MAX + 1]), "form-too-large");
    assert_eq!(refused(vec![("a".to_owned(), "x".repeat(FIELD_BYTES_MAX + 1))]), "form-too-large");
    let many = vec![("a".to_owned(), "x".repeat(FIELD_BYTES_MAX)); POST_BYTES_MAX / FIELD_BYTES_MAX + 1];
    assert_eq!(refused(many), "form-too-large");
    let rows = take(&form, &[("drug~rows", "99999999"), ("name:3", "d"), ("name:4", "e")]);
    assert_eq!(rows.sheet.top.slots[0].rows.len(), 4, "maxOccurs");
    let sides = take(&form, &[("side:0~rows", "9999")]);
    assert_eq!(sides.sheet.top.slots[0].rows[0].slots[3].answers.len(), ROWS_MAX);
    let nested = self::form(
        r#"item = [{ linkId = "a", type = "group", repeats = true, text = "A", item = [{ linkId = "b", type = "group", repeats = true, text = "B", item = [{ linkId = "c", type = "group", repeats = true, text = "C", item = [{ linkId = "d", type = "string", text = "D" }] }] }] }]"#,
    );
    let mut fields = posted(&[("a~rows", "50")]);
    fields.extend((0..50).map(|row| (format!("b:{row}~rows"), "50".to_owned())));
    fields.extend((0..2500).map(|at| (format!("c:{}:{}~rows", at / 50, at % 50), "50".to_owned())));
    assert_eq!(nested.take(&setting(), &Two, &fields).unwrap_err().issues[0].key, "form-too-large");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_posted_is_judged_drawn_and_kept_without_a_panic(
        fields in proptest::collection::vec(
            (prop_oneof![
                "(name|dose|odd|side|drug|n|y|all|s|d|t|h|m|b|q|c)(:[0-9]{1,2}){0,3}(~rows|~unit|~other|~why~k)?",
                "~(more|less|refresh|page|shown)", "\\PC{0,12}"],
             prop_oneof!["[0-9]{1,20}[,.]?[0-9]{0,20}", "[0-9]{1,3}[/:hT -][0-9]{1,3}[/: ][0-9]{1,5}", "(drug|side:1|drug:1|name:0|n)", "\\PC{0,40}"]),
            0..24),
    ) {
        for toml in [DRUGS, OPERATORS, PREFILL, KINDS] {
            let form = form(toml);
            let filling = form.take(&setting(), &Two, &fields).unwrap();
            let response = filling.response(&head());
            let look = crate::page::Look { action: "/", verb: "Lưu", key: None, offers: Some("/o"), choices: &Two, uncertain: None, fields: maud::html! {} };
            let _ = crate::page::page(&filling, &look).into_string();
            let _ = filling.extract(&setting(), &head(), &mut || "i".to_owned()).unwrap();
            let again = form.reopen(&setting(), &response).unwrap();
            prop_assert_eq!(to_string(&again.response(&head())).unwrap(), to_string(&response).unwrap());
        }
    }
}

const KINDS: &str = r#"item = [
 { linkId = "d", type = "decimal", text = "D", maxDecimalPlaces = 1, minValue = 30, maxValue = 45, observationExtract = true, code = [{ code = "d" }] },
 { linkId = "t", type = "date", text = "T", minValue = "2020-01-01" },
 { linkId = "h", type = "time", text = "H" },
 { linkId = "m", type = "dateTime", text = "M" },
 { linkId = "b", type = "boolean", text = "B" },
 { linkId = "s", type = "text", text = "S", regex = "[A-Z]*", maxLength = 3 },
 { linkId = "q", type = "quantity", text = "Q", unit = { code = "mmol/L" }, unitOption = [{ code = "mmol/L" }, { code = "mg/dL" }] },
 { linkId = "c", type = "open-choice", text = "C", answerValueSet = "urn:set" },
]"#;
