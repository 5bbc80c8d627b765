//! How names and dates get spoiled at a desk, beyond lost accents: short forms, sounds written another way, slips of a
//! finger, parts in another order.

use crate::names::without_accents;
use crate::rng::Rng;

/// `Nguyễn Thị Mai` as `Ng. Thị Mai`, `Nguyễn Th. Mai` or both; the given name stays.
pub fn short_form(name: &str, rng: &mut Rng) -> String {
    let words: Vec<&str> = name.split(' ').collect();
    let last = words.len() - 1;
    let which = rng.below(3);
    let short = |(at, word): (usize, &&str)| {
        let is_asked = at < last && (which == 2 || (which == 0) == (at == 0));
        if !is_asked || word.chars().count() < 3 {
            return (*word).to_owned();
        }
        let letters = match without_accents(word).to_lowercase() {
            plain if plain.starts_with("ngh") => 3,
            plain
                if ["ng", "nh", "th", "tr", "ph", "ch", "kh", "gi"]
                    .iter()
                    .any(|one| plain.starts_with(one)) =>
            {
                2
            }
            _ => 1,
        };
        format!("{}.", word.chars().take(letters).collect::<String>())
    };
    words.iter().enumerate().map(short).collect::<Vec<_>>().join(" ")
}

/// One word written as another clerk would hear it: names of minority languages have no one spelling in Vietnamese.
pub fn by_ear(name: &str, rng: &mut Rng) -> String {
    const SOUNDS: [(&str, &str); 17] = [
        ("Gi", "D"),
        ("D", "Gi"),
        ("S", "X"),
        ("X", "S"),
        ("Ch", "Tr"),
        ("Tr", "Ch"),
        ("L", "N"),
        ("y", "i"),
        ("i", "y"),
        ("ơ", "ư"),
        ("ô", "o"),
        ("o", "ô"),
        ("ê", "e"),
        ("ng", "n"),
        ("ào", "ao"),
        ("á", "a"),
        ("ỷ", "ỉ"),
    ];
    let mut words: Vec<String> = name.split(' ').map(str::to_owned).collect();
    for _ in 0..8 {
        let at = rng.below(words.len() as u64) as usize;
        let (from, to) = *rng.pick(&SOUNDS);
        if words[at].chars().count() > 1 && words[at].contains(from) {
            words[at] = words[at].replacen(from, to, 1);
            break;
        }
    }
    words.join(" ")
}

/// One letter of one word left out, doubled, exchanged with its neighbour or hit beside.
pub fn slip(name: &str, rng: &mut Rng) -> String {
    const BESIDE: &str = "qwertyuiopasdfghjklzxcvbnm";
    let mut letters: Vec<char> = name.chars().collect();
    let at = (0..16).map(|_| 1 + rng.below(letters.len() as u64 - 1) as usize);
    let inside = |at: &usize| letters[*at].is_alphabetic() && letters[*at - 1].is_alphabetic();
    let Some(at) = at.into_iter().find(inside) else { return name.to_owned() };
    match rng.below(4) {
        0 => drop(letters.remove(at)),
        1 => letters.insert(at, letters[at]),
        2 => {
            let (before, after) = (letters[at - 1], letters[at]);
            letters[at] = before.to_lowercase().next().unwrap_or(before);
            letters[at - 1] =
                if before.is_uppercase() { after.to_uppercase().next().unwrap_or(after) } else { after };
        }
        _ => {
            let plain = without_accents(&letters[at].to_string()).to_lowercase();
            let key = BESIDE.find(&plain).unwrap_or(3);
            letters[at] = char::from(BESIDE.as_bytes()[(key + 1) % BESIDE.len()]);
        }
    }
    letters.into_iter().collect()
}

/// [`slip`] for those who have no stream of chance: the same number, the same slip.
pub fn slipped(name: &str, number: u64) -> String {
    slip(name, &mut Rng::new(number))
}

/// The given name first: `Mai Lò Thị`.
pub fn given_first(name: &str) -> String {
    name.rsplit_once(' ').map_or(name.to_owned(), |(rest, given)| format!("{given} {rest}"))
}

/// Without what stands between the first word and the last.
pub fn without_middle(name: &str) -> String {
    let words: Vec<&str> = name.split(' ').collect();
    format!("{} {}", words[0], words[words.len() - 1])
}

/// A date `yyyy-mm-dd` with another digit in year, month or day, that still is a date.
pub fn mistyped_date(date: &str, rng: &mut Rng) -> String {
    for _ in 0..32 {
        let at = *rng.pick(&[2usize, 3, 6, 8, 9]);
        let mut bytes = date.as_bytes().to_vec();
        bytes[at] = b'0' + rng.below(10) as u8;
        let text = String::from_utf8(bytes).unwrap_or_else(|_| date.to_owned());
        let is_date = text.parse::<jiff::civil::Date>().is_ok_and(|day| (1925..=2026).contains(&day.year()));
        if is_date && text != date {
            return text;
        }
    }
    date.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spoiled_names_are_still_like_the_name() {
        let mut rng = Rng::new(4);
        let short: Vec<String> = (0..40).map(|_| short_form("Nguyễn Thị Mai", &mut rng)).collect();
        for wanted in ["Ng. Thị Mai", "Nguyễn Th. Mai", "Ng. Th. Mai"] {
            assert!(short.iter().any(|one| one == wanted), "{wanted} not in {short:?}");
        }
        for _ in 0..200 {
            let heard = by_ear("Giàng Thị Mỷ", &mut rng);
            assert_eq!(heard.split(' ').count(), 3, "{heard}");
            let slipped = slip("Giàng Thị Mỷ", &mut rng);
            assert!(slipped.chars().count().abs_diff(12) <= 1, "{slipped}");
        }
        assert_eq!(given_first("Lò Thị Mai"), "Mai Lò Thị");
        assert_eq!(without_middle("Lò Thị Ngọc Mai"), "Lò Mai");
    }

    #[test]
    fn a_mistyped_date_is_another_date() {
        let mut rng = Rng::new(5);
        for _ in 0..100 {
            let other = mistyped_date("1990-01-31", &mut rng);
            assert!(other != "1990-01-31" && other.parse::<jiff::civil::Date>().is_ok(), "{other}");
        }
    }
}
