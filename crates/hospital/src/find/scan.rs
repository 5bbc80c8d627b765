//! What a desk scanner reads from a card, turned into the number to search for.
//!
//! Identity card: seven or more fields parted by `|`, the first one the 12-digit personal number (four
//! independent public parsers agree; newer cards add fields, which are ignored). Insurance card: the first
//! field is the 10-digit social insurance number or the 15-character card, the second the name as hex.
//! Reading a card is not authentication.

/// A number found in a scanned string.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scan {
    /// Personal identification number, 12 digits.
    Identity(String),
    /// Insurance card (15 characters) or social insurance number (10 digits).
    Insurance(String),
}

impl Scan {
    /// The bare number, to be searched like a typed one.
    pub fn number(&self) -> &str {
        match self {
            Scan::Identity(number) | Scan::Insurance(number) => number,
        }
    }
}

/// Reads a scanned card; `None` when the text is no card (then it is an ordinary search).
pub fn scan(text: &str) -> Option<Scan> {
    let fields: Vec<&str> = text.trim().trim_end_matches('$').split('|').map(str::trim).collect();
    let first = fields[0];
    let digits =
        |text: &str, count: usize| text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit());
    if fields.len() >= 7 && digits(first, 12) {
        return Some(Scan::Identity(first.to_string()));
    }
    let card = first.len() == 15
        && first.is_ascii()
        && digits(&first[5..], 10)
        && first[..2].bytes().all(|b| b.is_ascii_alphabetic());
    let name_in_hex =
        fields.get(1).is_some_and(|hex| hex.len() % 2 == 0 && hex.bytes().all(|b| b.is_ascii_hexdigit()));
    (fields.len() >= 7 && name_in_hex && (card || digits(first, 10)))
        .then(|| Scan::Insurance(first.to_uppercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cards_give_their_number() {
        let identity =
            "012190001234|091234567|Lò Thị Mai|02011990|Nữ|Thân Thuộc, Tân Uyên, Lai Châu|15052022";
        assert_eq!(scan(identity), Some(Scan::Identity("012190001234".into())));
        let no_old_card = "040205123456||Nguyễn Văn An|20072005|Nam|Xã Kim Liên, Tỉnh Nghệ An|01082024|||";
        assert_eq!(scan(no_old_card), Some(Scan::Identity("040205123456".into())));
        let insurance = "1234567890|4cc3b2205468e1bb8b204d6169|02/01/1990|2|-|12 - 001|01/01/2026|-|01/01/2026|12345678901234|-|4| 01/01/2020|ab-1234|1|4c$";
        assert_eq!(scan(insurance), Some(Scan::Insurance("1234567890".into())));
        let old = "dn4121234567890|4cc3b2|02/01/1990|2|-|12 - 001|01/01/2020|31/12/2020|01/01/2020";
        assert_eq!(scan(old).map(|s| s.number().to_string()).as_deref(), Some("DN4121234567890"));
    }

    #[test]
    fn what_is_no_card_is_left_to_the_search() {
        for text in [
            "",
            "nguyen thi lanh 1986",
            "012190001234",
            "a|b",
            "12345|x|x|x|x|x|x",
            "1234567890|Lò|x|x|x|x|x",
            "|||||||",
        ] {
            assert_eq!(scan(text), None, "{text}");
        }
    }
}
