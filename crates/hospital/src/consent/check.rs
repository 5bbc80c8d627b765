//! Judges what was typed about who may see a record.

use super::model::PARTS;
use crate::findings::{DAY, Findings, whole_day};
use yba_fhir::text::tidy;
use yba_fhir::{Day, Outcome};

/// What the form says.
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(default)]
pub struct Typed {
    /// `deny` or `permit`.
    pub say: String,
    /// A security label; empty: the whole record.
    pub part: String,
    /// An Organization's id, [`EVERY`], or [`OTHER`].
    pub place: String,
    /// Code or name of another facility.
    pub other: String,
    pub from: String,
    pub to: String,
    /// One of [`SIGNERS`].
    pub signer: String,
    pub signer_name: String,
    /// `1`: the paper is signed.
    pub signed: String,
}

/// The choice of every facility, and of one that is typed.
pub const EVERY: &str = "moi-co-so";
pub const OTHER: &str = "co-so-khac";

/// Who may agree: the value on the form, and the words.
pub const SIGNERS: [(&str, &str); 4] = [
    ("patient", "Người bệnh"),
    ("parent", "Cha hoặc mẹ"),
    ("guardian", "Người giám hộ"),
    ("proxy", "Người được ủy quyền bằng văn bản"),
];

/// Who agrees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Signer {
    Patient,
    Other { role: &'static str, name: String },
}

/// What is to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Draft {
    pub is_bar: bool,
    /// An Organization's id; none: every facility.
    pub place: Option<String>,
    pub label: Option<&'static str>,
    /// Days as FHIR writes them.
    pub from: Option<String>,
    pub to: Option<String>,
    pub signer: Signer,
    pub signed: bool,
}

const NAME_MAX: usize = 200;

/// What a choice of facilities is judged by.
pub(super) struct Facilities<'a> {
    /// Those on the form: id and name.
    pub known: &'a [(String, String)],
    /// The Organization (id) that the typed one means, if it means one.
    pub other: Option<String>,
}

/// The draft, or everything that is wrong.
pub(super) fn check(typed: &Typed, facilities: &Facilities, today: Day) -> Result<Draft, Outcome> {
    let mut wrong = Findings::of("consent");
    let is_bar = match typed.say.as_str() {
        "deny" => true,
        "permit" => false,
        _ => {
            wrong.say("say", "Chọn «Không cho xem» hoặc «Cho xem».");
            true
        }
    };
    let label = PARTS.iter().map(|(label, _)| *label).find(|label| *label == typed.part);
    match (label, typed.part.is_empty()) {
        (None, false) => wrong.say("part", "Chọn một trong các phần."),
        (None, true) if !is_bar => wrong.say(
            "part",
            "Chọn phần nhạy cảm được cho xem. Phần còn lại thì cơ sở đang khám chữa bệnh đã xem được.",
        ),
        _ => {}
    }
    let place = place(typed, facilities, is_bar, label.is_some(), &mut wrong);
    let (from, to) =
        (wrong.read("from", &typed.from, DAY, whole_day), wrong.read("to", &typed.to, DAY, whole_day));
    if matches!((&from, &to), (Some(from), Some(to)) if from > to) {
        wrong.say("to", "Ngày cuối ở trước ngày đầu.");
    } else if to.as_ref().is_some_and(|to| *to < today.to_string()) {
        wrong.say("to", "Ngày cuối đã qua.");
    }
    let signer = signer(typed, &mut wrong);
    wrong.judged(Draft { is_bar, place, label, from, to, signer, signed: typed.signed == "1" })
}

fn place(
    typed: &Typed,
    facilities: &Facilities,
    is_bar: bool,
    has_part: bool,
    wrong: &mut Findings,
) -> Option<String> {
    match (typed.place.as_str(), &facilities.other) {
        (EVERY, _) if !is_bar => wrong.say("place", "Cho xem thì chọn từng cơ sở một."),
        (EVERY, _) if !has_part => {
            // Nobody could take such a word back: who could write it down would not see the record.
            wrong.say("place", "Không cho mọi cơ sở xem toàn bộ hồ sơ thì không ai khám chữa bệnh được. Chọn từng cơ sở, hoặc chọn một phần nhạy cảm.");
        }
        (EVERY, _) => return None,
        (OTHER, Some(other)) => return Some(other.clone()),
        (OTHER, None) if typed.other.trim().is_empty() => wrong.say("other", "Gõ mã hoặc tên cơ sở."),
        (OTHER, None) => {
            wrong.say(
                "other",
                "Không có cơ sở nào như vậy, hoặc nhiều cơ sở có tên này. Gõ mã cơ sở, ví dụ 12001.",
            );
        }
        (own, _) if facilities.known.iter().any(|(id, _)| id == own) => return Some(own.to_owned()),
        _ => wrong.say("place", "Chọn cơ sở."),
    }
    None
}

fn signer(typed: &Typed, wrong: &mut Findings) -> Signer {
    let name = tidy(&typed.signer_name);
    let role = SIGNERS.iter().find(|(value, _)| *value == typed.signer);
    match role {
        None => wrong.say("signer", "Chọn người đồng ý."),
        Some(("patient", _)) => {}
        Some(_) if name.is_empty() => wrong.say("signer_name", "Gõ họ tên người ký thay người bệnh."),
        Some(_) if name.chars().count() > NAME_MAX => wrong.say("signer_name", "Họ tên dài quá."),
        Some((_, words)) => return Signer::Other { role: words, name },
    }
    Signer::Patient
}
