//! Words of names, each kept once: as written with marks, without them, and how it sounds.
//!
//! Names of the minorities have no one spelling in Vietnamese letters, and clerks write what they hear: `Giàng` and
//! `Dàng`, `Sùng` and `Xùng`, `Mỷ` and `Mỉ` sound alike. `đ` counts as `d` since most loss of marks makes it one.

use super::hash::FastMap;
use crate::name::{marked_words, words};

/// Most letters of a word that are looked at.
const LETTERS_MAX: usize = 16;
/// Most raw spellings that are remembered to save work; more are worked out each time.
const RAW_MAX: usize = 400_000;

/// A word met more often than this, and more often than one in so many of the word it is like, is no slip.
const REAL_FROM: u32 = 8;
const SLIPS_ONE_IN: u32 = 150;

/// A word of the dictionary.
#[derive(Debug, Clone)]
pub(super) struct Word {
    /// Without marks, ASCII where it can be.
    pub folded: Box<str>,
    /// How it sounds, whoever wrote it down.
    pub heard: Box<str>,
    /// Number of the folded form: equal forms, equal numbers.
    pub plain: u32,
    /// Number of the sound; hashed into 16 bits, for blocking and quick comparison.
    pub sound: u16,
    /// How often it stands in names.
    pub count: u32,
    pub is_marked: bool,
    /// `Ng.`, `T.`, `Th`: stands for any word that begins so.
    pub is_short: bool,
}

/// All words met.
#[derive(Debug, Default)]
pub(super) struct Dictionary {
    words: Vec<Word>,
    raw: FastMap<Box<str>, u32>,
    by_form: FastMap<Box<str>, u32>,
    plain: FastMap<Box<str>, u32>,
    /// What was added since a question began: raw spellings, forms and folded forms, and how many words there were.
    journal: Option<Journal>,
}

#[derive(Debug, Default)]
struct Journal {
    words: usize,
    raw: Vec<Box<str>>,
    forms: Vec<Box<str>>,
    plain: Vec<Box<str>>,
}

impl Dictionary {
    pub fn begin_journal(&mut self) {
        self.journal = Some(Journal { words: self.words.len(), ..Journal::default() });
    }

    /// Forgets the words of a question, so that questions do not make the dictionary grow.
    pub fn take_back(&mut self) {
        let Some(journal) = self.journal.take() else { return };
        self.words.truncate(journal.words);
        journal.raw.iter().for_each(|key| {
            self.raw.remove(key);
        });
        journal.forms.iter().for_each(|key| {
            self.by_form.remove(key);
        });
        journal.plain.iter().for_each(|key| {
            self.plain.remove(key);
        });
    }

    pub fn word(&self, id: u32) -> &Word {
        &self.words[id as usize]
    }

    /// The numbers of the words of a name, at most as many as fit. `kept` is filled from the front.
    pub fn words_of(&mut self, name: &str, kept: &mut [u32]) -> usize {
        let mut count = 0;
        for token in tokens(name) {
            if count == kept.len() {
                break;
            }
            if let Some(id) = self.intern(token) {
                // A question is no name on record.
                self.words[id as usize].count += u32::from(self.journal.is_none());
                kept[count] = id;
                count += 1;
            }
        }
        count
    }

    /// The number of a token as it came, with the point after it if there was one.
    fn intern(&mut self, token: &str) -> Option<u32> {
        if let Some(id) = self.raw.get(token) {
            return Some(*id);
        }
        let bare = token.trim_end_matches('.');
        let marked = marked_words(bare).into_iter().next()?;
        let folded: String = words(bare).into_iter().next()?.chars().take(LETTERS_MAX).collect();
        let is_short = is_short(token, &folded);
        let form = if is_short { format!("{marked}.") } else { marked.clone() };
        let id = match self.by_form.get(form.as_str()) {
            Some(id) => *id,
            None => {
                let plain = self.plain_of(&folded);
                let heard = sound(&folded);
                let word = Word {
                    plain,
                    sound: super::hash::key_of_text(&heard) as u16,
                    heard: heard.into(),
                    count: 0,
                    is_marked: marked != folded,
                    is_short,
                    folded: folded.into(),
                };
                self.words.push(word);
                let id = self.words.len() as u32 - 1;
                if let Some(journal) = &mut self.journal {
                    journal.forms.push(form.as_str().into());
                }
                self.by_form.insert(form.into(), id);
                id
            }
        };
        if self.raw.len() < RAW_MAX && token.len() <= 4 * LETTERS_MAX {
            if let Some(journal) = &mut self.journal {
                journal.raw.push(token.into());
            }
            self.raw.insert(token.into(), id);
        }
        Some(id)
    }

    fn plain_of(&mut self, folded: &str) -> u32 {
        if let Some(plain) = self.plain.get(folded) {
            return *plain;
        }
        let plain = self.plain.len() as u32;
        if let Some(journal) = &mut self.journal {
            journal.plain.push(folded.into());
        }
        self.plain.insert(folded.into(), plain);
        plain
    }
}

impl Word {
    /// Both are met too often for one to be a slip for the other: they are two names.
    pub fn is_apart_from(&self, other: &Word) -> bool {
        let (rare, common) = (self.count.min(other.count), self.count.max(other.count));
        rare >= REAL_FROM && rare.saturating_mul(SLIPS_ONE_IN) >= common
    }
}

/// A short form has a point after it and few letters, or no vowel at all.
fn is_short(token: &str, folded: &str) -> bool {
    let has_vowel = folded.bytes().any(|letter| b"aeiouy".contains(&letter));
    let letters = folded.bytes().all(|one| one.is_ascii_lowercase());
    (token.ends_with('.') && folded.len() <= 3) || (!has_vowel && letters && folded.len() <= 3)
}

/// Pieces of letters and digits; a point right after one belongs to it.
fn tokens(name: &str) -> impl Iterator<Item = &str> {
    let mut rest = name;
    std::iter::from_fn(move || {
        let start = rest.find(in_word)?;
        rest = &rest[start..];
        let mut end = rest.find(|letter: char| !in_word(letter)).unwrap_or(rest.len());
        if rest[end..].starts_with('.') {
            end += 1;
        }
        let (token, after) = rest.split_at(end);
        rest = after;
        Some(token)
    })
}

fn in_word(letter: char) -> bool {
    letter.is_alphanumeric() || matches!(letter, '\'' | '’' | '`') || crate::name::is_mark(letter)
}

/// How a word without marks sounds, whoever wrote it down.
pub(super) fn sound(folded: &str) -> String {
    const INITIALS: [(&str, &str); 13] = [
        ("ngh", "ng"),
        ("gh", "g"),
        ("gi", "d"),
        ("tr", "ch"),
        ("ph", "f"),
        ("qu", "cu"),
        ("k", "c"),
        ("x", "s"),
        ("z", "d"),
        ("r", "d"),
        ("j", "d"),
        ("w", "v"),
        ("y", "i"),
    ];
    let found = INITIALS.iter().find(|(written, _)| folded.starts_with(written));
    let (head, tail) = match found {
        // `gi` before a vowel is the consonant alone; `gì`, `gin` keep their vowel.
        Some(("gi", _)) => match folded[2..].starts_with(['a', 'e', 'o', 'u']) {
            true => ("d", &folded[2..]),
            false => ("d", &folded[1..]),
        },
        // `kh` is a sound of its own.
        Some(("k", _)) if folded.starts_with("kh") => ("kh", &folded[2..]),
        Some((written, heard)) => (*heard, &folded[written.len()..]),
        None => ("", folded),
    };
    let mut sounded = String::with_capacity(folded.len());
    for letter in head.chars().chain(tail.chars()) {
        let letter = if letter == 'y' { 'i' } else { letter };
        // A letter typed twice.
        if !sounded.ends_with(letter) {
            sounded.push(letter);
        }
    }
    sounded
}

/// Whether two words are one slip of a finger apart: a letter more, less, other, or two exchanged. Of two letters only an
/// exchange counts, or a letter that leaves no vowel: too many real words are a letter apart.
pub(crate) fn one_slip(one: &str, other: &str) -> bool {
    let has_vowel = |word: &str| word.bytes().any(|letter| b"aeiouy".contains(&letter));
    let is_word = has_vowel(one) && has_vowel(other);
    slipped(one, other)
        && (one.len().max(other.len()) > 2 || exchanged(one, other) || (one.len() == other.len() && !is_word))
}

/// Whether two words are one slip of a finger apart, however short: for those who know by something else that they look at the right person.
pub(crate) fn slipped(one: &str, other: &str) -> bool {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    let (short, long) = if one.len() <= other.len() { (one, other) } else { (other, one) };
    if long.len() - short.len() > 1 || long.len() < 2 {
        return false;
    }
    let same = short.iter().zip(long).take_while(|(a, b)| a == b).count();
    if short.len() < long.len() {
        return short[same..] == long[same + 1..];
    }
    let (short, long) = (&short[same..], &long[same..]);
    (!short.is_empty() && short[1..] == long[1..]) || is_exchange(short, long)
}

/// Two letters beside each other stand the other way round.
fn exchanged(one: &str, other: &str) -> bool {
    let same = one.bytes().zip(other.bytes()).take_while(|(a, b)| a == b).count();
    one.len() == other.len() && is_exchange(&one.as_bytes()[same..], &other.as_bytes()[same..])
}

fn is_exchange(one: &[u8], other: &[u8]) -> bool {
    one.len() > 1
        && one.len() == other.len()
        && one[0] == other[1]
        && one[1] == other[0]
        && one[2..] == other[2..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_sound_alike_have_one_sound() {
        let alike = [
            ("giang", "dang"),
            ("zang", "dang"),
            ("sung", "xung"),
            ("my", "mi"),
            ("tra", "cha"),
            ("nghiem", "ngiem"),
            ("quang", "cuang"),
            ("phan", "fan"),
            ("ky", "ci"),
            ("maai", "mai"),
            ("ly", "li"),
        ];
        for (one, other) in alike {
            assert_eq!(sound(one), sound(other), "{one} {other}");
        }
        for (one, other) in [("lan", "nan"), ("an", "anh"), ("tha", "ta"), ("khai", "cai"), ("gin", "dan")] {
            assert_ne!(sound(one), sound(other), "{one} {other}");
        }
        assert_eq!((sound("gi"), sound(""), sound("gia")), ("di".into(), "".into(), "da".into()));
    }

    #[test]
    fn a_slip_is_one_letter() {
        for (one, other) in
            [("mai", "mia"), ("lanh", "lan"), ("thao", "thoa"), ("hoa", "hpa"), ("lo", "ol"), ("ha", "hs")]
        {
            assert!(one_slip(one, other) && one_slip(other, one), "{one} {other}");
        }
        for (one, other) in
            [("mai", "mai"), ("mai", "hoa"), ("lo", "lu"), ("lo", "l"), ("an", "ba"), ("", "a"), ("a", "abc")]
        {
            assert!(!one_slip(one, other), "{one} {other}");
        }
    }

    #[test]
    fn short_forms_are_known_by_their_point_or_their_lack_of_vowels() {
        let mut dictionary = Dictionary::default();
        let mut ids = [0; 6];
        assert_eq!(dictionary.words_of("Ng.Thị  T. Mai A Th", &mut ids), 6);
        let short: Vec<bool> = ids.iter().map(|id| dictionary.word(*id).is_short).collect();
        assert_eq!(short, [true, false, true, false, false, true]);
        assert_eq!(dictionary.words_of("NGUYỄN — Văn… Ân 9 x y z", &mut ids), 6);
        assert_eq!(dictionary.words_of("…—'", &mut ids), 0);
    }

    #[test]
    fn many_spellings_do_not_grow_the_memory_of_raw_ones_without_end() {
        let mut dictionary = Dictionary::default();
        let mut ids = [0; 1];
        for number in 0..RAW_MAX as u32 + 10 {
            dictionary.words_of(&format!("x{number}"), &mut ids);
        }
        assert_eq!(dictionary.raw.len(), RAW_MAX);
        let again = ids;
        dictionary.words_of(&format!("X{}", RAW_MAX + 9), &mut ids);
        assert_eq!(again, ids);
    }
}
