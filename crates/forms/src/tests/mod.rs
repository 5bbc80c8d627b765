//! What a form does with what is typed, on small forms made for it.

mod answers;
mod known;
mod made;
mod rules;

use crate::choices::{Choices, NoChoices};
use crate::fill::{Filling, Step};
use crate::form::Form;
use crate::judge::Weight;
use crate::response::Head;
use crate::setting::Setting;
use yba_content::forms::{document, sdc};
use yba_fhir::Outcome;
use yba_fhir::json::{self, JsonContainerTrait, Value, from_str, json, str_at, to_string};

/// 08:00 on 2026-03-02 in Hà Nội.
pub(super) const NOW: i64 = 1_772_413_200_000;

pub(crate) fn compiled(toml: &str) -> Result<Form, Outcome> {
    let read = document(&format!("resourceType = \"Questionnaire\"\nstatus = \"active\"\nurl = \"https://yba.vn/t\"\nversion = \"1\"\n{toml}")).unwrap();
    let (questionnaire, faults) = sdc::expanded(&read.value);
    assert_eq!(faults, []);
    Form::compile(&questionnaire)
}

pub(crate) fn form(toml: &str) -> Form {
    compiled(toml).unwrap_or_else(|outcome| panic!("{outcome}"))
}

pub(super) fn setting() -> Setting {
    Setting::new(NOW)
}

pub(crate) fn posted(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

pub(crate) fn take<'f>(form: &'f Form, pairs: &[(&str, &str)]) -> Filling<'f> {
    form.take(&setting(), &Two, &posted(pairs)).unwrap()
}

pub(super) fn faults(form: &Form, pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    take(form, pairs).faults.into_iter().map(|fault| (fault.name, fault.text)).collect()
}

pub(super) fn head() -> Head<'static> {
    Head {
        id: Some("r1"),
        subject: Some("Patient/p1"),
        encounter: None,
        author: Some("PractitionerRole/n"),
        authored: "2026-03-02T08:00:00+07:00",
    }
}

/// Answers of a response, `linkId=value` in order.
pub(super) fn answers(filling: &Filling) -> Vec<String> {
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
pub(super) struct Two;

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

pub(super) const OPERATORS: &str = r#"item = [
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

pub(super) const DRUGS: &str = r#"item = [
 { linkId = "drug", type = "group", text = "Thuốc", repeats = true, maxOccurs = 4, item = [
   { linkId = "name", type = "string", text = "Tên thuốc", required = true },
   { linkId = "dose", type = "decimal", text = "Liều" },
   { linkId = "odd", type = "string", text = "Vì sao", enableWhen = [{ question = "dose", operator = ">", answerDecimal = 100 }] },
   { linkId = "side", type = "string", text = "Tác dụng phụ", repeats = true } ] },
 { linkId = "total", type = "integer", text = "Số thuốc", calculatedExpression = "%resource.item.where(linkId = 'drug' and item.answer.exists()).count()" },
]"#;

pub(super) const PREFILL: &str = r##"
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

pub(super) const KINDS: &str = r#"item = [
 { linkId = "d", type = "decimal", text = "D", maxDecimalPlaces = 1, minValue = 30, maxValue = 45, observationExtract = true, code = [{ code = "d" }] },
 { linkId = "t", type = "date", text = "T", minValue = "2020-01-01" },
 { linkId = "h", type = "time", text = "H" },
 { linkId = "m", type = "dateTime", text = "M" },
 { linkId = "b", type = "boolean", text = "B" },
 { linkId = "s", type = "text", text = "S", regex = "[A-Z]*", maxLength = 3 },
 { linkId = "q", type = "quantity", text = "Q", unit = { code = "mmol/L" }, unitOption = [{ code = "mmol/L" }, { code = "mg/dL" }] },
 { linkId = "c", type = "open-choice", text = "C", answerValueSet = "urn:set" },
]"#;
