//! One column of a claim table: type, length, duty, form, meaning, and where it goes in FHIR.

/// The decision's own two types.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `S`, chuỗi: leading zeros count.
    Text,
    /// `N`, số.
    Number,
}

/// Whether a value must be there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Required {
    Yes,
    No,
    /// Under a condition, in the words of the rule.
    When(String),
}

/// The form of one value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shape {
    Text,
    Integer,
    /// A decimal with `.`.
    Decimal,
    /// Đồng, two decimals.
    Money,
    /// Quantity or unit price, three decimals.
    Quantity,
    /// 0 to 100, decimals allowed.
    Percent,
    /// `yyyymmdd`.
    Date,
    /// `yyyymmddHHMM`, local time of Vietnam.
    Time,
    /// `yyyymmdd` or `yyyymmddHHMM`; a birth date of old files may be `yyyy`.
    DateOrTime,
    Icd10,
    /// A code of the list with this slug.
    Code(String),
    /// 1, 0 or empty.
    Flag,
}

/// The form of a cell: one value, or several joined by `;`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Format {
    pub shape: Shape,
    pub list: bool,
}

impl Format {
    /// Reads `money`, `date;` (a list), `code ma-nhom`, `code; ma-khoa`.
    pub(crate) fn parse(text: &str) -> Option<Format> {
        let (word, slug) =
            text.split_once(' ').map_or((text, None), |(word, slug)| (word, Some(slug.trim())));
        let (word, list) = word.strip_suffix(';').map_or((word, false), |word| (word, true));
        let shape = match (word, slug) {
            ("code", Some(slug)) if !slug.is_empty() => Shape::Code(slug.to_string()),
            ("text", None) => Shape::Text,
            ("integer", None) => Shape::Integer,
            ("decimal", None) => Shape::Decimal,
            ("money", None) => Shape::Money,
            ("quantity", None) => Shape::Quantity,
            ("percent", None) => Shape::Percent,
            ("date", None) => Shape::Date,
            ("time", None) => Shape::Time,
            ("date-or-time", None) => Shape::DateOrTime,
            ("icd10", None) => Shape::Icd10,
            ("flag", None) => Shape::Flag,
            _ => return None,
        };
        Some(Format { shape, list })
    }
}

/// Where a column goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// Elements of resources: `Patient.name.text`; one column may feed several.
    Elements(Vec<String>),
    /// A copy of a value of XML1: compared, not stored again.
    Same,
    /// Part of the row's own key.
    Key,
    /// Kept only in the raw row.
    Raw,
}

/// The resource types a claim file can feed.
pub const TARGET_TYPES: &[&str] = &[
    "Appointment",
    "CarePlan",
    "Claim",
    "Composition",
    "Condition",
    "Coverage",
    "DiagnosticReport",
    "DocumentReference",
    "Encounter",
    "Location",
    "MedicationDispense",
    "MedicationRequest",
    "Observation",
    "Organization",
    "Patient",
    "Practitioner",
    "Procedure",
    "Provenance",
    "ServiceRequest",
];

impl Target {
    /// Reads `raw`, `same`, `key` or paths joined by ` + `; the error is what is wrong with it.
    pub(crate) fn parse(text: &str) -> Result<Target, String> {
        match text {
            "raw" => return Ok(Target::Raw),
            "same" => return Ok(Target::Same),
            "key" => return Ok(Target::Key),
            _ => {}
        }
        let paths: Vec<String> = text.split(" + ").map(|path| path.trim().to_string()).collect();
        for path in &paths {
            let (kind, elements) =
                path.split_once('.').ok_or(format!("đích {path:?} không có dạng Loại.phần_tử"))?;
            if !TARGET_TYPES.contains(&kind) {
                return Err(format!("đích {path:?}: không biết loại tài nguyên {kind}"));
            }
            let sound = |name: &str| {
                name.starts_with(|first: char| first.is_ascii_lowercase())
                    && name.chars().all(|letter| letter.is_ascii_alphanumeric())
            };
            if !elements.split('.').all(sound) {
                return Err(format!("đích {path:?}: tên phần tử không hợp lệ"));
            }
        }
        Ok(Target::Elements(paths))
    }
}

/// One column.
#[derive(Debug, Clone)]
pub struct Column {
    /// The element name in the file.
    pub name: String,
    /// The name of the same thing in QĐ 3176, by which code asks.
    pub concept: String,
    pub kind: Kind,
    /// Longest length in characters by the decision; `None` without limit.
    pub max: Option<u32>,
    /// Longest length the insurance portal takes, where it differs.
    pub max_portal: Option<u32>,
    pub required: Required,
    pub format: Format,
    pub target: Target,
    /// Short Vietnamese meaning.
    pub meaning: String,
    /// The line of the content file it stands on.
    pub line: u32,
}

impl Column {
    /// The longest value a reader should take without a word: the larger of the two limits.
    pub fn max_read(&self) -> Option<u32> {
        self.max.map(|max| max.max(self.max_portal.unwrap_or(0)))
    }
}
