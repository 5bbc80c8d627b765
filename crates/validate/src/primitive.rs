//! The formats of primitive types, by hand rather than by regular expression: they are tested for every value written.
//! <https://hl7.org/fhir/R4/datatypes.html#primitive>

use yba_fhir::Day;
use yba_fhir::json::{JsonValueTrait, Value, number_text};

/// A primitive type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Primitive {
    Base64Binary,
    Boolean,
    Canonical,
    Code,
    Date,
    DateTime,
    Decimal,
    Id,
    Instant,
    Integer,
    Markdown,
    Oid,
    PositiveInt,
    String,
    Time,
    UnsignedInt,
    Uri,
    Url,
    Uuid,
    Xhtml,
}

/// Why a value is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refused {
    /// Another kind of JSON value than the type is written as; what it is written as.
    Json(&'static str),
    /// In words, to follow a colon.
    Format(&'static str),
}

const STRING_MAX: usize = 1 << 20;

impl Primitive {
    pub fn of(name: &str) -> Option<Primitive> {
        Some(match name {
            "base64Binary" => Primitive::Base64Binary,
            "boolean" => Primitive::Boolean,
            "canonical" => Primitive::Canonical,
            "code" => Primitive::Code,
            "date" => Primitive::Date,
            "dateTime" => Primitive::DateTime,
            "decimal" => Primitive::Decimal,
            "id" => Primitive::Id,
            "instant" => Primitive::Instant,
            "integer" => Primitive::Integer,
            "markdown" => Primitive::Markdown,
            "oid" => Primitive::Oid,
            "positiveInt" => Primitive::PositiveInt,
            "string" => Primitive::String,
            "time" => Primitive::Time,
            "unsignedInt" => Primitive::UnsignedInt,
            "uri" => Primitive::Uri,
            "url" => Primitive::Url,
            "uuid" => Primitive::Uuid,
            "xhtml" => Primitive::Xhtml,
            _ => return None,
        })
    }

    /// Tests a JSON value.
    pub fn check(self, value: &Value) -> Result<(), Refused> {
        match self {
            Primitive::Boolean => value.is_boolean().then_some(()).ok_or(Refused::Json("true hoặc false")),
            Primitive::Integer | Primitive::PositiveInt | Primitive::UnsignedInt => self.integer(value),
            Primitive::Decimal => value.is_number().then_some(()).ok_or(Refused::Json("số")),
            _ => match value.as_str() {
                None => Err(Refused::Json("chữ trong ngoặc kép")),
                Some(text) => self.text(text).map_err(Refused::Format),
            },
        }
    }

    /// 32 bits, without point or exponent.
    fn integer(self, value: &Value) -> Result<(), Refused> {
        let text = number_text(value).ok_or(Refused::Json("số nguyên"))?;
        let least = match self {
            Primitive::PositiveInt => 1,
            Primitive::UnsignedInt => 0,
            _ => i32::MIN,
        };
        let number: i32 = text.parse().map_err(|_| Refused::Format("cần số nguyên trong phạm vi 32 bit"))?;
        match number >= least {
            true => Ok(()),
            false => Err(Refused::Format("số quá nhỏ")),
        }
    }

    fn text(self, text: &str) -> Result<(), &'static str> {
        if text.is_empty() {
            return Err("không được để trống");
        }
        match self {
            Primitive::String | Primitive::Markdown => string(text),
            Primitive::Code => code(text),
            Primitive::Id => yes(yba_fhir::resource::is_id(text), "chỉ gồm chữ, số, “-”, “.”, dài 1 đến 64"),
            Primitive::Uri | Primitive::Url | Primitive::Canonical => {
                yes(!text.contains(char::is_whitespace), "không được có dấu cách")
            }
            Primitive::Oid => yes(is_oid(text), "cần dạng urn:oid:1.2.3"),
            Primitive::Uuid => yes(is_uuid(text), "cần dạng urn:uuid: và 36 ký tự chữ thường"),
            Primitive::Date => yes(is_date(text), "cần YYYY, YYYY-MM hoặc YYYY-MM-DD có thật"),
            Primitive::DateTime => yes(
                is_date_time(text),
                "cần YYYY, YYYY-MM, YYYY-MM-DD hoặc YYYY-MM-DDThh:mm:ss+07:00 có thật",
            ),
            Primitive::Instant => yes(is_instant(text), "cần YYYY-MM-DDThh:mm:ss+07:00 có thật"),
            Primitive::Time => yes(is_time(text), "cần hh:mm:ss"),
            Primitive::Base64Binary => yes(is_base64(text), "cần base64"),
            Primitive::Xhtml => yes(is_div(text), "cần một thẻ <div> của XHTML"),
            _ => Ok(()),
        }
    }
}

fn yes(holds: bool, why: &'static str) -> Result<(), &'static str> {
    if holds { Ok(()) } else { Err(why) }
}

/// At most 1 MB, without control characters but tab and line ends, and not of spaces alone.
fn string(text: &str) -> Result<(), &'static str> {
    yes(text.len() <= STRING_MAX, "dài quá 1 MB")?;
    let control = |byte: u8| byte < b' ' && !matches!(byte, b'\t' | b'\n' | b'\r');
    yes(!text.bytes().any(control), "có ký tự điều khiển")?;
    yes(text.chars().any(|letter| !letter.is_whitespace()), "chỉ có dấu cách")
}

/// `[^\s]+(\s[^\s]+)*`, where `\s` is XML Schema's: blank, tab, line ends.
fn code(text: &str) -> Result<(), &'static str> {
    let tidy = text.split([' ', '\t', '\n', '\r']).all(|part| !part.is_empty());
    yes(tidy, "không được có dấu cách ở đầu, ở cuối hoặc hai dấu cách liền nhau")
}

/// `urn:oid:[0-2](\.(0|[1-9][0-9]*))+`
fn is_oid(text: &str) -> bool {
    let Some(numbers) = text.strip_prefix("urn:oid:") else { return false };
    let mut parts = numbers.split('.');
    let first = parts.next().is_some_and(|part| matches!(part, "0" | "1" | "2"));
    let mut rest = 0;
    let sound = parts.all(|part| {
        rest += 1;
        digits(part) && (part == "0" || !part.starts_with('0'))
    });
    first && sound && rest > 0
}

fn is_uuid(text: &str) -> bool {
    let Some(letters) = text.strip_prefix("urn:uuid:") else { return false };
    letters.len() == 36
        && letters.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
        })
}

fn digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn number(text: &str, width: usize) -> Option<u8> {
    (text.len() == width && digits(text)).then(|| text.parse().ok()).flatten()
}

/// A year, a month or a day that exists.
fn is_date(text: &str) -> bool {
    let mut parts = text.split('-');
    let year = parts.next().filter(|year| year.len() == 4 && digits(year) && *year != "0000");
    let (month, day, more) = (parts.next(), parts.next(), parts.next());
    match (year, month, day, more) {
        (Some(_), None, ..) => true,
        (Some(_), Some(month), None, _) => number(month, 2).is_some_and(|month| (1..=12).contains(&month)),
        (Some(_), Some(_), Some(_), None) => text.len() == 10 && Day::parse(text).is_some(),
        _ => false,
    }
}

/// A time needs seconds and a zone. <https://hl7.org/fhir/R4/datatypes.html#dateTime>
fn is_date_time(text: &str) -> bool {
    match text.split_once('T') {
        None => is_date(text),
        Some(_) => is_instant(text),
    }
}

fn is_instant(text: &str) -> bool {
    let Some((date, rest)) = text.split_once('T') else { return false };
    let Some(zone) = rest.find(['Z', '+', '-']) else { return false };
    date.len() == 10 && is_date(date) && is_time(&rest[..zone]) && is_zone(&rest[zone..])
}

/// `Z` or an offset of at most 14 hours.
fn is_zone(text: &str) -> bool {
    if text == "Z" {
        return true;
    }
    let Some((hours, minutes)) = text.get(1..).and_then(|rest| rest.split_once(':')) else { return false };
    match (number(hours, 2), number(minutes, 2)) {
        (Some(14), Some(0)) => true,
        (Some(hours), Some(minutes)) => hours < 14 && minutes < 60,
        _ => false,
    }
}

/// `hh:mm:ss`, with a fraction or without; a leap second counts.
fn is_time(text: &str) -> bool {
    let (whole, fraction) = text.split_once('.').map_or((text, None), |(whole, rest)| (whole, Some(rest)));
    let mut parts = whole.split(':').map(|part| number(part, 2));
    let (hour, minute, second) = (parts.next().flatten(), parts.next().flatten(), parts.next().flatten());
    parts.next().is_none()
        && hour.is_some_and(|hour| hour < 24)
        && minute.is_some_and(|minute| minute < 60)
        && second.is_some_and(|second| second <= 60)
        && fraction.is_none_or(digits)
}

/// Groups of four; line breaks and spaces may stand anywhere.
fn is_base64(text: &str) -> bool {
    let (mut letters, mut padding) = (0usize, 0usize);
    for byte in text.bytes().filter(|byte| !byte.is_ascii_whitespace()) {
        match byte {
            b'=' => padding += 1,
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'+' | b'/' if padding == 0 => letters += 1,
            _ => return false,
        }
    }
    padding <= 2 && letters > 0 && (letters + padding).is_multiple_of(4)
}

/// That it is one `div` of XHTML; what may stand inside is the narrative's own rule.
fn is_div(text: &str) -> bool {
    let text = text.trim();
    text.starts_with("<div") && (text.ends_with("</div>") || text.ends_with("/>"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use yba_fhir::json::from_str;

    /// Each line: type, values that are right, values that are wrong, as JSON.
    const CASES: &[(&str, &[&str], &[&str])] = &[
        ("boolean", &["true", "false"], &["\"true\"", "1", "null", "[]"]),
        ("integer", &["0", "-1", "2147483647", "-2147483648"], &["2147483648", "1.0", "1e3", "\"1\""]),
        ("unsignedInt", &["0", "7"], &["-1", "1.5"]),
        ("positiveInt", &["1"], &["0", "-3"]),
        ("decimal", &["0", "-1.50", "2.00", "1e-7"], &["\"1.5\"", "true"]),
        ("string", &["\"Lò Thị Mẩy\"", "\"a\\nb\\tc\""], &["\"\"", "\" \"", "\"a\\u0001\"", "5"]),
        ("code", &["\"final\"", "\"a b\"", "\"a\u{a0}\""], &["\" a\"", "\"a \"", "\"a  b\"", "\"\""]),
        ("id", &["\"a-1.B\""], &["\"a b\"", "\"a_b\"", "\"\""]),
        ("uri", &["\"urn:oid:1.2\"", "\"https://a.vn/x\""], &["\"a b\"", "\"\""]),
        (
            "oid",
            &["\"urn:oid:2.16.840\"", "\"urn:oid:1.0\""],
            &["\"1.2\"", "\"urn:oid:3.1\"", "\"urn:oid:1\"", "\"urn:oid:1.02\""],
        ),
        (
            "uuid",
            &["\"urn:uuid:c757873d-ec9a-4326-a141-556f43239520\""],
            &[
                "\"c757873d-ec9a-4326-a141-556f43239520\"",
                "\"urn:uuid:C757873D-ec9a-4326-a141-556f43239520\"",
            ],
        ),
        (
            "date",
            &["\"1986\"", "\"1986-02\"", "\"1986-02-28\"", "\"2024-02-29\""],
            &[
                "\"1986-13\"",
                "\"1986-02-30\"",
                "\"86\"",
                "\"1986-2-3\"",
                "\"0000\"",
                "\"1986-02-28T00:00:00Z\"",
                "\"03/02/1986\"",
            ],
        ),
        (
            "dateTime",
            &["\"1986\"", "\"2026-03-02T08:00:00+07:00\"", "\"2026-03-02T08:00:00.5Z\"", "\"2026-03-02\""],
            &[
                "\"2026-03-02T08:00\"",
                "\"2026-03-02T08:00:00\"",
                "\"2026-03-02T25:00:00Z\"",
                "\"2026-03-02T08:00:00+7:00\"",
                "\"2026-02-30T08:00:00Z\"",
            ],
        ),
        (
            "instant",
            &["\"2026-03-02T08:00:00.123+07:00\"", "\"2016-12-31T23:59:60Z\""],
            &[
                "\"2026-03-02\"",
                "\"2026-03-02T08:00:00\"",
                "\"2026-03T08:00:00Z\"",
                "\"2026-03-02T08:00:00+15:00\"",
            ],
        ),
        (
            "time",
            &["\"08:00:00\"", "\"23:59:59.999\""],
            &["\"8:00:00\"", "\"08:00\"", "\"24:00:00\"", "\"08:00:00Z\"", "\"08:00:00.\""],
        ),
        (
            "base64Binary",
            &["\"QUJD\"", "\"QUI=\"", "\"QU\\nJD\""],
            &["\"QUJ\"", "\"QU=J\"", "\"Q===\"", "\"*\""],
        ),
        (
            "xhtml",
            &["\"<div xmlns=\\\"http://www.w3.org/1999/xhtml\\\">x</div>\""],
            &["\"x\"", "\"<p>x</p>\""],
        ),
    ];

    #[test]
    fn every_format_takes_what_is_right_and_refuses_what_is_wrong() {
        for (kind, right, wrong) in CASES {
            let kind = Primitive::of(kind).unwrap();
            for text in *right {
                assert_eq!(kind.check(&from_str(text).unwrap()), Ok(()), "{kind:?} {text}");
            }
            for text in *wrong {
                assert!(kind.check(&from_str(text).unwrap()).is_err(), "{kind:?} {text}");
            }
        }
    }

    #[test]
    fn a_string_of_more_than_a_megabyte_is_refused() {
        let long: Value = (&*"a".repeat(STRING_MAX + 1)).into();
        assert!(Primitive::String.check(&long).is_err());
    }
}
