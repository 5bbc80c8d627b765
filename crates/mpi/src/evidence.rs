//! What a decision about two Patients holds: the verdict, its weight, and what spoke for and against it. What speaks is
//! found and weighed by [`crate::linking`]; here stand its codes and its words for people.

use crate::identifier::Key;
use yba_fhir::json::Value;

/// A number and whether it is in force; a cancelled or former number (`use` = `old`, or a period that ended) still
/// finds its bearer.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SubjectKey {
    pub key: Key,
    pub current: bool,
}

/// One thing that spoke for or against, and how strongly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reason {
    place: u8,
    /// Tenths of a bit: how much more often this is seen among records of one person than among strangers, as a power of
    /// two. Below zero it speaks against.
    tenths: i16,
}

/// Code of field and level, words for people. The codes are stable and stand in `Linkage`.
const REASONS: [(&str, &str); 46] = [
    ("name-marks", "Trùng họ tên, cả dấu"),
    ("name-plain", "Trùng họ tên, không kể dấu"),
    ("name-tone", "Họ tên khác dấu"),
    ("name-sound", "Họ tên đọc giống nhau"),
    ("name-short", "Họ tên viết tắt hoặc thiếu chữ"),
    ("name-slip", "Họ tên lệch một chữ cái"),
    ("name-loose", "Trùng tên gọi, khác họ hoặc chữ đệm"),
    ("name-differs", "Khác họ tên"),
    ("name-mother", "Trẻ chưa có tên, trùng tên mẹ"),
    ("name-other-mother", "Trẻ chưa có tên, khác tên mẹ"),
    ("birth-equal", "Cùng ngày sinh"),
    ("birth-first-of-year", "Cùng ghi sinh ngày 01/01"),
    ("birth-swapped", "Ngày và tháng sinh bị đảo"),
    ("birth-same-year", "Cùng năm sinh, thiếu ngày tháng"),
    ("birth-one-digit", "Ngày sinh lệch một chữ số"),
    ("birth-differs", "Khác ngày sinh"),
    ("sex-same", "Cùng giới tính"),
    ("sex-differs", "Khác giới tính"),
    ("place-village", "Cùng thôn bản"),
    ("place-commune", "Cùng xã"),
    ("place-differs", "Khác nơi ở"),
    ("phone-same", "Trùng số điện thoại"),
    ("phone-differs", "Khác số điện thoại"),
    ("mother-same", "Trùng tên mẹ"),
    ("mother-differs", "Khác tên mẹ"),
    ("cccd-same", "Trùng số định danh cá nhân"),
    ("cccd-borrowed", "Trùng số định danh cá nhân, nhưng số ấy có thể là của người khác"),
    ("cccd-near", "Số định danh cá nhân lệch một chữ số"),
    ("cccd-differs", "Hai số định danh cá nhân khác nhau"),
    ("bhxh-same", "Trùng mã số BHXH"),
    ("bhxh-borrowed", "Trùng mã số BHXH, nhưng số ấy có thể là của người khác"),
    ("bhxh-near", "Mã số BHXH lệch một chữ số"),
    ("bhxh-differs", "Hai mã số BHXH khác nhau"),
    ("card-same", "Trùng số CMND hoặc hộ chiếu"),
    ("card-borrowed", "Trùng số CMND hoặc hộ chiếu, nhưng số ấy có thể là của người khác"),
    ("card-near", "Số CMND hoặc hộ chiếu lệch một chữ số"),
    ("card-differs", "Hai số CMND hoặc hộ chiếu khác nhau"),
    ("group-conflict", "Một trong hai hồ sơ hợp với nhiều người, hoặc gộp lại thì có hồ sơ mâu thuẫn"),
    // What the rule by numbers said, before there were weights.
    ("same-cccd", "Trùng số định danh cá nhân"),
    ("same-cmnd", "Trùng số CMND"),
    ("same-passport", "Trùng số hộ chiếu"),
    ("same-bhxh", "Trùng mã số BHXH"),
    ("sex-equal", "Cùng giới tính"),
    ("name-equal-with-marks", "Trùng họ tên, cả dấu"),
    ("name-equal", "Trùng họ tên, không kể dấu"),
    ("by-hand", "Người làm việc tự xác định"),
];

impl Reason {
    /// Joining would bring records together that contradict each other, or a record fits several people.
    pub fn group_conflict() -> Reason {
        Reason::of_code("group-conflict", 0.0).expect("the code stands in the table")
    }

    /// A person said so, whatever the records say.
    pub fn by_hand() -> Reason {
        Reason::of_code("by-hand", 0.0).expect("the code stands in the table")
    }

    /// The reason of this code and these bits; `None` for a code that is not known.
    pub fn of_code(code: &str, bits: f64) -> Option<Reason> {
        let place = REASONS.iter().position(|row| row.0 == code)?;
        Some(Reason { place: place as u8, tenths: (bits * 10.0).round().clamp(-999.0, 999.0) as i16 })
    }

    /// The reason of a level of a field, as [`crate::linking::Model::reasons`] names it.
    pub fn of_level(field: &str, level: &str, bits: f64) -> Option<Reason> {
        Reason::of_code(&format!("{field}-{level}"), bits)
    }

    pub fn code(self) -> &'static str {
        REASONS[usize::from(self.place)].0
    }

    /// A few words for people, Vietnamese.
    pub fn text(self) -> &'static str {
        REASONS[usize::from(self.place)].1
    }

    /// Tenths of a bit.
    pub fn tenths(self) -> i16 {
        self.tenths
    }

    /// In bits.
    pub fn bits(self) -> f64 {
        f64::from(self.tenths) / 10.0
    }

    /// Speaks against.
    pub fn is_against(self) -> bool {
        self.tenths < 0 || self.code() == "group-conflict"
    }

    /// The bits as a decimal of FHIR.
    pub(crate) fn decimal(self) -> Option<Value> {
        yba_fhir::json::from_str(&format!("{:.1}", self.bits())).ok()
    }
}

/// What was decided about a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// One person.
    Link,
    /// Perhaps; a person should look.
    Doubt,
    /// A person decided: not one person.
    Apart,
    /// Nothing speaks for it any more, e.g. after a corrected number.
    Withdrawn,
}

impl Verdict {
    pub fn code(self) -> &'static str {
        match self {
            Verdict::Link => "link",
            Verdict::Doubt => "doubt",
            Verdict::Apart => "apart",
            Verdict::Withdrawn => "withdrawn",
        }
    }

    pub fn of_code(code: &str) -> Option<Verdict> {
        [Verdict::Link, Verdict::Doubt, Verdict::Apart, Verdict::Withdrawn]
            .into_iter()
            .find(|verdict| verdict.code() == code)
    }
}

/// A decision about two Patients; `first` < `second`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    pub first: String,
    pub second: String,
    pub verdict: Verdict,
    /// The weight of the pair, in bits.
    pub weight: i32,
    pub reasons: Vec<Reason>,
}

impl Decision {
    pub fn new(one: &str, other: &str, verdict: Verdict, weight: i32, reasons: Vec<Reason>) -> Decision {
        let (first, second) = if one < other { (one, other) } else { (other, one) };
        Decision { first: first.to_owned(), second: second.to_owned(), verdict, weight, reasons }
    }
}
