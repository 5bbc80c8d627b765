//! What was typed, judged: everything that is wrong at once, each beside its field. Pure but for the code lists.

use super::typed::Typed;
use crate::findings::{Findings, whole_day};
use yba_content::Content;
use yba_fhir::text::tidy;
use yba_fhir::{Day, Outcome};
use yba_mpi::birth::Birth;
use yba_mpi::identifier::{InsuranceCard, PersonalNumber, Sex, compact, is_digits, is_passport, phone};
use yba_mpi::temporary::Reason;
use yba_terminology::Terminology;
use yba_terminology::communes::{self as places, Commune};
use yba_ui::format;

/// Why somebody has no number: value, words, and the temporary code it gives.
pub(super) const REASONS: [(&str, &str, Option<Reason>); 4] = [
    ("", "có số định danh", None),
    ("newborn", "trẻ sơ sinh, chưa có số", Some(Reason::Newborn)),
    ("unknown", "chưa rõ là ai (bất tỉnh, không giấy tờ)", Some(Reason::Unknown)),
    ("foreigner", "người nước ngoài", Some(Reason::Foreigner)),
];

/// How kin stand to the person: HL7 v3 RoleCode and words.
pub(super) const KIN: [(&str, &str); 9] = [
    ("", ""),
    ("MTH", "Mẹ"),
    ("FTH", "Bố"),
    ("WIFE", "Vợ"),
    ("HUSB", "Chồng"),
    ("CHILD", "Con"),
    ("SIB", "Anh, chị, em"),
    ("GRPRN", "Ông, bà"),
    ("EXT", "Người thân khác"),
];

/// A child below this age has somebody who answers for them.
const GUARDED_BELOW_YEARS: i16 = 6;
const TEXT_MAX: usize = 255;

/// What is right.
pub(super) struct Draft {
    /// The temporary code that is needed, and why.
    pub temporary: Option<Reason>,
    pub name: String,
    /// ISO; `None` only of somebody unknown.
    pub birth: Option<String>,
    pub sex: String,
    pub number: Option<String>,
    pub issued: Option<String>,
    pub cmnd: Option<String>,
    pub passport: Option<String>,
    /// 15 characters.
    pub card: Option<String>,
    /// 10 digits.
    pub insured: Option<String>,
    pub card_from: Option<String>,
    pub card_to: Option<String>,
    /// Code and display.
    pub ethnic: Option<(String, String)>,
    pub job: Option<(String, String)>,
    pub phone: Option<String>,
    pub home: Option<Commune>,
    pub stay: Option<Commune>,
    pub kin_phone: Option<String>,
    pub kin_number: Option<String>,
}

/// What the judgement needs to know.
pub(super) struct Basis<'a> {
    pub terminology: &'a Terminology,
    pub content: &'a Content,
    pub today: Day,
    /// The record has a number of its own already, if only a temporary code.
    pub is_known: bool,
}

/// The draft, or everything that is wrong.
pub(super) fn check(basis: &Basis, typed: &Typed) -> Result<Draft, Outcome> {
    let mut wrong = Findings::of("register");
    let temporary =
        REASONS.iter().find(|(value, ..)| *value == typed.without).and_then(|(.., reason)| *reason);
    let unknown = temporary == Some(Reason::Unknown);
    let number =
        wrong.read("number", &typed.number, "Số định danh cá nhân gồm 12 chữ số.", |text| {
            PersonalNumber::parse(text).map(|number| number.text().to_owned())
        });
    let passport = wrong.read(
        "passport",
        &typed.passport,
        "Số hộ chiếu gồm chữ và số, 6 đến 9 ký tự.",
        |text| Some(compact(text)).filter(|text| is_passport(text)),
    );
    let none = number.is_none() && typed.number.trim().is_empty() && passport.is_none();
    if none && temporary.is_none() && !basis.is_known {
        wrong.say("number", "Gõ số định danh, hoặc chọn lý do chưa có số để cấp mã tạm.");
    }
    let sex = Sex::of_gender(&typed.sex).map(|sex| sex.gender().to_owned());
    let sex = sex.or_else(|| (unknown || typed.sex == "unknown").then(|| "unknown".to_owned()));
    if sex.is_none() {
        wrong.say("sex", "Chọn giới tính.");
    }
    let birth = birth(basis, typed, unknown, &mut wrong);
    let name = name(typed, temporary, &mut wrong);
    number_fits(number.as_deref(), typed, birth, &mut wrong);
    let (card, insured) = insurance(typed, &mut wrong);
    let day = |wrong: &mut Findings, field: &str, text: &str| {
        wrong.read(field, text, "Gõ ngày/tháng/năm, ví dụ 05/09/2024.", whole_day)
    };
    let (issued, card_from, card_to) = (
        day(&mut wrong, "issued", &typed.issued),
        day(&mut wrong, "card_from", &typed.card_from),
        day(&mut wrong, "card_to", &typed.card_to),
    );
    if matches!((&card_from, &card_to), (Some(from), Some(to)) if from > to) {
        wrong.say("card_to", "Ngày hết hạn trước ngày bắt đầu.");
    }
    let home = commune(basis, "commune", &typed.commune, &mut wrong);
    let stay = commune(basis, "stay_commune", &typed.stay_commune, &mut wrong);
    kin(basis, typed, birth, unknown, &mut wrong);
    lengths(typed, &mut wrong);
    let phone_text = "Số điện thoại có 10 chữ số, ví dụ 0912345678.";
    let draft = Draft {
        temporary: temporary.filter(|_| none && !basis.is_known),
        ethnic: coded(basis, "dan-toc", &typed.ethnic, "ethnic", &mut wrong),
        job: coded(basis, "nghe-nghiep", &typed.job, "job", &mut wrong),
        cmnd: wrong.read("cmnd", &typed.cmnd, "CMND cũ gồm 9 chữ số.", |text| {
            Some(compact(text)).filter(|text| is_digits(text, 9))
        }),
        phone: wrong.read("phone", &typed.phone, phone_text, phone),
        kin_phone: wrong.read("kin_phone", &typed.kin_phone, phone_text, phone),
        kin_number: wrong.read(
            "kin_number",
            &typed.kin_number,
            "Số định danh cá nhân gồm 12 chữ số.",
            |text| PersonalNumber::parse(text).map(|number| number.text().to_owned()),
        ),
        name,
        birth: birth.map(|birth| birth.to_string()),
        sex: sex.unwrap_or_default(),
        number,
        issued,
        passport,
        card,
        insured,
        card_from,
        card_to,
        home,
        stay,
    };
    wrong.judged(draft)
}

fn name(typed: &Typed, temporary: Option<Reason>, wrong: &mut Findings) -> String {
    let name = tidy(&typed.name);
    match (name.is_empty(), temporary) {
        (true, Some(Reason::Unknown)) => return "Chưa rõ tên".into(),
        (true, Some(Reason::Newborn)) if !typed.kin_name.trim().is_empty() => {
            return format!("Con bà {}", tidy(&typed.kin_name));
        }
        (true, _) => wrong.say("name", "Gõ họ và tên như trên giấy tờ."),
        (false, _) if name.chars().any(|letter| letter.is_ascii_digit()) => {
            wrong.say("name", "Họ tên không có chữ số.");
        }
        _ => {}
    }
    name
}

fn birth(basis: &Basis, typed: &Typed, unknown: bool, wrong: &mut Findings) -> Option<Birth> {
    if typed.birth.trim().is_empty() {
        if !unknown {
            wrong.say("birth", "Gõ ngày sinh; chỉ biết năm thì gõ năm.");
        }
        return None;
    }
    let read = |text: &str| Birth::read(text);
    let birth = wrong.read(
        "birth",
        &typed.birth,
        "Gõ ngày/tháng/năm, ví dụ 05/09/1986; chỉ biết năm thì gõ 1986.",
        read,
    )?;
    if birth.to_string().as_str() > &basis.today.to_string()[..birth.to_string().len()] {
        wrong.say("birth", "Ngày sinh ở tương lai.");
    }
    Some(birth)
}

/// A personal number tells sex and year of birth; who typed another one's number is told so.
fn number_fits(number: Option<&str>, typed: &Typed, birth: Option<Birth>, wrong: &mut Findings) {
    let Some(number) = number.and_then(PersonalNumber::parse) else { return };
    use yba_mpi::identifier::Warning;
    for warning in number.warnings(Sex::of_gender(&typed.sex), birth) {
        // It may be so all the same: whoever has looked again may say so. A row of filling digits never is.
        let looked_at = typed.seen == "1" && warning != Warning::Filler;
        if warning != Warning::UnknownProvince && !looked_at {
            wrong.say("number", warning.text());
        }
    }
}

fn insurance(typed: &Typed, wrong: &mut Findings) -> (Option<String>, Option<String>) {
    let text = "Thẻ BHYT gồm 2 chữ và 13 số (ví dụ DN4121234567890), hoặc mã số BHXH 10 số.";
    let read = |text: &str| {
        let bare = compact(text).to_uppercase();
        match InsuranceCard::parse(&bare) {
            Some(card) => Some((Some(card.text().to_owned()), card.number().to_owned())),
            None => is_digits(&bare, 10).then_some((None, bare)),
        }
    };
    match wrong.read("card", &typed.card, text, read) {
        Some((card, insured)) => (card, Some(insured)),
        None => (None, None),
    }
}

fn commune(basis: &Basis, field: &str, typed: &str, wrong: &mut Findings) -> Option<Commune> {
    if typed.trim().is_empty() {
        return None;
    }
    match places::meant(basis.terminology, basis.content, typed, basis.today) {
        Ok(one) => Some(one),
        Err(several) if several.is_empty() => {
            wrong.say(
                field,
                "Không có xã, phường nào như vậy. Gõ tên xã, dấu phẩy, tên tỉnh: «Bản Bo, Lai Châu».",
            );
            None
        }
        Err(several) => {
            let words: Vec<String> = several.iter().take(3).map(|one| format!("«{}»", one.label())).collect();
            wrong.say(
                field,
                format!("Nhiều nơi có tên này, như {}. Gõ thêm tên tỉnh (huyện).", words.join("; ")),
            );
            None
        }
    }
}

fn kin(basis: &Basis, typed: &Typed, birth: Option<Birth>, unknown: bool, wrong: &mut Findings) {
    let is_known = |value: &str| KIN.iter().any(|(code, _)| *code == value);
    if !is_known(&typed.kin_relation) {
        wrong.say("kin_relation", "Chọn một trong các quan hệ.");
    }
    let says_more =
        [&typed.kin_relation, &typed.kin_phone, &typed.kin_number].iter().any(|text| !text.trim().is_empty());
    let is_small = birth.is_some_and(|birth| basis.today.year() - birth.year < GUARDED_BELOW_YEARS);
    if typed.kin_name.trim().is_empty() && (says_more || (is_small && !unknown && !basis.is_known)) {
        wrong.say(
            "kin_name",
            if is_small {
                "Trẻ dưới 6 tuổi: gõ tên mẹ, bố hoặc người giám hộ."
            } else {
                "Gõ họ tên người thân."
            },
        );
    }
}

/// A code of a list of content, with its words.
fn coded(
    basis: &Basis,
    slug: &str,
    typed: &str,
    field: &str,
    wrong: &mut Findings,
) -> Option<(String, String)> {
    if typed.is_empty() {
        return None;
    }
    let found = super::lists::display(basis.terminology, slug, typed, basis.today);
    if found.is_none() {
        wrong.say(field, "Chọn một mục trong danh sách.");
    }
    found.map(|display| (typed.to_owned(), display))
}

fn lengths(typed: &Typed, wrong: &mut Findings) {
    for (field, text) in [
        ("name", &typed.name),
        ("issuer", &typed.issuer),
        ("email", &typed.email),
        ("line", &typed.line),
        ("stay_line", &typed.stay_line),
        ("household", &typed.household),
        ("householder", &typed.householder),
        ("nation", &typed.nation),
        ("kin_name", &typed.kin_name),
    ] {
        if text.chars().count() > TEXT_MAX {
            wrong.say(field, format!("Dài quá {} ký tự.", format::count(TEXT_MAX)));
        }
    }
    if !typed.email.trim().is_empty() && !typed.email.contains('@') {
        wrong.say("email", "Địa chỉ thư có dạng ten@noi.vn.");
    }
}
