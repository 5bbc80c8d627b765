//! The one error that travels upward. It turns into HTTP in one `match` in `rest`, into a page in one in `web`.
//!
//! Text for people is Vietnamese and says what to do; `diagnostics` is English, for logs and engineers.
//! <https://hl7.org/fhir/R4/operationoutcome.html>

use crate::json::{self, Value, json};

/// What kind of refusal or failure this is; decides the HTTP status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Invalid,
    /// Well-formed, but breaks a rule (HTTP 422).
    Unprocessable,
    Unauthenticated,
    Forbidden,
    NotFound,
    Gone,
    Conflict,
    Precondition,
    TooLarge,
    TooMany,
    Unsupported,
    Unavailable,
    /// Ours: a fault of the program or the machine.
    Fault,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    Error,
    Warning,
    Information,
}

/// One finding. `key` is our stable code, `code` the FHIR issue type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issue {
    pub severity: Severity,
    pub code: &'static str,
    pub key: &'static str,
    pub text: String,
    pub diagnostics: String,
    pub path: Option<String>,
    /// Which of several things asked for at once it is about, counted from 0.
    pub position: Option<usize>,
}

/// A refusal or failure with all its findings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    pub kind: Kind,
    pub issues: Vec<Issue>,
}

impl Kind {
    /// The FHIR issue type that usually goes with this kind. <https://hl7.org/fhir/R4/valueset-issue-type.html>
    fn issue_code(self) -> &'static str {
        match self {
            Kind::Invalid => "invalid",
            Kind::Unprocessable => "business-rule",
            Kind::Unauthenticated => "login",
            Kind::Forbidden => "forbidden",
            Kind::NotFound => "not-found",
            Kind::Gone => "deleted",
            Kind::Conflict | Kind::Precondition => "conflict",
            Kind::TooLarge => "too-long",
            Kind::TooMany => "too-costly",
            Kind::Unsupported => "not-supported",
            Kind::Unavailable => "transient",
            Kind::Fault => "exception",
        }
    }
}

impl Outcome {
    /// One error of `kind`: stable `key`, Vietnamese `text`, English `diagnostics`.
    pub fn new(
        kind: Kind,
        key: &'static str,
        text: impl Into<String>,
        diagnostics: impl Into<String>,
    ) -> Outcome {
        let issue = Issue {
            severity: Severity::Error,
            code: kind.issue_code(),
            key,
            text: text.into(),
            diagnostics: diagnostics.into(),
            path: None,
            position: None,
        };
        Outcome { kind, issues: vec![issue] }
    }

    pub fn invalid(key: &'static str, text: impl Into<String>, diagnostics: impl Into<String>) -> Outcome {
        Outcome::new(Kind::Invalid, key, text, diagnostics)
    }

    /// A fault of ours; `diagnostics` goes to the log, people see the text and an id.
    pub fn fault(diagnostics: impl Into<String>) -> Outcome {
        let text =
            "Hệ thống gặp lỗi. Dữ liệu đã lưu vẫn an toàn. Hãy thử lại; nếu vẫn lỗi, báo bộ phận kỹ thuật.";
        Outcome::new(Kind::Fault, "fault", text, diagnostics)
    }

    /// Sets where the first issue is: a FHIRPath location such as `Patient.name[0]`.
    pub fn at(mut self, path: impl Into<String>) -> Outcome {
        if let Some(first) = self.issues.first_mut() {
            first.path = Some(path.into());
        }
        self
    }

    /// Sets the FHIR issue type of the first issue, where it says more than the kind does.
    pub fn coded(mut self, code: &'static str) -> Outcome {
        if let Some(first) = self.issues.first_mut() {
            first.code = code;
        }
        self
    }

    /// Says which of several things asked for at once this is about; what is said already stays.
    pub fn about(mut self, position: usize) -> Outcome {
        for issue in &mut self.issues {
            issue.position.get_or_insert(position);
        }
        self
    }

    /// The OperationOutcome resource.
    pub fn to_value(&self) -> Value {
        operation_outcome(&self.issues)
    }
}

/// An OperationOutcome of these issues; an empty list says "all ok".
pub fn operation_outcome(issues: &[Issue]) -> Value {
    let ok = [Issue {
        severity: Severity::Information,
        code: "informational",
        key: "ok",
        text: "Thành công.".into(),
        diagnostics: "All OK".into(),
        path: None,
        position: None,
    }];
    let issues = if issues.is_empty() { &ok[..] } else { issues };
    let mut rendered = json::Array::new();
    for issue in issues {
        let severity = match issue.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Information => "information",
        };
        let mut value = json!({
            "severity": severity,
            "code": issue.code,
            "details": {
                "coding": [{"system": "https://yba.vn/fhir/CodeSystem/issue", "code": issue.key}],
                "text": issue.text.as_str(),
            },
            "diagnostics": issue.diagnostics.as_str(),
        });
        if let (Some(path), Some(object)) = (&issue.path, json::JsonValueMutTrait::as_object_mut(&mut value))
        {
            object.insert("expression", json!([path.as_str()]));
        }
        rendered.push(value);
    }
    json!({"resourceType": "OperationOutcome", "issue": rendered})
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}", self.kind)?;
        for issue in &self.issues {
            write!(f, ": {}", issue.diagnostics)?;
            if let Some(path) = &issue.path {
                write!(f, " (at {path})")?;
            }
        }
        Ok(())
    }
}

impl std::error::Error for Outcome {}
