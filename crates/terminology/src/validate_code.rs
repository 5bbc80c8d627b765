//! `$validate-code`: is a code in a system or a value set, and is it called what it was said to be called?
//! <https://hl7.org/fhir/R4/valueset-operation-validate-code.html>

use yba_fhir::json::Value;
use yba_fhir::text::tidy;
use yba_fhir::{Day, Outcome};

use crate::Terminology;
use crate::lookup::in_language;
use crate::member::{Membership, SetRef};
use crate::parameters::Parameters;
use crate::system::Edition;

/// One code as it was sent.
#[derive(Debug, Clone, Copy, Default)]
pub struct Coded<'a> {
    /// `None` when it was not sent.
    pub system: Option<&'a str>,
    pub version: Option<&'a str>,
    pub code: &'a str,
    pub display: Option<&'a str>,
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Validated {
    pub result: bool,
    /// What is wrong, or worth knowing although it is right; for people.
    pub message: String,
    /// The display that is right; empty when none is known.
    pub display: String,
    pub system: String,
    pub code: String,
}

impl Validated {
    /// As the operation answers it.
    pub fn to_value(&self) -> Value {
        let mut answer = Parameters::new();
        answer.boolean("result", self.result);
        answer.string("message", &self.message);
        answer.string("display", &self.display);
        answer.uri("system", &self.system);
        if !self.code.is_empty() {
            answer.code("code", &self.code);
        }
        answer.resource()
    }
}

impl Terminology {
    /// Whether a value set holds a code on a day. Of a CodeableConcept pass all codings: one that is in suffices. What
    /// nobody can tell is not in, and the message says why.
    pub fn validate_in_set(
        &self,
        set: &SetRef,
        coded: &[Coded],
        language: Option<&str>,
        on: Day,
    ) -> Validated {
        let mut first_refusal = None;
        for one in coded {
            let refusal = match set.contains(one.system, one.code, on) {
                Membership::In => return self.accepted(one, set, language, on),
                Membership::NotIn => {
                    let title = set.title(on);
                    let title = if title.is_empty() { set.url() } else { title };
                    refused(one, format!("Mã {} không thuộc bộ mã “{title}”.", shown(one)))
                }
                Membership::Unknown { why } => {
                    refused(one, format!("Không kiểm tra được mã {}: {why}.", shown(one)))
                }
            };
            first_refusal.get_or_insert(refusal);
        }
        first_refusal.unwrap_or_else(|| refused(&Coded::default(), "Không có mã nào để kiểm tra.".to_owned()))
    }

    /// Whether a code system has a code on a day.
    ///
    /// # Errors
    ///
    /// `not-found` when the system is not known or has no edition for that day.
    pub fn validate_in_system(
        &self,
        coded: &[Coded],
        language: Option<&str>,
        on: Day,
    ) -> Result<Validated, Outcome> {
        let mut first_refusal = None;
        for one in coded {
            let system = one.system.unwrap_or_default();
            let edition = self.edition(system, one.version, on)?;
            let refusal = match edition.has(one.code, on) {
                Some(true) => return Ok(accepted_by(one, edition, language)),
                Some(false) => {
                    refused(one, format!("Mã {} không có trong “{}”.", shown(one), edition.head.title))
                }
                None => refused(
                    one,
                    format!(
                        "Không kiểm tra được mã {}: “{}” chỉ có một phần trong phần mềm.",
                        shown(one),
                        edition.head.title
                    ),
                ),
            };
            first_refusal.get_or_insert(refusal);
        }
        Ok(first_refusal
            .unwrap_or_else(|| refused(&Coded::default(), "Không có mã nào để kiểm tra.".to_owned())))
    }

    fn accepted(&self, one: &Coded, set: &SetRef, language: Option<&str>, on: Day) -> Validated {
        let system = one.system.or_else(|| set.system_of(one.code, on)).unwrap_or_default();
        let one = Coded { system: Some(system), ..*one };
        match self.code_system(system, one.version, on) {
            Some(edition) => accepted_by(&one, edition, language),
            None => judged(&one, Vec::new(), String::new(), ""),
        }
    }
}

impl SetRef {
    /// The system by which a code without system is in.
    fn system_of(&self, code: &str, on: Day) -> Option<&str> {
        let set = self.on(on)?;
        let fits = |system: &&String| set.contains_coding(system, code, set.locked.unwrap_or(on)).is_in();
        set.systems.iter().find(fits).map(String::as_str)
    }
}

fn accepted_by(one: &Coded, edition: &Edition, language: Option<&str>) -> Validated {
    let table = edition.table();
    let Some(at) = table.find(one.code) else { return judged(one, Vec::new(), String::new(), "") };
    let mut known: Vec<&str> = vec![table.display(at)];
    known.extend(table.designations(at).map(|other| other.text));
    let display = in_language(table, at, language, edition.head.language).to_owned();
    let note =
        if table.flags(at).not_selectable { "Mã này chỉ để nhóm các mã khác. " } else { "" };
    judged(one, known, display, note)
}

/// A code that is right, with a word on its display.
fn judged(one: &Coded, known: Vec<&str>, display: String, note: &str) -> Validated {
    let same = |sent: &str| known.iter().any(|name| tidy(name).to_lowercase() == tidy(sent).to_lowercase());
    let mut message = note.to_owned();
    if let Some(sent) = one.display.filter(|sent| !sent.is_empty() && !display.is_empty() && !same(sent)) {
        message.push_str(&format!("Tên “{sent}” không đúng với mã {}; tên đúng là “{display}”.", one.code));
    }
    Validated {
        result: true,
        message: message.trim_end().to_owned(),
        display,
        system: one.system.unwrap_or_default().to_owned(),
        code: one.code.to_owned(),
    }
}

fn refused(one: &Coded, message: String) -> Validated {
    Validated {
        result: false,
        message,
        display: String::new(),
        system: one.system.unwrap_or_default().to_owned(),
        code: one.code.to_owned(),
    }
}

fn shown(one: &Coded) -> String {
    match one.system {
        Some(system) => format!("“{}” ({system})", one.code),
        None => format!("“{}”", one.code),
    }
}
