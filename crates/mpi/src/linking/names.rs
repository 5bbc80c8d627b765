//! Names in compact form, and what two of them say about each other.

use super::hash::key_of;
use super::word::{Dictionary, one_slip};
use crate::name::is_placeholder;

/// Most words of a name that are kept.
pub(super) const NAME_WORDS: usize = 6;

/// What two names say about each other. Order of words never counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum NameLevel {
    Missing,
    /// The same words with the same marks, or both without any.
    Marks,
    /// The same words; one side was typed without marks.
    Plain,
    /// The same letters, but both sides have marks and they differ: `Ân` is not `An`.
    Tone,
    /// Another spelling of the same sounds.
    Sound,
    /// Short forms, or words left out between the first and the last.
    Short,
    /// One word a slip of a finger away.
    Slip,
    /// The given name agrees; of the rest more is spoiled than one slip, or one word is another.
    Loose,
    /// The given names are others, or nearly everything is.
    Differs,
    /// A newborn without a name, and the mothers' names agree.
    Mother,
    /// A newborn without a name, and the mothers are others.
    OtherMother,
    /// A stand-in for a name on either side, and nothing to compare it with.
    Nameless,
}

impl NameLevel {
    /// The names may be one person's, as far as writing goes.
    pub fn agrees(self) -> bool {
        (NameLevel::Marks..=NameLevel::Slip).contains(&self)
    }

    /// These names cannot both be right for one person.
    pub fn contradicts(self) -> bool {
        matches!(self, NameLevel::Differs | NameLevel::OtherMother)
    }

    /// How near two names are, for choosing among several names of one person: smaller is nearer.
    pub(super) fn rank(self) -> u8 {
        match self {
            NameLevel::Missing => u8::MAX,
            other => other as u8,
        }
    }
}

/// A name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Name {
    pub words: [u32; NAME_WORDS],
    pub sounds: [u16; NAME_WORDS],
    /// The same for all names with the same sounds in any order; 0 for no name.
    pub key: u32,
    pub count: u8,
    pub has_marks: bool,
}

impl Name {
    pub const NONE: Name =
        Name { words: [0; NAME_WORDS], sounds: [0; NAME_WORDS], key: 0, count: 0, has_marks: false };

    pub fn of(dictionary: &mut Dictionary, text: &str) -> Name {
        let mut name = Name::NONE;
        let count = dictionary.words_of(text, &mut name.words);
        name.count = count as u8;
        for place in 0..count {
            let word = dictionary.word(name.words[place]);
            name.sounds[place] = word.sound;
            name.has_marks |= word.is_marked;
        }
        let mut sorted = name.sounds;
        sorted[..count].sort_unstable();
        if count > 0 {
            let parts =
                [0, 1].map(|half| (0..3).fold(0, |sum, at| sum << 16 | u64::from(sorted[half * 3 + at])));
            name.key = key_of(&[parts[0], parts[1], count as u64]);
        }
        name
    }

    pub fn words(&self) -> &[u32] {
        &self.words[..usize::from(self.count)]
    }

    pub fn sounds(&self) -> &[u16] {
        &self.sounds[..usize::from(self.count)]
    }

    /// What the two say; neither may be a stand-in.
    pub fn level(&self, other: &Name, dictionary: &Dictionary) -> NameLevel {
        match () {
            () if self.count == 0 || other.count == 0 => NameLevel::Missing,
            () if self.words == other.words && self.count == other.count => NameLevel::Marks,
            () if self.key == other.key => self.same_sounds(other, dictionary),
            () => Matching::new(self, other, dictionary).level(),
        }
    }

    fn same_sounds(&self, other: &Name, dictionary: &Dictionary) -> NameLevel {
        let sorted = |name: &Name, of: &dyn Fn(u32) -> u32| {
            let mut ids: Vec<u32> = name.words().iter().map(|id| of(*id)).collect();
            ids.sort_unstable();
            ids
        };
        let same = |of: &dyn Fn(u32) -> u32| sorted(self, of) == sorted(other, of);
        if same(&|id| id) {
            return NameLevel::Marks;
        }
        if !same(&|id| dictionary.word(id).plain) {
            return NameLevel::Sound;
        }
        if self.has_marks && other.has_marks { NameLevel::Tone } else { NameLevel::Plain }
    }

    /// Whether it is worth comparing closely: two words sound the same, or so much as a slip or a short form leaves.
    pub fn is_like(&self, other: &Name, dictionary: &Dictionary) -> bool {
        if self.key == other.key {
            return true;
        }
        let common = self.sounds().iter().filter(|sound| other.sounds().contains(sound)).count();
        let short = usize::from(self.count.min(other.count));
        common >= 2
            || (common + 1 >= short && short > 0)
            || self.has_short(dictionary)
            || other.has_short(dictionary)
    }

    fn has_short(&self, dictionary: &Dictionary) -> bool {
        self.words().iter().any(|id| dictionary.word(*id).is_short)
    }
}

/// Words of one name laid against words of another.
struct Matching {
    /// Whether the shorter (first) name's words are all matched, and how.
    slips: usize,
    short_forms: usize,
    /// Places in the first and second name that found no partner.
    left: [Vec<usize>; 2],
    counts: [usize; 2],
    /// The first words are matched and the last ones, or crosswise; and of these the given names.
    ends_meet: bool,
    given_meets: bool,
    two_names: bool,
}

impl Matching {
    fn new(one: &Name, other: &Name, dictionary: &Dictionary) -> Matching {
        let (short, long) = if one.count <= other.count { (one, other) } else { (other, one) };
        let (first, second) = (short.words(), long.words());
        let mut partner: Vec<Option<usize>> = vec![None; first.len()];
        let mut taken = vec![false; second.len()];
        let (mut slips, mut short_forms) = (0, 0);
        for how in 0..3 {
            for at in 0..first.len() {
                if partner[at].is_some() {
                    continue;
                }
                let word = dictionary.word(first[at]);
                let found = (0..second.len()).filter(|place| !taken[*place]).find(|place| {
                    let with = dictionary.word(second[*place]);
                    match how {
                        0 => word.sound == with.sound && word.is_short == with.is_short,
                        1 => stands_for(word, with) || stands_for(with, word),
                        _ => one_slip(&word.folded, &with.folded) || one_slip(&word.heard, &with.heard),
                    }
                });
                if let Some(place) = found {
                    (partner[at], taken[place]) = (Some(place), true);
                    short_forms += usize::from(how == 1);
                    slips += usize::from(how == 2);
                }
            }
        }
        let meets = |at: usize, place: usize| partner[at] == Some(place);
        // As they stand, or one of them with the given name put first.
        let (one_last, other_last) = (first.len() - 1, second.len() - 1);
        let (one_second, other_second) = (1.min(one_last), 1.min(other_last));
        let straight = (meets(0, 0), meets(one_last, other_last));
        let turned =
            [(meets(one_second, 0), meets(0, other_last)), (meets(0, other_second), meets(one_last, 0))];
        let ends_meet = straight == (true, true) || turned.contains(&(true, true));
        let (given, other_given) = if straight.1 || !ends_meet {
            (one_last, other_last)
        } else if turned[0] == (true, true) {
            (0, other_last)
        } else {
            (one_last, 0)
        };
        let (given, other_given) = (dictionary.word(first[given]), dictionary.word(second[other_given]));
        // `Lan` and `Lanh` are a letter apart and two names: twins are often called so.
        let two_names = given.sound != other_given.sound && given.is_apart_from(other_given);
        let given_meets = (straight.1 || ends_meet) && !two_names;
        let left = [
            (0..first.len()).filter(|at| partner[*at].is_none()).collect(),
            (0..second.len()).filter(|place| !taken[*place]).collect(),
        ];
        Matching {
            slips,
            short_forms,
            left,
            counts: [first.len(), second.len()],
            ends_meet,
            given_meets,
            two_names,
        }
    }

    fn level(&self) -> NameLevel {
        let whole = self.left[0].is_empty();
        let as_long = self.counts[0] == self.counts[1];
        let matched = self.counts[0] - self.left[0].len();
        match () {
            () if whole && as_long && self.slips + self.short_forms == 0 => NameLevel::Sound,
            () if self.two_names => NameLevel::Differs,
            () if whole && as_long && self.slips == 0 => NameLevel::Short,
            () if whole && as_long && self.slips == 1 => NameLevel::Slip,
            () if whole && self.ends_meet && self.counts[0] >= 2 && self.slips == 0 => NameLevel::Short,
            () if whole && self.ends_meet && self.counts[0] >= 2 && self.slips == 1 => NameLevel::Slip,
            () if self.given_meets && matched >= 2 && self.left[0].len() <= 1 && self.slips <= 2 => {
                NameLevel::Loose
            }
            () => NameLevel::Differs,
        }
    }
}

fn stands_for(short: &super::word::Word, word: &super::word::Word) -> bool {
    short.is_short && word.folded.starts_with(&*short.folded)
}

/// What stands for a name that is not given yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct StandIn {
    /// The mother's name, when it names her.
    pub mother: Name,
    /// The order of birth (`Con thứ 2 bà …`), 0 when it says nothing.
    pub order: u8,
}

/// Reads a stand-in such as `Con bà Lò Thị Mai`, `CB 2 Lò Thị Mai`, `Bé trai`; `None` for a real name.
pub(super) fn stand_in(dictionary: &mut Dictionary, text: &str) -> Option<StandIn> {
    const BEGINS: [char; 18] =
        ['c', 'C', 'b', 'B', 't', 'T', 's', 'S', 'v', 'V', 'k', 'K', 'n', 'N', 'u', 'U', ' ', '('];
    if !text.starts_with(BEGINS) || !is_placeholder(text) {
        return None;
    }
    let mut words: Vec<&str> = text.split_whitespace().collect();
    let is_of_mother = matches!(yba_fhir::text::fold(words[0]).as_str(), "con" | "cb" | "cs");
    let mut order = 0;
    while let Some(first) = words.first() {
        let folded = yba_fhir::text::fold(first);
        match folded.as_str() {
            "con" | "cb" | "cs" | "ba" | "chi" | "me" | "cua" | "thu" | "so" | "be" | "trai" | "gai"
            | "san" | "phu" => {}
            number if number.len() == 1 && number.as_bytes()[0].is_ascii_digit() => {
                order = number.as_bytes()[0] - b'0'
            }
            _ => break,
        }
        words.remove(0);
    }
    let mother = if is_of_mother { Name::of(dictionary, &words.join(" ")) } else { Name::NONE };
    Some(StandIn { mother, order })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn level(one: &str, other: &str) -> NameLevel {
        let mut dictionary = Dictionary::default();
        let (one, other) = (Name::of(&mut dictionary, one), Name::of(&mut dictionary, other));
        let level = one.level(&other, &dictionary);
        assert_eq!(level, other.level(&one, &dictionary), "the same both ways");
        if level.agrees() {
            assert!(one.is_like(&other, &dictionary));
        }
        level
    }

    #[test]
    fn names_are_compared_as_clerks_write_them() {
        use NameLevel::*;
        let rows = [
            ("Lò Thị Mai", "LÒ THỊ MAI", Marks),
            ("Lò Thị Mai", "Mai Lò Thị", Marks),
            ("Trần Thuỳ An", "Trần Thùy An", Marks),
            ("Lò Thị Mai", "LO THI MAI", Plain),
            ("Đèo Văn Ổn", "Deo Van On", Plain),
            ("Lò Văn An", "Lò Văn Ân", Tone),
            ("Giàng A Sử", "Dàng A Xử", Sound),
            ("Lý Thị Mỷ", "Ly Thi Mi", Sound),
            ("Nguyễn Thị Mai", "Ng. Thị Mai", Short),
            ("Nguyễn Thị Mai", "Ng Th Mai", Short),
            ("Nguyễn Thị Ngọc Mai", "Nguyễn Mai", Short),
            ("Nguyễn Thị Mai", "N.T.Mai", Short),
            ("Lò Thị Mai", "Lò Thị Mia", Slip),
            ("Lò Thị Lanh", "Lò Thị Lan", Slip),
            ("Giàng A Xáng", "Giàng A Sámg", Slip),
            ("Lò Thị Hà", "Lò Thị Hs", Slip),
            ("Lý Phủ Lở", "Ly Phu Ol", Slip),
            ("Trần Hồng", "Hồng Trần Thị", Short),
            ("Thắng Lò Văn", "Lò Thắng", Short),
            ("Lò Thị Mai", "Lò Thị Hoa", Differs),
            ("Lò Thị Mai", "Lò Văn Mai", Loose),
            ("Lò Thị Mai", "Lù Thị Mai", Loose),
            ("Nguyễn Thị Mai", "Ng. Thịj Maii", Slip),
            ("Hoàng Thị Lanh", "Hoàg Thị Lan", Loose),
            ("Lò Thị An", "Lò Thị Ín", Differs),
            ("Lò Văn Sơn", "Lò Văn Nam", Differs),
            ("Lò Thị Mai", "Hoàng Văn Sơn", Differs),
            ("", "Lò Thị Mai", Missing),
            ("Mai", "Mai", Marks),
            ("Mai", "Lò Thị Mai", Differs),
        ];
        for (one, other, expected) in rows {
            assert_eq!(level(one, other), expected, "{one} / {other}");
        }
    }

    #[test]
    fn names_a_letter_apart_are_two_names_when_both_are_common() {
        let mut dictionary = Dictionary::default();
        let name = |dictionary: &mut Dictionary, text: &str| Name::of(dictionary, text);
        let (lan, lanh) = (name(&mut dictionary, "Lò Thị Lan"), name(&mut dictionary, "Lò Thị Lanh"));
        assert_eq!(lan.level(&lanh, &dictionary), NameLevel::Slip);
        for _ in 0..10 {
            name(&mut dictionary, "Lan");
            name(&mut dictionary, "Lanh");
        }
        assert_eq!(lan.level(&lanh, &dictionary), NameLevel::Differs);
        let slipped = name(&mut dictionary, "Lò Thị Lsn");
        assert_eq!(lan.level(&slipped, &dictionary), NameLevel::Slip);
    }

    #[test]
    fn stand_ins_name_the_mother() {
        let mut dictionary = Dictionary::default();
        let mother = Name::of(&mut dictionary, "Lò Thị Mai");
        for (text, order) in [
            ("Con bà Lò Thị Mai", 0),
            ("CB Lò Thị Mai", 0),
            ("Con thứ 2 bà Lò Thị Mai", 2),
            ("con 1 bà Lò Thị Mai", 1),
        ] {
            assert_eq!(stand_in(&mut dictionary, text), Some(StandIn { mother, order }), "{text}");
        }
        for text in ["Bé trai", "Vô danh", "Con"] {
            assert_eq!(
                stand_in(&mut dictionary, text),
                Some(StandIn { mother: Name::NONE, order: 0 }),
                "{text}"
            );
        }
        for text in ["Lò Thị Mai", "Cầm Bá Con", "", "Bé", "Nguyễn Cb"] {
            assert_eq!(stand_in(&mut dictionary, text), None, "{text}");
        }
    }
}
