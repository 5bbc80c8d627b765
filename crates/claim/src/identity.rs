//! The numbers people carry, told apart by their form: the field `SO_CCCD` takes several and carries no type.

/// What a value of `SO_CCCD` is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Paper {
    /// 12 digits: the personal identification number.
    Citizen(String),
    /// 9 digits: the identity card until 2024.
    OldCard(String),
    Passport(String),
    Unknown,
}

/// Tells what an identity number is. Spaces, dots and dashes inside are dropped.
pub fn paper(text: &str) -> Paper {
    let plain: String = text.chars().filter(|letter| !matches!(letter, ' ' | '.' | '-')).collect();
    let plain = plain.to_ascii_uppercase();
    let digits = plain.bytes().all(|byte| byte.is_ascii_digit());
    let same = plain.bytes().all(|byte| Some(byte) == plain.bytes().next());
    match plain.len() {
        // A number of one repeated digit is how systems fill a field that must not be empty.
        _ if same => Paper::Unknown,
        12 if digits => Paper::Citizen(plain),
        9 if digits => Paper::OldCard(plain),
        8 if is_passport(&plain) => Paper::Passport(plain),
        _ => Paper::Unknown,
    }
}

fn is_passport(text: &str) -> bool {
    let mut bytes = text.bytes();
    bytes.next().is_some_and(|first| first.is_ascii_uppercase()) && bytes.all(|byte| byte.is_ascii_digit())
}

/// An insurance card: 15 characters, and the 10 digits of the person where it carries them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Card {
    /// 15 characters; `None` when only the 10-digit number was given.
    pub number: Option<String>,
    /// The social insurance number; `None` for a temporary child card, whose digits carry something else.
    pub person: Option<String>,
}

/// Reads an insurance card number of 15 characters, or the 10-digit number that cards print since 2021.
pub fn card(text: &str) -> Option<Card> {
    let plain: String = text.chars().filter(|letter| !letter.is_whitespace() && *letter != '-').collect();
    let plain = plain.to_ascii_uppercase();
    let bytes = plain.as_bytes();
    let digits = |part: &[u8]| part.iter().all(u8::is_ascii_digit);
    let same = |part: &[u8]| part.iter().all(|byte| *byte == part[0]);
    match bytes.len() {
        10 if digits(bytes) && !same(bytes) => Some(Card { number: None, person: Some(plain) }),
        15 => {
            let sound = bytes[..2].iter().all(u8::is_ascii_uppercase)
                && (b'1'..=b'5').contains(&bytes[2])
                && digits(&bytes[3..])
                && !same(&bytes[5..]);
            sound.then(|| Card { person: Some(plain[5..].to_owned()), number: Some(plain) })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identity_numbers_are_told_apart_by_form() {
        assert_eq!(paper("012190001234"), Paper::Citizen("012190001234".into()));
        assert_eq!(paper("012 190 001 234"), Paper::Citizen("012190001234".into()));
        assert_eq!(paper("091234567"), Paper::OldCard("091234567".into()));
        assert_eq!(paper("c1234567"), Paper::Passport("C1234567".into()));
        for odd in ["", "000000000000", "111111111", "12345", "01219000123X", "ẠB1234567890"] {
            assert_eq!(paper(odd), Paper::Unknown, "{odd}");
        }
    }

    #[test]
    fn cards_give_the_persons_number_where_they_have_one() {
        let gd = card("GD4121234567890").unwrap();
        assert_eq!(
            (gd.number.as_deref(), gd.person.as_deref()),
            (Some("GD4121234567890"), Some("1234567890"))
        );
        assert_eq!(card("1234567890").unwrap().person.as_deref(), Some("1234567890"));
        for odd in ["", "GD6121234567890", "gd41212345678", "GD4120000000000", "ĐD412123456789"] {
            assert_eq!(card(odd), None, "{odd}");
        }
    }
}
