//! The few patterns that identifiers need: letters, classes `[A-Z0-9]`, `\d`, counts `{3}` and `{6,9}`, and `|`
//! between whole alternatives. Always matched over the whole text. No more, so that content stays inert.

/// A pattern ready to match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern(Vec<Vec<Atom>>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Atom {
    ranges: Vec<(char, char)>,
    least: usize,
    most: usize,
}

const COUNT_MAX: usize = 200;

impl Pattern {
    /// Reads a pattern; the error says what is wrong with it.
    pub fn parse(text: &str) -> Result<Pattern, String> {
        text.split('|').map(alternative).collect::<Result<_, _>>().map(Pattern)
    }

    /// Whether the whole text fits.
    pub fn matches(&self, text: &str) -> bool {
        let letters: Vec<char> = text.chars().collect();
        letters.len() <= COUNT_MAX && self.0.iter().any(|atoms| fits(atoms, &letters))
    }
}

fn fits(atoms: &[Atom], letters: &[char]) -> bool {
    let Some((atom, rest)) = atoms.split_first() else { return letters.is_empty() };
    let run = letters.iter().take(atom.most).take_while(|letter| atom.takes(**letter)).count();
    (atom.least..=run).rev().any(|count| fits(rest, &letters[count..]))
}

impl Atom {
    fn takes(&self, letter: char) -> bool {
        self.ranges.iter().any(|(first, last)| (*first..=*last).contains(&letter))
    }
}

fn alternative(text: &str) -> Result<Vec<Atom>, String> {
    let mut letters = text.chars().peekable();
    let mut atoms = Vec::new();
    while let Some(letter) = letters.next() {
        let ranges = match letter {
            '[' => class(&mut letters).ok_or(format!("lớp ký tự trong mẫu {text:?} không hợp lệ"))?,
            '\\' => match letters.next() {
                Some('d') => vec![('0', '9')],
                Some(plain @ ('.' | '-' | '/')) => vec![(plain, plain)],
                _ => return Err(format!("mẫu {text:?} chỉ dùng được \\d, \\., \\-, \\/")),
            },
            '(' | ')' | '*' | '+' | '?' | '.' | '^' | '$' | '{' | '}' | ']' => {
                return Err(format!("mẫu {text:?} có ký tự {letter:?} không dùng được"));
            }
            plain => vec![(plain, plain)],
        };
        let (least, most) =
            count(&mut letters).ok_or(format!("số lần lặp trong mẫu {text:?} không hợp lệ"))?;
        atoms.push(Atom { ranges, least, most });
    }
    if atoms.is_empty() { Err("mẫu không được để trống".to_string()) } else { Ok(atoms) }
}

type Letters<'a> = std::iter::Peekable<std::str::Chars<'a>>;

fn class(letters: &mut Letters) -> Option<Vec<(char, char)>> {
    let mut ranges = Vec::new();
    loop {
        let first = letters.next()?;
        if first == ']' {
            return (!ranges.is_empty()).then_some(ranges);
        }
        let mut last = first;
        if letters.peek() == Some(&'-') {
            letters.next();
            last = letters.next().filter(|last| *last != ']' && *last >= first)?;
        }
        ranges.push((first, last));
    }
}

fn count(letters: &mut Letters) -> Option<(usize, usize)> {
    if letters.peek() != Some(&'{') {
        return Some((1, 1));
    }
    letters.next();
    let mut text = String::new();
    loop {
        match letters.next()? {
            '}' => break,
            letter => text.push(letter),
        }
    }
    let (least, most) = text.split_once(',').unwrap_or((&text, &text));
    let (least, most) = (least.parse().ok()?, most.parse().ok()?);
    (least <= most && most <= COUNT_MAX).then_some((least, most))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_the_whole_text_only() {
        let rows = [
            (r"\d{12}", "012190001234", true),
            (r"\d{12}", "0121900012345", false),
            (r"\d{12}", "01219000123a", false),
            (r"\d{9}|\d{12}", "091234567", true),
            (r"[A-Z]{2}[1-5]\d{12}", "GD4121234567890", true),
            (r"[A-Z]{2}[1-5]\d{12}", "GD6121234567890", false),
            (r"[A-Z0-9]{6,9}", "B1234567", true),
            (r"[A-Z0-9]{6,9}", "B1234", false),
            (r"[A-Z0-9]{1,3}\d{2}", "AB123", true),
            (r"VD\-\d{5}", "VD-12001", true),
            (r"\d{2}", "１２", false),
        ];
        for (pattern, text, expected) in rows {
            assert_eq!(Pattern::parse(pattern).unwrap().matches(text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        for pattern in ["", "a|", ".*", "(a)", "[", "[]", "[z-a]", r"\w", "a{", "a{2,1}", "a{9999}", "a{x}"] {
            assert!(Pattern::parse(pattern).is_err(), "{pattern}");
        }
    }
}
