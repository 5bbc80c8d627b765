//! What the pages of doubts show, made from what linking knows.

use crate::facilities::called;
use std::collections::HashMap;
use yba_fhir::text::fold;
use yba_mpi::doubts::{Doubt, Place};
use yba_mpi::evidence::Reason;
use yba_mpi::identifier::{KeyKind, Sex};
use yba_mpi::patient::Summary;
use yba_ui::compare::{Likeness, Line, Pieces};
use yba_ui::format;

/// One pair of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PairLine {
    pub linkage: String,
    pub names: [String; 2],
    /// Birth date and sex of both.
    pub about: [String; 2],
    pub facilities: [String; 2],
    /// What speaks for it, the weightiest first.
    pub signs: String,
}

/// A pair, side by side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    pub place: Place,
    pub heads: [Head; 2],
    pub lines: Vec<Line>,
    pub signs_for: Vec<&'static str>,
    pub signs_against: Vec<&'static str>,
}

/// Whose record a column is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    pub facility: String,
    /// The record number there; empty when not known.
    pub number: String,
    pub href: String,
}

/// A line of the list.
pub fn line(doubt: &Doubt, names: &HashMap<String, String>) -> PairLine {
    let both = [&doubt.first, &doubt.second];
    let signs: Vec<&str> = signs(&doubt.reasons, false).into_iter().take(3).collect();
    PairLine {
        linkage: doubt.linkage.clone(),
        names: both.map(|one| name(one).to_owned()),
        about: both.map(|one| format!("{} · {}", format::date(&birth(one)), sex(one))),
        facilities: both.map(|one| called(&one.facility, names)),
        signs: sentence(&signs),
    }
}

/// The pair side by side; `today` for the age.
pub fn pair(doubt: &Doubt, names: &HashMap<String, String>, today: &str) -> Pair {
    let both = [&doubt.first, &doubt.second];
    let of_kind = |wanted: fn(&KeyKind) -> bool| both.map(|one| numbers(one, wanted));
    let mut lines = vec![
        by_words("Họ tên", both.map(|one| one.names.join(" / "))),
        by_letters("Ngày sinh", both.map(|one| format::born(&birth(one), today))),
        by_letters(
            "Giới tính",
            both.map(|one| one.sex.map_or(String::new(), |sex| format::sex(sex.gender()).into())),
        ),
        by_letters("Số định danh (CCCD)", of_kind(|kind| *kind == KeyKind::Cccd)),
        by_letters("CMND, hộ chiếu", of_kind(|kind| matches!(kind, KeyKind::Cmnd | KeyKind::Passport))),
        by_letters("Mã số BHXH", of_kind(|kind| *kind == KeyKind::Bhxh)),
        by_letters("Điện thoại", of_kind(|kind| *kind == KeyKind::Phone)),
        by_words("Nơi ở", both.map(|one| one.commune.clone())),
        by_words("Họ tên mẹ", both.map(|one| one.mother.clone())),
    ];
    let is_empty = |pieces: &Pieces| pieces.iter().all(|(_, text)| text.is_empty());
    lines.retain(|line| !(is_empty(&line.one) && is_empty(&line.other)));
    Pair {
        place: doubt.place(),
        heads: both.map(|one| Head {
            facility: called(&one.facility, names),
            number: numbers(one, |kind| matches!(kind, KeyKind::Other(tail) if tail.starts_with("mrn/"))),
            href: format!("/nguoi/{}", one.id),
        }),
        lines,
        signs_for: signs(&doubt.reasons, false),
        signs_against: signs(&doubt.reasons, true),
    }
}

pub(crate) fn name(summary: &Summary) -> &str {
    if summary.name().is_empty() { "(không có tên)" } else { summary.name() }
}

pub(crate) fn birth(summary: &Summary) -> String {
    summary.birth.map(|birth| birth.to_string()).unwrap_or_default()
}

pub(crate) fn sex(summary: &Summary) -> &'static str {
    format::sex(summary.sex.map_or("unknown", Sex::gender))
}

fn numbers(summary: &Summary, wanted: impl Fn(&KeyKind) -> bool) -> String {
    let own = summary.keys.iter().filter(|own| wanted(&own.key.kind));
    let words: Vec<String> =
        own.map(|own| format!("{}{}", own.key.value, if own.current { "" } else { " (số cũ)" })).collect();
    words.join(", ")
}

fn signs(reasons: &[Reason], against: bool) -> Vec<&'static str> {
    reasons.iter().filter(|reason| reason.is_against() == against).map(|reason| reason.text()).collect()
}

/// «Trùng họ tên, cả dấu, cùng ngày sinh».
fn sentence(signs: &[&str]) -> String {
    let lower = |text: &&str| {
        let mut letters = text.chars();
        letters.next().map_or(String::new(), |first| first.to_lowercase().chain(letters).collect())
    };
    let rest: Vec<String> = signs.iter().skip(1).map(lower).collect();
    let first = signs.first().map(|first| (*first).to_owned());
    first.into_iter().chain(rest).collect::<Vec<_>>().join(", ")
}

fn likeness(same: bool, [one, other]: &[String; 2]) -> Likeness {
    match (one.is_empty() || other.is_empty(), same) {
        (true, _) => Likeness::Missing,
        (false, true) => Likeness::Same,
        (false, false) => Likeness::Differs,
    }
}

/// Texts of words: a word is marked that the other does not have, whatever its marks and wherever it stands.
fn by_words(word: &'static str, texts: [String; 2]) -> Line {
    let same = fold(&texts[0]) == fold(&texts[1]);
    let either = texts.iter().any(String::is_empty);
    let marked = |own: &str, other: &str| -> Pieces {
        let theirs = fold(other);
        let theirs: Vec<&str> = theirs.split(' ').collect();
        let mut pieces = Pieces::new();
        for (at, part) in own.split(' ').enumerate() {
            if at > 0 {
                pieces.push((false, " ".into()));
            }
            let known = fold(part).split(' ').all(|part| part.is_empty() || theirs.contains(&part));
            pieces.push((!either && !known, part.to_owned()));
        }
        pieces
    };
    let likeness = likeness(same, &texts);
    Line { word, one: marked(&texts[0], &texts[1]), other: marked(&texts[1], &texts[0]), likeness }
}

/// Numbers and dates: of two of one length the letters that differ are marked, else everything.
fn by_letters(word: &'static str, texts: [String; 2]) -> Line {
    let same = texts[0] == texts[1];
    let either = texts.iter().any(String::is_empty);
    let comparable = texts[0].chars().count() == texts[1].chars().count();
    let marked = |own: &str, other: &str| -> Pieces {
        if same || either || !comparable {
            return vec![(!same && !either, own.to_owned())];
        }
        let mut pieces = Pieces::new();
        for (letter, theirs) in own.chars().zip(other.chars()) {
            match pieces.last_mut() {
                Some((differs, piece)) if *differs == (letter != theirs) => piece.push(letter),
                _ => pieces.push((letter != theirs, letter.to_string())),
            }
        }
        pieces
    };
    let likeness = likeness(same, &texts);
    Line { word, one: marked(&texts[0], &texts[1]), other: marked(&texts[1], &texts[0]), likeness }
}
