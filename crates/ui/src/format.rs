//! The one place where values become Vietnamese text: dates, ages, numbers, money, units, names,
//! masked identity numbers.
//!
//! Everything comes in as FHIR writes it (ISO dates with any precision, decimal tokens with a dot) and
//! goes out as a person in Vietnam reads it. What cannot be understood is returned as it came: a record
//! shows a strange value rather than hiding it. No clock: "today" is always given.

use crate::civil::Moment;

/// Narrow no-break space, between a number and its unit.
pub const THIN: char = '\u{202f}';

/// `2026-11-26…` → `26/11/2026`; `2026-11` → `11/2026`; `2026` → `2026`. Any offset is turned to +07:00.
pub fn date(iso: &str) -> String {
    let Some(at) = Moment::parse(iso) else { return iso.to_string() };
    match (at.month, at.day) {
        (Some(month), Some(day)) => format!("{day:02}/{month:02}/{}", at.year),
        (Some(month), None) => format!("{month:02}/{}", at.year),
        _ => at.year.to_string(),
    }
}

/// `2026-11-26T00:30:00Z` → `26/11/2026 07:30`; a value without a time gives the date alone.
pub fn date_time(iso: &str) -> String {
    match Moment::parse(iso).and_then(|at| at.time) {
        Some((hour, minute)) => format!("{} {hour:02}:{minute:02}", date(iso)),
        None => date(iso),
    }
}

/// Day and month alone (`26/11`), for lists already grouped by year; empty when the day is unknown.
pub fn day_month(iso: &str) -> String {
    match Moment::parse(iso) {
        Some(Moment { month: Some(month), day: Some(day), .. }) => format!("{day:02}/{month:02}"),
        Some(Moment { month: Some(month), .. }) => format!("th. {month}"),
        _ => String::new(),
    }
}

/// The Vietnamese calendar year of a date, if it has one.
pub fn year(iso: &str) -> Option<i32> {
    Moment::parse(iso).map(|at| at.year)
}

/// Days since 1970-01-01 in Vietnam; a missing month or day counts as the first.
pub fn day_number(iso: &str) -> Option<i64> {
    Moment::parse(iso).map(|at| at.day_number())
}

/// When something began and ended: `10/11/2026 08:05–16:30`, over several days both ends in full.
pub fn time_span(start: &str, end: &str) -> String {
    match (Moment::parse(start), Moment::parse(end)) {
        (Some(from), Some(Moment { time: Some((hour, minute)), .. })) if date(start) == date(end) => {
            match from.time {
                Some(time) if time == (hour, minute) => date_time(start),
                _ => format!("{}–{hour:02}:{minute:02}", date_time(start)),
            }
        }
        (Some(_), Some(_)) if date_time(start) != date_time(end) => {
            format!("{} – {}", date_time(start), date_time(end))
        }
        _ => date_time(if start.is_empty() { end } else { start }),
    }
}

/// The ISO date (`2026-11-26`) of a day number, to be compared or formatted again.
pub fn iso_day(days: i64) -> String {
    let (year, month, day) = crate::civil::from_day_number(days);
    format!("{year:04}-{month:02}-{day:02}")
}

/// `26/11/2026 – 30/11/2026`; one date when both are the same day or one is missing.
pub fn period(start: &str, end: &str) -> String {
    match (start.is_empty(), end.is_empty()) {
        (false, true) => date(start),
        (true, false) => date(end),
        (true, true) => String::new(),
        _ if date(start) == date(end) => date(start),
        _ => format!("{} – {}", date(start), date(end)),
    }
}

/// Age on a day: years from 6 on («58 tuổi»), months under 6 years («14 tháng»), days under a month
/// («12 ngày»). With a birth year only, «khoảng 58 tuổi». Empty when the birth is unknown or later than
/// `on`.
pub fn age(birth: &str, on: &str) -> String {
    let (Some(birth), Some(on)) = (Moment::parse(birth), Moment::parse(on)) else { return String::new() };
    let (Some(month), Some(on_month)) = (birth.month, on.month) else {
        return if on.year >= birth.year {
            format!("khoảng {} tuổi", on.year - birth.year)
        } else {
            String::new()
        };
    };
    let not_yet = i32::from(on.day.unwrap_or(1) < birth.day.unwrap_or(1));
    let months = (on.year - birth.year) * 12 + on_month as i32 - month as i32 - not_yet;
    let days = on.day_number() - birth.day_number();
    match months {
        _ if days < 0 => String::new(),
        0 => format!("{days} ngày"),
        1..72 => format!("{months} tháng"),
        _ => format!("{} tuổi", months / 12),
    }
}

/// `14/03/1968 (58 tuổi)`.
pub fn born(birth: &str, on: &str) -> String {
    match age(birth, on) {
        age if age.is_empty() => date(birth),
        age => format!("{} ({age})", date(birth)),
    }
}

/// A decimal token with Vietnamese marks: `6482` → `6.482`, `8.10` → `8,10`, `-0.5` → `−0,5`.
/// Digits are kept as they came; what is no plain decimal passes unchanged.
pub fn number(token: &str) -> String {
    let (sign, digits) = match token.strip_prefix('-') {
        Some(rest) => ("−", rest),
        None => ("", token),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let plain = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !plain(whole) || !plain(fraction) || digits.ends_with('.') {
        return token.to_string();
    }
    let comma = if fraction.is_empty() { "" } else { "," };
    format!("{sign}{}{comma}{fraction}", grouped(whole))
}

fn grouped(whole: &str) -> String {
    let mut out = String::with_capacity(whole.len() + whole.len() / 3);
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) {
            out.push('.');
        }
        out.push(digit);
    }
    out
}

/// A count of things: `6.482`.
pub fn count(n: usize) -> String {
    grouped(&n.to_string())
}

/// A size: `840 byte`, `12 KB`, `3,4 MB`.
pub fn bytes(n: usize) -> String {
    match n {
        0..1024 => format!("{n}{THIN}byte"),
        1024..1_048_576 => format!("{}{THIN}KB", n.div_ceil(1024)),
        1_048_576..1_073_741_824 => format!("{},{}{THIN}MB", n >> 20, ((n % (1 << 20)) * 10) >> 20),
        _ => format!("{},{}{THIN}GB", grouped(&(n >> 30).to_string()), (((n >> 20) % 1024) * 10) >> 10),
    }
}

/// Money in đồng, from a decimal token: `4821000.00` → `4.821.000 ₫`. A fraction that is not zero stays.
pub fn money(dong: &str) -> String {
    let token = match dong.split_once('.') {
        Some((whole, fraction)) if fraction.bytes().all(|byte| byte == b'0') => whole,
        _ => dong,
    };
    format!("{}{THIN}₫", number(token))
}

/// A number with its unit: `98 µmol/L`. UCUM spellings are turned to what clinics write.
pub fn quantity(value: &str, unit: &str) -> String {
    match unit.is_empty() {
        true => number(value),
        false => format!("{}{THIN}{}", number(value), self::unit(unit)),
    }
}

/// UCUM to the usual spelling in clinics; other text stays.
pub fn unit(ucum: &str) -> String {
    match ucum {
        "1" | "{}" => String::new(),
        "mm[Hg]" => "mmHg".into(),
        "Cel" => "°C".into(),
        "/min" | "{beats}/min" => "lần/phút".into(),
        "10*9/L" | "10^9/L" | "G/L" => "G/L".into(),
        "10*12/L" | "10^12/L" | "T/L" => "T/L".into(),
        "[pH]" => String::new(),
        "kg/m2" => "kg/m²".into(),
        "mL/min/{1.73_m2}" => "mL/phút/1,73 m²".into(),
        other => match other.strip_prefix('u') {
            Some(rest) if rest.starts_with("mol") || rest.starts_with("g/") || rest.starts_with("L") => {
                format!("µ{rest}")
            }
            _ => other.to_string(),
        },
    }
}

/// A reference range: `3,9–6,4`, `< 7`, `> 60`; empty when there is none.
pub fn range(low: Option<&str>, high: Option<&str>) -> String {
    match (low, high) {
        (Some(low), Some(high)) => format!("{}–{}", number(low), number(high)),
        (None, Some(high)) => format!("<{THIN}{}", number(high)),
        (Some(low), None) => format!(">{THIN}{}", number(low)),
        (None, None) => String::new(),
    }
}

/// A person's name in capitals, for the banner and for forms: marks and Đ survive.
pub fn name_capitals(name: &str) -> String {
    name.to_uppercase()
}

/// A facility's name with the abbreviations every clinic uses, for narrow lines:
/// «Bệnh viện đa khoa tỉnh Lai Châu» → «BVĐK tỉnh Lai Châu».
pub fn facility_short(name: &str) -> String {
    const SHORT: [(&str, &str); 6] = [
        ("bệnh viện đa khoa", "BVĐK"),
        ("bệnh viện", "BV"),
        ("trung tâm y tế", "TTYT"),
        ("trạm y tế", "TYT"),
        ("phòng khám đa khoa", "PKĐK"),
        ("cơ sở khám chữa bệnh", "CSKCB"),
    ];
    let lower = name.to_lowercase();
    for (long, short) in SHORT {
        if lower.starts_with(long) && name.len() >= long.len() {
            return format!("{short}{}", name.get(long.len()..).unwrap_or(""));
        }
    }
    name.to_string()
}

/// An identity number with all but its last four characters hidden: `••••4821`.
/// Numbers of four characters or fewer are hidden entirely.
pub fn masked(number: &str) -> String {
    let chars: Vec<char> = number.chars().filter(|c| !c.is_whitespace()).collect();
    match chars.len() {
        0 => String::new(),
        1..=4 => "••••".into(),
        n => format!("••••{}", chars[n - 4..].iter().collect::<String>()),
    }
}

/// FHIR administrative gender in Vietnamese.
pub fn sex(code: &str) -> &'static str {
    match code {
        "male" => "Nam",
        "female" => "Nữ",
        "other" => "Khác",
        _ => "Chưa rõ giới tính",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_vietnamese_and_keep_their_precision() {
        for (iso, text) in [
            ("2026-11-26", "26/11/2026"),
            ("2026-11", "11/2026"),
            ("1968", "1968"),
            ("2026-11-25T23:30:00Z", "26/11/2026"),
            ("2026-11-26T07:30:00+07:00", "26/11/2026"),
            ("hôm qua", "hôm qua"),
            ("2026-13-01", "2026-13-01"),
            ("", ""),
        ] {
            assert_eq!(date(iso), text);
        }
        assert_eq!(date_time("2026-11-26T00:30:00Z"), "26/11/2026 07:30");
        assert_eq!(date_time("2026-11-26T20:05:00.123+07:00"), "26/11/2026 20:05");
        assert_eq!(date_time("2026-11-26"), "26/11/2026");
        assert_eq!(period("2026-11-26T08:00:00+07:00", "2026-11-26T10:00:00+07:00"), "26/11/2026");
        assert_eq!(
            time_span("2026-11-26T08:00:00+07:00", "2026-11-26T10:30:00+07:00"),
            "26/11/2026 08:00–10:30"
        );
        assert_eq!(time_span("2026-11-26T08:00:00+07:00", "2026-11-28"), "26/11/2026 08:00 – 28/11/2026");
        assert_eq!(time_span("2026-11-26", ""), "26/11/2026");
        assert_eq!(period("2026-11-26", "2026-11-30"), "26/11/2026 – 30/11/2026");
    }

    #[test]
    fn ages_turn_from_days_to_months_to_years() {
        let on = "2026-11-26";
        for (birth, text) in [
            ("1968-03-14", "58 tuổi"),
            ("1968-11-27", "57 tuổi"),
            ("2020-11-26", "6 tuổi"),
            ("2020-11-27", "71 tháng"),
            ("2026-10-26", "1 tháng"),
            ("2026-10-27", "30 ngày"),
            ("2026-11-26", "0 ngày"),
            ("2026-11-27", ""),
            ("1968", "khoảng 58 tuổi"),
            ("", ""),
        ] {
            assert_eq!(age(birth, on), text, "{birth}");
        }
        assert_eq!(born("1968-03-14", on), "14/03/1968 (58 tuổi)");
    }

    #[test]
    fn numbers_keep_their_digits() {
        for (token, text) in [
            ("8.1", "8,1"),
            ("2.00", "2,00"),
            ("6482", "6.482"),
            ("100", "100"),
            ("1234567.5", "1.234.567,5"),
            ("-0.5", "−0,5"),
            ("1e3", "1e3"),
            ("12.", "12."),
            ("âm tính", "âm tính"),
        ] {
            assert_eq!(number(token), text);
        }
        assert_eq!(money("4821000"), "4.821.000\u{202f}₫");
        assert_eq!(money("4821000.00"), "4.821.000\u{202f}₫");
        assert_eq!(money("150.50"), "150,50\u{202f}₫");
        assert_eq!(quantity("98", "umol/L"), "98\u{202f}µmol/L");
        for (n, text) in
            [(0, "0 byte"), (1023, "1023 byte"), (1025, "2 KB"), (3_565_159, "3,4 MB"), (27 << 30, "27,0 GB")]
        {
            assert_eq!(bytes(n).replace(THIN, " "), text);
        }
        assert_eq!(range(None, Some("7.0")), "<\u{202f}7,0");
    }

    #[test]
    fn names_and_numbers_of_people() {
        assert_eq!(name_capitals("Đặng Thị Ẩn"), "ĐẶNG THỊ ẨN");
        assert_eq!(facility_short("Bệnh viện đa khoa tỉnh Lai Châu"), "BVĐK tỉnh Lai Châu");
        assert_eq!(facility_short("Trung tâm Y tế Tam Đường"), "TTYT Tam Đường");
        assert_eq!(facility_short("CDC Lai Châu"), "CDC Lai Châu");
        assert_eq!(masked("012186004821"), "••••4821");
        assert_eq!(masked("4821"), "••••");
        assert_eq!(masked(""), "");
    }
}
