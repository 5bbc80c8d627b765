//! Days and amounts as people write them into cells.

use yba_fhir::Day;

/// A day: `2026-07-01`, `01/07/2026`, `1.7.2026`, `20260701`, with or without a time of day behind it. `None` when it is
/// none, or one of month and day that cannot be told apart from a number.
pub fn day(text: &str) -> Option<Day> {
    if text.len() >= 8 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        let part = |from: usize, to: usize| text.get(from..to)?.parse().ok();
        return matches!(text.len(), 8 | 12 | 14)
            .then(|| made(part(0, 4)?, part(4, 6)?, part(6, 8)?))
            .flatten();
    }
    let date = text.split([' ', 'T']).next()?;
    let parts: Vec<i32> = date.split(['/', '-', '.']).map(|part| part.parse().ok()).collect::<Option<_>>()?;
    match parts[..] {
        [year, month, day] if year > 31 => made(year, month, day),
        [day, month, year] if year > 31 => made(year, month, day),
        _ => None,
    }
}

fn made(year: i32, month: i32, day: i32) -> Option<Day> {
    (1900..=9999)
        .contains(&year)
        .then(|| Day::new(year as i16, month.try_into().ok()?, day.try_into().ok()?))
        .flatten()
}

/// An amount of money as plain digits: `45900` for `45.900`, `45,900 đ`, `45 900`; `1234.5` for `1.234,50`. `None` when
/// it cannot be told, such as `1.5` triệu.
pub fn amount(text: &str) -> Option<String> {
    let trimmed = text.trim_end_matches(|letter: char| letter.is_alphabetic() || letter.is_whitespace());
    let packed: String = trimmed.chars().filter(|letter| !letter.is_whitespace()).collect();
    let whole = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let signs: Vec<(usize, char)> =
        packed.char_indices().filter(|(_, letter)| matches!(letter, '.' | ',')).collect();
    let (thousands, fraction) = match signs.as_slice() {
        [] => (packed.as_str(), ""),
        // One kind of sign, and three digits behind each: it parts thousands.
        all if all.iter().all(|one| one.1 == all[0].1) && grouped(&packed, all[0].1) => (packed.as_str(), ""),
        [.., (at, last)] if signs.iter().filter(|one| one.1 == *last).count() == 1 => {
            let (head, tail) = (&packed[..*at], &packed[at + 1..]);
            let sign = if *last == '.' { ',' } else { '.' };
            if tail.len() > 2 || (head.contains(sign) && !grouped(head, sign)) {
                return None;
            }
            (head, tail)
        }
        _ => return None,
    };
    let digits: String = thousands.chars().filter(char::is_ascii_digit).collect();
    if !whole(&digits) || !(fraction.is_empty() || whole(fraction)) || digits.len() > 15 {
        return None;
    }
    if !thousands.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b',')) {
        return None;
    }
    let digits = match digits.trim_start_matches('0') {
        "" => "0",
        digits => digits,
    };
    match fraction.trim_end_matches('0') {
        "" => Some(digits.to_owned()),
        fraction => Some(format!("{digits}.{fraction}")),
    }
}

/// Groups of three digits, but for the first.
fn grouped(text: &str, sign: char) -> bool {
    let mut parts = text.split(sign);
    let first = parts.next().unwrap_or_default();
    (1..=3).contains(&first.len())
        && parts.all(|part| part.len() == 3 && part.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_read_as_vietnamese_write_them() {
        for (text, expected) in [
            ("2026-07-01", Some("2026-07-01")),
            ("2026-07-01 00:00:00", Some("2026-07-01")),
            ("01/07/2026", Some("2026-07-01")),
            ("1/7/2026", Some("2026-07-01")),
            ("31.12.2026", Some("2026-12-31")),
            ("20260701", Some("2026-07-01")),
            ("202607010000", Some("2026-07-01")),
            ("13/13/2026", None),
            ("30/02/2026", None),
            ("46204", None),
            ("1/7/26", None),
            ("ngày 1 tháng 7", None),
            ("", None),
            ("2026070", None),
            ("99999999999999999999", None),
        ] {
            assert_eq!(day(text).map(|day| day.to_string()).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn amounts_are_read_or_refused_never_guessed() {
        for (text, expected) in [
            ("45900", Some("45900")),
            ("45.900", Some("45900")),
            ("45,900", Some("45900")),
            ("45 900 đ", Some("45900")),
            ("1.234.567", Some("1234567")),
            ("1.234.567,50", Some("1234567.5")),
            ("1,234,567.25", Some("1234567.25")),
            ("45900.5", Some("45900.5")),
            ("0", Some("0")),
            ("007", Some("7")),
            ("12.34.567", None),
            ("1.234,567.8", None),
            ("45900.1234", None),
            ("-5", None),
            ("miễn phí", None),
            ("", None),
            ("1e6", None),
            (".5", None),
            ("1234567890123456", None),
        ] {
            assert_eq!(amount(text).as_deref(), expected, "{text}");
        }
    }
}
