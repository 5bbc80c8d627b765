//! `$subsumes`: how two codes of one system stand to each other.
//! <https://hl7.org/fhir/R4/codesystem-operation-subsumes.html>

use yba_fhir::json::Value;
use yba_fhir::{Day, Kind, Outcome};

use crate::Terminology;
use crate::parameters::Parameters;

/// The answer, first code first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subsumption {
    Equivalent,
    Subsumes,
    SubsumedBy,
    NotSubsumed,
}

impl Subsumption {
    /// <https://hl7.org/fhir/R4/valueset-concept-subsumption-outcome.html>
    pub fn code(self) -> &'static str {
        match self {
            Subsumption::Equivalent => "equivalent",
            Subsumption::Subsumes => "subsumes",
            Subsumption::SubsumedBy => "subsumed-by",
            Subsumption::NotSubsumed => "not-subsumed",
        }
    }

    /// As the operation answers it.
    pub fn to_value(self) -> Value {
        let mut parameters = Parameters::new();
        parameters.code("outcome", self.code());
        parameters.resource()
    }
}

impl Terminology {
    /// How code `a` stands to code `b` in the edition of a system.
    ///
    /// # Errors
    ///
    /// `not-found` when the system or one of the codes is not known.
    pub fn subsumes(
        &self,
        system: &str,
        version: Option<&str>,
        a: &str,
        b: &str,
        on: Day,
    ) -> Result<Subsumption, Outcome> {
        let edition = self.edition(system, version, on)?;
        let table = edition.table();
        let find =
            |code: &str, name: &str| table.find(code).ok_or_else(|| unknown_code(system, code).at(name));
        let (first, second) = (find(a, "codeA")?, find(b, "codeB")?);
        Ok(if first == second {
            Subsumption::Equivalent
        } else if table.is_a(second, first) {
            Subsumption::Subsumes
        } else if table.is_a(first, second) {
            Subsumption::SubsumedBy
        } else {
            Subsumption::NotSubsumed
        })
    }

    /// The edition, or the refusal that says that there is none.
    pub(crate) fn edition(
        &self,
        system: &str,
        version: Option<&str>,
        on: Day,
    ) -> Result<&crate::system::Edition, Outcome> {
        self.code_system(system, version, on).map(|edition| &**edition).ok_or_else(|| {
            let (text, diagnostics) = match (self.knows_system(system), version) {
                (false, _) => (format!("Không có hệ mã {system}."), format!("unknown code system {system}")),
                (true, Some(version)) => (
                    format!("Hệ mã {system} không có phiên bản {version}."),
                    format!("no version {version} of {system}"),
                ),
                (true, None) => (
                    format!("Hệ mã {system} chưa có bản áp dụng cho ngày {on}."),
                    format!("no edition of {system} in force on {on}"),
                ),
            };
            Outcome::new(Kind::NotFound, "terminology-system", text, diagnostics)
        })
    }
}

pub(crate) fn unknown_code(system: &str, code: &str) -> Outcome {
    Outcome::new(
        Kind::NotFound,
        "terminology-code",
        format!("Hệ mã {system} không có mã {code:?}."),
        format!("unknown code {code:?} in {system}"),
    )
}
