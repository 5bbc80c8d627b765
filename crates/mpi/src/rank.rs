//! How well a name fits what was typed: words with their exact marks first, then whole words before beginnings, then
//! the given name, then words in the typed order. Pure.

use crate::asked::NameQuery;
use crate::birth::{Birth, BirthAgreement};
use crate::linking::{one_slip, slipped};
use crate::name::{marked_words, words};

/// How well one Patient fits; smaller is better. Fields are compared in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Fit {
    /// 0 equal date, 1 likely the same, 2 no date asked or none known, 3 another day of the year.
    pub birth: u8,
    /// Words that are a slip of a finger away from what was typed.
    pub slips: u8,
    /// Words whose marks are not as typed.
    pub unlike_marks: u8,
    /// Whether the last word only begins as typed.
    pub begins: bool,
    /// Whether the last word typed is not the given name.
    pub not_given: bool,
    /// Whether the words stand in another order.
    pub reordered: bool,
}

/// How one of the names fits; `None` when a word is missing in it.
pub(crate) fn fit(query: &NameQuery, names: &[String], birth: Option<Birth>) -> Option<Fit> {
    let birth_fit = birth_fit(query, birth);
    if query.words.is_empty() {
        return Some(Fit {
            birth: birth_fit,
            slips: 0,
            unlike_marks: 0,
            begins: false,
            not_given: false,
            reordered: false,
        });
    }
    names
        .iter()
        .filter_map(|name| fit_name(query, name, None))
        .map(|fit| Fit { birth: birth_fit, ..fit })
        .min()
}

/// How one of the names fits when one word may be mistyped; `None` unless the asked birth date is, or is likely, theirs.
pub(crate) fn near(query: &NameQuery, names: &[String], birth: Option<Birth>) -> Option<Fit> {
    let birth_fit = birth_fit(query, birth);
    if birth_fit > 1 || query.words.is_empty() {
        return None;
    }
    // Of short words a letter makes another word; born on the very day it is a slip all the same.
    let like = if birth_fit == 0 { slipped } else { one_slip };
    names
        .iter()
        .filter_map(|name| fit_name(query, name, Some(like)))
        .map(|fit| Fit { birth: birth_fit, ..fit })
        .min()
}

fn birth_fit(query: &NameQuery, birth: Option<Birth>) -> u8 {
    match (query.birth, birth) {
        (None, _) | (_, None) => 2,
        (asked, born) => match Birth::agreement(asked, born) {
            BirthAgreement::Equal => 0,
            BirthAgreement::SameYear | BirthAgreement::Swapped | BirthAgreement::FirstOfYear => 1,
            BirthAgreement::Different | BirthAgreement::Unknown => 3,
        },
    }
}

/// With `like`, which says whether two words are a slip apart, one word may be mistyped.
fn fit_name(query: &NameQuery, name: &str, like: Option<fn(&str, &str) -> bool>) -> Option<Fit> {
    let (plain, marked) = (words(name), marked_words(name));
    let mut taken = vec![false; plain.len()];
    let (mut unlike_marks, mut begins, mut places) = (0, false, Vec::new());
    let mut slips = 0;
    for (at, word) in query.words.iter().enumerate() {
        let free = |place: &usize| !taken[*place];
        let same_marks =
            |place: &usize| query.marked.get(at).is_some_and(|typed| marked.get(*place) == Some(typed));
        let whole: Vec<usize> =
            (0..plain.len()).filter(free).filter(|place| plain[*place] == *word).collect();
        // Among equal words the one with the typed marks, else the last: given names are asked for most.
        let mut place = whole.iter().copied().find(same_marks).or_else(|| whole.last().copied());
        if place.is_none() && query.last_is_prefix && at + 1 == query.words.len() {
            place =
                (0..plain.len()).rev().filter(free).find(|place| plain[*place].starts_with(word.as_str()));
            begins = place.is_some();
        }
        if let (None, Some(like), 0) = (place, like, slips) {
            place = (0..plain.len()).filter(free).find(|place| like(&plain[*place], word));
            slips += 1;
        }
        let place = place?;
        let begins_so = || {
            query
                .marked
                .get(at)
                .is_none_or(|typed| marked.get(place).is_none_or(|word| begins_with(word, typed)))
        };
        let as_typed = same_marks(&place) || (begins && begins_so());
        if !as_typed {
            unlike_marks += 1;
        }
        taken[place] = true;
        places.push(place);
    }
    Some(Fit {
        birth: 2,
        slips,
        unlike_marks,
        begins,
        not_given: places.last() != Some(&(plain.len() - 1)),
        reordered: places.windows(2).any(|pair| pair[0] > pair[1]),
    })
}

/// Whether a word with marks begins as typed: the tone stands at the end of both (`lanh1` begins as `lan1`).
fn begins_with(word: &str, typed: &str) -> bool {
    let parts = |word: &str| {
        let letters = word.trim_end_matches(|letter: char| letter.is_ascii_digit()).len();
        (word[..letters].to_owned(), word[letters..].to_owned())
    };
    let ((letters, tone), (typed_letters, typed_tone)) = (parts(word), parts(typed));
    letters.starts_with(&typed_letters) && (typed_tone.is_empty() || typed_tone == tone)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::understand;

    /// The names that fit, best first.
    fn ranked(typed: &str, names: &[&str]) -> Vec<String> {
        let query = understand(typed).name.unwrap();
        let mut found: Vec<(Fit, String)> = names
            .iter()
            .filter_map(|name| Some((fit(&query, &[(*name).to_owned()], None)?, (*name).to_owned())))
            .collect();
        found.sort();
        found.into_iter().map(|(_, name)| name).collect()
    }

    #[test]
    fn of_a_word_of_two_letters_a_slip_is_forgiven_on_the_very_birthday() {
        let born = Birth::of_day(1986, 3, 2);
        let found =
            |typed: &str, born| near(&understand(typed).name.unwrap(), &["Lò Thị Ly".to_owned()], born);
        for typed in ["L Thị Ly 2/3/1986", "Lò Thị Lu 2/3/1986", "Lo Thị yL 2/3/1986"] {
            assert!(found(typed, born).is_some(), "{typed}");
            assert!(found(typed, Birth::of_day(1986, 3, 5)).is_none(), "{typed}");
        }
        assert!(found("L Thị L 2/3/1986", born).is_none(), "one slip, no more");
        // Likely the day, as day and month were exchanged: then a letter of two is too much.
        assert!(found("Lò Thị Lu 3/2/1986", born).is_none());
        assert!(found("Lò Th Ly 3/2/1986", born).is_some());
    }

    #[test]
    fn of_invented_people_nearly_every_name_with_a_slip_is_near_theirs() {
        let plan = yba_synth::Plan { people: 3000, seed: 7, years: 0, until: jiff::civil::date(2026, 3, 1) };
        let born = Birth::of_day(1986, 3, 2);
        let people = yba_synth::province(&plan).people;
        let is_found = |(place, name): &(usize, String)| {
            let typed = format!("{} 2/3/1986", yba_synth::slipped(name, *place as u64));
            let query = understand(&typed).name.unwrap();
            let names = [name.clone()];
            fit(&query, &names, born).or_else(|| near(&query, &names, born)).is_some()
        };
        let names: Vec<(usize, String)> = people.iter().map(|one| one.name.to_string()).enumerate().collect();
        let lost: Vec<&(usize, String)> = names.iter().filter(|one| !is_found(one)).collect();
        assert!(lost.len() * 200 < names.len(), "{} of {}: {lost:?}", lost.len(), names.len());
    }

    #[test]
    fn exact_marks_come_first_then_whole_words_then_the_given_name() {
        let names = ["Nguyễn Thị Lanh", "Nguyễn Thị Lành", "Lành Thị Hoa", "Lò Văn Lanhh", "Trần Lan"];
        assert_eq!(
            ranked("lành", &names),
            ["Nguyễn Thị Lành", "Lành Thị Hoa", "Nguyễn Thị Lanh", "Lò Văn Lanhh"]
        );
        assert_eq!(ranked("làn", &names)[0], "Nguyễn Thị Lành");
        assert_eq!(ranked("lanh ", &names), ["Nguyễn Thị Lanh", "Nguyễn Thị Lành", "Lành Thị Hoa"]);
        assert_eq!(ranked("lan", &names)[0], "Trần Lan");
        assert_eq!(ranked("thi lanh nguyen", &names).len(), 2);
        assert!(ranked("nguyen lanh hoa", &names).is_empty());
    }

    #[test]
    fn one_mistyped_word_is_forgiven_beside_the_birth_date_only() {
        let near_to = |text: &str, name: &str, birth: &str| {
            near(&understand(text).name.unwrap(), &[name.to_owned()], Birth::parse(birth))
        };
        let found = near_to("nguyen thj lanh 2/3/1986", "Nguyễn Thị Lành", "1986-03-02").unwrap();
        assert_eq!((found.birth, found.slips), (0, 1));
        assert!(near_to("nguyn thi lanh 2/3/1986", "Nguyễn Thị Lành", "1986-02-03").is_some());
        assert!(near_to("nguyn thj lanh 2/3/1986", "Nguyễn Thị Lành", "1986-03-02").is_none());
        assert!(near_to("nguyn thi lanh 2/3/1986", "Nguyễn Thị Lành", "1986-03-12").is_none());
        assert!(near_to("nguyn thi lanh 1986", "Nguyễn Thị Lành", "1986-03-02").is_none());
        let exact =
            fit(&understand("lanh 2/3/1986").name.unwrap(), &["Lò Lanh".into()], Birth::parse("1986-03-02"));
        assert!(exact.unwrap() < found);
    }

    #[test]
    fn a_word_typed_twice_must_stand_twice() {
        let names = ["Lò Thị Lò", "Lò Thị Mai"];
        assert_eq!(ranked("lo lo ", &names), ["Lò Thị Lò"]);
    }

    #[test]
    fn the_asked_birth_date_outweighs_marks() {
        let query = understand("lành 2/3/1986").name.unwrap();
        let at = |name: &str, birth: &str| fit(&query, &[name.to_owned()], Birth::parse(birth)).unwrap();
        assert!(at("Lò Thị Lanh", "1986-03-02") < at("Lò Thị Lành", "1986"));
        assert!(at("Lò Thị Lành", "1986-02-03") < at("Lò Thị Lành", "1986-09-09"));
    }
}
