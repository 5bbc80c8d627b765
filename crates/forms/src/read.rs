//! What people type becomes values; what cannot be understood is told as a colleague would say it.

use crate::choices::Choices;
use crate::form::{Item, Kind};
use crate::limits::OFFERS_MAX;
use crate::value::{self, number, of};
use unicode_normalization::UnicodeNormalization;
use yba_fhir::Day;
use yba_fhir::json::{Value, str_at};
use yba_fhir::text::fold;

/// Most digits of a number. <https://hl7.org/fhir/R4/datatypes.html#decimal>
const DIGITS_MAX: usize = 18;

/// The value of what was typed into a field of an item; nothing for an empty field.
pub(crate) fn answer(
    item: &Item,
    typed: &str,
    unit: &str,
    choices: &dyn Choices,
) -> Option<Result<Value, String>> {
    let text = tidied(item, typed);
    if text.is_empty() {
        return None;
    }
    Some(match item.kind {
        Kind::Group | Kind::Display => return None,
        Kind::Boolean => boolean(&text),
        Kind::Decimal => decimal(&text).map(|amount| of("valueDecimal", amount)),
        Kind::Integer => integer(&text).map(|amount| of("valueInteger", amount)),
        Kind::Quantity => quantity(item, &text, unit),
        Kind::Date => date(&text).map(|day| of("valueDate", Value::from(day.to_string().as_str()))),
        Kind::DateTime => moment(&text).map(|moment| of("valueDateTime", Value::from(moment.as_str()))),
        Kind::Time => time(&text).map(|time| of("valueTime", Value::from(time.as_str()))),
        Kind::Url => address(&text),
        Kind::String | Kind::Text => Ok(of("valueString", Value::from(text.as_str()))),
        Kind::Choice | Kind::OpenChoice => choice(item, &text, choices),
    })
}

/// Words of one's own beside the options of an open choice: kept as they were typed, whatever they resemble.
pub(crate) fn own(item: &Item, typed: &str) -> Option<Result<Value, String>> {
    let text = tidied(item, typed);
    if text.is_empty() {
        return None;
    }
    Some(match item.kind {
        Kind::OpenChoice => Ok(of("valueString", Value::from(text.as_str()))),
        _ => Err(format!("Không có “{}” trong danh sách; hãy chọn một mục.", short(&text))),
    })
}

fn tidied(item: &Item, typed: &str) -> String {
    match item.kind {
        Kind::Text => typed.trim().replace("\r\n", "\n").nfc().collect(),
        _ => typed.split_whitespace().collect::<Vec<_>>().join(" ").nfc().collect(),
    }
}

fn boolean(text: &str) -> Result<Value, String> {
    match fold(text).as_str() {
        "true" | "co" | "1" | "c" | "x" => Ok(of("valueBoolean", Value::from(true))),
        "false" | "khong" | "0" | "k" => Ok(of("valueBoolean", Value::from(false))),
        _ => Err("Hãy chọn Có hoặc Không.".to_owned()),
    }
}

/// Why something is no number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum NoNumber {
    Words,
    /// A point that may separate thousands.
    Point,
    TooLong,
}

impl NoNumber {
    fn said(self, text: &str, example: &str) -> String {
        match self {
            NoNumber::Words => format!("“{}” không phải là {example}.", short(text)),
            NoNumber::Point => format!(
                "“{}” đọc được hai cách vì dấu chấm. Số lớn thì gõ liền, như 150000; số lẻ thì gõ dấu phẩy, như 150,5.",
                short(text)
            ),
            NoNumber::TooLong => format!("Số này dài quá {DIGITS_MAX} chữ số; hãy xem lại."),
        }
    }
}

/// The number that somebody in Vietnam means.
///
/// - The comma is the decimal sign: `150,5`, and `150,000` is 150.
/// - A single point is the decimal sign too (`150.5`, `0.125`), as devices print it. When exactly three digits follow it
///   and the part before is not 0, it might separate thousands: `150.000` is refused, and so is everything with several
///   marks (`1.234,5`, `1.234.567`). A thousandfold slip of a dose is worse than typing again.
/// - Spaces separate thousands and nothing else: `150 000` is a number, `36 5` is none.
///
/// All digits are kept as they were typed, but for zeros at the front; at most [`DIGITS_MAX`].
fn amount(text: &str) -> Result<Value, NoNumber> {
    let plain = text.replace(['\u{a0}', '\u{202f}'], " ").replace('−', "-");
    let digits = plain.strip_prefix('-').unwrap_or(&plain).trim();
    let (whole, fraction) = match digits.split_once([',', '.']) {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (digits, None),
    };
    let whole = joined(whole).ok_or(NoNumber::Words)?;
    let is_number = |part: &str| {
        !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit() || b",.".contains(&byte))
    };
    if !is_number(&whole) || !fraction.is_none_or(is_number) {
        return Err(NoNumber::Words);
    }
    let marks = digits.matches([',', '.']).count();
    let is_thousand =
        digits.contains('.') && fraction.is_some_and(|fraction| fraction.len() == 3) && !is_zero(&whole);
    if marks > 1 && digits.contains('.') || marks == 1 && is_thousand {
        return Err(NoNumber::Point);
    }
    if marks > 1 {
        return Err(NoNumber::Words);
    }
    let whole = if is_zero(&whole) { "0" } else { whole.trim_start_matches('0') };
    let fraction = fraction.map_or(String::new(), |fraction| format!(".{fraction}"));
    if whole.trim_start_matches('0').len() + fraction.len().saturating_sub(1) > DIGITS_MAX {
        return Err(NoNumber::TooLong);
    }
    let sign = if plain.starts_with('-') { "-" } else { "" };
    number(&format!("{sign}{whole}{fraction}")).ok_or(NoNumber::Words)
}

fn is_zero(digits: &str) -> bool {
    digits.bytes().all(|byte| byte == b'0')
}

/// Digits in groups of three without the spaces between them; `None` when they are grouped otherwise.
fn joined(whole: &str) -> Option<String> {
    let mut groups = whole.split(' ');
    let first = groups.next().map_or(0, str::len);
    let is_grouped = (1..=3).contains(&first) && groups.all(|group| group.len() == 3);
    (is_grouped || !whole.contains(' ')).then(|| whole.replace(' ', ""))
}

fn decimal(text: &str) -> Result<Value, String> {
    amount(text).map_err(|why| why.said(text, "số. Hãy gõ như 36,5"))
}

/// A whole number of 32 bits. `120,0` is one; `150,000` is refused, since nobody writes the parts of what has none.
fn integer(text: &str) -> Result<Value, String> {
    let amount = amount(text).map_err(|why| why.said(text, "số nguyên. Hãy gõ như 120"))?;
    if text.rsplit_once(',').is_some_and(|(_, parts)| parts.len() == 3) {
        let text = short(text);
        return Err(format!("“{text}” đọc được hai cách vì dấu phẩy. Hãy gõ số liền, như 150 hoặc 150000."));
    }
    let whole = value::decimal_of(&amount).filter(|amount| amount.is_integer());
    let whole = whole.and_then(|amount| {
        i32::try_from(amount.trunc().mantissa() / 10_i128.pow(amount.trunc().scale())).ok()
    });
    match whole {
        Some(whole) => Ok(Value::from(whole)),
        None => Err(format!("Cần một số nguyên, không có phần lẻ; “{}” chưa đúng.", short(text))),
    }
}

fn quantity(item: &Item, text: &str, unit: &str) -> Result<Value, String> {
    let amount = decimal(text)?;
    let units: Vec<&Value> = item.unit_options.iter().chain(&item.unit).collect();
    let chosen = units.iter().find(|one| str_at(one, &["code"]) == Some(unit));
    let chosen = match (chosen, units.as_slice()) {
        (Some(one), _) => Some(*one),
        (None, []) => None,
        (None, [only]) => Some(*only),
        (None, _) if unit.is_empty() => return Err("Hãy chọn đơn vị.".to_owned()),
        (None, _) => return Err(format!("Không có đơn vị “{}” trong danh sách.", short(unit))),
    };
    Ok(of("valueQuantity", value::quantity(amount, chosen)))
}

/// Day, month and year as people here write them, with any mark between or eight digits; ISO as machines do.
pub(crate) fn date(text: &str) -> Result<Day, String> {
    let wrong = || format!("“{}” không phải là ngày. Hãy gõ ngày/tháng/năm, ví dụ 05/09/2026.", short(text));
    if let Some(day) = Day::parse(text) {
        return Ok(day);
    }
    let parts: Vec<&str> = text.split(['/', '-', '.', ' ']).filter(|part| !part.is_empty()).collect();
    let (day, month, year) = match parts.as_slice() {
        [day, month, year] => (*day, *month, *year),
        [digits] if digits.len() == 8 && digits.is_ascii() => (&digits[..2], &digits[2..4], &digits[4..]),
        _ => return Err(wrong()),
    };
    if year.len() != 4 {
        return Err("Hãy gõ năm đủ bốn chữ số, ví dụ 05/09/2026.".to_owned());
    }
    let number =
        |text: &str| text.parse::<i16>().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()));
    let found =
        (|| Day::new(number(year)?, i8::try_from(number(month)?).ok()?, i8::try_from(number(day)?).ok()?))();
    found.ok_or_else(wrong)
}

fn time(text: &str) -> Result<String, String> {
    let wrong = || format!("“{}” không phải là giờ. Hãy gõ như 07:30.", short(text));
    let (hour, minute) = text.split_once([':', 'h', 'g']).ok_or_else(wrong)?;
    let number = |text: &str| {
        let text = text.trim();
        (!text.is_empty() && text.len() <= 2 && text.bytes().all(|byte| byte.is_ascii_digit()))
            .then(|| text.parse::<u8>().ok())
            .flatten()
    };
    let minute = if minute.trim().is_empty() { "0" } else { minute };
    match (number(hour), number(minute)) {
        (Some(hour @ 0..=23), Some(minute @ 0..=59)) => Ok(format!("{hour:02}:{minute:02}:00")),
        _ => Err(wrong()),
    }
}

/// A day and a time, in Vietnam unless a zone is given; with the seconds and the zone that a dateTime of FHIR must have.
fn moment(text: &str) -> Result<String, String> {
    let wrong = || format!("“{}” chưa đủ ngày và giờ. Hãy gõ như 05/09/2026 07:30.", short(text));
    if text.contains('T') {
        return value::whole_moment(text).ok_or_else(wrong);
    }
    let (day, clock) = text.rsplit_once(' ').ok_or_else(wrong)?;
    Ok(format!("{}T{}+07:00", date(day)?, time(clock)?))
}

fn address(text: &str) -> Result<Value, String> {
    let is_one =
        ["http://", "https://", "urn:"].iter().any(|scheme| text.starts_with(scheme)) && !text.contains(' ');
    if is_one {
        Ok(of("valueUri", Value::from(text)))
    } else {
        Err("Địa chỉ phải bắt đầu bằng https://".to_owned())
    }
}

fn choice(item: &Item, text: &str, choices: &dyn Choices) -> Result<Value, String> {
    if item.kind == Kind::OpenChoice {
        return Ok(open_choice(item, text, choices));
    }
    let folded = fold(text);
    let listed = item.options.iter();
    let option = listed
        .clone()
        .find(|option| option.key == text)
        .or_else(|| listed.clone().find(|option| fold(&option.label) == folded));
    if let Some(option) = option {
        return Ok(option.value.clone());
    }
    if let Some(set) = &item.value_set
        && let Some(coding) = in_set(set, text, choices)?
    {
        return Ok(of("valueCoding", coding));
    }
    Err(format!("Không có “{}” trong danh sách; hãy chọn một mục.", short(text)))
}

/// A code where one was chosen: the key of an option, a code, or words that are those of the code letter by letter. All
/// else are words of one's own and stay as they were typed; nobody's «đau đầu» becomes another diagnosis.
fn open_choice(item: &Item, text: &str, choices: &dyn Choices) -> Value {
    if let Some(option) = item.options.iter().find(|option| option.key == text || option.label == text) {
        return option.value.clone();
    }
    let code = text.split_once(" · ").map_or(text, |(code, _)| code);
    let is_it = |coding: &Value| {
        str_at(coding, &["code"]) == Some(text)
            || str_at(coding, &["display"]) == Some(text)
            || value::coding_label(coding) == text
    };
    let coding = item.value_set.as_deref().and_then(|set| {
        let by_code = choices.coding(set, code).filter(is_it);
        by_code.or_else(|| choices.find(set, text, OFFERS_MAX).into_iter().find(is_it))
    });
    coding.map_or_else(|| of("valueString", Value::from(text)), |coding| of("valueCoding", coding))
}

/// The coding that was meant: by its label, its code, its words, or the only one that fits.
fn in_set(set: &str, text: &str, choices: &dyn Choices) -> Result<Option<Value>, String> {
    let code = text.split_once(" · ").map_or(text, |(code, _)| code);
    if let Some(coding) = choices.coding(set, code) {
        return Ok(Some(coding));
    }
    let mut found = choices.find(set, text, OFFERS_MAX);
    let folded = fold(text);
    let words = |coding: &Value| fold(str_at(coding, &["display"]).unwrap_or_default());
    if let Some(at) = found.iter().position(|coding| words(coding) == folded) {
        return Ok(Some(found.swap_remove(at)));
    }
    match found.len() {
        0 => Ok(None),
        1 => Ok(found.pop()),
        _ => {
            let few: Vec<String> = found.iter().take(4).map(value::coding_label).collect();
            Err(format!("Có nhiều mục hợp với “{}”: {}… Hãy chọn một.", short(text), few.join("; ")))
        }
    }
}

/// What was typed, shortened for a sentence.
pub(crate) fn short(text: &str) -> String {
    if text.chars().count() <= 40 { text.to_owned() } else { text.chars().take(40).chain(['…']).collect() }
}
