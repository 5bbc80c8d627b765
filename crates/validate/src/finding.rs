//! What is wrong and where: places as FHIRPath locations, findings bounded in number, words in Vietnamese and English.

use std::fmt::Write as _;
use yba_fhir::json::Value;
use yba_fhir::outcome::{Issue, Severity};

/// Most findings of one call; a resource that breaks everything is told so without a list that nobody reads.
pub const FINDINGS_MAX: usize = 100;

/// Where the walk stands, as a list on the stack: nothing is written down until something is wrong.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    parent: Option<&'a Place<'a>>,
    name: &'a str,
    index: Option<usize>,
    /// The type of the resource that begins here.
    kind: Option<&'a str>,
}

impl<'a> Place<'a> {
    /// The resource itself.
    pub fn root(kind: &'a str) -> Place<'a> {
        Place { parent: None, name: kind, index: None, kind: Some(kind) }
    }

    pub fn child(&'a self, name: &'a str) -> Place<'a> {
        Place { parent: Some(self), name, index: None, kind: None }
    }

    /// The same element at a position of its list.
    pub fn item(&self, index: usize) -> Place<'a> {
        Place { index: Some(index), ..*self }
    }

    /// The same place, where a resource inside another begins.
    pub fn resource(&self, kind: &'a str) -> Place<'a> {
        Place { kind: Some(kind), ..*self }
    }

    pub fn name(&self) -> &'a str {
        self.name
    }

    pub fn parent(&self) -> Option<&'a Place<'a>> {
        self.parent
    }

    /// `Patient.contact.name`, counted from the innermost resource.
    pub fn element_path(&self) -> String {
        match (self.kind, self.parent) {
            (Some(kind), _) => kind.to_owned(),
            (None, Some(parent)) => parent.element_path() + "." + self.name,
            (None, None) => self.name.to_owned(),
        }
    }

    /// `Patient.contact[0].name`. <https://hl7.org/fhir/R4/operationoutcome-definitions.html#OperationOutcome.issue.expression>
    pub fn path(&self) -> String {
        let mut text = self.parent.map_or_else(String::new, |parent| parent.path() + ".");
        text += self.name;
        if let Some(index) = self.index {
            let _ = write!(text, "[{index}]");
        }
        text
    }
}

/// The findings of one call: of one resource, or of several that were sent together.
#[derive(Debug, Default)]
pub struct Findings {
    /// At most [`FINDINGS_MAX`], and one more that says so when there are others.
    pub issues: Vec<Issue>,
    /// Which of several resources is being judged.
    pub(crate) position: Option<usize>,
    errors_only: bool,
    /// What is being added comes from a profile.
    in_profile: bool,
    /// Errors of what is being added are only warned about.
    is_soft: bool,
    has_errors: bool,
    breaks_r4: bool,
}

impl Findings {
    /// For those who only ask whether it is right: best practice is not judged, which saves time.
    pub fn errors_only() -> Findings {
        Findings { errors_only: true, ..Findings::default() }
    }

    pub(crate) fn wants(&self, severity: Severity) -> bool {
        severity == Severity::Error || !self.errors_only
    }

    pub(crate) fn add(&mut self, place: &Place<'_>, mut finding: Finding) {
        if finding.severity == Severity::Error {
            match self.is_soft {
                true => finding.severity = Severity::Warning,
                // Also of one that no longer fits into the list.
                false => self.note_error(),
            }
        }
        let (finding, path) = match self.issues.len() {
            FINDINGS_MAX => (Finding::more(), None),
            full if full > FINDINGS_MAX => return,
            _ => (finding, Some(place.path())),
        };
        let Finding { severity, code, key, text, diagnostics } = finding;
        let position = self.position.filter(|_| path.is_some());
        self.issues.push(Issue { severity, code, key, text, diagnostics, path, position });
    }

    fn note_error(&mut self) {
        self.has_errors = true;
        self.breaks_r4 |= !self.in_profile;
    }

    /// Adds what a profile says of a node, its errors as warnings.
    pub(crate) fn softly(&mut self, judge: impl FnOnce(&mut Findings)) {
        let outer = std::mem::replace(&mut self.is_soft, true);
        self.of_profile(judge);
        self.is_soft = outer;
    }

    /// Adds what a profile says of a node.
    pub(crate) fn of_profile(&mut self, judge: impl FnOnce(&mut Findings)) {
        let outer = std::mem::replace(&mut self.in_profile, true);
        judge(self);
        self.in_profile = outer;
    }

    /// Whether R4 itself is broken, not only a profile.
    pub fn breaks_r4(&self) -> bool {
        self.breaks_r4
    }

    /// Nothing more will be listed.
    pub fn is_full(&self) -> bool {
        self.issues.len() > FINDINGS_MAX
    }

    pub fn has_errors(&self) -> bool {
        self.has_errors
    }
}

/// One thing that is wrong, before it is known where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    pub severity: Severity,
    /// FHIR's issue type. <https://hl7.org/fhir/R4/valueset-issue-type.html>
    pub code: &'static str,
    /// Our stable code.
    pub key: &'static str,
    /// For the person who must mend it.
    pub text: String,
    /// For engineers.
    pub diagnostics: String,
}

impl Finding {
    pub fn error(
        code: &'static str,
        key: &'static str,
        text: impl Into<String>,
        diagnostics: impl Into<String>,
    ) -> Finding {
        Finding { severity: Severity::Error, code, key, text: text.into(), diagnostics: diagnostics.into() }
    }

    fn more() -> Finding {
        let text = format!("Còn lỗi khác; chỉ {FINDINGS_MAX} lỗi đầu được nêu. Hãy sửa rồi gửi lại.");
        let detail = format!("there are more findings than the {FINDINGS_MAX} listed");
        Finding {
            severity: Severity::Information,
            ..Finding::error("incomplete", "more-findings", text, detail)
        }
    }

    pub fn unknown_element(name: &str, owner: &str, near: Option<&str>) -> Finding {
        let advice = near.map(|near| format!(" Có phải “{near}”?")).unwrap_or_default();
        Finding::error(
            "structure",
            "unknown-element",
            format!("“{name}” không có trong {owner}.{advice} Hãy sửa tên hoặc bỏ phần tử này."),
            format!("{owner} has no element {name:?}"),
        )
    }

    pub fn unknown_type(name: &str) -> Finding {
        Finding::error(
            "structure",
            "unknown-type",
            format!("“{name}” không phải loại tài nguyên của FHIR R4."),
            format!("{name:?} is no resource type of R4"),
        )
    }

    pub fn wrong_type(wanted: &str, found: &str) -> Finding {
        Finding::error(
            "structure",
            "wrong-type",
            format!("Phần tử này phải là {wanted}, không phải {found}."),
            format!("expected {wanted}, found {found}"),
        )
    }

    pub fn not_array() -> Finding {
        let text = "Phần tử lặp lại được nên phải viết trong ngoặc vuông [ ].";
        Finding::error("structure", "not-array", text, "a repeating element must be an array")
    }

    pub fn is_array() -> Finding {
        let text = "Phần tử này chỉ có một giá trị, không viết trong ngoặc vuông [ ].";
        Finding::error("structure", "is-array", text, "an element that does not repeat must not be an array")
    }

    pub fn empty(what: &'static str) -> Finding {
        let text = "Phần tử rỗng. Hãy điền giá trị hoặc bỏ hẳn phần tử.";
        Finding::error("invalid", "empty-element", text, format!("an empty {what} is not allowed (ele-1)"))
    }

    pub fn missing(name: &str) -> Finding {
        Finding::error(
            "required",
            "missing-required",
            format!("Thiếu “{name}”, phần tử bắt buộc."),
            format!("the required element {name} is missing"),
        )
    }

    pub fn too_many(name: &str, most: u32, found: usize) -> Finding {
        Finding::error(
            "structure",
            "too-many",
            format!("“{name}” có {found} giá trị, nhiều nhất được {most}."),
            format!("{name} occurs {found} times, at most {most} allowed"),
        )
    }

    pub fn choice_twice(name: &str) -> Finding {
        Finding::error(
            "structure",
            "choice-twice",
            format!("“{name}” chỉ được có một kiểu giá trị, đang có nhiều kiểu."),
            format!("{name}[x] has more than one type"),
        )
    }

    pub fn bad_format(kind: &str, why: &str, found: &str) -> Finding {
        let shown: String = found.chars().take(60).collect();
        Finding::error(
            "value",
            "bad-format",
            format!("“{shown}” không đúng dạng {kind}: {why}."),
            format!("{shown:?} is no valid {kind}"),
        )
    }

    pub fn null_item() -> Finding {
        let text = "Giá trị null chỉ được có khi phần mở rộng cùng vị trí có nội dung.";
        Finding::error("structure", "null-item", text, "null without an element beside it")
    }

    pub fn code_not_in_set(code: &str, set: &str) -> Finding {
        let shown: String = code.chars().take(60).collect();
        Finding::error(
            "code-invalid",
            "code-not-in-set",
            format!("Mã “{shown}” không thuộc danh mục bắt buộc {set}."),
            format!("{shown:?} is not in the required value set {set}"),
        )
    }

    pub fn reference_type(found: &str, allowed: &[String]) -> Finding {
        let allowed = allowed.join(", ");
        Finding::error(
            "structure",
            "reference-type",
            format!("Tham chiếu tới {found} không được phép ở đây; được phép: {allowed}."),
            format!("a reference to {found} is not allowed here, only to {allowed}"),
        )
    }

    pub fn rule_failed(key: &str, why: &str) -> Finding {
        Finding::error(
            "processing",
            "rule-failed",
            format!("Không kiểm tra được quy tắc {key} trên phần tử này: nội dung quá lớn hoặc khác thường."),
            format!("invariant {key} could not be evaluated: {why}"),
        )
    }

    pub fn invariant(key: &str, vietnamese: &str, human: &str) -> Finding {
        Finding::error(
            "invariant",
            "invariant",
            format!("Không thỏa quy tắc {key}: {vietnamese}"),
            format!("invariant {key} is broken: {human}"),
        )
    }

    pub fn too_few(wanted: u32, found: usize) -> Finding {
        Finding::error(
            "required",
            "profile-missing",
            format!("Hồ sơ yêu cầu ít nhất {wanted} giá trị, đang có {found}."),
            format!("the profile asks for at least {wanted}, found {found}"),
        )
    }

    pub fn more_than_profile(most: u32, found: usize) -> Finding {
        Finding::error(
            "structure",
            "profile-too-many",
            format!("Hồ sơ cho nhiều nhất {most} giá trị, đang có {found}."),
            format!("the profile allows at most {most}, found {found}"),
        )
    }

    pub fn not_fixed(fixed: &Value) -> Finding {
        let fixed = shown(fixed);
        Finding::error(
            "value",
            "profile-fixed",
            format!("Giá trị ở đây phải đúng là {fixed}."),
            format!("the profile fixes {fixed}"),
        )
    }

    pub fn not_pattern(pattern: &Value) -> Finding {
        let pattern = shown(pattern);
        Finding::error(
            "value",
            "profile-pattern",
            format!("Giá trị ở đây phải có {pattern}."),
            format!("the profile asks for the pattern {pattern}"),
        )
    }

    pub fn too_long(most: usize) -> Finding {
        let text = format!("Dài quá {most} ký tự.");
        Finding::error("too-long", "profile-length", text, format!("longer than {most} characters"))
    }

    pub fn out_of_range(is_least: bool, bound: &Value) -> Finding {
        let (bound, words, detail) = match is_least {
            true => (shown(bound), "nhỏ hơn mức tối thiểu", "less than the least value"),
            false => (shown(bound), "lớn hơn mức tối đa", "greater than the greatest value"),
        };
        Finding::error(
            "value",
            "profile-range",
            format!("Giá trị {words} {bound}."),
            format!("{detail} {bound}"),
        )
    }

    pub fn type_not_allowed(found: &str, allowed: &[&str]) -> Finding {
        let allowed = allowed.join(", ");
        Finding::error(
            "structure",
            "profile-type",
            format!("Hồ sơ chỉ cho kiểu {allowed} ở đây, không cho {found}."),
            format!("the profile allows {allowed}, found {found}"),
        )
    }

    pub fn no_profile_fits(titles: &[&str]) -> Finding {
        let titles = titles.join("; ");
        Finding::error(
            "invalid",
            "profile-none-fits",
            format!("Không thỏa hồ sơ nào trong: {titles}."),
            format!("conforms to none of: {titles}"),
        )
    }

    pub fn profile_type(title: &str, wanted: &str, found: &str) -> Finding {
        Finding::error(
            "invalid",
            "profile-of-other-type",
            format!("Hồ sơ “{title}” dành cho {wanted}, không dành cho {found}."),
            format!("the profile is for {wanted}, not for {found}"),
        )
    }

    pub fn slice_missing(slice: &str, wanted: u32, found: u32) -> Finding {
        Finding::error(
            "required",
            "profile-slice-missing",
            format!("Thiếu “{slice}”: cần ít nhất {wanted}, đang có {found}."),
            format!("slice {slice} needs at least {wanted}, found {found}"),
        )
    }

    pub fn slice_too_many(slice: &str, most: u32, found: u32) -> Finding {
        Finding::error(
            "structure",
            "profile-slice-too-many",
            format!("Có {found} “{slice}”, nhiều nhất được {most}."),
            format!("slice {slice} may occur {most} times, found {found}"),
        )
    }

    pub fn in_no_slice(slices: &[&str]) -> Finding {
        let slices = slices.join(", ");
        Finding::error(
            "structure",
            "profile-slice-closed",
            format!("Giá trị này không thuộc loại nào được phép ở đây: {slices}."),
            format!("matches none of the slices {slices}, and no other is allowed"),
        )
    }

    pub fn slice_order(slice: &str) -> Finding {
        Finding::error(
            "structure",
            "profile-slice-order",
            format!("“{slice}” đứng sai thứ tự."),
            format!("slice {slice} is out of order"),
        )
    }

    pub fn unknown_profile(url: &str) -> Finding {
        let finding = Finding::error(
            "not-found",
            "profile-unknown",
            format!("Máy chủ không có hồ sơ {url} nên không kiểm tra theo hồ sơ này."),
            format!("profile {url} is not known here"),
        );
        Finding { severity: Severity::Warning, ..finding }
    }

    pub fn extension_context(url: &str, allowed: &[String]) -> Finding {
        let allowed = allowed.join(", ");
        Finding::error(
            "extension",
            "extension-context",
            format!("Phần mở rộng {url} không được đặt ở đây; chỉ đặt ở {allowed}."),
            format!("extension {url} may only stand on {allowed}"),
        )
    }

    pub fn extension_modifier(url: &str, is_modifier: bool) -> Finding {
        let place = if is_modifier { "modifierExtension" } else { "extension" };
        Finding::error(
            "extension",
            "extension-modifier",
            format!("Phần mở rộng {url} phải đặt trong {place}."),
            format!("extension {url} belongs into {place}"),
        )
    }

    pub fn unknown_modifier(url: &str) -> Finding {
        let finding = Finding::error(
            "extension",
            "modifier-extension-unknown",
            format!("Máy chủ không hiểu phần mở rộng {url}, mà phần mở rộng này làm đổi nghĩa của phần tử."),
            format!("modifier extension {url} is not known here"),
        );
        Finding { severity: Severity::Warning, ..finding }
    }
}

/// A value as JSON, shortened.
fn shown(value: &Value) -> String {
    let text = yba_fhir::json::to_string(value).unwrap_or_default();
    match text.char_indices().nth(200) {
        None => text,
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_written_as_fhirpath() {
        let root = Place::root("Patient");
        let contact = root.child("contact");
        let second = contact.item(1);
        assert_eq!(second.child("name").path(), "Patient.contact[1].name");
        assert_eq!(root.path(), "Patient");
    }

    #[test]
    fn an_error_counts_although_warnings_fill_the_list() {
        let (mut findings, root) = (Findings::default(), Place::root("Patient"));
        for _ in 0..FINDINGS_MAX + 5 {
            findings.add(&root, Finding::unknown_profile("urn:x"));
        }
        assert!(findings.is_full() && !findings.has_errors());
        findings.softly(|findings| findings.add(&root, Finding::is_array()));
        assert!(!findings.has_errors(), "softly is only a warning");
        findings.of_profile(|findings| findings.add(&root, Finding::is_array()));
        assert!(findings.has_errors() && !findings.breaks_r4());
        findings.add(&root, Finding::is_array());
        assert!(findings.breaks_r4());
    }

    #[test]
    fn findings_are_bounded_and_say_so() {
        let mut findings = Findings::default();
        let root = Place::root("Patient");
        for _ in 0..FINDINGS_MAX {
            findings.add(&root, Finding::is_array());
        }
        assert!(!findings.is_full());
        for _ in 0..3 {
            findings.add(&root, Finding::is_array());
        }
        assert!(findings.is_full());
        assert_eq!(
            (findings.issues.len(), findings.issues[FINDINGS_MAX].key),
            (FINDINGS_MAX + 1, "more-findings")
        );
    }
}
